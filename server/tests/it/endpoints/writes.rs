//! The table of what is written: endpoints, and forms for them.

use orghub::routes::{self, api};

use super::{NOBODY, Statuses};

/// `{invitation}` and `{offer_to_own}` are invitations to be a member and an owner of `acme`;
/// `{fresh}` is a slug nobody has; `{member}`, `{suspended}` and `{owner}` are members of
/// `acme` that nobody touched before.
pub const POST: &[(&str, &str, Statuses)] = &[
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
