#!/usr/bin/env bash
# Gets Rust's standard library for wasm32-unknown-unknown, which `cargo xtask wasm` needs: from rustup, or, where rustup
# cannot fetch it, built once from the sources that Debian ships with its own rustc. Run again it changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

target=wasm32-unknown-unknown
sysroot=$PWD/target/wasm/sysroot
rustc=/usr/bin/rustc # Debian's

say() { echo "wasm-toolchain: $*"; }

install() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "missing, and to be installed by root on Debian: $*"
    exit 1
  fi
  say "installing $*"
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

command -v node >/dev/null || install nodejs

own=$(rustc --print sysroot)/lib/rustlib/$target
if [ -d "$own" ] || { command -v rustup >/dev/null && rustup target add $target; }; then
  say "the library is in $own"
  exit
fi

say "rustup cannot fetch the library; Debian's rustc and its sources can build it"
if ! [ -x $rustc ] || ! [ -d "$($rustc --print sysroot)/lib/rustlib/src/rust/library" ]; then
  install rustc-web rust-web-src
fi

# A library serves the very compiler that built it: `cargo xtask wasm` reads here which that was.
version=$($rustc -vV)
if [ "$(cat "$sysroot/built-by" 2>/dev/null)" = "$version" ]; then
  say "the library is in $sysroot"
  exit
fi

say "building the library with $($rustc -V)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
echo '#![no_std]' >"$work/src/lib.rs"
cat >"$work/Cargo.toml" <<'END'
[package]
name = "empty"
version = "0.0.0"
edition = "2024"

[profile.release]
panic = "abort"

[workspace]
END
(
  cd "$work"
  export RUSTC=$rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=built
  cargo build --quiet --release -Z build-std=std,panic_abort --target $target
)
rm -rf "$sysroot"
mkdir -p "$sysroot/lib/rustlib/$target/lib"
cp "$work/built/$target"/release/deps/*.rlib "$sysroot/lib/rustlib/$target/lib/"
rm "$sysroot/lib/rustlib/$target"/lib/libempty-*.rlib
echo "$version" >"$sysroot/built-by"
say "the library is in $sysroot"
