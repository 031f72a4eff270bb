//! Which entries of `NO_PROXY` each client understands, as data with the versions it was seen on: curl 7.88, Node 24.21 (fetch and
//! node:http), Bun 1.4.5, Python 3.11 (urllib and requests 2.34), each asked on loopback with every form. Claude Code 2.1 by
//! CLIENTS.md, proxy, rule 4.
//!
//! Pure: verdicts from facts. How entries are spelled is decided in [`crate::proxy`].

use super::{BUN, CLAUDE_CODE, CURL, Client, GIT_GNUTLS, NODE, Refusal, Seen};
use crate::proxy::Form;

/// Who goes to the proxy all the same.
pub fn refusal_of_exception(form: Form) -> Refusal {
    let refusal = |by: &[Seen], what| Refusal { by: by.to_vec(), what };
    match form {
        Form::Pattern => refusal(&[BUN, CLAUDE_CODE, CURL, NODE, PYTHON], "a pattern within a name"),
        // curl knows no ports there (seen on 7.88); the others do, but for Node's node:http with the subdomains.
        Form::Port => refusal(&[CURL, NODE], "a host on one port"),
        // curl since 7.86 and requests do, and Bun those of IPv4.
        Form::Range => refusal(&[CLAUDE_CODE, NODE, PYTHON], "a range of addresses"),
        Form::Word => refusal(&[BUN, CLAUDE_CODE, CURL, NODE, PYTHON], "a word that is no name in ASCII"),
    }
}

/// Who cannot be given a password with control characters, or in other letters than ASCII: curl 7.88 refuses the address,
/// requests 2.34 fails on letters beyond Latin-1 and sends the others in Latin-1, where all others send UTF-8. Nor one in which
/// git 2.47 (libcurl 7.88) finds something to decode when it has decoded the address.
pub fn refusals_of_password(password: &[u8]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if password.iter().any(u8::is_ascii_control) {
        refusals.push(Refusal { by: vec![CURL], what: "a control character" });
    }
    let is_encoded = |three: &[u8]| three[0] == b'%' && three[1..].iter().all(u8::is_ascii_hexdigit);
    if password.windows(3).any(is_encoded) {
        refusals.push(Refusal {
            by: vec![GIT_GNUTLS],
            what: "a percent sign in front of two hexadecimal digits",
        });
    }
    match str::from_utf8(password) {
        Err(_) => refusals.push(Refusal { by: vec![NODE, PYTHON], what: "bytes that are not UTF-8" }),
        Ok(text) if !text.is_ascii() => {
            refusals.push(Refusal { by: vec![PYTHON], what: "letters that are not ASCII" });
        }
        Ok(_) => {}
    }
    refusals
}

const PYTHON: Seen = Seen { client: Client::Python, on: "Python 3.11, urllib and requests 2.34" };
