//! The client certificate and its private key.

use std::path::PathBuf;

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use zeroize::Zeroizing;

use super::certificates::parse_certificates;
use super::pem::{Pem, Source};
use super::provider::backend;
use crate::Error;

const FROM_DER: &str = "openssl pkey -inform der";
// The names of the two in error messages.
const CERTIFICATE: &str = "client certificate";
const KEY: &str = "client key";

/// A client certificate and its private key, which authenticate a principal identity.
///
/// Both are PEM. The certificate may be followed by the intermediate certificates of its chain. The
/// key is PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`). RSA with
/// at least 2048 bits, P-256, P-384 and Ed25519 are supported on every platform. Encrypted keys are
/// not supported: decrypt them with `openssl pkey -in encrypted.pem -out key.pem`.
///
/// The certificate is sent to every trusted server that requests one during the handshake: the
/// managers, and an `https://` proxy from the environment, which is verified by the same rules.
///
/// The PEM is read and checked when the client is [built](crate::Config::build). `Debug` shows
/// where the PEM comes from, but not its content. The PEM held here and the keys decoded from it
/// are wiped from memory on drop. The TLS libraries make copies of the key that are not wiped.
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
    /// Uses a certificate and its key in PEM. One PEM that contains both may be passed for each.
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

    /// Reads a certificate and its key from PEM files of up to 1 MiB. One file that contains both
    /// may be passed for each.
    ///
    /// Changes to the files are picked up while the client is in use: within 10 seconds, or
    /// immediately when a manager rejects the certificate. Calls in progress finish with the old
    /// certificate. If the new files are unusable, for example half written or with a key that does
    /// not match the certificate, the client keeps using the old ones and logs a warning. A pipe or
    /// another special file is read once, when the client is built.
    pub fn from_pem_files(
        certificate_path: impl Into<PathBuf>,
        key_path: impl Into<PathBuf>,
    ) -> Self {
        Self {
            certificate: Source::file(certificate_path),
            key: Source::file(key_path),
        }
    }

    /// Records the environment variables that the values come from, for error messages.
    pub(crate) fn with_variables(self, certificate: &'static str, key: &'static str) -> Self {
        Self {
            certificate: self.certificate.with_variable(certificate),
            key: self.key.with_variable(key),
        }
    }

    /// Reads sources that can be read only once, and keeps their content.
    pub(super) fn buffer_pipes(&mut self) -> Result<(), Error> {
        self.certificate.buffer_pipe(CERTIFICATE)?;
        self.key.reuse_buffer_of(&self.certificate);
        self.key.buffer_pipe(KEY)
    }

    pub(super) fn sources(&self) -> [&Source; 2] {
        [&self.certificate, &self.key]
    }

    pub(super) fn load(&self) -> Result<LoadedIdentity, Error> {
        Ok(LoadedIdentity {
            certificate: self.certificate.load(CERTIFICATE)?,
            key: self.key.load(KEY)?,
        })
    }
}

/// The PEM of a client certificate and its key.
pub(super) struct LoadedIdentity {
    certificate: Pem,
    key: Pem,
}

impl LoadedIdentity {
    pub(super) fn pems(&self) -> [&Pem; 2] {
        [&self.certificate, &self.key]
    }

    /// The certificate chain with its signing key. Returns an error if the two do not match.
    pub(super) fn certified_key(&self) -> Result<CertifiedKey, Error> {
        let key = parse_private_key(&self.key)?;
        let chain = parse_certificates(&self.certificate)?;
        let key = backend::sign::any_supported_type(&key).map_err(|_| {
            self.key.error(
                "contains an unsupported key: \
                 use RSA with 2048 to 8192 bits, P-256, P-384 or Ed25519",
            )
        })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            // `Unknown`: the key type does not allow the check.
            Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
            Err(_) => Err(self.key.error(format_args!(
                "contains a key that does not match the first certificate of {}",
                self.certificate.name()
            ))),
        }
    }
}

/// Parses the private key in a PEM, which must contain exactly one.
fn parse_private_key(pem: &Pem) -> Result<Zeroizing<PrivateKeyDer<'static>>, Error> {
    // An encrypted PKCS#1 or SEC1 key has headers, which the PEM library would report as bad
    // base64.
    if pem.contains(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") || pem.contains(b"4,ENCRYPTED") {
        return Err(pem.error(
            "contains an encrypted key, which is not supported: decrypt it with \
             `openssl pkey -in encrypted.pem -out key.pem`",
        ));
    }
    pem.check_encoding("private key", FROM_DER)?;
    let mut keys = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.bytes()) {
        let (kind, der) = section.map_err(|error| pem.malformed(&error))?;
        keys.extend(private_key_in(kind, der));
    }
    match (keys.pop(), keys.len()) {
        (Some(key), 0) => Ok(key),
        (Some(_), others) => Err(pem.error(format_args!(
            "contains {} private keys: it must contain exactly one",
            others + 1
        ))),
        (None, _) => Err(pem.error(format_args!(
            "contains no private key{}",
            wrong_content_hint(pem)
        ))),
    }
}

fn private_key_in(kind: SectionKind, der: Vec<u8>) -> Option<Zeroizing<PrivateKeyDer<'static>>> {
    let key = match kind {
        SectionKind::PrivateKey => PrivatePkcs8KeyDer::from(der).into(),
        SectionKind::RsaPrivateKey => PrivatePkcs1KeyDer::from(der).into(),
        SectionKind::EcPrivateKey => PrivateSec1KeyDer::from(der).into(),
        _ => return None,
    };
    Some(Zeroizing::new(key))
}

/// What a PEM without a private key contains instead, if it is recognized.
fn wrong_content_hint(pem: &Pem) -> &'static str {
    if pem.contains(b"-----BEGIN OPENSSH PRIVATE KEY-----") {
        ", only one in OpenSSH format: convert it with `ssh-keygen -p -m PEM`"
    } else if pem.contains(b"-----BEGIN CERTIFICATE-----") {
        ", only a certificate: check that this is the right file"
    } else {
        ""
    }
}
