//! Which managers a client trusts: CAs, self-signed certificates, pins and the danger flags.

use std::error::Error as _;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use nsx_api::auth::{Basic, Identity};
use nsx_api::mock::Manager;
use nsx_api::{CallOptions, Client, Config, Error, ErrorKind};
use rcgen::{Certificate, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::leak_capture::private_parts;
use crate::tls_server::{
    self, Authority, Leaf, Server, backend, ca_params, config, config_with_versions, expired,
    forged, not_yet_valid, server_params,
};

async fn call(builder: Config) -> Result<u16, Error> {
    let options = CallOptions::new().max_retries(3);
    let quick = options.max_retry_delay(Duration::from_millis(1));
    let client = builder.options(quick).build()?;
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

fn temp_file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

/// The manager's address in a form that is not in its certificate.
fn other_name(manager: &Manager) -> String {
    manager.url().replace("127.0.0.1", "[::ffff:127.0.0.1]")
}

#[tokio::test]
async fn tls_trusts_a_manager_by_an_added_ca() {
    let manager = Manager::start().await.unwrap();
    let ca = temp_file(manager.ca_pem());
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
async fn tls_refuses_a_manager_with_an_unknown_ca_or_another_host_name() {
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
        let error = call(builder.auth(Basic::new("admin", "SECRET")))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert_eq!(
            error.attempts(),
            1,
            "an untrusted certificate is not retried"
        );
        let line = error.to_string();
        assert!(
            line.contains("TLS handshake failed: ") && line.contains(cause),
            "{line}"
        );
        assert!(error.source().is_some());
        assert!(!format!("{error:?}").contains("SECRET"));
    }
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn danger_accept_invalid_certs_trusts_any_tls_certificate() {
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

/// A server that presents one certificate but has the private key of another.
async fn impostor() -> String {
    let [shown, own] =
        [(); 2].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    server(&shown.cert, &own.signing_key, |stream| async {
        drop(stream)
    })
    .await
}

/// A server with this certificate that handles each connection with `serve` after the handshake.
async fn server<F>(
    certificate: &Certificate,
    key: &KeyPair,
    serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static,
) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let key = backend::sign::any_supported_type(&key).unwrap();
    let pair = CertifiedKey::new(vec![certificate.der().clone()], key);
    let tls = ServerConfig::builder_with_provider(Arc::new(backend::default_provider()))
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
async fn danger_accept_invalid_certs_still_refuses_a_tls_peer_without_the_private_key() {
    let builder = Client::builder(impostor().await).danger_accept_invalid_certs(true);
    let error = call(builder).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
    assert!(error.to_string().contains("BadSignature"), "{error}");
}

#[tokio::test]
async fn tls_trusts_an_added_self_signed_certificate_with_or_without_the_ca_flag() {
    for params in [server_params(), ca_params()] {
        let leaf = Leaf::self_signed(&params);
        let server = Server::start(config(&leaf, None)).await;
        let ca = temp_file(&leaf.pem);
        for builder in [
            Client::builder(server.url()).ca_pem(leaf.pem.clone()),
            Client::builder(server.url()).ca_file(ca.path()),
            Client::builder(server.url())
                .ca_pem(Authority::new("another").pem())
                .ca_pem(leaf.pem.clone()),
        ] {
            assert_eq!(tls_server::call(builder).await.unwrap(), 200);
        }
    }
}

#[tokio::test]
async fn tls_trusts_a_certificate_chain_to_an_added_ca() {
    let authority = Authority::new("private");
    let server = Server::start(config(&authority.issue(&server_params()), None)).await;
    let builder = Client::builder(server.url()).ca_pem(authority.pem());
    assert_eq!(tls_server::call(builder).await.unwrap(), 200);
}

#[tokio::test]
async fn tls_refuses_an_invalid_certificate_with_the_reason_and_sends_no_request() {
    let authority = Authority::new("private");
    let namesake = Authority::new("private");
    let expired_on = "expired on Mon, 03 Feb 2020 00:00:00 GMT";
    let valid_from = "not valid yet, only from Sat, 03 Feb 2120 00:00:00 GMT";
    let other_name = "not valid for name 127.0.0.1, only for localhost:";
    for (params, is_self_signed, is_other_name, reason) in [
        (expired(server_params()), true, false, expired_on),
        (expired(ca_params()), true, false, expired_on),
        (expired(server_params()), false, false, expired_on),
        (not_yet_valid(server_params()), true, false, valid_from),
        (not_yet_valid(ca_params()), true, false, valid_from),
        (not_yet_valid(server_params()), false, false, valid_from),
        (server_params(), true, true, other_name),
        (ca_params(), true, true, other_name),
        (server_params(), false, true, other_name),
    ] {
        let (leaf, ca) = match is_self_signed {
            true => {
                let leaf = Leaf::self_signed(&params);
                let ca = leaf.pem.clone();
                (leaf, ca)
            }
            false => (authority.issue(&params), authority.pem()),
        };
        let server = Server::start(config(&leaf, None)).await;
        let url = match is_other_name {
            true => server.other_url(),
            false => server.url(),
        };
        assert_refused(&server, Client::builder(url).ca_pem(ca), reason).await;
    }
    for (leaf, reason) in [
        (authority.issue(&server_params()), "(BadSignature)"),
        (Leaf::self_signed(&server_params()), "(UnknownIssuer)"),
        (
            Leaf::self_signed(&ca_params()),
            "(CaUsedAsEndEntity): add this certificate",
        ),
    ] {
        let server = Server::start(config(&leaf, None)).await;
        let builder = Client::builder(server.url()).ca_pem(namesake.pem());
        assert_refused(&server, builder, reason).await;
        assert_refused(&server, Client::builder(server.url()), "").await;
    }
}

#[tokio::test]
async fn tls_accepts_certificates_signed_by_an_added_certificate_only_if_it_is_a_ca() {
    let mut explicit = server_params();
    explicit.is_ca = IsCa::ExplicitNoCa;
    let mut no_key_cert_sign = ca_params();
    no_key_cert_sign.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let refused_ones = [
        server_params(),
        explicit,
        no_key_cert_sign,
        expired(server_params()),
        not_yet_valid(server_params()),
    ];
    for params in refused_ones {
        let added = Leaf::self_signed(&params);
        let server = Server::start(config(&forged(params, &added), None)).await;
        let builder = Client::builder(server.url()).ca_pem(added.pem.clone());
        assert_refused(&server, builder, "(UnknownIssuer)").await;
        let both = added.pem.clone() + &Authority::new("another").pem();
        let builder = Client::builder(server.url()).ca_pem(both);
        assert_refused(&server, builder, "(UnknownIssuer)").await;
    }
    let added = Leaf::self_signed(&ca_params());
    let server = Server::start(config(&forged(ca_params(), &added), None)).await;
    let builder = Client::builder(server.url()).ca_pem(added.pem.clone());
    assert_eq!(tls_server::call(builder).await.unwrap(), 200);
}

#[tokio::test]
async fn x509_version_1_certificate_is_refused_when_the_client_is_built() {
    let pem = include_str!("tls_server/test_only_keys/version_1.pem");
    let error = Client::builder("nsx").ca_pem(pem).build().unwrap_err();
    let reason = "the CA given as PEM contains an X.509 version 1 certificate";
    assert!(error.to_string().contains(reason), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn tls_with_an_added_certificate_works_without_platform_certificates() {
    // Run without platform certificates, as in a bare container.
    let test = tls_with_an_added_certificate_works_without_platform_certificates;
    if !tls_server::in_own_process_with_platform_file(test, "/dev/null".as_ref()) {
        return;
    }
    let leaf = Leaf::self_signed(&server_params());
    let server = Server::start(config(&leaf, None)).await;
    let builder = || Client::builder(server.url()).ca_pem(leaf.pem.clone());
    assert_eq!(tls_server::call(builder()).await.unwrap(), 200);
    let other = Server::start(config(&Leaf::self_signed(&server_params()), None)).await;
    let builder = Client::builder(other.url()).ca_pem(leaf.pem.clone());
    assert_refused(&other, builder, "(UnknownIssuer)").await;
    let error = Client::builder(server.url()).build().unwrap_err();
    assert!(error.to_string().contains("No CA certificates"), "{error}");
}

#[test]
fn secret_private_key_given_as_a_path_is_never_shown() {
    let key = Leaf::self_signed(&server_params()).key_pem;
    let secrets = private_parts(&key);
    let line = key.lines().nth(1).unwrap();
    let start = line.split_at(20).0;
    for path in [
        key.clone(),
        key.replace('\n', " "),
        format!("{line}\n{line}"),
    ] {
        for builder in [
            Client::builder("nsx").ca_file(&path),
            Client::builder("nsx").identity(Identity::from_pem_files("/no/cert.pem", &path)),
            Client::builder("nsx").identity(Identity::from_pem_files(&path, &path)),
        ] {
            let settings = format!("{builder:?}");
            let error = builder.build().unwrap_err();
            let shown = format!("{settings} {error} {error:?}");
            for secret in secrets.iter().map(String::as_str).chain([start, "BEGIN"]) {
                assert!(!shown.contains(secret), "{shown}");
            }
            assert!(settings.contains("PEM instead of a path"), "{settings}");
        }
    }
    let error = Client::builder("nsx").ca_file(&key).build().unwrap_err();
    let reason = "the path of the CA file is PEM, not a path: pass the PEM with `ca_pem`";
    assert!(error.to_string().contains(reason), "{error}");
    let identity = Identity::from_pem_files(&key, "/no/key.pem");
    let error = Client::builder("nsx").identity(identity).build();
    let reason = "certificate file is PEM, not a path: pass the PEM with `Identity::from_pem`";
    let error = error.unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
}

#[test]
fn pin_and_identity_require_tls_for_every_manager() {
    let leaf = Leaf::self_signed(&server_params());
    let identity = || Identity::from_pem(leaf.pem.clone(), leaf.key_pem.clone());
    for (first, other) in [
        ("http://localhost:1", "https://localhost:2"),
        ("https://localhost:1", "http://localhost:2"),
        ("http://localhost:1", "http://localhost:2"),
    ] {
        let builder = || Client::builder(first).manager(other);
        for (builder, what) in [
            (builder().identity(identity()), "a client certificate"),
            (
                builder().pin_certificate(leaf.pem.clone()),
                "a pinned certificate",
            ),
        ] {
            let error = builder.build().unwrap_err().to_string();
            let reason = format!("{what} has no effect over http://");
            assert!(error.contains(&reason), "{error}");
        }
    }
}

async fn assert_refused(server: &Server, builder: Config, reason: &str) {
    let builder = builder.auth(Basic::new("admin", "SECRET"));
    let error = tls_server::call(builder).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.to_string().contains(reason), "{reason}: {error}");
    assert!(!format!("{error} {error:?}").contains("SECRET"));
    assert_eq!(server.seen(), []);
}

#[tokio::test]
async fn pinned_certificate_is_trusted_under_any_host_name_and_at_any_time() {
    let authority = Authority::new("unknown");
    for leaf in [
        Leaf::self_signed(&server_params()),
        Leaf::self_signed(&ca_params()),
        Leaf::self_signed(&expired(server_params())),
        authority.issue(&not_yet_valid(server_params())),
    ] {
        let server = Server::start(config(&leaf, None)).await;
        let other = Leaf::self_signed(&server_params());
        let bundle = format!("{}{}", leaf.pem, other.pem);
        for url in [server.url(), server.other_url()] {
            for builder in [
                Client::builder(&url).pin_thumbprint(leaf.thumbprint()),
                Client::builder(&url).pin_certificate(bundle.clone()),
                Client::builder(&url)
                    .pin_thumbprint(other.thumbprint())
                    .pin_certificate(leaf.pem.clone()),
            ] {
                assert_eq!(tls_server::call(builder).await.unwrap(), 200);
            }
        }
    }
}

#[tokio::test]
async fn certificate_that_does_not_match_the_pin_is_refused_with_its_thumbprint() {
    let authority = Authority::new("private");
    let leaf = authority.issue(&server_params());
    let other = authority.issue(&server_params());
    let server = Server::start(config(&leaf, None)).await;
    let shown: Vec<String> = leaf
        .thumbprint()
        .to_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    let reason = format!("thumbprint {}, which is not pinned", shown.join(":"));
    let bundle = format!("{}{}", other.pem, leaf.pem);
    for builder in [
        Client::builder(server.url()).pin_thumbprint(other.thumbprint()),
        // Only the first certificate of the PEM is pinned, and its issuer does not matter.
        Client::builder(server.url()).pin_certificate(bundle),
        Client::builder(server.url()).pin_certificate(authority.pem()),
    ] {
        assert_refused(&server, builder, &reason).await;
    }
}

#[tokio::test]
async fn pinned_certificate_is_refused_from_a_peer_without_its_private_key() {
    let leaf = Leaf::self_signed(&server_params());
    let impostor = Leaf {
        key_pem: Leaf::self_signed(&server_params()).key_pem,
        pem: leaf.pem.clone(),
        der: leaf.der.clone(),
    };
    // TLS 1.2 and 1.3 sign different data.
    for version in rustls::ALL_VERSIONS {
        let server = Server::start(config_with_versions(&[*version], &impostor, None)).await;
        for builder in [
            Client::builder(server.url()).pin_thumbprint(leaf.thumbprint()),
            Client::builder(server.url()).ca_pem(leaf.pem.clone()),
        ] {
            assert_refused(&server, builder, "(BadSignature)").await;
        }
    }
}

#[test]
fn contradictory_tls_settings_are_refused() {
    let leaf = Leaf::self_signed(&server_params());
    let pinned = || Client::builder("nsx").pin_thumbprint(leaf.thumbprint());
    let anyone = || Client::builder("nsx").danger_accept_invalid_certs(true);
    for builder in [
        pinned().ca_pem(leaf.pem.clone()),
        pinned().ca_file("/does/not/exist.pem"),
        pinned().danger_accept_invalid_certs(true),
        anyone().pin_certificate(leaf.pem.clone()),
        anyone().ca_pem(leaf.pem.clone()),
        anyone().ca_file("/does/not/exist.pem"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("cannot be combined"), "{error}");
    }
    pinned().danger_accept_invalid_certs(false).build().unwrap();
}

#[test]
fn invalid_certificate_pin_is_refused() {
    let digits = Leaf::self_signed(&server_params()).thumbprint();
    for (builder, reason) in [
        (
            Client::builder("nsx").pin_thumbprint(digits.split_at(40).0),
            "it is a SHA-1 thumbprint: use SHA-256",
        ),
        (
            Client::builder("nsx").pin_thumbprint("SECRET"),
            "64 hexadecimal digits",
        ),
        (
            Client::builder("nsx").pin_certificate("SECRET"),
            "the pinned certificate given as PEM contains no certificate",
        ),
        (
            Client::builder("http://127.0.0.1").pin_thumbprint(digits.clone()),
            "a pinned certificate has no effect",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!format!("{error} {error:?}").contains("SECRET"));
    }
}

#[tokio::test]
async fn tls_failure_after_the_handshake_is_a_lost_connection() {
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
    // The request may have been carried out, so only an idempotent one is retried.
    for (method, attempts) in [(http::Method::POST, 1), (http::Method::GET, 2)] {
        let error = client.request(method, "/x").send().await.unwrap_err();
        let found = (error.kind(), error.attempts());
        assert_eq!(found, (ErrorKind::Connection, attempts), "{error}");
    }
}

#[tokio::test]
async fn port_that_does_not_speak_tls_is_a_tls_error() {
    let plain = Manager::builder().plain_http().start().await.unwrap();
    let url = plain.url().replace("http://", "https://");
    let error = call(Client::builder(url).danger_accept_invalid_certs(true))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(call(Client::builder(plain.url())).await.is_ok());
}

#[test]
fn unusable_ca_certificate_is_an_error_that_names_its_source() {
    let certificate_cut_off = "-----BEGIN CERTIFICATE-----\nMIIB";
    let not_der = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let key_only = "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
    for (content, reason) in [
        ("", "contains no certificate"),
        ("hello", "contains no certificate"),
        (key_only, "contains no certificate"),
        (certificate_cut_off, "is malformed"),
        (not_der, "is malformed"),
    ] {
        let ca = temp_file(content);
        let name = format!("the CA file {}", ca.path().display());
        for (builder, name) in [
            (Client::builder("nsx").ca_file(ca.path()), name.as_str()),
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
async fn ca_certificate_in_an_unsupported_format_is_refused_with_a_hint_and_shows_no_secret() {
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
        (der, "it looks like DER, convert it"),
        (utf16(u16::to_le_bytes), "UTF-16"),
        (utf16(u16::to_be_bytes), "UTF-16"),
        (with_mark(u16::to_le_bytes), "UTF-16"),
        (with_mark(u16::to_be_bytes), "UTF-16"),
        (format!("{pem}\u{FEFF}{pem}").into(), "a byte order mark"),
        (
            key.into(),
            "only a private key: check that this is the right file",
        ),
        (key.replace('\n', "").into(), "were the line breaks lost?"),
        (pem.replace('\n', " ").into(), "were the line breaks lost?"),
        (pem.replace('\n', "").into(), "were the line breaks lost?"),
        (
            pem.replace("-----END", "SECRET").into(),
            "an END line is missing",
        ),
        (
            key.replace("KEY-----\nU0VDUkVU", "KEY SECRET U0VDUkVU")
                .into(),
            "a BEGIN line is malformed",
        ),
        (
            "-----BEGIN CERTIFICATE-----\n!SECRET!\n-----END CERTIFICATE-----\n".into(),
            "is not base64",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nU0VDUkVU\n-----END CERTIFICATE-----\n".into(),
            "certificate number 1 is not a valid X.509 certificate",
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
    // A byte order mark at the start is accepted.
    let marked = format!("\u{FEFF}{pem}");
    Client::builder("nsx").ca_pem(marked).build().unwrap();
}

#[test]
fn plain_http_without_tls_to_a_remote_host_must_be_allowed_explicitly() {
    for builder in [
        Client::builder("http://nsx.example.com"),
        Client::builder("https://nsx.example.com").manager("http://nsx-2.example.com"),
    ] {
        let error = builder.clone().build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        builder.danger_allow_http(true).build().unwrap();
    }
    Client::builder("http://127.0.0.1:8080").build().unwrap();
}

#[test]
fn invalid_settings_are_refused_and_their_secrets_are_not_shown() {
    for builder in [
        Client::builder("https://admin:SECRET@nsx.example.com"),
        Client::builder("nsx").auth(Basic::new("a:b", "SECRET")),
        Client::builder("nsx").auth(Basic::new("", "SECRET")),
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
