//! Bundle and identity that the variables in force name, where none is configured: they are judged as configured ones are, and the
//! identity is shown to servers, since it is what clients show. Asks for no secret.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::mem;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::super::check::Check;
use super::super::identity::Examined;
use super::super::settings_show::{self, File};
use super::super::stores::{Asking, Wishes};
use crate::cli::args::LimitArguments;
use crate::cli::{Fitness, SettingsSummary, Winner};
use crate::clients::Client;
use crate::config::{Origin, Settings, Value};
use crate::doctor::environment::{Conflict, PASSPHRASE, Variable};
use crate::doctor::obstacle::Named;
use crate::pki::key::OpenError;
use crate::report::{Cause, Report, Severity, Trouble};
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::fs::{self, Standing};
use crate::sys::passphrase::Source;

/// What is judged in the place of what is not configured.
pub(super) struct Unconfigured {
    /// The file of the bundle; none where one is configured, or there is none to judge.
    bundle: Option<PathBuf>,
    /// The half of an identity, where the other one is not named.
    half: Option<Conflict>,
    /// The settings file that names it, where one does: its number.
    half_in: Option<usize>,
    /// Settings that name the identity of the variables; none where one is configured, or no variable leads to a file.
    identity: Option<Settings>,
    /// Whether the variables name an identity, wherever that leads, and none is configured.
    names_identity: bool,
    /// Whether an identity is configured, and a settings file has something else in its place.
    overrides: bool,
    /// The passphrase in force, and empty where there is none.
    passphrase: Zeroizing<String>,
}

impl Unconfigured {
    pub(super) fn of(files: &[File], summary: &SettingsSummary, settings: &Settings, host: &Host) -> Self {
        let value = |name| settings_show::value_in_force(name, files, host);
        // What leads to no file is told of the path.
        let file = |path: &Zeroizing<String>| {
            let path = host.current_folder.join(path.as_str());
            matches!(fs::standing(&path), Some(Standing::File { .. })).then_some(path)
        };
        let seen = |name: &str| summary.variables.iter().find(|variable| variable.name == name);
        let has_bundle = !settings.sources.is_empty()
            || settings.out.as_ref().is_some_and(|out| fs::state(&out.value).is_ok());
        // Of a file that holds nothing that could be judged, that is told of the variable.
        let holds_nothing = seen(EXTRA).is_some_and(|variable| {
            matches!(variable.fitness, Fitness::Fails(Trouble::NoCertificate | Trouble::Unreadable(_)))
        });
        let bundle = if has_bundle || holds_nothing { None } else { value(EXTRA).as_ref().and_then(file) };

        let has_configured = settings.cert.is_some() || settings.key.is_some();
        // What a settings file has beats what `env` and `run` set by the configuration, variable by variable.
        let in_settings = |name| settings_show::is_in_a_file(name, files);
        let overrides = has_configured
            && ([CERTIFICATE, KEY].into_iter().any(|name| {
                let configured = if name == KEY { &settings.key } else { &settings.cert };
                let is_same = value(name).is_some_and(|value| {
                    configured.as_ref().is_some_and(|path| path.value.as_os_str() == value.as_str())
                });
                in_settings(name) && !is_same
            }) || in_settings(PASSPHRASE));
        let is_configured = has_configured && !overrides;
        let path = |name, configured: &Option<Value<PathBuf>>| match configured {
            Some(path) if overrides && !in_settings(name) => {
                Some(Zeroizing::new(path.value.to_string_lossy().into_owned()))
            }
            _ => value(name),
        };
        let (certificate, key) = (path(CERTIFICATE, &settings.cert), path(KEY, &settings.key));
        let names_identity = !is_configured && (certificate.is_some() || key.is_some());
        let half = |name: &'static str, missing| Conflict::IdentityIncomplete {
            missing,
            variable: Variable {
                is_in_settings: seen(name).is_some_and(|one| matches!(one.winner, Some(Winner::File(_)))),
                name,
            },
        };
        let half = match (&certificate, &key) {
            (Some(_), None) if !is_configured => Some(half(CERTIFICATE, KEY)),
            (None, Some(_)) if !is_configured => Some(half(KEY, CERTIFICATE)),
            _ => None,
        };
        let half_in = match &half {
            Some(Conflict::IdentityIncomplete { variable, .. }) => {
                match seen(variable.name).and_then(|one| one.winner.as_ref()) {
                    Some(Winner::File(number)) => Some(*number),
                    _ => None,
                }
            }
            _ => None,
        };
        let passphrase = value(PASSPHRASE).unwrap_or_default();
        let variable = |name, path: &Option<Zeroizing<String>>| {
            path.as_ref().and_then(file).map(|value| Value { origin: Origin::Variable(name), value })
        };
        let (cert, key) = (variable(CERTIFICATE, &certificate), variable(KEY, &key));
        let identity = (names_identity && (cert.is_some() || key.is_some())).then(|| {
            let mut settings = Settings { cert, key, ..settings.clone() };
            // Clients ask nobody else for it, whatever is configured for another key.
            let is_that_of_the_configuration = overrides && !in_settings(PASSPHRASE);
            if settings.passphrase.origin != Origin::Flag && !is_that_of_the_configuration {
                settings.passphrase =
                    Value { origin: Origin::Default, value: Source::Variable(PASSPHRASE.to_owned()) };
            }
            settings
        });
        Self { bundle, half, half_in, identity, names_identity, overrides, passphrase }
    }

    /// Whether clients are told of an identity that the configuration knows nothing of, usable or not.
    pub(super) fn names_identity(&self) -> bool {
        self.names_identity
    }

    /// Whether the configured identity is none that Claude Code gets.
    pub(super) fn overrides(&self) -> bool {
        self.overrides
    }

    /// Certificate and key of that identity, where both are there.
    pub(super) fn files(&self) -> Option<Named> {
        let settings = self.identity.as_ref()?;
        Some(Named {
            certificate: settings.cert.as_ref()?.value.clone(),
            key: settings.key.as_ref()?.value.clone(),
        })
    }

    /// Judges them; hands over what clients have of the identity.
    pub(super) fn judge(
        &self,
        limits: &LimitArguments,
        wishes: Wishes<'_>,
        check: &mut Check,
        host: &mut Host,
    ) -> Option<Examined> {
        if let Some(bundle) = &self.bundle {
            check.foreign_bundle(bundle, Wishes { asking: Asking::Never, ..wishes }, host);
        }
        let settings = self.identity.as_ref()?;
        // One that a settings file has is not in the environment, and wins over that.
        let owned = host.environment.pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let passphrase = (OsString::from(PASSPHRASE), OsString::from(self.passphrase.as_str()));
        let with_passphrase = Environment::from_pairs(owned.chain([passphrase]));
        let environment = mem::replace(&mut host.environment, with_passphrase);
        let examined = check.identity(limits, settings, host);
        host.environment = environment;
        Some(examined)
    }

    /// Takes out of the report what it says twice, of the file and of the variable that leads there. What only Claude Code does not
    /// take is critical here: nothing stands between it and the file.
    pub(super) fn tell_once(self, files: &[File], report: &mut Report) {
        if let Some(half) = self.half {
            let place = self.half_in.and_then(|number| files.get(number)).map(|file| file.place);
            report.find(place, Cause::Environment(half));
        }
        if self.identity.is_some() {
            tell_identity_once(report);
        }
        if self.overrides {
            // The same files may be judged twice, under two passphrases.
            let mut told = BTreeSet::new();
            report.findings.retain(|finding| {
                let place = finding.place.map(|place| (place.file, place.index));
                !is_of_key_file(&finding.cause) || told.insert((finding.cause.code(), place))
            });
        }
        if self.bundle.is_some() && troubles(report).any(|(name, why)| name == EXTRA && is_form(why)) {
            report.findings.retain(|finding| !matches!(finding.cause, Cause::BundleUnloadable { .. }));
        }
    }
}

/// Whether it is about the file of a key, whatever opens it.
fn is_of_key_file(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::KeyKindRefused { .. }
            | Cause::KeyNotEncrypted
            | Cause::KeyNotPortable { .. }
            | Cause::KeyOwner { .. }
            | Cause::KeyPermissions { .. }
    )
}

fn tell_identity_once(report: &mut Report) {
    for finding in &mut report.findings {
        let is_file =
            matches!(finding.cause, Cause::ClientCertNotPortable { .. } | Cause::KeyNotPortable { .. });
        if is_file && finding.cause.refused_by().iter().any(|one| one.client == Client::ClaudeCode) {
            finding.severity = Severity::Critical;
        }
    }
    let causes = || report.findings.iter().map(|finding| &finding.cause);
    let has_order = causes().any(|cause| matches!(cause, Cause::ClientCertOrder { .. }));
    let has_odd_passphrase = causes().any(|cause| match cause {
        Cause::Environment(conflict) => conflict.is_about_passphrase(),
        _ => false,
    });
    let is_explained = |cause: &Cause| match cause {
        Cause::Environment(Conflict::PathUseless { named, why, .. }) => match why {
            Trouble::KeyMismatch => has_order,
            Trouble::NoPassphrase | Trouble::PassphraseWrong => has_odd_passphrase,
            // What is in the file instead, and what to do with it, is said of the file.
            Trouble::NoCertificate => named.name == CERTIFICATE,
            Trouble::NoKey(_) => true,
            _ => false,
        },
        _ => false,
    };
    report.findings.retain(|finding| !is_explained(&finding.cause));
    let of_files: Vec<Trouble> = troubles(report)
        .filter(|(name, _)| [CERTIFICATE, KEY].contains(name))
        .map(|(_, why)| why.clone())
        .collect();
    let is_told = |cause: &Cause| match cause {
        // Said of the variables.
        Cause::IdentityIncomplete { .. } => true,
        Cause::ClientCertMissing(_) | Cause::KeyMissing(_) => {
            of_files.iter().any(|one| matches!(one, Trouble::Unreadable(_)))
        }
        Cause::ClientCertUnreadable { .. } => of_files.contains(&Trouble::NoCertificate),
        Cause::KeyUnreadable { .. } => of_files.iter().any(|one| matches!(one, Trouble::NoKey(_))),
        Cause::KeyMismatch { .. } => of_files.contains(&Trouble::KeyMismatch),
        Cause::PassphraseMissing(_) => has_odd_passphrase || of_files.contains(&Trouble::NoPassphrase),
        Cause::KeyNotOpened(OpenError::WrongPassphraseOrDamaged) => {
            has_odd_passphrase || of_files.contains(&Trouble::PassphraseWrong)
        }
        Cause::PassphraseOdd { .. } => has_odd_passphrase,
        _ => false,
    };
    report.findings.retain(|finding| !is_told(&finding.cause));
}

/// The variables in the report that do not work, and why.
fn troubles(report: &Report) -> impl Iterator<Item = (&'static str, &Trouble)> {
    report.findings.iter().filter_map(|finding| match &finding.cause {
        Cause::Environment(Conflict::PathUseless { named, why, .. }) => Some((named.name, why)),
        Cause::SettingsStalePath { name, why, .. } | Cause::SettingsUseless { name, why, .. } => {
            Some((*name, why))
        }
        _ => None,
    })
}

fn is_form(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::BundleUnloadable(_))
}

const CERTIFICATE: &str = "CLAUDE_CODE_CLIENT_CERT";
const EXTRA: &str = "NODE_EXTRA_CA_CERTS";
const KEY: &str = "CLAUDE_CODE_CLIENT_KEY";
