//! The kinds of failure, and the kind of a status.

use http::StatusCode;

/// What kind of failure an [`Error`](crate::Error) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400: the manager cannot make sense of the request, or refuses its content.
    BadRequest,
    /// 401: the credentials are missing or refused. Managers themselves rather answer 403; gateways before them 401.
    Unauthorized,
    /// 403: the credentials are wrong, the account is locked, a privilege or a licence is missing, or the manager is read-only.
    Forbidden,
    /// 404: there is no such object or path.
    NotFound,
    /// 409: the object was changed in the meantime (stale revision), or exists already.
    Conflict,
    /// 412: a precondition does not hold, a stale revision for one.
    PreconditionFailed,
    /// 429: more requests than the manager allows.
    TooManyRequests,
    /// 500: the manager failed. What was asked may have happened.
    InternalServerError,
    /// 503: the manager is busy, starting, or without a cluster.
    ServiceUnavailable,
    /// Any other status that is not a success.
    Status,
    /// The answer points to another place. It is not followed: the credentials are for this manager alone.
    Redirect,
    /// No connection came about. Nothing was sent.
    Connect,
    /// No trusted connection came about: the certificate is not trusted or not for this name, or the other side does not speak TLS.
    Tls,
    /// An attempt, or the whole call, took longer than allowed. What was asked may have happened.
    Timeout,
    /// The connection was lost under way. What was asked may have happened.
    Connection,
    /// The answer is a success, but its body is not what the document says.
    Decode,
    /// The answer is a success, but its body is larger than the library holds.
    BodyTooLarge,
    /// The request cannot be made from these arguments. Nothing was sent.
    InvalidRequest,
    /// The client cannot be built from these settings.
    Config,
}

impl ErrorKind {
    /// The kind of a status that is not a success.
    pub(crate) fn of(status: StatusCode) -> Self {
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
