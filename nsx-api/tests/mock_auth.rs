//! Whom the stand-in answers: each scheme of authentication, over its sockets, by a client that is not the SDK's.
#![cfg(feature = "mock")]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

mod mock_common;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::request::Builder;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Version};
use nsx_api::mock::{Answer, Certificate, ClientCertificate, Manager};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, HandshakeKind, RootCertStore, SignatureScheme};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use mock_common::{TOKEN_PATH, transports};

const CREATE: &str = "/api/session/create";
const DESTROY: &str = "/api/session/destroy";
const FORM: &str = "application/x-www-form-urlencoded";

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    /// The status, and the code in the error body; 0 where there is none.
    fn outcome(&self) -> (u16, u32) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = body.get("error_code").and_then(Value::as_str);
        (self.status, code.map_or(0, |code| code.parse().unwrap()))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A client's side of TLS that trusts the manager, and presents this certificate.
fn tls(manager: &Manager, identity: Option<&ClientCertificate>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(manager.ca_pem().as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        Some(identity) => builder
            .with_client_auth_cert(
                vec![der(&identity.certificate_pem)],
                PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap(),
            )
            .unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

async fn tcp(manager: &Manager) -> TcpStream {
    let url = manager.url();
    let (_, address) = url.split_once("://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

async fn connect(
    manager: &Manager,
    config: Arc<ClientConfig>,
    name: &str,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = tcp(manager).await;
    TlsConnector::from(config).connect(name, stream).await
}

/// Sends a request over a connection of its own.
async fn send(manager: &Manager, request: Builder, body: &str) -> Reply {
    send_as(manager, None, request, body).await.unwrap()
}

async fn send_as(
    manager: &Manager,
    identity: Option<&ClientCertificate>,
    request: Builder,
    body: &str,
) -> io::Result<Reply> {
    let request = request.body(body.to_owned()).unwrap();
    if manager.url().starts_with("http://") {
        return http1(tcp(manager).await, request).await;
    }
    let config = Arc::new(tls(manager, identity));
    exchange(connect(manager, config, "localhost").await?, request).await
}

async fn exchange(stream: TlsStream<TcpStream>, request: Request<String>) -> io::Result<Reply> {
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => http2(stream, request).await.map_err(io::Error::other),
        _ => http1(stream, request).await,
    }
}

async fn http1(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<String>,
) -> io::Result<Reply> {
    let (head, body) = request.into_parts();
    let mut text = format!("{} {} HTTP/1.1\r\n", head.method, head.uri.path());
    for (name, value) in &head.headers {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    text += &format!(
        "host: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (
            name.parse::<HeaderName>().unwrap(),
            value.parse::<HeaderValue>().unwrap(),
        )
    });
    Ok(Reply {
        status: status.parse().unwrap(),
        headers: headers.collect(),
        body: body.to_owned().into(),
    })
}

async fn http2(stream: TlsStream<TcpStream>, request: Request<String>) -> Result<Reply, h2::Error> {
    let (client, connection) = h2::client::handshake(stream).await?;
    let driver = tokio::spawn(connection);
    let (mut head, body) = request.into_parts();
    head.uri = format!("https://localhost{}", head.uri).parse().unwrap();
    head.version = Version::HTTP_2;
    let mut client = client.ready().await?;
    let (response, mut sender) = client.send_request(Request::from_parts(head, ()), false)?;
    sender.send_data(body.into(), true)?;
    let (head, mut stream) = response.await?.into_parts();
    let mut body = BytesMut::new();
    while let Some(data) = stream.data().await {
        body.extend_from_slice(&data?);
    }
    driver.abort();
    Ok(Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.freeze(),
    })
}

/// A call of the API without credentials.
fn token() -> Builder {
    Request::post(TOKEN_PATH)
}

fn basic(manager: &Manager) -> String {
    format!("Basic {}", encoded(manager.username(), manager.password()))
}

fn encoded(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

fn form(user: &str, password: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("j_username", user)
        .append_pair("j_password", password);
    form.finish()
}

/// A login with the right user and password.
async fn log_in(manager: &Manager) -> Reply {
    let form = form(manager.username(), manager.password());
    let request = Request::post(CREATE).header("content-type", FORM);
    send(manager, request, &form).await
}

/// What a client keeps of a login.
#[derive(Debug)]
struct Session {
    cookie: String,
    xsrf_token: String,
}

impl Session {
    async fn create(manager: &Manager) -> Self {
        let login = log_in(manager).await;
        assert_eq!(login.status, 200);
        let (cookie, _) = login.header("set-cookie").split_once(';').unwrap();
        Self {
            cookie: cookie.to_owned(),
            xsrf_token: login.header("x-xsrf-token").to_owned(),
        }
    }

    fn on(&self, request: Builder) -> Builder {
        request
            .header("cookie", &self.cookie)
            .header("x-xsrf-token", &self.xsrf_token)
    }

    /// How a call of the session is answered.
    async fn outcome(&self, manager: &Manager) -> (u16, u32) {
        send(manager, self.on(token()), "").await.outcome()
    }
}

#[tokio::test]
async fn a_session_is_created_used_and_destroyed() {
    for (builder, version) in transports() {
        let manager = builder.without_basic_auth().start().await.unwrap();
        let login = log_in(&manager).await;
        assert_eq!(login.status, 200, "{version:?}");
        let cookie = login.header("set-cookie");
        assert!(
            cookie.starts_with("JSESSIONID=") && cookie.ends_with("; Path=/; Secure; HttpOnly"),
            "{cookie}"
        );
        let session = Session::create(&manager).await;
        assert!(
            !cookie.starts_with(&session.cookie),
            "each login has its own"
        );
        assert_eq!((manager.logins(), manager.sessions()), (2, 2));

        assert_eq!(session.outcome(&manager).await, (200, 0));
        let several = format!("lb=node-2; {}; theme=dark", session.cookie);
        let call = token()
            .header("cookie", several)
            .header("x-xsrf-token", &session.xsrf_token);
        assert_eq!(send(&manager, call, "").await.status, 200);

        let without = Request::post(DESTROY).header("cookie", &session.cookie);
        assert_eq!(send(&manager, without, "").await.outcome(), (403, 98));
        let destroyed = send(&manager, session.on(Request::post(DESTROY)), "").await;
        assert_eq!(destroyed.status, 200);
        assert_eq!(session.outcome(&manager).await, (403, 403));
        let again = send(&manager, session.on(Request::post(DESTROY)), "").await;
        assert_eq!(again.outcome(), (403, 403));
        assert_eq!((manager.logins(), manager.sessions()), (2, 1));
        let requests = manager.requests();
        assert_eq!(requests.len(), 8);
        assert!(requests.iter().all(|request| request.version == version));
    }
}

#[tokio::test]
async fn cookies_of_http2_may_come_in_headers_of_their_own() {
    let manager = Manager::start().await.unwrap();
    let session = Session::create(&manager).await;
    let call = session.on(token().header("cookie", "lb=node-2"));
    assert_eq!(send(&manager, call, "").await.status, 200);
    assert_eq!(
        manager.requests()[1]
            .headers
            .get_all("cookie")
            .iter()
            .count(),
        2
    );
}

#[tokio::test]
async fn a_password_of_any_characters_logs_in_and_no_other_does() {
    let printable: String = (' '..='~').collect();
    for password in [printable.as_str(), "p+ q&r=%41\"'ü\u{1F511}", ""] {
        let builder = Manager::builder().credentials("ädmin@corp", password);
        let manager = builder.start().await.unwrap();
        assert_eq!(log_in(&manager).await.status, 200, "{password:?}");
        for (user, other) in [
            ("ädmin@corp", format!("{password} ")),
            ("ädmin@corp", password.to_lowercase() + "x"),
            ("admin@corp", password.to_owned()),
        ] {
            let request = Request::post(CREATE).header("content-type", FORM);
            let reply = send(&manager, request, &form(user, &other)).await;
            assert_eq!(reply.outcome(), (403, 403), "{user} {other:?}");
            assert!(!reply.headers.contains_key("set-cookie"));
        }
        assert_eq!(manager.logins(), 1);
    }
}

#[tokio::test]
async fn a_password_that_was_not_encoded_does_not_log_in() {
    let builder = Manager::builder().credentials("admin", "a+b%c");
    let manager = builder.start().await.unwrap();
    for (content_type, form, status) in [
        (FORM, "j_username=admin&j_password=a%2Bb%25c", 200),
        (FORM, "j_username=admin&j_password=a+b%25c", 403),
        (FORM, "j_username=admin&j_password=a%2Bb%c", 403),
        (FORM, "j_username=admin", 403),
        ("text/plain", "j_username=admin&j_password=a%2Bb%25c", 403),
    ] {
        let request = Request::post(CREATE).header("content-type", content_type);
        assert_eq!(send(&manager, request, form).await.status, status, "{form}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong_with_a_session() {
    for (builder, unknown) in [
        (Manager::builder(), (403, 403)),
        (Manager::builder().behind_gateway(), (401, 401)),
    ] {
        let manager = builder.start().await.unwrap();
        let session = Session::create(&manager).await;
        let other = Session::create(&manager).await;
        let cookie = || token().header("cookie", &session.cookie);
        let wrong_login = Request::post(CREATE).header("content-type", FORM);
        for (request, expected) in [
            (session.on(token()), (200, 0)),
            (cookie(), (403, 98)),
            (
                cookie().header("x-xsrf-token", &other.xsrf_token),
                (403, 98),
            ),
            (other.on(token().header("cookie", "JSESSIONID=x")), (200, 0)),
            (token().header("cookie", "JSESSIONID=x"), unknown),
            (token(), unknown),
            (token().header("authorization", "Basic eDp5"), unknown),
            (wrong_login, unknown),
            (
                session.on(token().header("authorization", basic(&manager))),
                (400, 400),
            ),
            (
                session.on(token().header("authorization", "Bearer x")),
                (400, 400),
            ),
        ] {
            let shown = format!("{request:?}");
            assert_eq!(
                send(&manager, request, "").await.outcome(),
                expected,
                "{shown}"
            );
        }

        manager.expire_sessions();
        assert_eq!((manager.sessions(), manager.logins()), (0, 2));
        assert_eq!(session.outcome(&manager).await, unknown);
        let fresh = Session::create(&manager).await;
        assert_eq!(fresh.outcome(&manager).await, (200, 0));
    }
}

#[tokio::test]
async fn a_session_ends_when_it_was_not_used() {
    let timeout = Duration::from_millis(30);
    let manager = Manager::builder()
        .session_timeout(timeout)
        .start()
        .await
        .unwrap();
    let session = Session::create(&manager).await;
    tokio::time::sleep(timeout).await;
    assert_eq!(session.outcome(&manager).await, (403, 403));
    assert_eq!((manager.sessions(), manager.logins()), (0, 1));
}

#[tokio::test]
async fn an_authorization_header_is_accepted_by_its_scheme() {
    for (builder, basic_status) in [
        (Manager::builder(), 200),
        (Manager::builder().without_basic_auth(), 403),
        (Manager::builder().behind_gateway(), 401),
    ] {
        let manager = builder
            .credentials("vidm@corp", "p:ü+")
            .start()
            .await
            .unwrap();
        let remote = format!("Remote {}", encoded("vidm@corp", "p:ü+"));
        manager.accept_bearer("a.b.c");
        manager.accept_bearer("d.e.f");
        manager.reject_bearer("d.e.f");
        for (value, accepted) in [
            (remote, true),
            (format!("Remote {}", encoded("vidm@corp", "p:ü ")), false),
            ("Bearer a.b.c".to_owned(), true),
            ("Bearer d.e.f".to_owned(), false),
        ] {
            let call = token().header("authorization", &value);
            let status = send(&manager, call, "").await.status;
            assert_eq!(status == 200, accepted, "{value}");
        }
        let call = token().header("authorization", basic(&manager));
        assert_eq!(send(&manager, call, "").await.status, basic_status);
    }
}

#[tokio::test]
async fn a_client_certificate_lets_in_who_sends_no_other_credentials() {
    for (builder, version) in transports().into_iter().take(2) {
        let manager = builder.client_certificates().start().await.unwrap();
        let identity = manager.issue_client_certificate().unwrap();
        let wrong = || token().header("authorization", "Bearer x");
        for (identity, request, expected) in [
            (Some(&identity), token(), 200),
            (Some(&identity), wrong(), 403),
            (Some(&identity), token().header("cookie", "lb=1"), 403),
            (
                Some(&identity),
                token().header("authorization", basic(&manager)),
                200,
            ),
            (None, token(), 403),
            (None, token().header("authorization", basic(&manager)), 200),
        ] {
            let shown = format!("{version:?} {request:?}");
            let reply = send_as(&manager, identity, request, "").await.unwrap();
            assert_eq!(reply.status, expected, "{shown}");
            let presented = manager.requests().pop().unwrap().client_certificate;
            let expected = identity.map(|identity| der(&identity.certificate_pem));
            assert_eq!(presented.as_deref(), expected.as_deref(), "{shown}");
        }
        let other = manager.issue_client_certificate().unwrap();
        assert_ne!(other.certificate_pem, identity.certificate_pem);
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_ends_the_handshake() {
    let manager = Manager::builder()
        .client_certificates()
        .start()
        .await
        .unwrap();
    let other = Manager::builder()
        .client_certificates()
        .start()
        .await
        .unwrap();
    let identity = other.issue_client_certificate().unwrap();
    assert!(
        send_as(&manager, Some(&identity), token(), "")
            .await
            .is_err()
    );
    assert_eq!(manager.count(), 0);
}

#[tokio::test]
async fn a_resumed_connection_has_the_certificate_that_it_began_with() {
    let builder = Manager::builder().http1_only().client_certificates();
    let manager = builder.start().await.unwrap();
    let identity = manager.issue_client_certificate().unwrap();
    let config = Arc::new(tls(&manager, Some(&identity)));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let stream = connect(&manager, Arc::clone(&config), "localhost")
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
        let request = token().body(String::new()).unwrap();
        assert_eq!(exchange(stream, request).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn who_is_not_asked_for_a_certificate_is_issued_none() {
    for (builder, why) in [
        (Manager::builder(), "asks for no client certificates"),
        (
            Manager::builder().client_certificates().plain_http(),
            "over plain HTTP",
        ),
    ] {
        let manager = builder.start().await.unwrap();
        let error = manager.issue_client_certificate().unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_forbidden_operation_is_refused_to_those_who_are_known() {
    let manager = Manager::start().await.unwrap();
    manager.on("GET /api/v1/things/{id}", |_| Answer::json(200, "seen"));
    manager.forbid("CreateRegistrationToken");
    manager.forbid("GET /api/v1/things/{id}");
    let basic = basic(&manager);
    let with = |request: Builder| request.header("authorization", &basic);
    for (request, expected) in [
        (with(token()), (403, 289)),
        (with(Request::get("/api/v1/things/7")), (403, 289)),
        (with(Request::put("/api/v1/things/7")), (404, 404)),
        (token(), (403, 403)),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(
            send(&manager, request, "").await.outcome(),
            expected,
            "{shown}"
        );
    }
    let reply = send(&manager, with(token()), "").await;
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        body["error_message"],
        "The user does not have permission to perform this operation."
    );
    manager.reset();
    assert_eq!(send(&manager, with(token()), "").await.status, 200);
}

#[tokio::test]
async fn who_answers_anyone_looks_at_no_credentials() {
    let manager = Manager::builder()
        .without_credentials()
        .start()
        .await
        .unwrap();
    for request in [
        token(),
        token().header("authorization", "Bearer x"),
        token()
            .header("cookie", "JSESSIONID=x")
            .header("authorization", "x"),
    ] {
        assert_eq!(send(&manager, request, "").await.status, 200);
    }
    manager.forbid("CreateRegistrationToken");
    assert_eq!(send(&manager, token(), "").await.outcome(), (403, 289));
}

#[tokio::test]
async fn answers_for_the_api_are_not_used_up_by_logins() {
    let manager = Manager::start().await.unwrap();
    manager.respond_with(503);
    manager.respond_always(500);
    let session = Session::create(&manager).await;
    assert_eq!(session.outcome(&manager).await.0, 503);
    assert_eq!(session.outcome(&manager).await.0, 500);
    let destroyed = send(&manager, session.on(Request::post(DESTROY)), "").await;
    assert_eq!(destroyed.status, 200);
    assert_eq!(manager.count(), 4);
}

#[tokio::test]
async fn a_login_can_be_answered_with_anything() {
    let manager = Manager::start().await.unwrap();
    let login = |answer: Answer| answer.only_for("POST /api/session/create");
    let html = Answer::status(200)
        .header("content-type", "text/html")
        .body("<h1>?</h1>");
    for (answer, expected) in [
        (Answer::documented(500), (500, 500)),
        (Answer::documented(503), (503, 503)),
        (Answer::status(429), (429, 0)),
        (html, (200, 0)),
    ] {
        manager.respond_with(login(answer));
        let reply = log_in(&manager).await;
        assert_eq!(reply.outcome(), expected);
        assert!(!reply.headers.contains_key("set-cookie"));
    }
    manager.respond_with(login(Answer::dropped()));
    let request = Request::post(CREATE).header("content-type", FORM);
    assert!(send_as(&manager, None, request, "").await.is_err());
    assert_eq!((manager.logins(), manager.count()), (0, 5));

    manager.on("POST /api/session/create", |_| 418);
    assert_eq!(log_in(&manager).await.status, 418);
    manager.reset();
    assert_eq!(log_in(&manager).await.status, 200);
    assert_eq!((manager.logins(), manager.count()), (1, 1));
}

#[tokio::test]
async fn a_reset_leaves_sessions_and_tokens_alone() {
    let manager = Manager::start().await.unwrap();
    let session = Session::create(&manager).await;
    manager.accept_bearer("a.b.c");
    manager.reset();
    assert_eq!(session.outcome(&manager).await, (200, 0));
    let bearer = token().header("authorization", "Bearer a.b.c");
    assert_eq!(send(&manager, bearer, "").await.status, 200);
    assert_eq!((manager.sessions(), manager.logins()), (1, 1));
}

/// Accepts any certificate, and keeps the one that it was shown.
#[derive(Debug, Default)]
struct Witness(Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(leaf.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls12_signature(message, leaf, signed, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = provider().signature_verification_algorithms;
        verify_tls13_signature(message, leaf, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The certificate that a manager shows to whoever takes any.
async fn shown(manager: &Manager) -> CertificateDer<'static> {
    let witness = Arc::new(Witness::default());
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as _)
        .with_no_client_auth();
    connect(manager, config.into(), "localhost").await.unwrap();
    witness.0.lock().unwrap().take().unwrap()
}

#[tokio::test]
async fn each_certificate_is_refused_for_its_own_fault() {
    for (certificate, name, fault) in [
        (Certificate::Issued, "localhost", None),
        (
            Certificate::Issued,
            "other.example",
            Some("not valid for name"),
        ),
        (Certificate::SelfSigned, "127.0.0.1", None),
        (
            Certificate::SelfSignedCa,
            "localhost",
            Some("CaUsedAsEndEntity"),
        ),
        (Certificate::Expired, "localhost", Some("expired")),
        (Certificate::OtherName, "other.example", None),
        (
            Certificate::OtherName,
            "localhost",
            Some("not valid for name"),
        ),
    ] {
        let builder = Manager::builder().certificate(certificate);
        let manager = builder.start().await.unwrap();
        let connected = connect(&manager, tls(&manager, None).into(), name).await;
        match (connected, fault) {
            (Ok(_), None) => {}
            (Err(error), Some(fault)) => {
                assert!(
                    error.to_string().contains(fault),
                    "{certificate:?}: {error}"
                );
            }
            (connected, _) => panic!("{certificate:?} {name}: {connected:?}"),
        }
        assert_eq!(shown(&manager).await, der(manager.certificate_pem()));
        let self_signed = matches!(
            certificate,
            Certificate::SelfSigned | Certificate::SelfSignedCa
        );
        assert_eq!(manager.ca_pem() == manager.certificate_pem(), self_signed);
    }
}

#[tokio::test]
async fn a_self_signed_manager_issues_client_certificates_too() {
    let builder = Manager::builder().certificate(Certificate::SelfSigned);
    let manager = builder.client_certificates().start().await.unwrap();
    let identity = manager.issue_client_certificate().unwrap();
    let reply = send_as(&manager, Some(&identity), token(), "")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
}
