/** Takes samples of programs in turns, so that what else the machine does touches all of them alike. */

/** Samples of each program from this many rounds; one round before them warms the disk's cache and is not counted. */
export async function inTurns<Program, Sample>(
	programs: readonly Program[],
	rounds: number,
	take: (program: Program) => Promise<Sample>,
): Promise<Map<Program, Sample[]>> {
	const samples = new Map<Program, Sample[]>(programs.map((program) => [program, []]));
	for (let round = 0; round <= rounds; round += 1) {
		for (const program of programs) {
			const sample = await take(program);
			if (round > 0) samples.get(program)?.push(sample);
		}
	}
	return samples;
}

/** The middle one of some numbers; undefined where there are none. */
export function median(values: readonly number[]): number | undefined {
	return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
