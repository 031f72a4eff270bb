//! `certman completions`: a script for a shell, from the same definition that parses the arguments. Touches no file.

use zeroize::Zeroizing;

use crate::cli::{Ending, Outcome, Shown};
use crate::report::Report;

/// Makes the script.
pub fn run(shell: clap_complete::Shell, mut command: clap::Command) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "certman", &mut script);
    Outcome {
        ending: Ending::Doing { is_done: true },
        report: Report::default(),
        shown: Shown::Output(Zeroizing::new(script)),
    }
}
