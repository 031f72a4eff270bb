//! POSIX syntax: dash, bash, zsh, ksh93, mksh, yash, busybox ash.
//!
//! Owns a form that survives both `eval "$(certman env)"` and an unquoted `eval $(certman env)`. The
//! unquoted form first splits the text at blanks, tabs and newlines, replaces each word that is a
//! pattern by the files that match it, and joins what is left with single blanks. So the text holds:
//!
//! - no two blanks in a row and no tab: `'a  b'` is written `'a '' b'`, the same word to the shell;
//! - no `=` behind a blank, `:` or `=`, which zsh may replace by a path: `'a =b'` is written `'a ''=b'`;
//! - newlines only between statements, where a blank does as well;
//! - no character that any of these shells, with any of their options, takes for part of a pattern, a
//!   brace or a tilde expansion, and no quote or backslash from a value: these are written in octal as the
//!   argument of a `printf` in backquotes. Not `$(…)`: zsh with `GLOB_SUBST` takes its parenthesis for a
//!   pattern. A value without such characters costs no process.
//!
//! Command substitution cuts off newlines at the end, so a part that ends in one gets a full stop behind
//! it, which is taken off again.
//!
//! Promised for every value when `IFS` is unset, empty, or holds nothing but blank, tab and newline; the quoted
//! form does not look at `IFS` at all. Two limits are the shells' own: yash keeps variables as characters,
//! so bytes that are none in its locale make the `eval` fail, and mksh has no `printf` of its own: it starts the
//! one in `PATH`, and the process list shows its arguments. That is why mksh has a dialect of its own in `mksh.rs`;
//! this form stays right there, for whoever asks for `sh`. In the others `printf` is a part of the shell, and
//! one in `PATH` is never started. `bash -x` shows the values, as it shows everything.

use super::{Statement, Text, Unquotable};

/// Writes one statement a line: `export NAME='value';` where that will do.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        match statement {
            Statement::Set { name, value } => set(name.as_bytes(), value, text),
            Statement::Unset { name } => unset(name, text),
        }
    }
    Ok(())
}

fn set(name: &[u8], value: &[u8], text: &mut dyn Text) {
    let simple = !value.iter().copied().any(is_special);
    if simple {
        text.push(b"export ");
        text.push(name);
        text.push(b"=");
        quote(value, text);
        text.push(END);
        return;
    }
    // An assignment hands on the status of its command substitution; `export` would hide a missing printf.
    text.push(name);
    text.push(b"=");
    let mut rest = value;
    while let Some(start) = rest.iter().copied().position(is_special) {
        let (plain, special) = rest.split_at(start);
        if !plain.is_empty() {
            quote(plain, text);
        }
        let (special, after) = special.split_at(special_length(special));
        print(special, text);
        if special.ends_with(b"\n") {
            text.push(b".'`\"");
            text.push(END);
            for piece in [name, b"=\"${", name, b"%.}\""] {
                text.push(piece);
            }
            if !after.is_empty() {
                text.push(END);
                for piece in [name, b"=\"$", name, b"\""] {
                    text.push(piece);
                }
            }
        } else {
            text.push(b"'`\"");
        }
        rest = after;
    }
    if !rest.is_empty() {
        quote(rest, text);
    }
    text.push(END);
    text.push(b"export ");
    text.push(name);
    text.push(END);
}

/// The statement that removes a variable, and that does not mind when there is none.
pub(super) fn unset(name: &str, text: &mut dyn Text) {
    text.push(b"unset ");
    text.push(name.as_bytes());
    text.push(END);
}

/// How much of `value`, which starts with a special byte, one `printf` takes: up to the last special byte
/// that is near enough. A newline takes the character behind it along, since it may not stand at the end.
fn special_length(value: &[u8]) -> usize {
    let near = &value[..value.len().min(PRINTF_LIMIT)];
    let last = near.iter().copied().rposition(is_special).unwrap_or(0);
    let end = last + 1;
    if value[last] != b'\n' || value.get(end).is_none_or(|next| *next == b'\n') {
        return end;
    }
    // A character of several bytes stays whole, for shells that read characters.
    let continuation = value[end + 1..].iter().take(3).take_while(|byte| matches!(byte, 0x80..=0xBF)).count();
    end + 1 + continuation
}

/// A word in single quotes that holds no special byte.
pub(super) fn quote(plain: &[u8], text: &mut dyn Text) {
    text.push(b"'");
    let mut previous = 0;
    for byte in plain {
        if starts_badly(*byte, previous) {
            text.push(b"''");
        }
        text.push(&[*byte]);
        previous = *byte;
    }
    text.push(b"'");
}

/// A command substitution in double quotes, left open before its last quotes.
fn print(special: &[u8], text: &mut dyn Text) {
    text.push(b"\"`printf '");
    let mut previous = 0;
    for byte in special {
        if starts_badly(*byte, previous) {
            text.push(b"''");
        }
        match byte {
            b'%' => text.push(b"%%"),
            // Harmless in single quotes, but these stand in backquotes in double quotes.
            b'"' | b'$' | b'`' => text.push(&octal(*byte)),
            byte if is_special(*byte) => text.push(&octal(*byte)),
            byte => text.push(&[*byte]),
        }
        previous = *byte;
    }
}

/// Whether a word of the unquoted text would be empty, or hold a `=` in one of the places where zsh takes it
/// for the path of a program (with `GLOB_SUBST`, and behind `=` and `:` with `MAGIC_EQUAL_SUBST`).
pub(super) fn starts_badly(byte: u8, previous: u8) -> bool {
    match byte {
        b' ' => previous == b' ',
        b'=' => matches!(previous, b' ' | b':' | b'='),
        _ => false,
    }
}

/// A byte as a backslash and three octal digits.
pub(super) fn octal(byte: u8) -> [u8; 4] {
    [b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]
}

/// Whether a byte in single quotes would not come through an unquoted `eval $(…)` in every shell.
pub(super) fn is_special(byte: u8) -> bool {
    byte.is_ascii_control() || SPECIAL.contains(&byte)
}

/// What standard output holds on failure: `eval` then ends with status 1, in both forms.
pub(super) const FAILURE: &str = "false;\n";

pub(super) const END: &[u8] = b";\n";

/// What opens a pattern (`*?[`; `+(…)` with `extglob` and in ksh; `<1-9>`, `|` and, with `EXTENDED_GLOB`, `^#~` in
/// zsh) or a brace expansion, and what ends or changes single quotes. What closes is harmless alone.
const SPECIAL: &[u8] = b"*?[({<|^#~\\'";

/// Bytes of a value in one `printf`: in octal half of what Linux allows one argument (128 KiB).
const PRINTF_LIMIT: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    fn exported(value: &[u8]) -> String {
        let text = script(Shell::Sh, &[Statement::Set { name: "X", value }]).unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    }

    #[test]
    fn ordinary_values_stay_readable_and_cost_no_process() {
        for (value, text) in [
            ("/home/a/extra.pem", "export X='/home/a/extra.pem';\n"),
            ("", "export X='';\n"),
            ("/home/a/my certs/extra.pem", "export X='/home/a/my certs/extra.pem';\n"),
            ("=a  b ", "export X='=a '' b ';\n"),
            (" =ls", "export X=' ''=ls';\n"),
            ("   ", "export X=' '' '' ';\n"),
            ("$HOME \"`!&;%", "export X='$HOME \"`!&;%';\n"),
            ("-n", "export X='-n';\n"),
        ] {
            assert_eq!(exported(value.as_bytes()), text);
        }
    }

    #[test]
    fn special_characters_go_through_printf() {
        for (value, text) in [
            ("it's", "X='it'\"`printf '\\047'`\"'s';\nexport X;\n"),
            ("*  %$*", "X=\"`printf '\\052 '' %%\\044\\052'`\";\nexport X;\n"),
            ("a\nüb", "X='a'\"`printf '\\012ü'`\"'b';\nexport X;\n"),
            ("a\n", "X='a'\"`printf '\\012.'`\";\nX=\"${X%.}\";\nexport X;\n"),
        ] {
            assert_eq!(exported(value.as_bytes()), text);
        }
    }

    #[test]
    fn newlines_that_fill_a_printf_are_taken_up_again() {
        let text = exported(&[b"\n".repeat(PRINTF_LIMIT + 1), b"a".to_vec()].concat());
        assert!(text.contains("\\012.'`\";\nX=\"${X%.}\";\nX=\"$X\"\"`printf '\\012a'`\";\nexport X;\n"));
    }

    #[test]
    fn the_text_holds_nothing_that_splitting_or_patterns_could_change() {
        let every: Vec<u8> = (1..=255).flat_map(|byte| [byte, b' ', byte, byte]).collect();
        let statements = [Statement::Set { name: "X", value: &every }, Statement::Unset { name: "Y" }];
        let text = script(Shell::Sh, &statements).unwrap();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            assert!(line.ends_with(b";\n"));
            assert!(!line.windows(2).any(|pair| pair == b"  "));
            assert!(!line[..line.len() - 1].iter().any(u8::is_ascii_control));
            assert!(!line.iter().any(|byte| b"*?[(<|^#~".contains(byte)));
        }
    }

    #[test]
    fn unset_is_one_statement() {
        let text = script(Shell::Sh, &[Statement::Unset { name: "X" }]).unwrap();
        assert_eq!(text.as_slice(), b"unset X;\n");
    }
}
