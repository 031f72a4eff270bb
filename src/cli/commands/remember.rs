//! A secret on its way into the keyring: asked for twice, or taken from a file or from standard input; stored, and read back.
//! Shared by `key` and `proxy`. Never decides what is stored under which name.

use std::path::Path;

use zeroize::Zeroizing;

use super::identity;
use crate::cli::failure::Failure;
use crate::pki::bundle::Place;
use crate::report::{Cause, Report};
use crate::secret::Passphrase;
use crate::sys::Host;
use crate::sys::passphrase::{self, Source};
use crate::sys::{fs, keyring};

/// Whose secret it is.
pub struct Whose<'a> {
    /// The keyring's name for it.
    pub account: &'a str,
    /// The failure where the keyring does not do what it is asked for.
    pub keyring_failure: &'a dyn Fn(&keyring::Error) -> Failure,
    /// The failure where the secret is not to be had.
    pub missing: &'a dyn Fn(&passphrase::Error) -> Failure,
    /// The whole question on the terminal.
    pub prompt: &'a str,
    /// What to do where the keyring gives back something else than was stored.
    pub way_out: String,
}

/// Takes the secret from the file that is named (`-` is standard input), else asks for it, twice. That others may read the file
/// is noted.
///
/// # Errors
/// Where it is not to be had, is empty, too long, or has a NUL byte.
pub fn take(
    file: Option<&Path>,
    whose: &Whose<'_>,
    host: &mut Host,
    report: &mut Report,
) -> Result<Passphrase, Failure> {
    match file {
        Some(from) if from == Path::new("-") => from_standard_input(whose, host),
        Some(from) => {
            let path = host.current_folder.join(from);
            let obtained = obtain(&Source::File(path.clone()), whose.prompt, whose, host)?;
            if let Some(mode) = obtained.open_to_others {
                let place = Place { file: report.file(path), index: 1, line: None };
                report.find(Some(place), Cause::PassphrasePermissions { mode });
            }
            Ok(obtained.passphrase)
        }
        None if !host.terminal.is_present() => {
            let failure = (whose.missing)(&passphrase::Error::NoTerminal);
            Err(failure.hint("take it from a file with --passphrase-file; `-` is standard input"))
        }
        None => ask_twice(whose, host),
    }
}

/// Asks until the same was typed twice, three times at most.
///
/// # Errors
/// Where there is nobody to ask, or no answer.
pub fn ask_twice(whose: &Whose<'_>, host: &Host) -> Result<Passphrase, Failure> {
    let mut question = whose.prompt.to_owned();
    for _ in 0..MOST_QUESTIONS {
        let first = obtain(&Source::Prompt, &question, whose, host)?.passphrase;
        let second = obtain(&Source::Prompt, AGAIN, whose, host)?.passphrase;
        if first.expose_secret() == second.expose_secret() {
            return Ok(first);
        }
        question = format!("These were two different ones. {}", whose.prompt);
    }
    Err(Failure::new("the passphrase was not typed twice the same").hint("nothing was changed; try again"))
}

/// Stores a secret, and reads it back.
///
/// # Errors
/// Where the keyring does not take it, or gives back something else.
pub fn store(whose: &Whose<'_>, secret: &Passphrase, host: &Host) -> Result<(), Failure> {
    host.keyring.store(whose.account, secret).map_err(|error| (whose.keyring_failure)(&error))?;
    let stored = host.keyring.read(whose.account).map_err(|error| (whose.keyring_failure)(&error))?;
    if stored.expose_secret() != secret.expose_secret() {
        return Err(Failure::new("the keyring gives back something else than was stored")
            .hint(whose.way_out.as_str()));
    }
    Ok(())
}

/// Gets it from one place.
///
/// # Errors
/// Where it is not to be had there.
pub fn obtain(
    source: &Source,
    prompt: &str,
    whose: &Whose<'_>,
    host: &Host,
) -> Result<passphrase::Obtained, Failure> {
    passphrase::obtain(source, whose.account, prompt, &identity::lent(host))
        .map_err(|error| (whose.missing)(&error))
}

fn from_standard_input(whose: &Whose<'_>, host: &mut Host) -> Result<Passphrase, Failure> {
    // The longest passphrase, its line ending, and one byte that is too many; of that size from the start.
    let limit = Passphrase::LONGEST + 2;
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 2));
    let read = fs::read_stream(&mut *host.stdin, &mut bytes, limit);
    let passphrase = Passphrase::from_line(std::mem::take(&mut *bytes));
    let place = || "standard input".to_owned();
    let error = match read {
        Err(fs::ReadError::TooLarge { .. }) => passphrase::Error::TooLong { place: place() },
        Err(error) => {
            return Err(Failure::new(format!("the passphrase cannot be read from standard input: {error}")));
        }
        Ok(()) if passphrase.is_empty() => passphrase::Error::Empty { place: place() },
        Ok(()) if passphrase.expose_secret().len() > Passphrase::LONGEST => {
            passphrase::Error::TooLong { place: place() }
        }
        Ok(()) if passphrase.expose_secret().contains(&0) => passphrase::Error::Nul { place: place() },
        Ok(()) => return Ok(passphrase),
    };
    Err((whose.missing)(&error))
}

const AGAIN: &str = "The same again: ";
const MOST_QUESTIONS: usize = 3;
