//! The command line: arguments in, exit status out. One `match` picks the command; a command returns an [`Outcome`] and
//! prints nothing; [`render`] prints and computes nothing.

pub mod args;
pub mod commands;
pub mod explanation;
pub mod failure;
pub mod inspection;
pub mod render;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use zeroize::Zeroizing;

use self::args::{Arguments, Command, Intent};
use self::commands::init::Proposal;
use self::commands::run::Launch;
use self::explanation::Explanations;
use self::failure::Failure;
use self::inspection::Inspection;
use crate::config::{Profile, Settings};
use crate::doctor::choices::Considered;
use crate::doctor::reach::Reached;
use crate::pki::bundle::Place;
use crate::pki::lifetime::{Thresholds, Validity};
use crate::report::{CertificateFacts, Circumstances, Report, Severity, Task, Trouble};
use crate::settings::{Difference, Scope};
use crate::shell::Shell;
use crate::sys::net::Version;
use crate::sys::{Host, process};

/// The program: this process's arguments, this process's world.
pub fn main() -> ExitCode {
    process::harden();
    ExitCode::from(run(std::env::args_os(), &mut Host::of_this_process()))
}

/// The program with any arguments (the first is its name) in any world. Gives the exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>, host: &mut Host) -> u8 {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::parse_env(&words).or_else(|| Arguments::parse_run(&words)) {
        Some(arguments) => arguments,
        None => match Arguments::try_parse_from(&words) {
            Ok(arguments) => arguments,
            Err(error) => return render::usage(&without_stray_word(error), Intent::of(&words), host),
        },
    };
    let outcome = perform(&arguments, host).and_then(|outcome| match outcome {
        // What there is to say is said before the program starts: from then on the streams are its own.
        Outcome { report, shown: Shown::Launch(launch), .. } => {
            if !launch.is_silent() && !arguments.common.quiet {
                render::remarks(&report, &arguments.common, host);
            }
            launch.start(host)
        }
        other => Ok(other),
    });
    let outcome = outcome.map_err(|failure| failure.called_with(&arguments.common));
    render::show(outcome, &arguments, host)
}

/// A word where none belongs is not repeated: in `certman key remember …` it may be the passphrase, and standard error a log.
fn without_stray_word(mut error: clap::Error) -> clap::Error {
    let is_word = matches!(
        error.get(ContextKind::InvalidArg),
        Some(ContextValue::String(word)) if !word.starts_with('-')
    );
    if error.kind() == ErrorKind::UnknownArgument && is_word {
        error.insert(ContextKind::InvalidArg, ContextValue::String("…".to_owned()));
    }
    error
}

/// What a command has come to.
pub struct Outcome {
    /// How the exit status follows from the report.
    pub ending: Ending,
    /// What was found.
    pub report: Report,
    /// What else is to be shown.
    pub shown: Shown,
}

/// How the exit status follows from the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The status of the program that was started.
    Child {
        /// 0 to 255.
        status: u8,
    },
    /// 0 or 1: by whether it was done.
    Doing {
        /// Whether it was.
        is_done: bool,
    },
    /// 0, 1, 2 or 3: by the worst finding, from this severity on.
    Judging {
        /// Milder findings leave the status at 0; none: all do.
        from: Option<Severity>,
    },
}

/// What a command shows besides its findings.
pub enum Shown {
    /// `bundle`: the table of what was kept and what was not.
    Bundle {
        /// The file of a certificate that has become a source of its own.
        added: Option<Written>,
        /// Nothing was written, and nothing was to be.
        is_rehearsal: bool,
        /// The bundle itself, where it goes to standard output.
        text: Option<Vec<u8>>,
    },
    /// `check`: the judgement.
    Check(CheckSummary),
    /// `doctor`: hosts, variables, and what was judged besides.
    Doctor(Box<DoctorSummary>),
    /// `proxy test`: the way of every client to each host.
    Choices(Vec<Considered>),
    /// `explain`: what was recognised.
    Explanations(Explanations),
    /// `env`: the statements, and for JSON the variables.
    Exports(Exports),
    /// `key check`: what the identity is.
    Identity(IdentitySummary),
    /// `import`: the identity, and what became of it.
    Import(Box<ImportSummary>),
    /// `inspect`: everything in the files.
    Inspection(Inspection),
    /// `run`: the program, ready to be started.
    Launch(Box<Launch>),
    /// One sentence about what was done.
    Note(String),
    /// Nothing: a program that was started has spoken for itself.
    Nothing,
    /// Bytes for standard output, and nothing else there.
    Output(Zeroizing<Vec<u8>>),
    /// `profiles`: what there is.
    Profiles(Vec<Profile>),
    /// `init`: the proposal, and what has become of it.
    Proposal(Box<Proposal>),
    /// `settings show`: what is in force.
    Settings(SettingsSummary),
    /// `settings apply`, `settings remove`: what changes in a settings file.
    SettingsEdit(SettingsEdit),
}

/// What `check` has counted.
#[derive(Debug, Default)]
pub struct CheckSummary {
    /// Certificates seen.
    pub certificates: usize,
    /// Files read.
    pub files: usize,
    /// The certificate whose last second comes first, but for those that have a successor.
    pub first_to_expire: Option<FirstToExpire>,
    /// The time it was judged at.
    pub now: i64,
    /// What a runtime was asked, and what came of it.
    pub runtime: Option<RuntimeSummary>,
}

/// What `doctor` has seen, besides its findings.
#[derive(Debug)]
pub struct DoctorSummary {
    /// What `check` would say.
    pub check: CheckSummary,
    /// The hosts, each with what a connection has shown; empty where none was tried.
    pub hosts: Vec<Reached>,
    /// Whether the terminal shows more than ASCII.
    pub is_unicode: bool,
    /// The file that all of it was written to.
    pub report: Option<PathBuf>,
    /// The variables in the environment and in the settings files.
    pub settings: SettingsSummary,
}

/// What a Node or Bun has shown.
#[derive(Debug)]
pub struct RuntimeSummary {
    /// How many certificates it has from the bundle; none where it was not asked, or did not say.
    pub certificates: Option<usize>,
    /// The handshakes with the identity that were tried.
    pub handshakes: Vec<Handshake>,
    /// Bun, and not Node.
    pub is_bun: bool,
    /// The program, as it was named.
    pub path: PathBuf,
    /// Its version.
    pub version: String,
}

/// A handshake that was tried.
#[derive(Debug)]
pub struct Handshake {
    /// Whether the server has seen the identity, and the runtime the answer.
    pub is_done: bool,
    /// By which version of TLS.
    pub version: Version,
    /// Through which of its interfaces: `https`, `fetch`.
    pub way: &'static str,
}

/// The certificate whose last second comes first.
#[derive(Debug)]
pub struct FirstToExpire {
    /// Its subject.
    pub subject: Box<str>,
    /// How long before that second it is spoken of.
    pub thresholds: Thresholds,
    /// From when to when it is valid.
    pub validity: Validity,
}

/// What `key check` has seen, besides the facts in the report.
#[derive(Debug, Default)]
pub struct IdentitySummary {
    /// The number of the certificate that the key belongs to, from 0; proven.
    pub belongs_to: Option<usize>,
    /// The certificate file.
    pub certificate: Option<PathBuf>,
    /// The certificates in their order: subject and last second.
    pub chain: Vec<(String, i64)>,
    /// The key file.
    pub key: Option<PathBuf>,
    /// Where the key stands in its file.
    pub key_place: Option<Place>,
    /// The time it was judged at.
    pub now: i64,
    /// Where the passphrase came from.
    pub passphrase_from: Option<String>,
}

/// What `import` has found and done.
#[derive(Debug, Default)]
pub struct ImportSummary {
    /// The file that the CA certificates were written to, and how many; none where nobody asked for it.
    pub authorities: Option<(Written, usize)>,
    /// How many CA certificates were among the files.
    pub authorities_found: usize,
    /// Every identity that was found, with the name that its store has for it.
    pub candidates: Vec<(CertificateFacts, Option<String>)>,
    /// The identity that was taken: its certificates, the leaf first. Empty where none was.
    pub chain: Vec<CertificateFacts>,
    /// Whether a pair is kept that can be brought back.
    pub has_previous: bool,
    /// Whether the keyring was asked for the passphrase of the key that is in place now, and does not have it.
    pub is_passphrase_missing: bool,
    /// Nothing was written, and nothing was to be.
    pub is_rehearsal: bool,
    /// Whether the previous pair was brought back.
    pub is_rollback: bool,
    /// Where the passphrase comes from by the settings, where that is not the keyring.
    pub passphrase_from: Option<String>,
    /// What is missing in certman.toml: the file, and the lines.
    pub proposal: Option<(PathBuf, String)>,
    /// Whether the keyring has the passphrase now.
    pub remembered: bool,
    /// The keys of certman.toml that had another value, with that value.
    pub replaced: Vec<(&'static str, String)>,
    /// The certman.toml that was extended.
    pub saved: Option<PathBuf>,
    /// The two files: certificate and key.
    pub written: Vec<Written>,
}

/// A file that was, or need not be, written.
#[derive(Debug)]
pub struct Written {
    /// Whether it was.
    pub changed: bool,
    /// Where it is.
    pub path: PathBuf,
}

/// What `env` prints.
pub struct Exports {
    /// The statements for the shell.
    pub script: Zeroizing<Vec<u8>>,
    /// The same with `***` in the place of every secret, where standard output is a terminal.
    pub script_for_people: Vec<u8>,
    /// Whose statements they are; none where they go into a file of GitHub Actions.
    pub shell: Option<Shell>,
    /// The variables as people and JSON may see them: name, and value unless it is to be unset.
    pub variables: Vec<(&'static str, Option<String>)>,
}

/// What `settings show` has seen.
#[derive(Debug)]
pub struct SettingsSummary {
    /// The settings files, the strongest first.
    pub files: Vec<SettingsFile>,
    /// The variables.
    pub variables: Vec<VariableSummary>,
}

/// A settings file that `settings show` has looked for.
#[derive(Debug)]
pub struct SettingsFile {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub scope: Scope,
    /// Whether it is there and counts; none where it is there and says nothing that could be understood.
    pub state: Option<bool>,
}

/// Where a variable has which value; what is secret in a value is `***`.
#[derive(Debug)]
pub struct VariableSummary {
    /// The values in settings files, by the number of the file, the strongest first; none for what is no value.
    pub entries: Vec<(usize, Option<String>)>,
    /// Whether what wins works.
    pub fitness: Fitness,
    /// Its name.
    pub name: &'static str,
    /// The value in the environment of this process.
    pub process: Option<String>,
    /// What wins.
    pub winner: Option<Winner>,
}

impl VariableSummary {
    /// What wins; none where that is empty.
    pub fn value(&self) -> Option<&str> {
        let value = match self.winner? {
            Winner::File(file) => self
                .entries
                .iter()
                .find(|(number, _)| *number == file)
                .and_then(|(_, value)| value.as_deref()),
            Winner::Process => self.process.as_deref(),
        };
        value.filter(|value| !value.is_empty())
    }
}

/// What gives a variable its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    /// A settings file, by its number.
    File(usize),
    /// The environment of this process.
    Process,
}

/// Whether a value works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// It does not.
    Fails(Trouble),
    /// That is not tried: there is nothing, or nothing that could be tried here.
    NotTried,
    /// As far as can be told: the key is sealed, and was not compared with the certificate.
    Sealed,
    /// It does.
    Works,
}

/// What `settings apply` or `settings remove` changes.
pub struct SettingsEdit {
    /// The old file, where a copy of it was made.
    pub backup: Option<PathBuf>,
    /// Backups from earlier that are still there.
    pub backups_left: Vec<PathBuf>,
    /// The variables that change.
    pub changes: Vec<SettingsChange>,
    /// What differs, for people; none where that and the findings have been shown before.
    pub difference: Option<Difference>,
    /// How it has ended.
    pub end: EditEnd,
    /// Whether values go in (`apply`) or out.
    pub is_apply: bool,
    /// The file.
    pub path: PathBuf,
    /// Whose it is.
    pub scope: Scope,
}

/// How the edit of a settings file has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditEnd {
    /// The person has said no.
    Declined,
    /// It was only to be shown.
    DryRun,
    /// There is nobody to ask, and `--yes` was not given.
    NobodyToAsk,
    /// The file is gone, since nothing but what certman had put there was in it.
    Removed,
    /// Nothing was to be changed.
    Unchanged,
    /// The file is written.
    Written,
}

/// What becomes of a variable in a settings file; what is secret in a value is `***`.
pub struct SettingsChange {
    /// The value that it gets; none where it goes.
    pub after: Option<String>,
    /// The value that it had.
    pub before: Option<String>,
    /// Its name.
    pub name: String,
}

fn perform(arguments: &Arguments, host: &mut Host) -> Result<Outcome, Failure> {
    if let Some(date) = &arguments.common.at {
        host.now = commands::moment(date)?;
    }
    if arguments.common.no_input {
        host.terminal = Box::new(crate::sys::terminal::NoTerminal);
    }
    if let Some(only) = arguments.common.format.only_command()
        && only != render::command_name(&arguments.command)
    {
        return Err(Failure::usage(format!("only `{only}` answers in this form")));
    }
    if let Command::Completions { shell } = &arguments.command {
        return Ok(commands::completions::run(*shell, Arguments::command()));
    }
    if let Command::Explain(explain) = &arguments.command {
        return commands::explain::run(explain, &arguments.common, arguments.overrides(), host);
    }
    if let Command::Hook(hook) = &arguments.command {
        return commands::hook::run(hook, &arguments.common, host);
    }
    if let Command::Init(init) = &arguments.command {
        return commands::init::run(init, &arguments.common, host);
    }
    if let Command::Profiles = &arguments.command {
        return commands::profiles::run(arguments.overrides(), host);
    }
    let settings = Settings::resolve(
        arguments.overrides(),
        &host.environment,
        &host.current_folder,
        host.system_configuration.as_deref(),
    )?;
    let task = match &arguments.command {
        Command::Import(_) => Task::Import,
        Command::Inspect(_) => Task::Inspect,
        _ => Task::Other,
    };
    let circumstances = Circumstances { task, ..settings.circumstances() };
    match obey(arguments, settings, host) {
        Ok(mut outcome) => {
            outcome.report.circumstances = circumstances;
            Ok(outcome)
        }
        Err(mut failure) => {
            if let Some(report) = &mut failure.findings {
                report.circumstances = circumstances;
            }
            Err(failure)
        }
    }
}

fn obey(arguments: &Arguments, settings: Settings, host: &mut Host) -> Result<Outcome, Failure> {
    // Facts about every certificate are collected only for those who want to see them.
    let wants_facts = arguments.common.is_json();
    match &arguments.command {
        Command::Bundle(bundle) => commands::bundle::run(bundle, &settings, wants_facts, host),
        Command::Check(check) => commands::check::run(check, &settings, wants_facts, host),
        Command::Completions { .. }
        | Command::Explain(_)
        | Command::Hook(_)
        | Command::Init(_)
        | Command::Profiles => {
            unreachable!("answered above, before the settings")
        }
        Command::Doctor(doctor) => {
            commands::doctor::run(doctor, &arguments.common, &settings, wants_facts, host)
        }
        Command::Env(env) => commands::env::run(env, arguments.common.format, &settings, host),
        Command::Import(import) => {
            commands::import::run(import, &settings, !wants_facts && !arguments.common.quiet, host)
        }
        Command::Inspect(inspect) => {
            commands::inspect::run(inspect, &settings, wants_facts, arguments.common.verbose, host)
        }
        Command::Key(key) => commands::key::run(key, &settings, wants_facts, host),
        Command::Proxy(proxy) => commands::proxy::run(proxy, &settings, host),
        Command::Run(run) => commands::run::run(run, settings, host),
        Command::Settings(command) => commands::settings::run(command, &arguments.common, &settings, host),
    }
}
