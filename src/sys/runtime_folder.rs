//! Folders for what lives as long as one process: private, marked with the process that they are for, and gone after it.
//!
//! Owns where they lie, who may look into them, and when they are removed. What is put into them is written by
//! [`fs`](super::fs), and not known here.
#![expect(clippy::disallowed_methods, reason = "its own folders are listed and removed here")]

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};

use super::env::Environment;
use super::fs::{Draft, Kind, WriteError};
use super::process::identity::Identity;

/// The folder that holds one folder for each process: `$XDG_RUNTIME_DIR/certman`, or `certman-UID` in the folder for
/// temporary files.
pub struct RuntimeFolder {
    path: PathBuf,
}

impl RuntimeFolder {
    /// Finds the place, and makes it where it is missing. `XDG_RUNTIME_DIR` counts where it is as the XDG Base Directory
    /// Specification (0.8) wants it: absolute, a folder and no link, this user's, and not to be written to by others. It is
    /// often somebody else's after `su` or `sudo -E`; then the temporary folder serves, as where it is not set at all.
    ///
    /// # Errors
    /// Where it is not private, and what the system says.
    pub fn open(environment: &Environment) -> Result<Self, Error> {
        let runtime = environment.value("XDG_RUNTIME_DIR").map(Path::new);
        let runtime =
            runtime.filter(|path| path.is_absolute() && access(path).is_ok_and(|it| it.is_private()));
        let path = match runtime {
            Some(folder) => folder.join("certman"),
            None => temporary_folder(environment)?.join(own_name()),
        };
        match make(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::Refused { error, path }),
        }
        match access(&path) {
            Ok(access) if access.is_private() => Ok(Self { path }),
            Ok(access) => Err(Error::NotPrivate { access, path }),
            Err(error) => Err(Error::Refused { error, path }),
        }
    }

    /// Removes the folders whose processes have ended without doing so: they were killed. What is in use by anyone, in doubt,
    /// or not of this making stays.
    pub fn sweep(&self) {
        let Ok(listing) = std::fs::read_dir(&self.path) else { return };
        for entry in listing.flatten().take(MOST_FOLDERS) {
            let name = entry.file_name();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && owner(&name).is_some_and(|owner| has_ended(&owner, &entry.path())) {
                remove(&entry.path());
            }
        }
    }

    /// Whether a file lies in a folder here that is still in use.
    pub fn has_in_use(&self, file: &Path) -> bool {
        let Some(folder) = file.parent().filter(|folder| folder.parent() == Some(&self.path)) else {
            return false;
        };
        let owner = folder.file_name().and_then(owner);
        owner.is_some_and(|owner| !has_ended(&owner, folder)) && file.is_file()
    }

    /// Makes a folder for this process, mode 0700. It is removed when it is dropped.
    ///
    /// # Errors
    /// What the system says.
    pub fn folder(&self) -> Result<PrivateFolder, Error> {
        let mut random = [0; 4];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::NoRandom)?;
        let owner = Identity::of(std::process::id()).map(|owner| owner.to_string());
        // Where the system does not tell who we are, the name says so, and nobody sweeps it.
        let owner = owner.unwrap_or_else(|| "unknown".to_owned());
        // The name says whose it is from the first moment on: there is no time at which it could be swept.
        let path = self.path.join(format!("{owner}-{:08x}", u32::from_be_bytes(random)));
        make(&path).map_err(|error| Error::Refused { error, path: path.clone() })?;
        Ok(PrivateFolder { path })
    }
}

/// A folder of this process alone, and of the program that this process becomes: that one is swept after it.
pub struct PrivateFolder {
    path: PathBuf,
}

impl PrivateFolder {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes that another process needs it too: it is not swept while that one runs, whatever happens to this one.
    ///
    /// # Errors
    /// What the system says.
    pub fn lend_to(&self, id: u32) -> Result<(), WriteError> {
        // One that has ended already needs nothing.
        let Some(borrower) = Identity::of(id) else { return Ok(()) };
        let mut draft = Draft::beside(&self.path.join(BORROWER), Kind::Private)?;
        draft.write_all(borrower.to_string().as_bytes())?;
        draft.publish()
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Why there is no private folder.
#[derive(Debug)]
pub enum Error {
    /// The generator of random numbers failed.
    NoRandom,
    /// Somebody else could look into it or put something there.
    NotPrivate {
        /// Who may do what.
        access: Access,
        /// Its path.
        path: PathBuf,
    },
    /// Others may rename what is in the folder for temporary files.
    OpenToAll {
        /// Its path.
        path: PathBuf,
    },
    /// The system refuses.
    Refused {
        /// What it says.
        error: io::Error,
        /// The path.
        path: PathBuf,
    },
}

/// What stands at a path itself, links not followed, and who may do what with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whether it is a folder, and no link to one.
    pub is_folder: bool,
    /// Whether it belongs to the user who runs this process.
    pub is_own: bool,
    /// The permission bits.
    pub mode: u32,
}

impl Access {
    /// Whether nobody else can put anything there or take it away.
    fn is_private(&self) -> bool {
        self.is_folder && self.is_own && self.mode & 0o022 == 0
    }
}

#[cfg(unix)]
fn access(path: &Path) -> io::Result<Access> {
    use std::os::unix::fs::MetadataExt;

    let metadata = std::fs::symlink_metadata(path)?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok(Access { is_folder: metadata.is_dir(), is_own, mode: metadata.mode() & 0o7777 })
}

/// On Windows the folder for temporary files is in the profile of the user, and closed to others by that.
#[cfg(not(unix))]
fn access(path: &Path) -> io::Result<Access> {
    Ok(Access { is_folder: std::fs::symlink_metadata(path)?.is_dir(), is_own: true, mode: 0o700 })
}

/// `TMPDIR` where it is absolute, else `/tmp`; on Windows what the system says. In a folder where everyone may write, the
/// sticky bit keeps others from taking away what is ours.
fn temporary_folder(environment: &Environment) -> Result<PathBuf, Error> {
    let named = environment.value("TMPDIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let path = named.unwrap_or_else(|| if cfg!(unix) { "/tmp".into() } else { std::env::temp_dir() });
    // A link is the administrator's way to have it elsewhere, as on macOS.
    let real = std::fs::canonicalize(&path).map_err(|error| Error::Refused { error, path: path.clone() })?;
    match access(&real) {
        Ok(access) if access.mode & 0o022 != 0 && access.mode & 0o1000 == 0 => {
            Err(Error::OpenToAll { path: real })
        }
        Ok(_) => Ok(real),
        Err(error) => Err(Error::Refused { error, path: real }),
    }
}

fn own_name() -> String {
    #[cfg(unix)]
    return format!("certman-{}", rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    "certman".to_owned()
}

/// Makes a folder that must not be there yet, mode 0700 whatever the umask.
fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(false);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Removes a folder with what is in it; links in it are not followed. What remains is swept another time.
fn remove(path: &Path) {
    let _ = std::fs::remove_dir_all(path);
}

/// The process that a folder of this name is for.
fn owner(name: &OsStr) -> Option<Identity> {
    name.to_str()?.rsplit_once('-')?.0.parse().ok()
}

/// Whether nobody needs the folder any more.
fn has_ended(owner: &Identity, folder: &Path) -> bool {
    let mut text = Vec::new();
    let borrower = super::fs::read_into(&folder.join(BORROWER), &mut text, 256).ok();
    let borrower = borrower.and_then(|()| str::from_utf8(&text).ok()?.parse::<Identity>().ok());
    let is_over = |process: &Identity| process.is_running() == Some(false);
    is_over(owner) && borrower.as_ref().is_none_or(is_over)
}

/// The file that names the other process that needs the folder.
const BORROWER: &str = "process";
/// So many folders are looked at in one run.
const MOST_FOLDERS: usize = 1_000;
