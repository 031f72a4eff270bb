//! What a probed host comes to in one word: whether it works, and for whom. Pure.

use super::reach::{Distrust, Reached};
use crate::clients::Client;
use crate::sys::net::probe::{Failure, HttpAnswer, StepKind};

impl Reached {
    /// Whether Claude Code gets an answer from the host: every step was done, it trusts the certificate and that of the
    /// proxy, and nobody has answered in the place of the host.
    pub fn works(&self) -> bool {
        let is_way_trusted = self.proxy_refusal.is_none();
        self.is_answered()
            && is_way_trusted
            && !self.is_identity_broken
            && self.turned_away().is_none()
            && !self.lacks_client_certificate()
            && !self.refusing().any(|(client, _)| client == Client::ClaudeCode)
    }

    /// Whether somebody signs certificates for a host that certman knows to have a public one. That a public chain is not
    /// complete, or its root not known here, is another thing.
    pub fn is_intercepted(&self) -> bool {
        let is_of_somebody = self.judgement.as_ref().is_some_and(|judgement| {
            let has_own_root = judgement.missing.as_ref().is_some_and(|missing| missing.root.is_some());
            let is_known = judgement.root.is_some() || judgement.inspector.is_some() || has_own_root;
            judgement.is_private && is_known
        });
        self.host.reason.is_some() && is_of_somebody
    }

    /// The answer that stands in the place of the host's own: whoever opens TLS on the way has made it, to say that the host
    /// is blocked or not to be reached.
    pub fn turned_away(&self) -> Option<&HttpAnswer> {
        let answer = self.observation.http.as_ref()?;
        // The hosts' own front turns programs away that are no browsers.
        let is_of_the_host =
            answer.server.as_ref().is_some_and(|server| server.to_ascii_lowercase().contains("cloudflare"));
        let is_refusal = matches!(answer.status, 403 | 451 | 500..=599) && self.is_intercepted();
        // Of a proxy, and of a network that one has to log in to (RFC 6585, section 6): no host says that.
        let is_of_the_way = matches!(answer.status, 407 | 511);
        (is_refusal && !is_of_the_host || is_of_the_way).then_some(answer)
    }

    /// Whether the host answers that it misses a client certificate, or does not take the one that it was shown, once TLS
    /// is done: so do nginx (400, and 495 and 496 inside) and IIS (403).
    pub fn lacks_client_certificate(&self) -> bool {
        let (Some(answer), Some(_)) = (&self.observation.http, &self.observation.asked) else { return false };
        let speaks_of_it =
            || answer.title.as_ref().is_some_and(|title| title.to_ascii_lowercase().contains("certificate"));
        matches!(answer.status, 495 | 496) || matches!(answer.status, 400 | 401 | 403) && speaks_of_it()
    }

    /// Whether it cannot be told: the server has no cipher suite or group in common with certman, which offers fewer than
    /// the clients do.
    pub fn is_undecided(&self) -> bool {
        !self.is_post_quantum_blocked
            && self.observation.steps.iter().any(|step| {
                step.kind == StepKind::Tls
                    && matches!(step.failure, Some(Failure::Alert(alert)) if lacks_common_ground(alert))
            })
    }

    /// Whether every step was done that has to be, whoever trusts the certificate.
    pub fn is_answered(&self) -> bool {
        self.observation.http.is_some() && self.observation.steps.iter().all(|step| step.failure.is_none())
    }

    /// Every client, and why it does not trust the certificate of the host or that of the proxy, where it does not.
    pub fn clients(&self) -> impl Iterator<Item = (Client, Option<&Distrust>)> {
        let clients = self.judgement.iter().flat_map(|judgement| &judgement.clients);
        clients.map(|(client, accepts)| match accepts {
            Err(why) => (*client, Some(why)),
            Ok(()) => (*client, self.proxy_refused_by.contains(client).then_some(&Distrust::Proxy)),
        })
    }

    /// The clients that do not trust one of the two, and why.
    pub fn refusing(&self) -> impl Iterator<Item = (Client, &Distrust)> {
        self.clients().filter_map(|(client, why)| Some((client, why?)))
    }
}

/// Whether this is what a server says that has no cipher suite or group in common with the client: handshake_failure,
/// insufficient_security (RFC 8446, section 6.2; RFC 5246, section 7.2.2).
pub(super) fn lacks_common_ground(alert: u8) -> bool {
    matches!(alert, 40 | 71)
}
