//! What a fault of TLS means and what is to be done about it, where rustls only names it.
//!
//! The name stays in the message, in brackets, for those who search for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::verify::NotPinned;

/// The last second that the library for dates can show, of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// What to do about a handshake that failed, most often for the certificate that the manager shows.
pub(crate) fn advice(error: &rustls::Error) -> Option<String> {
    match error {
        rustls::Error::InvalidCertificate(fault) => about_certificate(fault),
        // All that TLS 1.2 has to say of a client without a certificate.
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => Some(
            "the manager ends the handshake (HandshakeFailure): it may ask for a client certificate, or have no version \
             or cipher of TLS in common with the client"
                .to_owned(),
        ),
        _ => None,
    }
}

fn about_certificate(fault: &CertificateError) -> Option<String> {
    let advice = match fault {
        CertificateError::Other(other) => match other.0.downcast_ref::<NotPinned>() {
            Some(fault) => fault.to_string(),
            None => by_name(fault)?.to_owned(),
        },
        CertificateError::Expired => expired(None),
        CertificateError::ExpiredContext { not_after, .. } => expired(Some(*not_after)),
        CertificateError::NotValidYet => not_valid_yet(None),
        CertificateError::NotValidYetContext { not_before, .. } => not_valid_yet(Some(*not_before)),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => wrong_name(&expected.to_str(), presented),
        _ => by_name(fault)?.to_owned(),
    };
    Some(advice)
}

/// Some of them come from the library below, whose types are not in rustls' interface.
fn by_name(fault: &CertificateError) -> Option<&'static str> {
    let name = format!("{fault:?}");
    let advice = [
        (
            "UnknownIssuer",
            "the manager's certificate is signed by nobody who is trusted (UnknownIssuer): \
             add the CA that signed it, one that says `CA:TRUE`, or the certificate itself, with `ca_file` or `ca_pem`",
        ),
        (
            "CaUsedAsEndEntity",
            "the manager shows a certificate that is for a CA and not for a server (CaUsedAsEndEntity): \
             add that very certificate, with `ca_file` or `ca_pem`, or pin it",
        ),
        (
            "BadSignature",
            "a signature is wrong (BadSignature): the CA that was added has the name of the one that signed the \
             manager's certificate but not its key, or the other side lacks the key of the certificate that it shows",
        ),
    ];
    advice
        .into_iter()
        .find(|(part, _)| name.contains(part))
        .map(|(_, advice)| advice)
}

fn expired(when: Option<UnixTime>) -> String {
    format!(
        "the manager's certificate expired{} (Expired): it needs a new one, unless the clock here is wrong",
        on(when)
    )
}

fn not_valid_yet(when: Option<UnixTime>) -> String {
    let until = match on(when) {
        on if on.is_empty() => on,
        on => format!(", but from{}", on.trim_start_matches(" on")),
    };
    format!(
        "the manager's certificate is not valid yet{until} (NotValidYet): is the clock wrong, here or there?"
    )
}

fn on(when: Option<UnixTime>) -> String {
    when.map(|when| when.as_secs())
        .filter(|seconds| *seconds <= LAST_SECOND)
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        .map(|when: SystemTime| format!(" on {}", httpdate::fmt_http_date(when)))
        .unwrap_or_default()
}

fn wrong_name(expected: &str, presented: &[String]) -> String {
    let names = match presented {
        [] => "but for no name at all".to_owned(),
        names => {
            let names: Vec<_> = names.iter().map(|name| plain_name(name)).collect();
            format!("but for {}", names.join(", "))
        }
    };
    format!(
        "the manager's certificate is not valid for name {expected} {names}: \
         address the manager by a name in it, or pin the certificate"
    )
}

/// `nsx.example.com` for `DnsName("nsx.example.com")`, and `10.0.0.1` for `IpAddress(10.0.0.1)`: rustls passes on how the names
/// in a certificate are debugged.
fn plain_name(name: &str) -> &str {
    let inner = name
        .split_once('(')
        .and_then(|(_, name)| name.strip_suffix(')'));
    inner.map_or(name, |name| name.trim_matches('"'))
}

/// What an alert of the other side says about the certificate that it got from the client, or did not get.
///
/// With TLS 1.3 it comes after the handshake, in the place of an answer.
pub(crate) fn refusal(alert: AlertDescription) -> Option<String> {
    use AlertDescription as Alert;
    let reason = match alert {
        Alert::CertificateRequired => {
            return Some(
                "the manager asks for a client certificate (CertificateRequired): \
                 give the client one, with `identity`"
                    .to_owned(),
            );
        }
        Alert::BadCertificate => "it finds fault with it",
        Alert::UnknownCA => "it does not know the CA that signed it",
        Alert::CertificateExpired => "it is expired",
        Alert::CertificateRevoked => "it is revoked",
        Alert::CertificateUnknown => "it does not accept it",
        Alert::UnsupportedCertificate => "it does not support its kind",
        Alert::AccessDenied => "it denies it access",
        Alert::DecryptError => "a signature in it, or made with its key, is wrong",
        _ => return None,
    };
    Some(format!(
        "the manager refuses the client's certificate: {reason} ({alert:?})"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice_for(fault: CertificateError) -> String {
        advice(&fault.into()).unwrap()
    }

    #[test]
    fn a_fault_of_a_certificate_comes_with_what_to_do() {
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let (now, zero, never) = (time(1), time(0), time(u64::MAX));
        let name = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: "nsx.example.com".try_into().unwrap(),
            presented: presented.iter().map(|&name| name.to_owned()).collect(),
        };
        let until = |time, not_after| CertificateError::ExpiredContext { time, not_after };
        let from = |time, not_before| CertificateError::NotValidYetContext { time, not_before };
        for (fault, words) in [
            (CertificateError::UnknownIssuer, "add the CA"),
            (CertificateError::BadSignature, "(BadSignature)"),
            (CertificateError::Expired, "expired (Expired)"),
            (until(now, zero), "expired on Thu, 01 Jan 1970 00:00:00 GMT"),
            (until(now, never), "expired (Expired)"),
            (CertificateError::NotValidYet, "not valid yet (NotValidYet)"),
            (from(zero, now), "but from Thu, 01 Jan 1970 00:00:01 GMT"),
            (from(zero, never), "not valid yet (NotValidYet)"),
            (
                name(&["DnsName(\"*.a\")", "IpAddress(10.0.0.1)", "b"]),
                "for name nsx.example.com but for *.a, 10.0.0.1, b:",
            ),
            (name(&[]), "but for no name at all:"),
        ] {
            let found = advice_for(fault);
            assert!(found.contains(words), "{found}");
        }
        let alert = rustls::Error::AlertReceived(AlertDescription::HandshakeFailure);
        assert!(advice(&alert).is_some_and(|words| words.contains("may ask for a client")));
        assert!(advice(&rustls::Error::DecryptError).is_none());
        assert!(advice(&CertificateError::Revoked.into()).is_none());
    }

    #[test]
    fn only_an_alert_about_a_certificate_is_a_refusal_of_it() {
        assert!(refusal(AlertDescription::UnknownCA).is_some_and(|words| words.contains("the CA")));
        for other in [
            AlertDescription::CloseNotify,
            AlertDescription::InternalError,
            AlertDescription::HandshakeFailure,
        ] {
            assert_eq!(refusal(other), None);
        }
    }
}
