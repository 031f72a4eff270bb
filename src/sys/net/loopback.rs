//! The loopback server of `check --runtime`: the only sockets.
//!
//! Owns the throw-away PKI of one run, two ports (one for TLS 1.2, one for TLS 1.3), and what came in on them. Is lent the
//! DER of one certificate, and tells whether a client has proven to have its private key. Listens on 127.0.0.1 alone, opens
//! no connection itself, and reads no file.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{Acceptor, NoServerSessionStorage};
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, ServerConnection,
    SignatureScheme, SupportedProtocolVersion,
};

/// A server that takes one client only: the one with this certificate and its private key.
pub struct Server {
    authority: String,
    ports: [u16; 2],
    seen: Arc<Mutex<Vec<Connection>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// The client that is waited for.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The number that TLS has for the curve of its key (IANA, TLS Supported Groups), where it has one.
    pub group: Option<u16>,
    /// Its certificate, in DER.
    pub leaf: Vec<u8>,
    /// The content of subjectPublicKey in it.
    pub public_key: Vec<u8>,
}

/// A version of TLS (RFC 5246, RFC 8446).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// What came of a connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The first word of the path that the client asked for, where it has proven to be the one; else why it has not.
    pub outcome: Result<String, String>,
    /// By which version.
    pub version: Version,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gives no port.
    #[error("no port can be had on 127.0.0.1: {0}")]
    Port(#[from] io::Error),
    /// Its keys and certificates cannot be made.
    #[error("its certificate cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl Server {
    /// Makes a CA and a certificate for localhost, opens both ports and waits.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(expected: Expected) -> Result<Self, Error> {
        let authority_key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "certman, for one handshake");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, authority_key)?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()])?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &authority)?;

        let mut server = Self {
            authority: authority.pem().replace("\r\n", "\n"),
            ports: [0; 2],
            seen: Arc::default(),
            stop: Arc::default(),
            threads: Vec::new(),
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let group = expected.group;
        let verifier = Arc::new(Verifier { expected, provider: provider.clone() });
        for (index, (version, protocol)) in
            [(Version::Tls12, &TLS12), (Version::Tls13, &TLS13)].into_iter().enumerate()
        {
            let protocols: [&'static SupportedProtocolVersion; 1] = [protocol];
            let mut config = ServerConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(&protocols)?
                .with_client_cert_verifier(verifier.clone())
                .with_single_cert(
                    vec![certificate.der().clone()],
                    PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
                )?;
            // Every connection is to prove the key anew.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            server.ports[index] = listener.local_addr()?.port();
            let (config, seen, stop) = (Arc::new(config), server.seen.clone(), server.stop.clone());
            server.threads.push(thread::spawn(move || {
                let door = Door { config, group: group.filter(|_| version == Version::Tls12), version };
                listen(&listener, &door, &seen, &stop);
            }));
        }
        Ok(server)
    }

    /// The CA of the server's certificate, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The port of a version.
    pub fn port(&self, version: Version) -> u16 {
        self.ports[usize::from(version == Version::Tls13)]
    }

    /// Closes the ports, and says what came in, in its order.
    pub fn close(mut self) -> Vec<Connection> {
        self.stop();
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How a port lets clients in.
struct Door {
    config: Arc<ServerConfig>,
    /// The curve that a client must offer, since its certificate has it.
    group: Option<u16>,
    version: Version,
}

/// Serves one connection after the other. Others on this machine may connect too: that costs them a failed handshake.
fn listen(listener: &TcpListener, door: &Door, seen: &Mutex<Vec<Connection>>, stop: &AtomicBool) {
    let mut served = 0;
    while !stop.load(Ordering::Relaxed) && served < MOST_CONNECTIONS {
        match listener.accept() {
            Ok((stream, _)) => {
                served += 1;
                let outcome = serve(stream, door, stop).map_err(|error| error.to_string());
                seen.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(Connection { outcome, version: door.version });
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Completes a handshake and answers one request; gives the first word of its path.
fn serve(stream: TcpStream, door: &Door, stop: &AtomicBool) -> io::Result<String> {
    // Some systems hand on what the listener has.
    stream.set_nonblocking(false)?;
    let mut stream = Bounded { stop, stream, until: Instant::now() + CONNECTION_TIME };
    let mut connection = greet(&mut stream, door)?;
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let read = tls.read(&mut buffer)?;
        if read == 0 || request.len() > LONGEST_REQUEST {
            return Err(io::Error::other("the request did not end"));
        }
        request.extend_from_slice(&buffer[..read]);
    }
    // The handshake is over, or there would be no request; with it the client has proven its key.
    tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")?;
    tls.conn.send_close_notify();
    tls.flush()?;
    let request = String::from_utf8_lossy(&request);
    let path = request.split(' ').nth(1).unwrap_or_default();
    Ok(path.trim_start_matches('/').to_owned())
}

/// Reads what the client offers. Until TLS 1.2 a server with OpenSSL takes no certificate on a curve that the client did not
/// offer, and so does this one: BoringSSL does not offer P-521, and yet signs with it.
fn greet(stream: &mut Bounded<'_>, door: &Door) -> io::Result<ServerConnection> {
    let mut acceptor = Acceptor::default();
    let accepted = loop {
        if acceptor.read_tls(stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => break accepted,
            Ok(None) => {}
            Err((error, mut alert)) => {
                let _ = alert.write_all(stream);
                return Err(io::Error::other(error));
            }
        }
    };
    let hello = accepted.client_hello();
    let offered = hello.named_groups().unwrap_or_default();
    if let Some(group) = door.group
        && !offered.iter().any(|one| u16::from(*one) == group)
    {
        return Err(io::Error::other("the client does not offer the curve of its own key"));
    }
    accepted.into_connection(door.config.clone()).map_err(|(error, _)| io::Error::other(error))
}

/// A stream that gives up at a certain time, however slowly its other end drips.
struct Bounded<'s> {
    stop: &'s AtomicBool,
    stream: TcpStream,
    until: Instant,
}

impl Bounded<'_> {
    fn remaining(&self) -> io::Result<Duration> {
        let remaining = self.until.saturating_duration_since(Instant::now());
        if remaining.is_zero() || self.stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(remaining)
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // In short steps, so that the end of the child is the end of the server.
            let step = self.remaining()?.min(STEP);
            self.stream.set_read_timeout(Some(step))?;
            match self.stream.read(buffer) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                }
                other => return other,
            }
        }
    }
}

impl Write for Bounded<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let remaining = self.remaining()?;
        self.stream.set_write_timeout(Some(remaining))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Takes one certificate, whoever has issued it, and checks the signature by its key. The certificate is compared byte for
/// byte and never parsed: one of version 1, say, is no reason to fail here.
#[derive(Debug)]
struct Verifier {
    expected: Expected,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn verify(
        &self,
        message: &[u8],
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = self.provider.signature_verification_algorithms.mapping;
        let mut algorithms =
            known.iter().filter(|(scheme, _)| *scheme == signed.scheme).flat_map(|(_, all)| all.iter());
        let key = &self.expected.public_key;
        if algorithms.any(|algorithm| algorithm.verify_signature(key, message, signed.signature()).is_ok()) {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(CertificateError::BadSignature))
        }
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.expected.leaf {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(rustls::Error::General("it showed another certificate".to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        _certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify(message, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        _certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verify(message, signed)
    }
}

/// For a whole connection.
const CONNECTION_TIME: Duration = Duration::from_secs(5);
/// In bytes; far above what a client says here.
const LONGEST_REQUEST: usize = 16 << 10;
/// Far above what is asked of the client.
const MOST_CONNECTIONS: u32 = 64;
/// Between two looks for a connection.
const PAUSE: Duration = Duration::from_millis(2);
/// Between two looks at whether all is over.
const STEP: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use rustls::ClientConfig;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{PrivateKeyDer, ServerName};

    use super::*;

    /// Connects as a client does, and gives what came back.
    fn connect(
        server: &Server,
        version: Version,
        identity: Option<(&rcgen::Certificate, &KeyPair)>,
    ) -> io::Result<String> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(server.authority().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
                let resolver = rustls::sign::SingleCertAndKey::from(rustls::sign::CertifiedKey::new(
                    vec![certificate.der().clone()],
                    aws_lc_rs::sign::any_supported_type(&key).unwrap(),
                ));
                config.with_client_cert_resolver(Arc::new(resolver))
            }
        };
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port(version)))?;
        let mut tls = rustls::Stream::new(&mut connection, &mut stream);
        tls.write_all(b"GET /test HTTP/1.1\r\n\r\n")?;
        let mut answer = String::new();
        tls.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[test]
    fn only_who_proves_the_key_of_the_certificate_gets_in() {
        let key = KeyPair::generate().unwrap();
        let other = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        let another = CertificateParams::default().self_signed(&other).unwrap();
        let expected = Expected {
            group: Some(23),
            leaf: certificate.der().to_vec(),
            public_key: key.public_key_raw().to_vec(),
        };
        let server = Server::open(expected).unwrap();
        for version in [Version::Tls12, Version::Tls13] {
            assert!(connect(&server, version, Some((&certificate, &key))).unwrap().ends_with("ok"));
            assert!(connect(&server, version, Some((&certificate, &other))).is_err());
            assert!(connect(&server, version, Some((&another, &other))).is_err());
            assert!(connect(&server, version, None).is_err());
        }
        let seen = server.close();
        assert_eq!(seen.len(), 8, "{seen:?}");
        for (index, connection) in seen.iter().enumerate() {
            let is_first = index % 4 == 0;
            assert_eq!(connection.outcome.as_deref().ok(), is_first.then_some("test"), "{connection:?}");
        }
    }

    #[test]
    fn who_says_nothing_does_not_hold_the_server_up() {
        let expected = Expected { group: None, leaf: vec![1], public_key: vec![1] };
        let server = Server::open(expected).unwrap();
        let silent = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port(Version::Tls13))).unwrap();
        thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        assert_eq!(server.close().len(), 1);
        assert!(start.elapsed() < CONNECTION_TIME);
        drop(silent);
    }
}
