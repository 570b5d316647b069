import type { z } from "zod";
import { Autoscale } from "./autoscale.ts";
import { block, flag, whole } from "./fields.ts";
import { containerMb, containerProfile } from "./sizes.ts";

/** One process type of an app: a line of its Procfile, or `cmd` (Aptible docs: services; facts/aptible.md §2.2). */
export const Service = block("a service", {
	/** 0 stops it; the dashboard goes to 32 (facts/aptible.md §2.1). @default 1 */
	containers: whole("containers", 0, 32).default(1),
	/** Memory of each container in MB. @default 1024 */
	containerMb: containerMb(),
	/** @default "m" */
	containerProfile: containerProfile(),
	/** In place of `containers` (horizontal) or of size and profile (vertical). @default none */
	autoscale: Autoscale.optional(),
	/** Start new containers before the old ones go, where no endpoint does so anyway (facts/aptible.md §2.3). @default false */
	forceZeroDowntime: flag("true starts new containers before the old ones go").default(false),
	/** Health check of `forceZeroDowntime`: up for 30 s, instead of the image's HEALTHCHECK. @default false */
	simpleHealthCheck: flag("true asks only that a container stays up for 30 s").default(false),
	/** Leave running containers alone when their number changes. @default false */
	restartFreeScaling: flag("true leaves running containers alone when their number changes").default(false),
	/** Seconds between SIGTERM and SIGKILL when a release stops a container. @default 10 */
	stopTimeoutSeconds: whole("seconds", 1, 900).default(10),
});
export type Service = z.infer<typeof Service>;
