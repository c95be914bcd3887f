//! The cryptography library: ring, or AWS-LC with the feature `aws-lc-rs`.
//!
//! If both features are enabled, AWS-LC is used. Otherwise a dependency that enables the second one
//! would break the build. All other code that needs cryptography uses this provider, so that no
//! second library is linked.

#[cfg(feature = "aws-lc-rs")]
pub(super) use rustls::crypto::aws_lc_rs as backend;
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
pub(super) use rustls::crypto::ring as backend;

use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::HashAlgorithm;

use crate::Error;

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!(
    "nsx-api needs a cryptography library for TLS: enable the feature `ring` (default) or `aws-lc-rs`"
);

/// The provider for all TLS configurations.
pub(crate) fn provider() -> CryptoProvider {
    backend::default_provider()
}

/// A SHA-256 digest.
pub(crate) type Digest = [u8; 32];

/// The SHA-256 digest of `data`, by the hash function of one of the provider's cipher suites.
///
/// The provider does not expose its hash functions in any other way.
pub(super) fn sha256(provider: &CryptoProvider, data: &[u8]) -> Result<Digest, Error> {
    provider
        .cipher_suites
        .iter()
        .filter_map(rustls::SupportedCipherSuite::tls13)
        .map(|suite| suite.common.hash_provider)
        .find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
        .and_then(|hash| hash.hash(data).as_ref().try_into().ok())
        .ok_or_else(|| Error::config("cannot set up TLS: there is no SHA-256"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tls_provider_computes_sha256_digests() {
        let digest = sha256(&provider(), b"abc").unwrap();
        assert_eq!(digest[..4], [0xBA, 0x78, 0x16, 0xBF]);
        assert_eq!(digest[28..], [0xF2, 0x00, 0x15, 0xAD]);
    }
}
