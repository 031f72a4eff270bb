//! A guess at what a file is that holds nothing certman can use, so that a message can say more than "not a certificate".

use super::der::SIGNED_DATA;
use crate::pki::algorithm::KeyAlgorithm;
use crate::pki::asn1::{
    BIT_STRING, CONTEXT_0, ENUMERATED, Element, INTEGER, Malformed, OBJECT_IDENTIFIER, SEQUENCE,
};

/// What a file seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Some other ASN.1 structure.
    Asn1,
    /// Base64 of something that is none of all this.
    Base64,
    /// Base64 of PEM, as secrets of CI have it.
    Base64Pem,
    /// Text with base64 of PEM in it, as a kubeconfig.
    Base64PemInside,
    /// Bytes of no known kind.
    Binary,
    /// A key store of Bouncy Castle, BKS or UBER.
    BouncyCastle,
    /// A CMS message that is not signed data: encrypted mail, for one.
    Cms,
    /// An ASN.1 structure whose end is missing.
    CutShort,
    /// A certificate database of Firefox and NSS, or another SQLite file.
    Database,
    /// Nothing at all, or blanks only.
    Empty,
    /// A program: Windows, Linux or macOS.
    Executable,
    /// The stand-in for a large file that git-lfs has not fetched.
    GitLfsPointer,
    /// A web page: the download asked for a sign-in, or the proxy answered.
    Html,
    /// A picture.
    Image,
    /// A Java key store, where one has no place. Never guessed: it is recognised.
    JavaKeyStore,
    /// JSON.
    Json,
    /// A key in JSON (RFC 7517).
    JsonWebKey,
    /// A mail, whatever is attached to it.
    Mail,
    /// An OCSP request or answer.
    Ocsp,
    /// A document or installer of Microsoft's compound format: MSI, old Office, Outlook's MSG.
    Office,
    /// A key in OpenSSH's own format, or an SSH public key.
    OpenSsh,
    /// Parameters of a key exchange, without a key.
    Parameters,
    /// A PDF.
    Pdf,
    /// A PGP key, message or signature.
    Pgp,
    /// A PKCS#12 store, where one has no place. Never guessed: it is recognised.
    Pkcs12,
    /// PKCS#7 whose end is missing.
    Pkcs7CutShort,
    /// PKCS#7 without any certificate in it.
    Pkcs7WithoutCertificates,
    /// A public key alone.
    PublicKey,
    /// A certificate store as Windows' certutil saves it (`.sst`).
    SerializedStore,
    /// A link of Windows' Explorer (`.lnk`).
    Shortcut,
    /// A store without any certificate in it.
    StoreWithoutCertificates,
    /// Some other text.
    Text,
    /// Some other text, in UTF-16.
    Utf16Text,
    /// XML.
    Xml,
    /// Zero bytes and nothing else.
    Zeros,
    /// An archive: ZIP, and what is built on it.
    Zip,
}

impl Guess {
    /// The name in JSON; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asn1 => "asn1",
            Self::Base64 => "base64",
            Self::Base64Pem => "base64-pem",
            Self::Base64PemInside => "base64-pem-inside",
            Self::Binary => "binary",
            Self::BouncyCastle => "bouncy-castle",
            Self::Cms => "cms",
            Self::CutShort => "cut-short",
            Self::Database => "database",
            Self::Empty => "empty",
            Self::Executable => "executable",
            Self::GitLfsPointer => "git-lfs-pointer",
            Self::Html => "html",
            Self::Image => "image",
            Self::JavaKeyStore => "java-key-store",
            Self::Json => "json",
            Self::JsonWebKey => "json-web-key",
            Self::Mail => "mail",
            Self::Ocsp => "ocsp",
            Self::Office => "compound-file",
            Self::OpenSsh => "openssh",
            Self::Parameters => "parameters",
            Self::Pdf => "pdf",
            Self::Pgp => "pgp",
            Self::Pkcs12 => "pkcs12",
            Self::Pkcs7CutShort => "pkcs7-cut-short",
            Self::Pkcs7WithoutCertificates => "pkcs7-without-certificates",
            Self::PublicKey => "public-key",
            Self::SerializedStore => "serialized-store",
            Self::Shortcut => "shortcut",
            Self::StoreWithoutCertificates => "store-without-certificates",
            Self::Text => "text",
            Self::Utf16Text => "utf16-text",
            Self::Xml => "xml",
            Self::Zeros => "zeros",
            Self::Zip => "archive",
        }
    }
}

/// Guesses.
pub(super) fn guess(bytes: &[u8]) -> Guess {
    if !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0) {
        return Guess::Zeros;
    }
    let text = super::pem::from_utf16(bytes);
    let start = text.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if start.iter().all(|byte| *byte == 0) {
        return Guess::Empty;
    }
    let is_text = std::str::from_utf8(&text).is_ok_and(|text| !text.contains('\0'));
    if is_bouncy_castle(bytes) {
        return Guess::BouncyCastle;
    }
    if let Some(guess) = guess_der(bytes, is_text).or_else(|| guess_by_magic(bytes)) {
        return guess;
    }
    match guess_text(start) {
        None | Some(Guess::Json) if is_text && memchr::memmem::find(start, BASE64_OF_BEGIN).is_some() => {
            let is_all = start.starts_with(BASE64_OF_BEGIN) && is_base64(start);
            return if is_all { Guess::Base64Pem } else { Guess::Base64PemInside };
        }
        Some(guess) => return guess,
        None => {}
    }
    let is_utf16 = matches!(text, std::borrow::Cow::Owned(_));
    match (is_text, is_utf16) {
        (true, _) if is_base64(start) => Guess::Base64,
        (true, true) => Guess::Utf16Text,
        (true, false) => Guess::Text,
        (false, _) => Guess::Binary,
    }
}

/// What starts like a sequence in DER or BER.
fn guess_der(bytes: &[u8], is_text: bool) -> Option<Guess> {
    // What was cut short still starts like itself; its outermost length does not matter here.
    let outer = match Element::expect(bytes, SEQUENCE) {
        Ok((outer, _)) => outer,
        Err(Malformed::CutShort) if !is_text && bytes[0] == SEQUENCE => {
            let header = if bytes.get(1)? & 0x80 == 0 { 2 } else { 2 + usize::from(bytes[1] & 0x7f) };
            let (oid, _) = Element::expect(bytes.get(header..)?, OBJECT_IDENTIFIER).ok().unzip();
            let is_pkcs7 = oid.is_some_and(|oid| oid.content == SIGNED_DATA);
            return Some(if is_pkcs7 { Guess::Pkcs7CutShort } else { Guess::CutShort });
        }
        Err(_) => return None,
    };
    let mut parts = outer.children();
    let (first, second) = (parts.next()?.ok()?, parts.next());
    let second = second.and_then(Result::ok);
    Some(match (first.tag, second.map(|second| second.tag)) {
        (SEQUENCE, Some(BIT_STRING)) if KeyAlgorithm::of_identifier(first).is_some() => Guess::PublicKey,
        (OBJECT_IDENTIFIER, Some(CONTEXT_0)) => Guess::Cms,
        // OCSPResponse (RFC 6960, section 4.2.1).
        (ENUMERATED, _) => Guess::Ocsp,
        // RSAPublicKey has a modulus and an exponent, DHParameter (PKCS#3) a prime and a base: only the first two numbers differ
        // in size so far that one can tell.
        (INTEGER, Some(INTEGER)) if outer.children().count() <= 3 => {
            let second = second.map_or(0, |second| second.content.len());
            let is_exponent = second > 1 && second <= 8 && first.content.len() >= 32;
            if is_exponent { Guess::PublicKey } else { Guess::Parameters }
        }
        _ if is_text => return None,
        _ => Guess::Asn1,
    })
}

fn guess_by_magic(bytes: &[u8]) -> Option<Guess> {
    let magic = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    // An old format of OpenPGP has its tag in the first byte: a public or secret key of version 3 or 4 (RFC 9580, section 4.2).
    let is_pgp = || matches!(bytes, [0x95 | 0x99, _, _, 3 | 4, ..] | [0xc5 | 0xc6, _, 4 | 6, ..]);
    magic.map(|(_, guess)| *guess).or_else(|| is_pgp().then_some(Guess::Pgp))
}

fn guess_text(start: &[u8]) -> Option<Guess> {
    let begins = |prefix: &str| {
        start.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    let any = |prefixes: &[&str]| prefixes.iter().any(|prefix| begins(prefix));
    Some(if any(&["<!doctype", "<html", "<head", "<body", "<script", "<meta"]) {
        Guess::Html
    } else if begins("<?xml") {
        let head = &start[..start.len().min(1_000)].to_ascii_lowercase();
        if memchr::memmem::find(head, b"<html").is_some() { Guess::Html } else { Guess::Xml }
    } else if any(&["ssh-", "ecdsa-sha2-", "sk-ecdsa-sha2-", "sk-ssh-", "---- BEGIN SSH2", "PuTTY-User-Key"])
    {
        Guess::OpenSsh
    } else if begins("version https://git-lfs.github.com/spec/") {
        Guess::GitLfsPointer
    } else if is_json(start) {
        let head = &start[..start.len().min(10_000)];
        let is_key = memchr::memmem::find(head, b"\"kty\"").is_some();
        if is_key { Guess::JsonWebKey } else { Guess::Json }
    } else if is_mail(start) {
        Guess::Mail
    } else {
        return None;
    })
}

/// Whether the first lines are the fields of a mail (RFC 5322, section 2.2), one of those that every mail has among them.
fn is_mail(start: &[u8]) -> bool {
    let lines = start.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let fields = lines.take_while(|line| !line.is_empty()).take(100);
    let is_known = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        [&b"content-type"[..], b"mime-version", b"received", b"return-path"]
            .iter()
            .any(|known| name.len() < line.len() && name.eq_ignore_ascii_case(known))
    };
    fields.take_while(|line| matches!(line.first(), Some(b' ' | b'\t')) || line.contains(&b':')).any(is_known)
}

/// Whether it starts like an object or a list in JSON; settings of other kinds begin with a name in brackets.
fn is_json(start: &[u8]) -> bool {
    let Some((b'{' | b'[', rest)) = start.split_first() else { return false };
    let next = rest.trim_ascii_start().first();
    next.is_none_or(|next| matches!(next, b'{' | b'}' | b'[' | b']' | b'"' | b'-' | b'0'..=b'9'))
}

/// The title of a web page, or what an answer in JSON says is wrong, with runs of blanks as one; a stranger's text, of at most
/// so many characters as fit on a line. Looks at the start of the file only, and repeats nothing else of it: it may be a secret.
pub fn title(bytes: &[u8]) -> Option<String> {
    let text = super::pem::from_utf16(bytes);
    let start = &text[..text.len().min(LONGEST_HEAD)];
    let start = String::from_utf8_lossy(start);
    // ASCII alone changes: places stay what they are.
    let lower = start.to_ascii_lowercase();
    let found = match guess_text(lower.trim_start_matches('\u{feff}').trim_start().as_bytes())? {
        Guess::Html | Guess::Xml => {
            let open = lower.find("<title")?;
            let open = open + lower[open..].find('>')? + 1;
            start[open..].split('<').next()?.to_owned()
        }
        Guess::Json => ["\"error_description\"", "\"message\"", "\"error\"", "\"detail\""]
            .iter()
            .find_map(|member| json_text(&start[lower.find(member)? + member.len()..]))?,
        _ => return None,
    };
    let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
    (!found.is_empty()).then(|| found.chars().take(LONGEST_TITLE).collect())
}

/// The text behind a member's name.
fn json_text(rest: &str) -> Option<String> {
    let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let mut end = 0;
    let mut is_escaped = false;
    for letter in value.chars() {
        match letter {
            '"' if !is_escaped => break,
            _ => is_escaped = letter == '\\' && !is_escaped,
        }
        end += letter.len_utf8();
    }
    serde_json::from_str(&format!("\"{}\"", value.get(..end)?)).ok()
}

/// Whether a whole text could be base64 of something in DER: it then starts with `M`, as every sequence of 64 bytes and
/// more does; or of a Java key store.
pub(super) fn may_be_base64(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii();
    let begins = [&b"M"[..], b"/u3+7", b"zs7Oz"];
    begins.iter().any(|begin| text.starts_with(begin)) && text.iter().all(is_base64_letter)
}

/// Version 0 to 2, twenty bytes of salt, and a number of rounds between 1,024 and 2,047 (as Bouncy Castle writes it).
fn is_bouncy_castle(bytes: &[u8]) -> bool {
    let number =
        |place: usize| -> Option<u32> { Some(u32::from_be_bytes(*bytes.get(place..)?.first_chunk()?)) };
    matches!(number(0), Some(0..=2)) && number(4) == Some(20) && matches!(number(28), Some(1_024..=2_047))
}

/// Whether a whole text looks like base64: long lines of its letters, in both cases and with digits.
fn is_base64(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text.len() >= 64
        && text.iter().all(is_base64_letter)
        && text.iter().any(u8::is_ascii_digit)
        && text.iter().any(u8::is_ascii_uppercase)
        && text.iter().any(u8::is_ascii_lowercase)
        && !text.contains(&b' ')
}

fn is_base64_letter(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n' | b' ')
}

/// What base64 makes of `-----BEGIN`.
const BASE64_OF_BEGIN: &[u8] = b"LS0tLS1CRUdJTi";
/// A title is looked for in so many bytes.
const LONGEST_HEAD: usize = 64 << 10;
const LONGEST_TITLE: usize = 100;
/// What files begin with.
const MAGIC: [(&[u8], Guess); 25] = [
    (b"%PDF", Guess::Pdf),
    (b"-----BEGIN PGP", Guess::Pgp),
    (b"7z\xbc\xaf\x27\x1c", Guess::Zip),
    (b"BM", Guess::Image),
    (b"BZh", Guess::Zip),
    (b"GIF8", Guess::Image),
    (b"L\0\0\0\x01\x14\x02\0", Guess::Shortcut),
    (b"MSCF", Guess::Zip),
    (b"MZ", Guess::Executable),
    (b"PK\x03\x04", Guess::Zip),
    (b"PK\x05\x06", Guess::Zip),
    (b"Rar!", Guess::Zip),
    (b"SQLite format 3", Guess::Database),
    (b"\0\0\0\0CERT", Guess::SerializedStore),
    (b"\x00\x06\x15\x61", Guess::Database),
    (b"\x1f\x8b", Guess::Zip),
    (b"\x28\xb5\x2f\xfd", Guess::Zip),
    (b"\x7fELF", Guess::Executable),
    (b"\x89PNG", Guess::Image),
    (b"\xca\xfe\xba\xbe", Guess::Executable),
    (b"\xcf\xfa\xed\xfe", Guess::Executable),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Guess::Office),
    (b"\xfd7zXZ", Guess::Zip),
    (b"\xff\xd8\xff", Guess::Image),
    (b"kych", Guess::Database),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_has_names() {
        for (bytes, name) in [
            (&b""[..], "empty"),
            (b" \r\n\0", "empty"),
            (b"<!DOCTYPE html><title>Sign in</title>", "html"),
            (b"\xef\xbb\xbf\n<HTML>", "html"),
            (b"<?xml version='1.0'?><html>", "html"),
            (b"<?xml version='1.0'?><certs/>", "xml"),
            (b"{\"error\":\"no\"}", "json"),
            (b"{\"kty\":\"RSA\"}", "json-web-key"),
            (b"[settings]\nname = 1", "text"),
            (b"Subject: hello\nMIME-Version: 1.0\n\n", "mail"),
            (b"name: Subject\n", "text"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git-lfs-pointer"),
            (b"ssh-ed25519 AAAA me@here", "openssh"),
            (b"PuTTY-User-Key-File-3: ssh-ed25519", "openssh"),
            (b"MZ\x90\0\x03", "executable"),
            (b"PK\x03\x04..", "archive"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound-file"),
            (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0", "shortcut"),
            (b"h\0e\0l\0l\0o\0", "utf16-text"),
            (b"hello", "text"),
            (b"hello\0", "binary"),
            (b"\x30\x03\x0a\x01\x06", "ocsp"),
            (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0", "pkcs7-cut-short"),
            (b"\x30\x82\x01\x00\x30\x82", "cut-short"),
            (&[0; 100], "zeros"),
            (
                b"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJxekNDQVZHZ0F3SUJBZ0lVCi0t\nLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K",
                "base64-pem",
            ),
            (b"clusters:\n- cluster:\n    certificate-authority-data: LS0tLS1CRUdJTiBDRVJU\n", "base64-pem-inside"),
            (b"{\"ca\": \"LS0tLS1CRUdJTiBDRVJU\"}", "base64-pem-inside"),
            (b"<html>LS0tLS1CRUdJTiBDRVJU", "html"),
            (b"QWxsIHdvcmsgYW5kIG5vIHBsYXkgbWFrZXMgSmFjayBhIGR1bGwgYm95MTIzNDU2Nzg5MA==", "base64"),
        ] {
            assert_eq!(guess(bytes).name(), name, "{bytes:?}");
        }
    }

    #[test]
    fn a_title_is_what_says_most() {
        for (text, title_of_it) in [
            ("<!doctype html><head><Title lang=en>\n  Sign in \t to Corp</title>", Some("Sign in to Corp")),
            ("<html><body>no title", None),
            (
                "{\"error\": \"access_denied\", \"error_description\": \"the \\\"token\\\" is old\"}",
                Some("the \"token\" is old"),
            ),
            ("{\"secret\": \"hunter2\"}", None),
            ("{\"message\": 7}", None),
            ("{\"message\": \"cut", Some("cut")),
            ("hello <title>x</title>", None),
            ("İ<html><title>x</title>", None),
            ("<html>İİİ<title>x</title>", Some("x")),
        ] {
            assert_eq!(title(text.as_bytes()).as_deref(), title_of_it, "{text}");
        }
        let long = format!("<html><title>{}", "x".repeat(1 << 20));
        assert_eq!(title(long.as_bytes()).unwrap().len(), LONGEST_TITLE);
    }
}
