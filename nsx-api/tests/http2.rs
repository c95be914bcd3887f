//! What only HTTP/2 can say: that a request was not begun, so that it is safe to send it again.
#![cfg(feature = "mock")]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

use std::sync::Arc;

use h2::Reason;
use http::{Method, Response};
use nsx_api::{CallOptions, Client, ErrorKind};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server that resets the first stream of each connection for this reason, and answers the others. Its CA beside it.
async fn server(reason: Reason) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
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
            tokio::spawn(serve(stream, reason));
        }
    });
    (format!("https://localhost:{port}"), made.cert.pem())
}

async fn serve(stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>, reason: Reason) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut first = true;
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        if std::mem::take(&mut first) {
            respond.send_reset(reason);
        } else {
            respond.send_response(Response::new(()), true).unwrap();
        }
    }
}

#[tokio::test]
async fn a_stream_that_was_refused_is_sent_again_and_one_that_was_broken_off_is_not() {
    for (reason, method, outcome) in [
        (Reason::REFUSED_STREAM, Method::POST, Ok(2)),
        (
            Reason::INTERNAL_ERROR,
            Method::POST,
            Err(ErrorKind::Connection),
        ),
        (Reason::INTERNAL_ERROR, Method::GET, Ok(2)),
        (Reason::CANCEL, Method::POST, Err(ErrorKind::Connection)),
    ] {
        let (url, ca) = server(reason).await;
        let client = Client::builder(url)
            .ca_pem(ca)
            .options(CallOptions::new().max_retries(1))
            .build()
            .unwrap();
        let result = client.request(method.clone(), "/x").send().await;
        let found = result
            .map(|response| response.attempts())
            .map_err(|error| error.kind());
        assert_eq!(found, outcome, "{reason:?} {method}");
    }
}
