//! The only sockets: a server on loopback that proves an identity, and connections to the hosts that `doctor` is asked about.
//!
//! Is lent DER for one handshake, and reads no file. What the other side says is bounded in bytes and in time, and handed on
//! as it came: whether it is good is for others to judge.

pub mod fetch;
mod handshake;
mod http;
mod lookup;
pub mod loopback;
mod mask;
pub mod probe;
mod stream;
mod turns;

pub use loopback::{Connection, Error, Expected, Server, Version};
pub use turns::Turns;

#[cfg(test)]
mod tests;
