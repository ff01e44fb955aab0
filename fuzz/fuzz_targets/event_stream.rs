#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| windfarm_fuzz::event_stream(data));
