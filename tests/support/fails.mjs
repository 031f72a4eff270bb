// Asks for an address, and shows what went wrong as the runtime shows an error: fails.mjs ADDRESS [CERTIFICATE KEY [PASSPHRASE]].
// A certificate and its key are loaded first, as every client does.
import { readFileSync } from "node:fs";
import https from "node:https";
import tls from "node:tls";

const [address, certificate, key, passphrase] = process.argv.slice(2);
const identity = certificate && { cert: readFileSync(certificate), key: readFileSync(key), passphrase };
try {
  if (identity) tls.createSecureContext(identity);
  if (identity || process.versions.bun === undefined && !process.env.NODE_USE_ENV_PROXY) {
    await new Promise((resolve, reject) =>
      https.get(address, { ...identity, agent: false }, (response) => response.resume().on("end", resolve)).on("error", reject),
    );
  } else {
    await (await fetch(address)).text();
  }
} catch (error) {
  console.error(error);
}
process.exit(0);
