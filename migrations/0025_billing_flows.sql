-- What flows of billing need beside the mirror: who is asked for what, what Stripe said
-- about prices, where mails go, and how far the comparison with Stripe has come.

-- A price may be of none of our plans, and charged at none of our intervals: the status and
-- the dates are mirrored all the same.
alter table subscription alter column plan drop not null;
alter table subscription alter column billing_interval drop not null;
alter table subscription drop constraint subscription_billing_interval;

alter table subscription
    add column stripe_price_id text,
    -- What is charged, discounts, pauses, coming changes, conflicts: `Terms` of the program.
    add column terms jsonb not null default '{}';

alter table billing_customer
    -- Since when something that Stripe announced could not be taken over.
    add column delayed_since timestamptz,
    -- What was asked of Stripe last, until it is seen.
    add column wish text,
    add column wish_since timestamptz;

select cache_watch('billing_customer', 'insert,update,delete', $$'sub:' || r.organization_id$$);

-- Where mails about payments go; no row: to the owners.
create table billing_contact (
    organization_id uuid        primary key references organization (id) on delete cascade,
    email           text        not null,
    updated_at      timestamptz not null default now()
);

select cache_watch('billing_contact', 'insert,update,delete', $$'sub:' || r.organization_id$$);

-- Something that is asked of Stripe, written before Stripe is asked: its id is the
-- idempotency key, so that a process that dies in between asks for the same thing again
-- instead of another one.
create table billing_intent (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    kind            text        not null,
    -- What exactly, in the words of its kind: an intent is taken up again only if it is the same.
    detail          text        not null,
    -- What Stripe made for it.
    stripe_id       text,
    created_at      timestamptz not null,
    -- When it came to an end, one way or the other.
    closed_at       timestamptz
);

-- At most one of a kind is open.
create unique index billing_intent_open_idx on billing_intent (organization_id, kind) where closed_at is null;

-- Why subscriptions were cancelled, in the words of whoever did it.
create table billing_cancellation (
    organization_id        uuid        not null references organization (id) on delete cascade,
    stripe_subscription_id text        not null,
    feedback               text        not null,
    comment                text        not null default '',
    created_at             timestamptz not null,
    primary key (stripe_subscription_id, created_at)
);

-- A mail about a payment is sent once for each kind of news and object at Stripe.
create table billing_notice (
    kind       text        not null,
    object_id  text        not null,
    created_at timestamptz not null,
    primary key (kind, object_id)
);

-- Every price that was ever on our list, as Stripe last showed it. Look-up keys move on when
-- a price is raised; who stays at the old price is known by its id.
create table stripe_price (
    id               text        primary key,
    product_id       text        not null,
    plan             text        not null,
    billing_interval text        not null constraint stripe_price_interval check (billing_interval in ('month', 'year')),
    currency         text        not null,
    unit_amount      bigint      not null,
    -- Whether it holds its look-up key: it is what new subscriptions pay.
    is_current       boolean     not null,
    seen_at          timestamptz not null
);

create index stripe_price_product_idx on stripe_price (product_id);

-- The one comparison of everything that is under way, or was the last one.
create table billing_reconcile (
    is_only       boolean     primary key default true constraint billing_reconcile_is_only check (is_only),
    started_at    timestamptz not null,
    -- The organization it came to; null: none yet.
    came_to       uuid,
    compared      bigint      not null default 0,
    drifted       bigint      not null default 0,
    missed_events bigint      not null default 0,
    -- When the whole was done; null: it is under way, or was cut off.
    finished_at   timestamptz,
    -- When the last whole one began: what happened at Stripe before is known.
    whole_since   timestamptz
);

alter table webhook_event
    add column payload text,
    -- `processed`, `ignored`, `conflict`.
    add column outcome text;
