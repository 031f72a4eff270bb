//! What a key file is: finds the private key in a file's content, whatever form help desks and programs gave it,
//! and notes what clients would stumble over. Never opens what is sealed, and never says what to do about it.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::open::Sealed;
use super::private::PrivateKey;
use super::scheme::{Scheme, Sealing};
use crate::pki::asn1::{
    BIT_STRING, CONTEXT_0, Element, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE,
};
use crate::pki::container::pem::{self, Block, Damage, End};

/// Reads the whole content of a key file: PEM with anything around it, in any encoding of text, or DER.
///
/// Of several keys the first is taken, as every client does; [`KeyFacts::others`] counts the rest.
///
/// # Errors
/// Where there is no private key, or the first one is damaged.
pub fn detect(bytes: &[u8]) -> Result<KeyFile, NoKey> {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0;
    let is_marked = |mark: &&&[u8]| bytes.starts_with(mark);
    let mark =
        [BYTE_ORDER_MARK, b"\xff\xfe", b"\xfe\xff"].iter().find(is_marked).map_or(0, |mark| mark.len());
    if bytes[mark..].iter().all(is_blank) {
        return Err(NoKey::Empty);
    }
    if let Some(found) = detect_der(bytes) {
        return found;
    }
    match pem::from_utf16(bytes) {
        Cow::Borrowed(text) => detect_text(text, Vec::new()),
        Cow::Owned(text) => {
            let text = Zeroizing::new(text);
            // The mark belongs to UTF-16, and is no trouble of its own.
            detect_text(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text), vec![Quirk::Utf16])
        }
    }
}

/// A file with a private key in it.
#[derive(Debug)]
pub struct KeyFile {
    /// The key.
    pub content: Content,
    /// What the file says about itself.
    pub facts: KeyFacts,
}

/// The key in a file.
#[derive(Debug)]
pub enum Content {
    /// In the clear.
    Plain(PrivateKey),
    /// Under a passphrase.
    Sealed(Sealed),
}

/// What a key file says about itself, without a passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// The number of the key's PEM block among all blocks of the file, from 1. None for DER.
    pub block: Option<u32>,
    /// PEM or DER.
    pub encoding: Encoding,
    /// The structure.
    pub form: Form,
    /// The line of the key's BEGIN marker, from 1. None for DER.
    pub line: Option<u32>,
    /// How many private keys stand behind the one that was taken.
    pub others: u32,
    /// What some client refuses although the key is sound; in the order of the variants, each at most once.
    pub quirks: Vec<Quirk>,
    /// How it is sealed; none for a key in the clear.
    pub scheme: Option<Scheme>,
}

/// How a key is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes of the structure. No client takes that for a client key.
    Der,
    /// Base64 between markers, or base64 alone.
    Pem,
}

/// The structure a key stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// OpenSSL's own structure for DSA.
    Dsa,
    /// EncryptedPrivateKeyInfo of PKCS#8 (RFC 5958, section 3).
    EncryptedPkcs8,
    /// One of the others, encrypted as a whole under `Proc-Type: 4,ENCRYPTED` (RFC 1421, section 4.6.1).
    LegacyEncrypted,
    /// RSAPrivateKey of PKCS#1 (RFC 8017, appendix A.1.2).
    Pkcs1,
    /// PrivateKeyInfo of PKCS#8 (RFC 5958, section 2).
    Pkcs8,
    /// ECPrivateKey of SEC 1 (RFC 5915, section 3).
    Sec1,
}

impl Form {
    /// The name, for JSON and for people; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dsa => "DSA",
            Self::EncryptedPkcs8 => "encrypted PKCS#8",
            Self::LegacyEncrypted => "legacy encrypted PEM",
            Self::Pkcs1 => "PKCS#1",
            Self::Pkcs8 => "PKCS#8",
            Self::Sec1 => "SEC 1",
        }
    }
}

/// What a client stumbles over although the key is sound. Seen on Node 20.20 and 24.21
/// and on Bun 1.4.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quirk {
    /// A blank line within the base64: Node refuses.
    BlankLine,
    /// A byte order mark: at the start of the file Bun refuses, at the start of the block's line or inside of it both.
    ByteOrderMark,
    /// DER: both refuse.
    Der,
    /// The END marker is missing, or has another label: both refuse.
    EndMarker,
    /// Lines such as `Name: value` before the base64 of a block that is not encrypted: both refuse.
    Headers,
    /// The label does not say what is inside: both refuse.
    Label,
    /// A base64 line of 253, 506 or 759 characters: Bun refuses.
    LineLength,
    /// Lines end in CR alone: both refuse.
    LoneCarriageReturn,
    /// A marker does not start its line: both refuse.
    MarkerNotAtLineStart,
    /// Base64 alone, without markers: both refuse.
    NoMarkers,
    /// The base64 lacks its padding: both refuse.
    Padding,
    /// UTF-16: both refuse.
    Utf16,
}

/// Why a file's content gives no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// There is a private key, or the start of one, and it cannot be read.
    Damaged {
        /// The number of its PEM block among all blocks of the file, from 1; none for DER.
        block: Option<u32>,
        /// What is wrong.
        cause: Cause,
        /// The line where it shows, from 1; none for DER.
        line: Option<u32>,
    },
    /// Nothing in it, or nothing but blanks.
    Empty,
    /// Something else.
    NotAKey {
        /// What it is.
        what: OtherContent,
    },
}

/// What is wrong with the structure of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The ASN.1 cannot be read.
    Asn1(Malformed),
    /// The base64 cannot be read.
    Base64(Damage),
    /// An EC key that names one curve outside and another inside.
    CurvesDiffer,
    /// An EC key that names its curve nowhere, neither inside nor in an `EC PARAMETERS` block.
    CurveMissing,
    /// The headers of a legacy encrypted block: `DEK-Info` missing, or without a usable initialization vector.
    Headers,
    /// A number no key of its kind can have, such as a zero or one above the order of the curve.
    Impossible,
    /// Parameters no scheme can have: no rounds, a vector of the wrong length, content that is not whole blocks.
    Parameters,
    /// A sound structure that is no private key.
    Structure,
}

impl From<Malformed> for Cause {
    fn from(malformed: Malformed) -> Self {
        Self::Asn1(malformed)
    }
}

/// What a file is when it is not a private key that certman reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherContent {
    /// A certificate, or several, and no key.
    Certificate,
    /// A certificate request (PKCS#10).
    CertificateRequest,
    /// A web page: most often a download behind a sign-in.
    Html,
    /// A JSON Web Key, or other JSON.
    Json,
    /// A Java key store (JKS or JCEKS).
    JavaKeyStore,
    /// A private key of OpenSSH's own format.
    OpenSsh,
    /// A PEM block of another kind, by its label. The label is a stranger's text.
    OtherPem(Box<str>),
    /// A PGP key.
    Pgp,
    /// A PKCS#12 store (`.p12`, `.pfx`): a key may be inside.
    Pkcs12,
    /// PKCS#7 certificates.
    Pkcs7,
    /// A public key alone.
    PublicKey,
    /// A private key of PuTTY's.
    Putty,
    /// Nothing certman knows.
    Unknown,
}

/// None where the content is not DER, so that it may be text.
fn detect_der(bytes: &[u8]) -> Option<Result<KeyFile, NoKey>> {
    let damaged = |cause| NoKey::Damaged { block: None, cause, line: None };
    if let Some(form) = form_of(bytes) {
        let found =
            Found { block: None, encoding: Encoding::Der, line: None, others: 0, quirks: vec![Quirk::Der] };
        return Some(found.read(form, bytes, None).map_err(damaged));
    }
    if let Some(what) = other_binary(bytes) {
        return Some(Err(NoKey::NotAKey { what }));
    }
    // The start of some DER, by a length that no text begins with, or by the version number of a short key.
    let starts_like_der = matches!(bytes, [SEQUENCE, 0x81..=0x84, ..] | [SEQUENCE, _, INTEGER, 1, ..]);
    if !starts_like_der || pem::is_pem(bytes) {
        return None;
    }
    let cause = Element::read(bytes).err().map_or(Cause::Structure, Cause::Asn1);
    Some(Err(damaged(cause)))
}

fn detect_text(text: &[u8], mut quirks: Vec<Quirk>) -> Result<KeyFile, NoKey> {
    let mut keys = pem::blocks(text).filter(|block| is_key_label(block.label));
    let Some(block) = keys.next() else {
        return detect_bare_base64(text, quirks);
    };
    let others = keys.count().try_into().unwrap_or(u32::MAX);
    let damaged = |cause, lines| NoKey::Damaged {
        block: Some(block.index),
        cause,
        line: Some(block.line.saturating_add(lines)),
    };
    let der = block.decode().map(Zeroizing::new).map_err(|damage| match damage {
        Damage::Character { line } => damaged(Cause::Base64(damage), line),
        Damage::Empty | Damage::Length | Damage::LineBreaks => damaged(Cause::Base64(damage), 0),
    })?;
    let curve =
        pem::blocks(text).find(|block| block.label == "EC PARAMETERS").and_then(|block| block.decode().ok());

    quirks.extend(quirks_of(text, &block));
    let found =
        Found { block: Some(block.index), encoding: Encoding::Pem, line: Some(block.line), others, quirks };
    let is_encrypted =
        block.headers().any(|(name, value)| name == "Proc-Type" && value.ends_with("ENCRYPTED"));
    let file = if is_encrypted {
        found.read_legacy(&block, &der, curve)
    } else {
        match form_of(&der) {
            Some(form) => found.labelled(&block, form).read(form, &der, curve.as_deref()),
            None => Err(Element::read(&der).err().map_or(Cause::Structure, Cause::Asn1)),
        }
    };
    file.map_err(|cause| damaged(cause, 0))
}

/// Text without a key block: base64 that lost its markers, or something else.
fn detect_bare_base64(text: &[u8], mut quirks: Vec<Quirk>) -> Result<KeyFile, NoKey> {
    if !pem::is_pem(text)
        && let Ok(der) = pem::decode_base64(text).map(Zeroizing::new)
    {
        if let Some(form) = form_of(&der) {
            quirks.push(Quirk::NoMarkers);
            let found = Found { block: None, encoding: Encoding::Pem, line: Some(1), others: 0, quirks };
            return found.read(form, &der, None).map_err(|cause| NoKey::Damaged {
                block: None,
                cause,
                line: Some(1),
            });
        }
        if let Some(what) = other_binary(&der) {
            return Err(NoKey::NotAKey { what });
        }
    }
    Err(NoKey::NotAKey { what: other_text(text) })
}

/// A key as it was found, before it is read.
struct Found {
    block: Option<u32>,
    encoding: Encoding,
    line: Option<u32>,
    others: u32,
    quirks: Vec<Quirk>,
}

impl Found {
    fn read(self, form: Form, der: &[u8], curve: Option<&[u8]>) -> Result<KeyFile, Cause> {
        if form != Form::EncryptedPkcs8 {
            let content = Content::Plain(PrivateKey::read(der, curve)?);
            return Ok(KeyFile { content, facts: self.into_facts(form, None) });
        }
        let mut parts = Element::expect(der, SEQUENCE)?.0.children();
        let sealing = Sealing::of_identifier(parts.expect(SEQUENCE)?)?;
        let content = parts.expect(OCTET_STRING)?.content;
        self.seal(form, Sealed::new(sealing, content, None)?)
    }

    fn read_legacy(
        self,
        block: &Block<'_>,
        content: &[u8],
        curve: Option<Vec<u8>>,
    ) -> Result<KeyFile, Cause> {
        let (_, value) = block.headers().find(|(name, _)| *name == "DEK-Info").ok_or(Cause::Headers)?;
        let sealed = Sealed::new(Sealing::of_dek_info(value)?, content, curve)?;
        self.seal(Form::LegacyEncrypted, sealed)
    }

    fn seal(self, form: Form, sealed: Sealed) -> Result<KeyFile, Cause> {
        let facts = self.into_facts(form, Some(sealed.scheme().clone()));
        Ok(KeyFile { content: Content::Sealed(sealed), facts })
    }

    /// Notes a label that clients do not find this form under, and headers they do not expect.
    fn labelled(mut self, block: &Block<'_>, form: Form) -> Self {
        let fits = match form {
            Form::Dsa => block.label == "DSA PRIVATE KEY",
            Form::EncryptedPkcs8 => block.label == "ENCRYPTED PRIVATE KEY",
            Form::LegacyEncrypted => true,
            Form::Pkcs1 => block.label == "RSA PRIVATE KEY",
            Form::Pkcs8 => matches!(block.label, "EC PRIVATE KEY" | "PRIVATE KEY" | "RSA PRIVATE KEY"),
            Form::Sec1 => block.label == "EC PRIVATE KEY",
        };
        if !fits {
            self.quirks.push(Quirk::Label);
        }
        if block.headers().next().is_some() {
            self.quirks.push(Quirk::Headers);
        }
        self
    }

    fn into_facts(self, form: Form, scheme: Option<Scheme>) -> KeyFacts {
        let Self { block, encoding, line, others, mut quirks } = self;
        quirks.sort_unstable();
        KeyFacts { block, encoding, form, line, others, quirks, scheme }
    }
}

/// Which structure of a private key DER has, judged by its first elements alone.
pub(super) fn form_of(der: &[u8]) -> Option<Form> {
    let (outer, _) = Element::expect(der, SEQUENCE).ok()?;
    let mut parts = outer.children();
    let first = parts.next()?.ok()?;
    let second = parts.next()?.ok()?;
    let names_algorithm = |element: Element<'_>| element.children().expect(OBJECT_IDENTIFIER).is_ok();
    match (first.tag, second.tag) {
        (SEQUENCE, OCTET_STRING) if names_algorithm(first) => Some(Form::EncryptedPkcs8),
        (INTEGER, SEQUENCE) if matches!(first.content, [0 | 1]) && names_algorithm(second) => {
            parts.expect(OCTET_STRING).is_ok().then_some(Form::Pkcs8)
        }
        (INTEGER, OCTET_STRING) if first.content == [1] => Some(Form::Sec1),
        (INTEGER, INTEGER) if matches!(first.content, [0 | 1]) => match parts.count() {
            4 => Some(Form::Dsa),
            7 | 8 => Some(Form::Pkcs1),
            _ => None,
        },
        _ => None,
    }
}

fn quirks_of(text: &[u8], block: &Block<'_>) -> Vec<Quirk> {
    let body_start = block.body.as_ptr().addr() - text.as_ptr().addr();
    let body_end = body_start + block.body.len();
    let mut quirks = Vec::new();

    let before = &text[..body_start];
    let line_start = before.iter().rposition(is_line_break).map_or(0, |position| position + 1);
    let marker_line = &before[line_start..];
    let marker_line_is_marked = marker_line.starts_with(BYTE_ORDER_MARK);
    let starts_its_line =
        marker_line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(marker_line).starts_with(b"-----BEGIN");
    let end_starts_its_line = block.end == End::Missing
        || block
            .body
            .iter()
            .rposition(|byte| *byte != b' ' && *byte != b'\t')
            .is_none_or(|last| last + 1 == block.body.len() && is_line_break(&block.body[last]));
    if !starts_its_line || !end_starts_its_line {
        quirks.push(Quirk::MarkerNotAtLineStart);
    }
    let is_marked = text.starts_with(BYTE_ORDER_MARK) || marker_line_is_marked;
    if is_marked || memchr::memmem::find(block.body, BYTE_ORDER_MARK).is_some() {
        quirks.push(Quirk::ByteOrderMark);
    }
    if block.end != End::Complete {
        quirks.push(Quirk::EndMarker);
    }
    if text[body_start..text.len().min(body_end + 1)]
        .windows(2)
        .any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
    {
        quirks.push(Quirk::LoneCarriageReturn);
    }

    let mut lines = block.body.split(|byte| *byte == b'\n').skip(1).map(<[u8]>::trim_ascii_end).peekable();
    // The blank line behind headers, or before the base64, is no trouble.
    while lines.next_if(|line| line.is_empty() || line.contains(&b':')).is_some() {}
    let (mut last_was_blank, mut has_blank, mut has_odd_length, mut letters) = (false, false, false, 0_usize);
    for line in lines {
        has_blank |= last_was_blank && !line.is_empty();
        last_was_blank = line.is_empty();
        has_odd_length |= ODD_LENGTHS.contains(&line.len());
        letters += line.iter().filter(|byte| byte.is_ascii_graphic()).count();
    }
    if has_blank {
        quirks.push(Quirk::BlankLine);
    }
    if has_odd_length {
        quirks.push(Quirk::LineLength);
    }
    if letters % 4 != 0 && !quirks.contains(&Quirk::ByteOrderMark) {
        quirks.push(Quirk::Padding);
    }
    quirks
}

fn is_line_break(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn is_key_label(label: &str) -> bool {
    let label = label.to_ascii_uppercase();
    label.ends_with("PRIVATE KEY") && !label.contains("SSH")
}

fn other_binary(bytes: &[u8]) -> Option<OtherContent> {
    if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) || bytes.starts_with(&[0xce, 0xce, 0xce, 0xce]) {
        return Some(OtherContent::JavaKeyStore);
    }
    let (outer, _) = Element::expect(bytes, SEQUENCE).ok()?;
    let mut parts = outer.children();
    let first = parts.next()?.ok()?;
    let second = parts.next()?.ok()?;
    match (first.tag, second.tag) {
        (INTEGER, SEQUENCE) if first.content == [3] => Some(OtherContent::Pkcs12),
        (OBJECT_IDENTIFIER, CONTEXT_0) => Some(OtherContent::Pkcs7),
        (SEQUENCE, BIT_STRING) => Some(OtherContent::PublicKey),
        (SEQUENCE, SEQUENCE) => {
            parts.expect(BIT_STRING).ok()?;
            // A request has three or four parts (RFC 2986, section 4.1), a certificate at least six.
            let is_request = first.children().count() <= 4;
            Some(if is_request { OtherContent::CertificateRequest } else { OtherContent::Certificate })
        }
        // RSAPublicKey of PKCS#1.
        (INTEGER, INTEGER) if parts.next().is_none() => Some(OtherContent::PublicKey),
        _ => None,
    }
}

fn other_text(text: &[u8]) -> OtherContent {
    if let Some(block) = pem::blocks(text).next() {
        return match block.label.to_ascii_uppercase().as_str() {
            "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => OtherContent::Certificate,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => OtherContent::CertificateRequest,
            "CMS" | "PKCS #7 SIGNED DATA" | "PKCS7" => OtherContent::Pkcs7,
            "PGP PRIVATE KEY BLOCK" | "PGP PUBLIC KEY BLOCK" => OtherContent::Pgp,
            label if label.ends_with("PUBLIC KEY") => OtherContent::PublicKey,
            label if label.contains("SSH") => OtherContent::OpenSsh,
            _ => OtherContent::OtherPem(block.label.into()),
        };
    }
    let start = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).trim_ascii_start();
    let starts_with = |prefix: &str| {
        start.get(..prefix.len()).is_some_and(|found| found.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    match start {
        [b'{' | b'[', ..] => OtherContent::Json,
        _ if starts_with("<!doctype") || starts_with("<html") || starts_with("<?xml") => OtherContent::Html,
        _ if starts_with("PuTTY-User-Key-File-") => OtherContent::Putty,
        _ if starts_with("---- BEGIN SSH2") => OtherContent::OpenSsh,
        _ if starts_with("ssh-") || starts_with("ecdsa-sha2-") => OtherContent::PublicKey,
        _ => OtherContent::Unknown,
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Multiples of the 253 characters that Bun's reader takes at once. Seen on Bun 1.4.5.
const ODD_LENGTHS: [usize; 3] = [253, 506, 759];
