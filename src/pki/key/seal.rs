//! Sealing: the one form that every client opens. Never another scheme, whatever the key came in.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use super::detect::{Content, detect};
use super::open::Limits;
use super::private::PrivateKey;
use crate::pki::container::pem;
use crate::secret::Passphrase;

impl PrivateKey {
    /// Seals the key in the portable form: PEM `ENCRYPTED PRIVATE KEY`, PBES2, PBKDF2 with HMAC-SHA256 and so many
    /// rounds, AES-256-CBC (RFC 8018). Salt and initialization vector come from the generator of aws-lc-rs, which
    /// the operating system seeds. What is given was opened again, with the same passphrase, and was this key.
    ///
    /// # Errors
    /// Where the passphrase is one that clients do not take, or the outcome does not open.
    pub fn seal(&self, passphrase: &Passphrase, iterations: u32) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let length = passphrase.expose_secret().len();
        if !(1..=LONGEST_PASSPHRASE).contains(&length) {
            return Err(SealError::PassphraseLength { length });
        }
        let iterations = iterations.max(1);
        let sealed = self.seal_unchecked(passphrase, iterations).ok_or(SealError::Refused)?;
        let limits = Limits { iterations: iterations.into(), ..Limits::DEFAULT };
        match detect(&sealed).map(|file| file.content) {
            Ok(Content::Sealed(content)) => match content.open(passphrase, &limits) {
                Ok(read_back) if self.is_same_as(&read_back) => Ok(sealed),
                _ => Err(SealError::ReadBack),
            },
            _ => Err(SealError::ReadBack),
        }
    }

    fn seal_unchecked(&self, passphrase: &Passphrase, iterations: u32) -> Option<Zeroizing<Vec<u8>>> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        aws_lc_rs::rand::fill(&mut salt).ok()?;
        aws_lc_rs::rand::fill(&mut iv).ok()?;
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(iterations, &salt, iv).ok()?;
        let plain = self.to_pkcs8_der().expose_secret();
        let encrypted = parameters.encrypt(passphrase.expose_secret(), plain).ok()?;
        let info = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.into(),
            encrypted_data: OctetStringRef::new(&encrypted).ok()?,
        };
        Some(Zeroizing::new(pem::encode("ENCRYPTED PRIVATE KEY", &info.to_der().ok()?)))
    }

    fn is_same_as(&self, other: &Self) -> bool {
        self.to_pkcs8_der().expose_secret() == other.to_pkcs8_der().expose_secret()
    }
}

/// Why a key was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// Clients take passphrases of 1 to [`LONGEST_PASSPHRASE`] bytes.
    PassphraseLength {
        /// The length given, in bytes.
        length: usize,
    },
    /// What was sealed did not open, or was not the key. It is not given away.
    ReadBack,
    /// The generator of random numbers failed, or there are more than 100,000,000 rounds.
    Refused,
}

/// In bytes: the buffer that clients read a passphrase into has 1,024 (OpenSSL's `PEM_BUFSIZE`). Seen on Node 20 and
/// Bun 1.4.
pub const LONGEST_PASSPHRASE: usize = 1023;
/// The rounds of PBKDF2 with HMAC-SHA256 that are recommended today (OWASP).
pub const PORTABLE_ITERATIONS: u32 = 600_000;
