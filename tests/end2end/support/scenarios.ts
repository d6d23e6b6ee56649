/** Every page of the product and every face it can show. */
import { expect } from '@playwright/test';

import type { UserName } from './users';
import { uniqueSlug, type Visitor } from './visitor';

export interface Scenario {
  /** What it is called in reports and pictures. */
  name: string;
  path: string;
  /** Who looks at it; nobody signed in where it is missing. */
  user?: UserName;
  /** 200 where it is missing. */
  status?: number;
  /** Whether there is no such face without JavaScript. */
  needsScript?: boolean;
  /** What one does there to see it so. */
  prepare?: (visitor: Visitor) => Promise<void>;
}

export const scenarios: Scenario[] = [
  { name: 'landing', path: '/' },
  { name: 'sign-in', path: '/sign-in?next=%2Forgs%2Facme' },
  {
    name: 'sign-in failed',
    path: '/sign-in',
    prepare: async (visitor) => {
      await visitor.signIn(`${uniqueSlug()}@acme.test`);
      await expect(visitor.page.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'sign-up', path: '/sign-up' },
  {
    name: 'sign-up refused',
    path: '/sign-up',
    prepare: async ({ page }) => {
      await page.getByLabel('Your name').fill('Ada');
      await page.getByLabel('E-mail').fill(`${uniqueSlug()}@people.test`);
      await page.getByLabel('Password').fill('short');
      await page.getByRole('button', { name: 'Create account' }).click();
      await expect(page.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'check mail', path: '/check-mail' },
  { name: 'forgot password', path: '/forgot-password' },
  { name: 'dead link', path: '/reset-password?token=x', status: 410 },
  { name: 'account', path: '/account', user: 'owner' },
  { name: 'account security', path: '/account/security', user: 'owner' },
  { name: 'account confirm', path: '/account/confirm', user: 'owner' },
  { name: 'sign-in elsewhere not begun', path: '/sign-in/with/example/callback?state=x', status: 400 },
  { name: 'organizations', path: '/orgs', user: 'owner' },
  { name: 'organizations none', path: '/orgs', user: 'outsider' },
  {
    name: 'account menu',
    path: '/orgs',
    user: 'owner',
    prepare: async (visitor) => {
      await visitor.openAccountMenu();
      await expect(visitor.page.getByRole('button', { name: 'Sign out' })).toBeVisible();
    },
  },
  { name: 'security', path: '/account/security', user: 'owner' },
  { name: 'platform without a second factor', path: '/admin', user: 'founder', status: 403 },
  { name: 'new organization', path: '/orgs/new', user: 'outsider' },
  {
    name: 'new organization refused',
    path: '/orgs/new',
    user: 'outsider',
    prepare: async (visitor) => {
      await visitor.fillNewOrg('Acme', 'acme');
      await expect(visitor.page.getByRole('alert')).toBeVisible();
    },
  },
  {
    name: 'new organization slug taken',
    path: '/orgs/new',
    user: 'outsider',
    needsScript: true,
    prepare: async (visitor) => {
      await visitor.page.getByLabel('Name').fill('Acme');
      await expect(visitor.page.getByText('This slug is taken.')).toBeVisible();
    },
  },
  { name: 'overview', path: '/orgs/acme', user: 'owner' },
  { name: 'overview as member', path: '/orgs/globex', user: 'member' },
  {
    name: 'organization menu',
    path: '/orgs/acme',
    user: 'owner',
    prepare: async (visitor) => {
      await visitor.page.getByRole('button', { name: 'switch organization' }).click();
      const shown = visitor.hasScript ? visitor.page.getByRole('option', { name: 'Hooli' }) : visitor.page.getByRole('link', { name: 'All organizations' });
      await expect(shown).toBeVisible();
    },
  },
  { name: 'members', path: '/orgs/acme/members', user: 'owner' },
  { name: 'members in the middle', path: '/orgs/acme/members?page=100&sort=name', user: 'admin' },
  { name: 'members as member', path: '/orgs/acme/members', user: 'member' },
  { name: 'members found', path: '/orgs/acme/members?q=olive&role=owner', user: 'owner' },
  { name: 'members not found', path: '/orgs/acme/members?q=%25', user: 'owner' },
  { name: 'members filtered', path: '/orgs/acme/members?status=active&inactive=never&factor=none&sort=active', user: 'owner' },
  { name: 'members beyond the end', path: '/orgs/acme/members?page=201', user: 'owner' },
  { name: 'change members', path: '/orgs/acme/members/change?q=olive&role=owner', user: 'owner' },
  { name: 'change members not chosen', path: '/orgs/acme/members/change?action=', user: 'owner' },
  { name: 'change members who is meant', path: '/orgs/acme/members/change?q=winter&action=suspend', user: 'owner' },
  { name: 'change members everybody', path: '/orgs/acme/members/change?action=member', user: 'admin' },
  { name: 'change of members none', path: '/orgs/hooli/members/change/progress', user: 'owner' },
  {
    name: 'members role chosen',
    path: '/orgs/globex/members',
    user: 'owner',
    prepare: async (visitor) => {
      await visitor.page.getByRole('table').getByRole('combobox').nth(1).selectOption('owner');
      await expect(visitor.page.getByRole('button', { name: 'Save' })).toHaveCount(1);
    },
  },
  {
    name: 'members remove asked',
    path: '/orgs/acme/members',
    user: 'owner',
    needsScript: true,
    prepare: async (visitor) => {
      await visitor.page.getByRole('button', { name: 'Remove' }).first().click();
      await expect(visitor.page.getByRole('dialog')).toBeVisible();
    },
  },
  { name: 'invitations', path: '/orgs/acme/invitations', user: 'owner' },
  { name: 'invitations of an admin', path: '/orgs/acme/invitations?q=invited', user: 'admin' },
  { name: 'invitations none', path: '/orgs/hooli/invitations', user: 'owner' },
  { name: 'invitations not found', path: '/orgs/acme/invitations?state=declined&q=%25', user: 'owner' },
  {
    name: 'invitations refused',
    path: '/orgs/acme/invitations',
    user: 'owner',
    prepare: async ({ page }) => {
      const form = page.locator('form[action="/api/invite"]');
      await form.getByLabel('E-mail').fill('admin@acme.test');
      await form.getByRole('button', { name: 'Invite', exact: true }).click();
      await expect(page.getByRole('alert')).toBeVisible();
    },
  },
  {
    name: 'invitations to check',
    path: '/orgs/acme/invitations',
    user: 'owner',
    prepare: async ({ page }) => {
      await page.getByText('Invite several at once').click();
      const form = page.locator('form[action="/api/invite_many"]');
      await form.getByLabel('Addresses').fill('Ada <ada@people.test>, admin@acme.test; nonsense');
      await form.getByRole('button', { name: 'Invite all' }).click();
      await expect(page.getByRole('heading', { name: 'Check the list' })).toBeVisible();
    },
  },
  { name: 'invitation over', path: '/invitations/x', status: 410 },
  { name: 'ways to join', path: '/orgs/acme/joining', user: 'owner' },
  { name: 'ways to join past the end', path: '/orgs/acme/joining?page=2', user: 'owner' },
  { name: 'join link dead', path: '/join/x', status: 410 },
  ...['acme', 'globex', 'initech', 'umbrella', 'hooli'].map(
    (slug): Scenario => ({ name: `subscription ${slug}`, path: `/orgs/${slug}/subscription`, user: 'owner' }),
  ),
  { name: 'subscription as member', path: '/orgs/acme/subscription', user: 'member' },
  { name: 'plans to buy', path: '/orgs/hooli/subscription/plans', user: 'owner' },
  { name: 'plans to change to', path: '/orgs/acme/subscription/plans', user: 'owner' },
  { name: 'plan change', path: '/orgs/acme/subscription/change?plan=pro&interval=month', user: 'owner' },
  { name: 'plan change impossible', path: '/orgs/hooli/subscription/change?plan=pro&interval=month', user: 'owner' },
  { name: 'cancel', path: '/orgs/acme/subscription/cancel', user: 'owner' },
  { name: 'cancel nothing', path: '/orgs/hooli/subscription/cancel', user: 'owner' },
  { name: 'cancel again', path: '/orgs/umbrella/subscription/cancel', user: 'owner' },
  { name: 'invoices', path: '/orgs/acme/subscription/invoices', user: 'owner' },
  { name: 'invoices none', path: '/orgs/hooli/subscription/invoices', user: 'owner' },
  { name: 'checkout of nobody', path: '/orgs/hooli/subscription/done?session=cs_nobodys', user: 'owner', status: 404 },
  {
    name: 'billing contact refused',
    path: '/orgs/hooli/subscription',
    user: 'owner',
    prepare: async ({ page }) => {
      // The browser would refuse it itself.
      await page.locator('form[action="/api/change_billing_contact"]').evaluate((form: HTMLFormElement) => (form.noValidate = true));
      await page.getByLabel('E-mail').fill('nonsense');
      await page.getByRole('button', { name: 'Save contact' }).click();
      await expect(page.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'activity', path: '/orgs/acme/activity', user: 'owner' },
  { name: 'activity found', path: '/orgs/acme/activity?kind=settings&from=2020-01-01', user: 'admin' },
  { name: 'activity not found', path: '/orgs/acme/activity?who=%25', user: 'owner' },
  { name: 'settings', path: '/orgs/acme/settings', user: 'admin' },
  { name: 'settings as owner', path: '/orgs/globex/settings', user: 'owner' },
  { name: 'second factor of members', path: '/orgs/globex/settings/second-factor', user: 'owner' },
  {
    name: 'settings refused',
    path: '/orgs/acme/settings',
    user: 'owner',
    prepare: async (visitor) => {
      await visitor.page.getByLabel('Slug').fill('globex');
      await visitor.page.getByRole('button', { name: 'Save changes' }).click();
      await expect(visitor.page.getByRole('alert')).toBeVisible();
    },
  },
  { name: 'not allowed', path: '/orgs/acme/settings', user: 'member', status: 403 },
  { name: 'not found', path: '/orgs/acme', user: 'outsider', status: 404 },
  { name: 'not found signed out', path: '/no-such-page', status: 404 },
];

/** The widths pages are looked at: a phone, and a desktop. */
export const widths = [375, 1280] as const;

/** Goes there and does what shows that face. */
export async function visit(visitor: Visitor, scenario: Scenario): Promise<void> {
  const response = await visitor.open(scenario.path);
  expect(response.status(), scenario.path).toBe(scenario.status ?? 200);
  await scenario.prepare?.(visitor);
  await visitor.untilAwake();
}
