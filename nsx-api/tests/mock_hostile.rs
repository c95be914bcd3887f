//! The mock manager keeps working when it receives malformed bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::mock_common::{Pair, tls_that_trusts, transports};
use crate::own_process::in_own_process;

/// Malformed HTTP/1.1 requests.
fn hostile() -> Vec<Vec<u8>> {
    let mut cases: Vec<Vec<u8>> = [
        "",
        "\r\n\r\n\r\n",
        "GET",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET  / HTTP/1.1\r\nhost\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET http://[::1/ HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nabc",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        "GET / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    cases.push(vec![0; 4096]);
    cases.push(vec![0xff; 4096]);
    cases.push([b"GET /".as_slice(), &[b'a'; 600_000]].concat());
    cases.push(
        [
            b"GET / HTTP/1.1\r\n".as_slice(),
            &b"a: b\r\n".repeat(1000),
            b"\r\n",
        ]
        .concat(),
    );
    cases.push(b"GET /\xff\xfe?\x80 HTTP/1.1\r\nauthorization: \xff\xfe\r\n\r\n".to_vec());
    cases.push(vec![0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]);
    cases.push(vec![0x16, 3, 1, 0xff, 0xff]);
    cases
}

/// Malformed HTTP/2 frames.
fn hostile_to_http2() -> Vec<Vec<u8>> {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0].as_slice();
    let frames: [&[u8]; 6] = [
        &[0xff; 100],
        &[0, 0, 4, 1, 5, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
        &[0, 0, 0, 1, 5, 0, 0, 0, 0],
        &[0, 0, 1, 0, 1, 0, 0, 0, 1, 0],
        &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8],
        &[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    frames
        .map(|frame| [preface, settings, frame].concat())
        .to_vec()
}

/// Counts the panics of all threads of the process from now on. A panic in a connection's task
/// would not fail a test.
fn count_panics() -> Arc<AtomicUsize> {
    let panics = Arc::new(AtomicUsize::new(0));
    let (counted, usual) = (panics.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        counted.fetch_add(1, Ordering::Relaxed);
        usual(panic);
    }));
    panics
}

/// Sends malformed bytes, closes the connection, and waits until the manager closes it too.
async fn send(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) {
    // Either side may close the connection here. What matters is that the next call succeeds.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // Only turns a connection that stays open into a failure.
    let read = tokio::time::timeout(Duration::from_secs(120), read).await;
    assert!(
        read.is_ok(),
        "the connection stays open after {:?}",
        bytes.get(..40).unwrap_or(bytes)
    );
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
}

#[tokio::test]
async fn mock_manager_survives_hostile_bytes() {
    if !in_own_process(mock_manager_survives_hostile_bytes, []) {
        return;
    }
    let panics = count_panics();
    let cases = [hostile(), hostile_to_http2()].concat();
    for (builder, version) in transports() {
        let pair = Pair::from_builder(builder).await;
        let address = pair.manager.url().split_once("://").unwrap().1.to_owned();
        for bytes in &cases {
            send(TcpStream::connect(&address).await.unwrap(), bytes).await;
        }
        assert_eq!(
            pair.token().send().await.unwrap().status(),
            StatusCode::OK,
            "{version:?}"
        );
    }
    assert_eq!(panics.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn mock_manager_survives_hostile_bytes_within_tls() {
    if !in_own_process(mock_manager_survives_hostile_bytes_within_tls, []) {
        return;
    }
    let panics = count_panics();
    let pair = Pair::start().await;
    let address = pair.manager.url().split_once("://").unwrap().1.to_owned();
    for protocol in [b"h2".as_slice(), b"http/1.1"] {
        let tls = tls_that_trusts(Some(pair.manager.ca_pem()), &[protocol]);
        let connector = tokio_rustls::TlsConnector::from(Arc::new(tls));
        for bytes in [hostile(), hostile_to_http2()].concat() {
            let stream = TcpStream::connect(&address).await.unwrap();
            let name = "localhost".try_into().unwrap();
            send(connector.connect(name, stream).await.unwrap(), &bytes).await;
        }
    }
    assert_eq!(pair.token().send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(panics.load(Ordering::Relaxed), 0);
}
