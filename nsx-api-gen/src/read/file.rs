//! Reads the bytes of a file or of a stream, up to a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The maximum size of a document. The largest known document of a manager has 20 MB.
pub(crate) const MAX_BYTES: usize = 64 << 20;

/// Reads a file. Named pipes are rejected, because reading one blocks until another program writes
/// to it. To read another program's output, use standard input or the shell's `<(…)`.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let is_plain = |kind: fs::FileType| kind.is_file() || kind.is_dir();
    if !is_plain(fs::metadata(path)?.file_type()) && !path.starts_with("/dev") {
        let message = "not a regular file (use `-` for standard input)";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    read_limited(File::open(path)?)
}

/// Reads up to one byte more than the limit, which the parser then rejects. The stream may be
/// endless.
pub(crate) fn read_limited(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
