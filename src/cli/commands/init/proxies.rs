//! The proxy, as variables have it: addresses without their passwords, the user, the exceptions. A password is looked over and
//! never kept.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use super::discovery::{Found, Kind};
use super::programs::Variables;
use crate::proxy::{Address, AddressError, Exceptions};

/// What is proposed for `[proxy]`.
#[derive(Default)]
pub(super) struct ProxyProposal {
    /// Whether some address has a user.
    pub(super) has_user: bool,
    pub(super) http: Option<String>,
    pub(super) https: Option<String>,
    /// Whether no user had a password.
    pub(super) is_without_password: bool,
    /// The entries but loopback, as they were written.
    pub(super) no_proxy: Vec<String>,
    /// The user of all addresses.
    pub(super) username: Option<String>,
}

/// An address in a variable.
struct Read {
    has_password: bool,
    /// Without a user.
    plain: Address,
    username: Option<String>,
}

/// Reads the variables, in small letters before those in capitals (CLIENTS.md, proxy, rules 1 and 4).
pub(super) fn propose(variables: &Variables<'_>, found: &mut Vec<Found>) -> ProxyProposal {
    let mut proposal = ProxyProposal::default();
    let https = address(variables, ["https_proxy", "HTTPS_PROXY"], "https://", found);
    let http = address(variables, ["http_proxy", "HTTP_PROXY"], "http://", found);
    let all: Vec<&Read> = [&https, &http].into_iter().flatten().collect();
    proposal.has_user = all.iter().any(|read| read.username.is_some());
    proposal.is_without_password = proposal.has_user && !all.iter().any(|read| read.has_password);
    let first = all.first().and_then(|read| read.username.clone());
    let is_shared = all.iter().all(|read| read.username == first);
    proposal.username = first.filter(|_| is_shared);
    let written = |read: &Read| match &read.username {
        // Only a name that an address can have has come this far.
        Some(name) if !is_shared => read.plain.clone().with_username(name).ok().map(|one| one.to_string()),
        _ => Some(read.plain.to_string()),
    };
    (proposal.https, proposal.http) = (https.as_ref().and_then(written), http.as_ref().and_then(written));

    for name in ["ALL_PROXY", "all_proxy"] {
        if variables.value(name).is_some() {
            let why = format!("{name} is set; Claude Code, Node and Bun take no notice of it");
            found.push(Found::of_variable(Kind::Proxy, name, why, false));
        }
    }
    for name in ["no_proxy", "NO_PROXY"] {
        let Some((value, within)) = variables.value(name) else { continue };
        let (kind, within) = (Kind::NoProxy, within.map(super::text::place).unwrap_or_default());
        let has_address = proposal.https.is_some() || proposal.http.is_some();
        let Some(text) = str::from_utf8(&value).ok().filter(|text| Exceptions::parse([*text]).is_ok()) else {
            let why = format!("{name}{within} has an entry that is no host, domain or range of addresses");
            found.push(Found::of_variable(kind, name, why, false));
            break;
        };
        if !has_address {
            let why = format!("{name}{within} is set, and no proxy is");
            found.push(Found::of_variable(kind, name, why, false));
            break;
        }
        for entry in text.split(|c: char| c == ',' || c == ';' || c.is_whitespace()) {
            let is_loopback = ["", "localhost", "127.0.0.1", "::1"].contains(&entry);
            if !is_loopback && !proposal.no_proxy.iter().any(|known| known == entry) {
                proposal.no_proxy.push(entry.to_owned());
            }
        }
        let is_taken = !proposal.no_proxy.is_empty();
        let why = format!("{name}{within} says so{}", if is_taken { "" } else { ", and has loopback alone" });
        found.push(Found::of_variable(kind, name, why, is_taken));
        break;
    }
    proposal
}

/// The first of the variables that is set.
fn address(
    variables: &Variables<'_>,
    names: [&'static str; 2],
    scheme: &str,
    found: &mut Vec<Found>,
) -> Option<Read> {
    let (name, (value, within)) = names.into_iter().find_map(|name| Some((name, variables.value(name)?)))?;
    let within = within.map(super::text::place).unwrap_or_default();
    let mut note = |why: String, is_taken| found.push(Found::of_variable(Kind::Proxy, name, why, is_taken));
    let text = str::from_utf8(&value).ok()?.trim();
    match read(text) {
        Ok(read) => {
            let mut why = format!("{name}{within} has the proxy for {scheme}");
            if !text.contains("://") {
                why.push_str(", without the http:// that Claude Code needs");
            }
            if read.has_password {
                why.push_str(
                    "; the password in it is not written down here: `certman proxy remember` asks for it",
                );
            }
            note(why, true);
            Some(read)
        }
        // The error repeats nothing of the address.
        Err(error) => {
            note(format!("the address in {name}{within} {error}: {}", error.hint()), false);
            None
        }
    }
}

/// Takes an address apart. The part before the last `@` is where passwords are.
fn read(text: &str) -> Result<Read, AddressError> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let (user, host) = match rest.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", rest),
    };
    let plain = Address::parse(&format!("{scheme}://{host}"))?;
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = percent_decode_str(name).decode_utf8().map_err(|_| AddressError::Username)?;
    let username = Zeroizing::new(decoded.into_owned());
    if username.is_empty() {
        return Ok(Read { has_password: !password.is_empty(), plain, username: None });
    }
    plain.clone().with_username(&username)?;
    Ok(Read { has_password: !password.is_empty(), plain, username: Some(username.to_string()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_without_its_password() {
        for (text, plain, user, has_password) in [
            ("http://proxy.corp:8080", "http://proxy.corp:8080", None, false),
            ("http://alice@proxy.corp:8080/", "http://proxy.corp:8080", Some("alice"), false),
            ("http://al%40ice:geh@im/#@proxy.corp", "http://proxy.corp:80", Some("al@ice"), true),
            ("CORP%5Calice:geheim@proxy.corp:8080", "http://proxy.corp:8080", Some("CORP\\alice"), true),
            ("http://:geheim@proxy.corp:8080", "http://proxy.corp:8080", None, true),
        ] {
            let read = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (read.plain.to_string().as_str(), read.username.as_deref(), read.has_password),
                (plain, user, has_password)
            );
        }
        for text in ["socks5://proxy.corp:1080", "http://", "ftp://x", "http://a%ff:geheim@proxy.corp"] {
            let error = read(text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(!format!("{error} {}", error.hint()).contains("geheim"));
        }
    }
}
