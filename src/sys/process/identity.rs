//! Which process it is: its number alone is given to another one sooner or later.
//!
//! Owns the name that tells processes apart for as long as files may speak of them. Never sends a signal.

use std::fmt;
use std::str::FromStr;

/// A process, told apart from all that have had its number before or will have it after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The first 32 bits of the number that the kernel gives to each start of the machine; elsewhere than on Linux 0.
    boot: u32,
    /// Its number.
    id: u32,
    /// The number of the namespace that its number is from: a container has its own. Elsewhere than on Linux 0.
    namespace: u64,
    /// When it was started: in clock ticks since the machine was; elsewhere than on Linux a hash of the time of day.
    start: u64,
}

impl Identity {
    /// The process of that number; none where there is none, and where the system does not tell.
    pub fn of(id: u32) -> Option<Self> {
        let Seen::There { is_over: false, start } = system::look(id) else { return None };
        Some(Self { boot: system::boot(), id, namespace: system::namespace(), start })
    }

    /// Whether it still runs; none where that cannot be told from here: it is in another container of this machine, the
    /// system hides it, or the machine runs Windows.
    pub fn is_running(&self) -> Option<bool> {
        if self.boot != system::boot() {
            return Some(false);
        }
        if self.namespace != system::namespace() {
            return None;
        }
        match system::look(self.id) {
            Seen::Gone => Some(false),
            Seen::Hidden => None,
            Seen::There { is_over, start } => Some(!is_over && start == self.start),
        }
    }
}

impl fmt::Display for Identity {
    /// `NUMBER-START-BOOT-NAMESPACE`: also the name of a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{:08x}-{}", self.id, self.start, self.boot, self.namespace)
    }
}

impl FromStr for Identity {
    type Err = NoIdentity;

    fn from_str(text: &str) -> Result<Self, NoIdentity> {
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(NoIdentity);
        let id = next()?.parse().map_err(|_| NoIdentity)?;
        let start = next()?.parse().map_err(|_| NoIdentity)?;
        let boot = u32::from_str_radix(next()?, 16).map_err(|_| NoIdentity)?;
        let namespace = next()?.parse().map_err(|_| NoIdentity)?;
        if parts.next().is_some() { Err(NoIdentity) } else { Ok(Self { boot, id, namespace, start }) }
    }
}

/// That a text is not what [`Identity`] is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoIdentity;

/// What the system tells of a process.
#[cfg_attr(not(unix), expect(dead_code, reason = "Windows tells nothing"))]
enum Seen {
    /// There is none of that number.
    Gone,
    /// There may be one, and the system does not say more.
    Hidden,
    /// There is one.
    There {
        /// It has ended, and only its parent has not asked for its status yet.
        is_over: bool,
        start: u64,
    },
}

/// Linux: `/proc` (proc(5)).
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "/proc is no file of anyone's")]
mod system {
    use super::Seen;

    pub(super) fn look(id: u32) -> Seen {
        let about = is_ours().then(|| std::fs::read(format!("/proc/{id}/stat")).ok()).flatten();
        about.and_then(|about| read(&about)).unwrap_or_else(|| {
            // Mounted with `hidepid`, /proc hides what is closed to this user, which a certman is that runs.
            let id = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw);
            match id.map(rustix::process::test_kill_process) {
                None | Some(Err(rustix::io::Errno::SRCH)) => Seen::Gone,
                Some(_) => Seen::Hidden,
            }
        })
    }

    /// Whether the numbers in /proc are those of this container: one that was started without a /proc of its own
    /// (`unshare --pid --fork`) sees the processes outside, under numbers that are others' inside.
    fn is_ours() -> bool {
        std::fs::read_link("/proc/self")
            .is_ok_and(|id| id.as_os_str() == std::process::id().to_string().as_str())
    }

    fn read(about: &[u8]) -> Option<Seen> {
        // The name stands in brackets, and may hold brackets, blanks and bytes that are no text.
        let behind = &about[about.iter().rposition(|byte| *byte == b')')? + 1..];
        let mut fields = str::from_utf8(behind).ok()?.split_ascii_whitespace();
        let state = fields.next()?;
        // Field 22, of which the state is number 3.
        let start = fields.nth(18)?.parse().ok()?;
        Some(Seen::There { is_over: matches!(state, "Z" | "X"), start })
    }

    pub(super) fn boot() -> u32 {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        id.get(..8).and_then(|head| u32::from_str_radix(head, 16).ok()).unwrap_or_default()
    }

    pub(super) fn namespace() -> u64 {
        let link = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let link = link.to_string_lossy();
        let digits = link.trim_start_matches("pid:[").trim_end_matches(']');
        digits.parse().unwrap_or_default()
    }
}

/// Everywhere else on Unix: `ps`, which knows the second of the start by the clock on the wall.
#[cfg(all(unix, not(target_os = "linux")))]
mod system {
    use sha2::{Digest, Sha256};

    use super::Seen;

    pub(super) fn look(id: u32) -> Seen {
        let mut ps = std::process::Command::new("ps");
        ps.env("LC_ALL", "C").env("TZ", "UTC").args(["-o", "state=,lstart=", "-p", &id.to_string()]);
        let Ok(output) = ps.output() else { return Seen::Hidden };
        let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let Some((state, start)) = line.split_once(char::is_whitespace) else { return Seen::Gone };
        let mut head = [0; 8];
        head.copy_from_slice(&Sha256::digest(start.trim())[..8]);
        Seen::There { is_over: state.starts_with('Z'), start: u64::from_be_bytes(head) }
    }

    pub(super) fn boot() -> u32 {
        0
    }

    pub(super) fn namespace() -> u64 {
        0
    }
}

/// Windows does not tell without more than the standard library has.
#[cfg(not(unix))]
mod system {
    use super::Seen;

    pub(super) fn look(_id: u32) -> Seen {
        Seen::Hidden
    }

    pub(super) fn boot() -> u32 {
        0
    }

    pub(super) fn namespace() -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_itself_until_it_ends() {
        let ourselves = Identity::of(std::process::id()).unwrap();
        assert_eq!(ourselves.is_running(), Some(true));
        assert_eq!(ourselves.to_string().parse(), Ok(ourselves.clone()));
        let another = Identity { start: ourselves.start + 1, ..ourselves.clone() };
        assert_eq!(another.is_running(), Some(false), "another process has its number");
        let before = Identity { boot: ourselves.boot.wrapping_add(1), ..ourselves.clone() };
        assert_eq!(before.is_running(), Some(false), "the machine was started again");
        if cfg!(target_os = "linux") {
            let elsewhere = Identity { namespace: ourselves.namespace + 1, ..ourselves };
            assert_eq!(elsewhere.is_running(), None, "another container's numbers say nothing here");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_nobody_has_waited_for_is_over() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert_eq!(identity.is_running(), Some(true));
        child.kill().unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while identity.is_running() == Some(true) {
            assert!(std::time::Instant::now() < until, "a dead process still counts as running");
        }
        assert_eq!(identity.is_running(), Some(false));
        assert_eq!(Identity::of(child.id()), None);
        child.wait().unwrap();
        assert_eq!(identity.is_running(), Some(false));
    }

    #[test]
    fn what_is_no_identity_is_refused() {
        for text in
            ["", "1", "1-2-3", "1-2-00000003-4-5", "a-2-00000003-4", "1-2-00000003-", "-1-2-3-4", "1--2-3-4"]
        {
            assert_eq!(text.parse::<Identity>(), Err(NoIdentity), "{text}");
        }
        assert!("1-2-00000003-4".parse::<Identity>().is_ok());
    }
}
