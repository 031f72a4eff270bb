//! From a passphrase to a cipher's key: the derivations of RFC 8018, RFC 7292 and OpenSSL. Arithmetic only: how
//! much work a file may ask for is settled in `open`, before anything here runs.

use std::num::NonZeroU32;
use std::slice;

use md5::Md5;
use pkcs8::pkcs5::scrypt as rfc7914;
use sha1::Sha1;
use sha1::digest::{Digest, FixedOutputReset, Output};
use sha2::block_api::compress256;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroizing;

use super::scheme::{Hash, Prf};

/// PBKDF2 (RFC 8018, section 5.2).
pub(super) fn pbkdf2(
    prf: Prf,
    passphrase: &[u8],
    salt: &[u8],
    iterations: NonZeroU32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let algorithm = match prf {
        Prf::HmacSha1 => aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA1,
        Prf::HmacSha224 => return pbkdf2_sha2::<7>(passphrase, salt, iterations, length),
        Prf::HmacSha256 => return pbkdf2_sha2::<8>(passphrase, salt, iterations, length),
        Prf::HmacSha384 => aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA384,
        Prf::HmacSha512 => aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA512,
    };
    let mut key = Zeroizing::new(vec![0; length]);
    aws_lc_rs::pbkdf2::derive(algorithm, iterations, salt, passphrase, &mut key);
    key
}

/// PBKDF2 with HMAC-SHA256 (8 words) and HMAC-SHA224 (7 words).
///
/// Spelled out because the portable form waits for this at every opening: only the two compressions a round needs are
/// done, on states kept from the start, which takes three quarters of the time of aws-lc-rs. That one does not have
/// SHA-224 at all; it is the same function with another start (FIPS 180-4, section 6.3).
fn pbkdf2_sha2<const WORDS: usize>(
    passphrase: &[u8],
    salt: &[u8],
    iterations: NonZeroU32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    // The padded key, once with each mask, is the first block of both hashes of HMAC (RFC 2104, section 2).
    let mut block = Zeroizing::new([0; SHA2_BLOCK]);
    match passphrase.len() {
        ..=SHA2_BLOCK => block[..passphrase.len()].copy_from_slice(passphrase),
        _ if WORDS == 7 => block[..28].copy_from_slice(&Sha224::digest(passphrase)),
        _ => block[..32].copy_from_slice(&Sha256::digest(passphrase)),
    }
    let start = if WORDS == 7 { SHA224_START } else { SHA256_START };
    let (mut inner, mut outer) = (Zeroizing::new(start), Zeroizing::new(start));
    block.iter_mut().for_each(|octet| *octet ^= 0x36);
    compress256(&mut inner, slice::from_ref(&block));
    block.iter_mut().for_each(|octet| *octet ^= 0x36 ^ 0x5c);
    compress256(&mut outer, slice::from_ref(&block));

    // From here on the block holds one digest and the padding behind it, which stays.
    block.fill(0);
    block[4 * WORDS] = 0x80;
    block[SHA2_BLOCK - 8..].copy_from_slice(&(8 * (SHA2_BLOCK + 4 * WORDS) as u64).to_be_bytes());

    let mut key = Zeroizing::new(vec![0; length]);
    let (mut state, mut sum) = (Zeroizing::new([0; 8]), Zeroizing::new([0; 8]));
    for (number, part) in (1_u32..).zip(key.chunks_mut(4 * WORDS)) {
        *state = *inner;
        compress256(&mut state, padded_behind_one_block(&[salt, &number.to_be_bytes()]).as_chunks().0);
        put::<WORDS>(&state, &mut block);
        *state = *outer;
        compress256(&mut state, slice::from_ref(&block));
        *sum = *state;
        for _ in 1..iterations.get() {
            put::<WORDS>(&state, &mut block);
            *state = *inner;
            compress256(&mut state, slice::from_ref(&block));
            put::<WORDS>(&state, &mut block);
            *state = *outer;
            compress256(&mut state, slice::from_ref(&block));
            for (sum, word) in sum.iter_mut().zip(state.iter()) {
                *sum ^= word;
            }
        }
        put::<WORDS>(&sum, &mut block);
        part.copy_from_slice(&block[..part.len()]);
    }
    key
}

/// Writes the words of a digest at the start of a block.
fn put<const WORDS: usize>(state: &[u32; 8], block: &mut [u8; SHA2_BLOCK]) {
    for (octets, word) in block.as_chunks_mut().0.iter_mut().zip(&state[..WORDS]) {
        *octets = word.to_be_bytes();
    }
}

/// A message with the padding of SHA-256 (FIPS 180-4, section 5.1.1), where one block has been hashed before it.
fn padded_behind_one_block(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = parts.concat();
    let bits = 8 * (SHA2_BLOCK + message.len()) as u64;
    message.push(0x80);
    message.resize((message.len() + 8).next_multiple_of(SHA2_BLOCK) - 8, 0);
    message.extend_from_slice(&bits.to_be_bytes());
    message
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
    Mac = 3,
}

/// A hash of a message authentication code. Encryption knows fewer: see [`enum@Hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MacHash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512Of224,
    Sha512Of256,
}

impl MacHash {
    /// The derivation of PKCS#12 for the key of a code with this hash (RFC 7292, appendix B.4): as long as its digest.
    pub(super) fn mac_key(self, passphrase: &[u8], salt: &[u8], iterations: u64) -> Zeroizing<Vec<u8>> {
        let length = self.length();
        match self {
            Self::Md5 => pkcs12_with::<Md5, 64>(Purpose::Mac, passphrase, salt, iterations, length),
            Self::Sha1 => pkcs12_with::<Sha1, 64>(Purpose::Mac, passphrase, salt, iterations, length),
            Self::Sha224 => pkcs12_with::<Sha224, 64>(Purpose::Mac, passphrase, salt, iterations, length),
            Self::Sha256 => pkcs12_with::<Sha256, 64>(Purpose::Mac, passphrase, salt, iterations, length),
            Self::Sha384 => pkcs12_with::<Sha384, 128>(Purpose::Mac, passphrase, salt, iterations, length),
            Self::Sha512 => pkcs12_with::<Sha512, 128>(Purpose::Mac, passphrase, salt, iterations, length),
            Self::Sha512Of224 => {
                pkcs12_with::<Sha512_224, 128>(Purpose::Mac, passphrase, salt, iterations, length)
            }
            Self::Sha512Of256 => {
                pkcs12_with::<Sha512_256, 128>(Purpose::Mac, passphrase, salt, iterations, length)
            }
        }
    }

    /// HMAC (RFC 2104).
    pub(super) fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => hmac_with::<Md5, 64>(key, message),
            Self::Sha1 => hmac_with::<Sha1, 64>(key, message),
            Self::Sha224 => hmac_with::<Sha224, 64>(key, message),
            Self::Sha256 => hmac_with::<Sha256, 64>(key, message),
            Self::Sha384 => hmac_with::<Sha384, 128>(key, message),
            Self::Sha512 => hmac_with::<Sha512, 128>(key, message),
            Self::Sha512Of224 => hmac_with::<Sha512_224, 128>(key, message),
            Self::Sha512Of256 => hmac_with::<Sha512_256, 128>(key, message),
        }
    }

    /// The length of a digest, in bytes.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha512Of224 => 28,
            Self::Sha256 | Self::Sha512Of256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

fn hmac_with<D: Digest, const BLOCK: usize>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = Zeroizing::new([0; BLOCK]);
    if key.len() <= BLOCK {
        block[..key.len()].copy_from_slice(key);
    } else {
        let digest = D::digest(key);
        block[..digest.len()].copy_from_slice(&digest);
    }
    block.iter_mut().for_each(|octet| *octet ^= 0x36);
    let inner = D::new().chain_update(*block).chain_update(message).finalize();
    block.iter_mut().for_each(|octet| *octet ^= 0x36 ^ 0x5c);
    D::new().chain_update(*block).chain_update(inner).finalize().to_vec()
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
    pkcs12_with::<Sha1, SHA1_BLOCK>(purpose, passphrase, salt, iterations, length)
}

fn pkcs12_with<D: Digest + FixedOutputReset, const BLOCK: usize>(
    purpose: Purpose,
    passphrase: &[u8],
    salt: &[u8],
    iterations: u64,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    // Names as in the RFC: D the diversifier, I the input (salt, then passphrase, each filled up to whole blocks
    // by repeating itself), A the output of one round, B that output repeated.
    let salt_length = salt.len().next_multiple_of(BLOCK);
    let passphrase_length = passphrase.len().next_multiple_of(BLOCK);
    let mut input = Zeroizing::new(Vec::with_capacity(salt_length + passphrase_length));
    input.extend(salt.iter().cycle().take(salt_length));
    input.extend(passphrase.iter().cycle().take(passphrase_length));

    let mut key = Zeroizing::new(vec![0; length]);
    let mut hasher = D::new();
    let mut output = Wiped::<D>::default();
    for part in key.chunks_mut(output.0.len()) {
        Digest::update(&mut hasher, [purpose as u8; BLOCK]);
        Digest::update(&mut hasher, &*input);
        Digest::finalize_into_reset(&mut hasher, &mut output.0);
        for _ in 1..iterations {
            Digest::update(&mut hasher, &output.0);
            Digest::finalize_into_reset(&mut hasher, &mut output.0);
        }
        part.copy_from_slice(&output.0[..part.len()]);

        // I = I + B + 1, block by block, as big numbers.
        for block in input.chunks_mut(BLOCK) {
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
/// FIPS 180-4, section 5.3.2.
const SHA224_START: [u32; 8] =
    [0xc105_9ed8, 0x367c_d507, 0x3070_dd17, 0xf70e_5939, 0xffc0_0b31, 0x6858_1511, 0x64f9_8fa7, 0xbefa_4fa4];
/// FIPS 180-4, section 5.3.3.
const SHA256_START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];
const SHA2_BLOCK: usize = 64;

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

    /// Against pkcs5, which shares nothing with it but the compression, over every length where padding turns.
    #[test]
    fn pbkdf2_is_that_of_others() {
        use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf, Salt};
        for length in [0_usize, 1, 27, 28, 55, 56, 63, 64, 65, 127, 128, 129, 1023] {
            let passphrase = vec![b'x'; length];
            for (salt_length, iterations) in [(0_usize, 1_u32), (1, 2), (8, 3), (32, 7)] {
                let salt = vec![7; salt_length];
                for (prf, theirs) in [
                    (Prf::HmacSha224, Pbkdf2Prf::HmacWithSha224),
                    (Prf::HmacSha256, Pbkdf2Prf::HmacWithSha256),
                ] {
                    let rounds = NonZeroU32::new(iterations).unwrap();
                    let key = pbkdf2(prf, &passphrase, &salt, rounds, 32);
                    let kdf = Kdf::Pbkdf2(Pbkdf2Params {
                        salt: Salt::new(&salt).unwrap(),
                        iteration_count: iterations,
                        key_length: None,
                        prf: theirs,
                    });
                    let parameters =
                        Parameters { kdf, encryption: EncryptionScheme::Aes256Cbc { iv: [3; 16] } };
                    let mut sealed = parameters.encrypt(&passphrase, b"the same key").unwrap();
                    let opened = super::super::cipher::Cipher::Aes256Cbc.decrypt(&key, &[3; 16], &mut sealed);
                    assert_eq!(
                        opened.map(|length| &sealed[..length]),
                        Some(&b"the same key"[..]),
                        "{length} {salt:?}"
                    );
                }
            }
        }
        // Salts that pkcs5 cannot take, and more than one block of output.
        for salt_length in [33_usize, 51, 52, 59, 60, 64, 116, 200] {
            let salt = vec![5; salt_length];
            let mut theirs = [0; 100];
            let rounds = NonZeroU32::new(3).unwrap();
            let algorithm = aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256;
            aws_lc_rs::pbkdf2::derive(algorithm, rounds, &salt, b"passphrase", &mut theirs);
            assert_eq!(*pbkdf2(Prf::HmacSha256, b"passphrase", &salt, rounds, 100), theirs, "{salt_length}");
        }
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
