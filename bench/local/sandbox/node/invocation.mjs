// One invocation of a handler that gives its answer whole: as a promise, by callback, or not at all.

import { report, respond } from "./api.mjs";
import { logError } from "./log.mjs";
import { WITHOUT_CALLBACKS } from "./version.mjs";

function json(result) {
  try {
    return JSON.stringify(result === undefined ? null : result);
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

export class Invocation {
  #settle;
  #idle = () => {};

  constructor(requestId) {
    this.requestId = requestId;
    this.answered = false;
    /** Settled once the answer has been taken. */
    this.over = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** The event loop is empty. */
  idle() {
    this.#idle();
  }

  /** Call the handler with body as its event. */
  run(handler, body, context) {
    try {
      const event = JSON.parse(body);
      if (WITHOUT_CALLBACKS) this.#awaited(async () => handler(event, context));
      else this.#called(handler, event, context);
    } catch (error) {
      this.#fail(error);
    }
    return this.over;
  }

  #awaited(call) {
    call().then((result) => this.#succeed(result)).catch((error) => this.#fail(error));
  }

  /** A handler that neither returns a promise nor calls back has null for an answer, once there is
   * nothing left to do: whatever else it returns is ignored. */
  #called(handler, event, context) {
    this.#idle = () => this.#succeed(null);
    const done = (error, result) => {
      if (error !== undefined && error !== null) this.#fail(error);
      else this.#succeed(result);
    };
    const callback = (error, result) => {
      const waits = context.callbackWaitsForEmptyEventLoop;
      if (!waits || (error !== undefined && error !== null)) done(error, result);
      else this.#idle = () => this.#succeed(result);
    };
    const own = {
      callbackWaitsForEmptyEventLoop: true,
      succeed: (result) => done(null, result),
      fail: (error) => done(error ?? "handled"),
      done,
    };
    Object.assign(context, own);
    const result = handler(event, context, this.#once(callback));
    if (typeof result?.then === "function") {
      this.#idle = () => this.#succeed(null);
      result.then(context.succeed, context.fail).catch(context.fail);
    }
  }

  /** Only the first call counts. */
  #once(callback) {
    let called = false;
    return (...given) => {
      if (called) return;
      callback(...given);
      called = true;
    };
  }

  #succeed(result) {
    if (this.answered) return;
    const body = json(result);
    this.#answer(respond(this.requestId, body));
  }

  #fail(error) {
    if (this.answered) return;
    logError("Invoke Error", error);
    this.#answer(report(error, this.requestId));
  }

  #answer(taken) {
    this.answered = true;
    this.#idle = () => {};
    taken.then(this.#settle.resolve, this.#settle.reject);
  }
}
