//! The arguments of `certman doctor`.

use std::path::PathBuf;

use clap::Args;

use super::{IdentityArguments, StoreArguments};

/// `certman doctor`
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status: 0 nothing to say, 1 a warning, 2 critical, 3 could not tell. Nothing is changed."
)]
pub struct DoctorArguments {
    /// With --fetch-missing, also from private addresses
    #[arg(long, requires = "fetch_missing")]
    pub allow_private: bool,
    /// Go straight to the hosts, whatever proxy is set
    #[arg(long)]
    pub direct: bool,
    /// Fetch the issuers that a server has left out, from where its certificates say that they are
    #[arg(long)]
    pub fetch_missing: bool,
    /// The hosts to reach, each as HOST, HOST:PORT or a URL; `default` and `optional` stand for those that certman knows; else
    /// those of certman.toml, else `default`
    #[arg(value_name = "HOST")]
    pub hosts: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub identity: IdentityArguments,
    /// Do not offer the key exchange that withstands quantum computers (X25519MLKEM768)
    #[arg(long)]
    pub no_pq: bool,
    /// Look at files, variables and settings only, and open no connection
    #[arg(
        long,
        conflicts_with_all = ["direct", "fetch_missing", "hosts", "no_pq", "resolve", "timeout", "via"]
    )]
    pub offline: bool,
    /// Write everything that was found here too, for the help desk: without secrets and user names
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Take this address for the host instead of asking for it; may be given more than once
    #[arg(long, value_name = "HOST:ADDRESS")]
    pub resolve: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub stores: StoreArguments,
    /// The time for one host, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
    /// Go through this proxy as well, and compare; never with a password
    #[arg(long, value_name = "URL", conflicts_with = "direct")]
    pub via: Option<String>,
}

/// Longer than any handshake through a proxy that works, in seconds.
const TIMEOUT: u64 = 15;
