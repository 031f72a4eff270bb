//! What each client accepts, as data: a rule, the clients it holds for, and the versions it was seen on.
//!
//! Pure: verdicts from facts. Versions move; a rule that no longer holds is one line here.

pub mod key;
pub mod proxy;

use std::fmt;

use crate::pki::algorithm::{Curve, KeyAlgorithm};
use crate::pki::bundle::Role;
use crate::pki::cert::Certificate;
use crate::pki::signature::Digest;

/// A program that reads the bundle or the client key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// Bun, with BoringSSL.
    Bun,
    /// Claude Code: a native program with Bun inside.
    ClaudeCode,
    /// curl, with OpenSSL.
    Curl,
    /// Node, with its own OpenSSL.
    Node,
    /// OpenSSL's own program and what links to it.
    OpenSsl,
    /// Python's ssl module.
    Python,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bun => "Bun",
            Self::ClaudeCode => "Claude Code",
            Self::Curl => "curl",
            Self::Node => "Node",
            Self::OpenSsl => "OpenSSL",
            Self::Python => "Python",
        })
    }
}

/// Clients that will not take something, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who.
    pub clients: &'static [Client],
    /// What it is about, as a noun: `an Ed448 key`.
    pub what: &'static str,
}

/// Who refuses a certificate in the bundle (CLIENTS.md, bundle, rules 8 and 9; seen on Node 20, 22 and 24, Bun 1.3 and
/// 1.4, Claude Code 2.1, OpenSSL 3.0, Python 3.11).
pub fn refusals_of_certificate(certificate: &Certificate, role: Role) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut refuse = |clients, what| refusals.push(Refusal { clients, what });
    match certificate.key() {
        KeyAlgorithm::Ec(Curve::Brainpool) => refuse(&[Bun, ClaudeCode, Node], "a brainpool key"),
        KeyAlgorithm::Ec(Curve::Secp256k1) => refuse(&[Bun, ClaudeCode, Node], "a secp256k1 key"),
        KeyAlgorithm::Ed448 => refuse(&[Bun, ClaudeCode], "an Ed448 key"),
        KeyAlgorithm::RsaPss(_) => refuse(&[Bun, ClaudeCode], "a key bound to RSA-PSS"),
        KeyAlgorithm::Rsa(..2048) => refuse(&[Curl, Node, OpenSsl, Python], "an RSA key under 2048 bits"),
        _ => {}
    }
    if role == Role::Intermediate
        && matches!(certificate.signature().digest(), Some(Digest::Sha1 | Digest::Md5))
    {
        refuse(&[Curl, Node, OpenSsl, Python], "a signature with SHA-1 or MD5");
    }
    if role == Role::Leaf && certificate.is_self_issued() {
        refuse(&[ClaudeCode], "a self-signed certificate that is no CA");
    }
    refusals
}

/// Whether a key is too small to be trusted with anything.
pub fn is_weak(key: &KeyAlgorithm) -> bool {
    matches!(key, KeyAlgorithm::Rsa(..2048) | KeyAlgorithm::RsaPss(..2048) | KeyAlgorithm::Dsa)
}

use Client::{Bun, ClaudeCode, Curl, Node, OpenSsl, Python};
