// Runs every check and every test, and closes with the sum of what was counted, alone on the last line.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const REPORT = 'end2end/test-results/report.json';
fs.rmSync(REPORT, { force: true });

const NOTHING = { passed: 0, failed: 0, skipped: 0 };

/** Sums the closing lines of all test binaries that one `cargo test` ran. */
function cargoCounts(output) {
  const counts = { ...NOTHING };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    counts.skipped += Number(ignored);
  }
  return counts;
}

function playwrightCounts() {
  if (!fs.existsSync(REPORT)) return NOTHING;
  const { expected, unexpected, flaky, skipped } = JSON.parse(fs.readFileSync(REPORT, 'utf8')).stats;
  return { passed: expected, failed: unexpected + flaky, skipped };
}

// Steps that count nothing are checks: they only matter when they fail.
const steps = [
  { name: 'formatting', target: 'format' },
  { name: 'build', target: 'build-tests', needed: true },
  { name: 'types of the browser tests', target: 'lint-types' },
  { name: 'Rust tests', target: 'rust-tests', count: cargoCounts },
  { name: 'behind nginx, systemd', target: 'deploy-tests', count: cargoCounts },
  { name: 'HTTPS by ACME', target: 'acme-tests', count: cargoCounts },
  { name: 'Rust tests on MariaDB', target: 'mysql-tests', count: cargoCounts },
  { name: 'browser tests', target: 'browser-tests', count: playwrightCounts },
];

/** Runs one make target, shows its output as it comes and returns it with the exit code. */
function make(target) {
  return new Promise((resolve, reject) => {
    // Without the caller's MAKEFLAGS, whose job tokens do not reach through node.
    const child = spawn('make', ['--no-print-directory', target], {
      stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, MAKEFLAGS: '' },
    });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

const total = { ...NOTHING };
const lines = [];
for (const { name, target, needed, count } of steps) {
  console.log(`\n=== ${name} (make ${target})`);
  const started = Date.now();
  const { code, output } = await make(target);
  const counts = { ...NOTHING, ...count?.(output) };
  // A step that broke before it could count, or a suite that ran nothing, must not look like success.
  const broken = code !== 0 ? counts.failed === 0 : count !== undefined && counts.passed === 0;
  if (broken) counts.failed += 1;

  for (const kind of Object.keys(total)) total[kind] += counts[kind];
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  const verdict = count === undefined ? (broken ? 'FAILED' : 'ok') : `${counts.passed} passed, ${counts.failed} failed${skipped}`;
  lines.push(`${name.padEnd(28)} ${String(Math.round((Date.now() - started) / 1000)).padStart(4)} s  ${verdict}`);
  if (needed && code !== 0) break;
}

console.log(`\n${lines.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
