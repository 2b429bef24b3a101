use jiff::{SignedDuration, Timestamp};

use super::examine;
use crate::doctor::{
    facts::{
        Answered, Books, Called, Echo, Engine, Facts, FileSystem, Front, Host, Keys, Machine, Online, OpenBooks,
        Origin, Port, Refused,
    },
    report::Why,
    words::Check,
};

const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn right() -> Facts {
    let at = |ago: i64| NOW - SignedDuration::from_secs(ago);
    Facts {
        now: NOW,
        is_play: false,
        problems: Vec::new(),
        keys: Keys {
            certificate_ends: Some(NOW + SignedDuration::from_hours(24 * 400)),
            has_public_key: true,
            opens_callbacks: Some(true),
        },
        books: Books::Open(Box::new(OpenBooks {
            engine: Engine::Sqlite { synchronous: 2 },
            write: Ok(()),
            put_back: None,
            instances: 1,
            jobs: vec![("orders".to_owned(), at(5)), ("refunds".to_owned(), at(9))],
            unfit: Vec::new(),
            demo: Vec::new(),
        })),
        machine: Machine {
            data_dir: "data".into(),
            free_bytes: Some(1 << 34),
            books_bytes: 1 << 20,
            inodes: Some((900_000, 1_000_000)),
            file_system: Some(FileSystem::Local),
            open_to_others: Vec::new(),
            lost_zone: None,
        },
        front: Front {
            site: Ok(()),
            has_tls: false,
            certificate: None,
            is_loopback: true,
            names_proxies: true,
            port: Port::Ours,
        },
        online: Some(Online {
            hosts: vec![host("api.mch.weixin.qq.com", 0), host("api2.mch.weixin.qq.com", 0)],
            proxy: None,
            certificates: refused("RESOURCE_NOT_EXISTS"),
            origin: Some(Origin {
                host: "shop.example.com".to_owned(),
                addresses: Ok(vec![[203, 0, 113, 5].into()]),
                page: Answered::Ours,
                callback: Answered::Ours,
                certificate_ends: Some(NOW + SignedDuration::from_hours(24 * 60)),
            }),
            echo: Echo::Arrived,
        }),
    }
}

fn host(name: &str, ahead: i64) -> Host {
    Host { name: name.to_owned(), answered: Ok(Some(SignedDuration::from_secs(ahead))) }
}

fn refused(code: &str) -> Called {
    let text = String::new();
    Called::Refused(Refused { code: code.to_owned(), request_id: None, chinese: text.clone(), english: text })
}

fn books(facts: &mut Facts) -> &mut OpenBooks {
    match &mut facts.books {
        Books::Open(books) => books,
        other => panic!("{other:?}"),
    }
}

fn online(facts: &mut Facts) -> &mut Online {
    facts.online.as_mut().expect("online")
}

fn origin(facts: &mut Facts) -> &mut Origin {
    online(facts).origin.as_mut().expect("an origin")
}

type Break = fn(&mut Facts);

/// Each set-up with one thing wrong, and what has to be said of it alone.
const BROKEN: &[(Check, Break)] = &[
    (Check::Settings, |it| it.problems.push(("WXPAY_MCH_ID".to_owned(), "is missing".to_owned()))),
    (Check::CertificateEnded, |it| it.keys.certificate_ends = Some(NOW - SignedDuration::from_secs(1))),
    (Check::CertificateEnds, |it| it.keys.certificate_ends = Some(NOW + SignedDuration::from_hours(24 * 29))),
    (Check::ApiV3Key, |it| it.keys.opens_callbacks = Some(false)),
    (Check::ApiV3Key, |it| online(it).certificates = Called::Sealed),
    (Check::Signature, |it| online(it).certificates = refused("SIGN_ERROR")),
    (Check::KeyKind, |it| it.keys.has_public_key = false),
    (Check::PublicKey, |it| online(it).certificates = Called::Unverified("unknown serial".to_owned())),
    (Check::PublicKey, |it| online(it).certificates = refused("PARAM_ERROR")),
    (Check::Refused, |it| online(it).certificates = refused("NO_AUTH")),
    (Check::Clock, |it| online(it).hosts[0] = host("api.mch.weixin.qq.com", 90)),
    (Check::Clock, |it| {
        online(it).hosts[0] = host("api.mch.weixin.qq.com", -600);
        online(it).certificates = refused("SIGN_ERROR");
    }),
    (Check::HostUnreachable, |it| online(it).hosts[1].answered = Err("timed out".to_owned())),
    (Check::NotifyName, |it| {
        let origin = origin(it);
        origin.addresses = Err("no such name".to_owned());
        origin.page = Answered::Nobody("no such name".to_owned());
        online(it).echo = Echo::Lost;
    }),
    (Check::NotifyPrivate, |it| origin(it).addresses = Ok(vec![[10, 0, 0, 5].into()])),
    (Check::NotifyUnreachable, |it| {
        origin(it).page = Answered::Nobody("connection refused".to_owned());
        origin(it).callback = Answered::Nobody("connection refused".to_owned());
        online(it).echo = Echo::Lost;
    }),
    (Check::NotifyCertificate, |it| {
        origin(it).page = Answered::BadCertificate("expired".to_owned());
        origin(it).callback = Answered::BadCertificate("expired".to_owned());
        online(it).echo = Echo::Lost;
    }),
    (Check::NotifyCertificateEnds, |it| origin(it).certificate_ends = Some(NOW + SignedDuration::from_hours(24 * 9))),
    (Check::NotifyRedirect, |it| origin(it).page = Answered::Redirect("https://www.example.com/".to_owned())),
    (Check::NotifyOther, |it| origin(it).callback = Answered::Other("POST: 200 text/html".to_owned())),
    (Check::NotifyStripped, |it| {
        origin(it).callback = Answered::Stripped;
        online(it).echo = Echo::Lost;
    }),
    (Check::CallbackLost, |it| online(it).echo = Echo::Lost),
    (Check::BooksRefused, |it| it.books = Books::Refused("another's".to_owned())),
    (Check::Durability, |it| books(it).engine = Engine::Sqlite { synchronous: 1 }),
    (Check::Durability, |it| {
        books(it).engine = Engine::Mysql { flush_log: 2, binlog: false, sync_binlog: 1, is_galera: false };
    }),
    (Check::Durability, |it| {
        books(it).engine = Engine::Mysql { flush_log: 1, binlog: true, sync_binlog: 0, is_galera: false };
    }),
    (Check::NetworkFileSystem, |it| it.machine.file_system = Some(FileSystem::Network("NFS"))),
    (Check::VolatileFileSystem, |it| it.machine.file_system = Some(FileSystem::Memory)),
    (Check::NotWritable, |it| books(it).write = Err("disk full".to_owned())),
    (Check::PutBack, |it| books(it).put_back = Some(NOW)),
    (Check::SeveralServers, |it| books(it).instances = 2),
    (Check::JobsStale, |it| books(it).jobs[0].1 = NOW - SignedDuration::from_mins(11)),
    (Check::DiskFull, |it| it.machine.free_bytes = Some(100 << 20)),
    (Check::InodesFull, |it| it.machine.inodes = Some((900, 1_000_000))),
    (Check::TimeZone, |it| it.machine.lost_zone = Some("TZ".to_owned())),
    (Check::OpenToOthers, |it| it.machine.open_to_others.push("key.pem".into())),
    (Check::SiteMissing, |it| it.front.site = Err("built without its site".to_owned())),
    (Check::ProxyUnnamed, |it| it.front.names_proxies = false),
    (Check::OwnCertificate, |it| it.front.certificate = Some("has ended".to_owned())),
    (Check::PortTaken, |it| it.front.port = Port::Taken("in use".to_owned())),
    (Check::UnfitProduct, |it| books(it).unfit.push("7 😀".to_owned())),
    (Check::DemoOnSale, |it| books(it).demo.push("1 Rust".to_owned())),
];

#[test]
fn of_a_right_set_up_nothing_is_said() {
    let report = examine(&right());
    assert_eq!((report.findings.as_slice(), report.unchecked.as_slice()), (&[][..], &[][..]));
    // MySQL as it should be, a Galera node that leaves syncing to the others, and new books.
    for engine in [
        Engine::Mysql { flush_log: 1, binlog: true, sync_binlog: 1, is_galera: false },
        Engine::Mysql { flush_log: 0, binlog: true, sync_binlog: 0, is_galera: true },
    ] {
        let mut facts = right();
        books(&mut facts).engine = engine;
        books(&mut facts).instances = 3;
        assert_eq!(examine(&facts).findings, [], "{engine:?}");
    }
    let mut facts = right();
    facts.books = Books::None;
    assert_eq!(examine(&facts).findings, []);
}

#[test]
fn what_wechat_reaches_need_not_be_reached_from_here() {
    let mut facts = right();
    origin(&mut facts).page = Answered::Nobody("timed out".to_owned());
    origin(&mut facts).callback = Answered::Nobody("timed out".to_owned());
    assert_eq!(examine(&facts).findings, [], "its callback has come");
}

#[test]
fn what_is_wrong_is_named_and_nothing_else() {
    for (place, (check, break_it)) in BROKEN.iter().enumerate() {
        let mut facts = right();
        break_it(&mut facts);
        let named: Vec<_> = examine(&facts).findings.iter().map(|it| it.check).collect();
        assert_eq!(named, [*check], "set-up {place}");
    }
}

#[test]
fn each_finding_has_its_words_in_both_languages() {
    for (check, _) in BROKEN {
        assert!(!check.code().is_empty() && !check.english().remedy.is_empty(), "{check:?}");
        assert!(check.chinese().means.chars().any(|it| ('一'..='鿿').contains(&it)), "{check:?}");
        assert!(!check.english().means.is_empty() && !check.chinese().remedy.is_empty(), "{check:?}");
    }
}

#[test]
fn what_could_not_be_checked_is_said() {
    let mut facts = right();
    online(&mut facts).hosts[0].answered = Err("no route".to_owned());
    online(&mut facts).certificates = Called::NotAsked;
    online(&mut facts).echo = Echo::NotTried(Why::NotReached);
    let report = examine(&facts);
    assert_eq!(report.findings.iter().map(|it| it.check).collect::<Vec<_>>(), [Check::HostUnreachable]);
    assert_eq!(report.unchecked.iter().map(|it| it.what).collect::<Vec<_>>(), ["keys", "callback"]);
    let mut facts = right();
    facts.books = Books::Unreachable("refused".to_owned());
    let report = examine(&facts);
    assert_eq!(report.findings.iter().map(|it| it.check).collect::<Vec<_>>(), [Check::BooksUnreachable]);
    assert_eq!(report.unchecked.len(), 1);
}
