//! The document and the routes.
//!
//! Every page is a route of its own, and all of them are rendered whole on the server
//! ([`SsrMode::Async`]): a page's status and redirects depend on what it loads, and a page
//! that is in the cache should leave as one piece. So there are no nested routes, nothing
//! is streamed, and the browser runs no router; it follows links, made quick by
//! speculation rules (it begins to fetch a page when the link is pressed). Every page view
//! therefore passes the server's session and membership checks. Browsers keep showing the
//! old page until the new one can be painted. View transitions between them were tried and
//! left out: with a style sheet in a file of its own, Chromium drops every third and
//! reports it as an error of the page, which no script of the page can catch.
//!
//! The browser is sent no data besides the page: what a page loads is awaited in place
//! (`pages::render`), not through Leptos resources, which would serialize it for a
//! hydration that never comes, and would load it in a task of its own, out of sight of the
//! request's counters.
//!
//! Below `/orgs/{slug}` the server's middleware has looked already, and redirected
//! whoever is not signed in or used an id, a former slug or `default`. If it found no
//! membership there is no proof in the request, the page finds none either, and answers
//! 404. Wrong role: 403. A service away: 503.
//!
//! [`App`] runs once at start, without a request, to list the routes. Nothing here may
//! expect one; pages are not rendered then.

use futures::{FutureExt as _, StreamExt as _};
use hydration_context::{SharedContext as _, SsrSharedContext};
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};
use orghub_ui::{application::Application, context};

use crate::pages::{
    ActivityPage, AdminCachePage, AdminJobsPage, AdminOrgPage, AdminOrgsPage, AdminOverviewPage,
    AdminSessionsPage, AdminUserPage, AdminUsersPage, AdminWebhookPage, AdminWebhooksPage,
    BulkChangePage, CancelPlanPage, ChangeEmailPage, ChangeMembersPage, ChangePlanPage,
    CheckMailPage, CheckoutDonePage, ConfirmPage, ConnectPage, DeleteAccountPage,
    ForgotPasswordPage, InvitationPage, InvitationsPage, InvoicesPage, JoinPage, JoiningPage,
    LandingPage, LeavePage, MembersPage, NewOrgPage, NotFoundPage, OrgsPage, OverviewPage,
    PlansPage, ProfilePage, RecoveryCodesPage, RequireSecondFactorPage, ResetPasswordPage,
    ReturnPage, SecondFactorPage, SecurityPage, SettingsPage, SignInPage, SignUpPage,
    SubscriptionPage, ToStripePage, TotpPage, UndoEmailChangePage, VerifyEmailPage,
};

/// Pages whose fetch may begin when a link to them is pressed. Not when it is pointed at: a
/// page of an organization is guarded, and one that was fetched long before the click would
/// show what the reader may have lost access to since. And no files: the audit log names
/// whoever takes one away.
const SPECULATION_RULES: &str = r#"{"prefetch":[{
"where":{"and":[{"href_matches":"/orgs*"},{"not":{"href_matches":"/*.csv*"}}]},
"eagerness":"conservative"}]}"#;

/// How every page is rendered.
const WHOLE: SsrMode = SsrMode::Async;

/// The scripts in the document's head.
fn scripts(options: LeptosOptions) -> impl IntoView {
    view! {
        <script type="speculationrules">{SPECULATION_RULES}</script>
        <AutoReload options=options.clone()/>
        <HydrationScripts options islands=true/>
    }
}

/// What the program joins to the edge.
pub const APPLICATION: Application = Application {
    pages: || App().into_any(),
    document: |options| document(options).into_any(),
    inline_scripts,
};

fn inline_scripts(options: LeptosOptions) -> Vec<String> {
    let head = Owner::new().with(|| scripts(options).to_html());
    let mut texts: Vec<String> = head
        .split("<script")
        .skip(1)
        .filter_map(|rest| rest.split_once('>')?.1.split_once("</script>"))
        .map(|(text, _)| text.to_owned())
        .collect();
    // Behind the document Leptos writes what its resources hold. There are none.
    let nothing = SsrSharedContext::new().pending_data();
    texts.extend(
        nothing
            .and_then(|data| data.collect::<Vec<_>>().now_or_never())
            .into_iter()
            .flatten(),
    );
    texts
}

/// The document around every page.
fn document(options: LeptosOptions) -> impl IntoView {
    let style_sheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    let theme = context::theme();
    provide_context(theme);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <MetaTags/>
                <link rel="stylesheet" href=style_sheet/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                {scripts(options)}
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The routes: `orghub::routes` as Leptos takes them. `server/tests/it/endpoints/` holds
/// the two together.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        // Titles hold names of organizations, and Leptos writes them as they are.
        <Title formatter=|page: String| format!("{} · Orghub", html_escape::encode_text(&page))/>
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=LandingPage ssr=WHOLE/>
                <Route path=path!("/sign-in") view=SignInPage ssr=WHOLE/>
                <Route path=path!("/sign-in/with/:provider") view=LeavePage ssr=WHOLE/>
                <Route path=path!("/sign-in/with/:provider/callback") view=ReturnPage ssr=WHOLE/>
                <Route path=path!("/sign-in/with/:provider/connect") view=ConnectPage ssr=WHOLE/>
                <Route path=path!("/sign-in/second-factor") view=SecondFactorPage ssr=WHOLE/>
                <Route path=path!("/sign-up") view=SignUpPage ssr=WHOLE/>
                <Route path=path!("/check-mail") view=CheckMailPage ssr=WHOLE/>
                <Route path=path!("/forgot-password") view=ForgotPasswordPage ssr=WHOLE/>
                <Route path=path!("/verify-email") view=VerifyEmailPage ssr=WHOLE/>
                <Route path=path!("/reset-password") view=ResetPasswordPage ssr=WHOLE/>
                <Route path=path!("/change-email") view=ChangeEmailPage ssr=WHOLE/>
                <Route path=path!("/undo-email-change") view=UndoEmailChangePage ssr=WHOLE/>
                <Route path=path!("/delete-account") view=DeleteAccountPage ssr=WHOLE/>
                <Route path=path!("/invitations/:token") view=InvitationPage ssr=WHOLE/>
                <Route path=path!("/join/:token") view=JoinPage ssr=WHOLE/>
                <Route path=path!("/account") view=ProfilePage ssr=WHOLE/>
                <Route path=path!("/account/security") view=SecurityPage ssr=WHOLE/>
                <Route path=path!("/account/security/totp") view=TotpPage ssr=WHOLE/>
                <Route
                    path=path!("/account/security/recovery-codes")
                    view=RecoveryCodesPage
                    ssr=WHOLE
                />
                <Route path=path!("/account/confirm") view=ConfirmPage ssr=WHOLE/>
                <Route path=path!("/admin") view=AdminOverviewPage ssr=WHOLE/>
                <Route path=path!("/admin/orgs") view=AdminOrgsPage ssr=WHOLE/>
                <Route path=path!("/admin/orgs/:id") view=AdminOrgPage ssr=WHOLE/>
                <Route path=path!("/admin/users") view=AdminUsersPage ssr=WHOLE/>
                <Route path=path!("/admin/users/:id") view=AdminUserPage ssr=WHOLE/>
                <Route path=path!("/admin/cache") view=AdminCachePage ssr=WHOLE/>
                <Route path=path!("/admin/jobs") view=AdminJobsPage ssr=WHOLE/>
                <Route path=path!("/admin/webhooks") view=AdminWebhooksPage ssr=WHOLE/>
                <Route path=path!("/admin/webhooks/:id") view=AdminWebhookPage ssr=WHOLE/>
                <Route path=path!("/admin/sessions") view=AdminSessionsPage ssr=WHOLE/>
                <Route path=path!("/orgs") view=OrgsPage ssr=WHOLE/>
                <Route path=path!("/orgs/new") view=NewOrgPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug") view=OverviewPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/members") view=MembersPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/members/change") view=ChangeMembersPage ssr=WHOLE/>
                <Route
                    path=path!("/orgs/:slug/members/change/progress")
                    view=BulkChangePage
                    ssr=WHOLE
                />
                <Route path=path!("/orgs/:slug/invitations") view=InvitationsPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/joining") view=JoiningPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/subscription") view=SubscriptionPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/subscription/plans") view=PlansPage ssr=WHOLE/>
                <Route
                    path=path!("/orgs/:slug/subscription/change")
                    view=ChangePlanPage
                    ssr=WHOLE
                />
                <Route path=path!("/orgs/:slug/subscription/leave") view=ToStripePage ssr=WHOLE/>
                <Route
                    path=path!("/orgs/:slug/subscription/done")
                    view=CheckoutDonePage
                    ssr=WHOLE
                />
                <Route
                    path=path!("/orgs/:slug/subscription/cancel")
                    view=CancelPlanPage
                    ssr=WHOLE
                />
                <Route
                    path=path!("/orgs/:slug/subscription/invoices")
                    view=InvoicesPage
                    ssr=WHOLE
                />
                <Route path=path!("/orgs/:slug/activity") view=ActivityPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/settings") view=SettingsPage ssr=WHOLE/>
                <Route
                    path=path!("/orgs/:slug/settings/second-factor")
                    view=RequireSecondFactorPage
                    ssr=WHOLE
                />
            </FlatRoutes>
        </Router>
    }
}
