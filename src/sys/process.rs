//! This process, the one that started it, and those it asks.
//!
//! Owns what others may see of this process, and the limits of programs that are started for what they print. A program that
//! a person names is started in [`program`]; which process is which is told by [`identity`].
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_methods, reason = "/proc is no file of anyone's, and read here alone")
)]

pub mod identity;
#[cfg(unix)]
mod job;
pub mod program;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It ends with another status than 0.
    #[error("'{}' failed ({status})", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// It cannot be started or read.
    #[error("'{}' cannot be started: {cause}", program.display())]
    NotStarted {
        /// What the system says.
        cause: io::Error,
        /// The program.
        program: PathBuf,
    },
    /// It takes too long.
    #[error("'{}' did not answer within {} seconds", program.display(), waited.as_secs())]
    TimedOut {
        /// The program.
        program: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// It prints more than anyone has asked for.
    #[error("'{}' printed more than {} MiB", program.display(), limit >> 20)]
    TooMuch {
        /// The limit in bytes.
        limit: usize,
        /// The program.
        program: PathBuf,
    },
}

/// What a program prints, without standard input, its complaints dropped. Ended for good after `patience`, and above `limit`
/// bytes.
///
/// # Errors
/// Where it cannot be started, fails, takes too long or prints too much.
pub fn output_within(
    program: &Path,
    arguments: &[&str],
    patience: Duration,
    limit: usize,
) -> Result<Vec<u8>, ProgramError> {
    let named = || program.to_owned();
    let not_started = |cause| ProgramError::NotStarted { cause, program: named() };
    let until = Instant::now() + patience;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(not_started)?;
    let output = child.stdout.take();
    let (sender, receiver) = sync_channel(1);
    // On a thread, since a program that prints nothing cannot be waited for with a limit otherwise.
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.map_or(Ok(0), |output| output.take(limit as u64 + 1).read_to_end(&mut bytes));
        let _ = sender.send(read.map(|_| bytes));
    });
    let result = match receiver.recv_timeout(patience) {
        Ok(Ok(bytes)) if bytes.len() > limit => Err(ProgramError::TooMuch { limit, program: named() }),
        Ok(Ok(bytes)) => loop {
            match child.try_wait() {
                // Its output is closed, so it ends soon.
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
                Ok(None) => break Err(ProgramError::TimedOut { program: named(), waited: patience }),
                Ok(Some(status)) if status.success() => break Ok(bytes),
                Ok(Some(status)) => break Err(ProgramError::Failed { program: named(), status }),
                Err(cause) => break Err(not_started(cause)),
            }
        },
        Ok(Err(cause)) => Err(not_started(cause)),
        Err(_) => Err(ProgramError::TimedOut { program: named(), waited: patience }),
    };
    if result.is_err() {
        // That it has ended already is no error.
        let _ = child.kill();
        let _ = child.wait();
    }
    result
}

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

/// The name of this machine in the network; none where the system does not tell (Windows has it in `COMPUTERNAME`).
pub fn machine_name() -> Option<String> {
    #[cfg(unix)]
    {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        (!name.is_empty()).then_some(name)
    }
    #[cfg(not(unix))]
    None
}

/// Whether a write failed only because nobody reads any more (`certman … | head`): that is no error.
pub fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// The first word of the parent's command line; its name, cut at 15 bytes, where it has none.
#[cfg(target_os = "linux")]
fn parent_started_as() -> Option<String> {
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

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_hangs_or_never_stops_printing_is_ended_with_a_reason() {
        let run = |script: &str| {
            let patience = Duration::from_millis(300);
            output_within(Path::new("/bin/sh"), &["-c", script], patience, 1_000)
        };
        assert_eq!(run("echo one; echo two >&2").unwrap(), b"one\n");
        assert!(matches!(run("echo one; exit 3"), Err(ProgramError::Failed { .. })));
        assert!(matches!(run("exec sleep 60"), Err(ProgramError::TimedOut { .. })));
        assert!(matches!(run("exec >&-; exec sleep 60"), Err(ProgramError::TimedOut { .. })));
        assert!(matches!(run("exec yes"), Err(ProgramError::TooMuch { limit: 1_000, .. })));
        let missing = output_within(Path::new("/no/such/program"), &[], Duration::from_secs(1), 10);
        assert!(matches!(missing, Err(ProgramError::NotStarted { .. })), "{missing:?}");
    }
}
