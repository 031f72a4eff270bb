//! What is odd about variables, in words.

use crate::clients::choice::Chooser;
use crate::doctor::environment::{
    Conflict, Excluded, LIST_SEPARATOR, Named, PASSPHRASE, Reading, Spelling, Variable,
};
use crate::pki::name::Foreign;
use crate::report::Trouble;
use crate::secret::Passphrase;
use crate::shell::{self, Shell};

/// The sentence.
pub fn message(conflict: &Conflict) -> String {
    match conflict {
        Conflict::AllProxyIgnored { variable, .. } => {
            format!("Claude Code ignores {}, and no other proxy is set", variable.name)
        }
        Conflict::CertStoreExcludes { excluded, variable: Variable { name, .. } } => match excluded {
            Excluded::Bundled => {
                format!("{name} is `system`: Claude Code does without the public roots that it brings along")
            }
            Excluded::Corporate => format!(
                "{name} is `bundled`, and NODE_EXTRA_CA_CERTS is not set: Claude Code does not trust the company's CAs"
            ),
            Excluded::Variable(ignored) => {
                format!("{name} is `bundled`, so that Claude Code ignores {ignored}")
            }
        },
        Conflict::CertStoreUnknown { variable } => {
            format!("{} has a value that Claude Code does not know", variable.name)
        }
        Conflict::ClockBehind { day, now } => format!(
            "the clock of this machine says {}, which is before this certman was made (with roots of {day})",
            super::day(*now)
        ),
        Conflict::ClockWrong { certificates, now } => format!(
            "none of the {certificates} certificates here is valid yet: the clock of this machine, which says {}, is probably wrong",
            super::day(*now)
        ),
        Conflict::CorporateOnly { name, .. } => format!(
            "{name} takes the place of all public roots, and its file holds the company's CAs alone: public servers are not trusted"
        ),
        Conflict::Differs { configured, here, names } if configured == here => format!(
            "{} {} another user in this environment than by the configuration",
            listed(names),
            if names.len() == 1 { "has" } else { "have" }
        ),
        Conflict::Differs { configured, here, names } => format!(
            "{} {} '{}' in this environment, and '{}' by the configuration",
            listed(names),
            if names.len() == 1 { "is" } else { "are" },
            Foreign(here),
            Foreign(configured)
        ),
        Conflict::IdentityIncomplete { missing, variable } => format!(
            "{} is set, and {missing} is not: no client shows a certificate, and none says so",
            variable.name
        ),
        Conflict::BaseUrlUnusable { variable } => format!(
            "{} does not begin with https:// or http://: Claude Code reaches nothing by it",
            variable.name
        ),
        Conflict::GatewayNotProbed { host, variable } => format!(
            "{} leads to {} by plain HTTP: there is no TLS to look at, so that is not probed, and api.anthropic.com counts as optional",
            variable.name,
            host.as_deref().map_or("a host".to_owned(), |host| format!("'{}'", Foreign(host)))
        ),
        Conflict::NoProxyNotPortable { spellings, variable, .. } => {
            let what: Vec<&str> = spellings.iter().map(|spelling| self::spelling(*spelling)).collect();
            format!("{} has {}, which not every client understands", variable.name, listed(&what))
        }
        Conflict::NodeOptionsStore { is_of_node_alone, option, variable, .. } => {
            let of_node = match *option {
                "--use-openssl-ca" => "Node takes OpenSSL's folder for its own roots",
                _ => "Node trusts the system's store too",
            };
            let of_claude_code = match is_of_node_alone {
                true => "",
                false => ", and Claude Code the system's store in the place of its own roots",
            };
            format!("{} has {option}: {of_node}{of_claude_code}", variable.name)
        }
        Conflict::NotSet { names } => format!(
            "{} {} not set here: what is started from here does without",
            listed(names),
            if names.len() == 1 { "is" } else { "are" }
        ),
        Conflict::PassphraseEmpty { variable } => {
            format!("{} is set and empty, which every client takes for not set", variable.name)
        }
        Conflict::PassphraseTooLong { variable } => format!(
            "the passphrase in {} is longer than the {} bytes that clients take",
            variable.name,
            super::grouped(Passphrase::LONGEST as u64)
        ),
        Conflict::PassphraseTrailingNewline { variable } => format!(
            "the passphrase in {} ends in a line ending, which clients take for a part of it",
            variable.name
        ),
        Conflict::PathFifo(named) => {
            format!("{}, which is a pipe, a socket or a device: clients hang there", is(named))
        }
        Conflict::PathFolder(named) => format!("{}, which is a folder, and clients want a file", is(named)),
        Conflict::PathList(named) => {
            format!("{}: no client splits a list, and there is no such file", is(named))
        }
        Conflict::PathNotExpanded(named) => {
            format!("{}, and nobody expands `~`, `$NAME` or `%NAME%` there", is(named))
        }
        Conflict::PathQuoted(named) => {
            format!("{}: the quotes are a part of it, and lead nowhere", is(named))
        }
        Conflict::PathRelative { absolute: Some(_), named } => {
            format!("{}, which leads to a file from this folder alone", is(named))
        }
        Conflict::PathRelative { absolute: None, named } => {
            format!("{}, which is no absolute path and leads nowhere from this folder", is(named))
        }
        Conflict::PathStale(named) => format!("{}, and there is no such file", is(named)),
        Conflict::PathUseless { named, why, .. } => {
            format!("{}, and that does not work: {}", is(named), super::trouble(why))
        }
        Conflict::ProxyCaseDiffers { lower, upper } => {
            format!("{} and {upper} differ: some clients take the one, some the other", lower.name)
        }
        Conflict::ProxyPasswordNotEncoded { readings, variable } => {
            let clauses: Vec<String> = READINGS
                .into_iter()
                .filter_map(|reading| {
                    let whose = readings.iter().filter(|(_, other)| *other == reading);
                    let clients = choosers(&whose.map(|(who, _)| *who).collect::<Vec<_>>());
                    let names: Vec<&str> = clients.iter().map(|name| &**name).collect();
                    let predicate = self::reading(reading, clients.len() == 1);
                    (!clients.is_empty()).then(|| format!("{} {predicate}", listed(&names)))
                })
                .collect();
            format!(
                "user or password in {} holds a character that means something else in a URL (such as @ : / # ? % or a \
                 blank): {}",
                variable.name,
                clauses.join("; ")
            )
        }
        Conflict::ProxySchemeMissing { is_rest_whole: false, variable } => format!(
            "the address in {} does not begin with http:// or https://: not every client takes it for what is meant",
            variable.name
        ),
        Conflict::ProxySchemeMissing { is_rest_whole: true, variable } => format!(
            "the address in {} has no scheme such as http://: with most such addresses Claude Code ends without a word",
            variable.name
        ),
        Conflict::ProxySocks { variable } => {
            format!("{} names a SOCKS proxy, which Claude Code refuses", variable.name)
        }
        Conflict::ProxyUnusable { variable, why } => format!("the address in {} {why}", variable.name),
        Conflict::TlsVerificationOff { variable } => format!(
            "{}=0 turns off all verification in Node and Claude Code: anyone on the way can read and change everything",
            variable.name
        ),
    }
}

/// The next step.
pub fn fix(conflict: &Conflict) -> Option<String> {
    Some(match conflict {
        // The same value would be of no use there.
        Conflict::AllProxyIgnored { otherwise: Some(why), .. } => match &**why {
            Conflict::ProxySocks { .. } => fix(why)?,
            _ => format!("name the proxy in HTTPS_PROXY, {WRITTEN}"),
        },
        Conflict::AllProxyIgnored { otherwise: None, variable } => {
            in_place(*variable, "name the proxy in HTTPS_PROXY too", || {
                format!("`export HTTPS_PROXY=\"${}\"`", variable.name)
            })
        }
        Conflict::CertStoreExcludes { variable, .. } | Conflict::CertStoreUnknown { variable } => {
            in_place(*variable, "write \"bundled,system\" there, or take it out", || {
                format!("`export {}=bundled,system`, or `unset {}`", variable.name, variable.name)
            })
        }
        Conflict::ClockBehind { .. } | Conflict::ClockWrong { .. } => {
            clock(cfg!(target_os = "linux")).to_owned()
        }
        Conflict::CorporateOnly { family, is_configured, .. } => {
            let first = if *is_configured { "" } else { "`certman init` writes a certman.toml that knows the CAs; then " };
            format!(
                "{first}`eval \"$(certman env --for {})\"` sets it to the public roots and the company's",
                family.name()
            )
        }
        Conflict::Differs { .. } => EVALUATE.to_owned(),
        Conflict::IdentityIncomplete { missing, variable } => {
            in_place(*variable, &format!("set {missing} beside it, or take it out"), || {
                format!("`export {missing}=/PATH`; certificate and key belong together")
            })
        }
        Conflict::BaseUrlUnusable { variable } => {
            in_place(*variable, "write it as https://gateway.corp.example", || {
                format!("`export {}=\"https://${}\"`, or with http://", variable.name, variable.name)
            })
        }
        Conflict::GatewayNotProbed { host, .. } => {
            let address = host.as_ref().map(|host| quoted(&format!("http://{host}/")));
            format!("`curl -i {}` tells whether it answers", address?)
        }
        Conflict::NoProxyNotPortable { portable, variable, .. } => match portable {
            Some(list) if !variable.is_in_settings => {
                format!("`export NO_PROXY={} no_proxy={}`", quoted(list), quoted(list))
            }
            Some(list) => format!("write \"{}\" there", Foreign(list)),
            None => {
                "write hosts and domains with commas between them; proxy.no_proxy in certman.toml writes out ranges of up to 256 addresses"
                    .to_owned()
            }
        },
        Conflict::NodeOptionsStore { is_alone, is_of_node_alone, option, variable } => in_place(
            *variable,
            match is_of_node_alone {
                true => "take the option out",
                false => "take the option out: the roots of the system count anyway",
            },
            || match is_alone {
                true => format!("`unset {}`", variable.name),
                false => format!("take {option} out of {}", variable.name),
            },
        ),
        Conflict::NotSet { .. } => {
            "`eval \"$(certman env)\"`, or start the program with `certman run -- PROGRAM`".to_owned()
        }
        Conflict::PassphraseEmpty { variable } => in_place(*variable, "take it out", || format!("`unset {}`", variable.name)),
        Conflict::PassphraseTooLong { .. } => {
            "give the key a shorter one: `certman key encrypt --new-passphrase prompt`".to_owned()
        }
        Conflict::PassphraseTrailingNewline { variable } => {
            in_place(*variable, "take it out; `certman env` hands it on as it is", || {
                format!("`export {name}=\"$(printf %s \"${name}\")\"`", name = variable.name)
            })
        }
        Conflict::PathFifo(named) | Conflict::PathFolder(named) | Conflict::PathStale(named) => again(named),
        Conflict::PathUseless { certificate, named, why } => useful(named, certificate.as_deref(), why),
        Conflict::PathList(named) if named.name.starts_with("CLAUDE_CODE_CLIENT") => {
            format!("name one file: `export {}=/PATH`", named.name)
        }
        Conflict::PathList(named) => {
            let files: Vec<String> = files(&named.value, LIST_SEPARATOR).map(quoted).collect();
            format!("make one of them: `certman bundle {}`, then `eval \"$(certman env)\"`", files.join(" "))
        }
        Conflict::PathNotExpanded(named) => match expandable(&named.value) {
            Some(value) => format!("`export {}=\"{value}\"`", named.name),
            None => again(named),
        },
        Conflict::PathQuoted(named) => {
            format!("`export {}={}`", named.name, quoted(named.value.trim_matches(['"', '\''])))
        }
        Conflict::PathRelative { absolute: Some(path), named } => {
            format!("`export {}={}`", named.name, quoted(&path.to_string_lossy()))
        }
        Conflict::PathRelative { absolute: None, named } => again(named),
        Conflict::ProxyCaseDiffers { lower, upper } => {
            in_place(*lower, "give both the same value, or take one out", || {
                format!("`export {upper}=\"${}\"`, if that one is right", lower.name)
            })
        }
        Conflict::ProxyPasswordNotEncoded { .. } => {
            "write %40 for @, %3A for :, %2F for /, %23 for #, %3F for ?, %25 for %, %5C for \\ and %20 for a blank; with \
             proxy.https and proxy.username in certman.toml, `certman proxy remember` stores it, and `eval \"$(certman env)\"` \
             encodes it"
                .to_owned()
        }
        Conflict::ProxySchemeMissing { is_rest_whole: false, .. } => format!("write it {WRITTEN}"),
        Conflict::ProxySchemeMissing { is_rest_whole: true, variable } => in_place(*variable, "write http:// before it", || {
            format!("`export {name}=\"http://${name}\"`", name = variable.name)
        }),
        Conflict::ProxySocks { .. } => {
            "ask for the address of an HTTP proxy, or let a helper such as privoxy speak HTTP here and SOCKS to the other side"
                .to_owned()
        }
        Conflict::ProxyUnusable { why, .. } => why.hint().to_owned(),
        Conflict::TlsVerificationOff { variable } => {
            let in_settings =
                "take it out, and trust the company's CAs by `certman settings apply`, which wants a certman.toml as \
                 `certman init` writes it";
            in_place(*variable, in_settings, || {
                format!("`unset {}`; what is not trusted then is told by `certman doctor`", variable.name)
            })
        }
    })
}

/// What a variable of a path is.
fn is(named: &Named) -> String {
    format!("{} is '{}'", named.name, Foreign(&named.value))
}

/// A next step for a settings file, or one to paste for the environment.
fn in_place(variable: Variable, in_settings: &str, here: impl FnOnce() -> String) -> String {
    if variable.is_in_settings { in_settings.to_owned() } else { here() }
}

/// How a path comes right: by the configuration, where that has one.
fn again(named: &Named) -> String {
    if named.is_configured {
        EVALUATE.to_owned()
    } else if named.name.starts_with("CLAUDE_CODE_CLIENT") {
        // Without it no certificate is shown, and nothing says so.
        format!("name the file that is meant: `export {}=/PATH`", named.name)
    } else {
        format!("`unset {}`, or name another file", named.name)
    }
}

/// How a path comes to lead to what is meant: without the variable most clients would go on and say nothing, while the server that
/// wants a certificate gets none.
fn useful(named: &Named, certificate: Option<&str>, why: &Trouble) -> String {
    let name = named.name;
    let is_of_client = name.starts_with("CLAUDE_CODE_CLIENT");
    let check = || {
        let certificate = certificate.map(|path| format!(" --cert {}", quoted(path))).unwrap_or_default();
        format!("certman key check{certificate} --key {}", quoted(&named.value))
    };
    match why {
        _ if named.is_configured => EVALUATE.to_owned(),
        Trouble::NoPassphrase | Trouble::PassphraseWrong => format!(
            "find the passphrase that opens it by `{} --passphrase prompt`, then set {PASSPHRASE} to that",
            check()
        ),
        Trouble::KeyMismatch => format!(
            "`export CLAUDE_CODE_CLIENT_CERT=/PATH` with the certificate that was issued for this key, which has to stand first \
             in its file; `{}` tells of both",
            check()
        ),
        Trouble::BundleUnloadable(_) if name == "NODE_EXTRA_CA_CERTS" => format!(
            "make one of it that every client loads: `certman bundle {}`, then `eval \"$(certman env)\"`",
            quoted(&named.value)
        ),
        Trouble::NoCertificate | Trouble::NoKey(_) if is_of_client => format!(
            "`certman inspect {}` tells what is in the file; then `export {name}=/PATH` with the right one",
            quoted(&named.value)
        ),
        _ => again(named),
    }
}

fn clock(has_timedatectl: bool) -> &'static str {
    if has_timedatectl {
        "set the clock: `sudo timedatectl set-ntp true`"
    } else {
        "set the clock, best by letting this system take the time from the network"
    }
}

/// The files of a list, by the sign that stands between paths on a system.
fn files(list: &str, separator: char) -> impl Iterator<Item = &str> {
    list.split(separator).filter(|file| !file.is_empty())
}

/// A path that the shell expands between double quotes; none where something else would happen there.
fn expandable(value: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-$~{} ".contains(c);
    let is_safe =
        value.chars().all(is_plain) && !value.contains("${") && !value.chars().skip(1).any(|c| c == '~');
    let value = match value.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("$HOME{rest}"),
        Some(_) => return None,
        None => value.to_owned(),
    };
    is_safe.then_some(value)
}

/// A text that `sh` takes as it is, safe to print.
pub(super) fn quoted(text: &str) -> String {
    Foreign(String::from_utf8_lossy(&shell::word(Shell::Sh, text.as_bytes()))).to_string()
}

/// The names of clients; of Node one, where both its ways are there.
fn choosers(all: &[Chooser]) -> Vec<String> {
    let has_both = [Chooser::NodeFetch, Chooser::NodeHttps].iter().all(|one| all.contains(one));
    let shown = all.iter().filter(|one| !(has_both && **one == Chooser::NodeHttps));
    let name = |one: &Chooser| match one {
        Chooser::NodeFetch if has_both => one.client().to_string(),
        other => other.to_string(),
    };
    shown.map(name).collect()
}

fn reading(reading: Reading, is_one: bool) -> &'static str {
    match (reading, is_one) {
        (Reading::AsMeant, true) => "takes it as it is meant",
        (Reading::AsMeant, false) => "take it as it is meant",
        (Reading::Elsewhere, true) => "takes a part of it for the name of the proxy, which goes to DNS",
        (Reading::Elsewhere, false) => "take a part of it for the name of the proxy, which goes to DNS",
        (Reading::Fails, true) => "refuses the address",
        (Reading::Fails, false) => "refuse the address",
        (Reading::PassesOver, true) => "passes over the variable",
        (Reading::PassesOver, false) => "pass over the variable",
        (Reading::WithoutUser, true) => "sends no password, or another one",
        (Reading::WithoutUser, false) => "send no password, or another one",
    }
}

fn spelling(spelling: Spelling) -> &'static str {
    match spelling {
        Spelling::Blank => "blanks",
        Spelling::Everything => "a `*` among others",
        Spelling::Range => "a range of addresses",
        Spelling::Semicolon => "semicolons",
        Spelling::Star => "`*.` before a domain",
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// In the order in which they are told, the worst first.
const READINGS: [Reading; 5] =
    [Reading::Elsewhere, Reading::Fails, Reading::WithoutUser, Reading::PassesOver, Reading::AsMeant];
/// How the address of a proxy is written.
const WRITTEN: &str = "as http://proxy.corp.example:8080, or as http://user:password@proxy.corp.example:8080 with user and password percent-encoded";
const EVALUATE: &str = "`eval \"$(certman env)\"` sets what the configuration says";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_expands_and_runs_nothing_is_proposed_between_double_quotes() {
        for (value, expected) in [
            ("~", Some("$HOME")),
            ("~/a b.pem", Some("$HOME/a b.pem")),
            ("$HOME/a.pem", Some("$HOME/a.pem")),
            ("/home/$USER/a.pem", Some("/home/$USER/a.pem")),
            ("~bob/a.pem", None),
            ("~/a~.pem", None),
            ("~/$(id).pem", None),
            ("~/`id`.pem", None),
            ("~/\"; id; \"", None),
            ("${x:=/tmp}/a", None),
            ("~/a\\b", None),
            ("ä$HOME", None),
            ("%USERPROFILE%/a", None),
        ] {
            assert_eq!(expandable(value).as_deref(), expected, "{value}");
        }
    }

    /// Noticed while reading: on Windows a list was known by `;`, and split at the colon of the drive.
    #[test]
    fn a_list_is_split_where_this_system_splits_it() {
        let split = |list, separator| files(list, separator).collect::<Vec<_>>();
        assert_eq!(split(r"C:\certs\a.pem;D:\b.pem;", ';'), [r"C:\certs\a.pem", r"D:\b.pem"]);
        assert_eq!(split("/a.pem::/b;c.pem", ':'), ["/a.pem", "/b;c.pem"]);
        let value = ["a.pem", "b.pem"].join(&LIST_SEPARATOR.to_string()).into();
        let list = Conflict::PathList(Named { is_configured: false, name: "NODE_EXTRA_CA_CERTS", value });
        assert!(fix(&list).unwrap().contains("`certman bundle a.pem b.pem`"));
    }

    #[test]
    fn the_clock_is_set_by_a_command_where_that_is_there() {
        assert!(clock(true).contains("`sudo timedatectl"));
        assert!(!clock(false).contains('`'));
    }

    #[test]
    fn what_stands_in_a_settings_file_is_not_mended_by_an_export() {
        for is_in_settings in [false, true] {
            let variable = Variable { is_in_settings, name: "HTTPS_PROXY" };
            for conflict in [
                Conflict::AllProxyIgnored { otherwise: None, variable },
                Conflict::CertStoreExcludes { excluded: Excluded::Bundled, variable },
                Conflict::NodeOptionsStore {
                    is_alone: true,
                    is_of_node_alone: false,
                    option: "--use-system-ca",
                    variable,
                },
                Conflict::PassphraseEmpty { variable },
                Conflict::PassphraseTrailingNewline { variable },
                Conflict::ProxyCaseDiffers { lower: variable, upper: "HTTPS_PROXY" },
                Conflict::ProxySchemeMissing { is_rest_whole: true, variable },
                Conflict::TlsVerificationOff { variable },
            ] {
                let fix = fix(&conflict).unwrap();
                let is_for_shell = fix.contains("export") || fix.contains("unset");
                assert_eq!(is_for_shell, !is_in_settings, "{fix}");
            }
        }
    }
}
