//! Passphrases from descriptors, pipes and a real terminal, and what others can see of the process that holds one. All of
//! that is about a whole process, so each call is made in a child, which is this test program again.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test drives programs, tells what they said, and ends where something is amiss"
)]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use certman::sys::env::Environment;
use certman::sys::keyring::{OsKeyring, WITHOUT_TERMINAL};
use certman::sys::passphrase::{Lent, Source, obtain};
use certman::sys::process::{harden, parent_name};
use certman::sys::terminal::TerminalDevice;

use crate::support::program;

#[test]
fn descriptors_and_pipes_of_the_shell_are_read() {
    act_where_this_is_the_child();
    for (script, source) in [
        (
            r#""$@" 3<<X
geheim
X"#,
            "fd:3",
        ),
        (r#"printf 'geheim\r\n' >p; "$@" 7<p"#, "fd:7"),
        // The descriptor, not the file: what was read of it before is gone.
        (r#"printf 'first\ngeheim\n' >p; exec 3<p; read -r line <&3; "$@""#, "fd:3"),
        // A file that only the descriptor still leads to.
        (r#"printf 'geheim\n' >p; exec 3<p; rm p; "$@""#, "fd:3"),
        (r#"printf 'geheim\n' | "$@""#, "fd:0"),
        (r#"printf 'geheim\n' | "$@""#, "file:/dev/stdin"),
        (r#"printf 'geheim\n' | "$@" 3<&0 </dev/null"#, "fd:3"),
        (r#"mkfifo p; printf 'geheim\n' >p & "$@""#, "file:p"),
        // Two writes into the pipe are one passphrase.
        (r#"{ printf geh; sleep 0.2; printf 'eim\n'; } | "$@""#, "fd:0"),
    ] {
        assert_eq!(in_shell("sh", script, source), r#"got "geheim" None"#, "{source}: {script}");
    }
    if program("bash").is_some() {
        for script in [r#""$@" 63< <(echo geheim)"#, r#""$@" 63<<<geheim"#] {
            for source in ["fd:63", "file:/dev/fd/63"] {
                let answer = in_shell("bash", script, source);
                assert!(answer.starts_with(r#"got "geheim""#), "{source}: {script}: {answer}");
            }
        }
    }
}

#[test]
fn a_descriptor_that_is_not_open_is_an_error() {
    for number in [0, 3, 4, 9, 1_000_000] {
        let answer = in_shell("sh", r#""$@" <&- 3<&-"#, &format!("fd:{number}"));
        // The standard library opens /dev/null in the place of a closed standard input.
        let told = match number {
            0 => "error: the passphrase from 'fd:0' is empty".to_owned(),
            _ => format!("error: descriptor {number} is not open"),
        };
        assert_eq!(answer, told);
    }
}

#[test]
fn a_descriptor_of_our_own_is_not_taken_for_an_inherited_one() {
    // The child opens a file of its own first, which gets the lowest free number.
    for number in 3..=6 {
        let mut command = child("descriptor");
        command.env(SOURCE, format!("fd:{number}"));
        assert_eq!(answer(&command.output().unwrap()), format!("error: descriptor {number} is not open"));
    }
}

#[test]
fn a_descriptor_that_can_only_be_written_to_is_an_error() {
    let answer = in_shell("sh", r#""$@" 3>p"#, "fd:3");
    assert_eq!(answer, "error: 'fd:3' cannot be read: Bad file descriptor (os error 9)");
}

#[test]
fn a_pipe_without_end_is_not_read_to_its_end() {
    let answer = in_shell("sh", r#"yes | "$@""#, "fd:0");
    assert_eq!(answer, "error: the passphrase from 'fd:0' is longer than 1,023 bytes");
}

#[test]
fn what_is_typed_is_the_answer_and_is_not_shown() {
    for (keys, passphrase) in [
        ("geheim\\r", "geheim"),
        (" two  words \\r", " two  words "),
        ("größer \u{1f511}\\r", "größer \u{1f511}"),
        ("x\\x7f\\x7fgeheimx\\x7f\\r", "geheim"),
        ("wrong\\x15geheim\\r", "geheim"),
        ("ge\\x1b[Dheim\\r", "geheim"),
        ("\\r", ""),
    ] {
        let Some(seen) = on_terminal(keys) else { return };
        let told = match passphrase {
            "" => "error: the passphrase from the terminal is empty".to_owned(),
            typed => format!("got {typed:?} None"),
        };
        assert_eq!(seen.answer, told, "{keys}");
        assert_eq!(seen.screen, "Passphrase for 'me.key': \r\n", "{keys}");
        assert_eq!((seen.status, seen.modes_are_as_before), (0, true), "{keys}");
    }
}

#[test]
fn ctrl_c_ends_the_program_and_leaves_the_terminal_as_it_was() {
    // rpassword alone sends the signal first and restores the terminal never: no echo in the shell afterwards.
    let Some(seen) = on_terminal("gehe\\x03") else { return };
    assert_eq!(seen.answer, "");
    assert_eq!(seen.status, 2, "ended by SIGINT");
    assert_eq!(seen.screen, "Passphrase for 'me.key': \r\n");
    assert!(seen.modes_are_as_before);
}

#[test]
fn ctrl_d_is_no_answer() {
    let Some(seen) = on_terminal("\\x04") else { return };
    assert_eq!(seen.answer, "error: no passphrase was given on the terminal: unexpected end of file");
    assert!(seen.modes_are_as_before);
}

#[test]
fn a_terminal_that_does_not_send_utf_8_is_an_error() {
    let Some(seen) = on_terminal("gr\\xf6\\xdfer\\r") else { return };
    assert_eq!(
        seen.answer,
        "error: no passphrase was given on the terminal: the terminal sent something that is not UTF-8"
    );
}

#[test]
fn a_terminal_in_the_place_of_a_file_is_refused() {
    for source in ["fd:0", "file:/dev/stdin", "file:/dev/tty"] {
        let Some(seen) = on_terminal_with("", source, "") else { return };
        assert_eq!(seen.answer, format!("error: '{source}' is a terminal, which would show the passphrase"));
    }
}

#[test]
fn without_a_controlling_terminal_nobody_is_asked() {
    let Some(setsid) = program("setsid") else { return };
    let mut command = Command::new(setsid);
    let ours = child("obtain");
    command.arg("--wait").arg(ours.get_program()).args(ours.get_args()).env_clear();
    command.env(ACTION, "obtain").env(SOURCE, "prompt").stdin(Stdio::null());
    assert_eq!(
        answer(&command.output().unwrap()),
        "error: there is no terminal to ask for the passphrase on"
    );
}

#[test]
fn a_hardened_process_leaves_no_core() {
    let folder = tempfile::tempdir().unwrap();
    let dumps_core = |action: &str| {
        let ours = child(action);
        let status = Command::new("sh")
            .args(["-c", r#"ulimit -c unlimited; exec "$@""#, "sh"])
            .arg(ours.get_program())
            .args(ours.get_args())
            .env_clear()
            .env(ACTION, action)
            .current_dir(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.signal(), Some(6), "{status}");
        status.core_dumped()
    };
    if !dumps_core("abort") {
        let why = why_no_core_is_written();
        let is_required = std::env::var_os("CERTMAN_TEST_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(why.is_some() || !is_required, "MISSING: core dumps, and nothing says why");
        eprintln!("MISSING: core dumps ({})", why.unwrap_or("nothing says why"));
        return;
    }
    assert!(!dumps_core("harden, abort"));
}

#[test]
fn a_hardened_process_is_closed_to_others_of_the_same_user() {
    // Root reads everything: both become somebody else, who must be able to read the program.
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    let copy = folder.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let root = rustix::process::getuid().is_root();
    if root && program("setpriv").is_none() {
        return;
    }
    let as_somebody = |program: &std::path::Path| {
        let mut command = Command::new(if root { "setpriv".as_ref() } else { program.as_os_str() });
        if root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
        }
        command.env_clear();
        command
    };
    for (action, open) in [("wait", true), ("harden, wait", false)] {
        let mut command = as_somebody(&copy);
        let mut waiting = command
            .args(CHILD)
            .env(ACTION, action)
            .env("SECRET", "geheim")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = std::io::BufReader::new(waiting.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("waiting") {
            line.clear();
            assert_ne!(std::io::BufRead::read_line(&mut stdout, &mut line).unwrap(), 0);
        }
        for file in ["environ", "maps"] {
            let output = as_somebody("/bin/cat".as_ref())
                .arg(format!("/proc/{}/{file}", waiting.id()))
                .output()
                .unwrap();
            assert_eq!(
                output.status.success() && !output.stdout.is_empty(),
                open,
                "{action}: {file}: {output:?}"
            );
        }
        let opened = as_somebody("/bin/sh".as_ref())
            .args(["-c", &format!("exec 3</proc/{}/mem", waiting.id())])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(opened.success(), open, "{action}: mem");
        drop(waiting.stdin.take());
        waiting.wait().unwrap();
    }
}

#[test]
fn a_hardened_process_still_reads_its_descriptors_and_starts_open_children() {
    let answer = in_shell_with(
        "harden, obtain",
        "sh",
        r#""$@" 3<<X
geheim
X"#,
        "fd:3",
    );
    assert_eq!(answer, r#"got "geheim" None"#);
    let answer = in_shell_with("harden, obtain", "sh", r#"printf geheim | "$@""#, "file:/dev/stdin");
    assert_eq!(answer, r#"got "geheim" None"#);
    // What is started from here must not change its ways: its limit on core files is the one we were given.
    let limit =
        in_shell_with("harden, obtain", "sh", r#"ulimit -S -c 12; "$@""#, "command:sh -c 'ulimit -S -c'");
    assert_eq!(limit, r#"got "12" None"#);
}

#[test]
fn the_parent_is_named_as_it_was_called() {
    for shell in ["sh", "bash", "dash", "zsh", "ksh93", "mksh", "yash", "fish"] {
        if program(shell).is_none() {
            continue;
        }
        // The second command keeps the shell from leaving its place to the first.
        assert_eq!(in_shell_with("parent", shell, r#""$@"; true"#, "prompt"), format!("parent {shell}"));
        // As in eval "$(certman env)".
        let substituted = r#"a=$("$@"); printf '%s\n' "$a""#;
        if shell != "fish" {
            assert_eq!(in_shell_with("parent", shell, substituted, "prompt"), format!("parent {shell}"));
        }
    }
}

#[test]
fn a_login_shell_a_script_and_env_count_as_their_shell_and_timeout_as_itself() {
    if program("bash").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("install.sh");
    for first_line in ["#!/bin/bash", "#!/usr/bin/env bash"] {
        std::fs::write(&script, format!("{first_line}\n\"$@\"\ntrue\n")).unwrap();
        std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
        let ours = child("parent");
        let mut command = Command::new(&script);
        command.arg(ours.get_program()).args(ours.get_args()).env(ACTION, "parent");
        assert_eq!(answer(&command.output().unwrap()), "parent bash", "{first_line}");
    }
    for (shell_script, parent) in [
        (r#"exec -a -bash bash -c '"$@"; true' bash "$@""#, "bash"),
        (r#"env A=b nice "$@"; true"#, "bash"),
        (r#"timeout 60 "$@"; true"#, "timeout"),
    ] {
        assert_eq!(
            in_shell_with("parent", "bash", shell_script, "prompt"),
            format!("parent {parent}"),
            "{shell_script}"
        );
    }
}

/// What keeps this machine from writing a core of any process, where something does: then there is nothing to compare with.
fn why_no_core_is_written() -> Option<&'static str> {
    use rustix::process::{Resource, getrlimit};

    // A soft limit is raised by the test; a hard one only by root, who may not either in a container.
    if getrlimit(Resource::Core).maximum == Some(0) {
        return Some("the hard limit on their size is 0");
    }
    match std::fs::read_to_string("/proc/sys/kernel/core_pattern") {
        Err(_) => Some("there is no core_pattern in /proc/sys/kernel"),
        Ok(pattern) if pattern.trim().is_empty() => Some("the kernel's core_pattern is empty"),
        Ok(pattern) if pattern.starts_with('|') => {
            Some("the kernel hands them to a program, which is not there")
        }
        Ok(pattern) if pattern.starts_with('/') => {
            Some("the kernel writes them to a folder, which is not there")
        }
        Ok(_) => None,
    }
}

/// In a child that a test here has started: does what the environment says, and ends the process. Else nothing.
fn act_where_this_is_the_child() {
    let Ok(action) = std::env::var(ACTION) else { return };
    let _own = (action == "descriptor").then(|| std::fs::File::open("/etc/passwd").unwrap());
    for step in action.split(", ") {
        match step {
            "abort" => std::process::abort(),
            "descriptor" | "obtain" => say(&obtain_here()),
            "harden" => harden(),
            "parent" => say(&format!("parent {}", parent_name().unwrap_or_default())),
            "wait" => {
                println!("\nwaiting");
                std::io::stdin().read_line(&mut String::new()).unwrap();
            }
            other => panic!("{other}?"),
        }
    }
    std::process::exit(0);
}

fn obtain_here() -> String {
    let source: Source = std::env::var(SOURCE).unwrap().parse().unwrap();
    let lent = Lent {
        environment: &Environment::of_this_process(),
        keyring: &OsKeyring::new(WITHOUT_TERMINAL),
        terminal: &TerminalDevice,
    };
    match obtain(&source, "client-key:/k", "Passphrase for 'me.key': ", &lent) {
        Ok(obtained) => {
            let text = str::from_utf8(obtained.passphrase.expose_secret()).unwrap();
            format!("got {text:?} {:?}", obtained.open_to_others)
        }
        Err(error) => {
            assert!(!format!("{error} {error:?}").contains("gehe"), "{error}");
            format!("error: {error}")
        }
    }
}

/// To the file that the environment names, else to standard output.
fn say(answer: &str) {
    match std::env::var_os(ANSWER_FILE) {
        Some(path) => std::fs::write(path, answer).unwrap(),
        None => println!("\n{ANSWER}{answer}"),
    }
}

fn child(action: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(CHILD).env_clear().env(ACTION, action).stdin(Stdio::null());
    command
}

fn in_shell(shell: &str, script: &str, source: &str) -> String {
    in_shell_with("obtain", shell, script, source)
}

/// Runs the child as `"$@"` of a script.
fn in_shell_with(action: &str, shell: &str, script: &str, source: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ours = child(action);
    let mut command = Command::new(program(shell).unwrap());
    if shell == "fish" {
        command.args(["--no-config", "-c", &script.replace("\"$@\"", "$argv")]);
    } else {
        command.args(["-c", script, shell]);
    }
    command.arg(ours.get_program()).args(ours.get_args()).env_clear();
    command.env("PATH", "/usr/bin:/bin").env("HOME", folder.path());
    command.env(ACTION, action).env(SOURCE, source).current_dir(&folder).stdin(Stdio::null());
    answer(&command.output().unwrap())
}

fn answer(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    match stdout.lines().find_map(|line| line.strip_prefix(ANSWER)) {
        Some(answer) => answer.to_owned(),
        None => panic!("the child gave no answer: {output:?}"),
    }
}

/// What a run on a terminal came to.
struct Seen {
    answer: String,
    modes_are_as_before: bool,
    screen: String,
    status: i32,
}

fn on_terminal(keys: &str) -> Option<Seen> {
    on_terminal_with(keys, "prompt", "Passphrase for 'me.key': ")
}

/// Runs the child on a terminal of its own, types the keys when the prompt is there, and looks at the screen. The
/// status is the exit status, or the number of the signal.
fn on_terminal_with(keys: &str, source: &str, prompt: &str) -> Option<Seen> {
    let python = program("python3")?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer");
    let ours = child("obtain");
    let mut command = Command::new(python);
    command.args(["-c", ON_A_TERMINAL, prompt, keys]).arg(ours.get_program()).args(ours.get_args());
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.env(ACTION, "obtain").env(SOURCE, source).env(ANSWER_FILE, &file).stdin(Stdio::null());
    let output = command.output().unwrap();
    std::io::stderr().write_all(&output.stderr).unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    let mut told = told.splitn(3, '\n');
    let status = told.next().unwrap().parse().unwrap();
    let modes_are_as_before = told.next().unwrap() == "True";
    let screen = told.next().unwrap().to_owned();
    Some(Seen {
        answer: std::fs::read_to_string(file).unwrap_or_default(),
        modes_are_as_before,
        screen,
        status,
    })
}

/// Arguments: the prompt, the keys with Python's escapes, the command.
const ON_A_TERMINAL: &str = r#"
import ast, os, pty, signal, sys, termios
signal.alarm(30)
prompt, keys = sys.argv[1].encode(), ast.literal_eval('"' + sys.argv[2].replace('"', '\\"') + '"')
# What is written as \xNN is that byte, everything else UTF-8.
keys = b"".join(bytes([ord(c)]) if ord(c) < 256 and "\\x" in sys.argv[2] else c.encode() for c in keys)
ready, go = os.pipe()
child, terminal = pty.fork()
if child == 0:
    signal.alarm(0)
    # Ignored by whatever a shell has started in the background, and so by its children.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Until the modes of the terminal have been noted: on a busy machine the child was there first.
    os.read(ready, 1)
    # So that the screen shows what goes to the terminal device and nothing else.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execv(sys.argv[3], sys.argv[3:])
before = termios.tcgetattr(terminal)
os.write(go, b"!")
screen, typed = b"", False
while True:
    if not typed and prompt in screen:
        os.write(terminal, keys)
        typed = True
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    screen += part
after = termios.tcgetattr(terminal)
status = os.waitpid(child, 0)[1]
status = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
sys.stdout.buffer.write(b"%d\n%r\n%s" % (status, before == after, screen))
"#;

const ACTION: &str = "CERTMAN_TEST_PASSPHRASE_ACTION";
const ANSWER: &str = "answer: ";
const ANSWER_FILE: &str = "CERTMAN_TEST_PASSPHRASE_ANSWER";
/// The arguments of the child: this program, and of it the one test that begins with being the child.
const CHILD: [&str; 4] =
    ["--exact", "passphrase::descriptors_and_pipes_of_the_shell_are_read", "--nocapture", "--test-threads=1"];
const SOURCE: &str = "CERTMAN_TEST_PASSPHRASE_SOURCE";
