//! All forms, by what they are for.

mod account;
mod admin;
mod billing;
mod frame;
mod invitations;
mod joining;
mod members;
mod organization;
mod signing_in;
mod ways_in;

use super::Form;

pub use account::*;
pub use admin::*;
pub use billing::*;
pub use frame::*;
pub use invitations::*;
pub use joining::*;
pub use members::*;
pub use organization::*;
pub use signing_in::*;
pub use ways_in::*;

/// Of each room its forms.
const ALL: &[&[&Form]] = &[
    account::ALL,
    admin::ALL,
    billing::ALL,
    frame::ALL,
    invitations::ALL,
    joining::ALL,
    members::ALL,
    organization::ALL,
    signing_in::ALL,
    ways_in::ALL,
];

/// The form that is posted to `path`.
pub(super) fn by_action(path: &str) -> Option<&'static Form> {
    let mut all = ALL.iter().copied().flatten().copied();
    all.find(|form| form.action == path)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_form_has_an_action_of_its_own_and_is_found_by_it() {
        let actions: Vec<_> = ALL
            .iter()
            .copied()
            .flatten()
            .map(|form| form.action)
            .collect();
        assert_eq!(actions.iter().collect::<HashSet<_>>().len(), actions.len());
        for action in actions {
            assert_eq!(by_action(action).map(|form| form.action), Some(action));
        }
    }
}
