//! `certman explain` and the programs whose words it knows: they are made to fail on loopback, and what they say on standard error is
//! what certman is asked about.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use certman::cli::args::Arguments;
use certman::explain;
use clap::Parser;
use serde_json::Value;

use crate::clients::Server;
use crate::support::host::{Memory, host};
use crate::support::{
    Sandbox, bare, fixture_passphrase, fresh_folder, in_project, program, python, testdata,
};

#[test]
fn what_clients_say_about_a_certificate_is_recognised() {
    let Some(servers) = OddServers::start() else { return };
    let Some(clients) = Clients::all() else { return };
    // The words of curl, Python, Node and Bun are told apart; git with GnuTLS says the same about
    // all of them, and rustls about all issuers that it does not know.
    for (mistake, knows_root, expected) in [
        ("elsewhere", true, "ERR_TLS_CERT_ALTNAME_INVALID"),
        ("expired", true, "CERT_HAS_EXPIRED"),
        ("future", true, "CERT_NOT_YET_VALID"),
        ("self-signed", false, "DEPTH_ZERO_SELF_SIGNED_CERT"),
        ("with-root", false, "SELF_SIGNED_CERT_IN_CHAIN"),
    ] {
        let root = knows_root.then_some(servers.root.as_path());
        for (name, said) in clients.ask(&servers.address(mistake), root) {
            let codes = codes_in(&said);
            match name {
                "git" if mistake != "elsewhere" => assert_eq!(codes, ["git-certificate"], "{said}"),
                "uv" if !knows_root => assert_eq!(codes[0], "UnknownIssuer", "{said}"),
                _ => {
                    assert_eq!(codes.first().map(String::as_str), Some(expected), "{name}, {mistake}: {said}")
                }
            }
        }
    }
    // The same chain, in two ways of counting.
    for (name, said) in clients.ask(&servers.address("alone"), None) {
        let expected = match name {
            "bun" | "node" => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "git" => "git-certificate",
            "uv" => "UnknownIssuer",
            _ => "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        };
        assert_eq!(codes_in(&said).first().map(String::as_str), Some(expected), "{name}: {said}");
    }
}

#[test]
fn what_openssl_says_about_a_certificate_is_recognised() {
    let Some(servers) = OddServers::start() else { return };
    let Some(openssl) = program("openssl") else { return };
    for (mistake, expected) in [
        ("alone", &["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"][..]),
        ("elsewhere", &["ERR_TLS_CERT_ALTNAME_INVALID"]),
        ("expired", &["CERT_HAS_EXPIRED"]),
        ("self-signed", &["DEPTH_ZERO_SELF_SIGNED_CERT"]),
        ("with-root", &["SELF_SIGNED_CERT_IN_CHAIN"]),
    ] {
        let address = servers.address(mistake);
        let host = address.trim_start_matches("https://").trim_end_matches('/');
        let mut client = bare(&openssl);
        client.args(["s_client", "-verify_hostname", "localhost", "-connect", host]);
        if ["elsewhere", "expired"].contains(&mistake) {
            client.arg("-CAfile").arg(&servers.root);
        }
        let said = said(&mut client);
        assert_eq!(codes_in(&said), expected, "{mistake}: {said}");
    }
}

#[test]
fn what_clients_say_about_a_key_is_recognised() {
    let (Some(node), Some(bun)) = (program("node"), program("bun")) else { return };
    let (Some(curl), Some(openssl), Some(mut with_python)) = (program("curl"), program("openssl"), python())
    else {
        return;
    };
    let passphrase = fixture_passphrase("plain");
    let encrypted = |name: &str| testdata(&format!("keys/encrypted/{name}.pem"));
    let portable = encrypted("p256.portable-crlf");
    let other = testdata("keys/other-p256.pkcs8.pem");
    for (name, key, passphrase, by_node, by_bun) in [
        ("wrong", portable.clone(), "another", Some("ERR_OSSL_BAD_DECRYPT"), "ERR_OSSL_BAD_DECRYPT"),
        ("other", other.clone(), "", Some("KEY_VALUES_MISMATCH"), "KEY_VALUES_MISMATCH"),
        ("rsa", testdata("keys/rsa-2048.pkcs8.pem"), "", None, "KEY_TYPE_MISMATCH"),
        (
            "scrypt",
            encrypted("p256.scrypt-aes-256"),
            &passphrase,
            None,
            "UNSUPPORTED_KEY_DERIVATION_FUNCTION",
        ),
        (
            "much scrypt",
            encrypted("p256.scrypt-n32768"),
            &passphrase,
            Some("ERR_OSSL_EVP_MEMORY_LIMIT_EXCEEDED"),
            "UNSUPPORTED_KEY_DERIVATION_FUNCTION",
        ),
        ("sha512", encrypted("p256.pbes2-sha512-aes-256"), &passphrase, None, "UNSUPPORTED_PRF"),
        ("camellia", encrypted("p256.pbes2-camellia-256"), &passphrase, None, "UNSUPPORTED_CIPHER"),
        (
            "des",
            encrypted("p256.pbes2-des"),
            &passphrase,
            Some("ERR_OSSL_EVP_UNSUPPORTED"),
            "UNSUPPORTED_CIPHER",
        ),
        (
            "der",
            testdata("keys/p256.pkcs8.der"),
            "",
            Some("ERR_OSSL_UNSUPPORTED"),
            "ERR_OSSL_PEM_NO_START_LINE",
        ),
    ] {
        for (runtime, expected) in [(&node, by_node), (&bun, Some(by_bun))] {
            let Some(expected) = expected else { continue };
            let mut client = script(runtime, CLOSED);
            client.args([testdata("pki/client-p256.pem"), key.clone()]);
            if !passphrase.is_empty() {
                client.arg(passphrase);
            }
            let said = said(&mut client);
            assert_eq!(codes_in(&said), [expected], "{name} with {}: {said}", runtime.display());
        }
    }

    let pkey = said(bare(&openssl).args(["pkey", "-noout", "-passin", "pass:another", "-in"]).arg(&portable));
    assert_eq!(codes_in(&pkey), ["ERR_OSSL_BAD_DECRYPT", "ERR_OSSL_UNSUPPORTED"], "{pkey}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let mut client = bare(&curl);
    client
        .args(["-sS", "--max-time", "5", "--cert"])
        .arg(testdata("pki/client-p256.pem"))
        .arg("--key")
        .arg(&other);
    let curl_says = said(client.arg(&address));
    assert_eq!(codes_in(&curl_says), ["curl-58"], "{curl_says}");
    let load =
        "import ssl, sys; ssl.create_default_context().load_cert_chain(sys.argv[1], sys.argv[2], 'another')";
    with_python.args(["-c", load]).arg(testdata("pki/client-p256.pem"));
    let python_says = said(with_python.arg(&portable));
    assert_eq!(codes_in(&python_says), ["SSL_PEM_LIB"], "{python_says}");
}

#[test]
fn what_clients_say_where_a_server_wants_a_certificate_is_recognised() {
    let (Some(node), Some(bun), Some(curl), Some(python)) =
        (program("node"), program("bun"), program("curl"), python())
    else {
        return;
    };
    let root = testdata("pki/root-p256.pem");
    let server = Server::start(python, &["pki/root-p256.pem", "pki/intermediate-p256-1.pem"]);
    let ask = |mut client: Command| said(client.env("NODE_EXTRA_CA_CERTS", &root));
    let node_says = ask(script(&node, &server.tls_1_3));
    assert_eq!(codes_in(&node_says), ["CERTIFICATE_REQUIRED"], "{node_says}");
    let node_says = ask(script(&node, &server.tls_1_2));
    assert_eq!(codes_in(&node_says), ["ALERT_HANDSHAKE_FAILURE", "EPROTO"], "{node_says}");
    let bun_says = ask(script(&bun, &server.tls_1_2));
    assert_eq!(codes_in(&bun_says), ["EPROTO"], "{bun_says}");
    let curl_says = ask({
        let mut client = bare(&curl);
        client.args(["-sS", "--cacert"]).arg(&root).arg(&server.tls_1_2);
        client
    });
    assert_eq!(codes_in(&curl_says), ["ALERT_HANDSHAKE_FAILURE", "curl-35"], "{curl_says}");
    // An identity that nobody there knows.
    let mut stranger = script(&node, &server.tls_1_3);
    stranger.args([testdata("pki/server-self-signed.pem"), testdata("pki/keys/server-self-signed.key")]);
    let node_says = ask(stranger);
    assert_eq!(codes_in(&node_says), ["ALERT_UNKNOWN_CA"], "{node_says}");
}

#[test]
fn what_clients_say_about_a_proxy_is_recognised() {
    let Some(clients) = Clients::all() else { return };
    let Some(mut proxy) = python() else { return };
    let mut proxy = Asked::start(proxy.arg(in_project("tests/support/proxy.py")));
    let port = proxy.line();
    for (port, expected) in [(port.as_str(), "HTTP-407"), ("1", "ECONNREFUSED")] {
        let through = format!("http://127.0.0.1:{port}");
        for (name, said) in clients.ask_through("https://host.invalid/", &through) {
            assert_eq!(codes_in(&said).first().map(String::as_str), Some(expected), "{name}: {said}");
        }
    }
    for (name, said) in clients.ask_through("https://host.invalid/", "http://proxy.invalid:8080") {
        let codes = codes_in(&said);
        assert!(["ENOTFOUND", "EAI_AGAIN", "curl-5"].contains(&&*codes[0]), "{name}: {said}");
    }
}

#[test]
fn what_clients_say_about_a_file_of_roots_is_recognised() {
    let (Some(node), Some(curl), Some(git)) = (program("node"), program("curl"), program("git")) else {
        return;
    };
    let missing = "/nonexistent/roots.pem";
    let node_says = said(script(&node, CLOSED).env("NODE_EXTRA_CA_CERTS", missing));
    assert_eq!(codes_in(&node_says), ["extra-certs-ignored", "ECONNREFUSED"], "{node_says}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let curl_says = said(bare(&curl).args(["-sS", "--max-time", "5", "--cacert", missing, &address]));
    assert_eq!(codes_in(&curl_says), ["curl-77"], "{curl_says}");
    let setting = format!("http.sslCAInfo={missing}");
    let git_says = said(bare(&git).args(["-c", &setting, "ls-remote", &address]));
    assert_eq!(codes_in(&git_says), ["curl-77"], "{git_says}");
    // Certificates in DER, as a help desk hands them out.
    let Some(mut with_python) = python() else { return };
    let sandbox = Sandbox::new();
    let der = sandbox.path("root.der");
    let pem = std::fs::read(testdata("pki/root-rsa.pem")).unwrap();
    std::fs::write(&der, rustls_pemfile::certs(&mut &*pem).next().unwrap().unwrap()).unwrap();
    let load = "import ssl, sys; ssl.create_default_context(cafile=sys.argv[1])";
    let python_says = said(with_python.args(["-c", load]).arg(&der));
    assert_eq!(codes_in(&python_says), ["curl-77"], "{python_says}");
}

/// Programs that are not on every machine, by what they have said where they were.
#[test]
fn what_other_programs_say_is_recognised() {
    for (said, expected) in [
        (
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed: \
             sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to \
             requested target",
            &["PKIX"][..],
        ),
        (
            "Get \"https://host.invalid/\": x509: certificate signed by unknown authority",
            &["x509-unknown-authority"],
        ),
        ("http: server gave HTTP response to HTTPS client", &["WRONG_VERSION_NUMBER"]),
        // Node's fetch, where a server with TLS 1.3 wants a certificate and hangs up without a word.
        (
            "TypeError: fetch failed\n    at node:internal/deps/undici/undici:14976:13 {\n  [cause]: SocketError: other side \
             closed\n      at TLSSocket.<anonymous> (node:internal/deps/undici/undici:6436:28) {\n    code: 'UND_ERR_SOCKET',\n",
            &["ECONNRESET", "fetch-failed"],
        ),
        ("CONNECTED(00000003)\nwrite:errno=104\n---\nno peer certificate available\n---\n", &["ECONNRESET"]),
        ("remote error: tls: bad certificate", &["ALERT_BAD_CERTIFICATE"]),
        ("  cause: invalid peer certificate: UnknownIssuer", &["UnknownIssuer"]),
        ("  cause: tunnel error: proxy authorization required", &["HTTP-407"]),
        (
            "API Error: Unable to connect to API: Self-signed certificate detected. Check your proxy or corporate SSL \
             certificates",
            &["SELF_SIGNED_CERT_IN_CHAIN", "fetch-failed"],
        ),
        ("Unable to connect to API (FailedToOpenSocket)", &["fetch-failed", "FailedToOpenSocket"]),
        (
            "Failed to connect to api.anthropic.com: UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            &["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "fetch-failed"],
        ),
        (
            "schannel: next InitializeSecurityContext failed: CRYPT_E_NO_REVOCATION_CHECK (0x80092012) - The revocation \
             function was unable to check revocation for the certificate.",
            &["CRYPT_E_NO_REVOCATION_CHECK"],
        ),
    ] {
        assert_eq!(codes_in(said), expected, "{said}");
    }
}

#[test]
fn every_finding_in_the_manual_has_an_explanation() {
    let page = std::fs::read_to_string(in_project("man/certman.1")).unwrap();
    let findings = page.split("\n.Sh FINDINGS\n").nth(1).unwrap().split("\n.Sh ").next().unwrap();
    let documented: BTreeSet<&str> =
        findings.lines().filter_map(|line| line.strip_prefix(".It Li ")?.split(' ').next()).collect();
    assert!(documented.len() > 80, "the page is read as it is written: {documented:?}");
    let (_, _, entries) = explain::TABLE[explain::TABLE.len() - 1];
    let explained: BTreeSet<&str> = entries.iter().map(|entry| entry.code).collect();
    assert_eq!(documented, explained, "the manual on the left, the table on the right");
}

#[test]
fn certman_understands_every_command_that_it_recommends() {
    for entry in explain::entries() {
        let parsed = Arguments::try_parse_from(entry.command.split(' '));
        assert!(parsed.is_ok(), "{}: `{}`: {parsed:?}", entry.code, entry.command);
    }
    // Commands in the sentences count too.
    let sentences = explain::entries().flat_map(|entry| {
        let texts = [&entry.english, &entry.japanese];
        texts.into_iter().flat_map(|text| text.causes.iter().chain([&text.meaning]).copied())
    });
    let mut count = 0;
    for sentence in sentences {
        for command in sentence.split('`').skip(1).step_by(2).filter(|quoted| quoted.starts_with("certman "))
        {
            assert!(Arguments::try_parse_from(command.split(' ')).is_ok(), "`{command}` in: {sentence}");
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}

#[test]
fn no_key_is_opened_and_no_keyring_asked() {
    let keyring = Memory::default();
    let ran = host()
        .keyring(&keyring)
        .env("CERTMAN_KEY", testdata("keys/encrypted/p256.pbes2-rounds-600000.pem").to_str().unwrap())
        .env("CERTMAN_CERT", testdata("pki/client-p256.pem").to_str().unwrap())
        .run(&["explain", "ERR_OSSL_BAD_DECRYPT", "--json"]);
    assert_eq!((ran.status, keyring.calls()), (0, 0), "{ran:?}");
    let facts = ran.json()["explanations"][0]["facts"].to_string();
    assert!(facts.contains("is sealed with PBES2 PBKDF2-HMAC-SHA256 AES-256-CBC"), "{facts}");
}

#[test]
fn a_log_that_is_too_long_or_in_utf_16_is_told_and_read() {
    let sandbox = Sandbox::new();
    let limit = 1 << 20;
    let mut log = b"ECONNRESET ".to_vec();
    log.resize(limit, b'x');
    let output = sandbox.certman(["explain", "-"]).stdin(log.clone()).output();
    assert!(output.status.success(), "{output:?}");
    log.push(b'x');
    let output = sandbox.certman(["explain", "-"]).stdin(log).output();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("larger than 1 MiB") && said.contains("tail -n 500"), "{said}");
    // What PowerShell writes with `>`.
    let log: Vec<u8> = "\u{feff}curl: (60) problem".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let output = sandbox.certman(["explain", "-", "--json"]).stdin(log).output();
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["explanations"][0]["code"], "curl-60");
}

/// Noticed on a terminal of 80 columns, where every paragraph broke twice.
#[test]
fn lines_end_where_the_terminal_ends() {
    let sandbox = Sandbox::new();
    let width =
        |line: &str| line.chars().map(|letter| if letter < '\u{2e80}' { 1 } else { 2 }).sum::<usize>();
    for (columns, widest) in [(60, 60), (80, 80), (96, 96), (200, 96), (0, 96)] {
        for language in ["en", "ja"] {
            let run =
                sandbox.certman(["explain", "fetch-failed FailedToOpenSocket PKIX", "--lang", language]);
            let Some(output) = run.env("NO_COLOR", "1").watched(columns) else { return };
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{said}");
            let lines: Vec<&str> = said.lines().filter(|line| !line.contains("certman doctor")).collect();
            for line in &lines {
                assert!(width(line) <= widest, "{columns}, {}: {line}", width(line));
            }
            // The room is used: two columns, or a long word, may stay free.
            assert!(lines.iter().any(|line| width(line) + 4 > widest), "{columns}: {said}");
        }
    }
    for (columns, widest) in [(80, 80), (200, 113)] {
        let Some(output) = sandbox.certman(["explain"]).env("NO_COLOR", "1").watched(columns) else { return };
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.lines().map(width).max(), Some(widest), "{said}");
    }
    // What is set counts only where the terminal does not say it, and where nobody looks nothing does.
    let run = sandbox.certman(["explain", "PKIX"]).env("COLUMNS", "50");
    let Some(by_variable) = run.watched(0) else { return };
    assert!(String::from_utf8(by_variable.stdout).unwrap().lines().all(|line| width(line) <= 60));
    let piped = sandbox.certman(["explain", "PKIX"]).env("COLUMNS", "50").output();
    assert!(String::from_utf8(piped.stdout).unwrap().lines().any(|line| width(line) > 90));
}

/// Clients that can be asked for an address, each as its own words for what went wrong.
struct Clients {
    bun: PathBuf,
    curl: PathBuf,
    git: PathBuf,
    node: PathBuf,
    uv: PathBuf,
}

impl Clients {
    fn all() -> Option<Self> {
        let (bun, curl, git) = (program("bun")?, program("curl")?, program("git")?);
        Some(Self { bun, curl, git, node: program("node")?, uv: program("uv")? })
    }

    /// What each says about an address, with this root or its own ones.
    fn ask(&self, address: &str, root: Option<&Path>) -> Vec<(&'static str, String)> {
        let mut clients = self.commands(address);
        for (_, client) in &mut clients {
            let Some(root) = root else { continue };
            for name in ["CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
                client.env(name, root);
            }
        }
        clients.into_iter().map(|(name, mut client)| (name, said(&mut client))).collect()
    }

    /// The same through a proxy.
    fn ask_through(&self, address: &str, proxy: &str) -> Vec<(&'static str, String)> {
        let clients = self.commands(address).into_iter();
        let set =
            |client: &mut Command| said(client.env("https_proxy", proxy).env("NODE_USE_ENV_PROXY", "1"));
        clients.map(|(name, mut client)| (name, set(&mut client))).collect()
    }

    fn commands(&self, address: &str) -> Vec<(&'static str, Command)> {
        let mut curl = bare(&self.curl);
        curl.args(["-sS", "--max-time", "10", address]);
        let mut git = bare(&self.git);
        git.args(["ls-remote", address]);
        let mut uv = bare(&self.uv);
        let target = std::env::temp_dir();
        uv.args(["pip", "install", "--no-config", "--no-cache", "--dry-run", "--target"]).arg(&target);
        uv.args(["--index-url", address, "six"]).env("UV_HTTP_RETRIES", "0");
        let mut clients = vec![
            ("bun", script(&self.bun, address)),
            ("curl", curl),
            ("git", git),
            ("node", script(&self.node, address)),
            ("uv", uv),
        ];
        if let Some(mut python) = python() {
            let ask = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])";
            python.args(["-c", ask, address]);
            clients.push(("python", python));
        }
        clients
    }
}

/// Servers with certificates that have something wrong, and the root of those that have one.
struct OddServers {
    folder: tempfile::TempDir,
    ports: Vec<(String, String)>,
    root: PathBuf,
    _servers: Asked,
}

impl OddServers {
    fn start() -> Option<Self> {
        let folder = fresh_folder("odd");
        let made = python()?.arg(in_project("tests/support/odd_certificates.py")).arg(folder.path()).output();
        let made = made.expect("Python starts");
        assert!(made.status.success(), "{made:?}");
        let mut servers =
            Asked::start(python()?.arg(in_project("tests/support/servers.py")).arg(folder.path()));
        let mut ports = Vec::new();
        loop {
            let line = servers.line();
            let Some((name, port)) = line.split_once(' ') else { break };
            ports.push((name.to_owned(), port.to_owned()));
        }
        let root = folder.path().join("root.pem");
        Some(Self { folder, ports, root, _servers: servers })
    }

    fn address(&self, mistake: &str) -> String {
        let port = self.ports.iter().find(|(name, _)| name == mistake).map(|(_, port)| port);
        let port = port.unwrap_or_else(|| panic!("no {mistake} in {}", self.folder.path().display()));
        format!("https://localhost:{port}/")
    }
}

/// A program in the background that prints something and ends with its standard input.
struct Asked {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Asked {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a program of the tests starts");
        let said = BufReader::new(child.stdout.take().expect("standard output was piped"));
        Self { child, said }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("it speaks text");
        line.trim_end().to_owned()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn script(runtime: &Path, address: &str) -> Command {
    let mut client = bare(runtime);
    client.arg(in_project("tests/support/fails.mjs")).arg(address);
    client
}

/// What a program says on standard error.
fn said(command: &mut Command) -> String {
    let home = fresh_folder("home");
    let output = command.env("HOME", home.path()).output().expect("a program starts");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The codes that certman finds in a log, in the order in which it explains them; empty where it finds none.
fn codes_in(log: &str) -> Vec<String> {
    let sandbox = Sandbox::new();
    let output = sandbox.certman(["explain", "-", "--json"]).stdin(log).output();
    let object: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let explanations = object["explanations"].as_array().map_or(&[][..], Vec::as_slice);
    assert_eq!(output.status.code(), Some(i32::from(explanations.is_empty())), "{log}");
    explanations.iter().map(|one| one["code"].as_str().expect("a code is text").to_owned()).collect()
}

/// Nobody listens on this port.
const CLOSED: &str = "https://127.0.0.1:1/";
