//! The trust store of the operating system as a source, and the full bundle, with the real things: Debian's package and its
//! `update-ca-certificates`, the store of this machine, and the clients that the full bundle is for.
//!
//! Owns trees that look like another system. A PowerShell is the one thing that is made up.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use certman::cli::commands::full::ensure;
use certman::config::{Overrides, Settings};
use certman::pki::public;
use certman::report::Report;
use certman::sys::Host;
use certman::sys::env::Environment;
use certman::sys::roots::Roots;
use serde_json::Value;

use crate::clients::bundles::{certificates_in, fingerprints, json, kept, sha256, text};
use crate::support::{Sandbox, bare, certman, fresh_folder, in_project, program, python, testdata};

/// Certificates that Debian ships, put together by Debian's own program with an anchor of the company's.
#[test]
fn of_debian_s_store_with_a_local_anchor_corporate_is_exactly_that_one() {
    let Some(debian) = Debian::new() else { return };
    let shipped = debian.shipped();
    let before = debian.found(&["bundle", "system:corporate", "-o", "-", "--dry-run"]);
    assert_eq!(codes(&before), ["system-corporate-none", "bundle-empty"], "{before}");

    debian.add_anchor("corp.crt", "pki/root-p256.pem");
    debian.update();
    let answer = debian.found(&["bundle", "system:corporate", "-o", "extra.pem"]);
    assert_eq!(kept(&answer), [fingerprint("pki/root-p256.pem")]);
    assert_eq!(codes(&answer), ["system-corporate"]);
    let place = text(&answer["findings"][0]["source"]["path"]);
    assert!(place.ends_with("/usr/local/share/ca-certificates/corp.crt"), "{place}");

    let everything = debian.found(&["bundle", "system", "-o", "all.pem", "--keep-expired"]);
    let seen = seen(&everything);
    assert_eq!(seen.len(), shipped + 1, "everything that is shipped, and the anchor");
    assert!(seen.contains(&fingerprint("pki/root-p256.pem")));
}

#[test]
fn an_anchor_that_is_only_in_the_store_is_told_from_those_of_the_package() {
    let Some(debian) = Debian::new() else { return };
    debian.append_to_store("pki/root-p256.pem");
    let answer = debian.found(&["bundle", "system:corporate", "-o", "extra.pem"]);
    assert_eq!(kept(&answer), [fingerprint("pki/root-p256.pem")]);
    let message = text(&answer["findings"][0]["message"]);
    assert!(message.contains("it is in the trust store, and neither in Mozilla's set"), "{message}");
    assert!(message.contains(public::retired_as_of()), "{message}");
}

/// Most of what is in Debian's package and not in Mozilla's set is no company's: public stores have retired it.
#[test]
fn without_the_package_s_folder_the_list_of_retired_roots_tells_them() {
    let Some(debian) = Debian::new() else { return };
    debian.append_to_store("pki/root-p256.pem");
    let not_mozilla = debian.not_in_mozillas_set();
    assert!(not_mozilla > 20, "there are retired roots to be told: {not_mozilla}");
    std::fs::remove_dir_all(debian.path("usr/share/ca-certificates")).unwrap();
    let answer = debian.found(&["bundle", "system:corporate", "-o", "extra.pem"]);
    assert_eq!(seen(&answer), [fingerprint("pki/root-p256.pem")]);
}

/// The store of the machine that runs the tests, whatever is in it.
#[test]
fn the_store_of_this_machine_is_read_whole_and_its_anchors_are_the_company_s() {
    let store = Path::new("/etc/ssl/certs/ca-certificates.crt");
    if program("update-ca-certificates").is_none() {
        return;
    }
    let mut expected = fingerprints(&certificates_in(&std::fs::read(store).unwrap()));
    expected.dedup();
    let answer = json(certman().args(["bundle", "system", "--json", "--dry-run"]));
    assert_eq!(seen(&answer), expected);

    let answer = json(certman().args(["bundle", "system:corporate", "--json", "--dry-run"]));
    let corporate = seen(&answer);
    let in_folders = |folder: &str| -> Vec<String> {
        let files = crate::support::files_below(Path::new(folder));
        let files = files.into_iter().filter(|(path, _)| path.extension().is_some_and(|one| one == "crt"));
        files.flat_map(|(_, content)| fingerprints(&certificates_in(&content))).collect()
    };
    let anchors = in_folders("/usr/local/share/ca-certificates");
    assert!(anchors.iter().all(|anchor| corporate.contains(anchor)), "{anchors:?}\n{corporate:?}");
    let shipped = in_folders("/usr/share/ca-certificates");
    assert!(shipped.len() > 100 && !shipped.iter().any(|one| corporate.contains(one)));
    assert_eq!(corporate.is_empty(), codes(&answer).contains(&"system-corporate-none".to_owned()));
}

#[test]
fn env_notices_a_new_anchor_and_nothing_else_makes_it_read_again() {
    let Some(debian) = Debian::new() else { return };
    debian.add_anchor("one.crt", "pki/root-p256.pem");
    debian.sandbox.give("certman.toml", "[bundle]\nsources = ['system:corporate']\nout = 'extra.pem'\n");
    let env = || {
        let output = debian.run(&["env", "--shell", "sh", "--config", "certman.toml"]);
        assert!(output.status.success(), "{output:?}");
        certificates_in(&std::fs::read(debian.sandbox.path("extra.pem")).unwrap()).len()
    };
    assert_eq!(env(), 1);
    let stamp = || std::fs::metadata(debian.sandbox.path(".extra.pem.stamp")).unwrap().modified().unwrap();
    let first = stamp();
    assert_eq!((env(), stamp()), (1, first));
    debian.add_anchor("two.crt", "pki/root-p384.pem");
    assert_eq!(env(), 2);
    assert!(stamp() > first);
}

#[test]
fn every_client_finds_in_the_full_bundle_what_certman_says_and_trusts_both_sides_by_it() {
    let (Some(node), Some(openssl), Some(mut python), Some(curl)) =
        (program("node"), program("openssl"), python(), program("curl"))
    else {
        return;
    };
    let Some(debian) = Debian::new() else { return };
    debian.sandbox.copy("corp.pem", "pki/root-p256.pem");
    let answer = debian.found(&["bundle", "corp.pem", "-o", "extra.pem", "--full", "full.pem"]);
    let full = debian.sandbox.path("full.pem");
    let bytes = std::fs::read(&full).unwrap();
    assert_eq!(answer["full_bundle"]["sha256"], sha256(&bytes));
    let expected = fingerprints(&certificates_in(&bytes));
    assert_eq!(answer["full_bundle"]["certificates"], expected.len());
    assert!(expected.len() > 100 && expected.contains(&fingerprint("pki/root-p256.pem")));
    assert_eq!(answer["bundle"]["certificates"], 1);
    assert!(!codes(&answer).contains(&"bundle-large".to_owned()), "public roots are no reason to warn");

    let in_node =
        said(bare(&node).arg(in_project("tests/support/trust.mjs")).env("NODE_EXTRA_CA_CERTS", &full));
    assert_eq!(serde_json::from_str::<Vec<String>>(&in_node).unwrap(), expected);
    let in_openssl = said(bare(&openssl).args(["storeutl", "-certs"]).arg(&full));
    assert!(in_openssl.ends_with(&format!("Total found: {}\n", expected.len())));
    let names = format!("{}\n", full.display());
    let output =
        crate::support::output_with_stdin(python.arg(in_project("tests/support/trust.py")), names.as_bytes());
    let in_python: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(in_python["loaded"]["x509_ca"], expected.len());

    // A server of the company's, and a root of the public's, both by the one variable.
    let server = Server::start(&openssl);
    let public_root =
        debian.sandbox.give("isrg.pem", std::fs::read(debian.shipped_file("ISRG_Root_X1.crt")).unwrap());
    let reaches = |file: &Path| {
        let fetch = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1]).read()";
        let mut python = crate::support::python().expect("it was there");
        [
            bare(&curl).args(["-sSf", &server.address]).env("SSL_CERT_FILE", file).output(),
            python.args(["-c", fetch, &server.address]).env("SSL_CERT_FILE", file).output(),
            bare(&node)
                .args(["--use-openssl-ca", "-e", FETCH, &server.address])
                .env("SSL_CERT_FILE", file)
                .output(),
            bare(&openssl)
                .arg("verify")
                .arg(&public_root)
                .env("SSL_CERT_FILE", file)
                .env("SSL_CERT_DIR", "/nowhere")
                .output(),
        ]
        .map(|output| output.expect("it starts").status.success())
    };
    assert_eq!(reaches(&full), [true, true, true, true]);
    assert_eq!(
        reaches(&debian.sandbox.path("extra.pem")),
        [true, true, true, false],
        "public roots replaced"
    );
    assert_eq!(reaches(&debian.path(STORE)), [false, false, false, true], "the company's unknown");
}

#[test]
fn mozillas_set_is_written_whole_but_for_what_has_expired() {
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-p256.pem");
    let arguments =
        ["bundle", "corp.pem", "-o", "extra.pem", "--full", "full.pem", "--public-roots", "mozilla"];
    let output = sandbox.certman(arguments.iter().chain(&["--json", "--at", "2026-01-01"])).output();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let written = fingerprints(&certificates_in(&std::fs::read(sandbox.path("full.pem")).unwrap()));
    assert!(codes(&answer).is_empty() || codes(&answer) == ["public-roots-dropped"], "{answer}");
    let mozilla: Vec<String> = public::mozilla().map(sha256).collect();
    assert!(written.iter().all(|one| mozilla.contains(one) || *one == fingerprint("pki/root-p256.pem")));
    assert!(written.len() + 5 > mozilla.len() + 1, "{} of {}", written.len(), mozilla.len());
}

#[test]
fn ensure_makes_the_full_bundle_once_and_again_when_the_store_changes() {
    let Some(debian) = Debian::new() else { return };
    debian.sandbox.copy("corp.pem", "pki/root-p256.pem");
    // Nobody has configured a full bundle: one that is needed lies in its usual place.
    debian.sandbox.give("certman.toml", "[bundle]\nsources = ['corp.pem']\nout = 'extra.pem'\n");
    let ensured = || debian.ensure().unwrap();
    let path = ensured();
    assert_eq!(path, debian.sandbox.home().join(".local/share/certman/full.pem"));
    let state =
        |path: &Path| (std::fs::metadata(path).unwrap().modified().unwrap(), std::fs::read(path).unwrap());
    let first = state(&path);
    ensured();
    assert_eq!(state(&path), first, "a fresh one is left alone");

    debian.append_to_store("pki/root-p384.pem");
    ensured();
    let count = |bytes: &[u8]| certificates_in(bytes).len();
    assert_eq!(count(&state(&path).1), count(&first.1) + 1);

    // The last good one serves where it cannot be renewed.
    let last = state(&path);
    std::fs::remove_file(debian.sandbox.path("corp.pem")).unwrap();
    ensured();
    assert_eq!(state(&path), last);
    std::fs::remove_file(&path).unwrap();
    assert!(debian.ensure().is_err() && !path.exists());
    // A file with nothing in it is none (every connection would fail).
    std::fs::write(&path, "# nothing\n").unwrap();
    assert!(debian.ensure().is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"# nothing\n");
}

#[test]
fn in_wsl_the_stores_of_windows_count_and_are_asked_again_after_half_a_day() {
    let system = System::new();
    system.give("proc/sys/kernel/osrelease", b"5.15.153.1-microsoft-standard-WSL2\n");
    system.copy(STORE, "pki/root-rsa.pem");
    system.copy("usr/share/ca-certificates/mozilla/r1.crt", "pki/root-rsa.pem");
    let line = |store: &str, name: &str| format!("{store} {}", base64(&der(name)));
    system.powershell(&[
        line("LocalMachine\\Disallowed", "pki/root-p521.pem"),
        line("LocalMachine\\AuthRoot", "pki/root-ed25519.pem"),
        line("LocalMachine\\Root", "pki/root-ed25519.pem"),
        line("LocalMachine\\Root", "pki/root-p521.pem"),
        line("LocalMachine\\Root", "pki/root-p384.pem"),
        line("CurrentUser\\Root", "pki/root-p384.pem"),
        line("CurrentUser\\Root", "pki/root-p256.pem"),
    ]);
    let answer = system.found(&["bundle", "system:corporate", "-o", "extra.pem"]);
    assert_eq!(codes(&answer), ["system-corporate", "system-corporate"], "{answer}");
    let mut expected = vec![fingerprint("pki/root-p384.pem"), fingerprint("pki/root-p256.pem")];
    expected.sort();
    assert_eq!(kept(&answer), expected);
    assert_eq!(answer["findings"][0]["source"]["path"], "Cert:\\LocalMachine\\Root");

    system.sandbox.give("certman.toml", "[bundle]\nsources = ['system:corporate']\nout = 'env.pem'\n");
    let asked = || std::fs::read(system.path("mnt/c/asked")).map_or(0, |log| log.len());
    let before = asked();
    let env = |at: &str| {
        let output = system.run(&["env", "--shell", "sh", "--config", "certman.toml", "--at", at]);
        assert!(output.status.success(), "{output:?}");
        asked() - before
    };
    assert_eq!(env("2030-01-01T00:00:00Z"), 1);
    assert_eq!(env("2030-01-01T11:59:00Z"), 1, "within half a day nobody is asked");
    assert_eq!(env("2030-01-01T12:00:00Z"), 2);

    // However often it is needed in one run, PowerShell is started once.
    let before = asked();
    let answer = system.found(&["bundle", "system", "system:corporate", "-o", "a.pem", "--full", "full.pem"]);
    assert_eq!((asked() - before, &answer["exit_status"]), (1, &Value::from(0)), "{answer}");
}

#[test]
fn in_wsl_a_powershell_that_fails_costs_its_stores_alone() {
    let system = System::new();
    system.give("proc/sys/kernel/osrelease", b"6.6.87.2-Microsoft-standard\n");
    system.copy(STORE, "pki/root-rsa.pem");
    for script in [None, Some("#!/bin/sh\necho LocalMachine\\\\Root QUJD\nexit 1\n")] {
        if let Some(script) = script {
            system.give(POWERSHELL, script.as_bytes());
            crate::support::set_mode(&system.path(POWERSHELL), 0o755);
        }
        let output = system.run(&["bundle", "system", "-o", "extra.pem", "--at", "2030-01-01"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let reason = if script.is_some() { "failed (exit status: 1)" } else { "there is no powershell.exe" };
        assert!(
            said.starts_with("certman: warning: 'system': the trust store of Windows was not read: "),
            "{said}"
        );
        assert!(said.contains(reason), "{said}");
        let written = certificates_in(&std::fs::read(system.sandbox.path("extra.pem")).unwrap());
        assert_eq!(fingerprints(&written), [fingerprint("pki/root-rsa.pem")]);
    }
    // What was made without an answer is not relied on: the next shell asks again.
    system.sandbox.give("certman.toml", "[bundle]\nsources = ['system']\nout = 'env.pem'\n");
    let env = || system.run(&["env", "--shell", "sh", "--config", "certman.toml", "--at", "2030-01-01"]);
    assert!(env().status.success());
    assert!(!system.sandbox.path(".env.pem.stamp").exists());
    system.powershell(&[format!("LocalMachine\\Root {}", base64(&der("pki/root-p384.pem")))]);
    assert!(env().status.success());
    assert_eq!(certificates_in(&std::fs::read(system.sandbox.path("env.pem")).unwrap()).len(), 2);
}

/// The files of another system, and a place to work in.
struct System {
    root: tempfile::TempDir,
    sandbox: Sandbox,
}

impl System {
    fn new() -> Self {
        Self { root: fresh_folder("system"), sandbox: Sandbox::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn give(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn copy(&self, name: &str, from: &str) {
        self.give(name, &std::fs::read(testdata(from)).unwrap());
    }

    /// A PowerShell that prints these lines, and one byte to a log.
    fn powershell(&self, lines: &[String]) {
        self.give("mnt/c/answer", (lines.join("\r\n") + "\r\n").as_bytes());
        let folder = self.path("mnt/c").display().to_string();
        self.give(
            POWERSHELL,
            format!("#!/bin/sh\nprintf x >>{folder}/asked\ncat {folder}/answer\n").as_bytes(),
        );
        std::fs::set_permissions(self.path(POWERSHELL), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let run = self.sandbox.certman(arguments);
        run.env("CERTMAN_SYSTEM_ROOT", self.root.path()).output()
    }

    fn found(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let output = self.run(&arguments);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
    }
}

/// A Debian whose store was made by its own program from its own package, without anything that this machine has added.
struct Debian(System);

impl std::ops::Deref for Debian {
    type Target = System;

    fn deref(&self) -> &System {
        &self.0
    }
}

impl Debian {
    /// None where this is no Debian.
    fn new() -> Option<Self> {
        program("update-ca-certificates")?;
        let debian = Self(System::new());
        for folder in [LOCAL, SHIPPED, "etc/ssl/certs", "etc/ca-certificates/update.d"] {
            std::fs::create_dir_all(debian.path(folder)).unwrap();
        }
        let mut names = String::new();
        for entry in std::fs::read_dir(Path::new("/").join(SHIPPED)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            std::fs::copy(&path, debian.shipped_file(name)).unwrap();
            names.push_str(&format!("mozilla/{name}\n"));
        }
        debian.give("etc/ca-certificates.conf", names.as_bytes());
        debian.update();
        Some(debian)
    }

    fn shipped_file(&self, name: &str) -> PathBuf {
        self.path(SHIPPED).join(name)
    }

    fn shipped(&self) -> usize {
        let count = std::fs::read_dir(self.path(SHIPPED)).unwrap().count();
        assert!(count > 100, "{count} certificates in Debian's package");
        count
    }

    fn add_anchor(&self, name: &str, from: &str) {
        self.copy(&format!("{LOCAL}/{name}"), from);
    }

    fn append_to_store(&self, from: &str) {
        let store = std::fs::read(self.path(STORE)).unwrap();
        self.give(STORE, &[store, std::fs::read(testdata(from)).unwrap()].concat());
    }

    /// Collects what is trusted, as an administrator does.
    fn update(&self) {
        let program = program("update-ca-certificates").expect("it was there");
        let mut command = bare(&program);
        for (flag, name) in [
            ("--certsconf", "etc/ca-certificates.conf"),
            ("--certsdir", "usr/share/ca-certificates"),
            ("--localcertsdir", LOCAL),
            ("--etccertsdir", "etc/ssl/certs"),
            ("--hooksdir", "etc/ca-certificates/update.d"),
        ] {
            command.arg(flag).arg(self.path(name));
        }
        said(command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"));
    }

    /// How many certificates of the store are not in Mozilla's set of today.
    fn not_in_mozillas_set(&self) -> usize {
        let mozilla: Vec<String> = public::mozilla().map(sha256).collect();
        let store = fingerprints(&certificates_in(&std::fs::read(self.path(STORE)).unwrap()));
        store.iter().filter(|one| !mozilla.contains(one)).count()
    }

    /// As a command that hands an environment on does.
    fn ensure(&self) -> Result<PathBuf, String> {
        let home = self.sandbox.home().display().to_string();
        let environment = Environment::from_pairs([("HOME", home)]);
        let overrides = Overrides { config: Some(self.sandbox.path("certman.toml")), ..Overrides::default() };
        let settings = Settings::resolve(overrides, &environment, &self.sandbox.folder(), None).unwrap();
        let mut host = Host::of_this_process();
        host.roots = Roots::below(self.root.path().to_owned(), &environment);
        ensure(&settings, false, &mut host, &mut Report::default()).map_err(|failure| failure.message)
    }
}

/// A server of the company's, on this machine alone.
struct Server {
    address: String,
    process: Child,
}

impl Server {
    fn start(openssl: &Path) -> Self {
        let mut process = bare(openssl)
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert_chain"])
            .arg(testdata("pki/server-chain.pem"))
            .arg("-cert")
            .arg(testdata("pki/server.pem"))
            .arg("-key")
            .arg(testdata("pki/keys/server.key"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| Some(line.ok()?.strip_prefix("ACCEPT 127.0.0.1:")?.to_owned()));
        let address = format!("https://localhost:{}/", port.expect("it says where it listens"));
        // It writes more; nobody reads it, and nobody has to.
        std::thread::spawn(move || lines.for_each(drop));
        Self { address, process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn codes(answer: &Value) -> Vec<String> {
    answer["findings"].as_array().unwrap().iter().map(|one| text(&one["code"])).collect()
}

/// The fingerprints of all certificates that were seen, sorted, each once.
fn seen(answer: &Value) -> Vec<String> {
    let certificates = answer["certificates"].as_array().unwrap();
    let mut seen: Vec<String> = certificates.iter().map(|one| text(&one["fingerprint_sha256"])).collect();
    seen.sort();
    seen.dedup();
    seen
}

/// The first certificate of a file in `testdata/`.
fn der(name: &str) -> Vec<u8> {
    certificates_in(&std::fs::read(testdata(name)).unwrap()).swap_remove(0)
}

fn fingerprint(name: &str) -> String {
    sha256(&der(name))
}

/// Base64 on one line, as .NET writes it.
fn base64(bytes: &[u8]) -> String {
    let mut text = Vec::new();
    certman::pki::container::pem::encode_base64(bytes, &mut text);
    String::from_utf8(text).unwrap().replace('\n', "")
}

/// Standard output of a program that must not fail.
fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it says text")
}

const FETCH: &str = "fetch(process.argv[1]).then((answer) => answer.text(), () => process.exit(1))";
const LOCAL: &str = "usr/local/share/ca-certificates";
const POWERSHELL: &str = "mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe";
const SHIPPED: &str = "usr/share/ca-certificates/mozilla";
const STORE: &str = "etc/ssl/certs/ca-certificates.crt";
