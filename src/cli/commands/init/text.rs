//! The text of a first certman.toml: what is proposed, each value with its reason, and every other key as an example. What is not
//! ours in a comment is escaped, so that no name of a file or a certificate begins a line of its own.

use std::path::Path;

use super::discovery::{Discovery, Found, Kind, named};
use crate::cli::render::words;
use crate::pki::name::{Foreign, is_harmful};

/// Puts the file together.
pub(super) fn compose(discovery: &Discovery, now: i64) -> String {
    let mut page = Page(String::new());
    page.comment(&format!("What `certman init` has found on this machine on {}.", words::day(now)));
    page.comment("Every key may be left out; certman.toml(5) explains them. A line such as `# out = …` is an example of a key");
    page.comment(
        "that is not set. Relative paths start in the folder of this file, and `~` is the home folder.",
    );
    if let Some(file) = &discovery.system_file {
        page.comment(&format!(
            "{} is read as well: its sources add up with those below, and what is set here goes before what is set there.",
            words::path(file)
        ));
    }
    if discovery.is_cut {
        page.comment(
            "There was more in the usual folders than was looked at: 1,000 files or 100 MB are enough.",
        );
    }
    page.bundle(discovery);
    page.client(discovery);
    page.proxy(discovery);
    page.table("check");
    page.comment("When `certman check` warns before the end of a certificate, and when it is critical.");
    page.example("warn", "30d");
    page.example("critical", "14d");
    page.table("doctor");
    page.comment("The hosts that `certman doctor` reaches; `default` stands for those of Claude Code.");
    page.line("# hosts = [\"default\", \"gateway.corp.example\"]");
    page.table("env");
    page.comment("The clients whose variables `certman env` sets, or all.");
    page.example("for", "claude,git,python");
    page.blank();
    page.comment(
        "Tables that stand before those above while the profile is active: `certman --profile work env`.",
    );
    page.comment("[profile.work.proxy]");
    page.example("https", "");
    page.0
}

/// ` in 'FILE'`, for a sentence.
pub(super) fn place(path: &Path) -> String {
    format!(" in {}", words::path(path))
}

struct Page(String);

impl Page {
    fn bundle(&mut self, discovery: &Discovery) {
        self.table("bundle");
        self.comment(
            "Where the company's certificates come from: files, folders, and the trust store of the system.",
        );
        if discovery.sources.is_empty() {
            self.comment("None were found: ask the help desk for the root certificate of the company's CA.");
            self.comment("sources = [\"~/certs/corp-root.pem\", \"system:corporate\"]");
        } else {
            self.line("sources = [");
            for source in &discovery.sources {
                self.line(&format!("    # {}", Foreign(format!("{}:", source.why))));
                for authority in source.authorities.iter().take(MOST_NAMED) {
                    self.line(&format!("    #   {}", Foreign(named(authority))));
                }
                if let more @ 1.. = source.authorities.len().saturating_sub(MOST_NAMED) {
                    self.line(&format!("    #   and {more} more"));
                }
                self.line(&format!("    {},", quoted(&source.value)));
            }
            self.line("]");
        }
        self.passed_over(discovery, &[Kind::Source, Kind::Store]);
        self.comment("Where the bundle is written; this is the usual place.");
        self.example("out", "~/.local/share/certman/extra.pem");
        self.comment("The bundle with the public roots, for variables that replace a client's own (SSL_CERT_FILE and others).");
        self.example("full", "~/.local/share/certman/full.pem");
        self.comment("A trust store for Java with the same in it.");
        self.example("java", "~/.local/share/certman/java.p12");
        self.comment("Where the public roots of both come from: system, or mozilla for the set in certman.");
        self.example("public_roots", "mozilla");
        self.comment("Where the passphrases of PKCS#12 and Java key stores come from.");
        self.example("store_passphrase", "keyring");
    }

    fn client(&mut self, discovery: &Discovery) {
        self.table("client");
        self.comment("The client's certificate, its own first, and its private key.");
        match &discovery.identity {
            Some(identity) => {
                self.reason("", &identity.why);
                self.value("cert", &identity.cert);
                self.value("key", &identity.key);
            }
            None => {
                self.example("cert", "~/certs/client.pem");
                self.example("key", "~/certs/client.key");
            }
        }
        self.comment("Where the passphrase of the key comes from: keyring, prompt, file:PATH, fd:N, env:NAME, command:PROGRAM.");
        if discovery.identity.as_ref().is_some_and(|identity| identity.is_sealed) {
            self.comment("The key is sealed: `certman key remember` puts the passphrase into the keyring.");
            self.value("passphrase", "keyring");
        } else {
            self.example("passphrase", "keyring");
        }
        self.passed_over(discovery, &[Kind::Identity, Kind::Passphrase]);
    }

    fn proxy(&mut self, discovery: &Discovery) {
        let proxy = &discovery.proxy;
        self.table("proxy");
        self.comment("The proxy; never with a password.");
        let taken = discovery.found.iter().filter(|one| one.is_taken);
        for found in taken.filter(|one| matches!(one.kind, Kind::NoProxy | Kind::Proxy)) {
            self.reason("", &found.why);
        }
        for (key, set, example) in [
            ("https", &proxy.https, "http://proxy.corp.example:8080"),
            ("http", &proxy.http, "http://proxy.corp.example:8080"),
            ("username", &proxy.username, "alice"),
        ] {
            match set {
                Some(value) => self.value(key, value),
                None => self.example(key, example),
            }
        }
        if proxy.is_without_password {
            self.comment("The user has no password.");
            self.value("password", "none");
        } else {
            self.comment("Where the password of the user comes from; `certman proxy remember` puts it into the keyring.");
            self.example("password", "keyring");
        }
        self.comment("What is reached without the proxy; loopback always is.");
        if proxy.no_proxy.is_empty() {
            self.line("# no_proxy = [\"corp.example\", \"10.1.2.0/28\"]");
        } else {
            let entries: Vec<String> = proxy.no_proxy.iter().map(|entry| quoted(entry)).collect();
            self.line(&format!("no_proxy = [{}]", entries.join(", ")));
        }
        self.passed_over(discovery, &[Kind::NoProxy, Kind::Proxy]);
    }

    /// What was met and is not proposed.
    fn passed_over(&mut self, discovery: &Discovery, kinds: &[Kind]) {
        let is_one = |found: &&Found| !found.is_taken && kinds.contains(&found.kind);
        let all: Vec<&Found> = discovery.found.iter().filter(is_one).collect();
        if all.is_empty() {
            return;
        }
        self.comment("Also met, and not taken:");
        for found in all.iter().take(MOST_PASSED_OVER) {
            match found.kind {
                Kind::NoProxy | Kind::Passphrase | Kind::Proxy => self.reason("  ", &found.why),
                Kind::Identity | Kind::Source | Kind::Store => {
                    self.reason("  ", &format!("{}: {}", words::path(Path::new(&found.path)), found.why));
                }
            }
        }
        if let more @ 1.. = all.len().saturating_sub(MOST_PASSED_OVER) {
            self.comment(&format!("  and {more} more: `certman init --print --json` lists them all"));
        }
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    fn comment(&mut self, text: &str) {
        self.line(&format!("# {}", Foreign(text)));
    }

    fn example(&mut self, key: &str, value: &str) {
        self.line(&format!("# {key} = {}", quoted(value)));
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.blank();
    }

    /// A sentence, which has a line for each of its parts where it is long. Paths stay whole, so that they can be pasted.
    fn reason(&mut self, indent: &str, sentence: &str) {
        if sentence.chars().count() <= WIDTH {
            return self.comment(&format!("{indent}{sentence}"));
        }
        let mut parts = sentence.split_inclusive("; ").peekable();
        let mut indent = indent.to_owned();
        while let Some(part) = parts.next() {
            self.comment(&format!("{indent}{}", if parts.peek().is_some() { part.trim_end() } else { part }));
            indent = format!("{:width$}", "", width = 4);
        }
    }

    fn table(&mut self, name: &str) {
        self.blank();
        self.line(&format!("[{name}]"));
    }

    fn value(&mut self, key: &str, value: &str) {
        self.line(&format!("{key} = {}", quoted(value)));
    }
}

/// A basic string of TOML on one line (TOML 1.0, section String). What is harmful to a terminal is escaped too.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter if is_harmful(letter) => quoted.push_str(&format!("\\U{:08X}", u32::from(letter))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// So many certificates of a source are named.
const MOST_NAMED: usize = 20;
/// So many things of a kind that are not taken are told.
const MOST_PASSED_OVER: usize = 40;
/// A longer sentence is put on several lines, in characters.
const WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{KEYS, Settings};

    #[test]
    fn every_key_stands_in_the_file_as_a_value_or_as_an_example_that_is_understood() {
        let text = compose(&Discovery::default(), 0);
        let path = Path::new("/home/alice/certman.toml");
        Settings::of_text(&text, path, Some(Path::new("/home/alice"))).unwrap();
        let is_example = |line: &&str| line.contains(" = ") || line.starts_with("# [profile");
        let live: String = text
            .lines()
            .map(|line| match line.strip_prefix("# ").filter(|_| is_example(&line)) {
                Some(example) if !example.contains('…') => format!("{example}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        Settings::of_text(&live, path, Some(Path::new("/home/alice")))
            .unwrap_or_else(|e| panic!("{e}\n{live}"));
        let keys: toml::Table = live.parse().unwrap();
        for key in KEYS {
            let mut value = Some(&toml::Value::Table(keys.clone())).cloned();
            for part in key.split('.') {
                value = value.and_then(|value| value.get(part).cloned());
            }
            assert!(value.is_some(), "{key} is not in\n{text}");
        }
    }

    #[test]
    fn no_text_breaks_out_of_its_quotes_or_its_comment() {
        for text in [
            "a\"b",
            "a\"\"\"\n[proxy]\nhttps = \"x\"",
            "\\",
            "\u{0}\u{7f}\u{85}\r\n\t",
            "\u{202e}ü\u{2028}",
            "'''",
        ] {
            let mut page = Page(String::new());
            page.comment(text);
            page.value("x", text);
            let table: toml::Table =
                page.0.parse().unwrap_or_else(|error| panic!("{text:?}: {error}\n{}", page.0));
            assert_eq!(table.len(), 1, "{}", page.0);
            assert_eq!(table["x"].as_str(), Some(text));
            assert!(page.0.lines().count() == 2 && page.0.chars().all(|c| c == '\n' || !is_harmful(c)));
        }
    }
}
