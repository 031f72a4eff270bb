//! The documents say what the program does: manual pages against the program's own lists in both directions, the examples
//! of the README against the program itself.
//!
//! Owns the comparison. Never holds a list of flags, variables, codes or keys: the program and its source text have them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use certman::cli::args::{Arguments, Format};
use certman::cli::render::hosts_json;
use certman::clients::Client;
use certman::config::{KEYS, VARIABLES};
use certman::doctor::hosts::Host;
use certman::doctor::reach::{Distrust, Judgement, Reached, RootSet, Served};
use certman::exports::{Families, Family, VARIABLES as EXPORTED};
use certman::shell::Shell;
use certman::sys::net::probe::{Observation, ProxyAnswer, Step, StepKind, Tls};
use clap::{Arg, Command, CommandFactory, ValueEnum};
use serde_json::Value;

use crate::support::{self, Sandbox};

#[path = "support/secret_service.rs"]
#[allow(
    dead_code,
    clippy::duplicate_mod,
    reason = "made for the tests of the keyring; here it only has to be there"
)]
mod secret_service;

use secret_service::SecretService;

#[test]
fn the_manual_pages_are_clean_mdoc() {
    let Some(mandoc) = support::program("mandoc") else { return };
    for page in [COMMANDS_PAGE, CONFIGURATION_PAGE] {
        let path = support::in_project(page);
        let output = support::bare(&mandoc)
            .args(["-T", "lint", "-W", "warning"])
            .arg(&path)
            .output()
            .expect("mandoc starts");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success() && said.is_empty(), "{page}: {}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn every_command_has_a_section_with_its_flags_and_no_others() {
    let page = Page::read(COMMANDS_PAGE);
    let program = program();
    let sections: BTreeSet<String> =
        page.subsections("COMMANDS").iter().map(|section| section.title.replace("certman ", "")).collect();
    let commands = leaves(&program);
    let names: BTreeSet<String> = commands.keys().cloned().collect();
    assert_eq!(sections, names, "sections of COMMANDS on the left, commands on the right");

    let common: BTreeSet<String> = program.get_arguments().flat_map(spellings).collect();
    for section in page.subsections("COMMANDS") {
        let name = section.title.strip_prefix("certman ").unwrap_or_default();
        let all: BTreeSet<String> = commands[name].get_arguments().flat_map(spellings).collect();
        let own: BTreeSet<String> = all.difference(&common).cloned().collect();
        let documented = flags_in(&section.lines);
        let invented: Vec<&String> =
            documented.iter().filter(|flag| !all.contains(*flag) && !common.contains(*flag)).collect();
        assert!(invented.is_empty(), "`certman {name}` has no {invented:?}");
        let synopsis = flags_in(section.lines.split(|line| line == ".Pp").next().unwrap_or_default());
        assert_eq!(synopsis, own, "the synopsis of `certman {name}` on the left, its flags on the right");
        for positional in commands[name].get_positionals() {
            for value in positional.get_possible_values() {
                let value = value.get_name();
                assert!(section.words().any(|word| word == value), "`certman {name}` also takes {value}");
            }
        }
    }
}

#[test]
fn every_flag_has_an_entry_with_its_default_and_every_flag_in_the_pages_exists() {
    let page = Page::read(COMMANDS_PAGE);
    let program = program();
    let mut known = BTreeSet::new();
    let everyone = leaves(&program).into_values().chain([&program]);
    for argument in everyone.flat_map(Command::get_arguments) {
        let entries: Vec<Section> = spellings(argument)
            .into_iter()
            .flat_map(|flag| {
                known.insert(flag.clone());
                let entries = page.entries().into_iter().filter(|one| flags_in([&one.title]).contains(&flag));
                let entries: Vec<Section> = entries.collect();
                assert!(!entries.is_empty(), "{flag} has no entry (.It Fl)");
                entries
            })
            .collect();
        if argument.get_long().is_none() && argument.get_short().is_none() {
            continue;
        }
        if !argument.get_action().takes_values() {
            continue;
        }
        for default in argument.get_default_values() {
            let default = default.to_string_lossy();
            let has_it = |entry: &Section| entry.lines.join(" ").replace(',', "").contains(&*default);
            assert!(
                entries.iter().any(has_it),
                "{:?}: the default {default} is not named",
                argument.get_id()
            );
        }
        for value in argument.get_possible_values() {
            let value = value.get_name();
            let has_it = |entry: &Section| entry.words().any(|word| word == value);
            assert!(entries.iter().any(has_it), "{:?}: the value {value} is not named", argument.get_id());
        }
    }
    for name in [COMMANDS_PAGE, CONFIGURATION_PAGE] {
        let documented = flags_in(&Page::read(name).lines);
        let invented: Vec<&String> = documented.difference(&known).collect();
        assert!(invented.is_empty(), "{name} documents {invented:?}, which certman does not have");
    }
}

/// The names of what `env` sets, in their order.
fn exported() -> impl Iterator<Item = &'static str> {
    EXPORTED.iter().map(|exported| exported.name)
}

#[test]
fn every_variable_is_in_the_manual_and_every_variable_there_is_used() {
    let page = Page::read(COMMANDS_PAGE);
    let entries = page.entries_in("ENVIRONMENT");
    let documented: BTreeSet<String> =
        entries.iter().flat_map(|entry| after(&entry.title, "Ev")).map(str::to_owned).collect();
    let source = source_text();
    for name in VARIABLES.into_iter().chain(exported()) {
        assert!(documented.contains(name), "{name} has no entry in ENVIRONMENT");
    }
    // What the source asks the environment for, besides these.
    let asked: BTreeSet<&str> =
        source.split("environment.value(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(asked.contains("NO_COLOR"), "the source is read as it is written: {asked:?}");
    for name in asked {
        assert!(documented.contains(name), "{name} is read and has no entry in ENVIRONMENT");
    }
    for name in &documented {
        // The keyring library asks for the bus; certman only speaks of it.
        let is_used = source.contains(&format!("\"{name}\"")) || name == "DBUS_SESSION_BUS_ADDRESS";
        assert!(is_used, "{name} is in ENVIRONMENT, and nothing in src/ speaks of it");
    }
    let order: Vec<&str> =
        entries.iter().flat_map(|entry| after(&entry.title, "Ev")).take(exported().count()).collect();
    assert_eq!(
        order,
        exported().collect::<Vec<_>>(),
        "the variables that `env` sets come first, in their order"
    );
}

#[test]
fn every_exit_status_that_can_be_had_is_in_the_manual_and_no_other() {
    let page = Page::read(COMMANDS_PAGE);
    let documented: BTreeSet<i32> = page
        .entries_in("EXIT STATUS")
        .iter()
        .map(|entry| entry.title.strip_prefix(".It ").unwrap_or_default().parse().expect("a number"))
        .collect();
    let sandbox = Sandbox::new();
    sandbox.copy("corp.pem", "pki/root-rsa.pem");
    sandbox.give("run.toml", "[bundle]\nsources = ['corp.pem']\n");
    let mut seen = BTreeSet::new();
    for (arguments, wanted) in [
        ("check corp.pem --at 2030-01-01", 0),
        ("check corp.pem --at 2045-11-01", 1),
        ("check corp.pem --at 2045-12-31", 2),
        ("check nowhere.pem", 3),
        ("doctor --offline --cert nowhere.pem", 3),
        ("bundle nowhere.pem -o extra.pem", 1),
        ("bundle --no-such-flag", 64),
        ("run -- true", 125),
        ("run --config run.toml -- .", 126),
        ("run --config run.toml -- no-such-command", 127),
    ] {
        let output = sandbox.certman(arguments.split(' ')).output();
        assert_eq!(output.status.code(), Some(wanted), "certman {arguments}: {output:?}");
        seen.insert(wanted);
    }
    assert_eq!(documented, seen, "the manual on the left, what was seen on the right");
}

#[test]
fn every_finding_is_in_the_manual_with_its_severity_and_no_other() {
    let page = Page::read(COMMANDS_PAGE);
    let documented: BTreeMap<String, String> = page
        .entries_in("FINDINGS")
        .iter()
        .map(|entry| {
            let words: Vec<&str> = entry.title.split(' ').collect();
            let [".It", "Li", code, "Pq", severity] = words[..] else {
                panic!("not of the form `.It Li code Pq severity`: {}", entry.title)
            };
            assert!(!entry.lines.is_empty(), "{code} is not explained");
            (code.to_owned(), severity.to_owned())
        })
        .collect();
    let known = codes_of_the_source();
    assert!(known.len() > 40, "the parser of src/report.rs still understands it: {known:?}");
    assert_eq!(documented, known, "the manual on the left, the source on the right");
}

#[test]
fn every_key_of_the_configuration_is_in_the_manual_with_an_example_and_no_other() {
    let page = Page::read(CONFIGURATION_PAGE);
    let tables: BTreeSet<String> = page
        .subsections("TABLES")
        .iter()
        .map(|section| section.title.trim_matches(['[', ']']).trim_end_matches(".NAME").to_owned())
        .collect();
    let entries = page.entries_in("TABLES");
    let keys = entries.iter().filter_map(|entry| entry.title.strip_prefix(".It Cm "));
    let documented: BTreeSet<String> = keys.map(str::to_owned).chain(tables).collect();
    let known: BTreeSet<String> = KEYS.into_iter().map(str::to_owned).collect();
    assert_eq!(documented, known, "the manual on the left, the program on the right");

    // Each example is accepted under its key, and the example as a whole too.
    let mut examples = vec![page.literal_in("EXAMPLES")];
    for key in KEYS.into_iter().filter(|key| key.contains('.')) {
        let text = page.lines.join("\n");
        let entry = text.split(&format!("\n.It Cm {key}\n")).nth(1).unwrap_or_default();
        let entry = entry.split("\n.It Cm ").next().unwrap_or_default();
        let (table, name) = key.split_once('.').expect("it has a table");
        let lines: Vec<String> =
            entry.lines().filter_map(|line| line.strip_prefix(".Dl ")).map(plain).collect();
        assert!(!lines.is_empty(), "{key} has no example (.Dl)");
        for line in lines {
            assert!(line.starts_with(&format!("{name} = ")), "the example of {key}: {line}");
            examples.push(format!("[{table}]\n{line}\n"));
        }
    }
    for example in examples {
        let sandbox = Sandbox::new();
        sandbox.give("certman.toml", &example);
        let output = sandbox.certman(["env", "--unset", "--config", "certman.toml"]).output();
        assert!(output.status.success(), "{example}\n{output:?}");
    }
}

#[test]
fn every_client_is_in_the_manual_with_the_variables_that_it_reads() {
    let page = Page::read(COMMANDS_PAGE);
    let entries = page.entries_in("CLIENTS");
    let documented: BTreeMap<&str, BTreeSet<&str>> = entries
        .iter()
        .map(|entry| {
            let variables = entry.lines.iter().flat_map(|line| after(line, "Ev"));
            (after(&entry.title, "Cm").first().copied().unwrap_or_default(), variables.collect())
        })
        .collect();
    let known: BTreeMap<&str, BTreeSet<&str>> = Family::ALL
        .into_iter()
        .map(|family| {
            let is_for_all = |families: &[Family]| families.len() == Family::ALL.len();
            let read = EXPORTED.iter().filter(|exported| exported.families.contains(&family));
            let own = read.filter(|exported| !is_for_all(exported.families));
            (family.name(), own.map(|exported| exported.name).collect())
        })
        .collect();
    assert_eq!(documented, known, "the manual on the left, the program on the right");
}

#[test]
fn every_shell_and_every_place_of_a_passphrase_is_in_the_manual() {
    let page = Page::read(COMMANDS_PAGE);
    let titles = |section: &str| -> BTreeSet<String> {
        let entries = page.entries_in(section);
        entries.iter().flat_map(|entry| after(&entry.title, "Cm")).map(str::to_owned).collect()
    };
    let shells: BTreeSet<String> = Shell::ALL.into_iter().map(|shell| shell.name().to_owned()).collect();
    assert_eq!(titles("SHELLS"), shells, "the manual on the left, the program on the right");
    let files = Format::value_variants().iter().filter(|format| format.only_command() == Some("env"));
    let files: BTreeSet<String> =
        files.filter_map(Format::to_possible_value).map(|value| value.get_name().to_owned()).collect();
    assert_eq!(
        titles("FILES THAT NO SHELL READS"),
        files,
        "the manual on the left, the program on the right"
    );
    for name in page.section("SHELLS").lines.iter().filter_map(|line| line.strip_prefix(".Cm ")) {
        let name = name.split(' ').next().unwrap_or_default();
        assert!(
            Shell::named(name).is_some(),
            "the manual has the shell {name}, which the program does not know"
        );
    }
    let program = program();
    let env = leaves(&program)["env"];
    let help = env.get_arguments().find(|argument| argument.get_id() == "shell").and_then(Arg::get_help);
    let help = help.expect("--shell has a help").to_string();
    let offered: BTreeSet<&str> = help.split([' ', ',', '(', ')', ':']).collect();
    for shell in &shells {
        assert!(offered.contains(shell.as_str()), "the help of --shell leaves out {shell}: {help}");
    }
    // The program names the places where it is given none of them.
    let sandbox = Sandbox::new();
    let output = sandbox.certman(["env", "--passphrase", "nowhere"]).output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let places = said.split("one of ").nth(1).expect("the program lists the places").lines().next();
    let places: BTreeSet<String> = places
        .unwrap_or_default()
        .split(", ")
        .map(|place| {
            let end = place.find(':').map_or(place.len(), |at| at + 1);
            place[..end].to_owned()
        })
        .collect();
    assert_eq!(titles("PASSPHRASES"), places, "the manual on the left, the program on the right");
}

#[test]
fn every_member_of_the_json_is_in_the_manual_and_every_member_there_is_printed() {
    let page = Page::read(COMMANDS_PAGE);
    let section = page.section("JSON");
    let mut documented = BTreeSet::new();
    for line in &section.lines {
        let is_entry = line.starts_with(".It Li ");
        let names = line.strip_prefix(".It Li ").or_else(|| line.strip_prefix(".Li ")).unwrap_or_default();
        let names: Vec<&str> = names.split(' ').filter(|word| is_member_name(word)).collect();
        // In the text the same font serves for values; only members of objects without a list of their own count.
        if is_entry || names.iter().all(|name| IN_TEXT.contains(name)) {
            documented.extend(names.into_iter().map(str::to_owned));
        }
    }

    let sandbox = Sandbox::new();
    sandbox.copy("ca/key-among.pem", "dirty/key-among.pem");
    sandbox.copy("ca/expired.pem", "pki/root-expired.pem");
    sandbox.copy("ca/refused.pem", "pki/root-brainpool.pem");
    sandbox.copy("k.pem", "keys/p256.pkcs8.pem");
    sandbox.copy("c.pem", "pki/client-p256.pem");
    let Some(node) = support::program("node") else { return };
    let node = node.to_str().expect("the path of node is text");
    for name in ["dirty/crl.pem", "dirty/login-page.pem", "dirty/public-key.pem", "inspect/everything.pem"] {
        sandbox.copy(&format!("any/{name}"), name);
    }
    sandbox.copy("any/identity.p12", "dirty/identity.p12");
    sandbox.copy("any/request.pem", "inspect/request-wrong-signature.pem");
    sandbox.copy("any/root.pem", "pki/root-p256.pem");
    sandbox.give("any/block.pem", "-----BEGIN OTHER-----\nTVRJ\n-----END OTHER-----\n");
    let passphrase = format!("file:{}", support::testdata("passphrases/plain.txt").display());
    sandbox.give("certman.toml", "[profile.work]\n");
    sandbox.copy("pile/chain.pem", "pki/client-p256-chain-full.pem");
    sandbox.copy("pile/client.key", "keys/p256.pkcs8.pem");
    let at = ["--at", "2030-01-01", "--json"];
    let mut printed = BTreeSet::new();
    for arguments in [
        &[
            "bundle",
            "ca",
            "-o",
            "extra.pem",
            "--full",
            "full.pem",
            "--java",
            "j.p12",
            "--public-roots",
            "mozilla",
            "--dry-run",
        ][..],
        &["bundle", "ca", "-o", "extra.pem"],
        &["bundle", "--add", "any/root.pem", "--fingerprint", ROOT_P256, "-o", "added.pem"],
        &["check", "ca"],
        &["check", "--cert", "c.pem", "--key", "k.pem", "--runtime", node],
        &["inspect", "any", "--store-passphrase", &passphrase],
        &["env"],
        &["explain", "key-mismatch"],
        &["env", "--key", "only-a-key.pem"],
        &["import", "pile", "--dry-run", "--out-dir", "out", "--save-cas", "ca.pem"],
        &["init", "--print"],
        &["profiles", "--config", "certman.toml"],
        &["proxy", "test"],
        &["settings", "apply", "--dry-run"],
        &["settings", "show"],
        &["doctor", "--offline"],
    ] {
        let output = sandbox
            .certman(arguments.iter().chain(&at))
            .env("CERTMAN_OUT", sandbox.path("extra.pem"))
            .output();
        let mut object: Value = serde_json::from_slice(&output.stdout).expect("one object");
        if arguments[0] == "init" {
            // Its members are keys of certman.toml.
            object["proposal"] = Value::Null;
        }
        members(&object, &mut printed);
    }
    members(&hosts_json(&[reached()]), &mut printed);
    let missing: Vec<&String> = printed.difference(&documented).collect();
    assert!(missing.is_empty(), "printed and not in the section JSON: {missing:?}");
    let invented: Vec<&String> = documented.difference(&printed).collect();
    assert!(invented.is_empty(), "in the section JSON and never printed: {invented:?}");
}

/// The SHA-256 of `pki/root-p256.pem`.
const ROOT_P256: &str = "728618e8b9b79dca350953c35920f6cf9a26ac15347de0bf1e28c7bb8a5af576";

/// Noticed where the README said that certman connects to no server, long after `doctor` did.
#[test]
fn whoever_says_that_nothing_else_opens_a_connection_names_all_that_do() {
    for (name, words) in [
        ("README.md", "no connection"),
        (COMMANDS_PAGE, "No other command ever opens a network connection"),
        ("SECURITY.md", "opens no connection"),
    ] {
        let text = read(name);
        let paragraphs = text.split("\n\n").flat_map(|part| part.split("\n.Pp\n"));
        let about: Vec<&str> =
            paragraphs.filter(|part| part.contains(words) && part.contains("runtime")).collect();
        assert_eq!(about.len(), 1, "{name}: {about:?}");
        for word in ["doctor", "-offline", "bundle", "-add", "-runtime"] {
            assert!(about[0].contains(word), "{name} leaves out {word}: {}", about[0]);
        }
    }
}

#[test]
fn the_help_names_the_manual_pages() {
    // Whoever reads `--help` finds the way to the pages.
    let output = support::certman().arg("--help").output().expect("certman is built");
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(help.contains("certman(1)") && help.contains("certman.toml(5)"), "{help}");
}

#[test]
fn the_changes_name_every_command() {
    let text = read("CHANGELOG.md");
    let unreleased = text.split("\n## ").find_map(|part| part.strip_prefix("Unreleased"));
    let unreleased = unreleased.expect("there is a section Unreleased");
    for name in leaves(&program()).keys().filter(|name| *name != "help") {
        assert!(unreleased.contains(&format!("`certman {name}`")), "`certman {name}` is not in Unreleased");
    }
}

#[test]
fn the_readme_has_the_two_commands_and_no_flag_that_does_not_exist() {
    let readme = read("README.md");
    assert!(readme.contains("cargo run --release -- --config testdata/demo/certman.toml env"));
    assert!(readme.contains("\ncargo test\n"));
    let program = program();
    let everyone = leaves(&program).into_values().chain([&program]);
    let known: BTreeSet<String> = everyone.flat_map(Command::get_arguments).flat_map(spellings).collect();
    for line in readme.lines().filter(|line| line.contains("certman ")) {
        let ours = line.split("certman ").skip(1).flat_map(|rest| {
            rest.split(['|', '>', '`', '"', ')']).next().unwrap_or_default().split_whitespace()
        });
        for word in ours.filter(|word| word.starts_with("--") && word.len() > 2) {
            assert!(known.contains(word), "the README has {word}, which certman does not: {line}");
        }
    }
}

#[test]
fn the_examples_of_the_readme_run_and_say_what_they_say_there() {
    let readme = read("README.md");
    let sandbox = Sandbox::new();
    for (name, from) in README_FILES {
        sandbox.copy(name, from);
    }
    let mut runs = 0;
    for block in blocks(&readme, "console") {
        for (command, expected) in commands_of(&block) {
            let said = run_in(&sandbox, &command);
            assert!(matches(&expected, &said), "$ {command}\n--- README\n{expected}\n--- certman\n{said}");
            runs += 1;
        }
    }
    assert!(runs >= 8, "the README has examples that run: {runs}");

    for block in blocks(&readme, "toml") {
        sandbox.give("example.toml", &block);
        let output = sandbox.certman(["env", "--unset", "--config", "example.toml"]).output();
        assert!(output.status.success(), "{block}\n{output:?}");
    }
    // Whatever a timer or a crontab starts, certman understands its arguments.
    for block in blocks(&readme, "ini").into_iter().chain(blocks(&readme, "crontab")) {
        block.lines().for_each(assert_understood);
    }
}

#[test]
fn the_examples_of_the_manual_are_understood() {
    let page = Page::read(COMMANDS_PAGE);
    let examples: Vec<String> =
        page.lines.iter().filter_map(|line| line.strip_prefix(".Dl ")).map(plain).collect();
    let ours: Vec<&String> = examples.iter().filter(|line| line.contains("certman ")).collect();
    assert!(ours.len() >= 10, "the manual has examples: {ours:?}");
    ours.into_iter().for_each(|line| assert_understood(line));
}

/// Fails where certman does not understand what a line calls it with.
fn assert_understood(line: &str) {
    let Some((_, call)) = line.split_once("certman ") else { return };
    let call = call.split(['|', '>', '#', ')', '"', '`', '\\']).next().unwrap_or_default();
    let words: Vec<&str> = call.split_whitespace().collect();
    let parsed = program().try_get_matches_from(["certman"].iter().chain(&words));
    assert!(parsed.is_ok(), "certman {call}: {parsed:?}");
}

#[test]
fn the_commands_for_the_key_in_the_readme_work_with_a_real_keyring() {
    for name in ["dbus-daemon", "gnome-keyring-daemon"] {
        if support::program(name).is_none() {
            return;
        }
    }
    let service = SecretService::start();
    let sandbox = Sandbox::new();
    for (name, from) in README_FILES {
        sandbox.copy(name, from);
    }
    let readme = read("README.md");
    let block = blocks(&readme, "sh").into_iter().find(|block| block.contains("certman key remember"));
    let block = block.expect("the README has the commands for the key");
    for line in block.lines() {
        let command = line.split('#').next().unwrap_or_default().trim();
        // A test has no terminal to be asked on.
        let command = command.replace("key remember", "key remember --passphrase-file passphrase.txt");
        let words = command.split(' ').skip(1).map(str::to_owned);
        let output = sandbox
            .certman(words)
            .env("CERTMAN_CERT", "client.pem")
            .env("CERTMAN_KEY", "client.key")
            .env("DBUS_SESSION_BUS_ADDRESS", service.address())
            .output();
        assert_eq!(output.status.code(), Some(0), "{command}: {output:?}");
    }
    assert_eq!(block.lines().count(), 4);
}

#[test]
fn the_first_command_of_the_readme_exports_the_demo() {
    let readme = read("README.md");
    let first = blocks(&readme, "sh").concat();
    let first = first.lines().next().expect("there is a first command");
    let words = first.strip_prefix("cargo run --release -- ").expect("the first command runs the demo");
    let mut certman = support::certman();
    certman.args(words.split(' ')).env("SHELL", "/bin/sh").current_dir(support::in_project(""));
    let output = certman.output().expect("certman is built");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{first}: {}", String::from_utf8_lossy(&output.stderr));
    // The demo has no proxy: nobody could go through it.
    let families = Families::default();
    let names = families.variables().map(|exported| exported.name);
    for name in names.filter(|name| !name.to_ascii_lowercase().ends_with("_proxy")) {
        assert!(said.contains(&format!("{name}=")), "{name} is exported");
    }
}

#[test]
fn the_messages_in_the_readme_are_those_of_the_program() {
    let readme = read("README.md");
    let table = readme.split("## What goes wrong").nth(1).expect("there is that section");
    let table = table.split("\n## ").next().unwrap_or_default();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim()).collect())
        .collect();
    assert!(rows.len() >= 3, "three messages or more");
    let sandbox = Sandbox::new();
    for (name, from) in README_FILES {
        sandbox.copy(name, from);
    }
    for row in rows {
        let (command, message) = (row[0].trim_matches('`'), row[1].trim_matches('`'));
        let said = run_in(&sandbox, command);
        assert!(
            said.lines().any(|line| line_matches(message, line)),
            "$ {command}\nis to say\n{message}\nand says\n{said}"
        );
    }
}

/// A manual page as lines of mdoc.
struct Page {
    lines: Vec<String>,
}

/// A part of a page: what stands behind its macro, and the lines up to the next.
#[derive(Clone)]
struct Section {
    lines: Vec<String>,
    title: String,
}

impl Page {
    fn read(name: &str) -> Self {
        Self { lines: read(name).lines().map(str::to_owned).collect() }
    }

    fn parts(lines: &[String], start: &str, ends: &[&str]) -> Vec<Section> {
        let mut parts: Vec<Section> = Vec::new();
        let mut is_inside = false;
        for line in lines {
            if let Some(title) = line.strip_prefix(start) {
                parts.push(Section { lines: Vec::new(), title: title.to_owned() });
                is_inside = true;
            } else if ends.iter().any(|end| line.starts_with(end)) {
                is_inside = false;
            } else if let (true, Some(part)) = (is_inside, parts.last_mut()) {
                part.lines.push(line.clone());
            }
        }
        parts
    }

    fn section(&self, title: &str) -> Section {
        let sections = Self::parts(&self.lines, ".Sh ", &[]);
        sections.into_iter().find(|one| one.title == title).unwrap_or_else(|| panic!("no section {title}"))
    }

    fn subsections(&self, title: &str) -> Vec<Section> {
        Self::parts(&self.section(title).lines, ".Ss ", &[])
    }

    /// The entries of all lists; the title is the whole line.
    fn entries(&self) -> Vec<Section> {
        Self::entries_of(&self.lines)
    }

    fn entries_in(&self, section: &str) -> Vec<Section> {
        Self::entries_of(&self.section(section).lines)
    }

    fn entries_of(lines: &[String]) -> Vec<Section> {
        let parts = Self::parts(lines, ".It ", &[".El", ".Ss", ".Sh"]);
        parts.into_iter().map(|part| Section { title: format!(".It {}", part.title), ..part }).collect()
    }

    /// The first literal block of a section.
    fn literal_in(&self, section: &str) -> String {
        let lines = self.section(section).lines;
        let block = Self::parts(&lines, ".Bd -literal", &[".Ed"]);
        block.first().map(|block| block.lines.join("\n") + "\n").expect("there is an example")
    }
}

impl Section {
    fn words(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flat_map(|line| line.split([' ', ','])).filter(|word| !word.is_empty())
    }
}

/// The flags that mdoc lines speak of: `Fl -config` is `--config`, `Fl q` is `-q`.
fn flags_in<'l>(lines: impl IntoIterator<Item = &'l String>) -> BTreeSet<String> {
    let flags = lines.into_iter().filter(|line| line.starts_with('.')).flat_map(|line| after(line, "Fl"));
    flags.map(|flag| format!("-{flag}")).collect()
}

/// Every word behind this macro.
fn after<'l>(line: &'l str, name: &str) -> Vec<&'l str> {
    let words: Vec<&str> = line.trim_start_matches('.').split(' ').collect();
    words.windows(2).filter(|pair| pair[0] == name).map(|pair| pair[1]).collect()
}

/// Text without the escapes of roff that the pages use.
fn plain(line: &str) -> String {
    line.replace("\\(dq", "\"").replace("\\e", "\\")
}

/// The program's own description of itself, with what clap adds when it runs.
fn program() -> Command {
    let mut program = Arguments::command();
    program.build();
    program
}

/// Every command that does something, by its words.
fn leaves(program: &Command) -> BTreeMap<String, &Command> {
    let mut leaves = BTreeMap::new();
    for command in program.get_subcommands() {
        let deeper = leaves_below(command);
        if command.get_name() == "help" || deeper.is_empty() {
            leaves.insert(command.get_name().to_owned(), command);
        } else {
            leaves.extend(deeper);
        }
    }
    leaves
}

fn leaves_below(command: &Command) -> BTreeMap<String, &Command> {
    command
        .get_subcommands()
        .filter(|below| below.get_name() != "help")
        .map(|below| (format!("{} {}", command.get_name(), below.get_name()), below))
        .collect()
}

/// How a flag is written, long and short; nothing for an argument without a dash.
fn spellings(argument: &Arg) -> Vec<String> {
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    long.into_iter().chain(short).collect()
}

/// Every code with its usual severity, as `code` and `default_severity` have them for all causes, those of `doctor` too.
fn codes_of_the_source() -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    for path in
        ["src/report.rs", "src/doctor/choices.rs", "src/doctor/environment.rs", "src/doctor/obstacle.rs"]
    {
        for (code, severity) in codes_of(&read(path)) {
            let before = codes.insert(code.clone(), severity.clone());
            assert!(before.is_none_or(|before| before == severity), "{code} has one severity");
        }
    }
    codes
}

/// The same of one file.
fn codes_of(source: &str) -> BTreeMap<String, String> {
    let body_of = |name: &str| -> String {
        let start = source.find(&format!("pub fn {name}(")).unwrap_or_else(|| panic!("no {name}"));
        let body = &source[start..];
        let end = body.find("\n    }\n").expect("a method ends");
        body[..end].split_whitespace().collect::<Vec<_>>().join(" ")
    };
    // `Self::CertExpiring { is_critical: true, .. } => "cert-expiring-critical"`, and the same with a block around it.
    let arms = |body: &str| -> Vec<(String, String)> {
        let Some((_, arms)) = body.split_once("match self {") else { return Vec::new() };
        let mut found = Vec::new();
        let mut rest = arms;
        while let Some((patterns, after)) = rest.split_once(" => ") {
            let after = after.trim_start_matches(['{', ' ']);
            let end = after.find([',', ' ', '}']).unwrap_or(after.len());
            let value = after[..end].trim_matches('"').rsplit("::").next().unwrap_or_default();
            for pattern in patterns.split(" | ").flat_map(|patterns| patterns.split("| ")) {
                let pattern = pattern.trim_start_matches([',', ' ', '}', '|']).trim();
                // What stands inside of a cause, as one of several, belongs to the cause before it.
                if pattern.starts_with("Self::") || pattern == "_" {
                    found.push((pattern.to_owned(), value.to_owned()));
                }
            }
            rest = &after[end..];
        }
        found
    };
    let severities = arms(&body_of("default_severity"));
    let severity_of = |pattern: &str| -> String {
        let variant = pattern.split([' ', '(']).next().unwrap_or_default();
        let is_general = |known: &str| {
            known == variant || known == format!("{variant} {{ .. }}") || known == format!("{variant}(_)")
        };
        let exact = severities.iter().find(|(known, _)| known == pattern);
        let general = || severities.iter().find(|(known, _)| is_general(known));
        let rest = || severities.iter().find(|(known, _)| known == "_");
        exact.or_else(general).or_else(rest).expect("every cause has a severity").1.to_lowercase()
    };
    let mut codes = BTreeMap::new();
    for (pattern, code) in arms(&body_of("code")).into_iter().filter(|(_, code)| code.contains('-')) {
        let severity = severity_of(&pattern);
        let before = codes.insert(code.clone(), severity.clone());
        assert!(before.is_none_or(|before| before == severity), "{code} has one severity");
    }
    codes
}

/// A host of which everything was seen: no test has the network for a real one.
fn reached() -> Reached {
    let accepted = |set| (set, Ok(()));
    let roots = [RootSet::Extra, RootSet::System, RootSet::Mozilla, RootSet::All].map(accepted);
    let served = Served {
        address: None,
        fingerprint: String::new(),
        issuer: String::new(),
        not_after: 0,
        subject: String::new(),
    };
    Reached {
        host: Host::parse("claude.ai").expect("it is a host"),
        judgement: Some(Judgement {
            chain: vec![served],
            clients: vec![(Client::Node, Err(Distrust::Expired))],
            inspector: None,
            completed: None,
            ended: None,
            is_private: false,
            missing: None,
            root: None,
            roots: roots.into(),
        }),
        observation: Observation {
            proxy: Some(ProxyAnswer::default()),
            steps: vec![Step { duration: Duration::ZERO, failure: None, kind: StepKind::Lookup }],
            tls: Some(Tls::default()),
            ..Observation::default()
        },
        proxy: None,
        proxy_refusal: None,
        is_comparison: false,
        is_identity_broken: false,
        is_post_quantum_blocked: false,
        proxy_refused_by: Vec::new(),
        route_from: None,
    }
}

/// The text of all of src/.
fn source_text() -> String {
    let files = support::files_below(&support::in_project("src"));
    files.into_values().map(|bytes| String::from_utf8(bytes).expect("source is text")).collect()
}

/// The names of all members of all objects; not those of `variables`, which are variables.
fn members(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| members(one, names)),
        Value::Object(object) => {
            for (name, value) in object {
                names.insert(name.clone());
                if name != "variables" {
                    members(value, names);
                }
            }
        }
        _ => {}
    }
}

fn is_member_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The fenced blocks of a language, without their fences.
fn blocks(markdown: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    let mut is_wanted = false;
    for line in markdown.lines() {
        match (&mut inside, line.strip_prefix("```")) {
            (None, Some(info)) => {
                is_wanted = info == language;
                inside = Some(String::new());
            }
            (Some(_), Some(_)) => blocks.extend(inside.take().filter(|_| is_wanted)),
            (Some(text), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(inside.is_none(), "every block is closed");
    blocks
}

/// `$ command` lines, each with the lines of output behind it.
fn commands_of(block: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => {
                output.push_str(line);
                output.push('\n');
            }
            (None, None) => panic!("a block starts with a command: {line}"),
        }
    }
    commands
}

/// What a command line says on both streams, in a shell with certman on its path. `~` stands for the home folder.
fn run_in(sandbox: &Sandbox, command: &str) -> String {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_certman"));
    let folder = program.parent().expect("a program lies in a folder");
    let mut shell = support::bare(Path::new("/bin/sh"));
    shell
        .args(["-c", &format!("exec 2>&1; {command}")])
        .env("PATH", format!("{}:{}", folder.display(), support::MINIMAL_PATH))
        .env("HOME", sandbox.home())
        .env("SHELL", "/bin/sh")
        .current_dir(sandbox.folder());
    let output = shell.output().expect("sh starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.replace(&*sandbox.home().to_string_lossy(), "/home/alice")
        .replace(&*sandbox.folder().to_string_lossy(), "/home/alice")
}

/// Whether a text is as expected; `[..]` stands for anything within a line, a line `...` for any number of lines.
fn matches(expected: &str, actual: &str) -> bool {
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    lines_match(&expected, &actual)
}

fn lines_match(expected: &[&str], actual: &[&str]) -> bool {
    match (expected, actual) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=actual.len()).any(|skipped| lines_match(rest, &actual[skipped..])),
        ([one, expected @ ..], [other, actual @ ..]) => {
            line_matches(one, other) && lines_match(expected, actual)
        }
        _ => false,
    }
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| actual.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(support::in_project(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

const COMMANDS_PAGE: &str = "man/certman.1";
const CONFIGURATION_PAGE: &str = "man/certman.toml.5";
/// Members of small objects that the manual explains in a sentence rather than in a list.
const IN_TEXT: [&str; 18] = [
    "after",
    "backup",
    "before",
    "certificates",
    "chain",
    "changed",
    "changes",
    "code",
    "fix",
    "index",
    "line",
    "lines",
    "message",
    "name",
    "path",
    "scope",
    "sha256",
    "state",
];
/// What the examples of the README work on: the name there, and the file in testdata/.
const README_FILES: [(&str, &str); 9] = [
    ("corp.cer", "demo/ca.d/corp-root.cer"),
    ("ca.d/corp-chain.p7b", "demo/ca.d/corp-chain.p7b"),
    ("ca.d/proxy.pem", "demo/ca.d/inspection-proxy.pem"),
    ("client.pem", "demo/client.pem"),
    ("client.key", "demo/client.key"),
    ("identity.p12", "dirty/identity.p12"),
    ("issuing.cer", "pki/intermediate-orphan.pem"),
    ("login-page.cer", "dirty/login-page.pem"),
    ("passphrase.txt", "demo/passphrase.txt"),
];
