//! A Secret Service of the test's own: a private D-Bus daemon with no service directory, and on it a real
//! gnome-keyring-daemon, or a stand-in that misbehaves. Up in about 0.1 s; any number run side by side.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A private session bus and what runs on it. All of it ends with the value.
pub(crate) struct SecretService {
    folder: tempfile::TempDir,
    processes: Vec<Child>,
}

impl SecretService {
    /// A bus on which a gnome-keyring-daemon offers an unlocked default keyring.
    pub(crate) fn start() -> Self {
        let mut service = Self::bus_only();
        service.run_gnome_keyring("--unlock");
        service
    }

    /// A bus on which a gnome-keyring-daemon has no default keyring, as on a machine nobody has logged in to.
    pub(crate) fn start_without_collection() -> Self {
        let mut service = Self::bus_only();
        service.run_gnome_keyring("--start");
        service
    }

    /// A bus on which something owns the name of the Secret Service, takes calls, and never answers one.
    pub(crate) fn start_hanging(python: &Path) -> Self {
        let mut service = Self::bus_only();
        service.run_python(python, HANGING_SERVICE);
        service.wait_for_owner("org.freedesktop.secrets");
        service
    }

    /// A bus with nobody on it.
    pub(crate) fn bus_only() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut service = Self { folder, processes: Vec::new() };
        for name in ["run", "home"] {
            private_folder(&service.folder.path().join(name));
        }
        let configuration = service.folder.path().join("bus.conf");
        std::fs::write(
            &configuration,
            format!(
                r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>{}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"#,
                service.address()
            ),
        )
        .unwrap();
        let mut command = service.command("dbus-daemon");
        command.arg("--config-file").arg(configuration).args(["--nofork", "--nopidfile"]);
        service.spawn(command);
        let socket = service.folder.path().join("bus");
        wait_until("the bus", || socket.exists());
        service
    }

    /// The value of `DBUS_SESSION_BUS_ADDRESS`.
    pub(crate) fn address(&self) -> String {
        format!("unix:path={}", self.folder.path().join("bus").display())
    }

    /// A command with only this bus in its environment, and nothing to read or to be seen.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("DBUS_SESSION_BUS_ADDRESS", self.address())
            .env("HOME", self.folder.path().join("home"))
            // secret-tool takes its arguments in the encoding of the locale.
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("XDG_DATA_HOME", self.folder.path().join("home"))
            .env("XDG_RUNTIME_DIR", self.folder.path().join("run"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Locks the default keyring. It cannot be unlocked again: start another service instead.
    pub(crate) fn lock(&self) {
        let locked = self
            .command("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
                "/org/freedesktop/secrets",
            ])
            .arg("org.freedesktop.Secret.Service.Lock")
            .arg("array:objpath:/org/freedesktop/secrets/collection/login")
            .status()
            .unwrap();
        assert!(locked.success());
    }

    /// Puts a prompter on the bus that takes every request to ask the person, and never does.
    pub(crate) fn add_silent_prompter(&mut self, python: &Path) {
        self.run_python(python, SILENT_PROMPTER);
        self.wait_for_owner("org.gnome.keyring.SystemPrompter");
    }

    /// What `secret-tool lookup` prints for these attributes; none where it finds nothing.
    pub(crate) fn look_up(&self, attributes: &[&str]) -> Option<Vec<u8>> {
        let output = self
            .command("secret-tool")
            .arg("lookup")
            .args(attributes)
            .stdout(Stdio::piped())
            .output()
            .unwrap();
        output.status.success().then_some(output.stdout)
    }

    /// Stores with `secret-tool store`, as a person would.
    pub(crate) fn put(&self, attributes: &[&str], secret: &[u8]) {
        let mut command = self.command("secret-tool");
        command.args(["store", "--label=by hand"]).args(attributes);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), secret).unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn run_gnome_keyring(&mut self, how: &str) {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", how, "--components=secrets"]).stdin(Stdio::piped());
        self.spawn(command);
        let stdin = self.processes.last_mut().unwrap().stdin.take();
        if how == "--unlock" {
            std::io::Write::write_all(&mut stdin.unwrap(), b"test").unwrap();
        }
        self.wait_for_owner("org.freedesktop.secrets");
    }

    fn run_python(&mut self, python: &Path, script: &str) {
        let mut command = self.command(python.to_str().unwrap());
        command.args(["-c", script]);
        self.spawn(command);
    }

    fn spawn(&mut self, mut command: Command) {
        self.processes.push(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")));
    }

    fn wait_for_owner(&self, name: &str) {
        wait_until(name, || {
            let output = self
                .command("dbus-send")
                .args(["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus"])
                .args(["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner"])
                .arg(format!("string:{name}"))
                .stdout(Stdio::piped())
                .output()
                .unwrap();
            String::from_utf8_lossy(&output.stdout).contains("true")
        });
    }
}

impl Drop for SecretService {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The first Python that has the modules `dbus` and `gi`: the system's, where another one stands before it in `PATH`.
pub(crate) fn python_with_dbus() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("python3")).find(|python| {
        let mut command = Command::new(python);
        command.args(["-c", "import dbus, gi"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}

fn private_folder(path: &Path) {
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(path).unwrap();
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} did not come up");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Takes the name, and the calls, and sleeps in the first of them, `OpenSession`.
const HANGING_SERVICE: &str = r#"
import time, dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
class Service(dbus.service.Object):
    @dbus.service.method("org.freedesktop.Secret.Service", in_signature="sv", out_signature="vo")
    def OpenSession(self, algorithm, value):
        time.sleep(3600)
service = Service(bus, "/org/freedesktop/secrets")
name = dbus.service.BusName("org.freedesktop.secrets", bus)
GLib.MainLoop().run()
"#;

/// Takes requests for a prompt and never calls back.
const SILENT_PROMPTER: &str = r#"
import dbus, dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
class Prompter(dbus.service.Object):
    @dbus.service.method("org.gnome.keyring.internal.Prompter", in_signature="o", out_signature="")
    def BeginPrompting(self, callback):
        pass
prompter = Prompter(bus, "/org/gnome/keyring/Prompter")
name = dbus.service.BusName("org.gnome.keyring.SystemPrompter", bus)
GLib.MainLoop().run()
"#;
