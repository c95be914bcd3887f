//! A minimal manager in a child process. It responds to the login and to one operation.
//!
//! It listens on three ports: plain HTTP, TLS, and one that holds its responses until a number of
//! requests are waiting.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use crate::server_process::{ServerProcess, wait_for_parent_exit};

pub(crate) const LOGIN: &str = "/api/session/create";
pub(crate) const COOKIE: &str = "JSESSIONID=7A2F4F0C2C3B4A5D9E8F7A6B5C4D3E2F";
pub(crate) const XSRF: &str = "3f6b1e2c-7a54-4f0e-9c3d-1b2a3c4d5e6f";
const TOKEN: &str =
    r#"{"token":"eyJhbGciOiJIUzI1NiJ9.bm9ib2R5.c2VjcmV0","roles":["enterprise_admin","auditor"]}"#;
/// The headers of a call.
const HEADERS: [&str; 5] = ["accept", "cookie", "host", "user-agent", "x-xsrf-token"];
/// How many requests wait for their responses. One more request releases them.
pub(crate) const HELD_REQUESTS: usize = 64;

/// The addresses of the server. They are passed to other processes as text.
#[derive(Clone)]
pub(crate) struct Endpoints {
    pub(crate) plain: String,
    pub(crate) tls: String,
    pub(crate) held: String,
    pub(crate) certificate: String,
}

impl Endpoints {
    pub(crate) fn from_text(text: &str) -> Self {
        let mut lines = text.splitn(4, '\n').map(str::to_owned);
        let mut next = || lines.next().unwrap();
        Self {
            plain: next(),
            tls: next(),
            held: next(),
            certificate: next(),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        let Self {
            plain,
            tls,
            held,
            certificate,
        } = self;
        format!("{plain}\n{tls}\n{held}\n{certificate}")
    }
}

/// The child process of the server. It is killed when this is dropped.
pub(crate) struct Server {
    _process: ServerProcess,
    pub(crate) endpoints: Endpoints,
}

impl Server {
    pub(crate) fn start() -> Self {
        let mut process = ServerProcess::start();
        let mut text = String::new();
        while !text.ends_with("-----END CERTIFICATE-----\n") {
            text = text + &process.line() + "\n";
        }
        let endpoints = Endpoints::from_text(&text);
        Self {
            _process: process,
            endpoints,
        }
    }
}

/// Serves until the parent process exits.
pub(crate) fn serve() {
    // Half of the cores, so that the client has the other half.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads((cores / 2).max(1))
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (tls, certificate) = acceptor();
        let (plain_port, plain) = listener().await;
        let (tls_port, encrypted) = listener().await;
        let (held_port, held) = listener().await;
        let endpoints = Endpoints {
            plain: format!("http://127.0.0.1:{plain_port}"),
            tls: format!("https://127.0.0.1:{tls_port}"),
            held: format!("http://127.0.0.1:{held_port}"),
            certificate,
        };
        print!("{}", endpoints.to_text());
        std::io::stdout().flush().unwrap();
        tokio::spawn(accept(plain, None, Arc::new(Gate::new(1))));
        tokio::spawn(accept(encrypted, Some(tls), Arc::new(Gate::new(1))));
        tokio::spawn(accept(held, None, Arc::new(Gate::new(HELD_REQUESTS + 1))));
        wait_for_parent_exit().await;
    });
}

async fn listener() -> (u16, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap().port(), listener)
}

fn acceptor() -> (TlsAcceptor, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate.pem())
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, gate: Arc<Gate>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, gate) = (tls.clone(), gate.clone());
        tokio::spawn(async move {
            stream.set_nodelay(true).unwrap();
            match tls {
                None => connection(stream, gate).await,
                Some(tls) => connection(tls.accept(stream).await.unwrap(), gate).await,
            }
        });
    }
}

async fn connection<S: AsyncRead + AsyncWrite + Unpin>(stream: S, gate: Arc<Gate>) {
    let service = service_fn(move |request| respond(request, gate.clone()));
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(
    request: Request<Incoming>,
    gate: Arc<Gate>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == LOGIN {
        let login = Response::builder()
            .header("set-cookie", format!("{COOKIE}; Path=/; Secure; HttpOnly"))
            .header("x-xsrf-token", XSRF);
        return Ok(login.body(Full::default()).unwrap());
    }
    let mut names: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, HEADERS, "both clients send the same headers");
    gate.pass().await;
    let body = Full::from(TOKEN);
    let response = Response::builder().header("content-type", "application/json");
    Ok(response.body(body).unwrap())
}

/// Opens when a number of requests are waiting, and lets all of them pass.
struct Gate {
    size: usize,
    waiting: AtomicUsize,
    open: Notify,
}

impl Gate {
    fn new(size: usize) -> Self {
        Self {
            size,
            waiting: AtomicUsize::new(0),
            open: Notify::new(),
        }
    }

    async fn pass(&self) {
        if self.size == 1 {
            return;
        }
        let open = self.open.notified();
        if self.waiting.fetch_add(1, Ordering::SeqCst) + 1 < self.size {
            return open.await;
        }
        self.waiting.store(0, Ordering::SeqCst);
        self.open.notify_waiters();
    }
}
