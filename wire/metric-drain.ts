import type { z } from "zod";
import { drainFields } from "./drain.ts";
import { drainSpec, metricDrainKinds } from "./drain-kinds.ts";

/** A metric drain: sends the load of an environment's containers to one destination. Nothing of it changes in place. */
export const MetricDrainSpec = drainSpec(metricDrainKinds, drainFields);
export type MetricDrainSpec = z.infer<typeof MetricDrainSpec>;
