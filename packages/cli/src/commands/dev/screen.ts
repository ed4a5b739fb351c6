/** What `weir dev` shows: outputs as lines that stay, and one line of progress below them that is drawn over. */
import type { CommandIo } from '../../output.ts';
import { minute, type ShownOutput } from './shown-output.ts';

const REDRAW_MS = 500;
const CLEAR = '\r\u001b[K';
const MARK_WIDTH = 8;
/** Alerts and resolutions of one service on one day of event time that are shown; the rest is counted. Decisions are always shown. */
const LINES_A_DAY = 6;
/** Columns below which text is not broken. */
const LEAST_WIDTH = 30;
const DAY_CHARACTERS = 'YYYY-MM-DD'.length;

interface Day {
  readonly day: string;
  shown: number;
  more: number;
}

export class Screen {
  readonly #io: CommandIo;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  /** Of the services' names; 0 when there is one, which need not be named. */
  readonly #nameWidth: number;
  readonly #processed = new Map<string, number>();
  readonly #counts = { alert: 0, resolution: 0, decision: 0 };
  readonly #days = new Map<string, Day>();
  sent = 0;
  eventTimeMs = 0;

  constructor(io: CommandIo, services: readonly string[]) {
    this.#io = io;
    this.#timer = io.interactive ? setInterval(() => this.#draw(), REDRAW_MS) : undefined;
    this.#nameWidth = services.length < 2 ? 0 : Math.max(...services.map(({ length }) => length)) + 2;
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

  processed(service: string, records: number): void {
    this.#processed.set(service, (this.#processed.get(service) ?? 0) + records);
  }

  output(service: string, { eventTimeMs, mark, text, path, counts }: ShownOutput, url: string): void {
    if (counts !== undefined) this.#counts[counts] += 1;
    const name = this.#nameWidth === 0 ? '' : service.padEnd(this.#nameWidth);
    if (
      counts !== undefined &&
      mark !== 'DECISION' &&
      !this.#isShown(service, minute(eventTimeMs).slice(0, DAY_CHARACTERS), name, url)
    )
      return;
    const head = `${minute(eventTimeMs)}  ${mark.padEnd(MARK_WIDTH)}  ${name}`;
    const lines = linesOf(text, (this.#io.columns ?? Number.POSITIVE_INFINITY) - head.length);
    if (path !== undefined) lines.push(`${url}${path}`);
    this.say(lines.map((line, index) => (index === 0 ? head : ' '.repeat(head.length)) + line).join('\n'));
  }

  /** False beyond the lines of a day; the first line of another day says how many there were. */
  #isShown(service: string, day: string, name: string, url: string): boolean {
    const last = this.#days.get(service);
    if (last?.day === day) {
      if (last.shown === LINES_A_DAY) last.more += 1;
      else last.shown += 1;
      return last.more === 0;
    }
    if (last !== undefined && last.more > 0) {
      const head = `${last.day.padEnd('YYYY-MM-DDTHH:mm'.length)}  ${''.padEnd(MARK_WIDTH)}  ${name}`;
      this.say(`${head}… and ${last.more} more that day: ${url}/v1/alerts`);
    }
    this.#days.set(service, { day, shown: 1, more: 0 });
    return true;
  }

  /** Events that the service which got furthest has processed, and what came of them. */
  summary(): string {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const events = Math.max(0, ...this.#processed.values());
    return `${events} events processed, ${this.#found}, ${seconds.toFixed(1)} s`;
  }

  get #found(): string {
    const { alert, resolution, decision } = this.#counts;
    return [
      `${alert} ${alert === 1 ? 'alert' : 'alerts'} raised`,
      ...(resolution === 0 ? [] : [`${resolution} resolved`]),
      ...(decision === 0 ? [] : [`${decision} ${decision === 1 ? 'decision' : 'decisions'}`]),
    ].join(', ');
  }

  #draw(): void {
    const perSecond = this.sent / ((performance.now() - this.#startedMs) / 1_000);
    const day = this.eventTimeMs === 0 ? 'training on January' : new Date(this.eventTimeMs).toISOString().slice(0, 10);
    this.#io.err(`${CLEAR}${day}  ${this.sent} events sent, ${Math.round(perSecond)}/s, ${this.#found}`);
  }

  #clear(): void {
    if (this.#io.interactive) this.#io.err(CLEAR);
  }
}

/** Broken between words, so that no line is longer than `width` unless a word is, or the width too small to read. */
function linesOf(text: string, width: number): string[] {
  if (width < LEAST_WIDTH) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
