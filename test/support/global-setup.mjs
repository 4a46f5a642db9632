import { register } from 'tsx/esm/api';

// Jest loads this file itself, without its transforms.
const unregister = register();
const { startServices } = await import('./services.ts');
await unregister();

export default startServices;
