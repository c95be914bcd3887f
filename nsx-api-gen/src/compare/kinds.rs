//! The table of all kinds of change: id, levels, the words for it, and what it means for a user of the SDK.
//!
//! Two rules give the levels. A change is breaking where code that compiled may not compile any more, by cargo's rules for
//! SemVer, or where the same code makes another call. And the two directions are judged apart, since a type that is only
//! received has no constructor.

use super::change::Level::{self, Breaking, Compatible, Note};

/// The heading of a change in a changelog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Section {
    /// There is more to use.
    Added,
    /// Something is otherwise.
    Changed,
    /// Something will go.
    Deprecated,
    /// Something is gone.
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
}

/// A row is: name, id, heading, level in requests, level in responses, the words behind the changed thing, documentation.
macro_rules! kinds {
    ($($name:ident $id:literal $section:ident $request:tt $response:tt $phrase:literal $documentation:literal)*) => {
        /// A kind of change.
        ///
        /// Ids and names stay as they are: programs may look for them.
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

kinds! {
    ServerPathChanged "server-path-changed" Changed Breaking Breaking "changed"
        "The path of the first server changed, and every call goes to another path."

    OperationAdded "operation-added" Added Compatible Compatible "added"
        "The client has a method more, and there is a builder and an entry of the table for it."
    OperationRemoved "operation-removed" Removed Breaking Breaking "removed"
        "The client's method, its builder and its entry of the table are gone."
    OperationRenamed "operation-renamed" Changed Breaking Breaking "renamed"
        "The operationId changed, and with it the names of the client's method, of the builder and of the types that \
         are named after it."
    OperationIdChanged "operation-id-changed" Changed Note Note "changed"
        "The operationId is written otherwise and gives the same names in Rust: only spans, errors and the table show it."
    OperationPathChanged "operation-path-changed" Changed Breaking Breaking "changed"
        "The same method of the client calls another path."
    OperationHttpMethodChanged "operation-http-method-changed" Changed Breaking Breaking "changed"
        "The same method of the client makes its call with another HTTP method."
    OperationTagChanged "operation-tag-changed" Changed Note Note "changed"
        "The method stands elsewhere in the docs. No path in Rust changes: the modules of the tags are private."
    OperationBecameDeprecated "operation-became-deprecated" Deprecated Compatible Compatible "deprecated"
        "The client's method is `#[deprecated]`: code that calls it gets a warning."
    OperationNoLongerDeprecated "operation-no-longer-deprecated" Changed Note Note "is deprecated no more"
        "The client's method gives no warning any more."
    OperationBecameIdempotent "operation-became-idempotent" Changed Compatible Compatible "became idempotent"
        "The call is also sent again after an attempt that may have had an effect."
    OperationNoLongerIdempotent "operation-no-longer-idempotent" Changed Compatible Compatible "is idempotent no more"
        "The call is not sent again any more after an attempt that may have had an effect: it fails where it was repeated."

    RequestParameterAdded "request-parameter-added" Added Compatible - "added"
        "The builder has a setter more."
    RequestParameterAddedRequired "request-parameter-added-required" Added Breaking - "added, required"
        "The client's method takes an argument more."
    RequestParameterRemoved "request-parameter-removed" Removed Breaking - "removed"
        "An argument of the client's method or a setter of the builder is gone."
    RequestParameterBecameRequired "request-parameter-became-required" Changed Breaking - "became required, its setter an argument"
        "The builder's setter became an argument of the client's method."
    RequestParameterBecameOptional "request-parameter-became-optional" Changed Breaking - "became optional, its argument a setter"
        "The argument of the client's method became a setter of the builder."
    RequestParametersReordered "request-parameters-reordered" Changed Breaking - "are in another order"
        "The client's method takes its arguments in another order. Where their types are the same it still compiles, \
         and mixes them up."
    RequestParameterTypeChanged "request-parameter-type-changed" Changed Breaking - "has another type"
        "The argument or setter takes another Rust type."
    RequestParameterWireNameChanged "request-parameter-wire-name-changed" Changed Breaking - "has another name on the wire"
        "The manager is sent another name; the name in Rust is the same."
    RequestPathParameterRenamed "request-path-parameter-renamed" Changed Note - "renamed"
        "A parameter of the path is called otherwise. The argument has no name where it is called, and the request is \
         the same."
    RequestParameterLocationChanged "request-parameter-location-changed" Changed Breaking - "moved"
        "The same argument or setter goes to another part of the request."
    RequestParameterStyleChanged "request-parameter-style-changed" Changed Breaking - "is written otherwise"
        "A list goes as one value with commas where it was repeated, or the reverse."
    RequestParameterBecameDeprecated "request-parameter-became-deprecated" Deprecated Note - "deprecated"
        "The document deprecates the parameter; the SDK gives no warning for that."
    RequestParameterNoLongerDeprecated "request-parameter-no-longer-deprecated" Changed Note - "is deprecated no more"
        "The document deprecates the parameter no more."

    RequestBodyAdded "request-body-added" Added Compatible - "added"
        "The builder has a setter `body`."
    RequestBodyAddedRequired "request-body-added-required" Added Breaking - "added, required"
        "The client's method takes an argument `body`."
    RequestBodyRemoved "request-body-removed" Removed Breaking - "removed"
        "The argument or the setter `body` is gone."
    RequestBodyBecameRequired "request-body-became-required" Changed Breaking - "became required, its setter an argument"
        "The builder's setter `body` became an argument of the client's method."
    RequestBodyBecameOptional "request-body-became-optional" Changed Breaking - "became optional, its argument a setter"
        "The argument `body` of the client's method became a setter of the builder."
    RequestBodyTypeChanged "request-body-type-changed" Changed Breaking - "has another type"
        "The body is another Rust type."
    RequestBodyMediaTypeChanged "request-body-media-type-changed" Changed Breaking - "has another media type"
        "The body is written in another form, and may be another Rust type."

    ResponseBodyAdded "response-body-added" Added - Breaking "added"
        "`send` returns a value where it returned `()`."
    ResponseBodyRemoved "response-body-removed" Removed - Breaking "removed"
        "`send` returns `()` where it returned a value."
    ResponseBodyTypeChanged "response-body-type-changed" Changed - Breaking "has another type"
        "`send` returns another Rust type."
    ResponseMediaTypeChanged "response-media-type-changed" Changed - Breaking "has another media type"
        "`send` returns a stream as before, of bytes that mean something else."
    ResponseAcceptChanged "response-accept-changed" Changed - Note "has another media type of JSON"
        "The call asks for JSON by another name (`Accept`); what `send` returns is the same."
    ResponseSuccessStatusAdded "response-success-status-added" Added - Compatible "added"
        "A success of another status is documented: a `Response` of the same type."
    ResponseSuccessStatusRemoved "response-success-status-removed" Removed - Note "removed"
        "A status of a success is documented no more: the docs and the table lack it."
    ResponseErrorStatusAdded "response-error-status-added" Added - Compatible "added"
        "An error of another status is documented. It came as an `Error` of that status before."
    ResponseErrorStatusRemoved "response-error-status-removed" Removed - Note "removed"
        "A status of an error is documented no more: the docs and the table lack it."

    TypeAdded "type-added" Added Compatible Compatible "added"
        "There is a type more."
    TypeRemoved "type-removed" Removed Breaking Breaking "removed"
        "The type is gone."
    TypeRenamed "type-renamed" Changed Breaking Breaking "renamed"
        "The type that stands in the same places has another name."
    TypeChanged "type-changed" Changed Breaking Breaking "is something else"
        "The type has its name and is something else: a struct, an enum, or another type within."
    TypeExtraAdded "type-extra-added" Added Breaking Breaking "added: properties that the document does not name"
        "The struct has a public field more, for the properties that the document does not name: they have a type now, or the struct \
         is now written back as well as read. Struct literals and patterns without `..` do not compile."
    TypeExtraRemoved "type-extra-removed" Removed Breaking Breaking "removed: properties that the document does not name"
        "The public field for the properties that the document does not name is gone."
    TypeConstructorAdded "type-constructor-added" Added Compatible Compatible "added"
        "The struct became one that is sent, and has a `new` that takes what is required."
    TypeConstructorRemoved "type-constructor-removed" Removed Breaking Breaking "removed"
        "The struct is sent no more, and has no `new`."

    PropertyAdded "property-added" Added Breaking Breaking "added"
        "The struct has a public field more. `..Type::new(…)`, `..Default::default()` and patterns with `..` go on compiling; a \
         literal that writes all fields and a pattern without `..` do not."
    PropertyAddedRequired "property-added-required" Added Breaking Breaking "added, required"
        "The struct has a public field more, and `new` an argument. An answer without the property is an error."
    PropertyRemoved "property-removed" Removed Breaking Breaking "removed"
        "A public field is gone."
    PropertyBecameRequired "property-became-required" Changed Breaking Breaking "became required"
        "The field is an `Option` no more, `new` takes it, and an answer without it is an error."
    PropertyBecameOptional "property-became-optional" Changed Breaking Breaking "became optional"
        "The field is an `Option` now, and `new` takes it no more."
    PropertiesReordered "properties-reordered" Changed Breaking Note "are in another order"
        "`new` takes its arguments in another order. Where their types are the same it still compiles, and mixes them up. A type \
         that is only received has no `new`."
    PropertyBecameNullable "property-became-nullable" Changed Breaking Breaking "became nullable"
        "The required field is an `Option` now."
    PropertyNoLongerNullable "property-no-longer-nullable" Changed Breaking Breaking "is nullable no more"
        "The required field is an `Option` no more."
    OptionalPropertyBecameNullable "optional-property-became-nullable" Changed Note Note "became nullable"
        "The field was an `Option` already, since it is optional."
    OptionalPropertyNoLongerNullable "optional-property-no-longer-nullable" Changed Note Note "is nullable no more"
        "The field stays an `Option`, since it is optional."
    PropertyTypeChanged "property-type-changed" Changed Breaking Breaking "has another type"
        "The field is of another Rust type."
    PropertyWireNameChanged "property-wire-name-changed" Changed Breaking Breaking "has another name on the wire"
        "The manager is sent, or sends, another name; the field's name in Rust is the same."
    PropertyBecameDeprecated "property-became-deprecated" Deprecated Note Note "deprecated"
        "The document deprecates the property; the SDK gives no warning for that."
    PropertyNoLongerDeprecated "property-no-longer-deprecated" Changed Note Note "is deprecated no more"
        "The document deprecates the property no more."
    FormatChanged "format-changed" Changed Note Note "has another format"
        "The document gives a string or a number another format, which has no type of its own in Rust."

    EnumValueAdded "enum-value-added" Added Compatible Compatible "added"
        "The enum has a variant more. It is `#[non_exhaustive]`; the value arrived as `Unrecognized` before."
    EnumValueRemoved "enum-value-removed" Removed Breaking Breaking "removed"
        "A variant is gone. The value arrives as `Unrecognized`."
    ChoiceVariantAdded "choice-variant-added" Added Breaking Breaking "added"
        "The enum has a variant more, and a `match` of all the others does not compile."
    ChoiceVariantRemoved "choice-variant-removed" Removed Breaking Breaking "removed"
        "A variant of the enum is gone."
    ChoiceVariantsReordered "choice-variants-reordered" Changed Note Breaking "are in another order"
        "What is read is the first variant that fits, and that may be another one."
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

    /// What it is for what is sent; `None` where that cannot be.
    pub fn request_level(self) -> Option<Level> {
        self.row().request
    }

    /// What it is for what is received; `None` where that cannot be.
    pub fn response_level(self) -> Option<Level> {
        self.row().response
    }

    /// What it means for a user of the SDK.
    pub fn documentation(self) -> &'static str {
        self.row().documentation
    }

    /// What a line says behind the thing that changed.
    pub(super) fn phrase(self) -> &'static str {
        self.row().phrase
    }
}
