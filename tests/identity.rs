//! The identity and `certman key` where a keyring, a person or other programs take part: in process with a keyring in memory, and as
//! a program with a real gnome-keyring, a real terminal, OpenSSL, Node and Bun.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use certman::clients::Client;
use certman::clients::key::{refusal_of_key_kind, refusals_of_chain_file, refusals_of_key_file};
use certman::pki::key::{Content, Limits, detect};
use certman::secret::Passphrase;

use crate::keyring::secret_service::SecretService;
use crate::support::host::{Answers, Memory, Ran, Trouble, host};
use crate::support::{Sandbox, bare, fixture_passphrase, in_project, mode, program, testdata};

#[test]
fn what_the_keyring_says_is_told_apart() {
    let place = Place::new();
    for (keyring, status, code, opened) in [
        (place.remembering("plain"), 0, None, "true"),
        (place.remembering("other"), 2, Some("passphrase-wrong"), "false"),
        (Memory::default(), 2, Some("passphrase-missing"), "null"),
        (place.remembering("plain").but(Trouble::Locked), 3, Some("keyring-locked"), "null"),
        (place.remembering("plain").but(Trouble::NoService), 3, Some("keyring-unavailable"), "null"),
        (place.remembering("plain").but(Trouble::Silent), 3, Some("keyring-timeout"), "null"),
    ] {
        for command in [&["key", "check"][..], &["check"]] {
            let ran = place.run(&keyring, &Answers::default(), &[command, &["--json"]].concat());
            // `check` runs from cron, where there never is a keyring: that is mere information to it.
            let is_cron = *command == ["check"] && code == Some("keyring-unavailable");
            let status = if is_cron { 0 } else { status };
            assert_eq!((ran.status, ran.codes()), (status, code.into_iter().map(str::to_owned).collect()));
            assert_eq!(ran.json()["keys"][0]["opened"].to_string(), opened);
        }
        let ran = place.run(&keyring, &Answers::default(), &["env", "--verify", "--shell", "sh", "--json"]);
        assert_eq!(ran.status == 0, status == 0, "{ran:?}");
    }
}

#[test]
fn the_next_step_for_the_keyring_names_the_key_unless_it_is_the_configured_one() {
    // `key remember` alone stored the passphrase of the configured key, whatever key it was that lacked one.
    let place = Place::new();
    place.sandbox.copy("another key.pem", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
    std::fs::write(place.sandbox.path("certman.toml"), "[client]\nkey = 'k.pem'\n").unwrap();
    let another = place.sandbox.path("another key.pem").display().to_string();
    let run = |arguments: &[&str]| {
        let arguments = [arguments, &["--config", "certman.toml"]].concat();
        place.host(&Memory::default(), &Answers::default()).run(&arguments)
    };
    let config = "certman --config certman.toml";
    let fix = |arguments: &[&str]| {
        run(&[arguments, &["--json"]].concat()).json()["findings"][0]["fix"].as_str().map(str::to_owned)
    };
    assert_eq!(fix(&["key", "check"]), Some(format!("store it once with `{config} key remember`")));
    let of_another = format!("`{config} key remember --key '{another}'`");
    for arguments in [
        &["key", "check", "--key", "another key.pem"][..],
        &["inspect", "another key.pem", "--passphrase", "keyring"],
    ] {
        assert_eq!(fix(arguments), Some(format!("store it once with {of_another}")), "{arguments:?}");
    }
    let ran = run(&["key", "decrypt", "--key", "another key.pem", "--out", "plain.pem", "--no-input"]);
    assert!(ran.stderr.contains(&of_another), "{ran:?}");
}

#[test]
fn a_person_is_asked_only_where_nobody_has_named_a_place_and_the_keyring_has_no_entry() {
    let place = Place::new();
    let plain = fixture_passphrase("plain");
    let asked = |keyring: &Memory, arguments: &[&str]| {
        let person = Answers::of(&[&plain]);
        (place.run(keyring, &person, arguments).status, person.questions().len())
    };
    assert_eq!(asked(&Memory::default(), &["key", "check"]), (0, 1));
    assert_eq!(asked(&place.remembering("plain"), &["key", "check"]), (0, 0));
    assert_eq!(asked(&Memory::default(), &["key", "check", "--no-input"]), (2, 0));
    assert_eq!(asked(&Memory::default(), &["key", "check", "--passphrase", "keyring"]), (2, 0));
    assert_eq!(asked(&Memory::default().but(Trouble::Locked), &["key", "check"]), (3, 0));
    assert_eq!(asked(&Memory::default(), &["key", "decrypt", "--out", "plain.pem"]), (0, 1));
    // What runs unattended asks nobody, unless it is told to.
    assert_eq!(asked(&Memory::default(), &["check"]), (2, 0));
    assert_eq!(asked(&Memory::default(), &["env", "--shell", "sh", "--json"]), (1, 0));
    assert_eq!(
        asked(&Memory::default(), &["env", "--shell", "sh", "--json", "--passphrase", "prompt"]),
        (0, 1)
    );
}

#[test]
fn a_key_without_a_passphrase_never_wakes_the_keyring() {
    let place = Place::new();
    place.sandbox.copy("k.pem", "keys/p256.pkcs8.pem");
    let keyring = place.remembering("plain");
    for arguments in [&["key", "check"][..], &["check"], &["env", "--shell", "sh"], &["key", "remember"]] {
        let person = Answers::of(&["x", "x"]);
        place.run(&keyring, &person, arguments);
        assert_eq!((keyring.calls(), person.questions().len()), (0, 0), "{arguments:?}");
    }
}

#[test]
fn a_passphrase_is_remembered_when_it_was_typed_twice_and_opens_the_key() {
    let place = Place::new();
    let (plain, other) = (fixture_passphrase("plain"), fixture_passphrase("other"));
    let remember = |answers: &[&str], keyring: &Memory| {
        let person = Answers::of(answers);
        let ran = place.run(keyring, &person, &["key", "remember"]);
        (ran, person.questions())
    };
    let keyring = Memory::default();
    let (ran, questions) = remember(&[&plain, &plain], &keyring);
    assert_eq!((ran.status, keyring.entry(&place.account())), (0, Some(plain.clone())));
    assert_eq!(
        questions,
        [format!("Passphrase for '{}': ", place.key().display()), "The same again: ".into()]
    );
    assert!(ran.stderr.contains(&format!("as '{}' of 'certman'", place.account())), "{ran:?}");

    // Two different ones: asked again.
    let keyring = Memory::default();
    let (ran, questions) = remember(&[&plain, &other, &plain, &plain], &keyring);
    assert_eq!((ran.status, questions.len()), (0, 4));
    assert_eq!(keyring.entry(&place.account()), Some(plain.clone()));

    // Three times two different ones, twice the wrong one, no answer: nothing is stored, nothing is asked of the keyring.
    for (answers, told) in [
        (&[&*plain, &*other, &*plain, &*other, &*plain, &*other][..], "typed twice the same"),
        (&[&other, &other], "does not open the client key"),
        (&[&plain], "no passphrase was given"),
        (&["", ""], "is empty"),
    ] {
        let keyring = Memory::default();
        let (ran, _) = remember(answers, &keyring);
        assert_eq!((ran.status, keyring.calls()), (1, 0), "{ran:?}");
        assert!(ran.stderr.contains(told), "{ran:?}");
    }
}

#[test]
fn what_the_keyring_has_stored_is_read_back() {
    let place = Place::new();
    let plain = fixture_passphrase("plain");
    for (trouble, told) in [
        (Trouble::Forgetful, "gives back something else"),
        (Trouble::Locked, "is locked"),
        (Trouble::ReadOnly, "read-only"),
        (Trouble::Silent, "did not answer within 5 seconds"),
    ] {
        let keyring = Memory::default().but(trouble);
        let ran = place.run(&keyring, &Answers::of(&[&plain, &plain]), &["key", "remember"]);
        assert_eq!(ran.status, 1);
        assert!(ran.stderr.contains(told) && ran.stderr.contains("hint"), "{ran:?}");
    }
}

#[test]
fn a_blank_at_the_end_of_a_passphrase_is_stored_and_warned_of() {
    let place = Place::new();
    place.sandbox.copy("k.pem", "keys/encrypted/p256.passphrase-trailing-blank.pem");
    let odd = fixture_passphrase("trailing-blank");
    let keyring = Memory::default();
    let ran = place.run(&keyring, &Answers::of(&[&odd, &odd]), &["key", "remember"]);
    assert_eq!((ran.status, keyring.entry(&place.account())), (0, Some(odd)));
    assert!(ran.stderr.contains("warning") && ran.stderr.contains("it ends in a blank"), "{ran:?}");
}

#[test]
fn what_is_forgotten_is_gone_and_what_is_not_there_is_an_error() {
    let place = Place::new();
    let keyring = place.remembering("plain");
    assert_eq!(place.run(&keyring, &Answers::default(), &["key", "forget"]).status, 0);
    assert_eq!(keyring.entry(&place.account()), None);
    let ran = place.run(&keyring, &Answers::default(), &["key", "forget", "--json"]);
    assert_eq!(ran.status, 1);
    assert!(ran.json()["error"]["message"].as_str().unwrap().contains("has no entry"), "{ran:?}");
}

#[test]
fn the_keyring_follows_a_new_passphrase() {
    let place = Place::new();
    let (plain, other) = (fixture_passphrase("plain"), fixture_passphrase("other"));
    let encrypt = ["key", "encrypt", "--iterations", "2048", "--new-passphrase", "prompt"];

    let keyring = place.remembering("plain");
    let ran = place.run(&keyring, &Answers::of(&[&other, &other]), &encrypt);
    assert_eq!((ran.status, keyring.entry(&place.account())), (0, Some(other.clone())), "{ran:?}");
    assert!(place.opens_with(&other) && !place.opens_with(&plain));
    assert_eq!(place.run(&keyring, &Answers::default(), &["key", "check"]).status, 0);

    // A keyring that refuses: the key has its new passphrase, and that is said.
    let place = Place::new();
    let keyring = place.remembering("plain").but(Trouble::ReadOnly);
    let ran = place.run(&keyring, &Answers::of(&[&other, &other]), &encrypt);
    assert_eq!((ran.status, keyring.entry(&place.account())), (1, Some(plain.clone())));
    assert!(ran.stderr.contains("has its new passphrase, and the keyring still has the old one"), "{ran:?}");
    assert!(ran.stderr.contains("certman key remember"), "{ran:?}");
    assert!(place.opens_with(&other));

    // Another file does not touch the entry of the first.
    let place = Place::new();
    let keyring = place.remembering("plain");
    let ran =
        place.run(&keyring, &Answers::of(&[&other, &other]), &[&encrypt[..], &["--out", "new.pem"]].concat());
    assert_eq!((ran.status, keyring.entry(&place.account())), (0, Some(plain.clone())), "{ran:?}");
    assert!(place.opens_with(&plain));

    // With the old passphrase typed, the keyring is told of, and not written.
    let keyring = Memory::default();
    let ran = place.run(&keyring, &Answers::of(&[&plain, &other, &other]), &encrypt);
    assert_eq!((ran.status, keyring.entry(&place.account())), (0, None), "{ran:?}");
    assert!(place.opens_with(&other));
}

#[test]
fn a_plain_key_is_asked_for_a_passphrase_twice() {
    let place = Place::new();
    place.sandbox.copy("k.pem", "keys/p256.sec1.der");
    let other = fixture_passphrase("other");
    let keyring = Memory::default();
    let person = Answers::of(&[&other, &other]);
    let ran = place.run(&keyring, &person, &["key", "encrypt", "--iterations", "2048", "--backup"]);
    assert_eq!((ran.status, person.questions().len(), keyring.calls()), (0, 2, 0), "{ran:?}");
    assert!(place.opens_with(&other));
    assert_eq!(mode(&place.key()), 0o600);
    assert_eq!(
        std::fs::read(place.sandbox.path("k.pem.bak")).unwrap(),
        std::fs::read(testdata("keys/p256.sec1.der")).unwrap()
    );
}

#[test]
fn a_key_of_another_user_is_told() {
    let place = Place::new();
    if std::os::unix::fs::chown(place.key(), Some(54_321), None).is_err() {
        // No program that could be installed: only root gives files away.
        eprintln!("MISSING: root, to give a file away");
        return;
    }
    let ran = place.run(&place.remembering("plain"), &Answers::default(), &["key", "check", "--json"]);
    assert_eq!((ran.status, ran.codes()), (1, vec!["key-permissions".to_owned()]));
    assert!(ran.stdout.contains("belongs to another user (number 54321)"), "{ran:?}");
}

#[test]
fn the_day_is_an_argument() {
    let place = Place::new();
    for (day, status, codes) in [
        ("2045-11-15", 0, vec![]),
        ("2045-12-10", 1, vec!["cert-expiring"]),
        ("2045-12-25", 2, vec!["cert-expiring-critical"]),
        ("2046-01-02", 2, vec!["cert-expired"]),
        ("2024-12-31", 2, vec!["cert-not-yet-valid"]),
    ] {
        place.sandbox.copy("c.pem", "pki/client-p256.pem");
        let ran = place
            .host(&place.remembering("plain"), &Answers::default())
            .at(day)
            .run(&place.arguments(&["key", "check", "--json"]));
        assert_eq!(
            (ran.status, ran.codes()),
            (status, codes.into_iter().map(str::to_owned).collect()),
            "{day}"
        );
    }
}

#[test]
fn a_real_keyring_remembers_and_forgets() {
    let programs = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"];
    if !programs.iter().all(|name| program(name).is_some()) {
        return;
    }
    let service = SecretService::start();
    let place = Place::new();
    let entry = &["service", "certman", "username", &place.account()];
    let run = |arguments: &[&str]| {
        let run = place.sandbox.certman(place.arguments(arguments));
        run.env("DBUS_SESSION_BUS_ADDRESS", service.address()).output()
    };
    let status = |output: &Output| output.status.code().unwrap();
    let stored = || service.look_up(entry).map(|bytes| String::from_utf8(bytes).unwrap());

    assert_eq!(status(&run(&["key", "check", "--no-input"])), 2);
    place.sandbox.give("wrong.txt", fixture_passphrase("other"));
    assert_eq!(status(&run(&["key", "remember", "--passphrase-file", "wrong.txt"])), 1);
    assert_eq!(stored(), None);

    let right = place.sandbox.copy("right.txt", "passphrases/plain.txt");
    assert_eq!(status(&run(&["key", "remember", "--passphrase-file", right.to_str().unwrap()])), 0);
    assert_eq!(stored(), Some(fixture_passphrase("plain")));
    assert_eq!(status(&run(&["key", "check"])), 0);
    assert_eq!(status(&run(&["check"])), 0);

    // The keyring follows a new passphrase.
    let encrypt = ["key", "encrypt", "--iterations", "2048", "--new-passphrase", "file:wrong.txt"];
    let sealing = place.sandbox.certman(place.arguments(&encrypt));
    // The sealed key counts as one in the leak check.
    let output = sealing.env("DBUS_SESSION_BUS_ADDRESS", service.address()).reveals_secret().output();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((output.stdout.len(), output.stderr.iter().filter(|byte| **byte == b'\n').count()), (0, 1));
    place.sandbox.accept_what_is_there();
    assert_eq!(stored(), Some(fixture_passphrase("other")));
    assert_eq!(status(&run(&["key", "check"])), 0);

    assert_eq!(status(&run(&["key", "forget"])), 0);
    assert_eq!(stored(), None);
    assert_eq!(status(&run(&["key", "forget"])), 1);

    // An entry that was made by hand; then a keyring that is locked.
    service.put(entry, fixture_passphrase("other").as_bytes());
    assert_eq!(status(&run(&["key", "check"])), 0);
    service.lock();
    let output = run(&["key", "check", "--json"]);
    assert_eq!(status(&output), 3);
    assert!(String::from_utf8_lossy(&output.stdout).contains("keyring-locked"), "{output:?}");
}

#[test]
fn remember_asks_twice_on_a_real_terminal() {
    let programs = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool", "python3"];
    if !programs.iter().all(|name| program(name).is_some()) {
        return;
    }
    let service = SecretService::start();
    let place = Place::new();
    let plain = fixture_passphrase("plain");
    let mut command = bare(&program("python3").unwrap());
    command.args(["-c", ON_A_TERMINAL]).args([&plain, "something else", &plain, &plain]).arg("--");
    command.arg(env!("CARGO_BIN_EXE_certman")).args(place.arguments(&["key", "remember"]));
    command.env("DBUS_SESSION_BUS_ADDRESS", service.address()).env("HOME", place.sandbox.home());
    let output = command.current_dir(place.sandbox.folder()).output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    let question = format!("Passphrase for '{}': ", place.key().display());
    let shown = format!(
        "{question}\r\nThe same again: \r\nThese were two different ones. {question}\r\nThe same again: \r\n"
    );
    assert!(screen.starts_with(&shown), "{screen}");
    assert!(output.status.success() && screen.contains("the passphrase is in the keyring now"), "{output:?}");
    assert!(!screen.contains(&plain) && !screen.contains("something"), "{screen}");
    let entry = service.look_up(&["service", "certman", "username", &place.account()]);
    assert_eq!(entry, Some(plain.into_bytes()));
}

#[test]
fn what_encrypt_and_decrypt_write_openssl_node_and_bun_read() {
    let Some(openssl) = program("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.copy("new.txt", "passphrases/other.txt");
    let mut portable = Vec::new();
    for (name, path) in key_files() {
        let bytes = std::fs::read(&path).unwrap();
        let Ok(file) = detect(&bytes) else { continue };
        let passphrase = passphrase_of(&name);
        let opened = match file.content {
            Content::Plain(key) => Some(key),
            Content::Sealed(sealed) => {
                sealed.open(&Passphrase::new(passphrase.into()), &Limits::DEFAULT).ok()
            }
        };
        let Some(key) = opened else { continue };
        let (sealed, plain) = (format!("{name}.sealed"), format!("{name}.plain"));
        for (verb, out, rest) in [
            ("encrypt", &sealed, &["--iterations", "2048", "--new-passphrase", "file:new.txt"][..]),
            ("decrypt", &plain, &[]),
        ] {
            let arguments =
                ["key", verb, "--key", path.to_str().unwrap(), "--passphrase", "env:P", "--out", out];
            let ran = host()
                .folder(sandbox.folder())
                .env("P", passphrase_of(&name))
                .run(&[&arguments[..], rest].concat());
            assert_eq!(ran.status, 0, "{name}: {ran:?}");
        }
        for file in [&sealed, &plain] {
            assert_eq!(mode(&sandbox.path(file)), 0o600);
            let mut command = bare(&openssl);
            command.current_dir(sandbox.folder()).args([
                "pkey",
                "-in",
                file,
                "-passin",
                "file:new.txt",
                "-outform",
                "DER",
            ]);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{file}: {output:?}");
            let read = detect(&output.stdout).unwrap_or_else(|error| panic!("{file}: {error:?}"));
            let Content::Plain(read) = read.content else { panic!("{file}") };
            assert_eq!(read.to_pkcs8_der().expose_secret(), key.to_pkcs8_der().expose_secret(), "{file}");
        }
        if refusal_of_key_kind(key.algorithm()).is_none_or(|refusal| refusal.what.contains("P-521")) {
            portable.extend([sandbox.path(&sealed), sandbox.path(&plain)]);
        }
    }
    assert!(portable.len() > 100, "{}", portable.len());
    for runtime in ["node", "bun"] {
        let files = portable.iter().map(|path| (path.clone(), fixture_passphrase("other")));
        for (path, loads) in loads_key(runtime, files.collect()).unwrap_or_default() {
            assert!(loads, "{runtime}: {}", path.display());
        }
    }
}

#[test]
fn node_and_bun_open_the_keys_that_they_are_said_to_open_and_no_others() {
    for (runtime, client) in [("node", Client::Node), ("bun", Client::Bun)] {
        let files = key_files().into_iter().map(|(name, path)| (path, passphrase_of(&name).to_owned()));
        let Some(answers) = loads_key(runtime, files.collect()) else { continue };
        for (path, loads) in answers {
            let Ok(file) = detect(&std::fs::read(&path).unwrap()) else { continue };
            let name = path.file_name().unwrap().to_str().unwrap();
            // Damage is no matter of the client.
            if name.contains("damaged") || name.contains("cut-short") {
                continue;
            }
            let kind = match &file.content {
                Content::Plain(key) => Some(key.algorithm().clone()),
                Content::Sealed(sealed) => sealed
                    .open(&Passphrase::new(passphrase_of(name).into()), &Limits::DEFAULT)
                    .ok()
                    .map(|key| key.algorithm().clone()),
            };
            let by_file = refusals_of_key_file(&file.facts).iter().any(|one| one.clients().contains(&client));
            // Kinds that load are refused in the handshake, or only with the certificate, by Node; P-521 in TLS 1.2 by Bun.
            let by_kind = kind.as_ref().and_then(refusal_of_key_kind).is_some_and(|one| {
                client == Client::Bun && one.clients().contains(&client) && !one.what.contains("P-521")
            });
            assert_eq!(loads, !by_file && !by_kind, "{runtime}: {name}");
        }
    }
}

#[test]
fn node_and_bun_load_the_chains_that_they_are_said_to_load_and_no_others() {
    let sandbox = Sandbox::new();
    let files: Vec<PathBuf> =
        dirty_chains().into_iter().map(|(name, content)| sandbox.give(name, content)).collect();
    for (runtime, client) in [("node", Client::Node), ("bun", Client::Bun)] {
        let Some(answers) = ask(runtime, LOADS_CHAIN, &testdata("keys/p256.pkcs8.pem"), &files) else {
            continue;
        };
        for (path, loads) in answers {
            let content = std::fs::read(&path).unwrap();
            let refused = refusals_of_chain_file(&content).iter().any(|one| one.clients().contains(&client));
            assert_eq!(loads, !refused, "{runtime}: {}", path.display());
        }
    }
}

/// A folder with key and chain, and how certman is called for them.
struct Place {
    sandbox: Sandbox,
}

impl Place {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.copy("k.pem", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
        sandbox.copy("c.pem", "pki/client-p256-chain.pem");
        Self { sandbox }
    }

    fn key(&self) -> PathBuf {
        self.sandbox.path("k.pem")
    }

    fn account(&self) -> String {
        format!("client-key:{}", self.key().display())
    }

    fn remembering(&self, passphrase: &str) -> Memory {
        Memory::with(&self.account(), &fixture_passphrase(passphrase))
    }

    fn arguments<'a>(&self, arguments: &[&'a str]) -> Vec<&'a str> {
        let takes_certificate = !matches!(arguments, ["key", "remember" | "forget", ..]);
        let certificate: &[&str] = if takes_certificate { &["--cert", "c.pem"] } else { &[] };
        [arguments, &["--key", "k.pem"], certificate].concat()
    }

    fn host(&self, keyring: &Memory, person: &Answers) -> crate::support::host::Builder {
        host().folder(self.sandbox.folder()).keyring(keyring).terminal(person)
    }

    fn run(&self, keyring: &Memory, person: &Answers, arguments: &[&str]) -> Ran {
        self.host(keyring, person).run(&self.arguments(arguments))
    }

    fn opens_with(&self, passphrase: &str) -> bool {
        let file = detect(&std::fs::read(self.key()).unwrap()).unwrap();
        let Content::Sealed(sealed) = file.content else { panic!("it is not sealed") };
        sealed.open(&Passphrase::new(passphrase.into()), &Limits::DEFAULT).is_ok()
    }
}

/// Every key among the fixtures, by its name.
pub(crate) fn key_files() -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    for folder in ["testdata/keys", "testdata/keys/encrypted"] {
        for entry in std::fs::read_dir(in_project(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), path);
            }
        }
    }
    assert!(files.len() > 90);
    files
}

/// The passphrase of a fixture, by the name of its file.
pub(crate) fn passphrase_of(name: &str) -> &'static str {
    let which = name.split("passphrase-").nth(1).and_then(|rest| rest.split('.').next()).unwrap_or("plain");
    fixture_passphrase(which).leak()
}

/// The chain of `pki/client-p256-chain.pem` as it may come in.
pub(crate) fn dirty_chains() -> Vec<(&'static str, Vec<u8>)> {
    let clean = std::fs::read_to_string(testdata("pki/client-p256-chain.pem")).unwrap();
    let begin = clean.find("-----BEGIN").unwrap();
    let clean = &clean[begin..];
    let key = std::fs::read_to_string(testdata("keys/p256.pkcs8.pem")).unwrap();
    let wide = |width: usize| {
        let mut text = String::new();
        for block in clean.split_inclusive("-----END CERTIFICATE-----\n") {
            let base64: String =
                block.lines().filter(|line| !line.starts_with('-') && !line.starts_with('#')).collect();
            let lines: Vec<&str> =
                base64.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
            text +=
                &format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
        }
        text
    };
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(clean.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let texts = [
        ("clean", clean.to_owned()),
        ("crlf", clean.replace('\n', "\r\n")),
        ("lone-cr", clean.replace('\n', "\r")),
        ("bom", format!("\u{feff}{clean}")),
        ("indented", clean.lines().map(|line| format!("    {line}\n")).collect()),
        ("glued", clean.replace("-----\n-----BEGIN", "----------BEGIN")),
        ("no-final-newline", clean.trim_end().to_owned()),
        ("key-first", format!("{key}{clean}")),
        ("key-last", format!("{clean}{key}")),
        ("blank-lines", clean.replace('\n', "\n\n")),
        ("trailing-blanks", clean.replace('\n', "  \n")),
        ("comments", format!("# größe\n{clean}")),
        ("x509", clean.replace("CERTIFICATE", "X509 CERTIFICATE")),
        ("trusted", clean.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
        ("lower-case", clean.replace("CERTIFICATE", "certificate")),
        ("width-76", wide(76)),
        ("width-253", wide(253)),
        ("width-506", wide(506)),
        ("one-line", wide(100_000)),
    ];
    // A file without a single certificate is told as that; nothing is said of its form.
    let texts = texts.into_iter().filter(|(name, _)| *name != "lower-case");
    texts.map(|(name, text)| (name, text.into_bytes())).chain([("utf16", utf16)]).collect()
}

/// Which of these keys a runtime loads with these passphrases. None where it is missing.
fn loads_key(runtime: &str, files: Vec<(PathBuf, String)>) -> Option<Vec<(PathBuf, bool)>> {
    let folder = Sandbox::new();
    let list: String =
        files.iter().map(|(path, passphrase)| format!("{}\t{passphrase}\n", path.display())).collect();
    let list = folder.give("list", list);
    let paths: Vec<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    ask(runtime, LOADS_KEY, &list, &paths)
}

fn ask(runtime: &str, script: &str, first: &Path, files: &[PathBuf]) -> Option<Vec<(PathBuf, bool)>> {
    let mut command: Command = bare(&program(runtime)?);
    let folder = Sandbox::new();
    let script = folder.give("script.js", script);
    command.arg(script).arg(first).args(files).stdout(Stdio::piped());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{runtime}: {output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<bool> = told.lines().map(|line| line == "yes").collect();
    assert_eq!(answers.len(), files.len(), "{runtime}: {told}");
    Some(files.iter().cloned().zip(answers).collect())
}

/// Arguments: a file with a path, a tab and a passphrase on each line.
const LOADS_KEY: &str = r#"
const fs = require("fs"), tls = require("tls");
for (const line of fs.readFileSync(process.argv[2], "utf8").split("\n").filter(line => line)) {
    const [path, passphrase] = line.split("\t");
    try { tls.createSecureContext({ key: fs.readFileSync(path), passphrase }); console.log("yes") }
    catch { console.log("no") }
}
"#;

/// Arguments: the key, then the chains.
const LOADS_CHAIN: &str = r#"
const fs = require("fs"), tls = require("tls");
const key = fs.readFileSync(process.argv[2]);
for (const path of process.argv.slice(3)) {
    try { tls.createSecureContext({ key, cert: fs.readFileSync(path) }); console.log("yes") }
    catch { console.log("no") }
}
"#;

/// Arguments: the answers, `--`, the command. Each answer is typed when a question stands on the screen; prints the screen.
const ON_A_TERMINAL: &str = r#"
import os, pty, signal, sys
signal.alarm(30)
cut = sys.argv.index("--")
answers, command = [a.encode() for a in sys.argv[1:cut]], sys.argv[cut + 1:]
child, terminal = pty.fork()
if child == 0:
    signal.alarm(0)
    os.execv(command[0], command)
screen, answered = b"", 0
while True:
    while answers and screen[answered:].endswith(b": "):
        answered = len(screen)
        os.write(terminal, answers.pop(0) + b"\r")
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    screen += part
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(screen)
sys.exit(os.waitstatus_to_exitcode(status))
"#;
