//! `certman doctor`: why does it not work. Owns the order of steps: what `check` knows, also of what only variables name, the
//! variables and settings files, then the hosts. Asks nobody, changes nothing, and writes no file but the one that `--report` names.

mod help_desk;
mod local;
pub mod missing;
pub mod network;
pub mod roots;
mod unconfigured;

use std::sync::Arc;

use zeroize::Zeroizing;

use self::network::Wish;
use self::unconfigured::Unconfigured;
use super::check::Check;
use super::identity::Examined;
use super::settings_show;
use super::stores::{Asking, Wishes};
use crate::cli::args::{Common, DoctorArguments};
use crate::cli::failure::Failure;
use crate::cli::render;
use crate::cli::{DoctorSummary, Ending, Outcome, Shown};
use crate::clients::Audience;
use crate::config::{Origin, Settings, Value};
use crate::doctor::environment::Conflict;
use crate::doctor::hosts::Resolution;
use crate::pki::cert::Certificate;
use crate::pki::key::{OpenError, Pairing, proves};
use crate::proxy::Address;
use crate::report::{Cause, Report, Severity, Trouble};
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::net::probe::LentIdentity;

/// Looks at everything.
///
/// # Errors
/// Where the arguments are wrong, or the report cannot be written.
pub fn run(
    arguments: &DoctorArguments,
    common: &Common,
    settings: &Settings,
    wants_facts: bool,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let resolutions = resolutions(&arguments.resolve)?;
    if !arguments.offline {
        must_name_a_host(settings)?;
    }
    if let Some(via) = &arguments.via {
        Address::parse(via)
            .map_err(|error| Failure::usage(format!("--via: the address {error}")).hint(error.hint()))?;
    }
    let wants_facts = wants_facts || arguments.report.is_some();
    let mut check = Check::new(settings.thresholds, Audience::default(), wants_facts, host.now);
    let limits = &arguments.identity.limits;
    let wishes = Wishes { asking: Asking::WhereNamed, limits: limits.limits(), ..Wishes::of(settings) };
    let mut of_settings = Report::default();
    let (summary, mut files) = settings_show::look(settings, host, &mut of_settings);
    let unconfigured = Unconfigured::of(&files, &summary, settings, host);
    let mut examined = check.everything_configured(limits, settings, wishes, host)?;
    let given = unconfigured.judge(limits, wishes, &mut check, host);
    if given.is_some() || unconfigured.overrides() {
        examined = given;
    }
    check.note_exceptions(settings);
    let (mut report, check) = check.conclude();
    if let Some(conflict) = local::clock(&report, check.certificates, common.at.is_none(), host.now) {
        report.find(None, Cause::Environment(conflict));
        // It makes everything else look wrong, and comes first.
        report.findings.rotate_right(1);
    }
    let known = report.files.len() as u32;
    files.iter_mut().for_each(|file| file.place.file += known);
    report.adopt(of_settings);
    let in_force = settings_show::in_force_by(&files);
    local::note_variables(&files, &in_force, &summary, settings, limits, host, &mut report);
    let names_identity = unconfigured.names_identity();
    let unconfigured_files = unconfigured.files();
    unconfigured.tell_once(&files, &mut report);
    let hosts = if arguments.offline {
        Vec::new()
    } else {
        let identity = examined.as_ref().and_then(lent).map(Arc::new);
        let has_identity = examined.is_some() || names_identity;
        let named = unconfigured_files;
        let is_identity_broken = breaks_every_connection(&report);
        let wish = Wish {
            arguments,
            has_identity,
            identity,
            in_force,
            is_identity_broken,
            named,
            resolutions,
            settings,
        };
        let mut progress = |host: &mut Host, text: &str| render::progress(text, common, host);
        let hosts = network::probe_hosts(&wish, host, &mut report, &mut progress);
        render::progress("", common, host);
        hosts?
    };
    let is_unicode = is_unicode(&host.environment);
    let mut summary = DoctorSummary { check, hosts, is_unicode, report: None, settings: summary };
    if let Some(path) = &arguments.report {
        let passphrase = examined.as_ref().and_then(|examined| examined.passphrase.as_ref());
        let redaction = help_desk::redaction(settings, &files, passphrase, host);
        let text =
            render::help_desk(&report, &summary, settings, common, &|text, kept| redaction.apply(text, kept));
        match help_desk::write(path, &text, host) {
            Ok(written) => summary.report = Some(written),
            Err(failure) => return Err(failure.with_findings(report)),
        }
    }
    Ok(Outcome {
        ending: Ending::Judging { from: Some(Severity::Warning) },
        report,
        shown: Shown::Doctor(Box::new(summary)),
    })
}

/// An empty list leaves nothing to be probed, and everything would look well.
fn must_name_a_host(settings: &Settings) -> Result<(), Failure> {
    let Value { origin, value } = &settings.hosts;
    if !value.is_empty() {
        return Ok(());
    }
    let failure = match origin {
        Origin::File(path) => {
            Failure::new(format!("doctor.hosts in {} names no host", render::words::path(path)))
        }
        Origin::Default | Origin::Flag | Origin::Variable(_) => {
            Failure::usage(format!("{origin} names no host"))
        }
    };
    Err(failure.hint("take it out for the hosts that certman knows, or run `certman doctor --offline`"))
}

fn resolutions(texts: &[String]) -> Result<Vec<Resolution>, Failure> {
    let read = |text: &String| {
        Resolution::parse(text).map_err(|error| {
            Failure::usage(format!("--resolve: '{}' {error}", text.escape_debug()))
                .hint("write it as api.anthropic.com:10.1.2.3, an IPv6 address in brackets")
        })
    };
    texts.iter().map(read).collect()
}

/// What is shown to a server that asks for a certificate: the chain, and the key, where that was opened.
fn lent(examined: &Examined) -> Option<LentIdentity> {
    let opened = examined.opened.as_ref()?;
    let key = opened.to_pkcs8_der().expose_secret().to_vec();
    let chain: Vec<Vec<u8>> = examined.chain.iter().map(|certificate| certificate.der().to_vec()).collect();
    // Clients do not come to a server with a key that is another's.
    let key_is_another =
        |leaf: &Certificate| matches!(proves(opened, leaf.public_key()), Pairing::Other { .. });
    if examined.chain.first().is_none_or(key_is_another) {
        return None;
    }
    Some(LentIdentity { chain, key: Zeroizing::new(key) })
}

/// Whether the identity is one that Claude Code reads and cannot use: then it connects to no host at all, whether that asks for
/// a certificate or not (CLIENTS.md, client key, rules 6 and 7; seen on 2.1.197 and 2.1.332).
fn breaks_every_connection(report: &Report) -> bool {
    let is_unusable = |why: &Trouble| {
        matches!(why, Trouble::KeyMismatch | Trouble::NoPassphrase | Trouble::PassphraseWrong)
    };
    let critical = report.findings.iter().filter(|finding| finding.severity == Severity::Critical);
    critical.map(|finding| &finding.cause).any(|cause| match cause {
        Cause::ClientCertNotPortable { .. }
        | Cause::ClientCertOrder { .. }
        | Cause::KeyMismatch { .. }
        | Cause::KeyNotOpened(OpenError::WrongPassphraseOrDamaged)
        | Cause::KeyNotPortable { .. } => true,
        Cause::Environment(Conflict::PathUseless { why, .. }) | Cause::SettingsUseless { why, .. } => {
            is_unusable(why)
        }
        _ => false,
    })
}

/// Whether the locale is one of UTF-8: the first of its variables that is set says so.
fn is_unicode(environment: &Environment) -> bool {
    let locale = environment.value("LC_ALL").or_else(|| environment.value("LC_CTYPE"));
    let locale = locale.or_else(|| environment.value("LANG"));
    locale.is_some_and(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
