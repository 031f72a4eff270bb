//! `check --runtime`: what a Node or Bun has from a bundle, and whether it connects with the identity, asked of real ones; and
//! what certman makes of programs that hang, babble, lie or are something else.
//!
//! Owns the stand-ins, which are shell scripts, and the look at what is left behind.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{
    Sandbox, bare, contains, files_below, fixture_passphrase, in_project, program, set_mode, testdata,
};

#[test]
fn node_and_bun_have_all_of_what_certman_writes() {
    for runtime in both() {
        let place = Place::new();
        for (name, sources) in [
            ("clean", vec!["dirty/clean.pem"]),
            (
                "dirt",
                vec!["dirty/bom-middle.pem", "dirty/glued.pem", "dirty/utf16le.pem", "dirty/pkcs7-ber.p7b"],
            ),
            ("folder", vec!["pki"]),
            ("hostile", vec!["hostile"]),
        ] {
            let bundle = place.sandbox.path(&format!("{name}.pem"));
            let mut arguments = vec!["bundle".to_owned(), "--at".into(), "2030-01-01".into(), "-o".into()];
            arguments.push(bundle.display().to_string());
            arguments.extend(sources.iter().map(|source| testdata(source).display().to_string()));
            place.sandbox.certman(&arguments).output();
            let answer = place.check(&runtime, &[bundle.to_str().unwrap(), "--at", "2030-01-01"]);
            let own = codes(&answer);
            assert!(
                !own.iter().any(|code| code.starts_with("runtime-")),
                "{name} with {runtime:?}: {answer}"
            );
            assert_eq!(answer["runtime"]["certificates"], answer["certificates"].as_array().unwrap().len());
            assert_eq!(answer["runtime"]["handshakes"], Value::Array(Vec::new()));
        }
        place.nothing_is_left();
    }
}

#[test]
fn what_a_runtime_loses_is_named_one_by_one() {
    // What certman reads of each file, and how many of these Node and Bun lose.
    for (file, node_loses, bun_loses) in [
        ("dirty/clean.pem", 0, 0),
        ("dirty/one-damaged.pem", 1, 2),
        ("dirty/bom-start.pem", 0, 1),
        ("dirty/glued.pem", 3, 3),
        ("dirty/lone-cr.pem", 3, 3),
        ("dirty/utf16le.pem", 3, 3),
        ("dirty/der.cer", 1, 1),
        ("dirty/width-253.pem", 0, 1),
    ] {
        for runtime in both() {
            let place = Place::new();
            let path = testdata(file);
            let answer = place.check(&runtime, &[path.to_str().unwrap(), "--at", "2030-01-01"]);
            let lost = of_code(&answer, "runtime-lost-certificate");
            let is_node = runtime.file_name().unwrap() == "node";
            let wanted = if is_node { node_loses } else { bun_loses };
            assert_eq!(lost.len(), wanted, "{file} with {runtime:?}: {answer}");
            let read: Vec<&str> = answer["certificates"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["subject"].as_str().unwrap())
                .collect();
            for one in &lost {
                assert_eq!(one["severity"], "critical");
                assert_eq!(one["source"]["path"], path.to_str().unwrap());
                let subject = one["subject"].as_str().unwrap();
                assert!(read.iter().any(|whole| whole.contains(subject)), "{subject} of {read:?}");
            }
            let has = answer["runtime"]["certificates"].as_u64().unwrap() as usize;
            assert_eq!(has + lost.len(), read.len(), "{file} with {runtime:?}");
            assert!(of_code(&answer, "runtime-extra-certificate").is_empty(), "{answer}");
            place.nothing_is_left();
        }
    }
}

#[test]
fn an_identity_comes_through_exactly_where_the_runtime_can_use_it() {
    // The versions of TLS that it does not connect by; `unknown` where certman's server cannot tell.
    for (key, node, bun) in [
        ("keys/encrypted/p256.portable-crlf.pem", "", ""),
        ("keys/encrypted/rsa-2048.portable.pem", "", ""),
        ("keys/encrypted/p384.portable.pem", "", ""),
        ("keys/encrypted/ed25519.portable.pem", "", ""),
        ("keys/encrypted/p521.portable.pem", "", "1.2"),
        ("keys/encrypted/p256.passphrase-utf8.pem", "", ""),
        ("keys/encrypted/p256.scrypt-aes-256.pem", "", "1.2 1.3"),
        ("keys/encrypted/p256.pbe-sha1-rc2-40.pem", "1.2 1.3", ""),
        ("keys/encrypted/rsa-pss.pbes2.pem", "unknown", "1.2 1.3"),
        ("keys/encrypted/ed448.pbes2.pem", "unknown", "1.2 1.3"),
        ("keys/p256.pkcs8.pem", "", ""),
        ("keys/p256.pkcs8.der", "1.2 1.3", "1.2 1.3"),
        ("keys/p256.bom.pem", "", "1.2 1.3"),
        ("keys/p256.no-public.sec1.pem", "", ""),
    ] {
        for runtime in both() {
            let place = Place::new();
            place.identity(key);
            let answer = place.check(&runtime, &PAIR);
            let is_node = runtime.file_name().unwrap() == "node";
            let wanted = if is_node { node } else { bun };
            let what = format!("{key} with {runtime:?}: {answer}");
            let failed = of_code(&answer, "runtime-handshake-failed");
            assert_eq!(failed.len(), usize::from(wanted.starts_with('1')), "{what}");
            if wanted == "unknown" {
                assert_eq!(of_code(&answer, "runtime-failed").len(), 1, "{what}");
                continue;
            }
            assert!(of_code(&answer, "runtime-failed").is_empty(), "{what}");
            let tried = answer["runtime"]["handshakes"].as_array().unwrap();
            assert_eq!(tried.len(), if is_node { 2 } else { 4 }, "{what}");
            for one in tried {
                let is_refused = wanted.contains(one["tls"].as_str().unwrap());
                assert_eq!(one["done"], !is_refused, "{what}");
            }
            place.nothing_is_left();
        }
    }
}

#[test]
fn a_wrong_passphrase_and_another_key_fail_in_the_words_of_the_runtime() {
    for runtime in both() {
        let place = Place::new();
        place.identity("keys/encrypted/p256.portable-crlf.pem");
        place.sandbox.give("passphrase.txt", fixture_passphrase("other"));
        let answer = place.check(&runtime, &PAIR);
        assert!(codes(&answer).contains(&"passphrase-wrong".to_owned()), "{answer}");
        let failed = of_code(&answer, "runtime-handshake-failed");
        assert_eq!(failed.len(), 1, "{answer}");
        let message = failed[0]["message"].as_str().unwrap().to_ascii_lowercase();
        assert!(message.contains("bad decrypt") || message.contains("bad_decrypt"), "{message}");

        place.identity("keys/encrypted/p256.portable-crlf.pem");
        place.sandbox.copy("k.pem", "keys/other-p256.pkcs8.pem");
        let answer = place.check(&runtime, &PAIR);
        assert!(codes(&answer).contains(&"key-mismatch".to_owned()), "{answer}");
        let failed = of_code(&answer, "runtime-handshake-failed");
        assert_eq!(failed.len(), 1, "{answer}");
        let message = failed[0]["message"].as_str().unwrap().to_ascii_lowercase();
        assert!(
            message.contains("key values mismatch") || message.contains("key_values_mismatch"),
            "{message}"
        );
        place.nothing_is_left();
    }
}

#[test]
fn a_certificate_of_version_1_is_no_reason_to_fail() {
    let Some(openssl) = program("openssl") else { return };
    for runtime in both() {
        let place = Place::new();
        place.identity("keys/p256.pkcs8.pem");
        let (request, certificate) = (place.sandbox.path("r.pem"), place.sandbox.path("c.pem"));
        let key = place.sandbox.path("k.pem");
        for arguments in [
            vec![
                "req",
                "-new",
                "-key",
                key.to_str().unwrap(),
                "-subj",
                "/CN=v1",
                "-out",
                request.to_str().unwrap(),
            ],
            vec![
                "x509",
                "-req",
                "-in",
                request.to_str().unwrap(),
                "-signkey",
                key.to_str().unwrap(),
                "-days",
                "9",
                "-out",
                certificate.to_str().unwrap(),
            ],
        ] {
            assert!(bare(&openssl).args(&arguments).output().unwrap().status.success(), "{arguments:?}");
        }
        place.sandbox.accept_what_is_there();
        let answer = place.check(&runtime, &PAIR);
        assert!(of_code(&answer, "runtime-handshake-failed").is_empty(), "{answer}");
        assert!(answer["runtime"]["handshakes"][0]["done"].as_bool().unwrap(), "{answer}");
    }
}

#[test]
fn without_a_passphrase_no_handshake_is_tried_and_that_is_said() {
    let Some(node) = program("node") else { return };
    let place = Place::new();
    place.identity("keys/encrypted/p256.portable-crlf.pem");
    let answer =
        place.check(&node, &["--cert", "c.pem", "--key", "k.pem", "--passphrase", "file:nowhere.txt"]);
    let failed = of_code(&answer, "runtime-failed");
    assert_eq!(failed.len(), 1, "{answer}");
    assert!(failed[0]["message"].as_str().unwrap().contains("its passphrase is not to be had"), "{answer}");
    assert_eq!(answer["runtime"]["handshakes"], Value::Array(Vec::new()));
}

#[test]
fn the_bundle_and_the_identity_of_the_configuration_are_proven() {
    for runtime in both() {
        let place = Place::new();
        place.identity("keys/encrypted/p256.portable-crlf.pem");
        place.sandbox.copy("root.pem", "pki/root-p256.pem");
        place.sandbox.give(
            "certman.toml",
            "[bundle]\nsources = ['root.pem']\nout = 'extra.pem'\n[client]\ncert = 'c.pem'\nkey = 'k.pem'\n\
             passphrase = 'file:passphrase.txt'\n",
        );
        let at = ["--config", "certman.toml", "--at", "2030-01-01"];
        place.sandbox.certman(["bundle"].iter().chain(&at)).output();
        let ran = place.ran(&runtime, &at);
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(
            said.contains(" has 1 certificate from the bundle and connects with the client key over TLS 1.2 and TLS 1.3\n"),
            "{said}"
        );
        assert_eq!(ran.status.code(), Some(0), "{said}");

        // A bundle that the runtime does not load makes nothing worse than it is: the loss is named, the identity proven.
        let text = std::fs::read_to_string(place.sandbox.path("extra.pem")).unwrap();
        place.sandbox.give(
            "extra.pem",
            format!("{text}-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"),
        );
        let answer = place.check(&runtime, &at);
        let is_node = runtime.file_name().unwrap() == "node";
        let lost = of_code(&answer, "runtime-lost-certificate").len();
        assert_eq!(lost, usize::from(!is_node), "{answer}");
        place.nothing_is_left();
    }
}

#[test]
fn the_passphrase_goes_through_the_pipe_and_nowhere_else() {
    let Some(node) = program("node") else { return };
    let place = Place::new();
    place.identity("keys/encrypted/p256.portable-crlf.pem");
    // Writes down everything that others could see, and hands on what came.
    let seen = place.sandbox.path("seen");
    let spy = place.script(&format!(
        "tr '\\0' '\\n' </proc/$$/cmdline >>{0}.cmdline\nenv >>{0}.environment\nexec {1} \"$@\"\n",
        seen.display(),
        node.display()
    ));
    let answer = place.check(&spy, &PAIR);
    assert!(answer["runtime"]["handshakes"][0]["done"].as_bool().unwrap(), "{answer}");
    let secret = fixture_passphrase("plain");
    let [cmdline, environment] =
        ["cmdline", "environment"].map(|name| std::fs::read_to_string(seen.with_extension(name)).unwrap());
    for text in [&cmdline, &environment] {
        assert!(!text.contains(&secret), "the passphrase shows");
    }
    assert!(cmdline.contains("connect"), "{cmdline}");
    // Nothing of the person's but what is needed.
    let names: Vec<&str> =
        environment.lines().filter_map(|line| line.split_once('=').map(|(name, _)| name)).collect();
    for name in &names {
        let known = [
            "BUN_BE_BUN",
            "CLAUDE_CODE_CLIENT_CERT",
            "CLAUDE_CODE_CLIENT_KEY",
            "DO_NOT_TRACK",
            "HOME",
            "NODE_EXTRA_CA_CERTS",
            "PATH",
            "TMPDIR",
            // The shell's own.
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
        ];
        assert!(known.contains(name), "{name} of {names:?}");
    }
    assert!(names.contains(&"CLAUDE_CODE_CLIENT_KEY"), "{names:?}");
    place.nothing_is_left();
}

#[test]
fn what_is_no_runtime_is_told_and_proves_nothing() {
    for (what, script, wanted) in [
        ("exits", "exit 1\n", "neither Node nor Bun"),
        ("says nothing", "exit 0\n", "neither Node nor Bun"),
        ("something else", "echo 'deno 2.1.0 (stable)'\n", "to --version it says 'deno 2.1.0 (stable)'"),
        ("nasty words", "printf 'v1\\033]0;x\\a'\n", "neither Node nor Bun"),
        ("complains", "echo 'cannot find libnode' >&2; exit 127\n", "cannot find libnode"),
        ("rubbish", "case $1 in --version) echo v24.1.0;; *) echo '{{{';; esac\n", "makes no sense: '{{{'"),
        (
            "fails later",
            "case $1 in --version) echo 1.4.0;; *) echo oh no >&2; exit 3;; esac\n",
            "exit status: 3: oh no",
        ),
        (
            "old",
            "case $1 in --version) echo v20.11.0;; *) echo '{\"extra\":null}';; esac\n",
            "Node 20.11.0 has no way to tell",
        ),
        ("babbles", "exec yes\n", "printed more than 16 MiB"),
        (
            "babbles later",
            "case $1 in --version) echo v24.1.0;; *) exec yes;; esac\n",
            "printed more than 16 MiB",
        ),
    ] {
        let place = Place::new();
        let script = place.script(script);
        let bundle = testdata("dirty/clean.pem");
        let start = Instant::now();
        let ran = place.ran(&script, &[bundle.to_str().unwrap(), "--at", "2030-01-01", "--json"]);
        assert!(start.elapsed() < Duration::from_secs(9), "{what}: {:?}", start.elapsed());
        let answer: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(codes(&answer), ["runtime-failed"], "{what}: {answer}");
        assert_eq!(ran.status.code(), Some(3), "{what}: {answer}");
        let message = answer["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(wanted), "{what}: {message}");
        assert!(!message.contains('\u{1b}') && message.len() < 600, "{what}: {message:?}");
        place.nothing_is_left();
    }
    let place = Place::new();
    let bundle = testdata("dirty/clean.pem");
    for nowhere in ["./nowhere", "nowhere-at-all", "/etc/hostname"] {
        let answer = place.check(Path::new(nowhere), &[bundle.to_str().unwrap(), "--at", "2030-01-01"]);
        let message = answer["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains("cannot be started"), "{nowhere}: {message}");
    }
}

#[test]
fn a_runtime_that_hangs_is_stopped_with_all_that_it_has_started() {
    let place = Place::new();
    let numbers = place.sandbox.path("numbers");
    let script =
        place.script(&format!("sleep 600 & echo $! >>{0}; echo $$ >>{0}; sleep 601\n", numbers.display()));
    let bundle = testdata("dirty/clean.pem");
    let start = Instant::now();
    let answer = place.check(&script, &[bundle.to_str().unwrap(), "--at", "2030-01-01"]);
    assert!((9..20).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let message = answer["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("did not end within 10 seconds"), "{message}");
    let numbers = std::fs::read_to_string(numbers).unwrap();
    assert_eq!(numbers.lines().count(), 2);
    for number in numbers.lines() {
        let runs =
            std::fs::read_to_string(format!("/proc/{number}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        assert!(!runs, "{number} still runs");
    }
    place.nothing_is_left();
}

#[test]
fn a_runtime_that_leaves_something_running_behind_its_answer_leaves_nothing() {
    let place = Place::new();
    let numbers = place.sandbox.path("numbers");
    let script = place.script(&format!(
        "sleep 600 >/dev/null 2>&1 </dev/null & echo $! >>{}\necho v24.1.0\n",
        numbers.display()
    ));
    let bundle = testdata("dirty/clean.pem");
    place.check(&script, &[bundle.to_str().unwrap(), "--at", "2030-01-01"]);
    std::thread::sleep(Duration::from_millis(50));
    for number in std::fs::read_to_string(numbers).unwrap().lines() {
        let runs =
            std::fs::read_to_string(format!("/proc/{number}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        assert!(!runs, "{number} still runs");
    }
}

#[test]
fn a_certificate_too_many_is_a_warning() {
    let place = Place::new();
    // Node reads over a missing END line, and makes something of two blocks in one.
    if let Some(node) = program("node") {
        let answer =
            place.check(&node, &[testdata("dirty/unclosed.pem").to_str().unwrap(), "--at", "2030-01-01"]);
        assert_eq!(
            codes(&answer),
            ["pem-unclosed", "runtime-lost-certificate", "runtime-extra-certificate"],
            "{answer}"
        );
    }
    let stranger = "ab".repeat(32);
    let script = place.script(&format!(
        "case $1 in --version) echo v24.1.0;; *) echo '{{\"extra\":[\"{stranger}\"]}}';; esac\n"
    ));
    let bundle = testdata("pki/root-rsa.pem");
    let answer = place.check(&script, &[bundle.to_str().unwrap(), "--at", "2030-01-01"]);
    assert_eq!(codes(&answer), ["runtime-lost-certificate", "runtime-extra-certificate"], "{answer}");
    assert_eq!(answer["findings"][1]["severity"], "warning");
    assert!(answer["findings"][1]["message"].as_str().unwrap().ends_with(&stranger));
}

#[test]
fn a_runtime_that_says_it_came_through_is_not_believed() {
    let place = Place::new();
    place.identity("keys/encrypted/p256.portable-crlf.pem");
    // Neither port has seen anybody.
    let script = place.script(
        "case $1 in --version) echo v24.1.0;; *) printf '{\"tries\":[{\"port\":%d,\"way\":\"https\",\"error\":null},\
         {\"port\":%d,\"way\":\"https\",\"error\":null}]}' $4 $5;; esac\n",
    );
    let answer = place.check(&script, &PAIR);
    let failed = of_code(&answer, "runtime-handshake-failed");
    assert_eq!(failed.len(), 1, "{answer}");
    assert!(failed[0]["message"].as_str().unwrap().contains("did not show the certificate"), "{answer}");
}

#[test]
fn with_a_runtime_one_file_at_most_is_named() {
    let place = Place::new();
    let (one, folder) = (testdata("dirty/clean.pem"), testdata("pki"));
    let (one, folder) = (one.to_str().unwrap(), folder.to_str().unwrap());
    for paths in [&[one, one][..], &[folder], &["-"], &["system"]] {
        let ran = place.ran(Path::new("node"), paths);
        assert_eq!(ran.status.code(), Some(64), "{paths:?}: {ran:?}");
        assert!(String::from_utf8_lossy(&ran.stderr).contains("one bundle at most"), "{ran:?}");
    }
}

/// Where certman runs, with a folder of its own for temporary files.
struct Place {
    sandbox: Sandbox,
}

impl Place {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        std::fs::create_dir(sandbox.path("tmp")).unwrap();
        Self { sandbox }
    }

    /// Puts key, certificate and passphrase there; a certificate is made where there is none for the key.
    fn identity(&self, key: &str) {
        let name = Path::new(key).file_name().unwrap().to_str().unwrap();
        let kind = name.split('.').next().unwrap();
        let which =
            name.split("passphrase-").nth(1).and_then(|rest| rest.split('.').next()).unwrap_or("plain");
        self.sandbox.copy("k.pem", key);
        self.sandbox.give("passphrase.txt", fixture_passphrase(which));
        set_mode(&self.sandbox.path("passphrase.txt"), 0o600);
        if in_project(format!("testdata/pki/client-{kind}.pem")).exists() {
            self.sandbox.copy("c.pem", &format!("pki/client-{kind}.pem"));
            return;
        }
        let openssl = program("openssl").expect("openssl is there");
        let mut command = bare(&openssl);
        command
            .current_dir(self.sandbox.folder())
            .args(["req", "-new", "-x509", "-key", "k.pem", "-out", "c.pem"]);
        command.args(["-passin", "file:passphrase.txt", "-subj", "/CN=client", "-days", "9"]);
        command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        self.sandbox.accept_what_is_there();
    }

    /// A shell script that can be started.
    fn script(&self, text: &str) -> PathBuf {
        let path = self.sandbox.give("runtime.sh", format!("#!/bin/sh\n{text}"));
        set_mode(&path, 0o755);
        path
    }

    fn ran(&self, runtime: &Path, arguments: &[&str]) -> Output {
        let runtime = runtime.to_str().unwrap();
        let all = ["check", "--runtime", runtime].into_iter().chain(arguments.iter().copied());
        self.sandbox.certman(all).env("TMPDIR", self.sandbox.path("tmp")).output()
    }

    fn check(&self, runtime: &Path, arguments: &[&str]) -> Value {
        let output = self.ran(runtime, &[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// No temporary file or folder, and no passphrase in any file that was made.
    fn nothing_is_left(&self) {
        let left: Vec<_> = std::fs::read_dir(self.sandbox.path("tmp")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let secret = fixture_passphrase("plain");
        for (path, content) in files_below(&self.sandbox.folder()) {
            let is_given = path.file_name().is_some_and(|name| name == "passphrase.txt");
            assert!(is_given || !contains(&content, secret.as_bytes()), "{}", path.display());
        }
    }
}

fn both() -> Vec<PathBuf> {
    ["node", "bun"].into_iter().filter_map(program).collect()
}

fn codes(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().unwrap_or_else(|| panic!("{answer}"));
    findings.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

fn of_code<'a>(answer: &'a Value, code: &str) -> Vec<&'a Value> {
    answer["findings"].as_array().unwrap().iter().filter(|one| one["code"] == code).collect()
}

/// The arguments that name the identity of a [`Place`].
const PAIR: [&str; 6] = ["--cert", "c.pem", "--key", "k.pem", "--passphrase", "file:passphrase.txt"];
