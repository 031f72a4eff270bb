//! One connection to one host, step by step, as a client makes it: name lookup, TCP, the proxy, TLS, one HTTP request. Owns
//! what is said on the way, in bytes and times; never judges a certificate: the handshake goes on whatever is served, and the
//! chain is handed on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Version;
use super::handshake::{self, Handshake};
use super::http::{self, Head};
use super::lookup::lookup;
use super::mask::Mask;
use super::stream::{self, Deadline, Ear, Wire};
use super::turns::{Pass, Turn, Turns};
use crate::secret::Passphrase;

/// Connects as the plan says, and comes back within its time, give or take the end of a step.
pub fn probe(plan: &Plan) -> Observation {
    let mut observation = Observation::default();
    let mask = Mask::of(plan.route.credentials());
    // How far it came is in the observation.
    let _ = walk(plan, &mask, &Deadline::after(plan.timeout), &mut observation);
    observation.steps.iter_mut().filter_map(|step| step.failure.as_mut()).for_each(|one| mask.failure(one));
    observation
}

/// Goes from step to step, until one fails.
fn walk(plan: &Plan, mask: &Mask, deadline: &Deadline, seen: &mut Observation) -> Option<()> {
    let mut wire = reach(plan, deadline, seen)?;
    if let Route::Proxy(via) = &*plan.route {
        if via.is_tls {
            let begin = Instant::now();
            let greeting = handshake::shake(wire, &via.proxy, None, plan.is_post_quantum, deadline);
            seen.is_withheld = via.credentials.is_some() && !greeting.tls.leads_to(&via.roots, &via.proxy);
            seen.proxy_chain = greeting.tls.chain;
            let result = done(greeting.failure, greeting.secured);
            wire = Box::new(seen.step(StepKind::ProxyTls, begin, result)?);
        }
        tunnel(&mut *wire, plan, via, mask, deadline, seen)?;
    }
    secure(plan, wire, mask, deadline, seen)
}

/// Looks the name up where there is one, and connects.
fn reach(plan: &Plan, deadline: &Deadline, seen: &mut Observation) -> Option<Box<dyn Wire>> {
    let next = match &*plan.route {
        Route::Direct => &plan.target,
        Route::Proxy(via) => &via.proxy,
    };
    seen.addresses = match (&plan.addresses, next.host.parse()) {
        (Some(addresses), _) => addresses.clone(),
        (None, Ok(address)) => vec![address],
        (None, Err(_)) => {
            let begin = Instant::now();
            seen.step(StepKind::Lookup, begin, lookup(next, deadline))?
        }
    };
    let addresses: Vec<_> = seen.addresses.iter().map(|&ip| SocketAddr::new(ip, next.port)).collect();
    let begin = Instant::now();
    let (stream, address) = seen.step(StepKind::Connect, begin, stream::connect(&addresses, deadline))?;
    seen.connected = Some(address);
    Some(Box::new(stream))
}

/// Gets a tunnel from the proxy. Where that takes a password, it is told once it is clear that it is no wrong one, or by one alone.
fn tunnel(
    wire: &mut dyn Wire,
    plan: &Plan,
    via: &Via,
    mask: &Mask,
    deadline: &Deadline,
    seen: &mut Observation,
) -> Option<()> {
    let credentials = via.credentials.as_ref().filter(|_| !seen.is_withheld);
    let begin = Instant::now();
    let turn = match plan.turns.as_ref().filter(|_| credentials.is_some()).map(|turns| turns.wait(deadline)) {
        None | Some(Pass::Open) => None,
        Some(Pass::First(turn)) => Some(turn),
        Some(Pass::Refused(answer)) => {
            seen.proxy = Some(answer);
            return seen.step(StepKind::Tunnel, begin, Err(Failure::ProxyRefused));
        }
        Some(Pass::TooLate) => return seen.step(StepKind::Tunnel, begin, Err(Failure::NotAsked)),
    };
    // The wait for others is no time of the proxy's.
    let begin = Instant::now();
    let answer = dig(wire, &plan.target, credentials, turn, mask, deadline);
    let result = match &answer {
        Err(failure) => Err(failure.clone()),
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(_) => Err(Failure::ProxyRefused),
    };
    seen.proxy = answer.ok();
    seen.step(StepKind::Tunnel, begin, result)
}

/// Asks the proxy for a tunnel, and gives what it says, without what it was told.
fn dig(
    wire: &mut dyn Wire,
    target: &Target,
    credentials: Option<&Credentials>,
    turn: Option<Turn<'_>>,
    mask: &Mask,
    deadline: &Deadline,
) -> Result<ProxyAnswer, Failure> {
    let mut ear = Ear::new(wire, deadline);
    http::send(&mut ear, &http::connect(target, credentials));
    let head = Head::read(&mut ear);
    let turn = turn.and_then(|turn| turn.hear(head.as_ref().map(|head| head.status)));
    let head = head?;
    let is_open = (200..300).contains(&head.status);
    let title = if is_open { None } else { head.title(&mut ear, mask) };
    let server = head.first(&["server", "proxy-agent", "via"], mask);
    let answer = ProxyAnswer { schemes: head.schemes(mask), server, status: head.status, title };
    if let Some(turn) = turn {
        turn.refuse(answer.clone());
    }
    Ok(answer)
}

/// Speaks TLS and HTTP with the host. Where a proxy opens TLS, the words are its own again.
fn secure(
    plan: &Plan,
    wire: Box<dyn Wire>,
    mask: &Mask,
    deadline: &Deadline,
    seen: &mut Observation,
) -> Option<()> {
    let begin = Instant::now();
    plan.is_in_handshake.store(true, Ordering::Release);
    let Handshake { asked, failure, is_late, secured, tls, unusable } =
        handshake::shake(wire, &plan.target, plan.identity.as_deref(), plan.is_post_quantum, deadline);
    plan.is_in_handshake.store(false, Ordering::Release);
    let is_asked = asked.is_some();
    seen.asked = asked;
    seen.tls = (!tls.chain.is_empty() || tls.version.is_some()).then_some(tls);
    let unusable = unusable.map(Failure::IdentityUnusable);
    if is_asked
        && is_late
        && let Some(failure) = failure
    {
        // Until TLS 1.2 the refusal of a certificate ends the handshake.
        seen.step(StepKind::Tls, begin, Ok(()))?;
        return seen.step(StepKind::ClientCertificate, Instant::now(), Err(unusable.unwrap_or(failure)));
    }
    let mut secured = seen.step(StepKind::Tls, begin, done(failure, secured))?;

    let mut begin = Instant::now();
    if is_asked {
        secured.listen(deadline);
    }
    let mut ear = Ear::new(&mut secured, deadline);
    http::send(&mut ear, &http::get("/", &http::authority(&plan.target, Some(443)), None));
    let head = Head::read(&mut ear);
    if is_asked {
        let failure = unusable.or_else(|| head.as_ref().err().filter(|failure| is_refusal(failure)).cloned());
        let result = failure.map_or(Ok(()), Err);
        let is_taken = seen.step(StepKind::ClientCertificate, begin, result).is_some();
        if !is_taken && head.is_err() {
            return None;
        }
        begin = Instant::now();
    }
    let answer = head.map(|head| {
        let title = if head.status >= 400 { head.title(&mut ear, mask) } else { None };
        HttpAnswer { server: head.first(&["server"], mask), status: head.status, title }
    });
    seen.http = Some(seen.step(StepKind::Http, begin, answer)?);
    Some(())
}

/// Whether this is what a server does that does not take a certificate. Anything that looks like an answer is none.
fn is_refusal(failure: &Failure) -> bool {
    !matches!(failure, Failure::NotTheProtocol { .. } | Failure::TooMuch(_))
}

fn done<T>(failure: Option<Failure>, value: Option<T>) -> Result<T, Failure> {
    match (failure, value) {
        (None, Some(value)) => Ok(value),
        (failure, _) => Err(failure.unwrap_or(Failure::Closed { after_answer: false })),
    }
}

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

impl Route {
    /// What the proxy is told.
    pub(super) fn credentials(&self) -> Option<&Credentials> {
        match self {
            Self::Direct => None,
            Self::Proxy(via) => via.credentials.as_ref(),
        }
    }
}

/// A proxy.
pub struct Via {
    /// What it is told; none for nothing.
    pub credentials: Option<Credentials>,
    /// Whether TLS is spoken with the proxy itself.
    pub is_tls: bool,
    /// Where it is.
    pub proxy: Target,
    /// The roots, in DER, one of which the chain of a proxy with TLS has to lead to before it is told the credentials. Whoever
    /// else answers is told nothing: TLS is there to keep the password from them.
    pub roots: Arc<[Vec<u8>]>,
}

impl Via {
    /// Whether both are the same proxy, and are told the same.
    pub fn is_told_as(&self, other: &Self) -> bool {
        let is_same = |one: &Credentials, other: &Credentials| {
            one.username == other.username && one.password.expose_secret() == other.password.expose_secret()
        };
        let is_told_the_same = match (&self.credentials, &other.credentials) {
            (Some(one), Some(other)) => is_same(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.proxy == other.proxy && self.is_tls == other.is_tls && is_told_the_same
    }
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
    /// Set while TLS with the host is at its handshake, for whoever waits.
    pub is_in_handshake: Arc<AtomicBool>,
    /// Whether X25519MLKEM768 is offered, as current clients do.
    pub is_post_quantum: bool,
    /// The way.
    pub route: Arc<Route>,
    /// The host.
    pub target: Target,
    /// For everything together.
    pub timeout: Duration,
    /// Who tells the proxy the credentials when: shared with all that tell it the same; none where nobody else does.
    pub turns: Option<Arc<Turns>>,
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
    /// Whether the proxy was not told the credentials, since its chain leads to none of [`Via::roots`].
    pub is_withheld: bool,
    /// What the proxy said to CONNECT.
    pub proxy: Option<ProxyAnswer>,
    /// The chain that the proxy itself served, in DER, where TLS was spoken with it.
    pub proxy_chain: Vec<Vec<u8>>,
    /// What was done, in its order; what was not come to is not there.
    pub steps: Vec<Step>,
    /// TLS with the host, as far as it came. The chain is there even where the handshake failed behind it.
    pub tls: Option<Tls>,
}

impl Observation {
    /// Notes a step, and goes on where it did not fail.
    fn step<T>(&mut self, kind: StepKind, begin: Instant, result: Result<T, Failure>) -> Option<T> {
        let (value, failure) = match result {
            Ok(value) => (Some(value), None),
            Err(failure) => (None, Some(failure)),
        };
        self.steps.push(Step { duration: begin.elapsed(), failure, kind });
        value
    }
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
    /// The name of the host, or that of the proxy, to addresses. Not there where the plan or the name is an address.
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
    /// The other side has closed the connection. In [`StepKind::Tls`] before anything came back: what a filter does that dislikes
    /// the name.
    Closed {
        /// Whether the other side had sent anything before in this step.
        after_answer: bool,
    },
    /// The certificate that was served cannot be used for a handshake, or its signature in the handshake is wrong.
    HandshakeSignature,
    /// The identity cannot be used for this handshake: in words.
    IdentityUnusable(String),
    /// The proxy has not answered in time for another host, and was not told the password once more.
    NotAsked,
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
    /// The connection was reset. In [`StepKind::Tls`] before anything came back it is as with [`Failure::Closed`].
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
    /// Whether the server has proven to have the key of its leaf; false where the handshake did not come so far, or this program
    /// cannot verify signatures by such a key (RSA below 2048 bits, brainpool, Ed448).
    pub is_proven: bool,
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
