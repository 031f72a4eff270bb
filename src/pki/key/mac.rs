//! The code that proves a PKCS#12 store whole: reads which one it is and how its key is derived, and says whether a
//! passphrase fits it. Never decrypts, and never derives before it has been asked whether that is allowed.

use std::num::NonZeroU32;

use super::derive::{self, MacHash};
use super::detect::Cause;
use super::open::{Limits, OpenError, Spelling};
use super::scheme::{Derivation, Kdf, PRFS, Prf, Scheme, identifier_parts, name_of, positive};
use crate::pki::asn1::{Element, INTEGER, OCTET_STRING, SEQUENCE};

/// MacData (RFC 7292, section 4): the code, and what its key is made from.
pub(in crate::pki) struct Mac<'a> {
    algorithm: Algorithm<'a>,
    code: &'a [u8],
}

/// How the code is made.
enum Algorithm<'a> {
    /// PBMAC1 (RFC 9579): a key from PBKDF2.
    Pbmac1 { derivation: Prf, hash: Prf, key_length: usize, iterations: u64, salt: Vec<u8> },
    /// HMAC with a key from the derivation of PKCS#12 (RFC 7292, appendix B).
    Pkcs12 { hash: MacHash, iterations: u64, salt: &'a [u8] },
    /// Known by name at most.
    Unsupported { what: Box<str> },
}

impl<'a> Mac<'a> {
    /// Reads MacData.
    pub(in crate::pki) fn read(mac_data: Element<'a>) -> Result<Self, Cause> {
        let mut parts = mac_data.children();
        let mut digest_info = parts.expect(SEQUENCE)?.children();
        let identifier = digest_info.expect(SEQUENCE)?;
        let code = digest_info.expect(OCTET_STRING)?.content;
        let salt = parts.expect(OCTET_STRING)?.content;
        let iterations = parts.optional(INTEGER).map_or(Ok(1), positive)?;
        let (oid, mut parameters) = identifier_parts(identifier)?;
        let algorithm = if oid == PBMAC1 {
            Algorithm::read_pbmac1(parameters.expect(SEQUENCE)?)?
        } else {
            match HASHES.iter().find(|(known, ..)| *known == oid) {
                Some((_, hash, _)) => Algorithm::Pkcs12 { hash: *hash, iterations, salt },
                None => Algorithm::Unsupported { what: name_of(oid) },
            }
        };
        Ok(Self { algorithm, code })
    }

    /// The rounds of the derivation; none where it is not known.
    pub(in crate::pki) fn iterations(&self) -> Option<u64> {
        match self.algorithm {
            Algorithm::Pbmac1 { iterations, .. } | Algorithm::Pkcs12 { iterations, .. } => Some(iterations),
            Algorithm::Unsupported { .. } => None,
        }
    }

    /// The name, for JSON and for people; stable.
    pub(in crate::pki) fn name(&self) -> String {
        match &self.algorithm {
            Algorithm::Pbmac1 { derivation, hash, .. } => format!("PBMAC1 PBKDF2-{derivation} {hash}"),
            Algorithm::Pkcs12 { hash, .. } => {
                let name = HASHES.iter().find(|(_, known, _)| known == hash).map_or("", |(.., name)| name);
                format!("HMAC-{name}")
            }
            Algorithm::Unsupported { what } => what.to_string(),
        }
    }

    /// What is not known of it, where it cannot be checked.
    pub(in crate::pki) fn unsupported(&self) -> Option<&str> {
        match &self.algorithm {
            Algorithm::Unsupported { what } => Some(what),
            _ => None,
        }
    }

    /// The spelling of the passphrase with which the code over `content` is right; none where there is none: the
    /// passphrase is another one, or the content is damaged. The limits have been asked before.
    pub(in crate::pki) fn proves(&self, passphrase: &[u8], content: &[u8]) -> Option<Spelling> {
        let spellings: &[Spelling] = match &self.algorithm {
            Algorithm::Pbmac1 { .. } => &[Spelling::Bytes],
            Algorithm::Pkcs12 { .. } => Spelling::of_pkcs12(passphrase),
            Algorithm::Unsupported { .. } => &[],
        };
        spellings.iter().copied().find(|spelling| {
            let passphrase = spelling.of(passphrase);
            let code = match &self.algorithm {
                Algorithm::Pbmac1 { derivation, hash, key_length, iterations, salt } => {
                    let rounds = u32::try_from(*iterations).ok().and_then(NonZeroU32::new);
                    let Some(rounds) = rounds else { return false };
                    let key = derive::pbkdf2(*derivation, &passphrase, salt, rounds, *key_length);
                    mac_hash(*hash).hmac(&key, content)
                }
                Algorithm::Pkcs12 { hash, iterations, salt } => {
                    let key = hash.mac_key(&passphrase, salt, *iterations);
                    hash.hmac(&key, content)
                }
                Algorithm::Unsupported { .. } => return false,
            };
            code == self.code
        })
    }
}

impl Algorithm<'_> {
    /// PBMAC1-params (RFC 8018, appendix A.5): the derivation, then the code it makes the key for.
    fn read_pbmac1(parameters: Element<'_>) -> Result<Self, Cause> {
        let mut parts = parameters.children();
        let derivation = match Derivation::read(parts.expect(SEQUENCE)?)? {
            Ok(derivation) => derivation,
            Err(unknown) => return Ok(Self::unsupported(&unknown.scheme)),
        };
        let (oid, _) = identifier_parts(parts.expect(SEQUENCE)?)?;
        let Some((_, hash)) = PRFS.iter().find(|(known, _)| *known == oid) else {
            return Ok(Self::Unsupported { what: name_of(oid) });
        };
        let Kdf::Pbkdf2 { iterations, prf, .. } = derivation.kdf else {
            return Ok(Self::Unsupported { what: "PBMAC1 with scrypt".into() });
        };
        // RFC 9579, section 4 wants the length said, and no shorter than 20 bytes.
        let key_length = match derivation.key_length {
            None => mac_hash(*hash).length(),
            Some(length) => usize::try_from(length)
                .ok()
                .filter(|length| (20..=64).contains(length))
                .ok_or(Cause::Parameters)?,
        };
        Ok(Self::Pbmac1 { derivation: prf, hash: *hash, iterations, key_length, salt: derivation.salt })
    }

    fn unsupported(scheme: &Scheme) -> Self {
        Self::Unsupported { what: scheme.name().into() }
    }
}

/// Whether so many rounds are allowed.
///
/// # Errors
/// Where there are more.
pub(in crate::pki) fn check_iterations(demanded: u64, limits: &Limits) -> Result<(), OpenError> {
    let limit = limits.iterations.min(u32::MAX.into());
    if demanded > limit {
        return Err(OpenError::TooMuchWork { demanded, kind: super::Work::Iterations, limit });
    }
    Ok(())
}

fn mac_hash(prf: Prf) -> MacHash {
    match prf {
        Prf::HmacSha1 => MacHash::Sha1,
        Prf::HmacSha224 => MacHash::Sha224,
        Prf::HmacSha256 => MacHash::Sha256,
        Prf::HmacSha384 => MacHash::Sha384,
        Prf::HmacSha512 => MacHash::Sha512,
    }
}

/// The hashes of MacData, with the names that stand behind `HMAC-`. OpenSSL's `-macalg` takes all of these.
const HASHES: [(&[u8], MacHash, &str); 8] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05], MacHash::Md5, "MD5"),
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1a], MacHash::Sha1, "SHA1"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04], MacHash::Sha224, "SHA224"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], MacHash::Sha256, "SHA256"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], MacHash::Sha384, "SHA384"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03], MacHash::Sha512, "SHA512"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x05], MacHash::Sha512Of224, "SHA512-224"),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x06], MacHash::Sha512Of256, "SHA512-256"),
];
/// 1.2.840.113549.1.5.14
const PBMAC1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0e];
