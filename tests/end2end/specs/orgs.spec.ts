import { users } from '../support/users';
import { expect, test } from '../support/test';

test.describe('an owner of six organizations', () => {
  test.use({ user: 'owner' });

  test('sees all six, with the role in each', async ({ visitor, page }) => {
    await visitor.open('/orgs');
    const orgs = page.getByRole('main').getByRole('listitem');
    await expect(orgs).toHaveCount(6);
    for (const slug of ['acme', 'globex', 'initech', 'umbrella', 'hooli', 'mega']) {
      const org = orgs.filter({ has: page.locator(`a[href="/orgs/${slug}"]`) });
      await expect(org).toContainText('Owner');
    }
  });

  test('finds one by part of its name, whatever the case and the accents', async ({ visitor, page }) => {
    await visitor.open('/orgs');
    await page.getByLabel('Name or slug').fill('GLÖBEX');
    await page.getByLabel('Name or slug').press('Enter');
    await expect(page).toHaveURL('/orgs?q=GL%C3%96BEX');
    const orgs = page.getByRole('main').getByRole('listitem');
    await expect(orgs).toHaveCount(1);
    await expect(orgs).toContainText('Globex');
    await expect(page.getByText('1 match')).toBeVisible();
    await visitor.untilAwake();
    await visitor.follow(page.getByRole('link', { name: 'Clear' }));
    await expect(orgs).toHaveCount(6);
  });

  test('opens one, and every section of it says where one is', async ({ visitor, page }) => {
    await visitor.open('/orgs');
    await visitor.follow(page.getByRole('main').getByRole('link', { name: 'Acme' }));
    await expect(page).toHaveURL('/orgs/acme');
    const sections = page.getByRole('navigation', { name: 'Organization' });
    for (const section of ['Members', 'Subscription', 'Settings', 'Overview']) {
      await visitor.follow(sections.getByRole('link', { name: section }));
      await expect(sections.getByRole('link', { name: section })).toHaveAttribute('aria-current', 'page');
      await expect(sections.locator('[aria-current]')).toHaveCount(1);
    }
  });

  test('reads on the overview who owns it, how many there are, what plan it has and what happened', async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    const main = page.getByRole('main');
    await expect(main.getByRole('heading', { level: 1 })).toHaveText('Acme');
    await expect(main.getByRole('link', { name: '10,000' })).toHaveAttribute('href', '/orgs/acme/members');
    await expect(main.getByRole('link', { name: 'Ultra' })).toHaveAttribute('href', '/orgs/acme/subscription');
    await expect(main.getByRole('definition').filter({ hasText: users.owner.email })).toContainText(users.owner.name);
    await expect(main.getByRole('region', { name: 'Recent activity' }).getByRole('listitem')).not.toHaveCount(0);
  });

  test('changes from one organization to another with the menu', async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await page.getByRole('button', { name: 'switch organization' }).click();
    if (visitor.hasScript) {
      await visitor.follow(page.getByRole('option', { name: 'Globex' }));
    } else {
      await visitor.follow(page.getByRole('link', { name: 'All organizations' }));
      await visitor.follow(page.getByRole('main').getByRole('link', { name: 'Globex' }));
    }
    await expect(page).toHaveURL('/orgs/globex');
  });
});

test.describe('a member', () => {
  test.use({ user: 'member' });

  test('sees the organizations they belong to and no others', async ({ visitor, page }) => {
    await visitor.open('/orgs');
    const orgs = page.getByRole('main').getByRole('listitem');
    await expect(orgs).toHaveCount(2);
    await expect(orgs.filter({ hasText: 'Acme' })).toContainText('Member');
    await expect(orgs.filter({ hasText: 'Globex' })).toContainText('Member');
  });

  test('finds neither settings nor recent activity on the overview', async ({ visitor, page }) => {
    await visitor.open('/orgs/acme');
    await expect(page.getByRole('link', { name: 'Members' }).first()).toBeVisible();
    await expect(page.getByRole('link', { name: 'Settings' })).toHaveCount(0);
    await expect(page.getByText('Recent activity')).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Leave organization' })).toBeVisible();
  });
});

test.describe('somebody who belongs nowhere', () => {
  test.use({ user: 'outsider' });

  test('is told so and shown the way to an organization of their own', async ({ visitor, page }) => {
    await visitor.open('/orgs');
    await expect(page.getByText('You are not a member of any organization yet')).toBeVisible();
    await visitor.follow(page.getByRole('link', { name: 'New organization' }));
    await expect(page).toHaveURL('/orgs/new');
  });
});
