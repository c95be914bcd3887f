//! A TCP proxy in front of a manager. It forwards the encrypted bytes unchanged and injects network
//! faults on demand.
//!
//! The proxy does not parse the traffic. It assumes that a request begins with the first bytes that
//! the client sends after the manager has sent some. This holds for sequential calls on a reused
//! connection.

pub(crate) mod fault_script;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nsx_api::mock::Manager;
use nsx_api::{Client, Config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToManager,
    ToClient,
}

/// A network fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The client's side is reset (RST).
    Reset,
    /// The client's side is closed (FIN) without a TLS `close_notify`.
    Close,
    /// The connection stays open, but no more bytes are forwarded.
    Stall,
    /// From here on, bytes are forwarded one at a time with a pause after each.
    Slow(Duration),
}

/// A fault that is injected once `after` bytes have been forwarded in one direction, counted from
/// the start of the connection or of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScheduledFault {
    direction: Direction,
    after: usize,
    pub(crate) fault: Fault,
}

impl ScheduledFault {
    pub(crate) fn in_request(after: usize, fault: Fault) -> Self {
        let direction = Direction::ToManager;
        Self {
            direction,
            after,
            fault,
        }
    }

    pub(crate) fn in_answer(after: usize, fault: Fault) -> Self {
        let direction = Direction::ToClient;
        Self {
            direction,
            after,
            fault,
        }
    }
}

/// A running proxy. Dropping it closes its port and its connections.
pub(crate) struct Proxy {
    address: SocketAddr,
    certificate_pem: String,
    shared: Arc<Shared>,
    /// `None` for a proxy that refuses connections: the port is bound, but not listened on.
    _serve: Option<JoinSet<()>>,
    _port: Option<TcpSocket>,
}

struct Shared {
    manager: SocketAddr,
    /// One entry for each new connection or request; `None` injects nothing.
    faults: Mutex<VecDeque<Option<ScheduledFault>>>,
    disconnect: watch::Sender<Option<Fault>>,
    accepted: AtomicUsize,
    stopped: AtomicUsize,
    open: AtomicUsize,
}

impl Proxy {
    pub(crate) async fn start(manager: &Manager) -> Self {
        let mut proxy = Self::refusing(manager);
        let listener = proxy._port.take().unwrap().listen(1024).unwrap();
        let serve = [serve(listener, proxy.shared.clone())];
        proxy._serve = Some(serve.into_iter().collect());
        proxy
    }

    /// A proxy that refuses every connection.
    pub(crate) fn refusing(manager: &Manager) -> Self {
        let port = TcpSocket::new_v4().unwrap();
        port.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let shared = Shared {
            manager: manager.url().replace("https://", "").parse().unwrap(),
            faults: Mutex::default(),
            disconnect: watch::Sender::new(None),
            accepted: AtomicUsize::new(0),
            stopped: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        };
        Self {
            address: port.local_addr().unwrap(),
            certificate_pem: manager.certificate_pem().to_owned(),
            shared: Arc::new(shared),
            _serve: None,
            _port: Some(port),
        }
    }

    /// The configuration of a client that connects through this proxy. It pins the certificate
    /// because that is faster than loading the platform's certificates.
    pub(crate) fn client(&self) -> Config {
        Client::builder(format!("https://{}", self.address))
            .pin_certificate(self.certificate_pem.as_str())
    }

    /// Injects a fault into the next connection, or the next request on an open connection,
    /// whichever comes first. Faults queue up.
    pub(crate) fn inject(&self, fault: ScheduledFault) {
        self.shared.faults.lock().unwrap().push_back(Some(fault));
    }

    /// Lets one connection or request pass before the next queued fault.
    pub(crate) fn skip(&self) {
        self.shared.faults.lock().unwrap().push_back(None);
    }

    /// The number of queued entries that have not been used yet.
    pub(crate) fn pending(&self) -> usize {
        self.shared.faults.lock().unwrap().len()
    }

    /// Resets or closes all connections and waits until none is open.
    pub(crate) async fn disconnect_all(&self, fault: Fault) {
        self.shared.disconnect.send_replace(Some(fault));
        while self.open() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// The number of connections that were accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// The number of connections that a fault has stopped or slowed down so far.
    pub(crate) fn stopped(&self) -> usize {
        self.shared.stopped.load(Ordering::SeqCst)
    }

    /// The number of open connections.
    pub(crate) fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (client, _) = listener.accept().await.unwrap();
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        shared.open.fetch_add(1, Ordering::SeqCst);
        connections.spawn(connection(client, OpenConnection(shared.clone())));
    }
}

/// Counts a connection as open until it is dropped.
struct OpenConnection(Arc<Shared>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn connection(mut client: TcpStream, open: OpenConnection) {
    let mut disconnect = open.0.disconnect.subscribe();
    let Ok(mut manager) = TcpStream::connect(open.0.manager).await else {
        return;
    };
    // Fails only if the client has disconnected already.
    let _ = (client.set_nodelay(true), manager.set_nodelay(true));
    let state = Mutex::new(FaultState::new(&open.0));
    let (from_client, to_client) = client.split();
    let (from_manager, to_manager) = manager.split();
    let fault = tokio::select! {
        fault = forward(&state, &open.0, Direction::ToManager, from_client, to_manager) => fault,
        fault = forward(&state, &open.0, Direction::ToClient, from_manager, to_client) => fault,
        _ = disconnect.changed() => *disconnect.borrow(),
    };
    match fault {
        Some(Fault::Reset) => client.set_zero_linger().unwrap(),
        Some(Fault::Stall) => {
            open.0.stopped.fetch_add(1, Ordering::SeqCst);
            until_closed(&mut client).await;
        }
        _ => {}
    }
    // Close the socket before `open` is dropped and the connection no longer counts as open.
    drop(client);
}

async fn until_closed(client: &mut TcpStream) {
    let mut rest = [0; 1024];
    while client.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}

/// The scheduled fault of a connection, and the progress towards it.
struct FaultState<'s> {
    shared: &'s Shared,
    scheduled: Option<ScheduledFault>,
    /// The number of bytes that were forwarded in the direction of the fault.
    forwarded: usize,
    /// Whether the client's next bytes begin a request.
    answered: bool,
}

impl<'s> FaultState<'s> {
    fn new(shared: &'s Shared) -> Self {
        Self {
            shared,
            scheduled: shared.faults.lock().unwrap().pop_front().flatten(),
            forwarded: 0,
            answered: false,
        }
    }

    /// How many of the bytes that arrived in this direction may be forwarded, or the fault to
    /// inject.
    fn allowance(&mut self, direction: Direction) -> Result<usize, Fault> {
        match direction {
            Direction::ToClient => self.answered = true,
            Direction::ToManager if self.answered => *self = Self::new(self.shared),
            Direction::ToManager => {}
        }
        match self.scheduled {
            Some(next) if next.direction != direction => Ok(usize::MAX),
            Some(next) if next.after <= self.forwarded => Err(next.fault),
            Some(next) => Ok(next.after - self.forwarded),
            None => Ok(usize::MAX),
        }
    }

    fn record_forwarded(&mut self, direction: Direction, bytes: usize) {
        if self
            .scheduled
            .is_some_and(|next| next.direction == direction)
        {
            self.forwarded += bytes;
        }
    }
}

/// Forwards bytes until one side ends (`None`) or a fault is due.
async fn forward(
    state: &Mutex<FaultState<'_>>,
    shared: &Shared,
    direction: Direction,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
) -> Option<Fault> {
    let mut bytes = Vec::with_capacity(16 << 10);
    let mut is_slow = false;
    // Peek first: nothing is read before it is known that it may be forwarded.
    while from.peek(&mut [0]).await.is_ok_and(|read| read > 0) {
        let (most, pause) = match state.lock().unwrap().allowance(direction) {
            Ok(most) => (most, None),
            Err(Fault::Slow(pause)) => (1, Some(pause)),
            Err(fault) => return Some(fault),
        };
        let mut some = (&mut from).take(most as u64);
        let length = some.read_buf(&mut bytes).await.ok()?;
        to.write_all(&bytes).await.ok()?;
        bytes.clear();
        state.lock().unwrap().record_forwarded(direction, length);
        if let Some(pause) = pause {
            if !is_slow {
                is_slow = true;
                shared.stopped.fetch_add(1, Ordering::SeqCst);
            }
            sleep(pause).await;
        }
    }
    None
}
