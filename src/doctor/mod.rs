//! Why it does not work: judgements over what other modules have seen.
//!
//! [`choices`] compares the ways of the clients through proxies, [`environment`] judges variables, [`hosts`] knows who has to be reached, [`reach`] judges the chain that a probe has seen,
//! [`inspectors`] knows who opens other people's TLS, [`obstacle`] tells what is in the way, [`verdict`] puts it all into a word,
//! and [`redaction`] knows what the help desk need not. Writes nothing, asks nobody, opens no connection; what it judges is lent.

pub mod choices;
pub mod environment;
pub mod hosts;
pub mod inspectors;
pub mod obstacle;
pub mod reach;
pub mod redaction;
pub mod verdict;
