//! What stands between a client and a host, in words.

use std::path::Path;

use super::environment::quoted;
use super::{counted, day, listed};
use crate::clients::Client;
use crate::clients::choice::Failure as Unusable;
use crate::doctor::inspectors::Inspector;
use crate::doctor::obstacle::{Named, Obstacle};
use crate::doctor::reach::{Distrust, Missing, RootSet};
use crate::pki::name::Foreign;
use crate::pki::path::Forbidden;
use crate::sys::net::probe::{Failure, StepKind};

/// The sentence about these hosts.
pub fn message(hosts: &[Box<str>], obstacle: &Obstacle) -> String {
    let host = Foreign(hosts.join(", "));
    match obstacle {
        Obstacle::AnsweredOtherwise { in_its_place: true, server, status, title } => format!(
            "{host}: whoever opens TLS on the way answers in the place of the host, with status {status}{}",
            said(title.as_deref(), server.as_deref())
        ),
        Obstacle::AnsweredOtherwise { in_its_place: false, server, status, title } => {
            format!(
                "{host}: the host answers with status {status}{}",
                said(title.as_deref(), server.as_deref())
            )
        }
        Obstacle::AnswerTooLarge { step, what } => {
            format!("{host}: {} sends more {what} than anybody reads", other_side(*step))
        }
        Obstacle::Blocked { through_proxy } => {
            let way = if *through_proxy { " through the proxy" } else { "" };
            format!(
                "{host}: the connection{way} was cut as soon as the name of the host was said in TLS; a filter does that"
            )
        }
        Obstacle::CertExpired { is_served: true, not_after, subject } => {
            format!(
                "{host}: its certificate chain is past its end: '{subject}' expired on {}",
                day(*not_after)
            )
        }
        Obstacle::CertExpired { is_served: false, not_after, subject } => {
            format!(
                "{host}: its chain leads to '{subject}', which the bundle or the trust store has as it expired on {}",
                day(*not_after)
            )
        }
        Obstacle::CertNotYetValid { subject } => {
            format!("{host}: by this machine's clock the certificate of '{subject}' is not valid yet")
        }
        Obstacle::CertUnusable { why } => {
            format!("{host}: Claude Code does not take its certificate: {}", distrust(why))
        }
        Obstacle::CertWrongName { subject } => {
            format!("{host}: the certificate is for somebody else: '{subject}'")
        }
        Obstacle::ChainIncomplete { at_hand: true, missing, .. } => format!(
            "{host}: the server leaves out the certificate of its issuer '{}'; the bundle has it, so clients that read the \
             bundle get through",
            missing.issuer
        ),
        Obstacle::ChainIncomplete { at_hand: false, missing, .. } => format!(
            "{host}: the server sends its own certificate alone, and that of its issuer '{}' is neither in the bundle nor \
             in the trust store{}",
            missing.issuer,
            offered(missing)
        ),
        Obstacle::ChainUntrusted {
            missing: Missing { is_own: true, issuer, root: Some(fingerprint), .. },
            ..
        } => {
            format!(
                "{host}: the server's certificate '{issuer}' is signed by itself, and neither the bundle nor the trust store \
                 has it; its SHA-256 is {fingerprint}"
            )
        }
        Obstacle::ChainUntrusted { by, missing: Missing { issuer, root: Some(fingerprint), .. }, .. } => {
            format!(
                "{host}: the chain ends at the root '{}', which neither the bundle nor the trust store has{}; its SHA-256 is {}",
                issuer,
                inspector(*by),
                fingerprint
            )
        }
        Obstacle::ChainUntrusted { by, missing, .. } => format!(
            "{host}: the chain leads to '{}', and that certificate is neither in the bundle nor in the trust store{}{}",
            missing.issuer,
            offered(missing),
            inspector(*by)
        ),
        Obstacle::ChainUntrustedByClient { by, root, trusted_by, .. } => format!(
            "{host}: the chain leads to '{root}', which only {} has, and Claude Code does not go by that{}",
            root_set(*trusted_by),
            inspector(*by)
        ),
        Obstacle::ClientCertRefused { alert, is_issuer_accepted, .. } => {
            let reason = alert.map(|number| format!(" ({})", alert_name(number))).unwrap_or_default();
            let issuer = match is_issuer_accepted {
                Some(false) => "; none of its issuers is among those that the server takes",
                Some(true) => "; its issuer is among those that the server takes",
                None => "",
            };
            format!("{host}: the server does not take the client certificate{reason}{issuer}")
        }
        Obstacle::ClientCertRequired { has_identity, issuers, .. } => {
            let from = match &issuers[..] {
                [] => String::new(),
                [one] => format!(", issued by '{one}'"),
                [one, rest @ ..] => {
                    format!(", issued by '{one}' or {}", counted(rest.len(), "other issuer"))
                }
            };
            let ours =
                if *has_identity { "the one that is named cannot be used" } else { "none is configured" };
            format!("{host}: the server wants a client certificate{from}, and {ours}")
        }
        Obstacle::ClientsDiffer { refusing, .. } => {
            let mut reasons: Vec<(String, Vec<_>)> = Vec::new();
            for (client, why) in refusing {
                let why = distrust(why);
                match reasons.iter_mut().find(|(known, _)| *known == why) {
                    Some((_, clients)) => clients.push(*client),
                    None => reasons.push((why, vec![*client])),
                }
            }
            let reasons: Vec<String> =
                reasons.iter().map(|(why, clients)| format!("{} not: {why}", listed(clients))).collect();
            format!("{host}: Claude Code gets through; {}", reasons.join("; "))
        }
        Obstacle::Intercepted { by, root } => format!(
            "{host}: TLS is opened on the way{}: the chain leads to '{root}', which is no public root and is trusted here",
            inspector(*by)
        ),
        Obstacle::IssuerFetched { address, fingerprint, is_enough, issuer, not_after, subject } => format!(
            "{host}: '{}' has the certificate of '{subject}', issued by '{issuer}' and valid until {}; its SHA-256 is \
             {fingerprint}{}",
            Foreign(address),
            day(*not_after),
            if *is_enough { "; with it the chain is complete" } else { "" }
        ),
        Obstacle::IssuerNotFetched { address, why } => {
            format!(
                "{host}: the missing certificate cannot be had from '{}': {}",
                Foreign(address),
                Foreign(why)
            )
        }
        Obstacle::LookupFailed { failure: Failure::NoAddress, is_proxy: false } => {
            format!("{host}: this machine's name server knows no such name")
        }
        Obstacle::LookupFailed { failure, is_proxy: false } => {
            format!("{host}: the name cannot be looked up: {}", in_words(failure))
        }
        Obstacle::LookupFailed { failure: Failure::NoAddress, is_proxy: true } => {
            format!("{host}: the name of the proxy has no address")
        }
        Obstacle::LookupFailed { failure, is_proxy: true } => {
            format!("{host}: the name of the proxy cannot be looked up: {}", in_words(failure))
        }
        Obstacle::NotAsked => {
            format!(
                "{host}: not asked for: the proxy has not answered in time for another host, and is told a password once"
            )
        }
        Obstacle::NotTls { is_proxy: false, start } => {
            format!("{host}: what answers there does not speak TLS{}", spoken(start))
        }
        Obstacle::NotTls { is_proxy: true, start } => {
            format!("{host}: the proxy does not speak TLS{}", spoken(start))
        }
        Obstacle::PostQuantumBlocked => format!(
            "{host}: TLS works only without the large post-quantum key share that current clients send first; something on \
             the way stumbles over it"
        ),
        Obstacle::ProxyAddressUnusable { variable, why } => {
            format!("{host}: Claude Code can do nothing with the proxy in {variable}: {}", unusable(*why))
        }
        Obstacle::ProxyCredentialsMissing => {
            format!("{host}: the proxy wants a user and a password (407), and is told none")
        }
        Obstacle::ProxyCredentialsRefused => {
            format!("{host}: the proxy does not take the user and the password that it is told")
        }
        Obstacle::ProxyNotHttp { start } => {
            format!("{host}: what answers at the address of the proxy is no HTTP proxy{}", spoken(start))
        }
        Obstacle::ProxyRefused { server, status: status @ 500.., title } => format!(
            "{host}: the proxy cannot connect, with status {status}{}",
            said(title.as_deref(), server.as_deref())
        ),
        Obstacle::ProxyRefused { server, status, title } => format!(
            "{host}: the proxy refuses to connect, with status {status}{}",
            said(title.as_deref(), server.as_deref())
        ),
        Obstacle::ProxySchemeUnsupported { schemes } => {
            let schemes: Vec<String> = schemes.iter().map(|scheme| scheme_name(scheme)).collect();
            format!(
                "{host}: the proxy wants {} (407), which Claude Code does not support",
                Foreign(schemes.join(" or "))
            )
        }
        Obstacle::ProxyUntrusted { why } => {
            format!("{host}: the certificate of the proxy itself is not trusted: {}", distrust(why))
        }
        Obstacle::TimedOut { step, through_proxy } => {
            let way = if *through_proxy { ", through the proxy" } else { "" };
            format!("{host}: no answer in time, while waiting for {}{way}", step_name(*step))
        }
        Obstacle::TlsFailed { failure, is_proxy: false } => {
            format!("{host}: the TLS handshake failed: {}", in_words(failure))
        }
        Obstacle::TlsFailed { failure, is_proxy: true } => {
            format!("{host}: the TLS handshake with the proxy failed: {}", in_words(failure))
        }
        Obstacle::TlsUndecided { alert } => format!(
            "{host}: whether clients get through cannot be told: the server has no cipher or group in common with certman, \
             which offers fewer than they do ({})",
            alert_name(*alert)
        ),
        Obstacle::TlsTooOld { is_proxy } => {
            let who = if *is_proxy { "the proxy" } else { "the server" };
            format!("{host}: {who} speaks TLS 1.1 or older only, which no current client does")
        }
        Obstacle::Unreachable { failure, is_proxy: false } => {
            format!("{host}: cannot be connected to: {}", in_words(failure))
        }
        Obstacle::Unreachable { failure, is_proxy: true } => {
            format!("{host}: the proxy cannot be connected to: {}", in_words(failure))
        }
        Obstacle::Unfinished { failure, step } => {
            format!(
                "{host}: the connection ended while waiting for {}: {}",
                step_name(*step),
                in_words(failure)
            )
        }
    }
}

/// The next step.
pub fn fix(hosts: &[Box<str>], obstacle: &Obstacle) -> Option<String> {
    // In a command, where one probe tells as much as all of them, but for what is asked for from the help desk.
    let all = Foreign(hosts.join(" and "));
    let host = Foreign(hosts.first().map(|host| &**host).unwrap_or_default());
    Some(match obstacle {
        Obstacle::AnsweredOtherwise { in_its_place: true, .. } => {
            format!("ask the help desk to allow {all} in what inspects TLS")
        }
        Obstacle::AnsweredOtherwise { .. } => "try again later; if it stays so, whoever runs it must mend it".into(),
        Obstacle::AnswerTooLarge { .. } | Obstacle::Unfinished { .. } => {
            "see whether another network gives the same, and tell the help desk".into()
        }
        Obstacle::Blocked { .. } => format!("ask the help desk to let {all} through the firewall"),
        Obstacle::CertExpired { is_served: false, .. } => {
            "look at this machine's clock; if that is right, ask the help desk for the renewed certificate, and add it with \
             `certman bundle --add FILE`"
                .into()
        }
        Obstacle::CertExpired { .. } => {
            format!("look at this machine's clock; if that is right, whoever runs {host}, or the proxy before it, must renew it")
        }
        Obstacle::CertNotYetValid { .. } => "set this machine's clock".into(),
        Obstacle::CertUnusable { .. } => format!("whoever runs {host}, or the proxy before it, must issue another certificate"),
        Obstacle::CertWrongName { .. } => format!(
            "see where {host} leads on this network: a login page or a wrong entry in DNS or /etc/hosts answers in its place"
        ),
        Obstacle::ChainIncomplete { at_hand: true, .. } | Obstacle::ChainIncomplete { was_asked_for: true, .. } => {
            return None;
        }
        Obstacle::ChainIncomplete { is_bundle_due: true, .. } | Obstacle::ChainUntrusted { is_bundle_due: true, .. } => {
            "make the bundle first, which may have what is missing then: `certman bundle`".into()
        }
        Obstacle::ChainIncomplete { missing: Missing { address: Some(_), .. }, .. } => format!(
            "get the missing certificate with `certman doctor {host} --fetch-missing`, and compare its fingerprint"
        ),
        Obstacle::ChainIncomplete { missing, .. } => format!(
            "ask the help desk for the certificate of '{}', and add it with `certman bundle --add FILE`",
            missing.issuer
        ),
        Obstacle::ChainUntrusted { missing: Missing { is_own: true, .. }, .. } => format!(
            "ask whoever runs {host} for a certificate from a CA; where it is one, compare its fingerprint and add it with \
             `certman bundle --add FILE`"
        ),
        Obstacle::ChainUntrusted { missing: Missing { address: Some(_), .. }, .. } => format!(
            "ask the help desk for the root certificate; `certman doctor {host} --fetch-missing` shows what its issuer offers"
        ),
        Obstacle::ChainUntrusted { missing, .. } => format!(
            "ask the help desk for the root certificate '{}', and add it with `certman bundle --add FILE`",
            missing.issuer
        ),
        Obstacle::ChainUntrustedByClient { trusted_by: RootSet::System, .. } => {
            "add what the company has put into the trust store: `certman bundle system:corporate`, and put that source into \
             certman.toml"
                .into()
        }
        Obstacle::ChainUntrustedByClient { trusted_by: RootSet::All, trusting, .. } => {
            let reads_the_extra_bundle = |client: &Client| matches!(client, Client::Bun | Client::Node);
            match trusting.iter().all(reads_the_extra_bundle) {
                true => "mend what is said of NODE_EXTRA_CA_CERTS: Claude Code does not get its roots as it stands".into(),
                false => format!(
                    "add the file that a variable names for {} (REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, GIT_SSL_CAINFO) with \
                     `certman bundle --add FILE`",
                    listed(trusting)
                ),
            }
        }
        Obstacle::ChainUntrustedByClient { .. } => {
            "unset CLAUDE_CODE_CERT_STORE, or set it to bundled,system".into()
        }
        Obstacle::ClientCertRefused { is_issuer_accepted: Some(false), .. } => {
            "ask the help desk for a certificate of one of the issuers that `certman doctor --json` lists for this host".into()
        }
        Obstacle::ClientCertRefused { named, .. } => {
            let check = key_check(named.as_ref());
            format!("see with `{check}` whether it is expired, for clients, and complete; then ask the help desk")
        }
        Obstacle::ClientCertRequired { has_identity: true, named, .. } => {
            format!("see with `{}` why it cannot be used", key_check(named.as_ref()))
        }
        Obstacle::ClientCertRequired { .. } => {
            "name certificate and key in certman.toml ([client] cert and key), or take them in with `certman import FILE`".into()
        }
        Obstacle::ClientsDiffer { refusing, .. }
            if !refusing.iter().any(|(_, why)| matches!(why, Distrust::UnknownIssuer)) =>
        {
            return None;
        }
        Obstacle::ClientsDiffer { is_configured, refusing } => {
            let first = if *is_configured { "" } else { "`certman init` writes a certman.toml that knows the CAs; then " };
            let reads_the_extra_bundle = |client: &Client| matches!(client, Client::Bun | Client::Node);
            let needs_it = refusing.iter().filter(|(_, why)| *why == Distrust::UnknownIssuer);
            match needs_it.map(|(client, _)| client).all(reads_the_extra_bundle) {
                true => format!("{first}give those clients the bundle: `eval \"$(certman env)\"`"),
                false => format!(
                    "{first}give those clients the full bundle: `eval \"$(certman env --for all)\"`, or \
                     `certman run --for all -- COMMAND`"
                ),
            }
        }
        Obstacle::Intercepted { .. } => return None,
        Obstacle::IssuerFetched { address, fingerprint, .. } => format!(
            "compare the fingerprint with the one that the help desk tells you, then `certman bundle --add {} --fingerprint {fingerprint}`",
            quoted(address)
        ),
        Obstacle::IssuerNotFetched { .. } => "ask the help desk for that certificate".into(),
        Obstacle::LookupFailed { is_proxy: false, .. } => {
            "on a network where only the proxy looks names up, set HTTPS_PROXY ([proxy] https in certman.toml)".into()
        }
        Obstacle::LookupFailed { is_proxy: true, .. } => {
            "correct the address of the proxy; outside of the company's network connect the VPN first".into()
        }
        Obstacle::NotAsked => return None,
        Obstacle::NotTls { is_proxy: false, .. } => {
            "look at what answers there: a login page of the network, or a port that is not for https".into()
        }
        Obstacle::NotTls { is_proxy: true, .. } => {
            "write the address of the proxy with http:// in the place of https://".into()
        }
        Obstacle::PostQuantumBlocked => {
            format!("tell the help desk: `certman doctor {host} --no-pq` works, and the same without --no-pq does not")
        }
        Obstacle::ProxyAddressUnusable { variable, .. } => {
            format!("write {variable} as http://proxy.corp.example:8080, a password percent-encoded; `certman env` does that")
        }
        Obstacle::ProxyCredentialsMissing => {
            "set https and username under [proxy] in certman.toml, then `certman proxy remember`, and `eval \"$(certman env)\"`"
                .into()
        }
        Obstacle::ProxyCredentialsRefused => {
            "correct user and password, where [proxy] of certman.toml has them with `certman proxy remember`; three wrong ones \
             may lock the account"
                .into()
        }
        Obstacle::ProxyNotHttp { start } if start.starts_with(&[TLS_ALERT, 3]) => {
            "write the address of the proxy with https:// in the place of http://".into()
        }
        Obstacle::ProxyNotHttp { .. } => "correct the address and the port of the proxy".into(),
        Obstacle::ProxyRefused { status: 500.., .. } => {
            format!("ask the help desk why the proxy does not reach {all}: it is not a matter of this machine")
        }
        Obstacle::ProxyRefused { .. } => format!("ask the help desk to allow {all} on the proxy"),
        Obstacle::ProxySchemeUnsupported { .. } => {
            "ask for an LLM gateway, or run a local helper that logs in for you (cntlm, px), and name that as the proxy".into()
        }
        Obstacle::ProxyUntrusted { .. } => {
            "ask the help desk for the root certificate of the proxy, and add it with `certman bundle --add FILE`".into()
        }
        Obstacle::TimedOut { step: StepKind::ProxyTls, .. } => {
            "if the proxy speaks no TLS, write its address with http:// in the place of https://".into()
        }
        Obstacle::TimedOut { through_proxy: true, .. } => {
            format!("compare with `certman doctor {host} --direct`, and with a longer --timeout; then tell the help desk")
        }
        Obstacle::TimedOut { .. } => {
            "if only the proxy leads out of this network, set HTTPS_PROXY ([proxy] https in certman.toml); else try a longer \
             --timeout"
                .into()
        }
        Obstacle::TlsUndecided { .. } => {
            format!("see whether `curl -v https://{host}/` gets an answer: then Node and Claude Code do, too")
        }
        Obstacle::TlsFailed { .. } => format!("compare with `certman doctor {host} --no-pq` and --direct, and tell the help desk"),
        Obstacle::TlsTooOld { .. } => "whoever runs it must turn on TLS 1.2".into(),
        Obstacle::Unreachable { is_proxy: false, .. } => {
            "if only the proxy leads out of this network, set HTTPS_PROXY ([proxy] https in certman.toml)".into()
        }
        Obstacle::Unreachable { is_proxy: true, .. } => {
            "correct the address and the port of the proxy; outside of the company's network connect the VPN first".into()
        }
    })
}

/// Why a chain is not trusted, as what is the matter with it.
pub fn distrust(why: &Distrust) -> String {
    match why {
        Distrust::Expired => "a certificate of the chain has expired".into(),
        Distrust::Forbidden(Forbidden::PathLength) => "an issuer allows fewer CAs below itself".into(),
        Distrust::Forbidden(Forbidden::Purpose) => "an issuer may not issue for servers".into(),
        Distrust::Forbidden(Forbidden::ServerName) => "an issuer may not issue for this name".into(),
        Distrust::NotForServers => "the certificate is not for servers".into(),
        Distrust::NotYetValid => "a certificate of the chain is not valid yet".into(),
        Distrust::Refused(what) => format!("the chain has {what}"),
        Distrust::Proxy => {
            "for the certificate of the proxy they go by the trust store of the system alone".into()
        }
        Distrust::Unreadable => "the certificate cannot be read".into(),
        Distrust::UnknownIssuer => "none of the roots that they go by leads to it".into(),
        Distrust::WrongName => "the certificate is for another name".into(),
    }
}

/// Why a step failed.
pub fn in_words(failure: &Failure) -> String {
    match failure {
        Failure::Alert(number) => format!("the other side ended it ({})", alert_name(*number)),
        Failure::Closed { after_answer: false } => "the other side closed the connection".into(),
        Failure::Closed { after_answer: true } => {
            "the other side closed the connection in the middle of its answer".into()
        }
        Failure::HandshakeSignature => {
            "the other side has not proven to have the key of its certificate".into()
        }
        Failure::IdentityUnusable(why) => format!("the client certificate cannot be used: {}", Foreign(why)),
        Failure::NotAsked => "not asked: the proxy has not answered for another host".into(),
        Failure::NoAddress => "there is no such name".into(),
        Failure::NoLookup(why) | Failure::Other(why) => Foreign(why).to_string(),
        Failure::NotTheProtocol { start } => format!("something else answers{}", spoken(start)),
        Failure::ProxyRefused => "the proxy refuses".into(),
        Failure::Refused => "nobody listens there (connection refused)".into(),
        Failure::Reset { .. } => "the connection was reset".into(),
        Failure::TimedOut => "no answer in time".into(),
        Failure::TooMuch(what) => format!("too much comes back: {what}"),
        Failure::TooOld => "TLS 1.1 or older only".into(),
        Failure::Unreachable => "there is no way to that address".into(),
    }
}

/// What a step waits for.
pub fn step_name(step: StepKind) -> &'static str {
    match step {
        StepKind::Lookup => "the name lookup",
        StepKind::Connect => "the connection",
        StepKind::ProxyTls => "TLS with the proxy",
        StepKind::Tunnel => "the proxy's answer to CONNECT",
        StepKind::Tls => "the TLS handshake",
        StepKind::ClientCertificate => "the answer to the client certificate",
        StepKind::Http => "the HTTP answer",
    }
}

/// The command that says what is the matter with the identity.
fn key_check(named: Option<&Named>) -> String {
    let path = |path: &Path| quoted(&path.to_string_lossy());
    match named {
        Some(Named { certificate, key }) => {
            format!("certman key check --cert {} --key {} --passphrase prompt", path(certificate), path(key))
        }
        None => "certman key check".to_owned(),
    }
}

/// What an answer says of itself.
fn said(title: Option<&str>, server: Option<&str>) -> String {
    let title = title.map(|title| format!(": '{}'", Foreign(title))).unwrap_or_default();
    let server = server.map(|server| format!(" ({})", Foreign(server))).unwrap_or_default();
    format!("{title}{server}")
}

fn unusable(why: Unusable) -> &'static str {
    match why {
        Unusable::Encoding => "a percent sign in it encodes nothing",
        Unusable::NoPassword => "it has a user and no password",
        Unusable::NoScheme => "http:// is missing before it",
        Unusable::NotAnAddress => "it is no address; often a raw @ : / or # in a password",
        Unusable::OtherScheme => "its scheme is neither http nor https",
        Unusable::Path => "something stands behind host and port",
        Unusable::Port => "its port is no number from 1 to 65535",
        Unusable::Socks => "it is the address of a SOCKS proxy",
    }
}

fn other_side(step: StepKind) -> &'static str {
    match step {
        StepKind::Tunnel | StepKind::ProxyTls => "the proxy",
        _ => "the server",
    }
}

/// Where the missing certificate is offered.
fn offered(missing: &Missing) -> String {
    missing.address.as_ref().map(|address| format!("; '{}' offers it", Foreign(address))).unwrap_or_default()
}

fn inspector(by: Option<Inspector>) -> String {
    by.map(|by| format!(" (by its name, {} makes it)", by.name)).unwrap_or_default()
}

/// Whose roots they are.
pub fn root_set(roots: RootSet) -> &'static str {
    match roots {
        RootSet::Extra => "the bundle",
        RootSet::System => "the trust store of the operating system",
        RootSet::Mozilla => "Mozilla's set",
        RootSet::All => "another client's set",
    }
}

/// The first byte of what a server says in TLS that was not spoken to in TLS (RFC 8446, section 5.1).
const TLS_ALERT: u8 = 21;

/// What was said in the place of TLS or HTTP, where it is text.
fn spoken(start: &[u8]) -> String {
    let line = start.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    match str::from_utf8(line) {
        Ok(text) if !text.trim().is_empty() && text.chars().all(|c| !c.is_control()) => {
            format!(": it says '{}'", Foreign(text))
        }
        _ => String::new(),
    }
}

fn scheme_name(scheme: &str) -> String {
    match scheme {
        "ntlm" => "NTLM".into(),
        "negotiate" => "Negotiate (Kerberos)".into(),
        "kerberos" => "Kerberos".into(),
        "digest" => "Digest".into(),
        "bearer" => "Bearer".into(),
        other => other.to_owned(),
    }
}

/// The names of RFC 8446, section 6, and RFC 5246, section 7.2, in plain words.
fn alert_name(number: u8) -> String {
    let name = match number {
        0 => "close notify",
        10 => "unexpected message",
        20 => "bad record",
        22 => "record overflow",
        40 => "handshake failure",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        86 => "inappropriate fallback",
        90 => "user canceled",
        109 => "missing extension",
        110 => "unsupported extension",
        112 => "unrecognized name",
        113 => "bad certificate status",
        115 => "unknown identity",
        116 => "certificate required",
        120 => "no application protocol",
        _ => return format!("TLS alert {number}"),
    };
    format!("TLS alert {number}, {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_certificate_says_starts_nothing_where_it_is_pasted() {
        let fetched = Obstacle::IssuerFetched {
            address: "http://corp.example/ca.crt';touch${IFS}here;'".into(),
            fingerprint: "00".into(),
            is_enough: true,
            issuer: String::new(),
            not_after: 0,
            subject: String::new(),
        };
        let step = fix(&["host".into()], &fetched).unwrap();
        let address = r"'http://corp.example/ca.crt'\'';touch${IFS}here;'\'''";
        assert!(step.ends_with(&format!("`certman bundle --add {address} --fingerprint 00`")), "{step}");
    }
}
