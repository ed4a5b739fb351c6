import { describeProcessor } from '@weir/service-kit/testing/describe-processor';
import { SCENARIO } from './scenario.ts';

// A run with deaths takes seconds, because a state with a forest is large: more of them are in processor.statistical.test.ts.
describeProcessor('the anomaly detector', { ...SCENARIO, faultRuns: 1 });
