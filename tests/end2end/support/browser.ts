/** The browser and the site, as the environment names them. */
import { devices, type PlaywrightTestOptions, type PlaywrightWorkerOptions } from '@playwright/test';

/** Where the site is. */
export const site = new URL(process.env.BASE_URL ?? 'http://127.0.0.1:3000');

/** Where the provider of sign-in is that the site offers; where it is missing, there is none. */
export const issuer = process.env.ISSUER_URL ? new URL(process.env.ISSUER_URL) : undefined;

/** Where the Stripe fake is that the site talks to; where it is missing, the site talks to Stripe. */
export const stripe = process.env.STRIPE_URL ? new URL(process.env.STRIPE_URL) : undefined;

/**
 * The system's Chromium. It runs without its sandbox, which is not available to
 * root and in most containers; the only pages it opens are ours.
 */
export const chromium: Partial<PlaywrightTestOptions & PlaywrightWorkerOptions> = {
  ...devices['Desktop Chrome'],
  baseURL: site.href,
  viewport: { width: 1280, height: 900 },
  locale: 'en-GB',
  timezoneId: 'UTC',
  launchOptions: {
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  },
};

/** What a context needs of its own that is to be signed in as nobody, whoever the file is about. */
export const nobody = { cookies: [], origins: [] };
