//! The way to a host by the variables of the proxy: what `choose` says is what Node, Bun and curl do. Every program is asked on
//! loopback, with two proxies and a target that note who comes. Nothing is looked up: through a proxy no client does, Node and curl
//! are told where the names are, and to Bun every name ends in `.localhost`, which it knows by itself.
//!
//! Claude Code is no test program. Its rules are from runs of 2.1.197 against the same proxies; what must stay of them stands in a
//! table here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certman::clients::choice::{Choice, Chooser, Destination, ProxyScheme, Reason, Variables, Way, choose};

use crate::support::{bare, in_project, program};

#[test]
fn every_client_takes_the_way_that_is_said() {
    let (Some(node), Some(bun), Some(curl)) = (program("node"), program("bun"), program("curl")) else {
        return;
    };
    let questions = questions();
    assert!(questions.len() > 300, "{}", questions.len());
    let script = in_project("tests/support/choice.mjs");
    std::thread::scope(|scope| {
        for (chooser, program, how) in [
            (Chooser::NodeFetch, &node, "fetch"),
            (Chooser::NodeHttps, &node, "https"),
            (Chooser::Bun, &bun, "fetch"),
        ] {
            let (questions, script) = (&questions, &script);
            scope.spawn(move || {
                let mut process = bare(program);
                process
                    .arg(script)
                    .arg(how)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null());
                Asked::new(chooser).all(questions, &mut Asking::start(process.spawn().expect("it starts")));
            });
        }
        // The rules are those of this version; later ones know ranges of IPv6.
        if version_of(&curl).starts_with("curl 7.88") {
            scope.spawn(|| Asked::new(Chooser::Curl).all(&questions, &mut Asking::Curl(curl)));
        }
    });
}

#[test]
fn node_looks_at_the_variables_where_it_is_told_to_and_ends_at_once_where_they_are_none_it_can_read() {
    let Some(node) = program("node") else { return };
    let asked = Asked::new(Chooser::NodeHttps);
    let destination: Destination = asked.fill("http://127.0.0.1:{T}/").parse().unwrap();
    let get = "require('http').get(process.argv[1], (r) => r.resume()).on('error', () => process.exit(3))";
    for (variables, choice) in [
        (vec![("http_proxy", "http://127.0.0.1:{A}")], 'T'),
        (vec![("http_proxy", "http://127.0.0.1:{A}"), ("NODE_USE_ENV_PROXY", "1")], 'A'),
        (vec![("http_proxy", "http://127.0.0.1:{A}"), ("NODE_USE_ENV_PROXY", "0")], 'T'),
        (vec![("http_proxy", "http://127.0.0.1:{A}"), ("NODE_USE_ENV_PROXY", "true")], 'T'),
        (vec![("http_proxy", "http://127.0.0.1:{A}"), ("NODE_USE_ENV_PROXY", "01")], 'T'),
        (vec![("http_proxy", "http://127.0.0.1:{A}"), ("NODE_OPTIONS", "--use-env-proxy")], 'A'),
        (vec![("http_proxy", "127.0.0.1:{A}")], 'T'),
        (vec![("http_proxy", "127.0.0.1:{A}"), ("NODE_USE_ENV_PROXY", "1")], '-'),
        (vec![("https_proxy", "localhost:{A}"), ("NODE_USE_ENV_PROXY", "1")], '-'),
        (vec![("https_proxy", "http://127.0.0.1:{A}/x"), ("NODE_USE_ENV_PROXY", "1")], '-'),
        (vec![("https_proxy", "http://alice:p%w@127.0.0.1:{A}"), ("NODE_USE_ENV_PROXY", "1")], '-'),
        (vec![("http_proxy", "x"), ("no_proxy", "*"), ("NODE_USE_ENV_PROXY", "1")], '-'),
        (vec![("http_proxy", "http://127.0.0.1:{A}"), ("HTTP_PROXY", "x"), ("NODE_USE_ENV_PROXY", "1")], 'A'),
        (vec![("http_proxy", ""), ("HTTP_PROXY", "http://127.0.0.1:{A}"), ("NODE_USE_ENV_PROXY", "1")], 'A'),
        (vec![("ALL_PROXY", "x"), ("NODE_USE_ENV_PROXY", "1")], 'T'),
    ] {
        let variables: Vec<(&str, String)> =
            variables.into_iter().map(|(name, value)| (name, asked.fill(value))).collect();
        let mut process = bare(&node);
        process.args(["-e", get, &format!("http://{destination}/")]).envs(variables.clone());
        process.stderr(Stdio::null()).status().expect("Node starts");
        let seen = asked.seen();
        assert_eq!(seen.first().map_or('-', |one| one.at), choice, "Node {variables:?}: {seen:?}");
        let said = choose(Chooser::NodeHttps, &of(&variables), &destination);
        assert_eq!(asked.place_of(&said), choice, "certman {variables:?}: {said:?}");
    }
}

#[test]
fn claude_code_takes_the_way_that_it_was_seen_taking() {
    let proxied = |value: &'static str| vec![("https_proxy", value)];
    let around = |list: &'static str| vec![("https_proxy", "http://a:1"), ("no_proxy", list)];
    for (variables, address, way) in [
        (vec![("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1")], "x.invalid", "http://a:1"),
        (vec![("HTTPS_PROXY", "http://a:1"), ("http_proxy", "http://b:1")], "x.invalid", "http://a:1"),
        (vec![("http_proxy", "http://a:1"), ("HTTP_PROXY", "http://b:1")], "x.invalid", "http://a:1"),
        (vec![("HTTP_PROXY", "http://a:1")], "x.invalid", "http://a:1"),
        (vec![("https_proxy", ""), ("HTTPS_PROXY", "http://a:1")], "x.invalid", "http://a:1"),
        (vec![("https_proxy", "http://a:1"), ("http_proxy", "http://b:1")], "http://x.invalid", "http://a:1"),
        (vec![("ALL_PROXY", "http://a:1")], "x.invalid", "direct"),
        (vec![("ALL_PROXY", "a:1"), ("https_proxy", "http://a:1")], "x.invalid", "http://a:1"),
        (vec![("https_proxy", " "), ("HTTPS_PROXY", "http://a:1")], "x.invalid", "fails"),
        (proxied("127.0.0.1:1"), "x.invalid", "fails"),
        (proxied("//127.0.0.1:1"), "x.invalid", "fails"),
        (proxied("[::1]:1"), "x.invalid", "fails"),
        (proxied("localhost"), "x.invalid", "fails"),
        (proxied("a_b.invalid:9"), "x.invalid", "fails"),
        // A name may be a scheme, and so it passes.
        (proxied("localhost:1"), "x.invalid", "http://localhost:1"),
        (proxied("alice:pw@localhost:1"), "x.invalid", "fails"),
        (proxied("alice@localhost:1"), "x.invalid", "fails"),
        (proxied("HTTP://a:1"), "x.invalid", "http://a:1"),
        (proxied("http:/a:1"), "x.invalid", "http://a:1"),
        (proxied("http:a:1"), "x.invalid", "http://a:1"),
        (proxied(" http://a:1 "), "x.invalid", "http://a:1"),
        (proxied("http://a:1/path"), "x.invalid", "http://a:1"),
        (proxied("https://a:1"), "x.invalid", "https://a:1"),
        (proxied("https://a"), "x.invalid", "https://a:443"),
        (proxied("http://a"), "x.invalid", "http://a:80"),
        (proxied("socks5://a:1"), "x.invalid", "fails"),
        (proxied("socks5h://a:1"), "x.invalid", "fails"),
        (proxied("ftp://a:1"), "x.invalid", "fails"),
        (proxied("http://"), "x.invalid", "fails"),
        (proxied("http://a:99999"), "x.invalid", "fails"),
        (proxied("http://alice:pw@a:1"), "x.invalid", "http://alice:***@a:1"),
        (proxied("http://alice:p@w@a:1"), "x.invalid", "http://alice:***@a:1"),
        (proxied("http://alice:p/w@a:1"), "x.invalid", "fails"),
        (proxied("http://alice:p#w@a:1"), "x.invalid", "fails"),
        (proxied("http://alice:p%w@a:1"), "x.invalid", "http://a:1"),
        (proxied("http://alice@a:1"), "x.invalid", "fails"),
        (proxied("http://alice:@a:1"), "x.invalid", "fails"),
        (proxied("http://:pw@a:1"), "x.invalid", "http://a:1"),
        (proxied("http://CORP\\alice:pw@a:1"), "x.invalid", "fails"),
        (around("x.invalid"), "x.invalid", "direct"),
        (around("x.invalid"), "a.x.invalid", "direct"),
        (around("x.invalid"), "ax.invalid", "http://a:1"),
        (around("x.invalid"), "x.invalid.", "http://a:1"),
        (around(".x.invalid"), "x.invalid", "direct"),
        (around("..x.invalid"), "a.x.invalid", "http://a:1"),
        (around("*.x.invalid"), "a.x.invalid", "http://a:1"),
        (around("*.x.invalid"), "http://a.x.invalid", "http://a:1"),
        (around("*"), "x.invalid", "direct"),
        (around("a.invalid,*"), "x.invalid", "direct"),
        (around(" *"), "x.invalid", "direct"),
        (around("* a"), "http://x.invalid", "http://a:1"),
        (around("X.Invalid"), "x.invalid", "direct"),
        (around("a.invalid, x.invalid"), "x.invalid", "direct"),
        // The Bun inside knows no blanks: it goes by https_proxy itself.
        (around("a.invalid x.invalid"), "x.invalid", "http://a:1"),
        (around("a.invalid\tx.invalid"), "x.invalid", "http://a:1"),
        (around("a.invalid x.invalid"), "http://x.invalid", "direct"),
        (around("a.invalid\u{a0}x.invalid"), "http://x.invalid", "direct"),
        (vec![("http_proxy", "http://a:1"), ("no_proxy", "a x.invalid")], "x.invalid", "direct"),
        (vec![("http_proxy", "http://a:1"), ("no_proxy", "a x.invalid")], "http://x.invalid", "http://a:1"),
        (vec![("https_proxy", "socks5://a:1"), ("no_proxy", "a x.invalid")], "x.invalid", "fails"),
        (vec![("https_proxy", "socks5://a:1"), ("no_proxy", "x.invalid")], "x.invalid", "direct"),
        (vec![("https_proxy", "127.0.0.1:1"), ("no_proxy", "x.invalid")], "x.invalid", "fails"),
        (around("a.invalid;x.invalid"), "x.invalid", "http://a:1"),
        (around("x.invalid:443"), "x.invalid", "http://a:1"),
        (around("x.invalid:8443"), "x.invalid:8443", "direct"),
        (around("x.invalid:8443"), "a.x.invalid:8443", "http://a:1"),
        (around(".x.invalid:8443"), "x.invalid:8443", "direct"),
        (around("x.invalid:80"), "http://x.invalid", "direct"),
        (around("127.0.0.0/8"), "127.0.0.1", "http://a:1"),
        (around("127.0.0.1"), "127.0.0.1", "direct"),
        (around("0.0.1"), "127.0.0.1", "direct"),
        // It needs brackets.
        (around("::1"), "[::1]", "http://a:1"),
        (around("[::1]"), "[::1]", "direct"),
        (around("[::1]:8443"), "[::1]:8443", "direct"),
        (around(""), "127.0.0.1", "http://a:1"),
        (around(""), "localhost", "http://a:1"),
        (
            vec![("https_proxy", "http://a:1"), ("no_proxy", ""), ("NO_PROXY", "x.invalid")],
            "x.invalid",
            "direct",
        ),
        (
            vec![("https_proxy", "http://a:1"), ("no_proxy", " "), ("NO_PROXY", "x.invalid")],
            "x.invalid",
            "http://a:1",
        ),
    ] {
        let values: Vec<(&str, String)> =
            variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let choice = choose(Chooser::ClaudeCode, &of(&values), &address.parse().unwrap());
        let said = match &choice.way {
            Way::Direct => "direct".to_owned(),
            Way::Fails(_) => "fails".to_owned(),
            Way::Proxy(url) => url.to_string(),
        };
        assert_eq!(said, way, "{variables:?} {address}: {choice:?}");
    }
}

#[test]
fn a_password_shows_nowhere() {
    let values = vec![("https_proxy", "http://alice:geheim@127.0.0.1:1".to_owned())];
    for chooser in Chooser::ALL {
        let choice = choose(chooser, &of(&values), &"x.invalid".parse().unwrap());
        let shown = match &choice.way {
            Way::Proxy(url) => url.to_string(),
            _ => String::new(),
        };
        assert!(!format!("{choice:?}{shown}").contains("geheim"), "{choice:?}");
    }
}

/// The variables of a proxy, and an address. `{A}` and `{B}` are the ports of two proxies, `{T}` is that of a target.
struct Question {
    address: String,
    variables: Vec<(&'static str, String)>,
}

fn questions() -> Vec<Question> {
    let mut questions = Vec::new();
    let mut ask = |variables: &[(&'static str, &str)], address: &str| {
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        questions.push(Question { address: address.to_owned(), variables });
    };
    let (a, b) = ("http://127.0.0.1:{A}", "http://127.0.0.1:{B}");
    for address in ["https://x.invalid:{T}/", "http://x.invalid:{T}/"] {
        for variables in [
            vec![],
            vec![("https_proxy", a), ("HTTPS_PROXY", b)],
            vec![("HTTPS_PROXY", b)],
            vec![("http_proxy", a), ("HTTP_PROXY", b)],
            vec![("HTTP_PROXY", b)],
            vec![("https_proxy", a), ("http_proxy", b)],
            vec![("HTTPS_PROXY", a), ("http_proxy", b)],
            vec![("all_proxy", a), ("ALL_PROXY", b)],
            vec![("ALL_PROXY", b)],
            vec![("https_proxy", a), ("ALL_PROXY", b)],
            vec![("http_proxy", a), ("ALL_PROXY", b)],
            vec![("HTTP_PROXY", a), ("ALL_PROXY", b)],
            vec![("https_proxy", ""), ("HTTPS_PROXY", b)],
            vec![("http_proxy", ""), ("HTTP_PROXY", b)],
            vec![("https_proxy", ""), ("http_proxy", b)],
            vec![("https_proxy", ""), ("HTTPS_PROXY", ""), ("ALL_PROXY", b)],
            vec![("http_proxy", ""), ("ALL_PROXY", b)],
            vec![("all_proxy", ""), ("ALL_PROXY", b)],
        ] {
            ask(&variables, address);
        }
        for value in VALUES {
            ask(&[("https_proxy", value), ("http_proxy", value)], address);
        }
        for value in ["127.0.0.1:{A}", "socks5://127.0.0.1:{A}", "http://alice:p%0Aw@127.0.0.1:{A}"] {
            ask(&[("https_proxy", value), ("http_proxy", value), ("no_proxy", "x.invalid")], address);
        }
    }
    // What cannot be read matters to Node for other addresses too.
    ask(&[("https_proxy", "127.0.0.1:{A}"), ("http_proxy", b)], "http://x.invalid:{T}/");
    ask(&[("https_proxy", a), ("http_proxy", "127.0.0.1:{B}")], "https://x.invalid:{T}/");
    for (list, hosts) in LISTS {
        for host in *hosts {
            let address = format!("http://{host}:{{T}}/");
            ask(&[("https_proxy", a), ("http_proxy", a), ("no_proxy", list)], &address);
        }
    }
    for (list, address) in [
        ("x.invalid:443", "https://x.invalid/"),
        ("x.invalid:80", "http://x.invalid/"),
        ("x.invalid:8443", "https://x.invalid:8443/"),
        ("x.invalid:8443", "https://x.invalid:8444/"),
        ("x.invalid", "https://a.x.invalid:{T}/"),
        ("[::1]", "https://[::1]:{T}/"),
    ] {
        ask(&[("https_proxy", a), ("http_proxy", a), ("NO_PROXY", list)], address);
    }
    for (lower, upper, host) in [
        ("x.invalid", "y.invalid", "x.invalid"),
        ("x.invalid", "y.invalid", "y.invalid"),
        ("", "y.invalid", "y.invalid"),
        (" ", "y.invalid", "y.invalid"),
    ] {
        let address = format!("http://{host}:{{T}}/");
        ask(&[("HTTPS_PROXY", a), ("http_proxy", a), ("no_proxy", lower), ("NO_PROXY", upper)], &address);
    }
    questions
}

fn of<'e>(variables: &'e [(&str, String)]) -> Variables<'e> {
    let known: BTreeMap<&str, &OsStr> =
        variables.iter().map(|(name, value)| (*name, OsStr::new(value.as_str()))).collect();
    Variables::from_lookup(|name| known.get(name).copied())
}

fn version_of(curl: &std::path::Path) -> String {
    let output = bare(curl).arg("--version").output().expect("curl starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A client with its own two proxies and its own target.
struct Asked {
    chooser: Chooser,
    places: [(char, u16); 3],
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Asked {
    fn new(chooser: Chooser) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let places = ['A', 'B', 'T'].map(|name| (name, listen(name, &seen)));
        Self { chooser, places, seen }
    }

    fn all(&self, questions: &[Question], asking: &mut Asking) {
        let mut wrong = Vec::new();
        for question in questions {
            let is_unfit = |(_, value): &(&str, String)| LOOKED_UP_BY_BUN.contains(&value.as_str());
            if self.chooser == Chooser::Bun && question.variables.iter().any(is_unfit) {
                continue;
            }
            let address = self.fill(&question.address);
            let mut variables: Vec<(&str, String)> =
                question.variables.iter().map(|(name, value)| (*name, self.fill(value))).collect();
            let answer = asking.ask(&variables, &address);
            let seen = self.seen();
            variables.push(("NODE_USE_ENV_PROXY", "1".to_owned()));
            let destination: Destination = address.parse().expect("the addresses here are good");
            let choice = choose(self.chooser, &of(&variables), &destination);
            if !self.is_as_said(&choice, &seen, &answer, &destination) {
                wrong.push(format!(
                    "{variables:?} {address}\n    said {choice:?}\n    seen {seen:?} {answer}"
                ));
            }
        }
        assert!(
            wrong.is_empty(),
            "{}: {} of {}\n{}",
            self.chooser,
            wrong.len(),
            questions.len(),
            wrong.join("\n")
        );
    }

    fn is_as_said(&self, choice: &Choice, seen: &[Seen], answer: &str, destination: &Destination) -> bool {
        if seen.iter().any(|one| one.at != seen[0].at) {
            return false;
        }
        let seen = seen.first();
        // Where there is no target, nobody else refuses: the proxies are there in these questions.
        let has_target = destination.port == self.places[2].1 && !destination.host.starts_with("127.");
        let is_refused = answer.contains("ECONNREFUSED")
            || answer.contains(&format!("connect to {} port", destination.host));
        let is_direct = seen.is_some_and(|one| one.at == 'T') || seen.is_none() && is_refused && !has_target;
        match &choice.way {
            Way::Direct => is_direct,
            Way::Fails(_) => seen.is_none() && !is_direct,
            Way::Proxy(url) => {
                let place = self.places.iter().find(|(_, port)| *port == url.port).map(|(name, _)| *name);
                let Some(seen) = seen else { return place.is_none() && !is_direct };
                let credentials = url.username.as_ref().map(|username| {
                    let password = url.password.as_ref().map(|one| one.expose_secret()).unwrap_or_default();
                    // A user that is not UTF-8 is only told here, and not sent as it stands here.
                    [username.as_bytes(), b":", password].concat()
                });
                let is_plain = url.scheme == ProxyScheme::Http;
                Some(seen.at) == place
                    && seen.by == url.scheme
                    && (!is_plain || seen.credentials == credentials.map(|bytes| base64(&bytes)))
            }
        }
    }

    fn place_of(&self, choice: &Choice) -> char {
        match &choice.way {
            Way::Direct if matches!(choice.because, Reason::NotAsked | Reason::Unset) => 'T',
            Way::Direct => '?',
            Way::Fails(_) => '-',
            Way::Proxy(url) => {
                self.places.iter().find(|(_, port)| *port == url.port).map_or('?', |(name, _)| *name)
            }
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.chooser == Chooser::Bun {
            for (one, other) in [("invalid", "localhost"), ("INVALID", "LOCALHOST"), ("Invalid", "LocalHost")]
            {
                text = text.replace(one, other);
            }
        }
        self.places
            .iter()
            .fold(text, |text, (name, port)| text.replace(&format!("{{{name}}}"), &port.to_string()))
    }

    fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().expect("nobody has panicked"))
    }
}

/// Somebody has come.
#[derive(Debug)]
struct Seen {
    at: char,
    by: ProxyScheme,
    /// In base64, as they have come.
    credentials: Option<String>,
}

/// A place on loopback, on both addresses, that notes who comes.
fn listen(at: char, seen: &Arc<Mutex<Vec<Seen>>>) -> u16 {
    let (four, six, port) = (0..100)
        .find_map(|_| {
            let four = TcpListener::bind("127.0.0.1:0").ok()?;
            let port = four.local_addr().ok()?.port();
            Some((four, TcpListener::bind(("::1", port)).ok()?, port))
        })
        .expect("there is a port for both");
    for listener in [four, six] {
        let seen = Arc::clone(seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || note(at, stream, &seen));
            }
        });
    }
    port
}

fn note(at: char, mut stream: TcpStream, seen: &Mutex<Vec<Seen>>) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    let by = loop {
        match stream.read(&mut piece) {
            Ok(count) if count > 0 => head.extend_from_slice(&piece[..count]),
            // Whoever goes without a word has tried another address of the same name first.
            _ => return,
        }
        match head[0] {
            4 => break ProxyScheme::Socks4,
            5 => break ProxyScheme::Socks5,
            0x16 => break ProxyScheme::Https,
            _ if head.ends_with(b"\r\n\r\n") => break ProxyScheme::Http,
            _ => {}
        }
    };
    let text = String::from_utf8_lossy(&head);
    let credentials = text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let basic = value.strip_prefix("Basic ")?;
        name.eq_ignore_ascii_case("Proxy-Authorization").then(|| basic.to_owned())
    });
    seen.lock().expect("nobody has panicked").push(Seen { at, by, credentials });
    let _ = stream.write_all(match (by, text.starts_with("CONNECT")) {
        (ProxyScheme::Http, true) => {
            b"HTTP/1.1 502 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".as_slice()
        }
        (ProxyScheme::Http, false) => b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        _ => b"",
    });
}

/// How a program is asked.
enum Asking {
    Curl(std::path::PathBuf),
    Script { answers: BufReader<ChildStdout>, process: Child, questions: ChildStdin },
}

impl Asking {
    fn start(mut process: Child) -> Self {
        let questions = process.stdin.take().expect("it was piped");
        let answers = BufReader::new(process.stdout.take().expect("it was piped"));
        Self::Script { answers, process, questions }
    }

    fn ask(&mut self, variables: &[(&str, String)], address: &str) -> String {
        match self {
            Self::Curl(curl) => {
                let destination: Destination = address.parse().expect("the addresses here are good");
                let mut command = bare(curl);
                command.args(["-q", "-sS", "--max-time", "4"]);
                // With and without its full stop: curl asks for the one and looks for the other.
                for host in [&*destination.host, destination.host.trim_end_matches('.')] {
                    if host.parse::<std::net::IpAddr>().is_err() {
                        command.args(["--resolve", &format!("{host}:{}:127.0.0.1", destination.port)]);
                    }
                }
                let variables = variables.iter().map(|(name, value)| (*name, value.as_str()));
                let output = command.arg(address).envs(variables).output().expect("curl starts");
                String::from_utf8_lossy(&output.stderr).into_owned()
            }
            Self::Script { answers, questions, .. } => {
                let variables: BTreeMap<&str, &String> =
                    variables.iter().map(|(name, value)| (*name, value)).collect();
                let question = serde_json::json!({ "variables": variables, "address": address });
                writeln!(questions, "{question}").expect("it listens");
                let mut answer = String::new();
                answers.read_line(&mut answer).expect("it answers");
                answer
            }
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Self::Script { process, .. } = self {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            (0..3).fold(0, |bits, place| bits << 8 | u32::from(three.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let letter = letters[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// What may stand in a variable instead of the address of a proxy.
const VALUES: &[&str] = &[
    "127.0.0.1:{A}",
    "localhost:{A}",
    "//127.0.0.1:{A}",
    "http:127.0.0.1:{A}",
    "http:/127.0.0.1:{A}",
    "HTTP://127.0.0.1:{A}",
    "https://127.0.0.1:{A}",
    "HTTPS://127.0.0.1:{A}",
    "http://localhost:{A}",
    "http://[::1]:{A}",
    "http://127.0.0.1:0{A}",
    "http://127.0.0.1:{A}/",
    "http://127.0.0.1:{A}/path",
    "http://127.0.0.1:{A}?query",
    "http://127.0.0.1:{A}#fragment",
    " http://127.0.0.1:{A}",
    "http://127.0.0.1:{A} ",
    "http://127.0.0.1:{A}\n",
    "socks5://127.0.0.1:{A}",
    "socks5h://127.0.0.1:{A}",
    "socks4://127.0.0.1:{A}",
    "socks4a://127.0.0.1:{A}",
    "ftp://127.0.0.1:{A}",
    "foo://127.0.0.1:{A}",
    "://127.0.0.1:{A}",
    "http://",
    "http:///",
    "http://:8080",
    "http://[::1",
    "http://::1:{A}",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:port",
    "http://127.0.0.1:-1",
    "http://a b:{A}",
    "http:// ",
    " ",
    "nowhere.localhost",
    "http://alice@127.0.0.1:{A}",
    "http://alice:@127.0.0.1:{A}",
    "http://:pw@127.0.0.1:{A}",
    "http://@127.0.0.1:{A}",
    "http://:@127.0.0.1:{A}",
    "http://alice:pw@127.0.0.1:{A}",
    "http://al%40ice:p%40%3a%2F%25@127.0.0.1:{A}",
    "http://al%69ce:p%77@127.0.0.1:{A}",
    "http://CORP%5Calice:pw@127.0.0.1:{A}",
    "http://CORP\\alice:pw@127.0.0.1:{A}",
    "http://alice:p@w@127.0.0.1:{A}",
    "http://alice:p:w@127.0.0.1:{A}",
    "http://localhost:p/w@127.0.0.1:{A}",
    "http://localhost:p#w@127.0.0.1:{A}",
    "http://localhost:p?w@127.0.0.1:{A}",
    "http://alice:p w@127.0.0.1:{A}",
    "http://alice:p+w@127.0.0.1:{A}",
    "http://alice:p[w@127.0.0.1:{A}",
    "http://alice:p|w@127.0.0.1:{A}",
    "http://alice:p\\w@127.0.0.1:{A}",
    "http://alice:p%w@127.0.0.1:{A}",
    "http://alice:p%@127.0.0.1:{A}",
    "http://alice:p%2@127.0.0.1:{A}",
    "http://al%zzice:pw@127.0.0.1:{A}",
    "http://alice:gr\u{fc}@127.0.0.1:{A}",
    "http://alice:gr%C3%BC@127.0.0.1:{A}",
    "http://alice:gr%FC@127.0.0.1:{A}",
    "http://alice:p%0Aw@127.0.0.1:{A}",
    "http://alice:p%00w@127.0.0.1:{A}",
    "localhost:pw@127.0.0.1:{A}",
    "alice@localhost:{A}",
];

/// Values in which Bun would look up what it takes for a name.
const LOOKED_UP_BY_BUN: &[&str] =
    &["http:127.0.0.1:{A}", "http:/127.0.0.1:{A}", "http://a b:{A}", "http:// ", " ", "alice@localhost:{A}"];

/// What may stand in the list, and hosts that it may exempt.
const LISTS: &[(&str, &[&str])] = &[
    ("", &["localhost", "127.0.0.1", "[::1]", "127.1.2.3"]),
    ("x.invalid", &["x.invalid", "a.x.invalid", "a.b.x.invalid", "ax.invalid", "X.INVALID", "x.invalid."]),
    (".x.invalid", &["x.invalid", "a.x.invalid", "ax.invalid", "x.invalid.", "a.x.invalid."]),
    ("..x.invalid", &["x.invalid", "a.x.invalid"]),
    ("*.x.invalid", &["x.invalid", "a.x.invalid", "ax.invalid"]),
    ("*x.invalid", &["x.invalid", "a.x.invalid", "ax.invalid"]),
    ("*..x.invalid", &["a.x.invalid"]),
    ("x.*", &["x.invalid"]),
    ("*", &["x.invalid", "127.0.0.1"]),
    ("a.invalid,*", &["x.invalid"]),
    (" *", &["x.invalid"]),
    (" * ", &["x.invalid"]),
    ("*,", &["x.invalid"]),
    ("a *", &["x.invalid"]),
    ("*\ta", &["x.invalid"]),
    ("*\n", &["x.invalid"]),
    (".*", &["x.invalid"]),
    ("*.*", &["x.invalid"]),
    ("**", &["x.invalid"]),
    ("*.", &["x.invalid"]),
    (".", &["x.invalid"]),
    ("..", &["x.invalid"]),
    (".,x.invalid", &["x.invalid"]),
    ("x.invalid.", &["x.invalid", "a.x.invalid", "x.invalid."]),
    (".x.invalid.", &["x.invalid", "a.x.invalid", "x.invalid."]),
    ("*.x.invalid.", &["a.x.invalid"]),
    ("x.invalid..", &["x.invalid"]),
    ("x..invalid", &["x.invalid"]),
    ("X.Invalid", &["x.invalid", "a.x.invalid"]),
    (".X.Invalid", &["a.x.invalid"]),
    ("*.X.Invalid", &["a.x.invalid"]),
    ("a.invalid,x.invalid", &["x.invalid"]),
    ("a.invalid, x.invalid", &["x.invalid"]),
    ("a.invalid ,x.invalid", &["a.invalid", "x.invalid"]),
    ("a.invalid x.invalid", &["x.invalid", "a.invalid"]),
    ("a.invalid\tx.invalid", &["x.invalid", "a.invalid"]),
    ("a.invalid\nx.invalid", &["x.invalid", "a.invalid"]),
    ("a.invalid;x.invalid", &["x.invalid", "a.invalid"]),
    ("a\rx.invalid", &["x.invalid"]),
    ("a\u{b}x.invalid", &["x.invalid"]),
    ("a\u{c}x.invalid", &["x.invalid"]),
    ("a\u{85}x.invalid", &["x.invalid"]),
    ("a\u{a0}x.invalid", &["x.invalid"]),
    ("a\u{2003}x.invalid", &["x.invalid"]),
    ("a\u{feff}x.invalid", &["x.invalid"]),
    (" x.invalid", &["x.invalid"]),
    ("x.invalid ", &["x.invalid"]),
    ("\nx.invalid\n", &["x.invalid"]),
    ("\u{a0}x.invalid\u{feff}", &["x.invalid"]),
    (",,x.invalid,", &["x.invalid", "y.invalid"]),
    (",", &["y.invalid"]),
    (" ", &["y.invalid"]),
    (", ,", &["y.invalid"]),
    ("x.invalid:{T}", &["x.invalid", "a.x.invalid"]),
    ("x.invalid:1", &["x.invalid", "a.x.invalid"]),
    ("x.invalid:0", &["x.invalid", "a.x.invalid"]),
    ("x.invalid:0{T}", &["x.invalid"]),
    ("x.invalid:", &["x.invalid"]),
    ("x.invalid:99999", &["x.invalid"]),
    ("x.invalid:port", &["x.invalid"]),
    ("x.invalid:+{T}", &["x.invalid"]),
    (".x.invalid:{T}", &["x.invalid", "a.x.invalid"]),
    ("*.x.invalid:{T}", &["x.invalid", "a.x.invalid"]),
    ("*:{T}", &["x.invalid"]),
    (":{T}", &["x.invalid"]),
    ("http://x.invalid", &["x.invalid"]),
    ("x.invalid/", &["x.invalid"]),
    ("\"x.invalid\"", &["x.invalid"]),
    ("invalid", &["x.invalid"]),
    (".invalid", &["x.invalid"]),
    ("b\u{fc}cher.invalid", &["xn--bcher-kva.invalid"]),
    ("xn--bcher-kva.invalid", &["xn--bcher-kva.invalid"]),
    ("<local>", &["localhost"]),
    ("localhost", &["localhost", "127.0.0.1", "[::1]"]),
    (".localhost", &["localhost"]),
    ("127.0.0.1", &["127.0.0.1", "127.1.2.3", "localhost", "[::ffff:127.0.0.1]"]),
    ("127.0.0.1:{T}", &["127.0.0.1"]),
    ("127.0.0.1:1", &["127.0.0.1"]),
    ("127.0.0.1.", &["127.0.0.1"]),
    (".127.0.0.1", &["127.0.0.1"]),
    ("*.127.0.0.1", &["127.0.0.1"]),
    ("127.0.0.01", &["127.0.0.1"]),
    ("127.1", &["127.0.0.1"]),
    ("127.", &["127.0.0.1"]),
    ("127.*", &["127.0.0.1"]),
    ("0.0.1", &["127.0.0.1"]),
    (".0.0.1", &["127.0.0.1"]),
    ("*.0.0.1", &["127.0.0.1"]),
    ("1", &["127.0.0.1"]),
    ("127.0.0.0/8", &["127.0.0.1", "127.1.2.3", "x.invalid", "localhost", "[::ffff:127.0.0.1]"]),
    ("127.0.0.9/8", &["127.0.0.1"]),
    ("127.1.2.0/24", &["127.1.2.3", "127.1.3.3"]),
    ("127.1.2.3/32", &["127.1.2.3", "127.1.2.4"]),
    ("127.1.2.3/0", &["127.1.2.3", "127.4.5.6"]),
    ("127.0.0.0/33", &["127.0.0.1"]),
    ("127.0.0.1/", &["127.0.0.1"]),
    ("127.0.0.0/x", &["127.0.0.1"]),
    ("127.0.0.0/08", &["127.0.0.1"]),
    ("127.0.0.0/8x", &["127.0.0.1"]),
    ("127.0.0.0/+8", &["127.0.0.1"]),
    ("127.0.0.0/-8", &["127.0.0.1"]),
    ("127.0.0.0/8/9", &["127.0.0.1"]),
    (".127.0.0.0/8", &["127.0.0.1"]),
    ("127.0.0.0/8:{T}", &["127.0.0.1"]),
    ("127/8", &["127.0.0.1"]),
    ("127.0.0.1-127.0.0.9", &["127.0.0.5", "127.0.0.10"]),
    ("127.0.0.1 - 127.0.0.9", &["127.0.0.5"]),
    ("127.0.0.9-127.0.0.1", &["127.0.0.5"]),
    ("127.0.0.1-127.0.0.9-x", &["127.0.0.5"]),
    ("::1", &["[::1]", "[0:0::1]"]),
    ("[::1]", &["[::1]"]),
    ("[::1]:{T}", &["[::1]"]),
    ("[::1]:1", &["[::1]"]),
    ("::1:{T}", &["[::1]"]),
    (".::1", &["[::1]"]),
    ("::1.", &["[::1]"]),
    (":1", &["[::1]"]),
    ("0:0:0:0:0:0:0:1", &["[::1]"]),
    ("::1/128", &["[::1]"]),
    ("::/64", &["[::1]"]),
    ("[::]/64", &["[::1]"]),
    ("[::/64]", &["[::1]"]),
    ("::/0", &["[::1]", "127.0.0.1"]),
    ("::/129", &["[::1]"]),
    ("::ffff:0:0/96", &["127.0.0.1"]),
    ("::ffff:7f00:1", &["127.0.0.1", "[::ffff:127.0.0.1]"]),
    ("[::ffff:7f00:1]", &["[::ffff:127.0.0.1]"]),
    ("::FFFF:127.0.0.1", &["[::ffff:127.0.0.1]"]),
];
