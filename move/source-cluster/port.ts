/** MedStack's services around a freeze: what runs in the old cluster has to be at 0, and comes back after a thaw. */

/** What became of the services. */
export interface ClusterReport {
	/** For a person. */
	lines: readonly string[];
	/** Names, as the stage file has them, of those that this program was to change and has not: a person has to. By hand there are none. */
	left: readonly string[];
}

/** A way to the services of the old cluster. Both may be killed anywhere and run again. */
export interface SourceCluster {
	/** Sets the services to 0, or says who does. @throws where the person has gone away */
	stop(): Promise<ClusterReport>;
	/** Brings them back, or says who does. @throws where the person has gone away */
	start(): Promise<ClusterReport>;
}
