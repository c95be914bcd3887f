//! A low-level client: TLS with or without a client certificate, and one request per connection.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::request::Builder;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Version};
use nsx_api::mock::{ClientCertificate, Manager};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::TOKEN_PATH;

use crate::tls_server::backend;

/// A response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The status, and the `error_code` of the body, or 0 without one.
    pub(crate) fn outcome(&self) -> (u16, u32) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = body.get("error_code").and_then(Value::as_u64);
        (
            self.status,
            code.map_or(0, |code| u32::try_from(code).unwrap()),
        )
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(backend::default_provider())
}

/// The TLS configuration of a client that trusts the manager and presents this certificate.
pub(crate) fn tls(manager: &Manager, identity: Option<&ClientCertificate>) -> ClientConfig {
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

pub(crate) fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

async fn tcp(manager: &Manager) -> TcpStream {
    let url = manager.url();
    let (_, address) = url.split_once("://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

pub(crate) async fn connect(
    manager: &Manager,
    config: Arc<ClientConfig>,
    name: &str,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = tcp(manager).await;
    TlsConnector::from(config).connect(name, stream).await
}

/// Sends a request on a new connection.
pub(crate) async fn send(manager: &Manager, request: Builder, body: &str) -> Reply {
    send_as(manager, None, request, body).await.unwrap()
}

pub(crate) async fn send_as(
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

pub(crate) async fn exchange(
    stream: TlsStream<TcpStream>,
    request: Request<String>,
) -> io::Result<Reply> {
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

/// A request for a token, without credentials.
pub(crate) fn token() -> Builder {
    Request::post(TOKEN_PATH)
}

pub(crate) fn basic(manager: &Manager) -> String {
    format!("Basic {}", encoded(manager.username(), manager.password()))
}

pub(crate) fn encoded(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}
