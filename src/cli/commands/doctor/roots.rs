//! The roots that `doctor` judges by: the bundle, the trust store of the operating system, Mozilla's set, and what variables of
//! single clients name. The settings files count for Claude Code alone.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::commands::gather;
use crate::cli::commands::settings_show::InForce;
use crate::cli::commands::stores::{Asking, Wishes};
use crate::clients::Client;
use crate::clients::bundle::certificates_read_by;
use crate::config::Settings;
use crate::doctor::reach::{CertStore, Own, Roots};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::public;
use crate::report::Report;
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::fs::{self, Standing};

/// Reads all of them. What cannot be read is not among them: what is wrong with it is told elsewhere.
pub fn of_this_machine(settings: &Settings, in_force: &InForce, host: &mut Host) -> Roots {
    let claude_code = cert_store(in_force, &host.environment);
    // The bundle that clients get: the configured one, else the one that a variable of this process names. Node and Bun look into
    // no settings file.
    let configured = settings.out.as_ref().map(|out| out.value.clone());
    let configured = configured.filter(|path| fs::state(path).is_ok());
    let handed_on = configured.or_else(|| host.environment.value(EXTRA).map(PathBuf::from));
    let extra = match in_force.path(EXTRA) {
        Some(_) => in_force.value(EXTRA, &host.environment).map(PathBuf::from),
        None => handed_on.clone(),
    };
    let extra = extra.and_then(|path| read_by(Client::ClaudeCode, &path, host)).unwrap_or_default();
    let of_clients = Client::ALL.into_iter().filter_map(|client| {
        let own = own(client, handed_on.as_deref(), claude_code, host)?;
        Some((client, own))
    });
    let of_clients = of_clients.collect();
    let mozilla = public::mozilla().filter_map(|der| Certificate::parse(der, Fingerprint::of(der)).ok());
    Roots { claude_code, extra, mozilla: mozilla.collect(), of_clients, system: system(settings, host) }
}

/// What a client goes by as this process has its variables; none where that is the usual. A file that takes the place of the
/// system's leaves the system's folder in force, where OpenSSL and Bun look for the hash of a name.
///
/// Seen on Debian 12 with curl 7.88, git 2.47 with GnuTLS, OpenSSL 3.0, Python 3.11, requests 2.34, Node 24.22, Bun 1.4.5 and
/// Claude Code 2.1.332.
fn own(client: Client, extra: Option<&Path>, claude_code: CertStore, host: &Host) -> Option<Own> {
    let named = |name: &str| host.environment.value(name).map(Path::new);
    let both = |paths: [Option<&Path>; 2]| -> Vec<Certificate> {
        paths.into_iter().flatten().filter_map(|path| read_by(client, path, host)).flatten().collect()
    };
    let nothing = CertStore { has_bundled: false, has_system: false };
    let folder = CertStore { has_bundled: false, has_system: has_hashes(host) };
    let file = named("SSL_CERT_FILE");
    Some(match client {
        // Whatever NODE_OPTIONS says.
        Client::Bun => {
            Own { certificates: both([extra, file]), store: CertStore { has_bundled: true, ..folder } }
        }
        Client::ClaudeCode => {
            Own { certificates: both([None, file.filter(|_| claude_code.has_system)]), store: claude_code }
        }
        // What they cannot read they do not do without: no connection comes about.
        Client::Curl => match read_by(client, named("CURL_CA_BUNDLE").or(file)?, host) {
            Some(certificates) => Own { certificates, store: folder },
            None => Own { certificates: Vec::new(), store: nothing },
        },
        // GnuTLS reads the whole folder.
        Client::GitGnuTls => match read_by(client, named("GIT_SSL_CAINFO")?, host) {
            Some(certificates) => Own { certificates, store: CertStore { has_system: true, ..nothing } },
            None => Own { certificates: Vec::new(), store: nothing },
        },
        Client::Node => {
            let store = store_of_node(&host.environment);
            Own { certificates: both([extra, file.filter(|_| store.has_system)]), store }
        }
        Client::OpenSsl => Own { certificates: both([None, Some(file?)]), store: folder },
        Client::Python => match named("REQUESTS_CA_BUNDLE") {
            // requests alone reads it, and nothing beside it.
            Some(path) => Own { certificates: read_by_requests(path, host), store: nothing },
            None => Own { certificates: both([None, Some(file?)]), store: folder },
        },
    })
}

/// All of them in DER, each once, for a proxy with TLS to prove itself by.
pub fn in_der(roots: &Roots) -> Arc<[Vec<u8>]> {
    let all = [&roots.extra, &roots.mozilla, &roots.system].into_iter().flatten();
    let all: BTreeSet<&[u8]> = all.map(Certificate::der).collect();
    all.into_iter().map(<[u8]>::to_vec).collect()
}

/// What a client reads of the file that a path leads to: nothing is expanded, and a relative one starts at the current folder
/// (seen on Node 24.22, Bun 1.4.5 and Claude Code 2.1.332). None where it takes that for broken, and where there is no file: a
/// folder is not gone through, and a pipe not waited for.
fn read_by(client: Client, path: &Path, host: &Host) -> Option<Vec<Certificate>> {
    let path = host.current_folder.join(path);
    let Some(Standing::File { .. }) = fs::standing(&path) else { return None };
    let mut text = Vec::new();
    fs::read_into(&path, &mut text, source::LIMIT).ok()?;
    certificates_read_by(client, &text)
}

/// As [`read_by`]; requests takes a folder too, and of that what bears the hash of a name.
fn read_by_requests(path: &Path, host: &Host) -> Vec<Certificate> {
    let folder = host.current_folder.join(path);
    if !fs::is_folder(&folder) {
        return read_by(Client::Python, path, host).unwrap_or_default();
    }
    let names = fs::names_in(&folder).unwrap_or_default();
    let names = names.into_iter().filter(|name| is_hash(name)).take(MOST_HASHES);
    names.filter_map(|name| read_by(Client::Python, &folder.join(name), host)).flatten().collect()
}

/// Whether the system has a folder in which its roots bear the hashes of their names.
fn has_hashes(host: &Host) -> bool {
    fs::names_in(&host.roots.path("etc/ssl/certs")).is_ok_and(|names| names.iter().any(|name| is_hash(name)))
}

/// `ca6e4ad9.0`
fn is_hash(name: &OsStr) -> bool {
    let parts = name.to_str().and_then(|name| name.split_once('.'));
    parts.is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn system(settings: &Settings, host: &mut Host) -> Vec<Certificate> {
    let mut found = Vec::new();
    let wishes = Wishes { asking: Asking::Never, ..Wishes::of(settings) };
    let none: &[&Path] = &[];
    let sources = &[Source::System];
    gather::each_certificate(sources, none, wishes, host, &mut Report::default(), &mut |der, _, _| {
        found.extend(Certificate::parse(der, Fingerprint::of(der)).ok());
    });
    found
}

/// What Claude Code takes: the words of `CLAUDE_CODE_CERT_STORE` that it knows; without that variable the system's store alone where
/// `NODE_OPTIONS` names another than Node's own; else both (seen in 2.1.332).
fn cert_store(in_force: &InForce, environment: &Environment) -> CertStore {
    let text = |name| in_force.value(name, environment).map(OsStr::to_string_lossy);
    let Some(store) = text("CLAUDE_CODE_CERT_STORE") else {
        let options = text("NODE_OPTIONS").unwrap_or_default();
        let is_other = STORE_OPTIONS.iter().any(|option| has_word(&options, option));
        return CertStore { has_bundled: !is_other, has_system: true };
    };
    let has = |wanted: &str| store.split(',').any(|part| part.trim().eq_ignore_ascii_case(wanted));
    match (has("bundled"), has("system")) {
        (false, false) => CertStore::default(),
        (has_bundled, has_system) => CertStore { has_bundled, has_system },
    }
}

/// What Node takes: its own roots; those of the system too, or alone, where it is told to (seen on 24.22).
fn store_of_node(environment: &Environment) -> CertStore {
    let options = environment.value("NODE_OPTIONS").map(OsStr::to_string_lossy).unwrap_or_default();
    let [system, openssl] = STORE_OPTIONS.map(|option| has_word(&options, option));
    let has_system = system || environment.value("NODE_USE_SYSTEM_CA") == Some(OsStr::new("1"));
    CertStore { has_bundled: !openssl, has_system: openssl || has_system }
}

fn has_word(text: &str, wanted: &str) -> bool {
    text.split_whitespace().any(|word| word == wanted)
}

/// The path of the extra bundle.
const EXTRA: &str = "NODE_EXTRA_CA_CERTS";
/// Far more than any system has.
const MOST_HASHES: usize = 2000;
/// To add the system's roots to Node's own, and to take them in their place.
const STORE_OPTIONS: [&str; 2] = ["--use-system-ca", "--use-openssl-ca"];

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_pairs(variables.iter().copied())
    }

    const BOTH: CertStore = CertStore { has_bundled: true, has_system: true };
    const BUNDLED: CertStore = CertStore { has_bundled: true, has_system: false };
    const SYSTEM: CertStore = CertStore { has_bundled: false, has_system: true };

    #[test]
    fn claude_code_goes_by_the_store_that_is_named_and_else_by_the_options_of_node() {
        let store = |store: &str, options: &str| {
            let variables = [("CLAUDE_CODE_CERT_STORE", store), ("NODE_OPTIONS", options)];
            cert_store(&InForce::default(), &environment(&variables))
        };
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
            assert_eq!(store(named, options), wanted, "{named:?}, {options:?}");
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
            assert_eq!(store_of_node(&environment(variables)), wanted, "{variables:?}");
        }
    }
}
