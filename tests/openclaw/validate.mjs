// What `openclaw config validate` does, for each configuration of a directory, in one process.
//
//   node validate.mjs DIST DIRECTORY     prints {"name": [findings]}
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [dist, directory] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.join(dist, file)).href);

// The package's own files have other names in each release; what counts is the name of a function in them.
const exporting = (prefix, name) => {
  const files = fs.readdirSync(dist).filter((file) => file.startsWith(prefix) && file.endsWith(".mjs"));
  const names = new RegExp(`^export \\{[^}]*\\b${name}\\b`, "m");
  const found = files.find((file) => names.test(fs.readFileSync(path.join(dist, file), "utf8")));
  return found && load(found);
};

const { readConfigFileSnapshotWithPluginMetadata } = await load("config/config.js");
const read = () => readConfigFileSnapshotWithPluginMetadata({ observe: false, prepareValidation: "strict" });
const validation = async () => {
  const since6 = await exporting("config-cli-validation-", "finishConfigValidationForCli");
  if (since6) return async () => since6.finishConfigValidationForCli(await read());
  const until5 = await exporting("config-cli-validation-", "strictlyValidateConfigSnapshotForCli");
  if (!until5) throw new Error("this release validates by a function that is not known here");
  return async () => {
    const { snapshot, pluginMetadataSnapshot } = await read();
    return until5.strictlyValidateConfigSnapshotForCli(snapshot, pluginMetadataSnapshot);
  };
};

const validate = await validation();
const place = path.join(os.homedir(), ".openclaw", "openclaw.json");
const findings = {};
for (const name of fs.readdirSync(directory)) {
  fs.copyFileSync(path.join(directory, name), place);
  const snapshot = await validate();
  if (!snapshot.exists) throw new Error("the configuration was not read");
  findings[name] = [...(snapshot.valid ? [] : snapshot.issues), ...snapshot.warnings];
  if (!snapshot.valid && findings[name].length === 0) findings[name].push({ message: "invalid" });
}
process.stdout.write(JSON.stringify(findings));
