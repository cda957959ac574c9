//! Secrets, recognised by file name and content.

use memchr::memmem;

use crate::facts::artifact::ArchiveMember;
use crate::model::finding::Finding;

pub(super) fn findings(members: &[ArchiveMember]) -> Vec<Finding> {
    let judged = members.iter().filter_map(|member| {
        let found = named(member)
            .or_else(|| private_key(&member.bytes))
            .or_else(|| token(&member.bytes))?;
        Some(
            weighed(found, member)
                .at(&member.name, None)
                .hint("remove it from the package, and revoke it if it was ever published"),
        )
    });
    judged.collect()
}

/// Keys for tests are made for that purpose, and are in public sources.
fn weighed(found: Finding, member: &ArchiveMember) -> Finding {
    const FOLDERS: [&str; 6] = [
        "test",
        "tests",
        "testing",
        "testdata",
        "test_data",
        "fixtures",
    ];
    let mut folders = member.name.as_str().split('/').rev().skip(1);
    let is_for_tests = folders.any(|it| FOLDERS.contains(&it));
    if found.rule == "token" || !is_for_tests {
        return found;
    }
    Finding::warning(found.rule, format!("{}, probably for tests", found.message))
}

fn named(member: &ArchiveMember) -> Option<Finding> {
    const NAMES: [&str; 10] = [
        ".env",
        ".pypirc",
        ".netrc",
        "_netrc",
        ".npmrc",
        ".git-credentials",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
    ];
    let file = member.file_name();
    let variant = file.strip_prefix(".env.");
    let shown = ["example", "sample", "template", "dist"];
    let is = NAMES.contains(&file)
        || variant.is_some_and(|ending| !shown.contains(&ending))
        || (is_key_file(file) && !is_public(&member.bytes));
    is.then(|| Finding::error("secret", format!("`{file}` usually holds secrets")))
}

fn is_key_file(file: &str) -> bool {
    let ending = file
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("pem" | "key" | "p12" | "pfx"))
}

/// Certificates and public keys are meant to be seen.
fn is_public(bytes: &[u8]) -> bool {
    let has = |text: &str| memmem::find(bytes, text.as_bytes()).is_some();
    (has("-----BEGIN CERTIFICATE-----") || has("PUBLIC KEY-----")) && !has("PRIVATE KEY-----")
}

/// The shortest base64 line that is taken for part of a key.
const KEY_LINE: usize = 40;

/// A private key in PEM (RFC 7468): its first line and a line of its content. The first line
/// alone is in every program that reads keys.
fn private_key(bytes: &[u8]) -> Option<Finding> {
    const END: &str = "PRIVATE KEY-----";
    let begins = |at: usize| {
        let line = &bytes[at.saturating_sub(40)..at];
        let start = memmem::rfind(line, b"-----BEGIN ");
        start.is_some_and(|start| {
            line[start + 11..]
                .iter()
                .all(|byte| byte.is_ascii_uppercase() || *byte == b' ')
        })
    };
    let mut places = memmem::find_iter(bytes, END).filter(|at| begins(*at));
    let holds = places.any(|at| {
        let rest = &bytes[at + END.len()..];
        let text = String::from_utf8_lossy(&rest[..rest.len().min(600)]).replace("\\n", "\n");
        let mut lines = text
            .split('\n')
            .take(6)
            .map(|line| line.trim_matches(|c: char| !is_base64(c)));
        lines.next() == Some("")
            && lines.any(|line| line.len() >= KEY_LINE && line.chars().all(is_base64))
    });
    holds.then(|| Finding::error("private-key", "holds a private key"))
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=".contains(c)
}

/// Token prefixes, before and after a separator, and the minimum number of characters that follow. Split so
/// that this program itself contains no token.
const TOKENS: [(&str, char, &str, usize, &str); 6] = [
    ("pypi", '-', "AgEIcHlwaS5vcmc", 50, "PyPI"),
    ("pypi", '-', "AgENdGVzdC5weXBpLm9yZw", 50, "TestPyPI"),
    ("ghp", '_', "", 36, "GitHub"),
    ("gho", '_', "", 36, "GitHub"),
    ("ghs", '_', "", 36, "GitHub"),
    ("github_pat", '_', "", 60, "GitHub"),
];

fn token(bytes: &[u8]) -> Option<Finding> {
    let continues = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let (.., of) = TOKENS.iter().find(|(head, separator, tail, length, _)| {
        let prefix = format!("{head}{separator}{tail}");
        memmem::find_iter(bytes, &prefix).any(|at| {
            let rest = &bytes[at + prefix.len()..];
            rest.iter().take_while(continues).count() >= *length
        })
    })?;
    Some(Finding::error("token", format!("holds a token for {of}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Severity;

    fn rule(name: &str, text: &str) -> Option<&'static str> {
        let member = ArchiveMember {
            name: name.into(),
            bytes: text.into(),
            ..ArchiveMember::default()
        };
        findings(&[member]).first().map(|finding| finding.rule)
    }

    /// Base64 of nothing, in the length of a key's line.
    fn line() -> String {
        "MIIEow01".repeat(8)
    }

    #[test]
    fn files_for_secrets_are_known_by_name() {
        for name in [
            "a/.env",
            ".env.production",
            ".pypirc",
            "keys/id_rsa",
            "a.pem",
            "a.KEY",
        ] {
            assert_eq!(rule(name, "x"), Some("secret"), "{name}");
        }
        for name in ["a/env", ".env.example", "a/key.py", "id_rsa.pub"] {
            assert_eq!(rule(name, "x"), None, "{name}");
        }
        let certificate = "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n";
        assert_eq!(rule("certifi/cacert.pem", certificate), None);
    }

    #[test]
    fn what_tests_are_done_with_is_shown_and_stops_nothing() {
        let severity = |name: &str, text: &str| {
            let member = ArchiveMember {
                name: name.into(),
                bytes: text.into(),
                ..ArchiveMember::default()
            };
            findings(&[member])[0].severity
        };
        let token = format!("ghp_{}", "aB3".repeat(12));
        for (name, text, expected) in [
            ("x-1.0/tests/certs/server.key", "x", Severity::Warning),
            ("x/testdata/id_rsa", "x", Severity::Warning),
            ("x-1.0/tests/a.py", token.as_str(), Severity::Error),
            ("x-1.0/src/server.key", "x", Severity::Error),
            ("x-1.0/tests.key", "x", Severity::Error),
        ] {
            assert_eq!(severity(name, text), expected, "{name}");
        }
    }

    #[test]
    fn a_private_key_is_more_than_its_first_line() {
        let key = format!("x = '''-----BEGIN RSA PRIVATE KEY-----\n{}\n'''", line());
        assert_eq!(rule("a.py", &key), Some("private-key"));
        let with_header = format!("-----BEGIN PRIVATE KEY-----\nProc-Type: 4\n\n{}\n", line());
        assert_eq!(rule("a.txt", &with_header), Some("private-key"));
        let json = format!("\"-----BEGIN PRIVATE KEY-----\\n{}\\n\"", line());
        assert_eq!(rule("a.json", &json), Some("private-key"));
        assert_eq!(
            rule("a.py", "BEGIN = b'-----BEGIN OPENSSH PRIVATE KEY-----'\n"),
            None
        );
        assert_eq!(rule("a.md", "-----BEGIN PRIVATE KEY-----\nMIIE...\n"), None);
    }

    #[test]
    fn a_token_is_more_than_its_beginning() {
        let token = format!("pypi-AgEIcHlwaS5vcmc{}", "aB3-_".repeat(12));
        assert_eq!(rule("a.toml", &token), Some("token"));
        assert_eq!(
            rule("a.md", "a token begins with pypi-AgEIcHlwaS5vcmc or ghp_"),
            None
        );
    }
}
