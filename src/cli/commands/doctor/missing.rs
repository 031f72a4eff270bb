//! `doctor --fetch-missing`: the certificates that servers leave out, from where those they send say that they lie. They are shown,
//! and never trusted for that.

use std::collections::BTreeSet;

use crate::doctor::obstacle::Obstacle;
use crate::doctor::reach::{self, Judgement, Reached, Roots};
use crate::pki::cert::{Certificate, Fingerprint, hex};
use crate::pki::container::{self, Content};
use crate::pki::public::PublicRoots;
use crate::sys::net::fetch::{self, Limits};
use crate::sys::net::probe::Route;

/// Fetches what is missing behind a host, one certificate after the other, until its chain is complete or leads nowhere. What has
/// been asked for before is not asked for again.
pub fn fetch(
    reached: &Reached,
    route: &Route,
    limits: Limits,
    roots: &mut Roots,
    public: &PublicRoots,
    now: i64,
    asked: &mut BTreeSet<String>,
) -> Vec<Obstacle> {
    let known = roots.extra.len();
    let mut found = Vec::new();
    let mut wanted = reached.judgement.as_ref().and_then(missing);
    for _ in 0..MOST_ISSUERS {
        let Some((at, issuer)) = wanted.take().filter(|(at, _)| asked.insert(at.clone())) else { break };
        let fetched = fetch::fetch(&at, route, limits).map_err(|error| error.to_string());
        let fetched = fetched.and_then(|bytes| {
            certificate(&bytes, &issuer)
                .ok_or_else(|| format!("what lies there is not the certificate of '{issuer}'"))
        });
        let certificate = match fetched {
            Ok(certificate) => certificate,
            Err(why) => {
                found.push(Obstacle::IssuerNotFetched { address: at, why });
                break;
            }
        };
        let told = (
            hex(&certificate.fingerprint().0),
            certificate.issuer().to_string(),
            certificate.validity().not_after,
            certificate.subject().to_string(),
        );
        roots.extra.push(certificate);
        let judgement = reach::judge(&reached.host, &reached.observation, roots, public, now);
        let is_enough = judgement.as_ref().is_some_and(|judgement| judgement.root.is_some());
        wanted = judgement.as_ref().and_then(missing);
        let (fingerprint, issuer, not_after, subject) = told;
        found.push(Obstacle::IssuerFetched {
            address: at,
            fingerprint,
            is_enough,
            issuer,
            not_after,
            subject,
        });
    }
    roots.extra.truncate(known);
    found
}

/// Where the missing certificate lies, and whose it is.
fn missing(judgement: &Judgement) -> Option<(String, String)> {
    let missing = judgement.missing.as_ref()?;
    Some((missing.address.clone()?, missing.issuer.clone()))
}

/// The certificate of this subject in a file in any of the forms in which issuers offer theirs: DER, PKCS#7, PEM.
fn certificate(bytes: &[u8], subject: &str) -> Option<Certificate> {
    let mut found = None;
    container::scan(bytes, &mut |item| {
        if let (None, Content::Certificate(der)) = (&found, item.content) {
            let read = Certificate::parse(der, Fingerprint::of(der)).ok();
            found = read.filter(|certificate| certificate.subject().to_string() == subject);
        }
    });
    found
}

/// So many issuers are fetched one behind the other.
const MOST_ISSUERS: usize = 4;
