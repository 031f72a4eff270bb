//! What `certman doctor` says of hosts and proxies, compared with what Node, Bun, curl, git, OpenSSL and Python do with the same ones
//! in the same environment: where it says that somebody gets through, they do, and where it says that they do not, they do not.
//! Every server is on loopback, and no name is looked up anywhere else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use certman::pki::cert::{Fingerprint, hex};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    Sandbox, bare, contains, fixture_passphrase, fresh_folder, in_project, program, python, set_mode,
    testdata,
};

#[test]
fn a_chain_is_trusted_by_whom_doctor_says() {
    let Some(stage) = stage() else { return };
    World::trusting(stage, &["root"]).compare(&CHAINS, &Client::ALL);
    World::trusting(stage, &["issuing"]).compare(&CHAINS, &Client::ALL);
    for trusted in [&["root", "issuing"][..], &["itself"], &["root", "stranger"], &[]] {
        World::trusting(stage, trusted).compare(&CHAINS, &Client::MAIN);
    }
}

/// Noticed with a root in DER: doctor had read it, and no client had.
#[test]
fn a_bundle_in_another_form_is_trusted_by_whom_doctor_says() {
    let Some(stage) = stage() else { return };
    let (root, other) = (stage.certificate("root"), stage.certificate("stranger"));
    let text = String::from_utf8(root.clone()).unwrap();
    let damaged = b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n".to_vec();
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
    for (form, content) in [
        ("DER", crate::clients::bundles::certificates_in(&root)[0].to_vec()),
        ("UTF-16", [0xff, 0xfe].into_iter().chain(utf16).collect()),
        ("nothing", Vec::new()),
        ("a byte order mark", [b"\xef\xbb\xbf", &*root].concat()),
        ("carriage returns and line feeds", text.replace('\n', "\r\n").into()),
        ("carriage returns", text.replace('\n', "\r").into()),
        ("letters outside of ASCII", ["# Gr\u{f6}\u{df}e\n".as_bytes(), &root].concat()),
        ("no newline at the end", text.trim_end().into()),
        ("two glued together", [other.trim_ascii_end(), &root].concat()),
        ("a damaged block behind", [&root[..], &damaged].concat()),
        ("an unclosed block behind", [&root[..], &other[..other.len() / 2]].concat()),
        ("another label", text.replace(" CERT", " X509 CERT").into()),
        ("a label of OpenSSL's", text.replace(" CERT", " TRUSTED CERT").into()),
    ] {
        eprintln!("{form}");
        let mut world = World::trusting(stage, &[]);
        world.trust(&content);
        // Bun takes OpenSSL's label from SSL_CERT_FILE, and Claude Code does not.
        let is_odd = form == "a label of OpenSSL's";
        let clients = Client::ALL.into_iter().filter(|client| !is_odd || *client != Client::Bun);
        world.compare(&["complete"], &clients.collect::<Vec<_>>());
    }
}

/// Noticed with `NODE_EXTRA_CA_CERTS=/usr`: doctor went through everything below it, and named no host before it was done.
#[test]
fn a_path_that_leads_to_no_file_gives_no_roots_and_takes_no_time() {
    let Some(stage) = stage() else { return };
    let names = ["NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "SSL_CERT_FILE"];
    let mut world = World::trusting(stage, &["root"]);
    let pem = stage.certificate("root");
    for folder in ["folder/root.pem", "folder/below/root.pem", "~/root.pem"] {
        world.sandbox.give(folder, &pem);
    }
    let folder = world.sandbox.path("folder");
    for path in [folder.as_os_str(), "/nowhere.pem".as_ref(), "~/root.pem".as_ref(), "/usr".as_ref()] {
        world.environment = names.map(|name| (name, path.to_owned())).into();
        let begin = Instant::now();
        let said = world.doctor(&["complete"], &[]);
        assert!(begin.elapsed() < Duration::from_secs(10), "{path:?}: {:?}", begin.elapsed());
        assert_eq!(said.hosts()[0]["works"], false, "{path:?}");
        world.compare(&["complete"], &Client::ALL);
    }
    // A relative one leads on from where the client starts.
    world.environment = vec![("NODE_EXTRA_CA_CERTS", "folder/root.pem".into())];
    assert_eq!(world.doctor(&["complete"], &[]).hosts()[0]["works"], true);
}

/// Noticed with `NODE_OPTIONS=--use-system-ca`: Node trusted what `SSL_CERT_FILE` names, and doctor said that it does not.
#[test]
fn node_goes_by_the_system_s_roots_where_it_is_told_to() {
    let Some(stage) = stage() else { return };
    for (name, value) in [
        ("NODE_OPTIONS", "--use-system-ca"),
        ("NODE_OPTIONS", "--use-openssl-ca"),
        ("NODE_OPTIONS", "--use-bundled-ca"),
        ("NODE_USE_SYSTEM_CA", "1"),
    ] {
        for variable in ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] {
            let mut world = World::trusting(stage, &["root"]);
            world.environment.retain(|(name, _)| *name == variable);
            world.environment.push((name, value.into()));
            world.compare(&["complete"], &Client::ALL);
        }
    }
}

/// Noticed with a company's root alone in `REQUESTS_CA_BUNDLE`: doctor said of a public host that Python takes it, and requests
/// does not.
#[test]
fn what_stays_of_the_system_s_roots_beside_a_variable_is_what_stays_in_the_client() {
    let Some(stage) = stage() else { return };
    let asks = "import requests, sys; requests.get(sys.argv[1], timeout=20)";
    let address = format!("https://{}/r", stage.authority("complete"));
    for (names, is_hashed, wanted) in [
        // OpenSSL, Python, curl, git.
        (&[][..], true, [true; 4]),
        (&["SSL_CERT_FILE"], true, [true; 4]),
        (&["SSL_CERT_FILE"], false, [false, false, false, true]),
        (&["REQUESTS_CA_BUNDLE"], true, [true, false, true, true]),
        (&["CURL_CA_BUNDLE", "GIT_SSL_CAINFO"], true, [true, false, true, true]),
        (&["CURL_CA_BUNDLE", "GIT_SSL_CAINFO"], false, [true, false, false, true]),
    ] {
        let mut world = World::trusting(stage, &[]);
        let other = world.sandbox.give("other.pem", stage.certificate("stranger"));
        world.sandbox.give("system/etc/ssl/certs/ca-certificates.crt", stage.certificate("root"));
        if is_hashed {
            world.sandbox.give("system/etc/ssl/certs/0a1b2c3d.0", stage.certificate("root"));
        }
        world.environment.push(("CERTMAN_SYSTEM_ROOT", world.sandbox.path("system").into()));
        world.environment.extend(names.iter().map(|name| (*name, other.clone().into())));
        let said = world.doctor(&["complete"], &[]);
        let host = &said.hosts()[0];
        let clients = ["openssl", "python", "curl", "git-gnutls"].map(|client| accepts(host, client));
        assert_eq!(clients, wanted, "{names:?}: {host}");
    }
    // Noticed with CURL_CA_BUNDLE alone: doctor said that Python refuses what requests takes.
    for (names, bundle, is_folder, is_taken) in [
        (&["REQUESTS_CA_BUNDLE"][..], "root", false, true),
        (&["REQUESTS_CA_BUNDLE"], "stranger", false, false),
        (&["REQUESTS_CA_BUNDLE"], "root", true, true),
        (&["CURL_CA_BUNDLE"], "root", false, true),
        (&["CURL_CA_BUNDLE"], "root", true, true),
        (&["CURL_CA_BUNDLE", "SSL_CERT_FILE"], "stranger", false, false),
    ] {
        let mut world = World::trusting(stage, &["root"]);
        let file = world.sandbox.give("folder/bundle.pem", stage.certificate(bundle));
        let mut path = file.clone();
        if is_folder {
            let mut openssl = bare(&program("openssl").expect("it was there before"));
            path.pop();
            assert!(openssl.arg("rehash").arg(&path).status().unwrap().success());
        }
        world.environment.retain(|(name, _)| *name == "NODE_EXTRA_CA_CERTS");
        world.environment.extend(names.iter().map(|name| (*name, path.clone().into())));
        let mut python = python().expect("it was there before");
        python.envs(world.environment.iter().map(|(name, value)| (name, value)));
        let output = python.args(["-c", asks, &address]).output().unwrap();
        let said = world.doctor(&["complete"], &[]);
        assert_eq!(accepts(&said.hosts()[0], "python"), is_taken, "{names:?} {bundle}: {}", said.json);
        assert_eq!(output.status.success(), is_taken, "{names:?} {bundle}: {output:?}");
    }
}

#[test]
fn who_speaks_no_tls_or_no_http_is_reached_by_nobody() {
    let Some(stage) = stage() else { return };
    let world = World::trusting(stage, &["root"]);
    let servers: Vec<&str> = ODD.iter().map(|(server, _)| *server).collect();
    let clients = [Client::MAIN.as_slice(), &[Client::Python]].concat();
    let said = world.compare(&servers, &clients);
    for (server, code) in ODD {
        assert_eq!(
            said.codes_about(&stage.authority(server)),
            code.map_or(vec![], |code| vec![code]),
            "{server}"
        );
    }
}

#[test]
fn whoever_takes_its_time_is_left_in_time_by_all_together() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    world.seconds = 2;
    let servers = ["drip-in-tls", "silent", "endless", "drip", "silent-too"];
    let begin = Instant::now();
    let said = world.doctor(&servers, &[]);
    // One after the other takes more than four times two seconds.
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    let silent = said.host(&stage.authority("silent"));
    let last = silent["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["step"], &last["ok"], &last["error"]),
        (&"tls".into(), &false.into(), &"no answer in time".into())
    );
    assert!(last["milliseconds"].as_u64().unwrap() >= 500, "{last}");
    assert_eq!(said.codes_about(&stage.authority("endless")), ["host-answer-too-large"]);
    assert_eq!(said.codes_about(&stage.authority("drip-in-tls")), ["host-timeout"]);
    world.compare(&servers, &Client::MAIN);
}

#[test]
fn a_proxy_lets_through_whom_doctor_says() {
    let Some(stage) = stage() else { return };
    let check = |(scheme, user, proxy, code): &(&str, &str, &str, &str)| {
        let mut world = World::trusting(stage, &["root"]);
        world.seconds = if *code == "host-timeout" { 3 } else { 20 };
        world.set_proxy(&format!("{scheme}://{user}{}", stage.authority(proxy)));
        let said = world.compare(&["complete"], &Client::MAIN);
        let (codes, host) = (said.codes_about(&stage.authority("complete")), &said.hosts()[0]);
        let is_as_wanted = if code.is_empty() { host["works"] == true } else { codes.contains(code) };
        assert!(is_as_wanted, "{scheme}://{user}{proxy}: {codes:?} and not {code}");
        assert!(!contains(&said.output.stdout, b"not-this-one"), "{}", said.json);
    };
    thread::scope(|scope| {
        for some in PROXIES.chunks(PROXIES.len().div_ceil(3)) {
            scope.spawn(move || some.iter().for_each(check));
        }
    });
}

#[test]
fn tinyproxy_lets_through_whom_doctor_says() {
    let (Some(stage), Some(tinyproxy)) = (stage(), program("tinyproxy")) else { return };
    let proxy = Tinyproxy::start(&tinyproxy);
    for (user, host, code) in [
        ("alice:tinyproxy-password@", stage.authority("complete"), ""),
        ("", stage.authority("complete"), "proxy-credentials-missing"),
        ("alice:not-this-one@", stage.authority("complete"), "proxy-credentials-refused"),
        ("alice:tinyproxy-password@", "denied.corp.example:443".to_owned(), "proxy-refused"),
    ] {
        let mut world = World::trusting(stage, &["root"]);
        world.set_proxy(&format!("http://{user}127.0.0.1:{}", proxy.port));
        let said = world.compare(&[&host], &Client::MAIN);
        let codes = said.codes_about(host.trim_end_matches(":443"));
        assert!(
            codes.contains(&code) || code.is_empty() && said.hosts()[0]["works"] == true,
            "{code}: {codes:?}"
        );
        assert!(said.hosts()[0]["proxy_answer"]["status"].is_u64(), "{}", said.json);
        if code == "proxy-refused" {
            assert_eq!(said.hosts()[0]["proxy_answer"]["title"], "403 Filtered", "{}", said.json);
        }
    }
}

#[test]
fn mitmproxy_is_named_whether_its_root_is_trusted_or_not() {
    let (Some(stage), Some(mitmproxy)) = (stage(), Mitmproxy::start()) else { return };
    for is_trusted in [false, true] {
        let mut world = World::trusting(stage, &[]);
        if is_trusted {
            world.trust(&std::fs::read(mitmproxy.folder.path().join("mitmproxy-ca-cert.pem")).unwrap());
        }
        world.set_proxy(&format!("http://127.0.0.1:{}", mitmproxy.port));
        let hosts = ["api.anthropic.com:443", "claude.ai:443"];
        let said = world.compare(&hosts, &Client::MAIN);
        for host in hosts.map(|host| said.host(host)) {
            assert_eq!(host["inspector"], "mitmproxy", "{host}");
            assert_eq!((&host["works"], &host["intercepted"]), (&is_trusted.into(), &true.into()), "{host}");
            assert_eq!(host["roots"]["extra"], is_trusted, "{host}");
        }
        let code = if is_trusted { "host-intercepted" } else { "host-chain-untrusted" };
        let finding = said.finding(code);
        let message = finding["message"].as_str().unwrap();
        // One finding, which names both.
        assert!(
            message.starts_with("api.anthropic.com, claude.ai: ") && message.contains("mitmproxy"),
            "{message}"
        );
        // Where all is well with the hosts, the variables are a warning: those of other clients leave the public roots out.
        assert_eq!(said.output.status.code(), Some(if is_trusted { 1 } else { 2 }), "{}", said.json);
    }
}

#[test]
fn a_client_certificate_is_taken_where_doctor_says() {
    let Some(stage) = stage() else { return };
    let clients = [Client::MAIN.as_slice(), &[Client::Python]].concat();
    let mut world = World::trusting(stage, &["root"]);
    let said = world.compare(&CAREFUL, &clients);
    for server in CAREFUL {
        assert_eq!(said.codes_about(&stage.authority(server)), ["client-cert-required"], "{server}");
    }
    let message = said.message_about(&stage.authority("named-elsewhere-1.3"));
    assert!(
        message.contains("issued by 'O=Elsewhere, CN=Elsewhere Root CA', and none is configured"),
        "{message}"
    );

    world.show_identity("key.txt");
    let said = world.compare(&CAREFUL, &clients);
    for server in CAREFUL {
        let (host, about) = (said.host(&stage.authority(server)), stage.authority(server));
        let is_taken = !server.contains("elsewhere");
        assert_eq!(host["works"], is_taken, "{server}");
        assert_eq!(
            (&host["client_certificate"]["asked"], &host["client_certificate"]["sent"]),
            (&true.into(), &true.into())
        );
        let version = server.rsplit('-').next().unwrap();
        assert_eq!(host["tls"]["version"], version, "{server}");
        assert_eq!(
            said.codes_about(&about),
            if is_taken { vec![] } else { vec!["client-cert-refused"] },
            "{server}"
        );
    }
    let sentence = "none of its issuers is among those that the server takes";
    assert!(!said.message_about(&stage.authority("elsewhere-1.3")).contains(sentence));
    for version in ["1.2", "1.3"] {
        let message = said.message_about(&stage.authority(&format!("named-elsewhere-{version}")));
        assert!(message.contains("unknown CA") && message.contains(sentence), "{message}");
    }
}

/// Noticed while a server was asked with a key whose passphrase was not to be had: doctor said that none was configured.
#[test]
fn an_identity_that_cannot_be_opened_is_not_said_to_be_missing() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    world.show_identity("wrong.txt");
    let said = world.doctor(&["careful-1.3"], &[]);
    let message = said.message_about(&stage.authority("careful-1.3"));
    assert!(message.ends_with("and the one that is named cannot be used"), "{message}");
    assert!(said.codes().contains(&"passphrase-wrong"), "{}", said.json);
}

/// Noticed by somebody without a certman.toml: doctor said that none was configured, and Bun got an answer with the same variables.
#[test]
fn an_identity_that_only_variables_name_is_shown() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    world.show_identity("key.txt");
    world.is_configured = false;
    world.environment.extend(world.identity.clone());
    let servers = ["careful-1.2", "careful-1.3"];
    let said = world.compare(&servers, &Client::MAIN);
    for server in servers {
        let host = said.host(&stage.authority(server));
        assert_eq!((&host["works"], &host["client_certificate"]["sent"]), (&true.into(), &true.into()));
        assert_eq!(said.codes_about(&stage.authority(server)), [""; 0], "{server}");
    }

    // What stands in a settings file wins, and one that is of no use is not said to be missing.
    world.environment.last_mut().unwrap().1 = "not the passphrase".into();
    let said = world.doctor(&["careful-1.3"], &[]);
    let message = said.message_about(&stage.authority("careful-1.3"));
    assert!(message.ends_with("and the one that is named cannot be used"), "{message}");
    let of_the_key = ["env-path-useless", "passphrase-missing", "passphrase-wrong"];
    let told = said.codes().into_iter().filter(|code| of_the_key.contains(code));
    assert_eq!(told.collect::<Vec<_>>(), ["env-path-useless"], "told once");
    let right =
        serde_json::json!({ "env": { "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE": fixture_passphrase("plain") } });
    world.sandbox.give("~/.claude/settings.json", right.to_string());
    let said = world.doctor(&["careful-1.3"], &[]);
    assert_eq!(said.host(&stage.authority("careful-1.3"))["works"], true, "{}", said.json);
}

/// Noticed with a proxy of TLS whose root nobody trusts: a host behind it was said to work.
#[test]
fn a_host_behind_a_proxy_that_is_not_trusted_does_not_work() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    world.set_proxy(&format!("https://{}", stage.authority("proxy-over-tls-stranger")));
    let said = world.doctor(&["complete"], &[]);
    assert_eq!(said.hosts()[0]["works"], false, "{}", said.json);
    assert_eq!(said.codes_about(&stage.authority("complete"))[0], "proxy-untrusted");
    assert_eq!(said.output.status.code(), Some(2));
    let mut world = World::trusting(stage, &["root", "stranger"]);
    world.set_proxy(&format!("https://{}", stage.authority("proxy-over-tls-stranger")));
    assert_eq!(world.doctor(&["complete"], &[]).hosts()[0]["works"], true);
}

#[test]
fn who_is_answered_by_another_does_not_reach_the_host() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["inspector"]);
    world.set_proxy(&format!("http://{}", stage.authority("proxy-inspects-and-denies")));
    let said = world.doctor(&["api.anthropic.com"], &["-v"]);
    let host = &said.hosts()[0];
    assert_eq!((&host["works"], &host["http_status"]), (&false.into(), &403.into()), "{host}");
    assert_eq!(host["http_title"], "Blocked: AI tools");
    let message = said.finding("host-answer-by-another")["message"].as_str().unwrap();
    assert!(message.contains("403: 'Blocked: AI tools' (BlueCoat)"), "{message}");
    assert_eq!(said.output.status.code(), Some(2));
    // Of a host that certman does not know nobody can tell whose answer it is.
    let unknown = world.doctor(&["server.corp.example"], &[]);
    assert_eq!(unknown.hosts()[0]["works"], true, "{}", unknown.json);
}

/// nginx asks for a certificate, goes on without it, and answers that it is missing.
#[test]
fn an_answer_that_a_client_certificate_is_missing_is_understood() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    let said = world.doctor(&["forgiving"], &[]);
    assert_eq!(said.codes_about(&stage.authority("forgiving")), ["client-cert-required"]);
    assert_eq!((&said.hosts()[0]["works"], said.output.status.code()), (&false.into(), Some(2)));
    world.show_identity("key.txt");
    let said = world.doctor(&["forgiving"], &[]);
    assert_eq!(said.codes_about(&stage.authority("forgiving")), ["client-cert-refused"]);
}

#[test]
fn a_root_of_the_bundle_that_has_ended_is_told_from_a_certificate_of_the_server() {
    let Some(stage) = stage() else { return };
    let said = World::trusting(stage, &["ended"]).compare(&["ended"], &Client::MAIN);
    let finding = said.finding("host-cert-expired");
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.contains("'O=Corp, CN=Corp Ended CA', which the bundle or the trust store has"),
        "{message}"
    );
    assert!(finding["fix"].as_str().unwrap().contains("certman bundle --add FILE"), "{finding}");
    let said = World::trusting(stage, &["root"]).doctor(&["issuing-expired"], &[]);
    let message = said.finding("host-cert-expired")["message"].as_str().unwrap();
    assert!(message.contains("its certificate chain is past its end"), "{message}");
}

/// Clients do not come as far as the server with a key that is another's, and the server is not to blame.
#[test]
fn a_key_that_is_not_that_of_the_certificate_is_shown_to_nobody() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    world.show_identity("key.txt");
    world.sandbox.copy("client.key", "keys/p384.pkcs8.pem");
    let said = world.doctor(&["named-1.3", "complete"], &[]);
    assert!(said.codes().contains(&"key-mismatch"), "{}", said.json);
    // Nor do they come to one that asks for none.
    assert_eq!(said.hosts()[1]["works"], false, "{}", said.json);
    let bun = answers(Client::Bun, world.start(Client::Bun, &["complete"]));
    assert!(!bun[0].starts_with("answered"), "{bun:?}");
    assert_eq!(said.codes_about(&stage.authority("named-1.3")), ["client-cert-required"]);
    assert_eq!(said.hosts()[0]["client_certificate"]["sent"], false);
}

#[test]
fn where_variables_name_the_identity_the_next_step_names_its_files() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    let key = world.sandbox.copy("client.key", "keys/p384.pkcs8.pem");
    let certificate = world.sandbox.copy("client.pem", "pki/client-p256-chain.pem");
    world.environment.push(("CLAUDE_CODE_CLIENT_CERT", certificate.clone().into()));
    world.environment.push(("CLAUDE_CODE_CLIENT_KEY", key.clone().into()));
    let said = world.doctor(&["named-1.3"], &[]);
    let fix = said.finding("client-cert-required")["fix"].as_str().unwrap().to_owned();
    let command = format!(
        "`certman key check --cert {} --key {} --passphrase prompt`",
        certificate.display(),
        key.display()
    );
    assert!(fix.contains(&command), "{fix}");
}

/// Noticed with Claude Code itself: what a settings file has beats what `certman env` and `certman run` export, and doctor showed
/// the server the identity of certman.toml.
#[test]
fn an_identity_of_a_settings_file_is_shown_in_the_place_of_the_configured_one() {
    let Some(stage) = stage() else { return };
    let world = || {
        let mut world = World::trusting(stage, &["root"]);
        world.show_identity("key.txt");
        world
    };
    let careful = ["careful-1.3", "complete"];
    let works = |said: &Said| said.hosts().iter().map(|host| host["works"].clone()).collect::<Vec<_>>();
    let configured = world().doctor(&careful, &[]);
    assert_eq!(works(&configured), [true, true], "{}", configured.json);
    // The same files, without the passphrase that belongs to them: `certman run` hands on another pair with another one.
    let same = world();
    let (cert, key) = (same.sandbox.path("client.pem"), same.sandbox.path("client.key"));
    same.settle(&[
        ("CLAUDE_CODE_CLIENT_CERT", cert.to_str().unwrap()),
        ("CLAUDE_CODE_CLIENT_KEY", key.to_str().unwrap()),
    ]);
    assert_eq!(works(&same.doctor(&careful, &[])), [false, false]);
    let passphrase = world();
    passphrase.settle(&[("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", "an old one")]);
    let said = passphrase.doctor(&careful, &[]);
    assert_eq!(works(&said), [false, false], "{}", said.json);
    let another = world();
    let key = another.sandbox.copy("another.key", "keys/p384.pkcs8.pem");
    another.settle(&[("CLAUDE_CODE_CLIENT_KEY", key.to_str().unwrap())]);
    let said = another.doctor(&careful, &[]);
    assert_eq!(works(&said), [false, false], "{}", said.json);
    let none = world();
    none.settle(&[("CLAUDE_CODE_CLIENT_CERT", ""), ("CLAUDE_CODE_CLIENT_KEY", "")]);
    let said = none.doctor(&careful, &[]);
    assert_eq!(works(&said), [false, true], "{}", said.json);
    assert_eq!(said.hosts()[0]["client_certificate"]["sent"], false);
}

#[test]
fn folders_of_roots_count_for_whom_they_do() {
    let (Some(stage), Some(openssl)) = (stage(), program("openssl")) else { return };
    let mut hash = bare(&openssl);
    hash.args(["x509", "-noout", "-hash", "-in"]).arg(stage.folder.join("root.pem"));
    let hash = String::from_utf8(hash.output().unwrap().stdout).unwrap();
    for (name, gets_through) in [
        (format!("{}.0", hash.trim()), &["claude-code", "bun", "curl", "openssl", "python"][..]),
        ("root.pem".to_owned(), &["claude-code"]),
    ] {
        let mut world = World::trusting(stage, &[]);
        let folder = world.sandbox.give(&format!("roots/{name}"), stage.certificate("root"));
        world.environment = vec![("SSL_CERT_DIR", folder.parent().unwrap().into())];
        let said = world.compare(&["complete", "wrong-name"], &[Client::Curl, Client::Node, Client::OpenSsl]);
        let host = said.host(&stage.authority("complete"));
        let accepting: Vec<&str> = ["claude-code", "bun", "curl", "git-gnutls", "node", "openssl", "python"]
            .into_iter()
            .filter(|client| accepts(host, client))
            .collect();
        assert_eq!(accepting, gets_through, "{name}");
        // Bun and Python by themselves: they do not look into a folder for Claude Code's sake.
        for client in [Client::Bun, Client::Python] {
            let answers = answers(client, world.start(client, &["complete"]));
            assert_eq!(
                answers[0].starts_with("answered"),
                said.lets_through(host, client),
                "{client:?}: {answers:?}"
            );
        }
    }
}

/// Noticed where the roots of Node and Bun were counted among those of other tools: the next step named variables nobody had set.
#[test]
fn a_bundle_that_a_settings_file_hides_is_told_from_one_of_another_tool() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &[]);
    let root = world.sandbox.give("root.pem", stage.certificate("root"));
    world.environment = vec![("NODE_EXTRA_CA_CERTS", root.clone().into())];
    world.settle(&[("NODE_EXTRA_CA_CERTS", "")]);
    let said = world.doctor(&["complete"], &[]);
    let fix = said.finding("host-chain-untrusted")["fix"].as_str().unwrap();
    assert!(fix.starts_with("mend what is said of NODE_EXTRA_CA_CERTS"), "{fix}");
    let mut world = World::trusting(stage, &[]);
    world.environment = vec![("REQUESTS_CA_BUNDLE", root.into())];
    let said = world.doctor(&["complete"], &[]);
    let fix = said.finding("host-chain-untrusted")["fix"].as_str().unwrap();
    assert!(fix.starts_with("add the file that a variable names for Python"), "{fix}");
}

/// Noticed on a machine where certman.toml was written and nothing done with it yet: doctor sent its owner to the help desk.
#[test]
fn a_bundle_that_is_not_made_yet_is_made_before_anybody_is_asked() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &[]);
    world.environment.clear();
    world.sandbox.give("root.pem", stage.certificate("root"));
    world.configure("[bundle]\nsources = ['root.pem']\nout = 'made.pem'\n");
    let said = world.doctor(&["complete"], &[]);
    let fix = said.finding("host-chain-untrusted")["fix"].as_str().unwrap();
    assert!(fix.starts_with("make the bundle first") && fix.ends_with(" bundle`"), "{fix}");
    assert!(world.sandbox.certman(["bundle", "--config", "certman.toml"]).output().status.success());
    assert_eq!(world.doctor(&["complete"], &[]).hosts()[0]["works"], true);
}

#[test]
fn a_server_that_certman_cannot_talk_to_and_clients_can_is_left_open() {
    let Some(stage) = stage() else { return };
    let world = World::trusting(stage, &["root"]);
    let started = [Client::Bun, Client::Curl, Client::Node]
        .map(|client| (client, world.start(client, &["old-ciphers"])));
    let said = world.doctor(&["old-ciphers"], &[]);
    assert_eq!(said.codes_about(&stage.authority("old-ciphers")), ["host-tls-undecided"]);
    assert_eq!((&said.hosts()[0]["works"], said.output.status.code()), (&Value::Null, Some(3)));
    for (client, started) in started {
        let answers = answers(client, started);
        assert!(answers[0].starts_with("answered"), "{client:?}: {answers:?}");
    }
}

#[test]
fn what_stumbles_over_the_large_key_share_is_told_from_a_filter() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    // Half of it for the first look alone.
    world.seconds = 6;
    let servers = ["small-hellos-answered", "small-hellos-cut", "small-hellos-lost"];
    let said = world.doctor(&servers, &[]);
    let message = said.finding("host-post-quantum-blocked")["message"].as_str().unwrap();
    for (server, host) in servers.into_iter().zip(said.hosts()) {
        assert!(message.contains(&stage.authority(server)), "{message}");
        assert_eq!(host["works"], false, "{host}");
    }
    assert_eq!(said.output.status.code(), Some(2), "{}", said.json);
    // What happens once is no rule.
    let said = world.doctor(&["reset-once"], &[]);
    assert_eq!(said.hosts()[0]["works"], true, "{}", said.json);
    let without = world.doctor(&servers, &["--no-pq"]);
    assert!(without.hosts().iter().all(|host| host["works"] == true), "{}", without.json);
}

#[test]
fn what_a_server_leaves_out_is_fetched_shown_and_trusted_for_nothing() {
    let Some(stage) = stage() else { return };
    let world = World::trusting(stage, &["root"]);
    let servers = ["only-leaf-with-address"];
    let before = world.doctor(&servers, &[]);
    assert!(before.finding("host-chain-incomplete")["fix"].as_str().unwrap().contains("--fetch-missing"));
    let refused = world.doctor(&servers, &["--fetch-missing"]);
    let message = refused.finding("host-issuer-not-fetched")["message"].as_str().unwrap();
    assert!(message.contains("only public addresses are asked"), "{message}");

    let files = world.sandbox.files();
    let said = world.doctor(&servers, &["--fetch-missing", "--allow-private"]);
    let finding = said.finding("host-issuer-fetched");
    let der = &crate::clients::bundles::certificates_in(&stage.certificate("issuing"))[0];
    let fingerprint = hex(&Fingerprint::of(der).0);
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains(&fingerprint) && message.contains("with it the chain is complete"), "{message}");
    let address = format!("http://127.0.0.1:{}/issuing.cer", stage.ports["issuers"]);
    let command = format!("`certman bundle --add {address} --fingerprint {fingerprint}`");
    assert!(finding["fix"].as_str().unwrap().ends_with(&command), "{finding}");
    assert_eq!(said.hosts()[0]["chain"][0]["issuer_address"], address.as_str());
    // Nothing is trusted: not in this run, not in the next, and not on the disk.
    assert_eq!(said.hosts()[0]["works"], false);
    assert_eq!(world.doctor(&servers, &[]).hosts()[0]["works"], false);
    assert_eq!(world.sandbox.files(), files);
}

#[test]
fn a_host_is_reached_by_the_way_that_is_set_and_the_json_says_by_which() {
    let Some(stage) = stage() else { return };
    let (denies, leads) = (
        format!("http://{}", stage.authority("proxy-denies")),
        format!("http://{}", stage.authority("proxy")),
    );
    let name = format!("server.corp.example:{}", stage.ports["complete"]);
    let way = |environment: &[(&'static str, &str)], configured: Option<&str>, more: &[&str]| {
        let mut world = World::trusting(stage, &["root"]);
        world.environment.extend(environment.iter().map(|(name, value)| (*name, (*value).into())));
        if let Some(text) = configured {
            world.configure(text);
        }
        let said = world.doctor(&[&name], &[&["--resolve", "server.corp.example:127.0.0.1"], more].concat());
        let hosts = said.hosts().iter().map(|host| {
            let text = |name: &str| host[name].as_str().unwrap_or("none").to_owned();
            (text("proxy"), text("route_from"), host["works"] == true)
        });
        hosts.collect::<Vec<_>>()
    };
    let wanted = |proxy: &str, from: &str, works| (proxy.to_owned(), from.to_owned(), works);
    assert_eq!(way(&[("HTTPS_PROXY", &leads)], None, &[]), [wanted(&leads, "HTTPS_PROXY", true)]);
    assert_eq!(
        way(&[("HTTPS_PROXY", &leads), ("https_proxy", &denies)], None, &[]),
        [wanted(&denies, "https_proxy", false)]
    );
    assert_eq!(
        way(&[("HTTPS_PROXY", &denies)], Some(&format!("[proxy]\nhttps = '{leads}'\n")), &[]),
        [wanted(&leads, "[proxy] of certman.toml", true)]
    );
    assert_eq!(way(&[("HTTPS_PROXY", &denies)], None, &["--direct"]), [wanted("none", "--direct", true)]);
    assert_eq!(
        way(&[("HTTPS_PROXY", &denies), ("NO_PROXY", "other.corp.example,server.corp.example")], None, &[]),
        [wanted("none", "NO_PROXY", true)]
    );
    assert_eq!(
        way(&[("HTTPS_PROXY", &denies), ("NO_PROXY", "other.corp.example")], None, &[]),
        [wanted(&denies, "HTTPS_PROXY", false)]
    );
    assert_eq!(
        way(&[], None, &["--via", &denies]),
        [wanted("none", "none", true), wanted(&denies, "--via", false)]
    );
    // For people the two are told apart, and count as the one host that they are.
    let mut world = World::trusting(stage, &["root"]);
    world.environment.retain(|(name, _)| *name == "NODE_EXTRA_CA_CERTS");
    let leads = format!("http://{}", stage.authority("proxy"));
    let output = world.run(&["complete"], &["doctor", "--via", &leads]);
    let said = String::from_utf8_lossy(&output.stdout);
    let host = stage.authority("complete");
    assert!(said.contains(&format!("\n{host}          ")), "{said}");
    assert!(said.contains(&format!("\n{host} (--via)  ")), "{said}");
    assert!(said.contains("ok: nothing is wrong here, and the host answers"), "{said}");
}

/// Noticed with a settings file that named proxy and bundle: doctor went straight to a host that it did not trust, and Claude Code
/// did neither; with a stale file it was the other way round.
#[test]
fn what_a_settings_file_sets_counts_for_claude_code_and_for_nobody_else() {
    let Some(stage) = stage() else { return };
    let name = format!("server.corp.example:{}", stage.ports["complete"]);
    let resolve = ["--resolve", "server.corp.example:127.0.0.1"];
    let trusted =
        |world: &World<'_>, name| world.sandbox.give(&format!("{name}.pem"), stage.certificate(name));
    let leads = format!("http://{}", stage.authority("proxy"));

    let world = World::trusting(stage, &[]);
    let root = trusted(&world, "root");
    world.settle(&[("HTTPS_PROXY", &leads), ("NODE_EXTRA_CA_CERTS", root.to_str().unwrap())]);
    let said = world.doctor(&[&name], &[]);
    let host = &said.hosts()[0];
    assert_eq!((&host["works"], &host["proxy"]), (&true.into(), &leads.as_str().into()), "{}", said.json);
    let file = world.sandbox.path("~/.claude/settings.json");
    assert_eq!(host["route_from"], format!("HTTPS_PROXY in '{}'", file.display()));
    assert_eq!(host["roots"]["extra"], true);
    assert!(accepts(host, "claude-code") && !accepts(host, "node") && !accepts(host, "bun"), "{host}");

    // What is stale there, or empty, hides what the environment has; the clients that do not look there go by that.
    for stale in [trusted(&world, "stranger").to_str().unwrap(), "/nowhere.pem", ""] {
        let mut world = World::trusting(stage, &[]);
        world.environment.push(("NODE_EXTRA_CA_CERTS", root.clone().into()));
        world.environment.push(("HTTPS_PROXY", leads.clone().into()));
        world.settle(&[("NODE_EXTRA_CA_CERTS", stale), ("HTTPS_PROXY", "")]);
        let said = world.doctor(&[&name], &resolve);
        let host = &said.hosts()[0];
        assert_eq!((&host["works"], &host["proxy"]), (&false.into(), &Value::Null), "{stale}: {host}");
        assert!(accepts(host, "node") && accepts(host, "bun"), "{stale}: {host}");
    }

    // Which roots there are in it.
    let mut world = World::trusting(stage, &[]);
    world.environment.push(("SSL_CERT_FILE", root.into()));
    assert_eq!(world.doctor(&["complete"], &[]).hosts()[0]["works"], true);
    world.settle(&[("CLAUDE_CODE_CERT_STORE", "bundled")]);
    assert_eq!(world.doctor(&["complete"], &[]).hosts()[0]["works"], false);
}

/// Each variable by itself, as Claude Code 2.1.332 has it: one in small letters wins wherever it stands.
#[test]
fn a_settings_file_beats_certman_toml_variable_by_variable() {
    let Some(stage) = stage() else { return };
    let (denies, leads) = (
        format!("http://{}", stage.authority("proxy-denies")),
        format!("http://{}", stage.authority("proxy")),
    );
    let name = format!("server.corp.example:{}", stage.ports["complete"]);
    let way = |settings: &[(&str, &str)], configured: &str| {
        let mut world = World::trusting(stage, &["root"]);
        world.settle(settings);
        world.configure(configured);
        let said = world.doctor(&[&name], &["--resolve", "server.corp.example:127.0.0.1"]);
        let host = &said.hosts()[0];
        let from = host["route_from"].as_str().unwrap_or_default();
        let from = from.split_once(" in ").map_or(from, |(name, _)| name).to_owned();
        (host["proxy"].as_str().unwrap_or("none").to_owned(), from)
    };
    let toml = format!("[proxy]\nhttps = '{denies}'\n");
    let of_toml = "[proxy] of certman.toml".to_owned();
    assert_eq!(way(&[("https_proxy", &leads)], &toml), (leads.clone(), "https_proxy".to_owned()));
    assert_eq!(way(&[("HTTPS_PROXY", &leads)], &toml), (denies.clone(), of_toml.clone()));
    assert_eq!(way(&[("HTTP_PROXY", &leads)], &toml), (denies, of_toml));
    assert_eq!(
        way(&[("no_proxy", "server.corp.example")], &toml),
        ("none".to_owned(), "no_proxy".to_owned())
    );
    let toml = format!("[proxy]\nhttp = '{leads}'\n");
    assert_eq!(way(&[("https_proxy", "")], &toml), (leads, "[proxy] of certman.toml".to_owned()));
}

#[test]
fn of_several_settings_files_the_administrator_s_comes_first_and_the_person_s_last() {
    let sandbox = Sandbox::new();
    let paths = [
        "managed/managed-settings.d/20.json",
        "managed/managed-settings.d/10.json",
        "managed/managed-settings.json",
        ".claude/settings.local.json",
        ".claude/settings.json",
        "~/.claude/settings.json",
    ];
    for (number, path) in paths.iter().enumerate().rev() {
        sandbox.give(path, format!(r#"{{"env":{{"HTTPS_PROXY":"http://127.0.0.1:{}"}}}}"#, number + 1));
        let world = crate::support::host::host().folder(sandbox.folder()).managed(sandbox.path("managed"));
        let world =
            world.env("HOME", sandbox.home().to_str().unwrap()).env("HTTPS_PROXY", "http://127.0.0.1:9");
        let said = world.run(&["doctor", "--json", "gateway.corp.example"]).json();
        let wanted = format!("HTTPS_PROXY in '{}'", sandbox.path(path).display());
        let host = &said["hosts"][0];
        assert_eq!(
            (&host["route_from"], &host["proxy"]),
            (&wanted.into(), &format!("http://127.0.0.1:{}", number + 1).into())
        );
    }
}

#[test]
fn a_gateway_that_a_settings_file_names_is_reached_first() {
    let Some(stage) = stage() else { return };
    let mut world = World::trusting(stage, &["root"]);
    world.environment.push(("ANTHROPIC_BASE_URL", "https://elsewhere.corp.example".into()));
    world.settle(&[("ANTHROPIC_BASE_URL", &format!("https://{}/v1", stage.authority("complete")))]);
    let said = world.doctor(&[], &AT_HOME);
    let hosts: Vec<_> =
        said.hosts().iter().map(|host| (host["host"].clone(), host["required"].clone())).collect();
    assert_eq!(hosts[..2], [("localhost".into(), true.into()), ("api.anthropic.com".into(), false.into())]);
    assert_eq!(said.hosts()[0]["works"], true, "{}", said.json);
}

/// Noticed with a gateway on the own machine, over plain HTTP: it was passed over without a word, and api.anthropic.com, which
/// nobody there needs, was critical.
#[test]
fn a_gateway_without_tls_is_not_probed_and_takes_the_place_of_the_host_of_its_own() {
    let Some(stage) = stage() else { return };
    let ask = |address: &str, is_in_settings: bool, hosts: &[&str]| {
        let mut world = World::trusting(stage, &["root"]);
        world.environment.retain(|(name, _)| *name == "NODE_EXTRA_CA_CERTS");
        if is_in_settings {
            world.settle(&[("ANTHROPIC_BASE_URL", address)]);
        } else {
            world.environment.push(("ANTHROPIC_BASE_URL", address.into()));
        }
        world.doctor(hosts, &AT_HOME)
    };
    for (address, shown, is_in_settings) in [
        ("http://127.0.0.1:4000", "'127.0.0.1:4000'", false),
        ("HTTP://gateway.corp.example/v1", "'gateway.corp.example'", true),
        ("http://alice:secret-of-alice@localhost:4000/", "'localhost:4000'", true),
        ("http://two words/", "a host", false),
    ] {
        let said = ask(address, is_in_settings, &[]);
        let finding = said.finding("gateway-not-probed");
        let message = finding["message"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("ANTHROPIC_BASE_URL leads to {shown} by plain HTTP")),
            "{message}"
        );
        assert_eq!(finding["severity"], "info");
        let path = finding["source"]["path"].as_str().unwrap_or_default();
        assert_eq!(path.ends_with("settings.json"), is_in_settings, "{finding}");
        assert!(!contains(&said.output.stdout, b"secret-of-alice"), "{}", said.json);
        let hosts: Vec<_> =
            said.hosts().iter().map(|host| (host["host"].as_str(), &host["required"])).collect();
        assert_eq!(hosts[0], (Some("api.anthropic.com"), &false.into()), "{hosts:?}");
        assert_eq!((hosts.len(), hosts[1].1), (3, &true.into()));
    }
    let said = ask("gateway.corp.example:8443", false, &[]);
    assert!(said.codes().contains(&"base-url-unusable"), "{}", said.json);
    assert_eq!((said.hosts().len(), said.output.status.code()), (3, Some(2)));
    // Where hosts are named, nobody asks for it.
    let said = ask("http://127.0.0.1:4000", false, &["complete"]);
    assert_eq!((said.hosts().len(), said.codes()), (1, vec!["host-clients-differ"]), "{}", said.json);
    let said = ask("http://api.anthropic.com", false, &[]);
    assert!(said.hosts()[0]["required"] == true && !said.codes().contains(&"gateway-not-probed"));
}

#[test]
fn a_name_is_not_looked_up_where_an_address_is_given_or_a_proxy_does_it() {
    let Some(stage) = stage() else { return };
    let name = format!("server.corp.example:{}", stage.ports["complete"]);
    let mut world = World::trusting(stage, &["root"]);
    let said = world.doctor(&[&name], &["--resolve", "server.corp.example:127.0.0.1"]);
    assert_eq!(
        (&said.hosts()[0]["works"], &said.hosts()[0]["addresses"][0]),
        (&true.into(), &"127.0.0.1".into())
    );
    world.set_proxy(&format!("http://127.0.0.1:{}", stage.ports["proxy"]));
    let said = world.compare(&[&name], &Client::MAIN);
    let steps: Vec<&str> = said.hosts()[0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["tcp", "connect", "tls", "http"]);
}

#[test]
fn the_status_is_that_of_the_worst_and_people_get_a_line_for_each_host() {
    let Some(stage) = stage() else { return };
    let mut good = World::trusting(stage, &["root"]);
    // Those of other clients would leave the public roots out, which is a warning.
    good.environment.retain(|(name, _)| *name == "NODE_EXTRA_CA_CERTS");
    let said = good.doctor(&["complete", "tls-1.2"], &[]);
    assert_eq!(said.output.status.code(), Some(0), "{}", said.json);
    for member in [
        "host",
        "port",
        "required",
        "reason",
        "proxy",
        "route_from",
        "steps",
        "addresses",
        "tls",
        "chain",
        "client_certificate",
        "http_status",
        "proxy_answer",
        "intercepted",
        "inspector",
        "roots",
        "clients",
        "works",
    ] {
        assert!(said.hosts().iter().all(|host| host.get(member).is_some()), "{member}: {}", said.json);
    }
    assert_eq!((&said.json["schema_version"], &said.json["command"]), (&1.into(), &"doctor".into()));
    // Two obstacles, of which one is that of two hosts.
    let two = good.doctor(&["wrong-name", "expired", "complete", "refused", "refused-too"], &[]);
    assert_eq!(two.output.status.code(), Some(2));
    assert_eq!(two.codes_about(&stage.authority("wrong-name")), ["host-cert-wrong-name"]);
    assert_eq!(two.codes_about(&stage.authority("expired")), ["host-cert-expired"]);
    let both = format!("{}, {}: ", stage.authority("refused"), stage.authority("refused-too"));
    assert!(two.finding("host-unreachable")["message"].as_str().unwrap().starts_with(&both), "{}", two.json);
    assert_eq!(two.codes().iter().filter(|code| **code == "host-unreachable").count(), 1);

    let mut optional = World::trusting(stage, &["root"]);
    optional.set_proxy(&format!("http://{}", stage.authority("proxy-denies")));
    assert_eq!(optional.doctor(&["downloads.claude.ai:443"], &[]).output.status.code(), Some(1));
    let mut untold = World::trusting(stage, &["root"]);
    untold.configure("[bundle]\nsources = ['not-there.pem']\nout = 'bundle.pem'\n");
    assert_eq!(untold.doctor(&["complete"], &[]).output.status.code(), Some(3));

    let output = good.run(&["complete", "expired", "refused"], &["doctor"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for (server, verdict) in [("complete", "works"), ("expired", "not trusted"), ("refused", "fails")] {
        let start = format!("{} ", stage.authority(server));
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&start)).collect();
        assert!(matches!(lines[..], [line] if line.ends_with(verdict)), "{server}: {text}");
    }
}

#[test]
fn no_secret_is_shown_whatever_comes_of_it() {
    let Some(stage) = stage() else { return };
    for (proxy, host) in [
        ("proxy-basic", "careful-1.3"),
        ("proxy-echoes", "complete"),
        ("proxy-negotiate", "complete"),
        ("proxy-refused", "complete"),
    ] {
        for place in ["certman.toml", "environment", "settings"] {
            let mut world = World::trusting(stage, &["root"]);
            let address = stage.authority(proxy);
            world.show_identity("key.txt");
            let with_password = format!("http://alice:{PASSWORD}@{address}");
            match place {
                "certman.toml" => {
                    set_mode(&world.sandbox.give("proxy.txt", format!("{PASSWORD}\n")), 0o600);
                    world.configure(&format!(
                        "{IDENTITY}[proxy]\nhttps = 'http://{address}'\nusername = 'alice'\npassword = 'file:proxy.txt'\n"
                    ));
                }
                "environment" => world.set_proxy(&with_password),
                _ => world.settle(&[("HTTPS_PROXY", &with_password)]),
            }
            // By a name that is no exception.
            let host = format!("server.corp.example:{}", stage.ports[host]);
            for format in ["--format=json", "--format=text"] {
                let output = world.run(&[&host], &["doctor", format, "--verbose", "--report", "report.txt"]);
                // That it was sent is why it can be seen at all.
                let (is_answered, said) =
                    (proxy == "proxy-basic", [&*output.stdout, &output.stderr].concat());
                assert_eq!(output.status.code() < Some(2), is_answered, "{output:?}");
                assert!(contains(&said, b"alice:***@"), "{output:?}");
                let is_echoed = contains(&said, b"Proxy-Authorization: Basic ***");
                assert_eq!(is_echoed, proxy == "proxy-echoes", "{output:?}");
                let written = world.sandbox.made().into_values();
                for bytes in written.chain([said]) {
                    for secret in [PASSWORD, ENCODED.trim_end_matches('=')] {
                        assert!(!contains(&bytes, secret.as_bytes()), "{}", String::from_utf8_lossy(&bytes));
                    }
                }
            }
        }
    }
}

/// Noticed with three hosts and an old password: the proxy counted three wrong ones, six where it was slow, and locked the account.
#[test]
fn a_wrong_password_is_told_to_a_proxy_once_for_all_hosts() {
    let Some(stage) = stage() else { return };
    let servers = ["complete", "wildcard", "tls-1.2"];
    let check = |status: u16, delay: u64, seconds: u32| {
        let proxy = CountingProxy::start(Duration::from_millis(delay), move |_| Some(status));
        let mut world = World::trusting(stage, &["root"]);
        world.seconds = seconds;
        world.set_proxy(&proxy.address("alice:not-this-one@"));
        let (begin, said) = (Instant::now(), world.doctor(&servers, &[]));
        assert!(begin.elapsed() < Duration::from_millis(delay + 5_000), "{:?}", begin.elapsed());
        assert_eq!(proxy.told(), 1, "{status} after {delay} ms: {}", said.json);
        let steps = |host: &Value| {
            let steps = host["steps"].as_array().unwrap().iter();
            steps.map(|step| (step["step"].clone(), step["error"].clone())).collect::<Vec<_>>()
        };
        for server in servers {
            let host = said.host(&stage.authority(server));
            assert_eq!(said.codes_about(&stage.authority(server)), ["proxy-credentials-refused"]);
            assert_eq!(steps(host), steps(&said.hosts()[0]), "{}", said.json);
            assert_eq!(host["proxy_answer"], said.hosts()[0]["proxy_answer"]);
            assert_eq!(host["proxy_answer"]["title"], "from the counting proxy", "{host}");
        }
        let findings = said.codes().into_iter().filter(|code| *code == "proxy-credentials-refused");
        assert_eq!(findings.count(), 1, "{}", said.json);
    };
    thread::scope(|scope| {
        for (status, delay, seconds) in [(407, 0, 20), (401, 0, 20), (407, 3_000, 5)] {
            scope.spawn(move || check(status, delay, seconds));
        }
    });
}

/// A filter says no before anybody has looked at the password: who comes next may still be the first to tell a wrong one.
#[test]
fn what_says_nothing_of_the_password_lets_one_after_the_other_ask() {
    let Some(stage) = stage() else { return };
    let proxy = CountingProxy::start(Duration::ZERO, |number| Some(if number == 0 { 403 } else { 407 }));
    let mut world = World::trusting(stage, &["root"]);
    world.set_proxy(&proxy.address("alice:not-this-one@"));
    let said = world.doctor(&["complete", "wildcard", "tls-1.2"], &[]);
    assert_eq!(proxy.told(), 2, "{}", said.json);
    let mut statuses: Vec<u64> =
        said.hosts().iter().map(|host| host["proxy_answer"]["status"].as_u64().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [403, 407, 407]);
}

#[test]
fn who_waits_for_the_first_answer_of_a_proxy_keeps_the_time_of_one() {
    let Some(stage) = stage() else { return };
    let password = format!("alice:{PASSWORD}@");
    let run = |proxy: &CountingProxy, servers: &[&str], seconds| {
        let mut world = World::trusting(stage, &["root"]);
        world.seconds = seconds;
        world.set_proxy(&proxy.address(&password));
        let (begin, said) = (Instant::now(), world.doctor(servers, &[]));
        (said, begin.elapsed())
    };
    // It never answers: the password is told once, everybody ends in time, and who was never asked for is not called silent.
    let proxy = CountingProxy::start(Duration::from_secs(20), |_| Some(407));
    let (said, elapsed) = run(&proxy, &["complete", "wildcard", "tls-1.2"], 3);
    // One after the other takes three times as long.
    assert!(elapsed < Duration::from_secs(8), "{elapsed:?}");
    assert_eq!(proxy.told(), 1);
    let mut errors: Vec<&str> = said
        .hosts()
        .iter()
        .map(|host| host["steps"].as_array().unwrap().last().unwrap()["error"].as_str().unwrap())
        .collect();
    errors.sort_unstable();
    let not_asked = "not asked: the proxy has not answered for another host";
    assert_eq!(errors, ["no answer in time", not_asked, not_asked]);
    assert_eq!(said.codes().iter().filter(|code| **code == "host-timeout").count(), 2, "{}", said.json);
    // Whoever has got through does not hold the others up: three slow hosts take as long as one.
    let proxy = CountingProxy::start(Duration::ZERO, |_| None);
    let (_, slowest) = run(&proxy, &["slow"], 20);
    let (said, elapsed) = run(&proxy, &["slow", "slow-too", "slow-as-well"], 20);
    assert!(said.hosts().iter().all(|host| host["works"] == true), "{}", said.json);
    assert!(elapsed < slowest.mul_f64(2.2), "{elapsed:?} and {slowest:?}");
    // So does a proxy that does not get through.
    let proxy = CountingProxy::start(Duration::from_secs(2), |_| Some(502));
    let (said, elapsed) = run(&proxy, &["complete", "wildcard", "tls-1.2", "unordered"], 20);
    assert!(elapsed < Duration::from_millis(7_500), "{elapsed:?}");
    assert_eq!(said.finding("proxy-refused")["severity"], "critical");
}

/// Noticed with a proxy that takes more than half of the time: it was asked a second time, without the large key share.
#[test]
fn a_second_look_is_taken_only_where_tls_is_what_is_waited_for() {
    let Some(stage) = stage() else { return };
    let proxy = CountingProxy::start(Duration::from_millis(2_500), |_| None);
    let mut world = World::trusting(stage, &["root"]);
    world.seconds = 4;
    world.set_proxy(&proxy.address(&format!("alice:{PASSWORD}@")));
    let said = world.doctor(&["complete"], &[]);
    assert_eq!((&said.hosts()[0]["works"], proxy.told()), (&true.into(), 1), "{}", said.json);
    // Behind the proxy it is taken as before.
    let proxy = CountingProxy::start(Duration::ZERO, |_| None);
    let mut world = World::trusting(stage, &["root"]);
    world.seconds = 6;
    world.set_proxy(&proxy.address(&format!("alice:{PASSWORD}@")));
    let said = world.doctor(&["small-hellos-lost", "small-hellos-cut"], &[]);
    let message = said.finding("host-post-quantum-blocked")["message"].as_str().unwrap();
    assert!(
        ["small-hellos-lost", "small-hellos-cut"].iter().all(|one| message.contains(&stage.authority(one)))
    );
    // Whoever is cut is looked at a third time, in case it was chance; for the other there is no time left.
    assert_eq!(proxy.told(), 5, "{}", said.json);
}

/// What there is to connect to, by its name in `support/doctor.py`.
struct Stage {
    folder: PathBuf,
    ports: BTreeMap<String, u16>,
    /// Ends when this process does, since its standard input ends then.
    _process: Child,
}

impl Stage {
    fn start() -> Option<Self> {
        for name in ["bun", "curl", "git", "node"] {
            program(name)?;
        }
        let openssl = program("openssl")?;
        let mut python = python()?;
        let folder = fresh_folder("doctor").keep();
        let authorities = folder.join("client-authorities.pem");
        let all = ["pki/root-p256.pem", "pki/intermediate-p256-1.pem"];
        std::fs::write(&authorities, all.map(|name| std::fs::read(testdata(name)).unwrap()).concat())
            .unwrap();
        python.arg(in_project("tests/support/doctor.py")).args([&folder, &openssl, &authorities]);
        let mut process = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let read = |line: String| {
            let (name, port) = line.split_once(' ').expect("a name and a port");
            (name.to_owned(), port.parse().expect("a port"))
        };
        let ports: BTreeMap<String, u16> = lines.take_while(|line| !line.is_empty()).map(read).collect();
        assert!(ports.contains_key("issuers"), "support/doctor.py has not come to its end");
        Some(Self { folder, ports, _process: process })
    }

    /// Host and port; of what is no name of a server, itself.
    fn authority(&self, name: &str) -> String {
        self.ports.get(name).map_or_else(|| name.to_owned(), |port| format!("localhost:{port}"))
    }

    fn certificate(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(format!("{name}.pem"))).unwrap()
    }
}

/// Started once for all tests.
fn stage() -> Option<&'static Stage> {
    static STAGE: LazyLock<Option<Stage>> = LazyLock::new(Stage::start);
    STAGE.as_ref()
}

/// A real proxy that wants Basic authentication, and leads to all names but one.
struct Tinyproxy {
    _folder: TempDir,
    port: u16,
    process: Child,
}

impl Tinyproxy {
    fn start(program: &Path) -> Self {
        let folder = fresh_folder("tinyproxy");
        // It does not tell which port it was given: one is found that is free, and tried at once.
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let filter = folder.path().join("filter");
        std::fs::write(&filter, "denied\n").unwrap();
        let configuration = folder.path().join("tinyproxy.conf");
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 20\nMaxClients 50\nBasicAuth alice tinyproxy-password\nFilter \"{}\"\n",
            filter.display()
        );
        std::fs::write(&configuration, text).unwrap();
        let mut command = bare(program);
        command.arg("-d").arg("-c").arg(&configuration).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "tinyproxy does not listen in {}", folder.path().display());
            thread::sleep(Duration::from_millis(20));
        }
        Self { _folder: folder, port, process }
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A proxy that counts how often it is told a password, and takes its time to answer.
struct CountingProxy {
    port: u16,
    told: Arc<AtomicUsize>,
}

impl CountingProxy {
    /// `answer` says with which status a request is refused, by its number from 0 on; none leads to the port on this machine.
    fn start(delay: Duration, answer: impl Fn(usize) -> Option<u16> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, told) = (listener.local_addr().unwrap().port(), Arc::<AtomicUsize>::default());
        let count = told.clone();
        // Ends with this process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (count, answer) = (count.clone(), answer.clone());
                thread::spawn(move || Self::serve(stream, &count, delay, answer));
            }
        });
        Self { port, told }
    }

    fn serve(
        mut stream: TcpStream,
        count: &AtomicUsize,
        delay: Duration,
        answer: impl Fn(usize) -> Option<u16>,
    ) -> Option<()> {
        let (mut head, mut byte) = (String::new(), [0]);
        while !head.ends_with("\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            head.push(char::from(byte[0]));
        }
        assert!(head.contains("\r\nProxy-Authorization: Basic "), "{head}");
        let number = count.fetch_add(1, Ordering::Relaxed);
        thread::sleep(delay);
        if let Some(status) = answer(number) {
            let page = "<title>from the counting proxy</title>";
            let fields = format!("Proxy-Authenticate: Basic realm=x\r\nContent-Length: {}", page.len());
            return write!(stream, "HTTP/1.1 {status} No\r\n{fields}\r\n\r\n{page}").ok();
        }
        let port = head.split(' ').nth(1)?.rsplit(':').next()?.parse::<u16>().ok()?;
        let mut other = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
        let (mut from, mut to) = (other.try_clone().ok()?, stream.try_clone().ok()?);
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let _ = std::io::copy(&mut stream, &mut other);
        other.shutdown(Shutdown::Both).ok()
    }

    fn address(&self, user: &str) -> String {
        format!("http://{user}127.0.0.1:{}", self.port)
    }

    fn told(&self) -> usize {
        self.told.load(Ordering::Relaxed)
    }
}

/// A real proxy that signs for whatever host is asked for.
struct Mitmproxy {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Mitmproxy {
    fn start() -> Option<Self> {
        program("mitmdump")?;
        let (folder, mut python) = (fresh_folder("mitmproxy"), python()?);
        python.arg(in_project("tests/support/mitm.py")).arg(folder.path());
        python.env("PYTHONPATH", in_project("target/tools/mitmproxy"));
        let mut process = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Self { folder, port: port.trim().parse().expect("a port"), process })
    }
}

impl Drop for Mitmproxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A real client, by its name in the JSON of doctor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Client {
    Bun,
    Curl,
    Git,
    Node,
    OpenSsl,
    Python,
}

impl Client {
    const ALL: [Self; 6] = [Self::Bun, Self::Curl, Self::Git, Self::Node, Self::OpenSsl, Self::Python];
    /// Those that go through proxies all alike.
    const MAIN: [Self; 3] = [Self::Bun, Self::Curl, Self::Node];

    fn name(self) -> &'static str {
        match self {
            Self::Bun => "bun",
            Self::Curl => "curl",
            Self::Git => "git-gnutls",
            Self::Node => "node",
            Self::OpenSsl => "openssl",
            Self::Python => "python",
        }
    }
}

/// A machine: what it trusts, what it shows, and by what way it goes. Certman and the clients have the same environment.
struct World<'a> {
    /// Of certman and of the clients.
    environment: Vec<(&'static str, OsString)>,
    /// Of the clients alone: what certman takes from its configuration.
    identity: Vec<(&'static str, OsString)>,
    is_configured: bool,
    sandbox: Sandbox,
    seconds: u32,
    stage: &'a Stage,
}

impl<'a> World<'a> {
    /// One that trusts these certificates, by their names in `support/doctor.py`, in the place of the system's.
    fn trusting(stage: &'a Stage, names: &[&str]) -> Self {
        let mut world = Self {
            environment: Vec::new(),
            identity: Vec::new(),
            is_configured: false,
            sandbox: Sandbox::new(),
            seconds: 20,
            stage,
        };
        if !names.is_empty() {
            world.trust(&names.iter().flat_map(|name| stage.certificate(name)).collect::<Vec<_>>());
        }
        world
    }

    fn trust(&mut self, pem: &[u8]) {
        let path = self.sandbox.give("trusted.pem", pem);
        let variables = ["NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "SSL_CERT_FILE"];
        self.environment.extend(variables.map(|name| (name, path.clone().into())));
    }

    fn configure(&mut self, text: &str) {
        self.sandbox.give("certman.toml", text);
        self.is_configured = true;
    }

    /// Gives a settings file with these variables to Claude Code.
    fn settle(&self, variables: &[(&str, &str)]) {
        let env: BTreeMap<_, _> = variables.iter().copied().collect();
        self.sandbox.give("~/.claude/settings.json", serde_json::json!({ "env": env }).to_string());
    }

    fn set_proxy(&mut self, address: &str) {
        self.environment.extend(["HTTPS_PROXY", "https_proxy"].map(|name| (name, address.into())));
    }

    /// Gives an encrypted key and its certificate to certman and to the clients; certman has the passphrase from this file.
    fn show_identity(&mut self, passphrase_file: &str) {
        let passphrase = fixture_passphrase("plain");
        let key = self.sandbox.copy("client.key", "keys/encrypted/p256.pbes2-sha256-aes-256.pem");
        let cert = self.sandbox.copy("client.pem", "pki/client-p256-chain.pem");
        for (name, content) in [("key.txt", &*passphrase), ("wrong.txt", "not the passphrase")] {
            set_mode(&self.sandbox.give(name, format!("{content}\n")), 0o600);
        }
        self.configure(&IDENTITY.replace("key.txt", passphrase_file));
        self.identity = vec![
            ("CLAUDE_CODE_CLIENT_CERT", cert.into()),
            ("CLAUDE_CODE_CLIENT_KEY", key.into()),
            ("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE", passphrase.into()),
        ];
    }

    /// Runs doctor on these servers.
    fn doctor(&self, servers: &[&str], more: &[&str]) -> Said {
        Said::of(self.run(servers, &[&["doctor", "--json"], more].concat()))
    }

    fn run(&self, servers: &[&str], words: &[&str]) -> Output {
        let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        words.extend(["--timeout".to_owned(), self.seconds.to_string()]);
        if self.is_configured {
            words.extend(["--config".to_owned(), "certman.toml".to_owned()]);
        }
        words.extend(servers.iter().map(|server| self.stage.authority(server)));
        let run = self.sandbox.certman(&words);
        self.environment.iter().fold(run, |run, (name, value)| run.env(name, value)).output()
    }

    /// What doctor says; fails where that is not what clients do.
    fn compare(&self, servers: &[&str], clients: &[Client]) -> Said {
        let started: Vec<_> = clients.iter().map(|client| (*client, self.start(*client, servers))).collect();
        let said = self.doctor(servers, &[]);
        let mut mismatches = Vec::new();
        for (client, started) in started {
            let answers = answers(client, started);
            assert_eq!(answers.len(), servers.len(), "{client:?}: {answers:?}");
            for (server, answer) in servers.iter().zip(answers) {
                let host = said.host(&self.stage.authority(server));
                let gets_through = answer.starts_with("answered");
                // Claude Code is Bun inside, but for a server's certificate that vouches for itself.
                let is_like_claude_code = client == Client::Bun && *server != "itself";
                let is_told_wrong = is_like_claude_code && (host["works"] == true) != gets_through;
                if is_told_wrong || said.lets_through(host, client) != gets_through {
                    mismatches.push(format!(
                        "{}, {server}: {answer}; doctor says {}",
                        client.name(),
                        said.words_about(host, client)
                    ));
                }
            }
        }
        assert!(mismatches.is_empty(), "{:?}\n{}", self.environment, mismatches.join("\n"));
        said
    }

    /// Lets a client connect to every server; what comes of it is for [`answers`].
    fn start(&self, client: Client, servers: &[&str]) -> Vec<Child> {
        let authorities: Vec<String> = servers.iter().map(|server| self.stage.authority(server)).collect();
        let addresses = authorities.iter().map(|authority| format!("https://{authority}/r"));
        let mut commands = match client {
            Client::Bun | Client::Node => {
                let name = if client == Client::Bun { "bun" } else { "node" };
                let mut command = bare(&program(name).expect("it was there before"));
                command.arg(in_project("tests/support/reached.mjs")).args(addresses);
                vec![command]
            }
            Client::Python => {
                let mut command = python().expect("it was there before");
                command.arg(in_project("tests/support/reached.py")).args(addresses);
                vec![command]
            }
            Client::Curl | Client::Git | Client::OpenSsl => addresses
                .zip(&authorities)
                .map(|(address, authority)| self.one(client, authority, &address))
                .collect(),
        };
        let mut start = |command: &mut Command| {
            command
                .envs(self.environment.iter().map(|(name, value)| (name, value)))
                .envs(self.identity.iter().map(|(name, value)| (name, value)))
                .env("HOME", self.sandbox.home())
                .env("LIMIT_IN_MS", (self.seconds * 1000).to_string())
                .env("NODE_USE_ENV_PROXY", "1")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
        };
        commands.iter_mut().map(&mut start).collect()
    }

    /// A client that asks one server.
    fn one(&self, client: Client, authority: &str, address: &str) -> Command {
        let seconds = self.seconds.to_string();
        let identity =
            |name: &str| self.identity.iter().find(|(one, _)| *one == name).map(|(_, value)| value);
        let (cert, key, pass) = (
            identity("CLAUDE_CODE_CLIENT_CERT"),
            identity("CLAUDE_CODE_CLIENT_KEY"),
            identity("CLAUDE_CODE_CLIENT_KEY_PASSPHRASE"),
        );
        match client {
            Client::Curl => {
                let mut command = bare(&program("curl").expect("it was there before"));
                command.args(["-sS", "-o", "/dev/null", "--max-time", &seconds, address]);
                if let (Some(cert), Some(key), Some(pass)) = (cert, key, pass) {
                    command.arg("--cert").arg(cert).arg("--key").arg(key).arg("--pass").arg(pass);
                }
                command
            }
            Client::Git => {
                let mut command = bare(Path::new("/usr/bin/timeout"));
                command
                    .args([&seconds, "/usr/bin/git", "ls-remote", address])
                    .env("GIT_TERMINAL_PROMPT", "0");
                command
            }
            _ => {
                let mut command = bare(Path::new("/usr/bin/timeout"));
                command.arg(&seconds).arg(program("openssl").expect("it was there before"));
                command.args(["s_client", "-brief", "-verify_return_error", "-verify_hostname", "localhost"]);
                command.args(["-connect", authority]);
                command
            }
        }
    }
}

/// What came of each server: "answered", or "failed" and why.
fn answers(client: Client, started: Vec<Child>) -> Vec<String> {
    let mut lines = Vec::new();
    for one in started {
        let output = one.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).replace('\n', " ");
        match client {
            Client::Bun | Client::Node | Client::Python => {
                assert!(output.status.success(), "{client:?}: {said}");
                lines.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
            }
            _ if output.status.success() => lines.push("answered".to_owned()),
            _ => lines.push(format!("failed {said}")),
        }
    }
    lines
}

/// What doctor says as JSON.
struct Said {
    json: Value,
    output: Output,
}

impl Said {
    fn of(output: Output) -> Self {
        let json = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("standard output is JSON alone: {error}: {output:?}"));
        Self { json, output }
    }

    fn hosts(&self) -> &[Value] {
        self.json["hosts"].as_array().expect("a list of hosts")
    }

    /// The host of `HOST:PORT`.
    fn host(&self, authority: &str) -> &Value {
        let is_it =
            |host: &&Value| format!("{}:{}", host["host"].as_str().unwrap(), host["port"]) == authority;
        self.hosts().iter().find(is_it).unwrap_or_else(|| panic!("no {authority}: {}", self.json))
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.json["findings"].as_array().expect("a list of findings").iter()
    }

    fn codes(&self) -> Vec<&str> {
        self.findings().map(|finding| finding["code"].as_str().expect("a code")).collect()
    }

    fn finding(&self, code: &str) -> &Value {
        let finding = self.findings().find(|finding| finding["code"] == code);
        finding.unwrap_or_else(|| panic!("no {code}: {}", self.json))
    }

    /// What is said about a host, but what is only worth knowing.
    fn about(&self, host: &str) -> impl Iterator<Item = &Value> {
        self.findings().filter(move |finding| {
            let hosts = finding["message"].as_str().and_then(|message| message.split_once(": "));
            finding["severity"] != "info"
                && hosts.is_some_and(|(hosts, _)| hosts.split(", ").any(|one| one == host))
        })
    }

    fn codes_about(&self, host: &str) -> Vec<&str> {
        self.about(host).map(|finding| finding["code"].as_str().expect("a code")).collect()
    }

    fn message_about(&self, host: &str) -> String {
        self.about(host).map(|finding| finding["message"].as_str().expect("a message")).collect()
    }

    /// Whether doctor says that this client gets an answer.
    fn lets_through(&self, host: &Value, client: Client) -> bool {
        let steps = host["steps"].as_array().expect("a list of steps");
        steps.iter().all(|step| step["ok"] == true)
            && !host["http_status"].is_null()
            && accepts(host, client.name())
            // Of a proxy that is not trusted only this tells.
            && (host["works"] == true || !accepts(host, "claude-code"))
    }

    fn words_about(&self, host: &Value, client: Client) -> String {
        let name = format!("{}:{}", host["host"].as_str().unwrap(), host["port"]);
        format!("{} ({})", self.lets_through(host, client), self.message_about(name.trim_end_matches(":443")))
    }
}

fn accepts(host: &Value, client: &str) -> bool {
    let clients = host["clients"].as_array().expect("a list of clients");
    clients.iter().any(|one| one["client"] == client && one["accepts"] == true)
}

/// Where no host is named: nobody there is asked, and nobody answers.
const AT_HOME: [&str; 6] = [
    "--resolve",
    "api.anthropic.com:127.0.0.1",
    "--resolve",
    "claude.ai:127.0.0.1",
    "--resolve",
    "platform.claude.com:127.0.0.1",
];

/// Servers whose certificates differ.
const CHAINS: [&str; 21] = [
    "chain-and-root",
    "complete",
    "expired",
    "for-anything",
    "for-encryption",
    "for-signing-others",
    "issuing-expired",
    "issuing-of-another-key",
    "itself",
    "no-name",
    "not-for-servers",
    "not-yet-valid",
    "odd-extension",
    "odd-policies",
    "only-leaf",
    "stranger",
    "tls-1.2",
    "unordered",
    "wildcard",
    "wrong-issuer",
    "wrong-name",
];

/// Servers that want a client certificate.
const CAREFUL: [&str; 8] = [
    "careful-1.2",
    "careful-1.3",
    "elsewhere-1.2",
    "elsewhere-1.3",
    "named-1.2",
    "named-1.3",
    "named-elsewhere-1.2",
    "named-elsewhere-1.3",
];

const IDENTITY: &str = "[client]\ncert = 'client.pem'\nkey = 'client.key'\npassphrase = 'file:key.txt'\n";

/// Servers that do something else, and what doctor calls it.
const ODD: [(&str, Option<&str>); 11] = [
    ("broken", Some("host-answer-unfinished")),
    ("closed", Some("host-blocked")),
    ("complete", None),
    ("error", Some("host-answer-unwell")),
    ("plain", Some("host-not-tls")),
    ("refused", Some("host-unreachable")),
    ("reset", Some("host-blocked")),
    ("silent-after-tls", Some("host-answer-unfinished")),
    ("ssh", Some("host-not-tls")),
    ("tls-1.1", Some("host-tls-too-old")),
    ("torn-hello", Some("host-tls-failed")),
];

/// `alice:PASSWORD` in base64, as it goes over the wire.
const ENCODED: &str = "YWxpY2U6cHJveHktcGFzc3dvcmQtb2YtdGhlLWRvY3Rvcg==";

/// What the proxies of `support/doctor.py` take from alice.
const PASSWORD: &str = "proxy-password-of-the-doctor";

/// Proxies: how they are spoken to, as whom, which one, and what doctor calls it; nothing where it works.
const PROXIES: [(&str, &str, &str, &str); 19] = [
    ("http", "", "proxy", ""),
    ("http", "", "proxy-basic", "proxy-credentials-missing"),
    ("http", "alice:not-this-one@", "proxy-basic", "proxy-credentials-refused"),
    ("http", "alice:proxy-password-of-the-doctor@", "proxy-basic", ""),
    ("http", "", "proxy-closed", "host-answer-unfinished"),
    ("http", "", "proxy-cuts", "host-blocked"),
    ("http", "", "proxy-denies", "proxy-refused"),
    ("http", "", "proxy-drip", "host-timeout"),
    ("http", "", "proxy-inspects", "host-chain-untrusted"),
    ("http", "", "proxy-negotiate", "proxy-scheme-unsupported"),
    ("http", "alice:not-this-one@", "proxy-ntlm", "proxy-scheme-unsupported"),
    ("http", "", "proxy-over-tls", "host-answer-unfinished"),
    ("http", "", "proxy-refused", "proxy-unreachable"),
    ("http", "", "proxy-ssh", "proxy-not-http"),
    ("https", "", "proxy-over-tls", "proxy-credentials-missing"),
    ("https", "alice:proxy-password-of-the-doctor@", "proxy-over-tls", ""),
    ("https", "", "proxy-over-tls-stranger", "proxy-untrusted"),
    ("https", "", "proxy-refused", "proxy-unreachable"),
    ("https", "", "proxy-ssh", "proxy-not-tls"),
];
