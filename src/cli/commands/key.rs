//! `certman key`: check, remember, forget, decrypt, encrypt. Owns the order in which key, keyring and disk are touched: everything
//! that can fail comes first, and at no moment is there no copy of the key. Never shows a passphrase.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::remember::{self, Whose};
use super::{check, identity, stores};
use crate::cli::args::{IdentityArguments, KeyCommand, LimitArguments};
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::render::words::aim::Aim;
use crate::cli::{Ending, Outcome, Shown};
use crate::clients::Audience;
use crate::config::Settings;
use crate::pki::bundle::Place;
use crate::pki::container::{self, Content as Found};
use crate::pki::key::{
    self, Cipher, Content, Encoding, Kdf, KeyFile, Limits, Prf, PrivateKey, Scheme, SealError,
};
use crate::pki::name::Foreign;
use crate::report::{Report, Severity};
use crate::secret::Passphrase;
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind, WriteError};
use crate::sys::keyring;
use crate::sys::passphrase::{self, Source};

/// Picks the subcommand.
///
/// # Errors
/// Where no key is named, and what each of them says.
pub fn run(
    command: &KeyCommand,
    settings: &Settings,
    is_json: bool,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    match command {
        KeyCommand::Forget { store: Some(store), .. } => {
            let note = stores::forget(&absolute(store, host), settings, host)?;
            return Ok(done(Report::default(), note));
        }
        KeyCommand::Remember { limits, passphrase_file, store: Some(store), .. } => {
            let mut report = Report::default();
            let path = absolute(store, host);
            let file = passphrase_file.as_deref();
            return match stores::remember(&path, limits, file, settings, host, &mut report) {
                Ok(note) => Ok(done(report, note)),
                Err(failure) => Err(failure.with_findings(report)),
            };
        }
        _ => {}
    }
    let Some(key) = &settings.key else {
        return Err(Failure::usage("no client key is named")
            .hint("name it with --key, or set client.key in certman.toml"));
    };
    let path = key.value.as_path();
    let mut report = Report::default();
    let shown = match command {
        KeyCommand::Check { audience, identity } => {
            return Ok(check(identity, audience.audience(), settings, host));
        }
        KeyCommand::Decrypt { identity, out } => {
            let destination = Destination::typed(out, is_json, host)?;
            decrypt(path, identity, &destination, settings, host, &mut report)
        }
        KeyCommand::Encrypt { backup, identity, iterations, new_passphrase, out } => {
            let destination = match out {
                Some(out) => Destination::typed(out, is_json, host)?,
                None if path == Path::new("-") => {
                    return Err(
                        Failure::usage("standard input cannot be rewritten").hint("name a file with --out")
                    );
                }
                None => Destination::File(path.to_owned()),
            };
            if u64::from(*iterations) > identity.limits.max_iterations || *iterations == 0 {
                return Err(Failure::usage(
                    "--iterations is 0, or more than --max-iterations allows to be opened",
                ));
            }
            let wish = Wish {
                destination,
                has_backup: *backup,
                iterations: *iterations,
                new_passphrase: new_passphrase
                    .as_deref()
                    .map(|text| place(text, "--new-passphrase", host))
                    .transpose()?,
            };
            encrypt(path, identity, &wish, settings, host, &mut report)
        }
        KeyCommand::Forget { .. } => forget(path, settings, host),
        KeyCommand::Remember { limits, passphrase_file, .. } => {
            remember(path, limits, passphrase_file.as_deref(), settings, host, &mut report)
        }
    };
    match shown {
        Ok(shown) => {
            let is_done = report.worst() < Severity::Unknown;
            Ok(Outcome { ending: Ending::Doing { is_done }, report, shown })
        }
        Err(failure) => Err(failure.with_findings(report)),
    }
}

/// What a command that only touches the keyring comes to.
fn done(report: Report, note: String) -> Outcome {
    Outcome { ending: Ending::Doing { is_done: true }, report, shown: Shown::Note(note) }
}

/// The path of a store as sources have it, so that its entry in the keyring is the one they look for.
fn absolute(store: &Path, host: &Host) -> PathBuf {
    match crate::source::Source::typed(store, &host.current_folder) {
        Ok(crate::source::Source::Path(path)) => path,
        _ => store.to_owned(),
    }
}

fn check(arguments: &IdentityArguments, audience: Audience, settings: &Settings, host: &mut Host) -> Outcome {
    let mut report = Report::for_audience(audience);
    let now = host.now;
    let summary =
        identity::check(&arguments.limits, settings, true, host, &mut report, &mut |one, place, report| {
            check::judge_client(one, place, settings.thresholds, now, true, report);
        });
    Outcome {
        ending: Ending::Judging { from: Some(Severity::Warning) },
        report,
        shown: Shown::Identity(summary),
    }
}

/// Stores a passphrase once it has opened the key, and reads it back.
fn remember(
    path: &Path,
    limits: &LimitArguments,
    passphrase_file: Option<&Path>,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Shown, Failure> {
    refuse_standard_input(path)?;
    let file = identity::detect(path)?;
    let Content::Sealed(sealed) = file.content else {
        return Err(Failure::new(format!(
            "the client key {} has no passphrase to remember",
            words::path(path)
        ))
        .hint(format!(
            "give it one with `certman key encrypt{} --new-passphrase prompt`",
            Aim::at(path, &settings.circumstances()).rewriting()
        )));
    };
    let limits = limits.limits();
    limits.check(sealed.scheme()).map_err(|error| identity::not_opened(settings, path, &error))?;
    let (account, prompt) = (identity::keyring_account(settings, path), identity::prompt(path));
    let missing = |error: &passphrase::Error| identity::no_passphrase(settings, path, error);
    let silent = |error: &keyring::Error| of_keyring(settings, path, error);
    let option = Aim::at(path, &settings.circumstances()).key();
    let whose = whose(&account, &prompt, &missing, &silent, &option);
    let passphrase = remember::take(passphrase_file, &whose, host, report)?;
    identity::open(&sealed, &passphrase, path, &limits, settings)?;
    let place = Place { file: report.file(path.to_owned()), index: 1, line: None };
    identity::note_oddities(&passphrase, Severity::Warning, Some(place), report);
    remember::store(&whose, &passphrase, host)?;
    let mut note = format!("the passphrase is in the keyring now, as '{}' of 'certman'", Foreign(&account));
    if settings.passphrase.value != Source::Keyring {
        note += &format!("; but {} is where it is taken from", settings.passphrase.value.name());
    }
    Ok(Shown::Note(note))
}

fn forget(path: &Path, settings: &Settings, host: &mut Host) -> Result<Shown, Failure> {
    refuse_standard_input(path)?;
    let account = identity::keyring_account(settings, path);
    match host.keyring.forget(&account) {
        Ok(()) => Ok(Shown::Note(format!("the keyring has no entry '{}' any more", Foreign(&account)))),
        Err(error @ keyring::Error::Absent { .. }) => Err(Failure::new(Foreign(error).to_string())
            .hint("there is nothing to forget; an entry goes by the path of the key")),
        Err(error) => Err(of_keyring(settings, path, &error)),
    }
}

/// Writes the key without a passphrase.
fn decrypt(
    path: &Path,
    arguments: &IdentityArguments,
    destination: &Destination,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Shown, Failure> {
    let (bytes, file) = load(path, host)?;
    if let Destination::File(out) = destination {
        may_replace(out, path, &bytes, &file)?;
    }
    let opened = unlock(file, path, arguments, settings, host, report)?;
    let pem = opened.key.to_pkcs8_pem();
    let Destination::File(out) = destination else { return Ok(Shown::Output(pem)) };
    note_written(&pem, out, Some(&opened.key), report);
    if is_content_of(out, &pem) {
        return Ok(Shown::Note(format!(
            "unchanged: {} holds this key, without a passphrase",
            words::path(out)
        )));
    }
    if !fs::is_same_file(out, path) {
        refuse_foreign(out, Some(&opened.key))?;
    }
    publish(out, &pem, None)?;
    Ok(Shown::Note(format!("wrote the client key to {}, without a passphrase", words::path(out))))
}

/// What is asked of `encrypt`.
struct Wish {
    destination: Destination,
    has_backup: bool,
    iterations: u32,
    new_passphrase: Option<Source>,
}

/// Rewrites the key in the portable form.
fn encrypt(
    path: &Path,
    arguments: &IdentityArguments,
    wish: &Wish,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Shown, Failure> {
    let (bytes, file) = load(path, host)?;
    let is_in_place = matches!(&wish.destination, Destination::File(out) if fs::is_same_file(out, path));
    let is_portable = is_portable(&file, rounds_that_stay(wish.iterations));
    let was_sealed = file.facts.scheme.is_some();
    if is_in_place && is_portable && wish.new_passphrase.is_none() {
        return Ok(unchanged(path, &bytes, report));
    }
    if let Destination::File(out) = &wish.destination {
        may_replace(out, path, &bytes, &file)?;
        if !is_in_place {
            refuse_foreign(out, None)?;
        }
    }
    let backup = (is_in_place && wish.has_backup).then(|| backup_of(path));
    if let Some(backup) = backup.as_deref().filter(|backup| fs::state(backup).is_ok()) {
        return Err(already_there(backup));
    }
    let opened = unlock(file, path, arguments, settings, host, report)?;
    let account = identity::keyring_account(settings, path);
    let question = format!("New passphrase for {}: ", words::path(path));
    let missing = |error: &passphrase::Error| identity::no_passphrase(settings, path, error);
    let silent = |error: &keyring::Error| of_keyring(settings, path, error);
    let circumstances = settings.circumstances();
    let option = Aim::at(path, &circumstances).key();
    let whose_new = whose(&account, &question, &missing, &silent, &option);
    let new = match (&wish.new_passphrase, &opened.passphrase) {
        (None, Some(_)) => None,
        (Some(Source::Prompt) | None, _) => Some(ask_new(path, &whose_new, host)?),
        (Some(source), _) => {
            Some(remember::obtain(source, &identity::prompt(path), &whose_new, host)?.passphrase)
        }
    };
    let new = new.filter(|new| {
        let old = opened.passphrase.as_ref().map(|(old, _)| old.expose_secret());
        old != Some(new.expose_secret())
    });
    if new.is_none() && is_in_place && is_portable {
        return Ok(unchanged(path, &bytes, report));
    }
    let old = opened.passphrase.as_ref().map(|(old, _)| old);
    let Some(passphrase) = new.as_ref().or(old) else {
        return Err(Failure::new("there is no passphrase to seal the key with"));
    };
    if new.is_some() {
        let place = Place { file: report.file(path.to_owned()), index: 1, line: None };
        identity::note_oddities(passphrase, Severity::Warning, Some(place), report);
    }
    let sealed = opened.key.seal(passphrase, wish.iterations).map_err(|error| not_sealed(path, error))?;
    let Destination::File(out) = &wish.destination else { return Ok(Shown::Output(sealed)) };
    publish(out, &sealed, backup.as_deref().map(|backup| (backup, bytes.as_slice())))?;
    note_written(&sealed, out, Some(&opened.key), report);

    let mut note = format!("wrote the client key to {}, sealed for every client", words::path(out));
    if let Some(backup) = &backup {
        note += &format!("; the old file is {}", words::path(backup));
    }
    let Some(new) = &new else { return Ok(Shown::Note(note)) };
    // The key comes first: whoever gave the new passphrase still has it, but the old one may be in the keyring alone.
    match opened.passphrase.as_ref().map(|(_, source)| source) {
        Some(Source::Keyring) if is_in_place => match remember::store(&whose_new, new, host) {
            Ok(()) => note += "; the keyring has its new passphrase",
            Err(failure) => {
                let mut report = std::mem::take(report);
                report.findings.retain(|finding| finding.severity >= Severity::Warning);
                return Err(Failure::new(format!(
                    "the client key {} has its new passphrase, and the keyring still has the old one: {}",
                    words::path(out),
                    failure.message
                ))
                .hint(format!("store the new one with `certman key remember{option}`"))
                .with_findings(report));
            }
        },
        Some(Source::Keyring) => {
            let option = Aim::at(out, &circumstances).key();
            note += &format!("; `certman key remember{option}` stores its new passphrase");
        }
        _ if wish.new_passphrase == Some(settings.passphrase.value.clone()) => {}
        Some(Source::Prompt) => {}
        None | Some(_) if settings.passphrase.value == Source::Keyring => {
            note += &format!(
                "; store its passphrase with `certman key remember{}`",
                Aim::at(out, &circumstances).key()
            );
        }
        _ if was_sealed => {
            note += &format!("; {} still has the old passphrase", settings.passphrase.value.name());
        }
        _ => {}
    }
    Ok(Shown::Note(note))
}

/// Where a key is written to.
enum Destination {
    File(PathBuf),
    StandardOutput,
}

impl Destination {
    fn typed(out: &Path, is_json: bool, host: &Host) -> Result<Self, Failure> {
        match out == Path::new("-") {
            true if is_json => Err(Failure::usage("standard output cannot hold both JSON and the key")
                .hint("name a file with --out, or leave --json away")),
            true => Ok(Self::StandardOutput),
            false => Ok(Self::File(host.current_folder.join(out))),
        }
    }
}

/// A key in the clear, and the passphrase that has opened it.
struct Unlocked {
    key: PrivateKey,
    /// With the place it came from; none for a key that was not sealed.
    passphrase: Option<(Passphrase, Source)>,
}

fn load(path: &Path, host: &mut Host) -> Result<(Zeroizing<Vec<u8>>, KeyFile), Failure> {
    let bytes =
        identity::read_key(path, &mut *host.stdin).map_err(|error| identity::unreadable(path, &error))?;
    let file = identity::recognise(path, &bytes)?;
    Ok((bytes, file))
}

fn unlock(
    file: KeyFile,
    path: &Path,
    arguments: &IdentityArguments,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Unlocked, Failure> {
    match file.content {
        Content::Plain(key) => Ok(Unlocked { key, passphrase: None }),
        Content::Sealed(sealed) => {
            let limits = arguments.limits.limits();
            limits.check(sealed.scheme()).map_err(|error| identity::not_opened(settings, path, &error))?;
            let (passphrase, source) = identity::passphrase(settings, path, true, host, report)?;
            let key = identity::open(&sealed, &passphrase, path, &limits, settings)?;
            Ok(Unlocked { key, passphrase: Some((passphrase, source)) })
        }
    }
}

/// With how many rounds a key is left as it is. One that demands more than certman opens by itself is not, whatever was allowed
/// this time.
fn rounds_that_stay(wished: u32) -> std::ops::RangeInclusive<u64> {
    let wished = u64::from(wished);
    wished..=wished.max(Limits::DEFAULT.iterations)
}

/// Whether every client opens it already, and with rounds in this range.
pub(super) fn is_portable(file: &KeyFile, rounds: std::ops::RangeInclusive<u64>) -> bool {
    let is_scheme = matches!(
        file.facts.scheme,
        Some(Scheme::Pbes2 {
            cipher: Cipher::Aes256Cbc,
            kdf: Kdf::Pbkdf2 { iterations, prf: Prf::HmacSha256, prf_has_null_parameters: true },
        }) if rounds.contains(&iterations)
    );
    is_scheme && file.facts.encoding == Encoding::Pem && file.facts.quirks.is_empty()
}

/// A file that also holds certificates or other keys is not replaced by the key alone.
fn may_replace(out: &Path, path: &Path, bytes: &[u8], file: &KeyFile) -> Result<(), Failure> {
    if !fs::is_same_file(out, path) {
        return Ok(());
    }
    let mut certificates = 0;
    container::scan(bytes, &mut |item| {
        certificates += usize::from(matches!(item.content, Found::Certificate(_)))
    });
    let what = match (certificates, file.facts.others) {
        (0, 0) => return Ok(()),
        (0, others) => words::counted(others as usize, "other key"),
        (certificates, _) => words::counted(certificates, "certificate"),
    };
    Err(Failure::new(format!("{} also holds {what}, which would be lost", words::path(path)))
        .hint("write the key to a file of its own with --out"))
}

/// A file that is there already is replaced only where that loses nothing: where it is empty, or holds this very key.
fn refuse_foreign(out: &Path, key: Option<&PrivateKey>) -> Result<(), Failure> {
    let Ok(state) = fs::state(out) else { return Ok(()) };
    if state.size == 0 && !state.is_folder {
        return Ok(());
    }
    if let Some(key) = key
        && let Ok(bytes) = fs::read_secret(out, identity::KEY_LIMIT)
        && let Ok(KeyFile { content: Content::Plain(there), facts }) = key::detect(&bytes)
        && facts.others == 0
        && there.to_pkcs8_der().expose_secret() == key.to_pkcs8_der().expose_secret()
    {
        return Ok(());
    }
    Err(already_there(out))
}

fn already_there(path: &Path) -> Failure {
    Failure::new(format!("{} is already there, and is not overwritten", words::path(path)))
        .hint("name another file, or move this one away")
}

fn is_content_of(path: &Path, bytes: &[u8]) -> bool {
    let is_private = fs::access(path).is_none_or(|access| access.mode & 0o077 == 0);
    is_private && fs::read_secret(path, identity::KEY_LIMIT).is_ok_and(|there| *there == bytes)
}

/// Writes the file, reads it back, puts the old one aside where that is wished, and only then takes its place.
fn publish(out: &Path, bytes: &[u8], backup: Option<(&Path, &[u8])>) -> Result<(), Failure> {
    let failed = |path: &Path, error: WriteError| {
        Failure::new(format!("{} cannot be written: {error}", words::path(path)))
            .hint("nothing was changed; name another file with --out")
    };
    let mut draft = Draft::beside(out, Kind::Private).map_err(|error| failed(out, error))?;
    draft.write_all(bytes).map_err(|error| failed(out, error))?;
    let mut written = Zeroizing::new(Vec::with_capacity(bytes.len() + 1));
    let read_back = draft.read_back().map_err(|error| failed(out, error))?;
    // One byte more than was written, so that the buffer does not grow whatever is there.
    let is_read = read_back.take(bytes.len() as u64 + 1).read_to_end(&mut written).is_ok();
    if !is_read || *written != bytes {
        return Err(Failure::new(format!("{} does not hold what was written to it", words::path(out)))
            .hint("nothing was changed; look at the disk"));
    }
    if let Some((backup, old)) = backup {
        let mut copy = Draft::beside(backup, Kind::Private).map_err(|error| failed(backup, error))?;
        copy.write_all(old).map_err(|error| failed(backup, error))?;
        copy.publish_new().map_err(|error| failed(backup, error))?;
    }
    draft.publish().map_err(|error| failed(out, error))
}

/// The name of a file with `.bak` behind it.
fn backup_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".bak");
    PathBuf::from(name)
}

fn unchanged(path: &Path, bytes: &[u8], report: &mut Report) -> Shown {
    note_written(bytes, path, None, report);
    let place = report.keys.last().map(|facts| facts.place);
    identity::note_access(path, place, report);
    Shown::Note(format!("unchanged: every client opens {} as it is", words::path(path)))
}

/// The facts about what was written, for JSON; with the key, where it was opened to see.
fn note_written(bytes: &[u8], out: &Path, key: Option<&PrivateKey>, report: &mut Report) {
    let place = Place { file: report.file(out.to_owned()), index: 1, line: None };
    if let Ok(file) = key::detect(bytes) {
        let place = Place { index: file.facts.block.unwrap_or(1), line: file.facts.line, ..place };
        let mut facts = identity::key_facts(&file, place);
        if let Some(key) = key {
            identity::note_opened(key, &mut facts);
            facts.opened = facts.encrypted.then_some(true);
        }
        report.keys.push(facts);
    }
}

/// Whose passphrase it is that goes into the keyring.
pub(super) fn whose<'a>(
    account: &'a str,
    prompt: &'a str,
    missing: &'a dyn Fn(&passphrase::Error) -> Failure,
    keyring_failure: &'a dyn Fn(&keyring::Error) -> Failure,
    option: &str,
) -> Whose<'a> {
    let way_out = format!(
        "take it out again with `certman key forget{option}`, and set client.passphrase = \"file:PATH\""
    );
    Whose { account, keyring_failure, missing, prompt, way_out }
}

/// The failure for a keyring that does not answer about the passphrase of a key.
pub(super) fn of_keyring(settings: &Settings, key: &Path, error: &keyring::Error) -> Failure {
    let option = Aim::at(key, &settings.circumstances()).key();
    Failure::new(Foreign(error).to_string()).hint(words::keyring_fix(error, &option))
}

/// A place for a passphrase as it is typed; relative paths start in the current folder.
pub(super) fn place(text: &str, flag: &str, host: &Host) -> Result<Source, Failure> {
    match text.parse::<Source>() {
        Ok(Source::File(path)) => Ok(Source::File(host.current_folder.join(path))),
        Ok(source) => Ok(source),
        Err(error) => Err(Failure::usage(format!("{flag}: {error}"))),
    }
}

pub(super) fn ask_new(key: &Path, whose: &Whose<'_>, host: &Host) -> Result<Passphrase, Failure> {
    if !host.terminal.is_present() {
        return Err(Failure::new(format!("the client key {} needs a new passphrase", words::path(key)))
            .hint("name its place with --new-passphrase: file:PATH, fd:N, env:NAME, command:…"));
    }
    remember::ask_twice(whose, host)
}

pub(super) fn not_sealed(path: &Path, error: SealError) -> Failure {
    let why = match error {
        SealError::PassphraseLength { length } => {
            format!("clients take passphrases of 1 to 1,023 bytes, and this one has {length}")
        }
        SealError::ReadBack => "what was sealed did not open again".to_owned(),
        SealError::Refused => "the generator of random numbers failed, or the rounds are too many".to_owned(),
    };
    Failure::new(format!("the client key {} was not sealed: {why}", words::path(path)))
}

fn refuse_standard_input(path: &Path) -> Result<(), Failure> {
    if path == Path::new("-") {
        return Err(Failure::usage("the keyring knows a key by its path, and standard input has none"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_more_rounds_than_are_opened_is_written_anew() {
        // `key encrypt --max-iterations 20000000`, the next step for such a key, had left it as it was.
        assert!(!rounds_that_stay(600_000).contains(&20_000_000));
        assert!(rounds_that_stay(20_000_000).contains(&20_000_000));
        assert!(
            rounds_that_stay(600_000).contains(&600_000) && !rounds_that_stay(600_000).contains(&599_999)
        );
    }
}
