//! What `inspect` says about each thing in a file: a noun, and the facts as pairs of a word and what there is to say. Texts from
//! files are made safe here, and long lists are cut.

use super::{ahead, counted, cut, day, grouped, other_content};
use crate::cli::FirstToExpire;
use crate::cli::inspection::{
    Content, Inspection, PublicKeyFacts, RequestFacts, RevocationListFacts, StoreFacts,
};
use crate::pki::bundle::Role;
use crate::pki::container::{Guess, Integrity, Protected};
use crate::pki::details::purpose_oid;
use crate::pki::key::NoKey;
use crate::pki::lifetime::Validity;
use crate::pki::name::Foreign;
use crate::pki::public_key::Parameters;
use crate::pki::signature::Verdict;
use crate::report::{CertificateFacts, InspectedFacts, KeyFacts, Report};

/// What `inspect` has seen, counted.
pub fn counts(report: &Report, inspection: &Inspection) -> String {
    let of_kind = |kind| inspection.items.iter().filter(|item| item.content.kind() == kind).count();
    let counts = [
        (inspection.summary.certificates, "certificate"),
        (report.keys.len(), "private key"),
        (of_kind("store"), "store"),
        (of_kind("request"), "request"),
        (of_kind("revocation-list"), "revocation list"),
        (of_kind("public-key"), "public key"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    if counts.is_empty() { counted(inspection.summary.files, "file") } else { counts.join(", ") }
}

/// What `inspect` says when there is nothing to say.
pub fn is_good(report: &Report, inspection: &Inspection) -> String {
    let what = counts(report, inspection);
    match &inspection.summary.first_to_expire {
        Some(FirstToExpire { subject, validity: Validity { not_after, .. }, .. }) => format!(
            "ok: {what}, the first to expire is '{subject}' on {} ({})",
            day(*not_after),
            ahead(*not_after - inspection.summary.now)
        ),
        None => format!("ok: {what}"),
    }
}

/// What something in a file is: `a certificate`, `a web page`.
pub fn noun(content: &Content, report: &Report) -> String {
    match content {
        Content::Certificate { .. } => "a certificate".into(),
        Content::Damaged { label, .. } if label.is_empty() => "something damaged".into(),
        Content::Damaged { label, .. } => format!("a damaged block '{}'", label_text(label)),
        Content::EmptyFolder => "an empty folder".into(),
        Content::Key { number } => match report.keys.get(*number) {
            Some(KeyFacts { encrypted: true, .. }) => "a private key under a passphrase".into(),
            _ => "a private key in the clear".into(),
        },
        Content::KeyUnreadable { why: NoKey::NotAKey { what } } => {
            other_content(what).trim_start_matches("it holds ").trim_start_matches("it is ").to_owned()
        }
        Content::KeyUnreadable { .. } => "a damaged private key".into(),
        Content::Other { label } if label.is_empty() => "bytes of no known kind".into(),
        Content::Other { label } => format!("a block '{}'", label_text(label)),
        Content::Parameters { label, .. } => format!("a block '{}', without a key", label_text(label)),
        Content::PublicKey(_) => "a public key alone".into(),
        Content::Request(_) => "a certificate request".into(),
        Content::RevocationList(_) => "a revocation list".into(),
        Content::Store(facts) => format!("a {} store", facts.kind.name()),
        Content::Unclosed { label } => format!("a block '{}' without its END line", label_text(label)),
        Content::Unknown { guess, title: None } => guess_noun(*guess).into(),
        Content::Unknown { guess, title: Some(title) } => {
            let says =
                if matches!(guess, Guess::Base64PemInside | Guess::Json) { "says" } else { "has the title" };
            format!("{}, which {says} '{}'", guess_noun(*guess), cut(&Foreign(title).to_string(), 60))
        }
        Content::Unreadable { why } => match why.strip_prefix("it is ") {
            Some(what) => what.to_owned(),
            None => format!("not readable, {}", Foreign(why)),
        },
    }
}

/// What there is to say about a certificate. With `is_narrow` fingerprints are broken to fit into 80 columns.
pub fn certificate(
    facts: &CertificateFacts,
    report: &Report,
    now: i64,
    is_narrow: bool,
) -> Vec<(&'static str, String)> {
    let Some(inspected) = &facts.inspected else { return Vec::new() };
    let details = &inspected.details;
    let mut lines = vec![
        ("subject", cut(&facts.subject, LONGEST)),
        ("issuer", issuer(facts, inspected, report)),
        ("valid", validity(facts, now)),
        ("role", role(facts, inspected)),
        ("key", Foreign(&facts.key).to_string()),
        ("signature", Foreign(&facts.signature).to_string()),
    ];
    let mut list = |word: &'static str, items: &[String]| {
        if !items.is_empty() {
            lines.push((word, listed(items)));
        }
    };
    list("names", &facts.subject_alt_names);
    list("key usage", &details.key_usage.iter().flatten().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    list("purposes", &details.extended_key_usage.iter().flatten().map(purpose).collect::<Vec<_>>());
    if let Some(constraints) = &details.name_constraints {
        list("may issue for", &constraints.permitted);
        list("and never for", &constraints.excluded);
    }
    list("policies", &details.policies);
    list("CA issuers", &details.ca_issuers);
    list("OCSP", &details.ocsp);
    list("CRL", &details.crl_distribution_points);
    list("key id", inspected.subject_key_id.as_slice());
    list("issuer key id", inspected.authority_key_id.as_slice());
    let others = details
        .extensions
        .iter()
        .filter(|one| one.is_damaged || !SHOWN.contains(&one.name.unwrap_or_default()));
    let others = others.map(|one| {
        let name = one.name.unwrap_or(&one.oid);
        match (one.is_critical, one.is_damaged) {
            (true, true) => format!("{name} (critical, damaged)"),
            (true, false) => format!("{name} (critical)"),
            (false, true) => format!("{name} (damaged)"),
            (false, false) => name.to_owned(),
        }
    });
    list("extensions", &others.collect::<Vec<_>>());
    lines.extend(serial(&facts.serial));
    lines.push(("version", inspected.version.to_string()));
    for (word, digits) in [("SHA-256", &facts.fingerprint_sha256), ("SHA-1", &inspected.fingerprint_sha1)] {
        lines.push((word, digits.clone()));
        let pairs = colons(&digits.to_uppercase());
        match pairs.split_at_checked(16 * 3) {
            Some((first, second)) if is_narrow && second.len() > 16 => {
                lines.push(("  with colons", first.to_owned()));
                lines.push(("", second.to_owned()));
            }
            _ => lines.push(("  with colons", pairs)),
        }
    }
    lines
}

/// What there is to say about anything else.
pub fn other(content: &Content, report: &Report, now: i64) -> Vec<(&'static str, String)> {
    match content {
        Content::Key { number } => report.keys.get(*number).map(key).unwrap_or_default(),
        Content::Parameters { what: Some(Parameters::Curve(curve)), .. } => {
            vec![("curve", curve.to_string())]
        }
        Content::Parameters { what: Some(Parameters::Numbers { bits }), .. } => {
            vec![("size", format!("{bits} bits"))]
        }
        Content::PublicKey(PublicKeyFacts { key, spki_sha256 }) => {
            vec![("key", Foreign(key).to_string()), ("key's SHA-256", spki_sha256.clone())]
        }
        Content::Request(facts) => request(facts),
        Content::RevocationList(facts) => revocation_list(facts, now),
        Content::Store(facts) => store(facts),
        _ => Vec::new(),
    }
}

fn issuer(facts: &CertificateFacts, inspected: &InspectedFacts, report: &Report) -> String {
    match (inspected.issued_by, facts.self_signed) {
        (Some(by), _) => {
            let name = report.certificates.get(by.number).map_or(&facts.issuer, |issuer| &issuer.subject);
            let proof = if by.is_proven { "proven" } else { "by its name; the signature was not checked" };
            format!("{} ({proof})", cut(name, LONGEST))
        }
        (None, Some(true)) => "itself (proven)".into(),
        (None, None) if facts.issuer == facts.subject => {
            "itself (the signature cannot be checked here)".into()
        }
        (None, Some(false)) if facts.issuer == facts.subject => {
            format!("{} (its own name, and another key)", cut(&facts.issuer, LONGEST))
        }
        (None, _) => format!("{} (not in these files)", cut(&facts.issuer, LONGEST)),
    }
}

fn validity(facts: &CertificateFacts, now: i64) -> String {
    let range = format!("{} to {}", day(facts.not_before), day(facts.not_after));
    if now < facts.not_before {
        format!("{range}, not yet")
    } else if facts.not_after < now {
        format!("{range}, expired")
    } else {
        format!("{range}, ends {}", ahead(facts.not_after - now))
    }
}

fn role(facts: &CertificateFacts, inspected: &InspectedFacts) -> String {
    let role = role_word(facts.role);
    match (facts.is_ca, inspected.details.path_length) {
        (true, Some(0)) => format!("{role}, a CA that may not issue for other CAs"),
        (true, Some(limit)) => {
            format!("{role}, a CA with at most {} below it", counted(limit as usize, "CA"))
        }
        (true, None) => format!("{role}, a CA"),
        (false, _) => format!("{role}, no CA"),
    }
}

/// The word for a role.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Root => "root",
        Role::Intermediate => "intermediate",
        Role::Leaf => "leaf",
    }
}

/// As Windows and certman write it, and as openssl does.
fn serial(serial: &str) -> Vec<(&'static str, String)> {
    let digits = serial.trim_start_matches('-');
    let padding = if digits.len().is_multiple_of(2) { "" } else { "0" };
    let sign = &serial[..serial.len() - digits.len()];
    let whole = format!("{padding}{digits}");
    vec![
        ("serial", cut(&format!("{sign}{whole}"), LONGEST)),
        ("  with colons", cut(&format!("{sign}{}", colons(&whole.to_uppercase())), LONGEST)),
    ]
}

fn key(facts: &KeyFacts) -> Vec<(&'static str, String)> {
    let mut lines = vec![("form", facts.format.clone())];
    if let Some(scheme) = &facts.scheme {
        let rounds = facts.iterations.map(|rounds| format!(", {} rounds", grouped(rounds)));
        lines.push(("sealed", Foreign(scheme).to_string() + &rounds.unwrap_or_default()));
        let opened = match facts.opened {
            None => "not tried (--passphrase WHERE tries)",
            Some(false) => "no: another passphrase, or damage",
            Some(true) => "yes",
        };
        lines.push(("opened", opened.into()));
    }
    if let Some(algorithm) = &facts.algorithm {
        let bits = facts.bits.map(|bits| format!(", {bits} bits")).unwrap_or_default();
        lines.push(("key", format!("{}{bits}", Foreign(algorithm))));
    }
    lines.extend(facts.spki_sha256.clone().map(|digits| ("key's SHA-256", digits)));
    lines
}

fn request(facts: &RequestFacts) -> Vec<(&'static str, String)> {
    let signed = match facts.verdict {
        Verdict::NotCheckable => "cannot be checked here",
        Verdict::Proven => "proven: whoever made it has the key",
        Verdict::Wrong => "wrong",
    };
    let mut lines = vec![
        ("subject", cut(&facts.subject, LONGEST)),
        ("key", Foreign(&facts.key).to_string()),
        ("signature", format!("{}, {signed}", Foreign(&facts.signature))),
    ];
    let key_usage: Vec<String> = facts.key_usage.iter().flatten().map(|name| (*name).to_owned()).collect();
    let purposes: Vec<String> = facts.extended_key_usage.iter().flatten().map(purpose).collect();
    for (word, items) in
        [("names", &facts.subject_alt_names), ("key usage", &key_usage), ("purposes", &purposes)]
    {
        if !items.is_empty() {
            lines.push((word, listed(items)));
        }
    }
    lines.push(("key's SHA-256", facts.spki_sha256.clone()));
    lines
}

fn revocation_list(facts: &RevocationListFacts, now: i64) -> Vec<(&'static str, String)> {
    let next = match facts.next_update {
        None => "not said".to_owned(),
        Some(next) if next < now => format!("{}, overdue", day(next)),
        Some(next) => format!("{} ({})", day(next), ahead(next - now)),
    };
    let mut lines = vec![
        ("issuer", cut(&facts.issuer, LONGEST)),
        ("made", day(facts.this_update)),
        ("next", next),
        (
            "revokes",
            grouped(facts.entries as u64) + if facts.entries == 1 { " certificate" } else { " certificates" },
        ),
        ("signature", Foreign(&facts.signature).to_string()),
    ];
    lines.extend(facts.number.as_ref().map(|number| ("number", cut(number, LONGEST))));
    lines
}

fn store(facts: &StoreFacts) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for protection in &facts.protections {
        let word = match protection.of {
            Protected::Content => "certificates",
            Protected::Integrity => "proof",
            Protected::Key => "keys",
        };
        // One round is none.
        let rounds = protection.iterations.filter(|rounds| *rounds > 1);
        let rounds = rounds.map(|rounds| format!(", {} rounds", grouped(rounds)));
        lines.push((word, Foreign(&protection.name).to_string() + &rounds.unwrap_or_default()));
    }
    lines.push((
        "opened",
        match (&facts.integrity, facts.passphrase) {
            (None, _) => "no (--store-passphrase WHERE opens it)".into(),
            (Some(_), Some("")) => "yes, with an empty passphrase".into(),
            (Some(_), Some(known)) => format!("yes, with the passphrase '{known}' that everyone knows"),
            (Some(_), None) => "yes".into(),
        },
    ));
    if let Some(integrity) = &facts.integrity {
        lines.push((
            "whole",
            match integrity {
                Integrity::Absent => "not proven: anyone can change it".into(),
                Integrity::NotChecked => "not checked, since no passphrase was given".into(),
                Integrity::Proven => "proven by its passphrase".into(),
                Integrity::Unsupported { what } => {
                    format!("not checked: {} is not known here", Foreign(what))
                }
            },
        ));
    }
    lines
}

fn purpose(name: &String) -> String {
    let oid = purpose_oid(name);
    if oid == *name { oid } else { format!("{name} ({oid})") }
}

/// The items, so many at most, each no longer than a few lines.
fn listed(items: &[String]) -> String {
    let mut text = String::new();
    for item in items.iter().take(MOST_LISTED) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&cut(&Foreign(item).to_string(), LONGEST));
    }
    if let Some(more) = items.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
        text.push_str(&format!(", and {} more", grouped(more as u64)));
    }
    text
}

/// `1a2b` becomes `1a:2b`.
fn colons(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 3 / 2);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && position.is_multiple_of(2) {
            text.push(':');
        }
        text.push(digit);
    }
    text
}

fn label_text(label: &str) -> String {
    cut(&Foreign(label).to_string(), 60)
}

fn guess_noun(guess: Guess) -> &'static str {
    match guess {
        Guess::Asn1 => "ASN.1 of an unknown kind",
        Guess::Base64 => "base64 of something unknown",
        Guess::Base64Pem => "base64 of PEM",
        Guess::Base64PemInside => "text with base64 of PEM in it",
        Guess::Binary => "bytes of no known kind",
        Guess::BouncyCastle => "a key store of Bouncy Castle",
        Guess::Cms => "a CMS message, such as encrypted mail",
        Guess::CutShort => "a certificate cut short, by the look of it",
        Guess::Database => "a database of certificates",
        Guess::Empty => "an empty file",
        Guess::Executable => "a program",
        Guess::GitLfsPointer => "a git-lfs pointer",
        Guess::Html => "an HTML page, probably for signing in",
        Guess::Image => "a picture",
        Guess::JavaKeyStore => "a Java key store",
        Guess::Json => "a JSON answer",
        Guess::JsonWebKey => "a key in JSON (JWK)",
        Guess::Mail => "a mail",
        Guess::Ocsp => "an OCSP request or answer",
        Guess::Office => "an MSI, MSG or Office file",
        Guess::OpenSsh => "an SSH key",
        Guess::Parameters => "Diffie-Hellman parameters",
        Guess::Pdf => "a PDF",
        Guess::Pgp => "a PGP key or message",
        Guess::Pkcs12 => "a PKCS#12 store",
        Guess::Pkcs7CutShort => "a PKCS#7 file cut short",
        Guess::Pkcs7WithoutCertificates => "PKCS#7 without a certificate",
        Guess::PublicKey => "a public key alone",
        Guess::SerializedStore => "a certificate store of Windows (.sst)",
        Guess::Shortcut => "a Windows shortcut",
        Guess::StoreWithoutCertificates => "a store without a certificate",
        Guess::Text => "text",
        Guess::Utf16Text => "text in UTF-16",
        Guess::Xml => "XML",
        Guess::Zeros => "a file of zero bytes",
        Guess::Zip => "an archive",
    }
}

/// So many characters of one text are shown.
const LONGEST: usize = 300;
/// So many of a list are shown.
const MOST_LISTED: usize = 20;
/// Extensions that are shown under words of their own.
const SHOWN: [&str; 10] = [
    "authorityInfoAccess",
    "authorityKeyIdentifier",
    "basicConstraints",
    "cRLDistributionPoints",
    "certificatePolicies",
    "extKeyUsage",
    "keyUsage",
    "nameConstraints",
    "subjectAltName",
    "subjectKeyIdentifier",
];
