import { Device, named } from '../support/authenticator';
import { join, secret } from '../support/newcomer';
import { expect, test } from '../support/test';
import type { Visitor } from '../support/visitor';

test.use({ baseURL: named.href });

async function add(visitor: Visitor, name: string): Promise<void> {
  const { page } = visitor;
  await visitor.open('/account/security');
  await page.getByLabel('Name of the new passkey').fill(name);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await expect(page.getByText('Passkey added.')).toBeVisible();
  await visitor.untilAwake();
}

test.describe('with a device', { tag: '@script' }, () => {
  test('a passkey is added, signs in alone, is renamed and removed', async ({ visitor, page }) => {
    await join(visitor);
    const device = await Device.plugIn(page);
    await add(visitor, 'My laptop');
    expect(await device.passkeys()).toBe(1);
    await visitor.signOut();
    await visitor.untilAwake();

    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await expect(page).toHaveURL('/orgs');
    await visitor.untilAwake();

    await visitor.open('/account/security');
    const row = page.getByRole('listitem').filter({ hasText: 'My laptop' });
    await row.getByText('Rename', { exact: true }).click();
    await row.getByRole('textbox').fill('My old laptop');
    await row.getByRole('button', { name: 'Save the name' }).click();
    await expect(page.getByText('Passkey renamed.')).toBeVisible();
    await visitor.untilAwake();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove passkey' }).click();
    await expect(page.getByText('Passkey removed.')).toBeVisible();
    await visitor.untilAwake();
    await visitor.signOut();
    await visitor.untilAwake();
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await expect(page.getByRole('main').getByRole('alert')).toContainText('This passkey did not work');
  });

  test('a passkey is the second step after the password', async ({ visitor, page }) => {
    const email = await join(visitor);
    await Device.plugIn(page);
    await add(visitor, 'My key');
    await page.getByRole('button', { name: 'Ask for a passkey' }).click();
    await expect(page).toHaveURL('/account/security/recovery-codes');
    await visitor.untilAwake();
    await visitor.signOut();
    await visitor.untilAwake();
    await visitor.signIn(email, secret);
    await expect(page).toHaveURL(/\/sign-in\/second-factor/);
    await visitor.untilAwake();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await expect(page).toHaveURL('/orgs');
    await visitor.untilAwake();
    await visitor.open('/account/confirm?next=%2Forgs%2Fnew');
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await expect(page).toHaveURL('/orgs/new');
  });

  test('a device that knows neither the passkey nor its user signs nobody in', async ({ visitor, page }) => {
    await join(visitor);
    const device = await Device.plugIn(page);
    await add(visitor, 'My key');
    await visitor.signOut();
    await visitor.untilAwake();
    await device.recognizes(false);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await expect(page.getByText('No passkey was used.')).toBeVisible();
    await device.recognizes(true);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await expect(page).toHaveURL('/orgs');
  });
});

test('without JavaScript a sentence takes the place of passkeys', { tag: '@plain' }, async ({ visitor, page }) => {
  await visitor.open('/sign-in');
  // In a `noscript`, which Chromium does not show where a test turns scripts off.
  expect(await page.content()).toContain('Passkeys need JavaScript.');
  await expect(page.getByRole('button', { name: 'Sign in with a passkey' })).toHaveCount(0);
});
