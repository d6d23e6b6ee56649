/** The Stripe fake behind the site: its pages as a buyer meets them, and its controls. */
import { expect, type Page } from '@playwright/test';

import { stripe } from './browser';
import type { Visitor } from './visitor';

/** What one checkout made. */
export interface Bought {
  /** Stripe's session. */
  session: string;
}

/** Waits until the browser has come to the fake's checkout, and says which. */
export async function atCheckout(page: Page): Promise<Bought> {
  await expect(page).toHaveURL(/\/checkout\/cs_[^/]+$/);
  expect(new URL(page.url()).host, 'it is a page of Stripe’s').toBe(stripe!.host);
  return { session: page.url().split('/').pop()! };
}

/** Goes from the subscription page of an organization to the checkout of a plan by the month. */
export async function toCheckout(visitor: Visitor, slug: string, plan: 'Pro' | 'Ultra'): Promise<Bought> {
  const { page } = visitor;
  await visitor.open(`/orgs/${slug}/subscription`);
  await visitor.follow(page.getByRole('link', { name: 'Choose a plan' }));
  await expect(page).toHaveURL(`/orgs/${slug}/subscription/plans`);
  const offer = page.getByRole('region', { name: plan });
  await offer.getByRole('button', { name: / a month$/ }).click();
  return atCheckout(page);
}

/** The same, paid, and back on the subscription page. */
export async function buy(visitor: Visitor, slug: string, plan: 'Pro' | 'Ultra'): Promise<Bought> {
  const { page } = visitor;
  const bought = await toCheckout(visitor, slug, plan);
  await page.getByRole('button', { name: /^(Pay|Start trial)$/ }).click();
  await comeBack(visitor, slug);
  return bought;
}

/** From the page where Stripe sends a buyer back to, on to the subscription. */
export async function comeBack(visitor: Visitor, slug: string): Promise<void> {
  const { page } = visitor;
  await expect(page).toHaveURL(new RegExp(`/orgs/${slug}/subscription/done\\?session=cs_`));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Thank you');
  await visitor.untilAwake();
  await visitor.follow(page.getByRole('link', { name: 'Open the subscription' }));
  await expect(page).toHaveURL(`/orgs/${slug}/subscription`);
}

/** Opens the subscription page until it shows that, as somebody does who waits for news. */
export async function untilStatus(visitor: Visitor, slug: string, status: string): Promise<void> {
  await expect(async () => {
    await visitor.open(`/orgs/${slug}/subscription`);
    await expect(visitor.page.locator('[data-plan]')).toHaveAttribute('data-status', status, { timeout: 100 });
  }).toPass();
}

/** Asks the fake's API for something, as a program with a key. */
async function ask(page: Page, method: string, path: string, data?: unknown): Promise<Record<string, unknown>> {
  const response = await page.request.fetch(new URL(path, stripe).href, {
    method,
    headers: { authorization: 'Bearer sk_test_browser' },
    ...(data === undefined ? {} : { data }),
  });
  expect(response.ok(), `${method} ${path}: ${response.status()}`).toBe(true);
  const text = await response.text();
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

/** The id of the subscription that came of a checkout. */
export async function subscriptionOf(page: Page, { session }: Bought): Promise<string> {
  const { subscription } = await ask(page, 'GET', `/v1/checkout/sessions/${session}`);
  return typeof subscription === 'string' ? subscription : (subscription as { id: string }).id;
}

/** Ends a subscription at once, as somebody at Stripe would. */
export async function endNow(page: Page, bought: Bought): Promise<void> {
  await ask(page, 'DELETE', `/v1/subscriptions/${await subscriptionOf(page, bought)}`);
}

/** Changes a subscription beyond what the API allows; an event announces it. */
export async function change(page: Page, bought: Bought, to: Record<string, unknown>): Promise<void> {
  await ask(page, 'POST', `/control/subscriptions/${await subscriptionOf(page, bought)}`, to);
}

/** Founds an organization that had its trial, so that what it buys is paid for at once. */
export async function foundWithoutTrial(visitor: Visitor): Promise<string> {
  const { slug } = await visitor.found();
  const bought = await buy(visitor, slug, 'Pro');
  await endNow(visitor.page, bought);
  await untilStatus(visitor, slug, 'canceled');
  return slug;
}
