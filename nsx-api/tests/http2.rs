//! Signals that only HTTP/2 has: a request was not processed and can be retried, a body ends before
//! its announced length, and why a connection was closed.

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::{Method, Response};
use nsx_api::{CallOptions, Client, ErrorKind};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::tls_server::backend;

/// Starts a server that handles each connection with `serve`. Returns a client that trusts it and
/// retries once.
async fn server<F>(serve: impl Fn(TlsStream<TcpStream>) -> F + Send + 'static) -> Client
where
    F: Future<Output = ()> + Send + 'static,
{
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut tls = ServerConfig::builder_with_provider(Arc::new(backend::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = acceptor.accept(stream).await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    Client::builder(format!("https://localhost:{port}"))
        .pin_certificate(made.cert.pem())
        .options(
            CallOptions::new()
                .max_retries(1)
                .max_retry_delay(Duration::from_millis(10)),
        )
        .build()
        .unwrap()
}

/// Passes the first request of a connection to `first`, and answers the others with 200.
async fn answer(stream: TlsStream<TcpStream>, first: impl FnOnce(SendResponse<Bytes>)) {
    let mut first = Some(first);
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        match first.take() {
            Some(first) => first(respond),
            None => drop(respond.send_response(Response::new(()), true).unwrap()),
        }
    }
}

/// Answers each request with the frames for its stream, in one write, until the client disconnects
/// or `frames` asks to close the connection.
async fn write_frames(mut stream: TlsStream<TcpStream>, frames: impl Fn(u8) -> (Vec<u8>, bool)) {
    const HEADERS: u8 = 1;
    let no_settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    stream.write_all(&no_settings).await.unwrap();
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            let (bytes, closes) = frames(head[8]);
            stream.write_all(&bytes).await.unwrap();
            stream.flush().await.unwrap();
            if closes {
                return;
            }
        }
    }
}

fn reset(id: u8, reason: Reason) -> Vec<u8> {
    let head = [0, 0, 4, 3, 0, 0, 0, 0, id];
    [&head[..], &u32::from(reason).to_be_bytes()].concat()
}

/// Streams up to `last` are still processed.
fn goaway(last: u32, reason: Reason, debug_data: &[u8]) -> Vec<u8> {
    let head = [0, 0, 8 + debug_data.len() as u8, 7, 0, 0, 0, 0, 0];
    let reason = u32::from(reason).to_be_bytes();
    [&head[..], &last.to_be_bytes(), &reason, debug_data].concat()
}

/// A response of status 200 with a token.
fn token(id: u8) -> Vec<u8> {
    let body = br#"{"token":"t","roles":[]}"#;
    let headers = [0, 0, 1, 1, 4, 0, 0, 0, id, 0x88];
    let data = [0, 0, body.len() as u8, 0, 1, 0, 0, 0, id];
    [&headers[..], &data, body].concat()
}

/// How a server reacts to the first request: the frames for its stream, and whether it then closes
/// the connection. Later requests get a token.
type ServerReaction = fn(u8) -> (Vec<u8>, bool);

/// The result of the call, its attempts, and the number of requests that the server received.
async fn call_after(
    reaction: ServerReaction,
    method: &Method,
) -> (Result<(), ErrorKind>, u32, usize) {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    let client = server(move |stream| {
        let count = count.clone();
        write_frames(stream, move |id| {
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => reaction(id),
                _ => (token(id), false),
            }
        })
    })
    .await;
    let result = match *method == Method::POST {
        true => client
            .create_registration_token()
            .send()
            .await
            .map(|response| response.attempts()),
        false => client
            .request(method.clone(), "/x")
            .send()
            .await
            .map(|response| response.attempts()),
    };
    let requests = requests.load(Ordering::SeqCst);
    match result {
        Ok(attempts) => (Ok(()), attempts, requests),
        Err(error) => (Err(error.kind()), error.attempts(), requests),
    }
}

#[tokio::test]
async fn goaway_and_reset_retry_unprocessed_requests_and_otherwise_only_idempotent_ones() {
    const LAST: u32 = (1 << 31) - 1;
    let cases: [(ServerReaction, bool); 10] = [
        // The server's reaction, and whether it tells the client that the request was not
        // processed.
        (|id| (reset(id, Reason::REFUSED_STREAM), false), true),
        (|_| (goaway(0, Reason::NO_ERROR, b""), false), true),
        (|_| (goaway(0, Reason::NO_ERROR, b""), true), true),
        (|id| (reset(id, Reason::INTERNAL_ERROR), false), false),
        (|id| (reset(id, Reason::CANCEL), false), false),
        (|id| (reset(id, Reason::NO_ERROR), false), false),
        // The request's stream is within the last processed stream id.
        (|id| (goaway(id.into(), Reason::NO_ERROR, b""), true), false),
        (|_| (goaway(LAST, Reason::NO_ERROR, b""), true), false),
        (
            |id| (goaway(id.into(), Reason::INTERNAL_ERROR, b""), true),
            false,
        ),
        (|_| (Vec::new(), true), false),
    ];
    for (number, (reaction, refuses)) in cases.into_iter().enumerate() {
        let again = (Ok(()), 2, 2);
        let lost = (Err(ErrorKind::Connection), 1, 1);
        for (method, expected) in [
            (Method::POST, if refuses { again } else { lost }),
            (Method::GET, again),
            (Method::PUT, again),
        ] {
            assert_eq!(
                call_after(reaction, &method).await,
                expected,
                "{method}, case {number}"
            );
        }
    }
}

/// Announces ten bytes, sends five, and then ends the stream with NO_ERROR.
async fn end_body_early(stream: TlsStream<TcpStream>) {
    write_frames(stream, |id| {
        let frames = [
            // Status 200, and a literal content-length header.
            &[0, 0, 6, 1, 4, 0, 0, 0, id, 0x88, 0x0F, 0x0D, 2][..],
            b"10",
            &[0, 0, 5, 0, 0, 0, 0, 0, id],
            b"12345",
            // RST_STREAM with NO_ERROR.
            &reset(id, Reason::NO_ERROR),
        ];
        (frames.concat(), false)
    })
    .await;
}

#[tokio::test]
async fn http2_body_shorter_than_its_content_length_is_a_lost_connection() {
    let client = server(end_body_early).await;
    let error = client.request(Method::POST, "/x").send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1));
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    let message = "the connection was lost: the body ended after 5 of 10 bytes";
    assert!(error.to_string().ends_with(message), "{error}");
    assert!(error.source().is_some());

    let error = client.request(Method::GET, "/x").send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 2));

    let client = server(end_body_early).await;
    let response = client.request(Method::GET, "/x").stream().await.unwrap();
    let mut body = response.into_inner();
    assert_eq!(body.next().await.unwrap().unwrap(), "12345");
    let error = body.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.to_string().ends_with(message), "{error}");
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn content_length_of_a_head_response_expects_no_body() {
    let only_headers = |mut respond: SendResponse<Bytes>| {
        let response = Response::builder().header("content-length", "99999999999");
        respond
            .send_response(response.body(()).unwrap(), true)
            .unwrap();
    };
    let client = server(move |stream| answer(stream, only_headers)).await;
    let response = client.request(Method::HEAD, "/x").send().await.unwrap();
    assert_eq!((response.attempts(), response.len()), (1, 0));
    assert_eq!(response.headers()["content-length"], "99999999999");

    let client = server(move |stream| answer(stream, only_headers)).await;
    let response = client.request(Method::HEAD, "/x").stream().await.unwrap();
    assert!(response.into_inner().next().await.is_none());
}

/// Sends GOAWAY with debug data once there is a request.
async fn send_goaway_with_debug_data(stream: TlsStream<TcpStream>) {
    let frame = goaway(0, Reason::ENHANCE_YOUR_CALM, b"SECRET");
    write_frames(stream, |_| (frame.clone(), false)).await;
}

#[tokio::test]
async fn goaway_debug_data_is_not_shown_in_errors() {
    let client = server(send_goaway_with_debug_data).await;
    let error = client.request(Method::POST, "/x").send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1));
    assert!(
        error
            .to_string()
            .ends_with("HTTP/2 GOAWAY ENHANCE_YOUR_CALM"),
        "{error}"
    );
    let source = error.source().unwrap();
    let shown = format!("{error} {error:?} {error:#?} {source} {source:?}");
    // The debug data must not show as text or as a list of byte values.
    assert!(
        !shown.contains("SECRET") && !shown.contains("83, 69, 67"),
        "{shown}"
    );
    assert!(source.source().is_none());
}
