//! The connections to the managers, which are replaced when the certificate or key files change.
//!
//! The files are checked at most every ten seconds, and only while there are calls. If they have
//! changed, a new HTTP client replaces the current one, so that no call starts on a connection with
//! the old certificates. Running calls keep the client that they started with.

use std::sync::{Arc, PoisonError, RwLock};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use crate::Error;
use crate::tls::{self, LoadedPem};

/// A longer interval would delay calls to a manager that rejects the old certificate.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// The interval between checks after failed calls, and after a check that found unusable files: a
/// certificate may have been replaced a moment before its key.
const MIN_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long a call waits for a check, because a network file system that is down would block it
/// forever. A later result is applied when it arrives.
const RELOAD_WAIT: Duration = Duration::from_secs(1);
/// How long an HTTP/2 connection may be silent during a call before it is pinged, and how long the
/// ping may take. Without pings a client would keep using a connection that hangs.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Managers close idle connections later than this, so no call is sent on a closed one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Settings {
    /// `None` for plain HTTP.
    pub(crate) tls: Option<tls::Settings>,
    pub(crate) connect_timeout: Duration,
    /// Whether to ignore the proxy that the environment configures.
    pub(crate) no_proxy: bool,
}

/// The connections of a client, to all its managers.
pub(crate) struct Connections {
    settings: Arc<Settings>,
    current: Arc<RwLock<Current>>,
    /// `None` without files. A check holds the lock until it ends, even if the call that started it
    /// is dropped in the meantime.
    watch: Option<Arc<Mutex<FileWatch>>>,
}

struct Current {
    http: reqwest::Client,
    /// The number of HTTP clients before this one.
    generation: u64,
}

/// The state of the files at the last check.
struct FileWatch {
    fingerprint: Vec<[u8; 32]>,
    last_check: Instant,
    next_check: Instant,
    /// Why the files could not be used.
    error: Option<String>,
}

impl Connections {
    /// Reads the files. Does not connect yet.
    pub(crate) fn new(mut settings: Settings) -> Result<Self, Error> {
        let (config, fingerprint) = match &mut settings.tls {
            Some(tls) => {
                tls.check()?;
                tls.buffer_pipes()?;
                let loaded = tls.load_pem()?;
                (tls.client_config(&loaded)?, loaded.fingerprint()?)
            }
            None => (tls::unused()?, Vec::new()),
        };
        let http = settings.build_http_client(config)?;
        let has_files = settings.tls.as_ref().is_some_and(tls::Settings::has_files);
        let now = Instant::now();
        let watch = FileWatch {
            fingerprint,
            last_check: now,
            next_check: now + CHECK_INTERVAL,
            error: None,
        };
        Ok(Self {
            settings: Arc::new(settings),
            current: Arc::new(RwLock::new(Current {
                http,
                generation: 0,
            })),
            watch: has_files.then(|| Arc::new(Mutex::new(watch))),
        })
    }

    /// Returns the HTTP client for an attempt of a call that has `left` until its deadline.
    ///
    /// If the files are due for a check, one caller waits for it, for half of that time at most.
    /// The others get the current client at once.
    pub(crate) async fn http(&self, left: Duration) -> reqwest::Client {
        if let Some(Ok(watch)) = self.watch.clone().map(Mutex::try_lock_owned)
            && watch.next_check <= Instant::now()
        {
            let _ = timeout(RELOAD_WAIT.min(left / 2), self.check_files(watch)).await;
        }
        self.with_current(|current| current.http.clone())
    }

    /// Whether the client has a client certificate.
    pub(crate) fn has_identity(&self) -> bool {
        let tls = self.settings.tls.as_ref();
        tls.is_some_and(|tls| tls.identity.is_some())
    }

    /// Changes whenever a change of the files has replaced the HTTP client.
    pub(crate) fn generation(&self) -> u64 {
        self.with_current(|current| current.generation)
    }

    /// Checks the files after a failed call, and returns whether the HTTP client has been replaced
    /// since generation `since`. All calls that failed wait for the same check, and there is at
    /// most one a second.
    pub(crate) async fn reload(&self, since: u64) -> bool {
        let Some(watch) = self.watch.clone() else {
            return false;
        };
        let check = async {
            let watch = watch.lock_owned().await;
            if self.generation() == since && watch.last_check + MIN_CHECK_INTERVAL <= Instant::now()
            {
                self.check_files(watch).await;
            }
        };
        let _ = timeout(RELOAD_WAIT, check).await;
        self.generation() != since
    }

    fn with_current<T>(&self, read: impl FnOnce(&Current) -> T) -> T {
        read(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks the files in a plain thread, because a runtime waits for its own threads when it
    /// shuts down. The check continues even if this future is dropped.
    async fn check_files(&self, mut watch: OwnedMutexGuard<FileWatch>) {
        let settings = self.settings.clone();
        let current = self.current.clone();
        let now = Instant::now();
        watch.last_check = now;
        watch.next_check = now + CHECK_INTERVAL;
        let (done, end) = oneshot::channel::<()>();
        let check = move || {
            let found = settings.load_if_changed(&watch.fingerprint);
            watch.apply(found, now, &current);
            drop(watch);
            drop(done);
        };
        // If no thread can be started, the next check tries again.
        if Builder::new()
            .name("nsx-api-files".into())
            .spawn(check)
            .is_ok()
        {
            // The sender is dropped when the thread ends; nothing is ever sent.
            let _ = end.await;
        }
    }
}

impl FileWatch {
    /// Applies the result of a check that started at `now`.
    fn apply(
        &mut self,
        found: Result<Option<NewClient>, Error>,
        now: Instant,
        current: &RwLock<Current>,
    ) {
        match found {
            Ok(None) => self.error = None,
            Ok(Some((http, fingerprint))) => {
                debug!("certificate or key files changed, new connections use them");
                self.error = None;
                self.fingerprint = fingerprint;
                let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
                current.generation += 1;
                current.http = http;
            }
            Err(error) => {
                self.next_check = now + MIN_CHECK_INTERVAL;
                self.warn_once(&error.to_string());
            }
        }
    }

    /// Logs an error, unless it is the same as at the last check.
    fn warn_once(&mut self, error: &str) {
        if self.error.as_deref() != Some(error) {
            warn!(
                reason = error,
                "certificate or key files cannot be used, the previous ones stay in use"
            );
            self.error = Some(error.to_owned());
        }
    }
}

type NewClient = (reqwest::Client, Vec<[u8; 32]>);

impl Settings {
    /// Creates a new HTTP client if the content of the files no longer has this fingerprint.
    fn load_if_changed(&self, fingerprint: &[[u8; 32]]) -> Result<Option<NewClient>, Error> {
        let Some(tls) = &self.tls else {
            return Ok(None);
        };
        let loaded = tls.load_pem()?;
        let found = LoadedPem::fingerprint(&loaded)?;
        if found == fingerprint {
            return Ok(None);
        }
        let http = self.build_http_client(tls.client_config(&loaded)?)?;
        Ok(Some((http, found)))
    }

    /// Creates an HTTP client with its own redirects and retries disabled. Its redirects would send
    /// credentials to other hosts, and its retries ignore which operations are idempotent.
    fn build_http_client(&self, config: rustls::ClientConfig) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("nsx-api/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE)
            .pool_idle_timeout(IDLE_TIMEOUT);
        if self.no_proxy {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            let error = error.without_url();
            Error::config("the HTTP client cannot be set up").with_source(error)
        })
    }
}
