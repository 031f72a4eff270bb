//! What `doctor` has come to, in words.

use std::path::Path;

use crate::cli::DoctorSummary;
use crate::sys::net::probe::StepKind;

/// The last line where there is nothing to say.
pub fn is_good(summary: &DoctorSummary) -> String {
    match summary.hosts.iter().filter(|host| !host.is_comparison).count() {
        0 => "ok: nothing is wrong here; no connection was tried".to_owned(),
        1 => "ok: nothing is wrong here, and the host answers".to_owned(),
        count => format!("ok: nothing is wrong here, and all {count} hosts answer"),
    }
}

/// What the last line is about where there is something to say.
pub fn about(summary: &DoctorSummary) -> &'static str {
    if summary.hosts.is_empty() {
        "this machine, without the network: "
    } else {
        "this machine and its hosts: "
    }
}

/// Where everything was written to, and what to do with it.
pub fn written(path: &Path) -> String {
    format!("wrote the report to {}: read it, then send it to the help desk", super::path(path))
}

/// The column of a step.
pub fn step(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Lookup => "lookup",
        StepKind::Connect => "tcp",
        StepKind::ProxyTls => "proxy tls",
        StepKind::Tunnel => "connect",
        StepKind::Tls => "tls",
        StepKind::ClientCertificate => "client cert",
        StepKind::Http => "http",
    }
}
