//! systemd's `EnvironmentFile=`: `certman env --format systemd > certman.env`.
//!
//! Owns the quoting of systemd.exec(5). In double quotes a backslash stands before `"`, `\`, `` ` `` and `$`, and nothing else
//! changes; nothing is expanded. systemd passes over a value that is no UTF-8 or has a control character other than tab
//! and line feed, so these are refused here, where somebody reads the message (seen on systemd 252).

use super::{Reason, Statement, Text, Unquotable, utf8};

/// Writes one `NAME="value"` a variable.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        let Statement::Set { name, value } = statement else {
            return Err(Unquotable::new(statement.name(), Reason::Unset));
        };
        let value = utf8(name, value)?;
        if value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n')) {
            return Err(Unquotable::new(name, Reason::ControlCharacter));
        }
        text.push(name.as_bytes());
        text.push(b"=\"");
        for byte in value.bytes() {
            if matches!(byte, b'"' | b'$' | b'\\' | b'`') {
                text.push(b"\\");
            }
            text.push(&[byte]);
        }
        text.push(b"\"\n");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn four_characters_get_a_backslash() {
        let value = "it's \"a\" $HOME \\ `b`\n# ü".as_bytes();
        let text = script(Shell::Systemd, &[Statement::Set { name: "X", value }]).unwrap();
        let expected = "X=\"it's \\\"a\\\" \\$HOME \\\\ \\`b\\`\n# ü\"\n";
        assert_eq!(std::str::from_utf8(&text).unwrap(), expected);
    }

    #[test]
    fn what_systemd_would_pass_over_is_refused() {
        for (value, reason) in [
            (b"a\rb".as_slice(), Reason::ControlCharacter),
            (b"a\x1bb", Reason::ControlCharacter),
            ("a\u{85}b".as_bytes(), Reason::ControlCharacter),
            (b"a\xff", Reason::NotUtf8),
        ] {
            let refusal = script(Shell::Systemd, &[Statement::Set { name: "X", value }]).unwrap_err();
            assert_eq!(refusal, Unquotable::new("X", reason));
        }
        let refusal = script(Shell::Systemd, &[Statement::Unset { name: "X" }]).unwrap_err();
        assert_eq!(refusal, Unquotable::new("X", Reason::Unset));
    }
}
