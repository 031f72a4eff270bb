//! What certman reads in certificates, compared with what others read: Python's cryptography and OpenSSL.
//! And what no input may bring about: a panic, a bundle that others read differently, an order that matters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use certman::pki::bundle::{Collection, Fate, Place, Rules, header, merge, write_block};
use certman::pki::container::{Content, scan};
use serde_json::Value;

use crate::clients::bundles::{certificates_in, fingerprints, json, sha256, text};
use crate::support::{
    bare, certman, contains, files_below, fresh_folder, in_project, program, python, testdata,
};

#[test]
fn every_fact_about_a_certificate_is_what_cryptography_reads() {
    let Some(mut python) = python() else { return };
    let folder = fresh_folder("facts");
    let mut count = place_certificates(folder.path(), &certificates_of_testdata());
    count += place_certificates(folder.path(), &public_roots());
    count += random_certificates(folder.path(), 250);
    let theirs: Value = json(python.arg(in_project("tests/support/facts.py")).arg(folder.path()));
    let ours = json(certman().args(["check", "--json", "--fail-on", "never"]).arg(folder.path()));
    let certificates = ours["certificates"].as_array().unwrap();
    let seen: BTreeSet<String> = certificates.iter().map(|one| text(&one["source"]["path"])).collect();
    let all: BTreeSet<String> =
        files_below(folder.path()).keys().map(|path| path.display().to_string()).collect();
    let unseen: Vec<&Value> = ours["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["source"]["path"].as_str().is_some_and(|path| !seen.contains(path)))
        .collect();
    assert_eq!(all.difference(&seen).collect::<Vec<_>>(), Vec::<&String>::new(), "{unseen:#?}");
    assert_eq!(certificates.len(), count, "each is seen once");

    let mut differences = Vec::new();
    let (mut refused, mut unanswered) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for certificate in certificates {
        let path = PathBuf::from(text(&certificate["source"]["path"]));
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let facts = &theirs[&name];
        if facts.get("refused").is_some() {
            refused.insert(name);
            continue;
        }
        for question in QUESTIONS {
            let (mine, other) = (&certificate[question], &facts[question]);
            if other.is_null() || (question == "self_signed" && mine.is_null()) {
                *unanswered
                    .entry(format!("{question}: {} and {}", certificate["key"], certificate["signature"]))
                    .or_default() += 1;
                continue;
            }
            let mine = match question {
                "subject" | "issuer" => attributes(&text(mine)),
                "subject_alt_names" => alternative_names(mine),
                _ => mine.clone(),
            };
            if mine != *other && !EXCEPTIONS.contains(&(name.as_str(), question)) {
                differences.push(format!("{name}: {question} is {mine} here and {other} there"));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    // What cryptography does not read at all cannot be compared.
    assert_eq!(refused.iter().map(String::as_str).collect::<Vec<_>>(), NOT_READ_BY_CRYPTOGRAPHY);
    // And nothing that others make or publish is called damaged.
    for finding in ours["findings"].as_array().unwrap() {
        let path = text(&finding["source"]["path"]);
        let is_ours = path.rsplit('/').next().unwrap().starts_with("der-");
        assert!(
            is_ours || finding["code"] != "cert-not-der" && finding["code"] != "cert-damaged",
            "{finding}"
        );
    }
    // Nearly everything has an answer on both sides.
    let total: usize = unanswered.values().sum();
    assert!(total * 30 < certificates.len() * QUESTIONS.len(), "no answer to compare: {unanswered:#?}");
}

#[test]
fn what_harms_its_neighbours_is_left_out_and_what_only_looks_odd_is_kept() {
    // CLIENTS.md, bundle, rule 5.
    for (name, is_kept) in [
        ("algorithms-differ.pem", false),
        ("ber-length.pem", false),
        ("bmp-name.pem", true),
        ("boolean-one.pem", false),
        ("duplicate-extension.pem", false),
        ("invalid-utf8.pem", false),
        ("long-serial.pem", true),
        ("negative-serial.pem", true),
        ("non-minimal-serial.pem", false),
        ("teletex-name.pem", true),
        ("time-forever.pem", true),
        ("time-with-fractions.pem", false),
        ("time-with-offset.pem", false),
        ("time-without-seconds.pem", false),
        ("unknown-critical.pem", true),
        ("wrong-signature.pem", true),
        ("zero-serial.pem", true),
    ] {
        let odd = testdata(&format!("dirty/der-{name}"));
        let answer = json(certman().args(["bundle", "--json", "-o", "-", "--dry-run"]).arg(&odd));
        let certificates = answer["certificates"].as_array().unwrap();
        assert_eq!(certificates.len(), 1, "{name}: {answer}");
        assert_eq!(certificates[0]["kept"], is_kept, "{name}: {answer}");
        let reason = if is_kept { Value::Null } else { "cert-not-der".into() };
        assert_eq!(certificates[0]["reason"], reason, "{name}");
    }
    let behind = json(
        certman()
            .args(["bundle", "--json", "--dry-run", "-o", "-"])
            .arg(testdata("dirty/pem-trailing-bytes.pem")),
    );
    assert_eq!(behind["certificates"][0]["reason"], "cert-not-der");
}

#[test]
fn pkcs7_gives_what_openssl_finds_in_it_in_its_order() {
    let Some(openssl) = program("openssl") else { return };
    let folder = fresh_folder("pkcs7");
    let mut files: Vec<PathBuf> = ["dirty", "demo"]
        .iter()
        .flat_map(|folder| files_below(&testdata(folder)).into_keys())
        .filter(|path| {
            path.display().to_string().contains(".p7b") || path.display().to_string().contains("pkcs7-")
        })
        .collect();
    // Every certificate there is, with a revocation list and without, and as the signature of a message.
    let all = folder.path().join("all.pem");
    let mut text_of_all = Vec::new();
    for content in
        files_below(&testdata("pki")).into_values().filter(|content| contains(content, b"BEGIN CERTIFICATE"))
    {
        text_of_all.extend(content);
    }
    std::fs::write(&all, &text_of_all).unwrap();
    let list = testdata("dirty/crl.pem");
    for (name, form, list) in [
        ("a.p7b", "DER", None),
        ("b.p7b", "PEM", None),
        ("c.p7b", "DER", Some(&list)),
        ("d.p7b", "PEM", Some(&list)),
    ] {
        let made = folder.path().join(name);
        let mut command = bare(&openssl);
        command.args(["crl2pkcs7", "-outform", form, "-certfile"]).arg(&all).arg("-out").arg(&made);
        match list {
            Some(list) => command.arg("-in").arg(list),
            None => command.arg("-nocrl"),
        };
        assert!(command.status().unwrap().success());
        files.push(made);
    }
    for (name, options) in [
        ("e.p7s", &["-outform", "DER"][..]),
        ("f.p7s", &["-outform", "DER", "-nodetach", "-stream"]),
        ("g.p7s", &["-outform", "PEM", "-nodetach"]),
    ] {
        let made = folder.path().join(name);
        let status = bare(&openssl)
            .args(["cms", "-sign", "-binary", "-in"])
            .arg(&all)
            .arg("-signer")
            .arg(testdata("pki/client-p256.pem"))
            .arg("-inkey")
            .arg(testdata("keys/p256.pkcs8.pem"))
            .arg("-certfile")
            .arg(testdata("pki/server-chain.pem"))
            .args(options)
            .arg("-out")
            .arg(&made)
            .status()
            .unwrap();
        assert!(status.success(), "{name}");
        files.push(made);
    }

    let mut compared = 0;
    for file in files {
        let content = std::fs::read(&file).unwrap();
        let form = if contains(&content, b"-----BEGIN") && content[0] != 0x30 { "PEM" } else { "DER" };
        let output = bare(&openssl)
            .args(["pkcs7", "-print_certs", "-inform", form, "-in"])
            .arg(&file)
            .output()
            .unwrap();
        let ours = found_in(&content);
        if !output.status.success() {
            // What OpenSSL does not take is damaged, or has a label that only certman overlooks.
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                ["g.p7s", "pkcs7-cut-short.p7b", "pkcs7-cms-label.pem"].contains(&name.as_str()),
                "{name}: {output:?}"
            );
            continue;
        }
        // It prints revocation lists behind the certificates.
        let printed = String::from_utf8(output.stdout).unwrap();
        let printed = printed.split("-----BEGIN X509 CRL-----").next().unwrap_or_default();
        assert_eq!(ours, certificates_in(printed.as_bytes()), "{}", file.display());
        compared += 1;
    }
    assert!(compared >= 14, "{compared}");
}

#[test]
fn whether_a_certificate_signs_itself_is_what_openssl_says() {
    let Some(openssl) = program("openssl") else { return };
    let folder = fresh_folder("self-signed");
    let certificates = certificates_of_testdata();
    place_certificates(folder.path(), &certificates);
    random_certificates(folder.path(), 60);
    for (path, der) in files_below(folder.path()) {
        std::fs::write(path, pem(&der)).unwrap();
    }
    let ours = json(certman().args(["check", "--json", "--fail-on", "never"]).arg(folder.path()));
    let (mut proven, mut refuted) = (0, 0);
    for certificate in ours["certificates"].as_array().unwrap() {
        let Some(mine) = certificate["self_signed"].as_bool() else { continue };
        let path = text(&certificate["source"]["path"]);
        if certificate["subject"] != certificate["issuer"] {
            assert!(!mine, "{path} has another issuer");
            continue;
        }
        if ["der-algorithms-differ.pem", "der-ber-length.pem"].iter().any(|name| path.ends_with(name)) {
            // The one is right by the algorithm outside, at which OpenSSL does not look; in the other the subject has
            // another encoding than the issuer, which OpenSSL overlooks. Both are left out of any bundle.
            continue;
        }
        let output = bare(&openssl)
            .args(["verify", "-check_ss_sig", "-no_check_time", "-auth_level", "0", "-CAfile", &path, &path])
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        // It stops before the signature where it has something else to say.
        let theirs = if said.ends_with(": OK\n") {
            true
        } else if said.contains("signature failure") {
            false
        } else {
            continue;
        };
        assert_eq!(mine, theirs, "{path}: {said}");
        if mine { proven += 1 } else { refuted += 1 }
    }
    assert!(proven >= 30 && refuted >= 1, "{proven} proven, {refuted} refuted");
}

#[test]
fn a_gap_in_the_chain_is_where_openssl_finds_one() {
    let Some(openssl) = program("openssl") else { return };
    let folder = fresh_folder("gap");
    let mut certificates: Vec<Vec<u8>> = files_below(&testdata("pki"))
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|extension| extension == "pem"))
        .flat_map(|(_, content)| certificates_in(&content))
        .collect();
    certificates.sort();
    certificates.dedup();
    let mut dice = Dice(7);
    let (mut ambiguous, mut chains, mut gaps) = (0, 0, 0);
    for round in 0..40 {
        let share = 1 + dice.below(10);
        let some: Vec<&Vec<u8>> =
            certificates.iter().filter(|_| round == 0 || dice.below(10) < share).collect();
        let source = folder.path().join("source.pem");
        std::fs::write(&source, some.iter().flat_map(|der| pem(der)).collect::<Vec<u8>>()).unwrap();
        let answer = json(certman().args(["bundle", "--json", "--dry-run", "-o", "-"]).arg(&source));
        let kept = |role: &str| -> BTreeSet<String> {
            let all = answer["certificates"].as_array().unwrap().iter();
            all.filter(|one| one["kept"] == true && (one["role"] == role))
                .map(|one| text(&one["fingerprint_sha256"]))
                .collect()
        };
        let (roots, intermediates) = (kept("root"), kept("intermediate"));
        let place_of = |name: &str, wanted: &BTreeSet<String>| -> PathBuf {
            let path = folder.path().join(name);
            let text: Vec<u8> =
                some.iter().filter(|der| wanted.contains(&sha256(der))).flat_map(|der| pem(der)).collect();
            std::fs::write(&path, text).unwrap();
            path
        };
        let reported: BTreeSet<usize> = answer["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["code"] == "chain-gap")
            .map(|finding| finding["source"]["index"].as_u64().unwrap() as usize)
            .collect();
        if intermediates.is_empty() {
            assert!(reported.is_empty());
            continue;
        }
        let (anchors, helpers) =
            (place_of("roots.pem", &roots), place_of("intermediates.pem", &intermediates));
        let mut command = bare(&openssl);
        command.args(["verify", "-auth_level", "0", "-untrusted"]).arg(&helpers);
        command.args(["-no-CAfile", "-no-CApath", "-no-CAstore"]);
        if !roots.is_empty() {
            command.arg("-CAfile").arg(&anchors);
        }
        let mut mine = BTreeMap::new();
        for (index, der) in some.iter().enumerate().filter(|(_, der)| intermediates.contains(&sha256(der))) {
            let path = folder.path().join(format!("{round}-{index}.pem"));
            std::fs::write(&path, pem(der)).unwrap();
            command.arg(&path);
            mine.insert(path, reported.contains(&(index + 1)));
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        for (path, is_gap) in mine {
            let is_chain = said.lines().any(|line| line == format!("{}: OK", path.display()));
            let verdict = said.split(&format!("error {}", path.display())).next().unwrap_or_default();
            if !is_gap
                && !is_chain
                && verdict.lines().last().is_some_and(|line| line.contains("signature failure"))
            {
                // Two keys go by the issuer's name, and it took the wrong one.
                let has_warning = |finding: &Value| finding["code"] == "same-subject-other-key";
                assert!(answer["findings"].as_array().unwrap().iter().any(has_warning), "{answer}");
                ambiguous += 1;
                continue;
            }
            assert_eq!(is_gap, !is_chain, "round {round}, {}: {said}", path.display());
            if is_gap { gaps += 1 } else { chains += 1 }
        }
    }
    assert!(
        gaps >= 30 && chains >= 30 && ambiguous < 30,
        "{gaps} gaps, {chains} chains, {ambiguous} ambiguous"
    );
}

#[test]
fn a_name_in_another_string_type_case_or_spacing_is_the_same_name() {
    let (Some(openssl), Some(mut python)) = (program("openssl"), python()) else { return };
    let folder = fresh_folder("names");
    let output = python.arg(in_project("tests/support/same_name.py")).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (root, intermediate) = (folder.path().join("root.pem"), folder.path().join("intermediate.pem"));
    // RFC 5280, section 7.1; and so does every client.
    let verified = bare(&openssl).args(["verify", "-CAfile"]).args([&root, &intermediate]).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let answer =
        json(certman().args(["bundle", "--json", "--dry-run", "-o", "-"]).args([&root, &intermediate]));
    let certificates = answer["certificates"].as_array().unwrap();
    let roles: Vec<&str> = certificates.iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["root", "intermediate"], "{answer}");
    assert_eq!(certificates[0]["self_signed"], true);
    assert_eq!(answer["findings"].as_array().unwrap().len(), 0, "{answer}");
}

#[test]
fn the_same_certificates_in_any_order_and_format_give_the_same_bytes() {
    let Some(openssl) = program("openssl") else { return };
    let folder = fresh_folder("shuffled");
    let certificates = certificates_of_testdata();
    let odd: Vec<Vec<u8>> = certificates
        .iter()
        .filter(|(name, _)| name.starts_with("der-"))
        .map(|(_, der)| der.clone())
        .collect();
    let mut certificates: Vec<Vec<u8>> = certificates.into_values().collect();
    certificates.sort();
    certificates.dedup();
    assert!(certificates.len() >= 50);
    let wanted = bundle_of(&[certificates.iter().flat_map(|der| pem(der)).collect()]);
    assert!(wanted.certificates.len() >= 30);
    // Groups of OpenSSL's own making, of what it takes; made in advance, since it takes a process to make one.
    let is_sound = |der: &Vec<u8>| !odd.contains(der);
    let stores: Vec<(Vec<usize>, Vec<u8>)> = (0..10)
        .map(|number| {
            let members: Vec<usize> = (0..certificates.len())
                .filter(|index| index % 10 == number && is_sound(&certificates[*index]))
                .collect();
            let input = folder.path().join("group.pem");
            let text: Vec<u8> = members.iter().flat_map(|index| pem(&certificates[*index])).collect();
            std::fs::write(&input, text).unwrap();
            let form = if number % 2 == 0 { "DER" } else { "PEM" };
            let output = bare(&openssl)
                .args(["crl2pkcs7", "-nocrl", "-outform", form, "-certfile"])
                .arg(&input)
                .output()
                .unwrap();
            assert!(output.status.success());
            (members, output.stdout)
        })
        .collect();
    let mut dice = Dice(1);
    for round in 0..200 {
        let mut order: Vec<usize> = (0..certificates.len()).collect();
        let mut sources: Vec<Vec<u8>> = Vec::new();
        for (members, store) in &stores {
            if dice.below(4) == 0 {
                sources.push(store.clone());
                // Some stand elsewhere too.
                order.retain(|index| !members.contains(index) || dice.below(10) == 0);
            }
        }
        let repeated: Vec<usize> = order.iter().copied().filter(|_| dice.below(10) == 0).collect();
        order.extend(repeated);
        dice.shuffle(&mut order);
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let (group, tail) = rest.split_at(1 + dice.below(rest.len().min(12)));
            let group: Vec<&[u8]> = group.iter().map(|index| certificates[*index].as_slice()).collect();
            sources.push(in_some_form(&group, &mut dice));
            rest = tail;
        }
        dice.shuffle(&mut sources);
        let bundle = bundle_of(&sources);
        if bundle.text != wanted.text {
            let place = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
            place("wanted.pem", &wanted.text);
            place("found.pem", &bundle.text);
            let (had, has) = (fingerprints(&wanted.certificates), fingerprints(&bundle.certificates));
            let missing: Vec<&String> = had.iter().filter(|one| !has.contains(one)).collect();
            let added: Vec<&String> = has.iter().filter(|one| !had.contains(one)).collect();
            panic!("round {round}: missing {missing:?}, added {added:?}, of {} sources", sources.len());
        }
    }
}

#[test]
fn no_byte_that_flips_makes_a_panic_or_a_bundle_that_others_read_differently() {
    let mut dice = Dice(2);
    let mut bundles = 0;
    for (_, content) in fixtures() {
        for _ in 0..40 {
            let mut mutated = content.clone();
            for _ in 0..=dice.below(3) {
                if !mutated.is_empty() {
                    let place = dice.below(mutated.len());
                    mutated[place] = match dice.below(4) {
                        0 => mutated[place] ^ (1 << dice.below(8)),
                        1 => *b"-\n\r \0=M0\x30\x80\xff".get(dice.below(12)).unwrap_or(&0),
                        _ => dice.below(256) as u8,
                    };
                }
            }
            bundles += usize::from(!bundle_of(&[mutated]).certificates.is_empty());
        }
    }
    assert!(bundles > 1_000, "{bundles}");
}

#[test]
fn no_cut_makes_a_panic_or_a_bundle_that_others_read_differently() {
    let mut dice = Dice(3);
    for (path, content) in fixtures() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // At every length for one of each format in DER, at many for one of each kind of text, at some for the others:
        // the code behind them is the same.
        let step = EVERY_CUT.iter().find(|(known, _)| *known == name).map(|(_, step)| *step);
        let mut lengths: Vec<usize> =
            step.map(|step| (0..content.len()).step_by(step).collect()).unwrap_or_default();
        lengths.extend((0..12).map(|_| dice.below(content.len() + 1)));
        let whole = bundle_of(std::slice::from_ref(&content));
        for length in lengths {
            let cut = bundle_of(&[content[..length].to_vec()]);
            // A front part never has a certificate that the whole does not have, but for one whose rival is cut off.
            assert!(cut.seen.is_subset(&whole.seen), "{name} cut at {length}");
            if length % 5 > 0 {
                continue;
            }
            let behind = bundle_of(&[content[length..].to_vec()]);
            assert!(behind.certificates.len() <= whole.seen.len() + 1, "{name} from {length} on");
        }
    }
}

#[test]
fn no_blocks_swapped_doubled_or_glued_make_a_panic_or_a_bundle_that_others_read_differently() {
    let mut dice = Dice(4);
    let fixtures: Vec<Vec<u8>> = fixtures().into_values().filter(|content| content.len() < 20_000).collect();
    for _ in 0..400 {
        let mut text = Vec::new();
        for _ in 0..1 + dice.below(5) {
            let one = &fixtures[dice.below(fixtures.len())];
            let mut lines: Vec<&[u8]> = one.split_inclusive(|byte| *byte == b'\n').collect();
            match dice.below(4) {
                0 => {}
                1 => {
                    let (from, to) = (dice.below(lines.len().max(1)), dice.below(lines.len().max(1)));
                    if !lines.is_empty() {
                        lines.swap(from, to);
                    }
                }
                2 => {
                    let again = lines.get(dice.below(lines.len().max(1))).copied();
                    lines.extend(again);
                }
                _ => {
                    lines.truncate(dice.below(lines.len() + 1));
                }
            }
            text.extend(lines.concat());
            if dice.below(3) == 0 {
                text.extend(*dice.one_of(&[
                    &b"\n"[..],
                    b"\r",
                    b"\0",
                    b"\xef\xbb\xbf",
                    b"-----BEGIN CERTIFICATE-----",
                    b"-----END CERTIFICATE-----\n",
                    b"\xff\xfe",
                ]));
            }
        }
        bundle_of(&[text]);
    }
}

/// Both are right in their own way: cryptography does not look at a signature where the algorithm inside is another
/// than outside, and OpenSSL takes nothing from an extension that is there twice.
const EXCEPTIONS: [(&str, &str); 2] =
    [("der-algorithms-differ.pem", "self_signed"), ("der-duplicate-extension.pem", "is_ca")];
const NOT_READ_BY_CRYPTOGRAPHY: [&str; 6] = [
    "der-ber-length.pem",
    "der-boolean-one.pem",
    "der-non-minimal-serial.pem",
    "der-time-with-fractions.pem",
    "der-time-with-offset.pem",
    "der-time-without-seconds.pem",
];
const QUESTIONS: [&str; 12] = [
    "fingerprint_sha256",
    "is_ca",
    "issuer",
    "key",
    "not_after",
    "not_before",
    "self_signed",
    "serial",
    "signature",
    "spki_sha256",
    "subject",
    "subject_alt_names",
];

/// The certificates of the test material, as rustls-pemfile and the file itself give them, by the file's name.
fn certificates_of_testdata() -> BTreeMap<String, Vec<u8>> {
    let mut certificates = BTreeMap::new();
    for folder in ["pki", "hostile", "dirty"] {
        for (path, content) in files_below(&testdata(folder)) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_clean = folder != "dirty"
                || name.starts_with("der-") && name != "der-length-4-gib.pem" && name != "der-nested.pem";
            if name.ends_with(".pem") && is_clean {
                let all = certificates_in(&content);
                let many = all.len() > 1;
                for (number, der) in all.into_iter().enumerate() {
                    let name = if many { format!("{name}-{number}") } else { name.clone() };
                    certificates.insert(name, der);
                }
            }
        }
    }
    assert!(certificates.len() > 60, "{}", certificates.len());
    certificates
}

/// The public roots of the system, where it has any.
fn public_roots() -> BTreeMap<String, Vec<u8>> {
    let Ok(bundle) = std::fs::read("/etc/ssl/certs/ca-certificates.crt") else { return BTreeMap::new() };
    certificates_in(&bundle)
        .into_iter()
        .enumerate()
        .map(|(number, der)| (format!("public-{number:03}"), der))
        .collect()
}

fn place_certificates(folder: &Path, certificates: &BTreeMap<String, Vec<u8>>) -> usize {
    for (name, der) in certificates {
        std::fs::write(folder.join(name), der).unwrap();
    }
    certificates.len()
}

/// Puts so many certificates into a folder, with names, dates and extensions by the dice.
fn random_certificates(folder: &Path, count: usize) -> usize {
    let Some(mut python) = python() else { return 0 };
    let output = python
        .arg(in_project("tests/support/random_certificates.py"))
        .arg(folder)
        .args([&count.to_string(), "2025"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    count
}

/// The attributes of a name as certman writes it: pairs of type and value, with nothing escaped any more.
pub(crate) fn attributes(name: &str) -> Value {
    if name == "(no name)" {
        return Value::Array(Vec::new());
    }
    let mut attributes = Vec::new();
    let mut bytes = Vec::new();
    let mut kind = None;
    let mut rest = name.as_bytes();
    let decoded = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    loop {
        match rest {
            [b'\\', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = tail;
            }
            [b'\\', letter, tail @ ..] => {
                bytes.push(*letter);
                rest = tail;
            }
            [b'=', tail @ ..] if kind.is_none() => {
                kind = Some(decoded(&std::mem::take(&mut bytes)));
                rest = tail;
            }
            [b',', b' ', tail @ ..] => {
                attributes.push(serde_json::json!([kind.take(), decoded(&std::mem::take(&mut bytes))]));
                rest = tail;
            }
            [] => {
                attributes.push(serde_json::json!([kind.take(), decoded(&bytes)]));
                return Value::Array(attributes);
            }
            [letter, tail @ ..] => {
                bytes.push(*letter);
                rest = tail;
            }
        }
    }
}

/// The names, with those of folders taken apart as [`attributes`] does.
pub(crate) fn alternative_names(names: &Value) -> Value {
    let part = |name: &Value| match name.as_str().and_then(|name| name.strip_prefix("DirName:")) {
        Some(name) => serde_json::json!({ "DirName": attributes(name) }),
        None => name.clone(),
    };
    names.as_array().unwrap().iter().map(part).collect()
}

/// A bundle made in process, checked by a reader that is not certman's.
struct Made {
    /// In the order in which they stand there.
    certificates: Vec<Vec<u8>>,
    /// The fingerprints of all that were seen, kept or not.
    seen: BTreeSet<String>,
    text: Vec<u8>,
}

/// Merges sources as `certman bundle` does, without a disk, and has rustls-pemfile read the outcome.
fn bundle_of(sources: &[Vec<u8>]) -> Made {
    let mut collection = Collection::default();
    for (file, source) in sources.iter().enumerate() {
        scan(source, &mut |item| {
            let place = Place { file: file as u32, index: item.index, line: item.line };
            match item.content {
                Content::Certificate(der) => drop(collection.add(der, place)),
                // Whoever looks for a key in it must not panic either.
                Content::PrivateKey(bytes) => drop(certman::pki::key::detect(bytes)),
                _ => {}
            }
        });
    }
    // 2026-01-01T00:00:00Z
    let merged = merge(collection.certificates(), Rules { keep_expired: false, now: 1_767_225_600 });
    assert_eq!(merged.fates.iter().filter(|fate| **fate == Fate::Kept).count(), merged.kept.len());
    let mut text = header().to_vec();
    let kept: Vec<Vec<u8>> =
        merged.kept.iter().map(|index| collection.certificates()[*index as usize].der().to_vec()).collect();
    for index in &merged.kept {
        write_block(&collection.certificates()[*index as usize], &mut text);
    }
    assert!(
        text.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~')),
        "{}",
        String::from_utf8_lossy(&text)
    );
    assert_eq!(certificates_in(&text), kept);
    for certificate in collection.certificates().iter().filter(|_| sources.len() == 1) {
        // Whatever is shown of it.
        let shown =
            format!("{} {} {}", certificate.subject(), certificate.issuer().short(), certificate.serial());
        assert!(!shown.contains(['\n', '\r', '\x1b', '\0', '\u{202e}']), "{shown:?}");
        drop(certificate.details());
    }
    let seen = collection.certificates().iter().map(|one| one.fingerprint().to_string()).collect();
    Made { certificates: kept, seen, text }
}

/// The certificates in one of the forms in which help desks hand them out.
fn in_some_form(group: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let text: String = group.iter().map(|der| String::from_utf8(pem(der)).unwrap()).collect();
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    match dice.below(14) {
        0 => group.concat(),
        1 => text.replace('\n', "\r\n").into_bytes(),
        2 => text.replace('\n', "\r").into_bytes(),
        3 => utf16(&text, u16::to_le_bytes),
        4 => utf16(&text, u16::to_be_bytes),
        5 => format!("\u{feff}{text}").into_bytes(),
        6 => text.replace('\n', "\n    ").into_bytes(),
        7 => text.replace("-----\n-----", "----------").into_bytes(),
        8 => text.replace("CERTIFICATE", "X509 CERTIFICATE").into_bytes(),
        9 => text.replace('\n', "  \n\n").into_bytes(),
        10 => text
            .lines()
            .map(|line| if line.starts_with('-') { format!("\n{line}\n") } else { line.to_owned() })
            .collect::<String>()
            .into_bytes(),
        11 => text.replace("-----BEGIN", "Dear all, here is\n-----BEGIN").into_bytes(),
        12 => text.replace("CERTIFICATE", "TRUSTED CERTIFICATE").into_bytes(),
        _ => text.into_bytes(),
    }
}

/// A certificate as OpenSSL writes it.
fn pem(der: &[u8]) -> Vec<u8> {
    let mut base64 = String::new();
    for triple in der.chunks(3) {
        let bits =
            triple.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - triple.len()));
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place)) as usize & 63];
            base64.push(if place <= triple.len() { char::from(letter) } else { '=' });
        }
    }
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in base64.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap());
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text.into_bytes()
}

/// Every certificate that certman finds in a file, in its order.
fn found_in(content: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    scan(content, &mut |item| {
        if let Content::Certificate(der) = item.content {
            found.push(der.to_vec());
        }
    });
    found
}

/// Every file of test material.
fn fixtures() -> BTreeMap<PathBuf, Vec<u8>> {
    files_below(&in_project("testdata"))
}

/// Numbers that look random and are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, self.below(index + 1));
        }
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// One file of each format, and how many bytes there are from one cut to the next.
const EVERY_CUT: [(&str, usize); 9] = [
    ("clean.pem", 3),
    ("crlf.pem", 5),
    ("der.cer", 1),
    ("no-markers.pem", 3),
    ("pkcs7-ber.p7b", 1),
    ("pkcs7-der.p7b", 1),
    ("pkcs7.p7b", 3),
    ("trusted-label.pem", 3),
    ("utf16le.pem", 5),
];
