//! `certman hook` in rc files of real shells, and `env --format` where no shell reads it.
#![expect(clippy::disallowed_methods, reason = "these tests write the files that the shells read")]

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::{Sandbox, bare, program, set_mode};

/// A sandbox with a configuration whose name needs quotes, and a sealed key.
fn configured() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("client.key", "keys/encrypted/ed25519.portable.pem");
    sandbox.copy("client.pem", "pki/client-ed25519.pem");
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    set_mode(&sandbox.give("passphrase", "it's * geheim"), 0o600);
    sandbox.give(
        CONFIGURATION,
        "[bundle]\nsources = [\"corp.pem\"]\nout = \"extra.pem\"\nfull = \"full.pem\"\n[client]\ncert = \"client.pem\"\nkey = \
         \"client.key\"\npassphrase = \"file:passphrase\"\n",
    );
    sandbox
}

/// The line for this shell, as it is printed in the folder of the sandbox.
fn hook(sandbox: &Sandbox, shell: &str, configuration: &str) -> String {
    let output = sandbox.certman(["--config", configuration, "hook", "--for", "claude,git", shell]).output();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.matches('\n').count(), 1, "one line: {line}");
    line
}

/// Starts a shell as a person does, with an rc file that goes on behind the line, and without certman on the `PATH` if so
/// asked.
fn start(sandbox: &Sandbox, shell: &str, rc: &str, has_certman: bool) -> Option<Output> {
    let program = program(shell)?;
    let file = match shell {
        "bash" => ".bashrc",
        "fish" => ".config/fish/config.fish",
        _ => ".zshrc",
    };
    let file = sandbox.home().join(file);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, rc).unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_certman")).parent().unwrap();
    let certman = if has_certman { format!("{}:", folder.display()) } else { String::new() };
    let output = bare(&program)
        .args(["-i", "-c", "cat /proc/self/environ"])
        .env("HOME", sandbox.home())
        .env("PATH", format!("{certman}/usr/bin:/bin"))
        .current_dir("/")
        .output()
        .unwrap();
    Some(output)
}

fn environment(output: &Output) -> Vec<String> {
    output.stdout.split(|byte| *byte == 0).map(|one| String::from_utf8_lossy(one).into_owned()).collect()
}

/// Noticed with `--shell fish`: the hint was always the line for sh, which fish cannot read.
#[test]
fn a_person_at_a_terminal_is_told_how_this_reader_gets_the_secret() {
    let Some(python) = program("python3") else { return };
    let sandbox = configured();
    for (flag, name, way) in [
        ("--shell", "csh", "eval \"`certman env --shell csh`\""),
        ("--shell", "fish", "certman env --shell fish | source"),
        ("--shell", "sh", "eval \"$(certman env)\""),
        ("--format", "docker", "(umask 077; certman env --format docker > FILE)"),
    ] {
        let output = bare(&python)
            .args(["-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"])
            .args([env!("CARGO_BIN_EXE_certman"), "--config", CONFIGURATION, "env", flag, name])
            .env("HOME", sandbox.home())
            .current_dir(sandbox.path(""))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(&format!("a program gets it: {way}")), "{name}: {said}");
        assert!(said.contains("***") && !said.contains("geheim"), "{name}: {said}");
    }
}

#[test]
fn the_line_sets_everything_in_a_shell_that_starts_anywhere() {
    for shell in SHELLS {
        let sandbox = configured();
        let rc = hook(&sandbox, shell, CONFIGURATION);
        let Some(output) = start(&sandbox, shell, &rc, true) else { continue };
        let environment = environment(&output);
        let passphrase = "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE=it's * geheim";
        assert!(environment.iter().any(|one| one == passphrase), "{shell}: {rc} {output:?}");
        let bundle = format!("NODE_EXTRA_CA_CERTS={}", sandbox.folder().join("extra.pem").display());
        assert!(environment.contains(&bundle), "{shell}: {output:?}");
        let full = format!("GIT_SSL_CAINFO={}", sandbox.folder().join("full.pem").display());
        assert!(environment.contains(&full), "{shell}: {output:?}");
    }
}

#[test]
fn a_shell_starts_where_certman_is_gone_or_fails() {
    for shell in SHELLS {
        let sandbox = configured();
        let (before, after) = match shell {
            "fish" => ("", "set -gx AFTER $status\n"),
            _ => ("set -e\n", "export AFTER=$?; set +e\n"),
        };
        let line = hook(&sandbox, shell, "gone.toml");
        let rc = format!("{before}{line}{after}");
        let Some(output) = start(&sandbox, shell, &rc, true) else { continue };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("gone.toml"), "{shell} says why: {output:?}");
        assert!(environment(&output).contains(&"AFTER=0".to_owned()), "{shell} goes on: {output:?}");
        let output = start(&sandbox, shell, &rc, false).unwrap();
        assert!(!String::from_utf8_lossy(&output.stderr).contains("certman"), "{shell}: {output:?}");
        assert!(environment(&output).contains(&"AFTER=0".to_owned()), "{shell} goes on: {output:?}");
    }
}

#[test]
fn a_job_of_github_actions_gets_its_variables_in_a_file_and_its_secrets_masked() {
    let sandbox = configured();
    set_mode(&sandbox.give("passphrase", "one\ntwo: 50%"), 0o600);
    sandbox.give("environment", "BEFORE=1\n");
    let run = || {
        let file = sandbox.folder().join("environment");
        let run = sandbox.certman(["--config", CONFIGURATION, "env", "--format", "github"]);
        run.env("GITHUB_ENV", file).reveals_secret().output()
    };
    let output = run();
    assert!(output.status.success(), "{output:?}");
    let masks = "::add-mask::one%0Atwo: 50%25\n::add-mask::one\n::add-mask::two: 50%25\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), masks);
    let text = fs::read_to_string(sandbox.folder().join("environment")).unwrap();
    let rest = text.strip_prefix("BEFORE=1\n").expect("what was there stays");
    let (_, rest) = rest.split_once("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE<<").unwrap();
    let (delimiter, rest) = rest.split_once('\n').unwrap();
    assert!(delimiter.len() > 32, "nobody can foresee {delimiter}");
    assert_eq!(rest, format!("one\ntwo: 50%\n{delimiter}\n"));
    run();
    let again = fs::read_to_string(sandbox.folder().join("environment")).unwrap();
    assert!(
        again.starts_with(&text) && !again[text.len()..].contains(delimiter),
        "another delimiter: {again}"
    );
}

const CONFIGURATION: &str = "it's \\mine.toml";
const SHELLS: [&str; 3] = ["bash", "fish", "zsh"];
