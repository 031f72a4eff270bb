//! `certman doctor` for people and for JSON: a table host by step, who gets through, and the same as objects.

use std::io::{self, Write};

use anstream::adapter::strip_bytes;
use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use super::{json, settings, words};
use crate::cli::DoctorSummary;
use crate::cli::args::Common;
use crate::config::{Origin, Settings};
use crate::doctor::reach::{Reached, RootSet};
use crate::pki::bundle::Role;
use crate::pki::name::{Foreign, Name};
use crate::report::{BundleFacts, CertificateFacts, Report, Severity};
use crate::source::Source;
use crate::sys::net::Version;
use crate::sys::net::probe::{Step, StepKind};

/// The table: a line for each host, a column for each step that any host has come to; below it who does not get through.
pub(super) fn table(out: &mut dyn Write, summary: &DoctorSummary, is_verbose: bool) -> io::Result<()> {
    let hosts = &summary.hosts;
    if hosts.is_empty() {
        return Ok(());
    }
    let marks = if summary.is_unicode { UNICODE } else { ASCII };
    let steps: Vec<StepKind> =
        STEPS.into_iter().filter(|kind| hosts.iter().any(|host| step_of(host, *kind).is_some())).collect();
    let mut header = vec!["host".to_owned()];
    header.extend(steps.iter().map(|kind| words::doctor::step(*kind).to_owned()));
    header.push("verdict".to_owned());
    let mut rows = vec![(header, Style::new().bold())];
    for host in hosts {
        let way = if host.is_comparison { " (--via)" } else { "" };
        let mut row = vec![format!("{}{way}", Foreign(&host.host.short()))];
        row.extend(steps.iter().map(|kind| cell(step_of(host, *kind), marks)));
        row.push(verdict(host).to_owned());
        rows.push((row, style(host)));
    }
    let columns = rows[0].0.len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|(row, _)| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for (row, style) in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        writeln!(out, "{style}{}{style:#}", line.trim_end())?;
    }
    for line in remarks(hosts) {
        writeln!(out, "{line}")?;
    }
    if is_verbose {
        for host in hosts {
            chain(out, host)?;
        }
    }
    writeln!(out)
}

/// What does not fit into the table, each once with all hosts that it is so for: the way, where it is not the straight one, and who
/// opens TLS on it.
fn remarks(hosts: &[Reached]) -> Vec<String> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    let mut note = |what: String, host: &Reached| {
        let name = Foreign(&host.host.short()).to_string();
        match all.iter_mut().find(|(known, _)| *known == what) {
            Some((_, names)) => names.push(name),
            None => all.push((what, vec![name])),
        }
    };
    for host in hosts {
        if let Some(proxy) = &host.proxy {
            let from =
                host.route_from.as_ref().map(|from| format!(" ({})", Foreign(from))).unwrap_or_default();
            note(format!("through {}{from}", Foreign(proxy)), host);
        }
        let judgement = host.judgement.as_ref().filter(|_| host.is_intercepted());
        if let Some(judgement) = judgement
            && let Some(root) = &judgement.root
        {
            let by = judgement.inspector.map_or("somebody", |inspector| inspector.name);
            note(format!("TLS is opened on the way by {by}, whose root '{root}' is trusted here"), host);
        }
    }
    all.into_iter().map(|(what, names)| format!("{}: {what}", names.join(", "))).collect()
}

/// The chain as it was served, which roots lead to it, and which clients take it.
fn chain(out: &mut dyn Write, host: &Reached) -> io::Result<()> {
    let Some(judgement) = &host.judgement else { return Ok(()) };
    writeln!(out, "{}:", Foreign(&host.host.short()))?;
    if let Some(tls) = &host.observation.tls {
        let parts = [
            tls.version.map(|version| words::tls(version).to_owned()),
            tls.cipher.clone(),
            tls.group.clone(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        writeln!(out, "    {}", Foreign(parts.join(", ")))?;
    }
    for served in &judgement.chain {
        let day = words::day(served.not_after);
        writeln!(out, "    served '{}', issued by '{}', to {day}", served.subject, served.issuer)?;
        writeln!(out, "        SHA-256 {}", served.fingerprint)?;
    }
    let by = |is_wanted: bool| -> Vec<String> {
        let clients = host.clients().filter(|(_, why)| why.is_none() == is_wanted);
        clients.map(|(client, _)| client.to_string()).collect()
    };
    let roots = judgement.roots.iter().filter(|(set, verdict)| verdict.is_ok() && *set != RootSet::All);
    let roots: Vec<&str> = roots.map(|(set, _)| words::reach::root_set(*set)).collect();
    for (what, names) in [("accepted by", by(true)), ("not accepted by", by(false))] {
        if !names.is_empty() {
            writeln!(out, "    {what} {}", names.join(", "))?;
        }
    }
    match &roots[..] {
        [] => writeln!(out, "    no root leads to it")?,
        roots => writeln!(out, "    trusted by {}", roots.join(", "))?,
    }
    let Some(answer) = &host.observation.http else { return Ok(()) };
    let title = answer.title.as_ref().map(|title| format!(": '{}'", Foreign(title))).unwrap_or_default();
    writeln!(out, "    answers with status {}{title}", answer.status)
}

fn cell(step: Option<&Step>, marks: Marks) -> String {
    let Some(step) = step else { return marks.absent.to_owned() };
    let mark = if step.failure.is_none() { marks.done } else { marks.failed };
    format!("{mark} {}ms", step.duration.as_millis())
}

fn step_of(host: &Reached, kind: StepKind) -> Option<&Step> {
    host.observation.steps.iter().find(|step| step.kind == kind)
}

fn verdict(host: &Reached) -> &'static str {
    if host.is_undecided() {
        return "unknown";
    }
    if host.turned_away().is_some() || host.lacks_client_certificate() {
        return if host.host.is_required { "refused" } else { "refused (optional)" };
    }
    match (host.is_answered(), host.works()) {
        (false, _) if host.host.is_required => "fails",
        (false, _) => "fails (optional)",
        (true, false) if host.is_identity_broken => "fails",
        (true, false) => "not trusted",
        (true, true) => "works",
    }
}

fn style(host: &Reached) -> Style {
    match (host.works(), host.host.is_required) {
        (true, _) => Style::new(),
        (false, true) => AnsiColor::Red.on_default(),
        (false, false) => AnsiColor::Yellow.on_default(),
    }
}

/// Everything as one text for the help desk. `redact` takes out what is nobody's business but for the texts that it is told to keep:
/// the names in certificates.
pub fn help_desk(
    report: &Report,
    summary: &DoctorSummary,
    settings: &Settings,
    common: &Common,
    redact: &dyn Fn(&str, &[&str]) -> String,
) -> String {
    let mut text = format!("{HELP_DESK_TITLE}\n");
    let mut line = |written: &str, kept: &[&str]| {
        text += &redact(written, kept);
        text.push('\n');
    };
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    line(&format!("certman {} on {system}, {machine}", env!("CARGO_PKG_VERSION")), &[]);
    line(&format!("judged at {}", json::time(summary.check.now).as_str().unwrap_or_default()), &[]);
    line(
        "without passwords, passphrases, user names and the name of the machine; names in certificates are there",
        &[],
    );

    line("\nFINDINGS", &[]);
    let mut findings: Vec<_> = report.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        let severity = match finding.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Unknown => "unknown",
            Severity::Critical => "critical",
        };
        let kept = finding.cause.subject().map(|subject| format!("'{subject}'")).unwrap_or_default();
        let located = words::located(finding, &report.files);
        line(&format!("{severity}: {located} [{}]", finding.cause.code()), &[&kept]);
        if let Some(fix) = words::fix(finding, report).map(|fix| common.pasteable(fix)) {
            line(&format!("    {fix}"), &[&kept]);
        }
    }

    line("\nHOSTS", &[]);
    if summary.hosts.is_empty() {
        line("no connection was tried", &[]);
    }
    let mut shown = Vec::new();
    // Into memory nothing can fail to be written.
    let _ = table(&mut shown, summary, false);
    plain(shown).lines().filter(|text| !text.is_empty()).for_each(|text| line(text, &[]));
    for host in &summary.hosts {
        let served = host.judgement.iter().flat_map(|judgement| &judgement.chain);
        for one in served {
            let day = words::day(one.not_after);
            let written = format!(
                "{}: served '{}', issued by '{}', to {day}, SHA-256 {}",
                Foreign(&host.host.authority()),
                one.subject,
                one.issuer,
                one.fingerprint
            );
            line(&written, &[&one.subject, &one.issuer]);
        }
    }

    line("\nVARIABLES", &[]);
    let mut shown = Vec::new();
    let _ = settings::summary(&mut shown, &summary.settings);
    plain(shown).lines().for_each(|text| line(text, &[]));

    line("\nCONFIGURATION", &[]);
    for (key, value, origin) in configuration(settings) {
        line(&format!("{key} = {} ({origin})", Foreign(value)), &[]);
    }

    line("\nFILES", &[]);
    for (name, facts) in [("bundle", &report.bundle), ("full bundle", &report.full_bundle)] {
        let Some(BundleFacts { certificates, path: Some(path), sha256, .. }) = facts else { continue };
        let sha256 = sha256.as_deref().unwrap_or_default();
        let certificates = words::counted(*certificates, "certificate");
        line(&format!("{name}: {}, {certificates}, SHA-256 {sha256}", words::path(path)), &[]);
    }
    for one in &report.certificates {
        line(&certificate(one, report), &[&one.subject, &one.issuer]);
    }
    for one in &report.keys {
        let sealed =
            one.scheme.as_deref().map_or("not sealed".to_owned(), |scheme| format!("sealed with {scheme}"));
        let algorithm = one.algorithm.as_deref().unwrap_or("unknown algorithm");
        let place = words::place(one.place, &report.files);
        line(&format!("key: {}, {}, {} in {place}", Foreign(algorithm), one.format, Foreign(sealed)), &[]);
    }
    text
}

fn certificate(facts: &CertificateFacts, report: &Report) -> String {
    let role = match facts.role {
        Role::Root => "root",
        Role::Intermediate => "intermediate",
        Role::Leaf => "leaf",
    };
    format!(
        "{role}: '{}', issued by '{}', {} to {}, {}, {}, SHA-256 {} in {}",
        facts.subject,
        facts.issuer,
        words::day(facts.not_before),
        words::day(facts.not_after),
        facts.key,
        facts.signature,
        facts.fingerprint_sha256,
        words::place(facts.place, &report.files)
    )
}

/// The keys of `certman.toml` that have a value, with that and where it comes from.
fn configuration(settings: &Settings) -> Vec<(&'static str, String, &Origin)> {
    let mut lines = Vec::new();
    for source in &settings.sources {
        let name = match &source.value {
            Source::Path(path) => path.display().to_string(),
            Source::StandardInput => "-".to_owned(),
            Source::System => "system".to_owned(),
            Source::SystemCorporate => "system:corporate".to_owned(),
        };
        lines.push(("bundle.sources", name, &source.origin));
    }
    let paths = [
        ("bundle.out", &settings.out),
        ("bundle.full", &settings.full),
        ("client.cert", &settings.cert),
        ("client.key", &settings.key),
    ];
    for (key, value) in paths {
        lines.extend(value.as_ref().map(|value| (key, value.value.display().to_string(), &value.origin)));
    }
    lines.push(("client.passphrase", settings.passphrase.value.name(), &settings.passphrase.origin));
    if let Some(proxy) = &settings.proxy {
        for (key, address) in [("proxy.https", &proxy.https), ("proxy.http", &proxy.http)] {
            lines.extend(address.as_ref().map(|address| (key, address.value.to_string(), &address.origin)));
        }
        lines.push(("proxy.no_proxy", proxy.exceptions.value.text().to_owned(), &proxy.exceptions.origin));
    }
    for host in &settings.hosts.value {
        lines.push(("doctor.hosts", host.authority(), &settings.hosts.origin));
    }
    lines
}

fn plain(text: Vec<u8>) -> String {
    String::from_utf8_lossy(&strip_bytes(&text).into_vec()).into_owned()
}

/// The hosts as JSON shows them.
pub fn hosts_json(hosts: &[Reached]) -> Value {
    Value::Array(hosts.iter().map(host_json).collect())
}

fn host_json(one: &Reached) -> Value {
    let observation = &one.observation;
    let steps = observation.steps.iter().map(|step| {
        json!({
            "step": step_name(step.kind),
            "ok": step.failure.is_none(),
            "milliseconds": u64::try_from(step.duration.as_millis()).unwrap_or(u64::MAX),
            "error": step.failure.as_ref().map(words::reach::in_words),
        })
    });
    let tls = observation.tls.as_ref().map(|tls| {
        json!({
            "version": tls.version.map(version),
            "cipher": tls.cipher,
            "group": tls.group,
            "alpn": tls.alpn,
        })
    });
    let judgement = one.judgement.as_ref();
    let chain = judgement.iter().flat_map(|judgement| &judgement.chain).map(|served| {
        json!({
            "subject": served.subject,
            "issuer": served.issuer,
            "fingerprint_sha256": served.fingerprint,
            "not_after": json::time(served.not_after),
            "issuer_address": served.address,
        })
    });
    let clients = one.clients().map(|(client, why)| {
        json!({
            "client": client.name(),
            "accepts": why.is_none(),
            "reason": why.map(words::reach::distrust),
        })
    });
    let roots: Map<String, Value> = judgement
        .iter()
        .flat_map(|judgement| &judgement.roots)
        .map(|(set, leads)| (set.name().to_owned(), json!(leads.is_ok())))
        .collect();
    let asked = observation.asked.as_ref();
    let proxy_answer = observation.proxy.as_ref().map(|answer| {
        json!({
            "status": answer.status,
            "server": answer.server,
            "title": answer.title,
            "schemes": answer.schemes,
        })
    });
    json!({
        "host": one.host.host,
        "port": one.host.port,
        "required": one.host.is_required,
        "reason": one.host.reason,
        "proxy": one.proxy,
        "route_from": one.route_from,
        "steps": steps.collect::<Vec<_>>(),
        "addresses": observation.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "tls": tls,
        "chain": chain.collect::<Vec<_>>(),
        "client_certificate": {
            "asked": asked.is_some(),
            "sent": asked.is_some_and(|asked| asked.was_sent),
            "issuers": asked.iter().flat_map(|asked| &asked.issuers).map(|der| Name::of(der).to_string()).collect::<Vec<_>>(),
        },
        "http_status": observation.http.as_ref().map(|answer| answer.status),
        "http_title": observation.http.as_ref().and_then(|answer| answer.title.as_ref()),
        "proxy_answer": proxy_answer,
        "intercepted": judgement.map(|_| one.is_intercepted()),
        "inspector": judgement.and_then(|judgement| judgement.inspector).map(|inspector| inspector.name),
        "roots": roots,
        "clients": clients.collect::<Vec<_>>(),
        "works": if one.is_undecided() { Value::Null } else { json!(one.works()) },
    })
}

/// The name of a step in JSON; stable.
fn step_name(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Lookup => "lookup",
        StepKind::Connect => "tcp",
        StepKind::ProxyTls => "proxy-tls",
        StepKind::Tunnel => "connect",
        StepKind::Tls => "tls",
        StepKind::ClientCertificate => "client-certificate",
        StepKind::Http => "http",
    }
}

fn version(version: Version) -> &'static str {
    words::tls(version).trim_start_matches("TLS ")
}

/// How a step shows that it was done, that it failed, or that nobody came to it.
#[derive(Clone, Copy)]
struct Marks {
    absent: &'static str,
    done: &'static str,
    failed: &'static str,
}

/// The first line of a report, by which the next one knows that it may take its place.
pub const HELP_DESK_TITLE: &str = "certman doctor: report for the help desk";

const ASCII: Marks = Marks { absent: "-", done: "ok", failed: "X" };
const STEPS: [StepKind; 7] = [
    StepKind::Lookup,
    StepKind::Connect,
    StepKind::ProxyTls,
    StepKind::Tunnel,
    StepKind::Tls,
    StepKind::ClientCertificate,
    StepKind::Http,
];
const UNICODE: Marks = Marks { absent: "–", done: "✓", failed: "✗" };

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cli::{CheckSummary, SettingsSummary};
    use crate::clients::Client;
    use crate::doctor::hosts::Host;
    use crate::doctor::reach::{Distrust, Judgement, RootSet, Served};
    use crate::sys::net::probe::{Asked, Failure, HttpAnswer, Observation, ProxyAnswer, Tls};

    /// A host with the steps that were done, and the last one perhaps not.
    fn host(name: &str, steps: &[StepKind], failure: Option<Failure>) -> Reached {
        let steps: Vec<Step> = steps
            .iter()
            .enumerate()
            .map(|(number, kind)| Step {
                duration: Duration::from_millis(number as u64 * 7),
                failure: None,
                kind: *kind,
            })
            .collect();
        let mut observation = Observation { steps, ..Observation::default() };
        if let Some(step) = observation.steps.last_mut() {
            step.failure = failure;
            if step.kind == StepKind::Http && step.failure.is_none() {
                observation.http = Some(HttpAnswer { status: 404, ..HttpAnswer::default() });
            }
        }
        Reached {
            host: Host::parse(name).unwrap(),
            judgement: None,
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

    fn judgement(clients: Vec<(Client, Result<(), Distrust>)>) -> Option<Judgement> {
        let served = Served {
            address: Some("http://ca.corp.example/ca.cer".to_owned()),
            fingerprint: "ab".repeat(32),
            issuer: "CN=Corp Inspection CA".to_owned(),
            not_after: 0,
            subject: "CN=claude.ai".to_owned(),
        };
        let roots = vec![(RootSet::Extra, Ok(())), (RootSet::Mozilla, Err(Distrust::UnknownIssuer))];
        Some(Judgement {
            chain: vec![served],
            clients,
            inspector: None,
            completed: None,
            ended: None,
            is_private: true,
            missing: None,
            root: None,
            roots,
        })
    }

    fn summary(hosts: Vec<Reached>, is_unicode: bool) -> DoctorSummary {
        let settings = SettingsSummary { files: Vec::new(), variables: Vec::new() };
        DoctorSummary { check: CheckSummary::default(), hosts, is_unicode, report: None, settings }
    }

    fn shown(hosts: Vec<Reached>, is_unicode: bool) -> String {
        let mut text = Vec::new();
        table(&mut text, &summary(hosts, is_unicode), false).unwrap();
        plain(text)
    }

    const DIRECT: [StepKind; 4] = [StepKind::Lookup, StepKind::Connect, StepKind::Tls, StepKind::Http];

    #[test]
    fn a_table_has_a_line_for_each_host_and_a_column_for_each_step_that_any_has_come_to() {
        let mut trusted = host("api.anthropic.com", &DIRECT, None);
        trusted.judgement = judgement(vec![(Client::ClaudeCode, Ok(()))]);
        let broken = host("claude.ai", &DIRECT[..2], Some(Failure::Refused));
        assert_eq!(
            shown(vec![trusted, broken], true),
            "host               lookup  tcp    tls     http    verdict\n\
             api.anthropic.com  ✓ 0ms   ✓ 7ms  ✓ 14ms  ✓ 21ms  works\n\
             claude.ai          ✓ 0ms   ✗ 7ms  –       –       fails\n\n"
        );
    }

    #[test]
    fn without_unicode_the_marks_are_ascii() {
        let broken = host("downloads.claude.ai", &DIRECT[..1], Some(Failure::NoAddress));
        let text = shown(vec![broken, host("[::1]:8443", &DIRECT, None)], false);
        assert!(text.is_ascii() && text.contains("X 0ms   -"), "{text}");
        assert!(text.contains("fails (optional)") && text.contains("[::1]:8443"), "{text}");
        assert!(text.contains("ok 21ms"), "{text}");
    }

    #[test]
    fn who_opens_tls_is_named_once_and_with_verbose_the_chain_and_who_takes_it() {
        let opened = |name: &str| {
            let mut one = host(name, &DIRECT, None);
            one.judgement = judgement(vec![
                (Client::ClaudeCode, Ok(())),
                (Client::Curl, Err(Distrust::UnknownIssuer)),
                (Client::Python, Err(Distrust::UnknownIssuer)),
            ]);
            one.judgement.as_mut().unwrap().root = Some("CN=Corp Inspection CA".to_owned());
            one
        };
        let mut untrusted = host("platform.claude.com", &DIRECT, None);
        untrusted.judgement = judgement(vec![(Client::ClaudeCode, Err(Distrust::Expired))]);
        assert!(!untrusted.works() && untrusted.is_answered());
        let hosts = || vec![opened("api.anthropic.com"), opened("claude.ai")];
        let text = shown(hosts().into_iter().chain([untrusted]).collect(), true);
        let line = "api.anthropic.com, claude.ai: TLS is opened on the way by somebody, whose root 'CN=Corp Inspection CA' is trusted here\n";
        assert!(text.contains(line) && text.contains("  not trusted\n"), "{text}");
        assert!(!text.contains("SHA-256"), "{text}");
        let mut verbose = Vec::new();
        table(&mut verbose, &summary(hosts(), true), true).unwrap();
        let verbose = plain(verbose);
        assert!(
            verbose.contains("    accepted by Claude Code\n    not accepted by curl, Python\n"),
            "{verbose}"
        );
        assert!(
            verbose.contains("    trusted by the bundle\n") && verbose.contains("        SHA-256 "),
            "{verbose}"
        );
    }

    #[test]
    fn what_a_stranger_says_is_safe_to_print() {
        let mut odd = host("claude.ai", &DIRECT[..1], Some(Failure::Other("\u{1b}[2Jboo".to_owned())));
        odd.proxy = Some("http://proxy.corp.example:8080".to_owned());
        odd.route_from = Some("HTTPS_PROXY".to_owned());
        let mut text = Vec::new();
        table(&mut text, &summary(vec![odd], true), false).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("\u{1b}[2J"), "{text:?}");
        assert!(text.contains("claude.ai: through http://proxy.corp.example:8080 (HTTPS_PROXY)\n"), "{text}");
    }

    #[test]
    fn no_hosts_are_no_table() {
        assert_eq!(shown(Vec::new(), true), "");
    }

    #[test]
    fn json_has_everything_that_was_seen() {
        let mut one = host("gateway.corp.example:8443", &DIRECT, None);
        one.judgement =
            judgement(vec![(Client::ClaudeCode, Ok(())), (Client::Node, Err(Distrust::WrongName))]);
        one.observation.asked = Some(Asked { issuers: vec![vec![0x30], vec![0x30]], was_sent: true });
        one.observation.tls = Some(Tls { version: Some(Version::Tls13), ..Tls::default() });
        one.observation.proxy =
            Some(ProxyAnswer { schemes: vec!["ntlm".to_owned()], status: 407, ..ProxyAnswer::default() });
        let broken = host("claude.ai", &DIRECT[..1], Some(Failure::TimedOut));
        let json = hosts_json(&[one, broken]);
        let at = |pointer: &str| json.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {json}"));
        for (pointer, value) in [
            ("/0/host", json!("gateway.corp.example")),
            ("/0/port", json!(8443)),
            ("/0/required", json!(true)),
            ("/0/reason", Value::Null),
            ("/0/steps/3", json!({ "step": "http", "ok": true, "milliseconds": 21, "error": null })),
            ("/0/tls/version", json!("1.3")),
            ("/0/chain/0/issuer", json!("CN=Corp Inspection CA")),
            ("/0/chain/0/not_after", json!("1970-01-01T00:00:00Z")),
            (
                "/0/client_certificate",
                json!({ "asked": true, "sent": true, "issuers": ["(no name)", "(no name)"] }),
            ),
            ("/0/http_status", json!(404)),
            ("/0/proxy_answer/schemes", json!(["ntlm"])),
            ("/0/intercepted", json!(false)),
            ("/0/inspector", Value::Null),
            ("/0/roots", json!({ "extra": true, "mozilla": false })),
            (
                "/0/clients/1",
                json!({ "client": "node", "accepts": false, "reason": "the certificate is for another name" }),
            ),
            ("/0/works", json!(true)),
            ("/1/reason", json!("signing in with a Claude account")),
            ("/1/steps/0/error", json!("no answer in time")),
            ("/1/chain", json!([])),
            ("/1/intercepted", Value::Null),
            ("/1/works", json!(false)),
        ] {
            assert_eq!(*at(pointer), value, "{pointer}");
        }
    }
}
