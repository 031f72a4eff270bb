//! `certman proxy`: remember, forget, test; and what `env` and its kin hand on of the proxy. Owns when the password is asked for: once for
//! each place that has another. Never opens a connection, never shows a password.

use std::path::Path;
use std::sync::Arc;

use super::doctor::roots;
use super::remember::{self, Whose};
use super::values::Proxies;
use super::{identity, proxy_test};
use crate::cli::args::{ProxyCommand, ProxyScheme};
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::cli::{Ending, Outcome, Shown};
use crate::clients::proxy::{refusal_of_exception, refusals_of_password};
use crate::config::{Origin, Proxy, Settings, Value};
use crate::pki::bundle::Place;
use crate::pki::name::Foreign;
use crate::proxy::{Address, Exceptions, Unportable};
use crate::report::{Cause, Report, Severity};
use crate::secret::Passphrase;
use crate::settings::InForce;
use crate::sys::Host;
use crate::sys::keyring;
use crate::sys::net::probe::{Credentials, Route, Target, Via};
use crate::sys::passphrase::{self, Source};

/// Picks the subcommand.
///
/// # Errors
/// Where no proxy with a user is configured, and where the keyring does not do what it is asked for.
pub fn run(command: &ProxyCommand, settings: &Settings, host: &mut Host) -> Result<Outcome, Failure> {
    let mut report = Report::default();
    let shown = match command {
        ProxyCommand::Forget { scheme } => {
            let (_, addresses) = configured(settings, *scheme)?;
            forget(&addresses, settings, host)
        }
        ProxyCommand::Remember { passphrase_file, scheme } => {
            let (proxy, addresses) = configured(settings, *scheme)?;
            remember(passphrase_file.as_deref(), proxy, &addresses, settings, host, &mut report)
        }
        ProxyCommand::Test { hosts } => {
            return proxy_test::run(hosts, settings.proxy.as_ref(), &host.environment);
        }
    };
    match shown {
        Ok(shown) => Ok(Outcome { ending: Ending::Doing { is_done: true }, report, shown }),
        Err(failure) => Err(failure.with_findings(report)),
    }
}

/// What goes into the variables of the proxy, with the password from its place, or `public_only` without. What some clients will not understand is noted.
///
/// # Errors
/// Where a user has to have a password, and it is not to be had.
pub fn proxies(
    settings: &Settings,
    public_only: bool,
    host: &mut Host,
    report: &mut Report,
) -> Result<Proxies, Failure> {
    let Some(proxy) = &settings.proxy else { return Ok(Proxies::default()) };
    note_exceptions(&proxy.exceptions, report);
    let mut passwords: Vec<(Option<String>, Passphrase)> = Vec::new();
    if let Some(source) = proxy.password.value.as_ref().filter(|_| !public_only) {
        for address in proxy.with_user() {
            passwords.push((address.account(), password(source, address, settings, host, report)?));
            // A file, a descriptor, a variable and a program have one password for all.
            if !matches!(source, Source::Keyring | Source::Prompt) {
                break;
            }
        }
    }
    let url = |address: &Value<Address>| {
        let account = address.value.account();
        let own = passwords.iter().find(|(known, _)| *known == account).or(passwords.first());
        address.value.url(own.map(|(_, password)| password).filter(|_| account.is_some()))
    };
    Ok(Proxies {
        exceptions: Some(proxy.exceptions.value.text().to_owned()),
        http: proxy.http.as_ref().map(url),
        https: proxy.https.as_ref().map(url),
    })
}

/// The way to a host by plain HTTP: through the proxy that is configured for it, straight where there is none or the host is an
/// exception.
///
/// # Errors
/// Where a user has to have a password, and it is not to be had.
pub fn plain_route(
    target: &str,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Route, Failure> {
    let configured = settings.proxy.as_ref().filter(|proxy| !proxy.exceptions.value.cover(target));
    let address = configured.and_then(|proxy| Some((proxy, &proxy.http.as_ref()?.value)));
    let Some((proxy, address)) = address else { return Ok(Route::Direct) };
    let credentials = match (address.username(), &proxy.password.value) {
        (Some(username), Some(source)) => {
            let password = password(source, address, settings, host, report)?;
            Some(Credentials { password, username: username.to_owned() })
        }
        _ => None,
    };
    let (name, port) = address.host_and_port();
    let proxy = Target { host: name.to_owned(), port };
    let is_tls = address.is_tls();
    let roots = match is_tls && credentials.is_some() {
        true => roots::in_der(&roots::of_this_machine(settings, &InForce::default(), host)),
        false => Arc::default(),
    };
    Ok(Route::Proxy(Via { credentials, is_tls, proxy, roots }))
}

/// Notes the entries of `NO_PROXY` that only some clients understand, once for each kind.
pub fn note_exceptions(exceptions: &Value<Exceptions>, report: &mut Report) {
    let mut unportable: Vec<&Unportable> = exceptions.value.unportable().iter().collect();
    unportable.sort_by_key(|one| one.form);
    for kind in unportable.chunk_by(|one, other| one.form == other.form) {
        let entries = kind.iter().take(MOST_ENTRIES).map(|one| one.entry.clone()).collect();
        let more = kind.len().saturating_sub(MOST_ENTRIES);
        let place = match &exceptions.origin {
            Origin::File(path) => Some(Place { file: report.file(path.clone()), index: 1, line: None }),
            _ => None,
        };
        let form = kind[0].form;
        let refusal = refusal_of_exception(form);
        report.find(place, Cause::NoProxyNotPortable { entries, form, more, refusal });
    }
}

/// The proxy, and the addresses that are meant: those that have a user.
fn configured(settings: &Settings, scheme: Option<ProxyScheme>) -> Result<(&Proxy, Vec<&Address>), Failure> {
    let none = || {
        Failure::usage("no proxy with a user is configured")
            .hint("set proxy.https and proxy.username in certman.toml, as in https = \"http://proxy.corp.example:8080\"")
    };
    let proxy = settings.proxy.as_ref().ok_or_else(none)?;
    let mut addresses = proxy.with_user();
    let only = match scheme {
        Some(ProxyScheme::Http) => proxy.http.as_ref(),
        Some(ProxyScheme::Https) => proxy.https.as_ref(),
        None => return if addresses.is_empty() { Err(none()) } else { Ok((proxy, addresses)) },
    };
    let account = only.and_then(|address| address.value.account());
    addresses.retain(|address| address.account() == account);
    if addresses.is_empty() { Err(none()) } else { Ok((proxy, addresses)) }
}

/// Stores a password for each address. Everything is asked for before anything is stored.
fn remember(
    file: Option<&Path>,
    proxy: &Proxy,
    addresses: &[&Address],
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Shown, Failure> {
    if file.is_some() && addresses.len() > 1 {
        return Err(Failure::usage("there are two proxies, and the file has one password")
            .hint("say whose it is with --scheme https or --scheme http"));
    }
    if file.is_none() && !host.terminal.is_present() {
        return Err(Failure::new("there is no terminal to ask for the password of the proxy on")
            .hint("take it from a file with --passphrase-file; `-` is standard input"));
    }
    let mut entries = Vec::new();
    for address in addresses {
        let password = with_whose(address, settings, |whose| remember::take(file, whose, host, report))?;
        identity::note_oddities(&password, Severity::Warning, None, report);
        for refusal in refusals_of_password(password.expose_secret()) {
            report.find(None, Cause::ProxyPasswordNotPortable { refusal });
        }
        entries.push((address, password));
    }
    let mut accounts = Vec::new();
    for (address, password) in &entries {
        with_whose(address, settings, |whose| {
            remember::store(whose, password, host)?;
            accounts.push(format!("'{}'", Foreign(whose.account)));
            Ok(())
        })?;
    }
    let mut note = format!("the password is in the keyring now, as {} of 'certman'", accounts.join(" and "));
    match &proxy.password.value {
        Some(Source::Keyring) => {}
        Some(other) => note += &format!("; but {} is where it is taken from", other.name()),
        None => note += "; but proxy.password is none, so that it is not used",
    }
    Ok(Shown::Note(note))
}

fn forget(addresses: &[&Address], settings: &Settings, host: &Host) -> Result<Shown, Failure> {
    let mut absent = None;
    let mut accounts = Vec::new();
    for address in addresses {
        with_whose(address, settings, |whose| match host.keyring.forget(whose.account) {
            Ok(()) => {
                accounts.push(format!("'{}'", Foreign(whose.account)));
                Ok(())
            }
            Err(error @ keyring::Error::Absent { .. }) => {
                absent = Some(Failure::new(Foreign(error).to_string()).hint(
                    "there is nothing to forget; an entry goes by the user, the host and the port of the proxy",
                ));
                Ok(())
            }
            Err(error) => Err(of_keyring(&error)),
        })?;
    }
    match absent {
        Some(absent) if accounts.is_empty() => Err(absent),
        _ => Ok(Shown::Note(format!("the keyring has no entry {} any more", accounts.join(" and ")))),
    }
}

fn password(
    source: &Source,
    address: &Address,
    settings: &Settings,
    host: &Host,
    report: &mut Report,
) -> Result<Passphrase, Failure> {
    let prompt = prompt(address);
    let obtained = with_whose(address, settings, |whose| remember::obtain(source, &prompt, whose, host))?;
    if let (Some(mode), Source::File(path)) = (obtained.open_to_others, source) {
        let place = Place { file: report.file(path.clone()), index: 1, line: None };
        report.find(Some(place), Cause::PassphrasePermissions { mode });
    }
    for refusal in refusals_of_password(obtained.passphrase.expose_secret()) {
        // Told when it was stored: at every shell start that would be a line too many.
        report.find_as(Severity::Info, None, Cause::ProxyPasswordNotPortable { refusal });
    }
    Ok(obtained.passphrase)
}

/// Lends whose password it is. The addresses that come here have a user.
fn with_whose<T>(
    address: &Address,
    settings: &Settings,
    work: impl FnOnce(&Whose<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let account = settings.account(&address.account().unwrap_or_default());
    let missing = |error: &passphrase::Error| {
        let failure = Failure::new(format!("no password for the proxy '{address}': {}", Foreign(error)));
        match words::proxy_password_fix(error) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    };
    work(&Whose {
        account: &account,
        keyring_failure: &of_keyring,
        missing: &missing,
        prompt: &prompt(address),
        way_out: "take it out again with `certman proxy forget`, and set proxy.password = \"file:PATH\""
            .into(),
    })
}

fn prompt(address: &Address) -> String {
    format!("Password for {address}: ")
}

fn of_keyring(error: &keyring::Error) -> Failure {
    Failure::new(Foreign(error).to_string()).hint(words::proxy_keyring_fix(error))
}

/// So many entries of a kind are named.
const MOST_ENTRIES: usize = 5;
