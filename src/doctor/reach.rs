//! What the chain of a host is worth: who has issued it, which roots and which clients trust it, who stands between. Pure: is
//! lent what was seen, and the roots. What is to be said about it is for [`super::obstacle`].

use crate::clients::roots::{CertStore, usual_of};
use crate::clients::{Client, refusals_of_certificate, refusals_of_served};
use crate::doctor::hosts::Host;
use crate::doctor::inspectors::Inspector;
use crate::pki::bundle::Role;
use crate::pki::cert::{Certificate, Fingerprint, hex};
use crate::pki::path::{self, DeadEnd, Forbidden, Store};
use crate::pki::public::PublicRoots;
use crate::pki::server_name::{self, ServerName};
use crate::sys::net::probe::Observation;

/// A host, what was seen of it, and what it comes to.
#[derive(Debug)]
pub struct Reached {
    /// The host.
    pub host: Host,
    /// Whether it was tried by another way than that of Claude Code, to compare with.
    pub is_comparison: bool,
    /// Whether Claude Code is given an identity that it reads and cannot use: then it connects to no host.
    pub is_identity_broken: bool,
    /// Whether TLS works, but not with the large key share that current clients send first.
    pub is_post_quantum_blocked: bool,
    /// What it comes to; none where no certificate was served.
    pub judgement: Option<Judgement>,
    /// What was seen.
    pub observation: Observation,
    /// The proxy it went through, for people: without a password; none where it went straight.
    pub proxy: Option<String>,
    /// Why Claude Code does not trust the certificate of the proxy itself; none where it does, or no TLS is spoken with it.
    pub proxy_refusal: Option<Distrust>,
    /// The others that do not, where it does.
    pub proxy_refused_by: Vec<Client>,
    /// What said so: a variable, `certman.toml`, `--via`; none for the default.
    pub route_from: Option<String>,
}

impl Reached {
    /// Whether the proxy was told a user: then that stands in its address.
    pub(super) fn has_credentials(&self) -> bool {
        self.proxy.as_ref().is_some_and(|proxy| proxy.contains('@'))
    }
}

/// What the chain of a host is worth.
#[derive(Debug)]
pub struct Judgement {
    /// The chain as it was served.
    pub chain: Vec<Served>,
    /// Whether each client would accept it.
    pub clients: Vec<(Client, Result<(), Distrust>)>,
    /// The certificate on Claude Code's way to a root that is past its last second.
    pub ended: Option<Ended>,
    /// What the server has left out and the bundle or a trust store has, where it has left out everything but its own certificate.
    pub completed: Option<Missing>,
    /// The product that has made the certificate, where it is one that is known.
    pub inspector: Option<Inspector>,
    /// Whether the issuer is none of the public ones, as far as can be told.
    pub is_private: bool,
    /// Where the way ends, where none leads to any root at all.
    pub missing: Option<Missing>,
    /// The root that the way leads to, where one does; safe to print.
    pub root: Option<String>,
    /// Whether each set of roots leads to it.
    pub roots: Vec<(RootSet, Result<(), Distrust>)>,
}

impl Judgement {
    /// Why a client would not.
    pub fn refusal_of(&self, client: Client) -> Option<&Distrust> {
        self.clients.iter().find(|(one, _)| *one == client).and_then(|(_, verdict)| verdict.as_ref().err())
    }

    /// Whether these roots lead to it.
    pub(super) fn is_trusted_by(&self, roots: RootSet) -> bool {
        self.roots.iter().any(|(one, verdict)| *one == roots && verdict.is_ok())
    }
}

/// A certificate that is past its last second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whether the server has sent it: otherwise it is from the bundle or a trust store.
    pub is_served: bool,
    /// Its last second, since 1970-01-01T00:00:00Z.
    pub not_after: i64,
    /// Whose it is; safe to print.
    pub subject: String,
}

/// Where a way to a root ends. The names are a stranger's text, safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Where the issuer's certificate can be had (Authority Information Access), where it is an address of `http://`.
    pub address: Option<String>,
    /// Whose certificate is missing; of a root its own name.
    pub issuer: String,
    /// Whether it is the server's own certificate, which it has issued itself.
    pub is_own: bool,
    /// Whether it is the server's own certificate that has no issuer: nothing else was sent.
    pub only_leaf: bool,
    /// SHA-256, in lower-case hexadecimal digits, of the root that the way ends at and nobody trusts; none where it ends before. Of
    /// nothing else, so that what is missing behind two hosts is the same.
    pub root: Option<String>,
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

impl RootSet {
    /// All sets, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Extra, Self::System, Self::Mozilla, Self::All];

    /// The name in JSON; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Extra => "extra",
            Self::System => "system",
            Self::Mozilla => "mozilla",
            Self::All => "all",
        }
    }
}

/// Why a chain is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// A certificate is past its last second.
    Expired,
    /// An issuer may not issue this: what is against it.
    Forbidden(Forbidden),
    /// The server's own certificate is not for servers.
    NotForServers,
    /// A certificate is before its first second.
    NotYetValid,
    /// A client refuses a certificate of the way to the root: what it is.
    Refused(&'static str),
    /// The certificate of the proxy itself is not trusted.
    Proxy,
    /// It cannot be read.
    Unreadable,
    /// Nothing leads to a root.
    UnknownIssuer,
    /// It is for other names.
    WrongName,
}

/// The roots of this machine.
#[derive(Default)]
pub struct Roots {
    /// Which of its own and the system's roots Claude Code goes by.
    pub claude_code: CertStore,
    /// The extra bundle, as Claude Code gets it.
    pub extra: Vec<Certificate>,
    /// Mozilla's set.
    pub mozilla: Vec<Certificate>,
    /// What single clients go by other than what is usual for them.
    pub of_clients: Vec<(Client, Own)>,
    /// The trust store of the system.
    pub system: Vec<Certificate>,
}

/// What a client goes by.
#[derive(Default)]
pub struct Own {
    /// What its variables name; of Node and Bun the extra bundle as they get it, in the place of Claude Code's.
    pub certificates: Vec<Certificate>,
    /// Which of the great sets.
    pub store: CertStore,
}

impl Roots {
    fn of_set(&self, set: RootSet) -> Vec<&Certificate> {
        match set {
            RootSet::Extra => self.extra.iter().collect(),
            RootSet::System => self.system.iter().collect(),
            RootSet::Mozilla => self.mozilla.iter().collect(),
            RootSet::All => {
                let own = self.of_clients.iter().flat_map(|(_, own)| &own.certificates);
                self.extra.iter().chain(&self.system).chain(&self.mozilla).chain(own).collect()
            }
        }
    }

    /// What a client trusts, where there is nothing of its own: Node and Bun what they have inside and the extra bundle, Claude
    /// Code the system's too, and the others the system's alone.
    fn of_client(&self, client: Client) -> Vec<&Certificate> {
        let own = self.of_clients.iter().find(|(one, _)| *one == client).map(|(_, own)| own);
        let store = own.map_or_else(|| usual_of(client, self.claude_code), |own| own.store);
        let has_extra = match client {
            Client::ClaudeCode => true,
            Client::Bun | Client::Node => own.is_none(),
            Client::Curl | Client::GitGnuTls | Client::OpenSsl | Client::Python => false,
        };
        let part = |is_in: bool, part| if is_in { part } else { &[][..] };
        let parts = part(has_extra, &self.extra).iter().chain(part(store.has_system, &self.system));
        let own = own.iter().flat_map(|own| &own.certificates);
        parts.chain(part(store.has_bundled, &self.mozilla)).chain(own).collect()
    }
}

/// Judges the chain that a host has served. None where it has served none.
pub fn judge(
    host: &Host,
    observation: &Observation,
    roots: &Roots,
    public: &PublicRoots,
    now: i64,
) -> Option<Judgement> {
    let served = &observation.tls.as_ref()?.chain;
    if served.is_empty() {
        return None;
    }
    let read: Vec<Result<Certificate, ()>> =
        served.iter().map(|der| Certificate::parse(der, Fingerprint::of(der)).map_err(|_| ())).collect();
    let chain = read.iter().zip(served).map(|(one, der)| Served::of(one.as_ref().ok(), der)).collect();
    let is_leaf_readable = read[0].is_ok();
    let certificates: Vec<Certificate> = read.into_iter().filter_map(Result::ok).collect();
    let name = ServerName::of(&host.host);
    let court = Court { certificates: &certificates, is_leaf_readable, name: &name, now };
    let all = court.way(&roots.of_set(RootSet::All), false);
    let root = all.as_ref().ok().and_then(|way| way.last().copied());
    let missing = match &all {
        Err(DeadEnd::Missing(at)) => Some(Missing::behind(at, &certificates)),
        _ => None,
    };
    // With nothing but roots to help: where the way ends then, something else has helped.
    let completed = match all.as_ref().map(|_| court.way_over_what_is_served(&roots.of_set(RootSet::All))) {
        Ok(Err(DeadEnd::Missing(at))) => Some(Missing::behind(at, &certificates)).filter(|gap| gap.only_leaf),
        _ => None,
    };
    let sets = RootSet::ALL.map(|set| (set, court.verdict(&roots.of_set(set), None)));
    let clients = Client::ALL.map(|client| (client, court.verdict(&roots.of_client(client), Some(client))));
    let is_public = root.is_some_and(|root| public.contains(root));
    let issuers: Vec<String> = certificates
        .iter()
        .flat_map(|one| {
            [one.issuer().to_string()].into_iter().chain(one.is_ca().then(|| one.subject().to_string()))
        })
        .collect();
    let inspector = if is_public { None } else { Inspector::of(issuers.iter().map(String::as_str)) };
    Some(Judgement {
        chain,
        clients: clients.into(),
        completed,
        ended: court.ended(&roots.of_client(Client::ClaudeCode)),
        inspector,
        is_private: is_leaf_readable && !is_public,
        missing: missing.filter(|_| is_leaf_readable),
        root: root.map(|root| root.subject().to_string()),
        roots: sets.into(),
    })
}

impl Served {
    fn of(certificate: Option<&Certificate>, der: &[u8]) -> Self {
        let fingerprint = hex(&Fingerprint::of(der).0);
        match certificate {
            Some(one) => Self {
                address: issuers_address(one),
                fingerprint,
                issuer: one.issuer().to_string(),
                not_after: one.validity().not_after,
                subject: one.subject().to_string(),
            },
            None => Self {
                address: None,
                fingerprint,
                issuer: "(not readable)".into(),
                not_after: 0,
                subject: "(not readable)".into(),
            },
        }
    }
}

impl Missing {
    fn behind(last: &Certificate, served: &[Certificate]) -> Self {
        let is_root = last.is_self_issued();
        let is_leaf = served.first().is_some_and(|leaf| leaf.fingerprint() == last.fingerprint());
        Self {
            address: issuers_address(last).filter(|_| !is_root),
            is_own: is_leaf && is_root,
            issuer: last.issuer().to_string(),
            only_leaf: is_leaf && !is_root && served.len() == 1,
            root: is_root.then(|| hex(&last.fingerprint().0)),
        }
    }
}

fn issuers_address(certificate: &Certificate) -> Option<String> {
    let addresses = certificate.details().ca_issuers;
    addresses
        .into_iter()
        .find(|address| address.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://")))
}

/// What a client dislikes of the uses of a server's key: every handshake of today has it sign. Measured with Claude Code 2.1.197
/// and 2.1.332, Bun 1.4.5, Node 24, curl 7.88, git 2.39 with GnuTLS and Python 3.11.
fn refused_usages(usages: &[&str], client: Client) -> Option<&'static str> {
    if usages.contains(&"digitalSignature") {
        return None;
    }
    let has_another = usages.iter().any(|usage| matches!(*usage, "keyEncipherment" | "keyAgreement"));
    match client {
        Client::Bun | Client::ClaudeCode | Client::GitGnuTls => Some("a key usage without digitalSignature"),
        _ => (!has_another).then_some("a key usage that is none of a server's"),
    }
}

/// What is judged, and by what name and day.
struct Court<'a> {
    certificates: &'a [Certificate],
    is_leaf_readable: bool,
    name: &'a ServerName,
    now: i64,
}

impl<'a> Court<'a> {
    /// The way to one of these roots. `is_partial`: an intermediate or a server's certificate is a root like any other.
    fn way(&self, roots: &[&'a Certificate], is_partial: bool) -> Result<Vec<&'a Certificate>, DeadEnd<'a>> {
        let anchors: Vec<&Certificate> =
            roots.iter().copied().filter(|root| is_partial || root.is_self_issued()).collect();
        path::find(self.certificates, Store { anchors: &anchors, others: roots }, self.name, self.now)
    }

    /// The way to one of these roots by what the server has sent alone.
    fn way_over_what_is_served(
        &self,
        roots: &[&'a Certificate],
    ) -> Result<Vec<&'a Certificate>, DeadEnd<'a>> {
        let anchors: Vec<&Certificate> = roots.iter().copied().filter(|root| root.is_self_issued()).collect();
        path::find(self.certificates, Store { anchors: &anchors, others: &[] }, self.name, self.now)
    }

    /// The first certificate on the way to one of these roots that is past its last second.
    fn ended(&self, roots: &[&'a Certificate]) -> Option<Ended> {
        let certificate = match self.way(roots, false) {
            Err(DeadEnd::Expired(at)) => Some(at),
            Ok(way) => way.into_iter().find(|one| one.validity().not_after < self.now),
            Err(_) => None,
        };
        certificate.map(|one| Ended {
            is_served: self.certificates.iter().any(|served| served.fingerprint() == one.fingerprint()),
            not_after: one.validity().not_after,
            subject: one.subject().to_string(),
        })
    }

    fn verdict(&self, roots: &[&'a Certificate], client: Option<Client>) -> Result<(), Distrust> {
        let Some(leaf) = self.certificates.first().filter(|_| self.is_leaf_readable) else {
            return Err(Distrust::Unreadable);
        };
        // Whoever trusts whatever stands in the file (CLIENTS.md says none do; curl and GnuTLS were seen to).
        let is_partial = matches!(client, Some(Client::Curl | Client::GitGnuTls));
        let way = self.way(roots, is_partial).map_err(|dead_end| match dead_end {
            DeadEnd::Expired(_) => Distrust::Expired,
            DeadEnd::Forbidden { why, .. } => Distrust::Forbidden(why),
            DeadEnd::Missing(_) => Distrust::UnknownIssuer,
            DeadEnd::NotYetValid(_) => Distrust::NotYetValid,
        })?;
        let validity = leaf.validity();
        if validity.not_after < self.now || way.iter().any(|one| one.validity().not_after < self.now) {
            return Err(Distrust::Expired);
        }
        if way.iter().any(|one| one.validity().not_before > self.now) {
            return Err(Distrust::NotYetValid);
        }
        // GnuTLS, as git calls it, does not ask what a leaf is for.
        let asks_for_purpose = client != Some(Client::GitGnuTls);
        if asks_for_purpose && !path::is_for_servers(leaf.details().extended_key_usage.as_deref(), false) {
            return Err(Distrust::NotForServers);
        }
        if !server_name::is_for(leaf, self.name) {
            return Err(Distrust::WrongName);
        }
        let Some(client) = client else { return Ok(()) };
        if let Some(usages) = &leaf.details().key_usage
            && let Some(what) = refused_usages(usages, client)
        {
            return Err(Distrust::Refused(what));
        }
        for (index, one) in way.iter().enumerate() {
            let refusals = match (index, one.is_self_issued()) {
                (0, false) if way.len() > 1 => refusals_of_served(one),
                (0, _) if !one.is_ca() => refusals_of_certificate(one, Role::Leaf),
                (_, true) => refusals_of_certificate(one, Role::Root),
                (_, false) => refusals_of_certificate(one, Role::Intermediate),
            };
            let refusal = refusals.into_iter().find(|refusal| refusal.clients().contains(&client));
            if let Some(refusal) = refusal {
                return Err(Distrust::Refused(refusal.what));
            }
        }
        Ok(())
    }
}
