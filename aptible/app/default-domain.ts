import { listAppEndpoints } from "../api/endpoint.ts";
import { withStack } from "../api/environment.ts";
import type { Context } from "../context.ts";
import { environmentNamed } from "../find.ts";

/** Domain of the default domains where a stack does not say another one (Aptible docs: default domain). */
const usualDomain = "on-aptible.com";

/**
 * The default domain of an app: of its endpoint, or where that is not there yet the name that it gets, which is made of the app's id
 * (facts/aptible.md §4.3). So an app has its own address in its first release.
 *
 * @param environment handle
 */
export async function readDefaultDomain(context: Context, environment: string, appId: number): Promise<string> {
	const endpoints = await listAppEndpoints(context.api, appId, []);
	const live = endpoints.find(({ defaultDomainEnabled }) => defaultDomainEnabled)?.defaultDomain;
	if (live !== undefined) return live;
	const { stack } = await withStack(context.api, await environmentNamed(context, environment));
	return `app-${appId}.${stack.defaultDomain ?? usualDomain}`;
}
