import { encode, layOutJson, type Format } from '../../../../client/page/composer/encode.js';

function bytes(...values: number[]): ArrayBuffer {
  return Uint8Array.from(values).buffer;
}

describe('A message', () => {
  it.each<[Format, string, unknown]>([
    ['text', ' a\nb ', ' a\nb '],
    ['json', '{ "a": 1 }', '{ "a": 1 }'],
    ['hex', '', bytes()],
    ['hex', '48 65 6C', bytes(0x48, 0x65, 0x6c)],
    ['hex', '48656c', bytes(0x48, 0x65, 0x6c)],
    ['hex', '0x48, 0X65;\n6c:00', bytes(0x48, 0x65, 0x6c, 0)],
    ['base64', '', bytes()],
    ['base64', '/+8=', bytes(0xff, 0xef)],
    ['base64', '_-8', bytes(0xff, 0xef)],
    ['base64', 'SGVs\nbG8=', bytes(0x48, 0x65, 0x6c, 0x6c, 0x6f)],
  ])('with the format %s and the input "%s" is encoded', (format, input, data) => {
    expect(encode(format, input)).toEqual({ data });
  });

  it.each<[Format, string, string]>([
    ['json', '{a: 1}', 'The message is not JSON.'],
    ['json', '', 'The message is not JSON.'],
    ['hex', '4g', '"g" is not a hexadecimal digit.'],
    ['hex', '486', '3 hexadecimal digits do not make whole bytes'],
    ['base64', 'SGV*', '"*" at this place is not Base64.'],
    ['base64', 'SG=V', '"=" at this place is not Base64.'],
    ['base64', 'SGVsb', '5 characters do not make whole bytes of Base64'],
  ])('with the format %s and the input "%s" is refused with a reason', (format, input, problem) => {
    expect(encode(format, input)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('The JSON formatter', () => {
  it.each([
    [
      '{"a":[1,{"b":"x, y: {}"}],"c":{},"d":[]}',
      '{\n  "a": [\n    1,\n    {\n      "b": "x, y: {}"\n    }\n  ],\n  "c": {},\n  "d": []\n}',
    ],
    ['12345678901234567890', '12345678901234567890'],
    ['"\\"{"', '"\\"{"'],
  ])('keeps every token of %s unchanged', (input, expected) => {
    expect(layOutJson(input, 'lines')).toEqual({ data: expected });
    expect(layOutJson(expected, 'compact')).toEqual({ data: input });
  });

  it('explains the fault of invalid input', () => {
    expect(layOutJson('{', 'lines')).toEqual({ problem: expect.stringContaining('The message is not JSON.') });
  });
});
