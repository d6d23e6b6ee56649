//! The parameters of a request, and the refusal of unknown ones.

use std::collections::BTreeMap;

use axum::http::StatusCode;

use crate::api::ApiError;

/// A request's query or form, by name: `limit`, `metadata[organization_id]`,
/// `items[0][price]`.
#[derive(Debug)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Accepts only parameters whose names are `known`; `*` matches anything up to the next
    /// `]`.
    ///
    /// # Errors
    /// Stripe's `parameter_unknown` for any other.
    pub(crate) fn only(pairs: Vec<(String, String)>, known: &[&str]) -> Result<Self, ApiError> {
        for (name, _) in &pairs {
            if !known.iter().any(|pattern| matches(pattern, name)) {
                return Err(ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_request_error",
                    format!("Received unknown parameter: {name}"),
                )
                .with_code("parameter_unknown")
                .with_param(name));
            }
        }
        Ok(Self(pairs.into_iter().collect()))
    }

    /// [`Self::only`] for a request's body.
    ///
    /// # Errors
    /// As there, and if the body is not a form.
    pub(crate) fn form(body: &str, known: &[&str]) -> Result<Self, ApiError> {
        let pairs = serde_urlencoded::from_str(body).map_err(|error| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                format!("Invalid form: {error}"),
            )
        })?;
        Self::only(pairs, known)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| {
            ApiError::new(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                format!("Missing required param: {name}."),
            )
            .with_code("parameter_missing")
            .with_param(name)
        })
    }

    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    ApiError::new(
                        StatusCode::BAD_REQUEST,
                        "invalid_request_error",
                        format!("Invalid value: {text}"),
                    )
                    .with_param(name)
                })
            })
            .transpose()
    }

    /// The entries of the map `name`: `metadata[a]=1` gives `a`, `1`.
    pub(crate) fn map<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(key, value)| {
            let key = key
                .strip_prefix(name)?
                .strip_prefix('[')?
                .strip_suffix(']')?;
            Some((key, value.as_str()))
        })
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == name;
    };
    name.strip_prefix(before)
        .and_then(|rest| rest.find(']').map(|end| &rest[end..]))
        .is_some_and(|rest| matches(after, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn known_parameters_are_taken_and_unknown_ones_refused() {
        let known = ["limit", "metadata[*]", "items[*][price]"];
        let params = Params::only(
            pairs(&[
                ("limit", "3"),
                ("metadata[a]", "1"),
                ("items[0][price]", "p"),
            ]),
            &known,
        )
        .unwrap();
        assert_eq!(params.parsed::<usize>("limit").unwrap(), Some(3));
        assert_eq!(params.map("metadata").collect::<Vec<_>>(), [("a", "1")]);
        for unknown in ["limits", "metadata", "items[0][plan]", "items[0][price][x]"] {
            assert!(
                Params::only(pairs(&[(unknown, "")]), &known).is_err(),
                "{unknown}"
            );
        }
    }
}
