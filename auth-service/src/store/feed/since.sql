-- The fence keeps the planner from walking through all events in the order of their numbers, and the upper bound, which
-- excludes nothing, from reading the whole table: it takes a range for small, and what has one bound for a third of all.
WITH recent AS MATERIALIZED (
    SELECT seq FROM auth.events WHERE at >= $1 AND at < $1 + interval '1000 years'
)
SELECT coalesce((SELECT min(seq) - 1 FROM recent), (SELECT head FROM auth.feed)) AS "place!"
