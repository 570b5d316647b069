import pg from "pg";

/** Runs SQL on a server: statements by `;`, in one transaction unless they say otherwise. */
export async function execute(url: string, sql: string): Promise<void> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		await client.query(sql);
	} finally {
		await client.end();
	}
}
