//! The OS keyring, behind a trait: Secret Service, macOS Keychain, Windows Credential Manager.
//!
//! Owns the one use of the `keyring` crate, its time limit, and the names of what can go wrong. Never
//! asks anyone, never falls back to another place, never lets a secret into an error.

use std::error::Error as StdError;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use zeroize::{Zeroize, Zeroizing};

use crate::secret::Passphrase;

/// Where passphrases are kept, by account name, under the service `certman`.
pub trait Keyring {
    /// Removes every entry of this account. [`Error::Absent`] where there was none.
    fn forget(&self, account: &str) -> Result<(), Error>;
    /// Reads an entry, without the line ending that another program may have left at its end.
    fn read(&self, account: &str) -> Result<Passphrase, Error>;
    /// Writes an entry, over an old one if there is one.
    ///
    /// Only text goes in ([`Error::NotText`]), and none that ends in a line ending ([`Error::LineEnding`]): so
    /// what is read is what was stored.
    fn store(&self, account: &str, passphrase: &Passphrase) -> Result<(), Error>;
}

/// The keyring of the operating system.
///
/// Nothing happens before the first call. The `keyring` crate keeps its connection, and also the failure to
/// connect, for the life of the process: asking twice does not help.
pub struct OsKeyring {
    time_limit: Duration,
}

impl OsKeyring {
    /// A keyring that is given up on after a time: [`WITH_TERMINAL`] or [`WITHOUT_TERMINAL`].
    pub fn new(time_limit: Duration) -> Self {
        Self { time_limit }
    }

    /// Calls the crate on a thread of its own, since it waits for ever on a prompt that nobody answers and on a
    /// service that accepts calls and does not answer them (seen on keyring 4.2 with gnome-keyring 42).
    ///
    /// A thread that is given up on keeps waiting until the process ends. What it may still bring is wiped.
    fn within_limit<T: Send + 'static>(
        &self,
        account: &str,
        work: impl FnOnce(&Account) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let account = Account(account.to_owned());
        let (sender, receiver) = sync_channel(1);
        let worker = move || {
            let answer = work(&account);
            // Nobody listens any more when the time was up.
            let _ = sender.send(answer);
        };
        thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(worker)
            .map_err(|cause| Error::Other { cause: cause.to_string() })?;
        match receiver.recv_timeout(self.time_limit) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(Error::TimedOut { waited: self.time_limit }),
            Err(RecvTimeoutError::Disconnected) => {
                Err(Error::Other { cause: "the keyring library ended without an answer".to_owned() })
            }
        }
    }
}

impl Keyring for OsKeyring {
    fn forget(&self, account: &str) -> Result<(), Error> {
        self.within_limit(account, |account| match account.entry()?.delete_credential() {
            // "Forgotten" is only true when no copy is left.
            Err(keyring::Error::Ambiguous(entries)) => entries
                .into_iter()
                .try_for_each(|entry| entry.delete_credential().map_err(|error| account.name_of(error))),
            other => other.map_err(|error| account.name_of(error)),
        })
    }

    fn read(&self, account: &str) -> Result<Passphrase, Error> {
        self.within_limit(account, |account| match account.entry()?.get_password() {
            Ok(text) => Ok(Passphrase::from_line(text.into_bytes())),
            Err(error) => Err(account.name_of(error)),
        })
    }

    fn store(&self, account: &str, passphrase: &Passphrase) -> Result<(), Error> {
        // As text and not as bytes: the Windows store keeps text as UTF-16, KWallet keeps nothing else.
        let Ok(text) = str::from_utf8(passphrase.expose_secret()) else {
            return Err(Error::NotText { account: account.to_owned() });
        };
        if text.ends_with('\n') {
            return Err(Error::LineEnding);
        }
        let text = Zeroizing::new(text.to_owned());
        self.within_limit(account, move |account| {
            account.entry()?.set_password(&text).map_err(|error| account.name_of(error))
        })
    }
}

/// An account under the service `certman`: `client-key:<absolute path>` or `proxy:<user>@<host:port>`.
struct Account(String);

impl Account {
    /// The crate's handle. Nothing is looked up yet, but the connection is made.
    fn entry(&self) -> Result<keyring::Entry, Error> {
        // The crate's own error for this, NoDefaultStore, does not say why; store_status does.
        if let Err(cause) = keyring::Entry::store_status() {
            return Err(no_connection(cause));
        }
        keyring::Entry::new(SERVICE, &self.0).map_err(|error| self.name_of(error))
    }

    /// The crate's error in our words, without the data that some of its variants carry.
    fn name_of(&self, error: keyring::Error) -> Error {
        use keyring::Error as Crate;
        match error {
            Crate::Ambiguous(entries) => Error::Ambiguous { account: self.0.clone(), count: entries.len() },
            Crate::BadDataFormat(mut secret, _) | Crate::BadEncoding(mut secret) => {
                secret.zeroize();
                Error::NotText { account: self.0.clone() }
            }
            Crate::NoEntry => Error::Absent { account: self.0.clone() },
            // The type behind this belongs to a crate below the crate: its words are all there is to go by.
            Crate::NoStorageAccess(cause) if cause.to_string().contains("result not returned") => {
                Error::NoCollection
            }
            Crate::NoStorageAccess(cause) => Error::Locked { cause: chain(cause.as_ref()) },
            Crate::PlatformFailure(cause) if cause.to_string().contains("Secret.Error.IsLocked") => {
                Error::Locked { cause: chain(cause.as_ref()) }
            }
            Crate::TooLong(_, limit) => Error::Other {
                cause: format!(
                    "the account name or the passphrase is longer than this keyring's {limit} characters"
                ),
            },
            other => Error::Other { cause: chain(&other) },
        }
    }
}

/// Why there is no connection: no bus, or a bus and nobody who keeps secrets.
fn no_connection(error: &keyring::Error) -> Error {
    let cause = match error {
        keyring::Error::NoStorageAccess(cause) | keyring::Error::PlatformFailure(cause) => {
            chain(cause.as_ref())
        }
        other => chain(other),
    };
    if !cfg!(any(target_os = "macos", windows)) {
        if ABSENT_SERVICE.iter().any(|name| cause.contains(name)) {
            return Error::NoService { cause };
        }
        // Every other error that the service or the bus itself answered with bears its D-Bus name.
        if !cause.contains("org.freedesktop.") {
            return Error::NoBus { cause };
        }
    }
    Error::Other { cause }
}

/// An error and what caused it, on one line. A cause that its effect has already told is not told again.
fn chain(error: &dyn StdError) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !told.contains(&words) {
            told.push_str(": ");
            told.push_str(&words);
        }
        next = cause.source();
    }
    // D-Bus errors are another program's text.
    told.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Why the keyring did not answer. Each has a next step of its own, and none holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The keyring works and has no such entry. Next: `certman key remember`.
    #[error("the keyring has no entry '{account}'")]
    Absent {
        /// The account asked for.
        account: String,
    },
    /// Several entries answer to the account, so none was taken. Next: forget them all, then remember one.
    #[error("the keyring has {count} entries '{account}'")]
    Ambiguous {
        /// The account asked for.
        account: String,
        /// How many there are.
        count: usize,
    },
    /// Entries do not end in a line ending: that would be cut off when it is read. Next: another source.
    #[error("the keyring keeps no passphrase that ends in a line ending")]
    LineEnding,
    /// The keyring is there, locked, and was not unlocked when asked. Next: unlock it.
    #[error("the keyring is locked, and was not unlocked ({cause})")]
    Locked {
        /// The answer of the system.
        cause: String,
    },
    /// No session bus: cron, a container, SSH. Next: another source, or `DBUS_SESSION_BUS_ADDRESS`.
    #[error("there is no session bus, so no keyring ({cause})")]
    NoBus {
        /// The answer of the system.
        cause: String,
    },
    /// The service runs and has no default collection to put entries into. Next: make one, in Seahorse or KWallet.
    #[error("the keyring service has no default keyring to store in")]
    NoCollection,
    /// A session bus, and nobody on it who keeps secrets. Next: start gnome-keyring, KWallet or KeePassXC.
    #[error("no keyring service runs on the session bus ({cause})")]
    NoService {
        /// The answer of the system.
        cause: String,
    },
    /// The entry, or what should become one, is not UTF-8, and keyrings hold text. Next: another source.
    #[error("the passphrase of the keyring entry '{account}' is not UTF-8 text")]
    NotText {
        /// The account asked for.
        account: String,
    },
    /// Anything else.
    #[error("the keyring failed: {cause}")]
    Other {
        /// The answer of the system.
        cause: String,
    },
    /// No answer in time: a prompt that nobody answers, or a service that hangs. Whether something was stored or
    /// removed is not known.
    #[error("the keyring did not answer within {} seconds", waited.as_secs_f32())]
    TimedOut {
        /// How long that was.
        waited: Duration,
    },
}

/// The time limit where there is a person who may answer a prompt.
pub const WITH_TERMINAL: Duration = Duration::from_secs(60);

/// The time limit where there is none.
pub const WITHOUT_TERMINAL: Duration = Duration::from_secs(5);

/// The service name of every entry.
const SERVICE: &str = "certman";

/// The D-Bus errors that mean: nobody owns the name, and nobody could be started to own it.
const ABSENT_SERVICE: [&str; 3] =
    ["DBus.Error.ServiceUnknown", "DBus.Error.NameHasNoOwner", "DBus.Error.Spawn."];
