use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use super::{invite::was_sent_just_now, may_invite};
use crate::{
    db::{self, Tx, invitations::Invitee},
    domain::{
        CheckedRow, Email, MAX_IMPORTED, MAX_PASTED, OrgId, Role, RowResult, Seats, SentRow,
        parse_invitee,
    },
    error::Result,
};

/// What is looked at together.
pub(super) struct Checked {
    pub rows: Vec<CheckedRow>,
    pub seats: Seats,
    /// Addresses that the very same invitation was mailed to a moment ago.
    just_sent: HashSet<Email>,
}

impl Checked {
    /// Whom to invite as what.
    pub fn invitees(&self) -> Vec<(Email, Role)> {
        self.rows
            .iter()
            .filter_map(|checked| match checked.result {
                RowResult::New(role) | RowResult::Again(role) => {
                    Some((parse_invitee(&checked.row.email).ok()?, role))
                }
                RowResult::Refused(_) => None,
            })
            .collect()
    }

    /// The same without those who just got it, by a double click.
    pub fn to_mail(&self) -> Vec<(Email, Role)> {
        let mut invitees = self.invitees();
        invitees.retain(|(email, _role)| !self.just_sent.contains(email));
        invitees
    }

    pub fn is_all_right(&self) -> bool {
        !self
            .rows
            .iter()
            .any(|checked| matches!(checked.result, RowResult::Refused(_)))
    }
}

/// Says of each row what would become of it, if somebody of the role `actor` sent them now.
/// Rows are taken in their order, as long as there are seats.
pub(super) async fn check_rows(
    tx: &mut Tx,
    (org, actor): (OrgId, Role),
    (rows, is_pasted): (Vec<SentRow>, bool),
    now: OffsetDateTime,
) -> Result<Checked> {
    let read: Vec<_> = rows.iter().map(read).collect();
    let emails: Vec<Email> = read
        .iter()
        .filter_map(|row| row.as_ref().ok().map(|(email, _)| email.clone()))
        .collect();
    let known = db::invitations::find_invitees(tx, org, &emails, now).await?;
    let known: HashMap<Email, Invitee> = known
        .into_iter()
        .map(|invitee| (invitee.email.clone(), invitee))
        .collect();
    let seats = db::subscriptions::find_seats(tx, org, now).await?;
    let most = if is_pasted { MAX_PASTED } else { MAX_IMPORTED };

    let just_sent = read
        .iter()
        .flatten()
        .filter(|(email, role)| {
            known
                .get(email)
                .is_some_and(|known| was_sent_just_now(known, *role, now))
        })
        .map(|(email, _role)| email.clone())
        .collect();

    let mut free = seats.free();
    let mut seen = HashSet::new();
    let rows = rows
        .into_iter()
        .zip(read)
        .enumerate()
        .map(|(index, (row, read))| {
            let result = match read {
                _ if index >= most => Err(format!("Only {most} can be invited at once.")),
                Err(why) => Err(why),
                Ok((email, _)) if !seen.insert(email.clone()) => {
                    Err("This address is in the list twice.".to_owned())
                }
                Ok((email, role)) => {
                    result_of(known.get(&email), role, actor).and_then(|result| match result {
                        RowResult::New(_) if free == 0 => Err("No seat is left.".to_owned()),
                        RowResult::New(_) => {
                            free -= 1;
                            Ok(result)
                        }
                        _ => Ok(result),
                    })
                }
            };
            CheckedRow {
                row,
                result: result.unwrap_or_else(RowResult::Refused),
            }
        })
        .collect();
    Ok(Checked {
        rows,
        seats,
        just_sent,
    })
}

/// What a row says; or a sentence about what is wrong with it.
fn read(row: &SentRow) -> std::result::Result<(Email, Role), String> {
    let email = parse_invitee(&row.email).map_err(|invalid| invalid.message)?;
    let role = match row.role.trim().to_lowercase().as_str() {
        "" => Role::Member,
        role => role
            .parse()
            .map_err(|_unknown| "There is no such role.".to_owned())?,
    };
    Ok((email, role))
}

fn result_of(
    known: Option<&Invitee>,
    role: Role,
    actor: Role,
) -> std::result::Result<RowResult, String> {
    if !may_invite(actor, role) {
        return Err("Only owners can invite an owner.".to_owned());
    }
    let Some(known) = known else {
        return Ok(RowResult::New(role));
    };
    if known.is_member {
        return Err("This person is a member already.".to_owned());
    }
    match known.invited_role {
        Some(invited) if !may_invite(actor, invited) => {
            Err("Somebody is invited as owner here. Only owners can change that.".to_owned())
        }
        Some(_) if known.has_seat => Ok(RowResult::Again(role)),
        _ => Ok(RowResult::New(role)),
    }
}
