//! Certificate requests (PKCS#10, RFC 2986): who asks for what, and whether the key that is to be certified has signed it.

use super::algorithm::KeyAlgorithm;
use super::asn1::{BIT_STRING, CONTEXT_0, Element, INTEGER, Malformed, OBJECT_IDENTIFIER, SEQUENCE, SET};
use super::details::Details;
use super::name::Name;
use super::signature::{SignatureAlgorithm, Verdict, verify};

/// A request that could be read.
pub struct Request<'a> {
    /// The extensions it asks for (RFC 2985, section 5.4.2).
    pub details: Details,
    /// The kind and size of the key.
    pub key: KeyAlgorithm,
    /// The SubjectPublicKeyInfo in DER.
    pub public_key: &'a [u8],
    /// The algorithm of its signature.
    pub signature: SignatureAlgorithm,
    /// Who asks.
    pub subject: Name<'a>,
    /// Whether its own key has signed it.
    pub verdict: Verdict,
}

impl<'a> Request<'a> {
    /// Reads CertificationRequest (RFC 2986, section 4).
    ///
    /// # Errors
    /// Where the structure is not a request's. Attributes that cannot be read are passed over.
    pub fn parse(der: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Element::expect(der, SEQUENCE)?.0.children();
        let info = parts.expect(SEQUENCE)?;
        let signature = SignatureAlgorithm::of_identifier(parts.expect(SEQUENCE)?);
        let value = parts.expect(BIT_STRING)?.content.get(1..).unwrap_or_default();

        let mut fields = info.children();
        fields.expect(INTEGER)?;
        let subject = Name::of(fields.expect(SEQUENCE)?.raw);
        let public_key = fields.expect(SEQUENCE)?.raw;
        let wishes = fields.optional(CONTEXT_0).and_then(extension_request);
        Ok(Self {
            details: wishes.map(Details::of_extensions).unwrap_or_default(),
            key: KeyAlgorithm::of_public_key(public_key),
            public_key,
            subject,
            verdict: verify(public_key, &signature, info.raw, value),
            signature,
        })
    }
}

/// The extensions among the attributes.
fn extension_request(attributes: Element<'_>) -> Option<Element<'_>> {
    attributes.children().flatten().find_map(|attribute| {
        let mut parts = attribute.children();
        let oid = parts.expect(OBJECT_IDENTIFIER).ok()?.content;
        let values = parts.expect(SET).ok().filter(|_| EXTENSION_REQUESTS.contains(&oid))?;
        values.children().expect(SEQUENCE).ok()
    })
}

/// 1.2.840.113549.1.9.14, and 1.3.6.1.4.1.311.2.1.14, which Windows used before.
const EXTENSION_REQUESTS: [&[u8]; 2] =
    [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14], &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 14]];
