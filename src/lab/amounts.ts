// The grammar of the server's options. The lab takes it from this one place.
export { parseByteSize } from '../config/byte-size.js';
export { parseDuration } from '../config/duration.js';
export { parseWholeNumber } from '../config/whole-number.js';
