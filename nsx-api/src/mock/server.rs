//! The network side of a mock manager: accepts connections, serves HTTP/1.1 and HTTP/2 over TLS,
//! and sends the responses.
//!
//! The module `state` chooses the responses. A [`ConnectionCloser`] closes a connection early.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, header};
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::body::ResponseBody;
use super::close::{CloseMode, ConnectionCloser};
use super::render::Rendered;
use super::state::State;

/// The maximum length of a request body.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A connection with a client.
#[derive(Clone)]
struct Connection {
    state: Arc<State>,
    /// The client certificate, in DER.
    client_certificate: Option<Bytes>,
}

/// Serves until the future is dropped, which also closes all connections.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve_connection(stream, tls.clone(), Arc::clone(&state)));
            }
            // Most likely there are no file descriptors left. Try again shortly.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    // A failure only increases latency.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        let connection = Connection {
            state,
            client_certificate: None,
        };
        return serve_http1(stream, connection).await;
    };
    let stream = match tls.accept(stream).into_fallible().await {
        Ok(stream) => stream,
        // One side does not trust the certificate of the other, or the client does not use TLS.
        Err((_, stream)) => return close_after_alert(stream).await,
    };
    let (_, tls) = stream.get_ref();
    let certificate = tls.peer_certificates().and_then(|chain| chain.first());
    let connection = Connection {
        state,
        client_certificate: certificate.map(|leaf| Bytes::copy_from_slice(leaf)),
    };
    match tls.alpn_protocol() {
        Some(b"h2") => serve_http2(stream, connection).await,
        _ => serve_http1(stream, connection).await,
    }
}

/// Closes a connection in a way that the client can read the TLS alert. All its data is read first:
/// otherwise the operating system would reset the connection, and the alert would be lost.
async fn close_after_alert(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut rest = [0; 1024];
    let drain = async { while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {} };
    let _ = timeout(Duration::from_secs(1), drain).await;
}

async fn serve_http1<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: S, client: Connection) {
    let (closer, close_requests) = ConnectionCloser::new();
    let service = service_fn(move |request| respond(request, client.clone(), closer.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Some(CloseMode::SendAndClose(bytes)) = drive(&mut connection, close_requests).await {
        let mut stream = connection.into_parts().io.into_inner();
        if stream.write_all(&bytes).await.is_ok() {
            let _ = stream.shutdown().await;
        }
    }
}

async fn serve_http2<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: S, client: Connection) {
    let (closer, close_requests) = ConnectionCloser::new();
    let service = service_fn(move |request| respond(request, client.clone(), closer.clone()));
    let mut connection =
        http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
    drive(&mut connection, close_requests).await;
}

/// Drives a connection until it ends by itself (`None`) or is to be closed early.
async fn drive(
    connection: &mut (impl Future + Unpin),
    mut close_requests: mpsc::UnboundedReceiver<CloseMode>,
) -> Option<CloseMode> {
    poll_fn(|cx| {
        if let Poll::Ready(Some(mode)) = close_requests.poll_recv(cx) {
            return Poll::Ready(Some(mode));
        }
        Pin::new(&mut *connection).poll(cx).map(|_| None)
    })
    .await
}

async fn respond(
    request: Request<Incoming>,
    client: Connection,
    closer: ConnectionCloser,
) -> Result<Response<ResponseBody>, Infallible> {
    let (head, body) = request.into_parts();
    let body = read_body(body).await;
    let reply = client.state.reply(&head, body, client.client_certificate);
    if !reply.delay.is_zero() {
        sleep(reply.delay).await;
    }
    match reply.rendered {
        Rendered::Response {
            status,
            mut headers,
            body,
            delivery,
        } => {
            let body = match head.method == Method::HEAD {
                // It has the headers of a response to GET, but no body.
                true => {
                    let length = headers.entry(header::CONTENT_LENGTH);
                    length.or_insert_with(|| body.len().into());
                    ResponseBody::empty(closer)
                }
                false => ResponseBody::new(body, delivery, &headers, closer),
            };
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        }
        Rendered::Dropped => close(&closer, CloseMode::Drop).await,
        Rendered::Raw(bytes) => close(&closer, CloseMode::SendAndClose(bytes)).await,
    }
}

/// Closes the connection. The future of the call never completes and is dropped with the
/// connection.
async fn close<T>(closer: &ConnectionCloser, mode: CloseMode) -> T {
    closer.close(mode);
    pending().await
}

/// Reads the body of a request. Returns `None` if it is too long or incomplete.
async fn read_body(mut body: Incoming) -> Option<Bytes> {
    let mut read = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.ok()?.into_data() else {
            continue;
        };
        if read.len() + data.len() > BODY_LIMIT {
            return None;
        }
        read.extend_from_slice(&data);
    }
    Some(read.freeze())
}
