//! Statements that set and unset environment variables, quoted by the rules of each shell.
//!
//! Owns the quoting and nothing else: which variables there are, which shell is meant and where the
//! text goes is decided elsewhere. It never runs a shell and never shows a value in an error.
//!
//! A script may hold a passphrase. It is therefore written twice: the first time only its length is
//! counted, so that the buffer of the second time has its full size from the start and no copy of a
//! secret is left behind by growth.

mod cmd;
mod csh;
mod devcontainer;
mod docker;
mod dotenv;
mod fish;
pub mod github;
mod json;
mod launchd;
mod mksh;
mod nu;
mod pwsh;
mod sh;
mod systemd;

use thiserror::Error;
use zeroize::Zeroizing;

/// The text that carries out `statements` in `shell`, in the order given.
///
/// What the reader promises for each shell, and the command line it is meant for, stands at the head
/// of the file of that shell. An empty list gives what does nothing there (an empty object for
/// [`Shell::Json`], an empty record for [`Shell::Nu`], no text for the others).
///
/// # Errors
///
/// [`Unquotable`] when a name is no variable name, or when the shell has no way to say a value. Then
/// there is no text at all.
pub fn script(shell: Shell, statements: &[Statement<'_>]) -> Result<Zeroizing<Vec<u8>>, Unquotable> {
    check(statements)?;
    let write: fn(&[Statement<'_>], &mut dyn Text) -> Result<(), Unquotable> = match shell {
        Shell::Cmd => cmd::write,
        Shell::Csh => csh::write,
        Shell::Devcontainer => devcontainer::write,
        Shell::Docker => docker::write,
        Shell::Dotenv => dotenv::write,
        Shell::Fish => fish::write,
        Shell::Json => json::write,
        Shell::Launchd => launchd::write,
        Shell::Mksh => mksh::write,
        Shell::Nu => nu::write,
        Shell::Pwsh => pwsh::write,
        Shell::Sh => sh::write,
        Shell::Systemd => systemd::write,
    };
    twice(|text| write(statements, text))
}

/// What standard output holds when the environment could not be made: text that makes the reader fail
/// as well, so that nobody goes on without the certificates and does not notice.
///
/// Empty where the reader has no such text (files of variables) and for [`Shell::Json`], where the
/// caller writes an object that names the error.
pub fn failure(shell: Shell) -> &'static str {
    match shell {
        Shell::Cmd => cmd::FAILURE,
        Shell::Csh => csh::FAILURE,
        Shell::Devcontainer
        | Shell::Docker
        | Shell::Dotenv
        | Shell::Json
        | Shell::Launchd
        | Shell::Systemd => "",
        Shell::Fish => fish::FAILURE,
        Shell::Nu => nu::FAILURE,
        Shell::Pwsh => pwsh::FAILURE,
        Shell::Mksh | Shell::Sh => sh::FAILURE,
    }
}

/// A word of a command line, for a file that this shell reads: one that needs no quotes stays as it is.
pub fn word(shell: Shell, value: &[u8]) -> Vec<u8> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(byte);
    if !value.is_empty() && value.iter().all(is_plain) {
        return value.to_vec();
    }
    let escape = |byte: &u8| match (shell, byte) {
        (Shell::Fish, b'\'' | b'\\') => vec![b'\\', *byte],
        (_, b'\'') => b"'\\''".to_vec(),
        _ => vec![*byte],
    };
    let escaped: Vec<u8> = value.iter().flat_map(escape).collect();
    [b"'", escaped.as_slice(), b"'"].concat()
}

/// Readers that share their quoting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// The Windows command interpreter, reading a batch file.
    Cmd,
    /// csh and tcsh.
    Csh,
    /// The `containerEnv` of a `devcontainer.json`.
    Devcontainer,
    /// A file of `NAME=value` lines for `docker run --env-file`.
    Docker,
    /// A file of `NAME=value` lines for python-dotenv and `node --env-file`.
    Dotenv,
    /// fish.
    Fish,
    /// One JSON object.
    Json,
    /// The `EnvironmentVariables` of a property list for launchd.
    Launchd,
    /// mksh and lksh: the sh family's text without a process, which the rest of the family cannot read.
    Mksh,
    /// Nushell, reading NUON.
    Nu,
    /// PowerShell 5.1 and later.
    Pwsh,
    /// dash, bash, zsh, ksh93, yash, busybox ash, and whatever else reads POSIX syntax; right in mksh too.
    Sh,
    /// A file for systemd's `EnvironmentFile=`.
    Systemd,
}

impl Shell {
    /// Every shell's family once, under the name that `--help` shows first, and the two notations that `--shell` has always
    /// known. [`Self::Mksh`] counts as one of the sh family.
    pub const ALL: [Self; 8] =
        [Self::Sh, Self::Csh, Self::Fish, Self::Pwsh, Self::Cmd, Self::Nu, Self::Json, Self::Dotenv];

    /// The dialect that a program or a `--shell` value belongs to. Takes a path, the `-` in front of a login
    /// shell's name, `.exe` and any case; `None` for a program with other quoting (`elvish`).
    pub fn named(program: &str) -> Option<Self> {
        let file = program.rsplit(['/', '\\']).next().unwrap_or(program);
        let file = file.strip_prefix('-').unwrap_or(file).to_ascii_lowercase();
        let name = file.strip_suffix(".exe").unwrap_or(&file);
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, shell)| *shell)
    }

    /// The name of the dialect, as `--shell` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cmd => "cmd",
            Self::Csh => "csh",
            Self::Devcontainer => "devcontainer",
            Self::Docker => "docker",
            Self::Dotenv => "dotenv",
            Self::Fish => "fish",
            Self::Json => "json",
            Self::Launchd => "launchd",
            Self::Mksh => "mksh",
            Self::Nu => "nu",
            Self::Pwsh => "pwsh",
            Self::Sh => "sh",
            Self::Systemd => "systemd",
        }
    }
}

/// One change to the environment.
#[derive(Clone, Copy)]
pub enum Statement<'a> {
    /// The variable gets this value, byte for byte, and child processes see it.
    Set {
        /// ASCII letters, digits and `_`, not starting with a digit.
        name: &'a str,
        /// Any bytes but NUL.
        value: &'a [u8],
    },
    /// The variable is gone afterwards, whether it was there or not.
    Unset {
        /// ASCII letters, digits and `_`, not starting with a digit.
        name: &'a str,
    },
}

impl<'a> Statement<'a> {
    fn name(&self) -> &'a str {
        match self {
            Self::Set { name, .. } | Self::Unset { name } => name,
        }
    }
}

/// A variable that cannot be written down for this shell. Names the variable, never its value.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{name}' cannot be written down for this shell: {reason}")]
pub struct Unquotable {
    /// The variable.
    pub name: String,
    /// What stands in the way.
    pub reason: Reason,
}

impl Unquotable {
    fn new(name: &str, reason: Reason) -> Self {
        Self { name: name.to_owned(), reason }
    }
}

/// Why a value cannot be written down.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Reason {
    /// A control character ends or changes the statement, or the reader drops the value.
    #[error("its value has a control character")]
    ControlCharacter,
    /// cmd: a double quote changes how the rest of the line is read.
    #[error("cmd cannot take a double quote in a value")]
    DoubleQuote,
    /// The reader puts something else in the place of `${…}`, in quotes too (python-dotenv, `devcontainer.json`).
    #[error("its reader replaces '${{…}}' in every value")]
    Interpolated,
    /// A line break ends the statement, and there is no other way to write one.
    #[error("its value has a line break")]
    LineBreak,
    /// cmd: a line of a batch file has 8,191 characters at most.
    #[error("cmd reads no line of more than 8191 characters")]
    LineTooLong,
    /// nu: setting and unsetting are two commands there, fed by two kinds of data.
    #[error("nu sets and unsets by different commands, not in one script")]
    Mixed,
    /// The name has other characters than ASCII letters, digits and `_`, or starts with a digit.
    #[error("it is not a variable name")]
    Name,
    /// Whatever the form, a reader gives another value (dotenv: python-dotenv and Node differ).
    #[error("its readers read no form of its value alike")]
    NoCommonForm,
    /// The reader takes text only, and the bytes are no UTF-8.
    #[error("its value is not UTF-8")]
    NotUtf8,
    /// No environment can hold a NUL.
    #[error("its value has a NUL byte")]
    Nul,
    /// There is no statement for that.
    #[error("such a file cannot unset a variable")]
    Unset,
    /// The reader takes no value of this length.
    #[error("its value is too long")]
    WordTooLong,
}

/// Where the pieces of a script go: counted in the first pass, kept in the second.
trait Text {
    fn push(&mut self, piece: &[u8]);
}

struct Length(usize);

impl Text for Length {
    fn push(&mut self, piece: &[u8]) {
        self.0 += piece.len();
    }
}

impl Text for Vec<u8> {
    fn push(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

/// Writes in two passes, so that the buffer of the second has its full size from the start.
fn twice(write: impl Fn(&mut dyn Text) -> Result<(), Unquotable>) -> Result<Zeroizing<Vec<u8>>, Unquotable> {
    let mut length = Length(0);
    write(&mut length)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0));
    write(&mut *text)?;
    debug_assert_eq!(text.len(), length.0, "both passes write the same");
    Ok(text)
}

fn check(statements: &[Statement<'_>]) -> Result<(), Unquotable> {
    for statement in statements {
        let name = statement.name();
        let mut bytes = name.bytes();
        let first_fits = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if !first_fits || !bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Unquotable::new(name, Reason::Name));
        }
        if let Statement::Set { value, .. } = statement
            && value.contains(&0)
        {
            return Err(Unquotable::new(name, Reason::Nul));
        }
    }
    Ok(())
}

fn utf8<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, Unquotable> {
    std::str::from_utf8(value).map_err(|_| Unquotable::new(name, Reason::NotUtf8))
}

/// Every spelling that [`Shell::named`] knows.
const NAMES: [(&str, Shell); 21] = [
    ("sh", Shell::Sh),
    ("bash", Shell::Sh),
    ("zsh", Shell::Sh),
    ("ksh", Shell::Sh),
    ("ksh93", Shell::Sh),
    ("mksh", Shell::Mksh),
    ("lksh", Shell::Mksh),
    ("dash", Shell::Sh),
    ("yash", Shell::Sh),
    ("ash", Shell::Sh),
    ("busybox", Shell::Sh),
    ("csh", Shell::Csh),
    ("tcsh", Shell::Csh),
    ("fish", Shell::Fish),
    ("pwsh", Shell::Pwsh),
    ("powershell", Shell::Pwsh),
    ("cmd", Shell::Cmd),
    ("nu", Shell::Nu),
    ("nushell", Shell::Nu),
    ("json", Shell::Json),
    ("dotenv", Shell::Dotenv),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn dialects() -> impl Iterator<Item = Shell> {
        let others = [Shell::Devcontainer, Shell::Docker, Shell::Launchd, Shell::Mksh, Shell::Systemd];
        Shell::ALL.into_iter().chain(others)
    }

    #[test]
    fn programs_are_known_by_path_login_name_and_suffix() {
        for (program, shell) in [
            ("/usr/bin/zsh", Some(Shell::Sh)),
            ("-bash", Some(Shell::Sh)),
            ("/bin/busybox", Some(Shell::Sh)),
            ("-mksh", Some(Shell::Mksh)),
            ("/bin/lksh", Some(Shell::Mksh)),
            ("ksh", Some(Shell::Sh)),
            (r"C:\Windows\System32\cmd.exe", Some(Shell::Cmd)),
            ("PowerShell.EXE", Some(Shell::Pwsh)),
            ("nushell", Some(Shell::Nu)),
            ("-tcsh", Some(Shell::Csh)),
            ("elvish", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(Shell::named(program), shell, "{program}");
        }
        for shell in dialects() {
            let is_file =
                matches!(shell, Shell::Devcontainer | Shell::Docker | Shell::Launchd | Shell::Systemd);
            assert_eq!(Shell::named(shell.name()), (!is_file).then_some(shell));
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused_by_every_shell() {
        for name in ["", "1A", "A B", "A=B", "A;rm", "Ä", "A-B"] {
            for shell in dialects() {
                let refused = Some(Unquotable::new(name, Reason::Name));
                assert_eq!(
                    script(shell, &[Statement::Set { name, value: b"x" }]).err(),
                    refused,
                    "{shell:?}"
                );
                assert_eq!(script(shell, &[Statement::Unset { name }]).err(), refused, "{shell:?}");
            }
        }
    }

    #[test]
    fn a_nul_is_refused_by_every_shell_and_the_value_is_not_named() {
        for shell in dialects() {
            let refusal = script(shell, &[Statement::Set { name: "A", value: b"geheim\0" }]).unwrap_err();
            assert_eq!(refusal, Unquotable::new("A", Reason::Nul));
            assert!(!format!("{refusal} {refusal:?}").contains("geheim"));
        }
    }

    #[test]
    fn the_buffer_never_grows() {
        let value = b"it's 100 %  *\n\\ \"sure\" \xc3\xbc$".repeat(3);
        let value = [b"=", value.as_slice()].concat();
        for shell in dialects() {
            let statements =
                [Statement::Set { name: "A", value: &value }, Statement::Set { name: "B", value: b"x" }];
            if let Ok(text) = script(shell, &statements) {
                assert_eq!(text.capacity(), text.len(), "{shell:?}");
            }
        }
    }
}
