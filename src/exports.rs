//! Which variables certman sets, and what goes into each.

/// What goes into a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The path of the client's certificate chain.
    ClientCertificate,
    /// The path of the client's private key.
    ClientKey,
    /// The passphrase of that key: a secret.
    ClientKeyPassphrase,
    /// The path of the extra bundle.
    ExtraBundle,
}

impl Content {
    /// Whether it is never shown to a person.
    pub fn is_secret(self) -> bool {
        self == Self::ClientKeyPassphrase
    }
}

/// A variable that a client reads.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// What goes into it.
    pub content: Content,
    /// Its name.
    pub name: &'static str,
}

/// What is set, in this order (CONTRACT: a fixed order).
pub const VARIABLES: [Variable; 4] = [
    Variable { content: Content::ExtraBundle, name: "NODE_EXTRA_CA_CERTS" },
    Variable { content: Content::ClientCertificate, name: "CLAUDE_CODE_CLIENT_CERT" },
    Variable { content: Content::ClientKey, name: "CLAUDE_CODE_CLIENT_KEY" },
    Variable { content: Content::ClientKeyPassphrase, name: "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE" },
];
