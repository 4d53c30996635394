import { defineTests } from './suite.mjs';

defineTests({ test, beforeAll, afterAll });
