-- What PostgreSQL holds for the command service. Everything but commands, outboxes, attempts, parked messages and workers is
-- a fold of `event`. CHECK and EXCLUDE constraints are tripwires behind the rules of the domain, not the rules.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- A hotel's row exists from the moment its opening is accepted; whoever holds its lock gives out positions.
CREATE TABLE hotel (
    hotel_id      text PRIMARY KEY,
    position      bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    business_date date,
    definition    json,
    CHECK ((business_date IS NULL) = (definition IS NULL))
);

-- Every accepted command, for good. `message` is what is queued, `fingerprint` tells a repetition from another body,
-- `seq` is the order of acceptance. `accepted_at` is told by the API's clock, `stored_at` by this server's.
CREATE TABLE command (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    hotel_id    text NOT NULL,
    task        text NOT NULL,
    fingerprint bytea NOT NULL,
    accepted_at timestamptz NOT NULL,
    stored_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    message     json NOT NULL
);

-- Small, because rows are stored in the order of acceptance; for finding those that were lost on the way.
CREATE INDEX command_stored_at ON command USING brin (stored_at) WITH (autosummarize = on);

-- Commands that the broker has not confirmed yet, in the order of acceptance.
CREATE TABLE command_outbox (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command_id uuid NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);

-- Up to when every command is known to have an outcome; one row.
CREATE TABLE decided_until (
    until timestamptz NOT NULL,
    one   boolean PRIMARY KEY DEFAULT true CHECK (one)
);
INSERT INTO decided_until (until) VALUES (clock_timestamp());

-- What became of a command: at most one row a command, ever.
CREATE TABLE outcome (
    command_id uuid PRIMARY KEY,
    hotel_id   text NOT NULL,
    status     text NOT NULL CHECK (status IN ('succeeded', 'rejected', 'failed')),
    position   bigint NOT NULL,
    code       text,
    facts      json,
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((status = 'succeeded') = (code IS NULL))
);

-- The streams: one a hotel, positions without gaps. `message` is what is published and what the feed serves.
CREATE TABLE event (
    hotel_id    text NOT NULL,
    position    bigint NOT NULL CHECK (position > 0),
    type        text NOT NULL,
    command_id  uuid NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    message     json NOT NULL,
    PRIMARY KEY (hotel_id, position)
);

-- Events that the broker has not confirmed yet.
CREATE TABLE event_outbox (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hotel_id text NOT NULL,
    position bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);

-- `position` is that of the reservation's last event.
CREATE TABLE reservation (
    hotel_id       text NOT NULL,
    reservation_id uuid NOT NULL,
    status         text NOT NULL CHECK (status IN ('confirmed', 'in_house', 'checked_out', 'cancelled', 'no_show')),
    arrival        date NOT NULL,
    departure      date NOT NULL CHECK (departure > arrival),
    position       bigint NOT NULL,
    state          json NOT NULL,
    PRIMARY KEY (hotel_id, reservation_id)
) WITH (fillfactor = 80);

-- Who is due in, and who is due out: small, because every reservation leaves it.
CREATE INDEX reservation_due_in ON reservation (hotel_id, arrival) WHERE status = 'confirmed';
CREATE INDEX reservation_due_out ON reservation (hotel_id, departure) WHERE status = 'in_house';

CREATE TABLE inventory (
    hotel_id   text NOT NULL,
    room_type  text NOT NULL,
    night      date NOT NULL,
    sold       integer NOT NULL,
    allowance  integer NOT NULL,
    sell_limit integer NOT NULL,
    PRIMARY KEY (hotel_id, room_type, night),
    CONSTRAINT never_oversold CHECK (sold >= 0 AND sold <= sell_limit)
) WITH (fillfactor = 70);

CREATE TABLE room_span (
    hotel_id       text NOT NULL,
    room           text NOT NULL,
    from_date      date NOT NULL,
    to_date        date NOT NULL,
    reservation_id uuid NOT NULL,
    occupied       boolean NOT NULL,
    PRIMARY KEY (hotel_id, reservation_id),
    CONSTRAINT one_occupant EXCLUDE USING gist (hotel_id WITH =, room WITH =, daterange(from_date, to_date) WITH &&)
);

CREATE INDEX room_span_room ON room_span (hotel_id, room);

-- How often a command was tried alone after its batch had failed; survives the process that it may have killed.
CREATE TABLE attempt (
    command_id uuid PRIMARY KEY,
    attempts   integer NOT NULL,
    last_error text NOT NULL DEFAULT '',
    tried_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What could not be handled, with its reason, for an operator.
CREATE TABLE parked (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue      text NOT NULL,
    hotel_id   text,
    command_id uuid,
    reason     text NOT NULL,
    attempts   integer NOT NULL,
    body       bytea NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The workers that run, each counting up while it lives. Not logged: what a crash of the server empties fills within a second.
CREATE UNLOGGED TABLE worker (
    member text PRIMARY KEY,
    beats  bigint NOT NULL
) WITH (fillfactor = 50);
