-- name: list
SELECT id, parked_at, queue, hotel_id, command_id, reason, attempts
FROM parked WHERE $1::text IS NULL OR hotel_id = $1 ORDER BY id LIMIT $2;

-- name: show
SELECT id, parked_at, queue, hotel_id, command_id, reason, attempts, body FROM parked WHERE id = $1;

-- name: lock
SELECT p.id, p.hotel_id, p.command_id, o.status
FROM parked p LEFT JOIN outcome o ON o.command_id = p.command_id WHERE p.id = $1 FOR UPDATE OF p;

-- name: forget_outcome
-- Only one that says we could not: what was decided stays decided.
DELETE FROM outcome WHERE command_id = $1 AND status = 'failed';

-- name: forget_attempts
DELETE FROM attempt WHERE command_id = $1;

-- name: send_again
INSERT INTO command_outbox (command_id) VALUES ($1);

-- name: remove
DELETE FROM parked WHERE id = $1;

-- name: count
-- Never more than $1.
SELECT count(*) FROM (SELECT FROM parked ORDER BY id LIMIT $1) p;
