//! The only writer of standard output and standard error. Puts reports into words, tables, JSON or one line for Nagios;
//! computes nothing.

mod choice;
mod columns;
mod doctor;
mod explain;
mod human;
mod inspect;
mod json;
mod nagios;
mod settings;
pub mod words;

use std::io::{self, Write};

pub use doctor::{HELP_DESK_TITLE, help_desk, hosts_json};
pub use settings::settings_question;

use anstream::adapter::strip_bytes;
use clap::error::ErrorKind;

use super::args::{Arguments, Color, Command, Common, Format, Intent};
use super::commands::env::shell_to_fail_in;
use super::failure::{Failure, USAGE};
use super::{Ending, Outcome, Shown};
use crate::pki::name::Foreign;
use crate::report::{Report, Severity};
use crate::shell::{self, Shell};
use crate::sys::{Host, Stream, process};

/// Shows what a command has come to, and gives the exit status.
pub fn show(outcome: Result<Outcome, Failure>, arguments: &Arguments, host: &mut Host) -> u8 {
    let status = match &outcome {
        Ok(outcome) => status(outcome),
        Err(Failure { status: Some(status), .. }) => *status,
        Err(failure) if failure.is_usage => USAGE,
        Err(_)
            if matches!(arguments.command, Command::Check(_) | Command::Doctor(_) | Command::Inspect(_))
                || is_key_check(&arguments.command) =>
        {
            COULD_NOT_TELL
        }
        Err(_) if matches!(arguments.command, Command::Run(_)) => RUN_FAILED,
        Err(_) => 1,
    };
    let shell = match (&outcome, &arguments.command) {
        // Nobody evaluates the other forms.
        (Err(_), Command::Env(env)) if arguments.common.format.only_command().is_none() => {
            Some(shell_to_fail_in(env.shell.as_deref(), host))
        }
        _ => None,
    };
    let is_json = arguments.common.is_json() || shell == Some(Shell::Json);
    let out = painted(&mut host.stdout, &arguments.common, &host.environment);
    let err = painted(&mut host.stderr, &arguments.common, &host.environment);
    let mut screen = human::Screen { common: &arguments.common, err, now: host.now, out };
    let written = match (outcome, arguments.common.format) {
        (outcome, _) if is_json && is_report(&outcome) => screen.out.plain(&json::answer(
            Some(json::name(&arguments.command)),
            Some(&arguments.common),
            outcome,
            status,
            host.now,
        )),
        (Ok(outcome), Format::Nagios) => screen.out.plain(nagios::line(&outcome, host.now).as_bytes()),
        (Err(failure), Format::Nagios) => screen.out.plain(nagios::failure(&failure).as_bytes()),
        (Ok(outcome), _) => screen.outcome(&outcome),
        (Err(failure), _) => screen.failure(&failure, shell),
    };
    match written {
        Ok(()) => status,
        // Whoever read has gone: `certman … | head` is no error.
        Err(error) if process::is_closed_pipe(&error) => status,
        Err(error) => {
            let _ = writeln!(screen.err, "certman: error: the answer cannot be written: {error}");
            if status == 0 { 1 } else { status }
        }
    }
}

/// Shows what was found, for a command that goes on afterwards. That it cannot be shown keeps nothing from being done.
pub fn remarks(report: &Report, common: &Common, host: &mut Host) {
    let out = painted(&mut host.stdout, common, &host.environment);
    let err = painted(&mut host.stderr, common, &host.environment);
    let mut screen = human::Screen { common, err, now: host.now, out };
    let _ = screen.remarks(report).and_then(|()| screen.err.flush());
}

/// Shows what is being done, on the last line of a terminal's standard error; an empty text takes it away. It never fills the line:
/// of one that goes on in the next row only that row could be taken away. Elsewhere, under `--quiet` and for JSON it is not shown. That it cannot be shown keeps nothing from being done.
pub fn progress(text: &str, common: &Common, host: &mut Host) {
    if host.stderr.is_terminal && !common.quiet && !common.is_json() {
        let clear = "\r\u{1b}[K";
        let text = if text.is_empty() { String::new() } else { format!("certman: {}", Foreign(text)) };
        let text = columns::cut(&text, host.stderr.columns.unwrap_or(USUAL_COLUMNS).saturating_sub(1));
        let _ = write!(host.stderr.writer, "{clear}{text}").and_then(|()| host.stderr.writer.flush());
    }
}

/// Shows help, the version, or what is wrong with the arguments. Touches nothing else. Whoever reads JSON gets an object,
/// and whoever evaluates the output of `env` is made to fail too.
pub fn usage(error: &clap::Error, intent: Intent, host: &mut Host) -> u8 {
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let stream = if is_asked_for { &mut host.stdout } else { &mut host.stderr };
    let text = error.render();
    let is_plain = !stream.is_terminal || host.environment.value("NO_COLOR").is_some();
    let shown = if is_plain { text.to_string() } else { text.ansi().to_string() };
    let written = stream.writer.write_all(shown.as_bytes()).and_then(|()| stream.writer.flush());
    if is_asked_for {
        return match written {
            Err(error) if !process::is_closed_pipe(&error) => {
                let _ = writeln!(host.stderr.writer, "certman: error: the answer cannot be written: {error}");
                1
            }
            _ => 0,
        };
    }
    let answer = if intent.is_json {
        let text = text.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let failure = Failure::usage(message).hint("`certman --help` shows what there is");
        json::answer(intent.command.as_deref(), None, Err(failure), USAGE, host.now)
    } else if intent.command.as_deref() == Some("env") {
        shell::failure(shell_to_fail_in(intent.shell.as_deref(), host)).into()
    } else {
        Vec::new()
    };
    let _ = host.stdout.writer.write_all(&answer).and_then(|()| host.stdout.writer.flush());
    USAGE
}

fn status(outcome: &Outcome) -> u8 {
    match outcome.ending {
        Ending::Child { status } => status,
        Ending::Doing { is_done } => u8::from(!is_done),
        Ending::Judging { from: None } => 0,
        Ending::Judging { from: Some(from) } => match outcome.report.worst() {
            worst if worst < from => 0,
            Severity::Info => 0,
            Severity::Warning => 1,
            Severity::Critical => 2,
            Severity::Unknown => COULD_NOT_TELL,
        },
    }
}

fn is_key_check(command: &Command) -> bool {
    matches!(command, Command::Key(super::args::KeyCommand::Check { .. }))
}

/// Whether the answer is a report. What a command puts on standard output for other programs stays as it is.
fn is_report(outcome: &Result<Outcome, Failure>) -> bool {
    let Ok(outcome) = outcome else { return true };
    !matches!(outcome.shown, Shown::Nothing | Shown::Output(_) | Shown::Bundle { text: Some(_), .. })
}

/// An output stream that keeps or strips colours.
pub(super) struct Painted<'h> {
    columns: Option<usize>,
    has_colour: bool,
    is_terminal: bool,
    stream: &'h mut Box<dyn Write>,
}

fn painted<'h>(
    stream: &'h mut Stream,
    common: &Common,
    environment: &crate::sys::env::Environment,
) -> Painted<'h> {
    let has_colour = has_colour(common, environment, stream.is_terminal);
    Painted {
        columns: stream.columns,
        has_colour,
        is_terminal: stream.is_terminal,
        stream: &mut stream.writer,
    }
}

/// Whether colours are wanted where something is shown.
fn has_colour(common: &Common, environment: &crate::sys::env::Environment, is_terminal: bool) -> bool {
    match common.color {
        Color::Always => true,
        Color::Auto => {
            let is_dumb = environment.value("TERM").is_some_and(|term| term == "dumb");
            is_terminal && environment.value("NO_COLOR").is_none() && !is_dumb
        }
        Color::Never => false,
    }
}

impl Painted<'_> {
    /// Writes bytes as they are.
    fn plain(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }
}

impl Write for Painted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_colour {
            return self.stream.write(bytes);
        }
        // In one piece: standard output is written to at the end of every line.
        self.stream.write_all(&strip_bytes(bytes).into_vec())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The name of a command, as it is typed.
pub fn command_name(command: &Command) -> &'static str {
    json::name(command)
}

/// How many findings there are of a severity.
fn count(report: &Report, severity: Severity) -> usize {
    report.findings.iter().filter(|finding| finding.severity == severity).count()
}

const COULD_NOT_TELL: u8 = 3;
/// The columns of a terminal that does not tell.
const USUAL_COLUMNS: usize = 80;
/// `run`, where the program was not started for a reason of certman's (as `env` and `timeout` of coreutils have it).
const RUN_FAILED: u8 = 125;
