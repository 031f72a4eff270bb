//! fish, for `certman env | source` and for `eval (certman env)`.
//!
//! Owns fish's quoting. In single quotes only `\'` and `\\` mean something else. `eval (…)` splits the text at
//! newlines and joins it with blanks, so no newline of a value may stand there as such: control
//! characters are written as escapes outside the quotes. Any bytes are possible; fish keeps those that are
//! no UTF-8 (seen on fish 3.6).

use super::{Statement, Text, Unquotable};

/// Writes one statement a line: `set -gx NAME 'value';`.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        match statement {
            Statement::Set { name, value } => {
                text.push(b"set -gx ");
                text.push(name.as_bytes());
                text.push(b" ");
                quote(value, text);
                text.push(b";\n");
            }
            Statement::Unset { name } => {
                text.push(b"set -eg ");
                text.push(name.as_bytes());
                // Its status is 4 when there was no such variable, which is what was wanted.
                text.push(b"; or true;\n");
            }
        }
    }
    Ok(())
}

fn quote(value: &[u8], text: &mut dyn Text) {
    text.push(b"'");
    for byte in value {
        match byte {
            b'\'' => text.push(b"\\'"),
            b'\\' => text.push(b"\\\\"),
            byte if byte.is_ascii_control() => {
                text.push(&[b'\'', b'\\', b'x', b'0' + (byte >> 4), HEX[usize::from(byte & 15)], b'\'']);
            }
            byte => text.push(&[*byte]),
        }
    }
    text.push(b"'");
}

/// What standard output holds on failure: the status of `source` and of `eval` is then 1.
pub(super) const FAILURE: &str = "false;\n";

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn single_quotes_and_escapes_outside_them() {
        let value = b"it's $HOME \\ \n*";
        let statements = [Statement::Set { name: "X", value }, Statement::Unset { name: "Y" }];
        let text = script(Shell::Fish, &statements).unwrap();
        let expected = "set -gx X 'it\\'s $HOME \\\\ '\\x0a'*';\nset -eg Y; or true;\n";
        assert_eq!(text.as_slice(), expected.as_bytes());
    }
}
