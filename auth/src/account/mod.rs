//! What people do with their own account besides getting into it.

mod change_name;
mod change_picture;
mod delete;
mod export;

pub use export::AccountExport;
