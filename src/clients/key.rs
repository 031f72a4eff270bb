//! What each client takes as client key and certificate (CLIENTS.md, client key and certificate), as data with the versions it was
//! seen on: every client asked with every key of `testdata/keys` and with handshakes. Claude Code 2.1 is Bun inside.
//!
//! Pure: verdicts from facts. Whether a key opens, and whose it is, is not known here.

use super::{
    ALL, BUN, CLAUDE_CODE, CURL, GIT_GNUTLS, NODE, OPENSSL, PYTHON, Refusal, SMALLEST_RSA, Seen,
    WEAK_SIGNATURE,
};
use crate::pki::algorithm::{Curve, KeyAlgorithm};
use crate::pki::bundle::Role;
use crate::pki::cert::Certificate;
use crate::pki::container::pem::{self, Block, End};
use crate::pki::key::{Cipher, Form, Hash, Kdf, KeyFacts, Prf, PrivateKey, Quirk, Scheme};
use crate::pki::signature::Digest;

/// Why a client will not use a key file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyReason {
    /// What kind of key it is, as a noun: sealing it anew does not mend that.
    Kind(&'static str),
    /// The public part is missing in it.
    NoPublicPart,
    /// How the file is written.
    Quirk(Quirk),
    /// How the key is sealed, by the name of the scheme.
    Scheme(Box<str>),
    /// The same, where certman does not open it either.
    UnknownScheme(Box<str>),
}

/// Who will not open a key file, because of how it is written or sealed. Sealing it anew mends all of it.
pub fn refusals_of_key_file(facts: &KeyFacts) -> Vec<Refusal<KeyReason>> {
    let quirks = facts
        .quirks
        .iter()
        .map(|quirk| Refusal { by: refusing_quirk(*quirk).to_vec(), what: KeyReason::Quirk(*quirk) });
    let scheme = facts.scheme.as_ref().and_then(|scheme| {
        let by = refusing_scheme(scheme, facts.form).to_vec();
        let what = match scheme {
            Scheme::Unsupported { what } => KeyReason::UnknownScheme(what.clone()),
            known => KeyReason::Scheme(known.name().into()),
        };
        (!by.is_empty()).then_some(Refusal { by, what })
    });
    quirks.chain(scheme).collect()
}

/// Who will not use an opened key for what its file lacks. Sealing it anew mends that too.
pub fn refusal_of_content(key: &PrivateKey) -> Option<Refusal<KeyReason>> {
    let lacks = key.lacks_public_part();
    lacks.then(|| Refusal { by: vec![GIT_GNUTLS], what: KeyReason::NoPublicPart })
}

/// Who will not use a key of this kind, however it is written: only another key mends that.
pub fn refusal_of_key_kind(algorithm: &KeyAlgorithm) -> Option<Refusal> {
    let refuse = |by: &[Seen], what| Some(Refusal { by: by.to_vec(), what });
    match algorithm {
        // Node, OpenSSL, Python and curl use it with TLS 1.2, which has signatures with DSA; TLS 1.3 has none.
        KeyAlgorithm::Dsa => refuse(ALL, "a DSA key"),
        KeyAlgorithm::Ec(Curve::P256 | Curve::P384) | KeyAlgorithm::Ed25519 => None,
        KeyAlgorithm::Ec(Curve::P521) => refuse(BORING, "a P-521 key with a server that speaks TLS 1.2"),
        // These load, and then no certificate is sent (TLS 1.3), or the handshake breaks off (TLS 1.2).
        KeyAlgorithm::Ec(Curve::Brainpool) => refuse(ALL, "a brainpool key"),
        KeyAlgorithm::Ec(Curve::Secp256k1) => refuse(ALL, "a secp256k1 key"),
        KeyAlgorithm::Ec(Curve::Other(name)) if &**name == "explicit" => {
            refuse(&[BUN, CLAUDE_CODE, GIT_GNUTLS], "a key whose curve is spelled out")
        }
        KeyAlgorithm::Ec(Curve::Other(_)) => refuse(ALL, "a key on this curve"),
        KeyAlgorithm::Ed448 => refuse(BORING, "an Ed448 key"),
        KeyAlgorithm::Other(_) => refuse(ALL, "a key of this kind"),
        KeyAlgorithm::Rsa(..SMALLEST_RSA) => refuse(OPENSSL_INSIDE, "an RSA key under 2048 bits"),
        KeyAlgorithm::Rsa(_) => None,
        KeyAlgorithm::RsaPss(_) => refuse(BORING, "a key bound to RSA-PSS"),
    }
}

/// Who will not load a certificate of the client's chain, as what it is there.
pub fn refusals_of_client_certificate(certificate: &Certificate, role: Role) -> Vec<Refusal> {
    let kind = if role == Role::Leaf { refusal_of_key_kind(certificate.key()) } else { None };
    kind.into_iter().chain(refusal_of_client_signature(certificate, role)).collect()
}

/// The same, for the signature on it alone.
pub fn refusal_of_client_signature(certificate: &Certificate, role: Role) -> Option<Refusal> {
    let by = match (role, certificate.signature().digest()?) {
        // What signed itself is not looked at.
        (Role::Leaf, _) if certificate.is_self_issued() => return None,
        (Role::Leaf, Digest::Md5 | Digest::Sha1) => vec![CURL, OPENSSL, PYTHON],
        // OpenSSL's own program loads the leaf alone.
        (Role::Intermediate, Digest::Md5 | Digest::Sha1) => vec![CURL, PYTHON],
        _ => return None,
    };
    Some(Refusal { by, what: WEAK_SIGNATURE })
}

/// Who will not read a file as a certificate chain, because of how it is written. Keys, comments and other text in it, and
/// CRLF are harmless.
pub fn refusals_of_chain_file(content: &[u8]) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = Vec::new();
    let mut refuse = |by: &[Seen], what| {
        if !refusals.iter().any(|known| known.what == what) {
            refusals.push(Refusal { by: by.to_vec(), what });
        }
    };
    if matches!(pem::from_utf16(content), std::borrow::Cow::Owned(_)) {
        refuse(ALL, "is UTF-16");
    } else if !pem::is_pem(content) {
        refuse(BUT_FOR_OPENSSL, "is not PEM");
    } else {
        for block in pem::blocks(content).filter(|block| !block.label.ends_with("PRIVATE KEY")) {
            judge_block(content, &block, &mut refuse);
        }
    }
    refusals
}

fn judge_block(content: &[u8], block: &Block<'_>, refuse: &mut dyn FnMut(&[Seen], &'static str)) {
    match block.label {
        "CERTIFICATE" | "X509 CERTIFICATE" => {}
        "TRUSTED CERTIFICATE" => {
            refuse(&[GIT_GNUTLS], "has a certificate under the label TRUSTED CERTIFICATE")
        }
        "CMS" | "PKCS #7 SIGNED DATA" | "PKCS7" => return refuse(ALL, "is PKCS#7"),
        // Passed over by all of them.
        _ => return,
    }
    let start = block.raw.as_ptr().addr() - content.as_ptr().addr();
    let line_start = content[..start].iter().rposition(is_line_break).map_or(0, |position| position + 1);
    match &content[line_start..start] {
        b"" => {}
        // Bun loads the rest, and not this certificate.
        BYTE_ORDER_MARK => refuse(BORING, "has a byte order mark before a certificate"),
        _ => refuse(BUT_FOR_GNUTLS, "has a BEGIN line that is indented or shares its line"),
    }
    // A damaged block is told where it is found.
    if block.end != End::Complete {
        return;
    }
    if block.body.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n') {
        return refuse(BUT_FOR_GNUTLS, "has carriage returns without line feeds");
    }
    if block.body.last().is_some_and(|last| !is_line_break(last)) {
        refuse(BUT_FOR_GNUTLS, "has an END line that is indented or shares its line");
    }
    let mut lines = block.body.split(|byte| *byte == b'\n').skip(1).map(<[u8]>::trim_ascii).peekable();
    while let Some(line) = lines.next() {
        if line.is_empty() && lines.peek().is_some() {
            refuse(OPENSSL_INSIDE, "has blank lines inside of a certificate");
        }
        if BUN_LINE_LENGTHS.contains(&line.len()) {
            refuse(BORING, "has base64 lines of 253 or 506 characters");
        }
    }
}

/// Who refuses a key file for this.
fn refusing_quirk(quirk: Quirk) -> &'static [Seen] {
    match quirk {
        Quirk::BlankLine => OPENSSL_INSIDE,
        Quirk::ByteOrderMark | Quirk::LineLength => BORING,
        // OpenSSL's own program guesses the form of a key.
        Quirk::Der => BUT_FOR_OPENSSL,
        Quirk::LoneCarriageReturn | Quirk::MarkerNotAtLineStart => BUT_FOR_GNUTLS,
        Quirk::EndMarker
        | Quirk::Headers
        | Quirk::Label
        | Quirk::NoMarkers
        | Quirk::Padding
        | Quirk::Utf16 => ALL,
    }
}

/// Who refuses a key that is sealed like this; nobody refuses the portable form.
fn refusing_scheme(scheme: &Scheme, form: Form) -> &'static [Seen] {
    match scheme {
        Scheme::LegacyPem { cipher } => match cipher {
            Cipher::Aes128Cbc | Cipher::Aes192Cbc | Cipher::Aes256Cbc | Cipher::DesEde3Cbc => &[],
            Cipher::DesCbc => OPENSSL_INSIDE,
            Cipher::DesEde2Cbc => BORING_AND_GNUTLS,
            _ => ALL,
        },
        Scheme::Pbes1 { cipher: Cipher::DesCbc, hash: Hash::Md5, .. } => BUT_FOR_GNUTLS,
        Scheme::Pbes1 { .. } => ALL,
        Scheme::Pbes2 { cipher: Cipher::DesCbc, .. } => BUT_FOR_GNUTLS,
        Scheme::Pbes2 { kdf: Kdf::Scrypt { .. }, .. } => {
            if scheme.memory().is_some_and(|memory| memory > OPENSSL_SCRYPT_MEMORY) {
                ALL
            } else {
                BORING_AND_GNUTLS
            }
        }
        Scheme::Pbes2 { kdf: Kdf::Pbkdf2 { prf, prf_has_null_parameters, .. }, .. } => match prf {
            Prf::HmacSha1 | Prf::HmacSha256 if *prf_has_null_parameters => &[],
            _ => BORING,
        },
        Scheme::Pkcs12Pbe { cipher, .. } => match cipher {
            Cipher::DesEde3Cbc => &[],
            Cipher::DesEde2Cbc => BORING_AND_GNUTLS,
            Cipher::Rc2Cbc40 | Cipher::Rc4With128 => OPENSSL_INSIDE,
            _ => ALL,
        },
        Scheme::Unsupported { what } => {
            let is_old = OPENSSL_LEGACY.iter().any(|name| what.starts_with(name));
            match form {
                _ if is_old => ALL,
                // GnuTLS knows Camellia in the old form of PEM, and not in PKCS#8.
                Form::LegacyEncrypted if what.starts_with("CAMELLIA-") && what.ends_with("-CBC") => BORING,
                _ => BORING_AND_GNUTLS,
            }
        }
    }
}

fn is_line_break(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Those with BoringSSL.
const BORING: &[Seen] = &[BUN, CLAUDE_CODE];
const BORING_AND_GNUTLS: &[Seen] = &[BUN, CLAUDE_CODE, GIT_GNUTLS];
/// Multiples of the 253 characters that Bun's reader takes at once; with 759 a certificate of one line is read.
const BUN_LINE_LENGTHS: [usize; 2] = [253, 506];
const BUT_FOR_GNUTLS: &[Seen] = &[BUN, CLAUDE_CODE, CURL, NODE, OPENSSL, PYTHON];
const BUT_FOR_OPENSSL: &[Seen] = &[BUN, CLAUDE_CODE, CURL, GIT_GNUTLS, NODE, PYTHON];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Those that read keys and certificates with OpenSSL.
const OPENSSL_INSIDE: &[Seen] = &[CURL, NODE, OPENSSL, PYTHON];
/// What OpenSSL 3 has in its provider `legacy` only, which none of these loads.
const OPENSSL_LEGACY: [&str; 6] = ["BF-", "CAST5-", "IDEA-", "PBE-MD2-", "RC2-", "SEED-"];
/// OpenSSL's bound for scrypt, in bytes: 32 MiB.
const OPENSSL_SCRYPT_MEMORY: u64 = 32 << 20;
