//! What ends a command before it has anything to report: a sentence, the next step, the exit status.

use crate::cli::args::Common;
use crate::config;
use crate::report::Report;

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// What was found before.
    pub findings: Option<Box<Report>>,
    /// The next step.
    pub hint: Option<String>,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Whether the arguments are at fault.
    pub is_usage: bool,
    /// The exit status, where it is another than the command's usual one.
    pub status: Option<u8>,
}

impl Failure {
    /// Something went wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Self { findings: None, hint: None, message: message.into(), is_usage: false, status: None }
    }

    /// The arguments are wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { findings: None, hint: None, message: message.into(), is_usage: true, status: None }
    }

    /// The same, with what had been found by then.
    pub fn with_findings(self, report: Report) -> Self {
        Self { findings: Some(Box::new(report)), ..self }
    }

    /// The same with an exit status of its own.
    pub fn ending_with(self, status: u8) -> Self {
        Self { status: Some(status), ..self }
    }

    /// The same with a next step that can be pasted.
    pub fn called_with(self, common: &Common) -> Self {
        Self { hint: self.hint.map(|hint| common.pasteable(hint)), ..self }
    }

    /// The same with a next step.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<config::Error> for Failure {
    fn from(error: config::Error) -> Self {
        let message = error.to_string();
        match error {
            config::Error::Typed { hint, .. } => Self::usage(message).hint(hint),
            // The administrator's file is read whatever one says: leaving out its sources would go unnoticed.
            config::Error::Unreadable { is_system: true, .. } => Self::new(message)
                .hint("it is for all users of this machine: its administrator must make it readable"),
            config::Error::Unreadable { .. } => {
                Self::new(message).hint("name another one with --config, or correct CERTMAN_CONFIG")
            }
            config::Error::Value { .. } => Self::usage(message),
            config::Error::Wrong { hint, .. } => Self::new(message)
                .hint(hint.unwrap_or_else(|| "certman.toml(5) has every key with an example".into())),
        }
    }
}

/// The exit status for wrong arguments: EX_USAGE of sysexits.h.
pub const USAGE: u8 = 64;
