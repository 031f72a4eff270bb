//! The network part of `certman doctor`: every host is probed, all at once, and what was seen is judged. Owns the way to each host
//! and what a second look is taken for.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{missing, roots};
use crate::cli::args::DoctorArguments;
use crate::cli::commands::proxy::proxies;
use crate::cli::commands::settings_show::BASE_URL;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::clients::Client;
use crate::clients::choice::{Chooser, Destination, ProxyScheme, ProxyUrl, Scheme, Variables, Way, choose};
use crate::config::{Origin, Settings, Value};
use crate::doctor::environment::{Conflict, Variable};
use crate::doctor::hosts::{Host as Wanted, Resolution};
use crate::doctor::obstacle::{Local, Named, Obstacle, obstacles};
use crate::doctor::reach::{self, Distrust, Reached, RootSet, Roots};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::public::PublicRoots;
use crate::proxy::Address;
use crate::report::{Cause, Finding, Report, Severity};
use crate::settings::InForce;
use crate::sys::Host;
use crate::sys::net::Turns;
use crate::sys::net::fetch::Limits;
use crate::sys::net::probe::{
    Credentials, Failure as StepFailure, LentIdentity, Observation, Plan, Route, Step, StepKind, Target, Tls,
    Via, probe,
};
use crate::sys::passphrase::Source;

/// What the person wishes of the probes, looked through.
pub struct Wish<'a> {
    /// The flags.
    pub arguments: &'a DoctorArguments,
    /// Whether there is an identity, usable or not.
    pub has_identity: bool,
    /// What is shown where a server asks for a certificate; none where there is no identity, or it cannot be used.
    pub identity: Option<Arc<LentIdentity>>,
    /// The variables as Claude Code gets them.
    pub in_force: InForce,
    /// Whether Claude Code connects to no host at all with the identity.
    pub is_identity_broken: bool,
    /// The files of the identity, where that is not configured.
    pub named: Option<Named>,
    /// Addresses to take in the place of lookups.
    pub resolutions: Vec<Resolution>,
    /// The settings, with the hosts.
    pub settings: &'a Settings,
}

/// Probes every host of the settings, notes what stands in the way, and says on the way which host it is at.
///
/// # Errors
/// Where nothing can be probed at all.
pub fn probe_hosts(
    wish: &Wish<'_>,
    host: &mut Host,
    report: &mut Report,
    progress: &mut dyn FnMut(&mut Host, &str),
) -> Result<Vec<Reached>, Failure> {
    let mut roots = roots::of_this_machine(wish.settings, &wish.in_force, host);
    let tries = tries(wish, &roots, host, report)?;
    let mut asked = BTreeSet::new();
    let is_due = |finding: &Finding| matches!(finding.cause, Cause::BundleMissing | Cause::BundleStale);
    let local = Local {
        is_bundle_due: report.findings.iter().any(is_due),
        is_configured: !wish.settings.sources.is_empty(),
        named: wish.named.clone(),
    };
    let public = PublicRoots::known();
    let observed = all_at_once(wish, &tries, &mut |name| progress(host, name));
    let issuers: Vec<Vec<u8>> = wish.identity.iter().flat_map(|identity| issuers(identity)).collect();
    let (mut hosts, mut all) = (Vec::new(), Vec::new());
    for (one, seen) in tries.into_iter().zip(observed) {
        let judgement = reach::judge(&one.host, &seen.observation, &roots, &public, host.now);
        let route_from = one.way.from;
        let proxy = one.way.shown;
        let (proxy_refusal, proxy_refused_by) = match &*one.way.route {
            Route::Direct => (None, Vec::new()),
            Route::Proxy(via) => refusals_of_proxy(via, &seen.observation, &roots, &public, host.now),
        };
        let observation = seen.observation;
        let reached = Reached {
            host: one.host,
            is_comparison: one.is_comparison,
            is_identity_broken: wish.is_identity_broken,
            is_post_quantum_blocked: seen.only_without_post_quantum,
            judgement,
            observation,
            proxy,
            proxy_refusal,
            proxy_refused_by,
            route_from,
        };
        let mut found = obstacles(&reached, wish.has_identity.then_some(&issuers), host.now);
        if let Some((variable, why)) = one.way.unusable {
            found = vec![Obstacle::ProxyAddressUnusable { variable, why }];
        }
        if seen.only_without_post_quantum {
            found = vec![Obstacle::PostQuantumBlocked];
        }
        if wish.arguments.fetch_missing {
            let timeout = Duration::from_secs(wish.arguments.timeout);
            let limits = Limits { allow_private: wish.arguments.allow_private, timeout, ..Limits::DEFAULT };
            let (now, route) = (host.now, &one.way.route);
            let fetched = missing::fetch(&reached, route, limits, &mut roots, &public, now, &mut asked);
            for obstacle in &mut found {
                if let Obstacle::ChainIncomplete { was_asked_for, .. } = obstacle {
                    // What was just done is no next step.
                    *was_asked_for = !fetched.is_empty();
                }
            }
            found.extend(fetched);
        }
        // Whatever is only looked at for comparison keeps nobody from working.
        let is_less = !reached.host.is_required || one.is_comparison;
        all.extend(found.into_iter().map(|obstacle| obstacle.on(&local)).map(|obstacle| {
            let severity = obstacle.default_severity();
            let severity = if is_less { severity.min(Severity::Warning) } else { severity };
            (reached.host.short(), severity, obstacle)
        }));
        hosts.push(reached);
    }
    note(all, report);
    Ok(hosts)
}

/// Notes each obstacle once, with all the hosts that it is the same for.
fn note(all: Vec<(String, Severity, Obstacle)>, report: &mut Report) {
    let mut noted: Vec<(Vec<Box<str>>, Severity, Obstacle)> = Vec::new();
    for (host, severity, obstacle) in all {
        let known = noted.iter_mut().find(|(_, known, other)| *known == severity && *other == obstacle);
        match known {
            Some((hosts, ..)) if hosts.iter().any(|known| **known == *host) => {}
            Some((hosts, ..)) => hosts.push(host.into()),
            None => noted.push((vec![host.into()], severity, obstacle)),
        }
    }
    for (hosts, severity, obstacle) in noted {
        let cause = Cause::Hosts { hosts: hosts.into(), obstacle: Box::new(obstacle) };
        report.find_as(severity, None, cause);
    }
}

/// A host, and the way to it.
struct Try {
    host: Wanted,
    /// Whether it is another way than that of Claude Code, to compare with.
    is_comparison: bool,
    way: Chosen,
}

/// A way, and where it comes from.
#[derive(Clone)]
struct Chosen {
    from: Option<String>,
    route: Arc<Route>,
    /// The proxy for people, without a password.
    shown: Option<String>,
    /// The variable whose proxy is of no use, and why: then there is no way.
    unusable: Option<(String, crate::clients::choice::Failure)>,
}

impl Chosen {
    fn direct(from: Option<&str>) -> Self {
        Self { from: from.map(str::to_owned), route: Arc::new(Route::Direct), shown: None, unusable: None }
    }
}

/// Every host by the way that Claude Code takes; with `--via` once more through that proxy.
fn tries(wish: &Wish<'_>, roots: &Roots, host: &mut Host, report: &mut Report) -> Result<Vec<Try>, Failure> {
    let configured = configured(wish, host);
    let via = wish.arguments.via.as_deref().map(via).transpose()?;
    let mut tries = Vec::new();
    for one in &hosts(wish, host, report) {
        let way = if wish.arguments.direct {
            Chosen::direct(Some("--direct"))
        } else {
            chosen(one, configured.as_ref(), &wish.in_force, roots, host)
        };
        tries.push(Try { host: one.clone(), is_comparison: false, way });
        if let Some(way) = &via {
            tries.push(Try { host: one.clone(), is_comparison: true, way: way.clone() });
        }
    }
    Ok(tries)
}

/// The hosts of the settings. Where nobody has named any and `ANTHROPIC_BASE_URL` leads elsewhere, that host is what Claude Code
/// cannot do without, in the place of its own. One of `http://` is noted: there is no TLS to look at.
fn hosts(wish: &Wish<'_>, host: &Host, report: &mut Report) -> Vec<Wanted> {
    let Value { origin, value } = &wish.settings.hosts;
    let mut hosts = value.clone();
    let base = wish.in_force.value(BASE_URL, &host.environment).and_then(OsStr::to_str);
    let Some(base) = base.filter(|_| *origin == Origin::Default) else { return hosts };
    let has_scheme = base
        .trim()
        .split_once("://")
        .is_some_and(|(scheme, _)| ["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    if !has_scheme {
        let variable = Variable { is_in_settings: wish.in_force.path(BASE_URL).is_some(), name: BASE_URL };
        let cause = Cause::Environment(Conflict::BaseUrlUnusable { variable });
        report.find(wish.in_force.place(BASE_URL), cause);
        return hosts;
    }
    let plain = without_tls(base);
    let gateway = Wanted::parse(plain.unwrap_or(&without_user(base))).ok();
    let is_known = |gateway: &Wanted| hosts.iter().any(|known| known.host == gateway.host);
    if gateway.as_ref().map_or(plain.is_none(), is_known) {
        return hosts;
    }
    for known in hosts.iter_mut().filter(|known| known.host == API) {
        known.is_required = false;
    }
    match (plain, gateway) {
        (Some(plain), gateway) => {
            let variable =
                Variable { is_in_settings: wish.in_force.path(BASE_URL).is_some(), name: BASE_URL };
            // What cannot be read may be anything.
            let host = gateway.map(|_| plain.into());
            let cause = Cause::Environment(Conflict::GatewayNotProbed { host, variable });
            report.find(wish.in_force.place(BASE_URL), cause);
        }
        (None, Some(gateway)) => hosts.insert(0, gateway),
        (None, None) => {}
    }
    hosts
}

/// Host and port of an address of `http://`, without a user; none for any other address.
fn without_tls(base: &str) -> Option<&str> {
    let (scheme, rest) = base.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    scheme.eq_ignore_ascii_case("http").then_some(host)
}

/// An address without the user and the password in it, which are for the gateway and no matter of the way there.
fn without_user(base: &str) -> String {
    let base = base.trim();
    let Some((scheme, rest)) = base.split_once("://") else { return base.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    format!("{scheme}://{host}{}", &rest[end..])
}

/// What `certman env` would put into the variables, with the password where it can be had without asking anybody.
struct Configured {
    exceptions: String,
    http: Option<crate::proxy::Url>,
    /// With a user, and with a password where there is one; so is the other.
    https: Option<crate::proxy::Url>,
}

impl Configured {
    /// None for what the configuration leaves alone.
    fn value(&self, name: &str) -> Option<&OsStr> {
        fn text(url: Option<&crate::proxy::Url>) -> Option<&OsStr> {
            str::from_utf8(&url?.bytes).ok().map(OsStr::new)
        }
        match name {
            "https_proxy" | "HTTPS_PROXY" => text(self.https.as_ref()),
            "http_proxy" | "HTTP_PROXY" => text(self.http.as_ref()),
            "no_proxy" | "NO_PROXY" => Some(OsStr::new(&self.exceptions)),
            _ => None,
        }
    }
}

fn configured(wish: &Wish<'_>, host: &mut Host) -> Option<Configured> {
    let proxy = wish.settings.proxy.as_ref()?;
    let asks = matches!(proxy.password.value, Some(Source::Prompt | Source::Descriptor(_)));
    // That there is no password shows in what the proxy says; where it wants none, nothing is missing.
    let mut aside = Report::default();
    let with_password = if asks { None } else { proxies(wish.settings, false, host, &mut aside).ok() };
    let values = match with_password {
        Some(values) => values,
        None => proxies(wish.settings, true, host, &mut aside).ok()?,
    };
    Some(Configured {
        exceptions: values.exceptions.unwrap_or_default(),
        http: values.http,
        https: values.https,
    })
}

/// The way that Claude Code takes, by the variables: each as the settings files have it, else as `certman env` hands it on from
/// certman.toml, else as this process has it. So a variable in small letters of certman.toml beats one in capitals of a settings
/// file, as it does in Claude Code (seen on 2.1.332).
fn chosen(
    one: &Wanted,
    configured: Option<&Configured>,
    in_force: &InForce,
    roots: &Roots,
    host: &Host,
) -> Chosen {
    let destination = Destination { host: one.host.clone(), port: one.port, scheme: Scheme::Https };
    let of_configuration = |name: &str| configured.and_then(|configured| configured.value(name));
    let variables = Variables::from_lookup(|name| match in_force.path(name) {
        Some(_) => in_force.value(name, &host.environment),
        None => of_configuration(name).or_else(|| host.environment.value(name)),
    });
    let choice = choose(Chooser::ClaudeCode, &variables, &destination);
    let from = choice.decided_by.map(|name| match in_force.path(name) {
        Some(path) => format!("{name} in {}", words::path(path)),
        None if of_configuration(name).is_some() => "[proxy] of certman.toml".to_owned(),
        None => name.to_owned(),
    });
    match choice.way {
        Way::Direct => Chosen::direct(from.as_deref()),
        Way::Fails(why) => {
            let variable = from.clone().unwrap_or_default();
            Chosen { unusable: Some((variable, why)), ..Chosen::direct(from.as_deref()) }
        }
        Way::Proxy(url) => through(url, from, roots),
    }
}

fn through(mut url: ProxyUrl, from: Option<String>, roots: &Roots) -> Chosen {
    // A user without a password is told to nobody: the proxy then says what it wants.
    if url.password.as_ref().is_none_or(|password| password.is_empty()) {
        (url.username, url.password) = (None, None);
    }
    let shown = url.to_string();
    let credentials = match (url.username, url.password) {
        (Some(username), Some(password)) => Some(Credentials { password, username }),
        _ => None,
    };
    let proxy = Target { host: url.host, port: url.port };
    let is_tls = url.scheme == ProxyScheme::Https;
    let roots = if is_tls && credentials.is_some() { roots::in_der(roots) } else { Arc::default() };
    let via = Via { credentials, is_tls, proxy, roots };
    Chosen { from, route: Arc::new(Route::Proxy(via)), shown: Some(shown), unusable: None }
}

/// The proxy of `--via`, which has been read before.
fn via(text: &str) -> Result<Chosen, Failure> {
    let address = Address::parse(text)
        .map_err(|error| Failure::usage(format!("--via: the address {error}")).hint(error.hint()))?;
    let (host, port) = address.host_and_port();
    let proxy = Target { host: host.to_owned(), port };
    let via = Via { credentials: None, is_tls: address.is_tls(), proxy, roots: Arc::default() };
    let shown = Some(address.to_string());
    Ok(Chosen { from: Some("--via".to_owned()), route: Arc::new(Route::Proxy(via)), shown, unusable: None })
}

/// What came of a host.
#[derive(Default)]
struct Seen {
    observation: Observation,
    /// TLS works, but not with the large key share.
    only_without_post_quantum: bool,
}

/// Probes all hosts at once, so that the slowest one is what it takes; a password that a proxy is told by all is told by one first,
/// and by the others where it is taken. Says which hosts are still waited for.
fn all_at_once(wish: &Wish<'_>, tries: &[Try], progress: &mut dyn FnMut(&str)) -> Vec<Seen> {
    let mut seen: Vec<Seen> = tries.iter().map(|_| Seen::default()).collect();
    let (send, receive) = channel();
    let (mut waiting, mut turns) = (Vec::new(), Vec::new());
    for (number, one) in tries.iter().enumerate().filter(|(_, one)| one.way.unusable.is_none()) {
        waiting.push(number);
        let (send, plan) = (send.clone(), Planner::of(wish, one, &mut turns));
        thread::spawn(move || {
            let _ = send.send((number, plan.carry_out()));
        });
    }
    drop(send);
    while !waiting.is_empty() {
        // With --via every host is tried twice.
        let mut names: Vec<String> = waiting.iter().map(|number| tries[*number].host.authority()).collect();
        names.dedup();
        progress(&format!("waiting for {}", names.join(", ")));
        let Ok((number, one)) = receive.recv() else { break };
        waiting.retain(|other| *other != number);
        seen[number] = one;
    }
    seen
}

/// Everything that a probe of a host takes, to be made into a plan more than once.
struct Planner {
    addresses: Option<Vec<std::net::IpAddr>>,
    identity: Option<Arc<LentIdentity>>,
    is_post_quantum: bool,
    route: Arc<Route>,
    target: Target,
    timeout: Duration,
    turns: Option<Arc<Turns>>,
}

impl Planner {
    fn of<'t>(wish: &Wish<'_>, one: &'t Try, turns: &mut Vec<(&'t Via, Arc<Turns>)>) -> Self {
        let target = Target { host: one.host.host.clone(), port: one.host.port };
        let connected = match &*one.way.route {
            Route::Direct => &target,
            Route::Proxy(via) => &via.proxy,
        };
        Self {
            addresses: Resolution::addresses(&wish.resolutions, &connected.host, connected.port),
            identity: wish.identity.clone(),
            is_post_quantum: !wish.arguments.no_pq,
            route: one.way.route.clone(),
            timeout: Duration::from_secs(wish.arguments.timeout),
            target,
            turns: match &*one.way.route {
                Route::Proxy(via) if via.credentials.is_some() => Some(turns_of(via, turns)),
                _ => None,
            },
        }
    }

    fn plan(&self, is_post_quantum: bool, timeout: Duration, is_in_handshake: Arc<AtomicBool>) -> Plan {
        Plan {
            addresses: self.addresses.clone(),
            identity: self.identity.clone(),
            is_in_handshake,
            is_post_quantum,
            route: self.route.clone(),
            target: self.target.clone(),
            timeout,
            turns: self.turns.clone(),
        }
    }

    /// Probes, and where TLS fails with the large key share, or is waited for at half of the time, once more without. Both within
    /// one time. What has not come to TLS by then would not come there in what is left, and a proxy would be told its password
    /// again before it has said what it makes of it.
    fn carry_out(self) -> Seen {
        let until = Instant::now() + self.timeout;
        if !self.is_post_quantum {
            return Seen {
                observation: probe(&self.plan(false, self.timeout, Arc::default())),
                only_without_post_quantum: false,
            };
        }
        let (send, receive) = channel();
        let is_in_handshake = Arc::<AtomicBool>::default();
        let first = self.plan(true, self.timeout, is_in_handshake.clone());
        thread::spawn(move || {
            let _ = send.send(probe(&first));
        });
        let (first, second) = match receive.recv_timeout(self.timeout / 2) {
            Ok(first) => (first, None),
            Err(RecvTimeoutError::Disconnected) => (Observation::default(), None),
            Err(RecvTimeoutError::Timeout) => {
                let second =
                    if is_in_handshake.load(Ordering::Acquire) { self.again(false, until) } else { None };
                (receive.recv().unwrap_or_default(), second)
            }
        };
        let second = match second {
            None if is_cut_in_handshake(&first) => self.again(false, until),
            other => other,
        };
        match second {
            // Once may be chance: whoever is cut then gets through with the large key share too.
            Some(second) if is_cut_in_handshake(&first) && second.http.is_some() => {
                match self.again(true, until).filter(|third| third.http.is_some()) {
                    Some(third) => Seen { observation: third, only_without_post_quantum: false },
                    None => Seen { observation: first, only_without_post_quantum: true },
                }
            }
            _ => Seen { observation: first, only_without_post_quantum: false },
        }
    }

    fn again(&self, is_post_quantum: bool, until: Instant) -> Option<Observation> {
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| probe(&self.plan(is_post_quantum, left, Arc::default())))
    }
}

/// The turns of all that tell this proxy the same.
fn turns_of<'t>(via: &'t Via, known: &mut Vec<(&'t Via, Arc<Turns>)>) -> Arc<Turns> {
    if let Some((_, turns)) = known.iter().find(|(other, _)| via.is_told_as(other)) {
        return turns.clone();
    }
    let turns = Arc::<Turns>::default();
    known.push((via, turns.clone()));
    turns
}

/// Whether the handshake with the host ended before the host had said anything.
fn is_cut_in_handshake(observation: &Observation) -> bool {
    observation.steps.iter().any(|step| {
        let is_cut = matches!(
            step.failure,
            Some(
                StepFailure::Alert(_)
                    | StepFailure::Closed { .. }
                    | StepFailure::Reset { .. }
                    | StepFailure::TimedOut
            )
        );
        step.kind == StepKind::Tls && is_cut
    })
}

/// Why Claude Code does not trust the chain of the proxy itself, or who else does not: the variables of curl and git name
/// roots for the host alone (seen on curl 7.88 and git 2.39).
fn refusals_of_proxy(
    via: &Via,
    observation: &Observation,
    roots: &Roots,
    public: &PublicRoots,
    now: i64,
) -> (Option<Distrust>, Vec<Client>) {
    let tls = Tls { chain: observation.proxy_chain.clone(), ..Tls::default() };
    let steps: Vec<Step> = Vec::new();
    let proxy =
        Wanted { host: via.proxy.host.clone(), is_required: true, port: via.proxy.port, reason: None };
    let seen = Observation { steps, tls: Some(tls), ..Observation::default() };
    let Some(judgement) = reach::judge(&proxy, &seen, roots, public, now) else { return (None, Vec::new()) };
    let is_trusted_by_system = judgement.roots.contains(&(RootSet::System, Ok(())));
    let by_system = if is_trusted_by_system { &[][..] } else { &[Client::Curl, Client::GitGnuTls] };
    (judgement.refusal_of(Client::ClaudeCode).cloned(), by_system.to_vec())
}

/// Who has issued the certificates of the identity, in DER.
fn issuers(identity: &LentIdentity) -> Vec<Vec<u8>> {
    let read = |der: &Vec<u8>| Certificate::parse(der, Fingerprint::of(der)).ok();
    identity.chain.iter().filter_map(read).map(|one| one.issuer().der().to_vec()).collect()
}

/// Where Claude Code sends its requests, unless a variable leads elsewhere.
const API: &str = "api.anthropic.com";
