//! Error codes explained: one table of what clients and certman itself say, with the meaning, the likely causes and the one
//! command that tells which, in two languages; and how the codes are found in a log.
//!
//! Pure: is lent a text, and gives entries of the table. Never repeats anything of a text: logs hold passwords.

mod findings;
mod general;
mod identity;
mod network;
mod trust;

/// What there is to say about one error.
#[derive(Debug)]
pub struct Entry {
    /// What of this machine's configuration it may be about.
    pub about: &'static [Subject],
    /// Spellings that count only as the whole of what was asked: bare numbers.
    pub alone: &'static [&'static str],
    /// The stable name: the code of the client where it has one.
    pub code: &'static str,
    /// The command that tells which of the causes it is.
    pub command: &'static str,
    /// In English.
    pub english: Text,
    /// In Japanese.
    pub japanese: Text,
    /// How it is spelled in logs, in any case, with any run of white space for a blank; the code itself counts too.
    pub spellings: &'static [&'static str],
}

/// What an entry says, in one language.
#[derive(Debug)]
pub struct Text {
    /// The likely causes, the likeliest first. None for most findings of certman, whose message says it.
    pub causes: &'static [&'static str],
    /// One or two sentences.
    pub meaning: &'static str,
}

/// A part of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The bundle.
    Bundle,
    /// The client's certificate and its key.
    Identity,
    /// The proxy.
    Proxy,
}

/// A language of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Japanese.
    Japanese,
}

impl Entry {
    /// What it says in a language.
    pub fn text(&self, language: Language) -> &Text {
        match language {
            Language::English => &self.english,
            Language::Japanese => &self.japanese,
        }
    }

    /// Where it stands among others that are found in the same text: what says less comes later.
    fn rank(&self) -> u8 {
        match self.code {
            // OpenSSL 3 begins with it whatever is wrong with a key, a wrong passphrase too.
            "ERR_OSSL_UNSUPPORTED" => 1,
            _ if self.is_general() => 2,
            _ => 0,
        }
    }

    /// Whether it only says that something has failed, so that any other code beside it says more.
    pub fn is_general(&self) -> bool {
        general::ENTRIES.iter().any(|one| one.code == self.code)
    }
}

impl Language {
    /// The language of a locale such as `ja_JP.UTF-8`; English where there is no other.
    pub fn of_locale(locale: &str) -> Self {
        if locale.starts_with("ja") { Self::Japanese } else { Self::English }
    }

    /// The name on the command line and in JSON; stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }
}

/// The whole table by its parts, each with a title in both languages.
pub const TABLE: [(&str, &str, &[Entry]); 5] = [
    ("the server's certificate is not trusted", "サーバー証明書が信頼されない", trust::ENTRIES),
    ("client certificate and key", "クライアント証明書と秘密鍵", identity::ENTRIES),
    ("network and proxy", "ネットワークとプロキシ", network::ENTRIES),
    ("what only says that something has failed", "失敗したことだけを示すもの", general::ENTRIES),
    ("findings of certman", "certman の指摘", findings::ENTRIES),
];

/// Every entry of the table.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLE.into_iter().flat_map(|(_, _, entries)| entries)
}

/// The codes that a text speaks of, in the order in which they first appear, each once; what says less than others comes behind
/// them, and what only says that something has failed last. Where two spellings begin in the same place, the longer one counts.
pub fn recognise(text: &[u8]) -> Vec<&'static Entry> {
    let text = plain(text);
    if let Some(entry) = entries().find(|entry| entry.alone.iter().any(|alone| alone.as_bytes() == text)) {
        return vec![entry];
    }
    let spellings = Spellings::new();
    let mut numbers = CurlNumbers::of(&text);
    let mut found: Vec<&'static Entry> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let is_start = is_word(text[at]) && (at == 0 || !is_word(text[at - 1]));
        let here = is_start.then(|| spellings.longest(&text, at)).flatten();
        match here.or_else(|| numbers.at(at)) {
            Some((length, entry)) => {
                if found.iter().all(|known| known.code != entry.code) {
                    found.push(entry);
                }
                at += length;
            }
            None => at += 1,
        }
    }
    // Stable: among those of a rank the order of the text stays.
    found.sort_by_key(|entry| entry.rank());
    found
}

/// The codes that look most like a word, the nearest first; none where it looks like no code at all. `distance` counts the letters
/// in which two words differ.
pub fn nearest(word: &str, distance: impl Fn(&str, &str) -> usize) -> Vec<&'static str> {
    let word = word.trim().to_ascii_lowercase();
    if word.is_empty() || word.chars().count() > LONGEST_CODE {
        return Vec::new();
    }
    let mut near: Vec<(usize, &'static str)> = Vec::new();
    for entry in entries() {
        let spellings = entry.spellings.iter().filter(|spelling| !spelling.contains(' '));
        let away = std::iter::once(&entry.code)
            .chain(spellings)
            .map(|spelling| {
                let spelling = spelling.to_ascii_lowercase();
                // A part of a code is nearer than another code of the same length.
                let is_part = word.len() >= SHORTEST_PART && spelling.contains(&word);
                if is_part { 1 } else { distance(&word, &spelling) }
            })
            .min();
        let limit = (word.chars().count() / 3).max(2);
        near.extend(away.filter(|away| *away <= limit).map(|away| (away, entry.code)));
    }
    near.sort_by_key(|(away, _)| *away);
    near.into_iter().map(|(_, code)| code).take(NEAREST).collect()
}

/// The spellings by their first letter, in lower case as the text is.
struct Spellings(Vec<Vec<(Vec<u8>, &'static Entry)>>);

impl Spellings {
    fn new() -> Self {
        let mut by_letter = vec![Vec::new(); 256];
        for entry in entries() {
            for spelling in std::iter::once(&entry.code).chain(entry.spellings) {
                let spelling = spelling.to_ascii_lowercase().into_bytes();
                by_letter[usize::from(spelling[0])].push((spelling, entry));
            }
        }
        Self(by_letter)
    }

    /// The longest spelling that stands here as a whole.
    fn longest(&self, text: &[u8], at: usize) -> Option<(usize, &'static Entry)> {
        let rest = &text[at..];
        let here = self.0[usize::from(rest[0])].iter().filter(|(spelling, _)| {
            let goes_on = |next: u8| {
                // A finding's code is no part of a longer name: `chain-gap` is none of `chain-gap-all`.
                let is_joined = next == b'-' && !spelling.contains(&b' ');
                is_joined || is_word(next) && spelling.last().is_some_and(|last| is_word(*last))
            };
            rest.starts_with(spelling) && rest.get(spelling.len()).is_none_or(|next| !goes_on(*next))
        });
        here.max_by_key(|(spelling, _)| spelling.len()).map(|(spelling, entry)| (spelling.len(), *entry))
    }
}

/// The numbers that curl ends with, where a text has them otherwise than curl itself: `curl60`, `curl error 60`, a `(60)` behind
/// `curl:`, and the exit status in the words of those that have started it.
struct CurlNumbers<'text> {
    /// Where the text behind the last `curl:` begins that no number was found for.
    behind_curl: Option<usize>,
    /// Whether an exit status is one of curl's: where the text speaks of it, or is nothing but the status.
    is_about_curl: bool,
    text: &'text [u8],
}

impl<'text> CurlNumbers<'text> {
    /// Of a text in lower case.
    fn of(text: &'text [u8]) -> Self {
        let has_curl = text.windows(CURL.len()).any(|part| part == CURL);
        let is_alone = exit_status(text).is_some_and(|(length, _)| length == text.len());
        Self { behind_curl: None, is_about_curl: has_curl || is_alone, text }
    }

    /// The number that stands here, to be asked from the beginning to the end of the text.
    fn at(&mut self, at: usize) -> Option<(usize, &'static Entry)> {
        let rest = &self.text[at..];
        let is_start = at == 0 || !is_word(self.text[at - 1]);
        if rest[0] == b'(' {
            let curl = self.behind_curl?;
            let (length, number) = number(&rest[1..])?;
            let is_near = at - curl <= NEAR_CURL && rest.get(length + 1) == Some(&b')');
            let entry = curl_entry(number).filter(|_| is_near)?;
            self.behind_curl = None;
            return Some((length + 2, entry));
        }
        if is_start && let Some(behind) = rest.strip_prefix(CURL) {
            if behind.first() == Some(&b':') {
                self.behind_curl = Some(at + CURL.len() + 1);
            }
            let behind = behind.strip_prefix(b" error").unwrap_or(behind);
            let behind = behind.strip_prefix(b":").unwrap_or(behind);
            let behind = behind.strip_prefix(b" ").unwrap_or(behind);
            let (length, number) = number(behind)?;
            return Some((rest.len() - behind.len() + length, curl_entry(number)?));
        }
        let (length, number) = exit_status(rest).filter(|_| is_start && self.is_about_curl)?;
        Some((length, curl_entry(number)?))
    }
}

/// The exit status that is told here, and how long that is.
fn exit_status(text: &[u8]) -> Option<(usize, u16)> {
    let behind = EXIT_STATUS.iter().find_map(|words| text.strip_prefix(*words))?;
    let behind = behind.strip_prefix(b":").unwrap_or(behind);
    let (length, number) = number(behind.strip_prefix(b" ")?)?;
    Some((text.len() - behind.len() + 1 + length, number))
}

/// The number that stands here as a word, and how long it is.
fn number(text: &[u8]) -> Option<(usize, u16)> {
    let length = text.iter().take_while(|byte| is_word(**byte)).count();
    let digits = std::str::from_utf8(&text[..length]).ok()?;
    Some((length, digits.parse().ok()?))
}

/// The entry that has a number of curl, as that writes it.
fn curl_entry(number: u16) -> Option<&'static Entry> {
    let spelling = format!("curl: ({number})");
    entries().find(|entry| entry.spellings.contains(&spelling.as_str()))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The text in lower case, without the escape sequences of terminals, every run of white space one blank.
fn plain(text: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            ESCAPE => match bytes.next() {
                // ECMA-48, section 5.4: a control sequence ends with a byte of 0x40 to 0x7e.
                Some(b'[') => drop(bytes.by_ref().find(|byte| (0x40..=0x7e).contains(byte))),
                // A title or a link, up to its BEL or ESC backslash.
                Some(b']') => {
                    while let Some(byte) = bytes.next() {
                        if byte == BELL || byte == ESCAPE && bytes.next_if_eq(&b'\\').is_some() {
                            break;
                        }
                    }
                }
                _ => {}
            },
            byte if byte.is_ascii_whitespace() => {
                if plain.last().is_some_and(|last| *last != b' ') {
                    plain.push(b' ');
                }
            }
            byte => plain.push(byte.to_ascii_lowercase()),
        }
    }
    if plain.last() == Some(&b' ') {
        plain.pop();
    }
    plain
}

const BELL: u8 = 0x07;
const CURL: &[u8] = b"curl";
const ESCAPE: u8 = 0x1b;
/// How the exit status of a program is told, before the number.
const EXIT_STATUS: [&[u8]; 4] = [b"exit code", b"exit status", b"exited with code", b"exited with"];
/// In letters; a longer word is compared with no code.
const LONGEST_CODE: usize = 64;
/// In bytes: what stands further behind `curl:` belongs to something else.
const NEAR_CURL: usize = 200;
/// How many codes are offered for one that is not known.
const NEAREST: usize = 3;
/// In letters: what is shorter is a part of too many codes.
const SHORTEST_PART: usize = 4;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        recognise(text.as_bytes()).into_iter().map(|entry| entry.code).collect()
    }

    #[test]
    fn every_entry_says_the_same_in_both_languages_and_leaves_nothing_out() {
        for entry in entries() {
            let code = entry.code;
            assert_eq!(entry.english.causes.len(), entry.japanese.causes.len(), "{code}");
            assert!(entry.command.starts_with("certman "), "{code}");
            for text in std::iter::once(entry.english.meaning).chain(entry.english.causes.iter().copied()) {
                assert!(text.len() > 20 && text.is_ascii() && text.ends_with('.'), "{code}: {text}");
            }
            for text in std::iter::once(entry.japanese.meaning).chain(entry.japanese.causes.iter().copied()) {
                let has_kana = text.chars().any(|letter| ('\u{3041}'..='\u{30fa}').contains(&letter));
                assert!(has_kana && text.ends_with('。') && !text.contains("。。"), "{code}: {text}");
            }
        }
        let (_, _, findings) = TABLE[TABLE.len() - 1];
        let clients = entries().filter(|entry| findings.iter().all(|finding| finding.code != entry.code));
        for entry in clients {
            assert!(!entry.english.causes.is_empty(), "{} has a cause", entry.code);
        }
    }

    /// Noticed where a proxy refused every tunnel, and `certman proxy test`, which opens no connection, had nothing to say.
    #[test]
    fn what_only_a_connection_tells_is_asked_of_a_command_that_makes_one() {
        for code in ["HTTP-403", "HTTP-407", "HTTP-502", "ERR_PROXY_TUNNEL", "curl-5", "curl-56"] {
            let entry = entries().find(|entry| entry.code == code);
            assert_eq!(entry.map(|entry| entry.command), Some("certman doctor"), "{code}");
        }
    }

    #[test]
    fn every_spelling_is_that_of_one_entry_and_recognised_as_it() {
        let mut seen = BTreeSet::new();
        for entry in entries() {
            for spelling in [&[entry.code], entry.spellings, entry.alone].concat() {
                assert!(seen.insert(spelling.to_ascii_lowercase()), "{spelling} stands twice");
                for text in [spelling.to_owned(), spelling.to_ascii_uppercase()] {
                    assert_eq!(codes(&text), [entry.code], "{spelling}");
                }
            }
        }
        assert!(seen.len() > 400, "{}", seen.len());
    }

    #[test]
    fn what_is_found_comes_in_the_order_of_the_log_and_the_general_last() {
        let log = "FailedToOpenSocket: Was there a typo in the url or port?\nCERT_HAS_EXPIRED\n  \
                   reason: \"KEY_VALUES_MISMATCH\"\nFailedToOpenSocket\nCERT_HAS_EXPIRED\n";
        assert_eq!(codes(log), ["CERT_HAS_EXPIRED", "KEY_VALUES_MISMATCH", "FailedToOpenSocket"]);
    }

    #[test]
    fn the_longer_spelling_counts_and_only_whole_words() {
        let long = "self-signed certificate in certificate chain";
        assert_eq!(codes(long), ["SELF_SIGNED_CERT_IN_CHAIN"]);
        assert_eq!(codes("self-signed certificate (_ssl.c:1006)"), ["DEPTH_ZERO_SELF_SIGNED_CERT"]);
        assert_eq!(codes("chain-gap-all"), ["chain-gap-all"]);
        for other in
            ["MY_ECONNRESET", "ECONNRESETTER", "chain-gap-none", "verify error:num=200", "curl: (600)"]
        {
            assert!(codes(other).is_empty(), "{other}");
        }
        // A bare number is one only where nothing else was asked.
        assert_eq!(codes(" 407\n"), ["HTTP-407"]);
        assert!(codes("after 407 ms").is_empty());
    }

    /// Noticed where people asked for `curl60`, and where a build told nothing but the exit status.
    #[test]
    fn a_number_of_curl_is_known_however_it_is_told() {
        for text in [
            "curl60",
            "cURL error 60: SSL",
            "curl:(60)",
            "curl: SSL certificate: (60)",
            "exit code 60",
            "Exit status: 60",
            "Command '['curl', '-fsS', 'https://host.example']' returned non-zero exit status 60.",
            "process \"/bin/sh -c curl -f https://host.example\" did not complete successfully: exit code: 60",
            "curl exited with 60",
        ] {
            assert_eq!(codes(text), ["curl-60"], "{text}");
        }
        assert_eq!(codes("curl7"), ["ECONNREFUSED"]);
        assert_eq!(codes("curl: bad (60) or (35)"), ["curl-60"], "the first number is curl's");
        for (number, code) in [
            (5, "curl-5"),
            (6, "ENOTFOUND"),
            (28, "ETIMEDOUT"),
            (35, "curl-35"),
            (55, "curl-56"),
            (77, "curl-77"),
        ] {
            for text in
                [format!("curl{number}"), format!("curl: a: ({number})"), format!("exit code {number}")]
            {
                assert_eq!(codes(&text), [code], "{text}");
            }
        }
        // Of another program, or no number of curl.
        let far = format!("curl: {} (60)", "x ".repeat(101));
        for other in [
            "make: exit code 60",
            "curl600",
            "curl6x",
            "libcurl60",
            "(60)",
            "exit code 1",
            "curl: (60",
            "curl: 99999999999",
            &far,
        ] {
            assert!(codes(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn colours_line_breaks_and_case_do_not_hide_a_code() {
        for text in [
            "\x1b[31mUNABLE_TO_GET_ISSUER\x1b[1m_CERT_LOCALLY\x1b[0m",
            "unable to get\r\n   local issuer\tcertificate",
            "\x1b]8;;https://example.com\x07Unable To Get Local Issuer Certificate\x1b]8;;\x1b\\",
            "unable_to_get_issuer_cert_locally",
        ] {
            assert_eq!(codes(text), ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY"], "{text:?}");
        }
        // What is cut off in the middle of a sequence ends there.
        for text in ["\x1b", "\x1b[", "\x1b]8;;", "\x1b[31", "ECONNRESET \x1b]"] {
            recognise(text.as_bytes());
        }
        assert!(recognise(&[0xff, 0x80, 0x00]).is_empty());
    }

    #[test]
    fn a_word_that_is_nearly_a_code_finds_it_and_any_other_finds_none() {
        let unlike = |one: &str, other: &str| {
            let same = one.bytes().zip(other.bytes()).filter(|(one, other)| one == other).count();
            one.len().max(other.len()) - same
        };
        assert_eq!(nearest("cert_has_expirde", unlike)[0], "CERT_HAS_EXPIRED");
        assert_eq!(nearest("key_values", unlike), ["KEY_VALUES_MISMATCH"]);
        for word in ["", "xyzzy", &"e".repeat(65)] {
            assert!(nearest(word, unlike).is_empty(), "{word}");
        }
    }

    #[test]
    fn the_locale_tells_the_language() {
        for (locale, language) in
            [("ja_JP.UTF-8", "ja"), ("ja", "ja"), ("en_US.UTF-8", "en"), ("C", "en"), ("", "en")]
        {
            assert_eq!(Language::of_locale(locale).name(), language, "{locale}");
        }
    }
}
