//! The smallest edit of a `certman.toml`: values are set or added, and everything else stays byte for byte: comments, order,
//! quotes, blanks, line endings. Text in, text out; whatever cannot be kept so is refused.

use std::path::Path;

use toml_edit::{Array, Decor, DocumentMut, Item, RawString, Table, TableLike, Value};

use super::Document;

/// What is to stand in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// `client.cert`
    pub cert: Option<String>,
    /// `client.key`
    pub key: Option<String>,
    /// `client.passphrase`
    pub passphrase: Option<String>,
    /// The profile that it is for; none for the tables at the top.
    pub profile: Option<String>,
    /// One more of `bundle.sources`.
    pub source: Option<String>,
}

/// A file that was edited.
#[derive(Debug, PartialEq, Eq)]
pub struct Edited {
    /// The keys that had another value, with that value.
    pub replaced: Vec<(&'static str, String)>,
    /// The whole text; the same as before where it had everything.
    pub text: String,
}

/// Why a file is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It would come out different in places that nobody asked for: mixed line endings, for one.
    #[error("it is written in a way that would not survive the change")]
    NotKept,
    /// It is no configuration.
    #[error("it is not a configuration that certman reads")]
    Unreadable,
}

impl Wish {
    /// Whether nothing is wished for.
    pub fn is_empty(&self) -> bool {
        *self == Self { profile: self.profile.clone(), ..Self::default() }
    }

    /// The lines that a person would have to add to an empty file.
    pub fn lines(&self) -> String {
        let text = extend("", self).map(|edited| edited.text).unwrap_or_default();
        text.trim_start_matches('\n').to_owned()
    }
}

/// A path as it is written into a configuration: below the home folder with `~`, so that the file serves on another machine too.
/// None for a path that is not UTF-8, which TOML cannot hold.
pub fn path_text(path: &Path, home: Option<&Path>) -> Option<String> {
    let below = home.and_then(|home| path.strip_prefix(home).ok());
    match below.and_then(Path::to_str).filter(|below| !below.is_empty()) {
        Some(below) => Some(format!("~{}{below}", std::path::MAIN_SEPARATOR)),
        None => path.to_str().map(str::to_owned),
    }
}

/// Adds to the text of a configuration what is not yet in it.
///
/// # Errors
/// Where the text cannot be read, or would not survive.
pub fn extend(text: &str, wish: &Wish) -> Result<Edited, Refusal> {
    let (mark, body) = match text.strip_prefix(MARK) {
        Some(body) => (MARK, body),
        None => ("", text),
    };
    // The library writes LF and a final newline, whatever it has read.
    let has_crlf = body.contains("\r\n");
    let mut plain = body.replace("\r\n", "\n");
    let with_endings = |plain: &str| if has_crlf { plain.replace('\n', "\r\n") } else { plain.to_owned() };
    if with_endings(&plain) != body {
        return Err(Refusal::NotKept);
    }
    let is_unfinished = !plain.is_empty() && !plain.ends_with('\n');
    if is_unfinished {
        plain.push('\n');
    }
    let mut document: DocumentMut = plain.parse().map_err(|_| Refusal::Unreadable)?;
    if document.to_string() != plain {
        return Err(Refusal::NotKept);
    }

    let mut replaced = Vec::new();
    let mut has_changed = false;
    let profile: Vec<&str> = wish.profile.iter().flat_map(|profile| ["profile", profile.as_str()]).collect();
    let client_path = [&profile[..], &["client"]].concat();
    let is_inline = item(&document, &client_path).is_some_and(Item::is_inline_table);
    for (key, wanted) in [("cert", &wish.cert), ("key", &wish.key), ("passphrase", &wish.passphrase)] {
        let Some(wanted) = wanted else { continue };
        let client = table(&mut document, &client_path).ok_or(Refusal::Unreadable)?;
        match client.get(key).and_then(Item::as_str).map(str::to_owned) {
            Some(there) if there == *wanted => continue,
            Some(there) => replaced.push((name_of(key), there)),
            None => {}
        }
        set(client, is_inline, key, wanted);
        has_changed = true;
    }
    if let Some(source) = &wish.source {
        // A profile without sources of its own has those at the top, and one with some has those alone.
        let of_profile = [&profile[..], &["bundle"]].concat();
        let has_own = item(&document, &[&of_profile[..], &["sources"]].concat()).is_some();
        let bundle_path = if has_own { of_profile } else { vec!["bundle"] };
        let bundle = table(&mut document, &bundle_path).ok_or(Refusal::Unreadable)?;
        let sources = bundle.entry("sources").or_insert_with(|| Array::new().into());
        let sources = sources.as_array_mut().ok_or(Refusal::Unreadable)?;
        if !sources.iter().any(|there| there.as_str() == Some(source)) {
            push(sources, source);
            has_changed = true;
        }
    }
    if !has_changed {
        return Ok(Edited { replaced, text: text.to_owned() });
    }
    let edited = document.to_string();
    if !holds(&edited, wish) {
        return Err(Refusal::NotKept);
    }
    Ok(Edited { replaced, text: format!("{mark}{}", with_endings(&edited)) })
}

/// The table at this path, whichever way it is written; made where there is none. None where something else has the name.
fn table<'document>(
    document: &'document mut DocumentMut,
    path: &[&str],
) -> Option<&'document mut dyn TableLike> {
    let is_empty = document.iter().next().is_none();
    let (last, above) = path.split_last()?;
    let mut current: &mut dyn TableLike = document.as_table_mut();
    for name in above {
        let made = || {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        };
        current = current.entry(name).or_insert_with(made).as_table_like_mut()?;
    }
    let made = || {
        let mut table = Table::new();
        table.decor_mut().set_prefix(if is_empty { "" } else { "\n" });
        Item::Table(table)
    };
    current.entry(last).or_insert_with(made).as_table_like_mut()
}

/// What stands at this path.
fn item<'document>(document: &'document DocumentMut, path: &[&str]) -> Option<&'document Item> {
    path.iter().try_fold(document.as_item(), |item, name| item.get(name))
}

/// Sets a value, and keeps the blanks and the comment around the old one.
fn set(table: &mut dyn TableLike, is_inline: bool, key: &str, wanted: &str) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(value) => {
            let decor = value.decor().clone();
            *value = Value::from(wanted);
            *value.decor_mut() = decor;
        }
        None => {
            // The blank before the closing brace of `{ … }` counts as the last value's own.
            let last =
                table.iter_mut().last().and_then(|(_, item)| item.as_value_mut().map(Value::decor_mut));
            let suffix = last.and_then(|decor| {
                let suffix =
                    decor.suffix()?.as_str().filter(|suffix| is_inline && !suffix.is_empty())?.to_owned();
                decor.set_suffix("");
                Some(suffix)
            });
            let mut value = Value::from(wanted);
            if let Some(suffix) = suffix {
                *value.decor_mut() = Decor::new(" ", suffix);
            }
            table.insert(key, Item::Value(value));
        }
    }
}

/// Adds an element in the way that the others are written: one in each line where they stand so.
fn push(array: &mut Array, element: &str) {
    let text = |raw: Option<&RawString>| raw.and_then(RawString::as_str).unwrap_or_default().to_owned();
    let is_first = array.is_empty();
    let mut behind = text(Some(array.trailing()));
    // Without a last comma, what follows the last element counts as its own.
    if let Some(last) = array.iter_mut().last() {
        let suffix = text(last.decor().suffix());
        last.decor_mut().set_suffix("");
        behind = suffix + &behind;
    }
    let mut value = Value::from(element);
    if let Some((comments, last_line)) = behind.rsplit_once('\n') {
        let indent = array
            .iter()
            .next()
            .map(|first| text(first.decor().prefix()))
            .and_then(|prefix| Some(prefix.rsplit_once('\n')?.1.to_owned()))
            .unwrap_or_else(|| "    ".to_owned());
        value.decor_mut().set_prefix(format!("{comments}\n{indent}"));
        array.set_trailing(format!("\n{last_line}"));
    } else {
        value.decor_mut().set_prefix(if is_first { "" } else { " " });
        array.set_trailing(behind);
    }
    array.push_formatted(value);
}

/// Whether a text is a configuration that has everything.
fn holds(text: &str, wish: &Wish) -> bool {
    let Ok(document) = toml::from_str::<Document>(text) else { return false };
    let is = |wanted: &Option<String>, there: &Option<toml::Spanned<String>>| {
        wanted.is_none() || wanted.as_ref() == there.as_ref().map(toml::Spanned::get_ref)
    };
    let Some(ours) = (match &wish.profile {
        Some(name) => document.profile.get(name.as_str()),
        None => Some(&document),
    }) else {
        return wish.cert.is_none() && wish.key.is_none() && wish.passphrase.is_none();
    };
    let client = &ours.client;
    let sources = ours.bundle.sources.as_ref().or(document.bundle.sources.as_ref());
    let has_source = |source: &String| sources.into_iter().flatten().any(|there| there.get_ref() == source);
    is(&wish.cert, &client.cert)
        && is(&wish.key, &client.key)
        && is(&wish.passphrase, &client.passphrase)
        && wish.source.as_ref().is_none_or(has_source)
}

fn name_of(key: &str) -> &'static str {
    match key {
        "cert" => "client.cert",
        "key" => "client.key",
        _ => "client.passphrase",
    }
}

/// The byte order mark.
const MARK: &str = "\u{feff}";

#[cfg(test)]
mod tests {
    use super::*;

    fn wish() -> Wish {
        Wish {
            cert: Some("~/c.pem".to_owned()),
            key: Some("~/k.pem".to_owned()),
            passphrase: Some("keyring".to_owned()),
            profile: None,
            source: Some("/ca.pem".to_owned()),
        }
    }

    #[test]
    fn every_line_of_the_old_file_survives() {
        for (text, wanted) in [
            (
                "",
                "[client]\ncert = \"~/c.pem\"\nkey = \"~/k.pem\"\npassphrase = \"keyring\"\n\n[bundle]\nsources = [\"/ca.pem\"]\n",
            ),
            (
                "# ours\n[bundle] # the CAs\nsources = ['/a', \"/b\"] # two\n\n# who\n[client]\n  key   =  'old'   # mine\n",
                "# ours\n[bundle] # the CAs\nsources = ['/a', \"/b\", \"/ca.pem\"] # two\n\n# who\n[client]\n  key   =  \"~/k.pem\"   # mine\ncert = \"~/c.pem\"\npassphrase = \"keyring\"\n",
            ),
            (
                "[bundle]\nsources = [\n  '/a', # one\n  '/b', # two\n]\n",
                "[bundle]\nsources = [\n  '/a', # one\n  '/b', # two\n  \"/ca.pem\",\n]\n\n[client]\ncert = \"~/c.pem\"\nkey = \"~/k.pem\"\npassphrase = \"keyring\"\n",
            ),
            (
                "[bundle]\nsources = [\n\t'/a'\n\t# end\n]",
                "[bundle]\nsources = [\n\t'/a',\n\t# end\n\t\"/ca.pem\"\n]\n\n[client]\ncert = \"~/c.pem\"\nkey = \"~/k.pem\"\npassphrase = \"keyring\"\n",
            ),
            (
                "client = { cert = 'x' }\nbundle.out = 'o'\n",
                "client = { cert = \"~/c.pem\", key = \"~/k.pem\", passphrase = \"keyring\" }\nbundle.out = 'o'\nbundle.sources = [\"/ca.pem\"]\n",
            ),
        ] {
            let edited = extend(text, &wish()).unwrap();
            assert_eq!(edited.text, wanted, "{text}");
            let again = extend(&edited.text, &wish()).unwrap();
            assert_eq!((again.text.as_str(), again.replaced.len()), (wanted, 0), "{text}");
            // The same on Windows, behind a byte order mark.
            let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
            if text.contains('\n') {
                assert_eq!(extend(&windows(text), &wish()).unwrap().text, windows(wanted), "{text}");
            }
        }
    }

    #[test]
    fn a_profile_gets_its_own_tables_and_no_list_that_hides_the_one_at_the_top() {
        let wish = Wish { passphrase: None, profile: Some("work".to_owned()), ..wish() };
        for (text, wanted) in [
            (
                "[bundle]\nsources = [\"/a\"]\n",
                "[bundle]\nsources = [\"/a\", \"/ca.pem\"]\n\n[profile.work.client]\ncert = \"~/c.pem\"\nkey = \"~/k.pem\"\n",
            ),
            (
                "[profile.work.bundle]\nsources = []\n[profile.work]\n[profile.home.client]\nkey = 'h'\n",
                "[profile.work.bundle]\nsources = [\"/ca.pem\"]\n\n[profile.work.client]\ncert = \"~/c.pem\"\nkey = \"~/k.pem\"\n[profile.work]\n[profile.home.client]\nkey = 'h'\n",
            ),
        ] {
            assert_eq!(extend(text, &wish).unwrap().text, wanted, "{text}");
        }
    }

    #[test]
    fn what_is_replaced_is_said_and_what_is_there_is_left() {
        let text = "[client]\ncert = 'old.pem'\nkey = '~/k.pem'\n";
        let edited = extend(text, &Wish { passphrase: None, source: None, ..wish() }).unwrap();
        assert_eq!(edited.replaced, [("client.cert", "old.pem".to_owned())]);
        assert_eq!(edited.text, "[client]\ncert = \"~/c.pem\"\nkey = '~/k.pem'\n");
        assert_eq!(extend(text, &Wish::default()).unwrap().text, text);
    }

    #[test]
    fn what_would_not_survive_is_refused() {
        for (text, refusal) in [
            ("[client]\r\ncert = 'a'\n", Refusal::NotKept),
            ("[client\n", Refusal::Unreadable),
            ("client = 3\n", Refusal::Unreadable),
            ("[bundle]\nsources = 'a'\n", Refusal::Unreadable),
            ("[cleint]\n", Refusal::NotKept),
        ] {
            assert_eq!(extend(text, &wish()), Err(refusal), "{text}");
        }
    }

    #[test]
    fn a_path_below_the_home_folder_is_written_with_a_tilde() {
        let home = Path::new("/home/alice");
        assert_eq!(path_text(Path::new("/home/alice/c d"), Some(home)).as_deref(), Some("~/c d"));
        assert_eq!(path_text(Path::new("/srv/x"), Some(home)).as_deref(), Some("/srv/x"));
        assert_eq!(path_text(Path::new("/home/alice"), Some(home)).as_deref(), Some("/home/alice"));
    }
}
