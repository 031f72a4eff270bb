//! Reading the identity: certificate chain and private key, as far as `check`, `env` and `key` have it in common. Owns the order
//! of the questions: the passphrase is asked for last, and only for a sealed key. Never writes.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::gather;
use crate::cli::IdentitySummary;
use crate::cli::args::LimitArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::render::words::aim::{Aim, quoted};
use crate::clients;
use crate::clients::Refusal;
use crate::clients::key::{
    KeyReason, refusal_of_content, refusal_of_key_kind, refusals_of_chain_file, refusals_of_key_file,
};
use crate::config::{Origin, Settings};
use crate::pki::bundle::Place;
use crate::pki::cert::{Certificate, Fingerprint, hex};
use crate::pki::container::{self, Content as Found, Guess, StoreKind};
use crate::pki::identity::{Disorder, Unfit, disorder, fitness, owner};
use crate::pki::key::{self, Content, Encoding, Form, KeyFile, Limits, OpenError, Pairing, PrivateKey};
use crate::pki::name::Foreign;
use crate::pki::signature::Digest;
use crate::report::{Cause, KeyFacts, Report, Severity};
use crate::secret::{Oddity, Passphrase};
use crate::sys::Host;
use crate::sys::fs::{self, ReadError};
use crate::sys::keyring;
use crate::sys::passphrase::{self, Lent, Obtained, Source};

/// Judges the identity: everything `key check` says. Certificates of the chain are handed over to be judged by their dates. Where
/// `may_ask`, a passphrase that the keyring does not have is asked for on the terminal.
pub fn check(
    limits: &LimitArguments,
    settings: &Settings,
    may_ask: bool,
    host: &mut Host,
    report: &mut Report,
    visit: &mut dyn FnMut(&Certificate, Place, &mut Report),
) -> IdentitySummary {
    examine(limits, settings, may_ask, host, report, visit).0
}

/// The same, and hands over what a program would be given.
pub fn examine(
    limits: &LimitArguments,
    settings: &Settings,
    may_ask: bool,
    host: &mut Host,
    report: &mut Report,
    visit: &mut dyn FnMut(&Certificate, Place, &mut Report),
) -> (IdentitySummary, Examined) {
    let mut examined = Examined::default();
    let mut summary = IdentitySummary { now: host.now, ..IdentitySummary::default() };
    let mut chain = Chain::default();
    if let Some(path) = &settings.cert {
        chain = Chain::read(&path.value, report);
        summary.certificate = Some(path.value.clone());
        for (certificate, place) in chain.certificates.iter().zip(&chain.places) {
            visit(certificate, *place, report);
            summary.chain.push((certificate.subject().short(), certificate.validity().not_after));
        }
    }
    let key = settings.key.as_ref().and_then(|path| {
        summary.key = Some(path.value.clone());
        open_and_judge(&path.value, limits, settings, may_ask, host, report, &mut summary, &mut examined)
    });
    match (&settings.cert, &settings.key) {
        (Some(certificate), None) => note_incomplete("client.key", &certificate.origin, report),
        (None, Some(key)) => note_incomplete("client.cert", &key.origin, report),
        _ => {}
    }
    let leaf = chain.judge(key.as_ref(), report, &mut summary);
    let algorithm = key.as_ref().map(PrivateKey::algorithm).or_else(|| leaf.map(Certificate::key));
    if let Some(algorithm) = algorithm {
        let place = summary.key_place;
        if clients::is_weak(algorithm) {
            report.find(place, Cause::KeyWeak { key: algorithm.to_string().into() });
        }
        if let Some(refusal) = refusal_of_key_kind(algorithm) {
            report.find(place, Cause::KeyKindRefused { refusal });
        }
    }
    (summary, Examined { chain: chain.certificates, opened: key, ..examined })
}

/// What a program would be given, as far as it could be had.
#[derive(Default)]
pub struct Examined {
    /// The certificates, in the order of the file.
    pub chain: Vec<Certificate>,
    /// Whether the key is sealed; none where there is no key to be read.
    pub is_sealed: Option<bool>,
    /// The key, where it is in the clear or was opened.
    pub opened: Option<PrivateKey>,
    /// The passphrase of a sealed key, right or wrong.
    pub passphrase: Option<Passphrase>,
}

/// Reads and recognises a key file, for a command that needs the key.
///
/// # Errors
/// Where it cannot be read, or holds no private key.
pub fn detect(path: &Path) -> Result<KeyFile, Failure> {
    let bytes = fs::read_secret(path, KEY_LIMIT).map_err(|error| unreadable(path, &error))?;
    recognise(path, &bytes)
}

/// Recognises the content of a key file.
///
/// # Errors
/// Where there is no private key in it.
pub fn recognise(path: &Path, bytes: &[u8]) -> Result<KeyFile, Failure> {
    key::detect(bytes).map_err(|why| {
        let failure = Failure::new(format!("{}: {}", words::path(path), words::no_key(&why)));
        let hint = words::no_key_fix(&why).map(|step| step.replace("FILE", &quoted(path)));
        with_hint(failure, hint.as_deref())
    })
}

/// Reads a key file as it is; `-` is standard input.
///
/// # Errors
/// For what is not a regular file of a plausible size.
pub fn read_key(path: &Path, stdin: &mut dyn Read) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    if path != Path::new("-") {
        return fs::read_secret(path, KEY_LIMIT);
    }
    // Of its full size from the start, so that no copy is left behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(KEY_LIMIT + 2));
    fs::read_stream(stdin, &mut buffer, KEY_LIMIT)?;
    Ok(buffer)
}

/// Gets the passphrase for a sealed key from the one place that the settings name, for a command that needs it; with the place
/// that it came from in the end.
///
/// # Errors
/// Where it is not to be had.
pub fn passphrase(
    settings: &Settings,
    key: &Path,
    may_ask: bool,
    host: &mut Host,
    report: &mut Report,
) -> Result<(Passphrase, Source), Failure> {
    match obtain(settings, key, may_ask, host) {
        Ok((obtained, source)) => {
            note_open_file(&obtained, &source, report);
            Ok((obtained.passphrase, source))
        }
        Err(error) => Err(no_passphrase(settings, key, &error)),
    }
}

/// The failure for a passphrase that is not to be had: why, and the next step.
pub fn no_passphrase(settings: &Settings, key: &Path, error: &passphrase::Error) -> Failure {
    let failure =
        Failure::new(format!("no passphrase for the client key {}: {}", words::path(key), Foreign(error)));
    with_hint(failure, words::passphrase_fix(error, &Aim::at(key, &settings.circumstances())).as_deref())
}

/// Opens a sealed key, for a command that needs it.
///
/// # Errors
/// Where it does not open, and where it would cost more than the limits allow.
pub fn open(
    sealed: &key::Sealed,
    passphrase: &Passphrase,
    path: &Path,
    limits: &Limits,
    settings: &Settings,
) -> Result<PrivateKey, Failure> {
    sealed.open(passphrase, limits).map_err(|error| not_opened(settings, path, &error))
}

/// The failure for a key that does not open.
pub fn not_opened(settings: &Settings, path: &Path, error: &OpenError) -> Failure {
    Failure::new(format!("{}: {}", words::path(path), words::not_opened(error)))
        .hint(words::open_fix(error, &Aim::at(path, &settings.circumstances())))
}

/// Opens the key and proves that it belongs to the first certificate of the chain.
///
/// # Errors
/// Where it does not open, or does not belong.
pub fn verify(
    file: KeyFile,
    passphrase: Option<&Passphrase>,
    certificate: &Path,
    key: &Path,
    limits: &LimitArguments,
    settings: &Settings,
    report: &mut Report,
) -> Result<(), Failure> {
    let opened = match (file.content, passphrase) {
        (Content::Plain(opened), _) => opened,
        (Content::Sealed(sealed), Some(passphrase)) => {
            open(&sealed, passphrase, key, &limits.limits(), settings)?
        }
        (Content::Sealed(_), None) => return Err(Failure::new("a sealed key needs a passphrase")),
    };
    matched(&opened, certificate, key, report).map(drop)
}

/// The certificates of the chain, in the order of the file, with the proof that the opened key belongs to the first.
///
/// # Errors
/// Where there is no certificate, and where the key belongs to another.
pub fn matched(
    opened: &PrivateKey,
    certificate: &Path,
    key: &Path,
    report: &mut Report,
) -> Result<Vec<Certificate>, Failure> {
    let mut found = Report::default();
    let chain = Chain::read(certificate, &mut found);
    let Some(first) = chain.certificates.first() else {
        let why = found.findings.first();
        let sentence = why.map(|finding| words::message(finding, &found.files)).unwrap_or_default();
        let failure = Failure::new(format!("{}: {sentence}", words::path(certificate)));
        return Err(with_hint(failure, why.and_then(|finding| words::fix(finding, &found)).as_deref()));
    };
    match key::proves(opened, first.public_key()) {
        Pairing::Belongs => Ok(chain.certificates),
        Pairing::NotCheckable { why } => {
            report.find(None, Cause::KeyPairUnchecked { why });
            Ok(chain.certificates)
        }
        Pairing::Other { .. } => Err(Failure::new(format!(
            "the client key {} does not belong to the first certificate in {}",
            words::path(key),
            words::path(certificate)
        ))
        .hint("`certman key check` says what stands in both")),
    }
}

/// The certificates of a chain file, in their order; those that cannot be read are left out and noted.
pub fn chain(certificate: &Path, report: &mut Report) -> Vec<Certificate> {
    Chain::read(certificate, report).certificates
}

/// Notes who else may read or replace a key file.
pub fn note_access(path: &Path, place: Option<Place>, report: &mut Report) {
    let Some(access) = fs::access(path) else { return };
    if access.mode & 0o077 != 0 {
        report.find(place, Cause::KeyPermissions { mode: access.mode });
    }
    if let Some(owner) = access.foreign_owner {
        report.find(place, Cause::KeyOwner { owner });
    }
}

/// Notes what about the passphrase of a key at this place, or about another password, is easily a mistake.
pub fn note_oddities(passphrase: &Passphrase, severity: Severity, place: Option<Place>, report: &mut Report) {
    for oddity in passphrase.oddities() {
        // No client gets bytes that are no text, whatever the key says to them, and one takes blanks off.
        let is_lost = oddity == Oddity::NotUtf8 || oddity.is_at_an_end();
        let severity = if is_lost { Severity::Warning } else { severity };
        report.find_as(severity, place, Cause::PassphraseOdd { is_of_key: place.is_some(), oddity });
    }
}

/// What a key file says about itself, as the report shows it. Of a key in the clear nobody asks whether it opens.
pub fn key_facts(file: &KeyFile, place: Place) -> KeyFacts {
    let scheme = file.facts.scheme.as_ref();
    let mut facts = KeyFacts {
        algorithm: None,
        bits: None,
        encrypted: scheme.is_some(),
        format: format_name(file.facts.form, file.facts.encoding),
        is_in_store: false,
        iterations: scheme.and_then(key::Scheme::iterations),
        opened: None,
        place,
        refusals: refusals_of_key_file(&file.facts),
        scheme: scheme.map(key::Scheme::name),
        spki_sha256: None,
    };
    if let Content::Plain(key) = &file.content {
        note_opened(key, &mut facts);
    }
    facts
}

/// The name that the keyring has for the passphrase of a key: by the path as it is configured, made absolute; a link is another
/// name, and has another entry. A profile has entries of its own.
pub fn keyring_account(settings: &Settings, key: &Path) -> String {
    settings.account(&format!("client-key:{}", key.display()))
}

/// The question on the terminal.
pub fn prompt(key: &Path) -> String {
    format!("Passphrase for {}: ", words::path(key))
}

/// What people call the form of a key file.
pub fn format_name(form: Form, encoding: Encoding) -> String {
    let form = match form {
        Form::Dsa => "traditional DSA",
        Form::EncryptedPkcs8 => "encrypted PKCS#8",
        Form::LegacyEncrypted => "legacy encrypted PEM",
        Form::Pkcs1 => "PKCS#1",
        Form::Pkcs8 => "PKCS#8",
        Form::Sec1 => "SEC1",
    };
    match encoding {
        Encoding::Der => format!("{form} in DER"),
        Encoding::Pem => form.to_owned(),
    }
}

/// A key that cannot be read at all.
pub fn unreadable(path: &Path, error: &ReadError) -> Failure {
    Failure::new(format!("client key {} cannot be read: {error}", words::path(path)))
        .hint("set client.key in certman.toml, or name the file with --key")
}

/// Reads the key, says everything about it that needs no certificate, and opens it where that is possible.
#[expect(clippy::too_many_arguments, reason = "the second half of `examine`, which is long enough")]
fn open_and_judge(
    path: &Path,
    limits: &LimitArguments,
    settings: &Settings,
    may_ask: bool,
    host: &mut Host,
    report: &mut Report,
    summary: &mut IdentitySummary,
    examined: &mut Examined,
) -> Option<PrivateKey> {
    let mut place = Place { file: report.file(path.to_owned()), index: 1, line: None };
    summary.key_place = Some(place);
    let bytes = match read_key(path, &mut *host.stdin) {
        Ok(bytes) => bytes,
        Err(error) => {
            // What could not be read could not be judged.
            report.find_as(Severity::Unknown, Some(place), Cause::KeyMissing(error));
            return None;
        }
    };
    let file = match key::detect(&bytes) {
        Ok(file) => file,
        Err(why) => {
            report.find(Some(place), Cause::KeyUnreadable { why });
            note_access(path, Some(place), report);
            return None;
        }
    };
    place = Place { index: file.facts.block.unwrap_or(1), line: file.facts.line, ..place };
    summary.key_place = Some(place);
    note_access(path, Some(place), report);
    for refusal in refusals_of_key_file(&file.facts) {
        report.find(Some(place), Cause::KeyNotPortable { refusal });
    }
    let mut facts = key_facts(&file, place);
    examined.is_sealed = Some(facts.encrypted);
    let key = match file.content {
        Content::Plain(key) => {
            report.find(Some(place), Cause::KeyNotEncrypted);
            // The keyring is the default, and was not asked.
            let is_named = settings.passphrase.origin != Origin::Default;
            if is_named && settings.passphrase.value != Source::Keyring {
                report.find(Some(place), Cause::PassphraseNotNeeded);
            }
            Some(key)
        }
        Content::Sealed(sealed) => {
            let passphrase = &mut examined.passphrase;
            open_sealed(
                &sealed, path, limits, settings, may_ask, host, report, &mut facts, summary, passphrase,
            )
        }
    };
    report.keys.push(facts);
    if let Some(refusal) = key.as_ref().and_then(refusal_of_content) {
        report.find(Some(place), Cause::KeyNotPortable { refusal });
    }
    if key.as_ref().is_some_and(PrivateKey::contradicts_itself) {
        report.find(Some(place), Cause::KeyContradicts);
    }
    key
}

#[expect(clippy::too_many_arguments, reason = "one step of `open_and_judge`, which is long enough")]
fn open_sealed(
    sealed: &key::Sealed,
    path: &Path,
    limits: &LimitArguments,
    settings: &Settings,
    may_ask: bool,
    host: &mut Host,
    report: &mut Report,
    facts: &mut KeyFacts,
    summary: &mut IdentitySummary,
    passphrase: &mut Option<Passphrase>,
) -> Option<PrivateKey> {
    let place = Some(facts.place);
    let limits = limits.limits();
    if let Err(error) = limits.check(sealed.scheme()) {
        report.find_as(Severity::Unknown, place, Cause::KeyNotOpened(error));
        return None;
    }
    let obtained = match obtain(settings, path, may_ask, host) {
        Ok((obtained, source)) => {
            note_open_file(&obtained, &source, report);
            summary.passphrase_from = Some(source.name());
            obtained
        }
        Err(error) => {
            let severity = severity_of(&error);
            let cause = match error {
                passphrase::Error::Keyring(error) => Cause::Keyring(error),
                other => Cause::PassphraseMissing(other),
            };
            report.find_as(severity, place, cause);
            return None;
        }
    };
    let obtained = passphrase.insert(obtained.passphrase);
    let opened = sealed.open(obtained, &limits);
    facts.opened = Some(opened.is_ok());
    match opened {
        Ok(key) => {
            note_oddities(obtained, Severity::Info, place, report);
            note_opened(&key, facts);
            Some(key)
        }
        Err(error) => {
            report.find(place, Cause::KeyNotOpened(error));
            note_oddities(obtained, Severity::Warning, place, report);
            None
        }
    }
}

/// The passphrase, and the place it came from. Where nobody has named a place and the keyring has no entry, the person is asked,
/// if that is allowed and there is one.
fn obtain(
    settings: &Settings,
    key: &Path,
    may_ask: bool,
    host: &Host,
) -> Result<(Obtained, Source), passphrase::Error> {
    let (account, prompt) = (keyring_account(settings, key), prompt(key));
    let lent = lent(host);
    let source = &settings.passphrase.value;
    match passphrase::obtain(source, &account, &prompt, &lent) {
        Err(passphrase::Error::Keyring(keyring::Error::Absent { .. }))
            if may_ask && settings.passphrase.origin == Origin::Default && host.terminal.is_present() =>
        {
            Ok((passphrase::obtain(&Source::Prompt, &account, &prompt, &lent)?, Source::Prompt))
        }
        other => Ok((other?, source.clone())),
    }
}

/// What a passphrase is taken from.
pub fn lent(host: &Host) -> Lent<'_> {
    Lent { environment: &host.environment, keyring: &*host.keyring, terminal: &*host.terminal }
}

/// Where there is no passphrase, that is critical; where it could not be asked for, nothing is known.
pub fn severity_of(error: &passphrase::Error) -> Severity {
    use passphrase::Error;
    match error {
        Error::Keyring(keyring::Error::Absent { .. })
        | Error::Closed { .. }
        | Error::Empty { .. }
        | Error::Folder { .. }
        | Error::Missing { .. }
        | Error::NotText { .. }
        | Error::Nul { .. }
        | Error::TooLong { .. }
        | Error::Unset { .. } => Severity::Critical,
        Error::Failed { .. }
        | Error::Keyring(_)
        | Error::NoTerminal
        | Error::NotStarted { .. }
        | Error::Prompt(_)
        | Error::Terminal { .. }
        | Error::TimedOut { .. }
        | Error::Unreadable { .. } => Severity::Unknown,
    }
}

/// Notes that others may read the file that a passphrase came from.
pub fn note_open_file(obtained: &Obtained, source: &Source, report: &mut Report) {
    if let (Some(mode), Source::File(path)) = (obtained.open_to_others, source) {
        let place = Place { file: report.file(path.clone()), index: 1, line: None };
        report.find(Some(place), Cause::PassphrasePermissions { mode });
    }
}

/// Fills in what only shows in an opened key.
pub fn note_opened(key: &PrivateKey, facts: &mut KeyFacts) {
    facts.algorithm = Some(key.algorithm().name());
    facts.bits = key.algorithm().bits();
    facts.spki_sha256 = key.public_key_sha256().map(|hash| hex(&hash));
    facts.refusals.extend(refusal_of_content(key));
    let kind = refusal_of_key_kind(key.algorithm());
    facts.refusals.extend(kind.map(|kind| Refusal { by: kind.by, what: KeyReason::Kind(kind.what) }));
}

/// One half of the identity is missing. Named on the command line that is a wish, in the configuration a mistake: `env` refuses it.
fn note_incomplete(missing: &'static str, origin: &Origin, report: &mut Report) {
    let severity = if *origin == Origin::Flag { Severity::Info } else { Severity::Warning };
    report.find_as(severity, None, Cause::IdentityIncomplete { missing });
}

fn with_hint(failure: Failure, hint: Option<&str>) -> Failure {
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The certificates of the identity, in the order of the file.
#[derive(Default)]
struct Chain {
    certificates: Vec<Certificate>,
    places: Vec<Place>,
}

impl Chain {
    /// Reads the certificate file, and says everything about how it is written.
    fn read(path: &Path, report: &mut Report) -> Self {
        let whole = Place { file: report.file(path.to_owned()), index: 1, line: None };
        let mut chain = Self::default();
        // Many a file holds chain and key: it is treated as what is secret in it.
        let content = match fs::read_secret(path, KEY_LIMIT) {
            Ok(content) => content,
            Err(error) => {
                report.find_as(Severity::Unknown, Some(whole), Cause::ClientCertMissing(error));
                return chain;
            }
        };
        let mut problems = 0;
        container::scan(&content, &mut |item| {
            let place = Place { index: item.index, line: item.line, ..whole };
            // With one damaged block Node and Bun refuse the whole file.
            let problem = match item.content {
                Found::Certificate(der) => match Certificate::parse(der, Fingerprint::of(der)) {
                    Ok(certificate) => {
                        chain.certificates.push(certificate);
                        chain.places.push(place);
                        return;
                    }
                    Err(unreadable) => gather::damaged(der, unreadable),
                },
                Found::Damaged { label, why } => Cause::CertDamaged { label: label.into(), why },
                Found::Unclosed { label } => Cause::PemUnclosed { label: label.into() },
                Found::Unknown(guess) => Cause::ClientCertUnreadable { guess: Some(guess) },
                Found::Store(store) => Cause::ClientCertUnreadable {
                    guess: Some(match store.kind {
                        StoreKind::Jceks | StoreKind::Jks => Guess::JavaKeyStore,
                        StoreKind::Pkcs12 => Guess::Pkcs12,
                    }),
                },
                Found::PrivateKey(_)
                | Found::Request(_)
                | Found::RevocationList(_)
                | Found::Unrelated { .. } => return,
            };
            problems += 1;
            if problems <= MOST_PROBLEMS {
                report.find_as(Severity::Critical, Some(place), problem);
            }
        });
        if !chain.certificates.is_empty() {
            for refusal in refusals_of_chain_file(&content) {
                report.find(Some(whole), Cause::ClientCertNotPortable { refusal });
            }
        } else if problems == 0 {
            report.find(Some(whole), Cause::ClientCertUnreadable { guess: None });
        }
        chain
    }

    /// Judges the order, whom the key belongs to, and whether the client's own certificate, which is given back, serves a client.
    fn judge(
        &self,
        key: Option<&PrivateKey>,
        report: &mut Report,
        summary: &mut IdentitySummary,
    ) -> Option<&Certificate> {
        let first = self.certificates.first()?;
        let first_place = Some(self.places[0]);
        let owner = key.and_then(|key| owner(key, &self.certificates));
        let mut leaf = 0;
        match owner {
            Some((0, Pairing::Belongs)) => summary.belongs_to = Some(0),
            Some((later, Pairing::Belongs)) => {
                (leaf, summary.belongs_to) = (later, Some(later));
                let disorder = Disorder::LeafLater { leaf };
                report.find(first_place, Cause::ClientCertOrder { disorder, later: self.places[later] });
            }
            Some((_, Pairing::Other { .. })) => {
                let subject = first.subject().short().into();
                report.find(first_place, Cause::KeyMismatch { subject });
            }
            Some((_, Pairing::NotCheckable { why })) => {
                report.find(first_place, Cause::KeyPairUnchecked { why });
            }
            None => {}
        }
        let belongs_to_first = summary.belongs_to == Some(0);
        match disorder(&self.certificates) {
            Some(disorder @ Disorder::AuthorityFirst { leaf: later }) if owner.is_none() => {
                leaf = later;
                report.find(first_place, Cause::ClientCertOrder { disorder, later: self.places[later] });
            }
            // Most servers put a chain in order by themselves.
            Some(disorder @ Disorder::IssuerLater { certificate, issuer })
                if owner.is_none() || belongs_to_first =>
            {
                let (place, later) = (Some(self.places[certificate]), self.places[issuer]);
                report.find_as(Severity::Warning, place, Cause::ClientCertOrder { disorder, later });
            }
            _ => {}
        }
        let (leaf, place) = (&self.certificates[leaf], Some(self.places[leaf]));
        // Of a certificate that is another's it is of no interest that it is a CA.
        let is_others = matches!(owner, Some((_, Pairing::Other { .. })));
        if let Err(unfit) = fitness(leaf)
            && !(is_others && unfit == Unfit::Authority)
        {
            // A certificate that the client has made for itself is a CA by the defaults of OpenSSL, and works where it is trusted.
            let is_own = unfit == Unfit::Authority && leaf.is_self_issued() && self.certificates.len() == 1;
            let severity = if is_own { Severity::Warning } else { Severity::Critical };
            let subject = leaf.subject().short().into();
            report.find_as(severity, place, Cause::ClientCertNotForClients { subject, unfit });
        }
        if matches!(leaf.signature().digest(), Some(Digest::Md5 | Digest::Sha1)) {
            let signature = leaf.signature().to_string().into();
            report
                .find(place, Cause::CertWeakSignature { signature, subject: leaf.subject().short().into() });
        }
        Some(leaf)
    }
}

/// Far above any key or chain file with text around it, in bytes.
pub const KEY_LIMIT: usize = 1 << 20;
/// So many problems of one file are told.
const MOST_PROBLEMS: u32 = 20;
