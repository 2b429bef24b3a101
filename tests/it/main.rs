//! The whole of Saoma over real HTTP: each test starts an application of its own (own folder, own
//! database, own port), most of them with the sandbox as its WeChat Pay platform, and looks first
//! at the answer, then at the stored rows, then at what `/metrics` counted.
//!
//! Callbacks are forged by [`support::Forger`], which signs with `rsa` and seals with aws-lc-rs and
//! shares no code with either side. Nothing waits for a fixed time: tests poll until a deadline, or
//! move the clock.

#![expect(clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "tests print the numbers they measured")]

mod support;

mod abnormal;
mod abnormal_commands;
mod acme;
mod altered_callbacks;
mod approvals;
mod audit_codes;
mod bill_commands;
mod bill_pages;
mod bill_runs;
mod bills;
mod callbacks;
mod catalogue;
mod clock_set_back;
mod collected;
mod console_refunds;
mod deliveries;
mod deployed;
mod doctor;
mod doctor_page;
mod door;
mod durability;
mod endings;
mod expiry;
mod forgotten_refunds;
mod full_disk;
mod heartbeat;
mod http2;
mod https;
mod jobs;
mod languages;
mod live_mode;
mod locked_rows;
mod logs;
mod lost_callbacks;
mod lost_lines;
mod moving;
mod new_certificates;
mod office;
mod office_commands;
mod office_edges;
mod office_pages;
mod one_bad_row;
mod order_pages;
mod orders;
mod outage;
mod pictures;
mod platform_trouble;
mod private_files;
mod processes;
mod proxies;
mod put_back;
mod put_back_again;
mod put_back_pages;
mod questions;
mod rate_limits;
mod refund_commands;
mod refund_truth;
mod refunds;
mod removal;
mod same_refund;
mod sandbox_messages;
mod security;
mod server_functions;
mod service_manager;
mod settings;
mod site;
mod staff;
mod staff_commands;
mod staff_routes;
mod start_errors;
mod statements;
mod status;
mod stopping;
mod surplus;
mod this_machine;
mod two_clocks;
mod verdicts;
mod versions;
mod wall;
