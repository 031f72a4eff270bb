//! One small file by plain HTTP: the certificate of an issuer, from the address that a certificate names (RFC 5280, section
//! 4.2.2.1). What comes is bounded, and proves nothing: whether it is wanted is for others to judge.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::handshake;
use super::http::{self, Head};
use super::lookup::lookup;
use super::mask::Mask;
use super::probe::{Credentials, Failure, Route, Target};
use super::stream::{self, Deadline, Ear, Wire};

/// How far a fetch may go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Whether an address that is not public may be asked. Through a proxy, which looks names up itself, that is known of addresses in
    /// digits and of `localhost` alone.
    pub allow_private: bool,
    /// Of the file, in bytes.
    pub size: usize,
    /// For everything together.
    pub timeout: Duration,
}

impl Limits {
    /// What is enough for a certificate from a public place.
    pub const DEFAULT: Self = Self { allow_private: false, size: 1 << 20, timeout: Duration::from_secs(10) };
}

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is no address of HTTP.
    #[error("'{}' is not an address of the form http://HOST/PATH", .0.escape_debug())]
    Address(String),
    /// The connection fails.
    #[error("'{}' cannot be reached: {}", host.escape_debug(), words(failure))]
    Failed {
        /// Why.
        failure: Failure,
        /// The host that was connected to: the proxy, where there is one.
        host: String,
    },
    /// It leads to an address that is not one of HTTP.
    #[error("it leads to '{}', and only addresses of the form http://HOST/PATH are followed", .0.escape_debug())]
    LeadsAway(String),
    /// It lies at an address that is not public.
    #[error("'{}' lies at {address}, and only public addresses are asked", host.escape_debug())]
    Private {
        /// The address.
        address: IpAddr,
        /// The host.
        host: String,
    },
    /// The proxy would look it up, and would find an address that is not public, or may read one in it.
    #[error("'{}' is or may be read as an address that is not public, and only public addresses are asked", .0.escape_debug())]
    PrivateToProxy(String),
    /// The server, or the proxy, answers something else.
    #[error("'{}' answers with status {status}", host.escape_debug())]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// It leads on and on.
    #[error("it leads on to another address more than {MOST_REDIRECTS} times")]
    TooManyRedirects,
}

/// Gets a file from an address of HTTP, straight or through a proxy, which looks the name up then.
///
/// # Errors
/// Where it cannot be had within the limits.
pub fn fetch(address: &str, route: &Route, limits: Limits) -> Result<Vec<u8>, FetchError> {
    let deadline = Deadline::after(limits.timeout);
    let mut place = Place::parse(address).ok_or_else(|| FetchError::Address(cut(address)))?;
    for _ in 0..=MOST_REDIRECTS {
        match ask(&place, route, limits, &deadline)? {
            Answer::Elsewhere(location) => {
                place = place.join(&location).ok_or_else(|| {
                    FetchError::LeadsAway(cut(&Mask::of(route.credentials()).text(&location)))
                })?;
            }
            Answer::File(file) => return Ok(file),
        }
    }
    Err(FetchError::TooManyRedirects)
}

/// The host that an address of HTTP names, in lower case, IPv6 without brackets; none where it is no such address.
pub fn host_of(address: &str) -> Option<String> {
    Place::parse(address).map(|place| place.target.host)
}

/// What an answer gives.
enum Answer {
    /// Another address.
    Elsewhere(String),
    /// What was asked for.
    File(Vec<u8>),
}

fn ask(place: &Place, route: &Route, limits: Limits, deadline: &Deadline) -> Result<Answer, FetchError> {
    let next = match route {
        Route::Direct => &place.target,
        Route::Proxy(via) => &via.proxy,
    };
    let failed = |failure| FetchError::Failed { failure, host: next.host.clone() };
    let Reached { mut wire, may_know } = reach(place, route, next, limits, deadline)?;
    let mut ear = Ear::new(&mut *wire, deadline);
    let host = http::authority(&place.target, Some(80));
    let (uri, credentials): (_, Option<&Credentials>) = match route {
        Route::Direct => (place.path.clone(), None),
        Route::Proxy(via) => {
            (format!("http://{host}{}", place.path), via.credentials.as_ref().filter(|_| may_know))
        }
    };
    http::send(&mut ear, &http::get(&uri, &host, credentials));
    let head = Head::read(&mut ear).map_err(failed)?;
    match head.status {
        200 => {
            let mut file = Vec::new();
            head.body(&mut ear, limits.size, &mut file).map_err(failed)?;
            Ok(Answer::File(file))
        }
        301 | 302 | 303 | 307 | 308 if let Some(location) = head.all("location").next() => {
            Ok(Answer::Elsewhere(location.to_owned()))
        }
        status => Err(FetchError::Status { host: place.target.host.clone(), status }),
    }
}

/// Somebody to ask.
struct Reached {
    /// Whether it is who it is taken for, as far as that matters: a proxy with TLS has to prove it before it is told a password.
    may_know: bool,
    wire: Box<dyn Wire>,
}

/// Connects to the host, or to the proxy.
fn reach(
    place: &Place,
    route: &Route,
    next: &Target,
    limits: Limits,
    deadline: &Deadline,
) -> Result<Reached, FetchError> {
    let failed = |failure| FetchError::Failed { failure, host: next.host.clone() };
    let is_allowed = |address: &IpAddr| limits.allow_private || is_public(*address);
    let private = |address| FetchError::Private { address, host: place.target.host.clone() };
    let via = match route {
        Route::Direct => None,
        Route::Proxy(via) => Some(via),
    };
    match absolute(&place.target.host).parse() {
        Ok(address) if !is_allowed(&address) => return Err(private(address)),
        // Whoever asks without a proxy looks the name up, and sees the address.
        Err(_) if via.is_some() && !limits.allow_private && is_private_to_proxy(&place.target.host) => {
            return Err(FetchError::PrivateToProxy(place.target.host.clone()));
        }
        _ => {}
    }
    let addresses = match next.host.parse() {
        Ok(address) => vec![address],
        Err(_) => lookup(next, deadline).map_err(failed)?,
    };
    // Those that have been looked at are the ones that are connected to, and no others.
    let allowed = addresses.iter().filter(|address| via.is_some() || is_allowed(address));
    let allowed: Vec<_> = allowed.map(|&address| SocketAddr::new(address, next.port)).collect();
    if let (Some(&address), []) = (addresses.first(), &*allowed) {
        return Err(private(address));
    }
    let (stream, _) = stream::connect(&allowed, deadline).map_err(failed)?;
    match via {
        Some(via) if via.is_tls => {
            let greeting = handshake::shake(Box::new(stream), next, None, true, deadline);
            let may_know = greeting.tls.leads_to(&via.roots, next);
            let secured = greeting
                .secured
                .ok_or(greeting.failure.unwrap_or(Failure::Closed { after_answer: false }))
                .map_err(failed)?;
            Ok(Reached { may_know, wire: Box::new(secured) })
        }
        _ => Ok(Reached { may_know: true, wire: Box::new(stream) }),
    }
}

/// An address of HTTP, in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    /// Path and query, as they are sent.
    path: String,
    target: Target,
}

impl Place {
    /// Takes an address apart: no user, no password, nothing but printable ASCII, and nothing that ends a quotation: it may come to
    /// stand in a command that is pasted. RFC 3986 would allow the apostrophe, alone of these.
    fn parse(address: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\`".contains(&byte);
        if !address.bytes().all(is_plain) || address.len() > LONGEST_ADDRESS {
            return None;
        }
        let (scheme, rest) = address.split_at_checked(HTTP.len())?;
        if !scheme.eq_ignore_ascii_case(HTTP) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                host.parse::<Ipv6Addr>().ok()?;
                (host, if port.is_empty() { "" } else { port.strip_prefix(':')? })
            }
            None => {
                let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
                let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
                (Some(host).filter(|host| is_name && !host.is_empty())?, port)
            }
        };
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port {
            "" => 80,
            _ => port.parse().ok().filter(|port| is_number && *port != 0)?,
        };
        Some(Self { path, target: Target { host: host.to_ascii_lowercase(), port } })
    }

    /// What a reference in an answer from here means (RFC 3986, section 5.2), where that is an address of HTTP.
    fn join(&self, reference: &str) -> Option<Self> {
        let authority = http::authority(&self.target, None);
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(is_scheme));
        if has_scheme {
            return Self::parse(reference);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{HTTP}{rest}"));
        }
        let path = self.path.split('?').next().unwrap_or_default();
        let folder = match reference {
            _ if reference.starts_with('/') => "",
            _ if reference.starts_with(['?', '#']) || reference.is_empty() => path,
            _ => &path[..path.rfind('/').map_or(0, |slash| slash + 1)],
        };
        Self::parse(&format!("{HTTP}{authority}{folder}{reference}"))
    }
}

/// A name without the dot that says that it is whole.
fn absolute(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether a host in lower case that is no address as it stands leads to an address that is not public all the same, or may: many
/// proxies take `2130706433`, `127.1` and `0x7f.1` for 127.0.0.1, as C libraries and the URL Standard do, and everybody takes
/// `localhost` (RFC 6761, section 6.3) for their own machine.
fn is_private_to_proxy(host: &str) -> bool {
    let last = absolute(host).rsplit('.').next().unwrap_or_default();
    let is_hexadecimal =
        last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    // Of two dots at the end the last part is empty, and no name.
    is_hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit()) || last == "localhost"
}

/// Whether an address is one that anybody may have (IANA, special-purpose address registries).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => match address.segments() {
            // Mapped, translated (RFC 6052) and 6to4 addresses lead to the one in them.
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
            | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
            | [0x2002, high, low, ..] => {
                is_public_4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
            }
            [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
            // What is given out at all begins with these three bits (RFC 4291, section 2.4).
            [first, ..] => (0x2000..0x3fff).contains(&first),
        },
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 168, ..]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// What a failure of a connection is called in an error of one line.
fn words(failure: &Failure) -> String {
    match failure {
        Failure::Alert(number) => format!("it ends TLS with alert {number}"),
        Failure::Closed { .. } => "it closes the connection".to_owned(),
        Failure::HandshakeSignature => "it does not have the key of its certificate".to_owned(),
        Failure::IdentityUnusable(reason) | Failure::NoLookup(reason) | Failure::Other(reason) => {
            reason.clone()
        }
        Failure::NoAddress => "the name has no address".to_owned(),
        Failure::NotTheProtocol { .. } => "it does not speak HTTP".to_owned(),
        Failure::ProxyRefused => "the proxy refuses".to_owned(),
        Failure::Refused => "nobody listens there".to_owned(),
        Failure::Reset { .. } => "it resets the connection".to_owned(),
        Failure::NotAsked | Failure::TimedOut => "it takes too long".to_owned(),
        Failure::TooMuch("body") => "what it sends is too large for a certificate".to_owned(),
        Failure::TooMuch(what) => format!("it sends too many {what}"),
        Failure::TooOld => "it speaks no TLS from 1.2 on".to_owned(),
        Failure::Unreachable => "there is no way to it".to_owned(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_SHOWN).collect()
}

const HTTP: &str = "http://";
/// In bytes.
const LONGEST_ADDRESS: usize = 4096;
/// In characters.
const LONGEST_SHOWN: usize = 200;
/// From one address to the next.
const MOST_REDIRECTS: u32 = 3;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::mpsc::{self, Receiver};
    use std::thread;
    use std::time::Instant;

    use super::super::probe::Via;
    use super::*;
    use crate::secret::Passphrase;

    /// A server that gives one answer after the other, and what it was asked.
    fn serve(answers: Vec<String>) -> (u16, Receiver<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                    head.push(byte[0]);
                }
                let _ = stream.write_all(answer.as_bytes());
                let _ = sender.send(String::from_utf8(head).unwrap());
            }
        });
        (port, receiver)
    }

    const OPEN: Limits = Limits { allow_private: true, ..Limits::DEFAULT };

    fn fetched(answers: &[&str]) -> Result<Vec<u8>, FetchError> {
        let (port, _asked) = serve(answers.iter().map(|&answer| answer.to_owned()).collect());
        fetch(&format!("http://127.0.0.1:{port}/ca.crt"), &Route::Direct, OPEN)
    }

    #[test]
    fn a_file_comes_whole_however_it_is_framed() {
        for answer in [
            "HTTP/1.1 200 OK\r\n\r\nabcdef",
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef and more",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nab\r\n004;x=y\r\ncdef\r\n0\r\nA: b\r\n\r\n",
        ] {
            assert_eq!(fetched(&[answer]).as_deref(), Ok(b"abcdef".as_slice()), "{answer}");
        }
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nabcdef",
            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabcdef",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nabcdef",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nabcdef\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+6\r\nabcdef\r\n0\r\n\r\n",
            "220 mail.test ESMTP\r\n",
            "",
        ] {
            assert!(matches!(fetched(&[answer]), Err(FetchError::Failed { .. })), "{answer}");
        }
    }

    #[test]
    fn what_is_too_large_or_too_slow_is_not_read() {
        let too_much =
            |what| FetchError::Failed { failure: Failure::TooMuch(what), host: "127.0.0.1".to_owned() };
        let body = format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat((1 << 20) + 1));
        assert_eq!(fetched(&[&body]), Err(too_much("body")));
        let body = format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(1 << 20));
        assert_eq!(fetched(&[&body]).unwrap().len(), 1 << 20);
        let head = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "a".repeat(64 << 10));
        assert_eq!(fetched(&[&head]), Err(too_much("headers")));

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let start = Instant::now();
        let limits = Limits { timeout: Duration::from_millis(300), ..OPEN };
        let result = fetch(&format!("http://127.0.0.1:{port}"), &Route::Direct, limits);
        let timed_out = FetchError::Failed { failure: Failure::TimedOut, host: "127.0.0.1".to_owned() };
        assert_eq!(result, Err(timed_out));
        assert!(start.elapsed() < Duration::from_millis(600));
    }

    #[test]
    fn it_follows_three_times_and_only_to_http() {
        let to = |place: &str| format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\n\r\n");
        let file = "HTTP/1.1 200 OK\r\n\r\nabc".to_owned();
        let (port, asked) = serve(vec![to("b/c?d"), to("/e"), to("//127.0.0.1:1/"), file.clone()]);
        let result = fetch(&format!("http://127.0.0.1:{port}/a/x"), &Route::Direct, OPEN);
        assert!(matches!(result, Err(FetchError::Failed { failure: Failure::Refused, .. })), "{result:?}");
        // The server says so on a thread of its own, which may come to it later.
        let first_line = |_| {
            let head = asked.recv_timeout(Duration::from_secs(10)).unwrap();
            head.lines().next().unwrap().to_owned()
        };
        let asked: Vec<String> = (0..3).map(first_line).collect();
        assert_eq!(asked, ["GET /a/x HTTP/1.1", "GET /a/b/c?d HTTP/1.1", "GET /e HTTP/1.1"]);

        let next = to("/next");
        assert_eq!(fetched(&[&next, &next, &next, &file]).as_deref(), Ok(b"abc".as_slice()));
        assert_eq!(fetched(&[&next, &next, &next, &next]), Err(FetchError::TooManyRedirects));
        for away in ["https://127.0.0.1/ca.crt", "file:///etc/passwd", "http://user@127.0.0.1/"] {
            assert_eq!(fetched(&[&to(away)]), Err(FetchError::LeadsAway(away.to_owned())));
        }
        let status = |status| Err(FetchError::Status { host: "127.0.0.1".to_owned(), status });
        assert_eq!(fetched(&["HTTP/1.1 404 Not Found\r\n\r\n"]), status(404));
        assert_eq!(fetched(&["HTTP/1.1 302 Found\r\n\r\n"]), status(302));
        assert_eq!(fetched(&["HTTP/1.1 204 No Content\r\n\r\n"]), status(204));
    }

    #[test]
    fn a_proxy_is_asked_for_the_whole_address() {
        let elsewhere =
            "HTTP/1.1 302 Found\r\nLocation: https://login.test/?QWxhZGRpbjpvcGVuIHNlc2FtZQ\r\n\r\n";
        let (port, asked) = serve(vec!["HTTP/1.1 200 OK\r\n\r\nabc".to_owned(), elsewhere.to_owned()]);
        let credentials = Credentials {
            password: Passphrase::new(b"open sesame".to_vec()),
            username: "Aladdin".to_owned(),
        };
        let proxy = Target { host: "127.0.0.1".to_owned(), port };
        let via =
            Route::Proxy(Via { credentials: Some(credentials), is_tls: false, proxy, roots: Arc::default() });
        // The proxy looks the name up, and may have any address.
        assert_eq!(fetch("HTTP://PKI.test/a?b#c", &via, Limits::DEFAULT).as_deref(), Ok(b"abc".as_slice()));
        let asked = asked.recv().unwrap();
        assert!(
            asked.starts_with("GET http://pki.test/a?b HTTP/1.1\r\nHost: pki.test\r\nUser-Agent: certman/"),
            "{asked}"
        );
        assert!(asked.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
        let led = fetch("http://pki.test/", &via, Limits::DEFAULT);
        assert_eq!(led, Err(FetchError::LeadsAway("https://login.test/?***".to_owned())));
    }

    /// Noticed with the address `http://2130706433/ca.crt` in a certificate: the proxy fetched it from this machine.
    #[test]
    fn a_proxy_is_not_asked_for_what_is_not_public_however_it_is_written() {
        let answer = "HTTP/1.1 200 OK\r\n\r\nabc";
        let via = |answers: &[&str]| {
            let (port, asked) = serve(answers.iter().map(|&answer| answer.to_owned()).collect());
            let proxy = Target { host: "127.0.0.1".to_owned(), port };
            (Route::Proxy(Via { credentials: None, is_tls: false, proxy, roots: Arc::default() }), asked)
        };
        let (route, asked) = via(&[answer; 3]);
        for host in ["127.0.0.1", "127.0.0.1.", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"] {
            let result = fetch(&format!("http://{host}:9301/ca.crt"), &route, Limits::DEFAULT);
            assert!(matches!(result, Err(FetchError::Private { .. })), "{host}: {result:?}");
        }
        for host in [
            "2130706433",
            "127.1",
            "127.1.",
            "0x7f.1",
            "0X7F000001",
            "0x",
            "127.0.0.0x1",
            "0177.0.0.01",
            "127.0.0.1..",
            "a.test..",
            "localhost",
            "LOCALHOST.",
            "x.localhost",
        ] {
            let result = fetch(&format!("http://{host}:9301/ca.crt"), &route, Limits::DEFAULT);
            assert!(matches!(result, Err(FetchError::PrivateToProxy(_))), "{host}: {result:?}");
        }
        assert!(asked.try_recv().is_err());
        // What is public in digits, and names: the proxy may know them.
        for host in ["8.8.8.8.", "0x7f.test", "localhost.test"] {
            let result = fetch(&format!("http://{host}/ca.crt"), &route, Limits::DEFAULT);
            assert_eq!(result.as_deref(), Ok(b"abc".as_slice()), "{host}");
        }
        let (route, _asked) = via(&[answer; 2]);
        for host in ["2130706433", "x.localhost"] {
            assert!(fetch(&format!("http://{host}/ca.crt"), &route, OPEN).is_ok(), "{host}");
        }
        // No more by a detour.
        let (route, _asked) = via(&["HTTP/1.1 302 Found\r\nLocation: http://127.1/ca.crt\r\n\r\n", answer]);
        let result = fetch("http://pki.test/ca.crt", &route, Limits::DEFAULT);
        assert_eq!(result, Err(FetchError::PrivateToProxy("127.1".to_owned())));
    }

    #[test]
    fn what_is_not_public_is_not_asked_unless_that_is_allowed() {
        let refused = |address: &str| fetch(address, &Route::Direct, Limits::DEFAULT);
        for address in
            ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::ffff:10.0.0.1]/", "http://0/"]
        {
            assert!(matches!(refused(address), Err(FetchError::Private { .. })), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2001:4860::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn only_addresses_of_http_are_understood() {
        let parts = |address: &str| {
            Place::parse(address)
                .map(|place| format!("{} {} {}", place.target.host, place.target.port, place.path))
        };
        for (address, expected) in [
            ("http://a.test", Some("a.test 80 /")),
            ("http://a.test?b", Some("a.test 80 /?b")),
            ("HTTP://A.test:8080/B/c?d#e", Some("a.test 8080 /B/c?d")),
            ("http://[2001:DB8::1]:81/x", Some("2001:db8::1 81 /x")),
            ("http://[::1]/", Some("::1 80 /")),
            ("http://a.test:/", Some("a.test 80 /")),
            ("http://", None),
            ("http:///x", None),
            ("http://a.test:0/", None),
            ("http://a.test:+80/", None),
            ("http://a.test:65536/", None),
            ("http://[::1]x/", None),
            ("http://[a.test]/", None),
            ("http://u:p@a.test/", None),
            ("http://a.test/ x", None),
            ("http://a.test/\r\nX: y", None),
            ("http://a.test/'x'", None),
            ("http://a.test/\"x", None),
            ("http://a.test/`x`", None),
            ("http://a.test/\\x", None),
            ("http://a.test/?<x", None),
            ("http://a.test/#>x", None),
            ("http://a.test/$(x);y&z|!", Some("a.test 80 /$(x);y&z|!")),
            ("http://ä.test/", None),
            ("https://a.test/", None),
            ("ldap://a.test/", None),
            ("a.test", None),
        ] {
            assert_eq!(parts(address).as_deref(), expected, "{address:?}");
        }
    }
}
