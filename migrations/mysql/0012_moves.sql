-- Books that went from a file to a server. The comments are in migrations/sqlite.
CREATE TABLE moves (
    run VARCHAR(32) NOT NULL PRIMARY KEY,
    state VARCHAR(16) NOT NULL,
    place VARCHAR(255) NOT NULL,
    began_ms BIGINT NOT NULL,
    ended_ms BIGINT
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
