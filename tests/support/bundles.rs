//! Bundles made by certman, and what a reader that is not certman finds in a PEM file.
//!
//! Owns how a test makes a bundle and which fingerprints certman says it kept. Never asks certman's own
//! parser what a file holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{certman, files_below, fresh_folder, in_project};

/// A bundle that certman has written.
pub(crate) struct Bundle {
    /// The fingerprints that certman says are in it, sorted.
    pub(crate) kept: Vec<String>,
    /// The sources it was made from, below `testdata/`.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) text: Vec<u8>,
}

/// Makes one bundle of each file and folder named; those of the same bytes once only.
///
/// Panics where certman does not say of itself what it has done.
pub(crate) fn bundles_of(sources: &[(String, Vec<PathBuf>)]) -> Vec<Bundle> {
    let folder = fresh_folder("bundles");
    let mut distinct = BTreeMap::new();
    for (number, (name, paths)) in sources.iter().enumerate() {
        let path = folder.path().join(format!("bundle-{number}.pem"));
        let answer = json(certman().args(["bundle", "--json", "-o"]).arg(&path).args(paths));
        let kept = kept(&answer);
        let is_written = answer["exit_status"] == 0;
        assert_eq!(path.exists(), is_written, "{name}: {answer}");
        assert_eq!(answer["bundle"].is_object(), is_written, "{name}: {answer}");
        if is_written {
            let text = std::fs::read(&path).expect("a bundle can be read");
            assert!(!kept.is_empty(), "{name}: a bundle of nothing");
            assert_eq!(answer["bundle"]["certificates"], kept.len(), "{name}");
            assert_eq!(answer["bundle"]["sha256"], sha256(&text), "{name}");
            distinct.entry(text).or_insert((kept, name.clone()));
        }
    }
    distinct.into_iter().map(|(text, (kept, name))| Bundle { kept, name, text }).collect()
}

/// Every file below these folders of `testdata/` as a source of its own, and each folder as a whole.
pub(crate) fn sources_in(folders: &[&str]) -> Vec<(String, Vec<PathBuf>)> {
    let mut sources = Vec::new();
    for folder in folders {
        let path = in_project("testdata").join(folder);
        sources.push(((*folder).to_owned(), vec![path.clone()]));
        for file in files_below(&path).into_keys() {
            let name = file.strip_prefix(in_project("testdata")).unwrap_or(&file).display().to_string();
            sources.push((name, vec![file]));
        }
    }
    sources
}

/// What certman says in JSON.
pub(crate) fn json(command: &mut std::process::Command) -> Value {
    let output = command.output().expect("certman is built");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{command:?}: {error}: {output:?}"))
}

/// The fingerprints of the certificates that an answer of `certman bundle --json` calls kept, sorted.
pub(crate) fn kept(answer: &Value) -> Vec<String> {
    let certificates = answer["certificates"].as_array().expect("certificates is a list");
    let mut kept: Vec<String> = certificates
        .iter()
        .filter(|certificate| certificate["kept"] == true)
        .map(|certificate| text(&certificate["fingerprint_sha256"]))
        .collect();
    kept.sort();
    kept
}

/// The certificates that rustls-pemfile finds; it must find nothing else, and stumble over nothing.
pub(crate) fn certificates_in(pem: &[u8]) -> Vec<Vec<u8>> {
    rustls_pemfile::read_all(&mut &*pem)
        .map(|item| match item {
            Ok(rustls_pemfile::Item::X509Certificate(der)) => der.to_vec(),
            other => panic!("not a certificate: {other:.200?} in {:.2000}", String::from_utf8_lossy(pem)),
        })
        .collect()
}

/// The fingerprints of certificates, sorted.
pub(crate) fn fingerprints<D: AsRef<[u8]>>(certificates: &[D]) -> Vec<String> {
    let mut fingerprints: Vec<String> = certificates.iter().map(|der| sha256(der.as_ref())).collect();
    fingerprints.sort();
    fingerprints
}

/// SHA-256 in lower-case hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text that a JSON value is.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
