//! What a part promises: the same view on every replica, nothing lost where two wrote apart, and nothing foreign that
//! can break it.

#[cfg(test)]
mod guard;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod merge;
#[cfg(test)]
mod support;
#[cfg(test)]
mod view;
