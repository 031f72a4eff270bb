//! What other programs are told about certificates and proxies: variables, Claude Code's settings, the configurations of git, npm
//! and pip. Reads their files, and follows nothing that they include.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::config;
use crate::settings::Document;
use crate::sys::env::Environment;
use crate::sys::fs::{self, Standing};

/// Variables as a program gets them: those of Claude Code's settings for the user stand before the others.
pub(super) struct Variables<'e> {
    environment: &'e Environment,
    /// The settings and their file, where they could be read. They may hold secrets.
    settings: Option<(Document, PathBuf)>,
}

/// A file or folder that a program was told of.
pub(super) struct Mention {
    /// As it stands there; `~` is expanded where the program does that.
    pub(super) path: PathBuf,
    /// `NODE_EXTRA_CA_CERTS`, `http.sslCAInfo of git`.
    pub(super) what: String,
    /// The file that says so; none for the environment.
    pub(super) within: Option<PathBuf>,
}

impl<'e> Variables<'e> {
    /// Reads the settings; those that cannot be read count as not there.
    pub(super) fn of(environment: &'e Environment) -> Self {
        let named =
            environment.value("CLAUDE_CONFIG_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        let folder = named.or_else(|| Some(environment.home()?.join(".claude")));
        let settings = folder.and_then(|folder| {
            let path = folder.join("settings.json");
            Some((Document::parse(&read(&path)?).ok()?, path))
        });
        Self { environment, settings }
    }

    /// The value, and the file that has it; none for the environment. It may be a secret.
    pub(super) fn value(&self, name: &str) -> Option<(Zeroizing<Vec<u8>>, Option<&Path>)> {
        if let Some((value, path)) = self.of_settings(name) {
            return Some((Zeroizing::new(value.as_bytes().to_vec()), Some(path)));
        }
        let value = self.environment.value(name)?;
        Some((Zeroizing::new(value.as_encoded_bytes().to_vec()), None))
    }

    /// The path in a variable.
    pub(super) fn path(&self, name: &str) -> Option<Mention> {
        let (path, within) = match self.of_settings(name) {
            Some((value, path)) => (PathBuf::from(value.as_str()), Some(path.to_owned())),
            None => (self.environment.value(name)?.into(), None),
        };
        Some(Mention { path, what: name.to_owned(), within })
    }

    fn of_settings(&self, name: &str) -> Option<(Zeroizing<String>, &Path)> {
        let (document, path) = self.settings.as_ref()?;
        let entry = document.entry(name)?;
        let value = entry.value().filter(|value| !value.is_empty())?;
        Some((Zeroizing::new(value.to_owned()), path))
    }
}

/// Where git, npm and pip were told of a file with certificates.
pub(super) fn configured(environment: &Environment) -> Vec<Mention> {
    let Some(home) = environment.home() else { return Vec::new() };
    let below = config::config_folder(environment).unwrap_or_else(|| home.join(".config"));
    let mut mentions = Vec::new();
    let mut look = |file: PathBuf, section: &str, key: &str, what: &str| {
        let Some(text) = read(&file) else { return };
        for (of, name, value) in entries(&String::from_utf8_lossy(&text)) {
            if of == section && name == key && !value.is_empty() {
                let path = expanded(&value, &home);
                mentions.push(Mention { path, what: what.to_owned(), within: Some(file.clone()) });
            }
        }
    };
    for file in [home.join(".gitconfig"), below.join("git/config")] {
        look(file, "http", "sslcainfo", "http.sslCAInfo of git");
    }
    look(home.join(".npmrc"), "", "cafile", "cafile of npm");
    for file in [below.join("pip/pip.conf"), home.join(".pip/pip.conf")] {
        look(file, "global", "cert", "cert of pip");
    }
    mentions
}

/// A small regular file; any of them may hold a password.
fn read(path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    match fs::standing(path)? {
        Standing::File { .. } => fs::read_secret(path, LARGEST).ok(),
        Standing::Folder | Standing::Other => None,
    }
}

/// Section and key in small letters, and the value without quotes, as all three programs read the simple cases. A section with
/// a name of its own (`[http "https://…"]`) is another one.
fn entries(text: &str) -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut entries = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.split(']').next().unwrap_or_default().trim().to_ascii_lowercase();
        } else if !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            entries.push((section.clone(), key.trim().to_ascii_lowercase(), unquoted(value.trim())));
        }
    }
    entries
}

fn unquoted(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"') else {
        let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
        return value[..end.unwrap_or(value.len())].trim_end().trim_matches('\'').to_owned();
    };
    let mut text = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => text.extend(letters.next()),
            _ => text.push(letter),
        }
    }
    text
}

/// git expands `~/`, npm `${HOME}`.
fn expanded(path: &str, home: &Path) -> PathBuf {
    for prefix in ["~/", "${HOME}/", "$HOME/"] {
        if let Some(rest) = path.strip_prefix(prefix) {
            return home.join(rest);
        }
    }
    PathBuf::from(path)
}

/// Far above any configuration of these programs, in bytes.
const LARGEST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_of_git_npm_and_pip_are_read_as_they_read_them() {
        let text = "; c\n[http]\n\tsslCAInfo = \"/a/with \\\"quotes\\\" # and more.pem\" # comment\n\
                    [http \"https://other\"]\nsslCAInfo=/b\n[global]\ncert = /c.pem ; comment\n";
        let of = |section: &str, key: &str| -> Vec<String> {
            let all = entries(text).into_iter();
            all.filter(|one| one.0 == section && one.1 == key).map(|one| one.2).collect()
        };
        assert_eq!(of("http", "sslcainfo"), ["/a/with \"quotes\" # and more.pem"]);
        assert_eq!(of("global", "cert"), ["/c.pem"]);
        assert_eq!(entries("cafile='/d.pem'")[0], (String::new(), "cafile".into(), "/d.pem".into()));
    }
}
