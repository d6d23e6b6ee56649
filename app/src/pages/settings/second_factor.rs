//! Requiring a second factor: its card among the settings, and the page that lists who would
//! be hit before it is turned on.

use leptos::prelude::*;
use orghub::{
    domain::{FirstDay, NamedMember, WithoutSecondFactor},
    routes::{AccountPage, OrgPage},
};
use orghub_ui::{
    components::{Badge, Card, Day, Tone, grouped, hours_change_at},
    context,
    forms::{self, Field, FormMessage},
};
use time::OffsetDateTime;

use super::OrgRequest;
use crate::{pages::render_org, services::services};

/// Whether one is required, and the way to change that.
pub(super) fn card(request: &OrgRequest) -> AnyView {
    let from = request.membership().second_factor_from;
    let page = OrgPage::SecondFactor.path(request.access.slug());
    view! {
        <Card id="second-factor-title" title="Second factor">
            <div class="card__split">
                {state(from)}
                <a class="button" href=page>"Second factor of members"</a>
            </div>
        </Card>
    }
    .into_any()
}

fn state(from: Option<OffsetDateTime>) -> AnyView {
    match from {
        Some(from) => view! {
            <p>
                <Badge tone=Tone::Good text="Required"/>
                " Members without a second factor have no access from "
                <Day at=from/>
                " on, until they set one up."
            </p>
        }
        .into_any(),
        None => view! {
            <p>
                <Badge tone=Tone::Neutral text="Not required"/>
                " Members decide themselves whether signing in takes a second step."
            </p>
        }
        .into_any(),
    }
}

struct Data {
    without: WithoutSecondFactor,
    now: OffsetDateTime,
}

/// `/orgs/{slug}/settings/second-factor`.
#[component]
pub fn RequireSecondFactorPage() -> impl IntoView {
    render_org(
        OrgPage::SecondFactor,
        |access| async move {
            let services = services();
            Ok(Data {
                without: services.orgs.list_without_second_factor(&access).await?,
                now: context::now_until(hours_change_at),
            })
        },
        |request, data| {
            let from = request.membership().second_factor_from;
            view! {
                <div class="page-head"><h1 class="page-title">"Second factor"</h1></div>
                {state(from)}
                {who_has_none(&data.without)}
                {rule(request, data.now)}
            }
            .into_any()
        },
    )
}

/// Who would lose access.
fn who_has_none(without: &WithoutSecondFactor) -> AnyView {
    let list = if without.total == 0 {
        view! { <p class="quiet">"Every member has a second factor."</p> }.into_any()
    } else {
        let sentence = match without.total {
            1 => "1 member has no second factor:".to_owned(),
            total => format!("{} members have no second factor:", grouped(total)),
        };
        let named = without.first.iter().map(line).collect_view();
        let more = without.total - without.first.len() as i64;
        let more = (more > 0)
            .then(|| view! { <p class="quiet">{format!("And {} more.", grouped(more))}</p> });
        view! {
            <p>{sentence}</p>
            <ul class="name-list">{named}</ul>
            {more}
        }
        .into_any()
    };
    view! {
        <section
            class="card"
            aria-labelledby="without-title"
            data-without=without.total.to_string()
        >
            <div class="card__head">
                <h2 class="card__title" id="without-title">"Members without one"</h2>
            </div>
            <div class="card__body">{list}</div>
        </section>
    }
    .into_any()
}

fn line(member: &NamedMember) -> impl IntoView + use<> {
    view! {
        <li class="name-list__line">
            <bdi>{member.name.clone()}</bdi>
            <bdi class="quiet">{member.email.clone()}</bdi>
        </li>
    }
}

fn rule(request: &OrgRequest, now: OffsetDateTime) -> AnyView {
    let require = request.flash.state_of(&forms::REQUIRE_SECOND_FACTOR);
    let stop = request.flash.state_of(&forms::STOP_REQUIRING_SECOND_FACTOR);
    let slug = request.access.slug().to_string();
    let required_from = request.membership().second_factor_from;
    let from = required_from.map_or_else(|| FirstDay::usual(now), FirstDay::of);
    let day = from.to_string();
    let form = if request.access.user().has_second_factor {
        view! {
            <form class="form" method="post" action=require.action()>
                <input type="hidden" name="org" value=slug.clone()/>
                <Field
                    form=&require
                    id="from"
                    name="from"
                    label="First day"
                    kind="date"
                    value=&day
                    hint="Until then members only see a reminder. Today at the earliest, in 90 \
                          days at the latest (UTC)."
                />
                <div class="form__buttons">
                    <button class="button button--primary">"Require a second factor"</button>
                </div>
            </form>
        }
        .into_any()
    } else {
        view! {
            <div class="card__split">
                <p>"Set up a second factor of your own first, or you would lock yourself out."</p>
                <a class="button" href=AccountPage::Security.path()>"Set up a second factor"</a>
            </div>
        }
        .into_any()
    };
    let end = required_from.is_some().then(|| {
        view! {
            <form method="post" action=stop.action()>
                <input type="hidden" name="org" value=slug/>
                <button class="button button--danger-quiet">"Stop requiring it"</button>
            </form>
        }
    });
    view! {
        <Card id="rule-title" title="Require a second factor">
            <p>
                "From the first day on, members without a second factor have no access, owners \
                 included, until they set one up. We mail them now."
            </p>
            <FormMessage form=&require/>
            <FormMessage form=&stop/>
            {form}
            {end}
        </Card>
    }
    .into_any()
}
