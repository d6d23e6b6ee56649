//! Providers of sign-in (OpenID Connect). Each has a name, and settings that begin with it:
//! with `OIDC_PROVIDERS=acme`, `OIDC_ACME_ISSUER` and so on.

use url::Url;

use super::{AppEnv, ConfigError, OidcSecret, services::is_loopback};
use crate::domain::ProviderName;

/// A provider of sign-in, and what we are to it.
#[derive(Clone, Debug)]
pub struct OidcProvider {
    pub name: ProviderName,
    /// Its address, to the letter as its tokens have it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: OidcSecret,
    /// What people call it.
    pub label: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
}

/// In characters.
const MAX_LABEL: usize = 40;

/// Address and name, without which nobody could be told from anybody.
const SCOPES: &str = "email profile";

pub(super) fn read_providers(
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<Vec<OidcProvider>, ConfigError> {
    let mut providers: Vec<OidcProvider> = Vec::new();
    let list = get("OIDC_PROVIDERS").unwrap_or_default();
    for text in list.split(',').map(str::trim).filter(|_| !list.is_empty()) {
        let refused = |problem: &str| ConfigError::new("OIDC_PROVIDERS", problem);
        let name = ProviderName::parse(text).ok_or_else(|| {
            refused("has a name that is not of lower-case letters and digits; set acme,globex")
        })?;
        let provider = read_provider(name, get, app_env)?;
        for other in &providers {
            if other.name == provider.name {
                return Err(refused("has a name twice; remove one"));
            }
            // People are told apart by issuer: under two names one would be two.
            if other.issuer == provider.issuer {
                return Err(refused("has two names for one issuer; remove one"));
            }
        }
        providers.push(provider);
    }
    Ok(providers)
}

fn read_provider(
    name: ProviderName,
    get: &impl Fn(&str) -> Option<String>,
    app_env: AppEnv,
) -> Result<OidcProvider, ConfigError> {
    let upper_case = name.as_str().to_ascii_uppercase();
    let variable = |setting: &str| format!("OIDC_{upper_case}_{setting}");
    let required = |setting: &str, example: &str| {
        let variable = variable(setting);
        get(&variable).ok_or_else(|| ConfigError::new(variable, format!("is not set; {example}")))
    };
    let issuer = required(
        "ISSUER",
        "set the provider's address, https://id.example.com",
    )?;
    check_issuer(&issuer, app_env)
        .map_err(|problem| ConfigError::new(variable("ISSUER"), problem))?;
    let label = get(&variable("LABEL")).unwrap_or_else(|| name.to_string());
    if label.chars().count() > MAX_LABEL {
        return Err(ConfigError::new(
            variable("LABEL"),
            format!("has more than {MAX_LABEL} characters; set what people call it"),
        ));
    }
    let scopes = get(&variable("SCOPES")).unwrap_or_else(|| SCOPES.to_owned());
    Ok(OidcProvider {
        issuer,
        client_id: required("CLIENT_ID", "set what the provider calls this site")?,
        client_secret: OidcSecret::new(required(
            "CLIENT_SECRET",
            "set the secret that the provider has made for this site",
        )?),
        label,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        name,
    })
}

fn check_issuer(text: &str, app_env: AppEnv) -> Result<(), String> {
    let url = Url::parse(text).map_err(|_| "is no address; set https://…".to_owned())?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has more than scheme, host, port and path; set the issuer itself".to_owned());
    }
    check_provider_address(&url, app_env)
}

/// Whether nobody but the provider can answer at this address: over https, or on a
/// developer's own machine.
///
/// # Errors
/// What to set instead.
pub fn check_provider_address(url: &Url, app_env: AppEnv) -> Result<(), String> {
    let is_private = url.scheme() == "http" && app_env == AppEnv::Development && is_loopback(url);
    let has_user = !url.username().is_empty() || url.password().is_some();
    if has_user || !(url.scheme() == "https" || is_private) {
        return Err("is not https; set https://…".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(app_env: AppEnv, variables: &[(&str, &str)]) -> Result<Vec<OidcProvider>, ConfigError> {
        let get = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        read_providers(&get, app_env)
    }

    const ACME: [(&str, &str); 4] = [
        ("OIDC_PROVIDERS", "acme"),
        ("OIDC_ACME_ISSUER", "https://id.acme.test"),
        ("OIDC_ACME_CLIENT_ID", "orghub"),
        ("OIDC_ACME_CLIENT_SECRET", "made up of letters"),
    ];

    /// `ACME`, changed; an empty value means unset.
    fn changed(
        app_env: AppEnv,
        changes: &[(&'static str, &'static str)],
    ) -> Result<Vec<OidcProvider>, ConfigError> {
        let mut variables = changes.to_vec();
        variables.extend(ACME);
        let mut seen = Vec::new();
        variables.retain(|(name, value)| {
            let is_first = !seen.contains(name);
            seen.push(*name);
            is_first && !value.is_empty()
        });
        read(app_env, &variables)
    }

    #[test]
    fn there_are_none_unless_they_are_named() {
        assert!(
            read(AppEnv::Production, &ACME[1..])
                .expect("complete")
                .is_empty()
        );
    }

    #[test]
    fn a_provider_is_read_whole_and_keeps_its_secret() {
        let providers = changed(AppEnv::Production, &[]).expect("complete");
        let [acme] = &providers[..] else {
            panic!("{providers:?}");
        };
        assert_eq!((acme.name.as_str(), acme.label.as_str()), ("acme", "acme"));
        assert_eq!(acme.scopes, ["email", "profile"]);
        assert_eq!(acme.client_secret.expose(), "made up of letters");
        assert!(!format!("{acme:?}").contains("made up"));
    }

    #[test]
    fn what_is_missing_or_opens_a_lock_is_refused_by_its_name() {
        let long = "a".repeat(41);
        for (variable, value) in [
            ("OIDC_PROVIDERS", "Acme"),
            ("OIDC_PROVIDERS", "acme,"),
            ("OIDC_PROVIDERS", "acme,acme"),
            ("OIDC_ACME_ISSUER", ""),
            ("OIDC_ACME_ISSUER", "id.acme.test"),
            ("OIDC_ACME_ISSUER", "http://id.acme.test"),
            ("OIDC_ACME_ISSUER", "http://127.0.0.1:1234"),
            ("OIDC_ACME_ISSUER", "https://ada@id.acme.test"),
            ("OIDC_ACME_ISSUER", "https://id.acme.test/?tenant=1"),
            ("OIDC_ACME_ISSUER", "javascript:alert(1)"),
            ("OIDC_ACME_CLIENT_ID", ""),
            ("OIDC_ACME_CLIENT_SECRET", ""),
            ("OIDC_ACME_LABEL", &*long.leak()),
        ] {
            let error = changed(AppEnv::Production, &[(variable, value)]);
            let error = error.expect_err(&format!("{variable}={value} was taken"));
            assert_eq!(error.variable, variable, "{value}");
        }
        let twice = [
            ("OIDC_PROVIDERS", "acme,other"),
            ("OIDC_OTHER_ISSUER", "https://id.acme.test"),
            ("OIDC_OTHER_CLIENT_ID", "orghub"),
            ("OIDC_OTHER_CLIENT_SECRET", "made up of letters"),
        ];
        let error = changed(AppEnv::Production, &twice).expect_err("one issuer");
        assert_eq!(error.variable, "OIDC_PROVIDERS");
    }

    #[test]
    fn plain_http_is_for_a_developers_own_machine() {
        let at = |address| changed(AppEnv::Development, &[("OIDC_ACME_ISSUER", address)]);
        assert!(at("http://127.0.0.1:1234").is_ok() && at("http://localhost:1234").is_ok());
        assert!(at("http://id.acme.test").is_err());
    }
}
