// Connects to every address given, as a client does that is set up by these variables, and prints what
// came of it, a line each: "hello" and the subject of the client certificate that the server saw, or "failed" and why.
import { readFileSync } from "node:fs";
import https from "node:https";

const { CLAUDE_CODE_CLIENT_CERT, CLAUDE_CODE_CLIENT_KEY, CLAUDE_CODE_CLIENT_KEY_PASSPHRASE } = process.env;
const identity = CLAUDE_CODE_CLIENT_CERT && {
  cert: readFileSync(CLAUDE_CODE_CLIENT_CERT, "utf8"),
  key: readFileSync(CLAUDE_CODE_CLIENT_KEY, "utf8"),
  passphrase: CLAUDE_CODE_CLIENT_KEY_PASSPHRASE,
};

const throughHttps = (address) =>
  new Promise((resolve, reject) => {
    const request = https.get(address, { ...identity, agent: false, timeout: 10_000 }, (response) => {
      let text = "";
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new Error("no answer in 10 s")));
    request.on("error", reject);
  });
// Bun's own way, which Claude Code goes.
const throughFetch = async (address) => (await fetch(address, { tls: identity })).text();

for (const address of process.argv.slice(2)) {
  for (const connect of process.versions.bun ? [throughHttps, throughFetch] : [throughHttps]) {
    try {
      console.log((await connect(address)).trim());
    } catch (error) {
      console.log(`failed ${error.code ?? ""} ${error.message}`.replaceAll("\n", " "));
    }
  }
}
process.exit(0);
