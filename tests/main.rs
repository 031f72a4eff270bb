//! The one integration test program.

mod keyring;
mod passphrase;
