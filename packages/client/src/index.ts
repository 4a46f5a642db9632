import createFetchClient, { type Client } from 'openapi-fetch';
import type { paths } from './openapi.js';

export type * from './openapi.js';

/** Every operation of the API, by method and path: `client.GET('/playbacks/{id}', { params: { path: { id } } })`. */
export type HindsightClient = Client<paths>;

/** What a call resolves to. It rejects only when there is no answer. */
export type Answer<T> =
  { data: T; error?: never; response: Response } | { data?: never; error: unknown; response: Response };

export interface HindsightClientOptions {
  /** Like `http://localhost:3000`. */
  baseUrl: string;
  /** The `accessToken` of a login. It is asked for before each call, so that it may change. */
  token?: () => string;
}

/** An answer that is no success. */
export class HindsightError extends Error {
  override readonly name = 'HindsightError';
  readonly status: number;

  constructor(
    { url, status }: Response,
    /** A `Problem`, unless something between here and the service has answered. */
    readonly body: unknown,
  ) {
    super(`${new URL(url).pathname} answered ${status}: ${JSON.stringify(body)}`);
    this.status = status;
  }
}

export function createHindsightClient({ baseUrl, token }: HindsightClientOptions): HindsightClient {
  const client = createFetchClient<paths>({ baseUrl });
  client.use({
    onRequest({ request }) {
      const bearer = token?.();
      if (bearer && !request.headers.has('Authorization')) request.headers.set('Authorization', `Bearer ${bearer}`);
    },
  });
  return client;
}

/** The body of a success. @throws HindsightError when the answer is none */
export async function bodyOf<T>(answer: Answer<T> | Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw new HindsightError(response, error);
  return data as T;
}
