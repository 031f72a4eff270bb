//! What `testdata/README.md` promises: every file has its line, and the demo works for a long time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support;

#[test]
fn every_file_has_a_line_in_the_readme_and_every_line_a_file() {
    let folder = support::in_project("testdata");
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("testdata has a README");
    let named: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .collect();
    let distinct: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(named.len(), distinct.len(), "a file is named twice");

    let there: Vec<String> = support::files_below(&folder)
        .into_keys()
        .map(|path| path.strip_prefix(&folder).expect("it is below").display().to_string())
        .filter(|name| name != "README.md")
        .collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(there.difference(&distinct).collect::<Vec<_>>(), Vec::<&&str>::new(), "no line in the README");
    assert_eq!(distinct.difference(&there).collect::<Vec<_>>(), Vec::<&&str>::new(), "no such file");
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        assert_eq!(line.matches(" | ").count(), 1, "one sentence for one file: {line}");
    }
}

#[test]
fn the_certificates_of_the_demo_are_valid_until_2045_at_least() {
    let Some(openssl) = support::program("openssl") else { return };
    let demo = support::in_project("testdata/demo");
    let work = support::fresh_folder("demo");
    let mut seen = 0;
    let mut unaccounted = BTreeSet::new();
    for path in support::files_below(&demo).into_keys() {
        let name = path.strip_prefix(&demo).expect("it is below").display().to_string();
        let certificates = match name.as_str() {
            "ca.d/corp-chain.p7b" => blocks(&run(&openssl, &["pkcs7", "-print_certs", "-in"], &path)),
            "ca.d/corp-root.cer" => blocks(&run(&openssl, &["x509", "-inform", "DER", "-in"], &path)),
            "ca.d/inspection-proxy.pem" | "client.pem" => {
                blocks(&std::fs::read_to_string(&path).expect("it is text"))
            }
            "certman.toml" | "client.key" | "passphrase.txt" => continue,
            _ => {
                unaccounted.insert(name);
                continue;
            }
        };
        assert!(!certificates.is_empty(), "{name} holds certificates");
        for certificate in certificates {
            let one = work.path().join("one.pem");
            std::fs::write(&one, certificate).expect("a fresh folder can be written");
            let dates = run(&openssl, &["x509", "-noout", "-startdate", "-enddate", "-in"], &one);
            assert!(
                year(&dates, "notBefore=") <= 2025 && year(&dates, "notAfter=") > 2045,
                "{name}: {dates}"
            );
            seen += 1;
        }
    }
    // One root alone, three in the PKCS#7 file, two of the proxy, two of the client.
    assert_eq!((seen, unaccounted), (8, BTreeSet::new()));
}

#[test]
fn the_passphrase_of_the_demo_opens_its_key_and_the_key_belongs_to_its_certificate() {
    let Some(openssl) = support::program("openssl") else { return };
    let demo = support::in_project("testdata/demo");
    let passphrase = format!("file:{}", demo.join("passphrase.txt").display());
    let of_key = run(&openssl, &["pkey", "-pubout", "-passin", &passphrase, "-in"], &demo.join("client.key"));
    let of_certificate = run(&openssl, &["x509", "-noout", "-pubkey", "-in"], &demo.join("client.pem"));
    assert_eq!(of_key, of_certificate);
}

#[test]
fn the_passphrases_of_the_fixtures_open_their_keys() {
    let Some(openssl) = support::program("openssl") else { return };
    // What no OpenSSL opens: damaged on purpose, or beyond its memory bound.
    let sealed_for_good = ["p256.cut-short.pem", "p256.damaged.pem", "p256.scrypt-n32768.pem"];
    for path in support::files_below(&support::in_project("testdata/keys/encrypted")).into_keys() {
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        let passphrase = name
            .strip_prefix("p256.passphrase-")
            .and_then(|rest| rest.strip_suffix(".pem"))
            .unwrap_or("plain");
        let secret =
            format!("file:{}", support::testdata(&format!("passphrases/{passphrase}.txt")).display());
        let output = support::bare(&openssl)
            .args([
                "pkey",
                "-noout",
                "-provider",
                "default",
                "-provider",
                "legacy",
                "-passin",
                &secret,
                "-in",
            ])
            .arg(&path)
            .output()
            .expect("openssl starts");
        assert_eq!(output.status.success(), !sealed_for_good.contains(&name.as_str()), "{name}: {output:?}");
    }
}

fn run(openssl: &Path, arguments: &[&str], file: &PathBuf) -> String {
    let output = support::bare(openssl).args(arguments).arg(file).output().expect("openssl starts");
    assert!(output.status.success(), "openssl {arguments:?} {file:?}: {output:?}");
    String::from_utf8(output.stdout).expect("openssl says text")
}

/// The PEM blocks of certificates in a clean text.
fn blocks(text: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    text.split_inclusive(END)
        .filter_map(|part| part.find("-----BEGIN CERTIFICATE-----").map(|start| part[start..].to_owned()))
        .collect()
}

/// The year behind `notAfter=Jan  1 00:00:00 2046 GMT`.
fn year(dates: &str, label: &str) -> u32 {
    let line = dates.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
    line.split_whitespace()
        .nth(3)
        .and_then(|year| year.parse().ok())
        .unwrap_or_else(|| panic!("no year in {dates}"))
}
