//! The report as one JSON object, in the shape that CONTRACT promises. Never a secret: nothing that is one reaches here.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{settings, words};
use crate::cli::args::settings::SettingsCommand;
use crate::cli::args::{Command, KeyCommand, ProxyCommand};
use crate::cli::commands::init::{Chosen, Proposal, Verdict};
use crate::cli::failure::Failure;
use crate::cli::{EditEnd, ImportSummary, Outcome, Shown, Written};
use crate::config::Profile;
use crate::pki::bundle::{Place, Role};
use crate::report::{BundleFacts, CertificateFacts, Finding, KeyFacts, Report, Severity};

/// The object, with a newline behind it.
pub(super) fn answer(
    command: Option<&str>,
    outcome: Result<Outcome, Failure>,
    exit: u8,
    now: i64,
) -> Vec<u8> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("schema_version", json!(1));
    put("command", json!(command));
    match outcome {
        Ok(outcome) => {
            put("status", json!(status(outcome.report.worst())));
            put_report(&outcome.report, &mut put);
            match &outcome.shown {
                Shown::Bundle { is_rehearsal, .. } => {
                    put("dry_run", json!(is_rehearsal));
                }
                Shown::Exports(exports) => {
                    let variables = exports.variables.iter();
                    let variables: Map<String, Value> =
                        variables.map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
                    put("variables", Value::Object(variables));
                }
                Shown::Import(summary) => put_import(summary, &outcome.report, &mut put),
                Shown::Note(note) => {
                    put("message", json!(note));
                }
                Shown::Profiles(profiles) => {
                    put("profiles", Value::Array(profiles.iter().map(profile).collect()));
                }
                Shown::Proposal(proposal) => put_proposal(proposal, &mut put),
                Shown::Settings(summary) => {
                    put("files", settings::files_json(summary));
                    put("variables", settings::variables_json(summary));
                }
                Shown::SettingsEdit(edit) => {
                    put("dry_run", json!(edit.end == EditEnd::DryRun));
                    put("settings", settings::edit_json(edit));
                    put("message", json!(words::edited(edit)));
                }
                Shown::Check(_) | Shown::Identity(_) | Shown::Output(_) => {}
            }
        }
        Err(failure) => {
            let report = failure.findings.map(|report| *report).unwrap_or_default();
            put("status", json!(if exit == super::COULD_NOT_TELL { "unknown" } else { "critical" }));
            put_report(&report, &mut put);
            put("error", json!({ "message": failure.message, "fix": failure.hint }));
        }
    }
    put("judged_at", time(now));
    put("exit_status", json!(exit));
    let mut text = serde_json::to_vec(&Value::Object(object)).unwrap_or_default();
    text.push(b'\n');
    text
}

fn put_report(report: &Report, put: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    let findings = report.findings.iter().map(|one| finding(one, report));
    put("findings", Value::Array(findings.collect()));
    let certificates = report.certificates.iter().map(|one| certificate(one, report));
    put("certificates", Value::Array(certificates.collect()));
    put("keys", Value::Array(report.keys.iter().map(|one| key(one, report)).collect()));
    for (name, facts) in [("bundle", &report.bundle), ("full_bundle", &report.full_bundle)] {
        let Some(BundleFacts { changed, certificates, path, sha256 }) = facts else { continue };
        let path = path.as_ref().map(|path| path.to_string_lossy());
        put(
            name,
            json!({ "path": path, "changed": changed, "certificates": certificates, "sha256": sha256 }),
        );
    }
}

fn put_import(summary: &ImportSummary, report: &Report, put: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    let identity = summary.chain.first().map(|leaf| {
        let mut identity = certificate(leaf, report);
        identity["chain"] = summary.chain.iter().skip(1).map(|one| certificate(one, report)).collect();
        identity
    });
    put("identity", json!(identity));
    let candidates = summary.candidates.iter().map(|(leaf, name)| {
        let mut candidate = certificate(leaf, report);
        candidate["name"] = json!(name);
        candidate
    });
    put("candidates", candidates.collect());
    let written = |file: &Written| json!({ "path": file.path.to_string_lossy(), "changed": file.changed });
    put("written", summary.written.iter().map(written).collect());
    let authorities = summary.authorities.as_ref().map(|(file, count)| {
        let mut authorities = written(file);
        authorities["certificates"] = json!(count);
        authorities
    });
    put("authorities", json!(authorities));
    put("previous", json!(summary.has_previous));
    put("remembered", json!(summary.remembered));
    put("saved", json!(summary.saved.as_ref().map(|path| path.to_string_lossy())));
    let proposal = summary.proposal.as_ref();
    let proposal = proposal.map(|(path, lines)| json!({ "path": path.to_string_lossy(), "lines": lines }));
    put("proposal", json!(proposal));
    put("dry_run", json!(summary.is_rehearsal));
}

fn finding(finding: &Finding, report: &Report) -> Value {
    json!({
        "code": finding.cause.code(),
        "severity": match finding.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Unknown => "unknown",
            Severity::Critical => "critical",
        },
        "subject": finding.cause.subject(),
        "message": words::message(finding, &report.files),
        "fix": words::fix(&finding.cause),
        "source": finding.place.map(|place| source(place, report)),
    })
}

fn certificate(facts: &CertificateFacts, report: &Report) -> Value {
    let mut object = json!({
        "subject": facts.subject,
        "issuer": facts.issuer,
        "serial": facts.serial,
        "not_before": time(facts.not_before),
        "not_after": time(facts.not_after),
        "days_remaining": facts.days_remaining,
        "is_ca": facts.is_ca,
        "self_signed": facts.self_signed,
        "key": facts.key,
        "signature": facts.signature,
        "fingerprint_sha256": facts.fingerprint_sha256,
        "spki_sha256": facts.spki_sha256,
        "subject_alt_names": facts.subject_alt_names,
        "source": source(facts.place, report),
        "role": match facts.role {
            Role::Root => "root",
            Role::Intermediate => "intermediate",
            Role::Leaf => "leaf",
        },
    });
    if let Some(kept) = facts.kept {
        object["kept"] = json!(kept.is_ok());
        if let Err(reason) = kept {
            object["reason"] = json!(reason);
        }
    }
    object
}

fn key(facts: &KeyFacts, report: &Report) -> Value {
    json!({
        "algorithm": facts.algorithm,
        "bits": facts.bits,
        "format": facts.format,
        "encrypted": facts.encrypted,
        "scheme": facts.scheme,
        "iterations": facts.iterations,
        "opened": facts.opened,
        "spki_sha256": facts.spki_sha256,
        "source": source(facts.place, report),
    })
}

fn profile(profile: &Profile) -> Value {
    let files: Vec<_> = profile.files.iter().map(|path| path.to_string_lossy()).collect();
    json!({ "name": profile.name, "files": files, "keys": profile.keys, "active": profile.is_active })
}

fn put_proposal(proposal: &Proposal, put: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    put("path", json!(proposal.path.to_string_lossy()));
    put("written", json!(proposal.verdict == Verdict::Written));
    let mut tables = Map::new();
    for (key, value) in &proposal.values {
        let (table, name) = key.split_once('.').unwrap_or(("", key));
        let value = match value {
            Chosen::List(texts) => json!(texts),
            Chosen::Text(text) => json!(text),
        };
        tables.entry(table).or_insert_with(|| json!({}))[name] = value;
    }
    put("proposal", Value::Object(tables));
    let found = proposal.found.iter().map(
        |one| json!({ "kind": one.kind.name(), "path": one.path, "why": one.why, "taken": one.is_taken }),
    );
    put("found", Value::Array(found.collect()));
    if let Some((message, fix)) = words::not_written(proposal.verdict) {
        put("error", json!({ "message": message, "fix": fix }));
    }
}

fn source(place: Place, report: &Report) -> Value {
    let path = report.files.get(place.file as usize).map(|path| path.to_string_lossy());
    let mut object = json!({ "path": path, "index": place.index });
    if let Some(line) = place.line {
        object["line"] = json!(line);
    }
    if let Some(name) = report.name_at(Some(place)) {
        object["name"] = json!(name);
    }
    object
}

/// RFC 3339 in UTC; null for a time that no calendar has.
fn time(seconds: i64) -> Value {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).ok();
    json!(moment.and_then(|moment| moment.format(&Rfc3339).ok()))
}

fn status(worst: Severity) -> &'static str {
    match worst {
        Severity::Info => "ok",
        Severity::Warning => "warning",
        Severity::Unknown => "unknown",
        Severity::Critical => "critical",
    }
}

/// The command as it is typed.
pub(super) fn name(command: &Command) -> &'static str {
    match command {
        Command::Bundle(_) => "bundle",
        Command::Check(_) => "check",
        Command::Completions { .. } => "completions",
        Command::Env(_) => "env",
        Command::Hook(_) => "hook",
        Command::Import(_) => "import",
        Command::Init(_) => "init",
        Command::Key(KeyCommand::Check(_)) => "key check",
        Command::Key(KeyCommand::Decrypt { .. }) => "key decrypt",
        Command::Key(KeyCommand::Encrypt { .. }) => "key encrypt",
        Command::Key(KeyCommand::Forget { .. }) => "key forget",
        Command::Key(KeyCommand::Remember { .. }) => "key remember",
        Command::Profiles => "profiles",
        Command::Proxy(ProxyCommand::Forget { .. }) => "proxy forget",
        Command::Proxy(ProxyCommand::Remember { .. }) => "proxy remember",
        Command::Settings(SettingsCommand::Apply(_)) => "settings apply",
        Command::Settings(SettingsCommand::Remove(_)) => "settings remove",
        Command::Settings(SettingsCommand::Show) => "settings show",
    }
}
