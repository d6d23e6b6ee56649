//! Memberships: the check (`membership`), the list (`list`), changes (`changes`), and
//! when members were active (`activity`), and whom to write to (`recipients`).

mod activity;
mod changes;
mod list;
mod membership;
mod recipients;

pub use activity::note_use;
pub use changes::{
    MemberForChange, count_owned, delete, find_actor, find_in_org, find_suspension,
    has_another_owner, insert, set_role, set_suspended,
};
pub use list::{Known, is_deep, list_marks, list_page, list_total};
pub use membership::find_membership;
pub use recipients::{
    Place, Recipient, list_owners, list_to_be_barred, list_without_second_factor,
};
