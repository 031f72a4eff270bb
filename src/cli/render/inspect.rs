//! `inspect` for people: the tree of certificates, then each thing in the files in two columns. Lays out; the words are made in
//! `words::inspect`.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::human::Screen;
use super::words::{self, inspect as told};
use crate::cli::inspection::{Branch, Content, Inspection, Item, Leaf, Node};
use crate::pki::container::{Packing, StoreKind};
use crate::report::{Report, Severity};

impl Screen<'_, '_> {
    /// Everything but the findings.
    pub(super) fn inspection(&mut self, report: &Report, inspection: &Inspection) -> io::Result<()> {
        if self.common.quiet {
            return Ok(());
        }
        let certificates = inspection.branches.iter().filter(|one| matches!(one.node, Node::Certificate(_)));
        let certificates = certificates.count();
        let mut page = Vec::new();
        if certificates > 1 {
            self.tree(&inspection.branches, &mut page)?;
        }
        let is_described = !report.certificates.is_empty();
        let mut described = report.certificates.iter();
        let mut files = inspection.items.chunk_by(|one, other| one.place.file == other.place.file);
        for items in files.by_ref() {
            let count = items.iter().filter(|item| is_certificate(item)).count();
            if count > 0 && !is_described {
                let path = report.files.get(items[0].place.file as usize).map(|path| words::path(path));
                let packing = items.iter().find(|item| is_certificate(item)).and_then(|item| item.packing);
                let format = packing.map(|packing| format!(", {}", packing.name())).unwrap_or_default();
                let counted = words::counted(count, "certificate");
                writeln!(page, "{}: {counted}{format}", path.unwrap_or_default())?;
            }
            for item in items {
                match (&item.content, is_described) {
                    (Content::Certificate { .. }, false) => {}
                    (Content::Certificate { .. }, true) => {
                        // One that stands in several places is described where it stands first.
                        let Some(facts) = described.clone().next().filter(|one| one.place == item.place)
                        else {
                            continue;
                        };
                        described.next();
                        let lines = told::certificate(facts, report, self.now, self.out.is_terminal);
                        described_item(item, report, &lines, &mut page)?;
                    }
                    (other, _) => {
                        let lines = told::other(other, report, self.now);
                        described_item(item, report, &lines, &mut page)?;
                    }
                }
                self.pass_on(&mut page, PAGE)?;
            }
        }
        self.pass_on(&mut page, 0)
    }

    /// Writes what has been laid out, once it is more than so many bytes: a line at a time costs more than all the rest.
    fn pass_on(&mut self, page: &mut Vec<u8>, limit: usize) -> io::Result<()> {
        if page.len() > limit {
            self.out.write_all(page)?;
            page.clear();
        }
        Ok(())
    }

    fn tree(&mut self, branches: &[Branch], page: &mut Vec<u8>) -> io::Result<()> {
        // By depth, whether more hangs below the same one.
        let mut goes_on: Vec<bool> = Vec::new();
        for branch in branches {
            let depth = branch.depth as usize;
            goes_on.resize(depth + 1, false);
            goes_on[depth] = !branch.is_last;
            let lead = lead(&goes_on[1..], depth);
            match &branch.node {
                Node::Certificate(leaf) => line(&lead, leaf, page)?,
                Node::Missing { issuer } => {
                    let dimmed = Style::new().dimmed();
                    let issuer = words::cut(issuer, COLUMNS - 28);
                    writeln!(page, "  {dimmed}(not in these files) {issuer}{dimmed:#}")?;
                }
            }
            self.pass_on(page, PAGE)?;
        }
        writeln!(page)
    }
}

/// One line: a mark, the name in its place, what it is, until when, and how long that is.
fn line(lead: &str, leaf: &Leaf, page: &mut Vec<u8>) -> io::Result<()> {
    let (mark, style) = match leaf.worst {
        // Its successor is there.
        Severity::Info if leaf.is_too_early || leaf.days_remaining < 0 => ("·", Style::new().dimmed()),
        Severity::Info => ("✓", AnsiColor::Green.on_default()),
        Severity::Warning => ("!", AnsiColor::Yellow.on_default().bold()),
        Severity::Unknown => ("?", AnsiColor::Magenta.on_default().bold()),
        Severity::Critical => ("✗", AnsiColor::Red.on_default().bold()),
    };
    let proof = if leaf.is_proven == Some(false) { " (by name)" } else { "" };
    let room = NAME.saturating_sub(lead.chars().count() + proof.len()).max(12);
    let name = format!("{lead}{}{proof}", words::cut(&leaf.subject, room));
    let left = match leaf.days_remaining {
        _ if leaf.is_too_early => "not yet".to_owned(),
        ..0 => "expired".to_owned(),
        days => format!("{} d", words::grouped(days.unsigned_abs())),
    };
    let (role, day) = (told::role_word(leaf.role), words::day(leaf.not_after));
    writeln!(page, "{style}{mark}{style:#} {name:<NAME$}  {role:<12}  {day}  {style}{left:>9}{style:#}")
}

/// Where something stands and what it is, then what there is to say about it, and a blank line.
fn described_item(
    item: &Item,
    report: &Report,
    lines: &[(&str, String)],
    page: &mut Vec<u8>,
) -> io::Result<()> {
    let bold = Style::new().bold();
    // A Java store is in a form of its own, and bare bytes of no known kind are in none.
    let is_bare = |packing: &Packing| match &item.content {
        Content::Store(facts) => facts.kind != StoreKind::Pkcs12 && *packing == Packing::Der,
        other => matches!(other, Content::Unknown { .. }),
    };
    let format = item.packing.filter(|packing| !is_bare(packing));
    let format = format.map(|packing| format!(", {}", packing.name())).unwrap_or_default();
    let noun = told::noun(&item.content, report);
    writeln!(page, "{bold}{}{bold:#}: {noun}{format}", words::place(item.place, &report.files))?;
    let dimmed = Style::new().dimmed();
    for (word, text) in lines {
        let mut margin = format!("  {dimmed}{word:<15}{dimmed:#}");
        for line in wrapped(text, COLUMNS - 17) {
            writeln!(page, "{margin}{line}")?;
            margin = " ".repeat(17);
        }
    }
    if lines.is_empty() { Ok(()) } else { writeln!(page) }
}

/// The lines that lead from those above to this one. Far down only how far.
fn lead(goes_on: &[bool], depth: usize) -> String {
    if depth > DEEPEST {
        return format!("… {depth} ");
    }
    let mut lead = String::new();
    for (level, more) in goes_on.iter().enumerate() {
        lead.push_str(match (level + 1 == goes_on.len(), more) {
            (true, true) => "├─ ",
            (true, false) => "└─ ",
            (false, true) => "│  ",
            (false, false) => "   ",
        });
    }
    lead
}

/// The text in lines of so many characters, broken behind commas and blanks; what has none stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_inclusive(' ') {
        let letters = word.trim_end().chars().count();
        if length > 0 && length + letters > width {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
        length += word.chars().count();
    }
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

fn is_certificate(item: &Item) -> bool {
    matches!(item.content, Content::Certificate { .. })
}

/// What a terminal shows in a line.
const COLUMNS: usize = 80;
/// Beyond this depth no lines are drawn.
const DEEPEST: usize = 8;
/// So many bytes are laid out before they are written.
const PAGE: usize = 64 << 10;
/// The width of a name in the tree, with the lines before it.
const NAME: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_nowhere_else() {
        assert_eq!(wrapped("DNS:a, DNS:b, DNS:c", 12), ["DNS:a,", "DNS:b, DNS:c"]);
        assert_eq!(wrapped("one", 2), ["one"]);
        assert_eq!(wrapped("", 5), [""]);
    }

    #[test]
    fn the_lines_of_a_tree_lead_to_their_own() {
        assert_eq!(lead(&[], 0), "");
        assert_eq!(lead(&[true], 1), "├─ ");
        assert_eq!(lead(&[true, false, false], 3), "│     └─ ");
        assert_eq!(lead(&[false; 9], 9), "… 9 ");
    }
}
