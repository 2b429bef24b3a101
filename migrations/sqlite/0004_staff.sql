-- The people who work here, and what they do. All of it is new tables: an instance of the version before goes on
-- beside, and knows of nobody.

CREATE TABLE staff (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- what is typed at login
    name VARCHAR(40) NOT NULL UNIQUE,
    -- VIEWER, OPERATOR, MANAGER
    role VARCHAR(16) NOT NULL,
    -- Argon2id, as a PHC string; NULL until the invitation is taken up
    password VARCHAR(255),
    -- the secret of the second factor, sealed under the secret key; NULL: none is set up
    totp BLOB,
    -- the step of the code that was used last: it and those before it are used up
    totp_step BIGINT NOT NULL DEFAULT 0,
    -- raised by every change that ends sessions; a login that began before one does not come to its end
    generation BIGINT NOT NULL DEFAULT 1,
    created_ms BIGINT NOT NULL,
    disabled_ms BIGINT
);

CREATE TABLE staff_sessions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the cookie: a copy of this table opens nothing
    token_hash VARCHAR(64) NOT NULL UNIQUE,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    -- FACTOR: the second factor is still to come; ENROL: one has to be set up; WHOLE
    stage VARCHAR(16) NOT NULL,
    created_ms BIGINT NOT NULL,
    -- written at most once a minute
    seen_ms BIGINT NOT NULL,
    -- when the second factor was asked for once more, and given
    confirmed_ms BIGINT,
    -- a secret that is being set up, sealed
    pending_totp BLOB,
    address VARCHAR(64) NOT NULL,
    agent VARCHAR(200) NOT NULL
);
CREATE INDEX staff_sessions_of ON staff_sessions (staff_id, id);
CREATE INDEX staff_sessions_by_age ON staff_sessions (created_ms);

-- Browsers somebody has logged in with, by the hash of a cookie of their own: a lockout leaves them alone.
CREATE TABLE staff_devices (
    token_hash VARCHAR(64) NOT NULL PRIMARY KEY,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    seen_ms BIGINT NOT NULL
);
CREATE INDEX staff_devices_of ON staff_devices (staff_id);

CREATE TABLE staff_recovery_codes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    hash VARCHAR(64) NOT NULL,
    used_ms BIGINT,
    UNIQUE (staff_id, hash)
);

-- One-time links, which a command prints.
CREATE TABLE staff_links (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    -- INVITE, PASSWORD, TOTP
    purpose VARCHAR(16) NOT NULL,
    created_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    used_ms BIGINT
);
CREATE INDEX staff_links_of ON staff_links (staff_id);

-- One row once limits are set: what one person may give back without a second one.
CREATE TABLE staff_limits (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    per_refund_fen BIGINT,
    per_day_fen BIGINT,
    changed_ms BIGINT NOT NULL
);

-- What somebody has given back on a Beijing day (2026-11-26) without a second person.
CREATE TABLE refund_sums (
    staff_id BIGINT NOT NULL REFERENCES staff (id),
    day VARCHAR(10) NOT NULL,
    sum_fen BIGINT NOT NULL,
    PRIMARY KEY (staff_id, day)
);

-- Money of a payment that is set aside for a refund which waits for a second person; the row goes when it is decided.
CREATE TABLE refund_holds (
    out_refund_no VARCHAR(64) NOT NULL PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    payment_id BIGINT NOT NULL REFERENCES payments (id),
    amount_fen BIGINT NOT NULL,
    reason VARCHAR(255) NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX refund_holds_of_payment ON refund_holds (payment_id);

-- What waits, or has waited, for a second person.
CREATE TABLE approvals (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- drawn when the form was made: pressed twice it is asked for once
    form VARCHAR(64) NOT NULL UNIQUE,
    -- REFUND, LIMITS, ROLE, DISABLE, ENABLE, TOTP
    kind VARCHAR(16) NOT NULL,
    -- WAITING, APPROVED, REFUSED, WITHDRAWN, EXPIRED
    state VARCHAR(16) NOT NULL,
    -- what it is about: an out_refund_no, the name of an account
    subject VARCHAR(128) NOT NULL,
    -- all of it, as JSON
    wanted TEXT NOT NULL,
    order_id BIGINT REFERENCES orders (id),
    amount_fen BIGINT,
    asked_by BIGINT NOT NULL REFERENCES staff (id),
    asked_ms BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    decided_by BIGINT REFERENCES staff (id),
    decided_ms BIGINT,
    note VARCHAR(255) NOT NULL
);
CREATE INDEX approvals_by_state ON approvals (state, id);
CREATE INDEX approvals_ending ON approvals (state, ends_ms);
CREATE INDEX approvals_of_order ON approvals (order_id, id);
CREATE INDEX approvals_by_subject ON approvals (subject, id);

-- Who did what. Nothing in it is ever changed or removed by this program.
CREATE TABLE audit_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- drawn before it is written: a job that is run again writes it once
    entry VARCHAR(32) NOT NULL UNIQUE,
    chain VARCHAR(32) NOT NULL,
    -- counts from 1 in its chain
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    staff_id BIGINT,
    -- an account's name, os:USER for a command, saoma for the program itself
    who VARCHAR(80) NOT NULL,
    what VARCHAR(48) NOT NULL,
    subject VARCHAR(128) NOT NULL,
    detail VARCHAR(500) NOT NULL,
    address VARCHAR(64) NOT NULL,
    request_id VARCHAR(128) NOT NULL,
    -- DONE, REFUSED
    result VARCHAR(16) NOT NULL,
    -- SHA-256 of all this and of the hash before it in the chain; the first of a chain follows on the last of all
    previous VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    UNIQUE (chain, number)
);
CREATE INDEX audit_log_by_time ON audit_log (at_ms, id);
CREATE INDEX audit_log_by_who ON audit_log (who, id);
CREATE INDEX audit_log_by_what ON audit_log (what, id);
CREATE INDEX audit_log_by_subject ON audit_log (subject, id);

-- How far each instance's chain has got: what is missing at its end shows.
CREATE TABLE audit_chains (
    chain VARCHAR(32) NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL
);
