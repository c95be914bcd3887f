//! TLS settings of a client: trusted certificates, the client certificate, and the resulting rustls
//! configuration.
//!
//! The HTTP library gets the finished configuration and adds neither roots nor protocols of its
//! own. Reading PEM files is separate from building the configuration, so that a reload can first
//! check whether the content of the files has changed.

mod certificate_role;
mod certificates;
mod identity;
mod messages;
mod pem;
mod pin;
mod provider;
mod verify;

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};

pub use identity::Identity;
pub(crate) use messages::{advice, client_certificate_refusal};
pub(crate) use pem::Source;
pub(crate) use pin::Pin;
pub(crate) use provider::provider;

use crate::Error;
use certificate_role::{CertificateRole, role_of};
use certificates::parse_certificates;
use identity::LoadedIdentity;
use pem::{CA, Pem};
use provider::{Digest, sha256};
use verify::{TrustPolicy, Verifier};

/// rustls verifies no server against such a certificate, and a CA has to be marked as one.
const VERSION_1: &str = "contains an X.509 version 1 certificate, which cannot be marked as a CA: \
                         use a version 3 certificate, for example from `openssl req -x509`";

/// The caller's TLS settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Certificates that are trusted in addition to those of the platform.
    pub(crate) extra_roots: Vec<Source>,
    /// If not empty, the only certificates that are trusted.
    pub(crate) pins: Vec<Pin>,
    /// Whether every server certificate is accepted.
    pub(crate) accept_invalid_certs: bool,
    /// The client certificate and its key.
    pub(crate) identity: Option<Identity>,
}

/// The PEM of all settings, read from files or given as bytes.
pub(crate) struct LoadedPem {
    extra_roots: Vec<Pem>,
    identity: Option<LoadedIdentity>,
}

impl LoadedPem {
    /// Equal for equal content. Digests are kept instead of the content, which includes a private
    /// key.
    pub(crate) fn fingerprint(&self) -> Result<Vec<Digest>, Error> {
        let provider = provider();
        let identity = self.identity.iter().flat_map(LoadedIdentity::pems);
        self.extra_roots
            .iter()
            .chain(identity)
            .map(|pem| sha256(&provider, pem.bytes()))
            .collect()
    }
}

impl Settings {
    /// Refuses settings that exclude each other.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let exclusive = [
            (!self.pins.is_empty(), "a pinned certificate"),
            (!self.extra_roots.is_empty(), "an added CA"),
            (self.accept_invalid_certs, "`danger_accept_invalid_certs`"),
        ];
        let mut present = exclusive.iter().filter(|(is_set, _)| *is_set);
        match (present.next(), present.next()) {
            (Some((_, one)), Some((_, other))) => Err(Error::config(format!(
                "{one} and {other} cannot be combined: use only one of them"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses settings that have no effect over plain HTTP, because the caller would rely on them.
    pub(crate) fn check_unused(&self) -> Result<(), Error> {
        let unused = match (&self.identity, self.pins.is_empty()) {
            (Some(_), _) => "a client certificate",
            (None, false) => "a pinned certificate",
            (None, true) => return Ok(()),
        };
        Err(Error::config(format!(
            "{unused} has no effect over http://: use https:// for every manager"
        )))
    }

    /// Reads sources that can be read only once, such as pipes, and keeps their content. Blocks.
    pub(crate) fn buffer_pipes(&mut self) -> Result<(), Error> {
        for source in &mut self.extra_roots {
            source.buffer_pipe(CA)?;
        }
        match &mut self.identity {
            Some(identity) => identity.buffer_pipes(),
            None => Ok(()),
        }
    }

    /// Whether any PEM comes from a file, which may change while the program runs.
    pub(crate) fn has_files(&self) -> bool {
        let identity = self.identity.iter().flat_map(Identity::sources);
        self.extra_roots.iter().chain(identity).any(Source::is_file)
    }

    /// Reads all PEM files. Call [`buffer_pipes`](Self::buffer_pipes) first. Blocks.
    pub(crate) fn load_pem(&self) -> Result<LoadedPem, Error> {
        let extra_roots = self.extra_roots.iter().map(|source| source.load(CA));
        Ok(LoadedPem {
            extra_roots: extra_roots.collect::<Result<_, _>>()?,
            identity: self.identity.as_ref().map(Identity::load).transpose()?,
        })
    }

    /// Builds the rustls configuration of a client. Blocks: the certificates of the platform may be
    /// in files too.
    pub(crate) fn client_config(&self, loaded: &LoadedPem) -> Result<ClientConfig, Error> {
        let provider = Arc::new(provider());
        // First the client certificate: errors in it show up before the platform's certificates are
        // loaded, which takes longer.
        let certified_key = loaded
            .identity
            .as_ref()
            .map(LoadedIdentity::certified_key)
            .transpose()?;
        let policy = self.trust_policy(loaded, &provider)?;
        let verifier = Verifier::new(policy, provider.clone());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(setup_error)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match certified_key {
            Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn trust_policy(
        &self,
        loaded: &LoadedPem,
        provider: &Arc<CryptoProvider>,
    ) -> Result<TrustPolicy, Error> {
        if self.accept_invalid_certs {
            return Ok(TrustPolicy::AcceptAny);
        }
        if !self.pins.is_empty() {
            let pins = self.pins.iter().map(|pin| pin.digest(provider));
            return Ok(TrustPolicy::Pinned(pins.collect::<Result<_, _>>()?));
        }
        let (mut extra, mut roots) = (Vec::new(), Vec::new());
        for pem in &loaded.extra_roots {
            for certificate in parse_certificates(pem)? {
                match role_of(&certificate) {
                    CertificateRole::Ca => roots.push(certificate.clone()),
                    CertificateRole::EndEntity => {}
                    CertificateRole::Unknown => return Err(pem.error(VERSION_1)),
                }
                extra.push(certificate);
            }
        }
        let has_roots = !roots.is_empty();
        let platform =
            rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider.clone());
        let platform: Option<Arc<dyn ServerCertVerifier>> = match platform {
            Ok(platform) => Some(Arc::new(platform)),
            // There is no root at all, as in a container without CA certificates. The added server
            // certificates are still trusted.
            Err(_) if !has_roots && !extra.is_empty() => None,
            Err(error) => return Err(setup_error(error)),
        };
        Ok(TrustPolicy::Roots { platform, extra })
    }
}

/// A configuration without any trusted certificate, for clients that use plain HTTP only.
pub(crate) fn unused() -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(setup_error)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}

fn setup_error(error: rustls::Error) -> Error {
    Error::config(format!("cannot set up TLS: {error}")).with_source(error)
}
