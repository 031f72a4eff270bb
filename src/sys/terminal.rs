//! The terminal device: questions to the person, never standard input.
//!
//! Owns the device's modes while a question stands. Never reads or writes the standard streams.
#![expect(clippy::disallowed_methods, reason = "the terminal device is opened here and nowhere else")]

use std::io::{self, Write};

use crate::secret::Passphrase;

/// Someone to ask.
pub trait Terminal {
    /// Asks without echo. The prompt is shown as it is: what is not ours in it has been escaped by the caller.
    ///
    /// What was typed comes back without the Enter, and may be empty. [`io::ErrorKind::UnexpectedEof`] when the person
    /// gave no answer (Ctrl-D), [`io::ErrorKind::InvalidData`] when the terminal does not send UTF-8. Ctrl-C
    /// ends the program as it does everywhere, with the terminal as it was before.
    fn ask_passphrase(&self, prompt: &str) -> io::Result<Passphrase>;
    /// Asks a question that is answered with yes or no. The question is shown as it is, and may have many lines.
    ///
    /// Only `y` and `yes` are a yes; no answer at all (Ctrl-D) is a no.
    fn confirm(&self, question: &str) -> io::Result<bool>;
    /// Whether there is a terminal to ask on.
    fn is_present(&self) -> bool;
}

/// The terminal that the program was started from: `/dev/tty`, on Windows the console.
///
/// A signal from elsewhere that ends the program while it asks (`kill`, a closed window) leaves the terminal
/// without echo, as `stty sane` mends it: there is no safe way to catch one.
pub struct TerminalDevice;

impl Terminal for TerminalDevice {
    fn ask_passphrase(&self, prompt: &str) -> io::Result<Passphrase> {
        let typed = ask(prompt)?.into_bytes();
        // rpassword puts U+FFFD where it cannot read a character: a key would not be opened by that.
        if typed.windows(REPLACEMENT.len()).any(|part| part == REPLACEMENT) {
            drop(Passphrase::new(typed));
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the terminal sent something that is not UTF-8",
            ));
        }
        Ok(Passphrase::new(typed))
    }

    #[cfg(unix)]
    fn confirm(&self, question: &str) -> io::Result<bool> {
        use std::io::Write;

        let device = device::open()?;
        (&device).write_all(question.as_bytes())?;
        // What was typed before the question is no answer to it.
        rustix::termios::tcflush(&device, rustix::termios::QueueSelector::IFlush)?;
        is_yes(&device)
    }

    #[cfg(not(unix))]
    fn confirm(&self, question: &str) -> io::Result<bool> {
        use std::io::Write;

        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true);
        options.open("CONOUT$")?.write_all(question.as_bytes())?;
        is_yes(&options.open("CONIN$")?)
    }

    #[cfg(unix)]
    fn is_present(&self) -> bool {
        device::open().is_ok()
    }

    #[cfg(not(unix))]
    fn is_present(&self) -> bool {
        std::fs::OpenOptions::new().read(true).write(true).open("CONIN$").is_ok()
    }
}

/// Nobody: for `--no-input`.
pub struct NoTerminal;

impl Terminal for NoTerminal {
    fn ask_passphrase(&self, _prompt: &str) -> io::Result<Passphrase> {
        Err(io::Error::new(io::ErrorKind::NotFound, "there is no terminal to ask on"))
    }

    fn confirm(&self, _question: &str) -> io::Result<bool> {
        Err(io::Error::new(io::ErrorKind::NotFound, "there is no terminal to ask on"))
    }

    fn is_present(&self) -> bool {
        false
    }
}

/// Reads one line, as the device hands it out; one that is longer than any answer is none.
fn is_yes(mut device: &std::fs::File) -> io::Result<bool> {
    use std::io::Read;

    let mut line = [0; LONGEST_ANSWER];
    let length = loop {
        match device.read(&mut line) {
            // Stopped and continued.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    let answer = line[..length].trim_ascii();
    Ok(answer.eq_ignore_ascii_case(b"y") || answer.eq_ignore_ascii_case(b"yes"))
}

/// rpassword edits the line (backspace, Ctrl-U, Ctrl-W); the device is ours. Its text grows key by key, so parts of it
/// stay behind in freed memory, which [`harden`](crate::sys::process::harden) closes to others.
///
/// By itself rpassword 7.5 answers Ctrl-C with a SIGINT to its own process *before* it restores the terminal: with
/// the usual disposition the shell is left without echo and line editing.
#[cfg(unix)]
fn ask(prompt: &str) -> io::Result<String> {
    let device = device::open()?;
    let typed = {
        let quiet = device::Quiet::begin(&device)?;
        (&device).write_all(prompt.as_bytes())?;
        let config = rpassword::ConfigBuilder::new()
            .input_reader(device::Keys(device.try_clone()?))
            .output_discard()
            .password_feedback_hide()
            .build();
        let typed = rpassword::read_password_with_config(config);
        // The Enter was not echoed either.
        (&device).write_all(b"\n")?;
        drop(quiet);
        typed
    };
    if typed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT)?;
        // Another thread may be the one that gets it; whoever ignores it gets the error instead.
        std::thread::sleep(LONGEST_DELIVERY);
    }
    typed
}

#[cfg(not(unix))]
fn ask(prompt: &str) -> io::Result<String> {
    rpassword::prompt_password(prompt)
}

/// The device and its modes.
#[cfg(unix)]
mod device {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Read};

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr,
    };

    /// The controlling terminal of this process; an error where it has none.
    pub(super) fn open() -> io::Result<File> {
        let device = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        if isatty(&device) { Ok(device) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// A terminal that shows nothing and hands on every key, until this is dropped.
    pub(super) struct Quiet<'device> {
        before: Termios,
        device: &'device File,
    }

    impl<'device> Quiet<'device> {
        pub(super) fn begin(device: &'device File) -> io::Result<Self> {
            let before = tcgetattr(device)?;
            let mut modes = before.clone();
            modes.local_modes -=
                LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            let quiet = Self { before, device };
            // Flush: what was typed before the question is no answer to it.
            tcsetattr(device, OptionalActions::Flush, &modes)?;
            Ok(quiet)
        }
    }

    impl Drop for Quiet<'_> {
        fn drop(&mut self) {
            // A terminal that is gone needs no restoring.
            let _ = tcsetattr(self.device, OptionalActions::Now, &self.before);
        }
    }

    /// The keys as they are pressed; Ctrl-C is an error of the kind `Interrupted`.
    pub(super) struct Keys(pub(super) File);

    impl Read for Keys {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            loop {
                match self.0.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(read) if buffer[..read].contains(&CTRL_C) => {
                        return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"));
                    }
                    // As an ordinary end of input, rpassword would take what was typed so far for the answer.
                    Ok(0) if !buffer.is_empty() => return Err(io::ErrorKind::ConnectionAborted.into()),
                    other => return other,
                }
            }
        }
    }

    const CTRL_C: u8 = 3;
}

/// How long a signal to this process may take to arrive on a busy machine.
#[cfg(unix)]
const LONGEST_DELIVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// More than anyone types for yes, in bytes.
const LONGEST_ANSWER: usize = 64;
/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
