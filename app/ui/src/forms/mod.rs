//! Forms: plain HTML, answered with a redirect.
//!
//! A [`Form`] is one value, which its page, its endpoint and the answer share. The
//! endpoint reads it as [`FormUrl`] and wraps its work in a [`FormPost`], which sends the
//! browser on: to the page of success or back to the form. What there is to say there
//! travels in a [`Flash`]. The page takes it and shows the form as a [`FormState`]: with a
//! message, with what was typed, each at its [`Field`].
//!
//! To add a form: a constant and its place in the list of its room (`catalog`), its endpoint in
//! `api`, and its page.

mod catalog;
mod field;
mod flash;
mod post;
mod submitted;

use orghub_domain::{
    OrgSlug,
    routes::{self, OrgPage, OrgPath},
};

pub use catalog::*;
pub use field::{Field, FormMessage, TextArea};
pub use flash::{Flash, FormState, Problem, brings_flash};
pub use post::{Done, FormPost};
pub use submitted::FormUrl;

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
    /// The fields that are kept when the form is refused, so that nothing has to be typed
    /// again. Never passwords.
    pub kept: &'static [&'static str],
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

impl Form {
    /// A form on one page outside organizations, without fields that say something themselves.
    const fn at(action: &'static str, page: &'static str) -> Self {
        Self::on(action, FormPage::At(page))
    }

    /// A form on these pages of an organization.
    const fn in_org(action: &'static str, pages: &'static [OrgPage]) -> Self {
        Self::on(action, FormPage::InOrg(pages))
    }

    /// A form on every page.
    const fn everywhere(action: &'static str) -> Self {
        Self::on(action, FormPage::Everywhere)
    }

    const fn on(action: &'static str, page: FormPage) -> Self {
        Self {
            action,
            page,
            fields: &[],
            kept: &[],
        }
    }

    /// The same; these fields show a message of their own.
    const fn showing(self, fields: &'static [&'static str]) -> Self {
        Self { fields, ..self }
    }

    /// The same; these fields are kept.
    const fn keeping(self, kept: &'static [&'static str]) -> Self {
        Self { kept, ..self }
    }

    /// The last part of the action: a name for cookies.
    fn name(&self) -> &'static str {
        self.action.rsplit('/').next().unwrap_or(self.action)
    }

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
