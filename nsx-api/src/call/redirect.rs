//! Redirects. They are only followed between managers of the cluster, never to another host.
//!
//! A node of a cluster may return 301, 307 or 308 with the address of the node that must handle the
//! call. The HTTP library would follow a redirect to any host, and send the body and the XSRF token
//! to it.

use http::{HeaderMap, StatusCode, header};
use reqwest::Url;

/// The target of a redirect from `url`, if its status means that the same request must be sent
/// there. 302 and 303 mean that another request must be sent.
pub(crate) fn target(status: StatusCode, headers: &HeaderMap, url: &Url) -> Option<Url> {
    if !matches!(status.as_u16(), 301 | 307 | 308) {
        return None;
    }
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let mut target = url.join(location).ok()?;
    target.set_fragment(None);
    Some(target)
}

/// The message for a redirect that is not followed: the target's host, without path and query.
/// Secrets are masked.
pub(crate) fn message(headers: &HeaderMap, mask: impl Fn(String) -> String) -> String {
    let target = headers
        .get(header::LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| Url::parse(&mask(location.to_owned())).ok())
        .filter(Url::has_host);
    match target {
        // Masked once more: parsing may have revealed a secret, by removing a tab for example.
        Some(url) => format!(
            "the redirect to {} is not followed",
            mask(url.origin().ascii_serialization())
        ),
        None => "the redirect to another path is not followed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_redirect_of_the_same_call_has_a_target() {
        let url = Url::parse("https://nsx-1/api/v1/x?y=1").unwrap();
        for (status, location, expected) in [
            (
                307,
                "https://nsx-2/api/v1/x?y=1",
                Some("https://nsx-2/api/v1/x?y=1"),
            ),
            (
                301,
                "https://nsx-2/api/v1/x#top",
                Some("https://nsx-2/api/v1/x"),
            ),
            (308, "/api/v1/z", Some("https://nsx-1/api/v1/z")),
            (307, "//nsx-2/z", Some("https://nsx-2/z")),
            (302, "https://nsx-2/", None),
            (303, "https://nsx-2/", None),
            (200, "https://nsx-2/", None),
            (307, "https://[", None),
        ] {
            let headers = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
            let status = StatusCode::from_u16(status).unwrap();
            let found = target(status, &headers, &url);
            assert_eq!(
                found.as_ref().map(Url::as_str),
                expected,
                "{status} {location}"
            );
        }
        assert_eq!(
            target(StatusCode::TEMPORARY_REDIRECT, &HeaderMap::new(), &url),
            None
        );
    }

    #[test]
    fn a_secret_in_a_host_does_not_show_whatever_hides_it() {
        let mask = |text: String| text.replace("password", "•••");
        for host in ["password.evil", "pass\tword.evil", "pass%C2%ADword.evil"] {
            let location = HeaderValue::from_str(&format!("http://{host}/x")).unwrap();
            let headers = HeaderMap::from_iter([(header::LOCATION, location)]);
            let message = message(&headers, mask);
            assert!(!message.contains("password"), "{message}");
        }
    }
}
