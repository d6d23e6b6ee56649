//! `cargo xtask run`: the product with demo data, from nothing to a page.

use std::thread;

use anyhow::Result;
use clap::Args;

use crate::{
    aside::Aside,
    builds::{self, Profile},
    database, process,
    services::{self, Services},
    setup, site,
    stack::{Audience, Plan},
    steps::{self, Step, Steps},
};

#[derive(Args)]
pub struct Options {
    /// Build as for deployment: slow to build, quick to run
    #[arg(long)]
    release: bool,
    /// The port to serve on
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Drop the database and fill in the demo data anew
    #[arg(long)]
    fresh: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let profile = if options.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    let (_services, mut stack, site) = steps::report(|steps| {
        setup::compiler(steps)?;
        let site = match profile {
            Profile::Dev => {
                let site = Site::begin()?;
                setup::to_serve(steps)?;
                Some(site)
            }
            Profile::Release => {
                setup::to_release(steps)?;
                None
            }
        };
        let services = steps.take(
            &Step {
                name: "Services",
                what: "starts this checkout's PostgreSQL and Redis",
                usually: "2 seconds",
            },
            Services::start,
        )?;
        let plan = Plan {
            profile,
            port: options.port,
            database_url: &services.database_url,
            database_owner_url: &services.database_owner_url,
            redis_url: &services.redis_url,
            audience: Audience::Developer,
        };
        plan.check_port()?;
        let site = build(profile, site, steps)?;
        fill(&plan, options.fresh, steps)?;
        let stack = steps.take(
            &Step {
                name: "Server",
                what: "starts it and waits until it is ready",
                usually: "2 seconds",
            },
            || plan.start(),
        )?;
        Ok((services, stack, site))
    })?;
    introduce(options.port);
    let is_complete = site.is_none() && setup::can_watch()?;
    let rest = (!is_complete).then(|| thread::spawn(|| complete(site)));
    let outcome = match stack.serve() {
        Err(_) if process::is_interrupted() => {
            eprintln!("\nStopping …");
            Ok(())
        }
        outcome => outcome,
    };
    if let Some(rest) = rest.filter(|_| process::is_interrupted()) {
        // Interrupted too; it says so itself.
        let _ = rest.join();
    }
    outcome
}

/// What browsers load, built beside the server with what that leaves idle of the processor.
struct Site {
    work: Aside,
    /// Nothing is there that would be shown with a newer server.
    is_the_first: bool,
}

impl Site {
    fn begin() -> Result<Self> {
        Ok(Self {
            is_the_first: !site::is_built(),
            work: Aside::start("site")?,
        })
    }
}

/// What the first page could do without, while it is looked at.
fn complete(site: Option<Site>) {
    if let Some(site) = site {
        eprintln!(
            "Pages work without JavaScript meanwhile: what browsers run is still being compiled \
             (usually 1 minute; see {}).",
            site.work.log.display()
        );
        match site.work.finish() {
            Ok(()) => eprintln!("It is there: reload the page."),
            Err(error) => eprintln!("What browsers run is not there: {error:#}"),
        }
    }
    if let Err(error) = install_tools() {
        eprintln!("`cargo leptos watch` is not installed: {error:#}");
    }
}

fn install_tools() -> Result<()> {
    if setup::can_watch()? || process::is_interrupted() {
        return Ok(());
    }
    let tools = Aside::start("tools")?;
    eprintln!(
        "`cargo leptos watch` builds and reloads whenever a file is saved. It is installed in the \
         background (usually 9 minutes; see {}).",
        tools.log.display()
    );
    tools.finish()?;
    eprintln!("`cargo leptos watch` is installed.");
    Ok(())
}

/// Builds both sides, or leaves what browsers load to be waited for later.
fn build(profile: Profile, site: Option<Site>, steps: &mut Steps) -> Result<Option<Site>> {
    let server = |usually| Step {
        name: "Build server",
        what: "compiles the server",
        usually,
    };
    let browser_side = |usually| Step {
        name: "Build browser side",
        what: "compiles the islands to WebAssembly and bundles the styles",
        usually,
    };
    match site {
        Some(site) => {
            let step = server("10 seconds, 6 minutes the first time");
            steps.take(&step, || builds::server(profile))?;
            if site.is_the_first {
                return Ok(Some(site));
            }
            let step = browser_side("nothing more; it was begun before");
            steps.take(&step, || site.work.finish())?;
        }
        None => {
            let step = server("4 minutes, 20 minutes the first time");
            steps.take(&step, || builds::server(profile))?;
            let step = browser_side("1 minute, 4 minutes the first time");
            steps.take(&step, builds::release_site)?;
        }
    }
    Ok(None)
}

fn fill(plan: &Plan, fresh: bool, steps: &mut Steps) -> Result<()> {
    if fresh {
        database::recreate(plan.database_owner_url)?;
        services::flush_redis(plan.redis_url)?;
    }
    let step = Step {
        name: "Demo data",
        what: "migrates the database and fills in what is missing",
        usually: "1 second, 15 seconds the first time",
    };
    steps.take(&step, || plan.fill())
}

fn introduce(port: u16) {
    println!(
        "
Orghub is running: http://127.0.0.1:{port}

  owner@acme.test     owner of acme, globex, initech, umbrella and hooli
  admin@acme.test     admin of acme
  member@acme.test    member of acme and globex
  outsider@acme.test  member of nothing
  root@orghub.test    platform admin

The password of each is orghub-demo. \"Sign in with Example ID\" lets you be anybody else.
Ctrl-C stops everything.
"
    );
}
