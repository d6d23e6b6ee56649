//! The parameters of a request, and the refusal of unknown ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use crate::error::ApiError;

/// The end of the year 9999.
const LAST_MOMENT: i64 = 253_402_300_799;

/// A request's query or form, by name: `limit`, `metadata[organization_id]`,
/// `items[0][price]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Of a query or a form.
    ///
    /// # Errors
    /// If it is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        serde_urlencoded::from_str::<Vec<(String, String)>>(text)
            .map(Self::new)
            .map_err(|error| ApiError::invalid(format!("Invalid form: {error}")))
    }

    /// Accepts only parameters whose names are `known`, and `expand[*]`; `*` matches anything
    /// up to the next `]`.
    ///
    /// # Errors
    /// Stripe's `parameter_unknown` for any other.
    pub(crate) fn allow(&self, known: &[&str]) -> Result<(), ApiError> {
        let unknown = self.0.keys().find(|name| {
            !matches("expand[*]", name) && !known.iter().any(|pattern| matches(pattern, name))
        });
        unknown.map_or(Ok(()), |name| {
            Err(
                ApiError::invalid(format!("Received unknown parameter: {name}"))
                    .with_code("parameter_unknown")
                    .with_param(name),
            )
        })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The text, unless it is empty: how a client says "unset".
    pub(crate) fn set_text(&self, name: &str) -> Option<String> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the parameter, or anything within it, was sent.
    pub(crate) fn has_any(&self, name: &str) -> bool {
        let inside = format!("{name}[");
        self.0
            .keys()
            .any(|key| key == name || key.starts_with(&inside))
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| {
            ApiError::invalid(format!("Missing required param: {name}."))
                .with_code("parameter_missing")
                .with_param(name)
        })
    }

    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.text(name)
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse().map_err(|_| {
                    ApiError::invalid(format!("Invalid value: {text}")).with_param(name)
                })
            })
            .transpose()
    }

    /// A moment: seconds since 1970, or `now`.
    pub(crate) fn moment(&self, name: &str, now: i64) -> Result<Option<i64>, ApiError> {
        match self.text(name) {
            Some("now") => Ok(Some(now)),
            _ => self.number(name, 0..=LAST_MOMENT),
        }
    }

    /// A whole number in a range.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let number: Option<i64> = self.parsed(name)?;
        match number {
            Some(number) if !range.contains(&number) => Err(ApiError::invalid(format!(
                "Invalid {name}: must be between {} and {}.",
                range.start(),
                range.end()
            ))
            .with_param(name)),
            number => Ok(number),
        }
    }

    /// How many of something.
    pub(crate) fn quantity(&self) -> Result<Option<i64>, ApiError> {
        self.number("quantity", 0..=999_999)
    }

    /// A trial's length.
    pub(crate) fn trial_days(&self) -> Result<Option<i64>, ApiError> {
        self.number("trial_period_days", 1..=730)
    }

    /// One of `values`.
    pub(crate) fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.text(name) {
            Some(text) if !values.contains(&text) => Err(ApiError::invalid(format!(
                "Invalid {name}: must be one of {}",
                values.join(", ")
            ))
            .with_param(name)),
            text => Ok(text),
        }
    }

    /// The entries of the map `name`: `metadata[a]=1` gives `a`, `1`.
    pub(crate) fn map<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(key, value)| {
            let key = key
                .strip_prefix(name)?
                .strip_prefix('[')?
                .strip_suffix(']')?;
            (!key.contains('[')).then_some((key, value.as_str()))
        })
    }

    /// Merges the map `name` into `map`: an empty value removes its entry.
    pub(crate) fn merge_map(&self, name: &str, map: &mut BTreeMap<String, String>) {
        if self.text(name) == Some("") {
            map.clear();
        }
        for (key, value) in self.map(name) {
            if value.is_empty() {
                map.remove(key);
            } else {
                map.insert(key.to_owned(), value.to_owned());
            }
        }
    }

    /// The elements of the list `name`, each with the parameters inside it:
    /// `items[0][price]=p` gives one with `price`.
    pub(crate) fn list(&self, name: &str) -> Vec<Self> {
        let inside = |key: &str| -> Option<(usize, String)> {
            let (index, rest) = key.strip_prefix(name)?.strip_prefix('[')?.split_once(']')?;
            Some((index.parse().ok()?, rest.to_owned()))
        };
        let indices: BTreeSet<_> = self
            .0
            .keys()
            .filter_map(|key| inside(key).map(|(index, _)| index))
            .collect();
        indices
            .into_iter()
            .map(|wanted| {
                Self::new(self.0.iter().filter_map(|(key, value)| {
                    let (index, rest) = inside(key)?;
                    let rest = rest.strip_prefix('[')?;
                    let (first, rest) = rest.split_once(']')?;
                    (index == wanted).then(|| (format!("{first}{rest}"), value.clone()))
                }))
            })
            .collect()
    }

    /// The parameters inside `name`: `flow_data[type]=x` gives one with `type`.
    pub(crate) fn inside(&self, name: &str) -> Self {
        Self::new(self.0.iter().filter_map(|(key, value)| {
            let rest = key.strip_prefix(name)?.strip_prefix('[')?;
            let (first, rest) = rest.split_once(']')?;
            Some((format!("{first}{rest}"), value.clone()))
        }))
    }

    /// The plain values of a list: `lookup_keys[0]=a`, `lookup_keys[]=a`.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let mut values: Vec<_> = self
            .map(name)
            .map(|(key, value)| (key.parse::<usize>().unwrap_or(0), value.to_owned()))
            .collect();
        values.sort_by_key(|(index, _)| *index);
        values.into_iter().map(|(_, value)| value).collect()
    }

    /// Whether `time` is in the range `name`: `created=1`, or `created[gte]=1` and so on.
    pub(crate) fn in_range(&self, name: &str, time: i64) -> Result<bool, ApiError> {
        if let Some(exact) = self.parsed::<i64>(name)? {
            return Ok(time == exact);
        }
        let bound = |bound: &str| self.parsed::<i64>(&format!("{name}[{bound}]"));
        Ok(bound("gt")?.is_none_or(|bound| time > bound)
            && bound("gte")?.is_none_or(|bound| time >= bound)
            && bound("lt")?.is_none_or(|bound| time < bound)
            && bound("lte")?.is_none_or(|bound| time <= bound))
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

    fn params(text: &str) -> Params {
        Params::parse(text).unwrap()
    }

    #[test]
    fn known_parameters_are_taken_and_unknown_ones_refused() {
        let known = ["limit", "metadata[*]", "items[*][price]"];
        let taken = params("limit=3&metadata[a]=1&items[0][price]=p&expand[0]=data");
        taken.allow(&known).unwrap();
        assert_eq!(taken.parsed::<usize>("limit").unwrap(), Some(3));
        assert_eq!(taken.map("metadata").collect::<Vec<_>>(), [("a", "1")]);
        for unknown in ["limits", "metadata", "items[0][plan]", "items[0][price][x]"] {
            let refused = Params::new([(unknown.to_owned(), String::new())]);
            assert!(refused.allow(&known).is_err(), "{unknown}");
        }
    }

    #[test]
    fn lists_maps_and_ranges_are_read() {
        let params = params(
            "items[1][price]=b&items[0][price]=a&items[0][metadata][k]=v&keys[0]=x&keys[1]=y\
             &created[gte]=5&created[lt]=7&flow[cancel][subscription]=sub_1",
        );
        let items = params.list("items");
        assert_eq!(items[0].text("price"), Some("a"));
        assert_eq!(items[0].map("metadata").collect::<Vec<_>>(), [("k", "v")]);
        assert_eq!(items[1].text("price"), Some("b"));
        assert_eq!(params.values("keys"), ["x", "y"]);
        assert_eq!(
            [4, 5, 6, 7].map(|time| params.in_range("created", time).unwrap()),
            [false, true, true, false]
        );
        assert_eq!(
            params.inside("flow").text("cancel[subscription]"),
            Some("sub_1")
        );
    }
}
