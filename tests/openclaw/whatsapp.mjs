// In the place of the connection that baileys, WhatsApp's library, makes to WhatsApp: `node --import` of this file. Everything above
// that is OpenClaw's own. A code comes every few seconds; when the file in WHATSAPP_SCANNED is there, somebody has scanned it.
import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { registerHooks } from "node:module";

const HERE = import.meta.url;
if (!HERE.endsWith("?socket")) {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      return resolved.url.endsWith("/baileys/lib/Socket/index.js") ? { ...resolved, url: `${HERE}?socket` } : resolved;
    },
  });
}

let codes = 0;
export default function makeWASocket({ auth }) {
  const events = new EventEmitter();
  const timer = setInterval(turn, 4000);
  function turn() {
    if (!auth.creds.me && !existsSync(process.env.WHATSAPP_SCANNED)) {
      codes += 1;
      events.emit("connection.update", { qr: `2@EXAMPLE-${codes},key,identity,secret` });
      return;
    }
    clearInterval(timer);
    auth.creds.me ??= { id: "15550001111:1@s.whatsapp.net", name: "Ada" };
    auth.creds.registered = true;
    events.emit("creds.update", auth.creds);
    events.emit("connection.update", { connection: "open" });
  }
  const stop = () => clearInterval(timer);
  const ws = Object.assign(new EventEmitter(), { close: stop, isOpen: true, isClosed: false });
  const nothing = async () => undefined;
  const sock = { ev: Object.assign(events, { process: () => stop }), ws, user: auth.creds.me, end: stop, authState: { creds: auth.creds } };
  return new Proxy(sock, { get: (of, name) => (name in of || typeof name === "symbol" || name === "then" ? of[name] : nothing) });
}
