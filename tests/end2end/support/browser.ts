/** The browser and the site, as the environment names them. */
import { devices, type PlaywrightTestOptions, type PlaywrightWorkerOptions } from '@playwright/test';

/** Where the site is. */
export const site = new URL(process.env.BASE_URL ?? 'http://127.0.0.1:3000');

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
