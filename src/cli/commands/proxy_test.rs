//! `certman proxy test`: which way each client takes to a host by the variables of this environment. Opens no connection, looks up no
//! name, asks for no password.

use std::ffi::OsString;

use crate::cli::failure::Failure;
use crate::cli::{Ending, Outcome, Shown};
use crate::clients::choice::{Destination, DestinationError, Scheme, Variables};
use crate::config::{Proxy, Value};
use crate::doctor::choices::{Considered, REQUIRED, departure, dissents};
use crate::proxy::Address;
use crate::report::{Cause, Report};
use crate::secret::Passphrase;
use crate::sys::env::Environment;

/// Asks every client about every host, or about those that Claude Code requires.
///
/// # Errors
/// Where a host is none.
pub fn run(hosts: &[String], proxy: Option<&Proxy>, environment: &Environment) -> Result<Outcome, Failure> {
    let destinations = destinations(hosts)?;
    let consider = |variables: &Variables<'_>| -> Vec<Considered> {
        destinations.iter().map(|one| Considered::of(one.clone(), variables)).collect()
    };
    let considered = consider(&Variables::from_lookup(|name| environment.value(name)));
    let mut report = Report::default();
    for dissent in dissents(&considered) {
        report.find(None, Cause::ProxyChoice(dissent));
    }
    if let Some(proxy) = proxy {
        let configured = configured(proxy);
        let value =
            |name: &str| configured.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value);
        // What `env` does not set stays as it is.
        let kept = |name: &'static str| environment.value(name).filter(|_| name.starts_with("NODE_"));
        let configured = consider(&Variables::from_lookup(|name| value(name).or_else(|| kept(name))));
        if let Some(dissent) = departure(&considered, &configured) {
            report.find(None, Cause::ProxyChoice(dissent));
        }
    }
    Ok(Outcome { ending: Ending::Doing { is_done: true }, report, shown: Shown::Choices(considered) })
}

fn destinations(hosts: &[String]) -> Result<Vec<Destination>, Failure> {
    if hosts.is_empty() {
        let required =
            REQUIRED.map(|host| Destination { host: host.to_owned(), port: 443, scheme: Scheme::Https });
        return Ok(required.into());
    }
    let parse = |(index, text): (usize, &String)| {
        text.parse().map_err(|error: DestinationError| {
            // It is not repeated: it may be the address of a proxy, with a password.
            let which =
                if hosts.len() == 1 { "the host".to_owned() } else { format!("host number {}", index + 1) };
            Failure::usage(format!("{which} {error}")).hint(error.hint())
        })
    };
    hosts.iter().enumerate().map(parse).collect()
}

/// What `env` sets, with something else in the place of the password, which is not asked for.
fn configured(proxy: &Proxy) -> Vec<(&'static str, OsString)> {
    let stand_in = Passphrase::new(b"x".to_vec());
    let address = |address: &Value<Address>| {
        let url = address.value.url(address.value.username().map(|_| &stand_in));
        String::from_utf8_lossy(&url.bytes).into_owned()
    };
    let exceptions = proxy.exceptions.value.text().to_owned();
    let values = [
        (["https_proxy", "HTTPS_PROXY"], proxy.https.as_ref().map(address)),
        (["http_proxy", "HTTP_PROXY"], proxy.http.as_ref().map(address)),
        (["no_proxy", "NO_PROXY"], Some(exceptions)),
    ];
    let twins = |(names, value): ([&'static str; 2], Option<String>)| {
        value.into_iter().flat_map(move |value| names.map(|name| (name, OsString::from(&value))))
    };
    values.into_iter().flat_map(twins).collect()
}
