//! Reads the bytes of a file or of a stream, up to a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// How many bytes a text may have. The largest document of a manager that is known has 20 MB.
pub(crate) const MOST_BYTES: usize = 64 << 20;

/// The bytes of a file. A pipe with a name may never be written to: what another program writes is given as standard input, or
/// as the shell's `<(…)`.
pub(crate) fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let is_plain = |kind: fs::FileType| kind.is_file() || kind.is_dir();
    if !is_plain(fs::metadata(path)?.file_type()) && !path.starts_with("/dev") {
        let message = "this is neither a file nor `-` for standard input";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    bytes_from(File::open(path)?)
}

/// All bytes, or one more than there may be, for `text` to refuse: what is read may have no end.
pub(crate) fn bytes_from(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
