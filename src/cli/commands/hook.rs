//! `certman hook`: the line for a shell's rc file. It must cost what `env` costs, and never stand in the way of a shell that
//! starts: not where certman is gone, not where it fails, not under `set -e`.

use std::ffi::OsStr;

use zeroize::Zeroizing;

use crate::cli::args::Common;
use crate::cli::args::hook::{HookArguments, HookShell};
use crate::cli::failure::Failure;
use crate::cli::{Ending, Outcome, Shown};
use crate::exports::Families;
use crate::report::Report;
use crate::shell::{self, Shell};
use crate::sys::Host;

/// Gives the line; what was said about the configuration is carried over.
///
/// # Errors
/// For a client that is not known: the line would fail at every start of a shell.
pub fn run(arguments: &HookArguments, common: &Common, host: &Host) -> Result<Outcome, Failure> {
    let mut carried = Vec::new();
    if let Some(config) = &common.config {
        // The rc file is read in any folder.
        let config = host.current_folder.join(config);
        carried.extend([b"--config".to_vec(), bytes(config.as_os_str())]);
    }
    if let Some(profile) = &common.profile {
        carried.extend([b"--profile".to_vec(), bytes(profile.as_ref())]);
    }
    if let Some(families) = &arguments.families.families {
        families.parse::<Families>().map_err(|error| Failure::usage(format!("--for: the client {error}")))?;
        carried.extend([b"--for".to_vec(), bytes(families.as_ref())]);
    }
    let (name, dialect) = match arguments.shell {
        HookShell::Bash => ("bash", Shell::Sh),
        HookShell::Fish => ("fish", Shell::Fish),
        HookShell::Zsh => ("zsh", Shell::Sh),
    };
    let mut env = b"certman env --shell ".to_vec();
    env.extend_from_slice(name.as_bytes());
    for word in carried {
        env.push(b' ');
        env.extend_from_slice(&shell::word(dialect, &word));
    }
    let (before, after): (&[u8], &[u8]) = match arguments.shell {
        HookShell::Bash | HookShell::Zsh => {
            (b"if command -v certman >/dev/null 2>&1; then eval \"$(", b")\" || true; fi\n")
        }
        HookShell::Fish => (b"if type -q certman; ", b" | source; or true; end\n"),
    };
    let line = Zeroizing::new([before, &env, after].concat());
    let ending = Ending::Doing { is_done: true };
    Ok(Outcome { ending, report: Report::default(), shown: Shown::Output(line) })
}

fn bytes(text: &OsStr) -> Vec<u8> {
    text.as_encoded_bytes().to_vec()
}
