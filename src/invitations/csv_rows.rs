//! The rows of a CSV file, however the spreadsheet wrote it.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord, Trim};
use encoding_rs::{UTF_8, WINDOWS_1252};

use crate::domain::{Invalid, MAX_IMPORTED, SentRow, invitee::kept};

/// Most bytes of a file: ten thousand rows with names take less.
const MAX_CSV_BYTES: usize = 1024 * 1024;

/// What columns are called that have addresses. Compared without case, dashes and spaces.
const ADDRESS_COLUMNS: [&str; 5] = ["email", "emailaddress", "address", "mail", "user"];
const ROLE_COLUMN: &str = "role";

/// What was read of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub rows: Vec<SentRow>,
    /// Rows after the most that are read.
    pub left_out: u32,
}

/// Reads addresses and roles: from the columns of those names if the first row has such, and
/// otherwise from the first two. Rows without anything are left out; whatever else stands
/// there is a row, right or wrong.
///
/// Understands commas, semicolons and tabs, quotes around line breaks, UTF-8 and UTF-16 with
/// a byte order mark, UTF-8 without one, and otherwise takes bytes for Windows' Latin-1.
///
/// # Errors
/// [`Invalid`] for the field `file`.
pub(super) fn read(file: &[u8]) -> Result<Read, Invalid> {
    let refuse = |sentence: &str| Err(Invalid::new("file", sentence));
    if file.len() > MAX_CSV_BYTES {
        return refuse("This file is larger than 1 MB. Split it into several.");
    }
    // One way to end a line, so that lines are counted as an editor does.
    let text = decode(file).replace("\r\n", "\n").replace('\r', "\n");
    let (separator, text) = separator(&text);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(separator)
        .from_reader(text.as_bytes());

    let mut columns: Option<Columns> = None;
    let (mut rows, mut left_out) = (Vec::new(), 0_u32);
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_unreadable) => {
                return refuse("This file cannot be read. Save it as CSV in UTF-8.");
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        let (columns, is_heading) = match columns {
            Some(known) => (known, false),
            None => {
                let heading = Columns::in_heading(&record);
                let found = *columns.insert(heading.unwrap_or(Columns::FIRST_TWO));
                (found, heading.is_some())
            }
        };
        if is_heading {
            continue;
        }
        if rows.len() == MAX_IMPORTED {
            left_out = left_out.saturating_add(1);
            continue;
        }
        rows.push(columns.row(&record, line));
    }
    if rows.is_empty() {
        return refuse("This file has no rows. Put an address into each, and a role beside it.");
    }
    Ok(Read { rows, left_out })
}

fn decode(file: &[u8]) -> Cow<'_, str> {
    let (text, _encoding, had_errors) = UTF_8.decode(file);
    if had_errors {
        return WINDOWS_1252.decode_without_bom_handling(file).0;
    }
    text
}

/// What separates the cells, and the text after the line by which Excel says so. Otherwise it
/// is whatever the first line has most of.
fn separator(text: &str) -> (u8, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let [
        b's' | b'S',
        b'e' | b'E',
        b'p' | b'P',
        b'=',
        said @ (b',' | b';' | b'\t'),
    ] = first.as_bytes()
    {
        return (*said, rest);
    }
    let mut in_quotes = false;
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    for byte in first.bytes() {
        in_quotes ^= byte == b'"';
        let found = counts.iter_mut().find(|(separator, _)| *separator == byte);
        if let (false, Some((_, count))) = (in_quotes, found) {
            *count += 1;
        }
    }
    // The comma, where there is none at all.
    counts.reverse();
    let (separator, _) = counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .expect("there are three");
    (separator, text)
}

/// Where a row has what.
#[derive(Clone, Copy, Debug)]
struct Columns {
    address: usize,
    role: Option<usize>,
}

impl Columns {
    const FIRST_TWO: Self = Self {
        address: 0,
        role: Some(1),
    };

    /// `None`: the row is no heading.
    fn in_heading(record: &StringRecord) -> Option<Self> {
        let names: Vec<String> = record
            .iter()
            .map(|name| name.to_lowercase().replace(['-', '_', ' '], ""))
            .collect();
        let address = ADDRESS_COLUMNS
            .iter()
            .find_map(|known| names.iter().position(|name| name == known))?;
        let role = names.iter().position(|name| name == ROLE_COLUMN);
        Some(Self { address, role })
    }

    fn row(self, record: &StringRecord, line: u64) -> SentRow {
        let cell = |column: usize| record.get(column).map(kept).unwrap_or_default();
        SentRow {
            line,
            email: cell(self.address),
            role: self.role.map(cell).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(file: &[u8]) -> Vec<(u64, String, String)> {
        let read = read(file).expect("it has rows");
        let row = |row: SentRow| (row.line, row.email, row.role);
        read.rows.into_iter().map(row).collect()
    }

    fn row(line: u64, email: &str, role: &str) -> (u64, String, String) {
        (line, email.to_owned(), role.to_owned())
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let ada = || row(1, "ada@x.test", "admin");
        for (file, expected) in [
            (
                &b"ada@x.test,admin\nbob@y.test"[..],
                vec![ada(), row(2, "bob@y.test", "")],
            ),
            (b"ada@x.test;admin\r\n;;\r\n\r\n", vec![ada()]),
            (b"ada@x.test\tadmin", vec![ada()]),
            (b"\xef\xbb\xbfada@x.test,admin", vec![ada()]),
            (b"\xff\xfea\0@\0x\0,\0b\0", vec![row(1, "a@x", "b")]),
            (b"sep=;\r\nada@x.test;admin", vec![ada()]),
            (b" ada@x.test , admin ", vec![ada()]),
            (
                b"Email,Role\nada@x.test,admin",
                vec![row(2, "ada@x.test", "admin")],
            ),
            (
                b"Name;Role;E-Mail\nAda;admin;ada@x.test\n",
                vec![row(2, "ada@x.test", "admin")],
            ),
            (b"mail\nada@x.test,admin", vec![row(2, "ada@x.test", "")]),
            (
                b"Email;Role\r\nada@x.test;admin\r\n",
                vec![row(2, "ada@x.test", "admin")],
            ),
            (b"Email\rada@x.test\r", vec![row(2, "ada@x.test", "")]),
            (
                b"\"Ada\nLovelace <ada@x.test>\",admin\nbob@y.test,boss",
                vec![
                    row(1, "Ada\nLovelace <ada@x.test>", "admin"),
                    row(3, "bob@y.test", "boss"),
                ],
            ),
            (
                b"\"Lovelace, Ada <ada@x.test>\";\"admin\"",
                vec![row(1, "Lovelace, Ada <ada@x.test>", "admin")],
            ),
            // Latin-1: an umlaut in a name that nobody asked for.
            (
                b"M\xfcller <m@x.test>;member",
                vec![row(1, "Müller <m@x.test>", "member")],
            ),
            (b"=1+1,member", vec![row(1, "=1+1", "member")]),
            (b"a\0b,member", vec![row(1, "a\u{fffd}b", "member")]),
        ] {
            assert_eq!(rows(file), expected, "{:?}", String::from_utf8_lossy(file));
        }
    }

    #[test]
    fn what_is_too_much_is_said() {
        let mut file = String::from("email,role\n");
        for number in 0..10_000 {
            file.push_str(&format!("user-{number}@x.test,member\n"));
        }
        let read = read(file.as_bytes()).expect("it has rows");
        assert_eq!(read.rows.len(), MAX_IMPORTED);
        assert_eq!(read.left_out as usize, 10_000 - MAX_IMPORTED);
        let long = format!("{},member", "a".repeat(100_000));
        assert!(rows(long.as_bytes())[0].1.len() < 1_000);
    }

    #[test]
    fn what_has_no_rows_is_refused() {
        let large = vec![b'a'; MAX_CSV_BYTES + 1];
        for file in [
            &b""[..],
            b"\n\n",
            b";;\n",
            b"email,role\n",
            b"\xef\xbb\xbf",
            &large,
        ] {
            let refused = read(file).expect_err("nothing to read");
            assert_eq!(refused.field.as_deref(), Some("file"));
        }
    }

    proptest! {
        /// Whatever the bytes are, there are bounded rows that can be stored, or a sentence.
        #[test]
        fn no_file_breaks_it(file in proptest::collection::vec(any::<u8>(), 0..500)) {
            if let Ok(read) = read(&file) {
                prop_assert!(!read.rows.is_empty() && read.rows.len() <= MAX_IMPORTED);
                for row in read.rows {
                    prop_assert!(!row.email.contains('\0') && !row.role.contains('\0'));
                }
            }
        }

        /// What a spreadsheet would write is what we read, with any separator.
        #[test]
        fn cells_survive(
            cells in proptest::collection::vec(("[a-z\"',;\n\t]{0,20}x", "[a-z]{0,8}"), 1..20),
            separator in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
            writer.write_record(["email", "role"]).expect("in memory");
            for (email, role) in &cells {
                writer.write_record([email, role]).expect("in memory");
            }
            let file = writer.into_inner().expect("in memory");
            let read: Vec<_> = rows(&file).into_iter().map(|(_, email, role)| (email, role)).collect();
            let expected: Vec<_> = cells.iter().map(|(email, role)| {
                (email.trim().to_owned(), role.trim().to_owned())
            }).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
