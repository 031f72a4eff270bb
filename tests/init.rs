//! `certman init` on machines that are made for it: full ones, hostile ones, ones that cannot be written, two at once; and what the
//! other commands make of the file.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::host::{Answers, host};
use crate::support::{Sandbox, bare, program, set_mode, testdata};

#[test]
fn the_other_commands_run_with_the_file_as_it_was_written() {
    let machine = Sandbox::new();
    full(&machine);
    let certman = |arguments: &[&str]| {
        let common = ["--at", "2030-01-01"];
        machine.certman(arguments.iter().chain(&common)).env("CERTMAN_SYSTEM_ROOT", machine.path("none"))
    };
    let output = certman(&["init", "--yes"]).env("HTTPS_PROXY", "http://proxy.corp.example:8080").output();
    assert!(output.status.success(), "{output:?}");
    machine.accept_what_is_there();
    let output = certman(&["bundle"]).output();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("wrote 3 certificates to"), "{said}");
    // The key lies there in the clear, and that is all there is to say.
    let output = certman(&["check", "--json"]).output();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let codes: Vec<&str> =
        answer["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["key-not-encrypted"], "{answer}");
    let output = certman(&["env", "--shell", "sh", "--verify"]).output();
    let script = String::from_utf8(output.stdout).unwrap();
    let home = machine.home().display().to_string();
    for line in [
        format!("export NODE_EXTRA_CA_CERTS={home}/.local/share/certman/extra.pem;"),
        format!("export CLAUDE_CODE_CLIENT_CERT={home}/certs/alice-cert.pem;"),
        format!("export CLAUDE_CODE_CLIENT_KEY={home}/certs/alice-key.pem;"),
        "export HTTPS_PROXY=http://proxy.corp.example:8080;".to_owned(),
    ] {
        assert!(script.replace('\'', "").contains(&line), "{line} is not in\n{script}");
    }
}

#[test]
fn the_person_sees_the_proposal_and_decides() {
    for (answers, status, is_there) in [(&["y"][..], 0, true), (&["n"], 1, false), (&[], 1, false)] {
        let machine = Sandbox::new();
        full(&machine);
        let person = Answers::of(answers);
        let home = machine.home().display().to_string();
        let ran = host().at("2030-01-01").env("HOME", &home).root(machine.path("none")).terminal(&person);
        let ran = ran.run(&["init"]);
        assert_eq!(ran.status, status, "{ran:?}");
        let question = person.questions().concat();
        assert!(
            question.contains("\nsources = [\n") && question.ends_with("certman.toml'? [y/N] "),
            "{question}"
        );
        let path = machine.path("~/.config/certman/certman.toml");
        assert_eq!(path.exists(), is_there);
        if is_there {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(question.starts_with(&text), "what was shown is what was written");
        } else {
            assert_eq!(ran.stdout, "", "it has been shown on the terminal");
            assert!(ran.stderr.contains("error: nothing was written\n"), "{}", ran.stderr);
            assert!(!machine.path("~/.config").exists(), "no folder is left behind either");
        }
    }
}

#[test]
fn names_of_strangers_break_out_of_nothing() {
    let machine = Sandbox::new();
    let names = [
        "new\nline.pem",
        "\"\"\"\n[proxy]\nhttps = \"http:evil\".pem",
        "back\\slash'.pem",
        "tab\t\u{202e}\u{1b}[2J.pem",
    ];
    let roots = ["root-p256", "root-rsa", "root-p384", "root-p521"];
    for (name, root) in names.iter().zip(roots) {
        machine.copy(&format!("~/certs/{name}"), &format!("pki/{root}.pem"));
    }
    machine.give("~/certs/readme.txt", "so that it is no folder of CAs alone");
    // Subjects that hold line ends, quotes, PEM markers and escape sequences; as CAs and in the clear.
    for entry in std::fs::read_dir(testdata("hostile")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        machine.copy(&format!("~/.certs/{name}"), &format!("hostile/{name}"));
    }
    // A file that would have to be named in bytes that are no text.
    let latin = std::os::unix::ffi::OsStrExt::from_bytes(b"gr\xfcn.pem");
    std::fs::copy(
        testdata("pki/root-ed25519.pem"),
        machine.path("~/certs").join(Path::new::<std::ffi::OsStr>(latin)),
    )
    .unwrap();
    machine.accept_what_is_there();
    let run = |arguments: &[&str]| {
        let at = ["--at", "2030-01-01"];
        let output = machine
            .certman(arguments.iter().chain(&at))
            .env("CERTMAN_SYSTEM_ROOT", machine.path("none"))
            .output();
        assert!(output.status.success(), "{output:?}");
        output
    };
    let answer: Value = serde_json::from_slice(&run(&["init", "--yes", "--json"]).stdout).unwrap();
    assert_eq!(answer["written"], true);
    let text = std::fs::read_to_string(machine.path("~/.config/certman/certman.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert_eq!(table["proxy"].as_table().unwrap().len(), 0, "{text}");
    let sources: Vec<&str> =
        table["bundle"]["sources"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    for name in names {
        assert!(sources.contains(&format!("~/certs/{name}").as_str()), "{name:?} is not in {sources:?}");
    }
    assert!(
        text.chars().all(|letter| letter == '\n' || !letter.is_control() && letter != '\u{202e}'),
        "{text}"
    );
    assert!(text.contains("cannot stand in certman.toml: rename it"), "{text}");
    let sources = sources.len();
    let bundled: Value = serde_json::from_slice(&run(&["bundle", "--json"]).stdout).unwrap();
    assert!(bundled["bundle"]["certificates"].as_u64().unwrap() >= 4, "of {sources} sources: {bundled}");
}

#[test]
fn a_home_that_cannot_be_written_is_named_and_stays_as_it_is() {
    // Not below the project, which nobody else may be allowed to read.
    let folder = tempfile::tempdir().unwrap();
    let (certman, home) = (folder.path().join("certman"), folder.path().join("home"));
    std::fs::copy(env!("CARGO_BIN_EXE_certman"), &certman).unwrap();
    std::fs::create_dir(&home).unwrap();
    set_mode(folder.path(), 0o755);
    set_mode(&home, 0o555);
    let mut command = bare(&certman);
    if rustix::process::geteuid().is_root() {
        // For root nothing is read-only.
        let Some(setpriv) = program("setpriv") else { return };
        command = bare(&setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(certman);
    }
    let output =
        command.args(["init", "--yes"]).env("HOME", &home).env("CERTMAN_SYSTEM_ROOT", &home).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("certman.toml' cannot be written: Permission denied"), "{said}");
    assert!(said.contains("hint: name another file with --config"), "{said}");
    assert_eq!(std::fs::read_dir(&home).unwrap().count(), 0);
}

#[test]
fn of_many_at_once_one_writes_and_the_file_is_whole() {
    let machine = Sandbox::new();
    full(&machine);
    let start = |_| {
        let mut command = bare(Path::new(env!("CARGO_BIN_EXE_certman")));
        command.args(["init", "--yes", "--at", "2030-01-01"]).env("HOME", machine.home());
        command
            .env("CERTMAN_SYSTEM_ROOT", machine.path("none"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let winners = outputs.iter().filter(|output| output.status.success()).count();
    assert_eq!(winners, 1, "{outputs:?}");
    for output in outputs.iter().filter(|output| !output.status.success()) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains("is there already"), "{said}");
    }
    let folder = machine.path("~/.config/certman");
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["certman.toml"], "no draft is left");
    let text = std::fs::read_to_string(folder.join("certman.toml")).unwrap();
    assert!(text.parse::<toml::Table>().is_ok() && text.contains("alice-cert.pem"), "{text}");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("certman.toml"))), (0o700, 0o644));
}

#[test]
fn pipes_large_files_and_many_files_cost_no_time() {
    let machine = Sandbox::new();
    machine.copy("~/certs/0-corp.pem", "pki/root-p256.pem");
    let large = std::fs::File::create(machine.path("~/certs/1-large.pem")).unwrap();
    large.set_len(20_000_000).unwrap();
    let mkfifo = program("mkfifo").expect("it is everywhere");
    for name in ["~/certs/2-pipe.pem", "named.pem"] {
        assert!(bare(&mkfifo).arg(machine.path(name)).status().unwrap().success());
    }
    for number in 0..1_500 {
        machine.give(&format!("~/.certs/{number:04}.txt"), "nothing");
    }
    machine.copy("~/Certificates/z.pem", "pki/root-rsa.pem");
    // Whoever waits in front of a pipe is not let through either.
    let pipe = machine.path("~/certs/2-pipe.pem");
    let mut writer = bare(Path::new("/bin/sh"));
    let mut writer = writer.args(["-c", "echo waited > \"$0\""]).arg(&pipe).spawn().unwrap();
    let start = Instant::now();
    let output = machine
        .certman(["init", "--print", "--at", "2030-01-01"])
        .env("CERTMAN_SYSTEM_ROOT", machine.path("none"))
        .env("SSL_CERT_FILE", "named.pem")
        .output();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let is_waiting = writer.try_wait().unwrap().is_none();
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert!(is_waiting, "the pipe has been opened");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\"~/certs/0-corp.pem\",\n]"), "{text}");
    // Where the line is broken depends on the path.
    let unbroken = text.replace("\n#     ", " ");
    assert!(unbroken.contains("named.pem': SSL_CERT_FILE names it; it is no regular file\n"), "{text}");
    assert!(text.contains("There was more in the usual folders than was looked at"), "{text}");
}

#[test]
fn a_passphrase_in_a_variable_is_told_of_and_never_repeated() {
    let machine = Sandbox::new();
    full(&machine);
    let secret = crate::support::fixture_passphrase("plain");
    for arguments in
        [&["init", "--print"][..], &["init", "--print", "--json"], &["init", "--yes", "--verbose"]]
    {
        // The output is searched for the passphrase.
        let output = machine
            .certman(arguments.iter().chain(&["--at", "2030-01-01"]))
            .env("CERTMAN_SYSTEM_ROOT", machine.path("none"))
            .env("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", &secret)
            .env("HTTP_PROXY", format!("alice:{secret}@proxy.corp.example:3128"))
            .output();
        assert!(output.status.success(), "{output:?}");
    }
    let text = std::fs::read_to_string(machine.path("~/.config/certman/certman.toml")).unwrap();
    assert!(text.contains("`certman key remember`") && text.contains("`certman proxy remember`"), "{text}");
    assert!(text.contains("\nhttp = \"http://proxy.corp.example:3128\"\n"), "{text}");
}

/// A machine with CAs, an identity and some things that are no use.
fn full(machine: &Sandbox) {
    machine.copy("~/certs/ca.d/e1.pem", "pki/root-p256.pem");
    machine.copy("~/certs/ca.d/r1.pem", "pki/root-rsa.pem");
    machine.copy("~/certs/alice-cert.pem", "pki/client-p256-chain.pem");
    machine.copy("~/certs/alice-key.pem", "keys/p256.pkcs8.pem");
    machine.copy("~/certs/old.pem", "pki/root-expired.pem");
    machine.copy("~/Certificates/p384.pem", "pki/root-p384.pem");
}
