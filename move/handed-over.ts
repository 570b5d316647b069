/** Host names that were handed over to the mover: an endpoint that is made anew has another one. */
import type { MoveSession } from "./session.ts";

/** In the journal's table of pins, beside the servers of both sides. */
const SIDE = "endpoint";

/** Notes what the file that was written last says. @param hosts by the stage's name of the database */
export async function noteHosts(session: MoveSession, hosts: ReadonlyMap<string, string>): Promise<void> {
	for (const [database, host] of hosts) {
		await session.query(
			`INSERT INTO public.pins (database, side, identity) VALUES ($1, $2, $3)
			ON CONFLICT (database, side) DO UPDATE SET identity = excluded.identity`,
			[database, SIDE, JSON.stringify({ host })],
		);
	}
}

/** Says which endpoints are not the ones that were handed over. @param live host names of the endpoints that are there */
export async function describeOtherHosts(session: MoveSession, live: ReadonlyMap<string, string>): Promise<string[]> {
	const { rows } = await session.query(
		"SELECT database, identity ->> 'host' AS host FROM public.pins WHERE side = $1",
		[SIDE],
	);
	return rows.flatMap(({ database, host }) => {
		const now = live.get(database);
		if (now === undefined || now === host) return [];
		return [
			`${database}: the endpoint is another one (${now}) than was handed over (${host}), and the mover does not get in; write the file anew, and give it to the service: npm run move -- credentials --stack STACK --replace`,
		];
	});
}
