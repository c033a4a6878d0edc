-- name: lead
-- Whether this session is the one active relay; the lock ends with the session.
SELECT pg_try_advisory_lock($1);

-- name: unsent_commands
SELECT o.seq, c.id, c.hotel_id, c.task, c.message, extract(epoch FROM clock_timestamp() - c.accepted_at)::float8 AS age
FROM (SELECT seq, command_id FROM command_outbox ORDER BY seq LIMIT $1) o JOIN command c ON c.id = o.command_id
ORDER BY o.seq;

-- name: unsent_events
SELECT o.seq, e.hotel_id, e.position, e.type, e.message,
       extract(epoch FROM clock_timestamp() - e.recorded_at)::float8 AS age
FROM (SELECT seq, hotel_id, position FROM event_outbox ORDER BY seq LIMIT $1) o JOIN event e USING (hotel_id, position)
ORDER BY o.seq;

-- name: commands_sent
DELETE FROM command_outbox WHERE seq = ANY ($1::bigint[]);

-- name: events_sent
DELETE FROM event_outbox WHERE seq = ANY ($1::bigint[]);
