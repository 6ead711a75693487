// How an error is told to the Runtime API and in the log: shapes and names of AWS's own client.

/** An error of the runtime's own; its type is `Runtime.` and the name. */
export class RuntimeError extends Error {
  constructor(name, cause) {
    super(String(cause));
    this.name = `Runtime.${name}`;
  }
}

function isError(value) {
  return ["name", "message", "stack"].every((key) => typeof value?.[key] === "string");
}

/** What a caller gets. */
export function payloadOf(error) {
  try {
    if (!isError(error)) {
      return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
    }
    return {
      errorType: error.name,
      errorMessage: error.message,
      trace: error.stack.split("\n"),
    };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or " +
        "more of its message, name, and stack",
    };
  }
}

/** What the log has of it: also what the error carries beyond an error's usual properties. */
export function loggedForm(error) {
  const expand = (_, value) =>
    value instanceof Error
      ? {
          errorType: value.name,
          errorMessage: value.message,
          code: value.code,
          ...value,
          stack: String(value.stack).split("\n"),
        }
      : value;
  try {
    return JSON.stringify(error, expand);
  } catch {
    return JSON.stringify(payloadOf(error));
  }
}
