//! `certman settings apply` and `remove`: the values of `env` in Claude Code's settings files. Owns what goes in and out, and
//! the order: what differs is shown, the person asked, a note taken of what goes in, and only then a file is replaced that is
//! still the one that was read. Never puts a secret there.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::settings_show;
use super::values::{Request, Values, may_replace, values};
use crate::cli::args::settings::{ApplyArguments, EditArguments, ScopeArgument, SettingsCommand};
use crate::cli::args::{Common, LimitArguments};
use crate::cli::failure::Failure;
use crate::cli::render::{self, words};
use crate::cli::{EditEnd, Ending, Outcome, SettingsChange, SettingsEdit, Shown};
use crate::clients::roots::CERT_STORE;
use crate::config::{Settings, state_folder};
use crate::exports::{Content as Exported, VARIABLES};
use crate::pki::bundle::Place;
use crate::report::{Cause, Report};
use crate::settings::is_secret;
use crate::settings::{Difference, Document, Invalid, LIMIT, Put, Record, Scope, shown_value};
use crate::sys::Host;
use crate::sys::env::Environment;
use crate::sys::fs::{self, Draft, Kind, ReadError, WriteError};

/// Does what the words behind `settings` say.
///
/// # Errors
/// Where a file cannot be read, is no settings file, or cannot be written; it is as it was then.
pub fn run(
    command: &SettingsCommand,
    common: &Common,
    settings: &Settings,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    match command {
        SettingsCommand::Apply(arguments) => apply(arguments, common, settings, host),
        SettingsCommand::Remove(arguments) => remove(arguments, common, settings, host),
        SettingsCommand::Show => settings_show::run(settings, host),
    }
}

fn apply(
    arguments: &ApplyArguments,
    common: &Common,
    settings: &Settings,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let target = Target::new(arguments.edit.scope, host)?;
    // A file that is none is better named before anything is made for it.
    read(&target.path)?;
    let mut report = Report::default();
    let request = Request {
        limits: &LimitArguments::default(),
        no_refresh: false,
        public_only: true,
        rehearse: is_rehearsal(&arguments.edit, host),
        verify: true,
    };
    // Which roots are trusted can be set where nothing else is configured.
    let is_alone = arguments.cert_store.is_some()
        && settings.sources.is_empty()
        && settings.cert.is_none()
        && settings.key.is_none()
        && settings.proxy.is_none()
        && !settings.out.as_ref().is_some_and(|out| fs::is_there(&out.value));
    let values = if is_alone { Values::default() } else { values(&request, settings, host, &mut report)? };
    let mut wanted = wanted(&values, settings, &mut report)?;
    if let Some(store) = &arguments.cert_store {
        wanted.push((CERT_STORE, store.clone()));
    }
    let wants_java = settings.families.variables().any(|variable| variable.content == Exported::JavaOptions);
    if wants_java && values.bundle.is_some() && may_replace(settings) {
        report.find(None, Cause::SettingsJavaLeftOut);
    }
    if let Some(key) = &values.withheld_key {
        report.find(None, Cause::SettingsKeyLeftOut { key: words::path(key).into() });
    }
    let left_out = match values.withheld_key {
        Some(_) => LeftOut::Key,
        None if wants_java && may_replace(settings) => LeftOut::Java,
        None => LeftOut::Replacements,
    };
    let wish = Wish::Apply { left_out, wanted };
    edit(&wish, &target, &arguments.edit, common, host, report)
}

fn remove(
    arguments: &EditArguments,
    common: &Common,
    settings: &Settings,
    host: &mut Host,
) -> Result<Outcome, Failure> {
    let target = Target::new(arguments.scope, host)?;
    // What would be put in today goes too: the note may be lost, or have been made for another user. That something of it
    // is not to be had any more is no reason to leave the rest.
    let limits = LimitArguments::default();
    let request =
        Request { limits: &limits, no_refresh: true, public_only: true, rehearse: true, verify: false };
    let values = values(&request, settings, host, &mut Report::default()).unwrap_or_default();
    let path = |value: &Option<crate::config::Value<PathBuf>>| {
        value.as_ref().map(|value| fs::without_parents(&value.value))
    };
    let values = Values {
        bundle: values.bundle.or_else(|| path(&settings.out)),
        certificate: path(&settings.cert),
        key: path(&settings.key),
        ..values
    };
    let expected = wanted(&values, settings, &mut Report::default()).unwrap_or_default();
    let wish = Wish::Remove { expected };
    edit(&wish, &target, arguments, common, host, Report::default())
}

/// What is to become of the variables.
enum Wish {
    Apply {
        /// What is missing, where nothing is wanted.
        left_out: LeftOut,
        wanted: Vec<(&'static str, String)>,
    },
    Remove {
        /// What certman would put there today.
        expected: Vec<(&'static str, String)>,
    },
}

/// Why nothing of what is configured may stand in a settings file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    /// The options are not certman's alone.
    Java,
    /// It is sealed. Values for certificate and key from elsewhere are worth a word.
    Key,
    /// There is nothing to make them from.
    Replacements,
}

/// The values that may stand in a settings file: no secret, absolute, and text. The address of a proxy that wants a user is
/// left out where it has a password: without that it would only be refused.
fn wanted(
    values: &Values,
    settings: &Settings,
    report: &mut Report,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let has_password = settings.proxy.as_ref().is_some_and(|proxy| proxy.password.value.is_some());
    let mut wanted = Vec::new();
    // An address goes into several variables, and is worth one word.
    let mut left_out: Vec<String> = Vec::new();
    // Options for Java are not certman's alone: what others have set in this environment is in them.
    let is_ours = |content| !is_secret(content) && content != Exported::JavaOptions;
    for variable in settings.families.variables().filter(|variable| is_ours(variable.content)) {
        let Some(value) = values.value(variable.content) else { continue };
        let Ok(text) = str::from_utf8(value) else {
            let shown = words::path(Path::new(String::from_utf8_lossy(value).as_ref()));
            return Err(Failure::new(format!("{shown} is not UTF-8, and JSON can hold nothing else"))
                .hint("give the file another name"));
        };
        if settings_show::is_path(variable.name) && !Path::new(text).is_absolute() {
            return Err(Failure::new(format!("{} is not an absolute path", words::path(Path::new(text))))
                .hint("name it from the root of the file system: settings files count in every folder"));
        }
        let (shown, is_secret) = shown_value(variable.name, text);
        if is_secret || has_password && shown != text {
            if !left_out.contains(&shown) {
                let value = shown.as_str().into();
                report.find(None, Cause::SettingsProxyLeftOut { name: variable.name, value });
                left_out.push(shown);
            }
            continue;
        }
        wanted.push((variable.name, text.to_owned()));
    }
    Ok(wanted)
}

/// The settings file that is to be edited.
struct Target {
    path: PathBuf,
    /// How the note has it: where the path leads in the end.
    real: String,
    scope: Scope,
}

impl Target {
    fn new(scope: ScopeArgument, host: &Host) -> Result<Self, Failure> {
        let scope = match scope {
            ScopeArgument::Local => Scope::Local,
            ScopeArgument::Managed => Scope::Managed,
            ScopeArgument::Project => Scope::Project,
            ScopeArgument::User => Scope::User,
        };
        let path = match scope {
            Scope::Local => host.current_folder.join(".claude").join("settings.local.json"),
            Scope::Managed => host.managed_settings.join(MANAGED_FOLDER).join(MANAGED_NAME),
            Scope::Project => host.current_folder.join(".claude").join("settings.json"),
            Scope::User => user_settings(&host.environment, &host.current_folder).ok_or_else(|| {
                Failure::new("there is no home folder to look for settings in")
                    .hint("set HOME or CLAUDE_CONFIG_DIR, or name another --scope")
            })?,
        };
        if !path.is_absolute() {
            return Err(Failure::new("the current folder is gone").hint("change to another one"));
        }
        Ok(Self { real: fs::real_path(&path).to_string_lossy().into_owned(), path, scope })
    }
}

/// The user's settings: below `CLAUDE_CONFIG_DIR` where that is set, else below `~/.claude`.
pub(super) fn user_settings(environment: &Environment, current_folder: &Path) -> Option<PathBuf> {
    let configured = environment.value("CLAUDE_CONFIG_DIR").map(|folder| current_folder.join(folder));
    let folder = configured.or_else(|| Some(environment.home()?.join(".claude")))?;
    Some(folder.join("settings.json"))
}

/// Whether nothing is to be written, come what may.
fn is_rehearsal(arguments: &EditArguments, host: &Host) -> bool {
    arguments.dry_run || !arguments.yes && !host.terminal.is_present()
}

/// The steps that both have in common.
fn edit(
    wish: &Wish,
    target: &Target,
    arguments: &EditArguments,
    common: &Common,
    host: &mut Host,
    mut report: Report,
) -> Result<Outcome, Failure> {
    let notes = state_folder(&host.environment).map(|folder| Notes { folder });
    let is_rehearsal = is_rehearsal(arguments, host);
    let mut plan = Plan::of(wish, target, notes.as_ref())?;
    if let Wish::Apply { left_out, wanted } = wish
        && wanted.is_empty()
        && !plan.is_change()
    {
        let (why, hint) = match left_out {
            LeftOut::Java => ("JAVA_TOOL_OPTIONS is not certman's alone", words::JAVA_LEFT_OUT),
            LeftOut::Key => ("the client key is sealed", words::KEY_LEFT_OUT),
            LeftOut::Replacements => {
                ("no source is configured to make the full bundle from", words::NO_SOURCES)
            }
        };
        return Err(
            Failure::new(format!("there is nothing that may stand in a settings file: {why}")).hint(hint)
        );
    }
    let mut end = match (plan.is_change(), arguments.dry_run) {
        (false, _) => EditEnd::Unchanged,
        (true, true) => EditEnd::DryRun,
        (true, false) => EditEnd::NobodyToAsk,
    };
    let (mut backup, mut backups_left) = (None, Vec::new());
    let is_asked = plan.is_change() && !is_rehearsal && !arguments.yes;
    if is_asked {
        // What is wrong, or left out, belongs to what the person answers.
        note(wish, &mut plan, target, host, &mut report);
        if !common.is_json() {
            render::remarks(&report, common, host);
        }
    }
    if plan.is_change() && !is_rehearsal {
        if is_asked && !is_confirmed(&plan, target, common, host)? {
            end = EditEnd::Declined;
        } else {
            // Not before: while a person thinks, nobody else has to wait.
            let _lock = lock_of(notes.as_ref())?;
            let again = Plan::of(wish, target, notes.as_ref())?;
            if is_asked && again.before != plan.before {
                return Err(write_failure(target, &target.path, &WriteError::Changed));
            }
            plan = again;
            end = plan.end();
            if end != EditEnd::Unchanged {
                backup = plan.commit(target, notes.as_ref())?;
            }
            if matches!(wish, Wish::Remove { .. }) {
                backups_left = sweep_backups(target, plan.after.as_ref());
            }
        }
    }
    if !is_asked {
        note(wish, &mut plan, target, host, &mut report);
    }
    Ok(Outcome {
        ending: Ending::Doing { is_done: !matches!(end, EditEnd::Declined | EditEnd::NobodyToAsk) },
        report,
        shown: Shown::SettingsEdit(SettingsEdit {
            backup,
            backups_left,
            changes: plan.changes,
            difference: (!is_asked).then_some(plan.difference),
            end,
            is_apply: matches!(wish, Wish::Apply { .. }),
            path: target.path.clone(),
            scope: target.scope,
        }),
    })
}

/// Says what is worth saying about the file, and about what it is to hold.
fn note(wish: &Wish, plan: &mut Plan, target: &Target, host: &Host, report: &mut Report) {
    plan.note(target, report);
    if let Wish::Apply { wanted, .. } = wish {
        if target.scope == Scope::Managed {
            note_closed(wanted, report);
        }
        settings_show::note_stronger(wanted, &target.path, target.scope, host, report);
    }
}

/// Says which files not everyone can read whose sessions will look for them.
fn note_closed(wanted: &[(&'static str, String)], report: &mut Report) {
    for (name, value) in wanted.iter().filter(|(name, _)| settings_show::is_path(name)) {
        let path = Path::new(value);
        // Where it is missing, `show` says so.
        if fs::is_there(path) && !fs::is_open_to_all(path) {
            let place = Place { file: report.file(path.to_owned()), index: 1, line: None };
            report.find(Some(place), Cause::SettingsNotForAll { name });
        }
    }
}

fn is_confirmed(plan: &Plan, target: &Target, common: &Common, host: &Host) -> Result<bool, Failure> {
    let Plan { changes, difference, .. } = plan;
    let question = render::settings_question(&target.path, difference, changes, common, &host.environment);
    host.terminal.confirm(&question).map_err(|error| {
        Failure::new(format!("the terminal does not answer: {error}"))
            .hint("nothing was changed; say --yes where nobody is to be asked")
    })
}

/// What is to become of a settings file.
struct Plan {
    /// None where the file goes.
    after: Option<Zeroizing<Vec<u8>>>,
    /// None where there is no file.
    before: Option<Zeroizing<Vec<u8>>>,
    changes: Vec<SettingsChange>,
    difference: Difference,
    /// What stands there in the end, in so far as it is worth a word: secrets, and values that are not certman's.
    findings: Vec<Cause>,
    /// Whether something changes that certman has not put there, so that a copy is kept.
    is_foreign: bool,
    /// What is noted before the file is written, and what holds afterwards.
    puts: [Put; 2],
}

impl Plan {
    fn of(wish: &Wish, target: &Target, notes: Option<&Notes>) -> Result<Self, Failure> {
        let Loaded { bytes: before, document } = read(&target.path)?;
        let known = notes.map_or(Ok(None), |notes| notes.of(target))?;
        let is_known = known.is_some();
        let known = known.unwrap_or_default();
        let mut draft = Edit {
            changes: Vec::new(),
            document,
            findings: Vec::new(),
            is_foreign: !is_known,
            puts: [known.clone(), known.clone()],
            known,
        };
        let had_env = draft.document.has_env();
        match wish {
            Wish::Apply { left_out, wanted } => {
                draft
                    .apply(wanted, *left_out == LeftOut::Key)
                    .map_err(|invalid| not_settings(&target.path, invalid))?;
            }
            Wish::Remove { expected } => {
                draft.remove(expected, is_known).map_err(|invalid| not_settings(&target.path, invalid))?;
            }
        }
        let Edit { changes, document, mut findings, is_foreign, known, mut puts } = draft;
        let is_apply = matches!(wish, Wish::Apply { .. });
        for put in &mut puts {
            put.made_env |= is_apply && !had_env && document.has_env();
            put.made_file |= is_apply && before.is_none();
        }
        let is_to_go = !is_apply && known.made_file && document.is_empty() && fs::is_plain_file(&target.path);
        let after = match &before {
            _ if changes.is_empty() => before.clone(),
            _ if is_to_go => None,
            _ => Some(document.to_bytes()),
        };
        findings.extend(settings_show::secrets_in(&document));
        if document.has_byte_order_mark() {
            findings.push(Cause::SettingsByteOrderMark);
        }
        let public: Vec<&str> = public_names().collect();
        let text = |bytes: &Option<Zeroizing<Vec<u8>>>| {
            bytes.as_ref().map(|bytes| Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()))
        };
        let (old, new) = (text(&before), text(&after));
        let difference = Difference::between(
            old.as_ref().map(|text| text.as_str()),
            new.as_ref().map(|text| text.as_str()),
            &public,
        );
        Ok(Self { after, before, changes, difference, findings, is_foreign, puts })
    }

    /// How it ends where it is carried out.
    fn end(&self) -> EditEnd {
        match self.after {
            _ if !self.is_change() => EditEnd::Unchanged,
            Some(_) => EditEnd::Written,
            None => EditEnd::Removed,
        }
    }

    fn is_change(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Takes a note, keeps a copy where that is called for, and puts the new file in the place of the old one. Gives the place
    /// of the copy.
    fn commit(&self, target: &Target, notes: Option<&Notes>) -> Result<Option<PathBuf>, Failure> {
        let failed = |path: &Path, error: WriteError| write_failure(target, path, &error);
        let path = &target.path;
        // First the note: of what stands in a file and is not noted, nobody would know whose it is.
        if let Some(notes) = notes {
            notes.take(target, Some(&self.puts[0]))?;
        }
        let Some(after) = &self.after else {
            let before = self.before.as_ref().map_or(&[][..], |before| before);
            fs::remove_expected(path, before).map_err(|error| failed(path, error))?;
            self.settle(target, notes);
            return Ok(None);
        };
        let kind = if target.scope == Scope::Managed {
            let folder = path.parent().unwrap_or(path);
            fs::create_public_folders(folder).map_err(|error| failed(path, error.into()))?;
            Kind::Public
        } else {
            Kind::Private
        };
        let mut draft = Draft::like(path, kind).map_err(|error| failed(path, error))?;
        draft.write_all(after).map_err(|error| failed(path, error))?;
        let read_back = draft.read_back().map_err(|error| failed(path, error))?;
        if !fs::is_content(read_back, after) {
            return Err(Failure::new(format!("{} does not hold what was written to it", words::path(path)))
                .hint("nothing was changed; look at the disk"));
        }
        let backup = match &self.before {
            Some(before) if self.is_foreign => Some(keep_copy(target, before)?),
            _ => None,
        };
        if let Err(error) = draft.publish_over(self.before.as_ref().map(|before| before.as_slice())) {
            if let (Some((backup, true)), Some(before)) = (&backup, &self.before) {
                let _ = fs::remove_expected(backup, before);
            }
            return Err(failed(path, error));
        }
        self.settle(target, notes);
        Ok(backup.map(|(path, _)| path))
    }

    /// Notes what holds now. Where that fails, the note of before says more than there is, which does no harm.
    fn settle(&self, target: &Target, notes: Option<&Notes>) {
        let put = &self.puts[1];
        if let Some(notes) = notes {
            let _ = notes.take(target, (!put.variables.is_empty()).then_some(put));
        }
    }

    /// Says what is worth saying about the file.
    fn note(&mut self, target: &Target, report: &mut Report) {
        let findings = std::mem::take(&mut self.findings);
        if findings.is_empty() {
            return;
        }
        let place = Place { file: report.file(target.path.clone()), index: 1, line: None };
        for finding in findings {
            report.find(Some(place), finding);
        }
    }
}

/// A settings file while its variables change one by one.
struct Edit {
    changes: Vec<SettingsChange>,
    document: Document,
    findings: Vec<Cause>,
    is_foreign: bool,
    /// What certman has put there before.
    known: Put,
    puts: [Put; 2],
}

impl Edit {
    /// Sets what is wanted, and takes out what certman has put there and does not want any more.
    fn apply(&mut self, wanted: &[(&'static str, String)], is_key_withheld: bool) -> Result<(), Invalid> {
        for (name, value) in wanted {
            let old = self.document.entry(name);
            let old_value = old.as_ref().and_then(|old| old.value());
            if old_value == Some(value) {
                continue;
            }
            let is_ours = old_value.is_some_and(|old| self.known.holds(name, old));
            self.is_foreign |= old.is_some() && !is_ours;
            self.changed(name, old_value, Some(value));
            let both = old_value.filter(|_| is_ours).into_iter().chain([value.as_str()]);
            self.puts[0].variables.insert((*name).to_owned(), both.map(str::to_owned).collect());
            self.puts[1].variables.insert((*name).to_owned(), vec![value.clone()]);
            self.document = self.document.with(name, value)?;
        }
        let names: Vec<String> = self.known.variables.keys().cloned().collect();
        let is_wanted = |name: &str| wanted.iter().any(|(wanted, _)| *wanted == name) || name == CERT_STORE;
        for name in names.iter().filter(|name| !is_wanted(name)) {
            let Some(old) = self.document.entry(name) else { continue };
            if let Some(value) = old.value().filter(|value| self.known.holds(name, value)) {
                self.take_out(name, value)?;
            }
        }
        if is_key_withheld {
            for variable in VARIABLES.iter().filter(|variable| settings_show::is_of_identity(variable)) {
                self.note_kept(variable.name);
            }
        }
        Ok(())
    }

    /// Takes out what certman has put there, or would put there today.
    fn remove(&mut self, expected: &[(&'static str, String)], is_known: bool) -> Result<(), Invalid> {
        let names: Vec<String> =
            self.known.variables.keys().cloned().chain(public_names().map(str::to_owned)).collect();
        for (position, name) in names.iter().enumerate() {
            if names[..position].contains(name) {
                continue;
            }
            let Some(entry) = self.document.entry(name) else { continue };
            let is_ours = |value: &&str| {
                self.known.holds(name, value)
                    || expected.iter().any(|(known, expected)| known == name && expected == *value)
            };
            match entry.value().filter(is_ours) {
                Some(value) => self.take_out(name, value)?,
                None if self.known.variables.contains_key(name) || !is_known && is_variable(name) => {
                    self.note_kept(name);
                }
                None => {}
            }
        }
        // What is still there is not certman's.
        self.puts[1].variables.clear();
        Ok(())
    }

    fn take_out(&mut self, name: &str, value: &str) -> Result<(), Invalid> {
        self.changed(name, Some(value), None);
        self.puts[1].variables.remove(name);
        self.document = self.document.without(name, value, self.known.made_env)?;
        Ok(())
    }

    fn changed(&mut self, name: &str, before: Option<&str>, after: Option<&str>) {
        let shown = |value: Option<&str>| value.map(|value| shown_value(name, value).0);
        self.changes.push(SettingsChange {
            after: shown(after),
            before: shown(before),
            name: name.to_owned(),
        });
    }

    /// A value that stays although certman has nothing to do with it.
    fn note_kept(&mut self, name: &str) {
        if let Some(value) = self.document.entry(name).as_ref().and_then(|entry| entry.value()) {
            let value = shown_value(name, value).0.into();
            self.findings.push(Cause::SettingsValueKept { name: name.into(), value });
        }
    }
}

/// What certman has put into settings files, as far as that can be read.
pub(super) fn record(host: &Host) -> Record {
    let notes = state_folder(&host.environment).map(|folder| Notes { folder });
    notes.and_then(|notes| notes.read().ok()).unwrap_or_default()
}

/// Where certman notes what it has put into which settings file.
struct Notes {
    folder: PathBuf,
}

impl Notes {
    fn path(&self) -> PathBuf {
        self.folder.join("settings.json")
    }

    fn of(&self, target: &Target) -> Result<Option<Put>, Failure> {
        Ok(self.read()?.files.remove(&target.real))
    }

    /// Notes what is put into a file now; none for nothing.
    fn take(&self, target: &Target, put: Option<&Put>) -> Result<(), Failure> {
        let mut record = self.read()?;
        if record.files.get(&target.real) == put {
            return Ok(());
        }
        match put {
            Some(put) => drop(record.files.insert(target.real.clone(), put.clone())),
            None => drop(record.files.remove(&target.real)),
        }
        // Projects come and go. Of few nobody is asked whether they are still there: a disk may only be away for now.
        if record.files.len() > MANY_FILES {
            record.files.retain(|path, _| *path == target.real || fs::state(Path::new(path)).is_ok());
        }
        let path = self.path();
        let written = Draft::beside(&path, Kind::Private).and_then(|mut draft| {
            draft.write_all(&record.to_bytes())?;
            draft.publish()
        });
        written.map_err(|error| self.failed(&error.to_string()))
    }

    fn read(&self) -> Result<Record, Failure> {
        let mut bytes = Vec::new();
        let path = self.path();
        let why = match fs::read_into(&path, &mut bytes, LIMIT) {
            Ok(()) => match Record::parse(&bytes) {
                Ok(record) => return Ok(record),
                Err(why) => why,
            },
            Err(ReadError::Missing) => return Ok(Record::default()),
            Err(error) => error.to_string(),
        };
        Err(Failure::new(format!(
            "certman's own note of what it has put into settings files, {}, cannot be read: {why}",
            words::path(&path)
        ))
        .hint("move it away; `remove` then goes by what the configuration gives today"))
    }

    fn failed(&self, why: &str) -> Failure {
        Failure::new(format!(
            "no note can be taken in {} of what is put into settings files: {why}",
            words::path(&self.folder)
        ))
        .hint("nothing was changed; set XDG_STATE_HOME to a folder that can be written")
    }
}

/// Keeps other certmans from editing settings files at the same time.
fn lock_of(notes: Option<&Notes>) -> Result<Option<fs::Lock>, Failure> {
    let Some(notes) = notes else { return Ok(None) };
    match fs::Lock::take(&notes.folder.join("settings.lock"), PATIENCE) {
        Ok(Some(lock)) => Ok(Some(lock)),
        Ok(None) => Err(Failure::new("another certman is busy with settings files")
            .hint("nothing was changed; try again")),
        Err(error) => Err(notes.failed(&error.to_string())),
    }
}

/// A settings file as it was read.
struct Loaded {
    /// None where there is no file.
    bytes: Option<Zeroizing<Vec<u8>>>,
    document: Document,
}

/// Reads a settings file; one that is not there has no settings.
fn read(path: &Path) -> Result<Loaded, Failure> {
    let bytes = match fs::read_secret(path, LIMIT) {
        Ok(bytes) => Some(bytes),
        Err(ReadError::Missing) => None,
        Err(error) => {
            return Err(Failure::new(format!("{} cannot be read: {error}", words::path(path)))
                .hint("nothing was changed; look at what stands there, or name another --scope"));
        }
    };
    match Document::parse(bytes.as_ref().map_or(&[], |bytes| bytes)) {
        Ok(document) => Ok(Loaded { bytes, document }),
        Err(invalid) => Err(not_settings(path, invalid)),
    }
}

fn not_settings(path: &Path, invalid: Invalid) -> Failure {
    Failure::new(format!("{}: {}", words::path(path), words::invalid_settings(invalid)))
        .hint(format!("nothing was changed; {}", words::invalid_settings_fix(invalid)))
}

/// Keeps a copy of the file beside it, where there is none like it yet, and says whether it is new. Older copies stay.
fn keep_copy(target: &Target, before: &[u8]) -> Result<(PathBuf, bool), Failure> {
    let mut free = None;
    for path in backups(target) {
        if fs::holds(&path, before) {
            return Ok((path, false));
        }
        if free.is_none() && !fs::is_there(&path) {
            free = Some(path);
        }
    }
    let Some(path) = free else {
        return Err(Failure::new(format!(
            "there are already {MOST_BACKUPS} backups of {}",
            words::path(&target.path)
        ))
        .hint(format!("nothing was changed; move them away: their names end in {BACKUP_SUFFIX}")));
    };
    let mut copy =
        Draft::beside(&path, Kind::Private).map_err(|error| write_failure(target, &path, &error))?;
    copy.write_all(before).map_err(|error| write_failure(target, &path, &error))?;
    copy.publish_new().map_err(|error| write_failure(target, &path, &error))?;
    Ok((path, true))
}

/// Removes the backups that hold what the file holds again, and gives those that hold something else.
fn sweep_backups(target: &Target, after: Option<&Zeroizing<Vec<u8>>>) -> Vec<PathBuf> {
    let there = backups(target).filter(|path| fs::is_there(path));
    let stays = |path: &PathBuf| after.is_none_or(|after| fs::remove_expected(path, after).is_err());
    there.filter(stays).collect()
}

/// The names that backups may have.
fn backups(target: &Target) -> impl Iterator<Item = PathBuf> {
    let name = target.path.file_name().unwrap_or_default().to_owned();
    let folder = target.path.parent().unwrap_or(Path::new("")).to_owned();
    (1..=MOST_BACKUPS).map(move |number| {
        let mut name = OsString::from(&name);
        name.push(BACKUP_SUFFIX);
        if number > 1 {
            name.push(format!("-{number}"));
        }
        folder.join(name)
    })
}

fn write_failure(target: &Target, path: &Path, error: &WriteError) -> Failure {
    let hint = match error {
        WriteError::Changed => "nothing was written; run it again",
        WriteError::DeadLink => "nothing was changed; make the file that the link names, or remove the link",
        WriteError::ForeignLink => "nothing was changed; look who has put the link there",
        WriteError::NotAFile => "nothing was changed; look at what stands there, or name another --scope",
        WriteError::Refused(error) => match error.kind() {
            io::ErrorKind::PermissionDenied if target.scope == Scope::Managed => {
                "nothing was changed; these settings need the rights of an administrator: run it with sudo"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "nothing was changed; the file, its owner and its folder must be yours to write"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "nothing was changed; make room on the disk"
            }
            _ => "nothing was changed",
        },
    };
    Failure::new(format!("{} cannot be written: {error}", words::path(path))).hint(hint)
}

/// Variables that certman may put into a settings file.
fn public_names() -> impl Iterator<Item = &'static str> {
    let exported = VARIABLES.iter().filter(|variable| !is_secret(variable.content));
    exported.map(|variable| variable.name).chain([CERT_STORE])
}

fn is_variable(name: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.name == name)
}

const BACKUP_SUFFIX: &str = ".certman-backup";
/// Where certman writes for everyone, below the folder that the host knows.
pub(super) const MANAGED_FOLDER: &str = "managed-settings.d";
const MANAGED_NAME: &str = "50-certman.json";
/// From so many on, files that are gone are forgotten.
const MANY_FILES: usize = 100;
const MOST_BACKUPS: usize = 9;
/// How long another certman is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
