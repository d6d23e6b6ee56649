//! Tables as files that people open in a spreadsheet.
//!
//! Every export of the program is written here. What is in a cell was often typed by
//! somebody, and a spreadsheet takes a text that begins like a formula for one, which may
//! fetch from the network or start programs. [`csv_cell`] makes it a text again.

use std::borrow::Cow;

/// What a file begins with, so that spreadsheets read it as UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What formulas begin with. The last four are the first four as wide as Chinese letters, and
/// some spreadsheets take them for the same.
const FORMULA: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// The text of a cell: itself, or, if a spreadsheet would take it for a formula, with an
/// apostrophe in front, by which spreadsheets mark a text.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A piece of a file that is made as it is taken.
#[derive(Debug)]
pub struct CsvPiece<Next> {
    /// Whole lines.
    pub lines: Vec<u8>,
    /// What to ask for next; `None`: this was the last piece.
    pub next: Option<Next>,
}

/// Lines of a file, quoted as RFC 4180 says, each ending in CR and LF.
#[derive(Debug)]
pub struct CsvLines(csv::Writer<Vec<u8>>);

impl Default for CsvLines {
    fn default() -> Self {
        let mut format = csv::WriterBuilder::new();
        format.terminator(csv::Terminator::CRLF);
        Self(format.from_writer(Vec::new()))
    }
}

impl CsvLines {
    /// Adds a line of these cells.
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for cell in cells {
            self.0
                .write_field(csv_cell(cell).as_bytes())
                .expect("memory can be written");
        }
        self.0
            .write_record(None::<&[u8]>)
            .expect("every line has as many cells");
    }

    /// The lines as they stand in the file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory can be written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &[[&str; 2]]) -> String {
        let mut file = CsvLines::default();
        for line in lines {
            file.push(line.iter().copied());
        }
        String::from_utf8(file.into_bytes()).expect("text")
    }

    #[test]
    fn what_would_be_a_formula_is_a_text() {
        for formula in [
            "=1+1",
            "=cmd|' /C calc'!A0",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "\u{ff1d}1",
        ] {
            assert_eq!(csv_cell(formula), format!("'{formula}"));
        }
        for text in ["", "Ada", "a=b", "2026-01-01", "'=1", " =1", "Ümit"] {
            assert_eq!(csv_cell(text), text);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(
            file(&[
                ["plain", "a,b"],
                ["say \"hi\"", "two\r\nlines"],
                ["", "=a,b"]
            ]),
            "plain,\"a,b\"\r\n\"say \"\"hi\"\"\",\"two\r\nlines\"\r\n,\"'=a,b\"\r\n"
        );
    }
}
