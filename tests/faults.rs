//! Bad input and a bad world: what does not exist, does not end, is full, closed, killed or hostile.
//!
//! Each gives a message that names it, the exit status that was promised, and leaves every file as it was.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clients::bundles::{certificates_in, fingerprints, kept};
use crate::support::{
    Sandbox, bare, contains, fixture_passphrase, leaks, mode, program, python, set_mode, testdata,
};

#[test]
fn a_source_that_gives_nothing_is_named_and_the_old_bundle_stays() {
    // What it is; what `bundle` says with a good source beside it, and its status; the status of `check`.
    type Make = fn(&Sandbox) -> PathBuf;
    let rows: [(&str, Make, &str, i32, i32); 17] = [
        ("missing", |sandbox| sandbox.path("missing.pem"), "there is no such file", 1, 3),
        ("a link to nowhere", |sandbox| link(sandbox, "nowhere", "link.pem"), "there is no such file", 1, 3),
        ("a link to itself", |sandbox| link(sandbox, "self.pem", "self.pem"), "oo many", 1, 3),
        ("behind a file", |sandbox| sandbox.give("file", "x").join("ca.pem"), "ot a directory", 1, 3),
        ("a FIFO", |sandbox| fifo(sandbox, "fifo"), "it is a FIFO, not a file", 1, 3),
        ("a socket", socket, "socket", 1, 3),
        ("zeros without end", |_| "/dev/zero".into(), "it is a device, not a file", 1, 3),
        ("a gigabyte", gigabyte, "it is larger than 256 MiB", 1, 3),
        ("empty", |sandbox| sandbox.give("empty.pem", ""), "the file is empty", 1, 2),
        ("zeros", |sandbox| sandbox.give("zeros.pem", [0; 5_000]), "nothing but zero bytes", 1, 2),
        ("an empty folder", empty_folder, "the folder holds no file", 1, 2),
        ("base64 rubbish", rubbish, "damaged", 0, 1),
        ("DER cut short", |_| testdata("dirty/der-cut-short.cer"), "cut short", 0, 1),
        ("deep nesting", |_| testdata("dirty/der-nested.pem"), "damaged", 0, 1),
        ("deeper nesting", nested, "", 0, 1),
        ("a length of 4 GiB", |_| testdata("dirty/der-length-4-gib.pem"), "damaged", 0, 1),
        ("a web page", |_| testdata("dirty/login-page.pem"), "web page", 0, 1),
    ];
    for (what, make, message, status, check_status) in rows {
        let sandbox = Sandbox::new();
        sandbox.copy("good.pem", "dirty/clean.pem");
        sandbox.give("out.pem", "what was there before");
        let source = make(&sandbox);
        let alone = refused(&sandbox, run(&sandbox, ["bundle", "-o", "out.pem", "--"]).arg(&source), 1);
        assert!(said(&alone).contains(message), "{what}: {}", said(&alone));
        let name = source.file_name().unwrap().to_string_lossy().into_owned();
        assert!(said(&alone).contains(&name), "{what} is not named: {}", said(&alone));

        let checked = refused(&sandbox, run(&sandbox, ["check"]).arg(&source), check_status);
        assert!(said(&checked).contains(message), "{what}: {}", said(&checked));
        let json = refused(&sandbox, run(&sandbox, ["check", "--json"]).arg(&source), check_status);
        assert_eq!(answer(&json)["exit_status"], check_status, "{what}");

        let both = ["bundle", "good.pem", "-o", "out.pem", "--"];
        if status == 0 {
            let output = ended(run(&sandbox, both).arg(&source));
            assert_eq!(output.status.code(), Some(0), "{what}: {}", said(&output));
            assert_eq!(certificates_in(&fs::read(sandbox.path("out.pem")).unwrap()).len(), 3, "{what}");
            assert!(said(&output).contains(&name), "{what} is not named: {}", said(&output));
        } else {
            refused(&sandbox, run(&sandbox, both).arg(&source), status);
        }
    }
}

#[test]
fn der_cut_short_anywhere_is_no_certificate_and_no_panic() {
    let whole = fs::read(testdata("dirty/der.cer")).unwrap();
    let sandbox = Sandbox::new();
    sandbox.give("out.pem", "what was there before");
    let folder = sandbox.path("cut");
    fs::create_dir(&folder).unwrap();
    for length in 1..whole.len() {
        fs::write(folder.join(format!("{length:04}.cer")), &whole[..length]).unwrap();
    }
    let output = refused(&sandbox, &mut run(&sandbox, ["bundle", "--json", "cut", "-o", "out.pem"]), 1);
    let answer = answer(&output);
    assert_eq!(answer["certificates"].as_array().unwrap().len(), 0);
    let named = |length: usize| {
        let path = folder.join(format!("{length:04}.cer")).display().to_string();
        answer["findings"].as_array().unwrap().iter().any(|finding| finding["source"]["path"] == path)
    };
    assert!((1..whole.len()).all(named), "every file is named");
}

#[test]
fn a_million_empty_blocks_are_a_short_answer() {
    let sandbox = Sandbox::new();
    sandbox.give("out.pem", "what was there before");
    for (what, block) in [
        ("empty", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
        ("unclosed", "-----BEGIN CERTIFICATE-----\n"),
        ("keys", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
        ("requests", "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"),
        ("lists", "-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"),
        ("unknown", "-----BEGIN X-----\n-----END X-----\n"),
    ] {
        let count = if what == "empty" { 1_000_000 } else { 100_000 };
        fs::write(sandbox.path("million.pem"), block.repeat(count)).unwrap();
        sandbox.accept_what_is_there();
        for arguments in [
            &["bundle", "million.pem", "-o", "out.pem"][..],
            &["bundle", "--json", "million.pem", "-o", "out.pem"],
        ] {
            if what == "empty" && arguments.contains(&"--json") {
                continue;
            }
            // Address space, in KiB: the file itself and a little more.
            let mut command = run(&sandbox, ["sh", "-c", "ulimit -v 400000; exec \"$0\" \"$@\"", CERTMAN]);
            let output = refused(&sandbox, command.args(arguments), 1);
            let length = output.stdout.len() + output.stderr.len();
            assert!(length < 20_000, "{what}: {arguments:?}: {length} bytes of answer");
        }
    }
}

#[test]
fn a_key_that_is_none_is_named_and_nothing_is_printed_or_written() {
    type Make = fn(&Sandbox) -> PathBuf;
    let rows: [(&str, Make, &str); 9] = [
        ("missing", |sandbox| sandbox.path("missing.key"), "there is no such file"),
        ("a folder", |sandbox| sandbox.folder(), "it is a folder"),
        ("a FIFO", |sandbox| fifo(sandbox, "fifo.key"), "it is a FIFO"),
        ("a gigabyte", gigabyte, "it is larger than 1 MiB"),
        ("empty", |sandbox| sandbox.give("empty.key", ""), "empty"),
        ("a certificate", |_| testdata("pki/client-p256.pem"), "certificate"),
        ("zeros", |sandbox| sandbox.give("zeros.key", [0; 3_000]), ""),
        (
            "rubbish",
            |sandbox| {
                sandbox.give("rubbish.key", "-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n")
            },
            "damaged",
        ),
        ("deep nesting", |_| testdata("keys/hostile/nested.pem"), ""),
    ];
    for (what, make, message) in rows {
        let sandbox = Sandbox::new();
        sandbox.copy("client.pem", "pki/client-p256.pem");
        sandbox.give("out.key", "what was there before");
        sandbox.give("secret.txt", "anything");
        let key = make(&sandbox);
        let name = key.file_name().unwrap().to_string_lossy().into_owned();
        for (arguments, status, stdout) in [
            (&["env", "--shell", "sh", "--cert", "client.pem"][..], 1, "false;\n"),
            (&["key", "decrypt", "-o", "out.key", "--passphrase", "file:secret.txt"], 1, ""),
            (&["key", "encrypt", "-o", "out.key", "--passphrase", "file:secret.txt"], 1, ""),
            (&["key", "remember", "--passphrase-file", "secret.txt"], 1, ""),
        ] {
            let output = refused(&sandbox, run(&sandbox, arguments).arg("--key").arg(&key), status);
            assert_eq!(String::from_utf8_lossy(&output.stdout), stdout, "{what}: {arguments:?}");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains(message) && said.contains(&name), "{what}: {arguments:?}: {said}");
        }
        let mut check = run(&sandbox, ["key", "check", "--cert", "client.pem"]);
        let output = ended(check.arg("--key").arg(&key));
        assert!(matches!(output.status.code(), Some(2 | 3)), "{what}: {output:?}");
        assert!(said(&output).contains(message), "{what}: {}", said(&output));
    }
}

#[test]
fn work_without_measure_is_refused_at_once() {
    for (name, message) in
        [("pbkdf2-2147483647-rounds.pem", "2,147,483,647 rounds"), ("scrypt-n-2-30.pem", "")]
    {
        let sandbox = Sandbox::new();
        sandbox.copy("hostile.key", &format!("keys/hostile/{name}"));
        sandbox.copy("client.pem", "pki/client-p256.pem");
        sandbox.give("secret.txt", format!("{}\n", fixture_passphrase("plain")));
        set_mode(&sandbox.path("secret.txt"), 0o600);
        let identity = ["--key", "hostile.key", "--passphrase", "file:secret.txt"];
        for (arguments, statuses) in [
            (&["key", "check", "--cert", "client.pem"][..], &[2, 3][..]),
            (&["key", "decrypt", "-o", "out.key"], &[1]),
            (&["key", "encrypt"], &[1]),
            (&["env", "--shell", "sh", "--verify", "--cert", "client.pem"], &[1]),
            (&["check", "--cert", "client.pem"], &[2, 3]),
        ] {
            let before = state(&sandbox);
            let start = Instant::now();
            // A limit on memory too: 2^30 blocks of scrypt would be a terabyte.
            let mut command =
                run(&sandbox, ["sh", "-c", "ulimit -v 2000000; ulimit -t 5; exec \"$0\" \"$@\"", CERTMAN]);
            let output = ended(command.args(arguments).args(identity));
            let took = start.elapsed();
            assert!(
                output.status.code().is_some_and(|status| statuses.contains(&status)),
                "{arguments:?}: {output:?}"
            );
            assert!(took < Duration::from_secs(10), "{name}: {arguments:?} took {took:?}");
            assert!(said(&output).contains(message), "{name}: {arguments:?}: {}", said(&output));
            assert!(said(&output).contains("hostile.key"), "{name}: {arguments:?}: {}", said(&output));
            assert_eq!(before, state(&sandbox), "{name}: {arguments:?}");
        }
    }
}

#[test]
fn a_passphrase_file_that_is_none_is_named() {
    type Make = fn(&Sandbox) -> PathBuf;
    let rows: [(&str, Make, &str); 5] = [
        ("missing", |sandbox| sandbox.path("missing.txt"), "missing.txt"),
        ("a folder", |sandbox| sandbox.folder(), "folder"),
        ("empty", |sandbox| sandbox.give("empty.txt", ""), "empty.txt"),
        ("a gigabyte", gigabyte, "gigabyte"),
        ("zeros without end", |_| "/dev/zero".into(), "/dev/zero"),
    ];
    for (what, make, message) in rows {
        let sandbox = Sandbox::new();
        sandbox.copy("client.pem", "pki/client-p256.pem");
        sandbox.copy("client.key", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
        let mut place = OsString::from("file:");
        place.push(make(&sandbox));
        let arguments =
            ["env", "--shell", "sh", "--cert", "client.pem", "--key", "client.key", "--passphrase"];
        let output = refused(&sandbox, run(&sandbox, arguments).arg(place), 1);
        assert_eq!(output.stdout, b"false;\n", "{what}");
        assert!(said(&output).contains(message), "{what}: {}", said(&output));
    }
}

#[test]
fn a_fifo_gives_the_passphrase_once_somebody_writes_it() {
    let sandbox = Sandbox::new();
    sandbox.copy("client.pem", "pki/client-p256.pem");
    sandbox.copy("client.key", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
    let pipe = fifo(&sandbox, "pipe");
    let writer =
        std::thread::spawn(move || fs::write(pipe, format!("{}\n", fixture_passphrase("plain"))).unwrap());
    let arguments = [
        "env",
        "--shell",
        "json",
        "--verify",
        "--cert",
        "client.pem",
        "--key",
        "client.key",
        "--passphrase",
        "file:pipe",
    ];
    let output = ended(&mut run(&sandbox, arguments));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(answer(&output)["CLAUDE_CODE_CLIENT_KEY_PASSPHRASE"], fixture_passphrase("plain"));
    writer.join().unwrap();
}

#[test]
fn a_configuration_that_is_wrong_is_named_with_its_line() {
    let rows: [(&str, Vec<u8>, Option<&str>); 11] = [
        ("a typo", b"[bundle]\nsorces = ['good.pem']\n".to_vec(), Some("line 2")),
        ("a typo in a table's name", b"\n\n[bundel]\nsources = ['good.pem']\n".to_vec(), Some("line 3")),
        ("a wrong type", b"[bundle]\nsources = 3\n".to_vec(), Some("line 2")),
        ("no TOML", b"[bundle]\nsources = [\n".to_vec(), Some("line")),
        ("twice", b"[bundle]\nout = 'a'\nout = 'b'\n".to_vec(), Some("line 3")),
        ("invalid UTF-8", b"[bundle]\nout = 'a\xff'\n".to_vec(), Some("UTF-8")),
        ("2 MiB", [&b"# "[..], &[b'x'; 2 << 20]].concat(), Some("larger than 1 MiB")),
        ("deep nesting", format!("a = {}", "[".repeat(100_000)).into_bytes(), Some("line 1")),
        (
            "a byte order mark",
            b"\xef\xbb\xbf[bundle]\nsources = ['good.pem']\nout = 'out.pem'\n".to_vec(),
            None,
        ),
        ("CRLF", b"[bundle]\r\nsources = ['good.pem']\r\nout = 'out.pem'\r\n".to_vec(), None),
        ("no final newline", b"[bundle]\nsources = ['good.pem']\nout = 'out.pem'".to_vec(), None),
    ];
    for (what, content, message) in rows {
        let sandbox = Sandbox::new();
        sandbox.copy("good.pem", "dirty/clean.pem");
        sandbox.give("out.pem", "what was there before");
        sandbox.give("certman.toml", &content);
        let Some(message) = message else {
            let output = ended(&mut run(&sandbox, ["bundle", "--config", "certman.toml"]));
            assert_eq!(output.status.code(), Some(0), "{what}: {}", said(&output));
            assert_eq!(certificates_in(&fs::read(sandbox.path("out.pem")).unwrap()).len(), 3, "{what}");
            continue;
        };
        for arguments in [&["bundle", "good.pem"][..], &["env", "--shell", "sh"]] {
            let output = refused(&sandbox, run(&sandbox, arguments).args(["--config", "certman.toml"]), 1);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains(message) && said.contains("certman.toml"), "{what}: {arguments:?}: {said}");
            assert!(said.len() < 2_000, "{what}: {} bytes of message", said.len());
        }
        refused(&sandbox, run(&sandbox, ["check"]).args(["--config", "certman.toml"]), 3);
    }
    let sandbox = Sandbox::new();
    sandbox.copy("good.pem", "dirty/clean.pem");
    sandbox.give("nul.toml", "[bundle]\nout = \"a\\u0000\"\n");
    let output = refused(&sandbox, &mut run(&sandbox, ["bundle", "good.pem", "--config", "nul.toml"]), 1);
    assert!(said(&output).contains("NUL"), "{}", said(&output));
    shown(&output);
    let pipe = fifo(&sandbox, "certman.toml");
    for path in [&pipe, &sandbox.folder(), &sandbox.path("missing.toml")] {
        refused(&sandbox, run(&sandbox, ["bundle", "--config"]).arg(path), 1);
    }
}

#[test]
fn what_is_no_file_is_never_replaced_by_a_bundle() {
    let sandbox = Sandbox::new();
    sandbox.copy("good.pem", "dirty/clean.pem");
    sandbox.give("file", "x");
    fs::create_dir(sandbox.path("folder")).unwrap();
    fifo(&sandbox, "fifo");
    link(&sandbox, "self", "self");
    let long = "x".repeat(256);
    for out in [
        "folder",
        "fifo",
        "self",
        "/dev/null",
        "/dev/full",
        "file/out.pem",
        "/proc/out.pem",
        "folder/..",
        "",
        &long,
    ] {
        let output = refused(
            &sandbox,
            &mut run(&sandbox, ["bundle", "good.pem", "-o", out]),
            if out.is_empty() { 64 } else { 1 },
        );
        assert!(
            said(&output).contains(if out.is_empty() { "" } else { out }) || out == "folder/..",
            "{out}: {}",
            said(&output)
        );
    }
    assert!(Path::new("/dev/null").metadata().unwrap().file_type().is_char_device());
}

#[test]
fn a_folder_that_cannot_be_written_leaves_the_old_bundle() {
    let Some(nobody) = Nobody::new() else { return };
    let out = nobody.work.join("out.pem");
    fs::write(&out, "what was there before").unwrap();
    nobody.own(&out);
    set_mode(&nobody.work, 0o555);
    for arguments in [
        &["bundle", "../good.pem", "-o", "out.pem"][..],
        &["bundle", "../good.pem", "-o", "new.pem"],
        &["bundle", "../good.pem", "-o", "a/b/new.pem"],
    ] {
        let before = state_of(&nobody.work);
        let output = ended(nobody.certman().args(arguments));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        assert!(
            said(&output).contains("ermission denied")
                && said(&output).contains(arguments[3].split('/').next().unwrap()),
            "{}",
            said(&output)
        );
        assert_eq!(state_of(&nobody.work), before, "{arguments:?}");
    }
    set_mode(&nobody.work, 0o755);
}

#[test]
fn what_may_not_be_read_is_named_and_unknown() {
    let Some(nobody) = Nobody::new() else { return };
    let (secret, folder) = (nobody.work.join("secret.pem"), nobody.work.join("closed"));
    fs::copy(testdata("dirty/clean.pem"), &secret).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::copy(testdata("dirty/clean.pem"), folder.join("inside.pem")).unwrap();
    set_mode(&secret, 0);
    set_mode(&folder, 0);
    fs::write(nobody.work.join("out.pem"), "what was there before").unwrap();
    nobody.own(&nobody.work.join("out.pem"));
    for path in ["secret.pem", "closed", "closed/inside.pem"] {
        let before = state_of(&nobody.work);
        for (arguments, status) in
            [(&["bundle", "-o", "out.pem", "../good.pem", path][..], 1), (&["check", path], 3)]
        {
            let output = ended(nobody.certman().args(arguments));
            assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
            assert!(
                said(&output).contains("ermission denied") && said(&output).contains(path),
                "{}",
                said(&output)
            );
        }
        let key = ["env", "--shell", "sh", "--cert", "../good.pem", "--key", path];
        let output = ended(nobody.certman().args(key));
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b"false;\n"[..]));
        assert_eq!(state_of(&nobody.work), before, "{path}");
    }
    set_mode(&folder, 0o755);
}

#[test]
fn a_full_disk_leaves_the_old_bundle_and_no_draft() {
    let Some(unshare) = program("unshare") else { return };
    let sandbox = Sandbox::new();
    sandbox.copy("good.pem", "dirty/clean.pem");
    let script = "mount -t tmpfs -o size=20k tmpfs \"$1\" && cd \"$1\" && printf before > out.pem && \
                  \"$2\" bundle \"$3\" \"$4\" -o out.pem; echo \"status $?\"; cat out.pem; echo; ls -A; stat -c %a out.pem";
    let mut command = bare(&unshare);
    let user: &[&str] = if is_root() { &["-m"] } else { &["-rm"] };
    command.args(user).args(["sh", "-c", script, "sh"]).arg(sandbox.folder()).arg(CERTMAN);
    let output = ended(command.arg(testdata("pki")).arg(testdata("hostile")));
    let said = said(&output);
    if said.contains("unshare failed") || said.contains("mount:") {
        missing("a mount namespace", &said);
        return;
    }
    assert!(said.contains("No space left on device") && said.contains("out.pem"), "{said}");
    assert!(said.contains("make room"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "status 1\nbefore\nout.pem\n644\n");
}

#[test]
fn a_limit_on_file_sizes_leaves_the_old_bundle() {
    for (script, is_killed) in [
        ("trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"", false),
        ("ulimit -c 0; ulimit -f 8; exec \"$0\" \"$@\"", true),
    ] {
        let sandbox = Sandbox::new();
        sandbox.give("out.pem", "what was there before");
        let before = fs::metadata(sandbox.path("out.pem")).unwrap();
        let mut command = run(&sandbox, ["sh", "-c", script, CERTMAN, "bundle", "-o", "out.pem"]);
        let output = ended(command.arg(testdata("pki")));
        let after = fs::metadata(sandbox.path("out.pem")).unwrap();
        assert_eq!(fs::read(sandbox.path("out.pem")).unwrap(), b"what was there before");
        assert_eq!(
            (before.ino(), before.mode(), before.mtime_nsec()),
            (after.ino(), after.mode(), after.mtime_nsec())
        );
        if is_killed && output.status.code() != Some(1) {
            // SIGXFSZ; what is left is hidden, and goes as after any other kill.
            assert!(leftovers(&sandbox.folder()).iter().all(|name| name.starts_with(".out.pem.")));
            continue;
        }
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(
            said(&output).contains("out.pem") && said(&output).contains("too large"),
            "{}",
            said(&output)
        );
        assert_eq!(leftovers(&sandbox.folder()), Vec::<String>::new());
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_bundle_or_the_new_one_whole() {
    let sandbox = Sandbox::new();
    let old = bundle_text(&sandbox, &["dirty/clean.pem"]);
    let new = bundle_text(&sandbox, &["pki", "hostile"]);
    let out = sandbox.path("out.pem");
    let (mut has_old, mut has_new, mut cut_off) = (0, 0, 0);
    // How long a run takes undisturbed.
    let start = Instant::now();
    ended(run(&sandbox, ["bundle", "-o", "rehearsal.pem"]).arg(testdata("pki")).arg(testdata("hostile")));
    let mut delay = start.elapsed();
    for round in 0..100_u32 {
        fs::write(&out, &old).unwrap();
        let mut child = bare(Path::new(CERTMAN))
            .args(["bundle", "-o", "out.pem"])
            .args([testdata("pki"), testdata("hostile")])
            .env("HOME", sandbox.home())
            .current_dir(sandbox.folder())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(delay);
        // By its own number, and before anyone has waited for it: it is nobody else's.
        let child_id = rustix::process::Pid::from_child(&child);
        let signal =
            if round % 2 == 0 { rustix::process::Signal::KILL } else { rustix::process::Signal::INT };
        rustix::process::kill_process(child_id, signal).unwrap();
        child.wait().unwrap();
        let text = fs::read(&out).unwrap();
        match text {
            // The next one dies a little later or earlier: most do so about when the new one takes its place.
            text if text == old => {
                has_old += 1;
                delay = delay * 21 / 20;
            }
            text if text == new => {
                has_new += 1;
                delay = delay * 9 / 10;
            }
            text => panic!("round {round}: a torn bundle of {} bytes", text.len()),
        }
        cut_off += usize::from(!leftovers(&sandbox.folder()).is_empty());
    }
    assert!(has_old >= 5 && has_new >= 5, "{has_old} old, {has_new} new, {cut_off} with a draft left");
    // What was left behind is hidden, so that a folder that serves as a source is not read with it; a later run
    // takes it away, once it is so old that nobody can be at it any more.
    let left = leftovers(&sandbox.folder());
    assert!(left.iter().all(|name| name.starts_with(".out.pem.")), "{left:?}");
    let draft = sandbox.path(".out.pem.abcdef.draft");
    fs::write(&draft, "half").unwrap();
    let status = Command::new("touch").args(["-d", "2 hours ago"]).arg(&draft).status().unwrap();
    assert!(status.success());
    fs::write(&out, &old).unwrap();
    let output =
        ended(run(&sandbox, ["bundle", "-o", "out.pem"]).arg(testdata("pki")).arg(testdata("hostile")));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!draft.exists(), "an old draft is swept");
    assert_eq!(fs::read(&out).unwrap(), new);
}

#[test]
fn eight_at_once_never_show_a_torn_bundle() {
    let sandbox = Sandbox::new();
    let sets: [&[&str]; 4] = [&["dirty/clean.pem"], &["pki"], &["hostile"], &["pki", "hostile"]];
    let wanted: Vec<Vec<u8>> = sets.iter().map(|set| bundle_text(&sandbox, set)).collect();
    let out = sandbox.path("out.pem");
    fs::write(&out, &wanted[0]).unwrap();
    let until = Instant::now() + Duration::from_secs(3);
    let (folder, home) = (&sandbox.folder(), &sandbox.home());
    let (reads, runs) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    let mut runs = 0;
                    while Instant::now() < until {
                        let mut command = run_in(folder, home, ["bundle", "--quiet", "-o", "out.pem"]);
                        let output =
                            ended(command.args(sets[(number + runs) % 4].iter().map(|name| testdata(name))));
                        assert_eq!(output.status.code(), Some(0), "{output:?}");
                        runs += 1;
                    }
                    runs
                })
            })
            .collect();
        let mut reads = 0;
        while Instant::now() < until {
            let text = fs::read(&out).unwrap();
            assert!(wanted.contains(&text), "a torn bundle of {} bytes", text.len());
            reads += 1;
        }
        (reads, writers.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>())
    });
    assert!(reads > 100 && runs >= 16, "{reads} reads, {runs} runs");
    assert_eq!(leftovers(&sandbox.folder()), Vec::<String>::new());
    assert_eq!(mode(&out), 0o644);
}

#[test]
fn an_output_that_takes_nothing_is_an_error_but_a_closed_pipe_is_none() {
    let sandbox = Sandbox::new();
    sandbox.copy("good.pem", "dirty/clean.pem");
    sandbox.copy("client.pem", "pki/client-p256.pem");
    sandbox.copy("client.key", "keys/p256.pkcs8.pem");
    let commands = [
        "check good.pem",
        "check --json good.pem",
        "check --format nagios good.pem",
        "bundle --json --dry-run good.pem -o out.pem",
        "bundle good.pem -o -",
        "env --shell sh --no-refresh --cert client.pem --key client.key",
        "key decrypt --key client.key -o -",
        "completions bash",
        "--help",
        "--version",
    ];
    let mut wrong = Vec::new();
    for arguments in commands {
        let before = state(&sandbox);
        for (redirection, is_error) in [
            (">/dev/full", true),
            (">&-", false),
            ("| true", false),
            ("2>&-", false),
            ("2>/dev/full", false),
            ("<&-", false),
        ] {
            // The status of certman itself, whatever it is piped to.
            let script = format!("{{ \"$0\" {arguments}; echo $? >&9; }} {redirection}");
            let mut command = run(&sandbox, ["sh", "-c", &format!("{{ {script}; }} 9>status"), CERTMAN]);
            let output = ended(&mut command);
            let status = fs::read_to_string(sandbox.path("status")).unwrap();
            fs::remove_file(sandbox.path("status")).unwrap();
            let is_failed = status.trim() != "0";
            let has_message = contains(&output.stderr, b"cannot be written");
            if is_failed != is_error || is_error && !has_message || contains(&output.stderr, b"panicked") {
                wrong.push(format!(
                    "{arguments} {redirection}: status {}, {:?}",
                    status.trim(),
                    String::from_utf8_lossy(&output.stderr)
                ));
            }
        }
        assert_eq!(state(&sandbox), before, "{arguments}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn standard_input_that_is_closed_or_empty_is_an_empty_source() {
    let sandbox = Sandbox::new();
    sandbox.give("out.pem", "what was there before");
    for redirection in ["<&-", "</dev/null", "<empty"] {
        sandbox.give("empty", "");
        let script = format!("exec \"$0\" bundle - -o out.pem {redirection}");
        let output = refused(&sandbox, &mut run(&sandbox, ["sh", "-c", &script, CERTMAN]), 1);
        assert!(said(&output).contains("standard input"), "{}", said(&output));
    }
    // A device that never ends, and a folder.
    for redirection in ["</dev/zero", "<."] {
        let script = format!("ulimit -v 1000000; exec \"$0\" bundle - -o out.pem {redirection}");
        let output = refused(&sandbox, &mut run(&sandbox, ["sh", "-c", &script, CERTMAN]), 1);
        assert!(said(&output).contains("standard input"), "{}", said(&output));
    }
}

#[test]
fn folders_that_lead_back_to_themselves_end() {
    let sandbox = Sandbox::new();
    sandbox.copy("ca/a/good.pem", "dirty/clean.pem");
    sandbox.copy("ca/b/root.pem", "pki/root-p384.pem");
    for (target, name) in [
        ("..", "ca/a/up"),
        (".", "ca/a/here"),
        ("../b", "ca/a/across"),
        ("../a", "ca/b/across"),
        ("/proc/self/cwd/ca", "ca/round"),
    ] {
        symlink(target, sandbox.path(name)).unwrap();
    }
    let output = ended(&mut run(&sandbox, ["bundle", "--json", "ca", "-o", "out.pem"]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(kept(&answer(&output)).len(), 4);
}

#[test]
fn a_folder_as_deep_as_it_gets_costs_no_more_than_its_depth() {
    let sandbox = Sandbox::new();
    let deep: PathBuf = std::iter::once("deep").chain(std::iter::repeat_n("d", 800)).collect();
    fs::create_dir_all(sandbox.path("").join(&deep)).unwrap();
    fs::copy(testdata("pki/root-rsa.pem"), sandbox.path("").join(&deep).join("root.pem")).unwrap();
    let start = Instant::now();
    let output = ended(&mut run(&sandbox, ["bundle", "--json", "deep", "-o", "deep.pem"]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let took = start.elapsed();
    assert!(took < Duration::from_secs(3), "800 folders in one another took {took:?}");
}

#[test]
fn a_link_in_the_place_of_the_bundle_stays_and_its_target_is_replaced() {
    let sandbox = Sandbox::new();
    sandbox.copy("good.pem", "dirty/clean.pem");
    sandbox.give("elsewhere/real.pem", "what was there before");
    link(&sandbox, "elsewhere/real.pem", "one.pem");
    link(&sandbox, "one.pem", "out.pem");
    let output = ended(&mut run(&sandbox, ["bundle", "good.pem", "-o", "out.pem"]));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(fs::read_link(sandbox.path("out.pem")).unwrap(), Path::new("one.pem"));
    assert_eq!(certificates_in(&fs::read(sandbox.path("elsewhere/real.pem")).unwrap()).len(), 3);
    // One that leads nowhere is not followed to a place that nobody has named.
    let dangling = link(&sandbox, "elsewhere/not-there.pem", "dangling.pem");
    refused(&sandbox, run(&sandbox, ["bundle", "good.pem", "-o"]).arg(dangling), 1);
    // What it links to may be a source too.
    let again = ended(&mut run(&sandbox, ["bundle", "--json", "elsewhere", "good.pem", "-o", "out.pem"]));
    assert_eq!(answer(&again)["bundle"]["changed"], false);
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    for umask in ["0777", "0000", "0077", "0022"] {
        let sandbox = Sandbox::new();
        sandbox.copy("good.pem", "dirty/clean.pem");
        sandbox.copy("client.key", "keys/p256.pkcs8.pem");
        let script = format!(
            "umask {umask}; \"$0\" bundle good.pem -o new/out.pem && exec \"$0\" key encrypt --key client.key \
             --new-passphrase env:SECRET --iterations 1000 -o keys/sealed.key"
        );
        let mut command = run(&sandbox, ["sh", "-c", &script, CERTMAN]);
        let output = ended(command.env("SECRET", "a secret of this test"));
        assert_eq!(output.status.code(), Some(0), "{umask}: {output:?}");
        for (name, wanted) in
            [("new", 0o700), ("new/out.pem", 0o644), ("keys", 0o700), ("keys/sealed.key", 0o600)]
        {
            assert_eq!(mode(&sandbox.path(name)), wanted, "{name} under {umask}");
        }
    }
}

#[test]
fn without_a_home_a_place_has_to_be_named() {
    let sandbox = Sandbox::new();
    sandbox.copy("good.pem", "dirty/clean.pem");
    let without_home = |arguments: &[&str]| {
        let mut command = run(&sandbox, arguments);
        command.env_remove("HOME");
        ended(&mut command)
    };
    let output = without_home(&["bundle", "good.pem"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said(&output).contains("--out"), "{}", said(&output));
    assert_eq!(without_home(&["bundle", "good.pem", "-o", "out.pem"]).status.code(), Some(0));
    assert_eq!(without_home(&["check", "good.pem"]).status.code(), Some(0));
    for (name, value) in
        [("HOME", ""), ("HOME", "relative"), ("XDG_CONFIG_HOME", "relative"), ("XDG_DATA_HOME", "relative")]
    {
        let mut command = run(&sandbox, ["bundle", "good.pem"]);
        let output = ended(command.env(name, value));
        assert!(!sandbox.path("relative").exists(), "{name}={value:?}: {output:?}");
        assert!(
            !sandbox.path("certman").exists() && !sandbox.path(".local").exists(),
            "{name}={value:?}: {output:?}"
        );
    }
}

#[test]
fn a_current_folder_that_is_gone_is_survived() {
    let sandbox = Sandbox::new();
    let good = sandbox.copy("good.pem", "dirty/clean.pem");
    let out = sandbox.path("out.pem");
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" \"$@\"";
    let mut command = run(&sandbox, ["sh", "-c", script, CERTMAN, "bundle", "-o"]);
    let output = ended(command.arg(&out).arg(&good));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut command = run(&sandbox, ["sh", "-c", script, CERTMAN, "bundle", "-o", "relative.pem"]);
    let output = refused(&sandbox, command.arg(&good), 1);
    assert!(said(&output).contains("relative.pem"), "{}", said(&output));
    // What is exported has to be absolute, or it means something else in every folder.
    let mut command =
        run(&sandbox, ["sh", "-c", script, CERTMAN, "env", "--shell", "sh", "--key", "k", "--cert", "c"]);
    let output = refused(&sandbox, &mut command, 1);
    assert_eq!(output.stdout, b"false;\n");
}

#[test]
fn paths_of_any_bytes_work_and_never_reach_the_terminal_as_they_are() {
    let names: [&[u8]; 8] = [
        b"a b\tc",
        b"new\nline",
        b"\x1b[31mred\x1b]0;title\x07",
        b"\xff\xfe",
        "käse\u{202e}mep".as_bytes(),
        b"-o",
        b"--",
        b"$(id)'\"`;*",
    ];
    for name in names {
        let name = OsStr::from_bytes(name);
        let sandbox = Sandbox::new();
        let folder = sandbox.folder().join(name);
        fs::create_dir(&folder).unwrap();
        let (source, out) = (folder.join(name), folder.join("out.pem"));
        fs::copy(testdata("dirty/one-damaged.pem"), &source).unwrap();
        sandbox.accept_what_is_there();
        let output = ended(run(&sandbox, ["bundle", "--verbose", "-o"]).arg(&out).arg("--").arg(&source));
        assert_eq!(output.status.code(), Some(0), "{name:?}: {output:?}");
        assert_eq!(certificates_in(&fs::read(&out).unwrap()).len(), 2, "{name:?}");
        let mut lines = shown(&output);
        for arguments in [&["check", "--verbose", "--"][..], &["check", "--format", "nagios", "--"]] {
            lines.extend(shown(&ended(run(&sandbox, arguments).arg(&source))));
        }
        let missing = OsString::from_vec([b"missing", name.as_bytes()].concat());
        lines.extend(shown(&ended(run(&sandbox, ["bundle", "-o", "x.pem", "--"]).arg(&missing))));
        lines.extend(shown(&ended(
            run(&sandbox, ["bundle", "good.pem", "-o"]).arg(folder.join("out.pem").join(&missing)),
        )));
        lines.extend(shown(&ended(run(&sandbox, ["bundle", "--config"]).arg(&missing))));
        lines.extend(shown(&ended(
            run(&sandbox, ["env", "--shell", "sh", "--cert", "x", "--key"]).arg(&missing),
        )));
        lines.extend(shown(&ended(run(&sandbox, ["key", "check", "--key"]).arg(&missing))));
        let json = ended(run(&sandbox, ["check", "--json", "--"]).arg(&source));
        assert_eq!(answer(&json)["certificates"].as_array().unwrap().len(), 2, "{name:?}");
        // A line of its own would be taken for certman's.
        for line in lines {
            assert!(!line.starts_with("line"), "{name:?}: {line}");
        }
        // The sourced exports set the path byte for byte.
        if std::str::from_utf8(name.as_bytes()).is_ok() {
            let configuration = folder.join("certman.toml");
            fs::write(&configuration, "[bundle]\nsources = ['../good']\nout = 'out.pem'\n").unwrap();
            let script = "eval \"$(\"$0\" env --no-refresh --shell sh --config \"$1\")\"; printf %s \"$NODE_EXTRA_CA_CERTS\"";
            let output = ended(run(&sandbox, ["sh", "-c", script, CERTMAN]).arg(&configuration));
            assert_eq!(output.stdout, out.as_os_str().as_bytes(), "{name:?}: {output:?}");
        }
    }
}

#[test]
fn a_path_longer_than_any_is_an_error_and_no_more() {
    let sandbox = Sandbox::new();
    sandbox.copy("good.pem", "dirty/clean.pem");
    let long = format!("{}x", "y/".repeat(2_500));
    for arguments in [
        &["bundle", &long, "-o", "out.pem"][..],
        &["bundle", "good.pem", "-o", &long],
        &["bundle", "good.pem", "--config", &long],
        &["env", "--shell", "sh", "--cert", "good.pem", "--key", &long],
    ] {
        let output = refused(&sandbox, &mut run(&sandbox, arguments), 1);
        assert!(said(&output).contains("too long"), "{}", said(&output));
    }
}

#[test]
fn no_name_in_a_certificate_moves_the_cursor_or_starts_a_line() {
    let sandbox = Sandbox::new();
    let hostile = testdata("hostile");
    let text = ended(run(&sandbox, ["bundle", "--verbose", "-o", "out.pem"]).arg(&hostile));
    assert_eq!(text.status.code(), Some(0), "{text:?}");
    shown(&text);
    let bundle = fs::read(sandbox.path("out.pem")).unwrap();
    assert!(bundle.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')));
    for line in bundle.split(|byte| *byte == b'\n') {
        assert!(line.len() <= 250, "{} bytes in a line", line.len());
    }
    let json = ended(run(&sandbox, ["bundle", "--json", "--dry-run", "-o", "out.pem"]).arg(&hostile));
    assert_eq!(fingerprints(&certificates_in(&bundle)), kept(&answer(&json)));
    assert_eq!(json.stdout.iter().filter(|byte| byte.is_ascii_control()).count(), 1, "one line");
    for arguments in
        [&["check", "--verbose"][..], &["check", "--format", "nagios"], &["check", "--at", "2050-01-01"]]
    {
        shown(&ended(run(&sandbox, arguments).arg(&hostile)));
    }
    // The table on a terminal.
    let Some(python) = python() else { return };
    let terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    for arguments in [&["bundle", "--color", "never", "-o", "out.pem"][..], &["check", "--color", "never"]] {
        let mut command = bare(Path::new(python.get_program()));
        command.env("HOME", sandbox.home()).env("TERM", "xterm").current_dir(sandbox.folder());
        command.args(["-c", terminal, CERTMAN]).args(arguments).arg(&hostile);
        let output = ended(&mut command);
        assert!(!output.stdout.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout.clone()).unwrap().replace("\r\n", "\n");
        shown(&Output { stdout: text.into_bytes(), ..output });
    }
}

/// Output for people: text without control characters but for line ends, and without what changes its direction.
fn shown(output: &Output) -> Vec<String> {
    let mut lines = Vec::new();
    for stream in [&output.stdout, &output.stderr] {
        let text =
            String::from_utf8(stream.clone()).unwrap_or_else(|error| panic!("no UTF-8: {error}: {output:?}"));
        for line in text.lines() {
            let harmful = line.chars().find(|letter| certman::pki::name::is_harmful(*letter));
            assert_eq!(harmful, None, "{line:?}");
            lines.push(line.to_owned());
        }
    }
    assert!(output.status.signal().is_none() && output.status.code() != Some(101), "{output:?}");
    lines
}

/// Runs what must be refused: with this status, without a panic or a signal, and every file stays as it was.
fn refused(sandbox: &Sandbox, command: &mut Command, status: i32) -> Output {
    let before = state(sandbox);
    let output = ended(command);
    assert_eq!(output.status.code(), Some(status), "{command:?}: {}", said(&output));
    assert!(status == 0 || !said(&output).is_empty(), "{command:?} says nothing");
    // So there is no file that a secret could have been written to; and one of a gigabyte need not be searched.
    assert_eq!(state(sandbox), before, "{command:?}");
    assert_eq!(leaks(&output, &BTreeMap::new()), Vec::<String>::new(), "{command:?}");
    output
}

/// Runs a command to its end, which must come.
fn ended(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert_ne!(output.status.code(), Some(TIMED_OUT), "{command:?} does not end");
    assert!(
        !contains(&output.stderr, b"panicked"),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Certman, or another program, in the working folder of a sandbox; killed where it does not end.
fn run<A: AsRef<OsStr>>(sandbox: &Sandbox, arguments: impl IntoIterator<Item = A>) -> Command {
    run_in(&sandbox.folder(), &sandbox.home(), arguments)
}

fn run_in<A: AsRef<OsStr>>(folder: &Path, home: &Path, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = bare(Path::new("/usr/bin/timeout"));
    command.args(["--kill-after=2", LONGEST]);
    let mut arguments = arguments.into_iter().peekable();
    if arguments.peek().is_none_or(|first| first.as_ref() != "sh") {
        command.arg(CERTMAN);
    }
    command.args(arguments).env("HOME", home).current_dir(folder);
    command
}

/// What both streams hold.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn answer(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Everything in both folders of a sandbox: kind, mode, inode, time and content of each.
fn state(sandbox: &Sandbox) -> BTreeMap<PathBuf, String> {
    let mut all = state_of(&sandbox.folder());
    all.extend(state_of(&sandbox.home()));
    all
}

fn state_of(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return all };
    for entry in entries {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let kind = metadata.file_type();
        let mut facts = format!("{:o} {} {}", metadata.mode(), metadata.ino(), metadata.size());
        if kind.is_dir() {
            all.extend(state_of(&path));
            facts = format!("{:o}", metadata.mode());
        } else if kind.is_file() {
            let content =
                if metadata.len() < 1 << 20 { fs::read(&path).unwrap_or_default() } else { Vec::new() };
            facts =
                format!("{facts} {} {}", metadata.mtime_nsec(), crate::clients::bundles::sha256(&content));
        }
        all.insert(path, facts);
    }
    all
}

/// Files that are there beside those that anyone put there: drafts.
fn leftovers(folder: &Path) -> Vec<String> {
    let names =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.') && name.ends_with(".draft")).collect()
}

/// The bundle that certman makes of these, by way of standard output.
fn bundle_text(sandbox: &Sandbox, names: &[&str]) -> Vec<u8> {
    let output = ended(run(sandbox, ["bundle", "-o", "-"]).args(names.iter().map(|name| testdata(name))));
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

fn fifo(sandbox: &Sandbox, name: &str) -> PathBuf {
    let path = sandbox.path(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

fn socket(sandbox: &Sandbox) -> PathBuf {
    let path = sandbox.path("s");
    // Its path may be no longer than 107 bytes.
    let here = sandbox.folder();
    let status = Command::new("python3")
        .args(["-c", "import socket; socket.socket(socket.AF_UNIX).bind('s')"])
        .current_dir(here)
        .status()
        .unwrap();
    assert!(status.success());
    path
}

fn link(sandbox: &Sandbox, target: &str, name: &str) -> PathBuf {
    let path = sandbox.path(name);
    symlink(target, &path).unwrap();
    path
}

/// A file of 1 GiB that takes no room on the disk, and has no newline.
fn gigabyte(sandbox: &Sandbox) -> PathBuf {
    let path = sandbox.path("gigabyte");
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    path
}

fn empty_folder(sandbox: &Sandbox) -> PathBuf {
    let path = sandbox.path("folder");
    fs::create_dir(&path).unwrap();
    path
}

fn rubbish(sandbox: &Sandbox) -> PathBuf {
    sandbox
        .give("rubbish.pem", "-----BEGIN CERTIFICATE-----\n====!!!!\nMIIB\u{0}\n-----END CERTIFICATE-----\n")
}

/// A hundred thousand sequences of indefinite length in one another.
fn nested(sandbox: &Sandbox) -> PathBuf {
    sandbox.give("nested.cer", [0x30, 0x80].repeat(100_000))
}

/// Somebody who may not do everything: the user nobody where the tests run as root, else whoever runs them.
pub(crate) struct Nobody {
    folder: tempfile::TempDir,
    pub(crate) work: PathBuf,
}

impl Nobody {
    pub(crate) fn new() -> Option<Self> {
        if is_root() {
            program("setpriv")?;
        }
        // Not below the project, which nobody else may be allowed to read.
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        fs::copy(CERTMAN, folder.path().join("certman")).unwrap();
        fs::copy(testdata("dirty/clean.pem"), folder.path().join("good.pem")).unwrap();
        let work = folder.path().join("work");
        fs::create_dir(&work).unwrap();
        let nobody = Self { folder, work };
        nobody.own(&nobody.work);
        Some(nobody)
    }

    /// Gives a file to the one who runs certman.
    pub(crate) fn own(&self, path: &Path) {
        if is_root() {
            std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
        }
    }

    pub(crate) fn certman(&self) -> Command {
        let mut command = bare(Path::new("/usr/bin/timeout"));
        command.args(["--kill-after=2", LONGEST]);
        if is_root() {
            command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
        }
        command.arg(self.folder.path().join("certman")).env("HOME", &self.work).current_dir(&self.work);
        command
    }
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Says that this machine does not let something be tried; a failed test where everything is required.
pub(crate) fn missing(what: &str, why: &str) {
    assert!(
        std::env::var_os("CERTMAN_TEST_REQUIRE_ALL").is_none_or(|value| value != "1"),
        "MISSING: {what}: {why}"
    );
    eprintln!("MISSING: {what} ({})", why.trim());
}

/// The built program.
const CERTMAN: &str = env!("CARGO_BIN_EXE_certman");
/// Seconds: far more than anything here takes on a busy machine.
const LONGEST: &str = "30";
/// What `timeout` ends with.
const TIMED_OUT: i32 = 124;
