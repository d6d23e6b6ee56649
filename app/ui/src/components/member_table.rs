//! One page of an organization's members, with what the reader may change.

use leptos::prelude::*;
use orghub_domain::{
    MemberListQuery, MemberRow, MemberSort, MemberStatus, Membership, Page, Permission, Role,
    routes, text,
};
use time::OffsetDateTime;

use super::{
    avatar::Avatar,
    badge::{Badge, RoleBadge, Tone},
    dates::{Day, HoursAgo, Zone},
};
use crate::forms::{self, Problem};

/// What all rows share.
struct RowContext<'a> {
    reader: &'a Membership,
    /// Whether the reader may change anybody, so that there is a column for it.
    manages: bool,
    /// The list as it is shown, to come back to.
    list: String,
    /// What went wrong with the last change. It belongs to one row.
    problem: Option<&'a Problem>,
    now: OffsetDateTime,
}

/// The table. Rows carry `data-member-id` and `data-role`, and `data-suspended` if the
/// member is.
pub fn member_table(
    reader: &Membership,
    query: &MemberListQuery,
    page: &Page<MemberRow>,
    problem: Option<&Problem>,
    now: OffsetDateTime,
) -> AnyView {
    let context = RowContext {
        reader,
        manages: reader.role.may(Permission::ManageMembers),
        list: routes::member_list(&reader.org_slug, query),
        problem,
        now,
    };
    let rows = page
        .rows
        .iter()
        .map(|member| row(member, &context))
        .collect_view();
    let heading = |sort: MemberSort, text: &'static str| heading(reader, query, sort, text);
    let actions = context.manages.then(|| {
        view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }
    });
    view! {
        <table class="table members" class:members--managed=context.manages>
            <caption class="visually-hidden">
                "Members of "
                <bdi>{reader.org_name.clone()}</bdi>
                {format!(", page {} of {}", page.number, page.last())}
            </caption>
            <thead>
                <tr>
                    {heading(MemberSort::Name, "Member")}
                    {heading(MemberSort::Role, "Role")}
                    {heading(MemberSort::Joined, "Joined (UTC)")}
                    {heading(MemberSort::Active, "Last active")}
                    {actions}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// A column's heading, which also links to the list in the column's order.
fn heading(
    reader: &Membership,
    query: &MemberListQuery,
    sort: MemberSort,
    text: &'static str,
) -> AnyView {
    let order = match sort {
        MemberSort::Joined | MemberSort::Active => "descending",
        MemberSort::Name | MemberSort::Role => "ascending",
    };
    let sorted = MemberListQuery {
        sort,
        ..query.at_page(Default::default())
    };
    let address = routes::member_list(&reader.org_slug, &sorted);
    view! {
        <th scope="col" aria-sort=(query.sort == sort).then_some(order)>
            <a class="table__sort" href=address>{text}</a>
        </th>
    }
    .into_any()
}

fn row(member: &MemberRow, context: &RowContext<'_>) -> impl IntoView + use<> {
    let (id, my_role) = (member.id.to_string(), context.reader.role);
    let is_me = member.user_id == context.reader.user_id;
    let problem = context
        .problem
        .filter(|problem| problem.typed("member_id") == Some(id.as_str()));
    let error = problem.map(|problem| {
        let text = problem.message().to_owned();
        view! { <p class="field__error" role="alert">{text}</p> }
    });

    let choices = || {
        Role::ALL
            .into_iter()
            .filter(|role| *role == member.role || my_role.may_change(member.role, Some(*role)))
    };
    let role = if choices().count() > 1 {
        role_form(member, &id, is_me, context, choices())
    } else {
        view! { <RoleBadge role=member.role/> }.into_any()
    };
    let is_suspended = member.status() == MemberStatus::Suspended;
    let actions = context.manages.then(|| {
        let may_remove = !is_me && my_role.may_change(member.role, None);
        let forms = may_remove.then(|| {
            let standing = if is_suspended {
                reinstatement_form(member, &id, context)
            } else {
                suspension_form(member, &id, context)
            };
            view! {
                {standing}
                {removal_form(member, &id, context)}
            }
        });
        view! { <td class="members__actions">{forms}</td> }
    });
    let badges = view! {
        {is_me.then(|| view! { <Badge tone=Tone::Accent text="You"/> })}
        {is_suspended.then(|| view! { <Badge tone=Tone::Bad text="Suspended"/> })}
        {(member.has_second_factor == Some(false))
            .then(|| view! { <Badge tone=Tone::Warning text="No second factor"/> })}
    };
    let last_active = match member.last_active_at {
        Some(at) => view! { <HoursAgo at now=context.now/> }.into_any(),
        None => "Never".into_any(),
    };

    view! {
        <tr
            id=problem.map(|_| format!("member-{id}"))
            data-member-id=id
            data-role=member.role.as_str()
            data-suspended=is_suspended.then_some("")
        >
            <th scope="row" class="members__who">
                <Avatar name=&member.name picture=member.picture.as_ref().map(routes::picture)/>
                <bdi class="members__name">{member.name.clone()} {badges}</bdi>
                <span class="members__email"><bdi>{member.email.clone()}</bdi></span>
                {error}
            </th>
            <td class="members__role">{role}</td>
            <td class="members__joined"><Day at=member.joined_at zone=Zone::SaidAbove/></td>
            <td class="members__active">{last_active}</td>
            {actions}
        </tr>
    }
}

/// The choice of a role. Its button shows when another role is chosen, which is up to the
/// style sheet, with and without JavaScript.
fn role_form(
    member: &MemberRow,
    id: &str,
    is_me: bool,
    context: &RowContext<'_>,
    choices: impl Iterator<Item = Role>,
) -> AnyView {
    let options = choices
        .map(|role| {
            let is_chosen = role == member.role;
            view! { <option value=role.as_str() selected=is_chosen>{role.label()}</option> }
        })
        .collect_view();
    let label = format!("Role of {}", text::isolated(&member.name));
    view! {
        <form
            class="role-form"
            method="post"
            action=forms::CHANGE_ROLE.action
            data-confirm=is_me.then_some("Change your own role?")
            data-confirm-detail=is_me.then_some("You may not be able to change it back yourself.")
            data-confirm-verb=is_me.then_some("Change my role")
        >
            {hidden(id, context)}
            <input type="hidden" name="was" value=member.role.as_str()/>
            <select class="select" name="role" aria-label=label autocomplete="off">
                {options}
            </select>
            <button class="button role-form__save">"Save"</button>
        </form>
    }
    .into_any()
}

fn suspension_form(member: &MemberRow, id: &str, context: &RowContext<'_>) -> AnyView {
    let org = text::isolated(&context.reader.org_name);
    let label = format!("Suspend {}", text::isolated(&member.name));
    let question = format!("{label}?");
    let detail = format!(
        "They lose access to {org} immediately. Their seat and their role are kept until you \
         reinstate or remove them."
    );
    view! {
        <form
            method="post"
            action=forms::SUSPEND_MEMBER.action
            data-confirm=question
            data-confirm-detail=detail
            data-confirm-verb="Suspend member"
        >
            {hidden(id, context)}
            <button class="button button--quiet" aria-label=label>"Suspend"</button>
        </form>
    }
    .into_any()
}

fn reinstatement_form(member: &MemberRow, id: &str, context: &RowContext<'_>) -> AnyView {
    let label = format!("Reinstate {}", text::isolated(&member.name));
    view! {
        <form method="post" action=forms::REINSTATE_MEMBER.action>
            {hidden(id, context)}
            <button class="button" aria-label=label>"Reinstate"</button>
        </form>
    }
    .into_any()
}

fn removal_form(member: &MemberRow, id: &str, context: &RowContext<'_>) -> AnyView {
    let org = text::isolated(&context.reader.org_name);
    let label = format!("Remove {}", text::isolated(&member.name));
    let question = format!("{label}?");
    view! {
        <form
            method="post"
            action=forms::REMOVE_MEMBER.action
            data-confirm=question
            data-confirm-detail=format!("They lose access to {org} immediately.")
            data-confirm-verb="Remove member"
        >
            {hidden(id, context)}
            <button class="button button--quiet" aria-label=label>"Remove"</button>
        </form>
    }
    .into_any()
}

/// What every form of a row carries besides its own fields.
fn hidden(id: &str, context: &RowContext<'_>) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="org" value=context.reader.org_slug.to_string()/>
        <input type="hidden" name="member_id" value=id.to_owned()/>
        <input type="hidden" name="return_to" value=context.list.clone()/>
    }
}
