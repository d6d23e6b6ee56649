import { expect, test } from '../support/test';

/** An id of the right form that no organization has. */
const UNKNOWN_ID = '01890a5d-ac96-774b-bcce-b302099a8057';

test.describe('where an organization cannot be seen', () => {
  test.use({ user: 'outsider' });

  test('it looks as if it did not exist', async ({ page }) => {
    const bodyOf = async (path: string) => {
      const response = await page.request.get(path);
      expect(response.status(), path).toBe(404);
      const html = await response.text();
      return html.replaceAll(path, '/PATH');
    };
    const nowhere = await bodyOf('/orgs/no-such-organization');
    for (const path of ['/orgs/acme', '/orgs/acme/members', '/orgs/acme/settings', '/orgs/hooli', '/orgs/Not-A-Slug', `/orgs/${UNKNOWN_ID}`]) {
      expect(await bodyOf(path), path).toBe(nowhere);
    }
  });

  test('the page says what to do next', async ({ visitor, page }) => {
    const response = await visitor.open('/orgs/acme');
    expect(response.status()).toBe(404);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Page not found');
    await visitor.follow(page.getByRole('link', { name: 'Your organizations' }));
    await expect(page).toHaveURL('/orgs');
  });

  test('`default` leads to the form for an organization of one’s own', async ({ visitor, page }) => {
    await visitor.open('/orgs/default/members?page=2');
    await expect(page).toHaveURL('/orgs/new');
  });
});

test.describe('a member', () => {
  test.use({ user: 'member' });

  test('is told that settings are not theirs to open', async ({ visitor, page }) => {
    const response = await visitor.open('/orgs/acme/settings');
    expect(response.status()).toBe(403);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Not allowed');
  });

  test('gets from `default` to the organization they joined first, page and query kept', async ({ visitor, page }) => {
    await visitor.open('/orgs/default/members?page=2&q=a');
    await expect(page).toHaveURL('/orgs/acme/members?page=2&q=a');
    await expect(page.locator('[data-page]')).toHaveAttribute('data-page', '2');
  });

  for (const path of ['/orgs/acme/no-such-page', '/orgs/acme/members/1', '/no-such-page', '/orgs/%F0%9F%92%A5', '/orgs/..%2f..%2fetc']) {
    test(`finds nothing at ${path}`, async ({ visitor, page }) => {
      const response = await visitor.open(path);
      expect(response.status()).toBe(404);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Page not found');
    });
  }
});

test.describe('signed out', () => {
  for (const path of ['/orgs', '/orgs/new', '/orgs/acme', '/orgs/acme/subscription', '/orgs/no-such-organization', '/orgs/default/members?page=2']) {
    test(`${path} asks to sign in and comes back`, async ({ visitor, page }) => {
      const redirect = await page.request.get(path, { maxRedirects: 0 });
      expect(redirect.status()).toBe(303);
      await visitor.open(path);
      await expect(page).toHaveURL(`/sign-in?next=${encodeURIComponent(path)}`);
    });
  }

  test('an address that leads nowhere says so', async ({ visitor, page }) => {
    const response = await visitor.open('/no-such-page');
    expect(response.status()).toBe(404);
    await visitor.follow(page.getByRole('link', { name: 'Home' }));
    await expect(page).toHaveURL('/');
  });
});
