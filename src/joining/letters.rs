//! What is mailed about joining. Names in it were written by people whom the recipient may
//! not know.

use crate::{
    db::orgs::OrgForChange,
    domain::{MailDomain, text},
    mail::{Button, Letter},
    routes::{self, OrgPage},
};

fn hello(name: &str) -> String {
    format!("Hello {},", text::isolated(name))
}

/// To an address at a domain, whoever reads it.
pub fn domain_code(org: &str, asked_by: &str, domain: &MailDomain, code: &str) -> Letter {
    let org = text::isolated(org);
    Letter {
        subject: format!("{code} is your code for {domain}"),
        paragraphs: vec![
            "Hello,".to_owned(),
            format!(
                "{} wants to show that {domain} belongs to the organization {org}. If you want \
                 that, too, enter this code there, or pass it on:",
                text::isolated(asked_by)
            ),
            code.to_owned(),
        ],
        button: None,
        footnote: Some(
            "The code works once, for 15 minutes. If you do not know what this is about, do \
             nothing and give it to nobody: without it nothing happens."
                .to_owned(),
        ),
    }
}

/// To those who answer.
pub fn somebody_asks(name: &str, org: &OrgForChange) -> Letter {
    let org_name = text::isolated(&org.name);
    Letter {
        subject: format!("Somebody asks to join {org_name}"),
        paragraphs: vec![
            hello(name),
            format!(
                "there are people who ask to become members of {org_name} and wait for an \
                 answer. Accept them or decline."
            ),
        ],
        button: Some(Button {
            label: "See who asks".to_owned(),
            path: OrgPage::Joining.path(&org.slug),
        }),
        footnote: Some(
            "You get this because you can let people in, and at most once a day.".to_owned(),
        ),
    }
}

pub fn accepted(name: &str, org: &OrgForChange) -> Letter {
    let org_name = text::isolated(&org.name);
    Letter {
        subject: format!("You are a member of {org_name}"),
        paragraphs: vec![
            hello(name),
            format!("you asked to join {org_name}, and were accepted."),
        ],
        button: Some(Button {
            label: "Open the organization".to_owned(),
            path: OrgPage::Overview.path(&org.slug),
        }),
        footnote: None,
    }
}

pub fn declined(name: &str, org: &OrgForChange) -> Letter {
    let org_name = text::isolated(&org.name);
    Letter {
        subject: format!("Your request to join {org_name}"),
        paragraphs: vec![
            hello(name),
            format!(
                "you asked to join {org_name}, and were declined. If you think that this is a \
                 mistake, write to somebody there. You can ask again in seven days."
            ),
        ],
        button: Some(Button {
            label: "Your organizations".to_owned(),
            path: routes::ORGS.to_owned(),
        }),
        footnote: None,
    }
}
