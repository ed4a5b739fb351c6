/**
 * The anomaly detector beside its peers, by section; without one all but the last two. One setting for all streams: `anomaly-settings.md`
 * logs the runs that led to it. `WEIR_BENCH_PYTHON` names a Python with what `anomaly/requirements.txt` lists.
 *   npm run bench -- anomaly [SECTION…] [DEATHS]
 * rules F2 F3, state B5 C1 C2, delays F4, units G2, shift H1, attribution G1, fdr D5, mixed A4, wide B4, pipeline B3; on the labelled streams shuffled A1 A3 B1,
 * original A2, speed B1 B2, kept (scikit-learn), rrcf (minutes), reference D1 D3, budget D2, poison D4; only when asked for keys C3 (a gigabyte) and crashes H2 (minutes)
 */
import { cpus } from 'node:os';
import { attributionSection } from './anomaly/attribution-section.ts';
import { budgetSection, referenceSection } from './anomaly/calibration-section.ts';
import { crashSection } from './anomaly/crash-section.ts';
import { poisonSection, shiftSection } from './anomaly/drift-section.ts';
import { delaySection, unitSection } from './anomaly/faults-section.ts';
import { fdrSection } from './anomaly/fdr-section.ts';
import { mixedSection } from './anomaly/mixed-section.ts';
import { type Peer, type Peers, pythonPeer, rcfPeers } from './anomaly/peers.ts';
import { keysSection, pipelineSection, wideSection } from './anomaly/pipeline-section.ts';
import { keptSection, rrcfSection } from './anomaly/python-section.ts';
import { qualitySection, speedSection } from './anomaly/quality-section.ts';
import { rulesSection } from './anomaly/rules-section.ts';
import { stateSection } from './anomaly/state-section.ts';
import { hasStreams } from './anomaly/streams.ts';

/** A number among the arguments is that of the deaths to wait for. */
const wanted = new Set(process.argv.slice(3).filter((argument) => !Number.isInteger(Number(argument))));
const deaths = Number(process.argv.slice(3).find((argument) => Number.isInteger(Number(argument))) ?? 1_000);
const wants = (section: string): boolean => wanted.size === 0 || wanted.has(section);

process.stdout.write(`${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}\n`);
if (wants('rules')) rulesSection();
if (wants('state')) stateSection();
if (wants('delays')) delaySection();
if (wants('units')) unitSection();
if (wants('shift')) shiftSection();
if (wants('attribution')) await attributionSection();
if (wants('fdr')) fdrSection();
if (wants('mixed')) mixedSection();
if (wants('wide')) wideSection();
if (wants('pipeline')) pipelineSection();
// A gigabyte, and minutes: only when they are asked for.
if (wanted.has('keys')) keysSection();
if (wanted.has('crashes')) await crashSection(deaths);
if (!hasStreams) {
  process.stdout.write(
    '\nthe labelled streams are absent (../shared/data/anomaly/adbench): quality, speed and calibration are left out\n',
  );
  process.exit(0);
}
const needsPeers = ['shuffled', 'original', 'speed'].some(wants);
const NOT_ASKED = { rcf: 'not asked', trcf: 'not asked', hst: 'not asked' };
const peers: Peers = needsPeers ? { ...rcfPeers(), hst: pythonPeer('hst', 'HST of River') } : NOT_ASKED;
if (needsPeers)
  for (const [name, peer] of Object.entries(peers))
    if (typeof peer === 'string') process.stdout.write(`${name}: ${peer}\n`);
if (wants('shuffled')) await qualitySection(peers, 'shuffled');
if (wants('original')) await qualitySection(peers, 'original');
if (wants('speed')) await speedSection(peers);
if (wants('kept')) await keptSection();
if (wants('rrcf')) await rrcfSection();
if (wants('reference')) referenceSection();
if (wants('budget')) budgetSection();
if (wants('poison')) poisonSection();
for (const peer of Object.values(peers) as readonly (Peer | string)[]) if (typeof peer !== 'string') peer.stop();
