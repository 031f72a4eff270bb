//! csh and tcsh, for ``eval "`certman env --shell csh`"``.
//!
//! Owns csh's quoting. In single quotes only `!` keeps a meaning, and with tcsh's `backslash_quote` the backslash too; both
//! are therefore written outside of the quotes, behind a backslash, as a single quote is. Backquotes in double quotes
//! hand every line over as a word of its own and `eval` joins them with blanks: so each statement ends in `;`, and a line
//! break cannot be said. Bytes that are no UTF-8 come through (seen on tcsh 6.24 and on Debian's csh 20110502).

use super::{Reason, Statement, Text, Unquotable};

/// Writes one statement a line: `setenv NAME 'value';`.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        match statement {
            Statement::Set { name, value } => {
                if value.contains(&b'\n') {
                    return Err(Unquotable::new(name, Reason::LineBreak));
                }
                if value.len() > LONGEST_WORD {
                    return Err(Unquotable::new(name, Reason::WordTooLong));
                }
                text.push(b"setenv ");
                text.push(name.as_bytes());
                text.push(b" ");
                quote(value, text);
            }
            Statement::Unset { name } => {
                text.push(b"unsetenv ");
                text.push(name.as_bytes());
            }
        }
        text.push(b";\n");
    }
    Ok(())
}

fn quote(value: &[u8], text: &mut dyn Text) {
    text.push(b"'");
    for byte in value {
        match byte {
            b'!' | b'\'' | b'\\' => text.push(&[b'\'', b'\\', *byte, b'\'']),
            byte => text.push(&[*byte]),
        }
    }
    text.push(b"'");
}

/// What standard output holds on failure: the status of `eval` is then 1.
pub(super) const FAILURE: &str = "false;\n";

/// Debian's csh reads no word of 1,024 bytes or more; tcsh does.
const LONGEST_WORD: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn quotes_end_before_what_they_do_not_cover() {
        let statements =
            [Statement::Set { name: "X", value: b"it's a!\\ $HOME `*`" }, Statement::Unset { name: "Y" }];
        let text = script(Shell::Csh, &statements).unwrap();
        let expected = "setenv X 'it'\\''s a'\\!''\\\\' $HOME `*`';\nunsetenv Y;\n";
        assert_eq!(text.as_slice(), expected.as_bytes());
    }

    #[test]
    fn what_csh_cannot_say_is_refused() {
        for (value, reason) in
            [(b"a\nb".to_vec(), Reason::LineBreak), (vec![b'a'; LONGEST_WORD + 1], Reason::WordTooLong)]
        {
            let refusal = script(Shell::Csh, &[Statement::Set { name: "X", value: &value }]).unwrap_err();
            assert_eq!(refusal, Unquotable::new("X", reason));
        }
    }
}
