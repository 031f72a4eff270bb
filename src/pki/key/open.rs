//! Opening what is sealed: bounds the work a file may ask for, derives, decrypts, and reads what comes out. Every
//! way in which a wrong passphrase can show ends in one answer.

use std::fmt;
use std::num::NonZeroU32;

use zeroize::Zeroizing;

use super::derive::{self, Purpose};
use super::detect::Cause;
use super::private::PrivateKey;
use super::scheme::{Kdf, Scheme, Sealing};
use crate::pki::asn1::{Element, SEQUENCE};
use crate::secret::Passphrase;

/// A private key under a passphrase.
pub struct Sealed {
    content: Vec<u8>,
    /// The content of an `EC PARAMETERS` block beside it.
    curve: Option<Vec<u8>>,
    sealing: Sealing,
}

impl Sealed {
    /// Takes the parts of a sealed key.
    pub(in crate::pki) fn new(
        sealing: Sealing,
        content: &[u8],
        curve: Option<Vec<u8>>,
    ) -> Result<Self, Cause> {
        if sealing.scheme.cipher().is_some_and(|cipher| !cipher.can_have_made(content.len())) {
            return Err(Cause::Parameters);
        }
        Ok(Self { content: content.to_vec(), curve, sealing })
    }

    /// How it is sealed.
    pub fn scheme(&self) -> &Scheme {
        &self.sealing.scheme
    }

    /// Opens it. The limits are checked before any work is done.
    ///
    /// Passphrases are taken as bytes; the schemes of PKCS#12 want UTF-16, which is made of UTF-8 and, failing
    /// that, of single bytes: what OpenSSL 3 does. A passphrase beyond ASCII that does not open such a key is tried
    /// once more byte by byte, as OpenSSL before 1.1 did.
    ///
    /// # Errors
    /// As [`OpenError`] says.
    pub fn open(&self, passphrase: &Passphrase, limits: &Limits) -> Result<PrivateKey, OpenError> {
        self.open_spelled(Spelling::of_scheme(self.scheme(), passphrase.expose_secret()), passphrase, limits)
    }

    /// The same with other spellings of the passphrase, tried one after the other.
    pub(in crate::pki) fn open_spelled(
        &self,
        spellings: &[Spelling],
        passphrase: &Passphrase,
        limits: &Limits,
    ) -> Result<PrivateKey, OpenError> {
        limits.check(self.scheme())?;
        for spelling in spellings {
            let derived = self.sealing.derive(&spelling.of(passphrase.expose_secret()))?;
            let opened = self.sealing.decrypt(&derived, &self.content).and_then(|plain| self.read(&plain));
            if let Some(key) = opened {
                return Ok(key);
            }
        }
        Err(OpenError::WrongPassphraseOrDamaged)
    }

    /// Reads what was decrypted. One wrong passphrase in 250 gets past the padding and fails here.
    fn read(&self, plain: &[u8]) -> Option<PrivateKey> {
        let (_, rest) = Element::expect(plain, SEQUENCE).ok()?;
        PrivateKey::read(plain, self.curve.as_deref()).ok().filter(|_| rest.is_empty())
    }
}

impl Sealing {
    /// Derives key and initialization vector from a passphrase that is spelled as the scheme wants it. The limits have
    /// been asked before.
    pub(in crate::pki) fn derive(&self, passphrase: &[u8]) -> Result<Derived, OpenError> {
        let Self { iv, salt, scheme } = self;
        let given = || Zeroizing::new(iv.clone());
        Ok(match scheme {
            Scheme::LegacyPem { cipher } => {
                Derived { iv: given(), key: derive::bytes_to_key(passphrase, salt, cipher.key_length()) }
            }
            Scheme::Pbes1 { hash, iterations, .. } => {
                let derived = derive::pbkdf1(*hash, passphrase, salt, *iterations);
                let (key, iv) = derived.split_at(8);
                Derived { iv: Zeroizing::new(iv.to_vec()), key: Zeroizing::new(key.to_vec()) }
            }
            Scheme::Pbes2 { cipher, kdf: Kdf::Pbkdf2 { iterations, prf, .. } } => {
                let rounds = rounds(*iterations)?;
                let key = derive::pbkdf2(*prf, passphrase, salt, rounds, cipher.key_length());
                Derived { iv: given(), key }
            }
            Scheme::Pbes2 { cipher, kdf: Kdf::Scrypt { n, p, r } } => {
                let key = derive::scrypt(passphrase, salt, (*n, *r, *p), cipher.key_length())
                    .ok_or(OpenError::Damaged { cause: Cause::Parameters })?;
                Derived { iv: given(), key }
            }
            Scheme::Pkcs12Pbe { cipher, iterations } => {
                let derive = |purpose, length| derive::pkcs12(purpose, passphrase, salt, *iterations, length);
                let key = derive(Purpose::Key, cipher.key_length());
                Derived { iv: derive(Purpose::Iv, cipher.iv_length()), key }
            }
            Scheme::Unsupported { what } => return Err(OpenError::Unsupported { what: what.clone() }),
        })
    }

    /// Decrypts a copy of the content; none where the passphrase was wrong or the content is damaged.
    pub(in crate::pki) fn decrypt(&self, derived: &Derived, content: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = self.scheme.cipher()?;
        let mut buffer = Zeroizing::new(content.to_vec());
        let length = cipher.decrypt(&derived.key, &derived.iv, &mut buffer)?;
        buffer.truncate(length);
        Some(buffer)
    }
}

/// Key and initialization vector, as they come from a passphrase.
pub(in crate::pki) struct Derived {
    iv: Zeroizing<Vec<u8>>,
    key: Zeroizing<Vec<u8>>,
}

/// How a passphrase is written down before anything is derived from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::pki) enum Spelling {
    /// No bytes at all: some programs tell no passphrase from an empty one, in the schemes of PKCS#12.
    Absent,
    /// UTF-16 with an end, made of UTF-8.
    Bmp,
    /// UTF-16 with an end, made of single bytes: OpenSSL before 1.1.
    BmpBytewise,
    /// As it is.
    Bytes,
}

impl Spelling {
    /// The spellings to try for a scheme, in their order.
    pub(in crate::pki) fn of_scheme(scheme: &Scheme, passphrase: &[u8]) -> &'static [Self] {
        match scheme {
            Scheme::Pkcs12Pbe { .. } => Self::of_pkcs12(passphrase),
            _ => &[Self::Bytes],
        }
    }

    /// The spellings to try for the schemes of PKCS#12.
    pub(in crate::pki) fn of_pkcs12(passphrase: &[u8]) -> &'static [Self] {
        match passphrase {
            [] => &[Self::Bmp, Self::Absent],
            ascii if ascii.is_ascii() => &[Self::Bmp],
            _ => &[Self::Bmp, Self::BmpBytewise],
        }
    }

    /// The bytes that are hashed.
    pub(in crate::pki) fn of(self, passphrase: &[u8]) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Absent => Zeroizing::new(Vec::new()),
            Self::Bmp => derive::bmp_string(passphrase),
            Self::BmpBytewise => derive::bmp_string_bytewise(passphrase),
            Self::Bytes => Zeroizing::new(passphrase.to_vec()),
        }
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("scheme", self.scheme()).finish_non_exhaustive()
    }
}

/// How much work a file may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rounds of PBKDF2, PBKDF1 and the derivation of PKCS#12.
    pub iterations: u64,
    /// Memory for scrypt, in bytes.
    pub scrypt_memory: u64,
    /// Block mixes of scrypt: N times r times p.
    pub scrypt_work: u64,
}

impl Limits {
    /// Ten million rounds (RFC 8018, section 4.2 names that number for critical keys; one to six seconds), 256 MiB and
    /// one for what stands beside it (N = 2^18 with r = 8, twice what is recommended for scrypt today), and 2^24 block
    /// mixes (five seconds).
    pub const DEFAULT: Self =
        Self { iterations: 10_000_000, scrypt_memory: (256 << 20) + (1 << 20), scrypt_work: 1 << 24 };

    /// Whether a key that is sealed in this way may be opened: asked before any work is done, and before anyone is asked for
    /// a passphrase.
    ///
    /// # Errors
    /// For a scheme that certman does not open, and for one that demands more work than these limits allow.
    pub fn check(&self, scheme: &Scheme) -> Result<(), OpenError> {
        if let Scheme::Unsupported { what } = scheme {
            return Err(OpenError::Unsupported { what: what.clone() });
        }
        for (demanded, limit, kind) in [
            (scheme.iterations(), self.iterations, Work::Iterations),
            (scheme.memory(), self.scrypt_memory, Work::ScryptMemory),
            (scheme.work(), self.scrypt_work, Work::ScryptWork),
        ] {
            if let Some(demanded) = demanded
                && demanded > limit
            {
                return Err(OpenError::TooMuchWork { demanded, kind, limit });
            }
        }
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a sealed key did not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The file is damaged outside of what is encrypted; no passphrase opens it.
    Damaged {
        /// What is wrong.
        cause: Cause,
    },
    /// The file asks for more work than the limits allow. Nothing was computed.
    TooMuchWork {
        /// What the file asks for; `u64::MAX` stands for more than fits.
        demanded: u64,
        /// Of what.
        kind: Work,
        /// What is allowed.
        limit: u64,
    },
    /// A scheme that certman does not open.
    Unsupported {
        /// Its name, or the dotted object identifier of the part that is not known.
        what: Box<str>,
    },
    /// The passphrase is wrong, or the encrypted content is damaged: nothing can tell the two apart.
    WrongPassphraseOrDamaged,
}

/// What the work of a derivation is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Rounds.
    Iterations,
    /// Bytes.
    ScryptMemory,
    /// Block mixes: N times r times p.
    ScryptWork,
}

/// Rounds in 32 bits: the most that any program counts.
fn rounds(iterations: u64) -> Result<NonZeroU32, OpenError> {
    let rounds = u32::try_from(iterations).ok().and_then(NonZeroU32::new);
    rounds.ok_or(OpenError::TooMuchWork {
        demanded: iterations,
        kind: Work::Iterations,
        limit: u32::MAX.into(),
    })
}
