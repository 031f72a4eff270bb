//! What a file is and what lies in it: PEM, DER, PKCS#7, stores, and a guess at anything else. Recognised by content; names
//! of files are not known here.

mod der;
mod jks;
pub mod pem;
pub mod pkcs12;
mod pkcs7;
mod rubbish;
mod store;

use std::borrow::Cow;

use zeroize::Zeroizing;

pub use self::der::{issuer_of_list, subject_of_request};
pub use self::pem::{Damage, End};
pub use self::rubbish::{Guess, title};
pub use self::store::{
    Extent, Integrity, Opened, Others, Protected, Protection, Store, StoreError, StoreKind,
    StoredCertificate, StoredKey,
};

use super::asn1::{Element, Malformed};
use der::Structure;

/// Something found in a file.
pub struct Item<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// Its number in the file, from 1. In PEM that of the block, in a store that of the certificate.
    pub index: u32,
    /// The line of its BEGIN marker, from 1; none where it is not PEM.
    pub line: Option<u32>,
    /// How it is written down.
    pub packing: Packing,
}

/// How something is written down in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Base64 that has lost its markers.
    Base64,
    /// The bytes of the structure.
    Der,
    /// Base64 between markers.
    Pem,
    /// The same in UTF-16.
    PemUtf16,
    /// Inside of PKCS#7 in DER or BER.
    Pkcs7,
    /// Inside of PKCS#7 in PEM.
    Pkcs7Pem,
    /// Inside of a store.
    Store(StoreKind),
}

impl Packing {
    /// The name, for JSON and for people; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base64 => "base64 without markers",
            Self::Der => "DER",
            Self::Pem => "PEM",
            Self::PemUtf16 => "PEM in UTF-16",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs7Pem => "PKCS#7 in PEM",
            Self::Store(kind) => kind.name(),
        }
    }
}

/// What something found in a file is.
pub enum Content<'a> {
    /// The bytes of a certificate, trust settings behind it cut off. Not judged yet.
    Certificate(&'a [u8]),
    /// A block that was meant to be something and cannot be read.
    Damaged {
        /// Its label; empty where it is not PEM.
        label: &'a str,
        /// What is wrong.
        why: Broken,
    },
    /// A private key, by the text or bytes it stands in, for [`super::key::detect`].
    PrivateKey(&'a [u8]),
    /// A certificate request: its bytes, not judged.
    Request(&'a [u8]),
    /// A certificate revocation list: its bytes, not judged.
    RevocationList(&'a [u8]),
    /// A store of certificates and keys, to be opened. It counts as one item; what lies in it is numbered by itself.
    Store(Store<'a>),
    /// The whole file is something else.
    Unknown(Guess),
    /// A block that has no END marker.
    Unclosed {
        /// Its label.
        label: &'a str,
    },
    /// A block with a label that has no place here, or bytes behind the last structure.
    Unrelated {
        /// Its label; empty where it is not PEM.
        label: &'a str,
        /// The block with its markers, or the bytes.
        raw: &'a [u8],
    },
}

/// Why a block cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The base64.
    Base64(Damage),
    /// A date that no calendar has.
    Date,
    /// The END marker has another label.
    EndMarker,
    /// The ASN.1 structure.
    Structure(Malformed),
}

/// Goes through the content of a file and hands every item to `visit`, in order. A file in which nothing is found
/// gives one [`Content::Unknown`]; so does an empty one.
pub fn scan(bytes: &[u8], visit: &mut dyn FnMut(Item<'_>)) {
    let mut sink = Sink { index: 0, is_utf16: false, line: None, packing: Packing::Der, visit };
    // Whatever is decoded may turn out to be a key that has no business there: every copy is wiped.
    let found = match pem::from_utf16(bytes) {
        Cow::Borrowed(text) => scan_text(text, &mut sink),
        Cow::Owned(text) => {
            sink.is_utf16 = true;
            scan_text(&Zeroizing::new(text), &mut sink)
        }
    };
    if !found {
        sink.give(Content::Unknown(rubbish::guess(bytes)));
    }
}

/// Says whether anything was found.
fn scan_text(text: &[u8], sink: &mut Sink<'_>) -> bool {
    // A structure counts before a marker: the names in a certificate may hold one.
    if der::structure(text) == Structure::Unknown && pem::is_pem(text) {
        scan_pem(text, sink);
        return true;
    }
    if scan_der(text, sink) > 0 {
        return true;
    }
    // Base64 without markers, as a browser's developer tools or a ticket give it.
    let naked = rubbish::may_be_base64(text).then(|| pem::decode_base64(text).ok()).flatten();
    naked.map(Zeroizing::new).is_some_and(|der| {
        sink.packing = Packing::Base64;
        scan_der(&der, sink) > 0
    })
}

fn scan_pem(text: &[u8], sink: &mut Sink<'_>) {
    sink.packing = if sink.is_utf16 { Packing::PemUtf16 } else { Packing::Pem };
    for block in pem::blocks(text) {
        sink.line = Some(block.line);
        let label = block.label;
        match block.end {
            End::Missing => {
                sink.give(Content::Unclosed { label });
                continue;
            }
            End::Mismatched => {
                sink.give(Content::Damaged { label, why: Broken::EndMarker });
                continue;
            }
            End::Complete => {}
        }
        match label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => {
                with_der(&block, sink, |der, sink| match der::structure(der) {
                    Structure::SignedData => scan_pkcs7(der, label, sink),
                    // Encrypted mail has the same label.
                    _ if !label.ends_with("CERTIFICATE") && der::structure(der) != Structure::Certificate => {
                        sink.give(Content::Unrelated { label, raw: block.raw });
                    }
                    // Whatever else it is, the label says certificate: reading it will tell what is wrong.
                    _ => sink.give(Content::Certificate(der)),
                });
            }
            // OpenSSL's trust settings stand behind the certificate.
            "TRUSTED CERTIFICATE" => with_der(&block, sink, |der, sink| match der::first(der) {
                Ok(certificate) => sink.give(Content::Certificate(certificate)),
                Err(malformed) => {
                    sink.give(Content::Damaged { label, why: Broken::Structure(malformed) });
                }
            }),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
                with_der(&block, sink, |der, sink| sink.give(Content::Request(der)));
            }
            "X509 CRL" | "CRL" => with_der(&block, sink, |der, sink| sink.give(Content::RevocationList(der))),
            // Nobody's standard, and yet what some tools print.
            "PKCS12" => with_der(&block, sink, |der, sink| match der::structure(der) {
                Structure::Store(kind) => sink.give(Content::Store(Store { bytes: der, kind })),
                _ => {
                    let malformed = Element::read(der).err().unwrap_or(Malformed::Unexpected);
                    sink.give(Content::Damaged { label, why: Broken::Structure(malformed) });
                }
            }),
            _ if label.ends_with("PRIVATE KEY") => sink.give(Content::PrivateKey(block.raw)),
            _ => sink.give(Content::Unrelated { label, raw: block.raw }),
        }
    }
}

/// Goes through the DER structures that follow one another, and says how many there were. Line ends and zeros behind
/// the last one, as an editor or a device leaves them, are passed over.
fn scan_der(bytes: &[u8], sink: &mut Sink<'_>) -> u32 {
    let mut rest = bytes;
    let mut found = 0;
    while !rest.iter().all(|byte| matches!(byte, 0 | b'\n' | b'\r' | b' ')) {
        let structure = der::structure(rest);
        if let Structure::Store(kind @ (StoreKind::Jceks | StoreKind::Jks)) = structure {
            // Nothing in it says where it ends.
            sink.give(Content::Store(Store { bytes: rest, kind }));
            return found + 1;
        }
        let whole = match (der::first(rest), structure) {
            (Ok(whole), _) => whole,
            // Opening it will tell that its end is missing.
            (Err(_), Structure::Store(_)) => rest,
            (Err(_), _) => break,
        };
        match structure {
            Structure::Certificate => sink.give(Content::Certificate(whole)),
            Structure::PrivateKey => sink.give(Content::PrivateKey(whole)),
            Structure::Request => sink.give(Content::Request(whole)),
            Structure::RevocationList => sink.give(Content::RevocationList(whole)),
            Structure::SignedData => scan_pkcs7(whole, "", sink),
            Structure::Store(kind) => sink.give(Content::Store(Store { bytes: whole, kind })),
            Structure::Unknown => break,
        }
        found += 1;
        rest = &rest[whole.len()..];
    }
    if found > 0 && rest.iter().any(|byte| !matches!(byte, 0 | b'\n' | b'\r' | b' ')) {
        sink.give(Content::Unrelated { label: "", raw: rest });
    }
    found
}

fn scan_pkcs7(der: &[u8], label: &str, sink: &mut Sink<'_>) {
    let outside = sink.packing;
    sink.packing =
        if matches!(outside, Packing::Pem | Packing::PemUtf16) { Packing::Pkcs7Pem } else { Packing::Pkcs7 };
    match pkcs7::contents(der) {
        Ok(contents) => {
            let mut nothing = true;
            for content in contents {
                nothing = false;
                match content {
                    Ok(pkcs7::Part::Certificate(certificate)) => sink.give(Content::Certificate(certificate)),
                    Ok(pkcs7::Part::RevocationList(list)) => sink.give(Content::RevocationList(list)),
                    Err(malformed) => {
                        sink.give(Content::Damaged { label, why: Broken::Structure(malformed) });
                    }
                }
            }
            if nothing {
                sink.give(Content::Unknown(Guess::Pkcs7WithoutCertificates));
            }
        }
        Err(malformed) => sink.give(Content::Damaged { label, why: Broken::Structure(malformed) }),
    }
    sink.packing = outside;
}

/// Decodes a block and goes on with its bytes, or reports it as damaged.
fn with_der(block: &pem::Block<'_>, sink: &mut Sink<'_>, go_on: impl FnOnce(&[u8], &mut Sink<'_>)) {
    match block.decode() {
        Ok(der) => go_on(&der, sink),
        Err(damage) => {
            sink.give(Content::Damaged { label: block.label, why: Broken::Base64(damage.at(block.line)) });
        }
    }
}

/// Where items go, numbered on the way.
struct Sink<'v> {
    index: u32,
    is_utf16: bool,
    line: Option<u32>,
    packing: Packing,
    visit: &'v mut dyn FnMut(Item<'_>),
}

impl Sink<'_> {
    fn give(&mut self, content: Content<'_>) {
        self.index += 1;
        (self.visit)(Item { content, index: self.index, line: self.line, packing: self.packing });
    }
}
