//! Why it does not work: judgements over what other modules have seen.
//!
//! [`environment`] judges variables, [`hosts`] knows who has to be reached, [`reach`] judges what a probe has seen, [`verdict`]
//! puts that into a word, [`inspectors`] knows who opens other people's TLS, and [`redaction`] what the help desk need not know. Writes nothing, asks nobody, opens no
//! connection; what it judges is lent.

pub mod environment;
pub mod hosts;
pub mod inspectors;
pub mod reach;
pub mod redaction;
pub mod verdict;
