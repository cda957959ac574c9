//! Templates: files with `@{name}` in place of what varies.

/// Replaces names with values. A line with only a name is removed if the value is empty, and so is one of the
/// two blank lines around it.
///
/// # Panics
///
/// For a name without a value: templates are part of the program, and tests render all.
pub(super) fn render(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut after_gone = false;
    for line in template.split_inclusive('\n') {
        let filled = fill(line, values);
        let is_blank = filled.trim().is_empty();
        let gone = is_blank && !line.trim().is_empty();
        let doubled = after_gone && is_blank && text.ends_with("\n\n");
        if !gone && !doubled {
            text.push_str(&filled);
        }
        after_gone = gone;
    }
    text
}

fn fill(line: &str, values: &[(&str, String)]) -> String {
    let mut parts = line.split("@{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        let (_, value) = value.unwrap_or_else(|| panic!("no value for `@{{{name}}}`"));
        text.push_str(value);
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_takes_its_line_along() {
        let values = [("a", "1".to_owned()), ("none", String::new())];
        let text = "x = @{a}@{none}\n\n@{none}\n\ny = @{a} # ${{ a }}\n\n\nz\n";
        let expected = "x = 1\n\ny = 1 # ${{ a }}\n\n\nz\n";
        assert_eq!(render(text, &values), expected);
    }
}
