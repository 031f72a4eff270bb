//! What is odd about the variables that a client starts with: values that are ignored, refused, or mean something else than the
//! person who set them thinks. Pure: is lent the values; paths are tried by the command. Rules by CLIENTS.md.
//!
//! A value may be a secret, and no part of one that may be gets into a [`Conflict`].

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

use crate::clients::choice::{Chooser, Destination, Reason, Scheme, Variables, Way, choose};
use crate::clients::roots::{CERT_STORE, CertStore, store_options};
use crate::exports::{Content, Family, VARIABLES};
use crate::proxy::{Address, AddressError, Exceptions};
use crate::report::{Severity, Trouble};
use crate::secret::Passphrase;

/// What is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// `ALL_PROXY` is the only proxy that is set, and Claude Code ignores it.
    AllProxyIgnored {
        /// What would be the matter with its value in another variable.
        otherwise: Option<Box<Conflict>>,
        /// It, or `all_proxy`.
        variable: Variable,
    },
    /// `CLAUDE_CODE_CERT_STORE` leaves roots out that something else counts on.
    CertStoreExcludes {
        /// What is left out.
        excluded: Excluded,
        /// The variable.
        variable: Variable,
    },
    /// `CLAUDE_CODE_CERT_STORE` names a store that Claude Code does not know.
    CertStoreUnknown {
        /// The variable.
        variable: Variable,
    },
    /// The clock is before the day that this program's own roots are of.
    ClockBehind {
        /// That day, as in `2026-11-22`.
        day: &'static str,
        /// The clock, in seconds since 1970-01-01T00:00:00Z.
        now: i64,
    },
    /// None of several certificates is valid yet.
    ClockWrong {
        /// How many there are.
        certificates: usize,
        /// The clock, in seconds since 1970-01-01T00:00:00Z.
        now: i64,
    },
    /// A variable that replaces the public roots leads to a file without any of them.
    CorporateOnly {
        /// A client that reads the variable.
        family: Family,
        /// Whether the configuration names the company's CAs.
        is_configured: bool,
        /// The variable.
        name: &'static str,
    },
    /// The environment has another value than the configuration.
    Differs {
        /// What the configuration says, without secrets.
        configured: Box<str>,
        /// What the environment has, without secrets.
        here: Box<str>,
        /// The variables.
        names: Vec<&'static str>,
    },
    /// Certificate or key of the client are named without the other.
    IdentityIncomplete {
        /// The variable that is not set.
        missing: &'static str,
        /// The one that is.
        variable: Variable,
    },
    /// `ANTHROPIC_BASE_URL` is no address that begins with `https://` or `http://`.
    BaseUrlUnusable {
        /// The variable.
        variable: Variable,
    },
    /// `ANTHROPIC_BASE_URL` leads to a host without TLS, which is not probed.
    GatewayNotProbed {
        /// The host, and the port where one is named; none where that cannot be read.
        host: Option<Box<str>>,
        /// The variable.
        variable: Variable,
    },
    /// `NO_PROXY` is spelled in a way that only some clients understand.
    NoProxyNotPortable {
        /// The same in a spelling that all understand; none where there is none of a length that anyone reads.
        portable: Option<Box<str>>,
        /// What is odd, each once.
        spellings: Vec<Spelling>,
        /// It, or `no_proxy`.
        variable: Variable,
    },
    /// `NODE_OPTIONS` chooses another set of roots.
    NodeOptionsStore {
        /// Whether nothing else stands there.
        is_alone: bool,
        /// Whether it is for Node alone: Claude Code goes by `CLAUDE_CODE_CERT_STORE` where that is set.
        is_of_node_alone: bool,
        /// The option.
        option: &'static str,
        /// The variable.
        variable: Variable,
    },
    /// What the configuration gives is set nowhere.
    NotSet {
        /// The variables.
        names: Vec<&'static str>,
    },
    /// The passphrase is set and empty, which counts as unset.
    PassphraseEmpty {
        /// The variable.
        variable: Variable,
    },
    /// The passphrase is longer than any client takes.
    PassphraseTooLong {
        /// The variable.
        variable: Variable,
    },
    /// The passphrase ends in a line ending, which is then a part of it.
    PassphraseTrailingNewline {
        /// The variable.
        variable: Variable,
    },
    /// A path leads to a pipe, a socket or a device.
    PathFifo(Named),
    /// A path leads to a folder.
    PathFolder(Named),
    /// Several paths where one belongs.
    PathList(Named),
    /// A path with `~`, `$NAME` or `%NAME%` in it, which nobody expands.
    PathNotExpanded(Named),
    /// Quotes around a path, which belong to it.
    PathQuoted(Named),
    /// A path that means something else in every folder.
    PathRelative {
        /// Where it leads from here; none where it leads nowhere.
        absolute: Option<PathBuf>,
        /// The variable.
        named: Named,
    },
    /// A path that leads nowhere.
    PathStale(Named),
    /// A path that leads to a file of no use.
    PathUseless {
        /// The client's certificate in force, where it is about a key.
        certificate: Option<Box<str>>,
        /// The variable.
        named: Named,
        /// Why.
        why: Trouble,
    },
    /// The variable in capitals and that in small letters differ.
    ProxyCaseDiffers {
        /// The one in small letters, which wins in Claude Code.
        lower: Variable,
        /// The one in capitals.
        upper: &'static str,
    },
    /// A user or a password holds characters that mean something else in a URL.
    ProxyPasswordNotEncoded {
        /// What each client that asks for the variable makes of it, as `clients::choice` knows it.
        readings: Vec<(Chooser, Reading)>,
        /// The variable.
        variable: Variable,
    },
    /// The address of a proxy has no scheme.
    ProxySchemeMissing {
        /// Whether it is one with `http://` before it.
        is_rest_whole: bool,
        /// The variable.
        variable: Variable,
    },
    /// A SOCKS proxy.
    ProxySocks {
        /// The variable.
        variable: Variable,
    },
    /// The address of a proxy is none for another reason.
    ProxyUnusable {
        /// The variable.
        variable: Variable,
        /// The reason.
        why: AddressError,
    },
    /// Certificates are not verified.
    TlsVerificationOff {
        /// The variable.
        variable: Variable,
    },
}

/// A variable, and who has set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Whether it stands in a settings file of Claude Code, and not in the environment.
    pub is_in_settings: bool,
    /// Its name.
    pub name: &'static str,
}

/// What a client makes of the address of a proxy with a user in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// What the person means, all the same.
    AsMeant,
    /// Another proxy: a part of the password is taken for its name, and looked up.
    Elsewhere,
    /// No address.
    Fails,
    /// Nothing that it takes notice of.
    PassesOver,
    /// The right proxy, without the user or with another one or another password.
    WithoutUser,
}

/// A variable of the environment that holds a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Whether the configuration has a value for it.
    pub is_configured: bool,
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: Box<str>,
}

/// What `CLAUDE_CODE_CERT_STORE` leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excluded {
    /// With `system`: the public roots that Claude Code brings along.
    Bundled,
    /// With `bundled`, and nothing that adds to it: every root of a company.
    Corporate,
    /// With `bundled`: what this variable names.
    Variable(&'static str),
}

/// How an entry of `NO_PROXY` is written that only some clients understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// Blanks between entries, or beside a comma.
    Blank,
    /// A star that stands for everything, and not alone.
    Everything,
    /// `10.0.0.0/8`
    Range,
    /// `;`
    Semicolon,
    /// `*.corp.example`
    Star,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// A regular file.
    ToFile,
    /// A folder.
    ToFolder,
    /// Nothing, or nothing that may be asked.
    ToNothing,
    /// A pipe, a socket or a device.
    ToOther,
}

impl Conflict {
    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AllProxyIgnored { .. } => "all-proxy-ignored",
            Self::CertStoreExcludes { .. } => "cert-store-excludes",
            Self::CertStoreUnknown { .. } => "cert-store-unknown",
            Self::ClockBehind { .. } | Self::ClockWrong { .. } => "clock-wrong",
            Self::CorporateOnly { .. } => "ssl-cert-file-corporate-only",
            Self::Differs { .. } => "env-differs",
            Self::IdentityIncomplete { .. } => "env-identity-incomplete",
            Self::BaseUrlUnusable { .. } => "base-url-unusable",
            Self::GatewayNotProbed { .. } => "gateway-not-probed",
            Self::NoProxyNotPortable { .. } => "no-proxy-not-portable",
            Self::NodeOptionsStore { .. } => "node-options-store",
            Self::NotSet { .. } => "env-not-set",
            Self::PassphraseEmpty { .. } => "passphrase-empty",
            Self::PassphraseTooLong { .. } => "passphrase-too-long",
            Self::PassphraseTrailingNewline { .. } => "passphrase-trailing-newline",
            Self::PathFifo(_) => "env-path-fifo",
            Self::PathFolder(_) => "env-path-folder",
            Self::PathList(_) => "env-path-list",
            Self::PathNotExpanded(_) => "env-path-not-expanded",
            Self::PathQuoted(_) => "env-path-quoted",
            Self::PathRelative { .. } => "env-path-relative",
            Self::PathStale(_) => "env-path-stale",
            Self::PathUseless { .. } => "env-path-useless",
            Self::ProxyCaseDiffers { .. } => "proxy-case-differs",
            Self::ProxyPasswordNotEncoded { .. } => "proxy-password-not-encoded",
            Self::ProxySchemeMissing { .. } => "proxy-scheme-missing",
            Self::ProxySocks { .. } => "proxy-socks",
            Self::ProxyUnusable { .. } => "proxy-unusable",
            Self::TlsVerificationOff { .. } => "tls-verification-off",
        }
    }

    /// How bad it is where the command does not know better.
    pub fn default_severity(&self) -> Severity {
        match self {
            Self::ClockBehind { .. }
            | Self::ClockWrong { .. }
            | Self::IdentityIncomplete { .. }
            | Self::PassphraseTooLong { .. }
            | Self::PassphraseTrailingNewline { .. }
            | Self::PathFifo(_)
            | Self::PathFolder(_)
            | Self::PathList(_)
            | Self::PathNotExpanded(_)
            | Self::PathQuoted(_)
            | Self::PathStale(_)
            | Self::PathUseless { .. }
            | Self::ProxySchemeMissing { .. }
            | Self::ProxySocks { .. }
            | Self::BaseUrlUnusable { .. }
            | Self::ProxyUnusable { .. }
            | Self::TlsVerificationOff { .. } => Severity::Critical,
            Self::GatewayNotProbed { .. } => Severity::Info,
            _ => Severity::Warning,
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::ProxyPasswordNotEncoded { readings, .. }
                if readings
                    .iter()
                    .any(|(who, reading)| *who == Chooser::ClaudeCode && *reading != Reading::AsMeant) =>
            {
                Severity::Critical
            }
            other => other.default_severity(),
        }
    }

    /// Whether it says of the passphrase why that opens nothing.
    pub fn is_about_passphrase(&self) -> bool {
        matches!(self, Self::PassphraseTooLong { .. } | Self::PassphraseTrailingNewline { .. })
    }

    /// The variable whose path is of no use, where it is about that.
    pub fn path_variable(&self) -> Option<&'static str> {
        match self {
            Self::PathFifo(named)
            | Self::PathFolder(named)
            | Self::PathList(named)
            | Self::PathNotExpanded(named)
            | Self::PathQuoted(named)
            | Self::PathRelative { named, .. }
            | Self::PathStale(named)
            | Self::PathUseless { named, .. } => Some(named.name),
            _ => None,
        }
    }
}

/// Judges the values that one holder has: the environment, or a settings file. `value` gives the bytes of a variable there, also
/// empty ones, and is asked for those in [`JUDGED`] alone; `is_set` tells whether a variable has a value anywhere.
pub fn conflicts<'v>(
    is_in_settings: bool,
    value: &dyn Fn(&str) -> Option<&'v [u8]>,
    is_set: &dyn Fn(&str) -> bool,
) -> Vec<Conflict> {
    let text = |name: &'static str| {
        let value = str::from_utf8(value(name)?).ok()?;
        (!value.is_empty()).then_some((Variable { is_in_settings, name }, value))
    };
    let mut conflicts = Vec::new();
    // That also `false` turns it off was seen on Claude Code 2.1.197, and no longer on 2.1.332.
    if let Some((variable, "0" | "false")) = text("NODE_TLS_REJECT_UNAUTHORIZED") {
        conflicts.push(Conflict::TlsVerificationOff { variable });
    }
    conflicts
        .extend(text("NODE_OPTIONS").and_then(|(variable, value)| node_options(variable, value, is_set)));
    conflicts.extend(text(CERT_STORE).and_then(|(variable, value)| store(variable, value, is_set)));
    for name in PROXIES {
        conflicts.extend(text(name).and_then(|(variable, value)| proxy(variable, value)));
    }
    for (lower, upper) in CASES {
        if let (Some((lower, one)), Some((_, other))) = (text(lower), text(upper))
            && one != other
        {
            conflicts.push(Conflict::ProxyCaseDiffers { lower, upper });
        }
    }
    if !PROXIES.into_iter().any(is_set) {
        let all = text("ALL_PROXY").or_else(|| text("all_proxy"));
        conflicts.extend(all.map(|(variable, value)| {
            let otherwise = proxy(variable, value).map(Box::new);
            Conflict::AllProxyIgnored { otherwise, variable }
        }));
    }
    let lists = [text("no_proxy"), text("NO_PROXY")].into_iter().flatten();
    // The same list in both is told once.
    let mut told: Option<&str> = None;
    for (variable, list) in lists {
        if told.replace(list) != Some(list) {
            conflicts.extend(no_proxy(variable, list));
        }
    }
    let variable = Variable { is_in_settings, name: PASSPHRASE };
    conflicts.extend(value(PASSPHRASE).and_then(|bytes| passphrase(variable, bytes)));
    conflicts
}

/// Judges the path that a variable of the environment holds, by where it leads.
pub fn path(named: Named, leads: &Leads, current_folder: &Path) -> Option<Conflict> {
    let value = &*named.value;
    let is_absolute = Path::new(value).is_absolute();
    match leads {
        Leads::ToFile if is_absolute => return None,
        Leads::ToFile => {
            let absolute = Some(current_folder.join(value));
            return Some(Conflict::PathRelative { absolute, named });
        }
        // These take a folder too, with a file for each hash of a name.
        Leads::ToFolder if ["PIP_CERT", "REQUESTS_CA_BUNDLE"].contains(&named.name) => return None,
        Leads::ToFolder => return Some(Conflict::PathFolder(named)),
        Leads::ToOther => return Some(Conflict::PathFifo(named)),
        Leads::ToNothing => {}
    }
    let is_quoted = ['"', '\'']
        .into_iter()
        .any(|quote| value.strip_prefix(quote).is_some_and(|rest| rest.len() > 1 && rest.ends_with(quote)));
    let is_list = value.split(LIST_SEPARATOR).filter(|part| part.contains(['/', '\\'])).count() > 1;
    Some(match value {
        _ if is_quoted => Conflict::PathQuoted(named),
        _ if value.starts_with(['~', '%']) || value.contains('$') => Conflict::PathNotExpanded(named),
        _ if is_list => Conflict::PathList(named),
        _ if !is_absolute => Conflict::PathRelative { absolute: None, named },
        _ => Conflict::PathStale(named),
    })
}

/// Whether a variable has in the environment what the configuration gives. Passwords are not compared, lists of hosts by what they
/// mean, everything else byte for byte.
pub fn is_same(content: Content, configured: &[u8], here: &[u8]) -> bool {
    let texts = || Some((str::from_utf8(configured).ok()?, str::from_utf8(here).ok()?));
    let is_equal = match content {
        Content::HttpProxy | Content::HttpsProxy => texts().map(|(one, other)| {
            let (one, other) = (without_password(one), without_password(other));
            one.is_some() && one == other
        }),
        Content::NoProxy => texts().map(|(one, other)| {
            let read = |text| Exceptions::parse([text]).ok();
            read(one).is_some() && read(one) == read(other)
        }),
        _ => None,
    };
    configured == here || is_equal.unwrap_or(false)
}

/// Whether it is the path of a one-time pair, which `certman run` makes: `…/certman/OWNER-1a2b3c4d/FILE`.
pub fn is_one_time(path: &Path) -> bool {
    let mut names = path.iter().rev().skip(1).map(|name| name.to_string_lossy());
    let (Some(folder), Some(holder)) = (names.next(), names.next()) else { return false };
    let random = folder.rsplit_once('-').map_or("", |(_, random)| random);
    let is_random = random.len() == 8 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_random && (holder == "certman" || holder.starts_with("certman-"))
}

/// The variables that hold one path each, with what belongs there.
pub fn path_variables() -> impl Iterator<Item = (&'static str, Content)> {
    let is_path = |content| {
        matches!(
            content,
            Content::ClientCertificate | Content::ClientKey | Content::ExtraBundle | Content::FullBundle
        )
    };
    VARIABLES.iter().map(|known| (known.name, known.content)).filter(move |(_, content)| is_path(*content))
}

fn node_options(variable: Variable, value: &str, is_set: &dyn Fn(&str) -> bool) -> Option<Conflict> {
    let is_alone = value.split_whitespace().count() == 1;
    let option = store_options(value).next()?;
    let is_of_node_alone = is_set(CERT_STORE);
    Some(Conflict::NodeOptionsStore { is_alone, is_of_node_alone, option, variable })
}

fn store(variable: Variable, value: &str, is_set: &dyn Fn(&str) -> bool) -> Option<Conflict> {
    let ignored = ["SSL_CERT_FILE", "NODE_USE_SYSTEM_CA"].into_iter().find(|name| is_set(name));
    let excluded = match (CertStore::parse(value), ignored) {
        // Of a settings file it is told with everything else there that does not work.
        (None, _) if variable.is_in_settings => return None,
        (None, _) => return Some(Conflict::CertStoreUnknown { variable }),
        (Some(CertStore { has_bundled: false, .. }), _) => Excluded::Bundled,
        (Some(CertStore { has_system: true, .. }), _) => return None,
        (Some(_), Some(name)) => Excluded::Variable(name),
        (Some(_), None) if !is_set("NODE_EXTRA_CA_CERTS") => Excluded::Corporate,
        (Some(_), None) => return None,
    };
    Some(Conflict::CertStoreExcludes { excluded, variable })
}

fn proxy(variable: Variable, value: &str) -> Option<Conflict> {
    let value = value.trim();
    let Some((scheme, rest)) = value.split_once("://") else {
        // A host may have such a name; then a port follows.
        let is_socks = value.split_once(':').is_some_and(|(scheme, rest)| {
            SOCKS.contains(&&*scheme.to_ascii_lowercase()) && !rest.bytes().all(|byte| byte.is_ascii_digit())
        });
        if is_socks {
            return Some(Conflict::ProxySocks { variable });
        }
        // `http:/proxy:8080` begins with a scheme, and becomes none by another one.
        let is_host = |rest: &str| {
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            !host
                .split(':')
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case("http") || name.eq_ignore_ascii_case("https"))
        };
        let is_rest_whole = is_host(value) && proxy(variable, &format!("http://{value}")).is_none();
        return Some(Conflict::ProxySchemeMissing { is_rest_whole, variable });
    };
    if scheme.to_ascii_lowercase().starts_with("socks") {
        return Some(Conflict::ProxySocks { variable });
    }
    let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    if is_raw(user) || is_raw(password) {
        return Some(Conflict::ProxyPasswordNotEncoded {
            readings: readings(variable.name, value),
            variable,
        });
    }
    match Address::parse(&format!("{scheme}://{host}")) {
        Ok(_) => None,
        Err(why) => Some(Conflict::ProxyUnusable { variable, why }),
    }
}

/// What each client makes of this value of the variable, where that is the only one that is set.
fn readings(name: &str, value: &str) -> Vec<(Chooser, Reading)> {
    let scheme = if name.eq_ignore_ascii_case("http_proxy") { Scheme::Http } else { Scheme::Https };
    let port = scheme.default_port();
    let destination = Destination { host: "api.anthropic.com".to_owned(), port, scheme };
    let way = |who, value: &str| {
        let variables = Variables::from_lookup(|known| match known {
            "NODE_USE_ENV_PROXY" => Some("1".as_ref()),
            known => (known == name).then_some(value.as_ref()),
        });
        let choice = choose(who, &variables, &destination);
        (choice.because != Reason::Unset).then_some(choice.way)
    };
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let [user, password] =
        [user, password].map(|text| Zeroizing::new(percent_decode_str(text).collect::<Vec<u8>>()));
    let without_user = format!("{scheme}://{place}");
    let reading = |who| {
        Some(match (way(who, value)?, way(who, &without_user)?) {
            (Way::Direct, _) => Reading::PassesOver,
            (Way::Proxy(url), Way::Proxy(meant)) if url.is_at(&meant) => {
                let is_user = url.username.is_some_and(|name| name.as_bytes() == &**user);
                let is_password = url.password.is_some_and(|known| known.expose_secret() == &**password);
                if is_user && is_password { Reading::AsMeant } else { Reading::WithoutUser }
            }
            (Way::Proxy(_), _) => Reading::Elsewhere,
            (Way::Fails(_), _) => Reading::Fails,
        })
    };
    Chooser::ALL.into_iter().filter_map(|who| Some((who, reading(who)?))).collect()
}

/// Whether a user or a password of a URL holds what has to be percent-encoded there.
fn is_raw(text: &str) -> bool {
    let is_reserved = |c: char| "@:/#?[]\\".contains(c) || c.is_whitespace() || c.is_control();
    let is_stray = |(at, _): (usize, &str)| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.contains(is_reserved) || text.match_indices('%').any(is_stray)
}

fn no_proxy(variable: Variable, list: &str) -> Option<Conflict> {
    let entries =
        || list.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|one| !one.is_empty());
    let is_range = |entry: &str| !entry.contains("://") && entry.contains('/');
    let mut spellings: Vec<Spelling> = [
        (list.trim().contains(char::is_whitespace), Spelling::Blank),
        (list.contains(';'), Spelling::Semicolon),
        (entries().count() > 1 && entries().any(|entry| entry == "*"), Spelling::Everything),
        (entries().any(is_range), Spelling::Range),
        (entries().any(|entry| entry.starts_with("*.")), Spelling::Star),
    ]
    .into_iter()
    .filter_map(|(is_there, spelling)| is_there.then_some(spelling))
    .collect();
    spellings.sort();
    let portable = || {
        let list = Exceptions::parse([list]).ok()?;
        let is_readable = list.unportable().is_empty() && list.text().len() <= LONGEST_LIST;
        is_readable.then(|| list.text().into())
    };
    (!spellings.is_empty()).then(|| Conflict::NoProxyNotPortable {
        portable: portable(),
        spellings,
        variable,
    })
}

fn passphrase(variable: Variable, bytes: &[u8]) -> Option<Conflict> {
    Some(match bytes {
        [] => Conflict::PassphraseEmpty { variable },
        [.., b'\n' | b'\r'] => Conflict::PassphraseTrailingNewline { variable },
        _ if bytes.len() > Passphrase::LONGEST => Conflict::PassphraseTooLong { variable },
        _ => return None,
    })
}

/// An address, and the user in it as it is written. None where it is no address.
fn without_password(url: &str) -> Option<(Address, String)> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let user = user.split_once(':').map_or(user, |(user, _)| user);
    Some((Address::parse(&format!("{scheme}://{host}")).ok()?, user.to_owned()))
}

/// The variables of the proxy that mean the same in small letters and in capitals.
pub const CASES: [(&str, &str); 3] =
    [("https_proxy", "HTTPS_PROXY"), ("http_proxy", "HTTP_PROXY"), ("no_proxy", "NO_PROXY")];
/// The variables that [`conflicts`] judges.
pub const JUDGED: [&str; 12] = [
    "ALL_PROXY",
    CERT_STORE,
    PASSPHRASE,
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NODE_OPTIONS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NO_PROXY",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// What stands between the paths of a list on this system.
pub const LIST_SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };
/// The variable of the passphrase.
pub const PASSPHRASE: &str = "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE";
/// A list that still can be read and pasted, in bytes.
const LONGEST_LIST: usize = 400;
/// The variables of the proxy for `https://`, in the order in which Claude Code asks for them.
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"];
const SOCKS: [&str; 5] = ["socks", "socks4", "socks4a", "socks5", "socks5h"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn codes(variables: &[(&str, &str)]) -> Vec<&'static str> {
        let values: BTreeMap<&str, &str> = variables.iter().copied().collect();
        let value = |name: &str| {
            assert!(JUDGED.contains(&name), "{name} is judged");
            values.get(name).map(|value| value.as_bytes())
        };
        let is_set = |name: &str| values.get(name).is_some_and(|value| !value.is_empty());
        let found = conflicts(false, &value, &is_set);
        let shown = format!("{found:?}");
        assert!(!shown.contains("geheim"), "{shown}");
        found.iter().map(Conflict::code).collect()
    }

    #[test]
    fn what_is_in_order_is_not_spoken_of() {
        assert_eq!(
            codes(&[
                ("CLAUDE_CODE_CERT_STORE", "bundled,system"),
                ("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", " geheim "),
                ("HTTPS_PROXY", "http://CORP%5Calice:geheim%40%3A@proxy.corp.example:8080"),
                ("https_proxy", "http://CORP%5Calice:geheim%40%3A@proxy.corp.example:8080"),
                ("NODE_OPTIONS", "--max-old-space-size=4096"),
                ("NODE_TLS_REJECT_UNAUTHORIZED", "1"),
                ("NO_PROXY", "localhost,127.0.0.1,::1,corp.example,.corp.example"),
                ("ALL_PROXY", "http://proxy:1"),
            ]),
            [""; 0]
        );
        assert_eq!(codes(&[("NO_PROXY", "*")]), [""; 0]);
        assert_eq!(
            codes(&[("CLAUDE_CODE_CERT_STORE", "bundled"), ("NODE_EXTRA_CA_CERTS", "/a.pem")]),
            [""; 0]
        );
    }

    #[test]
    fn each_odd_value_has_its_code() {
        let long = "geheim".repeat(200);
        for (name, value, code) in [
            ("ALL_PROXY", "http://proxy:1", "all-proxy-ignored"),
            ("all_proxy", "socks5://proxy:1", "all-proxy-ignored"),
            ("CLAUDE_CODE_CERT_STORE", "system", "cert-store-excludes"),
            ("CLAUDE_CODE_CERT_STORE", "bundled", "cert-store-excludes"),
            ("CLAUDE_CODE_CERT_STORE", "System", "cert-store-excludes"),
            ("CLAUDE_CODE_CERT_STORE", "bundled, other", "cert-store-excludes"),
            ("CLAUDE_CODE_CERT_STORE", "foo", "cert-store-unknown"),
            ("NODE_OPTIONS", "--use-system-ca", "node-options-store"),
            ("NODE_OPTIONS", "--trace-warnings --use-openssl-ca", "node-options-store"),
            ("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", "", "passphrase-empty"),
            ("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", &long, "passphrase-too-long"),
            ("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", "geheim\n", "passphrase-trailing-newline"),
            ("HTTPS_PROXY", "http://alice:geheim@1@proxy:1", "proxy-password-not-encoded"),
            ("https_proxy", "http://alice:ge:heim@proxy:1", "proxy-password-not-encoded"),
            ("HTTP_PROXY", "http://alice:ge/heim@proxy:1", "proxy-password-not-encoded"),
            ("http_proxy", "http://alice:ge#heim@proxy:1", "proxy-password-not-encoded"),
            ("http_proxy", "http://alice:100%geheim@proxy:1", "proxy-password-not-encoded"),
            ("http_proxy", "http://CORP\\alice:geheim@proxy:1", "proxy-password-not-encoded"),
            ("HTTPS_PROXY", "proxy.corp.example:8080", "proxy-scheme-missing"),
            ("HTTPS_PROXY", "alice:geheim@proxy:8080", "proxy-scheme-missing"),
            ("HTTPS_PROXY", "socks5:127.0.0.1:1080", "proxy-socks"),
            ("HTTPS_PROXY", "socks5:1080", "proxy-scheme-missing"),
            ("HTTPS_PROXY", "socks5h://alice:geheim@proxy:1080", "proxy-socks"),
            ("HTTPS_PROXY", "http://alice:geheim@proxy:99999", "proxy-unusable"),
            ("HTTPS_PROXY", "http://wpad/wpad.dat", "proxy-unusable"),
            ("NODE_TLS_REJECT_UNAUTHORIZED", "0", "tls-verification-off"),
        ] {
            assert_eq!(codes(&[(name, value)]), [code], "{name}={value}");
        }
        assert_eq!(
            codes(&[("HTTPS_PROXY", "http://one:1"), ("https_proxy", "http://two:1")]),
            ["proxy-case-differs"]
        );
        assert_eq!(codes(&[("NO_PROXY", "a.example"), ("no_proxy", "b.example")]), ["proxy-case-differs"]);
    }

    /// Noticed with a proxy that was sent `al:p:ss` as it is written: it was said that a part of it goes to DNS.
    #[test]
    fn what_each_client_makes_of_a_raw_password_is_what_it_does() {
        use Reading::*;
        // Claude Code, Node's fetch, Node's https, Bun, curl.
        for (user, severity, expected) in [
            ("alice:ge:heim", Severity::Warning, [AsMeant; 5]),
            ("alice:ge@heim", Severity::Warning, [AsMeant, AsMeant, AsMeant, AsMeant, Fails]),
            ("alice:ge heim", Severity::Warning, [AsMeant, AsMeant, AsMeant, AsMeant, Fails]),
            ("alice:ge/heim", Severity::Critical, [Fails; 5]),
            ("alice:ge#heim", Severity::Critical, [Fails; 5]),
            ("alice:ge?heim", Severity::Critical, [Fails; 5]),
            ("alice:80/geheim", Severity::Critical, [Fails, Fails, Fails, Fails, Elsewhere]),
            ("alice:100%geheim", Severity::Critical, [WithoutUser, Fails, Fails, WithoutUser, AsMeant]),
            ("CORP\\alice:geheim", Severity::Critical, [Fails, Fails, Fails, AsMeant, AsMeant]),
        ] {
            for place in ["127.0.0.1:8030", "[2001:DB8:0::1]:8030", "Proxy.Corp.Example"] {
                let value = format!("http://{user}@{place}");
                let value = |name: &str| (name == "HTTPS_PROXY").then_some(value.as_bytes());
                let found = conflicts(false, &value, &|name| name == "HTTPS_PROXY");
                let [conflict @ Conflict::ProxyPasswordNotEncoded { readings, .. }] = &found[..] else {
                    panic!("{user}@{place}: {found:?}")
                };
                assert_eq!(conflict.severity(), severity, "{user}@{place}");
                assert_eq!(
                    readings[..],
                    [0, 1, 2, 3, 4].map(|at| (Chooser::ALL[at], expected[at])),
                    "{user}@{place}"
                );
            }
        }
    }

    /// Noticed with `http:/127.0.0.1:8009`: pasted, the next step made `http://http:/127.0.0.1:8009` of it.
    #[test]
    fn a_scheme_is_proposed_where_an_address_comes_of_it() {
        for (address, expected) in [
            ("proxy.corp.example:8080", true),
            ("alice:geheim@proxy.corp.example:8080", true),
            ("[2001:db8::1]:8080", true),
            ("http:/127.0.0.1:8009", false),
            ("http:127.0.0.1:9101", false),
            ("HTTPS:8080", false),
            ("alice:ge/heim@proxy:8080", false),
            ("proxy:99999", false),
        ] {
            let value = |name: &str| (name == "HTTPS_PROXY").then_some(address.as_bytes());
            let found = conflicts(false, &value, &|name| name == "HTTPS_PROXY");
            let [Conflict::ProxySchemeMissing { is_rest_whole, .. }] = found[..] else {
                panic!("{address}: {found:?}")
            };
            assert_eq!(is_rest_whole, expected, "{address}");
        }
    }

    #[test]
    fn a_store_is_named_with_what_it_leaves_out() {
        let excluded = |variables: &[(&str, &str)]| {
            let values: BTreeMap<&str, &str> = variables.iter().copied().collect();
            let value = |name: &str| values.get(name).map(|value| value.as_bytes());
            conflicts(false, &value, &|name| values.contains_key(name)).into_iter().find_map(|conflict| {
                if let Conflict::CertStoreExcludes { excluded, .. } = conflict {
                    Some(excluded)
                } else {
                    None
                }
            })
        };
        let store = |value| ("CLAUDE_CODE_CERT_STORE", value);
        assert_eq!(excluded(&[store("system"), ("SSL_CERT_FILE", "/a")]), Some(Excluded::Bundled));
        assert_eq!(
            excluded(&[store("bundled"), ("SSL_CERT_FILE", "/a"), ("NODE_EXTRA_CA_CERTS", "/b")]),
            Some(Excluded::Variable("SSL_CERT_FILE"))
        );
        assert_eq!(excluded(&[store("bundled")]), Some(Excluded::Corporate));
        assert_eq!(excluded(&[store("nonsense")]), None);
    }

    #[test]
    fn every_spelling_of_a_list_that_is_not_portable_is_named_with_one_that_is() {
        let list = |list: &str| {
            let value = |name: &str| (name == "NO_PROXY").then_some(list.as_bytes());
            let found = conflicts(true, &value, &|_| false);
            match &found[..] {
                [Conflict::NoProxyNotPortable { portable, spellings, variable }] => {
                    assert_eq!(*variable, Variable { is_in_settings: true, name: "NO_PROXY" });
                    (spellings.clone(), portable.as_deref().unwrap_or_default().to_owned())
                }
                other => panic!("{list}: {other:?}"),
            }
        };
        let loopback = "localhost,127.0.0.1,::1";
        assert_eq!(list("a.x b.x"), (vec![Spelling::Blank], format!("{loopback},a.x,.a.x,b.x,.b.x")));
        assert_eq!(list("a.x, .a.x"), (vec![Spelling::Blank], format!("{loopback},a.x,.a.x")));
        assert_eq!(list("a.x;.a.x"), (vec![Spelling::Semicolon], format!("{loopback},a.x,.a.x")));
        assert_eq!(list("*.a.x"), (vec![Spelling::Star], format!("{loopback},a.x,.a.x")));
        assert_eq!(list("a.x,*"), (vec![Spelling::Everything], "*".to_owned()));
        assert_eq!(list("10.1.2.3/32"), (vec![Spelling::Range], format!("{loopback},10.1.2.3")));
        // Nothing that can be pasted stands for a range of 16 million addresses.
        assert_eq!(list("10.0.0.0/8"), (vec![Spelling::Range], String::new()));
        assert_eq!(list("*.a.x b.x").0, [Spelling::Blank, Spelling::Star]);
    }

    #[test]
    fn the_same_list_in_both_cases_is_told_once() {
        assert_eq!(codes(&[("NO_PROXY", "a.x b.x"), ("no_proxy", "a.x b.x")]), ["no-proxy-not-portable"]);
        assert_eq!(
            codes(&[("NO_PROXY", "a.x b.x"), ("no_proxy", "a.x c.x")]),
            ["proxy-case-differs", "no-proxy-not-portable", "no-proxy-not-portable"]
        );
    }

    #[test]
    fn a_path_is_judged_by_where_it_leads_and_how_it_is_written() {
        let code = |name, value: &str, leads| {
            let named = Named { is_configured: false, name, value: value.into() };
            path(named, &leads, Path::new("/here")).map(|conflict| conflict.code())
        };
        use Leads::*;
        for (value, leads, expected) in [
            ("/a.pem", ToFile, None),
            // Whatever is there is meant.
            ("/a:b/$c.pem", ToFile, None),
            ("a.pem", ToFile, Some("env-path-relative")),
            ("a.pem", ToNothing, Some("env-path-relative")),
            ("/a.pem", ToNothing, Some("env-path-stale")),
            ("~/a.pem", ToNothing, Some("env-path-not-expanded")),
            ("$HOME/a.pem", ToNothing, Some("env-path-not-expanded")),
            ("/home/$USER/a.pem", ToNothing, Some("env-path-not-expanded")),
            ("%USERPROFILE%\\a.pem", ToNothing, Some("env-path-not-expanded")),
            ("\"/a.pem\"", ToNothing, Some("env-path-quoted")),
            ("'/a.pem'", ToNothing, Some("env-path-quoted")),
            ("/a.pem:/b.pem", ToNothing, Some("env-path-list")),
            ("/a", ToFolder, Some("env-path-folder")),
            ("/a", ToOther, Some("env-path-fifo")),
        ] {
            assert_eq!(code("NODE_EXTRA_CA_CERTS", value, leads), expected, "{value}");
        }
        assert_eq!(code("REQUESTS_CA_BUNDLE", "/a", ToFolder), None);
    }

    #[test]
    fn values_are_compared_by_what_they_mean() {
        let same = |content, one: &str, other: &str| is_same(content, one.as_bytes(), other.as_bytes());
        assert!(same(Content::ExtraBundle, "/a", "/a") && !same(Content::ExtraBundle, "/a", "/b"));
        assert!(same(Content::HttpsProxy, "http://alice:@proxy:8080", "http://alice:geheim@PROXY:8080/"));
        assert!(!same(Content::HttpsProxy, "http://alice:@proxy:8080", "http://bob:geheim@proxy:8080"));
        assert!(!same(Content::HttpsProxy, "http://proxy:8080", "http://proxy:8081"));
        assert!(!same(Content::HttpsProxy, "http://proxy:8080", "proxy:8080"));
        assert!(same(Content::NoProxy, "localhost,127.0.0.1,::1,a.x,.a.x", "*.a.x"));
        assert!(!same(Content::NoProxy, "a.x", "b.x"));
    }

    #[test]
    fn a_one_time_pair_is_known_by_its_folder() {
        assert!(is_one_time(Path::new("/run/user/1000/certman/7-1700000000-0badcafe/client-key.pem")));
        assert!(is_one_time(Path::new("/tmp/certman-1000/7-0badcafe/client-key.pem")));
        for path in
            ["/certs/client-key.pem", "/certman/client-key.pem", "/run/certman/x/key", "/x/7-0badcafe/key"]
        {
            assert!(!is_one_time(Path::new(path)), "{path}");
        }
    }
}
