//! How certificates hang together: who issued whom, and what is proven about it.

use std::collections::HashMap;

use super::cert::Certificate;
use super::name::Name;
use super::signature::{Verdict, verify};

/// Who has issued a certificate, among others that lie beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// One that it has itself issued, directly or through others.
    Circle,
    /// The one at this place.
    Found {
        /// Its place.
        at: u32,
        /// Whether its key has been seen to have made the signature. Otherwise names and key identifiers fit, and the signature
        /// cannot be checked here, or too many would have to be.
        is_proven: bool,
    },
    /// By its names the certificate itself.
    Itself,
    /// None of them.
    Missing,
}

/// The issuer of each certificate: of several that fit, one that issued itself before others, then one whose signature is
/// proven, then the one that lasts longest. Following them never leads in a circle.
pub fn issuers(certificates: &[Certificate]) -> Vec<Issuer> {
    // What names its own key as its issuer's, or no key at all, has issued itself; a new key that the old one of the same name
    // vouches for has not.
    let is_its_own = |one: &Certificate| one.is_self_issued() && identifiers_fit(one, one);
    let mut issuers: Vec<Issuer> = certificates
        .iter()
        .map(|one| if is_its_own(one) { Issuer::Itself } else { Issuer::Missing })
        .collect();
    // A bundle of roots is told without a look at any name.
    if issuers.iter().all(|issuer| *issuer == Issuer::Itself) {
        return issuers;
    }
    let mut by_subject: HashMap<Name<'_>, Vec<u32>> = HashMap::with_capacity(certificates.len());
    for (index, certificate) in
        certificates.iter().enumerate().filter(|(_, one)| one.is_ca() || one.is_self_issued())
    {
        by_subject.entry(certificate.subject()).or_default().push(index as u32);
    }
    for namesakes in by_subject.values_mut() {
        namesakes.sort_by_key(|index| {
            let one = &certificates[*index as usize];
            (!one.is_self_issued(), std::cmp::Reverse(one.validity().not_after))
        });
    }
    let mut trials = MOST_TRIALS + certificates.len();
    for (index, issuer) in issuers.iter_mut().enumerate().filter(|(_, issuer)| **issuer == Issuer::Missing) {
        let certificate = &certificates[index];
        let candidates = by_subject.get(&certificate.issuer());
        *issuer = find_issuer(index, certificate, certificates, candidates, &mut trials);
    }
    open_circles(&mut issuers);
    issuers
}

fn find_issuer(
    index: usize,
    certificate: &Certificate,
    certificates: &[Certificate],
    candidates: Option<&Vec<u32>>,
    trials: &mut usize,
) -> Issuer {
    let mut by_name = None;
    let others = candidates.into_iter().flatten().filter(|at| **at as usize != index).take(MOST_NAMESAKES);
    for &at in others {
        let candidate = &certificates[at as usize];
        if !identifiers_fit(certificate, candidate) {
            continue;
        }
        let verdict = match trials.checked_sub(1) {
            Some(left) => {
                *trials = left;
                signature_by(certificate, candidate)
            }
            None => Verdict::NotCheckable,
        };
        match verdict {
            Verdict::Proven => return Issuer::Found { at, is_proven: true },
            Verdict::NotCheckable => by_name = by_name.or(Some(at)),
            Verdict::Wrong => {}
        }
        if *trials == 0 && by_name.is_some() {
            break;
        }
    }
    by_name.map_or(Issuer::Missing, |at| Issuer::Found { at, is_proven: false })
}

/// Two CAs may have signed each other, with no root of their own beside them: the first of a circle is then taken for its top.
fn open_circles(issuers: &mut [Issuer]) {
    // The walk that has come by a certificate; 0 for none.
    let mut walks = vec![0_u32; issuers.len()];
    for start in 0..issuers.len() {
        let (walk, mut current) = (start as u32 + 1, start);
        while walks[current] == 0 {
            walks[current] = walk;
            match issuers[current] {
                Issuer::Found { at, .. } if walks[at as usize] == walk => {
                    issuers[at as usize] = Issuer::Circle;
                    break;
                }
                Issuer::Found { at, .. } => current = at as usize,
                Issuer::Circle | Issuer::Itself | Issuer::Missing => break,
            }
        }
    }
}

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

/// So many CAs of one name are looked at for each certificate.
const MOST_NAMESAKES: usize = 1_000;
/// So many signatures are checked to tell who issued whom, and one more for each certificate: a hostile file has ten thousand CAs
/// of one name.
const MOST_TRIALS: usize = 10_000;

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer as Signer, KeyPair};

    use super::*;
    use crate::pki::cert::Fingerprint;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.use_authority_key_identifier_extension = true;
        params
    }

    fn read(certificate: &rcgen::Certificate) -> Certificate {
        Certificate::parse(certificate.der(), Fingerprint::of(certificate.der())).unwrap()
    }

    #[test]
    fn issuers_are_found_by_proof() {
        let [root_key, other_key, key] = [(); 3].map(|()| KeyPair::generate().unwrap());
        let root = params("Root").self_signed(&root_key).unwrap();
        let namesake = params("Root").self_signed(&other_key).unwrap();
        let leaf = params("leaf").signed_by(&key, &Signer::from_params(&params("Root"), &root_key)).unwrap();
        let stray = params("stray").signed_by(&key, &Signer::from_params(&params("Gone"), &key)).unwrap();
        let all = [&leaf, &namesake, &root, &stray].map(read);
        assert_eq!(
            issuers(&all),
            [Issuer::Found { at: 2, is_proven: true }, Issuer::Itself, Issuer::Itself, Issuer::Missing]
        );
    }

    #[test]
    fn two_that_have_issued_each_other_are_no_circle() {
        let [a_key, b_key] = [(); 2].map(|()| KeyPair::generate().unwrap());
        let a = params("A").signed_by(&a_key, &Signer::from_params(&params("B"), &b_key)).unwrap();
        let b = params("B").signed_by(&b_key, &Signer::from_params(&params("A"), &a_key)).unwrap();
        let all = [&a, &b].map(read);
        assert_eq!(issuers(&all), [Issuer::Circle, Issuer::Found { at: 0, is_proven: true }]);
    }
}
