//! What stands between a client and a host, told from what was seen and from what the chain is worth. Pure.

use std::path::PathBuf;

use super::inspectors::Inspector;
use super::reach::{Distrust, Judgement, Missing, Reached, RootSet};
use super::verdict::lacks_common_ground;
use crate::clients::Client;
use crate::clients::choice::Failure as Unusable;
use crate::pki::name::Name;
use crate::report::Severity;
use crate::sys::net::probe::{Failure, HttpAnswer, StepKind};

/// What stands between a client and a host. Texts of others are not yet safe to print, names of certificates are.
#[expect(missing_docs, reason = "the fields say what they are by their names")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Somebody else answers in the place of the host, or the host that it is not well.
    AnsweredOtherwise { in_its_place: bool, server: Option<String>, status: u16, title: Option<String> },
    /// More than is read came back.
    AnswerTooLarge { step: StepKind, what: &'static str },
    /// The connection was reset or closed right after the name of the host was said.
    Blocked { through_proxy: bool },
    /// A certificate is past its last second: one that was sent, or one from the bundle or a trust store.
    CertExpired { is_served: bool, not_after: i64, subject: String },
    /// The certificate is before its first second.
    CertNotYetValid { subject: String },
    /// The certificate cannot be read, or is not for a server.
    CertUnusable { why: Distrust },
    /// The certificate is for other names.
    CertWrongName { subject: String },
    /// The server sends less than what leads to a root, and what is missing is at hand, or not; it was asked for where it lies.
    ChainIncomplete { at_hand: bool, is_bundle_due: bool, missing: Missing, was_asked_for: bool },
    /// The way ends at somebody nobody trusts. The bundle may have it once it is made from its sources again.
    ChainUntrusted { by: Option<Inspector>, is_bundle_due: bool, missing: Missing },
    /// It is trusted on this machine, and Claude Code does not go by those roots.
    ChainUntrustedByClient { by: Option<Inspector>, root: String, trusted_by: RootSet, trusting: Vec<Client> },
    /// The server does not take the client certificate.
    ClientCertRefused { alert: Option<u8>, is_issuer_accepted: Option<bool>, named: Option<Named> },
    /// The server wants a client certificate, and none is configured, or that one cannot be used.
    ClientCertRequired { has_identity: bool, issuers: Vec<String>, named: Option<Named> },
    /// Claude Code gets through, and others do not.
    ClientsDiffer { is_configured: bool, refusing: Vec<(Client, Distrust)> },
    /// Somebody between signs certificates for the host, and is trusted.
    Intercepted { by: Option<Inspector>, root: String },
    /// A certificate that a server has left out was fetched, and is not trusted for that.
    IssuerFetched {
        address: String,
        fingerprint: String,
        is_enough: bool,
        issuer: String,
        not_after: i64,
        subject: String,
    },
    /// It could not be fetched: why, in words.
    IssuerNotFetched { address: String, why: String },
    /// The name has no address, or none is told.
    LookupFailed { failure: Failure, is_proxy: bool },
    /// The proxy has not answered for another host, and is not told the password once more before that.
    NotAsked,
    /// What answers does not speak TLS.
    NotTls { is_proxy: bool, start: Vec<u8> },
    /// TLS works, but not with the large key share that current clients send first.
    PostQuantumBlocked,
    /// Claude Code can do nothing with the address of the proxy that this variable holds.
    ProxyAddressUnusable { variable: String, why: Unusable },
    /// The proxy wants a user and a password, and is told none.
    ProxyCredentialsMissing,
    /// The proxy does not take user and password.
    ProxyCredentialsRefused,
    /// What answers is no proxy.
    ProxyNotHttp { start: Vec<u8> },
    /// The proxy will not connect to the host.
    ProxyRefused { server: Option<String>, status: u16, title: Option<String> },
    /// The proxy wants what no client here speaks: the schemes that it offers.
    ProxySchemeUnsupported { schemes: Vec<String> },
    /// The certificate of the proxy itself is not trusted.
    ProxyUntrusted { why: Distrust },
    /// There was no time left.
    TimedOut { step: StepKind, through_proxy: bool },
    /// TLS ended otherwise.
    TlsFailed { failure: Failure, is_proxy: bool },
    /// The server has no cipher suite or group in common with certman, which offers fewer than the clients do.
    TlsUndecided { alert: u8 },
    /// It speaks TLS 1.1 at most.
    TlsTooOld { is_proxy: bool },
    /// Nobody answers there.
    Unreachable { failure: Failure, is_proxy: bool },
    /// The connection ended in the middle of the answer.
    Unfinished { failure: Failure, step: StepKind },
}

/// The files of an identity that is not configured: variables name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What only this machine knows, and next steps depend on.
pub struct Local {
    /// Whether the bundle has to be made from its sources, for the first time or again.
    pub is_bundle_due: bool,
    /// Whether there are sources to make a bundle of.
    pub is_configured: bool,
    /// Who is shown to servers, where that is not configured.
    pub named: Option<Named>,
}

impl Obstacle {
    /// The same on this machine.
    pub fn on(mut self, local: &Local) -> Self {
        match &mut self {
            Self::ChainIncomplete { is_bundle_due, .. } | Self::ChainUntrusted { is_bundle_due, .. } => {
                *is_bundle_due = local.is_bundle_due;
            }
            Self::ClientCertRefused { named, .. } | Self::ClientCertRequired { named, .. } => {
                named.clone_from(&local.named);
            }
            Self::ClientsDiffer { is_configured, .. } => *is_configured = local.is_configured,
            _ => {}
        }
        self
    }

    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AnsweredOtherwise { in_its_place: true, .. } => "host-answer-by-another",
            Self::AnsweredOtherwise { in_its_place: false, .. } => "host-answer-unwell",
            Self::AnswerTooLarge { .. } => "host-answer-too-large",
            Self::Blocked { .. } => "host-blocked",
            Self::CertExpired { .. } => "host-cert-expired",
            Self::CertNotYetValid { .. } => "host-cert-not-yet-valid",
            Self::CertUnusable { .. } => "host-cert-unusable",
            Self::CertWrongName { .. } => "host-cert-wrong-name",
            Self::ChainIncomplete { at_hand: false, .. } => "host-chain-incomplete",
            Self::ChainIncomplete { at_hand: true, .. } => "host-chain-completed",
            Self::ChainUntrusted { .. } | Self::ChainUntrustedByClient { .. } => "host-chain-untrusted",
            Self::ClientCertRefused { .. } => "client-cert-refused",
            Self::ClientCertRequired { .. } => "client-cert-required",
            Self::ClientsDiffer { .. } => "host-clients-differ",
            Self::Intercepted { .. } => "host-intercepted",
            Self::IssuerFetched { .. } => "host-issuer-fetched",
            Self::IssuerNotFetched { .. } => "host-issuer-not-fetched",
            Self::LookupFailed { is_proxy: false, .. } => "host-lookup-failed",
            Self::LookupFailed { is_proxy: true, .. } => "proxy-lookup-failed",
            Self::NotTls { is_proxy: false, .. } => "host-not-tls",
            Self::NotTls { is_proxy: true, .. } => "proxy-not-tls",
            Self::PostQuantumBlocked => "host-post-quantum-blocked",
            Self::ProxyAddressUnusable { .. } => "proxy-address-unusable",
            Self::ProxyCredentialsMissing => "proxy-credentials-missing",
            Self::ProxyCredentialsRefused => "proxy-credentials-refused",
            Self::ProxyNotHttp { .. } => "proxy-not-http",
            Self::ProxyRefused { .. } => "proxy-refused",
            Self::ProxySchemeUnsupported { .. } => "proxy-scheme-unsupported",
            Self::ProxyUntrusted { .. } => "proxy-untrusted",
            Self::NotAsked | Self::TimedOut { .. } => "host-timeout",
            Self::TlsFailed { is_proxy: false, .. } => "host-tls-failed",
            Self::TlsFailed { is_proxy: true, .. } => "proxy-tls-failed",
            Self::TlsUndecided { .. } => "host-tls-undecided",
            Self::TlsTooOld { is_proxy: false } => "host-tls-too-old",
            Self::TlsTooOld { is_proxy: true } => "proxy-tls-too-old",
            Self::Unreachable { is_proxy: false, .. } => "host-unreachable",
            Self::Unreachable { is_proxy: true, .. } => "proxy-unreachable",
            Self::Unfinished { .. } => "host-answer-unfinished",
        }
    }

    /// How bad it is where the host is required; otherwise it is a warning at most.
    pub fn default_severity(&self) -> Severity {
        match self {
            Self::ChainIncomplete { at_hand: true, .. } | Self::Intercepted { .. } => Severity::Info,
            Self::TlsUndecided { .. } => Severity::Unknown,
            Self::AnsweredOtherwise { in_its_place: false, .. } => Severity::Warning,
            // Who does not read the extra bundle is helped by another variable, where anybody wants that.
            Self::ClientsDiffer { refusing, .. }
                if refusing.iter().all(|(client, _)| !reads_extra_bundle(*client)) =>
            {
                Severity::Info
            }
            Self::ClientsDiffer { .. } | Self::IssuerFetched { .. } | Self::IssuerNotFetched { .. } => {
                Severity::Warning
            }
            _ => Severity::Critical,
        }
    }
}

fn reads_extra_bundle(client: Client) -> bool {
    matches!(client, Client::Bun | Client::ClaudeCode | Client::Node)
}

/// What is in the way of this host, the worst first; nothing where Claude Code gets through and nothing is worth a word.
/// `issuers_of_ours`: the names, in DER, of those who have issued the certificates of the configured identity: no name where it
/// cannot be used, none where there is no identity.
pub fn obstacles(reached: &Reached, issuers_of_ours: Option<&[Vec<u8>]>, now: i64) -> Vec<Obstacle> {
    let observation = &reached.observation;
    let mut found = Vec::new();
    if let Some(judgement) = &reached.judgement {
        note_chain(reached, judgement, now, &mut found);
    }
    let failed = observation.steps.iter().find_map(|step| Some((step.kind, step.failure.as_ref()?)));
    if let Some((kind, failure)) = failed {
        found.push(of_failure(kind, failure, reached, issuers_of_ours));
    }
    found.extend(observation.http.as_ref().and_then(|answer| of_answer(answer, reached, issuers_of_ours)));
    if let Some(why) = &reached.proxy_refusal {
        // That it was told no password for it is the same thing, and known less well.
        found.retain(|one| !matches!(one, Obstacle::ProxyUntrusted { .. }));
        found.push(Obstacle::ProxyUntrusted { why: why.clone() });
    }
    found
}

/// What is to be said of the answer of the host; nothing where it is one of its own, whatever it says.
fn of_answer(
    answer: &HttpAnswer,
    reached: &Reached,
    issuers_of_ours: Option<&[Vec<u8>]>,
) -> Option<Obstacle> {
    if reached.lacks_client_certificate() {
        return Some(of_client_certificate(None, reached, issuers_of_ours));
    }
    let in_its_place = reached.turned_away().is_some();
    let HttpAnswer { server, status, title } = answer.clone();
    (in_its_place || status >= 500).then_some(Obstacle::AnsweredOtherwise {
        in_its_place,
        server,
        status,
        title,
    })
}

/// What is to be said of the chain.
fn note_chain(reached: &Reached, judgement: &Judgement, now: i64, found: &mut Vec<Obstacle>) {
    let subject = || judgement.chain.first().map(|leaf| leaf.subject.clone()).unwrap_or_default();
    let by = judgement.inspector;
    match judgement.refusal_of(Client::ClaudeCode) {
        None => {
            if let (true, Some(root)) = (reached.is_intercepted(), &judgement.root) {
                found.push(Obstacle::Intercepted { by, root: root.clone() });
            }
            if let Some(missing) = &judgement.completed {
                let missing = missing.clone();
                found.push(Obstacle::ChainIncomplete {
                    at_hand: true,
                    is_bundle_due: false,
                    missing,
                    was_asked_for: false,
                });
            }
            let refusing: Vec<(Client, Distrust)> =
                reached.refusing().map(|(client, why)| (client, why.clone())).collect();
            if !refusing.is_empty() {
                found.push(Obstacle::ClientsDiffer { is_configured: true, refusing });
            }
        }
        Some(Distrust::UnknownIssuer) => found.push(match (&judgement.missing, &judgement.root) {
            // Whoever signs for others has no issuer between that could be left out.
            (Some(missing), _) if missing.only_leaf && by.is_none() => Obstacle::ChainIncomplete {
                at_hand: false,
                is_bundle_due: false,
                missing: missing.clone(),
                was_asked_for: false,
            },
            (Some(missing), _) => {
                Obstacle::ChainUntrusted { by, is_bundle_due: false, missing: missing.clone() }
            }
            (None, root) => {
                let trusting = [RootSet::System, RootSet::Mozilla, RootSet::Extra];
                let trusted_by = trusting.into_iter().find(|set| judgement.is_trusted_by(*set));
                Obstacle::ChainUntrustedByClient {
                    by,
                    root: root.clone().unwrap_or_default(),
                    trusted_by: trusted_by.unwrap_or(RootSet::All),
                    trusting: reached
                        .clients()
                        .filter(|(_, why)| why.is_none())
                        .map(|(one, _)| one)
                        .collect(),
                }
            }
        }),
        Some(Distrust::Expired) => {
            let served = judgement.chain.iter().find(|one| one.not_after < now);
            let served = served.map(|one| (true, one.not_after, one.subject.clone()));
            let ended = judgement.ended.clone().map(|one| (one.is_served, one.not_after, one.subject));
            let (is_served, not_after, subject) = ended.or(served).unwrap_or_else(|| (true, now, subject()));
            found.push(Obstacle::CertExpired { is_served, not_after, subject });
        }
        Some(Distrust::NotYetValid) => found.push(Obstacle::CertNotYetValid { subject: subject() }),
        Some(Distrust::WrongName) => found.push(Obstacle::CertWrongName { subject: subject() }),
        Some(why) => found.push(Obstacle::CertUnusable { why: why.clone() }),
    }
}

fn of_failure(
    kind: StepKind,
    failure: &Failure,
    reached: &Reached,
    issuers_of_ours: Option<&[Vec<u8>]>,
) -> Obstacle {
    let through_proxy = reached.proxy.is_some();
    let is_before_tunnel =
        matches!(kind, StepKind::Lookup | StepKind::Connect | StepKind::ProxyTls | StepKind::Tunnel);
    let is_proxy = through_proxy && is_before_tunnel;
    match (kind, failure) {
        (step, Failure::TooMuch(what)) => Obstacle::AnswerTooLarge { step, what },
        (_, Failure::NotAsked) => Obstacle::NotAsked,
        (StepKind::Lookup, _) => Obstacle::LookupFailed { failure: failure.clone(), is_proxy },
        (StepKind::Connect, Failure::TimedOut) if is_proxy => {
            Obstacle::Unreachable { failure: failure.clone(), is_proxy }
        }
        (step, Failure::TimedOut) => Obstacle::TimedOut { step, through_proxy },
        (StepKind::Connect, _) => Obstacle::Unreachable { failure: failure.clone(), is_proxy },
        (StepKind::Tunnel, Failure::ProxyRefused) => of_proxy_answer(reached),
        (StepKind::Tunnel, Failure::NotTheProtocol { start }) => {
            Obstacle::ProxyNotHttp { start: start.clone() }
        }
        (StepKind::ClientCertificate, _) => of_client_certificate(Some(failure), reached, issuers_of_ours),
        (_, Failure::TooOld) => Obstacle::TlsTooOld { is_proxy },
        (StepKind::Tls | StepKind::ProxyTls, Failure::NotTheProtocol { start }) => {
            Obstacle::NotTls { is_proxy, start: start.clone() }
        }
        (StepKind::Tls, Failure::Closed { after_answer: false } | Failure::Reset { after_answer: false }) => {
            Obstacle::Blocked { through_proxy }
        }
        (StepKind::Tls, Failure::Alert(alert)) if lacks_common_ground(*alert) => {
            Obstacle::TlsUndecided { alert: *alert }
        }
        (StepKind::Tls | StepKind::ProxyTls, _) => Obstacle::TlsFailed { failure: failure.clone(), is_proxy },
        (step, _) => Obstacle::Unfinished { failure: failure.clone(), step },
    }
}

/// What a proxy means that has answered something else than 2xx.
fn of_proxy_answer(reached: &Reached) -> Obstacle {
    let answer = reached.observation.proxy.clone().unwrap_or_default();
    if answer.status == UNAUTHORIZED && reached.has_credentials() {
        return Obstacle::ProxyCredentialsRefused;
    }
    if answer.status != PROXY_AUTHENTICATION_REQUIRED {
        return Obstacle::ProxyRefused { server: answer.server, status: answer.status, title: answer.title };
    }
    if !answer.schemes.is_empty() && !answer.schemes.iter().any(|scheme| scheme == "basic") {
        return Obstacle::ProxySchemeUnsupported { schemes: answer.schemes };
    }
    if reached.observation.is_withheld {
        // It was not told them.
        Obstacle::ProxyUntrusted { why: Distrust::UnknownIssuer }
    } else if reached.has_credentials() {
        Obstacle::ProxyCredentialsRefused
    } else {
        Obstacle::ProxyCredentialsMissing
    }
}

/// What a server means that has asked for a certificate and then ended the connection, or answered that it misses it.
fn of_client_certificate(
    failure: Option<&Failure>,
    reached: &Reached,
    issuers_of_ours: Option<&[Vec<u8>]>,
) -> Obstacle {
    let asked = reached.observation.asked.clone().unwrap_or_default();
    if !asked.was_sent {
        let issuers = asked.issuers.iter().map(|der| Name::of(der).to_string()).collect();
        return Obstacle::ClientCertRequired {
            has_identity: issuers_of_ours.is_some(),
            issuers,
            named: None,
        };
    }
    let alert = match failure {
        Some(Failure::Alert(number)) => Some(*number),
        _ => None,
    };
    let is_accepted = |ours: &Vec<u8>| asked.issuers.iter().any(|theirs| Name::of(theirs) == Name::of(ours));
    let issuers_of_ours = issuers_of_ours.unwrap_or_default();
    let is_issuer_accepted = (!asked.issuers.is_empty() && !issuers_of_ours.is_empty())
        .then(|| issuers_of_ours.iter().any(is_accepted));
    Obstacle::ClientCertRefused { alert, is_issuer_accepted, named: None }
}

/// RFC 9110, section 15.5.8.
const PROXY_AUTHENTICATION_REQUIRED: u16 = 407;
/// For servers (RFC 9110, section 15.5.2); tinyproxy 1.11 says it of a wrong password.
const UNAUTHORIZED: u16 = 401;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;
    use crate::clients::roots::CertStore;
    use crate::doctor::hosts::Host;
    use crate::doctor::reach::{Roots, judge};
    use crate::pki::cert::{Certificate, Fingerprint, hex};
    use crate::pki::public::PublicRoots;
    use crate::sys::net::probe::{Asked, HttpAnswer, Observation, ProxyAnswer, Step, Tls};

    const NOW: i64 = 1_790_000_000;
    const HOST: &str = "api.corp.example";

    /// A root, an issuing CA below it, and a certificate for the host, all in DER.
    struct Pki {
        issuing: Vec<u8>,
        leaf: Vec<u8>,
        root: Vec<u8>,
    }

    fn pki(organisation: &str, change: impl FnOnce(&mut CertificateParams)) -> Pki {
        let params = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::OrganizationName, organisation);
            params.distinguished_name.push(DnType::CommonName, name);
            params.use_authority_key_identifier_extension = true;
            params
        };
        let ca = |name: &str| {
            let mut params = params(name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params
        };
        let [root_key, issuing_key, key] = [(); 3].map(|()| KeyPair::generate().unwrap());
        let root = ca("root").self_signed(&root_key).unwrap();
        let issuing =
            ca("issuing").signed_by(&issuing_key, &Issuer::from_params(&ca("root"), &root_key)).unwrap();
        let mut leaf = params(HOST);
        leaf.subject_alt_names = vec![rcgen::SanType::DnsName(HOST.try_into().unwrap())];
        change(&mut leaf);
        let leaf = leaf.signed_by(&key, &Issuer::from_params(&ca("issuing"), &issuing_key)).unwrap();
        Pki { issuing: issuing.der().to_vec(), leaf: leaf.der().to_vec(), root: root.der().to_vec() }
    }

    fn read(der: &[u8]) -> Certificate {
        Certificate::parse(der, Fingerprint::of(der)).unwrap()
    }

    fn host(is_known: bool) -> Host {
        Host { host: HOST.into(), is_required: true, port: 443, reason: is_known.then_some("for a test") }
    }

    fn step(kind: StepKind, failure: Option<Failure>) -> Step {
        Step { duration: Duration::from_millis(1), failure, kind }
    }

    fn served(chain: &[&[u8]]) -> Observation {
        let chain = chain.iter().map(|der| der.to_vec()).collect();
        Observation {
            http: Some(HttpAnswer { status: 200, ..HttpAnswer::default() }),
            steps: vec![step(StepKind::Tls, None), step(StepKind::Http, None)],
            tls: Some(Tls { chain, ..Tls::default() }),
            ..Observation::default()
        }
    }

    fn reached(observation: Observation, roots: &Roots) -> Reached {
        let public = PublicRoots::known();
        let judgement = judge(&host(true), &observation, roots, &public, NOW);
        Reached {
            host: host(true),
            judgement,
            observation,
            proxy: None,
            proxy_refusal: None,
            is_comparison: false,
            is_identity_broken: false,
            is_post_quantum_blocked: false,
            proxy_refused_by: Vec::new(),
            route_from: None,
        }
    }

    fn codes(reached: &Reached) -> Vec<&'static str> {
        obstacles(reached, None, NOW).iter().map(Obstacle::code).collect()
    }

    #[test]
    fn an_inspector_is_named_whether_it_is_trusted_or_not() {
        let pki = pki("Zscaler Inc.", |_| {});
        let chain = || served(&[&pki.leaf, &pki.issuing]);
        let stranger = reached(chain(), &Roots::default());
        assert!(!stranger.works());
        let found = obstacles(&stranger, None, NOW);
        let [Obstacle::ChainUntrusted { by: Some(by), missing, .. }] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!((by.name, missing.issuer.as_str()), ("Zscaler", "CN=root, O=Zscaler Inc."));
        let trusted = reached(chain(), &Roots { extra: vec![read(&pki.root)], ..Roots::default() });
        assert!(trusted.works());
        let found = obstacles(&trusted, None, NOW);
        assert!(
            matches!(&found[0], Obstacle::Intercepted { by: Some(by), .. } if by.name == "Zscaler"),
            "{found:?}"
        );
        // curl, git, openssl and Python do not read the extra bundle.
        let Obstacle::ClientsDiffer { refusing, .. } = &found[1] else { panic!("{found:?}") };
        let refusing: Vec<Client> = refusing.iter().map(|(client, _)| *client).collect();
        assert_eq!(refusing, [Client::Curl, Client::GitGnuTls, Client::OpenSsl, Client::Python]);
        let everywhere =
            Roots { extra: vec![read(&pki.root)], system: vec![read(&pki.root)], ..Roots::default() };
        assert_eq!(codes(&reached(chain(), &everywhere)), ["host-intercepted"]);
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_not_trusted() {
        let pki = pki("Corp", |_| {});
        let roots = |extra: &[&Vec<u8>]| Roots {
            extra: extra.iter().map(|der| read(der)).collect(),
            ..Roots::default()
        };
        let only_leaf = || served(&[&pki.leaf]);
        assert_eq!(codes(&reached(only_leaf(), &roots(&[&pki.root]))), ["host-chain-incomplete"]);
        let completed = reached(only_leaf(), &roots(&[&pki.root, &pki.issuing]));
        assert!(completed.works());
        assert_eq!(codes(&completed), ["host-intercepted", "host-chain-completed", "host-clients-differ"]);
        let whole = reached(served(&[&pki.leaf, &pki.issuing]), &roots(&[&pki.root, &pki.issuing]));
        assert_eq!(codes(&whole), ["host-intercepted", "host-clients-differ"]);
        let with_root = reached(served(&[&pki.leaf, &pki.issuing, &pki.root]), &roots(&[]));
        let found = obstacles(&with_root, None, NOW);
        let [Obstacle::ChainUntrusted { missing, .. }] = &found[..] else { panic!("{found:?}") };
        assert!(missing.root == Some(hex(&Fingerprint::of(&pki.root).0)), "{missing:?}");
        // The trust store has the root, and Claude Code is told to leave that alone.
        let store = CertStore { has_bundled: true, has_system: false };
        let set_aside = Roots { claude_code: store, system: vec![read(&pki.root)], ..Roots::default() };
        let found = obstacles(&reached(served(&[&pki.leaf, &pki.issuing]), &set_aside), None, NOW);
        assert!(
            matches!(&found[0], Obstacle::ChainUntrustedByClient { trusted_by: RootSet::System, .. }),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_wrong_with_the_certificate_itself_is_told() {
        let check = |change: fn(&mut CertificateParams)| {
            let pki = pki("Corp", change);
            let roots =
                Roots { extra: vec![read(&pki.root)], system: vec![read(&pki.root)], ..Roots::default() };
            codes(&reached(served(&[&pki.leaf, &pki.issuing]), &roots))
        };
        assert_eq!(check(|leaf| leaf.not_after = rcgen::date_time_ymd(2020, 1, 1)), ["host-cert-expired"]);
        assert_eq!(
            check(|leaf| leaf.not_before = rcgen::date_time_ymd(2050, 1, 1)),
            ["host-cert-not-yet-valid"]
        );
        let other: fn(&mut CertificateParams) = |leaf| {
            leaf.subject_alt_names = vec![rcgen::SanType::DnsName("other.example".try_into().unwrap())]
        };
        assert_eq!(check(other), ["host-cert-wrong-name"]);
        let for_clients: fn(&mut CertificateParams) =
            |leaf| leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        assert_eq!(check(for_clients), ["host-cert-unusable"]);
        assert_eq!(
            codes(&reached(served(&[b"\x30\x03\x02\x01\x01"]), &Roots::default())),
            ["host-cert-unusable"]
        );
    }

    #[test]
    fn each_failure_has_its_own_name() {
        let of = |kind, failure, proxy: Option<&str>| {
            let observation =
                Observation { steps: vec![step(kind, Some(failure))], ..Observation::default() };
            let proxy = proxy.map(str::to_owned);
            codes(&Reached { proxy, ..reached(observation, &Roots::default()) })[0]
        };
        let closed = |after_answer| Failure::Closed { after_answer };
        let reset = |after_answer| Failure::Reset { after_answer };
        let start = b"HTTP/1.0 400".to_vec();
        let proxy = Some("http://proxy:8080");
        for (kind, failure, way, wanted) in [
            (StepKind::Lookup, Failure::NoAddress, None, "host-lookup-failed"),
            (StepKind::Lookup, Failure::NoLookup("x".into()), proxy, "proxy-lookup-failed"),
            (StepKind::Connect, Failure::Refused, None, "host-unreachable"),
            (StepKind::Connect, Failure::TimedOut, None, "host-timeout"),
            (StepKind::Connect, Failure::TimedOut, proxy, "proxy-unreachable"),
            (StepKind::ProxyTls, Failure::NotTheProtocol { start: start.clone() }, proxy, "proxy-not-tls"),
            (StepKind::Tunnel, Failure::NotTheProtocol { start }, proxy, "proxy-not-http"),
            (StepKind::Tunnel, Failure::TooMuch("headers"), proxy, "host-answer-too-large"),
            (StepKind::Tls, reset(false), None, "host-blocked"),
            (StepKind::Tls, reset(true), None, "host-tls-failed"),
            (StepKind::Tls, Failure::TooOld, None, "host-tls-too-old"),
            (StepKind::Tls, closed(false), None, "host-blocked"),
            (StepKind::Tls, closed(true), None, "host-tls-failed"),
            (StepKind::Http, closed(false), None, "host-answer-unfinished"),
        ] {
            assert_eq!(of(kind, failure.clone(), way), wanted, "{kind:?} {failure:?}");
        }
    }

    #[test]
    fn the_words_of_a_proxy_decide_what_it_wants() {
        let of = |status, schemes: &[&str], proxy: &str| {
            let schemes = schemes.iter().map(|scheme| (*scheme).to_owned()).collect();
            let observation = Observation {
                proxy: Some(ProxyAnswer { schemes, status, ..ProxyAnswer::default() }),
                steps: vec![step(StepKind::Tunnel, Some(Failure::ProxyRefused))],
                ..Observation::default()
            };
            codes(&Reached { proxy: Some(proxy.into()), ..reached(observation, &Roots::default()) })[0]
        };
        let (plain, with_user) = ("http://proxy:8080", "http://alice@proxy:8080");
        assert_eq!(of(407, &["basic"], plain), "proxy-credentials-missing");
        assert_eq!(of(407, &["negotiate", "basic"], with_user), "proxy-credentials-refused");
        assert_eq!(of(407, &["negotiate", "ntlm"], with_user), "proxy-scheme-unsupported");
        assert_eq!(of(407, &[], plain), "proxy-credentials-missing");
        assert_eq!(of(403, &[], plain), "proxy-refused");
        assert_eq!(of(502, &["basic"], plain), "proxy-refused");
    }

    #[test]
    fn a_proxy_that_was_not_told_the_password_has_not_refused_it() {
        let observation = Observation {
            is_withheld: true,
            proxy: Some(ProxyAnswer { schemes: vec!["basic".into()], status: 407, ..ProxyAnswer::default() }),
            steps: vec![step(StepKind::Tunnel, Some(Failure::ProxyRefused))],
            ..Observation::default()
        };
        let proxy = Some("https://alice@proxy:8443".into());
        let reached = Reached { proxy, ..reached(observation, &Roots::default()) };
        assert_eq!(codes(&reached), ["proxy-untrusted"]);
    }

    #[test]
    fn a_client_certificate_is_missing_or_not_taken() {
        let pki = pki("Corp", |_| {});
        let issuer = read(&pki.leaf).issuer().der().to_vec();
        let other = read(&pki.root).issuer().der().to_vec();
        let of = |was_sent, issuers: &[&Vec<u8>], ours: &[Vec<u8>]| {
            let asked = Asked { issuers: issuers.iter().map(|der| (*der).clone()).collect(), was_sent };
            let failed = step(StepKind::ClientCertificate, Some(Failure::Alert(48)));
            let observation =
                Observation { asked: Some(asked), steps: vec![failed], ..Observation::default() };
            obstacles(&reached(observation, &Roots::default()), Some(ours), NOW).remove(0)
        };
        let wanted = Obstacle::ClientCertRequired {
            has_identity: true,
            named: None,
            issuers: vec!["CN=issuing, O=Corp".into()],
        };
        assert_eq!(of(false, &[&issuer], &[]), wanted);
        let refused = |is_issuer_accepted| Obstacle::ClientCertRefused {
            alert: Some(48),
            is_issuer_accepted,
            named: None,
        };
        assert_eq!(of(true, &[&issuer, &other], std::slice::from_ref(&issuer)), refused(Some(true)));
        assert_eq!(of(true, &[&other], std::slice::from_ref(&issuer)), refused(Some(false)));
        assert_eq!(of(true, &[], std::slice::from_ref(&issuer)), refused(None));
    }
}
