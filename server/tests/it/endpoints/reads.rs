//! The table of what is read: pages, files and endpoints.

use orghub::{
    domain::{OrgSlug, TokenKind},
    routes::{self, AccountPage, AdminPage, OrgPage, api, mailed_link_page},
};

use super::{NOBODY, Statuses};

/// The pages of the organization `acme`.
fn org_page(page: OrgPage) -> Statuses {
    match page {
        OrgPage::Overview | OrgPage::Members | OrgPage::Subscription => {
            [303, 404, 200, 200, 200, 200]
        }
        OrgPage::Invitations
        | OrgPage::Joining
        | OrgPage::Activity
        | OrgPage::Settings
        | OrgPage::ChangeMembers
        | OrgPage::BulkChange => [303, 404, 403, 403, 200, 200],
        OrgPage::SecondFactor => [303, 404, 403, 403, 403, 200],
        OrgPage::Plans | OrgPage::CancelPlan | OrgPage::Invoices => [303, 404, 403, 200, 200, 200],
        // Without what they are about, they lead back.
        OrgPage::ChangePlan | OrgPage::ToStripe | OrgPage::CheckoutDone => {
            [303, 404, 403, 303, 303, 303]
        }
    }
}

/// Path and query of everything else that is read.
pub const GET: &[(&str, &str, Statuses)] = &[
    (routes::HOME, "", [200, 303, 303, 303, 303, 303]),
    (routes::SIGN_IN, "", [200, 303, 303, 303, 303, 303]),
    (routes::SIGN_UP, "", [200, 303, 303, 303, 303, 303]),
    (routes::CHECK_MAIL, "", [200, 200, 200, 200, 200, 200]),
    (routes::FORGOT_PASSWORD, "", [200, 200, 200, 200, 200, 200]),
    (
        mailed_link_page(TokenKind::VerifyEmail),
        "",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        mailed_link_page(TokenKind::ResetPassword),
        "",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        mailed_link_page(TokenKind::ChangeEmail),
        "",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        mailed_link_page(TokenKind::UndoEmailChange),
        "",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        mailed_link_page(TokenKind::DeleteAccount),
        "",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        AccountPage::Profile.path(),
        "",
        [303, 200, 200, 200, 200, 200],
    ),
    (
        AccountPage::Security.path(),
        "",
        [303, 200, 200, 200, 200, 200],
    ),
    (routes::CONFIRM, "", [303, 200, 200, 200, 200, 200]),
    (routes::SECOND_FACTOR, "", [303, 303, 303, 303, 303, 303]),
    (routes::TOTP, "", [303, 200, 200, 200, 200, 200]),
    (routes::RECOVERY_CODES, "", [303, 200, 200, 200, 200, 200]),
    (routes::ACCOUNT_EXPORT, "", [303, 200, 200, 200, 200, 200]),
    ("/pictures/nonsense", "", [404, 404, 404, 404, 404, 404]),
    // No provider has this name.
    ("/sign-in/with/example", "", [404, 404, 404, 404, 404, 404]),
    (
        "/sign-in/with/example/callback",
        "",
        [404, 404, 404, 404, 404, 404],
    ),
    (
        "/sign-in/with/example/connect",
        "",
        [404, 404, 404, 404, 404, 404],
    ),
    // No link has this secret.
    ("/invitations/nonsense", "", [410, 410, 410, 410, 410, 410]),
    ("/join/nonsense", "", [410, 410, 410, 410, 410, 410]),
    (
        "/orgs/acme/joining",
        "?page=2",
        [303, 404, 403, 403, 200, 200],
    ),
    (
        "/orgs/acme/invitations",
        "?page=2&q=x&state=expired&draft=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [303, 404, 403, 403, 200, 200],
    ),
    (routes::ORGS, "", [303, 200, 200, 200, 200, 200]),
    (routes::NEW_ORG, "", [303, 200, 200, 200, 200, 200]),
    // For platform admins: see `platform_admin`.
    (AdminPage::Overview.path(), "", NOBODY),
    (AdminPage::Orgs.path(), "", NOBODY),
    (AdminPage::Users.path(), "", NOBODY),
    (AdminPage::Cache.path(), "", NOBODY),
    (AdminPage::Jobs.path(), "", NOBODY),
    (AdminPage::Webhooks.path(), "", NOBODY),
    (AdminPage::Sessions.path(), "", NOBODY),
    (
        "/admin/orgs/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        "",
        NOBODY,
    ),
    (
        "/admin/users/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        "",
        NOBODY,
    ),
    (
        "/admin/webhooks/0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        "",
        NOBODY,
    ),
    ("/orgs/default", "", [303, 303, 307, 307, 307, 307]),
    (
        "/orgs/acme/members",
        "?page=2&q=x&role=owner&sort=name",
        [303, 404, 200, 200, 200, 200],
    ),
    (
        "/orgs/acme/members/change",
        "?q=x&role=admin&action=suspend",
        [303, 404, 403, 403, 200, 200],
    ),
    // Nobody's change.
    (
        "/orgs/acme/members/change/progress",
        "?change=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [303, 404, 403, 403, 404, 404],
    ),
    (
        "/orgs/acme/members.csv",
        "?role=admin",
        [303, 404, 403, 403, 200, 200],
    ),
    // There is no subscription to change, which the page says.
    (
        "/orgs/acme/subscription/change",
        "?plan=ultra&interval=month",
        [303, 404, 403, 200, 200, 200],
    ),
    // Nobody's checkout.
    (
        "/orgs/acme/subscription/done",
        "?session=cs_nobodys",
        [303, 404, 403, 404, 404, 404],
    ),
    (
        "/orgs/acme/activity",
        "?kind=roles&who=x&from=2026-01-01&to=2026-12-31&before=nonsense",
        [303, 404, 403, 403, 200, 200],
    ),
    (
        "/orgs/acme/activity.csv",
        "",
        [303, 404, 403, 403, 200, 200],
    ),
    (
        "/orgs/acme/no/such/page",
        "",
        [303, 404, 404, 404, 404, 404],
    ),
    ("/orgs/nowhere", "", [303, 404, 404, 404, 404, 404]),
    ("/no/such/page", "", [404, 404, 404, 404, 404, 404]),
    (routes::HEALTHZ, "", [200, 200, 200, 200, 200, 200]),
    (routes::READYZ, "", [200, 200, 200, 200, 200, 200]),
    (routes::MAILBOX, "", [200, 200, 200, 200, 200, 200]),
    (routes::MAILBOX_JSON, "", [200, 200, 200, 200, 200, 200]),
    ("/dev/mailbox/nothing", "", [404, 404, 404, 404, 404, 404]),
    (routes::STRIPE_WEBHOOK, "", [405, 405, 405, 405, 405, 405]),
    (api::MY_ORGS, "", [401, 200, 200, 200, 200, 200]),
    (
        api::MY_ORGS,
        "?q=ac&recent=acme,nowhere",
        [401, 200, 200, 200, 200, 200],
    ),
    (
        api::FIND_MEMBERS,
        "?org=acme&q=ada",
        [401, 404, 200, 200, 200, 200],
    ),
    (
        api::FIND_MEMBERS,
        "?org=nowhere&q=ada",
        [401, 404, 404, 404, 404, 404],
    ),
    (
        api::COUNT_MEMBERS,
        "?org=acme&q=ada",
        [401, 404, 200, 200, 200, 200],
    ),
    (
        api::COUNT_MEMBERS,
        "?org=acme",
        [401, 404, 200, 200, 200, 200],
    ),
    (
        api::COUNT_MEMBERS,
        "?org=nowhere&q=ada",
        [401, 404, 404, 404, 404, 404],
    ),
    (
        api::IS_SLUG_FREE,
        "?slug=free-one",
        [401, 200, 200, 200, 200, 200],
    ),
    (
        api::IS_SLUG_FREE,
        "?slug=Not%20One",
        [401, 422, 422, 422, 422, 422],
    ),
];

fn acme_page(page: OrgPage) -> String {
    page.path(&OrgSlug::parse("acme").expect("a slug"))
}

/// Addresses that are read, with what is expected.
pub fn reads() -> impl Iterator<Item = (String, Statuses)> {
    let org_pages = OrgPage::ALL
        .into_iter()
        .map(|page| (acme_page(page), org_page(page)));
    let others = GET
        .iter()
        .map(|(path, query, expected)| (format!("{path}{query}"), *expected));
    org_pages.chain(others)
}
