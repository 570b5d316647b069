import type { z } from "zod";
import { metricDrainKinds } from "../wire/drain-kinds.ts";
import { adoptDrain, drainBlock } from "./drain-fields.ts";

/** Sends the load of the environment's containers to one destination; its key in the stage file begins its handle. */
export const MetricDrain = drainBlock("a metric drain", metricDrainKinds, {
	adopt: adoptDrain(),
});
export type MetricDrain = z.infer<typeof MetricDrain>;
