"""What Python's cryptography reads in the files of the package cryptography_vectors: vectors.py ROOT FOLDER...

Prints a JSON object: by the path of each file below ROOT lists of what was read in it. A member that is null is one that cryptography
does not answer; "refused" has what it says of a file that it does not read. Passphrases are those that its own tests have.
"""

import hashlib
import json
import os
import sys
import warnings

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dh, dsa, ec, ed448, ed25519, mldsa, mlkem, rsa, x448, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
    pkcs7,
    pkcs12,
)
from cryptography.x509.oid import ExtensionOID

import facts

PASSPHRASES = [b"123456", b"PolarSSLTest", b"Red Hat Enterprise Linux 7.4", b"a123456", b"baz", b"cryptography", b"foobar", b"hunter2", b"hunter42", b"password"]
USAGES = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"]
USAGE_NAMES = ["digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign"]


def spki(public):
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def kind(public):
    if isinstance(public, rsa.RSAPublicKey):
        return ["RSA", public.key_size]
    if isinstance(public, ec.EllipticCurvePublicKey):
        return ["EC " + facts.CURVES.get(public.curve.name, public.curve.name.rstrip("0123456789rtP")), public.key_size]
    kinds = {
        dh.DHPublicKey: "1.2.840.113549.1.3.1",
        dsa.DSAPublicKey: "DSA",
        ed25519.Ed25519PublicKey: "Ed25519",
        ed448.Ed448PublicKey: "Ed448",
        mldsa.MLDSA44PublicKey: "2.16.840.1.101.3.4.3.17",
        mlkem.MLKEM768PublicKey: "2.16.840.1.101.3.4.4.2",
        x25519.X25519PublicKey: "1.3.101.110",
        x448.X448PublicKey: "1.3.101.111",
    }
    sizes = {"Ed25519": 256, "Ed448": 448}
    name = next(name for one, name in kinds.items() if isinstance(public, one))
    return [name, sizes.get(name)]


def extension(of, oid):
    try:
        return of.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


def key_usage(of):
    usage = extension(of, ExtensionOID.KEY_USAGE)
    if usage is None:
        return ["none"]
    names = [name for attribute, name in zip(USAGES, USAGE_NAMES) if getattr(usage, attribute)]
    if usage.key_agreement:
        names += ["encipherOnly"] * usage.encipher_only + ["decipherOnly"] * usage.decipher_only
    return names


def purposes(of):
    usage = extension(of, ExtensionOID.EXTENDED_KEY_USAGE)
    return ["none"] if usage is None else [one.dotted_string for one in usage]


def names(of, oid=ExtensionOID.SUBJECT_ALTERNATIVE_NAME):
    return [facts.general_name(one) for one in extension(of, oid) or []]


def access(of, method):
    access = extension(of, ExtensionOID.AUTHORITY_INFORMATION_ACCESS) or []
    return [facts.general_name(one.access_location) for one in access if one.access_method.dotted_string == method]


def points(of):
    points = extension(of, ExtensionOID.CRL_DISTRIBUTION_POINTS) or []
    return [facts.general_name(one) for point in points for one in point.full_name or []]


def constraints(of):
    constraints = extension(of, ExtensionOID.NAME_CONSTRAINTS)
    if constraints is None:
        return "none"
    trees = lambda trees: [facts.general_name(one) for one in trees or []]
    return {"permitted": trees(constraints.permitted_subtrees), "excluded": trees(constraints.excluded_subtrees)}


def identifier(of, oid, member):
    found = extension(of, oid)
    octets = None if found is None else getattr(found, member)
    return "none" if octets is None else octets.hex()


def path_length(of):
    found = extension(of, ExtensionOID.BASIC_CONSTRAINTS)
    return "none" if found is None or found.path_length is None else found.path_length


def policies(of):
    return [one.policy_identifier.dotted_string for one in extension(of, ExtensionOID.CERTIFICATE_POLICIES) or []]


def ask(questions):
    answers = {}
    for question, answer in questions.items():
        try:
            answers[question] = answer()
        except Exception as error:
            answers[question] = None
            answers.setdefault("unanswered", {})[question] = f"{type(error).__name__}: {error}"
    return answers


def certificate(one):
    der = one.public_bytes(Encoding.DER)
    answers = facts.facts(der)
    answers.update(ask({
        "authority_key_id": lambda: identifier(one, ExtensionOID.AUTHORITY_KEY_IDENTIFIER, "key_identifier"),
        "ca_issuers": lambda: access(one, "1.3.6.1.5.5.7.48.2"),
        "crl_distribution_points": lambda: points(one),
        "extended_key_usage": lambda: purposes(one),
        "extensions": lambda: [[extension.oid.dotted_string, extension.critical] for extension in one.extensions],
        "fingerprint_sha1": lambda: hashlib.sha1(der).hexdigest(),
        "key_usage": lambda: key_usage(one),
        "name_constraints": lambda: constraints(one),
        "ocsp": lambda: access(one, "1.3.6.1.5.5.7.48.1"),
        "path_length": lambda: path_length(one),
        "policies": lambda: policies(one),
        "subject_key_id": lambda: identifier(one, ExtensionOID.SUBJECT_KEY_IDENTIFIER, "digest"),
        "version": lambda: {x509.Version.v1: 1, x509.Version.v3: 3}[one.version],
    }))
    return answers


def request(one):
    return ask({
        "key": lambda: facts.key(one),
        "key_usage": lambda: key_usage(one),
        "signature": lambda: facts.signature(one),
        "signature_valid": lambda: one.is_signature_valid,
        "spki_sha256": lambda: spki(one.public_key()),
        "subject": lambda: facts.name(one.subject),
        "subject_alt_names": lambda: names(one),
        "extended_key_usage": lambda: purposes(one),
    })


def revocation_list(one):
    number = lambda: extension(one, ExtensionOID.CRL_NUMBER)
    moment = lambda moment: "none" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return ask({
        "entries": lambda: len(one),
        "issuer": lambda: facts.name(one.issuer),
        "list_number": lambda: "none" if number() is None else format(number().crl_number, "x"),
        "next_update": lambda: moment(one.next_update_utc),
        "signature": lambda: {None: None}.get(one.signature_hash_algorithm, facts.signature(one)),
        "this_update": lambda: moment(one.last_update_utc),
    })


def private_key(content, load):
    passphrase = None
    try:
        key = load(content, None)
    except TypeError:
        key = None
        for passphrase in PASSPHRASES:
            try:
                key = load(content, passphrase)
                break
            except ValueError:
                pass
        if key is None:
            raise
    public = key.public_key()
    answers = ask({"algorithm": lambda: kind(public)[0], "bits": lambda: kind(public)[1], "spki_sha256": lambda: spki(public)})
    return answers | {"encrypted": passphrase is not None, "passphrase": passphrase and passphrase.decode()}


def public_key(one):
    return ask({"key": lambda: " ".join(map(str, kind(one))) if isinstance(one, rsa.RSAPublicKey) else kind(one)[0], "spki_sha256": lambda: spki(one)})


def store(content):
    """A PKCS#12 store, opened with the first of the passphrases that does."""
    for passphrase in [b"password", None, b"", *PASSPHRASES]:
        try:
            opened = pkcs12.load_pkcs12(content, passphrase)
        except Exception:
            continue
        certificates = [one.certificate for one in [opened.cert, *opened.additional_certs] if one is not None]
        answers = {"certificates": [certificate(one) for one in certificates], "store_passphrase": (passphrase or b"").decode()}
        if opened.key is not None:
            public = opened.key.public_key()
            answers["keys"] = [ask({"algorithm": lambda: kind(public)[0], "spki_sha256": lambda: spki(public)})]
        return answers
    return {}


def read(content):
    """Everything that one of the loaders takes."""
    is_pem = b"-----BEGIN" in content
    loaders = {
        "certificates": lambda: [certificate(one) for one in (
            x509.load_pem_x509_certificates(content) if is_pem else [x509.load_der_x509_certificate(content)])],
        "requests": lambda: [request((x509.load_pem_x509_csr if is_pem else x509.load_der_x509_csr)(content))],
        "revocation_lists": lambda: [revocation_list((x509.load_pem_x509_crl if is_pem else x509.load_der_x509_crl)(content))],
        "keys": lambda: [private_key(content, load_pem_private_key if is_pem else load_der_private_key)],
        "public_keys": lambda: [public_key((load_pem_public_key if is_pem else load_der_public_key)(content))],
    }
    answers, refused = {}, {}
    for what, load in loaders.items():
        try:
            answers[what] = load()
        except Exception as error:
            refused[what] = f"{type(error).__name__}: {error}"
    if "certificates" not in answers:
        try:
            load = pkcs7.load_pem_pkcs7_certificates if is_pem else pkcs7.load_der_pkcs7_certificates
            answers["certificates"] = [certificate(one) for one in load(content)]
        except Exception as error:
            refused["pkcs7"] = f"{type(error).__name__}: {error}"
    if not answers and not is_pem:
        answers = store(content)
    return answers if answers else {"refused": refused}


def main():
    warnings.simplefilter("ignore")
    root = sys.argv[1]
    answers = {}
    for top in sys.argv[2:]:
        for folder, _, files in os.walk(os.path.join(root, top)):
            for file in files:
                path = os.path.join(folder, file)
                with open(path, "rb") as content:
                    answers[os.path.relpath(path, root)] = read(content.read())
    json.dump(answers, sys.stdout, default=lambda octets: f"#03{len(octets):02x}{octets.hex()}")


if __name__ == "__main__":
    main()
