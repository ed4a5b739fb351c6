import { describeProcessor } from '../src/testing/describe-processor.ts';
import { COUNTER_SCENARIO } from './counter.ts';

describeProcessor('the counter', COUNTER_SCENARIO);
