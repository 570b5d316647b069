import { z } from "zod";
import { block, choice, decimal, flag, message, whole } from "./fields.ts";
import { autoscaledMb } from "./sizes.ts";

const kinds = ["horizontal", "vertical"] as const;
const kind = choice("a kind of autoscaling", kinds);

// Bounds and defaults: facts/aptible.md §2.4. Where the dashboard begins at 0 we do not: the Terraform provider's source says
// that 0 is valid for none of them, and leaves it out of what it sends.
const seconds = (what: string) => whole(`seconds ${what}`, 1, 3600);
const share = (what: string) => decimal(`share of the ${what}`, 0.01, 1);

const common = {
	/** Seconds of metrics that are looked at. @default 1800 */
	lookbackSeconds: seconds("of metrics that are looked at").default(1800),
	/** Percentile of them that counts. @default 99 */
	percentile: decimal("percentile of the metrics", 1, 100).default(99),
	/** @default 60 */
	scaleUpCooldownSeconds: seconds("of rest after scaling up").default(60),
	/** @default 300 */
	scaleDownCooldownSeconds: seconds("of rest after scaling down").default(300),
	/** Seconds after a release whose metrics do not count. @default 60 */
	releaseCooldownSeconds: seconds("after a release that do not count").default(60),
};

/** The number of containers follows the CPU. Aptible's Production and Enterprise plans have it. */
export const HorizontalAutoscale = block("horizontal autoscaling", {
	kind: kind.extract(["horizontal"]),
	/** Fewest containers; what a new service starts with. */
	min: whole("containers", 1, 32),
	/** Most containers. */
	max: whole("containers", 1, 32),
	/** Share of the CPU below which containers go. */
	minCpu: share("CPU"),
	/** Share of the CPU above which containers are added. */
	maxCpu: share("CPU"),
	/** Containers added at a time. @default 1 */
	scaleUpStep: whole("containers added at a time", 1, 32).default(1),
	/** Containers taken away at a time. @default 1 */
	scaleDownStep: whole("containers taken away at a time", 1, 32).default(1),
	/** Leave the containers that stay running alone. @default false */
	restartFree: flag("true leaves the containers that stay alone").default(false),
	...common,
});

/** Size and profile of the containers follow their memory. Aptible's Enterprise plan has it. */
export const VerticalAutoscale = block("vertical autoscaling", {
	kind: kind.extract(["vertical"]),
	/** Least memory of a container in MB; what a new service starts with. @default 2048 */
	minMb: autoscaledMb().default(2048),
	/** Most memory of a container in MB. @default the largest container there is */
	maxMb: autoscaledMb().optional(),
	/** Share of its memory above which a container becomes larger. @default 0.9 */
	scaleUpMemory: share("memory").default(0.9),
	/** Share of its memory below which a container becomes smaller. @default 0.75 */
	scaleDownMemory: share("memory").default(0.75),
	/** GB of memory for each CPU above which the memory profile (`r`) is taken. @default 4 */
	memoryProfileRatio: decimal("GB of memory for each CPU", 0.1, 16).default(4),
	/** GB of memory for each CPU below which the compute profile (`c`) is taken. @default 2 */
	computeProfileRatio: decimal("GB of memory for each CPU", 0.1, 8).default(2),
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
