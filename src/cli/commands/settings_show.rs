//! `certman settings show`: each variable in the environment and in every settings file of Claude Code, which one wins, and
//! whether it works. Asks for no passphrase, and writes nothing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::settings::{MANAGED_FOLDER, record, user_settings};
use crate::cli::args::LimitArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::{Ending, Fitness, Outcome, SettingsFile, SettingsSummary, Shown, VariableSummary, Winner};
use crate::clients::bundle::{Measure, Unfit, serves};
use crate::clients::roots::{CERT_STORE, CertStore};
use crate::config::{Settings, Value};
use crate::exports::{Content as Exported, Families, VARIABLES, Variable};
use crate::pki::bundle::Place;
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::container::{self, Content as Found};
use crate::pki::key::{self, Content, KeyFile, OpenError, Pairing};
use crate::report::{Cause, Report, Trouble};
use crate::secret::Passphrase;
use crate::settings::{Document, Entry, InForce, LIMIT, Put, Readable, Scope, is_secret, shown_value};
use crate::source;
use crate::sys::Host;
use crate::sys::fs::{self, ReadError};

use super::identity::KEY_LIMIT;

/// Reads everything and compares.
///
/// # Errors
/// Never: what cannot be read is a finding.
pub fn run(settings: &Settings, host: &Host) -> Result<Outcome, Failure> {
    let mut report = Report::default();
    let (summary, _) = look(settings, host, &mut report);
    Ok(Outcome { ending: Ending::Doing { is_done: true }, report, shown: Shown::Settings(summary) })
}

/// Reads everything and compares; hands over the settings files too, the strongest first.
pub(super) fn look(settings: &Settings, host: &Host, report: &mut Report) -> (SettingsSummary, Vec<File>) {
    let files = load(host, report);
    let all = in_force_by(&files);
    let mut variables: Vec<Seen> = names().map(|name| Seen::of(name, &files, &all, host)).collect();
    // What is nowhere is told only of bundle and identity.
    let is_main = |one: &Seen| {
        let known = Families::default().variables().find(|known| known.name == one.name);
        known.is_some_and(|known| is_path(one.name) || is_secret(known.content))
    };
    variables.retain(|one| one.winner.is_some() || is_main(one));
    let certificate = in_force(&variables, Exported::ClientCertificate);
    let passphrase = in_force(&variables, Exported::ClientKeyPassphrase);
    let passphrase = passphrase.map(|text| Passphrase::new(text.as_bytes().to_vec()));
    let mut summaries = Vec::new();
    for one in &variables {
        let fitness = match &one.value {
            Some(value) => {
                let certificate = certificate.as_ref().map(|path| path.as_str());
                fitness(one.name, value, certificate, passphrase.as_ref(), settings)
            }
            None => Fitness::NotTried,
        };
        one.judge(&fitness, &files, settings, report);
        summaries.push(one.summary(fitness));
    }
    let shown = files.iter().map(|file| SettingsFile {
        state: match (&file.document, file.is_there) {
            (Some(_), _) => Some(true),
            (None, false) => Some(false),
            (None, true) => None,
        },
        path: file.path.clone(),
        scope: file.scope,
    });
    (SettingsSummary { files: shown.collect(), variables: summaries }, files)
}

/// Says where another settings file wins over what one has got.
pub(super) fn note_stronger(
    wanted: &[(&'static str, String)],
    path: &Path,
    scope: Scope,
    host: &Host,
    report: &mut Report,
) {
    // What is wrong with the other files is for `show` to say.
    for file in load(host, &mut Report::default()) {
        if file.path == path || file.scope > scope {
            break;
        }
        let Some(document) = &file.document else { continue };
        let differs = |(name, value): &&(&'static str, String)| {
            document.entry(name).is_some_and(|entry| entry.value().is_some_and(|other| other != value))
        };
        for (name, _) in wanted.iter().filter(differs) {
            let place = place_of(&file.path, report);
            report.find(Some(place), Cause::SettingsOutrank { name, path: words::path(path).into() });
        }
    }
}

/// A settings file as it was read.
pub(super) struct File {
    pub(super) document: Option<Document>,
    is_there: bool,
    path: PathBuf,
    /// What stands for it in findings.
    pub(super) place: Place,
    /// What certman has put there.
    put: Put,
    scope: Scope,
}

/// Every settings file there may be, the strongest first. Of those of the administrator the one that comes last in the order of
/// names wins, and `managed-settings.json` comes before all in the folder (documentation of Claude Code 2.1).
fn load(host: &Host, report: &mut Report) -> Vec<File> {
    let base = host.managed_settings.join("managed-settings.json");
    let folder = host.managed_settings.join(MANAGED_FOLDER);
    let mut managed = vec![base];
    match fs::names_in(&folder) {
        Ok(names) => {
            let names =
                names.into_iter().filter(|name| Path::new(name).extension() == Some(OsStr::new("json")));
            managed.extend(names.take(MOST_DROP_INS).map(|name| folder.join(name)));
        }
        Err(error) => {
            let place = place_of(&folder, report);
            report.find(Some(place), Cause::SettingsUnreadable(error.into()));
        }
    }
    let mut paths: Vec<(Scope, PathBuf)> =
        managed.into_iter().rev().map(|path| (Scope::Managed, path)).collect();
    let project = host.current_folder.join(".claude");
    paths.push((Scope::Local, project.join("settings.local.json")));
    paths.push((Scope::Project, project.join("settings.json")));
    if let Some(user) = user_settings(&host.environment, &host.current_folder) {
        // In the home folder the project's file is the user's.
        paths.retain(|(_, path)| *path != user);
        paths.push((Scope::User, user));
    }
    let mut record = record(host);
    let mut read = |(scope, path): (Scope, PathBuf)| {
        let put = record.files.remove(&*fs::real_path(&path).to_string_lossy()).unwrap_or_default();
        File::read(scope, path, put, report)
    };
    paths.into_iter().map(&mut read).collect()
}

impl File {
    fn read(scope: Scope, path: PathBuf, put: Put, report: &mut Report) -> Self {
        let place = place_of(&path, report);
        let mut file = Self { document: None, is_there: true, path, place, put, scope };
        match fs::read_secret(&file.path, LIMIT) {
            Ok(bytes) => match Document::parse(&bytes) {
                Ok(document) => {
                    if document.has_byte_order_mark() {
                        report.find(Some(place), Cause::SettingsByteOrderMark);
                    }
                    for secret in secrets_in(&document) {
                        report.find(Some(place), secret);
                    }
                    file.document = Some(document);
                }
                Err(invalid) => report.find(Some(place), Cause::SettingsInvalid(invalid)),
            },
            Err(ReadError::Missing) => file.is_there = false,
            Err(error) => report.find(Some(place), Cause::SettingsUnreadable(error)),
        }
        file
    }

    /// The clients that have to be named where a variable is put here anew, so that everything stays that has been put here.
    fn needs(&self, name: &str) -> Families {
        let mut names = vec![name];
        if let Some(document) = &self.document {
            let is_there = |name: &&String| {
                document
                    .entry(name)
                    .is_some_and(|one| one.value().is_some_and(|value| self.put.holds(name, value)))
            };
            names.extend(self.put.variables.keys().filter(is_there).map(String::as_str));
        }
        Families::reading(&names)
    }
}

/// What decides on the way and on the roots, as these settings files have it.
pub(super) fn in_force_by(files: &[File]) -> InForce {
    InForce::of(names().chain([BASE_URL]), readable(files))
}

/// The value that a variable has in the end, by these settings files and the environment; none where that is empty.
pub(super) fn value_in_force(name: &'static str, files: &[File], host: &Host) -> Option<Zeroizing<String>> {
    let in_force = InForce::of([name], readable(files));
    let value = in_force.value(name, &host.environment)?;
    Some(Zeroizing::new(value.to_string_lossy().into_owned()))
}

/// Whether a settings file has something for a variable, be it empty.
pub(super) fn is_in_a_file(name: &'static str, files: &[File]) -> bool {
    InForce::of([name], readable(files)).number(name).is_some()
}

/// Those that are settings files.
fn readable(files: &[File]) -> impl Iterator<Item = Readable<'_>> + Clone {
    files.iter().enumerate().filter_map(|(number, file)| {
        let document = file.document.as_ref()?;
        Some(Readable { document, number, path: &file.path, place: file.place })
    })
}

fn place_of(path: &Path, report: &mut Report) -> Place {
    Place { file: report.file(path.to_owned()), index: 1, line: None }
}

/// A variable with everything that sets it. Values may be secret.
struct Seen {
    entries: Vec<(usize, Entry)>,
    name: &'static str,
    process: Option<Zeroizing<String>>,
    /// The value that wins; none where that is empty, which counts as unset.
    value: Option<Zeroizing<String>>,
    winner: Option<Winner>,
}

impl Seen {
    fn of(name: &'static str, files: &[File], in_force: &InForce, host: &Host) -> Self {
        let entries = files.iter().enumerate();
        let entries: Vec<(usize, Entry)> = entries
            .filter_map(|(number, file)| Some((number, file.document.as_ref()?.entry(name)?)))
            .collect();
        let process = host.environment.value(name);
        let process = process.map(|value| Zeroizing::new(value.to_string_lossy().into_owned()));
        let in_files = in_force.number(name).map(Winner::File);
        let winner = in_files.or_else(|| process.is_some().then_some(Winner::Process));
        let value = in_force.value(name, &host.environment);
        let value = value.map(|value| Zeroizing::new(value.to_string_lossy().into_owned()));
        Self { entries, name, process, value, winner }
    }

    fn judge(&self, fitness: &Fitness, files: &[File], settings: &Settings, report: &mut Report) {
        let name = self.name;
        for (number, entry) in &self.entries {
            if *entry == Entry::Unusable {
                report.find(Some(files[*number].place), Cause::SettingsValueUnusable { name });
            }
        }
        let Some(Winner::File(number)) = self.winner else { return };
        let file = &files[number];
        let (place, needs, scope) = (Some(file.place), file.needs(name), file.scope);
        let value = self.value.as_ref().map(|value| value.as_str()).unwrap_or_default();
        if self.process.as_ref().is_some_and(|process| process.as_str() != value) {
            let is_secret = VARIABLES.iter().any(|known| known.name == name && is_secret(known.content));
            // What is configured today counts before what was put there once.
            let is_current = match delivered(name, settings) {
                Some(path) => path.as_os_str() == value,
                None => file.put.holds(name, value),
            };
            let needs = needs.clone();
            report.find(place, Cause::SettingsOverrides { is_current, is_secret, name, needs, scope });
        }
        match fitness {
            Fitness::Fails(why @ (Trouble::Expansion | Trouble::NotAbsolute | Trouble::Unreadable(_))) => {
                report.find(place, Cause::SettingsStalePath { name, needs, scope, why: why.clone() });
            }
            Fitness::Fails(why) => {
                report.find(place, Cause::SettingsUseless { name, needs, scope, why: why.clone() })
            }
            Fitness::NotTried | Fitness::Sealed | Fitness::Works => {}
        }
    }

    fn summary(&self, fitness: Fitness) -> VariableSummary {
        let shown = |value: &str| shown_value(self.name, value).0;
        let entries = self.entries.iter();
        VariableSummary {
            entries: entries.map(|(number, entry)| (*number, entry.value().map(shown))).collect(),
            fitness,
            name: self.name,
            process: self.process.as_ref().map(|value| shown(value)),
            winner: self.winner,
        }
    }
}

/// The path that `env` sets a variable to; none where that is no path, or nothing is configured for it.
fn delivered(name: &str, settings: &Settings) -> Option<PathBuf> {
    let content = VARIABLES.iter().find(|variable| variable.name == name)?.content;
    let made = |path: &Option<Value<PathBuf>>| {
        let path = &path.as_ref()?.value;
        (!settings.sources.is_empty() || fs::is_there(path)).then(|| path.clone())
    };
    let path = match content {
        Exported::ClientCertificate => settings.cert.as_ref()?.value.clone(),
        Exported::ClientKey => settings.key.as_ref()?.value.clone(),
        Exported::ExtraBundle => made(&settings.out)?,
        Exported::FullBundle => made(&settings.full)?,
        _ => return None,
    };
    Some(fs::without_parents(&path))
}

/// The value in force of what `env` sets.
fn in_force(variables: &[Seen], content: Exported) -> Option<Zeroizing<String>> {
    let name = VARIABLES.iter().find(|variable| variable.content == content)?.name;
    variables.iter().find(|one| one.name == name)?.value.clone()
}

/// Whether a value works, as far as that can be told without asking for a secret and without a connection.
fn fitness(
    name: &str,
    value: &str,
    certificate: Option<&str>,
    passphrase: Option<&Passphrase>,
    settings: &Settings,
) -> Fitness {
    let content = VARIABLES.iter().find(|variable| variable.name == name).map(|variable| variable.content);
    let tried = match content {
        _ if name == CERT_STORE => {
            CertStore::parse(value).map(|_| Fitness::Works).ok_or(Trouble::UnknownStore)
        }
        Some(Exported::ExtraBundle | Exported::FullBundle) => bundle(value, settings),
        Some(Exported::ClientCertificate) => first_certificate(value).map(|_| Fitness::Works),
        Some(Exported::ClientKey) => key(value, certificate, passphrase),
        _ => Ok(Fitness::NotTried),
    };
    tried.unwrap_or_else(Fitness::Fails)
}

/// A bundle that certman writes is measured by what it writes; any other by what the clients get of it.
fn bundle(path: &str, settings: &Settings) -> Result<Fitness, Trouble> {
    let text = content(path, source::LIMIT)?;
    let mut own = [&settings.out, &settings.full].into_iter().flatten();
    let is_own = own.any(|own| fs::is_same_file(&own.value, Path::new(path)));
    let measure = if is_own { Measure::Form } else { Measure::Readers };
    serves(&text, measure).map(|()| Fitness::Works).map_err(|why| match why {
        Unfit::Empty => Trouble::NoCertificate,
        Unfit::Lossy(why) => Trouble::BundleUnloadable(why),
    })
}

fn first_certificate(path: &str) -> Result<Certificate, Trouble> {
    let text = content(path, KEY_LIMIT)?;
    let mut first = None;
    container::scan(&text, &mut |item| {
        if let (None, Found::Certificate(der)) = (&first, item.content) {
            first = Certificate::parse(der, Fingerprint::of(der)).ok();
        }
    });
    first.ok_or(Trouble::NoCertificate)
}

/// Whether there is a key, whether the passphrase in force opens it, and whether it belongs to the certificate. Not told of a key
/// that takes too much work, or is sealed in a way that certman does not open.
fn key(path: &str, certificate: Option<&str>, passphrase: Option<&Passphrase>) -> Result<Fitness, Trouble> {
    let bytes = content(path, KEY_LIMIT)?;
    let KeyFile { content, .. } =
        key::detect(&bytes).map_err(|why| Trouble::NoKey(words::no_key(&why).into()))?;
    let key = match content {
        Content::Plain(key) => key,
        Content::Sealed(sealed) => {
            let passphrase = passphrase.ok_or(Trouble::NoPassphrase)?;
            match sealed.open(passphrase, &LimitArguments::default().limits()) {
                Ok(key) => key,
                Err(OpenError::WrongPassphraseOrDamaged) => return Err(Trouble::PassphraseWrong),
                Err(_) => return Ok(Fitness::Sealed),
            }
        }
    };
    // What is the matter with the certificate is said of the certificate.
    let Some(Ok(certificate)) = certificate.map(first_certificate) else { return Ok(Fitness::NotTried) };
    match key::proves(&key, certificate.public_key()) {
        Pairing::Belongs => Ok(Fitness::Works),
        Pairing::NotCheckable { .. } => Ok(Fitness::NotTried),
        Pairing::Other { .. } => Err(Trouble::KeyMismatch),
    }
}

/// The content of a file as a client would read it: nothing is expanded (CLIENTS.md, bundle, rule 12).
fn content(path: &str, limit: usize) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    if !Path::new(path).is_absolute() {
        let is_meant = path.starts_with('~') || path.starts_with('$') || path.starts_with('%');
        return Err(if is_meant { Trouble::Expansion } else { Trouble::NotAbsolute });
    }
    fs::read_secret(Path::new(path), limit).map_err(|error| Trouble::Unreadable(error.to_string().into()))
}

/// The secrets that stand in a settings file, where programs and people can read them that have no business with them.
pub(super) fn secrets_in(document: &Document) -> Vec<Cause> {
    let is_secret = |name: &&'static str| {
        document
            .entry(name)
            .is_some_and(|entry| entry.value().is_some_and(|value| shown_value(name, value).1))
    };
    names().filter(is_secret).map(|name| Cause::SettingsHoldsSecret { name }).collect()
}

/// Every variable that is worth a look, each once.
fn names() -> impl Iterator<Item = &'static str> {
    let mut seen = BTreeSet::new();
    let known = VARIABLES.iter().map(|variable| variable.name);
    known.chain(OTHERS).filter(move |name| seen.insert(*name))
}

/// Whether a path goes into this variable.
pub(super) fn is_path(name: &str) -> bool {
    let known = VARIABLES.iter().find(|variable| variable.name == name);
    known.is_some_and(|known| {
        is_of_identity(known) || matches!(known.content, Exported::ExtraBundle | Exported::FullBundle)
    })
}

/// Whether it is about certificate or key.
pub(super) fn is_of_identity(variable: &Variable) -> bool {
    matches!(variable.content, Exported::ClientCertificate | Exported::ClientKey)
}

/// Where Claude Code sends its requests.
pub(super) const BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// Many more than any administrator has.
const MOST_DROP_INS: usize = 1000;
/// What else decides which roots and which proxy a client takes.
const OTHERS: [&str; 10] = [
    CERT_STORE,
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "NODE_OPTIONS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "SSL_CERT_FILE",
];
