//! One connection to one host, step by step, as a client makes it: name lookup, TCP, the proxy, TLS, one HTTP request. Owns
//! what is said on the way, in bytes and times; never judges a certificate: the handshake goes on whatever is served, and the
//! chain is handed on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Version;
use crate::secret::Passphrase;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// A name in ASCII and lower case, or an address; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The way to a host.
pub enum Route {
    /// Straight.
    Direct,
    /// Through a proxy, by CONNECT (RFC 9110, section 9.3.6): the proxy looks the name up.
    Proxy(Via),
}

/// A proxy.
pub struct Via {
    /// What it is told; none for nothing.
    pub credentials: Option<Credentials>,
    /// Whether TLS is spoken with the proxy itself.
    pub is_tls: bool,
    /// Where it is.
    pub proxy: Target,
}

/// What Basic authentication sends (RFC 7617). The password is a secret.
pub struct Credentials {
    /// The password, not encoded.
    pub password: Passphrase,
    /// The user, not encoded.
    pub username: String,
}

/// Certificate chain and key for one handshake, where the server asks for them.
pub struct LentIdentity {
    /// The certificates in DER, the leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The private key as PKCS#8 in DER.
    pub key: Zeroizing<Vec<u8>>,
}

/// What is to be done.
pub struct Plan {
    /// Addresses to take in the place of a lookup of the host that is connected to; none for a lookup.
    pub addresses: Option<Vec<IpAddr>>,
    /// What is shown where the server asks for a certificate.
    pub identity: Option<Arc<LentIdentity>>,
    /// Whether X25519MLKEM768 is offered, as current clients do.
    pub is_post_quantum: bool,
    /// The way.
    pub route: Arc<Route>,
    /// The host.
    pub target: Target,
    /// For everything together.
    pub timeout: Duration,
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub struct Observation {
    /// What the lookup gave: the addresses of the host, or those of the proxy.
    pub addresses: Vec<IpAddr>,
    /// What the server said of client certificates; none where it asked for none, or TLS did not get so far.
    pub asked: Option<Asked>,
    /// The first address that answered.
    pub connected: Option<SocketAddr>,
    /// The HTTP answer of the host.
    pub http: Option<HttpAnswer>,
    /// What the proxy said to CONNECT.
    pub proxy: Option<ProxyAnswer>,
    /// The chain that the proxy itself served, in DER, where TLS was spoken with it.
    pub proxy_chain: Vec<Vec<u8>>,
    /// What was done, in its order; what was not come to is not there.
    pub steps: Vec<Step>,
    /// TLS with the host, as far as it came. The chain is there even where the handshake failed behind it.
    pub tls: Option<Tls>,
}

/// A step, and what it took.
#[derive(Clone, Debug)]
pub struct Step {
    /// How long.
    pub duration: Duration,
    /// Why it failed; none where it did not.
    pub failure: Option<Failure>,
    /// Which.
    pub kind: StepKind,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// The name of the host, or that of the proxy, to addresses.
    Lookup,
    /// TCP to the first address that answers.
    Connect,
    /// TLS with the proxy.
    ProxyTls,
    /// CONNECT, and what the proxy says.
    Tunnel,
    /// TLS with the host.
    Tls,
    /// Whether the server takes the certificate that it has asked for, or goes on without one. In TLS 1.3 that shows at the first
    /// read. Only there where the server asks.
    ClientCertificate,
    /// One request, and the head of the answer.
    Http,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The other side has ended TLS with an alert: its number (RFC 8446, section 6).
    Alert(u8),
    /// The other side has closed the connection.
    Closed,
    /// The certificate that was served cannot be used for a handshake, or its signature in the handshake is wrong.
    HandshakeSignature,
    /// The identity cannot be used for this handshake: in words.
    IdentityUnusable(String),
    /// The name has no address.
    NoAddress,
    /// The name lookup gives no answer at the moment, or fails otherwise: in the words of the system.
    NoLookup(String),
    /// What came is neither TLS nor, of a proxy or server, HTTP.
    NotTheProtocol {
        /// The first bytes, at most 64.
        start: Vec<u8>,
    },
    /// Anything else, in words.
    Other(String),
    /// The proxy has answered CONNECT with another status than 2xx: [`Observation::proxy`] has it.
    ProxyRefused,
    /// Nobody listens there.
    Refused,
    /// The connection was reset. In [`StepKind::Tls`] before anything came back: what a filter does that dislikes the name.
    Reset {
        /// Whether the other side had sent anything before in this step.
        after_answer: bool,
    },
    /// There was no time left.
    TimedOut,
    /// More than is read: of what.
    TooMuch(&'static str),
    /// The other side speaks no version of TLS that is offered (1.2 and 1.3).
    TooOld,
    /// There is no way to that address.
    Unreachable,
}

/// TLS with a host.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The protocol that was agreed on, where one was.
    pub alpn: Option<String>,
    /// What the server served, in DER, in its order: the leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The suite, as rustls calls it.
    pub cipher: Option<String>,
    /// The key exchange, as rustls calls it.
    pub group: Option<String>,
    /// The version.
    pub version: Option<Version>,
}

/// A server has asked for a client certificate.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The names of the issuers that it takes, in DER; none means any.
    pub issuers: Vec<Vec<u8>>,
    /// Whether a certificate was sent.
    pub was_sent: bool,
}

/// The head of an HTTP answer.
#[derive(Clone, Debug, Default)]
pub struct HttpAnswer {
    /// What `Server` says; a stranger's text.
    pub server: Option<String>,
    /// The status.
    pub status: u16,
    /// What stands in the title of the page, where there is one; a stranger's text, cut.
    pub title: Option<String>,
}

/// What a proxy says to CONNECT.
#[derive(Clone, Debug, Default)]
pub struct ProxyAnswer {
    /// The schemes of all `Proxy-Authenticate` fields, in lower case, each once, in their order.
    pub schemes: Vec<String>,
    /// What `Server` or `Via` says; a stranger's text.
    pub server: Option<String>,
    /// The status.
    pub status: u16,
    /// What stands in the title of the page; a stranger's text, cut.
    pub title: Option<String>,
}

/// Connects as the plan says, and comes back within its time, give or take the end of a step.
pub fn probe(plan: &Plan) -> Observation {
    let _ = plan;
    Observation::default()
}
