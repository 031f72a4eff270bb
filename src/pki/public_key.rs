//! Public keys and parameters that stand alone, without a certificate or a private key.

use super::algorithm::{Curve, KeyAlgorithm, RSA_ENCRYPTION};
use super::asn1::{BIT_STRING, Element, INTEGER, Malformed, NULL, OBJECT_IDENTIFIER, SEQUENCE, write};

/// A public key.
#[derive(Debug)]
pub struct PublicKey {
    /// Its kind and size.
    pub algorithm: KeyAlgorithm,
    /// As DER SubjectPublicKeyInfo (RFC 5280, section 4.1).
    pub info: Vec<u8>,
}

impl PublicKey {
    /// Reads SubjectPublicKeyInfo, or RSAPublicKey (RFC 8017, appendix A.1.1).
    ///
    /// # Errors
    /// Where it is neither.
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        let whole = Element::expect(der, SEQUENCE)?.0;
        let mut parts = whole.children();
        let info = if parts.optional(INTEGER).is_some() {
            parts.expect(INTEGER)?;
            let identifier =
                write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[RSA_ENCRYPTION]), &write(NULL, &[])]);
            write(SEQUENCE, &[&identifier, &write(BIT_STRING, &[&[0], whole.raw])])
        } else {
            parts.expect(SEQUENCE)?.children().expect(OBJECT_IDENTIFIER)?;
            parts.expect(BIT_STRING)?;
            whole.raw.to_vec()
        };
        Ok(Self { algorithm: KeyAlgorithm::of_public_key(&info), info })
    }
}

/// What a block of parameters names, under `EC PARAMETERS` or one of the labels for the numbers of a key exchange: the curve, or
/// the size of the first number in bits.
pub fn parameters(der: &[u8]) -> Option<Parameters> {
    let (first, _) = Element::read(der).ok()?;
    if first.tag == OBJECT_IDENTIFIER {
        return Some(Parameters::Curve(Curve::of_oid(first.content)));
    }
    let prime = Element::expect(der, SEQUENCE).ok()?.0.children().expect(INTEGER).ok()?.content;
    let significant = &prime[prime.iter().take_while(|octet| **octet == 0).count()..];
    let bits = u32::try_from(significant.len()).ok()?.checked_mul(8)?;
    Some(Parameters::Numbers { bits: bits - significant.first().map_or(0, |first| first.leading_zeros()) })
}

/// What parameters name.
#[derive(Debug, PartialEq, Eq)]
pub enum Parameters {
    /// A curve.
    Curve(Curve),
    /// The numbers of Diffie-Hellman or DSA.
    Numbers {
        /// The size of the first, in bits.
        bits: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rsa_key_alone_is_the_same_key_as_in_its_wrapping() {
        let modulus = [&[0][..], &[0xff; 128]].concat();
        let alone = write(SEQUENCE, &[&write(INTEGER, &[&modulus]), &write(INTEGER, &[&[1, 0, 1]])]);
        let key = PublicKey::parse(&alone).unwrap();
        assert_eq!(key.algorithm, KeyAlgorithm::Rsa(1024));
        assert_eq!(PublicKey::parse(&key.info).unwrap().info, key.info);
        assert!(PublicKey::parse(&write(SEQUENCE, &[&write(INTEGER, &[&[1]])])).is_err());
        assert_eq!(parameters(&alone), Some(Parameters::Numbers { bits: 1024 }));
        assert_eq!(
            parameters(&write(SEQUENCE, &[&write(INTEGER, &[])])),
            Some(Parameters::Numbers { bits: 0 })
        );
        assert_eq!(parameters(&[]), None);
    }
}
