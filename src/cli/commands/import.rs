//! `certman import`: a store, or a pile of files, in; the identity as two files out, in the form that every client reads. Owns the
//! order of the steps: everything is found, chosen and proven before anyone is asked for a new passphrase, and nothing is
//! written until everything that can fail has.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::bundle::{Built, holds_private_key};
use super::pair::{Changed, Held, Pair, drafted, not_written};
use super::stores::{self, Opener, Wishes};
use super::{check, gather, identity, key};
use crate::cli::args::ImportArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::{Ending, ImportSummary, Outcome, Shown, Written};
use crate::clients;
use crate::clients::key::refusal_of_key_kind;
use crate::config::edit::{self, Wish};
use crate::config::{Origin, Settings, Value};
use crate::pki::bundle::{self, Collection, Place, Rules, merge};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::chain::self_signature;
use crate::pki::container::{self, Content as Found, Store, StoreKind};
use crate::pki::identity::{Unfit, fitness};
use crate::pki::key::{Content, KeyFile, Limits, PORTABLE_ITERATIONS, Pairing, PrivateKey};
use crate::pki::name::Foreign;
use crate::pki::pile::{self, Candidate, Chain, End};
use crate::report::{Cause, CertificateFacts, KeyFacts, Report, Severity};
use crate::secret::Passphrase;
use crate::source::{self, Source as Input, Unavailable};
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind, ReadError};
use crate::sys::keyring;
use crate::sys::passphrase::{self, Source};

/// Imports an identity, or brings the previous one back.
///
/// # Errors
/// Where a passphrase is not to be had, and where writing fails. What is wrong with the files is in the report.
pub fn run(arguments: &ImportArguments, settings: &Settings, host: &mut Host) -> Result<Outcome, Failure> {
    let pair = targets(arguments, settings, host)?;
    let mut report = Report::default();
    let done = if arguments.rollback {
        roll_back(&pair, arguments, settings, host, &mut report)
    } else {
        import(&pair, arguments, settings, host, &mut report)
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
    let own = |value: &Option<Value<PathBuf>>| {
        let value = value.as_ref()?;
        let is_own = match &value.origin {
            Origin::File(file) => Some(file) == settings.file.as_ref(),
            Origin::Default | Origin::Flag | Origin::Variable(_) => true,
        };
        is_own.then(|| value.value.clone())
    };
    let beside = |other: &Path, name: &str| other.with_file_name(name);
    let pair = match (own(&settings.cert), own(&settings.key)) {
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
    host: &mut Host,
    report: &mut Report,
) -> Result<ImportSummary, Failure> {
    let places = Places::typed(arguments, host)?;
    let mut summary = ImportSummary { is_rehearsal: arguments.dry_run, ..ImportSummary::default() };
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
    let authorities = pile.authorities_file(arguments, &chosen, host)?;
    let extension = Extension::plan(
        pair,
        authorities.as_ref().map(|file| file.path.as_path()),
        arguments,
        settings,
        host,
    )?;
    let key = &pile.keys[chosen.key];
    if arguments.dry_run {
        let leaf = &pile.certificates[chosen.leaf];
        rehearse(pair, &text, leaf, authorities, extension, arguments, &mut summary)?;
        return Ok(summary);
    }
    let passphrase = new_passphrase(pair, key, &pile.passphrases, &places, host)?;
    let place = Place { file: report.file(pair.key.clone()), index: 1, line: None };
    identity::note_oddities(&passphrase, Severity::Warning, Some(place), report);
    let consented = extension.consent(arguments, host)?;

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
    let mut remembering = None;
    let mut remember = || -> Result<(), Failure> {
        if arguments.remember {
            remembering = Some(Remembering::store(pair, &passphrase, old.key.is_some(), host)?);
        }
        Ok(())
    };
    let changed = if is_same_chain && sealed.is_none() {
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
struct Places {
    /// That of client-key.pem.
    new: Option<Source>,
    /// That of a sealed key.
    old: Option<Source>,
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

/// Everything that was found, each certificate and each key once.
#[derive(Default)]
struct Pile {
    certificates: Vec<Certificate>,
    /// Where each certificate was found first.
    certificate_places: Vec<Place>,
    facts: Vec<KeyFacts>,
    keys: Vec<Key>,
    /// The names that stores have for their certificates.
    names: Vec<Option<String>>,
    passphrases: Vec<Passphrase>,
}

/// A private key that is open.
struct Key {
    key: PrivateKey,
    /// What has opened it, by its number in the pile; none where it lay there in the clear.
    passphrase: Option<usize>,
    place: Place,
}

/// What has to be opened, once all files have been read.
enum Locked {
    Key { file: Box<KeyFile>, path: PathBuf, place: Place },
    Store { bytes: Zeroizing<Vec<u8>>, kind: StoreKind, path: PathBuf, place: Place },
}

impl Pile {
    /// Reads all files, and opens what is sealed: first everything that needs no passphrase.
    fn read(
        pair: &Pair,
        arguments: &ImportArguments,
        places: &Places,
        settings: &Settings,
        host: &mut Host,
        report: &mut Report,
    ) -> Result<Self, Failure> {
        let mut pile = Self::default();
        let mut locked = Vec::new();
        let inputs: Vec<Input> =
            arguments.files.iter().map(|path| Input::typed(path, &host.current_folder)).collect();
        let previous = pair.previous();
        let own = [&pair.certificate, &pair.key, &previous.certificate, &previous.key];
        let skip = |path: &Path| own.iter().any(|own| gather::is_own_output(path, own));
        source::read_all(&inputs, &mut *host.stdin, &skip, &mut |blob| {
            let file = report.file(blob.path.to_owned());
            let whole = Place { file, index: 1, line: None };
            match blob.content {
                Ok(bytes) => {
                    let mut repeats = gather::Repeats::default();
                    container::scan(bytes, &mut |item| {
                        let place = Place { file, index: item.index, line: item.line };
                        match item.content {
                            Found::Certificate(der) => pile.add_certificate(der, None, place, report),
                            Found::PrivateKey(bytes) => match crate::pki::key::detect(bytes) {
                                Ok(file) => {
                                    let (file, path) = (Box::new(file), blob.path.to_owned());
                                    locked.push(Locked::Key { file, path, place });
                                }
                                Err(why) => {
                                    report.find_as(
                                        Severity::Warning,
                                        Some(place),
                                        Cause::KeyUnreadable { why },
                                    );
                                }
                            },
                            Found::Store(Store { bytes, kind }) => {
                                let (bytes, path) = (Zeroizing::new(bytes.to_vec()), blob.path.to_owned());
                                locked.push(Locked::Store { bytes, kind, path, place });
                            }
                            _ => gather::note(item, place, blob.is_named, &mut repeats, report),
                        }
                    });
                    repeats.note(whole, report);
                }
                Err(Unavailable::EmptyFolder) => {
                    report.find(Some(whole), Cause::SourceEmpty { is_folder: true });
                }
                Err(Unavailable::Failed(error)) if !blob.is_named && error.is_dead_link() => {
                    report.find_as(Severity::Warning, Some(whole), Cause::SourceMissing);
                }
                Err(Unavailable::Failed(ReadError::Missing)) => {
                    report.find(Some(whole), Cause::SourceMissing)
                }
                Err(Unavailable::Failed(error)) => report.find(Some(whole), Cause::SourceUnreadable(error)),
            }
        });
        let keys = locked.iter().filter(|one| matches!(one, Locked::Key { .. })).count();
        for (count, limit, what) in [
            (pile.certificates.len(), MOST_CERTIFICATES, "certificates"),
            (keys, MOST_KEYS, "private keys"),
            (locked.len() - keys, MOST_STORES, "stores"),
        ] {
            if count > limit {
                return Err(Failure::new(format!(
                    "there are {} {what} in these files, and more than {} are not gone through",
                    words::grouped(count as u64),
                    words::grouped(limit as u64)
                ))
                .hint("name only the files of the identity"));
            }
        }
        // What could not be read may be what was meant.
        if report.worst() < Severity::Critical {
            pile.open(locked, arguments, places, settings, host, report)?;
        }
        Ok(pile)
    }

    fn add_certificate(&mut self, der: &[u8], name: Option<String>, place: Place, report: &mut Report) {
        let fingerprint = Fingerprint::of(der);
        if let Some(there) = self.certificates.iter().position(|one| one.fingerprint() == fingerprint) {
            self.names[there] = self.names[there].take().or(name);
            return;
        }
        match Certificate::parse(der, fingerprint) {
            Ok(certificate) => {
                self.certificates.push(certificate);
                self.certificate_places.push(place);
                self.names.push(name);
            }
            Err(unreadable) => report.find(Some(place), gather::damaged(der, unreadable)),
        }
    }

    /// The same key twice is one key.
    fn add_key(&mut self, key: PrivateKey, passphrase: Option<usize>, place: Place) {
        let is_same = |other: &Key| match (key.public_key(), other.key.public_key()) {
            (Some(one), Some(other)) => one == other,
            _ => key.to_pkcs8_der().expose_secret() == other.key.to_pkcs8_der().expose_secret(),
        };
        if !self.keys.iter().any(is_same) {
            self.keys.push(Key { key, passphrase, place });
        }
    }

    fn open(
        &mut self,
        locked: Vec<Locked>,
        arguments: &ImportArguments,
        places: &Places,
        settings: &Settings,
        host: &mut Host,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let limits = arguments.limits.limits();
        let host = &*host;
        let wishes = Wishes { limits, may_ask: true, place: &settings.store_passphrase };
        let mut opener = Opener::new(wishes, identity::lent(host));
        let mut asked: Vec<(PathBuf, usize)> = Vec::new();
        for one in locked {
            match one {
                Locked::Key { file, path, place } => {
                    let mut facts = identity::key_facts(&file, place);
                    match file.content {
                        Content::Plain(key) => self.add_key(key, None, place),
                        Content::Sealed(sealed) => {
                            let opened = limits.check(sealed.scheme());
                            let opened = match opened {
                                Ok(()) => {
                                    let number = self
                                        .passphrase_of(&path, places, settings, &mut asked, host, report)?;
                                    let opened = sealed.open(&self.passphrases[number], &limits);
                                    facts.opened = Some(opened.is_ok());
                                    opened.map(|key| (key, number))
                                }
                                Err(error) => Err(error),
                            };
                            match opened {
                                Ok((key, number)) => {
                                    identity::note_opened(&key, &mut facts);
                                    self.add_key(key, Some(number), place);
                                }
                                Err(error) => {
                                    report.find_as(
                                        Severity::Warning,
                                        Some(place),
                                        Cause::KeyNotOpened(error),
                                    );
                                }
                            }
                        }
                    }
                    self.facts.push(facts);
                }
                Locked::Store { bytes, kind, path, place } => {
                    let store = Store { bytes: &bytes, kind };
                    self.open_store(&store, &path, place, &mut opener, &limits, settings, host, report)?;
                }
            }
        }
        Ok(())
    }

    /// The passphrase for a sealed key, by its number: asked for once for each file, and of a place that gives it only once, once.
    fn passphrase_of(
        &mut self,
        path: &Path,
        places: &Places,
        settings: &Settings,
        asked: &mut Vec<(PathBuf, usize)>,
        host: &Host,
        report: &mut Report,
    ) -> Result<usize, Failure> {
        let source = places.old.as_ref().unwrap_or(&settings.passphrase.value);
        let is_for_all = !matches!(source, Source::Keyring | Source::Prompt);
        if let Some((_, number)) = asked.iter().find(|(asked, _)| is_for_all || asked == path) {
            return Ok(*number);
        }
        let (account, prompt) = (identity::keyring_account(path), identity::prompt(path));
        let lent = identity::lent(host);
        let obtained = match passphrase::obtain(source, &account, &prompt, &lent) {
            // Nobody has said that it is in the keyring: whoever is there is asked.
            Err(passphrase::Error::Keyring(_)) if places.old.is_none() && host.terminal.is_present() => {
                passphrase::obtain(&Source::Prompt, &account, &prompt, &lent)
            }
            other => other,
        };
        let obtained = obtained.map_err(|error| identity::no_passphrase(path, &error))?;
        identity::note_open_file(&obtained, source, report);
        self.passphrases.push(obtained.passphrase);
        asked.push((path.to_owned(), self.passphrases.len() - 1));
        Ok(self.passphrases.len() - 1)
    }

    /// Takes everything out of a store: certificates are numbered from the place of the store on, keys behind them.
    #[expect(clippy::too_many_arguments, reason = "one step of `open`, which is long enough")]
    fn open_store(
        &mut self,
        store: &Store<'_>,
        path: &Path,
        whole: Place,
        opener: &mut Opener<'_>,
        limits: &Limits,
        settings: &Settings,
        host: &Host,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let unlocked = match opener.open(store, path, report) {
            Ok(unlocked) => unlocked,
            Err(closed) => {
                report.find(Some(whole), closed.into());
                return Ok(());
            }
        };
        stores::note(&unlocked, whole, report);
        let mut places = (whole.index..).map(|index| Place { index, line: None, ..whole });
        for certificate in &unlocked.opened.certificates {
            let Some(place) = places.next() else { return Ok(()) };
            report.call(place, certificate.name.as_deref());
            self.add_certificate(&certificate.der, certificate.name.clone(), place, report);
        }
        let mut number = unlocked.passphrase.map(|passphrase| {
            self.passphrases.push(Passphrase::new(passphrase.expose_secret().to_vec()));
            self.passphrases.len() - 1
        });
        for stored in &unlocked.opened.keys {
            let Some(place) = places.next() else { return Ok(()) };
            report.call(place, stored.name.as_deref());
            let (mut facts, _) = stores::key_facts(stored, store.kind, place);
            if stored.is_sealed() && number.is_none() {
                // The certificates lay there in the clear, and nobody was asked yet.
                number = Some(self.passphrase_of_keys(path, settings, host, report)?);
            }
            match stored.open(number.map(|number| &self.passphrases[number]), limits) {
                Ok(key) => {
                    identity::note_opened(&key, &mut facts);
                    facts.opened = facts.encrypted.then_some(true);
                    self.add_key(key, number.filter(|_| facts.encrypted), place);
                }
                Err(error) => {
                    facts.opened = Some(false);
                    report.find_as(Severity::Warning, Some(place), Cause::KeyNotOpened(error));
                }
            }
            self.facts.push(facts);
        }
        Ok(())
    }

    /// The passphrase for the keys of a store whose certificates need none.
    fn passphrase_of_keys(
        &mut self,
        path: &Path,
        settings: &Settings,
        host: &Host,
        report: &mut Report,
    ) -> Result<usize, Failure> {
        let Value { origin, value: source } = &settings.store_passphrase;
        let (account, prompt) = (stores::keyring_account(path), stores::prompt(path));
        let lent = identity::lent(host);
        let obtained = match passphrase::obtain(source, &account, &prompt, &lent) {
            Err(passphrase::Error::Keyring(_))
                if *origin == Origin::Default && host.terminal.is_present() =>
            {
                passphrase::obtain(&Source::Prompt, &account, &prompt, &lent)
            }
            other => other,
        };
        let obtained = obtained.map_err(|error| stores::no_passphrase(path, &error))?;
        identity::note_open_file(&obtained, source, report);
        self.passphrases.push(obtained.passphrase);
        Ok(self.passphrases.len() - 1)
    }

    /// Picks the identity that is meant. Where there is none, or more than one, the report says so.
    fn choose(
        &self,
        selected: Option<&str>,
        now: i64,
        report: &mut Report,
        summary: &mut ImportSummary,
    ) -> Option<Candidate> {
        if report.worst() >= Severity::Unknown {
            return None;
        }
        let keys: Vec<&PrivateKey> = self.keys.iter().map(|one| &one.key).collect();
        let sorted = pile::sort(&self.certificates, &keys, now);
        let is_nothing = sorted.candidates.is_empty();
        // Beside an identity, what has no other half is of no interest but for keys: who lays two there means something.
        let (of_keys, of_leaves) = match is_nothing {
            true => (Severity::Critical, Severity::Critical),
            false => (Severity::Warning, Severity::Info),
        };
        let is_locked = |finding: &&mut crate::report::Finding| {
            matches!(finding.cause, Cause::KeyNotOpened(_) | Cause::KeyUnreadable { .. })
        };
        if is_nothing {
            report.findings.iter_mut().filter(is_locked).for_each(|one| one.severity = Severity::Critical);
        }
        for number in &sorted.keys_alone {
            let Key { key, place, .. } = &self.keys[*number];
            let key = key.algorithm().to_string().into();
            report.find_as(of_keys, Some(*place), Cause::KeyWithoutCertificate { key });
        }
        // Where a key did not open, that is what is missing.
        if !is_nothing || report.worst() < Severity::Critical || !sorted.keys_alone.is_empty() {
            for number in sorted.leaves_alone.iter().take(MOST_NAMED) {
                let subject = self.certificates[*number].subject().short().into();
                let place = self.certificate_places[*number];
                report.find_as(of_leaves, Some(place), Cause::CertWithoutKey { subject });
            }
        }
        summary.candidates = sorted
            .candidates
            .iter()
            .map(|one| (self.facts(one.leaf, now), self.names[one.leaf].clone()))
            .collect();
        if is_nothing {
            if report.worst() < Severity::Critical {
                report.find(None, Cause::IdentityMissing);
            }
            return None;
        }
        let meant = match selected {
            Some(text) => pile::select(&sorted.candidates, text, &self.certificates, &self.names),
            None => sorted.candidates.clone(),
        };
        match meant.as_slice() {
            [] => report.find(None, Cause::IdentityNotSelected { count: sorted.candidates.len() }),
            [one] => {
                for other in &one.others {
                    let certificate = &self.certificates[*other];
                    let until = self.certificates[one.leaf].validity().not_after;
                    let cause =
                        Cause::CertSuperseded { subject: certificate.subject().short().into(), until };
                    report.find(Some(self.certificate_places[*other]), cause);
                }
                return Some(one.clone());
            }
            several => report.find(None, Cause::IdentityAmbiguous { count: several.len() }),
        }
        None
    }

    /// Says what speaks against the identity; what no client can use is critical.
    fn judge(&self, chosen: &Candidate, chain: &Chain, settings: &Settings, now: i64, report: &mut Report) {
        let leaf = &self.certificates[chosen.leaf];
        let place = Some(self.certificate_places[chosen.leaf]);
        let subject = || -> Box<str> { leaf.subject().short().into() };
        if let Pairing::NotCheckable { why } = chosen.pairing {
            report.find(place, Cause::KeyPairUnchecked { why });
        }
        for number in [&[chosen.leaf][..], &chain.intermediates].concat() {
            let certificate = &self.certificates[number];
            let cause = check::lifetime_cause(certificate, certificate.is_ca(), settings.thresholds, now);
            let is_over = matches!(cause, Some(Cause::CertExpired { .. } | Cause::CertNotYetValid { .. }));
            // With a leaf that servers refuse nothing would work any more. An intermediate they may have themselves.
            let severity = match number == chosen.leaf && is_over {
                true => Severity::Critical,
                false => Severity::Warning,
            };
            if let Some(cause) = cause {
                report.find_as(severity, Some(self.certificate_places[number]), cause);
            }
        }
        if let Err(unfit) = fitness(leaf) {
            // A certificate that the client has made for itself is a CA by the defaults of OpenSSL, and works where it is trusted.
            let is_own = unfit == Unfit::Authority && chain.end == End::Own;
            let severity = if is_own { Severity::Warning } else { Severity::Critical };
            report.find_as(severity, place, Cause::ClientCertNotForClients { subject: subject(), unfit });
        }
        if let End::Missing { below } = chain.end {
            let certificate = &self.certificates[below];
            let cause = Cause::ChainGapOfClient {
                address: pile::issuer_address(certificate).map(|address| Foreign(address).to_string().into()),
                issuer: certificate.issuer().short().into(),
                subject: certificate.subject().short().into(),
            };
            // Above an intermediate the next is mostly the root, which no client sends.
            let severity = if below == chosen.leaf { Severity::Warning } else { Severity::Info };
            report.find_as(severity, Some(self.certificate_places[below]), cause);
        }
        let key = &self.keys[chosen.key];
        if clients::is_weak(key.key.algorithm()) {
            report.find(Some(key.place), Cause::KeyWeak { key: key.key.algorithm().to_string().into() });
        }
        if let Some(refusal) = refusal_of_key_kind(key.key.algorithm()) {
            report.find(Some(key.place), Cause::KeyKindRefused { refusal });
        }
        if key.key.contradicts_itself() {
            report.find(Some(key.place), Cause::KeyContradicts);
        }
    }

    fn facts(&self, number: usize, now: i64) -> CertificateFacts {
        let certificate = &self.certificates[number];
        let own = self_signature(certificate);
        gather::facts(certificate, self.certificate_places[number], bundle::role(certificate, own), own, now)
    }

    /// Every certificate and key, for JSON.
    fn add_facts(&self, now: i64, report: &mut Report) {
        report.certificates.extend((0..self.certificates.len()).map(|number| self.facts(number, now)));
        report.keys.extend(self.facts.iter().map(KeyFacts::clone));
    }

    /// The CA certificates, but for one that is the client's own.
    fn authorities(&self, chosen: Option<&Candidate>) -> impl Iterator<Item = usize> {
        let leaf = chosen.map(|chosen| chosen.leaf);
        (0..self.certificates.len())
            .filter(move |number| self.certificates[*number].is_ca() && Some(*number) != leaf)
    }

    /// Merges the CA certificates as a bundle is merged, into a draft of the file that is asked for.
    fn authorities_file(
        &self,
        arguments: &ImportArguments,
        chosen: &Candidate,
        host: &Host,
    ) -> Result<Option<AuthoritiesFile>, Failure> {
        let Some(path) = &arguments.save_cas else { return Ok(None) };
        let path: PathBuf = host.current_folder.join(path).components().collect();
        let mut collection = Collection::default();
        for number in self.authorities(Some(chosen)) {
            // It was read before, so it can be read.
            let _ = collection.add(self.certificates[number].der(), self.certificate_places[number]);
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
        let built = Built { collection, merged };
        let changed = !built.is_at(&path);
        let draft = match changed && !arguments.dry_run {
            true => Some(drafted(&path, Kind::Public, &built.text())?),
            false => None,
        };
        Ok(Some(AuthoritiesFile { changed, count, draft, path }))
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
    host: &Host,
) -> Result<Passphrase, Failure> {
    match (&places.new, key.passphrase.map(|number| &known[number])) {
        (Some(Source::Prompt), _) => key::ask_new(&pair.key, host),
        (Some(source), _) => {
            Ok(key::obtain(source, &pair.key, &identity::prompt(&pair.key), host)?.passphrase)
        }
        (None, Some(old)) if is_fit(old) => Ok(Passphrase::new(old.expose_secret().to_vec())),
        (None, _) => key::ask_new(&pair.key, host),
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
}

impl Remembering {
    /// Stores the passphrase, and keeps the old one for the previous pair.
    fn store(pair: &Pair, passphrase: &Passphrase, has_old_key: bool, host: &Host) -> Result<Self, Failure> {
        let account = identity::keyring_account(&pair.key);
        let old = match host.keyring.read(&account) {
            Ok(old) => Some(old),
            Err(keyring::Error::Absent { .. }) => None,
            Err(error) => return Err(key::of_keyring(&error)),
        };
        if old.as_ref().is_some_and(|old| old.expose_secret() == passphrase.expose_secret()) {
            return Ok(Self { account, old });
        }
        if let Some(old) = old.as_ref().filter(|_| has_old_key) {
            key::store(&identity::keyring_account(&pair.previous().key), old, host)?;
        }
        let remembering = Self { account, old };
        match key::store(&remembering.account, passphrase, host) {
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
            .hint("the files are as they were; put their passphrase back with `certman key remember`"),
        }
    }
}

/// What is to be added to the user's certman.toml.
struct Extension {
    /// The file; none where there is no place for one.
    file: Option<PathBuf>,
    wish: Wish,
}

impl Extension {
    /// What of the identity the settings do not say yet.
    fn plan(
        pair: &Pair,
        authorities: Option<&Path>,
        arguments: &ImportArguments,
        settings: &Settings,
        host: &Host,
    ) -> Result<Self, Failure> {
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
        let is_set = |value: &Option<Value<PathBuf>>, path: &Path| {
            value.as_ref().is_some_and(|value| value.value == path)
        };
        let mut wish = Wish::default();
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
        Ok(Self { file: settings.file.clone(), wish })
    }

    fn proposal(self) -> Option<(PathBuf, String)> {
        let Self { file, wish } = self;
        if wish.is_empty() { None } else { Some((file?, wish.lines())) }
    }

    /// Asks, where `--save` has not said it and somebody is there.
    fn consent(self, arguments: &ImportArguments, host: &Host) -> Result<Consented, Failure> {
        let Some(file) = &self.file else {
            return match arguments.save {
                true => {
                    Err(Failure::new("there is no home folder for certman.toml")
                        .hint("name it with --config"))
                }
                false => Ok(Consented { extension: self, is_given: false }),
            };
        };
        if self.wish.is_empty() || arguments.save || !host.terminal.is_present() {
            let is_given = arguments.save && !self.wish.is_empty();
            return Ok(Consented { extension: self, is_given });
        }
        let lines = Foreign(self.wish.lines().trim_end().replace('\n', "\n    ")).to_string();
        let question = format!("    {lines}\nAdd this to {}? [y/N] ", words::path(file));
        let is_given = host.terminal.confirm(&question).unwrap_or(false);
        Ok(Consented { extension: self, is_given })
    }
}

/// What is to be added, and whether it may be.
struct Consented {
    extension: Extension,
    is_given: bool,
}

/// A certman.toml that lies ready.
struct ReadyConfiguration {
    draft: Draft,
    path: PathBuf,
    replaced: Vec<(&'static str, String)>,
}

impl Consented {
    /// Writes the new certman.toml beside the old one.
    fn draft(&self) -> Result<Option<ReadyConfiguration>, Failure> {
        let Some(path) = self.extension.file.as_ref().filter(|_| self.is_given) else { return Ok(None) };
        let by_hand = |why: String| {
            let lines = self.extension.wish.lines().trim_end().replace('\n', "; ");
            Failure::new(format!("{} is left alone, and nothing was changed: {why}", words::path(path)))
                .hint(format!("leave --save away, and add it by hand: {lines}"))
        };
        let mut bytes = Vec::new();
        let is_new = match fs::read_into(path, &mut bytes, CONFIGURATION_LIMIT) {
            Ok(()) => false,
            Err(ReadError::Missing) => true,
            Err(error) => return Err(by_hand(error.to_string())),
        };
        let text = String::from_utf8(bytes).map_err(|_| by_hand("it is not UTF-8".to_owned()))?;
        let edited = edit::extend(&text, &self.extension.wish).map_err(|why| by_hand(why.to_string()))?;
        if edited.text == text {
            return Ok(None);
        }
        let draft = drafted(path, Kind::Public, edited.text.as_bytes())?;
        if !is_new {
            draft.keep_mode().map_err(|error| not_written(path, &error))?;
        }
        Ok(Some(ReadyConfiguration { draft, path: path.clone(), replaced: edited.replaced }))
    }

    fn publish(self, ready: Option<ReadyConfiguration>, summary: &mut ImportSummary) -> Result<(), Failure> {
        match ready {
            Some(ReadyConfiguration { draft, path, replaced }) => {
                draft.publish().map_err(|error| not_written(&path, &error))?;
                (summary.saved, summary.replaced) = (Some(path), replaced);
            }
            None if !self.is_given => summary.proposal = self.extension.proposal(),
            None => {}
        }
        Ok(())
    }
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
        return Err(Failure::new(format!("there is no previous pair of {}", words::path(&pair.key)))
            .hint("only an import that has replaced a pair keeps one; nothing was changed"));
    };
    let passphrase = previous_passphrase(pair, key, &arguments.limits.limits(), settings, host, report)?;
    let mut remembering = None;
    let has_key = pair.read()?.key.is_some();
    let replaced = held.replace(Some(certificate), Some(key), || {
        if let Some(passphrase) = &passphrase {
            remembering = Some(Remembering::store(pair, passphrase, has_key, host)?);
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

/// The passphrase that the keyring has kept for the previous key, where it opens that. Where the keyring was not used it is not
/// needed either.
fn previous_passphrase(
    pair: &Pair,
    key: &[u8],
    limits: &Limits,
    settings: &Settings,
    host: &Host,
    report: &mut Report,
) -> Result<Option<Passphrase>, Failure> {
    let Ok(Content::Sealed(sealed)) = crate::pki::key::detect(key).map(|file| file.content) else {
        return Ok(None);
    };
    if settings.passphrase.value != Source::Keyring {
        return Ok(None);
    }
    match host.keyring.read(&identity::keyring_account(&pair.previous().key)) {
        Ok(passphrase) if sealed.open(&passphrase, limits).is_ok() => Ok(Some(passphrase)),
        // An entry of another time, or none: then the one that is in use may be that of both.
        Ok(_) | Err(keyring::Error::Absent { .. }) => Ok(None),
        // Where there is no keyring at all the passphrase comes from elsewhere.
        Err(error @ (keyring::Error::NoBus { .. } | keyring::Error::NoService { .. })) => {
            report.find_as(Severity::Info, None, Cause::Keyring(error));
            Ok(None)
        }
        Err(error) => Err(key::of_keyring(&error)),
    }
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
    Failure { message, ..failure }
}

const CERTIFICATE_NAME: &str = "client-cert.pem";
/// As much as is read of one.
const CONFIGURATION_LIMIT: usize = 1 << 20;
const KEY_NAME: &str = "client-key.pem";
/// Nobody's identity comes with more.
const MOST_CERTIFICATES: usize = 10_000;
/// So many keys are opened at most; each may cost as much as the limits allow.
const MOST_KEYS: usize = 32;
/// So many certificates without a key are named.
const MOST_NAMED: usize = 10;
const MOST_STORES: usize = 32;
/// The passphrase that Java's documentation gives every store.
const WELL_KNOWN: &[u8] = b"changeit";
