//! What `inspect` reads in the test vectors of others: those of Python's cryptography, compared with what cryptography itself reads in
//! them, member by member. Whatever differs stands in the table of testdata/README.md, with the reason, and nothing else does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::agreement::{alternative_names, attributes};
use crate::support::{certman, in_project, python};

#[test]
fn cryptography_reads_the_same_in_its_own_test_vectors() {
    let Some(mut python) = python() else { return };
    let root = in_project("target/tools/python/cryptography_vectors");
    assert!(root.exists(), "MISSING: cryptography_vectors (run tests/setup)");
    let output =
        python.arg(in_project("tests/support/vectors.py")).arg(&root).args(FOLDERS).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(theirs.len() > 1_200, "{} files", theirs.len());

    let mut ours = inspected(&root, FOLDERS.iter().map(|folder| root.join(folder)), &[]);
    let mut sealed: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (path, found) in &theirs {
        if let Some(passphrase) = found["keys"][0]["passphrase"].as_str() {
            sealed.entry(passphrase).or_default().push(path);
        }
    }
    let mut stores: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for (path, found) in &theirs {
        if let Some(passphrase) = found["store_passphrase"].as_str().filter(|one| !one.is_empty()) {
            stores.entry(passphrase).or_default().push(path);
        }
    }
    for (option, groups) in [("--passphrase", sealed), ("--store-passphrase", stores)] {
        for (passphrase, paths) in groups {
            let options = [option, "env:VECTOR", passphrase];
            ours.extend(inspected(&root, paths.into_iter().map(|path| root.join(path)), &options));
        }
    }

    let mut differences = BTreeSet::new();
    let mut answers = 0;
    for (path, found) in &theirs {
        let mine = ours.get(path).cloned().unwrap_or_default();
        for kind in ["certificates", "keys", "public_keys", "requests", "revocation_lists"] {
            let mut others = found[kind].as_array().cloned().unwrap_or_default();
            let mut mine = mine.get(kind).cloned().unwrap_or_default();
            if found["store_passphrase"].is_string() {
                // Their order is by what they are for, ours that of the file.
                for list in [&mut others, &mut mine] {
                    list.sort_by_key(|one| one["fingerprint_sha256"].to_string());
                }
            }
            if others.len() != mine.len() {
                let what = if others.is_empty() { "only here" } else { "not the same number" };
                differences.insert(format!("{path}: {kind}, {what}"));
                continue;
            }
            for (one, other) in mine.iter().zip(&others) {
                for (question, answer) in other.as_object().unwrap() {
                    if answer.is_null() || ["passphrase", "unanswered"].contains(&question.as_str()) {
                        continue;
                    }
                    answers += 1;
                    let mine = normal(question, &one[question]);
                    // What cannot be checked here is no answer.
                    if mine != *answer && !(question == "self_signed" && mine.is_null()) {
                        println!("{path}: {question}: {mine} here and {answer} there");
                        differences.insert(format!("{path}: {question}"));
                    }
                }
            }
        }
    }
    assert!(answers > 10_000, "{answers} answers were compared");
    let explained = explained();
    let unexplained: Vec<&String> = differences.difference(&explained).collect();
    assert!(unexplained.is_empty(), "not in testdata/README.md:\n{}", lines(&unexplained));
    let gone: Vec<&String> = explained.difference(&differences).collect();
    assert!(gone.is_empty(), "in testdata/README.md, and no difference any more:\n{}", lines(&gone));
}

/// Runs `inspect`, and sorts what it says by file and kind.
fn inspected(
    root: &Path,
    paths: impl Iterator<Item = std::path::PathBuf>,
    options: &[&str],
) -> BTreeMap<String, BTreeMap<&'static str, Vec<Value>>> {
    let mut command = certman();
    command.args(["inspect", "--json", "--max-iterations", "20000000"]).args(paths);
    if let [option, place, passphrase] = options {
        command.args([option, place]).env("VECTOR", passphrase);
    }
    let output = command.output().unwrap();
    let object: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let list = |name: &str| object[name].as_array().expect("a list").clone();
    let (certificates, keys) = (list("certificates"), list("keys"));
    let mut found: BTreeMap<String, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
    for item in list("items") {
        let path = Path::new(item["source"]["path"].as_str().unwrap());
        let path = path.strip_prefix(root).unwrap().display().to_string();
        let number = item["number"].as_u64().map(|number| number as usize);
        let (kind, facts) = match (item["kind"].as_str().unwrap(), number) {
            ("certificate", Some(number)) => ("certificates", certificates[number].clone()),
            ("key", Some(number)) => ("keys", keys[number].clone()),
            ("public-key", _) => ("public_keys", item),
            ("request", _) => ("requests", item),
            ("revocation-list", _) => ("revocation_lists", item),
            _ => continue,
        };
        found.entry(path).or_default().entry(kind).or_default().push(facts);
    }
    found
}

/// An answer of certman's in the form of vectors.py.
fn normal(question: &str, answer: &Value) -> Value {
    match question {
        "subject" | "issuer" => attributes(answer.as_str().unwrap()),
        "subject_alt_names" => alternative_names(answer),
        "crl_distribution_points" | "ca_issuers" | "ocsp" => {
            let is_address = |one: &Value| !one.as_str().unwrap().starts_with("DirName:");
            let addresses = answer.as_array().unwrap().iter();
            let named = addresses.map(|one| match is_address(one) {
                true => json!(format!("URI:{}", one.as_str().unwrap())),
                false => one.clone(),
            });
            alternative_names(&named.collect())
        }
        "name_constraints" if answer.is_object() => {
            json!({ "permitted": alternative_names(&answer["permitted"]), "excluded": alternative_names(&answer["excluded"]) })
        }
        "extended_key_usage" if answer.is_array() => {
            answer.as_array().unwrap().iter().map(|purpose| purpose["oid"].clone()).collect()
        }
        "extensions" => {
            let extensions = answer.as_array().unwrap().iter();
            extensions.map(|one| json!([one["oid"], one["critical"]])).collect()
        }
        "extended_key_usage" | "key_usage" if answer.is_null() => json!(["none"]),
        "authority_key_id" | "list_number" | "name_constraints" | "next_update" | "path_length"
        | "subject_key_id"
            if answer.is_null() =>
        {
            json!("none")
        }
        _ => answer.clone(),
    }
}

/// The rows of the table: a file and what differs.
fn explained() -> BTreeSet<String> {
    let readme = std::fs::read_to_string(in_project("testdata/README.md")).unwrap();
    let table =
        readme.split("\n## ").find(|section| section.starts_with("Vectors of others")).unwrap_or_default();
    let mut rows = BTreeSet::new();
    for line in table.lines().skip_while(|line| *line != "|---|---|---|").skip(1) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [what, files, why] = cells[..] else { panic!("a row of three: {line}") };
        assert!(why.len() > 10, "explained: {line}");
        for file in files.split(", ") {
            rows.insert(format!("{}: {what}", file.trim_matches('`')));
        }
    }
    rows
}

fn lines(of: &[&String]) -> String {
    of.iter().map(|one| one.as_str()).collect::<Vec<_>>().join("\n")
}

/// What certman has a word to say about; the rest are numbers for ciphers.
const FOLDERS: [&str; 17] = [
    "asymmetric/DER_Serialization",
    "asymmetric/DH",
    "asymmetric/DSA/custom",
    "asymmetric/EC",
    "asymmetric/Ed25519",
    "asymmetric/Ed448",
    "asymmetric/MLDSA",
    "asymmetric/MLKEM",
    "asymmetric/PEM_Serialization",
    "asymmetric/PKCS8",
    "asymmetric/Traditional_OpenSSL_Serialization",
    "asymmetric/X25519",
    "asymmetric/X448",
    "asymmetric/public",
    "pkcs12",
    "pkcs7",
    "x509",
];
