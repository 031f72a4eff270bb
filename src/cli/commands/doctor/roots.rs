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
    let mut of_clients = Vec::new();
    for client in [Client::Bun, Client::Node] {
        let certificates = handed_on.as_ref().and_then(|path| read_by(client, path, host));
        let store = CertStore { has_bundled: true, has_system: false };
        of_clients.push((client, Own { certificates: certificates.unwrap_or_default(), store }));
    }
    for (client, names) in VARIABLES {
        let Some(path) = names.iter().find_map(|name| host.environment.value(name)) else { continue };
        let certificates = read_by(client, Path::new(path), host);
        let store = match client {
            Client::ClaudeCode if !claude_code.has_system => continue,
            Client::ClaudeCode => claude_code,
            // They do without any root then.
            Client::Curl | Client::GitGnuTls if certificates.is_none() => {
                CertStore { has_bundled: false, has_system: false }
            }
            // A variable that replaces leaves the folder of the system in force (seen on Debian 12).
            _ => CertStore { has_bundled: false, has_system: true },
        };
        of_clients.push((client, Own { certificates: certificates.unwrap_or_default(), store }));
    }
    let mozilla = public::mozilla().filter_map(|der| Certificate::parse(der, Fingerprint::of(der)).ok());
    Roots { claude_code, extra, mozilla: mozilla.collect(), of_clients, system: system(settings, host) }
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

/// What `CLAUDE_CODE_CERT_STORE` says; both where it says nothing.
fn cert_store(in_force: &InForce, environment: &Environment) -> CertStore {
    match in_force.value("CLAUDE_CODE_CERT_STORE", environment).and_then(OsStr::to_str) {
        None => CertStore::default(),
        Some(text) => {
            let has = |wanted: &str| text.split(',').any(|part| part.trim() == wanted);
            CertStore { has_bundled: has("bundled"), has_system: has("system") }
        }
    }
}

/// The path of the extra bundle.
const EXTRA: &str = "NODE_EXTRA_CA_CERTS";
/// The variables of each client that name a file of roots, the strongest first.
const VARIABLES: [(Client, &[&str]); 5] = [
    (Client::ClaudeCode, &["SSL_CERT_FILE"]),
    (Client::Curl, &["CURL_CA_BUNDLE", "SSL_CERT_FILE"]),
    (Client::GitGnuTls, &["GIT_SSL_CAINFO"]),
    (Client::OpenSsl, &["SSL_CERT_FILE"]),
    (Client::Python, &["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]),
];
