//! The one integration binary: every test that needs the built program, other programs, or files.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test looks at the world from outside"
)]

mod agreement;
mod bundle_add;
mod cases;
mod clients;
mod delivery;
mod doctor;
mod doctor_offline;
mod documents;
mod explain;
mod faults;
mod hook;
mod identity;
mod import;
mod init;
mod inspect;
mod keyring;
mod keys;
mod passphrase;
mod proxy;
mod proxy_choice;
mod run;
mod runtime;
mod settings;
mod shells;
mod stores;
mod streams;
mod support;
mod system;
mod testdata;
mod vectors;
mod verdicts;
mod world;
