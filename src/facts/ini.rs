//! Files that Python tools read with `ConfigParser` or iniconfig: sections of keys whose values continue on
//! indented lines.

/// Sections in order.
#[derive(Debug)]
pub(super) struct Ini {
    pub(super) sections: Vec<Section>,
}

#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    /// Each with its lines and their numbers in the file.
    keys: Vec<(String, Vec<(usize, String)>)>,
}

impl Ini {
    /// Without comment lines, including indented ones; a comment after a value is part of it. `first`: the
    /// number of the text's first line.
    pub(super) fn read(text: &str, first: usize) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let value = line.trim();
            if value.is_empty() || value.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|it| it.split(']').next()) {
                let (name, keys) = (name.trim().to_owned(), Vec::new());
                sections.push(Section { name, keys });
                continue;
            }
            let Some(section) = sections.last_mut() else {
                continue;
            };
            let mut value = value;
            if !line.starts_with(char::is_whitespace) {
                let (key, rest) = value.split_once(['=', ':']).unwrap_or((value, ""));
                section.keys.push((key.trim().to_owned(), Vec::new()));
                value = rest.trim();
            }
            if let (Some((_, lines)), false) = (section.keys.last_mut(), value.is_empty()) {
                lines.push((first + number, value.to_owned()));
            }
        }
        Self { sections }
    }

    /// With values up to a `#` after a blank, as tox reads them.
    #[must_use]
    pub(super) fn without_comments_behind(mut self) -> Self {
        let keys = self.sections.iter_mut().flat_map(|one| &mut one.keys);
        for (_, lines) in keys {
            for (_, line) in &mut *lines {
                let value = line.split(" #").next().unwrap_or_default().trim_end();
                line.truncate(value.len());
            }
            lines.retain(|(_, line)| !line.is_empty());
        }
        self
    }

    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|one| one.name == name)
    }

    pub(super) fn lines(&self, section: &str, key: &str) -> Option<&[(usize, String)]> {
        self.section(section)?.lines(key)
    }
}

impl Section {
    /// Each with its number in the file; `None` if the key is missing.
    pub(super) fn lines(&self, key: &str) -> Option<&[(usize, String)]> {
        let (_, lines) = self.keys.iter().find(|(name, _)| name == key)?;
        Some(lines)
    }
}
