//! A private key in the clear: normalises PKCS#8, PKCS#1, SEC 1 and DSA to PKCS#8, and knows the public key that
//! belongs to it. Believes no public part that it can compute, and computes none that it cannot prove.

use std::fmt;

use aws_lc_rs::signature::{EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::detect::{Cause, Form, form_of};
use crate::pki::algorithm::{Curve, EC_PUBLIC_KEY, KeyAlgorithm};
use crate::pki::asn1::{
    self, BIT_STRING, CONTEXT_0, CONTEXT_1, Children, Element, INTEGER, NULL, OBJECT_IDENTIFIER,
    OCTET_STRING, SEQUENCE,
};
use crate::pki::container::pem;
use crate::secret::SecretBytes;

/// A private key in the clear, as PKCS#8 (RFC 5958; version 1: without attributes and, for EC, with the public key
/// inside, as OpenSSL writes it). Wiped when dropped.
pub struct PrivateKey {
    algorithm: KeyAlgorithm,
    contradicts_itself: bool,
    lacks_public_part: bool,
    pkcs8: SecretBytes,
    /// The content of the BIT STRING that the file has as public key, where it can be neither computed nor proven.
    pub(super) claimed_public_key: Option<Vec<u8>>,
    public_key: Option<Vec<u8>>,
}

impl PrivateKey {
    /// Reads PKCS#8, PKCS#1, SEC 1 or OpenSSL's DSA structure. `curve` is the content of an `EC PARAMETERS` block,
    /// for SEC 1 keys that do not name their curve themselves.
    pub(in crate::pki) fn read(der: &[u8], curve: Option<&[u8]>) -> Result<Self, Cause> {
        let mut parts = Element::expect(der, SEQUENCE)?.0.children();
        match form_of(der) {
            Some(Form::Pkcs8) => {
                parts.expect(INTEGER)?;
                let identifier = parts.expect(SEQUENCE)?;
                let private = parts.expect(OCTET_STRING)?.content;
                parts.optional(CONTEXT_0);
                // RFC 5958, section 2: publicKey [1] IMPLICIT BIT STRING.
                let claimed = parts.optional(IMPLICIT_1).and_then(|public| public.content.get(1..));
                Self::of_parts(identifier, private, claimed)
            }
            Some(Form::Pkcs1) => Self::of_rsa(RSA_IDENTIFIER, der),
            Some(Form::Sec1) => {
                parts.expect(INTEGER)?;
                parts.expect(OCTET_STRING)?;
                let named = parts.optional(CONTEXT_0).map(|parameters| parameters.content);
                let curve = named.or(curve).ok_or(Cause::CurveMissing)?;
                let curve = Element::read(curve)?.0.raw;
                let identifier =
                    asn1::write(SEQUENCE, &[&asn1::write(OBJECT_IDENTIFIER, &[EC_PUBLIC_KEY]), curve]);
                Self::of_parts(Element::read(&identifier)?.0, der, None)
            }
            Some(Form::Dsa) => Self::of_dsa(parts),
            Some(Form::EncryptedPkcs8 | Form::LegacyEncrypted) | None => Err(Cause::Structure),
        }
    }

    /// The kind of key, with its size.
    pub fn algorithm(&self) -> &KeyAlgorithm {
        &self.algorithm
    }

    /// Whether the file claims a public key that does not belong to the private one. Clients refuse such a key, or
    /// worse. What this says of the kinds that [`PrivateKey::public_key`] does not know is always false.
    pub fn contradicts_itself(&self) -> bool {
        self.contradicts_itself
    }

    /// Whether the file leaves out the public key of a curve key, as RFC 5915, section 3 allows. GnuTLS needs it.
    pub fn lacks_public_part(&self) -> bool {
        self.lacks_public_part
    }

    /// The public key as DER SubjectPublicKeyInfo (RFC 5280, section 4.1), where it is known for certain: computed
    /// for Ed25519 and the curves P-256, P-384, P-521 and secp256k1; for RSA the modulus, where it is the product
    /// of the primes, with the exponent.
    pub fn public_key(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
    }

    /// The SHA-256 of [`PrivateKey::public_key`].
    pub fn public_key_sha256(&self) -> Option<[u8; 32]> {
        self.public_key().map(|spki| Sha256::digest(spki).into())
    }

    /// The key as DER PKCS#8.
    pub fn to_pkcs8_der(&self) -> &SecretBytes {
        &self.pkcs8
    }

    /// The key in the clear: PEM, label `PRIVATE KEY`.
    pub fn to_pkcs8_pem(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(pem::encode("PRIVATE KEY", self.pkcs8.expose_secret()))
    }

    /// The content of PKCS#8's privateKey.
    pub(super) fn inner(&self) -> Option<&[u8]> {
        let mut parts = Element::expect(self.pkcs8.expose_secret(), SEQUENCE).ok()?.0.children();
        parts.expect(INTEGER).ok()?;
        parts.expect(SEQUENCE).ok()?;
        parts.expect(OCTET_STRING).ok().map(|private| private.content)
    }

    fn of_parts(identifier: Element<'_>, private: &[u8], claimed: Option<&[u8]>) -> Result<Self, Cause> {
        match KeyAlgorithm::of_identifier(identifier).ok_or(Cause::Structure)? {
            KeyAlgorithm::Rsa(_) => Self::of_rsa(RSA_IDENTIFIER, private),
            KeyAlgorithm::RsaPss(_) => Self::of_rsa(identifier.raw, private),
            KeyAlgorithm::Ec(curve) => Self::of_ec(identifier, curve, private, claimed),
            KeyAlgorithm::Ed25519 => Self::of_ed25519(identifier, private, claimed),
            algorithm => Ok(Self {
                algorithm,
                claimed_public_key: claimed.map(<[u8]>::to_vec),
                contradicts_itself: false,
                lacks_public_part: false,
                pkcs8: wrap(identifier.raw, private),
                public_key: None,
            }),
        }
    }

    /// RSAPrivateKey (RFC 8017, appendix A.1.2): version, modulus, public exponent, private exponent, two primes,
    /// two exponents, a coefficient; then, in version 1, more primes.
    fn of_rsa(identifier: &[u8], private: &[u8]) -> Result<Self, Cause> {
        let rsa = RsaNumbers::read(private)?;
        let spki = rsa.public_key(identifier);
        let is_proven = rsa.modulus_is_the_product();
        Ok(Self {
            algorithm: KeyAlgorithm::of_public_key(&spki),
            claimed_public_key: None,
            contradicts_itself: is_proven == Some(false),
            lacks_public_part: false,
            pkcs8: wrap(identifier, Element::expect(private, SEQUENCE)?.0.raw),
            public_key: (is_proven == Some(true)).then_some(spki),
        })
    }

    /// ECPrivateKey (RFC 5915, section 3).
    fn of_ec(
        identifier: Element<'_>,
        curve: Curve,
        private: &[u8],
        claimed: Option<&[u8]>,
    ) -> Result<Self, Cause> {
        let mut parts = Element::expect(private, SEQUENCE)?.0.children();
        let version = parts.expect(INTEGER)?;
        let number = parts.expect(OCTET_STRING)?;
        let inside = parts.optional(CONTEXT_0).and_then(|parameters| Element::read(parameters.content).ok());
        let outside = identifier.children().nth(1).and_then(Result::ok);
        // OpenSSL takes the one or the other, or refuses the key (seen on 3.0).
        if let (Some((inside, _)), Some(outside)) = (inside, outside)
            && (inside.tag, outside.tag) == (OBJECT_IDENTIFIER, OBJECT_IDENTIFIER)
            && inside.content != outside.content
        {
            return Err(Cause::CurvesDiffer);
        }
        let public = parts.optional(CONTEXT_1);
        let claimed = match public {
            Some(public) => {
                Some(public.children().expect(BIT_STRING)?.content.get(1..).ok_or(Cause::Structure)?)
            }
            None => claimed,
        };
        let Some((signing, length)) = ecdsa(&curve) else {
            let public = public.map(|public| public.raw).unwrap_or_default();
            let inner = Zeroizing::new(asn1::write(SEQUENCE, &[version.raw, number.raw, public]));
            return Ok(Self {
                algorithm: KeyAlgorithm::Ec(curve),
                claimed_public_key: claimed.map(<[u8]>::to_vec),
                contradicts_itself: false,
                lacks_public_part: false,
                pkcs8: wrap(identifier.raw, &inner),
                public_key: None,
            });
        };

        // Some programs leave out leading zeros, or have too many; RFC 5915 wants the field's length.
        let mut scalar = Zeroizing::new(vec![0; length]);
        let digits = without_leading_zeros(number.content);
        let start = length.checked_sub(digits.len()).ok_or(Cause::Impossible)?;
        scalar[start..].copy_from_slice(digits);
        let scalar = Zeroizing::new(asn1::write(OCTET_STRING, &[&scalar]));

        // Without the public part, so that what comes back is computed.
        let bare = Zeroizing::new(asn1::write(SEQUENCE, &[VERSION_1, &scalar]));
        let bare = wrap(identifier.raw, &bare);
        let pair = EcdsaKeyPair::from_pkcs8(signing, bare.expose_secret()).map_err(|_| Cause::Impossible)?;
        let point = pair.public_key().as_ref();
        let bits = asn1::write(BIT_STRING, &[&[0], point]);
        let public = asn1::write(CONTEXT_1, &[&bits]);
        let inner = Zeroizing::new(asn1::write(SEQUENCE, &[VERSION_1, &scalar, &public]));
        Ok(Self {
            algorithm: KeyAlgorithm::Ec(curve),
            claimed_public_key: None,
            contradicts_itself: claimed.is_some_and(|claimed| !is_same_point(claimed, point)),
            lacks_public_part: claimed.is_none(),
            pkcs8: wrap(identifier.raw, &inner),
            public_key: Some(asn1::write(SEQUENCE, &[identifier.raw, &bits])),
        })
    }

    /// CurvePrivateKey (RFC 8410, section 7): an OCTET STRING of 32 bytes.
    fn of_ed25519(identifier: Element<'_>, private: &[u8], claimed: Option<&[u8]>) -> Result<Self, Cause> {
        let seed = Element::expect(private, OCTET_STRING)?.0;
        let pair = (seed.content.len() == 32).then(|| Ed25519KeyPair::from_seed_unchecked(seed.content));
        let pair = pair.and_then(Result::ok).ok_or(Cause::Impossible)?;
        let point = pair.public_key().as_ref();
        let bits = asn1::write(BIT_STRING, &[&[0], point]);
        Ok(Self {
            algorithm: KeyAlgorithm::Ed25519,
            claimed_public_key: None,
            contradicts_itself: claimed.is_some_and(|claimed| claimed != point),
            lacks_public_part: false,
            pkcs8: wrap(identifier.raw, seed.raw),
            public_key: Some(asn1::write(SEQUENCE, &[identifier.raw, &bits])),
        })
    }

    /// OpenSSL's own structure: version, p, q, g, public, private. `parts` starts with the version.
    fn of_dsa(mut parts: Children<'_>) -> Result<Self, Cause> {
        parts.expect(INTEGER)?;
        let [p, q, g] = [parts.expect(INTEGER)?, parts.expect(INTEGER)?, parts.expect(INTEGER)?];
        let public = parts.expect(INTEGER)?;
        let private = parts.expect(INTEGER)?;
        let parameters = asn1::write(SEQUENCE, &[p.raw, q.raw, g.raw]);
        let identifier = asn1::write(SEQUENCE, &[DSA_IDENTIFIER, &parameters]);
        Ok(Self {
            algorithm: KeyAlgorithm::Dsa,
            claimed_public_key: Some(public.raw.to_vec()),
            contradicts_itself: false,
            lacks_public_part: false,
            pkcs8: wrap(&identifier, private.raw),
            public_key: None,
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm)
            .field("contradicts_itself", &self.contradicts_itself)
            .finish_non_exhaustive()
    }
}

/// The curves whose public point aws-lc-rs computes, with the length of their private numbers in bytes.
pub(super) fn ecdsa(curve: &Curve) -> Option<(&'static EcdsaSigningAlgorithm, usize)> {
    use aws_lc_rs::signature as algorithms;
    match curve {
        Curve::P256 => Some((&algorithms::ECDSA_P256_SHA256_ASN1_SIGNING, 32)),
        Curve::P384 => Some((&algorithms::ECDSA_P384_SHA384_ASN1_SIGNING, 48)),
        Curve::P521 => Some((&algorithms::ECDSA_P521_SHA512_ASN1_SIGNING, 66)),
        Curve::Secp256k1 => Some((&algorithms::ECDSA_P256K1_SHA256_ASN1_SIGNING, 32)),
        Curve::Brainpool | Curve::Other(_) => None,
    }
}

/// The numbers of an RSAPrivateKey that matter here.
struct RsaNumbers<'a> {
    exponent: &'a [u8],
    modulus: &'a [u8],
    primes: Vec<&'a [u8]>,
}

impl<'a> RsaNumbers<'a> {
    fn read(private: &'a [u8]) -> Result<Self, Cause> {
        let mut parts = Element::expect(private, SEQUENCE)?.0.children();
        let mut next = || parts.expect(INTEGER).map(|number| without_leading_zeros(number.content));
        let _version = next()?;
        let modulus = next()?;
        let exponent = next()?;
        let _private_exponent = next()?;
        let mut primes = vec![next()?, next()?];
        for _ in 0..3 {
            next()?;
        }
        if let Some(others) = parts.optional(SEQUENCE) {
            for other in others.children() {
                primes.push(without_leading_zeros(other?.children().expect(INTEGER)?.content));
            }
        }
        if modulus.is_empty() || exponent.is_empty() {
            return Err(Cause::Impossible);
        }
        Ok(Self { exponent, modulus, primes })
    }

    /// SubjectPublicKeyInfo with an RSAPublicKey (RFC 8017, appendix A.1.1).
    fn public_key(&self, identifier: &[u8]) -> Vec<u8> {
        let numbers = asn1::write(SEQUENCE, &[&unsigned(self.modulus), &unsigned(self.exponent)]);
        asn1::write(SEQUENCE, &[identifier, &asn1::write(BIT_STRING, &[&[0], &numbers])])
    }

    /// Whether the primes, none of them 1, multiply to the modulus: whoever has them has the private key of that
    /// modulus, whatever else the file says. None above 16,384 bits, which no client reads (OpenSSL's own limit).
    fn modulus_is_the_product(&self) -> Option<bool> {
        if self.modulus.len() > 2048 {
            return None;
        }
        let mut product = Zeroizing::new(vec![1]);
        for prime in &self.primes {
            let length = product.len() + prime.len();
            if matches!(prime, [] | [1]) || length > self.modulus.len() + self.primes.len() {
                return Some(false);
            }
            product = multiply(&product, prime);
        }
        Some(without_leading_zeros(&product) == self.modulus)
    }
}

/// Schoolbook multiplication of big-endian numbers.
fn multiply(left: &[u8], right: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut product = Zeroizing::new(vec![0; left.len() + right.len()]);
    for (i, a) in left.iter().enumerate().rev() {
        let mut carry = 0_u32;
        for (j, b) in right.iter().enumerate().rev() {
            let place = &mut product[i + j + 1];
            carry += u32::from(*a) * u32::from(*b) + u32::from(*place);
            *place = carry as u8;
            carry >>= 8;
        }
        product[i] = carry as u8;
    }
    product
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    &number[zeros..]
}

/// A DER INTEGER of a positive number without leading zeros.
fn unsigned(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|first| first & 0x80 != 0) { &[0] } else { &[] };
    asn1::write(INTEGER, &[sign, number])
}

/// PrivateKeyInfo, version 1 (which is written as 0).
fn wrap(identifier: &[u8], private: &[u8]) -> SecretBytes {
    let octets = Zeroizing::new(asn1::write(OCTET_STRING, &[private]));
    SecretBytes::new(asn1::write(SEQUENCE, &[VERSION_0, identifier, &octets]))
}

/// Whether `claimed`, in any of the encodings of SEC 1, section 2.3.3, is the uncompressed `point`.
fn is_same_point(claimed: &[u8], point: &[u8]) -> bool {
    let Some((4, coordinates)) = point.split_first().map(|(first, rest)| (*first, rest)) else {
        return false;
    };
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let parity = y.last().map_or(0, |last| last & 1);
    match claimed {
        [4, rest @ ..] => rest == coordinates,
        [form @ (2 | 3), rest @ ..] => rest == x && *form == 2 + parity,
        [form @ (6 | 7), rest @ ..] => rest == coordinates && *form == 6 + parity,
        _ => false,
    }
}

/// 1.2.840.10040.4.1, as a whole element.
const DSA_IDENTIFIER: &[u8] = &[OBJECT_IDENTIFIER, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const IMPLICIT_1: u8 = 0x81;
/// rsaEncryption with its NULL (RFC 8017, appendix A.1).
const RSA_IDENTIFIER: &[u8] =
    &[SEQUENCE, 13, OBJECT_IDENTIFIER, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, NULL, 0];
const VERSION_0: &[u8] = &[INTEGER, 1, 0];
const VERSION_1: &[u8] = &[INTEGER, 1, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_multiply() {
        assert_eq!(*multiply(&[0xff, 0xff], &[0xff]), [0xfe, 0xff, 0x01]);
        assert_eq!(*multiply(&[1], &[7, 9]), [0, 7, 9]);
        let (a, b) = (0xdead_beef_u32, 0xfeed_f00d_u32);
        assert_eq!(
            *multiply(&a.to_be_bytes(), &b.to_be_bytes()),
            (u64::from(a) * u64::from(b)).to_be_bytes()
        );
    }

    #[test]
    fn a_modulus_times_one_is_no_proof() {
        let rsa = |primes: Vec<&'static [u8]>| RsaNumbers { exponent: &[3], modulus: &[77], primes };
        assert_eq!(rsa(vec![&[7], &[11]]).modulus_is_the_product(), Some(true));
        assert_eq!(rsa(vec![&[77], &[1]]).modulus_is_the_product(), Some(false));
        assert_eq!(rsa(vec![&[77], &[]]).modulus_is_the_product(), Some(false));
        assert_eq!(rsa(vec![&[7], &[13]]).modulus_is_the_product(), Some(false));
    }

    #[test]
    fn a_point_is_the_same_in_every_encoding() {
        let point = [4, 1, 2, 3, 5];
        for same in [&[4, 1, 2, 3, 5][..], &[3, 1, 2], &[7, 1, 2, 3, 5]] {
            assert!(is_same_point(same, &point), "{same:?}");
        }
        for other in [&[4, 1, 2, 3, 4][..], &[2, 1, 2], &[3, 1, 3], &[6, 1, 2, 3, 5], &[], &[5, 1]] {
            assert!(!is_same_point(other, &point), "{other:?}");
        }
    }
}
