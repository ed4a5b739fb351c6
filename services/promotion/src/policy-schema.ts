/** The schema of the policies that this service keeps. */
import { policySchema } from '@weir/bandit/policy-schema';
import { DRIVEN } from './registrations.ts';
import { METRICS } from './reward.ts';

export const POLICY_SCHEMA: Readonly<Record<string, unknown>> = policySchema({ metrics: METRICS, actuators: DRIVEN });
