//! `certman import`: stores and piles of OpenSSL and Java, everything that can be wrong with them, and what is on the disk after each
//! end: a whole pair, whoever fails, kills, fills the disk or imports at the same time. Node and Bun connect with what comes out.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use certman::pki::cert::{Certificate, Fingerprint};
use certman::pki::container::{self, Content as Found};
use certman::pki::key::{Content, Limits, Pairing, detect, proves};
use certman::secret::Passphrase;
use serde_json::Value;

use crate::clients::{Server, connect};
use crate::keyring::secret_service::SecretService;
use crate::support::host::{Answers, Memory, Ran, Trouble, host};
use crate::support::{
    Sandbox, bare, contains, fixture_passphrase, mode, program, python, set_mode, testdata,
};

#[test]
fn a_pile_of_any_form_becomes_a_pair_and_the_second_time_nothing_is_written() {
    let place = Place::new();
    let chain = place.pile("pki/client-p256-chain.pem");
    let sandbox = &place.sandbox;
    sandbox.copy("pile/deep/leaf.cer", "pki/client-p256.pem");
    sandbox.copy("pile/root.pem", "pki/root-p256.pem");
    sandbox.copy("pile/intermediate.pem", "pki/intermediate-p256-1.pem");
    sandbox.copy("pile/stranger.pem", "pki/root-rsa.pem");
    sandbox.copy("key.der", "keys/p256.pkcs8.der");
    for (files, passphrase) in [
        (vec!["pile", "key.der"], "--new-passphrase"),
        (vec!["key.der", "pile"], "--new-passphrase"),
        (vec![&*chain, &*place.key("p256.pbes2-sha512-aes-256.pem")], "--passphrase"),
        (vec![&*chain, &*place.key("p256.scrypt-n32768.pem")], "--passphrase"),
        (vec![&*chain, &*place.key("p256.legacy-aes128.pem")], "--passphrase"),
        (vec![&*chain, &*place.key("p256.pbe-sha1-rc2-40.pem")], "--passphrase"),
        // The same key twice is one key.
        (vec![&*chain, "key.der", &*place.key("p256.scrypt-n32768.pem")], "--passphrase"),
    ] {
        let before = place.inodes();
        let arguments = [&files[..], &[passphrase, "file:plain.txt"]].concat();
        let arguments = match files.len() {
            3 => [&arguments[..], &["--new-passphrase", "file:plain.txt"]].concat(),
            _ => arguments,
        };
        let ran = place.import(&arguments);
        assert_eq!(ran.status, 0, "{files:?}: {ran:?}");
        assert_eq!(place.subjects(), ["alice (p256)", "Example Corp Issuing E1"], "{files:?}");
        assert_eq!((mode(&place.certificate()), mode(&place.key_file())), (0o644, 0o600));
        place.assert_is_pair("plain");
        // Whatever the key came in: it is the same pair.
        assert!(before.is_empty() || place.inodes() == before, "{files:?}");
        assert_eq!(ran.stdout.contains("unchanged"), !before.is_empty(), "{ran:?}");
    }
    assert!(!place.previous_certificate().exists());
    assert!(!place.files().iter().any(|name| name.ends_with(".draft") || name.ends_with(".journal")));
}

#[test]
fn every_store_of_openssl_and_java_gives_the_same_pair() {
    let Some(keytool) = program("keytool") else { return };
    let place = Place::new();
    let chain = testdata("pki/client-p256-chain-full.pem");
    let mut stores = Vec::new();
    for (name, extra) in [
        ("default", &[][..]),
        ("legacy", &["-legacy"]),
        ("rounds", &["-iter", "10000"]),
        ("aes-128", &["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC", "-macalg", "sha512"]),
        ("certificates-in-clear", &["-certpbe", "NONE"]),
        ("no-mac", &["-nomac"]),
        ("named", &["-name", "Alice's own"]),
    ] {
        let Some(store) = place.p12(name, "p256", &[&chain], extra) else { return };
        stores.push(store);
    }
    for kind in ["pkcs12", "jks", "jceks"] {
        let store = place.sandbox.path(&format!("java.{kind}"));
        let secret = fixture_passphrase("plain");
        let output = bare(&keytool)
            .args(["-importkeystore", "-noprompt", "-srckeystore"])
            .arg(&stores[6])
            .args(["-srcstoretype", "pkcs12", "-deststoretype", kind, "-destkeystore"])
            .arg(&store)
            .args(["-srcstorepass:env", "SECRET", "-deststorepass:env", "SECRET"])
            .env("SECRET", secret)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        stores.push(store);
    }
    let mut first = BTreeMap::new();
    for store in &stores {
        let ran = place.import(&[text(store), "--store-passphrase", "file:plain.txt"]);
        assert_eq!(ran.status, 0, "{}: {ran:?}", store.display());
        assert_eq!(place.subjects(), ["alice (p256)", "Example Corp Issuing E1"], "{}", store.display());
        place.assert_is_pair("plain");
        if first.is_empty() {
            first = place.inodes();
        }
        assert_eq!(place.inodes(), first, "{}: the same identity under the same passphrase", store.display());
    }
    assert!(stores.len() == 10);
}

#[test]
fn a_key_with_a_passphrase_of_its_own_in_a_java_store_is_opened_by_that() {
    let Some(keytool) = program("keytool") else { return };
    let place = Place::new();
    let Some(p12) = place.p12("a", "p256", &[&testdata("pki/client-p256-chain.pem")], &["-name", "mine"])
    else {
        return;
    };
    let store = place.sandbox.path("a.jks");
    let output = bare(&keytool)
        .args([
            "-importkeystore",
            "-noprompt",
            "-srcstoretype",
            "pkcs12",
            "-deststoretype",
            "jks",
            "-srcalias",
            "mine",
        ])
        .arg("-srckeystore")
        .arg(&p12)
        .arg("-destkeystore")
        .arg(&store)
        .args(["-srcstorepass:env", "A", "-deststorepass:env", "A", "-destkeypass:env", "B"])
        .env("A", fixture_passphrase("plain"))
        .env("B", fixture_passphrase("other"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let alone = [text(&store), "--store-passphrase", "file:plain.txt"];
    let ran = place.import(&alone);
    assert!(ran.status == 1 && !place.key_file().exists(), "{ran:?}");
    assert!(ran.stderr.contains("does not open the client key"), "{ran:?}");
    let ran = place.import(&[&alone[..], &["--passphrase", "file:other.txt"]].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    // The passphrase that has opened the key is the one that stays.
    place.assert_is_pair("other");
}

#[test]
fn what_is_no_identity_is_named_and_nothing_is_written() {
    let place = Place::new();
    let Some(store) = place.p12("store", "p256", &[&testdata("pki/client-p256-chain.pem")], &[]) else {
        return;
    };
    let Some(only) = place.p12("certificates", "", &[&testdata("pki/client-p256-chain.pem")], &[]) else {
        return;
    };
    // Twice 8,388,607 rounds, which is more than ten million: one byte less than what OpenSSL was told.
    let Some(costly) = place.p12("costly", "p256", &[&testdata("pki/client-p256.pem")], &["-iter", "32768"])
    else {
        return;
    };
    let rounds = std::fs::read(&costly).unwrap();
    place.sandbox.give("costly.p12", replaced(&rounds, &[2, 3, 0, 0x80, 0], &[2, 3, 0x7f, 0xff, 0xff]));
    let damaged = std::fs::read(&store).unwrap();
    place.sandbox.give("cut.p12", &damaged[..damaged.len() - 40]);
    let large = std::fs::File::create(place.sandbox.path("large.p12")).unwrap();
    std::io::Write::write_all(&mut &large, &[0x30, 0x84, 0x0c, 0, 0, 0, 2, 1, 3]).unwrap();
    std::io::Write::write_all(&mut &large, &[0x30, 0x84, 0x0b, 0xff, 0xff, 0xf7, 6, 9]).unwrap();
    std::io::Write::write_all(&mut &large, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]).unwrap();
    large.set_len(200 << 20).unwrap();
    place.sandbox.give("empty.pem", "");
    let plain = ["--store-passphrase", "file:plain.txt"];
    let other = ["--store-passphrase", "file:other.txt"];
    let new = ["--new-passphrase", "file:plain.txt"];
    let (store, only) = (text(&store), text(&only));
    let pki = |name: &str| place.pile(&format!("pki/{name}.pem"));
    let key = place.pile("keys/p256.pkcs8.pem");
    let rows: Vec<(&str, Vec<&str>, &str, &str)> = vec![
        ("a wrong passphrase", [&[store][..], &other].concat(), "store-passphrase-wrong", "does not open"),
        ("a store cut short", [&["cut.p12"][..], &plain].concat(), "store-damaged", "cut.p12"),
        ("too many rounds", [&["costly.p12"][..], &plain].concat(), "store-too-costly", "rounds"),
        ("200 MB", [&["large.p12"][..], &plain].concat(), "store-too-costly", "64"),
        ("no key in the store", [&[only][..], &plain].concat(), "cert-without-key", "'alice (p256)'"),
        ("a leaf without its key", [&["l.pem"][..], &new].concat(), "cert-without-key", "'alice (p256)'"),
        (
            "a key without its certificate",
            [&["k.pem"][..], &new].concat(),
            "key-without-certificate",
            "P-256",
        ),
        ("the key of another", [&["o.pem", "l.pem"][..], &new].concat(), "key-without-certificate", "P-256"),
        ("expired", [&["k.pem", "expired.pem"][..], &new].concat(), "cert-expired", "expired on 2020"),
        (
            "not yet valid",
            [&["k.pem", "later.pem"][..], &new].concat(),
            "cert-not-yet-valid",
            "not valid before 2060",
        ),
        (
            "for servers",
            [&["k.pem", "server.pem"][..], &new].concat(),
            "client-cert-not-for-clients",
            "serverAuth",
        ),
        ("a CA", [&["k.pem", "ca.pem"][..], &new].concat(), "client-cert-not-for-clients", "it is a CA"),
        ("nothing", [&["t.pem"][..], &new].concat(), "identity-missing", "neither"),
        ("an empty file", [&["empty.pem"][..], &new].concat(), "source-empty", "empty"),
        ("a missing file", [&["k.pem", "missing.pem"][..], &new].concat(), "source-missing", "missing.pem"),
        (
            "a locked key",
            [&["locked.pem", "l.pem", "--passphrase", "file:other.txt"][..], &new].concat(),
            "passphrase-wrong",
            "locked.pem",
        ),
        (
            "a costly key",
            [&["hostile.pem", "l.pem", "--passphrase", "file:plain.txt"][..], &new].concat(),
            "key-too-costly",
            "2,147,483,647",
        ),
    ];
    for (name, from) in [
        ("l.pem", pki("client-p256")),
        ("k.pem", key),
        ("o.pem", place.pile("keys/other-p256.pkcs8.pem")),
        ("expired.pem", pki("client-expired")),
        ("later.pem", pki("client-not-yet-valid")),
        ("server.pem", pki("client-server-only")),
        ("ca.pem", pki("client-ca")),
        ("t.pem", pki("root-rsa")),
        ("locked.pem", place.key("p256.scrypt-aes-256.pem")),
        ("hostile.pem", place.pile("keys/hostile/pbkdf2-2147483647-rounds.pem")),
    ] {
        std::fs::copy(from, place.sandbox.path(name)).unwrap();
    }
    // With a pair of before, and without.
    for has_old in [false, true] {
        if has_old {
            place.imported("rsa-2048");
        }
        let before = place.state();
        for (what, files, code, told) in &rows {
            let start = Instant::now();
            let ran = place.import(&[&files[..], &["--json"]].concat());
            assert_eq!(ran.status, 1, "{what}: {ran:?}");
            let (codes, json) = (ran.codes(), ran.json());
            assert!(codes.iter().any(|found| found == code), "{what}: {codes:?}");
            assert_eq!(
                (&json["status"], &json["identity"]["subject"]),
                (&"critical".into(), &json["identity"]["subject"])
            );
            assert_eq!(json["written"].as_array().map(Vec::len), Some(0), "{what}");
            let ran = place.import(files);
            assert!(
                ran.stderr.contains(told) && ran.stderr.contains("nothing was changed"),
                "{what}: {ran:?}"
            );
            assert!(ran.stdout.is_empty(), "{what}: {ran:?}");
            // Far less than the work that some of them demand, and far more than a busy machine takes to refuse it.
            assert!(start.elapsed() < Duration::from_secs(100), "{what} took {:?}", start.elapsed());
            assert_eq!(place.state(), before, "{what}");
        }
    }
}

#[test]
fn of_several_identities_none_is_taken_until_one_is_named() {
    let place = Place::new();
    let chain = place.pile("pki/client-p256-chain-full.pem");
    let files = |place: &Place| -> Vec<String> {
        let mut files = vec![chain.clone()];
        for kind in ["p256", "rsa-2048", "ed25519"] {
            files.push(place.pile(&format!("keys/{kind}.pkcs8.pem")));
            files.push(place.pile(&format!("pki/client-{kind}.pem")));
        }
        files.extend(["--new-passphrase".to_owned(), "file:plain.txt".to_owned()]);
        files
    };
    let run = |select: &[&str]| {
        let files = files(&place);
        let all: Vec<&str> = files.iter().map(String::as_str).chain(select.iter().copied()).collect();
        place.import(&all)
    };
    let fingerprint = |name: &str, digest: &str| {
        let openssl = program("openssl").unwrap();
        let output = bare(&openssl)
            .args(["x509", "-noout", "-fingerprint", digest, "-in"])
            .arg(testdata(name))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().split_once('=').unwrap().1.to_owned()
    };
    let sha256 = fingerprint("pki/client-ed25519.pem", "-sha256");
    let sha1 = fingerprint("pki/client-ed25519.pem", "-sha1");
    for (select, code) in [
        (&[][..], "identity-ambiguous"),
        (&["--select", "alice"], "identity-ambiguous"),
        (&["--select", "bob"], "identity-not-selected"),
        (&["--select", &sha256[..8]], "identity-not-selected"),
    ] {
        let ran = run(&[select, &["--json"]].concat());
        assert_eq!((ran.status, ran.json()["candidates"].as_array().unwrap().len()), (1, 3), "{ran:?}");
        assert!(ran.codes().contains(&code.to_owned()), "{select:?}: {ran:?}");
        let ran = run(select);
        for part in ["alice (p256)", "alice (rsa-2048)", "Example Corp Issuing E1", "2046-01-01", "--select"]
        {
            assert!(ran.stderr.contains(part), "{part}: {ran:?}");
        }
        assert!(!place.certificate().exists() && !place.key_file().exists());
    }
    for (select, taken) in [
        ("RSA-2048", "alice (rsa-2048)"),
        ("alice (P256)", "alice (p256)"),
        (&sha256, "alice (ed25519)"),
        (&sha256[..11], "alice (ed25519)"),
        (&sha1.to_lowercase().replace(':', ""), "alice (ed25519)"),
    ] {
        let ran = run(&["--select", select]);
        assert_eq!((ran.status, &*place.subjects()[0]), (0, taken), "{select}: {ran:?}");
        place.assert_is_pair("plain");
    }
    assert_eq!(run(&["--select", ""]).status, 64);
}

#[test]
fn an_identity_whose_key_does_not_open_is_one_of_several() {
    // Of a Java store with two, the one whose key has a passphrase of its own went by in silence, and the other was written.
    let Some(keytool) = program("keytool") else { return };
    let place = Place::new();
    let store = place.sandbox.path("two.jks");
    for (alias, kind, key_passphrase) in [("one", "p256", "other"), ("two", "rsa-2048", "plain")] {
        let certificate = testdata(&format!("pki/client-{kind}.pem"));
        let Some(p12) = place.p12(alias, kind, &[&certificate], &["-name", alias]) else { return };
        let output = bare(&keytool)
            .args([
                "-importkeystore",
                "-noprompt",
                "-srcstoretype",
                "pkcs12",
                "-deststoretype",
                "jks",
                "-srcalias",
            ])
            .arg(alias)
            .arg("-srckeystore")
            .arg(&p12)
            .arg("-destkeystore")
            .arg(&store)
            .args(["-srcstorepass:env", "A", "-deststorepass:env", "A", "-destkeypass:env", "B"])
            .env("A", fixture_passphrase("plain"))
            .env("B", fixture_passphrase(key_passphrase))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let with_store = [text(&store), "--store-passphrase", "file:plain.txt"];
    let run = |more: &[&str]| place.import(&[&with_store[..], more].concat());
    for (more, code) in [(&[][..], "identity-ambiguous"), (&["--select", "three"], "identity-not-selected")] {
        let ran = run(&[more, &["--json"]].concat());
        assert_eq!((ran.status, ran.json()["candidates"].as_array().unwrap().len()), (1, 2), "{ran:?}");
        assert_eq!(ran.codes(), ["passphrase-wrong", code], "{ran:?}");
    }
    let ran = run(&["--select", "one"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stderr.contains("(one): the passphrase does not open the client key"), "{ran:?}");
    assert!(ran.stderr.contains("--passphrase WHERE") && !ran.stderr.contains("--select"), "{ran:?}");
    assert!(!place.certificate().exists() && !place.key_file().exists());
    assert_eq!(run(&["--select", "two"]).status, 0);
    assert_eq!(place.subjects(), ["alice (rsa-2048)"]);
    let ran = run(&["--select", "one", "--passphrase", "file:other.txt"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(place.subjects(), ["alice (p256)"]);
    place.assert_is_pair("other");
}

#[test]
fn a_sealed_key_that_does_not_open_beside_a_certificate_may_be_the_one_that_is_meant() {
    let place = Place::new();
    let files = [
        place.pile("keys/rsa-2048.pkcs8.pem"),
        place.pile("pki/client-rsa-2048.pem"),
        place.key("p256.pbes2-sha256-aes-256.pem"),
        place.pile("pki/client-p256.pem"),
    ];
    let run = |more: &[&str]| {
        let files = files.iter().map(String::as_str);
        let passphrases = ["--passphrase", "file:other.txt", "--new-passphrase", "file:plain.txt"];
        place.import(&files.chain(passphrases).chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let ran = run(&["--json"]);
    assert_eq!(
        (ran.status, ran.codes()),
        (1, vec!["passphrase-wrong".to_owned(), "identity-ambiguous".to_owned()])
    );
    assert!(!place.key_file().exists());
    assert_eq!(run(&["--select", "rsa-2048"]).status, 0);
    assert_eq!(place.subjects(), ["alice (rsa-2048)"]);
}

#[test]
fn a_name_that_the_store_gives_picks_too() {
    let place = Place::new();
    let Some(one) = place.p12("one", "p256", &[&testdata("pki/client-p256.pem")], &["-name", "At Work"])
    else {
        return;
    };
    let Some(two) =
        place.p12("two", "ed25519", &[&testdata("pki/client-ed25519.pem")], &["-name", "At Home"])
    else {
        return;
    };
    let run = |select: &str| {
        let stores = [text(&one), text(&two), "--store-passphrase", "file:plain.txt", "--select", select];
        place.import(&stores)
    };
    assert_eq!((run("at home").status, &*place.subjects()[0]), (0, "alice (ed25519)"));
    assert_eq!((run("work").status, &*place.subjects()[0]), (0, "alice (p256)"));
    let ran = run("at");
    assert!(ran.status == 1 && ran.stderr.contains("in the store 'At Home'"), "{ran:?}");
}

#[test]
fn of_two_certificates_for_one_key_the_one_that_lasts_is_taken_and_the_other_named() {
    let place = Place::new();
    let key = place.pile("keys/p256.pkcs8.pem");
    let pile = |select: &[&str]| {
        let files =
            ["client-short-lived", "client-p256", "client-expired", "client-server-only", "client-ca"];
        let mut all: Vec<String> = files.iter().map(|name| place.pile(&format!("pki/{name}.pem"))).collect();
        all.extend(
            [&key, "--new-passphrase", "file:plain.txt", "--json", "--at", "2030-02-01"].map(str::to_owned),
        );
        all.extend(select.iter().map(|word| (*word).to_owned()));
        place.import(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let ran = pile(&[]);
    assert_eq!((ran.status, &*place.subjects()[0]), (0, "alice (p256)"), "{ran:?}");
    assert_eq!(ran.codes().iter().filter(|code| *code == "cert-superseded").count(), 4, "{ran:?}");
    assert_eq!(ran.json()["identity"]["subject"], "O=Example Corp, CN=alice (p256)");
    let key_before = std::fs::read(place.key_file()).unwrap();
    // The other one of the same key: the key file stays, so there is no moment of a mismatch.
    let fingerprint = ran.json()["certificates"][0]["fingerprint_sha256"].as_str().unwrap().to_owned();
    let ran = pile(&["--select", &fingerprint[..12]]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_ne!(place.subjects()[0], "alice (p256)");
    assert_eq!(
        (&ran.json()["written"][0]["changed"], &ran.json()["written"][1]["changed"]),
        (&true.into(), &false.into())
    );
    assert_eq!(std::fs::read(place.key_file()).unwrap(), key_before);
}

#[test]
fn a_chain_that_is_not_there_is_named_with_the_place_where_it_is_to_be_had() {
    let place = Place::new();
    let key = place.pile("keys/p256.pkcs8.pem");
    let new = ["--new-passphrase", "file:plain.txt"];
    let leaf = place.pile("pki/client-p256.pem");
    let ran = place.import(&[&[&*leaf, &*key][..], &new, &["--json"]].concat());
    assert_eq!((ran.status, ran.codes()), (0, vec!["chain-gap".to_owned()]), "{ran:?}");
    assert_eq!(place.subjects(), ["alice (p256)"]);
    assert!(ran.json()["findings"][0]["message"].as_str().unwrap().contains("'Example Corp Issuing E1'"));
    // With its issuer and without the root nothing is missing: a client does not send the root.
    let ran = place.import(&[&[&*place.pile("pki/client-p256-chain.pem"), &*key][..], &new].concat());
    assert_eq!((ran.status, &*ran.stderr), (0, ""), "{ran:?}");

    let Some(certificate) = with_address(&place) else { return };
    let ran = place.import(&[&[&*certificate, "made.key"][..], &new].concat());
    assert!(
        ran.status == 0 && ran.stderr.contains("get it from http://pki.corp.example/issuing.cer"),
        "{ran:?}"
    );
}

#[test]
fn the_previous_pair_comes_back_with_its_passphrase_and_goes_again() {
    let place = Place::new();
    let keyring = Memory::default();
    let account = format!("client-key:{}", place.key_file().display());
    let first = place.remembering("p256", "plain.txt", &keyring);
    assert_eq!((first.status, keyring.entry(&account)), (0, Some(fixture_passphrase("plain"))), "{first:?}");
    assert!(!first.stdout.contains("--rollback"), "there is nothing to go back to: {first:?}");
    let none = place.run(&keyring, &Answers::default(), &["import", "--rollback", "--out-dir", "out"]);
    assert!(none.status == 1 && none.stderr.contains("there is no previous pair"), "{none:?}");

    let second = place.remembering("rsa-2048", "other.txt", &keyring);
    assert_eq!(
        (second.status, keyring.entry(&account)),
        (0, Some(fixture_passphrase("other"))),
        "{second:?}"
    );
    assert!(second.stdout.contains("--rollback"), "{second:?}");
    place.assert_is_pair("other");
    for (passphrase, subject) in
        [("plain", "alice (p256)"), ("other", "alice (rsa-2048)"), ("plain", "alice (p256)")]
    {
        let back =
            place.run(&keyring, &Answers::default(), &["import", "--rollback", "--out-dir", "out", "--json"]);
        assert_eq!((back.status, &*place.subjects()[0]), (0, subject), "{back:?}");
        assert_eq!(keyring.entry(&account), Some(fixture_passphrase(passphrase)));
        assert_eq!(back.json()["remembered"], true);
        place.assert_is_pair(passphrase);
        assert_eq!((mode(&place.certificate()), mode(&place.key_file())), (0o644, 0o600));
        assert_eq!(mode(&place.sandbox.path("out/client-key.pem.previous")), 0o600);
    }
    // A keyring that is locked: nothing is half back.
    let before = place.state();
    let locked = keyring.but(Trouble::Locked);
    let back = place.run(&locked, &Answers::default(), &["import", "--rollback", "--out-dir", "out"]);
    assert!(back.status == 1 && back.stderr.contains("is locked"), "{back:?}");
    assert_eq!(place.state(), before);
    // No keyring at all, as in a container: the files alone.
    let nobody = locked.but(Trouble::NoService);
    let back = place.run(&nobody, &Answers::default(), &["import", "--rollback", "--out-dir", "out"]);
    assert_eq!((back.status, &*place.subjects()[0]), (0, "alice (rsa-2048)"), "{back:?}");
}

#[test]
fn a_previous_key_whose_passphrase_the_keyring_has_not_kept_is_said_to_have_none() {
    // The second import was not remembered: what `--rollback` found was the passphrase of the other key, and nothing was said.
    let place = Place::new();
    let keyring = Memory::default();
    let account = format!("client-key:{}", place.key_file().display());
    assert_eq!(place.import(&place.pile_of("p256").iter().map(String::as_str).collect::<Vec<_>>()).status, 0);
    assert_eq!(place.remembering("rsa-2048", "other.txt", &keyring).status, 0);
    let back = |more: &[&str]| {
        let all = [&["import", "--rollback", "--out-dir", "out"], more].concat();
        place.run(&keyring, &Answers::default(), &all)
    };
    let ran = back(&[]);
    let step = format!("not in the keyring: `certman key remember --key {}`", place.key_file().display());
    assert!(ran.status == 0 && ran.stdout.contains(&step), "{ran:?}");
    assert!(!ran.stdout.contains("in the keyring\n"), "{ran:?}");
    place.assert_is_pair("plain");
    // The entry in use is that of the pair which has become the previous one, and which comes back with it.
    let ran = back(&["--json"]);
    assert_eq!((ran.status, &ran.json()["remembered"]), (0, &serde_json::Value::Bool(true)), "{ran:?}");
    assert_eq!(keyring.entry(&account), Some(fixture_passphrase("other")));
    place.assert_is_pair("other");
}

#[test]
fn a_keyring_that_does_not_take_the_passphrase_leaves_everything_as_it_was() {
    for trouble in
        [Trouble::ReadOnly, Trouble::Forgetful, Trouble::Locked, Trouble::NoService, Trouble::Silent]
    {
        let place = Place::new();
        let account = format!("client-key:{}", place.key_file().display());
        let keyring = Memory::default();
        assert_eq!(place.remembering("p256", "plain.txt", &keyring).status, 0);
        let before = place.state();
        let keyring = keyring.but(trouble);
        let ran = place.remembering("rsa-2048", "other.txt", &keyring);
        assert_eq!(ran.status, 1, "{ran:?}");
        assert_eq!(place.state(), before, "{ran:?}");
        if trouble != Trouble::Forgetful {
            assert_eq!(keyring.entry(&account), Some(fixture_passphrase("plain")), "{ran:?}");
        }
    }
}

#[test]
fn a_pair_that_cannot_be_written_leaves_the_keyring_as_it_was() {
    let place = Place::new();
    let keyring = Memory::default();
    let account = format!("client-key:{}", place.key_file().display());
    assert_eq!(place.remembering("p256", "plain.txt", &keyring).status, 0);
    // The journal, the first of the renames, meets a folder.
    std::fs::create_dir(place.sandbox.path("out/client-cert.pem.previous")).unwrap();
    let before = place.state();
    let ran = place.remembering("rsa-2048", "other.txt", &keyring);
    assert!(ran.status == 1 && ran.stderr.contains("client-cert.pem.previous"), "{ran:?}");
    assert_eq!((place.state(), keyring.entry(&account)), (before, Some(fixture_passphrase("plain"))));
}

#[test]
fn whose_passphrase_it_is_and_who_is_asked() {
    let plain = fixture_passphrase("plain");
    let chain = testdata("pki/client-p256-chain.pem");
    let (place, nobody) = (Place::new(), Memory::default());
    let Some(store) = place.p12("store", "p256", &[&chain], &[]) else { return };
    let asked = |arguments: &[&str], answers: &[&str]| {
        let place = Place::new();
        let person = Answers::of(answers);
        let all = [&["import", "--out-dir", "out"], arguments].concat();
        let ran = place.run(&nobody, &person, &all);
        (ran.status, person.questions(), place.certificate().exists())
    };
    // The store's stays: one question.
    let (status, questions, _) = asked(&[text(&store)], &[&plain]);
    assert_eq!((status, questions.len()), (0, 2), "{questions:?}");
    assert!(
        questions[0].contains("store")
            && questions[1].ends_with("[y/N] ")
            && questions[1].starts_with("    [client]\n    cert = "),
        "{questions:?}"
    );
    // A key in the clear gets one, typed twice; after three tries nothing is written.
    let key = testdata("keys/p256.pkcs8.pem");
    let pile = [text(&chain), text(&key)];
    let (status, questions, is_there) = asked(&pile, &["n", &plain, &plain]);
    assert_eq!((status, is_there), (0, true), "{questions:?}");
    let (status, _, is_there) = asked(&pile, &["a", "b", "c", "d", "e", "f"]);
    assert_eq!((status, is_there), (1, false));
    // Java's well-known one is no passphrase for a key.
    let Some(openssl) = program("openssl") else { return };
    let known = place.sandbox.path("known.p12");
    let output = bare(&openssl)
        .args([
            "pkcs12",
            "-export",
            "-passout",
            "pass:changeit",
            "-inkey",
            text(&key),
            "-in",
            text(&chain),
            "-out",
        ])
        .arg(&known)
        .output()
        .unwrap();
    assert!(output.status.success());
    let (status, questions, is_there) = asked(&[text(&known), "--no-input"], &[]);
    assert_eq!((status, questions.len(), is_there), (1, 0, false));
}

#[test]
fn certman_toml_is_extended_with_consent_alone_and_keeps_every_other_byte() {
    let toml =
        "# mine\n[bundle] # CAs\nsources = [\n  'a.pem', # one\n]\n\n[client]\n  cert = 'old.pem' # before\n";
    let chain = testdata("pki/client-p256-chain-full.pem");
    let key = testdata("keys/p256.pkcs8.pem");
    for (arguments, answers, is_saved) in [
        (&[][..], &[][..], false),
        (&["--save"], &[], true),
        (&[], &["y"], true),
        (&[], &["n"], false),
        (&["--no-input"], &["y"], false),
        (&["--json"], &["y"], false),
        (&["--dry-run", "--save"], &[], false),
    ] {
        let place = Place::new();
        place.sandbox.give("real.toml", toml);
        set_mode(&place.sandbox.path("real.toml"), 0o640);
        symlink("real.toml", place.sandbox.path("certman.toml")).unwrap();
        let all = [
            &["import", "--config", "certman.toml", "--out-dir", "out", "--save-cas", "ca.pem"][..],
            &["--new-passphrase", "file:plain.txt", text(&chain), text(&key)],
            arguments,
        ]
        .concat();
        let person = if answers.is_empty() { Answers::default() } else { Answers::of(answers) };
        let ran = place.run(&Memory::default(), &person, &all);
        assert_eq!(ran.status, 0, "{arguments:?}: {ran:?}");
        let now = std::fs::read_to_string(place.sandbox.path("real.toml")).unwrap();
        let folder = place.sandbox.folder();
        let folder = folder.display();
        let wanted = toml.replace("# one\n]", &format!("# one\n  \"{folder}/ca.pem\",\n]")).replace(
            "'old.pem' # before\n",
            &format!("\"{folder}/out/client-cert.pem\" # before\nkey = \"{folder}/out/client-key.pem\"\n"),
        );
        assert_eq!(now, if is_saved { wanted } else { toml.to_owned() }, "{arguments:?} {answers:?}");
        assert_eq!(mode(&place.sandbox.path("real.toml")), 0o640);
        assert!(place.sandbox.path("certman.toml").is_symlink());
        let is_rehearsal = arguments.contains(&"--dry-run");
        assert_eq!(place.sandbox.path("ca.pem").exists(), !is_rehearsal);
        assert_eq!(place.certificate().exists(), !is_rehearsal);
        if is_saved {
            assert!(ran.stdout.contains("client.cert was 'old.pem'"), "{ran:?}");
        } else if arguments.contains(&"--json") {
            assert!(
                ran.json()["proposal"]["lines"].as_str().unwrap().starts_with("[client]\ncert = "),
                "{ran:?}"
            );
        } else {
            assert!(ran.stdout.contains("or run it again with --save"), "{ran:?}");
        }
    }
}

#[test]
fn a_new_certman_toml_makes_env_work_and_node_and_bun_connect() {
    let (Some(node), Some(bun), Some(python)) = (program("node"), program("bun"), python()) else { return };
    let server = Server::start(python, &["pki/root-p256.pem"]);
    for kind in ["p256", "rsa-2048"] {
        let place = Place::new();
        let chain = testdata(&format!("pki/client-{kind}.pem"));
        let Some(store) = place.p12(
            "a",
            kind,
            &[&chain, &testdata("pki/intermediate-p256-1.pem"), &testdata("pki/root-p256.pem")],
            &["-legacy"],
        ) else {
            return;
        };
        let run = |arguments: &[&str]| {
            let output = place.sandbox.certman(arguments).env("CERTMAN_PASSPHRASE_FROM", "file:plain.txt");
            let output = output.reveals_secret().output();
            assert!(output.status.success(), "{arguments:?}: {output:?}");
            output
        };
        run(&[
            "import",
            text(&store),
            "--store-passphrase",
            "file:plain.txt",
            "--save",
            "--save-cas",
            "ca.pem",
        ]);
        let exports: Value =
            serde_json::from_slice(&run(&["env", "--shell", "json", "--verify"]).stdout).unwrap();
        let exports: BTreeMap<String, String> = exports
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let data = place.sandbox.path("~/.local/share/certman");
        assert_eq!(exports["CLAUDE_CODE_CLIENT_CERT"], data.join("client-cert.pem").display().to_string());
        // The server does not have the intermediate: it comes with the certificate.
        for (client, ways) in [(&node, 1), (&bun, 2)] {
            let addresses = [&server.tls_1_2, &server.tls_1_3];
            let wanted: Vec<String> = addresses
                .iter()
                .flat_map(|address| std::iter::repeat_n(server.greeting(kind, address), ways))
                .collect();
            assert_eq!(connect(client, &addresses, &exports), wanted, "{kind} with {}", client.display());
        }
    }
}

#[test]
fn the_configured_files_are_the_ones_that_are_replaced() {
    let place = Place::new();
    place.sandbox.copy("c.pem", "pki/client-rsa-2048.pem");
    place.sandbox.copy("k.pem", "keys/rsa-2048.pkcs8.pem");
    place.sandbox.give("certman.toml", "[client]\ncert = 'c.pem'\nkey = 'k.pem'\n");
    let (chain, key) = (place.pile("pki/client-p256-chain.pem"), place.pile("keys/p256.pkcs8.pem"));
    let base = ["import", "--config", "certman.toml", "--new-passphrase", "file:plain.txt", &chain, &key];
    let ran = place.run(&Memory::default(), &Answers::default(), &base);
    assert!(ran.status == 0 && !ran.stdout.contains("again with --save"), "{ran:?}");
    assert_eq!(subjects(&place.sandbox.path("c.pem")), ["alice (p256)", "Example Corp Issuing E1"]);
    assert_eq!(subjects(&place.sandbox.path("c.pem.previous")), ["alice (rsa-2048)"]);
    let kept = std::fs::read(place.sandbox.path("k.pem.previous")).unwrap();
    assert_eq!(kept, std::fs::read(testdata("keys/rsa-2048.pkcs8.pem")).unwrap());
    // One file for both cannot become two.
    place.sandbox.give("certman.toml", "[client]\ncert = 'c.pem'\nkey = './c.pem'\n");
    let ran = place.run(&Memory::default(), &Answers::default(), &base);
    assert!(ran.status == 1 && ran.stderr.contains("certman writes two files"), "{ran:?}");
}

#[test]
fn ended_at_every_rename_the_pair_is_mended_by_the_next() {
    let Some(strace) = program("strace") else { return };
    let before = Place::new();
    before.imported("p256");
    before.imported("rsa-2048");
    let mut was_mismatched = 0;
    for moment in 1.. {
        assert!(moment < 40, "the run never comes to its end");
        let place = Place::new();
        for name in before.files() {
            let content = std::fs::read(before.sandbox.path("out").join(&name)).unwrap();
            let path = place.sandbox.give(&format!("out/{name}"), content);
            set_mode(&path, if name.contains("key") { 0o600 } else { 0o644 });
        }
        let arguments = place.arguments("ed25519");
        let calls = "trace=rename,renameat,renameat2,link,linkat,unlink,unlinkat";
        let inject =
            format!("inject=rename,renameat,renameat2,link,linkat,unlink,unlinkat:signal=KILL:when={moment}");
        let mut command = bare(&strace);
        command
            .args(["-f", "-qq", "-o", "/dev/null", "-e", calls, "-e", &inject])
            .arg(CERTMAN)
            .args(&arguments);
        let output =
            command.current_dir(place.sandbox.folder()).env("HOME", place.sandbox.home()).output().unwrap();
        if output.status.success() {
            assert!(was_mismatched >= 1, "no moment was between the two renames");
            assert_eq!(place.subjects()[0], "alice (ed25519)");
            return;
        }
        was_mismatched += usize::from(!place.is_pair("plain"));
        // Half of them go on with another import, half go back.
        if moment % 2 == 0 {
            place.imported("p384");
            assert_eq!(place.subjects()[0], "alice (p384)", "moment {moment}");
        } else {
            let is_new = place.is_pair("plain") && place.subjects()[0] == "alice (ed25519)";
            let ran = place.import(&["--rollback", "--json"]);
            assert_eq!(ran.status, 0, "moment {moment}: {ran:?}");
            let subject = place.subjects()[0].clone();
            let is_undone = ran.codes().contains(&"import-undone".to_owned());
            assert!(
                subject == "alice (rsa-2048)" || (!is_new && !is_undone),
                "moment {moment}: {subject}: {ran:?}"
            );
        }
        place.assert_is_pair("plain");
        assert!(place.is_previous_a_pair("plain"), "moment {moment}");
        assert!(!place.files().iter().any(|name| name.ends_with(".journal")), "moment {moment}");
    }
}

#[test]
fn whoever_reads_while_others_import_hardly_ever_meets_two_halves() {
    let place = Place::new();
    place.imported("p256");
    let until = Instant::now() + Duration::from_secs(4);
    let kinds = ["p256", "p384", "ed25519"];
    let piles: Vec<Vec<String>> = kinds.iter().map(|kind| place.arguments(kind)).collect();
    let (folder, home) = (&place.sandbox.folder(), &place.sandbox.home());
    let (runs, seen) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|number| {
                let piles = &piles;
                scope.spawn(move || {
                    let mut runs = 0;
                    while Instant::now() < until {
                        let output = bare(Path::new(CERTMAN))
                            .args(&piles[(number + runs) % 3])
                            .current_dir(folder)
                            .env("HOME", home)
                            .output()
                            .unwrap();
                        assert!(output.status.success(), "{output:?}");
                        runs += 1;
                    }
                    runs
                })
            })
            .collect();
        // How often each two files were seen beside each other. Whether they are a pair is asked later.
        let mut seen: BTreeMap<(Vec<u8>, Vec<u8>), usize> = BTreeMap::new();
        while Instant::now() < until {
            let two = (std::fs::read(place.certificate()).unwrap(), std::fs::read(place.key_file()).unwrap());
            *seen.entry(two).or_default() += 1;
        }
        (writers.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>(), seen)
    });
    let (mut pairs, mut halves) = (0, 0);
    for ((certificate, key), times) in seen {
        let (certificate, key) =
            (place.sandbox.give("seen.pem", certificate), place.sandbox.give("seen.key", key));
        *(if is_pair(&certificate, &key, "plain") { &mut pairs } else { &mut halves }) += times;
    }
    // Two files cannot be read at one moment: a reader may fall between, but not often.
    assert!(
        runs >= 3 && pairs >= 1_000 && halves <= pairs / 100,
        "{runs} runs, {pairs} pairs, {halves} halves"
    );
    place.assert_is_pair("plain");
    assert!(place.is_previous_a_pair("plain"));
}

#[test]
fn a_folder_that_cannot_be_written_and_a_full_disk_leave_the_old_pair() {
    let Some(unshare) = program("unshare") else { return };
    let place = Place::new();
    let piles = (place.arguments("p256"), place.arguments("rsa-2048"));
    let words = |all: &[String]| all.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    for (what, spoil, told) in [
        ("full", "head -c 1000000 /dev/zero >out/ballast 2>/dev/null", "No space left"),
        ("read-only", "mount -o remount,ro tmpfs out", "ead-only"),
    ] {
        let script = format!(
            "mkdir -p out && mount -t tmpfs -o size=40k tmpfs out && \"$0\" {} >/dev/null && {spoil}; \
             sha256sum out/client-*; \"$0\" {}; echo status $?; sha256sum out/client-*; ls -A out",
            words(&piles.0),
            words(&piles.1)
        );
        let user: &[&str] =
            if std::fs::metadata("/proc/self").unwrap().uid() == 0 { &["-m"] } else { &["-rm"] };
        let mut command = bare(&unshare);
        command.args(user).args(["sh", "-c", &script, CERTMAN]).env("HOME", place.sandbox.home());
        let output = command.current_dir(place.sandbox.folder()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if err.contains("unshare failed") || err.contains("mount:") {
            eprintln!("MISSING: a mount namespace ({})", err.trim());
            return;
        }
        let (before, after) = out.split_once("status 1\n").unwrap_or_else(|| panic!("{what}: {out} {err}"));
        let after: Vec<&str> = after.lines().collect();
        assert_eq!(before.lines().collect::<Vec<_>>(), after[..2], "{what}: {out}");
        assert!(err.contains(told) && err.contains("nothing was changed"), "{what}: {err}");
        assert!(!out.contains(".draft") && !out.contains(".journal"), "{what}: {out}");
    }
}

#[test]
fn two_imports_wait_for_each_other_and_not_for_ever() {
    let place = Place::new();
    place.imported("p256");
    let lock = std::fs::File::open(place.sandbox.path("out/.client-key.pem.lock")).unwrap();
    lock.lock().unwrap();
    let start = Instant::now();
    let before = place.state();
    let ran = place.import(&place.pile_of("rsa-2048").iter().map(String::as_str).collect::<Vec<_>>());
    assert!(ran.status == 1 && ran.stderr.contains("another certman"), "{ran:?}");
    assert!(start.elapsed() > Duration::from_secs(5) && start.elapsed() < Duration::from_secs(30));
    assert_eq!(place.state(), before);
}

#[test]
fn a_real_keyring_remembers_and_follows_a_rollback() {
    let programs = ["dbus-daemon", "gnome-keyring-daemon", "secret-tool"];
    if !programs.iter().all(|name| program(name).is_some()) {
        return;
    }
    let service = SecretService::start();
    let place = Place::new();
    let run = |arguments: &[&str]| {
        let run = place.sandbox.certman(arguments).env("DBUS_SESSION_BUS_ADDRESS", service.address());
        let output = run.reveals_secret().output();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        output
    };
    let entry = |path: PathBuf| {
        let account = format!("client-key:{}", path.display());
        service
            .look_up(&["service", "certman", "username", &account])
            .map(|bytes| String::from_utf8(bytes).unwrap())
    };
    let data = place.sandbox.path("~/.local/share/certman/client-key.pem");
    let previous = place.sandbox.path("~/.local/share/certman/client-key.pem.previous");
    for (kind, passphrase) in [("p256", "plain"), ("rsa-2048", "other")] {
        let (chain, key) =
            (place.pile(&format!("pki/client-{kind}.pem")), place.pile(&format!("keys/{kind}.pkcs8.pem")));
        let place = format!("file:{passphrase}.txt");
        let output = run(&["import", &chain, &key, "--new-passphrase", &place, "--remember", "--save"]);
        assert!(String::from_utf8_lossy(&output.stdout).contains("in the keyring"), "{output:?}");
        assert_eq!(entry(data.clone()), Some(fixture_passphrase(passphrase)));
        run(&["env", "--shell", "sh", "--verify"]);
    }
    assert_eq!(entry(previous.clone()), Some(fixture_passphrase("plain")));
    run(&["import", "--rollback"]);
    assert_eq!(
        (entry(data), entry(previous)),
        (Some(fixture_passphrase("plain")), Some(fixture_passphrase("other")))
    );
    run(&["env", "--shell", "sh", "--verify"]);
    let toml = std::fs::read_to_string(place.sandbox.path("~/.config/certman/certman.toml")).unwrap();
    assert!(toml.contains("passphrase = \"keyring\""), "{toml}");
}

/// A folder with passphrases, and `out` for the pair.
struct Place {
    sandbox: Sandbox,
}

impl Place {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.copy("plain.txt", "passphrases/plain.txt");
        sandbox.copy("other.txt", "passphrases/other.txt");
        Self { sandbox }
    }

    fn run(&self, keyring: &Memory, person: &Answers, arguments: &[&str]) -> Ran {
        let home = self.sandbox.home();
        let world = host().folder(self.sandbox.folder()).keyring(keyring).terminal(person);
        let world = world.env("HOME", text(&home)).env("XDG_CONFIG_HOME", text(&home.join(".config")));
        let ran = world.run(arguments);
        assert!(!contains(ran.stdout.as_bytes(), fixture_passphrase("plain").as_bytes()));
        ran
    }

    /// Imports into `out`, with nobody to ask and no keyring.
    fn import(&self, arguments: &[&str]) -> Ran {
        let all = [&["import", "--out-dir", "out"], arguments].concat();
        self.run(&Memory::default().but(Trouble::NoService), &Answers::default(), &all)
    }

    fn pile(&self, name: &str) -> String {
        text(&testdata(name)).to_owned()
    }

    fn key(&self, name: &str) -> String {
        self.pile(&format!("keys/encrypted/{name}"))
    }

    fn pile_of(&self, kind: &str) -> Vec<String> {
        let files =
            [self.pile(&format!("pki/client-{kind}.pem")), self.pile(&format!("keys/{kind}.pkcs8.pem"))];
        files.into_iter().chain(["--new-passphrase", "file:plain.txt"].map(str::to_owned)).collect()
    }

    /// The whole command line that imports this identity.
    fn arguments(&self, kind: &str) -> Vec<String> {
        let base = ["import", "--quiet", "--out-dir", "out", "--at", "2031-05-01"].map(str::to_owned);
        base.into_iter().chain(self.pile_of(kind)).collect()
    }

    fn imported(&self, kind: &str) {
        let ran = self.import(&self.pile_of(kind).iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ran.status, 0, "{kind}: {ran:?}");
    }

    fn remembering(&self, kind: &str, passphrase: &str, keyring: &Memory) -> Ran {
        let (chain, key) =
            (self.pile(&format!("pki/client-{kind}.pem")), self.pile(&format!("keys/{kind}.pkcs8.pem")));
        let passphrase = format!("file:{passphrase}");
        let all = ["import", "--out-dir", "out", &chain, &key, "--remember", "--new-passphrase", &passphrase];
        self.run(keyring, &Answers::default(), &all)
    }

    /// A store that OpenSSL makes; without a key where that has no name.
    fn p12(&self, name: &str, key: &str, certificates: &[&Path], extra: &[&str]) -> Option<PathBuf> {
        let openssl = program("openssl")?;
        let all: Vec<Vec<u8>> = certificates.iter().map(|path| std::fs::read(path).unwrap()).collect();
        let chain = self.sandbox.give("chain-of-store.pem", all.concat());
        let store = self.sandbox.path(&format!("{name}.p12"));
        let mut command = bare(&openssl);
        command
            .args(["pkcs12", "-export", "-passout"])
            .arg(format!("file:{}", self.sandbox.path("plain.txt").display()));
        command.arg("-in").arg(&chain).arg("-out").arg(&store).args(extra);
        match key {
            "" => command.arg("-nokeys"),
            key => command.arg("-inkey").arg(testdata(&format!("keys/{key}.pkcs8.pem"))),
        };
        let output = command.output().unwrap();
        assert!(output.status.success(), "{name}: {output:?}");
        std::fs::remove_file(chain).unwrap();
        Some(store)
    }

    fn certificate(&self) -> PathBuf {
        self.sandbox.path("out/client-cert.pem")
    }

    fn key_file(&self) -> PathBuf {
        self.sandbox.path("out/client-key.pem")
    }

    fn previous_certificate(&self) -> PathBuf {
        self.sandbox.path("out/client-cert.pem.previous")
    }

    fn subjects(&self) -> Vec<String> {
        subjects(&self.certificate())
    }

    fn is_pair(&self, passphrase: &str) -> bool {
        is_pair(&self.certificate(), &self.key_file(), passphrase)
    }

    fn is_previous_a_pair(&self, passphrase: &str) -> bool {
        is_pair(&self.previous_certificate(), &self.sandbox.path("out/client-key.pem.previous"), passphrase)
    }

    fn assert_is_pair(&self, passphrase: &str) {
        assert!(self.is_pair(passphrase), "{:?} and the key are no pair", self.subjects());
    }

    fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.sandbox.path("out")).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The number and the time of both files: whether they were written.
    fn inodes(&self) -> BTreeMap<PathBuf, (u64, i64)> {
        let files = [self.certificate(), self.key_file()];
        let there = files.into_iter().filter(|path| path.exists());
        there
            .map(|path| {
                let metadata = std::fs::metadata(&path).unwrap();
                (path, (metadata.ino(), metadata.mtime_nsec()))
            })
            .collect()
    }

    /// Every file in the folder with its content and mode, locks left out.
    fn state(&self) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
        let files = self.sandbox.files().into_iter();
        let files = files.filter(|(path, content)| {
            path.extension() != Some(OsStr::new("lock")) && content.len() < 1 << 20
        });
        files.map(|(path, content)| (path.clone(), (content, mode(&path)))).collect()
    }
}

fn subjects(path: &Path) -> Vec<String> {
    certificates(path).iter().map(|one| one.subject().short()).collect()
}

fn certificates(path: &Path) -> Vec<Certificate> {
    let mut certificates = Vec::new();
    container::scan(&std::fs::read(path).unwrap(), &mut |item| {
        if let Found::Certificate(der) = item.content {
            certificates.push(Certificate::parse(der, Fingerprint::of(der)).unwrap());
        }
    });
    certificates
}

/// Whether the key opens with the fixture's passphrase and belongs to the first certificate.
fn is_pair(certificate: &Path, key: &Path, passphrase: &str) -> bool {
    let chain = certificates(certificate);
    let key = std::fs::read(key).unwrap();
    let Ok(Content::Sealed(sealed)) = detect(&key).map(|file| file.content) else { return false };
    let passphrase = Passphrase::new(fixture_passphrase(passphrase).into_bytes());
    let Ok(key) = sealed.open(&passphrase, &Limits::DEFAULT) else { return false };
    chain.first().is_some_and(|leaf| proves(&key, leaf.public_key()) == Pairing::Belongs)
}

/// A certificate that says where its issuer's is to be had, and its key in `made.key`; OpenSSL makes both.
fn with_address(place: &Place) -> Option<String> {
    let openssl = program("openssl")?;
    let folder = place.sandbox.folder();
    let script = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout made.key -subj /CN=carol -out made.csr && \
                  printf 'authorityInfoAccess = OCSP;URI:http://ocsp.example/, caIssuers;URI:http://pki.corp.example/issuing.cer\n' >made.cnf && \
                  openssl x509 -req -in made.csr -CA \"$0\" -CAkey \"$1\" -days 9000 -extfile made.cnf -out made.pem";
    let output: Output = bare(Path::new("/bin/sh"))
        .args(["-c", script])
        .args([testdata("pki/intermediate-p256-1.pem"), testdata("pki/keys/intermediate-p256-1.key")])
        .env("PATH", format!("{}:/usr/bin:/bin", openssl.parent().unwrap().display()))
        .current_dir(&folder)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    Some("made.pem".to_owned())
}

/// The bytes with every occurrence of a part replaced by one of the same length.
fn replaced(bytes: &[u8], part: &[u8], by: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        (0..=bytes.len() - part.len()).filter(|at| bytes[*at..].starts_with(part)).collect();
    assert!(places.len() >= 2, "the part stands there");
    for at in places {
        bytes[at..at + by.len()].copy_from_slice(by);
    }
    bytes
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

const CERTMAN: &str = env!("CARGO_BIN_EXE_certman");
