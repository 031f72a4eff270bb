//! Java's own key stores, JKS and JCEKS: certificates in the clear, private keys each under a seal of its own, and a hash
//! over everything that only whoever knows the passphrase can make. As OpenJDK 17 reads and writes them; there is no other
//! description.

use md5::Md5;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::store::{
    Integrity, Lock, Opened, Protected, StoreError, StoredCertificate, StoredKey, WorkOfKeys,
};
use crate::pki::asn1::{Element, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};
use crate::pki::key::{self, Cipher, Limits, OpenError, PrivateKey};
use crate::secret::Passphrase;

/// Opens a store, see [`super::store::Store::open`]. Certificates come out without a passphrase; where one is given, it must
/// be the one that the store was written with.
pub(super) fn open(bytes: &[u8], passphrase: Option<&Passphrase>) -> Result<Opened, StoreError> {
    let is_jceks = bytes.starts_with(&JCEKS);
    let content_length = bytes.len().checked_sub(HASH_LENGTH).ok_or(Malformed::CutShort)?;
    let (content, hash) = bytes.split_at(content_length);
    let mut reader = Reader { is_jceks, rest: content };
    // The structure comes first: where it is broken, that is not the passphrase's fault.
    let mut opened = reader.store()?;
    opened.integrity = match passphrase {
        None => Integrity::NotChecked,
        Some(passphrase) => {
            let hashed = Sha1::new()
                .chain_update(&*utf16(passphrase.expose_secret()))
                .chain_update(WHITENER)
                .chain_update(content)
                .finalize();
            if *hashed != *hash {
                return Err(StoreError::WrongPassphraseOrDamaged);
            }
            Integrity::Proven
        }
    };
    Ok(opened)
}

/// Whether bytes start like one of these stores, and then which: `Some(true)` for JCEKS.
pub(super) fn is_jceks(bytes: &[u8]) -> Option<bool> {
    match bytes.first_chunk() {
        Some(&JCEKS) => Some(true),
        Some(&JKS) => Some(false),
        _ => None,
    }
}

/// Reads big-endian numbers and what they count.
struct Reader<'a> {
    is_jceks: bool,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn store(&mut self) -> Result<Opened, StoreError> {
        self.take(4)?;
        let version = self.number()?;
        if !matches!(version, 1 | 2) {
            return Err(StoreError::Unsupported { what: format!("version {version} of the format").into() });
        }
        let count = self.number()?;
        let mut opened = Opened::empty(Integrity::NotChecked);
        opened.protect(Protected::Integrity, "SHA1".to_owned(), Some(1));
        for _ in 0..count {
            let kind = self.number()?;
            let alias = self.text()?;
            // The time at which it was added.
            self.take(8)?;
            match kind {
                PRIVATE_KEY => self.key(&alias, version, &mut opened)?,
                SECRET_KEY if self.is_jceks => {
                    // A serialized Java object without a length: nobody but Java knows where it ends.
                    return Err(StoreError::Unsupported {
                        what: "an entry with a secret key (a Java object)".into(),
                    });
                }
                TRUSTED_CERTIFICATE => {
                    let der = self.certificate(version)?;
                    opened.certificates.push(StoredCertificate {
                        der,
                        local_key_id: None,
                        name: Some(alias),
                    });
                }
                _ => return Err(Malformed::Unexpected.into()),
            }
            opened.check_extent()?;
        }
        if !self.rest.is_empty() {
            return Err(Malformed::Unexpected.into());
        }
        opened.add_up_keys();
        Ok(opened)
    }

    /// A private key with its chain.
    fn key(&mut self, alias: &str, version: u32, opened: &mut Opened) -> Result<(), StoreError> {
        let length = self.number()?;
        let info = self.take(length as usize)?;
        let lock = match Sealed::read(info) {
            Ok(sealed) => {
                opened.protect(Protected::Key, sealed.scheme(), sealed.iterations());
                Lock::Java(sealed)
            }
            Err(cause) => Lock::Damaged(cause),
        };
        let local_key_id = Some(alias.as_bytes().to_vec());
        let name = Some(alias.to_owned());
        opened.keys.push(StoredKey {
            local_key_id: local_key_id.clone(),
            name: name.clone(),
            lock,
            work_of_all: WorkOfKeys::default(),
        });
        for _ in 0..self.number()? {
            let der = self.certificate(version)?;
            let (local_key_id, name) = (local_key_id.clone(), name.clone());
            opened.certificates.push(StoredCertificate { der, local_key_id, name });
            opened.check_extent()?;
        }
        Ok(())
    }

    /// A certificate, in version 2 behind the name of its kind.
    fn certificate(&mut self, version: u32) -> Result<Vec<u8>, StoreError> {
        if version == 2 {
            let kind = self.text()?;
            if kind != "X.509" {
                return Err(StoreError::Unsupported {
                    what: format!("a certificate of the kind {kind}").into(),
                });
            }
        }
        let length = self.number()?;
        Ok(self.take(length as usize)?.to_vec())
    }

    /// Text in Java's own UTF-8, which differs for zero and beyond the BMP; there U+FFFD stands.
    fn text(&mut self) -> Result<String, StoreError> {
        let [high, low] = *self.take(2)?.first_chunk().ok_or(Malformed::CutShort)?;
        let bytes = self.take(u16::from_be_bytes([high, low]).into())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn number(&mut self) -> Result<u32, Malformed> {
        let bytes = self.take(4)?.first_chunk().ok_or(Malformed::CutShort)?;
        Ok(u32::from_be_bytes(*bytes))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed::CutShort)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// A private key as Java seals it: EncryptedPrivateKeyInfo with an algorithm of Sun's own.
pub(super) struct Sealed {
    content: Vec<u8>,
    scheme: JavaScheme,
}

enum JavaScheme {
    /// JKS: a stream of SHA-1 hashes, each made of the one before. 1.3.6.1.4.1.42.2.17.1.1.
    Jks,
    /// JCEKS: PBEWithMD5AndTripleDES. 1.3.6.1.4.1.42.2.19.1.
    Jceks { iterations: u64, salt: [u8; 8] },
    /// Known by its object identifier at most.
    Unsupported(Box<str>),
}

impl Sealed {
    fn read(info: &[u8]) -> Result<Self, key::Cause> {
        let mut parts = Element::expect(info, SEQUENCE)?.0.children();
        let mut identifier = parts.expect(SEQUENCE)?.children();
        let content = parts.expect(OCTET_STRING)?.content.to_vec();
        let scheme = match identifier.expect(OBJECT_IDENTIFIER)?.content {
            JKS_PROTECTOR => JavaScheme::Jks,
            JCEKS_PROTECTOR => {
                let mut parameters = identifier.expect(SEQUENCE)?.children();
                let salt = parameters.expect(OCTET_STRING)?.content;
                let salt = salt.try_into().map_err(|_| key::Cause::Parameters)?;
                let iterations = key::positive(parameters.expect(INTEGER)?)?;
                if !Cipher::DesEde3Cbc.can_have_made(content.len()) {
                    return Err(key::Cause::Parameters);
                }
                JavaScheme::Jceks { iterations, salt }
            }
            other => JavaScheme::Unsupported(crate::pki::algorithm::dotted(other).into()),
        };
        if matches!(scheme, JavaScheme::Jks) && content.len() <= 2 * HASH_LENGTH {
            return Err(key::Cause::Parameters);
        }
        Ok(Self { content, scheme })
    }

    /// The rounds of the derivation.
    pub(super) fn iterations(&self) -> Option<u64> {
        match self.scheme {
            JavaScheme::Jceks { iterations, .. } => Some(iterations),
            JavaScheme::Jks => Some(1),
            JavaScheme::Unsupported(_) => None,
        }
    }

    /// The name; stable.
    pub(super) fn scheme(&self) -> String {
        match &self.scheme {
            JavaScheme::Jceks { .. } => "PBE-MD5-3DES of JCEKS".to_owned(),
            JavaScheme::Jks => "SHA1 stream of JKS".to_owned(),
            JavaScheme::Unsupported(what) => what.to_string(),
        }
    }

    /// Opens it.
    pub(super) fn open(&self, passphrase: &Passphrase, limits: &Limits) -> Result<PrivateKey, OpenError> {
        let passphrase = passphrase.expose_secret();
        let plain = match &self.scheme {
            JavaScheme::Jceks { iterations, salt } => {
                key::check_iterations(*iterations, limits)?;
                self.open_jceks(passphrase, *salt, *iterations)
            }
            JavaScheme::Jks => self.open_jks(passphrase),
            JavaScheme::Unsupported(what) => return Err(OpenError::Unsupported { what: what.clone() }),
        };
        let plain = plain.ok_or(OpenError::WrongPassphraseOrDamaged)?;
        PrivateKey::read(&plain, None).map_err(|_| OpenError::WrongPassphraseOrDamaged)
    }

    /// Twenty bytes of salt, the key under the stream, and a hash of passphrase and key.
    fn open_jks(&self, passphrase: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let passphrase = utf16(passphrase);
        let (salt, rest) = self.content.split_at_checked(HASH_LENGTH)?;
        let (sealed, check) = rest.split_at_checked(rest.len().checked_sub(HASH_LENGTH)?)?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let mut hash = Zeroizing::new([0; HASH_LENGTH]);
        hash.copy_from_slice(salt);
        for block in plain.chunks_mut(HASH_LENGTH) {
            let next = Sha1::new().chain_update(&*passphrase).chain_update(*hash).finalize();
            hash.copy_from_slice(&next);
            for (octet, mask) in block.iter_mut().zip(hash.iter()) {
                *octet ^= mask;
            }
        }
        let hashed = Sha1::new().chain_update(&*passphrase).chain_update(&*plain).finalize();
        (*hashed == *check).then_some(plain)
    }

    /// A derivation like PBKDF1, once for each half of the salt: 24 bytes of key, then 8 of initialization vector. Of two
    /// equal halves Java turns the first round.
    fn open_jceks(
        &self,
        passphrase: &[u8],
        mut salt: [u8; 8],
        iterations: u64,
    ) -> Option<Zeroizing<Vec<u8>>> {
        if salt[..4] == salt[4..] {
            salt[..4].reverse();
        }
        let mut derived = Zeroizing::new([0; 32]);
        for (half, part) in salt.chunks(4).zip(derived.chunks_mut(16)) {
            let mut hash = Zeroizing::new([0; 16]);
            hash.copy_from_slice(&Md5::new().chain_update(half).chain_update(passphrase).finalize());
            for _ in 1..iterations {
                let next = Md5::new().chain_update(*hash).chain_update(passphrase).finalize();
                hash.copy_from_slice(&next);
            }
            part.copy_from_slice(&*hash);
        }
        let mut plain = Zeroizing::new(self.content.clone());
        let length = Cipher::DesEde3Cbc.decrypt(&derived[..24], &derived[24..], &mut plain)?;
        plain.truncate(length);
        Some(plain)
    }
}

/// A passphrase as Java hashes it: UTF-16, big-endian, without an end. What is not UTF-8 is taken byte by byte.
fn utf16(passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut encoded = Zeroizing::new(Vec::with_capacity(2 * passphrase.len()));
    match std::str::from_utf8(passphrase) {
        Ok(text) => text.encode_utf16().for_each(|unit| encoded.extend_from_slice(&unit.to_be_bytes())),
        Err(_) => passphrase.iter().for_each(|octet| encoded.extend_from_slice(&[0, *octet])),
    }
    encoded
}

/// SHA-1, in bytes.
const HASH_LENGTH: usize = 20;
const JCEKS: [u8; 4] = [0xce; 4];
/// 1.3.6.1.4.1.42.2.19.1
const JCEKS_PROTECTOR: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x13, 0x01];
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
/// 1.3.6.1.4.1.42.2.17.1.1
const JKS_PROTECTOR: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x11, 0x01, 0x01];
const PRIVATE_KEY: u32 = 1;
const SECRET_KEY: u32 = 3;
const TRUSTED_CERTIFICATE: u32 = 2;
/// What Java puts between passphrase and content, so that the hash is no hash of anything else.
const WHITENER: &[u8] = b"Mighty Aphrodite";

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by OpenJDK 17: three rounds, and once with a salt of two equal halves, of which Java turns one round.
    #[test]
    fn the_cipher_of_jceks_is_that_of_java() {
        for (salt, content) in [
            ([1, 2, 3, 4, 1, 2, 3, 4], "680cc8dd5e8455d87e1e6c10d43cbd1711b6d3b31c5f9285"),
            ([1, 2, 3, 4, 5, 6, 7, 8], "3458a5f211bc6e711f4b3f02f94482b393aaea465575273e"),
        ] {
            let octets =
                (0..content.len()).step_by(2).map(|at| u8::from_str_radix(&content[at..at + 2], 16).unwrap());
            let sealed = Sealed { content: octets.collect(), scheme: JavaScheme::Jks };
            let plain = sealed.open_jceks(b"changeit", salt, 3);
            assert_eq!(plain.as_deref().map(Vec::as_slice), Some(&b"the same key, wrapped"[..]), "{salt:?}");
            let wrong = sealed.open_jceks(b"changeme", salt, 3);
            assert_ne!(wrong.as_deref().map(Vec::as_slice), Some(&b"the same key, wrapped"[..]), "{salt:?}");
        }
    }

    #[test]
    fn a_store_is_told_by_its_first_four_bytes() {
        assert_eq!(is_jceks(b"\xfe\xed\xfe\xed\0\0\0\x02"), Some(false));
        assert_eq!(is_jceks(b"\xce\xce\xce\xce\0\0\0\x02"), Some(true));
        assert_eq!(is_jceks(b"\xfe\xed\xfe"), None);
        assert_eq!(is_jceks(b"-----BEGIN"), None);
    }

    /// Two keys of six million rounds each were opened, since only each by itself was looked at.
    #[test]
    fn the_rounds_of_all_keys_of_a_store_are_added_up() {
        use crate::pki::asn1::write;
        let salt = write(OCTET_STRING, &[b"the salt"]);
        let parameters = write(SEQUENCE, &[&salt, &write(INTEGER, &[&[0x60, 0, 0]])]);
        let kind = write(OBJECT_IDENTIFIER, &[JCEKS_PROTECTOR]);
        let content = write(OCTET_STRING, &[&[0; 24]]);
        let info = write(SEQUENCE, &[&write(SEQUENCE, &[&kind, &parameters]), &content]);
        let length = u32::try_from(info.len()).unwrap().to_be_bytes();
        let entry = [&b"\0\0\0\x01\0\x01a\0\0\0\0\0\0\0\0"[..], &length, &info, b"\0\0\0\0"].concat();
        let head = &b"\xce\xce\xce\xce\0\0\0\x02\0\0\0\x02"[..];
        let store = [head, &entry, &entry, &[0; HASH_LENGTH]].concat();
        let opened = open(&store, None).unwrap();
        let limits = Limits { iterations: 0x60_0000, ..Limits::DEFAULT };
        assert_eq!(opened.keys.len(), 2);
        let refused = opened.keys[0].open(Some(&Passphrase::new(b"x".to_vec())), &limits).unwrap_err();
        assert!(matches!(refused, OpenError::TooMuchWork { demanded: 0xc0_0000, .. }), "{refused:?}");
    }

    #[test]
    fn what_a_store_promises_and_does_not_hold_is_damage() {
        let store = |parts: &[&[u8]]| [parts.concat(), vec![0; HASH_LENGTH]].concat();
        let start = &b"\xfe\xed\xfe\xed\0\0\0\x02"[..];
        for (bytes, wanted) in [
            (b"\xfe\xed\xfe\xed".to_vec(), Malformed::CutShort),
            (store(&[start, b"\0\0\0\x01"]), Malformed::CutShort),
            (store(&[start, b"\xff\xff\xff\xff\0\0\0\x02"]), Malformed::CutShort),
            (store(&[start, b"\0\0\0\0behind"]), Malformed::Unexpected),
            (store(&[start, b"\0\0\0\x01\0\0\0\x07\0\0\0\0\0\0\0\0\0\0"]), Malformed::Unexpected),
            // A secret key, where only JCEKS has them.
            (store(&[start, b"\0\0\0\x01\0\0\0\x03\0\0\0\0\0\0\0\0\0\0"]), Malformed::Unexpected),
        ] {
            assert_eq!(open(&bytes, None).unwrap_err(), StoreError::Damaged { why: wanted }, "{bytes:02x?}");
        }
        let third = store(&[b"\xfe\xed\xfe\xed\0\0\0\x03\0\0\0\0"]);
        assert!(matches!(open(&third, None), Err(StoreError::Unsupported { .. })));
        let empty = store(&[start, b"\0\0\0\0"]);
        assert_eq!(open(&empty, None).unwrap().integrity, Integrity::NotChecked);
    }
}
