//! The stand-in's network side: accepts connections, speaks TLS, HTTP/1.1 and HTTP/2, and puts an
//! answer on the wire.
//!
//! What is answered is decided in `state`. A connection ends early when its [`Switch`] is thrown.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
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

use super::body::AnswerBody;
use super::render::Rendered;
use super::state::State;

/// The longest request body that is read.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// How a connection ends early.
pub(super) enum End {
    /// Without a word.
    Dropped,
    /// After these bytes.
    Raw(Bytes),
}

/// Ends the connection that it belongs to.
#[derive(Clone)]
pub(super) struct Switch(mpsc::UnboundedSender<End>);

impl Switch {
    pub(super) fn end(&self, how: End) {
        // Without a receiver the connection has ended already.
        let _ = self.0.send(how);
    }
}

/// Whose request it is: the client at the other end of a connection.
#[derive(Clone)]
struct Caller {
    state: Arc<State>,
    /// The leaf that the client presented, in DER.
    certificate: Option<Bytes>,
}

/// Serves until it is dropped, and all connections with it.
pub(super) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, tls.clone(), Arc::clone(&state)));
            }
            // Out of file descriptors, most likely: a moment later there may be one.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    // Only latency is lost without it.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        let certificate = None;
        return serve_http1(stream, Caller { state, certificate }).await;
    };
    let stream = match tls.accept(stream).into_fallible().await {
        Ok(stream) => stream,
        // The client does not trust the certificate, or shows one that is not trusted, or speaks no TLS.
        Err((_, stream)) => return hang_up(stream).await,
    };
    let (_, tls) = stream.get_ref();
    let certificate = tls.peer_certificates().and_then(|chain| chain.first());
    let caller = Caller {
        state,
        certificate: certificate.map(|leaf| Bytes::copy_from_slice(leaf)),
    };
    match tls.alpn_protocol() {
        Some(b"h2") => serve_http2(stream, caller).await,
        _ => serve_http1(stream, caller).await,
    }
}

/// Closes a connection so that the client reads why: with something of it unread, the system would reset the connection,
/// and the alert would be lost.
async fn hang_up(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
    let mut rest = [0; 1024];
    let drain = async { while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {} };
    let _ = timeout(Duration::from_secs(1), drain).await;
}

async fn serve_http1<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: S, caller: Caller) {
    let (sender, end) = mpsc::unbounded_channel();
    let switch = Switch(sender);
    let service = service_fn(move |request| respond(request, caller.clone(), switch.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Some(End::Raw(bytes)) = until_end(&mut connection, end).await {
        let mut stream = connection.into_parts().io.into_inner();
        if stream.write_all(&bytes).await.is_ok() {
            let _ = stream.shutdown().await;
        }
    }
}

async fn serve_http2<S: AsyncRead + AsyncWrite + Unpin + Send>(stream: S, caller: Caller) {
    let (sender, end) = mpsc::unbounded_channel();
    let switch = Switch(sender);
    let service = service_fn(move |request| respond(request, caller.clone(), switch.clone()));
    let mut connection =
        http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
    until_end(&mut connection, end).await;
}

/// Drives a connection until it is over (`None`) or its switch is thrown.
async fn until_end(
    connection: &mut (impl Future + Unpin),
    mut end: mpsc::UnboundedReceiver<End>,
) -> Option<End> {
    poll_fn(|cx| {
        if let Poll::Ready(Some(end)) = end.poll_recv(cx) {
            return Poll::Ready(Some(end));
        }
        Pin::new(&mut *connection).poll(cx).map(|_| None)
    })
    .await
}

async fn respond(
    request: Request<Incoming>,
    caller: Caller,
    switch: Switch,
) -> Result<Response<AnswerBody>, Infallible> {
    let (head, body) = request.into_parts();
    let body = read(body).await;
    let reply = caller.state.reply(&head, body, caller.certificate);
    if !reply.delay.is_zero() {
        sleep(reply.delay).await;
    }
    match reply.rendered {
        Rendered::Response {
            status,
            headers,
            body,
            delivery,
        } => {
            let body = AnswerBody::new(body, delivery, &headers, switch);
            let mut response = Response::new(body);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        }
        Rendered::Dropped => cut(&switch, End::Dropped).await,
        Rendered::Raw(bytes) => cut(&switch, End::Raw(bytes)).await,
    }
}

/// Ends the connection, and with it this call.
async fn cut<T>(switch: &Switch, how: End) -> T {
    switch.end(how);
    pending().await
}

/// Reads a request's body; `None` when it is longer than the limit or breaks off.
async fn read(mut body: Incoming) -> Option<Bytes> {
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
