//! Whether a certificate may sign others.
//!
//! A certificate that is added is a CA's or a manager's own. The library that builds chains does not tell them apart: whatever
//! it gets as a trust anchor vouches for every name, so that whoever has the key of one manager could pose as all of them.

use rustls::pki_types::CertificateDer;

/// What a certificate says of itself in its extensions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Standing {
    /// It may sign others: `CA:TRUE`, and no key usage without `keyCertSign`.
    Authority,
    /// It speaks for itself alone.
    Leaf,
    /// It is older than extensions (version 1), and says nothing. Servers with such a certificate cannot be verified either.
    Unknown,
}

/// Reads it; what cannot be read may not sign.
pub(super) fn standing(certificate: &CertificateDer<'_>) -> Standing {
    read(certificate).unwrap_or(Standing::Leaf)
}

/// The tags of DER that stand in a certificate.
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xA3;

/// 2.5.29.15
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
/// 2.5.29.19
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
/// The bit of the key usage that allows to sign certificates, in its first byte.
const KEY_CERT_SIGN: u8 = 0b0000_0100;

fn read(certificate: &[u8]) -> Option<Standing> {
    let mut signed = Der(Der(certificate).take(SEQUENCE)?);
    let mut fields = Der(signed.take(SEQUENCE)?);
    if fields.take(VERSION).is_none() {
        return Some(Standing::Unknown);
    }
    // Serial number, signature, issuer, validity, subject and key.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        fields.take(tag)?;
    }
    fields.take(ISSUER_UNIQUE_ID);
    fields.take(SUBJECT_UNIQUE_ID);
    let mut extensions = Der(Der(fields.take(EXTENSIONS)?).take(SEQUENCE)?);
    let (mut constraints, mut usage) = (None, None);
    while !extensions.is_at_end() {
        let mut extension = Der(extensions.take(SEQUENCE)?);
        let name = extension.take(OBJECT_IDENTIFIER)?;
        // Whether it is critical.
        extension.take(BOOLEAN);
        let value = extension.take(OCTET_STRING)?;
        let place = match name {
            BASIC_CONSTRAINTS => &mut constraints,
            KEY_USAGE => &mut usage,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let may_sign = is_ca(constraints?)? && usage.is_none_or(allows_to_sign);
    may_sign.then_some(Standing::Authority)
}

fn is_ca(constraints: &[u8]) -> Option<bool> {
    let mut fields = Der(Der(constraints).take(SEQUENCE)?);
    Some(fields.take(BOOLEAN)? == [0xFF])
}

fn allows_to_sign(usage: &[u8]) -> bool {
    // The first byte of a bit string is the number of bits that are not used at its end.
    matches!(Der(usage).take(BIT_STRING), Some([_, bits, ..]) if bits & KEY_CERT_SIGN != 0)
}

/// What is left to be read of a piece of DER.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The content of the next value, if it has that tag. If not, nothing is taken.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        if *found != tag {
            return None;
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }
}

/// A length, and what follows it. One byte for less than 128; else the number of bytes that it takes, and those.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(*first & 0x7F))?;
    match digits {
        [low] if *low >= 0x80 => Some((usize::from(*low), rest)),
        [high, low] if *high > 0 => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        [high, middle, low] if *high > 0 => {
            let length = u32::from_be_bytes([0, *high, *middle, *low]);
            Some((usize::try_from(length).ok()?, rest))
        }
        _ => None,
    }
}

#[cfg(test)]
#[cfg(feature = "mock")]
mod tests {
    use proptest::prelude::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, KeyUsagePurpose,
    };

    use super::*;

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["nsx".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn only_a_certificate_that_says_so_may_sign() {
        let ca = |params: &mut CertificateParams| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        };
        for (certificate, expected) in [
            (certificate(ca), Standing::Authority),
            (
                certificate(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))),
                Standing::Authority,
            ),
            (
                certificate(|params| {
                    ca(params);
                    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
                    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
                }),
                Standing::Authority,
            ),
            (
                certificate(|params| {
                    ca(params);
                    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
                }),
                Standing::Leaf,
            ),
            (certificate(|_| {}), Standing::Leaf),
            (
                certificate(|params| params.is_ca = IsCa::ExplicitNoCa),
                Standing::Leaf,
            ),
            (
                certificate(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
                Standing::Leaf,
            ),
        ] {
            assert_eq!(standing(&certificate), expected);
        }
    }

    #[test]
    fn two_constraints_and_broken_ones_are_none() {
        for contents in [
            &[&[0x30, 3, 1, 1, 0xFF][..], &[0x30, 3, 1, 1, 0xFF]][..],
            &[&[0x30, 3, 1, 1, 1]],
            &[&[0x30, 4, 1, 1, 0xFF]],
            &[&[0x30, 0x80, 1, 1, 0xFF, 0, 0]],
            &[&[]],
        ] {
            let found = certificate(|params| {
                params.custom_extensions = contents
                    .iter()
                    .map(|content| {
                        CustomExtension::from_oid_content(&[2, 5, 29, 19], content.to_vec())
                    })
                    .collect();
            });
            assert_eq!(standing(&found), Standing::Leaf, "{contents:?}");
        }
        let sound = certificate(|params| {
            let content = vec![0x30, 3, 1, 1, 0xFF];
            params.custom_extensions =
                vec![CustomExtension::from_oid_content(&[2, 5, 29, 19], content)];
        });
        assert_eq!(standing(&sound), Standing::Authority);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_no_damage_makes_an_authority(at in 0_usize..2000, byte: u8) {
            let whole = certificate(|_| {}).to_vec();
            let mut damaged = whole.clone();
            let at = at % damaged.len();
            damaged[at] ^= byte;
            prop_assert_ne!(standing(&damaged.into()), Standing::Authority);
            let (cut, _) = whole.split_at(at);
            prop_assert_ne!(standing(&cut.to_vec().into()), Standing::Authority);
        }
    }
}
