//! What certman found, in the form that CONTRACT promises: codes, severities, findings, the report.
//!
//! A finding holds facts; its sentences are made in `cli::render::words`. Codes are forever.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::rc::Rc;

use crate::clients::key::KeyReason;
use crate::clients::{self, Audience, Refusal};
use crate::doctor::obstacle::Obstacle as HostObstacle;
use crate::doctor::{choices, environment};
use crate::exports::Families;
use crate::pki::bundle::{Obstacle, Place, Role};
use crate::pki::cert::Flaw;
use crate::pki::container::{Broken, Guess, Packing, StoreError};
use crate::pki::details::Details;
use crate::pki::identity::{Disorder, Unfit};
use crate::pki::key::{NoKey, NotCheckable, OpenError};
use crate::proxy::Form;
use crate::secret::Oddity;
use crate::settings::{Invalid, Scope};
use crate::sys::fs::{ReadError, WriteError};
use crate::sys::net::{self, Version};
use crate::sys::roots::AskError;
use crate::sys::{keyring, passphrase, runtime};

/// How bad it is, and at the same time what the whole comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Info,
    /// Something to do, not now.
    Warning,
    /// It could not be told. Never counted as good.
    Unknown,
    /// Something does not work, or soon will not.
    Critical,
}

/// One thing worth saying.
#[derive(Debug)]
pub struct Finding {
    /// What is the matter.
    pub cause: Cause,
    /// What the place is called in its store.
    pub name: Option<Box<str>>,
    /// Where, by a number in [`Report::files`].
    pub place: Option<Place>,
    /// How bad it is.
    pub severity: Severity,
}

/// What is the matter, with the facts for a sentence. Names of certificates are safe to print; times are in seconds since
/// 1970-01-01T00:00:00Z.
#[expect(missing_docs, reason = "the fields say what they are by their names")]
#[derive(Debug)]
pub enum Cause {
    /// Nothing that a client could use came out of all the sources.
    BundleEmpty,
    /// More certificates than start in no time.
    BundleLarge { count: usize },
    /// The sources are broken, and the last bundle made from them stays in use.
    BundleKept { path: Box<str> },
    /// The bundle file is not there.
    BundleMissing,
    /// The bundle does not hold what its sources give.
    BundleStale,
    /// The bundle file does not load in every client.
    BundleUnloadable { why: Obstacle },
    /// A certificate that cannot be read.
    CertDamaged { label: Box<str>, why: Broken },
    /// The same certificate again.
    CertDuplicate { first: Place },
    /// Past its last second.
    CertExpired { not_after: i64, now: i64, subject: Box<str> },
    /// Left out of the bundle for that.
    CertExpiredDropped { not_after: i64, subject: Box<str> },
    /// Near its end.
    CertExpiring { is_critical: bool, not_after: i64, now: i64, subject: Box<str> },
    /// Not a CA.
    CertLeaf { is_kept: bool, subject: Box<str> },
    /// Readable, and harmful to its neighbours.
    CertNotDer { flaw: Flaw, subject: Box<str> },
    /// Before its first second.
    CertNotYetValid { not_before: i64, subject: Box<str> },
    /// A newer one of the same subject or key is there, and valid until then.
    CertSuperseded { subject: Box<str>, until: i64 },
    /// A key too small.
    CertWeakKey { key: Box<str>, subject: Box<str> },
    /// A signature with a broken digest.
    CertWeakSignature { signature: Box<str>, subject: Box<str> },
    /// No private key for a client's certificate.
    CertWithoutKey { subject: Box<str> },
    /// No root for an intermediate.
    ChainGap { issuer: Box<str>, subject: Box<str> },
    /// No root at all.
    ChainGapAll,
    /// The issuer of a client's certificate is not at hand.
    ChainGapOfClient { address: Option<Box<str>>, issuer: Box<str>, subject: Box<str> },
    /// The certificate file of the identity is not there, or cannot be read.
    ClientCertMissing(ReadError),
    /// The certificate says that it is not for TLS clients.
    ClientCertNotForClients { subject: Box<str>, unfit: Unfit },
    /// Some clients will not read the certificate file.
    ClientCertNotPortable { refusal: Refusal },
    /// The certificate file does not start with the client's own certificate, or the chain is out of order.
    ClientCertOrder { disorder: Disorder, later: Place },
    /// There is no certificate in the certificate file.
    ClientCertUnreadable { guess: Option<Guess> },
    /// Some clients will not take it.
    ClientRefuses { refusal: Refusal, subject: Box<str> },
    /// Something is odd about the variables that a client starts with.
    Environment(environment::Conflict),
    /// What replaces a client's roots was asked for, and there are no sources to make it from.
    FullBundleNotMade { names: Box<[&'static str]> },
    /// Something stands between a client and these hosts; each as people write it, with the port where that is not 443.
    Hosts { hosts: Box<[Box<str>]>, obstacle: Box<HostObstacle> },
    /// The same subject and key, issued by another.
    CrossSignedTwin { issuer: Box<str>, kept: Box<str>, subject: Box<str> },
    /// More than one identity, and none of them meant.
    IdentityAmbiguous { count: usize },
    /// Certificate or key of the identity are not named, and the other one is.
    IdentityIncomplete { missing: &'static str },
    /// Neither a client's certificate nor a key.
    IdentityMissing,
    /// No identity that is meant.
    IdentityNotSelected { count: usize },
    /// What an import has left that was cut short has been undone.
    ImportUndone,
    /// The public part in the key file belongs to another key.
    KeyContradicts,
    /// Some clients will not use a key of this kind.
    KeyKindRefused { refusal: Refusal },
    /// The key belongs to another certificate.
    KeyMismatch { subject: Box<str> },
    /// The key file is not there, or cannot be read.
    KeyMissing(ReadError),
    /// The key lies on the disk unprotected.
    KeyNotEncrypted,
    /// Some clients will not open it.
    KeyNotPortable { refusal: Refusal<KeyReason> },
    /// The key is sealed in a way that is not opened here, or not without more work than is allowed.
    KeyNotOpened(OpenError),
    /// The file belongs to somebody else.
    KeyOwner { owner: u32 },
    /// That the key belongs to the certificate cannot be proven here.
    KeyPairUnchecked { why: NotCheckable },
    /// Others may read the file.
    KeyPermissions { mode: u32 },
    /// There is no private key in the key file, or it is damaged.
    KeyUnreadable { why: NoKey },
    /// A key too small.
    KeyWeak { key: Box<str> },
    /// No certificate for a private key.
    KeyWithoutCertificate { key: Box<str> },
    /// The keyring does not answer.
    Keyring(keyring::Error),
    /// Some clients will take a way through the proxy that was to go around it. `more` entries of the kind are not named.
    NoProxyNotPortable { entries: Box<[Box<str>]>, form: Form, more: usize, refusal: Refusal },
    /// Something about a passphrase that is easily a mistake.
    PassphraseOdd { is_of_key: bool, oddity: Oddity },
    /// There is no passphrase where it should be.
    PassphraseMissing(passphrase::Error),
    /// The passphrase was not needed.
    PassphraseNotNeeded,
    /// The file that holds the passphrase can be read by others.
    PassphrasePermissions { mode: u32 },
    /// A BEGIN without an END.
    PemUnclosed { label: Box<str> },
    /// Something about the variables of the proxy.
    ProxyChoice(choices::Dissent),
    /// Some clients cannot send the password of the proxy.
    ProxyPasswordNotPortable { refusal: Refusal },
    /// A private key where only certificates should be.
    PrivateKeyInSource { label: Box<str> },
    /// Public roots that no client would use, left out of the full bundle.
    PublicRootsDropped { expired: usize, flawed: usize },
    /// There are no public roots for the full bundle.
    PublicRootsMissing { is_system: bool },
    /// More of the same in one file than anyone reads.
    Repeated { code: &'static str, count: u32 },
    /// A runtime has a certificate from the bundle that certman does not read there.
    RuntimeExtraCertificate { fingerprint: Box<str>, runtime: Box<str> },
    /// A runtime could not be asked, or not everything.
    RuntimeFailed { program: Box<str>, why: RuntimeTrouble },
    /// A runtime does not come through with the identity; in its own words, and in those of the server where it has any.
    RuntimeHandshakeFailed {
        over: Vec<Version>,
        runtime: Box<str>,
        server: Option<Box<str>>,
        way: Option<&'static str>,
        words: Box<str>,
    },
    /// A runtime does not have a certificate of the bundle.
    RuntimeLostCertificate { runtime: Box<str>, subject: Box<str> },
    /// Two keys under one name.
    SameSubjectOtherKey { count: usize, subject: Box<str> },
    /// A certificate request that its own key has not signed.
    RequestSignatureWrong { subject: Box<str> },
    /// A signature by its own key that cannot be checked here.
    SelfSignatureUnchecked { signature: Box<str>, subject: Box<str> },
    /// A signature by its own key that is wrong.
    SelfSignatureWrong { subject: Box<str> },
    /// A settings file begins with a byte order mark.
    SettingsByteOrderMark,
    /// A secret stands in a settings file.
    SettingsHoldsSecret { name: &'static str },
    /// A settings file is no strict JSON, or not in the shape of one.
    SettingsInvalid(Invalid),
    /// The options of Java are not put into a settings file, since they are not certman's alone.
    SettingsJavaLeftOut,
    /// Certificate and key are not put into a settings file, since the key is sealed.
    SettingsKeyLeftOut { key: Box<str> },
    /// Not everyone can read a file that stands in the settings of everyone.
    SettingsNotForAll { name: &'static str },
    /// A settings file has another value than the one that was put into `path`, and wins.
    SettingsOutrank { name: &'static str, path: Box<str> },
    /// A settings file has another value than the environment, and wins. It may be the one that is to be there.
    SettingsOverrides { is_current: bool, is_secret: bool, name: &'static str, needs: Families, scope: Scope },
    /// The address of a proxy is not put into a settings file, since it wants a user and a password.
    SettingsProxyLeftOut { name: &'static str, value: Box<str> },
    /// The path in a settings file leads to nothing.
    SettingsStalePath { name: &'static str, needs: Families, scope: Scope, why: Trouble },
    /// A settings file cannot be read.
    SettingsUnreadable(ReadError),
    /// A settings file has a value that does not work.
    SettingsUseless { name: &'static str, needs: Families, scope: Scope, why: Trouble },
    /// A value that certman has not put into a settings file stays there.
    SettingsValueKept { name: Box<str>, value: Box<str> },
    /// A settings file has a list, an object or null where a value should be.
    SettingsValueUnusable { name: &'static str },
    /// A folder or file without anything in it.
    SourceEmpty { is_folder: bool },
    /// Not there.
    SourceMissing,
    /// Something else that has no place in a bundle: a request, a revocation list.
    SourceOther { what: Box<str> },
    /// Nothing that certman knows.
    SourceUnknownFormat { guess: Guess },
    /// There and not readable.
    SourceUnreadable(ReadError),
    /// Zero bytes and nothing else.
    SourceZeros,
    /// A certificate of the trust store counts as the company's.
    SystemCorporate { is_anchor: bool, subject: Box<str> },
    /// There is none such in the trust store.
    SystemCorporateNone,
    /// The operating system has no trust store in any of the usual places, or certman writes it.
    SystemMissing { is_own_output: bool },
    /// The keychains or the stores of Windows give no answer.
    SystemNotAsked(Rc<AskError>),
    /// A variable names certman's own bundle as the trust store.
    SystemOwnOutput { variable: &'static str },
    /// A store of certificates and keys stays closed; or a part of it, as a warning.
    StoreNotOpened(StoreError),
    /// Nobody has proven that the store is whole; with what is not known about the way in which it could be.
    StoreNotProven { what: Option<Box<str>> },
    /// The store opens with a passphrase that everyone knows.
    StorePassphraseDefault { passphrase: &'static str },
    /// There is no passphrase for the store where it should be.
    StorePassphraseMissing(passphrase::Error),
    /// Nothing could prove that the store is whole.
    StoreUnprotected,
}

/// Why a runtime could not be asked. What it has said itself is cut, and not yet safe to print.
#[expect(missing_docs, reason = "the fields say what they are by their names")]
#[derive(Debug)]
pub enum RuntimeTrouble {
    /// It has no way to tell which certificates it has.
    CannotTell { runtime: Box<str> },
    /// It ended with a failure.
    Ended { said: Box<str>, status: ExitStatus },
    /// It did not start, did not end, or did not stop talking.
    NoAnswer(runtime::Error),
    /// The bundle cannot be read.
    NoBundle(ReadError),
    /// There is no folder to run it in.
    NoFolder(io::Error),
    /// The key is sealed, and there is no passphrase to give.
    NoPassphrase,
    /// There is no server to connect to.
    NoServer(net::Error),
    /// It is neither Node nor Bun.
    NotARuntime { said: Box<str> },
    /// The handshake failed, and the server may be the reason: it does not know keys of this kind.
    NotChecked { key: Box<str> },
    /// What it is to be given cannot be written.
    NotWritten(WriteError),
    /// Its answer makes no sense.
    Strange { said: Box<str> },
}

/// Why what a variable holds does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Some clients do not load the bundle whole.
    BundleUnloadable(Obstacle),
    /// It starts with `~` or has a `$` in it, and no client expands that.
    Expansion,
    /// The key does not belong to the first certificate of the chain.
    KeyMismatch,
    /// There is no certificate in the file.
    NoCertificate,
    /// There is no private key in the file: what is, in words.
    NoKey(Box<str>),
    /// The key is sealed, and no passphrase is set.
    NoPassphrase,
    /// It means something else in every folder.
    NotAbsolute,
    /// The passphrase that is set does not open the key, or the key is damaged.
    PassphraseWrong,
    /// The file is not there or cannot be read: why, in words.
    Unreadable(Box<str>),
    /// Claude Code does not know such a store.
    UnknownStore,
}

impl Cause {
    /// The same, as far as it concerns this audience: of a refusal the clients that belong to it; none where it concerns
    /// none of them.
    fn only(self, audience: &Audience) -> Option<Self> {
        Some(match self {
            Self::ChainGap { .. } if !clients::needs_the_root(audience) => return None,
            Self::ClientCertNotPortable { refusal } => {
                Self::ClientCertNotPortable { refusal: refusal.only(audience)? }
            }
            Self::ClientRefuses { refusal, subject } => {
                Self::ClientRefuses { refusal: refusal.only(audience)?, subject }
            }
            Self::KeyKindRefused { refusal } => Self::KeyKindRefused { refusal: refusal.only(audience)? },
            Self::KeyNotPortable { refusal } => Self::KeyNotPortable { refusal: refusal.only(audience)? },
            Self::NoProxyNotPortable { entries, form, more, refusal } => {
                Self::NoProxyNotPortable { entries, form, more, refusal: refusal.only(audience)? }
            }
            Self::ProxyPasswordNotPortable { refusal } => {
                Self::ProxyPasswordNotPortable { refusal: refusal.only(audience)? }
            }
            other => other,
        })
    }

    /// The clients that refuse something, where that is what it is about.
    pub fn refused_by(&self) -> &[clients::Seen] {
        match self {
            Self::ClientCertNotPortable { refusal }
            | Self::ClientRefuses { refusal, .. }
            | Self::KeyKindRefused { refusal }
            | Self::NoProxyNotPortable { refusal, .. }
            | Self::ProxyPasswordNotPortable { refusal } => &refusal.by,
            Self::KeyNotPortable { refusal } => &refusal.by,
            _ => &[],
        }
    }

    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BundleEmpty => "bundle-empty",
            Self::BundleLarge { .. } => "bundle-large",
            Self::BundleKept { .. } => "bundle-kept",
            Self::BundleMissing => "bundle-missing",
            Self::BundleStale => "bundle-stale",
            Self::BundleUnloadable { .. } => "bundle-unloadable",
            Self::CertDamaged { .. } => "cert-damaged",
            Self::CertDuplicate { .. } => "cert-duplicate",
            Self::CertExpired { .. } => "cert-expired",
            Self::CertExpiredDropped { .. } => "cert-expired-dropped",
            Self::CertExpiring { is_critical: true, .. } => "cert-expiring-critical",
            Self::CertExpiring { is_critical: false, .. } => "cert-expiring",
            Self::CertLeaf { .. } => "cert-leaf",
            Self::CertNotDer { .. } => "cert-not-der",
            Self::CertNotYetValid { .. } => "cert-not-yet-valid",
            Self::CertSuperseded { .. } => "cert-superseded",
            Self::CertWeakKey { .. } => "cert-weak-key",
            Self::CertWeakSignature { .. } => "cert-weak-signature",
            Self::CertWithoutKey { .. } => "cert-without-key",
            Self::ChainGap { .. } | Self::ChainGapOfClient { .. } => "chain-gap",
            Self::ChainGapAll => "chain-gap-all",
            Self::ClientCertMissing(_) | Self::ClientCertUnreadable { .. } => "client-cert-unreadable",
            Self::ClientCertNotForClients { .. } => "client-cert-not-for-clients",
            Self::ClientCertNotPortable { .. } => "client-cert-not-portable",
            Self::ClientCertOrder { .. } => "client-cert-order",
            Self::ClientRefuses { .. } | Self::KeyKindRefused { .. } => "client-refuses",
            Self::CrossSignedTwin { .. } => "cross-signed-twin",
            Self::Environment(conflict) => conflict.code(),
            Self::FullBundleNotMade { .. } => "full-bundle-not-made",
            Self::Hosts { obstacle, .. } => obstacle.code(),
            Self::KeyContradicts
            | Self::KeyMissing(_)
            | Self::KeyNotOpened(OpenError::Damaged { .. } | OpenError::Unsupported { .. })
            | Self::KeyUnreadable { .. } => "key-unreadable",
            Self::KeyMismatch { .. } => "key-mismatch",
            Self::KeyNotEncrypted => "key-not-encrypted",
            Self::KeyNotOpened(OpenError::TooMuchWork { .. }) => "key-too-costly",
            Self::KeyNotOpened(OpenError::WrongPassphraseOrDamaged) => "passphrase-wrong",
            Self::KeyNotPortable { .. } => "key-not-portable",
            Self::KeyOwner { .. } | Self::KeyPermissions { .. } => "key-permissions",
            Self::IdentityAmbiguous { .. } => "identity-ambiguous",
            Self::IdentityMissing => "identity-missing",
            Self::IdentityNotSelected { .. } => "identity-not-selected",
            Self::ImportUndone => "import-undone",
            Self::IdentityIncomplete { .. } | Self::KeyPairUnchecked { .. } => "key-pair-unchecked",
            Self::KeyWeak { .. } => "key-weak",
            Self::KeyWithoutCertificate { .. } => "key-without-certificate",
            Self::Keyring(keyring::Error::Absent { .. }) => "passphrase-missing",
            Self::Keyring(keyring::Error::Locked { .. }) => "keyring-locked",
            Self::Keyring(keyring::Error::TimedOut { .. }) => "keyring-timeout",
            Self::Keyring(_) => "keyring-unavailable",
            Self::NoProxyNotPortable { .. } => "no-proxy-not-portable",
            Self::PassphraseOdd { .. } => "passphrase-odd",
            Self::PassphraseMissing(_) => "passphrase-missing",
            Self::PassphraseNotNeeded => "passphrase-not-needed",
            Self::PassphrasePermissions { .. } => "passphrase-permissions",
            Self::PemUnclosed { .. } => "pem-unclosed",
            Self::ProxyChoice(dissent) => dissent.code(),
            Self::ProxyPasswordNotPortable { .. } => "proxy-password-not-portable",
            Self::PrivateKeyInSource { .. } => "private-key-in-source",
            Self::PublicRootsDropped { .. } => "public-roots-dropped",
            Self::PublicRootsMissing { .. } => "public-roots-missing",
            Self::Repeated { code, .. } => code,
            Self::RuntimeExtraCertificate { .. } => "runtime-extra-certificate",
            Self::RuntimeFailed { .. } => "runtime-failed",
            Self::RuntimeHandshakeFailed { .. } => "runtime-handshake-failed",
            Self::RuntimeLostCertificate { .. } => "runtime-lost-certificate",
            Self::RequestSignatureWrong { .. } => "request-signature-wrong",
            Self::SameSubjectOtherKey { .. } => "same-subject-other-key",
            Self::SelfSignatureUnchecked { .. } => "self-signature-unchecked",
            Self::SelfSignatureWrong { .. } => "self-signature-wrong",
            Self::SettingsByteOrderMark => "settings-byte-order-mark",
            Self::SettingsHoldsSecret { .. } => "settings-holds-secret",
            Self::SettingsInvalid(_) | Self::SettingsValueUnusable { .. } => "settings-invalid",
            Self::SettingsJavaLeftOut => "settings-java-left-out",
            Self::SettingsKeyLeftOut { .. } => "settings-key-left-out",
            Self::SettingsNotForAll { .. } => "settings-not-for-all",
            Self::SettingsOutrank { .. } | Self::SettingsOverrides { .. } => "settings-overrides",
            Self::SettingsProxyLeftOut { .. } => "settings-proxy-left-out",
            Self::SettingsStalePath { .. } => "settings-stale-path",
            Self::SettingsUnreadable(_) => "settings-unreadable",
            Self::SettingsUseless { .. } => "settings-useless",
            Self::SettingsValueKept { .. } => "settings-value-kept",
            Self::SourceEmpty { .. } | Self::SourceZeros => "source-empty",
            Self::SourceMissing => "source-missing",
            Self::SourceOther { .. } => "source-other-content",
            Self::SourceUnknownFormat { .. } => "source-unknown-format",
            Self::SourceUnreadable(_) => "source-unreadable",
            Self::SystemCorporate { .. } => "system-corporate",
            Self::SystemCorporateNone => "system-corporate-none",
            Self::SystemMissing { .. } => "system-missing",
            Self::SystemNotAsked(_) => "system-not-asked",
            Self::SystemOwnOutput { .. } => "system-own-output",
            Self::StoreNotOpened(StoreError::Damaged { .. }) => "store-damaged",
            Self::StoreNotOpened(StoreError::PassphraseNeeded) | Self::StorePassphraseMissing(_) => {
                "store-passphrase-missing"
            }
            Self::StoreNotOpened(StoreError::TooLarge { .. } | StoreError::TooMuchWork { .. }) => {
                "store-too-costly"
            }
            Self::StoreNotOpened(StoreError::TwoPassphrases | StoreError::Unsupported { .. }) => {
                "store-unsupported"
            }
            Self::StoreNotOpened(StoreError::WrongPassphraseOrDamaged) => "store-passphrase-wrong",
            Self::StoreNotProven { .. } => "store-not-proven",
            Self::StorePassphraseDefault { .. } => "store-passphrase-default",
            Self::StoreUnprotected => "store-unprotected",
        }
    }

    /// How bad it is where the command does not know better.
    pub fn default_severity(&self) -> Severity {
        match self {
            // It then takes its usual roots.
            Self::SettingsUseless { why: Trouble::UnknownStore, .. } => Severity::Warning,
            Self::BundleEmpty
            | Self::BundleMissing
            | Self::BundleUnloadable { .. }
            | Self::CertExpired { .. }
            | Self::CertExpiring { is_critical: true, .. }
            | Self::CertNotYetValid { .. }
            | Self::ChainGapAll
            | Self::ClientCertMissing(_)
            | Self::ClientCertNotForClients { .. }
            | Self::ClientCertOrder { .. }
            | Self::ClientCertUnreadable { .. }
            | Self::IdentityAmbiguous { .. }
            | Self::IdentityMissing
            | Self::IdentityNotSelected { .. }
            | Self::KeyContradicts
            | Self::KeyMismatch { .. }
            | Self::KeyMissing(_)
            | Self::KeyNotOpened(_)
            | Self::KeyUnreadable { .. }
            | Self::Keyring(_)
            | Self::PassphraseMissing(_)
            | Self::PublicRootsMissing { .. }
            | Self::RuntimeHandshakeFailed { .. }
            | Self::RuntimeLostCertificate { .. }
            | Self::SettingsInvalid(_)
            | Self::SettingsStalePath { .. }
            | Self::SettingsUnreadable(_)
            | Self::SettingsUseless { .. }
            | Self::SettingsValueUnusable { .. }
            | Self::SourceEmpty { .. }
            | Self::SourceMissing
            | Self::SourceUnreadable(_)
            | Self::SourceZeros
            | Self::SystemMissing { .. } => Severity::Critical,
            Self::StoreNotOpened(_) | Self::StorePassphraseMissing(_) => Severity::Critical,
            Self::CertDuplicate { .. }
            | Self::CertExpiredDropped { .. }
            | Self::CertSuperseded { .. }
            | Self::CrossSignedTwin { .. }
            | Self::PassphraseNotNeeded
            | Self::PublicRootsDropped { .. }
            | Self::SelfSignatureUnchecked { .. }
            | Self::SourceOther { .. }
            | Self::SystemCorporate { .. }
            | Self::SystemOwnOutput { .. } => Severity::Info,
            Self::StoreNotProven { .. } | Self::StorePassphraseDefault { .. } | Self::StoreUnprotected => {
                Severity::Info
            }
            Self::Environment(conflict) => conflict.default_severity(),
            Self::Hosts { obstacle, .. } => obstacle.default_severity(),
            Self::ProxyChoice(dissent) => dissent.default_severity(),
            Self::RuntimeFailed { .. } => Severity::Unknown,
            _ => Severity::Warning,
        }
    }

    /// Whether it is worth a line at every shell start: what only concerns single certificates is not.
    pub fn matters_at_shell_start(&self) -> bool {
        matches!(
            self,
            Self::BundleKept { .. }
                | Self::BundleUnloadable { .. }
                | Self::KeyOwner { .. }
                | Self::KeyPermissions { .. }
                | Self::PassphrasePermissions { .. }
                | Self::PrivateKeyInSource { .. }
                | Self::PublicRootsMissing { .. }
                | Self::SourceEmpty { .. }
                | Self::SourceMissing
                | Self::SourceUnreadable(_)
                | Self::SourceZeros
                | Self::SystemMissing { .. }
                | Self::SystemNotAsked(_)
                | Self::StoreNotOpened(_)
                | Self::StorePassphraseMissing(_)
        )
    }

    /// Whether a source gives less than what lies in it, so that what comes of the others says nothing about the whole.
    pub fn is_lost_source(&self) -> bool {
        matches!(
            self,
            Self::SourceMissing
                | Self::SourceUnreadable(_)
                | Self::StoreNotOpened(_)
                | Self::StorePassphraseMissing(_)
                | Self::SystemMissing { .. }
                | Self::SystemNotAsked(_)
        )
    }

    /// Whether it is about what a certificate is, wherever it lies.
    pub fn is_weakness(&self) -> bool {
        matches!(self, Self::CertWeakKey { .. } | Self::CertWeakSignature { .. } | Self::ClientRefuses { .. })
    }

    /// The certificate it is about, for JSON.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Hosts { hosts, .. } => Some(hosts.first()?),
            Self::ProxyChoice(choices::Dissent::Differs { host, .. }) => Some(host),
            Self::CertExpired { subject, .. }
            | Self::CertExpiredDropped { subject, .. }
            | Self::CertExpiring { subject, .. }
            | Self::CertLeaf { subject, .. }
            | Self::CertNotDer { subject, .. }
            | Self::CertNotYetValid { subject, .. }
            | Self::CertSuperseded { subject, .. }
            | Self::CertWeakKey { subject, .. }
            | Self::CertWeakSignature { subject, .. }
            | Self::CertWithoutKey { subject }
            | Self::ChainGap { subject, .. }
            | Self::ChainGapOfClient { subject, .. }
            | Self::ClientCertNotForClients { subject, .. }
            | Self::ClientRefuses { subject, .. }
            | Self::CrossSignedTwin { subject, .. }
            | Self::KeyMismatch { subject }
            | Self::RuntimeLostCertificate { subject, .. }
            | Self::RequestSignatureWrong { subject }
            | Self::SameSubjectOtherKey { subject, .. }
            | Self::SelfSignatureUnchecked { subject, .. }
            | Self::SelfSignatureWrong { subject }
            | Self::SystemCorporate { subject, .. } => Some(subject),
            _ => None,
        }
    }
}

/// Everything a command has to say.
#[derive(Debug, Default)]
pub struct Report {
    /// The clients whose refusals are noted.
    pub audience: Audience,
    /// The bundle, where there is one.
    pub bundle: Option<BundleFacts>,
    /// Every certificate seen, in the order of the input.
    pub certificates: Vec<CertificateFacts>,
    /// What a next step need not say, and what it has to.
    pub circumstances: Circumstances,
    /// The files that places speak of.
    pub files: Vec<PathBuf>,
    /// The findings.
    pub findings: Vec<Finding>,
    /// The full bundle, where one was made or judged.
    pub full_bundle: Option<BundleFacts>,
    /// Java's trust store, where one was made: as many certificates as the full bundle has.
    pub java_store: Option<BundleFacts>,
    /// Every key seen, in the order of the input.
    pub keys: Vec<KeyFacts>,
    /// What places in a store are called there, by file and number. A stranger's text.
    pub names: BTreeMap<(u32, u32), Box<str>>,
}

impl Report {
    /// An empty report for those who care about these clients.
    pub fn for_audience(audience: Audience) -> Self {
        Self { audience, ..Self::default() }
    }

    /// Notes a finding with its usual severity, unless it is a refusal that concerns nobody in the audience.
    pub fn find(&mut self, place: Option<Place>, cause: Cause) {
        self.find_as(cause.default_severity(), place, cause);
    }

    /// The same with another severity.
    pub fn find_as(&mut self, severity: Severity, place: Option<Place>, cause: Cause) {
        let Some(cause) = cause.only(&self.audience) else { return };
        let name = self.name_at(place).map(Into::into);
        self.findings.push(Finding { cause, name, place, severity });
    }

    /// Notes what a place is called in its store, cut to a length that a line can take.
    pub fn call(&mut self, place: Place, name: Option<&str>) {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return };
        let name = name.chars().take(LONGEST_NAME).collect::<String>();
        self.names.insert((place.file, place.index), name.into());
    }

    /// Gives a file its number.
    pub fn file(&mut self, path: PathBuf) -> u32 {
        self.files.push(path);
        (self.files.len() - 1) as u32
    }

    /// Takes over what another report has found; its places count another list of files.
    pub fn adopt(&mut self, other: Report) {
        let offset = self.files.len() as u32;
        self.files.extend(other.files);
        let moved = |place: Place| Place { file: place.file + offset, ..place };
        for mut finding in other.findings {
            finding.place = finding.place.map(moved);
            if let Cause::CertDuplicate { first } = &mut finding.cause {
                *first = moved(*first);
            }
            self.findings.push(finding);
        }
        let names = other.names.into_iter().map(|((file, index), name)| ((file + offset, index), name));
        self.names.extend(names);
        for mut certificate in other.certificates {
            certificate.place = moved(certificate.place);
            self.certificates.push(certificate);
        }
        for mut key in other.keys {
            key.place = moved(key.place);
            self.keys.push(key);
        }
    }

    /// What a place is called in its store.
    pub fn name_at(&self, place: Option<Place>) -> Option<&str> {
        let place = place?;
        self.names.get(&(place.file, place.index)).map(|name| &**name)
    }

    /// What it comes to: the worst of all findings.
    pub fn worst(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }
}

/// What the command of a next step would take from the configuration, and what this one was told: a next step names the rest, so
/// that it is about the file that was found.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// The clients that a command writes variables for where none are named.
    pub families: Families,
    /// Whether the command line has said where the passphrase of the key comes from: another command has to be told again.
    pub is_passphrase_typed: bool,
    /// The key that a command takes where none is named.
    pub key: Option<PathBuf>,
    /// Where the passphrase of a key comes from.
    pub passphrase: passphrase::Source,
    /// Where the passphrase of a store comes from.
    pub store_passphrase: passphrase::Source,
    /// What was asked for.
    pub task: Task,
}

/// What was asked for, as far as a next step differs by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// To take an identity out of files.
    Import,
    /// To look at files.
    Inspect,
    /// Anything else.
    #[default]
    Other,
}

impl Default for Circumstances {
    fn default() -> Self {
        Self {
            families: Families::default(),
            is_passphrase_typed: false,
            key: None,
            passphrase: passphrase::Source::Keyring,
            store_passphrase: passphrase::Source::Keyring,
            task: Task::Other,
        }
    }
}

/// A bundle file.
#[derive(Debug)]
pub struct BundleFacts {
    /// Whether this run has changed it.
    pub changed: bool,
    /// How many certificates are in it.
    pub certificates: usize,
    /// Where it is; none where it went to standard output.
    pub path: Option<PathBuf>,
    /// The SHA-256 of the file, in lower-case hexadecimal digits, for those who want facts.
    pub sha256: Option<String>,
}

/// A certificate as JSON and tables show it.
#[derive(Debug)]
pub struct CertificateFacts {
    /// Whole days until the last second.
    pub days_remaining: i64,
    /// SHA-256 of the certificate.
    pub fingerprint_sha256: String,
    /// Whether it may issue others.
    pub is_ca: bool,
    /// What `inspect` says besides.
    pub inspected: Option<Box<InspectedFacts>>,
    /// The issuer's name.
    pub issuer: String,
    /// In a bundle: whether it was kept, and where not, the code of the reason.
    pub kept: Option<Result<(), &'static str>>,
    /// Algorithm and size of the key.
    pub key: String,
    /// The last second.
    pub not_after: i64,
    /// The first second.
    pub not_before: i64,
    /// Where it was found.
    pub place: Place,
    /// Who refuses it, whatever the audience.
    pub refusals: Vec<Refusal>,
    /// What it is for.
    pub role: Role,
    /// Whether its own key signed it; none where that cannot be checked here.
    pub self_signed: Option<bool>,
    /// The serial number in hexadecimal digits.
    pub serial: String,
    /// The algorithm of its signature.
    pub signature: String,
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub spki_sha256: String,
    /// The subject's name.
    pub subject: String,
    /// Names and addresses.
    pub subject_alt_names: Vec<String>,
}

/// What `inspect` says of a certificate besides the rest. Texts stand as in the certificate.
#[derive(Debug)]
pub struct InspectedFacts {
    /// The key identifier of the issuer, in lower-case hexadecimal digits.
    pub authority_key_id: Option<String>,
    /// What its extensions say.
    pub details: Details,
    /// SHA-1 of the certificate, in lower-case hexadecimal digits.
    pub fingerprint_sha1: String,
    /// Who has issued it; none where that one is not there, or it is itself.
    pub issued_by: Option<IssuedBy>,
    /// How it is written down.
    pub packing: Packing,
    /// Its own key identifier, in lower-case hexadecimal digits.
    pub subject_key_id: Option<String>,
    /// The version, from 1.
    pub version: u8,
}

/// The issuer of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct IssuedBy {
    /// Its number among the certificates of the report, from 0.
    pub number: usize,
    /// Whether its key is proven to have signed; otherwise names and key identifiers fit.
    pub is_proven: bool,
}

/// A private key as JSON shows it.
#[derive(Clone, Debug)]
pub struct KeyFacts {
    /// The algorithm, where it is known without opening.
    pub algorithm: Option<String>,
    /// Its size, where it has one.
    pub bits: Option<u32>,
    /// Whether it is sealed.
    pub encrypted: bool,
    /// Its form: `PKCS#8`, …
    pub format: String,
    /// Whether it lies in a store, and is no file of its own.
    pub is_in_store: bool,
    /// Rounds of the key derivation.
    pub iterations: Option<u64>,
    /// Whether the passphrase opens it; none where none was given.
    pub opened: Option<bool>,
    /// Where it was found.
    pub place: Place,
    /// Who refuses it, whatever the audience; without what only shows once it is opened, where it is not.
    pub refusals: Vec<Refusal<KeyReason>>,
    /// How it is sealed.
    pub scheme: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo, where it is known.
    pub spki_sha256: Option<String>,
}

/// So many characters of a name in a store are kept.
const LONGEST_NAME: usize = 64;
