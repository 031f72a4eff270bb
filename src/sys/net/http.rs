//! Just enough of HTTP/1.1 (RFC 9112): a request out, the head of the answer in, a body where it is wanted. Never reads a byte
//! behind a head.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use super::mask::Mask;
use super::probe::{Credentials, Failure, Target};
use super::stream::Ear;

/// The head of an answer.
pub(super) struct Head {
    fields: Vec<(String, String)>,
    /// The status.
    pub(super) status: u16,
}

impl Head {
    /// Reads one, and those before it that are not final (RFC 9110, section 15.2).
    pub(super) fn read(wire: &mut Ear<'_>) -> Result<Self, Failure> {
        let mut head = Vec::new();
        // No head is shorter: this much of it can be read at once.
        let mut beginning = [0; SHORTEST_HEAD];
        while head.len() < SHORTEST_HEAD {
            match wire.read(&mut beginning[..SHORTEST_HEAD - head.len()]) {
                Ok(0) if head.is_empty() => return Err(Failure::Closed { after_answer: false }),
                Ok(0) => return Err(Failure::NotTheProtocol { start: wire.start().to_vec() }),
                Ok(count) => head.extend_from_slice(&beginning[..count]),
                Err(error) => return Err(wire.failure(&error)),
            }
            if !head.iter().zip(b"HTTP/").all(|(is, should)| is == should) {
                return Err(wire.not_the_protocol());
            }
        }
        let mut begin = 0;
        loop {
            while !ends_head(&head[begin..]) {
                if head.len() >= HEAD_LIMIT {
                    return Err(Failure::TooMuch("headers"));
                }
                let mut byte = [0];
                match wire.read(&mut byte) {
                    Ok(0) => return Err(Failure::Closed { after_answer: true }),
                    Ok(_) => head.push(byte[0]),
                    Err(error) => return Err(wire.failure(&error)),
                }
            }
            let Some(answer) = Self::parse(&head[begin..]) else { return Err(wire.not_the_protocol()) };
            if !matches!(answer.status, 100 | 102..=199) {
                return Ok(answer);
            }
            begin = head.len();
        }
    }

    /// Liberal about what stands between the fields; a field on several lines is one.
    fn parse(head: &[u8]) -> Option<Self> {
        let text = text(head);
        let mut lines = text.lines();
        let mut words = lines.next()?.split(' ');
        words.next()?.strip_prefix("HTTP/1.")?;
        let status = words.find(|word| !word.is_empty())?;
        let status =
            status.parse().ok().filter(|number| status.len() == 3 && (100..1000).contains(number))?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Some(Self { fields, status })
    }

    /// Every value of a field, by its name in lower case.
    pub(super) fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The first value of the first of these fields that is there, masked and cut.
    pub(super) fn first(&self, names: &[&str], mask: &Mask) -> Option<String> {
        let value = names.iter().find_map(|name| self.all(name).find(|value| !value.is_empty()))?;
        Some(mask.text(value).chars().take(LONGEST_TEXT).collect())
    }

    /// The schemes of all `Proxy-Authenticate` fields (RFC 9110, section 11.6.1), in lower case, each once; masked where it is not
    /// one that everybody knows.
    pub(super) fn schemes(&self, mask: &Mask) -> Vec<String> {
        let mut schemes = Vec::new();
        for element in self.all("proxy-authenticate").flat_map(elements) {
            let end = element.find(|c: char| !is_token(c)).unwrap_or(element.len());
            let (token, rest) = element.split_at(end);
            // What an equals sign follows is a parameter of the scheme before it.
            let is_scheme = !token.is_empty() && !rest.trim_start().starts_with('=');
            let scheme = token.to_ascii_lowercase();
            let is_known = SCHEMES.contains(&scheme.as_str());
            let scheme = if is_known { scheme } else { mask.text(token).to_ascii_lowercase() };
            if is_scheme && token.len() <= LONGEST_TEXT && !schemes.contains(&scheme) {
                schemes.push(scheme);
            }
        }
        schemes
    }

    /// Reads the body as it is framed (RFC 9112, section 6), up to a limit. What came before a failure is kept.
    pub(super) fn body(&self, wire: &mut Ear<'_>, limit: usize, body: &mut Vec<u8>) -> Result<(), Failure> {
        if matches!(self.status, 204 | 304) {
            return Ok(());
        }
        let is_chunked = self
            .all("transfer-encoding")
            .flat_map(|value| value.split(','))
            .any(|coding| coding.trim().eq_ignore_ascii_case("chunked"));
        if is_chunked {
            return chunks(wire, limit, body);
        }
        match self.all("content-length").next() {
            None => take(wire, u64::MAX, limit, body).map(drop),
            Some(length) => {
                let is_number = length.bytes().all(|byte| byte.is_ascii_digit());
                let Some(length) = length.parse().ok().filter(|_| is_number) else {
                    return Err(Failure::NotTheProtocol { start: wire.start().to_vec() });
                };
                if take(wire, length, limit, body)? == length {
                    Ok(())
                } else {
                    Err(Failure::Closed { after_answer: true })
                }
            }
        }
    }

    /// What stands in the title of a page that tells of an error, masked. It may be missing: nothing of the answer depends on it.
    pub(super) fn title(&self, wire: &mut Ear<'_>, mask: &Mask) -> Option<String> {
        let mut page = Vec::new();
        let _ = wire.within(PAGE_TIME, |wire| self.body(wire, PAGE_LIMIT, &mut page));
        title(&text(&page), mask)
    }
}

fn ends_head(head: &[u8]) -> bool {
    head.ends_with(b"\r\n\r\n") || head.ends_with(b"\n\n")
}

/// Reads up to a length or the end, and says how much came.
fn take(wire: &mut Ear<'_>, length: u64, limit: usize, body: &mut Vec<u8>) -> Result<u64, Failure> {
    let mut buffer = [0; 4096];
    let mut taken = 0;
    while taken < length {
        let most = usize::try_from(length - taken).unwrap_or(usize::MAX).min(buffer.len());
        match wire.read(&mut buffer[..most]) {
            Ok(0) => break,
            Ok(count) => {
                let room = limit - body.len();
                body.extend_from_slice(&buffer[..count.min(room)]);
                if count > room {
                    return Err(Failure::TooMuch("body"));
                }
                taken += count as u64;
            }
            Err(error) => return Err(wire.failure(&error)),
        }
    }
    Ok(taken)
}

/// Reads a body in chunks (RFC 9112, section 7.1), and what trails it.
fn chunks(wire: &mut Ear<'_>, limit: usize, body: &mut Vec<u8>) -> Result<(), Failure> {
    loop {
        let line = line(wire)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let is_number = size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some(size) = u64::from_str_radix(size, 16).ok().filter(|_| is_number) else {
            return Err(Failure::NotTheProtocol { start: wire.start().to_vec() });
        };
        if size == 0 {
            break;
        }
        if take(wire, size, limit, body)? != size {
            return Err(Failure::Closed { after_answer: true });
        }
        self::line(wire)?;
    }
    for _ in 0..MOST_TRAILERS {
        if line(wire)?.is_empty() {
            return Ok(());
        }
    }
    Err(Failure::TooMuch("headers"))
}

fn line(wire: &mut Ear<'_>) -> Result<String, Failure> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        match wire.read(&mut byte) {
            Ok(0) => return Err(Failure::Closed { after_answer: true }),
            Ok(_) if byte == *b"\n" => return Ok(text(&line).trim_end_matches('\r').to_owned()),
            Ok(_) if line.len() >= LONGEST_LINE => return Err(Failure::TooMuch("headers")),
            Ok(_) => line.push(byte[0]),
            Err(error) => return Err(wire.failure(&error)),
        }
    }
}

/// UTF-8 where it is that, else Latin-1, which anything is.
fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// The elements of a list, cut at the commas that stand in no quoted string.
fn elements(value: &str) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_comma = |c: char| {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' => return !is_quoted,
            _ => {}
        }
        false
    };
    value.split(is_comma).map(str::trim).collect()
}

/// RFC 9110, section 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// The title of a page, without elements and references, in one line, masked and cut.
fn title(page: &str, mask: &Mask) -> Option<String> {
    // Lower case in ASCII alone keeps every place where it is.
    let lower = page.to_ascii_lowercase();
    let begin = lower.find("<title")?;
    let begin = begin + lower[begin..].find('>')? + 1;
    let end = lower[begin..].find("</title").map_or(page.len(), |length| begin + length);
    let mut plain = String::new();
    let mut is_element = false;
    // Before anything is taken out of it, and after.
    for c in mask.text(&page[begin..end]).chars() {
        match c {
            '<' => is_element = true,
            '>' if is_element => is_element = false,
            _ if is_element => {}
            _ => plain.push(c),
        }
    }
    let words: Vec<String> = plain.split_whitespace().map(resolve).collect();
    let title: String = mask.text(words.join(" ").trim()).chars().take(LONGEST_TEXT).collect();
    (!title.is_empty()).then_some(title)
}

/// Resolves the references to characters that are common in titles.
fn resolve(text: &str) -> String {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        resolved.push_str(&rest[..at]);
        rest = &rest[at..];
        let reference = rest.find(';').filter(|&end| end <= LONGEST_REFERENCE).map(|end| &rest[1..end]);
        match reference.and_then(|name| Some((name, character(name)?))) {
            None => {
                resolved.push('&');
                rest = &rest[1..];
            }
            Some((name, c)) => {
                resolved.push(c);
                rest = &rest[name.len() + 2..];
            }
        }
    }
    resolved + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "apos" => Some('\''),
        "gt" => Some('>'),
        "lt" => Some('<'),
        "nbsp" => Some(' '),
        "quot" => Some('"'),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

/// The request for a page, which asks for the end of the connection behind it.
pub(super) fn get(uri: &str, host: &str, credentials: Option<&Credentials>) -> Zeroizing<Vec<u8>> {
    request("GET", uri, host, "Accept: */*\r\nConnection: close\r\n", credentials)
}

/// The request for a tunnel.
pub(super) fn connect(target: &Target, credentials: Option<&Credentials>) -> Zeroizing<Vec<u8>> {
    let authority = authority(target, None);
    request("CONNECT", &authority, &authority, "", credentials)
}

fn request(
    method: &str,
    uri: &str,
    host: &str,
    fields: &str,
    credentials: Option<&Credentials>,
) -> Zeroizing<Vec<u8>> {
    let mut head = String::new();
    let version = env!("CARGO_PKG_VERSION");
    // Into a string nothing fails.
    let _ =
        write!(head, "{method} {uri} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: certman/{version}\r\n{fields}");
    let basic = credentials.map(Credentials::expose_in_base64);
    let encoded = basic.as_ref().map_or(0, |encoded| encoded.len());
    // Its full size from the start: growth would leave a copy of the password behind.
    let mut request = Zeroizing::new(Vec::with_capacity(head.len() + BASIC.len() + encoded + 4));
    request.extend_from_slice(head.as_bytes());
    if let Some(encoded) = basic {
        request.extend_from_slice(BASIC);
        request.extend_from_slice(encoded.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// User and password, as Basic authentication joins them (RFC 7617).
pub(super) fn pair(credentials: &Credentials) -> Zeroizing<Vec<u8>> {
    let (username, password) = (credentials.username.as_bytes(), credentials.password.expose_secret());
    let mut pair = Zeroizing::new(Vec::with_capacity(username.len() + 1 + password.len()));
    pair.extend_from_slice(username);
    pair.push(b':');
    pair.extend_from_slice(password);
    pair
}

impl Credentials {
    /// What Basic authentication sends, in base64.
    pub fn expose_in_base64(&self) -> Zeroizing<String> {
        let pair = pair(self);
        // Its full size from the start: growth would leave a copy behind.
        let mut encoded = Zeroizing::new(String::with_capacity(pair.len().div_ceil(3) * 4));
        encode_base64(&pair, &mut encoded);
        encoded
    }
}

/// Appends base64 in one line.
fn encode_base64(bytes: &[u8], out: &mut String) {
    for group in bytes.chunks(3) {
        let [a, b, c] = [group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0)].map(u32::from);
        let bits = a << 16 | b << 8 | c;
        for (index, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let letter = ALPHABET[(bits >> shift & 0x3f) as usize];
            out.push(if index <= group.len() { char::from(letter) } else { '=' });
        }
    }
}

/// Host and port as a request names them; without the port where it is the one that is meant anyway.
pub(super) fn authority(target: &Target, usual: Option<u16>) -> String {
    let Target { host, port } = target;
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    if usual == Some(*port) { host } else { format!("{host}:{port}") }
}

/// Sends a request. Who refuses it has often said why, and closed, before it came: what the answer says counts, not this.
pub(super) fn send(wire: &mut Ear<'_>, request: &[u8]) {
    let _ = wire.write_all(request).and_then(|()| wire.flush());
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASIC: &[u8] = b"Proxy-Authorization: Basic ";
/// In bytes.
const HEAD_LIMIT: usize = 64 << 10;
/// Of a chunk's size, in bytes.
const LONGEST_LINE: usize = 4096;
/// `&#x10ffff;`, in bytes, and some zeros.
const LONGEST_REFERENCE: usize = 12;
/// Of a stranger, in characters.
const LONGEST_TEXT: usize = 200;
/// Fields behind a body.
const MOST_TRAILERS: u32 = 64;
/// Of a page that tells of an error, in bytes.
const PAGE_LIMIT: usize = 64 << 10;
/// For such a page.
const PAGE_TIME: Duration = Duration::from_secs(2);
/// Schemes of authentication that proxies offer: whoever has such a word for a password loses no more by seeing it.
const SCHEMES: [&str; 6] = ["basic", "bearer", "digest", "kerberos", "negotiate", "ntlm"];
/// `HTTP/1.1 200` and two line feeds.
const SHORTEST_HEAD: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_plain_and_in_one_line_whatever_the_page_does() {
        for (page, expected) in [
            ("<title>Access denied</title>", Some("Access denied")),
            ("<TITLE\nid=x>a &amp;&lt;b&gt;&nbsp;&quot;c&apos;</TiTlE><title>d</title>", Some("a &<b> \"c'")),
            (
                "<title>&#65;&#x42;&#0;&#xd800;&#x110000;&unknown;&;& </title>",
                Some("AB\0&#xd800;&#x110000;&unknown;&;&"),
            ),
            ("<title>cut off", Some("cut off")),
            ("<title>a<b <c> d</title>", Some("a d")),
            ("<title> \r\n</title>", None),
            ("<title", None),
            ("&<>", None),
            ("", None),
            ("<title>ſ\u{130}ß</title>", Some("ſ\u{130}ß")),
        ] {
            assert_eq!(title(page, &Mask::of(None)).as_deref(), expected, "{page}");
        }
    }

    #[test]
    fn heads_are_read_liberally_and_nothing_else_is_one() {
        let head = Head::parse(
            b"HTTP/1.0  404 Not: Found\nA:b\r\nfolded: one\r\n\ttwo\r\nno field\r\n: x\r\nA : c\r\n\r\n",
        );
        let head = head.unwrap();
        assert_eq!(head.status, 404);
        assert_eq!(head.all("a").collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(head.first(&["missing", "folded"], &Mask::of(None)).as_deref(), Some("one two"));
        for rubbish in [
            &b"HTTP/1.1\n\n"[..],
            b"HTTP/1.1 20\n\n",
            b"HTTP/1.1 099 \n\n",
            b"HTTP/2 200\n\n",
            b"\xff\xfe\n\n",
            b"\n\n",
            b"",
        ] {
            assert!(Head::parse(rubbish).is_none(), "{rubbish:?}");
        }
    }

    #[test]
    fn schemes_are_told_from_their_parameters() {
        let of = |value: &str| {
            let head = Head { fields: vec![("proxy-authenticate".into(), value.into())], status: 407 };
            head.schemes(&Mask::of(None))
        };
        assert_eq!(of("Basic realm=\"x\""), ["basic"]);
        assert_eq!(of("NTLM, Negotiate oRQwEqADCgEB=, ntlm"), ["ntlm", "negotiate"]);
        assert_eq!(
            of("Digest realm=\"a, Basic\\\", b\",nonce = \"c\" , qop=auth, Basic realm=x"),
            ["digest", "basic"]
        );
        assert_eq!(of("Basic realm=\"unclosed, NTLM"), ["basic"]);
        assert!(of("").is_empty() && of(", ,=,\"").is_empty());
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            let mut out = String::new();
            encode_base64(plain.as_bytes(), &mut out);
            assert_eq!(out, encoded);
        }
    }
}
