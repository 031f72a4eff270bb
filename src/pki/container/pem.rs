//! The PEM scanner: finds `-----BEGIN …-----` blocks in whatever text surrounds them (RFC 7468 says how PEM
//! should look; help desks send what their mail program made of it).
//!
//! It takes any line ending, byte order marks anywhere, indented lines, blank lines and blanks inside, text
//! before, between and behind, and markers glued together. One damaged block costs that block alone: the scan
//! goes on at the next marker. It decides where blocks are and what their base64 says, never what that means.

use std::borrow::Cow;

use memchr::memmem;

/// One block, as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// What stands between the markers.
    pub body: &'a [u8],
    /// How the block ends.
    pub end: End,
    /// Its number in the text, from 1.
    pub index: u32,
    /// What stands between `BEGIN ` and the dashes.
    pub label: &'a str,
    /// The line of its BEGIN marker, from 1.
    pub line: u32,
    /// The block with its markers.
    pub raw: &'a [u8],
}

/// How a block ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With an END marker of the same label.
    Complete,
    /// With an END marker of another label.
    Mismatched,
    /// Not at all: the next BEGIN marker, or the end of the text, comes first.
    Missing,
}

/// Why a body is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A character that base64 does not have; its line, counted from the BEGIN marker's as 0.
    Character {
        /// The line, counted from the BEGIN marker's as 0.
        line: u32,
    },
    /// Nothing between the markers.
    Empty,
    /// The last group of four is not whole, or padding stands inside.
    Length,
    /// Line breaks are spelled out, as `\\n`: so JSON and variables have them.
    LineBreaks,
}

impl Damage {
    /// The same with lines counted from the start of the text, where `begin` is the line of the BEGIN marker.
    pub fn at(self, begin: u32) -> Self {
        match self {
            Self::Character { line } => Self::Character { line: begin + line },
            other => other,
        }
    }
}

impl<'a> Block<'a> {
    /// The lines before the base64 (`Proc-Type: 4,ENCRYPTED`; RFC 1421, section 4.4), name and value.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (headers, _) = self.split();
        std::str::from_utf8(headers)
            .unwrap_or_default()
            .split(['\r', '\n'])
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim(), value.trim()))
    }

    /// Decodes the base64 into a buffer that never grows, so that a secret leaves no copy behind.
    ///
    /// # Errors
    /// Where the body is not base64, or empty.
    pub fn decode(&self) -> Result<Vec<u8>, Damage> {
        let (headers, base64) = self.split();
        decode_base64(base64).map_err(|damage| match damage {
            Damage::Character { line } => Damage::Character { line: line + newlines(headers) },
            other => other,
        })
    }

    /// The headers, and the base64 behind them. A body whose first line has a colon starts with headers;
    /// they end at the first blank line.
    fn split(&self) -> (&'a [u8], &'a [u8]) {
        let start = self.body.iter().position(|byte| !is_blank(*byte)).unwrap_or(self.body.len());
        let first_line_end =
            start + self.body[start..].iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(0);
        if !self.body[start..first_line_end].contains(&b':') {
            return (&[], self.body);
        }
        let mut line_start = first_line_end;
        while line_start < self.body.len() {
            let rest = &self.body[line_start..];
            let ending = usize::from(rest[0] == b'\r' && rest.get(1) == Some(&b'\n')) + 1;
            line_start += ending;
            let line = &self.body[line_start..];
            let length = line.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(line.len());
            if line[..length].iter().all(|byte| is_blank(*byte)) {
                return self.body.split_at(line_start);
            }
            line_start += length;
        }
        (self.body, &[])
    }
}

/// The blocks of a text, in order.
pub fn blocks(text: &[u8]) -> Blocks<'_> {
    Blocks { end: None, index: 0, line: Lines { at: 0, number: 1 }, position: 0, text }
}

/// Iterates over the blocks of a text.
pub struct Blocks<'a> {
    /// The next END marker: not looked for yet, none there, or found.
    end: Option<Option<Marker<'a>>>,
    index: u32,
    line: Lines,
    position: usize,
    text: &'a [u8],
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let begin = Marker::find(self.text, self.position, BEGIN)?;
        self.index += 1;
        let line = self.line.at(self.text, begin.start);
        let next_begin = Marker::find(self.text, begin.end, BEGIN).map(|marker| marker.start);
        let (body, end) = match self.next_end(begin.end) {
            Some(found) if next_begin.is_none_or(|next| found.start <= next) => {
                self.position = found.end;
                let end = if found.label == begin.label { End::Complete } else { End::Mismatched };
                (begin.end..found.start, end)
            }
            // A BEGIN before any END: this block was never closed, and that END is another's.
            _ => {
                self.position = next_begin.unwrap_or(self.text.len());
                (begin.end..self.position, End::Missing)
            }
        };
        let raw = &self.text[begin.start..self.position];
        Some(Block { body: &self.text[body], end, index: self.index, label: begin.label, line, raw })
    }
}

impl<'a> Blocks<'a> {
    /// The first END marker at or behind `from`. Remembered until the scan has passed it, so that a text full of
    /// BEGIN markers is not searched to its end for each of them.
    fn next_end(&mut self, from: usize) -> Option<Marker<'a>> {
        if self.end.is_none_or(|end| end.is_some_and(|marker| marker.start < from)) {
            self.end = Some(Marker::find(self.text, from, END));
        }
        self.end.flatten()
    }
}

/// Whether a text has a BEGIN marker at all.
pub fn is_pem(text: &[u8]) -> bool {
    Marker::find(text, 0, BEGIN).is_some()
}

/// Decodes base64 (RFC 4648, section 4), passing over white space and byte order marks. Missing padding is no
/// error: what is inside says how long it is.
///
/// # Errors
/// For any other character, for padding inside, and for nothing at all.
pub fn decode_base64(text: &[u8]) -> Result<Vec<u8>, Damage> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut group = 0_u32;
    let mut filled = 0_u32;
    let mut padding = 0_u32;
    let mut position = 0;
    while position < text.len() {
        // Whole groups of four, as long as nothing else comes.
        if filled == 0 && padding == 0 {
            // A line as nearly everyone writes it, in one piece.
            while let Some(line) = text[position..].first_chunk::<64>() {
                // In its place: a copy on the stack might be of a key.
                let start = bytes.len();
                bytes.resize(start + 48, 0);
                let mut seen = 0;
                for (group, out) in line.chunks_exact(4).zip(bytes[start..].chunks_exact_mut(3)) {
                    let [a, b, c, d] =
                        [group[0], group[1], group[2], group[3]].map(|byte| VALUES[usize::from(byte)]);
                    seen |= a | b | c | d;
                    out.copy_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
                }
                if seen & OUTSIDE != 0 {
                    bytes.truncate(start);
                    break;
                }
                position += 64;
                if text.get(position) == Some(&b'\n') {
                    position += 1;
                }
            }
            while let Some([a, b, c, d]) = text[position..].first_chunk() {
                let values = [a, b, c, d].map(|byte| VALUES[usize::from(*byte)]);
                if values.iter().any(|value| value & OUTSIDE != 0) {
                    break;
                }
                let [a, b, c, d] = values.map(u32::from);
                let [_, first, second, third] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
                bytes.extend_from_slice(&[first, second, third]);
                position += 4;
            }
        }
        let Some(byte) = text.get(position) else { break };
        match VALUES[usize::from(*byte)] {
            BLANK => {}
            PADDING if filled >= 2 || padding > 0 => padding += 1,
            PADDING => return Err(Damage::Length),
            FOREIGN if text[position..].starts_with(BYTE_ORDER_MARK) => position += 2,
            FOREIGN if is_spelled_break(&text[position..]) => return Err(Damage::LineBreaks),
            FOREIGN => return Err(Damage::Character { line: newlines(&text[..position]) }),
            _ if padding > 0 => return Err(Damage::Length),
            value => {
                group = group << 6 | u32::from(value);
                filled += 1;
                if filled == 4 {
                    bytes.extend_from_slice(&group.to_be_bytes()[1..]);
                    (group, filled) = (0, 0);
                }
            }
        }
        position += 1;
    }
    match filled {
        0 => {}
        2 => bytes.push((group >> 4) as u8),
        3 => bytes.extend_from_slice(&((group >> 2) as u16).to_be_bytes()),
        _ => return Err(Damage::Length),
    }
    if padding > 2 || filled + padding > 4 || (padding > 0 && filled == 0) {
        return Err(Damage::Length);
    }
    if bytes.is_empty() { Err(Damage::Empty) } else { Ok(bytes) }
}

/// Whether a line break stands here that is spelled out, once or twice over.
fn is_spelled_break(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"\\\\").or_else(|| text.strip_prefix(b"\\"));
    rest.is_some_and(|rest| matches!(rest.first(), Some(b'n' | b'r')))
}

/// Writes base64 in lines of 64 characters, each with its line feed (RFC 7468, section 2).
pub fn encode_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(base64_length(bytes.len()));
    for line in bytes.chunks(48) {
        for group in line.chunks(3) {
            let [a, b, c] =
                [group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0)].map(u32::from);
            let bits = a << 16 | b << 8 | c;
            let letters = [18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift & 0x3f) as usize]);
            out.extend_from_slice(&letters[..=group.len()]);
            out.extend_from_slice(&b"=="[..3 - group.len()]);
        }
        out.push(b'\n');
    }
}

/// Writes one whole block into a buffer that has its final size from the start.
pub fn encode(label: &str, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(base64_length(bytes.len()) + 2 * label.len() + 32);
    text.extend_from_slice(format!("-----BEGIN {label}-----\n").as_bytes());
    encode_base64(bytes, &mut text);
    text.extend_from_slice(format!("-----END {label}-----\n").as_bytes());
    text
}

/// The text in UTF-8 where it was in UTF-16, told by its byte order mark or by every other byte of its start
/// being zero; otherwise as it is. The copy, which may hold a key, never grows while it is made.
pub fn from_utf16(bytes: &[u8]) -> Cow<'_, [u8]> {
    let read: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        [low, 0, next, 0, ..] if low.is_ascii() && next.is_ascii() && *low != 0 && *next != 0 => {
            u16::from_le_bytes
        }
        [0, low, 0, next, ..] if low.is_ascii() && next.is_ascii() && *low != 0 && *next != 0 => {
            u16::from_be_bytes
        }
        _ => return Cow::Borrowed(bytes),
    };
    let units = bytes.chunks_exact(2).map(|unit| read([unit[0], unit[1]]));
    let mut text = Vec::with_capacity(bytes.len() / 2 * 3);
    let mut letter = [0; 4];
    for unit in char::decode_utf16(units) {
        let decoded = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
        text.extend_from_slice(decoded.encode_utf8(&mut letter).as_bytes());
    }
    Cow::Owned(text)
}

#[derive(Clone, Copy)]
struct Marker<'a> {
    end: usize,
    label: &'a str,
    start: usize,
}

impl<'a> Marker<'a> {
    /// The next `-----BEGIN LABEL-----` (or END) at or behind `from`.
    fn find(text: &'a [u8], from: usize, opening: &[u8]) -> Option<Self> {
        let mut from = from;
        loop {
            let start = from + memmem::find(text.get(from..)?, opening)?;
            if let Some(marker) = Self::at(text, start, opening) {
                return Some(marker);
            }
            from = start + opening.len();
        }
    }

    fn at(text: &'a [u8], start: usize, opening: &[u8]) -> Option<Self> {
        let label_start = start + opening.len();
        let window = &text[label_start..text.len().min(label_start + LONGEST_LABEL + DASHES.len())];
        let length = memmem::find(window, DASHES)?;
        let label = std::str::from_utf8(&window[..length]).ok()?;
        let is_label = label.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        is_label.then(|| Self { end: label_start + length + DASHES.len(), label: label.trim(), start })
    }
}

/// Counts lines on the way, so that asking for ever later places costs one pass in all.
struct Lines {
    at: usize,
    number: u32,
}

impl Lines {
    fn at(&mut self, text: &[u8], position: usize) -> u32 {
        self.number += newlines(&text[self.at..position]);
        self.at = position;
        self.number
    }
}

/// How many line endings there are: LF and CRLF, or CR in a text that has no LF.
fn newlines(text: &[u8]) -> u32 {
    let feeds = bytes_equal(text, b'\n');
    let count = if feeds == 0 { bytes_equal(text, b'\r') } else { feeds };
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn bytes_equal(text: &[u8], wanted: u8) -> usize {
    memchr::memchr_iter(wanted, text).count()
}

fn is_blank(byte: u8) -> bool {
    VALUES[usize::from(byte)] == BLANK
}

fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4 + bytes.div_ceil(48)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BEGIN: &[u8] = b"-----BEGIN ";
const BLANK: u8 = 0x81;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const DASHES: &[u8] = b"-----";
const END: &[u8] = b"-----END ";
const FOREIGN: u8 = 0x80;
const LONGEST_LABEL: usize = 64;
/// The bit that every value outside of the alphabet has.
const OUTSIDE: u8 = 0x80;
const PADDING: u8 = 0x82;
const VALUES: [u8; 256] = {
    let mut values = [FOREIGN; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values[b'\t' as usize] = BLANK;
    values[b'\n' as usize] = BLANK;
    values[0x0b] = BLANK;
    values[0x0c] = BLANK;
    values[b'\r' as usize] = BLANK;
    values[b' ' as usize] = BLANK;
    values[b'=' as usize] = PADDING;
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<(String, u32, End)> {
        blocks(text.as_bytes()).map(|block| (block.label.into(), block.line, block.end)).collect()
    }

    #[test]
    fn blocks_are_found_in_any_surroundings() {
        let text = "Dear user,\n-----BEGIN A-----\nTVRJeg==\n-----END A----------BEGIN B-----\r\nTVRJeg==\r\n  -----END B-----  \n";
        assert_eq!(labels(text), [("A".into(), 2, End::Complete), ("B".into(), 4, End::Complete)]);
        for block in blocks(text.as_bytes()) {
            assert_eq!(block.decode().unwrap(), b"MTIz");
        }
    }

    #[test]
    fn lines_are_counted_in_a_text_of_carriage_returns() {
        assert_eq!(
            labels("one\rtwo\r-----BEGIN A-----\rTVRJeg==\r-----END A-----"),
            [("A".into(), 3, End::Complete)]
        );
    }

    #[test]
    fn an_unclosed_block_costs_itself_alone() {
        let text =
            "-----BEGIN A-----\nTVRJ\n-----BEGIN B-----\nTVRJ\n-----END B-----\n-----BEGIN C-----\nTVRJ\n";
        assert_eq!(
            labels(text),
            [("A".into(), 1, End::Missing), ("B".into(), 3, End::Complete), ("C".into(), 6, End::Missing)]
        );
    }

    #[test]
    fn an_end_of_another_kind_is_told() {
        let text = "-----BEGIN A-----\nTVRJ\n-----END B-----\n-----BEGIN B-----\nTVRJ\n-----END B-----\n";
        assert_eq!(labels(text), [("A".into(), 1, End::Mismatched), ("B".into(), 4, End::Complete)]);
    }

    #[test]
    fn base64_of_every_length_survives() {
        for length in 1..200_usize {
            let bytes: Vec<u8> = (0..length).map(|index| (index * 37 + length) as u8).collect();
            let text = encode("X", &bytes);
            let block = blocks(&text).next().unwrap();
            assert_eq!(block.decode().unwrap(), bytes);
            assert!(text.split(|byte| *byte == b'\n').all(|line| line.len() <= 64));
            let spaced: Vec<u8> = text.iter().flat_map(|byte| [*byte, b' ']).collect();
            assert!(blocks(&spaced).next().is_none(), "blanks inside of a marker make it text");
        }
    }

    #[test]
    fn base64_tolerates_blanks_and_marks_and_names_the_line_of_anything_else() {
        assert_eq!(decode_base64(b" TV RJ\n\n\xef\xbb\xbfe g = =\t").unwrap(), b"MTIz");
        assert_eq!(decode_base64(b"TVRJeg").unwrap(), b"MTIz");
        assert_eq!(decode_base64(b"TVRJ\nTV*J\n"), Err(Damage::Character { line: 1 }));
        assert_eq!(decode_base64(b"\\nTVRJ\\nTVRJ\\n"), Err(Damage::LineBreaks));
        assert_eq!(decode_base64(b"TVRJ\\\\r\\\\nTVRJ"), Err(Damage::LineBreaks));
        assert_eq!(decode_base64(b"TVRJ\\TVRJ"), Err(Damage::Character { line: 0 }));
        assert_eq!(decode_base64(b"TVRJe"), Err(Damage::Length));
        assert_eq!(decode_base64(b"TVRJeg==TVRJ"), Err(Damage::Length));
        assert_eq!(decode_base64(b"TVRJ===="), Err(Damage::Length));
        assert_eq!(decode_base64(b" \n"), Err(Damage::Empty));
    }

    #[test]
    fn headers_are_told_from_base64() {
        let text = b"-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,00\r\n\r\nTVRJ\r\n-----END RSA PRIVATE KEY-----";
        let block = blocks(text).next().unwrap();
        assert_eq!(
            block.headers().collect::<Vec<_>>(),
            [("Proc-Type", "4,ENCRYPTED"), ("DEK-Info", "AES-128-CBC,00")]
        );
        assert_eq!(block.decode().unwrap(), b"MTI");
    }

    #[test]
    fn utf16_becomes_text() {
        let text = "-----BEGIN A-----";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(*from_utf16(&little), *text.as_bytes());
        assert_eq!(*from_utf16(&big), *text.as_bytes());
        assert_eq!(
            *from_utf16(&[&[0xff, 0xfe][..], &little].concat()),
            *format!("\u{feff}{text}").as_bytes()
        );
        assert_eq!(*from_utf16(text.as_bytes()), *text.as_bytes());
    }
}
