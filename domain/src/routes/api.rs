//! Where forms are posted to and islands ask.

use super::SIGN_OUT;

/// All of them are below it.
pub const PREFIX: &str = "/api/";

pub const SIGN_IN: &str = "/api/sign_in";
pub const CREATE_ORG: &str = "/api/create_org";
pub const UPDATE_ORG: &str = "/api/update_org";
/// Takes a file, as `multipart/form-data`.
pub const CHANGE_LOGO: &str = "/api/change_logo";
pub const REMOVE_LOGO: &str = "/api/remove_logo";
pub const REQUIRE_SECOND_FACTOR: &str = "/api/require_second_factor";
pub const STOP_REQUIRING_SECOND_FACTOR: &str = "/api/stop_requiring_second_factor";
pub const DELETE_ORG: &str = "/api/delete_org";
pub const RESTORE_ORG: &str = "/api/restore_org";
pub const LEAVE_ORG: &str = "/api/leave_org";
pub const CHANGE_ROLE: &str = "/api/change_role";
pub const REMOVE_MEMBER: &str = "/api/remove_member";
pub const SUSPEND_MEMBER: &str = "/api/suspend_member";
pub const REINSTATE_MEMBER: &str = "/api/reinstate_member";
pub const BEGIN_BULK_CHANGE: &str = "/api/begin_bulk_change";
pub const CANCEL_BULK_CHANGE: &str = "/api/cancel_bulk_change";
pub const UNDO_BULK_CHANGE: &str = "/api/undo_bulk_change";
pub const OFFER_OWNERSHIP: &str = "/api/offer_ownership";
pub const ACCEPT_OWNERSHIP: &str = "/api/accept_ownership";
pub const DECLINE_OWNERSHIP: &str = "/api/decline_ownership";
pub const WITHDRAW_OWNERSHIP: &str = "/api/withdraw_ownership";
pub const INVITE: &str = "/api/invite";
pub const INVITE_MANY: &str = "/api/invite_many";
/// Takes a file, as `multipart/form-data`.
pub const IMPORT_INVITATIONS: &str = "/api/import_invitations";
pub const SEND_INVITATIONS: &str = "/api/send_invitations";
pub const RESEND_INVITATION: &str = "/api/resend_invitation";
pub const COPY_INVITATION_LINK: &str = "/api/copy_invitation_link";
pub const CANCEL_INVITATION: &str = "/api/cancel_invitation";
pub const ACCEPT_INVITATION: &str = "/api/accept_invitation";
pub const DECLINE_INVITATION: &str = "/api/decline_invitation";
pub const MAKE_JOIN_LINK: &str = "/api/make_join_link";
pub const REVOKE_JOIN_LINK: &str = "/api/revoke_join_link";
pub const SEND_DOMAIN_CODE: &str = "/api/send_domain_code";
pub const VERIFY_DOMAIN: &str = "/api/verify_domain";
pub const CHANGE_DOMAIN_POLICY: &str = "/api/change_domain_policy";
pub const REMOVE_DOMAIN: &str = "/api/remove_domain";
pub const ACCEPT_JOIN_REQUEST: &str = "/api/accept_join_request";
pub const DECLINE_JOIN_REQUEST: &str = "/api/decline_join_request";
pub const FOLLOW_JOIN_LINK: &str = "/api/follow_join_link";
pub const JOIN_BY_DOMAIN: &str = "/api/join_by_domain";
pub const SET_THEME: &str = "/api/set_theme";
pub const CONFIRM: &str = "/api/confirm";
pub const SIGN_UP: &str = "/api/sign_up";
pub const RESEND_VERIFICATION: &str = "/api/resend_verification";
pub const VERIFY_EMAIL: &str = "/api/verify_email";
pub const FORGOT_PASSWORD: &str = "/api/forgot_password";
pub const RESET_PASSWORD: &str = "/api/reset_password";
pub const CHANGE_PASSWORD: &str = "/api/change_password";
pub const REQUEST_EMAIL_CHANGE: &str = "/api/request_email_change";
pub const CHANGE_EMAIL: &str = "/api/change_email";
pub const UNDO_EMAIL_CHANGE: &str = "/api/undo_email_change";
pub const CHANGE_NAME: &str = "/api/change_name";
/// Takes a file, as `multipart/form-data`.
pub const CHANGE_PICTURE: &str = "/api/change_picture";
pub const REMOVE_PICTURE: &str = "/api/remove_picture";
pub const REQUEST_DELETION: &str = "/api/request_deletion";
pub const DELETE_ACCOUNT: &str = "/api/delete_account";
/// Begins signing in with a provider.
pub const OIDC_START: &str = "/api/oidc_start";
/// Begins proving to a provider again who one is.
pub const OIDC_CONFIRM: &str = "/api/oidc_confirm";
/// Begins connecting a provider with the account that is signed in.
pub const OIDC_CONNECT: &str = "/api/oidc_connect";
/// Connects a provider with the account whose password is sent.
pub const OIDC_CONNECT_BY_PASSWORD: &str = "/api/oidc_connect_by_password";
pub const OIDC_DISCONNECT: &str = "/api/oidc_disconnect";
pub const END_SESSION: &str = "/api/end_session";
pub const END_OTHER_SESSIONS: &str = "/api/end_other_sessions";
pub const SIGN_OUT_EVERYBODY: &str = "/api/sign_out_everybody";
pub const ADMIN_SET_LIMITS: &str = "/api/admin_set_limits";
pub const ADMIN_RESTORE_ORG: &str = "/api/admin_restore_org";
pub const ADMIN_FLUSH_ORG: &str = "/api/admin_flush_org";
pub const ADMIN_FLUSH_USER: &str = "/api/admin_flush_user";
pub const ADMIN_FLUSH_ALL: &str = "/api/admin_flush_all";
/// Begins buying a plan, and leads to a page of Stripe's.
pub const START_CHECKOUT: &str = "/api/start_checkout";
pub const CHANGE_PLAN: &str = "/api/change_plan";
/// Takes a change back that is to come.
pub const TAKE_BACK_CHANGE: &str = "/api/take_back_change";
pub const CANCEL_SUBSCRIPTION: &str = "/api/cancel_subscription";
pub const RESTORE_SUBSCRIPTION: &str = "/api/restore_subscription";
/// Leads to Stripe's own page about an organization's payments.
pub const OPEN_PORTAL: &str = "/api/open_portal";
pub const CHANGE_BILLING_CONTACT: &str = "/api/change_billing_contact";
pub const ADMIN_RETRY_WEBHOOK: &str = "/api/admin_retry_webhook";
pub const ADMIN_SUSPEND_USER: &str = "/api/admin_suspend_user";
pub const ADMIN_REINSTATE_USER: &str = "/api/admin_reinstate_user";
pub const ADMIN_SIGN_OUT_USER: &str = "/api/admin_sign_out_user";
pub const ADMIN_RETRY_JOBS: &str = "/api/admin_retry_jobs";
pub const ADMIN_DROP_JOB: &str = "/api/admin_drop_job";
pub const CONFIRM_WITH_CODE: &str = "/api/confirm_with_code";
pub const CONFIRM_WITH_PASSKEY: &str = "/api/confirm_with_passkey";
pub const COMPLETE_WITH_CODE: &str = "/api/complete_with_code";
pub const COMPLETE_WITH_PASSKEY: &str = "/api/complete_with_passkey";
pub const SIGN_IN_WITH_PASSKEY: &str = "/api/sign_in_with_passkey";
pub const BEGIN_TOTP: &str = "/api/begin_totp";
pub const TURN_ON_TOTP: &str = "/api/turn_on_totp";
pub const TURN_OFF_TOTP: &str = "/api/turn_off_totp";
pub const REQUIRE_PASSKEY: &str = "/api/require_passkey";
pub const TURN_OFF_SECOND_FACTOR: &str = "/api/turn_off_second_factor";
pub const MAKE_RECOVERY_CODES: &str = "/api/make_recovery_codes";
pub const HIDE_RECOVERY_CODES: &str = "/api/hide_recovery_codes";
pub const ADD_PASSKEY: &str = "/api/add_passkey";
pub const RENAME_PASSKEY: &str = "/api/rename_passkey";
pub const REMOVE_PASSKEY: &str = "/api/remove_passkey";
/// What a browser is to ask a device for, in JSON: to make a passkey for the user.
pub const BEGIN_PASSKEY: &str = "/api/begin_passkey";
/// To use any passkey of the site.
pub const BEGIN_PASSKEY_SIGN_IN: &str = "/api/begin_passkey_sign_in";
/// To use a passkey of somebody who is known.
pub const BEGIN_PASSKEY_PROOF: &str = "/api/begin_passkey_proof";
/// The user's organizations, for the menu that switches between them (GET).
pub const MY_ORGS: &str = "/api/my_orgs";
/// Members of an organization that a search finds, for the command palette (GET).
pub const FIND_MEMBERS: &str = "/api/find_members";
/// How many members of an organization a list finds (GET).
pub const COUNT_MEMBERS: &str = "/api/count_members";
/// Whether a slug is available (GET).
pub const IS_SLUG_FREE: &str = "/api/is_slug_free";

/// Those that take a file.
pub const UPLOADS: &[&str] = &[CHANGE_PICTURE, CHANGE_LOGO, IMPORT_INVITATIONS];

/// What islands ask, by GET.
pub const LOOKUPS: &[&str] = &[MY_ORGS, FIND_MEMBERS, COUNT_MEMBERS, IS_SLUG_FREE];

/// The endpoints for platform admins. To everybody else they do not exist.
pub const PLATFORM: &[&str] = &[
    SIGN_OUT_EVERYBODY,
    ADMIN_SET_LIMITS,
    ADMIN_RESTORE_ORG,
    ADMIN_FLUSH_ORG,
    ADMIN_FLUSH_USER,
    ADMIN_FLUSH_ALL,
    ADMIN_SUSPEND_USER,
    ADMIN_REINSTATE_USER,
    ADMIN_SIGN_OUT_USER,
    ADMIN_RETRY_JOBS,
    ADMIN_DROP_JOB,
    ADMIN_RETRY_WEBHOOK,
];

/// The endpoints of all server functions.
pub const ALL: &[&str] = &[
    SIGN_IN,
    SIGN_OUT,
    CREATE_ORG,
    UPDATE_ORG,
    CHANGE_LOGO,
    REMOVE_LOGO,
    REQUIRE_SECOND_FACTOR,
    STOP_REQUIRING_SECOND_FACTOR,
    DELETE_ORG,
    RESTORE_ORG,
    LEAVE_ORG,
    CHANGE_ROLE,
    REMOVE_MEMBER,
    SUSPEND_MEMBER,
    REINSTATE_MEMBER,
    BEGIN_BULK_CHANGE,
    CANCEL_BULK_CHANGE,
    UNDO_BULK_CHANGE,
    OFFER_OWNERSHIP,
    ACCEPT_OWNERSHIP,
    DECLINE_OWNERSHIP,
    WITHDRAW_OWNERSHIP,
    INVITE,
    INVITE_MANY,
    IMPORT_INVITATIONS,
    SEND_INVITATIONS,
    RESEND_INVITATION,
    COPY_INVITATION_LINK,
    CANCEL_INVITATION,
    ACCEPT_INVITATION,
    DECLINE_INVITATION,
    MAKE_JOIN_LINK,
    REVOKE_JOIN_LINK,
    SEND_DOMAIN_CODE,
    VERIFY_DOMAIN,
    CHANGE_DOMAIN_POLICY,
    REMOVE_DOMAIN,
    ACCEPT_JOIN_REQUEST,
    DECLINE_JOIN_REQUEST,
    FOLLOW_JOIN_LINK,
    JOIN_BY_DOMAIN,
    START_CHECKOUT,
    CHANGE_PLAN,
    TAKE_BACK_CHANGE,
    CANCEL_SUBSCRIPTION,
    RESTORE_SUBSCRIPTION,
    OPEN_PORTAL,
    CHANGE_BILLING_CONTACT,
    SET_THEME,
    CONFIRM,
    SIGN_UP,
    RESEND_VERIFICATION,
    VERIFY_EMAIL,
    FORGOT_PASSWORD,
    RESET_PASSWORD,
    CHANGE_PASSWORD,
    REQUEST_EMAIL_CHANGE,
    CHANGE_EMAIL,
    UNDO_EMAIL_CHANGE,
    CHANGE_NAME,
    CHANGE_PICTURE,
    REMOVE_PICTURE,
    REQUEST_DELETION,
    DELETE_ACCOUNT,
    OIDC_START,
    OIDC_CONFIRM,
    OIDC_CONNECT,
    OIDC_CONNECT_BY_PASSWORD,
    OIDC_DISCONNECT,
    END_SESSION,
    END_OTHER_SESSIONS,
    SIGN_OUT_EVERYBODY,
    ADMIN_SET_LIMITS,
    ADMIN_RESTORE_ORG,
    ADMIN_FLUSH_ORG,
    ADMIN_FLUSH_USER,
    ADMIN_FLUSH_ALL,
    ADMIN_SUSPEND_USER,
    ADMIN_REINSTATE_USER,
    ADMIN_SIGN_OUT_USER,
    ADMIN_RETRY_JOBS,
    ADMIN_DROP_JOB,
    ADMIN_RETRY_WEBHOOK,
    CONFIRM_WITH_CODE,
    CONFIRM_WITH_PASSKEY,
    COMPLETE_WITH_CODE,
    COMPLETE_WITH_PASSKEY,
    SIGN_IN_WITH_PASSKEY,
    BEGIN_TOTP,
    TURN_ON_TOTP,
    TURN_OFF_TOTP,
    REQUIRE_PASSKEY,
    TURN_OFF_SECOND_FACTOR,
    MAKE_RECOVERY_CODES,
    HIDE_RECOVERY_CODES,
    ADD_PASSKEY,
    RENAME_PASSKEY,
    REMOVE_PASSKEY,
    BEGIN_PASSKEY,
    BEGIN_PASSKEY_SIGN_IN,
    BEGIN_PASSKEY_PROOF,
    MY_ORGS,
    FIND_MEMBERS,
    COUNT_MEMBERS,
    IS_SLUG_FREE,
];
