DROP INDEX `holds_request`;--> statement-breakpoint
CREATE UNIQUE INDEX `holds_request` ON `holds` (`request_id`,`key_id`,`attempt`);--> statement-breakpoint
DROP INDEX `ledger_request`;--> statement-breakpoint
CREATE UNIQUE INDEX `ledger_request` ON `ledger` (`request_id`,`key_id`,`attempt`) WHERE request_id IS NOT NULL;