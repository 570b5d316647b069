/** What a preview says of the releases of an app that CI releases, or did until now. */
import { describeRelease, describeRunning, diffRelease, isRunning } from "../aptible/app/release.ts";
import { tellServices } from "../aptible/app/warnings.ts";
import type { AppFacts, AppSpec } from "../wire/app.ts";
import { findApp } from "./compare.ts";
import type { Snapshot } from "./snapshot.ts";

/** An app as it is declared, and as it was at the last update; nothing of that where it is taken over. */
interface Declared {
	before: AppSpec | undefined;
	after: AppSpec;
	/** What the last update has recorded. */
	previous: AppFacts | undefined;
}

/**
 * Sentences about a changed image or commit that stays undeployed, one that is deployed over what CI has released, a change of who
 * releases, and services that what runs has and the stage file has not, or the other way round.
 *
 * @param isReleased whether this run is told to deploy it
 */
export function tellReleases(
	snapshot: Snapshot,
	{ before, after, previous }: Declared,
	{ isReleased, stack }: { isReleased: boolean; stack: string },
): string[] {
	const isOfCi = after.releasedBy === "ci";
	if (!isOfCi && before?.releasedBy !== "ci") return [];
	const live = findApp(snapshot, after, previous);
	if (live === undefined || live.app.status !== "provisioned") return [];
	const { releasedBy: _, ...wanted } = after;
	const differs = diffRelease(wanted, live, previous?.release).length > 0;
	const [says, runs] = [describeRelease(after), describeRunning(live)];
	if (!isOfCi) {
		return differs ? [`from now on the stage file releases it: ${says} is deployed in place of ${runs} of CI's`] : [];
	}
	const services = tellServices(after, live);
	if (isReleased) {
		const again =
			after.registry === undefined ? "nothing is deployed" : "only other registry credentials deploy it again";
		return [
			differs ? `--release: ${says} is deployed in place of ${runs}` : `--release: ${says} runs already: ${again}`,
			...services,
		];
	}
	const isTakenOver = before?.releasedBy !== "ci";
	const isChanged = isTakenOver || JSON.stringify(sourceOf(before)) !== JSON.stringify(sourceOf(after));
	if (!isChanged) return services;
	const waits = !isRunning(after, live);
	const handle = after.handle;
	return [
		...(isTakenOver ? [`CI releases it: ${runs} runs and stays`] : []),
		...(waits
			? [
					`${says} of the stage file is not deployed: ${runs} runs, and CI releases this app. To deploy ${says} from here, once: ` +
						`npm run up -- --release ${handle} --stack ${stack}`,
				]
			: []),
		...services,
	];
}

function sourceOf({ image, git }: AppSpec): unknown[] {
	return [image, git?.commitish];
}
