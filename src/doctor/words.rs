//! What each check has to say: what it means for money, what to do, and where. Both languages.

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Settings,
    CertificateEnded,
    CertificateEnds,
    ApiV3Key,
    Signature,
    KeyKind,
    PublicKey,
    Refused,
    Clock,
    HostUnreachable,
    NotifyName,
    NotifyPrivate,
    NotifyUnreachable,
    NotifyCertificate,
    NotifyCertificateEnds,
    NotifyRedirect,
    NotifyOther,
    NotifyStripped,
    CallbackLost,
    BooksRefused,
    BooksUnreachable,
    Durability,
    NetworkFileSystem,
    VolatileFileSystem,
    NotWritable,
    PutBack,
    SeveralServers,
    JobsStale,
    DiskFull,
    InodesFull,
    TimeZone,
    OpenToOthers,
    SiteMissing,
    ProxyUnnamed,
    PortTaken,
    UnfitProduct,
    DemoOnSale,
}

/// In one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    pub means: &'static str,
    pub remedy: &'static str,
}

struct Row(Check, &'static str, Words, Words);

const fn row(
    check: Check,
    code: &'static str,
    chinese: (&'static str, &'static str),
    english: (&'static str, &'static str),
) -> Row {
    let chinese = Words { means: chinese.0, remedy: chinese.1 };
    Row(check, code, chinese, Words { means: english.0, remedy: english.1 })
}

const NONE: Words = Words { means: "", remedy: "" };

impl Check {
    fn row(self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.0 == self)
    }

    /// Stable, for programs.
    pub fn code(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    pub fn chinese(self) -> &'static Words {
        self.row().map_or(&NONE, |row| &row.2)
    }

    pub fn english(self) -> &'static Words {
        self.row().map_or(&NONE, |row| &row.3)
    }
}

const ROWS: &[Row] = &[
    row(
        Check::Settings,
        "settings",
        ("设置不能用，服务无法启动：不能收款", "按提示改正该变量（环境变量或 .env）后重启；说明见 docs/settings.md"),
        (
            "A setting cannot be used: the server does not start, and nobody can pay",
            "Correct the variable (environment or .env) and start again: docs/settings.md",
        ),
    ),
    row(
        Check::CertificateEnded,
        "certificate_ended",
        (
            "商户 API 证书已到期：微信支付不再接受签名，不能收款也不能退款",
            "商户平台 → 账户中心 → API安全，更换商户 API 证书，改 WXPAY_MCH_SERIAL_NO 和私钥后重启",
        ),
        (
            "The merchant's API certificate has ended: WeChat Pay accepts no signature, nothing is paid or refunded",
            "Merchant console → 账户中心 → API安全: get a new certificate; set WXPAY_MCH_SERIAL_NO and the key; restart",
        ),
    ),
    row(
        Check::CertificateEnds,
        "certificate_ends",
        (
            "商户 API 证书三十天内到期，之后不能收款也不能退款",
            "商户平台 → 账户中心 → API安全，提前更换证书，改 WXPAY_MCH_SERIAL_NO 和私钥后重启",
        ),
        (
            "The merchant's API certificate ends within thirty days; after that nothing is paid or refunded",
            "Merchant console → 账户中心 → API安全: renew it in time; set WXPAY_MCH_SERIAL_NO and the key; restart",
        ),
    ),
    row(
        Check::ApiV3Key,
        "api_v3_key",
        (
            "APIv3 密钥打不开微信支付加密的内容：收到的付款通知无法入账，只能靠查单",
            "核对 WXPAY_API_V3_KEY 与商户平台 → 账户中心 → API安全 里设置的 APIv3 密钥；忘记了就重设并重启",
        ),
        (
            "The APIv3 key does not open what WeChat Pay seals: no callback can be booked, payments are found by questions \
             only",
            "Compare WXPAY_API_V3_KEY with the one set in the merchant console → 账户中心 → API安全; or set a new one there, \
             and restart",
        ),
    ),
    row(
        Check::Signature,
        "signature",
        (
            "微信支付不接受签名：不能收款也不能退款",
            "核对 WXPAY_MCH_ID、WXPAY_MCH_SERIAL_NO 与私钥是否同属一张未作废的证书（商户平台 → 账户中心 → API安全）；\
             给出 WXPAY_CERTIFICATE_PATH 可在本机核对",
        ),
        (
            "WeChat Pay does not accept our signature: nothing is paid or refunded",
            "Compare WXPAY_MCH_ID, WXPAY_MCH_SERIAL_NO and the private key with one certificate that is not revoked \
             (merchant console → 账户中心 → API安全); with WXPAY_CERTIFICATE_PATH that is compared here",
        ),
    ),
    row(
        Check::KeyKind,
        "key_kind",
        (
            "该商户使用微信支付公钥，而这里没有设置：回调和应答都无法验签，收到的钱不会入账",
            "商户平台 → 账户中心 → API安全 下载微信支付公钥，设置 WXPAY_PUBLIC_KEY_ID 和 WXPAY_PUBLIC_KEY_PATH",
        ),
        (
            "This merchant has a WeChat Pay public key, and none is set here: nothing can be verified or booked",
            "Merchant console → 账户中心 → API安全: download it; set WXPAY_PUBLIC_KEY_ID and WXPAY_PUBLIC_KEY_PATH",
        ),
    ),
    row(
        Check::PublicKey,
        "public_key",
        (
            "微信支付的应答不能用这里的公钥验证：付款和退款都无法确认",
            "核对 WXPAY_PUBLIC_KEY_ID 和 WXPAY_PUBLIC_KEY_PATH 是否同属本商户（商户平台 → 账户中心 → API安全）",
        ),
        (
            "WeChat Pay's answers do not verify with the key set here: no payment or refund can be confirmed",
            "Compare WXPAY_PUBLIC_KEY_ID and WXPAY_PUBLIC_KEY_PATH with this merchant's (merchant console → 账户中心 → \
             API安全)",
        ),
    ),
    row(
        Check::Refused,
        "refused",
        ("微信支付拒绝了查询：原因见错误码", "按错误码的说明处理"),
        ("WeChat Pay refuses to answer; the code says why", "Do what is said of the code"),
    ),
    row(
        Check::Clock,
        "clock",
        (
            "本机时间与微信支付相差太大：相差五分钟以上时签名被拒，不能收款也不能退款",
            "在每台服务器上开启时间同步（systemd-timesyncd 或 chrony）",
        ),
        (
            "This machine's clock is far from WeChat Pay's: five minutes away nothing is paid or refunded",
            "Let the clock be set by NTP (systemd-timesyncd or chrony) on every machine",
        ),
    ),
    row(
        Check::HostUnreachable,
        "host_unreachable",
        (
            "连不上微信支付的域名：主域名不通则不能下单、查单和退款，备用域名不通则故障时没有退路",
            "放行到该域名 443 端口的访问，检查 DNS 和 SAOMA_EGRESS_PROXY",
        ),
        (
            "A host of WeChat Pay's is not reached: without the main one no order, question or refund; without the backup \
             no way out in an outage",
            "Allow port 443 to it; look at DNS and SAOMA_EGRESS_PROXY",
        ),
    ),
    row(
        Check::NotifyName,
        "notify_name",
        ("回调域名解析不到：微信支付的付款通知到不了", "为 WXPAY_NOTIFY_DOMAIN 添加公网 DNS 记录"),
        (
            "The name of the notify address does not resolve: no callback of WeChat Pay's can arrive",
            "Give WXPAY_NOTIFY_DOMAIN a public DNS record",
        ),
    ),
    row(
        Check::NotifyPrivate,
        "notify_private",
        ("回调域名指向内网地址：微信支付到不了", "把 DNS 改为公网地址；若只是内网解析不同，可忽略"),
        (
            "The notify address leads to a private address, which WeChat Pay cannot reach",
            "Let its DNS record name a public address; where only the inner DNS differs, nothing is wrong",
        ),
    ),
    row(
        Check::NotifyUnreachable,
        "notify_unreachable",
        (
            "从本机连不上回调地址：微信支付多半也连不上，付款要靠查单才能发现",
            "检查反向代理、防火墙、端口和 WXPAY_NOTIFY_DOMAIN；若本机不能绕回自己的公网地址，从别处再试",
        ),
        (
            "The notify address is not reached from here; callbacks probably do not arrive either, and payments are found \
             by questions only",
            "Look at the proxy, the firewall, the port and WXPAY_NOTIFY_DOMAIN; where a machine cannot reach its own public \
             address, try from elsewhere",
        ),
    ),
    row(
        Check::NotifyCertificate,
        "notify_certificate",
        ("回调地址的 HTTPS 证书不被信任：微信支付不会送达通知", "换上完整证书链、未过期、域名相符的证书"),
        (
            "The certificate of the notify address is not trusted: WeChat Pay delivers nothing",
            "Install a certificate for this name that has not ended, with its whole chain",
        ),
    ),
    row(
        Check::NotifyCertificateEnds,
        "notify_certificate_ends",
        ("回调地址的 HTTPS 证书十天内到期，之后收不到通知", "检查证书的自动续期"),
        ("The certificate of the notify address ends within ten days; then no callback arrives", "Look at its renewal"),
    ),
    row(
        Check::NotifyRedirect,
        "notify_redirect",
        ("回调地址会跳转：微信支付不跟随跳转，通知到不了", "让 WXPAY_NOTIFY_DOMAIN 直接是最终的 https 地址"),
        (
            "The notify address redirects, which WeChat Pay does not follow: no callback arrives",
            "Let WXPAY_NOTIFY_DOMAIN be the last https address itself",
        ),
    ),
    row(
        Check::NotifyOther,
        "notify_other",
        (
            "回调地址由别的程序应答（登录页、人机验证、防火墙或别的网站）：通知到不了账本",
            "在代理、CDN、WAF 上只放行这两个地址的 POST：/api/wx-pay/native/notify 和 /api/wx-pay/refunds/notify，不要登录、验证或改写",
        ),
        (
            "Something else answers at the notify address (a login, a bot check, a firewall, another site): no callback \
             reaches the books",
            "Let POSTs to /api/wx-pay/native/notify and /api/wx-pay/refunds/notify, and to these two alone, through in \
             proxy, CDN and WAF, without login, check or rewriting",
        ),
    ),
    row(
        Check::NotifyStripped,
        "notify_stripped",
        ("代理去掉了 Wechatpay-* 请求头：每个付款通知都会被拒绝", "在代理、CDN 上原样转发所有请求头和正文"),
        (
            "A proxy drops Wechatpay-* headers: every callback is refused",
            "Let proxy and CDN pass all headers and the body as they are",
        ),
    ),
    row(
        Check::CallbackLost,
        "callback_lost",
        (
            "微信支付的测试通知三十秒内没有进入账本：真实的付款通知多半也到不了",
            "看服务器日志中的 callback refused；检查代理是否改动了 Wechatpay-* 头或正文，以及 APIv3 密钥",
        ),
        (
            "WeChat Pay's test callback did not reach the books within thirty seconds; real ones probably do not either",
            "Look for `callback refused` in the server's log; look whether a proxy changes Wechatpay-* headers or the body, \
             and at the APIv3 key",
        ),
    ),
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
            "运行服务并等它问完微信支付；进度：saoma restore --status",
        ),
        (
            "The books are an older copy that was put back and has not been asked about yet: nothing is refunded",
            "Let the server run until it has asked WeChat Pay; how far it is: `saoma restore --status`",
        ),
    ),
    row(
        Check::SeveralServers,
        "several_servers",
        ("多个进程共用一个 SQLite 文件：可用，但写入互相等待", "每个店只开一个进程，或改用 MySQL / MariaDB"),
        (
            "Several servers share one SQLite file: it works, but they wait for each other",
            "Run one of them, or use MySQL or MariaDB",
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
    row(
        Check::DiskFull,
        "disk_full",
        ("磁盘快满了：写满后不能下单，通知也无法入账", "清理或扩大磁盘"),
        ("The disk is nearly full; when it is, no order and no callback is booked", "Make room"),
    ),
    row(
        Check::InodesFull,
        "inodes_full",
        ("文件系统的 inode 快用完了：用完后不能写入", "删除大量的小文件"),
        ("The file system is nearly out of inodes; then nothing is written", "Remove what there are many of"),
    ),
    row(
        Check::TimeZone,
        "time_zone",
        (
            "本机设置的时区在系统里找不到：收款不受影响（账本和日志固定用北京时间），但其他程序按 UTC 记录，\
             核对时会差八小时",
            "安装时区数据（Debian：tzdata），或改正 TZ 与 /etc/localtime",
        ),
        (
            "The time zone that this machine is set to is not to be found on it. No money is affected: books and log go by \
             Beijing's time. Other programs here write UTC, eight hours away from it",
            "Install the time zone data (Debian: tzdata), or correct TZ and /etc/localtime",
        ),
    ),
    row(
        Check::OpenToOthers,
        "open_to_others",
        ("本机其他用户能读取私钥、密钥或账本：拿到私钥的人可以退款", "chmod 600（文件夹 700），只让运行服务的用户可读"),
        (
            "Others on this machine can read keys or books: whoever has the key can give refunds",
            "chmod 600 (folders 700), for the server's own user alone",
        ),
    ),
    row(
        Check::SiteMissing,
        "site_missing",
        ("程序里没有网页的样式和脚本：能付款，但页面简陋", "用 make build 构建，或用 LEPTOS_SITE_ROOT 指定"),
        (
            "The program has no styles and scripts in it: shoppers can pay, on bare pages",
            "Build it by `make build`, or name a folder in LEPTOS_SITE_ROOT",
        ),
    ),
    row(
        Check::ProxyUnnamed,
        "proxy_unnamed",
        (
            "服务只在本机监听，却没有说明前面的反向代理：所有顾客被当成同一个地址，限流会误伤",
            "设 SAOMA_TRUSTED_PROXIES=127.0.0.1，并让代理发送 X-Forwarded-For",
        ),
        (
            "The server listens on this machine alone and knows no proxy: all shoppers count as one address, and limits hit \
             them together",
            "Set SAOMA_TRUSTED_PROXIES=127.0.0.1 and let the proxy send X-Forwarded-For",
        ),
    ),
    row(
        Check::PortTaken,
        "port_taken",
        ("监听端口被别的程序占用：服务启动不了", "停掉那个程序，或改 LEPTOS_SITE_ADDR"),
        ("Something else has the port: the server cannot start", "Stop it, or change LEPTOS_SITE_ADDR"),
    ),
    row(
        Check::UnfitProduct,
        "unfit_product",
        ("微信支付会拒绝这个商品：买不了", "用 saoma product put 改标题（不超过 127 个字符，不含表情符号）或价格"),
        (
            "WeChat Pay refuses this product: nobody can buy it",
            "Change its title (127 characters, no emoji) or price by `saoma product put`",
        ),
    ),
    row(
        Check::DemoOnSale,
        "demo_on_sale",
        ("沙箱的演示商品在真实商店里出售：顾客会付一分钱买到不存在的东西", "用 saoma product withdraw 下架"),
        (
            "A demo product of the sandbox is on sale for real money: shoppers pay for what does not exist",
            "Withdraw it by `saoma product withdraw`",
        ),
    ),
];
