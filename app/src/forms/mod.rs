//! Forms: plain HTML, answered with a redirect.
//!
//! A [`Form`] is one value, which its page, its endpoint and the answer share. The
//! endpoint wraps its work in a [`FormPost`], which sends the browser on: to the page of
//! success or back to the form. What there is to say there travels in a [`Flash`]. The
//! page takes it and shows the form as a [`FormState`]: with a message, with what was
//! typed, each at its [`Field`].
//!
//! To add a form: a constant here, its endpoint in `api`, and its page.

mod field;
mod flash;
mod post;

use orghub::{
    domain::OrgSlug,
    routes::{self, OrgPage, OrgPath, api},
};

pub use field::{Field, FormMessage};
pub use flash::{Flash, FormState, Problem};
pub use post::{Done, FormPost};

use crate::response;

/// What the page, the endpoint and the answer of a form have to agree on.
#[derive(Debug)]
pub struct Form {
    /// Where it is posted to. No two forms share it, so it names the form, too.
    pub action: &'static str,
    /// Where it stands, and is shown again if it is refused.
    pub page: FormPage,
    /// The fields that show a message of their own. A message about anything else stands
    /// above the form.
    pub fields: &'static [&'static str],
}

/// The pages that have a form.
#[derive(Debug)]
pub enum FormPage {
    /// One page outside organizations.
    At(&'static str),
    /// Pages of an organization. The form says in its fields `org` and `return_to` which;
    /// unless it names one of these, it is the first.
    InOrg(&'static [OrgPage]),
    /// Every page: the form is part of the frame.
    Everywhere,
}

pub const SIGN_IN: Form = Form {
    action: api::SIGN_IN,
    page: FormPage::At(routes::SIGN_IN),
    fields: &["email", "password"],
};

pub const SIGN_OUT: Form = Form {
    action: routes::SIGN_OUT,
    page: FormPage::Everywhere,
    fields: &[],
};

pub const CREATE_ORG: Form = Form {
    action: api::CREATE_ORG,
    page: FormPage::At(routes::NEW_ORG),
    fields: &["name", "slug"],
};

pub const UPDATE_ORG: Form = Form {
    action: api::UPDATE_ORG,
    page: FormPage::InOrg(&[OrgPage::Settings]),
    fields: &["name", "slug"],
};

pub const LEAVE_ORG: Form = Form {
    action: api::LEAVE_ORG,
    page: FormPage::InOrg(&[OrgPage::Overview, OrgPage::Settings]),
    fields: &[],
};

/// One for each member of the list.
pub const CHANGE_ROLE: Form = Form {
    action: api::CHANGE_ROLE,
    page: FormPage::InOrg(&[OrgPage::Members]),
    fields: &[],
};

/// One for each member of the list.
pub const REMOVE_MEMBER: Form = Form {
    action: api::REMOVE_MEMBER,
    page: FormPage::InOrg(&[OrgPage::Members]),
    fields: &[],
};

pub const SET_THEME: Form = Form {
    action: api::SET_THEME,
    page: FormPage::Everywhere,
    fields: &[],
};

impl Form {
    /// The page that the form was sent from, by what it carries in `org` and `return_to`
    /// (empty where it has no such fields). Always a path of ours that has the form.
    fn page(&self, org: &str, return_to: &str) -> String {
        match self.page {
            FormPage::At(page) => page.to_owned(),
            FormPage::Everywhere => {
                response::referring_path().unwrap_or_else(|| routes::HOME.to_owned())
            }
            FormPage::InOrg(pages) => {
                let is_one_of_ours = OrgPath::parse(return_to).is_some_and(|path| {
                    path.segment == org && path.page.is_some_and(|page| pages.contains(&page))
                });
                match (OrgSlug::parse(org), pages) {
                    (Ok(_), _) if is_one_of_ours => return_to.to_owned(),
                    (Ok(slug), [first, ..]) => first.path(&slug),
                    _ => routes::ORGS.to_owned(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_own_pages_only() {
        let list = "/orgs/acme/members?q=a&page=2";
        assert_eq!(CHANGE_ROLE.page("acme", list), list);
        assert_eq!(
            LEAVE_ORG.page("acme", "/orgs/acme/settings"),
            "/orgs/acme/settings"
        );
        for elsewhere in [
            "",
            "//evil.test",
            "/orgs/other/members",
            "/orgs/acme",
            "/orgs/acme/settings",
            "/orgs/acme/members/../../x",
            "https://evil.test/orgs/acme/members",
        ] {
            let page = CHANGE_ROLE.page("acme", elsewhere);
            assert_eq!(page, "/orgs/acme/members", "{elsewhere:?}");
        }
        assert_eq!(LEAVE_ORG.page("acme", list), "/orgs/acme");
        assert_eq!(UPDATE_ORG.page("acme", ""), "/orgs/acme/settings");
        assert_eq!(
            UPDATE_ORG.page("not a slug", "/orgs/not a slug/settings"),
            "/orgs"
        );
        assert_eq!(CREATE_ORG.page("", ""), "/orgs/new");
    }
}
