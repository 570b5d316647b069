import { z } from "zod";
import { block, choice, decimal, flag, message, whole } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { autoscaledMb, mostContainers } from "./sizes.ts";

const kinds = ["horizontal", "vertical"] as const;
const kind = choice("a kind of autoscaling", kinds);
const kindDoc = {
	description: "what follows the load: the number of containers, or their size and profile",
	inPlace: "yes",
};

// Bounds and defaults: facts/aptible.md §2.4. Where the dashboard begins at 0 we do not: the Terraform provider's source says
// that 0 is valid for none of them, and leaves it out of what it sends.
const seconds = (what: string) => whole(`seconds ${what}`, 1, 3600);
const share = (what: string) => decimal(`share of the ${what}`, 0.01, 1);

const common = {
	lookbackSeconds: seconds("of metrics that are looked at").default(1800).register(keyDocs, {
		description: "metric lookback: seconds of metrics that are evaluated",
		inPlace: "yes",
	}),
	percentile: decimal("percentile of the metrics", 1, 100)
		.default(99)
		.register(keyDocs, { description: "percentile of these metrics that counts", inPlace: "yes" }),
	scaleUpCooldownSeconds: seconds("of rest after scaling up")
		.default(60)
		.register(keyDocs, { description: "cooldown after scaling up", inPlace: "yes" }),
	scaleDownCooldownSeconds: seconds("of rest after scaling down")
		.default(300)
		.register(keyDocs, { description: "cooldown after scaling down", inPlace: "yes" }),
	releaseCooldownSeconds: seconds("after a release that do not count").default(60).register(keyDocs, {
		description: "seconds after a release whose metrics do not count",
		inPlace: "yes",
	}),
};

/** The number of containers follows the CPU. Aptible's Production and Enterprise plans have it. */
export const HorizontalAutoscale = block("horizontal autoscaling", {
	kind: kind.extract(["horizontal"]).register(keyDocs, kindDoc),
	min: whole("containers", 1, mostContainers).register(keyDocs, {
		description: "fewest containers; a new service starts with them",
		inPlace: "yes",
	}),
	max: whole("containers", 1, mostContainers).register(keyDocs, { description: "most containers", inPlace: "yes" }),
	minCpu: share("CPU").register(keyDocs, {
		description: "share of the CPU below which containers are removed",
		inPlace: "yes",
	}),
	maxCpu: share("CPU").register(keyDocs, {
		description: "share of the CPU above which containers are added",
		inPlace: "yes",
	}),
	scaleUpStep: whole("containers added at a time", 1, mostContainers)
		.default(1)
		.register(keyDocs, { description: "number of containers added at a time", inPlace: "yes" }),
	scaleDownStep: whole("containers taken away at a time", 1, mostContainers)
		.default(1)
		.register(keyDocs, { description: "number of containers removed at a time", inPlace: "yes" }),
	restartFree: flag("true leaves the containers that stay alone")
		.default(false)
		.register(keyDocs, { description: "do not restart the containers that stay", inPlace: "yes" }),
	...common,
});

/** Size and profile of the containers follow their memory. Aptible's Enterprise plan has it. */
export const VerticalAutoscale = block("vertical autoscaling", {
	kind: kind.extract(["vertical"]).register(keyDocs, kindDoc),
	minMb: autoscaledMb().default(2048).register(keyDocs, {
		description: "least memory of a container, in MB; a new service starts with it, in profile `m`",
		inPlace: "yes",
		allowed: "a container size of profile `m`",
	}),
	maxMb: autoscaledMb().optional().register(keyDocs, {
		description: "most memory of a container, in MB",
		inPlace: "yes",
		otherwise: "the largest container size",
	}),
	scaleUpMemory: share("memory").default(0.9).register(keyDocs, {
		description: "share of its memory above which a container becomes larger",
		inPlace: "yes",
	}),
	scaleDownMemory: share("memory").default(0.75).register(keyDocs, {
		description: "share of its memory below which a container becomes smaller",
		inPlace: "yes",
	}),
	memoryProfileRatio: decimal("GB of memory for each CPU", 0.1, 16).default(4).register(keyDocs, {
		description: "GB of memory for each CPU above which Aptible changes to profile `r`",
		inPlace: "yes",
	}),
	computeProfileRatio: decimal("GB of memory for each CPU", 0.1, 8).default(2).register(keyDocs, {
		description: "GB of memory for each CPU below which Aptible changes to profile `c`",
		inPlace: "yes",
	}),
	...common,
});

/** Autoscaling of one service, in place of its `containers` (horizontal) or of its size and profile (vertical). */
export const Autoscale = z.discriminatedUnion("kind", [HorizontalAutoscale, VerticalAutoscale], {
	error: ({ code, input }) => {
		const isBlock = typeof input === "object" && input !== null && !Array.isArray(input);
		if (code !== "invalid_union" || !isBlock) return message("autoscaling", "a block with kind")({ input });
		return kind.safeParse((input as { kind?: unknown }).kind).error?.issues[0]?.message;
	},
});
export type Autoscale = z.infer<typeof Autoscale>;
