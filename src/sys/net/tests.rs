//! The probe against servers on loopback, good ones and others.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{
    CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P521_SHA512,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use zeroize::Zeroizing;

use super::Version;
use super::probe::*;
use crate::secret::Passphrase;

/// Answers one connection on its own thread; the port, and what the answer came to.
fn serve<T: Send + 'static>(answer: impl FnOnce(TcpStream) -> T + Send + 'static) -> (u16, Receiver<T>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = sender.send(answer(stream));
    });
    (port, receiver)
}

/// Reads up to the end of a head.
fn head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Reads what comes first, whatever it is.
fn hear(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0; 8192]);
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn identity(authority: &CertifiedIssuer<'static, KeyPair>, key: &KeyPair) -> Arc<LentIdentity> {
    let certificate = CertificateParams::default().signed_by(key, authority).unwrap();
    Arc::new(LentIdentity {
        chain: vec![certificate.der().to_vec()],
        key: Zeroizing::new(key.serialize_der()),
    })
}

/// What a server with TLS is like.
struct Door {
    clients: Option<RootCertStore>,
    intermediates: usize,
    is_optional: bool,
    key: KeyPair,
    versions: Vec<&'static SupportedProtocolVersion>,
}

impl Door {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        Self { clients: None, intermediates: 0, is_optional: false, key, versions: vec![&TLS12, &TLS13] }
    }

    fn speaking(mut self, version: Version) -> Self {
        self.versions = vec![if version == Version::Tls12 { &TLS12 } else { &TLS13 }];
        self
    }

    fn asking(mut self, authorities: &[&CertifiedIssuer<'static, KeyPair>]) -> Self {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.der().clone()).unwrap();
        }
        self.clients = Some(roots);
        self
    }

    fn open(self) -> Arc<ServerConfig> {
        let certificate =
            CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&self.key).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions)
            .unwrap();
        let config = match self.clients {
            None => config.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if self.is_optional { verifier.allow_unauthenticated() } else { verifier };
                config.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let mut chain = vec![certificate.der().clone()];
        chain.resize(1 + self.intermediates, certificate.der().clone());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = config.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// Speaks TLS on a stream, and answers one request.
fn answer<S: Read + Write>(config: Arc<ServerConfig>, stream: S, text: &str) -> io::Result<String> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let result = tls.conn.complete_io(&mut tls.sock);
    if let Err(error) = result {
        // The alert that says why.
        let _ = tls.conn.write_tls(&mut tls.sock);
        return Err(error);
    }
    let request = head(&mut tls);
    tls.write_all(text.as_bytes())?;
    tls.conn.send_close_notify();
    tls.flush()?;
    Ok(request)
}

fn plan(port: u16) -> Plan {
    Plan {
        addresses: Some(vec![IpAddr::from(Ipv4Addr::LOCALHOST)]),
        identity: None,
        is_in_handshake: Arc::default(),
        is_post_quantum: true,
        route: Arc::new(Route::Direct),
        target: Target { host: "localhost".to_owned(), port },
        timeout: Duration::from_secs(10),
        turns: None,
    }
}

fn through(port: u16, is_tls: bool, password: Option<&str>) -> Plan {
    let credentials = password.map(|password| Credentials {
        password: Passphrase::new(password.as_bytes().to_vec()),
        username: "Aladdin".to_owned(),
    });
    let proxy = Target { host: "proxy.test".to_owned(), port };
    Plan {
        route: Arc::new(Route::Proxy(Via { credentials, is_tls, proxy, roots: Arc::default() })),
        target: Target { host: "host.test".to_owned(), port: 443 },
        ..plan(port)
    }
}

/// The steps, and the failure of the last.
fn course(observation: &Observation) -> (Vec<StepKind>, Option<Failure>) {
    for step in observation.steps.iter().rev().skip(1) {
        assert_eq!(step.failure, None, "{observation:?}");
    }
    let failure = observation.steps.last().and_then(|step| step.failure.clone());
    (observation.steps.iter().map(|step| step.kind).collect(), failure)
}

/// What the probe makes of a server that does this.
fn of(answer: impl FnOnce(TcpStream) + Send + 'static) -> (Vec<StepKind>, Option<Failure>) {
    course(&probe(&plan(serve(answer).0)))
}

use StepKind::{ClientCertificate, Connect, Http, Lookup, ProxyTls, Tls as Shake, Tunnel};

#[test]
fn a_server_of_either_version_is_seen_to_the_end() {
    for version in [Version::Tls12, Version::Tls13] {
        let config = Door::new().speaking(version).open();
        let (port, done) = serve(move |stream| {
            answer(config, stream, "HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 0\r\n\r\n").unwrap()
        });
        let seen = probe(&plan(port));
        assert_eq!(course(&seen), (vec![Connect, Shake, Http], None));
        let tls = seen.tls.unwrap();
        assert_eq!(tls.version, Some(version));
        assert_eq!(tls.chain.len(), 1);
        assert_eq!(tls.alpn.as_deref(), Some("http/1.1"));
        let (cipher, group) = match version {
            Version::Tls12 => ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "X25519"),
            Version::Tls13 => ("TLS13_AES_256_GCM_SHA384", "X25519MLKEM768"),
        };
        assert_eq!((tls.cipher.as_deref(), tls.group.as_deref()), (Some(cipher), Some(group)));
        assert!(tls.is_proven);
        assert!(seen.asked.is_none() && seen.proxy.is_none() && seen.proxy_chain.is_empty());
        assert_eq!(seen.connected.unwrap().port(), port);
        let http = seen.http.unwrap();
        assert_eq!((http.status, http.server.as_deref(), http.title), (200, Some("test"), None));
        let agent = concat!("User-Agent: certman/", env!("CARGO_PKG_VERSION"));
        assert_eq!(
            done.recv().unwrap(),
            format!(
                "GET / HTTP/1.1\r\nHost: localhost:{port}\r\n{agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            )
        );
    }
}

#[test]
fn without_post_quantum_only_classical_groups_are_offered() {
    let config = Door::new().open();
    let (port, _done) = serve(move |stream| answer(config, stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    let seen = probe(&Plan { is_post_quantum: false, ..plan(port) });
    assert_eq!(seen.tls.unwrap().group.as_deref(), Some("X25519"));
}

#[test]
fn a_name_is_looked_up_and_an_address_is_not() {
    let config = Door::new().open();
    let (port, _done) = serve(move |stream| answer(config, stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    let seen = probe(&Plan { addresses: None, ..plan(port) });
    assert_eq!(course(&seen), (vec![Lookup, Connect, Shake, Http], None));
    assert!(seen.addresses.contains(&IpAddr::from(Ipv4Addr::LOCALHOST)), "{seen:?}");

    let config = Door::new().open();
    let (port, _done) = serve(move |stream| answer(config, stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    let target = Target { host: "127.0.0.1".to_owned(), port };
    let seen = probe(&Plan { addresses: None, target, ..plan(port) });
    assert_eq!(course(&seen), (vec![Connect, Shake, Http], None));
}

#[test]
fn an_address_that_nobody_answers_does_not_hold_the_next_one_up() {
    let config = Door::new().open();
    let (port, _done) = serve(move |stream| answer(config, stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    // For documentation only: nobody is there, and often not even a way.
    let nowhere =
        [IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), IpAddr::from([192, 0, 2, 1])];
    let addresses = [nowhere[0], nowhere[1], IpAddr::from(Ipv4Addr::LOCALHOST)];
    let start = Instant::now();
    let seen = probe(&Plan { addresses: Some(addresses.to_vec()), ..plan(port) });
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(course(&seen), (vec![Connect, Shake, Http], None));
    assert_eq!(seen.connected.unwrap().ip(), addresses[2]);
}

#[test]
fn nobody_listening_is_a_refusal() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(course(&probe(&plan(port))), (vec![Connect], Some(Failure::Refused)));
    // The address without a way says less than the one that refuses, whichever comes first.
    let addresses =
        vec![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];
    let timeout = Duration::from_secs(2);
    let (kinds, failure) = course(&probe(&Plan { addresses: Some(addresses), timeout, ..plan(port) }));
    assert_eq!(kinds, [Connect]);
    assert!(matches!(failure, Some(Failure::Refused | Failure::TimedOut)), "{failure:?}");
}

#[test]
fn a_reset_behind_the_hello_is_told_from_a_close_and_from_one_behind_an_answer() {
    // What is closed with something unread is reset.
    let reset = |stream: TcpStream| {
        while stream.peek(&mut [0; 1]).unwrap() == 0 {}
    };
    assert_eq!(of(reset), (vec![Connect, Shake], Some(Failure::Reset { after_answer: false })));
    let close = |mut stream: TcpStream| hear(&mut stream);
    assert_eq!(of(close), (vec![Connect, Shake], Some(Failure::Closed { after_answer: false })));
    let late = |mut stream: TcpStream| {
        // The head of a record that never ends.
        stream.write_all(&[22, 3, 3, 0, 100, 2]).unwrap();
        thread::sleep(Duration::from_millis(100));
    };
    assert_eq!(of(late), (vec![Connect, Shake], Some(Failure::Reset { after_answer: true })));
    // The same record, behind the whole hello.
    let torn = |mut stream: TcpStream| {
        hear(&mut stream);
        stream.write_all(&[22, 3, 3, 0, 100, 2]).unwrap();
    };
    assert_eq!(of(torn), (vec![Connect, Shake], Some(Failure::Closed { after_answer: true })));
    let half = |mut stream: TcpStream| {
        hear(&mut stream);
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(of(half), (vec![Connect, Shake], Some(Failure::Closed { after_answer: false })));
}

#[test]
fn alerts_come_with_their_number_and_an_old_version_is_named() {
    let alert = |number: u8| {
        move |mut stream: TcpStream| {
            hear(&mut stream);
            stream.write_all(&[21, 3, 1, 0, 2, 2, number]).unwrap();
        }
    };
    assert_eq!(of(alert(40)), (vec![Connect, Shake], Some(Failure::Alert(40))));
    assert_eq!(of(alert(112)), (vec![Connect, Shake], Some(Failure::Alert(112))));
    assert_eq!(of(alert(200)), (vec![Connect, Shake], Some(Failure::Alert(200))));
    assert_eq!(of(alert(70)), (vec![Connect, Shake], Some(Failure::TooOld)));
    let old = |mut stream: TcpStream| {
        hear(&mut stream);
        // The hello of a server with TLS 1.0: TLS_RSA_WITH_AES_128_CBC_SHA.
        let mut hello = vec![22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0x2f, 0]);
        stream.write_all(&hello).unwrap();
        hear(&mut stream);
    };
    assert_eq!(of(old), (vec![Connect, Shake], Some(Failure::TooOld)));
}

#[test]
fn what_is_not_tls_is_shown_as_it_began() {
    let say = |bytes: &'static [u8]| {
        move |mut stream: TcpStream| {
            hear(&mut stream);
            let _ = stream.write_all(bytes);
            thread::sleep(Duration::from_millis(300));
        }
    };
    let shown = |(kinds, failure): (Vec<StepKind>, Option<Failure>)| {
        assert_eq!(kinds, [Connect, Shake]);
        match failure {
            Some(Failure::NotTheProtocol { start }) => start,
            other => panic!("{other:?}"),
        }
    };
    let plain = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n";
    assert_eq!(shown(of(say(plain))), &plain[..64]);
    assert_eq!(shown(of(say(b"SSH-2.0-OpenSSH_9.6\r\n"))), b"SSH-2.0-OpenSSH_9.6\r\n");
    assert_eq!(shown(of(say(&[0; 100]))), [0; 64]);
    // Nonsense inside a record is nonsense of TLS.
    let (_, failure) = of(say(&[22, 3, 3, 0, 5, 9, 9, 9, 9, 9, 9, 9]));
    assert!(matches!(failure, Some(Failure::Other(_) | Failure::TooMuch(_))), "{failure:?}");
}

#[test]
fn the_deadline_holds_for_silence_and_for_drops() {
    let timeout = Duration::from_millis(700);
    let holds = |plan: Plan, kinds: &[StepKind]| {
        let start = Instant::now();
        let seen = probe(&Plan { timeout, ..plan });
        assert!(
            (timeout..timeout + Duration::from_millis(300)).contains(&start.elapsed()),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(course(&seen), (kinds.to_vec(), Some(Failure::TimedOut)));
    };
    let silence = |_stream: TcpStream| thread::sleep(Duration::from_secs(3));
    holds(plan(serve(silence).0), &[Connect, Shake]);
    let drip = |bytes: &'static [u8]| {
        move |mut stream: TcpStream| {
            for byte in bytes.iter().chain(&[b'a'; 1000]) {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    };
    holds(plan(serve(drip(&[22, 3, 3, 0x3f, 0])).0), &[Connect, Shake]);
    holds(through(serve(drip(b"HTTP/1.1 200 OK\r\nA: ")).0, false, None), &[Connect, Tunnel]);
    let config = Door::new().open();
    let inside = move |stream: TcpStream| {
        let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        head(&mut tls);
        for byte in b"HTTP/1.1 200 OK\r\nA: ".iter().chain(&[b'a'; 1000]) {
            if tls.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    holds(plan(serve(inside).0), &[Connect, Shake, Http]);
    assert_eq!(
        course(&probe(&Plan { timeout: Duration::ZERO, ..plan(1) })),
        (vec![Connect], Some(Failure::TimedOut))
    );
}

#[test]
fn too_much_is_not_read() {
    for (intermediates, version) in [(100, Version::Tls12), (100, Version::Tls13), (300, Version::Tls13)] {
        let config = Door { intermediates, ..Door::new() }.speaking(version).open();
        let (port, _done) = serve(move |stream| answer(config, stream, ""));
        assert_eq!(
            course(&probe(&plan(port))),
            (vec![Connect, Shake], Some(Failure::TooMuch("certificates")))
        );
    }
    let config = Door { intermediates: 99, ..Door::new() }.open();
    let (port, _done) = serve(move |stream| answer(config, stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    assert_eq!(probe(&plan(port)).tls.unwrap().chain.len(), 100);

    let config = Door::new().open();
    let (port, _done) = serve(move |stream| {
        let text = format!("HTTP/1.1 200 OK\r\nA: {}", "a".repeat(1 << 20));
        answer(config, stream, &text).map(drop)
    });
    assert_eq!(course(&probe(&plan(port))), (vec![Connect, Shake, Http], Some(Failure::TooMuch("headers"))));
}

#[test]
fn what_is_not_http_is_shown_as_it_began() {
    for (said, shown) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "SSH-2.0-OpenSSH_9.6\r\n"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n"),
        ("HTTP/2 200\r\nserver: a\r\n\r\n", "HTTP/2 200\r\nserver: a\r\n\r\n"),
        ("HTTP/1.1 20", "HTTP/1.1 20"),
    ] {
        let config = Door::new().open();
        let (port, _done) = serve(move |stream| answer(config, stream, said));
        let failure = Failure::NotTheProtocol { start: shown.as_bytes().to_vec() };
        assert_eq!(course(&probe(&plan(port))), (vec![Connect, Shake, Http], Some(failure)));
    }
    let config = Door::new().open();
    let (port, _done) = serve(move |stream| answer(config, stream, ""));
    assert_eq!(
        course(&probe(&plan(port))),
        (vec![Connect, Shake, Http], Some(Failure::Closed { after_answer: false }))
    );
}

#[test]
fn a_page_that_tells_of_an_error_is_named_by_its_title() {
    let page = "<html><HEAD><TITLE lang=de>\n 400 <b>No</b> required\tSSL &amp; &#171;certificate&#xbb; was sent</title>";
    let framed = [
        format!("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n{page}"),
        format!("HTTP/1.0 400 Bad Request\nserver:nginx\nContent-Length: {}\n\n{page}", page.len()),
        format!(
            "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 400\r\nServer: nginx\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n{:X};a=b\r\n{}\r\n0\r\n\r\n",
            30,
            &page[..30],
            page.len() - 30,
            &page[30..]
        ),
    ];
    for text in framed {
        let config = Door::new().open();
        let (port, _done) = serve(move |stream| answer(config, stream, &text));
        let seen = probe(&plan(port));
        assert_eq!(course(&seen), (vec![Connect, Shake, Http], None));
        let http = seen.http.unwrap();
        assert_eq!((http.status, http.server.as_deref()), (400, Some("nginx")));
        assert_eq!(http.title.as_deref(), Some("400 No required SSL & «certificate» was sent"));
    }
}

#[test]
fn a_certificate_is_shown_where_it_is_asked_for_and_taken_where_it_is_good() {
    let authority = authority("Corp Clients");
    let other = self::authority("Other Clients");
    let keys = [KeyPair::generate().unwrap(), KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap()];
    for version in [Version::Tls12, Version::Tls13] {
        for key in &keys {
            let config = Door::new().speaking(version).asking(&[&authority, &other]).open();
            let (port, _done) =
                serve(move |stream| answer(config, stream, "HTTP/1.1 204 No Content\r\n\r\n"));
            let seen = probe(&Plan { identity: Some(identity(&authority, key)), ..plan(port) });
            assert_eq!(course(&seen), (vec![Connect, Shake, ClientCertificate, Http], None));
            let asked = seen.asked.unwrap();
            assert!(asked.was_sent);
            assert_eq!(asked.issuers.len(), 2);
            assert!(asked.issuers[0].windows(12).any(|window| window == b"Corp Clients"));
        }
    }
}

#[test]
fn a_refusal_of_the_certificate_has_a_step_of_its_own_in_both_versions() {
    let authority = authority("Corp Clients");
    let other = self::authority("Other Clients");
    let key = KeyPair::generate().unwrap();
    for version in [Version::Tls12, Version::Tls13] {
        for (shown, alert) in [(None, 116), (Some(identity(&other, &key)), 48)] {
            let config = Door::new().speaking(version).asking(&[&authority]).open();
            let (port, done) =
                serve(move |stream| answer(config, stream, "").map_err(|error| error.to_string()));
            let was_sent = shown.is_some();
            let seen = probe(&Plan { identity: shown, ..plan(port) });
            let expected = (vec![Connect, Shake, ClientCertificate], Some(Failure::Alert(alert)));
            assert_eq!(course(&seen), expected, "{version:?} {:?}", done.recv());
            assert_eq!(seen.asked.unwrap().was_sent, was_sent);
            assert!(seen.tls.unwrap().is_proven);
        }
    }
}

#[test]
fn a_server_that_only_would_like_a_certificate_goes_on_without_one() {
    let config = Door { is_optional: true, ..Door::new() }.asking(&[&authority("Corp Clients")]).open();
    let text = "HTTP/1.1 400 Bad Request\r\n\r\n<title>400 No required SSL certificate was sent</title>";
    let (port, _done) = serve(move |stream| answer(config, stream, text));
    let seen = probe(&plan(port));
    assert_eq!(course(&seen), (vec![Connect, Shake, ClientCertificate, Http], None));
    assert!(!seen.asked.unwrap().was_sent);
    let http = seen.http.unwrap();
    assert_eq!((http.status, http.title.as_deref()), (400, Some("400 No required SSL certificate was sent")));
}

#[test]
fn an_identity_that_cannot_sign_matters_only_to_who_asks_for_it() {
    let useless = || Arc::new(LentIdentity { chain: vec![vec![1]], key: Zeroizing::new(vec![1, 2, 3]) });
    let config = Door::new().open();
    let (port, _done) = serve(move |stream| answer(config, stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    let seen = probe(&Plan { identity: Some(useless()), ..plan(port) });
    assert_eq!(course(&seen), (vec![Connect, Shake, Http], None));

    for version in [Version::Tls12, Version::Tls13] {
        let config = Door::new().speaking(version).asking(&[&authority("Corp Clients")]).open();
        let (port, _done) = serve(move |stream| answer(config, stream, "").map(drop));
        let seen = probe(&Plan { identity: Some(useless()), ..plan(port) });
        let (kinds, failure) = course(&seen);
        assert_eq!(kinds, [Connect, Shake, ClientCertificate]);
        assert!(matches!(failure, Some(Failure::IdentityUnusable(_))), "{failure:?}");
        assert!(!seen.asked.unwrap().was_sent);
    }
}

#[test]
fn a_server_without_the_key_of_its_certificate_is_found_out() {
    let key = KeyPair::generate().unwrap();
    let strangers =
        CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&KeyPair::generate().unwrap());
    let strangers = strangers.unwrap().der().clone();
    for version in [&TLS12, &TLS13] {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let signer =
            aws_lc_rs::sign::any_supported_type(&PrivatePkcs8KeyDer::from(key.serialize_der()).into())
                .unwrap();
        let certified = rustls::sign::CertifiedKey::new(vec![strangers.clone()], signer);
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
        let (port, _done) = serve(move |stream| answer(Arc::new(config), stream, "").map(drop));
        let seen = probe(&plan(port));
        assert_eq!(course(&seen), (vec![Connect, Shake], Some(Failure::HandshakeSignature)));
        let tls = seen.tls.unwrap();
        assert_eq!(tls.chain, [strangers.to_vec()]);
        assert!(!tls.is_proven);
    }
}

#[test]
fn a_certificate_that_nobody_can_read_is_kept_all_the_same() {
    let key = KeyPair::generate().unwrap();
    let signer =
        aws_lc_rs::sign::any_supported_type(&PrivatePkcs8KeyDer::from(key.serialize_der()).into()).unwrap();
    let rubbish = CertificateDer::from(b"no certificate".to_vec());
    let certified = rustls::sign::CertifiedKey::new(vec![rubbish.clone()], signer);
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    let (port, _done) =
        serve(move |stream| answer(Arc::new(config), stream, "HTTP/1.1 204 No Content\r\n\r\n"));
    let seen = probe(&plan(port));
    assert_eq!(course(&seen), (vec![Connect, Shake, Http], None));
    let tls = seen.tls.unwrap();
    assert_eq!(tls.chain, [rubbish.to_vec()]);
    assert!(!tls.is_proven);
}

#[test]
fn tls_to_the_proxy_and_a_certificate_for_the_host_inside() {
    let authority = authority("Corp Clients");
    let key = KeyPair::generate().unwrap();
    for is_tls in [false, true] {
        let outer = Door::new().open();
        let inner = Door::new().asking(&[&authority]).open();
        let (port, done) = serve(move |stream| {
            let mut wire: Box<dyn ReadWrite> = match is_tls {
                false => Box::new(stream),
                true => Box::new(StreamOwned::new(ServerConnection::new(outer).unwrap(), stream)),
            };
            let asked = head(&mut wire);
            wire.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy.test (squid)\r\n\r\n")
                .unwrap();
            wire.flush().unwrap();
            (asked, answer(inner, wire, "HTTP/1.1 404 Not Found\r\n\r\n<title>none</title>").unwrap())
        });
        let plan =
            Plan { identity: Some(identity(&authority, &key)), ..through(port, is_tls, Some("open sesame")) };
        let seen = probe(&plan);
        let mut kinds = vec![Connect, ProxyTls, Tunnel, Shake, ClientCertificate, Http];
        if !is_tls {
            kinds.remove(1);
        }
        assert_eq!(course(&seen), (kinds, None));
        let (asked, inside) = done.recv().unwrap();
        // The example of RFC 7617, section 2.
        assert!(
            asked
                .starts_with("CONNECT host.test:443 HTTP/1.1\r\nHost: host.test:443\r\nUser-Agent: certman/")
        );
        // Its certificate leads nowhere: with TLS it is told nothing.
        let told = asked.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
        assert_eq!((told, seen.is_withheld), (!is_tls, is_tls));
        assert!(inside.contains("\r\nHost: host.test\r\n"));
        assert!(!inside.contains("Proxy-"));
        assert_eq!(seen.proxy_chain.len(), usize::from(is_tls));
        let proxy = seen.proxy.unwrap();
        assert_eq!((proxy.status, proxy.server.as_deref()), (200, Some("1.1 proxy.test (squid)")));
        assert!(seen.asked.unwrap().was_sent);
        assert_ne!(seen.tls.unwrap().chain, seen.proxy_chain);
        assert_eq!(seen.http.unwrap().title.as_deref(), Some("none"));
    }
}

#[test]
fn a_password_is_told_to_a_proxy_with_tls_only_where_its_chain_leads_to_a_root() {
    let authority = authority("Corp Proxy");
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["proxy.test".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let another = self::authority("Somebody Else");
    for (root, host, is_told) in [
        (&authority, "proxy.test", true),
        (&another, "proxy.test", false),
        // Its certificate is for another name.
        (&authority, "other.test", false),
    ] {
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let (port, done) = serve(move |stream| {
            answer(Arc::new(config), stream, "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n").unwrap()
        });
        let mut plan = through(port, true, Some("open sesame"));
        if let Some(Route::Proxy(via)) = Arc::get_mut(&mut plan.route) {
            via.proxy.host = host.to_owned();
            via.roots = Arc::new([root.der().to_vec()]);
        }
        let seen = probe(&plan);
        assert_eq!(course(&seen), (vec![Connect, ProxyTls, Tunnel], Some(Failure::ProxyRefused)));
        assert_eq!(done.recv().unwrap().contains("Proxy-Authorization: Basic QWxh"), is_told, "{host}");
        assert_eq!(seen.is_withheld, !is_told);
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

/// What the probe makes of a proxy that says this.
fn told(text: impl Into<String>) -> Observation {
    let text = text.into();
    let (port, _done) = serve(move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(text.as_bytes());
        // What is kept open must not hold anything up.
        thread::sleep(Duration::from_secs(5));
    });
    probe(&through(port, false, None))
}

#[test]
fn every_scheme_that_a_proxy_offers_is_named_once() {
    let seen = told(
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM TlRMTVNT==\r\n\
         Proxy-Authenticate: Basic realm=\"a, Digest \\\" b\", Digest realm = \"x\", qop=auth,\r\n nonce=\"1\", NEGOTIATE\r\n\
         Server: squid\r\nContent-Length: 31\r\n\r\n<title>Access &lt;denied</title>",
    );
    assert_eq!(course(&seen), (vec![Connect, Tunnel], Some(Failure::ProxyRefused)));
    let proxy = seen.proxy.unwrap();
    assert_eq!(proxy.schemes, ["negotiate", "ntlm", "basic", "digest"]);
    assert_eq!((proxy.status, proxy.server.as_deref()), (407, Some("squid")));
    assert_eq!(proxy.title.as_deref(), Some("Access <denied"));
}

#[test]
fn the_page_of_a_proxy_that_refuses_is_read_as_far_as_it_is_sent() {
    let start = Instant::now();
    let title = "ä".repeat(300);
    let seen = told(format!("HTTP/1.1 403 Forbidden\r\n\r\n<title>{title}</title>and no end"));
    assert!(start.elapsed() < Duration::from_secs(4));
    assert_eq!(course(&seen).1, Some(Failure::ProxyRefused));
    let proxy = seen.proxy.unwrap();
    assert_eq!((proxy.status, proxy.title), (403, Some("ä".repeat(200))));

    let seen = told(format!("HTTP/1.1 503 Unavailable\r\n\r\n{}<title>late</title>", " ".repeat(64 << 10)));
    assert_eq!(seen.proxy.unwrap().title, None);
}

/// Noticed with a proxy whose error page shows the request: the password stood in the title, and so on the terminal.
#[test]
fn a_proxy_that_repeats_what_it_was_told_is_not_repeated() {
    let told = |text: String| {
        let (port, _done) = serve(move |mut stream| {
            head(&mut stream);
            let _ = stream.write_all(text.as_bytes());
        });
        probe(&through(port, false, Some("open sesame")))
    };
    let sent = "QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    let long = "a".repeat(190);
    let seen = told(format!(
        "HTTP/1.1 407 {sent}\r\nServer: you said Basic {sent}\r\nProxy-Authenticate: QWxhZGRpbjpvcGVuIHNlc2FtZQ, Basic realm=\"{sent}\"\r\n\r\n\
         <title>{long}{sent}</title>"
    ));
    let proxy = seen.proxy.unwrap();
    assert_eq!(proxy.schemes, ["***", "basic"]);
    assert_eq!(proxy.server.as_deref(), Some("you said Basic ***=="));
    assert_eq!(proxy.title, Some(format!("{long}***==")));
    let seen = told("HTTP/1.1 403 No\r\n\r\n<title>O<b>pen <b>o&#112;en   sesame</title>".to_owned());
    assert_eq!(seen.proxy.unwrap().title.as_deref(), Some("Open ***"));
    let (_, failure) = course(&told(format!("Proxy-Authorization: Basic {sent}\r\n")));
    let start = b"Proxy-Authorization: Basic ***==\r\n".to_vec();
    assert_eq!(failure, Some(Failure::NotTheProtocol { start }));

    // A proxy that opens TLS answers in the place of the host.
    let config = Door::new().open();
    let (port, _done) = serve(move |mut stream| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200\r\n\r\n").unwrap();
        let text = format!("HTTP/1.1 503 No\r\nServer: {sent}\r\n\r\n<title>{sent}</title>");
        answer(config, stream, &text).map(drop)
    });
    let http = probe(&through(port, false, Some("open sesame"))).http.unwrap();
    assert_eq!((http.server.as_deref(), http.title.as_deref()), (Some("***=="), Some("***==")));
}

#[test]
fn a_proxy_that_is_none_is_shown_as_it_began() {
    let seen = told("SSH-2.0-OpenSSH_9.6\r\n");
    let start = b"SSH-2.0-OpenSSH_9.6\r\n".to_vec();
    assert_eq!(course(&seen), (vec![Connect, Tunnel], Some(Failure::NotTheProtocol { start })));
    let seen = told(format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(20_000)));
    assert_eq!(course(&seen), (vec![Connect, Tunnel], Some(Failure::TooMuch("headers"))));
    let (port, _done) = serve(|mut stream| {
        hear(&mut stream);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let (kinds, failure) = course(&probe(&through(port, true, None)));
    assert_eq!(kinds, [Connect, ProxyTls]);
    assert!(matches!(failure, Some(Failure::NotTheProtocol { .. })), "{failure:?}");
}

#[test]
fn nothing_of_the_tunnel_is_read_with_the_head_of_the_proxy() {
    // A server that speaks first, in the same packet: its alert must reach TLS.
    let (port, _done) = serve(|mut stream| {
        head(&mut stream);
        stream.write_all(b"HTTP/1.1 200\n\n\x15\x03\x03\x00\x02\x02\x28").unwrap();
        hear(&mut stream);
    });
    assert_eq!(
        course(&probe(&through(port, false, None))),
        (vec![Connect, Tunnel, Shake], Some(Failure::Alert(40)))
    );
}
