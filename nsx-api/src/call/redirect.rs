//! Redirects: followed from one manager of the cluster to another, and to nobody else.
//!
//! A node of a cluster may answer 301, 307 or 308 with the address of another that is to deal with the call. The HTTP library
//! would follow to any host, and take the body and the token against cross-site requests along.

use http::{HeaderMap, StatusCode, header};
use reqwest::Url;

/// Where an answer to a call of `url` points, if it says that the same call is to be made there. 302 and 303 say that
/// another is.
pub(crate) fn target(status: StatusCode, headers: &HeaderMap, url: &Url) -> Option<Url> {
    if !matches!(status.as_u16(), 301 | 307 | 308) {
        return None;
    }
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let mut target = url.join(location).ok()?;
    target.set_fragment(None);
    Some(target)
}

/// What is said of a redirect that is not followed: its host, without path and query. A place that secrets are in is none.
pub(crate) fn message(headers: &HeaderMap, mask: impl Fn(String) -> String) -> String {
    let target = headers
        .get(header::LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| Url::parse(&mask(location.to_owned())).ok())
        .filter(Url::has_host);
    match target {
        // What hid a secret, a tab within it for one, is gone by now.
        Some(url) => format!(
            "it points to {}, and is not followed",
            mask(url.origin().ascii_serialization())
        ),
        None => "it points to another path, and is not followed".to_owned(),
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
