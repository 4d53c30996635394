import { createFilter, type FilterSettings } from '../../../../client/page/log/filter.js';
import type { LogEntry } from '../../../../client/page/log/log-entry.js';

const text: LogEntry = { kind: 'message', time: 0, from: 'Client', data: 'Hello 42', size: 8 };
const binary: LogEntry = {
  kind: 'message',
  time: 0,
  from: 'Server',
  data: Uint8Array.from([0x48, 0x69]).buffer,
  size: 2,
};
const notice: LogEntry = { kind: 'notice', time: 0, text: 'Connection opened', note: 'ws://a' };
const all = [text, binary, notice];

const everything: FilterSettings = { pattern: '', from: '', kind: '' };

describe('A filter', () => {
  it.each<[Partial<FilterSettings>, LogEntry[]]>([
    [{ pattern: 'hello \\d+' }, [text]],
    [{ pattern: '^Hi$' }, [binary]],
    [{ pattern: '48 69' }, [binary]],
    [{ pattern: 'WS://' }, [notice]],
    [{ pattern: 'i' }, [binary, notice]],
    [{ from: 'Client' }, [text]],
    [{ from: 'Server' }, [binary]],
    [{ kind: 'text' }, [text]],
    [{ kind: 'binary' }, [binary]],
    [{ kind: 'notice' }, [notice]],
    [{ pattern: 'Hello', from: 'Server' }, []],
  ])('%j shows only the matching entries', (settings, expected) => {
    const filter = createFilter({ ...everything, ...settings });

    expect(typeof filter === 'function' && all.filter(filter)).toEqual(expected);
  });

  it('without settings is not a filter', () => {
    expect(createFilter(everything)).toBeUndefined();
  });

  it('explains the fault of its pattern', () => {
    expect(createFilter({ ...everything, pattern: '(' })).toEqual({ problem: expect.stringContaining('Unterminated') });
  });
});
