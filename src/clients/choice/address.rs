//! What each client reads from the value of `HTTPS_PROXY` and its kin. Pure. None of the text goes into an error: it may be a
//! password.

use std::net::{Ipv4Addr, Ipv6Addr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Failure, ProxyScheme, ProxyUrl};
use crate::secret::Passphrase;

/// Bun 1.4.5. It knows no errors: what it does not understand it takes for the host, or for no port. Without a scheme it is http,
/// and there is no user; what stands behind host and port does not matter. Credentials that cannot be decoded are not sent.
pub(super) fn by_bun(value: &str) -> Result<ProxyUrl, Failure> {
    let (scheme, rest, has_scheme) = match value.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (http_scheme(scheme)?, rest, true),
        _ => (ProxyScheme::Http, value.strip_prefix("//").unwrap_or(value), value.starts_with("//")),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) if has_scheme => (Some(user), place),
        Some(_) => return Err(Failure::NoScheme),
        None => (None, authority),
    };
    let is_torn = rest.len() > authority.len() && rest[authority.len()..].contains('@');
    let (host, port) =
        host_and_port(place).map_err(|failure| if is_torn { Failure::NotAnAddress } else { failure })?;
    if is_torn || !has_scheme && ["http", "https"].contains(&&*host) {
        return Err(Failure::NotAnAddress);
    }
    let port = match port {
        None => {
            if scheme == ProxyScheme::Https {
                443
            } else {
                80
            }
        }
        Some(port) => self::port(port).filter(|port| *port > 0).ok_or(Failure::Port)?,
    };
    let (username, password) = user.and_then(credentials_of_bun).unzip();
    Ok(ProxyUrl { host, password, port, scheme, username })
}

/// Claude Code 2.1.197. The value has to be an address by the URL Standard; then the Bun inside reads it. So a name and a port
/// without a scheme pass, since the name may be a scheme; but for a user without a password, which the Bun inside does not survive.
pub(super) fn by_claude_code(value: &str) -> Result<ProxyUrl, Failure> {
    let value = value.trim_matches(|c: char| c <= ' ');
    match standard(value) {
        Err(Failure::OtherScheme) if !value.contains("://") => match value.contains('@') {
            true => Err(Failure::NoScheme),
            false => by_bun(value),
        },
        Err(failure) => Err(failure),
        Ok(read) => {
            let mut url = read.url;
            match url.scheme {
                // What stands before it would be taken for the host.
                _ if read.behind.contains('@') => return Err(Failure::NotAnAddress),
                ProxyScheme::Http | ProxyScheme::Https => {}
                ProxyScheme::Socks4 | ProxyScheme::Socks5 => return Err(Failure::Socks),
            }
            (url.username, url.password) = match read.user {
                None => (None, None),
                Some(user) => match user.split_once(':').unwrap_or((user, "")) {
                    ("", _) => (None, None),
                    (_, "") => return Err(Failure::NoPassword),
                    _ => credentials_of_bun(user).unzip(),
                },
            };
            Ok(url)
        }
    }
}

/// Why Claude Code ends at its start, without a word: the value is no address by the URL Standard.
pub(super) fn end_of_claude_code(value: &str) -> Option<Failure> {
    standard(value).err().filter(|failure| !matches!(failure, Failure::OtherScheme | Failure::Socks))
}

/// curl 7.88. Without a scheme it is http; without a port it is 1080, but for https. None where it goes directly, without a word:
/// where user or password hold an encoded control character.
pub(super) fn by_curl(value: &str) -> Option<Result<ProxyUrl, Failure>> {
    let (scheme, rest) = match split_for_curl(value) {
        Ok(parts) => parts,
        Err(failure) => return Some(Err(failure)),
    };
    if value.contains(|c: char| c <= ' ' || c == '\u{7f}') {
        return Some(Err(Failure::NotAnAddress));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let (user, place) = match authority.split_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let (host, port) = match host_and_port(place) {
        Ok(parts) => parts,
        Err(failure) => return Some(Err(failure)),
    };
    let port = match port {
        None => {
            if scheme == ProxyScheme::Https {
                443
            } else {
                1080
            }
        }
        Some(port) => match self::port(port).filter(|port| *port > 0) {
            Some(port) => port,
            None => return Some(Err(Failure::Port)),
        },
    };
    let (username, password) = match user {
        None => (None, None),
        Some(user) => {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            let (name, password) = (decoded_leniently(name), Passphrase::new(decoded_leniently(password)));
            if name.iter().chain(password.expose_secret()).any(|byte| *byte < b' ') {
                return None;
            }
            (Some(String::from_utf8_lossy(&name).into_owned()), Some(password))
        }
    };
    Some(Ok(ProxyUrl { host, password, port, scheme, username }))
}

fn split_for_curl(value: &str) -> Result<(ProxyScheme, &str), Failure> {
    let Some((scheme, rest)) = value.split_once(":/").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok((ProxyScheme::Http, value));
    };
    // One slash is as good as three.
    let rest = rest.strip_prefix("//").or(rest.strip_prefix('/')).unwrap_or(rest);
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => ProxyScheme::Http,
        "https" => ProxyScheme::Https,
        "socks" | "socks4" | "socks4a" => ProxyScheme::Socks4,
        "socks5" | "socks5h" => ProxyScheme::Socks5,
        _ => return Err(Failure::OtherScheme),
    };
    Ok((scheme, rest))
}

/// Node 24.22, when it starts.
pub(super) fn by_node(value: &str) -> Result<ProxyUrl, Failure> {
    let is_broken = value.contains(['\r', '\n']) && is_read_by_node_https(value);
    let read = standard(value)?;
    let mut url = read.url;
    let is_socks = url.scheme == ProxyScheme::Socks5;
    if is_broken || url.scheme == ProxyScheme::Socks4 {
        return Err(if is_broken { Failure::NotAnAddress } else { Failure::Socks });
    }
    if !is_socks && !["", "/"].contains(&read.behind) {
        return Err(Failure::Path);
    }
    if let Some(user) = read.user.filter(|user| !["", ":"].contains(user)) {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let name = decoded(name).and_then(|name| String::from_utf8(name).ok()).ok_or(Failure::Encoding)?;
        let password = decoded(password).ok_or(Failure::Encoding)?;
        if str::from_utf8(&password).is_err() {
            return Err(Failure::Encoding);
        }
        (url.username, url.password) = (Some(name), Some(Passphrase::new(password)));
    }
    Ok(url)
}

/// Whether Node's node:http takes notice of it.
pub(super) fn is_read_by_node_https(value: &str) -> bool {
    value.starts_with("http://") || value.starts_with("https://")
}

/// What the URL Standard reads from a value.
struct Read<'v> {
    /// From the first character behind host and port.
    behind: &'v str,
    /// Without the user.
    url: ProxyUrl,
    user: Option<&'v str>,
}

/// Reads a value by the URL Standard, as far as proxies go: other schemes than http, https and the two of SOCKS 5 that Node knows
/// are an error.
fn standard(value: &str) -> Result<Read<'_>, Failure> {
    let value = value.trim_matches(|c: char| c <= ' ');
    let (scheme, rest) =
        value.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).ok_or_else(|| no_scheme(value))?;
    let lower = scheme.to_ascii_lowercase();
    let (scheme, default, rest) = match lower.as_str() {
        "http" => (ProxyScheme::Http, 80, rest.trim_start_matches(['/', '\\'])),
        "https" => (ProxyScheme::Https, 443, rest.trim_start_matches(['/', '\\'])),
        "socks" | "socks5" => {
            (ProxyScheme::Socks5, 1080, rest.strip_prefix("//").ok_or(Failure::OtherScheme)?)
        }
        socks if socks.starts_with("socks") => return Err(Failure::Socks),
        _ => return Err(Failure::OtherScheme),
    };
    let ends: &[char] = if lower.starts_with("http") { &['/', '?', '#', '\\'] } else { &['/', '?', '#'] };
    let end = rest.find(ends).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let is_torn = behind.contains('@');
    let (host, port) =
        host_and_port(place).map_err(|failure| if is_torn { Failure::NotAnAddress } else { failure })?;
    let port = match port.map(|port| self::port(port).ok_or(Failure::Port)) {
        None => default,
        Some(Ok(port)) => port,
        Some(Err(_)) if is_torn => return Err(Failure::NotAnAddress),
        Some(Err(failure)) => return Err(failure),
    };
    let host = host.parse::<Ipv4Addr>().map_or(host, |address| address.to_string());
    Ok(Read { behind, url: ProxyUrl { host, password: None, port, scheme, username: None }, user })
}

fn no_scheme(value: &str) -> Failure {
    if value.is_empty() { Failure::NotAnAddress } else { Failure::NoScheme }
}

fn http_scheme(scheme: &str) -> Result<ProxyScheme, Failure> {
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(ProxyScheme::Http),
        "https" => Ok(ProxyScheme::Https),
        socks if socks.starts_with("socks") => Err(Failure::Socks),
        _ => Err(Failure::OtherScheme),
    }
}

/// What Bun sends. None where there is neither user nor password, and where something cannot be decoded.
fn credentials_of_bun(user: &str) -> Option<(String, Passphrase)> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (name, password) = (decoded(name)?, decoded(password)?);
    let is_there = !name.is_empty() || !password.is_empty();
    is_there.then(|| (String::from_utf8_lossy(&name).into_owned(), Passphrase::new(password)))
}

/// Percent-decoded; none where a percent sign encodes nothing.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('%').skip(1);
    let is_whole =
        pieces.all(|piece| piece.len() >= 2 && piece.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    is_whole.then(|| decoded_leniently(text))
}

/// Percent-decoded, in a buffer that never grows; a percent sign that encodes nothing stands for itself.
fn decoded_leniently(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(percent_decode_str(text));
    bytes
}

/// Host and port of `host:port`; the host in lower case and without brackets, none of an empty port.
fn host_and_port(place: &str) -> Result<(String, Option<&str>), Failure> {
    if let Some(rest) = place.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(Failure::NotAnAddress)?;
        let address: Ipv6Addr = address.parse().map_err(|_| Failure::NotAnAddress)?;
        let port = match port {
            "" | ":" => None,
            port => Some(port.strip_prefix(':').ok_or(Failure::Port)?),
        };
        return Ok((address.to_string(), port));
    }
    let (host, port) = match place.split_once(':') {
        Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
        None => (place, None),
    };
    let is_host = is_name(host) || !host.is_ascii();
    if is_host { Ok((host.to_lowercase(), port)) } else { Err(Failure::NotAnAddress) }
}

/// A port in digits alone; zeros at the beginning do not matter.
pub(super) fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What stands between brackets.
pub(super) fn unbracketed(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// Whether it is a name by its letters.
pub(super) fn is_name(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    host.bytes().all(is_letter) && host.bytes().any(|byte| byte != b'.')
}

/// Whether clients take it for an address, or for the failed attempt at one (URL Standard, "ends in a number").
pub(super) fn ends_in_number(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_hexadecimal =
        last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A user name as it stands in an address.
pub(super) fn encoded(username: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(username, RESERVED)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// All but what is never encoded (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
