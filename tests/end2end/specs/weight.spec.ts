import { expect, test } from '../support/test';

/** Most bytes of script and WebAssembly together that a first visit may cost. */
const BUDGET = 60_000;

test.use({ user: 'owner' });

/** Holds for what is deployed: `cargo leptos build --release`, compressed. */
test('the first visit to an organization loads at most 60 KB of script', { tag: '@script' }, async ({ visitor, page, context }, testInfo) => {
  const browser = await context.newCDPSession(page);
  await browser.send('Network.enable');
  await browser.send('Network.setCacheDisabled', { cacheDisabled: false });
  const files = new Map<string, { name: string; encoding: string; bytes: number }>();
  browser.on('Network.responseReceived', ({ requestId, response }) => {
    const { pathname } = new URL(response.url);
    if (/\.(js|wasm)$/.test(pathname)) {
      const header = (name: string) =>
        Object.entries(response.headers).find(([known]) => known.toLowerCase() === name)?.[1];
      // Of the body, compressed: what stands above it is of the site and not of the script.
      const bytes = Number(header('content-length'));
      files.set(requestId, { name: pathname, encoding: header('content-encoding') ?? 'none', bytes });
    }
  });

  await visitor.open('/orgs/acme');
  await page.waitForLoadState('networkidle');
  const loaded = [...files.values()];
  const bytes = loaded.reduce((sum, file) => sum + file.bytes, 0);
  testInfo.annotations.push({
    type: 'transfer',
    description: `${bytes} bytes: ${loaded.map((file) => `${file.name} ${file.bytes} (${file.encoding})`).join(', ')}`,
  });
  expect(loaded.map((file) => file.name)).toContainEqual(expect.stringMatching(/\.wasm$/));
  expect(loaded.filter((file) => file.encoding === 'none'), 'what is not compressed').toEqual([]);
  expect(bytes, testInfo.annotations.at(-1)?.description).toBeLessThanOrEqual(BUDGET);
});

test('a visit without JavaScript loads none', { tag: '@plain' }, async ({ visitor, page }) => {
  const asked: string[] = [];
  page.on('requestfinished', (request) => asked.push(request.resourceType()));
  await visitor.open('/orgs/acme');
  await page.waitForLoadState('networkidle');
  expect(asked).toContain('document');
  expect(asked).not.toContain('script');
});
