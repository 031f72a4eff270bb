//! `certman env`: the exports. Cheap, since it runs at every shell start: a fresh bundle is told by file states alone, and
//! no key is derived unless `--verify` asks for it.

use super::values::{Request, Values, values};
use crate::cli::args::EnvArguments;
use crate::cli::failure::Failure;
use crate::cli::{Ending, Exports, Outcome, Shown};
use crate::config::Settings;
use crate::exports::{VARIABLES, Variable};
use crate::report::Report;
use crate::shell::{self, Shell, Statement};
use crate::sys::Host;

/// Settles the values and puts them into statements.
///
/// # Errors
/// Where a value cannot be had: then there is none at all.
pub fn run(arguments: &EnvArguments, settings: &Settings, host: &mut Host) -> Result<Outcome, Failure> {
    let shell = shell(arguments.shell.as_deref(), host)?;
    let mut report = Report::default();
    let request = Request {
        limits: &arguments.identity.limits,
        no_refresh: arguments.no_refresh,
        public_only: false,
        rehearse: false,
        verify: arguments.verify,
    };
    let values =
        if arguments.unset { Values::default() } else { values(&request, settings, host, &mut report)? };
    let all = statements(&values, arguments.unset, None);
    let script = shell::script(shell, &all).map_err(unquotable)?;
    let masked = statements(&values, arguments.unset, Some(STARS));
    // A word that no shell has to quote stands in the place of the secret until all is quoted.
    let for_people = statements(&values, arguments.unset, Some(PLACEHOLDER));
    let script_for_people = match host.stdout.is_terminal {
        true => with_stars(&shell::script(shell, &for_people).map_err(unquotable)?),
        false => Vec::new(),
    };
    let variables = masked
        .iter()
        .map(|statement| match statement {
            Statement::Set { name, value } => {
                (static_name(name), Some(String::from_utf8_lossy(value).into_owned()))
            }
            Statement::Unset { name } => (static_name(name), None),
        })
        .collect();
    Ok(Outcome {
        ending: Ending::Doing { is_done: true },
        report,
        shown: Shown::Exports(Exports { script, script_for_people, variables }),
    })
}

/// The dialect: `--shell`, `CERTMAN_SHELL`, else the one that is found.
///
/// # Errors
/// For a shell that was named and is not known.
fn shell(named: Option<&str>, host: &Host) -> Result<Shell, Failure> {
    let from_variable =
        host.environment.value("CERTMAN_SHELL").map(|name| name.to_string_lossy().into_owned());
    let (origin, name) = match (named, from_variable) {
        (Some(name), _) => ("--shell", name.to_owned()),
        (None, Some(name)) => ("CERTMAN_SHELL", name),
        (None, None) => return Ok(found_shell(host)),
    };
    Shell::named(&name).ok_or_else(|| {
        let known: Vec<&str> = Shell::ALL.into_iter().map(Shell::name).collect();
        Failure::usage(format!("{origin}: the shell '{}' is not known", name.escape_debug()))
            .hint(format!("known are {} (sh stands for bash, zsh, ksh and dash too)", known.join(", ")))
    })
}

/// The dialect to fail in: whoever evaluates the output must notice, also where the shell was named wrongly.
pub fn shell_to_fail_in(named: Option<&str>, host: &Host) -> Shell {
    shell(named, host).unwrap_or_else(|_| found_shell(host))
}

/// The dialect of the parent process, of `SHELL`, else `sh`. What is not known is passed over.
fn found_shell(host: &Host) -> Shell {
    let parent = || Shell::named(&(host.parent)()?);
    let login = || Shell::named(&host.environment.value("SHELL")?.to_string_lossy());
    parent().or_else(login).unwrap_or(Shell::Sh)
}

/// The statements in their order, with something else in the place of every secret where that is asked for.
fn statements<'v>(values: &'v Values, unset: bool, instead: Option<&'v [u8]>) -> Vec<Statement<'v>> {
    let statement = |variable: &Variable| {
        let name = variable.name;
        let value = values.value(variable.content);
        match value.map(|value| instead.filter(|_| variable.content.is_secret()).unwrap_or(value)) {
            Some(value) => Some(Statement::Set { name, value }),
            None => unset.then_some(Statement::Unset { name }),
        }
    };
    VARIABLES.iter().filter_map(statement).collect()
}

/// The statements for people: quoted as ever, with stars where the secret would be.
fn with_stars(script: &[u8]) -> Vec<u8> {
    let Some(at) = memchr::memmem::rfind(script, PLACEHOLDER) else { return script.to_vec() };
    [&script[..at], STARS, &script[at + PLACEHOLDER.len()..]].concat()
}

fn unquotable(error: shell::Unquotable) -> Failure {
    Failure::new(error.to_string()).hint("another --shell can; json and sh take any value")
}

fn static_name(name: &str) -> &'static str {
    VARIABLES.iter().find(|known| known.name == name).map_or("", |known| known.name)
}

const PLACEHOLDER: &[u8] = b"SECRET-NOT-SHOWN";
const STARS: &[u8] = b"***";
