use std::borrow::Cow;

/// What a provider sends a browser back with. Anybody could have written it. Has a secret,
/// and so no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProviderAnswer {
    pub(super) code: Option<String>,
    pub(super) state: Option<String>,
    /// Which provider says so (RFC 9207), if it does.
    pub(super) issuer: Option<String>,
    /// A word from a list of the standard's.
    pub(super) error: Option<String>,
}

impl ProviderAnswer {
    /// Reads the query of the address that a browser came back to. What is said twice
    /// answers nothing: no standard says which of the two counts.
    pub fn from_query(query: &str) -> Self {
        let mut answer = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let field = match &*name {
                "code" => &mut answer.code,
                "state" => &mut answer.state,
                "iss" => &mut answer.issuer,
                "error" => &mut answer.error,
                _ => continue,
            };
            if field.replace(Cow::into_owned(value)).is_some() {
                return Self::default();
            }
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_twice_answers_nothing() {
        let answer = ProviderAnswer::from_query("code=a%2Bb&session_state=x&state=c&iss=d");
        assert_eq!(answer.code.as_deref(), Some("a+b"));
        assert_eq!(answer.state.as_deref(), Some("c"));
        assert_eq!(answer.issuer.as_deref(), Some("d"));
        assert_eq!(answer.error, None);
        for query in [
            "",
            "code=a&state=b&state=b",
            "code=a&code=c&state=b",
            "c%6Fde=a&code=a",
        ] {
            assert!(
                ProviderAnswer::from_query(query) == ProviderAnswer::default(),
                "{query}"
            );
        }
    }
}
