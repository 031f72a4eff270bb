//! What each client reads of a file of roots, whatever form that has (CLIENTS.md, bundle, rules 1 to 4), and whether a file serves as
//! a bundle. Pure, and no judge of a certificate: what a client refuses of what it has read stands in the module above.

use memchr::memmem;

use super::Client;
use crate::pki::bundle::{Obstacle, loads_everywhere, obstacles};
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::container::{self, Content};

/// What a bundle file is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The one form that certman writes: for a bundle of its own.
    Form,
    /// What each client gets of it: for one that somebody else has written, in whatever form.
    Readers,
}

/// Why a file does not serve as a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// There is no certificate in it.
    Empty,
    /// Some client loses certificates of it, or all of them.
    Lossy(Obstacle),
}

/// Whether a file serves as a bundle.
///
/// # Errors
/// Why it does not: of several reasons a block that cannot be read, or that harms its neighbours, comes first.
pub fn serves(text: &[u8], measure: Measure) -> Result<(), Unfit> {
    let (mut certificates, mut is_damaged) = (0, false);
    container::scan(text, &mut |item| match item.content {
        Content::Certificate(der) => {
            certificates += 1;
            let certificate = Certificate::parse(der, Fingerprint::of(der));
            is_damaged |= !certificate.is_ok_and(|certificate| certificate.flaw().is_none());
        }
        Content::Damaged { .. } | Content::Unclosed { .. } => is_damaged = true,
        _ => {}
    });
    if certificates == 0 {
        return Err(Unfit::Empty);
    }
    // Claude Code then has none of them, nor those that are right (CLIENTS.md, bundle, rules 2, 3 and 5).
    if is_damaged {
        return Err(Unfit::Lossy(Obstacle::Damage));
    }
    match measure {
        Measure::Form => loads_everywhere(text).map_err(Unfit::Lossy),
        Measure::Readers => {
            let reads_all =
                |client| certificates_read_by(client, text).is_some_and(|read| read.len() >= certificates);
            match Client::ALL.into_iter().all(reads_all) {
                true => Ok(()),
                false => Err(Unfit::Lossy(harm(text))),
            }
        }
    }
}

/// What it is that some client loses certificates by, where it has been seen that one does.
fn harm(text: &[u8]) -> Obstacle {
    let does_harm = |(why, line): &(Obstacle, &[u8])| match why {
        Obstacle::NoFinalNewline => false,
        // Letters of any kind do none in a comment.
        Obstacle::NotAscii => line.contains(&0) || memmem::find(line, b"-----").is_some(),
        Obstacle::Marker => ![b"-----BEGIN ", &b"-----END "[..]]
            .into_iter()
            .filter_map(|start| marker(line, start))
            .any(|label| LABELS[..2].iter().any(|known| known.as_bytes() == label)),
        Obstacle::Damage | Obstacle::LoneCarriageReturn => true,
    };
    let first = || loads_everywhere(text).err();
    obstacles(text).find(does_harm).map(|(why, _)| why).or_else(first).unwrap_or(Obstacle::Damage)
}

/// The certificates that a client reads of a file of roots. None where it takes the whole file for broken, and says so.
///
/// Seen on Bun 1.4.5, curl 7.88, git 2.47 with GnuTLS 3.7, Node 24.22, OpenSSL 3.0, Python 3.11 and requests 2.34. Claude Code
/// counts as Bun: some of its versions keep what stands behind a damaged block, as 2.1.332, and some lose everything.
pub fn certificates_read_by(client: Client, text: &[u8]) -> Option<Vec<Certificate>> {
    let reading = match client {
        Client::Bun | Client::ClaudeCode => {
            Reading { at_damage: AtDamage::Nothing, labels: &LABELS[..2], skips_byte_order_mark: false }
        }
        Client::Curl | Client::OpenSsl | Client::Python => {
            Reading { at_damage: AtDamage::Refusal, labels: &LABELS, skips_byte_order_mark: true }
        }
        Client::GitGnuTls => return by_gnutls(text),
        Client::Node => {
            Reading { at_damage: AtDamage::WhatWasBefore, labels: &LABELS[..2], skips_byte_order_mark: true }
        }
    };
    reading.certificates(text)
}

/// GnuTLS takes the markers wherever they stand, and nothing without any.
fn by_gnutls(text: &[u8]) -> Option<Vec<Certificate>> {
    let has = |label: &str| memmem::find(text, format!("-----BEGIN {label}-----").as_bytes()).is_some();
    if !LABELS[..2].iter().any(|label| has(label)) {
        return Some(Vec::new());
    }
    let (mut found, mut is_broken) = (Vec::new(), false);
    container::scan(text, &mut |item| match item.content {
        Content::Certificate(der) => found.extend(Certificate::parse(der, Fingerprint::of(der)).ok()),
        Content::Damaged { .. } | Content::Unclosed { .. } => is_broken = true,
        _ => {}
    });
    (!is_broken).then_some(found)
}

/// How those read who want every marker on a line of its own.
struct Reading {
    at_damage: AtDamage,
    labels: &'static [&'static str],
    /// Whether a block may stand behind a byte order mark; else it is passed over.
    skips_byte_order_mark: bool,
}

/// What is left of a file with a damaged block.
enum AtDamage {
    /// Not a single certificate.
    Nothing,
    /// Nothing, and whoever names the file gets an error; so it is without any certificate.
    Refusal,
    /// The certificates before that block.
    WhatWasBefore,
}

impl Reading {
    fn certificates(&self, text: &[u8]) -> Option<Vec<Certificate>> {
        let mut found = Vec::new();
        let is_whole = self.read(text, &mut found);
        match self.at_damage {
            AtDamage::Nothing if !is_whole => Some(Vec::new()),
            AtDamage::Refusal if !is_whole || found.is_empty() => None,
            _ => Some(found),
        }
    }

    /// Reads up to the first block that is damaged, and says whether there is none.
    fn read(&self, text: &[u8], found: &mut Vec<Certificate>) -> bool {
        let mut at = 0;
        let mut open: Option<(&[u8], usize)> = None;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let (start, end) = (at, at + line.len());
            at = end;
            let line = line.trim_ascii_end();
            match open {
                None => {
                    let bare = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| self.skips_byte_order_mark);
                    let bare = bare.unwrap_or(line);
                    open = marker(bare, b"-----BEGIN ").map(|label| (label, start + line.len() - bare.len()));
                }
                Some((label, start)) if line.starts_with(b"-----") => {
                    if marker(line, b"-----END ") != Some(label) {
                        return false;
                    }
                    open = None;
                    if self.labels.iter().any(|known| known.as_bytes() == label) {
                        let Some(certificate) = certificate(&text[start..end]) else { return false };
                        found.extend(certificate);
                    }
                }
                Some(_) => {}
            }
        }
        open.is_none()
    }
}

/// The label of a marker that fills its line.
fn marker<'t>(line: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// The certificate in a block; none where the block is damaged, nothing in it where certman cannot read a whole one.
fn certificate(block: &[u8]) -> Option<Option<Certificate>> {
    let mut read = None;
    container::scan(block, &mut |item| {
        if let Content::Certificate(der) = item.content {
            read = Some(Certificate::parse(der, Fingerprint::of(der)).ok());
        }
    });
    read
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// The last one not for everybody.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::public;

    /// How many each client reads, in the order of [`Client::ALL`]; -1 for a file that it takes for broken.
    fn read(text: impl AsRef<[u8]>) -> [i64; 7] {
        Client::ALL.map(|client| {
            certificates_read_by(client, text.as_ref()).map_or(-1, |found| found.len().try_into().unwrap())
        })
    }

    fn blocks() -> [String; 2] {
        let mut roots = public::mozilla();
        [(); 2].map(|()| {
            let mut text = b"-----BEGIN CERTIFICATE-----\n".to_vec();
            crate::pki::container::pem::encode_base64(roots.next().unwrap(), &mut text);
            text.extend(b"-----END CERTIFICATE-----\n");
            String::from_utf8(text).unwrap()
        })
    }

    /// Noticed with `# Größe` in front of a company's root: settings show and doctor said that some clients lose it, and none does.
    #[test]
    fn a_file_that_somebody_else_has_written_serves_where_every_client_reads_all_of_it() {
        let [one, two] = blocks();
        let both = format!("{one}{two}");
        let key = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
        for text in [
            format!("# Größe\n{both}"),
            both.trim_end().to_owned(),
            both.replace('\n', "\r\n"),
            both.replace(" CERT", " X509 CERT"),
            format!("{both}{key}"),
        ] {
            assert_eq!(serves(text.as_bytes(), Measure::Readers), Ok(()), "{text}");
        }
        assert_eq!(serves(both.as_bytes(), Measure::Form), Ok(()));
        let glued = format!("# Größe\n{}{two}", one.trim_end());
        let damaged = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        for (text, why) in [
            (format!("\u{feff}{both}"), Obstacle::NotAscii),
            (format!("# Größe\n{key}{}", both.replace(" CERT", " TRUSTED CERT")), Obstacle::Marker),
            (glued, Obstacle::Marker),
            (both.replace('\n', "\r"), Obstacle::LoneCarriageReturn),
            (format!("# Größe\n{both}{damaged}"), Obstacle::Damage),
        ] {
            assert_eq!(serves(text.as_bytes(), Measure::Readers), Err(Unfit::Lossy(why)), "{text}");
        }
        for (text, why) in [
            (format!("# Größe\n{both}"), Obstacle::NotAscii),
            (both.trim_end().to_owned(), Obstacle::NoFinalNewline),
            (format!("{both}{key}"), Obstacle::Marker),
        ] {
            assert_eq!(serves(text.as_bytes(), Measure::Form), Err(Unfit::Lossy(why)), "{text}");
        }
        assert_eq!(serves(key.as_bytes(), Measure::Readers), Err(Unfit::Empty));
    }

    /// What real clients do with the same forms is compared in `tests/doctor.rs`.
    #[test]
    fn what_is_read_of_a_file_depends_on_who_reads_it() {
        let [one, two] = blocks();
        let both = format!("# Größe\n{one}\ntext\n{two}");
        assert_eq!(read(&both), [2; 7]);
        assert_eq!(read(both.trim_end()), [2; 7]);
        assert_eq!(read(both.replace('\n', "\r\n")), [2; 7]);
        assert_eq!(read(both.replace(" CERT", " X509 CERT")), [2; 7]);
        // Bun, Claude Code, curl, git, Node, OpenSSL, Python.
        assert_eq!(read(""), [0, 0, -1, 0, 0, -1, -1]);
        assert_eq!(read(public::mozilla().next().unwrap()), [0, 0, -1, 0, 0, -1, -1]);
        assert_eq!(read(format!("\u{feff}{one}{two}")), [1, 1, 2, 2, 2, 2, 2]);
        assert_eq!(read(both.replace(" CERT", " TRUSTED CERT")), [0, 0, 2, 0, 0, 2, 2]);
        assert_eq!(read(format!("{}{two}", one.trim_end())), [0, 0, -1, 2, 0, -1, -1]);
        assert_eq!(read(both.replace('\n', "\r")), [0, 0, -1, 2, 0, -1, -1]);
        let damaged = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        assert_eq!(read(format!("{one}{damaged}{two}")), [0, 0, -1, -1, 1, -1, -1]);
        assert_eq!(read(&both[..both.len() - 40]), [0, 0, -1, -1, 1, -1, -1]);
    }
}
