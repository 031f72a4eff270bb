"""Makes the test material, and README.md with a line for each file. Run by make.sh, in this folder.

A file is made by put(), with the sentence that README.md says about it, so that no file is without one.
"""

import base64
import hashlib
import ipaddress
import pathlib
import re
import struct
import subprocess
from datetime import datetime, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

described = {}


def put(name, content, what, mode=0o644):
    """Writes a file and remembers its sentence.

    What comes out differently each time (a random salt) is given as a function, and made only where it is missing:
    so the whole run changes nothing but what a recipe has changed.
    """
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if callable(content):
        content = path.read_bytes() if path.exists() else content()
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    describe(name, what)


def describe(name, what):
    assert name not in described, name
    described[name] = what


def main():
    authorities()
    odd_authorities()
    leaves()
    clear_keys()
    encrypted_keys()
    hostile_keys()
    hostile_names()
    dirty_text()
    dirty_der()
    pkcs7_forms()
    not_certificates()
    inspected()
    stores()
    demo()
    loose_files()
    readme()


# --- certificates ---------------------------------------------------------------------------------------------

certs = {}
BEGIN, END = datetime(2025, 1, 1), datetime(2046, 1, 1)


def name_of(common_name, organisation="Example Corp"):
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False),
    ])


def kept_key(path, make):
    """A private key in PKCS#8, made once."""
    path = pathlib.Path(path)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)


def authority_key(name, make):
    path = f"pki/keys/{name}.key"
    key = kept_key(path, make)
    if path not in described:
        describe(path, f"the private key of `{name}`, PKCS#8")
    return key


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def rsa_2048():
    return rsa.generate_private_key(65537, 2048)


def certify(subject, public_key, issuer, issuer_key, *, begin=BEGIN, end=END, ca=None, path_length=None, eku=None,
            key_ids=True, sans=None, digest=None, issuer_key_id=None, usage=True):
    """A certificate; the serial is derived from what is in it, so that it stays the same."""
    public = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    seed = b"|".join([subject.public_bytes(), issuer.public_bytes(), public, str((begin, end)).encode()])
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
               .serial_number(int.from_bytes(hashlib.sha256(seed).digest()[:15], "big"))
               .not_valid_before(begin).not_valid_after(end))
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), critical=True)
    if usage:
        builder = builder.add_extension(x509.KeyUsage(
            digital_signature=not ca, key_cert_sign=bool(ca), crl_sign=bool(ca), content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False), critical=True)
    if eku:
        builder = builder.add_extension(x509.ExtendedKeyUsage(eku), critical=False)
    if key_ids:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    if digest is None and not isinstance(issuer_key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
        digest = hashes.SHA256()
    # Deterministic (RFC 6979), so that a certificate made again is the same.
    ecdsa = True if isinstance(issuer_key, ec.EllipticCurvePrivateKey) else None
    return builder.sign(issuer_key, digest, ecdsa_deterministic=ecdsa)


def pem(*certificates):
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def put_cert(name, certificate, what):
    certs[name] = certificate
    put(f"pki/{name}.pem", pem(certificate), what)


def root(name, common_name, key, what, **options):
    subject = name_of(common_name)
    put_cert(name, certify(subject, key.public_key(), subject, key, ca=True, **options), what)


def intermediate(name, common_name, key, issuer, issuer_key, what, **options):
    put_cert(name, certify(name_of(common_name), key.public_key(), certs[issuer].subject, issuer_key, ca=True,
                           **options), what)


def authorities():
    root_rsa, root_p256 = authority_key("root-rsa", rsa_2048), authority_key("root-p256", p256)
    root("root-rsa", "Example Corp Root R1", root_rsa, "root, RSA 2048, 2025 to 2046")
    root("root-p256", "Example Corp Root E1", root_p256, "root, P-256, 2025 to 2046")
    root("root-rsa-renewed", "Example Corp Root R1", root_rsa, "`root-rsa` renewed: same subject and key, 2026 to 2048",
         begin=datetime(2026, 1, 1), end=datetime(2048, 1, 1))
    for number in (1, 2):
        key = authority_key(f"intermediate-rsa-{number}", p256)
        intermediate(f"intermediate-rsa-{number}", f"Example Corp Issuing R{number}", key, "root-rsa", root_rsa,
                     f"intermediate {number} of `root-rsa`", path_length=0)
        key = authority_key(f"intermediate-p256-{number}", p256)
        intermediate(f"intermediate-p256-{number}", f"Example Corp Issuing E{number}", key, "root-p256", root_p256,
                     f"intermediate {number} of `root-p256`", path_length=0)
    intermediate("root-p256-cross", "Example Corp Root E1", root_p256, "root-rsa", root_rsa,
                 "cross-signed twin of `root-p256`: same subject and key, issued by `root-rsa`")
    intermediate("intermediate-rsa-1-expired", "Example Corp Issuing R1", authority_key("intermediate-rsa-1", p256),
                 "root-rsa", root_rsa, "an old copy of `intermediate-rsa-1`, 2015 to 2020",
                 begin=datetime(2015, 1, 1), end=datetime(2020, 1, 1))
    key = authority_key("intermediate-sha1", p256)
    plain = certify(name_of("Example Corp Issuing SHA-1"), key.public_key(), certs["root-rsa"].subject, root_rsa, ca=True)
    put_cert("intermediate-sha1", x509.load_der_x509_certificate(signed_with_sha1(plain, "pki/keys/root-rsa.key")),
             "intermediate of `root-rsa` with an RSA signature over SHA-1")
    orphan = authority_key("root-not-shipped", p256)
    subject = name_of("Example Corp Root That Nobody Has")
    key = authority_key("intermediate-orphan", p256)
    put_cert("intermediate-orphan", certify(name_of("Example Corp Issuing Orphan"), key.public_key(), subject, orphan,
                                            ca=True), "intermediate whose root is in no file")


def signed_with_sha1(plain, key):
    """By hand, since the Python package does not sign with SHA-1 any more."""
    sha1 = tlv(0x30, oid("1.2.840.113549.1.1.5") + tlv(5, b""))
    parts = [whole for _, _, whole in children(children(plain.tbs_certificate_bytes)[0][1])]
    body = tlv(0x30, b"".join(replaced(ALGORITHM, sha1)(parts)))
    return tlv(0x30, body + sha1 + tlv(3, b"\0" + openssl("dgst", "-sha1", "-sign", key, data=body)))


def odd_authorities():
    root("root-expired", "Example Corp Root 2015", authority_key("root-expired", p256), "root, 2015 to 2020",
         begin=datetime(2015, 1, 1), end=datetime(2020, 1, 1))
    root("root-not-yet-valid", "Example Corp Root 2060", authority_key("root-not-yet-valid", p256),
         "root, 2060 to 2070", begin=datetime(2060, 1, 1), end=datetime(2070, 1, 1))
    for name, common_name, make, what in [
        ("root-brainpool", "Example Corp Root Brainpool", lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
         "root, brainpoolP256r1"),
        ("root-ed25519", "Example Corp Root Ed25519", ed25519.Ed25519PrivateKey.generate, "root, Ed25519"),
        ("root-ed448", "Example Corp Root Ed448", ed448.Ed448PrivateKey.generate, "root, Ed448"),
        ("root-p384", "Example Corp Root P-384", lambda: ec.generate_private_key(ec.SECP384R1()), "root, P-384"),
        ("root-p521", "Example Corp Root P-521", lambda: ec.generate_private_key(ec.SECP521R1()), "root, P-521"),
        ("root-rsa-1024", "Example Corp Root RSA 1024", lambda: rsa.generate_private_key(65537, 1024),
         "root, RSA 1024"),
        ("root-secp256k1", "Example Corp Root secp256k1", lambda: ec.generate_private_key(ec.SECP256K1()),
         "root, secp256k1"),
    ]:
        options = {"root-p384": {"digest": hashes.SHA384()}, "root-p521": {"digest": hashes.SHA512()}}.get(name, {})
        root(name, common_name, authority_key(name, make), what, **options)
    openssl_root("root-v1", "Example Corp Root v1", "", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                 "root, X.509 version 1: no extensions at all")
    openssl_root("root-rsa-pss", "Example Corp Root RSA-PSS", "x509_extensions = v3", ["-algorithm", "RSA-PSS"],
                 "root, RSA 2048 with an id-RSASSA-PSS key")
    for letter in "ab":
        root(f"same-subject-{letter}", "Example Corp Root Twice", authority_key(f"same-subject-{letter}", p256),
             f"root {letter} of two with one subject and two keys, with key identifiers")
    for letter in "cd":
        key = authority_key(f"same-subject-{letter}", p256)
        root(f"same-subject-{letter}", "Example Corp Root Twice Without Identifiers", key,
             f"root {letter} of two with one subject and two keys, without key identifiers", key_ids=False)
        below = authority_key(f"same-subject-{letter}-issuing", p256)
        intermediate(f"same-subject-{letter}-issuing", f"Example Corp Issuing Twice {letter.upper()}", below,
                     f"same-subject-{letter}", key,
                     f"intermediate of `same-subject-{letter}`, without AuthorityKeyIdentifier", key_ids=False)
    # Self-issued, but not self-signed: the names are equal and the signature is another key's.
    liar, other = authority_key("self-issued-not-signed", p256), authority_key("root-not-shipped", p256)
    subject = name_of("Example Corp Root Signed By Another Key")
    put_cert("self-issued-not-signed", certify(subject, liar.public_key(), subject, other, ca=True),
             "subject and issuer are equal, and the signature is another key's")


def openssl_root(name, common_name, configuration, algorithm, what):
    """What the Python package cannot make; `openssl ca` is the one command of OpenSSL 3.0 that takes both dates."""
    path = pathlib.Path(f"pki/keys/{name}.key")
    if not path.exists():
        run(["openssl", "genpkey", *algorithm, "-out", str(path)])
    describe(str(path), f"the private key of `{name}`, PKCS#8")
    if pathlib.Path(f"pki/{name}.pem").exists():
        # OpenSSL 3.0 signs with random numbers.
        return put(f"pki/{name}.pem", pathlib.Path(f"pki/{name}.pem").read_bytes(), what)
    work = pathlib.Path("../target/testdata-work")
    work.mkdir(parents=True, exist_ok=True)
    (work / "index.txt").write_text("")
    (work / "serial").write_text("1" + hashlib.sha256(name.encode()).hexdigest()[:29] + "\n")
    (work / "ca.cnf").write_text(f"""
[ca]
default_ca = this
[this]
new_certs_dir = {work}
database = {work}/index.txt
serial = {work}/serial
default_md = sha256
policy = any
{configuration}
[any]
organizationName = supplied
commonName = supplied
[v3]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
""")
    run(["openssl", "req", "-new", "-key", str(path), "-subj", f"/O=Example Corp/CN={common_name}",
         "-out", f"{work}/request.pem"])
    run(["openssl", "ca", "-config", f"{work}/ca.cnf", "-selfsign", "-keyfile", str(path), "-batch", "-notext",
         "-startdate", "20250101000000Z", "-enddate", "20460101000000Z", "-in", f"{work}/request.pem",
         "-out", f"{work}/certificate.pem"])
    put(f"pki/{name}.pem", (work / "certificate.pem").read_bytes(), what)


def run(command, **options):
    result = subprocess.run(command, capture_output=True, **options)
    if result.returncode:
        raise SystemExit(f"{command}: {result.stderr.decode()}")
    return result.stdout


CLIENT, SERVER = [ExtendedKeyUsageOID.CLIENT_AUTH], [ExtendedKeyUsageOID.SERVER_AUTH]
CLIENT_KEYS = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "p256": p256,
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa-2048": rsa_2048,
}


def client_key(name):
    return kept_key(f"keys/{name}.pkcs8.pem", CLIENT_KEYS[name])


def leaves():
    issuer_key = authority_key("intermediate-p256-1", p256)
    issuer = certs["intermediate-p256-1"].subject

    def leaf(name, common_name, key, what, issuer=issuer, issuer_key=issuer_key, **options):
        put_cert(name, certify(name_of(common_name), key.public_key(), issuer, issuer_key, **{"ca": False, **options}),
                 what)

    local = [x509.DNSName("localhost"), x509.DNSName("server.corp.example"),
             x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    server = authority_key("server", p256)
    leaf("server", "server.corp.example", server,
         "server certificate issued by `intermediate-p256-1`, for localhost, 127.0.0.1 and server.corp.example",
         eku=SERVER, sans=local)
    put("pki/server-chain.pem", pem(certs["server"], certs["intermediate-p256-1"]), "`server` and its issuer")
    alone = authority_key("server-self-signed", p256)
    leaf("server-self-signed", "appliance.corp.example", alone, "self-signed server certificate, CA:FALSE",
         issuer=name_of("appliance.corp.example"), issuer_key=alone, sans=local, eku=SERVER)

    for name in CLIENT_KEYS:
        leaf(f"client-{name}", f"alice ({name})", client_key(name),
             f"client certificate for `keys/{name}.*`, issued by `intermediate-p256-1`", eku=CLIENT)
    key = client_key("p256")
    leaf("client-ca", "alice with a certificate of an authority", key,
         "CA:TRUE, with the key of `client-p256`: an authority where a leaf should be", ca=True)
    leaf("client-expired", "alice in 2020", key, "client certificate for `keys/p256.*`, 2018 to 2020", eku=CLIENT,
         begin=datetime(2018, 1, 1), end=datetime(2020, 1, 1))
    leaf("client-no-purpose", "alice for all purposes", key, "client certificate for `keys/p256.*` without EKU")
    leaf("client-not-yet-valid", "alice in 2060", key, "client certificate for `keys/p256.*`, 2060 to 2062", eku=CLIENT,
         begin=datetime(2060, 1, 1), end=datetime(2062, 1, 1))
    leaf("client-server-only", "alice.corp.example", key, "for `keys/p256.*`, with EKU serverAuth alone", eku=SERVER)
    leaf("client-short-lived", "alice for sixty days", key,
         "client certificate for `keys/p256.*`, 2030-01-01 to 2030-03-02", eku=CLIENT,
         begin=datetime(2030, 1, 1), end=datetime(2030, 3, 2))
    client, issuing, top = certs["client-p256"], certs["intermediate-p256-1"], certs["root-p256"]
    put("pki/client-p256-chain.pem", pem(client, issuing), "`client-p256` and its issuer, in the right order")
    put("pki/client-p256-chain-full.pem", pem(client, issuing, top), "the same with the root behind")
    put("pki/client-p256-chain-reversed.pem", pem(top, issuing, client), "the same with the root first: the wrong order")


# --- keys -----------------------------------------------------------------------------------------------------

LEGACY = ["-provider", "default", "-provider", "legacy"]
PLAIN = "file:passphrases/plain.txt"


def openssl(*arguments, data=None):
    return run(["openssl", *arguments], input=data)


def clear_keys():
    for name in CLIENT_KEYS:
        client_key(name)
        describe(f"keys/{name}.pkcs8.pem", f"{name}, PKCS#8; belongs to `pki/client-{name}.pem`")
    rsa_pem, p256_pem = "keys/rsa-2048.pkcs8.pem", "keys/p256.pkcs8.pem"
    put("keys/rsa-2048.pkcs1.pem", openssl("rsa", "-traditional", "-in", rsa_pem), "the same RSA key, PKCS#1")
    put("keys/rsa-2048.pkcs1.der", openssl("rsa", "-traditional", "-in", rsa_pem, "-outform", "DER"),
        "the same RSA key, PKCS#1 DER")
    put("keys/rsa-2048.pkcs8.der", openssl("pkcs8", "-topk8", "-nocrypt", "-in", rsa_pem, "-outform", "DER"),
        "the same RSA key, PKCS#8 DER")
    for name, curve in [("p256", "prime256v1"), ("p384", "secp384r1"), ("p521", "secp521r1")]:
        parameters = openssl("ecparam", "-name", curve)
        body = openssl("ec", "-in", f"keys/{name}.pkcs8.pem")
        put(f"keys/{name}.sec1.pem", parameters + body, f"the same {name} key, SEC1 with EC PARAMETERS before it")
    put("keys/p256.sec1.der", openssl("ec", "-in", p256_pem, "-outform", "DER"), "the same p256 key, SEC1 DER")
    put("keys/p256.pkcs8.der", openssl("pkcs8", "-topk8", "-nocrypt", "-in", p256_pem, "-outform", "DER"),
        "the same p256 key, PKCS#8 DER")
    put("keys/p256.no-public.sec1.pem", openssl("ec", "-in", p256_pem, "-no_public"),
        "the same p256 key, SEC1 without the public part")
    put("keys/p256.bag-attributes.pem",
        b"Bag Attributes\n    localKeyID: 01 00 00 00 \n    friendlyName: alice\nKey Attributes: <No Attributes>\n"
        + pathlib.Path(p256_pem).read_bytes(), "the same p256 key, as `openssl pkcs12 -nodes` writes it")
    put("keys/p256.crlf.pem", pathlib.Path(p256_pem).read_bytes().replace(b"\n", b"\r\n"), "the same p256 key, CRLF")
    put("keys/p256.bom.pem", b"\xef\xbb\xbf" + pathlib.Path(p256_pem).read_bytes(), "the same p256 key behind a BOM")
    put("keys/p256.and-chain.pem", pathlib.Path(p256_pem).read_bytes() + pem(certs["client-p256"], certs["intermediate-p256-1"]),
        "the same p256 key with its certificate chain behind it in one file")
    put("keys/ed25519.openssh.pem", lambda: client_key("ed25519").private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()), "the same Ed25519 key, OpenSSH format: nobody takes it here")
    for name, arguments, what in [
        ("other-p256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "a p256 key of no certificate"),
        ("ed448", ["-algorithm", "ED448"], "Ed448, PKCS#8"),
        ("rsa-1024", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "RSA 1024, PKCS#8"),
        ("rsa-3072", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"], "RSA 3072, PKCS#8"),
        ("rsa-pss", ["-algorithm", "RSA-PSS"], "RSA 2048, id-RSASSA-PSS, PKCS#8"),
        ("secp256k1", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "secp256k1, PKCS#8"),
        ("brainpool", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"], "brainpoolP256r1, PKCS#8"),
    ]:
        path = pathlib.Path(f"keys/{name}.pkcs8.pem")
        if not path.exists():
            openssl("genpkey", *arguments, "-out", str(path))
        describe(str(path), what)


def encrypted_keys():
    p256_pem, rsa_pem = "keys/p256.pkcs8.pem", "keys/rsa-2048.pkcs8.pem"

    def sealed(name, *arguments, source=p256_pem, secret=PLAIN, what=None):
        put(f"keys/encrypted/{name}",
            lambda: openssl("pkcs8", "-topk8", "-in", source, "-passout", secret, *LEGACY, *arguments), what)

    for prf in ("SHA1", "SHA224", "SHA256", "SHA384", "SHA512"):
        for cipher in ("aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"):
            name = f"p256.pbes2-{prf.lower()}-{cipher.replace('-cbc', '')}.pem"
            sealed(name, "-v2", cipher, "-v2prf", f"hmacWith{prf}", what=f"PBES2, PBKDF2 with HMAC-{prf}, {cipher}")
    for cipher in ("aes-128-cbc", "aes-256-cbc", "des3"):
        sealed(f"p256.scrypt-{cipher.replace('-cbc', '')}.pem", "-scrypt", "-v2", cipher,
               what=f"PBES2, scrypt (N 16384, r 8, p 1), {cipher}")
    for name, arguments, what in [
        ("aes-256-cfb", ["-v2", "aes-256-cfb"], "PBES2 with AES-256-CFB: only OpenSSL and Node read it"),
        ("aria-256", ["-v2", "aria-256-cbc"], "PBES2 with ARIA-256: only OpenSSL and Node read it"),
        ("camellia-256", ["-v2", "camellia-256-cbc"], "PBES2 with Camellia-256: only OpenSSL and Node read it"),
        ("des", ["-v2", "des-cbc"], "PBES2 with single DES"),
        ("rc2", ["-v2", "rc2-cbc"], "PBES2 with RC2"),
        ("md5-aes-256", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithMD5"], "PBES2 with HMAC-MD5"),
        ("sha512-256-aes-256", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512-256"], "PBES2 with HMAC-SHA512/256"),
        ("rounds-1", ["-v2", "aes-256-cbc", "-iter", "1"], "PBES2 with one single round"),
        ("rounds-600000", ["-v2", "aes-256-cbc", "-iter", "600000"], "the portable form, 600,000 rounds"),
    ]:
        sealed(f"p256.pbes2-{name}.pem", *arguments, what=what)
    for scheme in ("PBE-SHA1-3DES", "PBE-SHA1-2DES", "PBE-SHA1-RC2-40", "PBE-SHA1-RC2-128", "PBE-SHA1-RC4-40",
                   "PBE-SHA1-RC4-128", "PBE-MD5-DES", "PBE-MD5-RC2-64", "PBE-SHA1-DES", "PBE-SHA1-RC2-64"):
        kind = "PKCS#12-PBE" if scheme[4:8] == "SHA1" and scheme[9:] not in ("DES", "RC2-64") else "PBES1"
        sealed(f"p256.{scheme.lower()}.pem", "-v1", scheme, what=f"{scheme} ({kind})")
    for name in ("ed25519", "p384", "p521", "rsa-2048"):
        sealed(f"{name}.portable.pem", "-v2", "aes-256-cbc", source=f"keys/{name}.pkcs8.pem",
               what=f"{name} in the portable form")
    for name in ("ed448", "rsa-pss", "secp256k1"):
        sealed(f"{name}.pbes2.pem", "-v2", "aes-256-cbc", source=f"keys/{name}.pkcs8.pem",
               what=f"{name} in PBES2, PBKDF2 with HMAC-SHA256, AES-256-CBC: not every client reads what is in it")
    for name, arguments in [("pbes2-sha256-aes-256", ["-v2", "aes-256-cbc"]), ("scrypt-aes-256", ["-scrypt"]),
                            ("pbe-sha1-3des", ["-v1", "PBE-SHA1-3DES"]), ("pbe-md5-des", ["-v1", "PBE-MD5-DES"])]:
        sealed(f"p256.{name}.der", *arguments, "-outform", "DER", what=f"`p256.{name}.pem` in DER")
    for name, what in [("utf8", "letters outside of ASCII, not normalised"), ("trailing-blank", "a blank at its end"),
                       ("other", "another passphrase than most")]:
        sealed(f"p256.passphrase-{name}.pem", "-v2", "aes-256-cbc", secret=f"file:passphrases/{name}.txt",
               what=f"the portable form; its passphrase, `passphrases/{name}.txt`, has {what}"
               .replace("has another", "is another"))
    for cipher in ("des", "des3", "aes128", "aes192", "aes256", "camellia256"):
        put(f"keys/encrypted/rsa-2048.legacy-{cipher}.pem",
            lambda: openssl("rsa", "-traditional", "-in", rsa_pem, f"-{cipher}", "-passout", PLAIN, *LEGACY),
            f"PKCS#1 with `Proc-Type: 4,ENCRYPTED`, {cipher}")
        if cipher != "camellia256":
            put(f"keys/encrypted/p256.legacy-{cipher}.pem",
                lambda: openssl("ecparam", "-name", "prime256v1")
                + openssl("ec", "-in", p256_pem, f"-{cipher}", "-passout", PLAIN, *LEGACY),
                f"SEC1 behind EC PARAMETERS with `Proc-Type: 4,ENCRYPTED`, {cipher}")
    portable = pathlib.Path("keys/encrypted/p256.pbes2-sha256-aes-256.pem").read_bytes()
    put("keys/encrypted/p256.portable-crlf.pem", portable.replace(b"\n", b"\r\n"), "the portable form with CRLF")
    body = bytearray(blocks(portable)[0])
    body[-20] ^= 1
    put("keys/encrypted/p256.damaged.pem", armour(bytes(body), "ENCRYPTED PRIVATE KEY"),
        "the portable form with one bit wrong in the last blocks: looks like a wrong passphrase")
    put("keys/encrypted/p256.cut-short.pem", armour(blocks(portable)[0][:-30], "ENCRYPTED PRIVATE KEY"),
        "the portable form with the last 30 bytes gone")
    without_null = portable_key(salt=bytes(range(16)), rounds=2048, null=False)
    put("keys/encrypted/p256.pbes2-no-null.pem", armour(without_null, "ENCRYPTED PRIVATE KEY"),
        "PBES2 with HMAC-SHA256 whose parameters lack the NULL: Bun refuses it")
    put("keys/encrypted/p256.scrypt-n32768.pem", armour(scrypt_key(32768), "ENCRYPTED PRIVATE KEY"),
        "PBES2, scrypt with N 32768: beyond OpenSSL's memory bound, so no client opens it")


def hostile_keys():
    put("keys/hostile/pbkdf2-2147483647-rounds.pem",
        armour(portable_key(bytes(16), 2048, claimed=2147483647), "ENCRYPTED PRIVATE KEY"),
        "claims 2,147,483,647 rounds of PBKDF2: hours")
    put("keys/hostile/scrypt-n-2-30.pem", armour(scrypt_key(16384, claimed=1 << 30), "ENCRYPTED PRIVATE KEY"),
        "claims scrypt with N 2^30: one TiB of memory")
    put("keys/hostile/nested.pem", armour(nested(5000), "ENCRYPTED PRIVATE KEY"), "5,000 sequences in one another")


def nested(depth):
    value = b""
    for _ in range(depth):
        value = tlv(0x30, value)
    return value


def portable_key(salt, rounds, null=True, claimed=None):
    """An encrypted p256 key in PBES2 by hand; `claimed` is what the file says instead of the rounds used."""
    iv = bytes(range(16))
    key = hashlib.pbkdf2_hmac("sha256", secret(), salt, rounds, 32)
    prf = tlv(0x30, oid("1.2.840.113549.2.9") + (tlv(5, b"") if null else b""))
    parameters = tlv(0x30, tlv(4, salt) + integer(claimed or rounds) + prf)
    return pbes2(tlv(0x30, oid("1.2.840.113549.1.5.12") + parameters), iv, key)


def scrypt_key(cost, claimed=None):
    iv, salt = bytes(range(16)), bytes(range(16))
    key = hashlib.scrypt(secret(), salt=salt, n=cost, r=8, p=1, maxmem=1 << 28, dklen=32)
    parameters = tlv(0x30, tlv(4, salt) + integer(claimed or cost) + integer(8) + integer(1))
    return pbes2(tlv(0x30, oid("1.3.6.1.4.1.11591.4.11") + parameters), iv, key)


def pbes2(derivation, iv, key):
    clear = pathlib.Path("keys/p256.pkcs8.der").read_bytes()
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(clear) + padder.finalize()) + encryptor.finalize()
    cipher = tlv(0x30, oid("2.16.840.1.101.3.4.1.42") + tlv(4, iv))
    scheme = tlv(0x30, oid("1.2.840.113549.1.5.13") + tlv(0x30, derivation + cipher))
    return tlv(0x30, scheme + tlv(4, sealed))


def secret():
    return pathlib.Path("passphrases/plain.txt").read_bytes().removesuffix(b"\n")


# --- hostile names --------------------------------------------------------------------------------------------

def hostile_names():
    key = authority_key("hostile", p256)
    for name, text, what in [
        ("bidi", "Corp \u202egro.live\u202c Root", "right-to-left override"),
        ("control", "Corp\x07\x08\x9bRoot\x7f", "bell, backspace, C1 CSI, delete"),
        ("escape", "Corp \x1b[2J\x1b]0;owned\x07Root", "ESC sequences that clear the screen and set the title"),
        ("hash", "Corp\r# Root", "a lone carriage return before a `#`"),
        ("long", "Corp " + "x" * 8192, "8 KiB"),
        ("newline", "Corp\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nRoot",
         "newlines, with a whole PEM block between them"),
        ("nul", "Corp\0Root", "a NUL"),
        ("pem", "-----BEGIN CERTIFICATE-----", "a PEM marker as the whole name"),
        ("shell", "$(touch owned) `touch owned` ';touch owned;'", "shell syntax"),
        ("unicode-line", "Corp\u2028Root\u2029\u0085CA", "line separators of Unicode"),
    ]:
        subject = name_of(text)
        certificate = certify(subject, key.public_key(), subject, key, ca=True)
        put(f"hostile/name-{name}.pem", pem(certificate), f"a root whose common name holds: {what}")
    empty = x509.Name([])
    put("hostile/name-empty.pem", pem(certify(empty, key.public_key(), empty, key, ca=True)),
        "a root with an empty subject")


# --- dirty files ----------------------------------------------------------------------------------------------

def trio():
    return certs["root-rsa"], certs["root-p256"], certs["intermediate-p256-1"]


def dirty_text():
    clean = pem(*trio())
    text = clean.decode()
    one = pem(trio()[0])
    these = "`root-rsa`, `root-p256`, `intermediate-p256-1`"

    put("dirty/clean.pem", clean, f"{these}, without any dirt: what the others are compared with")
    put("dirty/crlf.pem", clean.replace(b"\n", b"\r\n"), "the three with CRLF")
    put("dirty/lone-cr.pem", clean.replace(b"\n", b"\r"), "the three with lone carriage returns")
    put("dirty/bom-start.pem", b"\xef\xbb\xbf" + clean, "the three behind a BOM")
    put("dirty/bom-middle.pem", b"".join(b"\xef\xbb\xbf" + pem(each) for each in trio()),
        "three files with a BOM each, glued into one")
    put("dirty/utf16le.pem", b"\xff\xfe" + text.encode("utf-16-le"), "the three in UTF-16 LE with a BOM")
    put("dirty/utf16be.pem", b"\xfe\xff" + text.encode("utf-16-be"), "the three in UTF-16 BE with a BOM")
    put("dirty/utf16le-no-bom.pem", text.encode("utf-16-le"), "the three in UTF-16 LE without a BOM")
    put("dirty/indented.pem", "".join("    " + line for line in text.splitlines(True)),
        "the three indented by four blanks, as in YAML")
    put("dirty/tabs.pem", "".join("\t" + line for line in text.splitlines(True)), "the three indented by a tab")
    put("dirty/trailing-blanks.pem", text.replace("\n", "  \n"), "the three with blanks at the end of every line")
    put("dirty/blank-lines.pem", text.replace("\n", "\n\n"), "the three with a blank line after every line")
    put("dirty/glued.pem", text.replace("-----\n-----", "----------"),
        "the three with END and BEGIN glued together on one line")
    put("dirty/no-final-newline.pem", text.rstrip("\n"), "the three without a newline at the end")
    put("dirty/one-line.pem", "".join(armour(der(each), "CERTIFICATE", width=None).decode() for each in trio()),
        "the three with all base64 of a block on one line")
    put("dirty/width-76.pem", "".join(armour(der(each), "CERTIFICATE", width=76).decode() for each in trio()),
        "the three with 76 columns, as MIME has it")
    for width in (253, 506, 759):
        put(f"dirty/width-{width}.pem", armour(der(trio()[0]), "CERTIFICATE", width=width),
            f"`root-rsa` with lines of {width} columns, on which Bun breaks")
    put("dirty/x509-label.pem", text.replace("CERTIFICATE", "X509 CERTIFICATE"), "the three labelled `X509 CERTIFICATE`")
    trusted = b"".join(openssl("x509", "-trustout", "-addtrust", "serverAuth", "-addreject", "emailProtection",
                               "-setalias", "Corp", data=pem(each)) for each in trio())
    put("dirty/trusted-label.pem", trusted, "the three as `TRUSTED CERTIFICATE` with trust settings behind the DER")
    attributes = b"".join(
        b"Bag Attributes\n    friendlyName: Corp %d\n    localKeyID: 54 69 6D 65 20 31 \nsubject=O = Example Corp\n\n"
        b"issuer=O = Example Corp\n\n" % number + pem(each) for number, each in enumerate(trio()))
    put("dirty/bag-attributes.pem", attributes, "the three as `openssl pkcs12` writes them")
    put("dirty/text-dump.pem", b"".join(openssl("x509", "-text", data=pem(each)) for each in trio()),
        "the three as `openssl x509 -text` writes them")
    put("dirty/prose.pem", b"Dear colleague,\n\nplease import these -- all of them.\n----- Kind regards, the help desk\n\n"
        + clean.replace(b"-----END CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n\nAnd then:\n\n"),
        "the three with a letter around them")
    put("dirty/comments.pem", b"".join(b"# Corp root\n# valid for long\n" + pem(each) for each in trio()),
        "the three with `#` comments")
    put("dirty/utf8-text.pem", "Häuptzertifikat der Firma\n".encode() + clean, "the three behind text in UTF-8")
    put("dirty/latin1-text.pem", "Häuptzertifikat der Firma\n".encode("latin-1") + clean,
        "the three behind text in Latin-1, which is no UTF-8")
    put("dirty/lower-case-label.pem", text.replace("CERTIFICATE", "certificate"),
        "the three with a label in lower case: nobody takes it")
    middle = armour(der(trio()[1]), "CERTIFICATE").decode()
    lines = middle.splitlines(True)
    lines[3] = lines[3][:20] + "!!!!" + lines[3][24:]
    put("dirty/one-damaged.pem", pem(trio()[0]) + "".join(lines).encode() + pem(trio()[2]),
        "the three; the second has characters in it that are no base64")
    put("dirty/one-cut-short.pem", pem(trio()[0]) + armour(der(trio()[1])[:200], "CERTIFICATE") + pem(trio()[2]),
        "the three; the DER of the second is cut short")
    put("dirty/one-empty.pem", pem(trio()[0]) + b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" + pem(trio()[2]),
        "the three; the second block is empty")
    put("dirty/unclosed.pem", pem(trio()[0]) + pem(trio()[1]).replace(b"-----END CERTIFICATE-----\n", b"") + pem(trio()[2]),
        "the three; the second block has no END")
    put("dirty/unclosed-last.pem", clean.removesuffix(b"-----END CERTIFICATE-----\n"), "the three; the last has no END")
    put("dirty/end-of-another.pem",
        pem(trio()[0]) + pem(trio()[1]).replace(b"END CERTIFICATE", b"END X509 CRL") + pem(trio()[2]),
        "the three; the second block ends with another label")
    put("dirty/duplicates.pem", clean + clean.replace(b"\n", b"\r\n"), "the three twice")
    put("dirty/shuffled.pem", pem(*reversed(trio())), "the three in the reverse order")
    put("dirty/trailing-nul.pem", clean + b"\0", "the three with a NUL behind them")
    put("dirty/no-markers.pem", base64.encodebytes(der(trio()[0])), "`root-rsa` as bare base64, without markers")
    put("dirty/der.cer", der(trio()[0]), "`root-rsa` in DER")
    put("dirty/der-twice.cer", der(trio()[0]) + der(trio()[1]), "two certificates in DER, one behind the other")
    put("dirty/der-trailing-bytes.cer", der(trio()[0]) + b"\0\0trailing", "`root-rsa` in DER with bytes behind it")
    put("dirty/der-trailing-newline.cer", der(trio()[0]) + b"\n", "`root-rsa` in DER with a newline behind it")
    put("dirty/der-cut-short.cer", der(trio()[0])[:-10], "`root-rsa` in DER without its last ten bytes")
    put("dirty/pem-trailing-bytes.pem", armour(der(trio()[0]) + b"\0\0", "CERTIFICATE"),
        "`root-rsa` with two bytes behind the DER inside the block")
    put("dirty/key-among.pem", one + pathlib.Path("keys/p256.pkcs8.pem").read_bytes() + pem(*trio()[1:]),
        "the three with a private key, in clear, as second block")
    put("dirty/encrypted-key-among.pem",
        one + pathlib.Path("keys/encrypted/p256.pbes2-sha256-aes-256.pem").read_bytes() + pem(*trio()[1:]),
        "the three with an encrypted private key as second block")


# DER by hand: the parts of a certificate changed one at a time, and signed anew so that only the oddity is odd.

def tlv(tag, content):
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def children(content):
    """The elements of a constructed value: (tag, content, whole)."""
    found, at = [], 0
    while at < len(content):
        tag, length, start = content[at], content[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, start = int.from_bytes(content[start:start + size], "big"), start + size
        found.append((tag, content[start:start + length], content[at:start + length]))
        at = start + length
    return found


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    content = bytes([first * 40 + second])
    for number in rest:
        group = [number & 0x7F]
        while number := number >> 7:
            group.append(0x80 | number & 0x7F)
        content += bytes(reversed(group))
    return tlv(6, content)


def blocks(text):
    return [base64.b64decode(body) for body in re.findall(rb"-----BEGIN [^-]+-----\n(.*?)-----END", text, re.S)]


def armour(content, label, width=64):
    text = base64.b64encode(content).decode()
    rows = [text] if width is None else [text[at:at + width] for at in range(0, len(text), width)]
    return ("\n".join([f"-----BEGIN {label}-----", *rows, f"-----END {label}-----"]) + "\n").encode()


VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, PUBLIC_KEY, EXTENSIONS = range(8)


def altered(change):
    """A root with some parts of its TBSCertificate replaced, and a right signature over the result."""
    key = authority_key("odd-der", rsa_2048)
    subject = name_of("Example Corp Root With Odd DER")
    plain = certify(subject, key.public_key(), subject, key, ca=True)
    parts = [whole for _, _, whole in children(children(plain.tbs_certificate_bytes)[0][1])]
    body = tlv(0x30, b"".join(change(parts)))
    return signed(body, parts[ALGORITHM], key)


def signed(body, algorithm, key):
    return tlv(0x30, body + algorithm + tlv(3, b"\0" + key.sign(body, padding.PKCS1v15(), hashes.SHA256())))


def replaced(index, value):
    def change(parts):
        return parts[:index] + [value(parts[index]) if callable(value) else value] + parts[index + 1:]
    return change


def dirty_der():
    def put_odd(name, content, what):
        put(f"dirty/der-{name}.pem", armour(content, "CERTIFICATE"), f"{what}; self-signed, the signature is right")

    def doubled_extension(extensions):
        listed = [whole for _, _, whole in children(children(children(extensions)[0][1])[0][1])]
        return tlv(0xA3, tlv(0x30, b"".join(listed + [listed[0]])))

    def long_length(whole):
        """The same element with a length of one byte more than needed."""
        tag, content, _ = children(whole)[0]
        size = len(content).to_bytes((len(content).bit_length() + 7) // 8 + 1, "big")
        return bytes([tag, 0x80 | len(size)]) + size + content

    def false_as_zero(extensions):
        return extensions.replace(b"\x01\x01\xff", b"\x01\x01\x01")

    put_odd("non-minimal-serial", altered(replaced(SERIAL, tlv(2, b"\0\0\x17"))), "a serial number with a needless zero")
    put_odd("negative-serial", altered(replaced(SERIAL, tlv(2, b"\x97"))), "a negative serial number: harmless")
    put_odd("zero-serial", altered(replaced(SERIAL, tlv(2, b"\0"))), "serial number 0: harmless")
    put_odd("long-serial", altered(replaced(SERIAL, tlv(2, b"\x11" * 28))), "a serial number of 28 bytes: harmless")
    put_odd("duplicate-extension", altered(replaced(EXTENSIONS, doubled_extension)), "the same extension twice")
    put_odd("ber-length", altered(replaced(SUBJECT, long_length)), "a BER length with a needless zero")
    put_odd("boolean-one", altered(replaced(EXTENSIONS, false_as_zero)), "BOOLEAN true as 01 instead of FF")
    odd_name = tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3") + tlv(12, b"Example \xff\xfe Corp"))))
    put_odd("invalid-utf8", altered(lambda parts: replaced(SUBJECT, odd_name)(replaced(ISSUER, odd_name)(parts))),
            "a UTF8String that is no UTF-8")
    odd_name = tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3") + tlv(0x14, "Exämple Corp T61".encode("latin-1")))))
    put_odd("teletex-name", altered(lambda parts: replaced(SUBJECT, odd_name)(replaced(ISSUER, odd_name)(parts))),
            "a TeletexString in Latin-1 as name: harmless")
    odd_name = tlv(0x30, tlv(0x31, tlv(0x30, oid("2.5.4.3") + tlv(0x1E, "Exämple Corp BMP".encode("utf-16-be")))))
    put_odd("bmp-name", altered(lambda parts: replaced(SUBJECT, odd_name)(replaced(ISSUER, odd_name)(parts))),
            "a BMPString as name: harmless")
    for name, first, second, what in [
        ("time-without-seconds", (0x17, b"2501010000Z"), (0x17, b"4601010000Z"), "UTCTime without seconds"),
        ("time-with-offset", (0x17, b"250101000000+0100"), (0x17, b"460101000000+0100"), "UTCTime with an offset"),
        ("time-with-fractions", (0x18, b"20250101000000.5Z"), (0x18, b"20460101000000.5Z"),
         "GeneralizedTime with fractions of a second"),
        ("time-forever", (0x17, b"250101000000Z"), (0x18, b"99991231235959Z"),
         "valid to 9999-12-31, the date of RFC 5280 for no end: harmless"),
    ]:
        put_odd(name, altered(replaced(VALIDITY, tlv(0x30, tlv(*first) + tlv(*second)))), what)
    sha384 = tlv(0x30, oid("1.2.840.113549.1.1.12") + tlv(5, b""))
    put("dirty/der-algorithms-differ.pem", armour(altered(replaced(ALGORITHM, sha384)), "CERTIFICATE"),
        "the algorithm inside (RSA with SHA-384) is not the one outside (RSA with SHA-256)")
    unknown = tlv(0x30, oid("1.3.6.1.4.1.99999.1") + tlv(1, b"\xff") + tlv(4, tlv(5, b"")))
    put_odd("unknown-critical", altered(replaced(
        EXTENSIONS, lambda whole: tlv(0xA3, tlv(0x30, children(children(whole)[0][1])[0][1] + unknown)))),
        "an unknown critical extension: harmless")
    wrong = bytearray(der(trio()[0]))
    wrong[-1] ^= 1
    put("dirty/der-wrong-signature.pem", armour(bytes(wrong), "CERTIFICATE"), "`root-rsa` with one bit wrong in its signature")
    put("dirty/der-nested.pem", armour(nested(5000), "CERTIFICATE"), "5,000 sequences in one another")
    put("dirty/der-length-4-gib.pem", armour(b"\x30\x84\xff\xff\xff\xff" + bytes(60), "CERTIFICATE"),
        "an element that claims 4 GiB")


def pkcs7_forms():
    as_der = pkcs7.serialize_certificates(list(trio()), serialization.Encoding.DER)
    as_pem = pkcs7.serialize_certificates(list(trio()), serialization.Encoding.PEM)
    put("dirty/pkcs7.p7b", as_pem, "the three in PKCS#7 PEM")
    put("dirty/pkcs7-crlf.p7b", as_pem.replace(b"\n", b"\r\n"), "the three in PKCS#7 PEM with CRLF, as Windows exports it")
    put("dirty/pkcs7-cms-label.pem", as_pem.replace(b"PKCS7", b"CMS"), "the three in PKCS#7, labelled `CMS`")
    put("dirty/pkcs7-certificate-label.pem", as_pem.replace(b"PKCS7", b"CERTIFICATE"),
        "the three in PKCS#7, wrongly labelled `CERTIFICATE`")
    put("dirty/pkcs7-der.p7b", as_der, "the three in PKCS#7 DER")
    content_type, explicit = children(children(as_der)[0][1])
    signed_data = children(children(explicit[1])[0][2])[0][1]

    def open_ended(tag, content):
        return bytes([tag, 0x80]) + content + b"\0\0"

    parts = [open_ended(tag, content) if tag == 0xA0 else whole for tag, content, whole in children(signed_data)]
    ber = open_ended(0x30, content_type[2] + open_ended(0xA0, open_ended(0x30, b"".join(parts))))
    put("dirty/pkcs7-ber.p7b", ber, "the three in PKCS#7 BER, with indefinite lengths")
    put("dirty/pkcs7-ber-pem.p7b", armour(ber, "PKCS7"), "the same in PEM")
    # A set in the order in which it was given, not sorted as DER wants it: BER, and quite usual.
    put("dirty/pkcs7-cut-short.p7b", as_der[:-200], "the three in PKCS#7 DER without the last 200 bytes")
    none = [tlv(0xA0, b"") if tag == 0xA0 else whole for tag, content, whole in children(signed_data)]
    put("dirty/pkcs7-empty.p7b", tlv(0x30, content_type[2] + tlv(0xA0, tlv(0x30, b"".join(none)))),
        "PKCS#7 DER without any certificate")


def not_certificates():
    key = client_key("p256")
    request = x509.CertificateSigningRequestBuilder().subject_name(name_of("alice")).sign(
        key, hashes.SHA256(), ecdsa_deterministic=True)
    request_pem = request.public_bytes(serialization.Encoding.PEM)
    put("dirty/request.pem", request_pem, "a certificate request (CSR)")
    put("dirty/request.der", request.public_bytes(serialization.Encoding.DER), "the same in DER")
    root_key = authority_key("root-p256", p256)
    crl = (x509.CertificateRevocationListBuilder().issuer_name(certs["root-p256"].subject)
           .last_update(BEGIN).next_update(END).sign(root_key, hashes.SHA256(), ecdsa_deterministic=True))
    put("dirty/crl.pem", crl.public_bytes(serialization.Encoding.PEM), "a revocation list (CRL)")
    put("dirty/crl.der", crl.public_bytes(serialization.Encoding.DER), "the same in DER")
    put("dirty/request-and-crl-among.pem", pem(trio()[0]) + request_pem + pem(trio()[1])
        + crl.public_bytes(serialization.Encoding.PEM) + pem(trio()[2]), "the three with a CSR and a CRL among them")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    put("dirty/public-key.pem", public, "a public key")
    put("dirty/login-page.pem", "<!DOCTYPE html>\n<html><head><title>Sign in - Example Corp</title></head>\n<body><form "
        "action=\"/login\" method=\"post\"><input name=\"user\"></form></body></html>\n",
        "a login page that was saved under the name of a certificate")
    put("dirty/empty.pem", b"", "nothing")
    put("dirty/blank.pem", b"\n \n\t\n", "blanks and newlines")
    put("dirty/only-text.pem", b"the certificates are on the intranet\n", "text without any block")
    put("dirty/binary.bin", bytes((7 * at * at + 3 * at) % 256 for at in range(400)), "bytes of no format")
    put("dirty/identity.p12", lambda: pkcs12.serialize_key_and_certificates(
        b"alice", key, certs["client-p256"], [certs["intermediate-p256-1"]],
        serialization.BestAvailableEncryption(secret())), "a PKCS#12 identity; its passphrase is `passphrases/plain.txt`")


def inspected():
    root_key, own_key = authority_key("root-p256", p256), authority_key("intermediate-everything", p256)
    network = lambda text: x509.IPAddress(ipaddress.ip_network(text))
    address = x509.UniformResourceIdentifier
    access = lambda method, text: x509.AccessDescription(method, address(text))
    point = x509.DistributionPoint([address("http://crl.corp.example/root.crl")], None, None, None)
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), None)
    builder = (x509.CertificateBuilder().subject_name(name_of("Example Corp Issuing Everything"))
               .issuer_name(certs["root-p256"].subject).public_key(own_key.public_key()).serial_number(0xc0ffee)
               .not_valid_before(BEGIN).not_valid_after(END))
    for extension, critical in [
        (x509.BasicConstraints(True, 1), True),
        (x509.KeyUsage(True, False, False, False, False, True, True, False, False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH,
                                x509.ObjectIdentifier("1.3.6.1.4.1.99999.2")]), False),
        (x509.NameConstraints([x509.DNSName("corp.example"), network("10.0.0.0/8")], [x509.DNSName("lab.corp.example")]), True),
        (x509.SubjectAlternativeName([x509.DNSName("pki.corp.example"), x509.IPAddress(ipaddress.ip_address("10.1.2.3")),
                                      x509.RFC822Name("pki@corp.example"), address("https://pki.corp.example/")]), False),
        (x509.AuthorityInformationAccess([access(AuthorityInformationAccessOID.OCSP, "http://ocsp.corp.example/"),
                                          access(AuthorityInformationAccessOID.CA_ISSUERS, "http://pki.corp.example/root.cer")]), False),
        (x509.CRLDistributionPoints([point]), False),
        (x509.CertificatePolicies([policy]), False),
        (x509.SubjectKeyIdentifier.from_public_key(own_key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.3"), b"\x05\x00"), True),
    ]:
        builder = builder.add_extension(extension, critical)
    everything = builder.sign(root_key, hashes.SHA256(), ecdsa_deterministic=True)
    put("inspect/everything.pem", pem(everything), "an intermediate of `root-p256` with every extension that `inspect` shows, and one that nobody knows")

    subject = name_of("Example Corp Root Damaged")
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(root_key.public_key())
               .serial_number(7).not_valid_before(BEGIN).not_valid_after(END)
               .add_extension(x509.BasicConstraints(True, None), True)
               .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.15"), b"\x03\x09\x01"), True)
               .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), b"\x30\x05\x82"), False))
    put("inspect/damaged-extensions.pem", pem(builder.sign(root_key, hashes.SHA256(), ecdsa_deterministic=True)),
        "a root whose key usage and alternative names cannot be read")
    request = x509.CertificateSigningRequestBuilder().subject_name(name_of("alice")).add_extension(
        x509.SubjectAlternativeName([x509.DNSName("alice.corp.example")]), False).sign(
            root_key, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(serialization.Encoding.DER)
    broken = request[:-1] + bytes([request[-1] ^ 1])
    put("inspect/request-wrong-signature.pem", armour(broken, "CERTIFICATE REQUEST"), "a request with one bit wrong in its signature")


# --- stores ---------------------------------------------------------------------------------------------------

def stores():
    root, issuing = certs["root-rsa"], certs["intermediate-rsa-1"]
    named = [(b"corp root", root), (b"corp issuing", issuing)]
    sealed = lambda: pkcs12.serialize_java_truststore(  # noqa: E731
        [pkcs12.PKCS12Certificate(certificate, name) for name, certificate in named],
        serialization.BestAvailableEncryption(secret()))
    put("stores/corp.p12", sealed, "`root-rsa` and `intermediate-rsa-1` in PKCS#12; passphrase `passphrases/plain.txt`")
    whole = pathlib.Path("stores/corp.p12").read_bytes()
    put("stores/cut-short.p12", whole[:-300], "the same without its end")
    put("stores/corp.jks", jks(named, "changeit"), "the same two as a Java key store; the passphrase is `changeit`")
    put("stores/private.jks", jks(named, secret().decode()), "the same; passphrase `passphrases/plain.txt`")
    clear = openssl("pkcs12", "-export", "-nokeys", "-certpbe", "NONE", "-nomac", "-passout", "pass:", "-name", "corp root",
                    data=pem(root))
    put("stores/unprotected.p12", clear, "`root-rsa` in PKCS#12, in the clear, and nothing that would prove it")
    body = children(clear)[0][1]
    sha256 = tlv(0x30, tlv(0x30, oid("2.16.840.1.101.3.4.2.1")) + tlv(0x04, bytes(32)))
    costly = tlv(0x30, sha256 + tlv(0x04, b"saltsalt") + integer(2**31))
    put("stores/costly.p12", tlv(0x30, body + costly), "the same with a code of integrity that takes 2^31 rounds")
    at = clear.index(certs["root-rsa"].public_bytes(serialization.Encoding.DER)) - 40
    put("stores/damaged.p12", clear[:at] + bytes(20) + clear[at + 20:], "the same with zeros in its structure")
    put("stores/camellia.p12", lambda: openssl(
        "pkcs12", "-export", "-nokeys", "-certpbe", "CAMELLIA-256-CBC", "-passout", "pass:changeit", data=pem(root)),
        "`root-rsa` in PKCS#12, sealed with Camellia; the passphrase is `changeit`")
    salt = hashlib.sha1(b"salt").digest()
    put("stores/bouncy-castle.bks", struct.pack(">II20sI", 2, 20, salt, 1500) + bytes(21),
        "an empty key store of Bouncy Castle, by its first bytes")


def jks(named, passphrase):
    """A Java key store of trusted certificates, as keytool writes it, with a fixed date."""
    text = lambda value: struct.pack(">H", len(value)) + value  # noqa: E731
    store = struct.pack(">III", 0xFEEDFEED, 2, len(named))
    for name, certificate in named:
        store += struct.pack(">I", 2) + text(name) + struct.pack(">Q", int(BEGIN.replace(tzinfo=timezone.utc).timestamp()) * 1000)
        store += text(b"X.509") + struct.pack(">I", len(der(certificate))) + der(certificate)
    return store + hashlib.sha1(passphrase.encode("utf-16-be") + b"Mighty Aphrodite" + store).digest()


# --- the demo -------------------------------------------------------------------------------------------------

def demo():
    def key(name, make=p256):
        path = f"demo-authority/{name}.key"
        made = kept_key(path, make)
        describe(path, f"the private key of the demo's {name}, to make it again")
        return made

    def authority(common_name, own, issuer, issuer_key, organisation="Example Corp"):
        return certify(name_of(common_name, organisation), own.public_key(), issuer, issuer_key, ca=True)

    root_key, proxy_key = key("root", rsa_2048), key("proxy-root")
    root_name = name_of("Example Corp Root CA")
    top = certify(root_name, root_key.public_key(), root_name, root_key, ca=True)
    keys = [key("issuing-1"), key("issuing-2")]
    issuing = [authority(f"Example Corp Issuing CA {number}", own, root_name, root_key)
               for number, own in enumerate(keys, 1)]
    proxy_name = name_of("Example Inspection Proxy Root CA", "Example Gateway")
    proxy_root = certify(proxy_name, proxy_key.public_key(), proxy_name, proxy_key, ca=True)
    proxy_issuing = authority("Example Inspection Proxy Issuing CA", key("proxy-issuing"), proxy_name, proxy_key,
                              "Example Gateway")

    put("demo/ca.d/corp-root.cer", der(top), "the company's root, DER, as the help desk sends it")
    put("demo/ca.d/corp-chain.p7b",
        pkcs7.serialize_certificates([top, *issuing], serialization.Encoding.PEM).replace(b"\n", b"\r\n"),
        "the company's root and its two issuing CAs, PKCS#7 with CRLF, as Windows exports them")
    put("demo/ca.d/inspection-proxy.pem",
        b"Root and issuing CA of the inspection proxy. Questions: help desk.\r\n\r\n"
        + b"".join(b"Bag Attributes\r\n    friendlyName: Inspection Proxy\r\n" + pem(each).replace(b"\n", b"\r\n")
                   for each in (proxy_root, proxy_issuing)),
        "root and issuing CA of the inspection proxy, PEM with CRLF, text and bag attributes")

    own = kept_key("demo-authority/client.key", p256)
    describe("demo-authority/client.key", "the client's key in clear, to make `client.key` again")
    leaf = certify(name_of("alice"), own.public_key(), issuing[0].subject, keys[0], ca=False, eku=CLIENT)
    put("demo/client.pem", pem(leaf, issuing[0]), "the client certificate and its issuer")
    put("demo/client.key",
        lambda: openssl("pkcs8", "-topk8", "-in", "demo-authority/client.key", "-v2", "aes-256-cbc", "-v2prf",
                "hmacWithSHA256", "-iter", "600000", "-passout", "file:demo/passphrase.txt"),
        "its key in the portable form, 600,000 rounds")
    put("demo/certman.toml", """\
# The demo: three files of corporate CAs and an encrypted client key. Nothing is written outside of target/.
# Try: eval "$(cargo run --release -- --config testdata/demo/certman.toml env)"

[bundle]
sources = ["ca.d"]
out = "../../target/demo/extra.pem"

[client]
cert = "client.pem"
key = "client.key"
passphrase = "file:passphrase.txt"
""", "the configuration of the README's first command")


# What cryptography reads differently in its own test vectors: the member, why, the files. tests/vectors.rs compares.
VECTORS = [
    ("spki_sha256",
     "certman says which public key belongs to a private one only where it has computed it, and it computes none of this kind", """
        asymmetric/DER_Serialization/dsa.1024.der asymmetric/DER_Serialization/dsa.2048.der
        asymmetric/DER_Serialization/dsa.3072.der asymmetric/DER_Serialization/unenc-dsa-pkcs8.der
        asymmetric/DH/dhkey.der asymmetric/DH/dhkey.pem asymmetric/DH/dhkey_rfc5114_2.der
        asymmetric/DH/dhkey_rfc5114_2.pem asymmetric/DSA/custom/nilpotent.pem asymmetric/Ed448/ed448-pkcs8-enc.der
        asymmetric/Ed448/ed448-pkcs8-enc.pem asymmetric/Ed448/ed448-pkcs8.der asymmetric/Ed448/ed448-pkcs8.pem
        asymmetric/MLDSA/mldsa44_priv.der asymmetric/MLKEM/mlkem768.der asymmetric/MLKEM/mlkem768.pem
        asymmetric/PEM_Serialization/dsa_4096.pem asymmetric/PEM_Serialization/dsa_private_key.pem
        asymmetric/PKCS8/unenc-dsa-pkcs8.pem asymmetric/Traditional_OpenSSL_Serialization/dsa.1024.pem
        asymmetric/Traditional_OpenSSL_Serialization/dsa.2048.pem
        asymmetric/Traditional_OpenSSL_Serialization/dsa.3072.pem asymmetric/X25519/x25519-pkcs8-enc.der
        asymmetric/X25519/x25519-pkcs8-enc.pem asymmetric/X25519/x25519-pkcs8.der asymmetric/X25519/x25519-pkcs8.pem
        asymmetric/X448/x448-pkcs8-enc.der asymmetric/X448/x448-pkcs8-enc.pem asymmetric/X448/x448-pkcs8.der
        asymmetric/X448/x448-pkcs8.pem x509/PKITS_data/pkcs12/DSACACert.p12
        x509/PKITS_data/pkcs12/InvalidDSASignatureTest6EE.p12 x509/PKITS_data/pkcs12/ValidDSASignaturesTest4EE.p12
     """),
    ("public_keys, only here",
     "certman shows algorithm and SHA-256 of a public key, and does not compute with it: what is wrong inside does not show", """
        asymmetric/DER_Serialization/dsa_public_key_invalid_bit_string.der
        asymmetric/DER_Serialization/dsa_public_key_no_params.der
        asymmetric/Ed25519/ed25519-pub-non-zero-unused-bits.der
     """),
    ("keys, only here",
     "a key that cryptography does not load; certman does not look into keys of this kind, and names it", """
        asymmetric/DH/dh_key_256.pem asymmetric/MLDSA/mldsa65_noseed_priv.der
     """),
    ("algorithm",
     "cryptography calls X9.42 parameters by the name of PKCS#3's; certman has the identifier as it stands", """
        asymmetric/DH/dhkey_rfc5114_2.der asymmetric/DH/dhkey_rfc5114_2.pem
     """),
    ("spki_sha256",
     "cryptography writes the key anew and leaves out the order of the subgroup; certman hashes what stands in the file", """
        asymmetric/DH/dhpub_cryptography_old.pem
     """),
    ("key",
     "cryptography calls X9.42 parameters by the name of PKCS#3's; certman has the identifier as it stands", """
        asymmetric/DH/dhpub_rfc5114_2.der asymmetric/DH/dhpub_rfc5114_2.pem
     """),
    ("keys, only here",
     "certman overlooks the version of the inner structure and superfluous bits, as OpenSSL does", """
        asymmetric/EC/ec_private_key_non_zero_unused_bits.der asymmetric/PKCS8/ec-invalid-version.pem
        asymmetric/PKCS8/invalid-version.der
     """),
    ("keys, only here",
     "a curve that cryptography does not know, or spelled out by its numbers; certman names it, and who refuses it", """
        asymmetric/EC/explicit_parameters_private_key.pem
        asymmetric/EC/explicit_parameters_wap_wsg_idm_ecid_wtls11_private_key.pem
        asymmetric/EC/secp128r1_private_key.pem asymmetric/EC/secp256k1-explicit-no-seed.pem
        asymmetric/PKCS8/ec_oid_not_in_reg_private_2.pkcs8.pem asymmetric/PKCS8/nodompar_private.pkcs8.pem
        asymmetric/PKCS8/private.pem asymmetric/PKCS8/withdompar_private.pkcs8.pem
     """),
    ("public_keys, only here",
     "a curve that cryptography does not know, or spelled out by its numbers; certman names it", """
        asymmetric/EC/secp256k1-pub-explicit-no-seed.pem asymmetric/EC/sect163k1-spki.pem
        asymmetric/EC/sect163r2-spki.pem asymmetric/EC/sect233k1-spki.pem asymmetric/EC/sect233r1-spki.pem
     """),
    ("algorithm",
     "a curve spelled out by its numbers is none of the named ones (RFC 5480, section 2.1.1), and clients do not treat it as one", """
        asymmetric/EC/secp256r1-explicit-no-seed.pem asymmetric/EC/secp256r1-explicit-seed.pem
        asymmetric/EC/secp384r1-explicit-no-seed.pem asymmetric/EC/secp384r1-explicit-seed.pem
        asymmetric/EC/secp521r1-explicit-no-seed.pem asymmetric/EC/secp521r1-explicit-seed.pem
     """),
    ("bits",
     "the size of a curve spelled out by its numbers is not read", """
        asymmetric/EC/secp256r1-explicit-no-seed.pem asymmetric/EC/secp256r1-explicit-seed.pem
        asymmetric/EC/secp384r1-explicit-no-seed.pem asymmetric/EC/secp384r1-explicit-seed.pem
        asymmetric/EC/secp521r1-explicit-no-seed.pem asymmetric/EC/secp521r1-explicit-seed.pem
     """),
    ("spki_sha256",
     "certman does not compute with a curve spelled out by its numbers", """
        asymmetric/EC/secp256r1-explicit-no-seed.pem asymmetric/EC/secp256r1-explicit-seed.pem
        asymmetric/EC/secp384r1-explicit-no-seed.pem asymmetric/EC/secp384r1-explicit-seed.pem
        asymmetric/EC/secp521r1-explicit-no-seed.pem asymmetric/EC/secp521r1-explicit-seed.pem
     """),
    ("key",
     "a curve spelled out by its numbers is none of the named ones (RFC 5480, section 2.1.1), and clients do not treat it as one", """
        asymmetric/EC/secp256r1-pub-explicit-no-seed.pem asymmetric/EC/secp256r1-pub-explicit-seed.pem
        asymmetric/EC/secp384r1-pub-explicit-no-seed.pem asymmetric/EC/secp384r1-pub-explicit-seed.pem
        asymmetric/EC/secp521r1-pub-explicit-no-seed.pem asymmetric/EC/secp521r1-pub-explicit-seed.pem
        x509/custom/ec_no_named_curve.pem
     """),
    ("spki_sha256",
     "cryptography writes the key anew, with the name of the curve; certman hashes what stands in the file", """
        asymmetric/EC/secp256r1-pub-explicit-no-seed.pem asymmetric/EC/secp256r1-pub-explicit-seed.pem
        asymmetric/EC/secp384r1-pub-explicit-no-seed.pem asymmetric/EC/secp384r1-pub-explicit-seed.pem
        asymmetric/EC/secp521r1-pub-explicit-no-seed.pem asymmetric/EC/secp521r1-pub-explicit-seed.pem
        x509/custom/ec_no_named_curve.pem
     """),
    ("keys, only here",
     "leading zeros of the number are missing; certman and OpenSSL add them", """
        asymmetric/EC/truncated-private-key.der
     """),
    ("public_keys, only here",
     "the label says something else than the content; certman goes by the content", """
        asymmetric/PEM_Serialization/ec_public_key_rsa_delimiter.pem asymmetric/public/PKCS1/dsa.pub.pem
     """),
    ("keys, only here",
     "cryptography proves the primes; certman multiplies them, which fits, and calls the key weak", """
        asymmetric/PEM_Serialization/rsa-bad-1025-q-is-2.pem
     """),
    ("keys, only here",
     "an algorithm that neither opens or knows; certman names it by its identifier, and says that it does not open it", """
        asymmetric/PKCS8/bad-encryption-oid.pem asymmetric/PKCS8/bad-oid-dsa-key.pem
        asymmetric/PKCS8/enc-unknown-algorithm.pem asymmetric/PKCS8/enc-unknown-kdf.pem
        asymmetric/PKCS8/enc-unknown-pbkdf2-prf.pem asymmetric/PKCS8/rsa-rc2-cbc-effective-key-length.pem
        asymmetric/PKCS8/unknown-oid.der
     """),
    ("algorithm",
     "certman does not open PBES2 with RC2, and says so: nobody seals with it", """
        asymmetric/PKCS8/rsa-rc2-cbc.pem
     """),
    ("bits",
     "certman does not open PBES2 with RC2, and says so: nobody seals with it", """
        asymmetric/PKCS8/rsa-rc2-cbc.pem
     """),
    ("spki_sha256",
     "certman does not open PBES2 with RC2, and says so: nobody seals with it", """
        asymmetric/PKCS8/rsa-rc2-cbc.pem
     """),
    ("algorithm",
     "cryptography forgets that the key is bound to RSA-PSS; clients do not", """
        asymmetric/PKCS8/rsa_pss_2048.pem asymmetric/PKCS8/rsa_pss_2048_hash.pem
        asymmetric/PKCS8/rsa_pss_2048_hash_mask.pem asymmetric/PKCS8/rsa_pss_2048_hash_mask_diff.pem
        asymmetric/PKCS8/rsa_pss_2048_hash_mask_salt.pem
     """),
    ("spki_sha256",
     "cryptography writes the key anew, without the binding to RSA-PSS; certman hashes what stands in the file", """
        asymmetric/PKCS8/rsa_pss_2048.pem asymmetric/PKCS8/rsa_pss_2048_hash.pem
        asymmetric/PKCS8/rsa_pss_2048_hash_mask.pem asymmetric/PKCS8/rsa_pss_2048_hash_mask_diff.pem
        asymmetric/PKCS8/rsa_pss_2048_hash_mask_salt.pem asymmetric/PKCS8/rsa_pss_2048_pub.der
     """),
    ("key",
     "cryptography forgets that the key is bound to RSA-PSS; clients do not", """
        asymmetric/PKCS8/rsa_pss_2048_pub.der
     """),
    ("keys, only here",
     "the label says something else than the content; certman goes by the content, and says who will not open it", """
        asymmetric/PKCS8/wrong-pem-delimiter-rsa.pem
     """),
    ("certificates, only here",
     "cryptography refuses the whole for one part of it; certman reads on, and where it is not exact DER says so: `cert-not-der`", """
        x509/PKITS_data/certs/DSAParametersInheritedCACert.crt
        x509/PKITS_data/certs/ValidDSAParameterInheritanceTest5EE.crt x509/badasn1time.pem
        x509/custom/dsa_null_alg_params.pem x509/custom/ecdsa_null_alg.pem x509/custom/invalid_version.pem
        x509/ed25519/ed25519-rfc8410.pem x509/san_edipartyname.der x509/san_x400address.der
     """),
    ("keys, only here",
     "cryptography's loaders take the certificate before the key; `inspect` shows both", """
        x509/cryptography.io.with_headers.pem
     """),
    ("revocation_lists, only here",
     "cryptography refuses the whole for a version, an algorithm or a name; certman shows whose list it is and how long it holds", """
        x509/custom/crl_bad_version.pem x509/custom/crl_inner_outer_mismatch.der
        x509/custom/crl_issuer_invalid_printable_string.der
     """),
    ("is_ca",
     "the extension stands in it twice: `cert-not-der`; who reads on may take the first or the last", """
        x509/custom/two_basic_constraints.pem
     """),
    ("requests, only here",
     "cryptography refuses another version than 1; certman shows what is asked for", """
        x509/requests/bad-version.pem
     """),
    ("signature_valid",
     "cryptography refuses SHA-1 in requests; `openssl req -verify` calls this signature right", """
        x509/requests/rsa_sha1.der x509/requests/rsa_sha1.pem x509/requests/san_rsa_sha1.der
        x509/requests/san_rsa_sha1.pem
     """),
    ("signature_valid",
     "certman does not check signatures with DSA or MD4, which cryptography refuses", """
        x509/requests/dsa_sha1.der x509/requests/dsa_sha1.pem x509/requests/rsa_md4.der x509/requests/rsa_md4.pem
     """),
]


def loose_files():
    describe("make.sh", "makes everything again")
    describe("make.py", "the recipes, run by `make.sh`")
    describe("retired-roots.py", "makes `src/pki/retired-roots.txt`, and says from what; run by hand")
    describe("demo/passphrase.txt", "the passphrase of `demo/client.key`")
    describe("passphrases/plain.txt", "the passphrase of every encrypted key that names no other")
    describe("passphrases/utf8.txt", "letters outside of ASCII, an accent as a character of its own")
    describe("passphrases/trailing-blank.txt", "a blank at the end, before the newline")
    describe("passphrases/other.txt", "another passphrase: to change to, or to be wrong")


def readme():
    sections = {
        "": "the recipe",
        "demo": "what the README's first command runs on",
        "demo-authority": "the keys behind the demo, in clear; only to make it again",
        "pki": "authorities and what they issue, one certificate a file; 2025 to 2046 where nothing else is said",
        "keys": "keys in clear, of the certificates `pki/client-*.pem` and of none",
        "keys/encrypted": "the same keys sealed; `p256.…` seals `keys/p256.pkcs8.pem`, and so on",
        "keys/hostile": "keys that ask for too much",
        "passphrases": "each with a newline behind it",
        "hostile": "certificates whose names mean harm",
        "dirty": "files as they come in",
        "inspect": "what `inspect` has something to say about",
        "stores": "certificates in stores",
    }
    deeper = {"demo/ca.d": "demo", "pki/keys": "pki"}
    text = ["# Test material", "",
            "Made by `make.sh`, this page too: change it there. Everything here is for tests alone; the private keys and",
            "passphrases are public and protect nothing. Every passphrase is in a file of `passphrases/` (and `demo/passphrase.txt`),",
            "with a newline behind it; the tests' leak check reads them there. A new file goes into `make.py`, with its sentence.", ""]
    for section, about in sections.items():
        text += [f"## {section or 'testdata'}: {about}", "", "| file | what it is |", "|---|---|"]
        for name in sorted(described):
            folder = str(pathlib.PurePath(name).parent)
            folder = deeper.get(folder, "" if folder == "." else folder)
            if folder == section:
                text.append(f"| `{name}` | {described[name]} |")
        text.append("")
    text += ["## Vectors of others: what differs",
             "",
             "`tests/vectors.rs` has `certman inspect --json` and Python's cryptography read the files of the package",
             "cryptography_vectors. They agree on every member of every certificate, key, request and list, but for these.",
             "`only here` means that cryptography refuses the file.",
             "",
             "| what | where | why |", "|---|---|---|"]
    for what, why, files in VECTORS:
        names = ", ".join(f"`{file}`" for file in sorted(files.split()))
        text.append(f"| {what} | {names} | {why} |")
    pathlib.Path("README.md").write_text("\n".join(text) + "\n")


main()
