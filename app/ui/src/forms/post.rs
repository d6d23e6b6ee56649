use std::pin::Pin;

use orghub_auth::submissions::{Answer, Submission};
use orghub_domain::routes::{self, OrgPath};

use super::{Flash, Form, FormPage, Problem, submitted::Submitted};
use crate::{context, error::AppError, response};

/// A form that was sent: what it takes to answer it.
pub struct FormPost {
    form: &'static Form,
    page: String,
}

impl FormPost {
    pub fn of(form: &'static Form) -> Self {
        Self::in_org(form, "", "")
    }

    /// `org` and `return_to` are the form's fields of those names.
    pub fn in_org(form: &'static Form, org: &str, return_to: &str) -> Self {
        Self {
            form,
            page: form.page(org, return_to),
        }
    }

    /// Shows the form again at `page`, a path of ours, instead of where it usually is.
    pub fn back_to(self, page: String) -> Self {
        Self { page, ..self }
    }

    /// Answers with the outcome of `work`. A browser is sent on to the page of success or
    /// back to the form; a program that asked for JSON gets the error with its status.
    ///
    /// Of a form that a person sends twice (a double click, back and again) the second
    /// answer is the first one's, if there is nothing left to do.
    ///
    /// # Errors
    /// Only for programs; for browsers the redirect is the answer.
    pub async fn answer(
        self,
        work: impl Future<Output = Result<Done, AppError>> + Send,
    ) -> Result<(), AppError> {
        self.answer_boxed(Box::pin(work)).await
    }

    /// Compiled once, and not for each of a hundred forms.
    async fn answer_boxed(
        mut self,
        work: Pin<Box<dyn Future<Output = Result<Done, AppError>> + Send + '_>>,
    ) -> Result<(), AppError> {
        if response::wants_json() {
            return work.await.map(|_done| ()).inspect_err(response::set_error);
        }
        let submission = self.begin().await;
        let outcome = work.await;
        self.follow_the_slug().await;
        match (outcome, submission) {
            (
                Ok(Done {
                    notice: Some(notice),
                    link: Some(link),
                    ..
                }),
                submission,
            ) => {
                if let Some(submission) = submission {
                    submission.answered_in_secret().await;
                }
                Flash::link_on(&self.page, notice, link).leave(self.form);
                response::see_other(&self.page);
            }
            (
                Ok(Done {
                    onward: Some(elsewhere),
                    page,
                    ..
                }),
                submission,
            ) => {
                // What it leads to is made for one visit: the same form sent again makes
                // another.
                if let Some(submission) = submission {
                    submission.answered_in_secret().await;
                }
                let page = page.unwrap_or(self.page);
                Flash::onward_on(&page, elsewhere).leave(self.form);
                response::see_other(&page);
            }
            (Ok(done), submission) => {
                let answer = Answer {
                    page: done.page.unwrap_or(self.page),
                    notice: done.notice,
                };
                if let Some(submission) = submission {
                    submission.answered(&answer).await;
                }
                give(self.form, answer);
            }
            (Err(AppError::SignedOut), _) => {
                response::see_other(&routes::sign_in_then(&self.page));
            }
            (Err(AppError::ConfirmFirst), _) => {
                let page = self.page.clone();
                // What was typed waits there.
                self.refuse(&AppError::ConfirmFirst);
                response::see_other(&routes::confirm_then(&page));
            }
            (Err(error), submission) => {
                let earlier = match submission {
                    Some(submission) => submission.refused().await,
                    None => None,
                };
                match earlier {
                    Some(answer) => give(self.form, answer),
                    None => self.refuse(&error),
                }
            }
        }
        Ok(())
    }

    /// Only of users: a visitor's forms change nothing that could be done twice. And not of
    /// forms with secrets, of which not even a hash is to be kept.
    async fn begin(&self) -> Option<Submission> {
        let user = context::current_user()?;
        let session = context::session().ok()?.id()?;
        let submissions = context::foundation().submissions.clone();
        let (form, fields) = (self.form.action, Submitted::find_fields()?);
        Some(submissions.begin(&session, user.id, form, &fields).await)
    }

    /// Somebody else may have given the organization another slug while the form was open:
    /// its page is at the new one, and so is the message.
    async fn follow_the_slug(&mut self) {
        let FormPage::InOrg(_) = self.form.page else {
            return;
        };
        if let Some(path) = OrgPath::parse(&self.page)
            && let Some(slug) = context::current_slug(path.segment).await
        {
            self.page = path.moved_to(&slug);
        }
    }

    /// Sends the browser back to the form, with a message and with what was typed.
    pub(super) fn refuse(self, error: &AppError) {
        let sent = Submitted::fields();
        let kept = sent
            .into_iter()
            .filter(|(name, _)| self.form.kept.contains(&name.as_str()));
        let problem = Problem::new(self.form, error, kept.collect());
        Flash::problem_on(&self.page, problem).leave(self.form);
        response::see_other(&self.page);
    }
}

fn give(form: &Form, answer: Answer) {
    if let Some(sentence) = answer.notice {
        Flash::notice_on(&answer.page, sentence).leave(form);
    }
    response::see_other(&answer.page);
}

/// A form did what it was asked to.
pub struct Done {
    page: Option<String>,
    notice: Option<String>,
    link: Option<String>,
    onward: Option<String>,
}

impl Done {
    /// Go on at `page`, a path of ours.
    pub fn at(page: impl Into<String>) -> Self {
        Self {
            page: Some(page.into()),
            notice: None,
            link: None,
            onward: None,
        }
    }

    /// Go back to the page with the form.
    pub fn back() -> Self {
        Self {
            page: None,
            notice: None,
            link: None,
            onward: None,
        }
    }

    /// And show `sentence` there, once.
    pub fn saying(self, sentence: &str) -> Self {
        Self {
            notice: Some(sentence.to_owned()),
            ..self
        }
    }

    /// Go on at `page`, a path of ours, which sends the browser on to `elsewhere` on another
    /// site. A redirect would not do; see [`response::go_on_to`].
    pub fn onward(page: impl Into<String>, elsewhere: String) -> Self {
        Self {
            onward: Some(elsewhere),
            ..Self::at(page)
        }
    }

    /// Go back to the page with the form, and show there, once, `sentence` and a link that is
    /// a secret: no more is kept of it than the browser's cookie of a minute.
    pub fn back_with_link(sentence: &str, link: String) -> Self {
        Self {
            link: Some(link),
            ..Self::back().saying(sentence)
        }
    }
}
