//! What a next step is about: the options that make its command work on the key that was found, and not on the one that is
//! configured. Whoever pastes it must not change another file.

use std::path::Path;

use crate::pki::key::{Limits, Work};
use crate::pki::name::Foreign;
use crate::report::{Circumstances, Finding, Report, Task};
use crate::shell::{self, Shell};
use crate::sys::passphrase::Source;

/// The key that a next step is about.
pub struct Aim<'a> {
    circumstances: &'a Circumstances,
    /// Whether it lies in a store, where no command but `import` reaches it.
    pub is_in_store: bool,
    /// Its file; none where that is the one that every command takes by itself.
    path: Option<&'a Path>,
}

impl<'a> Aim<'a> {
    /// At the key in this file.
    pub fn at(path: &'a Path, circumstances: &'a Circumstances) -> Self {
        let is_configured = circumstances.key.as_deref() == Some(path);
        Self { circumstances, is_in_store: false, path: (!is_configured).then_some(path) }
    }

    /// At what a finding is about; without a place at the key that is configured.
    pub fn of(finding: &Finding, report: &'a Report) -> Self {
        let path = finding.place.and_then(|place| report.files.get(place.file as usize));
        let is_in_store =
            report.keys.iter().any(|facts| facts.is_in_store && Some(facts.place) == finding.place);
        match path {
            Some(path) => Self { is_in_store, ..Self::at(path, &report.circumstances) },
            None => Self { circumstances: &report.circumstances, is_in_store, path: None },
        }
    }

    /// Its file, quoted.
    pub fn file(&self) -> String {
        quoted(self.path.or(self.circumstances.key.as_deref()).unwrap_or(Path::new("-")))
    }

    /// Where its passphrase comes from.
    pub fn passphrase(&self) -> &Source {
        &self.circumstances.passphrase
    }

    /// ` --key FILE`, quoted; nothing where the command takes this key by itself.
    pub fn key(&self) -> String {
        match self.path {
            None => String::new(),
            // It has been read, and whoever pastes this has a file of another name.
            Some(path) if path == Path::new("-") => " --key FILE".to_owned(),
            Some(path) => format!(" --key {}", word(path.as_os_str().as_encoded_bytes())),
        }
    }

    /// The options of a command that opens the key.
    fn opening(&self) -> String {
        let passphrase = &self.circumstances.passphrase;
        let again = match passphrase {
            // A descriptor that was open here is not open there.
            Source::Descriptor(_) if self.circumstances.is_passphrase_typed => " --passphrase prompt".into(),
            place if self.circumstances.is_passphrase_typed => {
                format!(" --passphrase {}", word(place.to_string().as_bytes()))
            }
            // What is configured is the passphrase of another key.
            place if self.path.is_some() && *place != Source::Keyring => " --passphrase prompt".into(),
            _ => String::new(),
        };
        self.key() + &again
    }

    /// The options of a command that opens the key and rewrites it; where it is not the one that is configured, with a copy of
    /// the old file.
    pub fn rewriting(&self) -> String {
        let backup = if self.path.is_some() { " --backup" } else { "" };
        self.opening() + backup
    }
}

/// The store that a next step is about.
pub struct StoreAim {
    /// Its file, quoted; `FILE` where it came from standard input.
    pub file: String,
    /// Whether it is only looked at.
    pub is_inspected: bool,
    /// Whether the command that was started can be told to allow more work.
    pub may_allow_work: bool,
    /// Where its passphrase came from, where that is no place that somebody is asked.
    pub place: Option<String>,
}

impl StoreAim {
    /// At the store in this file, for a command that opens it.
    pub fn at(path: &Path) -> Self {
        Self { file: quoted(path), is_inspected: false, may_allow_work: true, place: None }
    }

    /// At what a finding is about.
    pub fn of(finding: &Finding, report: &Report) -> Self {
        let Circumstances { store_passphrase, task, .. } = &report.circumstances;
        let is_asked = matches!(store_passphrase, Source::Keyring | Source::Prompt);
        Self {
            is_inspected: *task == Task::Inspect,
            may_allow_work: matches!(task, Task::Import | Task::Inspect),
            place: (!is_asked).then(|| Foreign(store_passphrase.name()).to_string()),
            file: file_of(finding, report),
        }
    }

    /// How the passphrase gets to whoever has not got it.
    pub fn remembering(&self) -> String {
        let file = &self.file;
        if self.is_inspected {
            // `inspect` wakes no keyring by itself.
            return format!(
                "open it with `certman inspect {file} --store-passphrase prompt`; other places are file:PATH, and keyring where \
                 `certman key remember --store {file}` has stored it"
            );
        }
        format!(
            "store it once with `certman key remember --store {file}`, or name its place with --store-passphrase"
        )
    }
}

/// The file that a finding is about, quoted; `FILE` where it came from standard input.
pub fn file_of(finding: &Finding, report: &Report) -> String {
    let path = finding.place.and_then(|place| report.files.get(place.file as usize));
    quoted(path.map_or(Path::new("-"), |path| path))
}

/// A file as a word of a command; `FILE` for standard input.
pub fn quoted(path: &Path) -> String {
    match path == Path::new("-") {
        true => "FILE".to_owned(),
        false => word(path.as_os_str().as_encoded_bytes()),
    }
}

/// The option that allows this much work.
pub fn allowing(kind: Work, demanded: u64) -> String {
    let standard = Limits::DEFAULT;
    match kind {
        Work::Iterations => format!("--max-iterations {demanded}"),
        Work::ScryptMemory => format!("--max-memory {}", demanded.div_ceil(1 << 20)),
        // It grows with the memory, in whole steps.
        Work::ScryptWork => {
            let steps = demanded.div_ceil(standard.scrypt_work);
            format!("--max-memory {}", steps.saturating_mul(standard.scrypt_memory >> 20))
        }
    }
}

/// A word for a shell of the sh family, safe to print.
pub fn word(bytes: &[u8]) -> String {
    Foreign(String::from_utf8_lossy(&shell::word(Shell::Sh, bytes))).to_string()
}
