//! One certificate (RFC 5280, section 4.1): its bytes, and the facts certman judges by.
//!
//! The facts are places inside of the bytes, so that a hundred thousand certificates fit in memory; what is asked for
//! seldom is read again when it is asked for ([`Certificate::details`]). Judges only whether the bytes are exact
//! DER; who trusts a certificate is for others to say.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::algorithm::KeyAlgorithm;
use super::asn1::{
    self, BIT_STRING, BOOLEAN, CONTEXT_0, CONTEXT_3, Departure, Element, GENERALIZED_TIME, INTEGER,
    Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, UTC_TIME,
};
use super::details::Details;
use super::lifetime::Validity;
use super::name::Name;
use super::signature::SignatureAlgorithm;

/// A certificate that could be read.
pub struct Certificate {
    authority_key_identifier: Option<Span>,
    basic_constraints: Option<bool>,
    critical: Vec<CriticalExtension>,
    der: Box<[u8]>,
    fingerprint: Fingerprint,
    flaw: Option<Flaw>,
    is_self_issued: bool,
    issuer: Span,
    key: KeyAlgorithm,
    key_cert_sign: Option<bool>,
    public_key: Span,
    serial: Span,
    signature: SignatureAlgorithm,
    signature_value: Span,
    subject: Span,
    subject_key_identifier: Option<Span>,
    to_be_signed: Span,
    validity: Validity,
    version: u8,
}

/// A critical extension that not every client understands: a client must refuse what holds one that it does not
/// (RFC 5280, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CriticalExtension {
    /// cRLDistributionPoints.
    CrlDistributionPoints,
    /// One that RFC 5280 forbids to be critical: subjectKeyIdentifier, issuerAltName, authorityInfoAccess.
    Informative,
    /// netscape-cert-type.
    NetscapeType,
    /// policyConstraints or policyMappings.
    Policies,
    /// One that is not known here, and to no client that was asked.
    Unknown,
}

/// The SHA-256 of a whole certificate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// Why a client may stumble over a certificate that certman can read (CLIENTS.md, bundle, rule 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The algorithm inside of the signed part is not the one beside the signature.
    AlgorithmsDiffer,
    /// An extension that chains are built by cannot be read.
    DamagedExtension,
    /// It is not DER.
    NotDer(Departure),
    /// The same extension stands in it twice (forbidden by RFC 5280, section 4.2).
    RepeatedExtension,
}

/// Why bytes are not a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The structure of ASN.1 does not hold.
    Structure(Malformed),
    /// A date that no calendar has.
    Date,
}

impl From<Malformed> for Unreadable {
    fn from(malformed: Malformed) -> Self {
        Self::Structure(malformed)
    }
}

impl Certificate {
    /// Reads a certificate. `flaw` says where the bytes, though readable, are not what every client takes.
    ///
    /// # Errors
    /// Where the structure is not a certificate's.
    pub fn parse(der: &[u8], fingerprint: Fingerprint) -> Result<Self, Unreadable> {
        let span = |part: &[u8]| Span::of(part, der);
        let (outer, behind) = Element::expect(der, SEQUENCE)?;
        let mut parts = outer.children();
        let to_be_signed = parts.expect(SEQUENCE)?;
        let outer_algorithm = parts.expect(SEQUENCE)?;
        let signature_value = parts.expect(BIT_STRING)?;

        let mut fields = to_be_signed.children();
        let version = match fields.optional(CONTEXT_0) {
            Some(explicit) => {
                let number = explicit.children().expect(INTEGER)?.content;
                number.last().copied().unwrap_or(0).saturating_add(1)
            }
            None => 1,
        };
        let serial = fields.expect(INTEGER)?;
        let inner_algorithm = fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?;
        let validity = validity(fields.expect(SEQUENCE)?)?;
        let subject = fields.expect(SEQUENCE)?;
        let public_key = fields.expect(SEQUENCE)?;
        let extensions = loop {
            match fields.next() {
                None => break None,
                Some(field) => {
                    let field = field?;
                    if field.tag == CONTEXT_3 {
                        break Some(field);
                    }
                }
            }
        };

        let mut certificate = Self {
            authority_key_identifier: None,
            basic_constraints: None,
            critical: Vec::new(),
            fingerprint,
            flaw: None,
            is_self_issued: Name::of(subject.raw) == Name::of(issuer.raw),
            issuer: span(issuer.raw),
            key: KeyAlgorithm::of_public_key(public_key.raw),
            key_cert_sign: None,
            public_key: span(public_key.raw),
            serial: span(serial.content),
            signature: SignatureAlgorithm::of_identifier(outer_algorithm),
            signature_value: span(signature_value.content.get(1..).unwrap_or_default()),
            subject: span(subject.raw),
            subject_key_identifier: None,
            to_be_signed: span(to_be_signed.raw),
            validity,
            version,
            der: Box::default(),
        };
        let odd_extension = match extensions {
            Some(extensions) => certificate.read_extensions(extensions, der)?,
            None => None,
        };
        certificate.flaw = match asn1::exact_der(der) {
            Err(departure) => Some(Flaw::NotDer(departure)),
            Ok(()) if !behind.is_empty() => Some(Flaw::NotDer(Departure::Trailing)),
            Ok(()) if odd_extension.is_some() => odd_extension,
            Ok(()) if inner_algorithm.raw != outer_algorithm.raw => Some(Flaw::AlgorithmsDiffer),
            Ok(()) => None,
        };
        certificate.der = der.into();
        Ok(certificate)
    }

    /// Notes the extensions that chains are built by, and says what is wrong with them. A damaged one counts as missing.
    fn read_extensions(&mut self, extensions: Element<'_>, der: &[u8]) -> Result<Option<Flaw>, Malformed> {
        let mut seen = Seen::default();
        let (mut is_damaged, mut is_repeated) = (false, false);
        for extension in extensions.children().expect(SEQUENCE)?.children() {
            let mut parts = extension?.children();
            let oid = parts.expect(OBJECT_IDENTIFIER)?.content;
            let is_critical = parts.optional(BOOLEAN).is_some_and(|flag| flag.content != [0]);
            let value = parts.expect(OCTET_STRING)?.content;
            is_repeated |= !seen.insert(oid);
            // A hostile certificate may have a million of them.
            if is_critical
                && let Some(extension) = CriticalExtension::of_oid(oid)
                && !self.critical.contains(&extension)
            {
                self.critical.push(extension);
            }
            is_damaged |= self.read_extension(oid, value, der).is_err();
        }
        Ok(match (is_repeated, is_damaged) {
            (true, _) => Some(Flaw::RepeatedExtension),
            (false, true) => Some(Flaw::DamagedExtension),
            (false, false) => None,
        })
    }

    fn read_extension(&mut self, oid: &[u8], value: &[u8], der: &[u8]) -> Result<(), Malformed> {
        match oid {
            BASIC_CONSTRAINTS => {
                let (constraints, _) = Element::expect(value, SEQUENCE)?;
                let is_ca = constraints.children().optional(BOOLEAN);
                self.basic_constraints = Some(is_ca.is_some_and(|flag| flag.content != [0]));
            }
            KEY_USAGE => {
                let (bits, _) = Element::expect(value, BIT_STRING)?;
                self.key_cert_sign = Some(bits.content.get(1).is_some_and(|first| first & 0x04 != 0));
            }
            SUBJECT_KEY_IDENTIFIER => {
                let (identifier, _) = Element::expect(value, OCTET_STRING)?;
                self.subject_key_identifier = Some(Span::of(identifier.content, der));
            }
            AUTHORITY_KEY_IDENTIFIER => {
                let (identifier, _) = Element::expect(value, SEQUENCE)?;
                let key = identifier.children().optional(CONTEXT_0_PRIMITIVE);
                self.authority_key_identifier = key.map(|key| Span::of(key.content, der));
            }
            _ => {}
        }
        Ok(())
    }

    /// The key identifier of the issuer (RFC 5280, section 4.2.1.1), where the certificate names it.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.authority_key_identifier.map(|span| span.of_bytes(&self.der))
    }

    /// The critical extensions that not every client understands, each kind once.
    pub fn critical_extensions(&self) -> &[CriticalExtension] {
        &self.critical
    }

    /// The certificate as it was found.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// What its extensions say, for those who ask. What cannot be read is left out.
    pub fn details(&self) -> Details {
        Details::of_certificate(&self.der)
    }

    /// The SHA-256 of the whole certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// What in its encoding harms it or its neighbours.
    pub fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// Whether it may issue others: basicConstraints says so; or, where that extension is missing, keyCertSign does,
    /// or the certificate is of version 1 and self-issued. Never where there is a keyUsage without keyCertSign (as
    /// OpenSSL's `check_ca` has it).
    pub fn is_ca(&self) -> bool {
        match (self.basic_constraints, self.key_cert_sign) {
            (_, Some(false)) => false,
            (Some(is_ca), _) => is_ca,
            (None, Some(may_sign)) => may_sign,
            (None, None) => self.version == 1 && self.is_self_issued(),
        }
    }

    /// Whether subject and issuer are the same name. That proves nothing: [`super::chain::self_signature`] does.
    pub fn is_self_issued(&self) -> bool {
        self.is_self_issued
    }

    /// The issuer's name.
    pub fn issuer(&self) -> Name<'_> {
        Name::of(self.issuer.of_bytes(&self.der))
    }

    /// The algorithm and size of the public key.
    pub fn key(&self) -> &KeyAlgorithm {
        &self.key
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> &[u8] {
        self.public_key.of_bytes(&self.der)
    }

    /// The serial number: hexadecimal, lower case, without leading zeros; `-` before a negative one.
    pub fn serial(&self) -> String {
        hexadecimal(self.serial.of_bytes(&self.der))
    }

    /// The algorithm of the issuer's signature.
    pub fn signature(&self) -> &SignatureAlgorithm {
        &self.signature
    }

    /// The signature itself.
    pub fn signature_value(&self) -> &[u8] {
        self.signature_value.of_bytes(&self.der)
    }

    /// The subject's name.
    pub fn subject(&self) -> Name<'_> {
        Name::of(self.subject.of_bytes(&self.der))
    }

    /// The identifier of its own key (RFC 5280, section 4.2.1.2), where it has one.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.subject_key_identifier.map(|span| span.of_bytes(&self.der))
    }

    /// The part that the issuer has signed.
    pub fn to_be_signed(&self) -> &[u8] {
        self.to_be_signed.of_bytes(&self.der)
    }

    /// From when to when.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The version people count by, from 1.
    pub fn version(&self) -> u8 {
        self.version
    }
}

impl CriticalExtension {
    /// What an extension with this object identifier (content octets) is; none where every client understands it.
    fn of_oid(oid: &[u8]) -> Option<Self> {
        match oid {
            CRL_DISTRIBUTION_POINTS => Some(Self::CrlDistributionPoints),
            AUTHORITY_INFO_ACCESS | ISSUER_ALT_NAME | SUBJECT_KEY_IDENTIFIER => Some(Self::Informative),
            NETSCAPE_CERT_TYPE => Some(Self::NetscapeType),
            POLICY_CONSTRAINTS | POLICY_MAPPINGS => Some(Self::Policies),
            AUTHORITY_KEY_IDENTIFIER
            | BASIC_CONSTRAINTS
            | CERTIFICATE_POLICIES
            | EXTENDED_KEY_USAGE
            | INHIBIT_ANY_POLICY
            | KEY_USAGE
            | NAME_CONSTRAINTS
            | SUBJECT_ALT_NAME => None,
            _ => Some(Self::Unknown),
        }
    }
}

impl Fingerprint {
    /// Hashes a certificate.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Lower-case hexadecimal digits, without separators.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            digits.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    digits
}

/// An INTEGER, by its content octets: hexadecimal, lower case, without leading zeros; `-` before a negative one.
pub(super) fn hexadecimal(octets: &[u8]) -> String {
    let is_negative = octets.first().is_some_and(|first| first & 0x80 != 0);
    let significant = if is_negative { negated(octets) } else { octets.to_vec() };
    let digits = hex(&significant);
    let digits = digits.trim_start_matches('0');
    format!("{}{}", if is_negative { "-" } else { "" }, if digits.is_empty() { "0" } else { digits })
}

/// A part of a certificate, as offsets into its bytes.
#[derive(Clone, Copy)]
struct Span {
    end: u32,
    start: u32,
}

impl Span {
    /// Where `part`, a slice of `whole`, lies in it.
    fn of(part: &[u8], whole: &[u8]) -> Self {
        let start = (part.as_ptr().addr().saturating_sub(whole.as_ptr().addr())) as u32;
        Self { end: start + part.len() as u32, start }
    }

    fn of_bytes(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The extensions that have been read. A list is quicker than a set for as many as a certificate has; a hostile one may
/// have a million.
#[derive(Default)]
struct Seen<'a> {
    few: Vec<&'a [u8]>,
    more: HashSet<&'a [u8]>,
}

impl<'a> Seen<'a> {
    /// Notes an extension, and says whether it is new.
    fn insert(&mut self, oid: &'a [u8]) -> bool {
        if self.few.contains(&oid) {
            return false;
        }
        if self.few.len() < 32 {
            self.few.push(oid);
            return true;
        }
        self.more.insert(oid)
    }
}

fn validity(validity: Element<'_>) -> Result<Validity, Unreadable> {
    let mut times = validity.children();
    let mut time = || -> Result<i64, Unreadable> {
        let time = times.next().ok_or(Malformed::CutShort)??;
        unix_time(time.tag, time.content).ok_or(Unreadable::Date)
    };
    Ok(Validity { not_before: time()?, not_after: time()? })
}

/// Reads a UTCTime or GeneralizedTime, also in the forms that X.690 allows and RFC 5280 does not: without seconds,
/// with a fraction, with an offset. Gives seconds since 1970-01-01T00:00:00Z.
pub(super) fn unix_time(tag: u8, content: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(content).ok()?;
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (date, zone) = text.split_at(digits);
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = date.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            // RFC 5280, section 4.1.2.5.1: 50 and above is the last century.
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = date.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let pair = |index: usize| -> Option<u8> {
        match rest.get(index * 2..index * 2 + 2) {
            Some(pair) => pair.parse().ok(),
            None if index == 4 && rest.len() == 8 => Some(0),
            None => None,
        }
    };
    let month = time::Month::try_from(pair(0)?).ok()?;
    let date = time::Date::from_calendar_date(year, month, pair(1)?).ok()?;
    let seconds = pair(4)?.min(59);
    let moment = date.with_hms(pair(2)?, pair(3)?, seconds).ok()?.assume_utc().unix_timestamp();
    let zone = zone
        .strip_prefix(['.', ','])
        .map_or(zone, |fraction| fraction.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    let offset = match zone.as_bytes() {
        [] | b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, _, _] => {
            let seconds = zone[1..3].parse::<i64>().ok()? * 3600 + zone[3..5].parse::<i64>().ok()? * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    Some(moment - offset)
}

/// The absolute value of a negative number in two's complement.
fn negated(octets: &[u8]) -> Vec<u8> {
    let mut magnitude: Vec<u8> = octets.iter().map(|octet| !octet).collect();
    for octet in magnitude.iter_mut().rev() {
        let (sum, carry) = octet.overflowing_add(1);
        *octet = sum;
        if !carry {
            break;
        }
    }
    magnitude
}

/// 1.3.6.1.5.5.7.1.1
const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
/// 2.5.29.35
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
/// 2.5.29.19
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 2.5.29.32
const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
/// Primitive, context-specific, number 0: the keyIdentifier of an AuthorityKeyIdentifier.
const CONTEXT_0_PRIMITIVE: u8 = 0x80;
/// 2.5.29.31
const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
/// 2.5.29.37
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 2.5.29.54
const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 0x36];
/// 2.5.29.18
const ISSUER_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x12];
/// 2.5.29.15
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// 2.5.29.30
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
/// 2.16.840.1.113730.1.1
const NETSCAPE_CERT_TYPE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x01, 0x01];
/// 2.5.29.36
const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x24];
/// 2.5.29.33
const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 0x21];
/// 2.5.29.17
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// 2.5.29.14
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_x690_allows() {
        for (tag, text, wanted) in [
            (UTC_TIME, "250102030405Z", Some(1_735_787_045)),
            (UTC_TIME, "2501020304Z", Some(1_735_787_040)),
            (UTC_TIME, "250102040405+0100", Some(1_735_787_045)),
            (UTC_TIME, "500102030405Z", Some(-631_054_555)),
            (GENERALIZED_TIME, "20250102030405Z", Some(1_735_787_045)),
            (GENERALIZED_TIME, "20250102030405.25Z", Some(1_735_787_045)),
            (GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799)),
            (UTC_TIME, "251302030405Z", None),
            (UTC_TIME, "25", None),
            (UTC_TIME, "", None),
            (INTEGER, "250102030405Z", None),
        ] {
            assert_eq!(unix_time(tag, text.as_bytes()), wanted, "{text}");
        }
    }

    /// Noticed by reading: one was added to whatever byte stood there.
    #[test]
    fn a_version_of_255_was_one_too_many() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut der = rcgen::CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
        let version = [0xa0, 3, 2, 1, 2];
        let at = der.windows(5).position(|window| window == version).unwrap();
        der[at + 4] = 0xff;
        assert_eq!(Certificate::parse(&der, Fingerprint::of(&der)).unwrap().version, 255);
    }

    /// Noticed with a file of a few megabytes that took minutes: each was compared with all before it.
    #[test]
    fn many_extensions_cost_the_square_of_their_number() {
        let started = std::time::Instant::now();
        let oids: Vec<[u8; 4]> = (0..400_000_u32).map(u32::to_be_bytes).collect();
        let mut seen = Seen::default();
        assert!(oids.iter().all(|oid| seen.insert(oid)));
        assert!(!seen.insert(&oids[3]) && !seen.insert(&oids[399_999]));
        assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    }

    #[test]
    fn a_negative_number_has_its_sign() {
        assert_eq!(negated(&[0xff, 0x00]), [0x01, 0x00]);
        assert_eq!(negated(&[0x80]), [0x80]);
    }
}
