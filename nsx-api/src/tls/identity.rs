//! Who the client says it is: a certificate and its private key.

use std::path::PathBuf;

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use zeroize::Zeroizing;

use super::certificates::certificates;
use super::pem::{Pem, Source};
use super::provider::backend;
use crate::Error;

const FROM_DER: &str = "openssl pkey -inform der";
/// How errors call the two.
const CERTIFICATE: &str = "client certificate";
const KEY: &str = "client key";

/// A client's certificate with its private key, by which a manager knows a principal identity.
///
/// Both are PEM. The certificate may come with those that lead from it to a CA, after it. The key is in PKCS#8
/// (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`); RSA from 2048 bits, P-256, P-384 and Ed25519 work
/// everywhere. An encrypted key is refused: `openssl pkey -in encrypted.pem -out key.pem` decrypts it.
///
/// It is shown to whoever asks for one in a handshake that is trusted: the managers, and a proxy of the environment at
/// `https://`, which is verified by the same trust as they are.
///
/// Nothing is looked at before the client is [built](crate::Config::build). `Debug` shows nothing of it but where it comes
/// from. The PEM that is held here, and the keys decoded from it, are wiped from memory when they are dropped; the
/// libraries that decode a key and sign with it make copies of their own, which are not.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::Manager;
/// # let manager = Manager::builder().client_certificates().start().await?;
/// # let issued = manager.issue_client_certificate()?;
/// # let folder = tempfile::tempdir()?;
/// # let (certificate, key) = (folder.path().join("client.pem"), folder.path().join("client-key.pem"));
/// # std::fs::write(&certificate, issued.certificate_pem)?;
/// # std::fs::write(&key, issued.key_pem)?;
/// # manager.on("GET /api/v1/node/version", |_| 200);
/// # let (address, ca) = (manager.url(), manager.ca_pem());
/// use nsx_api::Client;
/// use nsx_api::auth::Identity;
///
/// // "/etc/nsx/client.pem" and "/etc/nsx/client-key.pem"
/// let client = Client::builder(address)
///     .identity(Identity::from_pem_files(certificate, key))
/// #     .ca_pem(ca)
///     .build()?;
/// # use nsx_api::http::Method;
/// # client.request(Method::GET, "/api/v1/node/version").send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    certificate: Source,
    key: Source,
}

impl Identity {
    /// A certificate and its key as PEM. They may be one and the same PEM that holds both.
    ///
    /// ```
    /// # #[cfg(not(feature = "mock"))]
    /// # fn main() {}
    /// # #[cfg(feature = "mock")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use nsx_api::mock::Manager;
    /// # let manager = Manager::builder().client_certificates().start().await?;
    /// # let issued = manager.issue_client_certificate()?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("client.pem");
    /// # std::fs::write(&path, issued.certificate_pem + &issued.key_pem)?;
    /// # manager.on("GET /api/v1/node/version", |_| 200);
    /// use nsx_api::auth::Identity;
    ///
    /// let both = std::fs::read(path)?;
    /// let identity = Identity::from_pem(both.clone(), both);
    /// # let config = nsx_api::Client::builder(manager.url()).ca_pem(manager.ca_pem());
    /// # let client = config.identity(identity).build()?;
    /// # use nsx_api::http::Method;
    /// # client.request(Method::GET, "/api/v1/node/version").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_pem(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self {
            certificate: Source::pem(certificate),
            key: Source::pem(key),
        }
    }

    /// A certificate and its key in PEM files of up to 1 MiB, or in one that holds both.
    ///
    /// Files that change while the client is in use are picked up: within 10 seconds, or at once when a manager refuses
    /// the certificate. Calls under way end with what they began with. What is no regular file, such as a pipe, is read once,
    /// when the client is built. Files that cannot be used, half written ones or
    /// a key that does not belong to the certificate, leave the client with what it had, and a warning in the log.
    pub fn from_pem_files(
        certificate_path: impl Into<PathBuf>,
        key_path: impl Into<PathBuf>,
    ) -> Self {
        Self {
            certificate: Source::file(certificate_path),
            key: Source::file(key_path),
        }
    }

    /// The same, from these variables of the environment.
    pub(crate) fn named(self, certificate: &'static str, key: &'static str) -> Self {
        Self {
            certificate: self.certificate.named(certificate),
            key: self.key.named(key),
        }
    }

    /// Reads what can be read only once.
    pub(super) fn take_in(&mut self) -> Result<(), Error> {
        self.certificate.take_in(CERTIFICATE)?;
        self.key.share(&self.certificate);
        self.key.take_in(KEY)
    }

    pub(super) fn sources(&self) -> [&Source; 2] {
        [&self.certificate, &self.key]
    }

    pub(super) fn read(&self) -> Result<Pair, Error> {
        Ok(Pair {
            certificate: self.certificate.read(CERTIFICATE)?,
            key: self.key.read(KEY)?,
        })
    }
}

/// A certificate and its key as they were read.
pub(super) struct Pair {
    certificate: Pem,
    key: Pem,
}

impl Pair {
    pub(super) fn pems(&self) -> [&Pem; 2] {
        [&self.certificate, &self.key]
    }

    /// The two together, ready to sign, if they belong together.
    pub(super) fn certified(&self) -> Result<CertifiedKey, Error> {
        let key = private_key(&self.key)?;
        let chain = certificates(&self.certificate)?;
        let key = backend::sign::any_supported_type(&key).map_err(|_| {
            self.key.fault(
                "has a key that cannot be used: it has to be RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519",
            )
        })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            // Not to be told is no fault.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
            Err(_) => Err(self.key.fault(format_args!(
                "has a key that does not belong to the first certificate of {}",
                self.certificate.name()
            ))),
        }
    }
}

/// The one private key in a PEM.
fn private_key(pem: &Pem) -> Result<Zeroizing<PrivateKeyDer<'static>>, Error> {
    // The older form has headers where the PEM library expects base64.
    if pem.contains(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || pem.contains(b"4,ENCRYPTED") {
        return Err(pem.fault(
            "has an encrypted key in it, which cannot be used: decrypt it, with \
             `openssl pkey -in encrypted.pem -out key.pem`",
        ));
    }
    pem.check_form("private key", FROM_DER)?;
    let mut keys = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.bytes()) {
        let (kind, der) = section.map_err(|error| pem.broken(&error))?;
        keys.extend(key_of(kind, der));
    }
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), others) => Err(pem.fault(format_args!(
            "has {} private keys in it: which one is meant?",
            others + 1
        ))),
        (None, _) => Err(pem.fault(format_args!("has no private key in it{}", instead(pem)))),
    }
}

fn key_of(kind: SectionKind, der: Vec<u8>) -> Option<Zeroizing<PrivateKeyDer<'static>>> {
    let key = match kind {
        SectionKind::PrivateKey => PrivatePkcs8KeyDer::from(der).into(),
        SectionKind::RsaPrivateKey => PrivatePkcs1KeyDer::from(der).into(),
        SectionKind::EcPrivateKey => PrivateSec1KeyDer::from(der).into(),
        _ => return None,
    };
    Some(Zeroizing::new(key))
}

/// What a PEM without a private key has in it, if that is known.
fn instead(pem: &Pem) -> &'static str {
    if pem.contains(b"-----BEGIN OPENSSH PRIVATE KEY-----") {
        ", but one in OpenSSH's own form: convert it, with `ssh-keygen -p -m PEM`"
    } else if pem.contains(b"-----BEGIN CERTIFICATE-----") {
        ", but a certificate: is it the right file?"
    } else {
        ""
    }
}
