//! Invitations: what happens to one (`changes`), its links (`tokens`), the list
//! (`list`), whom to remind (`reminders`), and lists that were not sent yet ([`drafts`]).

mod changes;
pub mod drafts;
mod list;
mod reminders;
mod tokens;

pub use changes::{
    InvitationForChange, Invitee, NewInvitation, cancel_for_user, count_mailed, decide,
    find_in_org, find_invitees, renew, upsert,
};
pub use list::list_page;
pub use reminders::{list_due, note_reminded};
pub use tokens::{find_by_token, find_org_by_token, find_to_decide, insert_token};
