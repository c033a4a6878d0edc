-- name: lock_hotels
-- Everybody who gives out positions waits here, in id order.
SELECT hotel_id, position, business_date, definition
FROM hotel WHERE hotel_id = ANY ($1::text[]) ORDER BY hotel_id FOR UPDATE;

-- name: decided
-- Which of the commands have an outcome; asked under the lock.
SELECT command_id FROM outcome WHERE command_id = ANY ($1::uuid[]);

-- name: reservations
SELECT r.hotel_id, r.status, r.position, r.state
FROM unnest($1::text[], $2::uuid[]) AS k (hotel_id, reservation_id) JOIN reservation r USING (hotel_id, reservation_id);

-- name: due
-- Who should have arrived, and who should have left, by the hotel's date.
SELECT r.hotel_id, r.status, r.position, r.state
FROM unnest($1::text[], $2::date[]) AS k (hotel_id, due_by) JOIN reservation r USING (hotel_id)
WHERE r.status = 'confirmed' AND r.arrival <= k.due_by
UNION ALL
SELECT r.hotel_id, r.status, r.position, r.state
FROM unnest($1::text[], $2::date[]) AS k (hotel_id, due_by) JOIN reservation r USING (hotel_id)
WHERE r.status = 'in_house' AND r.departure <= k.due_by;

-- name: inventory
SELECT i.hotel_id, i.room_type, i.night, i.sold, i.allowance
FROM unnest($1::text[], $2::text[], $3::date[]) AS k (hotel_id, room_type, night)
JOIN inventory i USING (hotel_id, room_type, night);

-- name: calendars
SELECT s.hotel_id, s.room, s.from_date, s.to_date, s.reservation_id, s.occupied
FROM unnest($1::text[], $2::text[]) AS k (hotel_id, room) JOIN room_span s USING (hotel_id, room);

-- name: record
-- All that a batch decided, but for definitions and spans: states, nights, events with what the relay has yet to send of
-- them in the same order, the hotels' new positions, and the outcomes. A second outcome of a command violates the key,
-- and nothing of its transaction happens.
WITH reservations AS (
    INSERT INTO reservation (hotel_id, reservation_id, status, arrival, departure, position, state)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::json[])
    ON CONFLICT (hotel_id, reservation_id)
    DO UPDATE SET status = excluded.status, arrival = excluded.arrival, departure = excluded.departure,
                  position = excluded.position, state = excluded.state
), nights AS (
    INSERT INTO inventory (hotel_id, room_type, night, sold, allowance, sell_limit)
    SELECT * FROM unnest($8::text[], $9::text[], $10::date[], $11::integer[], $12::integer[], $13::integer[])
    ON CONFLICT (hotel_id, room_type, night)
    DO UPDATE SET sold = excluded.sold, allowance = excluded.allowance, sell_limit = excluded.sell_limit
), incoming AS (
    SELECT * FROM unnest($14::text[], $15::bigint[], $16::text[], $17::uuid[], $18::json[])
    WITH ORDINALITY AS i (hotel_id, position, type, command_id, message, ord)
), events AS (
    INSERT INTO event (hotel_id, position, type, command_id, message)
    SELECT hotel_id, position, type, command_id, message FROM incoming
), unsent AS (
    INSERT INTO event_outbox (hotel_id, position) SELECT hotel_id, position FROM incoming ORDER BY ord
), moved AS (
    UPDATE hotel h SET position = k.position, business_date = k.business_date
    FROM unnest($19::text[], $20::bigint[], $21::date[]) AS k (hotel_id, position, business_date)
    WHERE h.hotel_id = k.hotel_id
)
INSERT INTO outcome (command_id, hotel_id, status, position, code, facts)
SELECT * FROM unnest($22::uuid[], $23::text[], $24::text[], $25::bigint[], $26::text[], $27::json[]);

-- name: delete_spans
DELETE FROM room_span s USING unnest($1::text[], $2::uuid[]) AS k (hotel_id, reservation_id)
WHERE s.hotel_id = k.hotel_id AND s.reservation_id = k.reservation_id;

-- name: write_spans
INSERT INTO room_span (hotel_id, room, from_date, to_date, reservation_id, occupied)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::uuid[], $6::boolean[]);

-- name: define_hotels
UPDATE hotel h SET definition = k.definition, business_date = k.business_date
FROM unnest($1::text[], $2::json[], $3::date[]) AS k (hotel_id, definition, business_date)
WHERE h.hotel_id = k.hotel_id;

-- name: begin_attempt
-- Counted and committed before the command is tried, so that one that kills its worker is counted too.
INSERT INTO attempt (command_id, attempts) VALUES ($1, 1)
ON CONFLICT (command_id) DO UPDATE SET attempts = attempt.attempts + 1, tried_at = clock_timestamp()
RETURNING attempts;

-- name: note_error
UPDATE attempt SET last_error = $2 WHERE command_id = $1;

-- name: last_error
SELECT nullif(last_error, '') FROM attempt WHERE command_id = $1;

-- name: accepted
-- The command that a message was sent for; the text may be anything.
SELECT id, hotel_id FROM command WHERE id = CASE WHEN $1 ~ '^[0-9a-f-]{36}$' THEN $1::uuid END;

-- name: fail
-- The outcome of a command that we could not decide; nothing where it has one.
INSERT INTO outcome (command_id, hotel_id, status, position, code, facts)
SELECT $1, $2, 'failed', coalesce((SELECT position FROM hotel WHERE hotel_id = $2), 0), $3, $4
ON CONFLICT (command_id) DO NOTHING;

-- name: park
-- A message that was delivered before ($7) may have been parked by who died then: it is parked once.
INSERT INTO parked (queue, hotel_id, command_id, reason, attempts, body) SELECT $1, $2, $3, $4, $5, $6
WHERE NOT $7 OR NOT EXISTS (SELECT FROM parked WHERE command_id IS NULL AND queue = $1 AND body = $6);
