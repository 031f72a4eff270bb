//! The arguments that belong to stores of certificates and keys, wherever they are read.

use clap::Args;

/// How stores are opened.
#[derive(Args, Debug)]
pub struct StoreArguments {
    /// Where the passphrase of a PKCS#12 or Java key store comes from: keyring, prompt, file:PATH, fd:N, env:NAME,
    /// command:PROGRAM ARG…
    #[arg(long, value_name = "WHERE")]
    pub store_passphrase: Option<String>,
}
