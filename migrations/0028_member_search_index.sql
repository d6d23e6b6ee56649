-- no-transaction
-- Who of an organization has these letters in their name or address. What was just written waits
-- in a list that every search reads, so the list is kept short.
create index concurrently if not exists member_list_search_idx on member_list
    using gin (search_grams(organization_id, search_key)) with (gin_pending_list_limit = 256);
