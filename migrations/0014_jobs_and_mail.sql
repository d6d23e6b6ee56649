-- Work that is done later, and again until it succeeds (src/queue/mod.rs). Rows come and go
-- by the thousand, so there is room to change one in its place, and dead ones are swept up
-- early.
create table job (
    id           bigint      primary key generated always as identity,
    kind         text        not null,
    payload      jsonb       not null,
    -- One job with the same key at a time; those that were given up do not count.
    unique_key   text,
    created_at   timestamptz not null,
    -- When it is due. Every failure moves it on.
    run_at       timestamptz not null,
    -- Runs that were begun.
    attempts     integer     not null default 0,
    -- The run under way. Before its end nobody else takes the job.
    lease        uuid,
    leased_until timestamptz,
    last_error   text,
    -- When it was given up: it is a dead letter.
    dead_at      timestamptz,
    constraint job_lease_has_an_end check ((lease is null) = (leased_until is null))
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 500
);

create index job_due_idx on job (kind, run_at) where dead_at is null;
create index job_dead_at_idx on job (dead_at) where dead_at is not null;
create unique index job_unique_key_idx on job (unique_key)
    where unique_key is not null and dead_at is null;

-- Messages to be sent and, without what they said, those that were.
create table mail (
    id         uuid        primary key,
    recipient  text        not null,
    -- What it says, links that open something included; so it goes when the message went.
    letter     jsonb,
    created_at timestamptz not null,
    -- Later than this it is of no use.
    give_up_at timestamptz not null,
    sent_at    timestamptz,
    constraint mail_sent_says_no_more check (sent_at is null or letter is null)
);

create index mail_created_at_idx on mail (created_at);
