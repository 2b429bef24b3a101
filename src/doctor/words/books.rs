//! The books.

use super::check::{Check, Row, row};

pub(super) const ROWS: &[Row] = &[
    row(
        Check::BooksRefused,
        "books_refused",
        ("这里的账本不属于这个商户或版本不符，服务不会使用它", "按提示改 DATABASE_URL / SAOMA_DATA_DIR 或 WXPAY_*"),
        (
            "The books that lie here are not this shop's, or not of this version: the server does not use them",
            "Do what it says: DATABASE_URL, SAOMA_DATA_DIR or WXPAY_*",
        ),
    ),
    row(
        Check::BooksUnreachable,
        "books_unreachable",
        ("账本打不开：不能下单，通知也无法入账", "检查 DATABASE_URL、数据库服务和文件权限"),
        (
            "The books cannot be opened: no order, and no callback is booked",
            "Look at DATABASE_URL, the database server and the rights of the file",
        ),
    ),
    row(
        Check::Durability,
        "durability",
        (
            "数据库不在提交时落盘：断电会丢失已经应答微信支付的付款，而它不会再通知",
            "MySQL / MariaDB 设 innodb_flush_log_at_trx_commit=1、sync_binlog=1；SQLite 用 synchronous=FULL",
        ),
        (
            "The database does not sync what it commits: a power cut loses payments that WeChat Pay was told are booked",
            "MySQL or MariaDB: innodb_flush_log_at_trx_commit=1 and sync_binlog=1; SQLite: synchronous=FULL",
        ),
    ),
    row(
        Check::NetworkFileSystem,
        "network_file_system",
        (
            "SQLite 账本在网络文件系统上：锁和落盘不可靠，账本可能损坏",
            "把账本移到本机磁盘，或改用 MySQL / MariaDB（saoma move）",
        ),
        (
            "The SQLite books are on a network file system: locks and syncs cannot be relied on, and books get damaged",
            "Move them to a disk of this machine, or to MySQL or MariaDB (`saoma move`)",
        ),
    ),
    row(
        Check::VolatileFileSystem,
        "volatile_file_system",
        ("账本在内存文件系统上：重启后全部丢失", "把 SAOMA_DATA_DIR 放到磁盘上"),
        (
            "The books are on a file system in memory: they are gone with the next start of the machine",
            "Put SAOMA_DATA_DIR on a disk",
        ),
    ),
    row(
        Check::NotWritable,
        "not_writable",
        ("账本现在写不进去：不能下单，通知也无法入账", "检查磁盘空间、只读挂载和文件权限"),
        (
            "The books cannot be written now: no order, and no callback is booked",
            "Look at the free disk, a read-only mount and the rights of the file",
        ),
    ),
    row(
        Check::PutBack,
        "put_back",
        (
            "账本是恢复的旧副本，还没有核对完：在此之前不退款",
            "运行服务并等它问完微信支付、比对完账单；进度和结束的办法：/admin/put-back，或 saoma restore --status",
        ),
        (
            "The books are an older copy that was put back and has not been asked about yet: nothing is refunded",
            "Let the server run until it has asked WeChat Pay and compared the bills; how far it is, and how to end it: \
             /admin/put-back, or `saoma restore --status`",
        ),
    ),
    row(
        Check::SeveralServers,
        "several_servers",
        (
            "多个进程共用一个 SQLite 文件：可用，但写入互相等待",
            "每个店只开一个进程，或改用 MySQL / MariaDB。刚被强行结束的进程半分钟内还会算在内",
        ),
        (
            "Several servers share one SQLite file: it works, but they wait for each other",
            "Run one of them, or use MySQL or MariaDB. One that was killed is counted for another half minute",
        ),
    ),
    row(
        Check::JobsStale,
        "jobs_stale",
        (
            "后台任务很久没有成功：漏掉的付款通知没有人补查，退款没有人跟进",
            "看 /readyz 和服务器日志；多半是连不上微信支付或数据库",
        ),
        (
            "A background job has not ended well for long: lost callbacks are not made up for, refunds not followed",
            "Look at /readyz and the server's log; as a rule WeChat Pay or the database is not reached",
        ),
    ),
];
