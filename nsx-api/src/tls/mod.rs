//! TLS: whom a client trusts, who it says it is, and the configuration of rustls that follows from both.
//!
//! The configuration is made here and handed to the HTTP library, which then adds nothing of its own, neither
//! roots nor protocols. What is in files is read apart from it, so that files can be compared with what they were.

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
pub(crate) use messages::{advice, refusal};
pub(crate) use pem::Source;
pub(crate) use pin::Pin;
pub(crate) use provider::provider;

use crate::Error;
use certificate_role::{Standing, standing};
use certificates::certificates;
use identity::Pair;
use pem::{CA, Pem};
use provider::{Digest, sha256};
use verify::{Accept, Verifier};

/// Such a certificate can be neither: rustls does not verify a server with it, and a CA has to say that it is one.
const VERSION_1: &str = "has a certificate of version 1 in it, which does not say whether it is a CA's: \
                         make one of version 3, with `openssl req -x509` for one";

/// What the caller said about TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Certificates beside those of the platform.
    pub(crate) added: Vec<Source>,
    /// The only certificates to trust, if there are any.
    pub(crate) pins: Vec<Pin>,
    /// Whether any certificate will do.
    pub(crate) anyone: bool,
    /// The certificate to show, with its key.
    pub(crate) identity: Option<Identity>,
}

/// What was in the files, and what was given without one.
pub(crate) struct Material {
    added: Vec<Pem>,
    identity: Option<Pair>,
}

impl Material {
    /// The same for the same content, and kept in its place: there is a private key in it.
    pub(crate) fn fingerprint(&self) -> Result<Vec<Digest>, Error> {
        let provider = provider();
        let identity = self.identity.iter().flat_map(Pair::pems);
        self.added
            .iter()
            .chain(identity)
            .map(|pem| sha256(&provider, pem.bytes()))
            .collect()
    }
}

impl Settings {
    /// Refuses what contradicts itself.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let said = [
            (!self.pins.is_empty(), "a pinned certificate"),
            (!self.added.is_empty(), "an added CA"),
            (self.anyone, "`danger_accept_invalid_certs`"),
        ];
        let mut said = said.iter().filter(|(is_said, _)| *is_said);
        match (said.next(), said.next()) {
            (Some((_, one)), Some((_, other))) => Err(Error::config(format!(
                "{one} and {other} contradict each other: which certificates are to be trusted?"
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses what has no meaning for a manager without TLS, and would be believed to protect something.
    pub(crate) fn check_unused(&self) -> Result<(), Error> {
        let said = match (&self.identity, self.pins.is_empty()) {
            (Some(_), _) => "a client certificate",
            (None, false) => "a pinned certificate",
            (None, true) => return Ok(()),
        };
        Err(Error::config(format!(
            "{said} means nothing to a manager at http://: all of them have to be at https://"
        )))
    }

    /// Takes in what can be read only once, such as a pipe. Blocks.
    pub(crate) fn take_in(&mut self) -> Result<(), Error> {
        for source in &mut self.added {
            source.take_in(CA)?;
        }
        match &mut self.identity {
            Some(identity) => identity.take_in(),
            None => Ok(()),
        }
    }

    /// Whether there is anything that may change while the program runs.
    pub(crate) fn has_files(&self) -> bool {
        let identity = self.identity.iter().flat_map(Identity::sources);
        self.added.iter().chain(identity).any(Source::is_file)
    }

    /// Reads the files, of which none is a pipe. Blocks.
    pub(crate) fn read(&self) -> Result<Material, Error> {
        let added = self.added.iter().map(|source| source.read(CA));
        Ok(Material {
            added: added.collect::<Result<_, _>>()?,
            identity: self.identity.as_ref().map(Identity::read).transpose()?,
        })
    }

    /// The configuration of a client. Blocks: the platform's certificates may be in files too.
    pub(crate) fn config(&self, material: &Material) -> Result<ClientConfig, Error> {
        let provider = Arc::new(provider());
        // Before the platform's certificates, which take longer.
        let pair = material
            .identity
            .as_ref()
            .map(Pair::certified)
            .transpose()?;
        let accept = self.accept(material, &provider)?;
        let verifier = Verifier::new(accept, provider.clone());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match pair {
            Some(pair) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn accept(&self, material: &Material, provider: &Arc<CryptoProvider>) -> Result<Accept, Error> {
        if self.anyone {
            return Ok(Accept::Anyone);
        }
        if !self.pins.is_empty() {
            let pins = self.pins.iter().map(|pin| pin.digest(provider));
            return Ok(Accept::Pinned(pins.collect::<Result<_, _>>()?));
        }
        let (mut added, mut roots) = (Vec::new(), Vec::new());
        for pem in &material.added {
            for certificate in certificates(pem)? {
                match standing(&certificate) {
                    Standing::Authority => roots.push(certificate.clone()),
                    Standing::Leaf => {}
                    Standing::Unknown => return Err(pem.fault(VERSION_1)),
                }
                added.push(certificate);
            }
        }
        let has_roots = !roots.is_empty();
        let platform =
            rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider.clone());
        let platform: Option<Arc<dyn ServerCertVerifier>> = match platform {
            Ok(platform) => Some(Arc::new(platform)),
            // Without any root, as in a container without certificates, the added ones are trusted all the same.
            Err(_) if !has_roots && !added.is_empty() => None,
            Err(error) => return Err(unusable(error)),
        };
        Ok(Accept::Trusted { platform, added })
    }
}

/// A configuration that trusts nobody: for plain HTTP, where there is no certificate to look at.
pub(crate) fn unused() -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}

fn unusable(error: rustls::Error) -> Error {
    Error::config(format!("TLS cannot be set up: {error}")).with_source(error)
}
