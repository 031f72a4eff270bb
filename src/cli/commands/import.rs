//! `certman import`: a store, or a pile of files, in; the identity as two files out, in the form that every client reads. Owns the
//! order of the steps: everything is found, chosen and proven before anyone is asked for a new passphrase, and nothing is
//! written until everything that can fail has.

use std::path::{Path, PathBuf};

use super::bundle::{Built, holds_private_key};
use super::pair::{Changed, Held, Pair, drafted, not_written};
use super::pile::{Key, Pile};
use super::remember;
use super::save::Extension;
use super::{gather, identity, key};
use crate::cli::args::ImportArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::render::words::aim::Aim;
use crate::cli::{Ending, ImportSummary, Outcome, Shown, Written};
use crate::config::edit::{self, Wish};
use crate::config::{Settings, Value};
use crate::pki::bundle::{self, Collection, Place, Rules, merge};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::chain::self_signature;
use crate::pki::container::{self, Content as Found};
use crate::pki::key::{Content, Limits, PORTABLE_ITERATIONS, PrivateKey};
use crate::pki::name::Foreign;
use crate::pki::pile::{self, Candidate};
use crate::report::{Cause, CertificateFacts, Report, Severity};
use crate::secret::Passphrase;
use crate::source::Source as Input;
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind};
use crate::sys::keyring;
use crate::sys::passphrase::{self, Source};

/// Imports an identity, or brings the previous one back. Where `may_ask`, whoever is there is asked whether certman.toml is to be
/// extended.
///
/// # Errors
/// Where a passphrase is not to be had, and where writing fails. What is wrong with the files is in the report.
pub fn run(
    arguments: &ImportArguments,
    settings: &Settings,
    may_ask: bool,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let pair = targets(arguments, settings, host)?;
    let mut report = Report::default();
    let done = if arguments.rollback {
        roll_back(&pair, arguments, settings, host, &mut report)
    } else {
        import(&pair, arguments, settings, may_ask, host, &mut report)
    };
    match done {
        Ok(summary) => {
            let is_done = report.worst() < Severity::Unknown;
            let shown = Shown::Import(Box::new(summary));
            Ok(Outcome { ending: Ending::Doing { is_done }, report, shown })
        }
        Err(failure) => Err(failure.with_findings(report)),
    }
}

/// Where the pair is written: into the folder that is named, else where the user's configuration says that it is, else beside the
/// bundle. What the administrator has set for everyone is nobody's to replace.
fn targets(arguments: &ImportArguments, settings: &Settings, host: &Host) -> Result<Pair, Failure> {
    let in_folder =
        |folder: &Path| Pair { certificate: folder.join(CERTIFICATE_NAME), key: folder.join(KEY_NAME) };
    if let Some(folder) = &arguments.out_dir {
        return Ok(in_folder(&host.current_folder.join(folder).components().collect::<PathBuf>()));
    }
    let beside = |other: &Path, name: &str| other.with_file_name(name);
    let pair = match settings.replaceable.clone() {
        (Some(certificate), Some(key)) => Pair { certificate, key },
        (Some(certificate), None) => Pair { key: beside(&certificate, KEY_NAME), certificate },
        (None, Some(key)) => Pair { certificate: beside(&key, CERTIFICATE_NAME), key },
        (None, None) => match &settings.data {
            Some(folder) => in_folder(folder),
            None => {
                return Err(Failure::new("there is no home folder to put the identity in")
                    .hint("name a folder with --out-dir"));
            }
        },
    };
    if fs::is_same_file(&pair.certificate, &pair.key) {
        return Err(Failure::new(format!(
            "client.cert and client.key are both {}, and certman writes two files",
            words::path(&pair.key)
        ))
        .hint("name a folder for them with --out-dir, and add --save"));
    }
    Ok(pair)
}

fn import(
    pair: &Pair,
    arguments: &ImportArguments,
    settings: &Settings,
    may_ask: bool,
    host: &mut Host,
    report: &mut Report,
) -> Result<ImportSummary, Failure> {
    let places = Places::typed(arguments, host)?;
    if arguments.select.as_deref().is_some_and(|text| text.trim().is_empty()) {
        return Err(Failure::usage("--select is empty, and every identity would be meant"));
    }
    let place = &settings.passphrase.value;
    let mut summary = ImportSummary {
        is_rehearsal: arguments.dry_run,
        passphrase_from: (*place != Source::Keyring).then(|| place.name()),
        ..ImportSummary::default()
    };
    let pile = Pile::read(pair, arguments, &places, settings, host, report)?;
    pile.add_facts(host.now, report);
    let chosen = pile.choose(arguments.select.as_deref(), host.now, report, &mut summary);
    summary.authorities_found = pile.authorities(chosen.as_ref()).count();
    let Some(chosen) = chosen else { return Ok(summary) };
    let chain = pile::chain(chosen.leaf, &pile.certificates, host.now);
    pile.judge(&chosen, &chain, settings, host.now, report);
    summary.chain = [&[chosen.leaf][..], &chain.intermediates]
        .concat()
        .into_iter()
        .map(|number| pile.facts(number, host.now))
        .collect();
    if report.worst() >= Severity::Unknown {
        return Ok(summary);
    }

    let mut text = Vec::new();
    for number in [&[chosen.leaf][..], &chain.intermediates].concat() {
        bundle::write_block(&pile.certificates[number], &mut text);
    }
    let authorities = AuthoritiesFile::plan(&pile, pair, arguments, &chosen, settings, host)?;
    let extension =
        extension(pair, authorities.as_ref().map(|file| file.path.as_path()), arguments, settings, host)?;
    let key = &pile.keys[chosen.key];
    if arguments.dry_run {
        let leaf = &pile.certificates[chosen.leaf];
        rehearse(pair, &text, leaf, authorities, extension, arguments, &mut summary)?;
        return Ok(summary);
    }
    let consented = extension.consent(arguments.save, may_ask, host)?;
    let passphrase = new_passphrase(pair, key, &pile.passphrases, &places, settings, host)?;
    let place = Place { file: report.file(pair.key.clone()), index: 1, line: None };
    identity::note_oddities(&passphrase, Severity::Warning, Some(place), report);

    let held = pair.hold()?;
    note_mended(&held, pair, report);
    let old = pair.read()?;
    let is_same_chain = old.certificate.as_deref().is_some_and(|there| **there == text);
    let is_same_key =
        is_key_of(&old, pair, &key.key, &passphrase, &pile.certificates[chosen.leaf], arguments);
    let sealed = match is_same_key {
        true => None,
        false => Some(
            key.key
                .seal(&passphrase, PORTABLE_ITERATIONS)
                .map_err(|error| key::not_sealed(&pair.key, error))?,
        ),
    };
    let configuration = consented.draft()?;
    let is_unchanged = is_same_chain && sealed.is_none();
    let mut remembering = None;
    let mut remember = || -> Result<(), Failure> {
        if arguments.remember {
            // What the keyring has for the pair before stays where that pair stays.
            let has_new_previous = old.key.is_some() && !is_unchanged;
            remembering = Some(Remembering::store(pair, &passphrase, has_new_previous, settings, host)?);
        }
        Ok(())
    };
    let changed = if is_unchanged {
        remember()?;
        Changed::default()
    } else {
        let new_chain = (!is_same_chain).then_some(text.as_slice());
        let replaced = held.replace(new_chain, sealed.as_deref().map(Vec::as_slice), remember);
        match (replaced, remembering) {
            (Ok(changed), _) => changed,
            (Err(failure), Some(remembering)) => return Err(remembering.undo(failure, host)),
            (Err(failure), None) => return Err(failure),
        }
    };
    drop(held);

    summary.remembered = arguments.remember;
    summary.note_written(pair, changed);
    if let Some(file) = authorities {
        summary.authorities = Some(file.publish().map_err(|failure| in_place_but(pair, failure))?);
    }
    consented.publish(configuration, &mut summary).map_err(|failure| in_place_but(pair, failure))?;
    note_key(&pile, &chosen, pair, sealed.as_deref().map(Vec::as_slice), report);
    Ok(summary)
}

/// What would be done, as far as it shows without a new passphrase.
fn rehearse(
    pair: &Pair,
    text: &[u8],
    leaf: &Certificate,
    authorities: Option<AuthoritiesFile>,
    extension: Extension,
    arguments: &ImportArguments,
    summary: &mut ImportSummary,
) -> Result<(), Failure> {
    let old = pair.read()?;
    let has_new_key = arguments.new_passphrase.is_some() || !was_for_key_of(&old, pair, leaf, arguments);
    let certificate = old.certificate.as_deref().is_none_or(|there| **there != *text);
    summary.note_written(pair, Changed { certificate, key: has_new_key });
    summary.authorities =
        authorities.map(|file| (Written { changed: file.changed, path: file.path }, file.count));
    summary.proposal = extension.proposal();
    Ok(())
}

/// Where passphrases come from, as it was typed.
pub(super) struct Places {
    /// That of client-key.pem.
    new: Option<Source>,
    /// That of a sealed key.
    pub(super) old: Option<Source>,
}

impl Places {
    fn typed(arguments: &ImportArguments, host: &Host) -> Result<Self, Failure> {
        let typed = |text: &Option<String>, flag| {
            text.as_deref().map(|text| key::place(text, flag, host)).transpose()
        };
        Ok(Self {
            new: typed(&arguments.new_passphrase, "--new-passphrase")?,
            old: typed(&arguments.passphrase, "--passphrase")?,
        })
    }
}

/// A file of CA certificates that is about to be written.
struct AuthoritiesFile {
    changed: bool,
    count: usize,
    /// None where nothing is to be written.
    draft: Option<Draft>,
    path: PathBuf,
}

impl AuthoritiesFile {
    /// Merges the CA certificates as a bundle is merged, into a draft of the file that is asked for.
    fn plan(
        pile: &Pile,
        pair: &Pair,
        arguments: &ImportArguments,
        chosen: &Candidate,
        settings: &Settings,
        host: &Host,
    ) -> Result<Option<Self>, Failure> {
        let Some(path) = &arguments.save_cas else { return Ok(None) };
        let path: PathBuf = host.current_folder.join(path).components().collect();
        let previous = pair.previous();
        let own = [&pair.certificate, &pair.key, &previous.certificate, &previous.key];
        if own.into_iter().chain(&settings.file).any(|own| fs::is_same_file(own, &path)) {
            return Err(Failure::new(format!(
                "{} has a purpose already, and the CA certificates would take its place",
                words::path(&path)
            ))
            .hint("nothing was changed; name another file with --save-cas"));
        }
        let mut collection = Collection::default();
        for number in pile.authorities(Some(chosen)) {
            // It was read before, so it can be read.
            let _ = collection.add(pile.certificates[number].der(), pile.certificate_places[number]);
        }
        let merged = merge(collection.certificates(), Rules { keep_expired: false, now: host.now });
        let count = merged.kept.len();
        if count == 0 {
            return Err(Failure::new("there is no valid CA certificate among these files")
                .hint("nothing was changed; leave --save-cas away"));
        }
        if let Some(what) = holds_private_key(&path) {
            return Err(Failure::new(format!("{} {what}, and is not replaced", words::path(&path)))
                .hint("name another file with --save-cas"));
        }
        let built = Built { collection, is_whole: true, merged };
        let changed = !built.is_at(&path);
        let draft = match changed && !arguments.dry_run {
            true => Some(drafted(&path, Kind::Public, &built.text())?),
            false => None,
        };
        Ok(Some(Self { changed, count, draft, path }))
    }

    fn publish(self) -> Result<(Written, usize), Failure> {
        if let Some(draft) = self.draft {
            draft.publish().map_err(|error| not_written(&self.path, &error))?;
        }
        Ok((Written { changed: self.changed, path: self.path }, self.count))
    }
}

impl ImportSummary {
    fn note_written(&mut self, pair: &Pair, changed: Changed) {
        self.written = vec![
            Written { changed: changed.certificate, path: pair.certificate.clone() },
            Written { changed: changed.key, path: pair.key.clone() },
        ];
        let previous = pair.previous();
        self.has_previous = fs::state(&previous.certificate).is_ok() && fs::state(&previous.key).is_ok();
    }
}

/// The passphrase that the key will be sealed with: the one that is named; else the one that has opened it, where clients take it;
/// else one that is asked for, twice.
fn new_passphrase(
    pair: &Pair,
    key: &Key,
    known: &[Passphrase],
    places: &Places,
    settings: &Settings,
    host: &Host,
) -> Result<Passphrase, Failure> {
    let account = identity::keyring_account(settings, &pair.key);
    let question = format!("New passphrase for {}: ", words::path(&pair.key));
    let missing = |error: &passphrase::Error| {
        let failure = identity::no_passphrase(settings, &pair.key, error);
        // Where a place is named for the new one, the next step is about that place.
        let hint = failure.hint.map(|hint| match places.new {
            Some(_) => hint
                .replace("client.passphrase or --passphrase", "--new-passphrase")
                .replace("with --passphrase", "with --new-passphrase"),
            None => hint,
        });
        Failure { hint, ..failure }
    };
    let silent = |error: &keyring::Error| key::of_keyring(settings, &pair.key, error);
    let option = Aim::at(&pair.key, &settings.circumstances()).key();
    let whose = key::whose(&account, &question, &missing, &silent, &option);
    match (&places.new, key.passphrase.map(|number| &known[number])) {
        (Some(Source::Prompt), _) => key::ask_new(&pair.key, &whose, host),
        (Some(source), _) => {
            Ok(remember::obtain(source, &identity::prompt(&pair.key), &whose, host)?.passphrase)
        }
        (None, Some(old)) if is_fit(old) => Ok(Passphrase::new(old.expose_secret().to_vec())),
        (None, _) => key::ask_new(&pair.key, &whose, host),
    }
}

/// Whether clients take it, and not everybody knows it: Java's stores come with one.
fn is_fit(passphrase: &Passphrase) -> bool {
    let bytes = passphrase.expose_secret();
    (1..=Passphrase::LONGEST).contains(&bytes.len()) && !bytes.contains(&0) && bytes != WELL_KNOWN
}

/// Whether the key file that is there is this very key, in the form that is written, under this passphrase.
fn is_key_of(
    old: &super::pair::Contents,
    pair: &Pair,
    key: &PrivateKey,
    passphrase: &Passphrase,
    leaf: &Certificate,
    arguments: &ImportArguments,
) -> bool {
    let Some(bytes) = &old.key else { return false };
    // Only where the certificate says so the key is opened to see: that takes as long as sealing a new one.
    was_for_key_of(old, pair, leaf, arguments)
        && match crate::pki::key::detect(bytes).map(|file| file.content) {
            Ok(Content::Sealed(sealed)) => {
                let opened = sealed.open(passphrase, &arguments.limits.limits());
                opened.is_ok_and(|there| {
                    there.to_pkcs8_der().expose_secret() == key.to_pkcs8_der().expose_secret()
                })
            }
            _ => false,
        }
}

/// Whether the pair that is there is for the same key, as far as its certificate tells, and the key file in the form that is written.
fn was_for_key_of(
    old: &super::pair::Contents,
    pair: &Pair,
    leaf: &Certificate,
    arguments: &ImportArguments,
) -> bool {
    let (Some(chain), Some(key)) = (&old.certificate, &old.key) else { return false };
    let mut is_same = None;
    container::scan(chain, &mut |item| {
        if let (None, Found::Certificate(der)) = (is_same, item.content) {
            let there = Certificate::parse(der, Fingerprint::of(der));
            is_same = Some(there.is_ok_and(|there| there.public_key() == leaf.public_key()));
        }
    });
    let rounds = u64::from(PORTABLE_ITERATIONS)..=arguments.limits.max_iterations;
    let is_private = fs::mode(&pair.key).is_none_or(|mode| mode & 0o077 == 0);
    let is_portable = crate::pki::key::detect(key)
        .is_ok_and(|file| file.facts.others == 0 && key::is_portable(&file, rounds));
    is_same == Some(true) && is_private && is_portable
}

/// The keyring has the new passphrase before the files change: what can fail comes first, and can be undone.
struct Remembering {
    account: String,
    /// What the keyring had; none where it had nothing.
    old: Option<Passphrase>,
    /// The key as a next step names it.
    option: String,
}

impl Remembering {
    /// Stores the passphrase, and keeps the old one for the previous pair.
    fn store(
        pair: &Pair,
        passphrase: &Passphrase,
        has_old_key: bool,
        settings: &Settings,
        host: &Host,
    ) -> Result<Self, Failure> {
        let missing = |error: &passphrase::Error| identity::no_passphrase(settings, &pair.key, error);
        let silent = |error: &keyring::Error| key::of_keyring(settings, &pair.key, error);
        let option = Aim::at(&pair.key, &settings.circumstances()).key();
        let account = identity::keyring_account(settings, &pair.key);
        let old = match host.keyring.read(&account) {
            Ok(old) => Some(old),
            Err(keyring::Error::Absent { .. }) => None,
            Err(error) => return Err(silent(&error)),
        };
        if old.as_ref().is_some_and(|old| old.expose_secret() == passphrase.expose_secret()) {
            return Ok(Self { account, old, option });
        }
        if let Some(old) = old.as_ref().filter(|_| has_old_key) {
            let account = identity::keyring_account(settings, &pair.previous().key);
            remember::store(&key::whose(&account, "", &missing, &silent, &option), old, host)?;
        }
        let remembering = Self { account, old, option: option.clone() };
        match remember::store(
            &key::whose(&remembering.account, "", &missing, &silent, &option),
            passphrase,
            host,
        ) {
            Ok(()) => Ok(remembering),
            Err(failure) => Err(remembering.undo(failure, host)),
        }
    }

    /// Puts back what the keyring had, and gives back why.
    fn undo(self, failure: Failure, host: &Host) -> Failure {
        let undone = match &self.old {
            Some(old) => host.keyring.store(&self.account, old),
            None => match host.keyring.forget(&self.account) {
                Err(keyring::Error::Absent { .. }) => Ok(()),
                other => other,
            },
        };
        match undone {
            Ok(()) => failure,
            Err(error) => Failure::new(format!(
                "{}; and the keyring could not be put back: {}",
                failure.message,
                Foreign(error)
            ))
            .hint(format!(
                "the files are as they were; put their passphrase back with `certman key remember{}`",
                self.option
            )),
        }
    }
}

/// What of the identity the settings do not say yet.
fn extension(
    pair: &Pair,
    authorities: Option<&Path>,
    arguments: &ImportArguments,
    settings: &Settings,
    host: &Host,
) -> Result<Extension, Failure> {
    let home = host.environment.home();
    let text = |path: &Path| {
        edit::path_text(path, home.as_deref()).ok_or_else(|| {
            Failure::new(format!(
                "{} cannot be written into certman.toml: it is not UTF-8",
                words::path(path)
            ))
            .hint("name another folder with --out-dir")
        })
    };
    let is_set =
        |value: &Option<Value<PathBuf>>, path: &Path| value.as_ref().is_some_and(|value| value.value == path);
    let mut wish = Wish { profile: settings.profile.clone(), ..Wish::default() };
    if !is_set(&settings.cert, &pair.certificate) {
        wish.cert = Some(text(&pair.certificate)?);
    }
    if !is_set(&settings.key, &pair.key) {
        wish.key = Some(text(&pair.key)?);
    }
    let is_keyring = settings.passphrase.value == Source::Keyring;
    if arguments.remember && (!is_keyring || wish.key.is_some()) {
        wish.passphrase = Some(Source::Keyring.to_string());
    }
    if let Some(path) = authorities {
        let source = Input::Path(path.to_owned());
        if !settings.sources.iter().any(|there| there.value == source) {
            wish.source = Some(text(path)?);
        }
    }
    Ok(Extension { file: settings.file.clone(), wish })
}

/// Brings the previous pair back, and with it the passphrase that the keyring has for it. What was current becomes the previous one.
fn roll_back(
    pair: &Pair,
    arguments: &ImportArguments,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<ImportSummary, Failure> {
    let mut summary = ImportSummary { is_rollback: true, ..ImportSummary::default() };
    let no_previous = || {
        Failure::new(format!("there is no previous pair of {}", words::path(&pair.key)))
            .hint("only an import that has replaced a pair keeps one; nothing was changed")
    };
    if pair.has_no_past() {
        return Err(no_previous());
    }
    let held = pair.hold()?;
    if held.is_mended {
        // What was asked for is done: the import that is to be undone never came to its end.
        note_mended(&held, pair, report);
        summary.note_written(pair, Changed { certificate: true, key: true });
        summary.chain = chain_facts(&pair.read()?, pair, host.now, report);
        return Ok(summary);
    }
    let previous = pair.previous();
    let kept = previous.read()?;
    let (Some(certificate), Some(key)) = (&kept.certificate, &kept.key) else {
        return Err(no_previous());
    };
    let kept_passphrase = previous_passphrase(pair, key, &arguments.limits.limits(), settings, host, report)?;
    summary.is_passphrase_missing = matches!(kept_passphrase, Kept::Missing);
    let passphrase = match kept_passphrase {
        Kept::Opens(passphrase) => Some(passphrase),
        Kept::Missing | Kept::NotNeeded => None,
    };
    let mut remembering = None;
    let now = pair.read()?;
    let new_certificate = (now.certificate.as_ref() != Some(certificate)).then_some(certificate.as_slice());
    let new_key = (now.key.as_ref() != Some(key)).then_some(key.as_slice());
    let replaced = held.replace(new_certificate, new_key, || {
        if let Some(passphrase) = &passphrase {
            remembering = Some(Remembering::store(pair, passphrase, now.key.is_some(), settings, host)?);
        }
        Ok(())
    });
    let changed = match (replaced, remembering) {
        (Ok(changed), _) => changed,
        (Err(failure), Some(remembering)) => return Err(remembering.undo(failure, host)),
        (Err(failure), None) => return Err(failure),
    };
    summary.remembered = passphrase.is_some();
    summary.note_written(pair, changed);
    summary.chain = chain_facts(&kept, pair, host.now, report);
    Ok(summary)
}

/// What the keyring has for the previous key.
enum Kept {
    /// Nothing that opens it.
    Missing,
    /// Nobody counts on it.
    NotNeeded,
    /// This, which opens it.
    Opens(Passphrase),
}

/// The passphrase that the keyring has kept for the previous key, or else has in use, where it opens that key. Where the keyring
/// was not used it is not needed either.
fn previous_passphrase(
    pair: &Pair,
    key: &[u8],
    limits: &Limits,
    settings: &Settings,
    host: &Host,
    report: &mut Report,
) -> Result<Kept, Failure> {
    let Ok(Content::Sealed(sealed)) = crate::pki::key::detect(key).map(|file| file.content) else {
        return Ok(Kept::NotNeeded);
    };
    if settings.passphrase.value != Source::Keyring {
        return Ok(Kept::NotNeeded);
    }
    // An entry of another time, or none: then the one that is in use may be that of both.
    for key in [&pair.previous().key, &pair.key] {
        match host.keyring.read(&identity::keyring_account(settings, key)) {
            Ok(passphrase) if sealed.open(&passphrase, limits).is_ok() => return Ok(Kept::Opens(passphrase)),
            Ok(_) | Err(keyring::Error::Absent { .. }) => {}
            // Where there is no keyring at all the passphrase comes from elsewhere.
            Err(error @ (keyring::Error::NoBus { .. } | keyring::Error::NoService { .. })) => {
                report.find_as(Severity::Info, None, Cause::Keyring(error));
                return Ok(Kept::NotNeeded);
            }
            Err(error) => return Err(key::of_keyring(settings, &pair.key, &error)),
        }
    }
    Ok(Kept::Missing)
}

/// The certificates of a pair that was not judged.
fn chain_facts(
    contents: &super::pair::Contents,
    pair: &Pair,
    now: i64,
    report: &mut Report,
) -> Vec<CertificateFacts> {
    let file = report.file(pair.certificate.clone());
    let mut chain = Vec::new();
    container::scan(contents.certificate.as_deref().map_or(&[], Vec::as_slice), &mut |item| {
        if let Found::Certificate(der) = item.content
            && let Ok(certificate) = Certificate::parse(der, Fingerprint::of(der))
        {
            let place = Place { file, index: item.index, line: item.line };
            let own = self_signature(&certificate);
            chain.push(gather::facts(&certificate, place, bundle::role(&certificate, own), own, now));
        }
    });
    chain
}

fn note_mended(held: &Held<'_>, pair: &Pair, report: &mut Report) {
    if held.is_mended {
        let place = Place { file: report.file(pair.key.clone()), index: 1, line: None };
        report.find(Some(place), Cause::ImportUndone);
    }
}

/// The facts about the key that was written, for JSON.
fn note_key(pile: &Pile, chosen: &Candidate, pair: &Pair, sealed: Option<&[u8]>, report: &mut Report) {
    if let Some(Ok(file)) = sealed.map(crate::pki::key::detect) {
        let place = Place { file: report.file(pair.key.clone()), index: 1, line: file.facts.line };
        let mut facts = identity::key_facts(&file, place);
        identity::note_opened(&pile.keys[chosen.key].key, &mut facts);
        facts.opened = Some(true);
        report.keys.push(facts);
    }
}

/// The identity is there, and what comes behind it has failed.
fn in_place_but(pair: &Pair, failure: Failure) -> Failure {
    let message = format!("the identity is in place ({}), but {}", words::path(&pair.key), failure.message);
    // Of the file that failed it is true, and here it would be read as being about all of them.
    let hint = failure.hint.map(|hint| hint.replacen("nothing was changed; ", "", 1));
    Failure { hint, message, ..failure }
}

/// What the certificate file is called where nobody has named another one.
pub const CERTIFICATE_NAME: &str = "client-cert.pem";
/// The same for the key file.
pub const KEY_NAME: &str = "client-key.pem";
/// The passphrase that Java's documentation gives every store.
const WELL_KNOWN: &[u8] = b"changeit";
