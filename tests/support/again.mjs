// Connects to the address given once for every line on standard input, reading certificate and key anew, and prints what
// came of it, a line each.
import { readFileSync } from "node:fs";
import https from "node:https";
import { createInterface } from "node:readline";

const { CLAUDE_CODE_CLIENT_CERT, CLAUDE_CODE_CLIENT_KEY, CLAUDE_CODE_CLIENT_KEY_PASSPHRASE } = process.env;
const connect = () =>
  new Promise((resolve, reject) => {
    const identity = {
      cert: readFileSync(CLAUDE_CODE_CLIENT_CERT, "utf8"),
      key: readFileSync(CLAUDE_CODE_CLIENT_KEY, "utf8"),
      passphrase: CLAUDE_CODE_CLIENT_KEY_PASSPHRASE,
    };
    const request = https.get(process.argv[2], { ...identity, agent: false, timeout: 10_000 }, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve(text));
    });
    request.on("timeout", () => request.destroy(new Error("no answer in 10 s")));
    request.on("error", reject);
  });

for await (const _ of createInterface({ input: process.stdin })) {
  try {
    console.log((await connect()).trim());
  } catch (error) {
    console.log(`failed ${error.code ?? ""} ${error.message}`.replaceAll("\n", " "));
  }
}
