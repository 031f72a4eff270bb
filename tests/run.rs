//! `certman run` by whole processes: what the command is given and what it is not, how it is started, stopped and ended, and
//! what is on the disk before, while and after it runs, whatever happens to certman.
#![cfg(target_os = "linux")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{
    bare, contains, fixture_passphrase, fresh_folder, in_project, mode, program, python, set_mode, testdata,
};

#[test]
fn the_pair_opens_with_a_passphrase_of_its_own_and_goes_with_the_command() {
    let Some(openssl) = program("openssl") else { return };
    for (key, form) in [
        ("encrypted/p256.pbes2-sha256-aes-256.pem", "sealed, as everybody takes it"),
        ("encrypted/p256.pbes2-sha256-aes-256.der", "sealed, in DER"),
        ("encrypted/p256.scrypt-n32768.pem", "sealed with scrypt, which Bun refuses"),
        ("p256.pkcs8.der", "in the clear, in DER"),
        ("p256.bom.pem", "in the clear, behind a BOM"),
        ("p256.and-chain.pem", "in the clear, its chain behind it"),
    ] {
        let world = World::new(key);
        if key == "p256.and-chain.pem" {
            // Certificate and key in one file: the key in the clear must not come along with the certificate.
            world.give("client.pem", fs::read(testdata("keys/p256.and-chain.pem")).unwrap());
            world.give("client.key", fs::read(testdata("keys/encrypted/p256.scrypt-n32768.pem")).unwrap());
        }
        let script =
            "umask 0; cp \"$CLAUDE_CODE_CLIENT_CERT\" out.pem; cp \"$CLAUDE_CODE_CLIENT_KEY\" out.key
            printf %s \"$CLAUDE_CODE_CLIENT_KEY_PASSPHRASE\" >out.txt
            cd \"$(dirname \"$CLAUDE_CODE_CLIENT_KEY\")\"; until [ -e process ]; do sleep 0.02; done; stat -c '%a %n' . * .. ";
        let output = ended(world.run(["--", "sh", "-c", script]));
        assert_eq!(output.status.code(), Some(0), "{form}: {output:?}");
        assert_eq!(
            text(&output.stdout),
            "700 .\n600 client.key\n600 client.pem\n600 process\n600 sources\n700 ..\n",
            "{form}"
        );
        assert_eq!(text(&output.stderr), "", "{form}");
        let passphrase = fs::read_to_string(world.path("out.txt")).unwrap();
        assert_eq!(passphrase.len(), 43, "{form}");
        let opens = |secret: &str| {
            let mut command = bare(&openssl);
            command.args(["pkey", "-passin", "env:SECRET", "-in"]).arg(world.path("out.key"));
            let output = command.env("SECRET", secret).output().unwrap();
            output.status.success().then_some(output.stdout)
        };
        let original = fs::read(testdata("keys/p256.pkcs8.pem")).unwrap();
        assert_eq!(opens(&passphrase), Some(original), "{form}");
        assert_eq!(opens(&fixture_passphrase("plain")), None, "{form}");
        let certificate = fs::read(world.path("out.pem")).unwrap();
        assert!(certificate.starts_with(b"-----BEGIN CERTIFICATE-----\n"), "{form}");
        assert!(!contains(&certificate, b"KEY"), "{form}");
        assert_eq!(world.pairs(), Vec::<PathBuf>::new(), "{form}");
    }
}

#[test]
fn an_unencrypted_key_and_a_plain_passphrase_are_handed_on_as_they_are() {
    let variables = "echo \"$CLAUDE_CODE_CLIENT_CERT $CLAUDE_CODE_CLIENT_KEY ${CLAUDE_CODE_CLIENT_KEY_PASSPHRASE-unset}\"";
    for (key, flags, passphrase) in [
        ("p256.pkcs8.pem", &[][..], "unset".to_owned()),
        ("p256.pkcs8.pem", &["--verify"], "unset".to_owned()),
        ("encrypted/p256.scrypt-n32768.pem", &["--plain-passphrase"], fixture_passphrase("plain")),
        (
            "encrypted/p256.scrypt-n32768.pem",
            &["--plain-passphrase", "--verify"],
            fixture_passphrase("plain"),
        ),
        ("p256.pkcs8.der", &["--plain-passphrase"], "unset".to_owned()),
    ] {
        let world = World::new(key);
        for form in [&[][..], &["--exec"]] {
            let mut command = world.run(flags);
            command.args(form).args(["--", "sh", "-c", variables]);
            // Of an identity without a passphrase, that of another one does not stay.
            command.env("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", "of another key");
            let output = ended(command);
            let (certificate, key) = (world.path("client.pem"), world.path("client.key"));
            let wanted = format!("{} {} {passphrase}\n", certificate.display(), key.display());
            assert_eq!(text(&output.stdout), wanted, "{flags:?}: {output:?}");
            assert!(!world.path("runtime/certman").exists(), "no pair, no folder");
        }
    }
}

#[test]
fn a_value_that_cannot_be_had_starts_nothing() {
    type Spoil = fn(&World);
    let rows: [(&str, Spoil, &[&str], &str); 8] = [
        ("no passphrase", |world| fs::remove_file(world.path("pass.txt")).unwrap(), &[], "pass.txt"),
        ("a wrong one", |world| world.give("pass.txt", "wrong, and nothing else"), &[], "client.key"),
        ("no key", |world| fs::remove_file(world.path("client.key")).unwrap(), &[], "client.key"),
        ("no certificate", |world| fs::remove_file(world.path("client.pem")).unwrap(), &[], "client.pem"),
        ("rubbish for a certificate", |world| world.give("client.pem", "rubbish"), &[], "client.pem"),
        (
            "the certificate of another key",
            |world| world.give("client.pem", fs::read(testdata("pki/client-rsa-2048.pem")).unwrap()),
            &[],
            "does not belong",
        ),
        ("no bundle", |_| {}, &["--no-refresh"], "extra.pem"),
        (
            "the certificate of another key, in the clear",
            |world| {
                world.give("client.key", fs::read(testdata("keys/other-p256.pkcs8.pem")).unwrap());
            },
            &["--verify"],
            "does not belong",
        ),
    ];
    for (what, spoil, flags, message) in rows {
        let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
        spoil(&world);
        for form in [&[][..], &["--exec"], &["--json"]] {
            let mut command = world.run(flags);
            let output = ended(command.args(form).args(["--", "touch", "started"]));
            assert_eq!(output.status.code(), Some(125), "{what}: {output:?}");
            let said = if form == ["--json"] { &output.stdout } else { &output.stderr };
            assert!(text(said).contains(message), "{what}: {output:?}");
            if form == ["--json"] {
                let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!((&answer["command"], &answer["exit_status"]), (&"run".into(), &125.into()));
            } else {
                assert_eq!(text(&output.stdout), "", "{what}");
            }
            assert!(!world.path("started").exists(), "{what}");
            assert_eq!(world.pairs(), Vec::<PathBuf>::new(), "{what}");
        }
    }
}

#[test]
fn the_status_of_the_command_is_that_of_certman() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    for status in [0, 1, 2, 64, 125, 126, 127, 128, 254, 255] {
        let output = ended(world.run(["--", "sh", "-c", &format!("exit {status}")]));
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        assert_eq!((text(&output.stdout), text(&output.stderr)), (String::new(), String::new()));
    }
    for signal in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 34, 64]
    {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        let output = ended(world.run(["--", "sh", "-c", &script]));
        assert_eq!(output.status.code(), Some(128 + signal), "{output:?}");
        let output = ended(world.run(["--exec", "--", "sh", "-c", &script]));
        assert_eq!(output.status.signal(), Some(signal), "{output:?}");
    }
    ended(world.run(["--", "true"]));
    assert_eq!(world.pairs(), Vec::<PathBuf>::new(), "what --exec has left is swept");
}

#[test]
fn what_cannot_be_started_is_named_with_its_reason() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    fs::create_dir(world.path("folder")).unwrap();
    for (name, content, mode) in [
        ("closed", "#!/bin/sh\n", 0o644),
        ("bad", "#!/nonexistent/interpreter -x\n", 0o755),
        ("dos", "#!/bin/sh\r\necho hello\r\n", 0o755),
        ("script", "echo \"no first line: $*\"; exit 3\n", 0o755),
    ] {
        world.give(name, content);
        set_mode(&world.path(name), mode);
    }
    for (command, status, message) in [
        ("no-such-command", 127, "there is no command 'no-such-command' in PATH"),
        ("./no-such-command", 127, "there is no command './no-such-command'"),
        ("", 127, "there is no command ''"),
        ("./folder", 126, "is a folder"),
        ("./closed", 126, "may not be executed"),
        ("./bad", 126, "'/nonexistent/interpreter', which is not there"),
        ("./dos", 126, "its first line ends in CR LF"),
        ("./closed/x", 126, "cannot be executed"),
    ] {
        for form in [&[][..], &["--exec"]] {
            let output = ended(world.run(form).args(["--", command, "x"]));
            assert_eq!(output.status.code(), Some(status), "{command} {form:?}: {output:?}");
            let said = text(&output.stderr);
            assert!(said.contains(message) && said.lines().count() <= 2, "{command} {form:?}: {said}");
            assert_eq!(text(&output.stdout), "");
            assert_eq!(world.pairs(), Vec::<PathBuf>::new(), "{command} {form:?}");
        }
    }
    for form in [&[][..], &["--exec"]] {
        let output = ended(world.run(form).args(["--", "./script", "a", "b c"]));
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(3), "no first line: a b c\n".to_owned())
        );
    }
}

#[test]
fn arguments_and_environment_go_through_byte_for_byte() {
    let world = World::new("p256.pkcs8.pem");
    let many: Vec<OsString> = (0..10_000).map(|number| format!("argument {number}").into()).collect();
    let odd: Vec<OsString> = [
        &b""[..],
        b" ",
        b"--",
        b"--exec",
        b"--help",
        b"-x",
        b"a b\nc\t",
        b"\xff\xfe\x80",
        b"$(id)`id`\"'*",
        "größe".as_bytes(),
    ]
    .map(|bytes| OsString::from_vec(bytes.to_vec()))
    .to_vec();
    for form in [&[][..], &["--exec"]] {
        for arguments in [&many, &odd] {
            let Some(mut command) = world.python(form, "arguments") else { return };
            let output = ended(command.args(arguments));
            let wanted: Vec<String> = arguments.iter().map(|argument| hex(argument.as_bytes())).collect();
            assert_eq!(text(&output.stdout).lines().collect::<Vec<_>>(), wanted, "{form:?}");
        }
        let Some(mut command) = world.python(form, "environment") else { return };
        let odd = [
            (&b"INVALID"[..], &b"\xff\xfe"[..]),
            (b"\xc3\x28", b"x"),
            (b"EMPTY", b""),
            (b"LINES", b"a\nb=c\n"),
        ];
        for (name, value) in odd {
            command.env(OsStr::from_bytes(name), OsStr::from_bytes(value));
        }
        let found: BTreeSet<String> = text(&ended(command).stdout).lines().map(str::to_owned).collect();
        for (name, value) in odd {
            assert!(found.contains(&hex(&[name, b"=", value].concat())), "{form:?}: {name:?}");
        }
    }
}

#[test]
fn a_clean_environment_holds_what_is_documented_and_what_was_asked_for() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let page = fs::read_to_string(in_project("man/certman.1")).unwrap();
    let kept =
        page.split(".It Fl -clean-env").nth(1).unwrap().split(".It Fl -exec").next().unwrap().to_owned();
    let kept: BTreeSet<&str> = kept
        .lines()
        .filter_map(|line| line.strip_prefix(".Ev "))
        .map(|name| name.trim_end_matches(" ,"))
        .collect();
    let ours = [
        "NODE_EXTRA_CA_CERTS",
        "CLAUDE_CODE_CLIENT_CERT",
        "CLAUDE_CODE_CLIENT_KEY",
        "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
    ];
    let names = |flags: &[&str]| -> BTreeSet<String> {
        let mut command = world.run(flags);
        for name in
            kept.iter().filter(|name| !["PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR", "LC_"].contains(name))
        {
            command.env(name, "x");
        }
        command.envs([("LC_ALL", "C"), ("LC_TIME", "C"), ("OTHER", "x"), ("AWS_ONE", "1"), ("AWS_TWO", "2")]);
        command.env("TMPDIR", world.path("home"));
        let output = ended(command.args(["--", "env", "-0"]));
        assert!(output.status.success(), "{output:?}");
        let text = text(&output.stdout);
        text.split('\0').filter_map(|entry| Some(entry.split_once('=')?.0.to_owned())).collect()
    };
    let mut wanted: BTreeSet<String> =
        kept.iter().filter(|name| **name != "LC_").map(|name| (*name).to_owned()).collect();
    assert!(wanted.len() == 10, "{wanted:?}");
    wanted.extend(ours.into_iter().chain(["LC_ALL", "LC_TIME"]).map(str::to_owned));
    assert_eq!(names(&["--clean-env"]), wanted);
    wanted.extend(["AWS_ONE", "AWS_TWO", "OTHER"].map(str::to_owned));
    assert_eq!(names(&["--clean-env", "--keep", "AWS_*", "--keep", "OTHER"]), wanted);
    assert!(names(&[]).contains("OTHER"));
}

#[test]
fn the_real_passphrase_is_in_no_environment_and_no_command_line() {
    let secret = fixture_passphrase("plain");
    for place in ["file:pass.txt", "env:KEY_SECRET", "command:cat pass.txt", "fd:0"] {
        let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
        let script = "sh -c 'cat /proc/$$/environ /proc/$$/cmdline; :'; cat /proc/$$/environ /proc/$PPID/cmdline; \
                      tr '\\0' '\\n' </proc/$$/environ | grep -c KEY_SECRET";
        for form in [&[][..], &["--exec"]] {
            let mut command = world.run(form);
            command.args(["--passphrase", place]).args(["--", "sh", "-c", script]);
            command.env("KEY_SECRET", &secret).stdin(fs::File::open(world.path("pass.txt")).unwrap());
            let output = ended(command);
            let known = place == "env:KEY_SECRET";
            let other = [b"KEY_SECRET=", secret.as_bytes()].concat();
            let mut seen = output.stdout.clone();
            if !known {
                // Here the variable is none of certman's business.
                while let Some(at) = seen.windows(other.len()).position(|window| window == other) {
                    seen.drain(at..at + other.len());
                }
            }
            assert!(!contains(&seen, secret.as_bytes()), "{place} {form:?}");
            assert!(text(&output.stdout).ends_with(if known { "0\n" } else { "1\n" }), "{place} {form:?}");
            assert!(contains(&seen, b"CLAUDE_CODE_CLIENT_KEY_PASSPHRASE="), "{place}: {output:?}");
        }
    }
}

#[test]
fn signals_for_certman_alone_reach_the_command_once() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let log = world.path("log");
    let Some(mut command) = world.python(&[], "signals") else { return };
    let mut child = command.arg(&log).spawn().unwrap();
    until(|| lines(&log).contains(&"ready".to_owned()), "the child is ready");
    let names = [
        ("ALRM", Signal::ALARM),
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("TERM", Signal::TERM),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("WINCH", Signal::WINCH),
        ("CONT", Signal::CONT),
    ];
    for (name, signal) in names {
        kill_process(Pid::from_child(&child), signal).unwrap();
        until(|| lines(&log).contains(&name.to_owned()), name);
    }
    assert_eq!(lines(&log).len(), 1 + names.len(), "{:?}", lines(&log));
    // It has survived all of them, and so has certman, with the pair.
    assert_eq!(world.pairs().len(), 1);
    fs::write(world.path("log.end"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn a_signal_that_ends_the_command_leaves_nothing() {
    for (signal, status) in [(Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131), (Signal::TERM, 143)]
    {
        let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
        let mut child =
            world.run(["--", "sh", "-c", "ulimit -c 0; echo >ready; exec sleep 60"]).spawn().unwrap();
        until(|| world.path("ready").exists(), "the child is ready");
        assert_eq!(world.pairs().len(), 1);
        // To `sleep` itself, once the shell has become it.
        std::thread::sleep(Duration::from_millis(100));
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(status));
        assert_eq!(world.pairs(), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_signal_before_the_start_ends_certman_or_the_command_and_leaves_nothing() {
    // At any moment of the way: before there is a pair, while it is written, while the command starts.
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    ended(world.run(["--", "true"]));
    let start = Instant::now();
    ended(world.run(["--", "true"]));
    let whole = start.elapsed();
    for round in 0..40 {
        let mut child = world.run(["--", "sleep", "60"]).spawn().unwrap();
        std::thread::sleep(whole * round / 30);
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let status = child.wait().unwrap();
        assert!(status.signal() == Some(15) || status.code() == Some(143), "{status:?}");
        assert_eq!(world.pairs(), Vec::<PathBuf>::new(), "round {round}");
    }
}

#[test]
fn a_command_that_ignores_the_end_is_waited_for() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let mut child = world
        .run(["--", "sh", "-c", "trap '' TERM; echo $$ >ready; sleep 1; echo still; exit 9"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    until(
        || fs::read_to_string(world.path("ready")).is_ok_and(|text| text.ends_with('\n')),
        "the child is ready",
    );
    for _ in 0..3 {
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

#[test]
fn signals_that_are_ignored_stay_so_in_the_command() {
    // `nohup certman run …`: once certman caught SIGHUP, the command would no longer ignore it.
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let ignored = |script: &str| {
        let mut command = bare(Path::new("/bin/sh"));
        command.args(["-c", script, "sh", CERTMAN]).current_dir(world.folder.path());
        command.env("HOME", world.path("home")).env("XDG_RUNTIME_DIR", world.path("runtime"));
        let mask = text(&ended(command).stdout);
        let mask = u64::from_str_radix(mask.trim().trim_start_matches("SigIgn:").trim(), 16).unwrap();
        // 32 and 33 are the C library's own, which takes them where there are threads.
        mask & !(0b11 << 31)
    };
    let look = "grep SigIgn /proc/self/status";
    for traps in ["", "trap '' HUP;", "trap '' INT QUIT;", "trap '' TERM USR1;"] {
        let without = ignored(&format!("{traps} exec {look}"));
        for form in ["", "--exec"] {
            let with = ignored(&format!("{traps} exec \"$1\" --config certman.toml run {form} -- {look}"));
            assert_eq!(with, without, "{traps} {form}");
        }
    }
}

#[test]
fn a_command_that_is_stopped_where_no_shell_waits_stops_certman_not() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let mut command = world.run(["--", "sh", "-c", "echo $$ >ready; kill -STOP $$; exit 5"]);
    // No pipe: a command that were left behind would hold it open.
    let mut child = command.stderr(fs::File::create(world.path("said")).unwrap()).spawn().unwrap();
    until(
        || fs::read_to_string(world.path("ready")).is_ok_and(|text| text.ends_with('\n')),
        "the child is ready",
    );
    let inner: i32 = fs::read_to_string(world.path("ready")).unwrap().trim().parse().unwrap();
    until(|| process_state(inner) == Some('T'), "it has stopped");
    std::thread::sleep(Duration::from_millis(300));
    assert_ne!(process_state(child.id().try_into().unwrap()), Some('T'), "nobody would wake certman");
    // To certman, which hands it over.
    kill_process(Pid::from_child(&child), Signal::CONT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(5), "{}", fs::read_to_string(world.path("said")).unwrap());
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn a_stop_in_a_container_without_a_session_of_its_own_is_one_as_anywhere() {
    // The leader of the session is outside, and its number inside is 0 (seen in a sandbox).
    let Some(mut command) = in_a_container() else { return };
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let script =
        "\"$1\" --config certman.toml run -- sh -c 'echo $$ >id; mv id ready; kill -STOP $$; exit 5' &
        certman=$!
        until read -r child <ready && read -r _ _ state _ <\"/proc/$child/stat\" && [ \"$state\" = T ]
        do sleep 0.1; [ $((n+=1)) -lt 200 ] || exit 99; done 2>/dev/null
        sleep 0.3
        read -r _ _ state _ <\"/proc/$certman/stat\" && echo \"$state\"
        kill -CONT $certman
        wait $certman
        echo $?";
    command.args(["sh", "-c", script, "sh", CERTMAN]).current_dir(world.folder.path());
    let output = ended(command.env("HOME", world.path("home")).env("XDG_RUNTIME_DIR", world.path("runtime")));
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("S\n5\n", Some(0)), "{output:?}");
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn a_shell_on_a_terminal_stops_continues_and_interrupts_both() {
    let (Some(mut python), Some(_)) = (python(), program("bash")) else { return };
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let log = world.path("log");
    let container: Vec<_> = in_a_container().into_iter().flat_map(|command| words(&command)).collect();
    for (form, starter) in [("", &[][..]), ("--exec", &[]), ("", &container)] {
        let _ = (fs::remove_file(&log), fs::remove_file(world.path("log.end")));
        let child = in_project("tests/support/child.py");
        let line = format!(
            "'{CERTMAN}' --config certman.toml run {form} -- {} '{}' signals {}",
            Path::new(python.get_program()).display(),
            child.display(),
            log.display()
        );
        let mut person = python_again(&mut python);
        person.arg(in_project("tests/support/job_control.py")).arg(line).arg(&log).args(starter);
        person.current_dir(world.folder.path()).env("HOME", world.path("home"));
        let output = ended(person.env("XDG_RUNTIME_DIR", world.path("runtime")).env("TERM", "xterm"));
        let wanted = "prompt\nstopped by Ctrl-Z\nprompt\nthe child is T\nafter fg the child is going on\nstopped by itself\n\
                      prompt\nafter fg the child is going on\nCtrl-C arrived 1 time\nprompt\nstatus 0\n";
        assert_eq!(text(&output.stdout), wanted, "{form}: {output:?}");
    }
    ended(world.run(["--", "true"]));
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn certman_whose_parent_is_gone_goes_on_and_cleans_up() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let mut shell = bare(Path::new("/bin/sh"));
    shell.args([
        "-c",
        "\"$1\" --config certman.toml run -- sh -c 'echo >ready; sleep 1; echo >done' & sleep 60",
        "sh",
        CERTMAN,
    ]);
    shell
        .current_dir(world.folder.path())
        .env("HOME", world.path("home"))
        .env("XDG_RUNTIME_DIR", world.path("runtime"));
    let mut shell = shell.spawn().unwrap();
    until(|| world.path("ready").exists(), "the child is ready");
    shell.kill().unwrap();
    shell.wait().unwrap();
    until(|| world.path("done").exists(), "the child has ended");
    until(|| world.pairs().is_empty(), "the pair is gone");
}

#[test]
fn a_kill_at_any_moment_leaves_no_secret_and_the_next_run_sweeps() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    ended(world.run(["--", "true"]));
    let start = Instant::now();
    ended(world.run(["--", "true"]));
    let whole = start.elapsed();
    let mut left = 0;
    for round in 0..80 {
        let mut child = world.run(["--", "sh", "-c", "exit 0"]).spawn().unwrap();
        std::thread::sleep(whole * round / 60);
        let _ = kill_process(Pid::from_child(&child), Signal::KILL);
        child.wait().unwrap();
        left += usize::from(!world.pairs().is_empty());
        world.assert_no_secret();
    }
    assert!(left > 0, "the pair was there at some of these moments");
    // The last children may still be ending.
    until(
        || {
            ended(world.run(["--", "true"]));
            world.pairs().is_empty()
        },
        "all are swept",
    );
}

#[test]
fn a_pair_whose_command_lives_on_without_certman_stays_until_it_ends() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let mut child = world.run(["--", "sh", "-c", "echo $$ >ready; exec sleep 60"]).spawn().unwrap();
    until(
        || fs::read_to_string(world.path("ready")).is_ok_and(|text| text.ends_with('\n')),
        "the child is ready",
    );
    let inner: i32 = fs::read_to_string(world.path("ready")).unwrap().trim().parse().unwrap();
    until(|| world.pairs().iter().any(|pair| pair.join("process").exists()), "certman has noted it");
    child.kill().unwrap();
    child.wait().unwrap();
    let before = world.pairs();
    assert_eq!(before.len(), 1);
    world.assert_no_secret();
    ended(world.run(["--", "true"]));
    assert_eq!(world.pairs(), before, "in use");
    assert!(before[0].join("client.key").exists());
    kill_process(Pid::from_raw(inner).unwrap(), Signal::KILL).unwrap();
    until(|| process_state(inner).is_none_or(|state| state == 'Z'), "it has ended");
    ended(world.run(["--", "true"]));
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn sweeping_leaves_what_is_not_of_this_making_or_in_doubt() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    ended(world.run(["--", "true"]));
    let folder = world.path("runtime/certman");
    let ours = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap()[..8].to_owned();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap().display().to_string();
    let namespace = namespace.trim_start_matches("pid:[").trim_end_matches(']').to_owned();
    let stays = [
        "something".to_owned(),
        format!("1-0-{ours}-{namespace}"),
        // In another container of this machine.
        "99999999-1-00000000-0-00000000-0".to_owned(),
        format!("4194305-1-{ours}-1-00000000"),
        "unknown-00000000".to_owned(),
    ];
    let goes = [format!("4194305-1-{ours}-{namespace}-00000000"), "1-1-00000000-1-00000000".to_owned()];
    for name in stays.iter().chain(&goes) {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("client.key"), "x").unwrap();
    }
    // A link in the place of a folder, and one inside: neither is followed.
    world.give("precious/file", "x");
    symlink(world.path("precious"), folder.join(format!("4194305-2-{ours}-{namespace}-00000000"))).unwrap();
    symlink(world.path("precious"), folder.join(&goes[0]).join("link")).unwrap();
    ended(world.run(["--", "true"]));
    for name in &stays {
        assert!(folder.join(name).exists(), "{name}");
    }
    for name in &goes {
        assert!(!folder.join(name).exists(), "{name}");
    }
    assert!(world.path("precious/file").exists());
}

#[test]
fn a_pair_in_use_stays_where_the_system_hides_processes() {
    // With /proc mounted so, a certman that runs is hidden from the user who has started it, since it is closed to him.
    let (Some(unshare), Some(_)) = (program("unshare"), program("setpriv")) else { return };
    if !is_root() {
        eprintln!("MISSING: root (only root can mount /proc)");
        return;
    }
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    // Not below the project, which nobody else may be allowed to read.
    let folder = tempfile::tempdir().unwrap();
    set_mode(folder.path(), 0o755);
    let script = "mount -t proc -o hidepid=2 proc /proc || exit 77
        cp -r \"$1/.\" \"$2\" . && chown -R 65534:65534 . && export XDG_RUNTIME_DIR=$PWD/runtime HOME=$PWD/home
        nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
        $nobody ./certman --config certman.toml run -- sh -c 'echo >ready; until [ -e end ]; do sleep 0.1; done
            test -s $CLAUDE_CODE_CLIENT_KEY' & until [ -e ready ]; do sleep 0.1; done
        $nobody cat /proc/$!/stat 2>/dev/null && exit 78
        $nobody ./certman --config certman.toml run -- true; ls runtime/certman | wc -l; echo >end; wait $!; echo $?
        ls runtime/certman | wc -l";
    let mut command = bare(&unshare);
    command.args(["-m", "sh", "-c", script, "sh"]).arg(world.folder.path()).arg(CERTMAN);
    let output = ended(command.current_dir(folder.path()));
    if output.status.code() == Some(77) {
        eprintln!("MISSING: a mount namespace");
        return;
    }
    assert_eq!((text(&output.stdout), output.status.code()), ("1\n0\n0\n".to_owned(), Some(0)), "{output:?}");
}

#[test]
fn a_pair_is_not_held_for_that_of_a_process_outside_of_the_container() {
    // In a container with the /proc of the system around it, the numbers there are those of other processes: by them nobody
    // can tell whether the owner of a pair still runs.
    let Some(container) = in_a_container() else { return };
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let mut command = bare(Path::new(container.get_program()));
    command.args(container.get_args().filter(|argument| *argument != "--mount-proc"));
    command.args([CERTMAN, "--config", "certman.toml", "run", "--", "sh", "-c", "ls runtime/certman"]);
    command.current_dir(world.folder.path()).env("HOME", world.path("home"));
    let output = ended(command.env("XDG_RUNTIME_DIR", world.path("runtime")));
    assert!(output.status.success() && output.stdout.starts_with(b"unknown-"), "{output:?}");
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn two_at_once_have_a_pair_each() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let start = |name: &str| {
        let script = format!(
            "echo $CLAUDE_CODE_CLIENT_KEY >{name}; n=0; until [ -e {name}.end ] || [ $((n+=1)) -gt 3000 ]; do sleep 0.02; done; \
                              test -s $CLAUDE_CODE_CLIENT_KEY"
        );
        world.run(["--", "sh", "-c", &script]).spawn().unwrap()
    };
    let mut both = [start("one"), start("two")];
    until(
        || {
            ["one", "two"]
                .iter()
                .all(|name| fs::read(world.path(name)).is_ok_and(|text| text.ends_with(b"\n")))
        },
        "both are ready",
    );
    assert_ne!(fs::read(world.path("one")).unwrap(), fs::read(world.path("two")).unwrap());
    assert_eq!(world.pairs().len(), 2);
    for (child, name) in both.iter_mut().zip(["one.end", "two.end"]) {
        fs::write(world.path(name), "").unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn a_run_inside_of_a_run_leaves_the_outer_pair_alone() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let Some(openssl) = program("openssl") else { return };
    let check = format!(
        "'{}' pkey -noout -in \"$CLAUDE_CODE_CLIENT_KEY\" -passin env:CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
        openssl.display()
    );
    for (outer, inner) in [("", ""), ("", "--exec"), ("--exec", ""), ("--exec", "--exec")] {
        let certman = format!("'{CERTMAN}' --config certman.toml run");
        // The check twice inside, and once more outside when the inner one has gone.
        let script = format!(
            "mine=$CLAUDE_CODE_CLIENT_KEY
             {certman} {inner} -- sh -c '{} && test \"$0\" != \"$CLAUDE_CODE_CLIENT_KEY\"' \"$mine\" || exit 1
             {check} && exec {certman} {inner} -- {certman} {inner} -- sh -c 'exit 42'",
            check.replace('\'', "'\\''")
        );
        let mut command = world.run(if outer.is_empty() { &[][..] } else { &["--exec"] });
        let output = ended(command.args(["--", "sh", "-c", &script]));
        assert_eq!(output.status.code(), Some(42), "{outer} {inner}: {output:?}");
        assert_eq!((text(&output.stdout), text(&output.stderr)), (String::new(), String::new()));
    }
    ended(world.run(["--", "true"]));
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn where_the_passphrase_is_given_but_once_the_outer_pair_is_handed_on() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let run = |flags: &str| format!("'{CERTMAN}' --config certman.toml run --no-input {flags} --");
    let nested = |inner: &str| {
        let script = format!(
            "mine=$CLAUDE_CODE_CLIENT_KEY; {inner} sh -c 'test \"$0\" = \"$CLAUDE_CODE_CLIENT_KEY\" && echo the same' \"$mine\""
        );
        let mut command = world.run(["--passphrase", "env:KEY_SECRET", "--", "sh", "-c", &script]);
        ended(command.env("KEY_SECRET", fixture_passphrase("plain")))
    };
    for inner in
        [run("--passphrase env:KEY_SECRET"), run("--exec --passphrase prompt"), run("--passphrase fd:7")]
    {
        let output = nested(&inner);
        assert_eq!(
            (text(&output.stdout).as_str(), output.status.code()),
            ("the same\n", Some(0)),
            "{inner}: {output:?}"
        );
    }
    // Another key has nothing to do with it, nor has a pair that nobody keeps.
    fs::copy(world.path("client.key"), world.path("other.key")).unwrap();
    let output = nested(&run("--passphrase env:KEY_SECRET --key other.key"));
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    let output = nested(&format!(
        "cp -r \"$(dirname \"$mine\")\" kept && CLAUDE_CODE_CLIENT_KEY=$PWD/kept/client.key \
                                  CLAUDE_CODE_CLIENT_CERT=$PWD/kept/client.pem {}",
        run("--passphrase env:KEY_SECRET")
    ));
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn a_runtime_folder_that_is_no_private_one_is_passed_over() {
    type Make = fn(&World) -> OsString;
    let rows: [(&str, Make); 8] = [
        ("empty", |_| OsString::new()),
        ("relative", |_| "runtime".into()),
        ("missing", |world| world.path("missing").into()),
        ("a file", |world| {
            world.give("file", "x");
            world.path("file").into()
        }),
        ("a link", |world| {
            symlink(world.path("runtime"), world.path("link")).unwrap();
            world.path("link").into()
        }),
        ("open to the group", |world| {
            set_mode(&world.path("runtime"), 0o770);
            world.path("runtime").into()
        }),
        ("open to all", |world| {
            set_mode(&world.path("runtime"), 0o1777);
            world.path("runtime").into()
        }),
        ("of another user", |world| {
            if is_root() {
                chown(world.path("runtime"), Some(65_534), None).unwrap();
                world.path("runtime").into()
            } else {
                "/".into()
            }
        }),
    ];
    for (what, make) in rows {
        let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
        let runtime = make(&world);
        fs::create_dir(world.path("tmp")).unwrap();
        set_mode(&world.path("tmp"), 0o1777);
        let mut command = world.run(["--", "sh", "-c", "echo $CLAUDE_CODE_CLIENT_KEY"]);
        command.env("XDG_RUNTIME_DIR", runtime).env("TMPDIR", world.path("tmp"));
        let output = ended(command);
        let place = world.path("tmp").join(format!("certman-{}", own_number()));
        assert!(text(&output.stdout).starts_with(&format!("{}/", place.display())), "{what}: {output:?}");
        assert_eq!(mode(&place), 0o700, "{what}");
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0, "{what}");
        assert_eq!(fs::read_dir(world.path("runtime")).unwrap().count(), 0, "{what}");
    }
}

#[test]
fn a_temporary_folder_that_somebody_has_prepared_is_refused() {
    type Make = fn(&Path, &World);
    let rows: [(&str, Make, &str); 5] = [
        ("a link", |path, world| symlink(world.path("runtime"), path).unwrap(), "it is no folder"),
        ("a file", |path, _| fs::write(path, "x").unwrap(), "it is no folder"),
        (
            "open to all",
            |path, _| {
                fs::create_dir(path).unwrap();
                set_mode(path, 0o777);
            },
            "others may write to it",
        ),
        (
            "of another user",
            |path, _| {
                fs::create_dir(path).unwrap();
                set_mode(path, 0o700);
                if is_root() {
                    chown(path, Some(65_534), None).unwrap();
                } else {
                    set_mode(path, 0o722);
                }
            },
            if is_root() { "it belongs to another user" } else { "others may write to it" },
        ),
        ("not sticky", |path, _| set_mode(path.parent().unwrap(), 0o777), "others may rename what is in it"),
    ];
    for (what, make, message) in rows {
        let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
        fs::create_dir(world.path("tmp")).unwrap();
        set_mode(&world.path("tmp"), 0o1777);
        make(&world.path("tmp").join(format!("certman-{}", own_number())), &world);
        for form in [&[][..], &["--exec"]] {
            let mut command = world.run(form);
            command.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", world.path("tmp"));
            let output = ended(command.args(["--", "touch", "started"]));
            assert_eq!(output.status.code(), Some(125), "{what}: {output:?}");
            let said = text(&output.stderr);
            assert!(said.contains(message) && said.contains("XDG_RUNTIME_DIR"), "{what}: {said}");
            assert!(!world.path("started").exists(), "{what}");
            assert_eq!(fs::read_dir(world.path("runtime")).unwrap().count(), 0, "{what}");
        }
    }
}

#[test]
fn a_full_disk_starts_nothing_and_leaves_nothing() {
    let Some(unshare) = program("unshare") else { return };
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    ended(world.run(["--", "true"]));
    let script = "mount -t tmpfs -o size=4k,mode=700 tmpfs runtime && for form in -q --exec; do \
                  \"$1\" --config certman.toml run $form -- touch started; echo \"status $?\"; done; find runtime -type f";
    let mut command = bare(&unshare);
    command.arg(if is_root() { "-m" } else { "-rm" }).args(["sh", "-c", script, "sh", CERTMAN]);
    command
        .current_dir(world.folder.path())
        .env("HOME", world.path("home"))
        .env("XDG_RUNTIME_DIR", world.path("runtime"));
    let output = ended(command);
    if text(&output.stderr).contains("unshare failed") || text(&output.stderr).contains("mount:") {
        assert!(std::env::var_os("CERTMAN_TEST_REQUIRE_ALL").is_none_or(|value| value != "1"), "{output:?}");
        eprintln!("MISSING: a mount namespace");
        return;
    }
    assert_eq!(text(&output.stdout), "status 125\nstatus 125\n", "{output:?}");
    assert!(text(&output.stderr).contains("No space left on device"), "{output:?}");
    assert!(!world.path("started").exists());
}

#[test]
fn a_home_that_cannot_be_written_is_no_hindrance() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    world.give(
        "certman.toml",
        "[client]\ncert = 'client.pem'\nkey = 'client.key'\npassphrase = 'file:pass.txt'\n",
    );
    for home in ["/proc", "/nonexistent", ""] {
        let output =
            ended(world.run(["--", "sh", "-c", "test -s $CLAUDE_CODE_CLIENT_KEY"]).env("HOME", home));
        assert_eq!(output.status.code(), Some(0), "{home}: {output:?}");
    }
}

#[test]
fn the_command_is_as_open_as_ever() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    for form in [&[][..], &["--exec"]] {
        let Some(command) = world.python(form, "dumpable") else { return };
        assert_eq!(text(&ended(command).stdout), "1\n", "{form:?}");
        // What is open in the shell that starts both is open in both, and nothing else is.
        let look = "sh -c 'ls /proc/$$/fd; ulimit -c; :'";
        let script =
            format!("{look} >a; \"$1\" --config certman.toml run {} -- {look} >b; cmp a b", form.join(" "));
        assert_eq!(ended(world.shell(&script)).status.code(), Some(0), "{form:?}");
    }
}

#[test]
fn the_streams_are_the_commands_own() {
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    for form in [&[][..], &["--exec"]] {
        let mut command = world.run(form);
        command.args(["--", "sh", "-c", "cat; echo error >&2"]);
        let output = crate::support::output_with_stdin(&mut command, &[b'x'; 300_000]);
        assert_eq!((output.stdout.len(), text(&output.stderr).as_str()), (300_000, "error\n"), "{form:?}");
        for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
            let script =
                format!("\"$1\" --config certman.toml run {} -- sh -c 'exit 4' {closed}", form.join(" "));
            let output = ended(world.shell(&script));
            assert_eq!(output.status.code(), Some(4), "{form:?} {closed}: {output:?}");
        }
    }
    // Warnings come before the start, and only where somebody reads them.
    set_mode(&world.path("client.key"), 0o644);
    let said = |flags: &[&str]| text(&ended(world.run(flags).args(["--", "true"])).stderr);
    assert!(said(&[]).contains("certman: warning: "), "{}", said(&[]));
    assert_eq!(said(&["--quiet"]), "");
    assert_eq!(said(&["--exec"]), "");
}

#[test]
fn a_launcher_does_what_claude_code_expects_of_one() {
    // CLAUDE_CODE_PROCESS_WRAPPER: `exec "$@"` within three seconds, the arguments kept, nothing printed, nested at will.
    let page = fs::read_to_string(in_project("man/certman.1")).unwrap();
    let script = page.split("\n#!/bin/sh\n").nth(1).unwrap().split("\n.Ed").next().unwrap().to_owned();
    assert!(script.ends_with("exec certman run --exec -- \"$@\""), "{script}");
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    set_mode(&world.path("client.key"), 0o644);
    let program = Path::new(CERTMAN).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    world.give("launcher", format!("#!/bin/sh\n{script}\n"));
    set_mode(&world.path("launcher"), 0o755);
    let launcher = world.path("launcher");
    for depth in [1, 2, 3] {
        let mut command = bare(&launcher);
        command.args(std::iter::repeat_n(&launcher, depth - 1));
        command.args([
            "sh",
            "-c",
            "echo $$ \"$0\" \"$@\"; test -s \"$CLAUDE_CODE_CLIENT_KEY\"",
            "",
            "a b",
            "--",
            "--exec",
            "$x",
        ]);
        command
            .env("PATH", &path)
            .env("HOME", world.path("home"))
            .env("XDG_RUNTIME_DIR", world.path("runtime"));
        command
            .env("CERTMAN_CONFIG", world.path("certman.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let start = Instant::now();
        let child = command.spawn().unwrap();
        let id = child.id();
        let output = child.wait_with_output().unwrap();
        let took = start.elapsed();
        assert!(took < Duration::from_secs(3) * depth as u32, "{depth}: {took:?}");
        assert_eq!(
            text(&output.stdout),
            format!("{id}  a b -- --exec $x\n"),
            "the same process, {depth} deep"
        );
        assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)), "{depth}");
    }
    ended(world.run(["--", "true"]));
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn a_rotation_on_the_disk_renews_the_pair_in_its_place() {
    let Some(openssl) = program("openssl") else { return };
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let script = "echo \"$CLAUDE_CODE_CLIENT_KEY_PASSPHRASE\" >secret; echo >ready; n=0; until [ -e end ] || [ $((n+=1)) -gt 600 ]; do sleep 0.1; done";
    let mut child = world.run(["--", "sh", "-c", script]).spawn().unwrap();
    until(|| world.path("ready").exists(), "the child is ready");
    let secret = fs::read_to_string(world.path("secret")).unwrap().trim().to_owned();
    let pair = world.pairs()[0].clone();
    // The public key of certificate and key in the folder.
    let kind = || {
        let public = |arguments: &[&str], name: &str| {
            let mut command = bare(&openssl);
            let output = command
                .args(arguments)
                .arg("-in")
                .arg(pair.join(name))
                .env("SECRET", &secret)
                .output()
                .unwrap();
            assert!(output.status.success(), "{name}: {output:?}");
            output.stdout
        };
        let of_key = public(&["pkey", "-pubout", "-passin", "env:SECRET"], "client.key");
        (of_key == public(&["x509", "-pubkey", "-noout"], "client.pem")).then_some(of_key)
    };
    let old = kind().unwrap();
    let before = walk(&pair);
    // Half a new pair: another certificate, a key that is cut short. Nothing is taken from that.
    let (new_certificate, new_key) = (
        fs::read(testdata("pki/client-rsa-2048.pem")).unwrap(),
        fs::read(testdata("keys/encrypted/rsa-2048.portable.pem")).unwrap(),
    );
    world.give("client.pem", &new_certificate);
    std::thread::sleep(Duration::from_millis(4_500));
    assert_eq!(walk(&pair), before, "a certificate without its key is not taken");
    world.give("client.key", &new_key[..new_key.len() / 2]);
    std::thread::sleep(Duration::from_millis(4_500));
    assert_eq!(walk(&pair), before, "half a key is not taken");
    world.give("client.key", &new_key);
    until(|| walk(&pair) != before && kind().is_some_and(|new| new != old), "the new pair");
    assert_eq!(mode(&pair.join("client.key")), 0o600);
    world.assert_no_secret();
    // A new certificate for the same key needs no passphrase; its place is empty now.
    fs::remove_file(world.path("pass.txt")).unwrap();
    let before = walk(&pair);
    let chain = [new_certificate, fs::read(testdata("pki/intermediate-p256-1.pem")).unwrap()].concat();
    world.give("client.pem", chain);
    let certificates = || text(&fs::read(pair.join("client.pem")).unwrap()).matches("BEGIN").count();
    until(|| certificates() == 2, "the new certificate");
    assert_eq!(fs::read(pair.join("client.key")).unwrap(), before[&pair.join("client.key")]);
    fs::write(world.path("end"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(world.pairs(), Vec::<PathBuf>::new());
}

#[test]
fn node_and_bun_connect_under_run() {
    let (Some(node), Some(bun), Some(python)) = (program("node"), program("bun"), python()) else { return };
    let server = Server::start(python);
    for key in [
        "encrypted/p256.pbes2-sha256-aes-256.pem",
        "encrypted/p256.scrypt-n32768.pem",
        "p256.pkcs8.der",
        "p256.pkcs8.pem",
    ] {
        let world = World::new(key);
        for client in [&node, &bun] {
            for form in [&[][..], &["--exec"]] {
                let mut command = world.run(form);
                command
                    .arg("--")
                    .arg(client)
                    .arg(in_project("tests/support/connect.mjs"))
                    .args(&server.addresses);
                let output = ended(command);
                let said = text(&output.stdout);
                let all_well = said.lines().count() >= 2
                    && said.lines().all(|line| line.starts_with("hello alice (p256) over TLS"));
                assert!(all_well, "{key} {form:?} {}: {said} {output:?}", client.display());
            }
            let mut without = bare(client);
            without.arg(in_project("tests/support/connect.mjs")).args(&server.addresses);
            assert!(text(&ended(without).stdout).lines().all(|line| line.starts_with("failed")));
        }
    }
}

#[test]
fn a_node_process_connects_before_and_after_a_rotation() {
    let (Some(node), Some(python)) = (program("node"), python()) else { return };
    let server = Server::start(python);
    let world = World::new("encrypted/p256.pbes2-sha256-aes-256.pem");
    let mut command = world.run(["--"]);
    command.arg(node).arg(in_project("tests/support/again.mjs")).arg(&server.addresses[1]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut connect = || {
        stdin.write_all(b"\n").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    };
    assert_eq!(connect(), "hello alice (p256) over TLSv1.3");
    let issuer = fs::read(testdata("pki/intermediate-p256-1.pem")).unwrap();
    world.give("client.pem", [fs::read(testdata("pki/client-rsa-2048.pem")).unwrap(), issuer].concat());
    assert_eq!(
        connect(),
        "hello alice (p256) over TLSv1.3",
        "the old pair serves until the new one is whole"
    );
    world.give("client.key", fs::read(testdata("keys/encrypted/rsa-2048.portable.pem")).unwrap());
    until(|| connect() == "hello alice (rsa-2048) over TLSv1.3", "the new pair");
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A folder with a configuration, an identity and a place for pairs.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// With this key of `testdata/keys`, one of `p256`.
    fn new(key: &str) -> Self {
        let world = Self { folder: fresh_folder("run") };
        for name in ["home", "runtime"] {
            fs::create_dir(world.path(name)).unwrap();
            set_mode(&world.path(name), 0o700);
        }
        let [leaf, issuer, root] = ["client-p256", "intermediate-p256-1", "root-p256"]
            .map(|name| fs::read(testdata(&format!("pki/{name}.pem"))).unwrap());
        world.give("client.pem", [leaf, issuer.clone()].concat());
        world.give("client.key", fs::read(testdata(&format!("keys/{key}"))).unwrap());
        world.give("ca/root.pem", root);
        world.give("ca/issuer.pem", issuer);
        world.give("pass.txt", format!("{}\n", fixture_passphrase("plain")));
        world.give(
            "certman.toml",
            "[bundle]\nsources = ['ca']\nout = 'extra.pem'\n[client]\ncert = 'client.pem'\nkey = 'client.key'\n\
             passphrase = 'file:pass.txt'\n",
        );
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file there, mode 0600, in one step.
    fn give(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let draft = path.with_extension("given");
        fs::write(&draft, content).unwrap();
        set_mode(&draft, 0o600);
        fs::rename(draft, path).unwrap();
    }

    /// `certman run` here.
    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        // What ignores signals may have started the tests: nohup, or a shell in the background.
        let mut command = bare(Path::new("/usr/bin/env"));
        command.args(["--default-signal", CERTMAN, "--config", "certman.toml", "run"]).args(arguments);
        command.current_dir(self.folder.path()).env("HOME", self.path("home"));
        command.env("XDG_RUNTIME_DIR", self.path("runtime"));
        command
    }

    /// `certman run` of `tests/support/child.py`.
    fn python(&self, flags: &[&str], what: &str) -> Option<Command> {
        let python = python()?;
        let mut command = self.run(flags);
        command.arg("--").arg(python.get_program()).arg(in_project("tests/support/child.py")).arg(what);
        Some(command)
    }

    /// A script for sh; `$1` is certman.
    fn shell(&self, script: &str) -> Command {
        let mut command = bare(Path::new("/bin/sh"));
        command.args(["-c", script, "sh", CERTMAN]).current_dir(self.folder.path());
        command.env("HOME", self.path("home")).env("XDG_RUNTIME_DIR", self.path("runtime"));
        command
    }

    /// The folders with a pair that are there.
    fn pairs(&self) -> Vec<PathBuf> {
        let Ok(listing) = fs::read_dir(self.path("runtime/certman")) else { return Vec::new() };
        let mut pairs: Vec<PathBuf> = listing.map(|entry| entry.unwrap().path()).collect();
        pairs.sort();
        pairs
    }

    /// Neither the real passphrase nor a key that it seals or that nothing seals is in the folder for pairs.
    fn assert_no_secret(&self) {
        let real = fs::read(self.path("client.key")).unwrap();
        let secret = fixture_passphrase("plain");
        // Files come and go here.
        let found: BTreeMap<PathBuf, Vec<u8>> = walk(&self.path("runtime"));
        for (path, content) in found {
            let path = path.display();
            assert!(!contains(&content, secret.as_bytes()), "{path}: the passphrase");
            assert!(
                !contains(&content, b"BEGIN PRIVATE KEY") && !contains(&content, b"BEGIN EC"),
                "{path}: a key"
            );
            assert!(content != real, "{path}: the real key");
        }
    }
}

fn walk(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else if let Ok(content) = fs::read(&path) {
            files.insert(path, content);
        }
    }
    files
}

/// A server that requires a client certificate, by TLS 1.2 and by TLS 1.3.
struct Server {
    addresses: [String; 2],
    _folder: tempfile::TempDir,
    process: Child,
}

impl Server {
    fn start(mut python: Command) -> Self {
        let folder = fresh_folder("server");
        let authorities = folder.path().join("authorities.pem");
        let all = ["root-p256", "intermediate-p256-1"]
            .map(|name| fs::read(testdata(&format!("pki/{name}.pem"))).unwrap());
        fs::write(&authorities, all.concat()).unwrap();
        let mut process = python
            .arg(in_project("tests/support/server.py"))
            .args([testdata("pki/server-chain.pem"), testdata("pki/keys/server.key"), authorities])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ports = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ports).unwrap();
        let (one, other) = ports.trim().split_once(' ').unwrap();
        let addresses = [one, other].map(|port| format!("https://localhost:{port}/"));
        Self { addresses, _folder: folder, process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn python_again(python: &mut Command) -> Command {
    bare(Path::new(python.get_program()))
}

/// Runs a command to its end, which must come.
fn ended(mut command: impl std::borrow::BorrowMut<Command>) -> Output {
    let command = command.borrow_mut();
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(!contains(&output.stderr, b"panicked"), "{command:?}: {}", text(&output.stderr));
    output
}

/// Waits for what must come.
fn until(mut holds: impl FnMut() -> bool, what: &str) {
    let end = Instant::now() + LONGEST;
    while !holds() {
        assert!(Instant::now() < end, "never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn process_state(id: i32) -> Option<char> {
    let about = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    about.rsplit_once(") ")?.1.chars().next()
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What starts a program as some sandboxes do: process numbers of its own, and the session and process group of whoever has
/// started it, which have no number in there.
fn in_a_container() -> Option<Command> {
    let mut command = bare(&program("unshare")?);
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--pid", "--fork", "--kill-child", "--mount-proc"]);
    let mut attempt = bare(Path::new(command.get_program()));
    let output = ended(attempt.args(command.get_args()).arg("true"));
    if !output.status.success() {
        eprintln!("MISSING: a container ({})", text(&output.stderr).trim());
        return None;
    }
    Some(command)
}

/// A command line.
fn words(command: &Command) -> Vec<OsString> {
    std::iter::once(command.get_program()).chain(command.get_args()).map(OsStr::to_owned).collect()
}

fn is_root() -> bool {
    own_number() == 0
}

fn own_number() -> u32 {
    fs::metadata("/proc/self").unwrap().uid()
}

/// The built program.
const CERTMAN: &str = env!("CARGO_BIN_EXE_certman");
/// Far more than anything here takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(60);
