import type { z } from "zod";
import { optionFields } from "../wire/service-options.ts";
import { Autoscale } from "./autoscale.ts";
import { block, flag, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { containerMb, containerProfile, mostContainers } from "./sizes.ts";

/** One process type of an app: a line of its Procfile, or `cmd` (Aptible docs: services; facts/aptible.md §2.2). */
export const Service = block("a service", {
	containers: whole("containers", 0, mostContainers).default(1).register(keyDocs, {
		description: "number of containers; two or more are spread over availability zones",
		inPlace: "restart",
	}),
	containerMb: containerMb(),
	containerProfile: containerProfile(),
	autoscale: Autoscale.optional().register(keyDocs, {
		description: "autoscaling policy, in place of `containers`, or of size and profile",
	}),
	...optionFields((option) =>
		(option.type === "switch" ? flag(option.means) : whole(option.means, option.least, option.most)).register(keyDocs, {
			description: option.does,
			inPlace: "yes, from the next release on",
			otherwise: `\`${option.unset}\``,
		}),
	),
});
export type Service = z.infer<typeof Service>;
