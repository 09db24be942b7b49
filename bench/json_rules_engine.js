// Reads {rules, payloads} and writes {seconds, met}: the time for one event, and all rules met.
const { Engine } = require("json-rules-engine");

const OPERATORS = {
  "text.is": "equal", "text.is_not": "notEqual", "text.is_one_of": "in",
  "number.at_least": "greaterThanInclusive",
  "text.contains": "holds", "text.starts_with": "startsWith", "text.ends_with": "endsWith",
};

function condition({ path, test, value }) {
  const operator = path.includes("[*]") ? "contains" : OPERATORS[test];
  return { fact: "payload", path, operator, value };
}

async function main(given) {
  const engine = new Engine();
  engine.addOperator("holds", (found, wanted) => found.includes(wanted));
  engine.addOperator("startsWith", (found, wanted) => found.startsWith(wanted));
  engine.addOperator("endsWith", (found, wanted) => found.endsWith(wanted));
  for (const all of given.rules) {
    engine.addRule({ conditions: { all: all.map(condition) }, event: { type: "met" } });
  }
  let met = 0;
  const started = process.hrtime.bigint();
  for (const payload of given.payloads) {
    met += (await engine.run({ payload })).events.length;
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9 / given.payloads.length;
  process.stdout.write(JSON.stringify({ seconds, met }));
}

main(JSON.parse(require("fs").readFileSync(0, "utf8")));
