//! Who may do what in an organization.

use super::Role;

/// Something a member may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read the organization, its members, its subscription.
    Read,
    /// Change name, logo and slug.
    UpdateOrg,
    /// Invite users.
    Invite,
    /// Change a role or remove somebody, owners excepted.
    ManageMembers,
    /// Grant, change or remove an owner; transfer; delete the organization.
    ManageOwners,
    /// Change the subscription.
    ManageSubscription,
    /// Read the audit log.
    ReadActivity,
}

impl Role {
    /// Whether the role carries the right: the table of the product, once.
    pub fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::UpdateOrg
            | Permission::Invite
            | Permission::ManageMembers
            | Permission::ManageSubscription
            | Permission::ReadActivity => matches!(self, Self::Owner | Self::Admin),
            Permission::ManageOwners => self == Self::Owner,
        }
    }

    /// Whether somebody of this role may turn a member of role `from` into one of
    /// role `to`, or remove them (`to` = `None`). Whoever touches ownership must
    /// be an owner.
    pub fn may_change(self, from: Role, to: Option<Role>) -> bool {
        let touches_ownership = from == Self::Owner || to == Some(Self::Owner);
        self.may(if touches_ownership {
            Permission::ManageOwners
        } else {
            Permission::ManageMembers
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_touch_ownership() {
        assert!(Role::Owner.may_change(Role::Owner, Some(Role::Member)));
        assert!(!Role::Admin.may_change(Role::Owner, Some(Role::Member)));
        assert!(!Role::Admin.may_change(Role::Member, Some(Role::Owner)));
        assert!(!Role::Admin.may_change(Role::Owner, None));
        assert!(Role::Admin.may_change(Role::Admin, Some(Role::Member)));
    }

    #[test]
    fn members_only_read() {
        assert!(Role::Member.may(Permission::Read));
        assert!(!Role::Member.may(Permission::UpdateOrg));
        assert!(!Role::Member.may_change(Role::Member, None));
    }
}
