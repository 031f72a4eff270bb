//! The Windows command interpreter, for a batch file: `certman env --shell cmd > env.cmd`, then `call env.cmd`.
//!
//! Owns the quoting of `set "NAME=value"` in a batch file; at the prompt and in `for /f` percent signs count
//! differently. Between the quotes only `%` keeps a meaning, and `!` and `^` where the caller has switched
//! delayed expansion on. A value with `!` therefore comes in two spellings, and cmd picks the one: `"!!"` is `""` only
//! with delayed expansion. Lines end in CRLF. The file is UTF-8; a value beyond ASCII needs that code page, which then
//! stays switched on.

use super::{Length, Reason, Statement, Text, Unquotable, utf8};

/// Writes one line a statement: `@set "NAME=value"`.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    let beyond_ascii =
        |statement: &Statement<'_>| matches!(statement, Statement::Set { value, .. } if !value.is_ascii());
    if statements.iter().any(beyond_ascii) {
        text.push(b"@chcp 65001 >nul\r\n");
    }
    for statement in statements {
        match statement {
            Statement::Set { name, value } => {
                let value = utf8(name, value)?;
                if value.contains('"') {
                    return Err(Unquotable::new(name, Reason::DoubleQuote));
                }
                if value.contains(char::is_control) {
                    return Err(Unquotable::new(name, Reason::ControlCharacter));
                }
                let mut line = Length(0);
                set(name, value, &mut line);
                if line.0 > LINE_LIMIT {
                    return Err(Unquotable::new(name, Reason::LineTooLong));
                }
                set(name, value, text);
            }
            Statement::Unset { name } => set(name, "", text),
        }
        text.push(b"\r\n");
    }
    Ok(())
}

fn set(name: &str, value: &str, text: &mut dyn Text) {
    if value.contains('!') {
        text.push(b"@if \"!!\"==\"\" (set \"");
        assign(name, value, true, text);
        text.push(b"\") else set \"");
    } else {
        text.push(b"@set \"");
    }
    assign(name, value, false, text);
    text.push(b"\"");
}

fn assign(name: &str, value: &str, delayed: bool, text: &mut dyn Text) {
    text.push(name.as_bytes());
    text.push(b"=");
    for byte in value.bytes() {
        match byte {
            b'%' => text.push(b"%%"),
            b'!' | b'^' if delayed => text.push(&[b'^', byte]),
            byte => text.push(&[byte]),
        }
    }
}

/// What standard output holds on failure: the batch file ends with status 1.
pub(super) const FAILURE: &str = "@exit /b 1\r\n";

/// Characters in a line that cmd reads, without its end; bytes are never fewer.
const LINE_LIMIT: usize = 8191;

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn every_line_is_one_statement() {
        for (value, text) in [
            ("C:\\certs\\my extra.pem", "@set \"X=C:\\certs\\my extra.pem\"\r\n"),
            ("100% & | < > ( ) ^", "@set \"X=100%% & | < > ( ) ^\"\r\n"),
            ("a!^b%", "@if \"!!\"==\"\" (set \"X=a^!^^b%%\") else set \"X=a!^b%%\"\r\n"),
            ("Jürgen", "@chcp 65001 >nul\r\n@set \"X=Jürgen\"\r\n"),
        ] {
            let written =
                script(Shell::Cmd, &[Statement::Set { name: "X", value: value.as_bytes() }]).unwrap();
            assert_eq!(std::str::from_utf8(&written).unwrap(), text);
        }
        assert_eq!(
            script(Shell::Cmd, &[Statement::Unset { name: "X" }]).unwrap().as_slice(),
            b"@set \"X=\"\r\n"
        );
    }

    #[test]
    fn what_cmd_cannot_say_is_refused() {
        let longest = "a".repeat(LINE_LIMIT - "@set \"X=\"".len());
        assert!(script(Shell::Cmd, &[Statement::Set { name: "X", value: longest.as_bytes() }]).is_ok());
        for (value, reason) in [
            ("a\nb", Reason::ControlCharacter),
            ("a\rb", Reason::ControlCharacter),
            ("a\tb", Reason::ControlCharacter),
            ("a\u{1a}b", Reason::ControlCharacter),
            ("a\"b", Reason::DoubleQuote),
            (&format!("{longest}a"), Reason::LineTooLong),
        ] {
            let refusal = script(Shell::Cmd, &[Statement::Set { name: "X", value: value.as_bytes() }]);
            assert_eq!(refusal.unwrap_err(), Unquotable::new("X", reason));
        }
    }
}
