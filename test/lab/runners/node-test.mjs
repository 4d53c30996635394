import { after, before, test } from 'node:test';
import { defineTests } from './suite.mjs';

defineTests({ test, beforeAll: before, afterAll: after });
