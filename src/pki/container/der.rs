//! What a DER structure is, told by the shape of its first elements. Decodes nothing further.

use super::jks;
use super::store::StoreKind;
use crate::pki::asn1::{
    CONTEXT_0, Element, GENERALIZED_TIME, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE,
    UTC_TIME,
};
use crate::pki::name::Name;

/// The structures that certman tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structure {
    /// A certificate, RFC 5280, section 4.1.
    Certificate,
    /// A private key of any form: PKCS#8, sealed PKCS#8, PKCS#1, SEC1.
    PrivateKey,
    /// A certificate request, RFC 2986.
    Request,
    /// A certificate revocation list, RFC 5280, section 5.1.
    RevocationList,
    /// PKCS#7 or CMS signed data, RFC 5652, section 5.1.
    SignedData,
    /// A store of certificates and keys.
    Store(StoreKind),
    /// None of these.
    Unknown,
}

/// The element that the bytes start with.
pub(super) fn first(bytes: &[u8]) -> Result<&[u8], Malformed> {
    Element::read(bytes).map(|(element, _)| element.raw)
}

/// Tells what the structure at the start of `bytes` is.
pub(super) fn structure(bytes: &[u8]) -> Structure {
    match jks::is_jceks(bytes) {
        Some(true) => return Structure::Store(StoreKind::Jceks),
        Some(false) => return Structure::Store(StoreKind::Jks),
        None => {}
    }
    let outer = match Element::expect(bytes, SEQUENCE) {
        Ok((outer, _)) => outer,
        Err(Malformed::CutShort) if begins_like_pkcs12(bytes) => return Structure::Store(StoreKind::Pkcs12),
        Err(_) => return Structure::Unknown,
    };
    let mut parts = outer.children();
    let (Some(Ok(first)), second) = (parts.next(), parts.next().and_then(Result::ok)) else {
        return Structure::Unknown;
    };
    match (first.tag, second.map(|second| second.tag)) {
        (OBJECT_IDENTIFIER, _) if first.content == SIGNED_DATA => Structure::SignedData,
        (SEQUENCE, Some(SEQUENCE)) => signed_structure(first),
        // EncryptedPrivateKeyInfo (RFC 5958, section 3): an algorithm and octets.
        (SEQUENCE, Some(OCTET_STRING)) => Structure::PrivateKey,
        // PKCS#8 has the algorithm behind its version, PKCS#1 the modulus, SEC1 octets. A PKCS#12 store has a
        // sequence there too, but its version is 3.
        (INTEGER, Some(SEQUENCE)) if matches!(first.content, [0 | 1]) => Structure::PrivateKey,
        (INTEGER, Some(INTEGER)) if matches!(first.content, [0 | 1]) => Structure::PrivateKey,
        (INTEGER, Some(OCTET_STRING)) if first.content == [1] => Structure::PrivateKey,
        (INTEGER, Some(SEQUENCE)) if first.content == [3] && holds_content(second) => {
            Structure::Store(StoreKind::Pkcs12)
        }
        _ => Structure::Unknown,
    }
}

/// The issuer of a certificate revocation list (RFC 5280, section 5.1.2.3); none where it cannot be read.
pub fn issuer_of_list(der: &[u8]) -> Option<Name<'_>> {
    let mut list = Element::expect(der, SEQUENCE).ok()?.0.children().expect(SEQUENCE).ok()?.children();
    list.optional(INTEGER);
    list.expect(SEQUENCE).ok()?;
    Some(Name::of(list.expect(SEQUENCE).ok()?.raw))
}

/// The subject of a certificate request (RFC 2986, section 4.1); none where it cannot be read.
pub fn subject_of_request(der: &[u8]) -> Option<Name<'_>> {
    let mut info = Element::expect(der, SEQUENCE).ok()?.0.children().expect(SEQUENCE).ok()?.children();
    info.expect(INTEGER).ok()?;
    Some(Name::of(info.expect(SEQUENCE).ok()?.raw))
}

/// Whether bytes whose end is missing are the start of a PKCS#12 store: version 3, then data or signed data.
fn begins_like_pkcs12(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(64)];
    let holds = |kind: &[u8]| start.windows(kind.len()).any(|window| window == kind);
    start.windows(4).take(8).any(|window| window == [INTEGER, 1, 3, SEQUENCE])
        && (holds(DATA) || holds(SIGNED_DATA))
}

/// ContentInfo of a PKCS#12 store (RFC 7292, section 4): data under a passphrase, or signed data.
fn holds_content(content_info: Option<Element<'_>>) -> bool {
    let kind = content_info.and_then(|info| info.children().expect(OBJECT_IDENTIFIER).ok());
    kind.is_some_and(|kind| kind.content == DATA || kind.content == SIGNED_DATA)
}

/// Certificates, requests and revocation lists are each a body, an algorithm and a signature: the body tells.
fn signed_structure(body: Element<'_>) -> Structure {
    let mut tags = [0_u8; 5];
    for (tag, field) in tags.iter_mut().zip(body.children()) {
        match field {
            Ok(field) => *tag = field.tag,
            Err(_) => break,
        }
    }
    match tags {
        [CONTEXT_0, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE] => Structure::Certificate,
        [INTEGER, SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, _] => Structure::RevocationList,
        [SEQUENCE, SEQUENCE, UTC_TIME | GENERALIZED_TIME, _, _] => Structure::RevocationList,
        [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, _] => Structure::Certificate,
        [INTEGER, SEQUENCE, SEQUENCE, CONTEXT_0 | 0, _] => Structure::Request,
        _ => Structure::Unknown,
    }
}

/// 1.2.840.113549.1.7.2
pub(super) const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.7.1
pub(super) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
