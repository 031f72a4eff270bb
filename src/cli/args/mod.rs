//! The command line as it is typed. Looks nothing up.

mod audience;
mod doctor;
pub mod explain;
mod families;
pub mod hook;
mod import;
mod init;
mod inspect;
mod proxy;
mod run;
pub mod settings;
mod stores;

use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use self::audience::AudienceArguments;
pub use self::doctor::DoctorArguments;
pub use self::explain::ExplainArguments;
pub use self::families::FamilyArguments;
pub use self::import::ImportArguments;
pub use self::init::InitArguments;
pub use self::inspect::InspectArguments;
pub use self::proxy::{ProxyCommand, ProxyScheme};
pub use self::run::RunArguments;
use self::settings::SettingsCommand;
pub use self::stores::StoreArguments;
use crate::config::Overrides;
use crate::pki::key::Limits;
use crate::pki::name::Foreign;
use crate::shell::{self, Shell};

/// Corporate CA certificates and client keys, in the one form that Claude Code, Node, Bun, Python, git and curl accept.
#[derive(Debug, Parser)]
#[command(
    name = "certman",
    version,
    max_term_width = 100,
    after_help = "Exit status: 0 done or nothing to say; check, doctor, inspect and key check: 1 a warning, 2 critical, 3 could not tell; \
                  other commands: 1 failed, nothing was changed; 64 the arguments are wrong.\n\
                  Manual: certman(1) and certman.toml(5)."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// What every command takes.
#[derive(Args, Debug)]
pub struct Common {
    /// Judge as of another day: an RFC 3339 date or date-time
    #[arg(long, global = true, value_name = "DATE")]
    pub at: Option<String>,
    /// When to use colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Read this certman.toml instead of the usual one
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How to answer (nagios: `check` only; devcontainer, docker, github, launchd, systemd: `env` only)
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Short for --format json
    #[arg(long, global = true)]
    pub json: bool,
    /// Never ask on the terminal
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Let the tables of this profile in certman.toml stand before the others
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Say only what is wrong
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say also what is merely worth knowing
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

impl Common {
    /// `certman`, with --config and --profile as they were given: a command without them would be about another bundle and
    /// other keyring entries.
    pub fn certman(&self) -> String {
        let mut certman = "certman".to_owned();
        if let Some(config) = &self.config {
            let word = shell::word(Shell::Sh, config.as_os_str().as_encoded_bytes());
            certman += &format!(" --config {}", Foreign(String::from_utf8_lossy(&word)));
        }
        if let Some(profile) = &self.profile {
            certman += &format!(" --profile {profile}");
        }
        certman
    }

    /// A next step that can be pasted: every command of certman's own in it, which stands in backquotes or `$(…)`, begins as
    /// [`Common::certman`] says.
    pub fn pasteable(&self, step: String) -> String {
        let certman = self.certman();
        if certman == "certman" {
            return step;
        }
        let begin =
            |step: String, sign| step.replace(&format!("{sign}certman "), &format!("{sign}{certman} "));
        begin(begin(step, "`"), "$(")
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Always.
    Always,
    /// Where a terminal shows it and `NO_COLOR` is not set.
    Auto,
    /// Never.
    Never,
}

/// How to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// `env`: the containerEnv of a devcontainer.json.
    Devcontainer,
    /// `env`: a file for `docker run --env-file`.
    Docker,
    /// `env`: into the file that GITHUB_ENV names, secrets masked in the log.
    Github,
    /// One object.
    Json,
    /// `env`: a property list with EnvironmentVariables.
    Launchd,
    /// `check`: one line with performance data.
    Nagios,
    /// `env`: a file for EnvironmentFile=.
    Systemd,
    /// Sentences and tables.
    Text,
}

impl Format {
    /// The one command that answers in this form; none where all do.
    pub fn only_command(self) -> Option<&'static str> {
        match self {
            Self::Json | Self::Text => None,
            Self::Nagios => Some("check"),
            Self::Devcontainer | Self::Docker | Self::Github | Self::Launchd | Self::Systemd => Some("env"),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Merge sources into one bundle that every client loads
    Bundle(BundleArguments),
    /// Judge expiry and health of the bundle, the identity, or the given files and folders
    Check(CheckArguments),
    /// Print a completion script
    Completions {
        /// The shell it is for
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Say why it does not work: files, variables, settings, proxy, and every host that Claude Code needs
    Doctor(DoctorArguments),
    /// Print the exports, for eval "$(certman env)"
    Env(EnvArguments),
    /// Say what an error code or a log means, what the causes are, and which command tells
    #[command(
        after_help = "A line may be given as it is, in quotes: certman explain \"curl: (60) SSL certificate problem\". A log goes to \
                            standard input: certman explain - < LOG. Nothing of it is repeated in the answer."
    )]
    Explain(ExplainArguments),
    /// Print the line for a shell's rc file: certman hook bash >> ~/.bashrc
    Hook(hook::HookArguments),
    /// Make client-cert.pem and client-key.pem from a store or from files in any form
    Import(ImportArguments),
    /// Write a first certman.toml from what this machine has
    #[command(
        after_help = "A certman.toml that is there already is never touched. Without a terminal to ask on and without --yes \
                            the proposal is printed, and the exit status is 1."
    )]
    Init(InitArguments),
    /// Say what is in a file, whatever its format
    Inspect(InspectArguments),
    /// The client's private key: check, remember, forget, decrypt, encrypt
    #[command(subcommand)]
    Key(KeyCommand),
    /// List the profiles of certman.toml
    Profiles,
    /// The proxy: remember or forget its password, test who would go through it
    #[command(subcommand)]
    Proxy(ProxyCommand),
    /// Run a program with the environment of `env`, and with a key that only it can open
    Run(RunArguments),
    /// The same values in Claude Code's settings files: show, apply, remove
    #[command(subcommand)]
    Settings(SettingsCommand),
}

/// `certman bundle`
#[derive(Args, Debug)]
pub struct BundleArguments {
    /// Make a certificate a source of the bundle from now on: a file, `-`, or an address of the form http://HOST/PATH
    #[arg(long, value_name = "CERTIFICATE", conflicts_with_all = ["keep_expired", "sources"])]
    pub add: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub audience: AudienceArguments,
    /// Show what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The fingerprint of the certificate for --add, compared with what its issuer publishes; without this it is asked for
    #[arg(long, value_name = "SHA256", requires = "add")]
    pub fingerprint: Option<String>,
    /// Write the public roots together with the bundle here, for variables that replace the built-in roots
    #[arg(long, value_name = "FILE")]
    pub full: Option<PathBuf>,
    /// Write a trust store for Java here too, with what is in the full bundle
    #[arg(long, value_name = "FILE")]
    pub java: Option<PathBuf>,
    /// Keep what is expired or not yet valid
    #[arg(long)]
    pub keep_expired: bool,
    /// Write the bundle here; `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where the public roots of --full come from; without this the trust store of the system, where there is one
    #[arg(long, value_name = "SET", value_parser = ["mozilla", "system"])]
    pub public_roots: Option<String>,
    /// Files, folders, `-` for standard input, `system` or `system:corporate`; else those of certman.toml
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub stores: StoreArguments,
}

/// `certman check`
#[derive(Args, Debug)]
pub struct CheckArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub audience: AudienceArguments,
    /// Critical so long before the end: 14d, 12h, 17%
    #[arg(long, value_name = "TIME")]
    pub critical: Option<String>,
    /// From when on the exit status is not 0
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "warning")]
    pub fail_on: FailOn,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub identity: IdentityArguments,
    /// Files, folders, `-` for standard input, `system` or `system:corporate`; else the bundle, its sources and the identity
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Start this Node or Bun, and see whether it reads the bundle and connects with the identity
    #[arg(long, value_name = "PROGRAM")]
    pub runtime: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub stores: StoreArguments,
    /// A warning so long before the end: 30d, 12h, 33%
    #[arg(long, value_name = "TIME")]
    pub warn: Option<String>,
}

/// From when on the exit status is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Critical, and what could not be told.
    Critical,
    /// Never.
    Never,
    /// A warning and everything worse.
    Warning,
}

/// `certman env`
#[derive(Args, Debug)]
pub struct EnvArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub families: FamilyArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub identity: IdentityArguments,
    /// Take the bundle as it is, even where its sources have changed
    #[arg(long)]
    pub no_refresh: bool,
    /// The language to speak: sh (bash, zsh, ksh, dash), csh (tcsh), fish, pwsh, cmd, nu, json, dotenv
    #[arg(long, value_name = "NAME")]
    pub shell: Option<String>,
    /// Clear what `env` sets
    #[arg(long)]
    pub unset: bool,
    /// Open the key and match it with the certificate first
    #[arg(long)]
    pub verify: bool,
}

/// The files of the identity.
#[derive(Args, Debug)]
pub struct IdentityArguments {
    /// The client's certificate chain
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// The client's private key
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: LimitArguments,
    /// Where its passphrase comes from: keyring, prompt, file:PATH, fd:N, env:NAME, command:PROGRAM ARG…
    #[arg(long, value_name = "WHERE")]
    pub passphrase: Option<String>,
}

/// How much work a key file may demand.
#[derive(Args, Debug)]
pub struct LimitArguments {
    /// Refuse a key that demands more rounds of key derivation
    #[arg(long, value_name = "COUNT", default_value_t = Limits::DEFAULT.iterations)]
    pub max_iterations: u64,
    /// Refuse a key that demands more memory for scrypt
    #[arg(long, value_name = "MIB", default_value_t = Limits::DEFAULT.scrypt_memory >> 20)]
    pub max_memory: u64,
}

/// `certman key …`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Is it sealed and how, does it open, does it belong to the certificate, which client refuses it
    Check {
        #[command(flatten)]
        #[allow(missing_docs)]
        audience: AudienceArguments,
        #[command(flatten)]
        #[allow(missing_docs)]
        identity: IdentityArguments,
    },
    /// Write the key without a passphrase: PKCS#8 in PEM, readable by you alone
    #[command(
        after_help = "A file that is there already is replaced only where it holds this key and nothing else."
    )]
    Decrypt {
        #[command(flatten)]
        #[allow(missing_docs)]
        identity: IdentityArguments,
        /// Write the key here; `-` is standard output
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
    },
    /// Rewrite the key in the form that every client opens
    #[command(
        after_help = "A key in that form, with as many rounds as --iterations says, is left as it is. Where the old passphrase came from the keyring, the new one \
                            goes there too. A key without a passphrase is asked one for, twice."
    )]
    Encrypt {
        /// Keep the old file beside it, with .bak behind its name
        #[arg(long)]
        backup: bool,
        #[command(flatten)]
        #[allow(missing_docs)]
        identity: IdentityArguments,
        /// Rounds of key derivation to seal it with
        #[arg(long, value_name = "COUNT", default_value_t = crate::pki::key::PORTABLE_ITERATIONS)]
        iterations: u32,
        /// Where the new passphrase comes from; without this the old one stays
        #[arg(long, value_name = "WHERE")]
        new_passphrase: Option<String>,
        /// Write the key here instead of over the old file; `-` is standard output
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Remove the passphrase from the keyring
    #[command(
        after_help = "Fails where the keyring has none. An entry goes by the path of the key as it is named, made absolute; \
                            the file itself need not be there."
    )]
    Forget {
        /// The client's private key
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// A PKCS#12 or Java key store, in the place of the key
        #[arg(long, value_name = "FILE", conflicts_with = "key")]
        store: Option<PathBuf>,
    },
    /// Put the passphrase into the keyring, once it has opened the key
    #[command(
        after_help = "The entry goes by the path of the key as it is named, made absolute: a link has an entry of its own."
    )]
    Remember {
        /// The client's private key
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        #[command(flatten)]
        #[allow(missing_docs)]
        limits: LimitArguments,
        /// Take the passphrase from this file; `-` is standard input. Else it is asked for, twice
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// A PKCS#12 or Java key store, in the place of the key
        #[arg(long, value_name = "FILE", conflicts_with = "key")]
        store: Option<PathBuf>,
    },
}

/// What arguments that are wrong seem to ask for: enough to answer in the form that their reader expects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// The command.
    pub command: Option<String>,
    /// Whether the answer is to be JSON.
    pub is_json: bool,
    /// The value of `--shell`.
    pub shell: Option<String>,
}

impl Intent {
    /// Guesses. The first argument is the program's name.
    pub fn of(arguments: &[OsString]) -> Self {
        let mut intent = Self::default();
        let mut words = arguments.iter().skip(1).map(|word| word.to_string_lossy());
        while let Some(word) = words.next() {
            let (flag, attached) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (&*word, None),
            };
            match flag {
                "--" => break,
                "--json" => intent.is_json = true,
                "--at" | "--color" | "--config" | "--format" | "--profile" | "--shell" => {
                    let value = attached.or_else(|| words.next().map(|value| value.into_owned()));
                    match (flag, value) {
                        ("--format", Some(value)) => intent.is_json |= value == "json",
                        ("--shell", value) => intent.shell = value,
                        _ => {}
                    }
                }
                _ if flag.starts_with('-') => {}
                _ => intent.command = intent.command.or_else(|| Some(word.into_owned())),
            }
        }
        intent
    }
}

impl Common {
    /// Whether the answer is to be JSON.
    pub fn is_json(&self) -> bool {
        self.json || self.format == Format::Json
    }
}

impl Default for LimitArguments {
    fn default() -> Self {
        let Limits { iterations, scrypt_memory, .. } = Limits::DEFAULT;
        Self { max_iterations: iterations, max_memory: scrypt_memory >> 20 }
    }
}

impl LimitArguments {
    /// The limits, with that on scrypt's work in proportion to that on its memory.
    pub fn limits(&self) -> Limits {
        let scrypt_memory = self.max_memory.saturating_mul(1 << 20);
        let growth = (scrypt_memory / Limits::DEFAULT.scrypt_memory).max(1);
        let scrypt_work = Limits::DEFAULT.scrypt_work.saturating_mul(growth);
        Limits { iterations: self.max_iterations, scrypt_memory, scrypt_work }
    }
}

impl Arguments {
    /// Parses a command line of `env` by a definition that knows no other command: `env` runs at every shell start, and to
    /// define all the others would cost it more than its own work. None for whatever does not fit: the whole definition
    /// has the words for what is wrong with it.
    pub fn parse_env(words: &[OsString]) -> Option<Self> {
        let (common, env) = parse_alone("env", words)?;
        Some(Self { command: Command::Env(env), common })
    }

    /// The same for `run`, which may stand before every start of a program.
    pub fn parse_run(words: &[OsString]) -> Option<Self> {
        let (common, run) = parse_alone("run", words)?;
        Some(Self { command: Command::Run(run), common })
    }

    /// What was typed, for [`crate::config::Settings::resolve`].
    pub fn overrides(&self) -> Overrides {
        let mut overrides = Overrides {
            config: self.common.config.clone(),
            profile: self.common.profile.clone(),
            ..Overrides::default()
        };
        let identity = match &self.command {
            Command::Bundle(bundle) => {
                overrides.full.clone_from(&bundle.full);
                overrides.java.clone_from(&bundle.java);
                overrides.out.clone_from(&bundle.out);
                overrides.public_roots.clone_from(&bundle.public_roots);
                overrides.sources.clone_from(&bundle.sources);
                overrides.store_passphrase.clone_from(&bundle.stores.store_passphrase);
                None
            }
            Command::Check(check) => {
                overrides.critical.clone_from(&check.critical);
                overrides.store_passphrase.clone_from(&check.stores.store_passphrase);
                overrides.warn.clone_from(&check.warn);
                Some(&check.identity)
            }
            Command::Completions { .. }
            | Command::Explain(_)
            | Command::Hook(_)
            | Command::Init(_)
            | Command::Profiles
            | Command::Proxy(_) => None,
            Command::Doctor(doctor) => {
                overrides.hosts.clone_from(&doctor.hosts);
                overrides.store_passphrase.clone_from(&doctor.stores.store_passphrase);
                Some(&doctor.identity)
            }
            Command::Env(env) => {
                overrides.families.clone_from(&env.families.families);
                Some(&env.identity)
            }
            Command::Import(import) => {
                overrides.store_passphrase.clone_from(&import.stores.store_passphrase);
                None
            }
            Command::Inspect(inspect) => {
                overrides.passphrase.clone_from(&inspect.passphrase);
                overrides.store_passphrase.clone_from(&inspect.stores.store_passphrase);
                None
            }
            Command::Key(
                KeyCommand::Check { identity, .. }
                | KeyCommand::Decrypt { identity, .. }
                | KeyCommand::Encrypt { identity, .. },
            ) => Some(identity),
            Command::Key(KeyCommand::Forget { key, .. } | KeyCommand::Remember { key, .. }) => {
                overrides.key.clone_from(key);
                None
            }
            Command::Run(run) => {
                overrides.families.clone_from(&run.families.families);
                Some(&run.identity)
            }
            Command::Settings(SettingsCommand::Apply(apply)) => {
                overrides.cert.clone_from(&apply.cert);
                overrides.families.clone_from(&apply.families.families);
                overrides.key.clone_from(&apply.key);
                None
            }
            Command::Settings(SettingsCommand::Remove(_) | SettingsCommand::Show) => None,
        };
        if let Some(identity) = identity {
            overrides.cert.clone_from(&identity.cert);
            overrides.key.clone_from(&identity.key);
            overrides.passphrase.clone_from(&identity.passphrase);
        }
        overrides
    }
}

/// Parses a command line by a definition of one command alone. None for whatever does not fit.
fn parse_alone<A: Args>(name: &'static str, words: &[OsString]) -> Option<(Common, A)> {
    // Behind `--` stands another program's command line.
    if !words.iter().take_while(|word| *word != "--").any(|word| word == name) {
        return None;
    }
    let command = A::augment_args(clap::Command::new(name).disable_help_flag(true));
    let certman = clap::Command::new("certman").disable_help_flag(true).disable_help_subcommand(true);
    // Never taken apart again: the process ends soon, and its memory with it.
    let mut definition = ManuallyDrop::new(Common::augment_args(certman).subcommand(command));
    let matches = definition.try_get_matches_from_mut(words).ok()?;
    let arguments = A::from_arg_matches(matches.subcommand_matches(name)?).ok()?;
    Some((Common::from_arg_matches(&matches).ok()?, arguments))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_next_step_is_about_the_configuration_and_the_profile_that_were_named() {
        let step =
            || "run `certman bundle`, which certman does alone, then `eval \"$(certman env)\"`".to_owned();
        let common = |words: &[&str]| Arguments::try_parse_from(words).unwrap().common;
        assert_eq!(common(&["certman", "check"]).pasteable(step()), step());
        let named = common(&["certman", "check", "--profile", "work", "--config", "it's mine.toml"]);
        let certman = r"certman --config 'it'\''s mine.toml' --profile work";
        assert_eq!(
            named.pasteable(step()),
            format!("run `{certman} bundle`, which certman does alone, then `eval \"$({certman} env)\"`")
        );
    }

    #[test]
    fn the_short_definitions_read_what_the_whole_one_reads() {
        for line in [
            "certman env",
            "certman --config a.toml env --shell fish --verify",
            "certman env --config a.toml --at 2031-05-01 --no-input --quiet --color never",
            "certman env --cert c --key k --passphrase file:p --max-iterations 7 --max-memory 9 --unset --json",
            "certman --format json env --no-refresh",
            "certman --profile work env --unset",
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let short = format!("{:?}", Arguments::parse_env(&words).unwrap());
            assert_eq!(short, format!("{:?}", Arguments::try_parse_from(&words).unwrap()), "{line}");
        }
        for line in [
            "certman run -- true",
            "certman --json run --exec --no-refresh -- env -x --help -- --exec",
            "certman run --config a.toml --clean-env --keep A --keep B* --plain-passphrase --verify -q -- a run",
            "certman run --cert c --key k --passphrase file:p --max-iterations 7 --max-memory 9 -- ''",
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let short = format!("{:?}", Arguments::parse_run(&words).unwrap());
            assert_eq!(short, format!("{:?}", Arguments::try_parse_from(&words).unwrap()), "{line}");
            assert!(Arguments::parse_env(&words).is_none(), "{line}");
        }
        for line in
            ["certman run", "certman run true", "certman run --keep A -- true", "certman key run -- x"]
        {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert!(Arguments::parse_run(&words).is_none(), "{line}");
        }
        for line in ["certman check env", "certman env --help", "certman env --nonsense", "certman env -q -v"]
        {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert!(Arguments::parse_env(&words).is_none(), "{line}");
        }
    }
}
