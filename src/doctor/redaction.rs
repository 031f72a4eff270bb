//! What the help desk need not know: secrets, and the names of people and of their machine. Pure: is lent what is to be taken out.
//!
//! A net below the tightrope: what is secret does not get into a text in the first place.

use std::collections::BTreeSet;
use std::path::Path;

use zeroize::Zeroizing;

/// What is taken out of a text, and what is put there instead.
#[derive(Default)]
pub struct Redaction {
    /// Home folders, the longest first.
    homes: BTreeSet<Longest>,
    /// Names of the machine, in lower case.
    machines: BTreeSet<Longest>,
    /// Names of people, in lower case.
    people: BTreeSet<Longest>,
    secrets: Vec<Zeroizing<String>>,
}

/// A text that stands before those that are shorter: they may be a part of it.
#[derive(PartialEq, Eq)]
struct Longest(String);

impl Ord for Longest {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.0.len(), &self.0).cmp(&(self.0.len(), &other.0))
    }
}

impl PartialOrd for Longest {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Redaction {
    /// A home folder becomes `~`, and its last part is the name of a person.
    pub fn home(&mut self, home: &Path) {
        let text = home.to_string_lossy();
        let text = text.trim_end_matches(['/', '\\']);
        if text.len() > 1 {
            self.homes.insert(Longest(text.to_owned()));
            if let Some(name) = home.file_name() {
                self.person(&name.to_string_lossy());
            }
        }
    }

    /// The name of this machine becomes `<machine>`, also without its domain.
    pub fn machine(&mut self, name: &str) {
        let name = name.trim().to_lowercase();
        for name in [name.as_str(), name.split('.').next().unwrap_or_default()] {
            if name.len() > 1 && name != "localhost" {
                self.machines.insert(Longest(name.to_owned()));
            }
        }
    }

    /// The name of a person becomes `<user>`, with its domain and without: `CORP\alice`, `alice@corp.example`. An account that
    /// every machine of a kind has is nobody's name.
    pub fn person(&mut self, name: &str) {
        let name = name.trim().to_lowercase();
        let bare = name.rsplit(['\\', '/']).next().unwrap_or_default();
        let bare = bare.split('@').next().unwrap_or_default();
        for name in [name.as_str(), bare] {
            if !name.is_empty() && !NOBODY.contains(&name) {
                self.people.insert(Longest(name.to_owned()));
            }
        }
    }

    /// A secret becomes `<secret>`. One of less than four characters would tear any text apart, and is left to those who do not
    /// write it in the first place.
    pub fn secret(&mut self, secret: &str) {
        let secret = Zeroizing::new(secret.trim().to_owned());
        if secret.chars().count() >= SHORTEST_SECRET && !self.secrets.contains(&secret) {
            self.secrets.push(secret);
            self.secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// The text without all of these. What is `kept`, as the name in a certificate, loses secrets only.
    pub fn apply(&self, text: &str, kept: &[&str]) -> String {
        let mut result = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(letter) = text[at..].chars().next() {
            let rest = &text[at..];
            let before = text[..at].chars().next_back();
            let kept = kept.iter().find(|kept| !kept.is_empty() && rest.starts_with(**kept));
            let (length, shown): (usize, &str) = if let Some(secret) = self.secret_at(rest) {
                (secret, "<secret>")
            } else if let Some(kept) = kept {
                result.push_str(&self.without_secrets(kept));
                (kept.len(), "")
            } else if let Some(home) = self.home_at(rest) {
                (home, "~")
            } else if let Some(person) = name_at(&self.people, rest, before) {
                (person, "<user>")
            } else if let Some(machine) = name_at(&self.machines, rest, before) {
                (machine, "<machine>")
            } else {
                (letter.len_utf8(), &rest[..letter.len_utf8()])
            };
            result.push_str(shown);
            at += length;
        }
        result
    }

    fn secret_at(&self, text: &str) -> Option<usize> {
        self.secrets.iter().find(|secret| text.starts_with(secret.as_str())).map(|secret| secret.len())
    }

    fn home_at(&self, text: &str) -> Option<usize> {
        let fits = |home: &&Longest| {
            let rest = text.strip_prefix(home.0.as_str());
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || "-_.".contains(c)))
        };
        self.homes.iter().find(fits).map(|home| home.0.len())
    }

    fn without_secrets(&self, text: &str) -> String {
        let secrets = self.secrets.iter();
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "<secret>"))
    }
}

/// The length of a name that a text begins with. A short one counts where it stands alone: it is a part of many a word.
fn name_at(names: &BTreeSet<Longest>, text: &str, before: Option<char>) -> Option<usize> {
    let fits = |Longest(name): &&Longest| {
        let mut length = 0;
        let mut letters = text.chars();
        for wanted in name.chars() {
            match letters.next() {
                Some(letter) if letter.to_lowercase().eq(wanted.to_lowercase()) => {
                    length += letter.len_utf8()
                }
                _ => return None,
            }
        }
        let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let is_alone = !is_word(before) && !is_word(letters.next());
        (is_alone || name.chars().count() >= LONG).then_some(length)
    };
    names.iter().find_map(|name| fits(&name))
}

/// A name of so many letters is no part of another word by chance.
const LONG: usize = 4;
/// Accounts that every machine, container or runner of a kind has.
const NOBODY: [&str; 7] = ["codespace", "node", "root", "runner", "ubuntu", "user", "vscode"];
const SHORTEST_SECRET: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn redaction() -> Redaction {
        let mut redaction = Redaction::default();
        redaction.home(Path::new("/home/alice"));
        redaction.person("CORP\\al");
        redaction.person("root");
        redaction.machine("Laptop7.corp.example");
        redaction.secret("geheim-7\n");
        redaction.secret("geheim-7-and-more");
        redaction.secret("abc");
        redaction
    }

    #[test]
    fn people_machines_and_secrets_are_taken_out() {
        let redaction = redaction();
        for (text, expected) in [
            ("'/home/alice/a.pem'", "'~/a.pem'"),
            ("/home/alice", "~"),
            ("/home/alice2/a.pem", "/home/<user>2/a.pem"),
            ("/srv/ALICE-key.pem", "/srv/<user>-key.pem"),
            ("/srv/certs-of-alice2026.pem", "/srv/certs-of-<user>2026.pem"),
            ("corp\\al@x", "<user>@x"),
            ("al, all, metal, al", "<user>, all, metal, <user>"),
            ("/root/a.pem", "/root/a.pem"),
            ("laptop7.corp.example laptop7 LAPTOP7", "<machine> <machine> <machine>"),
            ("geheim-7-and-more geheim-7 geheim", "<secret> <secret> geheim"),
            ("abc", "abc"),
            ("größer ✓ alice", "größer ✓ <user>"),
        ] {
            assert_eq!(redaction.apply(text, &[]), expected);
        }
    }

    #[test]
    fn the_name_in_a_certificate_stays_and_a_secret_in_it_does_not() {
        let redaction = redaction();
        let text = "'/home/alice/c.pem': 'alice' is not valid, alice";
        assert_eq!(redaction.apply(text, &["'alice'"]), "'~/c.pem': 'alice' is not valid, <user>");
        assert_eq!(redaction.apply("CN=geheim-7", &["CN=geheim-7"]), "CN=<secret>");
    }

    #[test]
    fn without_anything_to_take_out_a_text_stays() {
        let mut redaction = Redaction::default();
        redaction.home(Path::new("/"));
        redaction.machine("localhost");
        redaction.person("");
        redaction.secret("");
        assert_eq!(redaction.apply("localhost / root", &[""]), "localhost / root");
    }
}
