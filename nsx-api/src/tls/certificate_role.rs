//! Distinguishes CA certificates from server certificates.
//!
//! An added certificate belongs either to a CA or to a manager. The library that builds chains does
//! not distinguish them: any trust anchor may sign for any name. If a manager's own certificate
//! became a trust anchor, the owner of its key could impersonate every other manager.

use rustls::pki_types::CertificateDer;

/// The role of a certificate, by its extensions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum CertificateRole {
    /// It may sign other certificates: `CA:TRUE`, and the key usage, if present, has `keyCertSign`.
    Ca,
    /// It may not sign other certificates.
    EndEntity,
    /// It is an X.509 version 1 certificate, which has no extensions. rustls cannot verify servers
    /// with such a certificate either.
    Unknown,
}

/// The role of a certificate. A certificate that cannot be parsed may not sign others.
pub(super) fn role_of(certificate: &CertificateDer<'_>) -> CertificateRole {
    parse_role(certificate).unwrap_or(CertificateRole::EndEntity)
}

// The DER tags that occur in a certificate.
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
/// The `keyCertSign` bit in the first byte of the key usage.
const KEY_CERT_SIGN: u8 = 0b0000_0100;

fn parse_role(certificate: &[u8]) -> Option<CertificateRole> {
    let mut signed = Der(Der(certificate).take(SEQUENCE)?);
    let mut fields = Der(signed.take(SEQUENCE)?);
    if fields.take(VERSION).is_none() {
        return Some(CertificateRole::Unknown);
    }
    // Serial number, signature, issuer, validity, subject and public key.
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
        // The `critical` flag.
        extension.take(BOOLEAN);
        let value = extension.take(OCTET_STRING)?;
        let slot = match name {
            BASIC_CONSTRAINTS => &mut constraints,
            KEY_USAGE => &mut usage,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let may_sign = is_ca(constraints?)? && usage.is_none_or(allows_cert_sign);
    may_sign.then_some(CertificateRole::Ca)
}

fn is_ca(constraints: &[u8]) -> Option<bool> {
    let mut fields = Der(Der(constraints).take(SEQUENCE)?);
    Some(fields.take(BOOLEAN)? == [0xFF])
}

fn allows_cert_sign(usage: &[u8]) -> bool {
    // The first byte of a bit string is its number of unused bits.
    matches!(Der(usage).take(BIT_STRING), Some([_, bits, ..]) if bits & KEY_CERT_SIGN != 0)
}

/// The unread rest of DER data.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// Consumes the next value and returns its content, if it has this tag. Otherwise consumes
    /// nothing.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        if *found != tag {
            return None;
        }
        let (length, rest) = split_length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }
}

/// Splits a DER length from the bytes after it. A length below 128 is one byte. A longer one starts
/// with the number of its bytes.
fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
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
    fn only_a_certificate_with_ca_true_has_the_ca_role() {
        let ca = |params: &mut CertificateParams| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        };
        for (certificate, expected) in [
            (certificate(ca), CertificateRole::Ca),
            (
                certificate(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))),
                CertificateRole::Ca,
            ),
            (
                certificate(|params| {
                    ca(params);
                    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
                    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
                }),
                CertificateRole::Ca,
            ),
            (
                certificate(|params| {
                    ca(params);
                    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
                }),
                CertificateRole::EndEntity,
            ),
            (certificate(|_| {}), CertificateRole::EndEntity),
            (
                certificate(|params| params.is_ca = IsCa::ExplicitNoCa),
                CertificateRole::EndEntity,
            ),
            (
                certificate(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
                CertificateRole::EndEntity,
            ),
        ] {
            assert_eq!(role_of(&certificate), expected);
        }
    }

    #[test]
    fn a_certificate_with_duplicate_or_malformed_basic_constraints_is_not_a_ca() {
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
            assert_eq!(role_of(&found), CertificateRole::EndEntity, "{contents:?}");
        }
        let valid = certificate(|params| {
            let content = vec![0x30, 3, 1, 1, 0xFF];
            params.custom_extensions =
                vec![CustomExtension::from_oid_content(&[2, 5, 29, 19], content)];
        });
        assert_eq!(role_of(&valid), CertificateRole::Ca);
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_never_panics_and_never_becomes_a_ca(at in 0_usize..2000, byte: u8) {
            let whole = certificate(|_| {}).to_vec();
            let mut damaged = whole.clone();
            let at = at % damaged.len();
            damaged[at] ^= byte;
            prop_assert_ne!(role_of(&damaged.into()), CertificateRole::Ca);
            let (cut, _) = whole.split_at(at);
            prop_assert_ne!(role_of(&cut.to_vec().into()), CertificateRole::Ca);
        }
    }
}
