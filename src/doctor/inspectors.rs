//! Who opens other people's TLS: products known by what they write into the certificates that they make, as dated data.

/// A product that signs certificates for the hosts of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspector {
    /// Its name, for people.
    pub name: &'static str,
}
