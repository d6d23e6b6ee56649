use leptos::prelude::*;
use orghub_domain::Provider;

/// A button for each of `providers`, below the form that they stand in for; nothing if
/// there are none. Forms, because a link could be followed by anybody's page.
#[component]
pub fn ProviderButtons(
    /// Where they are sent to.
    action: &'static str,
    providers: Vec<Provider>,
    /// What is done with it, such as "Sign in".
    verb: &'static str,
    /// Where to go on afterwards.
    next: String,
) -> impl IntoView {
    if providers.is_empty() {
        return ().into_any();
    }
    let buttons = providers
        .into_iter()
        .map(|provider| {
            view! {
                <form method="post" action=action>
                    <input type="hidden" name="provider" value=provider.name.to_string()/>
                    <input type="hidden" name="next" value=next.clone()/>
                    <button class="button button--wide">
                        {format!("{verb} with {}", provider.label)}
                    </button>
                </form>
            }
        })
        .collect_view();
    view! {
        <div class="providers">
            <p class="providers__or">"or"</p>
            {buttons}
        </div>
    }
    .into_any()
}
