// Builds the fuzz targets of tests/fuzz, runs each for a number of executions, prints a line per target and fails when
// one crashed. Usage: fuzz.mjs PATH_OF_CARGO_FUZZ EXECUTIONS TARGETS_AT_ONCE SANITIZER [TARGET…]
// What it finds on its way stays in target/fuzz/corpus and is where the next run begins; crashes are in
// target/fuzz/artifacts, and everything libFuzzer said in target/fuzz/logs.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const [cargoFuzz, executions, lanes, sanitizer, ...chosen] = process.argv.slice(2);
if (![executions, lanes].every((it) => /^[1-9]\d*$/.test(it))) throw new Error(`no number: ${executions}, ${lanes}`);
const SEEDS = 'tests/fuzz/corpus';
const BUILT = 'target/fuzz';
const env = {
  ...process.env,
  // Whatever rust-toolchain.toml says: a stable compiler has no instrumentation for libFuzzer.
  RUSTUP_TOOLCHAIN: 'nightly',
  // A third faster without what finds mistakes that only unsafe code can make on the stack, and without the place of
  // each allocation; a crash is run again by hand.
  ASAN_OPTIONS: 'detect_odr_violation=0:detect_stack_use_after_return=0:malloc_context_size=0:quarantine_size_mb=16',
};

/** Runs a program to its end and returns what it wrote to stdout. */
function run(program, args, stdout = 'inherit') {
  const { status, error, stdout: output } = spawnSync(program, args, { env, stdio: ['ignore', stdout, 'inherit'] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  return output;
}

run(cargoFuzz, ['build', '--sanitizer', sanitizer, '--fuzz-dir', 'tests/fuzz', '--target-dir', BUILT]);
const host = /^host: (.+)$/m.exec(run('rustc', ['-vV'], 'pipe'))[1];

/** Fuzzes one target and resolves to what came of it. */
function fuzz(target) {
  const seeds = `${SEEDS}/${target}`;
  const folder = (name) => {
    const path = `${BUILT}/${name}/${target}`;
    fs.mkdirSync(path, { recursive: true });
    return path;
  };
  const largest = Math.max(...fs.readdirSync(seeds).map((name) => fs.statSync(`${seeds}/${name}`).size));
  const artifacts = folder('artifacts');
  const before = fs.readdirSync(artifacts).length;
  fs.mkdirSync(`${BUILT}/logs`, { recursive: true });
  const log = `${BUILT}/logs/${target}.log`;
  const started = performance.now();
  const child = spawn(
    `${BUILT}/${host}/release/${target}`,
    [
      `-runs=${executions}`,
      // Room for something more than there is: short inputs are fast.
      `-max_len=${Math.max(Math.ceil(1.25 * largest), 64)}`,
      '-dict=tests/fuzz/words.dict',
      '-timeout=10',
      '-print_final_stats=1',
      `-artifact_prefix=${artifacts}/`,
      // New inputs go to the first folder.
      folder('corpus'),
      seeds,
    ],
    { env, stdio: ['ignore', 'ignore', fs.openSync(log, 'w')] },
  );
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = (performance.now() - started) / 1000;
      const runs = Number(/^stat::number_of_executed_units: (\d+)$/m.exec(fs.readFileSync(log, 'utf8'))?.[1] ?? 0);
      // It stops at the first. One that left no artifact (the sanitizer itself, for instance) is one all the same.
      const crashes = code === 0 ? 0 : Math.max(1, fs.readdirSync(artifacts).length - before);
      resolve({ target, runs, perSecond: Math.round(runs / seconds), crashes, log });
    });
  });
}

const targets = chosen.length > 0 ? chosen : fs.readdirSync(SEEDS).sort();
const count = (number) => number.toLocaleString('en');
console.log(`${'target'.padEnd(22)} ${'executions'.padStart(14)} ${'per second'.padStart(12)} ${'crashes'.padStart(8)}`);
let crashed = 0;
let next = 0;
async function lane() {
  while (next < targets.length) {
    const { target, runs, perSecond, crashes, log } = await fuzz(targets[next++]);
    const row = [target.padEnd(22), count(runs).padStart(14), count(perSecond).padStart(12), String(crashes).padStart(8)];
    console.log(row.join(' ') + (crashes > 0 ? `  see ${log}` : ''));
    crashed += crashes;
  }
}
await Promise.all(Array.from({ length: Math.min(Number(lanes), targets.length) }, lane));
process.exitCode = crashed > 0 ? 1 : 0;
