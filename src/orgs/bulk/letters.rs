//! What is mailed about a change of many members: one summary, to whoever asked for it.

use time::OffsetDateTime;

use crate::{
    db::{bulk_changes::BulkChangeRow, orgs::OrgForChange},
    domain::{BulkCounts, BulkEnd, UNDO_FOR, grouped, text},
    mail::{Button, Letter},
    routes,
};

/// To whoever asked, at its end.
pub(super) fn ended(
    name: &str,
    org: &OrgForChange,
    change: &BulkChangeRow,
    counts: &BulkCounts,
    how: BulkEnd,
    now: OffsetDateTime,
) -> Letter {
    let org_name = text::isolated(&org.name);
    let mut what = change.action.done_to(counts.done);
    let left = counts.reached() - counts.done;
    if left > 0 {
        what.push_str(&format!(" {} were left as they were.", grouped(left)));
    }
    let rest = grouped(counts.total - counts.reached());
    let end = match how {
        BulkEnd::Done => None,
        BulkEnd::Cancelled => Some(format!(
            "It was cancelled before it came to the other {rest}."
        )),
        BulkEnd::Stopped => Some(format!(
            "You may not change members of {org_name} any more, so it stopped before it came to \
             the other {rest}."
        )),
    };
    let until = (now + UNDO_FOR).time();
    let undo = (counts.done > 0 && how != BulkEnd::Stopped).then(|| {
        format!(
            "It can be taken back until {:02}:{:02} (UTC).",
            until.hour(),
            until.minute()
        )
    });
    let button = (how != BulkEnd::Stopped).then(|| Button {
        label: "See what became of each".to_owned(),
        path: routes::bulk_change(&org.slug, change.id),
    });
    let first = [format!("Hello {},", text::isolated(name)), what];
    Letter {
        subject: format!("Members of {org_name} were changed"),
        paragraphs: first.into_iter().chain(end).chain(undo).collect(),
        button,
        footnote: Some("You get this because you asked for it.".to_owned()),
    }
}
