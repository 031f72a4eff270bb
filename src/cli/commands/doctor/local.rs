//! What `doctor` sees without the network: the variables of this process and of every settings file, by themselves and against the
//! configuration, and the clock. Reads files that variables name, and never asks for a secret.

use std::ffi::OsStr;
use std::path::Path;

use super::super::settings_show::File;
use super::super::values::{self, Request, Values};
use super::super::{full, moment};
use crate::cli::args::LimitArguments;
use crate::cli::{Fitness, SettingsSummary, VariableSummary, Winner};
use crate::config::Settings;
use crate::doctor::environment::{self, Conflict, Leads, Named, Variable};
use crate::exports::{Content, Family, VARIABLES};
use crate::pki::bundle::Place;
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::container::{self, Content as Found};
use crate::pki::public::{PublicRoots, retired_as_of};
use crate::report::{Cause, Report, Trouble};
use crate::settings::{InForce, is_secret, shown_value};
use crate::source;
use crate::sys::Host;
use crate::sys::fs::{self, Standing};

/// What speaks for a wrong clock. `is_clock` where `now` is what the clock says: whoever judges as of another day knows what day
/// it is.
pub(super) fn clock(judged: &Report, certificates: usize, is_clock: bool, now: i64) -> Option<Conflict> {
    let early = judged.findings.iter().filter(|one| matches!(one.cause, Cause::CertNotYetValid { .. }));
    let early = early.count();
    let day = retired_as_of();
    let is_behind = is_clock && moment(day).is_ok_and(|made| now < made);
    if is_behind {
        Some(Conflict::ClockBehind { day, now })
    } else {
        (early >= FEWEST && early >= certificates)
            .then_some(Conflict::ClockWrong { certificates: early, now })
    }
}

/// Notes what is odd about the variables of the environment and of the settings files.
pub(super) fn note_variables(
    files: &[File],
    in_force: &InForce,
    summary: &SettingsSummary,
    settings: &Settings,
    limits: &LimitArguments,
    host: &mut Host,
    report: &mut Report,
) {
    let configured = Configured::of(settings, limits, host);
    let mut found: Vec<Conflict> = Vec::new();
    {
        let host = &*host;
        let is_set = |name: &str| {
            host.environment.value(name).is_some()
                || files.iter().any(|file| {
                    let entry = file.document.as_ref().and_then(|document| document.entry(name));
                    entry.is_some_and(|entry| entry.value().is_some_and(|value| !value.is_empty()))
                })
        };
        let pairs: Vec<(&OsStr, &OsStr)> = host.environment.pairs().collect();
        let value = |name: &str| {
            let pair = pairs.iter().find(|(known, _)| *known == name);
            pair.map(|(_, value)| value.as_encoded_bytes())
        };
        found.extend(environment::conflicts(false, &value, &is_set));
        found.extend(paths(summary, &configured, host));
        found.extend(corporate_only(!settings.sources.is_empty(), host));
        found.extend(configured.differences(host, &found, &is_set));
        for file in files {
            let Some(document) = &file.document else { continue };
            let entries: Vec<_> =
                environment::JUDGED.iter().filter_map(|name| Some((*name, document.entry(name)?))).collect();
            let value = |name: &str| {
                let (_, entry) = entries.iter().find(|(known, _)| *known == name)?;
                entry.value().map(str::as_bytes)
            };
            for conflict in environment::conflicts(true, &value, &is_set) {
                report.find_as(conflict.severity(), Some(file.place), Cause::Environment(conflict));
            }
        }
    }
    for (place, conflict) in across(in_force, host) {
        report.find(place, Cause::Environment(conflict));
    }
    for conflict in found {
        report.find_as(conflict.severity(), None, Cause::Environment(conflict));
    }
}

/// The variables of the proxy whose two cases differ, where a settings file has the one and somebody else the other: what is in
/// small letters wins in Claude Code, wherever it stands.
fn across(in_force: &InForce, host: &Host) -> Vec<(Option<Place>, Conflict)> {
    let value = |name| in_force.value(name, &host.environment);
    let mut conflicts = Vec::new();
    for (lower, upper) in environment::CASES {
        let (place, others_place) = (in_force.place(lower), in_force.place(upper));
        if let (Some(one), Some(other)) = (value(lower), value(upper))
            && place != others_place
            && one != other
        {
            let lower = Variable { is_in_settings: true, name: lower };
            conflicts.push((place.or(others_place), Conflict::ProxyCaseDiffers { lower, upper }));
        }
    }
    conflicts
}

/// The paths that the environment holds, each tried.
fn paths(summary: &SettingsSummary, configured: &Configured, host: &Host) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    for (name, content) in environment::path_variables() {
        let Some(value) = host.environment.value(name) else { continue };
        let leads = match fs::standing(&host.current_folder.join(value)) {
            Some(Standing::File { .. }) => Leads::ToFile,
            Some(Standing::Folder) => Leads::ToFolder,
            Some(Standing::Other) => Leads::ToOther,
            None => Leads::ToNothing,
        };
        let named = Named {
            is_configured: configured.values.value(content).is_some(),
            name,
            value: value.to_string_lossy().into(),
        };
        let conflict = environment::path(named.clone(), &leads, &host.current_folder);
        conflicts.extend(conflict.or_else(|| useless(named, summary)));
    }
    conflicts
}

/// The content of a file that a variable names, as far as `settings show` has judged it.
fn useless(named: Named, summary: &SettingsSummary) -> Option<Conflict> {
    let variable = summary.variables.iter().find(|variable| variable.name == named.name)?;
    match (&variable.fitness, variable.winner) {
        // How a path is written is told of the path.
        (Fitness::Fails(Trouble::Expansion | Trouble::NotAbsolute), _) => None,
        (Fitness::Fails(why), Some(Winner::Process)) => {
            let certificate = summary.variables.iter().find(|one| one.name == "CLAUDE_CODE_CLIENT_CERT");
            let is_key = named.name == "CLAUDE_CODE_CLIENT_KEY";
            let certificate = certificate.filter(|_| is_key).and_then(VariableSummary::value);
            Some(Conflict::PathUseless { certificate: certificate.map(Into::into), named, why: why.clone() })
        }
        _ => None,
    }
}

/// The variables that take the place of all public roots and lead to a file without one.
fn corporate_only(is_configured: bool, host: &Host) -> Vec<Conflict> {
    let mut public = None;
    let mut conflicts = Vec::new();
    for variable in VARIABLES.iter().filter(|variable| variable.content == Content::FullBundle) {
        let Some(value) = host.environment.value(variable.name) else { continue };
        let mut text = Vec::new();
        if !Path::new(value).is_absolute()
            || fs::read_into(Path::new(value), &mut text, source::LIMIT).is_err()
            || full::certificates_in(&text) == 0
        {
            continue;
        }
        let public = public.get_or_insert_with(PublicRoots::known);
        let mut has_public = false;
        container::scan(&text, &mut |item| {
            if let (false, Found::Certificate(der)) = (has_public, item.content) {
                let certificate = Certificate::parse(der, Fingerprint::of(der));
                has_public = certificate.is_ok_and(|certificate| public.contains(&certificate));
            }
        });
        // Where several read it, Python is the one that most people have.
        let python = variable.families.iter().find(|family| **family == Family::Python);
        if let (false, Some(family)) = (has_public, python.or(variable.families.first())) {
            conflicts.push(Conflict::CorporateOnly { family: *family, is_configured, name: variable.name });
        }
    }
    conflicts
}

/// What the configuration gives, as far as that is no secret.
struct Configured<'s> {
    settings: &'s Settings,
    values: Values,
}

impl<'s> Configured<'s> {
    fn of(settings: &'s Settings, limits: &LimitArguments, host: &mut Host) -> Self {
        let request = Request { limits, no_refresh: true, public_only: true, rehearse: true, verify: false };
        // What is the matter with bundle and proxy has been told.
        let mut told = Report::default();
        let values = values::without_identity(&request, settings, host, &mut told);
        let mut values = values.unwrap_or_default();
        if let (Some(certificate), Some(key)) = (&settings.cert, &settings.key) {
            values.certificate = Some(fs::without_parents(&certificate.value));
            values.key = Some(fs::without_parents(&key.value));
        }
        Self { settings, values }
    }

    /// Where the environment says something else, or nothing although no settings file does either. Of a path that is known
    /// to lead nowhere no more is said.
    fn differences(&self, host: &Host, known: &[Conflict], is_set: &dyn Fn(&str) -> bool) -> Vec<Conflict> {
        let mut differing: Vec<((String, String), Vec<&'static str>)> = Vec::new();
        let mut missing = Vec::new();
        for variable in self.settings.families.variables() {
            let (name, content) = (variable.name, variable.content);
            let Some(configured) = self.values.value(content).filter(|_| !is_secret(content)) else {
                continue;
            };
            if !is_set(name) {
                missing.push(name);
                continue;
            }
            let Some(here) = host.environment.value(name) else { continue };
            let is_same_file = || {
                let path = Path::new(here);
                let configured = String::from_utf8_lossy(configured);
                environment::is_one_time(path) || fs::is_same_file(path, Path::new(&*configured))
            };
            let is_known = known.iter().any(|conflict| conflict.path_variable() == Some(name));
            let is_path = environment::path_variables().any(|(known, _)| known == name);
            if is_known
                || environment::is_same(content, configured, here.as_encoded_bytes())
                || is_path && is_same_file()
            {
                continue;
            }
            let shown = |bytes: &[u8]| shown_value(name, &String::from_utf8_lossy(bytes)).0;
            let pair = (shown(configured), shown(here.as_encoded_bytes()));
            match differing.iter_mut().find(|(known, _)| *known == pair) {
                Some((_, names)) => names.push(name),
                None => differing.push((pair, vec![name])),
            }
        }
        let mut conflicts: Vec<Conflict> = differing
            .into_iter()
            .map(|((configured, here), names)| Conflict::Differs {
                configured: configured.into(),
                here: here.into(),
                names,
            })
            .collect();
        if !missing.is_empty() {
            conflicts.push(Conflict::NotSet { names: missing });
        }
        conflicts
    }
}

/// One certificate that is not valid yet is that certificate's matter.
const FEWEST: usize = 2;
