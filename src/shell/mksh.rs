//! mksh, and lksh, its older brother: a dialect of the sh family that starts no process.
//!
//! Owns the form for values with special characters. mksh has no `printf` of its own, so the form that the whole
//! family reads would hand parts of a passphrase to another program as arguments, for everybody to see in the
//! process list. mksh reads `$'\052'` instead. What has to be special, and why, stands in `sh.rs`; here as
//! well both `eval "$(certman env)"` and an unquoted `eval $(certman env)` set every value.
//!
//! dash and yash take `$'\052'` for a dollar sign and four characters. So that a text that ends up there by mistake
//! fails, and sets no wrong value without a word, every statement asks first: `test $'\141' = a && …`.
//!
//! Octal numbers have three digits always: a digit behind a shorter one would count as its part.
//! Promised for any bytes but NUL and under the same `IFS` as in `sh.rs`. Seen on mksh R59, with `-o posix` and
//! `-U` too.

use super::sh::{END, is_special, octal, quote, starts_badly, unset};
use super::{Statement, Text, Unquotable};

/// Writes one statement a line: `export NAME='value';` where that will do.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    let is_plain = |statement: &Statement<'_>| match statement {
        Statement::Set { value, .. } => !value.iter().copied().any(is_special),
        Statement::Unset { .. } => true,
    };
    let readable_by_all = statements.iter().all(is_plain);
    for statement in statements {
        // All of them or none: the last one tells `eval` whether it has failed.
        if !readable_by_all {
            text.push(GUARD);
        }
        match statement {
            Statement::Set { name, value } => {
                text.push(b"export ");
                text.push(name.as_bytes());
                text.push(b"=");
                if is_plain(statement) {
                    quote(value, text);
                } else {
                    escape(value, text);
                }
                text.push(END);
            }
            Statement::Unset { name } => unset(name, text),
        }
    }
    Ok(())
}

/// A word in `$'…'`, in which a backslash and a single quote alone have a meaning.
fn escape(value: &[u8], text: &mut dyn Text) {
    text.push(b"$'");
    let mut previous = 0;
    for byte in value {
        if is_special(*byte) || starts_badly(*byte, previous) {
            text.push(&octal(*byte));
        } else {
            text.push(&[*byte]);
        }
        previous = *byte;
    }
    text.push(b"'");
}

const GUARD: &[u8] = br"test $'\141' = a && ";

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    fn exported(value: &[u8]) -> String {
        let text = script(Shell::Mksh, &[Statement::Set { name: "X", value }]).unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    }

    #[test]
    fn ordinary_values_are_written_as_for_every_shell_of_the_family() {
        for value in ["/home/a/extra.pem", "", "=a  b ", " =ls", "$HOME \"`!&;%", "C: ü"] {
            let statements = [Statement::Set { name: "X", value: value.as_bytes() }];
            assert_eq!(
                exported(value.as_bytes()).as_bytes(),
                script(Shell::Sh, &statements).unwrap().as_slice()
            );
        }
    }

    #[test]
    fn special_characters_become_three_octal_digits_each() {
        for (value, text) in [
            ("it's", r"$'it\047s'"),
            ("*1  %$\t\\", r"$'\0521 \040%$\011\134'"),
            ("a\n\nüb =\n", r"$'a\012\012üb \075\012'"),
            ("\u{1}\u{7f}~", r"$'\001\177\176'"),
        ] {
            let expected = format!("test $'\\141' = a && export X={text};\n");
            assert_eq!(exported(value.as_bytes()), expected);
        }
    }

    #[test]
    fn every_statement_is_guarded_where_one_needs_it() {
        let statements = [
            Statement::Set { name: "A", value: b"*" },
            Statement::Set { name: "B", value: b"b" },
            Statement::Unset { name: "C" },
        ];
        let text = script(Shell::Mksh, &statements).unwrap();
        let expected = concat!(
            "test $'\\141' = a && export A=$'\\052';\n",
            "test $'\\141' = a && export B='b';\n",
            "test $'\\141' = a && unset C;\n"
        );
        assert_eq!(text.as_slice(), expected.as_bytes());
        assert_eq!(script(Shell::Mksh, &statements[1..]).unwrap().as_slice(), b"export B='b';\nunset C;\n");
    }

    #[test]
    fn the_text_holds_nothing_that_splitting_or_patterns_could_change_and_starts_no_process() {
        let every: Vec<u8> = (1..=255).flat_map(|byte| [byte, b' ', byte, byte]).collect();
        let statements = [Statement::Set { name: "X", value: &every }, Statement::Unset { name: "Y" }];
        let text = script(Shell::Mksh, &statements).unwrap();
        assert!(!text.windows(6).any(|word| word == b"printf"));
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            assert!(line.ends_with(b";\n"));
            assert!(!line.windows(2).any(|pair| pair == b"  "));
            assert!(!line[..line.len() - 1].iter().any(u8::is_ascii_control));
            assert!(!line.iter().any(|byte| b"*?[({<|^#~".contains(byte)));
        }
    }
}
