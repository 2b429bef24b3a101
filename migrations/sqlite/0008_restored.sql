-- Books that were put back from a copy have forgotten what came after it, and WeChat repeats nothing that it got an
-- answer for. So they know that they are a copy, and what has been done about it. All of it is new tables: an
-- instance of the version before goes on beside.

-- How far these books have come, one row. A file beside them follows; one that is ahead of its books tells that older
-- books have been put in their place.
CREATE TABLE generation (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- rises with every heartbeat of every instance
    number BIGINT NOT NULL,
    -- in a copy that `saoma backup` has made, and nowhere else: when
    copied_ms BIGINT,
    -- where the books have gone: those that stayed behind refuse to be opened
    moved_to VARCHAR(255)
);
INSERT INTO generation (id, number) VALUES (1, 0);

-- Each time that older books were put back.
CREATE TABLE restorations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- the last moment that these books know of
    since_ms BIGINT NOT NULL,
    noticed_ms BIGINT NOT NULL,
    -- COMMAND, COPY (a backup was put there by hand), FILE (the file beside was ahead), MEMORY (the books fell back
    -- while an instance was running)
    found_by VARCHAR(16) NOT NULL,
    -- up to which attempt WeChat has been asked
    reached_id BIGINT NOT NULL DEFAULT 0,
    -- when all had been asked about
    asked_ms BIGINT,
    -- when the bills had been compared as well: refunds are allowed again
    over_ms BIGINT
);
CREATE INDEX restorations_open ON restorations (over_ms);
