import type { z } from "zod";
import { block, whole } from "./fields.ts";
import { containerMb, containerProfile } from "./shared-fields.ts";

/** One process type of an app: a line of its Procfile, or `cmd` (Aptible docs: services; facts/aptible.md §2.2). */
export const Service = block("a service", {
	/** 0 stops it; the dashboard goes to 32 (facts/aptible.md §2.1). @default 1 */
	containers: whole("containers", 0, 32).default(1),
	/** Memory of each container in MB. @default 1024 */
	containerMb: containerMb(),
	/** @default "m" */
	containerProfile: containerProfile(),
});
export type Service = z.infer<typeof Service>;
