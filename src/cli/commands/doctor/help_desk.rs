//! `certman doctor --report`: what is taken out of the text for the help desk, and the file that it goes to.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use super::super::settings_show::File;
use crate::cli::failure::Failure;
use crate::cli::render::{HELP_DESK_TITLE, words};
use crate::config::Settings;
use crate::doctor::redaction::Redaction;
use crate::secret::Passphrase;
use crate::sys::fs::{self, Draft, Kind, ReadError, WriteError};
use crate::sys::net::probe::Credentials;
use crate::sys::{Host, process};

/// Everything that is nobody's business, as far as it is known here: the names of the person and of the machine, and what is secret
/// in the environment, the settings files and the identity.
pub(super) fn redaction(
    settings: &Settings,
    files: &[File],
    passphrase: Option<&Passphrase>,
    host: &Host,
) -> Redaction {
    let mut redaction = Redaction::default();
    if let Some(home) = host.environment.home() {
        redaction.home(&fs::real(&home));
        redaction.home(&home);
    }
    let people = [
        host.environment.value("LOGNAME"),
        host.environment.value("USER"),
        host.environment.value("USERNAME"),
    ];
    people.into_iter().flatten().for_each(|name| redaction.person(&name.to_string_lossy()));
    let machines = [host.environment.value("COMPUTERNAME"), host.environment.value("HOSTNAME")];
    machines.into_iter().flatten().for_each(|name| redaction.machine(&name.to_string_lossy()));
    if let Some(name) = process::machine_name() {
        redaction.machine(&name);
    }
    if let Some(passphrase) = passphrase
        && let Ok(passphrase) = str::from_utf8(passphrase.expose_secret())
    {
        redaction.secret(passphrase);
    }
    for (name, value) in host.environment.pairs() {
        note(name, &value.to_string_lossy(), &mut redaction);
    }
    for document in files.iter().filter_map(|file| file.document.as_ref()) {
        for name in SECRETIVE {
            if let Some(entry) = document.entry(name)
                && let Some(value) = entry.value()
            {
                note(OsStr::new(name), value, &mut redaction);
            }
        }
    }
    let addresses = settings.proxy.iter().flat_map(|proxy| [&proxy.https, &proxy.http]).flatten();
    for address in addresses {
        if let Some(username) = address.value.username() {
            redaction.person(username);
            // As it stands in the address for people, percent-encoded.
            let shown = address.value.to_string();
            let shown = shown.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
            shown.into_iter().for_each(|(user, _)| redaction.person(user));
        }
    }
    redaction
}

/// Notes user and password of an address, raw, decoded, and in base64 as they are sent, and the whole of a value whose name says
/// that it is secret.
fn note(name: &OsStr, value: &str, redaction: &mut Redaction) {
    let name = name.to_string_lossy().to_ascii_uppercase();
    // Those of certman name places.
    let is_named_so = WORDS.iter().any(|word| name.contains(word)) && !name.starts_with("CERTMAN_");
    if name == PASSPHRASE || is_named_so && value.len() >= SHORTEST {
        redaction.secret(value);
    }
    let is_address = value.contains("://") || name.ends_with("_PROXY");
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let Some((user, _)) = rest.rsplit_once('@').filter(|_| is_address) else { return };
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    redaction.person(user);
    redaction.person(&percent_decode_str(user).decode_utf8_lossy());
    redaction.secret(password);
    redaction.secret(&percent_decode_str(password).decode_utf8_lossy());
    if !password.is_empty() {
        let decoded = |text: &str| {
            // Its full size from the start: growth would leave a copy behind.
            let mut bytes = Vec::with_capacity(text.len());
            bytes.extend(percent_decode_str(text));
            bytes
        };
        for bytes in [&|text: &str| text.as_bytes().to_vec(), &decoded as &dyn Fn(&str) -> Vec<u8>] {
            let username = String::from_utf8_lossy(&bytes(user)).into_owned();
            let sent =
                Credentials { password: Passphrase::new(bytes(password)), username }.expose_in_base64();
            redaction.secret(sent.trim_end_matches('='));
        }
    }
    // What a client takes for the host, where the password holds a raw `@`.
    password.split(['@', ':', '/', '#', '?']).for_each(|part| redaction.secret(part));
}

/// Writes the report, readable by its owner alone; gives its place. Only an older report makes way for it.
///
/// # Errors
/// Where something else stands there, where there is no such folder, and where it cannot be written.
pub(super) fn write(path: &Path, text: &str, host: &Host) -> Result<PathBuf, Failure> {
    if path == Path::new("-") {
        return Err(Failure::usage("--report wants the name of a file")
            .hint("name one, as in `certman doctor --report doctor.txt`; --json prints everything"));
    }
    let path = host.current_folder.join(path);
    let failed = |why: String| {
        Failure::new(format!("the report cannot be written to {}: {why}", words::path(&path)))
            .hint("name another file with --report")
    };
    // None is made for it: that of a path that is mistyped would stay.
    if let Some(folder) = path.parent().filter(|folder| !fs::is_there(folder)) {
        return Err(failed(format!("there is no folder {}", words::path(folder))));
    }
    let mut old = Vec::new();
    let old = match fs::read_into(&path, &mut old, LIMIT) {
        Err(ReadError::Missing) => None,
        Err(error) => return Err(failed(error.to_string())),
        Ok(()) if old.starts_with(HELP_DESK_TITLE.as_bytes()) => Some(old.as_slice()),
        Ok(()) => return Err(failed("what stands there is no report".to_owned())),
    };
    let written = || -> Result<(), WriteError> {
        let mut draft = Draft::beside(&path, Kind::Private)?;
        draft.write_all(text.as_bytes())?;
        draft.publish_over(old)
    };
    written().map_err(|error| failed(error.to_string()))?;
    Ok(path)
}

/// Far above any report.
const LIMIT: usize = 16 << 20;
const PASSPHRASE: &str = "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE";
/// A shorter value is a switch, and no secret: so many bytes.
const SHORTEST: usize = 8;
/// What a settings file may hold that is secret in whole or in part.
const SECRETIVE: [&str; 9] = [
    "ALL_PROXY",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    PASSPHRASE,
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "all_proxy",
    "http_proxy",
    "https_proxy",
];
/// What stands in the names of variables that hold secrets.
const WORDS: [&str; 6] = ["API_KEY", "CREDENTIAL", "PASSPHRASE", "PASSWORD", "SECRET", "TOKEN"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_as_it_stands_decoded_and_in_base64() {
        let mut redaction = Redaction::default();
        note(OsStr::new("HTTPS_PROXY"), "http://alice:s%40cret@proxy:8080", &mut redaction);
        note(OsStr::new("ALL_PROXY"), "http://bob:@proxy:8080", &mut redaction);
        for (text, expected) in [
            ("s%40cret s@cret", "<secret> <secret>"),
            // alice:s@cret, alice:s%40cret and bob:
            ("YWxpY2U6c0BjcmV0", "<secret>"),
            ("YWxpY2U6cyU0MGNyZXQ=", "<secret>="),
            ("Ym9iOg==", "Ym9iOg=="),
        ] {
            assert_eq!(redaction.apply(text, &[]), expected);
        }
    }
}
