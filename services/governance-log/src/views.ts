/** What the read side shows of a log: where it stands, and the chain of each model. Decisions are answered from the folder. */
import { toHex } from '@weir/ledger/bytes';
import { SYSTEM_MODEL } from '@weir/ledger/chain';
import type { View } from '@weir/service-kit/processor';
import type { LogState } from './state.ts';

/** All views of the log are written after each commit: with more models only halted ones have one. */
const MAX_MODELS = 2_000;

export function logViews({
  log,
  stored,
  signed,
  waiting,
  asked,
  alert,
  witnessed,
  witnessAlert,
}: LogState): readonly View[] {
  if (log === undefined) return [];
  const { origin, size, heads } = log.admission;
  const halted = [...heads].flatMap(([model, head]) =>
    head.halted === undefined ? [] : [{ model, why: head.halted }],
  );
  const state = {
    origin,
    size,
    root: toHex(log.frontier.root()),
    stored,
    signed: Math.max(stored, signed),
    waiting: waiting.length + (asked === null ? 0 : asked.size - stored),
    halted,
    alert: alert?.open.id ?? null,
    witnessed,
    witnessAlert: witnessAlert?.id ?? null,
  };
  return [
    { key: `log/${log.partition}`, json: JSON.stringify(state) },
    ...[...heads]
      .filter(([model, head]) => model !== SYSTEM_MODEL && (heads.size <= MAX_MODELS || head.halted !== undefined))
      .map(([model, { seq, leaf, owner, epoch, halted: why }]) => ({
        key: `model/${model}`,
        json: JSON.stringify({ model, log: origin, seq, leaf: toHex(leaf), owner, epoch, halted: why ?? null }),
      })),
  ];
}
