-- What people see of their sessions, and what they end them by.

-- Names a session in pages and forms. It is neither the id in the cookie nor its hash, so
-- who reads it over somebody's shoulder has nothing. (The default is another one for each
-- row, which writes the table anew: short rows, and none of them is released yet.)
alter table session add column id uuid not null default gen_random_uuid();

-- When a session was last seen, to the hour. In a table of its own, which no cached value
-- depends on: a row of `session` that changes ends what every node remembers of it.
create table session_use (
    id_hash      bytea       primary key references session (id_hash) on delete cascade,
    last_seen_at timestamptz not null
);
