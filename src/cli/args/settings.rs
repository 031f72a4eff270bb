//! The arguments of `certman settings`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::FamilyArguments;
use crate::clients::roots::CertStore;

/// `certman settings …`
#[derive(Debug, Subcommand)]
pub enum SettingsCommand {
    /// Put the paths of bundle and identity into a settings file, after showing what changes
    #[command(
        after_help = "Never a passphrase or a password. Certificate and key of a sealed key are left out: start Claude Code \
                      through `certman run --exec` (its processWrapper), or name a key without a passphrase."
    )]
    Apply(ApplyArguments),
    /// Take out again what `apply` has put in, and nothing else
    Remove(EditArguments),
    /// Show each variable in the environment and in every settings file, which one wins, and whether it works
    Show,
}

/// `certman settings apply`
#[derive(Args, Debug)]
pub struct ApplyArguments {
    /// The client's certificate chain
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Which roots Claude Code trusts, for CLAUDE_CODE_CERT_STORE: bundled, system, or both with a comma
    #[arg(long, value_name = "LIST", value_parser = cert_store)]
    pub cert_store: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub edit: EditArguments,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub families: FamilyArguments,
    /// The client's private key
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// How a settings file is edited.
#[derive(Args, Debug)]
pub struct EditArguments {
    /// Show what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Whose settings
    #[arg(long, value_enum, value_name = "SCOPE", default_value = "user")]
    pub scope: ScopeArgument,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// Whose settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScopeArgument {
    /// Yours in this project: .claude/settings.local.json
    Local,
    /// Everyone's on this machine: managed-settings.d/50-certman.json; needs the rights
    Managed,
    /// Everyone's in this project: .claude/settings.json
    Project,
    /// Yours everywhere: ~/.claude/settings.json
    User,
}

/// A list that Claude Code understands.
fn cert_store(text: &str) -> Result<String, String> {
    // A word beside a known one that Claude Code passes over is a slip here.
    let is_known = text.split(',').all(|word| CertStore::parse(word).is_some());
    let store = CertStore::parse(text).filter(|_| is_known);
    store.map(|store| store.to_string()).ok_or_else(|| "one of bundled, system, bundled,system".to_owned())
}
