//! Settings: what the command line, `CERTMAN_*` variables and the configuration files say, settled once, each value with
//! its origin. Two types keep apart what was typed ([`Overrides`]) and what it means ([`Settings`]).

pub mod edit;
mod profile;
mod proxy;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use self::profile::{Profile, profiles};
pub use self::proxy::Proxy;
use crate::doctor::hosts::{Host, HostError};
use crate::exports::Families;
use crate::pki::lifetime::{Threshold, Thresholds};
use crate::report::{Circumstances, Task};
use crate::source::{Source, UnknownPart};
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
    /// `--full`
    pub full: Option<PathBuf>,
    /// `--for`
    pub families: Option<String>,
    /// The hosts that `doctor` is to reach. They stand in the place of those configured.
    pub hosts: Vec<String>,
    /// `--java`
    pub java: Option<PathBuf>,
    /// `--key`
    pub key: Option<PathBuf>,
    /// `-o`, `--out`
    pub out: Option<PathBuf>,
    /// `--passphrase`
    pub passphrase: Option<String>,
    /// `--profile`
    pub profile: Option<String>,
    /// `--public-roots`
    pub public_roots: Option<String>,
    /// Sources named on the command line. They stand in the place of those configured.
    pub sources: Vec<PathBuf>,
    /// `--store-passphrase`
    pub store_passphrase: Option<String>,
    /// `--warn`
    pub warn: Option<String>,
}

/// What it means: absolute and complete.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The client's certificate chain.
    pub cert: Option<Value<PathBuf>>,
    /// The folder for what certman writes where nothing else is said; none where there is no home folder.
    pub data: Option<PathBuf>,
    /// The user's configuration file, there or not; none where there is no home folder and no other is named.
    pub file: Option<PathBuf>,
    /// Where the full bundle is written, public roots and all; [`Origin::Default`] where nobody has asked for one. None where
    /// there is no home folder to put it in.
    pub full: Option<Value<PathBuf>>,
    /// The clients that the environment is for.
    pub families: Families,
    /// The hosts that `doctor` reaches; [`Origin::Default`] where nobody has named any.
    pub hosts: Value<Vec<Host>>,
    /// Where Java's trust store is written; none where there is no home folder to put it in.
    pub java: Option<Value<PathBuf>>,
    /// The client's private key.
    pub key: Option<Value<PathBuf>>,
    /// Where the bundle is written; none where there is no home folder to put it in.
    pub out: Option<Value<PathBuf>>,
    /// Where the passphrase comes from.
    pub passphrase: Value<passphrase::Source>,
    /// The name of the active profile: ASCII letters, digits, `_` and `-`. What certman keeps by itself, it keeps apart by it.
    pub profile: Option<String>,
    /// The proxy, where one is configured.
    pub proxy: Option<Proxy>,
    /// Where the public roots of the full bundle come from; none where the trust store of the operating system serves if there
    /// is one, and Mozilla's set if not.
    pub public_roots: Option<PublicRoots>,
    /// Certificate and key, as far as `import` may replace what is there: set by a variable or in the user's own file, and for the
    /// active profile itself where there is one.
    pub replaceable: (Option<PathBuf>, Option<PathBuf>),
    /// The sources, in their order; what was added to the bundle one by one comes last.
    pub sources: Vec<Value<Source>>,
    /// Where the passphrases of stores come from.
    pub store_passphrase: Value<passphrase::Source>,
    /// When to speak up; none where the standard for each kind of certificate holds.
    pub thresholds: Option<Thresholds>,
}

/// Where the public roots of the full bundle come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicRoots {
    /// Mozilla's set, as this program was built with it.
    Mozilla,
    /// The trust store of the operating system.
    System,
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
    /// A value on the command line or in a variable, with a next step of its own.
    #[error("{origin}: {what}")]
    Typed {
        /// The next step.
        hint: String,
        /// The flag or the variable.
        origin: &'static str,
        /// What is wrong.
        what: String,
    },
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
        Self::settle(overrides, Here { current_folder, environment }, files)
    }

    /// What a text would mean as the user's file at `path`, with nothing but defaults around it. `home` is the home folder,
    /// where there is one.
    ///
    /// # Errors
    /// For a text that is wrong.
    pub fn of_text(text: &str, path: &Path, home: Option<&Path>) -> Result<Self, Error> {
        let file = ConfigFile::read(text.as_bytes().to_vec(), path.to_owned())?;
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let environment = Environment::from_pairs(home.map(|home| (name, home)));
        let files = Files::of(vec![file], &environment, None)?;
        Self::settle(
            Overrides::default(),
            Here { current_folder: Path::new(""), environment: &environment },
            files,
        )
    }

    fn settle(overrides: Overrides, here: Here<'_>, mut files: Files) -> Result<Self, Error> {
        let environment = here.environment;
        files.profile = files.active_profile(here.text(overrides.profile, "CERTMAN_PROFILE"))?;

        let cert = here.path(overrides.cert, "CERTMAN_CERT", files.path(|file| &file.client.cert));
        let full = here.path(overrides.full, "CERTMAN_FULL", files.own_path(|file| &file.bundle.full));
        let full = full.or_else(|| files.default_output(environment, "full.pem"));
        let java = here.path(overrides.java, "CERTMAN_JAVA", files.own_path(|file| &file.bundle.java));
        let java = java.or_else(|| files.default_output(environment, "java.p12"));
        let key = here.path(overrides.key, "CERTMAN_KEY", files.path(|file| &file.client.key));
        let out = here.path(overrides.out, "CERTMAN_OUT", files.own_path(|file| &file.bundle.out));
        let out = out.or_else(|| files.default_output(environment, "extra.pem"));

        let is_typed = !overrides.sources.is_empty();
        let mut sources = if is_typed {
            here.sources(overrides.sources, &Origin::Flag)?
        } else if let Some(list) = environment.value("CERTMAN_SOURCES") {
            here.sources(split_sources(list), &Origin::Variable("CERTMAN_SOURCES"))?
        } else {
            files.sources()
        };
        let added = out.as_ref().and_then(|out| added_folder(&out.value)).filter(|_| !is_typed);
        // A folder that cannot be read is a source that cannot be read, and says so there.
        let is_source = |folder: &PathBuf| {
            fs::is_there(folder) && !fs::names_in(folder).is_ok_and(|names| names.is_empty())
        };
        if let Some(folder) = added.filter(is_source) {
            sources.push(Value { origin: Origin::Default, value: Source::Path(folder) });
        }

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

        let families = here.text(overrides.families, "CERTMAN_FOR");
        let families = families.or_else(|| files.text(|file| &file.env.families));
        let families = match families {
            None => Families::default(),
            Some(set) => match set.text.parse() {
                Ok(families) => families,
                Err(error) => return Err(files.error(&set, "--for", format!("the client {error}"))),
            },
        };

        let public_roots = here.text(overrides.public_roots, "CERTMAN_PUBLIC_ROOTS");
        let public_roots = public_roots.or_else(|| files.text(|file| &file.bundle.public_roots));
        let public_roots = public_roots.map(|set| PublicRoots::read(&set, &files)).transpose()?;

        let warn = here.text(overrides.warn, "CERTMAN_WARN");
        let warn = warn.or_else(|| files.text(|file| &file.check.warn));
        let critical = here.text(overrides.critical, "CERTMAN_CRITICAL");
        let critical = critical.or_else(|| files.text(|file| &file.check.critical));
        let thresholds = both_thresholds(warn, critical, &files)?;
        let hosts = hosts(overrides.hosts, &here, &files)?;
        let proxy = Proxy::resolve(&here, &files)?;
        let of_variable = |name| here.path(None, name, None).map(|path| path.value);
        let replaceable = (
            of_variable("CERTMAN_CERT").or_else(|| files.users_path(|file| &file.client.cert)),
            of_variable("CERTMAN_KEY").or_else(|| files.users_path(|file| &file.client.key)),
        );

        Ok(Self {
            cert,
            data: files.own_folder(environment),
            file: files.user,
            families,
            full,
            hosts,
            java,
            key,
            out,
            passphrase,
            profile: files.profile,
            proxy,
            public_roots,
            replaceable,
            sources,
            store_passphrase,
            thresholds,
        })
    }

    /// What the command of a next step would take from here too, and what it has to be told again.
    pub fn circumstances(&self) -> Circumstances {
        let configured = self.key.as_ref().filter(|key| key.origin != Origin::Flag);
        Circumstances {
            families: self.families.clone(),
            is_passphrase_typed: self.passphrase.origin == Origin::Flag,
            key: configured.map(|key| key.value.clone()),
            passphrase: self.passphrase.value.clone(),
            store_passphrase: self.store_passphrase.value.clone(),
            task: Task::Other,
        }
    }

    /// The keyring's name for an entry: as it is, with a profile `NAME/` before it.
    pub fn account(&self, entry: &str) -> String {
        match &self.profile {
            Some(profile) => format!("{profile}/{entry}"),
            None => entry.to_owned(),
        }
    }
}

/// The folder for the certificates that were added to the bundle at `out` one by one: what lies in it is a source of this bundle,
/// and of no other. None for standard output.
pub fn added_folder(out: &Path) -> Option<PathBuf> {
    let mut name = out.file_name().filter(|_| out != Path::new("-"))?.to_owned();
    name.push(".added.d");
    Some(out.with_file_name(name))
}

impl PublicRoots {
    fn read(set: &Set, files: &Files) -> Result<Self, Error> {
        match set.text.as_str() {
            "mozilla" => Ok(Self::Mozilla),
            "system" => Ok(Self::System),
            other => {
                let what = format!("'{}' is neither system nor mozilla", other.escape_debug());
                Err(files.error(set, "--public-roots", what))
            }
        }
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
    doctor: DoctorTable,
    env: EnvTable,
    /// By their names; a profile has none of its own.
    profile: BTreeMap<toml::Spanned<String>, Document>,
    proxy: proxy::Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BundleTable {
    full: Option<toml::Spanned<String>>,
    java: Option<toml::Spanned<String>>,
    out: Option<toml::Spanned<String>>,
    public_roots: Option<toml::Spanned<String>>,
    sources: Option<Vec<toml::Spanned<String>>>,
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
struct DoctorTable {
    hosts: Option<Vec<toml::Spanned<String>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EnvTable {
    #[serde(rename = "for")]
    families: Option<toml::Spanned<String>>,
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
    /// The name of the active profile.
    profile: Option<String>,
    /// The user's, there or not.
    user: Option<PathBuf>,
}

struct ConfigFile {
    document: Document,
    path: PathBuf,
    text: String,
}

/// A text that was set somewhere, and the place in the file where it stands.
#[derive(Clone)]
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
        let users = users_file(named, environment, current_folder);
        let user = users.as_ref().map(|(path, _)| path.clone());
        let system = system_file.map(|path| (path.to_owned(), false));
        let mut files = Vec::new();
        for (path, must_exist) in users.into_iter().chain(system) {
            let is_system = Some(path.as_path()) == system_file;
            if let Some(file) = ConfigFile::load(path, must_exist, is_system)? {
                files.push(file);
            }
        }
        Self::of(files, environment, user)
    }

    fn of(files: Vec<ConfigFile>, environment: &Environment, user: Option<PathBuf>) -> Result<Self, Error> {
        let files = Self { files, home: environment.home(), profile: None, user };
        files.check_profiles()?;
        files.check_paths()?;
        Ok(files)
    }

    /// The tables in the order in which they are asked: those of the active profile before those at the top, the user's before
    /// the system's.
    fn layers(&self) -> impl Iterator<Item = (&Document, &ConfigFile)> {
        let tops = self.files.iter().map(|file| (&file.document, file));
        self.layers_of_profile().chain(tops)
    }

    /// Those of the active profile.
    fn layers_of_profile(&self) -> impl Iterator<Item = (&Document, &ConfigFile)> {
        self.files
            .iter()
            .filter_map(|file| Some((file.document.profile.get(self.profile.as_deref()?)?, file)))
    }

    /// Every path that is set says something, and none needs a home folder that is not known. An empty one would be the
    /// folder of the configuration; a `~` without a home a folder of that name.
    fn check_paths(&self) -> Result<(), Error> {
        let documents = self.files.iter().flat_map(|file| {
            std::iter::once(&file.document).chain(file.document.profile.values()).map(move |one| (one, file))
        });
        for (document, file) in documents {
            let Document { bundle, client, .. } = document;
            let named = [
                ("bundle.full", &bundle.full),
                ("bundle.java", &bundle.java),
                ("bundle.out", &bundle.out),
                ("client.cert", &client.cert),
                ("client.key", &client.key),
            ];
            let named = named.iter().filter_map(|(key, path)| Some((*key, path.as_ref()?)));
            let sources = bundle.sources.iter().flatten().map(|source| ("bundle.sources", source));
            for (key, path) in named.chain(sources) {
                let what = match path.get_ref().as_str() {
                    "" => "is empty: leave it out, or name a file".to_owned(),
                    text if key == "bundle.sources" && Source::system(OsStr::new(text)).is_err() => {
                        format!("has '{}': {UnknownPart}", text.escape_debug())
                    }
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

    /// The first value.
    fn text(&self, key: impl Fn(&Document) -> &Option<toml::Spanned<String>>) -> Option<Set> {
        self.layers().find_map(|(document, file)| Some(file.set(key(document).as_ref()?)))
    }

    /// The first value as a path, relative to its file.
    fn path(&self, key: impl Fn(&Document) -> &Option<toml::Spanned<String>>) -> Option<Value<PathBuf>> {
        self.path_in(self.layers(), key)
    }

    /// The same for what is certman's own: a profile does not take it over from the top, since two profiles that write to one
    /// place would take turns.
    fn own_path(&self, key: impl Fn(&Document) -> &Option<toml::Spanned<String>>) -> Option<Value<PathBuf>> {
        match &self.profile {
            Some(_) => self.path_in(self.layers_of_profile(), key),
            None => self.path_in(self.layers(), key),
        }
    }

    fn path_in<'f>(
        &'f self,
        mut layers: impl Iterator<Item = (&'f Document, &'f ConfigFile)>,
        key: impl Fn(&Document) -> &Option<toml::Spanned<String>>,
    ) -> Option<Value<PathBuf>> {
        let set = layers.find_map(|(document, file)| Some(file.set(key(document).as_ref()?)))?;
        let Origin::File(file) = &set.origin else { return None };
        let value = self.absolute(&set.text, file);
        Some(Value { value, origin: set.origin })
    }

    fn default_output(&self, environment: &Environment, name: &str) -> Option<Value<PathBuf>> {
        Some(Value { origin: Origin::Default, value: self.own_folder(environment)?.join(name) })
    }

    /// The folder for what is certman's own, apart for each profile.
    fn own_folder(&self, environment: &Environment) -> Option<PathBuf> {
        let folder = data_folder(environment)?.join("certman");
        Some(match &self.profile {
            Some(profile) => folder.join("profiles").join(profile),
            None => folder,
        })
    }

    /// A path that the user's own file sets, for the active profile alone where there is one.
    fn users_path(&self, key: impl Fn(&Document) -> &Option<toml::Spanned<String>>) -> Option<PathBuf> {
        let value = self.own_path(key)?;
        (self.user.as_ref().map(|user| Origin::File(user.clone())) == Some(value.origin))
            .then_some(value.value)
    }

    /// The sources of all files: the system's before the user's. Within a file those of the profile stand in the place of those
    /// at the top.
    fn sources(&self) -> Vec<Value<Source>> {
        let mut sources = Vec::new();
        for file in self.files.iter().rev() {
            let profile = self.profile.as_deref().and_then(|name| file.document.profile.get(name));
            let of_profile = profile.and_then(|document| document.bundle.sources.as_ref());
            for source in of_profile.or(file.document.bundle.sources.as_ref()).into_iter().flatten() {
                let system = Source::system(OsStr::new(source.get_ref())).ok().flatten();
                let value =
                    system.unwrap_or_else(|| Source::Path(self.absolute(source.get_ref(), &file.path)));
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
        Self::read(bytes, path).map(Some)
    }

    fn read(bytes: Vec<u8>, path: PathBuf) -> Result<Self, Error> {
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
            Ok(document) => Ok(Self { document, path, text }),
            Err(error) => Err(explain(&error, &text, path)),
        }
    }

    fn set(&self, spanned: &toml::Spanned<String>) -> Set {
        let origin = Origin::File(self.path.clone());
        Set { at: spanned.span().start, origin, text: spanned.get_ref().clone() }
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
                Some((_, proxy::LIST_OR_TEXT)) => {
                    "a list is expected here, or a text in quotes: [\"…\", \"…\"]".to_owned()
                }
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
    let hint = nearest.map(|key| format!("the nearest known key is `{key}`"));
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

    fn sources(&self, typed: Vec<PathBuf>, origin: &Origin) -> Result<Vec<Value<Source>>, Error> {
        let sources = typed.into_iter().map(|path| match Source::typed(&path, self.current_folder) {
            Ok(value) => Ok(Value { origin: origin.clone(), value }),
            Err(error) => {
                let name = if let Origin::Variable(name) = origin { name } else { "SOURCE" };
                let what = format!("'{}': {error}", path.display());
                Err(Error::Value { origin: name.to_owned(), what })
            }
        });
        sources.collect()
    }

    fn text(&self, typed: Option<String>, variable: &'static str) -> Option<Set> {
        if let Some(text) = typed {
            return Some(Set { at: 0, origin: Origin::Flag, text });
        }
        let text = self.environment.value(variable)?.to_string_lossy().into_owned();
        Some(Set { at: 0, origin: Origin::Variable(variable), text })
    }

    fn passphrase(&self, set: Set, flag: &str, files: &Files) -> Result<Value<passphrase::Source>, Error> {
        match set.text.parse::<passphrase::Source>() {
            Ok(source) => self.place(source, set, flag, files),
            Err(error) => Err(files.error(&set, flag, error.to_string())),
        }
    }

    /// A place for a passphrase, its paths by the rules of where it was named.
    fn place(
        &self,
        source: passphrase::Source,
        set: Set,
        flag: &str,
        files: &Files,
    ) -> Result<Value<passphrase::Source>, Error> {
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

/// The hosts that `doctor` reaches: those that were typed, else those of `CERTMAN_DOCTOR_HOSTS`, else those of the first file that
/// has any, else those without which Claude Code does not work.
fn hosts(typed: Vec<String>, here: &Here<'_>, files: &Files) -> Result<Value<Vec<Host>>, Error> {
    let wrong = |text: &str, error: HostError, origin: &'static str| {
        // What has an `@` in it may be a password.
        let named = if text.contains('@') { String::new() } else { format!("'{}' ", text.escape_debug()) };
        Error::Typed { hint: error.hint().to_owned(), origin, what: format!("{named}{error}") }
    };
    let named = |texts: &[&str], origin: Origin, name: &'static str| {
        Host::named(texts.iter().copied())
            .map(|value| Value { origin, value })
            .map_err(|(number, error)| wrong(texts[number], error, name))
    };
    if !typed.is_empty() {
        let texts: Vec<&str> = typed.iter().map(String::as_str).collect();
        return named(&texts, Origin::Flag, "HOST");
    }
    if let Some(set) = here.text(None, "CERTMAN_DOCTOR_HOSTS") {
        let texts = set.text.split(|c: char| c == ',' || c.is_whitespace()).filter(|text| !text.is_empty());
        return named(&texts.collect::<Vec<_>>(), set.origin, "CERTMAN_DOCTOR_HOSTS");
    }
    let listed = files.layers().find_map(|(document, file)| Some((document.doctor.hosts.as_ref()?, file)));
    let Some((list, file)) = listed else {
        return Ok(Value { origin: Origin::Default, value: Host::required() });
    };
    Host::named(list.iter().map(|text| text.get_ref().as_str()))
        .map(|value| Value { origin: Origin::File(file.path.clone()), value })
        .map_err(|(number, error)| Error::Wrong {
            hint: Some(error.hint().to_owned()),
            line: line_at(&file.text, list[number].span().start),
            path: file.path.clone(),
            what: format!("doctor.hosts has an entry that {error}"),
        })
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

/// The sources in `CERTMAN_SOURCES`. Where colons separate them, one of them is cut in two, and put together again: a folder
/// `corporate` behind a source `system` is written `./corporate`.
fn split_sources(list: &OsStr) -> Vec<PathBuf> {
    let mut sources: Vec<PathBuf> = Vec::new();
    for source in std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()) {
        match sources.last_mut() {
            Some(last) if last.as_os_str() == "system" && source.as_os_str() == "corporate" => {
                *last = "system:corporate".into();
            }
            _ => sources.push(source),
        }
    }
    sources
}

/// A path without `.` and doubled separators. `..` stays: behind a link it means something else.
fn normal(path: &Path) -> PathBuf {
    path.components().collect()
}

/// The user's file, and whether somebody has named it, so that it has to be there: `named`, else `CERTMAN_CONFIG`, else the usual
/// place. None where there is no home folder.
pub fn users_file(
    named: Option<&Path>,
    environment: &Environment,
    current_folder: &Path,
) -> Option<(PathBuf, bool)> {
    let from_variable = environment.value("CERTMAN_CONFIG").map(Path::new);
    match named.or(from_variable) {
        Some(path) => Some((current_folder.join(path), true)),
        None => config_folder(environment).map(|folder| (folder.join("certman").join("certman.toml"), false)),
    }
}

/// The folder for configurations by the XDG rules, also on macOS; none where there is no home folder.
pub fn config_folder(environment: &Environment) -> Option<PathBuf> {
    folder(environment, "XDG_CONFIG_HOME", ".config", "APPDATA")
}

fn data_folder(environment: &Environment) -> Option<PathBuf> {
    folder(environment, "XDG_DATA_HOME", ".local/share", "APPDATA")
}

/// Where certman keeps what it has done: `$XDG_STATE_HOME/certman`, on Windows below `%LOCALAPPDATA%`. None without a home
/// folder.
pub fn state_folder(environment: &Environment) -> Option<PathBuf> {
    let folder = folder(environment, "XDG_STATE_HOME", ".local/state", "LOCALAPPDATA")?;
    Some(folder.join("certman"))
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
pub(crate) fn distance(one: &str, other: &str) -> usize {
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

/// Every key of `certman.toml`.
pub const KEYS: [&str; 25] = [
    "bundle",
    "bundle.full",
    "bundle.java",
    "bundle.out",
    "bundle.public_roots",
    "bundle.sources",
    "bundle.store_passphrase",
    "check",
    "check.critical",
    "check.warn",
    "client",
    "client.cert",
    "client.key",
    "client.passphrase",
    "doctor",
    "doctor.hosts",
    "env",
    "env.for",
    "profile",
    "proxy",
    "proxy.http",
    "proxy.https",
    "proxy.no_proxy",
    "proxy.password",
    "proxy.username",
];
/// Far above any configuration.
const LIMIT: usize = 1 << 20;
/// Every variable that certman reads for itself.
pub const VARIABLES: [&str; 22] = [
    "CERTMAN_CERT",
    "CERTMAN_CONFIG",
    "CERTMAN_CRITICAL",
    "CERTMAN_DOCTOR_HOSTS",
    "CERTMAN_FOR",
    "CERTMAN_FULL",
    "CERTMAN_JAVA",
    "CERTMAN_KEY",
    "CERTMAN_NO_PROXY",
    "CERTMAN_OUT",
    "CERTMAN_PASSPHRASE_FROM",
    "CERTMAN_PROFILE",
    "CERTMAN_PROXY_HTTP",
    "CERTMAN_PROXY_HTTPS",
    "CERTMAN_PROXY_PASSWORD_FROM",
    "CERTMAN_PROXY_USERNAME",
    "CERTMAN_PUBLIC_ROOTS",
    "CERTMAN_SHELL",
    "CERTMAN_SOURCES",
    "CERTMAN_STORE_PASSPHRASE_FROM",
    "CERTMAN_SYSTEM_ROOT",
    "CERTMAN_WARN",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Address;

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
    fn the_trust_store_is_a_word_and_a_file_of_that_name_a_path() {
        let machine = Machine::new("[bundle]\nsources = ['system', './system', 'system:corporate']\n", "");
        let sources = |overrides, variables: &[(&str, &str)]| -> Vec<Source> {
            let settings = machine.settings(overrides, variables).unwrap();
            settings.sources.into_iter().map(|source| source.value).collect()
        };
        let file = Source::Path(machine.path("system"));
        assert_eq!(sources(Overrides::default(), &[]), [Source::System, file, Source::SystemCorporate]);
        let typed = Overrides { sources: vec!["system".into(), "./system".into()], ..Overrides::default() };
        assert_eq!(sources(typed, &[]), [Source::System, Source::Path("/start/system".into())]);
        // The colon of `system:corporate` separates sources too.
        for (list, wanted) in [
            ("system:corporate", vec![Source::SystemCorporate]),
            (
                "/a:system:corporate:system",
                vec![Source::Path("/a".into()), Source::SystemCorporate, Source::System],
            ),
            ("system:./corporate", vec![Source::System, Source::Path("/start/corporate".into())]),
        ] {
            assert_eq!(sources(Overrides::default(), &[("CERTMAN_SOURCES", list)]), wanted, "{list}");
        }
        let typed = Overrides { sources: vec!["system:mine".into()], ..Overrides::default() };
        let error = machine.settings(typed, &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("SOURCE: 'system:mine': ") && error.contains("`system:corporate`"),
            "{error}"
        );
    }

    #[test]
    fn the_full_bundle_has_a_place_that_tells_whether_anybody_asked_for_it() {
        let machine = Machine::new("", "");
        let full = |overrides, variables: &[(&str, &str)]| {
            let full = machine.settings(overrides, variables).unwrap().full.unwrap();
            (full.value, full.origin)
        };
        let usual = PathBuf::from("/home/alice/.local/share/certman/full.pem");
        assert_eq!(full(Overrides::default(), &[]), (usual, Origin::Default));
        let variable = [("CERTMAN_FULL", "f.pem")];
        let from_variable = ("/start/f.pem".into(), Origin::Variable("CERTMAN_FULL"));
        assert_eq!(full(Overrides::default(), &variable), from_variable);
        let typed = || Overrides { full: Some("g.pem".into()), ..Overrides::default() };
        assert_eq!(full(typed(), &variable), ("/start/g.pem".into(), Origin::Flag));
        let wrong = machine.settings(Overrides::default(), &[("CERTMAN_PUBLIC_ROOTS", "apple")]).unwrap_err();
        assert_eq!(wrong.to_string(), "CERTMAN_PUBLIC_ROOTS: 'apple' is neither system nor mozilla");
    }

    #[test]
    fn hosts_of_one_place_stand_in_the_place_of_the_others() {
        let machine = Machine::new(
            "[doctor]\nhosts = ['default', 'a.example:8443']\n[profile.work.doctor]\nhosts = ['b.example']\n",
            "[doctor]\nhosts = ['c.example']\n",
        );
        let hosts = |overrides, variables: &[(&str, &str)]| -> (Vec<String>, Origin) {
            let hosts = machine.settings(overrides, variables).unwrap().hosts;
            (hosts.value.into_iter().map(|host| host.authority()).collect(), hosts.origin)
        };
        let default = ["api.anthropic.com:443", "claude.ai:443", "platform.claude.com:443"];
        let user = Origin::File(machine.path("user.toml"));
        let all = [&default[..], &["a.example:8443"]].concat();
        assert_eq!(
            hosts(Overrides::default(), &[]),
            (all.iter().map(ToString::to_string).collect(), user.clone())
        );
        let work = Overrides { profile: Some("work".to_owned()), ..Overrides::default() };
        assert_eq!(hosts(work, &[]), (vec!["b.example:443".to_owned()], user));
        let variable = [("CERTMAN_DOCTOR_HOSTS", " d.example, e.example:1 ")];
        let listed = (
            vec!["d.example:443".to_owned(), "e.example:1".to_owned()],
            Origin::Variable("CERTMAN_DOCTOR_HOSTS"),
        );
        assert_eq!(hosts(Overrides::default(), &variable), listed);
        let typed = || Overrides { hosts: vec!["f.example".to_owned()], ..Overrides::default() };
        assert_eq!(hosts(typed(), &variable), (vec!["f.example:443".to_owned()], Origin::Flag));
        let empty = Machine::new("", "").settings(Overrides::default(), &[]).unwrap().hosts;
        assert_eq!((empty.value, empty.origin), (Host::required(), Origin::Default));
        let wrong =
            machine.settings(Overrides::default(), &[("CERTMAN_DOCTOR_HOSTS", "x:geheim@y")]).unwrap_err();
        assert_eq!(wrong.to_string(), "CERTMAN_DOCTOR_HOSTS: has a user name or a password in it");
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_the_nearest_key() {
        for (text, wanted_line, wanted_hint) in [
            ("[bundle]\nsorces = []\n", 2, Some("the nearest known key is `bundle.sources`")),
            // Behind a byte order mark the line was counted three bytes short.
            ("\u{feff}[bundle]\nsorces = []\n", 2, Some("the nearest known key is `bundle.sources`")),
            ("\n[cleint]\n", 2, Some("the nearest known key is `client`")),
            ("[client]\npasphrase = 'keyring'\n", 2, Some("the nearest known key is `client.passphrase`")),
            ("[doctor]\nhosts = 'x'\n", 2, None),
            ("[doctor]\nhost = ['x']\n", 2, Some("the nearest known key is `doctor.hosts`")),
            (
                "[doctor]\nhosts = ['a', 'https://alice:geheim-1@b']\n",
                2,
                Some("write the host alone; what a proxy is told belongs into [proxy] of certman.toml"),
            ),
            ("[bundle]\nout = 7\n", 2, None),
            ("[bundle\n", 1, None),
            ("[client]\npassphrase = 'geheim-1'\n", 2, None),
            ("[check]\n\nwarn = '30 days'\n", 3, None),
            // Forgotten quotes: a number is not repeated either.
            ("[client]\npassphrase = 1234567890\n", 2, None),
            ("[client]\npassphrase = 12345.67890\n", 2, None),
            ("[client]\npassphrase = [1234567890]\n", 2, None),
            ("[bundle]\nsources = 'geheim-1'\n", 2, None),
            ("[bundle]\nsources = ['a', 'system:mine']\n", 2, None),
            ("[bundle]\n\npublic_roots = 'Mozilla'\n", 3, None),
            ("[bundle]\nfull = ''\n", 2, None),
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
            "[bundle]\nfull = 'x'\njava = 'x'\nout = 'x'\npublic_roots = 'x'\nsources = ['x']\nstore_passphrase = 'prompt'\n[check]\ncritical = '1d'\nwarn = '2d'\n\
             [client]\ncert = 'x'\nkey = 'x'\npassphrase = 'prompt'\n[env]\nfor = 'x'\n\
             [proxy]\nhttp = 'x'\nhttps = 'x'\nno_proxy = ['x']\npassword = 'x'\nusername = 'x'\n",
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

    #[test]
    fn a_profile_stands_before_the_top_of_both_files_and_the_user_before_the_system() {
        let machine = Machine::new(
            "[client]\nkey = 'top.key'\ncert = 'top.pem'\n[check]\nwarn = '9d'\n[profile.work.client]\nkey = 'work.key'\n",
            "[check]\nwarn = '8d'\n[profile.work.client]\nkey = 'system.key'\n[profile.work.check]\nwarn = '7d'\n",
        );
        let settings = |profile: Option<&str>, variables: &[(&str, &str)]| {
            let overrides = Overrides { profile: profile.map(str::to_owned), ..Overrides::default() };
            machine.settings(overrides, variables).unwrap()
        };
        let facts = |settings: Settings| {
            let key = settings.key.unwrap().value;
            (key, settings.cert.unwrap().value, settings.thresholds.unwrap().warn.to_string())
        };
        let top = (machine.path("top.key"), machine.path("top.pem"), "9d".to_owned());
        let work = (machine.path("work.key"), machine.path("top.pem"), "7d".to_owned());
        assert_eq!(facts(settings(None, &[])), top);
        assert_eq!(facts(settings(Some("work"), &[])), work);
        assert_eq!(facts(settings(None, &[("CERTMAN_PROFILE", "work")])), work);
        assert_eq!(facts(settings(None, &[("CERTMAN_PROFILE", "")])), top);
        // A flag and a variable stand before it as before everything.
        let variable = facts(settings(Some("work"), &[("CERTMAN_KEY", "/k")]));
        assert_eq!(variable.0, PathBuf::from("/k"));
    }

    #[test]
    fn sources_of_a_profile_stand_in_the_place_of_those_of_their_file_alone() {
        let machine = Machine::new(
            "[bundle]\nsources = ['/user']\n[profile.a.bundle]\nsources = ['/a']\n[profile.none.bundle]\nsources = []\n\
             [profile.b]\n",
            "[bundle]\nsources = ['/system']\n[profile.b.bundle]\nsources = ['/system-b']\n",
        );
        let sources = |profile: &str| -> Vec<String> {
            let overrides = Overrides { profile: Some(profile.to_owned()), ..Overrides::default() };
            let sources = machine.settings(overrides, &[]).unwrap().sources.into_iter();
            let path = |source| match source {
                Source::Path(path) => path.display().to_string(),
                other => panic!("{other:?}"),
            };
            sources.map(|source| path(source.value)).collect()
        };
        assert_eq!(sources("a"), ["/system", "/a"]);
        assert_eq!(sources("b"), ["/system-b", "/user"]);
        assert_eq!(sources("none"), ["/system"]);
    }

    #[test]
    fn what_certman_keeps_by_itself_it_keeps_apart_for_each_profile() {
        let machine =
            Machine::new("[bundle]\nout = 'x.pem'\n[profile.a]\n[profile.b.bundle]\nout = 'b.pem'\n", "");
        let settings = |profile: Option<&str>, variables: &[(&str, &str)]| {
            let overrides = Overrides { profile: profile.map(str::to_owned), ..Overrides::default() };
            machine.settings(overrides, variables).unwrap()
        };
        let out = |profile, variables| settings(profile, variables).out.unwrap().value;
        assert_eq!(out(None, &[]), machine.path("x.pem"));
        assert_eq!(
            out(Some("a"), &[]),
            PathBuf::from("/home/alice/.local/share/certman/profiles/a/extra.pem")
        );
        assert_eq!(out(Some("b"), &[]), machine.path("b.pem"));
        assert_eq!(out(Some("b"), &[("CERTMAN_OUT", "/v.pem")]), PathBuf::from("/v.pem"));
        assert_eq!(settings(None, &[]).account("client-key:/k"), "client-key:/k");
        assert_eq!(settings(Some("a"), &[]).account("client-key:/k"), "a/client-key:/k");
    }

    #[test]
    fn a_profile_that_is_none_is_named_with_the_nearest_and_all() {
        let machine = Machine::new("[profile.work]\n[profile.home]\n", "[profile.lab]\n");
        let error = |name: &str| {
            let overrides = Overrides { profile: Some(name.to_owned()), ..Overrides::default() };
            match machine.settings(overrides, &[]).unwrap_err() {
                Error::Typed { hint, origin, what } => format!("{origin}: {what}; {hint}"),
                other => panic!("{other}"),
            }
        };
        assert_eq!(
            error("wrok"),
            "--profile: there is no profile 'wrok'; the nearest is `work`; there are: home, lab, work"
        );
        assert!(error("").starts_with("--profile: there is no profile ''"));
        assert!(error("a\u{1b}").contains("'a\\u{1b}'"));
        let none = Machine::new("", "");
        let error = none.settings(Overrides::default(), &[("CERTMAN_PROFILE", "work")]).unwrap_err();
        assert!(error.to_string().starts_with("CERTMAN_PROFILE: "), "{error}");
    }

    #[test]
    fn a_profile_that_cannot_be_is_named_with_its_line_whether_it_is_active_or_not() {
        for (text, wanted_line, part) in [
            ("[profile.'a b']\n", 1, "'a b' cannot be the name of a profile"),
            ("\n[profile.'../x']\n", 2, "'../x' cannot be"),
            ("[profile.'']\n", 1, "'' cannot be"),
            ("[profile.a]\n[profile.A]\n", 0, "'A' and 'a' differ only in case"),
            ("[profile.a.profile.b]\n", 1, "'a' has a profile of its own"),
            ("[profile.a.bundle]\nsorces = []\n", 2, "unknown key `sorces`"),
            ("[profile.a]\nkey = 'x'\n", 2, "unknown key `key`"),
            ("[profile.a.client]\nkey = ''\n", 2, "client.key is empty"),
            ("[profile.a.bundle]\nsources = ['/a', '']\n", 2, "bundle.sources is empty"),
            ("profile = 'a'\n", 1, "something else is expected here"),
        ] {
            match Machine::new(text, "").settings(Overrides::default(), &[]) {
                Err(Error::Wrong { line, what, .. }) => {
                    assert!(what.contains(part), "{text}: {what}");
                    assert!(wanted_line == 0 || line == wanted_line, "{text}: line {line}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let long = format!("[profile.{}]\n", "a".repeat(65));
        assert!(Machine::new(&long, "").settings(Overrides::default(), &[]).is_err());
        // In another file it would be the same folder too.
        assert!(Machine::new("[profile.a]\n", "[profile.A]\n").settings(Overrides::default(), &[]).is_err());
        assert!(Machine::new("[profile.a]\n", "[profile.a]\n").settings(Overrides::default(), &[]).is_ok());
    }

    #[test]
    fn profiles_are_listed_with_their_files_and_keys() {
        let machine = Machine::new(
            "[profile.work.proxy]\nhttps = 'http://x'\nno_proxy = []\n[profile.work.client]\nkey = 'k'\n",
            "[profile.work.client]\nkey = 's'\ncert = 's'\n[profile.empty]\n",
        );
        let user = machine.path("user.toml").display().to_string();
        let environment =
            Environment::from_pairs([("CERTMAN_CONFIG", user.as_str()), ("CERTMAN_PROFILE", "work")]);
        let system = machine.path("system.toml");
        let listed =
            profiles(Overrides::default(), &environment, Path::new("/start"), Some(&system)).unwrap();
        let keys = ["client.cert", "client.key", "proxy.https", "proxy.no_proxy"].map(str::to_owned).to_vec();
        let work = Profile {
            files: vec![machine.path("user.toml"), system.clone()],
            is_active: true,
            keys,
            name: "work".to_owned(),
        };
        let empty =
            Profile { files: vec![system], is_active: false, keys: Vec::new(), name: "empty".to_owned() };
        assert_eq!(listed, [empty, work]);
    }

    #[test]
    fn a_user_goes_with_every_address_that_has_none_of_its_own() {
        let accounts = |text: &str, variables: &[(&str, &str)]| -> Vec<String> {
            let proxy =
                Machine::new(text, "").settings(Overrides::default(), variables).unwrap().proxy.unwrap();
            proxy.with_user().into_iter().filter_map(Address::account).collect()
        };
        let both = "[proxy]\nhttps = 'http://p:1'\nhttp = 'http://bob@q:2'\nusername = 'alice'\n";
        assert_eq!(accounts(both, &[]), ["proxy:alice@p:1", "proxy:bob@q:2"]);
        // A variable stands before a file, and an address in a variable has its user with it.
        assert_eq!(
            accounts(both, &[("CERTMAN_PROXY_USERNAME", "carol")]),
            ["proxy:carol@p:1", "proxy:carol@q:2"]
        );
        let variables = [("CERTMAN_PROXY_USERNAME", "carol"), ("CERTMAN_PROXY_HTTPS", "http://dave@p:1")];
        assert_eq!(accounts(both, &variables), ["proxy:dave@p:1", "proxy:carol@q:2"]);
        let same = "[proxy]\nhttps = 'http://p:1'\nhttp = 'http://p:1'\nusername = 'alice'\n";
        assert_eq!(accounts(same, &[]), ["proxy:alice@p:1"]);
        assert_eq!(accounts("[proxy]\nhttps = 'http://p:1'\n", &[]), [""; 0]);
    }

    #[test]
    fn a_proxy_is_there_where_it_is_configured_and_a_profile_takes_it_back() {
        let proxy = |text: &str, profile: Option<&str>| {
            let overrides = Overrides { profile: profile.map(str::to_owned), ..Overrides::default() };
            Machine::new(text, "").settings(overrides, &[]).unwrap().proxy
        };
        assert!(proxy("", None).is_none());
        assert!(proxy("[proxy]\nusername = 'alice'\n", None).is_none());
        let text = "[proxy]\nhttps = 'http://p:1'\nno_proxy = 'a b'\nusername = 'alice'\n\
                    [profile.home.proxy]\nhttps = ''\n[profile.guest.proxy]\nusername = ''\n";
        let whole = proxy(text, None).unwrap();
        assert_eq!(whole.exceptions.value.text(), "localhost,127.0.0.1,::1,a,.a,b,.b");
        assert_eq!(whole.password.value, Some(passphrase::Source::Keyring));
        assert!(proxy(text, Some("home")).is_none());
        let guest = proxy(text, Some("guest")).unwrap();
        assert_eq!((guest.password.value, guest.https.unwrap().value.username()), (None, None));
        let alone = proxy("[proxy]\nno_proxy = ['a']\n", None).unwrap();
        assert!(alone.http.is_none() && alone.https.is_none());
        let none = "[proxy]\nhttps = 'http://alice@p:1'\npassword = 'none'\n";
        assert_eq!(proxy(none, None).unwrap().password.value, None);
    }

    #[test]
    fn a_proxy_that_cannot_be_is_named_with_its_line_and_not_repeated() {
        for (text, wanted_line, part) in [
            ("[proxy]\nhttps = 'http://alice:geheim-1@p:1'\n", 2, "proxy.https holds a password"),
            ("[proxy]\n\nhttp = 'socks5://geheim-1'\n", 3, "proxy.http is that of a SOCKS proxy"),
            ("[proxy]\nhttp = 'geheim-1'\n", 2, "proxy.http has no scheme"),
            ("[proxy]\nhttps = 'http://p'\nusername = 'geheim:1'\n", 3, "the user name holds a colon"),
            (
                "[proxy]\nhttps = 'http://p'\nusername = 'a'\npassword = 'geheim-1'\n",
                4,
                "a password comes from one of",
            ),
            ("[proxy]\nhttps = 'http://p'\npassword = 'keyring'\n", 3, "and no user to go with it"),
            ("[proxy]\nhttps = 'http://a@p'\npassword = 'fd:1'\n", 3, "a descriptor is written"),
            ("[proxy]\nno_proxy = [\n'a',\n'geheim@1']\n", 2, "number 2"),
            ("[proxy]\nno_proxy = 7\n", 2, "a list is expected here, or a text in quotes"),
            ("[proxy]\nno_proxy = [7]\n", 2, "a text in quotes is expected here"),
            ("[proxy]\nhtps = 'x'\n", 2, "unknown key `htps`"),
        ] {
            match Machine::new(text, "").settings(Overrides::default(), &[]) {
                Err(Error::Wrong { hint, line, what, .. }) => {
                    assert!(what.contains(part) && line == wanted_line, "{text}: {line}: {what}");
                    let said = format!("{what} {hint:?}");
                    assert!(!said.contains("geheim"), "{said}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for (name, value, part) in [
            ("CERTMAN_PROXY_HTTPS", "http://alice:geheim-1@p:1", "the address holds a password"),
            ("CERTMAN_PROXY_HTTP", "geheim-1:8080", "the address has no scheme"),
            ("CERTMAN_NO_PROXY", "a geheim@1", "the list has an entry"),
            ("CERTMAN_PROXY_PASSWORD_FROM", "geheim-1", "a password comes from one of"),
        ] {
            let machine = Machine::new("[proxy]\nhttps = 'http://alice@p'\n", "");
            match machine.settings(Overrides::default(), &[(name, value)]) {
                Err(Error::Typed { hint, origin, what }) => {
                    assert!(origin == name && what.contains(part), "{name}: {what}");
                    assert!(!format!("{what} {hint}").contains("geheim"), "{what} {hint}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
