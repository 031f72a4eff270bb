//! Private keys against the real programs: OpenSSL makes every kind, form and scheme; certman has to read them all
//! as the same key, and OpenSSL, Node and Bun have to read what certman writes.
#![expect(clippy::unwrap_used, reason = "what a test stands on fails by failing the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

use certman::pki::algorithm::{Curve, KeyAlgorithm};
use certman::pki::asn1::{self, Element, Malformed};
use certman::pki::container::pem::{self, Damage};
use certman::pki::key::{
    Cause, Cipher, Content, Encoding, Form, Hash, Kdf, KeyFile, LONGEST_PASSPHRASE, Limits, NoKey,
    NotCheckable, OpenError, OtherContent, PORTABLE_ITERATIONS, Pairing, Prf, PrivateKey, Quirk, Scheme,
    SealError, Sealed, Work, detect, proves,
};
use certman::secret::Passphrase;

#[test]
fn every_scheme_opens_every_rsa_key() {
    let Some(openssl) = OpenSsl::find() else { return };
    for kind in ["rsa-1024", "rsa-2048", "rsa-2048-three-primes", "rsa-pss-2048"] {
        every_scheme_opens(&openssl, kind, &ALL_SCHEMES);
    }
}

#[test]
fn every_scheme_opens_every_key_on_a_curve() {
    let Some(openssl) = OpenSsl::find() else { return };
    for kind in ["p256", "p384", "p521", "secp256k1", "brainpool", "p256-explicit"] {
        every_scheme_opens(&openssl, kind, &ALL_SCHEMES);
    }
}

#[test]
fn every_scheme_opens_every_other_key() {
    let Some(openssl) = OpenSsl::find() else { return };
    for kind in ["dsa", "ed25519", "ed448", "x25519"] {
        every_scheme_opens(&openssl, kind, &ALL_SCHEMES);
    }
    // One large key, with the scheme that will be met most.
    every_scheme_opens(&openssl, "rsa-4096", &["-v2 aes-256-cbc -v2prf hmacWithSHA256"]);
}

fn every_scheme_opens(openssl: &OpenSsl, kind: &str, schemes: &[&str]) {
    let plain = &openssl.keys()[kind];
    let same = plain_key(plain);
    for scheme in schemes {
        let sealed = openssl.run(
            &format!("pkcs8 -topk8 {scheme} {LEGACY} -passout file:PASS -in KEY"),
            plain,
            PASSPHRASE,
        );
        opens_as(&sealed, &same, scheme, Form::EncryptedPkcs8);
    }
    // EdDSA and RSA-PSS keys have no traditional form.
    if ["ed25519", "ed448", "x25519", "rsa-pss-2048"].contains(&kind) {
        return;
    }
    for cipher in LEGACY_CIPHERS {
        let sealed = openssl.run(
            &format!("pkey -traditional -{cipher} {LEGACY} -passout file:PASS -in KEY"),
            plain,
            PASSPHRASE,
        );
        opens_as(&sealed, &same, cipher, Form::LegacyEncrypted);
    }
}

/// PEM and, where there is no header to lose, DER.
fn opens_as(text: &[u8], same: &PrivateKey, scheme: &str, form: Form) {
    let file = detect(text).unwrap_or_else(|error| panic!("{scheme}: {error:?}"));
    assert_eq!((file.facts.form, file.facts.encoding), (form, Encoding::Pem), "{scheme}");
    assert_eq!(file.facts.quirks, [], "{scheme}");
    assert_same(&open(&file), same, scheme);
    if form == Form::EncryptedPkcs8 {
        let der = pem::blocks(text).next().unwrap().decode().unwrap();
        let file = detect(&der).unwrap();
        assert_eq!((file.facts.form, file.facts.encoding), (form, Encoding::Der), "{scheme}");
        assert_eq!(file.facts.quirks, [Quirk::Der]);
        assert_same(&open(&file), same, scheme);
    }
}

#[test]
fn every_plain_form_is_the_same_key() {
    let Some(openssl) = OpenSsl::find() else { return };
    for (kind, plain) in openssl.keys() {
        let same = plain_key(plain);
        assert!(!same.contradicts_itself(), "{kind}");
        let mut forms = vec!["pkey -in KEY", "pkey -in KEY -outform DER"];
        if !["ed25519", "ed448", "x25519", "rsa-pss-2048"].contains(kind) {
            forms.extend(["pkey -traditional -in KEY", "pkey -traditional -in KEY -outform DER"]);
        }
        if matches!(same.algorithm(), KeyAlgorithm::Ec(Curve::P256 | Curve::P384 | Curve::P521)) {
            forms.extend([
                "ec -no_public -in KEY",
                "ec -conv_form compressed -in KEY",
                "ec -conv_form hybrid -in KEY",
            ]);
        }
        for form in forms {
            let text = openssl.run(form, plain, PASSPHRASE);
            let file = detect(&text).unwrap_or_else(|error| panic!("{kind} {form}: {error:?}"));
            assert!(file.facts.scheme.is_none());
            let Content::Plain(key) = &file.content else { panic!("{kind} {form} is not sealed") };
            assert_same(key, &same, &format!("{kind} {form}"));
            assert!(!key.contradicts_itself(), "{kind} {form}");
        }
    }
}

#[test]
fn the_form_and_the_kind_are_told() {
    let Some(openssl) = OpenSsl::find() else { return };
    for (kind, algorithm, traditional) in [
        ("brainpool", "EC brainpool", Some(Form::Sec1)),
        ("dsa", "DSA", Some(Form::Dsa)),
        ("ed25519", "Ed25519", None),
        ("ed448", "Ed448", None),
        ("p256", "EC P-256", Some(Form::Sec1)),
        ("p256-explicit", "EC explicit", Some(Form::Sec1)),
        ("p384", "EC P-384", Some(Form::Sec1)),
        ("p521", "EC P-521", Some(Form::Sec1)),
        ("rsa-1024", "RSA 1024", Some(Form::Pkcs1)),
        ("rsa-2048", "RSA 2048", Some(Form::Pkcs1)),
        ("rsa-2048-three-primes", "RSA 2048", Some(Form::Pkcs1)),
        ("rsa-4096", "RSA 4096", Some(Form::Pkcs1)),
        ("rsa-pss-2048", "RSA-PSS 2048", None),
        ("secp256k1", "EC secp256k1", Some(Form::Sec1)),
        ("x25519", "1.3.101.110", None),
    ] {
        let plain = &openssl.keys()[kind];
        let file = detect(plain).unwrap();
        assert_eq!(
            (file.facts.form, file.facts.line, file.facts.block),
            (Form::Pkcs8, Some(1), Some(1)),
            "{kind}"
        );
        assert_eq!(plain_key(plain).algorithm().to_string(), algorithm);
        if let Some(form) = traditional {
            let text = openssl.run("pkey -traditional -in KEY", plain, PASSPHRASE);
            assert_eq!(detect(&text).unwrap().facts.form, form, "{kind}");
        }
    }
}

#[test]
fn a_sec1_key_takes_its_curve_from_the_block_before_it() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["p384"];
    let same = plain_key(plain);
    let with_parameters = openssl.run("ecparam -name secp384r1", &[], PASSPHRASE);
    let sec1 = openssl.run("pkey -traditional -in KEY", plain, PASSPHRASE);
    let der = pem::blocks(&sec1).next().unwrap().decode().unwrap();
    // The same key without [0] parameters.
    let (outer, _) = Element::read(&der).unwrap();
    let parts: Vec<&[u8]> = outer
        .children()
        .map(Result::unwrap)
        .filter(|part| part.tag != asn1::CONTEXT_0)
        .map(|part| part.raw)
        .collect();
    let bare = pem::encode("EC PRIVATE KEY", &asn1::write(asn1::SEQUENCE, &parts));
    assert_eq!(
        detect(&bare).unwrap_err(),
        NoKey::Damaged { block: Some(1), cause: Cause::CurveMissing, line: Some(1) }
    );
    let both = [with_parameters.as_slice(), &bare].concat();
    let file = detect(&both).unwrap();
    assert_eq!((file.facts.block, file.facts.form), (Some(2), Form::Sec1));
    assert_same(&open(&file), &same, "EC PARAMETERS");
    // Encrypted, the curve has to be kept until the passphrase comes.
    let sealed = openssl.run("pkey -traditional -aes128 -passout file:PASS -in KEY", plain, PASSPHRASE);
    let both = [with_parameters.as_slice(), &sealed].concat();
    assert_same(&open(&detect(&both).unwrap()), &same, "EC PARAMETERS, encrypted");
}

#[test]
fn each_scheme_has_its_name_and_its_facts() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["p256"];
    let scheme = |arguments: &str| {
        let text =
            openssl.run(&format!("{arguments} {LEGACY} -passout file:PASS -in KEY"), plain, PASSPHRASE);
        detect(&text).unwrap().facts.scheme.unwrap()
    };
    for (arguments, name, iterations) in [
        ("-v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 7", "PBES2 PBKDF2-HMAC-SHA256 AES-256-CBC", Some(7)),
        (
            "-v2 aes-128-cbc -v2prf hmacWithSHA1 -iter 70000",
            "PBES2 PBKDF2-HMAC-SHA1 AES-128-CBC",
            Some(70_000),
        ),
        ("-v2 des3 -v2prf hmacWithSHA512", "PBES2 PBKDF2-HMAC-SHA512 DES-EDE3-CBC", Some(2048)),
        ("-v2 aes-192-cbc -scrypt", "PBES2 scrypt AES-192-CBC", None),
        ("-v1 PBE-MD5-DES", "PBE-MD5-DES", Some(2048)),
        ("-v1 PBE-SHA1-RC2-64", "PBE-SHA1-RC2-64", Some(2048)),
        ("-v1 PBE-SHA1-3DES -iter 9", "PBE-SHA1-3DES", Some(9)),
        ("-v1 PBE-SHA1-2DES", "PBE-SHA1-2DES", Some(2048)),
        ("-v1 PBE-SHA1-RC2-40", "PBE-SHA1-RC2-40", Some(2048)),
        ("-v1 PBE-SHA1-RC2-128", "PBE-SHA1-RC2-128", Some(2048)),
        ("-v1 PBE-SHA1-RC4-40", "PBE-SHA1-RC4-40", Some(2048)),
        ("-v1 PBE-SHA1-RC4-128", "PBE-SHA1-RC4-128", Some(2048)),
    ] {
        let scheme = scheme(&format!("pkcs8 -topk8 {arguments}"));
        assert_eq!((scheme.name().as_str(), scheme.iterations()), (name, iterations));
    }
    let legacy = scheme("pkey -traditional -aes192");
    assert_eq!(legacy, Scheme::LegacyPem { cipher: Cipher::Aes192Cbc });
    assert_eq!(legacy.name(), "legacy PEM AES-192-CBC");
    assert_eq!(
        scheme("pkcs8 -topk8 -v1 PBE-MD5-RC2-64"),
        Scheme::Pbes1 { cipher: Cipher::Rc2Cbc64, hash: Hash::Md5, iterations: 2048 }
    );
    let scrypt = scheme("pkcs8 -topk8 -scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 3");
    assert_eq!(scrypt, Scheme::Pbes2 { cipher: Cipher::Aes256Cbc, kdf: Kdf::Scrypt { n: 1024, p: 3, r: 4 } });
    assert_eq!((scrypt.memory(), scrypt.work()), (Some(1027 * 512), Some(1024 * 12)));
}

#[test]
fn what_is_not_opened_is_named() {
    let Some(openssl) = OpenSsl::find() else { return };
    for (arguments, name) in [
        ("pkcs8 -topk8 -v2 aes-256-cfb", "AES-256-CFB"),
        ("pkcs8 -topk8 -v2 aes-128-ofb", "AES-128-OFB"),
        ("pkcs8 -topk8 -v2 camellia-256-cbc", "CAMELLIA-256-CBC"),
        ("pkcs8 -topk8 -v2 aria-256-cbc", "ARIA-256-CBC"),
        ("pkcs8 -topk8 -v2 rc2-cbc", "RC2-CBC"),
        ("pkcs8 -topk8 -v2 bf-cbc", "BF-CBC"),
        ("pkcs8 -topk8 -v2 cast5-cbc", "CAST5-CBC"),
        ("pkcs8 -topk8 -v2 seed-cbc", "SEED-CBC"),
        ("pkcs8 -topk8 -v2 sm4-cbc", "SM4-CBC"),
        ("pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithMD5", "HMAC-MD5"),
        ("pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA512-256", "HMAC-SHA512-256"),
        ("pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA512-224", "HMAC-SHA512-224"),
        ("pkey -traditional -camellia256", "CAMELLIA-256-CBC"),
    ] {
        let command = format!("{arguments} {LEGACY} -passout file:PASS -in KEY");
        let text = openssl.run(&command, &openssl.keys()["p256"], PASSPHRASE);
        let file = detect(&text).unwrap_or_else(|error| panic!("{arguments}: {error:?}"));
        let scheme = file.facts.scheme.clone().unwrap();
        assert_eq!(scheme, Scheme::Unsupported { what: name.into() }, "{arguments}");
        let error = sealed(&file).open(&passphrase(PASSPHRASE), &Limits::DEFAULT).unwrap_err();
        assert_eq!(error, OpenError::Unsupported { what: name.into() });
    }
}

#[test]
fn passphrases_are_taken_as_openssl_takes_them() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["p256"];
    let same = plain_key(plain);
    let long = [b'x'; 1000];
    for given in [
        &b"with blanks "[..],
        "pässwörd€".as_bytes(),
        "clé 🔑".as_bytes(),
        b"\xff\xfe not UTF-8 \xe4",
        b"a",
        &long,
    ] {
        for scheme in ALL_SCHEMES {
            if !scheme.contains("hmacWithSHA224") && !scheme.contains("-v1") && !scheme.contains("scrypt") {
                continue;
            }
            let sealed = openssl.run(
                &format!("pkcs8 -topk8 {scheme} {LEGACY} -passout file:PASS -in KEY"),
                plain,
                given,
            );
            assert_same(&open_with(&detect(&sealed).unwrap(), given), &same, scheme);
        }
        // Below four bytes OpenSSL does not write the old form.
        if given.len() > 3 {
            let sealed = openssl.run("pkey -traditional -aes256 -passout file:PASS -in KEY", plain, given);
            assert_same(&open_with(&detect(&sealed).unwrap(), given), &same, "legacy");
        }
        let ours = same.seal(&passphrase(given), 1).unwrap();
        let public = openssl.run("pkey -pubout -passin file:PASS -in KEY", &ours, given);
        assert_eq!(public, openssl.run("pkey -pubout -in KEY", plain, given));
    }
}

#[test]
fn openssl_node_and_bun_read_what_is_written() {
    let Some(openssl) = OpenSsl::find() else { return };
    let folder = folder();
    std::fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
    for (kind, plain) in openssl.keys() {
        let public = openssl.run("pkey -pubout -in KEY", plain, PASSPHRASE);
        let key = plain_key(plain);
        let clear = key.to_pkcs8_pem();
        assert_eq!(openssl.run("pkey -pubout -in KEY", &clear, PASSPHRASE), public, "{kind}");
        openssl.run("pkey -check -noout -in KEY", &clear, PASSPHRASE);
        let sealed = key.seal(&passphrase(PASSPHRASE), 1000).unwrap();
        assert_eq!(
            openssl.run("pkey -pubout -passin file:PASS -in KEY", &sealed, PASSPHRASE),
            public,
            "{kind}"
        );
        let text = String::from_utf8(sealed.to_vec()).unwrap();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n") && text.ends_with("-----\n"));
        assert!(text.lines().all(|line| line.len() <= 64));
        let facts = detect(&sealed).unwrap().facts;
        assert_eq!(facts.quirks, []);
        assert_eq!(
            facts.scheme.unwrap(),
            Scheme::Pbes2 {
                cipher: Cipher::Aes256Cbc,
                kdf: Kdf::Pbkdf2 { iterations: 1000, prf: Prf::HmacSha256, prf_has_null_parameters: true }
            }
        );
        std::fs::write(folder.path().join(format!("{kind}.sealed.pem")), &sealed).unwrap();
        std::fs::write(folder.path().join(format!("{kind}.clear.pem")), &clear).unwrap();
        std::fs::write(folder.path().join(format!("{kind}.public.pem")), &public).unwrap();
        if let Some(spki) = key.public_key() {
            let der = pem::blocks(&public).next().unwrap().decode().unwrap();
            assert_eq!(spki, der, "{kind}");
        }
    }
    std::fs::write(folder.path().join("read.cjs"), READ_WITH_NODE).unwrap();
    for (name, exceptions) in [("node", &[][..]), ("bun", BUN)] {
        let Some(program) = program(name) else { continue };
        let output = run(Command::new(program).arg("read.cjs").current_dir(folder.path()), &[]);
        let mut lines: Vec<&str> = output.lines().collect();
        lines.sort_unstable();
        let expected: Vec<String> = openssl
            .keys()
            .keys()
            .flat_map(|kind| ["clear", "sealed"].map(|form| (kind, form)))
            .map(|(kind, form)| {
                let exception = exceptions.iter().find(|(name, _)| name == kind);
                format!("{kind} {form} {}", exception.map_or("same", |(_, outcome)| outcome))
            })
            .collect();
        assert_eq!(lines, expected, "{name}");
    }
}

#[test]
fn sealing_keeps_to_what_clients_take() {
    let Some(openssl) = OpenSsl::find() else { return };
    let key = plain_key(&openssl.keys()["ed25519"]);
    assert_eq!(key.seal(&passphrase(b""), 1).unwrap_err(), SealError::PassphraseLength { length: 0 });
    let longest = vec![b'x'; LONGEST_PASSPHRASE];
    assert!(key.seal(&passphrase(&longest), 1).is_ok());
    let longer = vec![b'x'; LONGEST_PASSPHRASE + 1];
    assert_eq!(key.seal(&passphrase(&longer), 1).unwrap_err(), SealError::PassphraseLength { length: 1024 });
    assert_eq!(key.seal(&passphrase(b"x"), u32::MAX).unwrap_err(), SealError::Refused);

    let (one, two) = (key.seal(&passphrase(b"x"), 1).unwrap(), key.seal(&passphrase(b"x"), 1).unwrap());
    assert_ne!(*one, *two, "salt and vector are new each time");
    let default = key.seal(&passphrase(b"x"), PORTABLE_ITERATIONS).unwrap();
    assert_eq!(detect(&default).unwrap().facts.scheme.unwrap().iterations(), Some(600_000));
}

#[test]
fn a_wrong_passphrase_has_one_answer() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["p256"];
    for scheme in [
        "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 1",
        "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA224 -iter 1",
        "pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA512 -iter 1",
        "pkcs8 -topk8 -v2 aes-256-cbc -scrypt -scrypt_N 2 -scrypt_r 1",
        "pkcs8 -topk8 -v1 PBE-MD5-DES -iter 1",
        "pkcs8 -topk8 -v1 PBE-SHA1-3DES -iter 1",
        "pkcs8 -topk8 -v1 PBE-SHA1-RC4-128 -iter 1",
        "pkey -traditional -des3",
        "pkey -traditional -aes256",
    ] {
        let text = openssl.run(&format!("{scheme} {LEGACY} -passout file:PASS -in KEY"), plain, PASSPHRASE);
        let file = detect(&text).unwrap();
        for wrong in 0..700 {
            let wrong = format!("wrong {wrong} é");
            let error = sealed(&file).open(&passphrase(wrong.as_bytes()), &Limits::DEFAULT).unwrap_err();
            assert_eq!(error, OpenError::WrongPassphraseOrDamaged, "{scheme} {wrong}");
        }
        let with_newline = [PASSPHRASE, b"\n"].concat();
        assert!(sealed(&file).open(&passphrase(&with_newline), &Limits::DEFAULT).is_err(), "{scheme}");
        assert!(sealed(&file).open(&passphrase(b""), &Limits::DEFAULT).is_err(), "{scheme}");
        assert!(sealed(&file).open(&passphrase(PASSPHRASE), &Limits::DEFAULT).is_ok(), "{scheme}");
    }
}

#[test]
fn a_key_belongs_to_its_own_public_key_alone() {
    let Some(openssl) = OpenSsl::find() else { return };
    let public: BTreeMap<&str, Vec<u8>> = openssl
        .keys()
        .iter()
        .map(|(kind, plain)| (*kind, openssl.run("pkey -pubout -outform DER -in KEY", plain, PASSPHRASE)))
        .collect();
    for (kind, plain) in openssl.keys() {
        let key = plain_key(plain);
        for (other, spki) in &public {
            let expected = match *kind {
                _ if kind != other => Pairing::Other { own: key.public_key_sha256() },
                "brainpool" | "dsa" | "ed448" | "p256-explicit" | "x25519" => {
                    Pairing::NotCheckable { why: NotCheckable::Algorithm }
                }
                "rsa-2048-three-primes" => Pairing::NotCheckable { why: NotCheckable::KeyRefused },
                _ => Pairing::Belongs,
            };
            assert_eq!(proves(&key, spki), expected, "{kind} with {other}");
        }
    }
    // Another key of the same kind and size.
    for (kind, arguments) in KINDS {
        if *kind == "rsa-4096" || *kind == "rsa-2048-three-primes" {
            continue;
        }
        let other = plain_key(&openssl.generate(arguments));
        let pairing = proves(&other, &public[kind]);
        match *kind {
            // PKCS#8 of these holds no public key at all.
            "dsa" | "ed448" | "x25519" => {
                assert_eq!(pairing, Pairing::NotCheckable { why: NotCheckable::Algorithm }, "{kind}");
            }
            "brainpool" | "p256-explicit" => assert_eq!(pairing, Pairing::Other { own: None }, "{kind}"),
            _ => {
                assert_eq!(pairing, Pairing::Other { own: other.public_key_sha256() }, "{kind}");
                assert!(other.public_key_sha256().is_some(), "{kind}");
            }
        }
    }
    let rsa = plain_key(&openssl.keys()["rsa-2048"]);
    for rubbish in [&b""[..], b"\x30", b"\x30\x00", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
        assert!(matches!(proves(&rsa, rubbish), Pairing::Other { .. }), "{rubbish:?}");
    }
}

#[test]
fn a_forged_public_part_is_not_believed() {
    let Some(openssl) = OpenSsl::find() else { return };
    let spki = |plain: &[u8]| openssl.run("pkey -pubout -outform DER -in KEY", plain, PASSPHRASE);
    for (kind, arguments) in
        KINDS.iter().filter(|(kind, _)| ["p256", "p384", "p521", "secp256k1"].contains(kind))
    {
        let (mine, theirs) = (&openssl.keys()[kind], openssl.generate(arguments));
        let (my_der, their_der) = (der_of(mine), der_of(&theirs));
        let point = |der: &[u8]| der[der.len() - point_length(kind)..].to_vec();
        let mut forged = my_der.clone();
        let start = forged.len() - point_length(kind);
        forged[start..].copy_from_slice(&point(&their_der));
        assert_ne!(forged, my_der);

        let key = plain_key(&forged);
        assert!(key.contradicts_itself(), "{kind}");
        assert_eq!(key.public_key(), Some(&*spki(mine)), "{kind}");
        assert_eq!(proves(&key, &spki(mine)), Pairing::Belongs, "{kind}");
        assert!(matches!(proves(&key, &spki(&theirs)), Pairing::Other { .. }), "{kind}");
        assert_same(&key, &plain_key(mine), "what is written has the true public part");
    }
    // RSA: the modulus of another key, with the primes of this one.
    for kind in ["rsa-1024", "rsa-2048"] {
        let arguments = KINDS.iter().find(|(name, _)| *name == kind).unwrap().1;
        let (mine, theirs) = (&openssl.keys()[kind], openssl.generate(arguments));
        let (my_der, their_der) = (der_of(mine), der_of(&theirs));
        let mut forged = my_der.clone();
        let (place, modulus) = (modulus(&my_der), modulus(&their_der));
        forged[place.clone()].copy_from_slice(&their_der[modulus]);
        let key = plain_key(&forged);
        assert!(key.contradicts_itself(), "{kind}");
        assert_eq!(key.public_key(), None, "{kind}");
        for public in [spki(mine), spki(&theirs)] {
            assert!(matches!(proves(&key, &public), Pairing::Other { own: None }), "{kind}");
        }
        // A private exponent that does not fit: the primes are right, and clients refuse the key all the same.
        let mut broken = my_der.clone();
        let octet = place.end + 40;
        broken[octet] ^= 1;
        if kind == "rsa-2048" {
            let pairing = proves(&plain_key(&broken), &spki(mine));
            assert_eq!(pairing, Pairing::NotCheckable { why: NotCheckable::KeyRefused });
        }
    }
    // Ed25519 in version 2 of PKCS#8, with a public key beside the seed.
    let mine = der_of(&openssl.keys()["ed25519"]);
    let (outer, _) = Element::read(&mine).unwrap();
    let parts: Vec<&[u8]> = outer.children().map(|part| part.unwrap().raw).collect();
    let public = |bytes: [u8; 32]| {
        let bits = asn1::write(0x81, &[&[0], &bytes]);
        asn1::write(asn1::SEQUENCE, &[&[2, 1, 1], parts[1], parts[2], &bits])
    };
    let spki = spki(&openssl.keys()["ed25519"]);
    let own: [u8; 32] = spki[spki.len() - 32..].try_into().unwrap();
    assert!(!plain_key(&public(own)).contradicts_itself());
    assert!(plain_key(&public([9; 32])).contradicts_itself());
    assert_eq!(proves(&plain_key(&public([9; 32])), &spki), Pairing::Belongs);
}

#[test]
fn work_is_refused_before_it_starts() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["p256"];
    let seal = |arguments: &str| {
        let command = format!("pkcs8 -topk8 {arguments} {LEGACY} -passout file:PASS -in KEY");
        der_of(&openssl.run(&command, plain, PASSPHRASE))
    };
    let pbkdf2 = seal("-v2 aes-256-cbc -iter 66000");
    let pbes1 = seal("-v1 PBE-SHA1-DES -iter 66000");
    let pkcs12 = seal("-v1 PBE-SHA1-RC4-128 -iter 66000");
    let scrypt = seal("-v2 aes-256-cbc -scrypt -scrypt_N 65536 -scrypt_r 2 -scrypt_p 1");
    let rounds = [2, 3, 1, 1, 0xd0];
    let started = Instant::now();
    for sealed_key in [&pbkdf2, &pbes1, &pkcs12] {
        // 66,000 fills three bytes; the fourth comes out of the salt's tag and length staying as they are.
        let file = detect(&replace(sealed_key, &rounds, &[2, 5, 0, 0x80, 0, 0, 0])).unwrap();
        let error = sealed(&file).open(&passphrase(PASSPHRASE), &Limits::DEFAULT).unwrap_err();
        let limit = Limits::DEFAULT.iterations;
        assert_eq!(error, OpenError::TooMuchWork { demanded: 1 << 31, kind: Work::Iterations, limit });
        let file =
            detect(&replace(sealed_key, &rounds, &[2, 12, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).unwrap();
        assert!(matches!(
            sealed(&file).open(&passphrase(PASSPHRASE), &Limits::DEFAULT),
            Err(OpenError::TooMuchWork { demanded: u64::MAX, .. })
        ));
        for none in [&[2, 1, 0][..], &[2, 1, 0x80], &[2, 0]] {
            let damaged = NoKey::Damaged { block: None, cause: Cause::Parameters, line: None };
            assert_eq!(detect(&replace(sealed_key, &rounds, none)).unwrap_err(), damaged, "{none:?}");
        }
    }
    let n = [2, 3, 1, 0, 0, 2, 1, 2, 2, 1, 1];
    for (parameters, kind, demanded) in [
        (&[2, 4, 0x40, 0, 0, 0, 2, 1, 1, 2, 1, 1][..], Work::ScryptMemory, ((1 << 30) + 1) * 128),
        (&[2, 4, 0x40, 0, 0, 0, 2, 1, 8, 2, 1, 1], Work::ScryptMemory, ((1 << 30) + 1) * 1024),
        (&[2, 3, 1, 0, 0, 2, 1, 1, 2, 3, 1, 0, 0], Work::ScryptWork, 1 << 32),
        (&[2, 3, 1, 0, 0, 2, 3, 1, 0, 0, 2, 1, 1], Work::ScryptMemory, (65_536 + 1) * 128 * 65_536),
        (&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1, 2, 1, 1], Work::ScryptMemory, u64::MAX),
    ] {
        let file = detect(&replace(&scrypt, &n, parameters)).unwrap();
        let error = sealed(&file).open(&passphrase(PASSPHRASE), &Limits::DEFAULT).unwrap_err();
        let OpenError::TooMuchWork { demanded: told, kind: of, .. } = error else { panic!("{error:?}") };
        assert_eq!((told, of), (demanded, kind), "{parameters:?}");
    }
    for none in [
        &[2, 1, 0, 2, 1, 1, 2, 1, 1][..],
        &[2, 1, 1, 2, 1, 1, 2, 1, 1],
        &[2, 1, 3, 2, 1, 1, 2, 1, 1],
        &[2, 1, 2, 2, 1, 0, 2, 1, 1],
    ] {
        let damaged = NoKey::Damaged { block: None, cause: Cause::Parameters, line: None };
        assert_eq!(detect(&replace(&scrypt, &n, none)).unwrap_err(), damaged, "{none:?}");
    }
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());

    // What the limits allow is done, and no more.
    let file = detect(&pbkdf2).unwrap();
    let limits = Limits { iterations: 66_000, ..Limits::DEFAULT };
    assert!(sealed(&file).open(&passphrase(PASSPHRASE), &limits).is_ok());
    let limits = Limits { iterations: 65_999, ..Limits::DEFAULT };
    assert!(sealed(&file).open(&passphrase(PASSPHRASE), &limits).is_err());
}

/// OpenSSL refuses to open scrypt from N = 2^15 with r = 8 on, without a larger bound; certman opens and converts it.
#[test]
fn scrypt_that_no_client_opens_is_converted() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["p256"];
    let arguments = "-v2 aes-256-cbc -scrypt -scrypt_N 16384 -scrypt_r 8 -scrypt_p 1";
    let text =
        openssl.run(&format!("pkcs8 -topk8 {arguments} -passout file:PASS -in KEY"), plain, PASSPHRASE);
    assert_same(&open(&detect(&text).unwrap()), &plain_key(plain), arguments);
    // Made by certman's own crates, for OpenSSL does not make one either.
    let parameters = pkcs8::pkcs5::scrypt::Params::new(16, 8, 1).unwrap();
    let parameters =
        pkcs8::pkcs5::pbes2::Parameters::generate_scrypt_aes256cbc(parameters, b"saltsaltsaltsalt", [7; 16])
            .unwrap();
    let encrypted = parameters.encrypt(PASSPHRASE, &der_of(plain)).unwrap();
    let info = pkcs8::EncryptedPrivateKeyInfoRef {
        encryption_algorithm: parameters.into(),
        encrypted_data: pkcs8::der::asn1::OctetStringRef::new(&encrypted).unwrap(),
    };
    let der = pkcs8::der::Encode::to_der(&info).unwrap();
    let text = pem::encode("ENCRYPTED PRIVATE KEY", &der);
    assert!(!openssl.succeeds("pkey -noout -passin file:PASS -in KEY", &text));
    let opened = open(&detect(&text).unwrap());
    let portable = opened.seal(&passphrase(PASSPHRASE), 1).unwrap();
    assert!(openssl.succeeds("pkey -noout -passin file:PASS -in KEY", &portable));
}

#[test]
fn dirty_text_is_read_and_its_quirks_are_told() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = String::from_utf8(openssl.keys()["rsa-2048"].clone()).unwrap();
    let same = plain_key(plain.as_bytes());
    for (name, bytes, quirks, line) in dirty(&plain) {
        let file = detect(&bytes).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_same(&open(&file), &same, name);
        assert_eq!(file.facts.quirks, quirks, "{name}");
        assert_eq!(file.facts.line, Some(line), "{name}");
    }
    let padded = openssl.keys().values().find(|key| key.contains(&b'=')).expect("some key has padding");
    let unpadded = String::from_utf8(padded.clone()).unwrap().replace('=', "");
    assert_eq!(detect(unpadded.as_bytes()).unwrap().facts.quirks, [Quirk::Padding]);
    let pkcs1 = openssl.run("pkey -traditional -in KEY", plain.as_bytes(), PASSPHRASE);
    let mislabelled = String::from_utf8(pkcs1).unwrap().replace("RSA ", "");
    assert_eq!(detect(mislabelled.as_bytes()).unwrap().facts.quirks, [Quirk::Label]);
    let der_with_newline = [der_of(plain.as_bytes()), b"\n".to_vec()].concat();
    assert_same(&open(&detect(&der_with_newline).unwrap()), &same, "DER and a newline");
}

/// What the comments at [`Quirk`] say, asked of the clients themselves.
#[test]
fn node_and_bun_stumble_where_the_quirks_say() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = String::from_utf8(openssl.keys()["rsa-2048"].clone()).unwrap();
    let folder = folder();
    let dirty = dirty(&plain);
    for (name, bytes, _, _) in &dirty {
        std::fs::write(folder.path().join(format!("{name}.key")), bytes).unwrap();
    }
    std::fs::write(folder.path().join("load.cjs"), LOAD_WITH_NODE).unwrap();
    for client in ["node", "bun"] {
        let Some(program) = program(client) else { continue };
        let output = run(Command::new(program).arg("load.cjs").current_dir(folder.path()), &[]);
        for (name, bytes, quirks, _) in &dirty {
            let refuses = |quirk: &Quirk| match *quirk {
                Quirk::BlankLine => client == "node",
                Quirk::ByteOrderMark => client == "bun" || !bytes.starts_with(b"\xef\xbb\xbf"),
                Quirk::LineLength => client == "bun",
                _ => true,
            };
            let expected = if quirks.iter().any(refuses) { "refused" } else { "loaded" };
            assert!(
                output.lines().any(|line| line == format!("{name}: {expected}")),
                "{client}, {name}:\n{output}"
            );
        }
    }
}

/// A key as it comes out of mail programs and editors: what was done to it, what clients stumble over, and the line
/// of its BEGIN marker.
fn dirty(plain: &str) -> Vec<(&'static str, Vec<u8>, Vec<Quirk>, u32)> {
    let utf16 = |to: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let mark = if mark { "\u{feff}" } else { "" };
        format!("{mark}{plain}").encode_utf16().flat_map(to).collect()
    };
    let body: String = plain.lines().filter(|line| !line.starts_with('-')).collect();
    let wrapped = |columns: usize| {
        let lines: Vec<&str> =
            body.as_bytes().chunks(columns).map(|line| str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")).into_bytes()
    };
    let text = |text: String| text.into_bytes();
    vec![
        ("clean", text(plain.into()), vec![], 1),
        ("CRLF", text(plain.replace('\n', "\r\n")), vec![], 1),
        ("text around", text(format!("Bag Attributes\n    friendlyName: x\n{plain}thanks\n")), vec![], 3),
        ("no final newline", text(plain.trim_end().into()), vec![], 1),
        ("trailing blanks", text(plain.replace('\n', "  \n")), vec![], 1),
        ("indented base64", text(plain.replace("\nMI", "\n  MI")), vec![], 1),
        ("blank first line", text(plain.replace("KEY-----\nM", "KEY-----\n\nM")), vec![], 1),
        ("one line", wrapped(100_000), vec![], 1),
        ("76 columns", wrapped(76), vec![], 1),
        ("253 columns", wrapped(253), vec![Quirk::LineLength], 1),
        ("506 columns", wrapped(506), vec![Quirk::LineLength], 1),
        ("byte order mark", text(format!("\u{feff}{plain}")), vec![Quirk::ByteOrderMark], 1),
        ("mark later", text(format!("x\n\u{feff}{plain}")), vec![Quirk::ByteOrderMark], 2),
        ("mark inside", text(plain.replace("\nMI", "\n\u{feff}MI")), vec![Quirk::ByteOrderMark], 1),
        ("UTF-16 LE", utf16(u16::to_le_bytes, true), vec![Quirk::Utf16], 1),
        ("UTF-16 BE", utf16(u16::to_be_bytes, true), vec![Quirk::Utf16], 1),
        ("UTF-16 without mark", utf16(u16::to_le_bytes, false), vec![Quirk::Utf16], 1),
        ("lone CR", text(plain.replace('\n', "\r")), vec![Quirk::LoneCarriageReturn], 1),
        ("indented", text(plain.replace("-----BEGIN", " -----BEGIN")), vec![Quirk::MarkerNotAtLineStart], 1),
        ("indented end", text(plain.replace("-----END", "\t-----END")), vec![Quirk::MarkerNotAtLineStart], 1),
        ("glued", text(format!("key:{plain}")), vec![Quirk::MarkerNotAtLineStart], 1),
        ("blank lines", text(plain.replace('\n', "\n\n")), vec![Quirk::BlankLine], 1),
        ("no end", text(plain.replace("-----END PRIVATE KEY-----", "")), vec![Quirk::EndMarker], 1),
        ("other end", text(plain.replace("END PRIVATE", "END RSA PRIVATE")), vec![Quirk::EndMarker], 1),
        (
            "headers",
            text(plain.replace("KEY-----\nM", "KEY-----\nX-Owner: me\n\nM")),
            vec![Quirk::Headers],
            1,
        ),
        ("a label PKCS#8 may have", text(plain.replace("PRIVATE", "RSA PRIVATE")), vec![], 1),
        ("another label", text(plain.replace("PRIVATE KEY", "ANY PRIVATE KEY")), vec![Quirk::Label], 1),
        ("small letters", text(plain.replace("PRIVATE KEY", "Private Key")), vec![Quirk::Label], 1),
        ("no markers", text(body.clone()), vec![Quirk::NoMarkers], 1),
        (
            "several",
            text(format!("\u{feff}{}", plain.replace('\n', "\r").replace("-----END", " -----END"))),
            vec![Quirk::ByteOrderMark, Quirk::LoneCarriageReturn, Quirk::MarkerNotAtLineStart],
            1,
        ),
    ]
}

#[test]
fn of_several_keys_the_first_is_taken() {
    let Some(openssl) = OpenSsl::find() else { return };
    let keys = openssl.keys();
    let text = [keys["p256"].as_slice(), &keys["rsa-1024"], &keys["ed25519"]].concat();
    let file = detect(&text).unwrap();
    assert_eq!((file.facts.others, file.facts.block), (2, Some(1)));
    assert_same(&open(&file), &plain_key(&keys["p256"]), "the first");
    let certificate = b"-----BEGIN CERTIFICATE-----\nTVRJeg==\n-----END CERTIFICATE-----\n".to_vec();
    let text = [certificate.as_slice(), &keys["p256"], &certificate].concat();
    let file = detect(&text).unwrap();
    assert_eq!((file.facts.others, file.facts.block, file.facts.line), (0, Some(2), Some(4)));
}

#[test]
fn what_is_no_private_key_is_named() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["rsa-2048"];
    let certificate = openssl.run("req -x509 -new -subj /CN=x -key KEY", plain, PASSPHRASE);
    let request = openssl.run("req -new -subj /CN=x -key KEY", plain, PASSPHRASE);
    let public = openssl.run("pkey -pubout -in KEY", plain, PASSPHRASE);
    let both = [plain.as_slice(), &certificate].concat();
    let store = openssl.run("pkcs12 -export -passout file:PASS -in KEY", &both, PASSPHRASE);
    let p7 = openssl.run("crl2pkcs7 -nocrl -certfile KEY", &certificate, PASSPHRASE);
    for (bytes, what) in [
        (certificate.clone(), OtherContent::Certificate),
        (der_of(&certificate), OtherContent::Certificate),
        (request.clone(), OtherContent::CertificateRequest),
        (der_of(&request), OtherContent::CertificateRequest),
        (public.clone(), OtherContent::PublicKey),
        (der_of(&public), OtherContent::PublicKey),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@host".to_vec(), OtherContent::PublicKey),
        (store, OtherContent::Pkcs12),
        (p7.clone(), OtherContent::Pkcs7),
        (der_of(&p7), OtherContent::Pkcs7),
        (b"<!DOCTYPE html><html>".to_vec(), OtherContent::Html),
        (b"\xef\xbb\xbf\n<HTML lang=en>".to_vec(), OtherContent::Html),
        (b"{\"kty\":\"RSA\"}".to_vec(), OtherContent::Json),
        (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), OtherContent::JavaKeyStore),
        (b"PuTTY-User-Key-File-3: ssh-rsa\n".to_vec(), OtherContent::Putty),
        (pem::encode("OPENSSH PRIVATE KEY", b"openssh-key-v1\0"), OtherContent::OpenSsh),
        (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n".to_vec(), OtherContent::OpenSsh),
        (pem::encode("PGP PRIVATE KEY BLOCK", b"xyz"), OtherContent::Pgp),
        (pem::encode("X509 CRL", b"xyz"), OtherContent::OtherPem("X509 CRL".into())),
        (b"hello".to_vec(), OtherContent::Unknown),
        (b"\0\x01\x02\xff".to_vec(), OtherContent::Unknown),
        (b"0 keys in here".to_vec(), OtherContent::Unknown),
    ] {
        assert_eq!(detect(&bytes).unwrap_err(), NoKey::NotAKey { what: what.clone() }, "{what:?}");
    }
    for empty in [&b""[..], b"\n\n", b" \t\r\n", b"\0\0\0\0", b"\xef\xbb\xbf", b"\xff\xfe"] {
        assert_eq!(detect(empty).unwrap_err(), NoKey::Empty, "{empty:?}");
    }
}

#[test]
fn damage_is_named_with_its_place() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = String::from_utf8(openssl.keys()["rsa-2048"].clone()).unwrap();
    let lines: Vec<&str> = plain.lines().collect();
    let damaged = |text: &str| match detect(text.as_bytes()).unwrap_err() {
        NoKey::Damaged { block, cause, line } => (block, cause, line),
        other => panic!("{other:?}"),
    };
    let mut with_star = lines.clone();
    let star = format!("*{}", &lines[4][1..]);
    with_star[4] = &star;
    let text = format!("hello\n{}\n", with_star.join("\n"));
    assert_eq!(damaged(&text), (Some(1), Cause::Base64(Damage::Character { line: 4 }), Some(6)));
    let mut cut = lines.clone();
    cut.drain(5..12);
    let text = format!("hello\n\n{}\n", cut.join("\n"));
    assert_eq!(damaged(&text), (Some(1), Cause::Asn1(Malformed::CutShort), Some(3)));
    assert_eq!(
        damaged("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"),
        (Some(1), Cause::Base64(Damage::Empty), Some(1))
    );
    let other = String::from_utf8(pem::encode("PRIVATE KEY", &[0x30, 3, 2, 1, 5])).unwrap();
    assert_eq!(damaged(&other), (Some(1), Cause::Structure, Some(1)));
    let legacy =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nTVRJ\n-----END RSA PRIVATE KEY-----\n";
    assert_eq!(damaged(legacy), (Some(1), Cause::Headers, Some(1)));
    let legacy = legacy.replace("\n\n", "\nDEK-Info: DES-CBC,0011223344556677\n\n");
    assert_eq!(damaged(&legacy), (Some(1), Cause::Parameters, Some(1)));
    let der = der_of(plain.as_bytes());
    let cut = NoKey::Damaged { block: None, cause: Cause::Asn1(Malformed::CutShort), line: None };
    assert_eq!(detect(&der[..100]).unwrap_err(), cut);
}

/// Every start of every fixture, and every fixture with bytes changed: no panic, and never much time.
#[test]
fn rubbish_is_no_panic_and_costs_nothing() {
    let Some(openssl) = OpenSsl::find() else { return };
    let limits = Limits { iterations: 5000, scrypt_memory: 1 << 20, scrypt_work: 1 << 12 };
    let mut fixtures = Vec::new();
    for kind in ["rsa-1024", "p256", "p256-explicit", "ed25519", "dsa"] {
        fixtures.push(openssl.keys()[kind].clone());
        fixtures.push(der_of(&openssl.keys()[kind]));
        if kind != "ed25519" {
            fixtures.push(openssl.run("pkey -traditional -in KEY", &openssl.keys()[kind], PASSPHRASE));
        }
    }
    for scheme in [
        "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 1",
        "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA224 -iter 1",
        "pkcs8 -topk8 -v2 aes-128-cbc -scrypt -scrypt_N 4 -scrypt_r 1 -scrypt_p 1",
        "pkcs8 -topk8 -v1 PBE-MD5-DES -iter 1",
        "pkcs8 -topk8 -v1 PBE-SHA1-RC2-40 -iter 1",
        "pkcs8 -topk8 -v1 PBE-SHA1-RC4-128 -iter 1",
        "pkey -traditional -aes128",
    ] {
        let command = format!("{scheme} {LEGACY} -passout file:PASS -in KEY");
        let text = openssl.run(&command, &openssl.keys()["p256"], PASSPHRASE);
        if !text.starts_with(b"-----BEGIN EC") {
            fixtures.push(der_of(&text));
        }
        fixtures.push(text);
    }
    let passphrase = passphrase(PASSPHRASE);
    let (mut opened, mut slowest) = (0, Duration::ZERO);
    let mut attempt = |bytes: &[u8]| {
        let started = Instant::now();
        if let Ok(file) = detect(bytes) {
            let key = match file.content {
                Content::Plain(key) => Some(key),
                Content::Sealed(sealed) => sealed.open(&passphrase, &limits).ok(),
            };
            if let Some(key) = key {
                opened += 1;
                proves(&key, key.public_key().unwrap_or(bytes));
                assert!(!key.to_pkcs8_pem().is_empty());
            }
        }
        slowest = slowest.max(started.elapsed());
    };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for fixture in &fixtures {
        for length in 0..fixture.len() {
            attempt(&fixture[..length]);
        }
        for _ in 0..400 {
            let mut changed = fixture.clone();
            for _ in 0..=random.below(4) {
                let place = random.below(changed.len());
                changed[place] = random.below(256) as u8;
            }
            attempt(&changed);
        }
    }
    assert!(opened > 0, "some changes do no harm");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

/// Seen in the source of pkcs5 0.8: a salt of more than 32 bytes runs over its buffer. Here it is one like any other;
/// and so is a function named without its parameters.
#[test]
fn a_long_salt_and_a_bare_function_are_read() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = der_of(&openssl.keys()["p256"]);
    let der = sealed_by_hand(&plain, &[]);
    let file = detect(&der).unwrap();
    let kdf = Kdf::Pbkdf2 { iterations: 3, prf: Prf::HmacSha256, prf_has_null_parameters: false };
    assert_eq!(file.facts.scheme, Some(Scheme::Pbes2 { cipher: Cipher::Aes256Cbc, kdf }));
    assert_same(&open(&file), &plain_key(&plain), "a salt of 64 bytes");
    let text = pem::encode("ENCRYPTED PRIVATE KEY", &der);
    assert!(openssl.succeeds("pkey -noout -passin file:PASS -in KEY", &text), "OpenSSL reads it too");

    // keyLength (RFC 8018, appendix A.2) may stand there, and has to be the cipher's.
    let file = detect(&sealed_by_hand(&plain, &[2, 1, 32])).unwrap();
    assert_same(&open(&file), &plain_key(&plain), "a key length");
    let damaged = NoKey::Damaged { block: None, cause: Cause::Parameters, line: None };
    assert_eq!(detect(&sealed_by_hand(&plain, &[2, 1, 16])).unwrap_err(), damaged);

    // What comes out has to be one key and nothing else.
    let with_more = [plain.as_slice(), b"x"].concat();
    let file = detect(&sealed_by_hand(&with_more, &[])).unwrap();
    let error = sealed(&file).open(&passphrase(PASSPHRASE), &Limits::DEFAULT).unwrap_err();
    assert_eq!(error, OpenError::WrongPassphraseOrDamaged);
}

/// PBES2, PBKDF2 with a salt of 64 bytes, three rounds and HMAC-SHA256 named without its NULL, AES-256-CBC.
fn sealed_by_hand(plain: &[u8], key_length: &[u8]) -> Vec<u8> {
    use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
    let (salt, iv) = ([7; 64], [9; 16]);
    let mut key = [0; 32];
    let algorithm = aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256;
    aws_lc_rs::pbkdf2::derive(algorithm, 3.try_into().unwrap(), &salt, PASSPHRASE, &mut key);
    let mut buffer = [plain, &[0; 16]].concat();
    let mode = cbc::Encryptor::<aes::Aes256>::new_from_slices(&key, &iv).unwrap();
    let encrypted = mode.encrypt_padded::<Pkcs7>(&mut buffer, plain.len()).unwrap();

    let sequence = |parts: &[&[u8]]| asn1::write(asn1::SEQUENCE, parts);
    let oid = |content: &[u8]| asn1::write(asn1::OBJECT_IDENTIFIER, &[content]);
    let octets = |content: &[u8]| asn1::write(asn1::OCTET_STRING, &[content]);
    let pkcs5 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05];
    let prf = sequence(&[&oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 9])]);
    let parameters = sequence(&[&octets(&salt), &[2, 1, 3], key_length, &prf]);
    let kdf = sequence(&[&oid(&[&pkcs5[..], &[12]].concat()), &parameters]);
    let aes = sequence(&[&oid(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a]), &octets(&iv)]);
    let scheme = sequence(&[&oid(&[&pkcs5[..], &[13]].concat()), &sequence(&[&kdf, &aes])]);
    sequence(&[&scheme, &octets(encrypted)])
}

/// OpenSSL before 1.1 took each byte for a letter. Its key under "ä" is today's under the two letters that the bytes of
/// "ä" are in Latin-1.
#[test]
fn a_key_of_an_old_openssl_opens_with_an_umlaut() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["p256"];
    for scheme in ["PBE-SHA1-3DES", "PBE-SHA1-RC2-40", "PBE-SHA1-RC4-128"] {
        let command = format!("pkcs8 -topk8 -v1 {scheme} {LEGACY} -passout file:PASS -in KEY");
        let text = openssl.run(&command, plain, "pÃ¤ss".as_bytes());
        let file = detect(&text).unwrap();
        assert_same(&open_with(&file, "päss".as_bytes()), &plain_key(plain), scheme);
        let error = sealed(&file).open(&passphrase("pöss".as_bytes()), &Limits::DEFAULT).unwrap_err();
        assert_eq!(error, OpenError::WrongPassphraseOrDamaged);
    }
}

#[test]
fn debug_shows_no_secret() {
    let Some(openssl) = OpenSsl::find() else { return };
    let plain = &openssl.keys()["ed25519"];
    let der = der_of(plain);
    let seed: Vec<String> = der[der.len() - 32..].iter().map(u8::to_string).collect();
    let key = plain_key(plain);
    let sealed = key.seal(&passphrase(PASSPHRASE), 1).unwrap();
    let shown = format!("{:?} {:?} {:?}", key, detect(plain).unwrap(), detect(&sealed).unwrap());
    assert!(shown.contains("Ed25519"));
    assert!(!shown.contains(&seed[..4].join(", ")), "{shown}");
    assert!(shown.len() < 1500, "{shown}");
}

/// OpenSSL, with keys of every kind.
struct OpenSsl {
    program: PathBuf,
}

impl OpenSsl {
    fn find() -> Option<Self> {
        program("openssl").map(|program| Self { program })
    }

    /// One key of each kind, PKCS#8 in PEM, made once.
    fn keys(&self) -> &'static BTreeMap<&'static str, Vec<u8>> {
        static KEYS: OnceLock<BTreeMap<&'static str, Vec<u8>>> = OnceLock::new();
        KEYS.get_or_init(|| KINDS.iter().map(|(kind, arguments)| (*kind, self.generate(arguments))).collect())
    }

    fn generate(&self, arguments: &str) -> Vec<u8> {
        if let Some(parameters) = arguments.strip_prefix("parameters ") {
            let parameters = self.run(&format!("genpkey -genparam {parameters}"), &[], PASSPHRASE);
            return self.run("genpkey -paramfile KEY", &parameters, PASSPHRASE);
        }
        self.run(&format!("genpkey -algorithm {arguments}"), &[], PASSPHRASE)
    }

    /// Runs `openssl` with these arguments, in which KEY stands for a file with `input` and PASS for one with the
    /// passphrase. Gives what it prints.
    fn run(&self, arguments: &str, input: &[u8], passphrase: &[u8]) -> Vec<u8> {
        let output = self.output(arguments, input, passphrase);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn succeeds(&self, arguments: &str, input: &[u8]) -> bool {
        self.output(arguments, input, PASSPHRASE).status.success()
    }

    fn output(&self, arguments: &str, input: &[u8], passphrase: &[u8]) -> std::process::Output {
        let folder = folder();
        let (key, pass) = (folder.path().join("key"), folder.path().join("pass"));
        std::fs::write(&key, input).unwrap();
        std::fs::write(&pass, passphrase).unwrap();
        let arguments = arguments.split(' ').filter(|argument| !argument.is_empty()).map(|argument| {
            argument.replace("KEY", key.to_str().unwrap()).replace("PASS", pass.to_str().unwrap())
        });
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().env("OPENSSL_CONF", "/dev/null").stdin(Stdio::null());
        command.output().unwrap()
    }
}

/// xorshift64: the same sequence every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn passphrase(bytes: &[u8]) -> Passphrase {
    Passphrase::new(bytes.to_vec())
}

fn sealed(file: &KeyFile) -> &Sealed {
    match &file.content {
        Content::Sealed(sealed) => sealed,
        Content::Plain(key) => panic!("{key:?} is in the clear"),
    }
}

fn open(file: &KeyFile) -> PrivateKey {
    open_with(file, PASSPHRASE)
}

fn open_with(file: &KeyFile, given: &[u8]) -> PrivateKey {
    match &file.content {
        Content::Sealed(sealed) => sealed
            .open(&passphrase(given), &Limits::DEFAULT)
            .unwrap_or_else(|error| panic!("{:?}: {error:?}", file.facts.scheme)),
        // No Clone for a secret: once more through the text.
        Content::Plain(key) => plain_key(&key.to_pkcs8_pem()),
    }
}

fn plain_key(text: &[u8]) -> PrivateKey {
    match detect(text).unwrap_or_else(|error| panic!("{error:?}")).content {
        Content::Plain(key) => key,
        Content::Sealed(sealed) => panic!("{sealed:?}"),
    }
}

fn assert_same(one: &PrivateKey, two: &PrivateKey, what: &str) {
    assert_eq!(one.algorithm(), two.algorithm(), "{what}");
    assert_eq!(one.public_key(), two.public_key(), "{what}");
    let is_same = one.to_pkcs8_der().expose_secret() == two.to_pkcs8_der().expose_secret();
    assert!(is_same, "{what}: another key, or another way to write it");
}

fn der_of(text: &[u8]) -> Vec<u8> {
    pem::blocks(text).next().unwrap().decode().unwrap()
}

fn point_length(kind: &str) -> usize {
    match kind {
        "p384" => 97,
        "p521" => 133,
        _ => 65,
    }
}

/// Where the modulus stands in PKCS#8.
fn modulus(der: &[u8]) -> std::ops::Range<usize> {
    let (outer, _) = Element::read(der).unwrap();
    let private = outer.children().nth(2).unwrap().unwrap().content;
    let modulus = Element::read(private).unwrap().0.children().nth(1).unwrap().unwrap().content;
    let start = modulus.as_ptr().addr() - der.as_ptr().addr();
    start..start + modulus.len()
}

/// Replaces the one occurrence of `old` in the parameters of sealed DER, and corrects every length around it.
fn replace(der: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    fn rebuild(element: Element<'_>, old: &[u8], new: &[u8]) -> Vec<u8> {
        if !element.is_constructed() {
            return element.raw.to_vec();
        }
        if let Some(at) = element.content.windows(old.len()).position(|window| window == old) {
            let children: Vec<_> = element.children().map(Result::unwrap).collect();
            let is_direct = children
                .iter()
                .any(|child| child.raw.as_ptr().addr() == element.content[at..].as_ptr().addr());
            if is_direct {
                let content = [&element.content[..at], new, &element.content[at + old.len()..]].concat();
                return asn1::write(element.tag, &[&content]);
            }
            let parts: Vec<Vec<u8>> = children.into_iter().map(|child| rebuild(child, old, new)).collect();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            return asn1::write(element.tag, &parts);
        }
        element.raw.to_vec()
    }
    let replaced = rebuild(Element::read(der).unwrap().0, old, new);
    assert_ne!(replaced, der, "nothing was replaced");
    replaced
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn run(command: &mut Command, arguments: &[&str]) -> String {
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Where a program lies: below `target/tools/bin`, or on the `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    static TOOLS: LazyLock<PathBuf> =
        LazyLock::new(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(TOOLS.clone())
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        let message = format!("MISSING: {name} (tests/setup installs it)");
        assert!(std::env::var_os("CERTMAN_TEST_REQUIRE_ALL").is_none_or(|value| value != "1"), "{message}");
        eprintln!("{message}");
    }
    found
}

const PASSPHRASE: &[u8] = b"correct horse battery staple";
const LEGACY: &str = "-provider legacy -provider default";

/// Kinds of keys, with the arguments of `openssl genpkey`. In the order of a BTreeMap.
const KINDS: &[(&str, &str)] = &[
    ("brainpool", "EC -pkeyopt ec_paramgen_curve:brainpoolP256r1"),
    ("dsa", "parameters -algorithm DSA -pkeyopt dsa_paramgen_bits:1024"),
    ("ed25519", "ED25519"),
    ("ed448", "ED448"),
    ("p256", "EC -pkeyopt ec_paramgen_curve:P-256"),
    ("p256-explicit", "EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit"),
    ("p384", "EC -pkeyopt ec_paramgen_curve:P-384"),
    ("p521", "EC -pkeyopt ec_paramgen_curve:P-521"),
    ("rsa-1024", "RSA -pkeyopt rsa_keygen_bits:1024"),
    ("rsa-2048", "RSA -pkeyopt rsa_keygen_bits:2048"),
    ("rsa-2048-three-primes", "RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3"),
    ("rsa-4096", "RSA -pkeyopt rsa_keygen_bits:4096"),
    (
        "rsa-pss-2048",
        "RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256",
    ),
    ("secp256k1", "EC -pkeyopt ec_paramgen_curve:secp256k1"),
    ("x25519", "X25519"),
];

/// Seen on Bun 1.4.5.
const BUN: &[(&str, &str)] = &[
    ("brainpool", "refused"),
    ("ed448", "refused"),
    // Read, and written as the named curve.
    ("p256-explicit", "other"),
    ("rsa-2048-three-primes", "refused"),
    ("rsa-pss-2048", "refused"),
    ("secp256k1", "refused"),
];

/// Arguments of `openssl pkcs8 -topk8`. Few rounds: what is derived is the matter here, not how long it takes.
const ALL_SCHEMES: [&str; 35] = [
    "-v2 aes-128-cbc -v2prf hmacWithSHA1 -iter 5",
    "-v2 aes-128-cbc -v2prf hmacWithSHA224 -iter 5",
    "-v2 aes-128-cbc -v2prf hmacWithSHA256 -iter 5",
    "-v2 aes-128-cbc -v2prf hmacWithSHA384 -iter 5",
    "-v2 aes-128-cbc -v2prf hmacWithSHA512 -iter 5",
    "-v2 aes-192-cbc -v2prf hmacWithSHA1 -iter 5",
    "-v2 aes-192-cbc -v2prf hmacWithSHA224 -iter 5",
    "-v2 aes-192-cbc -v2prf hmacWithSHA256 -iter 5",
    "-v2 aes-192-cbc -v2prf hmacWithSHA384 -iter 5",
    "-v2 aes-192-cbc -v2prf hmacWithSHA512 -iter 5",
    "-v2 aes-256-cbc -v2prf hmacWithSHA1 -iter 5",
    "-v2 aes-256-cbc -v2prf hmacWithSHA224 -iter 5",
    "-v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 5",
    "-v2 aes-256-cbc -v2prf hmacWithSHA384 -iter 5",
    "-v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 5",
    "-v2 des3 -v2prf hmacWithSHA1 -iter 5",
    "-v2 des3 -v2prf hmacWithSHA224 -iter 5",
    "-v2 des3 -v2prf hmacWithSHA256 -iter 5",
    "-v2 des3 -v2prf hmacWithSHA384 -iter 5",
    "-v2 des3 -v2prf hmacWithSHA512 -iter 5",
    "-v2 des-cbc -v2prf hmacWithSHA256 -iter 5",
    "-v2 aes-128-cbc -scrypt -scrypt_N 16 -scrypt_r 8 -scrypt_p 1",
    "-v2 aes-192-cbc -scrypt -scrypt_N 1024 -scrypt_r 4 -scrypt_p 2",
    "-v2 aes-256-cbc -scrypt -scrypt_N 2 -scrypt_r 1 -scrypt_p 1",
    "-v2 des3 -scrypt -scrypt_N 16 -scrypt_r 8 -scrypt_p 1",
    "-v1 PBE-MD5-DES -iter 5",
    "-v1 PBE-MD5-RC2-64 -iter 5",
    "-v1 PBE-SHA1-DES -iter 5",
    "-v1 PBE-SHA1-RC2-64 -iter 5",
    "-v1 PBE-SHA1-2DES -iter 5",
    "-v1 PBE-SHA1-3DES -iter 5",
    "-v1 PBE-SHA1-RC2-40 -iter 5",
    "-v1 PBE-SHA1-RC2-128 -iter 5",
    "-v1 PBE-SHA1-RC4-40 -iter 5",
    "-v1 PBE-SHA1-RC4-128 -iter 5",
];

/// Options of `openssl pkey -traditional`.
const LEGACY_CIPHERS: [&str; 9] =
    ["aes128", "aes192", "aes256", "des", "des3", "des-ede-cbc", "rc2-cbc", "rc2-40-cbc", "rc2-64-cbc"];

/// Loads each key as a TLS client key; where it is read as a key object, compares the public keys.
const READ_WITH_NODE: &str = r#"
const fs = require("fs"), crypto = require("crypto");
const passphrase = fs.readFileSync("passphrase");
for (const name of fs.readdirSync(".").filter((name) => name.endsWith(".clear.pem"))) {
  const kind = name.replace(".clear.pem", "");
  const wanted = fs.readFileSync(kind + ".public.pem", "utf8");
  for (const form of ["clear", "sealed"]) {
    let outcome = "refused";
    try {
      const key = crypto.createPrivateKey({ key: fs.readFileSync(`${kind}.${form}.pem`), passphrase });
      const found = crypto.createPublicKey(key).export({ type: "spki", format: "pem" });
      outcome = found === wanted ? "same" : "other";
    } catch (error) {}
    console.log(`${kind} ${form} ${outcome}`);
  }
}
"#;

/// Loads each file as a TLS client key.
const LOAD_WITH_NODE: &str = r#"
const fs = require("fs"), tls = require("tls");
for (const name of fs.readdirSync(".").filter((name) => name.endsWith(".key"))) {
  let outcome = "loaded";
  try { tls.createSecureContext({ key: fs.readFileSync(name) }); } catch (error) { outcome = "refused"; }
  console.log(`${name.replace(/\.key$/, "")}: ${outcome}`);
}
"#;
