-- What has to be collected from now on, also for what is built later. All of it has a default or may be
-- NULL, so that an instance of the version before goes on writing beside. What old rows need besides is
-- filled in by the program (`storage::backfill`): the bytes of a request are read differently by each engine.

-- Whose books these are: one row, written by the first `saoma serve`, never changed.
CREATE TABLE books (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mchid VARCHAR(32) NOT NULL,
    -- WECHATPAY: the real one; LOOPBACK: a platform on this machine, where nobody's money is
    platform VARCHAR(16) NOT NULL,
    stamped_ms BIGINT NOT NULL
);

-- An instance proves every few seconds that it can write: a row written, committed, read by another connection.
CREATE TABLE heartbeats (
    instance VARCHAR(32) NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    -- its wall clock at the last beat: one that lies ahead of ours has been wrong
    wall_ms BIGINT NOT NULL
);

-- when the job last came to a good end, and up to which row it has got, where it goes through a table
ALTER TABLE leases ADD COLUMN last_good_ms BIGINT;
ALTER TABLE leases ADD COLUMN reached_id BIGINT NOT NULL DEFAULT 0;

-- no new orders of it from then on; NULL: on sale
ALTER TABLE products ADD COLUMN withdrawn_ms BIGINT;

-- what the number was asked for with: an attempt belongs to one appid and one way to pay. '': from before
ALTER TABLE attempts ADD COLUMN appid VARCHAR(32) NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN trade_type VARCHAR(16) NOT NULL DEFAULT 'NATIVE';
-- WeChat's Request-ID of the last answer about it, for WeChat's support
ALTER TABLE attempts ADD COLUMN request_id VARCHAR(128);

-- serial of the key whose signature vouched for it
ALTER TABLE payments ADD COLUMN vouched_by VARCHAR(64);

-- WeChat's create_time: bills go by it
ALTER TABLE refunds ADD COLUMN accepted_ms BIGINT;
ALTER TABLE refunds ADD COLUMN request_id VARCHAR(128);
-- definite refusals of it so far, and since when: one alone is no reason to give up
ALTER TABLE refunds ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN refused_ms BIGINT;
-- surplus of a payment that could not go back yet is found by it
CREATE INDEX refunds_by_source ON refunds (source, state, id);

-- in no log, page or export: without it no replay can verify
ALTER TABLE notifications ADD COLUMN signature VARCHAR(1024);
-- NULL: the body is there; else when it was removed for its age
ALTER TABLE notifications ADD COLUMN emptied_ms BIGINT;

-- Every platform certificate and public key that has vouched for anything, by its serial or id.
CREATE TABLE platform_keys (
    serial VARCHAR(64) NOT NULL PRIMARY KEY,
    -- CERTIFICATE or PUBLIC_KEY
    kind VARCHAR(16) NOT NULL,
    pem TEXT NOT NULL,
    seen_ms BIGINT NOT NULL
);

-- when an order that can be paid is brought to its end; moved with every try, NULL when that is done. Orders at
-- their end are found by it, however many others are due before them
ALTER TABLE orders ADD COLUMN end_ms BIGINT;
UPDATE orders SET end_ms = expires_ms WHERE status = 'NOTPAY' AND check_ms IS NOT NULL;
CREATE INDEX orders_ending ON orders (end_ms);

-- on whose word it is closed: WECHAT, a verified one; NOT_EXIST: WeChat does not know the number, it says, long
-- after its time. NULL: not closed, or from before
ALTER TABLE attempts ADD COLUMN closed_by VARCHAR(16);
