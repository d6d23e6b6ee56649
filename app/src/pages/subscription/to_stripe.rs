//! `/orgs/{slug}/subscription/leave`: the way to a page of Stripe's.

use leptos::prelude::*;
use orghub::routes::OrgPage;
use orghub_ui::{components::Card, response};

use crate::{pages::render_org, services::services};

/// Sends the browser on to where the last form leads; a link does it where that is switched
/// off. The address is there once, so going back to this page does not lead there again.
#[component]
pub fn ToStripePage() -> impl IntoView {
    render_org(
        OrgPage::ToStripe,
        |_access| async { Ok(services().config.stripe.api_base.is_none()) },
        |request, is_stripe_itself| {
            let back = OrgPage::Subscription.path(request.access.slug());
            let onward = request.flash.onward();
            let Some(address) = onward.filter(|address| is_allowed(address, is_stripe_itself))
            else {
                response::see_other(&back);
                return ().into_any();
            };
            response::go_on_to(address);
            let address = address.to_owned();
            view! {
                <div class="page-head"><h1 class="page-title">"On to Stripe"</h1></div>
                <Card id="leave-title" title="You are being sent to our payment provider">
                    <p>
                        "Stripe takes the payment and keeps the card; Orghub never sees it. You \
                         come back here afterwards."
                    </p>
                    <div class="form__buttons">
                        <a class="button button--primary" href=address>"Continue"</a>
                        <a class="button" href=back>"Stay here"</a>
                    </div>
                </Card>
            }
            .into_any()
        },
    )
}

/// The address came by a cookie. Whatever it says, nobody is sent anywhere without TLS, nor to
/// a script; only the fake is asked without.
fn is_allowed(address: &str, is_stripe_itself: bool) -> bool {
    address.starts_with("https://") || (!is_stripe_itself && address.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_a_script_or_without_tls() {
        assert!(is_allowed("https://checkout.stripe.com/c/pay/cs_1#x", true));
        assert!(is_allowed("http://127.0.0.1:12111/checkout/cs_1", false));
        for address in ["http://evil.test", "javascript:alert(1)", "//evil.test", ""] {
            assert!(!is_allowed(address, true), "{address}");
        }
        assert!(!is_allowed("javascript:alert(1)", false));
    }
}
