//! What a field device does: cases and interviews, offline; correcting, moving, voiding and settling them; and what it
//! shows of them. Time and randomness come in as arguments.

pub mod acts;
pub mod attach;
pub mod bundle;
pub mod charge;
pub mod device;
pub mod error;
pub mod held;
pub mod interview;
pub mod invent;
mod opening;
pub mod overview;
pub mod register;
mod review;
pub mod settle;
pub mod versions;
mod waves;

pub use device::Device;
pub use error::ClientError;
pub use interview::Interview;
