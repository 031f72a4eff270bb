//! Every dialect of `certman::shell`, carried out by the real program that reads it.
//!
//! The values come back from the environment of a child process, byte for byte. The sh family runs in a
//! folder full of files that the values, written carelessly, would match.
#![expect(clippy::disallowed_methods, reason = "these tests write the files that the shells read")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use certman::shell::{Reason, Shell, Statement, failure, script};
use tempfile::TempDir;

use crate::support::{Sandbox, bare, program, python, set_mode};

#[test]
fn both_forms_of_eval_set_every_value_byte_for_byte() {
    let batches = batches(&nasty_values(300));
    for_each_sh(|reader| {
        let folder = adversarial_folder();
        for locale in LOCALES {
            let batches = batches.iter().map(|batch| batch.for_reader(reader, locale));
            for (index, batch) in batches.enumerate() {
                let text = batch.script(reader.shell);
                for form in EVAL_FORMS {
                    let case = format!("{} under {locale}, batch {index}: {form}", reader.label());
                    let output = reader.eval(&folder, &text, locale, &format!("set -eu; {form}"));
                    batch.compare(&output, &case);
                }
            }
        }
    });
}

#[test]
fn values_of_a_hundred_kibibytes_come_through() {
    let long: [Vec<u8>; 5] = [
        b"/home/a/extra.pem ".repeat(100 * 1024 / 18),
        b"*".repeat(100 * 1024),
        b"\n".repeat(100 * 1024),
        b" ".repeat(100 * 1024),
        [b"a*", "ü  '\n".repeat(100 * 1024 / 8).as_bytes(), b"\n\n"].concat(),
    ];
    let batches: Vec<Batch> = long.into_iter().map(|value| Batch::of(vec![value])).collect();
    for_each_sh(|reader| {
        let folder = adversarial_folder();
        for batch in &batches {
            for form in EVAL_FORMS {
                let output = reader.eval(&folder, &batch.script(reader.shell), "C.UTF-8", form);
                batch.compare(&output, &format!("{}: {form}", reader.label()));
            }
        }
    });
}

#[test]
fn the_quoted_form_does_not_look_at_ifs_and_the_unquoted_one_takes_any_that_is_white() {
    let batches = batches(&nasty_values(60));
    for_each_sh(|reader| {
        let folder = adversarial_folder();
        for batch in batches.iter().map(|batch| batch.for_reader(reader, "C.UTF-8")) {
            let text = batch.script(reader.shell);
            for (form, separators) in [
                ("IFS=':/=aX01'; eval \"$(cat \"$TEXT\")\"", "letters"),
                ("IFS=; eval $(cat \"$TEXT\")", "nothing"),
                ("IFS=' '; eval $(cat \"$TEXT\")", "a blank"),
                ("IFS='\n'; eval $(cat \"$TEXT\")", "a newline"),
                ("unset IFS; eval $(cat \"$TEXT\")", "unset"),
            ] {
                let output = reader.eval(&folder, &text, "C.UTF-8", form);
                batch.compare(&output, &format!("{}: IFS is {separators}", reader.label()));
            }
        }
    });
}

/// Proves that the folder, the values and the shells do find a fault: what is quoted for `eval "$(…)"` alone
/// does not come through the unquoted form.
#[test]
fn careless_quoting_is_noticed_in_every_shell() {
    for_each_sh(|reader| {
        let folder = adversarial_folder();
        for value in ["a  b", "a*b", "a\nb", "[x]"] {
            let careless = format!("export {}='{value}';\n", Batch::name(0));
            let form = "eval $(cat \"$TEXT\")";
            let environment = environment(&reader.eval(&folder, careless.as_bytes(), "C.UTF-8", form));
            // zsh joins what it has split, but matches no files in its own mode.
            let splits_only = reader.command[0] == "zsh" && !reader.command.contains(&"--emulate");
            if splits_only && !value.contains("  ") && !value.contains('\n') {
                continue;
            }
            assert_ne!(
                environment.get(Batch::name(0).as_str()).map(Vec::as_slice),
                Some(value.as_bytes()),
                "{} with {value:?}",
                reader.label()
            );
        }
    });
}

/// Whatever a shell starts shows its arguments in the process list, so no part of a value may get there. The
/// form of the family calls `printf`: it has to be a part of the shell.
#[test]
fn no_shell_starts_a_program_with_a_part_of_a_value() {
    let batches = batches(&nasty_values(20));
    for_each_sh(|reader| {
        let folder = adversarial_folder();
        // mksh has none, and that is why it has a dialect of its own. Here it shows that the spy sees.
        let needs_program = (reader.command[0], reader.shell) == ("mksh", Shell::Sh);
        for batch in batches.iter().map(|batch| batch.for_reader(reader, "C.UTF-8")) {
            fs::write(folder.path().join(TEXT), batch.script(reader.shell)).unwrap();
            for form in EVAL_FORMS {
                let code = form.replace("\"$TEXT\"", TEXT);
                let spy = Spy::new();
                let output = reader
                    .command(&folder, "C.UTF-8", &format!("{code}\n/bin/cat /proc/self/environ"))
                    .env("PATH", spy.path())
                    .output()
                    .unwrap();
                let case = format!("{}: {form}", reader.label());
                if needs_program {
                    assert!(!spy.seen().is_empty(), "{case}");
                    continue;
                }
                assert_eq!(spy.seen(), "", "{case}");
                batch.compare(&output, &case);
            }
        }
    });
}

/// mksh sets every value where no program can be found at all.
#[test]
fn mksh_needs_no_program() {
    let batches = batches(&nasty_values(20));
    for name in ["mksh", "lksh"] {
        let Some(program) = program(name) else { continue };
        let folder = adversarial_folder();
        for batch in &batches {
            fs::write(folder.path().join(TEXT), batch.script(Shell::Mksh)).unwrap();
            for form in ["eval \"$(/bin/cat text)\"", "eval $(/bin/cat text)"] {
                let output = Command::new(&program)
                    .args(["-c", &format!("set -e; PATH=/nowhere; {form}; /bin/cat /proc/self/environ")])
                    .env_clear()
                    .env("MARK", "1")
                    .current_dir(folder.path())
                    .output()
                    .unwrap();
                batch.compare(&output, &format!("{name}: {form}"));
            }
        }
    }
}

/// mksh is found out by its name, and by nothing that the user has to say.
#[test]
fn certman_env_in_mksh_hands_no_part_of_the_passphrase_to_a_program() {
    let passphrase = "it's * ~ a\\b  {geheim}";
    let sandbox = Sandbox::new();
    sandbox.copy("client.key", "keys/encrypted/ed25519.portable.pem");
    sandbox.copy("client.pem", "pki/client-ed25519.pem");
    set_mode(&sandbox.give("passphrase", passphrase), 0o600);
    sandbox.give(
        "certman.toml",
        "[client]\ncert = \"client.pem\"\nkey = \"client.key\"\npassphrase = \"file:passphrase\"\n",
    );
    for name in ["mksh", "lksh"] {
        let Some(program) = program(name) else { continue };
        for (option, is_leaked) in [("", false), ("--shell mksh", false), ("--shell sh", true)] {
            for eval in ["eval \"$($CERTMAN)\"", "eval $($CERTMAN)"] {
                let spy = Spy::new();
                let output = bare(&program)
                    .args(["-c", &format!("{eval}; /bin/cat /proc/self/environ")])
                    .env("CERTMAN", format!("{CERTMAN} --config certman.toml env {option}"))
                    .env("HOME", sandbox.home())
                    .env("PATH", spy.path())
                    // What the login shell is counts for less than what asks.
                    .env("SHELL", "/bin/bash")
                    .current_dir(sandbox.folder())
                    .output()
                    .unwrap();
                let case = format!("{name} {option}: {eval}: {output:?}");
                assert_eq!(spy.seen().contains("\\047"), is_leaked, "{case}: {}", spy.seen());
                if !is_leaked {
                    let environment = environment(&output);
                    let value = environment.get("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE").map(Vec::as_slice);
                    assert_eq!(value, Some(passphrase.as_bytes()), "{case}");
                    assert_eq!(spy.seen(), "", "{case}");
                }
            }
        }
    }
}

/// dash and yash read `$'\052'` as text: a wrong value without a word, were it not for the guard.
#[test]
fn what_is_meant_for_mksh_is_right_in_other_shells_or_fails() {
    let batch =
        Batch::of(TABLE.iter().copied().filter(|value| value.is_ascii()).map(<[u8]>::to_vec).collect());
    for_each_sh(|reader| {
        if reader.shell == Shell::Mksh {
            return;
        }
        let folder = adversarial_folder();
        let form = format!("{} || exit 9", EVAL_FORMS[0]);
        let output = reader.eval(&folder, &batch.script(Shell::Mksh), "C.UTF-8", &form);
        if ["dash", "yash"].contains(&reader.command[0]) {
            assert_eq!(output.status.code(), Some(9), "{}", reader.label());
        } else {
            batch.compare(&output, &reader.label());
        }
        // Without `|| exit`: nothing is set.
        let output = reader.eval(&folder, &batch.script(Shell::Mksh), "C.UTF-8", EVAL_FORMS[0]);
        let environment = environment(&output);
        for (index, value) in batch.values.iter().enumerate() {
            let seen = environment.get(Batch::name(index).as_str());
            assert!(seen.is_none_or(|seen| seen == value), "{}: {}", reader.label(), value.escape_ascii());
        }
    });
}

/// yash keeps variables as characters. Bytes that are none must not come through changed without a word.
#[test]
fn yash_fails_rather_than_change_what_it_cannot_hold() {
    let Some(yash) = program("yash") else { return };
    let reader = Reader { command: &["yash"], program: yash, shell: Shell::Sh };
    let folder = adversarial_folder();
    for (locale, value) in
        [("C", "ü".as_bytes()), ("C", "ü*".as_bytes()), ("C.UTF-8", b"a\xff"), ("C.UTF-8", b"*\xff\n")]
    {
        let batch = Batch::of(vec![value.to_vec()]);
        for form in EVAL_FORMS {
            let output =
                reader.eval(&folder, &batch.script(reader.shell), locale, &format!("{form} || exit 9"));
            assert!(!output.status.success(), "{value:?} under {locale}: {form}");
        }
    }
}

#[test]
fn unset_removes_what_is_there_and_does_not_mind_what_is_not() {
    let statements = [Statement::Unset { name: "THERE" }, Statement::Unset { name: "NOT_THERE" }];
    for_each_sh(|reader| {
        let text = script(reader.shell, &statements).unwrap();
        for form in EVAL_FORMS {
            let form = format!("set -eu; THERE=1; export THERE; {form}");
            let output = reader.eval(&adversarial_folder(), &text, "C", &form);
            assert!(output.status.success(), "{}: {form}: {output:?}", reader.label());
            let environment = environment(&output);
            assert!(environment.contains_key("MARK") && !environment.contains_key("THERE"));
        }
    });
}

#[test]
fn eval_fails_when_certman_failed() {
    for_each_sh(|reader| {
        for form in EVAL_FORMS {
            let form = format!("{form} || exit 9");
            let output = reader.eval(&adversarial_folder(), failure(reader.shell).as_bytes(), "C", &form);
            assert_eq!(output.status.code(), Some(9), "{}: {form}", reader.label());
        }
    });
}

#[test]
fn fish_takes_every_value_through_source_and_eval() {
    let Some(fish) = program("fish") else { return };
    let reader = Reader { command: &["fish", "--no-config"], program: fish, shell: Shell::Fish };
    let folder = adversarial_folder();
    let mut long = b"\\'\n ".repeat(25 * 1024);
    long.extend_from_slice("ü".as_bytes());
    let mut batches = batches(&nasty_values(300));
    batches.push(Batch::of(vec![long]));
    for locale in LOCALES {
        for batch in &batches {
            for form in FISH_FORMS {
                let output = reader.eval(&folder, &batch.script(Shell::Fish), locale, form);
                batch.compare(&output, &format!("fish under {locale}: {form}"));
            }
        }
    }
    for form in FISH_FORMS {
        let checked = format!("{form}; or exit 9");
        let output = reader.eval(&folder, failure(Shell::Fish).as_bytes(), "C.UTF-8", &checked);
        assert_eq!(output.status.code(), Some(9), "{form}");
        let statements = [Statement::Unset { name: "THERE" }, Statement::Unset { name: "NOT_THERE" }];
        let text = script(Shell::Fish, &statements).unwrap();
        let output = reader.eval(&folder, &text, "C.UTF-8", &format!("set -gx THERE 1; {checked}"));
        assert!(output.status.success(), "{form}: {output:?}");
        assert!(!environment(&output).contains_key("THERE"));
    }
}

/// Both csh and tcsh, and tcsh with the backslash as a quote inside of quotes.
#[test]
fn csh_takes_every_value_of_one_line() {
    let values = nasty_values(300);
    let mut said = Vec::new();
    for value in values {
        match script(Shell::Csh, &[Statement::Set { name: "X", value: &value }]) {
            Ok(_) => said.push(value),
            Err(refusal) => {
                assert_eq!(refusal.reason, Reason::LineBreak);
                assert!(value.contains(&b'\n'));
            }
        }
    }
    said.push(b"\\'! ".repeat(250));
    for (name, before) in [("csh", ""), ("tcsh", ""), ("tcsh", "set backslash_quote; ")] {
        let Some(program) = program(name) else { continue };
        let reader = Reader { command: &["csh", "-f"], program, shell: Shell::Csh };
        let folder = adversarial_folder();
        let form = format!("{before}eval \"`cat $TEXT`\"");
        for locale in LOCALES {
            for batch in batches(&said) {
                let output = reader.eval(&folder, &batch.script(Shell::Csh), locale, &form);
                batch.compare(&output, &format!("{name} under {locale}: {form}"));
            }
        }
        fs::write(folder.path().join(TEXT), failure(Shell::Csh)).unwrap();
        let output = reader.run(&folder, "C", &format!("{} || exit 9", form.replace("$TEXT", TEXT)));
        assert_eq!(output.status.code(), Some(9), "{name}");
        let statements = [Statement::Unset { name: "THERE" }, Statement::Unset { name: "NOT_THERE" }];
        let text = script(Shell::Csh, &statements).unwrap();
        let output = reader.eval(&folder, &text, "C", &format!("setenv THERE 1; {form} || exit 9"));
        assert!(output.status.success(), "{name}: {output:?}");
        assert!(!environment(&output).contains_key("THERE"));
    }
}

/// The parser of `EnvironmentFile=`, in the one program of systemd that shows what it has read without a running system.
/// That one expands `$` on top, which is undone here.
#[test]
fn systemd_reads_every_text_it_takes() {
    let generator = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";
    assert!(Path::new(generator).exists(), "tests/setup installs systemd");
    let mut said = Vec::new();
    // Of an empty one this program says that it is no assignment; `EnvironmentFile=` takes it.
    for value in text_values().into_iter().filter(|value| !value.is_empty()) {
        match script(Shell::Systemd, &[Statement::Set { name: "X", value: &value }]) {
            Ok(_) => said.push(String::from_utf8(value).unwrap()),
            Err(refusal) => {
                assert_eq!(refusal.reason, Reason::ControlCharacter);
                assert!(String::from_utf8(value).unwrap().contains(char::is_control));
            }
        }
    }
    let home = TempDir::new().unwrap();
    let folder = home.path().join("environment.d");
    fs::create_dir(&folder).unwrap();
    let undone: Vec<Vec<u8>> = said.iter().map(|value| value.replace('$', "$$").into_bytes()).collect();
    for (batch, said) in batches(&undone).iter().zip(said.chunks(BATCH)) {
        fs::write(folder.join("certman.conf"), batch.script(Shell::Systemd)).unwrap();
        let output = Command::new(generator)
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", PATH)
            .env("XDG_CONFIG_HOME", home.path())
            .output()
            .unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let shown = String::from_utf8(output.stdout).unwrap();
        let shown: BTreeMap<&str, String> = shown
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name, without_quotes(value)))
            .collect();
        for (index, value) in said.iter().enumerate() {
            assert_eq!(shown.get(Batch::name(index).as_str()), Some(value), "systemd");
        }
    }
}

/// What systemd writes in double quotes, with escapes as in C.
fn without_quotes(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut plain = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        plain.push(match (character, character == '\\') {
            (_, true) => match characters.next().unwrap() {
                'n' => '\n',
                't' => '\t',
                other => other,
            },
            (other, false) => other,
        });
    }
    plain
}

#[test]
fn python_reads_the_property_list_and_the_devcontainer() {
    let Some(mut python) = python() else { return };
    let code = "import json, plistlib, sys\n\
                def read(path):\n    \
                data = open(path, 'rb').read()\n    \
                return json.loads(data)['containerEnv'] if data[:1] == b'{' else \
                plistlib.loads(data)['EnvironmentVariables']\n\
                json.dump([read(path) for path in sys.argv[1:]], sys.stdout)";
    let folder = TempDir::new().unwrap();
    let mut expected = Vec::new();
    python.args(["-c", code]);
    for shell in [Shell::Devcontainer, Shell::Launchd] {
        let said: Vec<Vec<u8>> = text_values()
            .into_iter()
            .filter(|value| match script(shell, &[Statement::Set { name: "X", value }]) {
                Ok(_) => true,
                Err(refusal) => {
                    let why = [Reason::ControlCharacter, Reason::Interpolated];
                    assert!(why.contains(&refusal.reason), "{refusal}");
                    assert!(
                        value.iter().any(u8::is_ascii_control) || value.windows(2).any(|two| two == b"${")
                    );
                    false
                }
            })
            .collect();
        assert!(said.len() > 300, "{shell:?}");
        let batch = Batch::of(said);
        let file = folder.path().join(shell.name());
        fs::write(&file, batch.script(shell)).unwrap();
        python.arg(&file);
        let names = (0..).map(Batch::name);
        let values = batch.values.into_iter().map(|value| String::from_utf8(value).unwrap());
        expected.push(names.zip(values).collect::<BTreeMap<String, String>>());
    }
    let output = python.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let read: Vec<BTreeMap<String, String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read, expected);
}

#[test]
fn nushell_loads_every_text() {
    let Some(nu) = program("nu") else { return };
    let reader = Reader { command: &["nu", "--no-config-file"], program: nu, shell: Shell::Nu };
    let folder = adversarial_folder();
    let run = |text: &[u8], code: &str| {
        fs::write(folder.path().join(TEXT), text).unwrap();
        reader.run(&folder, "C.UTF-8", &code.replace("TEXT", TEXT))
    };
    for batch in batches(&text_values()) {
        let output =
            run(&batch.script(Shell::Nu), "^cat TEXT | from nuon | load-env; ^cat /proc/self/environ");
        batch.compare(&output, "nu");
    }
    let output =
        run(failure(Shell::Nu).as_bytes(), "^cat TEXT | from nuon | load-env; ^cat /proc/self/environ");
    assert!(!output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty());
    let statements = [Statement::Unset { name: "THERE" }, Statement::Unset { name: "NOT_THERE" }];
    let text = script(Shell::Nu, &statements).unwrap();
    let code =
        "$env.THERE = '1'; hide-env --ignore-errors ...(^cat TEXT | from nuon); ^cat /proc/self/environ";
    let output = run(&text, code);
    assert!(output.status.success(), "{output:?}");
    let environment = environment(&output);
    assert!(environment.contains_key("MARK") && !environment.contains_key("THERE"));
}

#[test]
fn node_and_python_read_the_same_dotenv_file() {
    let folder = TempDir::new().unwrap();
    let values = text_values();
    let mut refused = 0;
    let mut said = Vec::new();
    for value in &values {
        match script(Shell::Dotenv, &[Statement::Set { name: "X", value }]) {
            Ok(_) => said.push(value.clone()),
            Err(refusal) => {
                assert!(matches!(refusal.reason, Reason::Interpolated | Reason::NoCommonForm), "{refusal}");
                refused += 1;
            }
        }
    }
    assert!(said.len() > refused / 4, "{} of {} values have a form", said.len(), values.len());
    for batch in batches(&said) {
        let file = folder.path().join("certman.env");
        fs::write(&file, batch.script(Shell::Dotenv)).unwrap();
        let expected: BTreeMap<String, String> = batch
            .values
            .iter()
            .enumerate()
            .map(|(index, value)| (Batch::name(index), String::from_utf8(value.clone()).unwrap()))
            .collect();
        let only_ours = "Object.fromEntries(Object.entries(process.env).filter(([k]) => k.startsWith('V_')))";
        if let Some(node) = program("node") {
            let output = Command::new(node)
                .env_clear()
                .arg(format!("--env-file={}", file.display()))
                .args(["-e", &format!("process.stdout.write(JSON.stringify({only_ours}))")])
                .output()
                .unwrap();
            assert_same(&output, &expected, "node");
        }
        if let Some(mut python) = python() {
            let code = "import dotenv, json, sys; json.dump(dotenv.dotenv_values(sys.argv[1]), sys.stdout)";
            let output = python.args(["-c", code]).arg(&file).output().unwrap();
            assert_same(&output, &expected, "python-dotenv");
        }
    }
}

fn assert_same(output: &Output, expected: &BTreeMap<String, String>, reader: &str) {
    assert!(output.status.success(), "{reader}: {output:?}");
    let read: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap();
    for (name, value) in expected {
        assert_eq!(read.get(name), Some(value), "{reader} reads {name}");
    }
}

/// A shell, with the options it is started with and the dialect that it is given.
struct Reader {
    command: &'static [&'static str],
    program: PathBuf,
    shell: Shell,
}

impl Reader {
    fn label(&self) -> String {
        format!("{} given {:?}", self.command.join(" "), self.shell)
    }

    /// Carries out `text` by `form`, then shows the environment of a child, NUL behind each variable.
    fn eval(&self, folder: &TempDir, text: &[u8], locale: &str, form: &str) -> Output {
        fs::write(folder.path().join(TEXT), text).unwrap();
        let form = form.replace("\"$TEXT\"", TEXT).replace("$TEXT", TEXT);
        self.run(folder, locale, &format!("{form}\ncat /proc/self/environ"))
    }

    fn run(&self, folder: &TempDir, locale: &str, code: &str) -> Output {
        self.command(folder, locale, code).output().unwrap()
    }

    fn command(&self, folder: &TempDir, locale: &str, code: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.command[1..])
            .args(["-c", code])
            .env_clear()
            .env("HOME", folder.path())
            .env("LC_ALL", locale)
            .env("MARK", "1")
            .env("PATH", PATH)
            .current_dir(folder.path());
        command
    }
}

/// A `printf` to be found before any other, which writes down what it is called with.
struct Spy {
    folder: TempDir,
}

impl Spy {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let report = folder.path().join("report");
        let program = folder.path().join("printf");
        fs::write(&program, format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >>'{}'\n", report.display())).unwrap();
        set_mode(&program, 0o755);
        Self { folder }
    }

    fn path(&self) -> String {
        format!("{}:{PATH}", self.folder.path().display())
    }

    fn seen(&self) -> String {
        fs::read(self.folder.path().join("report"))
            .map_or_else(|_| String::new(), |report| String::from_utf8_lossy(&report).into_owned())
    }
}

/// Values that are set together: one start of a shell for all of them.
struct Batch {
    values: Vec<Vec<u8>>,
}

impl Batch {
    fn of(values: Vec<Vec<u8>>) -> Self {
        Self { values }
    }

    fn name(index: usize) -> String {
        format!("V_{index}")
    }

    /// The values that this shell can hold at all; the others have a test of their own.
    fn for_reader(&self, reader: &Reader, locale: &str) -> Self {
        let holds = |value: &&Vec<u8>| match (reader.command[0], locale) {
            ("yash", "C") => value.is_ascii(),
            ("yash", _) => std::str::from_utf8(value).is_ok(),
            _ => true,
        };
        Self { values: self.values.iter().filter(holds).cloned().collect() }
    }

    fn script(&self, shell: Shell) -> Vec<u8> {
        let names: Vec<String> = (0..self.values.len()).map(Self::name).collect();
        let statements: Vec<Statement<'_>> =
            names.iter().zip(&self.values).map(|(name, value)| Statement::Set { name, value }).collect();
        script(shell, &statements).unwrap().to_vec()
    }

    fn compare(&self, output: &Output, case: &str) {
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{case}: {:?}: {errors}", output.status);
        assert!(errors.is_empty(), "{case}: {errors}");
        let environment = environment(output);
        for (index, value) in self.values.iter().enumerate() {
            let seen = environment.get(Self::name(index).as_str()).map(Vec::as_slice);
            if seen != Some(value.as_slice()) {
                let short = |bytes: &[u8]| bytes[..bytes.len().min(200)].escape_ascii().to_string();
                panic!("{case}: '{}' became {:?}", short(value), seen.map(short));
            }
        }
    }
}

fn environment(output: &Output) -> BTreeMap<String, Vec<u8>> {
    let variables = output.stdout.split(|byte| *byte == 0).filter_map(|variable| {
        let equals = variable.iter().position(|byte| *byte == b'=')?;
        Some((String::from_utf8_lossy(&variable[..equals]).into_owned(), variable[equals + 1..].to_vec()))
    });
    variables.collect()
}

/// Runs `test` for every shell of the family, with the options that change splitting or patterns.
fn for_each_sh(test: impl Fn(&Reader) + Sync) {
    let readers = READERS.iter().filter_map(|(shell, command)| {
        Some(Reader { command, program: program(command[0])?, shell: *shell })
    });
    thread::scope(|scope| {
        for reader in readers {
            scope.spawn(|| {
                let reader = reader;
                test(&reader);
            });
        }
    });
}

fn batches(values: &[Vec<u8>]) -> Vec<Batch> {
    values.chunks(BATCH).map(|values| Batch::of(values.to_vec())).collect()
}

/// A folder with the files that a value without protection would be replaced by.
fn adversarial_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let plain = [
        "export", "unset", "X=1", "'", "\"", "a", "b", "=", "-n", ";", "';", "052", "0", "$(printf",
        ".hidden",
    ];
    let mut names: Vec<Vec<u8>> = plain.iter().map(|name| name.as_bytes().to_vec()).collect();
    for (index, value) in TABLE.iter().enumerate() {
        for index in [0, index, index % BATCH] {
            let careless = [format!("{}='", Batch::name(index)).as_bytes(), value, b"';"].concat();
            for word in careless.split(|byte| b" \t\n".contains(byte)) {
                names.push(without_patterns(word));
            }
            names.push(without_patterns(&careless));
        }
    }
    // What the words of the careful form would match if their backslashes counted as quotes.
    for word in ["'052'`\"", "'052'`\";", "\"`printf", "'052", "052'`\"'b';"] {
        names.push(word.as_bytes().to_vec());
    }
    for name in names {
        let fits = !name.is_empty() && name.len() < 200 && !name.contains(&b'/') && !name.contains(&0);
        if fits && name != b"." && name != b".." {
            fs::write(folder.path().join(OsStr::from_bytes(&name)), "").unwrap();
        }
    }
    folder
}

/// A name that the pattern matches.
fn without_patterns(pattern: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    let mut bytes = pattern.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'*' => name.extend_from_slice(b"zz"),
            b'?' => name.push(b'z'),
            b'[' if bytes.len() > 1 => {
                name.extend(bytes.next());
                bytes.by_ref().find(|byte| **byte == b']');
            }
            byte => name.push(*byte),
        }
    }
    name
}

fn nasty_values(random: usize) -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = TABLE.iter().map(|value| value.to_vec()).collect();
    values.extend((1..=255).map(|byte| vec![byte]));
    values.extend((1..=255).map(|byte| vec![b'a', byte, byte, b'1', byte]));
    values.push((1..=255).collect());
    values.push((1..=255).rev().collect());
    values.extend(random_values(random, PIECES));
    values
}

fn text_values() -> Vec<Vec<u8>> {
    let values = nasty_values(300).into_iter().filter(|value| std::str::from_utf8(value).is_ok());
    values.chain(["‘’‚‛", "\u{a0}x\u{2028}", "a\\ \u{85}"].map(|value| value.as_bytes().to_vec())).collect()
}

/// The same values at every run: xorshift from a fixed seed.
fn random_values(count: usize, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    };
    let mut value = || {
        let length = 1 + below(24);
        (0..length).flat_map(|_| pieces[below(pieces.len())].to_vec()).collect()
    };
    (0..count).map(|_| value()).collect()
}

const CERTMAN: &str = env!("CARGO_BIN_EXE_certman");

const LOCALES: [&str; 2] = ["C", "C.UTF-8"];

const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

const TEXT: &str = "text";

/// As many variables as fit well below what an environment may hold.
const BATCH: usize = 256;

const EVAL_FORMS: [&str; 2] = ["eval \"$(cat \"$TEXT\")\"", "eval $(cat \"$TEXT\")"];

const FISH_FORMS: [&str; 2] = ["cat $TEXT | source", "eval (cat $TEXT)"];

const READERS: &[(Shell, &[&str])] = &[
    (Shell::Sh, &["dash"]),
    (Shell::Sh, &["bash"]),
    (Shell::Sh, &["bash", "--posix", "-O", "nullglob", "-O", "extglob", "-O", "dotglob", "-O", "globstar"]),
    (Shell::Sh, &["bash", "-O", "failglob", "-O", "extglob"]),
    (Shell::Sh, &["zsh", "-f"]),
    (Shell::Sh, &["zsh", "--emulate", "sh", "-o", "norcs"]),
    (
        Shell::Sh,
        &["zsh", "-f", "-o", "globsubst", "-o", "extendedglob", "-o", "shwordsplit", "-o", "magicequalsubst"],
    ),
    (Shell::Sh, &["ksh93"]),
    (Shell::Sh, &["mksh"]),
    (Shell::Mksh, &["mksh"]),
    (Shell::Mksh, &["mksh", "-o", "posix"]),
    (Shell::Mksh, &["mksh", "-U"]),
    (Shell::Mksh, &["lksh"]),
    (Shell::Sh, &["yash"]),
    (Shell::Sh, &["yash", "--brace-expand", "--extended-glob", "--null-glob"]),
    (Shell::Sh, &["busybox", "ash"]),
];

const TABLE: &[&[u8]] = &[
    b"",
    b"/home/a/extra.pem",
    b"/home/a/my certs/extra (1).pem",
    b"a b",
    b"a  b",
    b" a   b ",
    b"     ",
    b"'",
    b"''",
    b"it's",
    b"'; touch stolen; '",
    b"\"",
    b"a\"b\" 'c' `d`",
    b"*",
    b"a*b",
    b"a* *b",
    b"?",
    b"a?b",
    b"[x]",
    b"[a-z]*",
    b"[!a]",
    b"]",
    b"{a,b}",
    b"{1..3}",
    b"${HOME}",
    b"$HOME",
    b"$(touch stolen)",
    b"`touch stolen`",
    b"$'a\\n'",
    b"$",
    b"$$",
    b"~",
    b"~root",
    b"a:~/b",
    b"~+",
    b"!",
    b"!!",
    b"!$",
    b"a!b",
    b"^a^b",
    b"#",
    b"a #b",
    b"\\",
    b"\\\\",
    b"a\\",
    b"a\\nb",
    b"\\052",
    b"\\*",
    b"*1",
    b"*07",
    b"\t",
    b"a\tb",
    b" \t ",
    b"\n",
    b"\n\n\n",
    b"a\nb",
    b"\na",
    b"a\n",
    b"a\n\n",
    b"a\n.",
    b"a\n.\n",
    b"\n \n",
    "a\n\u{fc}".as_bytes(),
    "a\n\u{1f600}b\n\u{1f600}".as_bytes(),
    b"a\n\xff",
    b"a\n\x80\x80\x80\x80\x80",
    b"\r",
    b"a\r\nb\r\n",
    b"=",
    b"=a",
    b"=ls",
    b" =ls",
    b"==",
    b"a=b",
    b"X=1",
    b"X=1 Y=2",
    b"-n",
    b"-e",
    b"--",
    b"-- -n",
    b"+x",
    b"%",
    b"%s%d%n",
    b"*%*%%",
    b"%.",
    b"&",
    b"a && b || c",
    b"; exit 1;",
    b"a;b",
    b"a|b",
    b"a<b>c",
    b"<1-9>",
    b"(a)",
    b"(a|b)",
    b"@(a|b)",
    b"+(a)",
    b"!(a)",
    b"?(a)",
    b"*(a)",
    b"~(a)",
    b"a~b",
    b"export",
    b"export X",
    b"unset X",
    b"true",
    b"false",
    b".",
    b"..",
    "\u{fc}\u{df}\u{4e2d}\u{1f600}".as_bytes(),
    "\u{e4} *  \u{fc}".as_bytes(),
    "\u{f600}\u{f6ff}".as_bytes(),
    b"\xff",
    b"\xc3",
    b"\xc3*\xa4",
    b"a\x80\x81\x83 \xa0b",
    b"\x01",
    b"\x7f",
    b"\x01\x01 \x7f\x7f",
    b"\x1b[31m",
    b"geheim, mit Komma: und \xe2\x82\xac",
    b"correct horse battery staple",
    b"http://user:p%40ss@proxy.corp.example:8080/?a=b&c=*",
    b"C:\\Users\\new\\table",
];

const PIECES: &[&[u8]] = &[
    b" ",
    b"  ",
    b"\t",
    b"\n",
    b"\r",
    b"'",
    b"\"",
    b"`",
    b"$",
    b"\\",
    b"*",
    b"?",
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b"..",
    b"~",
    b"!",
    b"^",
    b"#",
    b"=",
    b"-",
    b"%",
    b"%s",
    b"&",
    b"|",
    b";",
    b"<",
    b">",
    b"(",
    b")",
    b"@",
    b"+",
    b".",
    b"/",
    b"a",
    b"b",
    b"0",
    b"7",
    b"n",
    b"X=",
    b"$(",
    b"${",
    b"''",
    b"\\0",
    b"\x01",
    b"\x7f",
    b"\xc3\xbc",
    b"\xe4\xb8\xad",
    b"\xf0\x9f\x98\x80",
    b"\xff",
    b"\x83",
];
