-- One normalised schema for writing and for every question.
DROP SCHEMA IF EXISTS crud CASCADE;
CREATE SCHEMA crud;

CREATE TABLE crud.hotel (
    hotel_id  text PRIMARY KEY,
    name      text NOT NULL,
    time_zone text NOT NULL,
    currency  text NOT NULL
);

CREATE TABLE crud.room_type (
    hotel_id      text NOT NULL REFERENCES crud.hotel,
    code          text NOT NULL,
    name          text NOT NULL,
    max_occupancy integer NOT NULL,
    PRIMARY KEY (hotel_id, code)
);

CREATE TABLE crud.room (
    hotel_id  text NOT NULL,
    number    text NOT NULL,
    room_type text NOT NULL,
    PRIMARY KEY (hotel_id, number),
    FOREIGN KEY (hotel_id, room_type) REFERENCES crud.room_type
);
CREATE INDEX room_of_type ON crud.room (hotel_id, room_type);

CREATE TABLE crud.guest (
    guest_id uuid PRIMARY KEY
);

CREATE TABLE crud.inventory (
    hotel_id   text NOT NULL,
    room_type  text NOT NULL,
    night      date NOT NULL,
    sold       integer NOT NULL DEFAULT 0,
    sell_limit integer NOT NULL,
    PRIMARY KEY (hotel_id, room_type, night),
    FOREIGN KEY (hotel_id, room_type) REFERENCES crud.room_type,
    CHECK (sold >= 0 AND sold <= sell_limit)
) WITH (fillfactor = 70);

CREATE TABLE crud.reservation (
    reservation_id uuid PRIMARY KEY,
    hotel_id       text NOT NULL,
    room_type      text NOT NULL,
    guest_id       uuid NOT NULL REFERENCES crud.guest,
    room           text,
    arrival        date NOT NULL,
    departure      date NOT NULL CHECK (departure > arrival),
    adults         integer NOT NULL CHECK (adults > 0),
    status         text NOT NULL DEFAULT 'confirmed',
    booked_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (hotel_id, room_type) REFERENCES crud.room_type,
    FOREIGN KEY (hotel_id, room) REFERENCES crud.room
);
CREATE INDEX reservation_arrival ON crud.reservation (hotel_id, arrival);

CREATE TABLE crud.reservation_night (
    reservation_id uuid NOT NULL REFERENCES crud.reservation,
    hotel_id       text NOT NULL,
    night          date NOT NULL,
    price_minor    bigint NOT NULL,
    currency       text NOT NULL,
    PRIMARY KEY (reservation_id, night)
);
CREATE INDEX reservation_night_month ON crud.reservation_night (hotel_id, night) INCLUDE (price_minor);
