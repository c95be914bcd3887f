//! A bearer token that the caller has already.

use super::{Authenticate, BoxError, Credentials, Login};
use crate::Secret;

/// `Authorization: Bearer …` with a token from elsewhere, sent as it is.
///
/// When it has expired calls fail. A token that is to be renewed comes from an [`Authenticate`] of your own.
///
/// ```no_run
/// # fn build(token: nsx_api::Secret) -> Result<nsx_api::Client, nsx_api::Error> {
/// use nsx_api::Client;
/// use nsx_api::auth::Bearer;
///
/// Client::builder("nsx.example.com").auth(Bearer::new(token)).build()
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Bearer(Secret);

impl Bearer {
    /// The token, without the word `Bearer`. One that is empty or cannot be sent is refused when the client is built.
    pub fn new(token: impl Into<Secret>) -> Self {
        Self(token.into())
    }
}

impl Authenticate for Bearer {
    async fn authenticate(&self, _: &Login) -> Result<Credentials, BoxError> {
        Ok(Credentials::bearer(self.0.clone()))
    }

    fn check(&self) -> Result<(), BoxError> {
        let token = self.0.expose_secret();
        match token.is_empty() || token.contains(char::is_whitespace) {
            true => Err("the bearer token is empty, or has a blank in it".into()),
            false => Credentials::bearer(self.0.clone())
                .checked()
                .map(drop)
                .map_err(Into::into),
        }
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![self.0.clone()]
    }
}
