//! The arguments of `certman run`.

use std::ffi::OsString;

use clap::Args;

use super::{FamilyArguments, IdentityArguments};

/// `certman run`
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status: that of the program, 128+N where signal N has ended it; 125 certman failed and nothing was \
                        started, 126 the program cannot be executed, 127 there is no such program."
)]
pub struct RunArguments {
    /// Start from an empty environment, with no more than the few variables that every program needs
    #[arg(long)]
    pub clean_env: bool,
    /// The program and its arguments, behind `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
    /// Become the program instead of waiting for it, and print nothing: for launchers
    #[arg(long)]
    pub exec: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub families: FamilyArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub identity: IdentityArguments,
    /// With --clean-env, keep this variable too; `NAME*` keeps all that begin so
    #[arg(long, requires = "clean_env", value_name = "NAME")]
    pub keep: Vec<OsString>,
    /// Take the bundle as it is, even where its sources have changed
    #[arg(long)]
    pub no_refresh: bool,
    /// Hand on the key as it is and its real passphrase, which every program started can see
    #[arg(long)]
    pub plain_passphrase: bool,
    /// Open the key and match it with the certificate first, also where it is handed on as it is
    #[arg(long)]
    pub verify: bool,
}
