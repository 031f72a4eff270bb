//! Which certificates of the operating system's trust store pass: all of them, or those that the company has added. Reads
//! nothing; what it is shown comes part by part, in the order of the parts.

use std::collections::HashSet;

use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::public::{PublicRoots, is_of_windows};
use crate::report::Cause;
use crate::sys::roots::Part;

/// What has been seen of the trust store so far.
#[derive(Default)]
pub struct Sieve {
    distrusted: HashSet<Fingerprint>,
    /// Certificates of the company that have passed.
    found: usize,
    /// Whether the store itself could be read.
    has_store: bool,
    passed: HashSet<Fingerprint>,
    /// Made for the first certificate that needs it.
    public: Option<PublicRoots>,
}

/// Whether a certificate is taken from the trust store.
pub enum Passage {
    /// It is.
    Passes,
    /// It is, as one of the company's, for this reason.
    PassesAsCorporate(Cause),
    /// It is not: it is public, distrusted, or has passed before.
    Stopped,
}

impl Sieve {
    /// Judges one certificate. The same one in a second place, as in a folder with a hashed link to each file, is
    /// stopped without a word. What cannot be read passes, for others to name.
    pub fn judge(&mut self, der: &[u8], part: Part, is_corporate: bool) -> Passage {
        let fingerprint = Fingerprint::of(der);
        self.has_store |= part == Part::Everything;
        match part {
            Part::Distrusted => {
                self.distrusted.insert(fingerprint);
                return Passage::Stopped;
            }
            Part::Shipped => {
                if let Ok(certificate) = Certificate::parse(der, fingerprint) {
                    self.public().add(&certificate);
                }
                return Passage::Stopped;
            }
            Part::Anchors | Part::Everything => {}
        }
        if self.passed.contains(&fingerprint) || is_corporate && self.distrusted.contains(&fingerprint) {
            return Passage::Stopped;
        }
        let passage = match Certificate::parse(der, fingerprint) {
            _ if !is_corporate => Passage::Passes,
            Err(_) => Passage::Passes,
            Ok(certificate) => {
                let is_anchor = part == Part::Anchors;
                if !is_anchor && (self.public().contains(&certificate) || is_of_windows(&certificate)) {
                    return Passage::Stopped;
                }
                self.found += 1;
                let subject = certificate.subject().short().into();
                Passage::PassesAsCorporate(Cause::SystemCorporate { is_anchor, subject })
            }
        };
        self.passed.insert(fingerprint);
        passage
    }

    /// Whether something of the company's has passed.
    pub fn found_any(&self) -> bool {
        self.found > 0
    }

    /// Whether the store was there, and nothing in it is the company's.
    pub fn found_nothing(&self) -> bool {
        self.has_store && self.found == 0
    }

    fn public(&mut self) -> &mut PublicRoots {
        self.public.get_or_insert_with(PublicRoots::known)
    }
}
