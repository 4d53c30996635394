import { FRAME_FAULTS, type FrameFaultName } from './frame-faults.js';
import { duration, hex, words } from './grammars.js';
import { many, one, type LabParameter } from './lab-parameter.js';

/** The parameters of the first frames, in the order in which they are applied. */
export const FRAME_PARAMETERS = {
  tell: one(words('request', 'connections'), {
    group: 'frames',
    description: 'the first message is JSON: the request as received, or the number of connections to the lab',
    example: 'request',
  }),
  frame: many(hex, {
    group: 'frames',
    description: 'sends these bytes as they are',
    example: 'c103616263',
    rfc: 'RFC 6455 5.2',
  }),
  fault: many(words(...(Object.keys(FRAME_FAULTS) as FrameFaultName[])), {
    group: 'frames',
    description: 'sends frames that break or strain the protocol; the table of faults describes them',
    example: 'utf8-invalid',
    rfc: 'RFC 6455 5',
  }),
  pace: one(duration, {
    group: 'frames',
    description: 'waits this long before each frame and fault',
    example: '500ms',
    needs: ['frame', 'fault'],
  }),
} as const satisfies Record<string, LabParameter>;
