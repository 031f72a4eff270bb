//! One line for Nagios and its kin: state, text, performance data (Monitoring Plugins Development Guidelines, sections 2.1
//! and 2.6; ranges in section 2.5).

use super::words;
use crate::cli::failure::Failure;
use crate::cli::{FirstToExpire, Outcome, Shown};
use crate::pki::lifetime::DAY;
use crate::pki::name::Foreign;
use crate::report::Severity;

/// The line for an outcome of `check`.
pub(super) fn line(outcome: &Outcome, now: i64) -> String {
    let report = &outcome.report;
    let state = match report.worst() {
        Severity::Info => "OK",
        Severity::Warning => "WARNING",
        Severity::Critical => "CRITICAL",
        Severity::Unknown => "UNKNOWN",
    };
    let worst = report.findings.iter().filter(|finding| finding.severity == report.worst());
    let worst: Vec<_> = worst.filter(|finding| finding.severity > Severity::Info).collect();
    let Shown::Check(summary) = &outcome.shown else { return format!("{state}\n") };
    let text = match worst.as_slice() {
        [] => words::all_good(summary),
        [only] => words::located(only, &report.files),
        [first, rest @ ..] => format!("{} (and {} more)", words::located(first, &report.files), rest.len()),
    };
    let days = summary.first_to_expire.as_ref().map(|FirstToExpire { thresholds, validity, .. }| {
        let [warn, critical] =
            [thresholds.warn, thresholds.critical].map(|it| in_days(it.seconds(*validity)));
        // `90:` is a range: what lies below 90 is worth a warning.
        format!("first_expiry_days={};{warn}:;{critical}: ", validity.days_remaining(now))
    });
    let days = days.unwrap_or_default();
    let (warnings, criticals) =
        (super::count(report, Severity::Warning), super::count(report, Severity::Critical));
    let unknowns = super::count(report, Severity::Unknown);
    // A bar would end the text; a line end would end the answer.
    let text = text.replace(['|', '\n', '\r'], " ");
    format!(
        "CERTMAN {state} - {text} | {days}certificates={} warnings={warnings} criticals={criticals} unknowns={unknowns}\n",
        summary.certificates
    )
}

/// Seconds as a number of days, whole ones without a fraction.
fn in_days(seconds: i64) -> String {
    if seconds % DAY == 0 {
        (seconds / DAY).to_string()
    } else {
        format!("{:.2}", seconds as f64 / DAY as f64)
    }
}

/// The line for a command that could not do its work.
pub(super) fn failure(failure: &Failure) -> String {
    format!("CERTMAN UNKNOWN - {}\n", Foreign(failure.message.replace(['|', '\n', '\r'], " ")))
}
