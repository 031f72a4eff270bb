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
use crate::config::Settings;
use crate::doctor::reach::{CertStore, Own, Roots};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::public;
use crate::report::Report;
use crate::source::Source;
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::fs;

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
    let inside = CertStore { has_bundled: true, has_system: false };
    let mut of_clients = vec![(Client::Bun, handed_on.clone(), inside), (Client::Node, handed_on, inside)];
    for (client, names) in VARIABLES {
        let Some(path) = names.iter().find_map(|name| host.environment.value(name)) else { continue };
        let store = match client {
            Client::ClaudeCode => claude_code,
            // A variable that replaces leaves the folder of the system in force (seen on Debian 12).
            _ => CertStore { has_bundled: false, has_system: true },
        };
        if client != Client::ClaudeCode || claude_code.has_system {
            of_clients.push((client, Some(PathBuf::from(path)), store));
        }
    }
    let mut read = |path: Option<PathBuf>| {
        path.map(|path| certificates(&Source::Path(path), settings, host)).unwrap_or_default()
    };
    let extra = read(extra);
    let of_clients = of_clients
        .into_iter()
        .map(|(client, path, store)| (client, Own { certificates: read(path), store }))
        .collect();
    let mozilla = public::mozilla().filter_map(|der| Certificate::parse(der, Fingerprint::of(der)).ok());
    Roots {
        claude_code,
        extra,
        mozilla: mozilla.collect(),
        of_clients,
        system: certificates(&Source::System, settings, host),
    }
}

/// All of them in DER, each once, for a proxy with TLS to prove itself by.
pub fn in_der(roots: &Roots) -> Arc<[Vec<u8>]> {
    let all = [&roots.extra, &roots.mozilla, &roots.system].into_iter().flatten();
    let all: BTreeSet<&[u8]> = all.map(Certificate::der).collect();
    all.into_iter().map(<[u8]>::to_vec).collect()
}

fn certificates(source: &Source, settings: &Settings, host: &mut Host) -> Vec<Certificate> {
    let mut found = Vec::new();
    let wishes = Wishes { asking: Asking::Never, ..Wishes::of(settings) };
    let none: &[&Path] = &[];
    let sources = std::slice::from_ref(source);
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
