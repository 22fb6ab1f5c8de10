DROP INDEX `usage_rollups_age`;--> statement-breakpoint
ALTER TABLE `usage_cursor` ADD `minute_from_ms` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `usage_cursor` ADD `hour_from_ms` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `usage_cursor` ADD `day_from_ms` integer DEFAULT 0 NOT NULL;