//! Reads a document's tree: JSON pointers, references, operations and schemas.

pub(crate) mod all_of;
pub(crate) mod change;
pub(crate) mod discriminated_union;
pub(crate) mod key_order;
pub(crate) mod markdown;
mod media_type;
mod operation;
pub(crate) mod parameter_style;
mod pointer;
pub(crate) mod reachability;
pub(crate) mod recorded;
mod schema;
mod visit;

pub(crate) use media_type::{
    MULTIPART, URL_ENCODED, has_file, is_json, is_json_content, media_type, sent_media_type,
};
pub(crate) use operation::{
    IDEMPOTENT, IN_PART, METHODS, ORIGINAL_ID, OperationRef, PRIVILEGES, is_same_parameter,
    is_success, operation_at, operations, path_parameter_names, paths,
};
pub(crate) use pointer::{component, component_at, items, join, members, reference, resolve, text};
pub(crate) use schema::{is_file, is_list_of_files, is_nullable, is_password, strip_null};
pub(crate) use visit::{Location, for_each_schema, for_each_schema_at};
