//! What `explain` says besides its table, in both languages.

use super::{counted, path};
use crate::cli::explanation::{Fact, KeyState, Unread};
use crate::cli::failure::Failure;
use crate::clients::Client;
use crate::config::Origin;
use crate::explain::Language;
use crate::pki::name::Foreign;

/// The words around the table.
pub struct Frame {
    /// Above the causes.
    pub causes: &'static str,
    /// Before the command.
    pub command: &'static str,
    /// Below the list of codes.
    pub list: &'static str,
    /// Above the facts.
    pub machine: &'static str,
    /// Before the command, where there is no choice of causes.
    pub next: &'static str,
    /// Before the reason why nothing is said about this machine.
    pub trouble: &'static str,
}

/// The words around the table, in a language.
pub fn frame(language: Language) -> &'static Frame {
    match language {
        Language::English => &Frame {
            causes: "likely causes, the likeliest first:",
            command: "which one it is:",
            list: "explain one with `certman explain CODE`, a whole log with `certman explain -`",
            machine: "on this machine:",
            next: "next:",
            trouble: "nothing can be said about this machine",
        },
        Language::Japanese => &Frame {
            causes: "考えられる原因(可能性の高い順):",
            command: "原因を特定するコマンド:",
            list: "個別の説明は `certman explain CODE`、ログ全体の解析は `certman explain -` で表示できます。",
            machine: "このマシンの状態:",
            next: "次に実行するコマンド:",
            trouble: "設定を読み込めないため、このマシンの状態は表示できません",
        },
    }
}

/// Something that this machine has, as one sentence.
pub fn fact(fact: &Fact, language: Language) -> String {
    match language {
        Language::English => english(fact),
        Language::Japanese => japanese(fact),
    }
}

fn english(fact: &Fact) -> String {
    match fact {
        Fact::Bundle { certificates: Ok(count), path: at } => {
            format!("the bundle {} has {}", path(at), counted(*count, "certificate"))
        }
        Fact::Bundle { certificates: Err(why), path: at } => {
            format!("the bundle {} {}", path(at), unread(*why))
        }
        Fact::Certificate { certificates: Ok(count), path: at } => {
            format!("the client certificate file {} has {}", path(at), counted(*count, "certificate"))
        }
        Fact::Certificate { certificates: Err(why), path: at } => {
            format!("the client certificate file {} {}", path(at), unread(*why))
        }
        Fact::ExtraVariable { value: None, .. } => {
            "NODE_EXTRA_CA_CERTS is not set here: what is started from this shell does not read the bundle"
                .into()
        }
        Fact::ExtraVariable { is_bundle: true, .. } => "NODE_EXTRA_CA_CERTS names this bundle here".into(),
        Fact::ExtraVariable { value: Some(value), .. } => {
            format!("NODE_EXTRA_CA_CERTS names another file here: '{}'", Foreign(value))
        }
        Fact::Key { path: at, state: Ok(state) } => {
            let (what, refused_by) = match state {
                KeyState::NoKey => {
                    return format!("the key file {} has no private key that can be read", path(at));
                }
                KeyState::Plain { refused_by } => ("has no passphrase".to_owned(), refused_by),
                KeyState::Sealed { refused_by, scheme } => {
                    (format!("is sealed with {}", Foreign(scheme)), refused_by)
                }
            };
            match names(refused_by) {
                None => format!("the key {} {what}, in a form that every client reads", path(at)),
                Some(names) => {
                    format!("the key {} {what}, in a form that some clients refuse: {names}", path(at))
                }
            }
        }
        Fact::Key { path: at, state: Err(why) } => format!("the key {} {}", path(at), unread(*why)),
        Fact::Proxy { address, origin } => {
            format!("the proxy {} is configured in {}", Foreign(address), place(origin))
        }
        Fact::ProxyVariable { address, name } => format!("{name} is set here: {}", Foreign(address)),
    }
}

fn japanese(fact: &Fact) -> String {
    let unread = |why: Unread| match why {
        Unread::Missing => "存在しません",
        Unread::Unreadable => "読み取れません",
    };
    match fact {
        Fact::Bundle { certificates: Ok(count), path: at } => {
            format!("バンドル {} には証明書が {count} 件あります", path(at))
        }
        Fact::Bundle { certificates: Err(why), path: at } => {
            format!("バンドル {} は{}", path(at), unread(*why))
        }
        Fact::Certificate { certificates: Ok(count), path: at } => {
            format!("クライアント証明書ファイル {} には証明書が {count} 件あります", path(at))
        }
        Fact::Certificate { certificates: Err(why), path: at } => {
            format!("クライアント証明書ファイル {} は{}", path(at), unread(*why))
        }
        Fact::ExtraVariable { value: None, .. } => {
            "NODE_EXTRA_CA_CERTS はこの環境で設定されていません。このシェルから起動したプログラムはバンドルを読み込みません".into()
        }
        Fact::ExtraVariable { is_bundle: true, .. } => {
            "NODE_EXTRA_CA_CERTS はこの環境でこのバンドルを指しています".into()
        }
        Fact::ExtraVariable { value: Some(value), .. } => {
            format!("NODE_EXTRA_CA_CERTS はこの環境で別のファイル '{}' を指しています", Foreign(value))
        }
        Fact::Key { path: at, state: Ok(state) } => {
            let (what, refused_by) = match state {
                KeyState::NoKey => {
                    return format!("秘密鍵ファイル {} に、読み取れる秘密鍵がありません", path(at));
                }
                KeyState::Plain { refused_by } => ("にはパスフレーズがなく".to_owned(), refused_by),
                KeyState::Sealed { refused_by, scheme } => {
                    (format!("は {} で暗号化されており", Foreign(scheme)), refused_by)
                }
            };
            match names(refused_by) {
                None => format!("秘密鍵 {} {what}、すべてのクライアントが読める形式です", path(at)),
                Some(names) => {
                    format!("秘密鍵 {} {what}、次のクライアントが受け付けない形式です: {names}", path(at))
                }
            }
        }
        Fact::Key { path: at, state: Err(why) } => format!("秘密鍵 {} は{}", path(at), unread(*why)),
        Fact::Proxy { address, origin } => {
            format!("プロキシ {} が {} で設定されています", Foreign(address), place(origin))
        }
        Fact::ProxyVariable { address, name } => {
            format!("{name} がこの環境で設定されています: {}", Foreign(address))
        }
    }
}

fn unread(why: Unread) -> &'static str {
    match why {
        Unread::Missing => "is not there",
        Unread::Unreadable => "cannot be read",
    }
}

fn place(origin: &Origin) -> String {
    match origin {
        Origin::File(file) => path(file),
        other => other.to_string(),
    }
}

fn names(clients: &[Client]) -> Option<String> {
    let names: Vec<String> = clients.iter().map(Client::to_string).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A word or a line that is no code. What it was is not repeated: whoever pastes a line may paste a password.
pub fn unknown(near: &[&str], language: Language) -> Failure {
    let quoted: Vec<String> = near.iter().map(|code| format!("`{code}`")).collect();
    match (language, quoted.is_empty()) {
        (Language::English, false) => Failure::new("this is no code that certman knows")
            .hint(format!("the nearest: {}; `certman explain` lists all of them", quoted.join(", "))),
        (Language::English, true) => Failure::new("there is no code in it that certman knows")
            .hint("give it the whole log: `certman explain - < LOG`, or look the code up in the list: `certman explain`"),
        (Language::Japanese, false) => Failure::new("certman の知らないコードです")
            .hint(format!("近いコード: {}。`certman explain` で一覧を表示できます", quoted.join("、"))),
        (Language::Japanese, true) => Failure::new("certman の知っているコードが含まれていません").hint(
            "ログ全体を `certman explain - < LOG` で渡すか、`certman explain` の一覧でコードを探してください",
        ),
    }
}

/// A log in which nothing is known.
pub fn nothing_in_the_log(language: Language) -> Failure {
    match language {
        Language::English => Failure::new("there is no code in the log that certman knows")
            .hint("`certman doctor` looks for the cause itself; `certman explain` lists the codes"),
        Language::Japanese => Failure::new("ログに certman の知っているコードがありません")
            .hint("`certman doctor` で原因を調べられます。コードの一覧は `certman explain` で表示できます"),
    }
}

/// A log that is too long.
pub fn log_too_large(language: Language) -> Failure {
    match language {
        Language::English => Failure::new("the log is larger than 1 MiB")
            .hint("its end is enough: `tail -n 500 LOG | certman explain -`"),
        Language::Japanese => Failure::new("ログが 1 MiB を超えています")
            .hint("末尾だけで十分です: `tail -n 500 LOG | certman explain -`"),
    }
}
