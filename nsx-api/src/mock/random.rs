//! Random passwords, session ids and tokens.

use std::io;

/// Returns 128 random bits in hexadecimal.
pub(super) fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    let random = crate::tls::provider().secure_random;
    random
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the system has no random numbers available"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
