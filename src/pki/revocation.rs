//! Certificate revocation lists (RFC 5280, section 5): whose, from when to when, and how many entries. Says nothing about who is
//! revoked: nothing here needs to know.

use super::asn1::{BIT_STRING, CONTEXT_0, Element, GENERALIZED_TIME, INTEGER, Malformed, SEQUENCE, UTC_TIME};
use super::cert::{Unreadable, hexadecimal, unix_time};
use super::name::Name;
use super::signature::SignatureAlgorithm;

/// A list that could be read.
pub struct RevocationList<'a> {
    /// How many certificates it revokes.
    pub entries: usize,
    /// Whose list it is.
    pub issuer: Name<'a>,
    /// When the next one comes at the latest, in seconds since 1970-01-01T00:00:00Z; some say nothing of it.
    pub next_update: Option<i64>,
    /// Its number (section 5.2.3) in hexadecimal digits; none where it has none.
    pub number: Option<String>,
    /// The algorithm of its signature.
    pub signature: SignatureAlgorithm,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    pub this_update: i64,
}

impl<'a> RevocationList<'a> {
    /// Reads CertificateList.
    ///
    /// # Errors
    /// Where the structure is not a list's.
    pub fn parse(der: &'a [u8]) -> Result<Self, Unreadable> {
        let mut parts = Element::expect(der, SEQUENCE)?.0.children();
        let list = parts.expect(SEQUENCE)?;
        let signature = SignatureAlgorithm::of_identifier(parts.expect(SEQUENCE)?);
        parts.expect(BIT_STRING)?;

        let mut fields = list.children();
        fields.optional(INTEGER);
        fields.expect(SEQUENCE)?;
        let issuer = Name::of(fields.expect(SEQUENCE)?.raw);
        let moment = |time: Element<'_>| unix_time(time.tag, time.content).ok_or(Unreadable::Date);
        let this_update = moment(fields.next().ok_or(Malformed::CutShort)??)?;
        let next = fields.optional(UTC_TIME).or_else(|| fields.optional(GENERALIZED_TIME));
        let next_update = next.map(moment).transpose()?;
        let entries = fields.optional(SEQUENCE).map_or(0, |entries| entries.children().flatten().count());
        let extensions = fields.optional(CONTEXT_0);
        let extensions = extensions.and_then(|explicit| explicit.children().expect(SEQUENCE).ok());
        let number = extensions.and_then(list_number);
        Ok(Self { entries, issuer, next_update, number, signature, this_update })
    }
}

fn list_number(extensions: Element<'_>) -> Option<String> {
    extensions.children().flatten().find_map(|extension| {
        let mut parts = extension.children();
        let oid = parts.next()?.ok()?.content;
        let value = parts.last()?.ok().filter(|_| oid == CRL_NUMBER)?;
        Some(hexadecimal(Element::expect(value.content, INTEGER).ok()?.0.content))
    })
}

/// 2.5.29.20
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
