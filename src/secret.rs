//! Secrets as types: wiped when dropped, never shown.
//!
//! Neither type implements `Clone`, `Display`, `Serialize` or a `Debug` that shows its content. The
//! one way to the bytes is `expose_secret`, a name that is easy to search for.

use std::fmt;

use zeroize::Zeroizing;

/// A passphrase: bytes, not text, exactly as the key file's maker typed them.
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// Takes the bytes as they are.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes what a file, a pipe or a program gave, and cuts off one line ending (`\n` or `\r\n`):
    /// nothing more, since blanks may belong to the passphrase.
    pub fn from_line(bytes: Vec<u8>) -> Self {
        let mut bytes = Zeroizing::new(bytes);
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            if bytes.last() == Some(&b'\r') {
                bytes.pop();
            }
        }
        Self(bytes)
    }

    /// The bytes themselves.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it. Every client takes an empty passphrase for none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(***)")
    }
}

/// Secret bytes of any other kind: the content of a key file, a key in the clear.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes as they are. The caller gives a buffer that never grew while it held them.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose_secret(&self) -> &[u8] {
        &self.0
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_ending_is_cut_off_and_nothing_more() {
        for (given, kept) in [
            ("geheim", "geheim"),
            ("geheim\n", "geheim"),
            ("geheim\r\n", "geheim"),
            ("geheim\n\n", "geheim\n"),
            (" geheim \n", " geheim "),
            ("geheim\r", "geheim\r"),
            ("\n", ""),
        ] {
            let passphrase = Passphrase::from_line(given.as_bytes().to_vec());
            assert_eq!(passphrase.expose_secret(), kept.as_bytes(), "{given:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Passphrase::new(b"geheim".to_vec())), "Passphrase(***)");
        assert_eq!(format!("{:?}", SecretBytes::new(b"geheim".to_vec())), "SecretBytes(***)");
    }
}
