//! `certman settings` for people and for JSON: the difference, what was done, and what is in force.

use std::io::{self, Write};
use std::path::Path;

use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{has_colour, words};
use crate::cli::args::Common;
use crate::cli::{EditEnd, Fitness, SettingsChange, SettingsEdit, SettingsSummary, VariableSummary, Winner};
use crate::pki::name::Foreign;
use crate::settings::{Difference, Fate, Hunk, Line};
use crate::sys::env::Environment;

/// The question on the terminal: what differs, and whether that is wanted.
pub fn settings_question(
    path: &Path,
    difference: &Difference,
    changes: &[SettingsChange],
    common: &Common,
    environment: &Environment,
) -> String {
    let verb = if difference.is_removal { "Remove" } else { "Write" };
    let shown = self::difference(path, difference, changes);
    let text = format!("{shown}{verb} {}? [y/N] ", words::path(path));
    if has_colour(common, environment, true) { text } else { strip_str(&text).to_string() }
}

/// What differs, in the unified form, with colours; and where lines are cut, each variable below.
fn difference(path: &Path, difference: &Difference, changes: &[SettingsChange]) -> String {
    let path = words::path(path);
    let side = |is_nothing: bool| if is_nothing { "/dev/null" } else { path.as_str() };
    let mut text = format!("--- {}\n+++ {}\n", side(difference.is_new), side(difference.is_removal));
    for Hunk { lines, new_start, old_start } in &difference.hunks {
        let count = |other: Fate| lines.iter().filter(|line| line.fate != other).count();
        // A side without lines is counted from the line before it.
        let range =
            |start: usize, count: usize| format!("{},{count}", if count == 0 { start - 1 } else { start });
        let (old, new) = (range(*old_start, count(Fate::Added)), range(*new_start, count(Fate::Removed)));
        let style = AnsiColor::Cyan.on_default();
        text += &format!("{style}@@ -{old} +{new} @@{style:#}\n");
        for Line { fate, is_ended, text: line } in lines {
            let (sign, style) = match fate {
                Fate::Added => ('+', AnsiColor::Green.on_default()),
                Fate::Kept => (' ', Style::new()),
                Fate::Removed => ('-', AnsiColor::Red.on_default()),
            };
            // Tabs are how some people indent.
            let line: Vec<String> = line.split('\t').map(|part| Foreign(part).to_string()).collect();
            text += &format!("{style}{sign}{}{style:#}\n", line.join("\t"));
            if !is_ended {
                text += "\\ No newline at end of file\n";
            }
        }
    }
    if difference.is_shortened {
        text += "lines are cut here; this is what changes:\n";
        for SettingsChange { after, before, name } in changes {
            let [before, after] = [before, after].map(|value| value.as_deref().unwrap_or("(no value)"));
            text += &format!("  {}: {} -> {}\n", Foreign(name), Foreign(before), Foreign(after));
        }
    }
    text
}

/// What an edit has come to.
pub(super) fn edit(
    out: &mut dyn Write,
    err: &mut dyn Write,
    edit: &SettingsEdit,
    is_quiet: bool,
) -> io::Result<()> {
    if edit.end == EditEnd::NobodyToAsk {
        if let Some(shown) = &edit.difference {
            write!(out, "{}", difference(&edit.path, shown, &edit.changes))?;
        }
        out.flush()?;
        let style = AnsiColor::Red.on_default().bold();
        writeln!(err, "certman: {style}error{style:#}: {}", words::edited(edit))?;
        return writeln!(err, "certman: hint: look at what would change, then run it again with --yes");
    }
    if is_quiet {
        return Ok(());
    }
    if let Some(shown) = edit.difference.as_ref().filter(|shown| !shown.hunks.is_empty()) {
        write!(out, "{}", difference(&edit.path, shown, &edit.changes))?;
    }
    writeln!(out, "{}", words::edited(edit))
}

/// What is in force: a block for each variable.
pub(super) fn summary(out: &mut dyn Write, summary: &SettingsSummary) -> io::Result<()> {
    let width = summary.files.iter().map(|file| file.scope.name().len()).chain(["environment".len()]).max();
    let width = width.unwrap_or_default();
    for variable in &summary.variables {
        let bold = Style::new().bold();
        writeln!(out, "{bold}{}{bold:#}: {}", variable.name, words::fitness(variable))?;
        let mut line = |is_winner: bool, whose: &str, value: Option<&str>, path: Option<&Path>| {
            let mark = if is_winner { '*' } else { ' ' };
            let value = value.map_or("(no value)".to_owned(), |value| Foreign(value).to_string());
            let path = path.map(|path| format!("  in {}", words::path(path))).unwrap_or_default();
            writeln!(out, "  {mark} {whose:<width$}  {value}{path}")
        };
        for (number, value) in &variable.entries {
            let file = &summary.files[*number];
            let is_winner = variable.winner == Some(Winner::File(*number));
            line(is_winner, file.scope.name(), value.as_deref(), Some(&file.path))?;
        }
        if let Some(value) = &variable.process {
            line(variable.winner == Some(Winner::Process), "environment", Some(value), None)?;
        }
    }
    let read: Vec<String> = summary
        .files
        .iter()
        .filter(|file| file.state == Some(true))
        .map(|file| words::path(&file.path))
        .collect();
    let is_any_there = summary.files.iter().any(|file| file.state != Some(false));
    let read = match (read.as_slice(), is_any_there) {
        ([], false) => "no settings file is there".to_owned(),
        ([], true) => "none of the settings files that are there could be read".to_owned(),
        _ => format!("read {}", read.join(", ")),
    };
    writeln!(out, "{read}")
}

/// An edit as JSON shows it.
pub(super) fn edit_json(edit: &SettingsEdit) -> Value {
    let changes = edit.changes.iter();
    let changes: Vec<Value> = changes
        .map(|change| json!({ "name": change.name, "before": change.before, "after": change.after }))
        .collect();
    json!({
        "scope": edit.scope.name(),
        "path": edit.path.to_string_lossy(),
        "changed": matches!(edit.end, EditEnd::Removed | EditEnd::Written),
        "changes": changes,
        "backup": edit.backup.as_ref().map(|path| path.to_string_lossy()),
    })
}

/// The settings files as JSON shows them.
pub(super) fn files_json(summary: &SettingsSummary) -> Value {
    let file = |file: &crate::cli::SettingsFile| {
        let state = match file.state {
            Some(true) => "read",
            Some(false) => "missing",
            None => "invalid",
        };
        json!({ "scope": file.scope.name(), "path": file.path.to_string_lossy(), "state": state })
    };
    Value::Array(summary.files.iter().map(file).collect())
}

/// The variables as JSON shows them.
pub(super) fn variables_json(summary: &SettingsSummary) -> Value {
    let variable = |one: &VariableSummary| {
        let files = one.entries.iter().map(|(number, value)| {
            let file = &summary.files[*number];
            json!({ "scope": file.scope.name(), "path": file.path.to_string_lossy(), "value": value })
        });
        let wins = one.winner.map(|winner| match winner {
            Winner::File(number) => summary.files[number].scope.name(),
            Winner::Process => "environment",
        });
        let works = match one.fitness {
            Fitness::Fails(_) => Some(false),
            Fitness::NotTried | Fitness::Sealed => None,
            Fitness::Works => Some(true),
        };
        json!({
            "name": one.name,
            "process": one.process,
            "files": files.collect::<Vec<_>>(),
            "wins": wins,
            "works": works,
            "reason": match &one.fitness {
                Fitness::Fails(why) => Some(words::trouble(why)),
                Fitness::Sealed => Some(words::SEALED.to_owned()),
                Fitness::NotTried | Fitness::Works => None,
            },
        })
    };
    Value::Array(summary.variables.iter().map(variable).collect())
}
