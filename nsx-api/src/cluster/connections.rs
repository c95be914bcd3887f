//! The connections to a manager, and what they are made with: certificates and keys in files that change under way.
//!
//! What was read from the files is compared with what they hold now, every ten seconds at most and only when there is a
//! call. If they differ, a new HTTP client takes the place of the current one, with connections of its own, so that
//! no call begins on one that was made with the old certificates. Calls under way keep the client that they began with.

use std::sync::{Arc, PoisonError, RwLock};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use crate::Error;
use crate::tls::{self, Material};

/// A longer one would leave a manager that no longer takes the old certificate waiting.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);
/// Between the looks that failures ask for, and after a look that found files that cannot be used: of two files
/// that belong together one is written first.
const AT_LEAST: Duration = Duration::from_secs(1);
/// How long a call waits for a look; what comes of it later is taken then. A file system that is gone, of a network for
/// one, would keep it for ever.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a connection of HTTP/2 may be silent under a call before it is asked whether it lives, and then until it is
/// given up. Without it the calls of a client would go on into one that hangs.
const PING: Duration = Duration::from_secs(5);
/// Shorter than the time after which managers close a connection, so that no call is sent on one just closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How connections are made.
pub(crate) struct Settings {
    /// `None` for plain HTTP.
    pub(crate) tls: Option<tls::Settings>,
    pub(crate) connect_timeout: Duration,
    /// Whether the proxy of the environment is not for this manager.
    pub(crate) no_proxy: bool,
}

/// The connections to one manager.
pub(crate) struct Connections {
    settings: Arc<Settings>,
    current: Arc<RwLock<Current>>,
    /// `None` if there is no file to look at. Whoever looks holds it, to the end of the look, and not of the call that asked
    /// for it: a call may be dropped while the disk is still being read.
    watch: Option<Arc<Mutex<Watch>>>,
}

struct Current {
    http: reqwest::Client,
    /// How many there were before.
    generation: u64,
}

/// What is known of the files.
struct Watch {
    fingerprint: Vec<[u8; 32]>,
    last_look: Instant,
    next_look: Instant,
    /// What was wrong with them at the last look.
    fault: Option<String>,
}

impl Connections {
    /// Reads the files, and connects to nothing.
    pub(crate) fn new(mut settings: Settings) -> Result<Self, Error> {
        let (config, fingerprint) = match &mut settings.tls {
            Some(tls) => {
                tls.check()?;
                tls.take_in()?;
                let material = tls.read()?;
                (tls.config(&material)?, material.fingerprint()?)
            }
            None => (tls::unused()?, Vec::new()),
        };
        let http = settings.http(config)?;
        let has_files = settings.tls.as_ref().is_some_and(tls::Settings::has_files);
        let now = Instant::now();
        let watch = Watch {
            fingerprint,
            last_look: now,
            next_look: now + BETWEEN_LOOKS,
            fault: None,
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

    /// The HTTP client to begin a call with, in half of `left` at most, which is what the call has left.
    ///
    /// If it is time to look at the files one caller waits for that, and the others take what there is.
    pub(crate) async fn http(&self, left: Duration) -> reqwest::Client {
        if let Some(Ok(watch)) = self.watch.clone().map(Mutex::try_lock_owned)
            && watch.next_look <= Instant::now()
        {
            let _ = timeout(PATIENCE.min(left / 2), self.look(watch)).await;
        }
        self.read(|current| current.http.clone())
    }

    /// Whether the client has a certificate of its own.
    pub(crate) fn has_identity(&self) -> bool {
        let tls = self.settings.tls.as_ref();
        tls.is_some_and(|tls| tls.identity.is_some())
    }

    /// A number that is another one once the files have changed.
    pub(crate) fn generation(&self) -> u64 {
        self.read(|current| current.generation)
    }

    /// Looks at the files now, unless somebody did within the last second, and says whether there are other connections
    /// since that generation. It is for calls that failed, as many as there are: all of them wait for the same look.
    pub(crate) async fn reload(&self, since: u64) -> bool {
        let Some(watch) = self.watch.clone() else {
            return false;
        };
        let look = async {
            let watch = watch.lock_owned().await;
            if self.generation() == since && watch.last_look + AT_LEAST <= Instant::now() {
                self.look(watch).await;
            }
        };
        let _ = timeout(PATIENCE, look).await;
        self.generation() != since
    }

    fn read<T>(&self, read: impl FnOnce(&Current) -> T) -> T {
        read(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the files, in a thread that nobody has to wait for: a runtime waits for its own when it ends. The look goes to
    /// its end even if this is dropped.
    async fn look(&self, mut watch: OwnedMutexGuard<Watch>) {
        let settings = self.settings.clone();
        let current = self.current.clone();
        let now = Instant::now();
        watch.last_look = now;
        watch.next_look = now + BETWEEN_LOOKS;
        let (done, end) = oneshot::channel::<()>();
        let look = move || {
            let found = settings.changed(&watch.fingerprint);
            watch.take(found, now, &current);
            drop(watch);
            drop(done);
        };
        // Without a thread there is a look the next time.
        if Builder::new()
            .name("nsx-api-files".into())
            .spawn(look)
            .is_ok()
        {
            // It ends with the thread, and is never sent anything.
            let _ = end.await;
        }
    }
}

impl Watch {
    /// Takes what a look found that began at `now`.
    fn take(
        &mut self,
        found: Result<Option<Changed>, Error>,
        now: Instant,
        current: &RwLock<Current>,
    ) {
        match found {
            Ok(None) => self.fault = None,
            Ok(Some((http, fingerprint))) => {
                debug!("connections are made with what is new in the files");
                self.fault = None;
                self.fingerprint = fingerprint;
                let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
                current.generation += 1;
                current.http = http;
            }
            Err(error) => {
                self.next_look = now + AT_LEAST;
                self.failed(&error.to_string());
            }
        }
    }

    /// Says once what is wrong, and again when something else is.
    fn failed(&mut self, fault: &str) {
        if self.fault.as_deref() != Some(fault) {
            warn!(
                reason = fault,
                "files of certificates or keys cannot be used; what was read before stays in use"
            );
            self.fault = Some(fault.to_owned());
        }
    }
}

type Changed = (reqwest::Client, Vec<[u8; 32]>);

impl Settings {
    /// A new client, if the files hold something else than what has that fingerprint.
    fn changed(&self, fingerprint: &[[u8; 32]]) -> Result<Option<Changed>, Error> {
        let Some(tls) = &self.tls else {
            return Ok(None);
        };
        let material = tls.read()?;
        let found = Material::fingerprint(&material)?;
        if found == fingerprint {
            return Ok(None);
        }
        let http = self.http(tls.config(&material)?)?;
        Ok(Some((http, found)))
    }

    /// The HTTP library, with what it does by itself switched off: redirects would carry credentials to another host,
    /// and its retries know nothing of operations.
    fn http(&self, config: rustls::ClientConfig) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .user_agent(concat!("nsx-api/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .http2_keep_alive_interval(PING)
            .http2_keep_alive_timeout(PING)
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
