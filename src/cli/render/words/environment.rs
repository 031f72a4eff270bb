//! What is odd about variables, in words.

use crate::doctor::environment::{Conflict, Excluded, Named, Spelling, Variable};
use crate::pki::name::Foreign;
use crate::secret::Passphrase;
use crate::shell::{self, Shell};

/// The sentence.
pub fn message(conflict: &Conflict) -> String {
    match conflict {
        Conflict::AllProxyIgnored { variable } => {
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
        Conflict::GatewayNotProbed { host, variable } => format!(
            "{} leads to {} by plain HTTP: there is no TLS to look at, so that is not probed, and api.anthropic.com counts as optional",
            variable.name,
            host.as_deref().map_or("a host".to_owned(), |host| format!("'{}'", Foreign(host)))
        ),
        Conflict::NoProxyNotPortable { spellings, variable, .. } => {
            let what: Vec<&str> = spellings.iter().map(|spelling| self::spelling(*spelling)).collect();
            format!("{} has {}, which not every client understands", variable.name, listed(&what))
        }
        Conflict::NodeOptionsStore { option, variable, .. } => {
            let store = if *option == "--use-openssl-ca" { "OpenSSL's folder" } else { "the system's store" };
            format!(
                "{} has {option}: Node and Claude Code trust {store} in the place of their own roots",
                variable.name
            )
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
        Conflict::PathUseless { named, why } => {
            format!("{}, and that does not work: {}", is(named), super::trouble(why))
        }
        Conflict::ProxyCaseDiffers { lower, upper } => {
            format!("{} and {upper} differ: some clients take the one, some the other", lower.name)
        }
        Conflict::ProxyPasswordNotEncoded { variable } => format!(
            "user or password in {} holds a character that means something else in a URL (such as @ : / # % or a blank): a \
             part of it goes to DNS as a host name",
            variable.name
        ),
        Conflict::ProxySchemeMissing { variable } => format!(
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
        Conflict::AllProxyIgnored { variable } => {
            in_place(*variable, "name the proxy in HTTPS_PROXY too", || {
                format!("`export HTTPS_PROXY=\"${}\"`", variable.name)
            })
        }
        Conflict::CertStoreExcludes { variable, .. } => {
            in_place(*variable, "write \"bundled,system\" there, or take it out", || {
                format!("`export {}=bundled,system`, or `unset {}`", variable.name, variable.name)
            })
        }
        Conflict::ClockBehind { .. } | Conflict::ClockWrong { .. } => {
            "set the clock: `sudo timedatectl set-ntp true`".to_owned()
        }
        Conflict::CorporateOnly { family, .. } => format!(
            "`eval \"$(certman env --for {})\"` sets it to the public roots and the company's",
            family.name()
        ),
        Conflict::Differs { .. } => EVALUATE.to_owned(),
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
        Conflict::NodeOptionsStore { is_alone, option, variable } => in_place(
            *variable,
            "take the option out: the roots of the system count anyway",
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
        Conflict::PathUseless { named, .. } => again(named),
        Conflict::PathList(named) if named.name.starts_with("CLAUDE_CODE_CLIENT") => {
            format!("name one file: `export {}=/PATH`", named.name)
        }
        Conflict::PathList(named) => {
            let files: Vec<String> = named.value.split(':').filter(|file| !file.is_empty()).map(quoted).collect();
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
            "store it with `certman proxy remember`, and `eval \"$(certman env)\"` encodes it".to_owned()
        }
        Conflict::ProxySchemeMissing { variable } => in_place(*variable, "write http:// before it", || {
            format!("`export {name}=\"http://${name}\"`", name = variable.name)
        }),
        Conflict::ProxySocks { .. } => {
            "ask for the address of an HTTP proxy, or let a helper such as privoxy speak HTTP here and SOCKS to the other side"
                .to_owned()
        }
        Conflict::ProxyUnusable { why, .. } => why.hint().to_owned(),
        Conflict::TlsVerificationOff { variable } => {
            in_place(*variable, "take it out, and trust the company's CAs by `certman settings apply`", || {
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
    } else {
        format!("`unset {}`, or name another file", named.name)
    }
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
fn quoted(text: &str) -> String {
    Foreign(String::from_utf8_lossy(&shell::word(Shell::Sh, text.as_bytes()))).to_string()
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

    #[test]
    fn what_stands_in_a_settings_file_is_not_mended_by_an_export() {
        for is_in_settings in [false, true] {
            let variable = Variable { is_in_settings, name: "HTTPS_PROXY" };
            for conflict in [
                Conflict::AllProxyIgnored { variable },
                Conflict::CertStoreExcludes { excluded: Excluded::Bundled, variable },
                Conflict::NodeOptionsStore { is_alone: true, option: "--use-system-ca", variable },
                Conflict::PassphraseEmpty { variable },
                Conflict::PassphraseTrailingNewline { variable },
                Conflict::ProxyCaseDiffers { lower: variable, upper: "HTTPS_PROXY" },
                Conflict::ProxySchemeMissing { variable },
                Conflict::TlsVerificationOff { variable },
            ] {
                let fix = fix(&conflict).unwrap();
                let is_for_shell = fix.contains("export") || fix.contains("unset");
                assert_eq!(is_for_shell, !is_in_settings, "{fix}");
            }
        }
    }
}
