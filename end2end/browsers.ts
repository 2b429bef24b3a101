import { existsSync } from 'node:fs';

const find = (...files: string[]): string | undefined => files.find((file) => existsSync(file));

/** Debian's browsers where there are any. */
export const chromium = find('/usr/bin/chromium', '/usr/bin/google-chrome');
export const firefox = find('/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox');
