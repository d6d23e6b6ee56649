//! One step of a change: the next members whose turn it is.

use super::{STEP, Step, letters};
use crate::{
    cache::{Key, keys},
    db::{
        self, Tx,
        activity::NewActivity,
        bulk_changes::{BulkChangeRow, PendingRow, Way},
        orgs::OrgForChange,
    },
    domain::{
        ActivityKind, BulkAction, BulkCounts, BulkEnd, MemberId, MemberListQuery, Permission, Role,
        RowOutcome, Standing, UndoOutcome, UserId,
    },
    error::Result,
    orgs::{Change, Orgs},
    queue::{Job, Outcome},
};

impl Orgs {
    /// The changes, their outcomes, the job for the next step and the end of this one go
    /// together.
    pub(super) async fn take_step(&self, job: &Job) -> Outcome {
        let step: Step = job.payload()?;
        let mut tx = self.db.begin().await?;
        if step.way == Way::Back {
            db::bulk_changes::hold_users(&mut tx, step.change, step.after, STEP).await?;
        }
        let org = db::orgs::lock(&mut tx, step.org).await?;
        let found = db::bulk_changes::find_in_org(&mut tx, step.org, step.change).await?;
        let found = found.and_then(|found| Some((acting(&found, step.way)?, found)));
        let Some((user, found)) = found else {
            // It has ended, or was forgotten with whoever asked.
            return end_job(job, tx).await;
        };
        let Some(org) = org else {
            // The organization was deleted: nobody has a right there.
            match step.way {
                Way::Forth => self.note_end(&mut tx, &found, BulkEnd::Stopped).await?,
                Way::Back => {
                    self.note_undo_end(&mut tx, &found, BulkEnd::Stopped)
                        .await?
                }
            }
            return end_job(job, tx).await;
        };
        let now = self.clock.now();
        let actor = db::members::find_actor(&mut tx, step.org, user, now).await?;
        let actor = actor.filter(|actor| actor.role.may(Permission::ManageMembers));
        let Some(actor) = actor else {
            match step.way {
                Way::Forth => {
                    self.end_bulk_change(&mut tx, &org, &found, BulkEnd::Stopped)
                        .await?;
                }
                Way::Back => {
                    self.note_undo_end(&mut tx, &found, BulkEnd::Stopped)
                        .await?
                }
            }
            return end_job(job, tx).await;
        };

        let place = (found.id, step.org);
        let rows =
            db::bulk_changes::list_pending(&mut tx, place, step.way, step.after, STEP).await?;
        let mut change = Change {
            tx,
            id: step.org,
            org,
            actor,
        };
        let outdated = match step.way {
            Way::Forth => self.change_rows(&mut change, &found, &rows).await?,
            Way::Back => self.restore_rows(&mut change, &found, &rows).await?,
        };
        match rows.last() {
            Some(last) if rows.len() as i64 == STEP => {
                let after = last.position;
                self.queue_step(&mut change.tx, &Step { after, ..step })
                    .await?;
            }
            _ => match step.way {
                Way::Forth => {
                    let Change { tx, org, .. } = &mut change;
                    self.end_bulk_change(tx, org, &found, BulkEnd::Done).await?;
                }
                Way::Back => {
                    self.note_undo_end(&mut change.tx, &found, BulkEnd::Done)
                        .await?;
                }
            },
        }
        if job.finish(&mut change.tx).await? {
            self.cache.commit(change.tx, &outdated).await?;
        }
        Ok(())
    }

    /// Does to these members what is to be done, or notes why not.
    async fn change_rows(
        &self,
        change: &mut Change,
        found: &BulkChangeRow,
        rows: &[PendingRow],
    ) -> Result<Vec<Key>> {
        let now = self.clock.now();
        let outcome = |row: &PendingRow| decide(found.action, change, row);
        let outcomes: Vec<_> = rows
            .iter()
            .map(|row| (row.position, outcome(row)))
            .collect();
        let changed: Vec<&PendingRow> = rows
            .iter()
            .zip(&outcomes)
            .filter(|(_, (_, outcome))| *outcome == RowOutcome::Done)
            .map(|(row, _)| row)
            .collect();
        let members: Vec<MemberId> = changed.iter().map(|row| row.member).collect();
        let users: Vec<UserId> = changed.iter().map(|row| row.user).collect();
        let tx = &mut change.tx;
        let kind = match found.action {
            BulkAction::ChangeRole(role) => {
                db::bulk_changes::set_roles(tx, &members, &vec![role; members.len()]).await?;
                ActivityKind::RoleChanged
            }
            BulkAction::Suspend => {
                db::bulk_changes::set_suspended(tx, &members, Some(now)).await?;
                ActivityKind::MemberSuspended
            }
            BulkAction::Remove => {
                db::bulk_changes::cancel_invitations(tx, change.id, &users, now).await?;
                db::bulk_changes::delete(tx, &members).await?;
                ActivityKind::MemberRemoved
            }
        };
        db::bulk_changes::mark(tx, found.id, &outcomes, now).await?;
        let detail = |row: &PendingRow| match found.action {
            BulkAction::ChangeRole(role) => format!("{} → {role}", row.role),
            BulkAction::Suspend | BulkAction::Remove => String::new(),
        };
        record_all(change, kind, &changed, detail).await?;
        Ok(outdated(change, found.action, &users))
    }

    /// Takes back what was done to these members, or notes why not.
    async fn restore_rows(
        &self,
        change: &mut Change,
        found: &BulkChangeRow,
        rows: &[PendingRow],
    ) -> Result<Vec<Key>> {
        let mut seats = match found.action {
            BulkAction::Remove => {
                let now = self.clock.now();
                db::subscriptions::find_seats(&mut change.tx, change.id, now)
                    .await?
                    .free()
            }
            BulkAction::ChangeRole(_) | BulkAction::Suspend => i64::MAX,
        };
        let mut outcomes = Vec::with_capacity(rows.len());
        let mut restored = Vec::with_capacity(rows.len());
        for row in rows {
            let mut outcome = decide_undo(found.action, row);
            if outcome == UndoOutcome::Done && seats < 1 {
                outcome = UndoOutcome::NoSeat;
            }
            if outcome == UndoOutcome::Done {
                seats -= 1;
                restored.push(row);
            }
            outcomes.push((row.position, outcome));
        }
        let members: Vec<MemberId> = restored.iter().map(|row| row.member).collect();
        let users: Vec<UserId> = restored.iter().map(|row| row.user).collect();
        let tx = &mut change.tx;
        let kind = match found.action {
            BulkAction::ChangeRole(_) => {
                let roles: Vec<Role> = restored.iter().map(|row| row.role).collect();
                db::bulk_changes::set_roles(tx, &members, &roles).await?;
                ActivityKind::RoleChanged
            }
            BulkAction::Suspend => {
                db::bulk_changes::set_suspended(tx, &members, None).await?;
                ActivityKind::MemberReinstated
            }
            BulkAction::Remove => {
                let positions: Vec<i32> = restored.iter().map(|row| row.position).collect();
                db::bulk_changes::restore(tx, found.id, change.id, &positions).await?;
                ActivityKind::MemberReinstated
            }
        };
        db::bulk_changes::mark_undone(tx, found.id, &outcomes).await?;
        let detail = |row: &PendingRow| match found.action {
            BulkAction::ChangeRole(role) => format!("{role} → {}", row.role),
            BulkAction::Suspend | BulkAction::Remove => row.role.to_string(),
        };
        record_all(change, kind, &restored, detail).await?;
        Ok(outdated(change, found.action, &users))
    }

    /// Notes the end of a change, and mails a summary to whoever asked.
    pub(super) async fn end_bulk_change(
        &self,
        tx: &mut Tx,
        org: &OrgForChange,
        found: &BulkChangeRow,
        how: BulkEnd,
    ) -> Result<BulkCounts> {
        self.note_end(tx, found, how).await?;
        let counts = db::bulk_changes::count_at_end(tx, found.id).await?;
        if let Some((name, email)) = db::bulk_changes::find_recipient(tx, found.user).await? {
            let now = self.clock.now();
            let letter = letters::ended(&name, org, found, &counts, how, now);
            self.mail.post(tx, &email, &letter).await?;
        }
        Ok(counts)
    }

    async fn note_end(&self, tx: &mut Tx, found: &BulkChangeRow, how: BulkEnd) -> Result<()> {
        db::bulk_changes::end(tx, found.id, how, self.clock.now()).await
    }

    pub(super) async fn note_undo_end(
        &self,
        tx: &mut Tx,
        found: &BulkChangeRow,
        how: BulkEnd,
    ) -> Result<()> {
        db::bulk_changes::end_undo(tx, found.id, how, self.clock.now()).await
    }
}

/// Ends a job that changed no membership.
async fn end_job(job: &Job, mut tx: Tx) -> Outcome {
    if job.finish(&mut tx).await? {
        // Nothing cached depends on how a change ended.
        tx.commit_unannounced().await?;
    }
    Ok(())
}

/// Whose right it takes; `None`: it does not go in that direction any more.
fn acting(found: &BulkChangeRow, way: Way) -> Option<UserId> {
    match way {
        Way::Forth => found.ended_as.is_none().then_some(found.user),
        Way::Back => found.undo_user.filter(|_| found.undo_ended_as.is_none()),
    }
}

/// What becomes of somebody, by what they are now.
fn decide(action: BulkAction, change: &Change, row: &PendingRow) -> RowOutcome {
    let Some(now) = row.now.filter(|now| now.id == row.member) else {
        return RowOutcome::Gone;
    };
    let standing = Standing {
        role: now.role,
        is_suspended: now.suspended_at.is_some(),
        is_actor: row.user == change.actor.user_id,
    };
    match action.refusal(change.actor.role, &standing) {
        Some(refusal) => refusal,
        None if now.role != row.role => RowOutcome::Changed,
        None => RowOutcome::Done,
    }
}

/// The same for taking it back. What somebody else has done since is left.
fn decide_undo(action: BulkAction, row: &PendingRow) -> UndoOutcome {
    if row.name.is_none() {
        return UndoOutcome::Gone;
    }
    let is_as_left = match (action, &row.now) {
        (BulkAction::Remove, None) => return UndoOutcome::Done,
        (BulkAction::Remove, Some(_)) => return UndoOutcome::CameBack,
        (_, None) => return UndoOutcome::Gone,
        (_, Some(now)) if now.id != row.member => false,
        (BulkAction::ChangeRole(role), Some(now)) => now.role == role,
        (BulkAction::Suspend, Some(now)) => {
            now.role == row.role && now.suspended_at == row.changed_at
        }
    };
    if is_as_left {
        UndoOutcome::Done
    } else {
        UndoOutcome::Changed
    }
}

/// An entry of the audit log for each of these.
async fn record_all(
    change: &mut Change,
    kind: ActivityKind,
    rows: &[&PendingRow],
    detail: impl Fn(&PendingRow) -> String,
) -> Result<()> {
    let name = |row: &&PendingRow| row.name.clone().unwrap_or_default();
    let subjects: Vec<String> = rows.iter().map(name).collect();
    let details: Vec<String> = rows.iter().map(|row| detail(row)).collect();
    let activity = NewActivity {
        org: change.id,
        actor: Some(change.actor.user_id),
        actor_name: &change.actor.name,
        kind,
        subject: "",
        detail: "",
    };
    db::activity::insert_many(&mut change.tx, activity, &subjects, &details).await
}

/// What may have been cached about these, and about the organization.
fn outdated(change: &Change, action: BulkAction, users: &[UserId]) -> Vec<Key> {
    let slug = &change.org.slug;
    let of_org = [
        keys::member_page(slug, &MemberListQuery::default()),
        keys::activity_page(slug),
    ];
    let seats = (action == BulkAction::Remove).then(|| keys::subscription(slug));
    let of_users = users
        .iter()
        .flat_map(|user| [keys::membership(slug, *user), keys::user_orgs(*user)]);
    of_users.chain(of_org).chain(seats).collect()
}

#[cfg(test)]
mod tests {
    use time::{OffsetDateTime, macros::datetime};

    use super::*;
    use crate::db::bulk_changes::MemberNow;

    const CHANGED_AT: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn row(role: Role, suspended_at: Option<OffsetDateTime>) -> PendingRow {
        let member = MemberId::new();
        PendingRow {
            position: 1,
            member,
            user: UserId::new(),
            role: Role::Member,
            changed_at: Some(CHANGED_AT),
            name: Some("Grace".to_owned()),
            now: Some(MemberNow {
                id: member,
                role,
                suspended_at,
            }),
        }
    }

    #[test]
    fn only_what_nobody_touched_since_is_taken_back() {
        let made_admin = BulkAction::ChangeRole(Role::Admin);
        let as_left = row(Role::Admin, None);
        assert_eq!(decide_undo(made_admin, &as_left), UndoOutcome::Done);
        for touched in [row(Role::Billing, None), row(Role::Owner, None)] {
            assert_eq!(decide_undo(made_admin, &touched), UndoOutcome::Changed);
        }
        let another = PendingRow {
            member: MemberId::new(),
            ..row(Role::Admin, None)
        };
        assert_eq!(decide_undo(made_admin, &another), UndoOutcome::Changed);

        let by_hand = CHANGED_AT + time::Duration::MINUTE;
        for (suspended_at, outcome) in [
            (Some(CHANGED_AT), UndoOutcome::Done),
            (Some(by_hand), UndoOutcome::Changed),
            (None, UndoOutcome::Changed),
        ] {
            let row = row(Role::Member, suspended_at);
            assert_eq!(decide_undo(BulkAction::Suspend, &row), outcome);
        }

        let back = row(Role::Member, None);
        assert_eq!(
            decide_undo(BulkAction::Remove, &back),
            UndoOutcome::CameBack
        );
        let away = PendingRow { now: None, ..back };
        assert_eq!(decide_undo(BulkAction::Remove, &away), UndoOutcome::Done);
        assert_eq!(decide_undo(made_admin, &away), UndoOutcome::Gone);
        let deleted = PendingRow { name: None, ..away };
        assert_eq!(decide_undo(BulkAction::Remove, &deleted), UndoOutcome::Gone);
    }
}
