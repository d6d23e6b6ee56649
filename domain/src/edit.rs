//! A field of a form that somebody else may have changed meanwhile.

use super::{Invalid, text};

/// What a field held when its form was filled, and what was sent.
///
/// A form sends all of its fields, also those that nobody touched. Only what differs from
/// what the form was filled with is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit<T> {
    from: Option<String>,
    to: T,
}

impl<T: AsRef<str>> Edit<T> {
    /// The field held `from`, as it was shown, and was sent as `to`. Empty: whoever sends it
    /// does not say, and means it whatever is there.
    pub fn new(from: String, to: T) -> Self {
        let from = Some(from).filter(|from| !from.is_empty());
        Self { from, to }
    }

    /// What was sent.
    pub fn to(&self) -> &T {
        &self.to
    }

    /// What to write over `current`, the value of `field` by now; `None`: nothing.
    ///
    /// # Errors
    /// [`Invalid`] on `field`, with the other value in its message, if somebody changed it
    /// since the form was filled.
    pub fn over(&self, field: &str, current: &str) -> Result<Option<&T>, Invalid> {
        let from = self.from.as_deref();
        let to = self.to.as_ref();
        if from == Some(to) || to == current {
            return Ok(None);
        }
        if from.is_some_and(|from| from != current) {
            return Err(Invalid::new(
                field,
                format!(
                    "Somebody changed this to “{}” while you had the page open. \
                     Save again to replace it.",
                    text::isolated(current)
                ),
            ));
        }
        Ok(Some(&self.to))
    }
}

/// Means it, whatever is there.
impl<T> From<T> for Edit<T> {
    fn from(to: T) -> Self {
        Self { from: None, to }
    }
}

impl<T: Clone> From<&T> for Edit<T> {
    fn from(to: &T) -> Self {
        to.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_changed_is_written_and_a_conflict_is_told() {
        let over = |from: &str, to: &'static str, current| {
            Edit::new(from.to_owned(), to)
                .over("name", current)
                .map(|written| written.copied())
                .map_err(|invalid| invalid.message.contains(current))
        };
        assert_eq!(over("a", "b", "a"), Ok(Some("b")));
        assert_eq!(over("a", "a", "b"), Ok(None), "it was not touched");
        assert_eq!(over("a", "b", "b"), Ok(None), "both meant the same");
        assert_eq!(over("a", "b", "c"), Err(true));
        assert_eq!(over("", "b", "c"), Ok(Some("b")));
        assert_eq!(over("", "b", "b"), Ok(None));
    }
}
