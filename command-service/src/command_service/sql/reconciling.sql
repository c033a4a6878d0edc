-- name: next_hotel
-- The first hotel after $1 that any of the tables knows.
SELECT min(hotel_id) FROM (
    (SELECT hotel_id FROM hotel WHERE hotel_id > $1 ORDER BY hotel_id LIMIT 1)
    UNION ALL (SELECT hotel_id FROM event WHERE hotel_id > $1 ORDER BY hotel_id LIMIT 1)
    UNION ALL (SELECT hotel_id FROM reservation WHERE hotel_id > $1 ORDER BY hotel_id LIMIT 1)
    UNION ALL (SELECT hotel_id FROM inventory WHERE hotel_id > $1 ORDER BY hotel_id LIMIT 1)
    UNION ALL (SELECT hotel_id FROM room_span WHERE hotel_id > $1 ORDER BY hotel_id LIMIT 1)
) k;

-- name: events
-- A page of a hotel's events, each with what is kept of its command.
SELECT e.position, e.type, e.command_id, e.message, c.hotel_id AS accepted_for,
       o.hotel_id AS decided_for, o.status, o.position AS decided_position
FROM event e LEFT JOIN command c ON c.id = e.command_id LEFT JOIN outcome o ON o.command_id = e.command_id
WHERE e.hotel_id = $1 AND e.position > $2 ORDER BY e.position LIMIT $3;

-- name: hotel
SELECT hotel_id, position, business_date, definition FROM hotel WHERE hotel_id = $1;

-- name: reservation
SELECT hotel_id, reservation_id, status, arrival, departure, position, state FROM reservation WHERE hotel_id = $1;

-- name: inventory
SELECT hotel_id, room_type, night, sold, allowance, sell_limit FROM inventory WHERE hotel_id = $1;

-- name: room_span
SELECT hotel_id, room, from_date, to_date, reservation_id, occupied FROM room_span WHERE hotel_id = $1;

-- name: page_end
-- The last command of the page after $1.
SELECT id FROM command WHERE id > $1 ORDER BY id OFFSET $2 LIMIT 1;

-- name: commands_amiss
-- Of the commands after $1 and up to $2: those without an outcome that were accepted more than $4 ago and are not waiting
-- to be sent, those whose outcome is another hotel's or names a position that has no event, and those of the tasks $5
-- that succeeded without an event of theirs.
SELECT c.id, c.hotel_id, o.hotel_id AS decided_for, o.status, o.position, e.command_id AS decided_by
FROM command c LEFT JOIN outcome o ON o.command_id = c.id
LEFT JOIN event e ON e.hotel_id = c.hotel_id AND e.position = o.position
WHERE c.id > $1 AND c.id <= $2 AND ($3::text IS NULL OR c.hotel_id = $3) AND CASE
    WHEN o.command_id IS NULL
        THEN c.accepted_at < clock_timestamp() - $4::interval AND c.id NOT IN (SELECT command_id FROM command_outbox)
    ELSE o.hotel_id <> c.hotel_id
        OR (o.position > 0 AND e.command_id IS NULL)
        OR (o.status = 'succeeded' AND (o.position = 0 OR (c.task = ANY ($5::text[]) AND e.command_id <> c.id)))
    END;

-- name: outcomes_unasked
-- Outcomes after $1 and up to $2 of what was never accepted.
SELECT o.command_id, o.hotel_id FROM outcome o
WHERE o.command_id > $1 AND o.command_id <= $2 AND ($3::text IS NULL OR o.hotel_id = $3)
  AND NOT EXISTS (SELECT FROM command c WHERE c.id = o.command_id) LIMIT $4;

-- name: register_hotel
INSERT INTO hotel (hotel_id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: lock_hotel
-- Nobody decides for the hotel until this transaction ends.
SELECT position FROM hotel WHERE hotel_id = $1 FOR UPDATE;

-- name: position
SELECT position FROM hotel WHERE hotel_id = $1;

-- name: put_hotel
UPDATE hotel SET position = $2, business_date = $3, definition = $4 WHERE hotel_id = $1;

-- name: delete_reservations
DELETE FROM reservation r USING unnest($1::text[], $2::uuid[]) AS k (hotel_id, reservation_id)
WHERE r.hotel_id = k.hotel_id AND r.reservation_id = k.reservation_id;

-- name: delete_inventory
DELETE FROM inventory i USING unnest($1::text[], $2::text[], $3::date[]) AS k (hotel_id, room_type, night)
WHERE i.hotel_id = k.hotel_id AND i.room_type = k.room_type AND i.night = k.night;
