//! `inspect` on what is larger, deeper or odder than anything a case holds in a file: its answer stays bounded, its work too, and JSON
//! has all of it. And its tree against the chains that OpenSSL builds.

use std::process::Output;
use std::time::{Duration, Instant};

use certman::pki::container::{pem, scan, title};
use certman::pki::details::Details;
use certman::pki::public_key::{PublicKey, parameters};
use certman::pki::request::Request;
use certman::pki::revocation::RevocationList;
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair};
use serde_json::Value;

use crate::support::{Sandbox, bare, program, set_mode, testdata};

#[test]
fn of_ten_thousand_names_twenty_are_shown_and_all_are_in_json() {
    let names: Vec<String> = (0..10_000).map(|number| format!("host-{number}.corp.example")).collect();
    let mut params = CertificateParams::new(names.clone()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "many names");
    let sandbox = Sandbox::new();
    sandbox.give("many.pem", params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem());
    let shown = text(&inspect(&sandbox, &["many.pem"]));
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("DNS:host-19.corp.example, and 9,980 more"), "{shown}");
    assert!(!shown.contains("host-20.corp.example") && shown.len() < 10_000, "{} bytes", shown.len());
    let wanted: Vec<Value> = names.iter().map(|name| format!("DNS:{name}").into()).collect();
    let certificates = &json(&inspect(&sandbox, &["many.pem", "--json"]))["certificates"];
    assert_eq!(certificates[0]["subject_alt_names"].as_array().unwrap(), &wanted);
}

#[test]
fn a_megabyte_of_extensions_is_shown_in_a_screen() {
    let large = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5; 1 << 20]);
    let mut one = CertificateParams::default();
    one.custom_extensions = vec![large];
    let mut many = CertificateParams::default();
    many.custom_extensions = (0..40_000)
        .map(|number| CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 2, number], vec![5, 0]))
        .collect();
    let key = KeyPair::generate().unwrap();
    let sandbox = Sandbox::new();
    for (file, params) in [("one.pem", one), ("many.pem", many)] {
        sandbox.give(file, params.self_signed(&key).unwrap().pem());
        let started = Instant::now();
        let output = inspect(&sandbox, &[file]);
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
        assert!(output.stdout.len() < 10_000, "{} bytes", output.stdout.len());
    }
    let shown = text(&inspect(&sandbox, &["many.pem"]));
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("and 39,980 more"), "{shown}");
    let certificates = &json(&inspect(&sandbox, &["many.pem", "--json"]))["certificates"];
    assert_eq!(certificates[0]["extensions"].as_array().unwrap().len(), 40_000);
}

#[test]
fn what_is_no_file_is_named_and_never_waited_for() {
    let sandbox = Sandbox::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, sandbox.path("pipe"), 0o600.into()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.path("socket")).unwrap();
    let started = Instant::now();
    let output = inspect(&sandbox, &["pipe", "socket", "/dev/zero", "/dev/tty"]);
    assert!(started.elapsed() < PATIENCE);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let shown = text(&output);
    for what in ["/pipe': a FIFO", "/socket': a socket", "'/dev/zero': a device"] {
        assert!(shown.contains(what), "{what}: {shown}");
    }
    let items = json(&inspect(&sandbox, &["pipe", "--json"]));
    assert_eq!(items["items"][0]["kind"], "unreadable");
    assert_eq!(items["items"][0]["message"], "it is a FIFO, not a file");
}

#[test]
fn a_folder_without_the_right_to_read_is_named() {
    // Not below the project, which nobody else may be allowed to read.
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("closed")).unwrap();
    std::fs::copy(testdata("pki/root-p256.pem"), path("open.pem")).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_certman"), path("certman")).unwrap();
    for (name, mode) in [("", 0o755), ("closed", 0o000), ("open.pem", 0o644)] {
        set_mode(&path(name), mode);
    }
    let mut command = bare(&path("certman"));
    if rustix::process::getuid().is_root() {
        let Some(setpriv) = program("setpriv") else { return };
        command = bare(&setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(path("certman"));
    }
    let output = command
        .args(["inspect", "closed", "open.pem", "--at", "2030-01-01"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    set_mode(&path("closed"), 0o755);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let shown = text(&output);
    assert!(shown.contains("/closed': not readable, Permission denied"), "{shown}");
    assert!(shown.contains("Example Corp Root E1"), "{shown}");
}

#[test]
fn a_hundred_thousand_certificates_are_a_line_each() {
    let sandbox = Sandbox::new();
    sandbox.give("many.der", numbered("pki/root-p256.pem", 100_000));
    let started = Instant::now();
    let output = inspect(&sandbox, &["many.der", "--at", "2030-01-01"]);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    let shown = text(&output);
    assert!(shown.lines().count() < 100_010, "{} lines", shown.lines().count());
    assert!(shown.contains("many.der': 100000 certificates, DER"), "{}", &shown[shown.len() - 500..]);
}

#[test]
fn ten_thousand_namesakes_are_not_tried_on_one_another() {
    // Each names the same issuer, and no key of all those with that name has signed it.
    let sandbox = Sandbox::new();
    sandbox.give("issued.der", numbered("pki/intermediate-p256-1.pem", 10_000));
    sandbox.give("roots.der", numbered("pki/root-p256.pem", 10_000));
    let started = Instant::now();
    let output = inspect(&sandbox, &["issued.der", "roots.der", "--quiet", "--at", "2030-01-01"]);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_chain_of_thousands_is_drawn_in_lines_of_the_same_width() {
    let key = KeyPair::generate().unwrap();
    let params = |number: usize| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("level {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let mut chain = params(0).self_signed(&key).unwrap().pem();
    for number in 1..2_000 {
        let above = params(number - 1);
        chain += &params(number).signed_by(&key, &Issuer::from_params(&above, &key)).unwrap().pem();
    }
    let sandbox = Sandbox::new();
    sandbox.give("chain.pem", chain);
    let shown = text(&inspect(&sandbox, &["chain.pem"]));
    assert!(shown.contains("… 1999 level 1999"), "{shown}");
    let longest = shown.lines().take(2_000).map(|line| line.chars().count()).max();
    assert!(longest <= Some(80), "{longest:?}");
}

#[test]
fn the_tree_has_the_chains_that_openssl_builds() {
    let Some(openssl) = program("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.copy("root.pem", "pki/root-p256.pem");
    sandbox.copy("other.pem", "pki/root-rsa.pem");
    sandbox.copy("chain.pem", "pki/server-chain.pem");
    sandbox.copy("client.pem", "pki/client-p256.pem");
    sandbox.copy("orphan.pem", "pki/intermediate-orphan.pem");
    let answer = json(&inspect(&sandbox, &[".", "--json", "--at", "2030-01-01"]));
    let certificates = answer["certificates"].as_array().unwrap();
    for name in ["client.pem", "chain.pem", "orphan.pem"] {
        let number = certificates
            .iter()
            .position(|one| one["source"]["path"].as_str().unwrap().ends_with(name))
            .unwrap();
        let mut chain = vec![number];
        while let Some(issuer) = certificates[*chain.last().unwrap()]["issued_by"]["number"].as_u64() {
            chain.push(issuer as usize);
        }
        let leads_to_a_root = certificates[*chain.last().unwrap()]["self_signed"] == true;
        let output = bare(&openssl)
            .args(["verify", "-attime", "1893456000", "-CAfile", "root.pem", "-untrusted", "chain.pem", name])
            .current_dir(sandbox.folder())
            .output()
            .unwrap();
        assert_eq!(output.status.success(), leads_to_a_root, "{name}: {output:?} {chain:?}");
        assert_eq!(chain.len(), if leads_to_a_root { 3 } else { 1 }, "{name}: {chain:?}");
    }
}

#[test]
fn no_byte_that_flips_and_no_cut_makes_a_panic() {
    let everything = std::fs::read(testdata("inspect/everything.pem")).unwrap();
    let certificate = pem::blocks(&everything).next().unwrap().decode().unwrap();
    let public_key = std::fs::read(testdata("dirty/public-key.pem")).unwrap();
    let public_key = pem::blocks(&public_key).next().unwrap().decode().unwrap();
    let [request, list] =
        ["dirty/request.der", "dirty/crl.der"].map(|name| std::fs::read(testdata(name)).unwrap());
    let read = |bytes: &[u8]| {
        drop(Details::of_certificate(bytes));
        drop(Request::parse(bytes).map(|request| (request.subject.to_string(), request.details)));
        drop(RevocationList::parse(bytes).map(|list| list.issuer.to_string()));
        drop(PublicKey::parse(bytes));
        drop(parameters(bytes));
        drop(title(bytes));
        scan(bytes, &mut |_| {});
    };
    for whole in [certificate, public_key, request, list] {
        for at in 0..whole.len() {
            read(&whole[..at]);
            for flip in [0x01, 0x20, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                read(&changed);
            }
        }
    }
}

fn inspect(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.certman(std::iter::once(&"inspect").chain(arguments)).output()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("certman speaks UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one object")
}

/// So many certificates in DER, which differ in their serial number alone; their signatures are wrong.
fn numbered(name: &str, count: u32) -> Vec<u8> {
    let content = std::fs::read(testdata(name)).unwrap();
    let block = pem::blocks(&content).next().unwrap();
    let mut der = block.decode().unwrap();
    // Behind the version: the tag and length of 15 or 16 bytes.
    let serial = der.windows(5).position(|window| window == [0xa0, 3, 2, 1, 2]).unwrap() + 5 + 2 + 4;
    let mut all = Vec::with_capacity(der.len() * count as usize);
    for number in 0..count {
        der[serial..serial + 4].copy_from_slice(&number.to_be_bytes());
        all.extend_from_slice(&der);
    }
    all
}

/// Generous, for a build without optimisation on a busy machine: what is not bounded takes hours.
const PATIENCE: Duration = Duration::from_secs(600);
