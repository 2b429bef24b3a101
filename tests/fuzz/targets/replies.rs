#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    saoma_fuzz::checks::replies::check(data);
});
