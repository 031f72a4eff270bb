//! `certman init`: a first certman.toml from what this machine has. Owns the order of steps: look, propose, ask, write. Never
//! replaces anything, never writes a secret, opens no sealed key and no store.

mod discovery;
mod files;
mod programs;
mod proxies;
mod text;

use std::io::Read;
use std::path::{Path, PathBuf};

pub use self::discovery::{Found, Kind};
use self::discovery::{Machine, discover};
use crate::cli::args::{Common, InitArguments};
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::{Ending, Outcome, Shown};
use crate::config::{self, Settings};
use crate::report::Report;
use crate::sys::Host;
use crate::sys::fs::{self, Draft, WriteError};

/// The proposal, and what has become of it.
pub struct Proposal {
    /// Everything that was met, in the order in which it was looked at.
    pub found: Vec<Found>,
    /// Commands to run next, each with what it does.
    pub next: Vec<(String, &'static str)>,
    /// Where the file belongs.
    pub path: PathBuf,
    /// The file.
    pub text: String,
    /// The keys that it sets, in their order, with their values.
    pub values: Vec<(&'static str, Chosen)>,
    /// What has become of it.
    pub decision: Decision,
}

/// What a key is set to. Never a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// A list of texts.
    List(Vec<String>),
    /// A text.
    Text(String),
}

/// What has become of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The person has said no.
    Declined,
    /// It was only to be printed.
    Printed,
    /// There was nobody to ask.
    Unasked,
    /// It stands in its file.
    Written,
}

/// Looks at the machine, and writes what the person wants.
///
/// # Errors
/// Where something stands in the place of the file, and where it cannot be written.
pub fn run(arguments: &InitArguments, common: &Common, host: &mut Host) -> Result<Outcome, Failure> {
    if common.profile.is_some() {
        return Err(Failure::usage("`init` writes no profiles")
            .hint("leave out --profile, and add tables such as [profile.work.client] to the file"));
    }
    let place = config::users_file(common.config.as_deref(), &host.environment, &host.current_folder);
    let path = match place {
        Some((path, _)) => path.components().collect::<PathBuf>(),
        None => {
            return Err(Failure::new("there is no home folder to put certman.toml in")
                .hint("name a file with --config, or set HOME"));
        }
    };
    if !arguments.print {
        must_be_free(&path)?;
    }
    let home = host.environment.home();
    let defaults = Settings::of_text("", &path, home.as_deref())?;
    let discovery = discover(&Machine::of(host, &path, &defaults));
    let mut proposal = Proposal {
        text: text::compose(&discovery, host.now),
        next: next_steps(&common.certman(), &discovery),
        values: discovery.values(),
        found: discovery.found,
        path,
        decision: Decision::Printed,
    };
    // What no certman could read is never shown as a proposal either.
    must_be_readable(&proposal.text, &proposal.path, home.as_deref())?;
    if !arguments.print {
        proposal.decision = ask(arguments.yes, &proposal, host)?;
    }
    if proposal.decision == Decision::Written {
        write(&proposal, home.as_deref())?;
    }
    let is_done = matches!(proposal.decision, Decision::Printed | Decision::Written);
    Ok(Outcome {
        ending: Ending::Doing { is_done },
        report: Report::default(),
        shown: Shown::Proposal(Box::new(proposal)),
    })
}

/// What is to become of a proposal that may be written.
fn ask(is_taken: bool, proposal: &Proposal, host: &Host) -> Result<Decision, Failure> {
    if is_taken {
        return Ok(Decision::Written);
    }
    if !host.terminal.is_present() {
        return Ok(Decision::Unasked);
    }
    let question = format!("{}\nWrite this to {}? [y/N] ", proposal.text, words::path(&proposal.path));
    match host.terminal.confirm(&question) {
        Ok(true) => Ok(Decision::Written),
        Ok(false) => Ok(Decision::Declined),
        Err(error) => {
            Err(Failure::new(format!("nothing was written: the terminal gives no answer: {error}"))
                .hint("`certman init --yes` takes the proposal without a question"))
        }
    }
}

/// Writes the file where nothing stands, after reading back what the disk has of it.
fn write(proposal: &Proposal, home: Option<&Path>) -> Result<(), Failure> {
    let path = &proposal.path;
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("{} cannot be written: {error}", words::path(path))).hint(
            "name another file with --config, or put the output of `certman init --print` there yourself",
        )
    };
    // Somebody may have been quicker while the question stood.
    must_be_free(path)?;
    let mut draft = Draft::beside(path, fs::Kind::Public).map_err(|error| failed(&error))?;
    draft.write_all(proposal.text.as_bytes()).map_err(|error| failed(&error))?;
    let mut written = String::new();
    let back = draft.read_back().map_err(|error| failed(&error))?;
    back.take(LARGEST).read_to_string(&mut written).map_err(|error| failed(&error))?;
    if written != proposal.text {
        return Err(failed(&"the disk gives back something else"));
    }
    must_be_readable(&written, path, home)?;
    match draft.publish_new() {
        Err(WriteError::Refused(error)) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(taken(path, "a file"))
        }
        Err(error) => Err(failed(&error)),
        Ok(()) => Ok(()),
    }
}

/// Nothing may stand in the place of the file, not even a link that leads nowhere.
fn must_be_free(path: &Path) -> Result<(), Failure> {
    match fs::obstacle(path) {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(taken(path, what)),
        Err(error) => Err(Failure::new(format!("{} cannot be written: {error}", words::path(path)))
            .hint("name another file with --config")),
    }
}

fn taken(path: &Path, what: &str) -> Failure {
    Failure::new(format!("{} is there already ({what}), and stays as it is", words::path(path)))
        .hint("`certman init --print` shows what would be proposed; --config FILE writes it elsewhere")
}

fn must_be_readable(text: &str, path: &Path, home: Option<&Path>) -> Result<(), Failure> {
    match Settings::of_text(text, path, home) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(Failure::new(format!("the proposal is no configuration, and was not written: {error}"))
                .hint("write certman.toml by hand: certman.toml(5) has every key with an example"))
        }
    }
}

/// What to do once the file is there, in an order that works.
fn next_steps(certman: &str, discovery: &discovery::Discovery) -> Vec<(String, &'static str)> {
    let mut steps = Vec::new();
    let mut step = |command: String, what| steps.push((command, what));
    if discovery.sources.is_empty() {
        step("certman.toml(5)".to_owned(), "name the company's CA files under bundle.sources first");
    } else {
        step(format!("{certman} bundle"), "make the bundle");
    }
    if discovery.identity.as_ref().is_some_and(|identity| identity.is_sealed) {
        step(format!("{certman} key remember"), "put the passphrase of the key into the keyring");
    }
    if discovery.proxy.has_user && !discovery.proxy.is_without_password {
        step(format!("{certman} proxy remember"), "put the password of the proxy into the keyring");
    }
    step(format!("{certman} check"), "judge bundle and identity");
    step(format!("eval \"$({certman} env)\""), "set the variables in this shell");
    steps
}

/// Far above any proposal, in bytes.
const LARGEST: u64 = 16 << 20;
