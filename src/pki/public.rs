//! Which roots are public: those of Mozilla's set, those that public stores once shipped, and whatever else the caller
//! knows a distribution to ship. What remains of a trust store without them is the company's own.
//!
//! Pure. Never says whom to trust: it tells whose a root is, for people to judge.

use std::collections::HashSet;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use super::cert::{Certificate, Fingerprint};

/// Keys of public roots. A key tells more than a certificate: a root that was issued again under the same key, with another
/// signature, name or end, is as public as before.
pub struct PublicRoots {
    keys: HashSet<[u8; 32]>,
}

impl PublicRoots {
    /// Mozilla's set as this program was built with it, and the roots that have been retired from public stores.
    pub fn known() -> Self {
        let mozilla = mozilla().filter_map(|der| Certificate::parse(der, Fingerprint::of(der)).ok());
        let mut roots = Self { keys: retired().collect() };
        mozilla.for_each(|certificate| roots.add(&certificate));
        roots
    }

    /// Counts another root among them.
    pub fn add(&mut self, certificate: &Certificate) {
        self.keys.insert(key(certificate));
    }

    /// Whether the key of a certificate is that of a public root.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.keys.contains(&key(certificate))
    }
}

/// Whether a certificate carries the name of one that Windows brings along for itself. They lie among those that an
/// administrator has added, and nothing else tells them apart (Microsoft's article 293781, and the roots of 2010 and later).
pub fn is_of_windows(certificate: &Certificate) -> bool {
    let name = certificate.subject().to_string();
    OF_WINDOWS.iter().any(|known| name.contains(known))
}

/// Mozilla's roots for TLS servers in DER, as this program was built with them (crate `webpki-root-certs`).
pub fn mozilla() -> impl Iterator<Item = &'static [u8]> {
    TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref)
}

/// Tells one set of Mozilla's roots from another: SHA-256 over the last bytes of each, which belong to its signature.
pub fn mozilla_state() -> [u8; 32] {
    let mut digest = Sha256::new();
    for der in mozilla() {
        digest.update(&der[der.len().saturating_sub(32)..]);
    }
    digest.finalize().into()
}

/// The day that the list of retired roots is of, as `2026-11-22`.
pub fn retired_as_of() -> &'static str {
    static DAY: LazyLock<&str> = LazyLock::new(|| {
        let behind = RETIRED.split_once(" as of ").map_or("", |(_, behind)| behind);
        behind.get(..10).unwrap_or_default()
    });
    &DAY
}

/// The SHA-256 of the SubjectPublicKeyInfo of each retired root.
fn retired() -> impl Iterator<Item = [u8; 32]> {
    RETIRED.lines().filter_map(|line| {
        let mut key = [0; 32];
        for (byte, digits) in key.iter_mut().zip(line.get(..64)?.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(key)
    })
}

fn key(certificate: &Certificate) -> [u8; 32] {
    Sha256::digest(certificate.public_key()).into()
}

/// What is peculiar to the names of the roots that Windows brings along.
const OF_WINDOWS: [&str; 10] = [
    "CN=Microsoft Authenticode(tm) Root Authority",
    "CN=Microsoft ECC Product Root Certificate Authority",
    "CN=Microsoft ECC TS Root Certificate Authority",
    "CN=Microsoft Root Authority",
    "CN=Microsoft Root Certificate Authority",
    "CN=Microsoft Time Stamp Root Certificate Authority",
    "CN=Symantec Enterprise Mobile Root for Microsoft",
    "CN=Thawte Timestamping CA",
    "OU=Copyright (c) 1997 Microsoft Corp.",
    "OU=NO LIABILITY ACCEPTED",
];
/// Made by `testdata/retired-roots.py`, which says from what.
const RETIRED: &str = include_str!("retired-roots.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_a_key_and_they_are_sorted() {
        let lines: Vec<&str> = RETIRED.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() > 150 && retired().count() == lines.len(), "{}", lines.len());
        assert!(lines.is_sorted() && RETIRED.is_ascii());
        assert!(RETIRED.contains(&format!(": {} keys.\n", lines.len())), "the head counts them");
        let day = retired_as_of();
        assert!(day.len() == 10 && day.starts_with("20") && day.as_bytes()[4] == b'-', "{day}");
    }

    #[test]
    fn roots_of_mozilla_are_public_and_the_company_s_are_not() {
        let mut known = PublicRoots::known();
        let mut count = 0;
        for der in mozilla() {
            assert!(known.contains(&Certificate::parse(der, Fingerprint::of(der)).unwrap()));
            count += 1;
        }
        assert!(count > 100, "{count}");
        assert!(known.keys.len() > count + 150, "{} keys, {count} of Mozilla", known.keys.len());
        let key = rcgen::KeyPair::generate().unwrap();
        let named = |name: &str| {
            let mut parameters = rcgen::CertificateParams::default();
            parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
            let der = parameters.self_signed(&key).unwrap().der().to_vec();
            Certificate::parse(&der, Fingerprint::of(&der)).unwrap()
        };
        assert!(is_of_windows(&named("Microsoft Root Certificate Authority 2011")));
        assert!(!is_of_windows(&named("Corp Root Certificate Authority")));
        // The name of a public root does not make one.
        let corporate = named("ISRG Root X1");
        assert!(!known.contains(&corporate));
        known.add(&corporate);
        assert!(known.contains(&named("the same key under another name")));
    }
}
