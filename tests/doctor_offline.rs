//! `certman doctor --offline` where a keyring, a clock, a pipe or another program takes part, and the report for the help desk: what is
//! planted in every place where secrets and names of people lie does not come out.

use std::path::PathBuf;
use std::process::Output;

use crate::support::host::{Memory, Trouble, host};
use crate::support::{Sandbox, bare, contains, fixture_passphrase, mode, program};

#[test]
fn no_planted_secret_comes_out_and_no_planted_name_is_in_the_report() {
    let machine = Planted::new();
    for arguments in [
        &["doctor", "--offline", "--verbose"][..],
        &["doctor", "--offline", "--json"],
        &["doctor", "--offline", "--verbose", "--report", "report.txt"],
        &["doctor", "--offline", "--json", "--report", "report.txt"],
    ] {
        let output = machine.run(arguments);
        let said = [output.stdout.clone(), output.stderr.clone()].concat();
        for secret in SECRETS {
            assert!(!contains(&said, secret.as_bytes()), "{arguments:?} says {secret}");
        }
        assert!(output.status.code().is_some_and(|status| status == 2 || status == 3), "{output:?}");
    }
    let report = machine.report();
    for planted in SECRETS.iter().chain(&NAMES) {
        let found = report.to_lowercase().contains(&planted.to_lowercase());
        assert!(!found, "{planted} is in the report:\n{report}");
    }
    // It is of use all the same.
    for part in [
        "certman doctor: report for the help desk\n",
        "[proxy-password-not-encoded]",
        "[settings-holds-secret]",
        "[passphrase-trailing-newline]",
        "NODE_EXTRA_CA_CERTS is '~/certs/<user>-extra.pem'",
        "<machine>",
        "proxy.https = http://<user>@proxy.corp.example:8080",
        "client.passphrase = 'env:PLANTED_PLACE'",
        "'O=Example Corp, CN=Example Corp Root R1'",
        "doctor.hosts = gateway.corp.example:8443",
    ] {
        assert!(report.contains(part), "{part} is not in the report:\n{report}");
    }
}

#[test]
fn the_name_in_a_client_certificate_stays_in_the_report() {
    let sandbox = Sandbox::new();
    sandbox.copy("c.pem", "pki/client-p256.pem");
    sandbox.copy("k.pem", "keys/p256.pkcs8.pem");
    let arguments =
        ["doctor", "--offline", "--cert", "c.pem", "--key", "k.pem", "--at", "2060-01-01", "--report", "r"];
    let output = sandbox.certman(arguments).env("USER", "alice").output();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let report = std::fs::read_to_string(sandbox.path("r")).unwrap();
    assert!(report.contains("CN=alice") && report.contains("'alice (p256)' expired on"), "{report}");
}

#[test]
fn the_report_is_for_its_owner_alone_and_takes_the_place_of_no_other_file() {
    let sandbox = Sandbox::new();
    let run = |name: &str| sandbox.certman(["doctor", "--offline", "--report", name]).output();
    let output = run("report.txt");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(contains(&output.stderr, b"wrote the report to"), "{output:?}");
    assert_eq!(mode(&sandbox.path("report.txt")), 0o600);
    let first = std::fs::read(sandbox.path("report.txt")).unwrap();
    assert_eq!(run("report.txt").status.code(), Some(0), "an older report makes way");
    assert_eq!(mode(&sandbox.path("report.txt")), 0o600);
    assert!(!first.is_empty());

    sandbox.copy("client.key", "keys/p256.pkcs8.pem");
    let key = std::fs::read(sandbox.path("client.key")).unwrap();
    for (name, status, said) in [
        ("client.key", 3, "what stands there is no report"),
        (".", 3, "the report cannot be written"),
        // Noticed where a mistyped path left a folder behind.
        ("nope/report.txt", 3, "work/nope/report.txt': there is no folder '"),
        ("client.key/report.txt", 3, "the report cannot be written"),
        ("-", 64, "--report wants the name of a file"),
    ] {
        let output = run(name);
        assert_eq!(output.status.code(), Some(status), "{name}: {output:?}");
        assert!(contains(&output.stderr, said.as_bytes()), "{name}: {output:?}");
    }
    assert_eq!(std::fs::read(sandbox.path("client.key")).unwrap(), key);
    assert!(!sandbox.path("nope").exists());
}

#[test]
fn a_pipe_is_named_and_not_waited_for() {
    let Some(mkfifo) = program("mkfifo") else { return };
    let sandbox = Sandbox::new();
    let pipe = sandbox.path("pipe");
    assert!(bare(&mkfifo).arg(&pipe).status().unwrap().success());
    let run = |name: &str| {
        let run = sandbox.certman(["doctor", "--offline", "--json"]).env(name, &pipe);
        let output = run.output();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CLAUDE_CODE_CLIENT_KEY"] {
        assert!(run(name).contains("\"code\":\"env-path-fifo\""), "{name}");
    }
}

#[test]
fn a_clock_before_the_program_was_made_is_named_first_and_another_day_by_wish_is_not() {
    let run = |day, arguments: &[&str]| {
        host().at(day).run(&[&["doctor", "--offline", "--json"], arguments].concat())
    };
    let ran = run("1970-01-02", &[]);
    assert_eq!((ran.status, ran.codes()), (2, vec!["clock-wrong".to_owned()]));
    let ran = run("2031-05-01", &["--at", "1999-12-31"]);
    assert_eq!((ran.status, ran.codes()), (0, vec![]));
    let ran = run("2031-05-01", &[]);
    assert_eq!((ran.status, ran.codes()), (0, vec![]));
}

#[test]
fn a_terminal_is_told_of_no_host_where_none_is_asked() {
    let ran = host().watched().run(&["doctor", "--offline"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("ok: nothing is wrong here; no connection was tried"), "{ran:?}");
}

#[test]
fn the_keyring_is_asked_for_the_identity_once_and_for_nothing_else() {
    let sandbox = Sandbox::new();
    let proxy = "[proxy]\nhttps = 'http://proxy.corp.example:8080'\nusername = 'alice'\n";
    let config = sandbox.give("certman.toml", proxy);
    let doctor = ["doctor", "--offline", "--json", "--config", config.to_str().unwrap()];
    let keyring = Memory::default();
    let ran = host().folder(sandbox.folder()).keyring(&keyring).run(&doctor);
    assert_eq!((ran.codes(), keyring.calls()), (vec!["env-not-set".to_owned()], 0));

    let certificate = sandbox.copy("c.pem", "pki/client-p256.pem");
    let key = sandbox.copy("k.pem", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
    let identity = ["--cert", certificate.to_str().unwrap(), "--key", key.to_str().unwrap()];
    let account = format!("client-key:{}", key.display());
    let keyring = Memory::with(&account, &fixture_passphrase("plain"));
    let ran = host().folder(sandbox.folder()).keyring(&keyring).run(&[&doctor[..], &identity].concat());
    assert_eq!(ran.json()["keys"][0]["opened"], true, "{ran:?}");
    assert_eq!(keyring.calls(), 1);

    // Whoever asks sits at the machine: that there is no keyring is no mere information, as it is in cron.
    let keyring = Memory::default().but(Trouble::NoService);
    let ran = host().folder(sandbox.folder()).keyring(&keyring).run(&[&doctor[..], &identity].concat());
    assert_eq!((ran.status, ran.codes()[0].as_str()), (3, "keyring-unavailable"));
}

#[test]
fn the_pair_of_a_run_is_no_difference() {
    let sandbox = Sandbox::new();
    let certificate = sandbox.copy("c.pem", "pki/client-p256.pem");
    let key = sandbox.copy("k.pem", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
    let passphrase = sandbox.give("passphrase", fixture_passphrase("plain"));
    crate::support::set_mode(&passphrase, 0o600);
    sandbox.give(
        "certman.toml",
        format!(
            "[client]\ncert = '{}'\nkey = '{}'\npassphrase = 'file:{}'\n",
            certificate.display(),
            key.display(),
            passphrase.display()
        ),
    );
    let certman = env!("CARGO_BIN_EXE_certman");
    let config = ["--config", "certman.toml"];
    let inner = [certman, "doctor", "--offline", "--at", "2030-01-01", "--json"];
    let arguments = [&["run"][..], &config, &["--"], &inner, &config].concat();
    let output = sandbox.certman(arguments).env("TMPDIR", sandbox.folder()).output();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said.contains("\"findings\":[]"), "{said}");
}

#[test]
fn without_the_network_no_socket_is_opened() {
    let Some(strace) = program("strace") else { return };
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    let mut command = bare(&strace);
    command
        .args(["-f", "-e", "trace=socket,connect", "-o", "trace", env!("CARGO_BIN_EXE_certman")])
        .args(["doctor", "--offline", "--json"])
        .env("HOME", sandbox.home())
        .env("SSL_CERT_FILE", sandbox.path("corp.pem"))
        .env("HTTPS_PROXY", "http://proxy.corp.example:8080")
        .current_dir(sandbox.folder());
    let output = command.output().unwrap();
    let trace = std::fs::read_to_string(sandbox.path("trace")).unwrap_or_default();
    if !trace.contains("exited with") {
        // A container may not let anyone look.
        eprintln!("MISSING: strace cannot trace here: {}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    assert!(!trace.contains("socket(") && !trace.contains("connect("), "{trace}");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// A machine on which secrets and names lie in every place where people put them.
struct Planted {
    home: PathBuf,
    sandbox: Sandbox,
}

impl Planted {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let home = sandbox.path("people/rumpelstilz");
        sandbox.copy("people/rumpelstilz/certs/rumpelstilz-extra.pem", "pki/root-rsa.pem");
        sandbox.copy("people/rumpelstilz/certs/client.pem", "pki/client-p256.pem");
        sandbox.copy("people/rumpelstilz/certs/client.key", "keys/p256.pkcs8.pem");
        sandbox.copy("srv/Rumpelstilz.pem", "pki/root-p256.pem");
        sandbox.give(
            "people/rumpelstilz/.claude/settings.json",
            r#"{"env":{"HTTP_PROXY":"http://spindel:zorn%2Dgeheim-4@proxy.corp.example:8080",
            "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE":"stroh-geheim-5\n","ANTHROPIC_API_KEY":"sk-geheim-6"}}"#,
        );
        sandbox.give(
            "people/rumpelstilz/.config/certman/certman.toml",
            format!(
                "[bundle]\nsources = ['~/certs/rumpelstilz-extra.pem', '{srv}']\nout = '~/certs/nowhere.pem'\n\
                 [client]\ncert = '~/certs/client.pem'\nkey = '~/certs/client.key'\npassphrase = 'env:PLANTED_PLACE'\n\
                 [proxy]\nhttps = 'http://proxy.corp.example:8080'\nusername = 'CORP\\müllerin'\npassword = 'none'\n\
                 [doctor]\nhosts = ['gateway.corp.example:8443']\n",
                srv = sandbox.path("srv").display()
            ),
        );
        Self { home, sandbox }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let extra = self.home.join("certs/rumpelstilz-extra.pem");
        let run = self.sandbox.certman(arguments);
        let run = run
            .env("HOME", &self.home)
            .env("USER", "rumpelstilz")
            .env("LOGNAME", "rumpelstilz")
            .env("HOSTNAME", "Spinnrad.corp.example")
            .env("NODE_EXTRA_CA_CERTS", extra)
            .env("SSL_CERT_FILE", "/home/spinnrad/rumpelstilz/nowhere.pem")
            .env("HTTPS_PROXY", "http://koenig:gold@geheim-1@proxy.corp.example:8080")
            .env("https_proxy", "http://koenig:gold%40geheim-2@proxy.corp.example:8080")
            .env("http_proxy", "koenig:geheim-3@proxy.corp.example:8080")
            .env("ALL_PROXY", "socks5://koenig:geheim-8@proxy.corp.example:1080")
            .env("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", "stroh-geheim-7\n")
            .env("PLANTED_PLACE", "stroh-geheim-9");
        run.output()
    }

    fn report(&self) -> String {
        std::fs::read_to_string(self.sandbox.path("report.txt")).unwrap()
    }
}

/// The names of people and of the machine.
const NAMES: [&str; 5] = ["rumpelstilz", "koenig", "spindel", "llerin", "spinnrad"];
/// What is secret; raw, encoded and decoded.
const SECRETS: [&str; 9] = [
    "geheim-1", "geheim-2", "geheim-3", "geheim-4", "geheim-5", "geheim-6", "geheim-7", "geheim-8",
    "geheim-9",
];
