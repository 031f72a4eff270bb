//! The ciphers that seal private keys: names, sizes, and decryption in place. Never derives a key, and never
//! encrypts: what certman seals goes through `pkcs8`.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit, KeyIvInit, StreamCipher};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;
use rc4::Rc4;

/// A cipher that seals private keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// AES with 128 bits, CBC.
    Aes128Cbc,
    /// AES with 192 bits, CBC.
    Aes192Cbc,
    /// AES with 256 bits, CBC.
    Aes256Cbc,
    /// DES, CBC.
    DesCbc,
    /// Triple DES with two keys, CBC.
    DesEde2Cbc,
    /// Triple DES with three keys, CBC.
    DesEde3Cbc,
    /// RC2 with 128 effective bits (RFC 2268), CBC.
    Rc2Cbc128,
    /// RC2 with 40 effective bits, CBC.
    Rc2Cbc40,
    /// RC2 with 64 effective bits, CBC.
    Rc2Cbc64,
    /// RC4 with 128 bits, a stream.
    Rc4With128,
    /// RC4 with 40 bits, a stream.
    Rc4With40,
}

impl Cipher {
    /// Decrypts in place and takes the padding off (RFC 8018, section 6.1.1; RC4 has none). Gives the length of
    /// the plaintext, or nothing where key and content do not fit: a wrong passphrase or a damaged file.
    pub(in crate::pki) fn decrypt(self, key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Option<usize> {
        match self {
            Self::Aes128Cbc => cbc_decrypt::<Aes128>(key, iv, buffer),
            Self::Aes192Cbc => cbc_decrypt::<Aes192>(key, iv, buffer),
            Self::Aes256Cbc => cbc_decrypt::<Aes256>(key, iv, buffer),
            Self::DesCbc => cbc_decrypt::<Des>(key, iv, buffer),
            Self::DesEde2Cbc => cbc_decrypt::<TdesEde2>(key, iv, buffer),
            Self::DesEde3Cbc => cbc_decrypt::<TdesEde3>(key, iv, buffer),
            Self::Rc2Cbc128 => rc2_cbc_decrypt(128, key, iv, buffer),
            Self::Rc2Cbc40 => rc2_cbc_decrypt(40, key, iv, buffer),
            Self::Rc2Cbc64 => rc2_cbc_decrypt(64, key, iv, buffer),
            Self::Rc4With128 | Self::Rc4With40 => {
                Rc4::new_from_slice(key).ok()?.try_apply_keystream(buffer).ok()?;
                Some(buffer.len())
            }
        }
    }

    /// The length of the initialization vector, in bytes: one block, and none for RC4.
    pub fn iv_length(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::Aes192Cbc | Self::Aes256Cbc => 16,
            Self::DesCbc | Self::DesEde2Cbc | Self::DesEde3Cbc => 8,
            Self::Rc2Cbc128 | Self::Rc2Cbc40 | Self::Rc2Cbc64 => 8,
            Self::Rc4With128 | Self::Rc4With40 => 0,
        }
    }

    /// The length of the key, in bytes.
    pub fn key_length(self) -> usize {
        match self {
            Self::Aes128Cbc | Self::DesEde2Cbc | Self::Rc2Cbc128 | Self::Rc4With128 => 16,
            Self::Aes192Cbc | Self::DesEde3Cbc => 24,
            Self::Aes256Cbc => 32,
            Self::DesCbc | Self::Rc2Cbc64 => 8,
            Self::Rc2Cbc40 | Self::Rc4With40 => 5,
        }
    }

    /// The name as OpenSSL spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128Cbc => "AES-128-CBC",
            Self::Aes192Cbc => "AES-192-CBC",
            Self::Aes256Cbc => "AES-256-CBC",
            Self::DesCbc => "DES-CBC",
            Self::DesEde2Cbc => "DES-EDE-CBC",
            Self::DesEde3Cbc => "DES-EDE3-CBC",
            Self::Rc2Cbc128 => "RC2-CBC",
            Self::Rc2Cbc40 => "RC2-40-CBC",
            Self::Rc2Cbc64 => "RC2-64-CBC",
            Self::Rc4With128 => "RC4",
            Self::Rc4With40 => "RC4-40",
        }
    }

    /// Whether so many bytes can be what this cipher put out: whole blocks, and at least one.
    pub(in crate::pki) fn can_have_made(self, length: usize) -> bool {
        length > 0 && length.is_multiple_of(self.iv_length().max(1))
    }
}

fn cbc_decrypt<C: BlockCipherDecrypt + KeyInit>(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Option<usize> {
    unpadded(cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?, buffer)
}

/// RC2 expands the key twice: once from its bytes, once down to the effective bits. Both have to be told, or 40
/// bits come out as another cipher.
fn rc2_cbc_decrypt(effective_bits: usize, key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Option<usize> {
    let rc2 = Rc2::new_with_eff_key_len(key, effective_bits);
    unpadded(cbc::Decryptor::inner_iv_slice_init(rc2, iv).ok()?, buffer)
}

fn unpadded<M: BlockModeDecrypt>(mode: M, buffer: &mut [u8]) -> Option<usize> {
    mode.decrypt_padded::<Pkcs7>(buffer).ok().map(<[u8]>::len)
}

#[cfg(test)]
mod tests {
    use cbc::cipher::Block;

    use super::*;

    /// RFC 2268, section 5: key, effective bits, plaintext, ciphertext.
    #[test]
    fn rc2_minds_the_effective_bits() {
        let long =
            [0x88, 0xbc, 0xa9, 0x0e, 0x90, 0x87, 0x5a, 0x7f, 0x0f, 0x79, 0xc3, 0x84, 0x62, 0x7b, 0xaf, 0xb2];
        for (key, bits, plain, sealed) in [
            (&[0xff_u8; 8][..], 64, u64::MAX, 0x278b_27e4_2e2f_0d49_u64),
            (&[0x88], 64, 0, 0x61a8_a244_adac_ccf0),
            (&long, 64, 0, 0x1a80_7d27_2bbe_5db1),
            (&long, 128, 0, 0x2269_552a_b0f8_5ca6),
        ] {
            let mut block = Block::<Rc2>::from(sealed.to_be_bytes());
            Rc2::new_with_eff_key_len(key, bits).decrypt_block(&mut block);
            assert_eq!(block.as_slice(), plain.to_be_bytes(), "{bits}");
        }
    }

    #[test]
    fn a_length_no_cipher_makes_is_told_beforehand() {
        assert!(!Cipher::Aes256Cbc.can_have_made(0));
        assert!(!Cipher::Aes256Cbc.can_have_made(24));
        assert!(Cipher::Aes256Cbc.can_have_made(32));
        assert!(Cipher::DesCbc.can_have_made(24));
        assert!(Cipher::Rc4With40.can_have_made(7));
        assert!(!Cipher::Rc4With40.can_have_made(0));
    }
}
