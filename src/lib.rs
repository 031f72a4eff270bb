//! certman: corporate CA certificates and client keys, in the one form every client accepts.
//!
//! The program is a library so that a test can run all of it in process. The modules form three rings:
//! [`pki`] turns bytes into facts and knows nothing else; [`sys`] is the world (files, keyring,
//! terminal, clock); [`cli`] joins them. `pki` and `sys` do not know each other, and nothing knows
//! `cli`.

pub mod cli;
pub mod clients;
pub mod config;
pub mod doctor;
pub mod explain;
pub mod exports;
pub mod pki;
pub mod proxy;
pub mod report;
pub mod secret;
pub mod settings;
pub mod shell;
pub mod source;
pub mod sys;
