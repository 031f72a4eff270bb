//! What `doctor` has come to, in words.

use std::path::Path;

use crate::cli::DoctorSummary;
use crate::doctor::reach::{Distrust, RootSet};
use crate::sys::net::probe::{Failure, StepKind};

/// The last line where there is nothing to say.
pub fn is_good(summary: &DoctorSummary) -> String {
    match summary.hosts.len() {
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

/// Why a step failed, in a few words.
pub fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Alert(number) => format!("TLS was ended with alert {number}"),
        Failure::Closed => "the connection was closed".to_owned(),
        Failure::HandshakeSignature => "the server cannot prove that the certificate is its own".to_owned(),
        Failure::IdentityUnusable(why) => format!("the client certificate cannot be used: {why}"),
        Failure::NoAddress => "the name has no address".to_owned(),
        Failure::NoLookup(why) => format!("the name lookup fails: {why}"),
        Failure::NotTheProtocol { .. } => "the answer is not in the protocol".to_owned(),
        Failure::Other(why) => why.clone(),
        Failure::ProxyRefused => "the proxy refuses".to_owned(),
        Failure::Refused => "nobody listens there".to_owned(),
        Failure::Reset { .. } => "the connection was reset".to_owned(),
        Failure::TimedOut => "no answer in time".to_owned(),
        Failure::TooMuch(what) => format!("too much: {what}"),
        Failure::TooOld => "only versions of TLS before 1.2".to_owned(),
        Failure::Unreachable => "there is no way to that address".to_owned(),
    }
}

/// Why a client does not trust a chain.
pub fn distrust(distrust: &Distrust) -> String {
    match distrust {
        Distrust::Expired => "a certificate has expired".to_owned(),
        Distrust::NotYetValid => "a certificate is not valid yet".to_owned(),
        Distrust::Refused(what) => format!("it refuses {what}"),
        Distrust::UnknownIssuer => "the issuer is not trusted".to_owned(),
        Distrust::Unusable(why) => why.clone(),
        Distrust::WrongName => "the certificate is for other names".to_owned(),
    }
}

/// The name of a set of roots in JSON; stable.
pub fn root_set(set: RootSet) -> &'static str {
    match set {
        RootSet::Extra => "extra",
        RootSet::System => "system",
        RootSet::Mozilla => "mozilla",
        RootSet::All => "all",
    }
}
