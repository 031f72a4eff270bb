//! `certman init` as it is typed.

use clap::Args;

/// `certman init`
#[derive(Args, Debug)]
pub struct InitArguments {
    /// Print the proposal, and write nothing
    #[arg(long, conflicts_with = "yes")]
    pub print: bool,
    /// Take the proposal without a question
    #[arg(long)]
    pub yes: bool,
}
