//! What is odd about variables, in words.

use crate::doctor::environment::Conflict;

/// The sentence.
pub fn message(conflict: &Conflict) -> String {
    match *conflict {}
}

/// The next step.
pub fn fix(conflict: &Conflict) -> Option<String> {
    match *conflict {}
}
