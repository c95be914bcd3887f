//! The cryptography below TLS: ring, or AWS-LC where the feature `aws-lc-rs` asks for it.
//!
//! With both features it is AWS-LC, so that a dependency that switches one on breaks nothing. Whatever else needs
//! cryptography takes it from here, so that no second library comes in.

#[cfg(feature = "aws-lc-rs")]
pub(super) use rustls::crypto::aws_lc_rs as backend;
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
pub(super) use rustls::crypto::ring as backend;

use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::HashAlgorithm;

use crate::Error;

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!(
    "nsx-api needs cryptography for TLS: switch on its feature `ring` (a default one) or `aws-lc-rs`"
);

/// The provider of all that is made here.
pub(crate) fn provider() -> CryptoProvider {
    backend::default_provider()
}

/// A SHA-256 digest.
pub(crate) type Digest = [u8; 32];

/// The digest by the hash function of one of the provider's cipher suites: it has no other door to it.
pub(super) fn sha256(provider: &CryptoProvider, data: &[u8]) -> Result<Digest, Error> {
    provider
        .cipher_suites
        .iter()
        .filter_map(rustls::SupportedCipherSuite::tls13)
        .map(|suite| suite.common.hash_provider)
        .find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
        .and_then(|hash| hash.hash(data).as_ref().try_into().ok())
        .ok_or_else(|| Error::config("TLS cannot be set up: there is no SHA-256"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha_256() {
        let digest = sha256(&provider(), b"abc").unwrap();
        assert_eq!(digest[..4], [0xBA, 0x78, 0x16, 0xBF]);
        assert_eq!(digest[28..], [0xF2, 0x00, 0x15, 0xAD]);
    }
}
