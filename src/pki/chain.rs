//! How certificates hang together: who issued whom, and what is proven about it.

use super::cert::Certificate;
use super::signature::{Verdict, verify};

/// Whether a certificate's own key has made its signature. Equal names alone prove nothing.
pub fn self_signature(certificate: &Certificate) -> Verdict {
    if certificate.is_self_issued() { signature_by(certificate, certificate) } else { Verdict::Wrong }
}

/// Whether `issuer` has issued `certificate`: by name, key identifiers and signature. A signature that cannot be checked
/// here counts where the names fit.
pub fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    certificate.issuer() == issuer.subject()
        && identifiers_fit(certificate, issuer)
        && signature_by(certificate, issuer) != Verdict::Wrong
}

/// Whether the key identifiers do not speak against `issuer` as the issuer of `certificate`, whatever the names. Issuer and
/// serial number, the other way to name a key (RFC 5280, section 4.2.1.1), are not looked at.
pub fn identifiers_fit(certificate: &Certificate, issuer: &Certificate) -> bool {
    match (certificate.authority_key_identifier(), issuer.subject_key_identifier()) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    }
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
