//! TLS with whoever serves whatever chain: it is kept, and the handshake goes on. That the other side has the key of the
//! certificate that it serves is verified all the same.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::{self as legacy, UnparsedPublicKey};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs::{default_provider, kx_group, sign};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct,
    InvalidMessage, PeerIncompatible, ProtocolVersion, RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::Version;
use super::probe::{Asked, Failure, LentIdentity, Target, Tls};
use super::stream::{Deadline, Ear, Wire};

/// What came of a handshake.
pub(super) struct Handshake {
    /// What was asked of this side; none for nothing.
    pub(super) asked: Option<Asked>,
    /// Why it ended early; none where it did not.
    pub(super) failure: Option<Failure>,
    /// Whether it ended when this side had said its last word, with its certificate or without: until TLS 1.2 that is where a
    /// refusal of the certificate comes.
    pub(super) is_late: bool,
    /// What is spoken on from here; none where it ended early.
    pub(super) secured: Option<Secured>,
    /// As far as it came.
    pub(super) tls: Tls,
    /// Why the identity was not shown though it was asked for; none where it was, or there is none.
    pub(super) unusable: Option<String>,
}

/// Speaks TLS with a host.
pub(super) fn shake(
    mut wire: Box<dyn Wire>,
    target: &Target,
    identity: Option<&LentIdentity>,
    is_post_quantum: bool,
    deadline: &Deadline,
) -> Handshake {
    let provider = provider(is_post_quantum);
    let witness =
        Arc::new(Witness { algorithms: provider.signature_verification_algorithms, seen: Mutex::default() });
    let wallet = Arc::new(Wallet { identity: identity.map(load), seen: Mutex::default() });
    let mut tls = Tls::default();
    let mut ear = Ear::new(&mut *wire, deadline);
    let result = open(provider, &witness, &wallet, target).and_then(|mut connection| {
        let result = exchange(&mut connection, &mut ear);
        note(&connection, &mut tls);
        result.map(|()| connection)
    });
    let seen = std::mem::take(&mut *witness.seen());
    let (asked, unusable) = std::mem::take(&mut *wallet.seen());
    tls.chain = seen.chain;
    tls.is_proven = seen.proof == Some(Proof::Valid);
    let (failure, secured) = match result {
        Ok(connection) => (None, Some(Secured { connection, wire })),
        Err(_) if seen.is_too_much => (Some(Failure::TooMuch("certificates")), None),
        Err(failure) => (Some(failure), None),
    };
    let is_late = matches!(seen.proof, Some(Proof::Unknown | Proof::Valid));
    Handshake { asked, failure, is_late, secured, tls, unusable }
}

fn provider(is_post_quantum: bool) -> CryptoProvider {
    let mut provider = default_provider();
    provider.kx_groups = vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1];
    if is_post_quantum {
        provider.kx_groups.insert(0, kx_group::X25519MLKEM768);
    }
    provider
}

fn open(
    provider: CryptoProvider,
    witness: &Arc<Witness>,
    wallet: &Arc<Wallet>,
    target: &Target,
) -> Result<ClientConnection, Failure> {
    let words = |error: rustls::Error| Failure::Other(error.to_string());
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(words)?
        .dangerous()
        .with_custom_certificate_verifier(witness.clone())
        .with_client_cert_resolver(wallet.clone());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    let name = ServerName::try_from(target.host.clone())
        .map_err(|_| Failure::Other("TLS cannot ask for a host of this name".to_owned()))?;
    ClientConnection::new(Arc::new(config), name).map_err(words)
}

/// Says and hears what the handshake takes.
fn exchange(connection: &mut ClientConnection, ear: &mut Ear<'_>) -> Result<(), Failure> {
    loop {
        let mut unsaid = None;
        while connection.wants_write() {
            if let Err(error) = connection.write_tls(ear) {
                // Who refuses has often said why before it closed.
                unsaid = Some(error);
                break;
            }
        }
        if unsaid.is_none() && !connection.is_handshaking() {
            return Ok(());
        }
        match connection.read_tls(ear) {
            Ok(0) => {
                let closed = Failure::Closed { after_answer: !ear.start().is_empty() };
                return Err(unsaid.map_or(closed, |error| ear.failure(&error)));
            }
            Ok(_) => {}
            Err(error) => return Err(ear.failure(&unsaid.unwrap_or(error))),
        }
        if let Err(error) = connection.process_new_packets() {
            // The other side is told why, where it still listens.
            while connection.wants_write() && connection.write_tls(ear).is_ok() {}
            return Err(match failure(&error, ear.start()) {
                Failure::NotTheProtocol { .. } => ear.not_the_protocol(),
                other => other,
            });
        }
    }
}

/// Keeps what was agreed on.
fn note(connection: &ClientConnection, tls: &mut Tls) {
    tls.alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
    tls.cipher = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    tls.group = connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name()));
    tls.version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => Some(Version::Tls12),
        Some(ProtocolVersion::TLSv1_3) => Some(Version::Tls13),
        _ => None,
    };
}

impl Tls {
    /// Whether a client that trusts these roots, and no others, would take this for the host.
    pub(super) fn leads_to(&self, roots: &[Vec<u8>], target: &Target) -> bool {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().map(|root| CertificateDer::from(root.as_slice())));
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::new(default_provider()))
                .build();
        let chain: Vec<CertificateDer<'_>> =
            self.chain.iter().map(|one| CertificateDer::from(one.as_slice())).collect();
        let (Ok(verifier), Some((leaf, others)), Ok(name)) =
            (verifier, chain.split_first(), ServerName::try_from(target.host.as_str()))
        else {
            return false;
        };
        self.is_proven && verifier.verify_server_cert(leaf, others, &name, &[], UnixTime::now()).is_ok()
    }
}

/// What an error of TLS means, where the answer began like this.
pub(super) fn failure(error: &rustls::Error, start: &[u8]) -> Failure {
    use rustls::Error;
    match error {
        Error::AlertReceived(AlertDescription::ProtocolVersion) => Failure::TooOld,
        Error::AlertReceived(alert) => Failure::Alert(u8::from(*alert)),
        Error::InvalidCertificate(_) => Failure::HandshakeSignature,
        Error::InvalidMessage(
            InvalidMessage::CertificatePayloadTooLarge | InvalidMessage::HandshakePayloadTooLarge,
        ) => Failure::TooMuch("certificates"),
        _ if !start.is_empty() && !is_record(start) => Failure::NotTheProtocol { start: start.to_vec() },
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => Failure::TooOld,
        _ => Failure::Other(error.to_string()),
    }
}

/// Whether this begins as a record of TLS does (RFC 8446, section 5.1).
fn is_record(start: &[u8]) -> bool {
    matches!(start[0], 20..=24) && start.get(1).is_none_or(|&major| major == 3)
}

/// TLS on a wire, behind its handshake.
pub(super) struct Secured {
    connection: ClientConnection,
    wire: Box<dyn Wire>,
}

impl Secured {
    /// Waits for whatever the other side says next, a moment at most, and keeps it for the next read. Some systems throw away what
    /// has come once the connection is reset, and reset it is where something is sent to who has refused.
    pub(super) fn listen(&mut self, deadline: &Deadline) {
        let read = deadline.within(MOMENT, || self.connection.read_tls(&mut self.wire));
        if matches!(read, Ok(1..)) {
            // An error stays, and is said again at the next read.
            let _ = self.connection.process_new_packets();
        }
    }

    fn process(&mut self) -> io::Result<()> {
        let processed = self.connection.process_new_packets();
        processed.map(drop).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    }
}

impl Read for Secured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                other => return other,
            }
            // What was heard before comes before what is read now.
            self.process()?;
            self.connection.read_tls(&mut self.wire)?;
            self.process()?;
            // Answers to the other side's wishes, say for new keys. What cannot be said shows at the next read.
            while self.connection.wants_write() && self.connection.write_tls(&mut self.wire).is_ok() {}
        }
    }
}

impl Write for Secured {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.connection.writer().write(buffer)?;
        self.flush()?;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.wire)?;
        }
        self.wire.flush()
    }
}

/// Takes every chain and remembers it; verifies that the other side has the key of the first certificate.
#[derive(Debug)]
struct Witness {
    algorithms: WebPkiSupportedAlgorithms,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    chain: Vec<Vec<u8>>,
    is_too_much: bool,
    proof: Option<Proof>,
}

/// What the signature in a handshake has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// It is by another key.
    Invalid,
    /// Signatures by such a key cannot be verified here.
    Unknown,
    /// It is by the key of the certificate.
    Valid,
}

impl Witness {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        most: usize,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let proof = self.proof(message, certificate, signed, most);
        self.seen().proof = Some(proof);
        match proof {
            Proof::Invalid => Err(rustls::Error::InvalidCertificate(CertificateError::BadSignature)),
            Proof::Unknown | Proof::Valid => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    /// By the key alone, since clients differ in what else of a certificate they cannot read.
    fn proof(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
        most: usize,
    ) -> Proof {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Proof::Unknown };
        let info = certificate.public_key();
        let key = &*info.subject_public_key.data;
        let (scheme, signature) = (signed.scheme, signed.signature());
        let known = self.algorithms.mapping.iter().filter(|(known, _)| *known == scheme);
        let mut algorithms = known.flat_map(|(_, algorithms)| algorithms.iter().take(most));
        if algorithms.any(|algorithm| algorithm.verify_signature(key, message, signature).is_ok()) {
            return Proof::Valid;
        }
        match info.parsed() {
            Ok(PublicKey::RSA(rsa)) if rsa.key_size() < 2048 => {
                let algorithm: &dyn legacy::VerificationAlgorithm = match scheme {
                    SignatureScheme::RSA_PKCS1_SHA256 => {
                        &legacy::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
                    }
                    SignatureScheme::RSA_PKCS1_SHA512 => {
                        &legacy::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
                    }
                    _ => return Proof::Unknown,
                };
                match UnparsedPublicKey::new(algorithm, key).verify(message, signature) {
                    Ok(()) => Proof::Valid,
                    // A key of less than 1024 bits fails as a wrong signature does.
                    Err(_) if rsa.key_size() < 1024 => Proof::Unknown,
                    Err(_) => Proof::Invalid,
                }
            }
            Ok(PublicKey::RSA(rsa)) if rsa.key_size() <= 8192 => Proof::Invalid,
            Ok(PublicKey::EC(point)) if matches!(point.key_size(), 256 | 384 | 521) => Proof::Invalid,
            _ => Proof::Unknown,
        }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut seen = self.seen();
        let size: usize = end_entity.len() + intermediates.iter().map(|one| one.len()).sum::<usize>();
        if intermediates.len() >= MOST_CERTIFICATES || size > CHAIN_LIMIT {
            seen.is_too_much = true;
            return Err(rustls::Error::General("the chain is too long".to_owned()));
        }
        seen.chain = [end_entity].into_iter().chain(intermediates).map(|one| one.to_vec()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge(message, certificate, signed, usize::MAX)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // Here a scheme names its curve: the first of each list.
        self.judge(message, certificate, signed, 1)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Shows the identity where it is asked for, whoever the server says it trusts, as clients do; remembers what was asked.
struct Wallet {
    identity: Option<Result<Arc<CertifiedKey>, String>>,
    seen: Mutex<(Option<Asked>, Option<String>)>,
}

impl Wallet {
    fn seen(&self) -> MutexGuard<'_, (Option<Asked>, Option<String>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesClientCert for Wallet {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let chosen = self.identity.as_ref().map(|identity| {
            let identity = identity.as_ref().map_err(String::clone)?;
            let signer = identity.key.choose_scheme(schemes);
            signer
                .map(|_| identity.clone())
                .ok_or_else(|| "the server takes no signature by such a key".to_owned())
        });
        let was_sent = matches!(chosen, Some(Ok(_)));
        let issuers = issuers.iter().map(|name| name.to_vec()).collect();
        let (shown, unusable) = match chosen {
            None => (None, None),
            Some(Ok(shown)) => (Some(shown), None),
            Some(Err(reason)) => (None, Some(reason)),
        };
        *self.seen() = (Some(Asked { issuers, was_sent }), unusable);
        shown
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wallet(***)")
    }
}

/// Takes the identity for handshakes, or says why it is not for any.
fn load(identity: &LentIdentity) -> Result<Arc<CertifiedKey>, String> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.as_slice()));
    let key = sign::any_supported_type(&key).map_err(|_| "no TLS here signs with such a key".to_owned())?;
    if identity.chain.is_empty() {
        return Err("there is no certificate to the key".to_owned());
    }
    let chain = identity.chain.iter().map(|one| CertificateDer::from(one.clone())).collect();
    Ok(Arc::new(CertifiedKey::new(chain, key)))
}

/// Of a chain, in bytes.
const CHAIN_LIMIT: usize = 1 << 20;
/// For what is said to a certificate: more than the way there and back takes to most places.
const MOMENT: Duration = Duration::from_millis(300);
/// In a chain.
const MOST_CERTIFICATES: usize = 100;
