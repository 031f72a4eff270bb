//! The identity: a chain and a key that belong together. Whether the chain is in order, whether its first certificate serves a
//! TLS client, and which certificate the key belongs to. Reads no files and knows no words.

use super::cert::Certificate;
use super::chain::is_issued_by;
use super::key::{Pairing, PrivateKey, proves};

/// How a chain is out of order; numbers are places in it, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disorder {
    /// It begins with an authority, and the first certificate that is none stands at this place.
    AuthorityFirst {
        /// Its place.
        leaf: usize,
    },
    /// The issuer of a certificate does not come next, but later.
    IssuerLater {
        /// The place of the certificate.
        certificate: usize,
        /// The place of its issuer.
        issuer: usize,
    },
    /// The certificate that the key belongs to is not the first.
    LeafLater {
        /// Its place.
        leaf: usize,
    },
}

/// Whether each certificate is followed by its issuer (RFC 5246, section 7.4.2), as far as the issuers are there. What stands
/// behind the last one that is found so, the root or a stranger, does no harm.
pub fn disorder(chain: &[Certificate]) -> Option<Disorder> {
    let first = chain.first()?;
    if first.is_ca()
        && let Some(leaf) = chain.iter().position(|certificate| !certificate.is_ca())
    {
        return Some(Disorder::AuthorityFirst { leaf });
    }
    let mut current = 0;
    while !chain[current].is_self_issued() {
        // The same certificate again issues nothing.
        let behind = (current + 1..chain.len()).filter(|at| chain[*at].der() != chain[current].der());
        let Some(issuer) = behind.clone().find(|at| is_issued_by(&chain[current], &chain[*at])) else {
            break;
        };
        if behind.min() != Some(issuer) {
            return Some(Disorder::IssuerLater { certificate: current, issuer });
        }
        current = issuer;
    }
    None
}

/// Which certificate of a chain the key belongs to, each proven by signing and verifying: the first that does, and otherwise
/// what the first certificate says.
pub fn owner(key: &PrivateKey, chain: &[Certificate]) -> Option<(usize, Pairing)> {
    let first = proves(key, chain.first()?.public_key());
    if matches!(first, Pairing::Other { .. }) {
        let later = chain.iter().skip(1);
        let found = later.map(|one| proves(key, one.public_key())).position(|one| one == Pairing::Belongs);
        if let Some(found) = found {
            return Some((found + 1, Pairing::Belongs));
        }
    }
    Some((0, first))
}

/// Why a certificate is not for TLS clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is an authority's.
    Authority,
    /// Its extended key usage has neither clientAuth nor anyExtendedKeyUsage (RFC 5280, section 4.2.1.12): servers refuse it.
    ExtendedKeyUsage {
        /// What stands there.
        purposes: Vec<String>,
    },
    /// Its key usage lacks digitalSignature (RFC 5280, section 4.2.1.3): Bun refuses it by itself (`KEY_USAGE_BIT_INCORRECT`, seen
    /// on Bun 1.4.5).
    KeyUsage,
}

/// Whether a certificate says that it is for TLS clients, or says nothing against it.
pub fn fitness(certificate: &Certificate) -> Result<(), Unfit> {
    let details = certificate.details();
    if certificate.is_ca() {
        return Err(Unfit::Authority);
    }
    if let Some(purposes) = details.extended_key_usage
        && !purposes.iter().any(|purpose| purpose == "clientAuth" || purpose == "anyExtendedKeyUsage")
    {
        return Err(Unfit::ExtendedKeyUsage { purposes });
    }
    match details.key_usage {
        Some(usage) if !usage.contains(&"digitalSignature") => Err(Unfit::KeyUsage),
        _ => Ok(()),
    }
}
