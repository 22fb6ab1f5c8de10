/** Who makes a change: a management key, or a command on the machine itself. */
export interface Actor {
  /** Goes into `created_by` and the like: the id of a key, `cli` or `system`. */
  id: string;
  organizationId: string;
  workspaceId: string;
  scopes: readonly string[];
  /** May change what belongs to the instance, such as plans. */
  instanceWide: boolean;
  /** True for the command line, whose user owns the database file anyway. */
  isCommand: boolean;
}
