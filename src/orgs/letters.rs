//! What is mailed about an organization. Names are what people typed, so they are isolated
//! from the words around them.

use time::OffsetDateTime;

use crate::{
    db::orgs::OrgForChange,
    domain::{FirstDay, text},
    mail::{Button, Letter},
    routes::{AccountPage, OrgPage},
};

fn hello(name: &str) -> String {
    format!("Hello {},", text::isolated(name))
}

/// To an owner.
pub(super) fn deleted(name: &str, org: &OrgForChange, by: &str, until: OffsetDateTime) -> Letter {
    let (org_name, by) = (text::isolated(&org.name), text::isolated(by));
    let until = FirstDay::of(until);
    Letter {
        subject: format!("{org_name} was deleted"),
        paragraphs: vec![
            hello(name),
            format!(
                "{by} deleted the organization {org_name}. Nobody has access to it any more, \
                 and its subscription is cancelled."
            ),
            format!(
                "As an owner you can restore it until {until}. Then it is removed for good, with \
                 everything in it."
            ),
        ],
        button: Some(Button {
            label: "Look at it".to_owned(),
            path: OrgPage::Overview.path(&org.slug),
        }),
        footnote: Some("You get this because you are one of its owners.".to_owned()),
    }
}

/// To an owner.
pub(super) fn restored(name: &str, org: &OrgForChange, by: &str) -> Letter {
    let (org_name, by) = (text::isolated(&org.name), text::isolated(by));
    Letter {
        subject: format!("{org_name} was restored"),
        paragraphs: vec![
            hello(name),
            format!(
                "{by} restored the organization {org_name}. Its members are back in. The \
                 subscription stays cancelled."
            ),
        ],
        button: Some(Button {
            label: "Open the organization".to_owned(),
            path: OrgPage::Overview.path(&org.slug),
        }),
        footnote: Some("You get this because you are one of its owners.".to_owned()),
    }
}

/// To a member without one.
pub(super) fn second_factor_required(
    name: &str,
    org: &OrgForChange,
    by: &str,
    from: OffsetDateTime,
) -> Letter {
    let (org_name, by) = (text::isolated(&org.name), text::isolated(by));
    let from = FirstDay::of(from);
    Letter {
        subject: format!("{org_name} will ask for a second factor"),
        paragraphs: vec![
            hello(name),
            format!(
                "{by} has set that members of {org_name} need a second factor from {from} (UTC) \
                 on: a code from an app, or a passkey, beside the password."
            ),
            "You have none yet. Set one up until then; without it you have no access to the \
             organization from that day on, until you do."
                .to_owned(),
        ],
        button: Some(Button {
            label: "Set up a second factor".to_owned(),
            path: AccountPage::Security.path().to_owned(),
        }),
        footnote: Some("You get this because you are a member.".to_owned()),
    }
}
