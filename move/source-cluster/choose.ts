/** By hand, unless the stage file names the cluster and the environment has a token for it. */
import type { Redactor } from "../../aptible/client/redact.ts";
import type { Way } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { asking } from "../switch/answer.ts";
import { ApiCluster, CLUSTER_TIMING } from "./api.ts";
import { localCounts, targetCounts } from "./counts.ts";
import { manualCluster } from "./manual.ts";
import type { MedstackAccess } from "./medstack-api.ts";
import type { SourceCluster } from "./port.ts";

/** Of production, by its documentation (facts/move.md §7). */
const API_URL = "https://api.medstack.co/v1";

/** The token in the environment: MEDSTACK_TOKEN_KEY and MEDSTACK_TOKEN_VALUE, as MedStack's UI calls its two halves. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the old cluster's services are changed by this program. */
export function isByApi({ stage }: Pick<MoveStage, "stage">, env: Environment = process.env): boolean {
	return stage.move?.from.cluster !== undefined && typeof readAccess(env) !== "string";
}

/** What a way to the services is made of. */
export interface ClusterAccess {
	/** To database `move`, in which the replicas are noted. */
	way: Way;
	/** Shows a line while it goes on. */
	tell: (line: string) => void;
	/** Ends when the person goes away. */
	signal: AbortSignal;
	redactor: Redactor;
	/** Whether nobody is asked if it is the right cluster. @default false */
	isSure?: boolean;
	/** @default process.env */
	env?: Environment;
}

/** The way to the old cluster's services. */
export function chooseCluster(
	moved: MoveStage,
	{ way, tell, signal, redactor, isSure = false, env = process.env }: ClusterAccess,
): SourceCluster {
	const cluster = moved.stage.move?.from.cluster;
	const access = readAccess(env);
	if (cluster === undefined) {
		const isGiven = env.MEDSTACK_TOKEN_VALUE !== undefined && env.MEDSTACK_TOKEN_VALUE !== "";
		const why =
			"a token of MedStack's is in the environment, and is not used: name the cluster in the stage file, as move.from.cluster";
		return manualCluster(moved, isGiven ? [why] : []);
	}
	if (typeof access === "string") return manualCluster(moved, [`MedStack's services are changed by hand: ${access}`]);
	redactor.add(access.value);
	return new ApiCluster(moved, {
		access,
		cluster,
		local: localCounts(moved),
		target: targetCounts((act) => way.look(async (session) => act(session ?? (await way.open())))),
		confirm: async (question, label) => {
			if (isSure) {
				tell(question.split("\n")[0] ?? "");
				return true;
			}
			return (await asking(false, "npm run move -- freeze --yes --stack STACK")(question)).trim() === label;
		},
		isDoneByHand: async (question) => (await asking(true, "")(question)).trim() === "done",
		tell,
		signal,
		resolve: async (name) => {
			// Loaded here alone: nothing else of a freeze asks DNS.
			const { DnsReader } = await import("../dns/reader.ts");
			return new DnsReader().addressesOf(name);
		},
		timing: CLUSTER_TIMING,
	});
}

/** @returns why there is none */
function readAccess(env: Environment): MedstackAccess | string {
	const { MEDSTACK_TOKEN_KEY: key = "", MEDSTACK_TOKEN_VALUE: value = "" } = env;
	if (key === "" || value === "") {
		const missing = [...(key === "" ? ["MEDSTACK_TOKEN_KEY"] : []), ...(value === "" ? ["MEDSTACK_TOKEN_VALUE"] : [])];
		return `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set; make a token in MedStack's UI, API Tokens`;
	}
	const text = env.MEDSTACK_API_URL || API_URL;
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const isLocal = url?.protocol === "http:" && url.hostname === "127.0.0.1";
	if (url?.protocol !== "https:" && !isLocal) {
		return `MEDSTACK_API_URL is "${text}", and the token goes over https alone; unset it, or give an address such as ${API_URL}`;
	}
	return { url: text.replace(/\/$/, ""), key, value };
}
