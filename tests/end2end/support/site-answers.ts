/** Runs before all tests: one clear sentence instead of a failure per test. */
import { site } from './browser';

export default async function siteAnswers(): Promise<void> {
  const status = await fetch(new URL('/readyz', site)).then(
    (response) => response.status,
    () => 'nothing',
  );
  if (status !== 200) {
    throw new Error(`Orghub does not answer at ${site.href} (${status}). Start it with \`cargo xtask run\`, or set BASE_URL.`);
  }
}
