//! Extending the user's certman.toml, with consent alone: what is missing there is asked for, written beside the old file, and put in
//! its place last of all. How a line is added is known to `config::edit`.

use std::path::PathBuf;

use super::pair::not_written;
use crate::cli::ImportSummary;
use crate::cli::failure::Failure;
use crate::cli::render::words;
use crate::config::edit::{self, Wish};
use crate::pki::name::Foreign;
use crate::sys::Host;
use crate::sys::fs::{self, Draft, Kind, ReadError};

/// What is to be added to the user's certman.toml.
pub struct Extension {
    /// The file; none where there is no place for one.
    pub file: Option<PathBuf>,
    /// What is missing there.
    pub wish: Wish,
}

impl Extension {
    /// The file, and the lines that somebody would have to add; none where nothing is missing.
    pub fn proposal(self) -> Option<(PathBuf, String)> {
        let Self { file, wish } = self;
        if wish.is_empty() { None } else { Some((file?, wish.lines())) }
    }

    /// Asks, where `--save` (`is_given`) has not said it and somebody is there who may be asked.
    ///
    /// # Errors
    /// Where it is to be saved and there is no place for it.
    pub fn consent(self, is_given: bool, may_ask: bool, host: &Host) -> Result<Consented, Failure> {
        let Some(file) = &self.file else {
            return match is_given {
                true => {
                    Err(Failure::new("there is no home folder for certman.toml")
                        .hint("name it with --config"))
                }
                false => Ok(Consented { extension: self, is_given: false }),
            };
        };
        if self.wish.is_empty() || is_given || !may_ask || !host.terminal.is_present() {
            let is_given = is_given && !self.wish.is_empty();
            return Ok(Consented { extension: self, is_given });
        }
        let mut question = String::new();
        for line in self.wish.lines().lines() {
            question += &format!("    {}\n", Foreign(line));
        }
        question += &format!("Add this to {}? [y/N] ", words::path(file));
        let is_given = host.terminal.confirm(&question).unwrap_or(false);
        Ok(Consented { extension: self, is_given })
    }
}

/// What is to be added, and whether it may be.
pub struct Consented {
    extension: Extension,
    is_given: bool,
}

/// A certman.toml that lies ready.
pub struct ReadyConfiguration {
    draft: Draft,
    path: PathBuf,
    replaced: Vec<(&'static str, String)>,
}

impl Consented {
    /// Writes the new certman.toml beside the old one: its own lines byte for byte, and with its mode.
    ///
    /// # Errors
    /// Where it cannot be changed without more being changed, and what the disk says.
    pub fn draft(&self) -> Result<Option<ReadyConfiguration>, Failure> {
        let Some(path) = self.extension.file.as_ref().filter(|_| self.is_given) else { return Ok(None) };
        let by_hand = |why: String| {
            let lines = self.extension.wish.lines().trim_end().replace('\n', "; ");
            Failure::new(format!("{} is left alone, and nothing was changed: {why}", words::path(path)))
                .hint(format!("leave --save away, and add it by hand: {lines}"))
        };
        let mut bytes = Vec::new();
        match fs::read_into(path, &mut bytes, CONFIGURATION_LIMIT) {
            Ok(()) | Err(ReadError::Missing) => {}
            Err(error) => return Err(by_hand(error.to_string())),
        }
        let text = String::from_utf8(bytes).map_err(|_| by_hand("it is not UTF-8".to_owned()))?;
        let edited = edit::extend(&text, &self.extension.wish).map_err(|why| by_hand(why.to_string()))?;
        if edited.text == text {
            return Ok(None);
        }
        // With owner and mode of the file that is there.
        let failed = |error| not_written(path, &error);
        let mut draft = Draft::like(path, Kind::Public).map_err(failed)?;
        draft.write_all(edited.text.as_bytes()).map_err(failed)?;
        Ok(Some(ReadyConfiguration { draft, path: path.clone(), replaced: edited.replaced }))
    }

    /// Puts it in the place of the old one. Where nobody has consented, what is missing stays a proposal.
    ///
    /// # Errors
    /// What the disk says.
    pub fn publish(
        self,
        ready: Option<ReadyConfiguration>,
        summary: &mut ImportSummary,
    ) -> Result<(), Failure> {
        match ready {
            Some(ReadyConfiguration { draft, path, replaced }) => {
                draft.publish().map_err(|error| not_written(&path, &error))?;
                (summary.saved, summary.replaced) = (Some(path), replaced);
            }
            None if !self.is_given => summary.proposal = self.extension.proposal(),
            None => {}
        }
        Ok(())
    }
}

/// As much as is read of one.
const CONFIGURATION_LIMIT: usize = 1 << 20;
