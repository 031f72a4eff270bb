//! From a passphrase to a cipher's key: the derivations of RFC 8018, RFC 7292 and OpenSSL. Arithmetic only: how
//! much work a file may ask for is settled in `open`, before anything here runs.

use std::num::NonZeroU32;

use md5::Md5;
use pkcs8::pkcs5::scrypt as rfc7914;
use sha1::Sha1;
use sha1::digest::{Digest, FixedOutputReset, Output};
use zeroize::Zeroizing;

use super::scheme::{Hash, Prf};

/// PBKDF2 (RFC 8018, section 5.2). Nothing for HMAC-SHA224: aws-lc-rs does not have it, pkcs8 does.
pub(super) fn pbkdf2(
    prf: Prf,
    passphrase: &[u8],
    salt: &[u8],
    iterations: NonZeroU32,
    length: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let algorithm = match prf {
        Prf::HmacSha1 => aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA1,
        Prf::HmacSha224 => return None,
        Prf::HmacSha256 => aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256,
        Prf::HmacSha384 => aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA384,
        Prf::HmacSha512 => aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA512,
    };
    let mut key = Zeroizing::new(vec![0; length]);
    aws_lc_rs::pbkdf2::derive(algorithm, iterations, salt, passphrase, &mut key);
    Some(key)
}

/// scrypt (RFC 7914, section 6). Nothing for parameters that section 2 of the RFC forbids.
pub(super) fn scrypt(
    passphrase: &[u8],
    salt: &[u8],
    (n, r, p): (u64, u32, u32),
    length: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let log_n = u8::try_from(n.checked_ilog2()?).ok()?;
    let parameters = rfc7914::Params::new(log_n, r, p).ok().filter(|_| n > 1 && n.is_power_of_two())?;
    let mut key = Zeroizing::new(vec![0; length]);
    rfc7914::scrypt(passphrase, salt, &parameters, &mut key).ok()?;
    Some(key)
}

/// PBKDF1 (RFC 8018, section 5.1) as PBES1 uses it (section 6.1.1): sixteen bytes, of which the first eight are the
/// key and the others the initialization vector.
pub(super) fn pbkdf1(hash: Hash, passphrase: &[u8], salt: &[u8], iterations: u64) -> Zeroizing<[u8; 16]> {
    match hash {
        Hash::Md5 => pbkdf1_with::<Md5>(passphrase, salt, iterations),
        Hash::Sha1 => pbkdf1_with::<Sha1>(passphrase, salt, iterations),
    }
}

fn pbkdf1_with<D: Digest + FixedOutputReset>(
    passphrase: &[u8],
    salt: &[u8],
    iterations: u64,
) -> Zeroizing<[u8; 16]> {
    let mut hasher = D::new_with_prefix(passphrase);
    Digest::update(&mut hasher, salt);
    let mut derived = Wiped::<D>::default();
    Digest::finalize_into_reset(&mut hasher, &mut derived.0);
    for _ in 1..iterations {
        Digest::update(&mut hasher, &derived.0);
        Digest::finalize_into_reset(&mut hasher, &mut derived.0);
    }
    let mut key = Zeroizing::new([0; 16]);
    key.copy_from_slice(&derived.0[..16]);
    key
}

/// What a derivation of PKCS#12 is for: the ID byte of RFC 7292, appendix B.3.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
}

/// The derivation of PKCS#12 with SHA-1 (RFC 7292, appendix B.2). `passphrase` is in the encoding of
/// [`bmp_string`].
pub(super) fn pkcs12(
    purpose: Purpose,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u64,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    // Names as in the RFC: D the diversifier, I the input (salt, then passphrase, each filled up to whole blocks
    // by repeating itself), A the output of one round, B that output repeated.
    let salt_length = salt.len().next_multiple_of(SHA1_BLOCK);
    let passphrase_length = passphrase.len().next_multiple_of(SHA1_BLOCK);
    let mut input = Zeroizing::new(Vec::with_capacity(salt_length + passphrase_length));
    input.extend(salt.iter().cycle().take(salt_length));
    input.extend(passphrase.iter().cycle().take(passphrase_length));

    let mut key = Zeroizing::new(vec![0; length]);
    let mut hasher = Sha1::new();
    let mut output = Wiped::<Sha1>::default();
    for part in key.chunks_mut(output.0.len()) {
        hasher.update([purpose as u8; SHA1_BLOCK]);
        hasher.update(&*input);
        Digest::finalize_into_reset(&mut hasher, &mut output.0);
        for _ in 1..iterations {
            hasher.update(&output.0);
            Digest::finalize_into_reset(&mut hasher, &mut output.0);
        }
        part.copy_from_slice(&output.0[..part.len()]);

        // I = I + B + 1, block by block, as big numbers.
        for block in input.chunks_mut(SHA1_BLOCK) {
            let mut carry = 1_u16;
            for (position, octet) in block.iter_mut().enumerate().rev() {
                carry += u16::from(*octet) + u16::from(output.0[position % output.0.len()]);
                *octet = carry as u8;
                carry >>= 8;
            }
        }
    }
    key
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round, as the headers `Proc-Type` and `DEK-Info` imply it: each
/// block is the MD5 of the one before, the passphrase and the salt.
pub(super) fn bytes_to_key(passphrase: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; length]);
    let mut hasher = Md5::new();
    let mut output = Wiped::<Md5>::default();
    for (round, part) in key.chunks_mut(output.0.len()).enumerate() {
        if round > 0 {
            hasher.update(&output.0);
        }
        hasher.update(passphrase);
        hasher.update(salt);
        Digest::finalize_into_reset(&mut hasher, &mut output.0);
        part.copy_from_slice(&output.0[..part.len()]);
    }
    key
}

/// A passphrase as PKCS#12 wants it: UTF-16, big-endian, with two zero bytes behind it (RFC 7292, appendix B.1).
/// What is not UTF-8 is taken byte by byte, as OpenSSL 3 does.
pub(super) fn bmp_string(passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(passphrase) else { return bmp_string_bytewise(passphrase) };
    // UTF-16 never has more units than UTF-8 has bytes.
    let mut encoded = Zeroizing::new(Vec::with_capacity(2 * passphrase.len() + 2));
    for unit in text.encode_utf16() {
        encoded.extend_from_slice(&unit.to_be_bytes());
    }
    encoded.extend_from_slice(&[0, 0]);
    encoded
}

/// The same with every byte as a letter of its own: what OpenSSL before 1.1 made of any passphrase, and of one with
/// an umlaut differently from everyone else.
pub(super) fn bmp_string_bytewise(passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut encoded = Zeroizing::new(Vec::with_capacity(2 * passphrase.len() + 2));
    for octet in passphrase {
        encoded.extend_from_slice(&[0, *octet]);
    }
    encoded.extend_from_slice(&[0, 0]);
    encoded
}

/// The output of a hash, wiped when it goes.
struct Wiped<D: Digest>(Output<D>);

impl<D: Digest> Default for Wiped<D> {
    fn default() -> Self {
        Self(Output::<D>::default())
    }
}

impl<D: Digest> Drop for Wiped<D> {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(self.0.as_mut_slice());
    }
}

const SHA1_BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_for_pkcs12_is_utf16_with_an_end() {
        assert_eq!(*bmp_string(b"ab"), [0, b'a', 0, b'b', 0, 0]);
        assert_eq!(*bmp_string("ä€".as_bytes()), [0, 0xe4, 0x20, 0xac, 0, 0]);
        assert_eq!(*bmp_string("🔑".as_bytes()), [0xd8, 0x3d, 0xdd, 0x11, 0, 0]);
        assert_eq!(*bmp_string(b"\xff"), [0, 0xff, 0, 0]);
        assert_eq!(*bmp_string(b""), [0, 0]);
        assert_eq!(*bmp_string_bytewise("ä".as_bytes()), [0, 0xc3, 0, 0xa4, 0, 0]);
    }

    #[test]
    fn buffers_of_secrets_never_grow() {
        for passphrase in ["", "a", "ä€", "🔑🔑🔑"] {
            let encoded = bmp_string(passphrase.as_bytes());
            assert!(encoded.capacity() <= 2 * passphrase.len() + 2, "{passphrase}");
        }
    }

    #[test]
    fn scrypt_refuses_what_the_rfc_forbids() {
        for parameters in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (16, 0, 1), (16, 8, 0), (1 << 63, 1, 1)] {
            assert!(scrypt(b"x", b"salt", parameters, 32).is_none(), "{parameters:?}");
        }
        assert!(scrypt(b"x", b"salt", (16, 1, 1), 32).is_some());
    }
}
