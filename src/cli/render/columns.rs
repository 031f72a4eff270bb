//! How many columns a text takes on a terminal, and what of it has room there.

/// The beginning of a text that has room in so many columns, with an ellipsis where something is left out.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.chars().map(width).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let beginning = text.chars().take_while(|letter| {
        let has_room = width(*letter) <= left;
        left = left.saturating_sub(width(*letter));
        has_room
    });
    let shown: String = beginning.collect();
    if columns == 0 { shown } else { shown + "…" }
}

/// The columns that a letter takes: two for those of East Asia.
pub(super) fn width(letter: char) -> usize {
    if matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff01}'..='\u{ff60}')
    {
        2
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_has_room_and_says_that_it_is_cut() {
        for (columns, shown) in [(0, ""), (1, "…"), (2, "a…"), (3, "ab…"), (4, "abcd"), (5, "abcd")] {
            assert_eq!(cut("abcd", columns), shown, "{columns}");
        }
        for (columns, shown) in [(1, "…"), (2, "…"), (3, "鍵…"), (4, "鍵…"), (5, "鍵で…"), (6, "鍵です")]
        {
            assert_eq!(cut("鍵です", columns), shown, "{columns}");
        }
    }
}
