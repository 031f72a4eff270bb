//! Which variables certman sets, what goes into each, which clients read it, and whether it adds to or replaces the roots that
//! a client has built in. The one table that knows.

use std::fmt;
use std::str::FromStr;

/// What goes into a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The path of the client's certificate chain.
    ClientCertificate,
    /// The path of the client's private key.
    ClientKey,
    /// The passphrase of that key: a secret.
    ClientKeyPassphrase,
    /// The path of the extra bundle: the variable adds to the built-in roots.
    ExtraBundle,
    /// The path of the full bundle: the variable replaces the built-in roots.
    FullBundle,
    /// The address of the proxy for `http://`; it may hold a password.
    HttpProxy,
    /// The address of the proxy for `https://`; it may hold a password.
    HttpsProxy,
    /// Options for every Java program: the path of a trust store that replaces Java's own.
    JavaOptions,
    /// The hosts that are reached without a proxy.
    NoProxy,
    /// `1`, where there is a proxy: the client goes by the variables of the proxy only where it is told to.
    ProxySwitch,
}

impl Content {
    /// Whether it is a part of the client's identity.
    pub fn is_of_identity(self) -> bool {
        matches!(self, Self::ClientCertificate | Self::ClientKey | Self::ClientKeyPassphrase)
    }

    /// Whether the full bundle has to be there for it.
    pub fn needs_full_bundle(self) -> bool {
        matches!(self, Self::FullBundle | Self::JavaOptions)
    }
}

/// Clients that read the same variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// The AWS command line and SDKs.
    Aws,
    /// cargo.
    Cargo,
    /// Claude Code.
    Claude,
    /// curl's own program.
    Curl,
    /// Deno.
    Deno,
    /// git, over HTTPS.
    Git,
    /// Programs in Go, on Linux and the like. On macOS and Windows they ask the system alone.
    Go,
    /// Java.
    Java,
    /// Node and Bun.
    Node,
    /// Python: ssl, requests, pip.
    Python,
    /// Ruby, gem, Bundler.
    Ruby,
    /// uv.
    Uv,
}

impl Family {
    /// Each once, in the order of their names.
    pub const ALL: [Self; 12] = [
        Self::Aws,
        Self::Cargo,
        Self::Claude,
        Self::Curl,
        Self::Deno,
        Self::Git,
        Self::Go,
        Self::Java,
        Self::Node,
        Self::Python,
        Self::Ruby,
        Self::Uv,
    ];

    /// The name, as `--for` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Cargo => "cargo",
            Self::Claude => "claude",
            Self::Curl => "curl",
            Self::Deno => "deno",
            Self::Git => "git",
            Self::Go => "go",
            Self::Java => "java",
            Self::Node => "node",
            Self::Python => "python",
            Self::Ruby => "ruby",
            Self::Uv => "uv",
        }
    }
}

/// The clients that somebody wants variables for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Families(Vec<Family>);

impl Families {
    /// The variables they read, in the order of [`VARIABLES`].
    pub fn variables(&self) -> impl Iterator<Item = &'static Variable> {
        VARIABLES.iter().filter(|variable| variable.families.iter().any(|family| self.0.contains(family)))
    }

    /// Whether everyone of those is among these.
    pub fn include(&self, others: &Self) -> bool {
        others.0.iter().all(|family| self.0.contains(family))
    }

    /// The fewest clients that read all of these variables: Claude Code where it reads one, then whoever reads most of the rest and
    /// least besides. What everyone reads calls for nobody.
    pub fn reading(names: &[&str]) -> Self {
        let is_of_one = |variable: &&Variable| variable.families.len() < Family::ALL.len();
        let mut rest: Vec<&Variable> =
            VARIABLES.iter().filter(is_of_one).filter(|variable| names.contains(&variable.name)).collect();
        let mut families = Vec::new();
        while !rest.is_empty() {
            let rank = |family: &&Family| {
                let read = rest.iter().filter(|variable| variable.families.contains(family)).count();
                let all =
                    VARIABLES.iter().filter(is_of_one).filter(|one| one.families.contains(family)).count();
                (
                    read > 0 && **family == Family::Claude,
                    read,
                    std::cmp::Reverse(all),
                    std::cmp::Reverse(**family),
                )
            };
            let Some(best) = Family::ALL.iter().max_by_key(rank) else { break };
            rest.retain(|variable| !variable.families.contains(best));
            families.push(*best);
        }
        families.sort();
        Self(families)
    }
}

impl Default for Families {
    fn default() -> Self {
        Self(vec![Family::Claude])
    }
}

impl fmt::Display for Families {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|family| family.name()).collect();
        f.write_str(&names.join(","))
    }
}

/// Names, separated by commas; `all` is everyone.
impl FromStr for Families {
    type Err = UnknownFamily;

    fn from_str(text: &str) -> Result<Self, UnknownFamily> {
        let mut families = Vec::new();
        for name in text.split(',').map(str::trim) {
            match Family::ALL.into_iter().find(|family| family.name() == name) {
                Some(family) => families.push(family),
                None if name == "all" => families.extend(Family::ALL),
                None => return Err(UnknownFamily(name.to_owned())),
            }
        }
        families.sort();
        families.dedup();
        Ok(Self(families))
    }
}

/// A name that no client has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{}' is none of {}, all", .0.escape_debug(), Family::ALL.map(Family::name).join(", "))]
pub struct UnknownFamily(String);

/// A variable that a client reads.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// What goes into it.
    pub content: Content,
    /// Who reads it.
    pub families: &'static [Family],
    /// Its name.
    pub name: &'static str,
}

const fn variable(name: &'static str, content: Content, families: &'static [Family]) -> Variable {
    Variable { content, families, name }
}

/// What is set, in this order (CONTRACT: a fixed order). The proxies come in capitals and in small letters: curl reads `http_proxy`
/// in small letters alone, others capitals alone, and where both are there and differ, each client takes another.
///
/// The variables of a client are those that its documentation names. Each was set alone, to a bundle with another root than the
/// client has built in, before two servers, on Debian 12:
///
/// | variable | seen on | what the client then trusts |
/// |---|---|---|
/// | `AWS_CA_BUNDLE` | aws-cli 1.46 | the bundle alone |
/// | `BUNDLE_SSL_CA_CERT` | Bundler 2.3 on Ruby 3.1 | both |
/// | `CARGO_HTTP_CAINFO` | cargo 1.95 | the bundle, and the system's folder |
/// | `CURL_CA_BUNDLE` | curl 7.88, OpenSSL 3.0 | the bundle, and the system's folder |
/// | `CURL_CA_BUNDLE` | requests 2.34, where `REQUESTS_CA_BUNDLE` is not set | the bundle alone |
/// | `DENO_CERT` | Deno 2.9 | both |
/// | `GIT_SSL_CAINFO` | git 2.47, libcurl 7.88, GnuTLS | the bundle, and the system's folder |
/// | `JAVA_TOOL_OPTIONS` | OpenJDK 17 | the bundle alone |
/// | `NODE_EXTRA_CA_CERTS` | Node 24.21, Bun 1.4.5 | both |
/// | `PIP_CERT` | pip 23.0, pip 26.3 | the bundle alone; both since pip asks the system (26.3) |
/// | `REQUESTS_CA_BUNDLE` | requests 2.34, pip 23.0, pip 26.3 | as `PIP_CERT`; requests the bundle alone |
/// | `SSL_CERT_FILE` | Python 3.11 ssl, Ruby 3.1 with gem, curl 7.88, cargo 1.95, Go 1.23 | the bundle, and the system's folder |
/// | `SSL_CERT_FILE` | uv 0.13 | the bundle alone |
///
/// The system's folder is `/etc/ssl/certs`: a file of one's own takes the place of the system's file, and not of its folder, where
/// OpenSSL finds roots by the hash of their name, and GnuTLS and Go read everything. Without such a folder, as on macOS, in slim
/// containers and where a client brings its OpenSSL along, nothing of the old roots is left: so these variables count as replacing.
///
/// Node looks at the variables of the proxy where `NODE_USE_ENV_PROXY` says so (seen on 24.21), and so does `node:https` in Bun, whose
/// fetch looks always (1.4.5). Java never looks, by its documentation.
/// `SSL_CERT_FILE` alone does nothing for requests, pip 23.0, git and Deno. git on Debian, which is linked with GnuTLS, looks at
/// `GIT_SSL_CAINFO` alone.
pub const VARIABLES: [Variable; 21] = [
    variable("NODE_EXTRA_CA_CERTS", Content::ExtraBundle, &[Family::Claude, Family::Node]),
    variable("CLAUDE_CODE_CLIENT_CERT", Content::ClientCertificate, &[Family::Claude]),
    variable("CLAUDE_CODE_CLIENT_KEY", Content::ClientKey, &[Family::Claude]),
    variable("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", Content::ClientKeyPassphrase, &[Family::Claude]),
    variable("HTTPS_PROXY", Content::HttpsProxy, &Family::ALL),
    variable("HTTP_PROXY", Content::HttpProxy, &Family::ALL),
    variable("NO_PROXY", Content::NoProxy, &Family::ALL),
    variable("https_proxy", Content::HttpsProxy, &Family::ALL),
    variable("http_proxy", Content::HttpProxy, &Family::ALL),
    variable("no_proxy", Content::NoProxy, &Family::ALL),
    variable("AWS_CA_BUNDLE", Content::FullBundle, &[Family::Aws]),
    variable("BUNDLE_SSL_CA_CERT", Content::FullBundle, &[Family::Ruby]),
    variable("CARGO_HTTP_CAINFO", Content::FullBundle, &[Family::Cargo]),
    variable("CURL_CA_BUNDLE", Content::FullBundle, &[Family::Curl]),
    variable("DENO_CERT", Content::ExtraBundle, &[Family::Deno]),
    variable("GIT_SSL_CAINFO", Content::FullBundle, &[Family::Git]),
    variable("JAVA_TOOL_OPTIONS", Content::JavaOptions, &[Family::Java]),
    variable("NODE_USE_ENV_PROXY", Content::ProxySwitch, &[Family::Node]),
    variable("PIP_CERT", Content::FullBundle, &[Family::Python]),
    variable("REQUESTS_CA_BUNDLE", Content::FullBundle, &[Family::Python]),
    variable("SSL_CERT_FILE", Content::FullBundle, &[Family::Go, Family::Python, Family::Ruby, Family::Uv]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_reads_something_and_claude_is_the_default() {
        for family in Family::ALL {
            let families: Families = family.name().parse().unwrap();
            assert!(
                families.variables().any(|one| !one.name.to_lowercase().ends_with("_proxy")),
                "{families}"
            );
        }
        assert_eq!("claude".parse(), Ok(Families::default()));
        assert_eq!("all".parse::<Families>().unwrap().variables().count(), VARIABLES.len());
    }

    #[test]
    fn variables_call_for_the_fewest_clients_that_read_them() {
        for (names, families) in [
            (&["NODE_EXTRA_CA_CERTS", "CLAUDE_CODE_CLIENT_KEY", "HTTPS_PROXY"][..], "claude"),
            (&["GIT_SSL_CAINFO", "PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"], "git,python"),
            (&["NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY"], "claude,node"),
            (&["SSL_CERT_FILE"], "go"),
            (&["HTTPS_PROXY", "CLAUDE_CODE_CERT_STORE"], ""),
        ] {
            assert_eq!(Families::reading(names).to_string(), families, "{names:?}");
        }
        assert!(Families::default().include(&Families::reading(&[])));
        assert!(!Families::default().include(&Families::reading(&["PIP_CERT"])));
    }

    #[test]
    fn a_list_of_names_is_read_in_any_order_and_a_stranger_refused() {
        assert_eq!("git, claude,git".parse::<Families>().unwrap().to_string(), "claude,git");
        for text in ["", "claude,", "Git", "perl"] {
            assert!(text.parse::<Families>().is_err(), "{text}");
        }
    }
}
