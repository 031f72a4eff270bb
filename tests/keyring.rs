//! The OS keyring against a real gnome-keyring-daemon, and against everything that stands in for one when there is
//! none. The keyring library keeps its connection, or its failure, for the life of a process: so each call is made
//! in a child, which is this test program again.
#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test drives programs, tells what they said, and ends where something is amiss"
)]

#[path = "support/secret_service.rs"]
pub(crate) mod secret_service;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use certman::secret::Passphrase;
use certman::sys::keyring::{Error, Keyring, OsKeyring, WITH_TERMINAL};
use certman::sys::process::harden;

use crate::support::program;
use secret_service::SecretService;

#[test]
fn what_certman_stores_secret_tool_reads() {
    let Some(service) = keyring() else { return };
    for passphrase in ["geheim", " with blanks ", "größer 🔑", "tab\tand 'quotes\"", "two\nlines"] {
        assert_eq!(call(&service, "store", passphrase.as_bytes()), "done");
        assert_eq!(service.look_up(ENTRY).as_deref(), Some(passphrase.as_bytes()), "{passphrase:?}");
        assert_eq!(call(&service, "read", b""), format!("read {passphrase:?}"));
    }
}

#[test]
fn what_secret_tool_stores_certman_reads() {
    let Some(service) = keyring() else { return };
    service.put(ENTRY, "größer 🔑".as_bytes());
    assert_eq!(call(&service, "read", b""), r#"read "größer 🔑""#);
    // Storing writes over the entry that is there, so that there is still one.
    assert_eq!(call(&service, "store", b"other"), "done");
    assert_eq!(service.look_up(ENTRY).as_deref(), Some(b"other".as_slice()));
    assert_eq!(call(&service, "read", b""), r#"read "other""#);
}

#[test]
fn one_line_ending_of_an_entry_made_with_echo_is_cut_off_and_nothing_more() {
    let Some(service) = keyring() else { return };
    for (stored, read) in [("geheim\n", "geheim"), ("geheim \r\n", "geheim "), ("geheim\n\n", "geheim\n")] {
        service.put(ENTRY, stored.as_bytes());
        assert_eq!(call(&service, "read", b""), format!("read {read:?}"), "{stored:?}");
    }
}

#[test]
fn no_passphrase_goes_in_that_would_not_come_out_the_same() {
    let Some(service) = keyring() else { return };
    assert_eq!(call(&service, "store", b"geheim\n"), "LineEnding");
    assert_eq!(call(&service, "store", b"gr\xf6\xdfer"), "NotText");
    assert_eq!(service.look_up(ENTRY), None);
}

#[test]
fn an_entry_that_is_not_text_is_named_and_not_shown() {
    let Some(service) = keyring() else { return };
    service.put(ENTRY, b"gehe\xffim");
    assert_eq!(call(&service, "read", b""), "NotText");
}

#[test]
fn an_entry_that_is_not_there_is_absent() {
    let Some(service) = keyring() else { return };
    // Another account and another service, which are none of ours.
    service.put(&["service", "certman", "username", "client-key:/other.key"], b"geheim");
    service.put(&["service", "other", "username", ACCOUNT], b"geheim");
    assert_eq!(call(&service, "read", b""), "Absent");
    assert_eq!(call(&service, "forget", b""), "Absent");
}

#[test]
fn a_forgotten_entry_is_gone_and_the_others_stay() {
    let Some(service) = keyring() else { return };
    let other = &["service", "certman", "username", "client-key:/other.key"];
    service.put(other, b"geheim");
    assert_eq!(call(&service, "store", b"geheim"), "done");
    assert_eq!(call(&service, "forget", b""), "done");
    assert_eq!(service.look_up(ENTRY), None);
    assert_eq!(call(&service, "read", b""), "Absent");
    assert_eq!(service.look_up(other).as_deref(), Some(b"geheim".as_slice()));
}

#[test]
fn of_two_entries_none_is_chosen_and_both_are_forgotten() {
    let Some(service) = keyring() else { return };
    service.put(&["service", "certman", "username", ACCOUNT, "made-by", "one"], b"secret-one");
    service.put(&["service", "certman", "username", ACCOUNT, "made-by", "two"], b"secret-two");
    assert_eq!(call(&service, "read", b""), "Ambiguous(2)");
    assert_eq!(call(&service, "store", b"secret-three"), "Ambiguous(2)");
    assert_eq!(call(&service, "forget", b""), "done");
    assert_eq!(service.look_up(ENTRY), None);
}

#[test]
fn a_locked_keyring_is_locked_for_every_call() {
    let Some(service) = keyring() else { return };
    assert_eq!(call(&service, "store", b"geheim"), "done");
    service.lock();
    for action in ["read", "store", "forget"] {
        assert_eq!(call(&service, action, b"geheim"), "Locked", "{action}");
    }
}

#[test]
fn a_prompt_that_nobody_answers_is_given_up_on() {
    let Some(mut service) = keyring() else { return };
    let Some(python) = python() else { return };
    assert_eq!(call(&service, "store", b"geheim"), "done");
    service.lock();
    service.add_silent_prompter(&python);
    assert_times_out(&service);
}

#[test]
fn a_service_that_never_answers_is_given_up_on() {
    if !present(&["dbus-daemon", "dbus-send"]) {
        return;
    }
    let Some(python) = python() else { return };
    assert_times_out(&SecretService::start_hanging(&python));
}

#[test]
fn a_bus_without_a_keyring_service_is_told_from_no_bus() {
    if !present(&["dbus-daemon"]) {
        return;
    }
    let bus = SecretService::bus_only();
    for action in ["read", "store", "forget"] {
        assert_eq!(call(&bus, action, b"geheim"), "NoService", "{action}");
    }
}

#[test]
fn without_a_bus_there_is_no_keyring() {
    act_where_this_is_the_child();
    for address in ["unix:path=/nonexistent/bus", "", "rubbish", "tcp:host=127.0.0.1,port=1"] {
        let mut command = child("read");
        command.env("DBUS_SESSION_BUS_ADDRESS", address).env("XDG_RUNTIME_DIR", "/nonexistent");
        assert_eq!(answer(command, b""), "NoBus", "{address:?}");
    }
    assert_eq!(answer(child("store"), b"geheim"), "NoBus", "no variable at all");
    // A socket behind which nobody listens any more: left over from a session that has ended.
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let mut command = child("read");
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    assert_eq!(answer(command, b""), "NoBus", "a dead socket");
}

#[test]
fn a_service_without_a_default_keyring_has_no_entries_and_takes_none() {
    if !present(GNOME_KEYRING) {
        return;
    }
    let service = SecretService::start_without_collection();
    assert_eq!(call(&service, "read", b""), "Absent");
    assert_eq!(call(&service, "store", b"geheim"), "NoCollection");
}

/// In a child that a test here has started: makes one call to the keyring, and ends the process. Else nothing.
fn act_where_this_is_the_child() {
    let Ok(action) = std::env::var(ACTION) else { return };
    let mut secret = Vec::new();
    std::io::stdin().read_to_end(&mut secret).unwrap();
    // As the program does: a closed process must still be let in by the keyring.
    harden();
    let keyring = OsKeyring::new(match std::env::var(HASTE) {
        Ok(_) => SHORT,
        Err(_) => WITH_TERMINAL,
    });
    let answer = match action.as_str() {
        "forget" => keyring.forget(ACCOUNT).map(|()| "done".to_owned()),
        "read" => keyring
            .read(ACCOUNT)
            .map(|passphrase| format!("read {:?}", String::from_utf8_lossy(passphrase.expose_secret()))),
        "store" => keyring.store(ACCOUNT, &Passphrase::new(secret)).map(|()| "done".to_owned()),
        other => panic!("{other}?"),
    };
    let answer = answer.unwrap_or_else(|error| {
        let told = format!("{error} {error:?}");
        eprintln!("{told}");
        for secret in ["gehe", "secret-"] {
            assert!(!told.contains(secret), "{told}");
        }
        match error {
            Error::Absent { account } => {
                assert_eq!(account, ACCOUNT);
                "Absent".to_owned()
            }
            Error::Ambiguous { count, .. } => format!("Ambiguous({count})"),
            Error::LineEnding => "LineEnding".to_owned(),
            Error::Locked { .. } => "Locked".to_owned(),
            Error::NoBus { .. } => "NoBus".to_owned(),
            Error::NoCollection => "NoCollection".to_owned(),
            Error::NoService { .. } => "NoService".to_owned(),
            Error::NotText { .. } => "NotText".to_owned(),
            Error::Other { cause } => format!("Other({cause})"),
            Error::TimedOut { .. } => "TimedOut".to_owned(),
        }
    });
    println!("\n{ANSWER}{answer}");
    // As the program does after a time-out: the thread that waits is left behind.
    std::process::exit(0);
}

fn assert_times_out(service: &SecretService) {
    for action in ["read", "store", "forget"] {
        let start = Instant::now();
        let mut command = child(action);
        command.env("DBUS_SESSION_BUS_ADDRESS", service.address()).env(HASTE, "1");
        assert_eq!(answer(command, b"geheim"), "TimedOut", "{action}");
        let took = start.elapsed();
        assert!(took >= SHORT, "{action}: {took:?}");
        assert!(took < SHORT + Duration::from_secs(10), "{action}: {took:?}");
    }
}

fn call(service: &SecretService, action: &str, secret: &[u8]) -> String {
    let mut command = child(action);
    command.env("DBUS_SESSION_BUS_ADDRESS", service.address());
    answer(command, secret)
}

fn child(action: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "keyring::without_a_bus_there_is_no_keyring", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env(ACTION, action);
    command
}

fn answer(mut command: Command, secret: &[u8]) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(secret).unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    eprintln!("{stderr}");
    match stdout.lines().find_map(|line| line.strip_prefix(ANSWER)) {
        Some(answer) => answer.to_owned(),
        None => panic!("the child gave no answer: {stdout}{stderr}"),
    }
}

fn keyring() -> Option<SecretService> {
    present(GNOME_KEYRING).then(SecretService::start)
}

fn present(programs: &[&str]) -> bool {
    programs.iter().all(|name| program(name).is_some())
}

fn python() -> Option<PathBuf> {
    // Where there is none, it is named as a program that no machine has.
    secret_service::python_with_dbus().or_else(|| program("python3 with dbus and gi"))
}

const ACCOUNT: &str = "client-key:/home/alice/größe 1/client.key";
const ACTION: &str = "CERTMAN_TEST_KEYRING_ACTION";
const ANSWER: &str = "answer: ";
const ENTRY: &[&str] = &["service", "certman", "username", ACCOUNT];
const GNOME_KEYRING: &[&str] = &["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"];
const HASTE: &str = "CERTMAN_TEST_KEYRING_HASTE";
const SHORT: Duration = Duration::from_millis(1_500);
