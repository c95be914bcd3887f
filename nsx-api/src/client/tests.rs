use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use http::Method;

use super::*;
use crate::ErrorKind;
use crate::auth::Basic;

/// A server that counts requests, and sends the same response to each.
async fn server(answer: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(serve_and(listener, answer, move || {
        counted.fetch_add(1, Ordering::Relaxed);
    }));
    (url, count)
}

async fn serve(listener: TcpListener, answer: String) {
    serve_and(listener, answer, || ()).await;
}

async fn serve_and(listener: TcpListener, answer: String, then: impl Fn()) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        then();
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn answer(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn a_401_or_403_to_constant_credentials_is_not_retried() {
    for status in [401, 403] {
        let (url, count) = server(answer(status, "")).await;
        let client = Client::builder(url)
            .auth(Basic::new("admin", "password"))
            .build()
            .unwrap();
        for _ in 0..3 {
            let error = client.request(Method::GET, "/x").send().await.unwrap_err();
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert_eq!(error.attempts(), 1);
        }
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }
}

#[tokio::test]
async fn a_redirect_is_followed_to_a_manager_of_the_cluster_only() {
    let (second, asked) = server(answer(200, "")).await;
    for (status, listed, path, followed) in [
        (307, true, "/x?y=1", true),
        (301, true, "/x?y=1#z", true),
        (308, true, "/x?y=1", true),
        (302, true, "/x?y=1", false),
        (307, false, "/x?y=1", false),
        // These targets are different calls.
        (307, true, "/y?y=1", false),
        (308, true, "/x?y=1&force=true", false),
        (307, true, "/x", false),
    ] {
        let location = format!("Location: {second}{path}\r\n");
        let (first, _) = server(answer(status, &location)).await;
        let config = Client::builder(first);
        let config = match listed {
            true => config.manager(&second),
            false => config,
        };
        let before = asked.load(Ordering::Relaxed);
        let client = config.build().unwrap();
        let result = client
            .request(Method::POST, "/x?y=1")
            .text("body")
            .send()
            .await;
        match result {
            Ok(response) => {
                assert!(followed, "{status}");
                assert_eq!(response.attempts(), 2);
                assert!(second.ends_with(response.manager()));
            }
            Err(error) => {
                assert!(!followed, "{error}");
                assert_eq!(error.kind(), ErrorKind::Redirect);
            }
        }
        let after = asked.load(Ordering::Relaxed);
        assert_eq!(after - before, usize::from(followed), "{status} {listed}");
    }
}

#[tokio::test]
async fn redirect_loops_end() {
    let listeners = [
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    ];
    let [first, second] = listeners
        .each_ref()
        .map(|listener| format!("http://{}", listener.local_addr().unwrap()));
    let [one, other] = listeners;
    tokio::spawn(serve(
        one,
        answer(307, &format!("Location: {second}/x\r\n")),
    ));
    tokio::spawn(serve(
        other,
        answer(307, &format!("Location: {first}/x\r\n")),
    ));
    let client = Client::builder(&first).manager(&second).build().unwrap();
    let error = client.request(Method::GET, "/x").send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Redirect, 2));
}

#[test]
fn a_client_and_its_calls_are_send_and_sync() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    fn sent<T: Send>(_: &T) {}
    let client = Client::builder("nsx.example.com").build().unwrap();
    shared(&client);
    sent(&client.request(Method::GET, "/x").send());
    sent(&client.request(Method::GET, "/x").stream());
    sent(&client.close());
}
