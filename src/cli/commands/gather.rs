//! Reading sources into a collection, with everything worth saying about them: the first steps of `bundle`, `check` and
//! `env`.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::sieve::{Passage, Sieve};
use super::stores::{self, Opener, Wishes};
use crate::clients;
use crate::pki::asn1::{Departure, exact_der};
use crate::pki::bundle::{Collection, Concern, Fate, Merged, Place, Reason, Role};
use crate::pki::cert::{Certificate, Flaw, Unreadable, hex};
use crate::pki::container::{self, Broken, Content, Guess, Item, Store};
use crate::pki::key::{self, NoKey};
use crate::pki::signature::{Digest as SignatureDigest, Verdict};
use crate::report::{Cause, CertificateFacts, KeyFacts, Report, Severity};
use crate::source::{self, Source, Unavailable};
use crate::sys::Host;
use crate::sys::fs::{self, ReadError};
use crate::sys::passphrase::Lent;
use crate::sys::roots::Part;

/// Reads every source into one collection. What certman itself writes is passed over in folders.
pub fn gather(
    sources: &[Source],
    own_outputs: &[&Path],
    wishes: Wishes<'_>,
    host: &mut Host,
    report: &mut Report,
) -> Collection {
    let mut collection = Collection::default();
    each_certificate(sources, own_outputs, wishes, host, report, &mut |der, place, report| match collection
        .add(der, place)
    {
        Ok(None) => {}
        Ok(Some(first)) => report.find(Some(place), Cause::CertDuplicate { first }),
        Err(unreadable) => report.find(Some(place), damaged(der, unreadable)),
    });
    collection
}

/// Reads every source, hands over the bytes of each certificate, and notes everything else that was found.
pub fn each_certificate(
    sources: &[Source],
    own_outputs: &[&Path],
    wishes: Wishes<'_>,
    host: &mut Host,
    report: &mut Report,
    visit: &mut dyn FnMut(&[u8], Place, &mut Report),
) {
    let skip = |path: &Path| is_own_output(path, own_outputs);
    let Host { environment, keyring, roots, stdin, terminal, .. } = &mut *host;
    let mut opener = Opener::new(wishes, Lent { environment, keyring: &**keyring, terminal: &**terminal });
    let mut sieve = Sieve::default();
    source::read_all(sources, roots, &mut **stdin, &skip, &mut |blob| {
        let file = report.file(blob.path.to_owned());
        let whole = Place { file, index: 1, line: None };
        let is_store_file = blob.part == Some(Part::Everything) && blob.is_named;
        match blob.content {
            // What is only subtracted need not be there, nor an anchor.
            Err(Unavailable::EmptyFolder | Unavailable::Failed(ReadError::Missing))
                if blob.part.is_some() && !is_store_file => {}
            Err(_) if matches!(blob.part, Some(Part::Distrusted | Part::Shipped)) => {}
            Ok(bytes) => {
                let mut repeats = Repeats::default();
                let (before, mut has_any) = (report.findings.len(), false);
                container::scan(bytes, &mut |item| {
                    let place = Place { file, index: item.index, line: item.line };
                    has_any |= matches!(item.content, Content::Certificate(_) | Content::Store(_));
                    match (item.content, blob.part) {
                        (Content::Certificate(der), None) => visit(der, place, report),
                        (Content::Certificate(der), Some(part)) => {
                            match sieve.judge(der, part, blob.is_corporate) {
                                Passage::Passes => visit(der, place, report),
                                Passage::PassesAsCorporate(cause) => {
                                    report.find(Some(place), cause);
                                    visit(der, place, report);
                                }
                                Passage::Stopped => {}
                            }
                        }
                        // Beside the certificates of a system lie explanations and other things of its own.
                        (_, Some(Part::Distrusted | Part::Shipped)) => {}
                        (Content::Store(_) | Content::Unknown(_) | Content::Unrelated { .. }, Some(_))
                            if !is_store_file => {}
                        (Content::Store(store), _) => {
                            unpack(&store, place, blob.path, &mut opener, &mut repeats, report, visit);
                        }
                        (content, _) => {
                            let item = Item { content, ..item };
                            note(item, place, blob.is_named, &mut repeats, report);
                        }
                    }
                });
                repeats.note(whole, report);
                if blob.is_named && blob.part.is_none() && !has_any {
                    note_other_alone(before, whole, report);
                }
            }
            // Anchors that have been found are something, whether they have been collected or not.
            Err(Unavailable::EmptyFolder | Unavailable::NoStore)
                if blob.is_corporate && sieve.found_any() =>
            {
                let cause = Cause::SystemMissing { is_own_output: false };
                report.find_as(Severity::Warning, Some(whole), cause);
            }
            Err(Unavailable::EmptyFolder) => report.find(Some(whole), Cause::SourceEmpty { is_folder: true }),
            // A dead link in a folder is no reason to lose all the others.
            Err(Unavailable::Failed(error)) if !blob.is_named && error.is_dead_link() => {
                report.find_as(Severity::Warning, Some(whole), Cause::SourceMissing);
            }
            Err(Unavailable::Failed(ReadError::Missing)) => report.find(Some(whole), Cause::SourceMissing),
            Err(Unavailable::Failed(error)) => report.find(Some(whole), Cause::SourceUnreadable(error)),
            Err(Unavailable::NoStore) => {
                report.find(Some(whole), Cause::SystemMissing { is_own_output: false });
            }
            // The stores of Windows come on top of those of Linux; elsewhere there is nothing else.
            Err(Unavailable::NotAsked(error)) => {
                let is_all = cfg!(any(target_os = "macos", windows));
                let severity = if is_all { Severity::Critical } else { Severity::Warning };
                report.find_as(severity, Some(whole), Cause::SystemNotAsked(error));
            }
            Err(Unavailable::OwnOutput) => {
                report.find(Some(whole), Cause::SystemMissing { is_own_output: true });
            }
        }
    });
    if sources.contains(&Source::SystemCorporate) && sieve.found_nothing() {
        report.find(None, Cause::SystemCorporateNone);
    }
    if sources.iter().any(|source| matches!(source, Source::System | Source::SystemCorporate)) {
        note_variables(own_outputs, host, report);
    }
}

/// Whoever names a file counts on a certificate in it: where it holds something else alone, that is a warning, from the finding of
/// that number on.
fn note_other_alone(before: usize, whole: Place, report: &mut Report) {
    if report.findings.len() == before {
        // Parameters, which mean nothing without a key.
        report.find(Some(whole), Cause::SourceOther { what: "no certificate, and no key,".into() });
    }
    for finding in &mut report.findings[before..] {
        if matches!(finding.cause, Cause::SourceOther { .. }) {
            finding.severity = Severity::Warning;
        }
    }
}

/// Notes where a variable would make others take what certman writes for the trust store. Here it is not asked.
fn note_variables(own_outputs: &[&Path], host: &Host, report: &mut Report) {
    for (variable, is_folder) in [("SSL_CERT_FILE", false), ("SSL_CERT_DIR", true)] {
        let Some(value) = host.environment.value(variable) else { continue };
        let mut paths = std::env::split_paths(value);
        let leads_here = |path: PathBuf| {
            let mut places =
                own_outputs.iter().map(|own| if is_folder { own.parent().unwrap_or(own) } else { own });
            places.any(|own| fs::is_same_file(&path, own))
        };
        if paths.any(leads_here) {
            report.find(None, Cause::SystemOwnOutput { variable });
        }
    }
}

/// Whether a file in a source folder is what certman itself has written there.
pub fn is_own_output(path: &Path, own_outputs: &[&Path]) -> bool {
    // The names are compared first: asking for the real paths of ten thousand files would cost more than reading them.
    own_outputs.iter().any(|own| path.file_name() == own.file_name() && fs::is_same_file(path, own))
}

/// Opens a store, hands over its certificates, and notes everything else that is in it. Certificates are numbered from the
/// place of the store on, keys behind them.
fn unpack(
    store: &Store<'_>,
    whole: Place,
    path: &Path,
    opener: &mut Opener<'_>,
    repeats: &mut Repeats,
    report: &mut Report,
    visit: &mut dyn FnMut(&[u8], Place, &mut Report),
) {
    let unlocked = match opener.open(store, path, report) {
        Ok(unlocked) => unlocked,
        Err(closed) => return report.find(Some(whole), closed.into()),
    };
    stores::note(&unlocked, whole, report);
    let mut places = (whole.index..).map(|index| Place { index, line: None, ..whole });
    for certificate in &unlocked.opened.certificates {
        let Some(place) = places.next() else { return };
        report.call(place, certificate.name.as_deref());
        visit(&certificate.der, place, report);
    }
    for key in &unlocked.opened.keys {
        let Some(place) = places.next() else { return };
        report.call(place, key.name.as_deref());
        let (facts, label) = stores::key_facts(key, store.kind, place);
        report.keys.push(facts);
        if repeats.keys.is_one_more() {
            report.find(Some(place), Cause::PrivateKeyInSource { label });
        }
    }
}

/// Notes what is not a certificate.
pub(super) fn note(item: Item<'_>, place: Place, is_named: bool, repeats: &mut Repeats, report: &mut Report) {
    let at = Some(place);
    match item.content {
        Content::Certificate(_) | Content::Store(_) => {}
        Content::Damaged { label, why } => {
            if repeats.damaged.is_one_more() {
                report.find(at, Cause::CertDamaged { label: label.into(), why });
            }
        }
        Content::PrivateKey(bytes) => {
            if repeats.keys.is_one_more() {
                let (facts, label) = key_facts(bytes, place);
                report.keys.extend(facts);
                report.find(at, Cause::PrivateKeyInSource { label });
            }
        }
        Content::Request(der) => {
            if repeats.unrelated.is_one_more() {
                let whose = container::subject_of_request(der);
                let whose = whose.map(|name| format!(" for '{}'", name.short())).unwrap_or_default();
                report.find(at, Cause::SourceOther { what: format!("a certificate request{whose}").into() });
            }
        }
        Content::RevocationList(der) => {
            if repeats.unrelated.is_one_more() {
                let whose = container::issuer_of_list(der);
                let whose = whose.map(|name| format!(" of '{}'", name.short())).unwrap_or_default();
                let what = format!("a certificate revocation list{whose}").into();
                report.find(at, Cause::SourceOther { what });
            }
        }
        Content::Unclosed { label } => {
            if repeats.unclosed.is_one_more() {
                report.find(at, Cause::PemUnclosed { label: label.into() });
            }
        }
        Content::Unknown(Guess::Empty) if is_named => {
            report.find(at, Cause::SourceEmpty { is_folder: false })
        }
        Content::Unknown(Guess::Zeros) if is_named => report.find(at, Cause::SourceZeros),
        Content::Unknown(guess) => report.find(at, Cause::SourceUnknownFormat { guess }),
        // Parameters come before many a key, and mean nothing without it.
        Content::Unrelated { label, .. } if label.ends_with("PARAMETERS") => {}
        Content::Unrelated { label, .. } => {
            if repeats.unrelated.is_one_more() {
                let what = if label.is_empty() {
                    "bytes of no known kind".into()
                } else {
                    format!("a block '{label}'")
                };
                report.find(at, Cause::SourceOther { what: what.into() });
            }
        }
    }
}

/// The facts about a key that lies among certificates, as far as they show without a passphrase, and what it is called.
fn key_facts(bytes: &[u8], place: Place) -> (Option<KeyFacts>, Box<str>) {
    match key::detect(bytes) {
        Ok(file) => {
            let facts = super::identity::key_facts(&file, place);
            let label = if facts.encrypted { "an encrypted private key" } else { "a private key" };
            (Some(facts), label.into())
        }
        Err(NoKey::Damaged { .. }) => (None, "a damaged private key".into()),
        Err(_) => (None, "a private key of an unknown form".into()),
    }
}

/// Counts findings of one kind in one file, so that a million damaged blocks are not a million lines.
#[derive(Default)]
pub(super) struct Repeats {
    damaged: Counter,
    keys: Counter,
    unclosed: Counter,
    unrelated: Counter,
}

#[derive(Default)]
struct Counter(u32);

impl Counter {
    fn is_one_more(&mut self) -> bool {
        self.0 += 1;
        self.0 <= MOST_OF_A_KIND
    }
}

impl Repeats {
    /// Says how many more there were.
    pub(super) fn note(&self, whole: Place, report: &mut Report) {
        for (counter, code) in [
            (&self.damaged, "cert-damaged"),
            (&self.keys, "private-key-in-source"),
            (&self.unclosed, "pem-unclosed"),
            (&self.unrelated, "source-other-content"),
        ] {
            if counter.0 > MOST_OF_A_KIND {
                report.find(Some(whole), Cause::Repeated { code, count: counter.0 - MOST_OF_A_KIND });
            }
        }
    }
}

/// A certificate that cannot be read is damaged; where only a date is spelled in a forbidden way, it is not DER.
pub fn damaged(der: &[u8], unreadable: Unreadable) -> Cause {
    let label = "CERTIFICATE".into();
    match (unreadable, exact_der(der)) {
        (Unreadable::Date, Err(departure @ Departure::Time)) => {
            Cause::CertNotDer { flaw: Flaw::NotDer(departure), subject: "(unreadable)".into() }
        }
        (Unreadable::Date, _) => Cause::CertDamaged { label, why: Broken::Date },
        (Unreadable::Structure(malformed), _) => {
            Cause::CertDamaged { label, why: Broken::Structure(malformed) }
        }
    }
}

/// Notes what the merge has decided, and what is worth saying about what it has kept.
pub fn note_merge(collection: &Collection, merged: &Merged, report: &mut Report) {
    let certificates = collection.certificates();
    let places = first_places(collection);
    for (index, (certificate, fate)) in certificates.iter().zip(&merged.fates).enumerate() {
        let place = Some(places[index]);
        // Most are kept, and of those a name is seldom needed.
        let subject = || -> Box<str> { certificate.subject().short().into() };
        let validity = certificate.validity();
        match *fate {
            Fate::Kept => note_weaknesses(certificate, merged.roles[index], place, report),
            Fate::Left(Reason::Expired) => {
                report.find(
                    place,
                    Cause::CertExpiredDropped { not_after: validity.not_after, subject: subject() },
                );
            }
            Fate::Left(Reason::Flaw(flaw)) => {
                report.find(place, Cause::CertNotDer { flaw, subject: subject() })
            }
            Fate::Left(Reason::IssuedLeaf) => {
                report.find(place, Cause::CertLeaf { is_kept: false, subject: subject() })
            }
            // Left out, it does no harm.
            Fate::Left(Reason::NotYetValid) => {
                let cause = Cause::CertNotYetValid { not_before: validity.not_before, subject: subject() };
                report.find_as(Severity::Warning, place, cause);
            }
            Fate::Left(Reason::OldCopy { of }) => {
                let until = certificates[of as usize].validity().not_after;
                report.find(place, Cause::CertSuperseded { subject: subject(), until });
            }
            Fate::Left(Reason::Twin { of }) => {
                let kept = certificates[of as usize].issuer().short().into();
                let issuer = certificate.issuer().short().into();
                report.find(place, Cause::CrossSignedTwin { issuer, kept, subject: subject() });
            }
        }
    }
    for concern in &merged.concerns {
        let (about, cause) = concern_cause(concern, certificates);
        report.find(about.map(|index| places[index as usize]), cause);
    }
}

/// Where each certificate of a collection was found first.
pub fn first_places(collection: &Collection) -> Vec<Place> {
    let mut places: Vec<Option<Place>> = vec![None; collection.certificates().len()];
    for sighting in collection.sightings() {
        places[sighting.certificate as usize].get_or_insert(sighting.place);
    }
    places.into_iter().flatten().collect()
}

/// The finding for a concern, and the certificate it is about.
fn concern_cause(concern: &Concern, certificates: &[Certificate]) -> (Option<u32>, Cause) {
    let subject = |index: u32| -> Box<str> { certificates[index as usize].subject().short().into() };
    match concern {
        Concern::ChainGap { certificate } => {
            let issuer = certificates[*certificate as usize].issuer().short().into();
            (Some(*certificate), Cause::ChainGap { issuer, subject: subject(*certificate) })
        }
        Concern::ChainGapAll => (None, Cause::ChainGapAll),
        Concern::Large { count } => (None, Cause::BundleLarge { count: *count }),
        Concern::SameSubjectOtherKey { certificates: namesakes } => {
            let first = namesakes[0];
            (Some(first), Cause::SameSubjectOtherKey { count: namesakes.len(), subject: subject(first) })
        }
        Concern::SelfSignedLeaf { certificate } => {
            (Some(*certificate), Cause::CertLeaf { is_kept: true, subject: subject(*certificate) })
        }
        Concern::SelfSignatureUnchecked { certificate } => {
            let signature = certificates[*certificate as usize].signature().to_string().into();
            (Some(*certificate), Cause::SelfSignatureUnchecked { signature, subject: subject(*certificate) })
        }
        Concern::SelfSignatureWrong { certificate } => {
            (Some(*certificate), Cause::SelfSignatureWrong { subject: subject(*certificate) })
        }
    }
}

/// Notes what is weak about a certificate, and who will not take it.
pub fn note_weaknesses(certificate: &Certificate, role: Role, place: Option<Place>, report: &mut Report) {
    let subject = || -> Box<str> { certificate.subject().short().into() };
    if clients::is_weak(certificate.key()) {
        let key = certificate.key().to_string().into();
        report.find(place, Cause::CertWeakKey { key, subject: subject() });
    }
    // The signature of a trust anchor is not looked at by anyone.
    let digest = certificate.signature().digest();
    if role != Role::Root && matches!(digest, Some(SignatureDigest::Md5 | SignatureDigest::Sha1)) {
        let signature = certificate.signature().to_string().into();
        report.find(place, Cause::CertWeakSignature { signature, subject: subject() });
    }
    for refusal in clients::refusals_of_certificate(certificate, role) {
        report.find(place, Cause::ClientRefuses { refusal, subject: subject() });
    }
}

/// A certificate as JSON shows it.
pub fn facts(
    certificate: &Certificate,
    place: Place,
    role: Role,
    own: Verdict,
    now: i64,
) -> CertificateFacts {
    let validity = certificate.validity();
    CertificateFacts {
        days_remaining: validity.days_remaining(now),
        fingerprint_sha256: certificate.fingerprint().to_string(),
        inspected: None,
        is_ca: certificate.is_ca(),
        issuer: certificate.issuer().to_string(),
        kept: None,
        key: certificate.key().to_string(),
        not_after: validity.not_after,
        not_before: validity.not_before,
        place,
        refusals: clients::refusals_of_certificate(certificate, role),
        role,
        self_signed: match own {
            Verdict::NotCheckable => None,
            Verdict::Proven => Some(true),
            Verdict::Wrong => Some(false),
        },
        serial: certificate.serial(),
        signature: certificate.signature().to_string(),
        spki_sha256: hex(&Sha256::digest(certificate.public_key())),
        subject: certificate.subject().to_string(),
        subject_alt_names: certificate.details().subject_alt_names,
    }
}

/// In one file, so many findings of a kind are told one by one.
const MOST_OF_A_KIND: u32 = 20;
