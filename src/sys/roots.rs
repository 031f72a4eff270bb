//! The trust store of the operating system: where it lies, and what has to be asked of programs. Reads no certificate, and
//! never goes by `SSL_CERT_FILE` or `SSL_CERT_DIR`: they may name what certman has written.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use super::env::Environment;
use super::fs;
use super::process::{self, ProgramError};

/// Where the trust store of the operating system is looked for.
pub struct Roots {
    /// What was answered, so that nobody is asked twice: a program may take seconds.
    answers: OnceCell<Result<Vec<Answer>, Rc<AskError>>>,
    /// What stands before every path: `/`, or the folder of another system's files.
    folder: PathBuf,
    /// Whether `SSL_CERT_FILE` or `SSL_CERT_DIR` is set: then the library for macOS and Windows would answer with those.
    #[cfg_attr(not(any(target_os = "macos", windows)), expect(dead_code, reason = "files are found here"))]
    is_overridden: bool,
    /// Where programs are looked for, as `PATH` has it.
    #[cfg_attr(target_os = "macos", expect(dead_code, reason = "there every program has its fixed place"))]
    search_path: OsString,
}

/// What a part of the trust store is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What the administrator of this machine does not trust, whoever ships it.
    Distrusted,
    /// What the maker of the operating system ships.
    Shipped,
    /// Where the administrator of this machine puts anchors of his own.
    Anchors,
    /// Everything that is trusted.
    Everything,
}

/// What a program or a library has given.
pub struct Answer {
    /// PEM, or DER structures one behind the other.
    pub bytes: Vec<u8>,
    /// What it is a part of.
    pub part: Part,
    /// What to call it: `Cert:\LocalMachine\Root`.
    pub place: PathBuf,
}

/// Why the stores of Windows or the keychains could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// What it says.
    #[error("its library says: {0}")]
    Library(String),
    /// There is no PowerShell.
    #[error("there is no powershell.exe, neither on the PATH nor in its usual folder")]
    NoPowerShell,
    /// The program fails.
    #[error("{0}")]
    Program(#[from] ProgramError),
}

impl Roots {
    /// The trust store of the system whose files lie below a folder; `/` for the one that runs here.
    pub fn below(folder: PathBuf, environment: &Environment) -> Self {
        let is_set = |name| environment.value(name).is_some();
        Self {
            answers: OnceCell::new(),
            folder,
            is_overridden: is_set("SSL_CERT_FILE") || is_set("SSL_CERT_DIR"),
            search_path: environment.value("PATH").unwrap_or_default().to_owned(),
        }
    }

    /// A path of that system: `etc` is its `/etc`.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.join(below)
    }

    /// The files and folders of these parts, in the order of the parts. Those that are not there are left out; of the files
    /// with everything the first is taken, and only without any a folder.
    pub fn files(&self, parts: &[Part]) -> Vec<(Part, PathBuf)> {
        if cfg!(any(target_os = "macos", windows)) {
            return Vec::new();
        }
        let there = |paths: &[&str]| -> Vec<PathBuf> {
            let paths = paths.iter().map(|path| self.folder.join(path));
            paths.filter(|path| fs::state(path).is_ok()).collect()
        };
        let mut files = Vec::new();
        for &part in parts {
            let paths = match part {
                Part::Anchors => there(&ANCHORS),
                Part::Distrusted => there(&DISTRUSTED),
                Part::Everything => {
                    let first = there(&FILES).into_iter().next();
                    first.or_else(|| there(&FOLDERS).into_iter().next()).into_iter().collect()
                }
                Part::Shipped => there(&SHIPPED),
            };
            files.extend(paths.into_iter().map(|path| (part, path)));
        }
        files
    }

    /// Whether a program or a library has to be asked: then nobody can tell without asking whether the store has changed.
    pub fn must_be_asked(&self) -> bool {
        cfg!(any(target_os = "macos", windows)) || self.is_below_windows()
    }

    /// Asks for what lies in no file: on macOS the keychains, on Windows its stores, and under WSL the stores of the Windows
    /// around it. The second time it is what was answered the first time.
    ///
    /// # Errors
    /// Where they cannot be asked, or do not answer in time.
    pub fn ask(&self) -> Result<&[Answer], Rc<AskError>> {
        let answers = self.answers.get_or_init(|| self.ask_anew().map_err(Rc::new));
        answers.as_deref().map_err(Rc::clone)
    }

    #[cfg(target_os = "macos")]
    fn ask_anew(&self) -> Result<Vec<Answer>, AskError> {
        self.ask_keychains()
    }

    #[cfg(windows)]
    fn ask_anew(&self) -> Result<Vec<Answer>, AskError> {
        self.ask_windows()
    }

    #[cfg(not(any(target_os = "macos", windows)))]
    fn ask_anew(&self) -> Result<Vec<Answer>, AskError> {
        if self.is_below_windows() { self.ask_powershell() } else { Ok(Vec::new()) }
    }

    /// Whether this Linux runs in Windows (WSL): its kernel says so.
    fn is_below_windows(&self) -> bool {
        let mut release = Vec::new();
        let read = fs::read_into(&self.folder.join(KERNEL_RELEASE), &mut release, 4_096);
        read.is_ok() && release.to_ascii_lowercase().windows(9).any(|window| window == b"microsoft")
    }

    /// The library knows which certificates the owner trusts for TLS. Where it would go by variables, the files of Apple and
    /// of the administrator are taken whole.
    #[cfg(target_os = "macos")]
    fn ask_keychains(&self) -> Result<Vec<Answer>, AskError> {
        let keychain = |part, path: &str| -> Result<Answer, AskError> {
            let arguments = ["find-certificate", "-a", "-p", path];
            let bytes =
                process::output_within(Path::new("/usr/bin/security"), &arguments, PATIENCE, LARGEST_ANSWER)?;
            Ok(Answer { bytes, part, place: PathBuf::from(path) })
        };
        let mut answers = vec![keychain(Part::Shipped, KEYCHAIN_OF_APPLE)?];
        if self.is_overridden {
            answers.push(keychain(Part::Everything, KEYCHAIN_OF_APPLE)?);
            answers.push(keychain(Part::Everything, "/Library/Keychains/System.keychain")?);
        } else {
            answers.push(from_library("Keychain")?);
        }
        Ok(answers)
    }

    /// The library reads everything. Which of it Microsoft ships only PowerShell tells.
    #[cfg(windows)]
    fn ask_windows(&self) -> Result<Vec<Answer>, AskError> {
        let mut answers = self.ask_powershell()?;
        if !self.is_overridden {
            answers.push(from_library("Cert:\\CurrentUser\\Root")?);
        }
        Ok(answers)
    }

    #[cfg(not(target_os = "macos"))]
    fn ask_powershell(&self) -> Result<Vec<Answer>, AskError> {
        let arguments = ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", POWERSHELL_SCRIPT];
        let program = self.powershell().ok_or(AskError::NoPowerShell)?;
        let text = process::output_within(&program, &arguments, PATIENCE, LARGEST_ANSWER)?;
        Ok(answers_of_powershell(&text))
    }

    /// Its usual place comes first: what stands on the `PATH` may be anybody's.
    #[cfg(not(target_os = "macos"))]
    fn powershell(&self) -> Option<PathBuf> {
        let usual = if cfg!(windows) {
            PathBuf::from("C:\\").join(POWERSHELL)
        } else {
            self.folder.join("mnt/c").join(POWERSHELL)
        };
        let name = Path::new(POWERSHELL).file_name().unwrap_or(POWERSHELL.as_ref());
        let on_path = std::env::split_paths(&self.search_path).map(|folder| folder.join(name));
        let candidates = std::iter::once(usual).chain(on_path.filter(|path| path.is_absolute()));
        candidates.into_iter().find(|path| fs::state(path).is_ok_and(|state| !state.is_folder))
    }
}

/// Everything that the owner of this account trusts for TLS servers, as the library of the platform tells.
#[cfg(any(target_os = "macos", windows))]
fn from_library(place: &str) -> Result<Answer, AskError> {
    let loaded = rustls_native_certs::load_native_certs();
    if let (true, Some(error)) = (loaded.certs.is_empty(), loaded.errors.first()) {
        return Err(AskError::Library(error.to_string()));
    }
    let bytes = loaded.certs.iter().flat_map(|certificate| certificate.iter().copied()).collect();
    Ok(Answer { bytes, part: Part::Everything, place: PathBuf::from(place) })
}

/// Lines of a store, a blank, and a certificate in base64, as stores of PEM.
#[cfg(not(target_os = "macos"))]
fn answers_of_powershell(text: &[u8]) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Some(blank) = line.iter().position(|byte| *byte == b' ') else { continue };
        let (store, base64) = line.split_at(blank);
        let Some((_, part)) = WINDOWS_STORES.iter().find(|(name, _)| name.as_bytes() == store) else {
            continue;
        };
        let place = PathBuf::from(format!("Cert:\\{}", String::from_utf8_lossy(store)));
        if answers.last().is_none_or(|answer| answer.place != place) {
            answers.push(Answer { bytes: Vec::new(), part: *part, place });
        }
        if let Some(answer) = answers.last_mut() {
            let block =
                [b"-----BEGIN CERTIFICATE-----\n", base64.trim_ascii(), b"\n-----END CERTIFICATE-----\n"];
            answer.bytes.extend_from_slice(&block.concat());
        }
    }
    answers
}

/// For anchors of the administrator: Debian, Ubuntu and Alpine; Fedora and its kin; openSUSE; Arch; FreeBSD. What packages
/// put below `/usr/share` is not the administrator's.
const ANCHORS: [&str; 5] = [
    "usr/local/share/ca-certificates",
    "etc/pki/ca-trust/source/anchors",
    "etc/pki/trust/anchors",
    "etc/ca-certificates/trust-source/anchors",
    "usr/local/etc/ssl/certs",
];
/// What the administrator has forbidden: Fedora and its kin, openSUSE, Arch; each under its old name too.
const DISTRUSTED: [&str; 6] = [
    "etc/pki/ca-trust/source/blocklist",
    "etc/pki/ca-trust/source/blacklist",
    "etc/pki/trust/blocklist",
    "etc/pki/trust/blacklist",
    "etc/ca-certificates/trust-source/blocklist",
    "etc/ca-certificates/trust-source/blacklist",
];
/// Files with everything for TLS servers. Those that others are links to come first: below another folder an absolute link
/// would lead into the system that runs here.
const FILES: [&str; 11] = [
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora, RHEL
    "var/lib/ca-certificates/ca-bundle.pem",            // openSUSE
    "etc/ca-certificates/extracted/tls-ca-bundle.pem",  // Arch
    "etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Alpine, Gentoo, NixOS
    "etc/pki/tls/certs/ca-bundle.crt",                  // older RHEL
    "etc/ssl/ca-bundle.pem",                            // older openSUSE
    "etc/ssl/certs/ca-bundle.crt",                      // NixOS
    "etc/ssl/cert.pem",                                 // FreeBSD, OpenBSD, Alpine without its tools
    "usr/local/share/certs/ca-root-nss.crt",            // FreeBSD
    "etc/openssl/certs/ca-certificates.crt",            // NetBSD
    "etc/ssl/cacert.pem",                               // illumos
];
/// Folders with everything, a file each.
const FOLDERS: [&str; 4] =
    ["etc/ssl/certs", "etc/openssl/certs", "etc/certs/CA", "system/etc/security/cacerts"];
const KERNEL_RELEASE: &str = "proc/sys/kernel/osrelease";
#[cfg(target_os = "macos")]
const KEYCHAIN_OF_APPLE: &str = "/System/Library/Keychains/SystemRootCertificates.keychain";
/// A store with a thousand certificates is 2 MiB.
const LARGEST_ANSWER: usize = 16 << 20;
/// PowerShell takes a second to start, and several on a machine that has just been started.
const PATIENCE: Duration = Duration::from_secs(20);
#[cfg(not(target_os = "macos"))]
const POWERSHELL: &str = "Windows/System32/WindowsPowerShell/v1.0/powershell.exe";
/// A line for each certificate. A store that is not there is an empty one. Without double quotes, which not everyone who
/// starts a program of Windows hands on alike.
#[cfg(not(target_os = "macos"))]
const POWERSHELL_SCRIPT: &str = "foreach ($store in 'LocalMachine\\Disallowed', 'LocalMachine\\AuthRoot', 'LocalMachine\\Root', 'CurrentUser\\Root') \
     { foreach ($one in Get-ChildItem -ErrorAction SilentlyContinue ('Cert:\\' + $store)) \
     { $store + ' ' + [Convert]::ToBase64String($one.RawData) } }";
/// What the distribution ships: Debian, Ubuntu and Alpine; Fedora and its kin; openSUSE; Arch; FreeBSD.
const SHIPPED: [&str; 8] = [
    "usr/share/ca-certificates/mozilla",
    "usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit",
    "usr/share/pki/ca-trust-source/ca-bundle.neutral-trust.crt",
    "usr/share/pki/ca-trust-source/ca-bundle.supplement.p11-kit",
    "usr/share/pki/trust/ca-certificates-mozilla.trust.p11-kit",
    "usr/share/ca-certificates/trust-source/mozilla.trust.p11-kit",
    "usr/share/certs/trusted",
    "usr/local/share/certs/ca-root-nss.crt",
];
/// The stores that are asked for. What Microsoft has downloaded from its programme lies in `AuthRoot`, and shows in `Root` too.
#[cfg(not(target_os = "macos"))]
const WINDOWS_STORES: [(&str, Part); 4] = [
    ("LocalMachine\\Disallowed", Part::Distrusted),
    ("LocalMachine\\AuthRoot", Part::Shipped),
    ("LocalMachine\\Root", Part::Everything),
    ("CurrentUser\\Root", Part::Everything),
];

#[cfg(not(any(target_os = "macos", windows)))]
#[cfg(test)]
mod tests {
    use super::*;

    /// A system with these files.
    fn system(files: &[&str]) -> (tempfile::TempDir, Roots) {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let mut draft = fs::Draft::beside(&folder.path().join(name), fs::Kind::Public).unwrap();
            draft.write_all(b"5.15.153.1-Microsoft-standard-WSL2\n").unwrap();
            draft.publish().unwrap();
        }
        let no_variables: [(&str, &str); 0] = [];
        let roots = Roots::below(folder.path().to_owned(), &Environment::from_pairs(no_variables));
        (folder, roots)
    }

    #[test]
    fn each_kind_of_system_has_its_places_and_a_folder_serves_where_there_is_no_file() {
        for (files, everything) in [
            (
                &["etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/x.pem"][..],
                "etc/ssl/certs/ca-certificates.crt",
            ),
            (
                &["etc/pki/tls/certs/ca-bundle.crt", "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"],
                FILES[0],
            ),
            (&["var/lib/ca-certificates/ca-bundle.pem", "etc/ssl/ca-bundle.pem"], FILES[1]),
            (&["etc/ssl/certs/01234567.0"], "etc/ssl/certs"),
        ] {
            let (folder, roots) = system(files);
            let found = roots.files(&[Part::Everything]);
            assert_eq!(found, [(Part::Everything, folder.path().join(everything))], "{files:?}");
        }
        let (_folder, nothing) = system(&[]);
        assert!(nothing.files(&[Part::Shipped, Part::Anchors, Part::Everything]).is_empty());
        assert!(!nothing.must_be_asked() && nothing.ask().unwrap().is_empty());
    }

    #[test]
    fn a_kernel_of_wsl_is_told_and_without_powershell_that_is_said() {
        let (_folder, roots) = system(&[KERNEL_RELEASE]);
        assert!(roots.must_be_asked());
        assert!(matches!(roots.ask().err().as_deref(), Some(AskError::NoPowerShell)));
    }

    #[test]
    fn what_powershell_prints_becomes_stores() {
        let text = b"LocalMachine\\AuthRoot QUJD\r\nLocalMachine\\Root REVG\r\nLocalMachine\\Root R0hJ\r\n\
                     Windows PowerShell says hello\r\nCurrentUser\\My bm90IG91cnM=\r\n";
        let answers: Vec<(Part, String, String)> = answers_of_powershell(text)
            .into_iter()
            .map(|one| (one.part, one.place.display().to_string(), String::from_utf8(one.bytes).unwrap()))
            .collect();
        let block = |base64| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        assert_eq!(
            answers,
            [
                (Part::Shipped, "Cert:\\LocalMachine\\AuthRoot".to_owned(), block("QUJD")),
                (Part::Everything, "Cert:\\LocalMachine\\Root".to_owned(), block("REVG") + &block("R0hJ")),
            ]
        );
    }
}
