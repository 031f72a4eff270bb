//! `certman bundle --add`: one certificate becomes a source of the bundle, once somebody has compared its fingerprint. Owns how that
//! is asked, and where the certificate is kept; nothing that was fetched is trusted by itself.

use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::bundle::write_failure;
use super::{bundle, proxy};
use crate::cli::args::BundleArguments;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::{Ending, Outcome, Shown, Written};
use crate::config::{Origin, Settings, added_folder};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::container::{Content, pem, scan};
use crate::pki::name::Foreign;
use crate::report::Report;
use crate::shell::{self, Shell};
use crate::source::Source;
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind, WriteError};
use crate::sys::net::fetch::{self, Limits, fetch};

/// Gets the certificate, sees that it is the one that is meant, keeps it beside the bundle, and makes the bundle with it. Where that
/// fails, everything is as it was.
///
/// # Errors
/// Where it is not the one, is none that belongs in a bundle, or nobody has compared its fingerprint; and where writing fails.
pub(super) fn run(
    named: &Path,
    arguments: &BundleArguments,
    settings: &Settings,
    wants_facts: bool,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let expected = arguments.fingerprint.as_deref().map(read_fingerprint).transpose()?;
    let out = bundle::out(settings)?;
    let Some(folder) = added_folder(out) else {
        return Err(Failure::usage(
            "what is added to a bundle is kept beside it, and standard output has no such place",
        )
        .hint("name a file with --out"));
    };
    let mut report = Report::for_audience(arguments.audience.audience());
    let content = content(named, settings, host, &mut report)?;
    let certificate = choose(named, &content, expected)?;
    must_belong(&certificate, host.now)?;
    let path = folder.join(file_name(&certificate));
    let text = pem::encode("CERTIFICATE", certificate.der());
    let is_new = !fs::holds(&path, &text);
    if arguments.dry_run {
        let what = if is_new { "would become" } else { "is already" };
        let (subject, path) = (certificate.subject(), words::path(&path));
        let note =
            format!("'{subject}' {what} a source of the bundle, as {path}, and the bundle be made with it");
        return Ok(Outcome { ending: Ending::Doing { is_done: true }, report, shown: Shown::Note(note) });
    }
    if expected.is_none() {
        ask(named, &certificate, out, settings, host)?;
    }

    let was_there = fs::is_there(&path);
    if is_new {
        write(&path, &text).map_err(|error| write_failure("certificate", &path, &error))?;
    }
    let mut sources: Vec<Source> = settings.sources.iter().map(|source| source.value.clone()).collect();
    let folder_source = Source::Path(folder.clone());
    if !sources.contains(&folder_source) {
        sources.push(folder_source);
    }
    let result = bundle::make(&sources, arguments, settings, wants_facts, host, report);
    if !was_there && result.as_ref().map_or(true, |outcome| outcome.report.bundle.is_none()) {
        fs::remove(&path).map_err(|error| write_failure("certificate", &path, &error.into()))?;
        // Others may be in it.
        let _ = fs::remove_empty_folder(&folder);
    }
    result.map(|outcome| match outcome.shown {
        Shown::Bundle { is_rehearsal, text, .. } => {
            let added = Some(Written { changed: is_new, path });
            Outcome { shown: Shown::Bundle { added, is_rehearsal, text }, ..outcome }
        }
        _ => outcome,
    })
}

/// The file, or what the address gives.
fn content(
    named: &Path,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Somebody may name a key by mistake.
    let mut content = Zeroizing::new(Vec::with_capacity(Limits::DEFAULT.size));
    let Some(address) = named.to_str().filter(|text| text.contains("://")) else {
        let path = host.current_folder.join(named);
        let read = match named == Path::new("-") {
            true => fs::read_stream(&mut *host.stdin, &mut content, Limits::DEFAULT.size),
            false => fs::read_into(&path, &mut content, Limits::DEFAULT.size),
        };
        read.map_err(|error| {
            Failure::new(format!("{} cannot be read: {}", words::path(named), Foreign(error)))
                .hint("name a file with one certificate, or an address of the form http://HOST/PATH")
        })?;
        return Ok(content);
    };
    let Some(target) = fetch::host_of(address) else {
        return Err(Failure::usage(fetch::FetchError::Address(address.to_owned()).to_string())
            .hint("get the file in another way, and name it: `certman bundle --add FILE`"));
    };
    let route = proxy::plain_route(&target, settings, host, report)?;
    // The person has named the address, and compares what comes from there.
    let limits = Limits { allow_private: true, ..Limits::DEFAULT };
    let fetched = fetch(address, &route, limits).map_err(|error| {
        Failure::new(format!("the certificate cannot be fetched: {error}"))
            .hint("get the file in another way, and name it: `certman bundle --add FILE`")
    })?;
    Ok(Zeroizing::new(fetched))
}

/// The one certificate that is meant: the one with the fingerprint, else the only one.
fn choose(named: &Path, content: &[u8], expected: Option<Fingerprint>) -> Result<Certificate, Failure> {
    let place = words::path(named);
    let mut certificates: Vec<Certificate> = Vec::new();
    let mut refused = None;
    scan(content, &mut |item| match item.content {
        Content::Certificate(der) => {
            let fingerprint = Fingerprint::of(der);
            let is_known = certificates.iter().any(|one| one.fingerprint() == fingerprint);
            if let (false, Ok(certificate)) = (is_known, Certificate::parse(der, fingerprint)) {
                certificates.push(certificate);
            }
        }
        Content::PrivateKey(_) => refused = Some("holds a private key"),
        Content::Store(_) => refused = Some("is a store of certificates and keys"),
        _ => {}
    });
    if let Some(what) = refused {
        return Err(Failure::new(format!("{place} {what}, and is not added"))
            .hint("`certman inspect` says what is in it; name a file with the CA certificate alone"));
    }
    if certificates.is_empty() {
        return Err(Failure::new(format!("{place} has no certificate that could be read"))
            .hint("`certman inspect` says what is in a file"));
    }
    let has = certificates
        .iter()
        .take(MOST_NAMED)
        .map(|one| format!("'{}' is {}", one.subject(), one.fingerprint()));
    let has = has.collect::<Vec<_>>().join(", ");
    let count = certificates.len();
    match expected {
        Some(expected) => {
            certificates.into_iter().find(|one| one.fingerprint() == expected).ok_or_else(|| {
                Failure::new(format!("no certificate in {place} has this fingerprint: {has}"))
                    .hint("nothing was changed; ask its issuer which of the two is right")
            })
        }
        None => certificates.pop().filter(|_| count == 1).ok_or_else(|| {
            Failure::new(format!("{place} has {count} certificates: {has}"))
                .hint("name the one that is meant with --fingerprint")
        }),
    }
}

/// Refuses what would do nothing in a bundle, or harm.
fn must_belong(certificate: &Certificate, now: i64) -> Result<(), Failure> {
    let subject = certificate.subject();
    let validity = certificate.validity();
    let day = |seconds| words::day(seconds);
    let why = if !certificate.is_ca() {
        "is not the certificate of a CA, and would do nothing in a bundle".to_owned()
    } else if certificate.flaw().is_some() {
        "is not encoded as every client wants it, and would be left out of the bundle".to_owned()
    } else if now > validity.not_after {
        format!("has expired: its last day was {}", day(validity.not_after))
    } else if now < validity.not_before {
        format!("is not valid before {}", day(validity.not_before))
    } else {
        return Ok(());
    };
    Err(Failure::new(format!("'{subject}' {why}"))
        .hint("nothing was changed; ask its issuer for the certificate of today"))
}

/// Shows the certificate and asks whether it is the one. Without anybody to ask, it says what to do.
fn ask(
    named: &Path,
    certificate: &Certificate,
    out: &Path,
    settings: &Settings,
    host: &Host,
) -> Result<(), Failure> {
    let (subject, fingerprint) = (certificate.subject(), certificate.fingerprint());
    if !host.terminal.is_present() {
        let word = |path: &Path| {
            let word = shell::word(Shell::Sh, path.as_os_str().as_encoded_bytes());
            Foreign(String::from_utf8_lossy(&word)).to_string()
        };
        let mut command = format!("certman bundle --add {} --fingerprint {fingerprint}", word(named));
        if settings.out.as_ref().is_some_and(|out| out.origin == Origin::Flag) {
            command += &format!(" --out {}", word(out));
        }
        return Err(Failure::new(format!(
            "'{subject}' is not added: nobody has compared its fingerprint, and there is no terminal to ask on"
        ))
        .hint(format!("compare its SHA-256 with what its issuer publishes, and then: `{command}`")));
    }
    let validity = certificate.validity();
    let (first, last) = (words::day(validity.not_before), words::day(validity.not_after));
    let question = format!(
        "    subject      {subject}\n    issuer       {}\n    valid        {first} to {last}\n    SHA-256      {}\n\
         Compare the fingerprint with what its issuer has published elsewhere, before you say yes.\nTrust this certificate from now on, in {}? [y/N] ",
        certificate.issuer(),
        spelled(fingerprint),
        words::path(out),
    );
    match host.terminal.confirm(&question) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::new(format!("'{subject}' is not added, and nothing was changed"))),
        Err(error) => {
            Err(Failure::new(format!("nothing was changed: the terminal gives no answer: {error}"))
                .hint("name the fingerprint with --fingerprint"))
        }
    }
}

/// As other programs write it: in pairs of digits, for the eye.
fn spelled(fingerprint: Fingerprint) -> String {
    let pairs: Vec<String> = fingerprint.0.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Reads a fingerprint in the spellings that people paste: colons, blanks, upper case, and OpenSSL's name before it.
fn read_fingerprint(text: &str) -> Result<Fingerprint, Failure> {
    let digits = text.rsplit('=').next().unwrap_or_default();
    let digits: String = digits.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
    let wrong = |what: &str| {
        Failure::usage(format!("--fingerprint: {what}"))
            .hint("`openssl x509 -noout -fingerprint -sha256 -in FILE` shows the one of a file")
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong("a SHA-256 fingerprint has hexadecimal digits only"));
    }
    if digits.len() == 40 {
        return Err(wrong("this is a SHA-1 fingerprint, which others can forge: SHA-256 is needed"));
    }
    let bytes: Option<Vec<u8>> = (0..digits.len() / 2)
        .map(|index| u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok())
        .collect();
    let bytes = bytes.filter(|_| digits.len() == 64).and_then(|bytes| bytes.try_into().ok());
    bytes.map(Fingerprint).ok_or_else(|| wrong("a SHA-256 fingerprint has 64 hexadecimal digits"))
}

/// A name that tells people whose it is, and that no other certificate has.
fn file_name(certificate: &Certificate) -> PathBuf {
    let mut slug = String::new();
    for letter in certificate.subject().short().chars() {
        match letter.to_ascii_lowercase() {
            letter @ ('a'..='z' | '0'..='9') => slug.push(letter),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
        if slug.len() >= LONGEST_SLUG {
            break;
        }
    }
    let slug = match slug.trim_end_matches('-') {
        "" => "certificate",
        slug => slug,
    };
    let fingerprint = certificate.fingerprint().to_string();
    format!("{slug}-{}.pem", &fingerprint[..16]).into()
}

fn write(path: &Path, text: &[u8]) -> Result<(), WriteError> {
    let mut draft = Draft::beside(path, Kind::Public)?;
    draft.write_all(text)?;
    if !fs::is_content(draft.read_back()?, text) {
        return Err(io::Error::other("what is read back is not what was written").into());
    }
    draft.publish()
}

const LONGEST_SLUG: usize = 40;
/// In a message.
const MOST_NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_in_every_spelling_and_only_sha_256() {
        let plain = "0123456789abcdef".repeat(4);
        let expected = read_fingerprint(&plain).unwrap();
        assert_eq!(expected.to_string(), plain);
        for spelling in [
            plain.to_uppercase(),
            spelled(expected),
            format!("sha256 Fingerprint={}\n", spelled(expected)),
            spelled(expected).replace(':', " "),
            format!("  {plain}\t"),
        ] {
            assert_eq!(read_fingerprint(&spelling).unwrap(), expected, "{spelling}");
        }
        let wrong = |text: &str| read_fingerprint(text).unwrap_err();
        assert!(wrong(&plain[..40]).message.contains("SHA-1"));
        for text in ["", &plain[..63], &format!("{plain}0"), &plain[..32], "ä", &"g".repeat(64)] {
            assert!(wrong(text).is_usage, "{text}");
        }
    }
}
