//! The `containerEnv` of a `devcontainer.json`, as a JSON object of its own.
//!
//! Owns what that file adds to JSON: in a value, `${localEnv:NAME}` and its like are replaced by something else, and there
//! is no way to write a `${` that is not.

use super::{Reason, Statement, Text, Unquotable, json};

/// Writes `{"containerEnv":{…}}` on one line; `null` would not unset, so nothing is unset.
pub(super) fn write(statements: &[Statement<'_>], text: &mut dyn Text) -> Result<(), Unquotable> {
    for statement in statements {
        match statement {
            Statement::Set { name, value } if memchr::memmem::find(value, b"${").is_some() => {
                return Err(Unquotable::new(name, Reason::Interpolated));
            }
            Statement::Set { .. } => {}
            Statement::Unset { name } => return Err(Unquotable::new(name, Reason::Unset)),
        }
    }
    text.push(b"{\"containerEnv\":");
    json::object(statements, text)?;
    text.push(b"}\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Shell, script};
    use super::*;

    #[test]
    fn the_object_stands_under_its_key() {
        let statements =
            [Statement::Set { name: "A", value: b"a\"$b" }, Statement::Set { name: "B", value: b"" }];
        let text = script(Shell::Devcontainer, &statements).unwrap();
        assert_eq!(text.as_slice(), b"{\"containerEnv\":{\"A\":\"a\\\"$b\",\"B\":\"\"}}\n");
    }

    #[test]
    fn what_would_be_replaced_is_refused() {
        let refusal =
            script(Shell::Devcontainer, &[Statement::Set { name: "A", value: b"${localEnv:HOME}" }]);
        assert_eq!(refusal.unwrap_err(), Unquotable::new("A", Reason::Interpolated));
        let refusal = script(Shell::Devcontainer, &[Statement::Unset { name: "A" }]).unwrap_err();
        assert_eq!(refusal, Unquotable::new("A", Reason::Unset));
    }
}
