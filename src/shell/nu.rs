//! Nushell: NUON, Nushell's own data notation, since Nushell runs no text as code.
//!
//! Owns two forms: a record for `certman env --shell nu | from nuon | load-env`, and, where everything is
//! unset, a list for `hide-env --ignore-errors ...(certman env --shell nu --unset | from nuon)`.

use super::{Reason, Statement, Text, Unquotable, utf8};

/// Writes a record, or a list of names when there is nothing but names to unset.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    let unset = statements.iter().find(|statement| matches!(statement, Statement::Unset { .. }));
    let lists_names = unset.is_some();
    text.push(if lists_names { b"[\n" } else { b"{\n" });
    for statement in statements {
        text.push(b"  ");
        text.push(statement.name().as_bytes());
        match statement {
            Statement::Set { name, .. } if lists_names => return Err(Unquotable::new(name, Reason::Mixed)),
            Statement::Set { name, value } => {
                text.push(b": ");
                string(utf8(name, value)?, text);
            }
            Statement::Unset { .. } => {}
        }
        text.push(b",\n");
    }
    text.push(if lists_names { b"]\n" } else { b"}\n" });
    Ok(())
}

fn string(value: &str, text: &mut dyn Text) {
    text.push(b"\"");
    for byte in value.bytes() {
        match byte {
            b'"' => text.push(b"\\\""),
            b'\\' => text.push(b"\\\\"),
            byte if byte.is_ascii_control() => {
                text.push(&[b'\\', b'u', b'{', b'0' + (byte >> 4), HEX[usize::from(byte & 15)], b'}']);
            }
            byte => text.push(&[byte]),
        }
    }
    text.push(b"\"");
}

/// What standard output holds on failure: no NUON, so `from nuon` fails and nothing is loaded.
pub(super) const FAILURE: &str = "{\n";

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn a_record_sets_and_a_list_unsets() {
        let set = script(Shell::Nu, &[Statement::Set { name: "A", value: b"\"\\\n" }]).unwrap();
        assert_eq!(set.as_slice(), b"{\n  A: \"\\\"\\\\\\u{0a}\",\n}\n");
        let unset = [Statement::Unset { name: "A" }, Statement::Unset { name: "B" }];
        assert_eq!(script(Shell::Nu, &unset).unwrap().as_slice(), b"[\n  A,\n  B,\n]\n");
    }

    #[test]
    fn what_nu_cannot_take_is_refused() {
        let set = Statement::Set { name: "A", value: b"x" };
        let unset = Statement::Unset { name: "B" };
        for mixed in [[set, unset], [unset, set]] {
            assert_eq!(script(Shell::Nu, &mixed).unwrap_err(), Unquotable::new("A", Reason::Mixed));
        }
        let refusal = script(Shell::Nu, &[Statement::Set { name: "A", value: b"\xff" }]).unwrap_err();
        assert_eq!(refusal, Unquotable::new("A", Reason::NotUtf8));
    }
}
