import { expect, test } from '../support/test';

test.use({ user: 'owner' });

/** Each state of the demo data, and the words a user reads of it. */
const states = [
  { slug: 'acme', plan: 'ultra', status: 'active', badge: 'Active', words: /100\.00 USD a month\. Renews on \d+ \w+ \d{4} \(UTC\)/ },
  { slug: 'globex', plan: 'pro', status: 'trialing', badge: 'Trial', words: /The trial ends on \d+ \w+ \d{4}/ },
  { slug: 'initech', plan: 'pro', status: 'past_due', badge: 'Past due', words: /The last payment failed/ },
  { slug: 'umbrella', plan: 'pro', status: 'active', badge: 'Ends soon', words: /Pro is canceled.*until \d+ \w+ \d{4}/ },
  { slug: 'hooli', plan: 'free', status: 'free', badge: 'Free', words: /no subscription and pays nothing/ },
];

for (const { slug, plan, status, badge, words } of states) {
  test(`${slug} is shown as ${badge.toLowerCase()}`, async ({ visitor, page }) => {
    await visitor.open(`/orgs/${slug}/subscription`);
    const view = page.locator('[data-plan]');
    await expect(view).toHaveAttribute('data-plan', plan);
    await expect(view).toHaveAttribute('data-status', status);
    await expect(view.getByText(badge, { exact: true })).toBeVisible();
    await expect(view).toContainText(words);
    await expect(page.getByRole('row').filter({ hasText: 'Current' })).toContainText(new RegExp(plan, 'i'));
  });
}

test('the custom limits of acme stand beside those of its plan', async ({ visitor, page }) => {
  await visitor.open('/orgs/acme/subscription');
  const limits = page.getByRole('region', { name: 'Limits' });
  await expect(limits.getByText('Custom limits')).toBeVisible();
  await expect(limits.getByRole('row', { name: 'Members' })).toContainText(/12,000/);
  await expect(limits.getByRole('row', { name: 'Members' })).toContainText(/100 in the plan/);
  const view = page.locator('[data-plan]');
  await expect(view).toHaveAttribute('data-seats-limit', '12000');
  // Ten thousand members, and twelve pending invitations until those expire.
  await expect(view).toHaveAttribute('data-seats-used', /^100(12|00)$/);
});

test('hooli has no seat left', async ({ visitor, page }) => {
  await visitor.open('/orgs/hooli/subscription');
  const view = page.locator('[data-plan]');
  await expect(view).toHaveAttribute('data-seats-used', '3');
  await expect(view).toHaveAttribute('data-seats-limit', '3');
  await expect(view).toContainText('3 of 3 seats used');
  await expect(view).toContainText('No seats left');
});

test.describe('a member without rights', () => {
  test.use({ user: 'member' });

  test('reads the subscription all the same', async ({ visitor, page }) => {
    const response = await visitor.open('/orgs/acme/subscription');
    expect(response.status()).toBe(200);
    await expect(page.locator('[data-plan]')).toHaveAttribute('data-plan', 'ultra');
  });
});
