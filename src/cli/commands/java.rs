//! Java's trust store: the certificates of the full bundle in PKCS#12, and the options that make every Java program take it.
//! There is nothing secret in it, and so no passphrase.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use super::stamp::Stamp;
use crate::cli::failure::Failure;
use crate::config::{Origin, Settings};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::container::{self, Content, pkcs12};
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind};

use super::bundle::write_failure;

/// The place of the trust store, where somebody has asked for one on the command line, in a variable or in a file.
pub fn wanted(settings: &Settings) -> Option<&Path> {
    let java = settings.java.as_ref().filter(|java| java.origin != Origin::Default)?;
    Some(&java.value)
}

/// Brings the trust store at `path` up to date with the full bundle, and says whether that changed anything. Told by file
/// states alone where it is fresh.
///
/// # Errors
/// Where the full bundle cannot be read, and where writing fails: the old trust store is as it was.
pub fn ensure(full: &Path, path: &Path, host: &Host) -> Result<bool, Failure> {
    let stamp = Stamp::of_sources(&[Source::Path(full.to_owned())], &[], &host.roots);
    if stamp.as_ref().is_some_and(|stamp| stamp.is_fresh(path, host.now)) {
        return Ok(false);
    }
    let mut text = Vec::new();
    fs::read_into(full, &mut text, source::LIMIT).map_err(|error| {
        Failure::new(format!("the full bundle '{}' cannot be read: {error}", full.display()))
            .hint("make it anew with `certman bundle`")
    })?;
    let store = trust_store(&text);
    let is_there = fs::holds(path, &store);
    if !is_there {
        let failed = |error| write_failure("trust store", path, &error);
        let mut draft = Draft::beside(path, Kind::Public).map_err(failed)?;
        draft.write_all(&store).map_err(failed)?;
        draft.publish().map_err(failed)?;
    }
    if let Some(stamp) = stamp {
        // What is in it depends on the full bundle alone, which changes when a certificate ends.
        stamp.write_for(i64::MIN..i64::MAX, path);
    }
    Ok(!is_there)
}

/// The certificates of a full bundle in their order, in PKCS#12, each by its name and the start of its fingerprint: Java keeps one of two
/// that have the same name.
pub fn trust_store(full: &[u8]) -> Vec<u8> {
    let mut named: Vec<(String, Vec<u8>)> = Vec::new();
    container::scan(full, &mut |item| {
        if let Content::Certificate(der) = item.content {
            let fingerprint = Fingerprint::of(der);
            if let Ok(certificate) = Certificate::parse(der, fingerprint) {
                let subject = certificate.subject().short().to_lowercase();
                named.push((format!("{subject} [{:.8}]", fingerprint.to_string()), der.to_vec()));
            }
        }
    });
    let named: Vec<(&str, &[u8])> = named.iter().map(|(name, der)| (name.as_str(), der.as_slice())).collect();
    pkcs12::trust_store(&named)
}

/// What `JAVA_TOOL_OPTIONS` is to hold: what the person has there, but for other trust stores, and certman's own behind it. None
/// where nothing is left.
///
/// # Errors
/// For a path that these options cannot hold.
pub fn options(existing: Option<&OsStr>, store: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let existing = existing.map_or(Cow::Borrowed(&[][..]), |text| Cow::Borrowed(text.as_encoded_bytes()));
    let mut kept: Vec<Vec<u8>> = words(&existing)
        .into_iter()
        .filter(|word| !OURS.iter().any(|ours| without_quotes(word).starts_with(ours)))
        .map(<[u8]>::to_vec)
        .collect();
    if let Some(store) = store {
        let path = store.as_os_str().as_encoded_bytes();
        let option = [OURS[0], path].concat();
        let has_blank = path.iter().any(u8::is_ascii_whitespace);
        let has = |quote| path.contains(&quote);
        kept.push(match (has_blank, has(b'"'), has(b'\'')) {
            (false, false, false) => option,
            (_, false, _) => [b"\"", option.as_slice(), b"\""].concat(),
            (_, true, false) => [b"'", option.as_slice(), b"'"].concat(),
            (_, true, true) => {
                return Err(Failure::new(format!(
                    "JAVA_TOOL_OPTIONS cannot hold the path '{}': it has both kinds of quotes",
                    store.display()
                ))
                .hint("set bundle.java in certman.toml to another path"));
            }
        });
        kept.push([OURS[1], b"PKCS12"].concat());
    }
    Ok((!kept.is_empty()).then(|| kept.join(&b' ')))
}

/// The words of a text of options as Java splits it: at blanks, but for those between quotes (HotSpot, since 9).
fn words(text: &[u8]) -> Vec<&[u8]> {
    let mut words = Vec::new();
    let (mut start, mut quote) = (None, None);
    for (position, byte) in text.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if *byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte) if byte.is_ascii_whitespace() => {
                words.extend(start.take().map(|start| &text[start..position]));
                continue;
            }
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, _) => {}
        }
        start.get_or_insert(position);
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

fn without_quotes(word: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut quote = None;
    for byte in word {
        match (quote, byte) {
            (Some(open), byte) if *byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (_, byte) => plain.push(*byte),
        }
    }
    plain
}

/// The options that certman sets, and takes over from whoever has set them before.
const OURS: [&[u8]; 2] = [b"-Djavax.net.ssl.trustStore=", b"-Djavax.net.ssl.trustStoreType="];

#[cfg(test)]
mod tests {
    use super::*;

    fn after(existing: &str, store: Option<&str>) -> Option<String> {
        let options = options(Some(OsStr::new(existing)), store.map(Path::new)).unwrap();
        options.map(|options| String::from_utf8(options).unwrap())
    }

    #[test]
    fn the_persons_own_options_stay_and_ours_come_once() {
        let ours = "-Djavax.net.ssl.trustStore=/a/java.p12 -Djavax.net.ssl.trustStoreType=PKCS12";
        assert_eq!(after("", Some("/a/java.p12")).as_deref(), Some(ours));
        assert_eq!(after("", None), None);
        let both = format!("-Xmx1g {ours}");
        for existing in
            ["-Xmx1g", " -Xmx1g\t", &both, &format!("'-Djavax.net.ssl.trustStore=/my own' {both}")]
        {
            assert_eq!(after(existing, Some("/a/java.p12")).as_ref(), Some(&both), "{existing}");
            assert_eq!(after(existing, None).as_deref(), Some("-Xmx1g"), "{existing}");
        }
        assert_eq!(after("-Da='b c' -Dd=\"e f\"", None).as_deref(), Some("-Da='b c' -Dd=\"e f\""));
    }

    #[test]
    fn a_path_with_blanks_or_quotes_is_quoted_or_refused() {
        let option = |path| after("", Some(path)).unwrap();
        assert!(option("/my certs/j.p12").starts_with("\"-Djavax.net.ssl.trustStore=/my certs/j.p12\" "));
        assert!(option("/it's/j.p12").starts_with("\"-Djavax.net.ssl.trustStore=/it's/j.p12\" "));
        assert!(option("/a\"b/j.p12").starts_with("'-Djavax.net.ssl.trustStore=/a\"b/j.p12' "));
        assert!(options(None, Some(Path::new("/a\"b'c"))).is_err());
    }
}
