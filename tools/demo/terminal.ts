const tty = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
const paint = (code: number) => (text: string) => (tty ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const red = paint(31);

const LABEL_WIDTH = 44;
const TIME_WIDTH = 9;

/** Prints one line a step, with how long it took; in a terminal a running step shows what it is at. */
export class StepView {
  private live = false;

  heading(text: string): void {
    process.stdout.write(`\n  ${bold(text)}\n\n`);
  }

  async step<T>(label: string, work: () => Promise<T>, describe: (result: T) => string = () => ''): Promise<T> {
    const startedAt = performance.now();
    this.update(`${label} …`);
    try {
      const result = await work();
      this.done(label, performance.now() - startedAt, describe(result));
      return result;
    } catch (error) {
      this.clear();
      process.stdout.write(`  ${red('✘')} ${label}\n`);
      throw error;
    }
  }

  done(label: string, tookMs: number, detail = ''): void {
    this.clear();
    const time = (tookMs >= 1_000 ? `${(tookMs / 1_000).toFixed(2)} s` : `${Math.round(tookMs)} ms`).padStart(
      TIME_WIDTH,
    );
    process.stdout.write(`  ${green('✔')} ${label.padEnd(LABEL_WIDTH)}${bold(time)}   ${dim(detail)}\n`);
  }

  /** Replaces the running line; nothing where there is no terminal. */
  update(text: string): void {
    if (!tty) return;
    this.clear();
    process.stdout.write(`  ${dim('●')} ${text}`);
    this.live = true;
  }

  row(label: string, text: string): void {
    process.stdout.write(`  ${dim(label.padEnd(10))}${text}\n`);
  }

  private clear(): void {
    if (this.live) process.stdout.write('\r\u001b[2K');
    this.live = false;
  }
}
