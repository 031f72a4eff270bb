//! Whether a certificate is for the host that was asked for (RFC 9525; RFC 5280, section 4.2.1.10 for the limits of a CA).

use std::net::IpAddr;

use super::cert::Certificate;
use super::details::NameConstraints;

/// The host that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerName {
    /// An address.
    Address(IpAddr),
    /// A name, in lower case and without a dot behind it.
    Domain(String),
}

impl ServerName {
    /// The name or address; IPv6 with brackets or without.
    pub fn of(host: &str) -> Self {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match bare.parse() {
            Ok(address) => Self::Address(address),
            Err(_) => Self::Domain(bare.trim_end_matches('.').to_ascii_lowercase()),
        }
    }
}

/// Whether the certificate names the host. Where it names no host at all in its SubjectAltName, the common name counts: so do
/// Node 24, Bun 1.4, curl 7.88 and Python 3.11.
pub fn is_for(certificate: &Certificate, name: &ServerName) -> bool {
    let names = certificate.details().subject_alt_names;
    let mut has_domain = false;
    for one in &names {
        match (one.split_once(':'), name) {
            (Some(("DNS", pattern)), ServerName::Domain(domain)) if is_match(pattern, domain) => return true,
            (Some(("IP", text)), ServerName::Address(address)) if text.parse() == Ok(*address) => {
                return true;
            }
            (Some(("DNS", _)), _) => has_domain = true,
            _ => {}
        }
    }
    match name {
        ServerName::Domain(domain) => {
            !has_domain && certificate.subject().common_name().is_some_and(|common| is_match(&common, domain))
        }
        ServerName::Address(_) => false,
    }
}

/// Whether a pattern of a certificate means this domain: a star stands for the whole first label, and for that alone.
fn is_match(pattern: &str, domain: &str) -> bool {
    let pattern = pattern.trim_end_matches('.').to_ascii_lowercase();
    if pattern == domain {
        return !pattern.contains('*');
    }
    match (pattern.strip_prefix("*."), domain.split_once('.')) {
        (Some(parent), Some((label, rest))) => {
            parent == rest && !label.is_empty() && parent.contains('.') && !parent.contains('*')
        }
        _ => false,
    }
}

/// Whether a CA with these limits may issue for this host. Limits for other kinds of names are no matter of a host.
pub(super) fn is_permitted(name: &ServerName, constraints: &NameConstraints) -> bool {
    let kind = match name {
        ServerName::Address(_) => "IP:",
        ServerName::Domain(_) => "DNS:",
    };
    let of_kind = |trees: &[String]| -> Vec<String> {
        trees.iter().filter_map(|tree| tree.strip_prefix(kind)).map(str::to_ascii_lowercase).collect()
    };
    let (excluded, permitted) = (of_kind(&constraints.excluded), of_kind(&constraints.permitted));
    !excluded.iter().any(|tree| is_within(name, tree))
        && (permitted.is_empty() || permitted.iter().any(|tree| is_within(name, tree)))
}

/// Whether a host lies in a subtree: `corp.example` (and all below), `.corp.example` (below alone), `10.0.0.0/8`.
fn is_within(name: &ServerName, tree: &str) -> bool {
    match name {
        ServerName::Domain(domain) => match tree.strip_prefix('.') {
            Some(_) => domain.ends_with(tree),
            None => tree.is_empty() || domain == tree || domain.ends_with(&format!(".{tree}")),
        },
        ServerName::Address(address) => {
            let (network, bits) = tree.split_once('/').unwrap_or((tree, ""));
            let whole = if address.is_ipv4() { 32 } else { 128 };
            let (Ok(network), bits) = (network.parse::<IpAddr>(), bits.parse::<u32>().unwrap_or(whole))
            else {
                return false;
            };
            match (address, network) {
                (IpAddr::V4(one), IpAddr::V4(other)) => {
                    let shift = 32_u32.saturating_sub(bits);
                    one.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
                }
                (IpAddr::V6(one), IpAddr::V6(other)) => {
                    let shift = 128_u32.saturating_sub(bits);
                    one.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
                }
                _ => false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;
    use crate::pki::cert::Fingerprint;

    fn certificate(common_name: &str, names: &[&str]) -> Certificate {
        let mut params = CertificateParams::new(
            names
                .iter()
                .filter(|name| name.parse::<IpAddr>().is_err())
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>(),
        )
        .unwrap();
        params
            .subject_alt_names
            .extend(names.iter().filter_map(|name| Some(SanType::IpAddress(name.parse().ok()?))));
        params.distinguished_name.push(DnType::CommonName, common_name);
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        Certificate::parse(&der, Fingerprint::of(&der)).unwrap()
    }

    #[test]
    fn names_and_addresses_are_matched_as_clients_do() {
        let both = certificate("ignored.example", &["www.corp.example", "*.corp.example", "10.1.2.3", "::1"]);
        for (host, wanted) in [
            ("www.corp.example", true),
            ("WWW.Corp.Example.", true),
            ("api.corp.example", true),
            ("corp.example", false),
            ("a.b.corp.example", false),
            ("ignored.example", false),
            ("10.1.2.3", true),
            ("10.1.2.4", false),
            ("[::1]", true),
            ("0:0:0:0:0:0:0:1", true),
        ] {
            assert_eq!(is_for(&both, &ServerName::of(host)), wanted, "{host}");
        }
        let old = certificate("old.corp.example", &[]);
        assert!(is_for(&old, &ServerName::of("old.corp.example")));
        assert!(!is_for(&old, &ServerName::of("new.corp.example")));
        let wide = certificate("x", &["*.example", "*"]);
        assert!(!is_for(&wide, &ServerName::of("corp.example")), "a star for a whole domain is nobody's");
        let addresses = certificate("10.1.2.3", &[]);
        assert!(!is_for(&addresses, &ServerName::of("10.1.2.3")), "an address is never a common name");
    }

    #[test]
    fn limits_of_a_ca_are_subtrees() {
        let limits = |permitted: &[&str], excluded: &[&str]| {
            let text = |trees: &[&str]| trees.iter().map(|tree| (*tree).to_owned()).collect();
            NameConstraints { excluded: text(excluded), permitted: text(permitted) }
        };
        let is_ok =
            |host: &str, constraints: &NameConstraints| is_permitted(&ServerName::of(host), constraints);
        let corp = limits(
            &["DNS:corp.example", "IP:10.0.0.0/8", "email:corp.example"],
            &["DNS:secret.corp.example"],
        );
        assert!(is_ok("corp.example", &corp) && is_ok("a.corp.example", &corp) && is_ok("10.9.9.9", &corp));
        assert!(!is_ok("notcorp.example", &corp) && !is_ok("x.secret.corp.example", &corp));
        assert!(!is_ok("11.0.0.1", &corp) && !is_ok("::1", &corp));
        let below = limits(&["DNS:.corp.example"], &[]);
        assert!(is_ok("a.corp.example", &below) && !is_ok("corp.example", &below));
        assert!(is_ok("any.example", &limits(&[], &["IP:0.0.0.0/0"])));
        assert!(!is_ok("1.2.3.4", &limits(&[], &["IP:0.0.0.0/0"])));
    }
}
