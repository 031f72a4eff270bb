//! Findings in words: one sentence, lower case, no full stop; then the next step. Written for the person who gets it by
//! mail at two in the morning and has not heard of certman before.

pub mod aim;
pub mod choice;
pub mod doctor;
pub mod environment;
pub mod explain;
pub mod inspect;
pub mod reach;

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use self::aim::{Aim, StoreAim, allowing, file_of};
use crate::cli::commands::init::Decision;
use crate::cli::{
    CheckSummary, EditEnd, FirstToExpire, Fitness, IdentitySummary, ImportSummary, RuntimeSummary,
    SettingsEdit, VariableSummary, Written,
};
use crate::clients::key::KeyReason;
use crate::clients::{Client, Refusal};
use crate::exports::{Families, VARIABLES};
use crate::pki::asn1::{Departure, Malformed};
use crate::pki::bundle::{Obstacle, Place};
use crate::pki::cert::Flaw;
use crate::pki::container::{Broken, Damage, Extent, Guess, StoreError};
use crate::pki::identity::{Disorder, Unfit};
use crate::pki::key::{Cause as KeyDamage, NoKey, NotCheckable, OpenError, OtherContent, Quirk, Work};
use crate::pki::lifetime::{DAY, Validity};
use crate::pki::name::Foreign;
use crate::pki::public;
use crate::proxy::Form;
use crate::report::{Cause, CertificateFacts, Finding, Report, RuntimeTrouble, Severity, Trouble};
use crate::settings::{Invalid, Mistake};
use crate::shell::Shell;
use crate::source::address;
use crate::sys::fs::ReadError;
use crate::sys::net::Version;
use crate::sys::passphrase::Source;
use crate::sys::{keyring, passphrase, runtime};

/// The sentence with the place before it.
pub fn located(finding: &Finding, files: &[PathBuf]) -> String {
    let message = message(finding, files);
    match finding.place {
        Some(at) => {
            let name = finding.name.as_ref().map(|name| format!(" ({})", Foreign(name))).unwrap_or_default();
            format!("{}{name}: {message}", place(at, files))
        }
        None => message,
    }
}

/// The sentence.
pub fn message(finding: &Finding, files: &[PathBuf]) -> String {
    match &finding.cause {
        Cause::Environment(conflict) => environment::message(conflict),
        Cause::Hosts { hosts, obstacle } => reach::message(hosts, obstacle),
        Cause::ProxyChoice(dissent) => choice::message(dissent),
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
        Cause::CertWithoutKey { subject } => {
            format!("the private key of '{subject}' is not among these files")
        }
        Cause::ChainGap { issuer, subject } if issuer == subject => {
            format!("'{subject}' was signed by another key of its own name, and that root is missing")
        }
        Cause::ChainGap { issuer, subject } => {
            format!(
                "the root of '{subject}' is missing: it was issued by '{issuer}', and most clients do not trust it alone"
            )
        }
        Cause::ChainGapAll => {
            "there are only intermediates and no root, so no client would trust any of them".into()
        }
        Cause::ChainGapOfClient { issuer, subject, .. } => {
            format!(
                "'{subject}' was issued by '{issuer}', whose certificate is not among these files: a server that does not \
                 have it itself will refuse the client"
            )
        }
        Cause::ClientCertMissing(error) => format!("the client certificate cannot be read: {error}"),
        Cause::ClientCertNotForClients { subject, unfit } => {
            format!("'{subject}' is not a certificate for TLS clients: {}", self::unfit(unfit))
        }
        Cause::ClientCertNotPortable { refusal } => {
            let clients = listed(&refusal.clients());
            format!("the certificate file {}, and {clients} will not read it", refusal.what)
        }
        Cause::ClientCertOrder { disorder, later } => {
            let later = place(*later, files);
            match disorder {
                Disorder::AuthorityFirst { .. } => {
                    format!("the chain begins with a CA; the client's own certificate stands in {later}")
                }
                Disorder::IssuerLater { .. } => {
                    format!("this certificate is not followed by its issuer, which stands in {later}")
                }
                Disorder::LeafLater { .. } => {
                    format!(
                        "the certificate that the client key belongs to is not the first: it stands in {later}"
                    )
                }
            }
        }
        Cause::ClientCertUnreadable { guess: None } => {
            "there is no certificate in the certificate file".into()
        }
        Cause::ClientCertUnreadable { guess: Some(guess) } => {
            format!("there is no certificate in the certificate file: {}", self::guess(*guess))
        }
        Cause::ClientRefuses { refusal, subject } => {
            let clients = refusal.clients();
            let refuse = third_person(&clients);
            format!("'{subject}' has {}, which {} refuse{refuse}", refusal.what, listed(&clients))
        }
        Cause::CrossSignedTwin { issuer, kept, subject } => {
            format!(
                "'{subject}' as issued by '{issuer}' is left out: the one issued by '{kept}' has the same key"
            )
        }
        Cause::FullBundleNotMade { names } => {
            let are = if names.len() == 1 { "is" } else { "are" };
            format!("{} {are} not set: no source is configured to make the full bundle from", listed(names))
        }
        Cause::IdentityAmbiguous { count } => {
            format!("there are {count} identities here, and nothing says which one is meant")
        }
        Cause::IdentityIncomplete { missing } => {
            format!("{missing} is not set, so whether key and certificate belong together was not asked")
        }
        Cause::IdentityMissing => {
            "there is neither a client certificate nor a private key in these files".into()
        }
        Cause::IdentityNotSelected { count: 1 } => {
            "--select names another identity than the one that is here".into()
        }
        Cause::IdentityNotSelected { count } => {
            format!("--select names none of the {count} identities that are here")
        }
        Cause::ImportUndone => {
            "an import had been cut short between certificate and key; the pair before it has been put back"
                .into()
        }
        Cause::KeyContradicts => {
            "the client key contradicts itself: the public part in its file belongs to another key".into()
        }
        Cause::KeyKindRefused { refusal } => {
            format!("{} will not use {}", listed(&refusal.clients()), refusal.what)
        }
        Cause::KeyMismatch { subject } => {
            format!("the client key does not belong to the first certificate of the chain, '{subject}'")
        }
        Cause::KeyNotEncrypted => "the client key lies on the disk without a passphrase".into(),
        Cause::KeyMissing(error) => format!("the client key cannot be read: {error}"),
        Cause::KeyNotOpened(error) => not_opened(error),
        Cause::KeyNotPortable { refusal } => {
            let clients = listed(&refusal.clients());
            format!("the client key {}, and {clients} will not open it", key_reason(&refusal.what))
        }
        Cause::KeyOwner { owner } => {
            format!("the client key belongs to another user (number {owner}), who may read and replace it")
        }
        Cause::KeyPairUnchecked { why } => {
            format!(
                "whether the client key belongs to the certificate cannot be proven here: {}",
                unchecked(*why)
            )
        }
        Cause::KeyPermissions { mode } => {
            format!("others on this machine may read the client key (mode {mode:04o})")
        }
        Cause::KeyUnreadable { why } => no_key(why),
        Cause::KeyWeak { key } => format!("the client key is weak ({key})"),
        Cause::KeyWithoutCertificate { key } => {
            format!("the certificate of this private key ({key}) is not among these files")
        }
        Cause::Keyring(error) => Foreign(error).to_string(),
        Cause::NoProxyNotPortable { entries, more, refusal, .. } => {
            let clients = refusal.clients();
            let entries = entries.iter().map(|entry| format!("'{}'", Foreign(entry))).collect::<Vec<_>>();
            let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "no_proxy has {}, which {} do{} not understand: {}{more}",
                refusal.what,
                listed(&clients),
                if clients.len() == 1 { "es" } else { "" },
                entries.join(", ")
            )
        }
        Cause::PassphraseOdd { is_of_key: true, oddity } if oddity.is_at_an_end() => {
            format!("look at the passphrase: {oddity}, and newer versions of Claude Code take that off (2.1.332 does)")
        }
        Cause::PassphraseOdd { is_of_key, oddity } => {
            format!("look at the {}: {oddity}", if *is_of_key { "passphrase" } else { "password" })
        }
        Cause::PassphraseMissing(error) => Foreign(error).to_string(),
        Cause::PassphraseNotNeeded => "a place for the passphrase is named, and the key needs none".into(),
        Cause::PassphrasePermissions { mode } => {
            format!("others on this machine may read the passphrase file (mode {mode:04o})")
        }
        Cause::PemUnclosed { label } => format!("the block '{}' has no END line", Foreign(label)),
        Cause::ProxyPasswordNotPortable { refusal } => {
            let clients = listed(&refusal.clients());
            format!("the password of the proxy has {}, which {clients} cannot send as others do", refusal.what)
        }
        Cause::PrivateKeyInSource { label } => {
            format!("{label} stands among the certificates; it is not copied")
        }
        Cause::PublicRootsDropped { expired, flawed } => {
            format!(
                "{} of the public roots are left out of the full bundle: {expired} expired, {flawed} encoded in a way that \
                 breaks clients",
                expired + flawed
            )
        }
        Cause::PublicRootsMissing { is_system } => {
            let origin =
                if *is_system { "the trust store of the operating system" } else { "Mozilla's set in this program" };
            format!("no public root could be had from {origin}, so the full bundle is not made")
        }
        Cause::Repeated { code, count } => format!("and {count} more of the kind {code} in this file"),
        Cause::RuntimeExtraCertificate { fingerprint, runtime } => {
            format!(
                "{runtime} has a certificate from this file that certman does not read there: {}",
                Foreign(fingerprint)
            )
        }
        Cause::RuntimeFailed { program, why } => {
            format!("'{}' gives no proof: {}", Foreign(program), runtime_trouble(why))
        }
        Cause::RuntimeHandshakeFailed { over, runtime, server, way, words } => {
            let over: Vec<&str> = over.iter().copied().map(tls).collect();
            let through = way.map(|way| format!(" through {way}")).unwrap_or_default();
            let server = server.as_ref().map(|words| format!("; the server says: {}", Foreign(words)));
            format!(
                "{runtime} does not connect with the client key over {}{through}: {}{}",
                over.join(" and "),
                Foreign(words),
                server.unwrap_or_default()
            )
        }
        Cause::RuntimeLostCertificate { runtime, subject } => {
            format!("{runtime} does not have '{subject}' from this file")
        }
        Cause::RequestSignatureWrong { subject } => {
            format!("the request of '{subject}' is not signed by its own key, and no CA will take it")
        }
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
        Cause::SettingsByteOrderMark => {
            "it begins with a byte order mark; the desktop application ignores such a file without a word"
                .into()
        }
        Cause::SettingsHoldsSecret { name } => {
            format!("a secret stands here in plain text: {name}")
        }
        Cause::SettingsInvalid(invalid) => invalid_settings(*invalid),
        Cause::SettingsJavaLeftOut => {
            "JAVA_TOOL_OPTIONS is left out: it would take the place of the options that others have set for Java".to_owned()
        }
        Cause::SettingsKeyLeftOut { key } => format!(
            "certificate and key are left out: the key {key} is sealed, and its passphrase may not stand in a settings file"
        ),
        Cause::SettingsNotForAll { name } => {
            format!("{name} is for everyone on this machine, and not everyone can read this file")
        }
        Cause::SettingsOutrank { name, path } => {
            format!("{name} has another value here, which wins over the one in {path}")
        }
        Cause::SettingsOverrides { name, .. } => {
            format!("{name} has another value here than in the environment, and this one wins")
        }
        Cause::SettingsProxyLeftOut { name, value } => format!(
            "{name} is left out: the proxy {} wants a user, and the password may not stand in a settings file",
            Foreign(value)
        ),
        Cause::SettingsStalePath { name, why, .. } | Cause::SettingsUseless { name, why, .. } => {
            format!("{name} does not work: {}", trouble(why))
        }
        Cause::SettingsUnreadable(error) => format!("it cannot be read: {error}"),
        Cause::SettingsValueKept { name, value } => {
            format!("{} is not of certman's making, and stays: {}", Foreign(name), Foreign(value))
        }
        Cause::SettingsValueUnusable { name } => {
            format!("{name} is no text here, and no variable can hold anything else")
        }
        Cause::SourceEmpty { is_folder: true } => "the folder holds no file".into(),
        Cause::SourceEmpty { is_folder: false } => "the file is empty".into(),
        Cause::SourceMissing if address_at(finding, files).is_some() => {
            "this is an address, and certman reads files".into()
        }
        Cause::SourceMissing => "there is no such file or folder".into(),
        Cause::SourceOther { what } => format!("{} stands here; it is passed over", Foreign(what)),
        Cause::SourceUnknownFormat { guess } => self::guess(*guess).into(),
        Cause::SourceUnreadable(error) => format!("it cannot be read: {error}"),
        Cause::SourceZeros => "the file holds nothing but zero bytes".into(),
        Cause::SystemCorporate { is_anchor: true, subject } => {
            format!("'{subject}' counts as the company's: it lies in the folder for local anchors")
        }
        Cause::SystemCorporate { is_anchor: false, subject } => format!(
            "'{subject}' counts as the company's: it is in the trust store, and neither in Mozilla's set, nor shipped with \
             this system, nor among the public roots retired by {}",
            public::retired_as_of()
        ),
        Cause::SystemCorporateNone => {
            "the trust store of the operating system holds nothing that the company has added".into()
        }
        Cause::SystemMissing { is_own_output: false } => {
            "the operating system has no trust store in any of the usual places".into()
        }
        Cause::SystemMissing { is_own_output: true } => {
            "the trust store of the operating system is a file that certman writes, so what is in it cannot be told apart"
                .into()
        }
        Cause::SystemNotAsked(error) => {
            format!("the trust store of {} was not read: {error}", if cfg!(target_os = "macos") { "macOS" } else { "Windows" })
        }
        Cause::SystemOwnOutput { variable } => {
            format!("{variable} leads to what certman writes; the trust store is read from its own place")
        }
        Cause::StoreNotOpened(error) => store_not_opened(error),
        Cause::StoreNotProven { what: None } => {
            "whether the store is as it was written is not proven: that needs its passphrase".into()
        }
        Cause::StoreNotProven { what: Some(what) } => {
            format!("the store is sealed against change with {}, which certman does not check", Foreign(what))
        }
        Cause::StorePassphraseDefault { passphrase: "" } => {
            "the store has an empty passphrase, so whoever can write the file can change it".into()
        }
        Cause::StorePassphraseDefault { passphrase } => {
            format!("the store has the passphrase '{passphrase}', which everyone knows")
        }
        Cause::StorePassphraseMissing(error) => format!("no passphrase for the store: {}", Foreign(error)),
        Cause::StoreUnprotected => {
            "nothing in the store proves that it is as it was written (it has no MAC)".into()
        }
    }
}

/// The next step, where there is one.
pub fn fix(finding: &Finding, report: &Report) -> Option<String> {
    let key = Aim::of(finding, report);
    // The words have FILE where the file belongs.
    let about_file = |step: &str| step.replace("FILE", &file_of(finding, report));
    Some(match &finding.cause {
        Cause::Environment(conflict) => return environment::fix(conflict),
        Cause::Hosts { hosts, obstacle } => return reach::fix(hosts, obstacle),
        Cause::ProxyChoice(dissent) => return choice::fix(dissent),
        Cause::BundleEmpty if report.findings.iter().any(was_dropped_for_its_dates) => {
            "ask the help desk for the root certificate of the company's CA; --keep-expired keeps what has expired"
        }
        Cause::BundleEmpty => "ask the help desk for the root certificate of the company's CA, and name its file",
        Cause::BundleKept { .. } => "mend the sources named above, then run `certman bundle`",
        Cause::BundleLarge { .. } => "name fewer sources: the company's own roots and intermediates are enough",
        Cause::BundleMissing | Cause::BundleStale | Cause::BundleUnloadable { .. } => "make it anew with `certman bundle`",
        Cause::CertDamaged { why: Broken::Base64(Damage::LineBreaks), .. } => return Some(about_file(BREAK_LINES)),
        Cause::CertDamaged { .. } | Cause::PemUnclosed { .. } => "get this certificate again; the others were read",
        Cause::CertExpired { .. } => "get a renewed certificate from whoever issued it",
        Cause::CertExpiring { .. } => "have it renewed before that day",
        Cause::CertNotDer { .. } => "ask whoever runs this CA for a certificate in exact DER",
        Cause::CertNotYetValid { .. } => "look at this machine's clock; if that is right, wait",
        Cause::CertWeakKey { .. } | Cause::CertWeakSignature { .. } => "ask whoever runs this CA for a newer one",
        Cause::ChainGap { .. } | Cause::ChainGapAll => "ask the help desk for the root certificate, and add it as a source",
        Cause::CertWithoutKey { .. } => {
            "name the key file too; it was made on the machine that the certificate was requested from"
        }
        Cause::ChainGapOfClient { address: Some(address), .. } => {
            return Some(format!("get it from {}, and name that file too", Foreign(address)));
        }
        Cause::ChainGapOfClient { .. } => "ask the help desk for the issuer's certificate, and name that file too",
        Cause::ClientCertNotForClients { .. } => "ask for a certificate with the purpose clientAuth",
        Cause::ClientCertMissing(_) => "correct client.cert in certman.toml, or name the file with --cert",
        Cause::ClientCertNotPortable { refusal } => return Some(about_file(chain_file_fix(refusal.what))),
        Cause::ClientCertUnreadable { guess } => {
            return Some(about_file(guess.and_then(guess_fix).unwrap_or("get the certificate again, in PEM")));
        }
        Cause::ClientCertOrder { .. } => "put the client's own certificate first, then each issuer behind what it issued",
        Cause::KeyMismatch { .. } => "name the certificate that was issued for this key; `certman key check --json` shows the spki_sha256 of both",
        Cause::KeyNotEncrypted => {
            return Some(format!("seal it with `certman key encrypt{} --new-passphrase prompt`", key.rewriting()));
        }
        Cause::FullBundleNotMade { .. } => NO_SOURCES,
        Cause::IdentityAmbiguous { .. } | Cause::IdentityNotSelected { .. } => {
            "pick one with --select: a part of its subject, or the first 8 digits of its fingerprint"
        }
        Cause::IdentityMissing => {
            "name the PKCS#12 file, or both the certificate and the key; `certman inspect FILE` says what a file holds"
        }
        Cause::KeyContradicts if key.is_in_store => "get the store again; `certman import` writes the key without that part",
        Cause::KeyContradicts => {
            return Some(format!(
                "get the key file again; `certman key encrypt{}` writes it without that part",
                key.rewriting()
            ));
        }
        Cause::KeyKindRefused { .. } => "ask for another key and certificate: RSA of 2048 bits and more, P-256 or Ed25519",
        Cause::KeyMissing(_) => "correct client.key in certman.toml, or name the file with --key",
        Cause::KeyNotOpened(error) => return Some(open_fix(error, &key)),
        Cause::KeyNotPortable { refusal: Refusal { what: KeyReason::UnknownScheme(_), .. } } => {
            return Some(REWRITE_WITH_OPENSSL.replace("FILE", &key.file()));
        }
        Cause::KeyNotPortable { .. } => {
            return Some(format!("rewrite it with `certman key encrypt{}`", key.rewriting()));
        }
        Cause::KeyOwner { .. } => "take a copy of your own, or have the owner changed",
        Cause::IdentityIncomplete { missing } => {
            return Some(format!("set {missing} in certman.toml, or name the file with --{}", &missing[7..]));
        }
        Cause::KeyUnreadable { why } => return no_key_fix(why).map(about_file),
        Cause::KeyPermissions { .. } | Cause::PassphrasePermissions { .. } => "run `chmod 600` on it",
        Cause::KeyWeak { .. } => "ask for a new key: RSA of 2048 bits and more, or P-256",
        Cause::KeyWithoutCertificate { .. } => "name the certificate that was issued for it too",
        Cause::Keyring(error) => return Some(keyring_fix(error, &key.key())),
        Cause::PassphraseOdd { is_of_key: true, oddity } if oddity.is_at_an_end() => {
            return Some(format!(
                "if it is meant, give the key another one with `certman key encrypt{} --new-passphrase prompt`, or start Claude Code \
                 through `certman run`, which hands on one of its own",
                Aim::of(finding, report).rewriting()
            ));
        }
        Cause::PassphraseMissing(error) => return passphrase_fix(error, &key),
        Cause::PassphraseNotNeeded => "take client.passphrase out of certman.toml, or leave --passphrase away",
        Cause::NoProxyNotPortable { form: Form::Pattern, .. } => "name the domain, or each host",
        Cause::NoProxyNotPortable { form: Form::Port, .. } => "leave the port away: the whole host then goes around the proxy",
        Cause::NoProxyNotPortable { form: Form::Range, .. } => {
            "name domains, or smaller ranges: those of up to 256 addresses in all are written out"
        }
        Cause::NoProxyNotPortable { form: Form::Word, .. } => "name hosts and domains, in ASCII as DNS has them (xn--)",
        Cause::ProxyPasswordNotPortable { .. } => "take a password of letters, digits and signs of ASCII, if the proxy lets you",
        Cause::PrivateKeyInSource { .. } => "move the key out of there: what is a source is read by many",
        Cause::PublicRootsMissing { is_system: true } => "take Mozilla's set: `--public-roots mozilla`, or bundle.public_roots in certman.toml",
        Cause::PublicRootsMissing { is_system: false } => "look at this machine's clock, or take `--public-roots system`",
        Cause::RuntimeExtraCertificate { .. } => "make it anew with `certman bundle`, which writes what every client reads alike",
        Cause::RuntimeFailed { why, .. } => runtime_fix(why)?,
        Cause::RuntimeHandshakeFailed { .. } => "`certman key check` says what is the matter with key, certificate and passphrase",
        Cause::RuntimeLostCertificate { .. } => "make it anew with `certman bundle`, which leaves out what harms the rest",
        Cause::RequestSignatureWrong { .. } => "make the request anew, from the key it is for",
        Cause::SameSubjectOtherKey { .. } => "keep only the CA that is in use, and take the other out of the sources",
        Cause::SelfSignatureWrong { .. } => "compare its fingerprint with the help desk before you trust it",
        Cause::SettingsByteOrderMark => "save it as UTF-8 without a byte order mark",
        Cause::SettingsHoldsSecret { .. } => {
            "take it out; `certman run` and `certman env` hand secrets on without writing them down"
        }
        Cause::SettingsInvalid(invalid) => invalid_settings_fix(*invalid),
        Cause::SettingsJavaLeftOut => JAVA_LEFT_OUT,
        Cause::SettingsKeyLeftOut { .. } => KEY_LEFT_OUT,
        Cause::SettingsNotForAll { .. } => {
            "keep it in a folder that is open to all, such as /etc/certman: bundle.out in certman.toml"
        }
        Cause::SettingsOutrank { .. } => "take it out of that file, or correct it there",
        // `apply` never writes a passphrase, so that it cannot renew one.
        Cause::SettingsOverrides { is_secret: true, .. } => {
            "take it out of the file; `certman run` and `certman env` hand secrets on without writing them down"
        }
        Cause::SettingsOverrides { name, .. } if !VARIABLES.iter().any(|known| known.name == *name) => {
            "take it out where it is not meant: certman sets it nowhere by itself"
        }
        Cause::SettingsOverrides { is_current: true, needs, .. } => {
            let naming = naming(needs, report);
            return Some(format!("here stands what is configured: bring the environment up to date with `eval \"$(certman env{naming})\"`"));
        }
        Cause::SettingsOverrides { needs, scope, .. }
        | Cause::SettingsStalePath { needs, scope, .. }
        | Cause::SettingsUseless { needs, scope, .. } => {
            return Some(format!(
                "renew it with `certman settings apply --scope {}{}`, which wants a certman.toml, or take it out of the file",
                scope.name(),
                naming(needs, report)
            ));
        }
        Cause::SettingsProxyLeftOut { .. } => {
            "start Claude Code from a shell with `certman env`, or through `certman run`, which take the password from where it is kept"
        }
        Cause::SettingsUnreadable(_) => "look at what stands there",
        Cause::SettingsValueKept { .. } => "if it is of no use any more, take it out by hand",
        Cause::SettingsValueUnusable { .. } => "write a text in double quotes there, or take it out",
        Cause::SourceMissing if address_at(finding, &report.files).is_some() => {
            let address = address_at(finding, &report.files).unwrap_or_default();
            return Some(format!("fetch it first: `curl -fLO {}`", aim::word(address.as_bytes())));
        }
        Cause::SourceEmpty { .. } | Cause::SourceMissing => "correct the path, or take it out of the sources",
        Cause::SourceOther { .. } if finding.severity >= Severity::Warning => "name the file of a certificate in its place",
        Cause::SourceUnknownFormat { guess } => return guess_fix(*guess).map(about_file),
        Cause::SourceUnreadable(ReadError::NotAFile(_)) => "name a regular file, or `-` for standard input",
        Cause::SourceUnreadable(ReadError::TooLarge { .. }) => "name the files with certificates in them",
        Cause::SourceZeros => "get it again: whoever copied it has made room for it and written nothing",
        Cause::SourceUnreadable(_) => "make it readable for the user who runs certman",
        Cause::SystemCorporateNone => "have the company's root installed on this machine, or name its file as a source",
        Cause::SystemMissing { is_own_output: false } => {
            "install the package ca-certificates, or take `--public-roots mozilla`; the company's roots are named as files"
        }
        Cause::SystemMissing { is_own_output: true } => {
            "name another file with --out and --full, and restore the trust store (`update-ca-certificates`)"
        }
        Cause::SystemNotAsked(_) => "try again; what the company has added there can also be exported and named as a file",
        Cause::StoreNotOpened(error) => return Some(store_fix(error, &StoreAim::of(finding, report))),
        Cause::StorePassphraseMissing(error) => return Some(store_passphrase_fix(error, &StoreAim::of(finding, report))),
        _ => return None,
    }
    .into())
}

/// The address that was named in the place of a file.
fn address_at(finding: &Finding, files: &[PathBuf]) -> Option<String> {
    address(files.get(finding.place?.file as usize)?)
}

fn was_dropped_for_its_dates(finding: &Finding) -> bool {
    matches!(finding.cause, Cause::CertExpiredDropped { .. } | Cause::CertNotYetValid { .. })
}

/// ` --for CLIENT,…` where a command has to be told for whom: without these `settings apply` takes out what is theirs.
fn naming(needs: &Families, report: &Report) -> String {
    let is_known = report.circumstances.families.include(needs);
    if is_known { String::new() } else { format!(" --for {needs}") }
}

/// The next step for each way in which a keyring does not answer about a key, which `option` names.
pub fn keyring_fix(error: &keyring::Error, option: &str) -> String {
    match error {
        keyring::Error::Absent { .. } => return format!("store it once with `certman key remember{option}`"),
        keyring::Error::Ambiguous { .. } => {
            return format!("run `certman key forget{option}`, then `certman key remember{option}`");
        }
        keyring::Error::LineEnding | keyring::Error::NotText { .. } => {
            "keep this passphrase in a file of mode 0600, and set client.passphrase = \"file:PATH\""
        }
        keyring::Error::Locked { .. } => KEYRING_LOCKED,
        keyring::Error::NoBus { .. } => {
            "in cron, containers and SSH take another place: client.passphrase = \"file:PATH\", or --passphrase"
        }
        keyring::Error::NoCollection => KEYRING_NOT_MADE,
        keyring::Error::NoService { .. } => {
            "start gnome-keyring, KWallet or KeePassXC, or set client.passphrase = \"file:PATH\""
        }
        keyring::Error::Other { .. } => "try again; or set client.passphrase = \"file:PATH\"",
        keyring::Error::TimedOut { .. } => KEYRING_WAITS,
    }
    .into()
}

/// The next step for each way in which a passphrase is not to be had.
pub fn passphrase_fix(error: &passphrase::Error, key: &Aim<'_>) -> Option<String> {
    Some(
        match error {
            passphrase::Error::Keyring(error) => return Some(keyring_fix(error, &key.key())),
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
        }
        .into(),
    )
}

/// The same for the password of a proxy.
pub fn proxy_keyring_fix(error: &keyring::Error) -> &'static str {
    match error {
        keyring::Error::Absent { .. } => {
            "store it once with `certman proxy remember`; proxy.password = \"none\" is for a user without one"
        }
        keyring::Error::Ambiguous { .. } => "run `certman proxy forget`, then `certman proxy remember`",
        keyring::Error::LineEnding | keyring::Error::NotText { .. } => {
            "keep this password in a file of mode 0600, and set proxy.password = \"file:PATH\""
        }
        keyring::Error::NoBus { .. } => {
            "in cron, containers and SSH take another place: proxy.password = \"file:PATH\", or CERTMAN_PROXY_PASSWORD_FROM"
        }
        keyring::Error::NoService { .. } => {
            "start gnome-keyring, KWallet or KeePassXC, or set proxy.password = \"file:PATH\""
        }
        keyring::Error::Other { .. } => "try again; or set proxy.password = \"file:PATH\"",
        keyring::Error::Locked { .. } => KEYRING_LOCKED,
        keyring::Error::NoCollection => KEYRING_NOT_MADE,
        keyring::Error::TimedOut { .. } => KEYRING_WAITS,
    }
}

/// The next step for each way in which the password of a proxy is not to be had.
pub fn proxy_password_fix(error: &passphrase::Error) -> Option<&'static str> {
    Some(match error {
        passphrase::Error::Keyring(error) => proxy_keyring_fix(error),
        passphrase::Error::NoTerminal => {
            "name another place in proxy.password: keyring, file:PATH, fd:N, env:NAME, command:…"
        }
        passphrase::Error::TooLong { .. } => "certman hands on no longer one: ask for another password",
        passphrase::Error::Missing { .. } | passphrase::Error::Folder { .. } => "correct proxy.password",
        passphrase::Error::Unset { .. } => "set the variable, or name another place in proxy.password",
        _ => return None,
    })
}

/// Why a file gives no key, as a sentence about it.
pub fn no_key(why: &NoKey) -> String {
    match why {
        NoKey::Damaged { cause, line, .. } => {
            let line = line.map(|line| format!(" (line {line})")).unwrap_or_default();
            format!("the client key is damaged: {}{line}", key_damage(*cause))
        }
        NoKey::Empty => "the file of the client key is empty".into(),
        NoKey::NotAKey { what } => format!("there is no private key in the file: {}", other_content(what)),
    }
}

/// The next step for a file without a key.
pub fn no_key_fix(why: &NoKey) -> Option<&'static str> {
    if let NoKey::Damaged { cause: KeyDamage::Base64(Damage::LineBreaks), .. } = why {
        return Some(BREAK_LINES);
    }
    let NoKey::NotAKey { what } = why else {
        return Some("get the key file again, or take it from a backup");
    };
    Some(match what {
        OtherContent::Certificate => "this is a certificate: --cert and --key may be the wrong way round",
        OtherContent::CertificateRequest | OtherContent::PublicKey => {
            "the private key is in a file beside it, made at the same time"
        }
        OtherContent::Html => "open the address in a browser, sign in, and save the file again",
        OtherContent::OpenSsh | OtherContent::Putty => {
            "this key is for SSH; ask for the one that belongs to the certificate"
        }
        OtherContent::JavaKeyStore | OtherContent::Pkcs12 => {
            "`certman import FILE` makes certificate and key of it, in the form that every client reads"
        }
        _ => "name the file of the private key with --key",
    })
}

/// Why a sealed key did not open, as a sentence about it.
pub fn not_opened(error: &OpenError) -> String {
    match error {
        OpenError::Damaged { cause } => format!("the client key is damaged: {}", key_damage(*cause)),
        OpenError::TooMuchWork { demanded, kind, limit } => {
            format!("the client key demands {}; {} are allowed", work(*kind, *demanded), work(*kind, *limit))
        }
        OpenError::Unsupported { what } => {
            format!("the client key is sealed with {}, which certman does not open", Foreign(what))
        }
        OpenError::WrongPassphraseOrDamaged => {
            "the passphrase does not open the client key; a damaged key file looks the same".into()
        }
    }
}

fn work(kind: Work, number: u64) -> String {
    match kind {
        Work::Iterations => format!("{} rounds of key derivation", grouped(number)),
        Work::ScryptMemory => format!("{} MiB of memory for scrypt", grouped(number >> 20)),
        Work::ScryptWork => format!("{} block mixes of scrypt", grouped(number)),
    }
}

/// The next step for a sealed key that did not open.
pub fn open_fix(error: &OpenError, key: &Aim<'_>) -> String {
    match error {
        OpenError::Damaged { .. } if key.is_in_store => "get the store again, and copy it as a binary file".into(),
        OpenError::Damaged { .. } => "get the key file again, or take it from a backup".into(),
        OpenError::TooMuchWork { demanded, kind, .. } if key.is_in_store => {
            format!("if you trust the file, allow that with {}", allowing(*kind, *demanded))
        }
        OpenError::TooMuchWork { demanded, kind, .. } => format!(
            "if you trust the file, rewrite it with `certman key encrypt{} {}`",
            key.rewriting(),
            allowing(*kind, *demanded)
        ),
        OpenError::Unsupported { .. } if key.is_in_store => {
            "have the key exported anew by the program that made the store".into()
        }
        OpenError::Unsupported { .. } => REWRITE_WITH_OPENSSL.replace("FILE", &key.file()),
        OpenError::WrongPassphraseOrDamaged if key.is_in_store => {
            "name the place of its passphrase: --store-passphrase WHERE for that of the store, --passphrase WHERE where the key \
             has one of its own"
                .into()
        }
        OpenError::WrongPassphraseOrDamaged => {
            let (option, place) = (key.key(), key.passphrase());
            let step = format!("try `certman key check{option} --passphrase prompt`");
            match place {
                Source::Keyring | Source::Prompt => {
                    format!("{step}; store the right one with `certman key remember{option}`")
                }
                place => format!("{step}, and correct what {} gives", Foreign(place.name())),
            }
        }
    }
}

/// Why a store stays closed, as a sentence about it.
pub fn store_not_opened(error: &StoreError) -> String {
    match error {
        StoreError::Damaged { why: Malformed::CutShort } => "the store is damaged: it is cut short".into(),
        StoreError::Damaged { .. } => "the store is damaged: its structure is broken".into(),
        StoreError::PassphraseNeeded => "the store does not open without its passphrase".into(),
        StoreError::TooLarge { demanded, extent: Extent::Bytes, limit } => format!(
            "the store has {} MiB; stores of up to {} MiB are read",
            grouped(demanded.div_ceil(1 << 20)),
            grouped(limit >> 20)
        ),
        StoreError::TooLarge { extent: Extent::Entries, limit, .. } => {
            format!("the store has more than {} entries", grouped(*limit))
        }
        StoreError::TooMuchWork { demanded, kind, limit } => {
            format!("the store demands {}; {} are allowed", work(*kind, *demanded), work(*kind, *limit))
        }
        StoreError::TwoPassphrases => {
            "the passphrase is right for the store as a whole, and its content is sealed with another one"
                .into()
        }
        StoreError::Unsupported { what } => {
            format!("certman does not read what is in the store: {}", Foreign(what))
        }
        StoreError::WrongPassphraseOrDamaged => {
            "the passphrase does not open the store; a store that was changed looks the same".into()
        }
    }
}

/// The next step for a store that stays closed.
pub fn store_fix(error: &StoreError, store: &StoreAim) -> String {
    let file = &store.file;
    match error {
        StoreError::Damaged { .. } => "get the store again, and copy it as a binary file".into(),
        StoreError::PassphraseNeeded => store.remembering(),
        StoreError::TooLarge { .. } => "name the files with certificates in them".into(),
        // Who wants the key is not helped by the certificates.
        StoreError::TooMuchWork { demanded, kind, .. } if store.may_allow_work => {
            format!("if you trust the file, allow that with {}", allowing(*kind, *demanded))
        }
        StoreError::TooMuchWork { .. } => format!(
            "if you trust the file, take the certificates out with OpenSSL: `openssl pkcs12 -nokeys -in {file} -out certs.pem`"
        ),
        StoreError::TwoPassphrases | StoreError::Unsupported { .. } => {
            "have the certificates exported as PEM by the program that made the store".into()
        }
        StoreError::WrongPassphraseOrDamaged => match &store.place {
            Some(place) => {
                format!("correct what {place} gives, or name another place with --store-passphrase")
            }
            None if store.is_inspected => {
                format!("try again with `certman inspect {file} --store-passphrase prompt`")
            }
            None => format!(
                "store the right one with `certman key remember --store {file}`, or name its place with --store-passphrase"
            ),
        },
    }
}

/// The next step for each way in which the passphrase of a store is not to be had.
pub fn store_passphrase_fix(error: &passphrase::Error, store: &StoreAim) -> String {
    match error {
        passphrase::Error::Keyring(error) => return store_keyring_fix(error, store),
        passphrase::Error::Missing { .. } | passphrase::Error::Folder { .. } => {
            "correct bundle.store_passphrase or --store-passphrase"
        }
        passphrase::Error::Unset { .. } => "set the variable, or name another place with --store-passphrase",
        _ if store.is_inspected => STORE_PLACES,
        _ => STORE_PLACES_OR_NONE,
    }
    .into()
}

/// The next step for each way in which a keyring does not answer about a store.
pub fn store_keyring_fix(error: &keyring::Error, store: &StoreAim) -> String {
    use keyring::Error;
    match error {
        Error::Absent { .. } => return store.remembering(),
        Error::Ambiguous { .. } => {
            let file = &store.file;
            return format!(
                "run `certman key forget --store {file}`, then `certman key remember --store {file}`"
            );
        }
        Error::LineEnding | Error::NotText { .. } => {
            "keep this passphrase in a file of mode 0600, and set bundle.store_passphrase = \"file:PATH\""
        }
        Error::Locked { .. } => KEYRING_LOCKED,
        Error::NoCollection => KEYRING_NOT_MADE,
        Error::NoBus { .. } | Error::NoService { .. } | Error::Other { .. } if store.is_inspected => {
            STORE_PLACES
        }
        Error::NoBus { .. } | Error::NoService { .. } | Error::Other { .. } => STORE_PLACES_OR_NONE,
        Error::TimedOut { .. } => KEYRING_WAITS,
    }
    .into()
}

/// How the key is written or sealed, behind "the client key".
pub fn key_reason(reason: &KeyReason) -> String {
    match reason {
        KeyReason::Kind(what) => format!("is {what}"),
        KeyReason::NoPublicPart => "lacks its public part".into(),
        KeyReason::Quirk(quirk) => quirk_in_words(*quirk).into(),
        KeyReason::Scheme(scheme) | KeyReason::UnknownScheme(scheme) => {
            format!("is sealed with {}", Foreign(scheme))
        }
    }
}

fn quirk_in_words(quirk: Quirk) -> &'static str {
    match quirk {
        Quirk::BlankLine => "has a blank line inside its base64",
        Quirk::ByteOrderMark => "has a byte order mark",
        Quirk::Der => "is in DER, not in PEM",
        Quirk::EndMarker => "has no END line of its own",
        Quirk::Headers => "has lines of text inside its block",
        Quirk::Label => "stands under a label that says something else",
        Quirk::LineLength => "has base64 lines of 253, 506 or 759 characters",
        Quirk::LoneCarriageReturn => "has carriage returns without line feeds",
        Quirk::MarkerNotAtLineStart => "has a BEGIN or END line that is indented or shares its line",
        Quirk::NoMarkers => "has lost its BEGIN and END lines",
        Quirk::Padding => "has base64 without its padding",
        Quirk::Utf16 => "is written in UTF-16",
    }
}

fn key_damage(damage: KeyDamage) -> &'static str {
    match damage {
        KeyDamage::Asn1(Malformed::CutShort) => "it is cut short",
        KeyDamage::Asn1(_) | KeyDamage::Structure => "what it holds is no private key",
        KeyDamage::Base64(Damage::Character { .. }) => "it has a character that base64 does not have",
        KeyDamage::Base64(Damage::Empty) => "its block is empty",
        KeyDamage::Base64(Damage::Length) => "its base64 is cut short",
        KeyDamage::Base64(Damage::LineBreaks) => LINE_BREAKS,
        KeyDamage::CurvesDiffer => "it names two different curves",
        KeyDamage::CurveMissing => "it does not say which curve it is on",
        KeyDamage::Headers => "the lines above its base64 that say how it is sealed are broken",
        KeyDamage::Impossible => "it has numbers that no key can have",
        KeyDamage::Parameters => "the parameters of its sealing are ones that none can have",
    }
}

fn other_content(what: &OtherContent) -> String {
    match what {
        OtherContent::Certificate => "it holds a certificate".into(),
        OtherContent::CertificateRequest => "it holds a certificate request".into(),
        OtherContent::Html => "it is a web page; the download was probably a sign-in page".into(),
        OtherContent::JavaKeyStore => "it is a Java key store".into(),
        OtherContent::Json => "it is JSON".into(),
        OtherContent::OpenSsh => "it holds a key in the format of OpenSSH".into(),
        OtherContent::OtherPem(label) => format!("it holds a block '{}'", Foreign(label)),
        OtherContent::Pgp => "it holds a PGP key".into(),
        OtherContent::Pkcs12 => "it is a PKCS#12 store".into(),
        OtherContent::Pkcs7 => "it holds PKCS#7 certificates".into(),
        OtherContent::PublicKey => "it holds a public key alone".into(),
        OtherContent::Putty => "it holds a key in the format of PuTTY".into(),
        OtherContent::Unknown => "it is nothing that certman knows".into(),
    }
}

fn unchecked(why: NotCheckable) -> &'static str {
    match why {
        NotCheckable::Algorithm => "nothing here computes with keys of this kind",
        NotCheckable::KeyRefused => "the numbers in the key do not fit together",
        NotCheckable::PublicKeyUnreadable => "the public key in the certificate cannot be read",
    }
}

fn unfit(unfit: &Unfit) -> String {
    match unfit {
        Unfit::Authority => "it is a CA".into(),
        Unfit::ExtendedKeyUsage { purposes } => {
            format!("its extended key usage is {}, not clientAuth", purposes.join(", "))
        }
        Unfit::KeyUsage => "its key usage lacks digitalSignature".into(),
    }
}

fn chain_file_fix(what: &str) -> &'static str {
    match what {
        "is PKCS#7" => {
            "take the certificates out: `openssl pkcs7 -print_certs -in FILE -out client-cert.pem`, the client's own first"
        }
        "is not PEM" => {
            "write it as PEM: `openssl x509 -in FILE -out client-cert.pem` (for PKCS#7 `openssl pkcs7 -inform der -print_certs`)"
        }
        "has a damaged certificate" | "has a certificate without its own END line" => "get the file again",
        _ => {
            "write each certificate anew, the client's own first: `openssl x509 -in FILE -out client-cert.pem`"
        }
    }
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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

/// Why a proposal of `init` was not written, and the next step; none where that was not asked for.
pub fn not_written(decision: Decision) -> Option<(&'static str, &'static str)> {
    match decision {
        Decision::Declined => Some((
            "nothing was written",
            "`certman init --print > FILE` gives the proposal to change by hand",
        )),
        Decision::Unasked => Some((
            "nothing was written: there is no terminal to ask on",
            "`certman init --yes` takes the proposal without a question",
        )),
        Decision::Printed | Decision::Written => None,
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
        Some(FirstToExpire { subject, validity: Validity { not_after, .. }, .. }) => format!(
            "ok: {certificates}, the first to expire is '{subject}' on {} ({})",
            day(*not_after),
            ahead(*not_after - summary.now)
        ),
        None => format!("ok: {certificates}"),
    }
}

/// What `key check` has seen, as pairs of a word and what there is to say.
pub fn identity(summary: &IdentitySummary, report: &Report) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(key) = &summary.key {
        lines.push(("key file", path(key)));
    }
    let facts = report.keys.iter().find(|facts| Some(facts.place) == summary.key_place);
    if let Some(facts) = facts {
        lines.push(("form", facts.format.clone()));
        let rounds = facts.iterations.map(|rounds| match rounds {
            1 => ", 1 round".to_owned(),
            rounds => format!(", {} rounds", grouped(rounds)),
        });
        let sealed =
            facts.scheme.as_ref().map(|scheme| Foreign(scheme).to_string() + &rounds.unwrap_or_default());
        lines.push(("sealed", sealed.unwrap_or_else(|| "no".into())));
        let from = summary.passphrase_from.as_deref().unwrap_or_default();
        match facts.opened {
            Some(true) => lines.push(("opened", format!("yes, with the passphrase from {}", Foreign(from)))),
            Some(false) => lines.push(("opened", format!("no; the passphrase came from {}", Foreign(from)))),
            None if facts.encrypted => lines.push(("opened", "not tried".into())),
            None => {}
        }
        if let Some(algorithm) = &facts.algorithm {
            let bits = facts.bits.filter(|_| algorithm.starts_with("RSA"));
            let bits = bits.map(|bits| format!(", {bits} bits")).unwrap_or_default();
            lines.push(("algorithm", format!("{}{bits}", Foreign(algorithm))));
        }
    }
    if let Some(certificate) = &summary.certificate {
        lines.push(("certificate", path(certificate)));
    }
    for (number, (subject, not_after)) in summary.chain.iter().take(LONGEST_CHAIN).enumerate() {
        let whose = if summary.belongs_to == Some(number) { ", the key belongs to it" } else { "" };
        let word = if number == 0 { "chain" } else { "" };
        lines.push((word, format!("{}. {} (to {}{whose})", number + 1, cut(subject, 60), day(*not_after))));
    }
    if let Some(more) = summary.chain.len().checked_sub(LONGEST_CHAIN).filter(|more| *more > 0) {
        lines.push(("", format!("and {}", counted(more, "more certificate"))));
    }
    lines
}

/// What `key check` says when there is nothing to say.
pub fn identity_is_good(summary: &IdentitySummary, report: &Report) -> String {
    let is_open = report.keys.iter().any(|facts| facts.opened == Some(true));
    let key = if is_open { "ok: the key opens" } else { "ok: the key needs no passphrase" };
    match summary.belongs_to.and_then(|number| summary.chain.get(number)) {
        Some((subject, not_after)) => {
            let left = ahead(*not_after - summary.now);
            format!("{key} and belongs to '{subject}', valid to {} ({left})", day(*not_after))
        }
        None => format!("{key}; no certificate was named"),
    }
}

/// The identities among which one has to be chosen, a line each.
pub fn candidates(summary: &ImportSummary) -> Vec<String> {
    let line = |(leaf, name): &(CertificateFacts, Option<String>)| {
        let name =
            name.as_ref().map(|name| format!(", in the store '{}'", cut(&Foreign(name).to_string(), 40)));
        format!(
            "{}  {}, issued by {}, to {}{}",
            leaf.fingerprint_sha256.get(..16).unwrap_or_default(),
            cut(&leaf.subject, 60),
            cut(&leaf.issuer, 60),
            day(leaf.not_after),
            name.unwrap_or_default()
        )
    };
    summary.candidates.iter().take(MOST_CANDIDATES).map(line).collect()
}

/// What `import` has done, as pairs of a word and what there is to say.
pub fn import(summary: &ImportSummary, report: &Report) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(leaf) = summary.chain.first() {
        lines.push(("identity", cut(&leaf.subject, 70)));
        lines.push(("issued by", cut(&leaf.issuer, 70)));
        lines.push((
            "valid to",
            format!(
                "{} (in {})",
                day(leaf.not_after),
                counted(leaf.days_remaining.unsigned_abs() as usize, "day")
            ),
        ));
        lines.push(("key", leaf.key.clone()));
    }
    let fate = |changed: bool| match (summary.is_rehearsal, changed) {
        (true, true) => "would write",
        (true, false) => "would leave",
        (false, true) => "wrote",
        (false, false) => "unchanged",
    };
    for (number, Written { changed, path }) in summary.written.iter().enumerate() {
        let what = match (number, summary.chain.len()) {
            (0, 0 | 1) => "the certificate alone".to_owned(),
            (0, length) => format!("the certificate and {}", counted(length - 1, "intermediate")),
            _ => "the key, sealed for every client".to_owned(),
        };
        lines.push((fate(*changed), format!("{}: {what}", self::path(path))));
    }
    match &summary.authorities {
        Some((Written { changed, path }, count)) => {
            lines.push((
                fate(*changed),
                format!("{}: {}", self::path(path), counted(*count, "CA certificate")),
            ));
        }
        None if summary.authorities_found > 0 && !summary.is_rollback => lines.push((
            "also there",
            format!(
                "{}; --save-cas FILE keeps them as a source of the bundle",
                counted(summary.authorities_found, "CA certificate")
            ),
        )),
        None => {}
    }
    if summary.remembered {
        lines.push(("passphrase", "in the keyring".to_owned()));
    }
    if let Some(saved) = &summary.saved {
        lines.push(("extended", self::path(saved)));
    }
    for (key, old) in &summary.replaced {
        lines.push(("", format!("{key} was '{}'", Foreign(old))));
    }
    let has_changed = summary.written.iter().any(|file| file.changed);
    match (summary.is_rehearsal, summary.is_rollback) {
        (false, true) => {
            lines.push(("back", "the previous pair is in place; the same again undoes that".to_owned()));
        }
        (false, false) if has_changed && summary.has_previous => {
            lines.push(("kept", "the pair before it; `certman import --rollback` brings it back".to_owned()));
        }
        _ => {}
    }
    if summary.is_rehearsal {
        return lines;
    }
    let option = summary.written.get(1).map(|key| Aim::at(&key.path, &report.circumstances).key());
    let option = option.unwrap_or_default();
    if has_changed && !summary.remembered && !summary.is_rollback {
        lines.push((
            "passphrase",
            match &summary.passphrase_from {
                Some(place) => format!("taken from {}: see that it is this one", Foreign(place)),
                None => format!("not in the keyring yet: `certman key remember{option}` puts it there"),
            },
        ));
    }
    if summary.is_passphrase_missing {
        lines.push((
            "passphrase",
            format!("not in the keyring: `certman key remember{option}` puts it there"),
        ));
    }
    match (&summary.proposal, summary.written.first()) {
        (Some(_), _) => {}
        (None, Some(certificate)) if !option.is_empty() => {
            let certificate = aim::word(certificate.path.as_os_str().as_encoded_bytes());
            lines.push(("next", format!("`certman key check{option} --cert {certificate}`")));
        }
        (None, _) => lines.push(("next", "`certman key check`, then `eval \"$(certman env)\"`".to_owned())),
    }
    lines
}

/// What an edit of a settings file has come to.
pub fn edited(edit: &SettingsEdit) -> String {
    let path = path(&edit.path);
    let count = counted(edit.changes.len(), "variable");
    let mut text = match (edit.end, edit.is_apply) {
        (EditEnd::Declined, _) => format!("nothing was changed in {path}"),
        (EditEnd::DryRun, _) => format!("would change {count} in {path}"),
        (EditEnd::NobodyToAsk, _) => {
            format!("nothing was changed in {path}: there is no terminal to ask on, and --yes was not given")
        }
        (EditEnd::Removed, _) => format!("removed {path}, in which nothing else stood"),
        (EditEnd::Unchanged, true) => format!("unchanged: {path} has all of it"),
        (EditEnd::Unchanged, false) => format!("unchanged: nothing in {path} is of certman's making"),
        (EditEnd::Written, true) => format!("changed {count} in {path}"),
        (EditEnd::Written, false) => format!("took {count} out of {path}"),
    };
    if let Some(backup) = &edit.backup {
        text += &format!("; the old file is {}", self::path(backup));
    }
    let left: Vec<String> = edit.backups_left.iter().map(|backup| self::path(backup)).collect();
    if !left.is_empty() {
        text += &format!("; an older state is in {}", left.join(" and "));
    }
    text
}

/// Whether a variable works, as `settings show` says it.
pub fn fitness(variable: &VariableSummary) -> String {
    match (&variable.fitness, variable.winner) {
        (_, None) => "not set".into(),
        (Fitness::Fails(why), _) => format!("does not work: {}", trouble(why)),
        (Fitness::NotTried, _) => "set".into(),
        (Fitness::Sealed, _) => format!("set; {SEALED}"),
        (Fitness::Works, _) => "works".into(),
    }
}

/// Why a file is no settings file, with the place.
pub fn invalid_settings(Invalid { column, line, mistake }: Invalid) -> String {
    let what = match mistake {
        Mistake::Behind => "something stands behind the end of the object",
        Mistake::Colon => "a colon is missing here",
        Mistake::Comma => "a comma is missing here",
        Mistake::Comment => "a comment, which JSON does not have",
        Mistake::ControlCharacter => "a control character inside of a text",
        Mistake::Depth => "lists and objects lie deeper in one another than in any settings",
        Mistake::End => "it ends in the middle",
        Mistake::EnvNotAnObject => "`env` has to be an object: {\"NAME\": \"value\"}",
        Mistake::Escape => "a backslash that JSON does not know",
        Mistake::Key => "a name in double quotes is expected here",
        Mistake::NotAnObject => "settings have to be an object: {…}",
        Mistake::NotUtf8 => "this is not UTF-8",
        Mistake::Number => "a number that JSON does not write so",
        Mistake::TrailingComma => "the comma before this is one too many",
        Mistake::Utf16 => "it is written in UTF-16",
        Mistake::Value => "no value that JSON knows",
    };
    format!("no valid settings: line {line}, column {column}: {what}")
}

/// The next step for a file that is no settings file.
pub fn invalid_settings_fix(Invalid { mistake, .. }: Invalid) -> &'static str {
    match mistake {
        Mistake::NotUtf8 | Mistake::Utf16 => "save it as UTF-8",
        _ => "correct it there: Claude Code ignores the whole file as it is",
    }
}

/// Why what a variable holds does not work.
pub fn trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::BundleUnloadable(why) => format!("some clients lose certificates of it: {}", obstacle(*why)),
        Trouble::Expansion => {
            "nobody expands `~`, `$NAME` or `%NAME%` there: it has to be an absolute path".into()
        }
        Trouble::KeyMismatch => {
            "it does not belong to the first certificate of CLAUDE_CODE_CLIENT_CERT".into()
        }
        Trouble::NoCertificate => "there is no certificate in the file".into(),
        Trouble::NoKey(why) => why.to_string(),
        Trouble::PassphraseWrong => {
            "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE does not open the key, or the key is damaged".into()
        }
        Trouble::NoPassphrase => "the key is sealed, and CLAUDE_CODE_CLIENT_KEY_PASSPHRASE is not set".into(),
        Trouble::NotAbsolute => "it is no absolute path".into(),
        Trouble::UnknownStore => "Claude Code knows bundled, system, and both with a comma".into(),
        Trouble::Unreadable(why) => why.to_string(),
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
        _ if seconds < 0 => ago(-seconds),
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

/// What is wrong with a block.
pub fn broken(broken: Broken) -> String {
    match broken {
        Broken::Base64(Damage::Character { line }) => {
            format!("line {line} has a character that base64 does not have")
        }
        Broken::Base64(Damage::Empty) => "it is empty".into(),
        Broken::Base64(Damage::Length) => "the base64 is cut short".into(),
        Broken::Base64(Damage::LineBreaks) => LINE_BREAKS.into(),
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
        Flaw::DamagedExtension => "an extension that cannot be read",
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

/// What a file seems to be, as a sentence about it.
pub fn guess(guess: Guess) -> &'static str {
    match guess {
        Guess::Asn1 => "this is ASN.1 of a kind that certman does not know",
        Guess::Base64 => "this is base64 of something that is no certificate",
        Guess::Base64Pem => "this is base64 of PEM, as secrets of CI and Kubernetes have it",
        Guess::Base64PemInside => {
            "this is text with base64 of PEM in it, as a kubeconfig has it behind certificate-authority-data"
        }
        Guess::Binary => "this is neither PEM nor DER nor PKCS#7",
        Guess::BouncyCastle => "this is a key store of Bouncy Castle (BKS), which certman does not read",
        Guess::Cms => "this is a CMS message without certificates, such as encrypted mail",
        Guess::CutShort => "this looks like a certificate that was cut short",
        Guess::Database => "this is a database of certificates, as Firefox or macOS keeps it",
        Guess::Empty => "the file is empty",
        Guess::Executable => "this is a program, not a certificate",
        Guess::GitLfsPointer => "this is a git-lfs pointer: the file itself has not been fetched",
        Guess::Html => "this is a web page, not a certificate: the download was probably a sign-in page",
        Guess::Image => "this is a picture, not a certificate",
        Guess::JavaKeyStore => "this is a Java key store, where PEM should be",
        Guess::Json => "this is JSON, not a certificate",
        Guess::JsonWebKey => "this is a key in JSON (JWK), which no TLS client reads",
        Guess::Mail => "this is a mail, not a certificate",
        Guess::Ocsp => "this is an OCSP request or answer, not a certificate",
        Guess::Office => "this is an MSI, MSG or Office file, not a certificate",
        Guess::OpenSsh => "this is an SSH key, which has nothing to do with TLS",
        Guess::Parameters => "this is a set of Diffie-Hellman parameters, without a key or a certificate",
        Guess::Pdf => "this is a PDF, not a certificate",
        Guess::Pgp => "this is a PGP key or message, which has nothing to do with TLS",
        Guess::Pkcs12 => "this is a PKCS#12 store, where PEM should be",
        Guess::Pkcs7CutShort => "this is PKCS#7 that was cut short",
        Guess::Pkcs7WithoutCertificates => "this is PKCS#7 without any certificate in it",
        Guess::PublicKey => "this is a public key alone, without a certificate",
        Guess::SerializedStore => "this is a certificate store as Windows saves it (.sst)",
        Guess::Shortcut => "this is a Windows shortcut, which only points to a file",
        Guess::StoreWithoutCertificates => "this is a store without any certificate in it",
        Guess::Text => "this is text without any certificate in it",
        Guess::Utf16Text => "this is text in UTF-16 without any certificate in it",
        Guess::Xml => "this is XML, not a certificate",
        Guess::Zeros => "the file holds nothing but zero bytes",
        Guess::Zip => "this is an archive, not a certificate",
    }
}

fn guess_fix(guess: Guess) -> Option<&'static str> {
    Some(match guess {
        Guess::Base64Pem => "decode it: `(umask 077; base64 -d < FILE > decoded.pem)`",
        Guess::Base64PemInside => {
            "decode what begins with LS0tLS1CRUdJTi; of a kubeconfig: `kubectl config view --raw --kubeconfig FILE -o \
             jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d > ca.pem`"
        }
        Guess::BouncyCastle => {
            "have it converted: `keytool -importkeystore -srckeystore FILE -srcstoretype BKS -destkeystore FILE.p12 -deststoretype PKCS12`"
        }
        Guess::CutShort | Guess::Pkcs7CutShort | Guess::Zeros => "get it again",
        Guess::Database => "export the certificate from that program, as PEM",
        Guess::GitLfsPointer => "run `git lfs pull` in that repository",
        Guess::Html => "open the address in a browser, sign in, and save the file again",
        Guess::JavaKeyStore | Guess::Pkcs12 => "take the identity out of it with `certman import FILE`",
        Guess::Mail => "open it in a mail program, and save what is attached to it",
        Guess::SerializedStore => {
            "on Windows: `certutil -split -dump FILE` writes each certificate into a file of its own"
        }
        Guess::Shortcut => "take the file that it points to",
        Guess::Zip => "unpack it, and name what is inside",
        _ => return None,
    })
}

fn runtime_trouble(why: &RuntimeTrouble) -> String {
    match why {
        RuntimeTrouble::CannotTell { runtime } => {
            format!("{runtime} has no way to tell which certificates it has")
        }
        RuntimeTrouble::Ended { said, status } => format!("it ended with {status}: {}", Foreign(said)),
        RuntimeTrouble::NoAnswer(error) => error.to_string(),
        RuntimeTrouble::NoBundle(error) => format!("the bundle cannot be read: {error}"),
        RuntimeTrouble::NoFolder(error) => format!("there is no folder to run it in: {error}"),
        RuntimeTrouble::NoPassphrase => {
            "the client key is sealed and its passphrase is not to be had, so no handshake was tried".into()
        }
        RuntimeTrouble::NoServer(error) => format!("there is no server for it to connect to: {error}"),
        RuntimeTrouble::NotARuntime { said } => {
            format!("it is neither Node nor Bun: to --version it says '{}'", Foreign(said))
        }
        RuntimeTrouble::NotChecked { key } => {
            format!("the server that certman opens for it cannot check what a key of the kind {key} signs")
        }
        RuntimeTrouble::NotWritten(error) => format!("a file for it cannot be written: {error}"),
        RuntimeTrouble::Strange { said } => format!("its answer makes no sense: '{}'", Foreign(said)),
    }
}

fn runtime_fix(why: &RuntimeTrouble) -> Option<&'static str> {
    Some(match why {
        RuntimeTrouble::CannotTell { .. } => "name Node 22.15 or later, or Bun 1.3 or later",
        RuntimeTrouble::Ended { .. }
        | RuntimeTrouble::NotARuntime { .. }
        | RuntimeTrouble::Strange { .. } => {
            "name the program itself, as in `certman check --runtime \"$(command -v node)\"`"
        }
        RuntimeTrouble::NoAnswer(runtime::Error::NotStarted(_)) => {
            "name the program itself, as in `certman check --runtime \"$(command -v node)\"`"
        }
        RuntimeTrouble::NoAnswer(_) => "start it by hand with --version, and see what it waits for",
        RuntimeTrouble::NoBundle(_) => "make it with `certman bundle`",
        RuntimeTrouble::NoFolder(_) | RuntimeTrouble::NotWritten(_) => {
            "set TMPDIR to a folder that can be written"
        }
        RuntimeTrouble::NoPassphrase => "name its place with --passphrase",
        RuntimeTrouble::NoServer(_) | RuntimeTrouble::NotChecked { .. } => return None,
    })
}

/// What a runtime has shown, in one line; none where that is nothing.
pub fn runtime(summary: &RuntimeSummary) -> Option<String> {
    let RuntimeSummary { certificates, handshakes, is_bun, version, .. } = summary;
    let mut parts = Vec::new();
    if let Some(count) = certificates {
        parts.push(format!("has {} from the bundle", counted(*count, "certificate")));
    }
    for (verb, is_done) in [("connects", true), ("does not connect", false)] {
        let over = [Version::Tls12, Version::Tls13].into_iter().filter(|version| {
            let mut tried = handshakes.iter().filter(|one| one.version == *version).peekable();
            tried.peek().is_some() && tried.all(|one| one.is_done) == is_done
        });
        let over: Vec<&str> = over.map(tls).collect();
        if !over.is_empty() {
            parts.push(format!("{verb} with the client key over {}", over.join(" and ")));
        }
    }
    let name = if *is_bun { "Bun" } else { "Node" };
    (!parts.is_empty()).then(|| format!("{name} {version} {}", parts.join(" and ")))
}

/// The name of a version of TLS.
pub fn tls(version: Version) -> &'static str {
    match version {
        Version::Tls12 => "TLS 1.2",
        Version::Tls13 => "TLS 1.3",
    }
}

/// The versions on which a refusal was seen, where it is about one.
pub fn seen(cause: &Cause) -> Option<String> {
    let versions: Vec<&str> = cause.refused_by().iter().map(|seen| seen.on).collect();
    (!versions.is_empty()).then(|| format!("seen on {}", versions.join("; ")))
}

fn listed<T: ToString>(items: &[T]) -> String {
    let names: Vec<String> = items.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn third_person(clients: &[Client]) -> &'static str {
    if clients.len() == 1 { "s" } else { "" }
}

/// How a program gets what `env` writes, by its notation (certman(1), "SHELLS").
pub fn evaluation(shell: Option<Shell>) -> String {
    let into_file = |flag: &str, shell: Shell| {
        format!("(umask 077; certman env {flag} {} > FILE), for a file of your own", shell.name())
    };
    match shell {
        Some(Shell::Cmd) => "certman env --shell cmd > env.cmd, then call env.cmd, and delete it".to_owned(),
        Some(Shell::Csh) => "eval \"`certman env --shell csh`\"".to_owned(),
        Some(file @ (Shell::Devcontainer | Shell::Docker | Shell::Launchd | Shell::Systemd)) => {
            into_file("--format", file)
        }
        Some(file @ (Shell::Dotenv | Shell::Json)) => into_file("--shell", file),
        Some(Shell::Fish) => "certman env --shell fish | source".to_owned(),
        Some(Shell::Nu) => "certman env --shell nu | from nuon | load-env".to_owned(),
        Some(Shell::Pwsh) => "Invoke-Expression (& certman env --shell pwsh | Out-String)".to_owned(),
        None | Some(Shell::Mksh | Shell::Sh) => "eval \"$(certman env)\"".to_owned(),
    }
}

/// So many identities are named.
const MOST_CANDIDATES: usize = 20;
/// How Java gets its trust store where a settings file may not name it.
pub const JAVA_LEFT_OUT: &str = "start Claude Code through `certman run --for all --exec`, as its processWrapper, or from a shell that has evaluated `certman env --for all`";
/// The next step where a variable that replaces a client's roots was asked for.
pub const NO_SOURCES: &str =
    "put bundle.sources into certman.toml: the files and folders that `certman bundle` was given";
/// How a sealed key reaches a client that takes its settings from a file.
pub const KEY_LEFT_OUT: &str = "start Claude Code through `certman run --exec`, as its processWrapper: it opens the key and exports a one-time pair; \
                                or name a key without a passphrase, from `certman key decrypt`";
/// The next step for a keyring that is locked, whatever is wanted of it.
const KEYRING_LOCKED: &str = "unlock the keyring (signing in to the desktop does), then try again";
/// The same where there is none yet.
const KEYRING_NOT_MADE: &str = "make a default keyring, in Seahorse or KWallet";
/// The same where it seems to wait for somebody.
const KEYRING_WAITS: &str = "look for an unlock question on the desktop, then try again";
/// Said of a key that was not compared with its certificate.
pub const SEALED: &str = "sealed: not compared with the certificate";
/// The next step for PEM whose line breaks are spelled out.
const BREAK_LINES: &str =
    "put line breaks in their place: `(umask 077; printf '%b\\n' \"$(cat FILE)\" > fixed.pem)`";
const LINE_BREAKS: &str = "its line breaks are spelled out as \\n, as JSON and variables have them";
/// So many certificates of a chain are listed.
const LONGEST_CHAIN: usize = 10;
const STORE_PLACES: &str = "name its place with --store-passphrase: file:PATH, fd:N, env:NAME, command:…";
const STORE_PLACES_OR_NONE: &str = "name its place with --store-passphrase: file:PATH, fd:N, env:NAME, command:…; or take the store out of the sources";
const REWRITE_WITH_OPENSSL: &str = "rewrite it with OpenSSL: `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in FILE -out client.key`";
