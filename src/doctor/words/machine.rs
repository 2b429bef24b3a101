//! The machine, and the shop on it.

use super::check::{Check, Row, row};

pub(super) const ROWS: &[Row] = &[
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
        Check::OwnCertificate,
        "own_certificate",
        (
            "SAOMA_TLS 的证书不能用：浏览器打不开商店，微信支付的通知也送不到；服务可能启动不了",
            "换成域名的有效证书和它自己的私钥（文件更换后几秒内生效）",
        ),
        (
            "The certificate of SAOMA_TLS cannot be used: browsers and WeChat Pay's callbacks do not get in, and the server \
             may not start",
            "Name a certificate of this domain that has not ended, with its own key; files that change count within seconds",
        ),
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
