//! A pinned certificate: the one that a manager must show, whoever signed it and whatever it says.

use std::fmt;

use rustls::crypto::CryptoProvider;

use super::provider::{Digest, sha256};
use super::{Source, certificates};
use crate::Error;

/// A certificate by what the caller knows of it.
#[derive(Clone, Debug)]
pub(crate) enum Pin {
    Thumbprint(String),
    Certificate(Source),
}

impl Pin {
    /// The digest that the certificate must have.
    pub(super) fn digest(&self, provider: &CryptoProvider) -> Result<Digest, Error> {
        match self {
            Self::Thumbprint(text) => parse(text).map_err(Error::config),
            Self::Certificate(source) => {
                let certificates = certificates(&source.read("pinned certificate")?)?;
                let first = certificates.first().map(AsRef::as_ref);
                sha256(provider, first.unwrap_or_default())
            }
        }
    }
}

/// Reads a thumbprint in any of the forms that browsers, openssl and the manager itself show.
fn parse(text: &str) -> Result<Digest, &'static str> {
    const FORM: &str = "the pinned thumbprint is not a SHA-256 one of 64 hexadecimal digits: \
                        `openssl x509 -noout -fingerprint -sha256` shows it";
    let mut digits: Vec<u8> = Vec::new();
    for character in text.chars().filter(|character| !is_between(*character)) {
        let digit = character
            .to_digit(16)
            .and_then(|digit| digit.try_into().ok());
        digits.push(digit.ok_or(FORM)?);
    }
    if digits.len() == 40 {
        return Err(
            "the pinned thumbprint has 40 digits: that is a SHA-1 thumbprint, SHA-256 is needed",
        );
    }
    let (pairs, _) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    match digits.len() {
        64 => bytes.try_into().map_err(|_| FORM),
        _ => Err(FORM),
    }
}

/// What may stand between the digits. Windows puts a mark of direction before the first that nobody sees.
fn is_between(character: char) -> bool {
    character == ':' || character == '\u{200E}' || character.is_whitespace()
}

/// A thumbprint the way it is usually shown, `AB:CD:…`.
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
    fn a_thumbprint_is_read_in_every_usual_form_and_no_other() {
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
            assert_eq!(parse(&text), Ok(digest), "{text}");
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
            (sha1, "that is a SHA-1 thumbprint, SHA-256 is needed"),
            (sha1_with_colons, "that is a SHA-1 thumbprint"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }
}
