//! `[proxy]`: the addresses with their users, the hosts that go around them, and the place that the password comes from.

use std::fmt;

use serde::Deserialize;
use serde::de::{SeqAccess, Visitor};

use super::{Error, Files, Here, Origin, Set, Value, line_at};
use crate::proxy::{Address, AddressError, Exceptions};
use crate::sys::passphrase::{self, SourceError};

/// The proxy, settled. At least one of addresses and exceptions is configured.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The hosts that are reached without it; loopback where nothing is configured.
    pub exceptions: Value<Exceptions>,
    /// For `http://`.
    pub http: Option<Value<Address>>,
    /// For `https://`.
    pub https: Option<Value<Address>>,
    /// Where the password of a user comes from; none where the user has none.
    pub password: Value<Option<passphrase::Source>>,
}

impl Proxy {
    pub(super) fn resolve(here: &Here<'_>, files: &Files) -> Result<Option<Self>, Error> {
        let set = |variable, key: fn(&Table) -> &Option<toml::Spanned<String>>| {
            here.text(None, variable).or_else(|| files.text(|file| key(&file.proxy)))
        };
        let http = set("CERTMAN_PROXY_HTTP", |table| &table.http);
        let https = set("CERTMAN_PROXY_HTTPS", |table| &table.https);
        let username = set("CERTMAN_PROXY_USERNAME", |table| &table.username);
        let password = set("CERTMAN_PROXY_PASSWORD_FROM", |table| &table.password);
        let exceptions = exceptions(here, files)?;

        let is_named = http.is_some() || https.is_some();
        let http = address("proxy.http", http, username.as_ref(), files)?;
        let https = address("proxy.https", https, username.as_ref(), files)?;
        // An address that is empty takes the proxy back, and with it what belongs to it.
        if http.is_none() && https.is_none() && (is_named || exceptions.is_none()) {
            return Ok(None);
        }
        let has_user =
            [&http, &https].into_iter().flatten().any(|address| address.value.username().is_some());
        let password = match password {
            None => Value { origin: Origin::Default, value: has_user.then_some(passphrase::Source::Keyring) },
            Some(set) => {
                let place = place(set.clone(), here, files)?;
                if place.value.is_some() && !has_user && (http.is_some() || https.is_some()) {
                    let hint = "set proxy.username as well, or leave the password away";
                    let what = "a place for a password is named, and no user to go with it".to_owned();
                    return Err(files.error_with_hint(&set, "CERTMAN_PROXY_PASSWORD_FROM", what, hint));
                }
                place
            }
        };
        let exceptions =
            exceptions.unwrap_or_else(|| Value { origin: Origin::Default, value: Exceptions::default() });
        Ok(Some(Self { exceptions, http, https, password }))
    }

    /// The addresses that a password belongs to, each once, that for https first.
    pub fn with_user(&self) -> Vec<&Address> {
        let mut addresses: Vec<&Address> = Vec::new();
        for address in [&self.https, &self.http].into_iter().flatten().map(|value| &value.value) {
            let is_new = addresses.iter().all(|known| known.account() != address.account());
            if address.username().is_some() && is_new {
                addresses.push(address);
            }
        }
        addresses
    }
}

/// An address with its user: that of the address itself, else that of `username`; a variable stands before a file. None where it
/// is empty, which is how a profile takes it back.
fn address(
    key: &str,
    set: Option<Set>,
    username: Option<&Set>,
    files: &Files,
) -> Result<Option<Value<Address>>, Error> {
    let Some(set) = set.filter(|set| !set.text.trim().is_empty()) else { return Ok(None) };
    let wrong = |set: &Set, key: &str, error: AddressError| {
        let what = match set.origin {
            Origin::File(_) => format!("{key} {error}"),
            _ => format!("the address {error}"),
        };
        files.error_with_hint(set, key, what, error.hint())
    };
    let mut value = Address::parse(&set.text).map_err(|error| wrong(&set, key, error))?;
    if let Some(username) = username {
        let is_stronger =
            matches!(username.origin, Origin::Variable(_)) && matches!(set.origin, Origin::File(_));
        if value.username().is_none() || is_stronger {
            value = match username.text.as_str() {
                "" => value,
                name => value.with_username(name).map_err(|error| {
                    let what = "the user name holds a colon or a control character".to_owned();
                    files.error_with_hint(username, "CERTMAN_PROXY_USERNAME", what, error.hint())
                })?,
            };
        }
    }
    Ok(Some(Value { origin: set.origin, value }))
}

fn exceptions(here: &Here<'_>, files: &Files) -> Result<Option<Value<Exceptions>>, Error> {
    if let Some(set) = here.text(None, "CERTMAN_NO_PROXY") {
        return match Exceptions::parse([set.text.as_str()]) {
            Ok(value) => Ok(Some(Value { origin: set.origin, value })),
            Err(error) => {
                let what = format!("the list {error}");
                Err(Error::Typed { hint: error.hint().to_owned(), origin: "CERTMAN_NO_PROXY", what })
            }
        };
    }
    let listed = files.layers().find_map(|(document, file)| Some((document.proxy.no_proxy.as_ref()?, file)));
    let Some((list, file)) = listed else { return Ok(None) };
    match Exceptions::parse(list.get_ref().0.iter().map(String::as_str)) {
        Ok(value) => Ok(Some(Value { origin: Origin::File(file.path.clone()), value })),
        Err(error) => Err(Error::Wrong {
            hint: Some(error.hint().to_owned()),
            line: line_at(&file.text, list.span().start),
            path: file.path.clone(),
            what: format!("proxy.no_proxy {error}"),
        }),
    }
}

/// The place of the password: one for a passphrase, or `none`.
fn place(set: Set, here: &Here<'_>, files: &Files) -> Result<Value<Option<passphrase::Source>>, Error> {
    if set.text == "none" {
        return Ok(Value { origin: set.origin, value: None });
    }
    let source = set.text.parse::<passphrase::Source>().map_err(|error| {
        let what = match error {
            SourceError::Unknown => PLACES.to_owned(),
            other => other.to_string(),
        };
        files.error_with_hint(
            &set,
            "CERTMAN_PROXY_PASSWORD_FROM",
            what,
            "a password itself belongs into the keyring: `certman proxy remember`",
        )
    })?;
    let Value { origin, value } = here.place(source, set, "CERTMAN_PROXY_PASSWORD_FROM", files)?;
    Ok(Value { origin, value: Some(value) })
}

impl Files {
    /// An error at a place in one of the files, or in a variable, with a next step of its own.
    fn error_with_hint(&self, set: &Set, key: &str, what: String, hint: &str) -> Error {
        match (self.error(set, key, what), &set.origin) {
            (Error::Wrong { line, path, what, .. }, _) => {
                Error::Wrong { hint: Some(hint.to_owned()), line, path, what }
            }
            (Error::Value { what, .. }, Origin::Variable(origin)) => {
                Error::Typed { hint: hint.to_owned(), origin, what }
            }
            (other, _) => other,
        }
    }
}

/// `[proxy]`, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Table {
    http: Option<toml::Spanned<String>>,
    https: Option<toml::Spanned<String>>,
    no_proxy: Option<toml::Spanned<Texts>>,
    password: Option<toml::Spanned<String>>,
    username: Option<toml::Spanned<String>>,
}

/// A list of texts, or one alone.
#[derive(Debug)]
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListOrText)
    }
}

struct ListOrText;

impl<'de> Visitor<'de> for ListOrText {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(LIST_OR_TEXT)
    }

    fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(Texts(texts))
    }
}

/// What [`Texts`] expects, as the library puts it into its errors.
pub(super) const LIST_OR_TEXT: &str = "a list or a text";
const PLACES: &str = "a password comes from one of keyring, prompt, file:PATH, fd:N, env:NAME, command:PROGRAM ARG…; none is for a user without one";
