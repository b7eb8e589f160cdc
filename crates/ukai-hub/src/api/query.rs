//! Reading what a request says: a wrong parameter is told by its name, with what would
//! be right.

use super::error::ApiError;
use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use std::str::FromStr;
use url::form_urlencoded;
use utoipa::IntoParams;

/// Parameters of a query. Empty ones count as absent, as forms send them; unknown ones
/// are refused, because a misspelt filter must not show everything.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Sync, T: DeserializeOwned + IntoParams> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let known: Vec<String> = T::into_params(|| None).into_iter().map(|p| p.name).collect();
        let remedy = || match known.len() {
            0 => "this path takes no parameters".to_owned(),
            _ => format!("the parameters are {}; see /api/openapi.json", known.join(", ")),
        };
        let mut given = form_urlencoded::Serializer::new(String::from("/?"));
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.iter().any(|known| *known == name) {
                let error = format!("there is no parameter \"{}\"", shown(&name));
                return Err(ApiError::bad_request(error, remedy()));
            }
            if !value.trim().is_empty() {
                given.append_pair(&name, value.trim());
            }
        }
        let uri: Uri = given
            .finish()
            .parse()
            .map_err(|_| ApiError::bad_request("the query is too long", "ask for less at once"))?;
        Query::<T>::try_from_uri(&uri)
            .map(|Query(params)| Self(params))
            .map_err(|rejection| ApiError::bad_request(rejection.body_text(), remedy()))
    }
}

/// The last part of a path.
pub(crate) struct Part(pub(crate) String);

impl<S: Sync + Send> FromRequestParts<S> for Part {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await?;
        Ok(Self(text))
    }
}

impl Part {
    /// The identity in the path; `what` names it, `form` says what it looks like.
    pub(crate) fn identity<T: FromStr>(&self, what: &str, form: &str) -> Result<T, ApiError> {
        self.0.parse().map_err(|_| {
            let error = format!("\"{}\" is no identity of {what}", shown(&self.0));
            ApiError::bad_request(error, format!("{what} has {form} for identity"))
        })
    }
}

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Sync + Send, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(value) = Json::<T>::from_request(request, state).await?;
        Ok(Self(value))
    }
}

fn shown(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}
