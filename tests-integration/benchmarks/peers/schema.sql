-- What every peer's handler writes to, in a schema of its own. `position`, `event`, `outbox` and `outcome` are as Innkeep has them.
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;

CREATE TABLE peer.hotel (
    hotel_id text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0
);

CREATE TABLE peer.inventory (
    hotel_id   text NOT NULL,
    room_type  text NOT NULL,
    night      date NOT NULL,
    sold       integer NOT NULL DEFAULT 0,
    sell_limit integer NOT NULL,
    PRIMARY KEY (hotel_id, room_type, night),
    CHECK (sold >= 0 AND sold <= sell_limit)
) WITH (fillfactor = 70);

CREATE TABLE peer.event (
    hotel_id    text NOT NULL,
    position    bigint NOT NULL,
    command_id  uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    message     json NOT NULL,
    PRIMARY KEY (hotel_id, position)
);

CREATE TABLE peer.outbox (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hotel_id text NOT NULL,
    position bigint NOT NULL
);

CREATE TABLE peer.outcome (
    command_id uuid NOT NULL,
    hotel_id   text NOT NULL,
    status     text NOT NULL,
    position   bigint,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
