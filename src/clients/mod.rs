//! What each client accepts, as data: a rule, the clients it holds for, and the versions it was seen on.
//!
//! Pure: verdicts from facts. Versions move; a rule that no longer holds is one line here or in [`key`], and
//! `tests/verdicts.rs` asks the clients themselves, both ways.

pub mod bundle;
pub mod choice;
pub mod key;
pub mod proxy;
pub mod roots;

use std::fmt;
use std::str::FromStr;

use crate::pki::algorithm::{Curve, KeyAlgorithm};
use crate::pki::bundle::Role;
use crate::pki::cert::{Certificate, CriticalExtension};
use crate::pki::signature::{Digest, SignatureAlgorithm};

/// A program that reads the bundle or the client key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// Bun, with BoringSSL.
    Bun,
    /// Claude Code: a native program with Bun inside.
    ClaudeCode,
    /// curl, with OpenSSL.
    Curl,
    /// git as Debian and its kin build it: curl's library with GnuTLS.
    GitGnuTls,
    /// Node, with its own OpenSSL.
    Node,
    /// OpenSSL's own program.
    OpenSsl,
    /// Python's ssl module, with OpenSSL.
    Python,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Bun, Self::ClaudeCode, Self::Curl, Self::GitGnuTls, Self::Node, Self::OpenSsl, Self::Python];

    /// The name on the command line and in JSON; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bun => "bun",
            Self::ClaudeCode => "claude-code",
            Self::Curl => "curl",
            Self::GitGnuTls => "git-gnutls",
            Self::Node => "node",
            Self::OpenSsl => "openssl",
            Self::Python => "python",
        }
    }
}

impl FromStr for Client {
    type Err = UnknownClient;

    fn from_str(name: &str) -> Result<Self, UnknownClient> {
        Self::ALL.into_iter().find(|client| client.name() == name).ok_or(UnknownClient)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bun => "Bun",
            Self::ClaudeCode => "Claude Code",
            Self::Curl => "curl",
            Self::GitGnuTls => "git (GnuTLS)",
            Self::Node => "Node",
            Self::OpenSsl => "OpenSSL",
            Self::Python => "Python",
        })
    }
}

/// A name that no client has.
#[derive(Debug, thiserror::Error)]
#[error("it is one of bun, claude-code, curl, git-gnutls, node, openssl, python")]
pub struct UnknownClient;

/// The clients whose refusals are worth saying: those that somebody has asked about, or all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(Vec<Client>);

impl Audience {
    /// These clients; none of them named means all.
    pub fn of(clients: &[Client]) -> Self {
        if clients.is_empty() { Self::default() } else { Self(clients.to_vec()) }
    }

    /// Whether this client belongs to it.
    pub fn has(&self, client: Client) -> bool {
        self.0.contains(&client)
    }
}

impl Default for Audience {
    fn default() -> Self {
        Self(Client::ALL.to_vec())
    }
}

/// Clients that will not take something, and what it is: for a certificate or a kind of key a noun (`an Ed448 key`), for
/// a file what it does (`is not PEM`), for a key file a [`key::KeyReason`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal<What = &'static str> {
    /// Who, and where that was seen.
    pub by: Vec<Seen>,
    /// What it is about.
    pub what: What,
}

impl<What> Refusal<What> {
    /// Who.
    pub fn clients(&self) -> Vec<Client> {
        self.by.iter().map(|seen| seen.client).collect()
    }

    /// The same, as far as it concerns this audience.
    pub fn only(mut self, audience: &Audience) -> Option<Self> {
        self.by.retain(|seen| audience.has(seen.client));
        (!self.by.is_empty()).then_some(self)
    }
}

/// A client that was seen refusing, and the versions it was seen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who.
    pub client: Client,
    /// The versions, with the client's own name.
    pub on: &'static str,
}

/// Who refuses a certificate in the bundle (CLIENTS.md, bundle, rules 5, 8 and 9), as what it is there: a root, an
/// intermediate, or a server's own certificate.
///
/// What certman leaves out of every bundle, for its form or its dates, is not asked here.
pub fn refusals_of_certificate(certificate: &Certificate, role: Role) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut refuse = |by: &[Seen], what| refusals.push(Refusal { by: by.to_vec(), what });
    match certificate.key() {
        // Bun: CERT_SIGNATURE_FAILURE. The others take what it has signed.
        KeyAlgorithm::Dsa => refuse(&[BUN, CLAUDE_CODE_BY_BUN], "a DSA key"),
        // Node does not refuse: until it was mended, it crashed where a server's chain ends here.
        KeyAlgorithm::Ec(Curve::Brainpool) => {
            refuse(&[BUN, CLAUDE_CODE, GIT_GNUTLS, NODE_UNTIL_24_21], "a brainpool key")
        }
        KeyAlgorithm::Ec(Curve::Secp256k1) => {
            refuse(&[BUN, CLAUDE_CODE, GIT_GNUTLS, NODE_UNTIL_24_21], "a secp256k1 key")
        }
        KeyAlgorithm::Ec(Curve::Other(name)) if &**name == "explicit" => {
            refuse(ALL, "a key whose curve is spelled out");
        }
        KeyAlgorithm::Ed448 => refuse(&[BUN, CLAUDE_CODE], "an Ed448 key"),
        KeyAlgorithm::RsaPss(_) => refuse(&[BUN, CLAUDE_CODE], "a key bound to RSA-PSS"),
        KeyAlgorithm::Rsa(..SMALLEST_RSA) => {
            refuse(&[CURL, NODE, OPENSSL, PYTHON], "an RSA key under 2048 bits");
        }
        _ => {}
    }
    if role == Role::Intermediate {
        // Whoever trusts the intermediate itself (curl, GnuTLS) does not look at the signature on it.
        let signature = certificate.signature();
        match (signature, signature.digest()) {
            (SignatureAlgorithm::RsaPss(..), Some(Digest::Sha1)) | (_, Some(Digest::Md5)) => {
                refuse(&[BUN, CLAUDE_CODE_BY_BUN, NODE, OPENSSL, PYTHON], WEAK_SIGNATURE);
            }
            (_, Some(Digest::Sha1)) => refuse(&[NODE_SINCE_20, OPENSSL, PYTHON], WEAK_SIGNATURE),
            (SignatureAlgorithm::RsaPss(digest, salt), _) if !is_usual_pss(*digest, *salt) => {
                refuse(
                    &[BUN, CLAUDE_CODE_BY_BUN],
                    "an RSA-PSS signature whose salt is not as long as its digest",
                );
            }
            _ => {}
        }
    }
    if role == Role::Leaf && certificate.is_self_issued() {
        refuse(&[CLAUDE_CODE], "a self-signed certificate that is no CA");
    }
    if role != Role::Leaf {
        for extension in certificate.critical_extensions() {
            let (by, what): (&[Seen], _) = match extension {
                CriticalExtension::CrlDistributionPoints => {
                    (&[BUN, CLAUDE_CODE_BY_BUN], "a critical extension for revocation lists")
                }
                CriticalExtension::Informative => (
                    &[BUN, CLAUDE_CODE_BY_BUN, CURL, NODE, OPENSSL, PYTHON],
                    "an extension marked critical that must not be",
                ),
                CriticalExtension::NetscapeType => {
                    (&[BUN, CLAUDE_CODE_BY_BUN, GIT_GNUTLS], "a critical extension of Netscape's")
                }
                CriticalExtension::Policies => (&[GIT_GNUTLS], CRITICAL_POLICIES),
                CriticalExtension::Unknown => (ALL, "a critical extension that no client knows"),
            };
            refuse(by, what);
        }
    }
    refusals
}

/// Who refuses the certificate that a server shows for itself, where somebody else has issued it: what is seen of an
/// intermediate, but for two things.
pub fn refusals_of_served(certificate: &Certificate) -> Vec<Refusal> {
    let mut refusals = refusals_of_certificate(certificate, Role::Intermediate);
    refusals.retain(|refusal| refusal.what != CRITICAL_POLICIES);
    for refusal in &mut refusals {
        // Nobody trusts it for itself: now everybody looks at its signature.
        if refusal.what == WEAK_SIGNATURE {
            refusal.by.extend([CURL, GIT_GNUTLS]);
        }
    }
    refusals
}

/// BoringSSL knows RSA-PSS with SHA-256, SHA-384 and SHA-512 and a salt as long as the digest, and nothing else.
fn is_usual_pss(digest: Digest, salt: u8) -> bool {
    matches!((digest, salt), (Digest::Sha256, 32) | (Digest::Sha384, 48) | (Digest::Sha512, 64))
}

/// Who does not trust an intermediate without its root. The others trust whatever stands in the bundle.
pub fn needs_the_root(audience: &Audience) -> bool {
    [BUN, CLAUDE_CODE, NODE, OPENSSL, PYTHON].iter().any(|seen| audience.has(seen.client))
}

/// Whether a key is too small to be trusted with anything.
pub fn is_weak(key: &KeyAlgorithm) -> bool {
    matches!(key, KeyAlgorithm::Rsa(..2048) | KeyAlgorithm::RsaPss(..2048) | KeyAlgorithm::Dsa)
}

const ALL: &[Seen] = &[BUN, CLAUDE_CODE_BY_BUN, CURL, GIT_GNUTLS, NODE, OPENSSL, PYTHON];
const BUN: Seen = Seen { client: Client::Bun, on: "Bun 1.4.5" };
const CLAUDE_CODE: Seen = Seen { client: Client::ClaudeCode, on: "Claude Code 2.1" };
/// What was not tried with Claude Code itself.
const CLAUDE_CODE_BY_BUN: Seen = Seen { client: Client::ClaudeCode, on: "Bun 1.4.5, which it has inside" };
const CRITICAL_POLICIES: &str = "a critical extension for policies";
const CURL: Seen = Seen { client: Client::Curl, on: "curl 7.88 with OpenSSL 3.0" };
const GIT_GNUTLS: Seen = Seen { client: Client::GitGnuTls, on: "git 2.39 with GnuTLS 3.7.9" };
const NODE: Seen = Seen { client: Client::Node, on: "Node 24.21" };
const NODE_SINCE_20: Seen = Seen { client: Client::Node, on: "Node 20, 22 and 24.21" };
const NODE_UNTIL_24_21: Seen = Seen { client: Client::Node, on: "Node 24.21, no longer 24.22" };
const OPENSSL: Seen = Seen { client: Client::OpenSsl, on: "OpenSSL 3.0" };
const PYTHON: Seen = Seen { client: Client::Python, on: "Python 3.11 with OpenSSL 3.0" };
/// The first size, in bits, that OpenSSL's security level 2 takes: it rounds 1963 bits up to the strength of 2048.
const SMALLEST_RSA: u32 = 1963;
const WEAK_SIGNATURE: &str = "a signature with SHA-1 or MD5";
