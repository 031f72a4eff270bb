//! A guess at what a file is that holds nothing certman can use, so that a message can say more than "not a certificate".

use crate::pki::asn1::{Element, Malformed, SEQUENCE};

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Bytes of no known kind.
    Binary,
    /// A key store of Bouncy Castle, BKS or UBER.
    BouncyCastle,
    /// An ASN.1 structure whose end is missing.
    CutShort,
    /// Nothing at all, or blanks only.
    Empty,
    /// A web page: the download asked for a sign-in, or the proxy answered.
    Html,
    /// A Java key store, where one has no place. Never guessed: it is recognised.
    JavaKeyStore,
    /// JSON.
    Json,
    /// An archive: ZIP, and what is built on it.
    Zip,
    /// A key in OpenSSH's own format, or an SSH public key.
    OpenSsh,
    /// A PDF.
    Pdf,
    /// A PKCS#12 store, where one has no place. Never guessed: it is recognised.
    Pkcs12,
    /// PKCS#7 without any certificate in it.
    Pkcs7WithoutCertificates,
    /// A store without any certificate in it.
    StoreWithoutCertificates,
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
    } else if !is_text && matches!(Element::expect(bytes, SEQUENCE), Err(Malformed::CutShort)) {
        Guess::CutShort
    } else if is_bouncy_castle(bytes) {
        Guess::BouncyCastle
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
/// more does; or of a Java key store.
pub(super) fn may_be_base64(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    let begins = [&b"M"[..], b"/u3+7", b"zs7Oz"];
    begins.iter().any(|begin| text.starts_with(begin))
        && text.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n' | b' ')
        })
}

/// Version 0 to 2, twenty bytes of salt, and a number of rounds between 1,024 and 2,047 (as Bouncy Castle writes it).
fn is_bouncy_castle(bytes: &[u8]) -> bool {
    let number =
        |place: usize| -> Option<u32> { Some(u32::from_be_bytes(*bytes.get(place..)?.first_chunk()?)) };
    matches!(number(0), Some(0..=2)) && number(4) == Some(20) && matches!(number(28), Some(1_024..=2_047))
}
