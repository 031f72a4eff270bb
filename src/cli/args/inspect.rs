//! `certman inspect` as it is typed.

use std::path::PathBuf;

use clap::Args;

use super::{AudienceArguments, LimitArguments, StoreArguments};

/// `certman inspect`
#[derive(Args, Debug)]
pub struct InspectArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub audience: AudienceArguments,
    /// Files, folders, `system` (the trust store of this machine), or `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub limits: LimitArguments,
    /// Try to open sealed keys with the passphrase from here; without this none is tried or asked for
    #[arg(long, value_name = "WHERE")]
    pub passphrase: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub stores: StoreArguments,
}
