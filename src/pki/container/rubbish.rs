//! A guess at what a file is that holds nothing certman can use, so that a message can say more than "not a certificate".

use super::der::DATA;
use crate::pki::asn1::{Element, INTEGER, Malformed, OBJECT_IDENTIFIER, SEQUENCE};

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Bytes of no known kind.
    Binary,
    /// An ASN.1 structure whose end is missing.
    CutShort,
    /// Nothing at all, or blanks only.
    Empty,
    /// A web page: the download asked for a sign-in, or the proxy answered.
    Html,
    /// A Java key store.
    JavaKeyStore,
    /// JSON.
    Json,
    /// An archive: ZIP, and what is built on it.
    Zip,
    /// A key in OpenSSH's own format, or an SSH public key.
    OpenSsh,
    /// A PDF.
    Pdf,
    /// A PKCS#12 store.
    Pkcs12,
    /// PKCS#7 without any certificate in it.
    Pkcs7WithoutCertificates,
    /// Some other text.
    Text,
}

/// Guesses.
pub(super) fn guess(bytes: &[u8]) -> Guess {
    let text = super::pem::from_utf16(bytes);
    let start = text.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let is_text = std::str::from_utf8(&text).is_ok_and(|text| !text.contains('\0'));
    let begins = |prefix: &str| {
        start.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if start.iter().all(|byte| *byte == 0) {
        Guess::Empty
    } else if is_pkcs12(bytes) {
        Guess::Pkcs12
    } else if !is_text && matches!(Element::expect(bytes, SEQUENCE), Err(Malformed::CutShort)) {
        Guess::CutShort
    } else if bytes.starts_with(&JAVA_KEY_STORE) || bytes.starts_with(&JCEKS) {
        Guess::JavaKeyStore
    } else if begins("<!doctype") || begins("<html") || begins("<head") || begins("<?xml") {
        Guess::Html
    } else if begins("%PDF") {
        Guess::Pdf
    } else if bytes.starts_with(b"PK\x03\x04") {
        Guess::Zip
    } else if ["ssh-", "ecdsa-sha2-", "---- BEGIN SSH2", "PuTTY-User-Key"].iter().any(|prefix| begins(prefix))
    {
        Guess::OpenSsh
    } else if begins("{") || begins("[") {
        Guess::Json
    } else if is_text {
        Guess::Text
    } else {
        Guess::Binary
    }
}

/// Whether a whole text could be base64 of something in DER: it then starts with `M`, as every sequence of 64 bytes and
/// more does.
pub(super) fn may_be_base64(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    text.first() == Some(&b'M')
        && text.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n' | b' ')
        })
}

/// RFC 7292, section 4: version 3, then contents of the type data or signed data.
fn is_pkcs12(bytes: &[u8]) -> bool {
    let parse = || {
        // What was cut short still starts like one; its lengths do not matter here.
        let mut parts = Element::expect(bytes, SEQUENCE).ok()?.0.children();
        let version = parts.expect(INTEGER).ok()?;
        let oid = parts.expect(SEQUENCE).ok()?.children().expect(OBJECT_IDENTIFIER).ok()?;
        Some(version.content == [3] && (oid.content == DATA || oid.content == super::der::SIGNED_DATA))
    };
    parse().unwrap_or(false)
}

const JAVA_KEY_STORE: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const JCEKS: [u8; 4] = [0xce, 0xce, 0xce, 0xce];
