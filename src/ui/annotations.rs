//! Messages that CI shows next to the lines they are about (GitHub's documentation, "Workflow commands").

use crate::model::test_result::SourceLine;

use super::Ui;

impl Ui {
    /// An error at a line. On stderr, which GitHub reads as well: stdout is data.
    pub fn annotation(&self, place: Option<&SourceLine>, title: &str, message: &str) {
        self.say(command(place, title, message).as_bytes());
    }
}

fn command(place: Option<&SourceLine>, title: &str, message: &str) -> String {
    let mut properties = Vec::new();
    if let Some(place) = place {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={}", place.line));
    }
    properties.push(format!("title={}", property(title)));
    format!(
        "::error {}::{}",
        properties.join(","),
        data(message.trim_end())
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_is_in_it() {
        let place = SourceLine {
            file: "a,b.py".to_owned(),
            line: 3,
        };
        assert_eq!(
            command(
                Some(&place),
                "Python test x::y",
                "100% wrong\n\nsee\r\nhere\n"
            ),
            "::error file=a%2Cb.py,line=3,title=Python test x%3A%3Ay::100%25 wrong%0A%0Asee%0D%0Ahere"
        );
        assert_eq!(command(None, "t", "m"), "::error title=t::m");
    }
}
