//! PowerShell, for `Invoke-Expression (& certman env --shell pwsh | Out-String)`.
//!
//! Owns PowerShell's quoting. The text is ASCII: Windows PowerShell decodes a program's output by the console's code
//! page, not as UTF-8, and `Out-String` makes CRLF of every line break. So control characters and
//! everything beyond ASCII are written as UTF-16 units, `[char]0x00FC`. That takes care of the
//! typographic quotes as well (U+2018 to U+201B), which PowerShell takes for single quotes.
//!
//! An empty value unsets the variable up to PowerShell 7.4: Windows knows no difference.

use super::{Statement, Text, Unquotable, utf8};

/// Writes one statement a line: `$env:NAME = 'value';`.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        text.push(b"$env:");
        text.push(statement.name().as_bytes());
        text.push(b" = ");
        match statement {
            Statement::Set { name, value } => expression(utf8(name, value)?, text),
            // Unlike Remove-Item this does not mind when there is no such variable.
            Statement::Unset { .. } => text.push(b"$null"),
        }
        text.push(b";\n");
    }
    Ok(())
}

/// A string, or strings and characters joined: `-join('a',[char]0x00FC)`, flat however long it is.
fn expression(value: &str, text: &mut dyn Text) {
    if !value.chars().any(needs_code) {
        return quote(value, text);
    }
    text.push(b"-join(");
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        if rest.len() < value.len() {
            text.push(b",");
        }
        let length = if needs_code(first) {
            code(first, text);
            first.len_utf8()
        } else {
            let length = rest.find(needs_code).unwrap_or(rest.len());
            quote(&rest[..length], text);
            length
        };
        rest = &rest[length..];
    }
    text.push(b")");
}

fn quote(plain: &str, text: &mut dyn Text) {
    text.push(b"'");
    for byte in plain.bytes() {
        if byte == b'\'' {
            text.push(b"'");
        }
        text.push(&[byte]);
    }
    text.push(b"'");
}

fn code(character: char, text: &mut dyn Text) {
    for (index, unit) in character.encode_utf16(&mut [0; 2]).iter().enumerate() {
        if index > 0 {
            text.push(b",");
        }
        text.push(b"[char]0x");
        for shift in [12, 8, 4, 0] {
            text.push(&[HEX[usize::from(unit >> shift & 15)]]);
        }
    }
}

fn needs_code(character: char) -> bool {
    !matches!(character, ' '..='~')
}

/// What standard output holds on failure: `Invoke-Expression` then throws.
pub(super) const FAILURE: &str = "throw 'certman env failed';\n";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

#[cfg(test)]
mod tests {
    use super::super::{Reason, Shell, script};
    use super::*;

    #[test]
    fn quotes_are_doubled_and_the_rest_is_ascii() {
        for (value, text) in [
            ("C:\\certs\\my extra.pem", "$env:X = 'C:\\certs\\my extra.pem';\n"),
            ("it's $HOME `n \"\"", "$env:X = 'it''s $HOME `n \"\"';\n"),
            ("", "$env:X = '';\n"),
            ("C:\\Jürgen", "$env:X = -join('C:\\J',[char]0x00FC,'rgen');\n"),
            ("‘’‚‛'", "$env:X = -join([char]0x2018,[char]0x2019,[char]0x201A,[char]0x201B,'''');\n"),
            ("a\n😀", "$env:X = -join('a',[char]0x000A,[char]0xD83D,[char]0xDE00);\n"),
        ] {
            let written =
                script(Shell::Pwsh, &[Statement::Set { name: "X", value: value.as_bytes() }]).unwrap();
            assert_eq!(std::str::from_utf8(&written).unwrap(), text);
        }
    }

    #[test]
    fn an_unset_variable_becomes_null() {
        let text = script(Shell::Pwsh, &[Statement::Unset { name: "X" }]).unwrap();
        assert_eq!(text.as_slice(), b"$env:X = $null;\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let refusal = script(Shell::Pwsh, &[Statement::Set { name: "X", value: b"\xc3" }]).unwrap_err();
        assert_eq!(refusal, Unquotable::new("X", Reason::NotUtf8));
    }
}
