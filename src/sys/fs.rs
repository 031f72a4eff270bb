//! Files: the only module that opens them, and the only writer.
//!
//! Reading is bounded and never waits for a peer that may not come. Writing is all or nothing: a [`Draft`] lies beside
//! the file it will replace, with its final mode from the first byte, and is gone when it is dropped unpublished. What the
//! files hold is not known here.
#![expect(clippy::disallowed_methods, reason = "files are opened, read, listed and removed here")]

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// It is a pipe, a socket or a device.
    #[error("it is {0}, not a file")]
    NotAFile(&'static str),
    /// It is larger than anything of its kind.
    #[error("it is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The system refuses.
    #[error("{0}")]
    Unreadable(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        // A socket cannot even be opened.
        #[cfg(unix)]
        if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) {
            return Self::NotAFile("a socket");
        }
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::IsADirectory => Self::Folder,
            _ => Self::Unreadable(error),
        }
    }
}

impl ReadError {
    /// Whether a link is at fault that leads nowhere, or to itself.
    pub fn is_dead_link(&self) -> bool {
        match self {
            Self::Missing => true,
            #[cfg(unix)]
            Self::Unreadable(error) => error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()),
            _ => false,
        }
    }
}

/// Reads a whole file into `buffer`, which is emptied first and keeps its memory.
///
/// # Errors
/// For what is not a regular file, and above `limit` bytes. A FIFO is refused without waiting for its writer; a pipe that
/// the shell has opened (`/dev/fd/63`) is read.
pub fn read_into(path: &Path, buffer: &mut Vec<u8>, limit: usize) -> Result<(), ReadError> {
    let mut file = open(path)?;
    let metadata = refuse_what_is_no_file(path, &file)?;
    // What tells its size needs no buffer that grows, and leaves no copies behind.
    buffer.clear();
    buffer.reserve(usize::try_from(metadata.len()).unwrap_or(limit).min(limit) + 1);
    read_all(&mut file, buffer, limit)
}

/// Reads a whole file that is known to be a regular one, sparing the question.
///
/// # Errors
/// As [`read_into`].
fn read_regular(path: &Path, buffer: &mut Vec<u8>, limit: usize) -> Result<(), ReadError> {
    read_all(&mut open(path)?, buffer, limit)
}

/// Reads a file that may hold a secret, into memory that never moves and is wiped.
///
/// # Errors
/// As [`read_into`].
pub fn read_secret(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let mut file = open(path)?;
    let metadata = refuse_what_is_no_file(path, &file)?;
    // The buffer has its full size from the start, so that no copy is left behind. A pipe does not tell its size.
    let size = if metadata.is_file() { usize::try_from(metadata.len()).unwrap_or(limit) } else { limit };
    let mut buffer = Zeroizing::new(vec![0; size.min(limit) + 1]);
    let mut filled = 0;
    loop {
        if filled > limit {
            return Err(ReadError::TooLarge { limit });
        }
        if filled == buffer.len() {
            // It has grown, or does not tell its size (`/proc`). The old buffer is wiped here, as `Vec` would not do.
            let mut larger = Zeroizing::new(vec![0; filled.saturating_mul(2).min(limit) + 1]);
            larger[..filled].copy_from_slice(&buffer);
            buffer = larger;
        }
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

/// Opens a file to be read piece by piece.
///
/// # Errors
/// For what is not a regular file.
pub fn reader(path: &Path) -> Result<impl Read + use<>, ReadError> {
    let file = open(path)?;
    refuse_what_is_no_file(path, &file)?;
    Ok(file)
}

/// Reads a stream to its end.
///
/// # Errors
/// Above `limit` bytes, and what the stream says.
pub fn read_stream(stream: &mut dyn Read, buffer: &mut Vec<u8>, limit: usize) -> Result<(), ReadError> {
    read_all(stream, buffer, limit)
}

fn read_all(stream: &mut dyn Read, buffer: &mut Vec<u8>, limit: usize) -> Result<(), ReadError> {
    buffer.clear();
    // One byte more than allowed tells a file that is too large from one that just fits. `Take` asks the file nothing
    // about its size: that would be a system call for each of many thousand files.
    stream.take(limit as u64 + 1).read_to_end(buffer)?;
    if buffer.len() > limit { Err(ReadError::TooLarge { limit }) } else { Ok(()) }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a FIFO must not wait for somebody to open its other end.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    options.open(path)
}

fn refuse_what_is_no_file(path: &Path, file: &File) -> Result<Metadata, ReadError> {
    let metadata = file.metadata()?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    if metadata.is_dir() {
        return Err(ReadError::Folder);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
        if kind.is_fifo() {
            let is_open_already =
                ["/dev/fd", "/dev/stdin", "/proc"].iter().any(|prefix| path.starts_with(prefix));
            if !is_open_already {
                return Err(ReadError::NotAFile("a FIFO"));
            }
            // Its writer is there, and may be slower than we are.
            rustix::fs::fcntl_setfl(file, rustix::fs::OFlags::empty()).map_err(io::Error::from)?;
            return Ok(metadata);
        }
        if kind.is_socket() {
            return Err(ReadError::NotAFile("a socket"));
        }
    }
    Err(ReadError::NotAFile("a device"))
}

/// Something met while a folder is gone through.
pub enum Met<'a> {
    /// A file's content.
    Content(&'a [u8]),
    /// A file or folder that cannot be read.
    Failed(ReadError),
}

/// Goes through a folder and everything below it, in the order of names, and reads every file. Hidden ones (`.name`) are
/// passed over; links are followed, but no folder is gone through twice.
pub fn walk(
    folder: &Path,
    buffer: &mut Vec<u8>,
    limit: usize,
    skip: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(&Path, Met<'_>),
) {
    visit_entries(folder, &mut |path, entry| match entry {
        Entry::File { is_regular } => {
            if skip(path) {
                return;
            }
            let read = if is_regular { read_regular } else { read_into };
            match read(path, buffer, limit) {
                Ok(()) => visit(path, Met::Content(buffer)),
                Err(error) => visit(path, Met::Failed(error)),
            }
        }
        Entry::Failed(error) => visit(path, Met::Failed(error)),
        Entry::Folder => {}
    });
}

/// Goes through a folder as [`walk`] does, and hands over what tells whether a file or folder has changed.
///
/// # Errors
/// For the first that cannot be asked.
pub fn walk_states(
    folder: &Path,
    skip: &dyn Fn(&Path) -> bool,
    visit: &mut dyn FnMut(&Path, State),
) -> io::Result<()> {
    let mut failed = None;
    visit_entries(folder, &mut |path, entry| {
        if failed.is_some() || skip(path) {
            return;
        }
        let state = match entry {
            Entry::Failed(ReadError::Unreadable(error)) => Err(error),
            Entry::Failed(_) => Err(io::ErrorKind::NotFound.into()),
            Entry::File { .. } | Entry::Folder => state(path),
        };
        match state {
            Ok(state) => visit(path, state),
            Err(error) => failed = Some(error),
        }
    });
    failed.map_or(Ok(()), Err)
}

enum Entry {
    Failed(ReadError),
    File {
        /// Whether the folder itself says that it is a regular file, so that nobody has to ask.
        is_regular: bool,
    },
    Folder,
}

/// Every folder is gone through once, however many links lead to it: each of a dozen folders with links to all others would
/// be met millions of times. Folders wait in a list, not on the stack, which 2,000 levels would fill.
fn visit_entries(folder: &Path, visit: &mut dyn FnMut(&Path, Entry)) {
    let mut path = folder.to_owned();
    let mut seen = HashSet::new();
    let mut levels: Vec<Level> = Vec::new();
    levels.extend(Level::enter(&path, std::fs::canonicalize(&path), &mut seen, visit));
    while let Some(level) = levels.last_mut() {
        let Some((name, kind)) = level.entries.next() else {
            levels.pop();
            path.pop();
            continue;
        };
        path.push(&name);
        let below = match kind {
            Some(kind) if kind.is_file() => {
                visit(&path, Entry::File { is_regular: true });
                None
            }
            // What is no link lies where it stands: nobody has to ask.
            Some(kind) if kind.is_dir() => Level::enter(&path, Ok(level.real.join(&name)), &mut seen, visit),
            _ => match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => {
                    Level::enter(&path, std::fs::canonicalize(&path), &mut seen, visit)
                }
                Ok(_) => {
                    visit(&path, Entry::File { is_regular: false });
                    None
                }
                Err(error) => {
                    visit(&path, Entry::Failed(error.into()));
                    None
                }
            },
        };
        match below {
            Some(below) => levels.push(below),
            None => {
                path.pop();
            }
        }
    }
}

/// A folder that is being gone through.
struct Level {
    entries: std::vec::IntoIter<(OsString, Option<std::fs::FileType>)>,
    /// Its path without links.
    real: PathBuf,
}

impl Level {
    /// Lists a folder, unless that has been done before.
    fn enter(
        folder: &Path,
        real: io::Result<PathBuf>,
        seen: &mut HashSet<PathBuf>,
        visit: &mut dyn FnMut(&Path, Entry),
    ) -> Option<Self> {
        let (real, listing) = match real.and_then(|real| Ok((real, std::fs::read_dir(folder)?))) {
            Ok(listed) => listed,
            Err(error) => {
                visit(folder, Entry::Failed(error.into()));
                return None;
            }
        };
        if !seen.insert(real.clone()) {
            return None;
        }
        visit(folder, Entry::Folder);
        let mut entries = Vec::new();
        for entry in listing {
            match entry {
                Ok(entry) => {
                    let name = entry.file_name();
                    if !name.as_encoded_bytes().starts_with(b".") {
                        entries.push((name, entry.file_type().ok()));
                    }
                }
                Err(error) => visit(folder, Entry::Failed(error.into())),
            }
        }
        entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        Some(Self { entries: entries.into_iter(), real })
    }
}

/// What tells whether a file has changed, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// When its content or its place last changed, in nanoseconds since 1970: on Unix the change time, which nobody can
    /// set back.
    pub changed: i128,
    /// The number of the file, on Unix.
    pub inode: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Its size in bytes.
    pub size: u64,
}

/// Asks for the state of a file or folder.
///
/// # Errors
/// What the system says.
pub fn state(path: &Path) -> io::Result<State> {
    let metadata = std::fs::metadata(path)?;
    let is_folder = metadata.is_dir();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
        Ok(State { changed, inode: metadata.ino(), is_folder, size: metadata.size() })
    }
    #[cfg(not(unix))]
    {
        let since =
            metadata.modified()?.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
        let changed = i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
        Ok(State { changed, inode: 0, is_folder, size: metadata.len() })
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A regular file.
    File {
        /// In bytes.
        size: u64,
    },
    /// A folder.
    Folder,
    /// A pipe, a socket or a device.
    Other,
}

/// Asks what a path leads to, without opening it; none where there is nothing, or nothing that may be asked.
pub fn standing(path: &Path) -> Option<Standing> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(match metadata.file_type() {
        kind if kind.is_file() => Standing::File { size: metadata.len() },
        kind if kind.is_dir() => Standing::Folder,
        _ => Standing::Other,
    })
}

/// Names what stands at a path itself, a link included; none where a new file may be made.
///
/// # Errors
/// Where it cannot be asked.
pub fn obstacle(path: &Path) -> io::Result<Option<&'static str>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() && std::fs::metadata(path).is_err() => {
            Ok(Some("a link that leads nowhere"))
        }
        Ok(metadata) if metadata.is_symlink() => Ok(Some("a link")),
        Ok(metadata) if metadata.is_file() => Ok(Some("a file")),
        Ok(metadata) if metadata.is_dir() => Ok(Some("a folder")),
        Ok(_) => Ok(Some("something that is no file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What lies in a folder itself, in the order of names; hidden ones (`.name`) are passed over. Of a larger folder the first
/// `most` that the system names.
///
/// # Errors
/// What the system says.
pub fn list(folder: &Path, most: usize) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(most) {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// Whether a path leads to a folder.
pub fn is_folder(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whether two paths lead to the same file.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The path behind every link; the same where it cannot be told.
pub fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The same path without `..`: the folder's real place, where it has one to ask for.
pub fn without_parents(path: &Path) -> PathBuf {
    let has_parents = path.components().any(|component| component == std::path::Component::ParentDir);
    let real = || Some(std::fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?));
    has_parents.then(real).flatten().unwrap_or_else(|| path.to_owned())
}

/// Where a path leads to without links: as far as it is there, and what is not there as it is named.
pub fn real_path(path: &Path) -> PathBuf {
    let found = path.ancestors().find_map(|there| {
        let rest = path.strip_prefix(there).ok()?;
        let real = std::fs::canonicalize(there).ok()?;
        Some(if rest == Path::new("") { real } else { real.join(rest) })
    });
    found.unwrap_or_else(|| path.to_owned())
}

/// The names in a folder, in their order; hidden ones (`.name`) are passed over. None in a folder that is not there.
///
/// # Errors
/// What the system says.
pub fn names_in(folder: &Path) -> io::Result<Vec<OsString>> {
    let listing = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in listing {
        let name = entry?.file_name();
        if !name.as_encoded_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Who may touch a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The owner's number, where that is neither root nor the user who runs this process.
    pub foreign_owner: Option<u32>,
    /// The permission bits.
    pub mode: u32,
}

/// Asks who may touch a file; links are followed. None where it is not there, and on Windows.
pub fn access(path: &Path) -> Option<Access> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path).ok()?;
        let owner = metadata.uid();
        let is_foreign = owner != 0 && owner != rustix::process::geteuid().as_raw();
        Some(Access { foreign_owner: is_foreign.then_some(owner), mode: metadata.mode() & 0o7777 })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether every user can read a file: it itself, and the way to it. On Windows nobody is asked.
pub fn is_open_to_all(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let real = real_path(path);
        let has = |path: &Path, bit: u32| std::fs::metadata(path).is_ok_and(|it| it.mode() & bit != 0);
        has(&real, 0o004) && real.ancestors().skip(1).all(|folder| has(folder, 0o001))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        true
    }
}

/// The permission bits of a file; on Windows none.
pub fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether a file may be read by others than its owner. Decided before its first byte is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Mode 0600.
    Private,
    /// Mode 0644.
    Public,
}

/// Why a file could not be written. The old one is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It does not hold any more what it is expected to hold.
    #[error("another program has changed it in the meantime")]
    Changed,
    /// A link that leads nowhere, so that nobody knows where the file is to be.
    #[error("what stands there is a link that leads nowhere")]
    DeadLink,
    /// A link that somebody else has put into a folder where everyone may: it could lead to any file of ours.
    #[error("what stands there is a link of another user, in a folder that everyone may write to")]
    ForeignLink,
    /// What stands there is not a file.
    #[error("what stands there is not a file")]
    NotAFile,
    /// The system refuses.
    #[error("{0}")]
    Refused(#[from] io::Error),
}

/// A folder for one run, below the system's folder for such things: nobody else may look into it, and it is gone with all
/// that lies in it when this is dropped.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes one, empty.
    ///
    /// # Errors
    /// What the system says.
    pub fn new() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("certman-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        Ok(Self(builder.tempdir()?))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Adds to the end of a file that is there, in one piece, so that what others add at the same time stays whole.
/// A line that is open there is ended first.
///
/// # Errors
/// For what is not a file, and what the system says.
pub fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut file = OpenOptions::new().append(true).read(true).open(path)?;
    // A line that somebody has left open would swallow the first of ours.
    let mut last = [b'\n'];
    if file.seek(io::SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    file.write_all(bytes)
}

/// A file that is being written beside the one it will replace. Dropped without [`Draft::publish`], it is gone.
pub struct Draft {
    destination: PathBuf,
    file: NamedTempFile,
}

impl Draft {
    /// Starts a draft for `path`. Where that is a link, the file it leads to will be replaced. Folders that are missing are
    /// made, with mode 0700. The mode of the file does not depend on the umask.
    ///
    /// # Errors
    /// Where something that is not a file stands there, or a stranger's link in a folder like `/tmp`, and what the system
    /// says.
    pub fn beside(path: &Path, kind: Kind) -> Result<Self, WriteError> {
        let destination = match std::fs::symlink_metadata(path) {
            Ok(link) if link.is_symlink() && is_trap(path, &link) => return Err(WriteError::ForeignLink),
            Ok(link) if link.is_symlink() => match std::fs::canonicalize(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(WriteError::DeadLink),
                other => other?,
            },
            _ => path.to_owned(),
        };
        if std::fs::metadata(&destination).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(WriteError::NotAFile);
        }
        let name = destination.file_name().ok_or(WriteError::NotAFile)?;
        let folder = match destination.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        create_folders(folder, PRIVATE_FOLDER)?;
        let prefix = prefix_of_drafts(name);
        sweep(folder, &prefix);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).rand_bytes(DRAFT_RANDOM).suffix(DRAFT_SUFFIX);
        let file = builder.tempfile_in(folder)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = if kind == Kind::Private { 0o600 } else { 0o644 };
            file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
        }
        #[cfg(not(unix))]
        let _ = kind;
        Ok(Self { destination, file })
    }

    /// As [`Draft::beside`], with owner and mode of the file that is there; `kind` is for a new one.
    ///
    /// # Errors
    /// As [`Draft::beside`], and where the owner of the file cannot be kept.
    pub fn like(path: &Path, kind: Kind) -> Result<Self, WriteError> {
        let draft = Self::beside(path, kind)?;
        #[cfg(unix)]
        if let Ok(there) = std::fs::metadata(&draft.destination) {
            use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
            let file = draft.file.as_file();
            let own = file.metadata()?;
            let (owner, group) = (there.uid(), there.gid());
            if (own.uid(), own.gid()) != (owner, group) {
                fchown(file, (own.uid() != owner).then_some(owner), Some(group))?;
            }
            file.set_permissions(std::fs::Permissions::from_mode(there.mode() & 0o7777))?;
        }
        Ok(draft)
    }

    /// Writes more.
    ///
    /// # Errors
    /// What the system says: a full disk, for one.
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        Ok(self.file.write_all(bytes)?)
    }

    /// What has been written so far, read again from the start.
    ///
    /// # Errors
    /// What the system says.
    pub fn read_back(&mut self) -> Result<impl Read + use<>, WriteError> {
        Ok(self.file.reopen()?)
    }

    /// Puts the draft in the place of the old file: from then on every reader sees the new one whole, also after a power
    /// cut.
    ///
    /// # Errors
    /// What the system says; the old file is as it was.
    pub fn publish(self) -> Result<(), WriteError> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.destination).map_err(|failed| failed.error)?;
        sync_folder_of(&self.destination);
        Ok(())
    }

    /// Puts two drafts for the same folder in their places with nothing in between: files that belong together, such as a
    /// certificate and its key. All the waiting for the disk is done before the first and after the second.
    ///
    /// # Errors
    /// What the system says. Where only the second could not be put in its place, the first is the new one already.
    pub fn publish_both(first: Self, second: Self) -> Result<(), WriteError> {
        first.file.as_file().sync_all()?;
        second.file.as_file().sync_all()?;
        first.file.persist(&first.destination).map_err(|failed| failed.error)?;
        second.file.persist(&second.destination).map_err(|failed| failed.error)?;
        sync_folder_of(&second.destination);
        Ok(())
    }

    /// As [`Draft::publish`], but never in the place of another file: that one stays, and is an error of the kind
    /// `AlreadyExists`.
    ///
    /// # Errors
    /// What the system says.
    pub fn publish_new(self) -> Result<(), WriteError> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.destination).map_err(|failed| failed.error)?;
        sync_folder_of(&self.destination);
        Ok(())
    }

    /// As [`Draft::publish`], where the file still holds what it is expected to hold; with none, where there still is none.
    /// It is asked at the last moment, when all that takes time is done.
    ///
    /// # Errors
    /// [`WriteError::Changed`] where that is not so, and what the system says.
    pub fn publish_over(self, expected: Option<&[u8]>) -> Result<(), WriteError> {
        let Some(expected) = expected else {
            return match self.publish_new() {
                Err(WriteError::Refused(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                    Err(WriteError::Changed)
                }
                other => other,
            };
        };
        self.file.as_file().sync_all()?;
        if !holds(&self.destination, expected) {
            return Err(WriteError::Changed);
        }
        self.file.persist(&self.destination).map_err(|failed| failed.error)?;
        sync_folder_of(&self.destination);
        Ok(())
    }
}

/// Removes a file that holds what it is expected to hold.
///
/// # Errors
/// [`WriteError::Changed`] where it holds something else, or is a link, and what the system says.
pub fn remove_expected(path: &Path, expected: &[u8]) -> Result<(), WriteError> {
    if !is_plain_file(path) || !holds(path, expected) {
        return Err(WriteError::Changed);
    }
    std::fs::remove_file(path)?;
    sync_folder_of(path);
    Ok(())
}

/// Whether a stream gives exactly this.
pub fn is_content(mut stream: impl Read, content: &[u8]) -> bool {
    // One byte more than was written, so that the buffer does not grow whatever is there.
    let mut read = Zeroizing::new(Vec::with_capacity(content.len() + 1));
    let limit = content.len() as u64 + 1;
    (&mut stream).take(limit).read_to_end(&mut read).is_ok() && *read == content
}

/// Whether something stands there, be it a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Whether a regular file stands there, and no link to one.
pub fn is_plain_file(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether a file holds exactly this.
pub fn holds(path: &Path, content: &[u8]) -> bool {
    read_secret(path, content.len()).is_ok_and(|there| *there == content)
}

/// Makes a folder and those above it that are missing, for everyone to read: mode 0755, whatever the umask.
///
/// # Errors
/// What the system says.
pub fn create_public_folders(folder: &Path) -> io::Result<()> {
    create_folders(folder, PUBLIC_FOLDER)
}

/// Puts two drafts in their places, with nothing but one rename between the two moments: whoever reads both files meets a new one
/// beside an old one only in that moment. Both are on the disk before the first is renamed.
///
/// # Errors
/// What the system says. Where it is the second that fails, the first is in its place.
pub fn publish_both(first: Draft, second: Draft) -> Result<(), WriteError> {
    first.file.as_file().sync_all()?;
    second.file.as_file().sync_all()?;
    first.file.persist(&first.destination).map_err(|failed| failed.error)?;
    second.file.persist(&second.destination).map_err(|failed| failed.error)?;
    sync_folder_of(&first.destination);
    sync_folder_of(&second.destination);
    Ok(())
}

/// Removes a file. One that is not there is no error.
///
/// # Errors
/// What the system says.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map(|()| sync_folder_of(path)),
    }
}

/// Removes a folder, where nothing is in it.
///
/// # Errors
/// What the system says.
pub fn remove_empty_folder(folder: &Path) -> io::Result<()> {
    std::fs::remove_dir(folder)
}

/// A lock among certmans, on a file that is there for nothing else and stays. Let go when this is dropped, and by the system when
/// the process ends, however it ends.
pub struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Takes the lock; folders that are missing are made. None where another process has it for longer than `patience`. Where the
    /// file system knows no locks, there is none.
    ///
    /// # Errors
    /// What the system says.
    pub fn take(path: &Path, patience: Duration) -> io::Result<Option<Self>> {
        if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
            create_folders(folder, PRIVATE_FOLDER)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: Some(file) })),
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Some(Self { _file: None }));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// Whether a link is one that Linux would not follow under `fs.protected_symlinks`: in a folder that is sticky and open to
/// everyone, neither ours nor the folder's owner's. Asking where a link leads to is no following, so the system lets it be.
fn is_trap(path: &Path, link: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        let is_ours = link.uid() == rustix::process::geteuid().as_raw();
        !is_ours
            && std::fs::metadata(folder)
                .is_ok_and(|folder| folder.mode() & 0o1002 == 0o1002 && folder.uid() != link.uid())
    }
    #[cfg(not(unix))]
    {
        let _ = (path, link);
        false
    }
}

/// Makes the name of a new file last. Some file systems refuse to sync a folder; the file itself is safe by then.
fn sync_folder_of(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Makes a folder and those above it that are missing, each with this mode.
fn create_folders(folder: &Path, mode: u32) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(mode).recursive(false);
        // One by one: the umask may take away what the next one needs.
        let mut missing = Vec::new();
        for one in folder.ancestors().take_while(|one| *one != Path::new("")) {
            match std::fs::metadata(one) {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(one),
                Err(error) => return Err(error),
            }
        }
        for one in missing.into_iter().rev() {
            match builder.create(one) {
                Ok(()) => std::fs::set_permissions(one, std::fs::Permissions::from_mode(mode))?,
                // Another certman was quicker; what else stands there is refused by whoever writes into it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
    #[cfg(not(unix))]
    {
        let _ = mode;
        builder.create(folder)
    }
}

/// Removes drafts that a killed process has left behind. A young one may still be somebody's; what only looks like a draft
/// is nobody's but its owner's.
fn sweep(folder: &Path, prefix: &OsStr) {
    let Ok(listing) = std::fs::read_dir(folder) else { return };
    for entry in listing.flatten() {
        if !is_draft(&entry.file_name(), prefix) {
            continue;
        }
        // Of a link this is the state of the link.
        let Ok(metadata) = entry.metadata() else { continue };
        let age = metadata.modified().map(|time| time.elapsed());
        if is_own_file(&metadata) && matches!(age, Ok(Ok(age)) if age > LONGEST_DRAFT) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a draft for the file of this prefix would have such a name.
fn is_draft(name: &OsStr, prefix: &OsStr) -> bool {
    let random = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
    let random = random.and_then(|rest| rest.strip_suffix(DRAFT_SUFFIX.as_bytes()));
    random.is_some_and(|random| random.len() == DRAFT_RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

fn is_own_file(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// Drafts are hidden, so that a folder that serves as a source is not read with one in it.
fn prefix_of_drafts(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

const PRIVATE_FOLDER: u32 = 0o700;
const PUBLIC_FOLDER: u32 = 0o755;
/// How many random letters and digits tell the drafts of one file apart.
const DRAFT_RANDOM: usize = 6;
const DRAFT_SUFFIX: &str = ".draft";
const LOCK_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_DRAFT: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_drafts_of_the_very_file_look_like_its_drafts() {
        let prefix = prefix_of_drafts(OsStr::new("client"));
        for (name, is_one) in [
            (".client.a1B2c3.draft", true),
            // Once every file with this beginning and end was taken for one.
            (".client.my-notes.draft", false),
            (".client.pem.a1B2c3.draft", false),
            (".client.a1-2c3.draft", false),
            (".client.draft", false),
            (".client.a1B2c3.draft.bak", false),
        ] {
            assert_eq!(is_draft(OsStr::new(name), &prefix), is_one, "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::beside(&folder.path().join("client"), Kind::Private).unwrap();
        assert!(is_draft(draft.file.path().file_name().unwrap(), &prefix));
    }

    #[test]
    fn sweeping_takes_old_files_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let old = std::time::SystemTime::now() - 2 * LONGEST_DRAFT;
        for (name, is_old) in [(".x.aaaaaa.draft", true), (".x.bbbbbb.draft", false), (".x.cc.draft", true)] {
            let file = File::create(path(name)).unwrap();
            if is_old {
                file.set_modified(old).unwrap();
            }
        }
        std::fs::create_dir(path(".x.dddddd.draft")).unwrap();
        File::open(path(".x.dddddd.draft")).unwrap().set_modified(old).unwrap();
        sweep(folder.path(), &prefix_of_drafts(OsStr::new("x")));
        let is_there = |name: &str| path(name).exists();
        assert!(!is_there(".x.aaaaaa.draft"));
        assert!(is_there(".x.bbbbbb.draft") && is_there(".x.cc.draft") && is_there(".x.dddddd.draft"));
    }

    #[test]
    fn what_has_changed_meanwhile_is_neither_replaced_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/x");
        let publish = |new: &[u8], expected: Option<&[u8]>| {
            let mut draft = Draft::like(&path, Kind::Private).unwrap();
            draft.write_all(new).unwrap();
            draft.publish_over(expected)
        };
        publish(b"one", None).unwrap();
        for expected in [None, Some(&b"on"[..]), Some(b"one "), Some(b"")] {
            assert!(matches!(publish(b"two", expected), Err(WriteError::Changed)), "{expected:?}");
            assert!(holds(&path, b"one"), "{expected:?}");
        }
        publish(b"two", Some(b"one")).unwrap();
        assert!(matches!(remove_expected(&path, b"one"), Err(WriteError::Changed)));
        assert!(holds(&path, b"two") && names_in(&folder.path().join("a")).unwrap() == ["x"]);
        remove_expected(&path, b"two").unwrap();
        assert!(!is_there(&path) && matches!(publish(b"three", Some(b"two")), Err(WriteError::Changed)));
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_of_a_file_stays_and_a_link_to_it_too() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("x"), folder.path().join("link"));
        let mut draft = Draft::like(&path, Kind::Private).unwrap();
        draft.write_all(b"one").unwrap();
        draft.publish().unwrap();
        assert_eq!((mode(&path), is_open_to_all(&path)), (Some(0o600), false));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o664)).unwrap();
        std::os::unix::fs::symlink("x", &link).unwrap();
        Draft::like(&link, Kind::Private).unwrap().publish_over(Some(b"one")).unwrap();
        assert_eq!(mode(&path), Some(0o664));
        assert!(is_there(&link) && !is_plain_file(&link) && is_plain_file(&path) && holds(&link, b""));
        assert!(matches!(remove_expected(&link, b""), Err(WriteError::Changed)));
        assert_eq!(real_path(&link), real_path(folder.path()).join("x"));
        assert_eq!(real_path(&folder.path().join("no/such")), real_path(folder.path()).join("no/such"));
    }

    #[test]
    fn a_lock_is_waited_for_and_no_longer_than_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/lock");
        let first = Lock::take(&path, Duration::ZERO).unwrap().unwrap();
        assert!(Lock::take(&path, Duration::from_millis(50)).unwrap().is_none());
        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            drop(first);
        });
        assert!(Lock::take(&path, Duration::from_secs(10)).unwrap().is_some());
        release.join().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_secret_in_a_file_that_tells_no_size_is_read_whole_and_not_beyond_the_limit() {
        let about = Path::new("/proc/self/status");
        let whole = read_secret(about, 1 << 20).unwrap();
        assert!(whole.len() > 500 && whole.starts_with(b"Name:"), "{}", whole.len());
        assert!(matches!(read_secret(about, 100), Err(ReadError::TooLarge { limit: 100 })));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for (size, fits) in [(0, true), (99, true), (100, true), (101, false)] {
            std::fs::write(&path, vec![7; size]).unwrap();
            let read = read_secret(&path, 100);
            assert_eq!(read.is_ok_and(|read| read.len() == size), fits, "{size}");
        }
    }
}
