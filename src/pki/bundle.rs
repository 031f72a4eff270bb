//! The merge rules: which certificates go into the bundle, in which order, and what it looks like (CLIENTS.md, bundle).
//!
//! [`Collection`] takes every certificate as it is found, [`merge`] decides, [`write_block`] writes. The same set of
//! certificates gives the same bytes, whatever the order, number or format of the files it came from.

use std::cmp::Reverse;
use std::collections::HashMap;

use time::OffsetDateTime;

use super::cert::{Certificate, Fingerprint, Flaw, Unreadable};
use super::chain::{is_issued_by, names_issuer, self_signature};
use super::container::pem;
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
    /// It is no CA and was issued by one: in a bundle it does nothing.
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
        (true, Verdict::Wrong) if is_rollover(certificate) => Role::Intermediate,
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
            } else if self.roles[index] == Role::Leaf && !certificate.is_self_issued() {
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
        let mut groups: HashMap<(&[u8], &[u8]), Vec<u32>> = HashMap::with_capacity(self.certificates.len());
        for index in self.candidates() {
            let certificate = self.certificate(index);
            groups.entry((certificate.subject_der(), certificate.public_key())).or_default().push(index);
        }
        groups.retain(|_, group| group.len() > 1);
        if groups.is_empty() {
            return;
        }
        let by_subject = self.by_subject(self.candidates());
        let mut losers = Vec::new();
        for group in groups.values() {
            let Some(winner) = group.iter().copied().max_by_key(|index| self.preference(*index, &by_subject))
            else {
                continue;
            };
            let kept = self.certificate(winner);
            for loser in group.iter().copied().filter(|index| *index != winner) {
                let same_issuer = self.certificate(loser).issuer_der() == kept.issuer_der();
                let reason =
                    if same_issuer { Reason::OldCopy { of: winner } } else { Reason::Twin { of: winner } };
                losers.push((loser, reason));
            }
        }
        for (loser, reason) in losers {
            self.fates[loser as usize] = Fate::Left(reason);
        }
    }

    /// How much one certificate is to be preferred to others of its subject and key: valid, self-signed, with its issuer
    /// at hand, with the most time left. The fingerprint only makes the choice the same every time.
    fn preference(&self, index: u32, by_subject: &HashMap<&[u8], Vec<u32>>) -> impl Ord + use<> {
        let certificate = self.certificate(index);
        let own = match self.self_signatures[index as usize] {
            Verdict::Proven => 2,
            Verdict::NotCheckable => 1,
            Verdict::Wrong => 0,
        };
        let issuers = by_subject.get(certificate.issuer_der());
        let has_issuer = issuers.is_some_and(|issuers| {
            issuers.iter().any(|issuer| names_issuer(certificate, self.certificate(*issuer)))
        });
        let validity = certificate.validity();
        let is_valid = validity.contains(self.rules.now);
        (
            is_valid,
            own,
            has_issuer,
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
        let by_subject = self.by_subject(kept.iter().copied());
        let mut is_anchored = vec![None; self.certificates.len()];
        for &certificate in kept {
            match (self.roles[certificate as usize], self.self_signatures[certificate as usize]) {
                (Role::Intermediate, _) => {
                    if !self.reaches_root(certificate, &by_subject, &mut is_anchored) {
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
        concerns.extend(self.ambiguous_subjects(kept, &by_subject));
        if kept.len() > LARGE {
            concerns.push(Concern::Large { count: kept.len() });
        }
        concerns
    }

    /// Whether issuers lead from a certificate to a root. A certificate that is being looked at counts as not leading
    /// there, so that a circle ends.
    fn reaches_root(
        &self,
        from: u32,
        by_subject: &HashMap<&[u8], Vec<u32>>,
        known: &mut [Option<bool>],
    ) -> bool {
        if let Some(answer) = known[from as usize] {
            return answer;
        }
        known[from as usize] = Some(false);
        let certificate = self.certificate(from);
        let issuers = by_subject.get(certificate.issuer_der()).map_or(&[][..], Vec::as_slice);
        let answer = issuers.iter().copied().filter(|issuer| *issuer != from).any(|issuer| {
            let candidate = self.certificate(issuer);
            // Where both name the key, the names are enough for a warning; where they do not, the signature decides.
            let named = certificate.authority_key_identifier().is_some()
                && candidate.subject_key_identifier().is_some();
            let fits = if named {
                names_issuer(certificate, candidate)
            } else {
                is_issued_by(certificate, candidate)
            };
            fits && (self.roles[issuer as usize] != Role::Intermediate
                || self.reaches_root(issuer, by_subject, known))
        });
        known[from as usize] = Some(answer);
        answer
    }

    /// Names that several keys go by, where a certificate issued under that name does not say by which, or might not: a
    /// CA without a key identifier of its own puts none into what it issues.
    fn ambiguous_subjects(&self, kept: &[u32], by_subject: &HashMap<&[u8], Vec<u32>>) -> Vec<Concern> {
        let mut concerns = Vec::new();
        for index in kept {
            let subject = self.certificate(*index).subject_der();
            let namesakes = &by_subject[subject];
            if namesakes.len() < 2 || namesakes[0] != *index {
                continue;
            }
            let unnamed_key =
                namesakes.iter().any(|one| self.certificate(*one).subject_key_identifier().is_none());
            let unnamed_issuer = || {
                self.certificates.iter().any(|issued| {
                    issued.issuer_der() == subject
                        && !issued.is_self_issued()
                        && issued.authority_key_identifier().is_none()
                })
            };
            if unnamed_key || unnamed_issuer() {
                concerns.push(Concern::SameSubjectOtherKey { certificates: namesakes.clone() });
            }
        }
        concerns
    }

    fn by_subject(&self, indices: impl Iterator<Item = u32>) -> HashMap<&'a [u8], Vec<u32>> {
        let mut by_subject: HashMap<&[u8], Vec<u32>> = HashMap::new();
        for index in indices {
            by_subject.entry(self.certificate(index).subject_der()).or_default().push(index);
        }
        by_subject
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
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let content = line.strip_suffix(b"\n").ok_or(Obstacle::NoFinalNewline)?;
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        if content.iter().any(|byte| !byte.is_ascii() || *byte == 0) {
            return Err(Obstacle::NotAscii);
        }
        if content.contains(&b'\r') {
            return Err(Obstacle::LoneCarriageReturn);
        }
        let is_marker = matches!(content, b"-----BEGIN CERTIFICATE-----" | b"-----END CERTIFICATE-----");
        if !is_marker && memchr::memmem::find(content, b"-----").is_some() {
            return Err(Obstacle::Marker);
        }
    }
    Ok(())
}

/// Up to this many certificates cost a starting process nothing that anyone would notice (CLIENTS.md, bundle, rule 11).
pub const LARGE: usize = 300;
/// A comment line stays below the 253 characters of a line buffer in OpenSSL and BoringSSL.
const LONGEST_NAME: usize = 200;
