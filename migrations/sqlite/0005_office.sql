-- What staff looks for, notes and decides. Additions only: an instance of the version before goes on writing beside,
-- and what it writes is found as well.

-- Orders are shown by their id, newest first, and every index ends with the id by itself (also on MySQL): each filter
-- has one that leads to its orders in that order. This one finds between which ids a period lies.
CREATE INDEX orders_created ON orders (created_ms);
CREATE INDEX orders_by_status ON orders (status);
CREATE INDEX orders_by_product ON orders (product_id);
CREATE INDEX orders_by_total ON orders (total_fen);
-- how an order's payment was found
CREATE INDEX payments_by_source ON payments (source, order_id);
-- everything that a day's sum is made of
CREATE INDEX payments_by_time ON payments (success_ms, source, kind, total_fen, booked_ms);
CREATE INDEX refunds_by_time ON refunds (accepted_ms);
CREATE INDEX refunds_by_state ON refunds (state);
-- WeChat's Request-ID is what its support asks for
CREATE INDEX attempts_by_request ON attempts (request_id);
CREATE INDEX refunds_by_request ON refunds (request_id);

-- since when nobody has to look after it any more that it failed: somebody has seen it
ALTER TABLE refunds ADD COLUMN settled_ms BIGINT;
ALTER TABLE refunds ADD COLUMN settled_by VARCHAR(64);

CREATE INDEX notifications_by_verdict ON notifications (verdict);
CREATE INDEX notifications_of_number ON notifications (out_trade_no);
-- when it was last verified and booked again by hand, and what became of it then
ALTER TABLE notifications ADD COLUMN replayed_ms BIGINT;
ALTER TABLE notifications ADD COLUMN replayed_verdict VARCHAR(32);
-- somebody has seen that it did not fit
ALTER TABLE notifications ADD COLUMN settled_ms BIGINT;
ALTER TABLE notifications ADD COLUMN settled_by VARCHAR(64);

-- What WeChat says and our books do not allow, one row each.
CREATE TABLE concerns (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind VARCHAR(32) NOT NULL,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    detail VARCHAR(255) NOT NULL,
    at_ms BIGINT NOT NULL,
    settled_ms BIGINT,
    settled_by VARCHAR(64)
);
CREATE INDEX concerns_of_order ON concerns (order_id);
CREATE INDEX concerns_open ON concerns (settled_ms);
INSERT INTO concerns (kind, order_id, detail, at_ms)
    SELECT kind, order_id, detail, at_ms FROM order_events WHERE kind IN ('PAYMENT_CONTRADICTED', 'REFUND_CONTRADICTED');

-- What colleagues want each other to know about an order.
CREATE TABLE order_notes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    at_ms BIGINT NOT NULL,
    author VARCHAR(64) NOT NULL,
    text VARCHAR(1000) NOT NULL,
    -- of the form that it was written in: pressed twice it is one note
    form VARCHAR(32) NOT NULL UNIQUE
);
CREATE INDEX order_notes_of_order ON order_notes (order_id);

-- Deliveries that were refused, the last ones, with no more of each than somebody needs to understand it.
CREATE TABLE refused_deliveries (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_ms BIGINT NOT NULL,
    reason VARCHAR(32) NOT NULL,
    -- WeChat's own test whether we verify, and no attack
    probe BIGINT NOT NULL,
    about VARCHAR(16) NOT NULL,
    serial VARCHAR(64),
    sent_ms BIGINT,
    address VARCHAR(64) NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    body_bytes BIGINT NOT NULL
);

-- Sums of each Beijing day (by its beginning), by what is counted. Made anew from the rows themselves by one job.
CREATE TABLE day_sums (
    day_ms BIGINT NOT NULL,
    measure VARCHAR(48) NOT NULL,
    quantity BIGINT NOT NULL,
    fen BIGINT NOT NULL,
    -- sum of what callbacks took from the payment to the books, and how many took more than a minute
    lag_ms BIGINT NOT NULL DEFAULT 0,
    slow BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (day_ms, measure)
);
