use leptos::prelude::*;

/// Links to the pages of an area, of which the one with the address `current` is open. `pages`
/// are labels and addresses; `area` names the area in the command palette.
#[component]
pub fn Tabs(
    area: &'static str,
    pages: Vec<(&'static str, &'static str)>,
    current: &'static str,
) -> impl IntoView {
    let link = |(label, address): (&'static str, &'static str)| {
        let is_current = (address == current).then_some("page");
        view! {
            <li>
                <a
                    class="tabs__link"
                    href=address
                    aria-current=is_current
                    data-command=format!("{area}: {label}")
                >
                    {label}
                </a>
            </li>
        }
    };
    let links = pages.into_iter().map(link).collect_view();
    view! {
        <nav class="tabs" aria-label=area>
            <ul class="tabs__list">{links}</ul>
        </nav>
    }
}
