//! Public key algorithms: what a SubjectPublicKeyInfo holds (RFC 5280, section 4.1.2.7).

use std::fmt;

use super::asn1::{BIT_STRING, Element, INTEGER, OBJECT_IDENTIFIER, SEQUENCE};

/// The kind and size of a public key, or of the private key it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// DSA, FIPS 186.
    Dsa,
    /// An elliptic curve, for ECDSA.
    Ec(Curve),
    /// Ed25519, RFC 8410.
    Ed25519,
    /// Ed448, RFC 8410.
    Ed448,
    /// Anything else, by its object identifier in dotted form.
    Other(Box<str>),
    /// RSA, with the size of the modulus in bits.
    Rsa(u32),
    /// RSA bound to RSASSA-PSS by its own identifier (RFC 4055, section 1.2), with the size of the modulus in bits.
    RsaPss(u32),
}

/// A named curve (RFC 5480, section 2.1.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Curve {
    /// One of the brainpool curves (RFC 5639).
    Brainpool,
    /// Parameters spelled out, or a curve not named here: the identifier in dotted form, or `explicit`.
    Other(Box<str>),
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
    /// secp256k1.
    Secp256k1,
}

impl KeyAlgorithm {
    /// Reads the algorithm of a DER SubjectPublicKeyInfo. What cannot be read is [`KeyAlgorithm::Other`].
    pub fn of_public_key(spki: &[u8]) -> Self {
        let parse = || {
            let mut info = Element::expect(spki, SEQUENCE).ok()?.0.children();
            let identifier = info.expect(SEQUENCE).ok()?;
            let mut algorithm = Self::of_identifier(identifier)?;
            if let Self::Rsa(bits) | Self::RsaPss(bits) = &mut algorithm {
                *bits = rsa_bits(info.expect(BIT_STRING).ok()?.content.get(1..)?)?;
            }
            Some(algorithm)
        };
        parse().unwrap_or_else(|| Self::Other("unreadable".into()))
    }

    /// Reads an AlgorithmIdentifier; RSA comes with 0 bits, since the size stands in the key itself.
    pub fn of_identifier(identifier: Element<'_>) -> Option<Self> {
        let mut parts = identifier.children();
        let oid = parts.expect(OBJECT_IDENTIFIER).ok()?.content;
        Some(match oid {
            RSA_ENCRYPTION => Self::Rsa(0),
            RSASSA_PSS => Self::RsaPss(0),
            EC_PUBLIC_KEY => Self::Ec(match parts.next() {
                Some(Ok(curve)) if curve.tag == OBJECT_IDENTIFIER => Curve::of_oid(curve.content),
                _ => Curve::Other("explicit".into()),
            }),
            ED25519 => Self::Ed25519,
            ED448 => Self::Ed448,
            DSA => Self::Dsa,
            other => Self::Other(dotted(other).into()),
        })
    }

    /// The size people compare by: the modulus for RSA, the field for a curve; none where there is no such number.
    pub fn bits(&self) -> Option<u32> {
        match self {
            Self::Rsa(bits) | Self::RsaPss(bits) => Some(*bits),
            Self::Ec(Curve::P256 | Curve::Secp256k1) | Self::Ed25519 => Some(256),
            Self::Ec(Curve::P384) => Some(384),
            Self::Ec(Curve::P521) => Some(521),
            Self::Ed448 => Some(448),
            Self::Dsa | Self::Ec(_) | Self::Other(_) => None,
        }
    }

    /// The name without the size: `RSA`, `EC P-256`, `Ed25519`.
    pub fn name(&self) -> String {
        match self {
            Self::Dsa => "DSA".into(),
            Self::Ec(curve) => format!("EC {curve}"),
            Self::Ed25519 => "Ed25519".into(),
            Self::Ed448 => "Ed448".into(),
            Self::Other(oid) => oid.to_string(),
            Self::Rsa(_) => "RSA".into(),
            Self::RsaPss(_) => "RSA-PSS".into(),
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        match self {
            Self::Rsa(bits) | Self::RsaPss(bits) => write!(f, " {bits}"),
            _ => Ok(()),
        }
    }
}

impl Curve {
    /// The curve with this object identifier (content octets).
    pub fn of_oid(oid: &[u8]) -> Self {
        match oid {
            SECP256R1 => Self::P256,
            SECP384R1 => Self::P384,
            SECP521R1 => Self::P521,
            SECP256K1 => Self::Secp256k1,
            brainpool if brainpool.starts_with(BRAINPOOL) => Self::Brainpool,
            other => Self::Other(dotted(other).into()),
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Brainpool => "brainpool",
            Self::Other(name) => name,
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
        })
    }
}

/// The size of the modulus of a DER RSAPublicKey (RFC 8017, appendix A.1.1), in bits.
fn rsa_bits(public_key: &[u8]) -> Option<u32> {
    let modulus = Element::expect(public_key, SEQUENCE).ok()?.0.children().expect(INTEGER).ok()?.content;
    let leading_zeros = modulus.iter().take_while(|octet| **octet == 0).count();
    let significant = &modulus[leading_zeros..];
    let first = significant.first()?;
    u32::try_from(significant.len()).ok()?.checked_mul(8).map(|bits| bits - first.leading_zeros())
}

/// The dotted spelling of an object identifier, from its content octets.
pub fn dotted(oid: &[u8]) -> String {
    let mut spelling = String::new();
    let mut arc = 0_u64;
    for octet in oid {
        arc = arc.wrapping_shl(7) | u64::from(octet & 0x7f);
        if octet & 0x80 != 0 {
            continue;
        }
        if spelling.is_empty() {
            let first = (arc / 40).min(2);
            spelling = format!("{first}.{}", arc - first * 40);
        } else {
            spelling.push_str(&format!(".{arc}"));
        }
        arc = 0;
    }
    spelling
}

/// 1.3.36.3.3.2.8.1.1, the arc of the brainpool curves.
const BRAINPOOL: &[u8] = &[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01];
/// 1.2.840.10040.4.1
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
/// 1.2.840.10045.2.1
pub const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.3.101.112
pub const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
/// 1.3.101.113
pub const ED448: &[u8] = &[0x2b, 0x65, 0x71];
/// 1.2.840.113549.1.1.1
pub const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.1.1.10
pub const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// 1.3.132.0.10
pub const SECP256K1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x0a];
/// 1.2.840.10045.3.1.7
pub const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.3.132.0.34
pub const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// 1.3.132.0.35
pub const SECP521R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_spelled_in_dots() {
        assert_eq!(dotted(RSASSA_PSS), "1.2.840.113549.1.1.10");
        assert_eq!(dotted(ED448), "1.3.101.113");
        assert_eq!(dotted(&[0x55, 0x1d, 0x13]), "2.5.29.19");
    }

    #[test]
    fn a_public_key_that_cannot_be_read_is_no_panic() {
        for rubbish in [&[][..], &[0x30], &[0x30, 2, 0x30, 0], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(KeyAlgorithm::of_public_key(rubbish), KeyAlgorithm::Other("unreadable".into()));
        }
    }
}
