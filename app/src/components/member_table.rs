//! One page of an organization's members, with what the reader may change.

use leptos::prelude::*;
use orghub::{
    access::OrgAccess,
    domain::{MemberListQuery, MemberRow, MemberSort, Page, Permission, Role},
    routes,
};

use super::{
    avatar::Avatar,
    badge::{Badge, RoleBadge, Tone},
    dates::Day,
};
use crate::flash::Problem;

/// What every row needs to know of its page; made once.
struct RowContext<'a> {
    access: &'a OrgAccess,
    /// Whether the reader may change somebody here, so that there is a column for it.
    manages: bool,
    /// The list as it is shown, to come back to.
    list: String,
    /// What became of the last change, which belongs to one row.
    problem: Option<&'a Problem>,
}

/// The table. Rows carry `data-member-id` and `data-role`.
pub fn member_table(
    access: &OrgAccess,
    query: &MemberListQuery,
    page: &Page<MemberRow>,
    problem: Option<&Problem>,
) -> AnyView {
    let context = RowContext {
        access,
        manages: access.role().may(Permission::ManageMembers),
        list: routes::member_list(access.slug(), query),
        problem,
    };
    let rows = page
        .rows
        .iter()
        .map(|member| row(member, &context))
        .collect_view();
    let caption = format!(
        "Members of {}, page {} of {}",
        access.membership().org_name,
        page.number,
        page.last()
    );
    let heading = |sort: MemberSort, text: &'static str| heading(access, query, sort, text);
    view! {
        <table class="table members" class:members--managed=context.manages>
            <caption class="visually-hidden">{caption}</caption>
            <thead>
                <tr>
                    {heading(MemberSort::Name, "Member")}
                    {heading(MemberSort::Role, "Role")}
                    {heading(MemberSort::Joined, "Joined")}
                    {context.manages.then(|| view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> })}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// A column's heading, which is also the way to have the list in its order.
fn heading(
    access: &OrgAccess,
    query: &MemberListQuery,
    sort: MemberSort,
    text: &'static str,
) -> AnyView {
    let order = match sort {
        MemberSort::Joined => "descending",
        MemberSort::Name | MemberSort::Role => "ascending",
    };
    let sorted = MemberListQuery {
        sort,
        ..query.at_page(Default::default())
    };
    view! {
        <th scope="col" aria-sort=(query.sort == sort).then_some(order)>
            <a class="table__sort" href=routes::member_list(access.slug(), &sorted)>{text}</a>
        </th>
    }
    .into_any()
}

fn row(member: &MemberRow, context: &RowContext<'_>) -> impl IntoView + use<> {
    let (id, me) = (member.id.to_string(), context.access.role());
    let is_me = member.user_id == context.access.user().id;
    let problem = context
        .problem
        .filter(|problem| problem.typed("member_id") == Some(id.as_str()));
    let error =
        problem.map(|problem| view! { <p class="field__error" role="alert">{problem.error.message.clone()}</p> });

    let choices = || {
        Role::ALL
            .into_iter()
            .filter(|role| *role == member.role || me.may_change(member.role, Some(*role)))
    };
    let role = if choices().count() > 1 {
        role_form(member, &id, is_me, context, choices())
    } else {
        view! { <RoleBadge role=member.role/> }.into_any()
    };
    let actions = context.manages.then(|| {
        let removal = (!is_me && me.may_change(member.role, None))
            .then(|| removal_form(member, &id, context));
        view! { <td class="members__actions">{removal}</td> }
    });

    view! {
        <tr id=problem.map(|_| format!("member-{id}")) data-member-id=id data-role=member.role.as_str()>
            <th scope="row" class="members__who">
                <Avatar name=&member.name/>
                <span class="members__name">
                    {member.name.clone()}
                    {is_me.then(|| view! { <Badge tone=Tone::Accent text="You"/> })}
                </span>
                <span class="members__email">{member.email.clone()}</span>
                {error}
            </th>
            <td class="members__role">{role}</td>
            <td class="members__joined"><Day at=member.joined_at/></td>
            {actions}
        </tr>
    }
}

/// The choice of a role. Its button shows when another role is chosen, which the
/// style sheet sees to, with or without JavaScript.
fn role_form(
    member: &MemberRow,
    id: &str,
    is_me: bool,
    context: &RowContext<'_>,
    choices: impl Iterator<Item = Role>,
) -> AnyView {
    let options = choices.map(|role| {
        view! { <option value=role.as_str() selected=role == member.role>{role.label()}</option> }
    });
    view! {
        <form
            class="role-form"
            method="post"
            action="/api/change_role"
            data-confirm=is_me.then_some("Change your own role?")
            data-confirm-detail=is_me.then_some("You may not be able to change it back yourself.")
            data-confirm-verb=is_me.then_some("Change my role")
        >
            {hidden(id, context)}
            <select class="select" name="role" aria-label=format!("Role of {}", member.name) autocomplete="off">
                {options.collect_view()}
            </select>
            <button class="button role-form__save">"Save"</button>
        </form>
    }
    .into_any()
}

fn removal_form(member: &MemberRow, id: &str, context: &RowContext<'_>) -> AnyView {
    let org = &context.access.membership().org_name;
    view! {
        <form
            method="post"
            action="/api/remove_member"
            data-confirm=format!("Remove {}?", member.name)
            data-confirm-detail=format!("They lose access to {org} at once.")
            data-confirm-verb="Remove member"
        >
            {hidden(id, context)}
            <button class="button button--quiet" aria-label=format!("Remove {}", member.name)>"Remove"</button>
        </form>
    }
    .into_any()
}

/// What every form of a row carries besides its own fields.
fn hidden(id: &str, context: &RowContext<'_>) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="org" value=context.access.slug().to_string()/>
        <input type="hidden" name="member_id" value=id.to_owned()/>
        <input type="hidden" name="return_to" value=context.list.clone()/>
    }
}
