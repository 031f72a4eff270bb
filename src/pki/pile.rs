//! A pile of certificates and private keys, as help desks hand them out, sorted into identities: which certificate each key
//! belongs to, which one a person means, and the chain behind it. Reads no files and knows no words.

use sha1::Sha1;
use sha2::Digest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use super::cert::{Certificate, hex};
use super::chain::is_issued_by;
use super::identity::fitness;
use super::key::{Pairing, PrivateKey, proves};

/// A key and its certificate; numbers are places in the pile's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The private key.
    pub key: usize,
    /// The certificate that is taken: of several for one key one that is for clients, of those one that is valid, of those the
    /// one that lasts longest.
    pub leaf: usize,
    /// Other certificates of the same key, the best first.
    pub others: Vec<usize>,
    /// [`Pairing::Belongs`], or why that could not be proven.
    pub pairing: Pairing,
}

/// A pile that has been sorted.
#[derive(Debug, Default)]
pub struct Sorted {
    /// Every identity, in the order of the keys.
    pub candidates: Vec<Candidate>,
    /// Keys without a certificate.
    pub keys_alone: Vec<usize>,
    /// Certificates of no CA and without a key.
    pub leaves_alone: Vec<usize>,
}

/// Finds the certificate of every key, each proven by signing and verifying. Where that cannot be done for a kind of key, a
/// certificate of that kind counts, and [`Candidate::pairing`] says so.
pub fn sort(certificates: &[Certificate], keys: &[&PrivateKey], now: i64) -> Sorted {
    let mut sorted = Sorted::default();
    let mut has_key = vec![false; certificates.len()];
    for (number, key) in keys.iter().enumerate() {
        let mut leaves: Vec<(usize, Pairing)> = Vec::new();
        for (place, certificate) in certificates.iter().enumerate() {
            if !may_belong(key, certificate) {
                continue;
            }
            match proves(key, certificate.public_key()) {
                Pairing::Other { .. } => {}
                pairing => {
                    has_key[place] = true;
                    leaves.push((place, pairing));
                }
            }
        }
        // What is proven counts before what is not; then what serves a client, what is valid, and what lasts longest.
        leaves.sort_by_key(|(place, pairing)| {
            let (certificate, validity) = (&certificates[*place], certificates[*place].validity());
            let is_proven = *pairing == Pairing::Belongs;
            let rank = (is_proven, fitness(certificate).is_ok(), validity.contains(now), validity.not_after);
            (std::cmp::Reverse((rank, validity.not_before)), *place)
        });
        match leaves.split_first() {
            None => sorted.keys_alone.push(number),
            Some(((leaf, pairing), others)) => sorted.candidates.push(Candidate {
                key: number,
                leaf: *leaf,
                others: others.iter().map(|(place, _)| *place).collect(),
                pairing: *pairing,
            }),
        }
    }
    sorted.leaves_alone =
        (0..certificates.len()).filter(|place| !has_key[*place] && !certificates[*place].is_ca()).collect();
    sorted
}

/// Whether it is worth proving: where the key knows its public part, the end of that has to be the same. Signing once for each of
/// ten thousand certificates would take a minute.
fn may_belong(key: &PrivateKey, certificate: &Certificate) -> bool {
    let end = |spki: &[u8]| spki[spki.len().saturating_sub(COMPARED)..].to_vec();
    certificate.key() == key.algorithm()
        && key.public_key().is_none_or(|own| end(own) == end(certificate.public_key()))
}

/// The candidates that a person means by a part of the subject, by the name that the store has for the certificate, or by the
/// first digits of a fingerprint: eight hexadecimal digits at least, of SHA-256 or SHA-1, with colons or blanks or without. A name
/// that is meant whole counts before one that only holds the text. `names` has the stores' names, by certificate.
pub fn select(
    candidates: &[Candidate],
    text: &str,
    certificates: &[Certificate],
    names: &[Option<String>],
) -> Vec<Candidate> {
    let likeness =
        |leaf: usize| likeness(&certificates[leaf], names.get(leaf).and_then(Option::as_deref), text);
    let leaves = |one: &Candidate| -> Vec<usize> { [&[one.leaf][..], &one.others].concat() };
    let best = candidates.iter().flat_map(leaves).filter_map(likeness).max();
    let meant = candidates.iter().filter_map(|one| {
        let all = leaves(one);
        let leaf = *all.iter().find(|leaf| likeness(**leaf) == best)?;
        let others = all.into_iter().filter(|other| *other != leaf).collect();
        Some(Candidate { leaf, others, ..one.clone() })
    });
    if best.is_none() { Vec::new() } else { meant.collect() }
}

/// How well a text names a certificate; none where it does not.
fn likeness(certificate: &Certificate, name: Option<&str>, text: &str) -> Option<Likeness> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, ':' | ' ')).collect();
    let digits = digits.to_ascii_lowercase();
    let is_fingerprint = digits.len() >= FEWEST_DIGITS
        && [certificate.fingerprint().to_string(), hex(&Sha1::digest(certificate.der()))]
            .iter()
            .any(|fingerprint| fingerprint.starts_with(&digits));
    let text = text.to_lowercase();
    let names = [Some(certificate.subject().short().to_lowercase()), name.map(str::to_lowercase)];
    let is_whole = names.iter().flatten().any(|name| *name == text);
    let subject = certificate.subject().to_string().to_lowercase();
    let is_part = names.iter().flatten().chain([&subject]).any(|name| name.contains(&text));
    match (is_fingerprint || is_whole, is_part) {
        (true, _) => Some(Likeness::Whole),
        (_, true) => Some(Likeness::Part),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Part,
    Whole,
}

/// What stands behind a client's certificate.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain {
    /// How it ends.
    pub end: End,
    /// The intermediates, the issuer of the leaf first; never a root.
    pub intermediates: Vec<usize>,
}

/// How a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The issuer of this certificate is not in the pile.
    Missing {
        /// The last one that is.
        below: usize,
    },
    /// The leaf has issued itself.
    Own,
    /// This root has issued the last one.
    Root(usize),
}

/// Builds the chain of a leaf from the pile: of several issuers the one that is valid, of those a root, of those the one that
/// lasts longest. Of at most [`LONGEST_CHAIN`] intermediates.
pub fn chain(leaf: usize, certificates: &[Certificate], now: i64) -> Chain {
    let mut intermediates: Vec<usize> = Vec::new();
    let mut current = leaf;
    if certificates[leaf].is_self_issued() {
        return Chain { end: End::Own, intermediates };
    }
    loop {
        let issuers = (0..certificates.len()).filter(|place| {
            let is_new = *place != leaf && !intermediates.contains(place);
            is_new && is_issued_by(&certificates[current], &certificates[*place])
        });
        let best = issuers.max_by_key(|place| {
            let (issuer, validity) = (&certificates[*place], certificates[*place].validity());
            (validity.contains(now), issuer.is_self_issued(), validity.not_after, std::cmp::Reverse(*place))
        });
        match best {
            Some(root) if certificates[root].is_self_issued() => {
                return Chain { end: End::Root(root), intermediates };
            }
            Some(issuer) if intermediates.len() < LONGEST_CHAIN => {
                intermediates.push(issuer);
                current = issuer;
            }
            _ => return Chain { end: End::Missing { below: current }, intermediates },
        }
    }
}

/// Where a certificate says that its issuer's can be had (RFC 5280, section 4.2.2.1): the first address of http or https.
pub fn issuer_address(certificate: &Certificate) -> Option<String> {
    let (_, parsed) = x509_parser::certificate::X509Certificate::from_der(certificate.der()).ok()?;
    parsed.extensions().iter().find_map(|extension| {
        let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else { return None };
        access.accessdescs.iter().find_map(|description| match description.access_location {
            GeneralName::URI(address)
                if description.access_method.to_id_string() == CA_ISSUERS
                    && (address.starts_with("http://") || address.starts_with("https://")) =>
            {
                Some(address.to_owned())
            }
            _ => None,
        })
    })
}

/// id-ad-caIssuers.
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
/// So many bytes from the end of two public keys are compared before anything is signed: a point of Ed25519, a good part of a modulus.
const COMPARED: usize = 32;
/// Fewer digits of a fingerprint name nothing: they could as well be part of a name.
const FEWEST_DIGITS: usize = 8;
/// More intermediates than any company has.
pub const LONGEST_CHAIN: usize = 10;
