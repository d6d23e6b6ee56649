-- The audit log of an organization. Names are kept as they were at the time, so that an
-- entry stays readable when the users in it are gone.
create table activity (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    actor_id        uuid        references users (id) on delete set null,
    actor_name      text        not null,
    kind            text        not null,
    subject         text        not null default '',
    detail          text        not null default '',
    created_at      timestamptz not null default now()
);

create index activity_list_idx on activity (organization_id, created_at desc, id desc);
