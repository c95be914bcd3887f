//! Multipart bodies (`multipart/form-data`).

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use super::Body;

/// A file in a multipart body: its content, file name and media type.
///
/// Bytes can be sent again when a call is retried. A [stream](Body::from_stream) does not have to
/// fit into memory, but is sent only once.
///
/// ```
/// use nsx_api::{Body, Part};
///
/// let part = Part::from(Body::from("a certificate")).file_name("node.pem");
/// assert_eq!(format!("{part:?}"), r#"Part { file_name: "node.pem", body: Body(13 bytes) }"#);
/// ```
#[derive(Clone)]
pub struct Part {
    file_name: String,
    body: Body,
}

impl Part {
    /// Sets the file name. `file` by default.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = name.into();
        self
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part")
            .field("file_name", &self.file_name)
            .field("body", &self.body)
            .finish()
    }
}

impl From<Body> for Part {
    fn from(body: Body) -> Self {
        let file_name = "file".to_owned();
        Self { file_name, body }
    }
}

impl From<Bytes> for Part {
    fn from(bytes: Bytes) -> Self {
        Body::from(bytes).into()
    }
}

impl From<Vec<u8>> for Part {
    fn from(bytes: Vec<u8>) -> Self {
        Body::from(bytes).into()
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Body::from(text).into()
    }
}

/// A multipart body that is being built.
#[derive(Clone)]
pub(crate) struct Multipart {
    boundary: String,
    pieces: Vec<Body>,
}

impl Multipart {
    /// Makes a body without parts. The boundary is random: 128 bits are enough to be unique.
    pub(crate) fn new() -> Self {
        let [one, other] = [(); 2].map(|()| RandomState::new().hash_one(()));
        Self {
            boundary: format!("{one:016x}{other:016x}"),
            pieces: Vec::new(),
        }
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(crate) fn add_text(&mut self, name: &str, text: String) {
        self.add(&format!("name=\"{}\"", quoted(name)), "", text.into());
    }

    pub(crate) fn add_json(&mut self, name: &str, text: String) {
        let content_type = "Content-Type: application/json\r\n";
        self.add(
            &format!("name=\"{}\"", quoted(name)),
            content_type,
            text.into(),
        );
    }

    pub(crate) fn add_file(&mut self, name: &str, part: Part) {
        let [name, file_name] = [name, &part.file_name].map(quoted);
        let disposition = format!("name=\"{name}\"; filename=\"{file_name}\"");
        let content_type = "Content-Type: application/octet-stream\r\n";
        self.add(&disposition, content_type, part.body);
    }

    fn add(&mut self, disposition: &str, content_type: &str, body: Body) {
        let boundary = &self.boundary;
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n{content_type}\r\n"
        );
        self.pieces.extend([head.into(), body, "\r\n".into()]);
    }

    pub(crate) fn body(&self) -> Body {
        let mut pieces = self.pieces.clone();
        pieces.push(format!("--{}--\r\n", self.boundary).into());
        Body::chain(pieces)
    }
}

/// Encodes a name as HTML forms do.
fn quoted(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '"' => text.push_str("%22"),
            '\r' => text.push_str("%0D"),
            '\n' => text.push_str("%0A"),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a name could add headers to its part, or end it.
    #[test]
    fn quotes_and_line_breaks_in_names_are_encoded() {
        for (name, encoded) in [
            ("a b.txt", "a b.txt"),
            ("a\"; filename=\"b", "a%22; filename=%22b"),
            (
                "a\r\nX-Evil: 1\r\n\r\n--b",
                "a%0D%0AX-Evil: 1%0D%0A%0D%0A--b",
            ),
            ("ü\n", "ü%0A"),
        ] {
            assert_eq!(quoted(name), encoded);
        }
    }
}
