#!/usr/bin/env node
// The package is TypeScript as it stands in the repository: nothing has to be built before it runs.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli.ts');
