-- name: outcomes
-- What became of the commands: one row for each that was ever accepted.
SELECT c.id, c.hotel_id, c.task, c.accepted_at, o.status, o.position, o.code, o.facts, o.decided_at
FROM command c LEFT JOIN outcome o ON o.command_id = c.id WHERE c.id = ANY ($1::uuid[]);

-- name: head
SELECT position FROM hotel WHERE hotel_id = $1;

-- name: feed
SELECT message FROM event WHERE hotel_id = $1 AND position > $2 ORDER BY position LIMIT $3;

-- name: positions
SELECT hotel_id, position FROM hotel WHERE hotel_id > $1 ORDER BY hotel_id LIMIT $2;
