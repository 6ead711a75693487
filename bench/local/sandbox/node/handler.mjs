// From a handler's name to its function. `dist/index.api.get` is the export api.get of dist/index:
// the file's name ends at the first dot of the last part of the path.

import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { RuntimeError } from "./errors.mjs";
import { isStreaming } from "./stream.mjs";
import { WITHOUT_CALLBACKS } from "./version.mjs";

function parsed(name) {
  const at = name.lastIndexOf("/") + 1;
  const dot = name.indexOf(".", at);
  if (name.includes("..")) {
    throw new RuntimeError(
      "MalformedHandlerName",
      `'${name}' is not a valid handler name. Use absolute paths when specifying root ` +
        "directories in handler names.",
    );
  }
  if (dot < 0) throw new RuntimeError("MalformedHandlerName", "Bad handler");
  return { folder: name.slice(0, at), module: name.slice(at, dot), exported: name.slice(dot + 1) };
}

/** Whether a .js file is an ES module: its nearest package.json says so. */
function isModule(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if (folder.endsWith("/node_modules")) return false;
    const description = path.join(folder, "package.json");
    if (existsSync(description)) {
      try {
        return JSON.parse(readFileSync(description))?.type === "module";
      } catch (error) {
        console.warn(`${description} cannot be read, and says nothing of ES modules.`, error);
        return false;
      }
    }
    if (folder === path.dirname(folder)) return false;
  }
}

function isFile(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function loaded(root, folder, module) {
  const base = path.resolve(root, folder, module);
  const require = createRequire(pathToFileURL(path.join(root, "handler.js")));
  const found = ["", ".js", ".mjs", ".cjs"].map((suffix) => base + suffix).find(isFile);
  if (found === undefined) {
    return require(require.resolve(module, { paths: [root, path.join(root, folder)] }));
  }
  const imports = found.endsWith(".mjs") || (found.endsWith(".js") && isModule(found));
  return imports ? import(pathToFileURL(found)) : require(found);
}

async function application(root, { folder, module }) {
  try {
    return await loaded(root, folder, module);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError("UserCodeSyntaxError", error);
    if (error?.code === "MODULE_NOT_FOUND") throw new RuntimeError("ImportModuleError", error);
    throw error;
  }
}

/** The function that a name means; rejects with a RuntimeError, or with what the module threw. */
export async function handlerOf(root, name) {
  const parts = parsed(name);
  const exports = await application(root, parts);
  const find = (from) => parts.exported.split(".").reduce((at, key) => at?.[key], from);
  const found = find(exports) || (WITHOUT_CALLBACKS && find(exports?.default));
  if (!found) throw new RuntimeError("HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof found !== "function") {
    throw new RuntimeError("HandlerNotFound", `${name} is not a function`);
  }
  if (WITHOUT_CALLBACKS && found.length > 2 && !isStreaming(found)) {
    throw new RuntimeError(
      "CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with " +
        "Node.js 24. You need to modify this function to use a supported handler signature to use " +
        "Node.js 24 or later.",
    );
  }
  return found;
}
