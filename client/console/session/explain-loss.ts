import { LARGEST_MESSAGE } from '../option-values.js';

/** What ended a connection, in words that fit behind "The connection was lost: ". */
export function explainLoss({ code, message }: NodeJS.ErrnoException): string {
  return code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    ? `a message came that is larger than the ${LARGEST_MESSAGE / 1024 ** 2} MiB that this client takes`
    : message;
}
