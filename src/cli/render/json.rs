//! The report as one JSON object, in the shape that CONTRACT promises. Never a secret: nothing that is one reaches here.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{choice, doctor, explain, settings, words};
use crate::cli::args::settings::SettingsCommand;
use crate::cli::args::{Command, Common, KeyCommand, ProxyCommand};
use crate::cli::commands::init::{Chosen, Decision, Proposal};
use crate::cli::failure::Failure;
use crate::cli::inspection::{Content, Item, StoreFacts};
use crate::cli::{EditEnd, ImportSummary, Outcome, RuntimeSummary, Shown, Written};
use crate::clients::Refusal;
use crate::config::Profile;
use crate::pki::bundle::{Place, Role};
use crate::pki::container::{Integrity, Protected, Protection};
use crate::pki::details::purpose_oid;
use crate::pki::public_key::Parameters;
use crate::pki::signature::Verdict;
use crate::report::{BundleFacts, CertificateFacts, Finding, InspectedFacts, KeyFacts, Report, Severity};

/// The object, with a newline behind it.
pub(super) fn answer(
    command: Option<&str>,
    common: Option<&Common>,
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
            put_report(&outcome.report, common, &mut put);
            match &outcome.shown {
                Shown::Bundle { added, is_rehearsal, .. } => {
                    if let Some(added) = added {
                        put(
                            "added",
                            json!({ "path": added.path.to_string_lossy(), "changed": added.changed }),
                        );
                    }
                    put("dry_run", json!(is_rehearsal));
                }
                Shown::Choices(considered) => {
                    put("hosts", choice::json(considered));
                }
                Shown::Explanations(all) => explain::put(all, &mut put),
                Shown::Exports(exports) => {
                    let variables = exports.variables.iter();
                    let variables: Map<String, Value> =
                        variables.map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
                    put("variables", Value::Object(variables));
                }
                Shown::Import(summary) => put_import(summary, &outcome.report, &mut put),
                Shown::Inspection(inspection) => {
                    let items = inspection.items.iter().map(|one| item(one, &outcome.report));
                    put("items", Value::Array(items.collect()));
                }
                Shown::Note(note) => {
                    put("message", json!(note));
                }
                Shown::Check(summary) => {
                    if let Some(summary) = &summary.runtime {
                        put("runtime", runtime(summary));
                    }
                }
                Shown::Doctor(summary) => {
                    put("hosts", doctor::hosts_json(&summary.hosts));
                    put("files", settings::files_json(&summary.settings));
                    put("variables", settings::variables_json(&summary.settings));
                    put("report", json!(summary.report.as_ref().map(|path| path.to_string_lossy())));
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
                Shown::Identity(_) | Shown::Launch(_) | Shown::Nothing | Shown::Output(_) => {}
            }
        }
        Err(failure) => {
            let report = failure.findings.map(|report| *report).unwrap_or_default();
            put("status", json!(if exit == super::COULD_NOT_TELL { "unknown" } else { "critical" }));
            put_report(&report, common, &mut put);
            put("error", json!({ "message": failure.message, "fix": failure.hint }));
        }
    }
    put("judged_at", time(now));
    put("exit_status", json!(exit));
    let mut text = serde_json::to_vec(&Value::Object(object)).unwrap_or_default();
    text.push(b'\n');
    text
}

fn put_report(report: &Report, common: Option<&Common>, put: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    let findings = report.findings.iter().map(|one| finding(one, report, common));
    put("findings", Value::Array(findings.collect()));
    let certificates = report.certificates.iter().map(|one| certificate(one, report));
    put("certificates", Value::Array(certificates.collect()));
    put("keys", Value::Array(report.keys.iter().map(|one| key(one, report)).collect()));
    let written = [
        ("bundle", &report.bundle),
        ("full_bundle", &report.full_bundle),
        ("java_store", &report.java_store),
    ];
    for (name, facts) in written {
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

fn finding(finding: &Finding, report: &Report, common: Option<&Common>) -> Value {
    let fix = words::fix(finding, report).map(|fix| match common {
        Some(common) => common.pasteable(fix),
        None => fix,
    });
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
        "fix": fix,
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
        "refused_by": refused_by(&facts.refusals, report, |what| format!("it has {what}")),
    });
    if let Some(kept) = facts.kept {
        object["kept"] = json!(kept.is_ok());
        if let Err(reason) = kept {
            object["reason"] = json!(reason);
        }
    }
    if let Some(inspected) = &facts.inspected {
        put_inspected(inspected, &mut object);
    }
    object
}

/// What `inspect` adds to a certificate.
fn put_inspected(inspected: &InspectedFacts, object: &mut Value) {
    let InspectedFacts { details, issued_by, .. } = inspected;
    let extensions = details.extensions.iter().map(|extension| {
        json!({
            "oid": extension.oid,
            "name": extension.name,
            "critical": extension.is_critical,
            "damaged": extension.is_damaged,
        })
    });
    let constraints = details.name_constraints.as_ref();
    for (name, value) in [
        ("version", json!(inspected.version)),
        ("fingerprint_sha1", json!(inspected.fingerprint_sha1)),
        ("format", json!(inspected.packing.name())),
        ("issued_by", json!(issued_by.map(|by| json!({ "number": by.number, "proven": by.is_proven })))),
        ("subject_key_id", json!(inspected.subject_key_id)),
        ("authority_key_id", json!(inspected.authority_key_id)),
        ("path_length", json!(details.path_length)),
        ("key_usage", json!(details.key_usage)),
        ("extended_key_usage", purposes(details.extended_key_usage.as_deref())),
        (
            "name_constraints",
            json!(constraints.map(|one| json!({ "permitted": one.permitted, "excluded": one.excluded }))),
        ),
        ("policies", json!(details.policies)),
        ("ocsp", json!(details.ocsp)),
        ("ca_issuers", json!(details.ca_issuers)),
        ("crl_distribution_points", json!(details.crl_distribution_points)),
        ("extensions", Value::Array(extensions.collect())),
    ] {
        object[name] = value;
    }
}

/// Name and number of each purpose; null where a certificate has no such extension.
fn purposes(names: Option<&[String]>) -> Value {
    let purpose = |name: &String| {
        let oid = purpose_oid(name);
        json!({ "name": (oid != *name).then_some(name), "oid": oid })
    };
    names.map_or(Value::Null, |names| names.iter().map(purpose).collect())
}

/// Something that `inspect` has found.
fn item(item: &Item, report: &Report) -> Value {
    let mut object = json!({
        "kind": item.content.kind(),
        "source": source(item.place, report),
        "format": item.packing.map(|packing| packing.name()),
    });
    let mut put = |name: &str, value: Value| object[name] = value;
    match &item.content {
        Content::Certificate { number } | Content::Key { number } => put("number", json!(number)),
        Content::Damaged { label, why } => {
            put("label", json!(label));
            put("message", json!(words::broken(*why)));
        }
        Content::EmptyFolder => {}
        Content::KeyUnreadable { why } => put("message", json!(words::no_key(why))),
        Content::Other { label } | Content::Unclosed { label } => put("label", json!(label)),
        Content::Parameters { label, what } => {
            put("label", json!(label));
            put(
                "key",
                match what {
                    Some(Parameters::Curve(curve)) => json!(curve.to_string()),
                    Some(Parameters::Numbers { bits }) => json!(bits.to_string()),
                    None => Value::Null,
                },
            );
        }
        Content::PublicKey(facts) => {
            put("key", json!(facts.key));
            put("spki_sha256", json!(facts.spki_sha256));
        }
        Content::Request(facts) => {
            put("subject", json!(facts.subject));
            put("key", json!(facts.key));
            put("signature", json!(facts.signature));
            put("signature_valid", json!(is_valid(facts.verdict)));
            put("spki_sha256", json!(facts.spki_sha256));
            put("subject_alt_names", json!(facts.subject_alt_names));
            put("key_usage", json!(facts.key_usage));
            put("extended_key_usage", purposes(facts.extended_key_usage.as_deref()));
        }
        Content::RevocationList(facts) => {
            put("issuer", json!(facts.issuer));
            put("signature", json!(facts.signature));
            put("this_update", time(facts.this_update));
            put("next_update", facts.next_update.map_or(Value::Null, time));
            put("list_number", json!(facts.number));
            put("entries", json!(facts.entries));
        }
        Content::Store(facts) => put_store(facts, &mut put),
        Content::Unknown { guess, title } => {
            put("guess", json!(guess.name()));
            put("message", json!(words::guess(*guess)));
            put("title", json!(title));
        }
        Content::Unreadable { why } => put("message", json!(why)),
    }
    object
}

fn put_store(facts: &StoreFacts, put: &mut dyn FnMut(&str, Value)) {
    let protection = |one: &Protection| {
        json!({
            "of": match one.of {
                Protected::Content => "content",
                Protected::Integrity => "integrity",
                Protected::Key => "key",
            },
            "scheme": one.name,
            "iterations": one.iterations,
        })
    };
    put("store", json!(facts.kind.name()));
    put("opened", json!(facts.integrity.is_some()));
    put("known_passphrase", json!(facts.passphrase));
    put(
        "integrity",
        match &facts.integrity {
            None => Value::Null,
            Some(Integrity::Absent) => json!("absent"),
            Some(Integrity::NotChecked) => json!("not-checked"),
            Some(Integrity::Proven) => json!("proven"),
            Some(Integrity::Unsupported { .. }) => json!("unsupported"),
        },
    );
    put("protections", facts.protections.iter().map(protection).collect());
}

/// Null where it cannot be checked.
fn is_valid(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::NotCheckable => None,
        Verdict::Proven => Some(true),
        Verdict::Wrong => Some(false),
    }
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
        "refused_by": refused_by(&facts.refusals, report, |reason| format!("it {}", words::key_reason(reason))),
    })
}

fn profile(profile: &Profile) -> Value {
    let files: Vec<_> = profile.files.iter().map(|path| path.to_string_lossy()).collect();
    json!({ "name": profile.name, "files": files, "keys": profile.keys, "active": profile.is_active })
}

fn put_proposal(proposal: &Proposal, put: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    put("path", json!(proposal.path.to_string_lossy()));
    put("written", json!(proposal.decision == Decision::Written));
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
    if let Some((message, fix)) = words::not_written(proposal.decision) {
        put("error", json!({ "message": message, "fix": fix }));
    }
}

fn runtime(summary: &RuntimeSummary) -> Value {
    let handshakes = summary
        .handshakes
        .iter()
        .map(|one| json!({ "tls": words::tls(one.version).trim_start_matches("TLS "), "way": one.way, "done": one.is_done }));
    json!({
        "path": summary.path.to_string_lossy(),
        "name": if summary.is_bun { "bun" } else { "node" },
        "version": summary.version,
        "certificates": summary.certificates,
        "handshakes": handshakes.collect::<Vec<Value>>(),
    })
}

/// One object for each client of the audience that refuses something, and each thing that it refuses.
fn refused_by<What>(
    refusals: &[Refusal<What>],
    report: &Report,
    why: impl Fn(&What) -> String,
) -> Vec<Value> {
    let mut objects = Vec::new();
    for refusal in refusals {
        for seen in refusal.by.iter().filter(|seen| report.audience.has(seen.client)) {
            let why = why(&refusal.what);
            objects.push(json!({ "client": seen.client.name(), "why": why, "seen_on": seen.on }));
        }
    }
    objects
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
pub(super) fn time(seconds: i64) -> Value {
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
        Command::Doctor(_) => "doctor",
        Command::Env(_) => "env",
        Command::Explain(_) => "explain",
        Command::Hook(_) => "hook",
        Command::Import(_) => "import",
        Command::Init(_) => "init",
        Command::Inspect(_) => "inspect",
        Command::Key(KeyCommand::Check { .. }) => "key check",
        Command::Key(KeyCommand::Decrypt { .. }) => "key decrypt",
        Command::Key(KeyCommand::Encrypt { .. }) => "key encrypt",
        Command::Key(KeyCommand::Forget { .. }) => "key forget",
        Command::Key(KeyCommand::Remember { .. }) => "key remember",
        Command::Profiles => "profiles",
        Command::Proxy(ProxyCommand::Forget { .. }) => "proxy forget",
        Command::Proxy(ProxyCommand::Remember { .. }) => "proxy remember",
        Command::Proxy(ProxyCommand::Test { .. }) => "proxy test",
        Command::Run(_) => "run",
        Command::Settings(SettingsCommand::Apply(_)) => "settings apply",
        Command::Settings(SettingsCommand::Remove(_)) => "settings remove",
        Command::Settings(SettingsCommand::Show) => "settings show",
    }
}
