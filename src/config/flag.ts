import { parsed } from './option-values.js';

const flags: Record<string, boolean> = { true: true, false: false };

/** `true` or `false`, in any case. */
export const flag = parsed((text) => flags[text.toLowerCase()], 'true or false');
