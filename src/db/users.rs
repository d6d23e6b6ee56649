//! People.

use crate::{
    db::{Reader, Tx},
    domain::{CurrentUser, Email, UserId},
    error::{Error, Result},
};

/// What signing in needs to know of a person.
#[derive(Clone)]
pub struct Credentials {
    /// The person.
    pub user: CurrentUser,
    /// Argon2id hash of the password, as a PHC string.
    pub password_hash: String,
    /// The epoch a new session is made under.
    pub session_epoch: i32,
    /// Whether the person may not sign in.
    pub banned: bool,
}

/// The person who signs in with this address.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_credentials(reader: &Reader, email: &Email) -> Result<Option<Credentials>> {
    struct Row {
        id: uuid::Uuid,
        name: String,
        email: String,
        email_verified: bool,
        platform_admin: bool,
        password_hash: String,
        session_epoch: i32,
        banned: bool,
    }

    impl TryFrom<Row> for Credentials {
        type Error = Error;

        fn try_from(row: Row) -> Result<Self> {
            Ok(Self {
                user: CurrentUser {
                    id: row.id.into(),
                    name: row.name,
                    email: Email::parse(&row.email).map_err(Error::internal)?,
                    email_verified: row.email_verified,
                    platform_admin: row.platform_admin,
                },
                password_hash: row.password_hash,
                session_epoch: row.session_epoch,
                banned: row.banned,
            })
        }
    }

    sqlx::query_as!(
        Row,
        r#"
        select
            id,
            name,
            email,
            email_verified_at is not null as "email_verified!",
            platform_admin,
            password_hash,
            session_epoch,
            banned_at is not null as "banned!"
        from users
        where email = $1
        "#,
        email.as_str(),
    )
    .fetch_optional(reader.conn())
    .await?
    .map(TryInto::try_into)
    .transpose()
}

/// The name of a person who exists and is not banned, held until the transaction
/// ends: the last word on whether somebody may still act at all.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub async fn find_active_name(tx: &mut Tx, user: UserId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        r#"
        select name
        from users
        where id = $1
            and banned_at is null
        for share
        "#,
        user.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}
