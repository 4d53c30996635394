import { pseudoHeaderOf, tellable, type LabRequest } from '../../../src/lab/peer/lab-request.js';

const request = {
  headers: { cookie: 'id=secret', authorization: 'Basic secret', 'x-other': 'other' },
  rawHeaders: ['Cookie', 'id=secret', 'Authorization', 'Basic secret', 'X-Other', 'other'],
  cookies: { id: 'secret' },
  authority: 'Lab.example:5000',
} as unknown as LabRequest;

describe('A request', () => {
  it.each([undefined, 'http://lab.example:5000', 'https://lab.example:5000'])(
    'from the origin %s is told',
    (origin) => {
      expect(tellable({ ...request, origin })).toEqual({ ...request, origin });
    },
  );

  it.each(['http://evil.example', 'http://lab.example:3000', 'null', 'not an origin'])(
    'from the origin %s is told without its secrets',
    (origin) => {
      const told = tellable({ ...request, origin });

      expect(JSON.stringify(told)).not.toContain('secret');
      expect(told).toMatchObject({ headers: { 'x-other': 'other' }, cookies: { id: expect.any(String) } });
    },
  );
});

it.each([
  [[':method', 'CONNECT', 'x-a', ':method'], 'CONNECT'],
  [['x-a', ':method', 'x-b', 'y'], undefined],
])('The pseudo-header :method of %j is %j', (rawHeaders, value) => {
  expect(pseudoHeaderOf({ rawHeaders }, ':method')).toBe(value);
});
