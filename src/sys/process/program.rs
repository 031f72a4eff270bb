//! The program that this process starts or becomes.
//!
//! Owns everything between this process and that program: signals, stops, the exit status. Never decides which program, and
//! touches no stream.
#![cfg_attr(unix, expect(clippy::disallowed_methods, reason = "/proc is no file of anyone's"))]

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::sys::fs;

/// A program to start or to become. It keeps everything else of this process: folder, streams, process group.
pub struct Program {
    /// What stands behind its name, byte for byte.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Its path, or a name to be found in the `PATH` of that environment.
    pub name: OsString,
}

impl Program {
    /// Becomes the program: same process number, parent and start time. Comes back only where that fails.
    #[cfg(unix)]
    pub fn become_it(&self) -> NotStarted {
        use std::os::unix::process::CommandExt;
        let error = self.command(&self.name, None).exec();
        self.explain(error)
    }

    /// Starts the program beside this process, which from then on hands over the signals that it gets.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(&self, relay: Relay) -> Result<Running, NotStarted> {
        let child = match self.command(&self.name, None).spawn() {
            // A script without `#!` is one for sh: so do the shells, `env`, and whatever else goes by execvp(3).
            #[cfg(unix)]
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
                let path = self.found().unwrap_or_else(|| PathBuf::from(&self.name));
                self.command(OsStr::new("/bin/sh"), Some(&path)).spawn()
            }
            other => other,
        };
        let child = child.map_err(|error| self.explain(error))?;
        Ok(Running { id: child.id(), ended: relay.attend(child) })
    }

    fn command(&self, name: &OsStr, script: Option<&Path>) -> Command {
        let mut command = Command::new(name);
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.args(script).args(&self.arguments).env_clear().envs(environment);
        command
    }

    /// Why it was not started. The system says the same of a folder and of a file without the right to execute it, and of a
    /// program that is missing and of one whose interpreter is.
    fn explain(&self, error: io::Error) -> NotStarted {
        let found = self.found();
        match (error.kind(), found) {
            (_, Some(path)) if fs::is_folder(&path) => NotStarted::Folder { path },
            (io::ErrorKind::NotFound, Some(path)) => {
                NotStarted::Interpreter { name: interpreter(&path), path }
            }
            (io::ErrorKind::NotFound, None) => NotStarted::Missing { in_path: self.is_bare() },
            (io::ErrorKind::PermissionDenied, Some(path)) => NotStarted::NotExecutable { path },
            (_, found) => {
                NotStarted::Refused { error, path: found.unwrap_or_else(|| PathBuf::from(&self.name)) }
            }
        }
    }

    /// The file that it is, where it is one.
    fn found(&self) -> Option<PathBuf> {
        if !self.is_bare() {
            return fs::state(Path::new(&self.name)).is_ok().then(|| PathBuf::from(&self.name));
        }
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value)?;
        let candidates = std::env::split_paths(path).map(|folder| folder.join(&self.name));
        candidates.into_iter().find(|candidate| fs::state(candidate).is_ok_and(|state| !state.is_folder))
    }

    /// Whether it is a name to be found in `PATH`.
    fn is_bare(&self) -> bool {
        Path::new(&self.name).components().count() == 1
            && !self.name.as_encoded_bytes().contains(&b'/')
            && !self.name.is_empty()
    }
}

/// Why a program was not started.
#[derive(Debug)]
pub enum NotStarted {
    /// It is a folder.
    Folder {
        /// Its path.
        path: PathBuf,
    },
    /// It is there, and what it is to be executed by is not.
    Interpreter {
        /// What its first line says behind `#!`; none of a program that is no script: its loader is missing.
        name: Option<String>,
        /// Its path.
        path: PathBuf,
    },
    /// There is none.
    Missing {
        /// Whether it was looked for in `PATH`.
        in_path: bool,
    },
    /// Nobody has the right to execute it, or this user has not.
    NotExecutable {
        /// Its path.
        path: PathBuf,
    },
    /// Anything else: it is no program, or the arguments are too many.
    Refused {
        /// What the system says.
        error: io::Error,
        /// Its path.
        path: PathBuf,
    },
}

/// The program that is running.
pub struct Running {
    ended: Receiver<u8>,
    id: u32,
}

impl Running {
    /// Its process number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Waits until it has ended, or for so long. Gives its exit status, or 128 and the number of the signal that has
    /// ended it (as the shells have it); none where it still runs.
    pub fn wait(&self, limit: Option<Duration>) -> Option<u8> {
        let ended = match limit {
            Some(limit) => self.ended.recv_timeout(limit),
            None => self.ended.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match ended {
            Ok(status) => Some(status),
            Err(RecvTimeoutError::Timeout) => None,
            // Whoever was with it is gone: nobody hands over signals any more, but its status is still there to be asked for.
            Err(RecvTimeoutError::Disconnected) => Some(relay::wait(self.id)),
        }
    }
}

#[cfg(unix)]
pub use relay::Relay;

/// The way of signals to the program.
///
/// What the terminal sends (Ctrl-C, Ctrl-\, Ctrl-Z, a new size) goes to the whole process group, and so to the program as
/// well: it is not sent twice. What another process sends to certman alone is handed over. Ctrl-Z stops both, and `fg`
/// lets both go on; where the program stops by itself, certman stops too, so that the shell notices.
#[cfg(unix)]
mod relay {
    use std::io;
    use std::process::Child;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
    use signal_hook::consts::{
        SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
    };
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::iterator::exfiltrator::origin::Origin;
    use signal_hook::low_level::siginfo::Cause;

    use super::LOST;
    use crate::sys::process::job;

    /// The signals that this process gets from now on: they no longer end it, and wait for the program.
    pub struct Relay {
        ended: Receiver<u8>,
        started: Sender<Pid>,
    }

    impl Relay {
        /// Begins to catch signals. One that is ignored stays so, and with it in the program: `nohup certman run …`.
        ///
        /// # Errors
        /// What the system says.
        pub fn begin() -> io::Result<Self> {
            let ignored = ignored();
            let signals = HANDED_OVER.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
            let signals = SignalsInfo::new(signals.chain([SIGCHLD]))?;
            let (started, start) = channel();
            let (end, ended) = channel();
            // Before there is a child: where no thread is to be had, none is started.
            std::thread::Builder::new().spawn(move || {
                if let Ok(child) = start.recv() {
                    let _ = end.send(accompany(child, signals));
                }
            })?;
            Ok(Self { ended, started })
        }

        /// Hands over what comes, until the child has ended: then its status is there to be received.
        pub(super) fn attend(self, child: Child) -> Receiver<u8> {
            let _ = self.started.send(Pid::from_child(&child));
            self.ended
        }
    }

    /// Hands over signals to the end of the child. Gives its status.
    fn accompany(child: Pid, mut signals: SignalsInfo<WithOrigin>) -> u8 {
        // Whoever pressed Ctrl-C before there was a child meant both.
        let early: Vec<Origin> = signals.pending().collect();
        early.iter().for_each(|origin| send(child, origin.signal));
        if let Some(status) = look_after(child) {
            return status;
        }
        for origin in signals.forever() {
            if origin.signal != SIGCHLD {
                if is_for_us_alone(&origin, child) {
                    send(child, origin.signal);
                }
            } else if let Some(status) = look_after(child) {
                return status;
            }
        }
        LOST
    }

    /// Whether a signal has not reached the child by itself.
    fn is_for_us_alone(origin: &Origin, child: Pid) -> bool {
        match origin.cause {
            // A line that is cut sends SIGHUP to the leader of the session alone.
            Cause::Kernel => origin.signal == SIGHUP && job::leads_its_session(),
            // A child that sends one to its whole group (`kill 0`) has had it already.
            Cause::Sent(_) => {
                origin.process.is_none_or(|process| process.pid != child.as_raw_nonzero().get())
            }
            // macOS does not tell who it was: most often the terminal.
            _ => !matches!(origin.signal, SIGINT | SIGQUIT | SIGWINCH),
        }
    }

    /// Hands a signal over. That the child has ended is told by SIGCHLD, and until it is asked for its status its number is
    /// nobody else's.
    fn send(child: Pid, signal: i32) {
        if signal != SIGCHLD
            && let Some(signal) = Signal::from_named_raw(signal)
        {
            let _ = rustix::process::kill_process(child, signal);
        }
    }

    /// Takes notice of what has become of the child: its status where it has ended.
    fn look_after(child: Pid) -> Option<u8> {
        let options = WaitOptions::NOHANG | WaitOptions::UNTRACED | WaitOptions::CONTINUED;
        let mut is_stopped = false;
        loop {
            match rustix::process::waitpid(Some(child), options) {
                Ok(Some((_, status))) if status.stopped() => {
                    is_stopped = true;
                    // `fg` wakes one after the other; whoever is awake first must not take the other for stopped.
                    std::thread::sleep(LONGEST_WAKING);
                }
                Ok(Some((_, status))) if status.continued() => is_stopped = false,
                Ok(Some((_, status))) => return Some(code(status)),
                Ok(None) if is_stopped && job::is_job_of_a_shell() => {
                    is_stopped = false;
                    let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::STOP);
                }
                Ok(None) => return None,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Some(LOST),
            }
        }
    }

    /// Waits for the end of the child, and for nothing else.
    pub(super) fn wait(child: u32) -> u8 {
        let Some(child) = i32::try_from(child).ok().and_then(Pid::from_raw) else { return LOST };
        loop {
            match rustix::process::waitpid(Some(child), WaitOptions::empty()) {
                Ok(Some((_, status))) => return code(status),
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return LOST,
            }
        }
    }

    fn code(status: WaitStatus) -> u8 {
        let code = status.exit_status().or_else(|| Some(128 + status.terminating_signal()?));
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(LOST)
    }

    /// The signals that this process ignores, a bit each from the lowest, which is signal 1. Nobody but Linux tells.
    fn ignored() -> u64 {
        #[cfg(target_os = "linux")]
        {
            let about = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let mask = about.lines().find_map(|line| line.strip_prefix("SigIgn:"));
            mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
        }
        #[cfg(not(target_os = "linux"))]
        0
    }

    /// What ends or tells something to a program by default. SIGTSTP and its like are left as they are: they stop certman,
    /// as the shell expects.
    const HANDED_OVER: [i32; 9] =
        [SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];
    /// Between the first and the last process of a group that is told to go on.
    const LONGEST_WAKING: Duration = Duration::from_millis(50);
}

/// Where signals are no matter of ours.
#[cfg(not(unix))]
mod relay {
    /// The thread that has waited for the child is gone, and with it the handle to ask for its status by.
    pub(super) fn wait(_child: u32) -> u8 {
        super::LOST
    }
}

/// The way of signals to the program: on Windows Ctrl-C reaches both by itself, and there is nothing else.
#[cfg(not(unix))]
pub struct Relay;

#[cfg(not(unix))]
impl Relay {
    /// Begins.
    ///
    /// # Errors
    /// Never.
    pub fn begin() -> io::Result<Self> {
        Ok(Self)
    }

    fn attend(self, mut child: std::process::Child) -> Receiver<u8> {
        let (end, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let code = child.wait().ok().and_then(|status| status.code());
            let _ = end.send(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(LOST));
        });
        ended
    }
}

/// What the first line of a script says behind `#!`.
fn interpreter(path: &Path) -> Option<String> {
    use std::io::Read;

    let mut head = Vec::new();
    fs::reader(path).ok()?.take(256).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    // A carriage return counts to the name, and is what is wrong with it.
    let has_return = head.get(line.len() + 2) == Some(&b'\r');
    let line = String::from_utf8_lossy(line);
    let name = line.split_whitespace().next().unwrap_or_default().to_owned();
    Some(if has_return { name + "\r" } else { name })
}

/// The status where the system has lost the program: that of a failure of certman's own.
const LOST: u8 = 125;
