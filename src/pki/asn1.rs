//! ASN.1 elements as they stand in a file: a reader for BER, a judge for DER, a writer for the few
//! structures certman makes itself. Knows tags and lengths, not what they mean.
//!
//! A reader of our own, because every one tried either refuses what is not DER (and with it the whole file)
//! or hides it, and certman has to do neither: to go on, and to say what was wrong.

/// One element: identifier, length and content (X.690, section 8.1).
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// The content octets. For the indefinite form without the end-of-contents octets.
    pub content: &'a [u8],
    /// The whole element as it stands in the file.
    pub raw: &'a [u8],
    /// The identifier octet: class, constructed bit and tag number below 31.
    pub tag: u8,
}

/// Why bytes are not an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The bytes end before the element does.
    CutShort,
    /// A length of the indefinite form has no end, or stands where none may, or lengths nest too deeply.
    Nesting,
    /// A tag number above 30, or a length above 4 GiB: neither is found in certificates or keys.
    Oversized,
    /// Another element was expected here.
    Unexpected,
}

/// Why well-formed BER is not DER (X.690, section 10 and 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// A BOOLEAN that is neither 00 nor FF.
    Boolean,
    /// An INTEGER with a superfluous leading octet.
    Integer,
    /// A length of the indefinite form, or longer than needed.
    Length,
    /// The structure cannot be read at all.
    Malformed(Malformed),
    /// A UTCTime or GeneralizedTime not in the one form RFC 5280, section 4.1.2.5 allows.
    Time,
    /// Bytes behind the end.
    Trailing,
    /// A UTF8String that is not UTF-8.
    Utf8,
}

impl<'a> Element<'a> {
    /// Reads the element at the start of `bytes`, and gives what is behind it. Takes BER.
    ///
    /// # Errors
    /// Where no whole element stands there.
    pub fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Malformed> {
        let header = Header::read(bytes)?;
        let content_length = match header.length {
            Some(length) => length,
            None => length_of_indefinite(&bytes[header.size..])?,
        };
        let content_end = header.size + content_length;
        let end = content_end + if header.length.is_none() { END_OF_CONTENTS.len() } else { 0 };
        let content = bytes.get(header.size..content_end).ok_or(Malformed::CutShort)?;
        let raw = bytes.get(..end).ok_or(Malformed::CutShort)?;
        Ok((Self { content, raw, tag: header.tag }, &bytes[end..]))
    }

    /// Reads the element at the start of `bytes` and insists on its tag.
    ///
    /// # Errors
    /// As [`Element::read`], and [`Malformed::Unexpected`] for another tag.
    pub fn expect(bytes: &'a [u8], tag: u8) -> Result<(Self, &'a [u8]), Malformed> {
        let (element, rest) = Self::read(bytes)?;
        if element.tag == tag { Ok((element, rest)) } else { Err(Malformed::Unexpected) }
    }

    /// The elements inside of a constructed one.
    pub fn children(&self) -> Children<'a> {
        Children { rest: self.content }
    }

    /// Whether this element holds others.
    pub fn is_constructed(&self) -> bool {
        self.tag & CONSTRUCTED != 0
    }
}

/// The elements inside of another, one after the other; ends behind the first that cannot be read.
#[derive(Clone)]
pub struct Children<'a> {
    rest: &'a [u8],
}

impl<'a> Children<'a> {
    /// The next element, which must have this tag.
    ///
    /// # Errors
    /// [`Malformed::Unexpected`] for another tag or none at all.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        let (element, rest) = Element::expect(self.rest, tag)?;
        self.rest = rest;
        Ok(element)
    }

    /// The next element if it has this tag; otherwise it stays where it is.
    pub fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        let (element, rest) = Element::expect(self.rest, tag).ok()?;
        self.rest = rest;
        Some(element)
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = Result<Element<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Element::read(self.rest) {
            Ok((element, rest)) => {
                self.rest = rest;
                Some(Ok(element))
            }
            Err(malformed) => {
                self.rest = &[];
                Some(Err(malformed))
            }
        }
    }
}

/// Judges whether `bytes` are exactly one element in DER, all the way down.
///
/// Octet and bit strings are not looked into: what they hold need not be ASN.1.
///
/// # Errors
/// The first departure in reading order.
pub fn exact_der(bytes: &[u8]) -> Result<(), Departure> {
    let header = Header::read(bytes).map_err(Departure::Malformed)?;
    let length = header.length.ok_or(Departure::Length)?;
    match bytes.len().cmp(&(header.size + length)) {
        std::cmp::Ordering::Less => return Err(Departure::Malformed(Malformed::CutShort)),
        std::cmp::Ordering::Greater => return Err(Departure::Trailing),
        std::cmp::Ordering::Equal => {}
    }
    // A flat walk: in DER the content of a constructed element is nothing but elements, so going into one is
    // stepping over its header. Where each one ends has to be checked, or a child could reach out of its parent.
    let mut ends = [0_usize; MAXIMUM_DEPTH];
    let mut depth = 0;
    let mut position = 0;
    while position < bytes.len() {
        while depth > 0 && ends[depth - 1] == position {
            depth -= 1;
        }
        let limit = if depth == 0 { bytes.len() } else { ends[depth - 1] };
        let header = Header::read(&bytes[position..limit]).map_err(Departure::Malformed)?;
        let length = header.length.ok_or(Departure::Length)?;
        if !header.is_minimal {
            return Err(Departure::Length);
        }
        let start = position + header.size;
        let end = start + length;
        if end > limit {
            return Err(Departure::Malformed(Malformed::CutShort));
        }
        if header.tag & CONSTRUCTED == 0 {
            primitive_is_der(header.tag, &bytes[start..end])?;
            position = end;
        } else {
            if depth == MAXIMUM_DEPTH {
                return Err(Departure::Malformed(Malformed::Nesting));
            }
            ends[depth] = end;
            depth += 1;
            position = start;
        }
    }
    Ok(())
}

/// Writes one element in DER: the tag, the shortest length, the parts of the content one after the other.
pub fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut element = Vec::with_capacity(length + 6);
    element.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => element.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let skipped = octets.iter().take_while(|octet| **octet == 0).count();
            element.push(0x80 | (octets.len() - skipped) as u8);
            element.extend_from_slice(&octets[skipped..]);
        }
    }
    for part in parts {
        element.extend_from_slice(part);
    }
    element
}

struct Header {
    is_minimal: bool,
    /// None in the indefinite form.
    length: Option<usize>,
    size: usize,
    tag: u8,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let [tag, first, ..] = *bytes else { return Err(Malformed::CutShort) };
        if tag & 0x1f == 0x1f {
            return Err(Malformed::Oversized);
        }
        match first {
            0..0x80 => Ok(Self { is_minimal: true, length: Some(first.into()), size: 2, tag }),
            0x80 if tag & CONSTRUCTED != 0 => Ok(Self { is_minimal: false, length: None, size: 2, tag }),
            0x80 => Err(Malformed::Nesting),
            _ => {
                let count = usize::from(first & 0x7f);
                let octets = bytes.get(2..2 + count).ok_or(Malformed::CutShort)?;
                let mut length = 0_usize;
                for octet in octets {
                    if length > (u32::MAX >> 8) as usize {
                        return Err(Malformed::Oversized);
                    }
                    length = length << 8 | usize::from(*octet);
                }
                let is_minimal = length >= 0x80 && octets[0] != 0;
                Ok(Self { is_minimal, length: Some(length), size: 2 + count, tag })
            }
        }
    }
}

/// How many bytes stand before the end-of-contents octets that belong to the element whose content starts
/// here. Walks instead of recursing, so that depth costs nothing.
fn length_of_indefinite(bytes: &[u8]) -> Result<usize, Malformed> {
    let mut open = 1_u32;
    let mut position = 0;
    loop {
        let rest = bytes.get(position..).ok_or(Malformed::CutShort)?;
        if rest.starts_with(&END_OF_CONTENTS) {
            open -= 1;
            if open == 0 {
                return Ok(position);
            }
            position += END_OF_CONTENTS.len();
            continue;
        }
        let header = Header::read(rest)?;
        position += header.size;
        match header.length {
            Some(length) => position += length,
            None => open += 1,
        }
    }
}

fn primitive_is_der(tag: u8, content: &[u8]) -> Result<(), Departure> {
    let holds = match tag {
        BOOLEAN => return if matches!(content, [0 | 0xff]) { Ok(()) } else { Err(Departure::Boolean) },
        INTEGER | ENUMERATED => {
            return match content {
                [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Departure::Integer),
                _ => Ok(()),
            };
        }
        UTF8_STRING => {
            return if std::str::from_utf8(content).is_ok() { Ok(()) } else { Err(Departure::Utf8) };
        }
        UTC_TIME => is_time(content, 12),
        GENERALIZED_TIME => is_time(content, 14),
        _ => true,
    };
    if holds { Ok(()) } else { Err(Departure::Time) }
}

/// So many digits and a `Z`.
fn is_time(content: &[u8], digits: usize) -> bool {
    content.len() == digits + 1 && content[digits] == b'Z' && content[..digits].iter().all(u8::is_ascii_digit)
}

/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// The bit that says that an element holds others.
pub const CONSTRUCTED: u8 = 0x20;
/// Constructed, context-specific, number 0: `[0]`.
pub const CONTEXT_0: u8 = 0xa0;
/// Constructed, context-specific, number 1: `[1]`.
pub const CONTEXT_1: u8 = 0xa1;
/// Constructed, context-specific, number 3: `[3]`.
pub const CONTEXT_3: u8 = 0xa3;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// GeneralizedTime.
pub const GENERALIZED_TIME: u8 = 0x18;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// NULL.
pub const NULL: u8 = 0x05;
/// OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET and SET OF.
pub const SET: u8 = 0x31;
/// UTCTime.
pub const UTC_TIME: u8 = 0x17;
/// UTF8String.
pub const UTF8_STRING: u8 = 0x0c;

const END_OF_CONTENTS: [u8; 2] = [0, 0];
/// A certificate needs about ten levels.
const MAXIMUM_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_is_der() {
        for length in [0_usize, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let content = vec![0x55; length];
            let element = write(OCTET_STRING, &[&content]);
            assert_eq!(exact_der(&element), Ok(()), "{length}");
            let (read, rest) = Element::read(&element).unwrap();
            assert_eq!((read.content, rest), (content.as_slice(), &[][..]));
        }
    }

    #[test]
    fn each_departure_from_der_has_its_name() {
        for (bytes, departure) in [
            (&[0x30, 0x80, 0, 0][..], Departure::Length),
            (&[0x30, 0x81, 0x02, 5, 0], Departure::Length),
            (&[0x30, 0x82, 0, 0x02, 5, 0], Departure::Length),
            (&[0x30, 3, 1, 1, 1], Departure::Boolean),
            (&[0x30, 4, 2, 2, 0, 1], Departure::Integer),
            (&[0x30, 4, 2, 2, 0xff, 0xff], Departure::Integer),
            (&[0x30, 3, 12, 1, 0xc3], Departure::Utf8),
            (&[0x17, 11, b'2', b'5', b'0', b'1', b'0', b'1', b'0', b'0', b'0', b'0', b'Z'], Departure::Time),
            (&[5, 0, 0], Departure::Trailing),
            (&[0x30, 2, 5], Departure::Malformed(Malformed::CutShort)),
            (&[0x30, 3, 4, 2, 0], Departure::Malformed(Malformed::CutShort)),
            (&[], Departure::Malformed(Malformed::CutShort)),
        ] {
            assert_eq!(exact_der(bytes), Err(departure), "{bytes:02x?}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused_and_costs_nothing() {
        let deep = [0x30, 0x80].repeat(1_000_000);
        assert_eq!(Element::read(&deep).unwrap_err(), Malformed::CutShort);
        let mut nested = vec![5, 0];
        for _ in 0..40 {
            nested = write(SEQUENCE, &[&nested]);
        }
        assert_eq!(exact_der(&nested), Err(Departure::Malformed(Malformed::Nesting)));
    }

    #[test]
    fn the_indefinite_form_ends_at_its_own_end() {
        let bytes = [0x30, 0x80, 0x30, 0x80, 5, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0x99];
        let (element, rest) = Element::read(&bytes).unwrap();
        assert_eq!(element.content, &bytes[2..12]);
        assert_eq!(rest, [0x99]);
        assert_eq!(element.children().count(), 2);
    }
}
