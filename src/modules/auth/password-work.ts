import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';

/**
 * Lets few passwords be hashed at once, for all callers together, and few wait: each takes a thread of the four that connections to the
 * database and the file system share, and 19 MiB. Anybody may send logins, and they must cost neither footage nor answers.
 */
@Injectable()
export class PasswordWork {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly config: AppConfig) {}

  /**
   * To be asked before anything else is done for a login.
   * @throws AppError `AUTH.BUSY` when `run` would refuse
   */
  checkRoom(): void {
    if (this.running < this.config.http.loginsAtOnce || this.waiting.length < this.config.http.loginsWaiting) return;
    throw new AppError({ code: 'AUTH.BUSY' });
  }

  /** Does `work` when its turn has come. @throws AppError `AUTH.BUSY` at once, when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.checkRoom();
    if (this.running < this.config.http.loginsAtOnce) this.running += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // The place passes on: nobody who comes meanwhile can take it.
      if (next) next();
      else this.running -= 1;
    }
  }
}
