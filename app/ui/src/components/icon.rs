//! Icons, drawn on a grid of 20 in the color of the text around them.

use leptos::prelude::*;
use orghub_domain::routes::OrgPage;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// Tiles of a dashboard.
    Tiles,
    /// Two heads.
    Group,
    /// A letter.
    Envelope,
    /// A door that stands open.
    Door,
    /// A payment card.
    Card,
    Sliders,
    /// Arrows up and down.
    UpDown,
    /// A clock.
    Clock,
    /// A magnifying glass.
    Search,
    Plus,
    /// An arrow to the next thing.
    Next,
}

impl From<OrgPage> for Symbol {
    fn from(page: OrgPage) -> Self {
        match page {
            OrgPage::Overview => Self::Tiles,
            OrgPage::Members | OrgPage::ChangeMembers | OrgPage::BulkChange => Self::Group,
            OrgPage::Invitations => Self::Envelope,
            OrgPage::Joining => Self::Door,
            OrgPage::Subscription
            | OrgPage::Plans
            | OrgPage::ChangePlan
            | OrgPage::ToStripe
            | OrgPage::CheckoutDone
            | OrgPage::CancelPlan
            | OrgPage::Invoices => Self::Card,
            OrgPage::Activity => Self::Clock,
            OrgPage::Settings | OrgPage::SecondFactor => Self::Sliders,
        }
    }
}

impl Symbol {
    fn path(self) -> &'static str {
        match self {
            Self::Tiles => "M3.5 3.5h5v6h-5zM11.5 3.5h5v3.5h-5zM11.5 10.5h5v6h-5zM3.5 13h5v3.5h-5z",
            Self::Group => {
                "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.3-4.5 5.5-4.5s5.5 1.5 5.5 \
                 4.5M13 3.8a3 3 0 0 1 0 5.4M15 12.4c1.9.6 3 1.9 3 4.1"
            }
            Self::Envelope => {
                "M2.5 6a1.5 1.5 0 0 1 1.5-1.5h12A1.5 1.5 0 0 1 17.5 6v8a1.5 1.5 0 0 1-1.5 \
                 1.5H4A1.5 1.5 0 0 1 2.5 14zM3 6.5l7 5 7-5"
            }
            Self::Door => "M4 17V4.5L11 3v14zM11 5h4.5v12M2.5 17h15M8.5 10v1.5",
            Self::Card => {
                "M2.5 5.5a1.5 1.5 0 0 1 1.5-1.5h12a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 \
                 1.5H4a1.5 1.5 0 0 1-1.5-1.5zM2.5 8.5h15M5.5 12.5h3"
            }
            Self::Sliders => {
                "M3 6h7M14 6h3M3 14h3M10 14h7M12 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 16a2 2 0 1 0 \
                 0-4 2 2 0 0 0 0 4z"
            }
            Self::Clock => "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l2.5 2",
            Self::UpDown => "M6.5 8 10 4.5 13.5 8M6.5 12l3.5 3.5 3.5-3.5",
            Self::Search => "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17 17",
            Self::Plus => "M10 4v12M4 10h12",
            Self::Next => "M8 5l5 5-5 5",
        }
    }
}

/// An icon. It only decorates the words beside it, so assistive technology skips it.
#[component]
pub fn Icon(symbol: Symbol) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
            <path d=symbol.path()></path>
        </svg>
    }
}
