-- What invitations need beside a list: several links for one, and a reminder.

-- Links of an invitation. The link has 256 random bits, of which this is the SHA-256: a
-- leaked dump opens nothing. There are several, because whoever copies a link or sends one
-- again must not end the one that was mailed; the program keeps the newest five, and none of
-- an invitation that was decided.
create table invitation_token (
    token_hash    bytea       primary key
        constraint invitation_token_hash_length check (octet_length(token_hash) = 32),
    invitation_id uuid        not null references invitation (id) on delete cascade,
    created_at    timestamptz not null
);

create index invitation_token_invitation_id_idx on invitation_token (invitation_id, created_at);

insert into invitation_token (token_hash, invitation_id, created_at)
select token_hash, id, created_at
from invitation
where state = 'pending'
    and octet_length(token_hash) = 32;

-- Nothing is released that uses the column.
alter table invitation drop column token_hash;

-- When it was last mailed by somebody's hand, and when the job reminded of it.
alter table invitation
    add column sent_at     timestamptz not null default now(),
    add column reminded_at timestamptz;

-- Whom to remind: of all organizations' invitations, the few that are pending.
create index invitation_reminder_idx on invitation (sent_at)
    where state = 'pending' and reminded_at is null;

-- Lists of people that are to be invited, as they were sent, while somebody looks at what
-- became of each row. They live for an hour.
create table invitation_draft (
    id              uuid        primary key,
    organization_id uuid        not null references organization (id) on delete cascade,
    user_id         uuid        not null references users (id) on delete cascade,
    -- What each row said, before anything was made of it.
    rows            jsonb       not null,
    -- Rows of the file that were too many to be kept.
    left_out        integer     not null,
    is_pasted       boolean     not null,
    created_at      timestamptz not null
);

create index invitation_draft_user_id_idx on invitation_draft (user_id, organization_id, created_at);
create index invitation_draft_created_at_idx on invitation_draft (created_at);
