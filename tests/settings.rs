//! `certman settings` against real files: every byte that is not certman's stays, by the judgement of serde_json, Python and Node;
//! one writer at a time, a person who thinks, a full disk, and people who edit the file themselves.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use certman::settings::Document;
use serde_json::Value;

use crate::faults::{Nobody, is_root, missing};
use crate::support::host::{Answers, host};
use crate::support::{Sandbox, bare, mode, output_with_stdin, program, python, set_mode};

#[test]
fn random_documents_keep_everything_but_what_is_set() {
    let mut random = Random(42);
    let mut pairs = Vec::new();
    for _ in 0..3_000 {
        let before = random.document();
        let document =
            Document::parse(before.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {before}"));
        let mut after = document;
        let had_env = after.has_env();
        let is_bare = after.is_empty();
        for name in NAMES {
            after = after.with(name, "/a/ä b.pem").unwrap();
        }
        let text = text_of(&after);
        let (mut wanted, found) = (json(&before), json(&text));
        if !had_env {
            wanted["env"] = serde_json::json!({});
        }
        for name in NAMES {
            wanted["env"][name] = "/a/ä b.pem".into();
        }
        assert_eq!(wanted.to_string(), found.to_string(), "{before}");
        // Twice is once.
        let again = text_of(&after.with(NAMES[0], "/a/ä b.pem").unwrap());
        assert_eq!(again, text);
        let mut back = after;
        for name in NAMES {
            back = back.without(name, "/a/ä b.pem", !had_env).unwrap();
        }
        if had_env && json(&before)["env"].as_object().is_some_and(|env| !env.is_empty())
            || !had_env && !is_bare
        {
            assert_eq!(text_of(&back), before, "taken out again");
        } else {
            assert_eq!(json(&text_of(&back)), json(&before), "{before}");
        }
        pairs.push(serde_json::json!([before, text]));
    }
    let pairs = Value::Array(pairs).to_string();
    // The readers of others: the same members in the same order, but for those that were set.
    if let Some(mut python) = python() {
        let script = "
import json, sys
names = sys.argv[1:]
def plain(text):
    root = json.loads(text, object_pairs_hook=lambda pairs: ('object', pairs))
    pairs = [(key, ('object', [p for p in value[1] if p[0] not in names]) if key == 'env' else value) for key, value in root[1]]
    assert root[0] == 'object'
    return [pair for pair in pairs if pair != ('env', ('object', []))]
count = 0
for before, after in json.load(sys.stdin):
    assert repr(plain(before)) == repr(plain(after)), (before, after)
    env = json.loads(after)['env']
    assert all(env[name] == '/a/\\u00e4 b.pem' for name in names)
    count += 1
print(count)
";
        let output = output_with_stdin(python.args(["-c", script]).args(NAMES), pairs.as_bytes());
        assert_eq!(output.stdout, b"3000\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
    // Node 24.21 gives a name with an escape in it the spelling of another one, once it has met that; Bun does not.
    for (name, left_out) in [("bun", "never"), ("node", r#""k[0-9][^"]*\\"#)] {
        let Some(runtime) = program(name) else { return };
        let script = "
const assert = require('node:assert');
const [leftOut, ...names] = process.argv.slice(1);
const plain = text => {
    const root = JSON.parse(text);
    for (const name of names) delete root.env?.[name];
    if (root.env && Object.keys(root.env).length === 0) delete root.env;
    return JSON.stringify(root);
};
const pairs = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
for (const [before, after] of pairs) {
    if (new RegExp(leftOut).test(before)) continue;
    assert.strictEqual(plain(before), plain(after));
    for (const name of names) assert.strictEqual(JSON.parse(after).env[name], '/a/\\u00e4 b.pem');
}
console.log(pairs.length);
";
        let mut runtime = bare(&runtime);
        let output = output_with_stdin(runtime.args(["-e", script, left_out]).args(NAMES), pairs.as_bytes());
        assert_eq!(output.stdout, b"3000\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn what_strict_readers_refuse_is_refused_and_nothing_else() {
    let mut random = Random(7);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = random.document().into_bytes();
        for _ in 0..=random.below(2) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => drop(bytes.remove(at)),
                1 => bytes[at] = *random.pick(b"{}[]\",:0.-+eE \n\ttfn\\u/x"),
                _ => bytes.insert(at, *random.pick(b"{}[]\",:0.-+eE \n\ttfn\\u/x")),
            }
        }
        let ours = Document::parse(&bytes).map(|_| ());
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(Value::Object(root)) if root.get("env").is_none_or(Value::is_object) => {
                assert_eq!(ours, Ok(()), "{}", String::from_utf8_lossy(&bytes));
                taken += 1;
            }
            Ok(_) => assert!(ours.is_err(), "{}", String::from_utf8_lossy(&bytes)),
            Err(error) => {
                // What the grammar allows and serde_json cannot hold, and a file with nothing in it.
                let is_allowed = ["surrogate", "hex escape", "out of range"]
                    .iter()
                    .any(|part| error.to_string().contains(part));
                let is_blank = bytes.iter().all(u8::is_ascii_whitespace);
                assert!(
                    ours.is_err() || is_allowed || is_blank,
                    "{error}: {}",
                    String::from_utf8_lossy(&bytes)
                );
                refused += 1;
            }
        }
    }
    assert!(taken > 1_000 && refused > 1_000, "{taken} taken, {refused} refused");
}

#[test]
fn what_is_put_in_is_read_by_node_and_goes_without_a_trace() {
    let Some(node) = program("node") else { return };
    let sandbox = configured();
    let before = "{\r\n\t\"model\" : \"opus\",\r\n\t\"env\": {\"A\": \"\\u00e4\"},\r\n\t\"n\": 1.50e+2\r\n}";
    let path = sandbox.give("~/.claude/settings.json", before);
    set_mode(&path, 0o640);
    let output = sandbox.certman(["settings", "apply", "--yes", "--cert-store", "bundled,system"]).output();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(mode(&path), 0o640);
    let script = "const { env, model, n } = JSON.parse(require('node:fs').readFileSync(process.argv[1], 'utf8')); \
                  console.log(JSON.stringify([model, n, env]));";
    let read = bare(&node).args(["-e", script]).arg(&path).output().unwrap();
    let read: Value = serde_json::from_slice(&read.stdout).unwrap();
    let wanted = serde_json::json!(["opus", 150, {
        "A": "ä",
        "NODE_EXTRA_CA_CERTS": sandbox.path("extra.pem").display().to_string(),
        "CLAUDE_CODE_CLIENT_CERT": sandbox.path("client.pem").display().to_string(),
        "CLAUDE_CODE_CLIENT_KEY": sandbox.path("client.key").display().to_string(),
        "CLAUDE_CODE_CERT_STORE": "bundled,system",
    }]);
    assert_eq!(read.to_string(), wanted.to_string());

    let after = fs::read(&path).unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    let again = sandbox.certman(["settings", "apply", "--yes"]).output();
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("unchanged"), "{again:?}");
    assert_eq!((fs::read(&path).unwrap(), fs::metadata(&path).unwrap().ino()), (after, inode));
    let backup = sandbox.path("~/.claude/settings.json.certman-backup");
    assert_eq!((fs::read_to_string(&backup).unwrap().as_str(), mode(&backup)), (before, 0o600));

    let removed = sandbox.certman(["settings", "remove", "--yes"]).output();
    assert_eq!(removed.status.code(), Some(0), "{removed:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    assert!(!backup.exists(), "what the file is again needs no backup");
    let note = fs::read_to_string(sandbox.path("~/.local/state/certman/settings.json")).unwrap();
    assert!(!note.contains("settings.json"), "{note}");
}

#[test]
fn a_file_that_apply_has_made_goes_with_the_last_of_it() {
    let sandbox = configured();
    let path = sandbox.path("~/.claude/settings.json");
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    succeed(&sandbox, &["settings", "remove", "--yes"]);
    assert!(!path.exists());
    // With something of somebody else's in it, it stays.
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("{\n", "{\n  \"model\": \"opus\",\n", 1)).unwrap();
    succeed(&sandbox, &["settings", "remove", "--yes"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  \"model\": \"opus\"\n}\n");
}

#[test]
fn what_was_put_in_is_known_after_the_configuration_has_changed() {
    let sandbox = configured();
    let path = sandbox.give("~/.claude/settings.json", "{\"env\": {\"OTHER\": \"1\"}}");
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    // The key is gone from the configuration: what would lead nowhere goes from the settings too.
    sandbox.give("~/.config/certman/certman.toml", bundle_configuration(&sandbox));
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    let extra = sandbox.path("extra.pem").display().to_string();
    let env = json(&fs::read_to_string(&path).unwrap())["env"].clone();
    assert_eq!(env, serde_json::json!({"OTHER": "1", "NODE_EXTRA_CA_CERTS": extra}));
    // A value that somebody has changed stays, and is named.
    let text = fs::read_to_string(&path).unwrap().replace(&extra, "/their/own.pem");
    fs::write(&path, &text).unwrap();
    let output = sandbox.certman(["settings", "remove", "--yes"]).output();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("stays: /their/own.pem"), "{output:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    // Put in again, it takes the place of theirs, which is kept; and another configuration does not change what goes.
    let output = sandbox.certman(["settings", "apply", "--yes"]).output();
    assert!(String::from_utf8_lossy(&output.stdout).contains("certman-backup-2"), "{output:?}");
    assert_eq!(fs::read_to_string(sandbox.path("~/.claude/settings.json.certman-backup-2")).unwrap(), text);
    let first = fs::read_to_string(sandbox.path("~/.claude/settings.json.certman-backup")).unwrap();
    assert_eq!(first, "{\"env\": {\"OTHER\": \"1\"}}", "the first backup stays");
    sandbox.give("~/.config/certman/certman.toml", "");
    succeed(&sandbox, &["settings", "remove", "--yes"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"env\": {\"OTHER\": \"1\"}}");
}

#[test]
fn without_the_note_the_configuration_tells_what_to_take_out() {
    let sandbox = configured();
    let path = sandbox.give("~/.claude/settings.json", "{\"env\": {\"OTHER\": \"1\"}}");
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    fs::remove_dir_all(sandbox.path("~/.local/state")).unwrap();
    // Neither does it need the sources, nor the bundle, nor the key.
    for name in ["corp.pem", "extra.pem", "client.key"] {
        fs::remove_file(sandbox.path(name)).unwrap();
    }
    succeed(&sandbox, &["settings", "remove", "--yes"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"env\": {\"OTHER\": \"1\"}}");
}

#[test]
fn a_note_that_is_damaged_is_named_and_nothing_changes() {
    let sandbox = configured();
    let path = sandbox.give("~/.claude/settings.json", "{}");
    sandbox.give("~/.local/state/certman/settings.json", "{\"files\": 3}");
    for command in ["apply", "remove"] {
        let output = sandbox.certman(["settings", command, "--yes"]).output();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("move it away"), "{output:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
    }
}

#[test]
fn a_link_is_followed_and_stays() {
    let sandbox = configured();
    let real = sandbox.give("dotfiles/claude.json", "{\n}\n");
    set_mode(&real, 0o644);
    fs::create_dir(sandbox.path("~/.claude")).unwrap();
    let link = sandbox.path("~/.claude/settings.json");
    symlink("../../work/dotfiles/claude.json", &link).unwrap();
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(json(&fs::read_to_string(&real).unwrap())["env"]["NODE_EXTRA_CA_CERTS"].is_string());
    assert_eq!(mode(&real), 0o644);
    succeed(&sandbox, &["settings", "remove", "--yes"]);
    assert_eq!(fs::read_to_string(&real).unwrap(), "{}\n");
    // One that leads nowhere is not followed to a place that nobody has named.
    fs::remove_file(&real).unwrap();
    let output = sandbox.certman(["settings", "apply", "--yes"]).output();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("a link that leads nowhere"), "{output:?}");
    assert!(!real.exists() && fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn a_file_that_is_no_settings_file_is_named_and_stays() {
    let huge = format!("{{\"a\": \"{}\"}}", "x".repeat(10 << 20));
    for (what, content, message) in [
        ("a comment", &b"{\n  // no\n}"[..], "line 2, column 3"),
        ("a trailing comma", b"{\"a\": 1,}", "line 1, column 9"),
        ("NaN", b"{\"a\": NaN}", "line 1, column 7"),
        ("UTF-16", b"\xff\xfe{\0}\0", "UTF-16"),
        ("not UTF-8", b"{\"a\": \"\xe4\"}", "UTF-8"),
        ("env is a list", b"{\"env\": []}", "`env` has to be an object"),
        ("a list", b"[]", "have to be an object"),
        ("cut short", b"{\"a\": {", "ends in the middle"),
        ("more than 10 MiB", huge.as_bytes(), "larger than 10 MiB"),
        ("a thousand levels", &[&b"{\"a\":"[..], &[b'['; 1_000]].concat(), "deeper"),
    ] {
        let sandbox = configured();
        let path = sandbox.give("~/.claude/settings.json", content);
        let before = fs::metadata(&path).unwrap();
        for arguments in [&["apply", "--yes"][..], &["apply", "--dry-run"], &["remove", "--yes"]] {
            let output = sandbox.certman([&["settings"], arguments].concat()).output();
            assert_eq!(output.status.code(), Some(1), "{what}: {output:?}");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains(message) && said.contains(".claude/settings.json"), "{what}: {said}");
            let after = fs::metadata(&path).unwrap();
            assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()), "{what}");
        }
        assert!(!sandbox.path("~/.local").exists() && !sandbox.path("extra.pem").exists(), "{what}");
        let show = sandbox.certman(["settings", "show"]).output();
        assert_eq!(show.status.code(), Some(0), "{what}: {show:?}");
        assert!(String::from_utf8_lossy(&show.stdout).contains(message), "{what}: {show:?}");
    }
    let sandbox = configured();
    fs::create_dir_all(sandbox.path("~/.claude/settings.json")).unwrap();
    let output = sandbox.certman(["settings", "apply", "--yes"]).output();
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is a folder"), "{output:?}");
}

#[test]
fn many_at_once_lose_nothing() {
    let sandbox = configured();
    let path = sandbox.give("~/.claude/settings.json", "{\"env\": {\"OTHER\": \"1\"}}");
    succeed(&sandbox, &["bundle"]);
    for round in 0..3 {
        let runs: [&[&str]; 8] = [
            &["apply", "--yes"],
            &["apply", "--yes", "--cert-store", "system"],
            &["apply", "--yes", "--scope", "local"],
            &["apply", "--yes", "--scope", "project"],
            &["apply", "--yes", "--cert-store", "system"],
            &["apply", "--yes", "--scope", "local", "--cert-store", "bundled"],
            &["apply", "--yes"],
            &["apply", "--yes", "--scope", "project"],
        ];
        let children = runs.map(|arguments| {
            let mut command = certman(&sandbox);
            command
                .arg("settings")
                .args(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        });
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "round {round}: {output:?}");
        }
        let files = [
            path.clone(),
            sandbox.path(".claude/settings.json"),
            sandbox.path(".claude/settings.local.json"),
        ];
        let [user, project, local] =
            files.clone().map(|path| json(&fs::read_to_string(path).unwrap())["env"].clone());
        assert_eq!((&user["CLAUDE_CODE_CERT_STORE"], &user["OTHER"]), (&"system".into(), &"1".into()));
        assert_eq!(local["CLAUDE_CODE_CERT_STORE"], "bundled");
        let note = json(&fs::read_to_string(sandbox.path("~/.local/state/certman/settings.json")).unwrap());
        for (path, env) in files.iter().zip([&user, &project, &local]) {
            assert!(env["CLAUDE_CODE_CLIENT_KEY"].is_string(), "round {round}: {env}");
            let noted = &note["files"][path.display().to_string()]["variables"];
            assert_eq!(
                noted.as_object().unwrap().len(),
                env.as_object().unwrap().len() - usize::from(*env == user)
            );
        }
        for scope in ["user", "local", "project"] {
            succeed(&sandbox, &["settings", "remove", "--yes", "--scope", scope]);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"env\": {\"OTHER\": \"1\"}}");
        assert!(!files[1].exists() && !files[2].exists());
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let sandbox = configured();
    succeed(&sandbox, &["bundle"]);
    let before = "{\"env\": {\"OTHER\": \"1\"}}";
    let path = sandbox.give("~/.claude/settings.json", before);
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    let after = fs::read_to_string(&path).unwrap();
    let (mut olds, mut news) = (0, 0);
    let mut delay = Duration::from_millis(10);
    for round in 0..60 {
        fs::write(&path, before).unwrap();
        let mut command = certman(&sandbox);
        command.args(["settings", "apply", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(delay);
        child.kill().unwrap();
        child.wait().unwrap();
        match fs::read_to_string(&path).unwrap() {
            text if text == before => {
                olds += 1;
                delay = delay * 11 / 10;
            }
            text if text == after => {
                news += 1;
                delay = delay * 9 / 10;
            }
            text => panic!("round {round}: {text}"),
        }
    }
    assert!(olds > 3 && news > 3, "{olds} old, {news} new");
    fs::write(&path, &after).unwrap();
    succeed(&sandbox, &["settings", "remove", "--yes"]);
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        before,
        "what was noted is taken out, whatever was killed"
    );
}

#[test]
fn a_person_is_shown_what_changes_and_asked() {
    let before = "{\"env\": {\"TOKEN\": \"sk-do-not-show\"}}\n";
    for (answer, is_yes) in [
        ("y\n", true),
        ("YES\n", true),
        ("n\n", false),
        ("\n", false),
        ("yesterday\n", false),
        ("\x04", false),
    ] {
        let sandbox = configured();
        let path = sandbox.give("~/.claude/settings.json", before);
        let Some((status, said)) = at_terminal(&sandbox, &["settings", "apply"], answer, None) else {
            return;
        };
        assert!(said.contains("+{\"env\": {\"TOKEN\": \"***\""), "{said}");
        assert!(said.contains("[y/N]") && !said.contains("sk-do-not-show"), "{said}");
        assert_eq!(status, i32::from(!is_yes), "{answer:?}: {said}");
        assert_eq!(fs::read_to_string(&path).unwrap() == before, !is_yes, "{answer:?}");
        assert_eq!(said.matches("+++").count(), 1, "it is shown once: {said}");
    }
}

/// Noticed where `env` stood on one line: ten variables changed, and two could be seen.
#[test]
fn whatever_changes_can_be_seen_before_it_is_confirmed() {
    let sandbox = configured();
    let long = "x".repeat(300);
    let before = format!(
        "{{\n  \"model\": \"opus\",\n  \"env\": {{\"TOKEN\": \"sk-do-not-show\", \"LONG\": \"{long}\", \"HTTPS_PROXY\": \
         \"http://alice:hunter2@proxy.example:1\"}}\n}}\n"
    );
    let path = sandbox.give("~/.claude/settings.json", &before);
    let configuration = fs::read_to_string(sandbox.path("~/.config/certman/certman.toml")).unwrap();
    let more = "[proxy]\nhttps = 'http://proxy.example:2'\n";
    sandbox.give("~/.config/certman/certman.toml", configuration + more);
    let Some((status, said)) = at_terminal(&sandbox, &["settings", "apply", "--for", "all"], "y\n", None)
    else {
        return;
    };
    assert_eq!(status, 0, "{said}");
    let (question, _) = said.split_once("[y/N]").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let (old, new) = (json(&before)["env"].clone(), json(&text)["env"].clone());
    let changed: Vec<(&String, &Value)> =
        new.as_object().unwrap().iter().filter(|(name, value)| old[name.as_str()] != **value).collect();
    assert!(changed.len() > 8, "{text}");
    for (name, value) in changed {
        let was = if name == "HTTPS_PROXY" { "http://***@proxy.example:1" } else { "(no value)" };
        let line = format!("\r\n  {name}: {was} -> {}\r\n", value.as_str().unwrap());
        assert!(question.contains(&line), "{line:?} in {said}");
    }
    assert!(!said.contains("hunter2") && !said.contains("sk-do-not-show"), "{said}");
    // What has room is shown once, as before.
    let sandbox = configured();
    sandbox.give("~/.claude/settings.json", "{}\n");
    let (_, said) = at_terminal(&sandbox, &["settings", "apply"], "y\n", None).unwrap();
    assert_eq!(said.matches("NODE_EXTRA_CA_CERTS").count(), 1, "{said}");
}

/// Noticed on a terminal: that certificate and key are left out stood below the answer.
#[test]
fn what_is_left_out_is_said_before_the_question_and_once() {
    for (answer, arguments) in [
        ("y\n", &["settings", "apply"][..]),
        ("n\n", &["settings", "apply"]),
        ("", &["settings", "apply", "--yes"]),
        ("", &["settings", "apply", "--dry-run"]),
    ] {
        let sandbox = configured();
        sandbox.copy("client.key", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
        let token = "{\"env\": {\"CLAUDE_CODE_CLIENT_KEY_PASSPHRASE\": \"geheim\"}}";
        sandbox.give("~/.claude/settings.json", token);
        let Some((_, said)) = at_terminal(&sandbox, arguments, answer, None) else { return };
        let question = said.find("[y/N]");
        assert_eq!(question.is_some(), !answer.is_empty(), "{said}");
        for words in ["certificate and key are left out", "a secret stands here in plain text"] {
            assert_eq!(said.matches(words).count(), 1, "{words}: {said}");
            assert!(question.is_none_or(|question| said.find(words).unwrap() < question), "{words}: {said}");
        }
    }
}

#[test]
fn a_file_that_is_changed_while_the_person_thinks_is_not_written() {
    let sandbox = configured();
    let path = sandbox.give("~/.claude/settings.json", "{\"model\": \"opus\"}\n");
    let theirs = "{\"model\": \"haiku\"}\n";
    let Some((status, said)) = at_terminal(&sandbox, &["settings", "apply"], "y\n", Some((&path, theirs)))
    else {
        return;
    };
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("another program has changed it in the meantime"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    assert!(!sandbox.path("~/.claude/settings.json.certman-backup").exists());
    // The same where there was no file before.
    let sandbox = configured();
    let path = sandbox.path("~/.claude/settings.json");
    fs::create_dir(path.parent().unwrap()).unwrap();
    let (status, said) = at_terminal(&sandbox, &["settings", "apply"], "y\n", Some((&path, theirs))).unwrap();
    assert_eq!((status, fs::read_to_string(&path).unwrap().as_str()), (1, theirs), "{said}");
}

#[test]
fn the_one_who_is_asked_holds_nobody_up() {
    // A person who has gone to lunch must not keep a script waiting.
    let sandbox = configured();
    sandbox.give("~/.claude/settings.json", "{}");
    let meanwhile = format!("{} settings apply --yes --cert-store system", env!("CARGO_BIN_EXE_certman"));
    let Some((status, said)) =
        at_terminal_with(&sandbox, &["settings", "apply"], "y\n", None, Some(&meanwhile))
    else {
        return;
    };
    assert_eq!(status, 1, "{said}");
    let env = json(&fs::read_to_string(sandbox.path("~/.claude/settings.json")).unwrap())["env"].clone();
    assert_eq!(env["CLAUDE_CODE_CERT_STORE"], "system");
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let Some(unshare) = program("unshare") else { return };
    let sandbox = configured();
    succeed(&sandbox, &["bundle"]);
    let before = format!("{{\"a\": \"{}\"}}", "x".repeat(9_000));
    sandbox.give("old.json", &before);
    let script = "mount -t tmpfs -o size=20k tmpfs \"$1\" && cp \"$2\" \"$1/settings.json\" && \
                  CLAUDE_CONFIG_DIR=\"$1\" \"$3\" settings apply --yes >&2; echo \"status $?\"; ls -A \"$1\"; cmp \"$2\" \"$1/settings.json\"";
    let mut command = bare(&unshare);
    let user: &[&str] = if is_root() { &["-m"] } else { &["-rm"] };
    fs::create_dir(sandbox.path("small")).unwrap();
    command
        .args(user)
        .args(["sh", "-c", script, "sh"])
        .arg(sandbox.path("small"))
        .arg(sandbox.path("old.json"));
    command.arg(env!("CARGO_BIN_EXE_certman")).env("HOME", sandbox.home()).current_dir(sandbox.folder());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("unshare failed") || said.contains("mount:") {
        missing("a mount namespace", &said);
        return;
    }
    assert!(said.contains("No space left on device") && said.contains("make room"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "status 1\nsettings.json\n");
}

#[test]
fn what_may_not_be_written_stays_as_it_is() {
    let Some(nobody) = Nobody::new() else { return };
    let settings = nobody.work.join(".claude/settings.json");
    fs::create_dir(settings.parent().unwrap()).unwrap();
    fs::write(&settings, "{}").unwrap();
    let configuration = nobody.work.join("certman.toml");
    fs::write(&configuration, "[bundle]\nsources = ['../good.pem']\nout = 'extra.pem'\n").unwrap();
    for path in [&settings, &settings.parent().unwrap().to_owned()] {
        nobody.own(path);
    }
    let run = || {
        nobody
            .certman()
            .args(["settings", "apply", "--yes", "--config"])
            .arg(&configuration)
            .output()
            .unwrap()
    };
    set_mode(settings.parent().unwrap(), 0o555);
    let output = run();
    set_mode(settings.parent().unwrap(), 0o755);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ermission denied") && said.contains("nothing was changed"), "{said}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), "{}");
    // No note, no change: later nobody would know whose it is.
    fs::remove_dir_all(nobody.work.join(".local/state")).unwrap();
    set_mode(&nobody.work.join(".local"), 0o555);
    let output = run();
    set_mode(&nobody.work.join(".local"), 0o755);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("XDG_STATE_HOME"), "{said}");
    assert_eq!(fs::read_to_string(&settings).unwrap(), "{}");
    // Of another's file the owner could not be kept.
    if is_root() {
        std::os::unix::fs::chown(&settings, Some(0), Some(0)).unwrap();
        set_mode(&settings, 0o644);
        let output = run();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(
            (fs::read_to_string(&settings).unwrap().as_str(), fs::metadata(&settings).unwrap().uid()),
            ("{}", 0)
        );
    }
}

#[test]
fn the_owner_of_the_file_stays_where_root_edits_it() {
    if !is_root() {
        return;
    }
    let sandbox = configured();
    let path = sandbox.give("~/.claude/settings.json", "{}");
    std::os::unix::fs::chown(&path, Some(65_534), Some(65_533)).unwrap();
    set_mode(&path, 0o640);
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    let metadata = fs::metadata(&path).unwrap();
    assert!(metadata.len() > 10);
    assert_eq!((metadata.uid(), metadata.gid(), mode(&path)), (65_534, 65_533, 0o640));
}

#[test]
fn the_settings_of_everyone_can_be_read_by_everyone() {
    let sandbox = configured();
    let folder = sandbox.path("etc");
    let configuration = sandbox.path("~/.config/certman/certman.toml").display().to_string();
    let home = sandbox.home().display().to_string();
    let world = || {
        host()
            .env("HOME", &home)
            .env("CERTMAN_CONFIG", &configuration)
            .folder(sandbox.folder())
            .managed(&folder)
    };
    let ran = world().run(&["settings", "apply", "--yes", "--scope", "managed", "--json"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let path = folder.join("managed-settings.d/50-certman.json");
    assert_eq!(ran.json()["settings"]["path"], path.display().to_string());
    assert_eq!((mode(&path), mode(path.parent().unwrap()), mode(&folder)), (0o644, 0o755, 0o755));
    // The key is one person's, and so are the others as long as a folder on the way to them is closed.
    let closed = |ran: &crate::support::host::Ran| {
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        let closed = findings.iter().filter(|one| one["code"] == "settings-not-for-all");
        closed.map(|one| one["source"]["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(closed(&ran).contains(&sandbox.path("client.key").display().to_string()), "{ran:?}");
    set_mode(&sandbox.folder(), 0o700);
    let ran = world().run(&["settings", "apply", "--yes", "--scope", "managed", "--json"]);
    assert_eq!(closed(&ran).len(), 3, "{ran:?}");

    // What comes later in the order of names wins, all of it over the user's.
    fs::write(folder.join("managed-settings.json"), "{\"env\": {\"NODE_EXTRA_CA_CERTS\": \"/base.pem\"}}")
        .unwrap();
    fs::write(path.with_file_name("90-late.json"), "{\"env\": {\"NODE_EXTRA_CA_CERTS\": \"~/late.pem\"}}")
        .unwrap();
    fs::write(
        path.with_file_name(".99-hidden.json"),
        "{\"env\": {\"NODE_EXTRA_CA_CERTS\": \"/hidden.pem\"}}",
    )
    .unwrap();
    fs::write(path.with_file_name("99-other.txt"), "no JSON").unwrap();
    let ran = world().env("NODE_EXTRA_CA_CERTS", "/other.pem").run(&["settings", "show", "--json"]);
    let variable = ran.json()["variables"][0].clone();
    let values: Vec<String> = variable["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["value"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(values, ["~/late.pem", &sandbox.path("extra.pem").display().to_string(), "/base.pem"]);
    assert_eq!((&variable["wins"], &variable["works"]), (&"managed".into(), &false.into()));
    assert_eq!(ran.codes(), ["settings-overrides", "settings-stale-path"]);
    assert_eq!(ran.status, 0);
    // Who edits weaker settings is told so.
    let ran = world().run(&["settings", "apply", "--yes", "--json"]);
    assert!(ran.codes().contains(&"settings-overrides".to_owned()), "{ran:?}");

    let ran = world().run(&["settings", "remove", "--yes", "--scope", "managed"]);
    assert!(ran.status == 0 && !path.exists(), "{ran:?}");
}

#[test]
fn nobody_asks_for_a_passphrase_and_none_is_written() {
    let sandbox = configured();
    sandbox.copy("client.key", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
    let configuration = sandbox.path("~/.config/certman/certman.toml").display().to_string();
    let home = sandbox.home().display().to_string();
    let keyring = crate::support::host::Memory::default();
    let person = Answers::of(&["y"]);
    let world = || {
        let world = host().env("HOME", &home).env("CERTMAN_CONFIG", &configuration).folder(sandbox.folder());
        world.keyring(&keyring).terminal(&person)
    };
    let ran = world().run(&["settings", "apply", "--json"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(ran.codes(), ["settings-key-left-out"]);
    assert!(ran.stdout.contains("certman run --exec"), "{ran:?}");
    assert_eq!((keyring.calls(), person.questions().len()), (0, 1));
    let text = fs::read_to_string(sandbox.path("~/.claude/settings.json")).unwrap();
    assert_eq!(json(&text)["env"].as_object().unwrap().len(), 1, "{text}");
}

#[test]
fn show_names_what_does_not_work() {
    let sandbox = configured();
    succeed(&sandbox, &["bundle"]);
    let at = |name: &str| sandbox.path(name).display().to_string();
    sandbox.copy("other.key", "keys/rsa-2048.pkcs8.pem");
    sandbox.copy("sealed.key", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
    sandbox.give("empty.pem", "nothing");
    // The variable, its value in the settings, what else is set there, and what is said.
    let sealed: &[(&str, &str)] = &[("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", "geheim")];
    let rows = [
        ("NODE_EXTRA_CA_CERTS", at("extra.pem"), &[][..], "works", Some(true)),
        ("NODE_EXTRA_CA_CERTS", at("gone.pem"), &[], "there is no such file", Some(false)),
        ("NODE_EXTRA_CA_CERTS", "~/extra.pem".into(), &[], "nobody expands", Some(false)),
        ("NODE_EXTRA_CA_CERTS", "$HOME/extra.pem".into(), &[], "nobody expands", Some(false)),
        ("NODE_EXTRA_CA_CERTS", "extra.pem".into(), &[], "no absolute path", Some(false)),
        ("NODE_EXTRA_CA_CERTS", at(""), &[], "it is a folder", Some(false)),
        ("NODE_EXTRA_CA_CERTS", at("empty.pem"), &[], "no certificate in the file", Some(false)),
        ("CLAUDE_CODE_CLIENT_CERT", at("client.pem"), &[], "works", Some(true)),
        ("CLAUDE_CODE_CLIENT_KEY", at("client.key"), &[], "works", Some(true)),
        ("CLAUDE_CODE_CLIENT_KEY", at("other.key"), &[], "does not belong", Some(false)),
        ("CLAUDE_CODE_CLIENT_KEY", at("sealed.key"), &[], "PASSPHRASE is not set", Some(false)),
        ("CLAUDE_CODE_CLIENT_KEY", at("sealed.key"), sealed, "does not open the key", Some(false)),
        ("CLAUDE_CODE_CERT_STORE", "all".into(), &[], "does not work", Some(false)),
    ];
    for (name, value, others, message, works) in rows {
        let mut env = serde_json::json!({"CLAUDE_CODE_CLIENT_CERT": at("client.pem")});
        for (name, value) in others.iter().copied().chain([(name, value.as_str())]) {
            env[name] = value.into();
        }
        sandbox.give("~/.claude/settings.json", serde_json::json!({"env": env}).to_string());
        let output = sandbox.certman(["settings", "show"]).output();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains(message), "{name}={value}: {said}");
        assert!(!said.contains("geheim"), "{said}");
        let answer: Value =
            serde_json::from_slice(&sandbox.certman(["settings", "show", "--json"]).output().stdout).unwrap();
        let all = answer["variables"].as_array().unwrap();
        let variable = all.iter().find(|variable| variable["name"] == name).unwrap();
        assert_eq!(variable["works"], works.map_or(Value::Null, Value::from), "{name}={value}: {variable}");
        assert_eq!(variable["wins"], "user");
        assert!(!answer.to_string().contains("geheim"), "{answer}");
        let has_secret = answer["findings"].to_string().contains("settings-holds-secret");
        assert_eq!(has_secret, !others.is_empty(), "{answer}");
    }
}

#[test]
fn a_password_in_a_proxy_is_never_shown() {
    let sandbox = configured();
    let text = "{\"env\": {\"HTTPS_PROXY\": \"http://alice:pa/s#s@proxy:8080\", \"CLAUDE_CODE_CLIENT_KEY_PASSPHRASE\": \"pa/s#s\"}}";
    sandbox.give("~/.claude/settings.json", text);
    for arguments in [
        &["settings", "show"][..],
        &["settings", "show", "--json", "--verbose"],
        &["settings", "apply", "--dry-run"],
        &["settings", "apply", "--yes", "--json"],
        &["settings", "remove", "--yes"],
    ] {
        let output = sandbox.certman(arguments).env("https_proxy", "alice:pa/s#s@proxy:8080").output();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!said.contains("pa/s#s"), "{arguments:?}: {said}");
        assert!(said.contains("secret"), "{arguments:?}: {said}");
    }
    assert_eq!(fs::read_to_string(sandbox.path("~/.claude/settings.json")).unwrap(), text);
}

#[test]
fn a_proxy_is_put_in_unless_it_has_a_password() {
    let sandbox = configured();
    let extra = sandbox.path("extra.pem").display().to_string();
    let configuration = bundle_configuration(&sandbox) + "[proxy]\nhttps = 'http://proxy.example:8080'\n";
    sandbox.give("~/.config/certman/certman.toml", &configuration);
    succeed(&sandbox, &["settings", "apply", "--yes"]);
    let path = sandbox.path("~/.claude/settings.json");
    let env = json(&fs::read_to_string(&path).unwrap())["env"].clone();
    assert_eq!(
        (&env["HTTPS_PROXY"], &env["https_proxy"]),
        (&"http://proxy.example:8080".into(), &env["HTTPS_PROXY"])
    );
    assert!(env["NO_PROXY"].as_str().unwrap().contains("localhost") && env["HTTP_PROXY"].is_null(), "{env}");

    // With a user it goes again, is named once, and no keyring is asked.
    let configuration =
        configuration.replace("8080'", "8080'\nhttp = 'http://proxy.example:8080'\nusername = 'alice'");
    sandbox.give("~/.config/certman/certman.toml", &configuration);
    let file = sandbox.path("~/.config/certman/certman.toml").display().to_string();
    let keyring = crate::support::host::Memory::default();
    let world = || {
        let home = sandbox.home().display().to_string();
        host().env("HOME", &home).env("CERTMAN_CONFIG", &file).folder(sandbox.folder()).keyring(&keyring)
    };
    let ran = world().run(&["settings", "apply", "--yes", "--json"]);
    assert_eq!((ran.status, keyring.calls()), (0, 0), "{ran:?}");
    assert_eq!(ran.codes(), ["settings-proxy-left-out"], "{ran:?}");
    let env = json(&fs::read_to_string(&path).unwrap())["env"].clone();
    assert!(env["HTTPS_PROXY"].is_null() && env["https_proxy"].is_null(), "{env}");
    assert_eq!(env["NODE_EXTRA_CA_CERTS"], extra);
    succeed(&sandbox, &["settings", "remove", "--yes"]);
    assert!(!path.exists());
}

/// A sandbox with a configuration of everything: bundle, certificate and key.
fn configured() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "dirty/clean.pem");
    sandbox.copy("client.pem", "pki/client-p256.pem");
    sandbox.copy("client.key", "keys/p256.pkcs8.pem");
    let folder = sandbox.folder();
    let client = format!("[client]\ncert = '{0}/client.pem'\nkey = '{0}/client.key'\n", folder.display());
    sandbox.give("~/.config/certman/certman.toml", bundle_configuration(&sandbox) + &client);
    sandbox
}

fn bundle_configuration(sandbox: &Sandbox) -> String {
    let folder = sandbox.folder();
    format!("[bundle]\nsources = ['{0}/corp.pem']\nout = '{0}/extra.pem'\n", folder.display())
}

fn certman(sandbox: &Sandbox) -> Command {
    let mut command = bare(Path::new(env!("CARGO_BIN_EXE_certman")));
    command.env("HOME", sandbox.home()).current_dir(sandbox.folder());
    command
}

fn succeed(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let output = sandbox.certman(arguments).output();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    output
}

/// Runs certman on a terminal and answers its question; before that, somebody may write a file. Gives status and what was said.
fn at_terminal(
    sandbox: &Sandbox,
    arguments: &[&str],
    answer: &str,
    meanwhile: Option<(&PathBuf, &str)>,
) -> Option<(i32, String)> {
    at_terminal_with(sandbox, arguments, answer, meanwhile, None)
}

fn at_terminal_with(
    sandbox: &Sandbox,
    arguments: &[&str],
    answer: &str,
    meanwhile: Option<(&PathBuf, &str)>,
    command: Option<&str>,
) -> Option<(i32, String)> {
    let script = "
import os, pty, subprocess, sys
answer, path, text, meanwhile = sys.argv[1:5]
child, device = pty.fork()
if child == 0:
    os.execv(sys.argv[5], sys.argv[5:])
said = b''
def read():
    try:
        return os.read(device, 65536)
    except OSError:
        return b''
while b'[y/N] ' not in said:
    more = read()
    if not more:
        break
    said += more
else:
    if path:
        open(path, 'w').write(text)
    if meanwhile:
        subprocess.run(meanwhile.split(' '), check=True, timeout=15, stdin=subprocess.DEVNULL, start_new_session=True)
    import time
    time.sleep(0.1)
    os.write(device, answer.encode())
    while more := read():
        said += more
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";
    let mut python = python()?;
    let (path, text) = meanwhile.map_or((PathBuf::new(), ""), |(path, text)| (path.clone(), text));
    python.args(["-c", script, answer]).arg(path).args([text, command.unwrap_or_default()]);
    python.arg(env!("CARGO_BIN_EXE_certman")).args(arguments);
    python.env("HOME", sandbox.home()).env("TERM", "dumb").current_dir(sandbox.folder());
    let output = python.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    Some((output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn text_of(document: &Document) -> String {
    String::from_utf8(document.to_bytes().to_vec()).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Documents in every spelling that JSON allows, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Root objects have names of their own; sometimes there is an `env`.
    fn document(&mut self) -> String {
        let blank = *self.pick(&["", " ", "\n  ", "\r\n\t", "\n", " \t"]);
        let mut members: Vec<String> = (0..self.below(4))
            .map(|number| {
                format!("\"k{number}{}\"{}:{}{}", self.escape(), self.blank(), self.blank(), self.value(3))
            })
            .collect();
        if self.below(2) == 0 {
            let inside = *self.pick(&["", " ", "\n    ", "\r\n\t\t"]);
            let variables: Vec<String> = (0..self.below(4))
                .map(|number| format!("\"V{number}\":{}\"{}\"", self.blank(), self.escape()))
                .collect();
            let env = if variables.is_empty() {
                format!("\"env\":{}{{{inside}}}", self.blank())
            } else {
                format!("\"env\": {{{inside}{}{blank}}}", variables.join(&format!(",{inside}")))
            };
            let at = self.below(members.len() + 1);
            members.insert(at, env);
        }
        let end = *self.pick(&["", "\n", "\r\n", "\n\n "]);
        if members.is_empty() {
            return format!("{{{blank}}}{end}");
        }
        format!("{{{blank}{}{}}}{end}", members.join(&format!(",{blank}")), self.blank())
    }

    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => self
                .pick(&["0", "-0", "1.50", "1e5", "-1.5E-3", "100000000000000000000", "0.1e+1"])
                .to_string(),
            1 => self.pick(&["true", "false", "null"]).to_string(),
            2..5 => format!("\"{}{}\"", self.escape(), self.escape()),
            5 => {
                let list: Vec<String> = (0..self.below(3)).map(|_| self.value(depth - 1)).collect();
                format!("[{}{}{}]", self.blank(), list.join(", "), self.blank())
            }
            _ => {
                let members: Vec<String> = (0..self.below(3))
                    .map(|number| format!("\"env{number}\": {}", self.value(depth - 1)))
                    .collect();
                format!("{{{}{}}}", self.blank(), members.join(" ,\n"))
            }
        }
    }

    fn escape(&mut self) -> &'static str {
        self.pick::<&'static str>(&[
            "",
            "a",
            "\\u00e4",
            "\\\\",
            "\\\"",
            "\\/",
            "\\n",
            "ä",
            "😀",
            "\\ud83d\\ude00",
            "//",
            "{}",
            ",",
            ": ",
        ])
    }

    fn blank(&mut self) -> &'static str {
        self.pick::<&'static str>(&["", " ", "\n", "\t", "  \r\n"])
    }
}

/// What certman sets in the random documents.
const NAMES: [&str; 3] = ["NODE_EXTRA_CA_CERTS", "CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY"];
