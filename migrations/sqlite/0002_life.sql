-- An order's whole life: who looks after it next, what its shopper asked for, refunds.

-- when somebody has to look after the order next (ask WeChat, close, open the next attempt); NULL: nothing left to do
ALTER TABLE orders ADD COLUMN check_ms BIGINT;
-- what the shopper asked for and WeChat has not confirmed yet: CANCEL or RENEW
ALTER TABLE orders ADD COLUMN wish VARCHAR(16);
UPDATE orders SET check_ms = expires_ms WHERE status = 'NOTPAY';
DROP INDEX orders_pending;
-- pages that wait ask for their orders by id
DROP INDEX orders_updated;
DROP INDEX notifications_by_verdict;
CREATE INDEX orders_due ON orders (check_ms);

-- sum of the payment's refunds that did not fail; the guard against giving back more than came
ALTER TABLE payments ADD COLUMN refunding_fen BIGINT NOT NULL DEFAULT 0 CHECK (refunding_fen >= 0 AND refunding_fen <= total_fen);

CREATE TABLE refunds (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    out_refund_no VARCHAR(64) NOT NULL UNIQUE,
    order_id BIGINT NOT NULL REFERENCES orders (id),
    payment_id BIGINT NOT NULL REFERENCES payments (id),
    amount_fen BIGINT NOT NULL CHECK (amount_fen >= 1),
    reason VARCHAR(80) NOT NULL,
    source VARCHAR(16) NOT NULL,
    -- REQUESTED: ours alone so far, or its answer was lost
    state VARCHAR(16) NOT NULL,
    -- the exact request: a repeat must be equal to the byte
    request BLOB NOT NULL,
    refund_id VARCHAR(64) UNIQUE,
    problem VARCHAR(64),
    check_ms BIGINT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    success_ms BIGINT
);
CREATE INDEX refunds_of_order ON refunds (order_id, id);
CREATE INDEX refunds_of_payment ON refunds (payment_id, id);
CREATE INDEX refunds_due ON refunds (check_ms);

-- Which instance runs which background job, until when.
CREATE TABLE leases (
    name VARCHAR(32) NOT NULL PRIMARY KEY,
    holder VARCHAR(64) NOT NULL,
    until_ms BIGINT NOT NULL
);
