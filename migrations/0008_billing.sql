-- What we know of an organization at Stripe. The row is also what concurrent
-- billing work of one organization locks.
create table billing_customer (
    organization_id    uuid        primary key references organization (id) on delete cascade,
    stripe_customer_id text        not null constraint billing_customer_stripe_customer_id_key unique,
    -- A trial is granted once per organization, ever.
    trial_used_at      timestamptz,
    created_at         timestamptz not null default now()
);

-- The mirror of the organization's one live subscription; no row means free.
-- `status` is Stripe's own word and has no check: an unknown one is shown, not refused.
create table subscription (
    organization_id        uuid        primary key references organization (id) on delete cascade,
    stripe_subscription_id text        not null constraint subscription_stripe_subscription_id_key unique,
    plan                   text        not null,
    billing_interval       text        not null constraint subscription_billing_interval check (billing_interval in ('month', 'year')),
    status                 text        not null,
    current_period_start   timestamptz,
    current_period_end     timestamptz,
    trial_end              timestamptz,
    cancel_at_period_end   boolean     not null default false,
    canceled_at            timestamptz,
    -- When the row was last compared with Stripe, and the newest event that led to it (ledger only).
    synced_at              timestamptz not null,
    last_event_created     timestamptz,
    created_at             timestamptz not null default now(),
    updated_at             timestamptz not null default now()
);

-- Set by a platform admin; null keeps the plan's own limit.
create table limit_override (
    organization_id uuid        primary key references organization (id) on delete cascade,
    members         integer     constraint limit_override_members check (members >= 0),
    projects        integer     constraint limit_override_projects check (projects >= 0),
    storage_gb      integer     constraint limit_override_storage_gb check (storage_gb >= 0),
    updated_at      timestamptz not null default now()
);

-- The ledger of Stripe's events, by event id.
create table webhook_event (
    id            text        primary key,
    type          text        not null,
    object_id     text,
    customer_id   text,
    event_created timestamptz not null,
    received_at   timestamptz not null default now(),
    attempts      integer     not null default 1,
    processed_at  timestamptz,
    last_error    text
);

create index webhook_event_unprocessed_idx on webhook_event (received_at) where processed_at is null;
