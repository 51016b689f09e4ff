//! Changes as they travel: what the scanner reads of real ones and refuses of others, what is left out of them on the
//! wire, and what twenty thousand damaged ones do to a part.

#[cfg(test)]
mod apart;
#[cfg(test)]
mod elide;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod scanner;
