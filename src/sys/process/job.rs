//! Whether somebody at a terminal waits for this process.
//!
//! Owns what the system tells of sessions and process groups. Never sends a signal.
#![expect(clippy::disallowed_methods, reason = "/proc and the terminal device are no files of anyone's")]

/// Whether a shell with job control waits for this process: it has given it a process group of its own, on the terminal
/// that both have. Nobody else would wake this process again once it has stopped.
pub(super) fn is_job_of_a_shell() -> bool {
    let Some(ours) = Place::of_this_process() else { return false };
    let Some(theirs) = Place::of(ours.parent) else { return false };
    ours.session == theirs.session && ours.group != theirs.group && std::fs::File::open("/dev/tty").is_ok()
}

/// Whether this process is the leader of its session: the one that the system tells of a line that is cut.
pub(super) fn leads_its_session() -> bool {
    Place::of_this_process().is_some_and(|place| place.session == place.id)
}

/// Where a process stands among others. What is in another container (PID namespace) has the number 0: so have session and
/// group of all that a sandbox starts which begins no session of its own.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    group: i32,
    id: i32,
    parent: i32,
    session: i32,
}

/// Linux: `/proc` (proc(5)), whose numbers fit each other even where it is the one of another container. Not getsid(2) and
/// getpgid(2): rustix takes it for granted that what they give is above 0.
#[cfg(target_os = "linux")]
impl Place {
    fn of_this_process() -> Option<Self> {
        Self::read(&std::fs::read("/proc/self/stat").ok()?)
    }

    fn of(id: i32) -> Option<Self> {
        Self::read(&std::fs::read(format!("/proc/{id}/stat")).ok()?)
    }

    /// `ID (NAME) STATE PARENT GROUP SESSION …`. The name may hold brackets, blanks and bytes that are no text.
    fn read(about: &[u8]) -> Option<Self> {
        let id = about.split(|byte| *byte == b' ').next()?;
        let behind = &about[about.iter().rposition(|byte| *byte == b')')? + 1..];
        let mut numbers =
            str::from_utf8(behind).ok()?.split_ascii_whitespace().skip(1).map(|field| field.parse().ok());
        let (parent, group, session) = (numbers.next()??, numbers.next()??, numbers.next()??);
        Some(Self { group, id: str::from_utf8(id).ok()?.parse().ok()?, parent, session })
    }
}

/// Everywhere else on Unix: the system calls. There are no containers.
#[cfg(not(target_os = "linux"))]
impl Place {
    fn of_this_process() -> Option<Self> {
        let parent = rustix::process::getppid().map_or(0, rustix::process::Pid::as_raw_pid);
        Some(Self { parent, ..Self::of(rustix::process::getpid().as_raw_pid())? })
    }

    /// Without its parent, which nobody asks for.
    fn of(id: i32) -> Option<Self> {
        let process = rustix::process::Pid::from_raw(id)?;
        let group = rustix::process::getpgid(Some(process)).ok()?.as_raw_pid();
        let session = rustix::process::getsid(Some(process)).ok()?.as_raw_pid();
        Some(Self { group, id, parent: 0, session })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_where_the_system_says() {
        let ours = Place::of_this_process().unwrap();
        assert_eq!(u32::try_from(ours.id), Ok(std::process::id()));
        let seen_from_outside = Place::of(ours.id).unwrap();
        assert_eq!((ours.group, ours.session), (seen_from_outside.group, seen_from_outside.session));
        assert_eq!(Place::of(0), None, "what is in another container cannot be looked at");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_with_brackets_and_blanks_shifts_nothing() {
        let place = Place::read(b"17 (a) b\xff (c) S 5 0 3 34816 17 4194560").unwrap();
        assert_eq!(place, Place { group: 0, id: 17, parent: 5, session: 3 });
        for cut in [&b"17 (a"[..], b"17 (a) S 5 0", b"(a) S 5 0 3", b""] {
            assert_eq!(Place::read(cut), None, "{}", String::from_utf8_lossy(cut));
        }
    }
}
