//! The proof by the real thing (`check --runtime`): a Node or Bun is asked which certificates it has from the bundle, and
//! made to connect with the identity. Owns the questions and the comparison; what is found goes into the report.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use serde::Deserialize;

use super::identity::Examined;
use crate::cli::{Handshake, RuntimeSummary};
use crate::config::Settings;
use crate::pki::algorithm::{Curve, KeyAlgorithm};
use crate::pki::bundle::Place;
use crate::pki::cert::{Certificate, Fingerprint, hex};
use crate::pki::container::{self, Content};
use crate::pki::key::public_key_bits;
use crate::report::{Cause, Report, RuntimeTrouble, Severity};
use crate::secret::Passphrase;
use crate::source;
use crate::sys::Host;
use crate::sys::fs::{self, Scratch};
use crate::sys::net::{Expected, Server, Version};
use crate::sys::runtime::{self, Answer, Question};

/// Asks the program, and notes what it does not do as it should. `identity` is what `settings` name as certificate and key,
/// where it is to be tried.
pub fn prove(
    program: &Path,
    bundle: Option<&Path>,
    identity: Option<&Examined>,
    settings: &Settings,
    host: &Host,
    report: &mut Report,
) -> Option<RuntimeSummary> {
    let mut failed = |why| {
        report.find(None, Cause::RuntimeFailed { program: program.display().to_string().into(), why });
    };
    let folder = match Scratch::new() {
        Ok(folder) => folder,
        Err(error) => {
            failed(RuntimeTrouble::NoFolder(error));
            return None;
        }
    };
    let mut asked = Asked { folder, host, program: resolved(program, host), report };
    let runtime = match asked.version() {
        Ok(runtime) => runtime,
        Err(why) => {
            asked.failed(why);
            return None;
        }
    };
    let mut summary = RuntimeSummary {
        certificates: None,
        handshakes: Vec::new(),
        is_bun: runtime.is_bun,
        path: program.to_owned(),
        version: runtime.version.clone(),
    };
    if let Some(bundle) = bundle {
        match asked.compare(bundle, &runtime) {
            Ok(certificates) => summary.certificates = Some(certificates),
            Err(why) => asked.failed(why),
        }
    }
    if let Some(examined) = identity
        && let (Some(certificate), Some(chain), Some(key)) =
            (examined.chain.first(), &settings.cert, &settings.key)
    {
        let files = Files { bundle, chain: &chain.value, key: &key.value };
        match asked.connect(&files, certificate, examined, &runtime) {
            Ok(handshakes) => summary.handshakes = handshakes,
            Err(why) => asked.failed(why),
        }
    }
    Some(summary)
}

/// A program with a folder in it is found from where the person stands; a bare name is looked up in the `PATH`.
fn resolved(program: &Path, host: &Host) -> OsString {
    if program.components().count() > 1 {
        host.current_folder.join(program).into_os_string()
    } else {
        program.as_os_str().to_owned()
    }
}

/// The program that answers.
struct Asked<'a> {
    folder: Scratch,
    host: &'a Host,
    program: OsString,
    report: &'a mut Report,
}

/// What it has said of itself.
struct Runtime {
    is_bun: bool,
    version: String,
}

/// What a handshake is made with.
struct Files<'a> {
    bundle: Option<&'a Path>,
    chain: &'a Path,
    key: &'a Path,
}

/// What the script answers to `list`.
#[derive(Deserialize)]
struct Listed {
    /// Fingerprints; null where the runtime has no way to ask.
    extra: Option<Vec<String>>,
}

/// What the script answers to `connect`.
#[derive(Deserialize)]
struct Connected {
    /// Why nothing could be tried.
    error: Option<String>,
    #[serde(default)]
    tries: Vec<Try>,
}

#[derive(Deserialize)]
struct Try {
    error: Option<String>,
    port: u16,
    way: String,
}

impl Asked<'_> {
    fn failed(&mut self, why: RuntimeTrouble) {
        let program = self.program.to_string_lossy().into();
        self.report.find(None, Cause::RuntimeFailed { program, why });
    }

    /// Whether it is Node or Bun, and which.
    fn version(&self) -> Result<Runtime, RuntimeTrouble> {
        let answer = self.ask(&["--version"], &[], None)?;
        let said = String::from_utf8_lossy(&answer.output);
        let word = said.trim();
        let (is_bun, version) = word.strip_prefix('v').map_or((true, word), |rest| (false, rest));
        let numbers: Vec<&str> = version.splitn(3, '.').collect();
        let is_version = matches!(numbers.as_slice(), [major, minor, patch]
            if [major, minor].into_iter().all(|part| is_number(part))
                && patch.starts_with(|first: char| first.is_ascii_digit()));
        let is_plain = version.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-+".contains(letter));
        if answer.status.success() && is_version && is_plain && version.len() <= LONGEST_VERSION {
            return Ok(Runtime { is_bun, version: version.to_owned() });
        }
        let words = if said.trim().is_empty() { &answer.complaint } else { &answer.output };
        Err(RuntimeTrouble::NotARuntime { said: first_words(words) })
    }

    /// Asks for the certificates that it has from the bundle, and notes each that is missing or too many. Gives their number.
    fn compare(&mut self, bundle: &Path, runtime: &Runtime) -> Result<usize, RuntimeTrouble> {
        let file = self.report.file(bundle.to_owned());
        let mut text = Vec::new();
        if let Err(error) = fs::read_into(bundle, &mut text, source::LIMIT) {
            return Err(RuntimeTrouble::NoBundle(error));
        }
        let variables = [("NODE_EXTRA_CA_CERTS", bundle.as_os_str().to_owned())];
        let answer = self.ask(&["-e", SCRIPT, "list"], &variables, None)?;
        let listed: Listed = parse(&answer)?;
        let Some(extra) = listed.extra else {
            return Err(RuntimeTrouble::CannotTell { runtime: runtime.name().into() });
        };
        let extra: BTreeSet<String> = extra.into_iter().collect();
        let mut known = BTreeSet::new();
        let mut lost = 0;
        let report = &mut *self.report;
        container::scan(&text, &mut |item| {
            let Content::Certificate(der) = item.content else { return };
            let fingerprint = Fingerprint::of(der);
            let name = fingerprint.to_string();
            let is_there = extra.contains(&name);
            if !known.insert(name) || is_there {
                return;
            }
            lost += 1;
            if lost <= MOST_OF_A_KIND {
                let subject = match Certificate::parse(der, fingerprint) {
                    Ok(certificate) => certificate.subject().short().into(),
                    Err(_) => hex(&fingerprint.0).into(),
                };
                let place = Place { file, index: item.index, line: item.line };
                report.find(
                    Some(place),
                    Cause::RuntimeLostCertificate { runtime: runtime.name().into(), subject },
                );
            }
        });
        let whole = Place { file, index: 1, line: None };
        let mut too_many = 0;
        for fingerprint in extra.difference(&known) {
            too_many += 1;
            if too_many <= MOST_OF_A_KIND {
                let fingerprint = fingerprint.chars().take(64).collect::<String>().into();
                let runtime = runtime.name().into();
                self.report.find(Some(whole), Cause::RuntimeExtraCertificate { fingerprint, runtime });
            }
        }
        for (count, code, severity) in [
            (lost, "runtime-lost-certificate", Severity::Critical),
            (too_many, "runtime-extra-certificate", Severity::Warning),
        ] {
            if let Some(more) = count.checked_sub(MOST_OF_A_KIND).filter(|more| *more > 0) {
                self.report.find_as(severity, Some(whole), Cause::Repeated { code, count: more });
            }
        }
        Ok(extra.len())
    }

    /// Makes it connect with the identity to a server of our own, by each version of TLS and in each way that it has.
    fn connect(
        &mut self,
        files: &Files<'_>,
        certificate: &Certificate,
        examined: &Examined,
        runtime: &Runtime,
    ) -> Result<Vec<Handshake>, RuntimeTrouble> {
        if examined.is_sealed == Some(true) && examined.passphrase.is_none() {
            return Err(RuntimeTrouble::NoPassphrase);
        }
        let public_key = public_key_bits(certificate.public_key()).unwrap_or_default().to_vec();
        let expected =
            Expected { group: group(certificate.key()), leaf: certificate.der().to_vec(), public_key };
        let server = Server::open(expected).map_err(RuntimeTrouble::NoServer)?;
        let trusted = self.trusted(files.bundle, server.authority())?;
        let variables = [
            ("CLAUDE_CODE_CLIENT_CERT", files.chain.as_os_str().to_owned()),
            ("CLAUDE_CODE_CLIENT_KEY", files.key.as_os_str().to_owned()),
            ("NODE_EXTRA_CA_CERTS", trusted),
        ];
        let ports = VERSIONS.map(|version| server.port(version).to_string());
        let arguments = ["-e", SCRIPT, "connect", &ports[0], &ports[1]];
        let answer = self.ask(&arguments, &variables, examined.passphrase.as_ref())?;
        let ports = VERSIONS.map(|version| server.port(version));
        let seen = server.close();
        let connected: Connected = parse(&answer)?;
        if let Some(error) = connected.error {
            return Err(RuntimeTrouble::Strange { said: first_words(error.as_bytes()) });
        }
        let ways: &[&str] = if runtime.is_bun { &["https", "fetch"] } else { &["https"] };
        let mut handshakes = Vec::new();
        let mut failures = Vec::new();
        for (version, port) in VERSIONS.into_iter().zip(ports) {
            for way in ways {
                // What the server has seen is the proof; the runtime's words are only for the reason.
                let is_proven =
                    seen.iter().any(|one| one.version == version && one.outcome.as_deref() == Ok(*way));
                let tried = connected.tries.iter().find(|one| one.port == port && one.way == *way);
                let error = tried.map(|one| one.error.as_deref());
                let is_done = is_proven && error == Some(None);
                handshakes.push(Handshake { is_done, version, way });
                if !is_done {
                    failures.push((version, *way, error));
                }
            }
        }
        let Some((version, way, error)) = failures.first().copied() else { return Ok(handshakes) };
        if !is_known_to_the_server(certificate.key()) && may_be_the_server(error.flatten()) {
            return Err(RuntimeTrouble::NotChecked { key: certificate.key().to_string().into() });
        }
        let words = match error {
            Some(Some(words)) => first_words(words.as_bytes()),
            Some(None) => "it says that it came through, and did not show the certificate".into(),
            None => "it did not try".into(),
        };
        let mut unproven = seen.iter().filter(|one| one.version == version);
        let server = unproven.find_map(|one| one.outcome.as_ref().err());
        let mut over: Vec<Version> = failures.iter().map(|(version, ..)| *version).collect();
        over.dedup();
        let cause = Cause::RuntimeHandshakeFailed {
            over,
            runtime: runtime.name().into(),
            server: server.map(|words| first_words(words.as_bytes())),
            // Where the first of its ways serves, and only another fails, that one is named.
            way: (way != ways[0]).then_some(way),
            words,
        };
        self.report.find(None, cause);
        Ok(handshakes)
    }

    /// A bundle for this process alone, and its path: the server's CA, then what the client would have anyway.
    fn trusted(&self, bundle: Option<&Path>, authority: &str) -> Result<OsString, RuntimeTrouble> {
        let mut text = Vec::new();
        if let Some(bundle) = bundle {
            fs::read_into(bundle, &mut text, source::LIMIT).map_err(RuntimeTrouble::NoBundle)?;
        }
        let path = self.folder.path().join("trusted.pem");
        let mut draft = fs::Draft::beside(&path, fs::Kind::Private).map_err(RuntimeTrouble::NotWritten)?;
        draft.write_all(authority.as_bytes()).map_err(RuntimeTrouble::NotWritten)?;
        draft.write_all(&text).map_err(RuntimeTrouble::NotWritten)?;
        draft.publish().map_err(RuntimeTrouble::NotWritten)?;
        Ok(path.into_os_string())
    }

    /// Starts it with a clean environment, in an empty folder: no start file of the person's has a say, and no proxy.
    fn ask(
        &self,
        arguments: &[&str],
        variables: &[(&'static str, OsString)],
        passphrase: Option<&Passphrase>,
    ) -> Result<Answer, RuntimeTrouble> {
        let folder = self.folder.path();
        let mut environment = vec![
            // A program that has Bun inside, as Claude Code has, then is Bun; others do not know the name.
            ("BUN_BE_BUN", OsString::from("1")),
            ("DO_NOT_TRACK", OsString::from("1")),
            ("HOME", folder.as_os_str().to_owned()),
            ("TMPDIR", folder.as_os_str().to_owned()),
        ];
        // A launcher needs to find the program that it launches; Windows needs its own folder.
        for name in ["PATH", "SystemRoot"] {
            environment.extend(self.host.environment.value(name).map(|value| (name, value.to_owned())));
        }
        environment.extend_from_slice(variables);
        let input = passphrase.map(Passphrase::expose_secret).unwrap_or_default();
        let program: &OsStr = &self.program;
        let question = Question { arguments, environment: &environment, folder, input, program };
        runtime::ask(&question).map_err(RuntimeTrouble::NoAnswer)
    }
}

impl Runtime {
    fn name(&self) -> String {
        format!("{} {}", if self.is_bun { "Bun" } else { "Node" }, self.version)
    }
}

fn parse<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, RuntimeTrouble> {
    serde_json::from_slice(&answer.output).map_err(|_| {
        let words = if answer.complaint.is_empty() { &answer.output } else { &answer.complaint };
        let said = first_words(words);
        if answer.status.success() {
            RuntimeTrouble::Strange { said }
        } else {
            RuntimeTrouble::Ended { said, status: answer.status }
        }
    })
}

/// What a program says, on one line and cut: it is shown escaped.
fn first_words(said: &[u8]) -> Box<str> {
    let said = String::from_utf8_lossy(&said[..said.len().min(4 * LONGEST_WORDS)]);
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_WORDS) {
        Some((end, _)) => format!("{}…", &line[..end]).into(),
        None => line.into(),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number of the key's curve in TLS (IANA, TLS Supported Groups).
fn group(key: &KeyAlgorithm) -> Option<u16> {
    match key {
        KeyAlgorithm::Ec(Curve::P256) => Some(23),
        KeyAlgorithm::Ec(Curve::P384) => Some(24),
        KeyAlgorithm::Ec(Curve::P521) => Some(25),
        _ => None,
    }
}

/// Whether the loopback server can check what such a key signs. What it cannot, another server may.
fn is_known_to_the_server(key: &KeyAlgorithm) -> bool {
    matches!(
        key,
        KeyAlgorithm::Ec(Curve::P256 | Curve::P384 | Curve::P521)
            | KeyAlgorithm::Ed25519
            | KeyAlgorithm::Rsa(2048..=8192)
    )
}

/// Whether a connection may have failed for the sake of the server, and not because the key was not loaded: then the
/// other side has sent an alert or hung up.
fn may_be_the_server(error: Option<&str>) -> bool {
    let Some(error) = error else { return true };
    let error = error.to_ascii_lowercase();
    ["alert", "econnreset", "epipe", "eproto", "socket hang up", "closed"]
        .iter()
        .any(|word| error.contains(word))
}

/// In characters.
const LONGEST_VERSION: usize = 40;
/// In characters.
const LONGEST_WORDS: usize = 200;
/// So many certificates are named one by one.
const MOST_OF_A_KIND: u32 = 20;
/// Asks Node or Bun; no secret is in it, since others see it.
const SCRIPT: &str = include_str!("runtime.js");
/// In the order in which the script tries them.
const VERSIONS: [Version; 2] = [Version::Tls12, Version::Tls13];
