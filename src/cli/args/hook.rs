//! `certman hook`

use clap::{Args, ValueEnum};

/// `certman hook`
#[derive(Args, Debug)]
pub struct HookArguments {
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
