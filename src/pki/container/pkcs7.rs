//! PKCS#7 and CMS signed data (RFC 5652, section 5.1), of which only certificates and revocation lists count: `.p7b`, `.p7c`,
//! S/MIME signatures. BER with indefinite lengths included, as Windows and Java write it. What is inside comes out byte for byte
//! as it lies there, so that one odd certificate does not cost the others.

use super::der::SIGNED_DATA;
use crate::pki::asn1::{CONTEXT_0, CONTEXT_1, Element, INTEGER, Malformed, OBJECT_IDENTIFIER, SEQUENCE, SET};

/// Something found inside.
pub(super) enum Part<'a> {
    Certificate(&'a [u8]),
    RevocationList(&'a [u8]),
}

/// Certificates, then revocation lists, in their order, which says nothing about the chain: each is a SET.
///
/// # Errors
/// Where the structure around them cannot be read.
pub(super) fn contents(bytes: &[u8]) -> Result<impl Iterator<Item = Result<Part<'_>, Malformed>>, Malformed> {
    let mut content_info = Element::expect(bytes, SEQUENCE)?.0.children();
    if content_info.expect(OBJECT_IDENTIFIER)?.content != SIGNED_DATA {
        return Err(Malformed::Unexpected);
    }
    let mut signed_data = content_info.expect(CONTEXT_0)?.children().expect(SEQUENCE)?.children();
    signed_data.expect(INTEGER)?;
    signed_data.expect(SET)?;
    signed_data.expect(SEQUENCE)?;
    let certificates = choices(signed_data.optional(CONTEXT_0)).map(|one| one.map(Part::Certificate));
    let lists = choices(signed_data.optional(CONTEXT_1)).map(|one| one.map(Part::RevocationList));
    Ok(certificates.chain(lists))
}

/// The sequences of a SET. The other choices are attribute certificates, OCSP answers and formats nobody uses (RFC 5652, sections
/// 10.2.1 and 10.2.2).
fn choices<'a>(set: Option<Element<'a>>) -> impl Iterator<Item = Result<&'a [u8], Malformed>> {
    set.into_iter().flat_map(|set| set.children()).filter_map(|choice| match choice {
        Ok(choice) => (choice.tag == SEQUENCE).then_some(Ok(choice.raw)),
        Err(malformed) => Some(Err(malformed)),
    })
}
