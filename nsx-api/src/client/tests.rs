use std::future::ready;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::auth::Waiting;
use crate::{ApiError, Error, ErrorKind};

/// A scheme whose credentials are numbered, and renewed when they are refused.
#[derive(Debug, Default)]
struct Renewing {
    number: AtomicU32,
    renewals: u32,
}

impl Authenticate for Renewing {
    fn apply<'a>(&'a self, headers: &'a mut HeaderMap) -> Waiting<'a, Result<(), Error>> {
        headers.insert(
            "x-number",
            HeaderValue::from(self.number.load(Ordering::Relaxed)),
        );
        Box::pin(ready(Ok(())))
    }

    fn refused<'a>(&'a self, _: StatusCode, _: Option<&'a ApiError>) -> Waiting<'a, bool> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        Box::pin(ready(number < self.renewals))
    }

    fn mask(&self, text: String) -> String {
        text
    }
}

/// A server that refuses credentials with a number below `good`.
async fn server(status: u16, good: u32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            let number: u32 = request
                .split("x-number: ")
                .nth(1)
                .unwrap()
                .lines()
                .next()
                .unwrap()
                .parse()
                .unwrap();
            let status = if number < good { status } else { 200 };
            let answer =
                format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    format!("http://{address}")
}

fn client(url: String, auth: Renewing) -> Client {
    let mut client = Client::builder(url)
        .options(CallOptions::new().max_retries(0))
        .build()
        .unwrap();
    Arc::get_mut(&mut client.core).unwrap().auth = Box::new(auth);
    client
}

#[tokio::test]
async fn a_refused_call_is_sent_again_once_when_the_credentials_are_new() {
    for (status, good, renewals, attempts, kind) in [
        (401, 1, 9, 2, None),
        (403, 1, 9, 2, None),
        (403, 2, 9, 2, Some(ErrorKind::Forbidden)),
        (403, 1, 0, 1, Some(ErrorKind::Forbidden)),
        (404, 1, 9, 1, Some(ErrorKind::NotFound)),
    ] {
        let auth = Renewing {
            renewals,
            ..Renewing::default()
        };
        let client = client(server(status, good).await, auth);
        // Not idempotent: a refusal has no effect.
        match client.request(Method::POST, "/x").send().await {
            Ok(response) => assert_eq!((response.attempts(), None), (attempts, kind)),
            Err(error) => assert_eq!((error.attempts(), Some(error.kind())), (attempts, kind)),
        }
    }
}

#[test]
fn a_client_and_its_calls_can_be_sent_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let client = Client::builder("nsx.example.com").build().unwrap();
    shared(&client);
    sent(&client.request(Method::GET, "/x").send());
    sent(&client.request(Method::GET, "/x").stream());
}
