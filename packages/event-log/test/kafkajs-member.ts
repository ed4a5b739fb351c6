/**
 * A member of a group in a process of its own, to be stopped and killed: `node kafkajs-member.ts BROKERS TOPIC SESSION_MS`.
 * Tells on a line each what it was assigned, that it was lost, and whether a commit of offsets was taken.
 */
import { createKafkaLog } from '../src/kafkajs/log.ts';

const [brokers = '', topic = '', session = ''] = process.argv.slice(2);
const log = createKafkaLog({
  brokers: brokers.split(','),
  clientId: 'member',
  ...(session === '' ? {} : { sessionTimeoutMs: Number(session) }),
});
const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
const group = await log.joinGroup({
  groupId: topic,
  topics: [topic],
  onAssignment: async (assignment) => tell(assignment),
  onLost: () => tell({ isLost: true }),
});
setInterval(() => {
  void group.commitOffsets([{ topic, partition: 0, offset: 0n }]).then((isTaken) => tell({ isTaken }));
}, 50);
process.once('SIGTERM', () => void log.close().then(() => process.exit(0)));
// It must not outlive the test.
process.stdin.resume().once('end', () => process.exit(1));
