-- What people do with their own account.

-- Whoever only signs in with others or with a passkey has no password.
alter table users alter column password_hash drop not null;

-- When the person behind the session last proved who they are, by password or second
-- factor. What cannot be undone asks for that anew (`auth::SignedIn::hold_confirmed`).
alter table session add column confirmed_at timestamptz not null default now();

-- Links that were mailed. The link has 256 random bits, of which this is the SHA-256: a
-- leaked dump opens nothing. Using one deletes it.
create table account_token (
    token_hash bytea       primary key
        constraint account_token_hash_length check (octet_length(token_hash) = 32),
    user_id    uuid        not null references users (id) on delete cascade,
    kind       text        not null constraint account_token_kind check (kind in (
        'verify_email', 'reset_password', 'change_email', 'undo_email_change', 'delete_account'
    )),
    -- The address that the link verifies, or brings back.
    email      text        not null,
    -- The page to go on at, a path of ours.
    next       text        not null default '',
    created_at timestamptz not null,
    expires_at timestamptz not null
);

-- Each ends the one before. Only undoing stays possible for every change that was made.
create unique index account_token_newest_idx on account_token (user_id, kind)
    where kind <> 'undo_email_change';
create index account_token_user_id_idx on account_token (user_id);
create index account_token_expires_at_idx on account_token (expires_at);

-- Accounts that nobody confirmed are removed.
create index users_unverified_idx on users (created_at) where email_verified_at is null;

-- Pictures as browsers get them: decoded, cut to a square and encoded anew by the program.
-- They are few kilobytes, belong in every backup, and go with their user.
create table user_picture (
    user_id uuid  primary key references users (id) on delete cascade,
    -- SHA-256 of the content, and its address.
    hash    bytea not null constraint user_picture_hash_length check (octet_length(hash) = 32),
    content bytea not null constraint user_picture_size check (octet_length(content) <= 262144)
);

create index user_picture_hash_idx on user_picture (hash);

-- The hash of the picture, beside the name that it is shown with.
alter table users add column picture bytea
    constraint users_picture_length check (octet_length(picture) = 32);
