//! What each client takes as client key and certificate (CLIENTS.md, client key and certificate), as data with the versions it was
//! seen on: Node 24.21 and Bun 1.4.5, asked with every key of `testdata/keys` and with handshakes. Claude Code 2.1 is Bun inside.
//!
//! Pure: verdicts from facts. Whether a key opens, and whose it is, is not known here.

use super::{Client, Refusal};
use crate::pki::algorithm::{Curve, KeyAlgorithm};
use crate::pki::container::pem::{self, Block, End};
use crate::pki::key::{Cipher, Kdf, KeyFacts, Prf, Quirk, Scheme};

/// Clients that will not open a key file, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRefusal {
    /// Who.
    pub clients: &'static [Client],
    /// Why.
    pub reason: KeyReason,
}

/// Why a client will not open a key file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyReason {
    /// How the file is written.
    Quirk(Quirk),
    /// How the key is sealed, by the name of the scheme.
    Scheme(Box<str>),
    /// The same, where certman does not open it either.
    UnknownScheme(Box<str>),
}

/// Who will not open a key file, because of how it is written or sealed. Sealing it anew mends all of it.
pub fn refusals_of_key_file(facts: &KeyFacts) -> Vec<KeyRefusal> {
    let quirks = facts
        .quirks
        .iter()
        .map(|quirk| KeyRefusal { clients: refusing_quirk(*quirk), reason: KeyReason::Quirk(*quirk) });
    let scheme = facts.scheme.as_ref().and_then(|scheme| {
        let clients = refusing_scheme(scheme);
        let reason = match scheme {
            Scheme::Unsupported { what } => KeyReason::UnknownScheme(what.clone()),
            known => KeyReason::Scheme(known.name().into()),
        };
        (!clients.is_empty()).then_some(KeyRefusal { clients, reason })
    });
    quirks.chain(scheme).collect()
}

/// Who will not use a key of this kind, however it is written: only another key mends that.
pub fn refusal_of_key_kind(algorithm: &KeyAlgorithm) -> Option<Refusal> {
    let refuse = |clients, what| Some(Refusal { clients, what });
    match algorithm {
        KeyAlgorithm::Dsa => refuse(ALL, "a DSA key"),
        KeyAlgorithm::Ec(Curve::P256 | Curve::P384) | KeyAlgorithm::Ed25519 => None,
        KeyAlgorithm::Ec(Curve::P521) => refuse(BUN, "a P-521 key with a server that speaks TLS 1.2"),
        KeyAlgorithm::Ec(Curve::Brainpool) => refuse(ALL, "a brainpool key"),
        // Node loads it and then sends no certificate (TLS 1.3), or breaks off (TLS 1.2).
        KeyAlgorithm::Ec(Curve::Secp256k1) => refuse(ALL, "a secp256k1 key"),
        KeyAlgorithm::Ec(Curve::Other(_)) => refuse(ALL, "a key on this curve"),
        KeyAlgorithm::Ed448 => refuse(BUN, "an Ed448 key"),
        KeyAlgorithm::Other(_) => refuse(ALL, "a key of this kind"),
        KeyAlgorithm::Rsa(..2048) => refuse(NODE, "an RSA key under 2048 bits"),
        KeyAlgorithm::Rsa(_) => None,
        KeyAlgorithm::RsaPss(_) => refuse(BUN, "a key bound to RSA-PSS"),
    }
}

/// Who will not read a file as a certificate chain, because of how it is written. Keys, comments and other text in it, CRLF, and
/// `TRUSTED CERTIFICATE` are harmless.
pub fn refusals_of_chain_file(content: &[u8]) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut refuse = |clients, what| {
        if !refusals.iter().any(|known| known.what == what) {
            refusals.push(Refusal { clients, what });
        }
    };
    if matches!(pem::from_utf16(content), std::borrow::Cow::Owned(_)) {
        refuse(ALL, "is UTF-16");
    } else if !pem::is_pem(content) {
        refuse(ALL, "is not PEM");
    } else {
        for block in pem::blocks(content).filter(|block| !block.label.ends_with("PRIVATE KEY")) {
            judge_block(content, &block, &mut refuse);
        }
    }
    refusals
}

fn judge_block(content: &[u8], block: &Block<'_>, refuse: &mut dyn FnMut(&'static [Client], &'static str)) {
    match block.label {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {}
        "CMS" | "PKCS #7 SIGNED DATA" | "PKCS7" => return refuse(ALL, "is PKCS#7"),
        // Passed over by all of them.
        _ => return,
    }
    let start = block.raw.as_ptr().addr() - content.as_ptr().addr();
    let line_start = content[..start].iter().rposition(is_line_break).map_or(0, |position| position + 1);
    match &content[line_start..start] {
        b"" => {}
        // Bun loads the rest, and not this certificate.
        BYTE_ORDER_MARK => refuse(BUN, "has a byte order mark before a certificate"),
        _ => refuse(ALL, "has a BEGIN line that is indented or shares its line"),
    }
    // A damaged block is told where it is found.
    if block.end != End::Complete {
        return;
    }
    if block.body.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n') {
        return refuse(ALL, "has carriage returns without line feeds");
    }
    if block.body.last().is_some_and(|last| !is_line_break(last)) {
        refuse(ALL, "has an END line that is indented or shares its line");
    }
    let mut lines = block.body.split(|byte| *byte == b'\n').skip(1).map(<[u8]>::trim_ascii).peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() && lines.peek().is_some() {
            refuse(NODE, "has blank lines inside of a certificate");
        }
        if BUN_LINE_LENGTHS.contains(&line.len()) {
            refuse(BUN, "has base64 lines of 253 or 506 characters");
        }
    }
}

/// Who refuses a key file for this.
fn refusing_quirk(quirk: Quirk) -> &'static [Client] {
    match quirk {
        Quirk::BlankLine => NODE,
        Quirk::ByteOrderMark | Quirk::Headers | Quirk::LineLength => BUN,
        Quirk::Der
        | Quirk::EndMarker
        | Quirk::Label
        | Quirk::LoneCarriageReturn
        | Quirk::MarkerNotAtLineStart
        | Quirk::NoMarkers
        | Quirk::Padding
        | Quirk::Utf16 => ALL,
    }
}

/// Who refuses a key that is sealed like this; nobody refuses the portable form.
fn refusing_scheme(scheme: &Scheme) -> &'static [Client] {
    match scheme {
        Scheme::LegacyPem { cipher } => match cipher {
            Cipher::Aes128Cbc | Cipher::Aes192Cbc | Cipher::Aes256Cbc | Cipher::DesEde3Cbc => &[],
            Cipher::DesCbc => NODE,
            Cipher::DesEde2Cbc => BUN,
            _ => ALL,
        },
        Scheme::Pbes1 { .. } => ALL,
        Scheme::Pbes2 { cipher: Cipher::DesCbc, .. } => ALL,
        Scheme::Pbes2 { kdf: Kdf::Scrypt { .. }, .. } => {
            if scheme.memory().is_some_and(|memory| memory > OPENSSL_SCRYPT_MEMORY) { ALL } else { BUN }
        }
        Scheme::Pbes2 { kdf: Kdf::Pbkdf2 { prf, prf_has_null_parameters, .. }, .. } => match prf {
            Prf::HmacSha1 | Prf::HmacSha256 if *prf_has_null_parameters => &[],
            _ => BUN,
        },
        Scheme::Pkcs12Pbe { cipher, .. } => match cipher {
            Cipher::DesEde3Cbc => &[],
            Cipher::DesEde2Cbc => BUN,
            Cipher::Rc2Cbc40 | Cipher::Rc4With128 => NODE,
            _ => ALL,
        },
        Scheme::Unsupported { what } => {
            let is_old = OPENSSL_LEGACY.iter().any(|name| what.starts_with(name));
            if is_old { ALL } else { BUN }
        }
    }
}

fn is_line_break(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

const ALL: &[Client] = &[Client::Bun, Client::ClaudeCode, Client::Node];
const BUN: &[Client] = &[Client::Bun, Client::ClaudeCode];
/// Multiples of the 253 characters that Bun's reader takes at once; with 759 a certificate of one line is read.
const BUN_LINE_LENGTHS: [usize; 2] = [253, 506];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const NODE: &[Client] = &[Client::Node];
/// What OpenSSL 3 has in its provider `legacy` only, which Node does not load.
const OPENSSL_LEGACY: [&str; 6] = ["BF-", "CAST5-", "IDEA-", "PBE-MD2-", "RC2-", "SEED-"];
/// OpenSSL's bound for scrypt, in bytes: 32 MiB.
const OPENSSL_SCRYPT_MEMORY: u64 = 32 << 20;
