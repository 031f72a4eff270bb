//! Why it does not work: judgements over what other modules have seen.
//!
//! [`choices`] compares the ways of the clients through proxies, [`environment`] judges variables, [`hosts`] knows who has to be reached, [`reach`] judges what a probe has seen, and
//! [`inspectors`] knows who opens other people's TLS. Writes nothing, asks nobody, opens no connection; what it judges is lent.

pub mod choices;
pub mod environment;
pub mod hosts;
pub mod inspectors;
pub mod reach;
