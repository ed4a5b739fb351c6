import { expect, test } from 'vitest';
import { Episodes } from '../src/episodes.ts';
import { StateReader } from '../src/state/state-reader.ts';
import { StateWriter } from '../src/state/state-writer.ts';

const SETTINGS = { quietBelow: 3, hold: 4 };
const changesOf = (strengths: readonly number[], episodes = new Episodes(SETTINGS)): string[] =>
  strengths.map((strength, position) => episodes.add(position, strength, strength > 5));

test('one anomaly that fills a shingle is one alert, from onset to end', () => {
  const episodes = new Episodes(SETTINGS);
  const changes = changesOf([1, 6, 8, 7, 6, 4, 1, 1, 1, 1, 1], episodes);
  expect(changes.filter((change) => change !== 'none')).toEqual(['opened', 'peak', 'closed']);
  expect(episodes.current).toEqual({ onset: 1, peak: 2, strength: 8, peaks: 1, end: 5 });
});

test('a second anomaly three steps after the first is a second peak, also when it is lower', () => {
  for (const second of [6, 9]) {
    const episodes = new Episodes(SETTINGS);
    const changes = changesOf([1, 7, 1, 1, second, 1, 1, 1, 1], episodes);
    expect(changes).toEqual(['none', 'opened', 'none', 'none', 'peak', 'none', 'none', 'none', 'closed']);
    expect(episodes.current).toMatchObject({ onset: 1, peaks: 2, peak: second === 9 ? 4 : 1, end: 4 });
  }
});

test('after an episode has ended, the next alarm is a new alert', () => {
  const changes = changesOf([6, 1, 1, 1, 1, 1, 6]);
  expect(changes).toEqual(['opened', 'none', 'none', 'none', 'closed', 'none', 'opened']);
});

test('restored at any cut, an episode goes on', () => {
  const strengths = [1, 6, 8, 2, 7, 4, 1, 1, 1, 1, 6, 1];
  const whole = changesOf(strengths);
  for (let cut = 0; cut < strengths.length; cut += 1) {
    const before = new Episodes(SETTINGS);
    const found = changesOf(strengths.slice(0, cut), before);
    const writer = new StateWriter();
    before.write(writer);
    const kind = { id: 9, name: 'test', version: 1, oldest: 1 };
    const after = new Episodes(SETTINGS);
    after.read(new StateReader(writer.finish(kind), kind));
    for (const [i, strength] of strengths.slice(cut).entries()) found.push(after.add(cut + i, strength, strength > 5));
    expect(found).toEqual(whole);
  }
});
