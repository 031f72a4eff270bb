//! Opening stores of certificates and keys: which passphrases are tried and in which order, what is said about a store, and
//! its entry in the keyring. What everyone knows is tried before what has to be asked for, and a person is asked last and
//! once for each store. Never writes a file.

use std::path::Path;

use zeroize::Zeroizing;

use super::identity;
use super::remember::{self, Whose};
use crate::cli::args::LimitArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::render::words::aim::{StoreAim, quoted};
use crate::config::{Origin, Settings, Value};
use crate::pki::bundle::Place;
use crate::pki::container::{self, Content, Integrity, Opened, Store, StoreError, StoreKind, StoredKey};
use crate::pki::key::Limits;
use crate::pki::name::Foreign;
use crate::report::{Cause, KeyFacts, Report, Severity};
use crate::secret::Passphrase;
use crate::source;
use crate::sys::Host;
use crate::sys::fs;
use crate::sys::keyring;
use crate::sys::passphrase::{self, Lent, Source};

/// How a command wants stores to be opened.
#[derive(Clone, Copy)]
pub struct Wishes<'s> {
    /// When a person may be asked.
    pub asking: Asking,
    /// How much work a store may ask for.
    pub limits: Limits,
    /// They say what place the passphrases of stores come from, and what the keyring calls them.
    pub settings: &'s Settings,
}

impl<'s> Wishes<'s> {
    /// What the settings say, with the usual limits, and asking nobody unless that is the place they name.
    pub fn of(settings: &'s Settings) -> Self {
        Self { asking: Asking::WhereNamed, limits: Limits::DEFAULT, settings }
    }
}

/// When a person may be asked for the passphrase of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Also where nobody has named a place and the keyring has no entry.
    AlsoUnnamed,
    /// Never, whatever place is named: at the start of a shell nobody wants a question.
    Never,
    /// Where that is the place that is named.
    WhereNamed,
}

/// Opens one store after the other, and remembers the passphrases on the way: one that was given for a store is tried on the
/// next before anyone is asked again.
pub struct Opener<'s> {
    /// What has been obtained from the place, or was typed.
    given: Vec<Passphrase>,
    /// Whether the one place that is the same for all stores has given its passphrase.
    is_place_used_up: bool,
    lent: Lent<'s>,
    well_known: [Passphrase; 2],
    wishes: Wishes<'s>,
}

/// A store that is open.
pub struct Unlocked<'o> {
    /// What came out.
    pub opened: Opened,
    /// The passphrase that it was opened or proven with; none where it needed none.
    pub passphrase: Option<&'o Passphrase>,
    /// Which of the passphrases that everyone knows it was.
    pub well_known: Option<WellKnown>,
}

/// A passphrase that everyone knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WellKnown {
    /// The empty one.
    Empty,
    /// `changeit`, which Java proposes.
    Changeit,
}

/// Why a store stays closed.
#[derive(Debug)]
pub enum Closed {
    /// It did not open.
    NotOpened(StoreError),
    /// There is no passphrase where it should be.
    PassphraseMissing(passphrase::Error),
}

impl From<Closed> for Cause {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotOpened(error) => Self::StoreNotOpened(error),
            Closed::PassphraseMissing(error) => Self::StorePassphraseMissing(error),
        }
    }
}

impl<'s> Opener<'s> {
    /// Nothing has been asked yet.
    pub fn new(wishes: Wishes<'s>, lent: Lent<'s>) -> Self {
        let well_known = WellKnown::ALL.map(|which| Passphrase::new(which.text().as_bytes().to_vec()));
        Self { given: Vec::new(), is_place_used_up: false, lent, well_known, wishes }
    }

    /// Opens a store that lies in the file at `path`. That others may read the file of its passphrase is noted.
    ///
    /// Tried are: no passphrase; those that everyone knows; those given before; the place that is named, or the keyring; the
    /// person. Where every try costs time, the place comes before what everyone knows. Where certificates lie in the clear
    /// and a passphrase would only prove the store, no place is asked that nobody has named.
    ///
    /// # Errors
    /// Where it stays closed.
    pub fn open(
        &mut self,
        store: &Store<'_>,
        path: &Path,
        report: &mut Report,
    ) -> Result<Unlocked<'_>, Closed> {
        let unproven = match store.open(None, &self.wishes.limits) {
            Ok(opened) if opened.integrity == Integrity::NotChecked => Some(opened),
            Ok(opened) => return Ok(Unlocked { opened, passphrase: None, well_known: None }),
            Err(StoreError::PassphraseNeeded) => None,
            Err(error) => return Err(Closed::NotOpened(error)),
        };
        let Value { origin, value: place } = &self.wishes.settings.store_passphrase;
        let is_named = *origin != Origin::Default;
        let is_place_first = store.rounds_of_a_try() > CHEAP && *place != Source::Prompt;
        let mut attempts = Attempts { given: 0, store, well_known: 0 };
        let mut missing = None;
        let mut found = None;
        if !is_place_first {
            found = attempts.with_well_known(self)?;
        }
        if found.is_none() {
            found = attempts.with_given(self)?;
        }
        if found.is_none() && (is_named || unproven.is_none()) {
            missing = self.ask_place(path, report).err();
            found = attempts.with_given(self)?;
        }
        if found.is_none() {
            found = attempts.with_well_known(self)?;
        }
        if found.is_none() && !is_named {
            if let Some(opened) = unproven {
                return Ok(Unlocked { opened, passphrase: None, well_known: None });
            }
            let may_ask = self.wishes.asking == Asking::AlsoUnnamed && self.lent.terminal.is_present();
            if may_ask && missing.as_ref().is_some_and(has_no_entry) {
                missing = self.ask(&Source::Prompt, path, report).err();
                found = attempts.with_given(self)?;
            }
        }
        match (found, missing) {
            (Some((opened, Which::Given(number))), _) => {
                Ok(Unlocked { opened, passphrase: self.given.get(number), well_known: None })
            }
            (Some((opened, Which::WellKnown(number))), _) => Ok(Unlocked {
                opened,
                passphrase: self.well_known.get(number),
                well_known: WellKnown::ALL.get(number).copied(),
            }),
            (None, Some(error)) => Err(Closed::PassphraseMissing(error)),
            (None, None) => Err(Closed::NotOpened(StoreError::WrongPassphraseOrDamaged)),
        }
    }

    /// Asks the place that the settings name. A place that is the same for all stores is asked once: a descriptor gives
    /// nothing the second time.
    fn ask_place(&mut self, path: &Path, report: &mut Report) -> Result<(), passphrase::Error> {
        let place = &self.wishes.settings.store_passphrase.value;
        let is_for_each = matches!(place, Source::Keyring | Source::Prompt);
        if !is_for_each && self.is_place_used_up {
            return Ok(());
        }
        self.ask(place, path, report)?;
        self.is_place_used_up = true;
        Ok(())
    }

    fn ask(&mut self, place: &Source, path: &Path, report: &mut Report) -> Result<(), passphrase::Error> {
        if *place == Source::Prompt && self.wishes.asking == Asking::Never {
            return Err(passphrase::Error::NoTerminal);
        }
        let account = self.wishes.settings.account(&keyring_account(path));
        let obtained = passphrase::obtain(place, &account, &prompt(path), &self.lent)?;
        identity::note_open_file(&obtained, place, report);
        self.given.push(obtained.passphrase);
        Ok(())
    }
}

/// What has been tried on one store.
struct Attempts<'a> {
    /// So many of those given.
    given: usize,
    store: &'a Store<'a>,
    /// So many of those that everyone knows.
    well_known: usize,
}

/// A passphrase by its number among its like.
enum Which {
    Given(usize),
    WellKnown(usize),
}

impl Attempts<'_> {
    fn with_given(&mut self, opener: &Opener<'_>) -> Result<Option<(Opened, Which)>, Closed> {
        let found = Self::next(self.store, &opener.given, &mut self.given, &opener.wishes.limits)?;
        Ok(found.map(|(opened, number)| (opened, Which::Given(number))))
    }

    fn with_well_known(&mut self, opener: &Opener<'_>) -> Result<Option<(Opened, Which)>, Closed> {
        let found = Self::next(self.store, &opener.well_known, &mut self.well_known, &opener.wishes.limits)?;
        Ok(found.map(|(opened, number)| (opened, Which::WellKnown(number))))
    }

    /// Tries those that have not been tried.
    fn next(
        store: &Store<'_>,
        passphrases: &[Passphrase],
        tried: &mut usize,
        limits: &Limits,
    ) -> Result<Option<(Opened, usize)>, Closed> {
        while let Some(passphrase) = passphrases.get(*tried) {
            *tried += 1;
            match store.open(Some(passphrase), limits) {
                Ok(opened) => return Ok(Some((opened, *tried - 1))),
                Err(StoreError::WrongPassphraseOrDamaged) => {}
                Err(error) => return Err(Closed::NotOpened(error)),
            }
        }
        Ok(None)
    }
}

impl WellKnown {
    /// In the order in which they are tried.
    const ALL: [Self; 2] = [Self::Empty, Self::Changeit];

    /// The passphrase itself, which is no secret.
    pub fn text(self) -> &'static str {
        match self {
            Self::Changeit => "changeit",
            Self::Empty => "",
        }
    }
}

/// A keyring that is not there has no entry either. One that is locked or does not answer may have one.
fn has_no_entry(error: &passphrase::Error) -> bool {
    use keyring::Error;
    let passphrase::Error::Keyring(error) = error else { return false };
    matches!(
        error,
        Error::Absent { .. } | Error::NoBus { .. } | Error::NoCollection | Error::NoService { .. }
    )
}

/// Notes what is worth saying about a store that is open, apart from its certificates and keys: `whole` is the place of the
/// store.
pub fn note(unlocked: &Unlocked<'_>, whole: Place, report: &mut Report) {
    let at = Some(whole);
    if let Some(which) = unlocked.well_known {
        report.find(at, Cause::StorePassphraseDefault { passphrase: which.text() });
    }
    let Opened { certificates, integrity, others, .. } = &unlocked.opened;
    match integrity {
        Integrity::Absent => report.find(at, Cause::StoreUnprotected),
        Integrity::NotChecked => report.find(at, Cause::StoreNotProven { what: None }),
        Integrity::Proven => {}
        Integrity::Unsupported { what } => {
            report.find(at, Cause::StoreNotProven { what: Some(what.clone()) })
        }
    }
    for (count, noun) in [
        (others.revocation_lists, "certificate revocation list"),
        (others.secrets, "secret that is no private key"),
        (others.unknown, "bag of no known kind"),
    ] {
        match count {
            0 => {}
            1 => report.find(at, Cause::SourceOther { what: format!("a {noun}").into() }),
            _ => report.find(at, Cause::SourceOther { what: format!("{count} times a {noun}").into() }),
        }
    }
    if others.sdsi_certificates > 0 {
        let what = "a certificate of the form SDSI".into();
        let cause = Cause::StoreNotOpened(StoreError::Unsupported { what });
        report.find_as(Severity::Warning, at, cause);
    }
    if certificates.is_empty() && others.sdsi_certificates == 0 {
        report.find(at, Cause::SourceUnknownFormat { guess: container::Guess::StoreWithoutCertificates });
    }
}

/// A private key in a store as the report shows it, and what it is called. It is not opened.
pub fn key_facts(key: &StoredKey, kind: StoreKind, place: Place) -> (KeyFacts, Box<str>) {
    let is_sealed = key.is_sealed();
    let what = if is_sealed { "an encrypted private key" } else { "a private key" };
    let facts = KeyFacts {
        algorithm: None,
        bits: None,
        encrypted: is_sealed,
        format: kind.name().to_owned(),
        is_in_store: true,
        iterations: key.iterations(),
        opened: None,
        place,
        // What clients read is a key file.
        refusals: Vec::new(),
        scheme: key.scheme(),
        spki_sha256: None,
    };
    (facts, what.into())
}

/// Stores the passphrase of a store in the keyring once it has opened the store, for `key remember --store`.
///
/// # Errors
/// Where there is no store in the file, where it needs no passphrase, and where it does not open.
pub fn remember(
    path: &Path,
    limits: &LimitArguments,
    passphrase_file: Option<&Path>,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<String, Failure> {
    refuse_standard_input(path)?;
    let bytes = fs::read_secret(path, source::LIMIT).map_err(|error| {
        Failure::new(format!("the store {} cannot be read: {error}", words::path(path)))
            .hint("name a PKCS#12 or Java key store with --store")
    })?;
    let limits = limits.limits();
    // What is scanned may be a copy that goes with the scan: the store is taken out of it first.
    let mut first = None;
    container::scan(&bytes, &mut |item| {
        if let (Content::Store(store), None) = (item.content, &first) {
            first = Some((store.kind, Zeroizing::new(store.bytes.to_vec())));
        }
    });
    let Some((kind, bytes)) = first else {
        return Err(Failure::new(format!("{} is no PKCS#12 or Java key store", words::path(path)))
            .hint("a passphrase of a client key is stored with --key"));
    };
    let store = Store { bytes: &bytes, kind };
    match store.open(None, &limits) {
        Ok(opened) if opened.integrity != Integrity::NotChecked => {
            return Err(Failure::new(format!(
                "the store {} has no passphrase to remember",
                words::path(path)
            )));
        }
        Ok(_) | Err(StoreError::PassphraseNeeded) => {}
        Err(error) => return Err(not_opened(path, &error)),
    }
    let account = settings.account(&keyring_account(path));
    let (prompt, missing) = (prompt(path), |error: &passphrase::Error| no_passphrase(path, error));
    let whose = Whose {
        account: &account,
        keyring_failure: &|error| of_keyring(path, error),
        missing: &missing,
        prompt: &prompt,
        way_out: format!(
            "take it out again with `certman key forget --store {}`, and set bundle.store_passphrase = \"file:PATH\"",
            quoted(path)
        ),
    };
    let passphrase = remember::take(passphrase_file, &whose, host, report)?;
    store.open(Some(&passphrase), &limits).map_err(|error| not_opened(path, &error))?;
    remember::store(&whose, &passphrase, host)?;
    Ok(format!("the passphrase is in the keyring now, as '{}' of 'certman'", Foreign(&account)))
}

/// Removes the entry of a store from the keyring, for `key forget --store`.
///
/// # Errors
/// Where there is none, and where the keyring does not answer.
pub fn forget(path: &Path, settings: &Settings, host: &mut Host) -> Result<String, Failure> {
    refuse_standard_input(path)?;
    let account = settings.account(&keyring_account(path));
    match host.keyring.forget(&account) {
        Ok(()) => Ok(format!("the keyring has no entry '{}' any more", Foreign(&account))),
        Err(error @ keyring::Error::Absent { .. }) => Err(Failure::new(Foreign(error).to_string())
            .hint("there is nothing to forget; an entry goes by the path of the store")),
        Err(error) => Err(of_keyring(path, &error)),
    }
}

/// The failure for a store that does not open.
pub fn not_opened(path: &Path, error: &StoreError) -> Failure {
    Failure::new(format!("{}: {}", words::path(path), words::store_not_opened(error)))
        .hint(words::store_fix(error, &StoreAim::at(path)))
}

/// The failure for a passphrase of a store that is not to be had.
pub fn no_passphrase(path: &Path, error: &passphrase::Error) -> Failure {
    Failure::new(format!("no passphrase for the store {}: {}", words::path(path), Foreign(error)))
        .hint(words::store_passphrase_fix(error, &StoreAim::at(path)))
}

fn of_keyring(path: &Path, error: &keyring::Error) -> Failure {
    Failure::new(Foreign(error).to_string()).hint(words::store_keyring_fix(error, &StoreAim::at(path)))
}

/// The name that the keyring has for the passphrase of a store: by its absolute path, a link counting as another one.
pub fn keyring_account(path: &Path) -> String {
    format!("store:{}", path.display())
}

pub(super) fn prompt(path: &Path) -> String {
    format!("Passphrase for the store {}: ", words::path(path))
}

fn refuse_standard_input(path: &Path) -> Result<(), Failure> {
    if path == Path::new("-") {
        return Err(Failure::usage("the keyring knows a store by its path, and standard input has none"));
    }
    Ok(())
}

/// So many rounds of derivation take a hundredth of a second: several passphrases may be tried.
const CHEAP: u64 = 50_000;
