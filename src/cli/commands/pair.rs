//! Certificate and key of the identity as two files that change together: the new pair takes the place of the old one in two renames,
//! the old one is kept beside it, and what a crash has left between the two renames is mended by whoever comes next. Knows
//! nothing of what is in the files.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::identity::KEY_LIMIT;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::pki::cert::hex;
use crate::sys::fs::{self, Draft, Kind, Lock, ReadError, WriteError};

/// Where the identity lies, by absolute paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl Pair {
    /// Where the pair is kept that was there before.
    pub fn previous(&self) -> Self {
        Self { certificate: behind(&self.certificate, ".previous"), key: behind(&self.key, ".previous") }
    }

    /// What lies there now.
    ///
    /// # Errors
    /// For a file that is there and cannot be read.
    pub fn read(&self) -> Result<Contents, Failure> {
        Ok(Contents { certificate: read(&self.certificate)?, key: read(&self.key)? })
    }

    /// Whether there is neither a pair before this one nor an import that was cut short: then nobody needs the lock to go
    /// back, and no folder is made for it.
    pub fn has_no_past(&self) -> bool {
        let Self { certificate, key } = self.previous();
        let paths = [certificate, key, self.hidden(".journal")];
        paths.iter().all(|path| fs::state(path).is_err())
    }

    /// Takes the lock among certmans, and mends what an import that was cut short has left.
    ///
    /// # Errors
    /// Where another certman has it, and what the disk says.
    pub fn hold(&self) -> Result<Held<'_>, Failure> {
        let path = self.hidden(".lock");
        let lock = Lock::take(&path, PATIENCE).map_err(|error| {
            Failure::new(format!("{} cannot be locked: {error}", words::path(&path)))
                .hint("nothing was changed; certman must be able to write there, or name another folder with --out-dir")
        })?;
        let Some(lock) = lock else {
            return Err(Failure::new(format!(
                "another certman is just replacing {}",
                words::path(&self.key)
            ))
            .hint("nothing was changed; try again when it has ended"));
        };
        let mut held = Held { is_mended: false, pair: self, _lock: lock };
        held.is_mended = held.mend()?;
        Ok(held)
    }

    /// A hidden file beside the key.
    fn hidden(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.key.file_name().unwrap_or_default());
        name.push(ending);
        self.key.with_file_name(name)
    }
}

/// The content of both files; none where there is no such file.
pub struct Contents {
    /// The certificate chain.
    pub certificate: Option<Zeroizing<Vec<u8>>>,
    /// The private key.
    pub key: Option<Zeroizing<Vec<u8>>>,
}

impl Contents {
    fn hashes(&self) -> Hashes {
        let hash = |content: &Option<Zeroizing<Vec<u8>>>| content.as_ref().map(|bytes| hash(bytes));
        Hashes { certificate: hash(&self.certificate), key: hash(&self.key) }
    }
}

/// The pair, while no other certman changes it.
pub struct Held<'pair> {
    /// Whether an import that was cut short has been undone.
    pub is_mended: bool,
    pair: &'pair Pair,
    _lock: Lock,
}

/// Which of the two files were replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The certificate chain.
    pub certificate: bool,
    /// The private key.
    pub key: bool,
}

impl Held<'_> {
    /// Puts a new pair in the place of the old one; what is none stays. First everything is written and read back, then `before`
    /// is called, then the old pair becomes the previous one, then the new one takes its place. Where anything fails, the pair is as
    /// it was.
    ///
    /// # Errors
    /// What the disk says, and what `before` says.
    pub fn replace(
        &self,
        certificate: Option<&[u8]>,
        key: Option<&[u8]>,
        before: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<Changed, Failure> {
        let (pair, previous) = (self.pair, self.pair.previous());
        let old = pair.read()?;
        let draft_of = |path: &Path, kind, bytes: Option<&[u8]>| {
            bytes.map(|bytes| drafted(path, kind, bytes)).transpose()
        };
        let new_certificate = draft_of(&pair.certificate, Kind::Public, certificate)?;
        let new_key = draft_of(&pair.key, Kind::Private, key)?;
        let kept_certificate =
            draft_of(&previous.certificate, Kind::Public, old.certificate.as_deref().map(Vec::as_slice))?;
        let kept_key = draft_of(&previous.key, Kind::Private, old.key.as_deref().map(Vec::as_slice))?;
        let before_all = old.hashes();
        let journal = Journal {
            new: Hashes {
                certificate: certificate.map(hash).or(before_all.certificate),
                key: key.map(hash).or(before_all.key),
            },
            old: before_all,
        };
        let journal_path = self.pair.hidden(".journal");
        let journal = drafted(&journal_path, Kind::Private, journal.text(&pair.certificate).as_bytes())?;
        before()?;

        let failed = |path: &Path, error: WriteError| not_written(path, &error);
        let changed = Changed { certificate: new_certificate.is_some(), key: new_key.is_some() };
        journal.publish().map_err(|error| failed(&journal_path, error))?;
        let swap = || {
            let is_half = kept_certificate.is_some() != kept_key.is_some();
            for (kept, path) in [(kept_certificate, &previous.certificate), (kept_key, &previous.key)] {
                match kept {
                    Some(kept) => kept.publish().map_err(|error| failed(path, error))?,
                    // Half a pair is none to go back to, and must not be mixed with half of an older one.
                    None if is_half => fs::remove(path).map_err(|error| failed(path, error.into()))?,
                    None => {}
                }
            }
            match (new_key, new_certificate) {
                (Some(key), Some(certificate)) => fs::publish_both(key, certificate),
                (Some(one), None) | (None, Some(one)) => one.publish(),
                (None, None) => Ok(()),
            }
            .map_err(|error| failed(&pair.key, error))
        };
        if let Err(failure) = swap() {
            self.mend()?;
            return Err(failure);
        }
        // The pair is in place: a journal that stays says so, and is taken away by the next one.
        let _ = fs::remove(&journal_path);
        Ok(changed)
    }

    /// Undoes what was begun and not ended, by the hashes in the journal, and says whether a file had to be changed for it.
    fn mend(&self) -> Result<bool, Failure> {
        let journal_path = self.pair.hidden(".journal");
        let Some(text) = read(&journal_path)? else { return Ok(false) };
        let journal = Journal::of_text(&text, &self.pair.certificate);
        let mut is_mended = false;
        if let Some(Journal { new, old }) = journal {
            let previous = self.pair.previous();
            let (now, kept) = (self.pair.read()?, previous.read()?);
            let there = now.hashes();
            let is_known = [new.certificate, old.certificate].contains(&there.certificate)
                && [new.key, old.key].contains(&there.key);
            if there == old && kept.hashes() != old {
                // The older pair may be half gone. This one is whole.
                for (path, kind, content) in [
                    (&previous.certificate, Kind::Public, &now.certificate),
                    (&previous.key, Kind::Private, &now.key),
                ] {
                    put_back(path, kind, content.as_deref().map(Vec::as_slice))?;
                }
            } else if there != new && is_known {
                for (path, kind, there, old, kept) in [
                    (&self.pair.key, Kind::Private, there.key, old.key, &kept.key),
                    (
                        &self.pair.certificate,
                        Kind::Public,
                        there.certificate,
                        old.certificate,
                        &kept.certificate,
                    ),
                ] {
                    let kept = kept.as_deref().filter(|kept| Some(hash(kept)) == old);
                    if there != old && (kept.is_some() || old.is_none()) {
                        put_back(path, kind, kept.map(Vec::as_slice))?;
                        is_mended = true;
                    }
                }
            }
        }
        fs::remove(&journal_path).map_err(|error| not_written(&journal_path, &error.into()))?;
        Ok(is_mended)
    }
}

/// What both files are before and after: enough to see how far an import has come.
struct Journal {
    new: Hashes,
    old: Hashes,
}

/// The SHA-256 of both files; none where there is no such file.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hashes {
    certificate: Option<[u8; 32]>,
    key: Option<[u8; 32]>,
}

impl Journal {
    /// A line each; the last one tells for which certificate file, since the journal lies beside the key.
    fn text(&self, certificate: &Path) -> String {
        let Self { new, old } = self;
        let mut text = format!("{JOURNAL_MARK}\n");
        let whose = Some(hash(certificate.as_os_str().as_encoded_bytes()));
        for hash in [old.certificate, old.key, new.certificate, new.key, whose] {
            text += &hash.map_or_else(|| "-".to_owned(), |hash| hex(&hash));
            text.push('\n');
        }
        text
    }

    fn of_text(text: &[u8], certificate: &Path) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let mut lines = text.lines();
        if lines.next() != Some(JOURNAL_MARK) {
            return None;
        }
        let mut hashes = Vec::new();
        for line in lines {
            hashes.push(if line == "-" { None } else { Some(of_hex(line)?) });
        }
        let [old_certificate, old_key, new_certificate, new_key, whose] = hashes[..] else { return None };
        (whose == Some(hash(certificate.as_os_str().as_encoded_bytes()))).then_some(Self {
            new: Hashes { certificate: new_certificate, key: new_key },
            old: Hashes { certificate: old_certificate, key: old_key },
        })
    }
}

fn of_hex(line: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if line.len() != 64 {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(line.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    match fs::read_secret(path, KEY_LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ReadError::Missing) => Ok(None),
        Err(error) => Err(Failure::new(format!("{} cannot be read: {error}", words::path(path)))
            .hint("nothing was changed; move it away, or name another folder with --out-dir")),
    }
}

/// Writes a draft and reads it back.
pub fn drafted(path: &Path, kind: Kind, bytes: &[u8]) -> Result<Draft, Failure> {
    let failed = |error: WriteError| not_written(path, &error);
    let mut draft = Draft::beside(path, kind).map_err(failed)?;
    draft.write_all(bytes).map_err(failed)?;
    // One byte more than was written, so that the buffer does not grow whatever is there.
    let mut written = Zeroizing::new(Vec::with_capacity(bytes.len() + 1));
    let read_back = draft.read_back().map_err(failed)?;
    let is_read = read_back.take(bytes.len() as u64 + 1).read_to_end(&mut written).is_ok();
    if !is_read || *written != bytes {
        return Err(Failure::new(format!("{} does not hold what was written to it", words::path(path)))
            .hint("nothing was changed; look at the disk"));
    }
    Ok(draft)
}

/// Makes a file what it was; one that was not there goes.
fn put_back(path: &Path, kind: Kind, bytes: Option<&[u8]>) -> Result<(), Failure> {
    match bytes {
        Some(bytes) => drafted(path, kind, bytes)?.publish().map_err(|error| not_written(path, &error)),
        None => fs::remove(path).map_err(|error| not_written(path, &error.into())),
    }
}

/// A failure to write, with the next step.
pub fn not_written(path: &Path, error: &WriteError) -> Failure {
    let hint = match error {
        WriteError::Changed => "nothing was changed; try again".to_owned(),
        WriteError::DeadLink => "mend the link, or name another file".to_owned(),
        WriteError::Refused(error) => match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "nothing was changed; make room on the disk".to_owned()
            }
            _ => {
                let folder = path.parent().unwrap_or(Path::new("")).display();
                format!(
                    "nothing was changed; certman must be able to write in '{folder}', or name another folder with --out-dir"
                )
            }
        },
        WriteError::ForeignLink | WriteError::NotAFile => {
            "nothing was changed; name another folder with --out-dir".to_owned()
        }
    };
    Failure::new(format!("{} cannot be written: {error}", words::path(path))).hint(hint)
}

/// A path with something behind its name.
fn behind(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

const JOURNAL_MARK: &str = "certman import 1";
/// So long another certman is waited for; it holds the pair for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
