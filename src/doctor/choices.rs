//! What the clients make of the variables of the proxy, host by host: where they do not agree, and what none of them can use. Pure.

use crate::clients::choice::{Choice, Chooser, Destination, Failure, Reason, Variables, Way, choose};
use crate::report::Severity;

/// A destination, and the way of every client to it.
#[derive(Debug)]
pub struct Considered {
    /// In the order of [`Chooser::ALL`].
    pub choices: Vec<(Chooser, Choice)>,
    /// Where the way leads.
    pub destination: Destination,
}

impl Considered {
    /// Asks all clients.
    pub fn of(destination: Destination, variables: &Variables<'_>) -> Self {
        let choices = Chooser::ALL.map(|chooser| (chooser, choose(chooser, variables, &destination)));
        Self { choices: choices.into(), destination }
    }

    /// Whether not all take the same way.
    pub fn differs(&self) -> bool {
        self.choices.windows(2).any(|pair| pair[0].1.differs_from(&pair[1].1))
    }

    /// Whether this way is that of the other environment for everyone who looks at the variables; the credentials do not matter.
    fn leads_as(&self, other: &Self) -> bool {
        self.choices.iter().zip(&other.choices).all(|((_, one), (_, other))| {
            one.because == Reason::NotAsked
                || match (&one.way, &other.way) {
                    (Way::Proxy(one), Way::Proxy(other)) => one.is_at(other),
                    _ => !one.differs_from(other),
                }
        })
    }
}

/// Something about the variables of the proxy that is worth saying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dissent {
    /// The clients take different ways to a host; of Node that it is not told is a matter of its own.
    Differs {
        /// The host and the port.
        host: Box<str>,
        /// Whether an entry of the list is why; otherwise it is the spelling of a variable.
        is_list: bool,
        /// The ways.
        ways: Box<[Party]>,
    },
    /// The environment leads to these hosts in another way than the configuration would.
    NotAsConfigured {
        /// The hosts and their ports.
        hosts: Box<[Box<str>]>,
    },
    /// There are variables, and Node does not look at them.
    NotTold,
    /// Some clients can do nothing with the value of a variable.
    Unusable {
        /// Who.
        by: Box<[Chooser]>,
        /// Why.
        failure: Failure,
        /// Its name.
        variable: &'static str,
    },
}

/// Clients that take the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Who.
    pub by: Box<[Chooser]>,
    /// The way, for people.
    pub way: Box<str>,
}

impl Dissent {
    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Differs { .. } => "proxy-choice-differs",
            Self::NotAsConfigured { .. } => "proxy-not-as-configured",
            Self::NotTold => "proxy-node-not-told",
            Self::Unusable { .. } => "proxy-address-refused",
        }
    }

    /// How bad it is.
    pub fn default_severity(&self) -> Severity {
        match self {
            Self::Differs { .. } | Self::NotAsConfigured { .. } | Self::NotTold | Self::Unusable { .. } => {
                Severity::Warning
            }
        }
    }
}

/// What there is to say about these, each thing once.
pub fn dissents(all: &[Considered]) -> Vec<Dissent> {
    let mut dissents = Vec::new();
    let choices = || all.iter().flat_map(|one| &one.choices);
    if choices().any(|(_, choice)| choice.because == Reason::NotAsked) {
        dissents.push(Dissent::NotTold);
    }
    for (chooser, choice) in choices() {
        let (Way::Fails(why), Some(name)) = (&choice.way, choice.decided_by) else { continue };
        let known = dissents.iter_mut().find_map(|dissent| match dissent {
            Dissent::Unusable { by, failure, variable } if failure == why && *variable == name => Some(by),
            _ => None,
        });
        match known {
            Some(by) if by.contains(chooser) => {}
            Some(by) => *by = by.iter().copied().chain([*chooser]).collect(),
            None => dissents.push(Dissent::Unusable { by: [*chooser].into(), failure: *why, variable: name }),
        }
    }
    dissents.extend(all.iter().filter_map(difference));
    dissents
}

fn difference(considered: &Considered) -> Option<Dissent> {
    let mut ways: Vec<(Vec<Chooser>, &Choice)> = Vec::new();
    let asked = considered.choices.iter().filter(|(_, choice)| choice.because != Reason::NotAsked);
    for (chooser, choice) in asked.clone() {
        match ways.iter_mut().find(|(_, known)| !known.differs_from(choice)) {
            Some((choosers, _)) => choosers.push(*chooser),
            None => ways.push((vec![*chooser], choice)),
        }
    }
    let is_list = asked
        .clone()
        .any(|(_, choice)| matches!(choice.because, Reason::Exempt { .. } | Reason::ExemptInPart { .. }));
    (ways.len() > 1).then(|| Dissent::Differs {
        host: considered.destination.to_string().into(),
        is_list,
        ways: ways
            .into_iter()
            .map(|(by, choice)| Party { by: by.into(), way: choice.way.to_string().into() })
            .collect(),
    })
}

/// Where the environment leads another way than the configuration would; none where it does not.
pub fn departure(environment: &[Considered], configured: &[Considered]) -> Option<Dissent> {
    let differing = environment.iter().zip(configured).filter(|(one, other)| !one.leads_as(other));
    let hosts: Box<[Box<str>]> = differing.map(|(one, _)| one.destination.to_string().into()).collect();
    (!hosts.is_empty()).then_some(Dissent::NotAsConfigured { hosts })
}

/// The hosts without which Claude Code does not work (CLIENTS.md, where values come from, rule 4).
pub const REQUIRED: [&str; 3] = ["api.anthropic.com", "claude.ai", "platform.claude.com"];

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn considered(variables: &[(&'static str, &'static str)], host: &str) -> Considered {
        let value =
            |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsStr::new(value));
        Considered::of(host.parse().unwrap(), &Variables::from_lookup(value))
    }

    fn codes(variables: &[(&'static str, &'static str)]) -> Vec<&'static str> {
        let all = [considered(variables, "a.corp.example"), considered(variables, "b.corp.example")];
        dissents(&all).iter().map(Dissent::code).collect()
    }

    #[test]
    fn each_thing_is_said_once_and_nothing_where_all_agree() {
        let proxy = "http://proxy:8080";
        let both = ("https_proxy", proxy);
        assert_eq!(codes(&[]), Vec::<&str>::new());
        assert_eq!(codes(&[both]), ["proxy-node-not-told"]);
        let told = ("NODE_USE_ENV_PROXY", "1");
        assert_eq!(codes(&[both, told]), Vec::<&str>::new());
        assert_eq!(codes(&[("http_proxy", proxy), told]), ["proxy-choice-differs"; 2]);
        assert_eq!(
            codes(&[("https_proxy", "10.1.2.3:8080"), told]),
            ["proxy-address-refused", "proxy-choice-differs", "proxy-choice-differs"]
        );
        assert_eq!(
            codes(&[both, told, ("no_proxy", "a.corp.example b.corp.example")]),
            ["proxy-choice-differs"; 2]
        );
    }

    #[test]
    fn credentials_and_a_node_that_does_not_look_are_no_departure() {
        let here = [considered(&[("https_proxy", "http://alice:pw@proxy:8080")], "x.example")];
        let there = [considered(&[("HTTPS_PROXY", "http://alice:other@proxy:8080")], "x.example")];
        assert_eq!(departure(&here, &there), None);
        let there = [considered(&[("HTTPS_PROXY", "http://proxy:8081")], "x.example")];
        let hosts = ["x.example:443".into()].into();
        assert_eq!(departure(&here, &there), Some(Dissent::NotAsConfigured { hosts }));
    }
}
