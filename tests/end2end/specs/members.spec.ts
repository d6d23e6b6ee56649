import { users } from '../support/users';
import { MemberList } from '../support/member-list';
import { expect, test } from '../support/test';

/** `acme` has ten thousand members on two hundred pages. */
const ALL = { of: 200, total: 10_000 };

test.use({ user: 'member' });

test.describe('the pages of ten thousand members', () => {
  test('are walked by links, to the last and back', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/acme/members');
    await members.expectToBeAt(1, ALL);
    await expect(members.rows).toHaveCount(50);
    await expect(page.getByText('1–50 of 10,000')).toBeVisible();
    await expect(members.to('Previous')).toHaveCount(0);
    await expect(members.to('First')).toHaveCount(0);
    const firstPage = await members.ids();

    await visitor.follow(members.to('Next'));
    await expect(page).toHaveURL(/\/orgs\/acme\/members\?page=2&after=/);
    await members.expectToBeAt(2, ALL);
    expect(await members.ids()).not.toEqual(firstPage);
    await visitor.follow(members.to('Page 4'));
    await members.expectToBeAt(4, ALL);
    await expect(members.pager.locator('[aria-current="page"]')).toHaveText(/Page\s*4/);

    await visitor.follow(members.to('Last'));
    await expect(page).toHaveURL('/orgs/acme/members?page=200');
    await members.expectToBeAt(200, ALL);
    await expect(members.rows).toHaveCount(50);
    await expect(page.getByText('9,951–10,000 of 10,000')).toBeVisible();
    await expect(members.to('Next')).toHaveCount(0);
    await expect(members.to('Last')).toHaveCount(0);

    await visitor.follow(members.to('Previous'));
    await members.expectToBeAt(199, ALL);
    await visitor.follow(members.to('First'));
    await members.expectToBeAt(1, ALL);
    expect(await members.ids()).toEqual(firstPage);

    await page.goBack();
    await members.expectToBeAt(199, ALL);
  });

  // Plain requests: what a script adds to a page makes no difference to them.
  test('show everybody once on the way from the first to the last', { tag: '@plain' }, async ({ page }) => {
    const seen = new Set<string>();
    let next: string | undefined = '/orgs/acme/members';
    let pages = 0;
    while (next) {
      const html: string = await (await page.request.get(next)).text();
      for (const [, id] of html.matchAll(/<tr[^>]* data-member-id="([^"]+)"/g)) {
        seen.add(id);
      }
      pages += 1;
      const link: string | undefined = html.match(/<a[^>]* rel="next"[^>]*>/)?.[0];
      next = link?.match(/href="([^"]+)"/)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(pages).toBe(200);
    expect(seen.size).toBe(10_000);
  });

  test('end kindly', async ({ visitor, page }) => {
    const members = new MemberList(page);
    const response = await visitor.open('/orgs/acme/members?page=201');
    expect(response.status()).toBe(200);
    await members.expectToBeAt(201, ALL);
    await expect(members.rows).toHaveCount(0);
    await expect(page.getByText('This page is past the end of the list')).toBeVisible();
    await visitor.follow(page.getByRole('link', { name: 'Go to the last page' }));
    await members.expectToBeAt(200, ALL);
  });

  for (const [query, at] of [
    ['page=abc', 1],
    ['page=-1', 1],
    ['page=0', 1],
    ['page=', 1],
    ['page=1.5', 1],
    ['page=99999999999', 1_000_000],
    ['page=2&page=3', 3],
    ['role=emperor&sort=height', 1],
    ['q=%00%FF', 1],
  ] as const) {
    test(`take no harm from ?${query}`, async ({ visitor, page }) => {
      const response = await visitor.open(`/orgs/acme/members?${query}`);
      expect(response.status()).toBe(200);
      await expect(new MemberList(page).list).toHaveAttribute('data-page', String(at));
    });
  }
});

test.describe('the filter of the list', () => {
  test('finds users by name, whatever the case, and puts that into the address', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/acme/members?page=3');
    await page.getByLabel('Name or e-mail').fill('oLiVe wInter');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect(members.rows).toHaveCount(1);
    expect(new URL(page.url()).searchParams.get('q')).toBe('oLiVe wInter');
    expect(new URL(page.url()).searchParams.get('page'), 'a new search starts on its first page').toBeNull();
    await members.expectToBeAt(1, { of: 1, total: 1 });
    await expect(members.rows.first()).toContainText(users.owner.email);
    await expect(page.getByLabel('Name or e-mail')).toHaveValue('oLiVe wInter');
    await expect(page.getByText('1 match')).toBeVisible();
    await visitor.untilAwake();
    await visitor.follow(page.getByRole('link', { name: 'Clear' }));
    await members.expectToBeAt(1, ALL);
  });

  test('finds users by e-mail', async ({ visitor, page }) => {
    await visitor.open(`/orgs/acme/members?q=${encodeURIComponent(users.admin.email)}`);
    await expect(new MemberList(page).rows).toHaveCount(1);
  });

  for (const literal of ['%', '_', '\\', '%%', '_live']) {
    test(`takes ${literal} literally`, async ({ visitor, page }) => {
      await visitor.open(`/orgs/acme/members?q=${encodeURIComponent(literal)}`);
      await expect(new MemberList(page).list, 'nobody here has that in name or address').toHaveAttribute('data-total', '0');
      await expect(page.getByText('No members match')).toBeVisible();
      await visitor.follow(page.getByRole('link', { name: 'Show all members' }));
      await new MemberList(page).expectToBeAt(1, ALL);
    });
  }

  test('shows what was typed as text, never as markup', async ({ visitor, page }) => {
    const typed = '"><img src=x onerror=alert(1)>';
    await visitor.open(`/orgs/acme/members?q=${encodeURIComponent(typed)}`);
    await expect(page.getByLabel('Name or e-mail')).toHaveValue(typed);
    await expect(page.locator('img[src="x"]')).toHaveCount(0);
  });

  test('shows one role only, on every page of the list', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/acme/members');
    await page.getByLabel('Role', { exact: true }).selectOption('Admins');
    if (!visitor.hasScript) {
      await page.getByRole('button', { name: 'Apply' }).click();
    }
    await expect(page).toHaveURL(/role=admin/);
    await visitor.untilAwake();
    await expect(page.getByLabel('Role', { exact: true })).toHaveValue('admin');
    expect(new Set(await members.roles())).toEqual(new Set(['admin']));
    await visitor.follow(members.to('Last'));
    await expect(page).toHaveURL(/role=admin/);
    expect(new Set(await members.roles())).toEqual(new Set(['admin']));
  });

  test('orders by role, owners first', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/acme/members');
    await visitor.follow(page.getByRole('columnheader', { name: 'Role' }).getByRole('link'));
    await expect(page).toHaveURL('/orgs/acme/members?sort=role');
    await expect(page.getByRole('columnheader', { name: 'Role' })).toHaveAttribute('aria-sort', 'ascending');
    const order = ['owner', 'admin', 'member'];
    const roles = (await members.roles()).map((role) => order.indexOf(role ?? ''));
    expect(roles[0]).toBe(0);
    expect(roles).toEqual(roles.toSorted());
  });

  test('orders by name, on the first page and on the last', async ({ visitor, page }) => {
    const members = new MemberList(page);
    await visitor.open('/orgs/acme/members');
    await page.getByLabel('Order').selectOption('By name');
    if (!visitor.hasScript) {
      await page.getByRole('button', { name: 'Apply' }).click();
    }
    await expect(page).toHaveURL(/sort=name/);
    await visitor.untilAwake();
    await expect(members.names.first()).toHaveText(/^A/);
    await visitor.follow(members.to('Last'));
    await expect(page).toHaveURL(/sort=name/);
    await expect(members.names.last()).toHaveText(/^Z/);
  });
});

test('a member changes nobody', async ({ visitor, page }) => {
  await visitor.open('/orgs/acme/members');
  await expect(page.getByRole('table')).toBeVisible();
  await expect(page.getByRole('table').locator('form')).toHaveCount(0);
});

test('everybody recognizes themselves in the list', async ({ visitor, page }) => {
  await visitor.open(`/orgs/acme/members?q=${users.member.email}`);
  await expect(new MemberList(page).rows.first()).toContainText('You');
});

test.describe('a search that finds many of more than ten thousand', () => {
  test.use({ user: 'owner' });

  test('says how many there are when they are counted', async ({ visitor, page }) => {
    // One for each browser: what was counted once is known to the next page, for some minutes.
    const search = visitor.hasScript ? 'way' : 'ing';
    const list = `/orgs/mega/members?q=${search}`;
    const count = page.locator('.page-head__count');
    await visitor.open(list);
    const countAll = page.getByRole('link', { name: 'Count all' });
    if ((await count.innerText()).includes('+') && !visitor.hasScript) {
      await visitor.follow(countAll);
    }
    await expect(countAll).toHaveCount(0);
    await expect(count).toHaveText(/^[\d,]+ matches$/);
    const total = (await count.innerText()).replace(' matches', '');
    await expect(page.getByText(`1–50 of ${total}`)).toBeVisible();

    await visitor.follow(page.getByRole('link', { name: 'Next', exact: true }));
    await expect(page.getByText(`51–100 of ${total}`)).toBeVisible();
    await visitor.open(`${list}&sort=name&page=3`);
    await expect(page.getByText(`101–150 of ${total}`)).toBeVisible();
  });
});
