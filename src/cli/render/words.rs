//! Findings in words: one sentence, lower case, no full stop; then the next step. Written for the person who gets it by
//! mail at two in the morning and has not heard of certman before.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::cli::CheckSummary;
use crate::clients::{Client, Refusal};
use crate::pki::asn1::{Departure, Malformed};
use crate::pki::bundle::{Obstacle, Place};
use crate::pki::cert::Flaw;
use crate::pki::container::{Broken, Damage, Guess};
use crate::pki::lifetime::DAY;
use crate::pki::name::Foreign;
use crate::report::{Cause, Finding};
use crate::sys::{keyring, passphrase};

/// The sentence with the place before it.
pub fn located(finding: &Finding, files: &[PathBuf]) -> String {
    let message = message(finding, files);
    match finding.place {
        Some(at) => format!("{}: {message}", place(at, files)),
        None => message,
    }
}

/// The sentence.
pub fn message(finding: &Finding, files: &[PathBuf]) -> String {
    match &finding.cause {
        Cause::BundleEmpty => "no certificate is left that a client could use".into(),
        Cause::BundleKept { path } => {
            format!("the bundle '{path}' could not be renewed from its sources; the last good one is used")
        }
        Cause::BundleLarge { count } => {
            format!("the bundle has {count} certificates; above 300 every client starts noticeably slower")
        }
        Cause::BundleMissing => "the bundle is not there".into(),
        Cause::BundleStale => "the bundle is not what its sources give today".into(),
        Cause::BundleUnloadable { why } => {
            format!("some clients lose certificates of this bundle: {}", obstacle(*why))
        }
        Cause::CertDamaged { label, why } => {
            format!("the block '{}' is damaged: {}", Foreign(label), broken(*why))
        }
        Cause::CertDuplicate { first } => format!("the same certificate stands in {}", place(*first, files)),
        Cause::CertExpired { not_after, now, subject } => {
            format!("'{subject}' expired on {} ({})", day(*not_after), ago(*now - *not_after))
        }
        Cause::CertExpiredDropped { not_after, subject } => {
            format!("'{subject}' expired on {} and is left out", day(*not_after))
        }
        Cause::CertExpiring { not_after, now, subject, .. } => {
            format!("'{subject}' expires on {} ({})", day(*not_after), ahead(*not_after - *now))
        }
        Cause::CertLeaf { is_kept: true, subject } => {
            format!("'{subject}' is a server's own self-signed certificate, not a CA; it is kept")
        }
        Cause::CertLeaf { is_kept: false, subject } => {
            format!(
                "'{subject}' is not a CA but was issued by one; it is left out, since in a bundle it does nothing"
            )
        }
        Cause::CertNotDer { flaw, subject } => {
            format!(
                "'{subject}' is encoded in a way that breaks clients ({}), and is left out of bundles",
                self::flaw(*flaw)
            )
        }
        Cause::CertNotYetValid { not_before, subject } => {
            format!("'{subject}' is not valid before {}", day(*not_before))
        }
        Cause::CertSuperseded { subject, until } => {
            format!("'{subject}' has a successor of the same name or key, valid until {}", day(*until))
        }
        Cause::CertWeakKey { key, subject } => format!("'{subject}' has a weak key ({key})"),
        Cause::CertWeakSignature { signature, subject } => {
            format!("'{subject}' has a weak signature ({signature})")
        }
        Cause::ChainGap { issuer, subject } => {
            format!(
                "the root of '{subject}' is missing: it was issued by '{issuer}', and no client trusts it alone"
            )
        }
        Cause::ChainGapAll => {
            "there are only intermediates and no root, so no client would trust any of them".into()
        }
        Cause::ClientCertOrder { what } => (*what).into(),
        Cause::ClientCertNotForClients { subject, what } => {
            format!("'{subject}' is not a certificate for TLS clients: {what}")
        }
        Cause::ClientRefuses { refusal: Refusal { clients, what }, subject } => {
            format!("'{subject}' has {what}, which {} refuse{}", listed(clients), third_person(clients))
        }
        Cause::CrossSignedTwin { issuer, kept, subject } => {
            format!(
                "'{subject}' as issued by '{issuer}' is left out: the one issued by '{kept}' has the same key"
            )
        }
        Cause::KeyUnreadable { what } => what.to_string(),
        Cause::KeyMismatch { subject } => {
            format!("the client key does not belong to the first certificate of the chain, '{subject}'")
        }
        Cause::KeyNotEncrypted => "the client key lies on the disk without a passphrase".into(),
        Cause::KeyNotPortable { clients, what } => {
            format!("the client key {what}, which {clients} will not take")
        }
        Cause::KeyPairUnchecked { why } => {
            format!("whether the client key belongs to the certificate cannot be proven here: {why}")
        }
        Cause::KeyPermissions { mode } => {
            format!("others on this machine may read the client key (mode {mode:04o})")
        }
        Cause::KeyWeak { key } => format!("the client key is weak ({key})"),
        Cause::Keyring(error) => error.to_string(),
        Cause::PassphraseOdd { oddity } => format!("the passphrase {oddity}"),
        Cause::PassphraseMissing(error) => error.to_string(),
        Cause::PassphraseNotNeeded => "a passphrase was given, and the key needs none".into(),
        Cause::PassphrasePermissions { mode } => {
            format!("others on this machine may read the passphrase file (mode {mode:04o})")
        }
        Cause::PassphraseWrong => {
            "the passphrase does not open the client key; a damaged key file looks the same".into()
        }
        Cause::PemUnclosed { label } => format!("the block '{}' has no END line", Foreign(label)),
        Cause::PrivateKeyInSource { label } => {
            format!("{label} stands among the certificates; it is not copied")
        }
        Cause::Repeated { code, count } => format!("and {count} more of the kind {code} in this file"),
        Cause::SameSubjectOtherKey { count, subject } => format!(
            "{count} different keys go by the name '{subject}', and nothing tells a client which to take: \
             some connections will fail in some clients"
        ),
        Cause::SelfSignatureUnchecked { signature, subject } => {
            format!("whether '{subject}' is signed by its own key cannot be checked here ({signature})")
        }
        Cause::SelfSignatureWrong { subject } => {
            format!("'{subject}' carries its own name as issuer, and its own key has not signed it")
        }
        Cause::SourceEmpty { is_folder: true } => "the folder holds no file".into(),
        Cause::SourceEmpty { is_folder: false } => "the file is empty".into(),
        Cause::SourceMissing => "there is no such file or folder".into(),
        Cause::SourceOther { what } => format!("{} stands here; it is passed over", Foreign(what)),
        Cause::SourceUnknownFormat { guess } => self::guess(*guess).into(),
        Cause::SourceUnreadable(error) => format!("it cannot be read: {error}"),
    }
}

/// The next step, where there is one.
pub fn fix(cause: &Cause) -> Option<String> {
    Some(match cause {
        Cause::BundleEmpty => {
            "ask the help desk for the root certificate of the company's CA; --keep-expired keeps what has expired"
        }
        Cause::BundleKept { .. } => "mend the sources named above, then run `certman bundle`",
        Cause::BundleLarge { .. } => "name fewer sources: the company's own roots and intermediates are enough",
        Cause::BundleMissing | Cause::BundleStale | Cause::BundleUnloadable { .. } => "make it anew with `certman bundle`",
        Cause::CertDamaged { .. } | Cause::PemUnclosed { .. } => "get this certificate again; the others were read",
        Cause::CertExpired { .. } => "get a renewed certificate from whoever issued it",
        Cause::CertExpiring { .. } => "have it renewed before that day",
        Cause::CertNotDer { .. } => "ask whoever runs this CA for a certificate in exact DER",
        Cause::CertNotYetValid { .. } => "look at this machine's clock; if that is right, wait",
        Cause::CertWeakKey { .. } | Cause::CertWeakSignature { .. } => "ask whoever runs this CA for a newer one",
        Cause::ChainGap { .. } | Cause::ChainGapAll => "ask the help desk for the root certificate, and add it as a source",
        Cause::ClientCertNotForClients { .. } => "ask for a certificate with the purpose clientAuth",
        Cause::ClientCertOrder { .. } => "put the client's own certificate first, then each issuer behind what it issued",
        Cause::KeyMismatch { .. } => "see which belongs to which: `certman key check --key FILE --cert FILE`",
        Cause::KeyNotEncrypted => "seal it with `certman key encrypt --new-passphrase prompt`",
        Cause::KeyNotPortable { .. } => "rewrite it with `certman key encrypt`",
        Cause::KeyPermissions { .. } | Cause::PassphrasePermissions { .. } => "run `chmod 600` on it",
        Cause::KeyWeak { .. } => "ask for a new key: RSA of 2048 bits and more, or P-256",
        Cause::Keyring(error) => return Some(keyring_fix(error).into()),
        Cause::PassphraseMissing(error) => return passphrase_fix(error).map(Into::into),
        Cause::PassphraseNotNeeded => "remove it: `certman key forget`, or take client.passphrase out of certman.toml",
        Cause::PassphraseWrong => "store the right one with `certman key remember`",
        Cause::PrivateKeyInSource { .. } => "move the key out of there: what is a source is read by many",
        Cause::SameSubjectOtherKey { .. } => "keep only the CA that is in use, and take the other out of the sources",
        Cause::SelfSignatureWrong { .. } => "compare its fingerprint with the help desk before you trust it",
        Cause::SourceEmpty { .. } | Cause::SourceMissing => "correct the path, or take it out of the sources",
        Cause::SourceUnknownFormat { guess } => guess_fix(*guess)?,
        Cause::SourceUnreadable(_) => "make it readable for the user who runs certman",
        _ => return None,
    }
    .into())
}

/// The next step for each way in which a keyring does not answer.
pub fn keyring_fix(error: &keyring::Error) -> &'static str {
    match error {
        keyring::Error::Absent { .. } => "store it once with `certman key remember`",
        keyring::Error::Ambiguous { .. } => "run `certman key forget`, then `certman key remember`",
        keyring::Error::LineEnding | keyring::Error::NotText { .. } => {
            "keep this passphrase in a file of mode 0600, and set client.passphrase = \"file:PATH\""
        }
        keyring::Error::Locked { .. } => {
            "unlock the keyring (signing in to the desktop does), then try again"
        }
        keyring::Error::NoBus { .. } => {
            "in cron, containers and SSH take another place: client.passphrase = \"file:PATH\", or --passphrase"
        }
        keyring::Error::NoCollection => "make a default keyring, in Seahorse or KWallet",
        keyring::Error::NoService { .. } => {
            "start gnome-keyring, KWallet or KeePassXC, or set client.passphrase = \"file:PATH\""
        }
        keyring::Error::Other { .. } => "try again; or set client.passphrase = \"file:PATH\"",
        keyring::Error::TimedOut { .. } => "look for an unlock question on the desktop, then try again",
    }
}

/// The next step for each way in which a passphrase is not to be had.
pub fn passphrase_fix(error: &passphrase::Error) -> Option<&'static str> {
    Some(match error {
        passphrase::Error::Keyring(error) => keyring_fix(error),
        passphrase::Error::NoTerminal => {
            "name another place with --passphrase: keyring, file:PATH, fd:N, env:NAME, command:…"
        }
        passphrase::Error::TooLong { .. } => {
            "no client takes a longer one: seal the key with a shorter passphrase"
        }
        passphrase::Error::Missing { .. } | passphrase::Error::Folder { .. } => {
            "correct client.passphrase or --passphrase"
        }
        passphrase::Error::Unset { .. } => "set the variable, or name another place with --passphrase",
        _ => return None,
    })
}

/// `'path', block 2, line 14`; the block only where the file has several, the line only where it has lines.
pub fn place(place: Place, files: &[PathBuf]) -> String {
    let path = files.get(place.file as usize).map_or_else(|| "-".to_owned(), |file| path(file));
    match (place.index, place.line) {
        (index, Some(line)) => format!("{path}, block {index}, line {line}"),
        (1, None) => path,
        (index, None) => format!("{path}, number {index}"),
    }
}

/// A path in quotes, safe to print.
pub fn path(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { format!("'{}'", Foreign(path.display())) }
}

/// What `check` says when there is nothing to say.
pub fn all_good(summary: &CheckSummary) -> String {
    let certificates = counted(summary.certificates, "certificate");
    match &summary.first_to_expire {
        Some((subject, not_after)) => format!(
            "ok: {certificates}, the first to expire is '{subject}' on {} ({})",
            day(*not_after),
            ahead(*not_after - summary.now)
        ),
        None => format!("ok: {certificates}"),
    }
}

/// A number with its noun: `1 certificate`, `2 certificates`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A text of at most so many characters.
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        text.to_owned()
    } else {
        text.chars().take(limit - 1).chain(['…']).collect()
    }
}

/// The day of a time in seconds since 1970, in UTC.
pub fn day(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_or_else(|_| "a day beyond the calendar".to_owned(), |moment| moment.date().to_string())
}

fn ahead(seconds: i64) -> String {
    match seconds / DAY {
        0 if seconds < 3600 => "within the hour".into(),
        0 => format!("in {}", counted((seconds / 3600) as usize, "hour")),
        days => format!("in {}", counted(days as usize, "day")),
    }
}

fn ago(seconds: i64) -> String {
    match seconds / DAY {
        0 => "less than a day ago".into(),
        days => format!("{} ago", counted(days as usize, "day")),
    }
}

fn broken(broken: Broken) -> String {
    match broken {
        Broken::Base64(Damage::Character { line }) => {
            format!("line {line} has a character that base64 does not have")
        }
        Broken::Base64(Damage::Empty) => "it is empty".into(),
        Broken::Base64(Damage::Length) => "the base64 is cut short".into(),
        Broken::Date => "it has a date that no calendar has".into(),
        Broken::EndMarker => "its END line names something else".into(),
        Broken::Structure(Malformed::CutShort) => "the certificate is cut short".into(),
        Broken::Structure(Malformed::Nesting | Malformed::Oversized | Malformed::Unexpected) => {
            "what it holds is not a certificate".into()
        }
    }
}

fn flaw(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::AlgorithmsDiffer => "two different signature algorithms",
        Flaw::NotDer(Departure::Boolean) => "a truth value that is neither 00 nor FF",
        Flaw::NotDer(Departure::Integer) => "a number with superfluous bytes",
        Flaw::NotDer(Departure::Length) => "lengths in BER",
        Flaw::NotDer(Departure::Malformed(_)) => "a broken structure",
        Flaw::NotDer(Departure::Time) => "a time in a forbidden form",
        Flaw::NotDer(Departure::Trailing) => "bytes behind its end",
        Flaw::NotDer(Departure::Utf8) => "text that is not UTF-8",
        Flaw::RepeatedExtension => "the same extension twice",
    }
}

fn obstacle(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Damage => "a block in it cannot be read",
        Obstacle::LoneCarriageReturn => "it has carriage returns without line feeds",
        Obstacle::Marker => "a BEGIN or END line has another label, or shares its line",
        Obstacle::NoFinalNewline => "the last line has no end",
        Obstacle::NotAscii => "it is not plain ASCII",
    }
}

fn guess(guess: Guess) -> &'static str {
    match guess {
        Guess::Binary => "this is neither PEM nor DER nor PKCS#7",
        Guess::CutShort => "this looks like a certificate that was cut short",
        Guess::Empty => "the file is empty",
        Guess::Html => "this is a web page, not a certificate: the download was probably a sign-in page",
        Guess::JavaKeyStore => "this is a Java key store, which this version does not read",
        Guess::Json => "this is JSON, not a certificate",
        Guess::OpenSsh => "this is an SSH key, which has nothing to do with TLS",
        Guess::Pdf => "this is a PDF, not a certificate",
        Guess::Pkcs12 => "this is a PKCS#12 store, which this version does not read",
        Guess::Pkcs7WithoutCertificates => "this is PKCS#7 without any certificate in it",
        Guess::Text => "this is text without any certificate in it",
        Guess::Zip => "this is an archive, not a certificate",
    }
}

fn guess_fix(guess: Guess) -> Option<&'static str> {
    Some(match guess {
        Guess::CutShort => "get it again",
        Guess::Html => "open the address in a browser, sign in, and save the file again",
        Guess::JavaKeyStore => "export it first: `keytool -exportcert -rfc -alias NAME -keystore FILE`",
        Guess::Pkcs12 => "take the certificates out first: `openssl pkcs12 -in FILE -nokeys -out certs.pem`",
        Guess::Zip => "unpack it, and name what is inside",
        _ => return None,
    })
}

fn listed(clients: &[Client]) -> String {
    let names: Vec<String> = clients.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn third_person(clients: &[Client]) -> &'static str {
    if clients.len() == 1 { "s" } else { "" }
}
