//! What stands between a client and a host, in words.

use crate::doctor::reach::Obstacle;

/// The sentence about this host.
pub fn message(host: &str, obstacle: &Obstacle) -> String {
    let _ = host;
    match *obstacle {}
}

/// The next step.
pub fn fix(host: &str, obstacle: &Obstacle) -> Option<String> {
    let _ = host;
    match *obstacle {}
}
