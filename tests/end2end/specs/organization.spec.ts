import { join } from '../support/newcomer';
import { linkTo } from '../support/mailbox';
import { expect, test } from '../support/test';
import { totp } from '../support/totp';
import { uniqueSlug, type FoundedOrg, type Visitor } from '../support/visitor';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Somebody new with an organization of their own. */
async function joinAndFound(visitor: Visitor): Promise<FoundedOrg & { email: string }> {
  const email = await join(visitor);
  await visitor.open(await linkTo(visitor.page, email, /Confirm/));
  await visitor.page.getByRole('button', { name: 'Confirm this address' }).click();
  await expect(visitor.page).toHaveURL(/\/orgs/);
  await visitor.untilAwake();
  return { email, ...(await visitor.found()) };
}

test.describe('by its owner', () => {
  test.use({ user: 'founder' });

  test('an organization gets a logo, and loses it again', async ({ visitor, page }) => {
    const { slug } = await visitor.found();
    await visitor.open(`/orgs/${slug}/settings`);
    await page.getByLabel('Choose a logo').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: png });
    await page.getByRole('button', { name: 'Save logo' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'The logo is saved.' })).toBeVisible();
    await expect(page).toHaveURL(`/orgs/${slug}/settings`);
    await visitor.untilAwake();
    const logo = page.getByRole('main').locator('img.avatar');
    await expect(logo).toBeVisible();
    expect(await logo.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(192);
    await expect(page.getByRole('button', { name: 'switch organization' }).locator('img')).toBeVisible();

    await page.getByLabel('Choose a logo').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from('<svg/>') });
    await page.getByRole('button', { name: 'Save logo' }).click();
    await expect(page.getByRole('alert')).toContainText('could not be read');
    await expect(page.getByLabel('Choose a logo')).toHaveAttribute('aria-invalid', 'true');
    await visitor.untilAwake();

    await page.getByRole('button', { name: 'Remove logo' }).click();
    await expect(page.getByRole('status').filter({ hasText: 'The logo is removed.' })).toBeVisible();
    await visitor.untilAwake();
    await expect(page.getByRole('main').locator('img.avatar')).toHaveCount(0);
  });

  test('former slugs are listed where the slug is changed', async ({ visitor, page }) => {
    const { slug: former } = await visitor.found();
    const slug = uniqueSlug();
    await visitor.open(`/orgs/${former}/settings`);
    await expect(page.getByRole('list', { name: 'Former addresses' })).toHaveCount(0);
    await page.getByLabel('Slug').fill(slug);
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page).toHaveURL(`/orgs/${slug}/settings`);
    await visitor.untilAwake();
    await expect(page.getByRole('list', { name: 'Former addresses' })).toHaveText(`/orgs/${former}`);
  });
});

test('an organization is deleted by typing its slug, and restored', async ({ visitor, page }) => {
  const { email, name, slug } = await joinAndFound(visitor);
  await visitor.open(`/orgs/${slug}/settings`);
  await page.getByLabel('Confirmation').fill('another');
  await page.getByRole('button', { name: 'Delete organization' }).click();
  await expect(page.getByRole('alert')).toHaveText(`Type ${slug} to delete the organization.`);
  await expect(page.getByLabel('Confirmation')).toHaveValue('another');
  await visitor.untilAwake();

  await page.getByLabel('Confirmation').fill(slug);
  await page.getByRole('button', { name: 'Delete organization' }).click();
  await expect(page).toHaveURL('/orgs');
  await expect(page.getByRole('status').filter({ hasText: 'is deleted' })).toContainText(name);
  await visitor.untilAwake();
  const deleted = page.getByRole('region', { name: 'Deleted' });
  await expect(deleted).toContainText('Can be restored until');

  const gone = await visitor.open(`/orgs/${slug}/members`);
  expect(gone.status()).toBe(410);
  await visitor.open('/orgs');
  await visitor.follow(deleted.getByRole('link', { name }));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This organization was deleted');
  await page.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The organization is restored.' })).toBeVisible();
  await expect(page).toHaveURL(`/orgs/${slug}`);
  await visitor.untilAwake();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(name);

  // That it was deleted is told only as long as it is true.
  await linkTo(page, email, /was restored/);
});

test('a second factor is required only by somebody who has one', async ({ visitor, page }) => {
  const { slug } = await joinAndFound(visitor);
  await visitor.open(`/orgs/${slug}/settings`);
  await visitor.follow(page.getByRole('link', { name: 'Second factor of members' }));
  await expect(page.getByRole('region', { name: 'Members without one' })).toHaveAttribute('data-without', '1');
  await expect(page.getByRole('button', { name: 'Require a second factor' })).toHaveCount(0);

  await visitor.open('/account/security/totp');
  await page.getByRole('button', { name: 'Set up an app' }).click();
  await expect(page.getByRole('img', { name: 'The key as a QR code' })).toBeVisible();
  await visitor.untilAwake();
  const key = (await page.locator('.secret').textContent())!;
  await page.getByRole('textbox', { name: 'Code' }).fill(totp(key));
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page).toHaveURL('/account/security/recovery-codes');
  await visitor.untilAwake();

  await visitor.open(`/orgs/${slug}/settings/second-factor`);
  await expect(page.getByText('Every member has a second factor.')).toBeVisible();
  await page.getByLabel('First day').fill('2000-01-01');
  await page.getByRole('button', { name: 'Require a second factor' }).click();
  await expect(page.getByRole('alert')).toContainText('Choose a day from');
  await expect(page.getByLabel('First day')).toHaveValue('2000-01-01');
  await visitor.untilAwake();
  const today = new Date().toISOString().slice(0, 10);
  await page.getByLabel('First day').fill(today);
  await page.getByRole('button', { name: 'Require a second factor' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'A second factor is required' })).toBeVisible();
  await visitor.untilAwake();
  await expect(page.getByRole('main')).toContainText('Required');

  await page.getByRole('button', { name: 'Stop requiring it' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'not required any more' })).toBeVisible();
  await visitor.untilAwake();
  await expect(page.getByRole('main')).toContainText('Not required');
});
