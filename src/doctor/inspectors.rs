//! Who opens other people's TLS: products known by what they write into the certificates that they make, as dated data.
//!
//! Says who it probably is, for people: anyone can write any name into a certificate.

/// A product that signs certificates for the hosts of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspector {
    /// Its name, for people.
    pub name: &'static str,
    /// In lower case, what stands in the name of its issuer or its root, one of these.
    patterns: &'static [&'static str],
}

impl Inspector {
    /// The product that one of these names of issuers, as text, is of.
    pub fn of<'n>(issuers: impl IntoIterator<Item = &'n str>) -> Option<Self> {
        let names: Vec<String> = issuers.into_iter().map(str::to_lowercase).collect();
        let is_its = |inspector: &&Inspector| {
            inspector.patterns.iter().any(|pattern| names.iter().any(|name| name.contains(pattern)))
        };
        INSPECTORS.iter().find(is_its).copied()
    }
}

/// The day that the list is of.
pub const AS_OF: &str = "2026-11-28";

const fn known(name: &'static str, patterns: &'static [&'static str]) -> Inspector {
    Inspector { name, patterns }
}

/// By the names that their documentation gives for the default root or issuing certificate. In the order of their names.
const INSPECTORS: [Inspector; 39] = [
    known("Akamai Secure Internet Access", &["akamai etp", "enterprise threat protector"]),
    known("AVG antivirus", &["avg web/mail shield", "avg technologies"]),
    known("Avast antivirus", &["avast web/mail shield", "avast software"]),
    known("Avira antivirus", &["avira"]),
    known("Barracuda", &["barracuda"]),
    known("Bitdefender", &["bitdefender"]),
    known("Burp Suite", &["portswigger"]),
    known("Cato Networks", &["cato networks"]),
    known("Charles", &["charles proxy"]),
    known("Check Point", &["check point", "checkpoint"]),
    known("Cisco Secure Web Appliance", &["ironport", "cisco secure web"]),
    known("Cisco Umbrella", &["cisco umbrella", "opendns"]),
    known(
        "Cloudflare Gateway",
        &["cloudflare gateway", "gateway ca - cloudflare managed", "cloudflare for teams"],
    ),
    known("Dr.Web antivirus", &["dr.web"]),
    known("ESET antivirus", &["eset ssl filter", "eset, spol"]),
    known("Fiddler", &["fiddler"]),
    known("Forcepoint", &["forcepoint", "websense"]),
    known("Fortinet FortiGate", &["fortinet", "fortigate", "fortiproxy"]),
    known("iboss", &["iboss"]),
    known("Kaspersky", &["kaspersky"]),
    known("Lightspeed Filter", &["lightspeed"]),
    known("Menlo Security", &["menlo security"]),
    known("mitmproxy", &["mitmproxy"]),
    known("Netskope", &["netskope", "goskope"]),
    known("Norton antivirus", &["norton web/mail shield", "norton security"]),
    known("OPNsense", &["opnsense"]),
    known("Palo Alto Networks", &["palo alto networks", "paloalto", "prisma access"]),
    known("pfSense", &["pfsense"]),
    known("Proxyman", &["proxyman"]),
    known("Skyhigh (McAfee) Web Gateway", &["skyhigh", "mcafee web gateway"]),
    known("SonicWall", &["sonicwall"]),
    known("Sophos", &["sophos"]),
    known("Squid", &["squid"]),
    known(
        "Symantec (Blue Coat) web gateway",
        &["blue coat", "bluecoat", "proxysg", "symantec web security", "symantec cloud swg"],
    ),
    known("Trend Micro", &["trend micro", "trendmicro"]),
    known("Untangle", &["untangle"]),
    known("WatchGuard", &["watchguard", "fireware"]),
    known("Zscaler", &["zscaler"]),
    known("Zorus", &["zorus"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_product_is_known_by_its_names_and_takes_nobody_else_for_itself() {
        for inspector in INSPECTORS {
            for pattern in inspector.patterns {
                assert_eq!(pattern.to_lowercase(), *pattern, "compared in lower case");
                let name = format!("CN=x, O={}", pattern.to_uppercase());
                assert_eq!(Inspector::of([name.as_str()]), Some(inspector), "{pattern}");
            }
        }
        let zscaler = "C=US, ST=California, O=Zscaler Inc., CN=Zscaler Intermediate Root CA (zscaler.net)";
        assert_eq!(Inspector::of(["CN=any", zscaler]).map(|one| one.name), Some("Zscaler"));
        assert_eq!(Inspector::of(["CN=Corp Root CA, O=Corp"]), None);
        assert_eq!(Inspector::of([]), None);
    }

    #[test]
    fn no_public_root_is_taken_for_an_inspector() {
        use crate::pki::cert::{Certificate, Fingerprint};
        for der in crate::pki::public::mozilla() {
            let name = Certificate::parse(der, Fingerprint::of(der)).unwrap().subject().to_string();
            assert_eq!(Inspector::of([name.as_str()]), None, "{name}");
        }
    }
}
