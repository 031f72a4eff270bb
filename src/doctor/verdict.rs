//! What a probed host comes to in one word: whether it works, and for whom. Pure.

use super::reach::{Distrust, Reached};
use crate::clients::Client;

impl Reached {
    /// Whether Claude Code gets an answer from the host: every step was done, and it trusts the certificate and that of the
    /// proxy.
    pub fn works(&self) -> bool {
        let is_way_trusted = self.proxy_refusal.is_none();
        self.is_answered()
            && is_way_trusted
            && !self.refusing().any(|(client, _)| client == Client::ClaudeCode)
    }

    /// Whether somebody signs certificates for a host that certman knows to have a public one.
    pub fn is_intercepted(&self) -> bool {
        self.host.reason.is_some() && self.judgement.as_ref().is_some_and(|judgement| judgement.is_private)
    }

    /// Whether every step was done that has to be, whoever trusts the certificate.
    pub fn is_answered(&self) -> bool {
        self.observation.http.is_some() && self.observation.steps.iter().all(|step| step.failure.is_none())
    }

    /// The clients that do not trust the certificate, and why.
    pub fn refusing(&self) -> impl Iterator<Item = (Client, &Distrust)> {
        let clients = self.judgement.iter().flat_map(|judgement| &judgement.clients);
        clients.filter_map(|(client, accepts)| Some((*client, accepts.as_ref().err()?)))
    }
}
