"""Reads the names of bundles on standard input, a line each, and prints what Python's own readers make of each, as a line of JSON."""

import hashlib
import json
import ssl
import sys
import warnings

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

# Negative and zero serials: cryptography reads them and complains.
warnings.simplefilter("ignore")
for line in sys.stdin:
    path = line.rstrip("\n")
    context = ssl.create_default_context(cafile=path)
    with open(path, "rb") as file:
        certificates = x509.load_pem_x509_certificates(file.read())
    print(
        json.dumps(
            {
                "authorities": sorted(
                    hashlib.sha256(der).hexdigest() for der in context.get_ca_certs(binary_form=True)
                ),
                "cryptography": sorted(
                    hashlib.sha256(one.public_bytes(Encoding.DER)).hexdigest() for one in certificates
                ),
                "loaded": context.cert_store_stats(),
            }
        )
    )
