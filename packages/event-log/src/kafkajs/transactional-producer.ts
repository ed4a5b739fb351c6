/** kafkajs's transactional producer with its coordinator, connections and InitProducerId in reach. */
import type { Producer as KafkaProducer } from 'kafkajs';
import {
  type Broker,
  CLUSTER_RETRY,
  type ClusterClient,
  type ClusterOptions,
  type ConnectionWatch,
  newCluster,
  newProducer,
  type ProducerIdentity,
  silentLogger,
} from './internals.ts';

/** Of FindCoordinator. */
const TRANSACTION = 1;
/** What a broker says that is not the coordinator, or not yet. */
const MOVED = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE']);

/** Under a transactional producer. */
export interface TransactionalCluster extends ClusterClient {
  /** Of the transactional id. */
  findCoordinator(): Promise<Broker>;
  /** Another broker may be it now. */
  forgetCoordinator(): void;
}

/**
 * kafkajs's transactional producer, and the cluster under it. The coordinator is kept while it is connected
 * and says that it is: kafkajs asks any broker for it before each request, and fails a transaction when that one is away.
 * @param fence sends InitProducerId, by `init`, in its own way
 */
export function createTransactionalProducer(
  options: ClusterOptions & {
    readonly transactionalId: string;
    readonly transactionTimeoutMs: number;
    readonly retry: object;
  },
  watch: ConnectionWatch,
  fence: (broker: Broker, init: () => Promise<ProducerIdentity>) => Promise<ProducerIdentity>,
): { readonly producer: KafkaProducer; readonly cluster: TransactionalCluster } {
  const { transactionalId, transactionTimeoutMs: transactionTimeout, retry } = options;
  const plain = newCluster(options, CLUSTER_RETRY);
  const find = plain.findGroupCoordinator.bind(plain);
  let coordinator: Broker | undefined;
  const findCoordinator = async (): Promise<Broker> => {
    if (coordinator?.isConnected() !== true)
      coordinator = await find({ groupId: transactionalId, coordinatorType: TRANSACTION });
    return coordinator;
  };
  const forgetCoordinator = (): void => {
    coordinator = undefined;
  };
  // kafkajs's manager of transactions takes how it tries again from its cluster, which does not say.
  const cluster = Object.assign(plain, {
    retry,
    findCoordinator,
    forgetCoordinator,
    findGroupCoordinator: findCoordinator,
  });
  const { createBroker } = plain.brokerPool;
  plain.brokerPool.createBroker = (settings) => {
    const broker = createBroker(settings);
    for (const connection of broker.connectionPool.pool) connection.watch = watch;
    const orForget = async <T>(answer: Promise<T>): Promise<T> => {
      return await answer.catch((error: { readonly type?: string }) => {
        if (MOVED.has(error.type ?? '')) forgetCoordinator();
        throw error;
      });
    };
    const initProducerId = broker.initProducerId.bind(broker);
    const addPartitionsToTxn = broker.addPartitionsToTxn.bind(broker);
    const endTxn = broker.endTxn.bind(broker);
    return Object.assign(broker, {
      initProducerId: (request: Parameters<Broker['initProducerId']>[0]) => {
        const init = (): Promise<ProducerIdentity> => initProducerId(request);
        return request.transactionalId === undefined ? init() : orForget(fence(broker, init));
      },
      addPartitionsToTxn: (request: Parameters<Broker['addPartitionsToTxn']>[0]) =>
        orForget(addPartitionsToTxn(request)),
      endTxn: (request: Parameters<Broker['endTxn']>[0]) => orForget(endTxn(request)),
    });
  };
  const logger = silentLogger();
  const producer = newProducer({ cluster, logger, retry, idempotent: true, transactionalId, transactionTimeout });
  return { producer, cluster };
}
