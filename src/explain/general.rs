//! What only says that something has failed: any other code beside it says more.

use super::{Entry, Subject, Text};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "FailedToOpenSocket",
        spellings: &["Was there a typo in the url or port?"],
        alone: &[],
        about: &[Subject::Identity, Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "Bun or Claude Code could not even begin. It is hardly ever a typo: every mistake in the client's certificate, key or passphrase ends like this, for all hosts, and so does a damaged bundle.",
            causes: &[
                "The passphrase does not open the client key, or the key is sealed in a way that Bun does not open.",
                "The key does not belong to the first certificate of the certificate file.",
                "The file that NODE_EXTRA_CA_CERTS names has no certificate in it, or its first one is damaged.",
                "The host or the proxy cannot be reached.",
            ],
        },
        japanese: Text {
            meaning: "Bun または Claude Code が接続を開始できませんでした。URL の誤りであることはまれです。クライアント証明書、秘密鍵、パスフレーズの誤りと、壊れたバンドルは、すべてのホストに対してこのエラーになります。",
            causes: &[
                "パスフレーズで秘密鍵を復号できないか、Bun が開けない方式で秘密鍵が暗号化されています。",
                "秘密鍵が証明書ファイルの先頭の証明書と対応していません。",
                "NODE_EXTRA_CA_CERTS のファイルに証明書がないか、最初の証明書が壊れています。",
                "ホストまたはプロキシに到達できません。",
            ],
        },
    },
    Entry {
        code: "CERTIFICATE_VERIFY_FAILED",
        spellings: &[
            "certificate verify failed",
            "SSLCertVerificationError",
            "SSL certificate verification failed",
            "SSL certificate error",
            "UNKNOWN_CERTIFICATE_VERIFICATION_ERROR",
            "ERR_TLS_CERT_VERIFY_FAILED",
            "invalid peer certificate",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The client does not trust the server's certificate. The words behind it say why: each of them has an explanation of its own here.",
            causes: &[
                "A company proxy opens the connection, and its root is not in what this program trusts.",
                "The program reads another variable: Python's ssl SSL_CERT_FILE, requests and pip REQUESTS_CA_BUNDLE; `certman env --for python` sets them.",
                "The certificate has expired, or is for another name.",
            ],
        },
        japanese: Text {
            meaning: "クライアントがサーバー証明書を信頼していません。続く語句が理由を示しており、それぞれ個別に説明を表示できます。",
            causes: &[
                "会社のプロキシが通信を復号しており、そのルート証明書をこのプログラムが信頼していません。",
                "プログラムが別の変数を参照しています。Python の ssl は SSL_CERT_FILE、requests や pip は REQUESTS_CA_BUNDLE です。`certman env --for python` で設定できます。",
                "証明書の有効期限が切れているか、名前が異なります。",
            ],
        },
    },
    Entry {
        code: "curl-60",
        spellings: &[
            "curl: (60)",
            "curl (60)",
            "curl 60",
            "CURLE_PEER_FAILED_VERIFICATION",
            "SSL certificate problem",
            "curl failed to verify the legitimacy of the server",
            "SSL peer certificate or SSH remote key was not OK",
        ],
        alone: &["60"],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "curl, or git built with OpenSSL, does not trust the server's certificate; the words behind it say why.",
            causes: &[
                "The company's root is in no file that curl reads: CURL_CA_BUNDLE or SSL_CERT_FILE, for git GIT_SSL_CAINFO or http.sslCAInfo; `certman env --for curl,git` sets them.",
                "Such a variable is set and names a bundle without the root: it replaces the system's roots.",
                "The certificate has expired, or is for another name.",
            ],
        },
        japanese: Text {
            meaning: "curl、または OpenSSL 版の git がサーバー証明書を信頼していません。続く語句が理由を示しています。",
            causes: &[
                "会社のルート証明書が、curl の読むファイルにありません。CURL_CA_BUNDLE または SSL_CERT_FILE、git では GIT_SSL_CAINFO または http.sslCAInfo で、`certman env --for curl,git` で設定できます。",
                "これらの変数が、ルート証明書を含まないバンドルを指しています。変数はシステムのルート証明書を置き換えます。",
                "証明書の有効期限が切れているか、名前が異なります。",
            ],
        },
    },
    Entry {
        code: "git-certificate",
        spellings: &[
            "server certificate verification failed. CAfile",
            "server verification failed: certificate signer not trusted",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "git built with GnuTLS, as in Debian and Ubuntu, does not trust the server's certificate. It says the same whether the root is missing or a certificate has expired.",
            causes: &[
                "The company's root is not in the file that stands behind `CAfile`: GIT_SSL_CAINFO or http.sslCAInfo names another one, and `certman env --for git` sets it.",
                "A certificate has expired: GnuTLS does not tell that apart.",
            ],
        },
        japanese: Text {
            meaning: "Debian や Ubuntu の GnuTLS 版の git がサーバー証明書を信頼していません。ルート証明書がない場合も、証明書の有効期限が切れている場合も、同じメッセージになります。",
            causes: &[
                "`CAfile` に続くファイルに会社のルート証明書がありません。GIT_SSL_CAINFO または http.sslCAInfo で別のファイルを指定でき、`certman env --for git` で設定されます。",
                "証明書の有効期限が切れています。GnuTLS では区別されません。",
            ],
        },
    },
    Entry {
        code: "curl-35",
        spellings: &[
            "curl: (35)",
            "curl (35)",
            "curl 35",
            "CURLE_SSL_CONNECT_ERROR",
            "SSL connect error",
            "gnutls_handshake() failed",
        ],
        alone: &["35"],
        about: &[Subject::Identity, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The TLS handshake broke off before it came to the certificate of the server, or the server refused the client. The words behind it say more.",
            causes: &[
                "The company proxy or a firewall cuts the connection.",
                "The other side does not speak TLS on this port.",
                "The server wants a client certificate, or refuses the one that it got.",
            ],
        },
        japanese: Text {
            meaning: "TLS ハンドシェイクが、サーバー証明書の検証より前に中断したか、サーバーがクライアントを拒否しました。続く語句に詳しい理由があります。",
            causes: &[
                "会社のプロキシまたはファイアウォールが接続を切断しています。",
                "相手がこのポートで TLS を使っていません。",
                "サーバーがクライアント証明書を要求しているか、受け取った証明書を拒否しています。",
            ],
        },
    },
    Entry {
        code: "curl-56",
        spellings: &[
            "curl: (56)",
            "curl (56)",
            "curl 56",
            "curl: (55)",
            "curl (55)",
            "curl 55",
            "CURLE_RECV_ERROR",
        ],
        alone: &["55", "56"],
        about: &[Subject::Identity, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The connection was there and broke. With a proxy curl says so too where that opens no tunnel; the number behind `response` says why.",
            causes: &[
                "The proxy wants a user and a password (407), or does not allow the host (403).",
                "The server refuses the client certificate, which with TLS 1.3 shows only now.",
            ],
        },
        japanese: Text {
            meaning: "確立した接続が途中で切れました。プロキシがトンネルを開かない場合も curl はこのエラーになり、`response` に続く番号が理由を示します。",
            causes: &[
                "プロキシが認証を要求している(407)か、ホストを許可していません(403)。",
                "サーバーがクライアント証明書を拒否しています。TLS 1.3 では、この時点で初めて判明します。",
            ],
        },
    },
    Entry {
        code: "ERR_PROXY_TUNNEL",
        spellings: &[
            "ERR_TUNNEL_CONNECTION_FAILED",
            "Proxy refused to open a tunnel",
            "CONNECT tunnel failed",
            "Tunnel connection failed",
            "tunnel error: unsuccessful",
            "Unable to connect to proxy",
            "Proxy CONNECT aborted",
            "Proxy tunneling failed",
            "ProxyError",
        ],
        alone: &[],
        about: &[Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The proxy did not open a way to the host. The number beside it says why: 407 is about the user, 403 about the host, 502 to 504 about the way from there.",
            causes: &[
                "The proxy wants a user and a password.",
                "The proxy does not allow this host or this port.",
                "The address of the proxy leads to something else.",
            ],
        },
        japanese: Text {
            meaning: "プロキシがホストへのトンネルを開きませんでした。併記された番号が理由を示します。407 は認証、403 はホストの許可、502~504 はプロキシから先の経路です。",
            causes: &[
                "プロキシがユーザー名とパスワードを要求しています。",
                "プロキシがこのホストまたはポートを許可していません。",
                "プロキシのアドレスが別のものを指しています。",
            ],
        },
    },
    Entry {
        code: "EPROTO",
        spellings: &[
            "write EPROTO",
            "The TLS handshake failed",
            "Does the server speak TLS on this port?",
            "ERR_SSL_PROTOCOL_ERROR",
        ],
        alone: &[],
        about: &[Subject::Identity, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The TLS handshake broke off. Node puts the reason of OpenSSL behind it, Bun and Claude Code do not.",
            causes: &[
                "The server wants a client certificate, or refuses the one that it got.",
                "The other side does not speak TLS on this port: a proxy that is written with https:// and speaks http://.",
            ],
        },
        japanese: Text {
            meaning: "TLS ハンドシェイクが中断しました。Node は OpenSSL の理由を併記しますが、Bun と Claude Code は併記しません。",
            causes: &[
                "サーバーがクライアント証明書を要求しているか、受け取った証明書を拒否しています。",
                "相手がこのポートで TLS を使っていません。http:// のプロキシを https:// と書いている場合などです。",
            ],
        },
    },
    Entry {
        code: "SSL_PEM_LIB",
        spellings: &[
            "SSL] PEM lib",
            "ssl.SSLError: [SSL]",
            "SSL_CTX_use_PrivateKey_file",
            "SSL_CTX_use_certificate_chain_file",
        ],
        alone: &[],
        about: &[Subject::Identity],
        command: "certman key check",
        english: Text {
            meaning: "Python or another program with OpenSSL cannot load a certificate or key file; the reason is lost on the way.",
            causes: &[
                "The passphrase does not open the key.",
                "The file is not PEM, or not the one that was meant.",
                "The key is sealed in a way that this OpenSSL does not open.",
            ],
        },
        japanese: Text {
            meaning: "Python など OpenSSL を使うプログラムが、証明書または秘密鍵のファイルを読み込めません。理由は表示されません。",
            causes: &[
                "パスフレーズで秘密鍵を復号できません。",
                "ファイルが PEM ではないか、意図したものとは別のファイルです。",
                "この OpenSSL では開けない方式で秘密鍵が暗号化されています。",
            ],
        },
    },
    Entry {
        code: "fetch-failed",
        spellings: &[
            "TypeError: fetch failed",
            "APIConnectionError",
            "API Error (Connection error",
            "API Error: Connection error",
            "Unable to connect to Anthropic services",
            "Unable to connect to API",
            "Failed to connect to api.anthropic.com",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Identity, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "No connection was made. The cause stands further below in the log, or in parentheses: look for a word in capitals.",
            causes: &[
                "The company proxy signs with a CA that the program does not trust.",
                "The program does not use the proxy.",
                "Client certificate, key or passphrase cannot be used.",
            ],
        },
        japanese: Text {
            meaning: "接続できませんでした。原因はログのさらに下、または括弧の中にあります。大文字の語を探してください。",
            causes: &[
                "会社のプロキシが、プログラムの信頼していない CA で署名しています。",
                "プログラムがプロキシを使っていません。",
                "クライアント証明書、秘密鍵またはパスフレーズが使用できません。",
            ],
        },
    },
];
