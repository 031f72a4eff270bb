//! `certman env`: the exports. Cheap, since it runs at every shell start: a fresh bundle is told by file states alone, and
//! no key is derived unless `--verify` asks for it.

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::bundle::{Built, out, sources};
use super::identity;
use crate::cli::args::EnvArguments;
use crate::cli::failure::Failure;
use crate::cli::{Ending, Exports, Outcome, Shown};
use crate::config::Settings;
use crate::pki::bundle::{Place, Rules, loads_everywhere};
use crate::pki::cert::hex;
use crate::pki::container::{self, Content as Item};
use crate::pki::key::Content;
use crate::report::{Cause, Report, Severity};
use crate::secret::Passphrase;
use crate::shell::{self, Shell, Statement};
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind};

/// Settles the values and puts them into statements.
///
/// # Errors
/// Where a value cannot be had: then there is none at all.
pub fn run(arguments: &EnvArguments, settings: &Settings, host: &mut Host) -> Result<Outcome, Failure> {
    let shell = shell(arguments.shell.as_deref(), host)?;
    let mut report = Report::default();
    let values =
        if arguments.unset { Values::default() } else { values(arguments, settings, host, &mut report)? };
    let statements = values.statements(arguments.unset);
    let script = shell::script(shell, &statements).map_err(unquotable)?;
    let masked = values.masked(arguments.unset);
    let script_for_people = match host.stdout.is_terminal {
        true => with_stars(&shell::script(shell, &values.placeholders(arguments.unset)).map_err(unquotable)?),
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

/// What is exported.
#[derive(Default)]
struct Values {
    bundle: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    passphrase: Option<Passphrase>,
}

impl Values {
    fn statements(&self, unset: bool) -> Vec<Statement<'_>> {
        self.in_order(unset, self.passphrase.as_ref().map(Passphrase::expose_secret))
    }

    fn masked(&self, unset: bool) -> Vec<Statement<'_>> {
        self.in_order(unset, self.passphrase.as_ref().map(|_| STARS))
    }

    /// With a word that no shell has to quote in the place of the secret.
    fn placeholders(&self, unset: bool) -> Vec<Statement<'_>> {
        self.in_order(unset, self.passphrase.as_ref().map(|_| PLACEHOLDER))
    }

    fn in_order<'v>(&'v self, unset: bool, passphrase: Option<&'v [u8]>) -> Vec<Statement<'v>> {
        let path = |path: &'v Option<PathBuf>| path.as_ref().map(|path| path.as_os_str().as_encoded_bytes());
        let values = [path(&self.bundle), path(&self.certificate), path(&self.key), passphrase];
        let pairs = VARIABLES.into_iter().zip(values);
        pairs
            .filter_map(|(name, value)| match value {
                Some(value) => Some(Statement::Set { name, value }),
                None => unset.then_some(Statement::Unset { name }),
            })
            .collect()
    }
}

fn values(
    arguments: &EnvArguments,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Values, Failure> {
    let bundle = bundle(arguments, settings, host, report)?;
    let mut values = Values { bundle: bundle.map(|path| fs::without_parents(&path)), ..Values::default() };
    match (&settings.cert, &settings.key) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            values.passphrase =
                passphrase(arguments, settings, &certificate.value, &key.value, host, report)?;
            values.certificate = Some(fs::without_parents(&certificate.value));
            values.key = Some(fs::without_parents(&key.value));
        }
        (certificate, _) => {
            let (given, missing) =
                if certificate.is_some() { ("certificate", "client.key") } else { ("key", "client.cert") };
            return Err(Failure::new(format!("there is a client {given}, and no {missing} to go with it"))
                .hint(format!("set {missing} in certman.toml")));
        }
    }
    if values.bundle.is_none() && values.certificate.is_none() {
        return Err(Failure::new("there is nothing to export: no sources, no bundle, no client certificate")
            .hint("write a certman.toml (certman.toml(5)), or name one with --config"));
    }
    Ok(values)
}

/// The path of the bundle, brought up to date where its sources have changed. None where there is neither a source nor a
/// bundle.
fn bundle(
    arguments: &EnvArguments,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Option<PathBuf>, Failure> {
    if settings.sources.is_empty() {
        let Some(configured) = settings.out.as_ref().filter(|out| fs::state(&out.value).is_ok()) else {
            return Ok(None);
        };
        must_be_usable(&configured.value, report)?;
        return Ok(Some(configured.value.clone()));
    }
    let (sources, out) = (sources(settings)?, out(settings)?);
    if out == Path::new("-") {
        return Err(Failure::usage("an environment variable cannot hold the bundle itself")
            .hint("name a file in bundle.out"));
    }
    let exists = fs::state(out).is_ok();
    if arguments.no_refresh && exists {
        must_be_usable(out, report)?;
        return Ok(Some(out.to_owned()));
    }
    let stamp = Stamp::of_sources(&sources, out);
    if exists && stamp.as_ref().is_some_and(|stamp| stamp.is_fresh(out, host.now)) {
        return Ok(Some(out.to_owned()));
    }
    if arguments.no_refresh {
        return Err(Failure::new(format!("the bundle '{}' is not there", out.display()))
            .hint("make it with `certman bundle`, or leave out --no-refresh"));
    }
    let mut found = Report::default();
    let rules = Rules { keep_expired: false, now: host.now };
    let built = Built::from_sources(&sources, Some(out), rules, host, &mut found);
    let failure = if found.worst() < Severity::Critical {
        match built.publish(out) {
            Ok(_) => {
                if let Some(stamp) = stamp {
                    stamp.write(&built, out, host.now);
                }
                None
            }
            Err(failure) => Some(failure),
        }
    } else {
        Some(Failure::new("the bundle cannot be made from its sources"))
    };
    match failure {
        None => *report = found,
        // The last good bundle is better than none: what was trusted yesterday is trusted for one more day.
        Some(failure) if exists => {
            if let Err(useless) = must_be_usable(out, &mut found) {
                return Err(Failure { hint: failure.hint, ..useless }.with_findings(found));
            }
            *report = found;
            for finding in &mut report.findings {
                finding.severity = finding.severity.min(Severity::Warning);
            }
            report.find(None, Cause::BundleKept { path: out.display().to_string().into() });
        }
        Some(failure) => {
            *report = found;
            return Err(failure.with_findings(std::mem::take(report)));
        }
    }
    // At every shell start only what needs attention is said; `certman bundle` says the rest.
    report
        .findings
        .retain(|finding| finding.severity >= Severity::Warning && finding.cause.matters_at_shell_start());
    Ok(Some(out.to_owned()))
}

/// A bundle that is exported without being made anew has to hold a certificate: with a file that holds none, clients fail
/// on every connection, also to public hosts (CLIENTS.md, bundle, rule 3). What else is the matter with it is noted.
///
/// # Errors
/// Where it cannot be read, or holds no certificate.
fn must_be_usable(out: &Path, report: &mut Report) -> Result<(), Failure> {
    let failed = |why: String| {
        Failure::new(format!("the bundle '{}' cannot be used: {why}", out.display()))
            .hint("make it anew with `certman bundle`")
    };
    let mut text = Vec::new();
    fs::read_into(out, &mut text, source::LIMIT).map_err(|error| failed(error.to_string()))?;
    let mut holds_any = false;
    container::scan(&text, &mut |item| holds_any |= matches!(item.content, Item::Certificate(_)));
    if !holds_any {
        return Err(failed("it holds no certificate, and every connection would fail".into()));
    }
    if let Err(why) = loads_everywhere(&text) {
        let place = Place { file: report.file(out.to_owned()), index: 1, line: None };
        report.find_as(Severity::Warning, Some(place), Cause::BundleUnloadable { why });
    }
    Ok(())
}

/// The passphrase, asked for only where the key is sealed.
fn passphrase(
    arguments: &EnvArguments,
    settings: &Settings,
    certificate: &Path,
    key: &Path,
    host: &mut Host,
    report: &mut Report,
) -> Result<Option<Passphrase>, Failure> {
    if let Err(error) = fs::state(certificate) {
        return Err(Failure::new(format!(
            "client certificate '{}' cannot be read: {error}",
            certificate.display()
        ))
        .hint("set client.cert in certman.toml, or name the file with --cert"));
    }
    let file = identity::detect(key)?;
    let place = Place { file: report.file(key.to_owned()), index: 1, line: None };
    identity::note_access(key, Some(place), report);
    let passphrase = match &file.content {
        Content::Plain(_) => None,
        Content::Sealed(_) => Some(identity::passphrase(settings, key, false, host, report)?.0),
    };
    if arguments.verify {
        let limits = &arguments.identity.limits;
        identity::verify(file, passphrase.as_ref(), certificate, key, limits, report)?;
    }
    Ok(passphrase)
}

/// What tells, without reading a single certificate, that a bundle is what its sources give: a line in a hidden file
/// beside it. It holds a fingerprint of the sources' names, sizes and times and of the state of the bundle itself, and the
/// time within which no certificate expires or becomes valid. Without it, or with any doubt, the bundle is made again.
pub struct Stamp {
    /// The sources' state **before** they were read: what is changed while they are read is seen the next time.
    sources: [u8; 32],
}

impl Stamp {
    /// Asks for the state of the sources; none where that cannot be told.
    pub fn of_sources(sources: &[Source], out: &Path) -> Option<Self> {
        let skip = |path: &Path| super::gather::is_own_output(path, out);
        source::state(sources, &skip).ok().map(|sources| Self { sources })
    }

    /// Whether the bundle at `out` is what these sources give at `now`.
    fn is_fresh(&self, out: &Path, now: i64) -> bool {
        let mut line = String::new();
        let read = fs::reader(&Self::path(out))
            .is_ok_and(|stamp| stamp.take(1024).read_to_string(&mut line).is_ok());
        let mut fields = line.split_whitespace();
        let fingerprint = fields.next();
        let mut time = || fields.next().and_then(|time| time.parse::<i64>().ok());
        let (since, until) = (time(), time());
        read && since.is_some_and(|since| since <= now)
            && until.is_some_and(|until| now < until)
            && fingerprint.is_some()
            && fingerprint == self.fingerprint(out).as_deref()
    }

    /// Writes the stamp for a bundle that has just been made. Where that fails, the next run makes the bundle again.
    pub fn write(&self, built: &Built, out: &Path, now: i64) {
        let Some(fingerprint) = self.fingerprint(out) else { return };
        let holds = built.holds(now);
        let line = format!("{fingerprint} {} {}\n", holds.start, holds.end);
        let path = Self::path(out);
        let mut old = String::new();
        if fs::reader(&path).is_ok_and(|stamp| stamp.take(1024).read_to_string(&mut old).is_ok())
            && old == line
        {
            return;
        }
        if let Ok(mut draft) = Draft::beside(&path, Kind::Public)
            && draft.write_all(line.as_bytes()).is_ok()
        {
            let _ = draft.publish();
        }
    }

    fn fingerprint(&self, out: &Path) -> Option<String> {
        let bundle = fs::state(out).ok()?;
        let mut digest = Sha256::new();
        // Another version may merge by other rules.
        digest.update(env!("CARGO_PKG_VERSION"));
        digest.update(self.sources);
        digest.update(bundle.changed.to_le_bytes());
        digest.update(bundle.inode.to_le_bytes());
        digest.update(bundle.size.to_le_bytes());
        Some(hex(&digest.finalize()))
    }

    /// `.NAME.stamp` beside the bundle.
    fn path(out: &Path) -> PathBuf {
        let name = out.file_name().map_or(Cow::Borrowed("bundle"), |name| name.to_string_lossy());
        out.with_file_name(format!(".{name}.stamp"))
    }
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
    VARIABLES.into_iter().find(|known| *known == name).unwrap_or_default()
}

const PLACEHOLDER: &[u8] = b"SECRET-NOT-SHOWN";
const STARS: &[u8] = b"***";
/// What `env` sets, in this order.
pub const VARIABLES: [&str; 4] = [
    "NODE_EXTRA_CA_CERTS",
    "CLAUDE_CODE_CLIENT_CERT",
    "CLAUDE_CODE_CLIENT_KEY",
    "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
];
