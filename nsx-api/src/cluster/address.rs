//! The address of a manager: what people write, made into the base of every URL, or refused with a reason.
//!
//! A reason never repeats the text, which may have a password in it.

use std::net::Ipv6Addr;
use std::sync::Arc;

use reqwest::Url;
use url::Host;

/// A URL that is longer is refused by the HTTP library.
const LONGEST: usize = 65_534;

/// Where a manager is.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    /// Scheme, host and port.
    root: Url,
    /// The path before every path, that of a gateway, without a slash at the end.
    prefix: String,
    /// Host, and port if it is not the usual one.
    pub(crate) manager: Arc<str>,
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
    pub(crate) is_https: bool,
    is_loopback: bool,
}

impl Address {
    /// Reads what a person wrote: a host name, an IP address, `host:port`, or a URL.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(&with_scheme(text.trim())?)
            .map_err(|error| format!("the address is not valid: {error}"))?;
        check(&url)?;
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

    /// Whether what is sent there can be read on the way.
    pub(crate) fn is_plaintext(&self) -> bool {
        !self.is_https && !self.is_loopback
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether both are the same host and port.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.root.origin() == other.root.origin()
    }

    /// Whether a URL is one of this manager, behind its gateway if it has one, with no user in it.
    pub(crate) fn contains(&self, url: &Url) -> bool {
        let has_user = !url.username().is_empty() || url.password().is_some();
        url.origin() == self.root.origin() && self.is_below(url) && !has_user
    }

    fn is_below(&self, url: &Url) -> bool {
        let rest = url.path().strip_prefix(&self.prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The URL of a path that begins with a slash. It never leads to another host.
    pub(crate) fn url(&self, path_and_query: &str) -> Result<Url, String> {
        if !path_and_query.starts_with('/') {
            return Err("the path does not begin with a slash".into());
        }
        if path_and_query.len() > LONGEST {
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
            return Err("the path leads out of the manager's".into());
        }
        if url.as_str().len() > LONGEST {
            return Err(too_long());
        }
        Ok(url)
    }
}

fn too_long() -> String {
    format!("the URL is longer than {LONGEST} bytes")
}

/// Adds the scheme that was left out, and the brackets of a bare IPv6 address.
fn with_scheme(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the address is empty".into());
    }
    if text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
    {
        return Err("the address has a blank, a control character or a backslash in it".into());
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok(format!("https://[{text}]"));
    }
    match text.split_once("://") {
        Some((scheme, rest)) if rest.starts_with('/') || rest.is_empty() => {
            // What else stands there may be a password.
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

fn check(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err("the address has a scheme other than https or http".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address has a user or a password in it: give them on their own".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address has a query or a fragment".into());
    }
    if url.port() == Some(0) {
        return Err("the address has the port 0, where nobody can listen".into());
    }
    let path = url.path().to_ascii_lowercase() + "/";
    if path.contains("/api/v1/") {
        return Err(
            "the address has /api/v1 in it, which every operation's path begins with: leave it \
             out, and what stands behind it"
                .into(),
        );
    }
    Ok(())
}

/// Refuses names that no host has, and what a scheme written wrong leaves in a host's place.
fn check_host(host: &Host<&str>) -> Result<(), String> {
    let Host::Domain(name) = host else {
        return Ok(());
    };
    if matches!(*name, "http" | "https") {
        return Err(format!(
            "the address has `{name}` for a host: write {name}://"
        ));
    }
    // A dot at the end makes a name complete.
    let labels = name.strip_suffix('.').unwrap_or(name).split('.');
    for label in labels {
        if label.is_empty() {
            return Err("the host has two dots in a row, or one at its beginning".into());
        }
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !label.bytes().all(is_known) {
            return Err(
                "the host has a character other than letters, digits, `-`, `_` and dots".into(),
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
    fn an_address_is_taken_as_people_write_it() {
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
    fn an_address_that_cannot_be_meant_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "is empty"),
            ("   ", "is empty"),
            ("https://", "no host"),
            ("https:///api", "no host after https://"),
            ("admin:SECRET@https:///nsx", "no host after ://"),
            ("SECRET://", "no host after ://"),
            ("ftp://nsx", "scheme"),
            ("file:///etc/passwd", "no host"),
            ("admin:SECRET@nsx", "user or a password"),
            ("https://admin:SECRET@nsx", "user or a password"),
            ("https://admin@nsx", "user or a password"),
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
            ("nsx .example", "blank"),
            ("nsx\r\nHost: evil", "blank"),
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
    fn a_path_cannot_lead_to_another_host() {
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
    fn plain_http_is_open_unless_it_stays_on_this_machine() {
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
        fn no_text_panics_and_no_path_leaves_the_manager(text in ".*", path in "/[^\\\\]*") {
            let _ = Address::parse(&text);
            let address = Address::parse("https://nsx.example.com/site").unwrap();
            if let Ok(url) = address.url(&path) {
                prop_assert_eq!(url.host_str(), Some("nsx.example.com"));
                prop_assert_eq!(url.scheme(), "https");
                prop_assert!(address.contains(&url));
                prop_assert!(url.as_str().parse::<http::Uri>().is_ok(), "{}", url);
                let parsed = Url::parse(&format!("https://nsx.example.com/site{path}")).unwrap();
                // A whole URL is trimmed, and has a fragment.
                if parsed.fragment().is_none() && !path.ends_with(|end| end <= ' ') {
                    prop_assert_eq!(url, parsed);
                }
            }
        }
    }
}
