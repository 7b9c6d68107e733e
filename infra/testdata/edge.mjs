// Runs infra/cdn/token.js as CloudFront does. It reads {code, now, store, method, uris} from stdin and writes, for each URI, what
// the handler returned. It replaces the module `cloudfront` of CloudFront's runtime; `crypto` is Node's.
import { writeFileSync, mkdtempSync, rmSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";

const { code, now, store, method, uris } = JSON.parse(readFileSync(0, "utf8"));
const seconds = now;
Date.now = () => seconds * 1000;
globalThis.cf = {
  kvs: () => ({
    exists: async (key) => Object.hasOwn(store, key),
    get: async (key) => {
      if (!Object.hasOwn(store, key)) throw new Error("KeyNotFound");
      return store[key];
    },
  }),
};
const dir = mkdtempSync(join(tmpdir(), "edge-"));
try {
  const file = join(dir, "token.mjs");
  writeFileSync(file, code.replace(/^import cf from ["']cloudfront["'];$/m, "") + "\nexport { handler };\n");
  const { handler } = await import(file);
  const answers = [];
  for (const uri of uris) {
    answers.push(
      await handler({ version: "1.0", request: { method, uri, querystring: {}, headers: {}, cookies: {} } }),
    );
  }
  process.stdout.write(JSON.stringify(answers));
} finally {
  rmSync(dir, { recursive: true });
}
