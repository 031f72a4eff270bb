//! GitHub Actions: the file that `GITHUB_ENV` names, and the commands that hide a secret in the log.
//!
//! Owns both notations. In the file a value stands between lines of a delimiter that it must not hold itself, so the caller
//! gives one that nobody can foresee. In a command `%`, line feed and carriage return are written as `%25`, `%0A`, `%0D`.

use zeroize::Zeroizing;

use super::{Reason, Statement, Text, Unquotable, check, twice, utf8};

/// The text to append to the file: `NAME<<delimiter`, the value, the delimiter, for each variable.
///
/// # Errors
///
/// [`Unquotable`] for a value that is no UTF-8 or holds the delimiter, and for what is to be unset.
pub fn variables(statements: &[Statement<'_>], delimiter: &str) -> Result<Zeroizing<Vec<u8>>, Unquotable> {
    check(statements)?;
    twice(|text| {
        for statement in statements {
            let Statement::Set { name, value } = statement else {
                return Err(Unquotable::new(statement.name(), Reason::Unset));
            };
            let value = utf8(name, value)?;
            // The runner ends lines at a carriage return as well, and would give back a line feed.
            if value.contains('\r') {
                return Err(Unquotable::new(name, Reason::ControlCharacter));
            }
            if value.contains(delimiter) {
                return Err(Unquotable::new(name, Reason::NoCommonForm));
            }
            for piece in [name.as_bytes(), b"<<", delimiter.as_bytes(), b"\n"] {
                text.push(piece);
            }
            for piece in [value.as_bytes(), b"\n", delimiter.as_bytes(), b"\n"] {
                text.push(piece);
            }
        }
        Ok(())
    })
}

/// The commands that make the runner write `***` for a secret, for standard output: one for the whole, and one for each
/// line of it, since the log is written by lines.
pub fn masks(secrets: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let written = twice(|text| {
        for secret in secrets {
            mask(secret, text);
            let lines = secret.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line != secret);
            for line in lines {
                mask(line, text);
            }
        }
        Ok(())
    });
    // Nothing in there can be refused.
    written.unwrap_or_default()
}

fn mask(secret: &[u8], text: &mut dyn Text) {
    text.push(b"::add-mask::");
    for byte in secret {
        match byte {
            b'%' => text.push(b"%25"),
            b'\n' => text.push(b"%0A"),
            b'\r' => text.push(b"%0D"),
            byte => text.push(&[*byte]),
        }
    }
    text.push(b"\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_between_its_delimiters() {
        let statements =
            [Statement::Set { name: "A", value: b"one\ntwo" }, Statement::Set { name: "B", value: b"" }];
        let text = variables(&statements, "END").unwrap();
        assert_eq!(text.as_slice(), b"A<<END\none\ntwo\nEND\nB<<END\n\nEND\n");
        let refusal = variables(&statements[..1], "two").unwrap_err();
        assert_eq!(refusal, Unquotable::new("A", Reason::NoCommonForm));
    }

    #[test]
    fn a_secret_is_hidden_as_a_whole_and_line_by_line() {
        let text = masks(&[b"50%\nmore", b"one"]);
        let expected = "::add-mask::50%25%0Amore\n::add-mask::50%25\n::add-mask::more\n::add-mask::one\n";
        assert_eq!(std::str::from_utf8(&text).unwrap(), expected);
    }
}
