//! The OS keyring, behind a trait: Secret Service, macOS Keychain, Windows Credential Manager.

use crate::secret::Passphrase;

/// Where passphrases are kept, by account name, under the service `certman`.
pub trait Keyring {
    /// Removes an entry.
    fn forget(&self, account: &str) -> Result<(), Error>;
    /// Reads an entry.
    fn read(&self, account: &str) -> Result<Passphrase, Error>;
    /// Writes an entry, over an old one if there is one.
    fn store(&self, account: &str, passphrase: &Passphrase) -> Result<(), Error>;
}

/// Why the keyring did not answer. Each has a next step of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The keyring works and has no such entry.
    #[error("the keyring has no entry '{account}'")]
    Absent {
        /// The account asked for.
        account: String,
    },
}
