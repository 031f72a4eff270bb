//! The pile that `import` is given, read and opened: every certificate and every key once, from files of any form and from stores. Owns
//! which passphrase is asked for and when, and what is said about what was found. Never writes.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::import::Places;
use super::pair::Pair;
use super::stores::{self, Asking, Opener, Wishes};
use super::{check, gather, identity};
use crate::cli::ImportSummary;
use crate::cli::args::ImportArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::clients;
use crate::clients::key::refusal_of_key_kind;
use crate::config::{Origin, Settings, Value};
use crate::pki::bundle::{Place, role};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::chain::self_signature;
use crate::pki::container::{self, Content as Found, Store, StoreKind, StoredCertificate, StoredKey};
use crate::pki::identity::{Unfit, fitness};
use crate::pki::key::{self, Content, KeyFile, Limits, NotCheckable, OpenError, Pairing, PrivateKey};
use crate::pki::name::Foreign;
use crate::pki::pile::{self, Candidate, Chain, End, Sorted};
use crate::report::{Cause, CertificateFacts, KeyFacts, Report, Severity};
use crate::secret::Passphrase;
use crate::source::{self, Source as Input, Unavailable};
use crate::sys::Host;
use crate::sys::fs::ReadError;
use crate::sys::passphrase::{self, Source};

/// Everything that was found, each certificate and each key once.
#[derive(Default)]
pub(super) struct Pile {
    pub(super) certificates: Vec<Certificate>,
    /// Where each certificate was found first.
    pub(super) certificate_places: Vec<Place>,
    facts: Vec<KeyFacts>,
    pub(super) keys: Vec<Key>,
    /// The keys that did not open.
    locked: Vec<LockedKey>,
    /// The names that stores have for their certificates.
    names: Vec<Option<String>>,
    pub(super) passphrases: Vec<Passphrase>,
}

/// A private key that is open.
pub(super) struct Key {
    pub(super) key: PrivateKey,
    /// What has opened it, by its number in the pile; none where it lay there in the clear.
    pub(super) passphrase: Option<usize>,
    place: Place,
}

/// A private key that did not open.
struct LockedKey {
    /// The certificates that may belong to it; none for a file of its own, to which any may belong.
    certificates: Option<Vec<usize>>,
    place: Place,
}

/// What has to be opened, once all files have been read.
enum Locked {
    Key { file: Box<KeyFile>, path: PathBuf, place: Place },
    Store { bytes: Zeroizing<Vec<u8>>, kind: StoreKind, path: PathBuf, place: Place },
}

/// How stores are opened.
struct Opening<'a, 's> {
    limits: Limits,
    opener: &'a mut Opener<'s>,
    places: &'a Places,
    settings: &'a Settings,
}

impl Pile {
    /// Reads all files, and opens what is sealed: first everything that needs no passphrase.
    pub(super) fn read(
        pair: &Pair,
        arguments: &ImportArguments,
        places: &Places,
        settings: &Settings,
        host: &mut Host,
        report: &mut Report,
    ) -> Result<Self, Failure> {
        let mut pile = Self::default();
        let mut locked = Vec::new();
        // The trust store of the system holds no identity: `system` is a file here.
        let typed = |path: &PathBuf| match path == Path::new("-") {
            true => Input::StandardInput,
            false => Input::Path(host.current_folder.join(path).components().collect()),
        };
        let inputs: Vec<Input> = arguments.files.iter().map(typed).collect();
        let previous = pair.previous();
        let own = [&*pair.certificate, &*pair.key, &*previous.certificate, &*previous.key];
        let skip = |path: &Path| gather::is_own_output(path, &own);
        let (mut keys, mut damaged_keys, mut stores) = (0, 0, 0);
        let Host { roots, stdin, .. } = &mut *host;
        source::read_all(&inputs, roots, &mut **stdin, &skip, &mut |blob| {
            let file = report.file(blob.path.to_owned());
            let whole = Place { file, index: 1, line: None };
            match blob.content {
                Ok(bytes) => {
                    let mut repeats = gather::Repeats::default();
                    container::scan(bytes, &mut |item| {
                        let place = Place { file, index: item.index, line: item.line };
                        match item.content {
                            Found::Certificate(der) => pile.add_certificate(der, None, place, report),
                            Found::PrivateKey(_) if keys > MOST_KEYS => {}
                            Found::PrivateKey(bytes) => match key::detect(bytes) {
                                Ok(file) => {
                                    keys += 1;
                                    let (file, path) = (Box::new(file), blob.path.to_owned());
                                    locked.push(Locked::Key { file, path, place });
                                }
                                Err(why) => {
                                    damaged_keys += 1;
                                    if damaged_keys <= MOST_NAMED {
                                        let cause = Cause::KeyUnreadable { why };
                                        report.find_as(Severity::Warning, Some(place), cause);
                                    }
                                }
                            },
                            Found::Store(_) if stores > MOST_STORES => {}
                            Found::Store(store) if store.bytes.len() > LARGEST_STORE => {
                                // Nothing is computed for one of that size.
                                if let Err(error) = store.open(None, &arguments.limits.limits()) {
                                    report.find(Some(place), Cause::StoreNotOpened(error));
                                }
                            }
                            Found::Store(Store { bytes, kind }) => {
                                stores += 1;
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
                Err(Unavailable::NoStore | Unavailable::NotAsked(_) | Unavailable::OwnOutput) => {}
            }
        });
        for (count, limit, what) in [
            (pile.certificates.len(), MOST_CERTIFICATES, "certificates"),
            (keys, MOST_KEYS, "private keys"),
            (stores, MOST_STORES, "stores"),
        ] {
            if count > limit {
                return Err(Failure::new(format!(
                    "there are more than {} {what} in these files",
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
        if self.certificates.len() > MOST_CERTIFICATES {
            return;
        }
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
        let wishes = Wishes { asking: Asking::AlsoUnnamed, limits, settings };
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
                                    self.locked.push(LockedKey { certificates: None, place });
                                    let cause = Cause::KeyNotOpened(error);
                                    report.find_as(Severity::Warning, Some(place), cause);
                                }
                            }
                        }
                    }
                    self.facts.push(facts);
                }
                Locked::Store { bytes, kind, path, place } => {
                    let store = Store { bytes: &bytes, kind };
                    let opening = Opening { limits, opener: &mut opener, places, settings };
                    self.open_store(&store, &path, place, opening, &mut asked, host, report)?;
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
        let (account, prompt) = (identity::keyring_account(settings, path), identity::prompt(path));
        let lent = identity::lent(host);
        let obtained = match passphrase::obtain(source, &account, &prompt, &lent) {
            // Nobody has said that it is in the keyring: whoever is there is asked.
            Err(passphrase::Error::Keyring(_)) if places.old.is_none() && host.terminal.is_present() => {
                passphrase::obtain(&Source::Prompt, &account, &prompt, &lent)
            }
            other => other,
        };
        let obtained = obtained.map_err(|error| identity::no_passphrase(settings, path, &error))?;
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
        opening: Opening<'_, '_>,
        asked: &mut Vec<(PathBuf, usize)>,
        host: &Host,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let Opening { limits, opener, places: typed, settings } = opening;
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
        let of_store = number;
        for stored in &unlocked.opened.keys {
            let Some(place) = places.next() else { return Ok(()) };
            report.call(place, stored.name.as_deref());
            let (mut facts, _) = stores::key_facts(stored, store.kind, place);
            number = of_store.or(number);
            if stored.is_sealed() && number.is_none() {
                // The certificates lay there in the clear, and nobody was asked yet.
                number = Some(self.passphrase_of_keys(path, settings, host, report)?);
            }
            let mut opened = stored.open(number.map(|number| &self.passphrases[number]), &limits);
            // In a Java store a key may have a passphrase of its own.
            if let (Err(OpenError::WrongPassphraseOrDamaged), Some(_)) = (&opened, &typed.old) {
                number = Some(self.passphrase_of(path, typed, settings, asked, host, report)?);
                opened = stored.open(number.map(|number| &self.passphrases[number]), &limits);
            }
            match opened {
                Ok(key) => {
                    identity::note_opened(&key, &mut facts);
                    facts.opened = facts.encrypted.then_some(true);
                    self.add_key(key, number.filter(|_| facts.encrypted), place);
                }
                Err(error) => {
                    facts.opened = Some(false);
                    let certificates = Some(self.certificates_of(stored, &unlocked.opened.certificates));
                    self.locked.push(LockedKey { certificates, place });
                    report.find_as(Severity::Warning, Some(place), Cause::KeyNotOpened(error));
                }
            }
            self.facts.push(facts);
        }
        Ok(())
    }

    /// The certificates that a store has for a key: the first that it ties to it, else all that are for no CA.
    fn certificates_of(&self, key: &StoredKey, stored: &[StoredCertificate]) -> Vec<usize> {
        let is_tied = |one: &&StoredCertificate| {
            let is_same_id = key.local_key_id.is_some() && one.local_key_id == key.local_key_id;
            is_same_id || key.local_key_id.is_none() && key.name.is_some() && one.name == key.name
        };
        let number = |one: &StoredCertificate| {
            let fingerprint = Fingerprint::of(&one.der);
            self.certificates.iter().position(|known| known.fingerprint() == fingerprint)
        };
        match stored.iter().find(is_tied) {
            Some(tied) => number(tied).into_iter().collect(),
            None => stored.iter().filter_map(number).filter(|one| !self.certificates[*one].is_ca()).collect(),
        }
    }

    /// The identities whose keys did not open, with the places of those keys: certificates of clients without an open key.
    fn locked_identities(&self, sorted: &Sorted) -> Vec<(usize, Vec<Place>)> {
        let is_open =
            |leaf: &usize| sorted.candidates.iter().any(|one| one.leaf == *leaf || one.others.contains(leaf));
        let any: Vec<usize> = sorted
            .leaves_alone
            .iter()
            .copied()
            .filter(|leaf| fitness(&self.certificates[*leaf]).is_ok())
            .collect();
        let mut identities: Vec<(usize, Vec<Place>)> = Vec::new();
        for LockedKey { certificates, place } in &self.locked {
            for leaf in certificates.as_ref().unwrap_or(&any).iter().filter(|leaf| !is_open(leaf)) {
                match identities.iter_mut().find(|(known, _)| known == leaf) {
                    Some((_, places)) => places.push(*place),
                    None => identities.push((*leaf, vec![*place])),
                }
            }
        }
        identities
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
        let (account, prompt) = (settings.account(&stores::keyring_account(path)), stores::prompt(path));
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
    pub(super) fn choose(
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
        let locked = self.locked_identities(&sorted);
        // Where a key did not open, that is what is missing.
        if !is_nothing || report.worst() < Severity::Critical || !sorted.keys_alone.is_empty() {
            let is_locked = |leaf: &&usize| locked.iter().any(|(known, _)| known == *leaf);
            for number in sorted.leaves_alone.iter().filter(|leaf| !is_locked(leaf)).take(MOST_NAMED) {
                let subject = self.certificates[*number].subject().short().into();
                let place = self.certificate_places[*number];
                report.find_as(of_leaves, Some(place), Cause::CertWithoutKey { subject });
            }
        }
        if is_nothing {
            if report.worst() < Severity::Critical {
                report.find(None, Cause::IdentityMissing);
            }
            return None;
        }
        // One whose key did not open may be the one that is meant all the same. Its number is behind those of the open keys.
        let of_locked = locked.iter().enumerate().map(|(number, (leaf, _))| Candidate {
            key: self.keys.len() + number,
            leaf: *leaf,
            others: Vec::new(),
            pairing: Pairing::NotCheckable { why: NotCheckable::KeyRefused },
        });
        let candidates: Vec<Candidate> = sorted.candidates.iter().cloned().chain(of_locked).collect();
        summary.candidates =
            candidates.iter().map(|one| (self.facts(one.leaf, now), self.names[one.leaf].clone())).collect();
        let meant = match selected {
            Some(text) => pile::select(&candidates, text, &self.certificates, &self.names),
            None => candidates.clone(),
        };
        match meant.as_slice() {
            [] => report.find(None, Cause::IdentityNotSelected { count: candidates.len() }),
            [one] if one.key >= self.keys.len() => {
                let (_, places) = &locked[one.key - self.keys.len()];
                let is_its = |finding: &&mut crate::report::Finding| {
                    matches!(finding.cause, Cause::KeyNotOpened(_))
                        && finding.place.is_some_and(|place| places.contains(&place))
                };
                report.findings.iter_mut().filter(is_its).for_each(|one| one.severity = Severity::Critical);
            }
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
    pub(super) fn judge(
        &self,
        chosen: &Candidate,
        chain: &Chain,
        settings: &Settings,
        now: i64,
        report: &mut Report,
    ) {
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
            let place = Some(self.certificate_places[number]);
            if let Some(cause) = cause {
                report.find_as(severity, place, cause);
            }
            if let Some(flaw) = certificate.flaw() {
                let subject = certificate.subject().short().into();
                report.find(place, Cause::CertNotDer { flaw, subject });
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
            // What is written has only the part that is proven.
            report.find_as(Severity::Warning, Some(key.place), Cause::KeyContradicts);
        }
    }

    pub(super) fn facts(&self, number: usize, now: i64) -> CertificateFacts {
        let certificate = &self.certificates[number];
        let own = self_signature(certificate);
        gather::facts(certificate, self.certificate_places[number], role(certificate, own), own, now)
    }

    /// Every certificate and key, for JSON.
    pub(super) fn add_facts(&self, now: i64, report: &mut Report) {
        report.certificates.extend((0..self.certificates.len()).map(|number| self.facts(number, now)));
        report.keys.extend(self.facts.iter().map(KeyFacts::clone));
    }

    /// The CA certificates, but for one that is the client's own.
    pub(super) fn authorities(&self, chosen: Option<&Candidate>) -> impl Iterator<Item = usize> {
        let leaf = chosen.map(|chosen| chosen.leaf);
        (0..self.certificates.len())
            .filter(move |number| self.certificates[*number].is_ca() && Some(*number) != leaf)
    }
}

/// Nobody's identity comes with more.
const MOST_CERTIFICATES: usize = 10_000;
/// So many keys are opened at most; each may cost as much as the limits allow.
const MOST_KEYS: usize = 32;
/// So many certificates without a key are named.
const MOST_NAMED: usize = 10;
const MOST_STORES: usize = 32;
/// No larger store is opened, and none is copied.
const LARGEST_STORE: usize = 64 << 20;
