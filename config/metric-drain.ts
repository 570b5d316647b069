import type { z } from "zod";
import { metricDrainKinds } from "../wire/drain-kinds.ts";
import { drainBlock } from "./drain-fields.ts";
import { adopt } from "./shared-fields.ts";

/** Sends the load of the environment's containers to one destination; its key in the stage file begins its handle. */
export const MetricDrain = drainBlock("a metric drain", metricDrainKinds, {
	/** Take over a drain whose handle is this name. @default false */
	adopt: adopt(),
});
export type MetricDrain = z.infer<typeof MetricDrain>;
