//! Starting a Node or Bun that somebody has named, to ask it something.
//!
//! Owns how it is started: with an environment that holds what it is given and nothing else, in a folder of its own, within
//! limits of time and output, and with an end for everything that it has started itself. Never knows what it is asked.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What is started, and with what.
pub struct Question<'a> {
    /// Its arguments; others on this machine see them.
    pub arguments: &'a [&'a str],
    /// Its whole environment.
    pub environment: &'a [(&'a str, OsString)],
    /// Where it runs.
    pub folder: &'a Path,
    /// What it reads on standard input; a secret may be in it.
    pub input: &'a [u8],
    /// The program: a path, or a name that is looked up in the `PATH` of that environment.
    pub program: &'a OsStr,
}

/// What it said.
pub struct Answer {
    /// Its complaints, cut at [`LONGEST_COMPLAINT`] bytes.
    pub complaint: Vec<u8>,
    /// Standard output, whole.
    pub output: Vec<u8>,
    /// How it ended.
    pub status: ExitStatus,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be started.
    #[error("it cannot be started: {0}")]
    NotStarted(io::Error),
    /// It does not end.
    #[error("it did not end within {} seconds, and was stopped", TIME_LIMIT.as_secs())]
    TimedOut,
    /// It says more than any answer has.
    #[error("it printed more than {} MiB, and was stopped", LONGEST_OUTPUT >> 20)]
    TooMuch,
}

/// Starts a program, and waits for what it says.
///
/// # Errors
/// Where it does not start, does not end in time, or does not stop talking; it is stopped then, with all that it has started.
pub fn ask(question: &Question<'_>) -> Result<Answer, Error> {
    let until = Instant::now() + TIME_LIMIT;
    let mut command = Command::new(question.program);
    command
        .args(question.arguments)
        .env_clear()
        .envs(question.environment.iter().map(|(name, value)| (*name, value)))
        .current_dir(question.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // A group of its own, which ends as a whole.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut running = Running { child: command.spawn().map_err(Error::NotStarted)?, is_over: false };
    let (sender, receiver) = channel();
    let child = &mut running.child;
    read_on_a_thread(child.stdout.take(), Pipe::Output, LONGEST_OUTPUT, &sender);
    read_on_a_thread(child.stderr.take(), Pipe::Complaint, LONGEST_COMPLAINT, &sender);
    drop(sender);
    // A passphrase is short enough for the pipe to take it at once; whoever does not read it is no failure.
    if let Some(mut pipe) = child.stdin.take() {
        let _ = pipe.write_all(question.input);
    }
    let (mut output, mut complaint) = (Vec::new(), Vec::new());
    loop {
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok((Pipe::Output, bytes)) if bytes.len() > LONGEST_OUTPUT => return Err(Error::TooMuch),
            Ok((Pipe::Output, bytes)) => output = bytes,
            Ok((Pipe::Complaint, mut bytes)) => {
                bytes.truncate(LONGEST_COMPLAINT);
                complaint = bytes;
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => return Err(Error::TimedOut),
        }
    }
    loop {
        match has_ended(&mut running.child) {
            Ok(true) => break,
            Ok(false) if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
            Ok(false) | Err(_) => return Err(Error::TimedOut),
        }
    }
    let status = running.end().map_err(|_| Error::TimedOut)?;
    Ok(Answer { complaint, output, status })
}

/// Whether a program has ended; on Unix without collecting its status, so that its number, which is that of its group too,
/// cannot have become another's.
fn has_ended(child: &mut Child) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return Ok(false) };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(pid), options)?.is_some())
    }
    #[cfg(not(unix))]
    Ok(child.try_wait()?.is_some())
}

#[derive(Clone, Copy)]
enum Pipe {
    Complaint,
    Output,
}

/// Reads a pipe to its end, or to one byte more than the limit: then it is closed, and the program learns that nobody listens.
fn read_on_a_thread(
    pipe: Option<impl Read + Send + 'static>,
    which: Pipe,
    limit: usize,
    sender: &Sender<(Pipe, Vec<u8>)>,
) {
    let sender = sender.clone();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What could not be read is missing in the answer, which is then none.
            let _ = pipe.take(limit as u64 + 1).read_to_end(&mut bytes);
        }
        let _ = sender.send((which, bytes));
    });
}

/// A program that ends when this goes, with its whole group.
struct Running {
    child: Child,
    is_over: bool,
}

impl Running {
    /// Ends what of it still runs, and gives the status.
    fn end(&mut self) -> io::Result<ExitStatus> {
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        self.is_over = true;
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_over {
            let _ = self.end();
        }
    }
}

/// In bytes.
pub const LONGEST_COMPLAINT: usize = 64 << 10;
/// In bytes: two hundred thousand fingerprints.
const LONGEST_OUTPUT: usize = 16 << 20;
/// For each start.
const TIME_LIMIT: Duration = Duration::from_secs(10);
