-- name: open_hotel
WITH opened AS (
    INSERT INTO hotel (hotel_id, name, time_zone, currency) VALUES ($1, $1, 'Europe/Lisbon', 'EUR') RETURNING hotel_id
), typed AS (
    INSERT INTO room_type (hotel_id, code, name, max_occupancy) SELECT hotel_id, 'DBL', 'Double', 2 FROM opened
), built AS (
    INSERT INTO room (hotel_id, number, room_type) SELECT hotel_id, n::text, 'DBL' FROM opened, generate_series(1, $2) n
)
INSERT INTO inventory (hotel_id, room_type, night, sell_limit)
SELECT hotel_id, 'DBL', $3::date + n, $2 FROM opened, generate_series(0, $4::integer) n;

-- name: add_guest
INSERT INTO guest (guest_id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: add_reservation
-- Nothing where it is there already: the request is a repetition.
INSERT INTO reservation (reservation_id, hotel_id, room_type, guest_id, arrival, departure, adults)
SELECT $1, hotel_id, code, $4, $5, $6, $7 FROM room_type
WHERE hotel_id = $2 AND code = $3 AND max_occupancy >= $7
ON CONFLICT DO NOTHING RETURNING status;

-- name: sell_nights
-- All nights or none; locked in order, so that two bookings never wait for each other in a ring.
WITH free AS (
    SELECT night FROM inventory
    WHERE hotel_id = $1 AND room_type = $2 AND night >= $3 AND night < $4 AND sold < sell_limit
    ORDER BY night FOR UPDATE
)
UPDATE inventory i SET sold = sold + 1 FROM free
WHERE i.hotel_id = $1 AND i.room_type = $2 AND i.night = free.night
  AND (SELECT count(*) FROM free) = $4::date - $3::date;

-- name: add_nights
INSERT INTO reservation_night (reservation_id, hotel_id, night, price_minor, currency)
SELECT $1, $2, night, $5, $6 FROM generate_series($3::timestamp, $4::timestamp - interval '1 day', '1 day') AS night;

-- name: reservation
SELECT r.reservation_id, r.hotel_id, h.name AS hotel, r.status, r.guest_id, r.adults, r.arrival, r.departure, r.room,
       t.code AS room_type, t.name AS room_type_name, r.booked_at, sum(n.price_minor)::bigint AS total_minor, h.currency
FROM reservation r
JOIN hotel h USING (hotel_id)
JOIN room_type t ON t.hotel_id = r.hotel_id AND t.code = r.room_type
JOIN reservation_night n USING (reservation_id)
WHERE r.hotel_id = $1 AND r.reservation_id = $2
GROUP BY r.reservation_id, h.hotel_id, t.hotel_id, t.code;

-- name: availability
SELECT t.code, t.name, t.max_occupancy, built.rooms AS physical, i.night AS date, i.sold, i.sell_limit - i.sold AS left
FROM room_type t
JOIN inventory i ON i.hotel_id = t.hotel_id AND i.room_type = t.code
JOIN LATERAL (SELECT count(*) AS rooms FROM room r WHERE r.hotel_id = t.hotel_id AND r.room_type = t.code) built ON true
WHERE t.hotel_id = $1 AND i.night >= $2 AND i.night < $3
ORDER BY t.code, i.night;

-- name: arrivals
SELECT r.reservation_id, r.guest_id, r.adults AS guests, r.arrival, r.departure, r.room_type, r.room, r.status
FROM reservation r
JOIN room_type t ON t.hotel_id = r.hotel_id AND t.code = r.room_type
WHERE r.hotel_id = $1 AND r.arrival = $2
ORDER BY r.room_type, r.reservation_id LIMIT $3;

-- name: statistics
-- Nights sold and money, night by night, beside the rooms that there are.
SELECT n.night AS date, count(*) AS sold, sum(n.price_minor)::bigint AS revenue_minor,
       count(*) FILTER (WHERE r.arrival = n.night) AS arrivals,
       (SELECT count(*) FROM room WHERE room.hotel_id = $1) AS rooms
FROM reservation_night n
JOIN reservation r USING (reservation_id)
WHERE n.hotel_id = $1 AND n.night >= $2 AND n.night < $3 AND r.status <> 'cancelled'
GROUP BY n.night ORDER BY n.night;
