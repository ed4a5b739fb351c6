import { describeProcessor } from '@weir/service-kit/testing/describe-processor';
import { SCENARIO } from './scenario.ts';

describeProcessor('the drift detector, dying more often', { ...SCENARIO, faultRuns: 24 });
