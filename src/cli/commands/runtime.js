// Answers in JSON what certman asks of a Node or Bun: `list`, or `connect` and two ports (TLS 1.2, TLS 1.3).
const [question, ...ports] = process.argv.slice(1);
const fs = require("node:fs"), https = require("node:https"), tls = require("node:tls");
const answer = (object) => fs.writeSync(1, JSON.stringify(object)) && process.exit(0);

const list = () => {
  const { createHash } = require("node:crypto");
  const fingerprint = (pem) => {
    const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64");
    return createHash("sha256").update(der).digest("hex");
  };
  answer({ extra: tls.getCACertificates ? tls.getCACertificates("extra").map(fingerprint) : null });
};

// As Claude Code goes about it: two paths from the environment; the passphrase comes on standard input instead.
const connect = async () => {
  const { CLAUDE_CODE_CLIENT_CERT, CLAUDE_CODE_CLIENT_KEY } = process.env;
  const identity = {
    cert: fs.readFileSync(CLAUDE_CODE_CLIENT_CERT, "utf8"),
    key: fs.readFileSync(CLAUDE_CODE_CLIENT_KEY, "utf8"),
    passphrase: fs.readFileSync(0, "utf8") || undefined,
  };
  const throughHttps = (address) =>
    new Promise((resolve, reject) => {
      const request = https.get(address, { ...identity, agent: false, timeout: 3000 }, (response) => {
        response.resume();
        response.on("end", resolve);
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error("no answer within 3 seconds")));
      request.on("error", reject);
    });
  const throughFetch = async (address) =>
    (await fetch(address, { tls: identity, signal: AbortSignal.timeout(3000) })).text();
  const ways = process.versions.bun ? { https: throughHttps, fetch: throughFetch } : { https: throughHttps };
  const tries = [];
  for (const port of ports) {
    for (const [way, go] of Object.entries(ways)) {
      let error = null;
      try {
        await go(`https://127.0.0.1:${port}/${way}`);
      } catch (caught) {
        error = `${caught?.code ?? ""} ${caught?.message ?? caught}`.trim();
      }
      tries.push({ port: Number(port), way, error });
    }
  }
  answer({ tries });
};

(question === "list" ? async () => list() : connect)().catch((error) => answer({ error: String(error) }));
