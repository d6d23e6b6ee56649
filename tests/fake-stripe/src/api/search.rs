//! Stripe's search language, as far as anybody needs it: `field:"value"` and
//! `metadata["key"]:"value"`, joined by `AND`.

use serde_json::{Value, json};

use super::lists;
use crate::{
    error::{ApiError, ApiResult},
    params::Params,
};

/// The page of those `objects` that match the query.
pub(crate) fn search(path: &str, objects: Vec<Value>, params: &Params) -> ApiResult {
    params.allow(&["query", "limit", "page"])?;
    let query = params.required("query")?;
    let terms = parse(query).ok_or_else(|| {
        ApiError::invalid(format!(
            "We were unable to parse your search query: {query}"
        ))
        .with_param("query")
    })?;
    let found: Vec<_> = objects
        .into_iter()
        .filter(|object| terms.iter().all(|term| term.matches(object)))
        .collect();
    let after: Vec<_> = params
        .set_text("page")
        .map(|page| ("starting_after".to_owned(), page))
        .into_iter()
        .chain(
            params
                .set_text("limit")
                .map(|limit| ("limit".to_owned(), limit)),
        )
        .collect();
    let list = lists::page_of_objects(path, &found, &Params::new(after))?;
    let has_more = list["has_more"] == true;
    let last = list["data"]
        .as_array()
        .and_then(|data| data.last())
        .map(|object| object["id"].clone());
    Ok(json!({
        "object": "search_result",
        "data": list["data"],
        "has_more": has_more,
        "next_page": last.filter(|_| has_more),
        "url": path,
    }))
}

struct Term {
    /// `["metadata", "organization_id"]`.
    field: Vec<String>,
    value: String,
}

impl Term {
    fn matches(&self, object: &Value) -> bool {
        let found = self
            .field
            .iter()
            .try_fold(object, |object, step| object.get(step));
        found.is_some_and(|found| {
            found
                .as_str()
                .map_or_else(|| found.to_string(), str::to_owned)
                .eq_ignore_ascii_case(&self.value)
        })
    }
}

fn parse(query: &str) -> Option<Vec<Term>> {
    query
        .split(" AND ")
        .map(|term| parse_term(term.trim()))
        .collect()
}

fn parse_term(term: &str) -> Option<Term> {
    let unquote = |text: &str| -> Option<String> {
        let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inside.replace(&format!("\\{quote}"), &quote.to_string()))
    };
    if let Some(rest) = term.strip_prefix("metadata[") {
        let (key, value) = rest.split_once("]:")?;
        return Some(Term {
            field: vec!["metadata".to_owned(), unquote(key)?],
            value: unquote(value)?,
        });
    }
    let (field, value) = term.split_once(':')?;
    Some(Term {
        field: vec![field.to_owned()],
        value: unquote(value)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_match_fields_and_metadata() {
        let object = json!({ "email": "a@b.test", "metadata": { "organization_id": "7" } });
        let matches =
            |query: &str| parse(query).map(|terms| terms.iter().all(|term| term.matches(&object)));
        assert_eq!(matches(r#"metadata["organization_id"]:"7""#), Some(true));
        assert_eq!(
            matches("email:'a@b.test' AND metadata['organization_id']:'8'"),
            Some(false)
        );
        assert_eq!(matches("organization 7"), None);
    }
}
