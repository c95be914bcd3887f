//! [`Authenticate`] as a trait object, and as the source of a credential cache.

use std::sync::Arc;
use std::time::Duration;

use super::auth_context::AuthContext;
use super::authenticate::{Authenticate, BoxError};
use crate::Secret;
use crate::credentials::Credentials;
use crate::credentials::source::{BoxFuture, CredentialSource};

/// [`Authenticate`] as a trait object.
pub(crate) trait Scheme: Send + Sync {
    fn authenticate<'a>(&'a self, context: &'a AuthContext) -> BoxFuture<'a, Credentials>;
    fn revoke<'a>(
        &'a self,
        context: &'a AuthContext,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, ()>;
    fn is_per_manager(&self) -> bool;
    fn check(&self) -> Result<(), BoxError>;
    fn secrets(&self) -> Vec<Secret>;
    /// The name of the type, for `Debug` and for logs.
    fn name(&self) -> &'static str;
}

impl<T: Authenticate> Scheme for T {
    fn authenticate<'a>(&'a self, context: &'a AuthContext) -> BoxFuture<'a, Credentials> {
        Box::pin(Authenticate::authenticate(self, context))
    }

    fn revoke<'a>(
        &'a self,
        context: &'a AuthContext,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, ()> {
        Box::pin(Authenticate::revoke(self, context, credentials))
    }

    fn is_per_manager(&self) -> bool {
        Authenticate::is_per_manager(self)
    }

    fn check(&self) -> Result<(), BoxError> {
        Authenticate::check(self)
    }

    fn secrets(&self) -> Vec<Secret> {
        Authenticate::secrets(self)
    }

    fn name(&self) -> &'static str {
        let name = std::any::type_name::<T>();
        let path = name.split('<').next().unwrap_or(name);
        path.rsplit("::").next().unwrap_or(name)
    }
}

/// A scheme at one manager.
pub(crate) struct SchemeSource {
    scheme: Arc<dyn Scheme>,
    context: AuthContext,
}

impl SchemeSource {
    pub(crate) fn new(scheme: Arc<dyn Scheme>, context: AuthContext) -> Self {
        Self { scheme, context }
    }
}

impl CredentialSource for SchemeSource {
    fn authenticate(&self) -> BoxFuture<'_, Credentials> {
        self.scheme.authenticate(&self.context)
    }

    fn revoke<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, ()> {
        self.scheme.revoke(&self.context, credentials)
    }

    fn is_per_manager(&self) -> bool {
        self.scheme.is_per_manager()
    }

    fn scheme_name(&self) -> &'static str {
        self.scheme.name()
    }

    fn manager(&self) -> &str {
        self.context.manager()
    }

    fn deadline(&self) -> Duration {
        self.context.deadline()
    }

    fn mask(&self, text: String) -> String {
        self.context.mask(text)
    }
}
