// Makes target/site out of the compiled browser bundle, style/main.css and public/, in the layout and
// with the hashed names of cargo-leptos' `hash-files`. The program gets it inside when it is built after
// this, told by target/site.key that it has changed. Usage: node .tools/site.mjs PATH_OF_BINDGEN
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import esbuild from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const NAME = 'saoma';
const WASM = 'target/wasm32-unknown-unknown/wasm-release/saoma.wasm';
const STYLE = 'style/main.css';
// Of the merchant's pages alone.
const ADMIN_STYLE = 'style/admin.css';
const PUBLIC = 'public';
const BUNDLE = 'target/bundle';
const NEXT = 'target/site.next';
const SITE = 'target/site';
const bindgen = process.argv[2];

// Exactly what rustc 1.95 compiles for: wasm-opt must neither refuse these nor use newer ones.
const WASM_FEATURES = [
  'bulk-memory', 'bulk-memory-opt', 'call-indirect-overlong', 'multivalue', 'mutable-globals',
  'nontrapping-float-to-int', 'reference-types', 'sign-ext',
];
// They make the file smaller, but more than that harder to compress. Measured on our bundle, as sent with
// brotli: untouched 111 KB, -Oz 113 KB, -Oz without these 107 KB.
const ADVERSE_PASSES = ['inlining-optimizing', 'local-cse', 'merge-similar-functions'];
// Fonts and raster images are compressed by their own format.
const COMPRESSIBLE = /\.(css|html|ico|js|json|svg|txt|wasm|webmanifest|xml)$/;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
const files = (dir) => fs.readdirSync(dir, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.join(entry.parentPath, entry.name))
  .sort();
/** Names a state of input files by their content: times of files tell too little after a checkout. */
const keyOf = (...inputs) => sha256(inputs.map((file) => `${file} ${sha256(fs.readFileSync(file))}`).join('\n'));

const bundleKey = keyOf(bindgen, WASM, '.tools/site.mjs', '.tools/package-lock.json');
const siteKey = sha256(bundleKey + keyOf(STYLE, ADMIN_STYLE, ...files(PUBLIC)));
if (fs.existsSync(SITE) && read(`${SITE}.key`) === siteKey) process.exit();

if (read(`${BUNDLE}.key`) !== bundleKey) {
  for (const made of [`${BUNDLE}.key`, BUNDLE]) fs.rmSync(made, { recursive: true, force: true });
  bundle();
  fs.writeFileSync(`${BUNDLE}.key`, bundleKey);
}

if (fs.existsSync(`${PUBLIC}/pkg`)) throw new Error('public/pkg would be mixed up with the bundle');
fs.rmSync(NEXT, { recursive: true, force: true });
fs.cpSync(PUBLIC, NEXT, { recursive: true });
fs.mkdirSync(`${NEXT}/pkg`, { recursive: true });
const hashes = {
  js: emit('js', fs.readFileSync(`${BUNDLE}/${NAME}.min.js`)),
  wasm: emit('wasm', fs.readFileSync(`${BUNDLE}/${NAME}.opt.wasm`)),
  css: emit('css', style(STYLE)),
};
emit('css', style(ADMIN_STYLE), 'admin');
await Promise.all(files(NEXT).filter((file) => COMPRESSIBLE.test(file)).map(compress));

// The folder is swapped as a whole, so nothing of the last build stays behind.
fs.rmSync(SITE, { recursive: true, force: true });
fs.renameSync(NEXT, SITE);
fs.writeFileSync(`${SITE}.key`, siteKey);
report();

/** Writes a file under its hashed name and returns the hash. */
function emit(extension, bytes, name = NAME) {
  const hash = sha256(bytes).slice(0, 20);
  fs.writeFileSync(`${NEXT}/pkg/${name}.${hash}.${extension}`, bytes);
  return hash;
}

/** The slow part: the loader script and the small wasm out of what cargo compiled. */
function bundle() {
  execFileSync(bindgen, [WASM, BUNDLE, NAME], { stdio: 'inherit' });
  // Bundled, because the snippets of crates are modules of their own, under names without a hash.
  esbuild.buildSync({
    entryPoints: [`${BUNDLE}/${NAME}.js`], outfile: `${BUNDLE}/${NAME}.min.js`, bundle: true, minify: true,
    format: 'esm', target: 'es2022', legalComments: 'none', logLevel: 'warning',
  });
  execFileSync('.tools/node_modules/.bin/wasm-opt', [
    '-Oz', ...ADVERSE_PASSES.map((pass) => `--skip-pass=${pass}`),
    '--mvp-features', ...WASM_FEATURES.map((feature) => `--enable-${feature}`),
    `${BUNDLE}/${NAME}_bg.wasm`, '-o', `${BUNDLE}/${NAME}.opt.wasm`,
  ], { stdio: 'inherit' });
}

function style(file) {
  const { code, warnings } = esbuild.transformSync(fs.readFileSync(file, 'utf8'), {
    loader: 'css', minify: true, legalComments: 'none', logLevel: 'warning', sourcefile: file,
  });
  // Browsers skip what they cannot parse, so a slip would only show on the page.
  if (warnings.length > 0) throw new Error(`${file}: ${warnings.length} warning(s)`);
  return code;
}

/** Writes .br and .gz beside a file where that saves anything. */
async function compress(file) {
  const bytes = fs.readFileSync(file);
  const params = {
    [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
    [zlib.constants.BROTLI_PARAM_LGWIN]: 24,
    [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const packed = {
    br: await promisify(zlib.brotliCompress)(bytes, { params }),
    gz: await promisify(zlib.gzip)(bytes, { level: 9 }),
  };
  for (const [extension, small] of Object.entries(packed)) {
    if (small.length < bytes.length) fs.writeFileSync(`${file}.${extension}`, small);
  }
}

function report() {
  for (const [extension, hash] of Object.entries(hashes)) {
    const file = `${SITE}/pkg/${NAME}.${hash}.${extension}`;
    const sent = fs.existsSync(`${file}.br`) ? `${file}.br` : file;
    const [bytes, brotli] = [file, sent].map((each) => fs.statSync(each).size.toLocaleString('en'));
    console.log(`${file}  ${bytes} bytes, ${brotli} as sent with brotli`);
  }
}
