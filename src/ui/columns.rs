//! Rows of text with aligned cells.

use unicode_width::UnicodeWidthStr;

/// Rows as lines, with columns as wide as their widest cell on a terminal.
pub fn aligned(rows: &[&Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(*row) {
            *width = cell.width().max(*width);
        }
    }
    let mut lines = Vec::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_however_wide_their_letters_are() {
        let rows = [
            ["a", "name", "x"],
            ["\u{6f22}\u{5b57}", "", "x"],
            ["e\u{301}\u{fc}", "\u{1f980}", ""],
        ];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let short = vec!["only".to_owned()];
        let rows = [&rows[0], &rows[1], &rows[2], &short];
        assert_eq!(
            aligned(&rows),
            [
                "a     name  x",
                "\u{6f22}\u{5b57}        x",
                "e\u{301}\u{fc}    \u{1f980}",
                "only",
            ]
        );
        assert!(aligned(&[]).is_empty());
    }
}
