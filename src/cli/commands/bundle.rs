//! `certman bundle`: sources in, one file out that every client loads whole. Nothing is written until everything that can
//! fail has.

use std::convert::Infallible;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::add;
use super::full::{self, Full};
use super::gather::{self, gather};
use super::java;
use super::stamp::Stamp;
use super::stores::{Asking, Wishes};
use crate::cli::args::BundleArguments;
use crate::cli::failure::Failure;
use crate::cli::{Ending, Outcome, Shown};
use crate::config::{Settings, Value};
use crate::pki::bundle::{self, Collection, Fate, Merged, Reason, Rules, merge};
use crate::pki::cert::{Certificate, hex};
use crate::pki::container::{Content, scan};
use crate::pki::lifetime::Validity;
use crate::report::{BundleFacts, Cause, Finding, Report, Severity};
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind, WriteError};

/// Adds a certificate first where one is named; then makes the bundle.
///
/// # Errors
/// Where nothing names a source or a place for the bundle, and where writing fails.
pub fn run(
    arguments: &BundleArguments,
    settings: &Settings,
    wants_facts: bool,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    match &arguments.add {
        Some(certificate) => add::run(certificate, arguments, settings, wants_facts, host),
        None => {
            let report = Report::for_audience(arguments.audience.audience());
            make(&sources(settings)?, arguments, settings, wants_facts, host, report)
        }
    }
}

/// Merges, shows, and unless it is a rehearsal writes.
///
/// # Errors
/// Where nothing names a place for the bundle, and where writing fails.
pub(super) fn make(
    sources: &[Source],
    arguments: &BundleArguments,
    settings: &Settings,
    wants_facts: bool,
    host: &mut Host,
    mut report: Report,
) -> Result<Outcome, Failure> {
    let out = out(settings)?;
    let is_stream = out == Path::new("-");
    let rules = Rules { keep_expired: arguments.keep_expired, now: host.now };
    let java_path = java::wanted(settings);
    let full_path = full::wanted(settings, java_path.is_some())?;
    let outputs = outputs(settings);
    // Only a bundle that `env` looks for, made as `env` would make it.
    let is_for_env = arguments.sources.is_empty() && arguments.out.is_none() && !arguments.keep_expired;
    let stamp = if is_for_env { Stamp::of_sources(sources, &outputs, &host.roots) } else { None };
    let is_full_for_env = is_for_env
        && arguments.full.is_none()
        && arguments.java.is_none()
        && arguments.public_roots.is_none();
    let full_stamp =
        if is_full_for_env && full_path.is_some() { full::stamp(sources, settings, host) } else { None };
    let wishes = Wishes { asking: Asking::AlsoUnnamed, ..Wishes::of(settings) };
    let built = Built::from_sources(sources, &outputs, rules, wishes, host, &mut report);
    if wants_facts || (host.stdout.is_terminal && !is_stream) {
        built.add_facts(host.now, &mut report);
    }

    let is_possible = report.worst() < Severity::Critical;
    // The extra bundle is written even where there are no public roots for the other.
    let full = full_path
        .filter(|_| is_possible)
        .and_then(|path| Some((path, Full::of(&built, settings, rules, host, &mut report)?)));
    let mut text = None;
    if is_possible {
        let changed = if is_stream {
            text = (!arguments.dry_run).then(|| built.text());
            false
        } else if arguments.dry_run {
            !built.is_at(out)
        } else {
            let changed = built.publish(out)?;
            if let Some(stamp) = stamp {
                stamp.write(&built, out, host.now);
            }
            changed
        };
        let path = (!is_stream).then(|| out.to_owned());
        let sha256 = wants_facts.then(|| built.sha256());
        report.bundle = Some(BundleFacts { changed, certificates: built.merged.kept.len(), path, sha256 });
    }
    if let Some((path, full)) = &full {
        let changed = match arguments.dry_run {
            true => Ok(!full.is_at(path)),
            false => full.publish(path, full_stamp.as_ref(), host.now),
        };
        match changed {
            Ok(changed) => report.full_bundle = Some(full.facts(path, changed, wants_facts)),
            Err(failure) => return Err(failure.with_findings(report)),
        }
    }
    if let (Some(java), Some((path, full))) = (java_path, &full) {
        let store = || java::trust_store(&full.text());
        let changed = match arguments.dry_run {
            true => Ok(!fs::holds(java, &store())),
            false => java::ensure(path, java, host),
        };
        let sha256 = wants_facts.then(|| hex(&Sha256::digest(store())));
        match changed {
            Ok(changed) => {
                let facts = full.facts(java, changed, false);
                report.java_store = Some(BundleFacts { sha256, ..facts });
            }
            Err(failure) => return Err(failure.with_findings(report)),
        }
    }
    Ok(Outcome {
        ending: Ending::Doing { is_done: report.worst() < Severity::Critical },
        report,
        shown: Shown::Bundle { added: None, is_rehearsal: arguments.dry_run, text },
    })
}

/// The sources that the settings name.
///
/// # Errors
/// Where there are none.
pub fn sources(settings: &Settings) -> Result<Vec<Source>, Failure> {
    if settings.sources.is_empty() {
        return Err(Failure::usage("no source is named").hint(
            "name files or folders, as in `certman bundle corp.cer`, or set bundle.sources in certman.toml",
        ));
    }
    Ok(settings.sources.iter().map(|source| source.value.clone()).collect())
}

/// The path of the bundle.
///
/// # Errors
/// Where nothing names one and there is no home folder.
pub fn out(settings: &Settings) -> Result<&Path, Failure> {
    settings.out.as_ref().map(|Value { value, .. }| value.as_path()).ok_or_else(|| {
        Failure::new("there is no home folder to put the bundle in")
            .hint("name a file with --out, or set bundle.out")
    })
}

/// Every file that certman writes certificates to: none of them is ever a source.
pub fn outputs(settings: &Settings) -> Vec<&Path> {
    let outputs = [&settings.out, &settings.full, &settings.java];
    let outputs = outputs.into_iter().flatten().map(|output| output.value.as_path());
    outputs.filter(|output| *output != Path::new("-")).collect()
}

/// What the sources give.
pub struct Built {
    /// Every certificate found.
    pub collection: Collection,
    /// Whether everything was asked that should have been: only then is it known to be what its sources give.
    pub is_whole: bool,
    /// What became of them.
    pub merged: Merged,
}

impl Built {
    /// Reads and merges. What speaks against a bundle is in the report as critical.
    pub fn from_sources(
        sources: &[Source],
        own_outputs: &[&Path],
        rules: Rules,
        wishes: Wishes<'_>,
        host: &mut Host,
        report: &mut Report,
    ) -> Self {
        let collection = gather(sources, own_outputs, wishes, host, report);
        let merged = merge(collection.certificates(), rules);
        gather::note_merge(&collection, &merged, report);
        // Where a source is missing, that is the reason, and the one thing to mend.
        if merged.kept.is_empty() && report.worst() < Severity::Critical {
            report.find(None, Cause::BundleEmpty);
        }
        let is_unasked = |finding: &Finding| matches!(finding.cause, Cause::SystemNotAsked(_));
        let is_whole = !report.findings.iter().any(is_unasked);
        Self { collection, is_whole, merged }
    }

    /// Adds every certificate seen to the report, in the order of the input.
    pub fn add_facts(&self, now: i64, report: &mut Report) {
        let mut is_first = vec![true; self.collection.certificates().len()];
        for sighting in self.collection.sightings() {
            let index = sighting.certificate as usize;
            let certificate = &self.collection.certificates()[index];
            let (role, own) = (self.merged.roles[index], self.merged.self_signatures[index]);
            let mut facts = gather::facts(certificate, sighting.place, role, own, now);
            let is_repeated = !std::mem::take(&mut is_first[index]);
            facts.kept =
                Some(if is_repeated { Err("cert-duplicate") } else { fate_code(self.merged.fates[index]) });
            report.certificates.push(facts);
        }
    }

    /// The certificates that are in it, in the order in which they are written.
    pub fn kept(&self) -> impl Iterator<Item = &Certificate> {
        self.merged.kept.iter().map(|index| &self.collection.certificates()[*index as usize])
    }

    /// The bundle as a whole.
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let _: Result<(), Infallible> = self.each_chunk(|chunk| {
            text.extend_from_slice(chunk);
            Ok(())
        });
        text
    }

    /// The bundle in pieces of a size that a disk likes, so that it need not be held as a whole.
    fn each_chunk<E>(&self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 4);
        chunk.extend_from_slice(bundle::header());
        for certificate in self.kept() {
            bundle::write_block(certificate, &mut chunk);
            if chunk.len() >= CHUNK {
                take(&chunk)?;
                chunk.clear();
            }
        }
        if chunk.is_empty() { Ok(()) } else { take(&chunk) }
    }

    /// Whether the file at `path` is exactly this bundle. Stops at the first difference.
    pub fn is_at(&self, path: &Path) -> bool {
        let Ok(mut file) = fs::reader(path) else { return false };
        let mut buffer = Vec::new();
        let is_same = self.each_chunk(|chunk| {
            buffer.resize(chunk.len(), 0);
            match file.read_exact(&mut buffer) {
                Ok(()) if buffer == chunk => Ok(()),
                _ => Err(()),
            }
        });
        is_same.is_ok() && matches!(file.read(&mut [0]), Ok(0))
    }

    /// The SHA-256 of the bundle, in lower-case hexadecimal digits.
    pub fn sha256(&self) -> String {
        let mut digest = Sha256::new();
        let _: Result<(), Infallible> = self.each_chunk(|chunk| {
            digest.update(chunk);
            Ok(())
        });
        hex(&digest.finalize())
    }

    /// Puts the bundle in place, and says whether that changed anything. It is written beside the old one, read back,
    /// parsed again and compared certificate by certificate before it takes its place. A file that holds a private key is
    /// never replaced: it was named by mistake, and nobody could make it again.
    ///
    /// # Errors
    /// What the disk says. The old file is as it was.
    pub fn publish(&self, path: &Path) -> Result<bool, Failure> {
        if self.is_at(path) && fs::mode(path).is_none_or(|mode| mode == 0o644) {
            return Ok(false);
        }
        let failed = |error: WriteError| write_failure("bundle", path, &error);
        if let Some(what) = holds_private_key(path) {
            return Err(Failure::new(format!("'{}' {what}, and is not replaced", path.display()))
                .hint("name another file with --out"));
        }
        let mut draft = Draft::beside(path, Kind::Public).map_err(failed)?;
        self.each_chunk(|chunk| draft.write_all(chunk)).map_err(failed)?;
        let written = draft.read_back().map_err(failed)?;
        if !self.is_what_stands_in(written).map_err(|error| failed(error.into()))? {
            let place = path.display();
            return Err(Failure::new(format!(
                "the bundle, read back from beside '{place}', is not what was written"
            ))
            .hint("the disk or its file system loses data; the old bundle is as it was"));
        }
        draft.publish().map_err(failed)?;
        Ok(true)
    }

    /// Whether a stream holds exactly the certificates of the bundle in their order, read as any source is.
    fn is_what_stands_in(&self, mut stream: impl Read) -> io::Result<bool> {
        let mut expected = self.kept().map(Certificate::der);
        let mut pending = Vec::new();
        loop {
            let start = pending.len();
            pending.resize(start + CHUNK, 0);
            let read = stream.read(&mut pending[start..])?;
            pending.truncate(start + read);
            let whole_blocks = match memchr::memmem::rfind(&pending, END_LINE) {
                Some(end) => end + END_LINE.len(),
                None if read == 0 => pending.len(),
                None => continue,
            };
            let mut is_same = true;
            if whole_blocks > 0 {
                scan(&pending[..whole_blocks], &mut |item| {
                    is_same &=
                        matches!(item.content, Content::Certificate(der) if expected.next() == Some(der));
                });
            }
            pending.drain(..whole_blocks);
            if !is_same {
                return Ok(false);
            }
            if read == 0 {
                return Ok(expected.next().is_none() && pending.is_empty());
            }
        }
    }

    /// The time around `now` within which the same sources give the same bundle: from when the last of its certificates
    /// became valid or the last of the others expired, until one expires or becomes valid.
    pub fn holds(&self, now: i64) -> Range<i64> {
        let mut holds = i64::MIN..i64::MAX;
        for (one, fate) in self.collection.certificates().iter().zip(&self.merged.fates) {
            let Validity { not_before, not_after } = one.validity();
            let changes = match fate {
                Fate::Kept => [Some(not_before), Some(not_after.saturating_add(1))],
                Fate::Left(Reason::Expired) => [None, Some(not_after.saturating_add(1))],
                Fate::Left(Reason::NotYetValid) => [Some(not_before), None],
                Fate::Left(_) => [None, None],
            };
            for time in changes.into_iter().flatten() {
                if time <= now {
                    holds.start = holds.start.max(time);
                } else {
                    holds.end = holds.end.min(time);
                }
            }
        }
        holds
    }
}

/// What makes what stands at `path` too precious to replace: a private key, or a store that may hold one. What cannot be read
/// is judged by the system, not here.
pub(super) fn holds_private_key(path: &Path) -> Option<&'static str> {
    let mut text = Zeroizing::new(Vec::new());
    let mut holds = None;
    if fs::read_into(path, &mut text, source::LIMIT).is_ok() {
        scan(&text, &mut |item| match item.content {
            Content::PrivateKey(_) => holds = Some("holds a private key"),
            Content::Store(_) => holds = Some("is a store of certificates and keys"),
            _ => {}
        });
    }
    holds
}

/// A failure to write, with the next step.
pub fn write_failure(what: &str, path: &Path, error: &WriteError) -> Failure {
    let hint = match error {
        WriteError::Changed => "nothing was changed; try again".to_owned(),
        WriteError::DeadLink => "mend the link, or name another file with --out".to_owned(),
        WriteError::ForeignLink => "name a file in a folder of your own with --out".to_owned(),
        WriteError::NotAFile => "name a file that certman may replace, or `-` for standard output".to_owned(),
        WriteError::Refused(error) => match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                let folder: PathBuf = path.parent().map(Path::to_owned).unwrap_or_default();
                format!(
                    "certman must be able to create files in '{}'; name another place with --out",
                    folder.display()
                )
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk".to_owned(),
            _ => "nothing was changed; try another place with --out".to_owned(),
        },
    };
    Failure::new(format!("the {what} '{}' cannot be written: {error}", path.display())).hint(hint)
}

fn fate_code(fate: Fate) -> Result<(), &'static str> {
    match fate {
        Fate::Kept => Ok(()),
        Fate::Left(Reason::Expired) => Err("cert-expired-dropped"),
        Fate::Left(Reason::Flaw(_)) => Err("cert-not-der"),
        Fate::Left(Reason::IssuedLeaf) => Err("cert-leaf"),
        Fate::Left(Reason::NotYetValid) => Err("cert-not-yet-valid"),
        Fate::Left(Reason::OldCopy { .. }) => Err("cert-superseded"),
        Fate::Left(Reason::Twin { .. }) => Err("cross-signed-twin"),
    }
}

const CHUNK: usize = 256 << 10;
const END_LINE: &[u8] = b"-----END CERTIFICATE-----\n";
