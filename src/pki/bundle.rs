//! The merge rules: which certificates go into the bundle, in which order, and what it looks like (CLIENTS.md, bundle).
//!
//! [`Collection`] takes every certificate as it is found, [`merge`] decides, [`write_block`] writes. The same set of
//! certificates gives the same bytes, whatever the order, number or format of the files it came from.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};

use time::OffsetDateTime;

use super::cert::{Certificate, Fingerprint, Flaw, Unreadable};
use super::chain::{identifiers_fit, self_signature, signature_by};
use super::container::pem;
use super::name::Name;
use super::signature::Verdict;

/// Every certificate that was found, once, and every place where it was found.
#[derive(Default)]
pub struct Collection {
    certificates: Vec<Certificate>,
    /// Which certificate has this fingerprint, and where it was found first.
    known: HashMap<Fingerprint, (u32, Place)>,
    sightings: Vec<Sighting>,
}

/// A place where a certificate was found.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    /// Which one, as an index into [`Collection::certificates`].
    pub certificate: u32,
    /// Where.
    pub place: Place,
}

/// A place in a file. The file is a number that only the caller can explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The caller's number for the file.
    pub file: u32,
    /// The number of the block or certificate in it, from 1.
    pub index: u32,
    /// The line, from 1, where the file has lines.
    pub line: Option<u32>,
}

impl Collection {
    /// Adds a certificate, and says where the same one was found before.
    ///
    /// # Errors
    /// Where the bytes are not a certificate's.
    pub fn add(&mut self, der: &[u8], place: Place) -> Result<Option<Place>, Unreadable> {
        let fingerprint = Fingerprint::of(der);
        if let Some(&(certificate, first)) = self.known.get(&fingerprint) {
            self.sightings.push(Sighting { certificate, place });
            return Ok(Some(first));
        }
        let certificate = self.certificates.len() as u32;
        self.certificates.push(Certificate::parse(der, fingerprint)?);
        self.known.insert(fingerprint, (certificate, place));
        self.sightings.push(Sighting { certificate, place });
        Ok(None)
    }

    /// The certificates, each once, in the order of their first sighting.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Every sighting, in order.
    pub fn sightings(&self) -> &[Sighting] {
        &self.sightings
    }
}

/// What a certificate is for in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Issued by itself: a trust anchor.
    Root,
    /// A CA issued by another.
    Intermediate,
    /// Not a CA.
    Leaf,
}

/// Which judgement calls the caller makes.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Keep what is expired or not yet valid.
    pub keep_expired: bool,
    /// The time to judge at, in seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
}

/// What became of the certificates; indices are those of the slice that was merged.
#[derive(Debug)]
pub struct Merged {
    /// What is worth saying about those kept.
    pub concerns: Vec<Concern>,
    /// What became of each.
    pub fates: Vec<Fate>,
    /// Those kept, in the order in which they are written.
    pub kept: Vec<u32>,
    /// What each is.
    pub roles: Vec<Role>,
    /// What each one's signature by its own key is worth. [`Verdict::Wrong`] for those issued by another.
    pub self_signatures: Vec<Verdict>,
}

/// What became of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the bundle.
    Kept,
    /// It is not.
    Left(Reason),
}

/// Why a certificate is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its last second has passed.
    Expired,
    /// It would harm its neighbours.
    Flaw(Flaw),
    /// It is no CA, and another key than its own has signed it, whatever names it carries: in a bundle it does nothing.
    IssuedLeaf,
    /// Its first second is still to come.
    NotYetValid,
    /// A renewed certificate of the same subject and key, from the same issuer, is there.
    OldCopy {
        /// The one that is kept.
        of: u32,
    },
    /// Another certificate of the same subject and key, from another issuer, is there.
    Twin {
        /// The one that is kept.
        of: u32,
    },
}

/// Something about the certificates kept that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// No root for this intermediate.
    ChainGap {
        /// The intermediate.
        certificate: u32,
    },
    /// No root at all, so no client will trust anything for it.
    ChainGapAll,
    /// More certificates than starting processes load in no time (CLIENTS.md, bundle, rule 11).
    Large {
        /// How many.
        count: usize,
    },
    /// Several keys under one name, and nothing that tells a client which to take (rule 7).
    SameSubjectOtherKey {
        /// Those of that name.
        certificates: Vec<u32>,
    },
    /// A server's own certificate, signed by itself.
    SelfSignedLeaf {
        /// The one.
        certificate: u32,
    },
    /// Its signature by its own key cannot be checked here.
    SelfSignatureUnchecked {
        /// The one.
        certificate: u32,
    },
    /// Its signature by its own key is wrong. Clients do not look at that of a trust anchor.
    SelfSignatureWrong {
        /// The one.
        certificate: u32,
    },
}

/// Decides what goes into the bundle.
pub fn merge(certificates: &[Certificate], rules: Rules) -> Merged {
    let self_signatures: Vec<Verdict> = certificates.iter().map(self_signature).collect();
    let roles: Vec<Role> =
        certificates.iter().zip(&self_signatures).map(|(one, own)| role(one, *own)).collect();
    let mut merge =
        Merge { certificates, fates: vec![Fate::Kept; certificates.len()], roles, rules, self_signatures };
    merge.leave_out_the_harmful();
    merge.keep_one_of_each_subject_and_key();
    let kept = merge.in_canonical_order();
    let concerns = merge.concerns(&kept);
    Merged { concerns, fates: merge.fates, kept, roles: merge.roles, self_signatures: merge.self_signatures }
}

/// What a certificate is, given what its signature by its own key is worth.
pub fn role(certificate: &Certificate, own: Verdict) -> Role {
    match (certificate.is_self_issued(), own) {
        (true, Verdict::NotCheckable | Verdict::Wrong) if is_rollover(certificate) => Role::Intermediate,
        (true, _) if certificate.is_ca() => Role::Root,
        (false, _) if certificate.is_ca() => Role::Intermediate,
        _ => Role::Leaf,
    }
}

/// Whether a self-issued certificate names another key as its issuer's: a new key vouched for by the old one of the
/// same name (RFC 5280, section 3.2).
fn is_rollover(certificate: &Certificate) -> bool {
    matches!(
        (certificate.authority_key_identifier(), certificate.subject_key_identifier()),
        (Some(issuer), Some(own)) if issuer != own
    )
}

struct Merge<'a> {
    certificates: &'a [Certificate],
    fates: Vec<Fate>,
    roles: Vec<Role>,
    rules: Rules,
    self_signatures: Vec<Verdict>,
}

impl<'a> Merge<'a> {
    fn leave_out_the_harmful(&mut self) {
        for (index, certificate) in self.certificates.iter().enumerate() {
            let validity = certificate.validity();
            let reason = if let Some(flaw) = certificate.flaw() {
                Reason::Flaw(flaw)
            } else if self.roles[index] == Role::Leaf && self.self_signatures[index] == Verdict::Wrong {
                Reason::IssuedLeaf
            } else if !self.rules.keep_expired && validity.not_after < self.rules.now {
                Reason::Expired
            } else if !self.rules.keep_expired && validity.not_before > self.rules.now {
                Reason::NotYetValid
            } else {
                continue;
            };
            self.fates[index] = Fate::Left(reason);
        }
    }

    fn keep_one_of_each_subject_and_key(&mut self) {
        let mut groups: HashMap<(Name<'_>, &[u8]), Vec<u32>> =
            HashMap::with_capacity(self.certificates.len());
        for index in self.candidates() {
            let certificate = self.certificate(index);
            groups.entry((certificate.subject(), certificate.public_key())).or_default().push(index);
        }
        groups.retain(|_, group| group.len() > 1);
        if groups.is_empty() {
            return;
        }
        let distances = self.distances_to_root(self.candidates());
        let mut losers = Vec::new();
        for group in groups.values() {
            let Some(winner) = group.iter().copied().max_by_key(|index| self.preference(*index, &distances))
            else {
                continue;
            };
            let kept = self.certificate(winner);
            for loser in group.iter().copied().filter(|index| *index != winner) {
                let same_issuer = self.certificate(loser).issuer() == kept.issuer();
                let reason =
                    if same_issuer { Reason::OldCopy { of: winner } } else { Reason::Twin { of: winner } };
                losers.push((loser, reason));
            }
        }
        for (loser, reason) in losers {
            self.fates[loser as usize] = Fate::Left(reason);
        }
    }

    /// How much one certificate is to be preferred to others of its subject and key: valid, self-signed, nearest to a root,
    /// with the most time left. The fingerprint only makes the choice the same every time.
    ///
    /// The nearest of each group has an issuer whose nearest is nearer still, so that what is kept leads to a root wherever
    /// anything did; by the time left alone, two CAs that have signed each other could be kept, and their root's word lost.
    fn preference(&self, index: u32, distances: &[Option<u32>]) -> impl Ord + use<> {
        let certificate = self.certificate(index);
        let own = match (self.roles[index as usize], self.self_signatures[index as usize]) {
            (Role::Intermediate, _) | (_, Verdict::Wrong) => 0,
            (_, Verdict::NotCheckable) => 1,
            (_, Verdict::Proven) => 2,
        };
        let validity = certificate.validity();
        let is_valid = validity.contains(self.rules.now);
        (
            is_valid,
            own,
            Reverse(distances[index as usize].unwrap_or(u32::MAX)),
            validity.not_after,
            validity.not_before,
            Reverse(certificate.fingerprint()),
        )
    }

    fn in_canonical_order(&self) -> Vec<u32> {
        let mut kept: Vec<u32> = self.candidates().collect();
        kept.sort_by_cached_key(|index| {
            let certificate = self.certificate(*index);
            let newest_first = Reverse(certificate.validity().not_before);
            (
                self.roles[*index as usize],
                certificate.subject().to_string(),
                newest_first,
                certificate.fingerprint(),
            )
        });
        kept
    }

    fn concerns(&self, kept: &[u32]) -> Vec<Concern> {
        let mut concerns = Vec::new();
        let distances = self.distances_to_root(kept.iter().copied());
        for &certificate in kept {
            match (self.roles[certificate as usize], self.self_signatures[certificate as usize]) {
                (Role::Intermediate, _) => {
                    if distances[certificate as usize].is_none() {
                        concerns.push(Concern::ChainGap { certificate });
                    }
                    continue;
                }
                (Role::Leaf, _) => concerns.push(Concern::SelfSignedLeaf { certificate }),
                (Role::Root, _) => {}
            }
            match self.self_signatures[certificate as usize] {
                Verdict::NotCheckable => concerns.push(Concern::SelfSignatureUnchecked { certificate }),
                Verdict::Proven => {}
                Verdict::Wrong => concerns.push(Concern::SelfSignatureWrong { certificate }),
            }
        }
        let gaps = concerns.iter().filter(|concern| matches!(concern, Concern::ChainGap { .. })).count();
        if gaps > 0 && gaps == kept.len() {
            concerns.push(Concern::ChainGapAll);
        }
        concerns.extend(self.ambiguous_subjects(kept));
        if kept.len() > LARGE {
            concerns.push(Concern::Large { count: kept.len() });
        }
        concerns
    }

    /// By certificate, how many steps from issuer to issuer lead to a root among `indices`; none where none does. Starts at
    /// the roots and goes down, so that neither circles nor chains of any length are a special case.
    fn distances_to_root(&self, indices: impl Iterator<Item = u32>) -> Vec<Option<u32>> {
        let mut distances = vec![None; self.certificates.len()];
        let mut trials = vec![0_u8; self.certificates.len()];
        let mut by_issuer: HashMap<Name<'_>, Vec<u32>> = HashMap::new();
        let mut reached = VecDeque::new();
        for index in indices {
            match self.roles[index as usize] {
                Role::Root => {
                    distances[index as usize] = Some(0);
                    reached.push_back((index, 0));
                }
                Role::Intermediate => {
                    by_issuer.entry(self.certificate(index).issuer()).or_default().push(index)
                }
                Role::Leaf => {}
            }
        }
        while let Some((issuer, distance)) = reached.pop_front() {
            let Some(waiting) = by_issuer.get_mut(&self.certificate(issuer).subject()) else { continue };
            waiting.retain(|&index| {
                let fits = self.can_be_issued_by(index, issuer, &mut trials[index as usize]);
                if fits {
                    distances[index as usize] = Some(distance + 1);
                    reached.push_back((index, distance + 1));
                }
                !fits
            });
        }
        distances
    }

    /// Whether a certificate was issued by another whose name it gives. Where both name the key, the names are enough for a warning; where they
    /// do not, the signature decides, as long as there are not more candidates than any CA ever had.
    fn can_be_issued_by(&self, index: u32, issuer: u32, trials: &mut u8) -> bool {
        let (certificate, candidate) = (self.certificate(index), self.certificate(issuer));
        let is_named =
            certificate.authority_key_identifier().is_some() && candidate.subject_key_identifier().is_some();
        if !identifiers_fit(certificate, candidate) {
            return false;
        }
        if is_named || *trials == MOST_TRIALS {
            return true;
        }
        *trials += 1;
        signature_by(certificate, candidate) != Verdict::Wrong
    }

    /// Names that several keys go by, where a certificate issued under that name does not say by which, or might not: a
    /// CA without a key identifier of its own puts none into what it issues.
    fn ambiguous_subjects(&self, kept: &[u32]) -> Vec<Concern> {
        let mut by_subject: HashMap<Name<'_>, Vec<u32>> = HashMap::with_capacity(kept.len());
        for &index in kept {
            by_subject.entry(self.certificate(index).subject()).or_default().push(index);
        }
        by_subject.retain(|_, namesakes| namesakes.len() > 1);
        if by_subject.is_empty() {
            return Vec::new();
        }
        let issued = self.certificates.iter().filter(|one| !one.is_self_issued());
        let unnamed_issuers: HashSet<Name<'_>> = issued
            .filter(|issued| issued.authority_key_identifier().is_none())
            .map(Certificate::issuer)
            .collect();
        by_subject.retain(|subject, namesakes| {
            let has_identifier = |one: &u32| self.certificate(*one).subject_key_identifier().is_some();
            unnamed_issuers.contains(subject) || !namesakes.iter().all(has_identifier)
        });
        let ambiguous =
            kept.iter().filter_map(|index| by_subject.remove(&self.certificate(*index).subject()));
        ambiguous.map(|certificates| Concern::SameSubjectOtherKey { certificates }).collect()
    }

    fn candidates(&self) -> impl Iterator<Item = u32> + use<'_, 'a> {
        let fates = self.fates.iter().enumerate();
        fates.filter(|(_, fate)| **fate == Fate::Kept).map(|(index, _)| index as u32)
    }

    fn certificate(&self, index: u32) -> &'a Certificate {
        &self.certificates[index as usize]
    }
}

/// What stands above the first block. It has no date: the same certificates give the same bytes.
pub fn header() -> &'static [u8] {
    b"# Written by certman. What is changed here is lost at its next run.\n"
}

/// Appends one certificate: a comment for people in plain ASCII, then the block in the one form that every client takes.
/// No name can leave its comment line (see [`super::name`]).
pub fn write_block(certificate: &Certificate, out: &mut Vec<u8>) {
    let last_day =
        OffsetDateTime::from_unix_timestamp(certificate.validity().not_after).map(OffsetDateTime::date);
    let last_day = last_day.map_or_else(|_| "unknown".to_owned(), |day| day.to_string());
    let comment = format!(
        "\n# Subject: {}\n# Issuer: {}\n# Last day: {last_day}\n# SHA-256: {}\n-----BEGIN CERTIFICATE-----\n",
        certificate.subject().ascii(LONGEST_NAME),
        certificate.issuer().ascii(LONGEST_NAME),
        certificate.fingerprint(),
    );
    out.extend_from_slice(comment.as_bytes());
    pem::encode_base64(certificate.der(), out);
    out.extend_from_slice(b"-----END CERTIFICATE-----\n");
}

/// Why some client would lose certificates of a bundle file, or all of them (CLIENTS.md, bundle, rules 1 to 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A byte order mark, UTF-16, a zero, or any other byte outside of ASCII.
    NotAscii,
    /// A carriage return without a line feed.
    LoneCarriageReturn,
    /// A marker that shares its line, or has another label than CERTIFICATE.
    Marker,
    /// A block that cannot be read.
    Damage,
    /// No newline at the end.
    NoFinalNewline,
}

/// Whether a bundle file as it lies there loads whole in every client; the blocks themselves are read elsewhere.
///
/// # Errors
/// The first obstacle in the order of the file.
pub fn loads_everywhere(text: &[u8]) -> Result<(), Obstacle> {
    obstacles(text).next().map_or(Ok(()), |(why, _)| Err(why))
}

/// Whatever in a bundle file some client may stumble over, in the order of the file, each with its line.
pub fn obstacles(text: &[u8]) -> impl Iterator<Item = (Obstacle, &[u8])> {
    text.split_inclusive(|byte| *byte == b'\n').flat_map(|line| {
        let content = line.strip_suffix(b"\n");
        let has_end = content.is_some();
        let content = content.unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let is_marker = matches!(content, b"-----BEGIN CERTIFICATE-----" | b"-----END CERTIFICATE-----");
        [
            (Obstacle::NoFinalNewline, !has_end),
            (Obstacle::NotAscii, content.iter().any(|byte| !byte.is_ascii() || *byte == 0)),
            (Obstacle::LoneCarriageReturn, content.contains(&b'\r')),
            (Obstacle::Marker, !is_marker && memchr::memmem::find(content, b"-----").is_some()),
        ]
        .into_iter()
        .filter_map(move |(why, is_there)| is_there.then_some((why, content)))
    })
}

/// Up to this many certificates cost a starting process nothing that anyone would notice (CLIENTS.md, bundle, rule 11).
pub const LARGE: usize = 300;
/// So many candidates of one name are tried by their signatures as the issuer of one certificate: a check costs as much as
/// reading some ten certificates, and files are hostile.
const MOST_TRIALS: u8 = 32;
/// A comment line stays below the 253 characters of a line buffer in OpenSSL and BoringSSL.
const LONGEST_NAME: usize = 200;

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, DnType, DnValue, IsCa, Issuer, KeyPair};

    use super::*;
    use crate::pki::lifetime::Validity;

    /// A CA by its name and key.
    struct Authority {
        key: KeyPair,
        name: DnValue,
    }

    impl Authority {
        fn new(name: &str) -> Self {
            Self { key: KeyPair::generate().unwrap(), name: DnValue::Utf8String(name.into()) }
        }

        /// The same key under another name, or under the same name spelled in another way.
        fn called(&self, name: DnValue) -> Self {
            Self { key: KeyPair::from_pem(&self.key.serialize_pem()).unwrap(), name }
        }

        fn params(&self, valid: Validity) -> CertificateParams {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, self.name.clone());
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let moment = |seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            (params.not_before, params.not_after) = (moment(valid.not_before), moment(valid.not_after));
            params
        }

        fn root(&self, valid: Validity) -> Certificate {
            read(self.params(valid).self_signed(&self.key).unwrap().der())
        }

        /// A certificate for this CA by another one, which names its issuer's key or does not.
        fn issued_by(&self, issuer: &Self, valid: Validity, names_key: bool) -> Certificate {
            let mut params = self.params(valid);
            params.use_authority_key_identifier_extension = names_key;
            let issuer = Issuer::new(issuer.params(valid), &issuer.key);
            read(params.signed_by(&self.key, &issuer).unwrap().der())
        }
    }

    fn read(der: &[u8]) -> Certificate {
        Certificate::parse(der, Fingerprint::of(der)).unwrap()
    }

    fn merged(certificates: &[Certificate]) -> Merged {
        merge(certificates, Rules { keep_expired: false, now: NOW })
    }

    fn sorted(mut kept: Vec<u32>) -> Vec<u32> {
        kept.sort_unstable();
        kept
    }

    const NOW: i64 = 1_900_000_000;
    const VALID: Validity = Validity { not_before: NOW - 1000, not_after: NOW + 100_000 };
    const LONGER: Validity = Validity { not_before: NOW - 1000, not_after: NOW + 900_000 };
    const PAST: Validity = Validity { not_before: NOW - 1000, not_after: NOW - 1 };

    /// Noticed with a CA that writes its name as a PrintableString in its own certificate and as a UTF8String in those it
    /// issues: OpenSSL built the chain, and certman called the root missing and refused the bundle.
    #[test]
    fn a_name_spelled_in_another_string_type_was_taken_for_another_name() {
        let root = Authority::new("Corp Root");
        let printable = root.called(DnValue::PrintableString("CORP Root".try_into().unwrap()));
        let sub = Authority::new("Corp Sub");
        for names_key in [true, false] {
            let merged =
                merged(&[sub.issued_by(&root, VALID, names_key), printable.root(VALID), root.root(LONGER)]);
            assert_eq!(merged.concerns, [], "{names_key}");
            assert_eq!(merged.fates[1], Fate::Left(Reason::OldCopy { of: 2 }));
            assert_eq!(merged.kept, [2, 0]);
        }
    }

    /// Noticed by reading: B was found wanting while A was still being asked, and never asked again.
    #[test]
    fn a_circle_with_a_root_behind_it_was_called_a_gap() {
        let (a, b, root) = (Authority::new("A"), Authority::new("B"), Authority::new("R"));
        let other = Authority::new("C");
        // A is issued by B, B by C, C by B and by the root.
        let certificates = [
            a.issued_by(&b, VALID, true),
            b.issued_by(&other, VALID, true),
            other.issued_by(&b, LONGER, true),
            other.issued_by(&root, VALID, true),
            root.root(VALID),
        ];
        let merged = merged(&certificates);
        assert_eq!(merged.concerns, []);
        assert_eq!(merged.fates[2], Fate::Left(Reason::Twin { of: 3 }));
    }

    /// Noticed with two CAs that had signed each other for longer than the root had signed one of them: what was kept
    /// was the circle, which no client trusts.
    #[test]
    fn of_two_twins_the_one_that_no_root_stands_behind_was_kept() {
        let (a, b, root) = (Authority::new("A"), Authority::new("B"), Authority::new("R"));
        for names_key in [true, false] {
            let merged = merged(&[
                a.issued_by(&b, LONGER, names_key),
                b.issued_by(&a, VALID, names_key),
                a.issued_by(&root, VALID, names_key),
                root.root(VALID),
            ]);
            assert_eq!(merged.fates[0], Fate::Left(Reason::Twin { of: 2 }));
            assert_eq!((sorted(merged.kept), merged.concerns), (vec![1, 2, 3], vec![]));
        }
    }

    #[test]
    fn a_circle_without_a_root_is_a_gap_all_around() {
        let (a, b) = (Authority::new("A"), Authority::new("B"));
        let merged = merged(&[a.issued_by(&b, VALID, true), b.issued_by(&a, VALID, true)]);
        let gap = |certificate| Concern::ChainGap { certificate };
        assert_eq!(merged.concerns, [gap(0), gap(1), Concern::ChainGapAll]);
    }

    /// Noticed by reading: the way to the root was walked by recursion, and a file of a few megabytes ended the program.
    #[test]
    fn a_chain_of_ten_thousand_overflowed_the_stack() {
        let key = KeyPair::generate().unwrap().serialize_pem();
        let authority = |number: u32| Authority {
            key: KeyPair::from_pem(&key).unwrap(),
            name: DnValue::Utf8String(format!("{number:05}")),
        };
        let mut certificates = Vec::new();
        for number in 0..10_000 {
            certificates.push(authority(number).issued_by(&authority(number + 1), VALID, true));
        }
        assert_eq!(merged(&certificates).concerns.len(), 10_002, "a gap each, all of them, and large");
        certificates.push(authority(10_000).root(VALID));
        assert_eq!(merged(&certificates).concerns, [Concern::Large { count: 10_001 }]);
    }

    /// Noticed by reading: equal names were taken for a signature by its own key.
    #[test]
    fn a_leaf_that_bears_the_name_of_its_issuer_was_kept_as_self_signed() {
        let (root, server) = (Authority::new("Corp"), Authority::new("Corp"));
        let leaf = |issuer: Option<&Authority>| {
            let mut params = server.params(VALID);
            params.is_ca = IsCa::ExplicitNoCa;
            let signed = match issuer {
                Some(issuer) => {
                    params.signed_by(&server.key, &Issuer::new(issuer.params(VALID), &issuer.key))
                }
                None => params.self_signed(&server.key),
            };
            read(signed.unwrap().der())
        };
        let merged = merged(&[leaf(Some(&root)), leaf(None), root.root(VALID)]);
        assert_eq!(merged.fates, [Fate::Left(Reason::IssuedLeaf), Fate::Kept, Fate::Kept]);
    }

    #[test]
    fn the_valid_self_signed_certificate_wins_over_its_twins_and_old_copies() {
        let (root, other) = (Authority::new("R"), Authority::new("X"));
        let certificates = [
            root.issued_by(&other, LONGER, true),
            root.root(VALID),
            root.issued_by(&other, PAST, true),
            root.root(LONGER),
            root.root(PAST),
            other.root(VALID),
        ];
        let merged = merged(&certificates);
        assert_eq!(
            merged.fates,
            [
                Fate::Left(Reason::Twin { of: 3 }),
                Fate::Left(Reason::OldCopy { of: 3 }),
                Fate::Left(Reason::Expired),
                Fate::Kept,
                Fate::Left(Reason::Expired),
                Fate::Kept,
            ]
        );
        assert_eq!(merged.concerns, []);
    }

    #[test]
    fn an_expired_root_does_not_take_the_place_of_its_valid_cross_sign() {
        let (root, other) = (Authority::new("R"), Authority::new("X"));
        let certificates = [root.root(PAST), root.issued_by(&other, VALID, true), other.root(VALID)];
        let strict = merged(&certificates);
        assert_eq!((sorted(strict.kept), strict.concerns), (vec![1, 2], vec![]));
        let kept = merge(&certificates, Rules { keep_expired: true, now: NOW }).kept;
        assert_eq!(sorted(kept), [1, 2], "also where expired ones may stay, the valid one wins");
    }

    #[test]
    fn a_key_under_two_names_is_two_authorities() {
        let root = Authority::new("Old Name");
        let renamed = root.called(DnValue::Utf8String("New Name".into()));
        let merged = merged(&[root.root(VALID), renamed.root(VALID)]);
        assert_eq!((sorted(merged.kept), merged.concerns), (vec![0, 1], vec![]));
    }

    #[test]
    fn a_new_key_that_the_old_one_vouches_for_is_no_root() {
        let old = Authority::new("Corp Root");
        let new = Authority::new("Corp Root");
        let certificates = [
            old.root(VALID),
            new.root(LONGER),
            new.issued_by(&old, VALID, true),
            old.issued_by(&new, VALID, true),
        ];
        let all = merged(&certificates);
        assert_eq!(all.roles, [Role::Root, Role::Root, Role::Intermediate, Role::Intermediate]);
        assert_eq!(sorted(all.kept), [0, 1]);
        assert_eq!(all.concerns, [], "both have key identifiers, so a client can tell them apart");
        let without_new_root = merged(&[old.root(VALID), new.issued_by(&old, VALID, true)]);
        assert_eq!((without_new_root.kept, without_new_root.concerns), (vec![0, 1], vec![]));
    }

    #[test]
    fn two_keys_under_one_name_are_told_where_what_they_issue_does_not_name_the_key() {
        let (one, other, sub) = (Authority::new("Corp"), Authority::new("Corp"), Authority::new("Sub"));
        let concerns = |names_key| {
            merged(&[one.root(VALID), other.root(LONGER), sub.issued_by(&other, VALID, names_key)]).concerns
        };
        assert_eq!(concerns(true), []);
        assert!(
            matches!(&concerns(false)[..], [Concern::SameSubjectOtherKey { certificates }] if certificates.len() == 2)
        );
    }

    #[test]
    fn the_order_of_the_input_does_not_matter() {
        let (a, b, root) = (Authority::new("A"), Authority::new("B"), Authority::new("R"));
        let made = [
            a.issued_by(&b, LONGER, true),
            b.issued_by(&a, VALID, true),
            a.issued_by(&root, VALID, true),
            root.root(VALID),
            root.root(LONGER),
            b.issued_by(&root, VALID, false),
        ];
        let again = |order: &[usize]| {
            let certificates: Vec<Certificate> = order.iter().map(|at| read(made[*at].der())).collect();
            let kept = merged(&certificates).kept.into_iter();
            kept.map(|index| certificates[index as usize].fingerprint()).collect::<Vec<_>>()
        };
        let first = again(&[0, 1, 2, 3, 4, 5]);
        assert_eq!(first.len(), 3);
        assert_eq!(again(&[5, 4, 3, 2, 1, 0]), first);
        assert_eq!(again(&[2, 5, 0, 4, 1, 3]), first);
    }
}
