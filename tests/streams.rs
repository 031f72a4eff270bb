//! What becomes of an answer that nobody takes: a reader that has gone, a stream that is closed, a disk that is full; and of what is
//! shown on a terminal for a moment.
//!
//! Owns the streams certman is started with. Never judges what it says there: the cases do.

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use crate::support::{self, Sandbox};

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let sandbox = sandbox();
    // More than a pipe holds, so that certman still writes when the reader has gone.
    let many: String = (0..3000).map(|number| format!("nowhere-{number}.pem ")).collect();
    let output = shell(&sandbox, &format!("{{ certman check {many} --json; echo $? >&2; }} | :"));
    assert_eq!(
        text(&output.stderr),
        "3\n",
        "the status is that of the judgement, and nothing is complained of"
    );

    let output = shell(&sandbox, "{ certman bundle corp.pem -o - --at 2030-01-01; echo $? >&2; } | :");
    assert_eq!(text(&output.stderr), "0\n");
}

#[test]
fn with_its_output_closed_certman_still_does_its_work() {
    let sandbox = sandbox();
    let output = shell(&sandbox, "certman bundle corp.pem -o extra.pem --at 2030-01-01 >&- 2>&-");
    assert_eq!(output.status.code(), Some(0));
    let bundle = std::fs::read_to_string(sandbox.path("extra.pem")).expect("the bundle was written");
    assert!(bundle.ends_with("-----END CERTIFICATE-----\n"), "no message has come into the file:\n{bundle}");
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let sandbox = sandbox();
    for arguments in
        ["env --unset --shell sh", "check corp.pem --at 2030-01-01", "bundle corp.pem -o - --at 2030-01-01"]
    {
        let output = shell(&sandbox, &format!("certman {arguments} >/dev/full"));
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        let said = text(&output.stderr);
        assert!(said.starts_with("certman: error: the answer cannot be written: "), "{arguments}: {said}");
    }
}

#[test]
fn a_full_disk_leaves_the_old_bundle() {
    let sandbox = sandbox();
    sandbox.give("extra.pem", "what was there before");
    // The limit on the size of files stands for the disk; Linux says so with a signal unless it is ignored.
    let output =
        shell(&sandbox, "trap '' XFSZ; ulimit -f 1; certman bundle many.pem -o extra.pem --at 2030-01-01");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("the bundle '") && said.contains("cannot be written"), "{said}");
    assert_eq!(std::fs::read(sandbox.path("extra.pem")).expect("it is there"), b"what was there before");
    let left: Vec<_> = std::fs::read_dir(sandbox.folder())
        .expect("the folder can be listed")
        .map(|entry| entry.expect("the folder can be listed").file_name())
        .filter(|name| name != "extra.pem" && name != "corp.pem" && name != "many.pem")
        .collect();
    assert!(left.is_empty(), "no draft is left behind: {left:?}");
}

#[test]
fn a_pipe_as_a_source_ends_instead_of_hanging() {
    let sandbox = sandbox();
    let output =
        shell(&sandbox, "mkfifo pipe.pem && timeout 10 certman bundle corp.pem pipe.pem -o extra.pem");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("pipe.pem': it cannot be read"), "{output:?}");
    assert!(!sandbox.path("extra.pem").exists());
}

/// Noticed on a terminal of 80 columns: the line went on in the next row, and each update left a row behind. With --via each host stood
/// there twice.
#[test]
fn the_line_that_says_what_is_waited_for_stays_one_line_and_goes() {
    let sandbox = Sandbox::new();
    // They take connections, and never answer.
    let silent = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let hosts = silent.each_ref().map(|listener| listener.local_addr().unwrap().to_string());
    let seen = |columns: usize, more: &[&str]| -> Option<Vec<String>> {
        let mut arguments = vec!["doctor", "--timeout", "1", "127.0.0.1:1"];
        arguments.extend(hosts.iter().map(String::as_str).chain(more.iter().copied()));
        let output = sandbox.certman(arguments).env("NO_COLOR", "1").watched(columns)?;
        let text = String::from_utf8(output.stdout).unwrap();
        let parts: Vec<String> = text.split("\r\x1b[K").map(str::to_owned).collect();
        // Before the first line there is nothing, and nothing stands there when the report comes.
        assert!(parts.len() > 2 && parts[0].is_empty(), "{text:?}");
        assert!(parts.last().unwrap().contains("127.0.0.1:1 "), "{text:?}");
        Some(parts[1..parts.len() - 1].to_vec())
    };
    for columns in [20, 60] {
        let Some(lines) = seen(columns, &[]) else { return };
        assert!(lines[0].starts_with("certman: waiting f") && lines[0].ends_with('…'), "{lines:?}");
        assert!(lines.iter().all(|line| line.chars().count() < columns), "{lines:?}");
        assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
    }
    let Some(lines) = seen(500, &["--via", &format!("http://{}", hosts[0])]) else { return };
    for host in &hosts {
        assert!(lines.iter().all(|line| line.matches(host.as_str()).count() <= 1), "{lines:?}");
    }
    assert!(lines.iter().any(|line| hosts.iter().all(|host| line.contains(host.as_str()))), "{lines:?}");
    assert!(lines.iter().all(|line| !line.ends_with('…')), "{lines:?}");
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "dirty/clean.pem");
    sandbox.copy("many.pem", "dirty/clean.pem");
    sandbox
}

/// A command line in a shell that finds certman.
fn shell(sandbox: &Sandbox, line: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_certman"));
    let folder = program.parent().expect("a program lies in a folder");
    support::bare(Path::new("/bin/sh"))
        .args(["-c", line])
        .env("PATH", format!("{}:{}", folder.display(), support::MINIMAL_PATH))
        .env("HOME", sandbox.home())
        .current_dir(sandbox.folder())
        .output()
        .expect("sh starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
