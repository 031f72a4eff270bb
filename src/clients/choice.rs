//! Which way each client takes to a host by the variables of a process: directly, through a proxy, or not at all; and which of the
//! variables decides it.
//!
//! Pure: verdicts from facts; no connection and no lookup. The rules are those of Claude Code 2.1.197, Node 24.22, Bun 1.4.5 and
//! curl 7.88, each asked on loopback; `tests/proxy_choice.rs` asks them again, all but Claude Code. What people read of a proxy
//! never holds a password.

mod address;
mod exemption;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::{Client, Seen};
use crate::secret::Passphrase;

/// A client as far as it chooses proxies: Node has two minds about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chooser {
    /// Claude Code. It chooses by its own rules, and the Bun inside by older ones than those of [`Chooser::Bun`].
    ClaudeCode,
    /// Node's `fetch`.
    NodeFetch,
    /// Node's `node:http` and `node:https`, which most libraries use.
    NodeHttps,
    /// Bun's `fetch`.
    Bun,
    /// curl.
    Curl,
}

impl Chooser {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::ClaudeCode, Self::NodeFetch, Self::NodeHttps, Self::Bun, Self::Curl];

    /// The name in JSON; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeFetch => "node-fetch",
            Self::NodeHttps => "node-https",
            other => other.client().name(),
        }
    }

    /// The client that it belongs to.
    pub fn client(self) -> Client {
        self.seen().client
    }

    /// The versions that its rules were seen on.
    pub fn seen(self) -> Seen {
        match self {
            Self::Bun => Seen { client: Client::Bun, on: "Bun 1.4.5" },
            Self::ClaudeCode => Seen { client: Client::ClaudeCode, on: "Claude Code 2.1.197" },
            Self::Curl => Seen { client: Client::Curl, on: "curl 7.88" },
            Self::NodeFetch | Self::NodeHttps => Seen { client: Client::Node, on: "Node 24.22" },
        }
    }

    /// The variables that it takes the proxy for these addresses from, the strongest first.
    pub fn variables(self, scheme: Scheme) -> &'static [&'static str] {
        match (self, scheme) {
            (Self::ClaudeCode, _) | (Self::NodeFetch, Scheme::Https) => {
                &["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]
            }
            (Self::NodeHttps, Scheme::Https) => &["https_proxy", "HTTPS_PROXY"],
            (Self::NodeFetch | Self::NodeHttps, Scheme::Http) => &["http_proxy", "HTTP_PROXY"],
            (Self::Bun | Self::Curl, Scheme::Https) => {
                &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            }
            (Self::Bun, Scheme::Http) => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
            // HTTP_PROXY may come from a header of a request where curl runs in a CGI script: it is never read.
            (Self::Curl, Scheme::Http) => &["http_proxy", "all_proxy", "ALL_PROXY"],
        }
    }
}

impl fmt::Display for Chooser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NodeFetch => f.write_str("Node fetch"),
            Self::NodeHttps => f.write_str("Node https"),
            other => other.client().fmt(f),
        }
    }
}

/// The variables that decide, as a process has them. What is set to nothing counts as not set, to all of the clients; bytes that
/// are not UTF-8 stand as U+FFFD. They may hold a password, so there is no `Debug`.
pub struct Variables<'e>(Vec<(&'static str, Cow<'e, str>)>);

impl<'e> Variables<'e> {
    /// Every variable that one of the clients looks at.
    pub const NAMES: [&'static str; 10] = [
        "https_proxy",
        "HTTPS_PROXY",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "NODE_USE_ENV_PROXY",
        "NODE_OPTIONS",
    ];

    /// Takes what `lookup` has for each of [`Self::NAMES`].
    pub fn from_lookup(lookup: impl Fn(&'static str) -> Option<&'e OsStr>) -> Self {
        let values = Self::NAMES.into_iter().filter_map(|name| Some((name, lookup(name)?.to_string_lossy())));
        Self(values.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of a variable; none where it is not set, or empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The first of these that is set, with its value.
    fn first(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| Some((*name, self.value(name)?)))
    }

    /// The list of hosts that are reached without a proxy: lower case wins.
    fn exceptions(&self) -> Option<(&'static str, &str)> {
        self.first(&["no_proxy", "NO_PROXY"])
    }

    /// Whether Node looks at the variables at all. That it is told on its command line cannot be seen from here.
    fn node_is_told(&self) -> bool {
        self.value("NODE_USE_ENV_PROXY") == Some("1")
            || self.value("NODE_OPTIONS").is_some_and(|options| {
                options.split_ascii_whitespace().any(|option| option == "--use-env-proxy")
            })
    }
}

/// How one speaks to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where none is written.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Where a request is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// In lower case; an address in its usual form, of IPv6 without brackets.
    pub host: String,
    /// The port, the default one where none is written.
    pub port: u16,
    /// How one speaks to it.
    pub scheme: Scheme,
}

/// Reads what a person types: a host, with or without a port, or an address with `http://` or `https://` before it. Without a
/// scheme it is https; what stands behind the port is left away.
impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::Https, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            Some(_) => return Err(DestinationError::Scheme),
        };
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
        if rest.contains('@') {
            return Err(DestinationError::User);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (address, behind) = inner.split_once(']').ok_or(DestinationError::Host)?;
                let address: Ipv6Addr = address.parse().map_err(|_| DestinationError::Host)?;
                let port = match behind {
                    "" => None,
                    port => Some(port.strip_prefix(':').ok_or(DestinationError::Port)?),
                };
                (address.to_string(), port)
            }
            None => match authority.parse::<Ipv6Addr>() {
                Ok(address) => (address.to_string(), None),
                Err(_) if authority.matches(':').count() > 1 => return Err(DestinationError::Brackets),
                Err(_) => match authority.split_once(':') {
                    Some((host, port)) => (named(host)?, Some(port)),
                    None => (named(authority)?, None),
                },
            },
        };
        let port = match port {
            None => scheme.default_port(),
            Some(port) => address::port(port).filter(|port| *port > 0).ok_or(DestinationError::Port)?,
        };
        Ok(Self { host, port, scheme })
    }
}

/// A name, or an address of IPv4, as every client hands it on.
fn named(host: &str) -> Result<String, DestinationError> {
    if !host.is_ascii() {
        return Err(DestinationError::NotAscii);
    }
    let host = host.to_ascii_lowercase();
    let is_name = address::is_name(&host) && !host.starts_with('.') && !host.contains("..");
    // The clients take 127.1 for an address, each in its own way.
    let is_number = address::ends_in_number(&host) && host.parse::<IpAddr>().is_err();
    if is_name && !is_number { Ok(host) } else { Err(DestinationError::Host) }
}

impl Destination {
    /// The address, where the host is one.
    fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The host as it stands in a URL, where clients in JavaScript take it from.
    fn in_url(&self) -> String {
        match self.address() {
            Some(IpAddr::V6(address)) => format!("[{}]", compressed(address)),
            _ => self.host.clone(),
        }
    }
}

/// `host:port`, of IPv6 with brackets.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// An IPv6 address as the URL Standard writes it: never with dots.
fn compressed(address: Ipv6Addr) -> String {
    match (address.to_ipv4_mapped(), address.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}"),
        (None, _) => address.to_string(),
    }
}

/// Why a text is no host that could be reached. None of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// An IPv6 address whose port cannot be told from it.
    #[error("has an IPv6 address and a port without brackets")]
    Brackets,
    /// No name and no address.
    #[error("names no host")]
    Host,
    /// Clients turn other letters into ASCII in different ways, or not at all.
    #[error("has a host in other letters than ASCII")]
    NotAscii,
    /// `:80800`
    #[error("has a port that is no number from 1 to 65535")]
    Port,
    /// `ftp://…`
    #[error("has another scheme than http and https")]
    Scheme,
    /// `alice@…`
    #[error("holds a user name or a password")]
    User,
}

impl DestinationError {
    /// The next step.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Brackets => "write it as [2001:db8::1]:443",
            Self::Host | Self::Port => "write it as api.anthropic.com, as host:port, or as https://host:port",
            Self::NotAscii => "write the host as DNS has it, beginning with xn--",
            Self::Scheme => "write the host alone, or http:// or https:// before it",
            Self::User => {
                "name the host that is to be reached, without a user; the proxy comes from the variables"
            }
        }
    }
}

/// The way that a client takes, and what has decided it.
#[derive(Debug)]
pub struct Choice {
    /// Why.
    pub because: Reason,
    /// The variable that wins, or that which exempts the host; none where there is none.
    pub decided_by: Option<&'static str>,
    /// The way.
    pub way: Way,
}

/// The way that a client takes.
#[derive(Debug)]
pub enum Way {
    /// Without a proxy.
    Direct,
    /// None: every request fails, or the client does not even start.
    Fails(Failure),
    /// Through this proxy.
    Proxy(ProxyUrl),
}

impl Way {
    /// The name in JSON; stable.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fails(_) => "fails",
            Self::Proxy(_) => "proxy",
        }
    }
}

/// `direct`, `fails`, or the proxy, without its password.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proxy(url) => url.fmt(f),
            other => f.write_str(other.name()),
        }
    }
}

/// Why a client takes this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An entry of the list exempts the host: this one, as it stands there.
    Exempt {
        /// The entry. It may hold anything.
        entry: String,
    },
    /// Claude Code exempts the host and so leaves it to the Bun inside, which does not: its variable wins.
    ExemptInPart {
        /// The entry. It may hold anything.
        entry: String,
    },
    /// The variable names the proxy, or what is none.
    Named,
    /// There are variables, and Node has not been told to look at them.
    NotAsked,
    /// The client passes over what the variable holds, without a word.
    PassedOver,
    /// No variable that it looks at is set.
    Unset,
}

impl Reason {
    /// The name in JSON; stable.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exempt { .. } => "exempt",
            Self::ExemptInPart { .. } => "exempt-in-part",
            Self::Named => "named",
            Self::NotAsked => "not-asked",
            Self::PassedOver => "passed-over",
            Self::Unset => "unset",
        }
    }
}

/// Why a client can do nothing with the value of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A percent sign in user or password that encodes nothing, or not UTF-8.
    Encoding,
    /// There is a user without a password.
    NoPassword,
    /// There is no `http://` before it.
    NoScheme,
    /// It cannot be read as an address; often a raw `@`, `:`, `/`, `?` or `#` in a password.
    NotAnAddress,
    /// Another scheme than http and https.
    OtherScheme,
    /// Something behind host and port.
    Path,
    /// The port is no number that ports have.
    Port,
    /// It is the address of a SOCKS proxy.
    Socks,
}

impl Failure {
    /// The name in JSON; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::NoPassword => "no-password",
            Self::NoScheme => "no-scheme",
            Self::NotAnAddress => "not-an-address",
            Self::OtherScheme => "other-scheme",
            Self::Path => "path",
            Self::Port => "port",
            Self::Socks => "socks",
        }
    }
}

/// A proxy as a client reads it from a variable.
#[derive(Debug)]
pub struct ProxyUrl {
    /// In lower case; of IPv6 without brackets.
    pub host: String,
    /// What the client sends as the password, decoded; none where it sends no credentials. It may be empty.
    pub password: Option<Passphrase>,
    /// The port, that which this client takes where none is written.
    pub port: u16,
    /// How one speaks to it.
    pub scheme: ProxyScheme,
    /// What the client sends as the user, decoded; bytes that are not UTF-8 stand as U+FFFD. None where it sends none.
    pub username: Option<String>,
}

impl ProxyUrl {
    /// Whether the client tells it who one is.
    pub fn has_credentials(&self) -> bool {
        self.username.is_some()
    }

    /// Whether it is the same proxy, whoever one is.
    pub fn is_at(&self, other: &Self) -> bool {
        (&self.host, self.port, self.scheme) == (&other.host, other.port, other.scheme)
    }

    /// Whether it is the same proxy, to which one says the same about oneself.
    pub fn is_same_as(&self, other: &Self) -> bool {
        let [one, two] = [self, other].map(|url| url.password.as_ref().map(Passphrase::expose_secret));
        self.is_at(other) && self.username == other.username && one == two
    }
}

/// The proxy for people: with the user, and `***` for the password.
impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.name())?;
        if let Some(username) = &self.username {
            address::encoded(username).try_for_each(|piece| f.write_str(piece))?;
            if self.password.as_ref().is_some_and(|password| !password.is_empty()) {
                f.write_str(":***")?;
            }
            f.write_str("@")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How one speaks to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyScheme {
    /// In the clear.
    Http,
    /// By TLS.
    Https,
    /// SOCKS 4, by curl alone.
    Socks4,
    /// SOCKS 5, by curl and Node's fetch.
    Socks5,
}

impl ProxyScheme {
    /// The name, as it stands in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks4 => "socks4",
            Self::Socks5 => "socks5",
        }
    }
}

impl Choice {
    fn direct(because: Reason, decided_by: Option<&'static str>) -> Self {
        Self { because, decided_by, way: Way::Direct }
    }

    fn exempt((variable, entry): (&'static str, &str)) -> Self {
        Self::direct(Reason::Exempt { entry: entry.to_owned() }, Some(variable))
    }

    fn named(variable: &'static str, read: Result<ProxyUrl, Failure>) -> Self {
        let way = match read {
            Ok(url) => Way::Proxy(url),
            Err(failure) => Way::Fails(failure),
        };
        Self { because: Reason::Named, decided_by: Some(variable), way }
    }

    /// Whether it leads another way than the other: why does not matter.
    pub fn differs_from(&self, other: &Self) -> bool {
        match (&self.way, &other.way) {
            (Way::Direct, Way::Direct) | (Way::Fails(_), Way::Fails(_)) => false,
            (Way::Proxy(one), Way::Proxy(other)) => !one.is_same_as(other),
            _ => true,
        }
    }
}

/// The way that a client takes to a destination.
pub fn choose(chooser: Chooser, variables: &Variables<'_>, destination: &Destination) -> Choice {
    match chooser {
        Chooser::Bun => by_bun(variables, destination),
        Chooser::ClaudeCode => by_claude_code(variables, destination),
        Chooser::Curl => by_curl(variables, destination),
        Chooser::NodeFetch | Chooser::NodeHttps => by_node(chooser, variables, destination),
    }
}

fn by_bun(variables: &Variables<'_>, destination: &Destination) -> Choice {
    let Some((variable, value)) = variables.first(Chooser::Bun.variables(destination.scheme)) else {
        return Choice::direct(Reason::Unset, None);
    };
    if let Some(exempt) = exempting(variables, |list| exemption::by_bun(list, destination)) {
        return Choice::exempt(exempt);
    }
    Choice::named(variable, address::by_bun(value))
}

/// Claude Code looks for a proxy first, and hands it to the Bun inside; where the host is exempt by its own rules it hands over
/// none, and that Bun looks for one by itself. So a host is reached directly where both exempt it, or where that Bun finds no proxy
/// for its scheme.
fn by_claude_code(variables: &Variables<'_>, destination: &Destination) -> Choice {
    let Some((variable, value)) = variables.first(Chooser::ClaudeCode.variables(destination.scheme)) else {
        return Choice::direct(Reason::Unset, None);
    };
    // Whoever is exempt.
    if let Some(failure) = address::end_of_claude_code(value) {
        return Choice::named(variable, Err(failure));
    }
    if let Some(exempt) = exempting(variables, |list| exemption::by_bun_inside(list, destination)) {
        return Choice::exempt(exempt);
    }
    let Some((list, entry)) = exempting(variables, |list| exemption::by_claude_code(list, destination))
    else {
        return Choice::named(variable, address::by_claude_code(value));
    };
    let inside: &[&str] = match destination.scheme {
        Scheme::Http => &["http_proxy", "HTTP_PROXY"],
        Scheme::Https => &["https_proxy", "HTTPS_PROXY"],
    };
    match variables.first(inside) {
        Some((variable, value)) => Choice {
            because: Reason::ExemptInPart { entry: entry.to_owned() },
            ..Choice::named(variable, address::by_claude_code(value))
        },
        None => Choice::exempt((list, entry)),
    }
}

fn by_curl(variables: &Variables<'_>, destination: &Destination) -> Choice {
    let Some((variable, value)) = variables.first(Chooser::Curl.variables(destination.scheme)) else {
        return Choice::direct(Reason::Unset, None);
    };
    if let Some(exempt) = exempting(variables, |list| exemption::by_curl(list, destination)) {
        return Choice::exempt(exempt);
    }
    match address::by_curl(value) {
        Some(read) => Choice::named(variable, read),
        None => Choice::direct(Reason::PassedOver, Some(variable)),
    }
}

/// Node reads the variables when it starts, and does not start where one of them cannot be read.
fn by_node(chooser: Chooser, variables: &Variables<'_>, destination: &Destination) -> Choice {
    let http = variables.first(Chooser::NodeHttps.variables(Scheme::Http));
    let https = variables.first(Chooser::NodeHttps.variables(Scheme::Https));
    if http.is_none() && https.is_none() {
        return Choice::direct(Reason::Unset, None);
    }
    if !variables.node_is_told() {
        return Choice::direct(Reason::NotAsked, Some("NODE_USE_ENV_PROXY"));
    }
    for (variable, value) in [http, https].into_iter().flatten() {
        if let Err(failure) = address::by_node(value) {
            return Choice::named(variable, Err(failure));
        }
    }
    let Some((variable, value)) = variables.first(chooser.variables(destination.scheme)) else {
        return Choice::direct(Reason::Unset, None);
    };
    if chooser == Chooser::NodeHttps && !address::is_read_by_node_https(value) {
        return Choice::direct(Reason::PassedOver, Some(variable));
    }
    let exempts = match chooser {
        Chooser::NodeFetch => exemption::by_node_fetch,
        _ => exemption::by_node_https,
    };
    if let Some(exempt) = exempting(variables, |list| exempts(list, destination)) {
        return Choice::exempt(exempt);
    }
    let read = address::by_node(value).map(|mut url| {
        // fetch sends a user only with a password, and a password only with a user.
        let is_half = url.username.as_deref().is_none_or(str::is_empty)
            || url.password.as_ref().is_none_or(Passphrase::is_empty);
        if chooser == Chooser::NodeFetch && is_half {
            (url.username, url.password) = (None, None);
        }
        url
    });
    Choice::named(variable, read)
}

/// The variable with the list, and the entry of it that exempts.
fn exempting<'v>(
    variables: &'v Variables<'_>,
    exempts: impl FnOnce(&'v str) -> Option<&'v str>,
) -> Option<(&'static str, &'v str)> {
    let (variable, list) = variables.exceptions()?;
    Some((variable, exempts(list)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables<'e>(pairs: &'e [(&'static str, &'e str)]) -> Variables<'e> {
        Variables::from_lookup(|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| OsStr::new(*value))
        })
    }

    #[test]
    fn a_destination_is_what_people_type() {
        for (typed, scheme, host, port) in [
            ("api.anthropic.com", Scheme::Https, "api.anthropic.com", 443),
            (" API.Anthropic.com:8443 ", Scheme::Https, "api.anthropic.com", 8443),
            ("http://x", Scheme::Http, "x", 80),
            ("HTTPS://x:1/there?a#b", Scheme::Https, "x", 1),
            ("x.example.", Scheme::Https, "x.example.", 443),
            ("127.0.0.1:80", Scheme::Https, "127.0.0.1", 80),
            ("[2001:DB8:0::1]:8443", Scheme::Https, "2001:db8::1", 8443),
            ("http://[::1]", Scheme::Http, "::1", 80),
            ("::1", Scheme::Https, "::1", 443),
        ] {
            let destination = Destination { host: host.to_owned(), port, scheme };
            assert_eq!(typed.parse(), Ok(destination), "{typed}");
        }
        use DestinationError::{Brackets, Host, NotAscii, Port, User};
        for (typed, error) in [
            ("", Host),
            (":443", Host),
            ("a b", Host),
            ("a..b", Host),
            ("127.1", Host),
            ("0x7f.0.0.1", Host),
            ("[::1", Host),
            ("[x]", Host),
            ("x:", Port),
            ("x:0", Port),
            ("x:65536", Port),
            ("x:+1", Port),
            ("[::1]1", Port),
            ("x:1:2", Brackets),
            ("b\u{fc}cher.example", NotAscii),
            ("ftp://x", DestinationError::Scheme),
            ("alice:geheim@x", User),
            ("http://alice:ge/heim@x", User),
        ] {
            assert_eq!(typed.parse::<Destination>(), Err(error), "{typed}");
        }
    }

    #[test]
    fn the_credentials_are_those_that_are_sent() {
        let pairs = [("https_proxy", "http://al%40ice:p%40%20w@proxy:1"), ("NODE_USE_ENV_PROXY", "1")];
        for chooser in Chooser::ALL {
            let choice = choose(chooser, &variables(&pairs), &"x.example".parse().unwrap());
            let Way::Proxy(url) = &choice.way else { panic!("{chooser}: {choice:?}") };
            assert_eq!(url.username.as_deref(), Some("al@ice"), "{chooser}");
            assert_eq!(url.password.as_ref().map(Passphrase::expose_secret), Some(b"p@ w".as_slice()));
            assert_eq!(url.to_string(), "http://al%40ice:***@proxy:1");
        }
    }

    #[test]
    fn no_value_is_too_odd_for_an_answer() {
        let parts = [
            "",
            "http://",
            "socks5:",
            "//",
            "@",
            ":",
            "[",
            "]",
            "::1",
            "%",
            "%e",
            "\u{e4}",
            "*",
            ".",
            ",",
            " ",
            "/33",
            "-",
            "127.0.0.1",
            "99999",
            "\n",
        ];
        let destinations: Vec<Destination> =
            ["x.example", "127.0.0.1", "[::1]:1"].iter().map(|typed| typed.parse().unwrap()).collect();
        for text in parts.iter().flat_map(|one| parts.map(|two| format!("{one}{two}"))) {
            let odd = [("https_proxy", &*text), ("NO_PROXY", &*text), ("NODE_USE_ENV_PROXY", "1")];
            let listed = [("https_proxy", "http://p:1"), ("NO_PROXY", &*text), ("NODE_USE_ENV_PROXY", "1")];
            for destination in &destinations {
                for chooser in Chooser::ALL {
                    choose(chooser, &variables(&odd), destination);
                    choose(chooser, &variables(&listed), destination);
                }
            }
        }
    }
}
