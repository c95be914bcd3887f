//! Certificate and key files that change while a client is in use.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use nsx_api::auth::Identity;
use nsx_api::{CallOptions, Client, ErrorKind};
use tempfile::TempDir;

use crate::frozen_clock::FrozenClock;
use crate::own_process::in_own_process;
use crate::tls_server::{self, Authority, Leaf, Server, config, get, server_params};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A directory with the files of a client.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn write_identity(&self, leaf: &Leaf) {
        self.write("client.pem", &leaf.pem);
        self.write("key.pem", &leaf.key_pem);
    }

    fn identity(&self) -> Identity {
        Identity::from_pem_files(self.path("client.pem"), self.path("key.pem"))
    }
}

/// A server that requires a certificate of `clients`, and a client that presents the one in the
/// files.
async fn with_identity(files: &Files, clients: &Authority) -> (Server, Client) {
    let leaf = Leaf::self_signed(&server_params());
    let server = Server::start(config(&leaf, Some(clients))).await;
    let client = Client::builder(server.url())
        .pin_certificate(leaf.pem)
        .identity(files.identity())
        .options(CallOptions::new().max_retries(0))
        .build()
        .unwrap();
    (server, client)
}

/// A client that trusts the CA in a file.
fn with_ca(server: &Server, ca: &Path) -> Client {
    Client::builder(server.url())
        .ca_file(ca)
        .options(CallOptions::new().max_retries(0))
        .build()
        .unwrap()
}

#[tokio::test]
async fn rotated_client_certificate_is_used_within_ten_seconds_on_new_tls_connections_only() {
    let clock = FrozenClock::start();
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let [old, new] = [(); 2].map(|()| clients.issue(&server_params()));
    files.write_identity(&old);
    let (server, client) = with_identity(&files, &clients).await;
    for (time, is_rotated, connection, shown) in [
        (0, false, 0, &old),
        (11, false, 0, &old),
        (5, true, 0, &old),
        (6, true, 1, &new),
        (11, true, 1, &new),
    ] {
        if is_rotated {
            files.write_identity(&new);
        }
        clock.advance(seconds(time)).await;
        assert_eq!(get(&client).await.unwrap(), 200);
        let seen = server.seen().pop().unwrap();
        assert_eq!(
            (seen.connection, seen.client.as_ref()),
            (connection, Some(&shown.der)),
            "{time} {is_rotated}"
        );
    }
}

#[tokio::test]
async fn refused_client_certificate_reloads_its_tls_files_at_once() {
    let clock = FrozenClock::start();
    let (files, clients) = (Files::new(), Authority::new("clients"));
    files.write_identity(&Authority::new("former").issue(&server_params()));
    let (server, client) = with_identity(&files, &clients).await;
    clock.advance(seconds(2)).await;
    let error = get(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 1));
    let new = clients.issue(&server_params());
    files.write_identity(&new);
    // The files are checked at most once per second.
    assert!(get(&client).await.is_err());
    clock.advance(seconds(1)).await;
    // With TLS 1.3 the refusal arrives after the request was sent. A POST is not retried, but the
    // next call uses the new certificate.
    let post = || client.request(http::Method::POST, "/x").send();
    let error = post().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 1));
    assert_eq!(post().await.unwrap().attempts(), 1);
    assert_eq!(server.client_certificates(), [Some(new.der)]);
}

#[tokio::test]
async fn rotated_tls_ca_file_is_reloaded_when_the_manager_is_no_longer_trusted() {
    let clock = FrozenClock::start();
    let files = Files::new();
    let [old, new] = ["old", "new"].map(Authority::new);
    files.write("ca.pem", &old.pem());
    let server = Server::start(config(&old.issue(&server_params()), None)).await;
    let client = with_ca(&server, &files.path("ca.pem"));
    server.set_config(config(&new.issue(&server_params()), None));
    clock.advance(seconds(1)).await;
    let error = get(&client).await.unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    files.write("ca.pem", &new.pem());
    clock.advance(seconds(1)).await;
    assert_eq!(get(&client).await.unwrap(), 200);
    assert_eq!(server.seen().len(), 1);
    // The former CA is no longer trusted, and connections that it verified are not reused.
    server.set_config(config(&old.issue(&server_params()), None));
    files.write("ca.pem", &old.pem());
    clock.advance(seconds(11)).await;
    assert_eq!(get(&client).await.unwrap(), 200);
    let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [2, 3]);
}

#[tokio::test]
async fn unusable_tls_files_keep_the_previous_certificate_until_they_are_valid() {
    let clock = FrozenClock::start();
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let [old, new] = [(); 2].map(|()| clients.issue(&server_params()));
    let half = new.pem.split_at(new.pem.len() / 2).0;
    let remove = |name| std::fs::remove_file(files.path(name)).unwrap();
    let faults: [&dyn Fn(); 6] = [
        &|| files.write("client.pem", &new.pem),
        &|| files.write("key.pem", &new.key_pem),
        &|| files.write("client.pem", half),
        &|| files.write("client.pem", ""),
        &|| remove("client.pem"),
        &|| remove("key.pem"),
    ];
    for fault in faults {
        files.write_identity(&old);
        let (server, client) = with_identity(&files, &clients).await;
        assert_eq!(get(&client).await.unwrap(), 200);
        fault();
        clock.advance(seconds(11)).await;
        assert_eq!(get(&client).await.unwrap(), 200);
        assert_eq!(server.seen().pop().unwrap().connection, 0);
        files.write_identity(&new);
        // An incomplete change is checked again after one second, because the other half may follow
        // soon.
        clock.advance(seconds(1)).await;
        assert_eq!(get(&client).await.unwrap(), 200);
        let shown = server.client_certificates();
        let [old, new] = [&old, &new].map(|leaf| Some(leaf.der.clone()));
        assert_eq!(shown, [old.clone(), old, new]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn retargeted_symbolic_link_reloads_the_tls_ca_file() {
    let clock = FrozenClock::start();
    let files = Files::new();
    let [old, new] = ["old", "new"].map(Authority::new);
    for (folder, authority) in [("1", &old), ("2", &new)] {
        std::fs::create_dir(files.path(folder)).unwrap();
        files.write(&format!("{folder}/ca.pem"), &authority.pem());
    }
    let point_to = |folder: &str| {
        std::os::unix::fs::symlink(folder, files.path("next")).unwrap();
        std::fs::rename(files.path("next"), files.path("data")).unwrap();
    };
    point_to("1");
    let server = Server::start(config(&new.issue(&server_params()), None)).await;
    let client = with_ca(&server, &files.path("data/ca.pem"));
    assert!(get(&client).await.is_err());
    point_to("2");
    clock.advance(seconds(11)).await;
    assert_eq!(get(&client).await.unwrap(), 200);
}

/// Replaces a file by a named pipe. Opening it blocks until something is written to it.
#[cfg(unix)]
fn make_fifo(path: &Path) {
    std::fs::remove_file(path).unwrap();
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

/// Writes the content from another thread once the pipe is opened for reading.
#[cfg(unix)]
fn write_when_opened(path: &Path, content: String) -> std::thread::JoinHandle<()> {
    let path = path.to_owned();
    std::thread::spawn(move || std::fs::write(path, content).unwrap())
}

#[cfg(unix)]
#[tokio::test]
async fn tls_ca_from_a_pipe_is_read_once_and_kept_while_other_files_change() {
    let clock = FrozenClock::start();
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let [old, new] = [(); 2].map(|()| clients.issue(&server_params()));
    let authority = Authority::new("private");
    let leaf = authority.issue(&server_params());
    let server = Server::start(config(&leaf, Some(&clients))).await;
    files.write("ca.pem", "");
    make_fifo(&files.path("ca.pem"));
    files.write_identity(&old);
    let writer = write_when_opened(&files.path("ca.pem"), authority.pem());
    let client = Client::builder(server.url())
        .ca_file(files.path("ca.pem"))
        .identity(files.identity())
        .build()
        .unwrap();
    writer.join().unwrap();
    assert_eq!(get(&client).await.unwrap(), 200);
    files.write_identity(&new);
    clock.advance(seconds(11)).await;
    assert_eq!(get(&client).await.unwrap(), 200);
    let shown = server.client_certificates();
    assert_eq!(shown, [Some(old.der), Some(new.der)]);
}

#[cfg(unix)]
#[tokio::test]
async fn client_certificate_and_key_can_come_from_one_pipe() {
    let clock = FrozenClock::start();
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let leaf = clients.issue(&server_params());
    files.write("both.pem", "");
    let path = files.path("both.pem");
    make_fifo(&path);
    let writer = write_when_opened(&path, leaf.pem.clone() + &leaf.key_pem);
    let server_leaf = Leaf::self_signed(&server_params());
    let server = Server::start(config(&server_leaf, Some(&clients))).await;
    let client = Client::builder(server.url())
        .pin_certificate(server_leaf.pem)
        .identity(Identity::from_pem_files(&path, &path))
        .build()
        .unwrap();
    writer.join().unwrap();
    clock.advance(seconds(11)).await;
    assert_eq!(get(&client).await.unwrap(), 200);
    assert_eq!(server.client_certificates(), [Some(leaf.der)]);
}

/// Runs a test again in its own process, with the platform's certificates in the file whose path
/// this returns. Replacing that file by a named pipe makes a reload hang, as an unresponsive disk
/// would.
#[cfg(target_os = "linux")]
fn platform_file<T>(test: T) -> Option<PathBuf> {
    let files = Files::new();
    files.write("platform.pem", &Authority::new("platform").pem());
    let platform = files.path("platform.pem");
    let is_own = tls_server::in_own_process_with_platform_file(test, &platform);
    is_own.then(|| std::env::var_os(tls_server::PLATFORM_FILE).unwrap().into())
}

/// How far the clock moves at once while a call waits. A turn of the runtime, in which sockets make
/// progress, takes one step.
#[cfg(target_os = "linux")]
const STEP: Duration = Duration::from_millis(10);

#[cfg(target_os = "linux")]
#[tokio::test]
async fn result_of_a_hung_tls_file_reload_is_used_once_it_completes() {
    let test = result_of_a_hung_tls_file_reload_is_used_once_it_completes;
    let Some(platform) = platform_file(test) else {
        return;
    };
    let clock = FrozenClock::start();
    let files = Files::new();
    let [old, new] = ["old", "new"].map(Authority::new);
    files.write("ca.pem", &old.pem());
    let server = Server::start(config(&new.issue(&server_params()), None)).await;
    let client = with_ca(&server, &files.path("ca.pem"));
    files.write("ca.pem", &new.pem());
    make_fifo(&platform);
    clock.advance(seconds(11)).await;
    // A call waits for the reload before it connects and again after the failure, for a second
    // each. The limits leave time for the handshakes.
    for (shortest, longest) in [(2, 8), (1, 7)] {
        let (result, waited) = clock.measure(STEP, get(&client)).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(
            (seconds(shortest)..seconds(longest)).contains(&waited),
            "{waited:?}"
        );
    }
    // The reload can complete now.
    std::fs::write(&platform, Authority::new("platform").pem()).unwrap();
    assert_eq!(get(&client).await.unwrap(), 200);
}

#[cfg(target_os = "linux")]
#[test]
fn hung_tls_file_reload_delays_at_most_one_call_and_not_the_runtime_shutdown() {
    let test = hung_tls_file_reload_delays_at_most_one_call_and_not_the_runtime_shutdown;
    let Some(platform) = platform_file(test) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let files = Files::new();
    let [old, new] = ["old", "new"].map(Authority::new);
    files.write("ca.pem", &old.pem());
    runtime.block_on(async {
        let clock = FrozenClock::start();
        let server = Server::start(config(&old.issue(&server_params()), None)).await;
        let client = with_ca(&server, &files.path("ca.pem"));
        assert_eq!(get(&client).await.unwrap(), 200);
        files.write("ca.pem", &new.pem());
        make_fifo(&platform);
        clock.advance(seconds(11)).await;
        // The attempt timeout is shorter than the wait for a reload. Half of it is left for the
        // attempt.
        let timeout = Duration::from_millis(900);
        let short_timeout = client.with(CallOptions::new().attempt_timeout(timeout));
        let (result, waited) = clock.measure(STEP, get(&short_timeout)).await;
        assert_eq!(result.unwrap(), 200);
        assert!((timeout / 2..timeout).contains(&waited), "{waited:?}");
        for _ in 0..20 {
            clock.advance(seconds(11)).await;
            // The clock stands still, so the call would never end if it waited.
            assert_eq!(get(&client).await.unwrap(), 200);
        }
    });
    let (done, dropped) = mpsc::channel();
    std::thread::spawn(move || {
        drop(runtime);
        done.send(()).unwrap();
    });
    dropped
        .recv_timeout(seconds(120))
        .expect("the runtime does not wait for the reload");
    // This would block if nobody had the file open: the reload hangs until now.
    std::fs::write(&platform, Authority::new("platform").pem()).unwrap();
}

#[tokio::test]
async fn concurrent_calls_that_fail_share_one_tls_file_reload() {
    let clock = FrozenClock::start();
    let files = Files::new();
    let [old, new] = ["old", "new"].map(Authority::new);
    files.write("ca.pem", &old.pem());
    let server = Server::start(config(&new.issue(&server_params()), None)).await;
    let client = with_ca(&server, &files.path("ca.pem"));
    files.write("ca.pem", &new.pem());
    clock.advance(seconds(1)).await;
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), 200);
    }
}

/// The log output of all threads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The warnings that name this file.
    fn warnings(&self, path: &Path) -> Vec<String> {
        let path = path.display().to_string();
        String::from_utf8_lossy(&self.0.lock().unwrap())
            .lines()
            .filter(|line| line.contains("WARN") && line.contains(&path))
            .map(str::to_owned)
            .collect()
    }
}

#[tokio::test]
async fn tls_file_error_is_logged_once_until_it_changes() {
    // The log is that of the whole process, because a thread of the client checks the files.
    if !in_own_process(tls_file_error_is_logged_once_until_it_changes, []) {
        return;
    }
    let clock = FrozenClock::start();
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let (files, clients) = (Files::new(), Authority::new("clients"));
    let leaf = clients.issue(&server_params());
    files.write_identity(&leaf);
    let (_server, client) = with_identity(&files, &clients).await;
    let key = files.path("key.pem");
    for (content, warnings, reason) in [
        ("SECRET", 1, "contains no private key"),
        ("another SECRET", 1, "contains no private key"),
        (leaf.pem.as_str(), 2, "only a certificate"),
        (leaf.key_pem.as_str(), 2, "only a certificate"),
        ("SECRET", 3, "contains no private key"),
    ] {
        std::fs::write(&key, content).unwrap();
        for _ in 0..3 {
            clock.advance(seconds(11)).await;
            assert_eq!(get(&client).await.unwrap(), 200);
        }
        let logged = log.warnings(&key);
        assert_eq!(logged.len(), warnings, "{logged:?}");
        let last = logged.last().unwrap();
        assert!(last.contains(reason) && !last.contains("SECRET"), "{last}");
    }
    #[cfg(unix)]
    {
        make_fifo(&key);
        for _ in 0..3 {
            clock.advance(seconds(11)).await;
            assert_eq!(get(&client).await.unwrap(), 200);
        }
        let logged = log.warnings(&key);
        let last = logged.last().unwrap();
        assert_eq!(logged.len(), 4, "{logged:?}");
        assert!(last.contains("no longer a regular file"), "{last}");
    }
}
