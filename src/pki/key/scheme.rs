//! The schemes that seal private keys: reads which one stands in a file and with which parameters, and gives each
//! its one stable name. Never derives, never decrypts.

use std::fmt;

use super::cipher::Cipher;
use super::detect::Cause;
use crate::pki::algorithm::dotted;
use crate::pki::asn1::{
    Children, Element, INTEGER, Malformed, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE,
};

/// How a private key is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// OpenSSL's own encryption of PEM, with the headers `Proc-Type: 4,ENCRYPTED` and `DEK-Info` (RFC 1421,
    /// section 4.6.1): MD5, one round, whatever the cipher.
    LegacyPem {
        /// The cipher.
        cipher: Cipher,
    },
    /// PBES1 of PKCS#5 (RFC 8018, section 6.1).
    Pbes1 {
        /// The cipher: DES or RC2 with 64 bits.
        cipher: Cipher,
        /// The hash of PBKDF1.
        hash: Hash,
        /// The rounds of PBKDF1.
        iterations: u64,
    },
    /// PBES2 of PKCS#5 (RFC 8018, section 6.2).
    Pbes2 {
        /// The cipher.
        cipher: Cipher,
        /// The key derivation.
        kdf: Kdf,
    },
    /// A password-based scheme of PKCS#12 (RFC 7292, appendix C): SHA-1.
    Pkcs12Pbe {
        /// The cipher.
        cipher: Cipher,
        /// The rounds of the derivation.
        iterations: u64,
    },
    /// A scheme certman knows by name at most.
    Unsupported {
        /// The part it does not know: a name, or an object identifier in dotted form.
        what: Box<str>,
    },
}

/// The key derivation of PBES2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kdf {
    /// PBKDF2 (RFC 8018, section 5.2).
    Pbkdf2 {
        /// The rounds.
        iterations: u64,
        /// The pseudorandom function.
        prf: Prf,
        /// False only where a function is named without the NULL parameters that RFC 8018, appendix B.1.2 asks for:
        /// Bun 1.4 and Claude Code 2.1 refuse that.
        prf_has_null_parameters: bool,
    },
    /// scrypt (RFC 7914).
    Scrypt {
        /// The cost N.
        n: u64,
        /// The parallelization p.
        p: u32,
        /// The block size r.
        r: u32,
    },
}

/// A hash of PBES1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
}

/// A pseudorandom function of PBKDF2 (RFC 8018, appendix B.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prf {
    /// HMAC with SHA-1, the default where none is named.
    HmacSha1,
    /// HMAC with SHA-224.
    HmacSha224,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-384.
    HmacSha384,
    /// HMAC with SHA-512.
    HmacSha512,
}

impl Scheme {
    /// The cipher; none where it is not known.
    pub(in crate::pki) fn cipher(&self) -> Option<Cipher> {
        match self {
            Self::LegacyPem { cipher }
            | Self::Pbes1 { cipher, .. }
            | Self::Pbes2 { cipher, .. }
            | Self::Pkcs12Pbe { cipher, .. } => Some(*cipher),
            Self::Unsupported { .. } => None,
        }
    }

    /// The name, for JSON and for people; stable. PBES2 is spelled out; the others have the names `openssl pkcs8
    /// -v1` takes, and legacy PEM that of its `DEK-Info`.
    pub fn name(&self) -> String {
        match self {
            Self::LegacyPem { cipher } => format!("legacy PEM {}", cipher.name()),
            Self::Pbes1 { cipher, hash, .. } => format!("PBE-{hash}-{}", short_name(*cipher)),
            Self::Pbes2 { cipher, kdf: Kdf::Pbkdf2 { prf, .. } } => {
                format!("PBES2 PBKDF2-{prf} {}", cipher.name())
            }
            Self::Pbes2 { cipher, kdf: Kdf::Scrypt { .. } } => format!("PBES2 scrypt {}", cipher.name()),
            Self::Pkcs12Pbe { cipher, .. } => format!("PBE-SHA1-{}", short_name(*cipher)),
            Self::Unsupported { what } => what.to_string(),
        }
    }

    /// The rounds of the derivation; none for scrypt, whose cost is not a count, and where they are not known.
    pub fn iterations(&self) -> Option<u64> {
        match self {
            Self::LegacyPem { .. } => Some(1),
            Self::Pbes1 { iterations, .. } | Self::Pkcs12Pbe { iterations, .. } => Some(*iterations),
            Self::Pbes2 { kdf: Kdf::Pbkdf2 { iterations, .. }, .. } => Some(*iterations),
            Self::Pbes2 { kdf: Kdf::Scrypt { .. }, .. } | Self::Unsupported { .. } => None,
        }
    }

    /// The memory scrypt needs, in bytes (RFC 7914, section 5 and 6); none for the others, which need next to none.
    /// `u64::MAX` stands for more than fits.
    pub fn memory(&self) -> Option<u64> {
        match self {
            Self::Pbes2 { kdf: Kdf::Scrypt { n, p, r }, .. } => {
                let block = 128 * u64::from(*r);
                Some(block.saturating_mul(n.saturating_add((*p).into())))
            }
            _ => None,
        }
    }

    /// The block mixes scrypt does, N times r times p; none for the others.
    pub fn work(&self) -> Option<u64> {
        match self {
            Self::Pbes2 { kdf: Kdf::Scrypt { n, p, r }, .. } => {
                Some(n.saturating_mul((*r).into()).saturating_mul((*p).into()))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
        })
    }
}

impl fmt::Display for Prf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha224 => "HMAC-SHA224",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha384 => "HMAC-SHA384",
            Self::HmacSha512 => "HMAC-SHA512",
        })
    }
}

/// A scheme and what else is needed to open it: salt and, where it is not derived, initialization vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pki) struct Sealing {
    pub(super) iv: Vec<u8>,
    pub(in crate::pki) salt: Vec<u8>,
    pub(in crate::pki) scheme: Scheme,
}

impl Sealing {
    /// Reads the encryptionAlgorithm of an EncryptedPrivateKeyInfo (RFC 5958, section 3).
    pub(in crate::pki) fn of_identifier(identifier: Element<'_>) -> Result<Self, Cause> {
        let (oid, mut parameters) = identifier_parts(identifier)?;
        if let Some((_, hash, cipher)) = PBES1.iter().find(|(known, ..)| *known == oid) {
            let (salt, iterations) = salt_and_iterations(&mut parameters)?;
            return Ok(Self {
                iv: Vec::new(),
                salt,
                scheme: Scheme::Pbes1 { cipher: *cipher, hash: *hash, iterations },
            });
        }
        if let Some((_, cipher)) = PKCS12_PBE.iter().find(|(known, _)| *known == oid) {
            let (salt, iterations) = salt_and_iterations(&mut parameters)?;
            return Ok(Self {
                iv: Vec::new(),
                salt,
                scheme: Scheme::Pkcs12Pbe { cipher: *cipher, iterations },
            });
        }
        if oid != PBES2 {
            return Ok(Self::unsupported(oid));
        }
        let mut parts = parameters.expect(SEQUENCE)?.children();
        let kdf = parts.expect(SEQUENCE)?;
        let encryption = parts.expect(SEQUENCE)?;
        let derivation = match Derivation::read(kdf)? {
            Ok(derivation) => derivation,
            Err(unknown) => return Ok(unknown),
        };
        let (oid, mut parameters) = identifier_parts(encryption)?;
        let Some((_, cipher)) = PBES2_CIPHERS.iter().find(|(known, _)| *known == oid) else {
            return Ok(Self::unsupported(oid));
        };
        let iv = parameters.expect(OCTET_STRING)?.content;
        let key_length = u64::try_from(cipher.key_length()).ok();
        if iv.len() != cipher.iv_length()
            || derivation.key_length.is_some_and(|length| Some(length) != key_length)
        {
            return Err(Cause::Parameters);
        }
        Ok(Self {
            iv: iv.to_vec(),
            salt: derivation.salt,
            scheme: Scheme::Pbes2 { cipher: *cipher, kdf: derivation.kdf },
        })
    }

    /// Reads the value of a `DEK-Info` header: the cipher's name, a comma, the initialization vector in hexadecimal
    /// digits. The vector's first eight bytes are the salt too.
    pub(super) fn of_dek_info(value: &str) -> Result<Self, Cause> {
        let (name, digits) = value.split_once(',').unwrap_or((value, ""));
        let name = name.trim();
        let Some(cipher) =
            DEK_INFO_CIPHERS.into_iter().find(|cipher| cipher.name().eq_ignore_ascii_case(name))
        else {
            return Ok(Self {
                iv: Vec::new(),
                salt: Vec::new(),
                scheme: Scheme::Unsupported { what: name.to_ascii_uppercase().into() },
            });
        };
        let iv =
            hexadecimal(digits.trim()).filter(|iv| iv.len() == cipher.iv_length()).ok_or(Cause::Headers)?;
        Ok(Self { salt: iv[..8].to_vec(), iv, scheme: Scheme::LegacyPem { cipher } })
    }

    fn unsupported(oid: &[u8]) -> Self {
        Self { iv: Vec::new(), salt: Vec::new(), scheme: Scheme::Unsupported { what: name_of(oid) } }
    }
}

/// The keyDerivationFunc of PBES2.
pub(super) struct Derivation {
    pub(super) kdf: Kdf,
    pub(super) key_length: Option<u64>,
    pub(super) salt: Vec<u8>,
}

impl Derivation {
    /// The outer error is damage, the inner one a derivation that is not known.
    pub(super) fn read(identifier: Element<'_>) -> Result<Result<Self, Sealing>, Cause> {
        let (oid, mut parameters) = identifier_parts(identifier)?;
        match oid {
            PBKDF2 => Self::read_pbkdf2(parameters.expect(SEQUENCE)?),
            SCRYPT => Self::read_scrypt(parameters.expect(SEQUENCE)?).map(Ok),
            other => Ok(Err(Sealing::unsupported(other))),
        }
    }

    fn read_pbkdf2(parameters: Element<'_>) -> Result<Result<Self, Sealing>, Cause> {
        let mut parts = parameters.children();
        let salt = parts.expect(OCTET_STRING)?.content.to_vec();
        let iterations = positive(parts.expect(INTEGER)?)?;
        let key_length = parts.optional(INTEGER).map(positive).transpose()?;
        let (mut prf, mut prf_has_null_parameters) = (Prf::HmacSha1, true);
        if let Some(named) = parts.optional(SEQUENCE) {
            let (oid, mut rest) = identifier_parts(named)?;
            let Some((_, known)) = PRFS.iter().find(|(known, _)| *known == oid) else {
                return Ok(Err(Sealing::unsupported(oid)));
            };
            (prf, prf_has_null_parameters) = (*known, rest.optional(NULL).is_some());
        }
        Ok(Ok(Self { kdf: Kdf::Pbkdf2 { iterations, prf, prf_has_null_parameters }, key_length, salt }))
    }

    fn read_scrypt(parameters: Element<'_>) -> Result<Self, Cause> {
        let mut parts = parameters.children();
        let salt = parts.expect(OCTET_STRING)?.content.to_vec();
        let n = positive(parts.expect(INTEGER)?)?;
        // More than 32 bits is more work than any limit allows; let it be told as that.
        let r = u32::try_from(positive(parts.expect(INTEGER)?)?).unwrap_or(u32::MAX);
        let p = u32::try_from(positive(parts.expect(INTEGER)?)?).unwrap_or(u32::MAX);
        let key_length = parts.optional(INTEGER).map(positive).transpose()?;
        if n < 2 || (!n.is_power_of_two() && n != u64::MAX) {
            return Err(Cause::Parameters);
        }
        Ok(Self { kdf: Kdf::Scrypt { n, p, r }, key_length, salt })
    }
}

pub(super) fn identifier_parts(identifier: Element<'_>) -> Result<(&[u8], Children<'_>), Malformed> {
    let mut parts = identifier.children();
    let oid = parts.expect(OBJECT_IDENTIFIER)?.content;
    Ok((oid, parts))
}

/// PBEParameter (RFC 8018, appendix A.3) and pkcs-12PbeParams (RFC 7292, appendix C): the same thing.
fn salt_and_iterations(parameters: &mut Children<'_>) -> Result<(Vec<u8>, u64), Cause> {
    let mut parts = parameters.expect(SEQUENCE)?.children();
    let salt = parts.expect(OCTET_STRING)?.content.to_vec();
    Ok((salt, positive(parts.expect(INTEGER)?)?))
}

/// A number above 0; one that does not fit is as large as can be.
pub(in crate::pki) fn positive(integer: Element<'_>) -> Result<u64, Cause> {
    let leading_zeros = integer.content.iter().take_while(|octet| **octet == 0).count();
    let significant = &integer.content[leading_zeros..];
    if significant.is_empty() || integer.content[0] & 0x80 != 0 {
        return Err(Cause::Parameters);
    }
    if significant.len() > 8 {
        return Ok(u64::MAX);
    }
    Ok(significant.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let values: Option<Vec<u8>> =
        digits.chars().map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok())).collect();
    let (pairs, rest) = values.as_deref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The name `openssl pkcs8 -v1` uses for a cipher in `PBE-SHA1-…`.
fn short_name(cipher: Cipher) -> &'static str {
    match cipher {
        Cipher::DesCbc => "DES",
        Cipher::DesEde2Cbc => "2DES",
        Cipher::DesEde3Cbc => "3DES",
        Cipher::Rc2Cbc128 => "RC2-128",
        Cipher::Rc2Cbc40 => "RC2-40",
        Cipher::Rc2Cbc64 => "RC2-64",
        Cipher::Rc4With128 => "RC4-128",
        Cipher::Rc4With40 => "RC4-40",
        Cipher::Aes128Cbc | Cipher::Aes192Cbc | Cipher::Aes256Cbc => cipher.name(),
    }
}

pub(super) fn name_of(oid: &[u8]) -> Box<str> {
    let dotted = dotted(oid);
    match UNSUPPORTED.iter().find(|(known, _)| *known == dotted) {
        Some((_, name)) => (*name).into(),
        None => dotted.into(),
    }
}

/// The ciphers of `DEK-Info`; RC4 never stands there.
const DEK_INFO_CIPHERS: [Cipher; 9] = [
    Cipher::Aes128Cbc,
    Cipher::Aes192Cbc,
    Cipher::Aes256Cbc,
    Cipher::DesCbc,
    Cipher::DesEde2Cbc,
    Cipher::DesEde3Cbc,
    Cipher::Rc2Cbc128,
    Cipher::Rc2Cbc40,
    Cipher::Rc2Cbc64,
];

/// 1.2.840.113549.1.5.{3, 6, 10, 11} (RFC 8018, appendix A.3); those with MD2 are not known.
const PBES1: [(&[u8], Hash, Cipher); 4] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x03], Hash::Md5, Cipher::DesCbc),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x06], Hash::Md5, Cipher::Rc2Cbc64),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0a], Hash::Sha1, Cipher::DesCbc),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0b], Hash::Sha1, Cipher::Rc2Cbc64),
];
/// 1.2.840.113549.1.5.13
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
/// The encryption schemes of PBES2 that carry nothing but an initialization vector (RFC 8018, appendix B.2).
const PBES2_CIPHERS: [(&[u8], Cipher); 5] = [
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02], Cipher::Aes128Cbc),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x16], Cipher::Aes192Cbc),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a], Cipher::Aes256Cbc),
    (&[0x2b, 0x0e, 0x03, 0x02, 0x07], Cipher::DesCbc),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07], Cipher::DesEde3Cbc),
];
/// 1.2.840.113549.1.5.12
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
/// 1.2.840.113549.1.12.1.{1 to 6} (RFC 7292, appendix C).
const PKCS12_PBE: [(&[u8], Cipher); 6] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x01], Cipher::Rc4With128),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x02], Cipher::Rc4With40),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x03], Cipher::DesEde3Cbc),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x04], Cipher::DesEde2Cbc),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x05], Cipher::Rc2Cbc128),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x06], Cipher::Rc2Cbc40),
];
/// 1.2.840.113549.2.{7 to 11}
pub(super) const PRFS: [(&[u8], Prf); 5] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x07], Prf::HmacSha1),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x08], Prf::HmacSha224),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09], Prf::HmacSha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0a], Prf::HmacSha384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0b], Prf::HmacSha512),
];
/// 1.3.6.1.4.1.11591.4.11 (RFC 7914, section 7)
const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
/// Names for what is met in files and not opened.
const UNSUPPORTED: [(&str, &str); 30] = [
    ("0.3.4401.5.3.1.9.3", "CAMELLIA-128-OFB"),
    ("0.3.4401.5.3.1.9.4", "CAMELLIA-128-CFB"),
    ("0.3.4401.5.3.1.9.43", "CAMELLIA-256-OFB"),
    ("0.3.4401.5.3.1.9.44", "CAMELLIA-256-CFB"),
    ("1.2.156.10197.1.104.2", "SM4-CBC"),
    ("1.2.392.200011.61.1.1.1.2", "CAMELLIA-128-CBC"),
    ("1.2.392.200011.61.1.1.1.3", "CAMELLIA-192-CBC"),
    ("1.2.392.200011.61.1.1.1.4", "CAMELLIA-256-CBC"),
    ("1.2.410.200004.1.4", "SEED-CBC"),
    ("1.2.410.200046.1.1.12", "ARIA-256-CBC"),
    ("1.2.410.200046.1.1.2", "ARIA-128-CBC"),
    ("1.2.410.200046.1.1.7", "ARIA-192-CBC"),
    ("1.2.840.113533.7.66.10", "CAST5-CBC"),
    ("1.2.840.113549.1.5.1", "PBE-MD2-DES"),
    ("1.2.840.113549.1.5.4", "PBE-MD2-RC2-64"),
    ("1.2.840.113549.2.6", "HMAC-MD5"),
    ("1.2.840.113549.2.12", "HMAC-SHA512-224"),
    ("1.2.840.113549.2.13", "HMAC-SHA512-256"),
    ("1.2.840.113549.3.2", "RC2-CBC"),
    ("1.3.6.1.4.1.188.7.1.1.2", "IDEA-CBC"),
    ("1.3.6.1.4.1.3029.1.2", "BF-CBC"),
    ("2.16.840.1.101.3.4.1.23", "AES-192-OFB"),
    ("2.16.840.1.101.3.4.1.24", "AES-192-CFB"),
    ("2.16.840.1.101.3.4.1.26", "AES-192-GCM"),
    ("2.16.840.1.101.3.4.1.3", "AES-128-OFB"),
    ("2.16.840.1.101.3.4.1.4", "AES-128-CFB"),
    ("2.16.840.1.101.3.4.1.43", "AES-256-OFB"),
    ("2.16.840.1.101.3.4.1.44", "AES-256-CFB"),
    ("2.16.840.1.101.3.4.1.46", "AES-256-GCM"),
    ("2.16.840.1.101.3.4.1.6", "AES-128-GCM"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_fit_are_as_large_as_can_be() {
        let number = |content: &'static [u8]| positive(Element { content, raw: content, tag: INTEGER });
        assert_eq!(number(&[8, 0]), Ok(2048));
        assert_eq!(number(&[0, 0x80, 0, 0, 0]), Ok(1 << 31));
        assert_eq!(number(&[1, 0, 0, 0, 0, 0, 0, 0, 0]), Ok(u64::MAX));
        for damaged in [&[][..], &[0], &[0, 0], &[0xff]] {
            assert_eq!(number(damaged), Err(Cause::Parameters), "{damaged:?}");
        }
    }

    #[test]
    fn a_dek_info_is_read_or_named_or_damaged() {
        let sealing = Sealing::of_dek_info("AES-128-CBC,000102030405060708090A0b0c0d0e0f").unwrap();
        assert_eq!(sealing.scheme, Scheme::LegacyPem { cipher: Cipher::Aes128Cbc });
        assert_eq!((sealing.iv.len(), sealing.salt.as_slice()), (16, &[0, 1, 2, 3, 4, 5, 6, 7][..]));
        assert_eq!(
            Sealing::of_dek_info("camellia-256-cbc,00").unwrap().scheme,
            Scheme::Unsupported { what: "CAMELLIA-256-CBC".into() }
        );
        for damaged in
            ["AES-128-CBC", "AES-128-CBC,", "AES-128-CBC,0g", "DES-CBC,00", "DES-CBC,001122334455667"]
        {
            assert_eq!(Sealing::of_dek_info(damaged), Err(Cause::Headers), "{damaged}");
        }
    }

    #[test]
    fn memory_and_work_of_scrypt_do_not_overflow() {
        let scrypt = |n, r, p| Scheme::Pbes2 { cipher: Cipher::Aes256Cbc, kdf: Kdf::Scrypt { n, p, r } };
        assert_eq!(scrypt(1 << 14, 8, 1).memory(), Some((1 << 24) + 1024));
        assert_eq!(scrypt(1 << 14, 8, 1).work(), Some(1 << 17));
        assert_eq!(scrypt(u64::MAX, u32::MAX, u32::MAX).memory(), Some(u64::MAX));
        assert_eq!(scrypt(u64::MAX, u32::MAX, u32::MAX).work(), Some(u64::MAX));
    }
}
