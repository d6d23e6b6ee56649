//! Who may do what in an organization.

use super::Role;

/// Something a member may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read the organization, its members, its subscription.
    Read,
    /// Change name, logo and slug.
    UpdateOrg,
    /// Invite users, and let them join.
    Invite,
    /// Change a role, suspend or remove somebody, owners excepted.
    ManageMembers,
    /// Take the list of members away as a file.
    ExportMembers,
    /// Grant, change, suspend or remove an owner; hand the organization on.
    ManageOwners,
    /// Delete the organization and restore it; require a second factor of its members.
    DeleteOrg,
    /// Change the subscription, and read the invoices.
    ManageSubscription,
    /// Read the audit log.
    ReadActivity,
}

impl Permission {
    /// All permissions, in the order of `docs/permissions.md`.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::UpdateOrg,
        Self::Invite,
        Self::ManageMembers,
        Self::ExportMembers,
        Self::ManageOwners,
        Self::DeleteOrg,
        Self::ManageSubscription,
        Self::ReadActivity,
    ];

    /// What it allows, in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Read => "Read the organization, its members and its subscription",
            Self::UpdateOrg => "Change name, logo and slug",
            Self::Invite => "Invite people and let them join",
            Self::ManageMembers => "Change roles, suspend and remove members other than owners",
            Self::ExportMembers => "Export the list of members",
            Self::ManageOwners => {
                "Make, change, suspend and remove owners; hand the organization on"
            }
            Self::DeleteOrg => {
                "Delete and restore the organization; require a second factor of its members"
            }
            Self::ManageSubscription => "Change the subscription and read invoices",
            Self::ReadActivity => "Read and export the activity",
        }
    }
}

impl Role {
    /// Whether the role carries the right: the table of the product, once.
    pub fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => true,
            Permission::UpdateOrg
            | Permission::Invite
            | Permission::ManageMembers
            | Permission::ExportMembers
            | Permission::ReadActivity => matches!(self, Self::Owner | Self::Admin),
            Permission::ManageSubscription => {
                matches!(self, Self::Owner | Self::Admin | Self::Billing)
            }
            Permission::ManageOwners | Permission::DeleteOrg => self == Self::Owner,
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
    fn who_pays_manages_nobody() {
        assert!(Role::Billing.may(Permission::ManageSubscription));
        for to in Role::ALL {
            assert!(!Role::Billing.may_change(Role::Member, Some(to)), "{to}");
        }
        assert!(!Role::Billing.may_change(Role::Member, None));
    }

    #[test]
    fn members_only_read() {
        assert!(Role::Member.may(Permission::Read));
        assert!(!Role::Member.may(Permission::UpdateOrg));
        assert!(!Role::Member.may_change(Role::Member, None));
    }
}
