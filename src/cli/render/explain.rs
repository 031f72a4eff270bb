//! `certman explain` for people and for JSON. Lines are broken where the terminal ends, between words or, in Japanese, between letters.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::columns::{cut, width};
use super::words;
use super::words::explain::{Frame, fact, frame};
use crate::cli::explanation::{Explanation, Explanations};
use crate::explain::{Language, TABLE};

/// The explanations, one below the other, and what this machine has of what they are about; in so many columns where there is a
/// terminal, and never in more than are read with ease.
pub(super) fn explanations(
    out: &mut impl Write,
    all: &Explanations,
    columns: Option<usize>,
) -> io::Result<()> {
    let frame = frame(all.language);
    if all.is_list {
        return list(out, all.language, frame, columns.map_or(LIST_WIDTH, |columns| columns.min(LIST_WIDTH)));
    }
    let columns = columns.map_or(WIDTH, |columns| columns.min(WIDTH));
    let mut facts: Vec<String> = Vec::new();
    for (number, one) in all.list.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        explanation(out, one, all.language, frame, columns)?;
        for sentence in one.facts.iter().map(|one| fact(one, all.language)) {
            if !facts.contains(&sentence) {
                facts.push(sentence);
            }
        }
    }
    if !facts.is_empty() {
        writeln!(out, "\n{BOLD}{}{BOLD:#}", frame.machine)?;
    }
    for sentence in facts {
        paragraph(out, "  - ", &sentence, columns)?;
    }
    Ok(())
}

fn explanation(
    out: &mut impl Write,
    one: &Explanation,
    language: Language,
    frame: &Frame,
    columns: usize,
) -> io::Result<()> {
    let text = one.entry.text(language);
    writeln!(out, "{HEAD}{}{HEAD:#}", one.entry.code)?;
    paragraph(out, "  ", text.meaning, columns)?;
    if !text.causes.is_empty() {
        writeln!(out, "\n  {}", frame.causes)?;
    }
    for (number, cause) in text.causes.iter().enumerate() {
        paragraph(out, &format!("  {}. ", number + 1), cause, columns)?;
    }
    let before = if text.causes.len() > 1 { frame.command } else { frame.next };
    writeln!(out, "\n  {before} {BOLD}{}{BOLD:#}", one.command)
}

/// Every code with the beginning of what it means.
fn list(out: &mut impl Write, language: Language, frame: &Frame, columns: usize) -> io::Result<()> {
    for (english, japanese, entries) in TABLE {
        let title = match language {
            Language::English => english,
            Language::Japanese => japanese,
        };
        writeln!(out, "{HEAD}{title}{HEAD:#}")?;
        let longest = entries.iter().map(|entry| entry.code.len()).max().unwrap_or(0);
        for entry in entries {
            let left = columns.saturating_sub(longest + 4);
            let short = cut(entry.text(language).meaning, left);
            writeln!(out, "  {:<longest$}  {short}", entry.code)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", frame.list)
}

/// A paragraph with something before its first line, and blanks of the same width before the others.
fn paragraph(out: &mut impl Write, before: &str, text: &str, columns: usize) -> io::Result<()> {
    for (number, line) in lines(text, columns.saturating_sub(before.len())).iter().enumerate() {
        let margin = " ".repeat(before.len());
        writeln!(out, "{}{line}", if number == 0 { before } else { &margin })?;
    }
    Ok(())
}

/// A text in lines of at most this width. What has no place to break stays whole, such as a path.
fn lines(text: &str, limit: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut taken = 0;
    for piece in pieces(text) {
        let size: usize = piece.trim_end().chars().map(width).sum();
        if taken > 0 && taken + size > limit {
            lines.push(String::new());
            taken = 0;
        }
        taken += piece.chars().map(width).sum::<usize>();
        if let Some(line) = lines.last_mut() {
            line.push_str(piece);
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// A text in pieces that belong together: words with the blank behind them, Japanese letters with the marks that must not begin a
/// line.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, letter) in text.char_indices() {
        let may_break = before.is_some_and(|before| {
            let is_between = before == ' ' || width(before) == 2 || width(letter) == 2;
            is_between && letter != ' ' && !NEVER_FIRST.contains(letter) && !NEVER_LAST.contains(before)
        });
        if may_break {
            pieces.push(&text[start..at]);
            start = at;
        }
        before = Some(letter);
    }
    pieces.push(&text[start..]);
    pieces
}

/// The members of the JSON object.
pub(super) fn put(all: &Explanations, put: &mut dyn FnMut(&str, Value) -> Option<Value>) {
    let explanations = all.list.iter().map(|one| {
        let text = one.entry.text(all.language);
        let facts: Vec<String> = one.facts.iter().map(|one| fact(one, all.language)).collect();
        json!({
            "code": one.entry.code,
            "meaning": text.meaning,
            "causes": text.causes,
            "command": one.command,
            "facts": facts,
        })
    });
    put("explanations", explanations.collect());
    put("language", json!(all.language.name()));
    let trouble = all.trouble.as_ref();
    put("note", json!(trouble.map(|failure| trouble_in_words(&failure.message, all.language))));
}

/// Why nothing is said about this machine.
pub(super) fn trouble_in_words(message: &str, language: Language) -> String {
    format!("{}: {}", frame(language).trouble, words::cut(message, LONGEST_TROUBLE))
}

const BOLD: Style = Style::new().bold();
const HEAD: Style = AnsiColor::Cyan.on_default().bold();
/// In columns.
const LIST_WIDTH: usize = 113;
/// In letters.
const LONGEST_TROUBLE: usize = 500;
/// What must not stand at the beginning of a Japanese line.
const NEVER_FIRST: &str = "、。,.)」』】・ーっゃゅょッャュョァィゥェォぁぃぅぇぉ:;!?々〜";
/// What must not stand at the end of one.
const NEVER_LAST: &str = "(「『【";
/// In columns.
const WIDTH: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_breaks_between_words_and_loses_none() {
        let text = "one two three four";
        assert_eq!(lines(text, 9), ["one two", "three", "four"]);
        assert_eq!(lines("a/path/that/is/long and more", 6), ["a/path/that/is/long", "and", "more"]);
    }

    #[test]
    fn japanese_breaks_between_letters_and_never_before_a_mark() {
        assert_eq!(lines("証明書です。次", 10), ["証明書で", "す。次"]);
        assert_eq!(lines("秘密鍵(PEM)を", 8), ["秘密鍵", "(PEM)を"]);
        for (_, _, entries) in TABLE {
            for line in entries.iter().flat_map(|entry| lines(entry.japanese.meaning, 40).split_off(1)) {
                assert!(!NEVER_FIRST.contains(line.chars().next().unwrap()), "{line}");
            }
        }
    }
}
