//! One page of an organization's invitations, and rows of a list that is not sent yet.

use leptos::prelude::*;
use orghub_domain::{
    CheckedDraft, CheckedRow, InvitationListQuery, InvitationPage, InvitationRow, InvitationState,
    Membership, Role, RowResult, routes, text,
};

use super::{
    badge::{Badge, RoleBadge, Tone},
    dates::{Day, Zone},
};
use crate::forms::{self, Problem};

/// The table. Rows carry `data-invitation-id`, `data-role` and `data-state`.
pub fn invitation_table(
    reader: &Membership,
    query: &InvitationListQuery,
    page: &InvitationPage,
    problem: Option<&Problem>,
) -> AnyView {
    let list = routes::invitation_list(&reader.org_slug, query);
    let rows = page
        .rows
        .iter()
        .map(|invitation| row(invitation, reader, &list, problem))
        .collect_view();
    let actions = query.state.is_open().then(|| {
        view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> }
    });
    view! {
        <table class="table invitations">
            <caption class="visually-hidden">
                "Invitations to "
                <bdi>{reader.org_name.clone()}</bdi>
                {format!(", page {} of {}", page.number, page.last())}
            </caption>
            <thead>
                <tr>
                    <th scope="col">"Invited"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"Sent (UTC)"</th>
                    <th scope="col">"Ends (UTC)"</th>
                    {actions}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(
    invitation: &InvitationRow,
    reader: &Membership,
    list: &str,
    problem: Option<&Problem>,
) -> AnyView {
    let id = invitation.id.to_string();
    let problem = problem.filter(|problem| problem.typed("invitation_id") == Some(id.as_str()));
    let error = problem.map(|problem| {
        let text = problem.message().to_owned();
        view! { <p class="field__error" role="alert">{text}</p> }
    });
    let by = invitation.invited_by.clone().map(|name| {
        view! { <span class="invitations__by">"by " <bdi>{name}</bdi></span> }
    });
    let is_open = invitation.state.is_open();
    // Only owners touch what makes an owner.
    let may_change = reader.role.may_change(invitation.role, None);
    let actions = is_open.then(|| {
        let forms = may_change.then(|| actions(invitation, reader, list));
        view! { <td class="invitations__actions">{forms}</td> }
    });
    view! {
        <tr
            data-invitation-id=id
            data-role=invitation.role.as_str()
            data-state=invitation.state.as_str()
        >
            <th scope="row" class="invitations__who">
                <bdi class="invitations__email">{invitation.email.to_string()}</bdi>
                {by}
                {error}
            </th>
            <td class="invitations__role"><RoleBadge role=invitation.role/></td>
            <td class="invitations__date" data-label="Sent (UTC)">
                <Day at=invitation.sent_at zone=Zone::SaidAbove/>
            </td>
            <td class="invitations__date" data-label="Ends (UTC)">
                <Day at=invitation.expires_at zone=Zone::SaidAbove/>
            </td>
            {actions}
        </tr>
    }
    .into_any()
}

fn actions(invitation: &InvitationRow, reader: &Membership, list: &str) -> AnyView {
    let email = text::isolated(invitation.email.as_str());
    let hidden = || {
        view! {
            <input type="hidden" name="org" value=reader.org_slug.to_string()/>
            <input type="hidden" name="invitation_id" value=invitation.id.to_string()/>
            <input type="hidden" name="return_to" value=list.to_owned()/>
        }
    };
    let copy = (invitation.state == InvitationState::Pending).then(|| {
        view! {
            <form method="post" action=forms::COPY_INVITATION_LINK.action>
                {hidden()}
                <button
                    class="button button--quiet"
                    aria-label=format!("Copy the link for {email}")
                >
                    "Copy link"
                </button>
            </form>
        }
    });
    view! {
        <form method="post" action=forms::RESEND_INVITATION.action>
            {hidden()}
            <button class="button button--quiet" aria-label=format!("Resend to {email}")>
                "Resend"
            </button>
        </form>
        {copy}
        <form
            method="post"
            action=forms::CANCEL_INVITATION.action
            data-confirm=format!("Cancel the invitation of {email}?")
            data-confirm-detail="Its links stop working, and its seat is free."
            data-confirm-verb="Cancel invitation"
        >
            {hidden()}
            <button
                class="button button--quiet"
                aria-label=format!("Cancel the invitation of {email}")
            >
                "Cancel"
            </button>
        </form>
    }
    .into_any()
}

/// The rows of a list with what would become of each. Rows carry `data-result`.
pub fn draft_table(draft: &CheckedDraft) -> AnyView {
    let place = if draft.is_pasted { "Entry" } else { "Line" };
    let rows = draft.rows.iter().map(draft_row).collect_view();
    view! {
        <table class="table drafts">
            <caption class="visually-hidden">"Rows of the list"</caption>
            <thead>
                <tr>
                    <th scope="col" class="table__number">{place}</th>
                    <th scope="col">"Address"</th>
                    <th scope="col">"Role"</th>
                    <th scope="col">"Result"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn draft_row(checked: &CheckedRow) -> AnyView {
    let CheckedRow { row, result } = checked;
    let role = |role: &Role| role.label().to_owned();
    let (name, role, words) = match result {
        RowResult::New(to) => {
            let words = view! { <Badge tone=Tone::Good text="Will be invited"/> };
            ("new", role(to), words.into_any())
        }
        RowResult::Again(to) => {
            let words = view! { <Badge tone=Tone::Neutral text="Will be invited again"/> };
            ("again", role(to), words.into_any())
        }
        RowResult::Refused(why) => {
            let words = view! { <span class="field__error">{why.clone()}</span> };
            ("refused", row.role.clone(), words.into_any())
        }
    };
    view! {
        <tr data-result=name>
            <td class="table__number">{row.line}</td>
            <th scope="row" class="drafts__email"><bdi>{row.email.clone()}</bdi></th>
            <td><bdi>{role}</bdi></td>
            <td>{words}</td>
        </tr>
    }
    .into_any()
}
