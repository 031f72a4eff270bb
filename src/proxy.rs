//! The proxy: what its address may be, the hosts that go around it, and how both are spelled so that every client reads them
//! alike (CLIENTS.md, proxy).
//!
//! Pure: neither disk nor clock nor environment. A password passes through [`Address::url`] and stays nowhere; no error repeats
//! any of the text that it is about, since people put the password there.

use std::collections::HashSet;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use zeroize::Zeroizing;

use crate::secret::Passphrase;

/// The address of a proxy: scheme, host and port, and who it is told one is. Never a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// In lower case; of IPv6 the shortest form, in brackets.
    host: String,
    port: u16,
    scheme: Scheme,
    /// As the person writes it, not encoded.
    username: Option<String>,
}

/// How one speaks to the proxy itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// An address as a variable holds it.
pub struct Url {
    /// `http://alice:geheim@proxy.corp.example:8080`
    pub bytes: Zeroizing<Vec<u8>>,
    /// Where in it the password stands.
    pub password: Option<Range<usize>>,
}

impl Address {
    /// Reads an address. The scheme has to be there; without a port it is 80, or 443 for https, and is written down: curl
    /// takes 1080 where it is missing. A user name is percent-decoded.
    ///
    /// # Errors
    /// For what some client would not understand, or understand in another way; for a password, which belongs elsewhere.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::NoScheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            socks if socks.starts_with("socks") => return Err(AddressError::Socks),
            _ => return Err(AddressError::OtherScheme),
        };
        // Up to the last `@`: a password that was not encoded may hold another one, and `/`, `?` and `#` as well.
        let (username, rest) = match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => return Err(AddressError::Password),
            Some((user, rest)) => {
                let user = percent_decode_str(user).decode_utf8().map_err(|_| AddressError::Username)?;
                (Some(user.into_owned()), rest)
            }
            None => (None, rest),
        };
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        match behind {
            "" | "/" => {}
            script if is_script(script) => return Err(AddressError::Script),
            _ => return Err(AddressError::Path),
        }
        let (host, port) = host_and_port(authority)?;
        let port = match port {
            None if scheme == Scheme::Http => 80,
            None => 443,
            Some(port) => self::port(port).ok_or(AddressError::Port)?,
        };
        let address = Self { host, port, scheme, username: None };
        match username {
            Some(username) => address.with_username(&username),
            None => Ok(address),
        }
    }

    /// The same with this user name.
    ///
    /// # Errors
    /// For a name that Basic authentication cannot send: empty, with a colon or a control character (RFC 7617, section 2).
    pub fn with_username(self, username: &str) -> Result<Self, AddressError> {
        if username.is_empty() || username.contains(|c: char| c == ':' || c.is_control()) {
            return Err(AddressError::Username);
        }
        Ok(Self { username: Some(username.to_owned()), ..self })
    }

    /// Host and port; IPv6 without brackets.
    pub fn host_and_port(&self) -> (&str, u16) {
        (self.host.trim_matches(['[', ']']), self.port)
    }

    /// Whether TLS is spoken with the proxy itself.
    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Who the proxy is told one is.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The name of the keyring's entry for the password; none without a user.
    pub fn account(&self) -> Option<String> {
        let username = self.username.as_deref()?;
        Some(format!("proxy:{username}@{}:{}", self.host, self.port))
    }

    /// The address for a variable, percent-encoded to the last character that a client might take for something else. Where there
    /// is a user and no password, an empty one is written: without its colon Python's requests sends no user either.
    pub fn url(&self, password: Option<&Passphrase>) -> Url {
        let username = self.username.as_deref().unwrap_or_default().as_bytes();
        let secret = password.map(Passphrase::expose_secret).unwrap_or_default();
        // An upper bound, so that growth leaves no copy of the password behind.
        let bound = "https://:@:65535".len() + 3 * (username.len() + secret.len()) + self.host.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(bound));
        let mut place = None;
        bytes.extend_from_slice(self.scheme.prefix().as_bytes());
        if self.username.is_some() {
            encode(username, &mut bytes);
            bytes.push(b':');
            let start = bytes.len();
            encode(secret, &mut bytes);
            place = password.map(|_| start..bytes.len());
            bytes.push(b'@');
        }
        bytes.extend_from_slice(self.host.as_bytes());
        bytes.push(b':');
        bytes.extend_from_slice(self.port.to_string().as_bytes());
        Url { bytes, password: place }
    }
}

/// The address for people: with the user, without a password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.prefix())?;
        if let Some(username) = &self.username {
            write!(f, "{}@", percent_encode(username.as_bytes(), RESERVED))?;
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Url(***)")
    }
}

impl Scheme {
    fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }
}

/// The hosts that are reached without the proxy, in the spelling that every client reads: commas, no blanks, each domain both as
/// `x` and as `.x`, loopback first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceptions {
    text: String,
    unportable: Vec<Unportable>,
}

/// An entry that no spelling makes portable. It is handed on as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unportable {
    /// The entry; letters, digits and `.-_:/[]*<>` only.
    pub entry: Box<str>,
    /// Of which kind.
    pub form: Form,
}

/// The kinds of entries that only some clients understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A star within a name, or the beginning of an address: `10.*`, `web*.corp.example`, `192.168.`
    Pattern,
    /// A host on one port: `git.corp.example:8443`.
    Port,
    /// A range of addresses too large to be written out: `10.0.0.0/8`.
    Range,
    /// A word of one system (`<local>`), or a name in other letters than ASCII.
    Word,
}

impl Exceptions {
    /// Reads lists whose entries are separated by blanks, commas and semicolons, one or many to a text.
    ///
    /// - Loopback comes first: `localhost,127.0.0.1,::1`.
    /// - `x`, `.x` and `*.x` become `x,.x`; of `http://x/` the host counts.
    /// - A range of one address becomes that address; ranges of IPv4 are written out, up to 256 addresses in all.
    /// - An IPv6 address is written with brackets and without: Node's fetch and Python's urllib want the one, curl the other.
    /// - `*` anywhere means everything, and then stands alone.
    ///
    /// # Errors
    /// For what is no entry, and for more than any variable should hold.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, ExceptionsError> {
        let entries = texts
            .into_iter()
            .flat_map(|text| text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()))
            .filter(|entry| !entry.is_empty());
        let mut list = List::default();
        for loopback in LOOPBACK {
            list.add(loopback.to_owned());
        }
        let mut is_everything = false;
        for (index, entry) in entries.enumerate() {
            if index >= MOST_ENTRIES {
                return Err(ExceptionsError::TooMany);
            }
            is_everything |= entry == "*";
            if entry != "*" {
                list.note(entry).ok_or(ExceptionsError::Entry { number: index + 1 })?;
            }
        }
        if is_everything {
            return Ok(Self { text: "*".to_owned(), unportable: Vec::new() });
        }
        let text = list.entries.join(",");
        if text.len() > LONGEST_TEXT {
            return Err(ExceptionsError::TooMany);
        }
        Ok(Self { text, unportable: list.unportable })
    }

    /// The value of the variable.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a host (in lower case, IPv6 without brackets) is reached without the proxy, by the entries that every client
    /// understands.
    pub fn cover(&self, host: &str) -> bool {
        self.text.split(',').any(|entry| match entry.strip_prefix('.') {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => entry == "*" || entry == host,
        })
    }

    /// What only some clients will understand of it.
    pub fn unportable(&self) -> &[Unportable] {
        &self.unportable
    }
}

/// Loopback alone.
impl Default for Exceptions {
    fn default() -> Self {
        Self { text: LOOPBACK.join(","), unportable: Vec::new() }
    }
}

/// Entries in their order, each once.
#[derive(Default)]
struct List {
    entries: Vec<String>,
    /// How many addresses of ranges have been written out.
    expanded: u32,
    known: HashSet<String>,
    unportable: Vec<Unportable>,
}

impl List {
    fn add(&mut self, entry: String) {
        if self.known.insert(entry.clone()) {
            self.entries.push(entry);
        }
    }

    /// None for what is no entry.
    fn note(&mut self, entry: &str) -> Option<()> {
        let entry = entry.to_lowercase();
        let entry = match entry.split_once("://") {
            Some((_, host)) => host.strip_suffix('/').unwrap_or(host).to_owned(),
            None => entry,
        };
        if !entry.chars().all(|c| c.is_alphanumeric() || "-._:/[]*<>".contains(c)) {
            return None;
        }
        if let Some((address, bits)) = entry.split_once('/') {
            return self.note_range(&entry, address, bits);
        }
        if !entry.is_ascii() || entry.contains(['<', '>']) {
            self.keep(entry, Form::Word);
            return Some(());
        }
        let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&entry);
        if let Ok(address) = bare.parse::<Ipv6Addr>() {
            self.add_ipv6(address);
            return Some(());
        }
        if let Some((host, port)) = entry.rsplit_once(':') {
            return self.note_port(host, port);
        }
        // What a wildcard at the front, a dot at the front and neither mean is the same to most clients.
        let host = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(&entry);
        let name = host.strip_prefix('.').unwrap_or(host);
        match Name::of(name)? {
            Name::Address(address) => self.add(address.to_string()),
            Name::Domain("localhost") if host == "localhost" => self.add(host.to_owned()),
            Name::Domain(domain) => {
                self.add(domain.to_owned());
                self.add(format!(".{domain}"));
            }
            Name::Pattern => self.keep(entry, Form::Pattern),
        }
        Some(())
    }

    fn note_range(&mut self, entry: &str, address: &str, bits: &str) -> Option<()> {
        let bits: u32 = bits.parse().ok()?;
        if let Ok(address) = address.parse::<Ipv4Addr>() {
            let host_bits = 32_u32.checked_sub(bits)?;
            if host_bits == 0 {
                self.add(address.to_string());
                return Some(());
            }
            let mask = u32::MAX.checked_shl(host_bits).unwrap_or(0);
            let first = address.to_bits() & mask;
            let count = 1_u32.checked_shl(host_bits).filter(|count| self.expanded + count <= MOST_EXPANDED);
            match count {
                Some(count) => {
                    self.expanded += count;
                    (first..=first + (count - 1)).for_each(|one| self.add(Ipv4Addr::from(one).to_string()));
                }
                None => self.keep(format!("{}/{bits}", Ipv4Addr::from(first)), Form::Range),
            }
            return Some(());
        }
        let address: Ipv6Addr = address.parse().ok()?;
        match bits {
            128 => self.add_ipv6(address),
            0..128 => self.keep(entry.to_owned(), Form::Range),
            _ => return None,
        }
        Some(())
    }

    fn note_port(&mut self, host: &str, port: &str) -> Option<()> {
        self::port(port)?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(address) = bare.and_then(|bare| bare.parse::<Ipv6Addr>().ok()) {
            self.keep(format!("[{address}]:{port}"), Form::Port);
            return Some(());
        }
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let name = host.strip_prefix('.').unwrap_or(host);
        match Name::of(name)? {
            Name::Address(address) => self.keep(format!("{address}:{port}"), Form::Port),
            Name::Domain(domain) => {
                self.keep(format!("{domain}:{port}"), Form::Port);
                self.add(format!(".{domain}:{port}"));
            }
            Name::Pattern => self.keep(format!("{host}:{port}"), Form::Pattern),
        }
        Some(())
    }

    fn add_ipv6(&mut self, address: Ipv6Addr) {
        self.add(address.to_string());
        // Loopback is in the list as every client's manual has it.
        if address != Ipv6Addr::LOCALHOST {
            self.add(format!("[{address}]"));
        }
    }

    fn keep(&mut self, entry: String, form: Form) {
        if !self.known.contains(&entry) {
            self.unportable.push(Unportable { entry: entry.as_str().into(), form });
        }
        self.add(entry);
    }
}

/// What a name in ASCII is.
enum Name<'t> {
    Address(Ipv4Addr),
    Domain(&'t str),
    /// It stands for several.
    Pattern,
}

impl<'t> Name<'t> {
    /// None for what is no name. A full stop at the end is dropped: half of the clients compare it.
    fn of(text: &'t str) -> Option<Self> {
        if text.contains('*') {
            let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || "-._*".contains(c));
            return is_name.then_some(Self::Pattern);
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if !is_domain(name) {
            return None;
        }
        match name.parse() {
            Ok(address) => Some(Self::Address(address)),
            Err(_) if ends_in_number(name) => Some(Self::Pattern),
            Err(_) => Some(Self::Domain(name)),
        }
    }
}

/// Host and port of `host:port`; the host checked and in its usual form.
pub(crate) fn host_and_port(authority: &str) -> Result<(String, Option<&str>), AddressError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(AddressError::Host)?;
        let address: Ipv6Addr = address.parse().map_err(|_| AddressError::Host)?;
        let port = match port {
            "" => None,
            port => Some(port.strip_prefix(':').ok_or(AddressError::Port)?),
        };
        return Ok((format!("[{address}]"), port));
    }
    if authority.matches(':').count() > 1 {
        return Err(AddressError::Brackets);
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if !host.is_ascii() {
        return Err(AddressError::NotAscii);
    }
    let host = host.to_ascii_lowercase();
    let name = host.strip_suffix('.').unwrap_or(&host);
    let is_address = || name.parse::<Ipv4Addr>().is_ok() && !host.ends_with('.');
    if !is_domain(name) || ends_in_number(name) && !is_address() {
        return Err(AddressError::Host);
    }
    Ok((host, port))
}

/// A port from 1 to 65535, in digits alone.
pub(crate) fn port(text: &str) -> Option<u16> {
    let is_number = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

/// Whether it is a name by its letters and lengths (RFC 1035, section 2.3.4), with the underscore that some networks have.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Whether every client takes it for an address, or for the failed attempt at one (URL Standard, "ends in a number").
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_hexadecimal =
        last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether what stands behind host and port is the name of a script that finds proxies.
fn is_script(behind: &str) -> bool {
    let path = behind.split(['?', '#']).next().unwrap_or(behind).to_ascii_lowercase();
    path.ends_with(".pac") || path.ends_with(".dat")
}

fn encode(text: &[u8], into: &mut Vec<u8>) {
    percent_encode(text, RESERVED).for_each(|piece| into.extend_from_slice(piece.as_bytes()));
}

/// Why a text is not the address of a proxy. None of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// An IPv6 address whose port cannot be told from it.
    #[error("has an IPv6 address without brackets")]
    Brackets,
    /// Nothing.
    #[error("is empty")]
    Empty,
    /// No name and no address.
    #[error("names no host")]
    Host,
    /// Clients turn other letters into ASCII in different ways, or not at all.
    #[error("has a host in other letters than ASCII")]
    NotAscii,
    /// `proxy.corp.example:8080`
    #[error("has no scheme")]
    NoScheme,
    /// `ftp://…`
    #[error("has another scheme than http and https")]
    OtherScheme,
    /// A password, or what looks like one.
    #[error("holds a password")]
    Password,
    /// `http://proxy.corp.example:8080/there`
    #[error("has something behind the host and the port")]
    Path,
    /// `:80800`
    #[error("has a port that is no number from 1 to 65535")]
    Port,
    /// `http://wpad.corp.example/wpad.dat`
    #[error("is that of a configuration script, not of a proxy")]
    Script,
    /// `socks5://…`
    #[error("is that of a SOCKS proxy, which Claude Code refuses")]
    Socks,
    /// A user name that cannot be sent.
    #[error("has a user name that is empty, or holds a colon, a control character or what is not UTF-8")]
    Username,
}

impl AddressError {
    /// The next step.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Brackets => "write it as http://[2001:db8::1]:8080",
            Self::Empty | Self::Host | Self::Port => "write it as http://proxy.corp.example:8080",
            Self::NotAscii => "write the host as DNS has it, beginning with xn--",
            Self::NoScheme => {
                "write http:// before it (https:// only where the proxy itself speaks TLS): Claude Code ends without a word where it is missing"
            }
            Self::OtherScheme => "write http:// before it, or https:// where the proxy itself speaks TLS",
            Self::Password => "take it out of there, and store it with `certman proxy remember`",
            Self::Path => "leave away what stands behind the port",
            Self::Script => {
                "open it in a browser, and take host and port from behind the word PROXY in it, as in http://proxy.corp.example:8080"
            }
            Self::Socks => {
                "ask for the address of an HTTP proxy, or let a helper such as privoxy speak HTTP here and SOCKS to the other side"
            }
            Self::Username => {
                "write it as it is, without a password: DOMAIN\\alice needs no encoding in proxy.username"
            }
        }
    }
}

/// Why a text is no list of hosts. None of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExceptionsError {
    /// An entry that no client understands.
    #[error("has an entry that is no host, no domain and no range of addresses: number {number}")]
    Entry {
        /// Which one, from 1.
        number: usize,
    },
    /// More than 1,000 entries, or a value of more than 32,766 bytes.
    #[error("is longer than 1,000 entries or 32,766 bytes")]
    TooMany,
}

impl ExceptionsError {
    /// The next step.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Entry { .. } => {
                "write hosts and domains, as in no_proxy = [\"corp.example\", \"10.1.2.3\", \"10.1.3.0/28\"]"
            }
            Self::TooMany => "name domains instead of their hosts",
        }
    }
}

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Windows has no longer variables.
const LONGEST_TEXT: usize = 32_766;
/// Far above any list that people keep.
const MOST_ENTRIES: usize = 1_000;
/// The addresses of one range of 24 bits, which is 4 KiB of text at most.
const MOST_EXPANDED: u32 = 256;
/// All but what is never encoded (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    fn url(address: &str, password: Option<&[u8]>) -> String {
        let password = password.map(|password| Passphrase::new(password.to_vec()));
        let url = Address::parse(address).unwrap().url(password.as_ref());
        String::from_utf8(url.bytes.to_vec()).unwrap()
    }

    fn text(entries: &[&str]) -> String {
        Exceptions::parse(entries.iter().copied()).unwrap().text().to_owned()
    }

    fn behind_loopback(entries: &[&str]) -> String {
        let text = text(entries);
        text.strip_prefix("localhost,127.0.0.1,::1").unwrap().trim_start_matches(',').to_owned()
    }

    fn forms(entries: &[&str]) -> Vec<(String, Form)> {
        let list = Exceptions::parse(entries.iter().copied()).unwrap();
        list.unportable().iter().map(|one| (one.entry.to_string(), one.form)).collect()
    }

    #[test]
    fn an_address_has_one_spelling_with_its_port() {
        for (written, spelled) in [
            ("http://proxy.corp.example:8080", "http://proxy.corp.example:8080"),
            ("  HTTP://Proxy.Corp.Example:8080/ ", "http://proxy.corp.example:8080"),
            ("http://proxy", "http://proxy:80"),
            ("https://proxy", "https://proxy:443"),
            ("http://127.0.0.1:3128", "http://127.0.0.1:3128"),
            ("http://[2001:DB8:0:0::1]:8080", "http://[2001:db8::1]:8080"),
            ("http://[::1]", "http://[::1]:80"),
            ("http://under_score.x:1", "http://under_score.x:1"),
            ("http://proxy.corp.example.:65535", "http://proxy.corp.example.:65535"),
            ("http://xn--bcher-kva.example:1", "http://xn--bcher-kva.example:1"),
            ("http://007.example:08080", "http://007.example:8080"),
        ] {
            assert_eq!(url(written, None), spelled, "{written}");
            assert_eq!(Address::parse(written).unwrap().to_string(), spelled, "{written}");
        }
    }

    #[test]
    fn what_some_client_would_not_understand_is_no_address() {
        use AddressError::*;
        for (written, error) in [
            ("", Empty),
            (" ", Empty),
            ("proxy.corp.example:8080", NoScheme),
            ("localhost:8080", NoScheme),
            ("//proxy:8080", NoScheme),
            ("http:/proxy:8080", NoScheme),
            ("alice:geheim@proxy:8080", NoScheme),
            ("socks5://proxy:1080", Socks),
            ("SOCKS5h://proxy:1080", Socks),
            ("socks4a://proxy:1080", Socks),
            ("ftp://proxy", OtherScheme),
            ("://proxy", OtherScheme),
            ("http://", Host),
            ("http:///", Host),
            ("http://:8080", Host),
            ("http://a b:8080", Host),
            ("http://a..b:8080", Host),
            ("http://10.1.2:8080", Host),
            ("http://10.1.2.256:8080", Host),
            ("http://0x7f.0.0.0x1:8080", Host),
            ("http://[::1", Host),
            ("http://[fe80::1%eth0]:8080", Host),
            ("http://[proxy]:8080", Host),
            ("http://[::1]8080", Port),
            ("http://::1:8080", Brackets),
            ("http://proxy:", Port),
            ("http://proxy:0", Port),
            ("http://proxy:65536", Port),
            ("http://proxy:+80", Port),
            ("http://proxy:8O80", Port),
            ("http://bücher.example:8080", NotAscii),
            ("http://proxy:8080/there", Path),
            ("http://proxy:8080?a", Path),
            ("http://proxy:8080#a", Path),
            ("http://proxy:8080\\a", Path),
            ("http://wpad.corp.example/wpad.dat", Script),
            ("http://wpad.corp.example/Proxy.PAC?x=1", Script),
            ("http://@proxy:8080", Username),
            ("http://a%3Ab@proxy:8080", Username),
            ("http://a%0Ab@proxy:8080", Username),
            ("http://a%FFb@proxy:8080", Username),
        ] {
            assert_eq!(Address::parse(written), Err(error), "{written}");
            assert!(!error.hint().is_empty() && !error.to_string().contains("geheim"));
        }
        assert_eq!(Address::parse(&format!("http://{}:1", "a".repeat(64))), Err(Host));
        assert_eq!(Address::parse(&format!("http://{}a:1", "a.".repeat(127))), Err(Host));
    }

    #[test]
    fn a_password_in_an_address_is_found_whatever_is_in_it() {
        for password in
            ["geheim", "", "ge@heim", "ge/heim", "ge#heim", "ge?heim", "ge:heim", "ge heim", "%40@/#:"]
        {
            for rest in ["proxy:8080", "proxy", "[::1]:8080", "proxy:8080/"] {
                let written = format!("http://alice:{password}@{rest}");
                assert_eq!(Address::parse(&written), Err(AddressError::Password), "{written}");
            }
        }
    }

    #[test]
    fn a_user_in_an_address_is_decoded_once_and_encoded_again() {
        let address = Address::parse("http://CORP%5Cal%40ice@proxy:8080").unwrap();
        assert_eq!(address.username(), Some("CORP\\al@ice"));
        assert_eq!(address.account().as_deref(), Some("proxy:CORP\\al@ice@proxy:8080"));
        assert_eq!(address.to_string(), "http://CORP%5Cal%40ice@proxy:8080");
        // Without the colon Python's requests sends no user.
        assert_eq!(url("http://CORP%5Cal%40ice@proxy:8080", None), "http://CORP%5Cal%40ice:@proxy:8080");
        // A `%` that encodes nothing is one.
        assert_eq!(Address::parse("http://100%@proxy").unwrap().username(), Some("100%"));
        let named = Address::parse("http://proxy").unwrap().with_username("größe/1").unwrap();
        assert_eq!(named.to_string(), "http://gr%C3%B6%C3%9Fe%2F1@proxy:80");
        for wrong in ["", "a:b", "a\nb", "a\u{9b}b"] {
            let address = Address::parse("http://proxy").unwrap();
            assert_eq!(address.with_username(wrong), Err(AddressError::Username), "{wrong:?}");
        }
    }

    #[test]
    fn every_byte_of_a_password_comes_through_and_the_buffer_never_grows() {
        let every: Vec<u8> = (1..=255).collect();
        let address = Address::parse("https://alice@proxy:8080").unwrap();
        let url = address.url(Some(&Passphrase::new(every.clone())));
        let place = url.password.clone().unwrap();
        let bound = "https://:@:65535".len() + 3 * (5 + every.len()) + "proxy".len();
        assert_eq!(url.bytes.capacity(), bound);
        assert!(url.bytes.is_ascii());
        assert_eq!(&url.bytes[..place.start], b"https://alice:");
        assert_eq!(&url.bytes[place.end..], b"@proxy:8080");
        let encoded = std::str::from_utf8(&url.bytes[place]).unwrap();
        assert_eq!(percent_decode_str(encoded).collect::<Vec<u8>>(), every);
        assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        assert_eq!(format!("{url:?}"), "Url(***)");
    }

    #[test]
    fn lists_are_split_at_whatever_people_put_between_entries() {
        let wanted = "a.example,.a.example,b.example,.b.example";
        for entries in [
            &["a.example", "b.example"][..],
            &["a.example,b.example"],
            &["a.example b.example"],
            &["a.example; b.example ,"],
            &[" a.example\t\n", "", ";;b.example"],
        ] {
            assert_eq!(behind_loopback(entries), wanted, "{entries:?}");
        }
    }

    #[test]
    fn every_entry_has_one_spelling_and_stands_once() {
        for (entry, spelled) in [
            ("corp.example", "corp.example,.corp.example"),
            (".corp.example", "corp.example,.corp.example"),
            ("*.corp.example", "corp.example,.corp.example"),
            ("Corp.EXAMPLE.", "corp.example,.corp.example"),
            ("intern", "intern,.intern"),
            ("http://intern/", "intern,.intern"),
            ("localhost", ""),
            (".localhost", ".localhost"),
            ("127.0.0.1", ""),
            ("10.1.2.3", "10.1.2.3"),
            (".10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("::1", ""),
            ("[::1]", ""),
            ("FD00:0::1", "fd00::1,[fd00::1]"),
            ("[fd00::1]", "fd00::1,[fd00::1]"),
            ("fd00::1/128", "fd00::1,[fd00::1]"),
            ("10.1.2.3/31", "10.1.2.2,10.1.2.3"),
        ] {
            assert_eq!(behind_loopback(&[entry]), spelled, "{entry}");
            assert_eq!(behind_loopback(&[entry, entry]), spelled, "{entry}");
            assert_eq!(forms(&[entry]), [], "{entry}");
        }
    }

    #[test]
    fn nothing_is_loopback_and_a_star_is_everything() {
        assert_eq!(text(&[]), "localhost,127.0.0.1,::1");
        assert_eq!(text(&[]), Exceptions::default().text());
        assert_eq!(text(&["*"]), "*");
        assert_eq!(text(&["corp.example, *", "10.0.0.0/8"]), "*");
    }

    #[test]
    fn ranges_are_written_out_up_to_256_addresses_in_all() {
        let all = behind_loopback(&["10.1.2.77/24"]);
        assert_eq!(all.split(',').count(), 256);
        assert!(all.starts_with("10.1.2.0,10.1.2.1,") && all.ends_with(",10.1.2.255"));
        let after = ["10.1.2.0/25", "10.1.3.0/25", "10.1.4.0/31", "10.1.5.6/32"];
        assert_eq!(forms(&after), [("10.1.4.0/31".to_owned(), Form::Range)]);
        assert!(text(&after).ends_with(",10.1.3.127,10.1.4.0/31,10.1.5.6"));
        assert_eq!(forms(&["0.0.0.0/0"]), [("0.0.0.0/0".to_owned(), Form::Range)]);
        assert_eq!(behind_loopback(&["255.255.255.254/31"]), "255.255.255.254,255.255.255.255");
    }

    #[test]
    fn what_cannot_be_said_for_all_is_kept_and_told() {
        for (entry, kept, form) in [
            ("10.0.0.0/8", "10.0.0.0/8", Form::Range),
            ("10.1.2.3/8", "10.0.0.0/8", Form::Range),
            ("fd00::/8", "fd00::/8", Form::Range),
            ("git.corp.example:8443", "git.corp.example:8443", Form::Port),
            ("*.corp.example:8443", "corp.example:8443", Form::Port),
            ("10.1.2.3:80", "10.1.2.3:80", Form::Port),
            ("[fd00::1]:80", "[fd00::1]:80", Form::Port),
            ("web*.corp.example", "web*.corp.example", Form::Pattern),
            ("*corp.example", "*corp.example", Form::Pattern),
            ("10.*", "10.*", Form::Pattern),
            ("192.168.", "192.168.", Form::Pattern),
            ("10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9", Form::Pattern),
            ("<local>", "<local>", Form::Word),
            ("bücher.example", "bücher.example", Form::Word),
        ] {
            assert_eq!(forms(&[entry, entry]), [(kept.to_owned(), form)], "{entry}");
            assert!(text(&[entry]).split(',').any(|one| one == kept), "{entry}");
        }
    }

    #[test]
    fn what_is_no_entry_is_named_by_its_number() {
        for entry in [
            "http://alice:geheim@x",
            "a@b",
            "'corp.example'",
            "\"a\"",
            "a..b",
            "10.0.0.0/33",
            "10.0.0.0/",
            "::/129",
            "a/b",
            "a:0",
            "a:b",
            "a:1:2",
            "[a]",
            "$NO_PROXY",
            "a\u{1b}b",
            "http://a/b",
            ":80",
            "a&b",
        ] {
            let error = Exceptions::parse(["good.example", entry]).unwrap_err();
            assert_eq!(error, ExceptionsError::Entry { number: 2 }, "{entry}");
        }
    }

    #[test]
    fn no_list_is_longer_than_a_variable_can_hold() {
        let entries: Vec<String> = (0..=MOST_ENTRIES).map(|number| format!("h{number}")).collect();
        let parse = |count: usize| Exceptions::parse(entries[..count].iter().map(String::as_str));
        assert!(parse(MOST_ENTRIES).is_ok());
        assert_eq!(parse(MOST_ENTRIES + 1), Err(ExceptionsError::TooMany));
        let long: Vec<String> = (0..200)
            .map(|number| format!("{}.h{number}", "long-label.".repeat(20).trim_end_matches('.')))
            .collect();
        assert!(long.iter().all(|name| Exceptions::parse([name.as_str()]).is_ok()));
        assert_eq!(Exceptions::parse(long.iter().map(String::as_str)), Err(ExceptionsError::TooMany));
    }

    #[test]
    fn an_exception_covers_its_host_and_what_is_below_a_domain() {
        let exceptions = Exceptions::parse(["corp.example, 10.0.0.5, [::1]:80, fd00::1"]).unwrap();
        for (host, is_covered) in [
            ("corp.example", true),
            ("a.b.corp.example", true),
            ("notcorp.example", false),
            ("10.0.0.5", true),
            ("10.0.0.55", false),
            ("fd00::1", true),
            ("localhost", true),
            ("", false),
        ] {
            assert_eq!(exceptions.cover(host), is_covered, "{host}");
        }
        assert!(Exceptions::parse(["*"]).unwrap().cover("anything.test"));
        assert_eq!(Address::parse("https://[::1]").unwrap().host_and_port(), ("::1", 443));
    }
}
