// The servers that playwright.config.ts starts. What one test does to a server as a whole must not reach
// another test, so whatever needs other settings or faults of the platform has a server of its own.
const host = (port: number): string => `http://127.0.0.1:${port}`;

/** A second name of a shop, which only the browser of these tests knows. */
export const ALIAS = 'shop-alias.test';

export const shops = {
  /** The usual one, without a limit on orders. */
  usual: host(3117),
  /** Its platform misbehaves on demand; only faults.spec.ts goes there. */
  faulty: host(3118),
  /** Orders can be paid for one minute. */
  hurried: host(3119),
  /** One order a minute for each address; every shopper may say which address is theirs. */
  limited: host(3120),
  /** Its products get pictures, and it looks of its own. */
  pictured: host(3122),
  /** Is at an https address, and opened under another name over http. */
  aliased: `http://${ALIAS}:3121`,
};
