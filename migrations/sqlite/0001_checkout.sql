-- Times are milliseconds since 1970 UTC, amounts are fen. Every business number is UNIQUE here, not
-- only in the code: the database is the last to say no.

CREATE TABLE products (
    id BIGINT NOT NULL PRIMARY KEY,
    title VARCHAR(127) NOT NULL,
    summary VARCHAR(500) NOT NULL,
    price_fen BIGINT NOT NULL CHECK (price_fen >= 1)
);

CREATE TABLE orders (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    token VARCHAR(32) NOT NULL UNIQUE,
    -- SHA-256 of the browser's cookie: a copy of this table opens nobody's orders
    shopper VARCHAR(64) NOT NULL,
    -- shopper and product while the order can be paid, NULL afterwards. UNIQUE, so that however
    -- often and fast somebody clicks, there is one live order
    live_key VARCHAR(96) UNIQUE,
    product_id BIGINT NOT NULL REFERENCES products (id),
    title VARCHAR(127) NOT NULL,
    total_fen BIGINT NOT NULL CHECK (total_fen >= 1),
    status VARCHAR(32) NOT NULL,
    closed_reason VARCHAR(32),
    -- raised by every change; pages wait for it to pass what they show
    version BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    paid_ms BIGINT,
    updated_ms BIGINT NOT NULL
);
CREATE INDEX orders_of_shopper ON orders (shopper, id);
CREATE INDEX orders_updated ON orders (updated_ms);
CREATE INDEX orders_pending ON orders (status, expires_ms);

-- One out_trade_no each: an order is not an attempt to pay it.
CREATE TABLE attempts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    out_trade_no VARCHAR(32) NOT NULL UNIQUE,
    state VARCHAR(16) NOT NULL,
    -- the exact prepay body: a repeat must be equal to the byte
    request BLOB NOT NULL,
    code_url VARCHAR(512),
    -- until when one caller has the right to prepay, and until when nobody should try again
    prepay_until_ms BIGINT NOT NULL,
    problem VARCHAR(32),
    created_ms BIGINT NOT NULL
);
CREATE INDEX attempts_of_order ON attempts (order_id, id);

CREATE TABLE payments (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    transaction_id VARCHAR(32) NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    attempt_id BIGINT NOT NULL REFERENCES attempts (id),
    -- FIRST: paid the order; LATE: came after closing and still paid it; SURPLUS: it was paid already
    kind VARCHAR(16) NOT NULL,
    source VARCHAR(16) NOT NULL,
    total_fen BIGINT NOT NULL,
    success_ms BIGINT NOT NULL,
    booked_ms BIGINT NOT NULL
);
CREATE INDEX payments_of_order ON payments (order_id, id);

-- The inbox: every verified notification as it came (its content is still sealed).
CREATE TABLE notifications (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    notify_id VARCHAR(64) NOT NULL UNIQUE,
    event_type VARCHAR(64) NOT NULL,
    verdict VARCHAR(32) NOT NULL,
    out_trade_no VARCHAR(64),
    transaction_id VARCHAR(64),
    deliveries BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    received_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL
);
CREATE INDEX notifications_by_verdict ON notifications (verdict, id);

-- The timeline, append-only, written in the transaction of what it tells.
CREATE TABLE order_events (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    at_ms BIGINT NOT NULL,
    kind VARCHAR(32) NOT NULL,
    source VARCHAR(16) NOT NULL,
    detail VARCHAR(255) NOT NULL
);
CREATE INDEX order_events_of_order ON order_events (order_id, id);
