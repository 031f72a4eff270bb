//! What a probe of a host comes to: who has issued its certificate, which roots and which clients trust it, who stands between,
//! and what the next step is. Pure: is lent what was seen, and the roots.

use crate::clients::Client;
use crate::doctor::hosts::Host;
use crate::doctor::inspectors::Inspector;
use crate::report::Severity;
use crate::sys::net::probe::Observation;

/// A host, what was seen of it, and what it comes to.
#[derive(Debug)]
pub struct Reached {
    /// The host.
    pub host: Host,
    /// What it comes to; none where no certificate was served.
    pub judgement: Option<Judgement>,
    /// What was seen.
    pub observation: Observation,
    /// The proxy it went through, for people: without a password; none where it went straight.
    pub proxy: Option<String>,
    /// What said so: a variable, `certman.toml`, `--via`; none for the default.
    pub route_from: Option<String>,
}

/// What the chain of a host is worth.
#[derive(Debug)]
pub struct Judgement {
    /// The chain as it was served.
    pub chain: Vec<Served>,
    /// Whether each client would accept it.
    pub clients: Vec<(Client, Result<(), Distrust>)>,
    /// The product that has made the certificate, where it is one that is known.
    pub inspector: Option<Inspector>,
    /// Whether the issuer is none of the public ones.
    pub is_intercepted: bool,
    /// Whether each set of roots leads to it.
    pub roots: Vec<(RootSet, Result<(), Distrust>)>,
}

/// A certificate of a chain, as it was served. The names are a stranger's text, safe to print.
#[derive(Clone, Debug)]
pub struct Served {
    /// Where its issuer's certificate can be had (Authority Information Access).
    pub address: Option<String>,
    /// SHA-256 of the certificate, in lower-case hexadecimal digits.
    pub fingerprint: String,
    /// Who has issued it.
    pub issuer: String,
    /// Its last second, since 1970-01-01T00:00:00Z.
    pub not_after: i64,
    /// Whose it is.
    pub subject: String,
}

/// Roots that somebody trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootSet {
    /// The extra bundle alone.
    Extra,
    /// The trust store of the operating system.
    System,
    /// Mozilla's roots, as this program was built with them.
    Mozilla,
    /// All of them together.
    All,
}

/// Why a chain is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// A certificate is past its last second.
    Expired,
    /// A client refuses a certificate of the way to the root: what it is.
    Refused(&'static str),
    /// It cannot be read, or is otherwise not as it should be: in words.
    Unusable(String),
    /// Nothing leads to a root.
    UnknownIssuer,
    /// A certificate is before its first second.
    NotYetValid,
    /// It is for other names.
    WrongName,
}

/// What stands between a client and a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {}

impl Obstacle {
    /// The stable name.
    pub fn code(&self) -> &'static str {
        match *self {}
    }

    /// How bad it is where the host is required; otherwise it is a warning at most.
    pub fn default_severity(&self) -> Severity {
        match *self {}
    }
}
