//! `certman proxy …` as it is typed.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

/// `certman proxy …`
#[derive(Debug, Subcommand)]
pub enum ProxyCommand {
    /// Remove the password from the keyring
    #[command(
        after_help = "Fails where the keyring has none. An entry goes by the user, the host and the port of the proxy."
    )]
    Forget {
        /// Only that of the proxy for these addresses
        #[arg(long, value_enum, value_name = "SCHEME")]
        scheme: Option<ProxyScheme>,
    },
    /// Put the password into the keyring
    #[command(
        after_help = "It is asked for twice, once for each proxy that has a user, and stored as it is: `certman env` \
                            percent-encodes it. Whether the proxy takes it is not tried."
    )]
    Remember {
        /// Take the password from this file; `-` is standard input. Else it is asked for, twice
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// Only that of the proxy for these addresses
        #[arg(long, value_enum, value_name = "SCHEME")]
        scheme: Option<ProxyScheme>,
    },
    /// Say which way each client takes to a host by the variables of this environment
    #[command(
        after_help = "By the rules of Claude Code, Node, Bun and curl, side by side. Opens no connection, looks up no name and asks for \
                      no password."
    )]
    Test {
        /// A name or an address, with or without :port, or with http:// or https:// before it; else it is https and port 443
        #[arg(value_name = "HOST")]
        hosts: Vec<String>,
    },
}

/// The addresses that go through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProxyScheme {
    /// `http://`
    Http,
    /// `https://`
    Https,
}
