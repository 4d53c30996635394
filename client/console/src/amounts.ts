/** The longest delay that a timer of Node.js takes, in milliseconds, about 24.8 days; a longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;
