//! A proxy before a manager that passes bytes through, TLS and all, until it is told to spoil something.
//!
//! It reads nothing of what it passes on. For it a request begins with the first bytes that a client sends after the manager
//! has sent some, which is so for calls made one after the other on a connection that has been in use.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helpers fail at their line")]

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
pub(crate) enum Way {
    ToManager,
    ToClient,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// The client's side is reset (RST).
    Reset,
    /// It is closed (FIN), without TLS having said so.
    Close,
    /// It stays open, and nothing more comes or goes.
    Stall,
    /// From here on bytes go one at a time, with a pause after each.
    Slow(Duration),
}

/// A deed done when more bytes are to go a way than these, counted from the beginning of the connection or the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    way: Way,
    after: usize,
    pub(crate) deed: Deed,
}

impl Fault {
    pub(crate) fn in_request(after: usize, deed: Deed) -> Self {
        let way = Way::ToManager;
        Self { way, after, deed }
    }

    pub(crate) fn in_answer(after: usize, deed: Deed) -> Self {
        let way = Way::ToClient;
        Self { way, after, deed }
    }
}

/// A running proxy. It stops when it is dropped, and its connections with it.
pub(crate) struct Proxy {
    address: SocketAddr,
    certificate_pem: String,
    shared: Arc<Shared>,
    /// Not there while the port is only held, so that it refuses connections.
    _serve: Option<JoinSet<()>>,
    _port: Option<TcpSocket>,
}

struct Shared {
    manager: SocketAddr,
    /// For the connections and requests to come, one each; `None` leaves one alone.
    faults: Mutex<VecDeque<Option<Fault>>>,
    cut: watch::Sender<Option<Deed>>,
    accepted: AtomicUsize,
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

    /// One that refuses every connection.
    pub(crate) fn refusing(manager: &Manager) -> Self {
        let port = TcpSocket::new_v4().unwrap();
        port.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let shared = Shared {
            manager: manager.url().replace("https://", "").parse().unwrap(),
            faults: Mutex::default(),
            cut: watch::Sender::new(None),
            accepted: AtomicUsize::new(0),
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

    /// The settings of a client that reaches the manager this way. It is quicker to build than one that reads the
    /// certificates of the platform.
    pub(crate) fn client(&self) -> Config {
        Client::builder(format!("https://{}", self.address))
            .pin_certificate(self.certificate_pem.as_str())
    }

    /// Spoils the next connection, or the next request on one that is open, whichever comes first. Faults queue up.
    pub(crate) fn spoil(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push_back(Some(fault));
    }

    /// Leaves one alone before what is spoilt.
    pub(crate) fn skip(&self) {
        self.shared.faults.lock().unwrap().push_back(None);
    }

    /// How many faults have met nothing yet.
    pub(crate) fn pending(&self) -> usize {
        self.shared.faults.lock().unwrap().len()
    }

    /// Resets or closes all connections, and comes back when that is done.
    pub(crate) async fn cut(&self, deed: Deed) {
        self.shared.cut.send_replace(Some(deed));
        while self.open() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// How many connections there were.
    pub(crate) fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many there are.
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
        connections.spawn(connection(client, Open(shared.clone())));
    }
}

/// Counts a connection as one that there is, while it lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn connection(mut client: TcpStream, open: Open) {
    let mut cut = open.0.cut.subscribe();
    let Ok(mut manager) = TcpStream::connect(open.0.manager).await else {
        return;
    };
    // An error here is a client that has gone already.
    let _ = (client.set_nodelay(true), manager.set_nodelay(true));
    let course = Mutex::new(Course::new(&open.0));
    let (from_client, to_client) = client.split();
    let (from_manager, to_manager) = manager.split();
    let deed = tokio::select! {
        deed = pump(&course, Way::ToManager, from_client, to_manager) => deed,
        deed = pump(&course, Way::ToClient, from_manager, to_client) => deed,
        _ = cut.changed() => *cut.borrow(),
    };
    match deed {
        Some(Deed::Reset) => client.set_zero_linger().unwrap(),
        Some(Deed::Stall) => until_closed(&mut client).await,
        _ => {}
    }
    // Before it no longer counts as open.
    drop(client);
}

async fn until_closed(client: &mut TcpStream) {
    let mut rest = [0; 1024];
    while client.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}

/// How far a connection has come with its fault.
struct Course<'s> {
    shared: &'s Shared,
    fault: Option<Fault>,
    /// How many bytes have gone the way of the fault.
    passed: usize,
    /// Whether the client's next bytes begin a request.
    answered: bool,
}

impl<'s> Course<'s> {
    fn new(shared: &'s Shared) -> Self {
        Self {
            shared,
            fault: shared.faults.lock().unwrap().pop_front().flatten(),
            passed: 0,
            answered: false,
        }
    }

    /// What is to be done with bytes that have come this way: so many may go on, or the deed.
    fn come(&mut self, way: Way) -> Result<usize, Deed> {
        match way {
            Way::ToClient => self.answered = true,
            Way::ToManager if self.answered => *self = Self::new(self.shared),
            Way::ToManager => {}
        }
        match self.fault {
            Some(fault) if fault.way == way && fault.after <= self.passed => Err(fault.deed),
            Some(fault) if fault.way == way => Ok(fault.after - self.passed),
            _ => Ok(usize::MAX),
        }
    }

    fn went(&mut self, way: Way, bytes: usize) {
        if self.fault.is_some_and(|fault| fault.way == way) {
            self.passed += bytes;
        }
    }
}

/// Passes bytes on until one side ends (`None`), or the deed is to be done.
async fn pump(
    course: &Mutex<Course<'_>>,
    way: Way,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
) -> Option<Deed> {
    let mut bytes = Vec::with_capacity(16 << 10);
    // Nothing is read before it is known that it may go on.
    while from.peek(&mut [0]).await.is_ok_and(|read| read > 0) {
        let (most, pause) = match course.lock().unwrap().come(way) {
            Ok(most) => (most, None),
            Err(Deed::Slow(pause)) => (1, Some(pause)),
            Err(deed) => return Some(deed),
        };
        let mut some = (&mut from).take(most as u64);
        let length = some.read_buf(&mut bytes).await.ok()?;
        to.write_all(&bytes).await.ok()?;
        bytes.clear();
        course.lock().unwrap().went(way, length);
        if let Some(pause) = pause {
            sleep(pause).await;
        }
    }
    None
}
