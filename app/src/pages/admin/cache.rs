//! `/admin/cache`: how the cache of this node does, and ending what it holds.

use leptos::prelude::*;
use orghub::{
    domain::platform::{CacheStatus, FamilyStatus},
    routes::AdminPage,
};
use orghub_ui::{
    components::{Badge, Card, Tone, grouped},
    forms::{self, Field, Flash, FormMessage},
};

use super::render_admin;
use crate::services::services;

/// Look-ups by family, sizes, lag, the breaker; flushing one organization, one user, or all.
#[component]
pub fn AdminCachePage() -> impl IntoView {
    render_admin(
        AdminPage::Cache,
        |admin| async move {
            let platform = services().platform.clone();
            Ok(platform.cache_status(&admin).await?)
        },
        |flash, status| {
            view! {
                <div class="page-head">
                    <h1 class="page-title">"Cache"</h1>
                    <p class="page-head__count">"This node, since it started"</p>
                </div>
                {state(&status)}
                {families(&status.families)}
                {flushes(flash)}
            }
            .into_any()
        },
    )
}

fn state(status: &CacheStatus) -> AnyView {
    let (tone, lease) = if status.lease_is_running {
        (Tone::Good, "In use")
    } else {
        (Tone::Warning, "Bypassed")
    };
    let (breaker_tone, breaker) = match status.breaker {
        Some("closed") => (Tone::Good, "closed"),
        Some(state) => (Tone::Warning, state),
        None => (Tone::Neutral, "No Redis"),
    };
    let ages = [
        ("Change log read", status.last_poll_seconds),
        ("Oldest open write", status.oldest_write_seconds),
        ("Redis round trip", status.redis_seconds),
    ]
    .map(|(name, seconds)| {
        view! {
            <div class="facts__fact"><dt>{name}</dt><dd>{milliseconds(seconds)}</dd></div>
        }
    });
    view! {
        <dl class="facts" data-lease=status.lease_is_running.to_string()>
            <div class="facts__fact">
                <dt>"Cached values"</dt>
                <dd><Badge tone text=lease/></dd>
            </div>
            <div class="facts__fact">
                <dt>"Breaker"</dt>
                <dd><Badge tone=breaker_tone text=breaker/></dd>
            </div>
            <div class="facts__fact">
                <dt>"Near cache"</dt>
                <dd>{kilobytes(status.near_bytes)}</dd>
            </div>
            {ages}
        </dl>
    }
    .into_any()
}

fn milliseconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(
        || "unknown".to_owned(),
        |seconds| format!("{:.1} ms", seconds * 1_000.0),
    )
}

fn kilobytes(bytes: u64) -> String {
    let kilobytes = i64::try_from(bytes.div_ceil(1_000)).unwrap_or(i64::MAX);
    format!("{} KB", grouped(kilobytes))
}

fn families(families: &[FamilyStatus]) -> AnyView {
    let rows = families.iter().map(family).collect_view();
    view! {
        <section class="card" aria-labelledby="families-title">
            <div class="card__head">
                <h2 class="card__title" id="families-title">"Look-ups"</h2>
            </div>
            <table class="table records">
                <caption class="visually-hidden">"Look-ups by kind of value"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Family"</th>
                        <th scope="col">"Hits"</th>
                        <th scope="col">"Look-ups"</th>
                        <th scope="col">"Outcomes"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn family(family: &FamilyStatus) -> AnyView {
    let ratio = family
        .hit_percent()
        .map_or_else(|| "–".to_owned(), |percent| format!("{percent:.1} %"));
    let count = |count: u64| grouped(i64::try_from(count).unwrap_or(i64::MAX));
    let outcomes: Vec<String> = family
        .outcomes
        .iter()
        .filter(|(_, times)| *times > 0)
        .map(|(name, times)| format!("{name} {}", count(*times)))
        .collect();
    view! {
        <tr data-family=family.name>
            <th scope="row">{family.name}</th>
            <td data-label="Hits">{ratio}</td>
            <td data-label="Look-ups">{count(family.lookups())}</td>
            <td class="records__quiet" data-label="Outcomes">{outcomes.join(", ")}</td>
        </tr>
    }
    .into_any()
}

fn flushes(flash: &Flash) -> AnyView {
    let org = flash.state_of(&forms::ADMIN_FLUSH_ORG);
    let user = flash.state_of(&forms::ADMIN_FLUSH_USER);
    let all = flash.state_of(&forms::ADMIN_FLUSH_ALL);
    view! {
        <Card id="flush-title" title="Flush">
            <p>
                "After the database was changed behind the triggers' back. It ends cached values \
                 on all nodes; nothing is lost, and what is asked for next comes from the database."
            </p>
            <FormMessage form=&org/>
            <form class="form" method="post" action=org.action()>
                <Field form=&org id="flush-slug" name="slug" label="Slug" max_length=48/>
                <div class="form__buttons">
                    <button class="button">"Flush an organization"</button>
                </div>
            </form>
            <FormMessage form=&user/>
            <form class="form" method="post" action=user.action()>
                <Field
                    form=&user
                    id="flush-email"
                    name="email"
                    kind="email"
                    label="E-mail"
                    max_length=254
                />
                <div class="form__buttons"><button class="button">"Flush a user"</button></div>
            </form>
            <FormMessage form=&all/>
            <form
                method="post"
                action=all.action()
                data-confirm="Flush the whole cache?"
                data-confirm-detail="Every page asks the database for a moment, on all nodes."
                data-confirm-verb="Flush everything"
            >
                <button class="button button--danger-quiet">"Flush everything"</button>
            </form>
        </Card>
    }
    .into_any()
}
