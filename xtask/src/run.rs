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
    let (_services, mut stack) = steps::report(|steps| {
        setup::compiler(steps)?;
        let site = match profile {
            Profile::Dev => {
                let site = if site::is_built() {
                    // Nobody is to be shown the old one with a new server.
                    Some(Aside::start("site")?)
                } else {
                    // The first time it would keep the server waiting for a minute and a half,
                    // even at the lowest priority: the rest of it comes after the first page.
                    site::lay_out()?;
                    None
                };
                setup::to_serve(steps)?;
                site
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
        build(profile, site, steps)?;
        fill(&plan, options.fresh, steps)?;
        let stack = steps.take(
            &Step {
                name: "Server",
                what: "starts it and waits until it is ready",
                usually: "2 seconds",
            },
            || plan.start(),
        )?;
        Ok((services, stack))
    })?;
    introduce(options.port);
    let rest = (!site::is_built() || !setup::can_watch()?).then(|| thread::spawn(complete));
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

/// What the first page can do without, made while it is looked at.
fn complete() {
    if let Err(error) = compile_browser_code() {
        eprintln!("Pages stay without JavaScript: {error:#}");
    }
    if let Err(error) = install_tools() {
        eprintln!("`cargo leptos watch` is not installed: {error:#}");
    }
}

fn compile_browser_code() -> Result<()> {
    if site::is_built() {
        return Ok(());
    }
    let site = Aside::start("site")?;
    eprintln!(
        "Pages work, without JavaScript so far: what browsers run is compiled in the background \
         (usually 1 minute; see {}).",
        site.log.display()
    );
    site.finish()?;
    eprintln!("What browsers run is there: reload the page.");
    Ok(())
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

/// Builds the server, and what browsers load unless that is left for later.
fn build(profile: Profile, site: Option<Aside>, steps: &mut Steps) -> Result<()> {
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
    match profile {
        Profile::Dev => {
            let step = server("10 seconds, 5 minutes the first time");
            steps.take(&step, || builds::server(profile))?;
            let Some(site) = site else { return Ok(()) };
            let step = browser_side("nothing more; it was begun before");
            steps.take(&step, || site.finish())
        }
        Profile::Release => {
            let step = server("4 minutes, 20 minutes the first time");
            steps.take(&step, || builds::server(profile))?;
            let step = browser_side("1 minute, 4 minutes the first time");
            steps.take(&step, builds::release_site)
        }
    }
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
