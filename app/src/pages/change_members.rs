//! `/orgs/{slug}/members/change`: who is meant by a change of all whom a list finds, before
//! anybody is changed.

use leptos::prelude::*;
use orghub::{
    domain::{
        BulkAction, BulkPreview, Invalid, MemberListQuery, NamedMember, PageNumber, SomeMembers,
    },
    routes::{self, OrgPage},
};
use orghub_ui::{
    components::{Card, ProblemMessage, grouped},
    forms::{self, FormMessage},
    response,
};

use super::{OrgRequest, render_org};
use crate::services::services;

/// What the address asks for.
struct Asked {
    list: MemberListQuery,
    action: Result<Option<BulkAction>, Invalid>,
}

/// The choice of what to do with the list that the address asks for, and, once it says what,
/// whom that would be done to.
#[component]
pub fn ChangeMembersPage() -> impl IntoView {
    let query = response::request_query();
    let asked = Asked {
        list: MemberListQuery::from_query(&query).at_page(PageNumber::FIRST),
        action: routes::action_in(&query),
    };
    let (list, action) = (asked.list.clone(), asked.action.clone().unwrap_or_default());
    render_org(
        OrgPage::ChangeMembers,
        move |access| async move {
            let Some(action) = action else {
                return Ok(None);
            };
            let orgs = services().orgs.clone();
            let preview = orgs.preview_bulk_change(&access, &list, action).await?;
            Ok(Some((action, preview)))
        },
        move |request, preview| {
            let slug = request.access.slug();
            let list = asked.list.clone().for_reader(request.access.role());
            let back = routes::member_list(slug, &list);
            let form = request.flash.state_of(&forms::BEGIN_BULK_CHANGE);
            let preview = preview.map(|(action, preview)| show(request, &list, action, &preview));
            view! {
                <div class="page-head"><h1 class="page-title">"Change members"</h1></div>
                <FormMessage form=&form/>
                {choice(request, &list, &asked.action)}
                {preview}
                <p>
                    <a href=back>"Back to the list"</a>
                    " · "
                    <a href=OrgPage::BulkChange.path(slug)>"The change asked for last"</a>
                </p>
            }
            .into_any()
        },
    )
}

/// The list in words.
fn whom(list: &MemberListQuery) -> &'static str {
    if list.is_filtered() {
        "Everybody whom the filtered list finds, on all of its pages."
    } else {
        "Every member of the organization, on all pages of the list."
    }
}

/// A plain form: what is chosen stands in the address.
fn choice(
    request: &OrgRequest,
    list: &MemberListQuery,
    action: &Result<Option<BulkAction>, Invalid>,
) -> AnyView {
    let page = OrgPage::ChangeMembers.path(request.access.slug());
    let whom = whom(list);
    let chosen = action.as_ref().ok().copied().flatten();
    let error = action.as_ref().err().map(|invalid| invalid.message.clone());
    let kept = list
        .to_params()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view();
    let options = BulkAction::ALL.map(|action| {
        view! {
            <option value=action.as_str() selected=chosen == Some(action)>{action.label()}</option>
        }
    });
    let is_wrong = error.is_some();
    let error = error.map(|text| {
        view! { <p class="field__error" id="action-error" role="alert">{text}</p> }
    });
    view! {
        <Card id="choice-title" title="What to do">
            <p>{whom}</p>
            <form class="form" method="get" action=page>
                {kept}
                <div class="field">
                    <label class="field__label" for="action">"Action"</label>
                    <select
                        class="select"
                        id="action"
                        name="action"
                        required
                        autocomplete="off"
                        aria-invalid=is_wrong.then_some("true")
                        aria-describedby=is_wrong.then_some("action-error")
                    >
                        <option value="">"Choose what to do"</option>
                        {options}
                    </select>
                    {error}
                </div>
                <div class="form__buttons">
                    <button class="button">"See who is meant"</button>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

fn show(
    request: &OrgRequest,
    list: &MemberListQuery,
    action: BulkAction,
    preview: &BulkPreview,
) -> AnyView {
    if preview.is_too_many() {
        let text = "The list finds more than 10,000 members, which is as many as can be changed \
                    at once. Filter it, or search it, and do them in parts.";
        return view! { <ProblemMessage text=text.to_owned()/> }.into_any();
    }
    let left = preview
        .left
        .iter()
        .map(|(why, members)| {
            view! {
                <li data-left=why.as_str()>
                    <p>{format!("{}: {}", count(members.total), why.sentence())}</p>
                    {names(members)}
                </li>
            }
        })
        .collect_view();
    let left = (!preview.left.is_empty()).then(|| {
        view! {
            <Card id="left-title" title="Who stays as they are">
                <ul class="bulk-change__left">{left}</ul>
            </Card>
        }
    });
    let meant = if preview.meant.total == 0 {
        view! { <p class="quiet">"Nobody would be changed."</p> }.into_any()
    } else {
        view! {
            <p>{sentence(action, preview.meant.total)}</p>
            {names(&preview.meant)}
            {confirmation(request, list, action, preview.meant.total)}
        }
        .into_any()
    };
    view! {
        <section
            class="card"
            aria-labelledby="meant-title"
            data-meant=preview.meant.total.to_string()
        >
            <div class="card__head">
                <h2 class="card__title" id="meant-title">"Who is meant"</h2>
            </div>
            <div class="card__body">{meant}</div>
        </section>
        {left}
    }
    .into_any()
}

fn sentence(action: BulkAction, total: i64) -> String {
    let who = count(total);
    match action {
        BulkAction::ChangeRole(role) => format!("{who} will get the role {}.", role.label()),
        BulkAction::Suspend => format!(
            "{who} will be suspended. They lose access; role and seat are kept until they are \
             reinstated or removed."
        ),
        BulkAction::Remove => format!(
            "{who} will be removed. They lose access, their seats are free again, and open \
             invitations to them are cancelled."
        ),
    }
}

fn count(total: i64) -> String {
    match total {
        1 => "1 member".to_owned(),
        _ => format!("{} members", grouped(total)),
    }
}

/// The first of them, and how many more there are.
fn names(members: &SomeMembers) -> AnyView {
    let named = members.first.iter().map(line).collect_view();
    let more = members.total - members.first.len() as i64;
    let more =
        (more > 0).then(|| view! { <p class="quiet">{format!("And {} more.", grouped(more))}</p> });
    view! {
        <ul class="name-list">{named}</ul>
        {more}
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

fn confirmation(
    request: &OrgRequest,
    list: &MemberListQuery,
    action: BulkAction,
    total: i64,
) -> AnyView {
    let slug = request.access.slug();
    let here = routes::change_members(slug, list, Some(action));
    let list = routes::with_query(String::new(), &list.to_params());
    let list = list.trim_start_matches('?').to_owned();
    let class = match action {
        BulkAction::ChangeRole(_) => "button button--primary",
        BulkAction::Suspend | BulkAction::Remove => "button button--danger",
    };
    view! {
        <p>
            "It is done in the background, a few members at a time. You can watch it, cancel it, \
             and take it back for ten minutes after its end. We mail you what became of it."
        </p>
        <form method="post" action=forms::BEGIN_BULK_CHANGE.action>
            <input type="hidden" name="org" value=slug.to_string()/>
            <input type="hidden" name="list" value=list/>
            <input type="hidden" name="action" value=action.as_str()/>
            <input type="hidden" name="count" value=total.to_string()/>
            <input type="hidden" name="return_to" value=here/>
            <button class=class>{action.of(total)}</button>
        </form>
    }
    .into_any()
}
