//! `[profile.NAME]`: tables that stand before those at the top while the profile is active, and the list of what there is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Error, Files, Here, Origin, Overrides, Set, distance, line_at};
use crate::sys::env::Environment;

/// A profile, as the configuration files define it.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// The files that define it, the user's before the system's.
    pub files: Vec<PathBuf>,
    /// Whether it is the one that counts now.
    pub is_active: bool,
    /// The keys that it sets, as in `proxy.https`, in the order of the alphabet.
    pub keys: Vec<String>,
    /// ASCII letters, digits, `_` and `-`.
    pub name: String,
}

/// Every profile of the configuration files, in the order of their names.
///
/// # Errors
/// As [`Settings::resolve`](super::Settings::resolve) has them for files and for the active profile.
pub fn profiles(
    overrides: Overrides,
    environment: &Environment,
    current_folder: &Path,
    system_file: Option<&Path>,
) -> Result<Vec<Profile>, Error> {
    let files = Files::load(overrides.config.as_deref(), environment, current_folder, system_file)?;
    let here = Here { current_folder, environment };
    let active = files.active_profile(here.text(overrides.profile, "CERTMAN_PROFILE"))?;
    let profile = |name: &str| {
        let mut keys = Vec::new();
        let mut defining = Vec::new();
        for file in files.files.iter().filter(|file| file.document.profile.contains_key(name)) {
            defining.push(file.path.clone());
            // Read once more without the types, which do not list their fields.
            let table = toml::from_str::<toml::Table>(&file.text).ok();
            let table = table.as_ref().and_then(|table| table.get("profile")?.get(name)?.as_table());
            keys.extend(table.into_iter().flat_map(keys_of));
        }
        keys.sort();
        keys.dedup();
        Profile { files: defining, is_active: active.as_deref() == Some(name), keys, name: name.to_owned() }
    };
    Ok(files.names().into_iter().map(profile).collect())
}

fn keys_of(tables: &toml::Table) -> impl Iterator<Item = String> {
    tables.iter().flat_map(|(table, keys)| {
        let names = keys.as_table().into_iter().flat_map(toml::Table::keys);
        names.map(move |name| format!("{table}.{name}"))
    })
}

impl Files {
    /// The active profile: `--profile`, else `CERTMAN_PROFILE`.
    ///
    /// # Errors
    /// Where no file defines it.
    pub(super) fn active_profile(&self, set: Option<Set>) -> Result<Option<String>, Error> {
        let Some(set) = set else { return Ok(None) };
        let known = self.names();
        if known.contains(&set.text.as_str()) {
            return Ok(Some(set.text));
        }
        let nearest = known.iter().min_by_key(|name| distance(&set.text, name));
        let hint = match nearest {
            Some(nearest) => format!("the nearest is `{nearest}`; there are: {}", known.join(", ")),
            None => "no configuration file defines one: write [profile.NAME.client], [profile.NAME.proxy] and so on".to_owned(),
        };
        let what = format!("there is no profile '{}'", set.text.escape_debug());
        let origin = match set.origin {
            Origin::Variable(name) => name,
            _ => "--profile",
        };
        Err(Error::Typed { hint, origin, what })
    }

    /// Names can be folders and parts of keyring accounts, and no two are the same to a file system that ignores case.
    pub(super) fn check_profiles(&self) -> Result<(), Error> {
        let mut in_lower_case = BTreeMap::new();
        for file in &self.files {
            for (name, document) in &file.document.profile {
                let wrong = |at: usize, what: String, hint: &str| {
                    let (line, path) = (line_at(&file.text, at), file.path.clone());
                    Err(Error::Wrong { hint: Some(hint.to_owned()), line, path, what })
                };
                let text = name.get_ref().as_str();
                let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if text.is_empty() || text.len() > LONGEST_NAME || !text.chars().all(is_plain) {
                    let what = format!("'{}' cannot be the name of a profile", text.escape_debug());
                    let hint = "take up to 64 letters and digits of ASCII, `-` and `_`";
                    return wrong(name.span().start, what, hint);
                }
                if let Some(inner) = document.profile.keys().next() {
                    let what = format!("the profile '{text}' has a profile of its own");
                    return wrong(
                        inner.span().start,
                        what,
                        "profiles stand beside each other: [profile.NAME]",
                    );
                }
                let first = *in_lower_case.entry(text.to_ascii_lowercase()).or_insert(text);
                if first != text {
                    let what = format!("the profiles '{first}' and '{text}' differ only in case");
                    return wrong(name.span().start, what, "give one of them another name");
                }
            }
        }
        Ok(())
    }

    /// The names of all files, each once, in the order of the alphabet.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .files
            .iter()
            .flat_map(|file| file.document.profile.keys())
            .map(|name| name.get_ref().as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

const LONGEST_NAME: usize = 64;
