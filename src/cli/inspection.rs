//! What `inspect` has seen, in the form that text and JSON are made from. Holds facts; its sentences are made in `cli::render`.

use super::CheckSummary;
use crate::pki::bundle::{Place, Role};
use crate::pki::container::{Broken, Guess, Integrity, Packing, Protection, StoreKind};
use crate::pki::key::NoKey;
use crate::pki::public_key::Parameters;
use crate::pki::signature::Verdict;
use crate::report::Severity;

/// Everything in the files, in their order, and how the certificates hang together.
#[derive(Debug, Default)]
pub struct Inspection {
    /// The tree of certificates: each line behind the one it hangs below.
    pub branches: Vec<Branch>,
    /// Everything that was found.
    pub items: Vec<Item>,
    /// How many certificates there are, each counted once, and which expires first.
    pub summary: CheckSummary,
}

/// One line of the tree.
#[derive(Debug)]
pub struct Branch {
    /// How many certificates stand above it.
    pub depth: u32,
    /// Whether no other hangs below the same one behind it.
    pub is_last: bool,
    /// What stands there.
    pub node: Node,
}

/// What stands in a line of the tree.
#[derive(Debug)]
pub enum Node {
    /// A certificate.
    Certificate(Leaf),
    /// The issuer of those below is not there.
    Missing {
        /// Its name.
        issuer: String,
    },
}

/// A certificate in the tree.
#[derive(Debug)]
pub struct Leaf {
    /// The day it ends, and whether that is past.
    pub days_remaining: i64,
    /// Whether the one above is proven to have issued it; none where none is above.
    pub is_proven: Option<bool>,
    /// Whether its first second is still to come.
    pub is_too_early: bool,
    /// The last second.
    pub not_after: i64,
    /// What it is for.
    pub role: Role,
    /// Its name, short and safe to print.
    pub subject: String,
    /// The worst that is said about it.
    pub worst: Severity,
}

/// Something in a file.
#[derive(Debug)]
pub struct Item {
    /// What it is.
    pub content: Content,
    /// How it is written down; none where there is nothing to read.
    pub packing: Option<Packing>,
    /// Where it stands.
    pub place: Place,
}

/// What something in a file is.
#[derive(Debug)]
pub enum Content {
    /// A certificate: the facts are in the report.
    Certificate {
        /// Its number among all certificates seen, from 0.
        number: usize,
    },
    /// A block that was meant to be something and cannot be read.
    Damaged {
        /// Its label; empty where it has none.
        label: String,
        /// What is wrong.
        why: Broken,
    },
    /// A folder without a file.
    EmptyFolder,
    /// A private key: the facts are in the report.
    Key {
        /// Its number among all keys seen, from 0.
        number: usize,
    },
    /// A private key that is not read.
    KeyUnreadable {
        /// Why.
        why: NoKey,
    },
    /// A block of another kind, or bytes behind the last structure.
    Other {
        /// Its label; empty for bytes.
        label: String,
    },
    /// Parameters that come before a key, or stand alone.
    Parameters {
        /// Its label.
        label: String,
        /// What they name, where they can be read.
        what: Option<Parameters>,
    },
    /// A public key alone.
    PublicKey(PublicKeyFacts),
    /// A certificate request.
    Request(RequestFacts),
    /// A revocation list.
    RevocationList(RevocationListFacts),
    /// A store; what is in it follows as items of its own.
    Store(StoreFacts),
    /// A block that has no END line.
    Unclosed {
        /// Its label.
        label: String,
    },
    /// The whole file is something else.
    Unknown {
        /// What it seems to be.
        guess: Guess,
        /// The title of a web page, or what an answer in JSON says is wrong.
        title: Option<String>,
    },
    /// A file that cannot be read.
    Unreadable {
        /// Why, as a sentence.
        why: String,
    },
}

impl Content {
    /// The kind in JSON; stable.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Certificate { .. } => "certificate",
            Self::Damaged { .. } => "damaged",
            Self::EmptyFolder => "empty-folder",
            Self::Key { .. } | Self::KeyUnreadable { why: NoKey::Damaged { .. } | NoKey::Empty } => "key",
            Self::KeyUnreadable { why: NoKey::NotAKey { .. } } => "other-key",
            Self::Other { .. } => "other",
            Self::Parameters { .. } => "parameters",
            Self::PublicKey(_) => "public-key",
            Self::Request(_) => "request",
            Self::RevocationList(_) => "revocation-list",
            Self::Store(_) => "store",
            Self::Unclosed { .. } => "unclosed",
            Self::Unknown { .. } => "unknown",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

/// A store of certificates and keys.
#[derive(Debug)]
pub struct StoreFacts {
    /// What proves that it is whole; none where it stays closed.
    pub integrity: Option<Integrity>,
    /// Its format.
    pub kind: StoreKind,
    /// The passphrase that it opened with, where everyone knows it.
    pub passphrase: Option<&'static str>,
    /// How it is protected, as far as that has shown.
    pub protections: Vec<Protection>,
}

/// A public key alone.
#[derive(Debug)]
pub struct PublicKeyFacts {
    /// Algorithm and size.
    pub key: String,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki_sha256: String,
}

/// A certificate request.
#[derive(Debug)]
pub struct RequestFacts {
    /// The purposes it asks for, where it does.
    pub extended_key_usage: Option<Vec<String>>,
    /// Algorithm and size of the key.
    pub key: String,
    /// The bits of the key usage it asks for, where it does.
    pub key_usage: Option<Vec<&'static str>>,
    /// The algorithm of its signature.
    pub signature: String,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki_sha256: String,
    /// Who asks.
    pub subject: String,
    /// The names and addresses it asks for.
    pub subject_alt_names: Vec<String>,
    /// Whether its own key has signed it.
    pub verdict: Verdict,
}

/// A revocation list.
#[derive(Debug)]
pub struct RevocationListFacts {
    /// How many certificates it revokes.
    pub entries: usize,
    /// Whose it is.
    pub issuer: String,
    /// When the next one comes, in seconds since 1970-01-01T00:00:00Z, where it says so.
    pub next_update: Option<i64>,
    /// Its number in hexadecimal digits, where it has one.
    pub number: Option<String>,
    /// The algorithm of its signature.
    pub signature: String,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    pub this_update: i64,
}
