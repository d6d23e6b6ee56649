//! Changing many members at once: everybody whom the member list finds.

use std::str::FromStr;

use strum::{EnumIter, EnumString, IntoStaticStr};
use time::{Duration, OffsetDateTime};

use super::{BulkChangeId, Invalid, NamedMember, Page, Role};

/// Most members that one change is about: what a person can still look through, and what one
/// statement can note within its two seconds.
pub const MOST_CHANGED: i64 = 10_000;

/// How long a change can be taken back, from its end on.
pub const UNDO_FOR: Duration = Duration::minutes(10);

/// What is done to everybody who is meant. The text is that of database, forms and addresses:
/// the role, or the verb. Nobody is made an owner so: ownership is a matter of two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Never [`Role::Owner`].
    ChangeRole(Role),
    Suspend,
    Remove,
}

impl BulkAction {
    /// All of them, as a form offers them.
    pub const ALL: [Self; 5] = [
        Self::ChangeRole(Role::Admin),
        Self::ChangeRole(Role::Billing),
        Self::ChangeRole(Role::Member),
        Self::Suspend,
        Self::Remove,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChangeRole(role) => role.as_str(),
            Self::Suspend => "suspend",
            Self::Remove => "remove",
        }
    }

    /// What a form calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::ChangeRole(Role::Owner) => "Make them owners",
            Self::ChangeRole(Role::Admin) => "Make them admins",
            Self::ChangeRole(Role::Billing) => "Give them the role Billing",
            Self::ChangeRole(Role::Member) => "Make them plain members",
            Self::Suspend => "Suspend them",
            Self::Remove => "Remove them",
        }
    }

    /// "Suspend 3 members": a button, and what the audit log has.
    pub fn of(self, count: i64) -> String {
        let members = members(count);
        match self {
            Self::ChangeRole(role) => format!("Give {members} the role {}", role.label()),
            Self::Suspend => format!("Suspend {members}"),
            Self::Remove => format!("Remove {members}"),
        }
    }

    /// "3 members were suspended."
    pub fn done_to(self, count: i64) -> String {
        let members = members(count);
        let were = if count == 1 { "was" } else { "were" };
        match self {
            Self::ChangeRole(role) => format!("{members} {were} given the role {}.", role.label()),
            Self::Suspend => format!("{members} {were} suspended."),
            Self::Remove => format!("{members} {were} removed."),
        }
    }

    /// Why somebody who is meant is left as they are; `None`: they are changed. `actor` is the
    /// role of whoever asks.
    pub fn refusal(self, actor: Role, member: &Standing) -> Option<RowOutcome> {
        let to = match self {
            Self::ChangeRole(role) => Some(role),
            Self::Suspend | Self::Remove => None,
        };
        if member.is_actor {
            Some(RowOutcome::Yourself)
        } else if member.role == Role::Owner || !actor.may_change(member.role, to) {
            Some(RowOutcome::Owner)
        } else if to == Some(member.role) || self == Self::Suspend && member.is_suspended {
            Some(RowOutcome::Already)
        } else {
            None
        }
    }
}

fn members(count: i64) -> String {
    match count {
        1 => "1 member".to_owned(),
        _ => format!("{} members", super::grouped(count)),
    }
}

impl FromStr for BulkAction {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let action = Self::ALL.into_iter().find(|action| action.as_str() == text);
        action.ok_or_else(|| Invalid::new("action", "Choose what to do with these members."))
    }
}

/// What decides whether somebody can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub role: Role,
    pub is_suspended: bool,
    /// They are who asks.
    pub is_actor: bool,
}

/// What became of somebody who was meant. The text is the database's.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum RowOutcome {
    Done,
    /// An owner, or somebody else whom the role of who asks does not reach.
    Owner,
    Yourself,
    /// They had that role, or were suspended.
    Already,
    /// Their role was another one than when the change was asked for.
    Changed,
    /// They were no member any more.
    Gone,
}

impl RowOutcome {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// A word for it, in a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::Owner => "Left: an owner",
            Self::Yourself => "Left: yourself",
            Self::Already => "Left: so already",
            Self::Changed => "Left: changed meanwhile",
            Self::Gone => "Left: no member any more",
        }
    }

    /// Why, in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Done => "They were changed.",
            Self::Owner => "Owners are changed one at a time, and by owners only.",
            Self::Yourself => "Nobody changes themselves together with others.",
            Self::Already => "They have that role, or are suspended, already.",
            Self::Changed => "Somebody gave them another role after this was asked for.",
            Self::Gone => "They left or were removed after this was asked for.",
        }
    }
}

/// What became of taking back the change of one member. The text is the database's.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum UndoOutcome {
    Done,
    /// Somebody has changed them since.
    Changed,
    /// They had become a member again by themselves.
    CameBack,
    /// No seat was left for them.
    NoSeat,
    /// They have left since, or their account was deleted.
    Gone,
}

impl UndoOutcome {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Done => "Taken back",
            Self::Changed => "Not taken back: changed since",
            Self::CameBack => "Not taken back: a member again",
            Self::NoSeat => "Not taken back: no seat left",
            Self::Gone => "Not taken back: gone since",
        }
    }
}

/// How a change, or taking it back, ended. The text is the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum BulkEnd {
    /// Everybody's turn came.
    Done,
    /// Somebody said so. The rest was left.
    Cancelled,
    /// Whoever had asked for it was not allowed to any more. The rest was left.
    Stopped,
}

impl BulkEnd {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Some members: how many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SomeMembers {
    pub total: i64,
    /// [`Self::MOST`] at most.
    pub first: Vec<NamedMember>,
}

impl SomeMembers {
    /// How many are named.
    pub const MOST: usize = 10;
}

/// What a change would do, before anybody is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkPreview {
    /// Whom the list finds; more than [`MOST_CHANGED`] are too many.
    pub found: i64,
    /// Who would be changed.
    pub meant: SomeMembers,
    /// Who would be left as they are, and why.
    pub left: Vec<(RowOutcome, SomeMembers)>,
}

impl BulkPreview {
    pub fn is_too_many(&self) -> bool {
        self.found > MOST_CHANGED
    }
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkState {
    UnderWay,
    Ended {
        how: BulkEnd,
        at: OffsetDateTime,
    },
    /// It is being taken back.
    Undoing,
    Undone {
        how: BulkEnd,
    },
}

/// A change that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkChange {
    pub id: BulkChangeId,
    pub action: BulkAction,
    /// The name of who asked for it.
    pub asked_by: String,
    pub asked_at: OffsetDateTime,
    pub state: BulkState,
    pub counts: BulkCounts,
}

impl BulkChange {
    /// Until when it can be taken back; `None`: it cannot.
    pub fn undo_until(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let BulkState::Ended { at, .. } = self.state else {
            return None;
        };
        let until = at + UNDO_FOR;
        (now < until && self.counts.done > 0).then_some(until)
    }

    /// Whether it changes something now.
    pub fn is_at_work(&self) -> bool {
        matches!(self.state, BulkState::UnderWay | BulkState::Undoing)
    }
}

/// How many members a change has come to, and with what outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkCounts {
    /// All who are meant.
    pub total: i64,
    /// Who were changed.
    pub done: i64,
    /// Who were left as they were, and why.
    pub left: Vec<(RowOutcome, i64)>,
    /// Of those who were changed: whose change was taken back, or not, and why.
    pub undone: Vec<(UndoOutcome, i64)>,
}

impl BulkCounts {
    /// Whose turn has come.
    pub fn reached(&self) -> i64 {
        self.done + self.left.iter().map(|(_, count)| count).sum::<i64>()
    }

    /// The same for taking it back.
    pub fn undo_reached(&self) -> i64 {
        self.undone.iter().map(|(_, count)| count).sum()
    }
}

/// One of those who are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRow {
    /// `None`: the account was deleted since.
    pub who: Option<NamedMember>,
    /// The role they had when it was asked for.
    pub role: Role,
    /// `None`: their turn has not come.
    pub outcome: Option<RowOutcome>,
    pub undo: Option<UndoOutcome>,
}

/// A change, and a page of those who are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkReport {
    pub change: BulkChange,
    pub rows: Page<BulkRow>,
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    fn standing(role: Role) -> Standing {
        Standing {
            role,
            is_suspended: false,
            is_actor: false,
        }
    }

    #[test]
    fn texts_say_all_of_an_action_and_an_outcome() {
        for action in BulkAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
        }
        for outcome in RowOutcome::iter() {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
        for outcome in UndoOutcome::iter() {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
        let refused = "owner"
            .parse::<BulkAction>()
            .expect_err("nobody is made one");
        assert_eq!(refused.field.as_deref(), Some("action"));
    }

    #[test]
    fn owners_and_oneself_are_left_whoever_asks() {
        for action in BulkAction::ALL {
            for actor in [Role::Owner, Role::Admin] {
                let owner = action.refusal(actor, &standing(Role::Owner));
                assert_eq!(owner, Some(RowOutcome::Owner), "{action:?} by {actor}");
                let oneself = Standing {
                    is_actor: true,
                    ..standing(actor)
                };
                let refusal = action.refusal(actor, &oneself);
                assert_eq!(refusal, Some(RowOutcome::Yourself), "{action:?} by {actor}");
            }
        }
    }

    #[test]
    fn who_is_so_already_is_left() {
        let admin = BulkAction::ChangeRole(Role::Admin);
        let suspended = Standing {
            is_suspended: true,
            ..standing(Role::Member)
        };
        let refusal = |action: BulkAction, member| action.refusal(Role::Admin, &member);
        assert_eq!(
            refusal(admin, standing(Role::Admin)),
            Some(RowOutcome::Already)
        );
        assert_eq!(refusal(admin, standing(Role::Member)), None);
        assert_eq!(
            refusal(BulkAction::Suspend, suspended),
            Some(RowOutcome::Already)
        );
        assert_eq!(refusal(BulkAction::Remove, suspended), None);
        assert_eq!(refusal(admin, suspended), None);
    }

    #[test]
    fn sentences_count() {
        assert_eq!(BulkAction::Remove.of(1), "Remove 1 member");
        assert_eq!(
            BulkAction::ChangeRole(Role::Admin).of(1_200),
            "Give 1,200 members the role Admin"
        );
        assert_eq!(BulkAction::Suspend.done_to(2), "2 members were suspended.");
    }
}
