-- Books that went from a file to a server (`saoma move`): one row for each try. They are of the place and not of the
-- books, and the only ones that no move carries along. What is new is a table of its own: an instance of the version
-- before goes on beside.
CREATE TABLE moves (
    -- drawn for each try, and the same in both books
    run VARCHAR(32) NOT NULL PRIMARY KEY,
    -- In the books that go: LEAVING; LEFT: they are no longer kept. In those that come: COPYING; WHOLE: everything is
    -- there, and the old ones have still to let go; HERE. Whatever is COPYING or WHOLE cannot be opened.
    state VARCHAR(16) NOT NULL,
    -- where to, or where from
    place VARCHAR(255) NOT NULL,
    began_ms BIGINT NOT NULL,
    ended_ms BIGINT
);
