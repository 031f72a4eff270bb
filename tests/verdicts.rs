//! What certman says of each client, against the clients themselves, both ways: what they are said to refuse they refuse, and
//! nothing else.
//!
//! Owns how each client is made to connect. Claude Code is not asked: it is Bun inside, and is held to what Bun does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use certman::clients::key::{
    KeyReason, refusal_of_client_signature, refusal_of_content, refusal_of_key_kind, refusals_of_chain_file,
    refusals_of_key_file,
};
use certman::clients::{Audience, Client, Refusal, needs_the_root, refusals_of_certificate};
use certman::pki::bundle::role;
use certman::pki::cert::{Certificate, Fingerprint};
use certman::pki::chain::self_signature;
use certman::pki::key::{Content, Limits, Quirk, detect};
use certman::secret::Passphrase;

use crate::identity::{dirty_chains, key_files, passphrase_of};
use crate::support::{bare, fresh_folder, in_project, program, python, testdata};

#[test]
fn every_client_has_a_name_and_is_found_by_it() {
    for client in Client::ALL {
        assert_eq!(client.name().parse::<Client>().ok(), Some(client));
    }
    assert!("Node".parse::<Client>().is_err());
}

#[test]
fn clients_refuse_the_authorities_that_they_are_said_to_refuse_and_no_others() {
    let (Some(folder), Some(clients)) = (made(&[]), clients()) else { return };
    let server = Servers::start(folder.path());
    assert!(server.ports.len() >= 38, "{:?}", server.ports.keys());
    let kinds: Vec<(&String, &u16)> = server.ports.iter().collect();
    let mismatches: Vec<String> = std::thread::scope(|scope| {
        let halves: Vec<_> = kinds
            .chunks(kinds.len().div_ceil(2))
            .map(|half| {
                let (folder, clients) = (folder.path(), &clients);
                scope.spawn(move || {
                    half.iter()
                        .flat_map(|(name, port)| clients.judge(folder, name, **port))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        halves.into_iter().flat_map(|half| half.join().expect("no panic")).collect()
    });
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}

#[test]
fn clients_refuse_the_kinds_of_client_keys_that_they_are_said_to_refuse_and_no_others() {
    let (Some(folder), Some(clients)) = (made(&["keys"]), clients()) else { return };
    let servers = ["-tls1_2", "-tls1_3"].map(|version| ClientServer::start(&clients.openssl, version));
    let mut mismatches = Vec::new();
    let mut tried = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "pem") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let chain = certificates(&path);
        let refusals: Vec<Refusal> = refusal_of_key_kind(chain[0].key())
            .into_iter()
            .chain(
                chain
                    .iter()
                    .filter_map(|one| refusal_of_client_signature(one, role(one, self_signature(one)))),
            )
            .collect();
        for client in ASKED {
            let said = refusals.iter().find(|one| one.clients().contains(&client));
            let comes_through: Vec<bool> = servers
                .iter()
                .map(|server| clients.shows(client, &path.with_extension("key"), &path, "", server))
                .collect();
            // What is said of a version holds for that version; else one that fails is enough.
            let is_refused = match said {
                Some(refusal) if refusal.what.contains("TLS 1.2") => !comes_through[0] && comes_through[1],
                Some(_) => !(comes_through[0] && comes_through[1]),
                None => !comes_through.iter().all(|through| *through),
            };
            if is_refused != said.is_some() {
                mismatches.push(format!("{client}, {name}: {said:?}, and it does {comes_through:?}"));
            }
            tried += 1;
        }
    }
    assert!(tried >= 20 * ASKED.len(), "only {tried} tried");
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}

#[test]
fn clients_refuse_the_key_files_that_they_are_said_to_refuse_and_no_others() {
    let Some(clients) = clients() else { return };
    let server = ClientServer::start(&clients.openssl, "-tls1_3");
    let mut mismatches = Vec::new();
    let mut tried = 0;
    for (name, path) in key_files() {
        let kind = name.split('.').next().unwrap();
        let certificate = in_project(format!("testdata/pki/client-{kind}.pem"));
        let Ok(file) = detect(&std::fs::read(&path).unwrap()) else { continue };
        // Damage is no matter of the client. GnuTLS composes the accents of a passphrase.
        if !certificate.exists()
            || name.contains("damaged")
            || name.contains("cut-short")
            || name.contains("utf8")
        {
            continue;
        }
        let mut refusals = refusals_of_key_file(&file.facts);
        let passphrase = match &file.content {
            Content::Plain(key) => {
                refusals.extend(refusal_of_content(key));
                ""
            }
            Content::Sealed(sealed) => {
                let passphrase = passphrase_of(&name);
                // Scrypt in DER and the like: what is sealed is the same as beside it.
                let _ = sealed.open(&Passphrase::new(passphrase.into()), &Limits::DEFAULT);
                passphrase
            }
        };
        for client in [Client::Curl, Client::GitGnuTls, Client::OpenSsl, Client::Python] {
            let said = refusals.iter().find(|one| one.clients().contains(&client));
            let comes_through = clients.shows(client, &path, &certificate, passphrase, &server);
            if comes_through == said.is_some() {
                mismatches.push(format!("{client}, {name}: {said:?}, and it comes through: {comes_through}"));
            }
            tried += 1;
        }
    }
    assert!(tried >= 280, "only {tried} tried");
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}

#[test]
fn clients_refuse_the_chains_that_they_are_said_to_refuse_and_no_others() {
    let Some(clients) = clients() else { return };
    let server = ClientServer::start(&clients.openssl, "-tls1_3");
    let folder = fresh_folder("chains");
    let mut mismatches = Vec::new();
    let der = certificates(&testdata("pki/client-p256-chain.pem"))[0].der().to_vec();
    for (name, content) in dirty_chains().into_iter().chain([("der", der)]) {
        let path = folder.path().join(name);
        std::fs::write(&path, &content).unwrap();
        let refusals = refusals_of_chain_file(&content);
        for client in [Client::Curl, Client::GitGnuTls, Client::OpenSsl, Client::Python] {
            let said = refusals.iter().find(|one| one.clients().contains(&client));
            let comes_through = clients.shows(client, &testdata("keys/p256.pkcs8.pem"), &path, "", &server);
            if comes_through == said.is_some() {
                mismatches.push(format!("{client}, {name}: {said:?}, and it comes through: {comes_through}"));
            }
        }
    }
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}

#[test]
fn claude_code_is_held_to_what_bun_does() {
    let Some(folder) = made(&[]) else { return };
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".bundle.pem") {
            continue;
        }
        for refusal in refusals_in(&path) {
            let clients = refusal.clients();
            let is_its_own = refusal.what.contains("self-signed");
            assert!(
                is_its_own || clients.contains(&Client::Bun) == clients.contains(&Client::ClaudeCode),
                "{refusal:?}"
            );
        }
    }
    let quirk =
        refusals_of_key_file(&detect(&std::fs::read(testdata("keys/p256.bom.pem")).unwrap()).unwrap().facts);
    assert_eq!(quirk[0].what, KeyReason::Quirk(Quirk::ByteOrderMark));
    assert_eq!(quirk[0].clients(), [Client::Bun, Client::ClaudeCode]);
    assert!(quirk[0].by.iter().all(|seen| !seen.on.is_empty()));
}

#[test]
fn an_audience_narrows_a_refusal_and_nobody_named_is_everybody() {
    let brainpool = &refusals_in(&testdata("pki/root-brainpool.pem"))[0];
    assert_eq!(brainpool.clone().only(&Audience::of(&[])).unwrap(), *brainpool);
    assert_eq!(brainpool.clone().only(&Audience::of(&[Client::Node])).unwrap().clients(), [Client::Node]);
    assert_eq!(brainpool.clone().only(&Audience::of(&[Client::Curl, Client::Python])), None);
}

/// The clients that are asked, each with a program of its own.
struct Clients {
    bun: PathBuf,
    curl: PathBuf,
    git: PathBuf,
    node: PathBuf,
    openssl: PathBuf,
}

fn clients() -> Option<Clients> {
    // Debian's own git is the one with GnuTLS.
    let debian = PathBuf::from("/usr/bin/git");
    let git = if debian.exists() { Some(debian) } else { program("git") };
    python()?;
    Some(Clients {
        bun: program("bun")?,
        curl: program("curl")?,
        git: git?,
        node: program("node")?,
        openssl: program("openssl")?,
    })
}

impl Clients {
    /// Where what certman says of a bundle is not what the clients do with it.
    fn judge(&self, folder: &Path, name: &str, port: u16) -> Vec<String> {
        let bundle = folder.join(format!("{name}.bundle.pem"));
        let refusals = refusals_in(&bundle);
        let mut mismatches = Vec::new();
        for client in ASKED {
            let said = refusals.iter().find(|one| one.clients().contains(&client));
            let is_said =
                if name == "orphan" { needs_the_root(&Audience::of(&[client])) } else { said.is_some() };
            // What a newer version has mended is no longer true of that one.
            let is_mended = said.is_some_and(|one| {
                one.by.iter().any(|seen| seen.client == client && seen.on.contains("no longer 24.22"))
            });
            let is_said = is_said && !(is_mended && self.node_has_mended());
            let comes_through = self.trusts(client, &bundle, port);
            if comes_through == is_said {
                mismatches.push(format!("{client}, {name}: {said:?}, and it comes through: {comes_through}"));
            }
        }
        mismatches
    }

    /// Whether Node is 24.22 or later.
    fn node_has_mended(&self) -> bool {
        let output = bare(&self.node).arg("--version").output().expect("node says its version");
        let version = String::from_utf8(output.stdout).expect("a version is text");
        let mut parts =
            version.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap());
        (parts.next().unwrap(), parts.next().unwrap()) >= (24, 22)
    }

    /// Whether a client connects to a server whose certificate this bundle is to prove.
    fn trusts(&self, client: Client, bundle: &Path, port: u16) -> bool {
        let address = format!("https://localhost:{port}/r");
        let mut command = match client {
            Client::Bun | Client::Node => {
                let mut command = bare(if client == Client::Bun { &self.bun } else { &self.node });
                command.args(["-e", CONNECT, &address]).env("NODE_EXTRA_CA_CERTS", bundle);
                command
            }
            Client::Curl => {
                let mut command = bare(&self.curl);
                command.args(["-sS", "-o", "/dev/null", "--cacert"]).arg(bundle).arg(&address);
                command
            }
            Client::GitGnuTls => {
                let mut command = bare(&self.git);
                command
                    .args(["ls-remote", &address])
                    .env("GIT_SSL_CAINFO", bundle)
                    .env("GIT_TERMINAL_PROMPT", "0");
                command
            }
            Client::OpenSsl => {
                let mut command = bare(&self.openssl);
                command.args(["s_client", "-brief", "-verify_return_error", "-no-CApath", "-no-CAstore"]);
                command.args([
                    "-verify_hostname",
                    "localhost",
                    "-connect",
                    &format!("localhost:{port}"),
                    "-CAfile",
                ]);
                command.arg(bundle);
                command
            }
            Client::Python => {
                let mut command = python().expect("it was there before");
                command.args(["-c", PYTHON_CONNECT, &port.to_string()]).arg(bundle);
                command
            }
            Client::ClaudeCode => unreachable!("it is not asked"),
        };
        command.env("HOME", bundle.parent().unwrap());
        command.output().unwrap().status.success()
    }

    /// Whether a client shows a certificate to the server and gets an answer.
    fn shows(
        &self,
        client: Client,
        key: &Path,
        certificate: &Path,
        passphrase: &str,
        server: &ClientServer,
    ) -> bool {
        let authority = testdata("pki/root-p256.pem");
        let address = format!("https://localhost:{}/", server.port);
        let mut command = match client {
            Client::Bun | Client::Node => {
                let mut command = bare(if client == Client::Bun { &self.bun } else { &self.node });
                command.args(["-e", CONNECT, &address]).args([certificate, key]);
                command.env("NODE_EXTRA_CA_CERTS", authority);
                command
            }
            Client::Curl => {
                let mut command = bare(&self.curl);
                command.args(["-sS", "--cacert"]).arg(authority).arg("--cert").arg(certificate);
                command.arg("--key").arg(key).arg(&address);
                if !passphrase.is_empty() {
                    command.args(["--pass", passphrase]);
                }
                command
            }
            Client::GitGnuTls => {
                let mut command = bare(&self.git);
                command.args(["ls-remote", &address]).env("GIT_SSL_CAINFO", authority);
                command.env("GIT_SSL_CERT", certificate).env("GIT_SSL_KEY", key).env("GIT_CURL_VERBOSE", "1");
                command
                    .env("GIT_TERMINAL_PROMPT", "0")
                    .env("GIT_ASKPASS", in_project("tests/support/askpass.sh"));
                if !passphrase.is_empty() {
                    command.env("GIT_SSL_CERT_PASSWORD_PROTECTED", "1");
                }
                command
            }
            Client::OpenSsl => {
                let mut command = bare(&self.openssl);
                command.args(["s_client", "-ign_eof", "-connect", &format!("localhost:{}", server.port)]);
                command.arg("-CAfile").arg(authority).arg("-cert").arg(certificate).arg("-key").arg(key);
                command.args(["-pass", "env:PASSPHRASE"]);
                command
            }
            Client::Python => {
                let mut command = python().expect("it was there before");
                command.args(["-c", PYTHON_CONNECT, &server.port.to_string()]).args([
                    authority.as_path(),
                    certificate,
                    key,
                ]);
                command
            }
            Client::ClaudeCode => unreachable!("it is not asked"),
        };
        command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env("PASSPHRASE", passphrase);
        let output = crate::support::output_with_stdin(&mut command, b"GET / HTTP/1.0\r\n\r\n");
        let said = [output.stdout, output.stderr].concat();
        // git finds no repository there, but has got an answer.
        crate::support::contains(&said, b"HTTP/1.0 200") || crate::support::contains(&said, b"<HTML>")
    }
}

/// Servers, one for each kind of authority.
struct Servers {
    ports: BTreeMap<String, u16>,
    process: Child,
}

impl Servers {
    fn start(folder: &Path) -> Self {
        let mut python = python().expect("it was there before");
        python.arg(in_project("tests/support/servers.py")).arg(folder);
        let mut process = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let ports = lines
            .take_while(|line| !line.is_empty())
            .map(|line| {
                let (name, port) = line.split_once(' ').expect("a name and a port");
                (name.to_owned(), port.parse().expect("a port"))
            })
            .collect();
        Self { ports, process }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// OpenSSL's own server, which demands a client certificate and takes any.
struct ClientServer {
    port: u16,
    process: Child,
}

impl ClientServer {
    fn start(openssl: &Path, version: &str) -> Self {
        // It does not tell which port it was given: one is found that is free, and tried at once.
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = bare(openssl);
        command.args([
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-Verify",
            "9",
            "-www",
            "-quiet",
            version,
        ]);
        command.args(["-cipher", "DEFAULT:@SECLEVEL=0", "-cert"]).arg(testdata("pki/server.pem"));
        command.arg("-cert_chain").arg(testdata("pki/server-chain.pem"));
        command.arg("-key").arg(testdata("pki/keys/server.key")).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "openssl s_server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { port, process }
    }
}

impl Drop for ClientServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `tests/support/kinds.sh` makes.
fn made(arguments: &[&str]) -> Option<tempfile::TempDir> {
    let (bash, _) = (program("bash")?, program("openssl")?);
    let folder = fresh_folder("kinds");
    let mut command = Command::new(bash);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let output =
        command.arg(in_project("tests/support/kinds.sh")).args(arguments).current_dir(folder.path()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(folder)
}

/// What certman says of the certificates in a file.
fn refusals_in(bundle: &Path) -> Vec<Refusal> {
    let certificates = certificates(bundle);
    certificates.iter().flat_map(|one| refusals_of_certificate(one, role(one, self_signature(one)))).collect()
}

fn certificates(path: &Path) -> Vec<Certificate> {
    let pem = std::fs::read(path).unwrap();
    let found = crate::clients::bundles::certificates_in(&pem);
    found.iter().map(|der| Certificate::parse(der, Fingerprint::of(der)).unwrap()).collect()
}

/// All but Claude Code.
const ASKED: [Client; 6] =
    [Client::Bun, Client::Curl, Client::GitGnuTls, Client::Node, Client::OpenSsl, Client::Python];

/// Connects to an address, with certificate and key where they are named; prints the answer.
const CONNECT: &str = r#"
const [address, cert, key] = process.argv.slice(1), fs = require("node:fs");
const fail = (error) => { console.error(error.message); process.exit(1); };
try {
  const identity = cert && { cert: fs.readFileSync(cert), key: fs.readFileSync(key), passphrase: process.env.PASSPHRASE || undefined };
  require("node:https").get(address, { ...identity, agent: false, timeout: 10000 }, (response) => {
    response.on("data", (data) => process.stdout.write(data));
    response.on("end", () => process.exit(0));
  }).on("error", fail);
} catch (error) { fail(error); }
"#;

/// The same: port, authorities, certificate, key.
const PYTHON_CONNECT: &str = r#"
import os, socket, ssl, sys
port, authorities, *identity = sys.argv[1:]
context = ssl.create_default_context(cafile=authorities)
if identity:
    context.load_cert_chain(*identity, password=os.environ["PASSPHRASE"])
with socket.create_connection(("127.0.0.1", int(port)), 10) as plain, context.wrap_socket(plain, server_hostname="localhost") as tls:
    tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
    while part := tls.recv(9999):
        sys.stdout.buffer.write(part)
"#;
