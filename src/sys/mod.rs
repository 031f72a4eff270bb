//! The world: files, environment, clock, keyring, terminal, standard streams.
//!
//! [`Host`] holds all of it and does nothing: what a command may touch is what it is lent. Tests put
//! their own parts in its place.
#![expect(
    clippy::disallowed_methods,
    reason = "the clock, the current folder and the standard streams are taken here, once"
)]

pub mod env;
pub mod fs;
pub mod keyring;
pub mod net;
pub mod passphrase;
pub mod process;
pub mod roots;
pub mod runtime;
pub mod runtime_folder;
pub mod terminal;

use std::ffi::OsStr;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use self::env::Environment;
use self::keyring::{Keyring, OsKeyring};
use self::roots::Roots;
use self::terminal::{Terminal, TerminalDevice};

/// Everything outside of the program that a command may touch.
pub struct Host {
    /// The folder that relative paths on the command line start from.
    pub current_folder: PathBuf,
    /// The environment as it was when the program started.
    pub environment: Environment,
    /// Where passphrases are kept.
    pub keyring: Box<dyn Keyring>,
    /// The folder in which an administrator sets Claude Code for everyone.
    pub managed_settings: PathBuf,
    /// The time at the start of the program, in seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// Asks for the name of the program that started this one (`bash`); none where the system does not tell.
    pub parent: Box<dyn Fn() -> Option<String>>,
    /// Where the trust store of the operating system is.
    pub roots: Roots,
    /// Standard error.
    pub stderr: Stream,
    /// Standard input.
    pub stdin: Box<dyn Read>,
    /// Standard output.
    pub stdout: Stream,
    /// The configuration that an administrator has set for everyone; on Windows there is none.
    pub system_configuration: Option<PathBuf>,
    /// The terminal device, for questions.
    pub terminal: Box<dyn Terminal>,
}

impl Host {
    /// The world of this process.
    pub fn of_this_process() -> Self {
        let terminal = TerminalDevice;
        let patience = if terminal.is_present() { keyring::WITH_TERMINAL } else { keyring::WITHOUT_TERMINAL };
        // Where it cannot be told, relative paths stay relative, and the system judges them.
        let current_folder = std::env::current_dir().unwrap_or_default();
        let environment = Environment::of_this_process();
        let root = environment.value("CERTMAN_SYSTEM_ROOT").unwrap_or(OsStr::new("/"));
        let [stderr_columns, stdout_columns] =
            [columns(&std::io::stderr(), &environment), columns(&std::io::stdout(), &environment)];
        Self {
            roots: Roots::below(current_folder.join(root), &environment),
            current_folder,
            environment,
            keyring: Box::new(OsKeyring::new(patience)),
            managed_settings: PathBuf::from(MANAGED_SETTINGS),
            now: now(),
            parent: Box::new(process::parent_name),
            stderr: Stream::new(std::io::stderr(), stderr_columns),
            stdin: stdin(),
            stdout: Stream::new(std::io::stdout(), stdout_columns),
            system_configuration: cfg!(unix).then(|| PathBuf::from("/etc/certman/certman.toml")),
            terminal: Box::new(terminal),
        }
    }
}

/// An output stream, and what is at its other end.
pub struct Stream {
    /// How many columns a terminal has; none where that is not known, and where there is no terminal.
    pub columns: Option<usize>,
    /// Whether a person looks at it.
    pub is_terminal: bool,
    /// Where to write.
    pub writer: Box<dyn Write>,
}

impl Stream {
    fn new(stream: impl IsTerminal + Write + 'static, columns: Option<usize>) -> Self {
        Self { columns, is_terminal: stream.is_terminal(), writer: Box::new(stream) }
    }
}

/// The columns of a terminal: what itself says, else what the shell says. One that is told to have none, as over a bare `ssh`, says
/// nothing.
#[cfg(unix)]
fn columns(stream: &(impl IsTerminal + std::os::fd::AsFd), environment: &Environment) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let told = rustix::termios::tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_col));
    Some(told).filter(|told| *told > 0).or_else(|| columns_by_environment(environment))
}

#[cfg(not(unix))]
fn columns(stream: &impl IsTerminal, environment: &Environment) -> Option<usize> {
    stream.is_terminal().then(|| columns_by_environment(environment)).flatten()
}

fn columns_by_environment(environment: &Environment) -> Option<usize> {
    environment.value("COLUMNS")?.to_str()?.parse().ok().filter(|columns| *columns > 0)
}

/// Standard input without the buffer of the standard library, in which a passphrase would stay to the end of the process.
fn stdin() -> Box<dyn Read> {
    #[cfg(unix)]
    if let Ok(descriptor) = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned() {
        return Box::new(std::fs::File::from(descriptor));
    }
    Box::new(std::io::stdin())
}

/// The clock, in seconds since 1970-01-01T00:00:00Z; negative before that.
fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}

/// Where Claude Code looks for `managed-settings.json` and `managed-settings.d` (its documentation, 2.1; also in WSL).
const MANAGED_SETTINGS: &str = if cfg!(target_os = "macos") {
    "/Library/Application Support/ClaudeCode"
} else if cfg!(windows) {
    "C:\\Program Files\\ClaudeCode"
} else {
    "/etc/claude-code"
};
