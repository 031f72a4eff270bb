//! `certman explain` as it is typed.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use crate::explain::Language;

/// `certman explain`
#[derive(Args, Debug)]
pub struct ExplainArguments {
    /// The language of the answer; else that of LC_ALL, LC_MESSAGES or LANG
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub lang: Option<LanguageName>,
    /// A code, a line of a log, or `-` for a log on standard input; without any the codes are listed
    #[arg(value_name = "CODE")]
    pub words: Vec<OsString>,
}

/// The languages, by the names that locales have for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LanguageName {
    /// English
    En,
    /// Japanese
    Ja,
}

impl From<LanguageName> for Language {
    fn from(name: LanguageName) -> Self {
        match name {
            LanguageName::En => Self::English,
            LanguageName::Ja => Self::Japanese,
        }
    }
}
