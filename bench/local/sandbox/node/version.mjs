// What AWS's client does differently from one runtime to the next.

const [, major] = /^AWS_Lambda_nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? "") ?? [];

/** From nodejs24.x on handlers have no callback, and what they return counts, promise or not. */
export const WITHOUT_CALLBACKS = Number(major) >= 24;
