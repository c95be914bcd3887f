//! The parts that a client shares with the requests of its authentication scheme.

use std::sync::Arc;

use super::health_probe;
use crate::call::retry;
use crate::client::options::CallOptions;
use crate::client::{Client, Core};
use crate::cluster::address::Address;
use crate::cluster::connections::Connections;
use crate::cluster::limits::{Limiter, Limits};
use crate::cluster::managers::{Cluster, Endpoint};
use crate::credentials::credential_cache::CredentialCache;
use crate::scheme::auth_context::AuthContext;
use crate::scheme::dyn_scheme::{Scheme, SchemeSource};
use crate::secret::mask::Mask;

pub(super) struct ClientParts {
    pub(super) connections: Arc<Connections>,
    pub(super) mask: Arc<Mask>,
    pub(super) options: CallOptions,
    pub(super) limits: Limits,
    pub(super) first: Address,
    pub(super) others: Vec<Address>,
}

impl ClientParts {
    /// A manager, with a health probe if there are others.
    pub(super) fn endpoint(&self, address: &Address) -> Endpoint {
        let limiter = Limiter::new(self.limits).into();
        let mut endpoint = Endpoint::new(address.clone(), self.mask.clone(), limiter);
        if !self.others.is_empty() {
            let context = self.auth_context(address, &Limiter::new(Limits::off()).into());
            endpoint.probe = Some(health_probe::new(context));
        }
        endpoint
    }

    pub(super) fn credential_cache(
        &self,
        scheme: &Arc<dyn Scheme>,
        endpoint: &Endpoint,
    ) -> Arc<CredentialCache> {
        let context = self.auth_context(&endpoint.address, &endpoint.limiter);
        CredentialCache::new(SchemeSource::new(scheme.clone(), context)).into()
    }

    /// Requests to one manager without credentials.
    pub(super) fn auth_context(&self, address: &Address, limiter: &Arc<Limiter>) -> AuthContext {
        let endpoint = Endpoint::new(address.clone(), self.mask.clone(), limiter.clone());
        AuthContext::new(self.client(Cluster::new(endpoint, Vec::new())))
    }

    pub(super) fn client(&self, cluster: Cluster) -> Client {
        Client {
            core: Core::new(self.connections.clone(), cluster, retry::budget()).into(),
            options: self.options.clone(),
        }
    }
}
