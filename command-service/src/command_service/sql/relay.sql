-- name: lead
-- Whether this session is the one active relay; the lock ends with the session. Nothing where the server is read-only:
-- a standby has the rows too, and whoever led there would send them again and again.
SELECT CASE WHEN current_setting('transaction_read_only') = 'off' THEN pg_try_advisory_lock($1) END;

-- name: unsent_commands
-- The oldest $1 of the first $2 unsent ones: those of the hotels $3 where $4, else those of all other hotels.
SELECT o.seq, c.id, c.hotel_id, c.task, c.message, extract(epoch FROM clock_timestamp() - c.accepted_at)::float8 AS age
FROM (SELECT seq, command_id FROM command_outbox ORDER BY seq LIMIT $2) o JOIN command c ON c.id = o.command_id
WHERE (c.hotel_id = ANY ($3::text[])) = $4 ORDER BY o.seq LIMIT $1;

-- name: unsent_events
-- As unsent_commands.
SELECT o.seq, e.hotel_id, e.position, e.type, e.message,
       extract(epoch FROM clock_timestamp() - e.recorded_at)::float8 AS age
FROM (SELECT seq, hotel_id, position FROM event_outbox ORDER BY seq LIMIT $2) o JOIN event e USING (hotel_id, position)
WHERE (o.hotel_id = ANY ($3::text[])) = $4 ORDER BY o.seq LIMIT $1;

-- name: commands_sent
DELETE FROM command_outbox WHERE seq = ANY ($1::bigint[]);

-- name: events_sent
DELETE FROM event_outbox WHERE seq = ANY ($1::bigint[]);

-- name: decided_until
-- How far the look for lost commands has come, and what the time is now.
SELECT until, clock_timestamp() AS now FROM decided_until;

-- name: undecided
-- Commands of a span of this server's time that have no outcome, the oldest first: what a page leaves out is younger.
SELECT c.id, c.hotel_id, c.stored_at
FROM command c
WHERE c.stored_at >= $1 AND c.stored_at < $2 AND NOT EXISTS (SELECT FROM outcome o WHERE o.command_id = c.id)
ORDER BY c.stored_at, c.seq LIMIT $3;

-- name: send_again
INSERT INTO command_outbox (command_id) SELECT id FROM unnest($1::uuid[]) WITH ORDINALITY AS i (id, ord) ORDER BY ord;

-- name: move_decided_until
UPDATE decided_until SET until = $1;
