//! Pinned certificates. A manager must present a pinned certificate; its issuer, names and dates
//! are ignored.

use std::fmt;

use rustls::crypto::CryptoProvider;

use super::certificates::parse_certificates;
use super::pem::Source;
use super::provider::{Digest, sha256};
use crate::Error;

/// A pinned certificate, given by its thumbprint or as PEM.
#[derive(Clone, Debug)]
pub(crate) enum Pin {
    Thumbprint(String),
    Certificate(Source),
}

impl Pin {
    /// The SHA-256 digest that the certificate must have.
    pub(super) fn digest(&self, provider: &CryptoProvider) -> Result<Digest, Error> {
        match self {
            Self::Thumbprint(text) => parse_thumbprint(text).map_err(Error::config),
            Self::Certificate(source) => {
                let certificates = parse_certificates(&source.load("pinned certificate")?)?;
                let first = certificates.first().map(AsRef::as_ref);
                sha256(provider, first.unwrap_or_default())
            }
        }
    }
}

/// Parses a thumbprint in any format that browsers, openssl and NSX Manager show.
fn parse_thumbprint(text: &str) -> Result<Digest, &'static str> {
    const INVALID: &str = "the pinned thumbprint is not a SHA-256 thumbprint of 64 hexadecimal \
                           digits: `openssl x509 -noout -fingerprint -sha256` prints it";
    let mut digits: Vec<u8> = Vec::new();
    for character in text.chars().filter(|character| !is_separator(*character)) {
        let digit = character
            .to_digit(16)
            .and_then(|digit| digit.try_into().ok());
        digits.push(digit.ok_or(INVALID)?);
    }
    if digits.len() == 40 {
        return Err(
            "the pinned thumbprint has 40 digits, so it is a SHA-1 thumbprint: use SHA-256",
        );
    }
    let (pairs, _) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    match digits.len() {
        64 => bytes.try_into().map_err(|_| INVALID),
        _ => Err(INVALID),
    }
}

/// Whether a character is allowed between the digits. Windows puts an invisible direction mark
/// before the first digit.
fn is_separator(character: char) -> bool {
    character == ':' || character == '\u{200E}' || character.is_whitespace()
}

/// Displays a thumbprint in the usual format, `AB:CD:…`.
pub(super) struct Thumbprint<'a>(pub(super) &'a Digest);

impl fmt::Display for Thumbprint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_thumbprint_is_parsed_in_every_common_format_and_no_other() {
        let digest: Digest = std::array::from_fn(|index| 0xA0 + index as u8);
        let shown = Thumbprint(&digest).to_string();
        assert!(shown.starts_with("A0:A1:") && shown.ends_with(":BF"));
        let bare = shown.replace(':', "");
        for text in [
            shown.clone(),
            shown.to_lowercase(),
            bare.clone(),
            shown.replace(':', " "),
            format!("\u{200E}{bare}\n"),
        ] {
            assert_eq!(parse_thumbprint(&text), Ok(digest), "{text}");
        }
        let (sha1, _) = bare.split_at(40);
        let (sha1_with_colons, _) = shown.split_at(59);
        let (short, _) = bare.split_at(63);
        for (text, reason) in [
            ("", "64 hexadecimal digits"),
            (short, "64 hexadecimal digits"),
            (&format!("{bare}0"), "64 hexadecimal digits"),
            (&format!("{bare}00"), "64 hexadecimal digits"),
            (&format!("sha256:{bare}"), "64 hexadecimal digits"),
            (&bare.replace('A', "Ä"), "64 hexadecimal digits"),
            (sha1, "it is a SHA-1 thumbprint: use SHA-256"),
            (sha1_with_colons, "it is a SHA-1 thumbprint"),
        ] {
            let found = parse_thumbprint(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }
}
