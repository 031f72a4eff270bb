//! This process and the one that started it.
//!
//! Owns what others may see of this process. Never starts a program, except `ps` on macOS.
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "/proc is no file of anyone's, and read here alone")
)]

use std::io;

/// Closes this process to the other programs of the same user: called first, before there is a secret.
///
/// Linux: no core dump, and `/proc/PID/mem`, `environ`, `maps` and `fd` belong to root (`PR_SET_DUMPABLE`); a program
/// that is started from here is as open as ever. Elsewhere on Unix: a core file of 0 bytes at most, which started
/// programs inherit and may raise. Windows: nothing. What the system refuses is left: it is a second wall only.
pub fn harden() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(all(unix, not(target_os = "linux")))]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Core);
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    }
}

/// The name that the program which started this one was called by, without folder and without the `-` of a login
/// shell: `bash`, `zsh`. None where the system does not tell (Windows; a parent that has ended).
///
/// A script counts as its interpreter (`bash`, not `install.sh`). `env`, `exec` and `nice` leave nothing of themselves
/// behind; `sudo`, `timeout`, `strace`, `make` or an editor stay and are named, so an answer that is no shell says
/// nothing about the shell.
pub fn parent_name() -> Option<String> {
    let started_as = parent_started_as()?;
    let name = started_as.rsplit('/').next().unwrap_or(&started_as);
    let name = name.strip_prefix('-').unwrap_or(name);
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether a write failed only because nobody reads any more (`certman … | head`): that is no error.
pub fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// The first word of the parent's command line; its name, cut at 15 bytes, where it has none.
#[cfg(target_os = "linux")]
fn parent_started_as() -> Option<String> {
    use std::io::Read;

    let parent = rustix::process::getppid()?.as_raw_pid();
    let head_of = |name: &str| {
        let mut head = Vec::new();
        let file = std::fs::File::open(format!("/proc/{parent}/{name}")).ok()?;
        file.take(4_096).read_to_end(&mut head).ok()?;
        let word = head.split(|byte| matches!(byte, 0 | b'\n')).next()?;
        (!word.is_empty()).then(|| String::from_utf8_lossy(word).into_owned())
    };
    head_of("cmdline").or_else(|| head_of("comm"))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn parent_started_as() -> Option<String> {
    let parent = rustix::process::getppid()?.as_raw_pid();
    let output =
        std::process::Command::new("ps").args(["-o", "comm=", "-p", &parent.to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(not(unix))]
fn parent_started_as() -> Option<String> {
    None
}
