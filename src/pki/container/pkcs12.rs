//! PKCS#12 (RFC 7292), read as other programs have written it: DER or BER, with old and new ciphers, with certificates in
//! the clear, with and without the code that proves the whole. A writer for the one form that Java takes as a trust store.
//!
//! Every certificate bag counts, with Java's attribute of trust or without. Nothing is derived before all that the store
//! asks for has been added up. Never keeps a derived key longer than the call.

use std::collections::HashMap;
use std::ops::Deref;

use zeroize::Zeroizing;

use super::der::{DATA, SIGNED_DATA};
use super::store::{
    Integrity, Lock, Opened, Protected, StoreError, StoredCertificate, StoredKey, WorkOfKeys,
};
use crate::pki::algorithm::dotted;
use crate::pki::asn1::{
    CONSTRUCTED, CONTEXT_0, Children, Element, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE,
    SET, write,
};
use crate::pki::key::{self, Derived, Limits, Mac, OpenError, Scheme, Sealed, Sealing, Spelling};
use crate::secret::{Passphrase, SecretBytes};

/// Opens a store, see [`super::store::Store::open`].
pub(super) fn open(
    bytes: &[u8],
    passphrase: Option<&Passphrase>,
    limits: &Limits,
) -> Result<Opened, StoreError> {
    let outer = Outer::read(bytes)?;
    let parts = outer.parts()?;
    check_work(&outer, &parts, limits)?;

    let mac = outer.mac.as_ref();
    let integrity = match (mac, passphrase) {
        (None, _) => Integrity::Absent,
        (Some(mac), _) if mac.unsupported().is_some() => {
            Integrity::Unsupported { what: mac.unsupported().unwrap_or_default().into() }
        }
        (Some(_), None) => Integrity::NotChecked,
        (Some(mac), Some(passphrase)) => match mac.proves(passphrase.expose_secret(), &outer.content) {
            Some(_) => Integrity::Proven,
            None => return Err(StoreError::WrongPassphraseOrDamaged),
        },
    };
    let mut opened = Opened::empty(integrity);
    if let Some(mac) = mac {
        opened.protect(Protected::Integrity, mac.name(), mac.iterations());
    }
    let mut keys = DerivedKeys::default();
    for part in &parts {
        match part {
            Part::Clear(content) => read_bags(content, &mut opened, 0)?,
            Part::Sealed { content, sealing } => {
                let passphrase = passphrase.ok_or(StoreError::PassphraseNeeded)?;
                opened.protect(Protected::Content, sealing.scheme.name(), sealing.scheme.iterations());
                let Some(plain) = keys.decrypt(sealing, content, passphrase.expose_secret())? else {
                    return Err(match opened.integrity {
                        Integrity::Proven => StoreError::TwoPassphrases,
                        _ => StoreError::WrongPassphraseOrDamaged,
                    });
                };
                read_bags(&plain, &mut opened, 0)?;
            }
        }
    }
    opened.add_up_keys();
    Ok(opened)
}

/// The rounds of the code that proves the store, or else of its first sealed content.
pub(super) fn rounds_of_a_try(bytes: &[u8]) -> u64 {
    let Ok(outer) = Outer::read(bytes) else { return 0 };
    let of_code = outer.mac.as_ref().and_then(Mac::iterations);
    let of_content = || {
        outer.parts().ok()?.iter().find_map(|part| match part {
            Part::Clear(_) => None,
            Part::Sealed { sealing, .. } => Some(sealing.scheme.iterations().unwrap_or(u64::MAX)),
        })
    };
    of_code.or_else(of_content).unwrap_or(0)
}

/// The spellings of a passphrase to try for what is sealed in a store. Beyond those of the scheme, PBES2 is tried with the
/// spelling of PKCS#12: so NSS wrote it up to version 3.30.
pub(super) fn spellings(scheme: &Scheme, passphrase: &[u8]) -> &'static [Spelling] {
    match scheme {
        Scheme::Pbes2 { .. } => &[Spelling::Bytes, Spelling::Bmp],
        _ => Spelling::of_scheme(scheme, passphrase),
    }
}

/// PFX (RFC 7292, section 4), as far as it is in the clear.
struct Outer<'a> {
    /// The content of authSafe: what the code is made over.
    content: Octets<'a>,
    mac: Option<Mac<'a>>,
}

impl<'a> Outer<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, StoreError> {
        let mut parts = Element::expect(bytes, SEQUENCE)?.0.children();
        parts.expect(INTEGER)?;
        let mut safe = parts.expect(SEQUENCE)?.children();
        match safe.expect(OBJECT_IDENTIFIER)?.content {
            DATA => {}
            SIGNED_DATA => {
                return Err(StoreError::Unsupported {
                    what: "a signature in the place of a passphrase".into(),
                });
            }
            other => return Err(StoreError::Unsupported { what: dotted(other).into() }),
        }
        let content = Octets::inside(&mut safe.expect(CONTEXT_0)?.children())?;
        // Behind an end that another program has cut off nothing follows; what does must be the code.
        let mac = if parts.rest().is_empty() { None } else { Some(Mac::read(parts.expect(SEQUENCE)?)?) };
        Ok(Self { content, mac })
    }

    /// AuthenticatedSafe: a row of contents, each in the clear or sealed as a whole.
    fn parts(&self) -> Result<Vec<Part<'_>>, StoreError> {
        let mut parts = Vec::new();
        for content_info in Element::expect(&self.content, SEQUENCE)?.0.children() {
            let mut content_info = content_info?.children();
            let kind = content_info.expect(OBJECT_IDENTIFIER)?.content;
            let mut content = content_info.expect(CONTEXT_0)?.children();
            parts.push(match kind {
                DATA => Part::Clear(Octets::inside(&mut content)?),
                ENCRYPTED_DATA => Part::read_sealed(content.expect(SEQUENCE)?)?,
                ENVELOPED_DATA => {
                    let what = "content sealed for a key in the place of a passphrase".into();
                    return Err(StoreError::Unsupported { what });
                }
                other => return Err(StoreError::Unsupported { what: dotted(other).into() }),
            });
        }
        Ok(parts)
    }
}

/// One content of a store.
enum Part<'a> {
    Clear(Octets<'a>),
    Sealed { content: Octets<'a>, sealing: Sealing },
}

impl<'a> Part<'a> {
    /// EncryptedData (RFC 5652, section 8).
    fn read_sealed(encrypted_data: Element<'a>) -> Result<Self, StoreError> {
        let mut parts = encrypted_data.children();
        parts.expect(INTEGER)?;
        let mut info = parts.expect(SEQUENCE)?.children();
        info.expect(OBJECT_IDENTIFIER)?;
        let sealing = Sealing::of_identifier(info.expect(SEQUENCE)?)?;
        let content = info.next().ok_or(Malformed::Unexpected)??;
        let content = Octets::of(content, CONTEXT_0_PRIMITIVE)?;
        if sealing.scheme.cipher().is_some_and(|cipher| !cipher.can_have_made(content.len())) {
            return Err(Malformed::Unexpected.into());
        }
        Ok(Self::Sealed { content, sealing })
    }
}

/// Adds up everything that opening asks for, each different derivation once.
fn check_work(outer: &Outer<'_>, parts: &[Part<'_>], limits: &Limits) -> Result<(), StoreError> {
    let mut different: HashMap<(&Scheme, &[u8]), ()> = HashMap::new();
    let mut rounds = outer.mac.as_ref().and_then(Mac::iterations).unwrap_or(0);
    // Whoever is told what one derivation demands, and allows it, is told no at the next: the sum says both.
    let limits_of_one = Limits { iterations: u64::MAX, ..*limits };
    let mut scrypt_work = 0_u64;
    for part in parts {
        let Part::Sealed { sealing, .. } = part else { continue };
        limits_of_one.check(&sealing.scheme).map_err(|error| match error {
            OpenError::Unsupported { what } => {
                StoreError::Unsupported { what: format!("content sealed with {what}").into() }
            }
            other => other.into(),
        })?;
        if different.insert((&sealing.scheme, &sealing.salt), ()).is_none() {
            rounds = rounds.saturating_add(sealing.scheme.iterations().unwrap_or(0));
            scrypt_work = scrypt_work.saturating_add(sealing.scheme.work().unwrap_or(0));
        }
    }
    key::check_iterations(rounds, limits)?;
    if scrypt_work > limits.scrypt_work {
        let (kind, limit) = (key::Work::ScryptWork, limits.scrypt_work);
        return Err(StoreError::TooMuchWork { demanded: scrypt_work, kind, limit });
    }
    Ok(())
}

/// What has been derived already: stores repeat salts.
#[derive(Default)]
struct DerivedKeys {
    by_salt: HashMap<(Scheme, Vec<u8>, Spelling), Derived>,
}

impl DerivedKeys {
    /// Decrypts with the first spelling of the passphrase that gives SafeContents.
    fn decrypt(
        &mut self,
        sealing: &Sealing,
        content: &[u8],
        passphrase: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        for spelling in spellings(&sealing.scheme, passphrase) {
            let which = (sealing.scheme.clone(), sealing.salt.clone(), *spelling);
            if !self.by_salt.contains_key(&which) {
                let derived = sealing.derive(&spelling.of(passphrase))?;
                self.by_salt.insert(which.clone(), derived);
            }
            let plain = self.by_salt.get(&which).and_then(|derived| sealing.decrypt(derived, content));
            // One wrong passphrase in 250 gets past the padding, and there is none in RC4.
            let is_whole =
                |plain: &[u8]| Element::expect(plain, SEQUENCE).is_ok_and(|(_, rest)| rest.is_empty());
            if let Some(plain) = plain.filter(|plain| is_whole(plain)) {
                return Ok(Some(plain));
            }
        }
        Ok(None)
    }
}

/// SafeContents (RFC 7292, section 4.2): a row of bags.
fn read_bags(safe_contents: &[u8], opened: &mut Opened, depth: u32) -> Result<(), StoreError> {
    if depth > DEEPEST {
        return Err(Malformed::Nesting.into());
    }
    for bag in Element::expect(safe_contents, SEQUENCE)?.0.children() {
        let mut bag = bag?.children();
        let kind = bag.expect(OBJECT_IDENTIFIER)?.content;
        let value = bag.expect(CONTEXT_0)?;
        let attributes = Attributes::read(bag.optional(SET))?;
        match kind {
            CERTIFICATE_BAG => {
                let mut certificate = value.children().expect(SEQUENCE)?.children();
                match certificate.expect(OBJECT_IDENTIFIER)?.content {
                    X509_CERTIFICATE => {
                        let der = Octets::inside(&mut certificate.expect(CONTEXT_0)?.children())?.to_vec();
                        let Attributes { local_key_id, name } = attributes;
                        opened.certificates.push(StoredCertificate { der, local_key_id, name });
                    }
                    SDSI_CERTIFICATE => opened.others.sdsi_certificates += 1,
                    _ => opened.others.unknown += 1,
                }
            }
            KEY_BAG => {
                let info = value.children().expect(SEQUENCE)?;
                opened.keys.push(attributes.of_key(Lock::Open(SecretBytes::new(info.raw.to_vec()))));
            }
            SHROUDED_KEY_BAG => {
                let mut info = value.children().expect(SEQUENCE)?.children();
                let identifier = info.expect(SEQUENCE)?;
                let content = Octets::inside(&mut info)?;
                let sealed = Sealing::of_identifier(identifier)
                    .and_then(|sealing| Sealed::new(sealing, &content, None));
                let lock = match sealed {
                    Ok(sealed) => {
                        opened.protect(Protected::Key, sealed.scheme().name(), sealed.scheme().iterations());
                        Lock::Pkcs8(sealed)
                    }
                    Err(cause) => Lock::Damaged(cause),
                };
                opened.keys.push(attributes.of_key(lock));
            }
            SAFE_CONTENTS_BAG => {
                let inner = value.children().expect(SEQUENCE)?;
                read_bags(inner.raw, opened, depth + 1)?;
            }
            REVOCATION_LIST_BAG => opened.others.revocation_lists += 1,
            SECRET_BAG => opened.others.secrets += 1,
            _ => opened.others.unknown += 1,
        }
        opened.check_extent()?;
    }
    Ok(())
}

/// What a bag says about what lies in it.
struct Attributes {
    local_key_id: Option<Vec<u8>>,
    name: Option<String>,
}

impl Attributes {
    /// Takes those that matter (RFC 2985, section 5.5); Java's attribute of trust is none of them.
    fn read(set: Option<Element<'_>>) -> Result<Self, StoreError> {
        let mut attributes = Self { local_key_id: None, name: None };
        for attribute in set.iter().flat_map(Element::children) {
            let mut parts = attribute?.children();
            let kind = parts.expect(OBJECT_IDENTIFIER)?.content;
            let Some(value) = parts.optional(SET).and_then(|values| values.children().next()) else {
                continue;
            };
            match kind {
                FRIENDLY_NAME => attributes.name = Some(utf16(&Octets::of(value?, BMP_STRING)?)),
                LOCAL_KEY_ID => attributes.local_key_id = Some(Octets::of(value?, OCTET_STRING)?.to_vec()),
                _ => {}
            }
        }
        Ok(attributes)
    }

    fn of_key(self, lock: Lock) -> StoredKey {
        StoredKey {
            local_key_id: self.local_key_id,
            name: self.name,
            lock,
            work_of_all: WorkOfKeys::default(),
        }
    }
}

/// Text in UTF-16, big-endian; what is none shows as U+FFFD.
fn utf16(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks();
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The octets of a string type: as they stand, or joined where BER has cut them into pieces (X.690, section 8.7.3).
enum Octets<'a> {
    Joined(Zeroizing<Vec<u8>>),
    Whole(&'a [u8]),
}

impl<'a> Octets<'a> {
    /// The next element, which must be an OCTET STRING.
    fn inside(elements: &mut Children<'a>) -> Result<Self, Malformed> {
        Self::of(elements.next().ok_or(Malformed::Unexpected)??, OCTET_STRING)
    }

    /// A string of this tag. Its pieces are of OCTET STRING whatever its own tag (X.690, section 8.14).
    fn of(element: Element<'a>, tag: u8) -> Result<Self, Malformed> {
        if element.tag == tag {
            return Ok(Self::Whole(element.content));
        }
        if element.tag != tag | CONSTRUCTED {
            return Err(Malformed::Unexpected);
        }
        // Of its full size from the start: a key in the clear may lie in it.
        let mut joined = Zeroizing::new(Vec::with_capacity(element.content.len()));
        join(element, tag, &mut joined, 0)?;
        Ok(Self::Joined(joined))
    }
}

impl Deref for Octets<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Joined(octets) => octets,
            Self::Whole(octets) => octets,
        }
    }
}

fn join(element: Element<'_>, tag: u8, joined: &mut Vec<u8>, depth: u32) -> Result<(), Malformed> {
    if depth > DEEPEST {
        return Err(Malformed::Nesting);
    }
    for piece in element.children() {
        let piece = piece?;
        match piece.tag {
            OCTET_STRING => joined.extend_from_slice(piece.content),
            CONSTRUCTED_OCTET_STRING => join(piece, tag, joined, depth + 1)?,
            other if other == tag => joined.extend_from_slice(piece.content),
            _ => return Err(Malformed::Unexpected),
        }
    }
    Ok(())
}

/// Writes a trust store that Java loads with any passphrase or none: the certificates in the clear under their names,
/// each with Java's attribute of trust, and nothing that would have to be proven. The same certificates give the same bytes.
///
/// Without that attribute Java passes over a certificate in silence (seen on OpenJDK 17). Names should differ: of two that
/// are the same in lower case Java keeps one.
pub fn trust_store(certificates: &[(&str, &[u8])]) -> Vec<u8> {
    let attribute = |kind: &[u8], value: &[u8]| {
        write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[kind]), &write(SET, &[value])])
    };
    let trusted = attribute(TRUSTED_KEY_USAGE, &write(OBJECT_IDENTIFIER, &[ANY_EXTENDED_KEY_USAGE]));
    let bags: Vec<Vec<u8>> = certificates
        .iter()
        .map(|(name, der)| {
            let octets = write(CONTEXT_0, &[&write(OCTET_STRING, &[der])]);
            let certificate = write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[X509_CERTIFICATE]), &octets]);
            let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let named = attribute(FRIENDLY_NAME, &write(BMP_STRING, &[&name]));
            // DER has the elements of a SET OF in the order of their bytes (X.690, section 11.6).
            let mut attributes = [&named, &trusted];
            attributes.sort();
            let attributes = write(SET, &attributes.map(Vec::as_slice));
            let kind = write(OBJECT_IDENTIFIER, &[CERTIFICATE_BAG]);
            write(SEQUENCE, &[&kind, &write(CONTEXT_0, &[&certificate]), &attributes])
        })
        .collect();
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    let data = |content: &[u8]| {
        let octets = write(CONTEXT_0, &[&write(OCTET_STRING, &[content])]);
        write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[DATA]), &octets])
    };
    let safe = write(SEQUENCE, &[&data(&write(SEQUENCE, &bags))]);
    write(SEQUENCE, &[&write(INTEGER, &[&[3]]), &data(&safe)])
}

/// 2.5.29.37.0
const ANY_EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
const BMP_STRING: u8 = 0x1e;
/// 1.2.840.113549.1.12.10.1.3
const CERTIFICATE_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x03];
const CONSTRUCTED_OCTET_STRING: u8 = OCTET_STRING | CONSTRUCTED;
/// `[0]` IMPLICIT of a string type.
const CONTEXT_0_PRIMITIVE: u8 = 0x80;
/// Bags in bags, pieces of pieces: nobody writes one level of either.
const DEEPEST: u32 = 8;
/// 1.2.840.113549.1.7.6
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
/// 1.2.840.113549.1.7.3
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03];
/// 1.2.840.113549.1.9.20
const FRIENDLY_NAME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x14];
/// 1.2.840.113549.1.12.10.1.1
const KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01];
/// 1.2.840.113549.1.9.21
const LOCAL_KEY_ID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x15];
/// 1.2.840.113549.1.12.10.1.4
const REVOCATION_LIST_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x04];
/// 1.2.840.113549.1.12.10.1.6
const SAFE_CONTENTS_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x06];
/// 1.2.840.113549.1.9.22.2
const SDSI_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x02];
/// 1.2.840.113549.1.12.10.1.5
const SECRET_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x05];
/// 1.2.840.113549.1.12.10.1.2
const SHROUDED_KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02];
/// 2.16.840.1.113894.746875.1.1: trustedKeyUsage, of Oracle.
const TRUSTED_KEY_USAGE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf9, 0x66, 0xad, 0xca, 0x7b, 0x01, 0x01];
/// 1.2.840.113549.1.9.22.1
const X509_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01];

#[cfg(test)]
mod tests {
    use super::super::store::Store;
    use super::super::{Content, StoreKind, scan};
    use super::*;

    fn opened(bytes: &[u8], passphrase: Option<&str>) -> Result<Opened, StoreError> {
        let passphrase = passphrase.map(|text| Passphrase::new(text.as_bytes().to_vec()));
        Store { bytes, kind: StoreKind::Pkcs12 }.open(passphrase.as_ref(), &Limits::DEFAULT)
    }

    #[test]
    fn an_identity_comes_out_with_its_passphrase_and_with_no_other() {
        let bytes = include_bytes!("../../../testdata/dirty/identity.p12");
        let passphrase = include_str!("../../../testdata/passphrases/plain.txt").trim_end();
        let store = opened(bytes, Some(passphrase)).unwrap();
        assert_eq!(store.integrity, Integrity::Proven);
        assert!(!store.certificates.is_empty() && store.keys.len() == 1, "{store:?}");
        let key = &store.keys[0];
        let right = Passphrase::new(passphrase.as_bytes().to_vec());
        assert!(key.is_sealed() && key.open(Some(&right), &Limits::DEFAULT).is_ok());
        let wrong = Passphrase::new(b"wrong".to_vec());
        let refused = key.open(Some(&wrong), &Limits::DEFAULT).unwrap_err();
        assert_eq!(refused, key::OpenError::WrongPassphraseOrDamaged);
        assert_eq!(opened(bytes, Some("wrong")).unwrap_err(), StoreError::WrongPassphraseOrDamaged);
        assert_eq!(opened(bytes, None).unwrap_err(), StoreError::PassphraseNeeded);
    }

    #[test]
    fn what_is_written_for_java_is_read_back_and_is_der() {
        let certificates: [(&str, &[u8]); 2] =
            [("one", b"0\x03\x02\x01\x01"), ("zwei ü", b"0\x03\x02\x01\x02")];
        let bytes = trust_store(&certificates);
        assert_eq!(crate::pki::asn1::exact_der(&bytes), Ok(()));
        let store = opened(&bytes, None).unwrap();
        let read: Vec<(&str, &[u8])> = store
            .certificates
            .iter()
            .map(|one| (one.name.as_deref().unwrap_or_default(), one.der.as_slice()))
            .collect();
        assert_eq!((store.integrity, read.as_slice()), (Integrity::Absent, &certificates[..]));
        let mut kinds = Vec::new();
        scan(&bytes, &mut |item| {
            if let Content::Store(store) = item.content {
                kinds.push(store.kind);
            }
        });
        assert_eq!(kinds, [StoreKind::Pkcs12]);
        assert_eq!(trust_store(&certificates), bytes);
    }
}
