//! Error messages for TLS failures: what went wrong and how to fix it.
//!
//! Each message includes the name that rustls uses, in parentheses, so that it can be searched for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::verify::NotPinned;

/// The end of the year 9999, the last second that the date library can format.
const LAST_SECOND: u64 = 253_402_300_799;

/// Explains a failed handshake, most often a problem with the manager's certificate.
pub(crate) fn advice(error: &rustls::Error) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_advice(error),
        // With TLS 1.2 this is the only alert for a missing client certificate.
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => Some(
            "the manager rejected the handshake (HandshakeFailure): it may require a client \
             certificate, or support no TLS version or cipher of the client"
                .to_owned(),
        ),
        _ => None,
    }
}

fn certificate_advice(error: &CertificateError) -> Option<String> {
    let advice = match error {
        CertificateError::Other(other) => match other.0.downcast_ref::<NotPinned>() {
            Some(not_pinned) => not_pinned.to_string(),
            None => advice_by_name(error)?.to_owned(),
        },
        CertificateError::Expired => expired(None),
        CertificateError::ExpiredContext { not_after, .. } => expired(Some(*not_after)),
        CertificateError::NotValidYet => not_valid_yet(None),
        CertificateError::NotValidYetContext { not_before, .. } => not_valid_yet(Some(*not_before)),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => wrong_name(&expected.to_str(), presented),
        _ => advice_by_name(error)?.to_owned(),
    };
    Some(advice)
}

/// Finds advice by the `Debug` name of an error: some errors come from the webpki library, whose
/// types rustls does not expose.
fn advice_by_name(error: &CertificateError) -> Option<&'static str> {
    let name = format!("{error:?}");
    let advice = [
        (
            "UnknownIssuer",
            "the manager's certificate is not signed by a trusted CA (UnknownIssuer): add the CA that \
             signed it (with `CA:TRUE`) or the certificate itself, with `ca_file` or `ca_pem`",
        ),
        (
            "CaUsedAsEndEntity",
            "the manager presented a CA certificate instead of a server certificate \
             (CaUsedAsEndEntity): add this certificate itself with `ca_file` or `ca_pem`, or pin it",
        ),
        (
            "BadSignature",
            "a signature is invalid (BadSignature): either the added CA has the name of the CA that \
             signed the manager's certificate but another key, or the server does not have the \
             private key of its certificate",
        ),
    ];
    advice
        .into_iter()
        .find(|(part, _)| name.contains(part))
        .map(|(_, advice)| advice)
}

fn expired(when: Option<UnixTime>) -> String {
    format!(
        "the manager's certificate expired{} (Expired): replace it, or correct the clock of this machine",
        on_date(when)
    )
}

fn not_valid_yet(when: Option<UnixTime>) -> String {
    let from = match on_date(when) {
        date if date.is_empty() => date,
        date => format!(", only from{}", date.trim_start_matches(" on")),
    };
    format!(
        "the manager's certificate is not valid yet{from} (NotValidYet): \
         check the clocks of this machine and of the manager"
    )
}

/// ` on <date>`, or nothing if the date is unknown.
fn on_date(when: Option<UnixTime>) -> String {
    when.map(|when| when.as_secs())
        .filter(|seconds| *seconds <= LAST_SECOND)
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        .map(|when: SystemTime| format!(" on {}", httpdate::fmt_http_date(when)))
        .unwrap_or_default()
}

fn wrong_name(expected: &str, presented: &[String]) -> String {
    let names = match presented {
        [] => "it contains no names".to_owned(),
        names => {
            let names: Vec<_> = names.iter().map(|name| unwrap_name(name)).collect();
            format!("only for {}", names.join(", "))
        }
    };
    format!(
        "the manager's certificate is not valid for name {expected}, {names}: \
         use a name in the certificate as the manager's address, or pin the certificate"
    )
}

/// `nsx.example.com` for `DnsName("nsx.example.com")`, and `10.0.0.1` for `IpAddress(10.0.0.1)`:
/// rustls reports the names in a certificate in their `Debug` form.
fn unwrap_name(name: &str) -> &str {
    let inner = name
        .split_once('(')
        .and_then(|(_, name)| name.strip_suffix(')'));
    inner.map_or(name, |name| name.trim_matches('"'))
}

/// Explains an alert by which the server rejects the client certificate, or the lack of one.
///
/// With TLS 1.3 the alert comes after the handshake, instead of a response.
pub(crate) fn client_certificate_refusal(alert: AlertDescription) -> Option<String> {
    use AlertDescription as Alert;
    let reason = match alert {
        Alert::CertificateRequired => {
            return Some(
                "the manager requires a client certificate (CertificateRequired): \
                 configure one with `identity`"
                    .to_owned(),
            );
        }
        Alert::BadCertificate => "it is invalid",
        Alert::UnknownCA => "the CA that signed it is not trusted",
        Alert::CertificateExpired => "it has expired",
        Alert::CertificateRevoked => "it has been revoked",
        Alert::CertificateUnknown => "no reason given",
        Alert::UnsupportedCertificate => "its type is not supported",
        Alert::AccessDenied => "access denied",
        Alert::DecryptError => "a signature in it, or made with its key, is invalid",
        _ => return None,
    };
    Some(format!(
        "the manager rejected the client certificate: {reason} ({alert:?})"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice_for(error: CertificateError) -> String {
        advice(&error.into()).unwrap()
    }

    #[test]
    fn certificate_errors_explain_how_to_fix_them() {
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let (now, zero, never) = (time(1), time(0), time(u64::MAX));
        let name = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: "nsx.example.com".try_into().unwrap(),
            presented: presented.iter().map(|&name| name.to_owned()).collect(),
        };
        let until = |time, not_after| CertificateError::ExpiredContext { time, not_after };
        let from = |time, not_before| CertificateError::NotValidYetContext { time, not_before };
        for (error, message) in [
            (CertificateError::UnknownIssuer, "add the CA"),
            (CertificateError::BadSignature, "(BadSignature)"),
            (CertificateError::Expired, "expired (Expired)"),
            (until(now, zero), "expired on Thu, 01 Jan 1970 00:00:00 GMT"),
            (until(now, never), "expired (Expired)"),
            (CertificateError::NotValidYet, "not valid yet (NotValidYet)"),
            (from(zero, now), "only from Thu, 01 Jan 1970 00:00:01 GMT"),
            (from(zero, never), "not valid yet (NotValidYet)"),
            (
                name(&["DnsName(\"*.a\")", "IpAddress(10.0.0.1)", "b"]),
                "for name nsx.example.com, only for *.a, 10.0.0.1, b:",
            ),
            (name(&[]), ", it contains no names:"),
        ] {
            let found = advice_for(error);
            assert!(found.contains(message), "{found}");
        }
        let alert = rustls::Error::AlertReceived(AlertDescription::HandshakeFailure);
        assert!(advice(&alert).is_some_and(|message| message.contains("may require a client")));
        assert!(advice(&rustls::Error::DecryptError).is_none());
        assert!(advice(&CertificateError::Revoked.into()).is_none());
    }

    #[test]
    fn only_tls_alerts_about_certificates_are_client_certificate_refusals() {
        let refusal = client_certificate_refusal(AlertDescription::UnknownCA);
        assert!(refusal.is_some_and(|message| message.contains("the CA")));
        for other in [
            AlertDescription::CloseNotify,
            AlertDescription::InternalError,
            AlertDescription::HandshakeFailure,
        ] {
            assert_eq!(client_certificate_refusal(other), None);
        }
    }
}
