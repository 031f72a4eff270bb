//! The environment that `env` and `run` make, tried with programs that nobody here wrote: a server that only the proxy can find, a
//! proxy that wants a user and a password, a chain that only the company's root vouches for, and a client certificate where
//! the program can show one. Each gets there with what certman sets, and not without any part of it.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use certman::clients::proxy::refusals_of_password;

use crate::proxy::{Proxy, Server};
use crate::support::{
    MINIMAL_PATH, Sandbox, bare, fixture_passphrase, in_project, program, python, set_mode, testdata,
};

#[test]
fn node_and_bun_show_the_client_certificate() {
    let (Some(node), Some(bun)) = (program("node"), program("bun")) else { return };
    let Some(world) = World::new() else { return };
    for (name, program, call) in [
        ("node:https", &node, "\"$PROGRAM\" \"$SCRIPT\" https \"$CAREFUL\""),
        ("node's fetch", &node, "\"$PROGRAM\" \"$SCRIPT\" fetch \"$OPEN/hello\""),
        ("bun's fetch", &bun, "\"$PROGRAM\" \"$SCRIPT\" fetch \"$CAREFUL\""),
        ("bun's node:https", &bun, "\"$PROGRAM\" \"$SCRIPT\" https \"$CAREFUL\""),
    ] {
        let shows_certificate = call.contains("CAREFUL");
        let script = in_project("tests/support/proxied.mjs");
        let client = Client {
            call,
            families: if shows_certificate { "claude,node" } else { "node" },
            greeting: if shows_certificate { "hello alice (p256) over TLSv1.3" } else { "hello everybody" },
            name,
            settings: vec![
                ("PROGRAM", program.into()),
                ("SCRIPT", script.into()),
                ("LIMIT_IN_MS", "60000".into()),
            ],
            trust: &["NODE_EXTRA_CA_CERTS"],
        };
        world.reached_with_everything_and_not_without_any_part(&client);
        if shows_certificate {
            let without = world
                .shell(&client, &after_env(&client, "unset CLAUDE_CODE_CLIENT_CERT CLAUDE_CODE_CLIENT_KEY"));
            assert!(!without.contains("hello"), "{name} without a certificate: {without}");
        }
    }
}

#[test]
fn curl_and_git_take_the_full_bundle() {
    let (Some(curl), Some(git)) = (program("curl"), program("git")) else { return };
    let Some(world) = World::new() else { return };
    world.give_repository(&git);
    for client in [
        Client {
            call: "\"$PROGRAM\" -sS --max-time 60 \"$OPEN/hello\"",
            families: "curl",
            greeting: "hello everybody",
            name: "curl",
            settings: vec![("PROGRAM", curl.into())],
            trust: &["CURL_CA_BUNDLE"],
        },
        Client {
            call: "rm -rf clone; \"$PROGRAM\" clone -q \"$OPEN/repository.git\" clone && cat clone/greeting",
            families: "git",
            greeting: "hello from the repository",
            name: "git",
            settings: vec![("GIT_CONFIG_NOSYSTEM", "1".into()), ("PROGRAM", git.into())],
            trust: &["GIT_SSL_CAINFO"],
        },
    ] {
        world.reached_with_everything_and_not_without_any_part(&client);
    }
}

#[test]
fn of_a_password_that_git_decodes_twice_it_is_said_that_git_cannot_send_it() {
    let Some(git) = program("git") else { return };
    for (password, sent) in [("100%", "100%"), ("%4", "%4"), ("%zz1", "%zz1"), ("a%41b", "aAb")] {
        let Some(world) = World::with_password(password) else { return };
        let client = Client {
            call: "\"$PROGRAM\" ls-remote \"$OPEN/repository.git\"",
            families: "git",
            greeting: "",
            name: "git",
            settings: vec![("GIT_CONFIG_NOSYSTEM", "1".into()), ("PROGRAM", git.clone().into())],
            trust: &["GIT_SSL_CAINFO"],
        };
        let said = world.shell(&client, &after_env(&client, "true"));
        let seen = world.proxy.seen();
        let wanted = format!("{USER}:{sent}");
        assert!(
            !seen.is_empty() && seen.iter().all(|one| one.credentials == wanted.as_bytes()),
            "{said} {seen:?}"
        );
        let refusals = refusals_of_password(password.as_bytes());
        let names_git =
            refusals.iter().any(|refusal| refusal.clients() == [certman::clients::Client::GitGnuTls]);
        assert_eq!(names_git, sent != password, "{password}");
    }
}

#[test]
fn requests_urllib_and_pip_take_the_full_bundle_each_by_its_own_variable() {
    let Some(python) = python() else { return };
    let Some(world) = World::new() else { return };
    world.give_index();
    let settings = || {
        vec![
            ("PROGRAM", OsString::from(python.get_program())),
            ("PYTHONDONTWRITEBYTECODE", "1".into()),
            ("PYTHONPATH", in_project("target/tools/python").into()),
        ]
    };
    let with_requests = "\"$PROGRAM\" -c 'import requests, sys; print(requests.get(sys.argv[1], timeout=60).text)' \"$OPEN/hello\"";
    let with_urllib = "\"$PROGRAM\" -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=60).read())' \
                       \"$OPEN/hello\"";
    let with_pip = "\"$PROGRAM\" -m pip --disable-pip-version-check --retries 0 --timeout 60 --no-cache-dir index versions \
                    --index-url \"$OPEN/simple/\" demo";
    for (name, call, greeting, own) in [
        ("requests", with_requests, "hello everybody", "REQUESTS_CA_BUNDLE"),
        ("urllib", with_urllib, "hello everybody", "SSL_CERT_FILE"),
        ("pip", with_pip, "demo (1.0)", "PIP_CERT"),
    ] {
        let trust = &["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];
        let client = Client { call, families: "python", greeting, name, settings: settings(), trust };
        world.reached_with_everything_and_not_without_any_part(&client);
        let others: Vec<&str> = trust.iter().copied().filter(|one| *one != own).collect();
        let alone = world.shell(&client, &after_env(&client, &format!("unset {}", others.join(" "))));
        assert!(alone.contains(greeting), "{name} by {own} alone: {alone}");
    }
}

#[test]
fn cargo_and_uv_take_the_full_bundle() {
    let (Some(cargo), Some(uv), Some(python)) = (cargo(), program("uv"), python()) else { return };
    let Some(world) = World::new() else { return };
    world.give_registry();
    world.give_index();
    let rustc = cargo.with_file_name("rustc");
    for client in [
        Client {
            call: "rm -rf cargo-home package/Cargo.lock; (cd package && \"$PROGRAM\" generate-lockfile -q && cat Cargo.lock)",
            families: "cargo",
            greeting: "name = \"demo\"",
            name: "cargo",
            settings: vec![
                ("CARGO_HOME", world.sandbox.path("cargo-home").into()),
                ("CARGO_NET_RETRY", "0".into()),
                ("PROGRAM", cargo.into()),
                ("RUSTC", rustc.into()),
            ],
            trust: &["CARGO_HTTP_CAINFO"],
        },
        Client {
            call: "echo demo | \"$PROGRAM\" pip compile -q --no-cache --no-config --index-url \"$OPEN/simple/\" -",
            families: "uv",
            greeting: "demo==1.0",
            name: "uv",
            settings: vec![
                ("PROGRAM", uv.into()),
                ("UV_HTTP_RETRIES", "0".into()),
                ("UV_PYTHON", python.get_program().into()),
            ],
            trust: &["SSL_CERT_FILE"],
        },
    ] {
        world.reached_with_everything_and_not_without_any_part(&client);
    }
}

/// A program, and how it asks for the greeting.
struct Client {
    /// In words of sh. `OPEN` and `CAREFUL` are the addresses of the two servers.
    call: &'static str,
    /// For `--for`.
    families: &'static str,
    greeting: &'static str,
    name: &'static str,
    /// What else is in its environment.
    settings: Vec<(&'static str, OsString)>,
    /// The variables by which it trusts.
    trust: &'static [&'static str],
}

/// Two servers behind a proxy, and a configuration that leads there.
struct World {
    careful: Server,
    files: Files,
    proxy: Proxy,
    sandbox: Sandbox,
}

impl World {
    fn new() -> Option<Self> {
        Self::with_password(PASSWORD)
    }

    fn with_password(password: &'static str) -> Option<Self> {
        let (sandbox, proxy) = (Sandbox::new(), Proxy::to_loopback()?);
        sandbox.give("served/hello", "hello everybody\n");
        let files = Files::start(python()?, &sandbox.path("served"));
        let careful = Server::start(python()?);
        sandbox.copy("client.key", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
        sandbox.copy("client.pem", "pki/client-p256-chain.pem");
        for (name, secret) in [("key.txt", &*fixture_passphrase("plain")), ("proxy.txt", password)] {
            set_mode(&sandbox.give(name, format!("{secret}\n")), 0o600);
        }
        sandbox.give(
            "certman.toml",
            format!(
                "[bundle]\nsources = [{:?}]\nout = 'extra.pem'\n[client]\ncert = 'client.pem'\nkey = 'client.key'\n\
                 passphrase = 'file:key.txt'\n[proxy]\nhttps = 'http://127.0.0.1:{}'\nusername = '{USER}'\n\
                 password = 'file:proxy.txt'\n",
                testdata("pki/root-p256.pem"),
                proxy.port
            ),
        );
        Some(Self { careful, files, proxy, sandbox })
    }

    fn reached_with_everything_and_not_without_any_part(&self, client: &Client) {
        let name = client.name;
        self.proxy.seen();
        let with_env = after_env(client, "true");
        for (way, script) in [("env", with_env), ("run", with_run(client))] {
            let said = self.shell(client, &script);
            assert!(said.contains(client.greeting), "{name} with {way}: {said}");
            assert!(!self.led_to().is_empty(), "{name} with {way} has gone around the proxy");
        }
        for (without, settings) in [
            ("anything", None),
            ("a proxy", Some("unset HTTPS_PROXY https_proxy".to_owned())),
            (
                "a password",
                Some(format!("HTTPS_PROXY=http://127.0.0.1:{}; https_proxy=$HTTPS_PROXY", self.proxy.port)),
            ),
        ] {
            let said = match settings {
                Some(settings) => self.shell(client, &after_env(client, &settings)),
                None => self.shell(client, client.call),
            };
            assert!(!said.contains(client.greeting), "{name} without {without}: {said}");
            assert_eq!(self.led_to(), Vec::<String>::new(), "{name} without {without}");
        }
        let said = self.shell(client, &after_env(client, &format!("unset {}", client.trust.join(" "))));
        assert!(!said.contains(client.greeting), "{name} without a bundle: {said}");
        // It has come as far as the server.
        assert!(!self.led_to().is_empty(), "{name} without a bundle: {said}");
    }

    /// Standard output and standard error of a script of sh.
    fn shell(&self, client: &Client, script: &str) -> String {
        let folder = Path::new(env!("CARGO_BIN_EXE_certman")).parent().expect("a program lies in a folder");
        let mut shell = bare(Path::new("/bin/sh"));
        shell
            .args(["-c", &format!("exec 2>&1; {script}")])
            .env("CALL", client.call)
            .env("CAREFUL", format!("https://server.corp.example:{}/", self.careful.port))
            .env("HOME", self.sandbox.home())
            .env("OPEN", self.files.address())
            .env("PATH", format!("{}:{MINIMAL_PATH}", folder.display()))
            .envs(client.settings.iter().map(|(name, value)| (*name, value)))
            .current_dir(self.sandbox.folder());
        String::from_utf8_lossy(&shell.output().expect("sh starts").stdout).into_owned()
    }

    /// Where the proxy has led somebody to since the last time; whoever had a password had the right one.
    fn led_to(&self) -> Vec<String> {
        let seen = self.proxy.seen();
        let wanted = format!("{USER}:{PASSWORD}");
        assert!(seen.iter().all(|one| one.credentials == wanted.as_bytes()), "{seen:?}");
        seen.into_iter().map(|one| one.target).collect()
    }

    /// A repository of git with one file, as files that any server can give.
    fn give_repository(&self, git: &Path) {
        let bare_one = self.sandbox.path("served/repository.git");
        self.sandbox.give("original/greeting", "hello from the repository\n");
        let original = self.sandbox.path("original");
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        for arguments in [
            words(&["init", "-q"]),
            words(&["add", "greeting"]),
            words(&[
                "-c",
                "user.name=Alice",
                "-c",
                "user.email=alice@corp.example",
                "commit",
                "-q",
                "-m",
                "Greet",
            ]),
            [words(&["clone", "-q", "--bare", "."]), vec![bare_one.clone().into()]].concat(),
            [words(&["-C"]), vec![bare_one.clone().into()], words(&["update-server-info"])].concat(),
        ] {
            succeeds(bare(git).args(arguments).env("HOME", self.sandbox.home()).current_dir(&original));
        }
    }

    /// An index of Python packages with one.
    fn give_index(&self) {
        let file = "demo-1.0-py3-none-any.whl";
        self.sandbox.give(
            "served/simple/demo/index.html",
            format!("<!DOCTYPE html><html><body><a href=\"{file}\" data-dist-info-metadata=\"true\">{file}</a></body></html>"),
        );
        let metadata = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n";
        self.sandbox.give(&format!("served/simple/demo/{file}.metadata"), metadata);
    }

    /// A registry of crates with one, and a package that wants it.
    fn give_registry(&self) {
        let address = self.files.address();
        self.sandbox.give("served/index/config.json", format!("{{\"dl\":\"{address}/crates\"}}"));
        let crate_line = format!(
            "{{\"name\":\"demo\",\"vers\":\"1.0.0\",\"deps\":[],\"cksum\":\"{}\",\"features\":{{}},\"yanked\":false}}\n",
            "0".repeat(64)
        );
        self.sandbox.give("served/index/de/mo/demo", crate_line);
        self.sandbox.give(
            "package/Cargo.toml",
            "[package]\nname = 'greeter'\nversion = '1.0.0'\nedition = '2021'\n[dependencies]\n\
             demo = { version = '1', registry = 'corp' }\n[workspace]\n",
        );
        self.sandbox.give("package/src/lib.rs", "");
        self.sandbox.give(
            "package/.cargo/config.toml",
            format!("[registries.corp]\nindex = 'sparse+{address}/index/'\n"),
        );
    }
}

/// The call where a shell has evaluated the exports, and then these words.
fn after_env(client: &Client, words: &str) -> String {
    let exports = format!("certman --config certman.toml env --shell sh --for {}", client.families);
    format!("eval \"$({exports})\"; {words}; {}", client.call)
}

/// The call in the environment of `run`.
fn with_run(client: &Client) -> String {
    format!("certman --config certman.toml run --for {} -- sh -c \"$CALL\"", client.families)
}

/// The cargo that runs the tests; that of rustup wants a home folder first.
fn cargo() -> Option<PathBuf> {
    std::env::var_os("CARGO").map(PathBuf::from).or_else(|| program("cargo"))
}

fn succeeds(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// A server of the company's that gives everybody the files of a folder.
struct Files {
    port: String,
    process: Child,
}

impl Files {
    fn start(mut python: Command, folder: &Path) -> Self {
        let chain = [testdata("pki/server-chain.pem"), testdata("pki/keys/server.key")];
        let mut process = python
            .arg(in_project("tests/support/files.py"))
            .args(chain.iter().map(|path| path.as_os_str()).chain([OsStr::new(folder)]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut port = String::new();
        let output = process.stdout.take().expect("it was piped");
        BufReader::new(output).read_line(&mut port).expect("the server says its port");
        Self { port: port.trim().to_owned(), process }
    }

    /// Its name is known to the proxy alone.
    fn address(&self) -> String {
        format!("https://server.corp.example:{}", self.port)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// With what an address has to say in another way; not with what git decodes twice.
const PASSWORD: &str = "p@ss: w/rd%#";
const USER: &str = "CORP\\al@ice";
