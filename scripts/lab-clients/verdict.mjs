/**
 * What a client did, in the words of the table.
 *
 * @param {import('./behaviours.mjs').Behaviour} behaviour
 * @param {object} outcome what the client told
 * @param {import('../../dist/src/lab/lab-server.js').ClientClose | undefined} close what the lab saw of it
 */
export function describeOutcome(behaviour, outcome, close) {
  if (outcome.died) {
    return 'its process ends';
  }
  if (outcome.blocked) {
    return 'its process is blocked';
  }
  const parts = [];
  if (outcome.opened) {
    parts.push(`open${outcome.subprotocol ? ` (${outcome.subprotocol})` : ''}`);
    if (outcome.cannot) {
      parts.push(outcome.cannot);
    }
    if (outcome.messages > 0) {
      parts.push(`${counted(outcome.messages, 'message')} of ${counted(outcome.bytes, 'byte')}`);
    }
    if (outcome.pongs > 0) {
      parts.push(counted(outcome.pongs, 'pong'));
    }
  }
  if (outcome.hangs) {
    parts.push(outcome.opened ? (behaviour.action === 'close' ? 'waits for the close' : 'stays open') : 'waits');
  } else if (outcome.code !== undefined && outcome.code !== null) {
    parts.push(`${outcome.code}${outcome.reason ? ` "${shortened(outcome.reason)}"` : ''}`);
  }
  if (outcome.error) {
    parts.push(`error "${shortened(outcome.error)}"`);
  }
  if (!outcome.hangs && close?.by === 'close-frame') {
    parts.push(close.code === undefined ? 'sent an empty close frame' : `sent ${close.code}`);
  }
  return parts.join(', ') || 'ends without an error';
}

/**
 * Whether the client breaks the MUST of the behaviour.
 *
 * @param {import('./behaviours.mjs').Behaviour} behaviour
 */
export function breaksMust({ must }, outcome, close) {
  if (outcome.died || outcome.blocked) {
    return must !== undefined;
  }
  switch (must) {
    case 'open':
      return !outcome.opened;
    case 'refuse':
      return outcome.opened;
    case 'fail':
      return outcome.messages > 0 || outcome.hangs;
    case 'deliver':
      return outcome.messages === 0;
    case 'pong':
      return !(close?.received.pongs > 0);
    case 'reply':
      return close?.by !== 'close-frame';
    default:
      return false;
  }
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** One line of Markdown, without the URL, which the row has. */
function shortened(text) {
  const line = String(text)
    .replaceAll(/'?wss?:\/\/[^\s',)]*'?/g, '…')
    .replaceAll(/\s+/g, ' ')
    .replaceAll('|', '/')
    .replaceAll('`', "'")
    .replaceAll('<', '&lt;')
    .trim();
  return line.length > 70 ? `${line.slice(0, 69)}…` : line;
}
