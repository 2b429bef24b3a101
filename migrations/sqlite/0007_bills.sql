-- WeChat's bills laid beside the books, day by day. Days are of Beijing, as YYYY-MM-DD.

-- Since which day bills are looked after by themselves: one row.
CREATE TABLE bill_job (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    since_day VARCHAR(10) NOT NULL
);

CREATE TABLE bill_days (
    day VARCHAR(10) NOT NULL PRIMARY KEY,
    -- WAITING: not compared yet; AGREES, DIFFERS: it has been
    state VARCHAR(16) NOT NULL,
    -- why it could not be compared at the last try, for staff
    problem VARCHAR(128),
    tries BIGINT NOT NULL,
    -- when it is tried again; NULL: nobody has to
    next_ms BIGINT,
    -- how often it was begun to be compared
    run BIGINT NOT NULL,
    checked_ms BIGINT,
    -- what the bill and the books add up to, as JSON
    totals TEXT
);
CREATE INDEX bill_days_due ON bill_days (next_ms);

-- The files that were fetched. Each lies in the data folder of the instance that has fetched it.
CREATE TABLE bill_files (
    day VARCHAR(10) NOT NULL,
    -- TRADE or FUND_FLOW
    kind VARCHAR(16) NOT NULL,
    -- SHA-1 as WeChat told it; '': nothing happened on that day, it said
    hash VARCHAR(40) NOT NULL,
    -- PLAIN or PACKED: which form of the file had it
    matched VARCHAR(8) NOT NULL,
    bytes BIGINT NOT NULL,
    plain_bytes BIGINT NOT NULL,
    fetched_ms BIGINT NOT NULL,
    PRIMARY KEY (day, kind)
);

-- Where bill and books are not the same: a queue for staff, kept for ever.
CREATE TABLE bill_differences (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    day VARCHAR(10) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    -- transaction_id, out_refund_no or whatever else it is about; with day and kind it is found again
    subject VARCHAR(64) NOT NULL,
    transaction_id VARCHAR(64),
    out_trade_no VARCHAR(64),
    order_id BIGINT,
    theirs_fen BIGINT,
    ours_fen BIGINT,
    -- OPEN, EXPLAINED, SETTLED
    state VARCHAR(16) NOT NULL,
    -- what WeChat answered when it was asked about it
    answer VARCHAR(64) NOT NULL,
    -- who has explained or settled it, and how
    who VARCHAR(64) NOT NULL,
    why VARCHAR(500) NOT NULL,
    -- the last comparison that has found it
    run BIGINT NOT NULL,
    found_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    UNIQUE (day, kind, subject)
);
CREATE INDEX bill_differences_by_state ON bill_differences (state, day, id);

-- a day's money is read in pages, by the time at which it came
CREATE INDEX payments_by_moment ON payments (success_ms, id);
CREATE INDEX refunds_by_age ON refunds (created_ms, id);
