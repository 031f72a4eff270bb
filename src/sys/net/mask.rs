//! What is taken out of the words of others: the credentials that they were told. Some proxies print in their error page what they
//! were asked, with all its fields.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::http;
use super::probe::{Credentials, Failure};

/// The forms in which user and password may come back.
pub(super) struct Mask {
    /// The longest first: a shorter one may be a part of it.
    forms: Vec<Zeroizing<Vec<u8>>>,
}

impl Mask {
    /// Base64 as it is sent, user and password as they are joined for it, and the password alone, each also percent-encoded.
    ///
    /// A password of less than four characters stands in many a text by chance, and would be told by what is missing there: it
    /// counts with its user alone.
    pub(super) fn of(credentials: Option<&Credentials>) -> Self {
        let mut forms = Vec::new();
        if let Some(credentials) = credentials.filter(|credentials| !credentials.password.is_empty()) {
            let encoded = credentials.expose_in_base64();
            // What it ends with says nothing, and is left out or encoded by some.
            let letters = encoded.trim_end_matches('=');
            let form = if letters.len() < SHORTEST { &*encoded } else { letters };
            forms.push(Zeroizing::new(form.as_bytes().to_vec()));
            let password = credentials.password.expose_secret();
            let is_short = String::from_utf8_lossy(password).chars().count() < SHORTEST;
            let plain = [http::pair(credentials), Zeroizing::new(password.to_vec())];
            for plain in plain.into_iter().take(if is_short { 1 } else { 2 }) {
                // In a text that is not UTF-8 every byte is a letter.
                let latin: String = plain.iter().map(|&byte| char::from(byte)).collect();
                let latin = Zeroizing::new(latin.into_bytes());
                if latin != plain {
                    forms.push(latin);
                }
                forms.push(plain);
            }
            forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        }
        Self { forms }
    }

    /// The text without them.
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            // A form that is not UTF-8 may end inside of a letter.
            Cow::Owned(masked) => Cow::Owned(String::from_utf8_lossy(&masked).into_owned()),
        }
    }

    /// A failure without them. What begins an answer is cut, in the middle of a form as well.
    pub(super) fn failure(&self, failure: &mut Failure) {
        if let Failure::NotTheProtocol { start } = failure {
            let mut masked = self.bytes(start).into_owned();
            let cut = |form: &Zeroizing<Vec<u8>>| {
                (SHORTEST..form.len()).rev().find(|&length| masked.ends_with(&form[..length]))
            };
            if let Some(length) = self.forms.iter().filter_map(cut).max() {
                masked.truncate(masked.len() - length);
                masked.extend_from_slice(STARS);
            }
            *start = masked;
        }
    }

    fn bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let mut masked = Vec::new();
        let (mut at, mut done) = (0, 0);
        while at < bytes.len() {
            match self.forms.iter().find_map(|form| begins_with(&bytes[at..], form)) {
                None => at += 1,
                Some(length) => {
                    masked.extend_from_slice(&bytes[done..at]);
                    masked.extend_from_slice(STARS);
                    at += length;
                    done = at;
                }
            }
        }
        if done == 0 {
            return Cow::Borrowed(bytes);
        }
        masked.extend_from_slice(&bytes[done..]);
        Cow::Owned(masked)
    }
}

/// The length of a form at the beginning of a text, as it is or with whatever bytes of it percent-encoded.
fn begins_with(text: &[u8], form: &[u8]) -> Option<usize> {
    if text.starts_with(form) {
        return Some(form.len());
    }
    let mut at = 0;
    for &byte in form {
        at += match &text[at..] {
            [b'%', high, low, ..] if octet(*high, *low) == Some(byte) => 3,
            // As forms write it (URL Standard, application/x-www-form-urlencoded).
            [b'+', ..] if byte == b' ' => 1,
            [first, ..] if *first == byte => 1,
            _ => return None,
        };
    }
    Some(at)
}

fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |letter: u8| char::from(letter).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// What is shorter is no secret that a text can be searched for: in characters.
const SHORTEST: usize = 4;
const STARS: &[u8] = b"***";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Passphrase;

    fn mask(username: &str, password: &[u8]) -> Mask {
        let password = Passphrase::new(password.to_vec());
        Mask::of(Some(&Credentials { password, username: username.to_owned() }))
    }

    #[test]
    fn every_form_of_the_credentials_is_taken_out() {
        let mask = mask("Aladdin", b"open sesame");
        for (text, expected) in [
            ("Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Proxy-Authorization: Basic ***=="),
            ("auth=QWxhZGRpbjpvcGVuIHNlc2FtZQ%3D%3D&x", "auth=***%3D%3D&x"),
            ("Aladdin:open sesame, open sesame", "***, ***"),
            ("http://Aladdin:open%20sesame@proxy/?open+sesame", "http://***@proxy/?***"),
            ("%6fpen%20%73esame%6F", "***%6F"),
            ("ä open sesamopen sesame ö", "ä open sesam*** ö"),
            ("Aladdin is not known", "Aladdin is not known"),
            ("%", "%"),
            ("", ""),
        ] {
            assert_eq!(mask.text(text), expected);
        }
        assert_eq!(self::mask("a", b"50%25!").text("50%25! 50%2525!"), "*** ***");
        assert_eq!(Mask::of(None).text("Aladdin"), "Aladdin");
    }

    #[test]
    fn a_password_is_found_in_whatever_encoding_the_page_has() {
        // As UTF-8, as Latin-1, and as UTF-8 that was taken for Latin-1.
        assert_eq!(
            mask("a", "größe".as_bytes()).text("<größe> gr%C3%B6%C3%9Fe grÃ¶Ã\u{9f}e"),
            "<***> *** ***"
        );
        assert_eq!(mask("a", b"gr\xf6\xdfe").text("größe gr%F6%DFe"), "*** ***");
    }

    #[test]
    fn a_very_short_password_leaves_other_words_alone() {
        for password in ["", "e", "er", "ed."] {
            let text = "Proxy error: the user is denied.";
            assert_eq!(mask("alice", password.as_bytes()).text(text), text);
        }
        assert_eq!(mask("alice", b"").text("alice: YWxpY2U6"), "alice: YWxpY2U6");
        assert_eq!(mask("alice", b"er").text("user alice:er YWxpY2U6ZXI="), "user *** ***=");
        assert_eq!(mask("", b"b").text("OmI= OmInous"), "*** OmInous");
    }

    #[test]
    fn the_beginning_of_an_answer_is_cut_off_in_the_middle_of_a_password_too() {
        let of = |start: &[u8]| {
            let mut failure = Failure::NotTheProtocol { start: start.to_vec() };
            mask("Aladdin", b"open sesame").failure(&mut failure);
            failure
        };
        let start = |start: &[u8]| Failure::NotTheProtocol { start: start.to_vec() };
        assert_eq!(of(b"\xff Basic QWxhZGRpbjpvcG"), start(b"\xff Basic ***"));
        assert_eq!(of(b"\xff open sesame, ope"), start(b"\xff ***, ope"));
        assert_eq!(of(b"\xff open sesam"), start(b"\xff ***"));
    }
}
