//! `certman env`: the exports. Cheap, since it runs at every shell start: a fresh bundle is told by file states alone, and
//! no key is derived unless `--verify` asks for it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::java;
use super::values::{JAVA_TOOL_OPTIONS, Request, Values, values};
use crate::cli::args::{EnvArguments, Format};
use crate::cli::failure::Failure;
use crate::cli::{Ending, Exports, Outcome, Shown};
use crate::config::Settings;
use crate::exports::{Content, Variable};
use crate::pki::cert::hex;
use crate::report::Report;
use crate::shell::{self, Shell, Statement, github};
use crate::sys::Host;
use crate::sys::fs;

/// Settles the values and puts them into statements.
///
/// # Errors
/// Where a value cannot be had: then there is none at all.
pub fn run(
    arguments: &EnvArguments,
    format: Format,
    settings: &Settings,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let notation = notation(arguments, format, host)?;
    let mut report = Report::default();
    let request = Request {
        limits: &arguments.identity.limits,
        no_refresh: arguments.no_refresh,
        public_only: false,
        rehearse: false,
        verify: arguments.verify,
    };
    let values = match arguments.unset {
        // What a person has set there beside certman's own stays.
        true => Values {
            java_options: java::options(host.environment.value(JAVA_TOOL_OPTIONS), None)?,
            ..Values::default()
        },
        false => values(&request, settings, host, &mut report)?,
    };
    let rows = rows(&values, arguments.unset, settings);
    let script = match &notation {
        Notation::Github(file) => into_github_file(file, &rows)?,
        Notation::Script(shell) => script(*shell, &rows)?,
    };
    let script_for_people = match &notation {
        Notation::Script(shell) if host.stdout.is_terminal => script_for_people(*shell, &rows)?,
        _ => Vec::new(),
    };
    let shell = match notation {
        Notation::Github(_) => None,
        Notation::Script(shell) => Some(shell),
    };
    let variables = rows
        .iter()
        .map(|row| {
            let shown = row.with(STARS).map(|value| String::from_utf8_lossy(&value).into_owned());
            (row.variable.name, shown)
        })
        .collect();
    Ok(Outcome {
        ending: Ending::Doing { is_done: true },
        report,
        shown: Shown::Exports(Exports { script, script_for_people, shell, variables }),
    })
}

/// What the answer is written in.
enum Notation {
    /// Into this file, which `GITHUB_ENV` names; standard output, which is the job's log, gets the masks.
    Github(PathBuf),
    /// A text on standard output.
    Script(Shell),
}

/// `--format`, else the dialect of a shell.
///
/// # Errors
/// For a format and a shell at once, for a shell that is not known, and outside of a job of GitHub Actions.
fn notation(arguments: &EnvArguments, format: Format, host: &Host) -> Result<Notation, Failure> {
    let notation = match format {
        Format::Devcontainer => Notation::Script(Shell::Devcontainer),
        Format::Docker => Notation::Script(Shell::Docker),
        Format::Github => match host.environment.value("GITHUB_ENV") {
            Some(file) => Notation::Github(host.current_folder.join(file)),
            None => {
                return Err(Failure::new("GITHUB_ENV is not set, so this is no job of GitHub Actions")
                    .hint("elsewhere `certman env` prints, and --format systemd or docker writes a file"));
            }
        },
        Format::Launchd => Notation::Script(Shell::Launchd),
        Format::Systemd => Notation::Script(Shell::Systemd),
        Format::Json | Format::Nagios | Format::Text => {
            return Ok(Notation::Script(shell(arguments.shell.as_deref(), host)?));
        }
    };
    match arguments.shell {
        None => Ok(notation),
        Some(_) => Err(Failure::usage("--shell and --format each name what to write")),
    }
}

/// Appends the variables to the file that the runner of GitHub Actions reads behind each step, and gives what standard
/// output gets: the commands that mask every secret in the log.
///
/// # Errors
/// For a value that cannot be said there, and where the file cannot be written.
fn into_github_file(file: &Path, rows: &[Row<'_>]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random)
        .map_err(|_| Failure::new("the operating system gives no random bytes"))?;
    let delimiter = format!("certman_{}", hex(&random));
    let statements: Vec<Statement<'_>> =
        rows.iter().map(|row| statement(row.variable.name, row.value)).collect();
    let text = github::variables(&statements, &delimiter).map_err(unquotable)?;
    fs::append(file, &text).map_err(|error| {
        Failure::new(format!("'{}', which GITHUB_ENV names, cannot be written: {error}", file.display()))
            .hint("the runner makes that file for each step: call certman in a step, and leave GITHUB_ENV as it is")
    })?;
    let secrets: Vec<&[u8]> = rows.iter().filter_map(|row| row.value?.get(row.secret.clone()?)).collect();
    Ok(github::masks(&secrets))
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

/// A variable that there is something to say about.
struct Row<'v> {
    /// Which part of the value is not for people.
    secret: Option<Range<usize>>,
    /// None where it is to be cleared.
    value: Option<&'v [u8]>,
    variable: &'static Variable,
}

impl Row<'_> {
    /// The value, with something else in the place of what is secret in it.
    fn with(&self, instead: &[u8]) -> Option<Vec<u8>> {
        let value = self.value?;
        Some(match &self.secret {
            Some(secret) => [&value[..secret.start], instead, &value[secret.end..]].concat(),
            None => value.to_vec(),
        })
    }
}

/// The variables in their order.
fn rows<'v>(values: &'v Values, unset: bool, settings: &Settings) -> Vec<Row<'v>> {
    let row = |variable: &'static Variable| {
        let value = values.value(variable.content);
        let is_wanted = value.is_some() || unset && is_set_by(settings, variable.content);
        is_wanted.then(|| Row { secret: values.secret(variable.content), value, variable })
    };
    settings.families.variables().filter_map(row).collect()
}

/// Whether `env` sets it. A proxy that is not configured here may be anybody's, and is left alone; the others are certman's.
fn is_set_by(settings: &Settings, content: Content) -> bool {
    let proxy = settings.proxy.as_ref();
    match content {
        Content::HttpProxy => proxy.is_some_and(|proxy| proxy.http.is_some()),
        Content::HttpsProxy => proxy.is_some_and(|proxy| proxy.https.is_some()),
        Content::NoProxy => proxy.is_some(),
        Content::ProxySwitch => proxy.is_some_and(|proxy| proxy.http.is_some() || proxy.https.is_some()),
        Content::ClientCertificate
        | Content::ClientKey
        | Content::ClientKeyPassphrase
        | Content::ExtraBundle
        | Content::FullBundle
        | Content::JavaOptions => true,
    }
}

fn script(shell: Shell, rows: &[Row<'_>]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let statements: Vec<Statement<'_>> =
        rows.iter().map(|row| statement(row.variable.name, row.value)).collect();
    shell::script(shell, &statements).map_err(unquotable)
}

/// The same for people: quoted as ever, with stars where the secrets would be.
fn script_for_people(shell: Shell, rows: &[Row<'_>]) -> Result<Vec<u8>, Failure> {
    // A word that no shell has to quote stands in the place of each secret until all is quoted; one that no value holds.
    let is_in_a_value = |word: &str| {
        let mut values = rows.iter().filter_map(|row| row.value);
        values.any(|value| memchr::memmem::find(value, word.as_bytes()).is_some())
    };
    let mut placeholder = PLACEHOLDER.to_owned();
    while is_in_a_value(&placeholder) {
        placeholder.push('X');
    }
    let values: Vec<Option<Vec<u8>>> = rows.iter().map(|row| row.with(placeholder.as_bytes())).collect();
    let statements: Vec<Statement<'_>> =
        rows.iter().zip(&values).map(|(row, value)| statement(row.variable.name, value.as_deref())).collect();
    let script = shell::script(shell, &statements).map_err(unquotable)?;
    let mut shown = Vec::new();
    let mut rest = script.as_slice();
    while let Some(at) = memchr::memmem::find(rest, placeholder.as_bytes()) {
        shown.extend([&rest[..at], STARS].concat());
        rest = &rest[at + placeholder.len()..];
    }
    shown.extend(rest);
    Ok(shown)
}

fn statement<'a>(name: &'a str, value: Option<&'a [u8]>) -> Statement<'a> {
    match value {
        Some(value) => Statement::Set { name, value },
        None => Statement::Unset { name },
    }
}

fn unquotable(error: shell::Unquotable) -> Failure {
    let hint = match error.reason {
        shell::Reason::Unset => "leave out --unset: what is not in such a file is not set",
        _ => "another --shell can; json and sh take any value",
    };
    Failure::new(error.to_string()).hint(hint)
}

const PLACEHOLDER: &str = "SECRET-NOT-SHOWN";
const STARS: &[u8] = b"***";

#[cfg(test)]
mod tests {
    use super::super::values::Proxies;
    use super::*;
    use crate::proxy::Address;
    use crate::secret::Passphrase;

    #[test]
    fn people_see_stars_for_a_secret_and_for_the_part_of_an_address_that_is_one() {
        let secret = |text: &str| Passphrase::new(text.as_bytes().to_vec());
        let address = |text: &str| Address::parse(text).unwrap();
        let values = Values {
            // A path that holds the word which stands for a secret on the way.
            bundle: Some(format!("/{PLACEHOLDER}/{PLACEHOLDER}X/b.pem").into()),
            passphrase: Some(secret("geheim ' % $x")),
            proxy: Proxies {
                exceptions: Some("localhost".to_owned()),
                http: Some(address("http://bob@q:2").url(None)),
                https: Some(address("http://alice@p:1").url(Some(&secret("geheim@%")))),
            },
            ..Values::default()
        };
        let settings = Settings::resolve(
            crate::config::Overrides::default(),
            &crate::sys::env::Environment::from_pairs([("HOME", "/home/alice")]),
            std::path::Path::new("/"),
            None,
        );
        let rows = rows(&values, false, &settings.unwrap());
        assert_eq!(rows.len(), 8);
        for shell in Shell::ALL.into_iter().chain([Shell::Mksh]) {
            let whole = script(shell, &rows);
            let shown = String::from_utf8(script_for_people(shell, &rows).unwrap()).unwrap();
            assert!(!shown.contains("geheim"), "{shell:?}: {shown}");
            assert_eq!(shown.matches("http://alice:***@p:1").count(), 2, "{shell:?}: {shown}");
            assert_eq!(shown.matches("***").count(), 3, "{shell:?}: {shown}");
            // No password, no stars: an empty one is no secret.
            assert_eq!(shown.matches("http://bob:@q:2").count(), 2, "{shell:?}: {shown}");
            assert!(shown.contains(&format!("/{PLACEHOLDER}/{PLACEHOLDER}X/b.pem")), "{shell:?}: {shown}");
            let is_whole = whole.is_ok_and(|whole| String::from_utf8_lossy(&whole).contains("geheim%40%25"));
            // In a batch file a percent sign is written twice.
            assert!(is_whole || shell == Shell::Cmd, "{shell:?}");
        }
    }
}
