//! `docker run --env-file`: `certman env --format docker > certman.env`.
//!
//! Owns the choice of what can be said there at all: one `NAME=value` a line, and no quoting. Everything behind the `=` is the
//! value, blanks and quotes included. A line break ends it; docker reads lines of less than 64 KiB of UTF-8, and takes a
//! carriage return at their end away.

use super::{Reason, Statement, Text, Unquotable, utf8};

/// Writes one `NAME=value` a variable.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        let Statement::Set { name, value } = statement else {
            return Err(Unquotable::new(statement.name(), Reason::Unset));
        };
        let value = utf8(name, value)?;
        if value.contains(['\n', '\r']) {
            return Err(Unquotable::new(name, Reason::LineBreak));
        }
        if name.len() + 1 + value.len() > LONGEST_LINE {
            return Err(Unquotable::new(name, Reason::WordTooLong));
        }
        for piece in [name.as_bytes(), b"=", value.as_bytes(), b"\n"] {
            text.push(piece);
        }
    }
    Ok(())
}

const LONGEST_LINE: usize = 64 * 1024 - 2;

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn nothing_is_quoted() {
        let value = b" it's \"a\" $HOME # \\ ";
        let text = script(Shell::Docker, &[Statement::Set { name: "X", value }]).unwrap();
        assert_eq!(text.as_slice(), b"X= it's \"a\" $HOME # \\ \n");
    }

    #[test]
    fn what_a_line_cannot_hold_is_refused() {
        for (value, reason) in [
            (b"a\nb".to_vec(), Reason::LineBreak),
            (b"a\r".to_vec(), Reason::LineBreak),
            (b"\xff".to_vec(), Reason::NotUtf8),
            (vec![b'a'; LONGEST_LINE], Reason::WordTooLong),
        ] {
            let refusal = script(Shell::Docker, &[Statement::Set { name: "X", value: &value }]).unwrap_err();
            assert_eq!(refusal, Unquotable::new("X", reason));
        }
    }
}
