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
      await expect(visitor.page.getByRole('link', { name: visitor.hasScript ? 'Hooli' : 'All organizations' })).toBeVisible();
    },
  },
  { name: 'members', path: '/orgs/acme/members', user: 'owner' },
  { name: 'members in the middle', path: '/orgs/acme/members?page=100&sort=name', user: 'admin' },
  { name: 'members as member', path: '/orgs/acme/members', user: 'member' },
  { name: 'members found', path: '/orgs/acme/members?q=olive&role=owner', user: 'owner' },
  { name: 'members not found', path: '/orgs/acme/members?q=%25', user: 'owner' },
  { name: 'members beyond the end', path: '/orgs/acme/members?page=201', user: 'owner' },
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
  ...['acme', 'globex', 'initech', 'umbrella', 'hooli'].map(
    (slug): Scenario => ({ name: `subscription ${slug}`, path: `/orgs/${slug}/subscription`, user: 'owner' }),
  ),
  { name: 'settings', path: '/orgs/acme/settings', user: 'admin' },
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
