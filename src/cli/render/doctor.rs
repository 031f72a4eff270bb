//! `certman doctor` for people and for JSON: a table host by step, who gets through, and the same as objects.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};

use super::{json, words};
use crate::cli::DoctorSummary;
use crate::doctor::reach::Reached;
use crate::pki::name::{Foreign, Name};
use crate::sys::net::Version;
use crate::sys::net::probe::{Step, StepKind};

/// The table: a line for each host, a column for each step that any host has come to; below it who does not get through.
pub(super) fn table(out: &mut dyn Write, summary: &DoctorSummary) -> io::Result<()> {
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
        let mut row = vec![Foreign(&host.host.short()).to_string()];
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
    for host in hosts {
        for line in remarks(host) {
            writeln!(out, "{line}")?;
        }
    }
    writeln!(out)
}

/// What does not fit into the table: the way, where it is not the straight one.
fn remarks(host: &Reached) -> Vec<String> {
    let name = Foreign(&host.host.host).to_string();
    let mut lines = Vec::new();
    if let Some(proxy) = &host.proxy {
        let from = host.route_from.as_ref().map(|from| format!(" ({})", Foreign(from))).unwrap_or_default();
        lines.push(format!("{name}: through {}{from}", Foreign(proxy)));
    }
    lines
}

fn cell(step: Option<&Step>, marks: Marks) -> String {
    let Some(step) = step else { return marks.absent.to_owned() };
    let mark = if step.failure.is_none() { marks.done } else { marks.failed };
    format!("{mark} {} ms", step.duration.as_millis())
}

fn step_of(host: &Reached, kind: StepKind) -> Option<&Step> {
    host.observation.steps.iter().find(|step| step.kind == kind)
}

fn verdict(host: &Reached) -> &'static str {
    match (host.is_answered(), host.works()) {
        (false, _) if host.host.is_required => "fails",
        (false, _) => "fails (optional)",
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
    let clients = judgement.iter().flat_map(|judgement| &judgement.clients).map(|(client, accepts)| {
        json!({
            "client": client.name(),
            "accepts": accepts.is_ok(),
            "reason": accepts.as_ref().err().map(words::reach::distrust),
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
        "proxy_answer": proxy_answer,
        "intercepted": one.is_intercepted(),
        "inspector": judgement.and_then(|judgement| judgement.inspector).map(|inspector| inspector.name),
        "roots": roots,
        "clients": clients.collect::<Vec<_>>(),
        "works": one.works(),
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
