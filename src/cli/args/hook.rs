//! `certman hook`

use clap::{Args, ValueEnum};

use super::FamilyArguments;

/// `certman hook`
#[derive(Args, Debug)]
pub struct HookArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub families: FamilyArguments,
    /// The shell whose rc file the line is for
    #[arg(value_enum)]
    pub shell: HookShell,
}

/// Shells with an rc file that can hold the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HookShell {
    /// `~/.bashrc`
    Bash,
    /// `~/.config/fish/config.fish`
    Fish,
    /// `~/.zshrc`
    Zsh,
}
