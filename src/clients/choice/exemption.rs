//! Which entry of `NO_PROXY` keeps a client from the proxy, client by client. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Destination, address};

/// Bun 1.4.5. Commas and blanks separate; `*` anywhere is everything; `x`, `.x` and `*.x` are `x` and what is below it, with or
/// without a port, a full stop at the end or capital letters; addresses are compared as such, also by ranges.
pub(super) fn by_bun<'l>(list: &'l str, destination: &Destination) -> Option<&'l str> {
    let is_separator = |c: char| matches!(c, ',' | ' ' | '\t' | '\n' | '\r');
    list.split(is_separator).filter(|entry| !entry.is_empty()).find(|entry| {
        if *entry == "*" {
            return true;
        }
        match destination.address() {
            Some(host) => bun_knows_address(entry, host, destination.port),
            None => {
                let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
                let (name, port) = with_port(entry.strip_prefix('.').unwrap_or(entry));
                let name = name.strip_suffix('.').unwrap_or(name);
                let host = destination.host.strip_suffix('.').unwrap_or(&destination.host);
                port.is_none_or(|port| port == u64::from(destination.port)) && is_below(host, name)
            }
        }
    })
}

fn bun_knows_address(entry: &str, host: IpAddr, port: u16) -> bool {
    if let Some((network, bits)) = entry.split_once('/') {
        let network = unbracketed(network).parse().ok();
        let bits = bits.bytes().all(|byte| byte.is_ascii_digit()).then(|| bits.parse().ok()).flatten();
        return match (network, bits) {
            // A range of IPv4 in the clothes of IPv6.
            (Some(IpAddr::V6(network)), Some(bits @ 96..)) if network.to_ipv4_mapped().is_some() => {
                is_in(host.to_canonical(), IpAddr::V6(network).to_canonical(), bits - 96)
            }
            (Some(network), Some(bits)) => is_in(host.to_canonical(), network, bits),
            _ => false,
        };
    }
    let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry);
    let (entry, own_port) = match entry.matches(':').count() > 1 && !entry.starts_with('[') {
        true => (entry, None),
        false => with_port(entry),
    };
    let address = entry.strip_suffix('.').unwrap_or(entry);
    let is_same = |known: IpAddr| known.to_canonical() == host.to_canonical();
    own_port.is_none_or(|own| own == u64::from(port)) && unbracketed(address).parse().is_ok_and(is_same)
}

/// The Bun inside of Claude Code 2.1.197. Commas separate, `*` anywhere is everything; `x` and `.x` are `x` and what is below it; a
/// host with a port is that host alone, and never on the port that belongs to its scheme.
pub(super) fn by_bun_inside<'l>(list: &'l str, destination: &Destination) -> Option<&'l str> {
    let is_blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let entries = list.split(',').map(|entry| entry.trim_matches(is_blank)).filter(|entry| !entry.is_empty());
    let host = destination.in_url();
    let mut entries = entries.filter(|entry| {
        let name = entry.strip_prefix('.').unwrap_or(entry);
        let is_on_port = destination.port != destination.scheme.default_port()
            && name.eq_ignore_ascii_case(&format!("{host}:{}", destination.port));
        *entry == "*" || is_on_port || is_below(&host, name)
    });
    entries.next()
}

/// Claude Code 2.1.197 itself. Commas and blanks of every kind separate, `*` is everything where it is the whole value; `x` and
/// `.x` are `x` and what is below it; a host with a port is that host alone.
pub(super) fn by_claude_code<'l>(list: &'l str, destination: &Destination) -> Option<&'l str> {
    if list == "*" {
        return Some(list);
    }
    let host = destination.in_url();
    let on_port = format!("{host}:{}", destination.port);
    list.split(|c: char| c == ',' || is_blank_in_javascript(c)).filter(|entry| !entry.is_empty()).find(
        |entry| {
            let name = entry.strip_prefix('.').unwrap_or(entry);
            name.eq_ignore_ascii_case(&on_port) || is_below(&host, name)
        },
    )
}

/// curl 7.88. Commas, blanks and tabs separate, `*` is everything where it is the whole value; `x` and `.x` are `x` and what is
/// below it, with a full stop at the end or without; no ports. Of IPv4 there are ranges; IPv6 is compared as a text.
pub(super) fn by_curl<'l>(list: &'l str, destination: &Destination) -> Option<&'l str> {
    if list == "*" {
        return Some(list);
    }
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).find(|entry| match destination.address() {
        Some(IpAddr::V4(host)) => match entry.split_once('/') {
            Some((network, bits)) => {
                let bits = leading_number(bits);
                // Without bits, it is that address alone.
                let bits = if bits == Some(0) { Some(32) } else { bits };
                let network = network.parse::<Ipv4Addr>().ok().filter(|_| entry.len() < LONGEST_IN_CURL);
                network.zip(bits).is_some_and(|(network, bits)| is_in(host.into(), network.into(), bits))
            }
            None => entry.parse() == Ok(host),
        },
        _ => {
            let name = entry.strip_suffix('.').unwrap_or(entry);
            let host = destination.host.strip_suffix('.').unwrap_or(&destination.host);
            is_below(host, name.strip_prefix('.').unwrap_or(name))
        }
    })
}

/// Node 24.22, fetch. Commas and blanks of every kind separate, `*` is everything where it is the whole value; `x`, `.x` and `*.x`
/// are `x` and what is below it, with or without a port. IPv6 is written with brackets.
pub(super) fn by_node_fetch<'l>(list: &'l str, destination: &Destination) -> Option<&'l str> {
    if list == "*" {
        return Some(list);
    }
    let host = destination.in_url();
    list.split(|c: char| c == ',' || is_blank_in_javascript(c)).filter(|entry| !entry.is_empty()).find(
        |entry| {
            let (name, port) = with_port(entry);
            let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(name);
            let name = name.strip_prefix('.').unwrap_or(name);
            // Port 0 counts as none.
            port.is_none_or(|port| port == 0 || port == u64::from(destination.port)) && is_below(&host, name)
        },
    )
}

/// Node 24.22, node:http and node:https. Commas separate, `*` anywhere is everything; `x` is that host alone, with or without a
/// port; `.x` is `x` and what is below it, `*.x` only what is below. Of IPv4 there are ranges with a dash. IPv6 is written without
/// brackets.
pub(super) fn by_node_https<'l>(list: &'l str, destination: &Destination) -> Option<&'l str> {
    let host = match destination.address() {
        Some(IpAddr::V6(address)) => super::compressed(address),
        _ => destination.host.clone(),
    };
    let on_port = format!("{host}:{}", destination.port);
    list.split(',')
        .map(|entry| entry.trim_matches(is_blank_in_javascript))
        .filter(|entry| !entry.is_empty())
        .find(|entry| {
            let entry = entry.to_lowercase();
            let is_below_it = |suffix: &str| host.len() > suffix.len() && host.ends_with(suffix);
            match (entry.strip_prefix('.'), entry.strip_prefix('*')) {
                _ if entry == "*" || entry == host || entry == on_port => true,
                (Some(name), _) => host == name || is_below_it(&entry),
                (_, Some(suffix)) if suffix.starts_with('.') => is_below_it(suffix),
                _ => is_in_dashes(&entry, destination.address()),
            }
        })
}

/// `127.0.0.1-127.0.0.9`
fn is_in_dashes(entry: &str, host: Option<IpAddr>) -> bool {
    let mut ends =
        entry.split('-').map(|end| end.trim_matches(is_blank_in_javascript).parse::<Ipv4Addr>().ok());
    match (ends.next().flatten(), ends.next().flatten(), host) {
        (Some(first), Some(last), Some(IpAddr::V4(host))) => (first..=last).contains(&host),
        _ => false,
    }
}

/// Whether a host is this one, or below it.
fn is_below(host: &str, name: &str) -> bool {
    let Some(start) = host.len().checked_sub(name.len()).filter(|_| !name.is_empty()) else { return false };
    let (before, end) = (&host.as_bytes()[..start], &host.as_bytes()[start..]);
    end.eq_ignore_ascii_case(name.as_bytes()) && (before.is_empty() || before.ends_with(b"."))
}

/// A name and the digits behind its last colon, where there are some.
fn with_port(entry: &str) -> (&str, Option<u64>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && is_number(port) => {
            (name, Some(port.parse().unwrap_or(u64::MAX)))
        }
        _ => (entry, None),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number at the beginning of a text as C's `atoi` reads it; none where it is negative.
fn leading_number(text: &str) -> Option<u32> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text.starts_with('-') {
        return None;
    }
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 { Some(0) } else { text[..end].parse().ok() }
}

fn is_in(host: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (host, network) {
        (IpAddr::V4(host), IpAddr::V4(network)) => {
            let Some(spare) = 32_u32.checked_sub(bits) else { return false };
            (host.to_bits() ^ network.to_bits()).checked_shr(spare).unwrap_or(0) == 0
        }
        (IpAddr::V6(host), IpAddr::V6(network)) => is_in_six(host, network, bits),
        _ => false,
    }
}

fn is_in_six(host: Ipv6Addr, network: Ipv6Addr, bits: u32) -> bool {
    let Some(spare) = 128_u32.checked_sub(bits) else { return false };
    (host.to_bits() ^ network.to_bits()).checked_shr(spare).unwrap_or(0) == 0
}

fn unbracketed(text: &str) -> &str {
    address::unbracketed(text).unwrap_or(text)
}

/// What `\s` and `trim` of JavaScript know (ECMAScript, WhiteSpace and LineTerminator).
fn is_blank_in_javascript(c: char) -> bool {
    c == '\u{feff}' || c.is_whitespace() && c != '\u{85}'
}

/// Longer entries end the list.
const LONGEST_IN_CURL: usize = 128;
