/** What `weir dev` shows: alerts as lines that stay, and one line of progress below them that is drawn over. */
import { decode } from '@weir/events/codec';
import type { AlertRaised } from '@weir/events/generated/events';
import type { Output } from '@weir/service-kit/processor';
import type { CommandIo } from '../../output.ts';

const REDRAW_MS = 500;
const CLEAR = '\r\u001b[K';

export class Screen {
  readonly #io: CommandIo;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  sent = 0;
  folded = 0;
  #raised = 0;
  #resolved = 0;
  eventTimeMs = 0;

  constructor(io: CommandIo) {
    this.#io = io;
    this.#timer = io.interactive ? setInterval(() => this.#draw(), REDRAW_MS) : undefined;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  say(text: string): void {
    this.#clear();
    this.#io.out(`${text}\n`);
  }

  complain(text: string): void {
    this.#clear();
    this.#io.err(`${text}\n`);
  }

  alert({ value, id }: Output, url: string): void {
    const { name, event } = decode(value);
    const { summary, eventTimeMs, sinceMs } = event as AlertRaised;
    const isRaised = name === 'AlertRaised';
    if (isRaised) this.#raised += 1;
    else this.#resolved += 1;
    const mark = isRaised ? 'ALERT   ' : 'resolved';
    this.say(
      `${minute(eventTimeMs)}  ${mark}  ${summary}, ${isRaised ? 'since' : 'away from it since'} ${minute(sinceMs)}`,
    );
    this.say(`${' '.repeat(28)}${url}/v1/alerts/${id}`);
  }

  summary(): string {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    return `${this.folded} events folded, ${this.#alerts}, ${seconds.toFixed(1)} s`;
  }

  get #alerts(): string {
    const raised = `${this.#raised} ${this.#raised === 1 ? 'alert' : 'alerts'} raised`;
    return this.#resolved === 0 ? raised : `${raised}, ${this.#resolved} resolved`;
  }

  #draw(): void {
    const perSecond = this.sent / ((performance.now() - this.#startedMs) / 1_000);
    const day = this.eventTimeMs === 0 ? 'training on January' : new Date(this.eventTimeMs).toISOString().slice(0, 10);
    this.#io.err(`${CLEAR}${day}  ${this.sent} events sent, ${Math.round(perSecond)}/s, ${this.#alerts}`);
  }

  #clear(): void {
    if (this.#io.interactive) this.#io.err(CLEAR);
  }
}

function minute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}
