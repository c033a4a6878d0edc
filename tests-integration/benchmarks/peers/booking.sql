-- name: lock_hotel
SELECT position FROM hotel WHERE hotel_id = $1 FOR UPDATE;

-- name: sell_nights
-- All nights or none; answers how many, by its count of rows.
UPDATE inventory SET sold = sold + 1
WHERE hotel_id = $1 AND room_type = $2 AND night >= $3::date AND night < $4::date
  AND (SELECT count(*) FROM inventory
       WHERE hotel_id = $1 AND room_type = $2 AND night >= $3::date AND night < $4::date AND sold < sell_limit)
      = $4::date - $3::date;

-- name: append_event
-- The event at the hotel's next position.
WITH moved AS (UPDATE hotel SET position = position + 1 WHERE hotel_id = $1 RETURNING position)
INSERT INTO event (hotel_id, position, command_id, message) SELECT $1, position, $2::uuid, $3::json FROM moved;

-- name: queue_event
INSERT INTO outbox (hotel_id, position) VALUES ($1, $2::bigint);

-- name: write_outcome
INSERT INTO outcome (command_id, hotel_id, status, position) VALUES ($1::uuid, $2, $3, $4::bigint);
