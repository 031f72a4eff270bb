//! The report for people: sentences, tables, colour where a terminal shows it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Painted, choice, doctor, explain, settings, words};
use crate::cli::args::Common;
use crate::cli::commands::init::{Decision, Proposal};
use crate::cli::failure::Failure;
use crate::cli::{CheckSummary, Ending, Exports, IdentitySummary, ImportSummary, Outcome, Shown};
use crate::config::Profile;
use crate::pki::bundle::Role;
use crate::pki::name::Foreign;
use crate::report::{BundleFacts, CertificateFacts, Finding, Report, Severity};
use crate::shell::{self, Shell};

/// Both streams, and how the person wants to be spoken to.
pub(super) struct Screen<'a, 'h> {
    pub(super) common: &'a Common,
    pub(super) err: Painted<'h>,
    pub(super) now: i64,
    pub(super) out: Painted<'h>,
}

impl Screen<'_, '_> {
    /// Shows an outcome. A judgement is the answer and goes to standard output; what a command notices on its way goes to
    /// standard error.
    pub(super) fn outcome(&mut self, outcome: &Outcome) -> io::Result<()> {
        let report = &outcome.report;
        match &outcome.shown {
            Shown::Bundle { added, is_rehearsal, text } => {
                self.remarks(report)?;
                if let Some(added) = added.as_ref().filter(|_| !self.common.quiet && report.bundle.is_some())
                {
                    let what = if added.changed { "added" } else { "already there" };
                    writeln!(self.out, "{what}: {} is a source of the bundle", words::path(&added.path))?;
                }
                self.bundle(report, outcome.ending, *is_rehearsal, text.as_deref())?;
            }
            Shown::Check(summary) => {
                self.judgement(report)?;
                self.check_summary(report, summary)?;
            }
            Shown::Choices(considered) => {
                if !self.common.quiet {
                    choice::table(&mut self.out, considered)?;
                }
                self.judgement(report)?;
                if !self.common.quiet && report.worst() < Severity::Warning {
                    writeln!(self.out, "all clients take the same way")?;
                }
            }
            Shown::Doctor(summary) => {
                if !self.common.quiet {
                    doctor::table(&mut self.out, summary, self.common.verbose)?;
                }
                if self.common.verbose {
                    settings::summary(&mut self.out, &summary.settings)?;
                    writeln!(self.out)?;
                }
                self.judgement(report)?;
                self.verdict(report, || words::doctor::is_good(summary), words::doctor::about(summary))?;
                if let Some(path) = summary.report.as_ref().filter(|_| !self.common.quiet) {
                    writeln!(self.err, "certman: {}", words::doctor::written(path))?;
                }
            }
            Shown::Explanations(all) => {
                if let Some(failure) = &all.trouble {
                    let why = explain::trouble_in_words(&failure.message, all.language);
                    writeln!(self.err, "certman: {}: {}", paint("note", Severity::Info), Foreign(&why))?;
                }
                // In one piece: standard output is written to at the end of every line.
                let mut text = Vec::new();
                explain::explanations(&mut text, all, self.out.columns)?;
                self.out.write_all(&text)?;
            }
            Shown::Exports(exports) => {
                self.remarks(report)?;
                self.exports(exports)?;
            }
            Shown::Identity(summary) => {
                self.identity(report, summary)?;
                self.judgement(report)?;
                self.verdict(report, || words::identity_is_good(summary, report), "the identity: ")?;
            }
            Shown::Import(summary) => {
                self.remarks(report)?;
                self.import(report, summary, outcome.ending)?;
            }
            Shown::Inspection(inspection) => {
                self.inspection(report, inspection)?;
                self.judgement(report)?;
                let about = words::inspect::counts(report, inspection);
                self.verdict(report, || words::inspect::is_good(report, inspection), &format!("{about}: "))?;
            }
            Shown::Launch(_) | Shown::Nothing => {}
            Shown::Note(note) => {
                self.remarks(report)?;
                if !self.common.quiet {
                    writeln!(self.err, "certman: {note}")?;
                }
            }
            Shown::Output(bytes) => {
                self.remarks(report)?;
                self.out.plain(bytes)?;
            }
            Shown::Profiles(profiles) => self.profiles(profiles)?,
            Shown::Proposal(proposal) => self.proposal(proposal)?,
            Shown::Settings(summary) => {
                if !self.common.quiet {
                    settings::summary(&mut self.out, summary)?;
                }
                self.judgement(report)?;
            }
            Shown::SettingsEdit(edit) => {
                if edit.difference.is_some() {
                    self.remarks(report)?;
                }
                settings::edit(&mut self.out, &mut self.err, edit, self.common.quiet)?;
            }
        }
        self.out.flush()?;
        self.err.flush()
    }

    /// Shows why a command could not do its work. Whoever evaluates the output of `env` is made to fail too.
    pub(super) fn failure(&mut self, failure: &Failure, shell: Option<Shell>) -> io::Result<()> {
        if let Some(report) = &failure.findings {
            self.remarks(report)?;
        }
        let error = paint("error", Severity::Critical);
        // The paths in it are a stranger's, and so may be the line of a configuration.
        writeln!(self.err, "certman: {error}: {}", Foreign(&failure.message))?;
        if let Some(hint) = &failure.hint {
            writeln!(self.err, "certman: hint: {}", Foreign(hint))?;
        }
        self.err.flush()?;
        match shell.map(shell::failure) {
            Some(text) if !text.is_empty() => self.out.plain(text.as_bytes()),
            _ => Ok(()),
        }
    }

    /// The next step, to be pasted as it stands.
    fn fix(&self, finding: &Finding, report: &Report) -> Option<String> {
        words::fix(finding, report).map(|fix| self.common.pasteable(fix))
    }

    /// Findings on the way: to standard error, each with its next step.
    pub(super) fn remarks(&mut self, report: &Report) -> io::Result<()> {
        for finding in self.worth_saying(report) {
            let word = match finding.severity {
                Severity::Info => "note",
                Severity::Warning => "warning",
                Severity::Unknown | Severity::Critical => "error",
            };
            let located = words::located(finding, &report.files);
            writeln!(self.err, "certman: {}: {located}", paint(word, finding.severity))?;
            if let Some(fix) = self.fix(finding, report) {
                writeln!(self.err, "certman: hint: {fix}")?;
            }
            if let Some(seen) = self.seen(finding) {
                writeln!(self.err, "certman: {seen}")?;
            }
        }
        Ok(())
    }

    /// For those who want to know more: the versions on which a refusal was seen.
    fn seen(&self, finding: &Finding) -> Option<String> {
        self.common.verbose.then(|| words::seen(&finding.cause)).flatten()
    }

    /// Findings as the answer: to standard output, the worst first.
    fn judgement(&mut self, report: &Report) -> io::Result<()> {
        let mut findings: Vec<&Finding> = self.worth_saying(report).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        for finding in findings {
            let word = match finding.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Unknown => "unknown",
                Severity::Critical => "critical",
            };
            let located = words::located(finding, &report.files);
            writeln!(self.out, "{}: {located} [{}]", paint(word, finding.severity), finding.cause.code())?;
            if let Some(fix) = self.fix(finding, report) {
                writeln!(self.out, "    {fix}")?;
            }
            if let Some(seen) = self.seen(finding) {
                writeln!(self.out, "    {seen}")?;
            }
        }
        Ok(())
    }

    fn worth_saying<'r>(&self, report: &'r Report) -> impl Iterator<Item = &'r Finding> + use<'r> {
        let from = if self.common.verbose { Severity::Info } else { Severity::Warning };
        report.findings.iter().filter(move |finding| finding.severity >= from)
    }

    fn bundle(
        &mut self,
        report: &Report,
        ending: Ending,
        is_rehearsal: bool,
        text: Option<&[u8]>,
    ) -> io::Result<()> {
        let error = paint("error", Severity::Critical);
        let Some(bundle) = &report.bundle else {
            return writeln!(self.err, "certman: {error}: no bundle was made, and nothing was changed");
        };
        if let Some(text) = text {
            self.out.plain(text)?;
        }
        if !self.common.quiet && text.is_none() {
            self.bundle_lines(report, bundle, is_rehearsal)?;
        }
        if ending == (Ending::Doing { is_done: false }) {
            writeln!(
                self.err,
                "certman: {error}: the full bundle was not made; what was there is as it was"
            )?;
        }
        Ok(())
    }

    fn bundle_lines(&mut self, report: &Report, bundle: &BundleFacts, is_rehearsal: bool) -> io::Result<()> {
        if !report.certificates.is_empty() {
            self.table(&report.certificates, report)?;
        }
        for bundle in std::iter::once(bundle).chain(&report.full_bundle).chain(&report.java_store) {
            let path = bundle.path.as_ref().map_or_else(|| "-".to_owned(), |path| words::path(path));
            let certificates = words::counted(bundle.certificates, "certificate");
            match (is_rehearsal, bundle.changed) {
                (true, true) => writeln!(self.out, "would write {certificates} to {path}"),
                (true, false) => writeln!(self.out, "would leave {path} as it is, with {certificates}"),
                (false, true) => writeln!(self.out, "wrote {certificates} to {path}"),
                (false, false) => writeln!(self.out, "unchanged: {path} has {certificates}"),
            }?;
        }
        Ok(())
    }

    /// What was kept, what was left out and why.
    fn table(&mut self, certificates: &[CertificateFacts], report: &Report) -> io::Result<()> {
        let rows: Vec<[String; 5]> = certificates
            .iter()
            .map(|one| {
                let fate = match one.kept {
                    Some(Err(code)) => code.to_owned(),
                    _ => "kept".to_owned(),
                };
                let role = match one.role {
                    Role::Root => "root",
                    Role::Intermediate => "intermediate",
                    Role::Leaf => "leaf",
                };
                let place = words::place(one.place, &report.files);
                [fate, role.to_owned(), words::day(one.not_after), words::cut(&one.subject, 60), place]
            })
            .collect();
        let header = ["", "role", "last day", "subject", "found in"].map(str::to_owned);
        let widths: Vec<usize> = (0..5)
            .map(|column| {
                let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
                cells.max().unwrap_or(0)
            })
            .collect();
        for (number, row) in std::iter::once(&header).chain(&rows).enumerate() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
            }
            let style = match row[0].as_str() {
                _ if number == 0 => Style::new().bold(),
                "kept" => Style::new(),
                _ => Style::new().dimmed(),
            };
            writeln!(self.out, "{style}{}{style:#}", line.trim_end())?;
        }
        Ok(())
    }

    fn check_summary(&mut self, report: &Report, summary: &CheckSummary) -> io::Result<()> {
        let runtime = summary.runtime.as_ref().filter(|_| !self.common.quiet);
        if let Some(line) = runtime.and_then(words::runtime) {
            writeln!(self.out, "{line}")?;
        }
        let certificates = words::counted(summary.certificates, "certificate");
        self.verdict(report, || words::all_good(summary), &format!("{certificates}: "))
    }

    /// What the identity is, in two columns.
    fn identity(&mut self, report: &Report, summary: &IdentitySummary) -> io::Result<()> {
        if self.common.quiet {
            return Ok(());
        }
        for (word, fact) in words::identity(summary, report) {
            writeln!(self.out, "{word:<13}{fact}")?;
        }
        Ok(())
    }

    /// The identity that was imported, or those among which nobody has chosen.
    fn import(&mut self, report: &Report, summary: &ImportSummary, ending: Ending) -> io::Result<()> {
        if ending == (Ending::Doing { is_done: false }) {
            if summary.candidates.len() > 1 {
                for candidate in words::candidates(summary) {
                    writeln!(self.err, "    {candidate}")?;
                }
            }
            let error = paint("error", Severity::Critical);
            return writeln!(self.err, "certman: {error}: no identity was imported, and nothing was changed");
        }
        if self.common.quiet {
            return Ok(());
        }
        for (word, fact) in words::import(summary, report) {
            let fact = self.common.pasteable(fact);
            writeln!(self.out, "{word:<13}{fact}")?;
        }
        if let Some((file, lines)) = &summary.proposal {
            writeln!(
                self.out,
                "\nto use it, add this to {}, or run it again with --save:",
                words::path(file)
            )?;
            for line in lines.lines() {
                writeln!(self.out, "    {}", Foreign(line))?;
            }
        }
        Ok(())
    }

    /// The last line: what it comes to.
    fn verdict(&mut self, report: &Report, good: impl FnOnce() -> String, about: &str) -> io::Result<()> {
        if self.common.quiet {
            return Ok(());
        }
        let day = words::day(self.now);
        if report.worst() < Severity::Warning {
            return writeln!(self.out, "{} (judged at {day})", good());
        }
        let counts = [
            (Severity::Critical, "critical"),
            (Severity::Unknown, "unknown"),
            (Severity::Warning, "warning"),
        ];
        let counts: Vec<String> = counts
            .into_iter()
            .filter_map(|(severity, word)| match super::count(report, severity) {
                0 => None,
                count if severity == Severity::Warning => Some(words::counted(count, word)),
                count => Some(format!("{count} {word}")),
            })
            .collect();
        writeln!(self.out, "{about}{} (judged at {day})", counts.join(", "))
    }

    /// A line for each profile: a star where it is active, its name, what it sets, where it stands.
    fn profiles(&mut self, profiles: &[Profile]) -> io::Result<()> {
        if profiles.is_empty() && !self.common.quiet {
            return writeln!(
                self.err,
                "certman: there are no profiles: certman.toml has no table [profile.NAME]"
            );
        }
        let width = profiles.iter().map(|profile| profile.name.len()).max().unwrap_or(0);
        for profile in profiles {
            let star = if profile.is_active { '*' } else { ' ' };
            let keys = if profile.keys.is_empty() { "nothing".to_owned() } else { profile.keys.join(", ") };
            let files: Vec<String> = profile.files.iter().map(|path| words::path(path)).collect();
            writeln!(self.out, "{star} {:<width$}  {keys}  in {}", profile.name, files.join(" and "))?;
        }
        Ok(())
    }

    /// What `init` proposes, or what has become of it.
    fn proposal(&mut self, proposal: &Proposal) -> io::Result<()> {
        let path = words::path(&proposal.path);
        if proposal.decision != Decision::Written {
            if proposal.decision != Decision::Declined {
                self.out.plain(proposal.text.as_bytes())?;
            }
            if let Some((message, fix)) = words::not_written(proposal.decision) {
                let error = paint("error", Severity::Critical);
                writeln!(self.err, "certman: {error}: {message}")?;
                writeln!(self.err, "certman: hint: {fix}")?;
            }
            return Ok(());
        }
        if self.common.quiet {
            return Ok(());
        }
        writeln!(self.out, "wrote {path}; next:")?;
        let width = proposal.next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        for (command, what) in &proposal.next {
            writeln!(self.out, "    {command:<width$}  {what}")?;
        }
        Ok(())
    }

    /// Secrets are shown to programs only.
    fn exports(&mut self, exports: &Exports) -> io::Result<()> {
        if !self.out.is_terminal {
            return self.out.plain(&exports.script);
        }
        self.out.plain(&exports.script_for_people)?;
        if *exports.script != *exports.script_for_people {
            let evaluation = words::evaluation(exports.shell);
            writeln!(self.err, "certman: what is secret is shown as ***; a program gets it: {evaluation}")?;
        }
        Ok(())
    }
}

pub(super) fn paint(word: &str, severity: Severity) -> String {
    let style = match severity {
        Severity::Info => AnsiColor::Cyan.on_default(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Unknown => AnsiColor::Magenta.on_default().bold(),
        Severity::Critical => AnsiColor::Red.on_default().bold(),
    };
    format!("{style}{word}{style:#}")
}
