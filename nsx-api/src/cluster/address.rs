//! The address of a manager: parsed from the user's input, and the base of every URL.
//!
//! An error never repeats the text, which may contain a password.

use std::net::Ipv6Addr;
use std::sync::Arc;

use reqwest::Url;
use url::Host;

/// The HTTP library rejects longer URLs.
const MAX_URL_LENGTH: usize = 65_534;

#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// Scheme, host and port.
    root: Url,
    /// The path prefix of a gateway, without a slash at the end.
    prefix: String,
    /// The host, and the port unless it is the default one.
    pub(crate) manager: Arc<str>,
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
    pub(crate) is_https: bool,
    is_loopback: bool,
}

impl Address {
    /// Parses a host name, an IP address, `host:port`, or a URL.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(&with_scheme(text.trim())?)
            .map_err(|error| format!("the address is not valid: {error}"))?;
        check_url(&url)?;
        let host = url.host().ok_or("the address has no host")?;
        check_host(&host)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let mut root = url.clone();
        root.set_path("");
        Ok(Self {
            root,
            prefix: url.path().trim_end_matches('/').to_owned(),
            manager: authority.into(),
            host: host.to_string().into(),
            port: url.port_or_known_default().unwrap_or_default(),
            is_https: url.scheme() == "https",
            is_loopback: is_loopback(&host),
        })
    }

    /// Whether requests cross the network without TLS.
    pub(crate) fn is_plaintext(&self) -> bool {
        !self.is_https && !self.is_loopback
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether both have the same scheme, host and port.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.root.origin() == other.root.origin()
    }

    /// Whether a URL belongs to this manager: same origin, below the prefix, and without a user.
    pub(crate) fn contains(&self, url: &Url) -> bool {
        let has_user = !url.username().is_empty() || url.password().is_some();
        url.origin() == self.root.origin() && self.is_below(url) && !has_user
    }

    fn is_below(&self, url: &Url) -> bool {
        let rest = url.path().strip_prefix(&self.prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Makes the URL of a path that begins with a slash. The host is always this manager's.
    pub(crate) fn url(&self, path_and_query: &str) -> Result<Url, String> {
        if !path_and_query.starts_with('/') {
            return Err("the path does not begin with a slash".into());
        }
        if path_and_query.len() > MAX_URL_LENGTH {
            return Err(too_long());
        }
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let mut url = self.root.clone();
        match self.prefix.as_str() {
            "" => url.set_path(path),
            prefix => url.set_path(&format!("{prefix}{path}")),
        }
        url.set_query(query);
        if !self.is_below(&url) {
            return Err("the path leaves the path of the manager's address".into());
        }
        if url.as_str().len() > MAX_URL_LENGTH {
            return Err(too_long());
        }
        Ok(url)
    }
}

fn too_long() -> String {
    format!("the URL is longer than {MAX_URL_LENGTH} bytes")
}

/// Adds a missing scheme, and brackets around a bare IPv6 address.
fn with_scheme(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the address is empty".into());
    }
    if text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
    {
        return Err("the address contains white space, a control character or a backslash".into());
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok(format!("https://[{text}]"));
    }
    match text.split_once("://") {
        Some((scheme, rest)) if rest.starts_with('/') || rest.is_empty() => {
            // Any other text may be a password.
            let known = ["https", "http"].into_iter().find(|known| *known == scheme);
            Err(match known {
                Some(scheme) => format!("the address has no host after {scheme}://"),
                None => "the address has no host after ://".into(),
            })
        }
        Some(_) => Ok(text.to_owned()),
        None => Ok(format!("https://{text}")),
    }
}

fn check_url(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err("the scheme of the address is neither https nor http".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address contains a user name or a password: pass them separately".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address has a query or a fragment".into());
    }
    if url.port() == Some(0) {
        return Err("the address has the port 0, which is not valid".into());
    }
    let path = url.path().to_ascii_lowercase() + "/";
    if path.contains("/api/v1/") {
        return Err(
            "the address contains /api/v1, which is already part of every operation's path: remove \
             it and everything after it"
                .into(),
        );
    }
    Ok(())
}

/// Rejects invalid host names, and a misspelled scheme that was parsed as the host.
fn check_host(host: &Host<&str>) -> Result<(), String> {
    let Host::Domain(name) = host else {
        return Ok(());
    };
    if matches!(*name, "http" | "https") {
        return Err(format!(
            "the host of the address is `{name}`: write {name}://"
        ));
    }
    // A trailing dot marks a fully qualified name.
    let labels = name.strip_suffix('.').unwrap_or(name).split('.');
    for label in labels {
        if label.is_empty() {
            return Err("the host starts with a dot or contains two dots in a row".into());
        }
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !label.bytes().all(is_known) {
            return Err(
                "the host contains a character other than letters, digits, `-`, `_` and dots"
                    .into(),
            );
        }
    }
    Ok(())
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_parsed_from_all_usual_forms() {
        for (text, base, manager) in [
            (
                "nsx.example.com",
                "https://nsx.example.com",
                "nsx.example.com",
            ),
            (
                " NSX.example.com\n",
                "https://nsx.example.com",
                "nsx.example.com",
            ),
            (
                "nsx.example.com:8443",
                "https://nsx.example.com:8443",
                "nsx.example.com:8443",
            ),
            ("nsx", "https://nsx", "nsx"),
            ("n-s_x.example.", "https://n-s_x.example.", "n-s_x.example."),
            (
                "https://gateway/api/v12",
                "https://gateway/api/v12",
                "gateway",
            ),
            ("localhost:8443", "https://localhost:8443", "localhost:8443"),
            (
                "https://nsx.example.com",
                "https://nsx.example.com",
                "nsx.example.com",
            ),
            (
                "HTTPS://nsx.example.com:443/",
                "https://nsx.example.com",
                "nsx.example.com",
            ),
            (
                "https://gateway/site/nsx/",
                "https://gateway/site/nsx",
                "gateway",
            ),
            ("10.0.0.1", "https://10.0.0.1", "10.0.0.1"),
            ("::1", "https://[::1]", "[::1]"),
            ("2001:db8::1", "https://[2001:db8::1]", "[2001:db8::1]"),
            (
                "[2001:db8::1]:8443",
                "https://[2001:db8::1]:8443",
                "[2001:db8::1]:8443",
            ),
            ("http://127.0.0.1:80", "http://127.0.0.1", "127.0.0.1"),
            (
                "https://bücher.example",
                "https://xn--bcher-kva.example",
                "xn--bcher-kva.example",
            ),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(&*address.manager, manager, "{text}");
            let url = address.url("/api/v1/x?y=1").unwrap();
            assert_eq!(url.as_str(), format!("{base}/api/v1/x?y=1"));
        }
    }

    #[test]
    fn an_invalid_address_is_rejected_with_a_reason() {
        for (text, reason) in [
            ("", "is empty"),
            ("   ", "is empty"),
            ("https://", "no host"),
            ("https:///api", "no host after https://"),
            ("admin:SECRET@https:///nsx", "no host after ://"),
            ("SECRET://", "no host after ://"),
            ("ftp://nsx", "scheme"),
            ("file:///etc/passwd", "no host"),
            ("admin:SECRET@nsx", "user name or a password"),
            ("https://admin:SECRET@nsx", "user name or a password"),
            ("https://admin@nsx", "user name or a password"),
            ("https://nsx?token=SECRET", "query"),
            ("https://nsx?", "query"),
            ("https://nsx/#SECRET", "fragment"),
            ("https://nsx/api/v1", "/api/v1"),
            ("https://nsx/policy/api/v1/", "/api/v1"),
            ("https://nsx/API/v1", "/api/v1"),
            ("https://nsx/api/v1/cluster", "/api/v1"),
            ("https//nsx", "write https://"),
            ("http//nsx.example.com", "write http://"),
            ("https://https//nsx", "write https://"),
            ("HTTPS", "write https://"),
            ("nsx:0", "port 0"),
            ("https://nsx:00/x", "port 0"),
            ("nsx..example", "two dots"),
            (".nsx", "two dots"),
            ("nsx..", "two dots"),
            ("nsx,other", "a character other than"),
            ("nsx!", "a character other than"),
            ("nsx*.example", "a character other than"),
            ("(nsx)", "a character other than"),
            ("SECRET$nsx", "a character other than"),
            ("nsx'", "a character other than"),
            ("nsx;a=b", "a character other than"),
            ("nsx/api/v1", "/api/v1"),
            ("https://nsx\\@evil", "backslash"),
            ("nsx .example", "white space"),
            ("nsx\r\nHost: evil", "white space"),
            ("nsx:99999", "invalid port"),
            ("nsx:SECRET", "invalid port"),
            ("[::1", "IPv6"),
            ("1.2.3.4.5", "IPv4"),
            ("admin:SECRET:nsx", "not valid"),
        ] {
            let found = Address::parse(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
            assert!(!found.contains("SECRET"), "{text}: {found}");
        }
    }

    #[test]
    fn a_url_path_cannot_leave_the_path_of_the_address() {
        let address = Address::parse("https://nsx/site/a").unwrap();
        for path in [
            "/..",
            "/../b",
            "/x/../../b",
            "/%2e%2e/b",
            "/.%2E/ab",
            "/../../..",
        ] {
            let reason = address.url(path).unwrap_err();
            let expected = "the path leaves the path of the manager's address";
            assert_eq!(reason, expected, "{path}");
        }
        for (path, url) in [
            ("/x/..", "https://nsx/site/a/"),
            ("/../a/x", "https://nsx/site/a/x"),
            ("/x?y=/../../b", "https://nsx/site/a/x?y=/../../b"),
        ] {
            assert_eq!(address.url(path).unwrap().as_str(), url);
        }
    }

    #[test]
    fn a_url_path_cannot_lead_to_another_host() {
        for text in ["nsx", "nsx:8443", "https://nsx/site"] {
            let address = Address::parse(text).unwrap();
            for path in [
                "", "api", ".evil", "@evil/", ":80/", "-evil/", "1/", "?x", "#x", ":x@evil/",
            ] {
                let reason = address.url(path).unwrap_err();
                assert_eq!(
                    reason, "the path does not begin with a slash",
                    "{text} {path}"
                );
            }
            for path in ["//evil/x", "/@evil", "/:80"] {
                let url = address.url(path).unwrap();
                assert_eq!(url.origin(), address.root.origin(), "{text} {path}");
            }
        }
    }

    #[test]
    fn only_a_url_of_the_manager_without_a_user_belongs_to_it() {
        let address = Address::parse("https://nsx:8443/site").unwrap();
        for (url, belongs) in [
            ("https://nsx:8443/site", true),
            ("https://nsx:8443/site/api/v1/x?y=1", true),
            ("https://NSX:8443/site/", true),
            ("https://admin@nsx:8443/site/x", false),
            ("https://:password@nsx:8443/site/x", false),
            ("https://admin:password@nsx:8443/site/x", false),
            ("https://nsx@evil:8443/site/x", false),
            ("https://nsx/site/x", false),
            ("http://nsx:8443/site/x", false),
            ("https://nsx:8443/sites", false),
            ("https://nsx:8443/x", false),
            ("https://nsx.evil:8443/site/x", false),
        ] {
            let found = address.contains(&Url::parse(url).unwrap());
            assert_eq!(found, belongs, "{url}");
        }
    }

    #[test]
    fn http_is_plaintext_except_to_loopback() {
        for (text, open) in [
            ("https://nsx", false),
            ("http://nsx", true),
            ("http://10.0.0.1", true),
            ("http://0.0.0.0", true),
            ("http://localhost.evil.example", true),
            ("http://127.0.0.1.evil.example", true),
            ("http://localhost:1", false),
            ("http://127.1.2.3", false),
            ("http://[::1]:80", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://[::ffff:10.0.0.1]", true),
        ] {
            assert_eq!(Address::parse(text).unwrap().is_plaintext(), open, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_an_address_never_panics_and_no_url_leaves_the_manager(text in ".*", path in "/[^\\\\]*") {
            let _ = Address::parse(&text);
            let address = Address::parse("https://nsx.example.com/site").unwrap();
            if let Ok(url) = address.url(&path) {
                prop_assert_eq!(url.host_str(), Some("nsx.example.com"));
                prop_assert_eq!(url.scheme(), "https");
                prop_assert!(address.contains(&url));
                prop_assert!(url.as_str().parse::<http::Uri>().is_ok(), "{}", url);
                let parsed = Url::parse(&format!("https://nsx.example.com/site{path}")).unwrap();
                // Unlike `address.url`, parsing a URL trims it and splits off a fragment.
                if parsed.fragment().is_none() && !path.ends_with(|end| end <= ' ') {
                    prop_assert_eq!(url, parsed);
                }
            }
        }
    }
}
