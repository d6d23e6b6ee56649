//! The few parts that need a browser, and all that is compiled for one. Each adds to a page
//! that is complete without it, and takes no properties: what it works on is in the document,
//! so nothing is sent twice and the script stays small.

mod ask;
mod choices;
mod command_palette;
mod confirm_dialog;
mod dom;
mod live_filter;
mod org_menu;
mod passkey_prompt;
mod questions;
mod recent;
mod slug_check;
pub mod theme;
mod theme_switch;
mod total;

pub use command_palette::CommandPalette;
pub use confirm_dialog::ConfirmDialog;
pub use live_filter::LiveFilter;
pub use org_menu::OrgMenu;
pub use passkey_prompt::PasskeyPrompt;
pub use slug_check::SlugCheck;
pub use theme_switch::ThemeSwitch;
pub use total::Total;
