//! Macros that define a type with one of the compared serde implementations. Each takes the
//! optional and the required fields of a struct.

/// Uses serde's derive.
macro_rules! derived {
    (
        $vis:vis struct $name:ident
        { $($number:tt $json:literal $field:ident: Option<$ty:ty>,)* }
        { $($last:tt $required_json:literal $required:ident: $required_ty:ty,)* }
    ) => {
        #[derive(Clone, Debug, Deserialize, Serialize)]
        $vis struct $name {
            $(
                #[serde(rename = $json, skip_serializing_if = "Option::is_none")]
                $vis $field: Option<$ty>,
            )*
            $(
                #[serde(rename = $required_json)]
                $vis $required: $required_ty,
            )*
        }
    };
    ($vis:vis enum $name:ident { $($text:literal $variant:ident,)* }) => {
        #[derive(Clone, Debug, Deserialize, Serialize)]
        $vis enum $name {
            $(#[serde(rename = $text)] $variant,)*
        }
    };
}

/// Uses serde's derive, and keeps unknown fields.
macro_rules! derived_flatten {
    (
        $vis:vis struct $name:ident
        { $($number:tt $json:literal $field:ident: Option<$ty:ty>,)* }
        { $($last:tt $required_json:literal $required:ident: $required_ty:ty,)* }
    ) => {
        #[derive(Clone, Debug, Deserialize, Serialize)]
        $vis struct $name {
            $(
                #[serde(rename = $json, skip_serializing_if = "Option::is_none")]
                $vis $field: Option<$ty>,
            )*
            $(
                #[serde(rename = $required_json)]
                $vis $required: $required_ty,
            )*
            #[serde(flatten)]
            $vis extra: std::collections::BTreeMap<String, serde_json::Value>,
        }
    };
    ($($enum:tt)*) => { derived! { $($enum)* } };
}

/// Uses the code that the generator writes.
macro_rules! compact {
    (
        $vis:vis struct $name:ident
        { $($number:tt $json:literal $field:ident: Option<$ty:ty>,)* }
        { $($last:tt $required_json:literal $required:ident: $required_ty:ty,)* }
    ) => {
        #[derive(Clone, Debug)]
        $vis struct $name {
            $($vis $field: Option<$ty>,)*
            $($vis $required: $required_ty,)*
        }

        impl<'de> FromMap<'de> for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [&'static str] = &[$($json,)* $($required_json,)*];

            fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                $(let mut $field = None;)*
                $(let mut $required = None;)*
                while let Some(field) = compact_serde::next_field(&mut map, Self::NAMES)? {
                    match field {
                        $($number => compact_serde::set_optional(&mut $field, $json, &mut map),)*
                        $($last => compact_serde::set(&mut $required, $required_json, &mut map),)*
                    }?;
                }
                Ok(Self {
                    $($field,)*
                    $($required: compact_serde::required($required, $required_json)?,)*
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                compact_serde::deserialize(deserializer)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = compact_serde::Object::new(serializer);
                $(object.optional($json, &self.$field);)*
                $(object.field($required_json, &self.$required);)*
                object.end()
            }
        }
    };
    ($vis:vis enum $name:ident { $($text:literal $variant:ident,)* }) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($variant,)*
            Unrecognized(String),
        }

        impl StringEnum for $name {
            const NAME: &'static str = stringify!($name);
            const TABLE: &'static [(&'static str, Self)] = &[$(($text, Self::$variant)),*];

            fn from_unrecognized(text: String) -> Self {
                Self::Unrecognized(text)
            }

            fn unrecognized(&self) -> Option<&str> {
                match self {
                    Self::Unrecognized(text) => Some(text),
                    _ => None,
                }
            }
        }

        compact_serde::string_enum!($name);
    };
}

/// Uses the code that the generator writes for a type that keeps unknown fields.
macro_rules! compact_extra {
    (
        $vis:vis struct $name:ident
        { $($number:tt $json:literal $field:ident: Option<$ty:ty>,)* }
        { $($last:tt $required_json:literal $required:ident: $required_ty:ty,)* }
    ) => {
        #[derive(Clone, Debug)]
        $vis struct $name {
            $($vis $field: Option<$ty>,)*
            $($vis $required: $required_ty,)*
            $vis extra: crate::Extra,
        }

        impl<'de> FromMap<'de> for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [&'static str] = &[$($json,)* $($required_json,)*];

            fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                $(let mut $field = None;)*
                $(let mut $required = None;)*
                let mut extra = Default::default();
                while let Some(field) = compact_serde::next_field_or_keep(&mut map, Self::NAMES, &mut extra)? {
                    match field {
                        $($number => compact_serde::set_optional(&mut $field, $json, &mut map),)*
                        $($last => compact_serde::set(&mut $required, $required_json, &mut map),)*
                    }?;
                }
                Ok(Self {
                    $($field,)*
                    $($required: compact_serde::required($required, $required_json)?,)*
                    extra,
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                compact_serde::deserialize(deserializer)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = compact_serde::Object::new(serializer);
                $(object.optional($json, &self.$field);)*
                $(object.field($required_json, &self.$required);)*
                object.extra(&self.extra);
                object.end()
            }
        }
    };
    ($($enum:tt)*) => { compact! { $($enum)* } };
}
