//! The kinds of errors.

use http::StatusCode;

/// What kind of failure an [`Error`](crate::Error) is, and whether the call may have taken effect.
///
/// What it says of the effect holds for the last attempt. Of a call that was sent more than once an earlier attempt may have
/// taken effect; an operation that is not idempotent is sent again only after attempts that had none.
///
/// What to do about each is in [a table](crate#errors). More kinds may come: a `match` needs an arm for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400: the manager cannot make sense of the request, or refuses its content. The call had no effect.
    BadRequest,
    /// 401: the credentials are missing or refused, by the call or by the login before it. Managers themselves rather answer
    /// 403; gateways before them 401. The call had no effect.
    Unauthorized,
    /// 403: the credentials are wrong, the account is locked, a privilege or a licence is missing, or the manager is
    /// read-only. The call had no effect.
    Forbidden,
    /// 404: there is no such object or path. The call had no effect.
    NotFound,
    /// 409: the object was changed in the meantime (stale revision), or exists already. The call had no effect.
    Conflict,
    /// 412: a precondition does not hold, a stale revision for one. The call had no effect.
    PreconditionFailed,
    /// 429: more requests than the manager allows; or the client's own limits left no room within the deadline. The call had
    /// no effect.
    TooManyRequests,
    /// 500: the manager failed. The call may have taken effect, in part too.
    InternalServerError,
    /// 503: the manager is busy, starting, or without a cluster, or a proxy before it got no answer. The call had no effect
    /// if the answer has an [`error_code`](crate::Error::error_code), and may have taken effect if it has none.
    ServiceUnavailable,
    /// Any other status that is not a success; [`Error::status`](crate::Error::status) says which. The call may have taken
    /// effect after a 5xx, and had none after a 4xx.
    Status,
    /// 301, 302, 303, 307 or 308: the answer points to a place that is none of the client's managers, or to another path, or
    /// there were too many redirects. The call had no effect, except that 303 may come after one.
    Redirect,
    /// No connection came about. Nothing was sent, so the call had no effect.
    Connect,
    /// No trusted connection came about: the certificate is not trusted or not for this name, the manager asks for a client
    /// certificate or refuses the one it got, or the other side does not speak TLS. The call had no effect: nothing was sent,
    /// or, where TLS 1.3 tells of a refusal only then, a manager that keeps to the protocol has looked at nothing.
    Tls,
    /// An attempt, or the whole call, took longer than allowed. The call may have taken effect, now or later.
    Timeout,
    /// The connection was lost under way. The call may have taken effect.
    Connection,
    /// The answer is a success, but its body is not what the document says. The call took effect.
    Decode,
    /// The answer is a success, but its body is larger than the library holds. The call took effect.
    BodyTooLarge,
    /// There were no credentials for the call: the login, or the scheme of authentication, failed for a reason that has no kind
    /// of its own. [`source`](std::error::Error::source) is that failure. The call was not sent, so it had no effect.
    Authentication,
    /// The request cannot be made from these arguments, or the call was made outside of a Tokio runtime. Nothing was sent, so the call had no
    /// effect; only where it comes out of a [`ByteStream`](crate::ByteStream) there was an answer before.
    InvalidRequest,
    /// The client cannot be built from these settings. There was no call.
    Config,
}

impl ErrorKind {
    /// The kind of a call that was not sent because its login failed with this kind. It is the same if
    /// it says that the call had no effect, and if it means the same for the call.
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
