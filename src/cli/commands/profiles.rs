//! `certman profiles`: what certman.toml has of them. Touches nothing but the configuration files.

use crate::cli::failure::Failure;
use crate::cli::{Ending, Outcome, Shown};
use crate::config::{Overrides, profiles};
use crate::report::Report;
use crate::sys::Host;

/// Lists them.
///
/// # Errors
/// Where a configuration file is wrong, and where the active profile is none of them.
pub fn run(overrides: Overrides, host: &Host) -> Result<Outcome, Failure> {
    let system_file = host.system_configuration.as_deref();
    let profiles = profiles(overrides, &host.environment, &host.current_folder, system_file)?;
    Ok(Outcome {
        ending: Ending::Doing { is_done: true },
        report: Report::default(),
        shown: Shown::Profiles(profiles),
    })
}
