//! What is mailed about ownership.

use crate::{
    domain::{OrgSlug, text},
    mail::{Button, Letter},
    routes::OrgPage,
};

/// To whoever is offered ownership.
pub fn offered(name: &str, from: &str, org: &str, slug: &OrgSlug) -> Letter {
    let (from, org) = (text::isolated(from), text::isolated(org));
    Letter {
        subject: format!("{from} offers you the ownership of {org}"),
        paragraphs: vec![
            format!("Hello {},", text::isolated(name)),
            format!(
                "{from} wants to hand the organization {org} on to you. If you accept, you \
                 become its owner, and {from} becomes an admin."
            ),
            "Look at it and decide. If you do nothing, nothing changes.".to_owned(),
        ],
        button: Some(Button {
            label: "See the offer".to_owned(),
            path: OrgPage::Overview.path(slug),
        }),
        footnote: Some("The offer is good for seven days.".to_owned()),
    }
}

/// To whoever was the owner.
pub fn accepted(name: &str, by: &str, org: &str, slug: &OrgSlug) -> Letter {
    let (by, org) = (text::isolated(by), text::isolated(org));
    Letter {
        subject: format!("{by} now owns {org}"),
        paragraphs: vec![
            format!("Hello {},", text::isolated(name)),
            format!(
                "{by} has accepted the ownership of {org} that you offered. You are an admin \
                 there now."
            ),
        ],
        button: Some(Button {
            label: "Open the organization".to_owned(),
            path: OrgPage::Overview.path(slug),
        }),
        footnote: None,
    }
}
