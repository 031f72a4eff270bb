//! The stamp beside a bundle, by which `env` tells in no time that the bundle is still what its sources give.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::bundle::Built;
use crate::pki::cert::hex;
use crate::source::{self, Source};
use crate::sys::fs::{self, Draft, Kind};
use crate::sys::roots::Roots;

/// What tells, without reading a single certificate, that a bundle is what its sources give: a line in a hidden file
/// beside it. It holds a fingerprint of the sources' names, sizes and times and of the state of the bundle itself, and the
/// time within which no certificate expires or becomes valid. Without it, or with any doubt, the bundle is made again.
pub struct Stamp {
    /// For how many seconds it is taken for fresh at most.
    reliance: i64,
    /// The sources' state **before** they were read: what is changed while they are read is seen the next time.
    sources: [u8; 32],
}

impl Stamp {
    /// Asks for the state of the sources; none where that cannot be told.
    pub fn of_sources(sources: &[Source], own_outputs: &[&Path], roots: &Roots) -> Option<Self> {
        let skip = |path: &Path| super::gather::is_own_output(path, own_outputs);
        let reliance = source::reliance(sources, roots);
        source::state(sources, roots, &skip).ok().map(|sources| Self { reliance, sources })
    }

    /// The same, with something more that the bundle depends on.
    pub fn and(self, other: &[u8; 32]) -> Self {
        let mut digest = Sha256::new();
        digest.update(self.sources);
        digest.update(other);
        Self { sources: digest.finalize().into(), ..self }
    }

    /// Whether the bundle at `out` is what these sources give at `now`.
    pub fn is_fresh(&self, out: &Path, now: i64) -> bool {
        let mut line = String::new();
        let read = fs::reader(&Self::path(out))
            .is_ok_and(|stamp| stamp.take(1024).read_to_string(&mut line).is_ok());
        let mut fields = line.split_whitespace();
        let fingerprint = fields.next();
        let mut time = || fields.next().and_then(|time| time.parse::<i64>().ok());
        let (since, until) = (time(), time());
        read && since.is_some_and(|since| since <= now)
            && until.is_some_and(|until| now < until)
            && fingerprint.is_some()
            && fingerprint == self.fingerprint(out).as_deref()
    }

    /// Writes the stamp for a bundle that has just been made. Where that fails, the next run makes the bundle again.
    pub fn write(&self, built: &Built, out: &Path, now: i64) {
        if built.is_whole {
            let holds = built.holds(now);
            self.write_for(holds.start..holds.end.min(now.saturating_add(self.reliance)), out);
        }
    }

    /// Writes the stamp for what has just been made and stays right for this time.
    pub fn write_for(&self, holds: Range<i64>, out: &Path) {
        let Some(fingerprint) = self.fingerprint(out) else { return };
        let line = format!("{fingerprint} {} {}\n", holds.start, holds.end);
        let path = Self::path(out);
        let mut old = String::new();
        if fs::reader(&path).is_ok_and(|stamp| stamp.take(1024).read_to_string(&mut old).is_ok())
            && old == line
        {
            return;
        }
        if let Ok(mut draft) = Draft::beside(&path, Kind::Public)
            && draft.write_all(line.as_bytes()).is_ok()
        {
            let _ = draft.publish();
        }
    }

    fn fingerprint(&self, out: &Path) -> Option<String> {
        let bundle = fs::state(out).ok()?;
        let mut digest = Sha256::new();
        // Another version may merge by other rules.
        digest.update(env!("CARGO_PKG_VERSION"));
        digest.update(self.sources);
        digest.update(bundle.changed.to_le_bytes());
        digest.update(bundle.inode.to_le_bytes());
        digest.update(bundle.size.to_le_bytes());
        Some(hex(&digest.finalize()))
    }

    /// `.NAME.stamp` beside the bundle.
    fn path(out: &Path) -> PathBuf {
        let name = out.file_name().map_or(Cow::Borrowed("bundle"), |name| name.to_string_lossy());
        out.with_file_name(format!(".{name}.stamp"))
    }
}
