use serde::{Deserialize, Serialize};

/// What it says that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nobody's address is verified.
    UnverifiedEmail,
    NoEmail,
    WrongNonce,
    NoNonce,
    /// The token is for another client.
    WrongAudience,
    /// The token is for another client as well.
    FurtherAudience,
    /// The token was issued to another client.
    OtherParty,
    /// The token says that another provider issued it.
    WrongIssuer,
    Expired,
    /// The signature is that of another token.
    WrongSignature,
    /// Signed with a key that is not published, under the name of one that is.
    ForgedKey,
    /// Signed by nobody: `alg` is `none`.
    Unsigned,
    /// Signed with the client's secret, which is no key.
    SharedSecret,
    NoIdToken,
    /// The way back says that another provider answers.
    OtherIssuerParameter,
    /// Whoever comes back has proved who they are an hour ago.
    StaleLogin,
    /// It does not say when they have.
    NoLoginTime,
}

/// What it is asked by programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Discovery,
    Keys,
    Token,
}

/// How an endpoint fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Accepts the request and never answers.
    Hang,
    /// Answers with a megabyte.
    Huge,
    /// Answers with what is no JSON.
    Garbage,
    /// Answers 500.
    ServerError,
}
