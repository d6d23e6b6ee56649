//! An invoice as a PDF: one page of text, made by hand.

use std::fmt::Write as _;

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::html;
use crate::{Shared, calendar, money, objects::Invoice};

pub(super) async fn show(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let store = shared.store();
    let Some(invoice) = store.invoices.get(&id) else {
        return html::not_found("invoice");
    };
    let name = invoice.number.as_deref().unwrap_or(&id);
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("inline; filename=\"invoice-{name}.pdf\""),
        ),
    ];
    (headers, pdf(&lines(invoice, name))).into_response()
}

fn lines(invoice: &Invoice, name: &str) -> Vec<String> {
    let amount = |amount| money::format(amount, &invoice.currency);
    let mut lines = vec![
        "Stripe fake".to_owned(),
        format!("Invoice {name} of {}", calendar::date(invoice.created)),
        format!("Status: {}", invoice.status),
    ];
    lines.extend(
        invoice
            .lines
            .iter()
            .map(|line| format!("{}: {}", line.description, amount(line.amount))),
    );
    lines.push(format!("Due: {}", amount(invoice.amount_due)));
    lines
}

/// The smallest document that viewers accept: catalog, pages, page, text, font.
fn pdf(lines: &[String]) -> String {
    let mut text = "BT /F1 12 Tf 50 780 Td 18 TL".to_owned();
    for line in lines {
        // Only what every font of a viewer has.
        let line: String = line
            .chars()
            .map(|c| if c == '×' { 'x' } else { c })
            .filter(|c| c.is_ascii() && !c.is_ascii_control() && !"()\\".contains(*c))
            .collect();
        let _ = write!(text, " ({line}) Tj T*");
    }
    text.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut document = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(document.len());
        let _ = write!(document, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = document.len();
    let _ = write!(
        document,
        "xref\n0 {}\n0000000000 65535 f \n",
        objects.len() + 1
    );
    for offset in offsets {
        let _ = writeln!(document, "{offset:010} 00000 n ");
    }
    let _ = write!(
        document,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n",
        objects.len() + 1
    );
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cross_references_point_at_the_objects() {
        let document = pdf(&["2 × Pro (49.00 USD)".to_owned()]);
        assert!(document.contains("(2 x Pro 49.00 USD) Tj"));
        let table = document.split("xref\n0 6\n").nth(1).unwrap();
        for (index, entry) in table.lines().skip(1).take(5).enumerate() {
            let offset: usize = entry[..10].parse().unwrap();
            let object = format!("{} 0 obj\n", index + 1);
            assert!(document[offset..].starts_with(&object), "{object}");
        }
    }
}
