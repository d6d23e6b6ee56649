use super::{Auth, LinkToken};
use crate::{
    db::{
        self, Tx,
        account_tokens::{NewToken, Token},
    },
    domain::{Email, TokenKind, UserId},
    error::{Error, Result},
    mail::Letter,
};

/// What a mailed link is about, for the page that asks before it is used.
#[derive(Clone, Debug)]
pub struct MailedLink {
    /// The address that the link verifies, or brings back.
    pub email: Email,
    pub user_name: String,
}

impl Auth {
    /// What the link is about, without using it: mail programs and scanners open links, too.
    ///
    /// # Errors
    /// [`Error::DeadLink`] if it was used, has expired, or was never made.
    pub async fn find_link(&self, kind: TokenKind, token: &LinkToken) -> Result<MailedLink> {
        let token = self.find_token(kind, token).await?;
        Ok(MailedLink {
            email: token.email,
            user_name: token.user_name,
        })
    }

    pub(super) async fn find_token(&self, kind: TokenKind, token: &LinkToken) -> Result<Token> {
        let now = self.clock.now();
        let found = db::account_tokens::find(&self.db.reader(), &token.hash(), kind, now).await?;
        found.ok_or(Error::DeadLink)
    }

    /// Uses a link up, in the transaction of what it does. Of several at once one gets it.
    pub(super) async fn take_token(
        &self,
        tx: &mut Tx,
        kind: TokenKind,
        token: &LinkToken,
    ) -> Result<Token> {
        let taken = db::account_tokens::take(tx, &token.hash(), kind, self.clock.now()).await?;
        taken.ok_or(Error::DeadLink)
    }

    /// Mails the link that `letter` is about to `email`, in the transaction of whatever it is
    /// about. It ends the one before of the same kind, and is not sent once it has expired.
    pub(super) async fn mail_link(
        &self,
        tx: &mut Tx,
        (user, kind): (UserId, TokenKind),
        email: &Email,
        next: &str,
        letter: impl FnOnce(&LinkToken) -> Letter,
    ) -> Result<()> {
        let (token, now) = (LinkToken::random(), self.clock.now());
        let row = NewToken {
            hash: &token.hash(),
            user,
            kind,
            email,
            next,
            created_at: now,
        };
        db::account_tokens::insert(tx, row).await?;
        let expires_at = now + kind.lifetime();
        self.mail
            .post_until(tx, email, &letter(&token), expires_at)
            .await
    }
}
