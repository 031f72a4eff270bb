//! What `explain` has to say, in the form that text and JSON are made from. Holds facts; its sentences are those of the table, or are
//! made in `cli::render`.

use std::path::PathBuf;

use super::failure::Failure;
use crate::clients::Client;
use crate::config::Origin;
use crate::explain::{Entry, Language};
use crate::sys::fs::ReadError;

/// What was recognised, or all that is known.
#[derive(Debug)]
pub struct Explanations {
    /// Whether nothing was asked, and everything is listed.
    pub is_list: bool,
    /// The language of the answer.
    pub language: Language,
    /// The explanations, in the order in which they are to be read.
    pub list: Vec<Explanation>,
    /// Why nothing is said about this machine.
    pub trouble: Option<Failure>,
}

/// One error.
#[derive(Debug)]
pub struct Explanation {
    /// The command that tells which cause it is, with the profile that was asked for.
    pub command: String,
    /// What the table has.
    pub entry: &'static Entry,
    /// What this machine has of what it is about.
    pub facts: Vec<Fact>,
}

/// Something that this machine has.
#[derive(Clone, Debug)]
pub enum Fact {
    /// The bundle.
    Bundle {
        /// How many certificates are in it.
        certificates: Result<usize, Unread>,
        /// Where it is.
        path: PathBuf,
    },
    /// The client's certificates.
    Certificate {
        /// How many certificates are in the file.
        certificates: Result<usize, Unread>,
        /// Where it is.
        path: PathBuf,
    },
    /// The variable that the bundle is found by, in the environment of this process.
    ExtraVariable {
        /// Whether that is the bundle.
        is_bundle: bool,
        /// Its value; none where it is not set.
        value: Option<String>,
    },
    /// The client's key.
    Key {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        state: Result<KeyState, Unread>,
    },
    /// A proxy by `certman.toml` or a variable of certman.
    Proxy {
        /// Its address, without a password.
        address: String,
        /// What says so.
        origin: Origin,
    },
    /// The proxy by the environment of this process.
    ProxyVariable {
        /// Its address, without user and password.
        address: String,
        /// The variable.
        name: &'static str,
    },
}

/// What a key file is, as far as that shows without opening the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// In the clear.
    Plain {
        /// Who refuses the file as it is written.
        refused_by: Vec<Client>,
    },
    /// Under a passphrase.
    Sealed {
        /// Who does not open it.
        refused_by: Vec<Client>,
        /// How.
        scheme: String,
    },
    /// There is no private key in the file, or it is damaged.
    NoKey,
}

/// Why there is nothing to say about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is not there.
    Missing,
    /// It cannot be read.
    Unreadable,
}

impl From<ReadError> for Unread {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Missing => Self::Missing,
            _ => Self::Unreadable,
        }
    }
}
