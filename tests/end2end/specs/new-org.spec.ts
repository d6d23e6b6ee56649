import { expect, test } from '../support/test';
import { uniqueSlug } from '../support/visitor';

test.use({ user: 'founder' });

test('an organization is founded, opens, and is in the list', async ({ visitor, page }) => {
  const { name, slug } = await visitor.found();
  await expect(page.getByRole('status').filter({ hasText: 'Your organization is ready.' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
  await visitor.open(`/orgs/${slug}/subscription`);
  const view = page.locator('[data-plan]');
  await expect(view).toHaveAttribute('data-plan', 'free');
  await expect(view).toHaveAttribute('data-seats-used', '1');
  await visitor.open(`/orgs?q=${slug}`);
  await expect(page.getByRole('link', { name: slug })).toHaveAttribute('href', `/orgs/${slug}`);
});

for (const { slug, why } of [
  { slug: 'acme', why: /taken/ },
  { slug: 'Not A Slug', why: /lower-case letters/ },
  { slug: 'x', why: /2 to 48 characters/ },
  { slug: 'a--b', why: /Dashes/ },
  { slug: 'default', why: /reserved/ },
]) {
  test(`the slug “${slug}” is refused next to its field, and nothing has to be typed again`, async ({ visitor, page }) => {
    await visitor.open('/orgs/new');
    await visitor.fillNewOrg('R&D “Nord” <1>', slug);
    await expect(page).toHaveURL('/orgs/new');
    const field = page.getByLabel('Slug');
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByRole('alert')).toHaveText(why);
    await expect(field).toHaveAccessibleDescription(why);
    await expect(field).toHaveValue(slug);
    await expect(page.getByLabel('Name')).toHaveValue('R&D “Nord” <1>');
    await expect(page.getByLabel('Name')).not.toHaveAttribute('aria-invalid');
  });
}

test('a name of white space is refused next to its field', async ({ visitor, page }) => {
  const slug = uniqueSlug();
  await visitor.open('/orgs/new');
  await visitor.fillNewOrg('   ', slug);
  await expect(page.getByLabel('Name')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Slug')).toHaveValue(slug);
  await expect(page.getByLabel('Slug')).not.toHaveAttribute('aria-invalid');
});

test('empty fields are not sent at all', async ({ visitor, page }) => {
  await visitor.open('/orgs/new');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page.getByLabel('Name')).toBeFocused();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test.describe('while somebody types', { tag: '@script' }, () => {
  test('the slug follows the name until it is typed itself', async ({ visitor, page }) => {
    await visitor.open('/orgs/new');
    await page.getByLabel('Name').fill('Über & Söhne');
    await expect(page.getByLabel('Slug')).toHaveValue('uber-sohne');
    await page.getByLabel('Slug').fill('mine');
    await page.getByLabel('Name').fill('Something else');
    await expect(page.getByLabel('Slug')).toHaveValue('mine');
  });

  test('it is said whether the slug is free', async ({ visitor, page }) => {
    await visitor.open('/orgs/new');
    const status = page.getByRole('status');
    await page.getByLabel('Slug').fill('acme');
    await expect(status).toHaveText('This slug is taken.');
    await page.getByLabel('Slug').fill('Acme');
    await expect(status).toHaveText(/lower-case letters/);
    await page.getByLabel('Slug').fill(uniqueSlug());
    await expect(status).toHaveText('This slug is available.');
    await page.getByLabel('Slug').fill('');
    await expect(status).toHaveText('');
  });

  test('only pauses are asked about, not every letter', async ({ visitor, page }) => {
    // Its time passes when it is told to: a slow machine pauses between letters.
    await page.clock.install();
    await visitor.open('/orgs/new');
    await page.clock.pauseAt(Date.now() + 60_000);
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/')) {
        asked.push(request.url());
      }
    });
    for (const letter of 'globex') {
      await page.getByLabel('Slug').press(letter);
      await page.clock.runFor(100);
    }
    expect(asked).toEqual([]);
    await page.clock.runFor(1_000);
    await expect(page.getByRole('status')).toHaveText('This slug is taken.');
    expect(asked).toHaveLength(1);
  });
});
