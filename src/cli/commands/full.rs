//! The full bundle: the public roots and the extra bundle in one file, for variables that replace a client's built-in roots.
//! Made by the same rules as the extra bundle, whose certificates always win; written only where somebody asks for it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::bundle::{Built, outputs, sources};
use super::gather::each_certificate;
use super::stamp::Stamp;
use super::stores::{Asking, Wishes};
use crate::cli::failure::Failure;
use crate::config::{Origin, PublicRoots, Settings};
use crate::pki::bundle::{Collection, Place, Rules, loads_everywhere, merge};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::name::Name;
use crate::pki::{container, public};
use crate::report::{BundleFacts, Cause, Report, Severity};
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::fs;
use crate::sys::roots::Part;

/// The place of the full bundle, where somebody has asked for one on the command line, in a variable or in a file, or where
/// something else `is_needed` that is made of it.
///
/// # Errors
/// For standard output, and for the place of the extra bundle.
pub fn wanted(settings: &Settings, is_needed: bool) -> Result<Option<&Path>, Failure> {
    let Some(full) = settings.full.as_ref().filter(|full| is_needed || full.origin != Origin::Default) else {
        return Ok(None);
    };
    let path = full.value.as_path();
    if path == Path::new("-") {
        return Err(Failure::usage("the full bundle cannot go to standard output")
            .hint("name a file with --full; `certman bundle system SOURCE -o -` prints such a bundle"));
    }
    if settings.out.as_ref().is_some_and(|out| fs::is_same_file(&out.value, path)) {
        let path = path.display();
        return Err(Failure::usage(format!("bundle and full bundle have one place, '{path}'"))
            .hint("name two files with --out and --full"));
    }
    Ok(Some(path))
}

/// Brings the full bundle up to date where it is not, and gives its path; told by file states alone where it is fresh. For
/// commands that hand an environment on, which need it whether it is configured or not.
///
/// # Errors
/// Where there is none and none can be made. Where one is there that cannot be renewed, it stays in use, with a warning.
pub fn ensure(
    settings: &Settings,
    no_refresh: bool,
    host: &mut Host,
    report: &mut Report,
) -> Result<PathBuf, Failure> {
    let path = match wanted(settings, false)? {
        Some(path) => path,
        None => settings.full.as_ref().map(|full| full.value.as_path()).ok_or_else(|| {
            Failure::new("there is no home folder to put the full bundle in")
                .hint("set bundle.full in certman.toml")
        })?,
    };
    let exists = fs::state(path).is_ok();
    if exists && (no_refresh || settings.sources.is_empty()) {
        must_be_usable(path)?;
        return Ok(path.to_owned());
    }
    let sources = sources(settings)?;
    let stamp = stamp(&sources, settings, host);
    if exists && stamp.as_ref().is_some_and(|stamp| stamp.is_fresh(path, host.now)) {
        return Ok(path.to_owned());
    }
    if no_refresh {
        return Err(Failure::new(format!("the full bundle '{}' is not there", path.display()))
            .hint("make it with `certman bundle`, or leave out --no-refresh"));
    }
    let mut found = Report::default();
    let rules = Rules { keep_expired: false, now: host.now };
    let wishes = Wishes { asking: Asking::Never, ..Wishes::of(settings) };
    let extra = Built::from_sources(&sources, &outputs(settings), rules, wishes, host, &mut found);
    let full = match found.worst() {
        Severity::Critical => None,
        _ => Full::of(&extra, settings, rules, host, &mut found),
    };
    let failure = match full.map(|full| full.publish(path, stamp.as_ref(), host.now)) {
        Some(Ok(_)) => return Ok(path.to_owned()),
        Some(Err(failure)) => failure,
        None => Failure::new("the full bundle cannot be made from its sources"),
    };
    if !exists {
        return Err(failure.with_findings(found));
    }
    must_be_usable(path)?;
    for finding in &mut found.findings {
        finding.severity = finding.severity.min(Severity::Warning);
    }
    found.findings.retain(|one| one.severity >= Severity::Warning && one.cause.matters_at_shell_start());
    report.adopt(found);
    report.find(None, Cause::BundleKept { path: path.display().to_string().into() });
    Ok(path.to_owned())
}

/// What tells later, without reading, that the full bundle is still what its sources give; none where nothing can.
pub fn stamp(sources: &[Source], settings: &Settings, host: &Host) -> Option<Stamp> {
    let mut all = sources.to_vec();
    let extra_state = match origin_of_roots(settings, host) {
        PublicRoots::Mozilla => public::mozilla_state(),
        PublicRoots::System => {
            all.push(Source::System);
            [0; 32]
        }
    };
    Some(Stamp::of_sources(&all, &outputs(settings), &host.roots)?.and(&extra_state))
}

/// The full bundle, made and not yet written.
pub struct Full(Built);

impl Full {
    /// Adds the public roots to an extra bundle. None where there are none to be had: what stands against it is in the report,
    /// as critical.
    pub fn of(
        extra: &Built,
        settings: &Settings,
        rules: Rules,
        host: &mut Host,
        report: &mut Report,
    ) -> Option<Self> {
        let mut collection = Collection::default();
        let mut extra_keys: HashSet<(Name<'_>, &[u8])> = HashSet::new();
        for certificate in extra.kept() {
            // It could be read before.
            let _ = collection.add(certificate.der(), NOWHERE);
            extra_keys.insert((certificate.subject(), certificate.public_key()));
        }
        let (mut added, mut expired, mut flawed) = (0_usize, 0, 0);
        let mut add = |der: &[u8]| match Certificate::parse(der, Fingerprint::of(der)) {
            Err(_) => flawed += 1,
            Ok(certificate) if certificate.flaw().is_some() => flawed += 1,
            Ok(certificate) if !certificate.validity().contains(rules.now) => expired += 1,
            Ok(certificate) => {
                added += 1;
                if !extra_keys.contains(&(certificate.subject(), certificate.public_key())) {
                    let _ = collection.add(der, NOWHERE);
                }
            }
        };
        let origin = origin_of_roots(settings, host);
        let mut found = Report::default();
        match origin {
            PublicRoots::Mozilla => public::mozilla().for_each(add),
            PublicRoots::System => {
                let outputs = outputs(settings);
                let wishes = Wishes::of(settings);
                each_certificate(&[Source::System], &outputs, wishes, host, &mut found, &mut |der, _, _| {
                    add(der)
                });
            }
        }
        let is_whole = !found.findings.iter().any(|one| matches!(one.cause, Cause::SystemNotAsked(_)));
        let is_missing = added == 0 || found.worst() >= Severity::Critical;
        // Only what is about the store as a whole: its single certificates are nobody's business here.
        found.findings.retain(|finding| {
            finding.severity >= Severity::Critical || matches!(finding.cause, Cause::SystemNotAsked(_))
        });
        report.adopt(found);
        if is_missing {
            report.find(None, Cause::PublicRootsMissing { is_system: origin == PublicRoots::System });
            return None;
        }
        if expired + flawed > 0 {
            report.find(None, Cause::PublicRootsDropped { expired, flawed });
        }
        let merged = merge(collection.certificates(), rules);
        Some(Self(Built { collection, is_whole: is_whole && extra.is_whole, merged }))
    }

    /// Puts it in place as [`Built::publish`] does, with its stamp beside it, and says whether that changed anything.
    ///
    /// # Errors
    /// As there.
    pub fn publish(&self, path: &Path, stamp: Option<&Stamp>, now: i64) -> Result<bool, Failure> {
        let changed = self.0.publish(path).map_err(|failure| Failure {
            // The next step is about another place than that of the extra bundle.
            hint: failure.hint.map(|hint| hint.replace("--out", "--full")),
            ..failure
        })?;
        if let Some(stamp) = stamp {
            stamp.write(&self.0, path, now);
        }
        Ok(changed)
    }

    /// Whether the file at `path` is exactly this bundle.
    pub fn is_at(&self, path: &Path) -> bool {
        self.0.is_at(path)
    }

    /// The bundle as a whole.
    pub fn text(&self) -> Vec<u8> {
        self.0.text()
    }

    /// What JSON says of it.
    pub fn facts(&self, path: &Path, changed: bool, wants_facts: bool) -> BundleFacts {
        BundleFacts {
            changed,
            certificates: self.0.merged.kept.len(),
            path: Some(path.to_owned()),
            sha256: wants_facts.then(|| self.0.sha256()),
        }
    }
}

/// What was asked for; without that the trust store where there is one: nothing that a client has trusted so far is lost.
fn origin_of_roots(settings: &Settings, host: &Host) -> PublicRoots {
    settings.public_roots.unwrap_or_else(|| {
        let has_store = host.roots.must_be_asked() || !host.roots.files(&[Part::Everything]).is_empty();
        if has_store { PublicRoots::System } else { PublicRoots::Mozilla }
    })
}

/// A full bundle that is handed on as it is has to hold a certificate (CLIENTS.md, bundle, rule 3).
fn must_be_usable(path: &Path) -> Result<(), Failure> {
    let failed = |why: String| {
        Failure::new(format!("the full bundle '{}' cannot be used: {why}", path.display()))
            .hint("make it anew with `certman bundle`")
    };
    let mut text = Vec::new();
    fs::read_into(path, &mut text, source::LIMIT).map_err(|error| failed(error.to_string()))?;
    match (certificates_in(&text), loads_everywhere(&text)) {
        (0, _) => Err(failed("it holds no certificate, and every connection would fail".into())),
        (_, Err(_)) => Err(failed("some clients lose certificates of it".into())),
        _ => Ok(()),
    }
}

/// How many certificates a text holds.
pub fn certificates_in(text: &[u8]) -> usize {
    let mut count = 0;
    container::scan(text, &mut |item| {
        count += usize::from(matches!(item.content, container::Content::Certificate(_)));
    });
    count
}

/// Where a certificate of the full bundle was found is not told.
const NOWHERE: Place = Place { file: 0, index: 1, line: None };
