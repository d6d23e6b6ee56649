//! Who may ask which page and endpoint for what: one table of all of them, compared with
//! the routes that the application really has.

use std::collections::BTreeSet;

use axum::body::Body;
use fake_stripe::FakeStripe;
use http::{Method, StatusCode};
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use orghub::{
    auth::SignedIn,
    domain::{MemberId, OrgId, OrgSlug, Role, TokenKind},
    routes::{
        self, AccountPage, AdminPage, OrgPage, OrgPath, PAGES, ProviderPage, api, mailed_link_page,
    },
};
use orghub_app::app::App;

use crate::site::{Site, Visitor};

/// Statuses for the kinds of visitors in [`COLUMNS`].
type Statuses = [u16; 6];

/// Nobody here is a platform admin.
const NOBODY: Statuses = [404; 6];

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
const GET: &[(&str, &str, Statuses)] = &[
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

/// `{invitation}` and `{offer_to_own}` are invitations to be a member and an owner of `acme`;
/// `{fresh}` is a slug nobody has; `{member}`, `{suspended}` and `{owner}` are members of
/// `acme` that nobody touched before.
const POST: &[(&str, &str, Statuses)] = &[
    (
        api::CREATE_ORG,
        "name=Acme&slug={fresh}",
        [401, 200, 200, 200, 200, 200],
    ),
    (
        api::CREATE_ORG,
        "name=Acme&slug=acme",
        [401, 409, 409, 409, 409, 409],
    ),
    (
        api::CREATE_ORG,
        "name=&slug=Not%20One",
        [401, 422, 422, 422, 422, 422],
    ),
    (
        api::UPDATE_ORG,
        "org=acme&name=Acme&slug=acme",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::UPDATE_ORG,
        "org=nowhere&name=Acme&slug=acme",
        [401, 404, 404, 404, 404, 404],
    ),
    (api::UPDATE_ORG, "", [401, 404, 404, 404, 404, 404]),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={member}&role=admin",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={member}&role=owner",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={owner}&role=member",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::CHANGE_ROLE,
        "org=acme&member_id={member}&role=king",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id={member}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id={owner}",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 404, 404],
    ),
    (
        api::REMOVE_MEMBER,
        "org=acme&member_id=nonsense",
        [401, 404, 422, 422, 422, 422],
    ),
    // Takes a form with a file: see `organizations`.
    (api::CHANGE_LOGO, "logo=x", [400, 400, 400, 400, 400, 400]),
    (api::REMOVE_LOGO, "org=acme", [401, 404, 403, 403, 200, 200]),
    // Nobody here has a second factor.
    (
        api::REQUIRE_SECOND_FACTOR,
        "org=acme&from=2026-12-31",
        [401, 404, 403, 403, 403, 409],
    ),
    (
        api::REQUIRE_SECOND_FACTOR,
        "org=acme&from=soon",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::STOP_REQUIRING_SECOND_FACTOR,
        "org=acme",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::DELETE_ORG,
        "org=acme&confirmation=acme-inc",
        [401, 404, 403, 403, 403, 422],
    ),
    (
        api::DELETE_ORG,
        "org=nowhere&confirmation=nowhere",
        [401, 404, 404, 404, 404, 404],
    ),
    // It is not deleted, so for its owners there is nothing to do.
    (api::RESTORE_ORG, "org=acme", [401, 404, 404, 404, 404, 200]),
    (
        api::RESTORE_ORG,
        "org=Not+One",
        [401, 404, 404, 404, 404, 404],
    ),
    (
        api::SUSPEND_MEMBER,
        "org=acme&member_id={member}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::SUSPEND_MEMBER,
        "org=acme&member_id={owner}",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::SUSPEND_MEMBER,
        "org=acme&member_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 404, 404],
    ),
    (
        api::SUSPEND_MEMBER,
        "org=acme&member_id=nonsense",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::REINSTATE_MEMBER,
        "org=acme&member_id={suspended}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::REINSTATE_MEMBER,
        "org=acme&member_id={owner}",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::REINSTATE_MEMBER,
        "org=acme&member_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 404, 404],
    ),
    // There are fewer members than were promised.
    (
        api::BEGIN_BULK_CHANGE,
        "org=acme&list=role%3Dmember&action=suspend&count=1000",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::BEGIN_BULK_CHANGE,
        "org=acme&action=owner&count=1",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::CANCEL_BULK_CHANGE,
        "org=acme&change=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 404, 404],
    ),
    (
        api::CANCEL_BULK_CHANGE,
        "org=acme&change=nonsense",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::UNDO_BULK_CHANGE,
        "org=acme&change=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 404, 404],
    ),
    (
        api::OFFER_OWNERSHIP,
        "org=acme&email=nobody%40users.test",
        [401, 404, 403, 403, 403, 422],
    ),
    (
        api::OFFER_OWNERSHIP,
        "org=acme&email=nonsense",
        [401, 404, 422, 422, 422, 422],
    ),
    // Nothing is on offer.
    (
        api::WITHDRAW_OWNERSHIP,
        "org=acme",
        [401, 404, 403, 403, 403, 409],
    ),
    (
        api::ACCEPT_OWNERSHIP,
        "org=acme",
        [401, 404, 409, 409, 409, 409],
    ),
    (
        api::DECLINE_OWNERSHIP,
        "org=acme",
        [401, 404, 409, 409, 409, 409],
    ),
    (
        api::LEAVE_ORG,
        "org=nowhere",
        [401, 404, 404, 404, 404, 404],
    ),
    (api::LEAVE_ORG, "org=acme", [401, 404, 200, 200, 200, 200]),
    (
        api::INVITE,
        "org=acme&email={fresh}%40elsewhere.test&role=member",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::INVITE,
        "org=acme&email={fresh}%40elsewhere.test&role=owner",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::INVITE,
        "org=acme&email=nonsense&role=member",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::INVITE,
        "org=acme&email=ada%40users.test&role=member",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::INVITE,
        "org=nowhere&email={fresh}%40elsewhere.test&role=member",
        [401, 404, 404, 404, 404, 404],
    ),
    (
        api::INVITE_MANY,
        "org=acme&addresses={fresh}%40elsewhere.test&role=member",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::INVITE_MANY,
        "org=acme&addresses={fresh}%40elsewhere.test&role=owner",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::IMPORT_INVITATIONS,
        "file=x",
        [400, 400, 400, 400, 400, 400],
    ),
    (
        api::SEND_INVITATIONS,
        "org=acme&draft=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f&count=1",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::RESEND_INVITATION,
        "org=acme&invitation_id={invitation}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::RESEND_INVITATION,
        "org=acme&invitation_id={offer_to_own}",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::RESEND_INVITATION,
        "org=acme&invitation_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 404, 404],
    ),
    (
        api::COPY_INVITATION_LINK,
        "org=acme&invitation_id={invitation}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::COPY_INVITATION_LINK,
        "org=acme&invitation_id={offer_to_own}",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::CANCEL_INVITATION,
        "org=acme&invitation_id={invitation}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::CANCEL_INVITATION,
        "org=acme&invitation_id={offer_to_own}",
        [401, 404, 403, 403, 403, 200],
    ),
    (
        api::CANCEL_INVITATION,
        "org=acme&invitation_id=nonsense",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::ACCEPT_INVITATION,
        "token=x",
        [401, 410, 410, 410, 410, 410],
    ),
    (
        api::DECLINE_INVITATION,
        "token=x",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        api::MAKE_JOIN_LINK,
        "org=acme&life=week&most_uses=5&domains=acme.test&asks_first=yes",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::MAKE_JOIN_LINK,
        "org=acme&life=year",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::REVOKE_JOIN_LINK,
        "org=acme&link_id={join_link}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::REVOKE_JOIN_LINK,
        "org=acme&link_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::REVOKE_JOIN_LINK,
        "org=acme&link_id=nonsense",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::SEND_DOMAIN_CODE,
        "org=acme&email=info%40acme.test",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::SEND_DOMAIN_CODE,
        "org=acme&email=info%40gmail.com",
        [401, 404, 403, 403, 422, 422],
    ),
    (
        api::VERIFY_DOMAIN,
        "org=acme&domain=acme.test&code=000000x",
        [401, 404, 403, 403, 422, 422],
    ),
    (
        api::CHANGE_DOMAIN_POLICY,
        "org=acme&domain=other.test&policy=may_join",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::CHANGE_DOMAIN_POLICY,
        "org=acme&domain=other.test&policy=all",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::REMOVE_DOMAIN,
        "org=acme&domain=other.test",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::ACCEPT_JOIN_REQUEST,
        "org=acme&request_id={join_request}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::ACCEPT_JOIN_REQUEST,
        "org=acme&request_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::DECLINE_JOIN_REQUEST,
        "org=acme&request_id={join_request}",
        [401, 404, 403, 403, 200, 200],
    ),
    (
        api::DECLINE_JOIN_REQUEST,
        "org=acme&request_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 403, 403, 409, 409],
    ),
    (
        api::FOLLOW_JOIN_LINK,
        "token=x",
        [401, 410, 410, 410, 410, 410],
    ),
    (
        api::JOIN_BY_DOMAIN,
        "organization=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 409, 409, 409, 409, 409],
    ),
    (
        api::JOIN_BY_DOMAIN,
        "organization=nonsense",
        [401, 409, 409, 409, 409, 409],
    ),
    (
        api::START_CHECKOUT,
        "org=acme&plan=pro&interval=month",
        [401, 404, 403, 200, 200, 200],
    ),
    (
        api::START_CHECKOUT,
        "org=acme&plan=free&interval=month",
        [401, 404, 422, 422, 422, 422],
    ),
    // There is no subscription.
    (
        api::CHANGE_PLAN,
        "org=acme&plan=ultra&interval=year",
        [401, 404, 403, 409, 409, 409],
    ),
    (
        api::TAKE_BACK_CHANGE,
        "org=acme",
        [401, 404, 403, 409, 409, 409],
    ),
    (
        api::CANCEL_SUBSCRIPTION,
        "org=acme&reason=other&comment=x",
        [401, 404, 403, 409, 409, 409],
    ),
    (
        api::CANCEL_SUBSCRIPTION,
        "org=acme&reason=bored",
        [401, 404, 422, 422, 422, 422],
    ),
    (
        api::RESTORE_SUBSCRIPTION,
        "org=acme",
        [401, 404, 403, 409, 409, 409],
    ),
    (
        api::OPEN_PORTAL,
        "org=acme&page=home",
        [401, 404, 403, 200, 200, 200],
    ),
    (
        api::OPEN_PORTAL,
        "org=acme&page=attic",
        [401, 404, 400, 400, 400, 400],
    ),
    (
        api::CHANGE_BILLING_CONTACT,
        "org=acme&email=pay%40acme.test",
        [401, 404, 403, 200, 200, 200],
    ),
    (api::SET_THEME, "theme=dark", [200, 200, 200, 200, 200, 200]),
    (
        api::SIGN_IN,
        "email=nobody%40users.test&password=wrong",
        [401, 401, 401, 401, 401, 401],
    ),
    (
        api::SIGN_UP,
        "name=Joan&email=joan%40users.test&password=a+long+walk+by+the+river",
        [200, 200, 200, 200, 200, 200],
    ),
    (api::SIGN_UP, "", [422, 422, 422, 422, 422, 422]),
    (
        api::COMPLETE_WITH_CODE,
        "code=000000",
        [401, 401, 401, 401, 401, 401],
    ),
    (
        api::COMPLETE_WITH_PASSKEY,
        "credential=x",
        [401, 401, 401, 401, 401, 401],
    ),
    (
        api::SIGN_IN_WITH_PASSKEY,
        "credential=x",
        [422, 422, 422, 422, 422, 422],
    ),
    (
        api::CONFIRM_WITH_CODE,
        "code=000000",
        [401, 422, 422, 422, 422, 422],
    ),
    (
        api::CONFIRM_WITH_PASSKEY,
        "credential=x",
        [401, 422, 422, 422, 422, 422],
    ),
    (api::BEGIN_TOTP, "", [401, 200, 200, 200, 200, 200]),
    (
        api::TURN_ON_TOTP,
        "code=000000",
        [401, 409, 409, 409, 409, 409],
    ),
    (api::TURN_OFF_TOTP, "", [401, 409, 409, 409, 409, 409]),
    (api::REQUIRE_PASSKEY, "", [401, 409, 409, 409, 409, 409]),
    (
        api::TURN_OFF_SECOND_FACTOR,
        "",
        [401, 409, 409, 409, 409, 409],
    ),
    (api::MAKE_RECOVERY_CODES, "", [401, 409, 409, 409, 409, 409]),
    (api::HIDE_RECOVERY_CODES, "", [401, 200, 200, 200, 200, 200]),
    (api::BEGIN_PASSKEY, "", [401, 200, 200, 200, 200, 200]),
    (
        api::BEGIN_PASSKEY_SIGN_IN,
        "",
        [200, 200, 200, 200, 200, 200],
    ),
    (api::BEGIN_PASSKEY_PROOF, "", [401, 409, 409, 409, 409, 409]),
    (
        api::ADD_PASSKEY,
        "name=Laptop",
        [401, 422, 422, 422, 422, 422],
    ),
    (api::ADD_PASSKEY, "name=", [401, 422, 422, 422, 422, 422]),
    (
        api::RENAME_PASSKEY,
        "passkey_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f&name=Laptop",
        [401, 409, 409, 409, 409, 409],
    ),
    (
        api::REMOVE_PASSKEY,
        "passkey_id=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 409, 409, 409, 409, 409],
    ),
    (
        api::REMOVE_PASSKEY,
        "passkey_id=nonsense",
        [401, 400, 400, 400, 400, 400],
    ),
    (api::RESEND_VERIFICATION, "", [401, 200, 200, 200, 200, 200]),
    (api::VERIFY_EMAIL, "token=x", [410, 410, 410, 410, 410, 410]),
    (
        api::FORGOT_PASSWORD,
        "email=nobody%40users.test",
        [200, 200, 200, 200, 200, 200],
    ),
    (
        api::FORGOT_PASSWORD,
        "email=x",
        [422, 422, 422, 422, 422, 422],
    ),
    (
        api::RESET_PASSWORD,
        "token=x&password=a+long+walk+by+the+river",
        [410, 410, 410, 410, 410, 410],
    ),
    (api::CHANGE_EMAIL, "token=x", [410, 410, 410, 410, 410, 410]),
    (
        api::UNDO_EMAIL_CHANGE,
        "token=x",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        api::DELETE_ACCOUNT,
        "token=x",
        [410, 410, 410, 410, 410, 410],
    ),
    (
        api::CONFIRM,
        "password=correct+horse+battery",
        [401, 200, 200, 200, 200, 200],
    ),
    (
        api::CONFIRM,
        "password=wrong",
        [401, 422, 422, 422, 422, 422],
    ),
    (
        api::CHANGE_PASSWORD,
        "current=correct+horse+battery&password=a+long+walk+by+the+river",
        [401, 200, 200, 200, 200, 200],
    ),
    (
        api::CHANGE_PASSWORD,
        "current=wrong&password=a+long+walk+by+the+river",
        [401, 422, 422, 422, 422, 422],
    ),
    (
        api::REQUEST_EMAIL_CHANGE,
        "email=joan%40users.test",
        [401, 200, 200, 200, 200, 200],
    ),
    (
        api::CHANGE_NAME,
        "name=Joan",
        [401, 200, 200, 200, 200, 200],
    ),
    (api::CHANGE_NAME, "name=", [401, 422, 422, 422, 422, 422]),
    (
        api::CHANGE_PICTURE,
        "picture=x",
        [400, 400, 400, 400, 400, 400],
    ),
    (api::REMOVE_PICTURE, "", [401, 200, 200, 200, 200, 200]),
    (api::REQUEST_DELETION, "", [401, 200, 200, 200, 200, 200]),
    (
        api::OIDC_START,
        "provider=example",
        [404, 404, 404, 404, 404, 404],
    ),
    (
        api::OIDC_CONFIRM,
        "provider=example",
        [401, 404, 404, 404, 404, 404],
    ),
    (
        api::OIDC_CONNECT,
        "provider=example",
        [401, 404, 404, 404, 404, 404],
    ),
    (
        api::OIDC_CONNECT_BY_PASSWORD,
        "provider=example&password=wrong",
        [404, 404, 404, 404, 404, 404],
    ),
    (
        api::OIDC_DISCONNECT,
        "identity=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 404, 404, 404, 404],
    ),
    (routes::SIGN_OUT, "", [200, 200, 200, 200, 200, 200]),
    (
        api::END_SESSION,
        "session=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        [401, 404, 404, 404, 404, 404],
    ),
    (
        api::END_SESSION,
        "session=nonsense",
        [401, 404, 404, 404, 404, 404],
    ),
    (api::END_OTHER_SESSIONS, "", [401, 200, 200, 200, 200, 200]),
    (
        api::SIGN_OUT_EVERYBODY,
        "confirmation=sign%20out%20everybody",
        NOBODY,
    ),
    (
        api::ADMIN_SET_LIMITS,
        "org=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f&members=5",
        NOBODY,
    ),
    (
        api::ADMIN_RESTORE_ORG,
        "org=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        NOBODY,
    ),
    (api::ADMIN_FLUSH_ORG, "slug=acme", NOBODY),
    (api::ADMIN_FLUSH_USER, "email=ada%40users.test", NOBODY),
    (api::ADMIN_FLUSH_ALL, "", NOBODY),
    (
        api::ADMIN_SUSPEND_USER,
        "user=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        NOBODY,
    ),
    (
        api::ADMIN_REINSTATE_USER,
        "user=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        NOBODY,
    ),
    (
        api::ADMIN_SIGN_OUT_USER,
        "user=0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f",
        NOBODY,
    ),
    (api::ADMIN_RETRY_JOBS, "kind=mail.send", NOBODY),
    (api::ADMIN_DROP_JOB, "job=1", NOBODY),
    (api::ADMIN_RETRY_WEBHOOK, "event=evt_1", NOBODY),
    (routes::STRIPE_WEBHOOK, "", [400, 400, 400, 400, 400, 400]),
];

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Visitor,
    /// Signed in, and a member of nothing.
    Outsider,
    Member(Role),
    /// An owner who is suspended.
    Suspended,
    /// An owner whose account was suspended.
    Banned,
    /// An owner without a second factor, which `acme` requires.
    WithoutSecondFactor,
    /// Of an organization that was deleted.
    OwnerOfDeleted,
    /// The same.
    AdminOfDeleted,
}

/// Those for whom the tables have a column, in its order.
const COLUMNS: [Who; 6] = [
    Who::Visitor,
    Who::Outsider,
    Who::Member(Role::Member),
    Who::Member(Role::Billing),
    Who::Member(Role::Admin),
    Who::Member(Role::Owner),
];

/// Those whose answers follow from the tables, where an organization is concerned.
const DERIVED: [Who; 5] = [
    Who::Suspended,
    Who::Banned,
    Who::WithoutSecondFactor,
    Who::OwnerOfDeleted,
    Who::AdminOfDeleted,
];

/// What `who` is to be answered by the row with these statuses. `is_of_acme`: it is about
/// `acme`, at the address `path`.
fn expected(who: Who, statuses: Statuses, is_of_acme: bool, path: &str) -> u16 {
    let [visitor, outsider, member, .., owner] = statuses;
    let column = COLUMNS.iter().position(|column| *column == who);
    match who {
        Who::Banned => visitor,
        Who::Suspended | Who::AdminOfDeleted => outsider,
        // But not where there is nothing.
        Who::WithoutSecondFactor if is_of_acme && (member != 404 || owner == 200) => 403,
        Who::WithoutSecondFactor => owner,
        // What can be restored.
        Who::OwnerOfDeleted if is_of_acme && is_page(path) => 410,
        Who::OwnerOfDeleted => outsider,
        _ => statuses[column.expect("a column")],
    }
}

fn acme_page(page: OrgPage) -> String {
    page.path(&OrgSlug::parse("acme").expect("a slug"))
}

/// Addresses that are read, with what is expected.
fn reads() -> impl Iterator<Item = (String, Statuses)> {
    let org_pages = OrgPage::ALL
        .into_iter()
        .map(|page| (acme_page(page), org_page(page)));
    let others = GET
        .iter()
        .map(|(path, query, expected)| (format!("{path}{query}"), *expected));
    org_pages.chain(others)
}

/// `acme` and users for it to gain and lose.
struct Acme {
    site: Site,
    /// What the site talks to as long as it is there.
    _stripe: FakeStripe,
    id: OrgId,
    users: u32,
}

impl Acme {
    async fn create() -> Self {
        let stripe = FakeStripe::start(fake_stripe::Config::default()).await;
        let stripe = stripe.expect("the fake listens");
        let site = Site::start_with(|config| config.stripe.api_base = Some(stripe.url())).await;
        let ada = site.app.user("Ada").await;
        let id = site.org("acme", &ada).await;
        // Room for everybody who comes.
        let seats =
            "insert into limit_override (organization_id, members) values ($1::uuid, 10000)";
        site.app.sql_with(seats, &[&id.to_string()]).await;
        Self {
            site,
            _stripe: stripe,
            id,
            users: 0,
        }
    }

    async fn user(&mut self) -> SignedIn {
        self.users += 1;
        self.site.app.user(&format!("User {}", self.users)).await
    }

    async fn member(&mut self, role: Role) -> MemberId {
        let user = self.user().await;
        self.site.app.add_member(self.id, &user, role).await
    }

    /// What `who` needs `acme` to be.
    async fn create_for(who: Who) -> Self {
        let acme = Self::create().await;
        let change = match who {
            Who::WithoutSecondFactor => "update organization set second_factor_from = now()",
            Who::OwnerOfDeleted | Who::AdminOfDeleted => {
                "update organization set deleted_at = now()"
            }
            _ => return acme,
        };
        acme.site.app.sql(change).await;
        acme.site.app.services.flush_all().await.expect("flushed");
        acme
    }

    /// A new visitor of that kind.
    async fn visitor(&mut self, who: Who) -> Visitor {
        let role = match who {
            Who::Visitor => return self.site.visitor(),
            Who::Outsider => None,
            Who::Member(role) => Some(role),
            Who::AdminOfDeleted => Some(Role::Admin),
            Who::Suspended | Who::Banned | Who::WithoutSecondFactor | Who::OwnerOfDeleted => {
                Some(Role::Owner)
            }
        };
        let user = self.user().await;
        if let Some(role) = role {
            self.site.app.add_member(self.id, &user, role).await;
        }
        let visitor = self.site.sign_in(&user).await;
        let change = match who {
            Who::Suspended => "update member set suspended_at = now() where user_id = $1::uuid",
            Who::Banned => "update users set banned_at = now() where id = $1::uuid",
            _ => return visitor,
        };
        self.site
            .app
            .sql_with(change, &[&user.id.to_string()])
            .await;
        // By hand, so nobody waits until all nodes have heard of it.
        let flushed = self.site.app.services.flush_user(&user.email).await;
        flushed.expect("flushed");
        visitor
    }

    /// The id of a new invitation, sent long enough ago to be sent again.
    async fn invitation(&mut self, role: &str) -> String {
        let id = MemberId::new().to_string();
        let invite = "insert into invitation \
                      (id, organization_id, email, role, sent_at, expires_at) \
                      values ($1::uuid, $2::uuid, $1 || '@elsewhere.test', $3, \
                              now() - interval '1 hour', now() + interval '7 days')";
        let org = self.id.to_string();
        self.site.app.sql_with(invite, &[&id, &org, role]).await;
        id
    }

    /// A link by which people can join.
    async fn join_link(&mut self) -> String {
        let (id, org) = (MemberId::new().to_string(), self.id.to_string());
        let insert = "insert into join_link \
                      (id, organization_id, token_hash, created_at, asks_first) \
                      values ($1::uuid, $2::uuid, sha256($1::text::bytea), now(), false)";
        self.site.app.sql_with(insert, &[&id, &org]).await;
        id
    }

    /// Somebody who asks to join.
    async fn join_request(&mut self) -> String {
        let (id, org) = (MemberId::new().to_string(), self.id.to_string());
        let user = self.user().await.id.to_string();
        let insert = "insert into join_request \
                      (id, organization_id, user_id, domain, created_at) \
                      values ($1::uuid, $2::uuid, $3::uuid, 'users.test', now())";
        self.site.app.sql_with(insert, &[&id, &org, &user]).await;
        id
    }

    /// `form` with its placeholders filled.
    async fn fill(&mut self, form: &str) -> String {
        let mut form = form.to_owned();
        for (placeholder, role) in [("{member}", Role::Member), ("{owner}", Role::Owner)] {
            if form.contains(placeholder) {
                form = form.replace(placeholder, &self.member(role).await.to_string());
            }
        }
        if form.contains("{suspended}") {
            let id = self.member(Role::Member).await.to_string();
            let suspend = "update member set suspended_at = now() where id = $1::uuid";
            self.site.app.sql_with(suspend, &[&id]).await;
            form = form.replace("{suspended}", &id);
        }
        for (placeholder, role) in [("{invitation}", "member"), ("{offer_to_own}", "owner")] {
            if form.contains(placeholder) {
                form = form.replace(placeholder, &self.invitation(role).await);
            }
        }
        if form.contains("{join_link}") {
            form = form.replace("{join_link}", &self.join_link().await);
        }
        if form.contains("{join_request}") {
            form = form.replace("{join_request}", &self.join_request().await);
        }
        self.users += 1;
        form.replace("{fresh}", &format!("fresh-{}", self.users))
    }
}

fn is_page(path: &str) -> bool {
    OrgPath::parse(path).is_some_and(|path| path.page.is_some())
}

/// Whether a row is about an organization, and whether about `acme`.
fn concerns_org(path: &str, form: &str) -> (bool, bool) {
    let is_of_acme = path == "/orgs/acme"
        || ["/orgs/acme/", "/orgs/acme?"]
            .iter()
            .any(|start| path.starts_with(start))
        || format!("&{form}&").contains("&org=acme&");
    (
        path.starts_with(routes::ORGS) || form.contains("org="),
        is_of_acme,
    )
}

/// What is wrong with the answers that `who` gets.
async fn read_as(who: Who) -> Vec<String> {
    let mut acme = Acme::create_for(who).await;
    let mut visitor = acme.visitor(who).await;
    let mut wrong = Vec::new();
    for (path, statuses) in reads() {
        let (concerns_org, is_of_acme) =
            concerns_org(&path, path.split_once('?').unwrap_or_default().1);
        if DERIVED.contains(&who) && !concerns_org {
            continue;
        }
        // Endpoints are asked by islands, pages by browsers.
        let is_endpoint = api::ALL.iter().any(|endpoint| path.starts_with(endpoint));
        let accept = if is_endpoint {
            "application/json"
        } else {
            "text/html"
        };
        let answer = visitor
            .send(Method::GET, &path, &[("accept", accept)], Body::empty())
            .await;
        let expected = expected(who, statuses, is_of_acme, &path);
        if answer.status != expected {
            let status = answer.status;
            wrong.push(format!(
                "{path} for {who:?}: {status} instead of {expected}"
            ));
        }
    }
    wrong
}

/// The same for forms.
async fn post_as(who: Who) -> Vec<String> {
    let mut acme = Acme::create_for(who).await;
    let mut wrong = Vec::new();
    // Whoever was refused has changed nothing, and asks for the next.
    let mut unchanged = None;
    for (path, form, statuses) in POST {
        let (concerns_org, is_of_acme) = concerns_org(path, form);
        if DERIVED.contains(&who) && !concerns_org {
            continue;
        }
        // What it is for: it would not be deleted any more for the next row.
        if who == Who::OwnerOfDeleted && *path == api::RESTORE_ORG {
            continue;
        }
        let mut visitor = match unchanged.take() {
            Some(refused) => refused,
            None => acme.visitor(who).await,
        };
        let form = acme.fill(form).await;
        let headers = [
            ("accept", "application/json"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = visitor
            .send(Method::POST, path, &headers, form.clone().into())
            .await;
        let expected = expected(who, *statuses, is_of_acme, path);
        if answer.status != expected {
            let status = answer.status;
            wrong.push(format!(
                "{path} {form} for {who:?}: {status} instead of {expected}"
            ));
        }
        let refusals = [
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::CONFLICT,
        ];
        if refusals.contains(&answer.status) {
            unchanged = Some(visitor);
        }
    }
    wrong
}

#[tokio::test]
async fn every_page_answers_everybody_as_the_table_says() {
    let mut wrong = Vec::new();
    for who in COLUMNS {
        wrong.extend(read_as(who).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_endpoint_answers_everybody_as_the_table_says() {
    let mut wrong = Vec::new();
    for who in COLUMNS {
        wrong.extend(post_as(who).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whoever has no access has none anywhere, and learns no more than they may.
#[tokio::test]
async fn who_is_suspended_or_barred_gets_nothing_of_an_organization() {
    let mut wrong = Vec::new();
    for who in DERIVED {
        wrong.extend(read_as(who).await);
        wrong.extend(post_as(who).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_page_is_in_routes_and_in_the_table() {
    let routed: BTreeSet<String> = generate_route_list(App)
        .iter()
        .map(|route| route.path().to_owned())
        .collect();
    let described: BTreeSet<String> = PAGES
        .iter()
        .map(|page| (*page).to_owned())
        .chain(OrgPage::ALL.map(OrgPage::pattern))
        .chain(ProviderPage::ALL.map(ProviderPage::pattern))
        .chain([routes::INVITATION.to_owned(), routes::JOIN.to_owned()])
        .chain(
            AdminPage::ALL
                .into_iter()
                .filter_map(AdminPage::record_pattern),
        )
        .collect();
    assert_eq!(routed, described, "`App` and `orghub::routes` differ");

    let tested: BTreeSet<String> = reads().map(|(path, _)| path).collect();
    let pages = routed.iter().map(|pattern| {
        pattern
            .replace("{slug}", "acme")
            .replace("{provider}", "example")
            .replace("{token}", "nonsense")
            .replace("{id}", "0192f0c4-5b5e-7cc3-98c4-dc0c0c07398f")
    });
    let untested: Vec<String> = pages.filter(|page| !tested.contains(page)).collect();
    assert!(untested.is_empty(), "without a row: {untested:?}");
}

#[tokio::test]
async fn every_endpoint_is_in_routes_and_in_the_table() {
    // The router registers what is linked in; a site makes sure of that.
    let _site = Site::start().await;
    let registered: BTreeSet<&str> = server_fn_paths().map(|(path, _method)| path).collect();
    assert_eq!(
        registered,
        api::ALL.iter().copied().collect(),
        "the server functions and `orghub::routes::api` differ"
    );

    let rows = |table: &[(&'static str, &str, Statuses)]| -> BTreeSet<&'static str> {
        table.iter().map(|(path, _, _)| *path).collect()
    };
    let (read, written) = (rows(GET), rows(POST));
    let untested: Vec<&str> = server_fn_paths()
        .filter(|(path, method)| {
            let tested = if *method == Method::GET {
                &read
            } else {
                &written
            };
            !tested.contains(path)
        })
        .map(|(path, _method)| path)
        .collect();
    assert!(untested.is_empty(), "without a row: {untested:?}");
}
