//! The kinds of errors.

use http::StatusCode;

/// The kind of an [`Error`](crate::Error), and whether the call may have taken effect.
///
/// "Had no effect" refers to the last attempt. If an idempotent call was sent more than once, an
/// earlier attempt may have taken effect. A call that is not idempotent is only retried after
/// attempts that had no effect.
///
/// The [crate guide](crate#errors) lists for each kind what to do. Kinds may be added, so a `match`
/// needs a wildcard arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400: the request is malformed or its content is invalid. The call had no effect.
    BadRequest,
    /// 401: the credentials of the call, or of its login, are missing or were refused. Managers
    /// usually send 403 for this, gateways 401. The call had no effect.
    Unauthorized,
    /// 403: the credentials are wrong, the account is locked, a privilege or a licence is missing,
    /// or the manager is read-only. The call had no effect.
    Forbidden,
    /// 404: the object or path does not exist. The call had no effect.
    NotFound,
    /// 409: the object was changed in the meantime (stale revision), or already exists. The call
    /// had no effect.
    Conflict,
    /// 412: a precondition is not met, for example because of a stale revision. The call had no
    /// effect.
    PreconditionFailed,
    /// 429: there were more requests than the manager allows, or the client's own limits delayed
    /// the call until its deadline. The call had no effect.
    TooManyRequests,
    /// 500: the manager failed. The call may have taken effect, completely or in part.
    InternalServerError,
    /// 503: the manager is busy or starting, its cluster is down, or a proxy got no response from
    /// it. The call had no effect if the response has an [`error_code`](crate::Error::error_code);
    /// otherwise it may have taken effect.
    ServiceUnavailable,
    /// Any other non-2xx status; see [`Error::status`](crate::Error::status). The call may have
    /// taken effect after a 5xx, and had no effect after a 4xx.
    Status,
    /// 301, 302, 303, 307 or 308: the redirect leads to a host that is not one of the client's
    /// managers, or to another path, or there were too many redirects. The call had no effect,
    /// except possibly after a 303.
    Redirect,
    /// The connection could not be established. Nothing was sent, so the call had no effect.
    Connect,
    /// The TLS handshake failed: the certificate is not trusted or not valid for this name, the
    /// manager requires a client certificate or rejected it, or the server does not speak TLS. The
    /// call had no effect. With TLS 1.3, a manager may reject the client certificate after the
    /// request was sent, but must not process the request then.
    Tls,
    /// An attempt timed out, or the deadline of the call passed. The call may have taken effect, or
    /// may do so later.
    Timeout,
    /// The connection was lost during the call. The call may have taken effect.
    Connection,
    /// The status is 2xx, but the body does not match the document. The call took effect.
    Decode,
    /// The status is 2xx, but the body is larger than the [limit](crate::CallOptions::body_limit).
    /// The call took effect.
    BodyTooLarge,
    /// There were no credentials for the call: the login or the authentication scheme failed, for a
    /// reason without its own kind. See [`source`](std::error::Error::source). The call was not
    /// sent, so it had no effect.
    Authentication,
    /// The arguments are invalid, or the call was made outside of a Tokio runtime. Nothing was
    /// sent, so the call had no effect. (If a [`ByteStream`](crate::ByteStream) returns this, a
    /// response had arrived before.)
    InvalidRequest,
    /// The configuration of the client is invalid. There was no call.
    Config,
}

impl ErrorKind {
    /// The kind of a call that was not sent because its login failed with this kind. It stays the
    /// same if it means that the call had no effect, and if its meaning applies to the call too.
    pub(crate) fn for_unsent_call(self) -> Self {
        match self {
            Self::Unauthorized
            | Self::Forbidden
            | Self::TooManyRequests
            | Self::Connect
            | Self::Tls => self,
            _ => Self::Authentication,
        }
    }

    pub(crate) fn from_status(status: StatusCode) -> Self {
        match status.as_u16() {
            301 | 302 | 303 | 307 | 308 => Self::Redirect,
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            412 => Self::PreconditionFailed,
            429 => Self::TooManyRequests,
            500 => Self::InternalServerError,
            503 => Self::ServiceUnavailable,
            _ => Self::Status,
        }
    }
}
