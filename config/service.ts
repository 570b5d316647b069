import type { z } from "zod";
import { optionFields } from "../wire/service-options.ts";
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
	/** How it is released. */
	...optionFields((option) =>
		option.type === "switch" ? flag(option.means) : whole(option.means, option.least, option.most),
	),
});
export type Service = z.infer<typeof Service>;
