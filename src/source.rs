//! Where certificates come from: files, folders, standard input, the trust store of the operating system. Finds and reads
//! them; decodes nothing, prints nothing.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::sys::fs::{self, Met, ReadError, State};
use crate::sys::roots::{AskError, Part, Roots};

/// A place to read certificates from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file or a folder, by its absolute path.
    Path(PathBuf),
    /// Standard input, written `-`.
    StandardInput,
    /// The trust store of the operating system, written `system`.
    System,
    /// What the company has added to it, written `system:corporate`.
    SystemCorporate,
}

impl Source {
    /// A source as it is typed: `-` is standard input, `system` and `system:corporate` are the trust store of the operating
    /// system, anything else is a path, relative to the current folder.
    ///
    /// # Errors
    /// For `system:` with anything else behind it.
    pub fn typed(path: &Path, current_folder: &Path) -> Result<Self, UnknownPart> {
        if path.as_os_str() == "-" {
            return Ok(Self::StandardInput);
        }
        let system = Self::system(path.as_os_str())?;
        Ok(system.unwrap_or_else(|| Self::Path(current_folder.join(path).components().collect())))
    }

    /// The trust store of the operating system, where a word means that; a file of such a name is `./system`.
    ///
    /// # Errors
    /// For `system:` with anything else behind it.
    pub fn system(word: &OsStr) -> Result<Option<Self>, UnknownPart> {
        match word.as_encoded_bytes() {
            b"system" => Ok(Some(Self::System)),
            b"system:corporate" => Ok(Some(Self::SystemCorporate)),
            other if other.starts_with(b"system:") => Err(UnknownPart),
            _ => Ok(None),
        }
    }

    /// The parts of the trust store that it needs, in the order in which they are judged; none for other sources.
    fn parts(&self) -> &'static [Part] {
        match self {
            Self::Path(_) | Self::StandardInput => &[],
            Self::System => &[Part::Everything],
            Self::SystemCorporate => &[Part::Distrusted, Part::Shipped, Part::Anchors, Part::Everything],
        }
    }
}

/// `system:` with something behind it that it does not have.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "of the trust store of the operating system there is `system`, which is everything, and `system:corporate`, which is what \
     the company has added; a file of that name is written with `./` before it"
)]
pub struct UnknownPart;

/// One file's content, or why there is none.
pub struct Blob<'a> {
    /// The content, or why there is none.
    pub content: Result<&'a [u8], Unavailable>,
    /// Whether only what the company has added counts of it.
    pub is_corporate: bool,
    /// Whether the person named this very file, rather than a folder it lies in.
    pub is_named: bool,
    /// What it is a part of, where it belongs to the trust store of the operating system.
    pub part: Option<Part>,
    /// Where it is; `-` for standard input.
    pub path: &'a Path,
}

/// Why a source gives nothing.
#[derive(Debug)]
pub enum Unavailable {
    /// A folder without a single file in it.
    EmptyFolder,
    /// It cannot be read.
    Failed(ReadError),
    /// The keychains, or the stores of Windows, cannot be asked.
    NotAsked(Rc<AskError>),
    /// This system has no trust store in any of the usual places.
    NoStore,
    /// The trust store lies where certman writes.
    OwnOutput,
}

/// Reads every source and hands over one file after the other, in one reused buffer. Folders are gone through in the
/// order of names. A file in a folder for which `skip` holds is passed over: certman's own output, for one.
pub fn read_all(
    sources: &[Source],
    roots: &Roots,
    stdin: &mut dyn Read,
    skip: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(Blob<'_>),
) {
    // Someone may have put a key among the certificates: it is wiped, and fits from the start, since growth leaves copies.
    let mut buffer = Zeroizing::new(Vec::with_capacity(LARGEST_KEY));
    for source in sources {
        match source {
            Source::Path(path) => read_path(path, &mut buffer, skip, &mut |piece| {
                let Piece { content, is_named, path } = piece;
                visit(Blob { content, is_corporate: false, is_named, part: None, path });
            }),
            Source::StandardInput => {
                let read = fs::read_stream(stdin, &mut buffer, LIMIT);
                let content = read.map(|()| &**buffer).map_err(Unavailable::Failed);
                visit(Blob {
                    content,
                    is_corporate: false,
                    is_named: true,
                    part: None,
                    path: Path::new("-"),
                });
            }
            Source::System | Source::SystemCorporate => {
                let is_corporate = *source == Source::SystemCorporate;
                read_store(source.parts(), roots, &mut buffer, skip, &mut |part, piece| {
                    let Piece { content, is_named, path } = piece;
                    visit(Blob { content, is_corporate, is_named, part: Some(part), path });
                });
            }
        }
    }
}

/// A file, as far as it is known which source it belongs to.
struct Piece<'a> {
    content: Result<&'a [u8], Unavailable>,
    is_named: bool,
    path: &'a Path,
}

/// Hands over a file, or each file in a folder.
fn read_path(
    path: &Path,
    buffer: &mut Vec<u8>,
    skip: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(Piece<'_>),
) {
    if !fs::is_folder(path) {
        let read = fs::read_into(path, buffer, LIMIT);
        let content = read.map(|()| &**buffer).map_err(Unavailable::Failed);
        return visit(Piece { content, is_named: true, path });
    }
    let mut is_empty = true;
    fs::walk(path, buffer, LIMIT, skip, &mut |path, met| {
        is_empty = false;
        let content = match met {
            Met::Content(bytes) => Ok(bytes),
            Met::Failed(error) => Err(Unavailable::Failed(error)),
        };
        visit(Piece { content, is_named: false, path });
    });
    if is_empty {
        visit(Piece { content: Err(Unavailable::EmptyFolder), is_named: true, path });
    }
}

/// Hands over parts of the trust store in their order, of each what lies in files before what has to be asked for.
fn read_store(
    parts: &[Part],
    roots: &Roots,
    buffer: &mut Vec<u8>,
    skip: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(Part, Piece<'_>),
) {
    let files = roots.files(parts);
    let (answers, failure) = match roots.ask() {
        Ok(answers) => (answers, None),
        Err(error) => (&[][..], Some(error)),
    };
    let whole = |content, path| Piece { content, is_named: true, path };
    let mut has_store = failure.is_some();
    for &part in parts {
        for (_, path) in files.iter().filter(|(of, _)| *of == part) {
            has_store |= part == Part::Everything;
            // The usual place may be a link to what certman writes.
            if skip(&fs::real(path)) {
                visit(part, whole(Err(Unavailable::OwnOutput), path));
            } else {
                read_path(path, buffer, skip, &mut |piece| visit(part, piece));
            }
        }
        for answer in answers.iter().filter(|answer| answer.part == part) {
            has_store |= part == Part::Everything;
            visit(part, whole(Ok(&answer.bytes), &answer.place));
        }
    }
    let store = Path::new(STORE);
    if let Some(error) = failure {
        visit(Part::Everything, whole(Err(Unavailable::NotAsked(error)), store));
    }
    if !has_store {
        visit(Part::Everything, whole(Err(Unavailable::NoStore), store));
    }
}

/// A fingerprint of everything that tells, without reading, whether the files of these sources have changed: their paths,
/// sizes, numbers and times.
///
/// # Errors
/// For a source that cannot be asked; standard input always is one. Of a trust store the files alone are asked.
pub fn state(sources: &[Source], roots: &Roots, skip: &dyn Fn(&Path) -> bool) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    for source in sources {
        match source {
            Source::Path(path) => add_states(&mut digest, path, skip)?,
            Source::StandardInput => return Err(io::ErrorKind::Unsupported.into()),
            Source::System | Source::SystemCorporate => {
                for (part, path) in roots.files(source.parts()) {
                    digest.update([part as u8]);
                    add_states(&mut digest, &path, skip)?;
                }
            }
        }
    }
    Ok(digest.finalize().into())
}

/// For how many seconds a [`state`] may be relied on at most: half a day where a part of the trust store lies in no file.
/// PowerShell takes a second to answer, which is too long for every shell start.
pub fn reliance(sources: &[Source], roots: &Roots) -> i64 {
    let is_asked = sources.iter().any(|source| !source.parts().is_empty()) && roots.must_be_asked();
    if is_asked { HALF_A_DAY } else { i64::MAX }
}

fn add_states(digest: &mut Sha256, path: &Path, skip: &dyn Fn(&Path) -> bool) -> io::Result<()> {
    let state = fs::state(path)?;
    add_state(digest, path, state);
    if state.is_folder {
        fs::walk_states(path, skip, &mut |path, state| add_state(digest, path, state))?;
    }
    Ok(())
}

fn add_state(digest: &mut Sha256, path: &Path, state: State) {
    digest.update(path.as_os_str().as_encoded_bytes());
    digest.update([0]);
    // A folder counts by what is in it: its own times change with every hidden file, certman's drafts among them.
    if !state.is_folder {
        digest.update(state.changed.to_le_bytes());
        digest.update(state.inode.to_le_bytes());
        digest.update(state.size.to_le_bytes());
    }
}

/// The address that was typed in the place of a path, which a path has made shorter by a slash.
pub fn address(path: &Path) -> Option<String> {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let scheme = parts.find(|part| matches!(&**part, "ftp:" | "http:" | "https:"))?;
    let rest: Vec<_> = parts.collect();
    (!rest.is_empty()).then(|| format!("{scheme}//{}", rest.join("/")))
}

const HALF_A_DAY: i64 = 12 * 3_600;
/// The largest file that is read: a hundred thousand certificates in PEM are about 150 MB.
pub const LIMIT: usize = 256 << 20;
/// What the trust store is called where it is no file.
const STORE: &str = "system";
/// No key file is larger: 16,384 bits of RSA in PEM are 13 KB.
const LARGEST_KEY: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::env::Environment;
    use crate::sys::fs::{Draft, Kind};

    #[test]
    fn an_address_is_told_from_a_path() {
        let typed = |text: &str| match Source::typed(Path::new(text), Path::new("/home/me")) {
            Ok(Source::Path(path)) => address(&path),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            typed("https://pki.corp.example/a/x.cer?y").as_deref(),
            Some("https://pki.corp.example/a/x.cer?y")
        );
        for path in ["corp.cer", "https:", "a/http.pem", "/etc/https/x.pem"] {
            assert_eq!(typed(path), None, "{path}");
        }
    }

    #[test]
    fn a_key_among_the_sources_leaves_no_copy_where_the_buffer_has_grown() {
        // Seen in a memory image after `certman check client.key`.
        let folder = tempfile::tempdir().unwrap();
        let mut sources = Vec::new();
        for (name, size) in [("a", 1), ("b", 2_000), ("c", LARGEST_KEY - 1)] {
            let path = folder.path().join(name);
            let mut draft = Draft::beside(&path, Kind::Private).unwrap();
            draft.write_all(&vec![b'k'; size]).unwrap();
            draft.publish().unwrap();
            sources.push(Source::Path(path));
        }
        let mut places = Vec::new();
        let no_variables: [(&str, &str); 0] = [];
        let roots = Roots::below(folder.path().to_owned(), &Environment::from_pairs(no_variables));
        read_all(&sources, &roots, &mut io::empty(), &|_| false, &mut |blob| {
            places.push(blob.content.unwrap().as_ptr());
        });
        assert_eq!(places.len(), 3);
        assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    }
}
