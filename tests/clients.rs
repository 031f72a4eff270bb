//! What certman writes, given to the programs it is written for: Node, Bun, OpenSSL, Python, rustls-pemfile.
//!
//! Each must find in a bundle exactly the certificates that certman says it kept, and must come through a
//! handshake with a client certificate by nothing but what `certman env` prints.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use certman::pki::key::{self, Content, KeyFile, Limits};
use certman::secret::Passphrase;
use serde_json::Value;

use crate::support::{
    bare, fixture_passphrase, fresh_folder, in_project, output_with_stdin, program, python, testdata,
};

#[path = "support/bundles.rs"]
pub(crate) mod bundles;

use bundles::{Bundle, bundles_of, certificates_in, fingerprints, json, sources_in, text};

#[test]
fn rustls_pemfile_finds_in_every_bundle_what_certman_says_it_kept() {
    for bundle in &*EVERY_BUNDLE {
        let found = certificates_in(&bundle.text);
        assert_eq!(fingerprints(&found), bundle.kept, "{}", bundle.name);
    }
}

#[test]
fn node_finds_in_every_bundle_what_certman_says_it_kept() {
    let Some(node) = program("node") else { return };
    trusts_exactly_what_was_kept(&node);
}

#[test]
fn bun_finds_in_every_bundle_what_certman_says_it_kept() {
    let Some(bun) = program("bun") else { return };
    trusts_exactly_what_was_kept(&bun);
}

#[test]
fn node_and_bun_lose_certificates_of_a_damaged_bundle() {
    let (Some(node), Some(bun)) = (program("node"), program("bun")) else { return };
    let folder = fresh_folder("damaged");
    let path = folder.path().join("bundle.pem");
    let damaged = std::fs::read(testdata("dirty/one-damaged.pem")).unwrap();
    std::fs::write(&path, damaged).unwrap();
    // What this file's other tests rely on: the question has another answer for another file.
    assert_eq!(extra_authorities(&node, &path).len(), 1);
    assert_eq!(extra_authorities(&bun, &path).len(), 0);
}

#[test]
fn openssl_finds_in_every_bundle_what_certman_says_it_kept() {
    let Some(openssl) = program("openssl") else { return };
    let folder = fresh_folder("openssl");
    for (bundle, path) in placed(folder.path()) {
        let store = said(bare(&openssl).args(["storeutl", "-certs"]).arg(&path));
        let total = format!("Total found: {}\n", bundle.kept.len());
        assert!(store.ends_with(&total), "{}: {store}", bundle.name);
        assert_eq!(fingerprints(&blocks(&store)), bundle.kept, "{}", bundle.name);

        let all = folder.path().join("all.p7b");
        said(bare(&openssl).args(["crl2pkcs7", "-nocrl", "-certfile"]).arg(&path).arg("-out").arg(&all));
        let printed = said(bare(&openssl).args(["pkcs7", "-print_certs", "-in"]).arg(&all));
        assert_eq!(fingerprints(&blocks(&printed)), bundle.kept, "{}", bundle.name);
    }
}

#[test]
fn python_finds_in_every_bundle_what_certman_says_it_kept() {
    let Some(mut python) = python() else { return };
    let folder = fresh_folder("python");
    let bundles = placed(folder.path());
    let names: String = bundles.iter().map(|(_, path)| format!("{}\n", path.display())).collect();
    let output = output_with_stdin(python.arg(in_project("tests/support/trust.py")), names.as_bytes());
    assert!(output.status.success(), "{output:?}");
    let answers: Vec<Value> = output
        .stdout
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(answers.len(), bundles.len());
    for ((bundle, _), answer) in bundles.iter().zip(&answers) {
        assert_eq!(strings(&answer["cryptography"]), bundle.kept, "{}", bundle.name);
        assert_eq!(answer["loaded"]["x509"], bundle.kept.len(), "{}", bundle.name);
        // Python does not show what is no CA, though it trusts it.
        let authorities = strings(&answer["authorities"]);
        assert_eq!(answer["loaded"]["x509_ca"], authorities.len(), "{}", bundle.name);
        assert!(authorities.iter().all(|one| bundle.kept.contains(one)), "{}", bundle.name);
        let hidden = bundle.kept.len() - authorities.len();
        assert!(hidden <= 1, "{}: {hidden} of {} are no CA", bundle.name, bundle.kept.len());
    }
}

#[test]
fn node_and_bun_connect_with_what_env_prints() {
    let (Some(node), Some(bun), Some(openssl), Some(python)) =
        (program("node"), program("bun"), program("openssl"), python())
    else {
        return;
    };
    let server = Server::start(python, &["pki/root-p256.pem", "pki/intermediate-p256-1.pem"]);
    for kind in ["rsa-2048", "p256", "p384", "p521", "ed25519"] {
        let setup =
            Setup::new(kind, key::PORTABLE_ITERATIONS, &["pki/root-p256.pem", "pki/intermediate-p256-1.pem"]);
        said(
            bare(&openssl)
                .args(["pkey", "-noout", "-passin", "env:SECRET", "-in"])
                .arg(&setup.key)
                .env("SECRET", &setup.exports["CLAUDE_CODE_CLIENT_KEY_PASSPHRASE"]),
        );
        // No key of P-521 against TLS 1.2 in Bun (CLIENTS.md, client key and certificate, rule 1).
        let addresses =
            if kind == "p521" { vec![&server.tls_1_3] } else { vec![&server.tls_1_2, &server.tls_1_3] };
        for client in [&node, &bun] {
            let ways = if client == &bun { 2 } else { 1 };
            let answers = connect(client, &addresses, &setup.exports);
            let wanted: Vec<String> = addresses
                .iter()
                .flat_map(|address| std::iter::repeat_n(server.greeting(kind, address), ways))
                .collect();
            assert_eq!(answers, wanted, "{kind} with {}", client.display());
        }
    }
}

#[test]
fn without_the_bundle_the_certificate_or_the_right_passphrase_nobody_connects() {
    let (Some(node), Some(bun), Some(python)) = (program("node"), program("bun"), python()) else { return };
    let server = Server::start(python, &["pki/root-p256.pem", "pki/intermediate-p256-1.pem"]);
    let setup = Setup::new("p256", 10_000, &["pki/root-p256.pem", "pki/intermediate-p256-1.pem"]);
    let stranger = Setup::new("p256", 10_000, &["pki/root-rsa.pem"]);
    let addresses = [&server.tls_1_2, &server.tls_1_3];
    for client in [&node, &bun] {
        assert!(connect(client, &addresses, &setup.exports).iter().all(|answer| answer.starts_with("hello")));
        let without = |names: &[&str]| {
            let mut exports = setup.exports.clone();
            exports.retain(|name, _| !names.contains(&name.as_str()));
            exports
        };
        let mut wrong = setup.exports.clone();
        wrong.insert("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE".into(), fixture_passphrase("other"));
        let bundle_of_another = BTreeMap::from([(
            "NODE_EXTRA_CA_CERTS".to_owned(),
            stranger.exports["NODE_EXTRA_CA_CERTS"].clone(),
        )]);
        let mut other_authority = setup.exports.clone();
        other_authority.extend(bundle_of_another);
        for (what, exports) in [
            ("no bundle", without(&["NODE_EXTRA_CA_CERTS"])),
            ("the bundle of another authority", other_authority),
            ("no identity", without(&["CLAUDE_CODE_CLIENT_CERT"])),
            ("no passphrase", without(&["CLAUDE_CODE_CLIENT_KEY_PASSPHRASE"])),
            ("a wrong passphrase", wrong),
        ] {
            let answers = connect(client, &addresses, &exports);
            assert!(
                !answers.is_empty() && answers.iter().all(|answer| answer.starts_with("failed")),
                "{what} with {}: {answers:?}",
                client.display()
            );
        }
    }
}

#[test]
fn openssl_reads_every_key_that_certman_writes() {
    let Some(openssl) = program("openssl") else { return };
    let folder = fresh_folder("keys");
    let secret = fixture_passphrase("utf8");
    let mut tried = 0;
    for path in crate::support::files_below(&in_project("testdata/keys")).into_keys() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(key) = opened(&path) else { continue };
        let original = key_of(&openssl, &path, "pass:");
        let (sealed, plain) = (folder.path().join("sealed.pem"), folder.path().join("plain.pem"));
        std::fs::write(&sealed, &key.seal(&Passphrase::new(secret.clone().into_bytes()), 2_048).unwrap()[..])
            .unwrap();
        std::fs::write(&plain, &key.to_pkcs8_pem()[..]).unwrap();
        let from_plain = key_of(&openssl, &plain, "pass:").unwrap_or_else(|| panic!("{name} in clear"));
        let from_sealed = key_of(&openssl, &sealed, "env:SECRET").unwrap_or_else(|| panic!("{name} sealed"));
        assert_eq!(from_sealed, from_plain, "{name}");
        // Where OpenSSL reads the file as it came: it holds the same key.
        if let Some(original) = original {
            assert_eq!(from_plain, original, "{name}");
        }
        assert_eq!(key_of(&openssl, &sealed, "pass:wrong"), None, "{name} opens with any passphrase");
        tried += 1;
    }
    assert!(tried >= 40, "only {tried} keys could be tried");
}

/// Every bundle with the file in this folder that holds it.
fn placed(folder: &Path) -> Vec<(&'static Bundle, PathBuf)> {
    let place = |(number, bundle): (usize, &'static Bundle)| {
        let path = folder.join(format!("{number}.pem"));
        std::fs::write(&path, &bundle.text).unwrap();
        (bundle, path)
    };
    EVERY_BUNDLE.iter().enumerate().map(place).collect()
}

fn trusts_exactly_what_was_kept(client: &Path) {
    let folder = fresh_folder("trust");
    let bundles = placed(folder.path());
    // Two at a time: each start of the client costs more than what it does.
    std::thread::scope(|scope| {
        for half in bundles.chunks(bundles.len().div_ceil(2)) {
            scope.spawn(move || {
                for (bundle, path) in half {
                    assert_eq!(extra_authorities(client, path), bundle.kept, "{}", bundle.name);
                }
            });
        }
    });
}

/// The fingerprints of what a client takes from a bundle, sorted.
fn extra_authorities(client: &Path, bundle: &Path) -> Vec<String> {
    let script = in_project("tests/support/trust.mjs");
    let found = said(bare(client).arg(script).env("NODE_EXTRA_CA_CERTS", bundle));
    strings(&serde_json::from_str(&found).unwrap())
}

/// An identity in the portable form with a bundle, and what `certman env` prints for them.
struct Setup {
    exports: BTreeMap<String, String>,
    _folder: tempfile::TempDir,
    key: PathBuf,
}

impl Setup {
    fn new(kind: &str, rounds: u32, authorities: &[&str]) -> Self {
        let folder = fresh_folder("client");
        let key = folder.path().join("client.key");
        let passphrase = folder.path().join("passphrase.txt");
        let secret = fixture_passphrase("utf8");
        std::fs::write(&passphrase, format!("{secret}\n")).unwrap();
        crate::support::set_mode(&passphrase, 0o600);
        let mut place = std::ffi::OsString::from("file:");
        place.push(&passphrase);
        said(
            crate::support::certman()
                .args(["key", "encrypt", "--iterations", &rounds.to_string(), "--new-passphrase"])
                .arg(place)
                .arg("--key")
                .arg(testdata(&format!("keys/{kind}.pkcs8.pem")))
                .arg("-o")
                .arg(&key),
        );
        let sources: Vec<PathBuf> = authorities.iter().map(|name| testdata(name)).collect();
        let configuration = folder.path().join("certman.toml");
        let certificate = testdata(&format!("pki/client-{kind}.pem"));
        let chain = folder.path().join("client.pem");
        let issuer = testdata("pki/intermediate-p256-1.pem");
        std::fs::write(
            &chain,
            [std::fs::read(certificate).unwrap(), std::fs::read(issuer).unwrap()].concat(),
        )
        .unwrap();
        let toml = format!(
            "[bundle]\nsources = {sources:?}\nout = 'a bundle.pem'\n[client]\ncert = 'client.pem'\nkey = 'client.key'\n\
             passphrase = 'file:passphrase.txt'\n",
        );
        std::fs::write(&configuration, toml).unwrap();
        let exports = json(
            crate::support::certman()
                .args(["env", "--shell", "json", "--verify", "--config"])
                .arg(&configuration),
        );
        let exports =
            exports.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect();
        Self { exports, _folder: folder, key }
    }
}

/// A server that requires a client certificate.
pub(crate) struct Server {
    process: Child,
    pub(crate) tls_1_2: String,
    pub(crate) tls_1_3: String,
}

impl Server {
    pub(crate) fn start(mut python: Command, client_authorities: &[&str]) -> Self {
        let folder = fresh_folder("server");
        let authorities = folder.path().join("authorities.pem");
        let all: Vec<Vec<u8>> =
            client_authorities.iter().map(|name| std::fs::read(testdata(name)).unwrap()).collect();
        std::fs::write(&authorities, all.concat()).unwrap();
        let mut process = python
            .arg(in_project("tests/support/server.py"))
            .args([testdata("pki/server-chain.pem"), testdata("pki/keys/server.key"), authorities])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut ports = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ports).unwrap();
        let (tls_1_2, tls_1_3) = ports.trim().split_once(' ').unwrap_or_else(|| panic!("no ports: {ports}"));
        let address = |port: &str| format!("https://localhost:{port}/");
        Self { process, tls_1_2: address(tls_1_2), tls_1_3: address(tls_1_3) }
    }

    pub(crate) fn greeting(&self, kind: &str, address: &str) -> String {
        let version = if address == self.tls_1_2 { "TLSv1.2" } else { "TLSv1.3" };
        format!("hello alice ({kind}) over {version}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What came of each connection, a line each.
pub(crate) fn connect(
    client: &Path,
    addresses: &[&String],
    exports: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut command = bare(client);
    command.arg(in_project("tests/support/connect.mjs")).args(addresses).envs(exports);
    said(&mut command).lines().map(str::to_owned).collect()
}

/// The key in a file, opened by the passphrase that its name says; none where it is damaged or hostile on purpose.
fn opened(path: &Path) -> Option<key::PrivateKey> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    let secret = name
        .strip_prefix("p256.passphrase-")
        .and_then(|rest| rest.strip_suffix(".pem"))
        .map_or_else(|| fixture_passphrase("plain"), fixture_passphrase);
    let KeyFile { content, .. } = key::detect(&std::fs::read(path).unwrap()).ok()?;
    match content {
        Content::Plain(key) => Some(key),
        Content::Sealed(sealed) => sealed.open(&Passphrase::new(secret.into_bytes()), &Limits::DEFAULT).ok(),
    }
}

/// The public key that OpenSSL finds behind a private one; none where it does not read it.
fn key_of(openssl: &Path, path: &Path, passphrase: &str) -> Option<String> {
    let output = bare(openssl)
        .args(["pkey", "-pubout", "-passin", passphrase, "-in"])
        .arg(path)
        .env("SECRET", fixture_passphrase("utf8"))
        .output()
        .expect("openssl starts");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// The certificates among the text that a program prints.
fn blocks(text: &str) -> Vec<Vec<u8>> {
    certificates_in(text.as_bytes())
}

/// Standard output of a program that must not fail.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it says text")
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list")).iter().map(text).collect()
}

/// Bundles of every file and folder of public test material.
static EVERY_BUNDLE: LazyLock<Vec<Bundle>> = LazyLock::new(|| {
    let mut sources = sources_in(&["demo", "dirty", "hostile", "pki"]);
    // Some hundred and forty public roots, where the system has them.
    let public = PathBuf::from("/etc/ssl/certs/ca-certificates.crt");
    sources.extend(public.exists().then(|| ("public roots".to_owned(), vec![public])));
    let bundles = bundles_of(&sources);
    assert!(bundles.len() >= 45, "only {} bundles differ", bundles.len());
    assert!(bundles.iter().any(|bundle| bundle.kept.len() >= 30), "a folder gives a large bundle");
    bundles
});
