//! The command line of `certman import`.

use std::path::PathBuf;

use clap::Args;

use super::{LimitArguments, StoreArguments};

/// `certman import`
#[derive(Args, Debug)]
#[command(
    after_help = "Where client.cert and client.key are set, they are replaced; otherwise client-cert.pem and client-key.pem beside \
                  the bundle. The pair that was there is kept, and --rollback brings it back."
)]
pub struct ImportArguments {
    /// Show what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// A store, or all files with certificates and keys, in any form; folders, or `-` for standard input
    #[arg(required_unless_present = "rollback", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: LimitArguments,
    /// Where the passphrase of client-key.pem comes from; without this the one of the store or of the old key stays
    #[arg(long, value_name = "WHERE")]
    pub new_passphrase: Option<String>,
    /// Write client-cert.pem and client-key.pem into this folder
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// Where the passphrase of a sealed key among the files comes from: keyring, prompt, file:PATH, fd:N, env:NAME, command:…
    #[arg(long, value_name = "WHERE")]
    pub passphrase: Option<String>,
    /// Put the passphrase of client-key.pem into the keyring
    #[arg(long)]
    pub remember: bool,
    /// Bring back the pair that the last import has replaced; twice, and it is as before
    #[arg(long, conflicts_with_all = ["dry_run", "files", "new_passphrase", "remember", "save", "save_cas", "select"])]
    pub rollback: bool,
    /// Add what is missing to certman.toml, without a question
    #[arg(long)]
    pub save: bool,
    /// Write the CA certificates that were found to this file; with --save it becomes a source of the bundle
    #[arg(long, value_name = "FILE")]
    pub save_cas: Option<PathBuf>,
    /// Of several identities this one: a part of its subject, its name in the store, or 8 digits of its fingerprint
    #[arg(long, value_name = "TEXT")]
    pub select: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub stores: StoreArguments,
}
