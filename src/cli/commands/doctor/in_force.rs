//! The identity that the variables in force name, where none is configured: it is judged as a configured one is, and shown to
//! servers, since it is what clients show. Asks for no secret.

use std::ffi::OsString;
use std::mem;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::super::check::Check;
use super::super::identity::Examined;
use super::super::settings_show::{self, File};
use crate::cli::args::LimitArguments;
use crate::clients::Client;
use crate::config::{Origin, Settings, Value};
use crate::doctor::environment::{Conflict, PASSPHRASE};
use crate::report::{Cause, Report, Severity, Trouble};
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::fs::{self, Standing};
use crate::sys::passphrase::Source;

/// What is judged in the place of what is not configured.
pub(super) struct InForce {
    /// Settings that name the identity of the variables; none where one is configured, or no variable leads to a file.
    identity: Option<Settings>,
    /// Whether the variables name an identity, wherever that leads, and none is configured.
    names_identity: bool,
    /// The passphrase in force, and empty where there is none.
    passphrase: Zeroizing<String>,
}

impl InForce {
    pub(super) fn of(files: &[File], settings: &Settings, host: &Host) -> Self {
        let value = |name| settings_show::value_in_force(name, files, host);
        // What leads to no file is told of the path.
        let file = |path: &Zeroizing<String>| {
            let path = host.current_folder.join(path.as_str());
            matches!(fs::standing(&path), Some(Standing::File { .. })).then_some(path)
        };
        let (certificate, key) = (value("CLAUDE_CODE_CLIENT_CERT"), value("CLAUDE_CODE_CLIENT_KEY"));
        let is_configured = settings.cert.is_some() || settings.key.is_some();
        let names_identity = !is_configured && (certificate.is_some() || key.is_some());
        let passphrase = value(PASSPHRASE).unwrap_or_default();
        let variable =
            |name, path: Option<PathBuf>| path.map(|value| Value { origin: Origin::Variable(name), value });
        let cert = variable("CLAUDE_CODE_CLIENT_CERT", certificate.as_ref().and_then(file));
        let key = variable("CLAUDE_CODE_CLIENT_KEY", key.as_ref().and_then(file));
        let identity = (names_identity && (cert.is_some() || key.is_some())).then(|| {
            let mut settings = Settings { cert, key, ..settings.clone() };
            if !passphrase.is_empty() || settings.passphrase.origin == Origin::Default {
                // Clients ask no keyring.
                settings.passphrase.value = Source::Variable(PASSPHRASE.to_owned());
                settings.passphrase.origin = Origin::Default;
            }
            settings
        });
        Self { identity, names_identity, passphrase }
    }

    /// Whether clients are told of an identity that the configuration knows nothing of, usable or not.
    pub(super) fn names_identity(&self) -> bool {
        self.names_identity
    }

    /// Judges it; hands over what clients have of the identity.
    pub(super) fn judge(
        &self,
        limits: &LimitArguments,
        check: &mut Check,
        host: &mut Host,
    ) -> Option<Examined> {
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

    /// Takes out of the report what it says twice: of the file, and of the variable that leads there. What only Claude Code
    /// does not take is critical here: nothing stands between it and the file.
    pub(super) fn tell_once(&self, report: &mut Report) {
        if self.identity.is_none() {
            return;
        }
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
        let is_told = |cause: &Cause| match cause {
            Cause::Environment(Conflict::PathUseless { named, why }) => match why {
                Trouble::KeyMismatch => has_order,
                Trouble::NoPassphrase | Trouble::PassphraseWrong => has_odd_passphrase,
                // What is in the file instead, and what to do with it, is said of the file.
                Trouble::NoCertificate => named.name == "CLAUDE_CODE_CLIENT_CERT",
                Trouble::NoKey(_) => true,
                _ => false,
            },
            _ => false,
        };
        report.findings.retain(|finding| !is_told(&finding.cause));
        let troubles: Vec<Trouble> =
            report.findings.iter().filter_map(|finding| trouble(&finding.cause)).collect();
        let is_told = |cause: &Cause| match cause {
            // Said in words about the variables.
            Cause::IdentityIncomplete { .. } => true,
            Cause::ClientCertMissing(_) | Cause::KeyMissing(_) => {
                troubles.iter().any(|one| matches!(one, Trouble::Unreadable(_)))
            }
            Cause::KeyMismatch { .. } => troubles.contains(&Trouble::KeyMismatch),
            _ => match cause.code() {
                "passphrase-missing" => has_odd_passphrase || troubles.contains(&Trouble::NoPassphrase),
                "passphrase-wrong" => has_odd_passphrase || troubles.contains(&Trouble::PassphraseWrong),
                "passphrase-odd" => has_odd_passphrase,
                _ => false,
            },
        };
        report.findings.retain(|finding| !is_told(&finding.cause));
    }
}

/// Why a variable is of no use, where it is about that.
fn trouble(cause: &Cause) -> Option<Trouble> {
    match cause {
        Cause::Environment(Conflict::PathUseless { why, .. })
        | Cause::SettingsStalePath { why, .. }
        | Cause::SettingsUseless { why, .. } => Some(why.clone()),
        _ => None,
    }
}
