//! Reads a document's tree: JSON pointers, references, operations and schemas.

pub(crate) mod change;
pub(crate) mod inheritance;
pub(crate) mod key_order;
pub(crate) mod markdown;
mod media_type;
mod operation;
pub(crate) mod parameter_style;
mod pointer;
pub(crate) mod reachability;
mod schema;
pub(crate) mod union;
mod visit;

pub(crate) use media_type::{
    MULTIPART, URL_ENCODED, has_file, is_json, is_json_content, media_type, sent_media_type,
};
pub(crate) use operation::{
    IDEMPOTENT, IN_PART, METHODS, ORIGINAL_ID, PRIVILEGES, Place, is_success, operation_at,
    operations, paths, template,
};
pub(crate) use pointer::{component, component_at, items, join, members, reference, resolve, text};
pub(crate) use schema::{is_file, is_list_of_files, is_password, made_of, properties, says_null};
pub(crate) use visit::{At, for_each_schema, for_each_schema_at};
