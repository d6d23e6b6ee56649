//! What pages are made of: small, taking plain data, knowing nothing of where it
//! came from.

mod activity_list;
mod avatar;
mod badge;
mod dates;
mod empty_state;
mod error_view;
mod field;
mod icon;
mod layout;
mod leave_form;
mod limits_table;
mod member_filter;
mod member_table;
mod message;
mod numbers;
mod pagination;
mod price_list;
mod seats;
mod subscription_card;

pub use activity_list::ActivityList;
pub use avatar::Avatar;
pub use badge::{Badge, RoleBadge, Tone};
pub use dates::{Day, Moment};
pub use empty_state::EmptyState;
pub use error_view::ErrorView;
pub use field::Field;
pub use icon::{Icon, Symbol};
pub use layout::{OrgLayout, PersonLayout, PublicLayout, Section};
pub use leave_form::LeaveForm;
pub use limits_table::LimitsTable;
pub use member_filter::MemberFilter;
pub use member_table::member_table;
pub use message::{NoticeMessage, ProblemMessage};
pub use numbers::grouped;
pub use pagination::pagination;
pub use price_list::PriceList;
pub use seats::Seats;
pub use subscription_card::{SubscriptionCard, status_badge};
