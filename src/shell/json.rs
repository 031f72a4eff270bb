//! JSON: one object from names to values, `null` for a variable that goes.
//!
//! Owns the flat object; a caller that adds a schema version or a status puts it around this text.

use super::{Statement, Text, Unquotable, utf8};

/// Writes one object on one line (RFC 8259), UTF-8.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    object(statements, text)?;
    text.push(b"\n");
    Ok(())
}

/// Writes the object alone.
pub(super) fn object(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    text.push(b"{");
    for (index, statement) in statements.iter().enumerate() {
        if index > 0 {
            text.push(b",");
        }
        text.push(b"\"");
        text.push(statement.name().as_bytes());
        text.push(b"\":");
        match statement {
            Statement::Set { name, value } => string(utf8(name, value)?, text),
            Statement::Unset { .. } => text.push(b"null"),
        }
    }
    text.push(b"}");
    Ok(())
}

fn string(value: &str, text: &mut dyn Text) {
    text.push(b"\"");
    for byte in value.bytes() {
        match byte {
            b'"' => text.push(b"\\\""),
            b'\\' => text.push(b"\\\\"),
            byte if byte.is_ascii_control() => {
                text.push(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), HEX[usize::from(byte & 15)]]);
            }
            byte => text.push(&[byte]),
        }
    }
    text.push(b"\"");
}

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::super::{Reason, Shell, script};
    use super::*;

    #[test]
    fn another_reader_finds_every_value() {
        let every: String = (1..=0x2FF).chain(0x2000..0x2070).filter_map(char::from_u32).collect();
        let statements = [
            Statement::Set { name: "A", value: every.as_bytes() },
            Statement::Unset { name: "B" },
            Statement::Set { name: "C", value: b"" },
        ];
        let text = script(Shell::Json, &statements).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(read, serde_json::json!({ "A": every, "B": null, "C": "" }));
        assert_eq!(script(Shell::Json, &[]).unwrap().as_slice(), b"{}\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let refusal = script(Shell::Json, &[Statement::Set { name: "A", value: b"a\xff" }]).unwrap_err();
        assert_eq!(refusal, Unquotable::new("A", Reason::NotUtf8));
    }
}
