//! What is said where a client does not trust the certificate of a server.

use super::{Entry, Subject, Text};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        spellings: &[
            "unable to get local issuer certificate",
            "verify error:num=20",
            "verify return code: 20",
            "doesn't have a known issuer",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The client does not have the certificate that issued the last one of the server's chain, so nothing leads to a root that it trusts.",
            causes: &[
                "A company proxy opens the connection and signs with its own CA, and that CA's root is not in the bundle.",
                "The bundle has the root, and this program does not read it: the variable is not set where the program was started, or a settings file has another value.",
                "The bundle has an intermediate without its root.",
                "The server leaves out its intermediate certificate.",
            ],
        },
        japanese: Text {
            meaning: "サーバーが送った証明書チェーンの最後の証明書の発行者が手元になく、信頼できるルート証明書までたどれません。",
            causes: &[
                "会社のプロキシが通信を復号し、独自の CA で署名し直しています。その CA のルート証明書がバンドルに含まれていません。",
                "バンドルにはルート証明書がありますが、このプログラムが読み込んでいません。起動元の環境で変数が設定されていないか、設定ファイルの別の値が優先されています。",
                "バンドルに中間証明書だけがあり、そのルート証明書がありません。",
                "サーバーが中間証明書を送っていません。",
            ],
        },
    },
    Entry {
        code: "UNABLE_TO_GET_ISSUER_CERT",
        spellings: &["unable to get issuer certificate", "verify error:num=2", "verify return code: 2"],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman check",
        english: Text {
            meaning: "A certificate that the client does trust was issued by another one that it does not have: the chain breaks off above the bundle.",
            causes: &[
                "The bundle has an intermediate without its root.",
                "The bundle has the cross-signed form of a CA instead of the self-signed one.",
            ],
        },
        japanese: Text {
            meaning: "手元にある証明書の発行者の証明書が見つからず、証明書チェーンがバンドルの先で途切れています。",
            causes: &[
                "バンドルに中間証明書だけがあり、そのルート証明書がありません。",
                "バンドルに、自己署名のルート証明書ではなくクロス署名された証明書が入っています。",
            ],
        },
    },
    Entry {
        code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        spellings: &[
            "unable to verify the first certificate",
            "verify error:num=21",
            "verify return code: 21",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The server sent nothing but its own certificate, and the client does not have the one that issued it.",
            causes: &[
                "The server or the company proxy leaves out its intermediate certificate; it then has to be in the bundle, together with its root.",
                "The root that issued the certificate directly is not in the bundle.",
                "This program does not read the bundle.",
            ],
        },
        japanese: Text {
            meaning: "サーバーが自身の証明書しか送っておらず、その発行者の証明書が手元にありません。",
            causes: &[
                "サーバーまたは会社のプロキシが中間証明書を送っていません。その場合は、中間証明書をルート証明書とともにバンドルに入れる必要があります。",
                "サーバー証明書を直接発行したルート証明書がバンドルに含まれていません。",
                "このプログラムがバンドルを読み込んでいません。",
            ],
        },
    },
    Entry {
        code: "SELF_SIGNED_CERT_IN_CHAIN",
        spellings: &[
            "self-signed certificate in certificate chain",
            "self signed certificate in certificate chain",
            "self-signed certificate detected",
            "verify error:num=19",
            "verify return code: 19",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The server sent its whole chain, and the root at its end is none that the client trusts.",
            causes: &[
                "A company proxy opens the connection, and its root is not in the bundle.",
                "The bundle has it, and this program does not read the bundle.",
                "The root was renewed, and the bundle has the old one.",
            ],
        },
        japanese: Text {
            meaning: "サーバーは証明書チェーンをすべて送っていますが、末尾のルート証明書がクライアントに信頼されていません。",
            causes: &[
                "会社のプロキシが通信を復号しており、そのルート証明書がバンドルに含まれていません。",
                "バンドルには含まれていますが、このプログラムがバンドルを読み込んでいません。",
                "ルート証明書が更新され、バンドルには古いものが残っています。",
            ],
        },
    },
    Entry {
        code: "DEPTH_ZERO_SELF_SIGNED_CERT",
        spellings: &[
            "self-signed certificate",
            "self signed certificate",
            "verify error:num=18",
            "verify return code: 18",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The server shows a certificate that it has issued to itself, and the client does not know it.",
            causes: &[
                "It is a server of the company with a certificate of its own: that certificate belongs into the bundle, once its fingerprint was compared.",
                "A device on the way (a sign-in page, a firewall) answers instead of the server.",
                "The address leads to another machine than was meant.",
            ],
        },
        japanese: Text {
            meaning: "サーバーが自己署名のサーバー証明書を提示しており、クライアントはその証明書を信頼していません。",
            causes: &[
                "独自の証明書を使う社内サーバーです。フィンガープリントを照合したうえで、その証明書をバンドルに追加します。",
                "経路上の機器(ログインページやファイアウォール)がサーバーの代わりに応答しています。",
                "アドレスが意図しない別のマシンを指しています。",
            ],
        },
    },
    Entry {
        code: "CERT_HAS_EXPIRED",
        spellings: &[
            "certificate has expired",
            "certificate expired",
            "verify error:num=10",
            "verify return code: 10",
            "CertificateExpiredException",
        ],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman doctor",
        english: Text {
            meaning: "A certificate of the server's chain, or one in the bundle that the client takes for it, is past its last second.",
            causes: &[
                "The certificate of the server or of the company proxy was not renewed.",
                "An old intermediate in the bundle stands in the way of the renewed one that the server sends.",
                "The clock of this machine is ahead.",
            ],
        },
        japanese: Text {
            meaning: "サーバーの証明書チェーンにある証明書、またはその検証に使われるバンドル内の証明書の有効期限が切れています。",
            causes: &[
                "サーバーまたは会社のプロキシの証明書が更新されていません。",
                "バンドル内の古い中間証明書が、サーバーの送る新しい中間証明書より優先されています。",
                "このマシンの時計が進んでいます。",
            ],
        },
    },
    Entry {
        code: "CERT_NOT_YET_VALID",
        spellings: &[
            "certificate is not yet valid",
            "certificate not valid yet",
            "certificate has not yet been activated",
            "verify error:num=9",
            "verify return code: 9",
            "CertificateNotYetValidException",
        ],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman doctor",
        english: Text {
            meaning: "A certificate of the chain is valid only from a later moment on.",
            causes: &[
                "The clock of this machine is behind: after a long sleep, in a virtual machine or a container.",
                "The company has issued a new CA that begins later.",
            ],
        },
        japanese: Text {
            meaning: "証明書チェーンにある証明書の有効期間がまだ始まっていません。",
            causes: &[
                "このマシンの時計が遅れています。長いスリープの後や、仮想マシン、コンテナでよく起こります。",
                "会社が、有効期間の開始が先の日付になっている新しい CA を発行しました。",
            ],
        },
    },
    Entry {
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
        spellings: &[
            "Hostname/IP does not match certificate's altnames",
            "no alternative certificate subject name matches",
            "does not match target host name",
            "Hostname mismatch",
            "IP address mismatch",
            "certificate not valid for name",
            "does not match hostname",
            "x509: certificate is valid for",
            "No subject alternative DNS name matching",
            "No subject alternative names",
            "RemoteCertificateNameMismatch",
            "ERR_CERT_COMMON_NAME_INVALID",
            "verify error:num=62",
            "verify return code: 62",
        ],
        alone: &[],
        about: &[Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The certificate is for other names than the one that the client asked for.",
            causes: &[
                "Somebody else answers: a sign-in page, a block page of the company proxy, or a wrong address in DNS or /etc/hosts.",
                "The address is written with an IP address or a short name, and the certificate has the full name.",
                "The variable for the proxy, or ANTHROPIC_BASE_URL, names the wrong host.",
            ],
        },
        japanese: Text {
            meaning: "サーバー証明書に記載された名前が、クライアントが接続しようとしたホスト名と一致しません。",
            causes: &[
                "別の相手が応答しています。ログインページ、会社のプロキシのブロックページ、または DNS や /etc/hosts の誤ったアドレスが考えられます。",
                "IP アドレスや短い名前で接続していますが、証明書には完全なホスト名しかありません。",
                "プロキシの変数または ANTHROPIC_BASE_URL のホスト名が間違っています。",
            ],
        },
    },
    Entry {
        code: "CERT_SIGNATURE_FAILURE",
        spellings: &[
            "certificate signature failure",
            "verify error:num=7",
            "verify return code: 7",
            "BadSignature",
        ],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman check",
        english: Text {
            meaning: "The client has a certificate with the name of the issuer, and its key did not sign the certificate that it is to prove.",
            causes: &[
                "The CA was made anew under the same name, and the bundle has the old one.",
                "The bundle has two CAs of one name, and this client takes the other one.",
                "The client cannot check this kind of signature: Bun and Claude Code know neither DSA nor unusual forms of RSA-PSS.",
            ],
        },
        japanese: Text {
            meaning: "発行者と同じ名前の証明書はありますが、その鍵では検証対象の証明書の署名を確認できません。",
            causes: &[
                "CA が同じ名前で作り直され、バンドルには古いものが残っています。",
                "同じ名前の CA がバンドルに二つあり、クライアントがもう一方を選んでいます。",
                "クライアントがこの署名方式に対応していません。Bun と Claude Code は DSA や特殊な RSA-PSS を扱えません。",
            ],
        },
    },
    Entry {
        code: "CERT_REVOKED",
        spellings: &[
            "certificate revoked",
            "certificate is revoked",
            "verify error:num=23",
            "ERR_CERT_REVOKED",
        ],
        alone: &[],
        about: &[],
        command: "certman doctor",
        english: Text {
            meaning: "The issuer has taken back the certificate before its end.",
            causes: &[
                "The server still shows a certificate that its owner has replaced.",
                "The company has replaced the CA of its proxy.",
            ],
        },
        japanese: Text {
            meaning: "証明書が有効期限より前に発行者によって失効させられています。",
            causes: &[
                "サーバーが、すでに差し替えられた古い証明書を提示し続けています。",
                "会社がプロキシの CA を差し替えました。",
            ],
        },
    },
    Entry {
        code: "INVALID_PURPOSE",
        spellings: &[
            "unsupported certificate purpose",
            "unsuitable certificate purpose",
            "invalid CA certificate",
            "INVALID_CA",
            "CaUsedAsEndEntity",
            "verify error:num=24",
            "verify error:num=26",
            "verify error:num=79",
        ],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman check",
        english: Text {
            meaning: "A certificate of the chain says that it is for something else: no CA where a CA is needed, a CA where a server should be, or not for servers.",
            causes: &[
                "A server shows its own self-signed certificate, and it is in the bundle: Claude Code does not take one that is no CA, and rustls (uv, cargo) none that is one.",
                "The certificate was issued without the purpose for TLS servers.",
            ],
        },
        japanese: Text {
            meaning: "証明書チェーンにある証明書の用途が合っていません。CA であるべき証明書が CA ではない、サーバー証明書が CA になっている、またはサーバー用ではない、のいずれかです。",
            causes: &[
                "サーバーの自己署名証明書がバンドルに入っています。Claude Code は CA ではない自己署名証明書を受け付けず、rustls(uv や cargo)は逆に CA である証明書をサーバー証明書として受け付けません。",
                "TLS サーバー用の用途を付けずに証明書が発行されています。",
            ],
        },
    },
    Entry {
        code: "CA_MD_TOO_WEAK",
        spellings: &[
            "ca md too weak",
            "ee key too small",
            "EE_KEY_TOO_SMALL",
            "ca key too small",
            "CA_KEY_TOO_SMALL",
            "CA signature digest algorithm too weak",
            "EE certificate key too weak",
            "CA certificate key too weak",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Identity],
        command: "certman check",
        english: Text {
            meaning: "A certificate is signed in too weak a way (MD5, SHA-1), or its key is too small, and the client refuses it for that.",
            causes: &[
                "The CA of the company proxy is an old one.",
                "The client certificate is an old one: curl and Python refuse to load it.",
            ],
        },
        japanese: Text {
            meaning: "証明書の署名方式が弱い(MD5、SHA-1)か、鍵が短すぎるため、クライアントが拒否しています。",
            causes: &[
                "会社のプロキシが使う CA が古いものです。",
                "クライアント証明書が古く、curl や Python が読み込みを拒否しています。",
            ],
        },
    },
    Entry {
        code: "PKIX",
        spellings: &[
            "PKIX path building failed",
            "PKIX path validation failed",
            "unable to find valid certification path to requested target",
            "SunCertPathBuilderException",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "Java finds no way from the server's certificate to a root in its trust store. It reads no PEM file and none of the usual variables.",
            causes: &[
                "Java has its own trust store, and the company's CA is not in it; JAVA_TOOL_OPTIONS can name another one, as `certman env --for java` prints it.",
                "The Java that runs is another one than the one whose trust store was changed.",
                "A tool (Gradle, Maven, an editor) starts Java with options of its own.",
            ],
        },
        japanese: Text {
            meaning: "Java のトラストストアにあるルート証明書まで、サーバー証明書からたどれません。Java は PEM ファイルも一般的な環境変数も読みません。",
            causes: &[
                "Java は独自のトラストストアを使い、そこに会社の CA がありません。`certman env --for java` が出力する JAVA_TOOL_OPTIONS で別のトラストストアを指定できます。",
                "トラストストアを変更した Java とは別の Java が動いています。",
                "Gradle、Maven、エディターなどが独自のオプションで Java を起動しています。",
            ],
        },
    },
    Entry {
        code: "x509-unknown-authority",
        spellings: &[
            "x509: certificate signed by unknown authority",
            "certificate signed by unknown authority",
            "x509: certificate is not trusted",
        ],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "A program written in Go (gh, docker, terraform, kubectl) does not know the CA. On Linux it takes the system's roots, or those of SSL_CERT_FILE.",
            causes: &[
                "The company's CA is not in the system's trust store, and SSL_CERT_FILE is not set for this program; `certman env --for go` sets it.",
                "The program runs elsewhere: for docker it is the daemon that has to know the CA, in a container the container.",
                "SSL_CERT_FILE names a bundle without this CA: it replaces all other roots.",
            ],
        },
        japanese: Text {
            meaning: "Go で書かれたプログラム(gh、docker、terraform、kubectl など)が CA を信頼していません。Linux ではシステムのルート証明書、または SSL_CERT_FILE のものが使われます。",
            causes: &[
                "会社の CA がシステムのトラストストアになく、このプログラムに SSL_CERT_FILE も設定されていません。`certman env --for go` で設定できます。",
                "プログラムが別の場所で動いています。docker ではデーモンが、コンテナ内ではコンテナ自身が CA を知っている必要があります。",
                "SSL_CERT_FILE がこの CA を含まないバンドルを指しています。この変数はほかのルート証明書をすべて置き換えます。",
            ],
        },
    },
    Entry {
        code: "UnknownIssuer",
        spellings: &["invalid peer certificate: UnknownIssuer", "SEC_ERROR_UNKNOWN_ISSUER"],
        alone: &[],
        about: &[Subject::Bundle, Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "A program with rustls (uv, rustup, newer tools in Rust) does not know the CA. Many of them have Mozilla's roots built in and ask nobody else.",
            causes: &[
                "SSL_CERT_FILE is not set for this program, or names a bundle without the company's root; `certman env --for uv,cargo` sets it.",
                "The bundle has only the intermediate: rustls wants the root as well.",
                "The program has to be told to use the system's roots, as uv by UV_SYSTEM_CERTS or UV_NATIVE_TLS.",
            ],
        },
        japanese: Text {
            meaning: "rustls を使うプログラム(uv、rustup など Rust 製のツール)が CA を信頼していません。多くは Mozilla のルート証明書を内蔵し、ほかを参照しません。",
            causes: &[
                "このプログラムに SSL_CERT_FILE が設定されていないか、会社のルート証明書を含まないバンドルを指しています。`certman env --for uv,cargo` で設定できます。",
                "バンドルに中間証明書しかありません。rustls にはルート証明書も必要です。",
                "システムのルート証明書を使うよう指定する必要があります。uv では UV_SYSTEM_CERTS または UV_NATIVE_TLS です。",
            ],
        },
    },
    Entry {
        code: "ERR_CERT_AUTHORITY_INVALID",
        spellings: &["net::ERR_CERT_AUTHORITY_INVALID", "net::ERR_CERT_INVALID"],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman inspect system:corporate",
        english: Text {
            meaning: "Chromium or an Electron program (an editor, the desktop application) does not know the CA. It asks the trust store of the operating system, and no variable.",
            causes: &[
                "The company's CA is not in the trust store of the operating system, or of the user's own NSS database on Linux.",
                "The program runs in a sandbox (snap, flatpak) with a trust store of its own.",
            ],
        },
        japanese: Text {
            meaning: "Chromium または Electron 製のプログラム(エディターやデスクトップアプリ)が CA を信頼していません。参照されるのは OS のトラストストアで、環境変数ではありません。",
            causes: &[
                "会社の CA が OS のトラストストア(Linux ではユーザーの NSS データベース)にありません。",
                "プログラムが snap や flatpak などのサンドボックスで動き、独自のトラストストアを使っています。",
            ],
        },
    },
    Entry {
        code: "PartialChain",
        spellings: &[
            "RemoteCertificateChainErrors",
            "The remote certificate is invalid",
            "SEC_E_UNTRUSTED_ROOT",
            "CERT_E_UNTRUSTEDROOT",
            "The certificate chain was issued by an authority that is not trusted",
        ],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman inspect system:corporate",
        english: Text {
            meaning: "A program of .NET or one that uses the TLS of Windows (PowerShell, git with schannel) does not trust the server's chain. It asks the operating system.",
            causes: &[
                "The company's root is not in the trust store of the operating system.",
                "It is in the store of another user or of the machine, and the program runs as somebody else.",
            ],
        },
        japanese: Text {
            meaning: ".NET や Windows の TLS を使うプログラム(PowerShell、schannel 版の git など)がサーバーの証明書チェーンを信頼していません。参照されるのは OS のトラストストアです。",
            causes: &[
                "会社のルート証明書が OS のトラストストアにありません。",
                "別のユーザーまたはマシンのストアにあり、プログラムが別のアカウントで動いています。",
            ],
        },
    },
    Entry {
        code: "CRYPT_E_NO_REVOCATION_CHECK",
        spellings: &["CRYPT_E_REVOCATION_OFFLINE", "revocation function was unable to check revocation"],
        alone: &[],
        about: &[Subject::Proxy],
        command: "certman proxy test api.anthropic.com",
        english: Text {
            meaning: "Windows was to ask whether the certificate was revoked, and got no answer. The certificate itself may well be trusted.",
            causes: &[
                "The certificate that the company proxy makes names no place to ask.",
                "The place to ask cannot be reached past the proxy.",
            ],
        },
        japanese: Text {
            meaning: "Windows が証明書の失効を確認しようとしましたが、応答を得られませんでした。証明書自体は信頼されている可能性があります。",
            causes: &[
                "会社のプロキシが作る証明書に、失効情報の問い合わせ先が書かれていません。",
                "失効情報の問い合わせ先に、プロキシ越しでは到達できません。",
            ],
        },
    },
    Entry {
        code: "extra-certs-ignored",
        spellings: &["Ignoring extra certs from"],
        alone: &[],
        about: &[Subject::Bundle],
        command: "certman settings show",
        english: Text {
            meaning: "Node or Bun could not load the file that NODE_EXTRA_CA_CERTS names, and goes on without it: every host behind the company's CA will fail.",
            causes: &[
                "The path is wrong: a `~` or a `$HOME` in it is not expanded, a relative one counts from the current folder, and a list of paths is none.",
                "The file is no PEM, or a certificate in it is damaged.",
                "A settings file of Claude Code still names an old path; it wins over the environment.",
            ],
        },
        japanese: Text {
            meaning: "Node または Bun が NODE_EXTRA_CA_CERTS のファイルを読み込めず、無視して動作しています。会社の CA を経由する接続はすべて失敗します。",
            causes: &[
                "パスが間違っています。`~` や `$HOME` は展開されず、相対パスはカレントフォルダーが基準になり、複数のパスは指定できません。",
                "ファイルが PEM ではないか、中の証明書が壊れています。",
                "Claude Code の設定ファイルに古いパスが残っています。設定ファイルは環境変数より優先されます。",
            ],
        },
    },
    Entry {
        code: "curl-77",
        spellings: &[
            "curl: (77)",
            "curl (77)",
            "curl 77",
            "CURLE_SSL_CACERT_BADFILE",
            "error setting certificate file",
            "error setting certificate verify locations",
            "error adding trust anchors from file",
            "Problem with the SSL CA cert",
            "NO_CERTIFICATE_OR_CRL_FOUND",
            "no certificate or crl found",
            "Could not find a suitable TLS CA certificate bundle",
            "Invalid `SSL_CERT_FILE`",
        ],
        alone: &["77"],
        about: &[Subject::Bundle],
        command: "certman check",
        english: Text {
            meaning: "The file with the roots cannot be loaded at all: curl ends with 77, git and Python say it in their own words. No host can be reached.",
            causes: &[
                "CURL_CA_BUNDLE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE or http.sslCAInfo names a file that is not there any more.",
                "There is no PEM certificate in it: a DER file, a web page that was saved, or an empty file.",
                "A certificate in it is damaged.",
                "The file may not be read.",
            ],
        },
        japanese: Text {
            meaning: "ルート証明書のファイルをまったく読み込めません。curl は終了コード 77 になり、git や Python も同じ意味のメッセージを出します。どのホストにも接続できません。",
            causes: &[
                "CURL_CA_BUNDLE、SSL_CERT_FILE、REQUESTS_CA_BUNDLE、または http.sslCAInfo が、存在しないファイルを指しています。",
                "ファイルに PEM 形式の証明書がありません。DER 形式のファイル、保存された Web ページ、空のファイルの場合があります。",
                "中の証明書が壊れています。",
                "ファイルの読み取り権限がありません。",
            ],
        },
    },
    Entry {
        code: "NODE_TLS_REJECT_UNAUTHORIZED",
        spellings: &["makes TLS connections and HTTPS requests insecure"],
        alone: &[],
        about: &[],
        command: "certman settings show",
        english: Text {
            meaning: "Verification is turned off: whoever stands between this machine and the server can read and change everything, the API key included.",
            causes: &[
                "The variable was set to 0 once as a way around a certificate error, in the shell, a settings file or an image; take it out and make a bundle.",
            ],
        },
        japanese: Text {
            meaning: "証明書の検証が無効になっています。経路上の誰でも、API キーを含むすべての通信を読み取り、改ざんできます。",
            causes: &[
                "証明書エラーの回避策として、シェル、設定ファイル、またはイメージでこの変数が 0 に設定されています。削除して、代わりにバンドルを作成してください。",
            ],
        },
    },
    Entry {
        code: "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
        spellings: &[
            "unsafe legacy renegotiation disabled",
            "ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
            "ERR_SSL_DH_KEY_TOO_SMALL",
            "dh key too small",
            "DH_KEY_TOO_SMALL",
            "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
            "tlsv1 alert protocol version",
            "TLSV1_ALERT_PROTOCOL_VERSION",
            "ERR_SSL_UNSUPPORTED_PROTOCOL",
        ],
        alone: &[],
        about: &[Subject::Proxy],
        command: "certman doctor",
        english: Text {
            meaning: "The other side speaks a form of TLS that is too old for the client. It is not about certificates.",
            causes: &[
                "A device of the company that opens connections has old software: its administrators have to renew it.",
                "It is a server within the company with old software.",
            ],
        },
        japanese: Text {
            meaning: "接続先が、クライアントの受け付けない古い TLS の方式を使っています。証明書の問題ではありません。",
            causes: &[
                "通信を復号する社内機器のソフトウェアが古いため、管理者による更新が必要です。",
                "社内サーバーのソフトウェアが古くなっています。",
            ],
        },
    },
];
