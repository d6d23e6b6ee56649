//! How every form is answered: with a redirect, and with what the next page
//! shows (see [`crate::flash`]).

use http::header;
use orghub::routes;

use crate::{
    error::AppError,
    flash::{Flash, FormName, Notice, Problem},
    response,
};

/// A form on its way: what is needed to show it again if it fails.
pub(super) struct FormPost {
    form: FormName,
    page: String,
    typed: Vec<(&'static str, String)>,
}

impl FormPost {
    /// `form`, which stands on the page at `page` (a path of ours).
    pub(super) fn new(form: FormName, page: impl Into<String>) -> Self {
        Self {
            form,
            page: page.into(),
            typed: Vec::new(),
        }
    }

    /// Remembers what was typed into `field`. Not for passwords.
    pub(super) fn typed(mut self, field: &'static str, value: &str) -> Self {
        self.typed.push((field, value.to_owned()));
        self
    }

    /// Answers the form with the outcome of `work`: a browser is sent on to the
    /// page of success or back to the form; a program that asked for JSON gets
    /// the error with its status.
    ///
    /// # Errors
    /// Only for programs; for browsers the redirect is the answer.
    pub(super) async fn answer(
        self,
        work: impl Future<Output = Result<Done, AppError>>,
    ) -> Result<(), AppError> {
        match work.await {
            Ok(done) => {
                if !response::wants_json() {
                    if let Some(notice) = done.notice {
                        Flash::Notice(notice).leave();
                    }
                    response::see_other(&done.to);
                }
                Ok(())
            }
            Err(error) if response::wants_json() => {
                response::set_status(error.status());
                if let AppError::RateLimited {
                    retry_after_seconds,
                } = error
                {
                    response::insert_header(header::RETRY_AFTER, &retry_after_seconds.to_string());
                }
                Err(error)
            }
            Err(AppError::SignedOut) => {
                response::see_other(&routes::sign_in_then(&self.page));
                Ok(())
            }
            Err(error) => {
                Flash::Problem(Problem::new(self.form, &error, self.typed)).leave();
                response::see_other(&self.page);
                Ok(())
            }
        }
    }
}

/// A form did what it was asked.
pub(super) struct Done {
    to: String,
    notice: Option<Notice>,
}

impl Done {
    /// Go on at `to`, a path of ours.
    pub(super) fn at(to: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            notice: None,
        }
    }

    /// And say so there.
    pub(super) fn saying(self, notice: Notice) -> Self {
        Self {
            notice: Some(notice),
            ..self
        }
    }
}
