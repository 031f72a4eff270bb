//! Who has to be reached: the hosts of Claude Code as dated data, each with its reason. A configuration or arguments take their
//! place.

/// A host that is probed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name or address.
    pub host: String,
    /// Whether nothing works without it.
    pub is_required: bool,
    /// Its port.
    pub port: u16,
    /// What it is for; none where the person has named it.
    pub reason: Option<&'static str>,
}
