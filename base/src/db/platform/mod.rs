//! What platform admins look for and change, across all organizations and users. Nobody
//! else's pages wait for these statements: those that may read much are heavy reads.

mod acts;
mod orgs;
mod users;

pub use acts::{NewAct, insert_act, list_acts};
pub use orgs::{count_all, find_org, list_orgs, lock_org, set_limit_override};
pub use users::{end_sessions, find_user, list_users, lock_user, reinstate_user, suspend_user};
