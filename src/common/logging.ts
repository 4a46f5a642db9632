import type { LoggerService } from '@nestjs/common';
import { pino, type Logger as PinoLogger, stdSerializers } from 'pino';
import { redactor } from './redaction.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export type LogFields = Record<string, unknown>;

/** One JSON line per message on stdout; every text in it passes the redactor, so no field can carry a secret of ours out. */
export class AppLogger implements LoggerService {
  constructor(private readonly pino: PinoLogger) {}

  /** A logger whose lines carry `fields` too. */
  child(fields: LogFields): AppLogger {
    return new AppLogger(this.pino.child(fields));
  }

  info(message: string, fields: LogFields = {}): void {
    this.pino.info(fields, message);
  }

  /** NestJS calls `log(message, context)`. */
  log(message: unknown, ...rest: unknown[]): void {
    this.pino.info(fieldsOf(rest), String(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.pino.debug(fieldsOf(rest), String(message));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.pino.trace(fieldsOf(rest), String(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.pino.warn(fieldsOf(rest), String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.pino.error(fieldsOf(rest), String(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.pino.fatal(fieldsOf(rest), String(message));
  }
}

export function createLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => process.stdout.write(line),
): AppLogger {
  const stream = { write: (line: string) => write(maskLine(line)) };
  return new AppLogger(
    pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } }, stream),
  );
}

/** Texts are masked one by one, never the line: a secret may look like JSON, or like a number, and the line has to stay JSON. */
function maskLine(line: string): string {
  if (redactor.redact(line) === line) return line;
  return `${JSON.stringify(maskTexts(JSON.parse(line)))}\n`;
}

function maskTexts(value: unknown): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map(maskTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskTexts(each)]));
}

/** NestJS passes a context name or a stack; our own code passes one object of fields. */
function fieldsOf(rest: unknown[]): LogFields {
  const fields: LogFields = {};
  for (const item of rest) {
    if (item instanceof Error) fields['err'] = item;
    else if (typeof item === 'string') fields[item.includes('\n') ? 'stack' : 'context'] = item;
    else if (item && typeof item === 'object') Object.assign(fields, item);
  }
  return fields;
}

/** A failed query carries its parameters, which may be hashes and sealed passwords; a lost connection its whole client. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const hidden = new Set(['parameters', 'driverError', 'client']);
  return Object.fromEntries(Object.entries(stdSerializers.err(error)).filter(([name]) => !hidden.has(name)));
}
