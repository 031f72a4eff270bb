//! The roots that `doctor` judges by: the bundle, the trust store of the operating system, Mozilla's set, and what variables of
//! single clients name. The settings files count for Claude Code alone.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::commands::gather;
use crate::cli::commands::stores::{Asking, Wishes};
use crate::clients::Client;
use crate::clients::bundle::certificates_read_by;
use crate::clients::roots::{
    CertStore, Folders, Taken, folders_read_by, store_of_claude_code, taken_by, usual_of,
};
use crate::config::Settings;
use crate::doctor::reach::{Own, Roots};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::public;
use crate::report::Report;
use crate::settings::InForce;
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::fs::{self, Standing};

/// Reads all of them. What cannot be read is not among them: what is wrong with it is told elsewhere.
pub fn of_this_machine(settings: &Settings, in_force: &InForce, host: &mut Host) -> Roots {
    let claude_code = store_of_claude_code(&|name| in_force.value(name, &host.environment));
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

/// What a client goes by as this process has its variables; none where that is the usual.
fn own(client: Client, extra: Option<&Path>, claude_code: CertStore, host: &Host) -> Option<Own> {
    let value = |name: &str| host.environment.value(name);
    let folders: Vec<PathBuf> =
        value("SSL_CERT_DIR").map(|list| std::env::split_paths(list).collect()).unwrap_or_default();
    let taken = match taken_by(client, &value, extra, claude_code, has_hashes(host)) {
        None if folders.is_empty() => return None,
        None => Taken { store: usual_of(client, claude_code), ..Taken::default() },
        Some(taken) => taken,
    };
    let read = |path: &&Path| match taken.takes_folders {
        true => Some(read_by_requests(path, host)),
        false => read_by(client, path, host),
    };
    let read: Vec<Option<Vec<Certificate>>> = taken.files.iter().map(read).collect();
    let is_broken = taken.is_bound_to_files && read.iter().any(Option::is_none);
    let mut own = Own {
        certificates: read.into_iter().flatten().flatten().collect(),
        store: if is_broken { CertStore::NONE } else { taken.store },
    };
    // What takes a folder by itself looks at no other.
    if !folders.is_empty()
        && !taken.takes_folders
        && let Some(reading) = folders_read_by(client, own.store)
    {
        own.store.has_system &= !matches!(reading, Folders::Hashes { keeps_system: false });
        let is_read = |name: &OsString| reading == Folders::Everything || is_hash(name);
        for folder in &folders {
            own.certificates.extend(of_folder(client, &host.current_folder.join(folder), &is_read, host));
        }
    }
    Some(own)
}

/// What a client reads of the files in a folder that bear such names.
fn of_folder(
    client: Client,
    folder: &Path,
    is_read: &dyn Fn(&OsString) -> bool,
    host: &Host,
) -> Vec<Certificate> {
    let names = fs::names_in(folder).unwrap_or_default();
    let names = names.into_iter().filter(|name| is_read(name)).take(MOST_FILES);
    names.filter_map(|name| read_by(client, &folder.join(name), host)).flatten().collect()
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
    of_folder(Client::Python, &folder, &|name| is_hash(name), host)
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

/// The path of the extra bundle.
const EXTRA: &str = "NODE_EXTRA_CA_CERTS";
/// Far more than any system has.
const MOST_FILES: usize = 2000;
