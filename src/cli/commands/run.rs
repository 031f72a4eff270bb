//! `certman run`: one program with the environment of `env`. Owns what that program inherits and what it does not, and the
//! one-time pair: certificate and key once more, the key sealed with a passphrase that this program alone is told. The real
//! passphrase never enters an environment, unless that is asked for.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::identity;
use super::values::{Request, Values, values, without_identity};
use crate::cli::args::RunArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::{Ending, Outcome, Shown};
use crate::clients::key::refusals_of_key_file;
use crate::config::Settings;
use crate::exports::{Content as Exported, Families, VARIABLES};
use crate::pki::cert::Certificate;
use crate::pki::container::pem;
use crate::pki::key::{Content, KeyFile, Limits};
use crate::report::Report;
use crate::secret::Passphrase;
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::fs::{self, Draft, Kind, State, WriteError};
use crate::sys::passphrase::Source;
use crate::sys::process::program::{NotStarted, Program, Relay};
use crate::sys::runtime_folder::{self, Access, PrivateFolder, RuntimeFolder};

/// Settles the values, seals the one-time key where one is needed, and gives the program, ready to be started.
///
/// # Errors
/// Where a value cannot be had: then nothing is started.
pub fn run(arguments: &RunArguments, settings: Settings, host: &mut Host) -> Result<Outcome, Failure> {
    let [name, rest @ ..] = &arguments.command[..] else {
        return Err(Failure::usage("there is no command to run"));
    };
    if arguments.exec && cfg!(not(unix)) {
        return Err(
            Failure::usage("--exec: on Windows no program takes the place of another").hint("leave it out")
        );
    }
    let mut report = Report::default();
    let limits = &arguments.identity.limits;
    let request = Request {
        limits,
        no_refresh: arguments.no_refresh,
        public_only: false,
        rehearse: false,
        verify: false,
    };
    // Before they are read: what is changed while they are read is seen later.
    let states = States::of(&settings);
    let outer = outer(&settings, &host.environment).filter(|_| !arguments.plain_passphrase);
    let is_nested = outer.is_some();
    let mut values = match outer {
        Some(Values { certificate, key, passphrase, .. }) => {
            let others = without_identity(&request, &settings, host, &mut report)?;
            Values { certificate, key, passphrase, ..others }
        }
        None => values(&request, &settings, host, &mut report)?,
    };
    let environment = inherited(arguments, &settings, &host.environment);
    let families = settings.families.clone();
    let mut one_time = None;
    if let (Some(certificate), Some(key)) = (&settings.cert, &settings.key)
        && !is_nested
        && settings.families.variables().any(|variable| variable.content.is_of_identity())
    {
        let (certificate, key) = (&certificate.value, &key.value);
        let file = identity::detect(key)?;
        let needs_another_form = values.passphrase.is_some() || !refusals_of_key_file(&file.facts).is_empty();
        if needs_another_form && !arguments.plain_passphrase {
            // What is moved out here is wiped before the program starts.
            let real = values.passphrase.take();
            let passphrase = Passphrase::random().ok_or_else(no_random)?;
            let limits = limits.limits();
            let pair = Pair::make(
                file,
                real.as_ref(),
                &passphrase,
                (certificate, key),
                &limits,
                &settings,
                &mut report,
            )?;
            one_time = Some(OneTime { limits, pair, passphrase, settings, states });
        } else if arguments.verify {
            let passphrase = values.passphrase.as_ref();
            identity::verify(file, passphrase, certificate, key, limits, &settings, &mut report)?;
        }
    }
    let program = Program { arguments: rest.to_vec(), environment, name: name.clone() };
    let launch = Launch { families, is_exec: arguments.exec, one_time, program, values };
    Ok(Outcome { ending: Ending::Doing { is_done: true }, report, shown: Shown::Launch(Box::new(launch)) })
}

/// A program, ready to be started: everything that can fail without it has not.
pub struct Launch {
    families: Families,
    is_exec: bool,
    one_time: Option<OneTime>,
    program: Program,
    values: Values,
}

impl Launch {
    /// Whether nothing at all may be said: a launcher is not to be noticed.
    pub fn is_silent(&self) -> bool {
        self.is_exec
    }

    /// Starts the program and stays with it to its end, or becomes the program and does not come back.
    ///
    /// # Errors
    /// Where the one-time pair cannot be written, and where the program cannot be started.
    pub fn start(self, host: &mut Host) -> Result<Outcome, Failure> {
        let Self { families, is_exec, one_time, mut program, mut values } = self;
        // From now on a signal does not end certman any more, or the pair would be left behind.
        let relay = if is_exec { None } else { Some(Relay::begin().map_err(no_relay)?) };
        let folder = one_time.as_ref().map(|one_time| one_time.deliver(host, &mut values)).transpose()?;
        set(&mut program.environment, &families, &values);
        drop(values);
        let Some(relay) = relay else {
            #[cfg(unix)]
            return Err(not_started(&program, program.become_it()));
            #[cfg(not(unix))]
            unreachable!("refused above");
        };
        let running = program.start(relay).map_err(|why| not_started(&program, why))?;
        drop(program);
        let status = match one_time.zip(folder) {
            None => running.wait(None),
            Some((one_time, folder)) => {
                // Where that cannot be noted, the program has its pair all the same, for as long as certman lives.
                let _ = folder.lend_to(running.id());
                let mut renewal = Renewal::of(one_time);
                loop {
                    match running.wait(Some(INTERVAL)) {
                        None => renewal.look(&folder, host),
                        ended => break ended,
                    }
                }
            }
        };
        Ok(Outcome {
            ending: Ending::Child { status: status.unwrap_or_default() },
            report: Report::default(),
            shown: Shown::Nothing,
        })
    }
}

/// The one-time pair of a run that this one is started by, where it is made from the same files and the passphrase comes from
/// a place that gives it but once: nobody is asked again for every program that a program starts. That run keeps it up to
/// date, and takes it away.
fn outer(settings: &Settings, environment: &Environment) -> Option<Values> {
    let gives_again = match &settings.passphrase.value {
        Source::Command(_) | Source::File(_) | Source::Keyring => true,
        Source::Descriptor(_) | Source::Prompt => false,
        Source::Variable(name) => environment.value(name).is_some(),
    };
    let value = |content| {
        let variable = VARIABLES.iter().find(|variable| variable.content == content)?;
        environment.value(variable.name)
    };
    let certificate = PathBuf::from(value(Exported::ClientCertificate)?);
    let key = PathBuf::from(value(Exported::ClientKey)?);
    let passphrase = value(Exported::ClientKeyPassphrase)?.as_encoded_bytes().to_vec();
    if gives_again || certificate.parent() != key.parent() {
        return None;
    }
    let runtime = RuntimeFolder::open(environment).ok()?;
    if !runtime.has_in_use(&key) || !runtime.has_in_use(&certificate) {
        return None;
    }
    let mut made_from = Vec::new();
    fs::read_into(&key.with_file_name(SOURCES), &mut made_from, LONGEST_SOURCES).ok()?;
    if made_from != names(settings) {
        return None;
    }
    let (certificate, key) = (Some(certificate), Some(key));
    let passphrase = Some(Passphrase::new(passphrase));
    Some(Values { certificate, key, passphrase, ..Values::default() })
}

/// The paths of the identity, as they stand beside a one-time pair.
fn names(settings: &Settings) -> Vec<u8> {
    let paths = [&settings.cert, &settings.key]
        .map(|path| path.as_ref().map_or(&[][..], |path| path.value.as_os_str().as_encoded_bytes()));
    paths.join(&0)
}

/// What the program inherits: all of our environment or, where that is wished, next to nothing; in either case not the
/// variable that the passphrase is taken from.
fn inherited(
    arguments: &RunArguments,
    settings: &Settings,
    environment: &Environment,
) -> Vec<(OsString, OsString)> {
    let withheld = match &settings.passphrase.value {
        Source::Variable(name) => Some(OsStr::new(name.as_str())),
        _ => None,
    };
    let is_kept = |name: &OsStr| {
        let mut kept = KEPT.iter().map(OsStr::new).chain(arguments.keep.iter().map(OsString::as_os_str));
        !arguments.clean_env || kept.any(|pattern| fits(name, pattern))
    };
    let inherited = environment.pairs().filter(|(name, _)| Some(*name) != withheld && is_kept(name));
    inherited.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Whether a name is the one that is meant, or begins with what stands before a star.
fn fits(name: &OsStr, pattern: &OsStr) -> bool {
    let (name, pattern) = (name.as_encoded_bytes(), pattern.as_encoded_bytes());
    match pattern.strip_suffix(b"*") {
        Some(beginning) => name.starts_with(beginning),
        None if cfg!(windows) => name.eq_ignore_ascii_case(pattern),
        None => name == pattern,
    }
}

/// Puts the values in the place of what is there. The variables of an identity belong together: a passphrase of another one
/// does not stay.
fn set(environment: &mut Vec<(OsString, OsString)>, families: &Families, values: &Values) {
    for variable in families.variables() {
        let value = values.value(variable.content);
        if value.is_some() || variable.content.is_of_identity() && values.key.is_some() {
            environment.retain(|(name, _)| name != variable.name);
        }
        if let Some(value) = value {
            environment.push((variable.name.into(), os_string(value)));
        }
    }
}

#[cfg(unix)]
fn os_string(value: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(value.to_vec())
}

#[cfg(not(unix))]
fn os_string(value: &[u8]) -> OsString {
    String::from_utf8_lossy(value).into_owned().into()
}

/// Certificate and key for one program, and what it takes to make them once more.
struct OneTime {
    limits: Limits,
    pair: Pair,
    passphrase: Passphrase,
    settings: Settings,
    /// The files that the pair was made from.
    states: Option<States>,
}

impl OneTime {
    /// Writes the pair into a folder of its own, and puts it in the place of the identity.
    fn deliver(&self, host: &Host, values: &mut Values) -> Result<PrivateFolder, Failure> {
        let runtime = RuntimeFolder::open(&host.environment).map_err(no_folder)?;
        runtime.sweep();
        let folder = runtime.folder().map_err(no_folder)?;
        let written = self.pair.publish(&folder).and_then(|()| {
            let mut sources = Draft::beside(&folder.path().join(SOURCES), Kind::Private)?;
            sources.write_all(&names(&self.settings))?;
            sources.publish()
        });
        written.map_err(|error| not_written(&error, &folder))?;
        values.certificate = Some(folder.path().join(CERTIFICATE));
        values.key = Some(folder.path().join(KEY));
        values.passphrase = Some(Passphrase::new(self.passphrase.expose_secret().to_vec()));
        Ok(folder)
    }
}

/// A certificate chain and the key to its first certificate, in the form that every client reads.
struct Pair {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    /// The DER SubjectPublicKeyInfo of the first certificate.
    public_key: Vec<u8>,
}

impl Pair {
    /// Opens the key, proves that it belongs to the first certificate, and seals it with the one-time passphrase. The
    /// certificates are written anew: whatever else stands in their file, such as the key itself, stays there.
    fn make(
        file: KeyFile,
        real: Option<&Passphrase>,
        one_time: &Passphrase,
        (certificate, key): (&Path, &Path),
        limits: &Limits,
        settings: &Settings,
        report: &mut Report,
    ) -> Result<Self, Failure> {
        let opened = match (file.content, real) {
            (Content::Plain(opened), _) => opened,
            (Content::Sealed(sealed), Some(real)) => identity::open(&sealed, real, key, limits, settings)?,
            (Content::Sealed(_), None) => return Err(Failure::new("a sealed key needs a passphrase")),
        };
        let chain = identity::matched(&opened, certificate, key, report)?;
        let sealed = opened.seal(one_time, ONE_TIME_ITERATIONS).map_err(|_| {
            Failure::new(format!("the client key {} was not sealed for one time", words::path(key)))
                .hint("`certman key check` says more; --plain-passphrase hands it on as it is")
        })?;
        Ok(Self { certificate: written(&chain), key: sealed, public_key: first_public_key(&chain) })
    }

    /// Puts both into the folder, with nothing in between.
    fn publish(&self, folder: &PrivateFolder) -> Result<(), WriteError> {
        let mut certificate = Draft::beside(&folder.path().join(CERTIFICATE), Kind::Private)?;
        let mut key = Draft::beside(&folder.path().join(KEY), Kind::Private)?;
        certificate.write_all(&self.certificate)?;
        key.write_all(&self.key)?;
        Draft::publish_both(certificate, key)
    }
}

/// The pair kept up to date while the program runs.
struct Renewal {
    one_time: OneTime,
    /// So many looks are passed over until a state that did not serve is tried again.
    pause: u32,
    /// The state that did not serve, and the length of the pause after the next failure.
    refused: Option<(States, u32)>,
}

impl Renewal {
    fn of(one_time: OneTime) -> Self {
        Self { one_time, pause: 0, refused: None }
    }

    /// Renews the pair where its sources have changed, and now fit. What is missing, half written or of two generations is
    /// waited for, and so is its passphrase; the program keeps the old pair meanwhile. Nothing is said: the streams are the
    /// program's.
    fn look(&mut self, folder: &PrivateFolder, host: &mut Host) {
        let Some(states) = States::of(&self.one_time.settings) else { return };
        if Some(&states) == self.one_time.states.as_ref() {
            return;
        }
        let pause = match &self.refused {
            Some((refused, pause)) if *refused == states => *pause,
            _ => {
                self.pause = 0;
                1
            }
        };
        if self.pause > 0 {
            self.pause -= 1;
            return;
        }
        if self.renew(&states, folder, host).is_ok() {
            self.one_time.states = Some(states);
            self.refused = None;
        } else {
            // A passphrase may follow its key later; to derive one every time would cost a processor.
            self.pause = pause;
            self.refused = Some((states, (pause * 2).min(LONGEST_PAUSE)));
        }
    }

    fn renew(&mut self, states: &States, folder: &PrivateFolder, host: &mut Host) -> Result<(), Failure> {
        let OneTime { limits, pair, passphrase, settings, states: known } = &mut self.one_time;
        let (Some(certificate), Some(key)) = (&settings.cert, &settings.key) else { return Ok(()) };
        let (certificate, key) = (&certificate.value, &key.value);
        let mut report = Report::default();
        let is_key_known = known.as_ref().is_some_and(|known| known.key == states.key);
        let chain = identity::chain(certificate, &mut report);
        if is_key_known && first_public_key(&chain) == pair.public_key {
            // The key is the same: nobody has to be asked for its passphrase.
            pair.certificate = written(&chain);
        } else {
            let file = identity::detect(key)?;
            let real = match (&file.content, &settings.passphrase.value) {
                (Content::Plain(_), _) => None,
                // Nobody is disturbed, and a descriptor gives but once.
                (Content::Sealed(_), Source::Descriptor(_) | Source::Prompt) => {
                    return Err(Failure::new("the passphrase cannot be had again"));
                }
                (Content::Sealed(_), _) => {
                    Some(identity::passphrase(settings, key, false, host, &mut report)?.0)
                }
            };
            *pair = Pair::make(
                file,
                real.as_ref(),
                passphrase,
                (certificate, key),
                limits,
                settings,
                &mut report,
            )?;
        }
        pair.publish(folder).map_err(|error| not_written(&error, folder))
    }
}

/// The states of the two files of the identity.
#[derive(Debug, PartialEq, Eq)]
struct States {
    certificate: State,
    key: State,
}

impl States {
    /// Asks for both; none where there are not both.
    fn of(settings: &Settings) -> Option<Self> {
        let (certificate, key) = settings.cert.as_ref().zip(settings.key.as_ref())?;
        Some(Self { certificate: fs::state(&certificate.value).ok()?, key: fs::state(&key.value).ok()? })
    }
}

fn first_public_key(chain: &[Certificate]) -> Vec<u8> {
    chain.first().map(|first| first.public_key().to_vec()).unwrap_or_default()
}

fn written(chain: &[Certificate]) -> Vec<u8> {
    chain.iter().flat_map(|certificate| pem::encode("CERTIFICATE", certificate.der())).collect()
}

fn no_random() -> Failure {
    Failure::new("there is no one-time passphrase: the generator of random numbers failed")
}

fn no_relay(error: std::io::Error) -> Failure {
    Failure::new(format!("signals cannot be handed over to the command: {error}"))
        .hint("--exec does without: then the command takes the place of certman")
}

fn no_folder(error: runtime_folder::Error) -> Failure {
    use runtime_folder::Error;
    let another =
        "name another one in XDG_RUNTIME_DIR: a folder of yours that is closed to others (mode 0700)";
    match error {
        Error::NoRandom => no_random(),
        Error::NotPrivate { access, path } => {
            let (why, fix) = match access {
                Access { is_folder: false, .. } => ("it is no folder", "remove it"),
                Access { is_own: false, .. } => ("it belongs to another user", "have it removed"),
                Access { .. } => ("others may write to it", "remove it"),
            };
            Failure::new(format!("no one-time key in {}: {why}", words::path(&path)))
                .hint(format!("{fix}, or {another}"))
        }
        Error::OpenToAll { path } => Failure::new(format!(
            "no one-time key below {}: others may rename what is in it",
            words::path(&path)
        ))
        .hint(another),
        Error::Refused { error, path } => Failure::new(format!(
            "the folder {} for the one-time key cannot be used: {error}",
            words::path(&path)
        ))
        .hint(another),
    }
}

fn not_written(error: &WriteError, folder: &PrivateFolder) -> Failure {
    Failure::new(format!("the one-time key cannot be written to {}: {error}", words::path(folder.path())))
        .hint("make room there, or name a folder of yours on another disk in XDG_RUNTIME_DIR")
}

/// The failure for a program that was not started.
fn not_started(program: &Program, why: NotStarted) -> Failure {
    let name = words::path(Path::new(&program.name));
    match why {
        NotStarted::Folder { path } => {
            Failure::new(format!("the command {} is a folder", words::path(&path)))
                .hint("name the program in it")
                .ending_with(NOT_EXECUTABLE)
        }
        NotStarted::Interpreter { name: interpreter, path } => {
            let path = words::path(&path);
            let (message, hint) = match interpreter {
                Some(name) if name.ends_with('\r') => (
                    format!("the command {path} cannot be executed: its first line ends in CR LF"),
                    format!("take the carriage returns out: sed -i 's/\\r$//' {path}"),
                ),
                Some(name) => (
                    format!("the command {path} is to be run by '{name}', which is not there"),
                    "correct its first line, or install that program".to_owned(),
                ),
                None => (
                    format!("the command {path} cannot be executed: its loader is not there"),
                    "it is made for another system".to_owned(),
                ),
            };
            Failure::new(message).hint(hint).ending_with(NOT_EXECUTABLE)
        }
        NotStarted::Missing { in_path } => {
            let place = if in_path { " in PATH" } else { "" };
            Failure::new(format!("there is no command {name}{place}"))
                .hint("name it with its whole path")
                .ending_with(NOT_FOUND)
        }
        NotStarted::NotExecutable { path } => {
            let path = words::path(&path);
            Failure::new(format!("the command {path} may not be executed"))
                .hint(format!("where it is a program: chmod u+x {path}"))
                .ending_with(NOT_EXECUTABLE)
        }
        NotStarted::Refused { error, path } => {
            Failure::new(format!("the command {} cannot be executed: {error}", words::path(&path)))
                .ending_with(NOT_EXECUTABLE)
        }
    }
}

const CERTIFICATE: &str = "client.pem";
/// How often the sources of the pair are looked at.
const INTERVAL: Duration = Duration::from_secs(2);
const KEY: &str = "client.key";
/// What `--clean-env` leaves: who and where one is, how to find programs, how to speak to the person.
#[cfg(not(windows))]
const KEPT: [&str; 11] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_*", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];
/// What `--clean-env` leaves: without these hardly any program starts on Windows.
#[cfg(windows)]
const KEPT: [&str; 11] = [
    "PATH",
    "PATHEXT",
    "SystemRoot",
    "SystemDrive",
    "ComSpec",
    "USERNAME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "TEMP",
    "TMP",
];
/// In looks: one minute.
const LONGEST_PAUSE: u32 = 30;
/// Two of the longest paths, in bytes.
const LONGEST_SOURCES: usize = 2 * 4_096 + 1;
/// The program is there and cannot be executed, as the shells and `env` say it.
const NOT_EXECUTABLE: u8 = 126;
/// There is no such program.
const NOT_FOUND: u8 = 127;
/// Rounds of key derivation for the one-time key. They make guesses dear, and nobody guesses 256 random bits, whatever a
/// guess costs; every client that starts has to go through them. 2,048 is what OpenSSL writes: no reader refuses it.
const ONE_TIME_ITERATIONS: u32 = 2_048;
/// The file beside the pair that says which files it is made from.
const SOURCES: &str = "sources";
