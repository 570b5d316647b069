import type { AppFacts, AppSpec, Release } from "../../wire/app.ts";
import type { Difference } from "../../wire/difference.ts";
import { type App, type AppSettings, readApp, readAppSettings } from "../api/app.ts";
import { type AppLocator, type ConfigChanges, type DeploySource, deploy, setConfig } from "../cli/app.ts";
import type { Context, OperationObject } from "../context.ts";
import { startingCount } from "./service-start.ts";
import { findMissingServices } from "./services.ts";
import type { ResolvedValues } from "./values.ts";

/** What an app runs, and is set to run. */
export interface LiveRelease {
	app: App;
	settings: AppSettings;
}

/**
 * How what an app runs differs from the declared image or commit; what CI has released differs from nothing. `last` is what was
 * released last from here.
 */
export function diffRelease(
	spec: Pick<AppSpec, "image" | "git" | "releasedBy">,
	{ app, settings }: LiveRelease,
	last: Release | undefined,
): Difference[] {
	const field = spec.git === undefined ? "image" : "git.commitish";
	const declared = spec.git?.commitish ?? spec.image ?? "none";
	const shown = gitRefOf(app) ?? settings.image ?? "none";
	const differs = (live: string) => [{ field, declared, live }];
	if (app.status !== "provisioned") return differs("none");
	if (spec.releasedBy === "ci") return [];
	// An image beside a commit is a companion repository, which Aptible has refused since 2025-11-03.
	if (settings.image !== spec.image) return differs(shown);
	if (last !== undefined && isStillReleased(app, last)) {
		if (last.image === spec.image && last.commitish === spec.git?.commitish) return [];
		return differs(last.commitish ?? last.image ?? "none");
	}
	if (app.lastDeploy?.status === "failed") return differs(`${shown}, whose deploy failed`);
	return spec.git === undefined || isSameCommit(gitRefOf(app), spec.git.commitish) ? [] : differs(shown);
}

/**
 * How what runs differs from what was released just now: the operation is over, so that only what is shown counts. Aptible may show
 * a branch as the commit that it stands for, and another image or commit may be CI's next release.
 */
export function diffReleased(spec: AppSpec, { app, settings }: LiveRelease): Difference[] {
	const { image, git, releasedBy } = spec;
	const shown = gitRefOf(app);
	if (releasedBy === "ci" && (settings.image ?? shown) !== undefined) return [];
	const runs = (live: string) => [
		{ field: git === undefined ? "image" : "git.commitish", declared: git?.commitish ?? image ?? "none", live },
	];
	if (settings.image !== image) return runs(settings.image ?? shown ?? "none");
	if (git === undefined || isSameCommit(shown, git.commitish)) return [];
	return shown !== undefined && isCommit(shown) && !isCommit(git.commitish) ? [] : runs(shown ?? "none");
}

/**
 * What an app is set to, with `hidden` for credentials that the recorded release had, and of which nothing is shown though nobody
 * released anything since: an empty answer may as well be what a token gets that may not see them.
 */
export function markHiddenSettings({ app, settings }: LiveRelease, previous: AppFacts | undefined): AppSettings {
	const { ownsRegistry, release: last } = previous ?? {};
	if (settings.registry !== undefined || ownsRegistry !== true || last === undefined) return settings;
	return isStillReleased(app, last) ? { ...settings, registry: "hidden" } : settings;
}

/** Whether nobody released anything since, for Aptible takes back what a failed operation did (Aptible docs: operations). */
function isStillReleased({ lastDeploy: operation }: App, last: Release): boolean {
	return operation?.status === "failed" || operation?.id === last.operationId;
}

/** Whether the registry's credentials on Aptible are from here, so that they may be removed. */
export function ownsRegistry(
	{ registry, releasedBy }: AppSpec,
	{ settings: { registry: live } }: LiveRelease,
	isDeployed: boolean,
	previous: AppFacts | undefined,
): boolean {
	if (isDeployed) return registry !== undefined;
	const didOwn = previous?.ownsRegistry === true;
	if (registry === undefined || releasedBy === "ci") return didOwn && live !== undefined;
	// Credentials that were not sent, nor seen, wait for the run that sees that there are none.
	return didOwn || live !== "hidden";
}

/** Whether the registry's credentials differ. What the token may not see counts as different, for only a deploy makes sure. */
export function diffRegistry(
	declared: ResolvedValues["registry"],
	live: AppSettings["registry"],
	isOurs: boolean,
): Difference[] {
	const shown = live === undefined ? "none" : live === "hidden" ? "hidden" : "other credentials";
	if (declared === undefined) {
		return isOurs && live !== undefined ? [{ field: "registry", declared: "none", live: shown }] : [];
	}
	const same =
		live !== undefined &&
		live !== "hidden" &&
		live.username === declared.username &&
		live.password === declared.password;
	return same ? [] : [{ field: "registry", declared: "as in the stage file", live: shown }];
}

/**
 * Credentials that are a reason to deploy: declared ones where there are none, and other ones where the stage file says so. Else other ones
 * are none, as those of some registries are good for half a day only (Amazon ECR), and a restart every night would be the price: a
 * deploy that has another reason carries them. Nor are any of an app that CI releases, with credentials of its own.
 */
export function findRegistryReasons(
	{ registry, releasedBy }: Pick<AppSpec, "registry" | "releasedBy">,
	{ settings }: Pick<LiveRelease, "settings">,
	values: ResolvedValues,
): Difference[] {
	if (registry === undefined || releasedBy === "ci") return [];
	const isReason = settings.registry === undefined || registry.deployOnChange === true;
	return isReason ? diffRegistry(values.registry, settings.registry, true) : [];
}

/** Why an app has to be deployed; nothing where it has not. */
export function findDeployReasons(
	spec: AppSpec,
	live: LiveRelease,
	{ values, previous }: { values: ResolvedValues; previous: AppFacts | undefined },
): Difference[] {
	return [...diffRelease(spec, live, previous?.release), ...findRegistryReasons(spec, live, values)];
}

/**
 * Releases what differs, in one operation: image or commit, credentials and config together in a deploy, config alone in a
 * configure. Does nothing where nothing differs.
 *
 * @returns what was released; undefined where nothing was
 */
export async function release(
	context: Context,
	{ spec, locator, object }: { spec: AppSpec; locator: AppLocator; object: OperationObject },
	live: LiveRelease & { services: readonly { service: string }[] },
	{ values, changes, previous }: { values: ResolvedValues; changes: ConfigChanges; previous: AppFacts | undefined },
): Promise<"deploy" | "configure" | undefined> {
	if (findDeployReasons(spec, live, { values, previous }).length > 0) {
		const registry = diffRegistry(values.registry, live.settings.registry, previous?.ownsRegistry === true);
		const isAttached = gitRefOf(live.app) !== undefined || previous?.release?.commitish !== undefined;
		const source: DeploySource = {
			...(spec.git === undefined
				? { image: spec.image, detach: isAttached }
				: { commitish: spec.git.commitish, image: live.settings.image === undefined ? undefined : "" }),
			registry: registry.length === 0 ? undefined : (values.registry ?? { username: "", password: "" }),
		};
		const fresh = findMissingServices(spec, live.services).flatMap((name) => spec.services[name] ?? []);
		const sending = {
			doing: `deploying ${spec.git === undefined ? spec.image : describeRelease(spec)}`,
			carries: {
				type: "deploy",
				image: spec.image,
				commit: spec.git?.commitish,
				keys: Object.keys(changes),
				containerCount: startingCount(fresh),
			},
		};
		const send = () => deploy(context.cli, locator, source, changes, startingCount(fresh));
		const advise = (log: string) => adviseDeploy(spec, live.app, log);
		if (spec.releasedBy !== "ci") {
			await context.operate(object, sending, send, advise);
			return "deploy";
		}
		const isReleased = () => isReleasedByNow(context, spec, object.id);
		const plan = async () => ((await isReleased()) ? undefined : { ...sending, send });
		if (await context.operateIfDue(object, plan, advise)) return "deploy";
		context.progress(`app "${spec.handle}": CI has released it meanwhile, so that nothing is deployed from here`);
	}
	const count = Object.keys(changes).length;
	if (count === 0) return undefined;
	const isRemoval = Object.values(changes).every((value) => value === "");
	const doing = `${isRemoval ? "removing" : "setting"} ${count} config ${count === 1 ? "key" : "keys"}`;
	await context.operate(object, { doing, carries: { type: "configure", keys: Object.keys(changes) } }, () =>
		setConfig(context.cli, locator, changes),
	);
	return "configure";
}

/** Whether CI has released an app since it was found without a release. */
async function isReleasedByNow({ api }: Context, spec: AppSpec, appId: number): Promise<boolean> {
	const app = await readApp(api, appId);
	return diffRelease(spec, { app, settings: await readAppSettings(api, app) }, undefined).length === 0;
}

/** What was released last, for the facts: from here, or by somebody else as declared; of an app of CI what it has released. */
export function releaseOf(
	spec: AppSpec,
	{ app, settings }: LiveRelease,
	last: Release | undefined,
	isDeployed: boolean,
): Release | undefined {
	const operation = app.lastDeploy;
	if (operation === undefined || operation.status === "failed") return last;
	if (spec.releasedBy === "ci" && !isDeployed) {
		const { image, digest } = settings;
		return last?.operationId === operation.id
			? last
			: { operationId: operation.id, image, commitish: gitRefOf(app), digest };
	}
	return {
		operationId: operation.id,
		image: spec.image,
		commitish: spec.git?.commitish,
		digest: spec.image === undefined ? undefined : settings.digest,
	};
}

/** What a stage file says is to run, in words. */
export function describeRelease({ image, git }: Pick<AppSpec, "image" | "git">): string {
	return git === undefined ? `image ${image ?? "none"}` : `commit ${git.commitish}`;
}

/** What an app runs, likewise. */
export function describeRunning({ app, settings }: LiveRelease): string {
	const commitish = settings.image === undefined ? gitRefOf(app) : undefined;
	return describeRelease({ image: settings.image, git: commitish === undefined ? undefined : { commitish } });
}

/** Whether an app runs what a stage file says, as far as Aptible shows it. */
export function isRunning({ image, git }: Pick<AppSpec, "image" | "git">, { app, settings }: LiveRelease): boolean {
	return settings.image === image && (git === undefined || isSameCommit(gitRefOf(app), git.commitish));
}

/** An image or commit that waits until a run is told to deploy it. */
export function tellWaiting(spec: AppSpec, live: LiveRelease): string[] {
	if (isRunning(spec, live)) return [];
	const [says, runs] = [describeRelease(spec), describeRunning(live)];
	return [`CI has released ${runs}, which stays; ${says} of the stage file waits for --release`];
}

/** Tags that move by custom: what one stood for when Aptible pulled it is what runs. */
const movingTag = /:(latest|main|master|develop|dev|edge|nightly|stable|staging|prod|production)$/;

/** What can be known of a tag that moves: not what it stands for now, which only its registry knows, but what runs. */
export function warnOfTag(image: string | undefined, now: Release | undefined, last: Release | undefined): string[] {
	if (image === undefined || image.includes("@")) return [];
	const pinned = now?.digest === undefined ? "a digest" : `${image}@${now.digest}, which runs`;
	const tag = movingTag.exec(image)?.[1];
	const moved =
		last?.image === image && last.digest !== undefined && now?.digest !== undefined && last.digest !== now.digest;
	return [
		...(moved
			? [
					`the tag of ${image} has moved: it was ${last.digest} when it was released before; to keep one, name ${pinned}`,
				]
			: []),
		...(tag === undefined
			? []
			: [
					`the tag "${tag}" of ${image} moves, and a later push to it is neither seen nor deployed; name a release's tag, or ` +
						`${pinned}`,
				]),
	];
}

/** What was built from git, if the release is from git; `--git-detach` leaves a commit of zeros. */
export function gitRefOf(app: App): string | undefined {
	const ref = app.lastDeploy?.gitRef ?? "";
	return /^0*$/.test(ref) ? undefined : ref;
}

/** Aptible may show a commit at full length, and a branch under its full name. */
function isSameCommit(ref: string | undefined, commitish: string): boolean {
	if (ref === undefined) return false;
	if (isCommit(commitish) && ref.startsWith(commitish)) return true;
	return ref.replace(/^refs\/heads\//, "") === commitish.replace(/^refs\/heads\//, "");
}

function isCommit(ref: string): boolean {
	return /^[0-9a-f]{7,40}$/.test(ref);
}

function adviseDeploy({ git }: AppSpec, app: App, log: string): string | undefined {
	const advice: string[] = [];
	if (/\bbefore_(deploy|release)\b/.test(log)) {
		const file = git === undefined ? "/.aptible/.aptible.yml in the image" : ".aptible.yml in the repository";
		const kept = app.status === "provisioned" ? "the release before it runs on" : "nothing was released";
		advice.push(
			`A command under before_deploy (${file}) failed, so ${kept}. What the commands did to a database stays done: see that ` +
				"they can run again, then fix them and release that.",
		);
	}
	if (git !== undefined) {
		const remote = app.gitRemote || "REMOTE";
		advice.push(
			`Aptible builds only what was pushed to it: git push ${remote} ${git.commitish}:refs/heads/BRANCH, with any branch ` +
				"but master and main, which would deploy at once.",
		);
	}
	return advice.length === 0 ? undefined : advice.join("\n");
}
