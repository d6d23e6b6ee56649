/**
 * Buying, changing, cancelling and paying, clicked through the pages of the site and those of
 * the Stripe fake. Every organization here is one that the test founded.
 */
import { stripe } from '../support/browser';
import { atCheckout, buy, change, comeBack, foundWithoutTrial, toCheckout, untilStatus } from '../support/stripe';
import { expect, test } from '../support/test';

test.skip(!stripe, 'the site talks to Stripe itself');
test.use({ user: 'founder' });
test.setTimeout(90_000);

test('the first plan begins with a trial, and is there when the buyer comes back', async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  await visitor.open(`/orgs/${slug}/subscription/plans`);
  await expect(page.getByText('The first 14 days are free.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Ultra' })).toContainText('1,000.00 USD a year');
  await buy(visitor, slug, 'Pro');
  const view = page.locator('[data-plan]');
  await expect(view).toHaveAttribute('data-plan', 'pro');
  await expect(view).toHaveAttribute('data-status', 'trialing');
  await expect(view).toContainText(/The trial ends on \d+ \w+ \d{4} \(UTC\)\. After that: 49\.00 USD a month\./);
  await expect(view.locator('[data-fact="compared"]')).toContainText('UTC');
  await expect(page.getByRole('link', { name: 'Choose a plan' }), 'nothing is bought twice').toHaveCount(0);
});

test('a checkout that is left can be begun again, and only the newer one is open', async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  await toCheckout(visitor, slug, 'Pro');
  const older = page.url();
  await page.getByRole('link', { name: 'Go back' }).click();
  await expect(page).toHaveURL(`/orgs/${slug}/subscription/plans`);
  await visitor.open(`/orgs/${slug}/subscription`);
  await expect(page.locator('[data-certainty="pending"]')).toContainText('A checkout was begun');
  await expect(page.locator('[data-plan]')).toHaveAttribute('data-plan', 'free');

  const newer = await toCheckout(visitor, slug, 'Ultra');
  expect(older.endsWith(newer.session), 'another plan is another checkout').toBe(false);
  await page.goto(older);
  await expect(page.getByRole('button', { name: /^(Pay|Start trial)$/ }), 'the older one is closed').toHaveCount(0);
  await page.goto(older.replace(/cs_[^/]+$/, newer.session));
  await page.getByRole('button', { name: /^(Pay|Start trial)$/ }).click();
  await comeBack(visitor, slug);
  await expect(page.locator('[data-plan]')).toHaveAttribute('data-plan', 'ultra');
});

test('a declined card charges nothing, and another one pays', async ({ visitor, page }) => {
  const slug = await foundWithoutTrial(visitor);
  await toCheckout(visitor, slug, 'Pro');
  await page.getByRole('button', { name: 'Pay with a card that is declined' }).click();
  await atCheckout(page);
  await expect(page.getByRole('alert'), 'Stripe’s page says so').toBeVisible();
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  await comeBack(visitor, slug);
  const view = page.locator('[data-plan]');
  await expect(view).toHaveAttribute('data-status', 'active');
  await expect(view).toContainText(/49\.00 USD a month\. Renews on \d+ \w+ \d{4} \(UTC\)\./);
});

test('a card that needs a confirmation pays when its owner approves', async ({ visitor, page }) => {
  const slug = await foundWithoutTrial(visitor);
  await toCheckout(visitor, slug, 'Pro');
  await page.getByRole('button', { name: 'Pay with a card that needs a confirmation' }).click();
  await expect(page).toHaveURL(/\/confirm$/);
  await page.getByRole('button', { name: 'Refuse' }).click();
  await expect(page.getByRole('alert'), 'Stripe’s page says so').toBeVisible();
  await page.getByRole('button', { name: 'Pay with a card that needs a confirmation' }).click();
  await page.getByRole('button', { name: 'Approve' }).click();
  await comeBack(visitor, slug);
  await expect(page.locator('[data-plan]')).toHaveAttribute('data-status', 'active');
});

test('a plan is changed up at once, down at the end of the period, and the latter taken back', async ({ visitor, page }) => {
  const slug = await foundWithoutTrial(visitor);
  await buy(visitor, slug, 'Pro');
  await visitor.follow(page.getByRole('link', { name: 'Change plan' }));
  await expect(page.locator('[data-price="pro_month"]')).toContainText('What you have');
  await visitor.follow(page.getByRole('link', { name: 'Change to Ultra, 100.00 USD a month' }));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Change plan');
  await expect(page.locator('[data-fact="effect"]')).toContainText('At once');
  await expect(page.locator('[data-fact="due"]')).toContainText(/\d+\.\d\d USD/);
  await page.getByRole('button', { name: 'Change to Ultra' }).click();
  await expect(page).toHaveURL(`/orgs/${slug}/subscription`);
  await visitor.untilAwake();
  const view = page.locator('[data-plan]');
  await expect(view).toHaveAttribute('data-plan', 'ultra');
  await expect(view).toContainText('100.00 USD a month');

  await visitor.follow(page.getByRole('link', { name: 'Change plan' }));
  await visitor.follow(page.getByRole('link', { name: 'Change to Pro, 49.00 USD a month' }));
  await expect(page.locator('[data-fact="effect"]')).toContainText('When what is paid for ends');
  await page.getByRole('button', { name: 'Change to Pro' }).click();
  await expect(page).toHaveURL(`/orgs/${slug}/subscription`);
  await visitor.untilAwake();
  await expect(view, 'it is paid for').toHaveAttribute('data-plan', 'ultra');
  await expect(page.locator('[data-coming="pro"]')).toContainText(/Changes to Pro.* on \d+ \w+ \d{4}/);
  await page.getByRole('button', { name: 'Take the change back' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'taken back' })).toBeVisible();
  await visitor.untilAwake();
  await expect(page.locator('[data-coming]')).toHaveCount(0);
});

test('a subscription is cancelled with a reason and restored', async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  await buy(visitor, slug, 'Pro');
  await visitor.follow(page.getByRole('link', { name: 'Cancel subscription' }));
  await page.getByLabel('What could we do better?').fill('A <b>word</b> & more');
  await page.getByLabel('Why do you cancel?').selectOption({ label: 'It is too expensive' });
  await page.getByRole('button', { name: 'Cancel subscription' }).click();
  await expect(page).toHaveURL(`/orgs/${slug}/subscription`);
  await visitor.untilAwake();
  await expect(page.locator('[data-plan]')).toContainText(/Pro is canceled/);
  await page.getByRole('button', { name: 'Keep subscription' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'goes on' })).toBeVisible();
  await visitor.untilAwake();
  await expect(page.locator('[data-plan]')).not.toContainText('is canceled');
  await expect(page.getByRole('link', { name: 'Cancel subscription' })).toBeVisible();
});

test('what is done in the portal is shown here, and the way back leads here', async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  await buy(visitor, slug, 'Pro');
  await page.getByRole('button', { name: 'Billing address and tax ID' }).click();
  await expect(page).toHaveURL(/\/portal\/bps_/);
  await page.getByLabel('Name').fill('Acme & Sons');
  await page.getByLabel('City').fill('Utrecht');
  await page.getByRole('button', { name: 'Save address' }).click();
  await expect(page).toHaveURL(/\/portal\/bps_/);
  await page.getByRole('button', { name: 'Cancel subscription' }).click();
  await expect(page.getByRole('button', { name: 'Keep subscription' })).toBeVisible();
  await page.getByRole('link', { name: 'Return' }).click();
  await expect(page).toHaveURL(`/orgs/${slug}/subscription`);
  await expect(async () => {
    await visitor.open(`/orgs/${slug}/subscription`);
    await expect(page.locator('[data-plan]')).toContainText('Pro is canceled', { timeout: 100 });
  }).toPass();
  await page.getByRole('button', { name: 'Keep subscription' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'goes on' })).toBeVisible();
  await visitor.untilAwake();

  await page.getByRole('button', { name: 'Payment method' }).click();
  await expect(page).toHaveURL(/\/portal\/bps_/);
  await page.getByLabel('A card that works').check();
  await page.getByRole('button', { name: 'Save card' }).click();
  await expect(page).toHaveURL(/\/portal\/bps_/);
  await page.getByRole('link', { name: 'Return' }).click();
  await expect(page).toHaveURL(`/orgs/${slug}/subscription`);
  await visitor.untilAwake();
  await expect(page.locator('[data-plan]')).toHaveAttribute('data-plan', 'pro');
});

test('invoices are listed, and lead to their pages and documents', async ({ visitor, page }) => {
  const slug = await foundWithoutTrial(visitor);
  await buy(visitor, slug, 'Pro');
  await visitor.follow(page.getByRole('link', { name: 'Invoices' }));
  const paid = page.locator('tr[data-status="paid"]').first();
  await expect(paid).toContainText('49.00 USD');
  await expect(paid).toContainText('Paid');
  const document = await paid.getByRole('link', { name: /^PDF of invoice/ }).getAttribute('href');
  const response = await page.request.get(document!);
  expect(response.headers()['content-type']).toContain('application/pdf');
  await paid.getByRole('link', { name: /^View invoice/ }).click();
  await expect(page).toHaveURL(/\/invoice\/in_/);
});

test('a payment that fails is said, with what still works, until it recovers', async ({ visitor, page }) => {
  const slug = await foundWithoutTrial(visitor);
  const bought = await buy(visitor, slug, 'Pro');
  await change(page, bought, { status: 'past_due' });
  await untilStatus(visitor, slug, 'past_due');
  const view = page.locator('[data-plan]');
  await expect(view, 'the plan stays').toHaveAttribute('data-plan', 'pro');
  await expect(view).toContainText('The last payment failed');
  await expect(view).toContainText('for as long as you like');
  await change(page, bought, { status: 'unpaid' });
  await untilStatus(visitor, slug, 'unpaid');
  await expect(view).toHaveAttribute('data-plan', 'free');
  await expect(view).toContainText('All attempts to collect the payment failed');
  await change(page, bought, { status: 'active' });
  await untilStatus(visitor, slug, 'active');
  await expect(view).toHaveAttribute('data-plan', 'pro');
});

test('a status that nobody here knows is shown as it is', async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  const bought = await buy(visitor, slug, 'Pro');
  await change(page, bought, { status: 'hibernating' });
  await untilStatus(visitor, slug, 'hibernating');
  await expect(page.locator('[data-plan]')).toContainText('The payment provider reports “hibernating”');
  await expect(page.locator('[data-plan]')).toHaveAttribute('data-plan', 'free');
});

test('the billing contact is saved, and a wrong one stands in its field', async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  await visitor.open(`/orgs/${slug}/subscription`);
  const contact = page.getByRole('region', { name: 'Billing contact' });
  // The browser would refuse it itself.
  await contact.locator('form').evaluate((form: HTMLFormElement) => (form.noValidate = true));
  await contact.getByLabel('E-mail').fill('nonsense');
  await contact.getByRole('button', { name: 'Save contact' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await visitor.untilAwake();
  await expect(contact.getByLabel('E-mail'), 'what was typed is kept').toHaveValue('nonsense');
  await contact.getByLabel('E-mail').fill('pay@acme.test');
  await contact.getByRole('button', { name: 'Save contact' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Billing contact saved.' })).toBeVisible();
  await visitor.untilAwake();
  await expect(contact.getByLabel('E-mail')).toHaveValue('pay@acme.test');
});

test.describe('a member without rights', () => {
  test.use({ user: 'member' });

  test('reads the subscription and can change nothing', async ({ visitor, page }) => {
    await visitor.open('/orgs/acme/subscription');
    await expect(page.locator('[data-plan]')).toHaveAttribute('data-plan', 'ultra');
    await expect(page.getByRole('heading', { name: 'Manage' })).toHaveCount(0);
    await expect(page.getByRole('heading', { name: 'Billing contact' })).toHaveCount(0);
    for (const part of ['plans', 'change?plan=pro&interval=month', 'cancel', 'invoices', 'leave', 'done?session=cs_1']) {
      expect((await visitor.open(`/orgs/acme/subscription/${part}`)).status(), part).toBe(403);
    }
  });
});
