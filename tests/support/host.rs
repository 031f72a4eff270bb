//! A world of the test's own, in process: certman with a keyring in memory, a person who has the answers ready, and any day.
//!
//! Owns what the stand-ins do, and the leak check of what was said. Files are real, below the folder that is named.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::rc::Rc;
use std::time::Duration;

use certman::secret::Passphrase;
use certman::sys::env::Environment;
use certman::sys::keyring::{Error, Keyring};
use certman::sys::roots::Roots;
use certman::sys::terminal::Terminal;
use certman::sys::{Host, Stream};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::leaks;

/// A world with nobody to ask, an empty keyring and no environment, on 2031-05-01.
pub(crate) fn host() -> Builder {
    Builder {
        answers: Answers::default(),
        environment: Vec::new(),
        folder: std::env::temp_dir(),
        is_watched: false,
        keyring: Memory::default(),
        managed: PathBuf::from("/nonexistent/claude-code"),
        now: seconds("2031-05-01"),
        root: PathBuf::from("/"),
    }
}

/// A world that is being made.
pub(crate) struct Builder {
    answers: Answers,
    environment: Vec<(String, String)>,
    folder: PathBuf,
    is_watched: bool,
    keyring: Memory,
    managed: PathBuf,
    now: i64,
    root: PathBuf,
}

impl Builder {
    /// The day, `2031-05-01`.
    pub(crate) fn at(self, day: &str) -> Self {
        Self { now: seconds(day), ..self }
    }

    /// A variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The current folder.
    pub(crate) fn folder(self, folder: impl AsRef<Path>) -> Self {
        Self { folder: folder.as_ref().to_owned(), ..self }
    }

    /// The keyring.
    pub(crate) fn keyring(self, keyring: &Memory) -> Self {
        Self { keyring: keyring.clone(), ..self }
    }

    /// The folder of the settings that an administrator has set for Claude Code.
    pub(crate) fn managed(self, folder: impl AsRef<Path>) -> Self {
        Self { managed: folder.as_ref().to_owned(), ..self }
    }

    /// The folder below which the system has its trust store.
    pub(crate) fn root(self, folder: impl AsRef<Path>) -> Self {
        Self { root: folder.as_ref().to_owned(), ..self }
    }

    /// The person at the terminal.
    pub(crate) fn terminal(self, answers: &Answers) -> Self {
        Self { answers: answers.clone(), ..self }
    }

    /// Standard error is a terminal, and standard output is not.
    pub(crate) fn watched(self) -> Self {
        Self { is_watched: true, ..self }
    }

    /// Runs certman, and searches what it says for secrets.
    pub(crate) fn run(self, arguments: &[&str]) -> Ran {
        let (stdout, stderr) = (Heard::default(), Heard::default());
        let stream =
            |heard: &Heard| Stream { columns: None, is_terminal: false, writer: Box::new(heard.clone()) };
        let environment = Environment::from_pairs(self.environment);
        let mut host = Host {
            current_folder: self.folder,
            roots: Roots::below(self.root, &environment),
            environment,
            keyring: Box::new(self.keyring),
            managed_settings: self.managed,
            now: self.now,
            parent: Box::new(|| None),
            stderr: Stream { is_terminal: self.is_watched, ..stream(&stderr) },
            stdin: Box::new(io::empty()),
            stdout: stream(&stdout),
            system_configuration: None,
            terminal: Box::new(self.answers),
        };
        let words = std::iter::once("certman").chain(arguments.iter().copied()).map(OsString::from);
        let status = certman::cli::run(words, &mut host);
        drop(host);
        let (stdout, stderr) = (stdout.0.take(), stderr.0.take());
        let output = Output { status: ExitStatus::default(), stderr: stderr.clone(), stdout: stdout.clone() };
        let leaks = leaks(&output, &BTreeMap::new());
        assert!(leaks.is_empty(), "a secret leaked: {}", leaks.join("; "));
        let text = |bytes| String::from_utf8(bytes).expect("certman speaks UTF-8");
        Ran { status, stderr: text(stderr), stdout: text(stdout) }
    }
}

/// What certman has said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: u8,
    pub(crate) stderr: String,
    pub(crate) stdout: String,
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The codes of the findings.
    pub(crate) fn codes(&self) -> Vec<String> {
        let json = self.json();
        let findings = json["findings"].as_array().expect("findings are a list");
        findings.iter().map(|one| one["code"].as_str().expect("a code is text").to_owned()).collect()
    }
}

/// A keyring in memory, which may be out of order. Clones are the same keyring.
#[derive(Clone, Default)]
pub(crate) struct Memory(Rc<MemoryInside>);

#[derive(Default)]
struct MemoryInside {
    calls: Cell<u32>,
    entries: RefCell<BTreeMap<String, Vec<u8>>>,
    trouble: Cell<Trouble>,
}

/// How a keyring is out of order.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// What it gives back is not what was stored.
    Forgetful,
    /// It is locked.
    Locked,
    /// There is nobody on the bus.
    NoService,
    /// It works.
    #[default]
    None,
    /// It reads, and stores nothing.
    ReadOnly,
    /// It never answers.
    Silent,
}

impl Memory {
    /// A keyring with one entry.
    pub(crate) fn with(account: &str, passphrase: &str) -> Self {
        let memory = Self::default();
        memory.0.entries.borrow_mut().insert(account.to_owned(), passphrase.into());
        memory
    }

    /// The same, out of order from now on.
    pub(crate) fn but(self, trouble: Trouble) -> Self {
        self.0.trouble.set(trouble);
        self
    }

    /// How often it was asked for anything.
    pub(crate) fn calls(&self) -> u32 {
        self.0.calls.get()
    }

    /// What an account has.
    pub(crate) fn entry(&self, account: &str) -> Option<String> {
        let entries = self.0.entries.borrow();
        entries.get(account).map(|entry| String::from_utf8(entry.clone()).expect("entries are text"))
    }

    fn answer(&self) -> Result<(), Error> {
        self.0.calls.set(self.calls() + 1);
        match self.0.trouble.get() {
            Trouble::Locked => Err(Error::Locked { cause: "a test".to_owned() }),
            Trouble::NoService => Err(Error::NoService { cause: "a test".to_owned() }),
            Trouble::Silent => Err(Error::TimedOut { waited: Duration::from_secs(5) }),
            Trouble::Forgetful | Trouble::None | Trouble::ReadOnly => Ok(()),
        }
    }
}

impl Keyring for Memory {
    fn forget(&self, account: &str) -> Result<(), Error> {
        self.answer()?;
        let forgotten = self.0.entries.borrow_mut().remove(account);
        forgotten.map(|_| ()).ok_or_else(|| Error::Absent { account: account.to_owned() })
    }

    fn read(&self, account: &str) -> Result<Passphrase, Error> {
        self.answer()?;
        let entries = self.0.entries.borrow();
        let entry = entries.get(account).ok_or_else(|| Error::Absent { account: account.to_owned() })?;
        Ok(Passphrase::new(entry.clone()))
    }

    fn store(&self, account: &str, passphrase: &Passphrase) -> Result<(), Error> {
        self.answer()?;
        let mut entry = passphrase.expose_secret().to_vec();
        match self.0.trouble.get() {
            Trouble::ReadOnly => return Err(Error::Other { cause: "it is read-only".to_owned() }),
            Trouble::Forgetful => entry.truncate(3),
            _ => {}
        }
        self.0.entries.borrow_mut().insert(account.to_owned(), entry);
        Ok(())
    }
}

/// A person with the answers ready; without any there is no terminal. Clones are the same person.
#[derive(Clone, Default)]
pub(crate) struct Answers(Rc<AnswersInside>);

#[derive(Default)]
struct AnswersInside {
    is_present: Cell<bool>,
    ready: RefCell<VecDeque<String>>,
    questions: RefCell<Vec<String>>,
}

impl Answers {
    /// These answers, in this order; then Ctrl-D.
    pub(crate) fn of(answers: &[&str]) -> Self {
        let person = Self::default();
        person.0.is_present.set(true);
        person.0.ready.borrow_mut().extend(answers.iter().map(|answer| (*answer).to_owned()));
        person
    }

    /// What was asked.
    pub(crate) fn questions(&self) -> Vec<String> {
        self.0.questions.borrow().clone()
    }
}

impl Terminal for Answers {
    fn ask_passphrase(&self, prompt: &str) -> io::Result<Passphrase> {
        self.0.questions.borrow_mut().push(prompt.to_owned());
        let answer = self.0.ready.borrow_mut().pop_front().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Passphrase::new(answer.into_bytes()))
    }

    fn confirm(&self, question: &str) -> io::Result<bool> {
        self.0.questions.borrow_mut().push(question.to_owned());
        let answer = self.0.ready.borrow_mut().pop_front();
        Ok(answer.is_some_and(|answer| answer == "y"))
    }

    fn is_present(&self) -> bool {
        self.0.is_present.get()
    }
}

/// Everything that was written to a stream.
#[derive(Clone, Default)]
struct Heard(Rc<RefCell<Vec<u8>>>);

impl Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn seconds(day: &str) -> i64 {
    let moment = OffsetDateTime::parse(&format!("{day}T00:00:00Z"), &Rfc3339);
    moment.expect("a day is written 2031-05-01").unix_timestamp()
}
