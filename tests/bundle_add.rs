//! `certman bundle --add`: a certificate that somebody has compared becomes a source of the bundle, and nothing else does.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::thread;

use crate::support::host::{Answers, Ran, host};
use crate::support::{Sandbox, mode, testdata};

const ROOT: &str = "283190e11834d46dd03754edbed340cafa4b820b7242fc9d6b8c7865bd34ebfd";
const OTHER: &str = "728618e8b9b79dca350953c35920f6cf9a26ac15347de0bf1e28c7bb8a5af576";

/// A bundle with one source, and what lies where.
fn setup() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy("~/ca/e1.pem", "pki/root-p256.pem");
    sandbox.give(
        "~/.config/certman/certman.toml",
        "[bundle]\nsources = [\"~/ca\"]\nout = \"~/trust/corp.pem\"\n",
    );
    sandbox.copy("new.pem", "pki/root-rsa.pem");
    run(&sandbox, &["bundle"], &Answers::default()).done();
    sandbox.accept_what_is_there();
    sandbox
}

fn run(sandbox: &Sandbox, arguments: &[&str], person: &Answers) -> Ran {
    let home = sandbox.home();
    host().folder(sandbox.folder()).env("HOME", home.to_str().unwrap()).terminal(person).run(arguments)
}

trait Done {
    fn done(self) -> Self;
}

impl Done for Ran {
    fn done(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

fn blocks(files: &BTreeMap<PathBuf, Vec<u8>>, path: &PathBuf) -> usize {
    String::from_utf8_lossy(&files[path]).matches("-----BEGIN CERTIFICATE-----").count()
}

/// Serves a file, as often as it is asked for; the address of the server.
fn serve(content: Vec<u8>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                head.push(byte[0]);
            }
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", content.len());
            let _ = stream.write_all(&content);
        }
    });
    address
}

#[test]
fn a_certificate_with_its_fingerprint_is_a_source_from_then_on() {
    let sandbox = setup();
    let (bundle, added) = (
        sandbox.path("~/trust/corp.pem"),
        sandbox.path("~/trust/corp.pem.added.d/example-corp-root-r1-283190e11834d46d.pem"),
    );
    let colons: String = ROOT
        .to_uppercase()
        .as_bytes()
        .chunks(2)
        .map(|pair| str::from_utf8(pair).unwrap())
        .collect::<Vec<_>>()
        .join(":");
    let ran =
        run(&sandbox, &["bundle", "--add", "new.pem", "--fingerprint", &colons], &Answers::default()).done();
    assert!(ran.stdout.contains("added: "), "{ran:?}");
    let files = sandbox.files();
    assert_eq!(blocks(&files, &bundle), 2);
    assert_eq!(blocks(&files, &added), 1);
    assert_eq!(mode(&added), 0o644);
    assert_eq!(mode(added.parent().unwrap()), 0o700);

    // Twice is once.
    let again =
        run(&sandbox, &["bundle", "--add", "new.pem", "--fingerprint", ROOT, "--json"], &Answers::default())
            .done();
    assert_eq!(again.json()["added"]["changed"], false);
    assert_eq!(again.json()["bundle"]["changed"], false);
    assert_eq!(sandbox.files(), files);

    // The bundle is made of it by itself, and everyone who asks about sources sees it.
    run(&sandbox, &["bundle"], &Answers::default()).done();
    assert_eq!(sandbox.files(), files);
    let check = run(&sandbox, &["check", "--json", "--fail-on", "never"], &Answers::default()).done();
    assert!(!check.codes().contains(&"bundle-stale".to_owned()), "{check:?}");
    // What is named on the command line stands alone.
    run(&sandbox, &["bundle", "new.pem", "-o", "named.pem"], &Answers::default()).done();
    run(&sandbox, &["bundle", sandbox.path("~/ca").to_str().unwrap()], &Answers::default()).done();
    assert_eq!(blocks(&sandbox.files(), &bundle), 1);

    // `env` notices that it is there, and that it is gone.
    run(&sandbox, &["env"], &Answers::default()).done();
    assert_eq!(blocks(&sandbox.files(), &bundle), 2);
    std::fs::remove_file(&added).unwrap();
    run(&sandbox, &["env"], &Answers::default()).done();
    assert_eq!(blocks(&sandbox.files(), &bundle), 1);
    run(&sandbox, &["bundle"], &Answers::default()).done();
}

#[test]
fn an_address_is_asked_and_the_one_that_is_meant_is_taken_of_many() {
    let sandbox = setup();
    let pem = std::fs::read(testdata("dirty/pkcs7-ber.p7b")).unwrap();
    let several = [
        std::fs::read(testdata("pki/root-rsa.pem")).unwrap(),
        std::fs::read(testdata("pki/intermediate-rsa-1.pem")).unwrap(),
    ]
    .concat();
    for (index, content) in [several, pem].into_iter().enumerate() {
        let address = format!("{}/aia/ca.p7c", serve(content));
        let ran = run(&sandbox, &["bundle", "--add", &address, "--json"], &Answers::of(&["y"]));
        assert_eq!(ran.status, 1, "{ran:?}");
        let message = ran.json()["error"].to_string();
        assert!(message.contains(" certificates: "), "{message}");
        if index == 0 {
            let other =
                run(&sandbox, &["bundle", "--add", &address, "--fingerprint", OTHER], &Answers::default());
            assert_eq!(other.status, 1, "{other:?}");
            run(&sandbox, &["bundle", "--add", &address, "--fingerprint", ROOT], &Answers::default()).done();
        }
    }
}

#[test]
fn the_proxy_for_http_is_asked_for_an_address_and_not_for_an_exception() {
    let sandbox = setup();
    let proxy = serve(std::fs::read(testdata("pki/root-rsa.pem")).unwrap());
    let toml = format!(
        "[bundle]\nsources = [\"~/ca\"]\nout = \"~/trust/corp.pem\"\n[proxy]\nhttp = \"{proxy}\"\nno_proxy = [\".near.invalid\"]\n"
    );
    sandbox.give("~/.config/certman/certman.toml", toml);
    let near = run(
        &sandbox,
        &["bundle", "--add", "http://pki.near.invalid/ca.crt", "--fingerprint", ROOT],
        &Answers::default(),
    );
    assert_eq!(near.status, 1, "{near:?}");
    assert!(near.stderr.contains("'pki.near.invalid' cannot be reached"), "{near:?}");
    run(
        &sandbox,
        &["bundle", "--add", "http://pki.far.invalid/ca.crt", "--fingerprint", ROOT],
        &Answers::default(),
    )
    .done();
}

#[test]
fn what_is_not_the_one_that_was_compared_leaves_everything_as_it_was() {
    let sandbox = setup();
    sandbox.copy("key.pem", "dirty/key-among.pem");
    sandbox.copy("leaf.pem", "pki/client-rsa-2048.pem");
    sandbox.copy("old.pem", "pki/root-expired.pem");
    sandbox.copy("store.p12", "dirty/identity.p12");
    sandbox.give("page.html", "<html>sign in</html>");
    let before = sandbox.files();
    for (arguments, status, says) in [
        (&["new.pem", "--fingerprint", OTHER][..], 1, "has this fingerprint: '"),
        (&["new.pem", "--fingerprint", &ROOT[..40]], 64, "SHA-1"),
        (&["new.pem", "--fingerprint", "abc"], 64, "64 hexadecimal digits"),
        (&["key.pem", "--fingerprint", ROOT], 1, "holds a private key"),
        (&["leaf.pem"], 1, "not the certificate of a CA"),
        (&["old.pem"], 1, "has expired"),
        (&["store.p12"], 1, "is a store"),
        (&["page.html"], 1, "no certificate"),
        (&["missing.pem"], 1, "no such file"),
        (&["https://127.0.0.1/ca.crt"], 64, "http://HOST/PATH"),
        (&["http://127.0.0.1:1/ca.crt"], 1, "cannot be fetched"),
        (&["new.pem", "--out", "-"], 64, "standard output"),
        (&["new.pem", "other.pem"], 64, "cannot be used with"),
    ] {
        let ran = run(&sandbox, &[&["bundle", "--add"], arguments].concat(), &Answers::of(&["y"]));
        assert_eq!(ran.status, status, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(says), "{arguments:?}: {ran:?}");
        assert_eq!(sandbox.files(), before, "{arguments:?}");
    }
    let alone = run(&sandbox, &["bundle", "--fingerprint", ROOT], &Answers::default());
    assert_eq!(alone.status, 64, "{alone:?}");

    // Where the bundle cannot be made, the certificate is no source either.
    sandbox.give(
        "~/.config/certman/certman.toml",
        "[bundle]\nsources = [\"~/gone\"]\nout = \"~/trust/corp.pem\"\n",
    );
    let before = sandbox.files();
    let ran = run(&sandbox, &["bundle", "--add", "new.pem", "--fingerprint", ROOT], &Answers::default());
    assert_eq!(ran.status, 1, "{ran:?}");
    assert_eq!(sandbox.files(), before);
    assert!(!sandbox.path("~/trust/corp.pem.added.d").exists());
}

#[test]
fn who_has_compared_nothing_is_asked_or_told_how() {
    let sandbox = setup();
    let before = sandbox.files();
    let nobody = run(&sandbox, &["bundle", "--add", "new.pem"], &Answers::default());
    assert_eq!(nobody.status, 1);
    assert!(
        nobody.stderr.contains(&format!("`certman bundle --add new.pem --fingerprint {ROOT}`")),
        "{nobody:?}"
    );
    let silent = run(&sandbox, &["--no-input", "bundle", "--add", "new.pem"], &Answers::of(&["y"]));
    assert_eq!(silent.status, 1);
    let person = Answers::of(&["n"]);
    assert_eq!(run(&sandbox, &["bundle", "--add", "new.pem"], &person).status, 1);
    assert_eq!(sandbox.files(), before);
    let question = person.questions().concat();
    for part in ["CN=Example Corp Root R1", "2025-01-01 to 2046-01-01", "28:31:90:E1", "[y/N]"] {
        assert!(question.contains(part), "{question}");
    }
    let rehearsal = run(&sandbox, &["bundle", "--add", "new.pem", "--dry-run"], &Answers::default()).done();
    assert!(rehearsal.stderr.contains("would become a source"), "{rehearsal:?}");
    assert_eq!(sandbox.files(), before);

    run(&sandbox, &["bundle", "--add", "new.pem"], &Answers::of(&["y"])).done();
    assert_eq!(blocks(&sandbox.files(), &sandbox.path("~/trust/corp.pem")), 2);
}

#[test]
fn what_is_added_to_one_bundle_is_no_source_of_another_one_beside_it() {
    let sandbox = setup();
    sandbox.give(
        "~/.config/certman/certman.toml",
        "[bundle]\nsources = [\"~/ca\"]\nout = \"~/trust/corp.pem\"\n[profile.lab.bundle]\nout = \"~/trust/lab.pem\"\n",
    );
    run(
        &sandbox,
        &["--profile", "lab", "bundle", "--add", "new.pem", "--fingerprint", ROOT],
        &Answers::default(),
    )
    .done();
    run(&sandbox, &["bundle"], &Answers::default()).done();
    let files = sandbox.files();
    assert_eq!(blocks(&files, &sandbox.path("~/trust/lab.pem")), 2);
    assert_eq!(blocks(&files, &sandbox.path("~/trust/corp.pem")), 1);
}

#[test]
fn without_any_other_source_it_makes_the_first_bundle() {
    let sandbox = Sandbox::new();
    sandbox.copy("new.pem", "pki/root-rsa.pem");
    run(&sandbox, &["bundle", "--add", "new.pem", "--fingerprint", ROOT], &Answers::default()).done();
    let bundle = sandbox.path("~/.local/share/certman/extra.pem");
    assert_eq!(blocks(&sandbox.files(), &bundle), 1);
    let env = run(&sandbox, &["env"], &Answers::default()).done();
    assert!(env.stdout.contains("NODE_EXTRA_CA_CERTS="), "{env:?}");
}
