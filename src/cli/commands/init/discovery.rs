//! What this machine has, judged: which of it is proposed, and why the rest is not. Owns the order in which places are asked: what
//! has been named before what merely lies there.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::Chosen;
use super::files::{Authority, Closed, Look, MOST_FILES, Reader};
use super::programs::{Mention, Variables, configured};
use super::proxies::{self, ProxyProposal};
use super::text;
use crate::cli::commands::gather::is_own_output;
use crate::cli::commands::import::{CERTIFICATE_NAME, KEY_NAME};
use crate::cli::commands::sieve::{Passage, Sieve};
use crate::cli::render::words;
use crate::config::Settings;
use crate::pki::cert::{Certificate, Fingerprint};
use crate::pki::container::{self, Content, StoreKind};
use crate::pki::identity::{Unfit, fitness, owner};
use crate::pki::key::{Content as KeyContent, KeyFile, Pairing};
use crate::pki::public::PublicRoots;
use crate::source::{self, Source};
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::fs::{self, ReadError, Standing};
use crate::sys::roots::{Part, Roots};

/// Something that was met.
#[derive(Clone, Debug)]
pub struct Found {
    /// Whether it is part of the proposal.
    pub is_taken: bool,
    /// Of which kind.
    pub kind: Kind,
    /// The file or folder, or the name of the variable.
    pub path: String,
    /// Why it is taken, or why not: one sentence, safe to print.
    pub why: String,
}

/// What something is that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client's certificate and key.
    Identity,
    /// The hosts that go around the proxy.
    NoProxy,
    /// A passphrase, which is never written down.
    Passphrase,
    /// The address of a proxy.
    Proxy,
    /// Certificates of a company.
    Source,
    /// A store of certificates and keys.
    Store,
}

impl Kind {
    /// The name, for JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::NoProxy => "no_proxy",
            Self::Passphrase => "passphrase",
            Self::Proxy => "proxy",
            Self::Source => "source",
            Self::Store => "store",
        }
    }
}

impl Found {
    pub(super) fn of_variable(kind: Kind, name: &str, why: String, is_taken: bool) -> Self {
        Self { is_taken, kind, path: name.to_owned(), why }
    }

    fn at(kind: Kind, path: &Path, why: String, is_taken: bool) -> Self {
        Self { is_taken, kind, path: path.to_string_lossy().into_owned(), why }
    }
}

/// What is proposed, and everything that was met.
#[derive(Default)]
pub(super) struct Discovery {
    pub(super) found: Vec<Found>,
    pub(super) identity: Option<IdentityProposal>,
    /// Whether there was more than is read.
    pub(super) is_cut: bool,
    pub(super) proxy: ProxyProposal,
    pub(super) sources: Vec<SourceProposal>,
    /// The system's certman.toml, where there is one.
    pub(super) system_file: Option<PathBuf>,
}

pub(super) struct SourceProposal {
    pub(super) authorities: Vec<Authority>,
    /// As it stands in the file.
    pub(super) value: String,
    pub(super) why: String,
}

pub(super) struct IdentityProposal {
    /// As it stands in the file.
    pub(super) cert: String,
    pub(super) is_sealed: bool,
    /// As it stands in the file.
    pub(super) key: String,
    pub(super) why: String,
}

impl Discovery {
    /// The keys that are set, in the order of the file.
    pub(super) fn values(&self) -> Vec<(&'static str, Chosen)> {
        let mut values = Vec::new();
        let mut set = |key, value: Option<&str>| {
            values.extend(value.map(|value| (key, Chosen::Text(value.to_owned()))));
        };
        let identity = self.identity.as_ref();
        set("client.cert", identity.map(|one| one.cert.as_str()));
        set("client.key", identity.map(|one| one.key.as_str()));
        set("client.passphrase", identity.filter(|one| one.is_sealed).map(|_| "keyring"));
        set("proxy.https", self.proxy.https.as_deref());
        set("proxy.http", self.proxy.http.as_deref());
        set("proxy.username", self.proxy.username.as_deref());
        set("proxy.password", self.proxy.is_without_password.then_some("none"));
        if !self.proxy.no_proxy.is_empty() {
            values.push(("proxy.no_proxy", Chosen::List(self.proxy.no_proxy.clone())));
        }
        if !self.sources.is_empty() {
            let sources = self.sources.iter().map(|source| source.value.clone()).collect();
            values.insert(0, ("bundle.sources", Chosen::List(sources)));
        }
        values
    }
}

/// The parts of the world that are looked at.
pub(super) struct Machine<'h> {
    current_folder: &'h Path,
    environment: &'h Environment,
    home: Option<PathBuf>,
    now: i64,
    own_outputs: Vec<&'h Path>,
    roots: &'h Roots,
    system_file: Option<&'h Path>,
}

impl<'h> Machine<'h> {
    pub(super) fn of(host: &'h Host, path: &Path, defaults: &'h Settings) -> Self {
        let own_outputs = [&defaults.out, &defaults.full].into_iter().flatten();
        Self {
            current_folder: &host.current_folder,
            environment: &host.environment,
            home: host.environment.home(),
            now: host.now,
            own_outputs: own_outputs.map(|output| output.value.as_path()).collect(),
            roots: &host.roots,
            system_file: host
                .system_configuration
                .as_deref()
                .filter(|file| *file != path && fs::standing(file).is_some()),
        }
    }

    /// A path as it stands in the file: `~` for the home folder. None where it is not UTF-8.
    fn written(&self, path: &Path) -> Option<String> {
        let below = self.home.as_deref().and_then(|home| path.strip_prefix(home).ok());
        match below {
            Some(rest) if !rest.as_os_str().is_empty() => Some(format!("~/{}", rest.to_str()?)),
            _ => path.to_str().map(str::to_owned),
        }
    }

    /// The usual folders, those that are there, each once, and whether only what is named like a certificate is looked at.
    /// The one for anchors is left out where they have been found already.
    fn folders(&self, has_anchors: bool) -> Vec<(PathBuf, bool)> {
        let mut folders = Vec::new();
        if let Some(home) = &self.home {
            folders.extend(OF_HOME.map(|name| (home.join(name), false)));
        }
        for below in ["etc", "etc/ssl"] {
            let listed = fs::list(&self.roots.path(below), MOST_ENTRIES).unwrap_or_default();
            let is_corporate = |path: &&PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
                name.starts_with("corp")
            };
            folders.extend(listed.iter().filter(is_corporate).map(|path| (path.clone(), false)));
        }
        if !has_anchors {
            folders.push((self.roots.path("usr/local/share/ca-certificates"), false));
        }
        folders.extend(self.home.as_ref().map(|home| (home.join("Downloads"), true)));
        let mut seen = HashSet::new();
        folders.retain(|(path, _)| fs::standing(path).is_some() && seen.insert(fs::real(path)));
        folders
    }
}

/// Looks at everything, in this order: the trust store, variables, the configurations of other programs, the usual folders.
pub(super) fn discover(machine: &Machine<'_>) -> Discovery {
    let mut public = PublicRoots::known();
    let store = of_store(machine, &mut public);
    let variables = Variables::of(machine.environment);
    let mut search = Search {
        candidates: Candidates::default(),
        covered: HashSet::new(),
        discovery: Discovery { system_file: machine.system_file.map(Path::to_owned), ..Discovery::default() },
        machine,
        met: HashSet::new(),
        reader: Reader::new(public, machine.now),
    };
    search.take_store(store);
    // Anchors are a part of what the company has added to the trust store.
    let has_anchors = !search.discovery.sources.is_empty();
    for name in OF_CERTIFICATES {
        if let Some(mention) = variables.path(name) {
            search.consider(&mention);
        }
    }
    for mention in configured(machine.environment) {
        search.consider(&mention);
    }
    search.named_identity(&variables);
    // Where `certman import` has put it, unless it was told otherwise.
    for folder in machine.own_outputs.iter().take(1).filter_map(|output| output.parent()) {
        for name in OF_IMPORT {
            search.look_at(&folder.join(name), false);
        }
    }
    for (folder, is_listed_only) in machine.folders(has_anchors) {
        search.look_through(&folder, is_listed_only);
    }
    search.pair_up();
    if let Some((_, within)) = variables.value(PASSPHRASE) {
        let within = within.map(text::place).unwrap_or_default();
        let why = format!(
            "{PASSPHRASE}{within} holds the passphrase, which is not written down here: `certman key remember` puts it \
             into the keyring, and then the variable can go"
        );
        search.discovery.found.push(Found::of_variable(Kind::Passphrase, PASSPHRASE, why, false));
    }
    search.discovery.proxy = proxies::propose(&variables, &mut search.discovery.found);
    search.discovery.is_cut = search.reader.is_spent();
    search.discovery
}

/// What the company has added to the trust store. What the system's maker ships counts as public from then on.
fn of_store(machine: &Machine<'_>, public: &mut PublicRoots) -> Vec<Certificate> {
    let mut sieve = Sieve::default();
    let mut certificates = Vec::new();
    let skip = |path: &Path| is_own_output(path, &machine.own_outputs);
    source::read_all(&[Source::SystemCorporate], machine.roots, &mut std::io::empty(), &skip, &mut |blob| {
        let (Ok(bytes), Some(part)) = (blob.content, blob.part) else { return };
        container::scan(bytes, &mut |item| {
            let Content::Certificate(der) = item.content else { return };
            let parse = || Certificate::parse(der, Fingerprint::of(der)).ok();
            if part == Part::Shipped
                && let Some(certificate) = parse()
            {
                public.add(&certificate);
            }
            if let Passage::PassesAsCorporate(_) = sieve.judge(der, part, true) {
                certificates.extend(parse());
            }
        });
    });
    certificates
}

struct Search<'m> {
    candidates: Candidates,
    /// The certificates that the sources taken so far give.
    covered: HashSet<Fingerprint>,
    discovery: Discovery,
    machine: &'m Machine<'m>,
    /// Real paths that have been judged as sources.
    met: HashSet<PathBuf>,
    reader: Reader,
}

/// Parts of an identity that lie in folders.
#[derive(Default)]
struct Candidates {
    chains: Vec<(PathBuf, std::rc::Rc<Look>)>,
    keys: Vec<(PathBuf, std::rc::Rc<Look>)>,
}

impl Search<'_> {
    fn take_store(&mut self, certificates: Vec<Certificate>) {
        let now = self.machine.now;
        let is_alive = |one: &&Certificate| one.validity().contains(now) && one.flaw().is_none();
        let alive: Vec<Authority> = certificates.iter().filter(is_alive).map(Authority::of).collect();
        if let (true, Some(first)) = (alive.is_empty(), certificates.first()) {
            let why = format!(
                "what the company has added to the trust store of this system is not valid now, '{}' first",
                first.subject().short()
            );
            self.note(Kind::Source, Path::new("system:corporate"), why);
        }
        if !alive.is_empty() {
            let why = "the company has added to the trust store of this system".to_owned();
            self.take("system:corporate".to_owned(), why, alive);
        }
    }

    /// A file or folder that somebody has named for certificates.
    fn consider(&mut self, mention: &Mention) {
        let path: PathBuf = self.machine.current_folder.join(&mention.path).components().collect();
        let within = mention.within.as_deref().map(text::place).unwrap_or_default();
        let named = format!("{}{within} names it", mention.what);
        let refuse = |why: &str| format!("{named}; {why}");
        if is_own_output(&path, &self.machine.own_outputs) {
            return self.note(Kind::Source, &path, refuse("it is a bundle that certman writes"));
        }
        let looks = match fs::standing(&path) {
            Some(Standing::Folder) => {
                let files = fs::list(&path, MOST_ENTRIES).unwrap_or_default();
                Ok(files.iter().filter_map(|file| self.reader.look(file).ok()).collect())
            }
            _ => self.reader.look(&path).map(|look| vec![look]),
        };
        let looks = match looks {
            Ok(looks) => looks,
            Err(closed) => return self.note(Kind::Source, &path, refuse(&why_closed(&closed))),
        };
        if !self.met.insert(fs::real(&path)) {
            return self.note(Kind::Source, &path, refuse("it has been judged above"));
        }
        let authorities: Vec<Authority> =
            looks.iter().flat_map(|look| look.authorities.iter().cloned()).collect();
        let public: usize = looks.iter().map(|look| look.public).sum();
        if let Some(why) = self.why_not(&authorities, &looks) {
            return self.note(Kind::Source, &path, refuse(&why));
        }
        let Some(value) = self.machine.written(&path) else {
            return self.note(Kind::Source, &path, refuse(NOT_UTF8));
        };
        let beside = match public {
            0 => String::new(),
            public => format!(", beside {}, which do no harm", words::counted(public, "public root")),
        };
        self.take(value, format!("{named}{beside}"), authorities);
    }

    /// Why certificates are no reason for a source; none where they are.
    fn why_not(&self, authorities: &[Authority], looks: &[std::rc::Rc<Look>]) -> Option<String> {
        let is_new = |one: &Authority| !self.covered.contains(&one.fingerprint);
        if authorities.iter().any(is_new) {
            return None;
        }
        let dead = looks.iter().find_map(|look| look.dead.first());
        Some(match (authorities.first(), dead) {
            (Some(_), _) => {
                "everything in it that is the company's comes from another source as well".to_owned()
            }
            (None, Some(dead)) if dead.not_after < self.machine.now => {
                format!("'{}' in it expired on {}", dead.subject, words::day(dead.not_after))
            }
            (None, Some(dead)) => {
                format!("'{}' in it is not valid yet, or no client would load it", dead.subject)
            }
            (None, None) if looks.iter().any(|look| look.public > 0) => {
                "it has public roots only, which every client has".to_owned()
            }
            (None, None) => "there is no certificate of a company in it".to_owned(),
        })
    }

    /// A folder where people put certificates, and the folders in it.
    fn look_through(&mut self, folder: &Path, is_listed_only: bool) {
        if fs::standing(folder) != Some(Standing::Folder) {
            let looked = self.look_at(folder, is_listed_only);
            self.take_files(looked.into_iter().collect());
            return;
        }
        let mut below = Vec::new();
        for (level, folders) in [vec![folder.to_owned()], Vec::new()].iter_mut().enumerate() {
            if level == 1 {
                folders.append(&mut below);
            }
            for folder in folders.iter() {
                let listed = fs::list(folder, MOST_ENTRIES).unwrap_or_default();
                let (inner, files): (Vec<PathBuf>, Vec<PathBuf>) =
                    listed.into_iter().partition(|path| fs::standing(path) == Some(Standing::Folder));
                let taken: Vec<(PathBuf, Vec<Authority>)> =
                    files.iter().filter_map(|file| self.look_at(file, is_listed_only)).collect();
                // New files in a folder of nothing but CAs are meant to count too.
                let is_whole = inner.is_empty() && taken.len() == files.len() && taken.len() > 1;
                match self.machine.written(folder).filter(|_| is_whole) {
                    Some(value) => self.take_folder(value, taken),
                    None => self.take_files(taken),
                }
                if level == 0 && !is_listed_only {
                    below = inner;
                }
            }
        }
    }

    /// Looks at a file in a folder; gives what makes a source of it.
    fn look_at(&mut self, path: &Path, is_listed_only: bool) -> Option<(PathBuf, Vec<Authority>)> {
        if is_listed_only && !is_named_like_one(path) || is_own_output(path, &self.machine.own_outputs) {
            return None;
        }
        let look = match self.reader.look(path) {
            Ok(look) => look,
            Err(Closed::Failed(error @ ReadError::Unreadable(_))) => {
                self.note(Kind::Source, path, format!("it cannot be read: {error}"));
                return None;
            }
            Err(_) => return None,
        };
        if let Some(kind) = look.store {
            self.note(Kind::Store, path, why_store(kind, path));
            return None;
        }
        if is_listed_only {
            let what = match (&look.key, look.authorities.first(), look.chain.first()) {
                (Some(_), _, _) => {
                    "it holds a private key, which should not stay in a folder for downloads".to_owned()
                }
                (None, Some(authority), _) => {
                    format!(
                        "it has '{}', until {}; move it if it is to count",
                        authority.subject,
                        words::day(authority.not_after)
                    )
                }
                (None, None, Some(leaf)) => format!("it has the certificate '{}'", leaf.subject().short()),
                (None, None, None) => return None,
            };
            self.note(Kind::Source, path, what);
            return None;
        }
        let is_first_time = self.met.insert(fs::real(path));
        if is_first_time && !look.chain.is_empty() && self.candidates.chains.len() < MOST_PARTS {
            self.candidates.chains.push((path.to_owned(), look.clone()));
        }
        if is_first_time && look.key.is_some() && self.candidates.keys.len() < MOST_PARTS {
            self.candidates.keys.push((path.to_owned(), look.clone()));
        }
        let has_others = look.key.is_some() || look.chain.iter().any(|one| !one.is_self_issued());
        if !is_first_time
            || has_others
            || look.chain.len() + look.public + look.authorities.len() + look.dead.len() == 0
        {
            return None;
        }
        // A server's own certificate counts only where somebody has named it.
        let authorities: Vec<Authority> = look
            .authorities
            .iter()
            .filter(|one| look.chain.iter().all(|leaf| leaf.fingerprint() != one.fingerprint))
            .cloned()
            .collect();
        if authorities.is_empty() && !look.chain.is_empty() && look.dead.is_empty() {
            return None;
        }
        if let Some(why) = self.why_not(&authorities, std::slice::from_ref(&look)) {
            self.note(Kind::Source, path, why);
            return None;
        }
        Some((path.to_owned(), authorities))
    }

    fn take_files(&mut self, files: Vec<(PathBuf, Vec<Authority>)>) {
        for (path, authorities) in files {
            // Another file of the same folder may have had the same.
            if let Some(why) = self.why_not(&authorities, &[]) {
                self.note(Kind::Source, &path, why);
                continue;
            }
            match self.machine.written(&path) {
                Some(value) => {
                    self.take(value, "it lies in a folder for certificates".to_owned(), authorities)
                }
                None => self.note(Kind::Source, &path, NOT_UTF8.to_owned()),
            }
        }
    }

    fn take_folder(&mut self, value: String, files: Vec<(PathBuf, Vec<Authority>)>) {
        let why = format!(
            "a folder with {} of the company's and nothing else",
            words::counted(files.len(), "file")
        );
        let authorities = files.into_iter().flat_map(|(_, authorities)| authorities);
        self.take(value, why, authorities.collect());
    }

    fn take(&mut self, value: String, why: String, authorities: Vec<Authority>) {
        let mut known = HashSet::new();
        let authorities: Vec<Authority> =
            authorities.into_iter().filter(|one| known.insert(one.fingerprint)).collect();
        self.covered.extend(authorities.iter().map(|one| one.fingerprint));
        let listed: Vec<String> = authorities.iter().take(MOST_NAMED).map(named).collect();
        let more = match authorities.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sentence = format!("{why}: {}{more}", listed.join(", "));
        self.discovery.found.push(Found {
            is_taken: true,
            kind: Kind::Source,
            path: value.clone(),
            why: sentence,
        });
        self.discovery.sources.push(SourceProposal { authorities, value, why });
    }

    /// The identity that Claude Code has been told of.
    fn named_identity(&mut self, variables: &Variables<'_>) {
        let (cert, key) = (variables.path(CERTIFICATE), variables.path(KEY));
        let (Some(cert), Some(key)) = (&cert, &key) else {
            for (mention, other) in [(cert, KEY), (key, CERTIFICATE)] {
                if let Some(mention) = mention {
                    let why = format!("{} names it, and {other} is not set", mention.what);
                    self.note(Kind::Identity, &mention.path, why);
                }
            }
            return;
        };
        let absolute = |mention: &Mention| -> PathBuf {
            self.machine.current_folder.join(&mention.path).components().collect()
        };
        let (cert_path, key_path) = (absolute(cert), absolute(key));
        let within = cert.within.as_deref().map(text::place).unwrap_or_default();
        let named = format!("{CERTIFICATE} and {KEY}{within} name it");
        let looks = [&cert_path, &key_path].map(|path| self.reader.look(path));
        let [Ok(chain), Ok(key)] = looks else {
            for (look, path) in looks.iter().zip([&cert_path, &key_path]) {
                if let Err(closed) = look {
                    self.note(Kind::Identity, path, format!("{named}; {}", why_closed(closed)));
                }
            }
            return;
        };
        let judged = match &key.key {
            Some(key) => self.judge_pair(&chain, key),
            None => Err("there is no private key in its key file".to_owned()),
        };
        match judged {
            Ok(proof) => self.take_identity(
                &cert_path,
                &key_path,
                &chain,
                &key,
                &format!("{named}; {}", proof.words()),
            ),
            Err(why) => self.note(Kind::Identity, &cert_path, format!("{named}; {why}")),
        }
        self.met.extend([fs::real(&cert_path), fs::real(&key_path)]);
    }

    /// Finds keys and certificates that belong together: proven where the key is in the clear, by their names where it is sealed.
    fn pair_up(&mut self) {
        let Candidates { chains, keys } = std::mem::take(&mut self.candidates);
        let mut pairs = Vec::new();
        let mut refused = HashSet::new();
        for (cert_path, chain) in &chains {
            let mut refusal = None;
            let before = pairs.len();
            for (key_path, look) in &keys {
                let Some(key) = &look.key else { continue };
                let is_sealed = matches!(key.content, KeyContent::Sealed(_));
                if is_sealed && !are_named_alike(cert_path, key_path) {
                    continue;
                }
                match self.judge_pair(chain, key) {
                    Ok(proof) => {
                        let until = chain.chain.first().map_or(0, |leaf| leaf.validity().not_after);
                        pairs.push((proof, until, cert_path, key_path, chain, look));
                    }
                    Err(why) if is_sealed || are_named_alike(cert_path, key_path) => {
                        refused.insert(key_path);
                        refusal = Some(format!("{why}; the key beside it is {}", words::path(key_path)));
                    }
                    Err(_) => {}
                }
            }
            if let (Some(why), true) = (refusal, before == pairs.len()) {
                self.note(Kind::Identity, cert_path, why);
            }
        }
        // The best comes first: proven before named alike, then what lasts longest.
        pairs.sort_by_key(|(proof, until, ..)| (*proof, -until));
        let is_lone = |path: &PathBuf| !refused.contains(path) && pairs.iter().all(|pair| pair.3 != path);
        let lone = keys.iter().filter(|(path, _)| is_lone(path));
        for (path, _) in lone.take(MOST_NAMED) {
            self.note(
                Kind::Identity,
                path,
                "a private key without a certificate that it is known to belong to".into(),
            );
        }
        for (proof, until, cert, key, chain, look) in pairs {
            let proof = proof.words();
            if self.discovery.identity.is_none() {
                let why = format!("a certificate for clients in a folder for certificates; {proof}");
                self.take_identity(cert, key, chain, look, &why);
            } else {
                let (key, day) = (words::path(key), words::day(until));
                let why = format!("another identity, with the key {key}, until {day}; {proof}");
                self.note(Kind::Identity, cert, why);
            }
        }
    }

    fn take_identity(&mut self, cert: &Path, key: &Path, chain: &Look, look: &Look, why: &str) {
        let (Some(cert_value), Some(key_value)) = (self.machine.written(cert), self.machine.written(key))
        else {
            return self.note(Kind::Identity, cert, NOT_UTF8.to_owned());
        };
        let Some(leaf) = chain.chain.first() else { return };
        let file = look.key.as_ref();
        let is_sealed = file.is_some_and(|file| matches!(file.content, KeyContent::Sealed(_)));
        let is_odd = chain.is_odd
            || file.is_some_and(|file| !crate::clients::key::refusals_of_key_file(&file.facts).is_empty());
        let mut why =
            format!("'{}', until {}: {why}", leaf.subject().short(), words::day(leaf.validity().not_after));
        if !is_sealed {
            why.push_str("; the key lies there without a passphrase: `certman key encrypt` gives it one");
        }
        if is_odd {
            why.push_str("; some clients will not read it as it is: `certman key check` says why");
        }
        self.discovery.found.push(Found::at(Kind::Identity, cert, why.clone(), true));
        self.discovery.identity = Some(IdentityProposal { cert: cert_value, is_sealed, key: key_value, why });
    }

    /// Whether a chain and a key can be an identity today.
    fn judge_pair(&self, chain: &Look, key: &KeyFile) -> Result<Proof, String> {
        let Some(leaf) = chain.chain.first() else {
            return Err("there is no certificate of a client in it".to_owned());
        };
        let subject = leaf.subject().short();
        let validity = leaf.validity();
        if chain.is_authority_first {
            return Err(format!(
                "a CA comes before '{subject}', and clients want their own certificate first"
            ));
        }
        if validity.not_after < self.machine.now {
            return Err(format!("'{subject}' expired on {}", words::day(validity.not_after)));
        }
        if validity.not_before > self.machine.now {
            return Err(format!("'{subject}' is not valid before {}", words::day(validity.not_before)));
        }
        match fitness(leaf) {
            Ok(()) => {}
            Err(Unfit::Authority) => return Err(format!("'{subject}' is a CA")),
            Err(Unfit::ExtendedKeyUsage { .. } | Unfit::KeyUsage) => {
                return Err(format!("'{subject}' is not a certificate for TLS clients"));
            }
        }
        match &key.content {
            KeyContent::Sealed(_) => Ok(Proof::Sealed),
            KeyContent::Plain(key) => match owner(key, &chain.chain) {
                Some((0, Pairing::Belongs)) => Ok(Proof::Proven),
                Some((0, Pairing::NotCheckable { .. })) => Ok(Proof::NotCheckable),
                _ => Err(format!("the key does not belong to '{subject}'")),
            },
        }
    }

    fn note(&mut self, kind: Kind, path: &Path, why: String) {
        self.discovery.found.push(Found::at(kind, path, why, false));
    }
}

/// How well it is known that key and certificate belong together, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    Proven,
    Sealed,
    NotCheckable,
}

impl Proof {
    fn words(self) -> &'static str {
        match self {
            Self::Proven => "the key belongs to it, proven",
            Self::Sealed => "the key is sealed, so whether it belongs to it shows in `certman key check`",
            Self::NotCheckable => "whether the key belongs to it cannot be proven here",
        }
    }
}

/// A certificate in a list.
pub(super) fn named(authority: &Authority) -> String {
    format!("'{}' until {}", authority.subject, words::day(authority.not_after))
}

fn why_closed(closed: &Closed) -> String {
    match closed {
        Closed::Enough => format!("it was not read: {MOST_FILES} files or 100 MB are enough"),
        Closed::Failed(error) => format!("it cannot be read: {error}"),
        Closed::Missing => "there is no such file".to_owned(),
        Closed::Special => "it is no regular file".to_owned(),
        Closed::TooLarge => "it is larger than 10 MB".to_owned(),
    }
}

fn why_store(kind: StoreKind, path: &Path) -> String {
    let path = words::path(path);
    match kind {
        StoreKind::Pkcs12 => format!(
            "a PKCS#12 store: `certman import {path}` makes certificate and key of it; one with CAs alone can stand in \
             bundle.sources"
        ),
        StoreKind::Jceks | StoreKind::Jks => format!(
            "a Java key store: it can stand in bundle.sources, with `certman key remember --store {path}` for its passphrase"
        ),
    }
}

/// Whether a file in a folder for downloads is worth a look.
fn is_named_like_one(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    LIKE_CERTIFICATES.contains(&extension.as_str())
}

/// Whether two files of one folder go by one name, but for the words that say what each of them is: `client-cert.pem` and
/// `client-key.pem`, `alice.crt` and `alice.key`. A file goes with itself.
fn are_named_alike(cert: &Path, key: &Path) -> bool {
    let stem = |path: &Path| -> Vec<String> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let words = name.split(['.', '-', '_', ' ']).filter(|word| !SAYING_WHAT.contains(word));
        words.map(str::to_owned).collect()
    };
    cert == key || cert.parent() == key.parent() && stem(cert) == stem(key)
}

const CERTIFICATE: &str = "CLAUDE_CODE_CLIENT_CERT";
const KEY: &str = "CLAUDE_CODE_CLIENT_KEY";
const PASSPHRASE: &str = "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE";
/// How files with certificates and stores end.
const LIKE_CERTIFICATES: [&str; 10] = ["cer", "cert", "crt", "der", "jks", "p12", "p7b", "p7c", "pem", "pfx"];
/// Of one folder so many entries are listed.
const MOST_ENTRIES: usize = 10_000;
/// So many certificates of a source are named in a sentence.
const MOST_NAMED: usize = 5;
/// So many keys and so many chains are tried with each other.
const MOST_PARTS: usize = 50;
const NOT_UTF8: &str = "its name is not UTF-8, and cannot stand in certman.toml: rename it";
/// The variables that lead to certificates: the one that adds to the built-in roots, then those that replace them.
const OF_CERTIFICATES: [&str; 7] = [
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "PIP_CERT",
];
/// Where people keep certificates below their home folder.
const OF_HOME: [&str; 3] = ["certs", ".certs", "Certificates"];
/// The two files that `certman import` makes.
const OF_IMPORT: [&str; 2] = [CERTIFICATE_NAME, KEY_NAME];
/// Words in names of files that say what is in them.
const SAYING_WHAT: [&str; 17] = [
    "cer",
    "cert",
    "certificate",
    "chain",
    "crt",
    "der",
    "enc",
    "encrypted",
    "fullchain",
    "key",
    "p8",
    "pem",
    "pkcs8",
    "priv",
    "private",
    "rsa",
    "sealed",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_certificate_go_by_one_name() {
        for (cert, key, is_alike) in [
            ("/a/client.pem", "/a/client.key", true),
            ("/a/client-cert.pem", "/a/client-key.pem", true),
            ("/a/cert.pem", "/a/key.pem", true),
            ("/a/Alice_chain.crt", "/a/alice.private.key", true),
            ("/a/alice.pem", "/a/bob.key", false),
            ("/a/client.pem", "/b/client.key", false),
            ("/a/both.pem", "/a/both.pem", true),
        ] {
            assert_eq!(are_named_alike(Path::new(cert), Path::new(key)), is_alike, "{cert} {key}");
        }
    }
}
