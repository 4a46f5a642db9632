import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHindsightClient, type HindsightClient } from '@hindsight/client';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

export interface ServiceOptions {
  /** Over the environment of this process; `undefined` removes a variable. */
  env: Record<string, string | undefined>;
  username?: string;
  /** A function is asked after the start; unset: what the first start on an empty DATA_DIR prints. */
  password?: string | (() => string);
  /** The program to run, from the project's folder; default `dist/main.js`. */
  entry?: string;
  /** Its working folder, in which it looks for `.env`; default: the project's. */
  cwd?: string;
  /** Everything it writes also goes here, as it comes. */
  logFile?: string;
}

export interface ServiceExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ApiAnswer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface ApiRequest {
  body?: unknown;
  headers?: Record<string, string>;
  /** Default: the administrator's. */
  token?: string | null;
}

/** The built service (`dist/main.js`) as a child process, driven over HTTP alone: for the demo, the tests and the benchmarks. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private token = '';
  private output = '';
  private firstPassword: string | undefined;
  private exit: Promise<ServiceExit> = Promise.resolve({ code: null, signal: null });
  baseUrl = '';

  constructor(private readonly options: ServiceOptions) {}

  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    await service.start();
    return service;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Everything it has written, log lines and all. */
  get log(): string {
    return this.output;
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts it (again) and waits until it is ready and this process is logged in. */
  async start(): Promise<void> {
    const env = Object.fromEntries(
      Object.entries({ ...process.env, ...this.options.env }).filter(([, value]) => value !== undefined),
    );
    const child = spawn(process.execPath, [resolve(ROOT, this.options.entry ?? 'dist/main.js')], {
      cwd: this.options.cwd ?? ROOT,
      env: env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    // 'close' comes after the last output, 'exit' may come before it.
    this.exit = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
    const from = this.output.length;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => this.take(text));
    }
    this.baseUrl = await this.waitFor(
      () => /"url":"(http[^"]+)"/.exec(this.output.slice(from))?.[1]?.replace('[::1]', '127.0.0.1'),
      START_TIMEOUT_MS,
    );
    await this.login();
  }

  private take(text: string): void {
    this.output += text;
    if (this.options.logFile !== undefined) appendFileSync(this.options.logFile, text);
    this.firstPassword ??= /First start: log in as ".*" with the password (\S+)/.exec(this.output)?.[1];
  }

  async login(): Promise<void> {
    const { username = 'admin', password = this.firstPassword } = this.options;
    const { body } = await this.request<{ accessToken?: string }>('POST', '/auth/login', {
      body: { username, password: typeof password === 'function' ? password() : password },
      token: null,
    });
    this.token = body.accessToken ?? '';
  }

  get accessToken(): string {
    return this.token;
  }

  /** Its API, typed by the document. `request` and `call` are for what the document does not allow. */
  get api(): HindsightClient {
    return createHindsightClient({ baseUrl: this.baseUrl, token: () => this.token });
  }

  async request<T = Record<string, unknown>>(
    method: string,
    path: string,
    { body, headers, token }: ApiRequest = {},
  ): Promise<ApiAnswer<T>> {
    const bearer = token === undefined ? this.token : token;
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as T };
  }

  /** The answer's body; throws when the status is not a success. */
  async call<T = Record<string, unknown>>(method: string, path: string, request: ApiRequest = {}): Promise<T> {
    const { status, body } = await this.request<T>(method, path, request);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Asks again until `probe` gives something. */
  async waitFor<T>(probe: () => T | undefined | Promise<T | undefined>, timeoutMs = 30_000): Promise<T> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const found = await probe();
      if (found !== undefined) return found;
      if (!this.running) throw new Error(`the service ended: ${this.output.slice(-2_000)}`);
      if (Date.now() > deadlineMs)
        throw new Error(`nothing within ${timeoutMs} ms; the service's last words: ${this.output.slice(-2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** A drained end (SIGKILL: a sudden one); resolves when the process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<ServiceExit> {
    if (this.running) this.child?.kill(signal);
    return this.exit;
  }
}
