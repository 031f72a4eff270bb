//! Private keys: what form a file has, how it is sealed, opening and sealing, and whether key and certificate
//! belong together.
//!
//! The way of a key: [`detect()`] reads a file's content into a [`KeyFile`]; what is sealed there is opened with a
//! passphrase ([`Sealed::open`]); either way a [`PrivateKey`] comes out, always as PKCS#8, in memory that is wiped.
//! It is written with [`PrivateKey::to_pkcs8_pem`] or [`PrivateKey::seal`], and compared with a certificate by
//! [`proves`]. Nothing here reads files, asks for passphrases or has words for people.

mod cipher;
mod derive;
mod detect;
mod mac;
mod open;
mod pair;
mod private;
mod scheme;
mod seal;

pub use cipher::Cipher;
pub use detect::{Cause, Content, Encoding, Form, KeyFacts, KeyFile, NoKey, OtherContent, Quirk, detect};
pub use open::{Limits, OpenError, Sealed, Work};
pub use pair::{NotCheckable, Pairing, proves, public_key_bits};
pub use private::PrivateKey;
pub use scheme::{Hash, Kdf, Prf, Scheme};
pub use seal::{LONGEST_PASSPHRASE, PORTABLE_ITERATIONS, SealError};

pub(in crate::pki) use mac::{Mac, check_iterations};
pub(in crate::pki) use open::{Derived, Spelling};
pub(in crate::pki) use scheme::{Sealing, positive};
