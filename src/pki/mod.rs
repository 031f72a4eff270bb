//! Bytes to facts and back: containers, certificates, keys, bundles.
//!
//! Pure: no disk, no clock, no environment, no sockets, and no words for people. Time is an argument, and
//! what is wrong comes back as a value that says where.

pub mod algorithm;
pub mod asn1;
pub mod bundle;
pub mod cert;
pub mod chain;
pub mod container;
pub mod details;
pub mod identity;
pub mod key;
pub mod lifetime;
pub mod name;
pub mod path;
pub mod pile;
pub mod public;
pub mod public_key;
pub mod request;
pub mod revocation;
pub mod server_name;
pub mod signature;
