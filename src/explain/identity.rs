//! What is said where the client's certificate, its key or its passphrase is wrong: by the client that loads them, and by the
//! server that refuses them.

use super::{Entry, Subject, Text};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "ERR_OSSL_BAD_DECRYPT",
        spellings: &[
            "BAD_DECRYPT",
            "bad decrypt",
            "pkcs12 cipherfinal error",
            "maybe wrong password",
            "bad password read",
            "ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED",
            "interrupted or cancelled",
            "ERR_MISSING_PASSPHRASE",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The passphrase does not open the client's private key. A key file that is damaged looks the same.",
            causes: &[
                "The passphrase is that of another key, or of the time before the key was renewed.",
                "A line ending or a blank stands behind it: clients take every byte.",
                "No passphrase arrives at all: CLAUDE_CODE_CLIENT_KEY_PASSPHRASE is not set where the program was started.",
                "The key file is damaged or cut short.",
            ],
        },
        japanese: Text {
            meaning: "パスフレーズでクライアントの秘密鍵を復号できません。秘密鍵ファイルが壊れている場合も同じエラーになります。",
            causes: &[
                "別の鍵のパスフレーズか、鍵を更新する前のパスフレーズです。",
                "パスフレーズの末尾に改行や空白が付いています。クライアントはすべてのバイトをそのまま使います。",
                "パスフレーズが渡されていません。プログラムの起動元で CLAUDE_CODE_CLIENT_KEY_PASSPHRASE が設定されていません。",
                "秘密鍵ファイルが壊れているか、途中で切れています。",
            ],
        },
    },
    Entry {
        code: "KEY_VALUES_MISMATCH",
        spellings: &[
            "ERR_OSSL_X509_KEY_VALUES_MISMATCH",
            "key values mismatch",
            "private key does not match public key",
            "InconsistentKeys",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The private key does not belong to the first certificate of the client's certificate file.",
            causes: &[
                "The certificate file does not begin with the client's own certificate, but with its CA.",
                "Certificate and key are of different issues: one of the two was renewed.",
                "The two variables name files of different identities.",
            ],
        },
        japanese: Text {
            meaning: "秘密鍵が、クライアント証明書ファイルの先頭の証明書と対応していません。",
            causes: &[
                "証明書ファイルの先頭が、クライアント自身の証明書ではなく CA 証明書になっています。",
                "証明書と秘密鍵の世代が異なります。どちらか一方だけが更新されています。",
                "二つの変数が、それぞれ別の証明書と秘密鍵の組を指しています。",
            ],
        },
    },
    Entry {
        code: "KEY_TYPE_MISMATCH",
        spellings: &[
            "ERR_OSSL_X509_KEY_TYPE_MISMATCH",
            "key type mismatch",
            "NO_CERTIFICATE_ASSIGNED",
            "no certificate assigned",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "Key and certificate are not even of one kind: one is RSA and the other is not, for instance.",
            causes: &[
                "The two files are of different identities.",
                "The certificate file begins with the CA, whose key is of another kind.",
            ],
        },
        japanese: Text {
            meaning: "秘密鍵と証明書の鍵の種類が異なります。たとえば一方が RSA で、もう一方が EC です。",
            causes: &[
                "二つのファイルが、それぞれ別の証明書と秘密鍵の組のものです。",
                "証明書ファイルの先頭が、鍵の種類が異なる CA 証明書になっています。",
            ],
        },
    },
    Entry {
        code: "UNSUPPORTED_KEY_DERIVATION_FUNCTION",
        spellings: &["ERR_OSSL_UNSUPPORTED_KEY_DERIVATION_FUNCTION"],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key encrypt --backup",
        english: Text {
            meaning: "The key is sealed with scrypt. Node and OpenSSL open that, Bun and Claude Code do not.",
            causes: &[
                "The key was written by a tool that takes scrypt: seal it anew in the form that every client opens; the passphrase stays.",
            ],
        },
        japanese: Text {
            meaning: "秘密鍵が scrypt で暗号化されています。Node と OpenSSL では開けますが、Bun と Claude Code では開けません。",
            causes: &[
                "scrypt を使うツールで秘密鍵が作成されています。すべてのクライアントで開ける形式に暗号化し直してください。パスフレーズは変わりません。",
            ],
        },
    },
    Entry {
        code: "UNSUPPORTED_PRF",
        spellings: &["ERR_OSSL_UNSUPPORTED_PRF", "unsupported prf"],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key encrypt --backup",
        english: Text {
            meaning: "The key is sealed with PBKDF2 over another hash than SHA-256 or SHA-1, which Bun and Claude Code do not open.",
            causes: &[
                "The tool that wrote the key was told to use SHA-512 or the like: seal it anew; the passphrase stays.",
            ],
        },
        japanese: Text {
            meaning: "秘密鍵の暗号化に使われた PBKDF2 のハッシュが SHA-256 でも SHA-1 でもないため、Bun と Claude Code では開けません。",
            causes: &[
                "秘密鍵の作成時に SHA-512 などが指定されています。暗号化し直してください。パスフレーズは変わりません。",
            ],
        },
    },
    Entry {
        code: "UNSUPPORTED_CIPHER",
        spellings: &["ERR_OSSL_UNSUPPORTED_CIPHER", "unsupported cipher"],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key encrypt --backup",
        english: Text {
            meaning: "The key is sealed with a cipher that Bun and Claude Code do not have: DES, Camellia, ARIA, or AES in a mode other than CBC.",
            causes: &[
                "The tool that wrote the key is old, or was told to use that cipher: seal it anew; the passphrase stays.",
            ],
        },
        japanese: Text {
            meaning: "秘密鍵が、Bun と Claude Code の対応していない暗号(DES、Camellia、ARIA、または CBC 以外のモードの AES)で暗号化されています。",
            causes: &[
                "秘密鍵を作成したツールが古いか、その暗号が指定されています。暗号化し直してください。パスフレーズは変わりません。",
            ],
        },
    },
    Entry {
        code: "ERR_OSSL_EVP_UNSUPPORTED",
        spellings: &[
            "digital envelope routines::unsupported",
            "inner_evp_generic_fetch:unsupported",
            "ERR_OSSL_EVP_UNSUPPORTED_CIPHER",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key encrypt --backup",
        english: Text {
            meaning: "OpenSSL 3 (Node 17 and later) has put away an algorithm that is asked for. Where it is about a key: that is sealed with RC2, RC4 or DES.",
            causes: &[
                "The client key comes from an old PKCS#12 file: seal it anew; the passphrase stays.",
                "It is not about a key at all: old versions of webpack say the same about MD4.",
            ],
        },
        japanese: Text {
            meaning: "要求されたアルゴリズムが OpenSSL 3(Node 17 以降)では無効になっています。秘密鍵に関するエラーであれば、RC2、RC4 または DES で暗号化されています。",
            causes: &[
                "クライアントの秘密鍵が古い PKCS#12 から取り出されたものです。暗号化し直してください。パスフレーズは変わりません。",
                "秘密鍵とは無関係の場合もあります。古い webpack は MD4 について同じエラーを出します。",
            ],
        },
    },
    Entry {
        code: "ERR_OSSL_EVP_MEMORY_LIMIT_EXCEEDED",
        spellings: &["memory limit exceeded", "illegal scrypt parameters"],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key encrypt --backup",
        english: Text {
            meaning: "The key is sealed with scrypt that needs more memory than OpenSSL allows. No client opens it; certman does.",
            causes: &[
                "The tool that wrote the key was told to use high costs: seal it anew; the passphrase stays.",
            ],
        },
        japanese: Text {
            meaning: "秘密鍵の暗号化に使われた scrypt が、OpenSSL の上限を超えるメモリーを必要とします。どのクライアントでも開けませんが、certman では開けます。",
            causes: &[
                "秘密鍵の作成時に高いコストが指定されています。暗号化し直してください。パスフレーズは変わりません。",
            ],
        },
    },
    Entry {
        code: "ERR_OSSL_EVP_UNSUPPORTED_ALGORITHM",
        spellings: &[
            "UNSUPPORTED_ALGORITHM",
            "ERR_OSSL_EVP_UNKNOWN_PUBLIC_KEY_TYPE",
            "ERR_OSSL_EC_UNKNOWN_GROUP",
            "UNKNOWN_GROUP",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The client does not know this kind of key: Ed448, RSA-PSS, brainpool and secp256k1 keys are none for Bun and Claude Code. Sealing it anew does not help.",
            causes: &[
                "The company has issued a certificate with such a key: ask for one with RSA, P-256 or P-384.",
            ],
        },
        japanese: Text {
            meaning: "クライアントがこの種類の鍵に対応していません。Bun と Claude Code は Ed448、RSA-PSS、brainpool、secp256k1 の鍵を使えません。暗号化し直しても解決しません。",
            causes: &[
                "会社がそのような鍵の証明書を発行しています。RSA、P-256 または P-384 の証明書を依頼してください。",
            ],
        },
    },
    Entry {
        code: "ERR_OSSL_UNSUPPORTED",
        spellings: &[
            "DECODER routines::unsupported",
            "No supported data to decode",
            "Could not read key from",
            "Could not read private key from",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "There is no private key in the file, or none in a form that OpenSSL reads.",
            causes: &[
                "The file is DER, PKCS#12 or an OpenSSH key instead of PEM.",
                "It is another file: the certificate, or a page that was saved in its place.",
                "The key is sealed and the passphrase is wrong: some versions of OpenSSL say no more than this.",
            ],
        },
        japanese: Text {
            meaning: "ファイルに秘密鍵がないか、OpenSSL が読める形式ではありません。",
            causes: &[
                "ファイルが PEM ではなく、DER、PKCS#12 または OpenSSH 形式の鍵です。",
                "証明書や、誤って保存された Web ページなど、別のファイルです。",
                "秘密鍵が暗号化されていて、パスフレーズが間違っています。OpenSSL のバージョンによってはこれしか表示されません。",
            ],
        },
    },
    Entry {
        code: "ERR_OSSL_PEM_NO_START_LINE",
        spellings: &["no start line", "NO_START_LINE", "PEM_NO_START_LINE"],
        alone: &[],
        about: &[Subject::Identity, Subject::Bundle],
        command: "certman key check",
        english: Text {
            meaning: "The client finds no BEGIN line of the kind that it looks for in a certificate or key file.",
            causes: &[
                "The file is DER, PKCS#7, PKCS#12 or UTF-16 instead of PEM.",
                "Certificate and key are mixed up.",
                "A byte order mark stands before the BEGIN line: Bun and Claude Code stumble over it.",
            ],
        },
        japanese: Text {
            meaning: "証明書または秘密鍵のファイルに、期待される BEGIN 行が見つかりません。",
            causes: &[
                "ファイルが PEM ではなく、DER、PKCS#7、PKCS#12 または UTF-16 です。",
                "証明書と秘密鍵のファイルが入れ替わっています。",
                "BEGIN 行の前にバイトオーダーマーク(BOM)があります。Bun と Claude Code はこれを受け付けません。",
            ],
        },
    },
    Entry {
        code: "ERR_OSSL_PEM_BAD_BASE64_DECODE",
        spellings: &[
            "bad base64 decode",
            "BAD_BASE64_DECODE",
            "bad end line",
            "BAD_END_LINE",
            "ERR_OSSL_PEM_BAD_END_LINE",
        ],
        alone: &[],
        about: &[Subject::Identity, Subject::Bundle],
        command: "certman check",
        english: Text {
            meaning: "A block in a certificate or key file is damaged.",
            causes: &[
                "It was copied with something missing or added, by a mail program or a terminal.",
                "Two files were joined without a line ending between them.",
                "A variable of a build system has swallowed the line endings.",
            ],
        },
        japanese: Text {
            meaning: "証明書または秘密鍵のファイルにあるブロックが壊れています。",
            causes: &[
                "メールソフトやターミナルでのコピー時に、欠落や余分な文字が生じています。",
                "二つのファイルが、間に改行がないまま連結されています。",
                "ビルドシステムの変数を経由して改行が失われています。",
            ],
        },
    },
    Entry {
        code: "PKCS12-mac",
        spellings: &[
            "ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE",
            "mac verify failure",
            "MAC_VERIFY_FAILURE",
            "Mac verify error",
            "keystore password was incorrect",
            "Keystore was tampered with, or password was incorrect",
        ],
        alone: &[],
        about: &[],
        command: "certman inspect identity.p12",
        english: Text {
            meaning: "The passphrase does not open a PKCS#12 or Java key store; one that was changed looks the same.",
            causes: &[
                "It is the passphrase of another store.",
                "The store has two passphrases, one for itself and one for the key.",
                "The file was damaged on its way.",
            ],
        },
        japanese: Text {
            meaning: "パスフレーズで PKCS#12 または Java キーストアを開けません。内容が改変されている場合も同じエラーになります。",
            causes: &[
                "別のストアのパスフレーズです。",
                "ストア自体と鍵のパスフレーズが別々に設定されています。",
                "ファイルが転送中に壊れています。",
            ],
        },
    },
    Entry {
        code: "curl-58",
        spellings: &[
            "curl: (58)",
            "curl (58)",
            "curl 58",
            "CURLE_SSL_CERTPROBLEM",
            "unable to set private key file",
            "could not load PEM client certificate",
            "Problem with the local SSL certificate",
            "error reading X.509 key or certificate file",
        ],
        alone: &["58"],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "curl or git cannot use the client certificate or its key: curl ends with 58.",
            causes: &[
                "One of the two files is not there, or may not be read.",
                "The passphrase does not open the key.",
                "The key does not belong to the first certificate of the file.",
                "The files are not PEM.",
            ],
        },
        japanese: Text {
            meaning: "curl または git が、クライアント証明書か秘密鍵を使用できません。curl の終了コードは 58 です。",
            causes: &[
                "どちらかのファイルが存在しないか、読み取れません。",
                "パスフレーズで秘密鍵を復号できません。",
                "秘密鍵がファイルの先頭の証明書と対応していません。",
                "ファイルが PEM ではありません。",
            ],
        },
    },
    Entry {
        code: "CERTIFICATE_REQUIRED",
        spellings: &[
            "tlsv13 alert certificate required",
            "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
            "TLSV13_ALERT_CERTIFICATE_REQUIRED",
            "ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED",
            "TLSV1_ALERT_CERTIFICATE_REQUIRED",
            "tls: certificate required",
            "CertificateRequired",
            "SSL alert number 116",
            "No required SSL certificate was sent",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The server wants a client certificate, and the client did not send any.",
            causes: &[
                "Certificate and key are not set for this program: a path that cannot be read is passed over without a word.",
                "The program was started where the variables are not set, or a settings file has an old path.",
                "The client has a certificate and does not send it, since the server asks for another issuer.",
            ],
        },
        japanese: Text {
            meaning: "サーバーがクライアント証明書を要求していますが、クライアントが送信していません。",
            causes: &[
                "このプログラムに証明書と秘密鍵が設定されていません。読み取れないパスは何の警告もなく無視されます。",
                "変数が設定されていない環境から起動されたか、設定ファイルに古いパスが残っています。",
                "サーバーが別の発行者の証明書を求めているため、クライアントが手元の証明書を送っていません。",
            ],
        },
    },
    Entry {
        code: "ALERT_UNKNOWN_CA",
        spellings: &[
            "tlsv1 alert unknown ca",
            "TLSV1_ALERT_UNKNOWN_CA",
            "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
            "tls: unknown certificate authority",
            "received fatal alert: UnknownCA",
            "received fatal alert: unknown_ca",
            "SSL alert number 48",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The server does not know who issued the client's certificate. It is the server that speaks, not the client.",
            causes: &[
                "The certificate file has the client's certificate alone, and the server needs the intermediate too.",
                "The certificate is of another CA than the one that this server asks for.",
                "On a server's own log: a client does not trust the server's certificate.",
            ],
        },
        japanese: Text {
            meaning: "サーバーがクライアント証明書の発行者を知りません。これはクライアントではなくサーバー側の判断です。",
            causes: &[
                "証明書ファイルにクライアント証明書しかなく、サーバーには中間証明書も必要です。",
                "このサーバーが求める CA とは別の CA の証明書です。",
                "サーバー側のログにある場合は、クライアントがサーバー証明書を信頼していません。",
            ],
        },
    },
    Entry {
        code: "ALERT_BAD_CERTIFICATE",
        spellings: &[
            "sslv3 alert bad certificate",
            "ssl/tls alert bad certificate",
            "SSLV3_ALERT_BAD_CERTIFICATE",
            "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
            "ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE",
            "tls: bad certificate",
            "received fatal alert: BadCertificate",
            "received fatal alert: bad_certificate",
            "SSL alert number 42",
            "The SSL certificate error",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The server refuses the client's certificate, and does not say more. Servers written in Go say so when there is none at all.",
            causes: &[
                "The certificate has expired, or is not for TLS clients.",
                "No certificate was sent.",
                "The server does not know its issuer, or its name is on no list there.",
            ],
        },
        japanese: Text {
            meaning: "サーバーがクライアント証明書を拒否しており、理由を示していません。Go で書かれたサーバーは、証明書が送られなかった場合もこう応答します。",
            causes: &[
                "証明書の有効期限が切れているか、TLS クライアント用ではありません。",
                "証明書が送られていません。",
                "サーバーが発行者を知らないか、証明書の名前が許可されていません。",
            ],
        },
    },
    Entry {
        code: "ALERT_CERTIFICATE_EXPIRED",
        spellings: &[
            "sslv3 alert certificate expired",
            "ssl/tls alert certificate expired",
            "SSLV3_ALERT_CERTIFICATE_EXPIRED",
            "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED",
            "tls: expired certificate",
            "received fatal alert: CertificateExpired",
            "received fatal alert: certificate_expired",
            "SSL alert number 45",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman check",
        english: Text {
            meaning: "The server refuses the client's certificate, since its end has passed.",
            causes: &[
                "The client certificate was not renewed.",
                "It was renewed, and the program still uses the old file.",
                "An intermediate in the certificate file has expired.",
            ],
        },
        japanese: Text {
            meaning: "クライアント証明書の有効期限が切れているため、サーバーが拒否しています。",
            causes: &[
                "クライアント証明書が更新されていません。",
                "更新済みですが、プログラムが古いファイルを使っています。",
                "証明書ファイルに含まれる中間証明書の有効期限が切れています。",
            ],
        },
    },
    Entry {
        code: "ALERT_CERTIFICATE_REVOKED",
        spellings: &[
            "sslv3 alert certificate revoked",
            "ssl/tls alert certificate revoked",
            "SSLV3_ALERT_CERTIFICATE_REVOKED",
            "received fatal alert: CertificateRevoked",
            "received fatal alert: certificate_revoked",
            "tls: revoked certificate",
            "SSL alert number 44",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The server refuses the client's certificate, since its issuer has taken it back.",
            causes: &["A new one was issued, and the old one is still in use here."],
        },
        japanese: Text {
            meaning: "クライアント証明書が発行者によって失効させられているため、サーバーが拒否しています。",
            causes: &["新しい証明書が発行されていますが、ここではまだ古いものが使われています。"],
        },
    },
    Entry {
        code: "ALERT_CERTIFICATE_UNKNOWN",
        spellings: &[
            "sslv3 alert certificate unknown",
            "ssl/tls alert certificate unknown",
            "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
            "sslv3 alert unsupported certificate",
            "ssl/tls alert unsupported certificate",
            "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
            "tls: unknown certificate",
            "tls: unsupported certificate",
            "received fatal alert: CertificateUnknown",
            "received fatal alert: certificate_unknown",
            "received fatal alert: UnsupportedCertificate",
            "SSL alert number 43",
            "SSL alert number 46",
            "tlsv1 alert access denied",
            "ssl/tls alert access denied",
            "TLSV1_ALERT_ACCESS_DENIED",
            "SSL alert number 49",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "The server has seen the client's certificate and does not let it in, for a reason of its own.",
            causes: &[
                "The certificate is not for TLS clients.",
                "It is valid, and its owner has no access to this server.",
                "Java servers say so about every mistake in a certificate.",
            ],
        },
        japanese: Text {
            meaning: "サーバーはクライアント証明書を受け取りましたが、独自の理由で接続を拒否しています。",
            causes: &[
                "証明書が TLS クライアント用ではありません。",
                "証明書は有効ですが、所有者にこのサーバーへのアクセス権がありません。",
                "Java のサーバーは、証明書に関するあらゆる誤りに対してこう応答します。",
            ],
        },
    },
    Entry {
        code: "ALERT_HANDSHAKE_FAILURE",
        spellings: &[
            "sslv3 alert handshake failure",
            "ssl/tls alert handshake failure",
            "SSLV3_ALERT_HANDSHAKE_FAILURE",
            "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
            "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
            "tls: handshake failure",
            "received fatal alert: HandshakeFailure",
            "received fatal alert: handshake_failure",
            "gnutls_handshake() failed: Handshake failed",
            "SSL alert number 40",
        ],
        alone: &[],
        about: &[Subject::Identity, Subject::Proxy],
        command: "certman key check",
        english: Text {
            meaning: "The server breaks off the handshake. With TLS 1.2 that is how most servers say that a client certificate is missing.",
            causes: &[
                "The server wants a client certificate, and none was sent.",
                "The client cannot sign with its key in a way that the server takes: P-521 with TLS 1.2, for instance.",
                "Client and server have no cipher or version of TLS in common.",
            ],
        },
        japanese: Text {
            meaning: "サーバーがハンドシェイクを中断しています。TLS 1.2 では、多くのサーバーがクライアント証明書のない接続をこのように拒否します。",
            causes: &[
                "サーバーがクライアント証明書を要求していますが、送られていません。",
                "クライアントの鍵では、サーバーが受け付ける署名を作れません。たとえば TLS 1.2 での P-521 です。",
                "クライアントとサーバーに共通する暗号スイートまたは TLS バージョンがありません。",
            ],
        },
    },
];
