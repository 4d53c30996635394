/** Loads under which the same servers are compared; by the name that `--only` takes. */
export const suiteTitles = {
  http: 'Echoes over http',
  https: 'Echoes over https; `ws` has no HTTP/2, so HTTP/2 is compared with `ws` over HTTP/1.1',
  broadcast: 'Broadcasts, in which all in a room hear what one says',
} as const;

export type Suite = keyof typeof suiteTitles;
