//! `certman explain`: codes and logs against the table, and what this machine has of what they are about. It reads the configuration
//! only where there is something to explain, opens no key and wakes no keyring.

use std::path::Path;

use super::identity::KEY_LIMIT;
use crate::cli::args::Common;
use crate::cli::args::explain::ExplainArguments;
use crate::cli::explanation::{Explanation, Explanations, Fact, KeyState, Unread};
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::{Ending, Outcome, Shown};
use crate::clients::key::refusals_of_key_file;
use crate::config::{self, Origin, Overrides, Settings};
use crate::explain::{self, Entry, Language, Subject};
use crate::pki::container::pem;
use crate::pki::key::{Content, KeyFile, detect};
use crate::report::Report;
use crate::source;
use crate::sys::Host;
use crate::sys::fs::{self, ReadError};

/// Explains what was asked, or lists what is known.
///
/// # Errors
/// For a word that is no code, and a log without one; for a log that is too long.
pub fn run(
    arguments: &ExplainArguments,
    common: &Common,
    overrides: Overrides,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let language = language(arguments, host);
    let is_list = arguments.words.is_empty();
    let entries = if is_list { explain::entries().collect() } else { recognised(arguments, language, host)? };
    let (settings, trouble) = match is_list {
        true => (None, None),
        false => match settings(overrides, host) {
            Ok(settings) => (Some(settings), None),
            // Whoever has an error to look up may have this one too, and is not to get nothing for it.
            Err(error) => (None, Some(Failure::from(error))),
        },
    };
    let certman = common.certman();
    let command = |entry: &Entry| entry.command.replacen("certman", &certman, 1);
    let mut known: Vec<(Subject, Vec<Fact>)> = Vec::new();
    let mut list = Vec::new();
    for entry in entries {
        let mut facts = Vec::new();
        for subject in entry.about {
            if let (Some(settings), true) = (&settings, known.iter().all(|(other, _)| other != subject)) {
                known.push((*subject, facts_about(*subject, settings, host)));
            }
            facts.extend(
                known.iter().filter(|(other, _)| other == subject).flat_map(|(_, facts)| facts.clone()),
            );
        }
        list.push(Explanation { command: command(entry), entry, facts });
    }
    Ok(Outcome {
        ending: Ending::Doing { is_done: true },
        report: Report::default(),
        shown: Shown::Explanations(Explanations { is_list, language, list, trouble }),
    })
}

/// The language: as it was asked for, else that of the first variable that is set, in the order of POSIX.
fn language(arguments: &ExplainArguments, host: &Host) -> Language {
    if let Some(name) = arguments.lang {
        return name.into();
    }
    let environment = &host.environment;
    let locale = environment
        .value("LC_ALL")
        .or_else(|| environment.value("LC_MESSAGES"))
        .or_else(|| environment.value("LANG"));
    locale.map_or(Language::English, |locale| Language::of_locale(&locale.to_string_lossy()))
}

/// The entries that the words or the log speak of; at least one.
fn recognised(
    arguments: &ExplainArguments,
    language: Language,
    host: &mut Host,
) -> Result<Vec<&'static Entry>, Failure> {
    if arguments.words.iter().any(|word| word == "-") {
        if arguments.words.len() > 1 {
            return Err(Failure::usage(
                "`-` stands for a log on standard input, and takes no code beside it",
            ));
        }
        let log = log(language, host)?;
        let found = explain::recognise(&pem::from_utf16(&log));
        return if found.is_empty() { Err(words::explain::nothing_in_the_log(language)) } else { Ok(found) };
    }
    let parts: Vec<_> = arguments.words.iter().map(|word| word.to_string_lossy()).collect();
    let line = parts.join(" ");
    let found = explain::recognise(line.as_bytes());
    if found.is_empty() {
        let near = explain::nearest(&line, config::distance);
        return Err(words::explain::unknown(&near, language));
    }
    Ok(found)
}

/// The log on standard input. It is not wiped: that would cost more than all the rest, and the process ends soon.
fn log(language: Language, host: &mut Host) -> Result<Vec<u8>, Failure> {
    let mut log = Vec::new();
    match fs::read_stream(&mut *host.stdin, &mut log, LOG_LIMIT) {
        Ok(()) => Ok(log),
        Err(ReadError::TooLarge { .. }) => Err(words::explain::log_too_large(language)),
        Err(error) => Err(Failure::new(format!("standard input: {error}"))),
    }
}

fn settings(overrides: Overrides, host: &Host) -> Result<Settings, config::Error> {
    let system_file = host.system_configuration.as_deref();
    Settings::resolve(overrides, &host.environment, &host.current_folder, system_file)
}

/// What this machine has; nothing where nothing is configured.
fn facts_about(subject: Subject, settings: &Settings, host: &Host) -> Vec<Fact> {
    let mut facts = Vec::new();
    match subject {
        Subject::Bundle => {
            let Some(out) = &settings.out else { return facts };
            let certificates = certificates(&out.value);
            if out.origin == Origin::Default && certificates == Err(Unread::Missing) {
                return facts;
            }
            facts.push(Fact::Bundle { certificates, path: out.value.clone() });
            let value = host.environment.value(EXTRA_VARIABLE);
            facts.push(Fact::ExtraVariable {
                is_bundle: value.is_some_and(|value| Path::new(value) == out.value),
                value: value.map(|value| value.to_string_lossy().into_owned()),
            });
        }
        Subject::Identity => {
            if let Some(cert) = &settings.cert {
                let certificates = certificates(&cert.value);
                facts.push(Fact::Certificate { certificates, path: cert.value.clone() });
            }
            if let Some(key) = &settings.key {
                facts.push(Fact::Key { path: key.value.clone(), state: key_state(&key.value) });
            }
        }
        Subject::Proxy => {
            let configured =
                settings.proxy.as_ref().and_then(|proxy| proxy.https.as_ref().or(proxy.http.as_ref()));
            if let Some(proxy) = configured {
                let address = proxy.value.to_string();
                facts.push(Fact::Proxy { address, origin: proxy.origin.clone() });
            }
            let set =
                PROXY_VARIABLES.into_iter().find_map(|name| Some((name, host.environment.value(name)?)));
            if let Some((name, value)) = set {
                let (address, _) = crate::settings::shown_value(name, &value.to_string_lossy());
                facts.push(Fact::ProxyVariable { address, name });
            }
        }
    }
    facts
}

/// How many certificates a file has.
fn certificates(path: &Path) -> Result<usize, Unread> {
    let mut text = Vec::new();
    fs::read_into(path, &mut text, source::LIMIT)?;
    Ok(pem::blocks(&text).filter(|block| block.label == "CERTIFICATE").count())
}

/// What a key file is, without a passphrase.
fn key_state(path: &Path) -> Result<KeyState, Unread> {
    let bytes = fs::read_secret(path, KEY_LIMIT)?;
    let Ok(KeyFile { content, facts }) = detect(&bytes) else { return Ok(KeyState::NoKey) };
    let mut refused_by = Vec::new();
    for client in refusals_of_key_file(&facts).iter().flat_map(|refusal| refusal.clients()) {
        if !refused_by.contains(&client) {
            refused_by.push(client);
        }
    }
    Ok(match content {
        Content::Plain(_) => KeyState::Plain { refused_by },
        Content::Sealed(sealed) => KeyState::Sealed { refused_by, scheme: sealed.scheme().name() },
    })
}

/// What clients find the bundle by.
const EXTRA_VARIABLE: &str = "NODE_EXTRA_CA_CERTS";
/// More than anyone pastes, in bytes.
const LOG_LIMIT: usize = 1 << 20;
/// The order in which clients look for the proxy; the first that is set counts.
const PROXY_VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"];
