import { describeProcessor } from '@weir/service-kit/testing/describe-processor';
import { SCENARIO } from './scenario.ts';

// A run with deaths takes seconds, because a state with a forest is large: each fault of the scene once here, more of them and more deaths in
// processor.statistical.test.ts.
describeProcessor('the anomaly detector', { ...SCENARIO, events: 2_050, minOutputs: 150, faultRuns: 1 });
