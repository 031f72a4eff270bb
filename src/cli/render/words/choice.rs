//! Which way clients take to a host, in words.

use super::listed;
use crate::clients::choice::{Choice, Failure, Reason, Way};
use crate::doctor::choices::Dissent;
use crate::pki::name::Foreign;

/// Why a client takes this way: what stands behind it in the table.
pub fn because(choice: &Choice) -> String {
    let variable = choice.decided_by.unwrap_or_default();
    match (&choice.because, &choice.way) {
        (Reason::Exempt { entry }, _) => format!("{variable} has '{}'", Foreign(entry)),
        (Reason::ExemptInPart { entry }, _) => {
            format!("{variable}, since the Bun inside does not find '{}' in the list", Foreign(entry))
        }
        (Reason::Named, Way::Fails(failure)) => format!("{variable} {}", has(*failure)),
        (Reason::Named, _) => variable.to_owned(),
        (Reason::NotAsked, _) => format!("{variable} is not 1"),
        (Reason::PassedOver, _) => format!("{variable} is passed over"),
        (Reason::Unset, _) => "no variable that it looks at is set".to_owned(),
    }
}

fn has(failure: Failure) -> &'static str {
    match failure {
        Failure::Encoding => "has a percent sign that encodes nothing",
        Failure::NoPassword => "has a user without a password",
        Failure::NoScheme => "has no scheme",
        Failure::NotAnAddress => "is no address",
        Failure::OtherScheme => "has another scheme than http and https",
        Failure::Path => "has something behind host and port",
        Failure::Port => "has a port that is none",
        Failure::Socks => "names a SOCKS proxy",
    }
}

/// The sentence.
pub fn message(dissent: &Dissent) -> String {
    match dissent {
        Dissent::Differs { host, ways, .. } => {
            let ways = ways.iter().map(|party| format!("{} {}", listed(&party.by), Foreign(&party.way)));
            format!(
                "the clients do not take the same way to '{host}': {}",
                ways.collect::<Vec<_>>().join("; ")
            )
        }
        Dissent::NotAsConfigured { hosts } => {
            let hosts: Vec<String> = hosts.iter().map(|host| format!("'{host}'")).collect();
            format!("the environment does not lead to {} as certman.toml does", listed(&hosts))
        }
        Dissent::NotTold => {
            "Node goes around the proxy: it looks at the variables only where NODE_USE_ENV_PROXY is 1"
                .to_owned()
        }
        Dissent::Unusable { by, failure, variable } => {
            format!("{variable} {}: nothing that {} can use", has(*failure), listed(by))
        }
    }
}

/// The next step.
pub fn fix(dissent: &Dissent) -> Option<String> {
    Some(
        match dissent {
            Dissent::Differs { is_list: true, .. } => {
                "write the list with commas, each domain both as x and as .x, in NO_PROXY and in no_proxy, as `certman env` does"
            }
            Dissent::Differs { .. } => {
                "set HTTPS_PROXY and HTTP_PROXY in capital and in small letters, as `certman env` does where there is a [proxy]"
            }
            Dissent::NotAsConfigured { .. } => {
                "set the variables again with `eval \"$(certman env)\"`, or start the program with `certman run`"
            }
            Dissent::NotTold => {
                "`export NODE_USE_ENV_PROXY=1`, as `eval \"$(certman env --for claude,node)\"` does where certman.toml has a [proxy]"
            }
            Dissent::Unusable { failure, .. } => match failure {
                Failure::Encoding | Failure::NotAnAddress => {
                    "write it as http://user:password@proxy.corp.example:8080, with every sign of user and password percent-encoded, or let `certman env` do that"
                }
                Failure::NoPassword => {
                    "put the password behind the user, or let `certman env` take it from the keyring"
                }
                Failure::NoScheme => {
                    "write http:// before it: Claude Code ends without a word where it is missing, and Node does not start"
                }
                Failure::OtherScheme => "write http:// before it, or https:// where the proxy itself speaks TLS",
                Failure::Path => "leave away what stands behind the port",
                Failure::Port => "write a port from 1 to 65535",
                Failure::Socks => {
                    "ask for the address of an HTTP proxy, or let a helper such as privoxy speak HTTP here and SOCKS to the other side"
                }
            },
        }
        .to_owned(),
    )
}
