create table invitation (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    email           text        not null constraint invitation_email_is_folded check (email = text_folded(email)),
    role            text        not null constraint invitation_role check (role in ('owner', 'admin', 'member')),
    -- SHA-256 of the 256-bit token in the link.
    token_hash      bytea       not null constraint invitation_token_hash_key unique,
    -- Expired is computed from expires_at, never stored.
    state           text        not null default 'pending'
        constraint invitation_state check (state in ('pending', 'accepted', 'declined', 'cancelled')),
    invited_by      uuid        references users (id) on delete set null,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    decided_at      timestamptz
);

create function store_folded_email() returns trigger language plpgsql as $$
begin
    new.email := text_folded(new.email);
    return new;
end $$;

create trigger invitation_one_spelling before insert or update of email on invitation
    for each row execute function store_folded_email();

create unique index invitation_one_pending_per_address
    on invitation (organization_id, email) where state = 'pending';
create index invitation_list_idx on invitation (organization_id, created_at desc, id desc);
