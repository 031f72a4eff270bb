"""What Python's cryptography and OpenSSL read in certificates: facts.py FOLDER, where each file holds one in DER.

Prints a JSON object with the facts of each file by its name; null stands for what the reader does not take.
"""

import hashlib
import json
import os
import ssl
import sys
import warnings

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEYWORDS = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "GN",
    "2.5.4.46": "dnQualifier",
    "2.5.4.97": "organizationIdentifier",
    "1.2.840.113549.1.9.1": "emailAddress",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
}
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
DIGESTS = {"md5": "MD5", "sha1": "SHA-1", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def name(of):
    return [[KEYWORDS.get(one.oid.dotted_string, one.oid.dotted_string), one.value] for part in of.rdns for one in part]


def general_name(one):
    if isinstance(one, x509.DirectoryName):
        return {"DirName": name(one.value)}
    if isinstance(one, x509.OtherName):
        return f"othername:{one.type_id.dotted_string}"
    if isinstance(one, x509.RegisteredID):
        return f"RID:{one.value.dotted_string}"
    kinds = {x509.DNSName: "DNS", x509.IPAddress: "IP", x509.RFC822Name: "email", x509.UniformResourceIdentifier: "URI"}
    return f"{kinds[type(one)]}:{one.value}"


def key(certificate):
    public = certificate.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        kind = "RSA-PSS" if certificate.public_key_algorithm_oid.dotted_string == "1.2.840.113549.1.1.10" else "RSA"
        return f"{kind} {public.key_size}"
    if isinstance(public, ec.EllipticCurvePublicKey):
        return f"EC {CURVES.get(public.curve.name, public.curve.name.rstrip('0123456789rtP'))}"
    kinds = {ed25519.Ed25519PublicKey: "Ed25519", ed448.Ed448PublicKey: "Ed448", dsa.DSAPublicKey: "DSA"}
    return next(text for kind, text in kinds.items() if isinstance(public, kind))


def signature(certificate):
    parameters = certificate.signature_algorithm_parameters
    digest = certificate.signature_hash_algorithm
    if isinstance(parameters, padding.PSS):
        return f"RSA-PSS with {DIGESTS[digest.name]}"
    if isinstance(parameters, padding.PKCS1v15):
        return f"RSA with {DIGESTS[digest.name]}"
    if isinstance(parameters, ec.ECDSA):
        return f"ECDSA with {DIGESTS[digest.name]}"
    oid = certificate.signature_algorithm_oid.dotted_string
    is_dsa = oid.startswith(("1.2.840.10040.4.", "1.3.14.3.2.", "2.16.840.1.101.3.4.3."))
    return {"1.3.101.112": "Ed25519", "1.3.101.113": "Ed448"}.get(oid, "DSA" if is_dsa else oid)


def self_signed(certificate):
    try:
        certificate.verify_directly_issued_by(certificate)
        return True
    except InvalidSignature:
        return False
    except ValueError as error:
        # An algorithm that it does not check is no answer; another issuer's name is one.
        if "Unsupported" in str(error):
            raise
        return False


def alternative_names(certificate):
    try:
        return [general_name(one) for one in certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]
    except x509.ExtensionNotFound:
        return []


def is_ca(der):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=der)
    return context.cert_store_stats()["x509_ca"] == 1


def public_key_hash(certificate):
    if certificate.public_key_algorithm_oid.dotted_string == "1.2.840.113549.1.1.10":
        raise ValueError("it is written again as a key for any use")
    return hashlib.sha256(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def facts(der):
    try:
        certificate = x509.load_der_x509_certificate(der)
    except ValueError as error:
        return {"refused": str(error)}
    questions = {
        "fingerprint_sha256": lambda: hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        "is_ca": lambda: is_ca(der),
        "issuer": lambda: name(certificate.issuer),
        "key": lambda: key(certificate),
        "not_after": lambda: certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "not_before": lambda: certificate.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "self_signed": lambda: self_signed(certificate),
        "serial": lambda: format(certificate.serial_number, "x"),
        "signature": lambda: signature(certificate),
        "spki_sha256": lambda: public_key_hash(certificate),
        "subject": lambda: name(certificate.subject),
        "subject_alt_names": lambda: alternative_names(certificate),
    }
    answers = {}
    for question, ask in questions.items():
        try:
            answers[question] = ask()
        except (UnsupportedAlgorithm, ValueError, TypeError, KeyError, ssl.SSLError, x509.DuplicateExtension) as error:
            answers[question] = None
            answers.setdefault("unanswered", {})[question] = f"{type(error).__name__}: {error}"
    return answers



def main():
    warnings.simplefilter("ignore")
    answers = {}
    for file in sorted(os.listdir(sys.argv[1])):
        with open(os.path.join(sys.argv[1], file), "rb") as content:
            answers[file] = facts(content.read())
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
