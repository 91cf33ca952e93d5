//! Builds the call of libjpeg (`src/loader/decode/jpeg.c`) for the feature `loader`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/loader/decode/jpeg.c");
    #[cfg(feature = "loader")]
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch != "wasm32") {
        libjpeg();
    }
}

#[cfg(feature = "loader")]
fn libjpeg() {
    use std::{env, fs};

    // mozjpeg-sys says where its headers are.
    let headers = env::var_os("DEP_JPEG_INCLUDE").unwrap_or_default();
    let headers: Vec<_> = env::split_paths(&headers).collect();
    let has_simd = headers.iter().any(|folder| {
        fs::read_to_string(folder.join("jconfig.h")).is_ok_and(|config| config.contains("#define WITH_SIMD"))
    });
    if !has_simd {
        println!(
            "cargo:warning=libjpeg is built without SIMD, so JPEGs decode more slowly. On x86, install nasm and run \
             `cargo clean -p mozjpeg-sys`."
        );
    }
    cc::Build::new().includes(&headers).file("src/loader/decode/jpeg.c").compile("autoaugment_jpeg");
}
