//! What every integration test stands on: the programs it needs, folders that clean up behind
//! themselves, certman with an empty environment, and the leak check.
//!
//! Owns how a child process is started and what counts as a leak. Never judges what certman says:
//! that is the tests' own business.
#![allow(dead_code, reason = "each part is there for the tests that need it")]

pub(crate) mod host;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// Where a program lies: below `target/tools` (put there by `tests/setup`), else on the `PATH`.
///
/// None where it is missing, after a line on standard error that says so: the test ends early. With
/// `CERTMAN_TEST_REQUIRE_ALL=1` a missing program is a failed test.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let found = find_program(name);
    if found.is_none() {
        let message = format!("MISSING: {name} (run tests/setup)");
        assert!(std::env::var_os("CERTMAN_TEST_REQUIRE_ALL").is_none_or(|value| value != "1"), "{message}");
        eprintln!("{message}");
    }
    found
}

/// Python with the packages that `tests/setup` put below `target/tools`, in an environment that is
/// otherwise empty. Debian's own Python where there is one: the D-Bus packages belong to it.
pub(crate) fn python() -> Option<Command> {
    let debian = Path::new("/usr/bin/python3");
    let python = if is_program(debian) { debian.to_owned() } else { program("python3")? };
    let mut command = bare(&python);
    command.env("PYTHONPATH", in_project("target/tools/python")).env("PYTHONDONTWRITEBYTECODE", "1");
    Some(command)
}

/// A path below the project's folder.
pub(crate) fn in_project(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A path below `testdata/`; the file must be there.
pub(crate) fn testdata(name: &str) -> PathBuf {
    let path = in_project("testdata").join(name);
    assert!(path.exists(), "no testdata/{name}");
    path
}

/// The passphrase in `testdata/passphrases/NAME.txt`, without the line ending.
pub(crate) fn fixture_passphrase(name: &str) -> String {
    let path = testdata(&format!("passphrases/{name}.txt"));
    passphrase_in(&path).expect("passphrases of fixtures are UTF-8")
}

/// The built program, with an environment that holds a minimal `PATH` and a `HOME` of its own only.
///
/// No leak check: that is what [`Sandbox::certman`] adds.
pub(crate) fn certman() -> Certman {
    let home = fresh_folder("home");
    let mut command = bare(Path::new(env!("CARGO_BIN_EXE_certman")));
    command.env("HOME", home.path()).current_dir(home.path());
    Certman { command, _home: home }
}

/// A command for certman; its home folder goes when this goes.
pub(crate) struct Certman {
    command: Command,
    _home: TempDir,
}

impl Deref for Certman {
    type Target = Command;

    fn deref(&self) -> &Command {
        &self.command
    }
}

impl DerefMut for Certman {
    fn deref_mut(&mut self) -> &mut Command {
        &mut self.command
    }
}

/// A command that starts from an environment with a minimal `PATH` only, and without standard input.
pub(crate) fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", MINIMAL_PATH).stdin(Stdio::null());
    command
}

/// Runs a command with these bytes on its standard input.
pub(crate) fn output_with_stdin(command: &mut Command, stdin: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let mut pipe = child.stdin.take().expect("standard input was piped");
    // On a thread of its own, since both sides may wait for a full pipe. A child that does not read
    // to the end is no mistake.
    let stdin = stdin.to_vec();
    let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
    let output = child.wait_with_output().expect("a child can be waited for");
    writer.join().expect("the writing thread does not panic");
    output
}

/// A folder that cleans up behind itself, below `target/tmp`.
pub(crate) fn fresh_folder(prefix: &str) -> TempDir {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(parent).expect("target/tmp can be made");
    tempfile::Builder::new().prefix(prefix).tempdir_in(parent).expect("target/tmp can be written")
}

/// A folder to work in and a home folder, both fresh, and a memory of what was put there: what is
/// there later besides that was made by certman, and is searched for secrets.
pub(crate) struct Sandbox {
    given: RefCell<BTreeMap<PathBuf, Vec<u8>>>,
    root: TempDir,
}

impl Sandbox {
    /// Two empty folders.
    pub(crate) fn new() -> Self {
        let root = fresh_folder("sandbox");
        for name in ["home", "work"] {
            std::fs::create_dir(root.path().join(name)).expect("a fresh folder can be written");
        }
        Self { given: RefCell::new(BTreeMap::new()), root }
    }

    /// The current folder of everything that runs here.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// What `HOME` says.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// A path in the working folder; in the home folder where it starts with `~/`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        match name.strip_prefix("~/") {
            Some(rest) => self.home().join(rest),
            None => self.folder().join(name),
        }
    }

    /// Puts a file there, folders included; see [`Sandbox::path`] for the name.
    pub(crate) fn give(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))
            .expect("a folder can be made");
        std::fs::write(&path, content.as_ref())
            .unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
        self.given.borrow_mut().insert(path.clone(), content.as_ref().to_vec());
        path
    }

    /// Puts a copy of `testdata/NAME` there, mode 0600.
    pub(crate) fn copy(&self, name: &str, from: &str) -> PathBuf {
        let path = self.give(name, read(&testdata(from)));
        set_mode(&path, 0o600);
        path
    }

    /// Takes everything that is there now for given: it is not searched for secrets.
    pub(crate) fn accept_what_is_there(&self) {
        self.given.borrow_mut().extend(self.files());
    }

    /// Every file in both folders, symbolic links followed, with its content; pipes and the like left out.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files_below(self.root.path())
    }

    /// A run of certman in the working folder.
    pub(crate) fn certman<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run<'_> {
        let mut command = bare(Path::new(env!("CARGO_BIN_EXE_certman")));
        command.args(arguments).env("HOME", self.home()).current_dir(self.folder());
        Run { command, reveals_secret: Cell::new(false), sandbox: self, stdin: None }
    }

    /// Fails where a fixture's passphrase or a private key is in an output, or in a file that was not
    /// given. An output may hold anything where the run says [`Run::reveals_secret`].
    pub(crate) fn assert_no_secret(&self, output: &Output) {
        let made = self.made();
        assert_no_leak(&leaks(output, &made));
    }

    /// The files that are not as they were given.
    pub(crate) fn made(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let given = self.given.borrow();
        self.files().into_iter().filter(|(path, content)| given.get(path) != Some(content)).collect()
    }
}

/// One run of certman that has not started yet.
pub(crate) struct Run<'sandbox> {
    command: Command,
    reveals_secret: Cell<bool>,
    sandbox: &'sandbox Sandbox,
    stdin: Option<Vec<u8>>,
}

impl Run<'_> {
    /// Adds a variable to the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What certman reads from its standard input; nothing where this is not called.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Lets this run show passphrases and keys: that is what it was asked for.
    pub(crate) fn reveals_secret(self) -> Self {
        self.reveals_secret.set(true);
        self
    }

    /// Runs on a pseudo-terminal of so many columns, with somebody who says yes to every question; what the terminal showed comes
    /// as standard output. None where there is no Python.
    pub(crate) fn watched(mut self, columns: usize) -> Option<Output> {
        let mut person = python()?;
        person.arg(in_project("tests/support/watched.py")).arg(columns.to_string());
        person.arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            person.env(name, value.unwrap_or_default());
        }
        person.env("TERM", "xterm").current_dir(self.sandbox.folder());
        self.command = person;
        Some(self.output())
    }

    /// Runs to the end, and searches what came out for secrets.
    pub(crate) fn output(mut self) -> Output {
        let output = match &self.stdin {
            Some(bytes) => output_with_stdin(&mut self.command, bytes),
            None => self.command.output().expect("certman is built"),
        };
        if !self.reveals_secret.get() {
            self.sandbox.assert_no_secret(&output);
        }
        output
    }
}

/// Fails where a fixture's passphrase or a private key is in an output, or in any file below the folder.
///
/// A file that is a byte-for-byte copy of one in `testdata/` is taken for given.
pub(crate) fn assert_no_secret(output: &Output, folder: &Path) {
    let given: Vec<Vec<u8>> = files_below(&in_project("testdata")).into_values().collect();
    let made = files_below(folder).into_iter().filter(|(_, content)| !given.contains(content)).collect();
    assert_no_leak(&leaks(output, &made));
}

/// Where a secret stands, one sentence each; the secret itself is not in it.
pub(crate) fn leaks(output: &Output, made: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<String> {
    let mut leaks = Vec::new();
    leaks.extend(secret_in(&output.stdout).map(|what| format!("{what} in standard output")));
    leaks.extend(secret_in(&output.stderr).map(|what| format!("{what} in standard error")));
    for (path, content) in made {
        leaks.extend(secret_in(content).map(|what| format!("{what} in {}", path.display())));
        // A secret in a file's name is in every listing of the folder.
        leaks.extend(
            secret_in(path.as_os_str().as_encoded_bytes())
                .map(|what| format!("{what} in the name of a file")),
        );
    }
    leaks
}

/// What kind of secret the bytes hold.
pub(crate) fn secret_in(bytes: &[u8]) -> Option<String> {
    if contains(bytes, b"PRIVATE KEY-----") {
        return Some("a private key".to_owned());
    }
    let (name, _) = FIXTURE_PASSPHRASES.iter().find(|(_, secret)| contains(bytes, secret.as_bytes()))?;
    Some(format!("the passphrase of testdata/{name}"))
}

/// Whether the bytes hold these bytes.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Every file below a folder with its content, symbolic links followed; pipes and the like left out.
pub(crate) fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.expect("a folder can be listed");
        let (path, kind) = (entry.path(), entry.file_type().expect("a file has a type"));
        if kind.is_dir() {
            files.extend(files_below(&path));
        } else if kind.is_file() || kind.is_symlink() && path.is_file() {
            files.insert(path.clone(), read(&path));
        } else if !kind.is_fifo() && !kind.is_socket() && !kind.is_symlink() {
            panic!("{} is of no known kind", path.display());
        }
    }
    files
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    let metadata = std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    metadata.permissions().mode() & 0o7777
}

/// Sets the permission bits of a file or folder.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn find_program(name: &str) -> Option<PathBuf> {
    let ours = in_project("target/tools/bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name));
    std::iter::once(ours).chain(on_path).find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn passphrase_in(path: &Path) -> Option<String> {
    let text = String::from_utf8(read(path)).ok()?;
    Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

fn assert_no_leak(leaks: &[String]) {
    assert!(leaks.is_empty(), "a secret leaked: {}", leaks.join("; "));
}

/// What a child process finds programs in.
pub(crate) const MINIMAL_PATH: &str = "/usr/bin:/bin";

/// Every passphrase of a fixture, with the name of the file below `testdata/` that holds it.
static FIXTURE_PASSPHRASES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let folder = in_project("testdata/passphrases");
    let mut files: Vec<PathBuf> = files_below(&folder).into_keys().collect();
    assert!(files.len() >= 4, "{} holds every fixture's passphrase", folder.display());
    files.push(in_project("testdata/demo/passphrase.txt"));
    let named = |path: PathBuf| {
        let secret = passphrase_in(&path).unwrap_or_else(|| panic!("{} is not UTF-8", path.display()));
        // Too short a passphrase would be found everywhere.
        assert!(secret.len() >= 16, "{} holds a distinctive passphrase", path.display());
        let name = path.strip_prefix(in_project("testdata")).unwrap_or(&path).display().to_string();
        (name, secret)
    };
    files.into_iter().map(named).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stdout: &str) -> Output {
        bare(Path::new("/bin/sh")).args(["-c", "printf %s \"$1\"", "sh", stdout]).output().expect("sh starts")
    }

    #[test]
    fn a_missing_program_is_named_and_none() {
        assert!(find_program("no-such-program").is_none());
        assert!(find_program("sh").is_some());
    }

    #[test]
    fn python_has_what_setup_has_put_there() {
        if program("cargo-deny").is_none() {
            return;
        }
        let mut python = python().expect("Debian has Python");
        let output =
            python.args(["-c", "import cryptography, dbus, dotenv, gi"]).output().expect("Python starts");
        assert!(output.status.success(), "{output:?}");
    }

    #[test]
    fn the_leak_check_sees_passphrases_and_keys_in_outputs_files_and_names() {
        let passphrase = fixture_passphrase("plain");
        let sandbox = Sandbox::new();
        sandbox.give("given.txt", &passphrase);
        assert!(leaks(&said("harmless"), &sandbox.made()).is_empty());
        assert_eq!(leaks(&said(&passphrase), &sandbox.made()).len(), 1);
        assert_eq!(leaks(&said("-----BEGIN EC PRIVATE KEY-----"), &sandbox.made()).len(), 1);

        std::fs::write(sandbox.path("made.txt"), format!("x{passphrase}x")).expect("a file can be written");
        std::fs::write(sandbox.path(&passphrase), "").expect("a file can be written");
        assert_eq!(leaks(&said("harmless"), &sandbox.made()).len(), 2);
        sandbox.accept_what_is_there();
        assert!(leaks(&said("harmless"), &sandbox.made()).is_empty());

        // A given file that has changed counts as made.
        std::fs::write(sandbox.path("given.txt"), format!("{passphrase}\n")).expect("a file can be written");
        assert_eq!(leaks(&said("harmless"), &sandbox.made()).len(), 1);
    }

    #[test]
    fn certman_starts_with_an_empty_environment() {
        let mut command = certman();
        let names: Vec<String> =
            command.get_envs().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
        assert_eq!(names, ["HOME", "PATH"]);
        command.arg("--version").output().expect("certman is built");
    }
}
