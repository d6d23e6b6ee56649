//! The few parts that need a browser. Each adds to a page that is complete without it, and
//! takes no properties: what it works on is in the document, so nothing is sent twice and
//! the script stays small.

mod confirm_dialog;
mod org_menu;
mod slug_check;
mod theme_switch;

pub use confirm_dialog::ConfirmDialog;
pub use org_menu::OrgMenu;
pub use slug_check::SlugCheck;
pub use theme_switch::ThemeSwitch;
