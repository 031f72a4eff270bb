//! What a certificate says in its extensions (RFC 5280, section 4.2), for those who want to see all of it.
//!
//! Reads one extension at a time: a damaged one is named and costs itself alone. Judges nothing; texts come as they stand
//! in the certificate, to be escaped by whoever shows them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::algorithm::dotted;
use super::asn1::{
    BIT_STRING, BOOLEAN, CONTEXT_0, CONTEXT_1, CONTEXT_3, Element, INTEGER, Malformed, OBJECT_IDENTIFIER,
    OCTET_STRING, SEQUENCE,
};
use super::cert::hex;
use super::name::Name;

/// The extensions of a certificate or a request.
#[derive(Debug, Default)]
pub struct Details {
    /// Where the issuer's certificate lies (RFC 5280, section 4.2.2.1): addresses, and other names as `DirName:…`.
    pub ca_issuers: Vec<String>,
    /// Where the revocation lists lie (section 4.2.1.13): addresses, and other names as `DirName:…`.
    pub crl_distribution_points: Vec<String>,
    /// The purposes of the ExtendedKeyUsage extension, by name or in dots; none where there is no such extension.
    pub extended_key_usage: Option<Vec<String>>,
    /// All of them, in their order.
    pub extensions: Vec<Extension>,
    /// The bits of the KeyUsage extension that are set, by their names in RFC 5280; none where there is none.
    pub key_usage: Option<Vec<&'static str>>,
    /// Which names a CA may issue for (section 4.2.1.10); none where nothing limits it.
    pub name_constraints: Option<NameConstraints>,
    /// Where the OCSP responder answers.
    pub ocsp: Vec<String>,
    /// How many CAs may follow below this one; none where nothing limits it.
    pub path_length: Option<u32>,
    /// The object identifiers of the policies, in dots.
    pub policies: Vec<String>,
    /// The SubjectAltName entries as `DNS:…`, `IP:…`, `email:…`, `URI:…`, in their order.
    pub subject_alt_names: Vec<String>,
}

/// One extension.
#[derive(Debug)]
pub struct Extension {
    /// Whether whoever does not know it has to refuse the certificate.
    pub is_critical: bool,
    /// Whether it is one of those read here, and could not be read.
    pub is_damaged: bool,
    /// What RFC 5280 or its maker calls it; none for a stranger.
    pub name: Option<&'static str>,
    /// Its object identifier in dots.
    pub oid: String,
}

/// Subtrees of names, as `DNS:…`, `IP:10.0.0.0/8`, `email:…`, `DirName:…`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct NameConstraints {
    /// What it may never issue for.
    pub excluded: Vec<String>,
    /// What alone it may issue for; nothing here where it may issue for everything else.
    pub permitted: Vec<String>,
}

impl Details {
    /// Reads the extensions of a DER certificate that has been read before. What cannot be read is left out.
    pub fn of_certificate(der: &[u8]) -> Self {
        let extensions = || {
            let mut fields =
                Element::expect(der, SEQUENCE).ok()?.0.children().expect(SEQUENCE).ok()?.children();
            let explicit = fields.find_map(|field| field.ok().filter(|field| field.tag == CONTEXT_3))?;
            explicit.children().expect(SEQUENCE).ok()
        };
        extensions().map(Self::of_extensions).unwrap_or_default()
    }

    /// Reads Extensions: of certificates, requests and revocation lists.
    pub fn of_extensions(extensions: Element<'_>) -> Self {
        let mut details = Self::default();
        for extension in extensions.children().flatten() {
            let mut parts = extension.children();
            let Ok(oid) = parts.expect(OBJECT_IDENTIFIER) else { continue };
            let is_critical = parts.optional(BOOLEAN).is_some_and(|flag| flag.content != [0]);
            let read = parts.expect(OCTET_STRING).and_then(|value| details.read(oid.content, value.content));
            details.extensions.push(Extension {
                is_critical,
                is_damaged: read.is_err(),
                name: EXTENSIONS.iter().find(|(known, _)| *known == oid.content).map(|(_, name)| *name),
                oid: dotted(oid.content),
            });
        }
        details
    }

    fn read(&mut self, oid: &[u8], value: &[u8]) -> Result<(), Malformed> {
        match oid {
            AUTHORITY_INFORMATION_ACCESS => self.read_access(whole(value, SEQUENCE)?)?,
            AUTHORITY_KEY_IDENTIFIER => {
                whole(value, SEQUENCE)?.children().try_for_each(|field| field.map(|_| ()))?;
            }
            BASIC_CONSTRAINTS => {
                let mut parts = whole(value, SEQUENCE)?.children();
                parts.optional(BOOLEAN);
                let limit = parts.optional(INTEGER).map(|limit| number(limit.content)).transpose()?;
                if !parts.rest().is_empty() {
                    return Err(Malformed::Unexpected);
                }
                self.path_length = limit;
            }
            CERTIFICATE_POLICIES => {
                let policies = whole(value, SEQUENCE)?.children().map(|policy| {
                    policy?.children().expect(OBJECT_IDENTIFIER).map(|oid| dotted(oid.content))
                });
                self.policies = policies.collect::<Result<_, _>>()?;
            }
            CRL_DISTRIBUTION_POINTS => {
                let mut found = Vec::new();
                for point in whole(value, SEQUENCE)?.children() {
                    let Some(name) = point?.children().optional(CONTEXT_0) else { continue };
                    // The other choice is a name relative to the issuer's, which nobody uses.
                    let Some(full) = name.children().optional(CONTEXT_0) else { continue };
                    for one in full.children() {
                        found.push(address(one?)?);
                    }
                }
                self.crl_distribution_points = found;
            }
            EXTENDED_KEY_USAGE => {
                let purposes = whole(value, SEQUENCE)?.children().map(|oid| match oid? {
                    oid if oid.tag == OBJECT_IDENTIFIER => Ok(purpose(oid.content)),
                    _ => Err(Malformed::Unexpected),
                });
                self.extended_key_usage = Some(purposes.collect::<Result<_, _>>()?);
            }
            KEY_USAGE => self.key_usage = Some(key_usages(whole(value, BIT_STRING)?.content)),
            NAME_CONSTRAINTS => {
                let mut parts = whole(value, SEQUENCE)?.children();
                let permitted = parts.optional(CONTEXT_0).map(subtrees).transpose()?.unwrap_or_default();
                let excluded = parts.optional(CONTEXT_1).map(subtrees).transpose()?.unwrap_or_default();
                self.name_constraints = Some(NameConstraints { excluded, permitted });
            }
            SUBJECT_ALTERNATIVE_NAME => {
                let names = whole(value, SEQUENCE)?.children().map(|name| general_name(name?));
                self.subject_alt_names = names.collect::<Result<_, _>>()?;
            }
            SUBJECT_KEY_IDENTIFIER => {
                whole(value, OCTET_STRING)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn read_access(&mut self, descriptions: Element<'_>) -> Result<(), Malformed> {
        let (mut ca_issuers, mut ocsp) = (Vec::new(), Vec::new());
        for description in descriptions.children() {
            let mut parts = description?.children();
            let method = parts.expect(OBJECT_IDENTIFIER)?.content;
            let location = parts.next().ok_or(Malformed::CutShort)??;
            match method {
                CA_ISSUERS => ca_issuers.push(address(location)?),
                OCSP => ocsp.push(address(location)?),
                _ => {}
            }
        }
        (self.ca_issuers, self.ocsp) = (ca_issuers, ocsp);
        Ok(())
    }
}

/// The object identifier in dots of a purpose that [`Details::extended_key_usage`] has by its name; what is in dots already
/// stays so.
pub fn purpose_oid(name: &str) -> String {
    let known = PURPOSES.iter().find(|(_, known)| *known == name);
    known.map_or_else(|| name.to_owned(), |(oid, _)| dotted(oid))
}

/// The one element that an extension holds.
fn whole(value: &[u8], tag: u8) -> Result<Element<'_>, Malformed> {
    match Element::expect(value, tag)? {
        (element, []) => Ok(element),
        _ => Err(Malformed::Unexpected),
    }
}

fn subtrees(trees: Element<'_>) -> Result<Vec<String>, Malformed> {
    trees
        .children()
        .map(|tree| {
            let base = tree?.children().next().ok_or(Malformed::CutShort)??;
            if base.tag == IP_ADDRESS { Ok(network(base.content)) } else { general_name(base) }
        })
        .collect()
}

/// An address as it stands there; any other name with its kind before it.
fn address(name: Element<'_>) -> Result<String, Malformed> {
    if name.tag == URI { Ok(text("", name.content)) } else { general_name(name) }
}

/// GeneralName (RFC 5280, section 4.2.1.6), as OpenSSL writes it.
fn general_name(name: Element<'_>) -> Result<String, Malformed> {
    Ok(match name.tag {
        DIRECTORY_NAME => format!("DirName:{}", Name::of(name.content)),
        DNS_NAME => text("DNS:", name.content),
        EDI_PARTY_NAME => format!("EdiPartyName:#{}", hex(name.content)),
        IP_ADDRESS => match ip(name.content) {
            Some(address) => format!("IP:{address}"),
            None => format!("IP:#{}", hex(name.content)),
        },
        OTHER_NAME => {
            format!("othername:{}", dotted(name.children().expect(OBJECT_IDENTIFIER)?.content))
        }
        REGISTERED_ID => format!("RID:{}", dotted(name.content)),
        RFC822_NAME => text("email:", name.content),
        URI => text("URI:", name.content),
        X400_ADDRESS => format!("X400Name:#{}", hex(name.content)),
        _ => return Err(Malformed::Unexpected),
    })
}

/// An address and its mask: in one number where the mask is a prefix, and otherwise both in full.
fn network(octets: &[u8]) -> String {
    let (base, mask) = octets.split_at(octets.len() / 2);
    let (Some(address), Some(full)) = (ip(base), ip(mask)) else { return format!("IP:#{}", hex(octets)) };
    // In the upper end of a number, so that every length of mask counts from the same side.
    let bits = mask.iter().rev().fold(0_u128, |bits, octet| bits >> 8 | u128::from(*octet) << 120);
    if bits.leading_ones() == bits.count_ones() {
        format!("IP:{address}/{}", bits.count_ones())
    } else {
        format!("IP:{address}/{full}")
    }
}

fn ip(octets: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(octets).ok().map(|sixteen| Ipv6Addr::from(sixteen).to_string())
}

/// A text behind its kind; what is not UTF-8 in hexadecimal digits.
fn text(kind: &str, content: &[u8]) -> String {
    match std::str::from_utf8(content) {
        Ok(text) => format!("{kind}{text}"),
        Err(_) => format!("{kind}#{}", hex(content)),
    }
}

/// A number that is not negative.
fn number(octets: &[u8]) -> Result<u32, Malformed> {
    if octets.first().is_none_or(|first| first & 0x80 != 0) {
        return Err(Malformed::Unexpected);
    }
    let step = |sum: u32, octet: &u8| sum.checked_mul(256)?.checked_add(u32::from(*octet));
    octets.iter().try_fold(0, step).ok_or(Malformed::Oversized)
}

fn purpose(oid: &[u8]) -> String {
    let known = PURPOSES.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| dotted(oid), |(_, name)| (*name).to_owned())
}

/// The first octet says how many bits of the last do not count; they are zero in DER, and read as they stand.
fn key_usages(bits: &[u8]) -> Vec<&'static str> {
    let is_set = |bit: usize| bits.get(1 + bit / 8).is_some_and(|octet| octet & (0x80 >> (bit % 8)) != 0);
    KEY_USAGES.iter().enumerate().filter(|(bit, _)| is_set(*bit)).map(|(_, name)| *name).collect()
}

/// 1.3.6.1.5.5.7.1.1
const AUTHORITY_INFORMATION_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
/// 2.5.29.35
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
/// 2.5.29.19
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
/// 1.3.6.1.5.5.7.48.2
const CA_ISSUERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 2];
/// 2.5.29.32
const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 32];
/// 2.5.29.31
const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
const DIRECTORY_NAME: u8 = 0xa4;
const DNS_NAME: u8 = 0x82;
const EDI_PARTY_NAME: u8 = 0xa5;
/// 2.5.29.37
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
/// Names of extensions: RFC 5280, section 4.2, and what is met besides.
const EXTENSIONS: [(&[u8], &str); 26] = [
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2], "msCertificateTemplateName"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 21, 1], "msCertsrvCAVersion"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 21, 2], "msCertsrvPreviousCertHash"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 21, 7], "msCertificateTemplate"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 21, 10], "msApplicationPolicies"),
    (&[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2], "signedCertificateTimestamps"),
    (&[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3], "precertificatePoison"),
    (AUTHORITY_INFORMATION_ACCESS, "authorityInfoAccess"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 3], "qcStatements"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 11], "subjectInfoAccess"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 24], "tlsFeature"),
    (&[0x55, 0x1d, 9], "subjectDirectoryAttributes"),
    (SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier"),
    (KEY_USAGE, "keyUsage"),
    (&[0x55, 0x1d, 16], "privateKeyUsagePeriod"),
    (SUBJECT_ALTERNATIVE_NAME, "subjectAltName"),
    (&[0x55, 0x1d, 18], "issuerAltName"),
    (BASIC_CONSTRAINTS, "basicConstraints"),
    (NAME_CONSTRAINTS, "nameConstraints"),
    (CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints"),
    (CERTIFICATE_POLICIES, "certificatePolicies"),
    (&[0x55, 0x1d, 33], "policyMappings"),
    (AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"),
    (&[0x55, 0x1d, 36], "policyConstraints"),
    (EXTENDED_KEY_USAGE, "extKeyUsage"),
    (&[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1], "netscapeCertType"),
];
const IP_ADDRESS: u8 = 0x87;
/// 2.5.29.15
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
/// In the order of their bits (RFC 5280, section 4.2.1.3).
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];
/// 2.5.29.30
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
/// 1.3.6.1.5.5.7.48.1
const OCSP: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1];
const OTHER_NAME: u8 = 0xa0;
/// Names of purposes: RFC 5280, section 4.2.1.12, and what is met besides.
const PURPOSES: [(&[u8], &str); 15] = [
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 4], "msEFS"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 12], "msDocumentSigning"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2], "msSmartcardLogin"),
    (&[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 4], "certificateTransparency"),
    (&[0x2b, 6, 1, 5, 2, 3, 4], "pkInitClientAuth"),
    (&[0x2b, 6, 1, 5, 2, 3, 5], "pkInitKDC"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 1], "serverAuth"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 2], "clientAuth"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 3], "codeSigning"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 4], "emailProtection"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 8], "timeStamping"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 9], "OCSPSigning"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 17], "ipsecIKE"),
    (&[0x55, 0x1d, 37, 0], "anyExtendedKeyUsage"),
    (&[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 4, 1], "nsSGC"),
];
const REGISTERED_ID: u8 = 0x88;
const RFC822_NAME: u8 = 0x81;
/// 2.5.29.17
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 17];
/// 2.5.29.14
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
const URI: u8 = 0x86;
const X400_ADDRESS: u8 = 0xa3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::asn1::write;

    fn extension(oid: &[u8], value: &[u8]) -> Vec<u8> {
        write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[oid]), &write(OCTET_STRING, &[value])])
    }

    fn details(extensions: &[Vec<u8>]) -> Details {
        let parts: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
        Details::of_extensions(Element::read(&write(SEQUENCE, &parts)).unwrap().0)
    }

    #[test]
    fn a_damaged_extension_costs_itself_alone() {
        let names = write(SEQUENCE, &[&write(DNS_NAME, &[b"a.example"]), &write(DNS_NAME, &[b"b\xff"])]);
        let found = details(&[
            extension(KEY_USAGE, &[BIT_STRING, 9, 1]),
            extension(SUBJECT_ALTERNATIVE_NAME, &names),
            extension(BASIC_CONSTRAINTS, &write(SEQUENCE, &[&write(INTEGER, &[&[0xff]])])),
            extension(&[0x2a, 3], b"whatever"),
        ]);
        assert_eq!(found.subject_alt_names, ["DNS:a.example", "DNS:#62ff"]);
        assert_eq!((found.key_usage, found.path_length), (None, None));
        let told: Vec<_> = found.extensions.iter().map(|one| (one.oid.as_str(), one.is_damaged)).collect();
        assert_eq!(told, [("2.5.29.15", true), ("2.5.29.17", false), ("2.5.29.19", true), ("1.2.3", false)]);
    }

    #[test]
    fn networks_are_spelled_by_their_prefix_where_they_have_one() {
        for (octets, spelling) in [
            (&[10, 0, 0, 0, 255, 0, 0, 0][..], "IP:10.0.0.0/8"),
            (&[10, 0, 0, 0, 255, 240, 0, 0], "IP:10.0.0.0/12"),
            (&[0; 8], "IP:0.0.0.0/0"),
            (&[1, 2, 3, 4, 255, 255, 255, 255], "IP:1.2.3.4/32"),
            (&[10, 0, 0, 0, 255, 0, 255, 0], "IP:10.0.0.0/255.0.255.0"),
            (&[10, 0, 0, 0, 0, 255, 0, 0], "IP:10.0.0.0/0.255.0.0"),
            (&[10, 0, 0, 0, 240, 240, 0, 0], "IP:10.0.0.0/240.240.0.0"),
            (&[0; 32], "IP:::/0"),
            (&[1, 2, 3], "IP:#010203"),
            (&[], "IP:#"),
        ] {
            assert_eq!(network(octets), spelling, "{octets:?}");
        }
    }

    #[test]
    fn purposes_have_a_name_and_a_number() {
        assert_eq!(purpose(&[0x2b, 6, 1, 5, 5, 7, 3, 2]), "clientAuth");
        assert_eq!(purpose_oid("clientAuth"), "1.3.6.1.5.5.7.3.2");
        assert_eq!(purpose_oid(&purpose(&[0x2a, 3])), "1.2.3");
    }
}
