//! A property list with the `EnvironmentVariables` of launchd.plist(5), to be merged into the one of an agent:
//! `/usr/libexec/PlistBuddy -c 'Merge certman.plist' agent.plist`.
//!
//! Owns the XML. What XML 1.0 cannot hold is refused: most control characters, U+FFFE, U+FFFF (section 2.2). A carriage return
//! is written as a reference, since readers turn a bare one into a line feed (section 2.11).

use super::{Reason, Statement, Text, Unquotable, utf8};

/// Writes one document.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    text.push(HEAD);
    for statement in statements {
        let Statement::Set { name, value } = statement else {
            return Err(Unquotable::new(statement.name(), Reason::Unset));
        };
        text.push(b"\t\t<key>");
        text.push(name.as_bytes());
        text.push(b"</key>\n\t\t<string>");
        for c in utf8(name, value)?.chars() {
            match c {
                '&' => text.push(b"&amp;"),
                '<' => text.push(b"&lt;"),
                '>' => text.push(b"&gt;"),
                '\r' => text.push(b"&#13;"),
                '\t' | '\n' => text.push(c.encode_utf8(&mut [0; 4]).as_bytes()),
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {
                    return Err(Unquotable::new(name, Reason::ControlCharacter));
                }
                c => text.push(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        text.push(b"</string>\n");
    }
    text.push(TAIL);
    Ok(())
}

const HEAD: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>EnvironmentVariables</key>
	<dict>
"#;
const TAIL: &[u8] = b"\t</dict>\n</dict>\n</plist>\n";

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn markup_and_carriage_returns_are_written_as_references() {
        let text = script(Shell::Launchd, &[Statement::Set { name: "X", value: b"a&b<c>\r\n" }]).unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(text.contains("\t\t<key>X</key>\n\t\t<string>a&amp;b&lt;c&gt;&#13;\n</string>\n"), "{text}");
    }

    #[test]
    fn what_xml_cannot_hold_is_refused() {
        for (value, reason) in [
            (b"a\x1b".as_slice(), Reason::ControlCharacter),
            ("\u{ffff}".as_bytes(), Reason::ControlCharacter),
            (b"\xff", Reason::NotUtf8),
        ] {
            let refusal = script(Shell::Launchd, &[Statement::Set { name: "X", value }]).unwrap_err();
            assert_eq!(refusal, Unquotable::new("X", reason));
        }
    }
}
