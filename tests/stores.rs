//! Stores against the programs that make them: OpenSSL, Java's keytool and Python's cryptography write every form they
//! offer, and certman has to read in each the same certificates as they do, one by one. Then stores that mean harm, and the
//! way a passphrase is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use certman::pki::asn1::{Malformed, exact_der, write};
use certman::pki::container::{
    Content, Integrity, Opened, Protected, Store, StoreError, StoreKind, pkcs12, scan,
};
use certman::pki::key::{self, KeyFile, Limits, OpenError, PrivateKey, Work};
use certman::secret::Passphrase;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::host::{Answers, Memory, Trouble, host};
use crate::support::{self, Sandbox};

#[test]
fn every_cipher_and_code_that_openssl_offers_is_opened_or_named() {
    let Some(maker) = Maker::find() else { return };
    let mut opened = 0;
    let mut named = Vec::new();
    let list = maker.openssl(&["enc", "-list"]);
    let list = String::from_utf8(list.stdout).unwrap();
    let modes = ["cbc", "cfb", "ofb"];
    let listed = list.split_whitespace().filter_map(|name| name.strip_prefix('-'));
    let listed = listed.filter(|name| modes.iter().any(|mode| name.ends_with(mode)));
    let classic = [
        "NONE",
        "PBE-MD5-DES",
        "PBE-MD5-RC2-64",
        "PBE-SHA1-DES",
        "PBE-SHA1-RC2-64",
        "PBE-SHA1-RC4-128",
        "PBE-SHA1-RC4-40",
        "PBE-SHA1-3DES",
        "PBE-SHA1-2DES",
        "PBE-SHA1-RC2-128",
        "PBE-SHA1-RC2-40",
    ];
    for (number, cipher) in classic.into_iter().chain(listed).enumerate() {
        let code = CODES[number % CODES.len()];
        let line = format!("-legacy -iter 3 -certpbe {cipher} -keypbe {cipher} -macalg {code}");
        let Some(bytes) = maker.identity(&line, PASSPHRASE) else {
            // What OpenSSL itself does not write, nobody has.
            assert!(!classic.contains(&cipher), "{line}");
            continue;
        };
        match open(&bytes, Some(PASSPHRASE)) {
            Ok(store) => {
                assert_eq!(store.integrity, Integrity::Proven, "{line}");
                maker.assert_identity(&store, PASSPHRASE, &line);
                assert_eq!(certificates(&store), maker.read(&bytes, PASSPHRASE), "{line}");
                opened += 1;
            }
            Err(StoreError::Unsupported { what }) => {
                assert!(!classic.contains(&cipher), "{line}: {what}");
                assert!(!what.contains("1.2.8"), "{cipher} has a name: {what}");
                named.push(what);
            }
            Err(error) => panic!("{line}: {error:?}"),
        }
    }
    assert!(opened >= classic.len() + 5 && named.len() >= 10, "{opened} opened, not {named:?}");
}

#[test]
fn every_code_of_integrity_is_checked_or_named() {
    let Some(maker) = Maker::find() else { return };
    for code in CODES {
        let bytes = maker.identity(&format!("-iter 3 -macalg {code}"), PASSPHRASE).expect(code);
        assert_eq!(open(&bytes, Some(PASSPHRASE)).unwrap().integrity, Integrity::Proven, "{code}");
        assert_eq!(open(&bytes, Some("wrong")).unwrap_err(), StoreError::WrongPassphraseOrDamaged, "{code}");
    }
    let unknown = maker.identity("-iter 3 -macalg sha3-256", PASSPHRASE).unwrap();
    let store = open(&unknown, Some(PASSPHRASE)).unwrap();
    assert!(matches!(store.integrity, Integrity::Unsupported { .. }), "{store:?}");
    maker.assert_identity(&store, PASSPHRASE, "the content opens all the same");
    let none = maker.identity("-iter 3 -nomac -certpbe AES-256-CBC", PASSPHRASE).unwrap();
    let store = open(&none, Some(PASSPHRASE)).unwrap();
    assert_eq!(store.integrity, Integrity::Absent);
    maker.assert_identity(&store, PASSPHRASE, "without a code");
    assert_eq!(open(&none, Some("wrong")).unwrap_err(), StoreError::WrongPassphraseOrDamaged);
    assert_eq!(open(&none, None).unwrap_err(), StoreError::PassphraseNeeded);
}

#[test]
fn the_defaults_of_openssl_open_with_any_passphrase_that_can_be_typed() {
    let Some(maker) = Maker::find() else { return };
    for passphrase in ["", PASSPHRASE, "pässwörd€", "🔑 beyond the BMP", "a b\"'$"] {
        for line in ["", "-legacy", "-certpbe NONE -keypbe NONE", "-certpbe NONE -keypbe NONE -nomac"] {
            let bytes = maker.identity(line, passphrase).expect(line);
            let store = open(&bytes, Some(passphrase)).unwrap_or_else(|error| panic!("{line}: {error:?}"));
            maker.assert_identity(&store, passphrase, line);
            assert_eq!(certificates(&store), maker.read(&bytes, passphrase), "{line}");
            assert_eq!(store.certificates[0].local_key_id, store.keys[0].local_key_id, "{line}");
        }
    }
    // In the clear the certificates come out without a passphrase, and nothing is proven.
    let clear = maker.identity("-certpbe NONE -keypbe NONE", PASSPHRASE).unwrap();
    let store = open(&clear, None).unwrap();
    assert_eq!((store.integrity.clone(), store.certificates.len()), (Integrity::NotChecked, 2));
    assert!(!store.keys[0].is_sealed() && store.keys[0].open(None, &Limits::DEFAULT).is_ok());
}

#[test]
fn one_passphrase_for_the_whole_and_another_for_the_content_is_named() {
    let Some(maker) = Maker::find() else { return };
    // OpenSSL asks for each of them, and takes standard input where it has no terminal.
    let out = maker.folder.path().join("two.p12");
    let script = "printf 'the-whole\\nthe-whole\\ncontent\\ncontent\\n' | setsid \"$0\" pkcs12 -export -twopass \
                  -inkey \"$1\" -in \"$2\" -out \"$3\"";
    let mut shell = support::bare(Path::new("/bin/sh"));
    shell.args(["-c", script]).arg(&maker.program).arg(key_file()).arg(leaf_file()).arg(&out);
    let made = shell.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let bytes = std::fs::read(out).unwrap();
    assert_eq!(open(&bytes, Some("the-whole")).unwrap_err(), StoreError::TwoPassphrases);
    assert_eq!(open(&bytes, Some("content")).unwrap_err(), StoreError::WrongPassphraseOrDamaged);
}

#[test]
fn stores_in_ber_are_read_as_those_in_der() {
    let Some(maker) = Maker::find() else { return };
    for (line, levels) in
        [("", "0"), ("-legacy", "0"), ("-certpbe NONE -keypbe NONE", "0"), ("-certpbe NONE -nomac", "2")]
    {
        let der = maker.identity(line, PASSPHRASE).unwrap();
        let (from, to) = (maker.folder.path().join("der.p12"), maker.folder.path().join("ber.p12"));
        std::fs::write(&from, &der).unwrap();
        let Some(mut python) = python() else { return };
        let made = python.arg("ber").arg(&from).arg(&to).arg(levels).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let ber = std::fs::read(&to).unwrap();
        assert!(exact_der(&ber).is_err() && ber.len() > der.len(), "{line}");
        let store = open(&ber, Some(PASSPHRASE)).unwrap_or_else(|error| panic!("{line}: {error:?}"));
        maker.assert_identity(&store, PASSPHRASE, line);
        assert_eq!(store.integrity, open(&der, Some(PASSPHRASE)).unwrap().integrity, "{line}");
        // The oracle reads it too, so it is BER and not something else.
        assert_eq!(maker.read(&ber, PASSPHRASE), certificates(&store), "{line}");
    }
}

#[test]
fn base64_with_and_without_markers_is_a_store_too() {
    let Some(maker) = Maker::find() else { return };
    let bytes = maker.identity("-iter 3", PASSPHRASE).unwrap();
    let armoured = certman::pki::container::pem::encode("PKCS12", &bytes);
    let naked: Vec<u8> = armoured
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.starts_with(b"-----"))
        .flat_map(|line| [line, b"\r\n"].concat())
        .collect();
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(armoured.iter().flat_map(|byte| [*byte, 0])).collect();
    for text in [&armoured, &naked, &utf16] {
        maker.assert_identity(&open(text, Some(PASSPHRASE)).unwrap(), PASSPHRASE, "in base64");
    }
    let damaged = certman::pki::container::pem::encode("PKCS12", b"0\x05\x02\x01\x03");
    let mut is_damaged = false;
    scan(&damaged, &mut |item| is_damaged = matches!(item.content, Content::Damaged { label: "PKCS12", .. }));
    assert!(is_damaged);
}

#[test]
fn what_keytool_writes_is_read_as_keytool_lists_it() {
    let (Some(maker), Some(keytool)) = (Maker::find(), support::program("keytool")) else { return };
    let identity = maker.folder.path().join("identity.p12");
    std::fs::write(&identity, maker.identity("-name alice", STORE_PASSPHRASE).unwrap()).unwrap();
    for (name, options, kind) in [
        ("store.p12", "-deststoretype PKCS12", StoreKind::Pkcs12),
        ("old.p12", "-deststoretype PKCS12 -J-Dkeystore.pkcs12.legacy", StoreKind::Pkcs12),
        ("store.jks", "-deststoretype JKS", StoreKind::Jks),
        ("store.jceks", "-deststoretype JCEKS", StoreKind::Jceks),
    ] {
        let path = maker.folder.path().join(name);
        let run = |line: &str, more: &[&Path]| {
            let mut command = support::bare(&keytool);
            command.args(["-J-XX:TieredStopAtLevel=1", "-J-Xshare:auto"]).args(line.split_whitespace());
            command.args(more).args(["-noprompt"]);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{line}: {output:?}");
            output.stdout
        };
        let store_options = format!("-storepass {STORE_PASSPHRASE} {}", options.replace("-dest", "-"));
        run(
            &format!(
                "-importkeystore -srcstorepass {STORE_PASSPHRASE} -deststorepass {STORE_PASSPHRASE} \
                 {options} -srckeystore"
            ),
            &[&identity, Path::new("-destkeystore"), &path],
        );
        run(
            &format!("-importcert -alias corp {store_options} -file"),
            &[&root_file(), Path::new("-keystore"), &path],
        );
        let listed = run(&format!("-list -rfc {store_options} -keystore"), &[&path]);
        let mut listed = pem_certificates(&listed);

        let bytes = std::fs::read(&path).unwrap();
        let mut kinds = Vec::new();
        scan(&bytes, &mut |item| {
            if let Content::Store(store) = item.content {
                kinds.push(store.kind);
            }
        });
        assert_eq!(kinds, [kind], "{name}");
        let store = open(&bytes, Some(STORE_PASSPHRASE)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(store.integrity, Integrity::Proven, "{name}");
        let mut read = certificates(&store);
        listed.sort();
        read.sort();
        assert_eq!(read, listed, "{name}");
        assert_eq!(read.len(), 3, "{name}: leaf, intermediate, root");
        let trusted = store.certificates.iter().find(|one| one.name.as_deref() == Some("corp"));
        assert_eq!(
            trusted.map(|one| one.der.clone()),
            Some(pem_certificates(&std::fs::read(root_file()).unwrap()).remove(0))
        );
        assert_eq!(store.keys.len(), 1, "{name}");
        assert_eq!(store.keys[0].name.as_deref(), Some("alice"), "{name}");
        assert_opens_as_the_key(&store, STORE_PASSPHRASE, name);
        assert!(store.keys[0].scheme().is_some() && store.keys[0].is_sealed(), "{name}");
        let wrong = passphrase("wrong");
        let refused = store.keys[0].open(Some(&wrong), &Limits::DEFAULT).unwrap_err();
        assert_eq!(refused, OpenError::WrongPassphraseOrDamaged, "{name}");
        assert_eq!(open(&bytes, Some("wrong")).unwrap_err(), StoreError::WrongPassphraseOrDamaged, "{name}");
        if kind != StoreKind::Pkcs12 {
            // The certificates lie in the clear: the passphrase only proves them.
            let unproven = open(&bytes, None).unwrap();
            assert_eq!(unproven.integrity, Integrity::NotChecked, "{name}");
            assert_eq!(certificates(&unproven), certificates(&store), "{name}");
            let few = Limits { iterations: 1_000, ..Limits::DEFAULT };
            let refused = store.keys[0].open(Some(&passphrase(STORE_PASSPHRASE)), &few);
            let is_costly = matches!(refused, Err(OpenError::TooMuchWork { .. }));
            assert_eq!(is_costly, kind == StoreKind::Jceks, "{name}");
        }
        // Java's ten thousand rounds for every byte of a PKCS#12 store would take hours.
        if kind != StoreKind::Pkcs12 {
            every_change_is_noticed(&bytes, &store, STORE_PASSPHRASE, 3);
        }
    }
}

#[test]
fn a_secret_key_in_a_jceks_store_is_named_and_nothing_is_lost_in_silence() {
    let (Some(maker), Some(keytool)) = (Maker::find(), support::program("keytool")) else { return };
    let path = maker.folder.path().join("secret.jceks");
    let line = format!(
        "-J-XX:TieredStopAtLevel=1 -genseckey -alias hmac -keyalg HmacSHA256 -keysize 256 -storetype JCEKS \
         -storepass {STORE_PASSPHRASE} -noprompt -keystore"
    );
    let output = support::bare(&keytool).args(line.split_whitespace()).arg(&path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let opened = open(&std::fs::read(&path).unwrap(), Some(STORE_PASSPHRASE));
    assert!(matches!(opened, Err(StoreError::Unsupported { .. })), "{opened:?}");
}

#[test]
fn a_trust_store_of_certmans_own_is_loaded_by_java_with_no_passphrase_and_by_openssl() {
    let (Some(maker), Some(keytool)) = (Maker::find(), support::program("keytool")) else { return };
    let ders: Vec<Vec<u8>> = ["pki/root-rsa.pem", "pki/root-p256.pem", "pki/root-p384.pem"]
        .iter()
        .flat_map(|name| pem_certificates(&std::fs::read(support::testdata(name)).unwrap()))
        .collect();
    let names = ["corp root", "käse 🔑", "third"];
    let named: Vec<(&str, &[u8])> = names.into_iter().zip(ders.iter().map(Vec::as_slice)).collect();
    let path = maker.folder.path().join("trust.p12");
    std::fs::write(&path, pkcs12::trust_store(&named)).unwrap();
    // Without -storepass keytool loads the store with a null password, as Java's TLS does where none is set.
    for more in [&[][..], &["-storepass", "anything"], &["-storetype", "JKS", "-storepass", "anything"]] {
        let mut command = support::bare(&keytool);
        command.args(["-J-XX:TieredStopAtLevel=1", "-J-Dfile.encoding=UTF-8", "-list", "-rfc", "-keystore"]);
        let output = support::output_with_stdin(command.arg(&path).args(more), b"\n");
        let mut listed = pem_certificates(&output.stdout);
        let mut wanted = ders.clone();
        listed.sort();
        wanted.sort();
        assert_eq!(listed, wanted, "{more:?}: {}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).matches("trustedCertEntry").count(),
            3,
            "{more:?}"
        );
    }
    assert_eq!(maker.read(&std::fs::read(&path).unwrap(), ""), ders);
}

#[test]
fn what_cryptography_writes_is_read_as_cryptography_reads_it() {
    let (Some(maker), Some(mut python)) = (Maker::find(), python()) else { return };
    let folder = maker.folder.path();
    let made =
        python.arg("make").arg(folder).args([key_file(), leaf_file(), issuer_file()]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let passphrases: BTreeMap<String, Option<String>> = serde_json::from_slice(&made.stdout).unwrap();
    assert!(passphrases.len() >= 14, "{passphrases:?}");
    for (name, passphrase) in &passphrases {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let store = open(&bytes, passphrase.as_deref()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        if name == "trusted.p12" {
            let names: Vec<Option<&str>> = store.certificates.iter().map(|one| one.name.as_deref()).collect();
            assert_eq!((names, store.keys.len()), (vec![Some("corp"), None], 0));
            continue;
        }
        let passphrase = passphrase.as_deref().unwrap_or_default();
        maker.assert_identity(&store, passphrase, name);
        let alias = if name == "clear.p12" { "alice" } else { "älïce 🔑" };
        assert_eq!(store.keys[0].name.as_deref(), Some(alias), "{name}");
    }
}

#[test]
fn the_vectors_of_cryptography_are_read_as_cryptography_reads_them() {
    let folder = support::in_project("target/tools/python/cryptography_vectors/pkcs12");
    if support::program("cargo-deny").is_none() || support::python().is_none() {
        return;
    }
    let mut seen = 0;
    for (path, bytes) in support::files_below(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".p12") {
            continue;
        }
        let passphrase = match name.as_str() {
            // Sealed with an empty passphrase, which `cryptography` reads where none is given.
            "no-password.p12" => None,
            name if name.contains("no-pwd") => None,
            name if name.contains("pwd") => Some("password"),
            "java-truststore.p12" => None,
            _ => Some("cryptography"),
        };
        let store = open(&bytes, Some(passphrase.unwrap_or_default()));
        let store = store.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let answer =
            python().unwrap().arg("read").arg(&path).arg(passphrase.unwrap_or_default()).output().unwrap();
        assert!(answer.status.success(), "{name}: {answer:?}");
        let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
        // `cryptography` puts the certificate of the key first; a store need not.
        let mut theirs: Vec<(String, Option<String>)> =
            serde_json::from_value(answer["certificates"].clone()).unwrap();
        let mut ours: Vec<(String, Option<String>)> =
            store.certificates.iter().map(|one| (hex(&Sha256::digest(&one.der)), one.name.clone())).collect();
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{name}");
        assert_eq!(store.keys.len(), usize::from(answer["has_key"].as_bool().unwrap()), "{name}");
        let passphrase = self::passphrase(passphrase.unwrap_or_default());
        for key in &store.keys {
            assert!(key.open(Some(&passphrase), &Limits::DEFAULT).is_ok(), "{name}");
        }
        seen += 1;
    }
    assert!(seen >= 30, "{seen}");
}

#[test]
fn six_hundred_thousand_rounds_are_done_and_two_to_the_31_refused_at_once() {
    let Some(maker) = Maker::find() else { return };
    let bytes = maker.identity("-iter 600000", PASSPHRASE).unwrap();
    let store = open(&bytes, Some(PASSPHRASE)).unwrap();
    maker.assert_identity(&store, PASSPHRASE, "600,000 rounds");
    let rounds: Vec<Option<u64>> = store.protections.iter().map(|one| one.iterations).collect();
    assert_eq!(rounds, [Some(600_000), Some(600_000), Some(600_000)], "{:?}", store.protections);
    assert_eq!(store.protections[0].of, Protected::Integrity);

    let start = Instant::now();
    let certificate = pem_certificates(&std::fs::read(root_file()).unwrap()).remove(0);
    let hostile = with_code(&pkcs12::trust_store(&[("root", &certificate)]), &[0, 0x80, 0, 0, 0]);
    let kind = Work::Iterations;
    let limit = Limits::DEFAULT.iterations;
    let refused = StoreError::TooMuchWork { demanded: 1 << 31, kind, limit };
    for passphrase in [None, Some("x")] {
        assert_eq!(open(&hostile, passphrase).unwrap_err(), refused);
    }
    // A number that no type holds, and one that is none.
    let refused = open(&with_code(&pkcs12::trust_store(&[]), &[0x7f; 40]), Some("x")).unwrap_err();
    assert!(matches!(refused, StoreError::TooMuchWork { demanded: u64::MAX, .. }), "{refused:?}");
    for none in [&[0][..], &[0xff]] {
        let refused = open(&with_code(&pkcs12::trust_store(&[]), none), Some("x")).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn the_work_of_all_contents_together_is_bounded_and_the_same_is_done_once() {
    let start = Instant::now();
    let different = store_of_sealed_parts(10_000, 600_000, |number| number as u64);
    let refused = open(&different, Some("x")).unwrap_err();
    let (demanded, kind, limit) = (6_000_000_000, Work::Iterations, Limits::DEFAULT.iterations);
    assert_eq!(refused, StoreError::TooMuchWork { demanded, kind, limit });
    // What one demands is beyond the limit already: told is what has to be allowed for both.
    let refused = open(&store_of_sealed_parts(2, 11_000_000, |number| number as u64), Some("x")).unwrap_err();
    assert_eq!(refused, StoreError::TooMuchWork { demanded: 22_000_000, kind, limit });
    // With one salt it is one derivation; the passphrase is wrong, and that costs as much as once.
    let same = store_of_sealed_parts(10_000, 600_000, |_| 7);
    assert_eq!(open(&same, Some("x")).unwrap_err(), StoreError::WrongPassphraseOrDamaged);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn bags_in_bags_end_somewhere() {
    let mut bags = write(0x30, &[]);
    for _ in 0..100 {
        let bag = write(
            0x30,
            &[
                &oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x06]),
                &write(0xa0, &[&bags]),
            ],
        );
        bags = write(0x30, &[&bag]);
    }
    let refused = open(&store_of_clear(&bags), None).unwrap_err();
    assert_eq!(refused, StoreError::Damaged { why: Malformed::Nesting });
    let mut string = write(0x04, &[b"x"]);
    for _ in 0..100_000 {
        string = [&[0x24, 0x80], &*string, &[0, 0]].concat();
        if string.len() > 200_000 {
            break;
        }
    }
    let data = write(0x30, &[&oid(DATA), &write(0xa0, &[&string])]);
    let store = write(0x30, &[&write(0x02, &[&[3]]), &data]);
    assert_eq!(open(&store, None).unwrap_err(), StoreError::Damaged { why: Malformed::Nesting });
}

#[test]
fn every_change_of_a_small_store_is_noticed_or_harmless() {
    let Some(maker) = Maker::find() else { return };
    for line in [
        "-iter 1",
        "-iter 1 -nomac -certpbe AES-128-CBC",
        "-iter 1 -nomac -certpbe NONE -keypbe NONE",
        "-iter 1 -legacy",
    ] {
        let bytes = maker.identity(line, PASSPHRASE).unwrap();
        let store = open(&bytes, Some(PASSPHRASE)).unwrap();
        every_change_is_noticed(&bytes, &store, PASSPHRASE, 1);
    }
}

#[test]
fn a_store_of_200_megabytes_ends_soon_and_with_words() {
    let sandbox = Sandbox::new();
    for (name, start, finding) in [
        // A header that promises what follows: a PKCS#12 store, and a JKS store with one entry of that length.
        (
            "big.p12",
            &[
                0x30, 0x84, 0x0c, 0x80, 0, 0, 2, 1, 3, 0x30, 0x84, 0x0c, 0x7f, 0xff, 0xf0, 6, 9, 0x2a, 0x86,
                0x48, 0x86, 0xf7, 0x0d, 1, 7, 1,
            ][..],
            "store-too-costly",
        ),
        ("big.jks", b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x01", "store-too-costly"),
        // Indefinite lengths, two bytes each: nothing but levels.
        (
            "deep.p12",
            &[0x30, 0x80, 2, 1, 3, 0x30, 0x80, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1],
            "store-damaged",
        ),
    ] {
        let path = sandbox.path(name);
        // The last is walked to its end, and not optimised here: a tenth has to do.
        let mut content = vec![0; if name == "deep.p12" { 20_000_000 } else { 210_000_000 }];
        if name == "deep.p12" {
            for pair in content.chunks_exact_mut(2) {
                pair.copy_from_slice(&[0x30, 0x80]);
            }
        }
        content[..start.len()].copy_from_slice(start);
        std::fs::write(&path, content).unwrap();
        sandbox.accept_what_is_there();
        let start = Instant::now();
        let output = sandbox.certman(["check", name, "--json"]).output();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["findings"][0]["code"], finding, "{name}: {answer}");
        assert!(start.elapsed() < Duration::from_secs(60), "{name}: {:?}", start.elapsed());
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_store_takes_its_passphrase_from_the_keyring_where_it_was_put_by_remember() {
    let Some(maker) = Maker::find() else { return };
    let sandbox = Sandbox::new();
    let path = sandbox.give("corp.p12", maker.identity("-iter 3", PASSPHRASE).unwrap());
    let account = format!("store:{}", path.display());
    let keyring = Memory::default();
    let world = || host().folder(sandbox.folder()).keyring(&keyring);

    let wrong =
        world().terminal(&Answers::of(&["wrong", "wrong"])).run(&["key", "remember", "--store", "corp.p12"]);
    assert_eq!((wrong.status, keyring.entry(&account)), (1, None), "{wrong:?}");
    assert!(wrong.stderr.contains("the passphrase does not open the store"), "{wrong:?}");
    let person = Answers::of(&[PASSPHRASE, PASSPHRASE]);
    let ran = world().terminal(&person).run(&["key", "remember", "--store", "corp.p12"]);
    assert_eq!((ran.status, keyring.entry(&account).as_deref()), (0, Some(PASSPHRASE)), "{ran:?}");
    assert_eq!(person.questions()[0], format!("Passphrase for the store '{}': ", path.display()));

    let ran = world().run(&["bundle", "corp.p12", "-o", "x.pem", "--json"]);
    assert_eq!(ran.json()["certificates"].as_array().unwrap().len(), 2, "{ran:?}");
    assert!(ran.codes().contains(&"private-key-in-source".to_owned()), "{ran:?}");

    let ran = world().run(&["key", "forget", "--store", "./corp.p12"]);
    assert_eq!((ran.status, keyring.entry(&account)), (0, None), "{ran:?}");
    let ran = world().run(&["key", "forget", "--store", "corp.p12"]);
    assert_eq!(ran.status, 1, "{ran:?}");

    for (name, content) in [
        ("root.pem", std::fs::read(root_file()).unwrap()),
        (
            "open.p12",
            pkcs12::trust_store(&[("x", &pem_certificates(&std::fs::read(root_file()).unwrap())[0])]),
        ),
    ] {
        sandbox.give(name, content);
        let ran = world().terminal(&Answers::of(&["x", "x"])).run(&["key", "remember", "--store", name]);
        assert_eq!(ran.status, 1, "{name}: {ran:?}");
    }
    assert_eq!(world().run(&["key", "remember", "--store", "-"]).status, 64);
}

#[test]
fn a_person_is_asked_last_once_for_a_store_and_not_again_for_the_same_passphrase() {
    let Some(maker) = Maker::find() else { return };
    let sandbox = Sandbox::new();
    let certificate = root_file();
    for (name, passphrase) in
        [("a.p12", PASSPHRASE), ("b.p12", PASSPHRASE), ("c.p12", "another-4711"), ("d.p12", "changeit")]
    {
        sandbox.give(name, maker.trusted(&certificate, "-iter 3", passphrase));
    }
    let bundle = |keyring: &Memory, person: &Answers, more: &[&str]| {
        let arguments =
            [&["bundle", "a.p12", "b.p12", "c.p12", "d.p12", "-o", "x.pem", "--json"], more].concat();
        host().folder(sandbox.folder()).keyring(keyring).terminal(person).run(&arguments)
    };
    let person = Answers::of(&[PASSPHRASE, "another-4711"]);
    let ran = bundle(&Memory::default(), &person, &[]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(person.questions().len(), 2, "{:?}", person.questions());
    assert!(person.questions()[1].contains("c.p12"), "{:?}", person.questions());
    assert_eq!(ran.codes().iter().filter(|code| *code == "store-passphrase-default").count(), 1, "{ran:?}");
    std::fs::remove_file(sandbox.path("x.pem")).unwrap();

    // A wrong answer is no reason to ask again for the same store, and nothing is written.
    let person = Answers::of(&["wrong", "another-4711"]);
    let ran = bundle(&Memory::default(), &person, &[]);
    assert_eq!((ran.status, person.questions().len()), (1, 2), "{ran:?}");
    assert!(ran.codes().contains(&"store-passphrase-wrong".to_owned()), "{ran:?}");
    assert!(!sandbox.path("x.pem").exists());

    // Nobody is asked where the keyring is locked: it may know.
    for (trouble, questions) in [(Trouble::Locked, 0), (Trouble::NoService, 2)] {
        let person = Answers::of(&[PASSPHRASE, "another-4711"]);
        bundle(&Memory::default().but(trouble), &person, &[]);
        assert_eq!(person.questions().len(), questions);
        let _ = std::fs::remove_file(sandbox.path("x.pem"));
    }
    let person = Answers::of(&[PASSPHRASE]);
    let ran = bundle(&Memory::default(), &person, &["--no-input"]);
    assert_eq!((ran.status, person.questions().len()), (1, 0), "{ran:?}");
    assert!(ran.codes().contains(&"store-passphrase-missing".to_owned()), "{ran:?}");
    let step = format!("`certman key remember --store {}`", sandbox.path("a.p12").display());
    assert!(ran.stdout.contains(&step), "the next step is about this store: {ran:?}");
    assert!(!sandbox.path("x.pem").exists());

    // A named place is the only one, and wakes neither keyring nor person.
    let (keyring, person) = (Memory::default(), Answers::of(&[PASSPHRASE]));
    sandbox.give("passphrase.txt", PASSPHRASE);
    support::set_mode(&sandbox.path("passphrase.txt"), 0o600);
    let ran = bundle(&keyring, &person, &["--store-passphrase", "file:passphrase.txt"]);
    assert_eq!((ran.status, keyring.calls(), person.questions().len()), (1, 0, 0), "{ran:?}");
    let wrong: Vec<&str> = ran.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["code"] == "store-passphrase-wrong")
        .map(|one| if one["source"]["path"].as_str().unwrap().ends_with("c.p12") { "c" } else { "?" })
        .collect();
    assert_eq!(wrong, ["c"], "{ran:?}");
}

#[test]
fn the_start_of_a_shell_asks_nobody_for_the_passphrase_of_a_store() {
    let sandbox = Sandbox::new();
    let store = sandbox.give("corp.p12", std::fs::read(support::testdata("stores/corp.p12")).unwrap());
    for (name, value) in [("CERTMAN_STORE_PASSPHRASE_FROM", "prompt"), ("CERTMAN_STORE_PASSPHRASE_FROM", "")]
    {
        let person = Answers::of(&[PASSPHRASE]);
        let world = host().folder(sandbox.folder()).terminal(&person).env(name, value);
        let world = world.env("HOME", sandbox.home().to_str().unwrap());
        let ran = world.env("CERTMAN_SOURCES", store.to_str().unwrap()).run(&["env", "--shell", "sh"]);
        assert_eq!((ran.status, person.questions().len()), (1, 0), "{ran:?}");
        assert_eq!(ran.stdout, "false;\n", "{ran:?}");
        assert!(ran.stderr.contains("no passphrase for the store"), "{ran:?}");
    }
    assert!(sandbox.made().is_empty(), "{:?}", sandbox.made().keys());
}

#[test]
fn what_everyone_knows_wakes_nobody_and_a_store_in_the_clear_neither() {
    let (Some(maker), Some(keytool)) = (Maker::find(), support::program("keytool")) else { return };
    let sandbox = Sandbox::new();
    sandbox.give("empty.p12", maker.trusted(&root_file(), "-iter 3", ""));
    sandbox.give("clear.p12", maker.trusted(&root_file(), "-iter 3 -certpbe NONE", PASSPHRASE));
    let jks = sandbox.path("trust.jks");
    let line = format!(
        "-J-XX:TieredStopAtLevel=1 -importcert -alias corp -storetype JKS -storepass {STORE_PASSPHRASE} -noprompt -file"
    );
    let mut command = support::bare(&keytool);
    command.args(line.split_whitespace()).arg(root_file()).arg("-keystore").arg(&jks);
    assert!(command.output().unwrap().status.success());
    sandbox.accept_what_is_there();
    let (keyring, person) = (Memory::default(), Answers::of(&[PASSPHRASE]));
    let world = || host().folder(sandbox.folder()).keyring(&keyring).terminal(&person);
    let ran = world().run(&["check", "empty.p12", "clear.p12", "trust.jks", "--json"]);
    assert_eq!((ran.status, keyring.calls(), person.questions().len()), (0, 0, 0), "{ran:?}");
    assert_eq!(ran.codes(), ["store-passphrase-default", "store-not-proven", "store-not-proven"], "{ran:?}");
    assert_eq!(ran.json()["certificates"].as_array().unwrap().len(), 3);
    assert_eq!(ran.json()["certificates"][2]["source"]["name"], "corp");
    // A place that is named is asked, and a passphrase from there must be right.
    for (given, status) in [(STORE_PASSPHRASE, 0), ("wrong", 2)] {
        let ran = world().env("PASS", given).run(&[
            "check",
            "trust.jks",
            "--store-passphrase",
            "env:PASS",
            "--json",
        ]);
        assert_eq!(ran.status, status, "{ran:?}");
    }
}

/// Flips bits in every so many-th byte. Nothing panics; what opens as proven is the same; nothing takes long.
fn every_change_is_noticed(bytes: &[u8], store: &Opened, text: &str, step: usize) {
    let few = Limits { iterations: 300_000, ..Limits::DEFAULT };
    let right = passphrase(text);
    let start = Instant::now();
    for at in (0..bytes.len()).step_by(step) {
        for mask in [0x01, 0x80] {
            let mut changed = bytes.to_vec();
            changed[at] ^= mask;
            scan(&changed, &mut |item| {
                let Content::Store(found) = item.content else { return };
                let _ = found.rounds_of_a_try();
                let _ = found.open(None, &few);
                if let Ok(opened) = found.open(Some(&right), &few)
                    && opened.integrity == Integrity::Proven
                {
                    assert_eq!(certificates(&opened), certificates(store), "byte {at}");
                }
            });
        }
        // What is cut short is never whole.
        let cut = &bytes[..at];
        let opened = open(cut, Some(text));
        assert!(!matches!(opened, Ok(Opened { integrity: Integrity::Proven, .. })), "{at} bytes");
    }
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// A store with so many contents, each sealed with PBES2 (HMAC-SHA256, AES-256) under a salt of its own choice.
fn store_of_sealed_parts(count: usize, rounds: u32, salt: impl Fn(usize) -> u64) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = (0..count)
        .map(|number| {
            let salt = write(0x04, &[&salt(number).to_be_bytes()]);
            let prf = write(0x30, &[&oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09])]);
            let parameters = write(0x30, &[&salt, &write(0x02, &[&[0], &rounds.to_be_bytes()]), &prf]);
            let derivation =
                write(0x30, &[&oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c]), &parameters]);
            let cipher = oid(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a]);
            let encryption = write(0x30, &[&cipher, &write(0x04, &[&[7; 16]])]);
            let scheme = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d]);
            let identifier = write(0x30, &[&scheme, &write(0x30, &[&derivation, &encryption])]);
            let info = write(0x30, &[&oid(DATA), &identifier, &write(0x80, &[&[9; 32]])]);
            let data = write(0x30, &[&write(0x02, &[&[0]]), &info]);
            write(
                0x30,
                &[&oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06]), &write(0xa0, &[&data])],
            )
        })
        .collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    store_of_parts(&write(0x30, &parts))
}

/// A store with one content in the clear.
fn store_of_clear(bags: &[u8]) -> Vec<u8> {
    store_of_parts(&write(0x30, &[&data(bags)]))
}

fn store_of_parts(safe: &[u8]) -> Vec<u8> {
    write(0x30, &[&write(0x02, &[&[3]]), &data(safe)])
}

/// The same store with a code of integrity (HMAC with SHA-256) that demands so many rounds: an INTEGER's content.
fn with_code(store: &[u8], rounds: &[u8]) -> Vec<u8> {
    let (outer, _) = certman::pki::asn1::Element::read(store).unwrap();
    let hash = write(0x30, &[&oid(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01])]);
    let info = write(0x30, &[&hash, &write(0x04, &[&[0; 32]])]);
    let code = write(0x30, &[&info, &write(0x04, &[b"salt"]), &write(0x02, &[rounds])]);
    write(0x30, &[outer.content, &code])
}

fn data(content: &[u8]) -> Vec<u8> {
    write(0x30, &[&oid(DATA), &write(0xa0, &[&write(0x04, &[content])])])
}

fn oid(content: &[u8]) -> Vec<u8> {
    write(0x06, &[content])
}

/// OpenSSL, and a folder for what it makes.
struct Maker {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Maker {
    fn find() -> Option<Self> {
        Some(Self { folder: support::fresh_folder("stores"), program: support::program("openssl")? })
    }

    /// The key of `client-p256` with its certificate and its issuer's in a store; none where OpenSSL refuses.
    fn identity(&self, options: &str, passphrase: &str) -> Option<Vec<u8>> {
        let out = self.folder.path().join("made.p12");
        let mut command = support::bare(&self.program);
        command.args(["pkcs12", "-export", "-passout", "env:PASS"]).env("PASS", passphrase);
        command.args(options.split_whitespace()).arg("-inkey").arg(key_file());
        command.arg("-in").arg(leaf_file()).arg("-certfile").arg(issuer_file()).arg("-out").arg(&out);
        let made = command.stderr(Stdio::null()).status().unwrap();
        made.success().then(|| std::fs::read(&out).unwrap())
    }

    /// One certificate in a store.
    fn trusted(&self, certificate: &Path, options: &str, passphrase: &str) -> Vec<u8> {
        let out = self.folder.path().join("made.p12");
        let mut command = support::bare(&self.program);
        command.args(["pkcs12", "-export", "-nokeys", "-passout", "env:PASS"]).env("PASS", passphrase);
        command.args(options.split_whitespace()).arg("-in").arg(certificate).arg("-out").arg(&out);
        assert!(command.status().unwrap().success(), "{options}");
        std::fs::read(out).unwrap()
    }

    /// The certificates that OpenSSL reads in a store.
    fn read(&self, bytes: &[u8], passphrase: &str) -> Vec<Vec<u8>> {
        let path = self.folder.path().join("read.p12");
        std::fs::write(&path, bytes).unwrap();
        let mut command = support::bare(&self.program);
        command.args(["pkcs12", "-nokeys", "-legacy", "-passin", "env:PASS", "-in"]).arg(path);
        let output = command.env("PASS", passphrase).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        pem_certificates(&output.stdout)
    }

    fn openssl(&self, arguments: &[&str]) -> std::process::Output {
        support::bare(&self.program).args(arguments).output().unwrap()
    }

    /// What [`Maker::identity`] has put there is what came out: two certificates, leaf first, and the very key.
    fn assert_identity(&self, store: &Opened, passphrase: &str, what: &str) {
        let wanted: Vec<Vec<u8>> = [leaf_file(), issuer_file()]
            .iter()
            .flat_map(|path| pem_certificates(&std::fs::read(path).unwrap()))
            .collect();
        assert_eq!(certificates(store), wanted, "{what}");
        assert_opens_as_the_key(store, passphrase, what);
    }
}

fn assert_opens_as_the_key(store: &Opened, text: &str, what: &str) {
    assert_eq!(store.keys.len(), 1, "{what}");
    let Ok(KeyFile { content: key::Content::Plain(wanted), .. }) =
        key::detect(&std::fs::read(key_file()).unwrap())
    else {
        panic!("the key of the fixture is in the clear")
    };
    let opened: PrivateKey = store.keys[0]
        .open(Some(&passphrase(text)), &Limits::DEFAULT)
        .unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!(opened.public_key_sha256(), wanted.public_key_sha256(), "{what}");
    assert!(opened.public_key_sha256().is_some(), "{what}");
}

/// Opens the first store in a file.
fn open(bytes: &[u8], text: Option<&str>) -> Result<Opened, StoreError> {
    let passphrase = text.map(passphrase);
    let mut opened = Err(StoreError::Unsupported { what: "no store was found".into() });
    scan(bytes, &mut |item| {
        if let Content::Store(store) = item.content {
            opened = Store::open(&store, passphrase.as_ref(), &Limits::DEFAULT);
        }
    });
    opened
}

fn certificates(store: &Opened) -> Vec<Vec<u8>> {
    store.certificates.iter().map(|one| one.der.clone()).collect()
}

/// Read by a reader that is not ours.
fn pem_certificates(text: &[u8]) -> Vec<Vec<u8>> {
    let mut text = text;
    rustls_pemfile::certs(&mut text).map(|one| one.unwrap().to_vec()).collect()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes().to_vec())
}

fn python() -> Option<Command> {
    let mut python = support::python()?;
    python.arg(support::in_project("tests/support/stores.py"));
    Some(python)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key_file() -> PathBuf {
    support::testdata("keys/p256.pkcs8.pem")
}

fn leaf_file() -> PathBuf {
    support::testdata("pki/client-p256.pem")
}

fn issuer_file() -> PathBuf {
    support::testdata("pki/intermediate-p256-1.pem")
}

fn root_file() -> PathBuf {
    support::testdata("pki/root-rsa.pem")
}

/// Every hash that certman checks a store with, as OpenSSL's `-macalg` names it.
const CODES: [&str; 8] = ["sha256", "md5", "sha1", "sha224", "sha384", "sha512", "sha512-224", "sha512-256"];
/// 1.2.840.113549.1.7.1
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const PASSPHRASE: &str = "secret-of-a-store-4711";
/// Not one that everyone knows.
const STORE_PASSPHRASE: &str = "secret-of-keytool-4711";
