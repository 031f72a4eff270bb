//! Stores of certificates and keys under a passphrase: what one is, and what comes out of it. The formats are read in
//! `pkcs12` and `jks`; how much work a store may ask for is settled here. Never asks for a passphrase.

use std::fmt;

use super::{jks, pkcs12};
use crate::pki::asn1::Malformed;
use crate::pki::key::{self, Limits, OpenError, PrivateKey, Sealed, Work};
use crate::secret::{Passphrase, SecretBytes};

/// A store as it lies in a file, recognised by its first bytes.
#[derive(Clone, Copy)]
pub struct Store<'a> {
    /// The bytes, in DER or BER where it is PKCS#12.
    pub bytes: &'a [u8],
    /// The format.
    pub kind: StoreKind,
}

/// The format of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Java's key store with stronger encryption of keys, from the Java Cryptography Extension.
    Jceks,
    /// Java's own key store, the default up to Java 8.
    Jks,
    /// PKCS#12 (RFC 7292): `.p12` and `.pfx`; Java's default since Java 9.
    Pkcs12,
}

impl StoreKind {
    /// The name, for JSON and for people; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jceks => "JCEKS",
            Self::Jks => "JKS",
            Self::Pkcs12 => "PKCS#12",
        }
    }
}

impl Store<'_> {
    /// Opens it: checks it with the passphrase, where it says how, and takes out what lies in it. Without a passphrase
    /// only what needs none is done: certificates that lie in the clear come out, and nothing is proven.
    ///
    /// An empty passphrase is something else than none: some programs write one, some the other, and where one is given
    /// that is empty both are tried. Private keys stay sealed, see [`StoredKey::open`]. The limits hold for one
    /// derivation as for the sum of all different ones, and are checked before any work is done.
    ///
    /// # Errors
    /// As [`StoreError`] says.
    pub fn open(&self, passphrase: Option<&Passphrase>, limits: &Limits) -> Result<Opened, StoreError> {
        if self.bytes.len() > LARGEST {
            let demanded = self.bytes.len() as u64;
            return Err(StoreError::TooLarge { demanded, extent: Extent::Bytes, limit: LARGEST as u64 });
        }
        match self.kind {
            StoreKind::Jceks | StoreKind::Jks => jks::open(self.bytes, passphrase),
            StoreKind::Pkcs12 => pkcs12::open(self.bytes, passphrase, limits),
        }
    }

    /// The rounds of the derivation that a passphrase is first tried with, so that trying several can be weighed; 0
    /// where that costs nothing, and where it cannot be told.
    pub fn rounds_of_a_try(&self) -> u64 {
        match self.kind {
            StoreKind::Jceks | StoreKind::Jks => 0,
            StoreKind::Pkcs12 => pkcs12::rounds_of_a_try(self.bytes),
        }
    }
}

/// What came out of a store.
pub struct Opened {
    /// The certificates, trusted ones and those of keys alike, in the order of the file.
    pub certificates: Vec<StoredCertificate>,
    /// What is known about the whole.
    pub integrity: Integrity,
    /// The private keys, in the order of the file.
    pub keys: Vec<StoredKey>,
    /// What else lies in it, and is passed over.
    pub others: Others,
    /// How it is protected: each way once, in the order of the file, integrity first.
    pub protections: Vec<Protection>,
}

/// A certificate in a store.
pub struct StoredCertificate {
    /// Its bytes, not judged yet.
    pub der: Vec<u8>,
    /// What ties it to its key (localKeyID, RFC 2985, section 5.5.2): any bytes. In a Java store the name of the entry.
    pub local_key_id: Option<Vec<u8>>,
    /// Its friendlyName or alias. A stranger's text.
    pub name: Option<String>,
}

/// A private key in a store.
pub struct StoredKey {
    /// What ties it to its certificate, see [`StoredCertificate::local_key_id`].
    pub local_key_id: Option<Vec<u8>>,
    /// Its friendlyName or alias. A stranger's text.
    pub name: Option<String>,
    pub(super) lock: Lock,
    /// What opening all keys of the store takes.
    pub(super) work_of_all: WorkOfKeys,
}

/// What opening every key of a store takes. Each is derived for on its own, the same salt or not.
#[derive(Clone, Copy, Default)]
pub(super) struct WorkOfKeys {
    rounds: u64,
    /// In the unit of [`Limits::scrypt_work`].
    scrypt: u64,
}

/// How a private key lies in a store.
pub(super) enum Lock {
    /// Not readable at all.
    Damaged(key::Cause),
    /// In the clear: PrivateKeyInfo.
    Open(SecretBytes),
    /// As Java seals it.
    Java(jks::Sealed),
    /// As PKCS#8 does.
    Pkcs8(Sealed),
}

impl StoredKey {
    /// Whether a passphrase is needed.
    pub fn is_sealed(&self) -> bool {
        matches!(self.lock, Lock::Java(_) | Lock::Pkcs8(_))
    }

    /// The rounds of its derivation; none where it is not sealed, or these are not counted.
    pub fn iterations(&self) -> Option<u64> {
        match &self.lock {
            Lock::Java(sealed) => sealed.iterations(),
            Lock::Pkcs8(sealed) => sealed.scheme().iterations(),
            Lock::Damaged(_) | Lock::Open(_) => None,
        }
    }

    /// The name of the way it is sealed; stable. None where it is not.
    pub fn scheme(&self) -> Option<String> {
        match &self.lock {
            Lock::Java(sealed) => Some(sealed.scheme()),
            Lock::Pkcs8(sealed) => Some(sealed.scheme().name()),
            Lock::Damaged(_) | Lock::Open(_) => None,
        }
    }

    /// Opens it, mostly with the passphrase of the store. The limits are checked before any work is done, against the
    /// sum over all keys of the store as well.
    ///
    /// # Errors
    /// As [`OpenError`] says; without a passphrase a sealed key is under a wrong one.
    pub fn open(&self, passphrase: Option<&Passphrase>, limits: &Limits) -> Result<PrivateKey, OpenError> {
        key::check_iterations(self.work_of_all.rounds, limits)?;
        let (demanded, limit) = (self.work_of_all.scrypt, limits.scrypt_work);
        if demanded > limit {
            return Err(OpenError::TooMuchWork { demanded, kind: Work::ScryptWork, limit });
        }
        let passphrase = || passphrase.ok_or(OpenError::WrongPassphraseOrDamaged);
        match &self.lock {
            Lock::Damaged(cause) => Err(OpenError::Damaged { cause: *cause }),
            Lock::Java(sealed) => sealed.open(passphrase()?, limits),
            Lock::Open(der) => {
                PrivateKey::read(der.expose_secret(), None).map_err(|cause| OpenError::Damaged { cause })
            }
            Lock::Pkcs8(sealed) => {
                let passphrase = passphrase()?;
                let spellings = pkcs12::spellings(sealed.scheme(), passphrase.expose_secret());
                sealed.open_spelled(spellings, passphrase, limits)
            }
        }
    }
}

/// What is known about a store as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// The store says nothing that could prove it: whoever can write the file can change it.
    Absent,
    /// It could be proven, and no passphrase was given.
    NotChecked,
    /// It is as whoever knows the passphrase has written it.
    Proven,
    /// It says how it could be proven, in a way that is not known here.
    Unsupported {
        /// Its name, or the dotted object identifier.
        what: Box<str>,
    },
}

/// What else lies in a store, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// Revocation lists.
    pub revocation_lists: u32,
    /// Certificates of the form SDSI, which nobody uses.
    pub sdsi_certificates: u32,
    /// Secrets that are no private keys: keys for symmetric ciphers, passwords.
    pub secrets: u32,
    /// Of no known kind.
    pub unknown: u32,
}

/// One way in which a store is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The rounds of its derivation, where they are counted.
    pub iterations: Option<u64>,
    /// Its name; stable.
    pub name: String,
    /// Of what.
    pub of: Protected,
}

/// What is protected in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protected {
    /// Certificates, and whatever lies beside them.
    Content,
    /// The whole, against change.
    Integrity,
    /// A private key.
    Key,
}

impl Opened {
    /// Nothing yet.
    pub(super) fn empty(integrity: Integrity) -> Self {
        Self {
            certificates: Vec::new(),
            integrity,
            keys: Vec::new(),
            others: Others::default(),
            protections: Vec::new(),
        }
    }

    /// Notes a way of protection, once.
    pub(super) fn protect(&mut self, of: Protected, name: String, iterations: Option<u64>) {
        let protection = Protection { iterations, name, of };
        if !self.protections.contains(&protection) && self.protections.len() < MOST_PROTECTIONS {
            self.protections.push(protection);
        }
    }

    /// Tells every key what all of them take together.
    pub(super) fn add_up_keys(&mut self) {
        let mut all = WorkOfKeys::default();
        for key in &self.keys {
            all.rounds = all.rounds.saturating_add(key.iterations().unwrap_or(0));
            if let Lock::Pkcs8(sealed) = &key.lock {
                all.scrypt = all.scrypt.saturating_add(sealed.scheme().work().unwrap_or(0));
            }
        }
        self.keys.iter_mut().for_each(|key| key.work_of_all = all);
    }

    /// # Errors
    /// Where there is more in the store than anyone puts there.
    pub(super) fn check_extent(&self) -> Result<(), StoreError> {
        let Others { revocation_lists, sdsi_certificates, secrets, unknown } = self.others;
        let others =
            [revocation_lists, sdsi_certificates, secrets, unknown].map(u64::from).iter().sum::<u64>();
        let demanded = (self.certificates.len() + self.keys.len()) as u64 + others;
        if demanded > MOST_ENTRIES {
            return Err(StoreError::TooLarge { demanded, extent: Extent::Entries, limit: MOST_ENTRIES });
        }
        Ok(())
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("certificates", &self.certificates.len())
            .field("integrity", &self.integrity)
            .field("keys", &self.keys.len())
            .field("others", &self.others)
            .field("protections", &self.protections)
            .finish()
    }
}

/// Why a store did not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// Its structure cannot be read; no passphrase opens it.
    Damaged {
        /// What is wrong.
        why: Malformed,
    },
    /// Nothing comes out of it without a passphrase, and none was given.
    PassphraseNeeded,
    /// It is larger than any that is read. Nothing was computed.
    TooLarge {
        /// How large it is, as far as it was counted.
        demanded: u64,
        /// In what.
        extent: Extent,
        /// What is allowed.
        limit: u64,
    },
    /// It asks for more work than the limits allow. Nothing was computed.
    TooMuchWork {
        /// What the store asks for, all together; `u64::MAX` stands for more than fits.
        demanded: u64,
        /// Of what.
        kind: Work,
        /// What is allowed.
        limit: u64,
    },
    /// It has one passphrase that proves it, which is right, and another one that its content is sealed with.
    TwoPassphrases,
    /// Something in it that certman does not know.
    Unsupported {
        /// Its name, or the dotted object identifier.
        what: Box<str>,
    },
    /// The passphrase is wrong, or the store was changed: the code that proves it does not fit.
    WrongPassphraseOrDamaged,
}

/// What the size of a store is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Bytes.
    Bytes,
    /// Certificates, keys and whatever else.
    Entries,
}

impl From<Malformed> for StoreError {
    fn from(why: Malformed) -> Self {
        Self::Damaged { why }
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Damaged { cause: key::Cause::Asn1(why) } => Self::Damaged { why },
            OpenError::Damaged { .. } => Self::Damaged { why: Malformed::Unexpected },
            OpenError::TooMuchWork { demanded, kind, limit } => Self::TooMuchWork { demanded, kind, limit },
            OpenError::Unsupported { what } => Self::Unsupported { what },
            OpenError::WrongPassphraseOrDamaged => Self::WrongPassphraseOrDamaged,
        }
    }
}

impl From<key::Cause> for StoreError {
    fn from(cause: key::Cause) -> Self {
        OpenError::Damaged { cause }.into()
    }
}

/// The largest store that is read, in bytes: ten times one with every public root there is.
const LARGEST: usize = 64 << 20;
/// So many certificates, keys and others may lie in one.
const MOST_ENTRIES: u64 = 100_000;
/// So many different ways of protection are told.
const MOST_PROTECTIONS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::asn1::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, write};

    /// A key in a shrouded bag (PKCS#12) under pbeWithSHAAnd3-KeyTripleDES-CBC with always the same salt.
    fn key(rounds: &[u8]) -> StoredKey {
        let parameters = write(SEQUENCE, &[&write(OCTET_STRING, &[b"the salt"]), &write(INTEGER, &[rounds])]);
        let kind = write(OBJECT_IDENTIFIER, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x03]]);
        let identifier = write(SEQUENCE, &[&kind, &parameters]);
        let (identifier, _) = crate::pki::asn1::Element::expect(&identifier, SEQUENCE).unwrap();
        let sealing = key::Sealing::of_identifier(identifier).unwrap();
        let lock = Lock::Pkcs8(Sealed::new(sealing, &[0; 24], None).unwrap());
        StoredKey { local_key_id: None, name: None, lock, work_of_all: WorkOfKeys::default() }
    }

    /// Keys with one salt were counted once and derived for each; those of Java's stores were not counted.
    #[test]
    fn the_work_of_all_keys_together_is_bounded_whatever_their_salts() {
        let mut opened = Opened::empty(Integrity::Absent);
        // 0x600000 rounds: each alone is allowed.
        opened.keys = vec![key(&[0x60, 0, 0]), key(&[0x60, 0, 0])];
        let limits = Limits { iterations: 0x60_0000, ..Limits::DEFAULT };
        opened.add_up_keys();
        let demanded = 2 * 0x60_0000;
        for key in &opened.keys {
            let refused = key.open(Some(&Passphrase::new(b"x".to_vec())), &limits).unwrap_err();
            let (kind, limit) = (Work::Iterations, limits.iterations);
            assert_eq!(refused, OpenError::TooMuchWork { demanded, kind, limit });
        }
    }
}
