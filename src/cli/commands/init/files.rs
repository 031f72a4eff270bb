//! What lies in a file, as far as a proposal needs it: authorities of a company, a client's chain, a key, a store. Owns the
//! bounds on how much is read. Never opens what is sealed, nor a file that is no regular one.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::clients::key::refusals_of_chain_file;
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::container::{self, Content, StoreKind};
use crate::pki::key::{self, KeyFile};
use crate::pki::public::{PublicRoots, is_of_windows};
use crate::sys::fs::{self, ReadError, Standing};

/// A file that has been looked into.
#[derive(Default)]
pub(super) struct Look {
    /// Valid, not public, able to issue others or signed by themselves, in their order.
    pub(super) authorities: Vec<Authority>,
    /// Certificates of others than CAs, in their order, whatever their dates.
    pub(super) chain: Vec<Certificate>,
    /// Certificates of the company that have expired or are not valid yet, or that no client would load.
    pub(super) dead: Vec<Authority>,
    /// Whether the first certificate in it is a CA.
    pub(super) is_authority_first: bool,
    /// Whether some clients would not read it as a certificate file.
    pub(super) is_odd: bool,
    /// A private key that could be recognised.
    pub(super) key: Option<KeyFile>,
    /// How many public roots it has.
    pub(super) public: usize,
    /// A store of certificates and keys.
    pub(super) store: Option<StoreKind>,
}

/// A certificate of the company, for a list.
#[derive(Clone)]
pub(super) struct Authority {
    pub(super) fingerprint: Fingerprint,
    pub(super) not_after: i64,
    /// Safe to print.
    pub(super) subject: String,
}

/// Why a file was not looked into.
pub(super) enum Closed {
    /// Enough has been read.
    Enough,
    Failed(ReadError),
    Missing,
    /// A pipe, a socket or a device.
    Special,
    TooLarge,
}

/// Reads files, within bounds, each once.
pub(super) struct Reader {
    bytes: Cell<u64>,
    files: Cell<usize>,
    looks: RefCell<HashMap<PathBuf, Rc<Look>>>,
    now: i64,
    public: PublicRoots,
}

impl Reader {
    pub(super) fn new(public: PublicRoots, now: i64) -> Self {
        Self { bytes: Cell::new(0), files: Cell::new(0), looks: RefCell::default(), now, public }
    }

    /// Whether there was more than is read.
    pub(super) fn is_spent(&self) -> bool {
        self.files.get() >= MOST_FILES || self.bytes.get() >= MOST_BYTES
    }

    /// Looks into a file.
    pub(super) fn look(&self, path: &Path) -> Result<Rc<Look>, Closed> {
        let size = match fs::standing(path) {
            None => return Err(Closed::Missing),
            Some(Standing::Folder) => return Err(Closed::Failed(ReadError::Folder)),
            Some(Standing::Other) => return Err(Closed::Special),
            Some(Standing::File { size }) => size,
        };
        let real = fs::real(path);
        if let Some(look) = self.looks.borrow().get(&real) {
            return Ok(Rc::clone(look));
        }
        if size > LARGEST {
            return Err(Closed::TooLarge);
        }
        if self.is_spent() {
            return Err(Closed::Enough);
        }
        self.files.set(self.files.get() + 1);
        self.bytes.set(self.bytes.get() + size);
        // Any of them may be a key.
        let content = fs::read_secret(path, LARGEST as usize).map_err(Closed::Failed)?;
        let look = Rc::new(self.judge(&content));
        self.looks.borrow_mut().insert(real, Rc::clone(&look));
        Ok(look)
    }

    fn judge(&self, content: &[u8]) -> Look {
        let mut look = Look::default();
        let mut seen = HashSet::new();
        let mut has_key = false;
        let mut is_first = true;
        container::scan(content, &mut |item| match item.content {
            Content::Certificate(der) => {
                let fingerprint = Fingerprint::of(der);
                let Ok(certificate) = Certificate::parse(der, fingerprint) else { return };
                look.is_authority_first |= is_first && certificate.is_ca();
                is_first = false;
                if seen.insert(fingerprint) {
                    self.sort(certificate, &mut look);
                }
            }
            Content::PrivateKey(_) => has_key = true,
            Content::Store(store) => look.store = Some(store.kind),
            _ => {}
        });
        if has_key {
            look.key = key::detect(content).ok();
        }
        look.is_odd = !look.chain.is_empty() && !refusals_of_chain_file(content).is_empty();
        look
    }

    fn sort(&self, certificate: Certificate, look: &mut Look) {
        if self.public.contains(&certificate) || is_of_windows(&certificate) {
            look.public += 1;
            return;
        }
        let validity = certificate.validity();
        let is_source = certificate.is_ca() || certificate.is_self_issued();
        if is_source {
            let authority = Authority::of(&certificate);
            if validity.contains(self.now) && certificate.flaw().is_none() {
                look.authorities.push(authority);
            } else {
                look.dead.push(authority);
            }
        }
        if !certificate.is_ca() {
            look.chain.push(certificate);
        }
    }
}

impl Authority {
    pub(super) fn of(certificate: &Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint(),
            not_after: certificate.validity().not_after,
            subject: certificate.subject().short(),
        }
    }
}

/// A file may have 10 MB.
const LARGEST: u64 = 10_000_000;
/// All of them together, in bytes.
const MOST_BYTES: u64 = 100_000_000;
/// So many files are looked into.
pub(super) const MOST_FILES: usize = 1_000;
