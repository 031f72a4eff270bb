//! dotenv files, in the part of the notation that python-dotenv and `node --env-file` read alike.
//!
//! Owns the choice between three forms. Bare, where that is surely all right; then `docker --env-file` and
//! systemd's `EnvironmentFile=` read it too. In single quotes: Node takes everything as it stands, python-dotenv decodes `\\`
//! and `\'`. In double quotes: Node decodes `\n`, python-dotenv more. A value that fits none of them is
//! refused. Seen on python-dotenv 1.2, Node 20 and 24.

use super::{Reason, Statement, Text, Unquotable, utf8};

/// Writes one `NAME=value` a variable.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        let Statement::Set { name, value } = statement else {
            return Err(Unquotable::new(statement.name(), Reason::Unset));
        };
        let quote = quote_for(utf8(name, value)?).map_err(|reason| Unquotable::new(name, reason))?;
        for piece in [name.as_bytes(), b"=", quote, value, quote, b"\n"] {
            text.push(piece);
        }
    }
    Ok(())
}

fn quote_for(value: &str) -> Result<&'static [u8], Reason> {
    if value.contains("${") {
        return Err(Reason::Interpolated);
    }
    if value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c)) {
        return Ok(b"");
    }
    // Python reads the file with universal newlines: a carriage return becomes a newline, in quotes too.
    if value.contains('\r') {
        return Err(Reason::NoCommonForm);
    }
    if !value.contains(['\'', '\\']) {
        return Ok(b"'");
    }
    if !value.contains(['"', '\\']) {
        return Ok(b"\"");
    }
    let edge_is_cut = |c: Option<char>| c.is_none_or(|c| c.is_whitespace());
    let starts_quoted = value.starts_with(['\'', '"', '`']);
    let ends_early = value.contains('#') || value.contains(char::is_control);
    if starts_quoted || ends_early || edge_is_cut(value.chars().next()) || edge_is_cut(value.chars().last()) {
        return Err(Reason::NoCommonForm);
    }
    Ok(b"")
}

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn the_plainest_form_that_both_read_is_taken() {
        for (value, text) in [
            ("/home/a/extra.pem", "X=/home/a/extra.pem\n"),
            ("", "X=\n"),
            ("my certs # \"$HOME\"", "X='my certs # \"$HOME\"'\n"),
            ("a\nb", "X='a\nb'\n"),
            ("it's", "X=\"it's\"\n"),
            ("C:\\Users\\new", "X=C:\\Users\\new\n"),
            ("a'b\"c", "X=a'b\"c\n"),
        ] {
            let written =
                script(Shell::Dotenv, &[Statement::Set { name: "X", value: value.as_bytes() }]).unwrap();
            assert_eq!(std::str::from_utf8(&written).unwrap(), text);
        }
    }

    #[test]
    fn what_has_no_common_form_is_refused() {
        for (value, reason) in [
            ("a${b}", Reason::Interpolated),
            ("'\"", Reason::NoCommonForm),
            ("a\\b#c", Reason::NoCommonForm),
            (" a\\b", Reason::NoCommonForm),
            ("a\\b\u{a0}", Reason::NoCommonForm),
            ("a\rb", Reason::NoCommonForm),
            ("a\\\nb", Reason::NoCommonForm),
        ] {
            let refusal = script(Shell::Dotenv, &[Statement::Set { name: "X", value: value.as_bytes() }]);
            assert_eq!(refusal.unwrap_err(), Unquotable::new("X", reason), "{value:?}");
        }
        let refusal = script(Shell::Dotenv, &[Statement::Unset { name: "X" }]).unwrap_err();
        assert_eq!(refusal, Unquotable::new("X", Reason::Unset));
    }
}
