//! The commands, a file each: the order of steps, and nothing printed.

mod add;
pub mod bundle;
pub mod check;
pub mod completions;
pub mod doctor;
pub mod env;
pub mod explain;
pub mod full;
pub mod gather;
pub mod hook;
pub mod identity;
pub mod import;
pub mod init;
pub mod inspect;
pub mod java;
pub mod key;
pub mod pair;
pub mod pile;
pub mod profiles;
pub mod proxy;
pub mod proxy_test;
pub mod remember;
pub mod run;
pub mod runtime;
pub mod save;
pub mod settings;
pub mod settings_show;
pub mod sieve;
pub mod stamp;
pub mod stores;
pub mod values;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::failure::Failure;

/// Reads `--at`: an RFC 3339 date (its first second in UTC) or date-time. Gives seconds since 1970-01-01T00:00:00Z.
pub(super) fn moment(text: &str) -> Result<i64, Failure> {
    if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(moment.unix_timestamp());
    }
    match Date::parse(text, format_description!("[year]-[month]-[day]")) {
        Ok(date) => Ok(date.midnight().assume_utc().unix_timestamp()),
        Err(_) => Err(Failure::usage(format!("--at: '{}' is not a date", text.escape_debug()))
            .hint("write it as 2031-05-01 or 2031-05-01T12:00:00Z")),
    }
}
