//! `/admin/jobs`: what waits, what failed, and running it again. Mail is a kind of job.

use leptos::prelude::*;
use orghub::{
    domain::platform::{FailedJob, QueueStatus, WaitingJobs},
    routes::AdminPage,
};
use orghub_ui::{
    components::{Badge, Moment, Tone, grouped},
    forms::{self, Flash, FormMessage},
};

use super::render_admin;
use crate::services::services;

/// The queue over all nodes: due and dead by kind, and the dead letters.
#[component]
pub fn AdminJobsPage() -> impl IntoView {
    render_admin(
        AdminPage::Jobs,
        |admin| async move {
            let platform = services().platform.clone();
            Ok(platform.get_queue(&admin).await?)
        },
        show,
    )
}

fn show(flash: &Flash, queue: QueueStatus) -> AnyView {
    let retry = flash.state_of(&forms::ADMIN_RETRY_JOBS);
    let dropped = flash.state_of(&forms::ADMIN_DROP_JOB);
    let kinds = queue.kinds.into_iter().map(kind).collect_view();
    let failed = if queue.failed.is_empty() {
        view! { <p class="card__body quiet">"Nothing has failed."</p> }.into_any()
    } else {
        let rows = queue.failed.into_iter().map(failed_job).collect_view();
        view! {
            <table class="table records">
                <caption class="visually-hidden">"Jobs that failed"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Job"</th>
                        <th scope="col">"State"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <div class="page-head"><h1 class="page-title">"Jobs"</h1></div>
        <FormMessage form=&retry/>
        <FormMessage form=&dropped/>
        <section class="card" aria-labelledby="kinds-title">
            <div class="card__head">
                <h2 class="card__title" id="kinds-title">"What waits"</h2>
            </div>
            <table class="table records">
                <caption class="visually-hidden">"Jobs that wait, by kind"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Kind"</th>
                        <th scope="col">"Due"</th>
                        <th scope="col">"Oldest due"</th>
                        <th scope="col">"Dead letters"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{kinds}</tbody>
            </table>
        </section>
        <section class="card" aria-labelledby="failed-title">
            <div class="card__head">
                <h2 class="card__title" id="failed-title">"What failed"</h2>
            </div>
            {failed}
        </section>
    }
    .into_any()
}

fn kind(waiting: WaitingJobs) -> AnyView {
    let name = waiting.kind.clone();
    let oldest = waiting
        .oldest_due
        .map(|at| view! { <Moment at/> }.into_any())
        .unwrap_or_else(|| "–".into_any());
    let retry = (waiting.dead > 0).then(|| {
        let label = format!("Retry all of {}", waiting.kind);
        view! {
            <form method="post" action=forms::ADMIN_RETRY_JOBS.action>
                <input type="hidden" name="kind" value=waiting.kind.clone()/>
                <button class="button" aria-label=label>"Retry all"</button>
            </form>
        }
    });
    view! {
        <tr data-kind=name>
            <th scope="row">{waiting.kind}</th>
            <td data-label="Due">{grouped(waiting.due)}</td>
            <td data-label="Oldest due">{oldest}</td>
            <td data-label="Dead letters">{grouped(waiting.dead)}</td>
            <td><div class="records__buttons">{retry}</div></td>
        </tr>
    }
    .into_any()
}

fn failed_job(job: FailedJob) -> AnyView {
    let id = job.id.to_string();
    let state = match job.dead_at {
        Some(at) => view! { <Badge tone=Tone::Bad text="Given up"/>" "<Moment at/> }.into_any(),
        None => view! { <Badge tone=Tone::Warning text="Runs again"/>" "<Moment at=job.run_at/> }
            .into_any(),
    };
    let buttons = job.dead_at.is_some().then(|| {
        let (retry, delete) = (format!("Retry job {id}"), format!("Delete job {id}"));
        let question = format!("{delete}?");
        view! {
            <form method="post" action=forms::ADMIN_RETRY_JOBS.action>
                <input type="hidden" name="job" value=id.clone()/>
                <button class="button" aria-label=retry>"Retry"</button>
            </form>
            <form
                method="post"
                action=forms::ADMIN_DROP_JOB.action
                data-confirm=question
                data-confirm-detail="It is never done then."
                data-confirm-verb="Delete job"
            >
                <input type="hidden" name="job" value=id.clone()/>
                <button class="button button--danger-quiet" aria-label=delete>"Delete"</button>
            </form>
        }
    });
    let attempts = match job.attempts {
        1 => "1 attempt".to_owned(),
        many => format!("{many} attempts"),
    };
    view! {
        <tr data-job=job.id.to_string()>
            <th scope="row">
                {format!("{} {}", job.kind, job.id)}
                <p class="records__error">{job.last_error}</p>
            </th>
            <td><span class="records__what">{state}</span><span class="records__quiet">{attempts}</span></td>
            <td><div class="records__buttons">{buttons}</div></td>
        </tr>
    }
    .into_any()
}
