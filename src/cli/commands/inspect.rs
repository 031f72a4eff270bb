//! `certman inspect`: what is in the files, whatever it is. Nothing is tried with a passphrase unless one is named, and nobody is
//! asked before every file has been read.

use std::collections::HashMap;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::check::Check;
use super::gather::{self, Repeats};
use super::identity;
use super::stores::{self, Closed, Opener, Unlocked, WellKnown, Wishes};
use crate::cli::args::InspectArguments;
use crate::cli::failure::Failure;
use crate::cli::inspection::{
    Branch, Content, Inspection, Item, Leaf, Node, PublicKeyFacts, RequestFacts, RevocationListFacts,
    StoreFacts,
};
use crate::cli::{Ending, Outcome, Shown};
use crate::clients;
use crate::clients::key::{refusal_of_key_kind, refusals_of_key_file};
use crate::config::{Origin, Settings};
use crate::pki::bundle::{Place, Role, role};
use crate::pki::cert::{Certificate, Fingerprint, Unreadable, hex};
use crate::pki::chain::{Issuer, issuers, self_signature};
use crate::pki::container::{
    self, Broken, Content as Found, Damage, Guess, Integrity, Packing, Store, StoreError, pem, title,
};
use crate::pki::key::{self, Content as KeyContent, KeyFile, Limits, NoKey, OpenError, PrivateKey, Sealed};
use crate::pki::public_key::{PublicKey, parameters};
use crate::pki::request::Request;
use crate::pki::revocation::RevocationList;
use crate::pki::signature::Verdict;
use crate::report::{Cause, InspectedFacts, IssuedBy, Report, Severity};
use crate::secret::Passphrase;
use crate::source::{self, Blob, Source, Unavailable, address};
use crate::sys::Host;
use crate::sys::fs::ReadError;
use crate::sys::passphrase::{self, Lent};

/// Reads every file and says what is in it.
///
/// # Errors
/// Where the passphrase that was named is not to be had.
pub fn run(
    arguments: &InspectArguments,
    settings: &Settings,
    wants_facts: bool,
    wants_all: bool,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let typed = arguments.files.iter().map(|path| Source::typed(path, &host.current_folder));
    let sources: Vec<Source> =
        typed.collect::<Result<_, _>>().map_err(|error| Failure::usage(error.to_string()))?;
    if sources.contains(&Source::SystemCorporate) {
        return Err(Failure::usage(
            "`inspect` shows the trust store as it is, and judges nobody's part in it",
        )
        .hint("name `system`, or see what counts with `certman bundle --dry-run system:corporate`"));
    }
    let mut inspector = Inspector {
        // Its own signature is proven here, once for each certificate, and only where that is shown.
        check: Check::new(settings.thresholds, arguments.audience.audience(), false, host.now),
        certificates: Vec::new(),
        inspection: Inspection::default(),
        keeps_sealed: arguments.passphrase.is_some(),
        known: HashMap::new(),
        sealed: Vec::new(),
        sightings: Vec::new(),
    };
    let Host { environment, keyring, roots, stdin, terminal, .. } = &mut *host;
    let lent = Lent { environment, keyring: &**keyring, terminal: &**terminal };
    let limits = arguments.limits.limits();
    // Whoever has named no place for passphrases of stores has not asked for a keyring to be woken.
    let wishes = Wishes { limits, ..Wishes::of(settings) };
    let mut opener = (settings.store_passphrase.origin != Origin::Default).then(|| Opener::new(wishes, lent));
    source::read_all(&sources, roots, &mut **stdin, &|_| false, &mut |blob| {
        inspector.read(blob, &limits, opener.as_mut());
    });
    if arguments.passphrase.is_some() {
        inspector.open_sealed(arguments, settings, host);
    }
    inspector.check.settle();
    let Check { report, summary, .. } = &mut inspector.check;
    summary.files = report.files.len();
    for finding in &mut report.findings {
        let is_closed = matches!(
            finding.cause,
            Cause::StoreNotOpened(StoreError::PassphraseNeeded) | Cause::StorePassphraseMissing(_)
        );
        if is_closed || matches!(finding.cause, Cause::SourceMissing | Cause::SourceUnreadable(_)) {
            finding.severity = Severity::Unknown;
        }
    }
    inspector.tie_together(wants_facts, wants_all, host.now);
    let Inspector { check: Check { report, summary, .. }, mut inspection, .. } = inspector;
    inspection.summary = summary;
    let ending = Ending::Judging { from: Some(Severity::Warning) };
    Ok(Outcome { ending, report, shown: Shown::Inspection(inspection) })
}

struct Inspector {
    /// Each once, in the order of their first sighting.
    certificates: Vec<Certificate>,
    /// Judges, and has the report.
    check: Check,
    inspection: Inspection,
    /// Whether sealed keys will be opened.
    keeps_sealed: bool,
    /// The number of a certificate that has been seen, and where that was first.
    known: HashMap<Fingerprint, (u32, Place)>,
    /// Sealed keys, by their number in the report.
    sealed: Vec<(usize, Sealed)>,
    /// Where certificates were seen, in order.
    sightings: Vec<Sighting>,
}

/// A place where a certificate was seen.
struct Sighting {
    certificate: u32,
    packing: Packing,
    place: Place,
}

impl Inspector {
    fn read(&mut self, blob: Blob<'_>, limits: &Limits, mut opener: Option<&mut Opener<'_>>) {
        // A trust store has several usual places, and beside the certificates there lie things of its own.
        let is_system = blob.part.is_some();
        if is_system
            && matches!(blob.content, Err(Unavailable::EmptyFolder | Unavailable::Failed(ReadError::Missing)))
        {
            return;
        }
        let file = self.check.report.file(blob.path.to_owned());
        let whole = Place { file, index: 1, line: None };
        let bytes = match blob.content {
            Ok(bytes) => bytes,
            Err(unavailable) => return self.note_unavailable(unavailable, blob.path, blob.is_named, whole),
        };
        let mut repeats = Repeats::default();
        let mut others = 0_u32;
        let mut has_key = false;
        container::scan(bytes, &mut |item| {
            let (place, packing) = (Place { file, index: item.index, line: item.line }, item.packing);
            if let Found::Certificate(der) = item.content {
                return self.certificate(der, place, packing);
            }
            if is_system {
                return;
            }
            others += 1;
            let content = match item.content {
                Found::Certificate(_) => return,
                Found::Damaged { label, why } => Content::Damaged { label: label.into(), why },
                Found::PrivateKey(raw) => {
                    // Parameters and marks that stand before it count where it is the first.
                    let whole = (!has_key && !is_openssh(raw)).then(|| key::detect(bytes).ok()).flatten();
                    has_key |= !is_openssh(raw);
                    self.key(whole.map_or_else(|| key::detect(raw), Ok), place)
                }
                Found::Request(der) => self.request(der, place),
                Found::RevocationList(der) => self.revocation_list(der, place),
                Found::Store(store) => {
                    return self.store(&store, blob.path, (place, packing), limits, opener.as_deref_mut());
                }
                Found::Unclosed { label } => Content::Unclosed { label: label.into() },
                Found::Unknown(Guess::PublicKey) => public_key(bytes, ""),
                Found::Unknown(guess) => Content::Unknown { guess, title: title(bytes) },
                Found::Unrelated { label, raw } => unrelated(label, raw),
            };
            let is_named_for_itself = matches!(
                content,
                Content::Key { .. }
                    | Content::KeyUnreadable { .. }
                    | Content::Parameters { .. }
                    | Content::PublicKey(_)
                    | Content::Request(_)
                    | Content::RevocationList(_)
            );
            if !is_named_for_itself {
                gather::note(item, place, blob.is_named, &mut repeats, &mut self.check.report);
            }
            if others <= MOST_OTHERS {
                self.inspection.items.push(Item { content, packing: Some(packing), place });
            }
        });
        repeats.note(whole, &mut self.check.report);
        if others > MOST_OTHERS {
            let cause = Cause::Repeated { code: "source-other-content", count: others - MOST_OTHERS };
            self.check.report.find(Some(whole), cause);
        }
    }

    /// Opens a store, and looks at what is in it. Certificates are numbered from the place of the store on, keys behind them.
    fn store(
        &mut self,
        store: &Store<'_>,
        path: &Path,
        (whole, packing): (Place, Packing),
        limits: &Limits,
        opener: Option<&mut Opener<'_>>,
    ) {
        let report = &mut self.check.report;
        let opened = match opener {
            Some(opener) => opener.open(store, path, report),
            None => open_without_asking(store, limits),
        };
        let mut facts =
            StoreFacts { integrity: None, kind: store.kind, passphrase: None, protections: Vec::new() };
        let unlocked = match opened {
            Ok(unlocked) => unlocked,
            Err(closed) => {
                report.find(Some(whole), closed.into());
                let content = Content::Store(facts);
                self.inspection.items.push(Item { content, packing: Some(packing), place: whole });
                return;
            }
        };
        stores::note(&unlocked, whole, report);
        facts.integrity = Some(unlocked.opened.integrity.clone());
        facts.passphrase = unlocked.well_known.map(WellKnown::text);
        facts.protections.clone_from(&unlocked.opened.protections);
        let content = Content::Store(facts);
        self.inspection.items.push(Item { content, packing: Some(packing), place: whole });
        let packing = Packing::Store(store.kind);
        let mut places = (whole.index..).map(|index| Place { index, line: None, ..whole });
        for certificate in &unlocked.opened.certificates {
            let Some(place) = places.next() else { return };
            self.check.report.call(place, certificate.name.as_deref());
            self.certificate(&certificate.der, place, packing);
        }
        for key in &unlocked.opened.keys {
            let Some(place) = places.next() else { return };
            let report = &mut self.check.report;
            report.call(place, key.name.as_deref());
            let (mut facts, _) = stores::key_facts(key, store.kind, place);
            let well_known = unlocked.well_known.map(|which| Passphrase::new(which.text().into()));
            let passphrase = unlocked.passphrase.or(well_known.as_ref());
            if !key.is_sealed() || passphrase.is_some() {
                match key.open(passphrase, limits) {
                    Ok(open) => {
                        facts.opened = key.is_sealed().then_some(true);
                        identity::note_opened(&open, &mut facts);
                        note_key(&open, place, report);
                    }
                    // In a Java store a key may have a passphrase of its own.
                    Err(OpenError::WrongPassphraseOrDamaged) => facts.opened = Some(false),
                    Err(error) => report.find_as(Severity::Unknown, Some(place), Cause::KeyNotOpened(error)),
                }
            }
            let number = report.keys.len();
            report.keys.push(facts);
            let content = Content::Key { number };
            self.inspection.items.push(Item { content, packing: Some(packing), place });
        }
    }

    fn note_unavailable(&mut self, unavailable: Unavailable, path: &Path, is_named: bool, whole: Place) {
        let report = &mut self.check.report;
        let content = match &unavailable {
            Unavailable::EmptyFolder => Content::EmptyFolder,
            Unavailable::Failed(ReadError::Missing) if address(path).is_some() => {
                Content::Unreadable { why: "it is an address, not a file".into() }
            }
            Unavailable::Failed(error) => Content::Unreadable { why: error.to_string() },
            Unavailable::NotAsked(error) => Content::Unreadable { why: error.to_string() },
            Unavailable::NoStore | Unavailable::OwnOutput => {
                Content::Unreadable { why: "there is no trust store".into() }
            }
        };
        self.inspection.items.push(Item { content, packing: None, place: whole });
        match unavailable {
            Unavailable::EmptyFolder => report.find(Some(whole), Cause::SourceEmpty { is_folder: true }),
            Unavailable::Failed(error) if !is_named && error.is_dead_link() => {
                report.find_as(Severity::Warning, Some(whole), Cause::SourceMissing);
            }
            Unavailable::Failed(ReadError::Missing) => report.find(Some(whole), Cause::SourceMissing),
            Unavailable::Failed(error) => report.find(Some(whole), Cause::SourceUnreadable(error)),
            Unavailable::NotAsked(error) => report.find(Some(whole), Cause::SystemNotAsked(error)),
            Unavailable::NoStore => {
                report.find(Some(whole), Cause::SystemMissing { is_own_output: false });
            }
            Unavailable::OwnOutput => report.find(Some(whole), Cause::SystemMissing { is_own_output: true }),
        }
    }

    fn certificate(&mut self, der: &[u8], place: Place, packing: Packing) {
        let fingerprint = Fingerprint::of(der);
        let certificate = match self.known.get(&fingerprint) {
            Some(&(certificate, first)) => {
                self.check.report.find(Some(place), Cause::CertDuplicate { first });
                certificate
            }
            None => match Certificate::parse(der, fingerprint) {
                Ok(certificate) => {
                    let mut report = std::mem::take(&mut self.check.report);
                    self.check.judge(&certificate, place, &mut report);
                    self.check.report = report;
                    self.certificates.push(certificate);
                    let number = self.certificates.len() as u32 - 1;
                    self.known.insert(fingerprint, (number, place));
                    number
                }
                Err(unreadable) => {
                    let cause = gather::damaged(der, unreadable);
                    let why = match &cause {
                        Cause::CertDamaged { why, .. } => *why,
                        _ => Broken::Date,
                    };
                    let content = Content::Damaged { label: "CERTIFICATE".into(), why };
                    self.check.report.find(Some(place), cause);
                    self.inspection.items.push(Item { content, packing: Some(packing), place });
                    return;
                }
            },
        };
        let content = Content::Certificate { number: self.sightings.len() };
        self.inspection.items.push(Item { content, packing: Some(packing), place });
        self.sightings.push(Sighting { certificate, packing, place });
    }

    fn key(&mut self, detected: Result<KeyFile, NoKey>, place: Place) -> Content {
        let report = &mut self.check.report;
        let file = match detected {
            Ok(file) => file,
            Err(mut why) => {
                if let NoKey::Damaged { block, line, .. } = &mut why {
                    // Counted in the block alone until here.
                    *block = Some(place.index);
                    *line = line.zip(place.line).map(|(line, begin)| begin + line - 1);
                }
                let cause = match &why {
                    NoKey::NotAKey { .. } => Cause::SourceUnknownFormat { guess: Guess::OpenSsh },
                    NoKey::Damaged { .. } | NoKey::Empty => Cause::KeyUnreadable { why: why.clone() },
                };
                report.find(Some(place), cause);
                return Content::KeyUnreadable { why };
            }
        };
        for refusal in refusals_of_key_file(&file.facts) {
            report.find(Some(place), Cause::KeyNotPortable { refusal });
        }
        let number = report.keys.len();
        report.keys.push(identity::key_facts(&file, place));
        match file.content {
            KeyContent::Plain(key) => note_key(&key, place, report),
            KeyContent::Sealed(sealed) if self.keeps_sealed && self.sealed.len() < MOST_SEALED => {
                self.sealed.push((number, sealed));
            }
            KeyContent::Sealed(_) => {}
        }
        Content::Key { number }
    }

    fn request(&mut self, der: &[u8], place: Place) -> Content {
        let request = match Request::parse(der) {
            Ok(request) => request,
            Err(malformed) => {
                return self.damaged("CERTIFICATE REQUEST", Broken::Structure(malformed), place);
            }
        };
        if request.verdict == Verdict::Wrong {
            let subject = request.subject.short().into();
            self.check.report.find(Some(place), Cause::RequestSignatureWrong { subject });
        }
        Content::Request(RequestFacts {
            extended_key_usage: request.details.extended_key_usage,
            key: request.key.to_string(),
            key_usage: request.details.key_usage,
            signature: request.signature.to_string(),
            spki_sha256: hex(&Sha256::digest(request.public_key)),
            subject: request.subject.to_string(),
            subject_alt_names: request.details.subject_alt_names,
            verdict: request.verdict,
        })
    }

    fn revocation_list(&mut self, der: &[u8], place: Place) -> Content {
        let list = match RevocationList::parse(der) {
            Ok(list) => list,
            Err(Unreadable::Date) => return self.damaged("X509 CRL", Broken::Date, place),
            Err(Unreadable::Structure(malformed)) => {
                return self.damaged("X509 CRL", Broken::Structure(malformed), place);
            }
        };
        Content::RevocationList(RevocationListFacts {
            entries: list.entries,
            issuer: list.issuer.to_string(),
            next_update: list.next_update,
            number: list.number,
            signature: list.signature.to_string(),
            this_update: list.this_update,
        })
    }

    fn damaged(&mut self, label: &str, why: Broken, place: Place) -> Content {
        self.check.report.find(Some(place), Cause::CertDamaged { label: label.into(), why });
        Content::Damaged { label: label.into(), why }
    }

    /// Opens what is sealed, with the one passphrase that was named; from the keyring each key has its own.
    fn open_sealed(&mut self, arguments: &InspectArguments, settings: &Settings, host: &Host) {
        let limits = arguments.limits.limits();
        let source = &settings.passphrase.value;
        let mut last = None;
        for (number, sealed) in std::mem::take(&mut self.sealed) {
            let report = &mut self.check.report;
            let place = report.keys[number].place;
            if let Err(error) = limits.check(sealed.scheme()) {
                report.find_as(Severity::Unknown, Some(place), Cause::KeyNotOpened(error));
                continue;
            }
            let path = report.files[place.file as usize].clone();
            if last.is_none() || *source == passphrase::Source::Keyring {
                let lent: Lent<'_> = identity::lent(host);
                let (account, prompt) = (identity::keyring_account(settings, &path), identity::prompt(&path));
                match passphrase::obtain(source, &account, &prompt, &lent) {
                    Ok(obtained) => {
                        identity::note_open_file(&obtained, source, report);
                        last = Some(obtained.passphrase);
                    }
                    Err(error) => {
                        let severity = identity::severity_of(&error);
                        let cause = match error {
                            passphrase::Error::Keyring(error) => Cause::Keyring(error),
                            other => Cause::PassphraseMissing(other),
                        };
                        report.find_as(severity, Some(place), cause);
                        // Nobody is asked again who has not answered.
                        if *source != passphrase::Source::Keyring {
                            return;
                        }
                        continue;
                    }
                }
            }
            let Some(passphrase) = &last else { continue };
            let opened = sealed.open(passphrase, &limits);
            report.keys[number].opened = Some(opened.is_ok());
            match opened {
                Ok(key) => {
                    identity::note_opened(&key, &mut report.keys[number]);
                    note_key(&key, place, report);
                }
                Err(error) => report.find(Some(place), Cause::KeyNotOpened(error)),
            }
        }
    }

    /// Finds out who has issued whom, and collects the facts that are shown.
    fn tie_together(&mut self, wants_facts: bool, wants_all: bool, now: i64) {
        let issuers = issuers(&self.certificates);
        let certificates = &self.certificates;
        let report = &mut self.check.report;
        let mut first = vec![None; certificates.len()];
        for (number, sighting) in self.sightings.iter().enumerate() {
            first[sighting.certificate as usize].get_or_insert(number);
        }
        let by_place: HashMap<(u32, u32), u32> = self
            .sightings
            .iter()
            .map(|sighting| ((sighting.place.file, sighting.place.index), sighting.certificate))
            .collect();
        let mut worst = vec![Severity::Info; certificates.len()];
        for finding in &report.findings {
            let about = finding.place.and_then(|place| by_place.get(&(place.file, place.index)));
            if let Some(&about) = about {
                worst[about as usize] = worst[about as usize].max(finding.severity);
            }
        }
        if wants_facts || wants_all || certificates.len() <= MOST_DESCRIBED {
            // A duplicate is said once to people, and in every place to programs.
            let is_again = |number: usize| first[self.sightings[number].certificate as usize] != Some(number);
            let own: Vec<Verdict> = certificates.iter().map(self_signature).collect();
            let shown: Vec<usize> =
                (0..self.sightings.len()).filter(|number| wants_facts || !is_again(*number)).collect();
            // By certificate, the number under which it is shown first.
            let number_of: HashMap<u32, usize> = shown
                .iter()
                .enumerate()
                .rev()
                .map(|(number, sighting)| (self.sightings[*sighting].certificate, number))
                .collect();
            for number in shown {
                let Sighting { certificate: index, packing, place } = self.sightings[number];
                let certificate = &certificates[index as usize];
                let own = own[index as usize];
                let issued_by = match issuers[index as usize] {
                    Issuer::Found { at, is_proven } => {
                        number_of.get(&at).map(|number| IssuedBy { number: *number, is_proven })
                    }
                    Issuer::Circle | Issuer::Itself | Issuer::Missing => None,
                };
                let mut facts = gather::facts(certificate, place, role(certificate, own), own, now);
                facts.inspected = Some(Box::new(inspected(certificate, issued_by, packing)));
                report.certificates.push(facts);
            }
        }
        self.inspection.branches = branches(certificates, &issuers, &worst, now);
    }
}

/// Opens a store with nothing, or with what everyone knows.
fn open_without_asking<'o>(store: &Store<'_>, limits: &Limits) -> Result<Unlocked<'o>, Closed> {
    let unproven = match store.open(None, limits) {
        Ok(opened) if opened.integrity == Integrity::NotChecked => Some(opened),
        Ok(opened) => return Ok(Unlocked { opened, passphrase: None, well_known: None }),
        Err(StoreError::PassphraseNeeded) => None,
        Err(error) => return Err(Closed::NotOpened(error)),
    };
    for which in [WellKnown::Empty, WellKnown::Changeit] {
        match store.open(Some(&Passphrase::new(which.text().into())), limits) {
            Ok(opened) => return Ok(Unlocked { opened, passphrase: None, well_known: Some(which) }),
            Err(StoreError::WrongPassphraseOrDamaged) => {}
            Err(error) => return Err(Closed::NotOpened(error)),
        }
    }
    match unproven {
        Some(opened) => Ok(Unlocked { opened, passphrase: None, well_known: None }),
        None => Err(Closed::NotOpened(StoreError::PassphraseNeeded)),
    }
}

/// What is weak about a key, and who will not use it.
fn note_key(key: &PrivateKey, place: Place, report: &mut Report) {
    if key.contradicts_itself() {
        report.find(Some(place), Cause::KeyContradicts);
    }
    if clients::is_weak(key.algorithm()) {
        report.find(Some(place), Cause::KeyWeak { key: key.algorithm().to_string().into() });
    }
    if let Some(refusal) = refusal_of_key_kind(key.algorithm()) {
        report.find(Some(place), Cause::KeyKindRefused { refusal });
    }
}

/// A block with a label that names neither a certificate nor a private key.
fn unrelated(label: &str, raw: &[u8]) -> Content {
    if matches!(label, "CMS" | "PKCS #7 SIGNED DATA" | "PKCS7") {
        return Content::Unknown { guess: Guess::Cms, title: None };
    }
    let is_parameters = label.ends_with("PARAMETERS");
    if !is_parameters && !label.ends_with("PUBLIC KEY") {
        return Content::Other { label: label.into() };
    }
    let der = pem::blocks(raw).next().map_or(Err(Damage::Empty), |block| block.decode());
    match der {
        Ok(der) if is_parameters => Content::Parameters { label: label.into(), what: parameters(&der) },
        Ok(der) => public_key(&der, label),
        Err(why) => Content::Damaged { label: label.into(), why: Broken::Base64(why) },
    }
}

fn public_key(der: &[u8], label: &str) -> Content {
    match PublicKey::parse(der) {
        Ok(key) => Content::PublicKey(PublicKeyFacts {
            key: key.algorithm.to_string(),
            spki_sha256: hex(&Sha256::digest(&key.info)),
        }),
        Err(malformed) => Content::Damaged { label: label.into(), why: Broken::Structure(malformed) },
    }
}

fn is_openssh(raw: &[u8]) -> bool {
    raw.starts_with(b"-----BEGIN OPENSSH") || raw.starts_with(b"-----BEGIN SSH")
}

fn inspected(certificate: &Certificate, issued_by: Option<IssuedBy>, packing: Packing) -> InspectedFacts {
    InspectedFacts {
        authority_key_id: certificate.authority_key_identifier().map(hex),
        details: certificate.details(),
        fingerprint_sha1: hex(&Sha1::digest(certificate.der())),
        issued_by,
        packing,
        subject_key_id: certificate.subject_key_identifier().map(hex),
        version: certificate.version(),
    }
}

/// The tree: roots with what they have issued below them, then what hangs in the air below the name of its issuer.
fn branches(certificates: &[Certificate], issuers: &[Issuer], worst: &[Severity], now: i64) -> Vec<Branch> {
    let mut below: Vec<Vec<u32>> = vec![Vec::new(); certificates.len()];
    let (mut tops, mut orphans): (Vec<u32>, Vec<(String, Vec<u32>)>) = Default::default();
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (index, issuer) in issuers.iter().enumerate() {
        let certificate = &certificates[index];
        match issuer {
            Issuer::Found { at, .. } => below[*at as usize].push(index as u32),
            Issuer::Circle | Issuer::Itself => tops.push(index as u32),
            Issuer::Missing => {
                let name = certificate.issuer().to_string();
                let number = *numbers.entry(name.clone()).or_insert(orphans.len());
                if number == orphans.len() {
                    orphans.push((name, Vec::new()));
                }
                orphans[number].1.push(index as u32);
            }
        }
    }
    let mut branches = Vec::with_capacity(certificates.len());
    let mut grow = |roots: Vec<u32>, depth: u32, branches: &mut Vec<Branch>| {
        let mut waiting: Vec<(u32, u32, bool)> = Vec::new();
        let push = |waiting: &mut Vec<(u32, u32, bool)>, children: &[u32], depth: u32| {
            let last = children.len().saturating_sub(1);
            waiting.extend(children.iter().enumerate().rev().map(|(at, index)| (*index, depth, at == last)));
        };
        push(&mut waiting, &roots, depth);
        while let Some((index, depth, is_last)) = waiting.pop() {
            let certificate = &certificates[index as usize];
            let is_proven = match issuers[index as usize] {
                Issuer::Found { is_proven, .. } => Some(is_proven),
                Issuer::Circle | Issuer::Itself | Issuer::Missing => None,
            };
            let validity = certificate.validity();
            let leaf = Leaf {
                days_remaining: validity.days_remaining(now),
                is_proven,
                is_too_early: now < validity.not_before,
                not_after: validity.not_after,
                // Whether its own signature holds makes no difference to the role.
                role: role(certificate, Verdict::NotCheckable),
                subject: certificate.subject().short(),
                worst: worst[index as usize],
            };
            branches.push(Branch { depth, is_last, node: Node::Certificate(leaf) });
            push(&mut waiting, &std::mem::take(&mut below[index as usize]), depth + 1);
        }
    };
    // A CA comes before a certificate that signed itself and nothing else.
    tops.sort_by_key(|index| role(&certificates[*index as usize], Verdict::NotCheckable) == Role::Leaf);
    grow(tops, 0, &mut branches);
    for (issuer, roots) in orphans {
        branches.push(Branch { depth: 0, is_last: true, node: Node::Missing { issuer } });
        grow(roots, 1, &mut branches);
    }
    branches
}

/// So many certificates are described in full to people who have not asked for it.
const MOST_DESCRIBED: usize = 4;
/// So much of one file is listed that is no certificate.
const MOST_OTHERS: u32 = 10_000;
/// So many sealed keys are opened.
const MOST_SEALED: usize = 100;
