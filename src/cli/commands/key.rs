//! `certman key`: check, remember, forget, decrypt, encrypt.

use crate::cli::Outcome;
use crate::cli::args::KeyCommand;
use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::sys::Host;

/// Picks the subcommand.
///
/// # Errors
/// Where no key is named, and what each of them says.
pub fn run(command: &KeyCommand, settings: &Settings, host: &mut Host) -> Result<Outcome, Failure> {
    let _ = (command, settings, host);
    Err(Failure::new("not there yet"))
}
