//! Forms read, filled, read from files and laid out in tables: one program for all, so that it links once.

mod filling;
mod support;
