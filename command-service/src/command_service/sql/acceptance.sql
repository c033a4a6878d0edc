-- name: register_hotels
-- From here on the hotel is known, and what is sent to it is accepted.
INSERT INTO hotel (hotel_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING;

-- name: known_hotels
SELECT hotel_id FROM hotel WHERE hotel_id = ANY ($1::text[]);

-- name: accept
-- Stores and queues, in the order given, those whose id is new; answers their ids.
WITH incoming AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::json[])
    WITH ORDINALITY AS i (id, hotel_id, task, fingerprint, accepted_at, message, ord)
), stored AS (
    INSERT INTO command (id, hotel_id, task, fingerprint, accepted_at, message)
    SELECT id, hotel_id, task, fingerprint, accepted_at, message FROM incoming ORDER BY ord
    ON CONFLICT (id) DO NOTHING
    RETURNING id
), queued AS (
    INSERT INTO command_outbox (command_id) SELECT id FROM incoming JOIN stored USING (id) ORDER BY ord
)
SELECT id FROM stored;

-- name: fingerprints
SELECT id, fingerprint FROM command WHERE id = ANY ($1::uuid[]);
