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

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::{
    pages::{
        LandingPage, MembersPage, NewOrgPage, NotFoundPage, OrgsPage, OverviewPage, SettingsPage,
        SignInPage, SubscriptionPage,
    },
    theme::Theme,
};

/// Pages whose fetch may begin when a link to them is pressed. Not when it is pointed at: a
/// page of an organization is guarded, and one that was fetched long before the click would
/// show what the reader may have lost access to since.
const SPECULATION_RULES: &str =
    r#"{"prefetch":[{"where":{"href_matches":"/orgs*"},"eagerness":"conservative"}]}"#;

/// How every page is rendered.
const WHOLE: SsrMode = SsrMode::Async;

/// The document around every page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let style_sheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=Theme::current().as_str()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <MetaTags/>
                <link rel="stylesheet" href=style_sheet/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <script type="speculationrules" nonce=use_nonce()>{SPECULATION_RULES}</script>
                <AutoReload options=options.clone()/>
                <HydrationScripts options islands=true/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// The routes: `orghub::routes` as Leptos takes them. `server/tests/it/endpoints.rs` holds
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
                <Route path=path!("/orgs") view=OrgsPage ssr=WHOLE/>
                <Route path=path!("/orgs/new") view=NewOrgPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug") view=OverviewPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/members") view=MembersPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/subscription") view=SubscriptionPage ssr=WHOLE/>
                <Route path=path!("/orgs/:slug/settings") view=SettingsPage ssr=WHOLE/>
            </FlatRoutes>
        </Router>
    }
}
