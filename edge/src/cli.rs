//! The command line. Settings are not arguments but environment variables, all of them in
//! `.env.example`.

use clap::{Args, Parser, Subcommand};
use orghub::domain::{Email, OrgSlug};

/// Orghub's server.
#[derive(Debug, Parser)]
#[command(name = "orghub-server")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve requests until told to stop. The default.
    Serve,
    /// Bring the database to the schema of this version.
    Migrate,
    /// Write demo data. Every password in it is public.
    #[cfg_attr(not(feature = "demo-data"), command(hide = true))]
    Seed {
        /// Also make the organization `mega` with this many members.
        #[arg(long, value_name = "COUNT")]
        members: Option<u32>,
    },
    /// Look up what is used most, so that Redis holds it for the nodes to come.
    Warm,
    /// End cached values on all nodes, after the database was changed behind the
    /// triggers' back.
    Flush(Flush),
    /// Look after jobs that failed, such as mail that could not be sent.
    #[command(subcommand)]
    Jobs(Jobs),
    /// End the sessions of everybody, on all nodes: after cookies may have leaked.
    SignOutEverybody,
    /// Compare everything with Stripe now, and repair what differs. Goes on where it was cut
    /// off.
    Reconcile,
    /// Make in the Stripe account of `STRIPE_SECRET_KEY` what is missing there: products,
    /// prices, the configuration of the portal, the webhook endpoint.
    StripeSetup,
    /// Start everything but the listener, print what `/readyz` would say, and stop.
    Check,
}

/// Whose cached values to end.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[group(required = true, multiple = false)]
pub struct Flush {
    /// Everything of the organization with this slug.
    #[arg(long, value_name = "SLUG", value_parser = OrgSlug::parse)]
    pub org: Option<OrgSlug>,
    /// Everything of the user with this address.
    #[arg(long, value_name = "EMAIL", value_parser = Email::parse)]
    pub user: Option<Email>,
    /// Everything.
    #[arg(long)]
    pub all: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Jobs {
    /// Print what was given up, and what failed and runs again.
    List,
    /// Run again what was given up.
    Retry(Retry),
    /// Forget what was given up.
    Drop {
        #[arg(value_name = "ID")]
        id: i64,
    },
}

/// What to run again.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[group(required = true, multiple = false)]
pub struct Retry {
    #[arg(value_name = "ID")]
    pub id: Option<i64>,
    /// Everything that was given up.
    #[arg(long)]
    pub all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Option<Command>> {
        let words = ["orghub-server"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(words).ok().map(|cli| cli.command)
    }

    #[test]
    fn serving_is_the_default() {
        assert_eq!(parse(""), Some(None));
        assert_eq!(parse("serve"), Some(Some(Command::Serve)));
    }

    #[test]
    fn a_flush_has_exactly_one_target() {
        for line in [
            "flush --org acme",
            "flush --user ada@acme.test",
            "flush --all",
        ] {
            assert!(parse(line).is_some(), "{line:?}");
        }
        for line in [
            "flush",
            "flush acme",
            "flush --org",
            "flush --org acme --all",
            "flush --org Acme",
            "flush --user ada",
        ] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_job_is_named_by_its_number_and_all_are_meant_in_so_many_words() {
        for line in [
            "jobs list",
            "jobs retry 7",
            "jobs retry --all",
            "jobs drop 7",
        ] {
            assert!(parse(line).is_some(), "{line:?}");
        }
        for line in [
            "jobs",
            "jobs retry",
            "jobs retry 7 --all",
            "jobs retry seven",
            "jobs drop",
            "jobs drop --all",
        ] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_large_organization_is_made_on_request() {
        let members = Some(1_000_000);
        assert_eq!(
            parse("seed --members 1000000"),
            Some(Some(Command::Seed { members }))
        );
        for line in ["seed --members", "seed --members many", "seed --members -1"] {
            assert_eq!(parse(line), None, "{line:?}");
        }
    }
}
