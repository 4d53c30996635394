import { describeIssues, exceptionFor } from '../../src/rpc/exceptions.js';

describe('Validation issues', () => {
  it.each([
    [[{ message: 'Invalid input' }], 'Invalid input'],
    [[{ message: 'too big', path: ['numbers', 1] }], 'numbers.1: too big'],
    [[{ message: 'too big', path: [{ key: 'id' }] }], 'id: too big'],
    [
      [
        { message: 'one', path: ['a'] },
        { message: 'two', path: ['b'] },
      ],
      'a: one; b: two',
    ],
  ])('%j are described as %j', (issues, text) => {
    expect(describeIssues(issues)).toBe(text);
  });

  it('are listed up to a limit', () => {
    const issues = Array.from({ length: 100_000 }, (_, place) => ({ message: 'wrong', path: [place] }));

    expect(describeIssues(issues)).toBe('0: wrong; 1: wrong; 2: wrong');
  });
});

describe('A message', () => {
  it.each(['{"event":"time"}', '{"event":"add","data":1}', '{"event":"time","more":[]}'])(
    'that is a call causes no exception: %s',
    (message) => {
      expect(exceptionFor(Buffer.from(message))).toBeUndefined();
    },
  );

  it.each<[string, string]>([
    ['', 'The message is not JSON: Unexpected end of JSON input'],
    ['hello', 'The message is not JSON: Unexpected token'],
    ['null', 'The message is not a call: Invalid input: expected object, received null'],
    ['[]', 'The message is not a call: Invalid input: expected object, received array'],
    ['{"data":1}', 'The message is not a call: event: Invalid option: expected one of "add"|"reverse"|"time"'],
    ['{"event":"toString"}', 'The message is not a call: event: Invalid option'],
    ['{"event":["time"]}', 'The message is not a call: event: Invalid option'],
  ])('that is not a call causes an exception with the reason: %s', (message, problem) => {
    expect(exceptionFor(Buffer.from(message))).toMatchObject({
      status: 'error',
      message: expect.stringContaining(problem) as string,
    });
  });

  it.each<[string, object | undefined]>([
    ['{"event":"none","data":{"id":7}}', { event: 'none', id: 7 }],
    ['{"event":"none","data":{"id":"a"}}', { event: 'none', id: 'a' }],
    ['{"event":"none","data":{"id":[]}}', { event: 'none' }],
    ['{"event":"none","data":7}', { event: 'none' }],
    ['{"event":"none"}', { event: 'none' }],
    ['{"event":1,"data":{"id":7}}', { id: 7 }],
    ['{"data":{"id":7}}', { id: 7 }],
    ['{"data":{}}', undefined],
    ['[]', undefined],
    ['null', undefined],
  ])('that is not a call keeps its event and its id: %s', (message, cause) => {
    expect(exceptionFor(Buffer.from(message))?.cause).toEqual(cause);
  });

  it.each([
    [100, { event: 'e'.repeat(100), id: 'i'.repeat(100) }],
    [101, undefined],
  ])('keeps an event and an id of up to 100 characters in its exception: %i', (length, cause) => {
    const message = { event: 'e'.repeat(length), data: { id: 'i'.repeat(length) } };

    expect(exceptionFor(Buffer.from(JSON.stringify(message)))?.cause).toEqual(cause);
  });
});
