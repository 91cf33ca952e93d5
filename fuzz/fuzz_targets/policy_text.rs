#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| autoaugment_fuzz::policy_text(data));
