//! How certificates hang together: who issued whom, and what is proven about it.

use super::cert::Certificate;
use super::signature::{Verdict, verify};

/// Whether a certificate's own key has made its signature. Equal names alone prove nothing.
pub fn self_signature(certificate: &Certificate) -> Verdict {
    if certificate.is_self_issued() { signature_by(certificate, certificate) } else { Verdict::Wrong }
}

/// Whether `issuer` can be the issuer of `certificate`, by name and key identifiers (RFC 5280, section 6.1): cheap, and
/// the way clients look for candidates. Proves nothing.
pub fn names_issuer(certificate: &Certificate, issuer: &Certificate) -> bool {
    let identifiers = (certificate.authority_key_identifier(), issuer.subject_key_identifier());
    certificate.issuer() == issuer.subject()
        && match identifiers {
            (Some(wanted), Some(found)) => wanted == found,
            _ => true,
        }
}

/// Whether `issuer` has issued `certificate`: by name, key identifiers and signature. A signature that cannot be checked
/// here counts where the names fit.
pub fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    names_issuer(certificate, issuer) && signature_by(certificate, issuer) != Verdict::Wrong
}

/// Whether the key of `issuer` has made the signature of `certificate`.
pub fn signature_by(certificate: &Certificate, issuer: &Certificate) -> Verdict {
    verify(
        issuer.public_key(),
        certificate.signature(),
        certificate.to_be_signed(),
        certificate.signature_value(),
    )
}
