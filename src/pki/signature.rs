//! Signatures on certificates: their algorithms, and whether one verifies.
//!
//! Three answers, never two: proven, wrong, and not checkable here. A signature made with an algorithm that the library
//! does not have is not an accusation.

use std::fmt;

use aws_lc_rs::signature::{self as aws, ParsedPublicKey, VerificationAlgorithm};

use super::algorithm::{Curve, KeyAlgorithm, RSASSA_PSS, dotted};
use super::asn1::{BIT_STRING, CONTEXT_0, Element, INTEGER, OBJECT_IDENTIFIER, SEQUENCE};

/// A signature algorithm with its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// DSA with any digest.
    Dsa,
    /// ECDSA.
    Ecdsa(Digest),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// Anything else, by its object identifier in dotted form.
    Other(Box<str>),
    /// RSA with the padding of PKCS#1 1.5.
    Rsa(Digest),
    /// RSASSA-PSS, with the length of its salt in bytes (RFC 4055, section 3.1).
    RsaPss(Digest, u8),
}

/// A digest inside of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// MD2, MD4 or MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Whether a signature holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The algorithm, or the size or shape of the key, cannot be checked here.
    NotCheckable,
    /// It verifies.
    Proven,
    /// It does not verify.
    Wrong,
}

impl SignatureAlgorithm {
    /// Reads an AlgorithmIdentifier.
    pub fn of_identifier(identifier: Element<'_>) -> Self {
        let mut parts = identifier.children();
        let Ok(oid) = parts.expect(OBJECT_IDENTIFIER) else { return Self::Other("unreadable".into()) };
        let oid = oid.content;
        if oid == RSASSA_PSS {
            let parameters = parts.next().and_then(Result::ok);
            return pss_parameters(parameters).unwrap_or_else(|| Self::Other(dotted(oid).into()));
        }
        let known = ALGORITHMS.iter().find(|(known, _)| *known == oid);
        known.map_or_else(|| Self::Other(dotted(oid).into()), |(_, algorithm)| algorithm.clone())
    }

    /// The digest, where the algorithm names one.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Ecdsa(digest) | Self::Rsa(digest) | Self::RsaPss(digest, _) => Some(*digest),
            Self::Dsa | Self::Ed25519 | Self::Ed448 | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dsa => f.write_str("DSA"),
            Self::Ecdsa(digest) => write!(f, "ECDSA with {digest}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Ed448 => f.write_str("Ed448"),
            Self::Other(oid) => f.write_str(oid),
            Self::Rsa(digest) => write!(f, "RSA with {digest}"),
            Self::RsaPss(digest, _) => write!(f, "RSA-PSS with {digest}"),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// Checks a signature over `message` with the key of a DER SubjectPublicKeyInfo.
pub fn verify(
    public_key: &[u8],
    algorithm: &SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let Some(checker) = checker(algorithm, &KeyAlgorithm::of_public_key(public_key)) else {
        return Verdict::NotCheckable;
    };
    let bits = || {
        let mut info = Element::expect(public_key, SEQUENCE).ok()?.0.children();
        info.expect(SEQUENCE).ok()?;
        info.expect(BIT_STRING).ok()?.content.get(1..)
    };
    // A key that the library will not take says nothing about the signature.
    let Some(key) = bits().and_then(|bits| ParsedPublicKey::new(checker, bits).ok()) else {
        return Verdict::NotCheckable;
    };
    match key.verify_sig(message, signature) {
        Ok(()) => Verdict::Proven,
        Err(_) => Verdict::Wrong,
    }
}

fn checker(algorithm: &SignatureAlgorithm, key: &KeyAlgorithm) -> Option<&'static dyn VerificationAlgorithm> {
    use Digest::{Sha1, Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, Ed25519, Rsa, RsaPss};
    Some(match (algorithm, key) {
        (Rsa(Sha1), KeyAlgorithm::Rsa(1024..=8192)) => &aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Rsa(Sha256), KeyAlgorithm::Rsa(1024..=8192)) => &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Rsa(Sha384), KeyAlgorithm::Rsa(2048..=8192)) => &aws::RSA_PKCS1_2048_8192_SHA384,
        (Rsa(Sha512), KeyAlgorithm::Rsa(1024..=8192)) => &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (RsaPss(Sha256, 32), KeyAlgorithm::Rsa(2048..=8192) | KeyAlgorithm::RsaPss(2048..=8192)) => {
            &aws::RSA_PSS_2048_8192_SHA256
        }
        (RsaPss(Sha384, 48), KeyAlgorithm::Rsa(2048..=8192) | KeyAlgorithm::RsaPss(2048..=8192)) => {
            &aws::RSA_PSS_2048_8192_SHA384
        }
        (RsaPss(Sha512, 64), KeyAlgorithm::Rsa(2048..=8192) | KeyAlgorithm::RsaPss(2048..=8192)) => {
            &aws::RSA_PSS_2048_8192_SHA512
        }
        (Ecdsa(Sha1), KeyAlgorithm::Ec(Curve::P256)) => &aws::ECDSA_P256_SHA1_ASN1,
        (Ecdsa(Sha256), KeyAlgorithm::Ec(Curve::P256)) => &aws::ECDSA_P256_SHA256_ASN1,
        (Ecdsa(Sha384), KeyAlgorithm::Ec(Curve::P256)) => &aws::ECDSA_P256_SHA384_ASN1,
        (Ecdsa(Sha512), KeyAlgorithm::Ec(Curve::P256)) => &aws::ECDSA_P256_SHA512_ASN1,
        (Ecdsa(Sha256), KeyAlgorithm::Ec(Curve::P384)) => &aws::ECDSA_P384_SHA256_ASN1,
        (Ecdsa(Sha384), KeyAlgorithm::Ec(Curve::P384)) => &aws::ECDSA_P384_SHA384_ASN1,
        (Ecdsa(Sha512), KeyAlgorithm::Ec(Curve::P384)) => &aws::ECDSA_P384_SHA512_ASN1,
        (Ecdsa(Sha1), KeyAlgorithm::Ec(Curve::P521)) => &aws::ECDSA_P521_SHA1_ASN1,
        (Ecdsa(Sha256), KeyAlgorithm::Ec(Curve::P521)) => &aws::ECDSA_P521_SHA256_ASN1,
        (Ecdsa(Sha384), KeyAlgorithm::Ec(Curve::P521)) => &aws::ECDSA_P521_SHA384_ASN1,
        (Ecdsa(Sha512), KeyAlgorithm::Ec(Curve::P521)) => &aws::ECDSA_P521_SHA512_ASN1,
        (Ecdsa(Sha256), KeyAlgorithm::Ec(Curve::Secp256k1)) => &aws::ECDSA_P256K1_SHA256_ASN1,
        (Ed25519, KeyAlgorithm::Ed25519) => &aws::ED25519,
        _ => return None,
    })
}

/// RSASSA-PSS-params (RFC 4055, section 3.1): everything left out means SHA-1 and 20 bytes of salt.
fn pss_parameters(parameters: Option<Element<'_>>) -> Option<SignatureAlgorithm> {
    let mut digest = Digest::Sha1;
    let mut salt = 20;
    for field in parameters?.children() {
        let field = field.ok()?;
        match field.tag {
            CONTEXT_0 => {
                let mut identifier = Element::expect(field.content, SEQUENCE).ok()?.0.children();
                let oid = identifier.expect(OBJECT_IDENTIFIER).ok()?.content;
                digest = DIGESTS.iter().find(|(known, _)| *known == oid)?.1;
            }
            CONTEXT_2 => match field.children().expect(INTEGER).ok()?.content {
                // From 128 on the number has a leading zero.
                [length] | [0, length] => salt = *length,
                _ => return None,
            },
            _ => {}
        }
    }
    Some(SignatureAlgorithm::RsaPss(digest, salt))
}

const ALGORITHMS: [(&[u8], SignatureAlgorithm); 22] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x02], SignatureAlgorithm::Rsa(Digest::Md5)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x03], SignatureAlgorithm::Rsa(Digest::Md5)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04], SignatureAlgorithm::Rsa(Digest::Md5)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05], SignatureAlgorithm::Rsa(Digest::Sha1)),
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1d], SignatureAlgorithm::Rsa(Digest::Sha1)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0e], SignatureAlgorithm::Rsa(Digest::Sha224)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], SignatureAlgorithm::Rsa(Digest::Sha256)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], SignatureAlgorithm::Rsa(Digest::Sha384)),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d], SignatureAlgorithm::Rsa(Digest::Sha512)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], SignatureAlgorithm::Ecdsa(Digest::Sha1)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x01], SignatureAlgorithm::Ecdsa(Digest::Sha224)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], SignatureAlgorithm::Ecdsa(Digest::Sha256)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], SignatureAlgorithm::Ecdsa(Digest::Sha384)),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04], SignatureAlgorithm::Ecdsa(Digest::Sha512)),
    (&[0x2b, 0x65, 0x70], SignatureAlgorithm::Ed25519),
    (&[0x2b, 0x65, 0x71], SignatureAlgorithm::Ed448),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03], SignatureAlgorithm::Dsa),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x01], SignatureAlgorithm::Dsa),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x02], SignatureAlgorithm::Dsa),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x03], SignatureAlgorithm::Dsa),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x04], SignatureAlgorithm::Dsa),
    (&[0x2b, 0x0e, 0x03, 0x02, 0x0c], SignatureAlgorithm::Dsa),
];
/// Constructed, context-specific, number 2.
const CONTEXT_2: u8 = 0xa2;
const DIGESTS: [(&[u8], Digest); 5] = [
    (&[0x2b, 0x0e, 0x03, 0x02, 0x1a], Digest::Sha1),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04], Digest::Sha224),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01], Digest::Sha256),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02], Digest::Sha384),
    (&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03], Digest::Sha512),
];
