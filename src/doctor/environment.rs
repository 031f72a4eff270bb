//! What is odd about the variables that a client starts with: values that are ignored, refused, or mean something else than the
//! person who set them thinks. Pure: is lent the values; paths are tried by the command.

use crate::report::Severity;

/// What is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {}

impl Conflict {
    /// The stable name.
    pub fn code(&self) -> &'static str {
        match *self {}
    }

    /// How bad it is where the command does not know better.
    pub fn default_severity(&self) -> Severity {
        match *self {}
    }
}
