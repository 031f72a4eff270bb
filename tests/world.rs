//! What the world may do to certman: slow pipes, folders without end, links of strangers, files that change, streams that
//! are closed. Each test is named for what once went wrong.
#![cfg(unix)]

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::support::{self, Sandbox};

#[test]
fn a_pipe_whose_writer_is_slow_is_waited_for() {
    // Seen with `certman bundle <(curl …)`: opened without waiting, the pipe was also read without waiting.
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    sandbox.copy("client.key", "demo/client.key");
    for script in [
        r#"{ sleep 0.3; cat corp.pem; } | "$certman" bundle /dev/stdin -o -"#,
        r#"{ sleep 0.3; cat corp.pem; } | { "$certman" bundle /dev/fd/5 -o - 5<&0 </dev/null; }"#,
        r#"{ sleep 0.3; cat client.key; } | "$certman" key check --key /dev/stdin --passphrase file:none --json"#,
    ] {
        let output = in_shell(&sandbox, script).output().expect("sh starts");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let is_read = out.contains("-----BEGIN CERTIFICATE-----") || out.contains(r#""encrypted":true"#);
        assert!(is_read && !err.contains("unavailable"), "{script}: {out}{err}");
    }
}

#[test]
fn folders_that_link_to_each_other_are_gone_through_once() {
    // Eleven folders with a link to each of the others: in circles nobody went, but along eleven factorial paths.
    let sandbox = Sandbox::new();
    for one in 0..11 {
        sandbox.copy(&format!("star/{one}/corp.pem"), "pki/root-rsa.pem");
        for other in 0..11 {
            let link = sandbox.path(&format!("star/{one}/to-{other}"));
            std::os::unix::fs::symlink(format!("../{other}"), link).expect("a link can be made");
        }
    }
    let start = Instant::now();
    let output = sandbox.certman(["bundle", "star", "-o", "extra.pem", "--json"]).output();
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the answer is JSON");
    assert_eq!(answer["bundle"]["certificates"], 1);
    assert_eq!(answer["certificates"].as_array().map(Vec::len), Some(11));
}

#[test]
fn a_deep_folder_is_an_error_and_not_the_end_of_the_stack() {
    // Three thousand levels, below where a path can reach: it once took a minute, and with a small stack an abort.
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    let folder = support::fresh_folder("deep");
    let script = r#"i=0; while [ $i -lt 150 ]; do mkdir -p d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d
        cd -P d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d || exit 1; i=$((i+1)); done"#;
    let mut dig = support::bare(Path::new("/bin/sh"));
    assert!(dig.args(["-c", script]).current_dir(folder.path()).status().expect("sh starts").success());
    let start = Instant::now();
    let mut command =
        in_shell(&sandbox, r#"ulimit -s 512; "$certman" check corp.pem "$deep" --at 2030-01-01"#);
    let output = command.env("deep", folder.path()).output().expect("sh starts");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(
        text(&output.stderr).contains("too long") || text(&output.stdout).contains("too long"),
        "{output:?}"
    );
    // The standard library's own way to remove it does not get down there.
    let gone = support::bare(Path::new("/bin/rm")).arg("-rf").arg(folder.path()).status().expect("rm starts");
    assert!(gone.success());
}

#[test]
fn a_strangers_link_in_a_folder_for_everyone_is_not_written_through() {
    // Where a link leads to was asked for, and so `fs.protected_symlinks` had no say: root replaced its own file.
    let uid = support::bare(Path::new("/usr/bin/id")).arg("-u").output().expect("id starts");
    if text(&uid.stdout).trim() != "0" {
        eprintln!("MISSING: root (only root can make another user's link)");
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    let victim = sandbox.give("victim", "mine");
    std::fs::create_dir(sandbox.path("everyone")).expect("a folder can be made");
    support::set_mode(&sandbox.path("everyone"), 0o1777);
    for (name, owner) in [("theirs", 65_534), ("ours", 0)] {
        let link = sandbox.path(&format!("everyone/{name}"));
        std::os::unix::fs::symlink(&victim, &link).expect("a link can be made");
        std::os::unix::fs::lchown(&link, Some(owner), Some(owner)).expect("root may give files away");
    }
    let output = sandbox.certman(["bundle", "corp.pem", "-o", "everyone/theirs"]).output();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("a link of another user"), "{output:?}");
    assert_eq!(std::fs::read(&victim).expect("it is there"), b"mine");
    let output = sandbox.certman(["bundle", "corp.pem", "-o", "everyone/ours"]).output();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(std::fs::read(&victim).expect("it is there").starts_with(b"# Written by certman"));
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error_for_help_too() {
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    for arguments in ["--help", "--version", "completions bash", "bundle corp.pem -o -", "check corp.pem"] {
        let script = format!(r#""$certman" {arguments} >/dev/full"#);
        let output = in_shell(&sandbox, &script).output().expect("sh starts");
        assert!(matches!(output.status.code(), Some(1..=3)), "{arguments}: {output:?}");
    }
}

#[test]
fn a_passphrase_typed_where_none_belongs_is_not_repeated() {
    let sandbox = Sandbox::new();
    sandbox.give("me.toml", "[client]\nkey = 'k'\npassphrase = 'a-secret-1'\n");
    sandbox.give("digits.toml", "[client]\nkey = 'k'\npassphrase = 31415926535\n");
    for arguments in [
        "env a-secret-1",
        "env --passphrase a-secret-1",
        "env --passphrase=a-secret-1",
        "env --pasphrase=a-secret-1",
        "env --pasphrase a-secret-1",
        "key remember a-secret-1",
        "key remember --passphrase=a-secret-1",
        "key remember --key k -- a-secret-1",
        "key check a-secret-1",
        "key encrypt --key k --new-passphrase a-secret-1",
        "key decrypt -o x a-secret-1",
        "env --config me.toml",
        "env --config digits.toml --json",
    ] {
        let output = sandbox.certman(arguments.split(' ')).output();
        assert!(!output.status.success(), "{arguments}");
        let told = text(&output.stdout) + &text(&output.stderr);
        assert!(!told.contains("secret-1") && !told.contains("31415"), "{arguments}: {told}");
    }
    let output = sandbox.certman(["env"]).env("CERTMAN_PASSPHRASE_FROM", "a-secret-1").output();
    assert!(!text(&output.stderr).contains("secret-1") && output.status.code() == Some(64), "{output:?}");
}

#[test]
fn with_its_streams_closed_certman_writes_into_no_file_but_its_own() {
    // The lowest free numbers are those of the streams: a file opened first would get what is meant for people.
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    for script in [
        r#""$certman" bundle corp.pem -o extra.pem --verbose <&- >&- 2>&-"#,
        r#""$certman" bundle corp.pem nowhere -o extra.pem --verbose <&- >&- 2>&-; test $? = 1"#,
    ] {
        let before = std::fs::read(sandbox.path("corp.pem")).expect("it is there");
        let output = in_shell(&sandbox, script).output().expect("sh starts");
        assert!(output.status.success(), "{script}: {output:?}");
        assert_eq!(std::fs::read(sandbox.path("corp.pem")).expect("it is there"), before, "{script}");
        let written = std::fs::read(sandbox.path("extra.pem")).expect("the bundle was made");
        assert!(
            written.starts_with(b"# Written by certman") && written.ends_with(b"-----END CERTIFICATE-----\n")
        );
    }
}

#[test]
fn killed_while_it_writes_certman_leaves_the_old_file_and_no_draft_that_others_may_read() {
    // Beyond a limit on the size of files the system ends a process in the middle of a write: SIGXFSZ, as deadly as SIGKILL.
    let sandbox = Sandbox::new();
    for name in ["corp.pem", "more.pem"] {
        sandbox.copy(name, if name == "corp.pem" { "pki/root-rsa.pem" } else { "pki/root-p256.pem" });
    }
    let sealed = sandbox.copy("client.key", "demo/client.key");
    let phrase = std::fs::read_to_string(support::testdata("demo/passphrase.txt")).expect("it is text");
    sandbox.give("phrase", &phrase);
    support::set_mode(&sandbox.path("phrase"), 0o600);
    let sealed_before = std::fs::read(&sealed).expect("it is there");
    sandbox.give("extra.pem", "the old bundle");
    for (arguments, file, limit, draft_mode) in [
        ("bundle corp.pem more.pem -o extra.pem", "extra.pem", 1, 0o644),
        ("key encrypt --key client.key --iterations 700000 --passphrase file:phrase", "client.key", 0, 0o600),
        ("key decrypt --key client.key --passphrase file:phrase -o clear.key", "clear.key", 0, 0o600),
    ] {
        let script = format!(r#"umask 0; ulimit -c 0; ulimit -f {limit}; exec "$certman" {arguments}"#);
        let status = in_shell(&sandbox, &script).status().expect("sh starts");
        assert!(ExitStatusExt::signal(&status).is_some(), "{arguments}: {status}");
        let prefix = format!(".{file}.");
        let listed = std::fs::read_dir(sandbox.folder()).expect("it can be listed").flatten();
        let drafts: Vec<_> =
            listed.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).collect();
        assert_eq!(drafts.len(), 1, "{arguments}");
        assert_eq!(support::mode(&drafts[0].path()), draft_mode, "{arguments}");
    }
    assert_eq!(std::fs::read(sandbox.path("extra.pem")).expect("it is there"), b"the old bundle");
    assert_eq!(std::fs::read(&sealed).expect("it is there"), sealed_before);
    assert!(!sandbox.path("clear.key").exists());

    // The next run is not disturbed, and where the drafts are old, it takes them away.
    let hour = Duration::from_secs(2 * 3600);
    for entry in std::fs::read_dir(sandbox.folder()).expect("it can be listed").flatten() {
        if entry.file_name().to_string_lossy().ends_with(".draft") {
            let draft = std::fs::File::options().append(true).open(entry.path()).expect("it is ours");
            draft.set_modified(SystemTime::now() - hour).expect("its time can be set");
        }
    }
    let output = sandbox.certman(["bundle", "corp.pem", "more.pem", "-o", "extra.pem"]).output();
    assert!(output.status.success(), "{output:?}");
    let names = || -> Vec<String> {
        let listed = std::fs::read_dir(sandbox.folder()).expect("it can be listed").flatten();
        listed.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let drafts: Vec<String> = names().into_iter().filter(|name| name.ends_with(".draft")).collect();
    assert_eq!(drafts.len(), 2, "those of other files are not touched: {drafts:?}");
    assert!(drafts.iter().all(|name| !name.starts_with(".extra.pem.")), "{drafts:?}");
}

/// A shell in the sandbox, with the program in `$certman`.
fn in_shell(sandbox: &Sandbox, script: &str) -> Command {
    let mut command = support::bare(Path::new("/bin/sh"));
    command.args(["-c", script]).env("certman", env!("CARGO_BIN_EXE_certman"));
    command.env("HOME", sandbox.home()).current_dir(sandbox.folder());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
