#!/bin/bash
# Makes, in the current folder, authorities of every kind that some client refuses, and a server certificate from each:
# NAME.bundle.pem is what a client is given, NAME.leaf.pem what its server shows; leaf.key is the key of all servers.
# With "keys" as argument it makes client keys with certificates of their own instead: NAME.key and NAME.pem.
set -eu

key() {
    case $1 in
        dsa) openssl dsaparam -genkey -out "$2" 2048 ;;
        ed*) openssl genpkey -algorithm "$1" -out "$2" ;;
        explicit) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out "$2" ;;
        rsa-pss) openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$2" ;;
        rsa-*) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${1#rsa-}" -out "$2" ;;
        *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1" -out "$2" ;;
    esac
}

# digest KIND DIGEST: the digest as an option, for the kinds that have one.
digest() {
    case $1 in
        ed*) ;;
        *) echo "$2" ;;
    esac
}

# leaf NAME ISSUER: a server certificate.
leaf() {
    openssl x509 -req -in leaf.csr -CA "$2.pem" -CAkey "$2.key" -set_serial 7 -days 9 $(digest "$3" -sha256) -extfile leaf.ext \
        -out "$1.leaf.pem"
}

# root NAME KEY DIGEST [EXTENSION]: a root, alone in its bundle.
root() {
    key "$2" "$1.key"
    {
        printf '[req]\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n[ext]\nbasicConstraints=critical,CA:TRUE\n'
        printf 'keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=%s\n' "${5:-hash}"
        printf '%s\n' "${4:-}"
    } >root.cnf
    openssl req -new -x509 -key "$1.key" $(digest "$2" "$3") -days 99 -subj "/CN=root $1" -config root.cnf -out "$1.pem"
    cp "$1.pem" "$1.bundle.pem"
    leaf "$1" "$1" "$2"
}

# intermediate NAME KEY OPTIONS-OF-ITS-SIGNATURE: below a good root, in a bundle with it.
intermediate() {
    key "$2" "$1.key"
    openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA good.pem -CAkey good.key -set_serial 8 -days 99 $3 -extfile ca.ext -out "$1.pem"
    cat good.pem "$1.pem" >"$1.bundle.pem"
    leaf "$1" "$1" "$2"
}

authorities() {
    key P-256 leaf.key
    openssl req -new -key leaf.key -subj /CN=localhost -out leaf.csr
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' >leaf.ext
    printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\nsubjectKeyIdentifier=hash\n' >ca.ext

    root good rsa-2048 -sha256
    for kind in P-256 P-384 P-521 brainpoolP256r1 brainpoolP384r1 secp256k1 dsa ed25519 ed448 explicit rsa-pss rsa-1024 rsa-1962 rsa-1963; do
        root "$kind" "$kind" -sha256
    done
    root self-md5 rsa-2048 -md5
    root self-sha1 P-256 -sha1
    root critical-crl P-256 -sha256 'crlDistributionPoints=critical,URI:http://localhost/x'
    root critical-access P-256 -sha256 'authorityInfoAccess=critical,OCSP;URI:http://localhost/x'
    root critical-alternative P-256 -sha256 'issuerAltName=critical,DNS:x'
    root critical-identifier P-256 -sha256 '' critical,hash
    root critical-netscape P-256 -sha256 'nsCertType=critical,sslCA'
    root critical-policy P-256 -sha256 'policyConstraints=critical,inhibitPolicyMapping:1'
    root critical-unknown P-256 -sha256 '1.2.3.4=critical,DER:0500'
    root critical-names P-256 -sha256 'nameConstraints=critical,excluded;DNS:other.example'

    openssl req -new -key good.key -subj '/CN=root v1' -out v1.csr
    openssl x509 -req -in v1.csr -signkey good.key -days 99 -out v1.pem
    cp good.key v1.key
    cp v1.pem v1.bundle.pem
    leaf v1 v1 rsa

    intermediate intermediate-sha256 P-256 -sha256
    for algorithm in sha1 md5 sha224; do
        intermediate "intermediate-$algorithm" P-256 "-$algorithm"
    done
    for kind in brainpoolP256r1 dsa ed448 rsa-pss rsa-1024; do
        intermediate "intermediate-$kind" "$kind" -sha256
    done
    intermediate intermediate-pss-usual P-256 '-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:48'
    intermediate intermediate-pss-salt P-256 '-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20'
    intermediate intermediate-pss-sha1 P-256 '-sha1 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20'
    cp intermediate-sha256.pem orphan.bundle.pem
    cp intermediate-sha256.leaf.pem orphan.leaf.pem

    for is_ca in TRUE FALSE; do
        printf '[req]\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n[ext]\nsubjectAltName=DNS:localhost\nbasicConstraints=critical,CA:%s\n' \
            "$is_ca" >self.cnf
        openssl req -new -x509 -key leaf.key -subj /CN=localhost -days 9 -config self.cnf -out "self-$is_ca.leaf.pem"
        cp "self-$is_ca.leaf.pem" "self-$is_ca.bundle.pem"
    done
}

client_keys() {
    for kind in P-256 P-384 P-521 brainpoolP256r1 secp224r1 secp256k1 sect283k1 dsa ed25519 ed448 explicit rsa-pss rsa-1024 rsa-1962 rsa-1963 rsa-2048; do
        key "$kind" "$kind.key"
        openssl req -new -x509 -key "$kind.key" $(digest "$kind" -sha256) -days 9 -subj "/CN=$kind" \
            -addext basicConstraints=critical,CA:FALSE -out "$kind.pem"
    done
    # Signatures: of the leaf, and of the intermediate behind it.
    key rsa-2048 ca.key
    openssl req -new -x509 -key ca.key -days 9 -subj /CN=ca -out ca.crt
    openssl req -new -key P-256.key -subj /CN=client -out client.csr
    printf 'basicConstraints=critical,CA:TRUE\n' >ca.ext
    for algorithm in md5 sha1 sha256; do
        cp P-256.key "leaf-$algorithm.key"
        openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -set_serial 5 -days 9 "-$algorithm" -out "leaf-$algorithm.pem"
        cp P-256.key "chain-$algorithm.key"
        openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -set_serial 6 -days 9 "-$algorithm" -extfile ca.ext -out middle.crt
        openssl x509 -req -in client.csr -CA middle.crt -CAkey P-256.key -set_serial 9 -days 9 -sha256 -out "chain-$algorithm.pem"
        cat middle.crt >>"chain-$algorithm.pem"
    done
}

if [ "${1:-}" = keys ]; then
    client_keys
else
    authorities
fi
