//! Other programs' settings files: what is in force, and the smallest edit.
//!
//! Owns the text of Claude Code's settings: a reader of strict JSON (RFC 8259) that knows positions, which of several files wins, edits
//! of the `env` object that leave every other byte as it is, the difference as people see it, and the note of what certman has put in. Never
//! touches a disk, and has no words for people.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::exports::{Content, VARIABLES as EXPORTED};
use crate::pki::bundle::Place;
use crate::sys::env::Environment;

/// Where a settings file belongs, the strongest first: what stands in one beats those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The administrator's, for everyone on the machine.
    Managed,
    /// One person's, in one project.
    Local,
    /// Everyone's, in one project.
    Project,
    /// One person's, everywhere.
    User,
}

impl Scope {
    /// The name, as `--scope` and JSON have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Managed => "managed",
            Self::Project => "project",
            Self::User => "user",
        }
    }
}

/// A settings file: an object in strict JSON, with the places of the members that matter. A byte order mark before it is kept:
/// Claude Code reads over it, its desktop application does not (seen on 2.1.219).
pub struct Document {
    /// The `env` object that is in force, and its place among the members of the root.
    env: Option<(usize, Object)>,
    has_byte_order_mark: bool,
    root: Object,
    /// Everything, without the byte order mark. It may hold secrets of other programs.
    text: Zeroizing<String>,
}

/// What a variable has in a settings file. It may be a secret.
#[derive(PartialEq, Eq)]
pub enum Entry {
    /// A number or a truth value, as it is written: Claude Code takes it for text.
    Literal(Zeroizing<String>),
    /// Text, decoded.
    Text(Zeroizing<String>),
    /// A list, an object or null: no value that a variable can have.
    Unusable,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Literal(_) => "Literal(…)",
            Self::Text(_) => "Text(…)",
            Self::Unusable => "Unusable",
        })
    }
}

impl Entry {
    /// The value that the variable gets; none where it can have none.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Literal(value) | Self::Text(value) => Some(value),
            Self::Unusable => None,
        }
    }
}

/// A settings file that can be read.
#[derive(Clone, Copy)]
pub struct Readable<'f> {
    /// Its content.
    pub document: &'f Document,
    /// Its number among all files, the strongest first.
    pub number: usize,
    /// Where it lies.
    pub path: &'f Path,
    /// What stands for it in findings.
    pub place: Place,
}

/// The variables as Claude Code gets them: what the strongest settings file has beats the environment of the process, and that it
/// is empty counts as unset (seen on 2.1.332). Of what settings files have for it, Claude Code reads `SSL_CERT_FILE` too late
/// (seen there too): whoever asks for that asks the environment alone. Values may be secret.
#[derive(Default)]
pub struct InForce(Vec<Setting>);

/// What a settings file has for a variable.
struct Setting {
    name: &'static str,
    number: usize,
    path: PathBuf,
    place: Place,
    value: Zeroizing<String>,
}

impl InForce {
    /// What these files have for these variables; the strongest file comes first.
    pub fn of<'f>(
        names: impl IntoIterator<Item = &'static str>,
        files: impl Iterator<Item = Readable<'f>> + Clone,
    ) -> Self {
        let strongest = |name: &'static str| {
            files.clone().find_map(|Readable { document, number, path, place }| {
                let value = Zeroizing::new(document.entry(name)?.value()?.to_owned());
                Some(Setting { name, number, path: path.to_owned(), place, value })
            })
        };
        Self(names.into_iter().filter_map(strongest).collect())
    }

    /// The value that wins; none where that is empty, or there is none.
    pub fn value<'v>(&'v self, name: &str, environment: &'v Environment) -> Option<&'v OsStr> {
        match self.setting(name) {
            Some(setting) => Some(OsStr::new(setting.value.as_str())).filter(|value| !value.is_empty()),
            None => environment.value(name),
        }
    }

    /// The number of the settings file that has it, where one does, be it empty.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.setting(name).map(|setting| setting.number)
    }

    /// The settings file that has it, where one does.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.setting(name).map(|setting| setting.path.as_path())
    }

    /// What stands for that file in findings.
    pub fn place(&self, name: &str) -> Option<Place> {
        self.setting(name).map(|setting| setting.place)
    }

    fn setting(&self, name: &str) -> Option<&Setting> {
        self.0.iter().find(|setting| setting.name == name)
    }
}

/// What keeps a file from being a settings file, and where; line and column count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The column.
    pub column: usize,
    /// The line.
    pub line: usize,
    /// What is wrong there.
    pub mistake: Mistake,
}

/// What is wrong with a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Something stands behind the object.
    Behind,
    /// A comma is missing.
    Comma,
    /// A colon is missing.
    Colon,
    /// A comment.
    Comment,
    /// A control character inside of a text.
    ControlCharacter,
    /// Lists and objects lie in one another, deeper than any settings.
    Depth,
    /// It ends too early.
    End,
    /// The member `env` is no object.
    EnvNotAnObject,
    /// A backslash with something behind it that JSON does not have.
    Escape,
    /// No name in double quotes where one is expected.
    Key,
    /// The whole is no object.
    NotAnObject,
    /// It is not UTF-8.
    NotUtf8,
    /// A number that JSON does not write so.
    Number,
    /// A comma behind the last one.
    TrailingComma,
    /// It is UTF-16.
    Utf16,
    /// Nothing that JSON knows: `NaN`, a word, a text in single quotes.
    Value,
}

impl Document {
    /// Reads a settings file. A file with nothing but blanks in it counts as one without settings.
    ///
    /// # Errors
    /// For everything that strict JSON does not allow, and where the whole or its `env` is no object.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let start = |mistake| Invalid { column: 1, line: 1, mistake };
        if bytes.starts_with(b"\xff\xfe")
            || bytes.starts_with(b"\xfe\xff")
            || bytes.iter().take(2).any(|byte| *byte == 0)
        {
            return Err(start(Mistake::Utf16));
        }
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let before = str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                return Err(place(before, before.len(), Mistake::NotUtf8));
            }
        };
        let (text, has_byte_order_mark) = match text.strip_prefix('\u{feff}') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let text = if text.trim_matches(BLANKS).is_empty() { NOTHING } else { text };
        let (root, env) = Scanner { at: 0, text }
            .document()
            .map_err(|wrong| place(text, wrong.at.min(text.len()), wrong.mistake))?;
        Ok(Self { env, has_byte_order_mark, root, text: Zeroizing::new(text.to_owned()) })
    }

    /// What a variable has; of several entries of one name the last is in force, as in every reader of JavaScript.
    pub fn entry(&self, name: &str) -> Option<Entry> {
        let (_, env) = self.env.as_ref()?;
        let member = env.find(&self.text, name)?;
        Some(entry(self.part(&member.value)))
    }

    /// Whether there is an `env` object.
    pub fn has_env(&self) -> bool {
        self.env.is_some()
    }

    /// Whether a byte order mark stands at the beginning.
    pub fn has_byte_order_mark(&self) -> bool {
        self.has_byte_order_mark
    }

    /// Whether there is no setting at all.
    pub fn is_empty(&self) -> bool {
        self.root.members.is_empty()
    }

    /// The file as it is to be written.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mark = if self.has_byte_order_mark { BYTE_ORDER_MARK } else { "" };
        let mut bytes = Zeroizing::new(Vec::with_capacity(mark.len() + self.text.len()));
        bytes.extend_from_slice(mark.as_bytes());
        bytes.extend_from_slice(self.text.as_bytes());
        bytes
    }

    /// The same with a variable set. What is new stands behind what is there, indented and separated as its neighbours are.
    ///
    /// # Errors
    /// Never, but for a mistake in here: what was written is read again.
    pub fn with(&self, name: &str, value: &str) -> Result<Self, Invalid> {
        let value = quoted(value);
        let Some((_, env)) = &self.env else {
            let (range, insert) = self.insertion(&self.root, "env", "{}");
            return self.spliced(range, &insert)?.with_raw(name, &value);
        };
        match env.find(&self.text, name) {
            Some(member) => self.spliced(member.value.clone(), &value),
            None => self.with_raw(name, &value),
        }
    }

    /// The same without a variable, where it has this very value; the `env` object goes with the last one where
    /// `with_object`.
    ///
    /// # Errors
    /// As [`Document::with`].
    pub fn without(&self, name: &str, value: &str, with_object: bool) -> Result<Self, Invalid> {
        let Some((place, env)) = &self.env else { return self.spliced(0..0, "") };
        let goes = |member: &Member| {
            self.key(member).as_str() == name && entry(self.part(&member.value)).value() == Some(value)
        };
        let stays: Vec<bool> = env.members.iter().map(|member| !goes(member)).collect();
        if with_object && !stays.contains(&true) {
            let stays: Vec<bool> = (0..self.root.members.len()).map(|index| index != *place).collect();
            return self.thinned(&self.root, &stays);
        }
        self.thinned(env, &stays)
    }

    fn with_raw(&self, name: &str, value: &str) -> Result<Self, Invalid> {
        let env = self.env.as_ref().map_or(&self.root, |(_, env)| env);
        let (range, insert) = self.insertion(env, name, value);
        self.spliced(range, &insert)
    }

    /// Where a new member goes, and what is to be put there.
    fn insertion(&self, object: &Object, name: &str, value: &str) -> (Range<usize>, String) {
        let name = quoted(name);
        if let Some(last) = object.members.last() {
            let gap = match object.members.len().checked_sub(2).map(|before| &object.members[before]) {
                Some(before) => {
                    let between = self.part(&(before.value.end..last.key.start));
                    between.split_once(',').map_or("", |(_, gap)| gap)
                }
                // Of `{"A": "1"}` the colon tells how the second would follow.
                None => match self.part(&(object.span.start + 1..last.key.start)) {
                    "" if self.colon(last).ends_with(' ') => " ",
                    gap => gap,
                },
            };
            let at = last.value.end;
            return (at..at, format!(",{gap}{name}{}{value}", self.colon(last)));
        }
        let inside = object.span.start + 1..object.span.end - 1;
        let first = self.root.members.first();
        let before_first = first.map(|first| self.part(&(self.root.span.start + 1..first.key.start)));
        let Some(indent) = before_first.map_or(Some("  "), |gap| Some(gap.rsplit_once('\n')?.1)) else {
            // Everything stands on one line, and so does this.
            let colon = first.map_or(": ", |first| self.colon(first));
            return (inside, format!("{name}{colon}{value}"));
        };
        let line_end = if self.text.split_once('\n').is_some_and(|(first, _)| first.ends_with('\r')) {
            "\r\n"
        } else {
            "\n"
        };
        let before = &self.text[..object.span.start];
        let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
        let base = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let insert = format!("{line_end}{base}{indent}{name}: {value}");
        if self.part(&inside).contains('\n') {
            (inside.start..inside.start, insert)
        } else {
            (inside, format!("{insert}{line_end}{base}"))
        }
    }

    /// What stands between a name and its value.
    fn colon(&self, member: &Member) -> &str {
        let colon = self.part(&(member.key.end..member.value.start));
        if colon.contains('\n') { ": " } else { colon }
    }

    /// The same without some members of an object.
    fn thinned(&self, object: &Object, stays: &[bool]) -> Result<Self, Invalid> {
        let Some(first_kept) = stays.iter().position(|stays| *stays) else {
            return self.spliced(object.span.start + 1..object.span.end - 1, "");
        };
        let members = &object.members;
        let mut cuts = Vec::new();
        if first_kept > 0 {
            cuts.push(members[0].key.start..members[first_kept].key.start);
        }
        let mut end = members[first_kept].value.end;
        for (member, stays) in members.iter().zip(stays).skip(first_kept + 1) {
            if !stays {
                cuts.push(end..member.value.end);
            }
            end = member.value.end;
        }
        let mut text = Zeroizing::new(String::with_capacity(self.text.len()));
        let mut from = 0;
        for cut in cuts {
            text.push_str(&self.text[from..cut.start]);
            from = cut.end;
        }
        text.push_str(&self.text[from..]);
        self.read_again(&text)
    }

    fn spliced(&self, range: Range<usize>, insert: &str) -> Result<Self, Invalid> {
        let mut text = Zeroizing::new(String::with_capacity(self.text.len() + insert.len()));
        text.push_str(&self.text[..range.start]);
        text.push_str(insert);
        text.push_str(&self.text[range.end..]);
        self.read_again(&text)
    }

    fn read_again(&self, text: &str) -> Result<Self, Invalid> {
        Ok(Self { has_byte_order_mark: self.has_byte_order_mark, ..Self::parse(text.as_bytes())? })
    }

    fn part(&self, range: &Range<usize>) -> &str {
        &self.text[range.clone()]
    }

    fn key(&self, member: &Member) -> Zeroizing<String> {
        decoded(self.part(&member.key))
    }
}

/// An object, with the places of its members.
struct Object {
    members: Vec<Member>,
    /// From its opening brace to behind its closing one.
    span: Range<usize>,
}

impl Object {
    /// The last member of this name.
    fn find(&self, text: &str, name: &str) -> Option<&Member> {
        let is_it = |member: &&Member| *decoded(&text[member.key.clone()]) == name;
        self.members.iter().rev().find(is_it)
    }
}

/// A member of an object, both with their quotes.
struct Member {
    key: Range<usize>,
    value: Range<usize>,
}

/// A reader of strict JSON (RFC 8259), which keeps the places of the members that matter and judges all the rest.
struct Scanner<'t> {
    at: usize,
    text: &'t str,
}

/// What is wrong at a place in the text.
struct Wrong {
    at: usize,
    mistake: Mistake,
}

impl Scanner<'_> {
    fn document(mut self) -> Result<(Object, Option<(usize, Object)>), Wrong> {
        self.skip_blanks();
        if self.peek() != Some(b'{') {
            // What is wrong inside of another value is of no interest: it would have to be an object.
            let mistake = match self.peek() {
                Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Mistake::NotAnObject,
                _ => self.no_value(),
            };
            return Err(self.wrong(mistake));
        }
        let root = self.object(1)?;
        self.skip_blanks();
        if self.peek().is_some() {
            let mistake = if self.is_comment() { Mistake::Comment } else { Mistake::Behind };
            return Err(self.wrong(mistake));
        }
        let Some(place) =
            root.members.iter().rposition(|member| *decoded(&self.text[member.key.clone()]) == *"env")
        else {
            return Ok((root, None));
        };
        self.at = root.members[place].value.start;
        if self.peek() != Some(b'{') {
            return Err(self.wrong(Mistake::EnvNotAnObject));
        }
        let env = self.object(2)?;
        Ok((root, Some((place, env))))
    }

    fn value(&mut self, depth: usize) -> Result<Range<usize>, Wrong> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => drop(self.object(depth)?),
            Some(b'[') => self.list(depth)?,
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => {
                let rest = &self.text.as_bytes()[start..];
                let words: [&[u8]; 3] = [b"true", b"false", b"null"];
                let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) else {
                    return Err(self.wrong(self.no_value()));
                };
                self.at += word.len();
            }
        }
        Ok(start..self.at)
    }

    fn object(&mut self, depth: usize) -> Result<Object, Wrong> {
        let start = self.open(depth)?;
        // Only of the root and of `env` anybody asks for the members.
        let mut members = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(b'}') if members.is_empty() => break,
                Some(b'}') => return Err(self.wrong(Mistake::TrailingComma)),
                Some(b'"') => {}
                None => return Err(self.wrong(Mistake::End)),
                _ if self.is_comment() => return Err(self.wrong(Mistake::Comment)),
                _ => return Err(self.wrong(Mistake::Key)),
            }
            let key_start = self.at;
            self.string()?;
            let key = key_start..self.at;
            self.skip_blanks();
            self.expect(b':', Mistake::Colon)?;
            self.skip_blanks();
            let value = self.value(depth + 1)?;
            members.push(Member { key, value });
            self.skip_blanks();
            if self.peek() == Some(b'}') {
                break;
            }
            self.expect(b',', Mistake::Comma)?;
        }
        self.at += 1;
        Ok(Object { members, span: start..self.at })
    }

    fn list(&mut self, depth: usize) -> Result<(), Wrong> {
        self.open(depth)?;
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_blanks();
            if self.peek() == Some(b']') {
                return Err(self.wrong(Mistake::TrailingComma));
            }
            self.value(depth + 1)?;
            self.skip_blanks();
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(());
            }
            self.expect(b',', Mistake::Comma)?;
        }
    }

    /// Goes behind a brace or bracket, and gives its place.
    fn open(&mut self, depth: usize) -> Result<usize, Wrong> {
        if depth > DEEPEST {
            return Err(self.wrong(Mistake::Depth));
        }
        self.at += 1;
        Ok(self.at - 1)
    }

    fn string(&mut self) -> Result<(), Wrong> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                None => return Err(self.wrong(Mistake::End)),
                Some(b'"') => break,
                Some(0..=0x1f) => return Err(self.wrong(Mistake::ControlCharacter)),
                Some(b'\\') => {
                    let length = match bytes.get(self.at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        // Halves of pairs are allowed to stand alone: RFC 8259, section 8.2.
                        Some(b'u') => match bytes.get(self.at + 2..self.at + 6) {
                            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => 6,
                            _ => return Err(self.wrong(Mistake::Escape)),
                        },
                        _ => return Err(self.wrong(Mistake::Escape)),
                    };
                    self.at += length;
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    fn number(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        let wrong = Wrong { at: start, mistake: Mistake::Number };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let has_leading_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || has_leading_zero && digits > 1 {
            return Err(wrong);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(wrong);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(wrong);
            }
        }
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn expect(&mut self, byte: u8, mistake: Mistake) -> Result<(), Wrong> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            None => Err(self.wrong(Mistake::End)),
            _ if self.is_comment() => Err(self.wrong(Mistake::Comment)),
            _ => Err(self.wrong(mistake)),
        }
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn is_comment(&self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        rest.starts_with(b"//") || rest.starts_with(b"/*") || rest.starts_with(b"#")
    }

    fn no_value(&self) -> Mistake {
        match self.peek() {
            None => Mistake::End,
            _ if self.is_comment() => Mistake::Comment,
            _ => Mistake::Value,
        }
    }

    fn wrong(&self, mistake: Mistake) -> Wrong {
        Wrong { at: self.at, mistake }
    }
}

/// The line and column of a place.
fn place(text: &str, at: usize, mistake: Mistake) -> Invalid {
    // A place is where the reader stands, and it stands at the beginning of a character.
    let before = text.get(..at).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    Invalid { column: last.chars().count() + 1, line, mistake }
}

fn entry(token: &str) -> Entry {
    match token.as_bytes().first() {
        Some(b'"') => Entry::Text(decoded(token)),
        Some(b'{' | b'[' | b'n') | None => Entry::Unusable,
        Some(_) => Entry::Literal(Zeroizing::new(token.to_owned())),
    }
}

/// The text in a string with its quotes, which has been judged before. Half a pair becomes U+FFFD.
fn decoded(token: &str) -> Zeroizing<String> {
    let inside = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    // An escape is never shorter than what it stands for: half a pair has six bytes, U+FFFD three.
    let mut text = Zeroizing::new(String::with_capacity(inside.len()));
    let mut rest = inside;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let kind = escape.as_bytes().first().copied().unwrap_or_default();
        rest = escape.get(1..).unwrap_or_default();
        let plain = match kind {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = |text: &str| u32::from_str_radix(text.get(..4)?, 16).ok();
                let first = unit(rest).unwrap_or_default();
                rest = rest.get(4..).unwrap_or_default();
                let second = rest.strip_prefix("\\u").and_then(unit);
                match (first, second) {
                    (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) => {
                        rest = &rest[6..];
                        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                    }
                    _ => char::from_u32(first),
                }
                .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => char::from(other),
        };
        text.push(plain);
    }
    text.push_str(rest);
    text
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What differs between two states of a file, as people see it: every text in it is masked but for names and the values of
/// public variables.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The places that differ.
    pub hunks: Vec<Hunk>,
    /// Whether there was no file before.
    pub is_new: bool,
    /// Whether there will be no file.
    pub is_removal: bool,
    /// Whether a line is cut, so that not everything that changes can be seen in them.
    pub is_shortened: bool,
}

/// A place that differs, with the lines around it. Lines count from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The lines.
    pub lines: Vec<Line>,
    /// The first line in the new state.
    pub new_start: usize,
    /// The first line in the old state.
    pub old_start: usize,
}

/// A line without its ending.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub fate: Fate,
    /// Whether it ends as a line does.
    pub is_ended: bool,
    /// What stands in it, masked.
    pub text: String,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Added,
    /// It stays.
    Kept,
    /// It goes.
    Removed,
}

impl Difference {
    /// Compares two states of a settings file, none for no file, with the values of these variables unmasked.
    pub fn between(old: Option<&str>, new: Option<&str>, public: &[&str]) -> Self {
        let (is_new, is_removal) = (old.is_none(), new.is_none());
        let old: Vec<&str> = old.unwrap_or_default().split_inclusive('\n').collect();
        let new: Vec<&str> = new.unwrap_or_default().split_inclusive('\n').collect();
        let fates = fates(&old, &new);
        let mut hunks = hunks(&fates, &old, &new, public);
        let mut is_shortened = false;
        for hunk in &mut hunks {
            is_shortened |= shorten(&mut hunk.lines);
        }
        Self { hunks, is_new, is_removal, is_shortened }
    }
}

/// A line by its number: of the new state where it is added, else of the old one.
#[derive(Clone, Copy)]
enum Step {
    Added(usize),
    Kept(usize),
    Removed(usize),
}

/// What becomes of each line: the longest common part stays. Where that is too much work, everything between the first and
/// the last difference counts as changed.
fn fates(old: &[&str], new: &[&str]) -> Vec<Step> {
    let same_start = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[same_start..], &new[same_start..]);
    let same_end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other);
    let same_end = same_end.count();
    let (rows, columns) = (old_rest.len() - same_end, new_rest.len() - same_end);
    let mut steps: Vec<Step> = (0..same_start).map(Step::Kept).collect();
    if rows.saturating_mul(columns) <= MOST_COMPARISONS {
        // lengths[row][column]: how many lines the rests from there have in common.
        let mut lengths = vec![vec![0_u32; columns + 1]; rows + 1];
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                lengths[row][column] = if old_rest[row] == new_rest[column] {
                    lengths[row + 1][column + 1] + 1
                } else {
                    lengths[row + 1][column].max(lengths[row][column + 1])
                };
            }
        }
        let (mut row, mut column) = (0, 0);
        while row < rows || column < columns {
            let (at_old, at_new) = (same_start + row, same_start + column);
            if row < rows && column < columns && old_rest[row] == new_rest[column] {
                steps.push(Step::Kept(at_old));
                (row, column) = (row + 1, column + 1);
            } else if row < rows
                && (column == columns || lengths[row + 1][column] >= lengths[row][column + 1])
            {
                steps.push(Step::Removed(at_old));
                row += 1;
            } else {
                steps.push(Step::Added(at_new));
                column += 1;
            }
        }
    } else {
        steps.extend((same_start..same_start + rows).map(Step::Removed));
        steps.extend((same_start..same_start + columns).map(Step::Added));
    }
    steps.extend((old.len() - same_end..old.len()).map(Step::Kept));
    steps
}

fn hunks(steps: &[Step], old: &[&str], new: &[&str], public: &[&str]) -> Vec<Hunk> {
    let changed: Vec<usize> =
        (0..steps.len()).filter(|index| !matches!(steps[*index], Step::Kept(_))).collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for index in changed {
        let range = index.saturating_sub(CONTEXT)..(index + CONTEXT + 1).min(steps.len());
        match ranges.last_mut() {
            Some(last) if range.start <= last.end => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    let hunk = |range: Range<usize>| {
        let before = &steps[..range.start];
        let in_old = before.iter().filter(|step| !matches!(step, Step::Added(_))).count();
        let in_new = before.iter().filter(|step| !matches!(step, Step::Removed(_))).count();
        let lines = steps[range].iter().map(|step| {
            let (fate, line) = match *step {
                Step::Added(index) => (Fate::Added, new[index]),
                Step::Kept(index) => (Fate::Kept, old[index]),
                Step::Removed(index) => (Fate::Removed, old[index]),
            };
            let text = line.strip_suffix('\n').unwrap_or(line);
            let text = text.strip_suffix('\r').unwrap_or(text);
            Line { fate, is_ended: line.ends_with('\n'), text: masked(text, public) }
        });
        Hunk { lines: lines.collect(), new_start: in_new + 1, old_start: in_old + 1 }
    };
    ranges.into_iter().map(hunk).collect()
}

/// A line of JSON with every text masked but for names and the values of public variables. No string of JSON goes over the
/// end of a line, so a line can be looked at alone; a value whose name stands in another one is masked.
fn masked(line: &str, public: &[&str]) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    let mut public_name = None;
    while let Some(start) = rest.find('"') {
        shown.push_str(&rest[..start]);
        let string = &rest[start..];
        let end = string_end(string);
        let (token, behind) = string.split_at(end);
        if behind.trim_start_matches(BLANKS).starts_with(':') {
            let name = decoded(token);
            public_name = public.iter().find(|public| **public == *name);
            shown.push_str(token);
        } else {
            match public_name.take() {
                Some(name) => shown.push_str(&quoted(&shown_value(name, &decoded(token)).0)),
                None => shown.push_str(MASK),
            }
        }
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// The length of the string at the beginning, with both quotes; all of it where the second is missing.
fn string_end(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether what goes into a variable is a secret as a whole.
pub fn is_secret(content: Content) -> bool {
    content == Content::ClientKeyPassphrase
}

/// The value of a variable as it may be shown, and whether there is a secret in it. Of an address user and password are
/// `***`, up to the last `@`: a raw `/` or `#` in a password is a mistake that people make.
pub fn shown_value(name: &str, value: &str) -> (String, bool) {
    if EXPORTED.iter().any(|variable| variable.name == name && is_secret(variable.content)) {
        return ("***".to_owned(), !value.is_empty());
    }
    let is_address = value.contains("://") || name.to_ascii_lowercase().ends_with("_proxy");
    let (scheme, rest) = match value.find("://") {
        Some(at) => value.split_at(at + 3),
        None => ("", value),
    };
    match rest.rsplit_once('@') {
        Some((user, host)) if is_address => {
            let has_password = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
            (format!("{scheme}***@{host}"), has_password)
        }
        _ => (value.to_owned(), false),
    }
}

/// Cuts lines that are longer than anyone reads: a file on a single line would be shown twice whole. What one line loses at
/// its ends its counterpart loses too. Says whether anything is lost.
fn shorten(lines: &mut [Line]) -> bool {
    let long = |line: &Line| line.text.chars().count() > LONGEST_LINE;
    if let [.., Line { fate: Fate::Removed, text: old, .. }, Line { fate: Fate::Added, text: new, .. }] =
        lines
        && old.len().max(new.len()) > LONGEST_LINE
    {
        let (one, other): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
        let start = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
        let rest = one.iter().skip(start).rev().zip(other.iter().skip(start).rev());
        let end = rest.take_while(|(one, other)| one == other).count();
        let from = start.saturating_sub(AROUND);
        let cut = |all: &[char]| {
            let to = (all.len() - end + AROUND).min(all.len());
            let before = if from > 0 { "…" } else { "" };
            let after = if to < all.len() { "…" } else { "" };
            let middle: String = all[from..to].iter().collect();
            format!("{before}{middle}{after}")
        };
        let cut = (cut(&one), cut(&other));
        let is_less = (&cut.0, &cut.1) != (&*old, &*new);
        (*old, *new) = cut;
        return is_less;
    }
    let mut is_less = false;
    for line in lines.iter_mut().filter(|line| long(line)) {
        line.text = line.text.chars().take(LONGEST_LINE).chain(['…']).collect();
        is_less = true;
    }
    is_less
}

/// What certman has put into settings files, by the path of each: so that it can be taken out again after the configuration
/// has changed. Public values only.
#[derive(Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// 1.
    pub schema_version: u32,
    /// By the real path of the settings file.
    pub files: BTreeMap<String, Put>,
}

/// What certman has put into one settings file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// Whether it has made the `env` object.
    pub made_env: bool,
    /// Whether it has made the file.
    pub made_file: bool,
    /// The values by their variables: the last one, and before that the one which is there where writing failed.
    pub variables: BTreeMap<String, Vec<String>>,
}

impl Record {
    /// Reads what [`Record::to_bytes`] has written; of nothing an empty one.
    ///
    /// # Errors
    /// Where it is something else: what the reader of JSON says.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// JSON, with a newline at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(&Self { schema_version: 1, files: self.files.clone() })
            .unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

impl Put {
    /// Whether certman has put this value into this variable.
    pub fn holds(&self, name: &str, value: &str) -> bool {
        self.variables.get(name).is_some_and(|values| values.iter().any(|put| put == value))
    }
}

/// Far above any settings, in bytes.
pub const LIMIT: usize = 10 << 20;
const AROUND: usize = 40;
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// So many lines around a difference are shown.
const CONTEXT: usize = 3;
/// Objects and lists may lie in one another so deep, as in serde_json.
const DEEPEST: usize = 127;
/// In characters.
const LONGEST_LINE: usize = 200;
const MASK: &str = "\"***\"";
/// So many pairs of lines are compared for the difference.
const MOST_COMPARISONS: usize = 1 << 20;
/// The settings of a file that is new.
const NOTHING: &str = "{}\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).unwrap_or_else(|invalid| panic!("{text:?}: {invalid:?}"))
    }

    fn with(text: &str, name: &str, value: &str) -> String {
        let bytes = document(text).with(name, value).unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn without(text: &str, name: &str, value: &str, with_object: bool) -> String {
        let bytes = document(text).without(name, value, with_object).unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// Noticed with an empty value in the strongest of three files: one place went on to a weaker file, and the others did not.
    #[test]
    fn the_strongest_file_that_has_a_value_wins_and_an_empty_one_counts_as_unset() {
        let documents = [
            document("{\"env\":{\"X\":\"\",\"Z\":[]}}"),
            document("{\"env\":{\"X\":\"one\",\"Y\":\"one\",\"Z\":\"one\"}}"),
            document("{\"env\":{\"Y\":\"two\"}}"),
        ];
        let place = |number: usize| Place { file: number as u32, index: 1, line: None };
        let files = documents.iter().enumerate().map(|(number, document)| Readable {
            document,
            number,
            path: Path::new("/settings.json"),
            place: place(number),
        });
        let in_force = InForce::of(["W", "X", "Y", "Z"], files);
        let environment = Environment::from_pairs(["W", "X", "Y"].map(|name| (name, "process")));
        let value = |name| in_force.value(name, &environment).and_then(OsStr::to_str);
        assert_eq!(["W", "X", "Y", "Z"].map(value), [Some("process"), None, Some("one"), Some("one")]);
        assert_eq!(["W", "X", "Y", "Z"].map(|name| in_force.number(name)), [None, Some(0), Some(1), Some(1)]);
        assert_eq!(in_force.place("Y"), Some(place(1)));
    }

    #[test]
    fn what_is_new_looks_like_its_neighbours_and_leaves_no_trace_when_it_goes() {
        for (before, after) in [
            ("{}\n", "{\n  \"env\": {\n    \"X\": \"v\"\n  }\n}\n"),
            ("{}", "{\n  \"env\": {\n    \"X\": \"v\"\n  }\n}"),
            ("{\"a\":1}", "{\"a\":1,\"env\":{\"X\":\"v\"}}"),
            ("{ \"a\": 1 }\n", "{ \"a\": 1, \"env\": {\"X\": \"v\"} }\n"),
            ("{\n\t\"a\": 1\n}", "{\n\t\"a\": 1,\n\t\"env\": {\n\t\t\"X\": \"v\"\n\t}\n}"),
            (
                "{\r\n  \"a\" : 1\r\n}\r\n",
                "{\r\n  \"a\" : 1,\r\n  \"env\" : {\r\n    \"X\": \"v\"\r\n  }\r\n}\r\n",
            ),
            ("\u{feff}{\"env\":{\"Y\":\"1\"}}", "\u{feff}{\"env\":{\"Y\":\"1\",\"X\":\"v\"}}"),
            (
                "{\n    \"env\": {\n        \"A\": \"1\",\n        \"B\": \"2\"\n    },\n    \"z\": [1,\t2 ]\n}\n",
                "{\n    \"env\": {\n        \"A\": \"1\",\n        \"B\": \"2\",\n        \"X\": \"v\"\n    },\n    \"z\": [1,\t2 ]\n}\n",
            ),
            ("{\n\"env\": { \"A\": \"1\" }\n}", "{\n\"env\": { \"A\": \"1\", \"X\": \"v\" }\n}"),
            // A name by another spelling is the same name.
            ("{\"\\u0065nv\":{\"A\":\"1\"}}", "{\"\\u0065nv\":{\"A\":\"1\",\"X\":\"v\"}}"),
            // Of two the last is in force.
            (
                "{\"env\":{\"X\":\"0\"},\"env\":{\"A\":\"1\"}}",
                "{\"env\":{\"X\":\"0\"},\"env\":{\"A\":\"1\",\"X\":\"v\"}}",
            ),
        ] {
            assert_eq!(with(before, "X", "v"), after, "{before:?}");
            let had_env = document(before).has_env();
            assert_eq!(without(after, "X", "v", !had_env).trim_end(), before.trim_end(), "{before:?}");
        }
    }

    #[test]
    fn an_empty_object_keeps_its_braces_where_they_stand() {
        assert_eq!(with("{\n  \"env\": {\n  }\n}", "X", "v"), "{\n  \"env\": {\n    \"X\": \"v\"\n  }\n}");
        assert_eq!(with("{\n  \"env\": {}\n}", "X", "v"), "{\n  \"env\": {\n    \"X\": \"v\"\n  }\n}");
        assert_eq!(with("{\n}\n", "X", "v"), "{\n  \"env\": {\n    \"X\": \"v\"\n  }\n}\n");
        assert_eq!(without("{\"env\": {\"X\": \"v\"}}", "X", "v", false), "{\"env\": {}}");
        assert_eq!(with("", "X", "v"), with("{}\n", "X", "v"));
        assert_eq!(with(" \r\n", "X", "v"), with("{}\n", "X", "v"));
    }

    #[test]
    fn a_value_is_replaced_alone_and_goes_only_where_it_is_the_very_one() {
        let text = "{ \"env\" : {\"A\":\"1\" , \"X\" :  \"\\u0076\",  \"B\":2}}";
        assert_eq!(with(text, "X", "w\"\\"), text.replace("\"\\u0076\"", "\"w\\\"\\\\\""));
        assert_eq!(without(text, "X", "w", true), text);
        assert_eq!(without(text, "X", "v", true), "{ \"env\" : {\"A\":\"1\",  \"B\":2}}");
        assert_eq!(without(text, "A", "1", true), "{ \"env\" : {\"X\" :  \"\\u0076\",  \"B\":2}}");
        assert_eq!(without(text, "B", "2", true), "{ \"env\" : {\"A\":\"1\" , \"X\" :  \"\\u0076\"}}");
        // The same twice goes twice; what else goes by the name stays.
        let twice = "{\"env\":{\"X\":\"v\",\"X\":\"w\",\"X\":\"v\"}}";
        assert_eq!(without(twice, "X", "v", true), "{\"env\":{\"X\":\"w\"}}");
        // A list is no value.
        assert_eq!(document("{\"env\":{\"X\":[]}}").entry("X"), Some(Entry::Unusable));
        assert_eq!(document("{\"env\":{\"X\":1e3}}").entry("X").unwrap().value(), Some("1e3"));
        assert_eq!(
            document("{\"env\":{\"X\":\"\\ud83d\\ude00\\ud83d\"}}").entry("X").unwrap().value(),
            Some("😀\u{fffd}")
        );
    }

    #[test]
    fn every_mistake_is_named_with_line_and_column() {
        use Mistake::*;

        let deep = format!("{{\"a\":{}", "[".repeat(200_000));
        for (text, line, column, mistake) in [
            ("{\n  // why\n}", 2, 3, Comment),
            ("{\"a\": /* x */ 1}", 1, 7, Comment),
            ("{} # x", 1, 4, Comment),
            ("{\n  \"a\": 1,\n}", 3, 1, TrailingComma),
            ("{\"a\": [1,]}", 1, 10, TrailingComma),
            ("{\"a\": NaN}", 1, 7, Value),
            ("{\"a\": 'x'}", 1, 7, Value),
            ("{\"a\": -Infinity}", 1, 7, Number),
            ("{\"a\": 01}", 1, 7, Number),
            ("{\"a\": 1.}", 1, 7, Number),
            ("{\"ä\": 1 \"b\": 2}", 1, 9, Comma),
            ("{\"a\" 1}", 1, 6, Colon),
            ("{a: 1}", 1, 2, Key),
            ("{\"a\": \"x\ny\"}", 1, 9, ControlCharacter),
            ("{\"a\": \"\\x\"}", 1, 8, Escape),
            ("{\"a\": \"\\u12\"}", 1, 8, Escape),
            ("{\"a\": {", 1, 8, End),
            ("{\"a\": \"x", 1, 9, End),
            ("[]", 1, 1, NotAnObject),
            ("\"x\"", 1, 1, NotAnObject),
            ("{\n\"env\": []}", 2, 8, EnvNotAnObject),
            ("{\"env\": null}", 1, 9, EnvNotAnObject),
            ("{}{}", 1, 3, Behind),
            ("x", 1, 1, Value),
            (&deep, 1, 6 + 126, Depth),
        ] {
            let invalid =
                Document::parse(text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?} is taken"));
            let shown: String = text.chars().take(60).collect();
            assert_eq!(invalid, Invalid { column, line, mistake }, "{shown}");
        }
        for (bytes, line, column, mistake) in [
            (&b"{\n\"a\": \"\xff\"}"[..], 2, 7, NotUtf8),
            (b"\xff\xfe{\0}\0", 1, 1, Utf16),
            (b"{\0}\0", 1, 1, Utf16),
            (b"\0{\0}", 1, 1, Utf16),
        ] {
            assert_eq!(Document::parse(bytes).err(), Some(Invalid { column, line, mistake }));
        }
    }

    #[test]
    fn ten_megabytes_are_read_and_edited_in_no_time() {
        let long =
            format!("{{\"a\": [{}\"\"], \"env\": {{\"Y\": \"1\"}}}}", "\"0123456789\", ".repeat(700_000));
        assert!(long.len() > 9 << 20);
        let start = std::time::Instant::now();
        let after = with(&long, "X", "v");
        assert!(after.ends_with("\"env\": {\"Y\": \"1\", \"X\": \"v\"}}"));
        let difference = Difference::between(Some(&long), Some(&after), &["X"]);
        let shown: usize =
            difference.hunks.iter().flat_map(|hunk| &hunk.lines).map(|line| line.text.len()).sum();
        assert!(shown < 1_000, "{shown} bytes are shown");
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    #[test]
    fn no_text_is_shown_but_names_and_public_values() {
        for (line, shown) in [
            ("  \"API_KEY\": \"sk-1\",", "  \"API_KEY\": \"***\","),
            ("  \"X\": \"/a\", \"Y\": \"b\\\"c\"", "  \"X\": \"/a\", \"Y\": \"***\""),
            ("  \"X\" : \"http://alice:pa/ss@proxy:1\"", "  \"X\" : \"http://***@proxy:1\""),
            ("  \"X\": \"/home/alice@corp/a.pem\"", "  \"X\": \"/home/alice@corp/a.pem\""),
            ("  \"secret\", \"other\"", "  \"***\", \"***\""),
            ("  \"X\": [\"a\", \"b\"]", "  \"X\": [\"a\", \"***\"]"),
            ("  \"unclosed", "  \"***\""),
        ] {
            assert_eq!(masked(line, &["X"]), shown, "{line}");
        }
        assert_eq!(shown_value("HTTPS_PROXY", "alice:geheim@proxy:1"), ("***@proxy:1".to_owned(), true));
        assert_eq!(
            shown_value("HTTPS_PROXY", "http://alice@proxy:1"),
            ("http://***@proxy:1".to_owned(), false)
        );
        assert_eq!(shown_value("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", "x"), ("***".to_owned(), true));
    }

    #[test]
    fn the_difference_is_short_and_right() {
        let numbers: Vec<String> = (0..60).map(|number| format!("{number}\n")).collect();
        let old = numbers.concat();
        let new = old.replace("\n10\n", "\nten\n").replace("\n50\n", "\n");
        let difference = Difference::between(Some(&old), Some(&new), &[]);
        let shown = |hunk: &Hunk| {
            let lines = hunk.lines.iter().map(|line| {
                let sign = match line.fate {
                    Fate::Added => '+',
                    Fate::Kept => ' ',
                    Fate::Removed => '-',
                };
                format!("{sign}{}", line.text)
            });
            (hunk.old_start, hunk.new_start, lines.collect::<Vec<_>>().join(","))
        };
        let shown: Vec<_> = difference.hunks.iter().map(shown).collect();
        assert_eq!(
            shown,
            [
                (8, 8, " 7, 8, 9,-10,+ten, 11, 12, 13".to_owned()),
                (48, 48, " 47, 48, 49,-50, 51, 52, 53".to_owned())
            ]
        );
        assert!(Difference::between(Some(&old), Some(&old), &[]).hunks.is_empty());
    }

    #[test]
    fn the_note_reads_what_it_has_written() {
        let put = Put {
            made_env: true,
            made_file: false,
            variables: [("X".to_owned(), vec!["a".to_owned(), "b".to_owned()])].into(),
        };
        let record = Record { schema_version: 1, files: [("/a".to_owned(), put)].into() };
        assert_eq!(Record::parse(&record.to_bytes()), Ok(record));
        assert!(Record::parse(b"{\"files\":").is_err() && Record::parse(b"").is_ok());
    }
}
