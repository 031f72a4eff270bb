//! Settings: what the command line, `CERTMAN_*` variables and the configuration files say, settled once, each value with
//! its origin. Two types keep apart what was typed ([`Overrides`]) and what it means ([`Settings`]).

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::pki::lifetime::{Threshold, Thresholds};
use crate::source::Source;
use crate::sys::env::Environment;
use crate::sys::fs::{self, ReadError};
use crate::sys::passphrase;

/// What was typed. Nothing has been looked up yet.
#[derive(Debug, Default)]
pub struct Overrides {
    /// `--cert`
    pub cert: Option<PathBuf>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--critical`
    pub critical: Option<String>,
    /// `--key`
    pub key: Option<PathBuf>,
    /// `-o`, `--out`
    pub out: Option<PathBuf>,
    /// `--passphrase`
    pub passphrase: Option<String>,
    /// Sources named on the command line. They stand in the place of those configured.
    pub sources: Vec<PathBuf>,
    /// `--store-passphrase`
    pub store_passphrase: Option<String>,
    /// `--warn`
    pub warn: Option<String>,
}

/// What it means: absolute and complete.
#[derive(Debug)]
pub struct Settings {
    /// The client's certificate chain.
    pub cert: Option<Value<PathBuf>>,
    /// The client's private key.
    pub key: Option<Value<PathBuf>>,
    /// Where the bundle is written; none where there is no home folder to put it in.
    pub out: Option<Value<PathBuf>>,
    /// Where the passphrase comes from.
    pub passphrase: Value<passphrase::Source>,
    /// The sources, in their order.
    pub sources: Vec<Value<Source>>,
    /// Where the passphrases of stores come from.
    pub store_passphrase: Value<passphrase::Source>,
    /// When to speak up; none where the standard for each kind of certificate holds.
    pub thresholds: Option<Thresholds>,
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub struct Value<T> {
    /// Where it comes from.
    pub origin: Origin,
    /// The value.
    pub value: T,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What certman does by itself.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// The command line.
    Flag,
    /// A variable of the environment.
    Variable(&'static str),
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file named by the person is not there or cannot be read.
    #[error("configuration '{}' cannot be read: {why}", path.display())]
    Unreadable {
        /// Whether it is the administrator's, which is read for everyone.
        is_system: bool,
        /// The file.
        path: PathBuf,
        /// Why.
        why: ReadError,
    },
    /// A file that is not what `certman.toml` must be.
    #[error("configuration '{}', line {line}: {what}", path.display())]
    Wrong {
        /// The known key that was probably meant.
        hint: Option<String>,
        /// From 1.
        line: usize,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A value on the command line or in a variable.
    #[error("{origin}: {what}")]
    Value {
        /// The flag or the variable.
        origin: String,
        /// What is wrong.
        what: String,
    },
}

impl Settings {
    /// Settles everything: flag, variable, user's file, system's file, default, in this order; sources of both files add up.
    ///
    /// # Errors
    /// For a file that is wrong or that was named and is not there, and for values that cannot be.
    pub fn resolve(
        overrides: Overrides,
        environment: &Environment,
        current_folder: &Path,
        system_file: Option<&Path>,
    ) -> Result<Self, Error> {
        let files = Files::load(overrides.config.as_deref(), environment, current_folder, system_file)?;
        let here = Here { current_folder, environment };

        let cert = here.path(overrides.cert, "CERTMAN_CERT", files.path(|file| &file.client.cert));
        let key = here.path(overrides.key, "CERTMAN_KEY", files.path(|file| &file.client.key));
        let out = here.path(overrides.out, "CERTMAN_OUT", files.path(|file| &file.bundle.out));
        let out = out.or_else(|| {
            let value = data_folder(environment)?.join("certman").join("extra.pem");
            Some(Value { origin: Origin::Default, value })
        });

        if let Some(system) = overrides.sources.iter().find(|source| is_system(source.as_os_str())) {
            let what = format!("'{}' {NO_SYSTEM}", system.display());
            return Err(Error::Value { origin: "SOURCE".to_owned(), what });
        }
        let sources = if !overrides.sources.is_empty() {
            let typed = overrides.sources.into_iter();
            typed
                .map(|path| Value { origin: Origin::Flag, value: Source::typed(&path, current_folder) })
                .collect()
        } else if let Some(list) = environment.value("CERTMAN_SOURCES") {
            let listed = std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty());
            let origin = Origin::Variable("CERTMAN_SOURCES");
            listed
                .map(|path| Value { origin: origin.clone(), value: Source::typed(&path, current_folder) })
                .collect()
        } else {
            files.sources()
        };

        let passphrase = here.text(overrides.passphrase, "CERTMAN_PASSPHRASE_FROM");
        let passphrase = passphrase.or_else(|| files.text(|file| &file.client.passphrase));
        let passphrase = match passphrase {
            None => Value { origin: Origin::Default, value: passphrase::Source::Keyring },
            Some(text) => here.passphrase(text, "--passphrase", &files)?,
        };

        let store_passphrase = here.text(overrides.store_passphrase, "CERTMAN_STORE_PASSPHRASE_FROM");
        let store_passphrase = store_passphrase.or_else(|| files.text(|file| &file.bundle.store_passphrase));
        let store_passphrase = match store_passphrase {
            None => Value { origin: Origin::Default, value: passphrase::Source::Keyring },
            Some(text) => here.passphrase(text, "--store-passphrase", &files)?,
        };

        let warn = here.text(overrides.warn, "CERTMAN_WARN");
        let warn = warn.or_else(|| files.text(|file| &file.check.warn));
        let critical = here.text(overrides.critical, "CERTMAN_CRITICAL");
        let critical = critical.or_else(|| files.text(|file| &file.check.critical));
        let thresholds = both_thresholds(warn, critical, &files)?;

        Ok(Self { cert, key, out, passphrase, sources, store_passphrase, thresholds })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("by default"),
            Self::File(path) => write!(f, "'{}'", path.display()),
            Self::Flag => f.write_str("the command line"),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// `certman.toml`, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    bundle: BundleTable,
    check: CheckTable,
    client: ClientTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BundleTable {
    out: Option<toml::Spanned<String>>,
    sources: Vec<toml::Spanned<String>>,
    store_passphrase: Option<toml::Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CheckTable {
    critical: Option<toml::Spanned<String>>,
    warn: Option<toml::Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ClientTable {
    cert: Option<toml::Spanned<String>>,
    key: Option<toml::Spanned<String>>,
    passphrase: Option<toml::Spanned<String>>,
}

/// The files that were found: the user's before the system's.
struct Files {
    files: Vec<ConfigFile>,
    home: Option<PathBuf>,
}

struct ConfigFile {
    document: Document,
    path: PathBuf,
    text: String,
}

/// A text that was set somewhere, and the place in the file where it stands.
struct Set {
    at: usize,
    origin: Origin,
    text: String,
}

impl Files {
    fn load(
        named: Option<&Path>,
        environment: &Environment,
        current_folder: &Path,
        system_file: Option<&Path>,
    ) -> Result<Self, Error> {
        let from_variable = environment.value("CERTMAN_CONFIG").map(Path::new);
        let users = match named.or(from_variable) {
            Some(path) => Some((current_folder.join(path), true)),
            None => {
                config_folder(environment).map(|folder| (folder.join("certman").join("certman.toml"), false))
            }
        };
        let system = system_file.map(|path| (path.to_owned(), false));
        let mut files = Vec::new();
        for (path, must_exist) in users.into_iter().chain(system) {
            let is_system = Some(path.as_path()) == system_file;
            if let Some(file) = ConfigFile::load(path, must_exist, is_system)? {
                files.push(file);
            }
        }
        let files = Self { files, home: environment.home() };
        files.check_paths()?;
        Ok(files)
    }

    /// Every path that is set says something, and none needs a home folder that is not known. An empty one would be the
    /// folder of the configuration; a `~` without a home a folder of that name.
    fn check_paths(&self) -> Result<(), Error> {
        for file in &self.files {
            let Document { bundle, client, .. } = &file.document;
            let named =
                [("bundle.out", &bundle.out), ("client.cert", &client.cert), ("client.key", &client.key)];
            let named = named.iter().filter_map(|(key, path)| Some((*key, path.as_ref()?)));
            for (key, path) in named.chain(bundle.sources.iter().map(|source| ("bundle.sources", source))) {
                let what = match path.get_ref().as_str() {
                    "" => "is empty: leave it out, or name a file".to_owned(),
                    text if key == "bundle.sources" && is_system(OsStr::new(text)) => NO_SYSTEM.to_owned(),
                    text if self.home.is_none() && is_below_home(text) => {
                        "starts with `~`, and HOME does not say where that is".to_owned()
                    }
                    _ => continue,
                };
                let line = line_at(&file.text, path.span().start);
                let what = format!("{key} {what}");
                return Err(Error::Wrong { hint: None, line, path: file.path.clone(), what });
            }
        }
        Ok(())
    }

    /// The first file's value.
    fn text(&self, key: impl Fn(&Document) -> &Option<toml::Spanned<String>>) -> Option<Set> {
        self.files.iter().find_map(|file| {
            let spanned = key(&file.document).as_ref()?;
            Some(Set {
                at: spanned.span().start,
                origin: Origin::File(file.path.clone()),
                text: spanned.get_ref().clone(),
            })
        })
    }

    /// The first file's value as a path, relative to that file.
    fn path(&self, key: impl Fn(&Document) -> &Option<toml::Spanned<String>>) -> Option<Value<PathBuf>> {
        let set = self.text(key)?;
        let Origin::File(file) = &set.origin else { return None };
        let value = self.absolute(&set.text, file);
        Some(Value { value, origin: set.origin })
    }

    /// The sources of all files: the system's before the user's.
    fn sources(&self) -> Vec<Value<Source>> {
        let mut sources = Vec::new();
        for file in self.files.iter().rev() {
            for source in &file.document.bundle.sources {
                let value = Source::Path(self.absolute(source.get_ref(), &file.path));
                sources.push(Value { origin: Origin::File(file.path.clone()), value });
            }
        }
        sources
    }

    /// A program in a configuration file: one that is named with its folder is found as a path is. Found from the current
    /// folder, it would be whatever a stranger has put there.
    fn program(&self, program: &str, file: &Path) -> String {
        if program.contains(['/', std::path::MAIN_SEPARATOR]) {
            self.absolute(program, file).to_string_lossy().into_owned()
        } else {
            program.to_owned()
        }
    }

    /// A path in a configuration file: `~` is the home folder, and what is relative starts where the file lies.
    fn absolute(&self, text: &str, file: &Path) -> PathBuf {
        let path = match (text.strip_prefix('~'), &self.home) {
            (Some(""), Some(home)) => home.clone(),
            (Some(rest), Some(home)) if rest.starts_with(['/', std::path::MAIN_SEPARATOR]) => {
                home.join(&rest[1..])
            }
            _ => PathBuf::from(text),
        };
        normal(&file.parent().unwrap_or(Path::new("")).join(path))
    }

    /// An error at a place in one of the files, or in a flag.
    fn error(&self, set: &Set, flag: &str, what: String) -> Error {
        match (&set.origin, self.files.iter().find(|file| set.origin == Origin::File(file.path.clone()))) {
            (_, Some(file)) => {
                Error::Wrong { hint: None, line: line_at(&file.text, set.at), path: file.path.clone(), what }
            }
            (Origin::Variable(name), _) => Error::Value { origin: (*name).to_owned(), what },
            _ => Error::Value { origin: flag.to_owned(), what },
        }
    }
}

impl ConfigFile {
    fn load(path: PathBuf, must_exist: bool, is_system: bool) -> Result<Option<Self>, Error> {
        let mut bytes = Vec::new();
        match fs::read_into(&path, &mut bytes, LIMIT) {
            Ok(()) => {}
            Err(ReadError::Missing) if !must_exist => return Ok(None),
            // Below what is no folder (`HOME=/dev/null`) there is no file either.
            Err(ReadError::Unreadable(error))
                if !must_exist && error.kind() == io::ErrorKind::NotADirectory =>
            {
                return Ok(None);
            }
            Err(why) => return Err(Error::Unreadable { is_system, path, why }),
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let line =
                    error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
                return Err(Error::Wrong { hint: None, line, path, what: "this is not UTF-8".into() });
            }
        };
        // Places in the text are counted from behind the mark.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        match toml::from_str::<Document>(&text) {
            Ok(document) => Ok(Some(Self { document, path, text })),
            Err(error) => Err(explain(&error, &text, path)),
        }
    }
}

/// Puts a mistake in the file into words: its line, and for an unknown key the nearest known one.
fn explain(error: &toml::de::Error, text: &str, path: PathBuf) -> Error {
    let line = line_at(text, error.span().map_or(0, |span| span.start));
    let message = error.message().lines().next().unwrap_or_default();
    let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let Some(unknown) = unknown else {
        // The library repeats a number that stands where a text should: a passphrase of digits, without quotes.
        let what =
            match message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected ")) {
                Some((_, "a string")) => "a text in quotes is expected here".to_owned(),
                Some((_, "a sequence")) => "a list is expected here: [\"…\", \"…\"]".to_owned(),
                Some(_) => "something else is expected here".to_owned(),
                None => message.to_owned(),
            };
        return Error::Wrong { hint: None, line, path, what };
    };
    let nearest = KEYS.iter().min_by_key(|key| {
        let name = key.rsplit('.').next().unwrap_or(key);
        distance(unknown, name)
    });
    let hint = match (FUTURE.contains(&unknown), nearest) {
        (true, _) => Some("this version of certman has no use for it yet".to_owned()),
        (false, Some(key)) => Some(format!("the nearest known key is `{key}`")),
        (false, None) => None,
    };
    Error::Wrong { hint, line, path, what: format!("unknown key `{unknown}`") }
}

/// Where relative paths on the command line start, and what variables say.
struct Here<'a> {
    current_folder: &'a Path,
    environment: &'a Environment,
}

impl Here<'_> {
    fn path(
        &self,
        typed: Option<PathBuf>,
        variable: &'static str,
        configured: Option<Value<PathBuf>>,
    ) -> Option<Value<PathBuf>> {
        let absolute = |path: &OsStr| {
            // `-` stays what it is: standard input or output.
            if path == "-" { PathBuf::from(path) } else { normal(&self.current_folder.join(path)) }
        };
        if let Some(path) = typed {
            return Some(Value { origin: Origin::Flag, value: absolute(path.as_os_str()) });
        }
        if let Some(path) = self.environment.value(variable) {
            return Some(Value { origin: Origin::Variable(variable), value: absolute(path) });
        }
        configured
    }

    fn text(&self, typed: Option<String>, variable: &'static str) -> Option<Set> {
        if let Some(text) = typed {
            return Some(Set { at: 0, origin: Origin::Flag, text });
        }
        let text = self.environment.value(variable)?.to_string_lossy().into_owned();
        Some(Set { at: 0, origin: Origin::Variable(variable), text })
    }

    fn passphrase(&self, set: Set, flag: &str, files: &Files) -> Result<Value<passphrase::Source>, Error> {
        let source = match set.text.parse::<passphrase::Source>() {
            Ok(source) => source,
            Err(error) => return Err(files.error(&set, flag, error.to_string())),
        };
        let source = match (source, &set.origin) {
            (passphrase::Source::File(path), Origin::File(file)) => {
                let text = path.to_string_lossy();
                if files.home.is_none() && is_below_home(&text) {
                    let what = "the path starts with `~`, and HOME does not say where that is".to_owned();
                    return Err(files.error(&set, flag, what));
                }
                passphrase::Source::File(files.absolute(&text, file))
            }
            (passphrase::Source::Command(mut words), Origin::File(file)) => {
                if let Some(program) = words.first_mut() {
                    *program = files.program(program, file);
                }
                passphrase::Source::Command(words)
            }
            (passphrase::Source::File(path), _) => {
                passphrase::Source::File(normal(&self.current_folder.join(path)))
            }
            (other, _) => other,
        };
        Ok(Value { origin: set.origin, value: source })
    }
}

fn threshold(set: Option<&Set>, flag: &str, files: &Files) -> Result<Option<Threshold>, Error> {
    let Some(set) = set else { return Ok(None) };
    match Threshold::parse(&set.text) {
        Some(threshold) => Ok(Some(threshold)),
        None => {
            let what = format!("'{}' is not a time such as 30d, 12h, 4w or 33%", set.text.escape_debug());
            Err(files.error(set, flag, what))
        }
    }
}

/// With one of the two given, the other follows in the usual proportion: a warning comes at twice the critical time.
fn both_thresholds(
    warn_set: Option<Set>,
    critical_set: Option<Set>,
    files: &Files,
) -> Result<Option<Thresholds>, Error> {
    let warn = threshold(warn_set.as_ref(), "--warn", files)?;
    let critical = threshold(critical_set.as_ref(), "--critical", files)?;
    let scaled = |threshold, by: fn(i64) -> i64| match threshold {
        Threshold::Percent(percent) => Threshold::Percent(by(percent.into()).clamp(0, 100) as u8),
        Threshold::Seconds(seconds) => Threshold::Seconds(by(seconds)),
    };
    let thresholds = match (warn, critical) {
        (None, None) => return Ok(None),
        (Some(warn), Some(critical)) => Thresholds { critical, warn },
        (Some(warn), None) => Thresholds { critical: scaled(warn, |time| time / 2), warn },
        (None, Some(critical)) => {
            Thresholds { critical, warn: scaled(critical, |time| time.saturating_mul(2)) }
        }
    };
    let is_reversed = match (thresholds.warn, thresholds.critical) {
        (Threshold::Seconds(warn), Threshold::Seconds(critical)) => critical > warn,
        (Threshold::Percent(warn), Threshold::Percent(critical)) => critical > warn,
        _ => false,
    };
    match (warn_set, critical_set) {
        (Some(warn), Some(critical)) if is_reversed => {
            let what = format!(
                "critical at {} ({}) leaves no time for the warning at {} ({})",
                thresholds.critical, critical.origin, thresholds.warn, warn.origin
            );
            // What was typed now is to be corrected before what was configured once.
            let (set, flag) =
                if warn.origin == Origin::Flag { (warn, "--warn") } else { (critical, "--critical") };
            Err(files.error(&set, flag, what))
        }
        _ => Ok(Some(thresholds)),
    }
}

/// Whether a text in a configuration file is the home folder or something below it.
fn is_below_home(text: &str) -> bool {
    text.strip_prefix('~')
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', std::path::MAIN_SEPARATOR]))
}

/// A path without `.` and doubled separators. `..` stays: behind a link it means something else.
fn normal(path: &Path) -> PathBuf {
    path.components().collect()
}

fn config_folder(environment: &Environment) -> Option<PathBuf> {
    folder(environment, "XDG_CONFIG_HOME", ".config", "APPDATA")
}

fn data_folder(environment: &Environment) -> Option<PathBuf> {
    folder(environment, "XDG_DATA_HOME", ".local/share", "APPDATA")
}

/// A base folder by the XDG rules, also on macOS: only an absolute path counts.
fn folder(environment: &Environment, variable: &str, below_home: &str, on_windows: &str) -> Option<PathBuf> {
    let variable = if cfg!(windows) { on_windows } else { variable };
    let set = environment.value(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    set.or_else(|| environment.home().map(|home| home.join(below_home)))
}

fn line_at(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|byte| *byte == b'\n').count() + 1
}

/// How many letters have to be changed, added, dropped or swapped with a neighbour (Damerau and Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for (row, letter) in one.iter().enumerate() {
        let above = &rows[row];
        let mut current = vec![row + 1];
        for (column, counterpart) in other.iter().enumerate() {
            let changed = above[column] + usize::from(letter != counterpart);
            let mut least = changed.min(above[column + 1] + 1).min(current[column] + 1);
            let is_swap =
                row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *counterpart;
            if is_swap {
                least = least.min(rows[row - 1][column - 1] + 1);
            }
            current.push(least);
        }
        rows.push(current);
    }
    rows[one.len()][other.len()]
}

/// Whether a source is the word for the trust store of the operating system. A file of that name is `./system`.
fn is_system(source: &OsStr) -> bool {
    source == "system" || source.as_encoded_bytes().starts_with(b"system:")
}

/// Keys that the next versions will have.
const FUTURE: [&str; 4] = ["doctor", "full", "profile", "proxy"];
/// Every key of `certman.toml`.
pub const KEYS: [&str; 11] = [
    "bundle",
    "bundle.out",
    "bundle.sources",
    "bundle.store_passphrase",
    "check",
    "check.critical",
    "check.warn",
    "client",
    "client.cert",
    "client.key",
    "client.passphrase",
];
/// What is said of the source `system`.
const NO_SYSTEM: &str =
    "means the trust store of the system, which this version does not read: name files and folders";
/// Far above any configuration.
const LIMIT: usize = 1 << 20;
/// Every variable that certman reads for itself.
pub const VARIABLES: [&str; 10] = [
    "CERTMAN_CERT",
    "CERTMAN_CONFIG",
    "CERTMAN_CRITICAL",
    "CERTMAN_KEY",
    "CERTMAN_OUT",
    "CERTMAN_PASSPHRASE_FROM",
    "CERTMAN_SHELL",
    "CERTMAN_SOURCES",
    "CERTMAN_STORE_PASSPHRASE_FROM",
    "CERTMAN_WARN",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a user's and a system's file, and what they come to.
    struct Machine {
        folder: tempfile::TempDir,
    }

    impl Machine {
        fn new(user: &str, system: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in [("user.toml", user), ("system.toml", system)] {
                let mut draft = fs::Draft::beside(&folder.path().join(name), fs::Kind::Public).unwrap();
                draft.write_all(text.as_bytes()).unwrap();
                draft.publish().unwrap();
            }
            Self { folder }
        }

        fn settings(&self, overrides: Overrides, variables: &[(&str, &str)]) -> Result<Settings, Error> {
            let user = self.folder.path().join("user.toml").display().to_string();
            let base = [("HOME", "/home/alice"), ("CERTMAN_CONFIG", user.as_str())];
            let environment = Environment::from_pairs(base.into_iter().chain(variables.iter().copied()));
            let system = self.folder.path().join("system.toml");
            Settings::resolve(overrides, &environment, Path::new("/start"), Some(&system))
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }
    }

    #[test]
    fn a_flag_beats_a_variable_beats_the_user_beats_the_system_beats_the_default() {
        let machine = Machine::new(
            "[client]\nkey = 'user.key'\n",
            "[client]\nkey = 'system.key'\ncert = 'system.pem'\n",
        );
        let typed = || Overrides { key: Some("typed.key".into()), ..Overrides::default() };
        let variable = [("CERTMAN_KEY", "variable.key")];
        let key = |overrides, variables: &[(&str, &str)]| {
            let key = machine.settings(overrides, variables).unwrap().key.unwrap();
            (key.value, key.origin)
        };
        assert_eq!(key(typed(), &variable), ("/start/typed.key".into(), Origin::Flag));
        let from_variable = (PathBuf::from("/start/variable.key"), Origin::Variable("CERTMAN_KEY"));
        assert_eq!(key(Overrides::default(), &variable), from_variable);
        let from_user = (machine.path("user.key"), Origin::File(machine.path("user.toml")));
        assert_eq!(key(Overrides::default(), &[]), from_user);
        let settings = machine.settings(Overrides::default(), &[]).unwrap();
        assert_eq!(settings.cert.unwrap().origin, Origin::File(machine.path("system.toml")));
        let out = settings.out.unwrap();
        assert_eq!(
            (out.value, out.origin),
            ("/home/alice/.local/share/certman/extra.pem".into(), Origin::Default)
        );
        assert_eq!(settings.passphrase.value, passphrase::Source::Keyring);
    }

    #[test]
    fn sources_of_both_files_add_up_and_typed_ones_stand_in_their_place() {
        let machine = Machine::new(
            "[bundle]\nsources = ['~/a.pem', 'b', '~bob/c']\n",
            "[bundle]\nsources = ['/etc/corp']\nout = 'x.pem'\n",
        );
        let sources = |overrides, variables: &[(&str, &str)]| -> Vec<Source> {
            let settings = machine.settings(overrides, variables).unwrap();
            settings.sources.into_iter().map(|source| source.value).collect()
        };
        let paths = |paths: &[PathBuf]| -> Vec<Source> { paths.iter().cloned().map(Source::Path).collect() };
        let configured =
            ["/etc/corp".into(), "/home/alice/a.pem".into(), machine.path("b"), machine.path("~bob/c")];
        assert_eq!(sources(Overrides::default(), &[]), paths(&configured));
        let listed = [("CERTMAN_SOURCES", "/one:two")];
        assert_eq!(sources(Overrides::default(), &listed), paths(&["/one".into(), "/start/two".into()]));
        let typed = Overrides { sources: vec!["-".into(), "~/d".into()], ..Overrides::default() };
        assert_eq!(sources(typed, &listed), [Source::StandardInput, Source::Path("/start/~/d".into())]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_the_nearest_key() {
        for (text, wanted_line, wanted_hint) in [
            ("[bundle]\nsorces = []\n", 2, Some("the nearest known key is `bundle.sources`")),
            // Behind a byte order mark the line was counted three bytes short.
            ("\u{feff}[bundle]\nsorces = []\n", 2, Some("the nearest known key is `bundle.sources`")),
            ("\n[cleint]\n", 2, Some("the nearest known key is `client`")),
            ("[client]\npasphrase = 'keyring'\n", 2, Some("the nearest known key is `client.passphrase`")),
            ("[proxy]\nhttps = 'x'\n", 1, Some("this version of certman has no use for it yet")),
            ("[bundle]\nout = 7\n", 2, None),
            ("[bundle\n", 1, None),
            ("[client]\npassphrase = 'geheim-1'\n", 2, None),
            ("[check]\n\nwarn = '30 days'\n", 3, None),
            // Forgotten quotes: a number is not repeated either.
            ("[client]\npassphrase = 1234567890\n", 2, None),
            ("[client]\npassphrase = 12345.67890\n", 2, None),
            ("[client]\npassphrase = [1234567890]\n", 2, None),
            ("[bundle]\nsources = 'geheim-1'\n", 2, None),
            ("[bundle]\nsources = ['a', 'system']\n", 2, None),
            // An empty path is the folder of the configuration nowhere.
            ("[client]\nkey = ''\n", 2, None),
            ("[client]\ncert = ''\n", 2, None),
            ("[bundle]\nout = ''\n", 2, None),
            ("[bundle]\nsources = [\n'a',\n'']\n", 4, None),
        ] {
            let machine = Machine::new(text, "");
            match machine.settings(Overrides::default(), &[]) {
                Err(Error::Wrong { hint, line, path, what }) => {
                    assert_eq!((line, hint.as_deref()), (wanted_line, wanted_hint), "{text}");
                    assert_eq!(path, machine.path("user.toml"));
                    assert!(
                        !what.contains("geheim-1") && !what.contains("67890"),
                        "a text that may be a passphrase is not repeated: {what}"
                    );
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn without_a_home_folder_a_tilde_is_no_folder_of_that_name() {
        for text in [
            "[bundle]\nout = '~/x.pem'\n",
            "[bundle]\nsources = ['/a', '~']\n",
            "[client]\nkey = '~/k'\n",
            "[client]\npassphrase = 'file:~/p'\n",
        ] {
            let machine = Machine::new(text, "");
            assert!(machine.settings(Overrides::default(), &[]).is_ok(), "{text}");
            let user = machine.path("user.toml").display().to_string();
            let environment = Environment::from_pairs([("CERTMAN_CONFIG", user.as_str())]);
            let error =
                Settings::resolve(Overrides::default(), &environment, Path::new("/start"), None).unwrap_err();
            assert!(matches!(&error, Error::Wrong { line: 2, what, .. } if what.contains("HOME")), "{error}");
        }
    }

    #[test]
    fn a_home_that_is_no_folder_holds_no_configuration() {
        let environment = Environment::from_pairs([("HOME", "/dev/null")]);
        let settings = Settings::resolve(Overrides::default(), &environment, Path::new("/start"), None);
        assert!(settings.is_ok(), "{settings:?}");
        let environment = Environment::from_pairs([("CERTMAN_CONFIG", "/dev/null/certman.toml")]);
        assert!(Settings::resolve(Overrides::default(), &environment, Path::new("/start"), None).is_err());
    }

    #[test]
    fn a_program_named_with_its_folder_is_found_from_the_configuration_and_not_from_where_one_stands() {
        let program = |line: &str| {
            let machine = Machine::new(&format!("[client]\npassphrase = '{line}'\n"), "");
            let settings = machine.settings(Overrides::default(), &[]).unwrap();
            match settings.passphrase.value {
                passphrase::Source::Command(words) => (words, machine.folder.path().to_owned()),
                other => panic!("{other:?}"),
            }
        };
        let (words, _) = program("command:pass show ./x");
        assert_eq!(words, ["pass", "show", "./x"]);
        for line in ["command:./ask ./x", "command:bin/../ask"] {
            let (words, folder) = program(line);
            assert!(Path::new(&words[0]).starts_with(&folder), "{line}: {words:?}");
        }
        let (words, _) = program("command:~/bin/ask");
        assert_eq!(words, ["/home/alice/bin/ask"]);
    }

    #[test]
    fn every_key_that_is_listed_is_read_and_no_other() {
        let document = toml::from_str::<Document>(
            "[bundle]\nout = 'x'\nsources = ['x']\nstore_passphrase = 'prompt'\n[check]\ncritical = '1d'\nwarn = '2d'\n\
             [client]\ncert = 'x'\nkey = 'x'\npassphrase = 'prompt'\n",
        );
        assert!(document.is_ok(), "{document:?}");
        for key in KEYS.iter().filter(|key| key.contains('.')) {
            let (table, name) = key.split_once('.').unwrap();
            let as_number = toml::from_str::<Document>(&format!("[{table}]\n{name} = 1\n")).unwrap_err();
            assert!(!as_number.message().contains("unknown field"), "{key}: {as_number}");
        }
    }

    #[test]
    fn one_threshold_brings_the_other_and_they_keep_their_order() {
        let settings = |text: &str| Machine::new(text, "").settings(Overrides::default(), &[]);
        let thresholds = |text: &str| settings(text).unwrap().thresholds.map(|both| both.to_string());
        assert_eq!(thresholds(""), None);
        assert_eq!(thresholds("[check]\nwarn = '30d'\n").as_deref(), Some("30d and 15d"));
        assert_eq!(thresholds("[check]\ncritical = '10%'\n").as_deref(), Some("20% and 10%"));
        assert!(settings("[check]\nwarn = '10d'\ncritical = '20d'\n").is_err());
    }
}
