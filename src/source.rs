//! Where certificates come from: files, folders, standard input. Finds and reads them; decodes nothing, prints nothing.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::sys::fs::{self, Met, ReadError, State};

/// A place to read certificates from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file or a folder, by its absolute path.
    Path(PathBuf),
    /// Standard input, written `-`.
    StandardInput,
}

impl Source {
    /// A source as it is typed: `-` is standard input, anything else a path, relative to the current folder.
    pub fn typed(path: &Path, current_folder: &Path) -> Self {
        if path.as_os_str() == "-" {
            Self::StandardInput
        } else {
            Self::Path(current_folder.join(path).components().collect())
        }
    }
}

/// One file's content, or why there is none.
pub struct Blob<'a> {
    /// The content, or why there is none.
    pub content: Result<&'a [u8], Unavailable>,
    /// Whether the person named this very file, rather than a folder it lies in.
    pub is_named: bool,
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
}

/// Reads every source and hands over one file after the other, in one reused buffer. Folders are gone through in the
/// order of names. A file in a folder for which `skip` holds is passed over: certman's own output, for one.
pub fn read_all(
    sources: &[Source],
    stdin: &mut dyn Read,
    skip: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(Blob<'_>),
) {
    // Someone may have put a key among the certificates: it is wiped, and fits from the start, since growth leaves copies.
    let mut buffer = Zeroizing::new(Vec::with_capacity(LARGEST_KEY));
    for source in sources {
        match source {
            Source::Path(path) if fs::is_folder(path) => {
                let mut is_empty = true;
                fs::walk(path, &mut buffer, LIMIT, skip, &mut |path, met| {
                    is_empty = false;
                    let content = match met {
                        Met::Content(bytes) => Ok(bytes),
                        Met::Failed(error) => Err(Unavailable::Failed(error)),
                    };
                    visit(Blob { content, is_named: false, path });
                });
                if is_empty {
                    visit(Blob { content: Err(Unavailable::EmptyFolder), is_named: true, path });
                }
            }
            Source::Path(path) => {
                let read = fs::read_into(path, &mut buffer, LIMIT);
                let content = read.map(|()| &**buffer).map_err(Unavailable::Failed);
                visit(Blob { content, is_named: true, path });
            }
            Source::StandardInput => {
                let read = fs::read_stream(stdin, &mut buffer, LIMIT);
                let content = read.map(|()| &**buffer).map_err(Unavailable::Failed);
                visit(Blob { content, is_named: true, path: Path::new("-") });
            }
        }
    }
}

/// A fingerprint of everything that tells, without reading, whether the files of these sources have changed: their paths,
/// sizes, numbers and times.
///
/// # Errors
/// For a source that cannot be asked; standard input always is one.
pub fn state(sources: &[Source], skip: &dyn Fn(&Path) -> bool) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    for source in sources {
        match source {
            Source::Path(path) => {
                let state = fs::state(path)?;
                add_state(&mut digest, path, state);
                if state.is_folder {
                    fs::walk_states(path, skip, &mut |path, state| add_state(&mut digest, path, state))?;
                }
            }
            Source::StandardInput => return Err(io::ErrorKind::Unsupported.into()),
        }
    }
    Ok(digest.finalize().into())
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

/// The largest file that is read: a hundred thousand certificates in PEM are about 150 MB.
pub const LIMIT: usize = 256 << 20;
/// No key file is larger: 16,384 bits of RSA in PEM are 13 KB.
const LARGEST_KEY: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::fs::{Draft, Kind};

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
        read_all(&sources, &mut io::empty(), &|_| false, &mut |blob| {
            places.push(blob.content.unwrap().as_ptr());
        });
        assert_eq!(places.len(), 3);
        assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    }
}
