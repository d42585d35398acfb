// Bundles what the page takes from Observable Plot, and lists every bundled package with its licence.
//
//   npm ci --ignore-scripts && node vendor/build.mjs           writes charts.min.js and NOTICE.txt
//   npm ci --ignore-scripts && node vendor/build.mjs --check   fails when either differs
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

const result = await build({
  entryPoints: [join(here, "entry.js")],
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "isoflopVendor",
  target: "es2020",
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  write: false,
});

const packages = new Set();
for (const [path, input] of Object.entries(Object.values(result.metafile.outputs)[0].inputs)) {
  const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
  if (found && input.bytesInOutput > 0) packages.add(found[1]);
}
const notices = [...packages].sort().map((name) => {
  const folder = join(root, "node_modules", name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = readFileSync(join(folder, file), "utf8").trim();
  return `${name} ${about.version} (${about.license})\n\n${text}\n`;
});
const notice =
  "charts.min.js, which every page of isoflop with a chart carries, contains these packages.\n\n" +
  notices.join("\n" + "-".repeat(80) + "\n\n");

const written = { "charts.min.js": result.outputFiles[0].text, "NOTICE.txt": notice };
let stale = 0;
for (const [name, text] of Object.entries(written)) {
  const path = join(here, name);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} is not what its sources give: run node vendor/build.mjs`);
    stale += 1;
  }
}
process.exit(stale ? 1 : 0);
