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
    /// The address of the proxy for `http://`; it may hold a password.
    HttpProxy,
    /// The address of the proxy for `https://`; it may hold a password.
    HttpsProxy,
    /// The hosts that are reached without a proxy.
    NoProxy,
}

/// A variable that a client reads.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// What goes into it.
    pub content: Content,
    /// Its name.
    pub name: &'static str,
}

/// What is set, in this order (CONTRACT: a fixed order). The proxies come in capitals and in small letters: curl reads `http_proxy`
/// in small letters alone, others capitals alone, and where both are there and differ, each client takes another.
pub const VARIABLES: [Variable; 10] = [
    Variable { content: Content::ExtraBundle, name: "NODE_EXTRA_CA_CERTS" },
    Variable { content: Content::ClientCertificate, name: "CLAUDE_CODE_CLIENT_CERT" },
    Variable { content: Content::ClientKey, name: "CLAUDE_CODE_CLIENT_KEY" },
    Variable { content: Content::ClientKeyPassphrase, name: "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE" },
    Variable { content: Content::HttpsProxy, name: "HTTPS_PROXY" },
    Variable { content: Content::HttpProxy, name: "HTTP_PROXY" },
    Variable { content: Content::NoProxy, name: "NO_PROXY" },
    Variable { content: Content::HttpsProxy, name: "https_proxy" },
    Variable { content: Content::HttpProxy, name: "http_proxy" },
    Variable { content: Content::NoProxy, name: "no_proxy" },
];
