//! `certman proxy test` for people and for JSON: the way of each client to each host.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::words::choice::because;
use crate::clients::choice::{Reason, Way};
use crate::doctor::choices::Considered;
use crate::pki::name::Foreign;

/// A table for each host.
pub(super) fn table(out: &mut dyn Write, all: &[Considered]) -> io::Result<()> {
    let cells = |considered: &Considered| -> Vec<(String, String)> {
        let choices = considered.choices.iter();
        choices.map(|(who, choice)| (who.to_string(), Foreign(&choice.way).to_string())).collect()
    };
    let width = |text: &str| text.chars().count();
    let rows: Vec<Vec<(String, String)>> = all.iter().map(cells).collect();
    let first = rows.iter().flatten().map(|(who, _)| width(who)).max().unwrap_or(0);
    let second = rows.iter().flatten().map(|(_, way)| width(way)).max().unwrap_or(0);
    for (considered, row) in all.iter().zip(&rows) {
        let bold = Style::new().bold();
        let scheme = considered.destination.scheme.name();
        writeln!(out, "{bold}{scheme}://{}{bold:#}", considered.destination)?;
        for ((who, way), (_, choice)) in row.iter().zip(&considered.choices) {
            let style = match choice.way {
                Way::Direct => Style::new(),
                Way::Fails(_) => AnsiColor::Red.on_default(),
                Way::Proxy(_) => AnsiColor::Cyan.on_default(),
            };
            let (who_gap, way_gap) = (first - width(who), second - width(way));
            let because = because(choice);
            writeln!(out, "  {who}{:who_gap$}  {style}{way}{style:#}{:way_gap$}  {because}", "", "")?;
        }
    }
    Ok(())
}

/// The same as a list.
pub(super) fn json(all: &[Considered]) -> Value {
    let host = |considered: &Considered| {
        let choices = considered.choices.iter().map(|(who, choice)| {
            let (proxy, failure) = match &choice.way {
                Way::Direct => (None, None),
                Way::Fails(failure) => (None, Some(failure.name())),
                Way::Proxy(url) => (Some(url.to_string()), None),
            };
            let entry = match &choice.because {
                Reason::Exempt { entry } | Reason::ExemptInPart { entry } => Some(entry),
                _ => None,
            };
            json!({
                "client": who.name(),
                "way": choice.way.name(),
                "proxy": proxy,
                "decided_by": choice.decided_by,
                "reason": failure.unwrap_or(choice.because.name()),
                "entry": entry,
                "seen_on": who.seen().on,
            })
        });
        json!({
            "host": considered.destination.host,
            "port": considered.destination.port,
            "scheme": considered.destination.scheme.name(),
            "choices": choices.collect::<Vec<_>>(),
            "differs": considered.differs(),
        })
    };
    Value::Array(all.iter().map(host).collect())
}
