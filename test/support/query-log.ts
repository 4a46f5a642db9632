import { AbstractLogger } from 'typeorm';

export interface Statement {
  sql: string;
  parameters: unknown[];
}

/**
 * A whole logger for a DataSource, which keeps the statements that are sent. TypeORM also tells it that the server ended a connection: the pool's
 * `end` resolves before its connections are closed, and the database may be dropped in between.
 */
export class QueryLog extends AbstractLogger {
  private statements: Statement[] = [];

  override logQuery(sql: string, parameters: unknown[] = []): void {
    this.statements.push({ sql, parameters });
  }

  /** What was sent since it was last asked. */
  take(): Statement[] {
    return this.statements.splice(0);
  }

  protected override writeLog(): void {}
}
