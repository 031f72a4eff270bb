//! Whether a way leads from a server's certificate to an anchor, and where it ends if none does (RFC 5280, section 6.1, as far
//! as clients go by it: names, key identifiers, signatures, dates, basicConstraints, keyUsage, purposes, name constraints).
//!
//! Pure. Revocation is not looked at: none of the clients does.

use super::cert::Certificate;
use super::chain::{identifiers_fit, signature_by};
use super::server_name::{self, ServerName};
use super::signature::Verdict;

/// Certificates to build a way from.
#[derive(Clone, Copy)]
pub struct Store<'s, 'a> {
    /// Where a way may end.
    pub anchors: &'s [&'a Certificate],
    /// What may lie on it, besides what the server has sent.
    pub others: &'s [&'a Certificate],
}

/// Why no way leads to an anchor.
#[derive(Clone, Copy)]
pub enum DeadEnd<'a> {
    /// The issuer is there and may not issue this: what is against it.
    Forbidden {
        /// Whose certificate.
        at: &'a Certificate,
        /// Why not.
        why: Forbidden,
    },
    /// The issuer is there and past its last second.
    Expired(&'a Certificate),
    /// Nobody is there who has issued this one.
    Missing(&'a Certificate),
    /// The issuer is there and before its first second.
    NotYetValid(&'a Certificate),
}

/// What is against an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// More CAs stand below it than it allows.
    PathLength,
    /// It is not for servers.
    Purpose,
    /// The name of the server is outside of what it may issue for.
    ServerName,
}

/// Finds a way from the first certificate that a server has sent to an anchor, the leaf first and the anchor last. What is
/// against the leaf itself is not asked here.
///
/// # Errors
/// Where the most promising way ends.
pub fn find<'a>(
    served: &'a [Certificate],
    store: Store<'_, 'a>,
    name: &ServerName,
    now: i64,
) -> Result<Vec<&'a Certificate>, DeadEnd<'a>> {
    let Some((leaf, sent)) = served.split_first() else { return Ok(Vec::new()) };
    let mut search =
        Search { dead_end: (0, DeadEnd::Missing(leaf)), name, now, sent, store, trials: MOST_TRIALS };
    let mut way = vec![leaf];
    if search.go_on(&mut way) { Ok(way) } else { Err(search.dead_end.1) }
}

struct Search<'a, 's> {
    /// The best one so far, and how good it is.
    dead_end: (usize, DeadEnd<'a>),
    name: &'s ServerName,
    now: i64,
    sent: &'a [Certificate],
    store: Store<'s, 'a>,
    trials: usize,
}

impl<'a> Search<'a, '_> {
    /// Lengthens the way until its last certificate is an anchor.
    fn go_on(&mut self, way: &mut Vec<&'a Certificate>) -> bool {
        let last = way[way.len() - 1];
        if self.store.anchors.iter().any(|anchor| anchor.fingerprint() == last.fingerprint()) {
            return true;
        }
        if way.len() >= LONGEST {
            return false;
        }
        let candidates = self.store.anchors.iter().copied();
        let candidates = candidates.chain(self.sent).chain(self.store.others.iter().copied());
        let mut has_issuer = false;
        for candidate in candidates {
            let fits = candidate.subject() == last.issuer()
                && identifiers_fit(last, candidate)
                && way.iter().all(|one| one.fingerprint() != candidate.fingerprint());
            if !fits {
                continue;
            }
            let Some(left) = self.trials.checked_sub(1) else { return false };
            self.trials = left;
            if signature_by(last, candidate) == Verdict::Wrong {
                continue;
            }
            has_issuer = true;
            if let Err((rank, why)) = self.admit(candidate, way) {
                self.note(way.len() * RANKS + rank, why);
                continue;
            }
            way.push(candidate);
            if self.go_on(way) {
                return true;
            }
            way.pop();
        }
        if !has_issuer {
            self.note(way.len() * RANKS, DeadEnd::Missing(last));
        }
        false
    }

    /// Whether an issuer may stand behind this way.
    fn admit(&self, issuer: &'a Certificate, way: &[&Certificate]) -> Result<(), (usize, DeadEnd<'a>)> {
        let validity = issuer.validity();
        if validity.not_after < self.now {
            return Err((2, DeadEnd::Expired(issuer)));
        }
        if validity.not_before > self.now {
            return Err((2, DeadEnd::NotYetValid(issuer)));
        }
        let forbidden = |why| Err((1, DeadEnd::Forbidden { at: issuer, why }));
        if !issuer.is_ca() {
            return forbidden(Forbidden::Purpose);
        }
        let details = issuer.details();
        let below = way.iter().skip(1).filter(|one| !one.is_self_issued()).count();
        if details.path_length.is_some_and(|limit| below > limit as usize) {
            return forbidden(Forbidden::PathLength);
        }
        if !is_for_servers(details.extended_key_usage.as_deref(), true) {
            return forbidden(Forbidden::Purpose);
        }
        match &details.name_constraints {
            Some(constraints) if !server_name::is_permitted(self.name, constraints) => {
                forbidden(Forbidden::ServerName)
            }
            _ => Ok(()),
        }
    }

    fn note(&mut self, rank: usize, why: DeadEnd<'a>) {
        if rank > self.dead_end.0 {
            self.dead_end = (rank, why);
        }
    }
}

/// Whether these purposes, where there are any, are those of a TLS server. Of a server's own certificate the clients want it
/// by its name; of an issuer any purpose will do.
pub fn is_for_servers(purposes: Option<&[String]>, is_issuer: bool) -> bool {
    purposes.is_none_or(|purposes| {
        purposes
            .iter()
            .any(|purpose| purpose == "serverAuth" || is_issuer && purpose == "anyExtendedKeyUsage")
    })
}

/// In certificates; public chains have four at most.
const LONGEST: usize = 12;
/// So many signatures are checked for one chain.
const MOST_TRIALS: usize = 200;
/// How many kinds of dead ends there are at one length.
const RANKS: usize = 4;

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
        KeyPair, NameConstraints,
    };

    use super::*;
    use crate::pki::cert::Fingerprint;

    const NOW: i64 = 1_790_000_000;

    struct Authority(CertificateParams, KeyPair, Certificate);

    fn read(certificate: &rcgen::Certificate) -> Certificate {
        Certificate::parse(certificate.der(), Fingerprint::of(certificate.der())).unwrap()
    }

    fn again(certificate: &Certificate) -> Certificate {
        Certificate::parse(certificate.der(), certificate.fingerprint()).unwrap()
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["www.corp.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.use_authority_key_identifier_extension = true;
        params
    }

    /// A CA, issued by another or by itself, changed before it is signed.
    fn authority(
        name: &str,
        by: Option<&Authority>,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Authority {
        let mut params = params(name);
        params.subject_alt_names.clear();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let signed = match by {
            Some(Authority(issuer, issuer_key, _)) => {
                params.signed_by(&key, &Issuer::from_params(issuer, issuer_key)).unwrap()
            }
            None => params.self_signed(&key).unwrap(),
        };
        let certificate = read(&signed);
        Authority(params, key, certificate)
    }

    fn leaf(by: &Authority) -> Certificate {
        let key = KeyPair::generate().unwrap();
        read(&params("www.corp.example").signed_by(&key, &Issuer::from_params(&by.0, &by.1)).unwrap())
    }

    fn way(
        served: &[Certificate],
        anchors: &[&Certificate],
        others: &[&Certificate],
    ) -> Result<usize, String> {
        let name = ServerName::of("www.corp.example");
        match find(served, Store { anchors, others }, &name, NOW) {
            Ok(way) => Ok(way.len()),
            Err(DeadEnd::Expired(at)) => Err(format!("expired {}", at.subject().short())),
            Err(DeadEnd::Forbidden { at, why }) => Err(format!("{why:?} {}", at.subject().short())),
            Err(DeadEnd::Missing(at)) => Err(format!("issuer of {}", at.subject().short())),
            Err(DeadEnd::NotYetValid(at)) => Err(format!("early {}", at.subject().short())),
        }
    }

    #[test]
    fn the_way_goes_over_what_is_sent_and_what_is_at_hand() {
        let root = authority("root", None, |_| {});
        let other = authority("other root", None, |_| {});
        let issuing = authority("issuing", Some(&root), |_| {});
        let (alone, complete) = ([leaf(&issuing)], [leaf(&issuing), again(&issuing.2)]);
        assert_eq!(way(&complete, &[&other.2, &root.2], &[]), Ok(3));
        assert_eq!(way(&alone, &[&root.2], &[&issuing.2]), Ok(3));
        assert_eq!(way(&alone, &[&root.2], &[]), Err("issuer of www.corp.example".into()));
        assert_eq!(way(&complete, &[&other.2], &[]), Err("issuer of issuing".into()));
        // Whoever trusts the intermediate itself needs no root.
        assert_eq!(way(&alone, &[&issuing.2], &[]), Ok(2));
        assert_eq!(way(&alone, &[&alone[0]], &[]), Ok(1));
        assert_eq!(way(&[], &[&root.2], &[]), Ok(0));
    }

    #[test]
    fn what_is_against_an_issuer_is_told() {
        let root = authority("root", None, |_| {});
        let check = |change: fn(&mut CertificateParams)| {
            let issuing = authority("issuing", Some(&root), change);
            way(&[leaf(&issuing), again(&issuing.2)], &[&root.2], &[])
        };
        assert_eq!(check(|_| {}), Ok(3));
        assert_eq!(
            check(|ca| ca.not_after = rcgen::date_time_ymd(2020, 1, 1)),
            Err("expired issuing".into())
        );
        assert_eq!(check(|ca| ca.not_before = rcgen::date_time_ymd(2050, 1, 1)), Err("early issuing".into()));
        assert_eq!(check(|ca| ca.is_ca = IsCa::ExplicitNoCa), Err("Purpose issuing".into()));
        let purposes: fn(&mut CertificateParams) =
            |ca| ca.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        assert_eq!(check(purposes), Err("Purpose issuing".into()));
        let constraints: fn(&mut CertificateParams) = |ca| {
            let permitted_subtrees = vec![GeneralSubtree::DnsName("other.example".into())];
            ca.name_constraints = Some(NameConstraints { excluded_subtrees: vec![], permitted_subtrees });
        };
        assert_eq!(check(constraints), Err("ServerName issuing".into()));
        let short = authority("short", None, |ca| ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
        let issuing = authority("issuing", Some(&short), |_| {});
        let served = [leaf(&issuing), again(&issuing.2)];
        assert_eq!(way(&served, &[&short.2], &[]), Err("PathLength short".into()));
    }

    #[test]
    fn an_expired_namesake_does_not_shadow_the_valid_one() {
        let root = authority("root", None, |_| {});
        let issuing = authority("issuing", Some(&root), |_| {});
        let mut old = issuing.0.clone();
        old.not_after = rcgen::date_time_ymd(2020, 1, 1);
        let old = read(&old.signed_by(&issuing.1, &Issuer::from_params(&root.0, &root.1)).unwrap());
        assert_eq!(way(&[leaf(&issuing), again(&old)], &[&root.2], &[&issuing.2]), Ok(3));
        assert_eq!(way(&[leaf(&issuing), old], &[&root.2], &[]), Err("expired issuing".into()));
    }

    #[test]
    fn hundreds_of_namesakes_end_the_search() {
        let root = authority("root", None, |_| {});
        let namesakes: Vec<Certificate> = (0..300).map(|_| authority("issuing", None, |_| {}).2).collect();
        let issuing = authority("issuing", Some(&root), |_| {});
        let served: Vec<Certificate> = std::iter::once(leaf(&issuing)).chain(namesakes).collect();
        assert!(way(&served, &[&root.2], &[]).is_err());
    }
}
