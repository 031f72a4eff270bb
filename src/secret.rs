//! Secrets as types: wiped when dropped, never shown.
//!
//! Neither type implements `Clone`, `Display`, `Serialize` or a `Debug` that shows its content. The
//! one way to the bytes is `expose_secret`, a name that is easy to search for.

use std::fmt;

use zeroize::Zeroizing;

/// A passphrase: bytes, not text, exactly as the key file's maker typed them.
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the bytes as they are.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes what a file, a pipe or a program gave, and cuts off one line ending (`\n` or `\r\n`):
    /// nothing more, since blanks may belong to the passphrase.
    pub fn from_line(bytes: Vec<u8>) -> Self {
        let mut bytes = Zeroizing::new(bytes);
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Self(bytes)
    }

    /// One that nobody has chosen and nobody knows: 43 letters of the URL-safe base64 alphabet (RFC 4648, section 5), which
    /// stand for 258 bits of the generator of aws-lc-rs. None where that fails.
    pub fn random() -> Option<Self> {
        let mut bytes = Zeroizing::new(vec![0; RANDOM_LETTERS]);
        aws_lc_rs::rand::fill(&mut bytes).ok()?;
        for byte in bytes.iter_mut() {
            *byte = URL_SAFE[usize::from(*byte & 0x3f)];
        }
        Some(Self(bytes))
    }

    /// The bytes themselves.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it. Every client takes an empty passphrase for none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What about it often goes wrong on the way to a client. Empty where it is plain.
    pub fn oddities(&self) -> Vec<Oddity> {
        let ending = [b"\r\n".as_slice(), b"\n", b"\r"].into_iter().find(|ending| self.0.ends_with(ending));
        let line = &self.0[..self.0.len() - ending.map_or(0, <[u8]>::len)];
        let text = str::from_utf8(line);
        let has = |position: fn(&str) -> Option<char>, test: fn(char) -> bool| {
            text.is_ok_and(|text| position(text).is_some_and(test))
        };
        let mut oddities = Vec::new();
        // In text the C1 characters count too; in other bytes they may well be letters of another encoding.
        if match text {
            Ok(text) => text.chars().any(char::is_control),
            Err(_) => line.iter().any(u8::is_ascii_control),
        } {
            oddities.push(Oddity::ControlCharacter);
        }
        if has(|text| text.chars().next(), char::is_whitespace) || line.first() == Some(&b' ') {
            oddities.push(Oddity::LeadingBlank);
        }
        if ending.is_some() {
            oddities.push(Oddity::LineEnding);
        }
        if text.is_err() {
            oddities.push(Oddity::NotUtf8);
        }
        if has(|text| text.chars().next_back(), char::is_whitespace) || line.last() == Some(&b' ') {
            oddities.push(Oddity::TrailingBlank);
        }
        oddities
    }

    /// The longest passphrase that every client takes, in bytes (seen on Node 24, Bun 1.4, OpenSSL 3.0).
    pub const LONGEST: usize = 1_023;
}

/// Something about a passphrase that is allowed and yet often a mistake. It says nothing of the rest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A character below U+0020, U+007F, or one of U+0080 to U+009F: a tab, an escape sequence of a key.
    ControlCharacter,
    /// It begins with a blank, of whatever width.
    LeadingBlank,
    /// It ends in a line ending, which is then part of it: the entry was made with `echo`.
    LineEnding,
    /// It is not UTF-8, which every client hands on: typed on a terminal of another encoding, perhaps.
    NotUtf8,
    /// It ends in a blank, before the line ending if it has one.
    TrailingBlank,
}

impl Oddity {
    /// Whether it is blank at an end: Claude Code 2.1.332 takes that off what the variable holds; 2.1.197, Node and Bun do not.
    pub fn is_at_an_end(self) -> bool {
        matches!(self, Self::LeadingBlank | Self::LineEnding | Self::TrailingBlank)
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlCharacter => "it holds a control character",
            Self::LeadingBlank => "it begins with a blank",
            Self::LineEnding => "it ends in a line ending",
            Self::NotUtf8 => "it is not UTF-8",
            Self::TrailingBlank => "it ends in a blank",
        })
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(***)")
    }
}

/// Secret bytes of any other kind: the content of a key file, a key in the clear.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes as they are. The caller gives a buffer that never grew while it held them.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(***)")
    }
}

/// Six bits each: the first number above 256 bits.
const RANDOM_LETTERS: usize = 43;
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_ending_is_cut_off_and_nothing_more() {
        for (given, kept) in [
            ("geheim", "geheim"),
            ("geheim\n", "geheim"),
            ("geheim\r\n", "geheim"),
            ("geheim\n\n", "geheim\n"),
            (" geheim \n", " geheim "),
            ("geheim\r", "geheim\r"),
            ("\n", ""),
        ] {
            let passphrase = Passphrase::from_line(given.as_bytes().to_vec());
            assert_eq!(passphrase.expose_secret(), kept.as_bytes(), "{given:?}");
        }
    }

    #[test]
    fn oddities_are_named_and_plain_passphrases_have_none() {
        use Oddity::*;
        for (given, odd) in [
            (b"geheim".as_slice(), vec![]),
            (b"two words", vec![]),
            ("größer\u{1f511}".as_bytes(), vec![]),
            (b"", vec![]),
            (b" geheim", vec![LeadingBlank]),
            (b"geheim ", vec![TrailingBlank]),
            ("geheim\u{a0}".as_bytes(), vec![TrailingBlank]),
            (b"geheim\n", vec![LineEnding]),
            (b"geheim\r\n", vec![LineEnding]),
            (b"geheim \n", vec![LineEnding, TrailingBlank]),
            (b"geheim\n\n", vec![ControlCharacter, LineEnding, TrailingBlank]),
            (b"ge\theim", vec![ControlCharacter]),
            (b"ge\x1b[Aheim", vec![ControlCharacter]),
            ("ge\u{9b}heim".as_bytes(), vec![ControlCharacter]),
            (b"gr\xf6\xdfer", vec![NotUtf8]),
            (b" gr\xf6\xdfer ", vec![LeadingBlank, NotUtf8, TrailingBlank]),
        ] {
            assert_eq!(Passphrase::new(given.to_vec()).oddities(), odd, "{given:?}");
        }
    }

    #[test]
    fn a_random_passphrase_is_text_that_goes_anywhere_and_never_the_same() {
        let all: Vec<Passphrase> = (0..100).filter_map(|_| Passphrase::random()).collect();
        assert_eq!(all.len(), 100);
        let texts: std::collections::BTreeSet<&[u8]> = all.iter().map(Passphrase::expose_secret).collect();
        assert_eq!(texts.len(), 100);
        assert!(texts.iter().all(|text| text.len() == 43 && text.iter().all(|byte| URL_SAFE.contains(byte))));
        // Every letter turns up among 4,300: a chance of 64 * (63/64)^4300 against.
        assert!(URL_SAFE.iter().all(|letter| texts.iter().any(|text| text.contains(letter))));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Passphrase::new(b"geheim".to_vec())), "Passphrase(***)");
        assert_eq!(format!("{:?}", SecretBytes::new(b"geheim".to_vec())), "SecretBytes(***)");
    }
}
