-- name: beat
-- Count one member up by one, and tell every member's count.
WITH mine AS (
    INSERT INTO worker (member, beats) VALUES ($1, 1)
    ON CONFLICT (member) DO UPDATE SET beats = worker.beats + 1
    RETURNING member, beats
)
SELECT member, beats FROM mine UNION ALL SELECT member, beats FROM worker WHERE member <> $1;

-- name: leave
DELETE FROM worker WHERE member = $1;

-- name: forget
-- One that has counted since is back.
DELETE FROM worker w USING unnest($1::text[], $2::bigint[]) AS k (member, beats)
WHERE w.member = k.member AND w.beats = k.beats;
