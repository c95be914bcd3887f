//! The table of all kinds of change: id, levels, wording, the meaning for users of the SDK, and
//! what they should do.
//!
//! The levels follow these rules. A change is breaking if code may no longer compile, according to
//! cargo's rules for SemVer, if the same code makes a different call, or if a call that was valid
//! no longer is. Requests and responses
//! have separate levels, because a type that is only received has no constructor.

use std::fmt;

use Level::{Breaking, Compatible, Note};

/// How much a change affects code that uses the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// Only docs or metadata change.
    Note,
    /// Code keeps compiling and makes the same calls. There is something new to use, a warning, or
    /// another change worth mentioning.
    Compatible,
    /// Code may no longer compile, makes different calls, or makes calls that are no longer valid.
    Breaking,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Compatible => "compatible",
            Self::Breaking => "breaking",
        })
    }
}

/// The heading of a change in a changelog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Section {
    /// Something new is available.
    Added,
    /// Something works differently.
    Changed,
    /// Something will be removed.
    Deprecated,
    /// Something was removed.
    Removed,
}

/// A row of the table.
struct Row {
    id: &'static str,
    section: Section,
    request: Option<Level>,
    response: Option<Level>,
    phrase: &'static str,
    documentation: &'static str,
    advice: Option<&'static str>,
}

/// The columns are: name, id, heading, level in requests, level in responses, the text after the
/// changed item, documentation, and what users should do if the change is breaking.
macro_rules! kinds {
    ($($name:ident $id:literal $section:ident $request:tt $response:tt $phrase:literal $documentation:literal $($advice:literal)?)*) => {
        /// A kind of change.
        ///
        /// Ids and names are stable, so that programs can rely on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $(#[doc = $documentation] $name,)*
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            fn row(self) -> &'static Row {
                match self {
                    $(Self::$name => &Row {
                        id: $id,
                        section: Section::$section,
                        request: level!($request),
                        response: level!($response),
                        phrase: $phrase,
                        documentation: $documentation,
                        advice: advice!($($advice)?),
                    },)*
                }
            }
        }
    };
}

macro_rules! level {
    (-) => {
        None
    };
    ($level:ident) => {
        Some($level)
    };
}

macro_rules! advice {
    () => {
        None
    };
    ($advice:literal) => {
        Some($advice)
    };
}

kinds! {
    ServerPathChanged "server-path-changed" Changed Breaking Breaking "changed"
        "The path of the first server changed, and every call goes to another path."
        "Check that the manager serves the new path."

    ServersChanged "servers-changed" Changed Note Note "changed"
        "The document names other servers, with the same path. The client's managers are set in its configuration."
    OperationAdded "operation-added" Added Compatible Compatible "added"
        "The client has a new method, with a builder and an entry in the operation table."
    OperationRemoved "operation-removed" Removed Breaking Breaking "removed"
        "The client's method, its builder and its entry in the operation table were removed."
        "Call another operation, or use `Client::request`."
    OperationRenamed "operation-renamed" Changed Breaking Breaking "renamed"
        "The operationId changed, and with it the names of the client's method, of the builder and of the types that \
         are named after it."
        "Use the new names."
    OperationIdChanged "operation-id-changed" Changed Note Note "changed"
        "The operationId is spelled differently but gives the same Rust names. It is visible only in spans, errors and the operation table."
    OperationListAdded "operation-list-added" Added Compatible Compatible "added"
        "The builder has `stream` and `pages`, because the operation is now a list in pages."
    OperationListRemoved "operation-list-removed" Removed Breaking Breaking "removed"
        "The builder has no `stream` and `pages`, because the operation is no longer a list in pages."
        "Call `send` instead of `stream` or `pages`."
    OperationPathChanged "operation-path-changed" Changed Breaking Breaking "changed"
        "The same method of the client calls another path."
        "Check that the manager serves the new path."
    OperationHttpMethodChanged "operation-http-method-changed" Changed Breaking Breaking "changed"
        "The same method of the client uses another HTTP method."
        "Check that the manager accepts the new HTTP method."
    OperationTagChanged "operation-tag-changed" Changed Note Note "changed"
        "The method moves to another place in the docs. No Rust path changes, because the modules of tags are private."
    OperationSecurityTightened "operation-security-tightened" Changed Breaking - "requires more"
        "The document requires other credentials or scopes for calls. A caller whose credentials sufficed may be refused."
        "Check that the client's credentials suffice."
    OperationSecurityRelaxed "operation-security-relaxed" Changed Note - "requires less"
        "The document accepts further credentials for the call, or requires fewer scopes."
    OperationPrivilegeAdded "operation-privilege-added" Changed Breaking - "is now required"
        "The caller needs another privilege. A user without it is refused."
        "Give the privilege to the user."
    OperationPrivilegeRemoved "operation-privilege-removed" Changed Note - "is no longer required"
        "The caller no longer needs a privilege."
    OperationSunsetChanged "operation-sunset-changed" Deprecated Note Note "changed"
        "The date on which the operation is removed (`x-sunset`) changed."
    OperationBecameDeprecated "operation-became-deprecated" Deprecated Compatible Compatible "deprecated"
        "The client's method is `#[deprecated]`, so code that calls it gets a warning."
    OperationNoLongerDeprecated "operation-no-longer-deprecated" Changed Note Note "is no longer deprecated"
        "The client's method no longer causes a warning."
    OperationBecameIdempotent "operation-became-idempotent" Changed Compatible Compatible "became idempotent"
        "The call is now also retried if it is unknown whether the previous attempt took effect."
    OperationNoLongerIdempotent "operation-no-longer-idempotent" Changed Compatible Compatible "is no longer idempotent"
        "The call is no longer retried if it is unknown whether the previous attempt took effect; it fails instead."

    RequestParameterAdded "request-parameter-added" Added Compatible - "added"
        "The builder has a new setter."
    RequestParameterAddedRequired "request-parameter-added-required" Added Breaking - "added, required"
        "The client's method has an additional argument."
        "Pass the new argument."
    RequestParameterRemoved "request-parameter-removed" Removed Breaking - "removed"
        "An argument of the client's method or a setter of the builder was removed."
        "Remove the argument or the call of the setter."
    RequestParameterBecameRequired "request-parameter-became-required" Changed Breaking - "became required, so its setter is now an argument"
        "The builder's setter became an argument of the client's method."
        "Pass the argument instead of calling the setter."
    RequestParameterBecameOptional "request-parameter-became-optional" Changed Breaking - "became optional, so its argument is now a setter"
        "The argument of the client's method became a setter of the builder."
        "Call the setter instead of passing the argument."
    RequestParametersReordered "request-parameters-reordered" Changed Breaking - "were reordered"
        "The client's method takes its arguments in another order. If their types are the same, code still compiles \
         but passes them in the wrong order."
        "Pass the arguments in the new order."
    RequestParameterTypeChanged "request-parameter-type-changed" Changed Breaking - "has another type"
        "The argument or setter takes another Rust type."
        "Pass a value of the new type."
    RequestParameterWireNameChanged "request-parameter-wire-name-changed" Changed Breaking - "has another name on the wire"
        "The request contains another name; the name in Rust is the same."
        "Check that the manager accepts the new name."
    RequestPathParameterRenamed "request-path-parameter-renamed" Changed Note - "renamed"
        "A path parameter has another name. Arguments are passed by position, and the request is \
         the same."
    RequestParameterLocationChanged "request-parameter-location-changed" Changed Breaking - "moved"
        "The same argument or setter is sent in another part of the request."
        "Check that the manager accepts the new location."
    RequestParameterStyleChanged "request-parameter-style-changed" Changed Breaking - "is serialized differently"
        "A list is sent as one value with separators instead of repeated parameters, or vice versa."
        "Check that the manager accepts the new format."
    RequestParameterBecameDeprecated "request-parameter-became-deprecated" Deprecated Note - "deprecated"
        "The parameter is deprecated in the document. Code that uses it gets no warning."
    RequestParameterNoLongerDeprecated "request-parameter-no-longer-deprecated" Changed Note - "is no longer deprecated"
        "The parameter is no longer deprecated in the document."

    RequestBodyAdded "request-body-added" Added Compatible - "added"
        "The builder has a new setter `body`."
    RequestBodyAddedRequired "request-body-added-required" Added Breaking - "added, required"
        "The client's method has an additional argument `body`."
        "Pass the new body."
    RequestBodyRemoved "request-body-removed" Removed Breaking - "removed"
        "The argument or setter `body` was removed."
        "Remove the body."
    RequestBodyBecameRequired "request-body-became-required" Changed Breaking - "became required, so its setter is now an argument"
        "The builder's setter `body` became an argument of the client's method."
        "Pass the body instead of calling the setter."
    RequestBodyBecameOptional "request-body-became-optional" Changed Breaking - "became optional, so its argument is now a setter"
        "The argument `body` of the client's method became a setter of the builder."
        "Call the setter instead of passing the body."
    RequestBodyTypeChanged "request-body-type-changed" Changed Breaking - "has another type"
        "The body has another Rust type."
        "Pass a body of the new type."
    RequestBodyMediaTypeChanged "request-body-media-type-changed" Changed Breaking - "has another media type"
        "The body is serialized in another format and may have another Rust type."
        "Pass a body in the new format."

    ResponseBodyAdded "response-body-added" Added - Breaking "added"
        "`send` returns a value instead of `()`."
        "Use or discard the returned value."
    ResponseBodyRemoved "response-body-removed" Removed - Breaking "removed"
        "`send` returns `()` instead of a value."
        "Remove the uses of the returned value."
    ResponseBodyTypeChanged "response-body-type-changed" Changed - Breaking "has another type"
        "`send` returns another Rust type."
        "Use the new type of the result."
    ResponseMediaTypeChanged "response-media-type-changed" Changed - Breaking "has another media type"
        "`send` still returns a stream, but its content has another format."
        "Read the new format."
    ResponseAcceptChanged "response-accept-changed" Changed - Note "has another JSON media type"
        "The request has another JSON media type in `Accept`; `send` returns the same type."
    ResponseSuccessStatusAdded "response-success-status-added" Added - Compatible "added"
        "Another success status is documented. It gives a `Response` of the same type."
    ResponseSuccessStatusRemoved "response-success-status-removed" Removed - Note "removed"
        "A success status is no longer documented."
    ResponseErrorStatusAdded "response-error-status-added" Added - Compatible "added"
        "Another error status is documented. It already gave an `Error` with that status before."
    ResponseErrorStatusRemoved "response-error-status-removed" Removed - Note "removed"
        "An error status is no longer documented."

    MediaTypesChanged "media-types-changed" Changed Note Note "has other media types that are not used"
        "The document lists other media types besides the one that the SDK uses."

    ResponseErrorBodyChanged "response-error-body-changed" Changed - Note "has another body"
        "The body of an error response has another schema. `Error::api_error` reads what both have in common."
    ResponseHeaderAdded "response-header-added" Added - Compatible "added"
        "Another response header is documented."
    ResponseHeaderChanged "response-header-changed" Changed - Note "changed"
        "The definition of a response header changed."
    ResponseHeaderRemoved "response-header-removed" Removed - Note "removed"
        "A response header is no longer documented."

    TypeAdded "type-added" Added Compatible Compatible "added"
        "There is a new type."
    TypeRemoved "type-removed" Removed Breaking Breaking "removed"
        "The type was removed."
        "Remove the uses of the type."
    TypeRenamed "type-renamed" Changed Breaking Breaking "renamed"
        "The type that is used in the same places has another name."
        "Use the new name."
    TypeChanged "type-changed" Changed Breaking Breaking "has another kind"
        "The type keeps its name but is a struct instead of an enum, or wraps another type, for example."
        "Construct and read the type in its new form."
    TypeExtraAdded "type-extra-added" Added Breaking Breaking "added, for properties that the document does not list"
        "The struct has a new public field for the properties that the document does not list, because they have a type now or the struct \
         is now both sent and received. Struct literals and patterns without `..` no longer compile."
        "Add `..` or the new field to literals and patterns."
    TypeExtraRemoved "type-extra-removed" Removed Breaking Breaking "removed, for properties that the document does not list"
        "The public field for the properties that the document does not list was removed."
        "Remove the uses of the field."
    TypeConstructorAdded "type-constructor-added" Added Compatible Compatible "added"
        "The struct is now sent, so it has a constructor `new` with the required fields."
    TypeConstructorRemoved "type-constructor-removed" Removed Breaking Breaking "removed"
        "The struct is no longer sent, so it has no constructor `new`."
        "Use a struct literal instead of `new`."

    TypeConstructorChanged "type-constructor-changed" Changed Breaking Breaking "takes other arguments"
        "`new` takes other arguments although the required fields are the same: the type became a variant of a discriminated union, \
         whose discriminator is set automatically, or is no longer one."
        "Pass the new arguments."
    TypeTraitAdded "type-trait-added" Added Compatible Compatible "added"
        "The type implements another trait."
    TypeTraitRemoved "type-trait-removed" Removed Breaking Breaking "removed"
        "The type no longer implements a trait."
        "Convert the value in another way."

    PropertyAdded "property-added" Added Breaking Breaking "added"
        "The struct has a new public field. Code that uses `..` (`..Type::new(…)`, `..Default::default()`, patterns) keeps compiling; a \
         literal with all fields and a pattern without `..` do not."
        "Add `..` or the new field to literals and patterns."
    PropertyAddedRequired "property-added-required" Added Breaking Breaking "added, required"
        "The struct has a new public field, and `new` an additional argument. A response without the property is an error."
        "Pass the new field to `new`, or add it to literals."
    PropertyRemoved "property-removed" Removed Breaking Breaking "removed"
        "A public field was removed."
        "Remove the uses of the field."
    PropertyBecameRequired "property-became-required" Changed Breaking Breaking "became required"
        "The field is no longer an `Option`, `new` takes it, and a response without it is an error."
        "Pass the field to `new`, and use it without `Option`."
    PropertyBecameOptional "property-became-optional" Changed Breaking Breaking "became optional"
        "The field is now an `Option`, and `new` no longer takes it."
        "Set the field after `new`, and handle `None`."
    PropertiesReordered "properties-reordered" Changed Breaking Note "were reordered"
        "`new` takes its arguments in another order. If their types are the same, code still compiles but passes them in the wrong order. A type \
         that is only received has no `new`."
        "Pass the arguments of `new` in the new order."
    PropertyBecameNullable "property-became-nullable" Changed Breaking Breaking "became nullable"
        "The field is now an `Option`, or an `Option` of one if it is optional and sent."
        "Wrap the value in `Some`, and handle `None`."
    PropertyNoLongerNullable "property-no-longer-nullable" Changed Breaking Breaking "is no longer nullable"
        "The field is no longer an `Option`, or no longer one of another."
        "Use the field without that `Option`."
    OptionalPropertyBecameNullable "optional-property-became-nullable" Changed Note Note "became nullable"
        "The value may be null. The Rust type is the same, for example because the property is optional in a type that is only received."
    OptionalPropertyNoLongerNullable "optional-property-no-longer-nullable" Changed Note Note "is no longer nullable"
        "The value is never null. The Rust type is the same, for example because the property is optional in a type that is only received."
    PropertyTypeChanged "property-type-changed" Changed Breaking Breaking "has another type"
        "The field has another Rust type."
        "Use the new type of the field."
    PropertyWireNameChanged "property-wire-name-changed" Changed Breaking Breaking "has another name on the wire"
        "Requests and responses contain another name; the field's name in Rust is the same."
        "Check that the manager uses the new name."
    PropertyDiscriminatorValueChanged "property-discriminator-value-changed" Changed Breaking Breaking "has another value in a new struct"
        "The discriminator of a new struct has another value, so the same code sends something else."
        "Check that the manager accepts the new value."
    PropertyBecameReadOnly "property-became-read-only" Changed Breaking Note "became read-only"
        "The manager sets the property. A request that contains it may be refused."
        "Do not send the property."
    PropertyNoLongerReadOnly "property-no-longer-read-only" Changed Compatible Note "is no longer read-only"
        "The property can be part of a request."
    PropertyBecameWriteOnly "property-became-write-only" Changed Note Compatible "became write-only"
        "Responses no longer contain the property."
    PropertyNoLongerWriteOnly "property-no-longer-write-only" Changed Note Compatible "is no longer write-only"
        "Responses contain the property."
    PropertyBecameDeprecated "property-became-deprecated" Deprecated Note Note "deprecated"
        "The property is deprecated in the document. Code that uses it gets no warning."
    PropertyNoLongerDeprecated "property-no-longer-deprecated" Changed Note Note "is no longer deprecated"
        "The property is no longer deprecated in the document."
    FormatChanged "format-changed" Changed Note Note "has another format"
        "A string or number has another format, which does not affect the Rust type."
    ConstraintTightened "constraint-tightened" Changed Breaking Note "is stricter"
        "Some values that were valid no longer are: a bound, a pattern or a list of numbers. The code is the same, but the manager may refuse the request."
        "Check the values that are sent."
    ConstraintRelaxed "constraint-relaxed" Changed Compatible Note "is less strict"
        "More values are valid. The code is the same."
    DefaultChanged "default-changed" Changed Compatible Note "has another default"
        "The manager uses another value if the request has none."

    EnumValueAdded "enum-value-added" Added Compatible Compatible "added"
        "The enum, which is `#[non_exhaustive]`, has a new variant. Before, the value was an `Unrecognized`."
    EnumValueRemoved "enum-value-removed" Removed Breaking Breaking "removed"
        "A variant was removed. The value is now an `Unrecognized`."
        "Use another variant, or match `Unrecognized`."
    EnumValueChanged "enum-value-changed" Changed Breaking Breaking "has another value on the wire"
        "The variant keeps its name but stands for another value, so the same code sends something else."
        "Use the variant whose value is meant."
    EnumVariantRenamed "enum-variant-renamed" Changed Breaking Breaking "has another variant"
        "The variant for the value has another name."
        "Use the new name."
    EnumFallbackChanged "enum-fallback-changed" Changed Breaking Breaking "changed"
        "The variant for unlisted values has another name or type."
        "Use the new name or type of the variant."
    DiscriminatedUnionVariantAdded "discriminated-union-variant-added" Added Compatible Compatible "added"
        "The enum, which is `#[non_exhaustive]`, has a new variant. Before, the value was in the variant for other values."
    UnionVariantTypeChanged "union-variant-type-changed" Changed Breaking Breaking "has another type"
        "The variant contains another Rust type."
        "Use the new type."
    UnionVariantValuesChanged "union-variant-values-changed" Changed Breaking Breaking "has other discriminator values"
        "Another discriminator value is sent for the variant, or objects with the same value are now another variant."
        "Check which variant the values stand for."
    UnionVariantValueAdded "union-variant-value-added" Added Compatible Compatible "has another discriminator value"
        "Objects with another discriminator value are now of the variant. Before, they were in the variant for other values."
    UnionDiscriminatorChanged "union-discriminator-changed" Changed Breaking Breaking "changed"
        "Another property determines the variant."
        "Set the property that was the discriminator before."
    UnionVariantAdded "union-variant-added" Added Breaking Breaking "added"
        "The enum has a new variant, so a `match` over all the others no longer compiles."
        "Handle the new variant in each `match`."
    UnionVariantRemoved "union-variant-removed" Removed Breaking Breaking "removed"
        "A variant of the enum was removed."
        "Remove the uses of the variant."
    UnionVariantsReordered "union-variants-reordered" Changed Note Breaking "were reordered"
        "A response that fits several variants equally well is decoded as the first of them, which may be another one now."
        "Check which variant a response is decoded as."
}

impl Kind {
    /// The stable id, such as `request-parameter-became-required`.
    pub fn id(self) -> &'static str {
        self.row().id
    }

    /// The heading in a changelog.
    pub fn section(self) -> Section {
        self.row().section
    }

    /// The level for requests; `None` if the kind does not apply to them.
    pub fn request_level(self) -> Option<Level> {
        self.row().request
    }

    /// The level for responses; `None` if the kind does not apply to them.
    pub fn response_level(self) -> Option<Level> {
        self.row().response
    }

    /// The meaning for users of the SDK.
    pub fn documentation(self) -> &'static str {
        self.row().documentation
    }

    /// What users of the SDK should do if the change is breaking, as one sentence. `None` if the
    /// kind is never breaking.
    ///
    /// ```
    /// # use nsx_api_gen::compare::Kind;
    /// let kind = Kind::RequestParameterAddedRequired;
    /// assert_eq!(kind.advice(), Some("Pass the new argument."));
    /// ```
    pub fn advice(self) -> Option<&'static str> {
        self.row().advice
    }

    /// The text after the changed item.
    pub(super) fn phrase(self) -> &'static str {
        self.row().phrase
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_that_can_be_breaking_has_one_sentence_of_advice() {
        for kind in Kind::ALL {
            let levels = [kind.request_level(), kind.response_level()];
            let advice = kind.advice();
            assert_eq!(
                advice.is_some(),
                levels.contains(&Some(Breaking)),
                "{kind:?}"
            );
            let Some(advice) = advice else {
                continue;
            };
            assert!(advice.starts_with(char::is_uppercase), "{advice}");
            assert!(advice.ends_with('.') && !advice.contains(". "), "{advice}");
        }
    }
}
