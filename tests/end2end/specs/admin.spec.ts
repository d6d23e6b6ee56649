/**
 * The pages for platform admins. They take a second factor, which only one user of the demo
 * data may have at a time; so this is one test, in the browser with JavaScript. That the forms
 * work without it is tested where the server is.
 */
import { expectAccessible } from '../support/accessible';
import { expect, test } from '../support/test';
import { totp } from '../support/totp';
import type { Visitor } from '../support/visitor';

const staff = 'staff@orghub.test';

test.describe('a platform admin without a second factor', () => {
  test.use({ user: 'founder' });

  test('is led to setting one up', async ({ visitor, page }) => {
    await visitor.open('/orgs');
    await visitor.openAccountMenu();
    await visitor.follow(page.getByRole('link', { name: 'Platform admin' }));
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Set up a second step first');
    for (const path of ['/admin', '/admin/orgs', '/admin/users', '/admin/cache', '/admin/jobs', '/admin/webhooks', '/admin/sessions']) {
      expect((await visitor.open(path)).status(), path).toBe(403);
    }
    await visitor.follow(page.getByRole('link', { name: 'Set up authenticator app' }));
    await expect(page).toHaveURL('/account/security/totp');
  });
});

test.describe('others', () => {
  test.use({ user: 'owner' });

  test('find nothing there', async ({ visitor, page }) => {
    for (const path of ['/admin', '/admin/orgs', '/admin/users', '/admin/cache', '/admin/jobs', '/admin/webhooks', '/admin/sessions']) {
      expect((await visitor.open(path)).status(), path).toBe(404);
    }
    await visitor.open('/orgs');
    await visitor.openAccountMenu();
    await expect(page.getByRole('link', { name: 'Platform admin' })).toHaveCount(0);
  });
});

async function turnOn(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await visitor.open('/account/security/totp');
  await page.getByRole('button', { name: 'Set up an app' }).click();
  await expect(page.getByRole('img', { name: 'The key as a QR code' })).toBeVisible();
  await visitor.untilAwake();
  const key = (await page.locator('.secret').textContent())!;
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(key));
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page).toHaveURL('/account/security/recovery-codes');
  await visitor.untilAwake();
  await page.getByRole('button', { name: 'I have saved them' }).click();
  await expect(page).toHaveURL('/account/security');
  await visitor.untilAwake();
}

test('a platform admin finds an organization and a user, changes both, and leaves traces', { tag: '@script' }, async ({ visitor, page }) => {
  test.setTimeout(240_000);
  await visitor.open('/sign-in');
  await visitor.signIn(staff);
  await expect(page).toHaveURL('/orgs');
  await visitor.untilAwake();
  await turnOn(visitor);

  await visitor.open('/admin');
  await expectAccessible(page, 'the overview');
  const sections = page.getByRole('navigation', { name: 'Platform' });

  await visitor.follow(sections.getByRole('link', { name: 'Organizations' }));
  await page.getByLabel('Name, slug or id').fill('initech');
  await page.getByLabel('Name, slug or id').press('Enter');
  await expect(page).toHaveURL('/admin/orgs?q=initech');
  await visitor.untilAwake();
  await expectAccessible(page, 'the list of organizations');
  await visitor.follow(page.locator('tr[data-org="initech"] a'));
  await expectAccessible(page, 'an organization');
  const record = page.url();
  await page.getByLabel('Members', { exact: true }).fill('many');
  await page.getByRole('button', { name: 'Save limits' }).click();
  await expect(page.getByRole('alert')).toContainText('whole number');
  await visitor.untilAwake();
  await expect(page.getByLabel('Members', { exact: true }), 'what was typed is kept').toHaveValue('many');
  for (const [typed, seats] of [['17', '17'], ['', '10']] as const) {
    await page.getByLabel('Members', { exact: true }).fill(typed);
    await page.getByRole('button', { name: 'Save limits' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'Limits saved.' })).toBeVisible();
    await visitor.untilAwake();
    await expect(page).toHaveURL(record);
    await expect(page.locator('[data-seats-limit]')).toHaveAttribute('data-seats-limit', seats);
  }
  await page.getByRole('button', { name: 'Flush its cache' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The cache of /initech is flushed.' })).toBeVisible();
  await visitor.untilAwake();

  await visitor.follow(sections.getByRole('link', { name: 'Users' }));
  await expectAccessible(page, 'the list of users');
  await page.getByLabel('Name, e-mail or id').fill('initech.test');
  await page.getByLabel('Name, e-mail or id').press('Enter');
  await expect(page).toHaveURL(/q=initech\.test/);
  await visitor.untilAwake();
  await visitor.follow(page.locator('tr[data-user-id] a').first());
  await expectAccessible(page, 'a user');
  await visitor.pressAndConfirm(page.getByRole('main').getByRole('button', { name: 'Suspend' }), 'Suspend');
  await expect(page.getByRole('status').filter({ hasText: 'suspended' })).toBeVisible();
  await visitor.untilAwake();
  await visitor.pressAndConfirm(page.getByRole('main').getByRole('button', { name: 'Reinstate' }), 'Reinstate');
  await expect(page.getByRole('status').filter({ hasText: 'reinstated' })).toBeVisible();
  await visitor.untilAwake();

  await visitor.follow(sections.getByRole('link', { name: 'Cache' }));
  await expect(page.locator('tr[data-family="session"]')).toContainText('%');
  await expectAccessible(page, 'the cache');
  await page.getByLabel('Slug').fill('no-such-slug-at-all');
  await page.getByRole('button', { name: 'Flush an organization' }).click();
  await expect(page.getByRole('alert')).toContainText('No organization');
  await visitor.untilAwake();
  await visitor.follow(sections.getByRole('link', { name: 'Jobs' }));
  await expect(page.getByRole('heading', { name: 'What waits' })).toBeVisible();
  await expectAccessible(page, 'the jobs');
  await visitor.follow(sections.getByRole('link', { name: 'Webhooks' }));
  await expectAccessible(page, 'the ledger of webhooks');
  await visitor.follow(page.getByRole('link', { name: 'Waiting to be tried again' }));
  await expect(page).toHaveURL('/admin/webhooks?show=failed');
  await visitor.follow(sections.getByRole('link', { name: 'Sessions' }));
  await page.getByLabel('Confirmation').fill('everybody');
  await page.getByRole('button', { name: 'Sign out everybody' }).click();
  await expect(page.getByRole('alert')).toContainText('sign out everybody');
  await visitor.untilAwake();

  await visitor.follow(sections.getByRole('link', { name: 'Overview' }));
  const log = page.getByRole('region', { name: 'What platform admins did' });
  await expect(log.locator('[data-kind="user.reinstated"]').first()).toBeVisible();
  await expect(log.locator('[data-kind="org.limits_changed"]').first()).toContainText('initech');

  await visitor.open('/account/security');
  await visitor.pressAndConfirm(page.getByRole('button', { name: 'Turn off the second step' }), 'Turn off');
  await expect(page).toHaveURL('/account/security');
  await visitor.untilAwake();
});
