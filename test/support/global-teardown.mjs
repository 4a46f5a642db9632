import { register } from 'tsx/esm/api';

const unregister = register();
const { stopServices } = await import('./services.ts');
await unregister();

export default stopServices;
