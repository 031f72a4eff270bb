//! Whether a private key belongs to a public one: proven by signing and verifying once, never by comparing what
//! files claim, where there is another way.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};

use super::private::{PrivateKey, ecdsa};
use crate::pki::algorithm::{Curve, KeyAlgorithm};
use crate::pki::asn1::{BIT_STRING, Element, OCTET_STRING, SEQUENCE};

/// Whether `key` belongs to the public key in `spki`, a DER SubjectPublicKeyInfo (of a certificate).
///
/// RSA of 2048 to 8192 bits, P-256, P-384, P-521, secp256k1 and Ed25519 sign a message that the public key has to
/// verify. RSA of other sizes belongs where its primes multiply to the public key's modulus. An RSA key bound to
/// RSASSA-PSS and one that is not never belong together: clients compare the kinds.
pub fn proves(key: &PrivateKey, spki: &[u8]) -> Pairing {
    let other = Pairing::Other { own: key.public_key_sha256() };
    if KeyAlgorithm::of_public_key(spki) != *key.algorithm() {
        return other;
    }
    let Some(public) = public_key_bits(spki) else {
        return Pairing::NotCheckable { why: NotCheckable::PublicKeyUnreadable };
    };
    let is_rsa = matches!(key.algorithm(), KeyAlgorithm::Rsa(_) | KeyAlgorithm::RsaPss(_));
    if is_rsa && key.public_key().and_then(public_key_bits).is_some_and(|own| own != public) {
        return other;
    }
    let proven = match key.algorithm() {
        KeyAlgorithm::Ec(curve) => match verifier(curve) {
            Some(verifier) => sign_ec(key, curve).map(|made| verifies(verifier, public, &made)),
            None => return compare_claims(key, public),
        },
        KeyAlgorithm::Ed25519 => sign_ed25519(key).map(|made| verifies(&signature::ED25519, public, &made)),
        KeyAlgorithm::Rsa(2048..=8192) | KeyAlgorithm::RsaPss(2048..=8192) => {
            sign_rsa(key).map(|made| verifies(&signature::RSA_PKCS1_2048_8192_SHA256, public, &made))
        }
        KeyAlgorithm::Rsa(_) | KeyAlgorithm::RsaPss(_) => key.public_key().map(|_| true),
        KeyAlgorithm::Dsa | KeyAlgorithm::Ed448 | KeyAlgorithm::Other(_) => {
            return compare_claims(key, public);
        }
    };
    match proven {
        Some(true) => Pairing::Belongs,
        Some(false) => other,
        None if key.contradicts_itself() => other,
        None => Pairing::NotCheckable { why: NotCheckable::KeyRefused },
    }
}

/// Whether a private and a public key belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// They do; proven.
    Belongs,
    /// It cannot be told.
    NotCheckable {
        /// Why.
        why: NotCheckable,
    },
    /// They do not.
    Other {
        /// The SHA-256 of the private key's own SubjectPublicKeyInfo, where that is known.
        own: Option<[u8; 32]>,
    },
}

/// Why a pair cannot be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCheckable {
    /// Nothing here computes with keys of this kind: DSA, Ed448, brainpool and other curves. What the key file
    /// claims as its public key, if it claims one, is the same; that is no proof.
    Algorithm,
    /// The signing library refuses the private key: it has more than two primes, or its numbers do not fit.
    KeyRefused,
    /// The public key cannot be read.
    PublicKeyUnreadable,
}

/// The last resort: public keys that differ are of different pairs. Equal ones prove nothing.
fn compare_claims(key: &PrivateKey, public: &[u8]) -> Pairing {
    match &key.claimed_public_key {
        Some(claimed) if claimed != public => Pairing::Other { own: None },
        _ => Pairing::NotCheckable { why: NotCheckable::Algorithm },
    }
}

fn sign_ec(key: &PrivateKey, curve: &Curve) -> Option<Vec<u8>> {
    let (algorithm, _) = ecdsa(curve)?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.to_pkcs8_der().expose_secret()).ok()?;
    pair.sign(&SystemRandom::new(), MESSAGE).ok().map(|made| made.as_ref().to_vec())
}

fn sign_ed25519(key: &PrivateKey) -> Option<Vec<u8>> {
    let seed = Element::expect(key.inner()?, OCTET_STRING).ok()?.0.content;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    pair.try_sign(MESSAGE).ok().map(|made| made.as_ref().to_vec())
}

/// Signs with the bare RSAPrivateKey, so that a key bound to RSASSA-PSS serves too.
fn sign_rsa(key: &PrivateKey) -> Option<Vec<u8>> {
    let pair = RsaKeyPair::from_der(key.inner()?).ok()?;
    let mut made = vec![0; pair.public_modulus_len()];
    pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), MESSAGE, &mut made).ok()?;
    Some(made)
}

fn verifies(algorithm: &'static dyn VerificationAlgorithm, public: &[u8], made: &[u8]) -> bool {
    UnparsedPublicKey::new(algorithm, public).verify(MESSAGE, made).is_ok()
}

fn verifier(curve: &Curve) -> Option<&'static dyn VerificationAlgorithm> {
    match curve {
        Curve::P256 => Some(&signature::ECDSA_P256_SHA256_ASN1),
        Curve::P384 => Some(&signature::ECDSA_P384_SHA384_ASN1),
        Curve::P521 => Some(&signature::ECDSA_P521_SHA512_ASN1),
        Curve::Secp256k1 => Some(&signature::ECDSA_P256K1_SHA256_ASN1),
        Curve::Brainpool | Curve::Other(_) => None,
    }
}

/// The content of subjectPublicKey in a DER SubjectPublicKeyInfo.
pub fn public_key_bits(spki: &[u8]) -> Option<&[u8]> {
    let mut parts = Element::expect(spki, SEQUENCE).ok()?.0.children();
    parts.expect(SEQUENCE).ok()?;
    parts.expect(BIT_STRING).ok()?.content.get(1..)
}

/// Signed to prove a pair, and for nothing else: it says so, in case a signature gets out.
const MESSAGE: &[u8] = b"certman proves that a private key belongs to a certificate";
