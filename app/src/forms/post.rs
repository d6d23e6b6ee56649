use super::{Flash, Form, Problem};
use crate::{error::AppError, response};
use orghub::routes;

/// A form that was sent: what it takes to answer it.
pub struct FormPost {
    form: &'static Form,
    page: String,
    typed: Vec<(&'static str, String)>,
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
            typed: Vec::new(),
        }
    }

    /// Shows the form again at `page`, a path of ours, instead of where it usually is.
    pub fn back_to(self, page: String) -> Self {
        Self { page, ..self }
    }

    /// Keeps what was typed into `field`, so that it need not be typed again. Never for
    /// passwords.
    pub fn typed(mut self, field: &'static str, value: &str) -> Self {
        self.typed.push((field, value.to_owned()));
        self
    }

    /// Answers with the outcome of `work`. A browser is sent on to the page of success or
    /// back to the form; a program that asked for JSON gets the error with its status.
    ///
    /// # Errors
    /// Only for programs; for browsers the redirect is the answer.
    pub async fn answer(
        self,
        work: impl Future<Output = Result<Done, AppError>>,
    ) -> Result<(), AppError> {
        let outcome = work.await;
        if response::wants_json() {
            return outcome.map(|_done| ()).inspect_err(response::set_error);
        }
        match outcome {
            Ok(done) => {
                if let Some(sentence) = done.notice {
                    Flash::Notice(sentence).leave();
                }
                response::see_other(&done.page.unwrap_or(self.page));
            }
            Err(AppError::SignedOut) => {
                response::see_other(&routes::sign_in_then(&self.page));
            }
            Err(error) => {
                Flash::Problem(Problem::new(self.form, &error, self.typed)).leave();
                response::see_other(&self.page);
            }
        }
        Ok(())
    }
}

/// A form did what it was asked to.
pub struct Done {
    page: Option<String>,
    notice: Option<String>,
}

impl Done {
    /// Go on at `page`, a path of ours.
    pub fn at(page: impl Into<String>) -> Self {
        Self {
            page: Some(page.into()),
            notice: None,
        }
    }

    /// Go back to the page with the form.
    pub fn back() -> Self {
        Self {
            page: None,
            notice: None,
        }
    }

    /// And show `sentence` there, once.
    pub fn saying(self, sentence: &str) -> Self {
        Self {
            notice: Some(sentence.to_owned()),
            ..self
        }
    }
}
