import { bodyOf, createHindsightClient, type RunRetentionDto } from '@hindsight/client';
import { formatRun } from './table.js';

export type CleanupBody = RunRetentionDto;

/** The service, and who asks it. */
export interface Access {
  url: string;
  username: string;
  password: string;
}

/** Lets the service delete what may go, or say what would. @returns a table for a person */
export async function runCleanup(access: Access, body: CleanupBody): Promise<string> {
  const { url: baseUrl, username, password } = access;
  const login = await bodyOf(createHindsightClient({ baseUrl }).POST('/auth/login', { body: { username, password } }));
  const api = createHindsightClient({ baseUrl, token: () => login.accessToken });
  const run = await bodyOf(api.POST('/retention/run', { body }));
  // Deleted cameras, too: they are in no other list.
  const { usage } = await bodyOf(api.GET('/storage'));
  return formatRun(run, new Map(usage.map(({ cameraId, cameraName }) => [cameraId, cameraName])));
}
