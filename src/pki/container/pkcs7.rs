//! PKCS#7 and CMS signed data (RFC 5652, section 5.1), of which only the certificates count: `.p7b`, `.p7c`, S/MIME
//! signatures. BER with indefinite lengths included, as Windows and Java write it. Certificates come out byte for byte
//! as they lie in it, so that one odd certificate does not cost the others.

use super::der::SIGNED_DATA;
use crate::pki::asn1::{CONTEXT_0, Element, INTEGER, Malformed, OBJECT_IDENTIFIER, SEQUENCE, SET};

/// The certificates in their order, which says nothing about the chain: it is a SET.
///
/// # Errors
/// Where the structure around them cannot be read.
pub(super) fn certificates(
    bytes: &[u8],
) -> Result<impl Iterator<Item = Result<&[u8], Malformed>>, Malformed> {
    let mut content_info = Element::expect(bytes, SEQUENCE)?.0.children();
    if content_info.expect(OBJECT_IDENTIFIER)?.content != SIGNED_DATA {
        return Err(Malformed::Unexpected);
    }
    let mut signed_data = content_info.expect(CONTEXT_0)?.children().expect(SEQUENCE)?.children();
    signed_data.expect(INTEGER)?;
    signed_data.expect(SET)?;
    signed_data.expect(SEQUENCE)?;
    let certificates = signed_data.optional(CONTEXT_0);
    Ok(certificates.into_iter().flat_map(|set| set.children()).filter_map(|choice| match choice {
        // The other choices are attribute certificates and formats nobody uses (RFC 5652, section 10.2.2).
        Ok(choice) => (choice.tag == SEQUENCE).then_some(Ok(choice.raw)),
        Err(malformed) => Some(Err(malformed)),
    }))
}
