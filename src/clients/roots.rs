//! Which roots each client goes by, as the variables that it starts with have it: the files that they name, and what stays of its own
//! and of the system's roots beside those. As data, with the versions it was seen on.
//!
//! Pure: is lent the values. What a client reads of a file is for [`super::bundle`].

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use super::Client;

/// Sets of roots that a client trusts besides what it is told of; as `CLAUDE_CODE_CERT_STORE` has them (CLIENTS.md, where values come
/// from, rule 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertStore {
    /// The roots that it has inside.
    pub has_bundled: bool,
    /// The trust store of the system.
    pub has_system: bool,
}

impl CertStore {
    /// None at all.
    pub const NONE: Self = Self { has_bundled: false, has_system: false };

    /// What Claude Code makes of `CLAUDE_CODE_CERT_STORE`: it takes the words it knows, in any case and with blanks around them, and
    /// passes over others; none where it knows none of them (seen on 2.1.332).
    pub fn parse(text: &str) -> Option<Self> {
        let has = |wanted: &str| text.split(',').any(|word| word.trim().eq_ignore_ascii_case(wanted));
        let store = Self { has_bundled: has("bundled"), has_system: has("system") };
        (store != Self::NONE).then_some(store)
    }
}

impl Default for CertStore {
    fn default() -> Self {
        Self { has_bundled: true, has_system: true }
    }
}

/// As it is written into `CLAUDE_CODE_CERT_STORE`.
impl fmt::Display for CertStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.has_bundled, self.has_system) {
            (true, true) => "bundled,system",
            (true, false) => "bundled",
            (false, true) => "system",
            (false, false) => "",
        })
    }
}

/// What a client goes by besides its usual roots, or in their place.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken<'v> {
    /// The files that it reads.
    pub files: Vec<&'v Path>,
    /// Whether no connection comes about where it cannot read one of them.
    pub is_bound_to_files: bool,
    /// What it trusts beside them.
    pub store: CertStore,
    /// Whether it takes a folder too, and of that what bears the hash of a name.
    pub takes_folders: bool,
}

/// What a client goes by as it has these variables; none where that is the usual. A file that takes the place of the system's leaves
/// the system's folder in force, where OpenSSL and Bun look for the hash of a name: `has_hashes` says whether there is such a folder.
/// `extra` is the bundle that clients get, and `claude_code` what [`store_of_claude_code`] says.
///
/// Seen on Debian 12 with curl 7.88, git 2.47 with GnuTLS, OpenSSL 3.0, Python 3.11, requests 2.34, Node 24.22, Bun 1.4.5 and
/// Claude Code 2.1.332.
pub fn taken_by<'v>(
    client: Client,
    value: &dyn Fn(&str) -> Option<&'v OsStr>,
    extra: Option<&'v Path>,
    claude_code: CertStore,
    has_hashes: bool,
) -> Option<Taken<'v>> {
    let named = |name: &str| value(name).map(Path::new);
    let folder = CertStore { has_system: has_hashes, ..CertStore::NONE };
    let file = named("SSL_CERT_FILE");
    let taken = |files: [Option<&'v Path>; 2], store| Taken {
        files: files.into_iter().flatten().collect(),
        is_bound_to_files: false,
        store,
        takes_folders: false,
    };
    Some(match client {
        // Whatever NODE_OPTIONS says.
        Client::Bun => taken([extra, file], CertStore { has_bundled: true, ..folder }),
        Client::ClaudeCode => taken([None, file.filter(|_| claude_code.has_system)], claude_code),
        Client::Curl => {
            let file = named("CURL_CA_BUNDLE").or(file)?;
            Taken { is_bound_to_files: true, ..taken([None, Some(file)], folder) }
        }
        Client::GitGnuTls => {
            let file = named("GIT_SSL_CAINFO")?;
            // GnuTLS reads the whole folder.
            let store = CertStore { has_system: true, ..CertStore::NONE };
            Taken { is_bound_to_files: true, ..taken([None, Some(file)], store) }
        }
        Client::Node => {
            let store = store_of_node(value);
            taken([extra, file.filter(|_| store.has_system)], store)
        }
        Client::OpenSsl => taken([None, Some(file?)], folder),
        // requests alone reads these, the second where the first is not set, and nothing beside it.
        Client::Python => match named("REQUESTS_CA_BUNDLE").or_else(|| named("CURL_CA_BUNDLE")) {
            Some(path) => Taken { takes_folders: true, ..taken([None, Some(path)], CertStore::NONE) },
            None => taken([None, Some(file?)], folder),
        },
    })
}

/// What a client goes by where no variable says otherwise.
pub fn usual_of(client: Client, claude_code: CertStore) -> CertStore {
    match client {
        Client::ClaudeCode => claude_code,
        Client::Bun | Client::Node => CertStore { has_bundled: true, has_system: false },
        Client::Curl | Client::GitGnuTls | Client::OpenSsl | Client::Python => {
            CertStore { has_bundled: false, has_system: true }
        }
    }
}

/// What a client reads of the folders in `SSL_CERT_DIR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folders {
    /// Every file. They come beside everything else.
    Everything,
    /// What bears the hash of a name. They take the place of the system's folder, but not of a file.
    Hashes {
        /// Whether the system's roots are in a file too, which stays: curl has its path inside.
        keeps_system: bool,
    },
}

/// What a client with this store reads of them; none where it does not look there. Seen on Claude Code 2.1.197 and 2.1.332, Bun
/// 1.4.5, Node 24.22, curl 7.88 and Python 3.11. What a settings file has for that variable counts for nobody.
pub fn folders_read_by(client: Client, store: CertStore) -> Option<Folders> {
    match client {
        Client::ClaudeCode => store.has_system.then_some(Folders::Everything),
        Client::Bun | Client::OpenSsl | Client::Python => Some(Folders::Hashes { keeps_system: false }),
        Client::Curl => Some(Folders::Hashes { keeps_system: true }),
        Client::GitGnuTls => None,
        Client::Node => store.has_system.then_some(Folders::Hashes { keeps_system: true }),
    }
}

/// What Claude Code takes: what `CLAUDE_CODE_CERT_STORE` says, and both where it knows nothing of that; without that variable the
/// system's store alone where `NODE_OPTIONS` names another than Node's own; else both (seen on 2.1.332).
pub fn store_of_claude_code<'v>(value: &dyn Fn(&str) -> Option<&'v OsStr>) -> CertStore {
    match value(CERT_STORE).map(OsStr::to_string_lossy) {
        Some(store) => CertStore::parse(&store).unwrap_or_default(),
        None => {
            let options = value("NODE_OPTIONS").map(OsStr::to_string_lossy).unwrap_or_default();
            CertStore { has_bundled: store_options(&options).next().is_none(), has_system: true }
        }
    }
}

/// What Node takes: its own roots; those of the system too, or alone, where it is told to (seen on 24.22).
fn store_of_node<'v>(value: &dyn Fn(&str) -> Option<&'v OsStr>) -> CertStore {
    let options = value("NODE_OPTIONS").map(OsStr::to_string_lossy).unwrap_or_default();
    let has = |wanted| store_options(&options).any(|option| option == wanted);
    let has_system = has(SYSTEM_TOO) || value("NODE_USE_SYSTEM_CA") == Some(OsStr::new("1"));
    let has_openssl = has(OPENSSL_ALONE);
    CertStore { has_bundled: !has_openssl, has_system: has_openssl || has_system }
}

/// The options in `NODE_OPTIONS` by which Node takes other roots than its own, in their order.
pub fn store_options(text: &str) -> impl Iterator<Item = &'static str> {
    text.split_whitespace()
        .filter_map(|word| [SYSTEM_TOO, OPENSSL_ALONE].into_iter().find(|option| *option == word))
}

/// Which roots Claude Code takes.
pub const CERT_STORE: &str = "CLAUDE_CODE_CERT_STORE";
/// To take OpenSSL's folder in the place of Node's own roots.
const OPENSSL_ALONE: &str = "--use-openssl-ca";
/// To add the system's roots to Node's own.
const SYSTEM_TOO: &str = "--use-system-ca";

#[cfg(test)]
mod tests {
    use super::*;

    /// A lookup in these variables; what is empty counts as unset.
    fn among<'v>(variables: &[(&str, &'v str)]) -> impl Fn(&str) -> Option<&'v OsStr> {
        move |name| {
            let found = variables.iter().find(|(known, value)| *known == name && !value.is_empty());
            found.map(|(_, value)| OsStr::new(*value))
        }
    }

    const BOTH: CertStore = CertStore { has_bundled: true, has_system: true };
    const BUNDLED: CertStore = CertStore { has_bundled: true, has_system: false };
    const SYSTEM: CertStore = CertStore { has_bundled: false, has_system: true };

    #[test]
    fn claude_code_goes_by_the_store_that_is_named_and_else_by_the_options_of_node() {
        for (named, options, wanted) in [
            ("", "", BOTH),
            ("bundled", "", BUNDLED),
            (" System ", "", SYSTEM),
            ("system,bundled,other", "", BOTH),
            ("other", "", BOTH),
            ("", "--trace-warnings --use-system-ca", SYSTEM),
            ("", "--use-openssl-ca", SYSTEM),
            ("", "--use-bundled-ca", BOTH),
            ("bundled", "--use-system-ca", BUNDLED),
            ("other", "--use-system-ca", BOTH),
        ] {
            let variables = [(CERT_STORE, named), ("NODE_OPTIONS", options)];
            assert_eq!(store_of_claude_code(&among(&variables)), wanted, "{named:?}, {options:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_a_stranger_is_no_store() {
        for store in [BOTH, BUNDLED, SYSTEM] {
            assert_eq!(CertStore::parse(&store.to_string()), Some(store));
        }
        for text in ["", " ", ",", "all", "bundled system"] {
            assert_eq!(CertStore::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn node_adds_the_system_s_roots_or_takes_them_in_the_place_of_its_own() {
        for (variables, wanted) in [
            (&[][..], BUNDLED),
            (&[("NODE_OPTIONS", "--use-bundled-ca")], BUNDLED),
            (&[("NODE_OPTIONS", "--no-warnings --use-system-ca")], BOTH),
            (&[("NODE_OPTIONS", "--use-openssl-ca")], SYSTEM),
            (&[("NODE_USE_SYSTEM_CA", "1")], BOTH),
            (&[("NODE_USE_SYSTEM_CA", "0")], BUNDLED),
        ] {
            assert_eq!(store_of_node(&among(variables)), wanted, "{variables:?}");
        }
    }
}
