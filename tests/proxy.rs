//! The proxy and its password: what `env` prints, given to curl, Node, Bun and Python in front of a real proxy on loopback that
//! wants Basic authentication; the keyring's entries; and what is kept apart by profiles.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use certman::clients::Client;
use certman::clients::proxy::refusal_of_exception;
use certman::proxy::{Exceptions, Form};
use serde_json::Value;

use crate::support::host::{Answers, Memory, Trouble, host};
use crate::support::{
    Sandbox, bare, fixture_passphrase, fresh_folder, in_project, program, python, testdata,
};

#[path = "support/secret_service.rs"]
#[allow(dead_code, clippy::duplicate_mod, reason = "each part is there for the tests that need it")]
mod secret_service;

use secret_service::SecretService;

#[test]
fn every_client_sends_user_and_password_byte_for_byte_through_the_shell() {
    let (Some(proxy), Some(programs)) = (Proxy::start(), programs()) else { return };
    let ascii: String = (b' '..=b'~').map(char::from).collect();
    for (username, password) in [
        ("alice", "plain"),
        ("CORP\\al@ice", ascii.as_str()),
        ("al ice/?#%25", "https://x:y@z/?#%41%"),
        ("größe", "pläßwörd🔑€"),
    ] {
        let setup = Setup::new(&proxy, username, password, "");
        for one in &programs {
            let is_beyond_latin = !password.is_ascii() && one.name == "requests";
            for address in ["http://far.invalid:4444/", "https://far.invalid:4444/"] {
                if one.name == "node:http" && address.starts_with("https") {
                    continue;
                }
                let answer = setup.get(one, &[address]);
                let seen = proxy.seen();
                if is_beyond_latin {
                    // The finding proxy-password-not-portable says so.
                    assert!(seen.is_empty() && answer[0].starts_with("failed"), "{answer:?} {seen:?}");
                    continue;
                }
                let wanted = format!("{username}:{password}");
                let sent: Vec<String> =
                    seen.iter().map(|one| String::from_utf8_lossy(&one.credentials).into_owned()).collect();
                assert!(!sent.is_empty() && sent.iter().all(|one| *one == wanted), "{}: {sent:?}", one.name);
                assert!(
                    seen.iter().all(|one| one.target.contains("far.invalid:4444")),
                    "{}: {address}",
                    one.name
                );
            }
        }
    }
}

#[test]
fn what_env_prints_leads_through_the_proxy_to_a_server_that_wants_a_client_certificate_and_without_it_nowhere()
 {
    let (Some(curl), Some(node), Some(bun), Some(python)) =
        (program("curl"), program("node"), program("bun"), python())
    else {
        return;
    };
    let server = Server::start(python);
    let Some(proxy) = Proxy::to_loopback() else { return };
    let sandbox = Sandbox::new();
    sandbox.copy("client.key", "keys/encrypted/p256.passphrase-utf8.pem");
    let chain = ["pki/client-p256.pem", "pki/intermediate-p256-1.pem"].map(|name| read(&testdata(name)));
    sandbox.give("client.pem", chain.concat());
    for (name, secret) in [("key.txt", fixture_passphrase("utf8")), ("proxy.txt", "p@ss: w/rd".to_owned())] {
        crate::support::set_mode(&sandbox.give(name, format!("{secret}\n")), 0o600);
    }
    sandbox.give(
        "certman.toml",
        format!(
            "[bundle]\nsources = [{:?}]\nout = 'extra.pem'\n[client]\ncert = 'client.pem'\nkey = 'client.key'\n\
             passphrase = 'file:key.txt'\n[proxy]\nhttps = 'http://127.0.0.1:{}'\nusername = 'alice'\n\
             password = 'file:proxy.txt'\n",
            testdata("pki/root-p256.pem"),
            proxy.port
        ),
    );
    let script = in_project("tests/support/proxied.mjs");
    let address = format!("https://server.corp.example:{}/", server.port);
    let with_curl = "\"$0\" -sS --max-time 10 --cacert \"$NODE_EXTRA_CA_CERTS\" --cert \"$CLAUDE_CODE_CLIENT_CERT\" \
                     --key \"$CLAUDE_CODE_CLIENT_KEY\" --pass \"$CLAUDE_CODE_CLIENT_KEY_PASSPHRASE\" \"$1\"";
    for (program, call) in [
        (&curl, with_curl),
        (&node, "\"$0\" --use-env-proxy \"$2\" https \"$1\""),
        (&bun, "\"$0\" \"$2\" fetch \"$1\""),
    ] {
        let run = |settings: &str| {
            let mut shell = bare(Path::new("/bin/sh"));
            let folder = PathBuf::from(env!("CARGO_BIN_EXE_certman"));
            let folder = folder.parent().expect("a program lies in a folder");
            shell
                .args(["-c", &format!("{settings}; {call}")])
                .args([program.as_os_str(), address.as_ref(), script.as_os_str()])
                .env("PATH", format!("{}:{}", folder.display(), crate::support::MINIMAL_PATH))
                .env("HOME", sandbox.home())
                .current_dir(sandbox.folder());
            let output = shell.output().expect("sh starts");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let eval = "eval \"$(certman --config certman.toml env --shell sh)\"";
        assert_eq!(run(eval), "hello alice (p256) over TLSv1.3", "{}", program.display());
        let seen = proxy.seen();
        assert!(
            !seen.is_empty() && seen.iter().all(|one| one.credentials == b"alice:p@ss: w/rd"),
            "{seen:?}"
        );
        // Without any one of the parts: no proxy, and the name is not found; no bundle, and the server is not trusted.
        assert!(!run("true").contains("hello"), "{}", program.display());
        assert!(!run(&format!("{eval}; unset HTTPS_PROXY https_proxy")).contains("hello"));
        assert!(!run(&format!("{eval}; unset NODE_EXTRA_CA_CERTS")).contains("hello"));
        proxy.seen();
    }
}

#[test]
fn every_client_goes_around_the_proxy_where_the_list_says_so_and_nowhere_else() {
    let (Some(proxy), Some(programs)) = (Proxy::start(), programs()) else { return };
    let list =
        "no_proxy = ['*.corp.invalid dot.invalid', 'single;127.7.7.0/28', 'fe80::7', '127.9.9.9/32']\n";
    let setup = Setup::new(&proxy, "alice", "x", list);
    // Names that no resolver has, and addresses that nobody answers at: without its network fe80::7 leads nowhere.
    let around = [
        "http://corp.invalid:4444/",
        "http://a.corp.invalid:4444/",
        "http://b.a.corp.invalid:4444/",
        "http://dot.invalid:4444/",
        "http://a.dot.invalid:4444/",
        "http://single:4444/",
        "http://127.7.7.0:4444/",
        "http://127.7.7.15:4444/",
        "http://127.9.9.9:4444/",
        "http://[fe80::7]:4444/",
        "http://localhost:4444/",
        "http://127.0.0.1:4444/",
    ];
    let through = [
        "http://xcorp.invalid:4444/",
        "http://corp.invalid.example:4444/",
        "http://127.7.7.16:4444/",
        "http://127.9.9.8:4444/",
        "http://[fe80::8]:4444/",
    ];
    for one in &programs {
        let answers = setup.get(one, &around);
        assert!(answers.iter().all(|answer| answer.starts_with("failed")), "{}: {answers:?}", one.name);
        assert_eq!(proxy.seen(), [], "{}", one.name);
        let answers = setup.get(one, &through);
        assert!(answers.iter().all(|answer| answer == "through the proxy"), "{}: {answers:?}", one.name);
        assert_eq!(proxy.seen().len(), through.len(), "{}", one.name);
    }
    let everything = Setup::new(&proxy, "alice", "x", "no_proxy = '*'\n");
    for one in &programs {
        let answers = everything.get(one, &through);
        assert!(answers.iter().all(|answer| answer.starts_with("failed")), "{}: {answers:?}", one.name);
    }
    assert_eq!(proxy.seen(), []);
}

#[test]
fn what_is_said_not_to_be_portable_is_understood_by_those_who_are_not_named_and_by_no_other_client() {
    let (Some(proxy), Some(programs)) = (Proxy::start(), programs()) else { return };
    for (entry, form, address) in [
        ("127.0.0.0/8", Form::Range, "http://127.7.7.7:4444/"),
        ("a.corp.invalid:4444", Form::Port, "http://b.a.corp.invalid:4444/"),
        ("127.7.*", Form::Pattern, "http://127.7.7.7:4444/"),
        ("we*.corp.invalid", Form::Pattern, "http://web.corp.invalid:4444/"),
        ("<local>", Form::Word, "http://intranet:4444/"),
    ] {
        let list = Exceptions::parse([entry]).unwrap();
        assert_eq!(list.unportable().iter().map(|one| one.form).collect::<Vec<_>>(), [form], "{entry}");
        let setup = Setup::new(&proxy, "alice", "x", &format!("no_proxy = '{entry}'\n"));
        let mut around: BTreeMap<Client, Vec<bool>> = BTreeMap::new();
        for one in &programs {
            let answer = setup.get(one, &[address]);
            around.entry(one.client).or_default().push(answer[0].starts_with("failed"));
        }
        proxy.seen();
        let refusing = refusal_of_exception(form).clients();
        for (client, around) in around {
            // Named is who has a part that does not understand it.
            let understands = around.iter().all(|around| *around);
            assert_eq!(understands, !refusing.contains(&client), "{entry}: {client}: {around:?}");
        }
    }
}

#[test]
fn the_password_goes_into_the_keyring_and_comes_out_of_it() {
    let needed = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool"];
    if !needed.iter().all(|name| program(name).is_some()) {
        return;
    }
    let service = SecretService::start();
    let sandbox = Sandbox::new();
    sandbox.give(
        "certman.toml",
        "[proxy]\nhttps = 'http://proxy.example:8080'\nusername = 'CORP\\alice'\n[profile.work.proxy]\n",
    );
    let run = |words: &str, stdin: &str| {
        let words = ["--config", "certman.toml"].into_iter().chain(words.split(' '));
        sandbox.certman(words).env("DBUS_SESSION_BUS_ADDRESS", service.address()).stdin(stdin).output()
    };
    let account = "proxy:CORP\\alice@proxy.example:8080";
    let entry = |account: &str| service.look_up(&["service", "certman", "username", account]);

    let missing = run("env --shell sh", "");
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert_eq!((missing.status.code(), missing.stdout.as_slice()), (Some(1), b"false;\n".as_slice()));
    assert!(said.contains(&format!("the keyring has no entry '{account}'")), "{said}");
    assert!(said.contains("`certman --config certman.toml proxy remember`"), "{said}");

    let stored = run("proxy remember --passphrase-file -", "ge heim/1\n");
    let said = String::from_utf8_lossy(&stored.stderr).into_owned();
    assert_eq!(
        said,
        format!("certman: the password is in the keyring now, as '{account}' of 'certman'\n"),
        "{stored:?}"
    );
    assert_eq!(entry(account).as_deref(), Some(b"ge heim/1".as_slice()));
    let printed = run("env --shell sh", "");
    let said = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert!(
        said.contains("HTTPS_PROXY='http://CORP%5Calice:ge%20heim%2F1@proxy.example:8080';"),
        "{printed:?}"
    );

    // A profile has an entry of its own, and takes none of another.
    assert_eq!(run("env --shell sh --profile work", "").status.code(), Some(1));
    assert!(run("--profile work proxy remember --passphrase-file -", "other").status.success());
    assert_eq!(entry(&format!("work/{account}")).as_deref(), Some(b"other".as_slice()));
    assert_eq!(entry(account).as_deref(), Some(b"ge heim/1".as_slice()));

    assert!(run("proxy forget", "").status.success());
    assert_eq!(entry(account), None);
    assert_eq!(entry(&format!("work/{account}")).as_deref(), Some(b"other".as_slice()));
    let again = run("proxy forget", "");
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("there is nothing to forget"), "{again:?}");
}

#[test]
fn on_the_terminal_the_password_is_asked_for_twice_for_each_proxy() {
    let keyring = Memory::default();
    let person = Answers::of(&["one", "eno", "one", "one", "two", "two"]);
    let world = || {
        host()
            .env("CERTMAN_PROXY_HTTPS", "http://alice@one.example:1")
            .env("CERTMAN_PROXY_HTTP", "http://bob@two.example:2")
            .keyring(&keyring)
    };
    let ran = world().terminal(&person).run(&["proxy", "remember"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(keyring.entry("proxy:alice@one.example:1").as_deref(), Some("one"));
    assert_eq!(keyring.entry("proxy:bob@two.example:2").as_deref(), Some("two"));
    let questions = person.questions();
    assert_eq!(questions[0], "Password for http://alice@one.example:1: ");
    assert_eq!(questions[2], "These were two different ones. Password for http://alice@one.example:1: ");
    assert_eq!(questions[4], "Password for http://bob@two.example:2: ");

    // Nothing is stored where one of the two is missing.
    let other = Memory::default();
    let ran = world().keyring(&other).terminal(&Answers::of(&["one", "one"])).run(&["proxy", "remember"]);
    assert_eq!((ran.status, other.calls()), (1, 0), "{ran:?}");

    let ran = world().run(&["proxy", "forget", "--scheme", "http", "--json"]);
    assert_eq!(ran.json()["message"], "the keyring has no entry 'proxy:bob@two.example:2' any more");
    assert_eq!(keyring.entry("proxy:alice@one.example:1").as_deref(), Some("one"));
}

#[test]
fn what_is_odd_about_a_password_is_said_when_it_is_stored() {
    for (password, code) in [
        (" geheim", "passphrase-odd"),
        ("größe", "proxy-password-not-portable"),
        ("ge\theim", "proxy-password-not-portable"),
    ] {
        let keyring = Memory::default();
        let ran = host()
            .env("CERTMAN_PROXY_HTTPS", "http://alice@one.example:1")
            .keyring(&keyring)
            .terminal(&Answers::of(&[password, password]))
            .run(&["proxy", "remember", "--json"]);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.codes().contains(&code.to_owned()), "{ran:?}");
        assert!(!ran.stdout.contains(password.trim()), "{ran:?}");
        assert_eq!(keyring.entry("proxy:alice@one.example:1").as_deref(), Some(password));
    }
}

#[test]
fn a_keyring_out_of_order_sets_nothing_and_is_asked_once_for_one_account() {
    let account = "proxy:alice@one.example:1";
    let world = |keyring: &Memory| {
        host()
            .env("CERTMAN_PROXY_HTTPS", "http://alice@one.example:1")
            .env("CERTMAN_PROXY_HTTP", "http://alice@one.example:1")
            .env("CERTMAN_NO_PROXY", "a")
            .keyring(keyring)
            .run(&["env", "--shell", "sh"])
    };
    let keyring = Memory::with(account, "p");
    let ran = world(&keyring);
    assert_eq!((ran.status, keyring.calls()), (0, 1), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 6, "{ran:?}");
    for (trouble, hint) in [
        (Trouble::Locked, "unlock the keyring"),
        (Trouble::NoService, "proxy.password = \"file:PATH\""),
        (Trouble::Silent, "look for an unlock question"),
    ] {
        let ran = world(&Memory::with(account, "p").but(trouble));
        assert_eq!((ran.status, ran.stdout.as_str()), (1, "false;\n"), "{ran:?}");
        assert!(ran.stderr.contains(hint), "{ran:?}");
    }
    for trouble in [Trouble::Forgetful, Trouble::ReadOnly] {
        let ran = host()
            .env("CERTMAN_PROXY_HTTPS", "http://alice@one.example:1")
            .keyring(&Memory::default().but(trouble))
            .terminal(&Answers::of(&["geheim", "geheim"]))
            .run(&["proxy", "remember"]);
        assert_eq!(ran.status, 1, "{ran:?}");
        assert!(ran.stderr.contains("file:PATH") && !ran.stderr.contains("geheim"), "{ran:?}");
    }
}

#[test]
fn the_passphrase_of_a_key_is_kept_apart_by_profile() {
    let sandbox = Sandbox::new();
    let passphrase = crate::support::fixture_passphrase("plain");
    sandbox.copy("client.key", "keys/encrypted/p256.portable-crlf.pem");
    sandbox.give("certman.toml", "[client]\nkey = 'client.key'\n[profile.work]\n");
    sandbox.give("pass.txt", format!("{passphrase}\n"));
    let key = sandbox.path("client.key").display().to_string();
    let keyring = Memory::default();
    let configuration = sandbox.path("certman.toml").display().to_string();
    let run = |words: &[&str]| {
        host().env("CERTMAN_CONFIG", &configuration).folder(sandbox.folder()).keyring(&keyring).run(words)
    };
    let ran = run(&["--profile", "work", "key", "remember", "--passphrase-file", "pass.txt"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.stderr.contains(&format!("'work/client-key:{key}'")), "{ran:?}");
    assert_eq!(keyring.entry(&format!("work/client-key:{key}")), Some(passphrase));
    assert_eq!(keyring.entry(&format!("client-key:{key}")), None);
    assert_eq!(run(&["key", "forget"]).status, 1);
    assert_eq!(run(&["key", "forget", "--profile", "work"]).status, 0);
    assert_eq!(keyring.entry(&format!("work/client-key:{key}")), None);
}

/// A proxy that wants Basic authentication, and what it has seen.
pub(crate) struct Proxy {
    child: Child,
    lines: Receiver<String>,
    pub(crate) port: u16,
}

/// A request that came with credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) credentials: Vec<u8>,
    pub(crate) target: String,
}

impl Proxy {
    fn start() -> Option<Self> {
        Self::start_as(&[])
    }

    /// One to which every name is loopback.
    pub(crate) fn to_loopback() -> Option<Self> {
        Self::start_as(&["loopback"])
    }

    fn start_as(words: &[&str]) -> Option<Self> {
        let mut python = python()?;
        python
            .arg(in_project("tests/support/proxy.py"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = python.spawn().expect("Python starts");
        let mut output = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut port = String::new();
        output.read_line(&mut port).expect("the proxy says its port");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok())
        });
        Some(Self { child, lines, port: port.trim().parse().expect("a port") })
    }

    /// What came since the last time.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        // A request of our own, behind all others: what comes before it is all that came.
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).expect("the proxy listens");
        connection
            .write_all(b"GET http://mark.invalid/ HTTP/1.0\r\nProxy-Authorization: Basic bWFyaw==\r\n\r\n")
            .expect("the proxy reads");
        let mut seen = Vec::new();
        loop {
            let line =
                self.lines.recv_timeout(Duration::from_secs(60)).expect("the proxy notes every request");
            if line.starts_with("GET http://mark.invalid/ ") {
                break;
            }
            let words: Vec<&str> = line.split(' ').collect();
            let hex = |at: usize| u8::from_str_radix(&words[2][at..at + 2], 16).expect("hexadecimal digits");
            let credentials = (0..words[2].len()).step_by(2).map(hex).collect();
            seen.push(Seen { credentials, target: words[1].to_owned() });
        }
        seen
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that takes nobody without a client certificate.
pub(crate) struct Server {
    pub(crate) port: String,
    process: Child,
}

impl Server {
    pub(crate) fn start(mut python: Command) -> Self {
        let folder = fresh_folder("server");
        let authorities = folder.path().join("authorities.pem");
        let all = ["pki/root-p256.pem", "pki/intermediate-p256-1.pem"].map(|name| read(&testdata(name)));
        std::fs::write(&authorities, all.concat()).expect("a fresh folder can be written");
        let mut process = python
            .arg(in_project("tests/support/server.py"))
            .args([testdata("pki/server-chain.pem"), testdata("pki/keys/server.key"), authorities])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut ports = String::new();
        let output = process.stdout.take().expect("it was piped");
        BufReader::new(output).read_line(&mut ports).expect("the server says its ports");
        let port = ports.trim().split(' ').next_back().expect("the port of TLS 1.3").to_owned();
        Self { port, process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A program that goes through proxies, by name and how it is called.
struct Program {
    client: Client,
    name: &'static str,
    words: Vec<PathBuf>,
}

/// All of them; none where one is missing.
fn programs() -> Option<Vec<Program>> {
    let (curl, node, bun) = (program("curl")?, program("node")?, program("bun")?);
    let python = PathBuf::from(python()?.get_program());
    let script = |name: &str| in_project("tests/support").join(name);
    let called = |client, name, words: &[&Path]| Program {
        client,
        name,
        words: words.iter().map(|word| word.to_path_buf()).collect(),
    };
    let (javascript, for_python) = (script("proxied.mjs"), script("proxied.py"));
    let word = Path::new;
    let environment = word("--use-env-proxy");
    Some(vec![
        called(Client::Curl, "curl", &[&curl, word("-sS"), word("--max-time"), word("3")]),
        called(Client::Node, "node:http", &[&node, environment, &javascript, word("http")]),
        called(Client::Node, "fetch", &[&node, environment, &javascript, word("fetch")]),
        called(Client::Bun, "bun", &[&bun, &javascript, word("fetch")]),
        called(Client::Python, "requests", &[&python, &for_python, word("requests")]),
        called(Client::Python, "urllib", &[&python, &for_python, word("urllib")]),
    ])
}

/// A configuration with this proxy, as a shell evaluates it.
struct Setup {
    sandbox: Sandbox,
    script: String,
}

impl Setup {
    fn new(proxy: &Proxy, username: &str, password: &str, more: &str) -> Self {
        let sandbox = Sandbox::new();
        let address = format!("http://127.0.0.1:{}", proxy.port);
        let text = |text: &str| serde_json::to_string(&Value::from(text)).expect("text is JSON");
        let configuration = format!(
            "[proxy]\nhttps = '{address}'\nhttp = '{address}'\nusername = {}\npassword = 'file:password.txt'\n{more}",
            text(username)
        );
        sandbox.give("certman.toml", configuration);
        let path = sandbox.give("password.txt", format!("{password}\n"));
        crate::support::set_mode(&path, 0o600);
        let output =
            sandbox.certman(["env", "--config", "certman.toml", "--shell", "sh"]).reveals_secret().output();
        assert!(output.status.success(), "{output:?}");
        Self { sandbox, script: String::from_utf8(output.stdout).expect("statements are text") }
    }

    /// What a program prints, a line for each address.
    fn get(&self, program: &Program, addresses: &[&str]) -> Vec<String> {
        // curl takes the first as an answer to the next; one call each.
        let chunk = if program.name == "curl" { 1 } else { addresses.len() };
        let mut lines = Vec::new();
        for addresses in addresses.chunks(chunk) {
            let mut shell: Command = bare(Path::new("/bin/sh"));
            shell
                .args(["-c", "eval \"$SCRIPT\"; unset SCRIPT; \"$@\" 2>/dev/null || echo failed", "sh"])
                .args(&program.words)
                .args(addresses)
                .env("SCRIPT", &self.script)
                .env("HOME", self.sandbox.home())
                .env("PYTHONPATH", in_project("target/tools/python"))
                .env("PYTHONDONTWRITEBYTECODE", "1");
            let output = shell.output().expect("sh starts");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(text.lines().count(), addresses.len(), "{}: {text}", program.name);
            lines.extend(text.lines().map(str::to_owned));
        }
        lines
    }
}
