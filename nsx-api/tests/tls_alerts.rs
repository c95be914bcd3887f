//! A manager that closes a connection with an alert after it has read a request. Even an alert
//! about certificates does not prove that the request was rejected: it may have been carried out.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nsx_api::http::Method;
use nsx_api::{CallOptions, Client, ErrorKind};
use rustls::crypto::cipher::{OutboundChunks, OutboundPlainMessage};
use rustls::version::TLS13;
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConfig, ServerConnection,
};

use crate::tls_server::{Leaf, config_with_versions, server_params};

/// A manager that answers GET, and that carries out a POST and then sends this alert. Returns its
/// address and a counter of the POSTs that it carried out.
fn manager(leaf: &Leaf, alert: u8) -> (String, Arc<AtomicUsize>) {
    let mut config = config_with_versions(&[&TLS13], leaf, None);
    config.enable_secret_extraction = true;
    config.send_tls13_tickets = 0;
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let posts = Arc::new(AtomicUsize::new(0));
    let count = posts.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, count) = (config.clone(), count.clone());
            thread::spawn(move || serve(stream.unwrap(), config, &count, alert));
        }
    });
    (format!("https://{address}"), posts)
}

fn serve(mut stream: TcpStream, config: Arc<ServerConfig>, posts: &AtomicUsize, alert: u8) {
    let mut tls = ServerConnection::new(config).unwrap();
    loop {
        let mut both = rustls::Stream::new(&mut tls, &mut stream);
        let mut request = [0; 4096];
        match both.read(&mut request) {
            Ok(1..) if request.starts_with(b"GET") => {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull";
                both.write_all(answer).unwrap();
            }
            Ok(1..) => break,
            _ => return,
        }
    }
    posts.fetch_add(1, Ordering::SeqCst);
    send_alert(tls, &mut stream, alert);
    // Keep the connection open until the client has read the alert and closes it.
    while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {}
}

/// Encrypts an alert by hand, because rustls has no API to send one.
fn send_alert(tls: ServerConnection, stream: &mut TcpStream, alert: u8) {
    let suite = tls.negotiated_cipher_suite().unwrap().tls13().unwrap();
    let (sequence, secrets) = tls.dangerous_extract_secrets().unwrap().tx;
    let (ConnectionTrafficSecrets::Aes128Gcm { key, iv }
    | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
    | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }) = secrets
    else {
        unreachable!("there are no others");
    };
    let message = OutboundPlainMessage {
        typ: ContentType::Alert,
        version: ProtocolVersion::TLSv1_2,
        payload: OutboundChunks::Single(&[2, alert]),
    };
    let mut encrypter = suite.aead_alg.encrypter(key, iv);
    let record = encrypter.encrypt(message, sequence).unwrap();
    stream.write_all(&record.encode()).unwrap();
}

#[tokio::test]
async fn tls_alert_after_a_processed_post_gets_no_retry() {
    let leaf = Leaf::self_signed(&server_params());
    // close_notify, handshake_failure, bad_certificate, certificate_expired, access_denied,
    // decrypt_error, internal_error, certificate_required
    for alert in [0, 40, 42, 45, 49, 51, 80, 116] {
        let (first, posts) = manager(&leaf, alert);
        let (second, others) = manager(&leaf, alert);
        for several in [false, true] {
            let config = Client::builder(&first).pin_certificate(leaf.pem.clone());
            let config = match several {
                true => config.manager(&second),
                false => config,
            };
            let quick = CallOptions::new().max_retry_delay(Duration::from_millis(1));
            let client = config.options(quick).build().unwrap();
            for _ in 0..2 {
                client.request(Method::GET, "/x").send().await.unwrap();
            }
            let before = posts.load(Ordering::SeqCst) + others.load(Ordering::SeqCst);
            let error = client.request(Method::POST, "/x").send().await.unwrap_err();
            let after = posts.load(Ordering::SeqCst) + others.load(Ordering::SeqCst);
            let kind = match alert {
                // The manager requires a certificate, and the client has none.
                116 => ErrorKind::Tls,
                _ => ErrorKind::Connection,
            };
            assert_eq!((error.kind(), error.attempts()), (kind, 1), "{error}");
            assert_eq!(after - before, 1, "{alert}");
        }
    }
}
