//! Whom a client trusts.
#![cfg(feature = "mock")]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

use std::error::Error as _;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;

use nsx_api::mock::Manager;
use nsx_api::{CallOptions, Client, ClientBuilder, Error, ErrorKind};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

async fn call(builder: ClientBuilder) -> Result<u16, Error> {
    let client = builder.options(CallOptions::new().max_retries(3)).build()?;
    let response = client
        .request(http::Method::GET, "/api/v1/nothing")
        .send()
        .await;
    match response {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) if error.status().is_some() => Ok(error.status().unwrap().as_u16()),
        Err(error) => Err(error),
    }
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

/// The manager's address, written as one that is not in its certificate.
fn other_name(manager: &Manager) -> String {
    manager.url().replace("127.0.0.1", "[::ffff:127.0.0.1]")
}

#[tokio::test]
async fn a_manager_is_trusted_by_the_ca_that_was_added() {
    let manager = Manager::start().await.unwrap();
    let ca = file(manager.ca_pem());
    let bundle = format!("# two of them\n{}\n{}", other_ca().await, manager.ca_pem());
    for builder in [
        Client::builder(manager.url()).ca_pem(manager.ca_pem()),
        Client::builder(manager.url()).ca_file(ca.path()),
        Client::builder(manager.url()).ca_pem(bundle),
        Client::builder(manager.url())
            .ca_pem(other_ca().await)
            .ca_pem(manager.ca_pem()),
        Client::builder(manager.url().replace("127.0.0.1", "localhost")).ca_pem(manager.ca_pem()),
    ] {
        assert!(call(builder).await.is_ok());
    }
}

async fn other_ca() -> String {
    Manager::start().await.unwrap().ca_pem().to_owned()
}

#[tokio::test]
async fn without_its_ca_or_under_another_name_a_manager_hears_nothing() {
    let manager = Manager::start().await.unwrap();
    let url = manager.url();
    for (builder, cause) in [
        (Client::builder(&url), "(UnknownIssuer): add the CA"),
        (
            Client::builder(&url).ca_pem(other_ca().await),
            "BadSignature",
        ),
        (
            Client::builder(other_name(&manager)).ca_pem(manager.ca_pem()),
            "not valid for name",
        ),
    ] {
        let error = call(builder.basic_auth("admin", "SECRET"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert_eq!(
            error.attempts(),
            1,
            "a certificate does not get better by another look"
        );
        let line = error.to_string();
        assert!(
            line.contains("no trusted connection: ") && line.contains(cause),
            "{line}"
        );
        assert!(error.source().is_some());
        assert!(!format!("{error:?}").contains("SECRET"));
    }
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn the_danger_flag_trusts_anyone_under_any_name() {
    let manager = Manager::start().await.unwrap();
    for url in [manager.url(), other_name(&manager)] {
        assert!(
            call(Client::builder(&url).danger_accept_invalid_certs(true))
                .await
                .is_ok()
        );
        let error = call(Client::builder(&url).danger_accept_invalid_certs(false))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    }
    assert_eq!(manager.count(), 2);
}

/// A server that shows one certificate and has the key of another.
async fn impostor() -> String {
    let [shown, own] =
        [(); 2].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    server(&shown.cert, &own.signing_key, |stream| async {
        drop(stream)
    })
    .await
}

/// A server with this certificate, which deals with its connections by `serve` once there is TLS.
async fn server<F>(
    certificate: &Certificate,
    key: &KeyPair,
    serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let key = ring::sign::any_supported_type(&key).unwrap();
    let pair = CertifiedKey::new(vec![certificate.der().clone()], key);
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream));
            }
        }
    });
    url
}

#[tokio::test]
async fn even_the_danger_flag_refuses_a_peer_without_the_key_of_its_certificate() {
    let builder = Client::builder(impostor().await).danger_accept_invalid_certs(true);
    let error = call(builder).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("BadSignature"), "{error}");
}

#[tokio::test]
async fn the_certificate_of_a_ca_is_no_servers_and_the_error_says_what_to_do() {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let url = server(&certificate, &key, |stream| async { drop(stream) }).await;
    let error = call(Client::builder(url).ca_pem(certificate.pem()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    for words in ["CaUsedAsEndEntity", "give it one that is for a server"] {
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn tls_that_fails_after_the_handshake_is_a_lost_connection() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let url = server(&made.cert, &made.signing_key, |mut stream| async move {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let garbage = [&[23, 3, 3, 0, 64][..], &[7; 64]].concat();
        let _ = stream.get_mut().0.write_all(&garbage).await;
        let _ = stream.get_mut().0.read(&mut request).await;
    })
    .await;
    let client = Client::builder(url)
        .ca_pem(made.cert.pem())
        .options(CallOptions::new().max_retries(1))
        .build()
        .unwrap();
    // It may have been carried out, so only what is idempotent is sent again.
    for (method, attempts) in [(http::Method::POST, 1), (http::Method::GET, 2)] {
        let error = client.request(method, "/x").send().await.unwrap_err();
        let found = (error.kind(), error.attempts());
        assert_eq!(found, (ErrorKind::Connection, attempts), "{error}");
    }
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_a_tls_error() {
    let plain = Manager::builder().plain_http().start().await.unwrap();
    let url = plain.url().replace("http://", "https://");
    let error = call(Client::builder(url).danger_accept_invalid_certs(true))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(call(Client::builder(plain.url())).await.is_ok());
}

#[test]
fn a_ca_that_cannot_be_used_is_an_error_that_names_it() {
    let certificate_cut_off = "-----BEGIN CERTIFICATE-----\nMIIB";
    let not_der = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let key_only = "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
    for (content, reason) in [
        ("", "has no certificate in it"),
        ("hello", "has no certificate in it"),
        (key_only, "has no certificate in it"),
        (certificate_cut_off, "is broken"),
        (not_der, "is broken"),
    ] {
        let ca = file(content);
        let name = format!("the CA file {}", ca.path().display());
        for (builder, name) in [
            (Client::builder("nsx").ca_file(ca.path()), name.as_str()),
            (
                Client::builder("nsx")
                    .ca_file(ca.path())
                    .danger_accept_invalid_certs(true),
                name.as_str(),
            ),
            (
                Client::builder("nsx").ca_pem(content),
                "the CA given as PEM",
            ),
        ] {
            let error = builder.build().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(
                error.to_string().starts_with(&format!("{name} {reason}")),
                "{error}"
            );
        }
    }
    let endless = Client::builder("nsx").ca_file("/dev/zero").build();
    if std::path::Path::new("/dev/zero").exists() {
        let line = endless.unwrap_err().to_string();
        assert!(
            line.ends_with("cannot be read: it is larger than 1 MiB"),
            "{line}"
        );
    }
    let error = Client::builder("nsx")
        .ca_file("/does/not/exist.pem")
        .build()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the CA file /does/not/exist.pem cannot be read: "),
        "{error}"
    );
}

#[tokio::test]
async fn a_ca_in_another_form_is_refused_with_a_hint_and_nothing_of_it_is_shown() {
    let pem = other_ca().await;
    let der = CertificateDer::from_pem_slice(pem.as_bytes())
        .unwrap()
        .to_vec();
    let utf16 = |order: fn(u16) -> [u8; 2]| pem.encode_utf16().flat_map(order).collect();
    let with_mark = |order: fn(u16) -> [u8; 2]| {
        format!("\u{FEFF}{pem}")
            .encode_utf16()
            .flat_map(order)
            .collect()
    };
    let key = "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n";
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (der, "it looks like DER: convert it"),
        (utf16(u16::to_le_bytes), "UTF-16"),
        (utf16(u16::to_be_bytes), "UTF-16"),
        (with_mark(u16::to_le_bytes), "UTF-16"),
        (with_mark(u16::to_be_bytes), "UTF-16"),
        (format!("{pem}\u{FEFF}{pem}").into(), "a byte order mark"),
        (key.into(), "but a private key: is it the right file?"),
        (key.replace('\n', "").into(), "are the line ends lost?"),
        (pem.replace('\n', " ").into(), "are the line ends lost?"),
        (pem.replace('\n', "").into(), "are the line ends lost?"),
        (
            pem.replace("-----END", "SECRET").into(),
            "an END line is missing",
        ),
        (
            key.replace("KEY-----\nU0VDUkVU", "KEY SECRET U0VDUkVU")
                .into(),
            "a BEGIN line is damaged",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n!SECRET!\n-----END CERTIFICATE-----\n".into(),
            "is not base64",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nU0VDUkVU\n-----END CERTIFICATE-----\n".into(),
            "number 1 in it is no certificate of X.509",
        ),
        (
            pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE").into(),
            "convert it with `openssl x509`",
        ),
    ];
    for (content, hint) in cases {
        let error = Client::builder("nsx").ca_pem(content).build().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(hint), "{hint}: {shown}");
        for secret in ["SECRET", "U0VDUkVU", "83, 69, 67"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(error.source().is_none(), "{hint}");
    }
    // A mark at the beginning does no harm.
    let marked = format!("\u{FEFF}{pem}");
    Client::builder("nsx").ca_pem(marked).build().unwrap();
}

#[test]
fn plain_http_to_another_machine_needs_to_be_allowed() {
    let error = Client::builder("http://nsx.example.com")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    Client::builder("http://nsx.example.com")
        .danger_allow_http(true)
        .build()
        .unwrap();
    Client::builder("http://127.0.0.1:8080").build().unwrap();
}

#[test]
fn settings_that_cannot_be_used_are_refused_without_being_shown() {
    for builder in [
        Client::builder("https://admin:SECRET@nsx.example.com"),
        Client::builder("nsx").basic_auth("a:b", "SECRET"),
        Client::builder("nsx").basic_auth("", "SECRET"),
        Client::builder("nsx").options(CallOptions::new().header("cookie", "SECRET")),
        Client::builder("https://nsx/api/v1?SECRET"),
    ] {
        assert!(!format!("{builder:?}").contains("SECRET"), "{builder:?}");
        let error = builder.build().unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
        assert!(
            !format!("{error} {error:?}").contains("SECRET"),
            "{error:?}"
        );
    }
}
