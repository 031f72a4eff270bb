//! The runner for `tests/cmd/<command>/<case>.toml`; what a case may say is in `tests/cmd/README.md`.
//!
//! Owns the format and the comparisons. Never knows what certman should say: the cases do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;

use crate::support::{self, Sandbox};

#[test]
fn every_case_holds() {
    let folder = support::in_project("tests/cmd");
    let filter = std::env::var("CERTMAN_TEST_CASE").unwrap_or_default();
    let cases: Vec<PathBuf> = support::files_below(&folder)
        .into_keys()
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| path.to_string_lossy().contains(&filter))
        .collect();
    assert!(filter.is_empty() || !cases.is_empty(), "no case file has `{filter}` in its path");

    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get() * 2);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(path) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = std::fs::read_to_string(path).expect("a case file is UTF-8 text");
                    let wrong = run_case(&text, Path::new(env!("CARGO_BIN_EXE_certman")));
                    if !wrong.is_empty() {
                        failures.lock().expect("no worker panics").insert(path, (text, wrong));
                    }
                }
            });
        }
    });

    let failures = failures.into_inner().expect("no worker panics");
    let mut report = String::new();
    for (path, (text, wrong)) in &failures {
        let name = path.strip_prefix(support::in_project("")).unwrap_or(path).display();
        let promise = text.lines().next().unwrap_or_default().trim_start_matches('#').trim();
        let _ = writeln!(report, "\n=== {name}\n    {promise}");
        for one in wrong {
            let _ = writeln!(report, "  - {}", one.replace('\n', "\n    "));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases failed\n{report}\none alone: CERTMAN_TEST_CASE=part-of-its-path cargo test every_case",
        failures.len(),
        cases.len()
    );
}

/// Runs one case in fresh folders. Everything that is not as the case says, in words; empty where it holds.
fn run_case(text: &str, program: &Path) -> Vec<String> {
    if !text.starts_with("# ") {
        return vec!["the first line is no comment that says what must stay true".to_owned()];
    }
    match toml::from_str::<Case>(text) {
        Ok(case) => case.run(program),
        Err(error) => vec![error.to_string()],
    }
}

/// A case file. Each key is explained in `tests/cmd/README.md`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    after: BTreeMap<String, After>,
    args: Vec<String>,
    #[serde(default)]
    before: Vec<Vec<String>>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, Given>,
    #[serde(default)]
    json: BTreeMap<String, Value>,
    #[serde(default)]
    json_lacks: Vec<String>,
    #[serde(default)]
    reveals_secret: bool,
    status: i32,
    stderr: Option<String>,
    #[serde(default)]
    stderr_contains: Vec<String>,
    #[serde(default)]
    stderr_lacks: Vec<String>,
    stdin: Option<Given>,
    stdout: Option<String>,
    #[serde(default)]
    stdout_contains: Vec<String>,
    #[serde(default)]
    stdout_lacks: Vec<String>,
}

/// What is there before certman starts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    /// The content itself.
    Content(String),
    /// Anything else.
    Other(GivenOther),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenOther {
    content: Option<String>,
    copy: Option<String>,
    #[serde(default)]
    folder: bool,
    link: Option<String>,
    mode: Option<String>,
}

/// What is there when certman has ended.
#[derive(Deserialize)]
#[serde(untagged)]
enum After {
    /// `"absent"`, `"unchanged"` or `"any"`.
    Word(Word),
    /// A file that fulfils all of it.
    File(AfterFile),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Absent,
    Any,
    Unchanged,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AfterFile {
    #[serde(default)]
    contains: Vec<String>,
    content: Option<String>,
    #[serde(default)]
    holds_key: bool,
    #[serde(default)]
    lacks: Vec<String>,
    mode: Option<String>,
    same_as: Option<String>,
}

impl Case {
    fn run(&self, program: &Path) -> Vec<String> {
        let place = Place { sandbox: Sandbox::new() };
        if let Err(wrong) = self.prepare(&place, program) {
            return vec![wrong];
        }
        let before = Snapshot::of(&place);
        let output = match self.start(&place, program) {
            Ok(output) => output,
            Err(wrong) => return vec![wrong],
        };

        let mut wrong = Vec::new();
        self.judge_output(&place, &output, &mut wrong);
        self.judge_files(&place, &before, &mut wrong);
        if !self.reveals_secret {
            let mut made = place.sandbox.made();
            made.retain(|path, _| !self.may_hold_key(&place, path));
            wrong.extend(
                support::leaks(&output, &made).into_iter().map(|leak| format!("a secret leaked: {leak}")),
            );
        }
        if !wrong.is_empty() {
            wrong.push(format!("it was: certman {}", self.args.join(" ")));
            wrong.push(format!("stdout was:\n{}", indented(&String::from_utf8_lossy(&output.stdout))));
            wrong.push(format!("stderr was:\n{}", indented(&String::from_utf8_lossy(&output.stderr))));
        }
        wrong
    }

    /// Lays the given files down and runs the commands of `before`.
    fn prepare(&self, place: &Place, program: &Path) -> Result<(), String> {
        // Modes come last, from the innermost out: a folder that cannot be written is still filled.
        let mut modes = Vec::new();
        for (name, given) in &self.files {
            given.lay_down(place, name)?;
            if let Given::Other(GivenOther { mode: Some(mode), .. }) = given {
                modes.push((name, octal(mode)?));
            }
        }
        for (name, mode) in modes.into_iter().rev() {
            support::set_mode(&place.sandbox.path(name), mode);
        }
        for args in &self.before {
            let output = self.command(place, program, args).output().map_err(|error| error.to_string())?;
            if !output.status.success() {
                let reason = String::from_utf8_lossy(&output.stderr);
                return Err(format!(
                    "`before`: certman {} failed: {}\n{reason}",
                    args.join(" "),
                    output.status
                ));
            }
        }
        place.sandbox.accept_what_is_there();
        Ok(())
    }

    fn start(&self, place: &Place, program: &Path) -> Result<Output, String> {
        let mut command = self.command(place, program, &self.args);
        match &self.stdin {
            Some(given) => Ok(support::output_with_stdin(&mut command, &given.bytes(place, "stdin")?)),
            None => command.output().map_err(|error| error.to_string()),
        }
    }

    fn command(&self, place: &Place, program: &Path, args: &[String]) -> Command {
        let mut command = support::bare(program);
        command.args(args.iter().map(|argument| place.fill(argument)));
        command.env("HOME", place.sandbox.home()).current_dir(place.sandbox.folder());
        command.envs(self.env.iter().map(|(name, value)| (name, place.fill(value))));
        command
    }

    fn judge_output(&self, place: &Place, output: &Output, wrong: &mut Vec<String>) {
        if output.status.code() != Some(self.status) {
            wrong.push(format!("status: expected {}, got {}", self.status, output.status));
        }
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        for (name, actual, exact, contains, lacks) in [
            ("stdout", &stdout, &self.stdout, &self.stdout_contains, &self.stdout_lacks),
            ("stderr", &stderr, &self.stderr, &self.stderr_contains, &self.stderr_lacks),
        ] {
            if let Some(expected) = exact {
                wrong.extend(
                    difference(&place.fill(expected), actual).map(|lines| format!("{name} differs\n{lines}")),
                );
            }
            for part in contains.iter().map(|part| place.fill(part)) {
                if !find_part(&part, actual) {
                    wrong.push(format!("{name} lacks: {part}"));
                }
            }
            for part in lacks.iter().map(|part| place.fill(part)) {
                if find_part(&part, actual) {
                    wrong.push(format!("{name} must not hold: {part}"));
                }
            }
        }
        if !self.json.is_empty() || !self.json_lacks.is_empty() {
            self.judge_json(place, &stdout, wrong);
        }
    }

    fn judge_json(&self, place: &Place, stdout: &str, wrong: &mut Vec<String>) {
        let actual = match serde_json::from_str::<Value>(stdout) {
            Ok(value @ Value::Object(_)) => value,
            Ok(_) => return wrong.push("stdout is no JSON object".to_owned()),
            Err(error) => return wrong.push(format!("stdout is no JSON: {error}")),
        };
        if !stdout.trim_start_matches(['{', ' ', '\n']).starts_with("\"schema_version\"") {
            wrong.push("`schema_version` is not the first member of the JSON object".to_owned());
        }
        for (pointer, expected) in &self.json {
            let expected = fill_json(place, expected);
            match look_up(&actual, pointer) {
                None => wrong.push(format!("json has no {pointer}; expected {expected}")),
                Some(found) if !json_matches(&expected, &found) => {
                    wrong.push(format!("json {pointer}\n  expected {expected}\n  got      {found}"));
                }
                Some(_) => {}
            }
        }
        for pointer in &self.json_lacks {
            if let Some(found) = look_up(&actual, pointer) {
                wrong.push(format!("json must not have {pointer}; it is {found}"));
            }
        }
    }

    /// Everything named in `after` is as it says there, everything else as it was.
    fn judge_files(&self, place: &Place, before: &Snapshot, wrong: &mut Vec<String>) {
        let now = Snapshot::of(place);
        for (name, after) in &self.after {
            let path = place.sandbox.path(name);
            match after {
                After::Word(Word::Any) => {}
                After::Word(Word::Absent) => {
                    if path.symlink_metadata().is_ok() {
                        wrong.push(format!("after: {name} must not be there"));
                    }
                }
                After::Word(Word::Unchanged) => match (before.0.get(&path), now.0.get(&path)) {
                    (None, _) => {
                        wrong.push(format!("after: {name} was not there before, so it cannot be unchanged"))
                    }
                    (was, is) if was == is => {}
                    (_, None) => wrong.push(format!("after: {name} is gone")),
                    (Some(was), Some(is)) => {
                        wrong.push(format!("after: {name} is not as it was: {}", was.against(is)))
                    }
                },
                After::File(expected) => expected.judge(place, name, wrong),
            }
        }

        let named: BTreeSet<PathBuf> = self.after.keys().map(|name| place.sandbox.path(name)).collect();
        let paths: BTreeSet<&PathBuf> = before.0.keys().chain(now.0.keys()).collect();
        for path in paths.into_iter().filter(|path| !named.contains(*path)) {
            let name = place.name_of(path);
            match (before.0.get(path), now.0.get(path)) {
                (Some(was), Some(is)) if !was.same_content_and_mode(is) => {
                    wrong.push(format!(
                        "{name} has changed, and `after` does not name it: {}",
                        was.against(is)
                    ));
                }
                (Some(_), None) => wrong.push(format!("{name} is gone, and `after` does not name it")),
                // A folder on the way to a file that `after` names needs no line of its own.
                (None, Some(is)) if !(is.is_folder && named.iter().any(|file| file.starts_with(path))) => {
                    wrong.push(format!("{name} was made, and `after` does not name it"));
                }
                _ => {}
            }
        }
    }

    fn may_hold_key(&self, place: &Place, path: &Path) -> bool {
        self.after.iter().any(|(name, after)| {
            matches!(after, After::File(AfterFile { holds_key: true, .. }))
                && place.sandbox.path(name) == path
        })
    }
}

impl Given {
    fn lay_down(&self, place: &Place, name: &str) -> Result<(), String> {
        let path = place.sandbox.path(name);
        if let Self::Other(GivenOther { folder: true, .. }) = self {
            return std::fs::create_dir_all(&path).map_err(|error| format!("{name}: {error}"));
        }
        if let Self::Other(GivenOther { link: Some(target), .. }) = self {
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder"))
                .map_err(|error| format!("{name}: {error}"))?;
            return std::os::unix::fs::symlink(place.fill(target), &path)
                .map_err(|error| format!("{name}: {error}"));
        }
        place.sandbox.give(name, self.bytes(place, name)?);
        // Old enough for a rewritten file to have another time, and never the same as its neighbour's by luck.
        let old = SystemTime::now() - Duration::from_secs(3600);
        let file =
            std::fs::File::options().write(true).open(&path).map_err(|error| format!("{name}: {error}"))?;
        file.set_modified(old).map_err(|error| format!("{name}: {error}"))
    }

    fn bytes(&self, place: &Place, name: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Content(content) | Self::Other(GivenOther { content: Some(content), copy: None, .. }) => {
                Ok(place.fill(content).into_bytes())
            }
            Self::Other(GivenOther { content: None, copy: Some(from), .. }) => {
                let path = support::in_project("testdata").join(from);
                std::fs::read(&path).map_err(|error| format!("{name}: copy of testdata/{from}: {error}"))
            }
            Self::Other(_) => Err(format!("{name}: one of `content`, `copy`, `link` and `folder` is needed")),
        }
    }
}

impl AfterFile {
    fn judge(&self, place: &Place, name: &str, wrong: &mut Vec<String>) {
        let path = place.sandbox.path(name);
        let actual = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            // A folder can be asked for its mode; any other question fails on its emptiness.
            Err(_) if path.is_dir() => Vec::new(),
            Err(error) => return wrong.push(format!("after: {name}: {error}")),
        };
        let text = String::from_utf8_lossy(&actual);
        if let Some(expected) = &self.content {
            wrong.extend(
                difference(&place.fill(expected), &text)
                    .map(|lines| format!("after: {name} differs\n{lines}")),
            );
        }
        if let Some(other) = &self.same_as {
            match std::fs::read(place.other(other)) {
                Err(error) => wrong.push(format!("after: {name}: same_as = \"{other}\": {error}")),
                Ok(expected) if expected != actual => {
                    let lines = difference(&String::from_utf8_lossy(&expected), &text);
                    wrong.push(format!(
                        "after: {name} is not the same as {other}\n{}",
                        lines.unwrap_or_default()
                    ));
                }
                Ok(_) => {}
            }
        }
        for part in self.contains.iter().map(|part| place.fill(part)).filter(|part| !find_part(part, &text)) {
            wrong.push(format!("after: {name} lacks: {part}"));
        }
        for part in self.lacks.iter().map(|part| place.fill(part)).filter(|part| find_part(part, &text)) {
            wrong.push(format!("after: {name} must not hold: {part}"));
        }
        match self.mode.as_deref().map(octal) {
            Some(Ok(expected)) if expected != support::mode(&path) => {
                wrong
                    .push(format!("after: {name} has mode {:04o}, not {expected:04o}", support::mode(&path)));
            }
            Some(Err(error)) => wrong.push(format!("after: {name}: {error}")),
            _ => {}
        }
    }
}

/// Where a case runs, and how the names in it become paths.
struct Place {
    sandbox: Sandbox,
}

impl Place {
    /// Puts paths in the place of `{folder}`, `{home}` and `{testdata}`; all other braces stay.
    fn fill(&self, text: &str) -> String {
        text.replace("{folder}", &self.sandbox.folder().to_string_lossy())
            .replace("{home}", &self.sandbox.home().to_string_lossy())
            .replace("{testdata}", &support::in_project("testdata").to_string_lossy())
    }

    /// A file to compare with: in the sandbox, or `testdata/…`.
    fn other(&self, name: &str) -> PathBuf {
        match name.strip_prefix("testdata/") {
            Some(_) => support::in_project(name),
            None => self.sandbox.path(name),
        }
    }

    fn name_of(&self, path: &Path) -> String {
        match path.strip_prefix(self.sandbox.folder()) {
            Ok(rest) => rest.display().to_string(),
            Err(_) => format!("~/{}", path.strip_prefix(self.sandbox.home()).unwrap_or(path).display()),
        }
    }
}

/// What lies in the working and the home folder at one moment.
struct Snapshot(BTreeMap<PathBuf, Entry>);

#[derive(PartialEq)]
struct Entry {
    content: Vec<u8>,
    is_folder: bool,
    mode: u32,
    modified: Option<SystemTime>,
}

impl Snapshot {
    fn of(place: &Place) -> Self {
        let mut entries = BTreeMap::new();
        for root in [place.sandbox.folder(), place.sandbox.home()] {
            Self::add(&root, &mut entries);
        }
        Self(entries)
    }

    fn add(folder: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the sandbox can be listed") {
            let path = entry.expect("a folder of the sandbox can be listed").path();
            let metadata = path.symlink_metadata().expect("what is listed is there");
            let content = if metadata.is_symlink() {
                let target = std::fs::read_link(&path).expect("a link has a target");
                [b"link to ", target.as_os_str().as_encoded_bytes()].concat()
            } else if metadata.is_file() {
                std::fs::read(&path).expect("a file of the sandbox can be read")
            } else {
                Vec::new()
            };
            let is_folder = metadata.is_dir();
            // A folder's time says only that something in it came or went, and that is said by name.
            let modified = if is_folder { None } else { metadata.modified().ok() };
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
            if is_folder {
                Self::add(&path, entries);
            }
            entries.insert(path, Entry { content, is_folder, mode, modified });
        }
    }
}

impl Entry {
    fn same_content_and_mode(&self, other: &Self) -> bool {
        (&self.content, self.mode, self.is_folder) == (&other.content, other.mode, other.is_folder)
    }

    fn against(&self, now: &Self) -> String {
        if self.content != now.content {
            let (was, is) = (String::from_utf8_lossy(&self.content), String::from_utf8_lossy(&now.content));
            return format!("the content\n{}", difference(&was, &is).unwrap_or_default());
        }
        if self.mode != now.mode {
            return format!("its mode was {:04o} and is {:04o}", self.mode, now.mode);
        }
        "it was written again with the same content".to_owned()
    }
}

/// The value at a JSON pointer. `/#` at the end gives a list's length; `*` in the middle, a list of
/// what each member has there.
fn look_up(value: &Value, pointer: &str) -> Option<Value> {
    let Some(rest) = pointer.strip_prefix('/') else {
        return pointer.is_empty().then(|| value.clone());
    };
    let (step, rest) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    match (step, value) {
        ("#", Value::Array(list)) => Some(Value::from(list.len())),
        ("*", Value::Array(list)) => list.iter().map(|member| look_up(member, rest)).collect(),
        _ => look_up(value.pointer(&format!("/{step}"))?, rest),
    }
}

/// Whether a value is as expected; strings may hold `[..]`.
fn json_matches(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(expected), Value::String(actual)) => line_matches(expected, actual),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(one, other)| json_matches(one, other))
        }
        (Value::Object(expected), Value::Object(actual)) => {
            expected.len() == actual.len()
                && expected
                    .iter()
                    .all(|(key, one)| actual.get(key).is_some_and(|other| json_matches(one, other)))
        }
        _ => expected == actual,
    }
}

fn fill_json(place: &Place, value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(place.fill(text)),
        Value::Array(list) => list.iter().map(|member| fill_json(place, member)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, member)| (key.clone(), fill_json(place, member))).collect()
        }
        other => other.clone(),
    }
}

/// How two texts differ, line by line; none where they match. `[..]` in an expected line stands for
/// anything within the line, a line `...` for any number of lines.
fn difference(expected: &str, actual: &str) -> Option<String> {
    let (wanted, found): (Vec<&str>, Vec<&str>) = (lines(expected), lines(actual));
    if lines_match(&wanted, &found) {
        return None;
    }
    let from_start = wanted
        .iter()
        .zip(&found)
        .take_while(|(one, other)| **one != "..." && line_matches(one, other))
        .count();
    let rest = (&wanted[from_start..], &found[from_start..]);
    let from_end = rest
        .0
        .iter()
        .rev()
        .zip(rest.1.iter().rev())
        .take_while(|(one, other)| **one != "..." && line_matches(one, other))
        .count();
    let mut text = String::new();
    if from_start > 0 {
        let _ = writeln!(text, "    ({from_start} equal lines)");
    }
    for line in &rest.0[..rest.0.len() - from_end] {
        let _ = writeln!(text, "  - {}", visible(line));
    }
    for line in &rest.1[..rest.1.len() - from_end] {
        let _ = writeln!(text, "  + {}", visible(line));
    }
    if from_end > 0 {
        let _ = writeln!(text, "    ({from_end} equal lines)");
    }
    Some(text.trim_end().to_owned())
}

/// The lines with their endings, so that a missing or a strange one shows.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn lines_match(expected: &[&str], actual: &[&str]) -> bool {
    match expected.split_first() {
        None => actual.is_empty(),
        Some((&"...\n" | &"...", rest)) => {
            (0..=actual.len()).any(|skipped| lines_match(rest, &actual[skipped..]))
        }
        Some((first, rest)) => actual
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others)),
    }
}

/// Whether a line is as expected; `[..]` stands for anything but a line's end.
fn line_matches(expected: &str, actual: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == actual,
        Some((start, rest)) => actual.strip_prefix(start).is_some_and(|tail| {
            let end = tail.find('\n').unwrap_or(tail.len());
            (0..=end).filter(|at| tail.is_char_boundary(*at)).any(|at| line_matches(rest, &tail[at..]))
        }),
    }
}

/// Whether a part is in a text; `[..]` in it stands for anything within the line.
fn find_part(part: &str, text: &str) -> bool {
    match part.split_once("[..]") {
        None => text.contains(part),
        Some((start, rest)) => text.match_indices(start).any(|(at, _)| {
            let line = text[at + start.len()..].split('\n').next().unwrap_or_default();
            find_part(rest, line)
        }),
    }
}

fn octal(mode: &str) -> Result<u32, String> {
    u32::from_str_radix(mode, 8).map_err(|_| format!("mode \"{mode}\" is no octal number like \"0644\""))
}

/// Control characters made visible, so that a carriage return in a difference can be seen.
fn visible(line: &str) -> String {
    let (line, ending) = match line.strip_suffix('\n') {
        Some(line) => (line, ""),
        None => (line, " (no newline)"),
    };
    let escaped: String = line
        .chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect();
    escaped + ending
}

fn indented(text: &str) -> String {
    let shown: Vec<String> =
        lines(text).into_iter().take(SHOWN_LINES).map(|line| format!("  {}", visible(line))).collect();
    if shown.is_empty() { "  (nothing)".to_owned() } else { shown.join("\n") }
}

/// How much of an output a failure shows.
const SHOWN_LINES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a case whose program is `sh`, so that what a real certman would do can be chosen.
    fn run(script: &str, rest: &str) -> Vec<String> {
        let text = format!("# The runner sees it.\nargs = ['-c', '''{script}''']\n{rest}");
        run_case(&text, Path::new("/bin/sh"))
    }

    #[track_caller]
    fn assert_holds(script: &str, rest: &str) {
        assert_eq!(run(script, rest), Vec::<String>::new());
    }

    #[track_caller]
    fn assert_fails(script: &str, rest: &str, reason: &str) {
        let wrong = run(script, rest);
        assert!(wrong.iter().any(|one| one.contains(reason)), "no {reason:?} in {wrong:#?}");
    }

    #[test]
    fn the_first_line_and_every_key_are_checked() {
        assert!(run_case("args = []\nstatus = 0\n", Path::new("/bin/sh"))[0].contains("no comment"));
        assert_fails("", "status = 0\nstatsu = 1\n", "unknown field `statsu`");
        assert_fails("", "", "missing field `status`");
        assert_fails("", "status = 0\nafter.x = \"gone\"\n", "did not match any variant");
        assert_fails(
            "",
            "status = 0\nfiles.x = { copy = \"no-such-file\" }\n",
            "copy of testdata/no-such-file",
        );
    }

    #[test]
    fn the_example_of_the_readme_is_a_case() {
        let readme =
            std::fs::read_to_string(support::in_project("tests/cmd/README.md")).expect("there is one");
        let example =
            readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let case: Case = toml::from_str(example).expect("a case");
        let place = Place { sandbox: Sandbox::new() };
        assert_eq!(case.prepare(&place, Path::new("/bin/false")), Ok(()));
        // Every key is explained, and so a new one cannot be forgotten there.
        let error =
            toml::from_str::<Case>("no_such_key = 1").err().expect("unknown keys are errors").to_string();
        let keys: Vec<&str> = error.split('`').skip(3).step_by(2).filter(|key| !key.contains('\n')).collect();
        assert!(keys.len() > 10, "{error}");
        for key in keys {
            assert!(readme.contains(&format!("`{key}`")), "no word about `{key}`");
        }
    }

    #[test]
    fn status_and_environment_are_checked() {
        assert_holds("exit 3", "status = 3");
        assert_fails("exit 3", "status = 0", "expected 0, got exit status: 3");
        assert_fails("kill -9 $$", "status = 0", "signal: 9");
        assert_holds(
            "env | grep -vE '^(PWD|SHLVL|_|OLDPWD)=' | sort",
            "status = 0\nenv = { A = '{home}/a' }\nstdout = '''\nA={home}/a\nHOME={home}\nPATH=/usr/bin:/bin\n'''",
        );
    }

    #[test]
    fn outputs_are_compared_by_line_with_wildcards() {
        assert_holds("echo one two; echo three", "status = 0\nstdout = '''\none [..]\nthree\n'''");
        assert_holds("seq 9 >&2", "status = 0\nstderr = '''\n1\n...\n9\n'''");
        assert_fails("seq 9", "status = 0\nstdout = '''\n1\n...\n8\n'''", "stdout differs");
        assert_fails("echo one", "status = 0\nstdout = ''", "+ one");
        assert_fails("printf one", "status = 0\nstdout = '''\none\n'''", "+ one (no newline)");
        assert_fails(r"printf 'one\r\n'", "status = 0\nstdout = '''\none\n'''", r"+ one\r");
        assert_holds("echo one two three", "status = 0\nstdout_contains = ['e two', 'one [..]ree']");
        assert_fails(
            "echo one; echo two",
            "status = 0\nstdout_contains = ['one[..]two']",
            "stdout lacks: one[..]two",
        );
        assert_fails("echo one >&2", "status = 0\nstderr_lacks = ['one']", "must not hold: one");
    }

    #[test]
    fn standard_input_is_empty_or_as_given() {
        assert_holds("cat", "status = 0\nstdout = ''");
        assert_holds("cat", "status = 0\nstdin = 'text'\nstdout = 'text'");
        assert_holds(
            "cat",
            "status = 0\nstdin = { copy = 'README.md' }\nstdout_contains = ['# Test material']",
        );
        // A program that does not read its input is no reason to fail or to hang.
        assert_holds("exit 0", &format!("status = 0\nstdin = '{}'", "x".repeat(200_000)));
    }

    #[test]
    fn json_is_looked_into_by_pointer() {
        let script = r#"echo "{\"schema_version\":1,\"f\":[{\"c\":\"a\",\"n\":null},{\"c\":\"b\"}]}""#;
        assert_holds(
            script,
            "status = 0\njson_lacks = ['/g', '/f/1/n']\n[json]\n'/f/#' = 2\n'/f/*/c' = ['a', '[..]']\n'/f/0/c' = 'a'\n",
        );
        assert_fails(script, "status = 0\n[json]\n'/f/#' = 3\n", "expected 3");
        assert_fails(script, "status = 0\n[json]\n'/f/*/c' = ['b', 'a']\n", "json /f/*/c");
        assert_fails(script, "status = 0\n[json]\n'/g' = 1\n", "json has no /g");
        assert_fails(script, "status = 0\njson_lacks = ['/f']\n", "must not have /f");
        assert_fails("echo '[]'", "status = 0\njson_lacks = ['/f']\n", "no JSON object");
        assert_fails(
            "echo '{\"a\":1,\"schema_version\":1}'",
            "status = 0\njson_lacks = ['/f']\n",
            "first member",
        );
        assert_fails("echo '{}'; echo more", "status = 0\njson_lacks = ['/f']\n", "no JSON:");
    }

    #[test]
    fn files_stay_as_they_were_unless_named() {
        let given =
            "status = 0\n[files]\n'a/b.txt' = 'old'\n'~/c.txt' = { content = 'old', mode = '0400' }\n";
        assert_holds("cat a/b.txt \"$HOME/c.txt\"", given);
        assert_fails("echo new > a/b.txt", given, "a/b.txt has changed");
        assert_fails("rm a/b.txt", given, "a/b.txt is gone");
        assert_fails(
            "chmod 600 ~/c.txt",
            given,
            "~/c.txt has changed, and `after` does not name it: its mode",
        );
        assert_fails("echo x > new.txt", given, "new.txt was made");
        assert_fails("mkdir -p x/y", given, "x/y was made");
    }

    #[test]
    fn named_files_are_as_the_case_says() {
        let given = |after: &str| {
            format!("status = 0\n[files]\n'a.txt' = 'old'\n'b.txt' = 'old'\n[after]\n{after}\n")
        };
        assert_holds(
            "echo new > d/c.txt",
            &(given("'d/c.txt' = { content = '''\nnew\n''' }") + "[files.d]\nfolder = true"),
        );
        assert_holds("mkdir d; cp a.txt d/c.txt", &given("'d/c.txt' = { same_as = 'b.txt' }"));
        assert_fails("echo x > c.txt", &given("'c.txt' = { same_as = 'b.txt' }"), "not the same as b.txt");
        assert_fails("true", &given("'c.txt' = { same_as = 'b.txt' }"), "No such file");
        assert_holds("umask 27; echo x > c.txt", &given("'c.txt' = { mode = '0640' }"));
        assert_fails(
            "umask 22; echo x > c.txt",
            &given("'c.txt' = { mode = '0640' }"),
            "mode 0644, not 0640",
        );
        assert_holds("rm a.txt", &given("'a.txt' = 'absent'"));
        assert_fails("true", &given("'a.txt' = 'absent'"), "must not be there");
        assert_holds("true", &given("'a.txt' = 'unchanged'"));
        // Also a file that was written again with the same content has changed.
        assert_fails("printf old > a.txt", &given("'a.txt' = 'unchanged'"), "written again");
        assert_holds("printf old > a.txt", &given("'a.txt' = 'any'"));
        assert_fails("true", &given("'a.txt' = { contains = ['x'], lacks = ['ol'] }"), "a.txt lacks: x");
        assert_fails("true", &given("'a.txt' = { lacks = ['ol'] }"), "must not hold: ol");
    }

    #[test]
    fn links_folders_and_earlier_commands_are_laid_down() {
        assert_holds(
            "readlink l; cat made; ls -d empty",
            "status = 0\nbefore = [['-c', 'echo first > made']]\nstdout = '''\n{folder}/t\nfirst\nempty\n'''\n\
             [files]\nl = { link = '{folder}/t' }\nempty = { folder = true, mode = '0500' }\n",
        );
        assert_fails("true", "status = 0\nbefore = [['-c', 'exit 9']]", "`before`: certman -c exit 9 failed");
    }

    #[test]
    fn every_case_ends_with_the_leak_check() {
        let copy = "[files]\np = { copy = 'passphrases/plain.txt' }\n";
        assert_holds("true", &format!("status = 0\n{copy}"));
        assert_fails("cat p", &format!("status = 0\n{copy}"), "a secret leaked");
        assert_holds("cat p", &format!("status = 0\nreveals_secret = true\n{copy}"));
        assert_fails("cat p > q", &format!("status = 0\nafter.q = 'any'\n{copy}"), "a secret leaked");
        assert_fails(
            "echo '-----BEGIN PRIVATE KEY-----' > q",
            "status = 0\nafter.q = 'any'\n",
            "a private key in",
        );
        assert_holds(
            "echo '-----BEGIN PRIVATE KEY-----' > q",
            "status = 0\nafter.q = { holds_key = true }\n",
        );
    }
}
