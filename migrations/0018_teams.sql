-- What the life of a team needs of members and organizations. The membership check reads all
-- of it: whoever is suspended, whose organization is deleted, or who has no second factor
-- where one is required, has no access, whatever a page or form asks for.

alter table member drop constraint member_role;
alter table member add constraint member_role check (role in ('owner', 'admin', 'billing', 'member'));

alter table invitation drop constraint invitation_role;
alter table invitation add constraint invitation_role check (role in ('owner', 'admin', 'billing', 'member'));

-- Since when the member is suspended; null: not. The row keeps the role, for the day they
-- come back, and the seat.
alter table member add column suspended_at timestamptz;

-- Since when the organization is deleted; null: not. For 30 days an owner can restore it,
-- and its slugs stay taken.
alter table organization add column deleted_at timestamptz;
alter table organization add column deleted_by uuid references users (id) on delete set null;

-- From when on members need a second factor; null: they do not. It may lie ahead, so that
-- nobody is locked out by surprise.
alter table organization add column second_factor_from timestamptz;
