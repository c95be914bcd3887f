//! How values become the text of a path, a query, a header or a form.

pub(crate) mod path;
pub(crate) mod value;
