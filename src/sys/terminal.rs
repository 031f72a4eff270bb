//! The terminal device: questions to the person, never standard input.

use crate::secret::Passphrase;

/// Someone to ask.
pub trait Terminal {
    /// Asks without echo.
    fn ask_passphrase(&self, prompt: &str) -> std::io::Result<Passphrase>;
    /// Whether there is a terminal to ask on.
    fn is_present(&self) -> bool;
}
