//! Distinguished names as text (RFC 4514), safe to print wherever text goes.
//!
//! A name in a certificate is a stranger's text. Every character that could move a cursor, start a line, turn the
//! writing direction or end a value comes out as `\` and hexadecimal digits, so that no place that shows a name has to
//! remember to do it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};

use super::algorithm::dotted;
use super::asn1::{Element, OBJECT_IDENTIFIER, SEQUENCE, SET, UTF8_STRING};
use super::cert::hex;

/// A name, by its DER.
#[derive(Clone, Copy)]
pub struct Name<'a>(&'a [u8]);

impl<'a> Name<'a> {
    /// A name from the DER of an RDNSequence.
    pub fn of(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// The name in ASCII and no longer than `limit` characters (an ellipsis `...` included), for a comment in a file:
    /// in it, no run of dashes that could be taken for a PEM marker is left either.
    pub fn ascii(self, limit: usize) -> String {
        let mut text = String::new();
        let mut previous = ' ';
        for letter in self.to_string().chars() {
            if letter == '-' && previous == '-' {
                text.push_str("\\2D");
            } else if letter.is_ascii() {
                text.push(letter);
            } else {
                escape(letter, &mut text);
            }
            previous = letter;
            if text.len() > limit {
                let mut end = limit.saturating_sub(3);
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                text.truncate(end);
                text.push_str("...");
                break;
            }
        }
        text
    }

    /// Its DER.
    pub fn der(self) -> &'a [u8] {
        self.0
    }

    /// The last common name, safe to print.
    pub fn common_name(self) -> Option<String> {
        let common_name = self.attributes().filter(|(oid, _)| *oid == COMMON_NAME).last();
        common_name.map(|(_, value)| value_text(value))
    }

    /// The name for people: the common name alone where there is one, and no longer than a line.
    pub fn short(self) -> String {
        let text = self.common_name().unwrap_or_else(|| self.to_string());
        if text.chars().count() <= SHORT {
            text
        } else {
            text.chars().take(SHORT - 1).chain(['…']).collect()
        }
    }

    /// What is left of the name when two spellings of the same name are made equal: text in UTF-8 whatever its string type,
    /// ASCII letters in lower case, blanks trimmed and runs of them one blank. So OpenSSL and BoringSSL compare names (seen
    /// on OpenSSL 3.0); RFC 5280, section 7.1 wants about the same. A name that cannot be read stands for itself.
    pub fn comparable(self) -> Vec<u8> {
        // No DER starts with a zero: what is comparable is never equal to what stands for itself.
        let mut comparable = Vec::with_capacity(self.0.len() + 1);
        comparable.push(0);
        let is_whole = Element::expect(self.0, SEQUENCE).is_ok_and(|(name, behind)| {
            behind.is_empty()
                && name
                    .children()
                    .all(|set| set.is_ok_and(|set| set_comparable(set, &mut comparable).is_some()))
        });
        if is_whole { comparable } else { self.0.to_vec() }
    }

    /// The attributes in their order: the type's object identifier (content octets) and the value.
    fn attributes(self) -> impl Iterator<Item = (&'a [u8], Element<'a>)> {
        let sets = Element::expect(self.0, SEQUENCE).map(|(name, _)| name.children());
        sets.into_iter()
            .flatten()
            .flatten()
            .filter(|set| set.tag == SET)
            .flat_map(|set| set.children().flatten())
            .filter_map(|attribute| {
                let mut parts = attribute.children();
                let oid = parts.expect(OBJECT_IDENTIFIER).ok()?.content;
                Some((oid, parts.next()?.ok()?))
            })
    }
}

/// Names are equal where clients take one for the other, however their texts are encoded.
impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.comparable() == other.comparable()
    }
}

impl Eq for Name<'_> {}

impl Hash for Name<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.comparable().hash(state);
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (oid, value) in self.attributes() {
            f.write_str(separator)?;
            match TYPES.iter().find(|(known, _)| *known == oid) {
                Some((_, keyword)) => f.write_str(keyword)?,
                None => f.write_str(&dotted(oid))?,
            }
            f.write_char('=')?;
            f.write_str(&value_text(value))?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("(no name)") } else { Ok(()) }
    }
}

/// A value with everything escaped that RFC 4514, section 2.4 wants escaped, and everything that could do harm. What
/// is not text comes as `#` and the hexadecimal digits of its DER.
fn value_text(value: Element<'_>) -> String {
    let decoded = decoded(value).or_else(|| match value.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING | NUMERIC_STRING | VISIBLE_STRING => {
            Some(String::from_utf8_lossy(value.content))
        }
        _ => None,
    });
    let Some(decoded) = decoded else { return format!("#{}", hex(value.raw)) };
    let mut text = String::with_capacity(decoded.len());
    let last = decoded.chars().count().saturating_sub(1);
    for (position, letter) in decoded.chars().enumerate() {
        match letter {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => text.extend(['\\', letter]),
            '#' if position == 0 => text.push_str("\\#"),
            ' ' if position == 0 || position == last => text.push_str("\\ "),
            _ if is_harmful(letter) => escape(letter, &mut text),
            _ => text.push(letter),
        }
    }
    text
}

/// The text of a value; none where it is no text, or not in the encoding that its type says.
fn decoded(value: Element<'_>) -> Option<Cow<'_, str>> {
    match value.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING | NUMERIC_STRING | VISIBLE_STRING => {
            std::str::from_utf8(value.content).ok().map(Cow::Borrowed)
        }
        // Seen in the wild: Latin-1, whatever T.61 says.
        TELETEX_STRING => Some(value.content.iter().map(|byte| char::from(*byte)).collect::<String>().into()),
        BMP_STRING => {
            let units = value.content.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            let letters = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
            Some(letters.collect::<String>().into())
        }
        UNIVERSAL_STRING => {
            let units = value.content.chunks_exact(4);
            let letters = units.map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
            let letters = letters.map(|letter| char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER));
            Some(letters.collect::<String>().into())
        }
        _ => None,
    }
}

/// Appends the attributes of one RelativeDistinguishedName as [`Name::comparable`] has them.
fn set_comparable(set: Element<'_>, comparable: &mut Vec<u8>) -> Option<()> {
    comparable.push(set.tag);
    for attribute in set.children() {
        let mut parts = attribute.ok()?.children();
        let oid = parts.expect(OBJECT_IDENTIFIER).ok()?;
        let value = parts.next()?.ok()?;
        comparable.extend_from_slice(oid.raw);
        // OpenSSL compares a NumericString byte by byte, as it does everything that is no text.
        let Some(text) = decoded(value).filter(|_| value.tag != NUMERIC_STRING) else {
            comparable.extend_from_slice(value.raw);
            continue;
        };
        let start = comparable.len();
        comparable.extend_from_slice(&[UTF8_STRING, 0, 0, 0, 0]);
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            if comparable.len() > start + 5 {
                comparable.push(b' ');
            }
            comparable.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
        let length = (comparable.len() - start - 5) as u32;
        comparable[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
    }
    Some(())
}

/// White space as C has it.
fn is_space(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == '\u{0b}'
}

/// The letter's UTF-8 bytes, each as `\` and two hexadecimal digits.
fn escape(letter: char, text: &mut String) {
    for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
        text.push('\\');
        text.push_str(&hex(&[byte]).to_ascii_uppercase());
    }
}

/// Whether a character can do more than stand where it is: control characters, line and paragraph separators, and
/// what changes the writing direction or has no width.
pub fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text that came from elsewhere (a path, a label, a program's answer) on its way to a person: what is harmful is
/// escaped as in a name, everything else stands as it is.
pub struct Foreign<T>(pub T);

impl<T: fmt::Display> fmt::Display for Foreign<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.to_string().chars() {
            if is_harmful(letter) {
                let mut escaped = String::new();
                escape(letter, &mut escaped);
                f.write_str(&escaped)?;
            } else {
                f.write_char(letter)?;
            }
        }
        Ok(())
    }
}

const BMP_STRING: u8 = 0x1e;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const IA5_STRING: u8 = 0x16;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const SHORT: usize = 64;
const TELETEX_STRING: u8 = 0x14;
/// Keywords of attribute types: RFC 4514, section 3, and what people expect besides (RFC 4519, RFC 5280).
const TYPES: [(&[u8], &str); 18] = [
    (&[0x55, 0x04, 0x03], "CN"),
    (&[0x55, 0x04, 0x04], "SN"),
    (&[0x55, 0x04, 0x05], "serialNumber"),
    (&[0x55, 0x04, 0x06], "C"),
    (&[0x55, 0x04, 0x07], "L"),
    (&[0x55, 0x04, 0x08], "ST"),
    (&[0x55, 0x04, 0x09], "STREET"),
    (&[0x55, 0x04, 0x0a], "O"),
    (&[0x55, 0x04, 0x0b], "OU"),
    (&[0x55, 0x04, 0x0c], "title"),
    (&[0x55, 0x04, 0x0f], "businessCategory"),
    (&[0x55, 0x04, 0x11], "postalCode"),
    (&[0x55, 0x04, 0x2a], "GN"),
    (&[0x55, 0x04, 0x2e], "dnQualifier"),
    (&[0x55, 0x04, 0x61], "organizationIdentifier"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01], "emailAddress"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01], "UID"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19], "DC"),
];
const UNIVERSAL_STRING: u8 = 0x1c;
const VISIBLE_STRING: u8 = 0x1a;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::asn1::write;

    fn name(values: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        let sets: Vec<Vec<u8>> = values
            .iter()
            .map(|(oid, tag, value)| {
                let attribute = write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[oid]), &write(*tag, &[value])]);
                write(SET, &[&attribute])
            })
            .collect();
        write(SEQUENCE, &sets.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn names_read_as_openssl_shows_them() {
        let der = name(&[
            (&[0x55, 4, 6], PRINTABLE_STRING, b"DE"),
            (&[0x55, 4, 10], UTF8_STRING, "Käse, GmbH".as_bytes()),
            (&[0x55, 4, 3], BMP_STRING, &[0, b'R', 0, b'1']),
            (&[0x2a, 3], 0x04, &[1, 2]),
        ]);
        assert_eq!(Name::of(&der).to_string(), "C=DE, O=Käse\\, GmbH, CN=R1, 1.2.3=#04020102");
        assert_eq!(Name::of(&der).ascii(200), "C=DE, O=K\\C3\\A4se\\, GmbH, CN=R1, 1.2.3=#04020102");
        assert_eq!(Name::of(&der).short(), "R1");
        assert_eq!(Name::of(&write(SEQUENCE, &[])).to_string(), "(no name)");
        assert_eq!(Name::of(b"rubbish").to_string(), "(no name)");
    }

    #[test]
    fn names_are_equal_where_openssl_takes_them_for_the_same() {
        let of = |tag, value: &[u8]| name(&[(&[0x55, 4, 10], UTF8_STRING, b"X"), (COMMON_NAME, tag, value)]);
        let plain = of(PRINTABLE_STRING, b"Corp Root");
        for (tag, value, is_same) in [
            (UTF8_STRING, &b"Corp Root"[..], true),
            (UTF8_STRING, b" corp \t ROOT ", true),
            (BMP_STRING, b"\0C\0o\0r\0p\0 \0R\0o\0o\0t", true),
            (TELETEX_STRING, b"Corp Root", true),
            (UTF8_STRING, b"CorpRoot", false),
            (UTF8_STRING, b"Corp Root 2", false),
            (NUMERIC_STRING, b"Corp Root", false),
            (UTF8_STRING, b"", false),
        ] {
            let other = of(tag, value);
            assert_eq!(Name::of(&plain) == Name::of(&other), is_same, "{tag} {value:?}");
        }
        let umlaut = of(UTF8_STRING, "Käse".as_bytes());
        assert!(Name::of(&umlaut) == Name::of(&of(TELETEX_STRING, b"K\xe4se")));
        // Two attributes in one set are not one attribute in each of two sets.
        let attribute = |value: &[u8]| {
            let text = write(UTF8_STRING, &[value]);
            write(SEQUENCE, &[&write(OBJECT_IDENTIFIER, &[COMMON_NAME]), &text])
        };
        let (a, b) = (attribute(b"a"), attribute(b"b"));
        let together = write(SEQUENCE, &[&write(SET, &[&a, &b])]);
        let apart = write(SEQUENCE, &[&write(SET, &[&a]), &write(SET, &[&b])]);
        assert!(Name::of(&together) != Name::of(&apart));
        // Nothing that cannot be read is equal to anything else.
        let one = write(SEQUENCE, &[&write(SET, &[b"rubbish"])]);
        let other = write(SEQUENCE, &[&write(SET, &[b"RUBBISH"])]);
        assert!(Name::of(&one) != Name::of(&other) && Name::of(&one) == Name::of(&one));
        assert!(Name::of(b"") != Name::of(&write(SEQUENCE, &[])));
    }

    #[test]
    fn nothing_a_name_says_leaves_its_place() {
        let nasty = "a\n-----BEGIN CERTIFICATE-----\r\u{1b}[2J\u{202e}\u{9b}\u{2028}z ";
        let der = name(&[(COMMON_NAME, UTF8_STRING, nasty.as_bytes())]);
        let shown = Name::of(&der).to_string();
        assert!(!shown.chars().any(is_harmful), "{shown}");
        let comment = Name::of(&der).ascii(1000);
        assert!(comment.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{comment}");
        assert!(!comment.contains("--"), "{comment}");
        assert!(comment.starts_with("CN=a\\0A-\\2D\\2D\\2D\\2DBEGIN"), "{comment}");
    }

    #[test]
    fn a_name_as_long_as_a_file_is_cut() {
        let der = name(&[(COMMON_NAME, UTF8_STRING, &[b'x'; 65_536])]);
        assert_eq!(Name::of(&der).ascii(120).len(), 120);
        assert_eq!(Name::of(&der).short().chars().count(), SHORT);
        assert_eq!(Name::of(&der).to_string().len(), 65_539);
    }
}
