//! The world: files, environment, clock, keyring, terminal, standard streams.
//!
//! [`Host`] holds all of it and does nothing: what a command may touch is what it is lent. Tests put
//! their own parts in its place.
#![expect(clippy::disallowed_methods, reason = "the clock is read here, once, and nowhere else")]

pub mod env;
pub mod fs;
pub mod keyring;
pub mod passphrase;
pub mod process;
pub mod terminal;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use self::env::Environment;
use self::keyring::Keyring;
use self::terminal::Terminal;

/// Everything outside of the program that a command may touch.
pub struct Host {
    /// The folder that relative paths on the command line start from.
    pub current_folder: PathBuf,
    /// The environment as it was when the program started.
    pub environment: Environment,
    /// Where passphrases are kept.
    pub keyring: Box<dyn Keyring>,
    /// The time at the start of the program, in seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// The name of the program that started this one (`bash`), where the system tells.
    pub parent: Option<String>,
    /// Standard error.
    pub stderr: Stream,
    /// Standard input.
    pub stdin: Box<dyn Read>,
    /// Standard output.
    pub stdout: Stream,
    /// The terminal device, for questions.
    pub terminal: Box<dyn Terminal>,
}

/// An output stream, and what is at its other end.
pub struct Stream {
    /// Its width in columns, where it is a terminal that tells.
    pub columns: Option<u16>,
    /// Whether a person looks at it.
    pub is_terminal: bool,
    /// Where to write.
    pub writer: Box<dyn Write>,
}

/// The clock, in seconds since 1970-01-01T00:00:00Z; negative before that.
fn now() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    }
}
