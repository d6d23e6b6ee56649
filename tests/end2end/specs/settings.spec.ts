import { expect, test } from '../support/test';
import { uniqueSlug } from '../support/visitor';

test.use({ user: 'founder' });

test('an organization gets another name and slug, and its former addresses lead to it', async ({ visitor, page }) => {
  const { slug: former } = await visitor.found();
  const slug = uniqueSlug();
  await visitor.open(`/orgs/${former}/settings`);
  await page.getByLabel('Name').fill(`Renamed ${slug}`);
  await page.getByLabel('Slug').fill(slug);
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Your changes are saved.' })).toBeVisible();
  await expect(page).toHaveURL(`/orgs/${slug}/settings`);
  await expect(page.getByRole('button', { name: 'switch organization' })).toContainText(`Renamed ${slug}`);
  await visitor.untilAwake();

  await visitor.open(`/orgs/${former}/members?q=ruth&sort=name`);
  await expect(page, 'page and query are kept').toHaveURL(`/orgs/${slug}/members?q=ruth&sort=name`);
  await visitor.open(`/orgs/${former}`);
  await expect(page).toHaveURL(`/orgs/${slug}`);
  await visitor.open(`/orgs?q=${slug}`);
  await expect(page.getByRole('link', { name: `Renamed ${slug}` })).toHaveAttribute('href', `/orgs/${slug}`);

  await visitor.open('/orgs/new');
  await visitor.fillNewOrg('Somebody else', former);
  await expect(page.getByRole('alert'), 'nobody else gets a former slug').toHaveText(/taken/);
});

test('a slug that is taken is refused next to its field, and what was typed stays', async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  await visitor.open(`/orgs/${slug}/settings`);
  await page.getByLabel('Name').fill('Another name');
  await page.getByLabel('Slug').fill('globex');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('alert')).toHaveText(/taken/);
  await expect(page.getByLabel('Slug')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Slug')).toHaveValue('globex');
  await expect(page.getByLabel('Name')).toHaveValue('Another name');
  await expect(page).toHaveURL(`/orgs/${slug}/settings`);
});

test('what an organization has already is not called taken', { tag: '@script' }, async ({ visitor, page }) => {
  const { slug } = await visitor.found();
  await visitor.open(`/orgs/${slug}/settings`);
  const status = page.getByRole('main').locator('#slug-status');
  await page.getByLabel('Slug').fill('globex');
  await expect(status).toHaveText('This slug is taken.');
  await page.getByLabel('Slug').fill(slug);
  await expect(status).toHaveText('');
});
