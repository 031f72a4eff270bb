//! The places a passphrase may come from: keyring, prompt, file, descriptor, variable, command.
//!
//! Owns how a place is written in the configuration, and one reading of it. Never chooses a place, never tries a
//! second one, never prints.
#![expect(
    clippy::disallowed_methods,
    reason = "opens what may be a pipe, reads it once into memory that is wiped"
)]

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::secret::Passphrase;
use crate::sys::env::Environment;
use crate::sys::keyring::{self, Keyring};
use crate::sys::terminal::Terminal;

/// Where a passphrase is to come from. Not a secret itself, and shown as it is written in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The standard output of a program; the program first, then its arguments. Never empty.
    Command(Vec<String>),
    /// An open file descriptor of this process: 0, or 3 and above.
    Descriptor(u32),
    /// A file, or a pipe with a name (`/dev/stdin`, `/dev/fd/63`).
    File(PathBuf),
    /// The keyring of the system.
    Keyring,
    /// A question on the terminal.
    Prompt,
    /// A variable of the environment.
    Variable(String),
}

/// What a command lends for one passphrase.
pub struct Lent<'a> {
    /// For [`Source::Variable`].
    pub environment: &'a Environment,
    /// For [`Source::Keyring`].
    pub keyring: &'a dyn Keyring,
    /// For [`Source::Prompt`].
    pub terminal: &'a dyn Terminal,
}

/// A passphrase, and what is worth saying about the place it came from.
#[derive(Debug)]
pub struct Obtained {
    /// The mode bits of the file where people other than its owner may read it, as in `0o644`.
    pub open_to_others: Option<u32>,
    /// 1 to 1,023 bytes, without NUL.
    pub passphrase: Passphrase,
}

/// Gets the passphrase from that place, and from no other. Called last: when a sealed key is at hand.
///
/// `account` is the keyring's name for it, `prompt` the whole question on the terminal. Of a file, a pipe, or a program's
/// output one line ending is cut off, nothing more; a variable is taken as it is.
///
/// Waits for whoever has the other end of a pipe, without a limit; for a program 60 seconds.
pub fn obtain(source: &Source, account: &str, prompt: &str, lent: &Lent<'_>) -> Result<Obtained, Error> {
    let mut open_to_others = None;
    let passphrase = match source {
        Source::Command(words) => run(words, COMMAND_TIME_LIMIT)?,
        Source::Descriptor(number) => {
            let file = inherited(*number).map_err(|cause| match cause.kind() {
                io::ErrorKind::NotFound => Error::Closed { descriptor: *number },
                _ => Error::Unreadable { place: source.to_string(), cause },
            })?;
            read(file, source)?
        }
        Source::File(path) => {
            let file = File::open(path).map_err(|cause| match cause.kind() {
                io::ErrorKind::NotFound => Error::Missing { path: path.clone() },
                _ => Error::Unreadable { place: source.to_string(), cause },
            })?;
            open_to_others = mode_for_others(&file, path)?;
            read(file, source)?
        }
        Source::Keyring => lent.keyring.read(account)?,
        Source::Prompt if !lent.terminal.is_present() => return Err(Error::NoTerminal),
        Source::Prompt => lent.terminal.ask_passphrase(prompt).map_err(Error::Prompt)?,
        Source::Variable(name) => match lent.environment.value(name) {
            Some(value) => Passphrase::new(bytes_of(value, name)?),
            None => return Err(Error::Unset { name: name.clone() }),
        },
    };
    check(&passphrase, source)?;
    Ok(Obtained { open_to_others, passphrase })
}

/// What no client takes: nothing, more than 1,023 bytes, a NUL.
fn check(passphrase: &Passphrase, source: &Source) -> Result<(), Error> {
    let place = source.name();
    if passphrase.is_empty() {
        Err(Error::Empty { place })
    } else if passphrase.expose_secret().len() > Passphrase::LONGEST {
        Err(Error::TooLong { place })
    } else if passphrase.expose_secret().contains(&0) {
        Err(Error::Nul { place })
    } else {
        Ok(())
    }
}

/// Reads an open file or pipe, but never a terminal: the passphrase would be on the screen.
fn read(file: File, source: &Source) -> Result<Passphrase, Error> {
    if file.is_terminal() {
        return Err(Error::Terminal { place: source.to_string() });
    }
    read_line(file).map_err(|cause| match cause.kind() {
        io::ErrorKind::IsADirectory => Error::Folder { place: source.to_string() },
        _ => Error::Unreadable { place: source.to_string(), cause },
    })
}

/// Reads up to one byte more than the longest passphrase and its line ending. The buffer never grows.
fn read_line(mut from: impl Read) -> io::Result<Passphrase> {
    let mut buffer = Zeroizing::new(vec![0; READ_LIMIT]);
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(Passphrase::from_line(std::mem::take(&mut *buffer)))
}

/// The mode bits of a regular file that its group or others may read. A folder is an error; a pipe has no bits to tell.
#[cfg(unix)]
fn mode_for_others(file: &File, path: &Path) -> Result<Option<u32>, Error> {
    use std::os::unix::fs::MetadataExt;

    let source = || Source::File(path.to_owned()).to_string();
    let metadata = file.metadata().map_err(|cause| Error::Unreadable { place: source(), cause })?;
    if metadata.is_dir() {
        return Err(Error::Folder { place: source() });
    }
    let mode = metadata.mode() & 0o7777;
    Ok((metadata.is_file() && mode & 0o044 != 0).then_some(mode))
}

#[cfg(not(unix))]
fn mode_for_others(_file: &File, _path: &Path) -> Result<Option<u32>, Error> {
    Ok(None)
}

/// The descriptor of that number that whoever started us has left open; `NotFound` where there is none.
#[cfg(target_os = "linux")]
fn inherited(number: u32) -> io::Result<File> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    // A descriptor that is ours, not inherited, closes on exec: its number was free when we were started.
    let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}"))?;
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:")).unwrap_or_default();
    if u32::from_str_radix(flags.trim(), 8).is_ok_and(|flags| flags & CLOSE_ON_EXEC != 0) {
        return Err(io::ErrorKind::NotFound.into());
    }
    // The descriptor itself, at the place in its file where it stands, as gpg and openssl read it. Linux before 5.6 and
    // some containers refuse that; then the same file, from its beginning.
    let ourselves = pidfd_open(getpid(), PidfdFlags::empty());
    let number_there = i32::try_from(number).map_err(|_| io::ErrorKind::NotFound)?;
    match ourselves.and_then(|process| pidfd_getfd(process, number_there, PidfdGetfdFlags::empty())) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        Err(_) => File::open(format!("/dev/fd/{number}")),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn inherited(number: u32) -> io::Result<File> {
    File::open(format!("/dev/fd/{number}")).map_err(|error| {
        let closed = error.raw_os_error() == Some(rustix::io::Errno::BADF.raw_os_error());
        if closed { io::ErrorKind::NotFound.into() } else { error }
    })
}

#[cfg(not(unix))]
fn inherited(_number: u32) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn bytes_of(value: &OsStr, _name: &str) -> Result<Vec<u8>, Error> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(value).to_vec())
}

#[cfg(not(unix))]
fn bytes_of(value: &OsStr, name: &str) -> Result<Vec<u8>, Error> {
    let text = value.to_str().ok_or_else(|| Error::NotText { name: name.to_owned() })?;
    Ok(text.as_bytes().to_vec())
}

/// Runs a program for what it prints. No shell, nothing to read, its complaints go where ours go.
fn run(words: &[String], time_limit: Duration) -> Result<Passphrase, Error> {
    let [program, arguments @ ..] = words else { return Err(Error::Empty { place: "command".to_owned() }) };
    let name = || program.clone();
    let until = Instant::now() + time_limit;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|cause| Error::NotStarted { program: name(), cause })?;
    let output = child.stdout.take();
    let (sender, receiver) = sync_channel(1);
    // On a thread, since a program that prints nothing cannot be waited for with a limit otherwise.
    thread::spawn(move || {
        let passphrase = output.map_or_else(|| Ok(Passphrase::new(Vec::new())), read_line);
        let _ = sender.send(passphrase);
    });
    let answer = receiver.recv_timeout(time_limit);
    let too_long =
        matches!(&answer, Ok(Ok(passphrase)) if passphrase.expose_secret().len() > Passphrase::LONGEST);
    if too_long {
        // It may never stop printing.
        stop(&mut child);
        return Err(Error::TooLong { place: Source::Command(words.to_vec()).name() });
    }
    let ended = match answer {
        Ok(_) => ended_by(&mut child, until),
        Err(_) => Ok(None),
    };
    match (answer, ended) {
        (_, Ok(Some(status))) if !status.success() => Err(Error::Failed { program: name(), status }),
        (Ok(Ok(passphrase)), Ok(Some(_))) => Ok(passphrase),
        (Err(RecvTimeoutError::Timeout), _) | (Ok(_), Ok(None)) => {
            stop(&mut child);
            Err(Error::TimedOut { program: name(), waited: time_limit })
        }
        (Ok(Err(cause)), _) | (_, Err(cause)) => {
            stop(&mut child);
            Err(Error::Unreadable { place: Source::Command(words.to_vec()).name(), cause })
        }
        (Err(RecvTimeoutError::Disconnected), _) => {
            stop(&mut child);
            Err(Error::Empty { place: Source::Command(words.to_vec()).name() })
        }
    }
}

/// How the program ended; none where it still runs at that time. Its output is closed already, so it ends soon.
fn ended_by(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            None if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
            ended => return Ok(ended),
        }
    }
}

/// Ends the program for good. That it has ended already is no error.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

impl Source {
    /// The place in a message: of a command the program alone, since arguments are long and nobody's business.
    pub fn name(&self) -> String {
        match self {
            Self::Command(words) => format!("the command '{}'", words.first().map_or("", String::as_str)),
            Self::Keyring => "the keyring".to_owned(),
            Self::Prompt => "the terminal".to_owned(),
            Self::Descriptor(_) | Self::File(_) | Self::Variable(_) => format!("'{self}'"),
        }
    }
}

impl FromStr for Source {
    type Err = SourceError;

    /// Reads what stands in the configuration. `file:` and its path are taken as they are: nothing is expanded here.
    fn from_str(text: &str) -> Result<Self, SourceError> {
        match text.split_once(':') {
            None if text == "keyring" => Ok(Self::Keyring),
            None if text == "prompt" => Ok(Self::Prompt),
            Some(("command", line)) => Ok(Self::Command(split(line)?)),
            Some(("env", "")) => Err(SourceError::Name),
            Some(("env", name)) if name.contains(['=', '\0']) => Err(SourceError::Name),
            Some(("env", name)) => Ok(Self::Variable(name.to_owned())),
            // 1 and 2 are for what we say.
            Some(("fd", number)) => match number.parse() {
                Ok(number) if !matches!(number, 1 | 2) && number <= i32::MAX.unsigned_abs() => {
                    Ok(Self::Descriptor(number))
                }
                _ => Err(SourceError::Descriptor),
            },
            Some(("file", "")) => Err(SourceError::Path),
            Some(("file", path)) if path.contains('\0') => Err(SourceError::Path),
            Some(("file", path)) => Ok(Self::File(PathBuf::from(path))),
            _ => Err(SourceError::Unknown),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(words) => {
                f.write_str("command:")?;
                for (index, word) in words.iter().enumerate() {
                    let blank = if index == 0 { "" } else { " " };
                    write!(f, "{blank}{}", quoted(word))?;
                }
                Ok(())
            }
            Self::Descriptor(number) => write!(f, "fd:{number}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Keyring => f.write_str("keyring"),
            Self::Prompt => f.write_str("prompt"),
            Self::Variable(name) => write!(f, "env:{name}"),
        }
    }
}

/// Splits a command line at blanks. Single quotes keep everything; in double quotes a backslash keeps `"`, `\`, `$` and
/// the backtick; outside of quotes it keeps any character.
///
/// What only a shell would understand (`|`, `$HOME`) is an error rather than an argument.
fn split(line: &str) -> Result<Vec<String>, SourceError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some('\'') => break,
                        Some(kept) => word.push(kept),
                        None => return Err(SourceError::Quote),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some('"') => break,
                        Some('\\') => match characters.next() {
                            Some(kept @ ('"' | '\\' | '$' | '`')) => word.push(kept),
                            Some(other) => word.extend(['\\', other]),
                            None => return Err(SourceError::Quote),
                        },
                        Some('$' | '`') => return Err(SourceError::Shell),
                        Some(kept) => word.push(kept),
                        None => return Err(SourceError::Quote),
                    }
                }
            }
            '\\' => match characters.next() {
                Some(kept) => word.get_or_insert_default().push(kept),
                None => return Err(SourceError::Quote),
            },
            '\0' => return Err(SourceError::Program),
            _ if FOR_A_SHELL.contains(character) => return Err(SourceError::Shell),
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    match words.first() {
        Some(program) if !program.is_empty() && !words.iter().any(|word| word.contains('\0')) => Ok(words),
        _ => Err(SourceError::Program),
    }
}

/// A word as [`split`] reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Why a text names no place for a passphrase. The text is not in it: people put the passphrase itself there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// `fd:` without a usable number.
    #[error("a descriptor is written fd:0, or fd:N with N from 3 on")]
    Descriptor,
    /// `env:` without a usable name.
    #[error("a variable is written env:NAME")]
    Name,
    /// `file:` without a usable path.
    #[error("a file is written file:PATH")]
    Path,
    /// `command:` without a program.
    #[error("a command is written command:PROGRAM ARG…")]
    Program,
    /// A quote or a backslash in a command that nothing follows.
    #[error("a quote in the command is not closed, or a backslash stands at its end")]
    Quote,
    /// A command that was meant for a shell.
    #[error(
        "the command is run without a shell: quote the characters | & ; < > $ ` ( ), or write command:sh -c '…'"
    )]
    Shell,
    /// Anything else.
    #[error(
        "a passphrase comes from one of keyring, prompt, file:PATH, fd:N, env:NAME, command:PROGRAM ARG…"
    )]
    Unknown,
}

/// Why there is no passphrase. None of it holds any of the passphrase.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whoever started us has not left that descriptor open.
    #[error("descriptor {descriptor} is not open")]
    Closed {
        /// Its number.
        descriptor: u32,
    },
    /// Every client takes an empty passphrase for none.
    #[error("the passphrase from {place} is empty")]
    Empty {
        /// The place.
        place: String,
    },
    /// The program said that it failed.
    #[error("the command '{program}' failed ({status})")]
    Failed {
        /// The program, without its arguments.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A folder where a file should be.
    #[error("'{place}' is a folder")]
    Folder {
        /// The place.
        place: String,
    },
    /// The keyring did not answer; each of its reasons has a next step of its own.
    #[error(transparent)]
    Keyring(#[from] keyring::Error),
    /// No such file.
    #[error("the passphrase file '{}' does not exist", path.display())]
    Missing {
        /// Its path.
        path: PathBuf,
    },
    /// Nobody to ask: no terminal, or `--no-input`.
    #[error("there is no terminal to ask for the passphrase on")]
    NoTerminal,
    /// The program could not be started.
    #[error("the command '{program}' could not be started: {cause}")]
    NotStarted {
        /// What the system said.
        cause: io::Error,
        /// The program, without its arguments.
        program: String,
    },
    /// The variable is not Unicode (Windows).
    #[error("the variable {name} is not text")]
    NotText {
        /// Its name.
        name: String,
    },
    /// A NUL byte: no client can be given it.
    #[error("the passphrase from {place} holds a NUL byte")]
    Nul {
        /// The place.
        place: String,
    },
    /// The terminal failed, or the person gave no answer.
    #[error("no passphrase was given on the terminal: {0}")]
    Prompt(#[source] io::Error),
    /// A terminal in the place of a file or a pipe: the passphrase would be seen.
    #[error("'{place}' is a terminal, which would show the passphrase")]
    Terminal {
        /// The place.
        place: String,
    },
    /// The program took too long and was ended.
    #[error("the command '{program}' did not end within {} seconds", waited.as_secs_f32())]
    TimedOut {
        /// The program, without its arguments.
        program: String,
        /// How long that was.
        waited: Duration,
    },
    /// Every client stops at 1,023 bytes.
    #[error("the passphrase from {place} is longer than 1,023 bytes")]
    TooLong {
        /// The place.
        place: String,
    },
    /// It is there and cannot be read.
    #[error("'{place}' cannot be read: {cause}")]
    Unreadable {
        /// What the system said.
        cause: io::Error,
        /// The place.
        place: String,
    },
    /// The variable is not set, or empty.
    #[error("the variable {name} is not set, or empty")]
    Unset {
        /// Its name.
        name: String,
    },
}

/// What stands for something else in a shell, and for nothing here.
const FOR_A_SHELL: &str = "|&;<>$`()";

/// `O_CLOEXEC`, as Linux shows it in fdinfo on every architecture but alpha, parisc and sparc.
#[cfg(target_os = "linux")]
const CLOSE_ON_EXEC: u32 = 0o2_000_000;

/// How long a program may take: as long as a person may take to answer it.
const COMMAND_TIME_LIMIT: Duration = Duration::from_secs(60);

/// The longest passphrase, `\r\n`, and one byte that is too many.
const READ_LIMIT: usize = Passphrase::LONGEST + 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::terminal::NoTerminal;

    #[test]
    fn every_place_is_read_and_shown_as_it_is_written() {
        let words = |words: &[&str]| Source::Command(words.iter().map(|&word| word.to_owned()).collect());
        for (text, source) in [
            ("keyring", Source::Keyring),
            ("prompt", Source::Prompt),
            ("file:/run/secrets/p w", Source::File("/run/secrets/p w".into())),
            ("file:~/a:b", Source::File("~/a:b".into())),
            ("fd:0", Source::Descriptor(0)),
            ("fd:63", Source::Descriptor(63)),
            ("env:KEY_PASS", Source::Variable("KEY_PASS".to_owned())),
            ("command:pass", words(&["pass"])),
            ("command:pass show certs/client.key", words(&["pass", "show", "certs/client.key"])),
            (
                "command:op read op://Private/key/password",
                words(&["op", "read", "op://Private/key/password"]),
            ),
            ("command:x 'a b' '' '$HOME|'", words(&["x", "a b", "", "$HOME|"])),
            (r"command:x 'it'\''s'", words(&["x", "it's"])),
        ] {
            assert_eq!(text.parse(), Ok(source.clone()), "{text}");
            assert_eq!(source.to_string(), text);
        }
    }

    #[test]
    fn quotes_and_backslashes_are_understood() {
        for (line, words) in [
            ("  a\tb\n c  ", vec!["a", "b", "c"]),
            (r#"a "b c" "" d"e"'f'"#, vec!["a", "b c", "", "def"]),
            (r#"a "x\"y\\z\$\`\n" "#, vec!["a", r#"x"y\z$`\n"#]),
            (r"a b\ c \| \'", vec!["a", "b c", "|", "'"]),
            (r"'C:\Program Files\p.exe' \\", vec![r"C:\Program Files\p.exe", r"\"]),
            ("größe 'ä ö'", vec!["größe", "ä ö"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
            let shown = Source::Command(words.iter().map(|&word| word.to_owned()).collect()).to_string();
            assert_eq!(split(shown.strip_prefix("command:").unwrap()).unwrap(), words, "{shown}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused_and_not_repeated() {
        for (text, error) in [
            ("", SourceError::Unknown),
            ("hunter2", SourceError::Unknown),
            ("pass:hunter2", SourceError::Unknown),
            ("Keyring", SourceError::Unknown),
            ("keyring:hunter2", SourceError::Unknown),
            ("file:", SourceError::Path),
            ("env:", SourceError::Name),
            ("env:hunter=2", SourceError::Name),
            ("fd:", SourceError::Descriptor),
            ("fd:1", SourceError::Descriptor),
            ("fd:2", SourceError::Descriptor),
            ("fd:-1", SourceError::Descriptor),
            ("fd:4294967295", SourceError::Descriptor),
            ("fd:hunter2", SourceError::Descriptor),
            ("command:", SourceError::Program),
            ("command:  ", SourceError::Program),
            ("command:'' hunter2", SourceError::Program),
            ("command:echo 'hunter2", SourceError::Quote),
            ("command:echo \"hunter2", SourceError::Quote),
            ("command:echo hunter2\\", SourceError::Quote),
            ("command:echo hunter2 | cat", SourceError::Shell),
            ("command:$HOME/hunter2", SourceError::Shell),
            ("command:echo \"$HUNTER2\"", SourceError::Shell),
        ] {
            let refused = text.parse::<Source>().unwrap_err();
            assert!(!format!("{refused} {refused:?}").contains("hunter"), "{refused}");
            assert_eq!(refused, error, "{text}");
        }
        let all = SourceError::Unknown.to_string();
        for place in ["keyring", "prompt", "file:", "fd:", "env:", "command:"] {
            assert!(all.contains(place), "{all}");
        }
    }

    #[test]
    fn a_variable_is_taken_as_it_is() {
        let environment = [("SET", " geheim\n"), ("EMPTY", "")];
        assert_eq!(from("env:SET", environment).unwrap(), b" geheim\n");
        for name in ["EMPTY", "OTHER"] {
            let error = from(&format!("env:{name}"), environment).unwrap_err();
            assert_eq!(error.to_string(), format!("the variable {name} is not set, or empty"));
        }
    }

    #[test]
    fn without_a_terminal_nobody_is_asked() {
        assert!(matches!(from("prompt", NOTHING), Err(Error::NoTerminal)));
    }

    #[test]
    fn the_keyring_is_asked_for_the_account() {
        assert_eq!(from("keyring", NOTHING).unwrap(), b"of client-key:/k");
    }

    #[test]
    fn a_file_gives_all_but_one_line_ending() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        for (content, passphrase) in [
            (b"geheim".to_vec(), b"geheim".to_vec()),
            (b" geheim \r\n".to_vec(), b" geheim ".to_vec()),
            (b"two\nlines\n\n".to_vec(), b"two\nlines\n".to_vec()),
            (b"gr\xf6\xdfer\n".to_vec(), b"gr\xf6\xdfer".to_vec()),
            (vec![b'x'; 1_023], vec![b'x'; 1_023]),
            ([vec![b'x'; 1_023], b"\r\n".to_vec()].concat(), vec![b'x'; 1_023]),
        ] {
            std::fs::write(&path, &content).unwrap();
            assert_eq!(from(&format!("file:{}", path.display()), NOTHING).unwrap(), passphrase);
        }
        for (content, told) in [
            (b"".to_vec(), "is empty"),
            (b"\n".to_vec(), "is empty"),
            (b"gehe\0im".to_vec(), "holds a NUL byte"),
            (vec![b'x'; 1_024], "is longer than 1,023 bytes"),
            ([vec![b'x'; 1_023], b"\n\n".to_vec()].concat(), "is longer than 1,023 bytes"),
            (vec![b'x'; 1 << 20], "is longer than 1,023 bytes"),
        ] {
            std::fs::write(&path, &content).unwrap();
            let error = from(&format!("file:{}", path.display()), NOTHING).unwrap_err();
            assert_eq!(error.to_string(), format!("the passphrase from 'file:{}' {told}", path.display()));
            assert!(!format!("{error:?}").contains("gehe"));
        }
    }

    #[test]
    fn a_missing_file_and_a_folder_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            from(&format!("file:{}", folder.path().display()), NOTHING),
            Err(Error::Folder { .. })
        ));
        let path = folder.path().join("none");
        assert!(matches!(from(&format!("file:{}", path.display()), NOTHING), Err(Error::Missing { .. })));
        let through_a_file = std::env::current_exe().unwrap().join("below");
        assert!(matches!(
            from(&format!("file:{}", through_a_file.display()), NOTHING),
            Err(Error::Unreadable { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_of_a_file_that_others_may_read_is_told() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        std::fs::write(&path, "geheim\n").unwrap();
        for (mode, told) in
            [(0o600, None), (0o400, None), (0o640, Some(0o640)), (0o644, Some(0o644)), (0o604, Some(0o604))]
        {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let source = Source::File(path.clone());
            assert_eq!(lend(&source, NOTHING).unwrap().open_to_others, told, "{mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_gives_what_it_prints() {
        assert_eq!(from("command:printf 'ge heim\\n'", NOTHING).unwrap(), b"ge heim");
        // No shell: the star is a star. Nothing to read: cat ends at once.
        assert_eq!(from("command:echo *", NOTHING).unwrap(), b"*");
        assert!(matches!(from("command:cat", NOTHING), Err(Error::Empty { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_fails_is_named_without_its_arguments() {
        let error = from("command:sh -c 'echo geheim; exit 3'", NOTHING).unwrap_err();
        assert_eq!(error.to_string(), "the command 'sh' failed (exit status: 3)");
        let error = from("command:/nonexistent/program geheim", NOTHING).unwrap_err();
        assert!(error.to_string().starts_with("the command '/nonexistent/program' could not be started: "));
        assert!(!format!("{error} {error:?}").contains("geheim"));
        let error = from("command:sh -c 'echo geheim; kill -9 $$'", NOTHING).unwrap_err();
        assert!(matches!(error, Error::Failed { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_prints_without_end_is_stopped() {
        let error = from("command:yes", NOTHING).unwrap_err();
        assert_eq!(error.to_string(), "the passphrase from the command 'yes' is longer than 1,023 bytes");
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_takes_too_long_is_ended() {
        let limit = Duration::from_millis(300);
        for line in
            ["sleep 20", "sh -c 'echo geheim; exec >&-; exec sleep 20'", "sh -c 'echo geheim; sleep 20'"]
        {
            let start = Instant::now();
            let error = run(&split(line).unwrap(), limit).unwrap_err();
            assert!(matches!(error, Error::TimedOut { .. }), "{line}: {error}");
            assert!(start.elapsed() < Duration::from_secs(10), "{line}");
        }
    }

    struct Remembering;

    impl Keyring for Remembering {
        fn forget(&self, _account: &str) -> Result<(), keyring::Error> {
            Ok(())
        }

        fn read(&self, account: &str) -> Result<Passphrase, keyring::Error> {
            Ok(Passphrase::new(format!("of {account}").into_bytes()))
        }

        fn store(&self, _account: &str, _passphrase: &Passphrase) -> Result<(), keyring::Error> {
            Ok(())
        }
    }

    fn from<const N: usize>(text: &str, environment: [(&str, &str); N]) -> Result<Vec<u8>, Error> {
        let obtained = lend(&text.parse().unwrap(), environment)?;
        Ok(obtained.passphrase.expose_secret().to_vec())
    }

    fn lend<const N: usize>(source: &Source, environment: [(&str, &str); N]) -> Result<Obtained, Error> {
        let environment = Environment::from_pairs(environment);
        let lent = Lent { environment: &environment, keyring: &Remembering, terminal: &NoTerminal };
        obtain(source, "client-key:/k", "Passphrase: ", &lent)
    }

    const NOTHING: [(&str, &str); 0] = [];
}
