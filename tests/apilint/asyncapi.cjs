// Parses an AsyncAPI document and prints all that the parser finds in it. Ends with status 1 if it finds anything.
const { Parser, fromFile } = require("@asyncapi/parser");

async function main(file) {
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  for (const d of diagnostics) {
    console.error(`${file}:${d.range.start.line + 1}: ${d.message} (${d.code})`);
  }
  if (!document || diagnostics.length > 0) {
    process.exitCode = 1;
  } else {
    console.log(`${file}: valid`);
  }
}

main(process.argv[2]);
