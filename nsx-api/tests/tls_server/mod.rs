//! A TLS server that records its requests, certificates for it, and keys in the formats that users
//! have.
//!
//! The keys in `test_only_keys` were made with openssl for these tests and protect nothing.

#[cfg(target_os = "linux")]
use std::path::Path;
use std::sync::{Arc, Mutex};

use nsx_api::{CallOptions, Client, Config, Error};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair};
#[cfg(feature = "aws-lc-rs")]
pub(crate) use rustls::crypto::aws_lc_rs as backend;
#[cfg(not(feature = "aws-lc-rs"))]
pub(crate) use rustls::crypto::ring as backend;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

#[cfg(target_os = "linux")]
use crate::own_process::in_own_process;

pub(crate) const RSA_PKCS1: &str = include_str!("test_only_keys/rsa_pkcs1.pem");
pub(crate) const RSA_PKCS8: &str = include_str!("test_only_keys/rsa_pkcs8.pem");
/// As `openssl ecparam -genkey` writes it, with `EC PARAMETERS` before the key.
pub(crate) const EC_SEC1: &str = include_str!("test_only_keys/ec_sec1.pem");
pub(crate) const EC_PKCS8: &str = include_str!("test_only_keys/ec_pkcs8.pem");
pub(crate) const ENCRYPTED_PKCS8: &str = include_str!("test_only_keys/encrypted_pkcs8.pem");
pub(crate) const ENCRYPTED_PKCS1: &str = include_str!("test_only_keys/encrypted_pkcs1.pem");
pub(crate) const ENCRYPTED_SEC1: &str = include_str!("test_only_keys/encrypted_sec1.pem");

/// A certificate and its key.
pub(crate) struct Leaf {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) pem: String,
    pub(crate) key_pem: String,
}

impl Leaf {
    pub(crate) fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }

    /// The SHA-256 thumbprint in hexadecimal digits.
    pub(crate) fn thumbprint(&self) -> String {
        let suites = backend::default_provider().cipher_suites;
        let sha256 = suites
            .iter()
            .filter_map(|suite| suite.tls13())
            .map(|suite| suite.common.hash_provider)
            .find(|hash| hash.output_len() == 32)
            .unwrap();
        let digest = sha256.hash(&self.der);
        digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
    }

    fn certified(&self) -> CertifiedKey {
        use rustls::pki_types::pem::PemObject;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).unwrap();
        let key = backend::sign::any_supported_type(&key).unwrap();
        CertifiedKey::new(vec![self.der.clone()], key)
    }
}

/// Certificate parameters of a server at `localhost`.
pub(crate) fn server_params() -> CertificateParams {
    CertificateParams::new(["localhost".to_owned()]).unwrap()
}

/// The same with the CA flag.
pub(crate) fn ca_params() -> CertificateParams {
    let mut params = server_params();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

pub(crate) fn expired(mut params: CertificateParams) -> CertificateParams {
    params.not_after = rcgen::date_time_ymd(2020, 2, 3);
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params
}

pub(crate) fn not_yet_valid(mut params: CertificateParams) -> CertificateParams {
    params.not_before = rcgen::date_time_ymd(2120, 2, 3);
    params.not_after = rcgen::date_time_ymd(2121, 1, 1);
    params
}

/// A certificate for `localhost` that is signed with the key of `signer`.
pub(crate) fn forged(params: CertificateParams, signer: &Leaf) -> Leaf {
    let signer_key = KeyPair::from_pem(&signer.key_pem).unwrap();
    let issuer = Issuer::new(params, signer_key);
    let key = KeyPair::generate().unwrap();
    let certificate = server_params().signed_by(&key, &issuer).unwrap();
    Leaf {
        der: certificate.der().clone(),
        pem: certificate.pem(),
        key_pem: key.serialize_pem(),
    }
}

/// A private CA.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn issue(&self, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        self.issue_for(params, &key.serialize_pem())
    }

    /// A certificate for this PKCS#8 key.
    pub(crate) fn issue_for(&self, params: &CertificateParams, key_pem: &str) -> Leaf {
        let key = KeyPair::from_pem(key_pem).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Leaf {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key_pem: key_pem.to_owned(),
        }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }
}

/// The configuration of a server that presents this certificate, and that requires a client
/// certificate of `client_ca`, if any.
pub(crate) fn config(leaf: &Leaf, client_ca: Option<&Authority>) -> ServerConfig {
    config_with_versions(rustls::ALL_VERSIONS, leaf, client_ca)
}

pub(crate) fn config_with_versions(
    versions: &[&'static SupportedProtocolVersion],
    leaf: &Leaf,
    client_ca: Option<&Authority>,
) -> ServerConfig {
    let provider = Arc::new(backend::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match client_ca {
        Some(authority) => {
            let roots = Arc::new(authority.roots());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
        None => builder.with_no_client_auth(),
    };
    builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(leaf.certified())))
}

/// A request that the server received.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    /// The number of its connection.
    pub(crate) connection: usize,
    pub(crate) client: Option<CertificateDer<'static>>,
}

/// A server that answers every HTTP/1.1 request with 200.
pub(crate) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    config: Arc<Mutex<Arc<ServerConfig>>>,
}

impl Server {
    pub(crate) async fn start(config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            config: Arc::new(Mutex::new(Arc::new(config))),
        };
        let (seen, config) = (server.seen.clone(), server.config.clone());
        tokio::spawn(async move {
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = TlsAcceptor::from(config.lock().unwrap().clone());
                tokio::spawn(serve(stream, acceptor, connection, seen.clone()));
            }
        });
        server
    }

    /// Uses this configuration for new connections.
    pub(crate) fn set_config(&self, config: ServerConfig) {
        *self.config.lock().unwrap() = Arc::new(config);
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The same server under a name that is not in its certificate.
    pub(crate) fn other_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// One entry for each connection or request on which the server received data.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn client_certificates(&self) -> Vec<Option<CertificateDer<'static>>> {
        self.seen().into_iter().map(|seen| seen.client).collect()
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    connection: usize,
    seen: Arc<Mutex<Vec<Seen>>>,
) {
    let mut buffer = [0; 4096];
    let mut stream = match acceptor.accept(stream).into_fallible().await {
        Ok(stream) => stream,
        Err((_, mut stream)) => {
            // Read everything first. Closing a socket with unread data resets it, and the alert may
            // be lost.
            while stream
                .read(&mut buffer)
                .await
                .is_ok_and(|length| length > 0)
            {}
            return;
        }
    };
    let client = stream.get_ref().1.peer_certificates();
    let client = client.and_then(|chain| chain.first().cloned());
    let mut request = Vec::new();
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        if request.is_empty() {
            let client = client.clone();
            seen.lock().unwrap().push(Seen { connection, client });
        }
        request.extend(buffer.iter().take(length));
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

/// Makes one call with this client.
pub(crate) async fn get(client: &Client) -> Result<u16, Error> {
    let response = client.request(http::Method::GET, "/x").send().await?;
    Ok(response.status().as_u16())
}

/// Builds a client and makes one call.
pub(crate) async fn call(builder: Config) -> Result<u16, Error> {
    let client = builder.options(CallOptions::new().max_retries(0)).build()?;
    get(&client).await
}

/// Runs a test again in its own process, with the platform's certificates in this file. Returns
/// true in that process.
#[cfg(target_os = "linux")]
pub(crate) fn in_own_process_with_platform_file<T>(test: T, platform: &Path) -> bool {
    let variables = [
        (PLATFORM_FILE, Some(platform.as_os_str())),
        ("SSL_CERT_DIR", None),
    ];
    in_own_process(test, variables)
}

/// The variable that names the platform's certificates on Linux.
#[cfg(target_os = "linux")]
pub(crate) const PLATFORM_FILE: &str = "SSL_CERT_FILE";
