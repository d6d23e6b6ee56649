//! Memberships: the check ([`membership`]), the list ([`list`]), and changes
//! ([`changes`]).

mod changes;
mod list;
mod membership;

pub use changes::{
    MemberForChange, delete, find_actor, find_in_org, has_another_owner, insert, set_role,
};
pub use list::list_page;
pub use membership::find_membership;
