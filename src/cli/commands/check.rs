//! `certman check`: how long everything still holds, and whether it is in order. Certificates are judged one at a time and
//! forgotten, so that a hundred thousand files fit in little memory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::bundle::{Built, outputs};
use super::full::{self, Full};
use super::identity::Examined;
use super::stores::{Asking, Wishes};
use super::{gather, identity, proxy, runtime};
use crate::cli::args::{CheckArguments, FailOn, LimitArguments};
use crate::cli::failure::Failure;
use crate::cli::{CheckSummary, Ending, FirstToExpire, Outcome, Shown};
use crate::clients::Audience;
use crate::clients::bundle::{Measure, Unfit, serves};
use crate::clients::key::{refusal_of_client_signature, refusals_of_client_certificate};
use crate::config::Settings;
use crate::pki::bundle::{self, Obstacle, Place, Rules, role};
use crate::pki::cert::{Certificate, Fingerprint, hex};
use crate::pki::chain::self_signature;
use crate::pki::container::StoreError;
use crate::pki::lifetime::{Lifetime, Thresholds, assess};
use crate::pki::signature::Verdict;
use crate::report::{BundleFacts, Cause, CertificateFacts, Finding, Report, Severity};
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::fs::{self, ReadError};
use crate::sys::keyring;

/// Judges the given files and folders; without any the bundle, its sources and the identity.
///
/// # Errors
/// Where there is nothing to judge.
pub fn run(
    arguments: &CheckArguments,
    settings: &Settings,
    wants_facts: bool,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let audience = arguments.audience.audience();
    let mut check = Check::new(settings.thresholds, audience, wants_facts, host.now);
    let limits = arguments.identity.limits.limits();
    // What is configured is judged by cron too; who names a path sits there.
    let asking = if arguments.paths.is_empty() { Asking::WhereNamed } else { Asking::AlsoUnnamed };
    let wishes = Wishes { asking, limits, ..Wishes::of(settings) };
    if arguments.paths.is_empty() {
        if !is_anything_configured(settings) {
            return Err(Failure::usage(
                "there is nothing to check: no path is named and nothing is configured",
            )
            .hint("name files or folders, as in `certman check corp.pem`, or write a certman.toml"));
        }
        let examined = check.everything_configured(&arguments.identity.limits, settings, wishes, host)?;
        if let Some(program) = &arguments.runtime {
            let bundle = settings.out.as_ref().map(|out| out.value.as_path());
            let bundle = bundle.filter(|out| fs::state(out).is_ok());
            check.summary.runtime =
                runtime::prove(program, bundle, examined.as_ref(), settings, host, &mut check.report);
        }
        check.note_exceptions(settings);
    } else {
        let typed = arguments.paths.iter().map(|path| Source::typed(path, &host.current_folder));
        let sources: Vec<Source> =
            typed.collect::<Result<_, _>>().map_err(|error| Failure::usage(error.to_string()))?;
        let bundle = single_file(arguments, &sources)?;
        check.certificates_in(&sources, wishes, host);
        if check.summary.certificates == 0 {
            // Nothing was judged, and a folder of requests is not well.
            let other = |finding: &&mut Finding| matches!(finding.cause, Cause::SourceOther { .. });
            check.report.findings.iter_mut().filter(other).for_each(|one| one.severity = Severity::Warning);
        }
        if let (Some(program), Some(bundle)) = (&arguments.runtime, &bundle) {
            check.summary.runtime =
                runtime::prove(program, Some(bundle), None, settings, host, &mut check.report);
        }
    }
    let (mut report, summary) = check.conclude();
    for finding in &mut report.findings {
        // Cron never reaches a keyring. Whether the passphrase opens the key is for `key check` to say.
        if matches!(
            finding.cause,
            Cause::Keyring(keyring::Error::NoBus { .. } | keyring::Error::NoService { .. })
        ) {
            finding.severity = Severity::Info;
        }
    }
    let from = match arguments.fail_on {
        FailOn::Critical => Some(Severity::Unknown),
        FailOn::Never => None,
        FailOn::Warning => Some(Severity::Warning),
    };
    Ok(Outcome { ending: Ending::Judging { from }, report, shown: Shown::Check(summary) })
}

/// Whether there is anything that [`Check::everything_configured`] could judge.
pub(super) fn is_anything_configured(settings: &Settings) -> bool {
    let has_bundle = settings.out.as_ref().is_some_and(|out| fs::state(&out.value).is_ok());
    let has_identity = settings.cert.is_some() || settings.key.is_some();
    has_bundle || has_identity || !settings.sources.is_empty() || settings.proxy.is_some()
}

/// What could not be told is unknown, and neither good nor bad.
fn soften(report: &mut Report) {
    for finding in &mut report.findings {
        // What could not be read could not be judged: never good, but not known to be bad either.
        let is_unread = matches!(
            finding.cause,
            Cause::SourceMissing
                | Cause::SourceUnreadable(_)
                | Cause::StorePassphraseMissing(_)
                | Cause::StoreNotOpened(
                    StoreError::TooLarge { .. }
                        | StoreError::TooMuchWork { .. }
                        | StoreError::TwoPassphrases
                        | StoreError::Unsupported { .. }
                )
                | Cause::BundleMissing
                | Cause::PublicRootsMissing { .. }
        );
        // Where other parts of the trust store were there, it is a warning.
        let is_unasked = matches!(finding.cause, Cause::SystemMissing { .. } | Cause::SystemNotAsked(_))
            && finding.severity == Severity::Critical;
        if is_unread || is_unasked {
            finding.severity = Severity::Unknown;
        }
    }
}

/// With `--runtime` what is named is one bundle, and a file.
fn single_file(arguments: &CheckArguments, sources: &[Source]) -> Result<Option<PathBuf>, Failure> {
    if arguments.runtime.is_none() {
        return Ok(None);
    }
    match sources {
        [Source::Path(path)] if !fs::state(path).is_ok_and(|state| state.is_folder) => Ok(Some(path.clone())),
        _ => Err(Failure::usage("with --runtime one bundle at most is named, and it is a file")
            .hint("without any the configured bundle is tried, and the identity too")),
    }
}

/// Judges certificates one at a time, and in the end those that another may take the place of.
pub(super) struct Check {
    /// By the hash of a public key: the last second of the certificate that lasts longest.
    keys: HashMap<u64, i64>,
    now: i64,
    /// Certificates near or past their end, until it is known whether another takes their place.
    pending: Vec<Pending>,
    pub(super) report: Report,
    /// By the hash of a subject: the last second of the certificate that lasts longest.
    subjects: HashMap<u64, i64>,
    pub(super) summary: CheckSummary,
    thresholds: Option<Thresholds>,
    wants_facts: bool,
}

/// A CA near or past its end.
struct Pending {
    finding: Finding,
    first: FirstToExpire,
    key: u64,
    subject: u64,
}

impl Check {
    pub(super) fn new(
        thresholds: Option<Thresholds>,
        audience: Audience,
        wants_facts: bool,
        now: i64,
    ) -> Self {
        Self {
            keys: HashMap::new(),
            now,
            pending: Vec::new(),
            report: Report::for_audience(audience),
            subjects: HashMap::new(),
            summary: CheckSummary { now, ..CheckSummary::default() },
            thresholds,
            wants_facts,
        }
    }

    /// The bundle, its sources and the identity. Hands over what a program would be given of the identity.
    ///
    /// # Errors
    /// Where the place of the full bundle is none that can be.
    pub(super) fn everything_configured(
        &mut self,
        limits: &LimitArguments,
        settings: &Settings,
        wishes: Wishes<'_>,
        host: &mut Host,
    ) -> Result<Option<Examined>, Failure> {
        let has_identity = settings.cert.is_some() || settings.key.is_some();
        let out = settings.out.as_ref().map(|out| out.value.clone());
        let has_bundle = out.as_ref().is_some_and(|out| fs::state(out).is_ok());
        if let Some(out) = &out
            && (has_bundle || !settings.sources.is_empty())
        {
            self.bundle(settings, out, wishes, host)?;
        }
        Ok(has_identity.then(|| self.identity(limits, settings, host)))
    }

    /// Certificate and key, as far as these settings name them. Hands over what a program would be given.
    pub(super) fn identity(
        &mut self,
        limits: &LimitArguments,
        settings: &Settings,
        host: &mut Host,
    ) -> Examined {
        let mut visit = |one: &Certificate, place, report: &mut Report| {
            self.summary.certificates += 1;
            judge_client(one, place, self.thresholds, self.now, self.wants_facts, report);
            let first = FirstToExpire::of(one, one.is_ca(), self.thresholds);
            note_first(&mut self.summary.first_to_expire, first);
        };
        identity::examine(limits, settings, false, host, &mut self.report, &mut visit).1
    }

    /// The list of hosts that go around the proxy.
    pub(super) fn note_exceptions(&mut self, settings: &Settings) {
        if let Some(settings) = &settings.proxy {
            proxy::note_exceptions(&settings.exceptions, &mut self.report);
        }
    }

    /// What it all comes to, where nothing more is to be judged.
    pub(super) fn conclude(mut self) -> (Report, CheckSummary) {
        self.settle();
        let Self { mut report, mut summary, .. } = self;
        summary.files = report.files.len();
        soften(&mut report);
        (report, summary)
    }

    /// The bundle as it lies there, and whether its sources would give another.
    fn bundle(
        &mut self,
        settings: &Settings,
        out: &Path,
        wishes: Wishes<'_>,
        host: &mut Host,
    ) -> Result<(), Failure> {
        let mut rebuilt = Report::for_audience(self.report.audience.clone());
        let built = (!settings.sources.is_empty()).then(|| {
            let sources: Vec<Source> = settings.sources.iter().map(|source| source.value.clone()).collect();
            let rules = Rules { keep_expired: false, now: self.now };
            let built = Built::from_sources(&sources, &outputs(settings), rules, wishes, host, &mut rebuilt);
            if self.wants_facts {
                built.add_facts(self.now, &mut rebuilt);
            }
            built
        });
        if fs::state(out).is_err() {
            let place = Some(self.place_of(out));
            self.report.find(place, Cause::BundleMissing);
        } else {
            self.bundle_as_it_lies(out, Measure::Form, wishes, host);
        }
        let full = full::wanted(settings, false)?;
        let Some(built) = built else {
            if let Some(full) = full {
                self.full(full, None);
            }
            return Ok(());
        };
        let is_whole = !rebuilt
            .findings
            .iter()
            .any(|finding| finding.cause.is_lost_source() && finding.severity == Severity::Critical);
        if !is_whole {
            // What a part of the sources would give says nothing about the bundle.
            rebuilt.findings.retain(|finding| finding.place.is_some());
        } else if self.report.bundle.is_some() {
            if built.is_at(out) {
                // What is weak about the certificates kept has just been said of the bundle.
                rebuilt.findings.retain(|finding| !finding.cause.is_weakness());
            } else if rebuilt.worst() < Severity::Critical {
                let place = Some(self.place_of(out));
                self.report.find(place, Cause::BundleStale);
            }
        }
        let is_possible = is_whole && rebuilt.worst() < Severity::Critical;
        self.report.adopt(rebuilt);
        if let Some(path) = full {
            let rules = Rules { keep_expired: false, now: self.now };
            let made =
                if is_possible { Full::of(&built, settings, rules, host, &mut self.report) } else { None };
            self.full(path, made.as_ref());
        }
        Ok(())
    }

    /// The bundle that clients have without this program: as it lies there, and whether anything is trusted by it.
    pub(super) fn foreign_bundle(&mut self, path: &Path, wishes: Wishes<'_>, host: &mut Host) {
        let whole = self.bundle_as_it_lies(path, Measure::Readers, wishes, host);
        if self.report.bundle.as_ref().is_none_or(|bundle| bundle.certificates == 0) {
            return;
        }
        let mut merged = Report::for_audience(self.report.audience.clone());
        let rules = Rules { keep_expired: false, now: self.now };
        Built::from_sources(&[Source::Path(path.to_owned())], &[], rules, wishes, host, &mut merged);
        // Where something is missing because it has expired, or is not valid yet, that has been said.
        let has_dropped = merged.findings.iter().any(|finding| {
            matches!(finding.cause, Cause::CertExpiredDropped { .. } | Cause::CertNotYetValid { .. })
        });
        for finding in merged.findings {
            let is_news = match finding.cause {
                Cause::BundleEmpty | Cause::ChainGap { .. } | Cause::ChainGapAll => !has_dropped,
                Cause::BundleLarge { .. } | Cause::CertLeaf { .. } | Cause::SameSubjectOtherKey { .. } => {
                    true
                }
                _ => false,
            };
            if is_news {
                let place = finding.place.map_or(whole, |place| Place { file: whole.file, ..place });
                self.report.findings.push(Finding { place: Some(place), ..finding });
            }
        }
    }

    /// The certificates of a bundle file that is there, and whether every client loads it whole. Gives the place of the file.
    fn bundle_as_it_lies(
        &mut self,
        out: &Path,
        measure: Measure,
        wishes: Wishes<'_>,
        host: &mut Host,
    ) -> Place {
        let seen_before = self.summary.certificates;
        self.certificates_in(&[Source::Path(out.to_owned())], wishes, host);
        let seen = self.summary.certificates - seen_before;
        let mut text = Vec::new();
        let serves = fs::read_into(out, &mut text, source::LIMIT).map(|()| serves(&text, measure));
        let whole = self.place_of(out);
        let place = Some(whole);
        match serves {
            Ok(_) if seen == 0 => self.report.find(place, Cause::BundleEmpty),
            // What has been seen lies in a store, which is no text.
            Ok(Err(Unfit::Empty)) => {
                self.report.find(place, Cause::BundleUnloadable { why: Obstacle::NotAscii });
            }
            Ok(Err(Unfit::Lossy(why))) => self.report.find(place, Cause::BundleUnloadable { why }),
            Ok(Ok(())) | Err(_) => {}
        }
        let sha256 = self.wants_facts.then(|| hex(&Sha256::digest(&text)));
        self.report.bundle =
            Some(BundleFacts { changed: false, certificates: seen, path: Some(out.to_owned()), sha256 });
        whole
    }

    /// The full bundle as it lies there, and whether it is the one that would be made today. Its public roots are not judged
    /// one by one: whoever ships them renews them.
    fn full(&mut self, path: &Path, made: Option<&Full>) {
        let place = Some(self.place_of(path));
        let mut text = Vec::new();
        match fs::read_into(path, &mut text, source::LIMIT) {
            Err(ReadError::Missing) => return self.report.find(place, Cause::BundleMissing),
            Err(error) => return self.report.find(place, Cause::SourceUnreadable(error)),
            Ok(()) => {}
        }
        let certificates = full::certificates_in(&text);
        match bundle::loads_everywhere(&text) {
            _ if certificates == 0 => self.report.find(place, Cause::BundleEmpty),
            Err(why) => self.report.find(place, Cause::BundleUnloadable { why }),
            Ok(()) if made.is_some_and(|made| !made.is_at(path)) => {
                self.report.find(place, Cause::BundleStale);
            }
            Ok(()) => {}
        }
        let sha256 = self.wants_facts.then(|| hex(&Sha256::digest(&text)));
        self.report.full_bundle =
            Some(BundleFacts { changed: false, certificates, path: Some(path.to_owned()), sha256 });
    }

    /// A place that means a whole file.
    fn place_of(&mut self, path: &Path) -> Place {
        Place { file: self.report.file(path.to_owned()), index: 1, line: None }
    }

    fn certificates_in(&mut self, sources: &[Source], wishes: Wishes<'_>, host: &mut Host) {
        let mut report = std::mem::take(&mut self.report);
        gather::each_certificate(sources, &[], wishes, host, &mut report, &mut |der, place, report| {
            match Certificate::parse(der, Fingerprint::of(der)) {
                Ok(certificate) => self.judge(&certificate, place, report),
                Err(unreadable) => report.find(Some(place), gather::damaged(der, unreadable)),
            }
        });
        self.report = report;
    }

    pub(super) fn judge(&mut self, certificate: &Certificate, place: Place, report: &mut Report) {
        self.summary.certificates += 1;
        let validity = certificate.validity();
        if let Some(flaw) = certificate.flaw() {
            report
                .find(Some(place), Cause::CertNotDer { flaw, subject: certificate.subject().short().into() });
        }
        // Whether its own signature holds is asked only where the answer is shown: it costs more than all the rest. The
        // role is the same with and without.
        let own = if self.wants_facts { self_signature(certificate) } else { Verdict::NotCheckable };
        let role = role(certificate, own);
        gather::note_weaknesses(certificate, role, Some(place), report);
        if self.wants_facts {
            report.certificates.push(gather::facts(certificate, place, role, own, self.now));
        }
        let is_ca = certificate.is_ca();
        let (subject, key) =
            (short_hash(&certificate.subject().comparable()), short_hash(certificate.public_key()));
        if is_ca && validity.not_before <= self.now {
            for (map, hash) in [(&mut self.subjects, subject), (&mut self.keys, key)] {
                let latest = map.entry(hash).or_insert(validity.not_after);
                *latest = (*latest).max(validity.not_after);
            }
        }
        let first = || FirstToExpire::of(certificate, is_ca, self.thresholds);
        let cause = lifetime_cause(certificate, is_ca, self.thresholds, self.now);
        let finding = cause.map(|cause| {
            let severity = cause.default_severity();
            let name = report.name_at(Some(place)).map(Into::into);
            Finding { cause, name, place: Some(place), severity }
        });
        match finding {
            Some(finding) if is_ca && !matches!(finding.cause, Cause::CertNotYetValid { .. }) => {
                let first = first();
                self.pending.push(Pending { finding, first, key, subject });
            }
            other => {
                report.findings.extend(other);
                // Of most certificates nobody wants the name.
                let earliest = self.summary.first_to_expire.as_ref();
                if earliest.is_none_or(|earliest| validity.not_after < earliest.validity.not_after) {
                    self.summary.first_to_expire = Some(first());
                }
            }
        }
    }

    /// Decides about the CAs near their end: with a replacement at hand that is still valid, there is no alarm.
    pub(super) fn settle(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let latest = |map: &HashMap<u64, i64>, hash| map.get(&hash).copied().unwrap_or(i64::MIN);
            let replaced_until = latest(&self.subjects, pending.subject).max(latest(&self.keys, pending.key));
            if replaced_until > pending.first.validity.not_after && replaced_until >= self.now {
                let subject = pending.finding.cause.subject().unwrap_or_default().into();
                let cause = Cause::CertSuperseded { subject, until: replaced_until };
                self.report.find(pending.finding.place, cause);
            } else {
                self.report.findings.push(pending.finding);
                note_first(&mut self.summary.first_to_expire, pending.first);
            }
        }
    }
}

/// Judges a certificate of the identity.
pub(super) fn judge_client(
    certificate: &Certificate,
    place: Place,
    thresholds: Option<Thresholds>,
    now: i64,
    wants_facts: bool,
    report: &mut Report,
) {
    let own = self_signature(certificate);
    let role = role(certificate, own);
    // Of the key's kind the identity speaks as a whole, once.
    if let Some(refusal) = refusal_of_client_signature(certificate, role) {
        report.find(
            Some(place),
            Cause::ClientRefuses { refusal, subject: certificate.subject().short().into() },
        );
    }
    if wants_facts {
        let facts = gather::facts(certificate, place, role, own, now);
        let refusals = refusals_of_client_certificate(certificate, role);
        report.certificates.push(CertificateFacts { refusals, ..facts });
    }
    if let Some(cause) = lifetime_cause(certificate, certificate.is_ca(), thresholds, now) {
        report.find(Some(place), cause);
    }
}

impl FirstToExpire {
    fn of(certificate: &Certificate, is_ca: bool, thresholds: Option<Thresholds>) -> Self {
        let validity = certificate.validity();
        let thresholds = thresholds.unwrap_or_else(|| Thresholds::standard(is_ca, validity));
        Self { subject: certificate.subject().short().into(), thresholds, validity }
    }
}

fn note_first(first: &mut Option<FirstToExpire>, other: FirstToExpire) {
    if first.as_ref().is_none_or(|first| other.validity.not_after < first.validity.not_after) {
        *first = Some(other);
    }
}

/// What is to be said about a certificate's dates.
pub(super) fn lifetime_cause(
    certificate: &Certificate,
    is_ca: bool,
    thresholds: Option<Thresholds>,
    now: i64,
) -> Option<Cause> {
    let validity = certificate.validity();
    let thresholds = thresholds.unwrap_or_else(|| Thresholds::standard(is_ca, validity));
    let not_after = validity.not_after;
    let subject = || -> Box<str> { certificate.subject().short().into() };
    match assess(validity, now, thresholds) {
        Lifetime::Expired => Some(Cause::CertExpired { not_after, now, subject: subject() }),
        Lifetime::Expiring => {
            Some(Cause::CertExpiring { is_critical: false, not_after, now, subject: subject() })
        }
        Lifetime::ExpiringCritical => {
            Some(Cause::CertExpiring { is_critical: true, not_after, now, subject: subject() })
        }
        Lifetime::Good => None,
        Lifetime::NotYetValid => {
            Some(Cause::CertNotYetValid { not_before: validity.not_before, subject: subject() })
        }
    }
}

fn short_hash(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    u64::from_le_bytes([
        digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7],
    ])
}
