//! How many of an organization's seats are taken.

use leptos::prelude::*;

use super::grouped;

/// The number and a bar of it. More than full is possible: limits can go down.
#[component]
pub fn Seats(
    /// Members and pending invitations.
    used: i64,
    limit: u32,
) -> impl IntoView {
    let free = i64::from(limit) - used;
    let percent = (used.max(0) * 100 / i64::from(limit.max(1))).min(100);
    let (state, sentence) = match free {
        ..0 => ("over", format!("{} over the limit", grouped(-free))),
        0 => ("full", "No seats left".to_owned()),
        1 => ("free", "1 seat left".to_owned()),
        _ => ("free", format!("{} seats left", grouped(free))),
    };
    view! {
        <div class="seats" data-state=state>
            <p class="seats__line">
                <span id="seats-used">
                    <strong>{grouped(used)}</strong>
                    {format!(" of {} seats used", grouped(limit))}
                </span>
                <span class="seats__left">{sentence}</span>
            </p>
            <meter
                class="visually-hidden"
                min="0"
                max=limit.max(1).to_string()
                value=used.min(i64::from(limit)).to_string()
                aria-labelledby="seats-used"
            ></meter>
            // Browsers draw meters differently, and not all of them can be styled.
            <svg class="seats__bar" aria-hidden="true">
                <rect class="seats__fill" width=format!("{percent}%") height="100%" rx="4"></rect>
            </svg>
        </div>
    }
}
